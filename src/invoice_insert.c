/*
 * invoice_insert.c: writes documents, their lines and their VAT, many to a page at once.
 */
#include "postgres.h"

#include "bulk.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "invoice_references.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* The table that rows are of. */
static char *
table_of(RowArray *rows)
{
	char *table = get_rel_name(get_typ_typrelid(rows->desc->tdtypeid));

	if (table == NULL)
		elog(ERROR, "%s are no rows of a table", rows->what);
	return table;
}

PG_FUNCTION_INFO_V1(invoice_insert);

/* Writes rows: what each refers to is checked as by the triggers of the table. */
Datum
invoice_insert(PG_FUNCTION_ARGS)
{
	RowArray rows;
	Oid type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	Datum given = PG_GETARG_DATUM(0);
	char *table;

	row_array_open(&rows, fcinfo, 0, "rows");
	if (rows.n == 0)
		PG_RETURN_VOID();
	table = table_of(&rows);
	if (bulk_insert_rows(table, &rows, "invoice_references_gather", NULL,
	                     invoice_references_observe))
		PG_RETURN_VOID();
	SPI_connect();
	if (SPI_execute_with_args(psprintf("INSERT INTO cloudbilling.%s OVERRIDING SYSTEM VALUE"
	                                   " SELECT * FROM cloudbilling.array_rows($1)",
	                                   quote_identifier(table)),
	                          1, &type, &given, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "INSERT failed: %s", SPI_result_code_string(SPI_result));
	SPI_finish();
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(invoice_insert_ahead);

/*
 * Writes rows ahead of their documents; false, and nothing is written, where anything but
 * the table's own triggers looks at rows, for that may look for their documents.
 */
Datum
invoice_insert_ahead(PG_FUNCTION_ARGS)
{
	RowArray rows;

	row_array_open(&rows, fcinfo, 0, "rows");
	PG_RETURN_BOOL(rows.n == 0 ||
	               bulk_insert_rows(table_of(&rows), &rows, "invoice_references_gather",
	                                "invoice_references", invoice_references_observe_ahead));
}
