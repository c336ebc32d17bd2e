/*
 * field_number.c: numbers as people write them.
 *
 * A spreadsheet writes 1,234.50 or 1.234,50 for what a program writes as 1234.50.
 * What can be read in one way only is read.  A decimal comma is none in a file whose
 * values are separated by commas; 1,234 could be two numbers, and is one only in a
 * file of semicolons, which has those because of its decimal commas.
 */
#include "postgres.h"

#include "exact.h"
#include "field.h"

/* The longest number that is written so. */
#define MAX_LEN 128

/* Passes over digits; how many there were. */
static int
digits(const char **p, const char *end)
{
	const char *start = *p;

	while (*p < end && **p >= '0' && **p <= '9')
		(*p)++;
	return *p - start;
}

/* Passes over groups of a mark and three digits; how many there were. */
static int
groups(const char **p, const char *end, char mark)
{
	int n = 0;

	for (; *p < end && **p == mark; n++)
	{
		const char *next = *p + 1;

		if (digits(&next, end) != 3)
			break;
		*p = next;
	}
	return n;
}

/* The mark before the decimals, where the text is that of a number; 0 when it is none. */
static char
decimal_mark(const char *s, const char *end, char delimiter)
{
	const char *p = s;
	int first = digits(&p, end);
	bool grouped = first >= 1 && first <= 3 && *s != '0';
	int n;

	/* 1,234.50 and 1,234,567; but 1,234 is 1.234 as well */
	if (grouped && p < end && *p == ',')
	{
		const char *next = p;

		n = groups(&next, end, ',');
		if (n > 1 && next == end)
			return '.';
		if (n > 0 && next < end && *next == '.')
		{
			next++;
			if (digits(&next, end) > 0 && next == end)
				return '.';
		}
	}
	if (delimiter == ',')
		return 0;
	/* 1.234,50 and 1.234.567 */
	if (grouped && p < end && *p == '.')
	{
		n = groups(&p, end, '.');
		if (n > 1 && p == end)
			return ',';
		if (n == 0 || p == end || *p != ',')
			return 0;
		p++;
		return digits(&p, end) > 0 && p == end ? ',' : 0;
	}
	/* 1234,50 */
	if (first > 0 && p < end && *p == ',')
	{
		p++;
		n = digits(&p, end);
		if (n > 0 && p == end && (delimiter == ';' || n != 3 || !grouped))
			return ',';
	}
	return 0;
}

/* Reads a number, with or without marks between its thousands. */
bool
field_number(const char *s, int len, char delimiter, Numeric *result)
{
	char plain[MAX_LEN];
	const char *p = s;
	const char *end = s + len;
	const char *exponent;
	char mark;
	int n = 0;

	if (exact_numeric_from_text(s, len, result))
		return true;
	while (p < end && *p == ' ')
		p++;
	while (p < end && end[-1] == ' ')
		end--;
	if (end - p >= MAX_LEN)
		return false;
	if (p < end && (*p == '-' || *p == '+'))
		plain[n++] = *p++;
	for (exponent = p; exponent < end && *exponent != 'e' && *exponent != 'E'; exponent++)
		;
	mark = decimal_mark(p, exponent, delimiter);
	if (mark == 0)
		return false;
	for (; p < exponent; p++)
		if (*p == mark)
			plain[n++] = '.';
		else if (*p != ',' && *p != '.')
			plain[n++] = *p;
	for (; p < end; p++)
		plain[n++] = *p;
	return exact_numeric_from_text(plain, n, result);
}
