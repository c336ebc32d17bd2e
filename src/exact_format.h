/*
 * exact_format.h: how the server stores a numeric, and 128-bit helpers.
 *
 * The format is private to the server's numeric.c, but it is on disk, so it
 * cannot change without a dump and restore.  After the varlena header comes
 *
 *	  short: 16 bits of 10, sign, display scale (6), weight (7, signed)
 *	  long:  16 bits of sign (2), display scale (14); then 16 bits of weight
 *
 * or 11 and no more for NaN and infinities; then digits in base 10000, without
 * zeros at either end.  The first digit counts 10000^weight.  A numeric in a
 * table mostly has a varlena header of one byte, hence digits at odd addresses.
 */
#ifndef CLOUDBILLING_EXACT_FORMAT_H
#define CLOUDBILLING_EXACT_FORMAT_H

#include "compat.h"
#include "exact.h"
#include "fmgr.h"

#define NBASE 10000
#define DEC_DIGITS 4

/* Digits in base 10000 that always fit in 128 bits. */
#define EXACT_SAFE_DIGITS 9

/* Digits in base 10000 that 128 bits may have. */
#define EXACT_MAX_DIGITS 10

#define NUMERIC_NEG 0x4000
#define NUMERIC_SHORT 0x8000
#define NUMERIC_SPECIAL 0xC000
#define NUMERIC_NAN 0xC000
#define NUMERIC_PLUS_INFINITY 0xD000
#define NUMERIC_MINUS_INFINITY 0xF000
#define NUMERIC_SIGN_MASK 0xC000
#define NUMERIC_DSCALE_MASK 0x3FFF

#define NUMERIC_SHORT_SIGN_MASK 0x2000
#define NUMERIC_SHORT_DSCALE_MASK 0x1F80
#define NUMERIC_SHORT_DSCALE_SHIFT 7
#define NUMERIC_SHORT_DSCALE_MAX 63
#define NUMERIC_SHORT_WEIGHT_SIGN_MASK 0x0040
#define NUMERIC_SHORT_WEIGHT_MASK 0x003F
#define NUMERIC_SHORT_WEIGHT_MAX 63
#define NUMERIC_SHORT_WEIGHT_MIN (-64)

/* A stored numeric taken apart; digits points into it and is not aligned. */
typedef struct NumericParts
{
	const char *digits;
	int count;
	int weight;
	int dscale;
	bool negative;
} NumericParts;

/* exact.c */
extern const uint64 exact_power10_64[20];
extern bool exact_digits_to_int128(const NumericParts *parts, int128 *mantissa);
extern Numeric exact_encode(int128 mantissa, int scale, int dscale);
extern bool exact_rounds_away(ExactRounding mode, bool negative, bool odd, int half);

/* Returns 10^n, for n from 0 to 38. */
static inline int128
exact_power10(int n)
{
	return (int128)exact_power10_64[n / 2] * exact_power10_64[n - n / 2];
}

/* Returns the magnitude. */
static inline uint128
exact_abs(int128 value)
{
	return value < 0 ? -(uint128)value : (uint128)value;
}

/* Multiplies; false, and no result, when the product does not fit. */
static inline bool
exact_mul_int128(int128 a, int128 b, int128 *result)
{
	uint128 product;

	/* clang has no signed form of this without its own runtime library */
	if (__builtin_mul_overflow(exact_abs(a), exact_abs(b), &product) || product >> 127 != 0)
		return false;
	*result = (a < 0) != (b < 0) ? -(int128)product : (int128)product;
	return true;
}

/* Multiplies by 10^n, n >= 0; false, and no result, when the product does not fit. */
static inline bool
exact_mul_power10(int128 value, int n, int128 *result)
{
	if (n == 0)
	{
		*result = value;
		return true;
	}
	if (n <= 38)
		return exact_mul_int128(value, exact_power10(n), result);
	if (value != 0)
		return false;
	*result = 0;
	return true;
}

/* Returns a digit in base 10000. */
static inline int
exact_digit(const char *digits, int index)
{
	int16 digit;

	memcpy(&digit, digits + index * sizeof(digit), sizeof(digit));
	return digit;
}

