/*
 * selector_cmp.c: the order of selectors, which is that of their canonical text.
 */
#include "postgres.h"

#include "selector.h"

/* Compares two selectors; equal ones are equal bytes. */
static int
compare(FunctionCallInfo fcinfo)
{
	Selector *a = PG_GETARG_SELECTOR(0);
	Selector *b = PG_GETARG_SELECTOR(1);

	if (VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0)
		return 0;
	return strcmp(selector_text(a), selector_text(b));
}

/* For btree indexes and sorting. */
PG_FUNCTION_INFO_V1(selector_cmp);
Datum
selector_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(fcinfo));
}

/* Less. */
PG_FUNCTION_INFO_V1(selector_lt);
Datum
selector_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) < 0);
}

/* Less or equal. */
PG_FUNCTION_INFO_V1(selector_le);
Datum
selector_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) <= 0);
}

/* Greater or equal. */
PG_FUNCTION_INFO_V1(selector_ge);
Datum
selector_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) >= 0);
}

/* Greater. */
PG_FUNCTION_INFO_V1(selector_gt);
Datum
selector_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) > 0);
}
