/*
 * rated_sum.c: the amount of a total, as an aggregate.
 *
 * The quantities are summed exactly and rated once, at the end.  A pricing that
 * rates event by event is applied to each as it comes; where the order counts,
 * a partial state keeps the quantities too, and those of the second state count
 * as having come after those of the first.
 */
#include "postgres.h"

#include "compat.h"
#include "exact.h"
#include "exact_sum.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "number.h"
#include "pricing.h"
#include "utils/memutils.h"

typedef struct RatedSum
{
	bool unpriced;           /* a quantity came without a pricing */
	bool by_event;           /* total is of events' amounts, not of quantities */
	Pricing *pricing;        /* NULL before the first quantity */
	struct varlena *toasted; /* the same as it is stored, where that is not plain; or NULL */
	ExactSum total;          /* of quantities, or of events' amounts */
	PricingEvents events;    /* so far, where their order counts */
	int size;
	int count;
	Numeric *quantities; /* where their order counts to a state that is combined */
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

/* Is it that of the quantities before?  Plain ones are compared as they are. */
static inline bool
same_pricing(const RatedSum *state, const struct varlena *stored)
{
	const Pricing *pricing = state->pricing;

	if (VARATT_IS_1B(stored) && !VARATT_IS_1B_E(stored))
		return VARSIZE_SHORT(stored) - VARHDRSZ_SHORT == VARSIZE(pricing) - VARHDRSZ &&
		       memcmp(VARDATA_SHORT(stored), VARDATA(pricing), VARSIZE(pricing) - VARHDRSZ) == 0;
	if (VARATT_IS_4B_U(stored))
		return VARSIZE(stored) == VARSIZE(pricing) &&
		       memcmp(stored, pricing, VARSIZE(pricing)) == 0;
	return state->toasted && VARSIZE_ANY(stored) == VARSIZE_ANY(state->toasted) &&
	       memcmp(stored, state->toasted, VARSIZE_ANY(stored)) == 0;
}

/*
 * Keeps a pricing as it is stored, so that it need not be made plain for every
 * row of its own.  A pointer into a toast table means the same all query long.
 */
static void
keep_toasted(MemoryContext context, RatedSum *state, const struct varlena *stored)
{
	if (!VARATT_IS_COMPRESSED(stored) && !VARATT_IS_EXTERNAL_ONDISK(stored))
		return;
	if (state->toasted)
		pfree(state->toasted);
	state->toasted = MemoryContextAlloc(context, VARSIZE_ANY(stored));
	memcpy(state->toasted, stored, VARSIZE_ANY(stored));
}

/* Notes the pricing, which must be that of all quantities before. */
static void
note_pricing(MemoryContext context, RatedSum *state, struct varlena *stored)
{
	Pricing *pricing;

	if (state->pricing && same_pricing(state, stored))
		return;
	pricing = DatumGetPricing(PointerGetDatum(stored));
	if (state->pricing == NULL && !state->unpriced)
	{
		state->pricing = MemoryContextAlloc(context, VARSIZE(pricing));
		memcpy(state->pricing, pricing, VARSIZE(pricing));
		state->by_event = pricing_rates_events(pricing);
	}
	else if (state->pricing == NULL || !same_pricing(state, (struct varlena *)pricing))
		refuse_pricings(state->pricing, pricing);
	keep_toasted(context, state, stored);
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
add_event(MemoryContext context, RatedSum *state, Numeric quantity, bool partial)
{
	Numeric before = state->events.amount;
	Numeric amount = pricing_event(state->pricing, quantity, &state->events, NULL);

	exact_total_add(&state->total, NumericGetDatum(amount), context);
	if (!pricing_orders_events(state->pricing))
		return;
	state->events.amount = keep(context, state->events.amount);
	if (before)
		pfree(before);
	if (partial)
		keep_quantity(context, state, quantity);
}

/* Is the state one of several that are put together? */
static bool
is_partial(FunctionCallInfo fcinfo)
{
	return IsA(fcinfo->context, AggState) &&
	       DO_AGGSPLIT_SKIPFINAL(((AggState *)fcinfo->context)->aggsplit);
}

/* What is rare in taking in a quantity, or takes its time anyway. */
static pg_noinline Datum
accum_slowly(FunctionCallInfo fcinfo)
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
	note_pricing(context, state, (struct varlena *)PG_GETARG_POINTER(2));
	if (state->by_event)
		add_event(context, state, PG_GETARG_NUMERIC(1), is_partial(fcinfo));
	else
		exact_total_add(&state->total, PG_GETARG_DATUM(1), context);
	PG_RETURN_POINTER(state);
}

/* Takes in a quantity and its pricing. */
PG_FUNCTION_INFO_V1(rated_sum_accum);
Datum
rated_sum_accum(PG_FUNCTION_ARGS)
{
	RatedSum *state = state_argument(fcinfo, 0);

	if (likely(state && state->pricing && !state->by_event && !PG_ARGISNULL(1) &&
	           !PG_ARGISNULL(2) && same_pricing(state, (struct varlena *)PG_GETARG_POINTER(2)) &&
	           exact_sum_add_short(&state->total, PG_GETARG_DATUM(1))))
		return PG_GETARG_DATUM(0);
	return accum_slowly(fcinfo);
}

/* Adds the events of another state, in an own memory, for there may be many. */
static void
add_events(MemoryContext context, RatedSum *state, const RatedSum *other, bool partial)
{
	MemoryContext each =
	    AllocSetContextCreate(CurrentMemoryContext, "rated_sum event", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(each);

	for (int i = 0; i < other->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		add_event(context, state, other->quantities[i], partial);
		MemoryContextReset(each);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(each);
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
		add_events(context, state, other, is_partial(fcinfo));
	else
		exact_total_combine(&state->total, &other->total, context);
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
	send_varlena(&buf, exact_total_pack(&state->total));
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
	bytea *total;

	aggregate_context(fcinfo);
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	state->unpriced = pq_getmsgbyte(&buf);
	state->pricing = receive_varlena(&buf);
	state->by_event = state->pricing && pricing_rates_events(state->pricing);
	total = receive_varlena(&buf);
	exact_total_unpack(VARDATA(total), VARSIZE(total) - VARHDRSZ, &state->total);
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
	if (state == NULL || state->pricing == NULL)
		PG_RETURN_NULL();
	total = exact_total_get(&state->total);
	PG_RETURN_NUMERIC(state->by_event ? pricing_adjust(state->pricing, total, NULL)
	                                  : pricing_rate(state->pricing, total, NULL));
}
