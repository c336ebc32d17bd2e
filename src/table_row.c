/*
 * table_row.c: rows that a function is given, read by the names of their columns.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "table_row.h"
#include "utils/builtins.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"

/* Takes a row apart. */
TableRow
table_row_open(Datum record, const char *what)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(record);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};
	TableRow row = {.what = what};

	row.desc =
	    lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	row.values = palloc(row.desc->natts * sizeof(Datum));
	row.nulls = palloc(row.desc->natts * sizeof(bool));
	heap_deform_tuple(&tuple, row.desc, row.values, row.nulls);
	return row;
}

/* Gives back what a row took. */
void
table_row_close(TableRow *row)
{
	ReleaseTupleDesc(row->desc);
	pfree(row->values);
	pfree(row->nulls);
}

/* A column, which may be NULL. */
Datum
table_row_column(const TableRow *row, const char *name, bool *is_null)
{
	int i = 0;

	while (i < row->desc->natts && namestrcmp(&TupleDescAttr(row->desc, i)->attname, name) != 0)
		i++;
	if (i == row->desc->natts)
		elog(ERROR, "%s has no column \"%s\"", row->what, name);
	*is_null = row->nulls[i];
	return row->values[i];
}

/* A column that must be there. */
Datum
table_row_mandatory(const TableRow *row, const char *name)
{
	bool is_null;
	Datum value = table_row_column(row, name, &is_null);

	if (is_null)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("%s lacks its %s", row->what, name)));
	return value;
}

/* A column of type int, 0 where it is NULL. */
int32
table_row_int(const TableRow *row, const char *name)
{
	bool is_null;
	Datum value = table_row_column(row, name, &is_null);

	return is_null ? 0 : DatumGetInt32(value);
}

/* A copy of a column of varying length, or NULL. */
void *
table_row_varlena(const TableRow *row, const char *name)
{
	bool is_null;
	Datum value = table_row_column(row, name, &is_null);

	return is_null ? NULL : PG_DETOAST_DATUM_COPY(value);
}

/* The days of a daterange: the first, and the one after the last. */
void
table_row_days(const TableRow *row, const char *name, DateADT *from, DateADT *until)
{
	RangeType *range = DatumGetRangeTypeP(table_row_mandatory(row, name));
	TypeCacheEntry *type = lookup_type_cache(RangeTypeGetOid(range), TYPECACHE_RANGE_INFO);
	RangeBound lower;
	RangeBound upper;
	bool empty;

	range_deserialize(type, range, &lower, &upper, &empty);
	*from = lower.infinite ? DATEVAL_NOBEGIN : DatumGetDateADT(lower.val);
	*until = empty ? DATEVAL_NOBEGIN : upper.infinite ? DATEVAL_NOEND : DatumGetDateADT(upper.val);
}
