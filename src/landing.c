/*
 * landing.c: the COPY target.
 *
 * landing is a view with one column, so that COPY hands over raw lines whatever
 * the file's columns are.  Its row trigger collects records; its statement
 * triggers begin and store the load.  The state lives in the memory context of
 * the transaction, and goes with it when the COPY fails.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "common/pg_prng.h"
#include "compat.h"
#include "fmgr.h"
#include "landing.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* The load of the COPY that runs; only one can. */
static Landing *current = NULL;

/* Forgets the load when its memory goes, at the end or after an error. */
static void
forget(void *arg)
{
	if (current == arg)
		current = NULL;
}

/*
 * Checks that a function was called as the trigger it is for.  On a view of
 * somebody else's it would take the first column for text, and store a load for
 * who may not insert into landing.
 */
static TriggerData *
trigger_data(FunctionCallInfo fcinfo, const char *name)
{
	TriggerData *trigger = (TriggerData *)fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ||
	    strcmp(RelationGetRelationName(trigger->tg_relation), "landing") != 0 ||
	    RelationGetNamespace(trigger->tg_relation) != get_func_namespace(fcinfo->flinfo->fn_oid))
		ereport(ERROR,
		        (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		         errmsg("function %s can only be called as a trigger of the view landing", name)));
	return trigger;
}

PG_FUNCTION_INFO_V1(landing_begin);

/* Before the first line: makes the state of the load. */
Datum
landing_begin(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	MemoryContext old;
	MemoryContextCallback *callback;
	Landing *landing;

	TriggerData *trigger = trigger_data(fcinfo, "landing_begin");
	Datum nothing = (Datum)0;
	bool isnull = true;

	if (current != NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
		                errmsg("a load is already in progress in this session"),
		                errhint("End it before you start another.")));

	context = AllocSetContextCreate(CurTransactionContext, "cloudbilling landing",
	                                ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	landing = palloc0(sizeof(Landing));
	landing->view = RelationGetRelid(trigger->tg_relation);
	landing->context = context;
	landing->row =
	    AllocSetContextCreate(context, "cloudbilling landing row", ALLOCSET_DEFAULT_SIZES);
	landing->seed = pg_prng_uint64(&pg_global_prng_state);
	/* the library wants its state aligned to 64 bytes */
	landing->content = (XXH3_state_t *)TYPEALIGN(64, palloc(sizeof(XXH3_state_t) + 64));
	XXH3_128bits_reset(landing->content);
	csv_init(&landing->reader, ',');
	initStringInfo(&landing->ragged_row);

	landing->token = heap_form_tuple(RelationGetDescr(trigger->tg_relation), &nothing, &isnull);

	callback = palloc0(sizeof(MemoryContextCallback));
	callback->func = forget;
	callback->arg = landing;
	MemoryContextRegisterResetCallback(context, callback);
	MemoryContextSwitchTo(old);

	current = landing;
	PG_RETURN_POINTER(NULL);
}

/* Takes one line of the file. */
static void
add_line(Landing *landing, const char *line, int len)
{
	CsvReader *reader = &landing->reader;

	XXH3_128bits_update(landing->content, line, len);
	XXH3_128bits_update(landing->content, "\n", 1);

	if (!landing->recognised)
	{
		/* a byte order mark is no part of the first name */
		if (reader->line_no == 0 && len >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0)
		{
			line += 3;
			len -= 3;
		}
		if (!reader->open)
			reader->delimiter = csv_guess_delimiter(line, len);
		if (csv_add_line(reader, line, len) && !landing_add_preamble(landing))
		{
			landing_recognise(landing, reader->record, reader->record_len);
			landing_prepare(landing);
			landing->recognised = true;
		}
		return;
	}

	if (csv_add_line(reader, line, len))
		landing_add_record(landing);
}

PG_FUNCTION_INFO_V1(landing_line);

/* For each row of the COPY: takes its text, which may hold several lines. */
Datum
landing_line(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *)fcinfo->context;
	MemoryContext old;
	Datum value;
	bool isnull;
	text *line;
	const char *p;
	const char *end;

	if (current == NULL || !CALLED_AS_TRIGGER(fcinfo) ||
	    RelationGetRelid(trigger->tg_relation) != current->view)
	{
		(void)trigger_data(fcinfo, "landing_line");
		elog(ERROR, "landing_line called outside of a load");
	}
	value = heap_getattr(trigger->tg_trigtuple, 1, trigger->tg_relation->rd_att, &isnull);
	/* COPY gives an empty line as NULL */
	line = isnull ? cstring_to_text("") : DatumGetTextPP(value);
	p = VARDATA_ANY(line);
	end = p + VARSIZE_ANY_EXHDR(line);
	old = MemoryContextSwitchTo(current->row);
	for (;;)
	{
		const char *stop = memchr(p, '\n', end - p);

		CHECK_FOR_INTERRUPTS();
		add_line(current, p, (stop != NULL ? stop : end) - p);
		MemoryContextReset(current->row);
		if (stop == NULL || stop + 1 == end)
			break;
		p = stop + 1;
	}
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(current->token);
}

PG_FUNCTION_INFO_V1(landing_end);

/* After the last line: stores what was read. */
Datum
landing_end(PG_FUNCTION_ARGS)
{
	Landing *landing = current;
	MemoryContext old;

	(void)trigger_data(fcinfo, "landing_end");
	if (landing == NULL)
		elog(ERROR, "landing_end called outside of a load");
	if (!landing->recognised && !landing->reader.open)
		ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
		                landing->npreamble > 0 ? errmsg("the file ends before its header")
		                                       : errmsg("the file is empty"),
		                errhint("A file begins with a header line that names its columns.")));
	if (landing->reader.open)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_BAD_COPY_FILE_FORMAT), errmsg("the file ends inside a quoted value"),
		     errdetail("The record begins on line %d.", landing->reader.record_line_no),
		     errhint("The file was probably cut off: fetch it again. Nothing of it was loaded.")));

	old = MemoryContextSwitchTo(landing->context);
	landing_end_records(landing);
	landing_store(landing);
	MemoryContextSwitchTo(old);

	tuplestore_end(landing->items);
	tuplestore_end(landing->records);
	tuplestore_end(landing->rejects);
	MemoryContextDelete(landing->context);
	PG_RETURN_POINTER(NULL);
}
