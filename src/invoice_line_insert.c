/*
 * invoice_line_insert.c: writes lines of documents, many to a page at once.
 */
#include "postgres.h"

#include "bulk.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "invoice_references.h"

PG_FUNCTION_INFO_V1(invoice_line_insert);

/* Writes lines: what each refers to is checked as by the triggers of the table. */
Datum
invoice_line_insert(PG_FUNCTION_ARGS)
{
	RowArray lines;
	Oid type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	Datum given = PG_GETARG_DATUM(0);

	row_array_open(&lines, fcinfo, 0, "lines");
	if (lines.n == 0 || bulk_insert_rows("invoice_line", &lines, "invoice_references_gather",
	                                     invoice_references_observe))
		PG_RETURN_VOID();
	SPI_connect();
	if (SPI_execute_with_args("INSERT INTO cloudbilling.invoice_line"
	                          " SELECT * FROM cloudbilling.array_rows($1)",
	                          1, &type, &given, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "INSERT failed: %s", SPI_result_code_string(SPI_result));
	SPI_finish();
	PG_RETURN_VOID();
}
