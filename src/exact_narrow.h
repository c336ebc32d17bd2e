/*
 * exact_narrow.h: adding to a total of 64 bits, for aggregates that have a few sums
 * for each of millions of groups.
 *
 * The total is counted in units of 10000^-fraction, as in an ExactSum, which the
 * caller has for what does not fit.
 */
#ifndef CLOUDBILLING_EXACT_NARROW_H
#define CLOUDBILLING_EXACT_NARROW_H

#include "exact_sum.h"

/* A total with more digits after the point would leave too few before it. */
#define EXACT_NARROW_MAX_FRACTION 4

/* Adds a value of up to 10000^4, in units of 10000^-places; false, and nothing added, if it does
 * not fit. */
static pg_attribute_always_inline bool
exact_narrow_add_value(int64 *total, uint8 *fraction, int64 value, int places)
{
	int64 sum = *total;
	int shift = *fraction - places;

	if (shift >= 0)
	{
		if (unlikely(shift >= lengthof(exact_unit) ||
		             __builtin_mul_overflow(value, (int64)exact_unit[shift], &value)))
			return false;
	}
	else if (places > EXACT_NARROW_MAX_FRACTION ||
	         __builtin_mul_overflow(sum, (int64)exact_unit[-shift], &sum))
		return false;
	if (unlikely(__builtin_add_overflow(sum, value, &sum)))
		return false;
	*total = sum;
	if (shift < 0)
		*fraction = places;
	return true;
}

/* Reads a number, which mostly has up to four digits in base 10000, in units of 10000^-places;
 * false if it has more, or is not stored plainly. */
static pg_attribute_always_inline bool
exact_narrow_read(Datum numeric, int64 *value, int *places, int *scale)
{
	struct varlena *stored = (struct varlena *)DatumGetPointer(numeric);
	const char *body;
	Size size;
	Size count;
	uint16 header;

	if (likely(VARATT_IS_1B(stored)))
	{
		/* a pointer to elsewhere looks as if it had less than no digits */
		body = VARDATA_SHORT(stored);
		size = VARSIZE_SHORT(stored) - VARHDRSZ_SHORT;
	}
	else if (VARATT_IS_4B_U(stored))
	{
		body = VARDATA(stored);
		size = VARSIZE(stored) - VARHDRSZ;
	}
	else
		return false;
	count = (size - sizeof(uint16)) / sizeof(int16);
	if (unlikely(count > 4))
		return false;
	memcpy(&header, body, sizeof(header));
	if (unlikely((header & NUMERIC_SIGN_MASK) != NUMERIC_SHORT))
		return false;
	*value = 0;
	*places = 0;
	if (count > 0)
	{
		int weight =
		    (header & NUMERIC_SHORT_WEIGHT_MASK) - (header & NUMERIC_SHORT_WEIGHT_SIGN_MASK);
		const char *end = body + size;
		uint64 digits = exact_load_pair(end - 4 - 4 * (count >= 3)) | exact_load_pair(end - 4)
		                                                                  << 32;

		*value = exact_four_digits(digits & exact_digits_mask[count]);
		if ((header & NUMERIC_SHORT_SIGN_MASK) != 0)
			*value = -*value;
		*places = (int)count - 1 - weight;
	}
	*scale = (header & NUMERIC_SHORT_DSCALE_MASK) >> NUMERIC_SHORT_DSCALE_SHIFT;
	return true;
}

/* Adds a number; false, and nothing added, if it does not fit, or cannot be read so. */
static pg_attribute_always_inline bool
exact_narrow_add(int64 *total, uint8 *fraction, uint8 *dscale, Datum numeric)
{
	int64 value;
	int places;
	int scale;

	if (!exact_narrow_read(numeric, &value, &places, &scale) ||
	    !exact_narrow_add_value(total, fraction, value, places))
		return false;
	if (scale > *dscale)
		*dscale = scale;
	return true;
}

#endif
