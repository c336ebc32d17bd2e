/*
 * exact_sum.h: adding to an ExactSum, inline, for where each nanosecond counts.
 */
#ifndef CLOUDBILLING_EXACT_SUM_H
#define CLOUDBILLING_EXACT_SUM_H

#include "exact_format.h"

/* A total in more digits after the point would leave too few before it. */
#define EXACT_MAX_FRACTION 7

extern bool exact_sum_add_slowly(ExactSum *sum, Datum numeric);

/* Which of four digits there are, of up to five; the first in the lowest bits. */
static const uint64 exact_digits_mask[] = {0,
                                           UINT64CONST(0xFFFF000000000000),
                                           UINT64CONST(0xFFFFFFFF00000000),
                                           UINT64CONST(0xFFFFFFFFFFFF0000),
                                           ~UINT64CONST(0),
                                           ~UINT64CONST(0)};

/* What one counts in the total, for each digit that the total has more. */
static const uint64 exact_unit[] = {1, 10000, 100000000, UINT64CONST(1000000000000),
                                    UINT64CONST(10000000000000000)};

/*
 * Adds a numeric of the short format, with up to five digits, that suits the
 * total as it is; false, and nothing added, if it does not.  Nearly all do, and
 * how many digits they have varies from one to the next, so that there is no
 * branch on it, nor a byte read outside the number.
 */
static pg_attribute_always_inline bool
exact_sum_add_plain(ExactSum *sum, const char *body, Size size)
{
	const char *end;
	Size count = (size - sizeof(uint16)) / sizeof(int16); /* enormous for what is no number */
	Size five = count == 5;
	uint16 header;
	Size shift;
	uint64 digits;
	uint128 value;
	int128 total;

	memcpy(&header, body, sizeof(header));
	if (unlikely((header & NUMERIC_SIGN_MASK) != NUMERIC_SHORT ||
	             (header & NUMERIC_SHORT_DSCALE_MASK) >> NUMERIC_SHORT_DSCALE_SHIFT > sum->dscale))
		return false;
	shift = (int)sum->fraction + 1 + (header & NUMERIC_SHORT_WEIGHT_MASK) -
	        (header & NUMERIC_SHORT_WEIGHT_SIGN_MASK) - count;
	if (unlikely(count - 1 >= 5 || shift >= lengthof(exact_unit)))
		return count == 0;

	end = body + size;
	digits = exact_load_pair(end - 4 - 4 * (count >= 3)) | exact_load_pair(end - 4) << 32;
	value = exact_four_digits(digits & exact_digits_mask[count]);
	value += (uint128)(exact_digit(end - 2 - 8 * five, 0) & -five) * UINT64CONST(10000000000000000);
	/* at most nine digits, which fit */
	value *= exact_unit[shift];
	if (unlikely((header & NUMERIC_SHORT_SIGN_MASK) != 0
	                 ? __builtin_sub_overflow(sum->total, (int128)value, &total)
	                 : __builtin_add_overflow(sum->total, (int128)value, &total)))
		return false;
	sum->total = total;
	return true;
}

/* Adds a number with a header of one byte, as in a table, that suits the total as it is. */
static pg_attribute_always_inline bool
exact_sum_add_short(ExactSum *sum, Datum numeric)
{
	struct varlena *stored = (struct varlena *)DatumGetPointer(numeric);

	/* a pointer to elsewhere looks as if it had less than no digits */
	return likely(VARATT_IS_1B(stored)) &&
	       exact_sum_add_plain(sum, VARDATA_SHORT(stored), VARSIZE_SHORT(stored) - VARHDRSZ_SHORT);
}

/* Adds a number; false, and nothing added, when it does not fit. */
static inline bool
exact_sum_add_inline(ExactSum *sum, Datum numeric)
{
	return likely(exact_sum_add_short(sum, numeric)) || exact_sum_add_slowly(sum, numeric);
}

#endif
