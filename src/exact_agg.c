/*
 * exact_agg.c: the aggregate exact_sum, the same as sum(numeric) but faster.
 *
 * A state is 32 bytes with a 128-bit total.  The total is counted in powers of
 * 10000, like stored digits, so that adding a number needs no division.
 */
#include "postgres.h"

#include "exact.h"
#include "exact_sum.h"

/* The memory of the aggregate. */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return context;
}

/* Makes a state. */
static ExactSum *
new_state(FunctionCallInfo fcinfo)
{
	return MemoryContextAllocZero(aggregate_context(fcinfo), sizeof(ExactSum));
}

/* What is rare in adding a number; out of line, for the transition function to need no stack. */
static pg_noinline Datum
add_slowly(FunctionCallInfo fcinfo)
{
	ExactSum *state = PG_ARGISNULL(0) ? NULL : (ExactSum *)PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		if (state == NULL)
			state = new_state(fcinfo);
		if (!exact_sum_add_slowly(state, PG_GETARG_DATUM(1)))
			exact_total_add(state, PG_GETARG_DATUM(1), aggregate_context(fcinfo));
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/* Adds a number; NULL counts for nothing. */
PG_FUNCTION_INFO_V1(exact_sum_transition);
Datum
exact_sum_transition(PG_FUNCTION_ARGS)
{
	if (likely(!PG_ARGISNULL(0) && !PG_ARGISNULL(1) &&
	           exact_sum_add_short((ExactSum *)PG_GETARG_POINTER(0), PG_GETARG_DATUM(1))))
		return PG_GETARG_DATUM(0);
	return add_slowly(fcinfo);
}

/* Adds the second state to the first. */
PG_FUNCTION_INFO_V1(exact_sum_combine);
Datum
exact_sum_combine(PG_FUNCTION_ARGS)
{
	ExactSum *state = PG_ARGISNULL(0) ? NULL : (ExactSum *)PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		if (state == NULL)
			state = new_state(fcinfo);
		exact_total_combine(state, (ExactSum *)PG_GETARG_POINTER(1), aggregate_context(fcinfo));
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/* Packs a state for another process. */
PG_FUNCTION_INFO_V1(exact_sum_serialise);
Datum
exact_sum_serialise(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(exact_total_pack((ExactSum *)PG_GETARG_POINTER(0)));
}

/* Unpacks a state of another process. */
PG_FUNCTION_INFO_V1(exact_sum_deserialise);
Datum
exact_sum_deserialise(PG_FUNCTION_ARGS)
{
	bytea *packed = PG_GETARG_BYTEA_PP(0);
	ExactSum *state = palloc(sizeof(ExactSum));

	exact_total_unpack(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed), state);
	PG_RETURN_POINTER(state);
}

/* Returns the sum; the state can take more numbers after that. */
PG_FUNCTION_INFO_V1(exact_sum_final);
Datum
exact_sum_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(exact_total_get((ExactSum *)PG_GETARG_POINTER(0)));
}
