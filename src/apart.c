/*
 * apart.c: runs commands in transactions of their own, by background workers.
 *
 * What all loads share (products, the partition of a month) is made by whoever
 * needs it first.  Made in the transaction of a load, it would let no other load
 * go on until that load has ended.  So a worker makes it, and commits.
 *
 * What is a queue, as the batches of an invoice run, is done by several workers beside
 * who asks.  Each runs the same command again and again, in a transaction each, until
 * it gives false.  They end when who asked for them is cancelled, or dies.
 */
#include "apart.h"

#include "heap.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include <signal.h>

/*
 * How long the worker waits for a lock.  Who started it may himself be what it
 * waits for, which nobody would find out.
 */
#define LOCK_TIMEOUT "200ms"

/* What workers are told, in shared memory. */
typedef struct Order
{
	Oid database;
	Oid user;
	Oid role;      /* that was set, if any */
	bool repeat;   /* until it gives false; else once, and errors are nobody's */
	bool done;     /* once: it was committed */
	Size settings; /* where they begin, after the command; 0 has none */
	char name[BGW_MAXLEN];
	char command[FLEXIBLE_ARRAY_MEMBER];
} Order;

/* Who works beside this session. */
static dsm_segment *beside_segment = NULL;
static BackgroundWorkerHandle **beside_workers = NULL;
static int beside_count = 0;

PGDLLEXPORT void run_apart_main(Datum main_arg);

/* Runs the command in a transaction; says whether it is to be run again. */
static bool
run_command(Order *order)
{
	bool again = false;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	pgstat_report_activity(STATE_RUNNING, order->command);
	if (SPI_execute(order->command, false, 0) < 0)
		elog(ERROR, "command failed: %s", order->command);
	if (order->repeat && SPI_processed == 1)
	{
		bool is_null;
		Datum result = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);

		again = !is_null && DatumGetBool(result);
	}
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(!again);
	pgstat_report_activity(STATE_IDLE, NULL);
	return again;
}

/* Runs the command once; nobody hears of its errors, since it is then run again. */
static void
run_once(Order *order)
{
	MemoryContext context = CurrentMemoryContext;

	SetConfigOption("lock_timeout", LOCK_TIMEOUT, PGC_USERSET, PGC_S_OVERRIDE);
	PG_TRY();
	{
		run_command(order);
		order->done = true;
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(context);
		AbortOutOfAnyTransaction();
		FlushErrorState();
		RESUME_INTERRUPTS();
		pgstat_report_stat(true);
	}
	PG_END_TRY();
}

/* Has the settings and the role of who asked, as parallel workers have. */
static void
take_settings(Order *order)
{
	StartTransactionCommand();
	RestoreGUCState((char *)order + order->settings);
	if (OidIsValid(order->role))
		SetConfigOption("role", GetUserNameFromId(order->role, false), PGC_SUSET, PGC_S_SESSION);
	CommitTransactionCommand();
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

	if (order->repeat)
		heap_keep();
	BackgroundWorkerInitializeConnectionByOid(order->database, order->user, flags);
	if (order->settings > 0)
		take_settings(order);
	SetConfigOption("application_name", order->name, PGC_USERSET, PGC_S_OVERRIDE);
	if (!order->repeat)
		run_once(order);
	else
		while (run_command(order))
			CHECK_FOR_INTERRUPTS();
}

/* A new order, in shared memory; NULL when there is no room for one. */
static dsm_segment *
new_order(const char *name, const char *command, Oid user, Size settings)
{
	Size size = MAXALIGN(offsetof(Order, command) + strlen(command) + 1);
	dsm_segment *segment = dsm_create(size + settings, DSM_CREATE_NULL_IF_MAXSEGMENTS);
	Order *order;

	if (segment == NULL)
		return NULL;
	order = dsm_segment_address(segment);
	memset(order, 0, size);
	order->database = MyDatabaseId;
	order->user = user;
	order->settings = settings > 0 ? size : 0;
	strlcpy(order->name, name, BGW_MAXLEN);
	strcpy(order->command, command);
	return segment;
}

/* A worker that does what it is told; NULL when none is to be had. */
static BackgroundWorkerHandle *
start_worker(dsm_segment *segment)
{
	Order *order = dsm_segment_address(segment);
	BackgroundWorker worker = {0};
	BackgroundWorkerHandle *handle;

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	snprintf(worker.bgw_name, BGW_MAXLEN, "%s for PID %d", order->name, MyProcPid);
	strlcpy(worker.bgw_type, order->name, BGW_MAXLEN);
	strlcpy(worker.bgw_library_name, "$libdir/cloudbilling", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "run_apart_main", BGW_MAXLEN);
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(segment));
	worker.bgw_notify_pid = MyProcPid;
	return RegisterDynamicBackgroundWorker(&worker, &handle) ? handle : NULL;
}

