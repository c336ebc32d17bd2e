/*
 * allocation_sums.c: the aggregate that adds up charges by the values of all
 * dimensions in one pass.
 *
 * GROUP BY would take every charge once for each dimension, and look at the text
 * of its value in each.  Here what has all other keys in common is one group, and
 * its state a small hash table of dimension and value.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "allocation_rule_set.h"
#include "common/hashfn.h"
#include "exact.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

/* Quantity and the four costs, in the order of the arguments. */
#define MEASURES 5
#define SUM_COLUMNS (3 + MEASURES)

/* What has one value of a dimension. */
typedef struct Entry
{
	uint32 hash;
	int32 dimension_id;
	int32 length; /* -1 is NULL */
	char *value;
	int64 charges;
	bool have[MEASURES]; /* else the sum is NULL */
	ExactSum sum[MEASURES];
} Entry;

/* A group: its entries, and where each is, by hash; a power of two, -1 is free. */
typedef struct AllocationSums
{
	int n;
	int max;
	int slots;
	Entry *entries;
	int32 *slot;
} AllocationSums;

/* Makes the table twice as large, or makes it. */
static void
grow(AllocationSums *sums, MemoryContext context)
{
	int max = sums->max == 0 ? 4 : 2 * sums->max;
	Entry *entries = MemoryContextAllocHuge(context, max * sizeof(Entry));

	if (sums->max > 0)
	{
		memcpy(entries, sums->entries, sums->n * sizeof(Entry));
		pfree(sums->entries);
		pfree(sums->slot);
	}
	sums->entries = entries;
	sums->max = max;
	sums->slots = 2 * max;
	sums->slot = MemoryContextAllocHuge(context, sums->slots * sizeof(int32));
	memset(sums->slot, -1, sums->slots * sizeof(int32));
	for (int i = 0; i < sums->n; i++)
	{
		uint32 at = entries[i].hash & (sums->slots - 1);

		while (sums->slot[at] >= 0)
			at = (at + 1) & (sums->slots - 1);
		sums->slot[at] = i;
	}
}

/* The entry of a value, made if need be. */
static Entry *
find_entry(AllocationSums *sums, const AllocationValue *value, MemoryContext context)
{
	int length = Max(value->length, 0);
	uint32 hash = hash_combine(hash_bytes((const unsigned char *)value->value, length),
	                           murmurhash32(value->dimension_id));
	uint32 at;
	Entry *entry;

	if (sums->n == sums->max)
		grow(sums, context);
	at = hash & (sums->slots - 1);
	for (; sums->slot[at] >= 0; at = (at + 1) & (sums->slots - 1))
	{
		entry = &sums->entries[sums->slot[at]];
		if (entry->hash == hash && entry->dimension_id == value->dimension_id &&
		    entry->length == value->length && memcmp(entry->value, value->value, length) == 0)
			return entry;
	}
	sums->slot[at] = sums->n;
	entry = &sums->entries[sums->n++];
	memset(entry, 0, sizeof(Entry));
	entry->hash = hash;
	entry->dimension_id = value->dimension_id;
	entry->length = value->length;
	entry->value = MemoryContextAlloc(context, Max(length, 1));
	memcpy(entry->value, value->value, length);
	return entry;
}

PG_FUNCTION_INFO_V1(allocation_sums_transition);

/* Adds charges to the values that they have on their day. */
Datum
allocation_sums_transition(PG_FUNCTION_ARGS)
{
	AllocationSums *sums = PG_ARGISNULL(0) ? NULL : (AllocationSums *)PG_GETARG_POINTER(0);
	AllocationValues *values;
	MemoryContext context;
	DateADT day;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (sums == NULL)
		sums = MemoryContextAllocZero(context, sizeof(AllocationSums));
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_POINTER(sums);
	values = allocation_values_argument(PG_GETARG_DATUM(1));
	day = PG_GETARG_DATEADT(2);
	for (AllocationValue *value = allocation_value_at(values, ALLOCATION_VALUES_FIRST);
	     value != NULL; value = allocation_value_next(values, value))
	{
		Entry *entry;

		if (day < value->from || day >= value->until)
			continue;
		entry = find_entry(sums, value, context);
		if (!PG_ARGISNULL(3) &&
		    __builtin_add_overflow(entry->charges, PG_GETARG_INT64(3), &entry->charges))
			ereport(ERROR,
			        (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("bigint out of range")));
		for (int i = 0; i < MEASURES; i++)
		{
			if (PG_ARGISNULL(4 + i))
				continue;
			exact_total_add(&entry->sum[i], PG_GETARG_DATUM(4 + i), context);
			entry->have[i] = true;
		}
	}
	PG_RETURN_POINTER(sums);
}

PG_FUNCTION_INFO_V1(allocation_sums_final);

/* The sums of each value, as an array of rows for unnest; the state stays as it is. */
Datum
allocation_sums_final(PG_FUNCTION_ARGS)
{
	AllocationSums *sums = PG_ARGISNULL(0) ? NULL : (AllocationSums *)PG_GETARG_POINTER(0);
	Oid type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	TupleDesc desc;
	Datum *rows;

	if (sums == NULL)
		PG_RETURN_NULL();
	desc = lookup_rowtype_tupdesc(type, -1);
	if (desc->natts != SUM_COLUMNS)
		elog(ERROR, "type allocation_sum has %d columns", desc->natts);
	rows = MemoryContextAllocHuge(CurrentMemoryContext, Max(sums->n, 1) * sizeof(Datum));
	for (int i = 0; i < sums->n; i++)
	{
		Entry *entry = &sums->entries[i];
		Datum row[SUM_COLUMNS] = {Int32GetDatum(entry->dimension_id)};
		bool nulls[SUM_COLUMNS] = {false, entry->length < 0};

		if (entry->length >= 0)
			row[1] = PointerGetDatum(cstring_to_text_with_len(entry->value, entry->length));
		row[2] = Int64GetDatum(entry->charges);
		for (int j = 0; j < MEASURES; j++)
		{
			nulls[3 + j] = !entry->have[j];
			if (entry->have[j])
				row[3 + j] = NumericGetDatum(exact_total_get(&entry->sum[j]));
		}
		rows[i] = HeapTupleGetDatum(heap_form_tuple(desc, row, nulls));
	}
	ReleaseTupleDesc(desc);
	PG_RETURN_ARRAYTYPE_P(construct_array(rows, sums->n, type, -1, false, TYPALIGN_DOUBLE));
}
