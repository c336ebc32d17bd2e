/*
 * rated_sum.c: the amount of a total, as an aggregate.
 *
 * The quantities are summed exactly and rated once, at the end.  A pricing that
 * rates event by event is applied to each as it comes; where the order counts,
 * the quantities are kept too, so that partial states can be put together.
 */
#include "postgres.h"

#include "compat.h"
#include "libpq/pqformat.h"
#include "number.h"
#include "pricing.h"

typedef struct RatedSum
{
	bool unpriced;        /* a quantity came without a pricing */
	Pricing *pricing;     /* NULL before the first */
	Numeric total;        /* of quantities, or of events' amounts; NULL before the first */
	PricingEvents events; /* so far, where their order counts */
	int size;
	int count;
	Numeric *quantities; /* where their order counts */
} RatedSum;

/* The aggregate's memory. */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return context;
}

/* The state in an argument, or NULL. */
static RatedSum *
state_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : (RatedSum *)PG_GETARG_POINTER(number);
}

/* A copy of a number in a context. */
static Numeric
keep(MemoryContext context, Numeric number)
{
	Numeric copy = MemoryContextAlloc(context, VARSIZE(number));

	memcpy(copy, number, VARSIZE(number));
	return copy;
}

/* Adds to the total. */
static void
add_to_total(MemoryContext context, RatedSum *state, Numeric number)
{
	Numeric before = state->total;

	if (before == NULL)
	{
		state->total = keep(context, number);
		return;
	}
	state->total = keep(context, number_add(before, number));
	pfree(before);
}

/* The total; NULL of nothing. */
static Numeric
total_of(const RatedSum *state)
{
	return state->total;
}

/* Refuses pricings that differ. */
static void
refuse_pricings(const Pricing *a, const Pricing *b)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("rated_sum needs one pricing for all quantities of a group"),
	                errdetail("There are %s and %s.", a ? pricing_text(a) : "NULL",
	                          b ? pricing_text(b) : "NULL"),
	                errhint("Group by the pricing too.")));
}

/* Notes the pricing, which must be that of all quantities before. */
static void
note_pricing(MemoryContext context, RatedSum *state, struct varlena *packed)
{
	Size size = VARSIZE_ANY_EXHDR(packed);
	Pricing *pricing = state->pricing;

	if (pricing && VARSIZE(pricing) - VARHDRSZ == size &&
	    memcmp(VARDATA(pricing), VARDATA_ANY(packed), size) == 0)
		return;
	if (pricing || state->unpriced)
		refuse_pricings(pricing, DatumGetPricing(PointerGetDatum(packed)));
	pricing = MemoryContextAlloc(context, size + VARHDRSZ);
	SET_VARSIZE(pricing, size + VARHDRSZ);
	memcpy(VARDATA(pricing), VARDATA_ANY(packed), size);
	state->pricing = pricing;
}

/* Notes a quantity that has no pricing. */
static void
note_unpriced(RatedSum *state)
{
	if (state->pricing)
		refuse_pricings(state->pricing, NULL);
	state->unpriced = true;
}

/* Keeps a quantity, for a pricing to which the order counts. */
static void
keep_quantity(MemoryContext context, RatedSum *state, Numeric quantity)
{
	if (state->count == state->size)
	{
		state->size = Max(16, 2 * state->size);
		state->quantities = state->quantities
		                        ? repalloc_huge(state->quantities, state->size * sizeof(Numeric))
		                        : MemoryContextAlloc(context, state->size * sizeof(Numeric));
	}
	state->quantities[state->count++] = keep(context, quantity);
}

/* Rates an event, and keeps what the next ones need. */
static void
add_event(MemoryContext context, RatedSum *state, Numeric quantity)
{
	Numeric before = state->events.amount;

	add_to_total(context, state, pricing_event(state->pricing, quantity, &state->events, NULL));
	if (!pricing_orders_events(state->pricing))
		return;
	state->events.amount = keep(context, state->events.amount);
	if (before)
		pfree(before);
	keep_quantity(context, state, quantity);
}

