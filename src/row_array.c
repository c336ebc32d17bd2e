/*
 * row_array.c: arrays of rows that a function is given, or gives.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "row_array.h"
#include "utils/array.h"
#include "utils/arrayaccess.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

/* Where memory is asked for before it is needed: thousands of rows are in no cache. */
#define LINE 64
#define AHEAD 2048
#define LINES_OF_ROW 6

/* Finds rows that lie one after the other, as they do in most arrays. */
static bool
find_rows(RowArray *array, AnyArrayType *given)
{
	char *row;
	char *asked;

	if (VARATT_IS_EXPANDED_HEADER(given))
	{
		if (given->xpn.dvalues != NULL || ARR_HASNULL(given->xpn.fvalue))
			return false;
		row = given->xpn.fstartptr;
	}
	else if (ARR_HASNULL(&given->flt))
		return false;
	else
		row = ARR_DATA_PTR(&given->flt);
	asked = row;
	for (int i = 0; i < array->n; i++)
	{
		for (; asked < row + AHEAD; asked += LINE)
			__builtin_prefetch(asked);
		if (!VARATT_IS_4B_U(row))
			return false;
		/* a copy where it was stored by a server that did not mark rows yet */
		array->rows[i] = DatumGetHeapTupleHeader(PointerGetDatum(row));
		row += MAXALIGN(VARSIZE_4B(row));
	}
	return true;
}

/* Takes rows of any array. */
static void
take_rows(RowArray *array, AnyArrayType *given)
{
	array_iter iter;

	array_iter_setup(&iter, given);
	for (int i = 0; i < array->n; i++)
	{
		bool is_null;
		Datum row = array_iter_next(&iter, &is_null, i, -1, false, TYPALIGN_DOUBLE);

		if (is_null)
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			                errmsg("one of the %s is NULL", array->what)));
		array->rows[i] = DatumGetHeapTupleHeader(row);
	}
}

/* Opens an argument; NULL is an array without rows. */
void
row_array_open(RowArray *array, FunctionCallInfo fcinfo, int argno, const char *what)
{
	AnyArrayType *given;

	memset(array, 0, sizeof(RowArray));
	array->what = what;
	if (PG_ARGISNULL(argno))
		return;
	given = PG_GETARG_ANY_ARRAY_P(argno);
	if (!type_is_rowtype(AARR_ELEMTYPE(given)))
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("%s must be rows, not of type %s", what,
		                                                    format_type_be(AARR_ELEMTYPE(given)))));
	array->n = ArrayGetNItems(AARR_NDIM(given), AARR_DIMS(given));
	if (array->n == 0)
		return;
	array->rows = MemoryContextAllocHuge(CurrentMemoryContext, array->n * sizeof(HeapTupleHeader));
	if (!find_rows(array, given))
		take_rows(array, given);
	array->desc = lookup_rowtype_tupdesc_copy(HeapTupleHeaderGetTypeId(array->rows[0]),
	                                          HeapTupleHeaderGetTypMod(array->rows[0]));
	array->columns = array->desc->natts;
	array->layout = palloc(array->columns * sizeof(RowArrayColumn));
	for (int i = 0; i < array->columns; i++)
	{
		Form_pg_attribute column = TupleDescAttr(array->desc, i);

		array->layout[i].len = column->attlen;
		array->layout[i].by_value = column->attbyval;
		switch (column->attalign)
		{
			case TYPALIGN_CHAR: array->layout[i].align = 1; break;
			case TYPALIGN_SHORT: array->layout[i].align = ALIGNOF_SHORT; break;
			case TYPALIGN_INT: array->layout[i].align = ALIGNOF_INT; break;
			default: array->layout[i].align = ALIGNOF_DOUBLE;
		}
	}
	array->slot = MakeSingleTupleTableSlot(array->desc, &TTSOpsVirtual);
	array->values = array->slot->tts_values;
	array->nulls = array->slot->tts_isnull;
}

/* Gives back what it took; what was read of rows stays. */
void
row_array_close(RowArray *array)
{
	if (array->n == 0)
		return;
	ExecDropSingleTupleTableSlot(array->slot);
	FreeTupleDesc(array->desc);
	pfree(array->layout);
	pfree(array->rows);
}

/* A column by its name, from 0; 0 too when there are no rows that could have it. */
int
row_array_column(const RowArray *array, const char *name)
{
	if (array->n == 0)
		return 0;
	for (int i = 0; i < array->desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(array->desc, i);

		if (!column->attisdropped && namestrcmp(&column->attname, name) == 0)
			return i;
	}
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
	                errmsg("%s have no column \"%s\"", array->what, name)));
}

/* Asks for the memory of a row that will be taken apart soon. */
void
row_array_prefetch(const RowArray *array, int i)
{
	for (int line = 0; line < LINES_OF_ROW; line++)
		__builtin_prefetch((char *)array->rows[i] + line * LINE);
}

