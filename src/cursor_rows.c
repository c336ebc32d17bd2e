/*
 * cursor_rows.c: the rows of a cursor as an array.
 *
 * array_agg() makes each row, copies it, and copies all of them again when it has the last;
 * the statement that asks copies them once more, and PL/pgSQL again.  Here a row is made where
 * it stays.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "row_array.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"

typedef struct RowReceiver
{
	DestReceiver dest; /* first */
	RowArrayBuild build;
} RowReceiver;

/* Looks whether the cursor's columns are those of the rows. */
static void
start(DestReceiver *self, int operation, TupleDesc columns)
{
	TupleDesc rows = ((RowReceiver *)self)->build.desc;
	bool same = columns->natts == rows->natts;

	for (int i = 0; same && i < rows->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);
		Form_pg_attribute row = TupleDescAttr(rows, i);

		same = !row->attisdropped && column->atttypid == row->atttypid &&
		       (row->atttypmod == -1 || column->atttypmod == row->atttypmod);
	}
	if (!same)
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH),
		         errmsg("the cursor's rows are not of type %s", format_type_be(rows->tdtypeid))));
}

/* Takes a row. */
static bool
receive(TupleTableSlot *slot, DestReceiver *self)
{
	slot_getallattrs(slot);
	row_array_add(&((RowReceiver *)self)->build, slot->tts_values, slot->tts_isnull);
	return true;
}

/* Nothing is left to do. */
static void
stop(DestReceiver *self)
{
}

PG_FUNCTION_INFO_V1(cursor_rows);

Datum
cursor_rows(PG_FUNCTION_ARGS)
{
	RowReceiver receiver = {.dest = {receive, start, stop, stop, DestNone}};
	Oid type = get_fn_expr_argtype(fcinfo->flinfo, 1);
	char *name;
	Portal portal;

	if (!type_is_rowtype(type) || type == RECORDOID)
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH),
		         errmsg("cursor_rows gives rows of a named type, not %s", format_type_be(type))));
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the cursor is NULL")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	portal = GetPortalByName(name);
	if (!PortalIsValid(portal))
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_CURSOR), errmsg("cursor \"%s\" does not exist", name)));
	row_array_begin(&receiver.build, type, 0);
	PortalRunFetch(portal, FETCH_FORWARD, FETCH_ALL, &receiver.dest);
	PG_RETURN_DATUM(row_array_end(&receiver.build));
}
