/*
 * time_share.c: aggregates of numbers that each count for a share of a period.
 *
 * weighted_sum adds changes of a level, each for the time that is left after it;
 * prorated_sum and prorated_count add what was held, each for the time in which
 * it was.  Their state is a number x time, so order and grouping do not matter.
 */
#include "postgres.h"

#include "aggregate.h"
#include "libpq/pqformat.h"
#include "period.h"
#include "tally.h"
#include "utils/timestamp.h"

typedef struct TimeShare
{
	Tally tally; /* number x time */
	Period during;
} TimeShare;

/* The state in the first argument, made with the period when there is none yet. */
static TimeShare *
state_over(FunctionCallInfo fcinfo, MemoryContext context, Period during)
{
	TimeShare *state = aggregate_state(fcinfo, 0);

	if (state == NULL)
	{
		state = MemoryContextAllocZero(context, sizeof(TimeShare));
		state->during = during;
	}
	else
		period_check_same(&state->during, &during);
	return state;
}

/* Takes in a change of the level. */
PG_FUNCTION_INFO_V1(weighted_sum_accum);
Datum
weighted_sum_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	TimeShare *state;
	int64 left;

	if (aggregate_row_has_null(fcinfo))
		AGGREGATE_RETURN_STATE(aggregate_state(fcinfo, 0));
	state = state_over(fcinfo, context, period_during(fcinfo, 3));
	left = period_overlap(&state->during, PG_GETARG_TIMESTAMPTZ(2), PERIOD_NEVER);
	if (left > 0)
		tally_add(context, &state->tally, PG_GETARG_DATUM(1), left);
	PG_RETURN_POINTER(state);
}

/* Takes in a quantity and when it was held. */
PG_FUNCTION_INFO_V1(prorated_sum_accum);
Datum
prorated_sum_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	TimeShare *state;
	Period held;
	int64 share;

	if (aggregate_row_has_null(fcinfo))
		AGGREGATE_RETURN_STATE(aggregate_state(fcinfo, 0));
	state = state_over(fcinfo, context, period_during(fcinfo, 3));
	held = period_argument(fcinfo, 2);
	share = period_overlap(&state->during, held.start, held.end);
	if (share > 0)
		tally_add(context, &state->tally, PG_GETARG_DATUM(1), share);
	PG_RETURN_POINTER(state);
}

/* Takes in when one was held. */
PG_FUNCTION_INFO_V1(prorated_count_accum);
Datum
prorated_count_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	TimeShare *state;
	Period held;

	if (aggregate_row_has_null(fcinfo))
		AGGREGATE_RETURN_STATE(aggregate_state(fcinfo, 0));
	state = state_over(fcinfo, context, period_during(fcinfo, 2));
	held = period_argument(fcinfo, 1);
	tally_add_fixed(context, &state->tally, period_overlap(&state->during, held.start, held.end),
	                0);
	PG_RETURN_POINTER(state);
}

/* Adds the second state to the first. */
PG_FUNCTION_INFO_V1(time_share_combine);
Datum
time_share_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	TimeShare *other = aggregate_state(fcinfo, 1);
	TimeShare *state;

	if (other == NULL)
		AGGREGATE_RETURN_STATE(aggregate_state(fcinfo, 0));
	state = state_over(fcinfo, context, other->during);
	tally_merge(context, &state->tally, &other->tally);
	PG_RETURN_POINTER(state);
}

/* Packs a state for another process. */
PG_FUNCTION_INFO_V1(time_share_serialise);
Datum
time_share_serialise(PG_FUNCTION_ARGS)
{
	TimeShare *state = aggregate_state(fcinfo, 0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint64(&buf, state->during.start);
	pq_sendint64(&buf, state->during.end);
	tally_send(&buf, &state->tally);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* Unpacks a state of another process. */
PG_FUNCTION_INFO_V1(time_share_deserialise);
Datum
time_share_deserialise(PG_FUNCTION_ARGS)
{
	StringInfoData buf = aggregate_unpack(PG_GETARG_BYTEA_PP(0));
	TimeShare *state = palloc0(sizeof(TimeShare));

	aggregate_context(fcinfo);
	state->during.start = pq_getmsgint64(&buf);
	state->during.end = pq_getmsgint64(&buf);
	tally_receive(&buf, &state->tally);
	PG_RETURN_POINTER(state);
}

/* Number x time by time. */
PG_FUNCTION_INFO_V1(time_share_final);
Datum
time_share_final(PG_FUNCTION_ARGS)
{
	TimeShare *state = aggregate_state(fcinfo, 0);

	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(tally_quotient(&state->tally, state->during.end - state->during.start));
}