/* Waits for the end of a worker. */
static void
await_worker(BackgroundWorkerHandle *worker)
{
	if (WaitForBackgroundWorkerShutdown(worker) == BGWH_POSTMASTER_DIED)
		ereport(FATAL, (errcode(ERRCODE_ADMIN_SHUTDOWN), errmsg("the server went away")));
}

PG_FUNCTION_INFO_V1(run_apart);

Datum
run_apart(PG_FUNCTION_ARGS)
{
	dsm_segment *segment =
	    new_order("cloudbilling load", text_to_cstring(PG_GETARG_TEXT_PP(0)), GetUserId(), 0);
	BackgroundWorkerHandle *worker;
	bool done = false;

	if (segment == NULL)
		PG_RETURN_BOOL(false);
	worker = start_worker(segment);
	if (worker != NULL)
	{
		await_worker(worker);
		done = ((Order *)dsm_segment_address(segment))->done;
	}
	dsm_detach(segment);
	PG_RETURN_BOOL(done);
}

/* Waits until all who work beside this session have ended. */
static void
beside_end(void)
{
	while (beside_count > 0)
	{
		await_worker(beside_workers[beside_count - 1]);
		pfree(beside_workers[--beside_count]);
	}
	if (beside_segment != NULL)
		dsm_detach(beside_segment);
	if (beside_workers != NULL)
		pfree(beside_workers);
	beside_segment = NULL;
	beside_workers = NULL;
}

/* Waits for so many milliseconds; says whether anybody still works beside this session. */
bool
beside_wait(long timeout)
{
	bool is_working = false;

	for (int i = 0; i < beside_count && !is_working; i++)
	{
		pid_t pid;

		is_working = GetBackgroundWorkerPid(beside_workers[i], &pid) != BGWH_STOPPED;
	}
	if (is_working)
	{
		/* the server wakes who asked when a worker ends */
		(void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, timeout,
		                PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	else
		beside_end();
	return is_working;
}

/* Who asked goes, by an error or for good: nobody goes on without him. */
static void
beside_abort(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_ABORT)
		return;
	for (int i = 0; i < beside_count; i++)
		TerminateBackgroundWorker(beside_workers[i]);
	beside_end();
}

/* Whether a session of a role can be had. */
static bool
may_log_in(Oid user)
{
#ifdef BGWORKER_BYPASS_ROLELOGINCHECK
	return true;
#else
	HeapTuple role = SearchSysCache1(AUTHOID, ObjectIdGetDatum(user));
	bool can_log_in;

	if (!HeapTupleIsValid(role))
		return false;
	can_log_in = ((Form_pg_authid)GETSTRUCT(role))->rolcanlogin;
	ReleaseSysCache(role);
	return can_log_in;
#endif
}

/*
 * Starts workers that run a command until it gives false, as sessions of the session's user,
 * with its role and settings.  Gives how many there are: fewer, or none, when the server has
 * no more.  Who started them calls beside_wait until none is left.
 */
int
beside_start(const char *name, const char *command, int workers)
{
	static bool is_registered = false;
	Size settings;
	Order *order;

	beside_end();
	/* a function with rights of its own has no session */
	if (workers <= 0 || GetUserId() != GetOuterUserId() || !may_log_in(GetSessionUserId()))
		return 0;
	if (!is_registered)
	{
		RegisterXactCallback(beside_abort, NULL);
		is_registered = true;
	}
	workers = Min(workers, max_worker_processes);
	settings = EstimateGUCStateSpace();
	beside_segment = new_order(name, command, GetSessionUserId(), settings);
	if (beside_segment == NULL)
		return 0;
	dsm_pin_mapping(beside_segment);
	beside_workers =
	    MemoryContextAlloc(TopMemoryContext, workers * sizeof(BackgroundWorkerHandle *));
	order = dsm_segment_address(beside_segment);
	order->role = GetCurrentRoleId();
	order->repeat = true;
	SerializeGUCState(settings, (char *)order + order->settings);
	while (beside_count < workers)
	{
		MemoryContext context = MemoryContextSwitchTo(TopMemoryContext);
		BackgroundWorkerHandle *worker = start_worker(beside_segment);

		MemoryContextSwitchTo(context);
		if (worker == NULL)
			break;
		beside_workers[beside_count++] = worker;
	}
	return beside_count;
}
