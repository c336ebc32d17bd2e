/*
 * time_weighted_avg.c: the aggregate of readings of a level over a period.
 *
 * How long a reading holds is known only when all are there, so a state keeps
 * them, 16 bytes each.  Of those before the period it keeps the last alone.
 */
#include "postgres.h"

#include "aggregate.h"
#include "level.h"
#include "libpq/pqformat.h"
#include "miscadmin.h" /* for sort_template.h */
#include "number.h"
#include "number_list.h"
#include "utils/timestamp.h"

typedef struct LevelReadings
{
	NumberList list; /* readings, each with its moment */
	Period during;
	int64 initial; /* the last reading before the period; -1 is none */
} LevelReadings;

/* A reading of a list that is not wide. */
typedef struct FixedReading
{
	int64 level;
	TimestampTz at;
} FixedReading;

StaticAssertDecl(sizeof(UsageReading) == 2 * sizeof(NumberWord), "two words are a reading");
StaticAssertDecl(sizeof(FixedReading) == 2 * sizeof(NumberWord), "two words are a reading");

#define ST_SORT sort_fixed
#define ST_ELEMENT_TYPE FixedReading
#define ST_COMPARE(a, b)                                                                           \
	((a)->at != (b)->at ? ((a)->at > (b)->at) - ((a)->at < (b)->at)                                \
	                    : ((a)->level > (b)->level) - ((a)->level < (b)->level))
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* The state in the first argument, made with the period when there is none yet. */
static LevelReadings *
state_over(FunctionCallInfo fcinfo, MemoryContext context, Period during)
{
	LevelReadings *state = aggregate_state(fcinfo, 0);

	if (state == NULL)
	{
		state = MemoryContextAllocZero(context, sizeof(LevelReadings));
		state->list.width = 2;
		state->during = during;
		state->initial = -1;
	}
	else
		period_check_same(&state->during, &during);
	return state;
}

/* Takes in a reading from before the period, when none that is kept is later. */
static void
add_initial(MemoryContext context, LevelReadings *state, Datum level, TimestampTz at)
{
	NumberList *list = &state->list;
	TimestampTz before;

	if (state->initial < 0)
	{
		number_list_add(context, list, level, at);
		state->initial = list->count - 1;
		return;
	}
	before = *number_list_at(list, state->initial);
	if (at < before || (at == before && number_cmp(DatumGetNumeric(level),
	                                               number_list_get(list, state->initial)) <= 0))
	{
		/* which of them came first must not show in the decimals */
		FixedNumber fixed;

		tally_read(level, &fixed);
		list->display = Max(list->display, fixed.display);
		return;
	}
	*number_list_at(list, state->initial) = at;
	number_list_put(context, list, state->initial, level);
}

/* Takes in a reading. */
PG_FUNCTION_INFO_V1(time_weighted_avg_accum);
Datum
time_weighted_avg_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	LevelReadings *state;
	TimestampTz at;

	if (aggregate_row_has_null(fcinfo))
		AGGREGATE_RETURN_STATE(aggregate_state(fcinfo, 0));
	state = state_over(fcinfo, context, period_during(fcinfo, 3));
	at = PG_GETARG_TIMESTAMPTZ(2);
	if (at >= state->during.end)
		PG_RETURN_POINTER(state);
	if (at < state->during.start)
		add_initial(context, state, PG_GETARG_DATUM(1), at);
	else
		number_list_add(context, &state->list, PG_GETARG_DATUM(1), at);
	PG_RETURN_POINTER(state);
}

/* Adds the second state to the first. */
PG_FUNCTION_INFO_V1(time_weighted_avg_combine);
Datum
time_weighted_avg_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	LevelReadings *other = aggregate_state(fcinfo, 1);
	LevelReadings *state;
	int64 initial;

	if (other == NULL)
		AGGREGATE_RETURN_STATE(aggregate_state(fcinfo, 0));
	state = state_over(fcinfo, context, other->during);
	initial = state->initial;

	/* of the two initial readings the earlier gets no time, so both may stay */
	number_list_append(context, &state->list, &other->list);
	if (other->initial >= 0 && (initial < 0 || *number_list_at(&state->list, initial) <
	                                               *number_list_at(&other->list, other->initial)))
		initial = state->list.count - other->list.count + other->initial;
	state->initial = initial;
	PG_RETURN_POINTER(state);
}

/* Packs a state for another process. */
PG_FUNCTION_INFO_V1(time_weighted_avg_serialise);
Datum
time_weighted_avg_serialise(PG_FUNCTION_ARGS)
{
	LevelReadings *state = aggregate_state(fcinfo, 0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint64(&buf, state->during.start);
	pq_sendint64(&buf, state->during.end);
	pq_sendint64(&buf, state->initial);
	number_list_send(&buf, &state->list);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* Unpacks a state of another process. */
PG_FUNCTION_INFO_V1(time_weighted_avg_deserialise);
Datum
time_weighted_avg_deserialise(PG_FUNCTION_ARGS)
{
	StringInfoData buf = aggregate_unpack(PG_GETARG_BYTEA_PP(0));
	LevelReadings *state = palloc0(sizeof(LevelReadings));

	aggregate_context(fcinfo);
	state->during.start = pq_getmsgint64(&buf);
	state->during.end = pq_getmsgint64(&buf);
	state->initial = pq_getmsgint64(&buf);
	number_list_receive(&buf, &state->list);
	PG_RETURN_POINTER(state);
}

/* Adds level x time of all readings to a tally, in 128 bits: an int64 times a period fits. */
static void
tally_fixed(MemoryContext context, Tally *tally, const LevelReadings *state)
{
	FixedReading *readings = (FixedReading *)state->list.words;
	int64 count = state->list.count;
	int128 total = 0;

	sort_fixed(readings, count);
	for (int64 i = 0; i < count; i++)
	{
		TimestampTz until = i + 1 < count ? readings[i + 1].at : PERIOD_NEVER;

		total += (int128)readings[i].level * period_overlap(&state->during, readings[i].at, until);
	}
	tally_add_fixed(context, tally, total, state->list.fraction);
}

/* The last reading before the period, of sorted ones that begin with such a reading. */
static int64
last_initial(const LevelReadings *state)
{
	int64 i = 0;

	while (i + 1 < state->list.count && *number_list_at(&state->list, i + 1) < state->during.start)
		i++;
	return i;
}

/* Level x time by time.  It sorts the readings where they stand, which changes no result. */
PG_FUNCTION_INFO_V1(time_weighted_avg_final);
Datum
time_weighted_avg_final(PG_FUNCTION_ARGS)
{
	LevelReadings *state = aggregate_state(fcinfo, 0);
	Tally tally = {0};

	if (state == NULL)
		PG_RETURN_NULL();
	if (state->list.wide)
		level_tally(CurrentMemoryContext, &tally, (UsageReading *)state->list.words,
		            state->list.count, &state->during);
	else
		tally_fixed(CurrentMemoryContext, &tally, state);

	if (state->initial >= 0)
		state->initial = last_initial(state);
	tally.display = state->list.display;
	PG_RETURN_NUMERIC(tally_quotient(&tally, state->during.end - state->during.start));
}
