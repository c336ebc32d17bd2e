/*
 * exact_sum.h: adding to an ExactSum, inline, for where each nanosecond counts.
 */
#ifndef CLOUDBILLING_EXACT_SUM_H
#define CLOUDBILLING_EXACT_SUM_H

#include "exact_format.h"

/* A total in more digits after the point would leave too few before it. */
#define EXACT_MAX_FRACTION 7

extern bool exact_sum_add_slowly(ExactSum *sum, Datum numeric);

/* What the first two of n digits count, where they are not among the last two. */
static const int64 exact_first_digit[] = {0, 0, 0, INT64CONST(100000000),
                                          INT64CONST(1000000000000)};
static const int64 exact_second_digit[] = {0, 0, 0, 0, INT64CONST(100000000)};

/* Reads two to four stored digits, without a branch that depends on how many there are. */
static inline int64
exact_read_two_to_four(const char *digits, int count)
{
	return exact_digit(digits, count - 2) * INT64CONST(10000) + exact_digit(digits, count - 1) +
	       exact_digit(digits, 0) * exact_first_digit[count] +
	       exact_digit(digits, 1) * exact_second_digit[count];
}

/* Reads up to four stored digits. */
static inline int64
exact_read_digits(const char *digits, int count)
{
	int64 value = 0;

	switch (count)
	{
		case 4: value = exact_digit(digits, count - 4);                 /* FALLTHROUGH */
		case 3: value = value * NBASE + exact_digit(digits, count - 3); /* FALLTHROUGH */
		case 2: value = value * NBASE + exact_digit(digits, count - 2); /* FALLTHROUGH */
		case 1: value = value * NBASE + exact_digit(digits, count - 1); /* FALLTHROUGH */
		default: break;
	}
	return value;
}

/* Adds a numeric that suits the total as it is, as nearly all do; false if it does not. */
static inline bool
exact_sum_add_plain(ExactSum *sum, Datum numeric)
{
	NumericParts parts;
	int128 value;
	int128 total;
	int shift;

	if (!exact_take_apart(numeric, &parts) || parts.dscale > sum->dscale)
		return false;
	if (parts.count == 0)
		return true;
	shift = sum->fraction - (parts.count - 1 - parts.weight);
	if (shift < 0 || shift > EXACT_MAX_FRACTION || parts.count + shift > EXACT_SAFE_DIGITS)
		return false;
	if (likely(parts.count >= 2 && parts.count <= 4 && shift <= 4))
		value = (int128)exact_read_two_to_four(parts.digits, parts.count) *
		        (int64)exact_power10_64[shift * DEC_DIGITS]; /* mostly, and one multiplication */
	else if (parts.count <= 8)
	{
		int low = Min(parts.count, 4);

		value = (int128)exact_read_digits(parts.digits, parts.count - low) *
		            INT64CONST(10000000000000000) +
		        exact_read_digits(parts.digits + (parts.count - low) * sizeof(int16), low);
		value *= exact_power10(shift * DEC_DIGITS);
	}
	else
		return false;
	if (parts.negative)
		value = -value;
	if (__builtin_add_overflow(sum->total, value, &total))
		return false;
	sum->total = total;
	return true;
}

/* Adds a number; false, and nothing added, when it does not fit. */
static inline bool
exact_sum_add_inline(ExactSum *sum, Datum numeric)
{
	return likely(exact_sum_add_plain(sum, numeric)) || exact_sum_add_slowly(sum, numeric);
}

#endif
