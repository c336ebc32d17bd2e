/*
 * field.c: turns the text of a value into what it says.
 *
 * A file may hold anything, so nothing here raises an error: what cannot be
 * read is for the caller to put in quarantine.  For the same reason JSON is
 * checked before the server's own parser, which does raise, sees it.
 */
#include "postgres.h"

#include "field.h"
#include "mb/pg_wchar.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/* Nested deeper, and with longer numbers, nothing is a set of tags. */
#define MAX_DEPTH 32
#define MAX_NUMBER 200

/* Three capital letters, as in ISO 4217. */
bool
field_currency(const char *s, int len)
{
	if (len != 3)
		return false;
	for (int i = 0; i < 3; i++)
		if (s[i] < 'A' || s[i] > 'Z')
			return false;
	return true;
}

/* Reads exactly n digits. */
static inline bool
digits(const char **p, const char *end, int n, int *result)
{
	int value = 0;

	if (end - *p < n)
		return false;
	for (int i = 0; i < n; i++, (*p)++)
	{
		if (**p < '0' || **p > '9')
			return false;
		value = value * 10 + (**p - '0');
	}
	*result = value;
	return true;
}

/* Reads one given character. */
static inline bool
literal(const char **p, const char *end, char c)
{
	if (*p == end || **p != c)
		return false;
	(*p)++;
	return true;
}

/* The zone at the end of a time: Z, +hh, +hh:mm or +hhmm; nothing is UTC. */
static bool
zone(const char **p, const char *end, int64 *offset)
{
	int hour;
	int minute = 0;
	int sign;

	*offset = 0;
	if (*p < end && **p == ' ')
		(*p)++;
	if (*p == end || literal(p, end, 'Z') || literal(p, end, 'z'))
		return true;
	if (end - *p >= 3 && memcmp(*p, "UTC", 3) == 0)
	{
		*p += 3;
		return true;
	}
	sign = **p == '-' ? -1 : 1;
	if (!literal(p, end, '+') && !literal(p, end, '-'))
		return false;
	if (!digits(p, end, 2, &hour) || hour > 15)
		return false;
	if ((literal(p, end, ':') || *p < end) && (!digits(p, end, 2, &minute) || minute > 59))
		return false;
	*offset = sign * (hour * USECS_PER_HOUR + minute * USECS_PER_MINUTE);
	return true;
}

/*
 * A date or a time in ISO 8601, with a T or a blank between, the zone optional
 * (FOCUS wants Z, real files leave it out) and never taken from the session.
 */
