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

/* How columns lie in rows. */
static RowArrayColumn *
find_layout(TupleDesc desc)
{
	RowArrayColumn *layout = palloc(desc->natts * sizeof(RowArrayColumn));

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		layout[i] = (RowArrayColumn){
		    .number = i,
		    .len = column->attlen,
		    .by_value = column->attbyval,
		    .packs = column->attlen == -1 && column->attstorage != TYPSTORAGE_PLAIN,
		};
		switch (column->attalign)
		{
			case TYPALIGN_CHAR: layout[i].align = 1; break;
			case TYPALIGN_SHORT: layout[i].align = ALIGNOF_SHORT; break;
			case TYPALIGN_INT: layout[i].align = ALIGNOF_INT; break;
			default: layout[i].align = ALIGNOF_DOUBLE;
		}
	}
	return layout;
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
	array->layout = find_layout(array->desc);
	array->present = palloc(array->columns * sizeof(RowArrayColumn));
	array->absent = palloc(array->columns * sizeof(bool));
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
	pfree(array->present);
	pfree(array->absent);
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

/* Is a row of the same type, and the same version of it, as another? */
static bool
is_same_type(HeapTupleHeader a, HeapTupleHeader b)
{
	return HeapTupleHeaderGetTypeId(a) == HeapTupleHeaderGetTypeId(b) &&
	       a->t_choice.t_datum.datum_typmod == b->t_choice.t_datum.datum_typmod &&
	       memcmp(&a->t_ctid, &b->t_ctid, sizeof(ItemPointerData)) == 0;
}

/* Checks the type of a row. */
static void
check_type(RowArray *array, HeapTupleHeader row)
{
	bool is_null;

	if (HeapTupleHeaderGetTypeId(row) != array->desc->tdtypeid ||
	    HeapTupleHeaderGetTypMod(row) != array->desc->tdtypmod)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
		                errmsg("%s are rows of several types", array->what)));
	array->tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	array->tuple.t_data = row;
	/* this looks whether the type was altered since the row was made */
	heap_getattr(&array->tuple, 1, array->desc, &is_null);
}

/* Has a row values in the same columns as another? */
static bool
is_alike(HeapTupleHeader a, HeapTupleHeader b, int columns)
{
	if ((a->t_infomask & HEAP_HASNULL) != (b->t_infomask & HEAP_HASNULL))
		return false;
	return !(a->t_infomask & HEAP_HASNULL) || memcmp(a->t_bits, b->t_bits, BITMAPLEN(columns)) == 0;
}

/* Finds the columns in which a row has values. */
static void
find_present(RowArray *array, HeapTupleHeader row)
{
	const bits8 *not_null = row->t_infomask & HEAP_HASNULL ? row->t_bits : NULL;

	array->npresent = 0;
	for (int i = 0; i < array->columns; i++)
	{
		array->absent[i] = not_null != NULL && att_isnull(i, not_null);
		if (!array->absent[i])
			array->present[array->npresent++] = array->layout[i];
	}
	array->last_columns = array->columns;
}

/* Takes a row apart.  Mostly it has values where the one before it has some. */
void
row_array_read(RowArray *array, int i)
{
	HeapTupleHeader row = array->rows[i];
	char *data = (char *)row + row->t_hoff;
	uint32 offset = 0;

	if (i + ROWS_AHEAD < array->n)
		row_array_prefetch(array, i + ROWS_AHEAD);
	if (array->last == NULL || !is_same_type(row, array->last))
		check_type(array, row);
	array->slot->tts_flags &= ~TTS_FLAG_EMPTY;
	array->slot->tts_nvalid = array->columns;
	if (HeapTupleHeaderGetNatts(row) < array->columns)
	{
		array->last = NULL;
		array->tuple.t_len = HeapTupleHeaderGetDatumLength(row);
		array->tuple.t_data = row;
		heap_deform_tuple(&array->tuple, array->desc, array->values, array->nulls);
		return;
	}
	if (array->last == NULL || array->last_columns != array->columns ||
	    !is_alike(row, array->last, array->columns))
		find_present(array, row);
	array->last = row;
	memcpy(array->nulls, array->absent, array->columns * sizeof(bool));
	for (int j = 0; j < array->npresent; j++)
	{
		const RowArrayColumn *column = &array->present[j];

		/* a short value of varying length lies anywhere */
		if (column->len != -1 || !VARATT_NOT_PAD_BYTE(data + offset))
			offset = TYPEALIGN(column->align, offset);
		array->values[column->number] = fetch_att(data + offset, column->by_value, column->len);
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

/* A row without values, which has the head that the server gives rows of the type. */
static HeapTupleHeader
empty_row(TupleDesc desc)
{
	Datum *values = palloc0(desc->natts * sizeof(Datum));
	bool *nulls = palloc(desc->natts * sizeof(bool));
	HeapTuple tuple;

	memset(nulls, true, desc->natts * sizeof(bool));
	tuple = heap_form_tuple(desc, values, nulls);
	pfree(values);
	pfree(nulls);
	return DatumGetHeapTupleHeader(HeapTupleGetDatum(tuple));
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
	build->layout = find_layout(build->desc);
	build->head = empty_row(build->desc);
	build->room = 8192;
	build->data = MemoryContextAlloc(build->array->hdr.eoh_context, build->room);
	build->size = ARR_OVERHEAD_NONULLS(1);
	build->expected = expected;
}

/*
 * Makes room for so many bytes more at a place, for all rows as far as those so far tell how
 * long they are.
 */
static void
make_room(RowArrayBuild *build, Size at, Size more)
{
	Size all = build->size / Max(build->n, 1) * build->expected;

	if (at + more > MaxAllocSize)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("array size exceeds the maximum allowed (%d)", (int)MaxAllocSize)));
	all = Max(all + all / 8, build->room + build->room / 2);
	build->room = Max(at + more, Min(all, MaxAllocSize));
	build->data = repalloc(build->data, build->room);
}

