/*
 * apart.c: runs a command in a transaction of its own.
 *
 * What all loads share (products, the partition of a month) is made by whoever
 * needs it first.  Made in the transaction of a load, it would let no other load
 * go on until that load has ended.  So a background worker makes it, and commits.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include <signal.h>

/*
 * How long the worker waits for a lock.  Who started it may himself be what it
 * waits for, which nobody would find out.
 */
#define LOCK_TIMEOUT "200ms"

/* What the worker is told, in shared memory. */
typedef struct Order
{
	Oid database;
	Oid user;
	bool done;
	char command[FLEXIBLE_ARRAY_MEMBER];
} Order;

PGDLLEXPORT void run_apart_main(Datum main_arg);

/* Runs the command in a transaction; nobody hears of its errors, since it is then run again. */
static void
run_order(Order *order)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		StartTransactionCommand();
		PushActiveSnapshot(GetTransactionSnapshot());
		SPI_connect();
		pgstat_report_activity(STATE_RUNNING, order->command);
		if (SPI_execute(order->command, false, 0) < 0)
			elog(ERROR, "command failed: %s", order->command);
		SPI_finish();
		PopActiveSnapshot();
		CommitTransactionCommand();
		order->done = true;
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(context);
		AbortOutOfAnyTransaction();
		FlushErrorState();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	pgstat_report_stat(true);
}

/* The worker: a session of who asked, with no right beyond his. */
void
run_apart_main(Datum main_arg)
{
	dsm_segment *segment;
	Order *order;
	uint32 flags = 0;

#ifdef BGWORKER_BYPASS_ROLELOGINCHECK
	flags |= BGWORKER_BYPASS_ROLELOGINCHECK;
#endif
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	segment = dsm_attach(DatumGetUInt32(main_arg));
	if (segment == NULL) /* who asked has gone */
		return;
	dsm_pin_mapping(segment);
	order = dsm_segment_address(segment);

	BackgroundWorkerInitializeConnectionByOid(order->database, order->user, flags);
	pgstat_report_appname("cloudbilling load");
	SetConfigOption("lock_timeout", LOCK_TIMEOUT, PGC_USERSET, PGC_S_OVERRIDE);
	run_order(order);
}

/* Has the worker do what it was told; false when no worker was to be had. */
static bool
start_worker(dsm_segment *segment)
{
	BackgroundWorker worker = {0};
	BackgroundWorkerHandle *handle;

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_name, "cloudbilling load", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "cloudbilling load", BGW_MAXLEN);
	strlcpy(worker.bgw_library_name, "$libdir/cloudbilling", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "run_apart_main", BGW_MAXLEN);
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(segment));
	worker.bgw_notify_pid = MyProcPid;
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		return false;
	if (WaitForBackgroundWorkerShutdown(handle) == BGWH_POSTMASTER_DIED)
		ereport(FATAL, (errcode(ERRCODE_ADMIN_SHUTDOWN), errmsg("the server went away")));
	return true;
}

PG_FUNCTION_INFO_V1(run_apart);

Datum
run_apart(PG_FUNCTION_ARGS)
{
	text *command = PG_GETARG_TEXT_PP(0);
	int len = VARSIZE_ANY_EXHDR(command);
	dsm_segment *segment;
	Order *order;
	bool done;

	segment = dsm_create(offsetof(Order, command) + len + 1, DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (segment == NULL)
		PG_RETURN_BOOL(false);
	order = dsm_segment_address(segment);
	order->database = MyDatabaseId;
	order->user = GetUserId();
	order->done = false;
	memcpy(order->command, VARDATA_ANY(command), len);
	order->command[len] = '\0';
	done = start_worker(segment) && order->done;
	dsm_detach(segment);
	PG_RETURN_BOOL(done);
}
