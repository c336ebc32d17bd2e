/*
 * invoice_run.c: processes that do batches of an invoice run beside who called it.
 */
#include "apart.h"

#include "fmgr.h"

PG_FUNCTION_INFO_V1(invoice_run_processes_start);

Datum
invoice_run_processes_start(PG_FUNCTION_ARGS)
{
	char *command = psprintf("SELECT cloudbilling.invoice_run_batch(%d)", PG_GETARG_INT32(0));

	PG_RETURN_INT32(beside_start("cloudbilling invoice run", command, PG_GETARG_INT32(1)));
}

/* How long is waited in one transaction: what is waited in holds up VACUUM. */
#define WAIT_MILLISECONDS 1000

PG_FUNCTION_INFO_V1(invoice_run_processes_wait);

Datum
invoice_run_processes_wait(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(beside_wait(WAIT_MILLISECONDS));
}
