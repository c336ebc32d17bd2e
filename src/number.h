/*
 * number.h: exact arithmetic on numeric values, without division.
 */
#ifndef CLOUDBILLING_NUMBER_H
#define CLOUDBILLING_NUMBER_H

#include "fmgr.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#define NUMBER_CALL(function, a, b)                                                                \
	DirectFunctionCall2(function, NumericGetDatum(a), NumericGetDatum(b))

static inline Numeric
number_add(Numeric a, Numeric b)
{
	return DatumGetNumeric(NUMBER_CALL(numeric_add, a, b));
}

static inline Numeric
number_sub(Numeric a, Numeric b)
{
	return DatumGetNumeric(NUMBER_CALL(numeric_sub, a, b));
}

static inline Numeric
number_mul(Numeric a, Numeric b)
{
	return DatumGetNumeric(NUMBER_CALL(numeric_mul, a, b));
}

/* The whole part of a / b, toward zero: exact. */
static inline Numeric
number_quotient(Numeric a, Numeric b)
{
	return DatumGetNumeric(NUMBER_CALL(numeric_div_trunc, a, b));
}

static inline int
number_cmp(Numeric a, Numeric b)
{
	return DatumGetInt32(NUMBER_CALL(numeric_cmp, a, b));
}

static inline Numeric
number_trim(Numeric a)
{
	return DatumGetNumeric(DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(a)));
}

/* Is it a whole number? */
static inline bool
number_is_whole(Numeric a)
{
	Datum trimmed = NumericGetDatum(number_trim(a));

	return DatumGetInt32(DirectFunctionCall1(numeric_scale, trimmed)) == 0;
}

static inline Numeric
number_negate(Numeric a)
{
	return DatumGetNumeric(DirectFunctionCall1(numeric_uminus, NumericGetDatum(a)));
}

/* The magnitude. */
static inline Numeric
number_abs(Numeric a)
{
	return DatumGetNumeric(DirectFunctionCall1(numeric_abs, NumericGetDatum(a)));
}

/* n / 10^scale, such as (1, 2) for 0.01. */
static inline Numeric
number_literal(int64 n, int scale)
{
	return int64_div_fast_to_numeric(n, scale);
}

/* a * b / divisor with that many decimals, cut off: no digit is made up. */
static inline Numeric
number_ratio(Numeric a, Numeric b, Numeric divisor, int scale)
{
	Numeric step = number_literal(1, scale);
	Numeric count = number_quotient(number_mul(a, b), number_mul(divisor, step));

	return number_mul(count, step);
}

/* Rounds half away from zero. */
static inline Numeric
number_round(Numeric a, int scale)
{
	return DatumGetNumeric(
	    DirectFunctionCall2(numeric_round, NumericGetDatum(a), Int32GetDatum(scale)));
}

#endif
