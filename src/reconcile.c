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
#include "exact_narrow.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
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

/* One side. */
typedef struct ReconcileSide
{
	int64 totals[NSUMS]; /* in units of 10000^-fraction */
	uint32 rows;
	uint8 fractions[NSUMS];
	uint8 dscales[NSUMS]; /* the largest display scale that went into the total */
} ReconcileSide;

/* What a state has outside of its sides; few groups have any. */
typedef struct ReconcileWide
{
	int64 rows[NSIDES];
	ExactSum sums[NSIDES][NSUMS];
} ReconcileWide;

/* There may be millions of these, and a chunk of memory is a power of 2 at best. */
typedef struct Reconcile
{
	ReconcileSide sides[NSIDES];
	ReconcileWide *wide;
	uint8 seen[NSIDES]; /* a bit for each sum that has a value */
} Reconcile;

StaticAssertDecl(sizeof(Reconcile) <= 64, "a state of reconcile takes more than 64 bytes");

/* Makes a state. */
static pg_noinline Reconcile *
new_state(FunctionCallInfo fcinfo)
{
	return MemoryContextAllocZero(aggregate_context(fcinfo), sizeof(Reconcile));
}

/* What a state has outside, made when it is needed first. */
static ReconcileWide *
wide_of(Reconcile *state, MemoryContext context)
{
	if (state->wide == NULL)
		state->wide = MemoryContextAllocZero(context, sizeof(ReconcileWide));
	return state->wide;
}

/* A total as a sum that can take any number. */
static ExactSum
total_of(const ReconcileSide *side, int which)
{
	ExactSum sum = {.total = side->totals[which],
	                .fraction = side->fractions[which],
	                .dscale = side->dscales[which]};

	return sum;
}

/* Puts a total outside, for it to begin anew. */
static ExactSum *
move_out(Reconcile *state, int i, int which, MemoryContext context)
{
	ReconcileSide *side = &state->sides[i];
	ExactSum *sum = &wide_of(state, context)->sums[i][which];
	ExactSum total = total_of(side, which);

	exact_total_combine(sum, &total, context);
	side->totals[which] = 0;
	side->fractions[which] = 0;
	return sum;
}

/* Adds a number that does not suit the total as it is. */
static pg_noinline void
add_slowly(FunctionCallInfo fcinfo, Reconcile *state, int i, int which, Datum number)
{
	ReconcileSide *side = &state->sides[i];
	ExactSum *sum = move_out(state, i, which, aggregate_context(fcinfo));

	if (!exact_narrow_add(&side->totals[which], &side->fractions[which], &side->dscales[which],
	                      number))
		exact_total_add(sum, number, aggregate_context(fcinfo));
}

/* Adds an argument to a sum; NULL counts for nothing. */
static pg_attribute_always_inline void
add(FunctionCallInfo fcinfo, Reconcile *state, int i, int which, int number)
{
	ReconcileSide *side = &state->sides[i];

	if (PG_ARGISNULL(number))
		return;
	state->seen[i] |= 1 << which;
	if (unlikely(!exact_narrow_add(&side->totals[which], &side->fractions[which],
	                               &side->dscales[which], PG_GETARG_DATUM(number))))
		add_slowly(fcinfo, state, i, which, PG_GETARG_DATUM(number));
}

/* Counts rows. */
static inline void
count(FunctionCallInfo fcinfo, Reconcile *state, int i, uint32 rows)
{
	ReconcileSide *side = &state->sides[i];

	if (unlikely(__builtin_add_overflow(side->rows, rows, &side->rows)))
		wide_of(state, aggregate_context(fcinfo))->rows[i] += INT64CONST(1) << 32;
}

/* Adds a row. */
PG_FUNCTION_INFO_V1(reconcile_transition);
Datum
reconcile_transition(PG_FUNCTION_ARGS)
{
	Reconcile *state = PG_ARGISNULL(ARG_STATE) ? NULL : (Reconcile *)PG_GETARG_POINTER(ARG_STATE);
	int i;

	if (unlikely(PG_ARGISNULL(ARG_IS_LEFT)))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("side of a row to reconcile must not be NULL"),
		                errhint("Give true for a row on the left, false for one on the right; "
		                        "leave others out with FILTER.")));
	if (unlikely(state == NULL))
		state = new_state(fcinfo);
	i = PG_GETARG_BOOL(ARG_IS_LEFT) ? LEFT : RIGHT;
	count(fcinfo, state, i, 1);
	add(fcinfo, state, i, SUM_QUANTITY, ARG_QUANTITY);
	add(fcinfo, state, i, SUM_AMOUNT, ARG_AMOUNT);
	PG_RETURN_POINTER(state);
}

/* Adds the total of another state. */
static void
combine_total(FunctionCallInfo fcinfo, Reconcile *state, int i, int which, const Reconcile *other)
{
	ReconcileSide *side = &state->sides[i];
	const ReconcileSide *from = &other->sides[i];

	if (!exact_narrow_add_value(&side->totals[which], &side->fractions[which], from->totals[which],
	                            from->fractions[which]))
	{
		move_out(state, i, which, aggregate_context(fcinfo));
		side->totals[which] = from->totals[which];
		side->fractions[which] = from->fractions[which];
	}
	side->dscales[which] = Max(side->dscales[which], from->dscales[which]);
}

