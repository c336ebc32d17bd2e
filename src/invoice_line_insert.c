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
	if (lines.n == 0 || bulk_insert_rows("invoice_line", &lines, "invoice_references_gather", NULL,
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

PG_FUNCTION_INFO_V1(invoice_line_insert_ahead);

/*
 * Writes lines ahead of their documents; false, and nothing is written, where anything but
 * the table's own triggers looks at lines, for that may look for their documents.
 */
Datum
invoice_line_insert_ahead(PG_FUNCTION_ARGS)
{
	RowArray lines;

	row_array_open(&lines, fcinfo, 0, "lines");
	PG_RETURN_BOOL(lines.n == 0 ||
	               bulk_insert_rows("invoice_line", &lines, "invoice_references_gather",
	                                "invoice_references", invoice_references_observe_ahead));
}

PG_FUNCTION_INFO_V1(invoice_line_insert_check);

/* Checks that all lines that were written ahead have documents now: by the table's trigger. */
Datum
invoice_line_insert_check(PG_FUNCTION_ARGS)
{
	void *keys;

	SPI_connect();
	while ((keys = invoice_references_resume()) != NULL)
		if (SPI_execute("INSERT INTO cloudbilling.invoice_line"
		                " SELECT (NULL::cloudbilling.invoice_line).* WHERE false",
		                false, 0) != SPI_OK_INSERT ||
		    invoice_references_left(keys))
			elog(ERROR, "documents of lines were not checked for");
	SPI_finish();
	PG_RETURN_VOID();
}
