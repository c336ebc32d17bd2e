/*
 * array_group.c: groups the rows of an array by some of their columns, as GROUP BY does.
 *
 * Rows that are handed over as an array (invoice_make) have dozens of columns, of which a
 * GROUP BY wants a few, but the server copies them all.  Here nothing is copied: rows are
 * looked at where they are.  Values are the same when their bytes are, so only types are
 * taken of which that is so.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "compat.h"
#include "exact.h"
#include "funcapi.h"
#include "int_array.h"
#include "miscadmin.h"
#include "row_array.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* A column that rows are grouped by. */
typedef struct Key
{
	int column;
	bool by_value;
} Key;

/* A group: its first row, and the hash of its keys. */
typedef struct RowGroup
{
	int first;
	uint32 hash;
	bool has_total;
	ExactSum total;
} RowGroup;

typedef struct Grouping
{
	RowArray rows;
	int nkeys;
	Key *keys;
	const int32 *also; /* one more key, beside the rows */
	int total;         /* column to add up; -1 is none */
	int ngroups;
	int max;
	RowGroup *groups;
	Datum *values; /* keys of each group */
	bool *nulls;
	uint32 mask;
	int32 *table; /* of numbers of groups from 1, by hash */
} Grouping;

/* Finds the columns to group by. */
static void
find_keys(Grouping *grouping, ArrayType *columns)
{
	RowArray *rows = &grouping->rows;
	Datum *names;
	bool *nulls;
	int until = grouping->total + 1;

	deconstruct_array(columns, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &grouping->nkeys);
	grouping->keys = palloc(Max(grouping->nkeys, 1) * sizeof(Key));
	for (int i = 0; i < grouping->nkeys; i++)
	{
		Key *key = &grouping->keys[i];
		Form_pg_attribute column;

		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			                errmsg("a column to group by is NULL")));
		key->column = row_array_column(rows, TextDatumGetCString(names[i]));
		until = Max(until, key->column + 1);
		if (rows->n == 0)
			continue;
		column = TupleDescAttr(rows->desc, key->column);
		key->by_value = column->attbyval;
		switch (column->atttypid)
		{
			case INT4OID:
			case DATEOID:
			case TEXTOID:
			case BPCHAROID:
			case NUMERICOID: break;
			default:
				ereport(ERROR,
				        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				         errmsg("rows of an array cannot be grouped by a column of type %s",
				                format_type_be(column->atttypid)),
				         errdetail("Types are int, date, text, char and numeric, of which 1.0 is "
				                   "not 1.")));
		}
	}
	rows->columns = until;
}

/* The hash of the keys of the row that was read. */
static uint32
hash_keys(const Grouping *grouping, int row)
{
	uint32 hash = grouping->also != NULL ? murmurhash32(grouping->also[row]) : 0;

	for (int i = 0; i < grouping->nkeys; i++)
	{
		const Key *key = &grouping->keys[i];
		Datum value = grouping->rows.values[key->column];
		uint32 of_key;

		if (grouping->rows.nulls[key->column])
			of_key = 0;
		else if (key->by_value)
			of_key = murmurhash32((uint32)value);
		else
			of_key = hash_bytes((unsigned char *)VARDATA_ANY(DatumGetPointer(value)),
			                    VARSIZE_ANY_EXHDR(DatumGetPointer(value)));
		hash = hash_combine(hash, of_key);
	}
	return hash;
}

/* Are the keys of the row that was read those of a group? */
static bool
is_in(const Grouping *grouping, int row, int number)
{
	const Datum *values = &grouping->values[number * grouping->nkeys];
	const bool *nulls = &grouping->nulls[number * grouping->nkeys];

	if (grouping->also != NULL &&
	    grouping->also[row] != grouping->also[grouping->groups[number].first])
		return false;
	for (int i = 0; i < grouping->nkeys; i++)
	{
		const Key *key = &grouping->keys[i];
		Pointer a;
		Pointer b;

		if (nulls[i] != grouping->rows.nulls[key->column])
			return false;
		if (nulls[i])
			continue;
		if (key->by_value)
		{
			if ((uint32)values[i] != (uint32)grouping->rows.values[key->column])
				return false;
			continue;
		}
		a = DatumGetPointer(values[i]);
		b = DatumGetPointer(grouping->rows.values[key->column]);
		if (VARSIZE_ANY_EXHDR(a) != VARSIZE_ANY_EXHDR(b) ||
		    memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) != 0)
			return false;
	}
	return true;
}

/* Where in the table the number of a new group goes. */
static int32 *
free_place(Grouping *grouping, uint32 hash)
{
	uint32 place = hash & grouping->mask;

	while (grouping->table[place] != 0)
		place = (place + 1) & grouping->mask;
	return &grouping->table[place];
}

/* Makes room for more groups. */
static void
grow(Grouping *grouping)
{
	int keys = Max(grouping->nkeys, 1);

	grouping->max *= 2;
	grouping->mask = 2 * grouping->max - 1;
	grouping->groups = repalloc_huge(grouping->groups, grouping->max * sizeof(RowGroup));
	grouping->values = repalloc_huge(grouping->values, (Size)grouping->max * keys * sizeof(Datum));
	grouping->nulls = repalloc_huge(grouping->nulls, (Size)grouping->max * keys * sizeof(bool));
	pfree(grouping->table);
	grouping->table =
	    MemoryContextAllocExtended(CurrentMemoryContext, (grouping->mask + 1) * sizeof(int32),
	                               MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < grouping->ngroups; i++)
		*free_place(grouping, grouping->groups[i].hash) = i + 1;
}

