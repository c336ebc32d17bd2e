/*
 * exact.c: decode, encode and round 128-bit decimal numbers.
 *
 * A numeric becomes an Exact and back by way of its stored digits, never of its
 * text, and keeps its display scale.
 */
#include "postgres.h"

#include "exact.h"
#include "exact_format.h"

/* Digits in base 10000 that are read and written at a time, in 64 bits. */
#define SAFE_DIGITS_64 4
#define POWER_64 INT64CONST(10000000000000000)

const uint64 exact_power10_64[20] = {UINT64CONST(1),
                                     UINT64CONST(10),
                                     UINT64CONST(100),
                                     UINT64CONST(1000),
                                     UINT64CONST(10000),
                                     UINT64CONST(100000),
                                     UINT64CONST(1000000),
                                     UINT64CONST(10000000),
                                     UINT64CONST(100000000),
                                     UINT64CONST(1000000000),
                                     UINT64CONST(10000000000),
                                     UINT64CONST(100000000000),
                                     UINT64CONST(1000000000000),
                                     UINT64CONST(10000000000000),
                                     UINT64CONST(100000000000000),
                                     UINT64CONST(1000000000000000),
                                     UINT64CONST(10000000000000000),
                                     UINT64CONST(100000000000000000),
                                     UINT64CONST(1000000000000000000),
                                     UINT64CONST(10000000000000000000)};

/* Reads the last of the digits before the end, 1 to 4 of them. */
static inline uint64
read_digits(const char *end, int count)
{
	uint64 first = count < 4 ? 0 : exact_load_pair(end - 8);
	uint64 last = count == 1 ? (uint64)exact_digit(end, -1) << 16 : exact_load_pair(end - 4);

	if (count == 3)
		first = (uint64)exact_digit(end, -3) << 16;
	return exact_four_digits(first | last << 32);
}

/* Reads the stored digits as one signed integer; false when it does not fit. */
bool
exact_digits_to_int128(const NumericParts *parts, int128 *mantissa)
{
	const char *end = parts->digits + parts->count * sizeof(int16);
	int128 value = 0;

	if (parts->count > EXACT_MAX_DIGITS)
		return false;
	for (int i = (parts->count - 1) / 4; i >= 0 && parts->count > 0; i--)
	{
		uint64 part = read_digits(end - 8 * i, Min(parts->count - 4 * i, 4));

		if (i == 0 && parts->count > EXACT_SAFE_DIGITS)
		{
			if (!exact_mul_power10(value, 16, &value) ||
			    __builtin_add_overflow(value, (int128)part, &value))
				return false;
		}
		else
			value = value * POWER_64 + part;
	}
	*mantissa = parts->negative ? -value : value;
	return true;
}

/* Decodes a numeric; false for NaN, infinities and what does not fit. */
bool
exact_from_numeric(Datum numeric, Exact *result)
{
	NumericParts parts;
	int128 mantissa;
	int surplus;

	if (!exact_take_apart(numeric, &parts) || !exact_digits_to_int128(&parts, &mantissa))
		return false;

	/* the last digit in base 10000 may reach beyond the display scale, with zeros */
	surplus = DEC_DIGITS * (parts.count - 1 - parts.weight) - parts.dscale;
	if (mantissa == 0 || surplus == 0)
		result->mantissa = mantissa;
	else if (surplus < 0)
	{
		if (!exact_mul_power10(mantissa, -surplus, &result->mantissa))
			return false;
	}
	else
	{
		int64 power;

		if (surplus >= DEC_DIGITS)
			return false;
		power = exact_power10_64[surplus];
		result->mantissa = mantissa / power;
		if (result->mantissa * power != mantissa)
			return false;
	}
	result->scale = parts.dscale;
	return true;
}

/* Makes a numeric of mantissa * 10^-scale that displays dscale decimals. */
Numeric
exact_encode(int128 mantissa, int scale, int dscale)
{
	int16 buffer[12]; /* from the back: 39 decimal digits at any alignment */
	int first = lengthof(buffer);
	int last = lengthof(buffer);
	int partial = scale % DEC_DIGITS;
	int weight = -1 - (scale + DEC_DIGITS - 1) / DEC_DIGITS;
	uint128 rest = exact_abs(mantissa);
	Numeric result;
	int16 *digits;

	if (rest == 0)
		return exact_put_together(false, 0, dscale, 0, &digits);

	if (partial != 0)
	{
		uint64 power = exact_power10_64[partial];

		buffer[--first] = (int)(rest % power) * (int)exact_power10_64[DEC_DIGITS - partial];
		rest /= power;
		weight++;
	}
	while (rest > PG_UINT64_MAX)
	{
		uint64 part = (uint64)(rest % POWER_64);

		rest /= POWER_64;
		for (int i = 0; i < SAFE_DIGITS_64; i++)
		{
			buffer[--first] = part % NBASE;
			part /= NBASE;
		}
		weight += SAFE_DIGITS_64;
	}
	for (uint64 part = (uint64)rest; part != 0; part /= NBASE)
	{
		buffer[--first] = part % NBASE;
		weight++;
	}
	while (buffer[first] == 0)
	{
		first++;
		weight--;
	}
	while (buffer[last - 1] == 0)
		last--;

	result = exact_put_together(mantissa < 0, weight, dscale, last - first, &digits);
	memcpy(digits, buffer + first, (last - first) * sizeof(int16));
	return result;
}

/* Encodes as numeric. */
Numeric
exact_to_numeric(const Exact *value)
{
	return exact_encode(value->mantissa, value->scale, value->scale);
}

/* Tells whether to step away from zero, given how the remainder compares with half a step. */
bool
exact_rounds_away(ExactRounding mode, bool negative, bool odd, int half)
{
	switch (mode)
	{
		case EXACT_UP: return true;
		case EXACT_DOWN: return false;
		case EXACT_HALF_UP: return half >= 0;
		case EXACT_HALF_EVEN: return half > 0 || (half == 0 && odd);
		case EXACT_CEILING: return !negative;
		case EXACT_FLOOR: return negative;
	}
	elog(ERROR, "unknown rounding mode: %d", (int)mode);
	return false;
}

/*
 * Changes the scale, rounding what it cuts.  A negative scale rounds to tens,
 * hundreds and so on, and leaves the scale 0.
 */
bool
exact_rescale(Exact *value, int scale, ExactRounding mode)
{
	int cut = value->scale - scale;
	int128 mantissa = value->mantissa;

	if (scale > NUMERIC_DSCALE_MASK)
		return false;
	if (cut <= 0)
	{
		if (!exact_mul_power10(mantissa, -cut, &mantissa))
			return false;
	}
	else
	{
		/* more digits than there are: all is remainder, and less than half */
		int128 power = cut > 38 ? 0 : exact_power10(cut);
		int128 quotient = cut > 38 ? 0 : mantissa / power;
		int128 remainder = mantissa - quotient * power;

		if (remainder != 0)
		{
			uint128 part = exact_abs(remainder);
			uint128 other = (uint128)power - part;
			int half = cut > 38 || part < other ? -1 : part > other ? 1 : 0;

			if (exact_rounds_away(mode, mantissa < 0, quotient % 2 != 0, half))
				quotient += mantissa < 0 ? -1 : 1;
		}
		mantissa = quotient;
	}
	if (scale < 0 && !exact_mul_power10(mantissa, -scale, &mantissa))
		return false;
	value->mantissa = mantissa;
	value->scale = Max(scale, 0);
	return true;
}
