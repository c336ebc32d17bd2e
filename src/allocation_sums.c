/*
 * allocation_sums.c: the aggregate that adds up charges by the values of all
 * dimensions in one pass.
 *
 * GROUP BY would take every charge once for each dimension, and look at the text
 * of its value in each.  Here what has all other keys in common is one group, and
 * its state a small hash table of dimension and value.  What comes of it is one
 * packed value a group; rows are made where they are read.
 */
#include "postgres.h"

#include "access/tupmacs.h"
#include "allocation_rule_set.h"
#include "common/hashfn.h"
#include "exact_narrow.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "port/pg_bitutils.h"
#include "price_rule_set.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

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

/* What comes of a group, packed: a value of a query, never of a table.  Each sum is
 * followed by its value and its measures, of those that it has. */
typedef struct PackedSums
{
	int32 vl_len_;
	int32 version;
	char data[FLEXIBLE_ARRAY_MEMBER];
} PackedSums;

#define PACKED_SUMS_VERSION 1
#define PACKED_SUMS_FIRST offsetof(PackedSums, data)

typedef struct PackedSum
{
	int64 charges;
	int32 dimension_id;
	uint8 seen; /* as in an entry */
	bool has_value;
} PackedSum;

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

/* Adds bytes where a length may stand. */
static void
add_aligned(StringInfo to, const void *data, int length)
{
	while (to->len % ALIGNOF_INT != 0)
		appendStringInfoCharMacro(to, '\0');
	appendBinaryStringInfo(to, data, length);
}

/* Adds text or a number, as short as a table has it. */
static void
add_varlena(StringInfo to, const char *data, int length)
{
	varattrib_4b head; /* larger than either */

	if (length + VARHDRSZ_SHORT <= VARATT_SHORT_MAX)
	{
		SET_VARSIZE_SHORT(&head, length + VARHDRSZ_SHORT);
		appendBinaryStringInfo(to, (char *)&head, VARHDRSZ_SHORT);
	}
	else
	{
		SET_VARSIZE(&head, length + VARHDRSZ);
		add_aligned(to, &head, VARHDRSZ);
	}
	appendBinaryStringInfo(to, data, length);
}

PG_FUNCTION_INFO_V1(allocation_sums_final);

/* The sums of each value, packed; the state stays as it is. */
Datum
allocation_sums_final(PG_FUNCTION_ARGS)
{
	AllocationSums *sums = PG_ARGISNULL(0) ? NULL : (AllocationSums *)PG_GETARG_POINTER(0);
	PackedSums head = {.version = PACKED_SUMS_VERSION};
	StringInfoData packed;

	if (sums == NULL)
		PG_RETURN_NULL();
	initStringInfo(&packed);
	appendBinaryStringInfo(&packed, (char *)&head, PACKED_SUMS_FIRST);
	for (int i = 0; i < sums->n; i++)
	{
		Entry *entry = &sums->entries[i];
		PackedSum sum = {.dimension_id = entry->dimension_id,
		                 .has_value = entry->length >= 0,
		                 .seen = entry->seen,
		                 .charges = entry->charges};

		appendBinaryStringInfo(&packed, (char *)&sum, sizeof(sum));
		if (sum.has_value)
			add_varlena(&packed, entry->length > 0 ? sums->text + entry->value : "", entry->length);
		for (int j = 0; j < MEASURES; j++)
			if (entry->seen & 1 << j)
			{
				Numeric number = sum_of(entry, j);

				add_varlena(&packed, VARDATA(number), VARSIZE(number) - VARHDRSZ);
				pfree(number);
			}
	}
	SET_VARSIZE(packed.data, packed.len);
	PG_RETURN_POINTER(packed.data);
}

/* The sums that a function is given. */
static PackedSums *
packed_argument(Datum datum)
{
	PackedSums *packed = (PackedSums *)PG_DETOAST_DATUM(datum);

	if (VARSIZE(packed) < PACKED_SUMS_FIRST || packed->version != PACKED_SUMS_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
		                errmsg("these sums were made by another version"),
		                errhint("Make them anew with allocation_sums.")));
	return packed;
}

/* The text or number at an offset, which goes to what follows. */
static Datum
take_varlena(const PackedSums *packed, Size *offset)
{
	char *at =
	    (char *)packed + att_align_pointer(*offset, TYPALIGN_INT, -1, (char *)packed + *offset);

	*offset = at + VARSIZE_ANY(at) - (char *)packed;
	return PointerGetDatum(at);
}

/* The next row at an offset, which goes to the one after it. */
static void
take_sum(const PackedSums *packed, Size *offset, PackedSum *sum, Datum *row, bool *nulls)
{
	memcpy(sum, (char *)packed + *offset, sizeof(PackedSum));
	*offset += sizeof(PackedSum);
	row[0] = Int32GetDatum(sum->dimension_id);
	nulls[0] = false;
	nulls[1] = !sum->has_value;
	if (sum->has_value)
		row[1] = take_varlena(packed, offset);
	row[2] = Int64GetDatum(sum->charges);
	nulls[2] = false;
	for (int i = 0; i < MEASURES; i++)
	{
		nulls[3 + i] = (sum->seen & 1 << i) == 0;
		if (!nulls[3 + i])
			row[3 + i] = take_varlena(packed, offset);
	}
}

PG_FUNCTION_INFO_V1(allocation_sums_each);

/* The sums of some dimensions, as rows. */
Datum
allocation_sums_each(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *)fcinfo->resultinfo;
	PackedSums *packed = packed_argument(PG_GETARG_DATUM(0));
	int32 *dimensions;
	int ndimensions = int_array(PG_GETARG_ARRAYTYPE_P(1), &dimensions);

	InitMaterializedSRF(fcinfo, 0);
	if (result->setDesc->natts != SUM_COLUMNS)
		elog(ERROR, "type allocation_sum has %d columns", result->setDesc->natts);
	for (Size offset = PACKED_SUMS_FIRST; offset < VARSIZE(packed);)
	{
		PackedSum sum;
		Datum row[SUM_COLUMNS];
		bool nulls[SUM_COLUMNS];

		take_sum(packed, &offset, &sum, row, nulls);
		for (int i = 0; i < ndimensions; i++)
			if (dimensions[i] == sum.dimension_id)
			{
				tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
				break;
			}
	}
	return (Datum)0;
}

PG_FUNCTION_INFO_V1(allocation_sums_in);

/* There is no text form to read: charges make it. */
Datum
allocation_sums_in(PG_FUNCTION_ARGS)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
	                errmsg("cannot accept a value of type %s", "allocation_sums"),
	                errhint("The aggregate allocation_sums makes one.")));
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(allocation_sums_out);

/* Tells how many there are. */
Datum
allocation_sums_out(PG_FUNCTION_ARGS)
{
	PackedSums *packed = packed_argument(PG_GETARG_DATUM(0));
	int n = 0;

	for (Size offset = PACKED_SUMS_FIRST; offset < VARSIZE(packed); n++)
	{
		PackedSum sum;
		Datum row[SUM_COLUMNS];
		bool nulls[SUM_COLUMNS];

		take_sum(packed, &offset, &sum, row, nulls);
	}
	PG_RETURN_CSTRING(psprintf("%d sums", n));
}
