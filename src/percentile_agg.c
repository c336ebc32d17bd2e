/*
 * percentile_agg.c: the aggregates percentile_95 and percentile_billed.
 *
 * A state keeps all samples, 8 bytes each; putting two together is joining their
 * lists.
 */
#include "postgres.h"

#include "aggregate.h"
#include "libpq/pqformat.h"
#include "number.h"
#include "number_list.h"
#include "percentile.h"
#include "usage.h"

typedef struct Samples
{
	NumberList list;
	Numeric percent; /* NULL in percentile_95 */
} Samples;

/* The state in the first argument, made when there is none yet. */
static Samples *
state_of(FunctionCallInfo fcinfo, MemoryContext context)
{
	Samples *state = aggregate_state(fcinfo, 0);

	if (state == NULL)
	{
		state = MemoryContextAllocZero(context, sizeof(Samples));
		state->list.width = 1;
	}
	return state;
}

/* Notes the percentile, which must be that of all rows before. */
static void
note_percent(MemoryContext context, Samples *state, Numeric percent)
{
	Size size = VARSIZE(percent);

	if (state->percent)
	{
		if ((VARSIZE(state->percent) == size && memcmp(state->percent, percent, size) == 0) ||
		    number_cmp(state->percent, percent) == 0)
			return;
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("there must be one percentile for all rows of a group"),
		                errhint("Group by the percentile too.")));
	}
	if (number_cmp(percent, int64_to_numeric(0)) <= 0 ||
	    number_cmp(percent, int64_to_numeric(100)) > 0)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("a percentile must be more than 0 and at most 100"),
		                errhint("The 95th percentile is 95.")));
	state->percent = MemoryContextAlloc(context, size);
	memcpy(state->percent, percent, size);
}

/* Takes in a sample. */
PG_FUNCTION_INFO_V1(percentile_95_accum);
Datum
percentile_95_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Samples *state;

	if (aggregate_row_has_null(fcinfo))
		AGGREGATE_RETURN_STATE(aggregate_state(fcinfo, 0));
	state = state_of(fcinfo, context);
	number_list_add(context, &state->list, PG_GETARG_DATUM(1), 0);
	PG_RETURN_POINTER(state);
}

/* Takes in a sample and the percentile. */
PG_FUNCTION_INFO_V1(percentile_billed_accum);
Datum
percentile_billed_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Samples *state;

	if (aggregate_row_has_null(fcinfo))
		AGGREGATE_RETURN_STATE(aggregate_state(fcinfo, 0));
	state = state_of(fcinfo, context);
	note_percent(context, state, PG_GETARG_NUMERIC(2));
	number_list_add(context, &state->list, PG_GETARG_DATUM(1), 0);
	PG_RETURN_POINTER(state);
}

/* Adds the second state to the first. */
PG_FUNCTION_INFO_V1(percentile_combine);
Datum
percentile_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Samples *other = aggregate_state(fcinfo, 1);
	Samples *state;

	if (other == NULL)
		AGGREGATE_RETURN_STATE(aggregate_state(fcinfo, 0));
	state = state_of(fcinfo, context);
	if (other->percent)
		note_percent(context, state, other->percent);
	number_list_append(context, &state->list, &other->list);
	PG_RETURN_POINTER(state);
}

/* Packs a state for another process. */
PG_FUNCTION_INFO_V1(percentile_serialise);
Datum
percentile_serialise(PG_FUNCTION_ARGS)
{
	Samples *state = aggregate_state(fcinfo, 0);
	Size size = state->percent ? VARSIZE(state->percent) - VARHDRSZ : 0;
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint32(&buf, size);
	if (state->percent)
		pq_sendbytes(&buf, VARDATA(state->percent), size);
	number_list_send(&buf, &state->list);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* Unpacks a state of another process. */
PG_FUNCTION_INFO_V1(percentile_deserialise);
Datum
percentile_deserialise(PG_FUNCTION_ARGS)
{
	StringInfoData buf = aggregate_unpack(PG_GETARG_BYTEA_PP(0));
	Samples *state = palloc0(sizeof(Samples));
	Size size = pq_getmsgint(&buf, 4);

	aggregate_context(fcinfo);
	if (size > 0)
	{
		state->percent = palloc(size + VARHDRSZ);
		SET_VARSIZE(state->percent, size + VARHDRSZ);
		pq_copymsgbytes(&buf, VARDATA(state->percent), size);
	}
	number_list_receive(&buf, &state->list);
	PG_RETURN_POINTER(state);
}

/* The rank of a percentile, rounded up. */
static int64
rank_of(int64 count, Numeric percent)
{
	Numeric hundred = int64_to_numeric(100);
	Numeric product = number_mul(int64_to_numeric(count), percent);
	Numeric rank = number_quotient(product, hundred);

	if (number_cmp(number_mul(rank, hundred), product) < 0)
		rank = number_add(rank, int64_to_numeric(1));
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(rank)));
}

/* The sample at the percentile.  It reorders the samples, which changes no result. */
PG_FUNCTION_INFO_V1(percentile_final);
Datum
percentile_final(PG_FUNCTION_ARGS)
{
	Samples *state = aggregate_state(fcinfo, 0);
	int64 count;

	if (state == NULL)
		PG_RETURN_NULL();
	count = state->list.count;
	PG_RETURN_NUMERIC(percentile_select(
	    &state->list, state->percent ? rank_of(count, state->percent) : usage_rank(count, 9500)));
}