/* Takes a row apart. */
void
row_array_read(RowArray *array, int i)
{
	HeapTupleHeader row = array->rows[i];
	const bits8 *not_null = row->t_infomask & HEAP_HASNULL ? row->t_bits : NULL;
	char *data = (char *)row + row->t_hoff;
	uint32 offset = 0;
	bool is_null;

	if (i + ROWS_AHEAD < array->n)
		row_array_prefetch(array, i + ROWS_AHEAD);
	if (HeapTupleHeaderGetTypeId(row) != array->desc->tdtypeid ||
	    HeapTupleHeaderGetTypMod(row) != array->desc->tdtypmod)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
		                errmsg("%s are rows of several types", array->what)));
	array->tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	array->tuple.t_data = row;
	/* this looks whether the type was altered since the row was made */
	heap_getattr(&array->tuple, 1, array->desc, &is_null);
	array->slot->tts_flags &= ~TTS_FLAG_EMPTY;
	array->slot->tts_nvalid = array->columns;
	if (HeapTupleHeaderGetNatts(row) < array->columns)
	{
		heap_deform_tuple(&array->tuple, array->desc, array->values, array->nulls);
		return;
	}
	for (int j = 0; j < array->columns; j++)
	{
		const RowArrayColumn *column = &array->layout[j];

		array->nulls[j] = not_null != NULL && att_isnull(j, not_null);
		if (array->nulls[j])
			continue;
		/* a short value of varying length lies anywhere */
		if (column->len != -1 || !VARATT_NOT_PAD_BYTE(data + offset))
			offset = TYPEALIGN(column->align, offset);
		array->values[j] = fetch_att(data + offset, column->by_value, column->len);
		if (column->len > 0)
			offset += column->len;
		else if (column->len == -1)
			offset += VARSIZE_ANY(data + offset);
		else
			offset += strlen(data + offset) + 1;
	}
}

/* An argument that has an integer for each of n rows. */
const int32 *
row_array_ints(FunctionCallInfo fcinfo, int argno, int n, const char *what)
{
	ArrayType *array;

	if (PG_ARGISNULL(argno) && n == 0)
		return NULL;
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
		        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be NULL", what)));
	array = PG_GETARG_ARRAYTYPE_P(argno);
	if (ARR_HASNULL(array) && array_contains_nulls(array))
		ereport(ERROR,
		        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be NULL", what)));
	if (ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) != n)
		ereport(ERROR,
		        (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR), errmsg("%s must be as many as rows", what),
		         errdetail("There are %d, and %d rows.",
		                   ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), n)));
	return (const int32 *)ARR_DATA_PTR(array);
}

/*
 * Begins an array of rows of a type, of about as many as expected, 0 where nobody knows: an
 * expanded one, so that who gets it need not copy it.
 */
void
row_array_begin(RowArrayBuild *build, Oid type, int expected)
{
	memset(build, 0, sizeof(RowArrayBuild));
	build->array = construct_empty_expanded_array(type, CurrentMemoryContext, NULL);
	build->desc = lookup_rowtype_tupdesc_copy(type, -1);
	build->room = 8192;
	build->data = MemoryContextAlloc(build->array->hdr.eoh_context, build->room);
	build->size = ARR_OVERHEAD_NONULLS(1);
	build->expected = expected;
}

/* Makes room for all rows, as far as those so far tell how long they are. */
static void
make_room(RowArrayBuild *build, Size end)
{
	Size all = build->size / Max(build->n, 1) * build->expected;

	all = Max(all + all / 8, build->room + build->room / 2);
	build->room = Max(end, Min(all, MaxAllocSize));
	build->data = repalloc(build->data, build->room);
}

/* Adds a row. */
void
row_array_add(RowArrayBuild *build, Datum *values, bool *nulls)
{
	HeapTuple tuple = heap_form_tuple(build->desc, values, nulls);
	HeapTupleHeader row = DatumGetHeapTupleHeader(HeapTupleGetDatum(tuple));
	Size size = HeapTupleHeaderGetDatumLength(row);
	/* as of any varlena of that alignment, the next one begins at a multiple of 8 */
	Size end = build->size + MAXALIGN(size);

	if (end > MaxAllocSize)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("array size exceeds the maximum allowed (%d)", (int)MaxAllocSize)));
	if (end > build->room)
		make_room(build, end);
	memcpy(build->data + build->size, row, size);
	memset(build->data + build->size + size, 0, end - build->size - size);
	build->size = end;
	build->n++;
	if (row != tuple->t_data)
		pfree(row);
	heap_freetuple(tuple);
}

/* The array. */
Datum
row_array_end(RowArrayBuild *build)
{
	ExpandedArrayHeader *expanded = build->array;
	ArrayType *array = (ArrayType *)build->data;

	if (build->n == 0)
		return EOHPGetRWDatum(&expanded->hdr);
	memset(array, 0, ARR_OVERHEAD_NONULLS(1));
	SET_VARSIZE(array, build->size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = expanded->element_type;
	ARR_DIMS(array)[0] = build->n;
	ARR_LBOUND(array)[0] = 1;

	/* as expand_array() has it, for a copy */
	expanded->ndims = ARR_NDIM(array);
	expanded->dims = ARR_DIMS(array);
	expanded->lbound = ARR_LBOUND(array);
	expanded->dvalues = NULL;
	expanded->dnulls = NULL;
	expanded->dvalueslen = 0;
	expanded->nelems = 0;
	expanded->flat_size = 0;
	expanded->fvalue = array;
	expanded->fstartptr = ARR_DATA_PTR(array);
	expanded->fendptr = (char *)array + ARR_SIZE(array);
	return EOHPGetRWDatum(&expanded->hdr);
}