/* Loads two stored digits, the first in the low bits. */
static inline uint64
exact_load_pair(const char *digits)
{
#ifdef WORDS_BIGENDIAN
	return exact_digit(digits, 0) | (uint64)exact_digit(digits, 1) << 16;
#else
	uint32 pair;

	memcpy(&pair, digits, sizeof(pair));
	return pair;
#endif
}

/* What four digits count, the first in the low bits: two pairs in each multiplication. */
static inline uint64
exact_four_digits(uint64 digits)
{
	const uint64 even = UINT64CONST(0x0000FFFF0000FFFF);
	uint64 pairs = (digits & even) * NBASE + (digits >> 16 & even);

	return (pairs & PG_UINT32_MAX) * (NBASE * NBASE) + (pairs >> 32);
}

/* Takes a numeric apart; false for NaN and infinities. */
static inline bool
exact_take_apart(Datum numeric, NumericParts *parts)
{
	struct varlena *stored = (struct varlena *)DatumGetPointer(numeric);
	const char *body;
	uint16 header;
	int size;

	/* the one-byte header first: what it means must cost nothing else */
	if (likely(VARATT_IS_1B(stored) && !VARATT_IS_1B_E(stored)))
	{
		body = VARDATA_SHORT(stored);
		size = VARSIZE_SHORT(stored) - VARHDRSZ_SHORT;
	}
	else
	{
		stored = pg_detoast_datum_packed(stored);
		body = VARDATA_ANY(stored);
		size = VARSIZE_ANY_EXHDR(stored);
	}

	memcpy(&header, body, sizeof(header));
	if (likely((header & NUMERIC_SIGN_MASK) == NUMERIC_SHORT))
	{
		parts->digits = body + sizeof(uint16);
		parts->count = (size - (int)sizeof(uint16)) / (int)sizeof(int16);
		parts->weight =
		    (header & NUMERIC_SHORT_WEIGHT_MASK) - (header & NUMERIC_SHORT_WEIGHT_SIGN_MASK);
		parts->dscale = (header & NUMERIC_SHORT_DSCALE_MASK) >> NUMERIC_SHORT_DSCALE_SHIFT;
		parts->negative = (header & NUMERIC_SHORT_SIGN_MASK) != 0;
		return true;
	}
	if ((header & NUMERIC_SIGN_MASK) == NUMERIC_SPECIAL)
		return false;
	parts->digits = body + 2 * sizeof(uint16);
	parts->count = (size - (int)(2 * sizeof(uint16))) / (int)sizeof(int16);
	parts->weight = exact_digit(body, 1);
	parts->dscale = header & NUMERIC_DSCALE_MASK;
	parts->negative = (header & NUMERIC_SIGN_MASK) == NUMERIC_NEG;
	return true;
}

/* Makes a numeric of parts whose digits the caller has still to write. */
static inline Numeric
exact_put_together(bool negative, int weight, int dscale, int count, int16 **digits)
{
	bool is_short = dscale <= NUMERIC_SHORT_DSCALE_MAX && weight <= NUMERIC_SHORT_WEIGHT_MAX &&
	                weight >= NUMERIC_SHORT_WEIGHT_MIN;
	int headers = is_short ? 1 : 2;
	Size size = VARHDRSZ + (headers + count) * sizeof(uint16);
	struct varlena *result = palloc(size);
	uint16 *body = (uint16 *)VARDATA(result);

	SET_VARSIZE(result, size);
	if (is_short)
		body[0] = NUMERIC_SHORT | (negative ? NUMERIC_SHORT_SIGN_MASK : 0) |
		          (dscale << NUMERIC_SHORT_DSCALE_SHIFT) |
		          (weight & (NUMERIC_SHORT_WEIGHT_SIGN_MASK | NUMERIC_SHORT_WEIGHT_MASK));
	else
	{
		body[0] = (negative ? NUMERIC_NEG : 0) | dscale;
		body[1] = (uint16)weight;
	}
	*digits = (int16 *)(body + headers);
	return (Numeric)result;
}

#endif