/* Takes in a quantity and its pricing. */
PG_FUNCTION_INFO_V1(rated_sum_accum);
Datum
rated_sum_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	RatedSum *state = state_argument(fcinfo, 0);

	if (state == NULL)
		state = MemoryContextAllocZero(context, sizeof(RatedSum));
	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);
	if (PG_ARGISNULL(2))
	{
		note_unpriced(state);
		PG_RETURN_POINTER(state);
	}
	note_pricing(context, state, PG_GETARG_VARLENA_PP(2));
	if (pricing_rates_events(state->pricing))
		add_event(context, state, PG_GETARG_NUMERIC(1));
	else
		add_to_total(context, state, PG_GETARG_NUMERIC(1));
	PG_RETURN_POINTER(state);
}

/* Puts two states together. */
PG_FUNCTION_INFO_V1(rated_sum_combine);
Datum
rated_sum_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	RatedSum *state = state_argument(fcinfo, 0);
	RatedSum *other = state_argument(fcinfo, 1);

	if (state == NULL)
		state = MemoryContextAllocZero(context, sizeof(RatedSum));
	if (other == NULL)
		PG_RETURN_POINTER(state);
	if (other->unpriced)
		note_unpriced(state);
	if (other->pricing)
		note_pricing(context, state, (struct varlena *)other->pricing);
	if (other->count > 0)
	{
		for (int i = 0; i < other->count; i++)
			add_event(context, state, other->quantities[i]);
	}
	else if (total_of(other))
		add_to_total(context, state, total_of(other));
	PG_RETURN_POINTER(state);
}

/* Sends a number, or another value of varying length; NULL as nothing. */
static void
send_varlena(StringInfo buf, const void *value)
{
	Size size = value ? VARSIZE(value) - VARHDRSZ : 0;

	pq_sendint32(buf, size);
	if (value)
		pq_sendbytes(buf, VARDATA(value), size);
}

/* Takes what send_varlena() sent. */
static void *
receive_varlena(StringInfo buf)
{
	Size size = pq_getmsgint(buf, 4);
	struct varlena *value;

	if (size == 0)
		return NULL;
	value = palloc(size + VARHDRSZ);
	SET_VARSIZE(value, size + VARHDRSZ);
	pq_copymsgbytes(buf, VARDATA(value), size);
	return value;
}

/* The state as bytes, for another process of the same server. */
PG_FUNCTION_INFO_V1(rated_sum_serialise);
Datum
rated_sum_serialise(PG_FUNCTION_ARGS)
{
	RatedSum *state = (RatedSum *)PG_GETARG_POINTER(0);
	StringInfoData buf;

	aggregate_context(fcinfo);
	pq_begintypsend(&buf);
	pq_sendbyte(&buf, state->unpriced);
	send_varlena(&buf, state->pricing);
	send_varlena(&buf, total_of(state));
	pq_sendint32(&buf, state->count);
	for (int i = 0; i < state->count; i++)
		send_varlena(&buf, state->quantities[i]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* The state from its bytes. */
PG_FUNCTION_INFO_V1(rated_sum_deserialise);
Datum
rated_sum_deserialise(PG_FUNCTION_ARGS)
{
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	RatedSum *state = palloc0(sizeof(RatedSum));
	StringInfoData buf;

	aggregate_context(fcinfo);
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	state->unpriced = pq_getmsgbyte(&buf);
	state->pricing = receive_varlena(&buf);
	state->total = receive_varlena(&buf);
	state->count = pq_getmsgint(&buf, 4);
	if (state->count > 0)
		state->quantities =
		    MemoryContextAllocHuge(CurrentMemoryContext, state->count * sizeof(Numeric));
	for (int i = 0; i < state->count; i++)
		state->quantities[i] = receive_varlena(&buf);
	pq_getmsgend(&buf);
	PG_RETURN_POINTER(state);
}

/* The amount of the total; the state stays as it is, for running ladders. */
PG_FUNCTION_INFO_V1(rated_sum_final);
Datum
rated_sum_final(PG_FUNCTION_ARGS)
{
	RatedSum *state = state_argument(fcinfo, 0);
	Numeric total;

	aggregate_context(fcinfo);
	if (state == NULL || total_of(state) == NULL)
		PG_RETURN_NULL();
	total = DatumGetNumericCopy(NumericGetDatum(total_of(state)));
	if (pricing_rates_events(state->pricing))
		PG_RETURN_NUMERIC(pricing_adjust(state->pricing, total, NULL));
	PG_RETURN_NUMERIC(pricing_rate(state->pricing, total, NULL));
}