bool
field_time(const char *s, int len, TimestampTz *result)
{
	const char *p = s;
	const char *end = s + len;
	int year;
	int month;
	int day;
	int hour = 0;
	int minute = 0;
	int second = 0;
	int64 micros = 0;
	int64 offset = 0;

	if (!digits(&p, end, 4, &year) || !literal(&p, end, '-') || !digits(&p, end, 2, &month) ||
	    !literal(&p, end, '-') || !digits(&p, end, 2, &day))
		return false;
	if (year < FIELD_FIRST_YEAR || year > FIELD_LAST_YEAR || month < 1 || month > 12 || day < 1 ||
	    day > day_tab[isleap(year)][month - 1])
		return false;

	if (p < end)
	{
		if (!literal(&p, end, 'T') && !literal(&p, end, ' '))
			return false;
		if (!digits(&p, end, 2, &hour) || !literal(&p, end, ':') || !digits(&p, end, 2, &minute))
			return false;
		if (literal(&p, end, ':'))
		{
			if (!digits(&p, end, 2, &second))
				return false;
			if (literal(&p, end, '.'))
			{
				int64 unit = USECS_PER_SEC / 10;
				const char *first = p;

				for (; p < end && *p >= '0' && *p <= '9'; p++, unit /= 10)
					micros += (*p - '0') * unit;
				if (p == first)
					return false;
			}
		}
		if (hour > 24 || minute > 59 || second > 59 ||
		    (hour == 24 && (minute > 0 || second > 0 || micros > 0)))
			return false;
		if (!zone(&p, end, &offset) || p != end)
			return false;
	}

	*result = (TimestampTz)(date2j(year, month, day) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY +
	          hour * USECS_PER_HOUR + minute * USECS_PER_MINUTE + second * USECS_PER_SEC + micros -
	          offset;
	return true;
}

static bool json_value(const char **p, const char *end, int depth);

/* Passes over white space. */
static void
json_blank(const char **p, const char *end)
{
	while (*p < end && (**p == ' ' || **p == '\t' || **p == '\n' || **p == '\r'))
		(*p)++;
}

/* Four hexadecimal digits. */
static bool
json_hex(const char **p, const char *end, unsigned int *result)
{
	*result = 0;
	if (end - *p < 4)
		return false;
	for (int i = 0; i < 4; i++, (*p)++)
	{
		char c = **p;

		if (c >= '0' && c <= '9')
			*result = *result * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			*result = *result * 16 + (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			*result = *result * 16 + (c - 'A' + 10);
		else
			return false;
	}
	return true;
}

/*
 * What follows a backslash in a string; jsonb cannot hold \u0000, half a pair,
 * or what the database's encoding lacks.
 */
static bool
json_escape(const char **p, const char *end)
{
	unsigned int code;

	if (*p == end)
		return false;
	if (**p != 'u')
		return strchr("\"\\/bfnrt", *(*p)++) != NULL;

	(*p)++;
	if (!json_hex(p, end, &code) || code == 0 || (code > 127 && GetDatabaseEncoding() != PG_UTF8))
		return false;
	if (code >= 0xD800 && code <= 0xDBFF)
		return literal(p, end, '\\') && literal(p, end, 'u') && json_hex(p, end, &code) &&
		       code >= 0xDC00 && code <= 0xDFFF;
	return code < 0xDC00 || code > 0xDFFF;
}

/* A string. */
static bool
json_string(const char **p, const char *end)
{
	if (!literal(p, end, '"'))
		return false;
	while (*p < end)
	{
		unsigned char c = *(*p)++;

		if (c == '"')
			return true;
		if (c < 0x20)
			return false;
		if (c == '\\' && !json_escape(p, end))
			return false;
	}
	return false;
}

/* At least one digit. */
static bool
json_digits(const char **p, const char *end)
{
	const char *start = *p;

	while (*p < end && **p >= '0' && **p <= '9')
		(*p)++;
	return *p > start;
}

/* A number, of a size that numeric holds. */
static bool
json_number(const char **p, const char *end)
{
	const char *start = *p;

	literal(p, end, '-');
	if (!literal(p, end, '0') && !json_digits(p, end))
		return false;
	if (literal(p, end, '.') && !json_digits(p, end))
		return false;
	if (*p < end && (**p == 'e' || **p == 'E'))
	{
		const char *exponent;

		(*p)++;
		if (!literal(p, end, '-'))
			literal(p, end, '+');
		exponent = *p;
		if (!json_digits(p, end) || *p - exponent > 3)
			return false;
	}
	return *p - start <= MAX_NUMBER;
}

/* An object or an array, whose opening bracket was read. */
static bool
json_members(const char **p, const char *end, char close, int depth)
{
	if (depth > MAX_DEPTH)
		return false;
	json_blank(p, end);
	if (literal(p, end, close))
		return true;
	for (;;)
	{
		json_blank(p, end);
		if (close == '}')
		{
			const char *key = *p;

			if (!json_string(p, end) || *p - key > FIELD_NAME_MAX + 2)
				return false;
			json_blank(p, end);
			if (!literal(p, end, ':'))
				return false;
		}
		if (!json_value(p, end, depth))
			return false;
		json_blank(p, end);
		if (literal(p, end, close))
			return true;
		if (!literal(p, end, ','))
			return false;
	}
}

/* A word such as true. */
static bool
json_word(const char **p, const char *end, const char *word)
{
	int len = strlen(word);

	if (end - *p < len || memcmp(*p, word, len) != 0)
		return false;
	*p += len;
	return true;
}

/* Any value. */
static bool
json_value(const char **p, const char *end, int depth)
{
	json_blank(p, end);
	if (*p == end)
		return false;
	switch (**p)
	{
		case '{': (*p)++; return json_members(p, end, '}', depth + 1);
		case '[': (*p)++; return json_members(p, end, ']', depth + 1);
		case '"': return json_string(p, end);
		case 't': return json_word(p, end, "true");
		case 'f': return json_word(p, end, "false");
		case 'n': return json_word(p, end, "null");
		default: return json_number(p, end);
	}
}

/* Whether the text is one JSON object or array, that the type jsonb accepts. */
bool
field_json_nested(const char *s, int len)
{
	const char *p = s;
	const char *end = s + len;

	json_blank(&p, end);
	if (p == end || (*p != '{' && *p != '[') || !json_value(&p, end, 0))
		return false;
	json_blank(&p, end);
	return p == end;
}
