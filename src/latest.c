/*
 * latest.c: the aggregate latest, the value at the greatest moment.
 *
 * Of several values at that moment the greatest counts, and of equal ones that
 * look different (1.0 and 1.00) one that is chosen by its bytes: so neither the
 * order of rows nor a parallel plan changes the result.
 */
#include "postgres.h"

#include "aggregate.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

typedef struct Latest
{
	TypeCacheEntry *type;
	Oid collation;
	TimestampTz at;
	Datum value;
	Size room; /* bytes that value points to, where it does */
} Latest;

/* Makes a state for values of a type. */
static Latest *
new_state(MemoryContext context, Oid type, Oid collation)
{
	Latest *state = MemoryContextAllocZero(context, sizeof(Latest));

	state->type = lookup_type_cache(type, TYPECACHE_CMP_PROC_FINFO);
	if (!OidIsValid(state->type->cmp_proc_finfo.fn_oid))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_UNDEFINED_FUNCTION),
		     errmsg("could not identify a comparison function for type %s", format_type_be(type)),
		     errhint("Which of two values at the same moment counts is decided by comparing.")));
	state->collation = collation;
	return state;
}

/* A value that can be copied as it is. */
static Datum
flat(const Latest *state, Datum value)
{
	return state->type->typlen == -1 ? PointerGetDatum(PG_DETOAST_DATUM_PACKED(value)) : value;
}

/* Compares equal values by their bytes. */
static int
compare_images(const Latest *state, Datum a, Datum b)
{
	const char *first = DatumGetPointer(a);
	const char *second = DatumGetPointer(b);
	Size first_size = state->type->typlen;
	Size second_size = first_size;
	int order;

	if (state->type->typbyval)
		return (a > b) - (a < b);
	if (state->type->typlen == -1)
	{
		first_size = VARSIZE_ANY_EXHDR(first);
		second_size = VARSIZE_ANY_EXHDR(second);
		first = VARDATA_ANY(first);
		second = VARDATA_ANY(second);
	}
	order = memcmp(first, second, Min(first_size, second_size));
	return order != 0 ? order : (first_size > second_size) - (first_size < second_size);
}

/* Whether a value at a moment comes after what the state holds. */
static bool
is_later(const Latest *state, Datum value, TimestampTz at)
{
	int order;

	if (state->room == 0 || at != state->at)
		return state->room == 0 || at > state->at;
	order = DatumGetInt32(
	    FunctionCall2Coll(&state->type->cmp_proc_finfo, state->collation, value, state->value));
	if (order == 0)
		order = compare_images(state, value, state->value);
	return order > 0;
}

/* Keeps a value, where it comes after the one before. */
static void
keep(MemoryContext context, Latest *state, Datum value, TimestampTz at)
{
	Size size = sizeof(Datum);

	/* a value that is older need not even be fetched */
	if (state->room > 0 && at < state->at)
		return;
	value = flat(state, value);
	if (!is_later(state, value, at))
		return;
	if (!state->type->typbyval)
		size = datumGetSize(value, false, state->type->typlen);
	if (size > state->room)
	{
		if (state->room > 0 && !state->type->typbyval)
			pfree(DatumGetPointer(state->value));
		state->room = Max(size, 32);
		if (!state->type->typbyval)
			state->value = PointerGetDatum(MemoryContextAlloc(context, state->room));
	}
	if (state->type->typbyval)
		state->value = value;
	else
		memcpy(DatumGetPointer(state->value), DatumGetPointer(value), size);
	state->at = at;
}

/* Takes in a value and its moment. */
PG_FUNCTION_INFO_V1(latest_accum);
Datum
latest_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Latest *state = aggregate_state(fcinfo, 0);

	if (aggregate_row_has_null(fcinfo))
		AGGREGATE_RETURN_STATE(state);
	if (state == NULL)
		state = new_state(context, get_fn_expr_argtype(fcinfo->flinfo, 1), PG_GET_COLLATION());
	keep(context, state, PG_GETARG_DATUM(1), PG_GETARG_TIMESTAMPTZ(2));
	PG_RETURN_POINTER(state);
}

/* Keeps the later value of two states. */
PG_FUNCTION_INFO_V1(latest_combine);
Datum
latest_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Latest *state = aggregate_state(fcinfo, 0);
	Latest *other = aggregate_state(fcinfo, 1);

	if (other == NULL)
		AGGREGATE_RETURN_STATE(state);
	if (state == NULL)
		state = new_state(context, other->type->type_id, other->collation);
	keep(context, state, other->value, other->at);
	PG_RETURN_POINTER(state);
}

/* Packs a state for another process. */
PG_FUNCTION_INFO_V1(latest_serialise);
Datum
latest_serialise(PG_FUNCTION_ARGS)
{
	Latest *state = aggregate_state(fcinfo, 0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint32(&buf, state->type->type_id);
	pq_sendint32(&buf, state->collation);
	pq_sendint64(&buf, state->at);
	if (state->type->typbyval)
		pq_sendint64(&buf, state->value);
	else
		pq_sendbytes(&buf, DatumGetPointer(state->value),
		             datumGetSize(state->value, false, state->type->typlen));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* Unpacks a state of another process. */
PG_FUNCTION_INFO_V1(latest_deserialise);
Datum
latest_deserialise(PG_FUNCTION_ARGS)
{
	StringInfoData buf = aggregate_unpack(PG_GETARG_BYTEA_PP(0));
	Oid type = pq_getmsgint(&buf, 4);
	Oid collation = pq_getmsgint(&buf, 4);
	Latest *state = new_state(CurrentMemoryContext, type, collation);

	aggregate_context(fcinfo);
	state->at = pq_getmsgint64(&buf);
	if (state->type->typbyval)
	{
		state->value = pq_getmsgint64(&buf);
		state->room = sizeof(Datum);
	}
	else
	{
		state->room = buf.len - buf.cursor;
		state->value = PointerGetDatum(palloc(state->room));
		pq_copymsgbytes(&buf, DatumGetPointer(state->value), state->room);
	}
	PG_RETURN_POINTER(state);
}

/* The value; a copy, for the state may go on. */
PG_FUNCTION_INFO_V1(latest_final);
Datum
latest_final(PG_FUNCTION_ARGS)
{
	Latest *state = aggregate_state(fcinfo, 0);

	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(datumCopy(state->value, state->type->typbyval, state->type->typlen));
}