/* The number, from 0, of the group of the row that was read: a new one if there is none. */
static int
find_group(Grouping *grouping, int row)
{
	RowArray *rows = &grouping->rows;
	uint32 hash;
	uint32 place;
	int number;

	for (int i = 0; i < grouping->nkeys; i++)
	{
		const Key *key = &grouping->keys[i];

		if (!key->by_value && !rows->nulls[key->column])
			rows->values[key->column] =
			    PointerGetDatum(PG_DETOAST_DATUM_PACKED(rows->values[key->column]));
	}
	hash = hash_keys(grouping, row);
	for (place = hash & grouping->mask; grouping->table[place] != 0;
	     place = (place + 1) & grouping->mask)
	{
		number = grouping->table[place] - 1;
		if (grouping->groups[number].hash == hash && is_in(grouping, row, number))
			return number;
	}
	if (grouping->ngroups == grouping->max)
		grow(grouping);
	number = grouping->ngroups++;
	*free_place(grouping, hash) = number + 1;
	memset(&grouping->groups[number], 0, sizeof(RowGroup));
	grouping->groups[number].first = row;
	grouping->groups[number].hash = hash;
	for (int i = 0; i < grouping->nkeys; i++)
	{
		grouping->values[number * grouping->nkeys + i] = rows->values[grouping->keys[i].column];
		grouping->nulls[number * grouping->nkeys + i] = rows->nulls[grouping->keys[i].column];
	}
	return number;
}

/* Totals of the groups, NULL where all is NULL. */
static Datum
totals_array(const Grouping *grouping)
{
	Datum *totals = palloc(Max(grouping->ngroups, 1) * sizeof(Datum));
	bool *nulls = palloc(Max(grouping->ngroups, 1) * sizeof(bool));
	int lower = 1;

	for (int i = 0; i < grouping->ngroups; i++)
	{
		nulls[i] = !grouping->groups[i].has_total;
		totals[i] =
		    nulls[i] ? (Datum)0 : NumericGetDatum(exact_total_get(&grouping->groups[i].total));
	}
	return PointerGetDatum(construct_md_array(totals, nulls, grouping->ngroups > 0 ? 1 : 0,
	                                          (int *)&grouping->ngroups, &lower, NUMERICOID, -1,
	                                          false, TYPALIGN_INT));
}

PG_FUNCTION_INFO_V1(array_group);

/* The number of each row's group; the first row of each group, its place, and a total. */
Datum
array_group(PG_FUNCTION_ARGS)
{
	Grouping grouping = {.total = -1, .max = 256, .mask = 511};
	RowArray *rows = &grouping.rows;
	TupleDesc desc;
	Datum values[4];
	bool nulls[4] = {false, false, false, false};
	Datum *firsts;
	ArrayType *numbers;
	int32 *number;
	int32 *place;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("columns to group by must not be NULL")));
	row_array_open(rows, fcinfo, 0, "rows");
	if (!PG_ARGISNULL(2))
		grouping.also = row_array_ints(fcinfo, 2, rows->n, "integers to group by");
	if (!PG_ARGISNULL(3))
	{
		grouping.total = row_array_column(rows, text_to_cstring(PG_GETARG_TEXT_PP(3)));
		if (rows->n > 0 && TupleDescAttr(rows->desc, grouping.total)->atttypid != NUMERICOID)
			ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
			                errmsg("only a numeric column can be added up")));
	}
	find_keys(&grouping, PG_GETARG_ARRAYTYPE_P(1));
	grouping.groups = palloc(grouping.max * sizeof(RowGroup));
	grouping.values = palloc(grouping.max * Max(grouping.nkeys, 1) * sizeof(Datum));
	grouping.nulls = palloc(grouping.max * Max(grouping.nkeys, 1) * sizeof(bool));
	grouping.table = palloc0((grouping.mask + 1) * sizeof(int32));

	numbers = int_array_make(rows->n, &number);
	for (int i = 0; i < rows->n; i++)
	{
		int found;

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		row_array_read(rows, i);
		found = find_group(&grouping, i);
		number[i] = found + 1;
		if (grouping.total >= 0 && !rows->nulls[grouping.total])
		{
			RowGroup *group = &grouping.groups[found];

			group->has_total = true;
			exact_total_add(&group->total, rows->values[grouping.total], CurrentMemoryContext);
		}
	}

	values[0] = PointerGetDatum(numbers);
	firsts = palloc(Max(grouping.ngroups, 1) * sizeof(Datum));
	for (int i = 0; i < grouping.ngroups; i++)
		firsts[i] = PointerGetDatum(rows->rows[grouping.groups[i].first]);
	values[1] = PointerGetDatum(construct_array(firsts, grouping.ngroups,
	                                            get_element_type(TupleDescAttr(desc, 1)->atttypid),
	                                            -1, false, TYPALIGN_DOUBLE));
	nulls[2] = grouping.total < 0;
	values[2] = nulls[2] ? (Datum)0 : totals_array(&grouping);
	values[3] = PointerGetDatum(int_array_make(grouping.ngroups, &place));
	for (int i = 0; i < grouping.ngroups; i++)
		place[i] = grouping.groups[i].first + 1;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