/* Has it that room? */
static inline void
need_room(RowArrayBuild *build, Size at, Size more)
{
	if (unlikely(at + more > build->room))
		make_room(build, at, more);
}

/* Where a value goes that is aligned: behind zeros. */
static inline Size
aligned(RowArrayBuild *build, Size at, const RowArrayColumn *column)
{
	memset(build->data + at, 0, MAXIMUM_ALIGNOF);
	return TYPEALIGN(column->align, at);
}

/* Writes a value that is not by value; gives where it ends, 0 when it is stored elsewhere. */
static Size
write_reference(RowArrayBuild *build, Size at, const RowArrayColumn *column, const char *value)
{
	Size size;

	if (column->len != -1)
		size = column->len > 0 ? column->len : strlen(value) + 1;
	else if (VARATT_IS_EXTERNAL(value))
		return 0;
	else
		size = VARSIZE_ANY(value);
	/* with what comes before it and, once more, behind it */
	need_room(build, at, size + 2 * MAXIMUM_ALIGNOF);
	if (column->packs && VARATT_CAN_MAKE_SHORT(value))
	{
		size = VARATT_CONVERTED_SHORT_SIZE(value);
		SET_VARSIZE_SHORT(build->data + at, size);
		memcpy(build->data + at + 1, VARDATA(value), size - 1);
		return at + size;
	}
	if (column->len != -1 || !VARATT_IS_SHORT(value))
		at = aligned(build, at, column);
	memcpy(build->data + at, value, size);
	return at + size;
}

/*
 * Writes a row as heap_form_tuple() does, but where it goes.  Gives where it ends, 0 when a value
 * is stored elsewhere.
 */
static Size
write_row(RowArrayBuild *build, const Datum *values, const bool *nulls)
{
	int natts = build->desc->natts;
	bool has_nulls = memchr(nulls, true, natts) != NULL;
	Size hoff = MAXALIGN(SizeofHeapTupleHeader + (has_nulls ? BITMAPLEN(natts) : 0));
	Size at = build->size + hoff;
	bool varies = false;
	HeapTupleHeader row;

	need_room(build, build->size, hoff + MAXIMUM_ALIGNOF);
	row = (HeapTupleHeader)(build->data + build->size);
	memcpy(row, build->head, SizeofHeapTupleHeader);
	memset((char *)row + SizeofHeapTupleHeader, 0, hoff - SizeofHeapTupleHeader);
	for (int i = 0; has_nulls && i < natts; i++)
		row->t_bits[i >> 3] |= !nulls[i] << (i & 7);
	for (int i = 0; i < natts; i++)
	{
		const RowArrayColumn *column = &build->layout[i];

		if (nulls[i])
			continue;
		if (column->by_value)
		{
			need_room(build, at, 2 * MAXIMUM_ALIGNOF);
			at = aligned(build, at, column);
			store_att_byval(build->data + at, values[i], column->len);
			at += column->len;
			continue;
		}
		varies |= column->len < 0;
		at = write_reference(build, at, column, DatumGetPointer(values[i]));
		if (at == 0)
			return 0;
	}
	row = (HeapTupleHeader)(build->data + build->size);
	HeapTupleHeaderSetDatumLength(row, at - build->size);
	row->t_hoff = hoff;
	row->t_infomask = (row->t_infomask & ~(HEAP_HASNULL | HEAP_HASVARWIDTH)) |
	                  (has_nulls ? HEAP_HASNULL : 0) | (varies ? HEAP_HASVARWIDTH : 0);
	return at;
}

/* Writes a row with values that are stored elsewhere. */
static Size
copy_row(RowArrayBuild *build, Datum *values, bool *nulls)
{
	HeapTuple tuple = heap_form_tuple(build->desc, values, nulls);
	HeapTupleHeader row = DatumGetHeapTupleHeader(HeapTupleGetDatum(tuple));
	Size size = HeapTupleHeaderGetDatumLength(row);

	need_room(build, build->size, size + MAXIMUM_ALIGNOF);
	memcpy(build->data + build->size, row, size);
	if (row != tuple->t_data)
		pfree(row);
	heap_freetuple(tuple);
	return build->size + size;
}

/* Adds a row. */
void
row_array_add(RowArrayBuild *build, Datum *values, bool *nulls)
{
	Size end = write_row(build, values, nulls);

	if (end == 0)
		end = copy_row(build, values, nulls);
	/* as of any varlena of that alignment, the next one begins at a multiple of 8 */
	need_room(build, end, MAXIMUM_ALIGNOF);
	memset(build->data + end, 0, MAXIMUM_ALIGNOF);
	build->size = MAXALIGN(end);
	build->n++;
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
