/*
 * reconcile.c: the aggregate reconcile, what two sides of a group come to.
 *
 * Both sides are summed in one state, so that comparing them takes one pass over
 * UNION ALL of both and one table of groups, where SQL makes two and joins them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "aggregate.h"
#include "exact.h"
#include "exact_sum.h"
#include "funcapi.h"
#include "utils/typcache.h"

/* The arguments of the aggregate, in the order of SQL. */
enum
{
	ARG_STATE,
	ARG_IS_LEFT,
	ARG_QUANTITY,
	ARG_AMOUNT
};

/* What is summed on each side. */
enum
{
	SUM_QUANTITY,
	SUM_AMOUNT,
	NSUMS
};

enum
{
	LEFT,
	RIGHT,
	NSIDES
};

/* Columns of the result: count and sums of each side, then differences. */
#define SIDE_COLUMNS (1 + NSUMS)
#define NCOLUMNS (NSIDES * SIDE_COLUMNS + NSUMS)

/* One side; the lowest bits of count tell which sums have a value. */
typedef struct ReconcileSide
{
	uint64 count;
	ExactSum sums[NSUMS];
} ReconcileSide;

typedef struct Reconcile
{
	ReconcileSide sides[NSIDES];
} Reconcile;

/* What a row counts, above a bit for each sum. */
#define ONE_ROW (UINT64CONST(1) << NSUMS)
#define SEEN (ONE_ROW - 1)

/* Makes a state. */
static pg_noinline Reconcile *
new_state(FunctionCallInfo fcinfo)
{
	return MemoryContextAllocZero(aggregate_context(fcinfo), sizeof(Reconcile));
}

/* Adds an argument to a sum; NULL counts for nothing. */
static inline void
add(FunctionCallInfo fcinfo, ReconcileSide *side, int which, int number)
{
	if (PG_ARGISNULL(number))
		return;
	side->count |= 1 << which;
	if (unlikely(!exact_sum_add_short(&side->sums[which], PG_GETARG_DATUM(number))))
		exact_total_add(&side->sums[which], PG_GETARG_DATUM(number), aggregate_context(fcinfo));
}

/* Adds a row. */
PG_FUNCTION_INFO_V1(reconcile_transition);
Datum
reconcile_transition(PG_FUNCTION_ARGS)
{
	Reconcile *state = PG_ARGISNULL(ARG_STATE) ? NULL : (Reconcile *)PG_GETARG_POINTER(ARG_STATE);
	ReconcileSide *side;

	if (PG_ARGISNULL(ARG_IS_LEFT))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("side of a row to reconcile must not be NULL"),
		                errhint("Give true for a row on the left, false for one on the right; "
		                        "leave others out with FILTER.")));
	if (unlikely(state == NULL))
		state = new_state(fcinfo);
	side = &state->sides[PG_GETARG_BOOL(ARG_IS_LEFT) ? LEFT : RIGHT];
	side->count += ONE_ROW;
	add(fcinfo, side, SUM_QUANTITY, ARG_QUANTITY);
	add(fcinfo, side, SUM_AMOUNT, ARG_AMOUNT);
	PG_RETURN_POINTER(state);
}

/* Adds the second state to the first. */
PG_FUNCTION_INFO_V1(reconcile_combine);
Datum
reconcile_combine(PG_FUNCTION_ARGS)
{
	Reconcile *state = aggregate_state(fcinfo, 0);
	Reconcile *other = aggregate_state(fcinfo, 1);

	if (other != NULL && state == NULL)
		state = new_state(fcinfo);
	for (int i = 0; other != NULL && i < NSIDES; i++)
	{
		ReconcileSide *side = &state->sides[i];
		const ReconcileSide *from = &other->sides[i];

		side->count = (side->count + (from->count & ~SEEN)) | (from->count & SEEN);
		for (int j = 0; j < NSUMS; j++)
			exact_total_combine(&side->sums[j], &from->sums[j], aggregate_context(fcinfo));
	}
	AGGREGATE_RETURN_STATE(state);
}

