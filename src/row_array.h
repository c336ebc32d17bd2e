/*
 * row_array.h: arrays of rows that a function is given, or gives.
 *
 * Each is walked where it is, and its columns are found by name once for all rows.
 */
#ifndef CLOUDBILLING_ROW_ARRAY_H
#define CLOUDBILLING_ROW_ARRAY_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "fmgr.h"

/* How far ahead memory is asked for. */
#define ROWS_AHEAD 4

/* How a column lies in a row. */
typedef struct RowArrayColumn
{
	int16 number; /* from 0 */
	int16 len;
	uint8 align;
	bool by_value;
	bool packs; /* a short value of varying length gets a short header */
} RowArrayColumn;

/* Rows that are read. */
typedef struct RowArray
{
	const char *what; /* they are, for errors: "lines" */
	int n;
	HeapTupleHeader *rows;
	TupleDesc desc; /* NULL when there are no rows */
	int columns;    /* that are read: all, unless less is said */
	RowArrayColumn *layout;
	HeapTupleHeader last; /* row that was read last */
	int last_columns;
	int npresent; /* columns of it that have values, */
	RowArrayColumn *present;
	bool *absent; /* and those that have none */
	HeapTupleData tuple;
	struct TupleTableSlot *slot; /* with the row that was read last, if all of it was */
	Datum *values;               /* of the row that was read last, by column from 0 */
	bool *nulls;
} RowArray;

extern void row_array_open(RowArray *array, FunctionCallInfo fcinfo, int argno, const char *what);
extern void row_array_close(RowArray *array);
extern int row_array_column(const RowArray *array, const char *name);
extern const int32 *row_array_ints(FunctionCallInfo fcinfo, int argno, int n, const char *what);

/* Rows that are made. */
typedef struct RowArrayBuild
{
	struct ExpandedArrayHeader *array;
	TupleDesc desc;
	RowArrayColumn *layout;
	struct HeapTupleHeaderData *head; /* of each row, but for what it has */
	int n;
	int expected;
	char *data; /* an array, but for its head */
	Size size;
	Size room;
} RowArrayBuild;

extern void row_array_begin(RowArrayBuild *build, Oid type, int expected);
extern void row_array_add(RowArrayBuild *build, Datum *values, bool *nulls);
extern Datum row_array_end(RowArrayBuild *build);

/* Asks for the memory of a row that will be taken apart soon. */
extern void row_array_prefetch(const RowArray *array, int i);

/* Takes a row apart. */
extern void row_array_read(RowArray *array, int i);

#endif
