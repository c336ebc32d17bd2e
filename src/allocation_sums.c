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
#include "exact_narrow.h"
#include "funcapi.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

/* Quantity and the four costs, in the order of the arguments. */
#define MEASURES 5
#define SUM_COLUMNS (3 + MEASURES)

/* What does not fit in an entry. */
typedef struct Wide
{
	ExactSum sum[MEASURES];
} Wide;

/* What has one value of a dimension. */
typedef struct Entry
{
	uint32 hash;
	int32 dimension_id;
	int32 length; /* -1 is NULL */
	uint32 value; /* where it is in the text of the group */
	int64 charges;
	int64 total[MEASURES]; /* in units of 10000^-fraction */
	Wide *wide;            /* to be added, or NULL */
	uint8 fraction[MEASURES];
	uint8 dscale[MEASURES];
	uint8 seen; /* a bit for each sum that has a value; else it is NULL */
} Entry;

/* A group: its entries, and where each is, by hash; -1 is free. */
typedef struct AllocationSums
{
	int n;
	int max;
	int slots; /* a power of two */
	Entry *entries;
	int32 *slot;
	Size text_size;
	Size text_max;
	char *text; /* values, one after the other */
} AllocationSums;

/* A measure of a charge, read once for all dimensions. */
typedef struct Measure
{
	bool is_null;
	bool is_plain; /* what follows is known */
	int64 value;
	int places;
	int scale;
} Measure;

/* Makes room for some more entries, so many that they fill a chunk of memory. */
static void
grow(AllocationSums *sums, MemoryContext context)
{
	Size size = sums->max == 0 ? 512 : 2 * pg_nextpower2_64(sums->max * sizeof(Entry));
	int max = size / sizeof(Entry);
	Entry *entries = MemoryContextAllocHuge(context, max * sizeof(Entry));

	if (sums->max > 0)
	{
		memcpy(entries, sums->entries, sums->n * sizeof(Entry));
		pfree(sums->entries);
		pfree(sums->slot);
	}
	sums->entries = entries;
	sums->max = max;
	sums->slots = pg_nextpower2_32(max + max / 4);
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

/* Keeps the text of a value, and returns where it is. */
static uint32
keep_text(AllocationSums *sums, const char *text, int length, MemoryContext context)
{
	Size at = sums->text_size;

	if (at + length > sums->text_max)
	{
		Size max = pg_nextpower2_64(Max(at + length, 256));

		if (max > PG_UINT32_MAX)
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			                errmsg("values of dimensions take more than 4 GB in one group")));
		if (sums->text == NULL)
			sums->text = MemoryContextAlloc(context, max);
		else
			sums->text = repalloc_huge(sums->text, max);
		sums->text_max = max;
	}
	memcpy(sums->text + at, text, length);
	sums->text_size += length;
	return at;
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
		    entry->length == value->length &&
		    (length == 0 || memcmp(sums->text + entry->value, value->value, length) == 0))
			return entry;
	}
	sums->slot[at] = sums->n;
	entry = &sums->entries[sums->n++];
	memset(entry, 0, sizeof(Entry));
	entry->hash = hash;
	entry->dimension_id = value->dimension_id;
	entry->length = value->length;
	entry->value = length > 0 ? keep_text(sums, value->value, length, context) : 0;
	return entry;
}

/* A total as a sum that can take any number. */
static ExactSum
total_of(const Entry *entry, int i)
{
	ExactSum sum = {
	    .total = entry->total[i], .fraction = entry->fraction[i], .dscale = entry->dscale[i]};

	return sum;
}

/* Adds a number that does not suit the total as it is, which then begins anew. */
static pg_noinline void
add_slowly(Entry *entry, int i, Datum number, MemoryContext context)
{
	ExactSum total = total_of(entry, i);

	if (entry->wide == NULL)
		entry->wide = MemoryContextAllocZero(context, sizeof(Wide));
	exact_total_combine(&entry->wide->sum[i], &total, context);
	exact_total_add(&entry->wide->sum[i], number, context);
	entry->total[i] = 0;
	entry->fraction[i] = 0;
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
	Measure measures[MEASURES];

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (sums == NULL)
		sums = MemoryContextAllocZero(context, sizeof(AllocationSums));
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_POINTER(sums);
	values = allocation_values_argument(PG_GETARG_DATUM(1));
	day = PG_GETARG_DATEADT(2);
	for (int i = 0; i < MEASURES; i++)
	{
		Measure *measure = &measures[i];

		measure->is_null = PG_ARGISNULL(4 + i);
		measure->is_plain =
		    !measure->is_null && exact_narrow_read(PG_GETARG_DATUM(4 + i), &measure->value,
		                                           &measure->places, &measure->scale);
	}
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
			const Measure *measure = &measures[i];

			if (measure->is_null)
				continue;
			entry->seen |= 1 << i;
			if (unlikely(!measure->is_plain ||
			             !exact_narrow_add_value(&entry->total[i], &entry->fraction[i],
			                                     measure->value, measure->places)))
				add_slowly(entry, i, PG_GETARG_DATUM(4 + i), context);
			else if (measure->scale > entry->dscale[i])
				entry->dscale[i] = measure->scale;
		}
	}
	PG_RETURN_POINTER(sums);
}

/* The sum of a measure. */
static Numeric
sum_of(const Entry *entry, int i)
{
	ExactSum sum = total_of(entry, i);

	/* in the current context, since the state stays as it is */
	if (entry->wide != NULL)
		exact_total_combine(&sum, &entry->wide->sum[i], CurrentMemoryContext);
	return exact_total_get(&sum);
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
			row[1] =
			    PointerGetDatum(cstring_to_text_with_len(sums->text + entry->value, entry->length));
		row[2] = Int64GetDatum(entry->charges);
		for (int j = 0; j < MEASURES; j++)
		{
			nulls[3 + j] = (entry->seen & 1 << j) == 0;
			if (!nulls[3 + j])
				row[3 + j] = NumericGetDatum(sum_of(entry, j));
		}
		rows[i] = HeapTupleGetDatum(heap_form_tuple(desc, row, nulls));
	}
	ReleaseTupleDesc(desc);
	PG_RETURN_ARRAYTYPE_P(construct_array(rows, sums->n, type, -1, false, TYPALIGN_DOUBLE));
}
