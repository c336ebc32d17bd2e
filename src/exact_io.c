/*
 * exact_io.c: read a numeric from text without ever raising an error.
 *
 * The loader calls this for every number of every row, so the decimal digits go
 * straight into the groups of four that a numeric stores, at any length.
 */
#include "postgres.h"

#include "exact.h"
#include "exact_format.h"

/* The most digits before and after the decimal point. */
#define MAX_DIGITS 1000

/* Digits in base 10000 being written: the last one has got some decimals. */
typedef struct Writer
{
	int16 *digits;
	int partial;
	int decimals; /* in partial: 0 to 3 */
} Writer;

/* Tells whether the character is a decimal digit. */
static inline bool
is_digit(char c)
{
	return (unsigned char)(c - '0') <= 9;
}

/* Tells whether the character is white space, in any locale. */
static inline bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Reads "e-06" up to the end; false when it is anything else, or absurd. */
static bool
read_exponent(const char *s, const char *end, int *exponent)
{
	bool negative = false;
	int value = 0;

	if (*s != 'e' && *s != 'E')
		return false;
	s++;
	if (s < end && (*s == '-' || *s == '+'))
		negative = *s++ == '-';
	if (s == end)
		return false;
	for (; s < end; s++)
	{
		if (!is_digit(*s))
			return false;
		value = value * 10 + (*s - '0');
		if (value > 2 * MAX_DIGITS)
			return false;
	}
	*exponent = negative ? -value : value;
	return true;
}

/* Writes one decimal digit. */
static inline void
write_decimal(Writer *writer, char c)
{
	writer->partial = writer->partial * 10 + (c - '0');
	if (++writer->decimals == DEC_DIGITS)
	{
		*writer->digits++ = writer->partial;
		writer->partial = 0;
		writer->decimals = 0;
	}
}

/* Writes decimal digits, four at a time where they make one digit. */
static inline void
write_decimals(Writer *writer, const char *s, int len)
{
	const char *end = s + len;

	while (writer->decimals != 0 && s < end)
		write_decimal(writer, *s++);
	for (; end - s >= DEC_DIGITS; s += DEC_DIGITS)
		*writer->digits++ = s[0] * 1000 + s[1] * 100 + s[2] * 10 + s[3] - '0' * 1111;
	while (s < end)
		write_decimal(writer, *s++);
}

/*
 * Reads a decimal number, also in scientific notation, with blanks around it:
 * the same value and display scale as a cast from text.  False for all else,
 * such as NaN, infinities, or more than MAX_DIGITS before or after the point.
 */
bool
exact_numeric_from_text(const char *s, int len, Numeric *out)
{
	const char *end = s + len;
	const char *whole;
	const char *fraction;
	int whole_len;
	int fraction_len = 0;
	int exponent = 0;
	int dscale;
	int point;
	int weight;
	int count;
	bool negative = false;
	Writer writer = {NULL, 0, 0};

	while (s < end && is_blank(*s))
		s++;
	while (s < end && is_blank(end[-1]))
		end--;
	if (s < end && (*s == '-' || *s == '+'))
		negative = *s++ == '-';

	whole = s;
	while (s < end && is_digit(*s))
		s++;
	whole_len = s - whole;
	fraction = s;
	if (s < end && *s == '.')
	{
		fraction = ++s;
		while (s < end && is_digit(*s))
			s++;
		fraction_len = s - fraction;
	}
	if (whole_len + fraction_len == 0 || (s < end && !read_exponent(s, end, &exponent)))
		return false;
	if (Max(whole_len, whole_len + exponent) > MAX_DIGITS ||
	    Max(fraction_len, fraction_len - exponent) > MAX_DIGITS)
		return false;
	dscale = Max(fraction_len - exponent, 0);

	/* zeros at both ends are not stored; point counts the decimals before it */
	for (; whole_len > 0 && *whole == '0'; whole_len--)
		whole++;
	point = whole_len + exponent;
	if (whole_len == 0)
	{
		for (; fraction_len > 0 && *fraction == '0'; fraction_len--)
		{
			fraction++;
			point--;
		}
	}
	while (fraction_len > 0 && fraction[fraction_len - 1] == '0')
		fraction_len--;
	if (fraction_len == 0)
	{
		while (whole_len > 0 && whole[whole_len - 1] == '0')
			whole_len--;
	}
	if (whole_len + fraction_len == 0)
	{
		*out = exact_put_together(false, 0, dscale, 0, &writer.digits);
		return true;
	}

	/* shifted by a multiple, because division rounds toward zero */
	point += 2 * MAX_DIGITS * DEC_DIGITS;
	weight = (point - 1) / DEC_DIGITS;
	writer.decimals = weight * DEC_DIGITS + DEC_DIGITS - point;
	count = (writer.decimals + whole_len + fraction_len + DEC_DIGITS - 1) / DEC_DIGITS;
	weight -= 2 * MAX_DIGITS;

	*out = exact_put_together(negative, weight, dscale, count, &writer.digits);
	write_decimals(&writer, whole, whole_len);
	write_decimals(&writer, fraction, fraction_len);
	if (writer.decimals != 0)
		*writer.digits = writer.partial * (int)exact_power10_64[DEC_DIGITS - writer.decimals];
	return true;
}

/* The number that a text holds, NULL when it holds none. */
PG_FUNCTION_INFO_V1(exact_numeric);
Datum
exact_numeric(PG_FUNCTION_ARGS)
{
	text *value = PG_GETARG_TEXT_PP(0);
	Numeric result;

	if (!exact_numeric_from_text(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &result))
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(result);
}