/* Adds the second state to the first. */
PG_FUNCTION_INFO_V1(reconcile_combine);
Datum
reconcile_combine(PG_FUNCTION_ARGS)
{
	Reconcile *state = aggregate_state(fcinfo, 0);
	const Reconcile *other = aggregate_state(fcinfo, 1);

	if (other == NULL)
		AGGREGATE_RETURN_STATE(state);
	if (state == NULL)
		state = new_state(fcinfo);
	for (int i = 0; i < NSIDES; i++)
	{
		count(fcinfo, state, i, other->sides[i].rows);
		state->seen[i] |= other->seen[i];
		for (int j = 0; j < NSUMS; j++)
			combine_total(fcinfo, state, i, j, other);
	}
	if (other->wide != NULL)
	{
		MemoryContext context = aggregate_context(fcinfo);
		ReconcileWide *wide = wide_of(state, context);

		for (int i = 0; i < NSIDES; i++)
		{
			wide->rows[i] += other->wide->rows[i];
			for (int j = 0; j < NSUMS; j++)
				exact_total_combine(&wide->sums[i][j], &other->wide->sums[i][j], context);
		}
	}
	PG_RETURN_POINTER(state);
}

/* Packs a state: as it is, and after it what it has outside. */
PG_FUNCTION_INFO_V1(reconcile_serialise);
Datum
reconcile_serialise(PG_FUNCTION_ARGS)
{
	Reconcile *state = aggregate_state(fcinfo, 0);
	StringInfoData buf;
	bytea *result;

	if (likely(state->wide == NULL))
	{
		result = palloc(VARHDRSZ + sizeof(Reconcile));
		SET_VARSIZE(result, VARHDRSZ + sizeof(Reconcile));
		memcpy(VARDATA(result), state, sizeof(Reconcile));
		PG_RETURN_BYTEA_P(result);
	}
	pq_begintypsend(&buf);
	appendBinaryStringInfo(&buf, (char *)state, sizeof(Reconcile));
	appendBinaryStringInfo(&buf, (char *)state->wide->rows, sizeof(state->wide->rows));
	for (int i = 0; i < NSIDES * NSUMS; i++)
	{
		bytea *packed = exact_total_pack(&state->wide->sums[i / NSUMS][i % NSUMS]);

		pq_sendint32(&buf, VARSIZE_ANY_EXHDR(packed));
		appendBinaryStringInfo(&buf, VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* Unpacks a state. */
PG_FUNCTION_INFO_V1(reconcile_deserialise);
Datum
reconcile_deserialise(PG_FUNCTION_ARGS)
{
	StringInfoData buf = aggregate_unpack(PG_GETARG_BYTEA_PP(0));
	Reconcile *state = palloc(sizeof(Reconcile));
	ReconcileWide *wide;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	pq_copymsgbytes(&buf, (char *)state, sizeof(Reconcile));
	if (likely(state->wide == NULL))
		PG_RETURN_POINTER(state);
	state->wide = wide = palloc(sizeof(ReconcileWide));
	pq_copymsgbytes(&buf, (char *)wide->rows, sizeof(wide->rows));
	for (int i = 0; i < NSIDES * NSUMS; i++)
	{
		int size = pq_getmsgint(&buf, sizeof(int32));

		exact_total_unpack(pq_getmsgbytes(&buf, size), size, &wide->sums[i / NSUMS][i % NSUMS]);
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
	ExactSum sums[NSIDES][NSUMS];
	Datum values[NCOLUMNS];
	bool nulls[NCOLUMNS];

	if (state == NULL)
		state = &nothing;
	for (int i = 0; i < NSIDES; i++)
	{
		int column = i * SIDE_COLUMNS;

		values[column] = Int64GetDatum((int64)state->sides[i].rows +
		                               (state->wide == NULL ? 0 : state->wide->rows[i]));
		nulls[column] = false;
		for (int j = 0; j < NSUMS; j++)
		{
			column++;
			sums[i][j] = total_of(&state->sides[i], j);
			if (state->wide != NULL)
				exact_total_combine(&sums[i][j], &state->wide->sums[i][j], CurrentMemoryContext);
			nulls[column] = (state->seen[i] & 1 << j) == 0;
			if (!nulls[column])
				values[column] = NumericGetDatum(exact_total_get(&sums[i][j]));
		}
	}
	for (int j = 0; j < NSUMS; j++)
	{
		int column = NSIDES * SIDE_COLUMNS + j;

		nulls[column] = nulls[1 + j] && nulls[1 + SIDE_COLUMNS + j];
		if (!nulls[column])
			values[column] =
			    NumericGetDatum(exact_total_difference(&sums[LEFT][j], &sums[RIGHT][j]));
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(result_desc(fcinfo), values, nulls)));
}