/* Packs a state: as it is, and after it what its sums have outside of 128 bits. */
PG_FUNCTION_INFO_V1(reconcile_serialise);
Datum
reconcile_serialise(PG_FUNCTION_ARGS)
{
	Reconcile *state = aggregate_state(fcinfo, 0);
	bytea *rests[NSIDES * NSUMS];
	int nrests = 0;
	Size size = VARHDRSZ + sizeof(Reconcile);
	bytea *result;
	char *end;

	for (int i = 0; i < NSIDES * NSUMS; i++)
	{
		const ExactSum *sum = &state->sides[i / NSUMS].sums[i % NSUMS];

		if (sum->rest == NULL)
			continue;
		rests[nrests] = exact_total_pack(sum);
		size += VARSIZE(rests[nrests++]);
	}
	result = palloc(size);
	SET_VARSIZE(result, size);
	memcpy(VARDATA(result), state, sizeof(Reconcile));
	end = VARDATA(result) + sizeof(Reconcile);
	for (int i = 0; i < nrests; i++)
	{
		memcpy(end, rests[i], VARSIZE(rests[i]));
		end += VARSIZE(rests[i]);
	}
	PG_RETURN_BYTEA_P(result);
}

/* Takes bytes of a packed state. */
static const char *
take(const char **bytes, Size *left, Size size)
{
	const char *result = *bytes;

	if (size > *left)
		elog(ERROR, "invalid packed reconciliation");
	*bytes += size;
	*left -= size;
	return result;
}

/* Unpacks a state. */
PG_FUNCTION_INFO_V1(reconcile_deserialise);
Datum
reconcile_deserialise(PG_FUNCTION_ARGS)
{
	bytea *packed = PG_GETARG_BYTEA_PP(0);
	const char *bytes = VARDATA_ANY(packed);
	Size left = VARSIZE_ANY_EXHDR(packed);
	Reconcile *state = palloc(sizeof(Reconcile));

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	memcpy(state, take(&bytes, &left, sizeof(Reconcile)), sizeof(Reconcile));
	for (int i = 0; i < NSIDES * NSUMS; i++)
	{
		ExactSum *sum = &state->sides[i / NSUMS].sums[i % NSUMS];
		uint32 header;
		Size size;

		if (sum->rest == NULL)
			continue;
		memcpy(&header, take(&bytes, &left, sizeof(header)), sizeof(header));
		size = VARSIZE(&header) - VARHDRSZ;
		exact_total_unpack(take(&bytes, &left, size), size, sum);
	}
	PG_RETURN_POINTER(state);
}

/* The row type of the result, which a call site keeps. */
static TupleDesc
result_desc(FunctionCallInfo fcinfo)
{
	TypeCacheEntry *type = fcinfo->flinfo->fn_extra;

	if (type == NULL)
	{
		type = lookup_type_cache(get_fn_expr_rettype(fcinfo->flinfo), TYPECACHE_TUPDESC);
		fcinfo->flinfo->fn_extra = type;
	}
	if (type->tupDesc == NULL || type->tupDesc->natts != NCOLUMNS)
		elog(ERROR, "a reconciliation has %d columns, but its type has not", NCOLUMNS);
	return type->tupDesc;
}

/* Makes the row; the state can take more rows after that. */
PG_FUNCTION_INFO_V1(reconcile_final);
Datum
reconcile_final(PG_FUNCTION_ARGS)
{
	static const Reconcile nothing;
	const Reconcile *state = aggregate_state(fcinfo, 0);
	const ReconcileSide *sides;
	Datum values[NCOLUMNS];
	bool nulls[NCOLUMNS];

	sides = state == NULL ? nothing.sides : state->sides;
	for (int i = 0; i < NSIDES; i++)
	{
		int column = i * SIDE_COLUMNS;

		values[column] = Int64GetDatum((int64)(sides[i].count / ONE_ROW));
		nulls[column] = false;
		for (int j = 0; j < NSUMS; j++)
		{
			column++;
			nulls[column] = (sides[i].count & 1 << j) == 0;
			if (!nulls[column])
				values[column] = NumericGetDatum(exact_total_get(&sides[i].sums[j]));
		}
	}
	for (int j = 0; j < NSUMS; j++)
	{
		int column = NSIDES * SIDE_COLUMNS + j;

		nulls[column] = nulls[1 + j] && nulls[1 + SIDE_COLUMNS + j];
		if (!nulls[column])
			values[column] = NumericGetDatum(
			    exact_total_difference(&sides[LEFT].sums[j], &sides[RIGHT].sums[j]));
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_desc(fcinfo), values, nulls)));
}
