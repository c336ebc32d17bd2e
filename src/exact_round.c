/*
 * exact_round.c: round a numeric of any size, in each of the rounding modes.
 */
#include "postgres.h"

#include "exact.h"
#include "exact_format.h"
#include "utils/builtins.h"

/* The decimals that can be asked for; the server's round() takes a few more. */
#define MAX_SCALE 1000

/* Finds the rounding mode of that name. */
bool
exact_rounding_from_text(const char *name, ExactRounding *mode)
{
	static const char *const names[] = {"up", "down", "half_up", "half_even", "ceiling", "floor"};

	for (int i = 0; i < lengthof(names); i++)
	{
		if (strcmp(name, names[i]) == 0)
		{
			*mode = (ExactRounding)i;
			return true;
		}
	}
	return false;
}

/* Compares two numerics: less than 0, 0, or greater. */
static int
compare(Datum a, Datum b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, a, b));
}

/* Rounds with numeric arithmetic, which has no limit. */
static Datum
round_any(Datum value, int scale, ExactRounding mode)
{
	Datum zero = NumericGetDatum(int64_to_numeric(0));
	Datum whole = DirectFunctionCall2(numeric_trunc, value, Int32GetDatum(scale));
	Datum rest = DirectFunctionCall2(numeric_sub, value, whole);
	int sign = compare(rest, zero);
	Datum step;
	Datum twice;
	bool odd;
	int half;

	if (sign == 0)
		return whole;
	step = DirectFunctionCall3(numeric_in,
	                           CStringGetDatum(psprintf("%se%d", sign < 0 ? "-1" : "1", -scale)),
	                           ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	twice = DirectFunctionCall2(numeric_add, step, step);
	odd = compare(DirectFunctionCall2(numeric_mod, whole, twice), zero) != 0;
	half = sign * compare(DirectFunctionCall2(numeric_add, rest, rest), step);
	if (!exact_rounds_away(mode, sign < 0, odd, half))
		return whole;
	return DirectFunctionCall2(numeric_add, whole, step);
}

/*
 * Rounds to a number of decimals; negative: to tens, hundreds and so on.  NaN
 * and infinities stay what they are.
 */
Numeric
exact_numeric_round(Numeric value, int scale, ExactRounding mode)
{
	Exact exact;

	if (scale < -MAX_SCALE || scale > MAX_SCALE)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("scale must be between %d and %d", -MAX_SCALE, MAX_SCALE)));
	if (exact_from_numeric(NumericGetDatum(value), &exact) && exact_rescale(&exact, scale, mode))
		return exact_to_numeric(&exact);
	if (numeric_is_nan(value) || numeric_is_inf(value))
		return value;
	return DatumGetNumeric(round_any(NumericGetDatum(value), scale, mode));
}

/* Rounds to a number of decimals in the rounding mode of that name. */
PG_FUNCTION_INFO_V1(exact_round);
Datum
exact_round(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(2));
	ExactRounding mode;

	if (!exact_rounding_from_text(name, &mode))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid rounding mode: \"%s\"", name),
		                errhint("Available modes are up, down, half_up, half_even, ceiling and "
		                        "floor.")));
	PG_RETURN_NUMERIC(exact_numeric_round(PG_GETARG_NUMERIC(0), PG_GETARG_INT32(1), mode));
}
