/*
 * bulk.c: writes the rows of a query, or of an array, into a table of the extension, as
 * COPY writes: many rows to a page at once, not one by one as INSERT does.
 *
 * The query runs with SPI, and its rows go to a receiver that routes them to the
 * partitions.  Only plain tables are written so.  Where anything is left for
 * INSERT to do (triggers, rules, row-level security, defaults, casts, foreign
 * tables, another storage), INSERT does it, so that what users add to a table
 * works, only slower.  A table distributed by Citus has a trigger, so it is left
 * to INSERT too.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/hio.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "bulk.h"
#include "bulk_index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "compat.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "storage/bufmgr.h"
#include "tcop/dest.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/partcache.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* Rows kept back: what fits the processor's cache, and some. */
#define MAX_ROWS 500
#define MAX_BYTES 65536

/* Partitions open at a time. */
#define MAX_PARTS 32

/* A table or a partition being filled. */
typedef struct BulkPart
{
	Relation relation;
	ResultRelInfo *result;
	BulkInsertState state;
	int *attributes;   /* for each column of the query, from 0 */
	ExprState *checks; /* all CHECK constraints as one */
	int nindexes;      /* whose keys are columns, and no more; -1 where others are among them */
	int nslots;
	int nrows; /* slots in use */
	TupleTableSlot *slots[MAX_ROWS];
} BulkPart;

typedef struct BulkReceiver
{
	DestReceiver dest; /* first */
	MemoryContext context;
	EState *estate;
	Relation root;
	PartitionDesc parts_desc; /* NULL when root is no partitioned table */
	int key; /* column of the query that tells the partition; -1 when it has none */
	BulkObserver observe;
	void *observe_arg;
	bool again; /* more will come from this process */

	int nparts;
	BulkPart *parts[MAX_PARTS];
	int nrows; /* kept back, in all parts */
	Size nbytes;

	BulkPart *last;  /* the part written last, and what belongs there */
	TimestampTz low; /* included */
	TimestampTz high;
} BulkReceiver;

/* The buffers of this process, for rows that come again and again. */
static BufferAccessStrategy ring = NULL;

/*
 * Whether rows can be written to a table without the help of INSERT, as far as its columns
 * say.  Whole rows have values of all columns, so that defaults do not matter.
 */
static bool
takes_columns(Relation relation, TupleDesc query, bool whole)
{
	TupleDesc desc = RelationGetDescr(relation);
	bool *given = palloc0(desc->natts * sizeof(bool));

	for (int i = 0; i < query->natts; i++)
	{
		Form_pg_attribute from = TupleDescAttr(query, i);
		AttrNumber attno = get_attnum(RelationGetRelid(relation), NameStr(from->attname));
		Form_pg_attribute to;

		if (attno <= 0 || given[attno - 1])
			return false;
		to = TupleDescAttr(desc, attno - 1);
		if (to->atttypid != from->atttypid ||
		    (to->atttypmod != -1 && to->atttypmod != from->atttypmod))
			return false;
		given[attno - 1] = true;
	}
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute to = TupleDescAttr(desc, i);

		if (!to->attisdropped &&
		    (to->attgenerated != '\0' || (!whole && (to->atthasdef || to->attidentity != '\0')) ||
		     (!given[i] && get_typtype(to->atttypid) == TYPTYPE_DOMAIN)))
			return false;
	}
	return true;
}

/* Whether a partition is a plain table, by its row in pg_class. */
static bool
is_plain(Oid relid)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class class;
	bool plain;

	if (!HeapTupleIsValid(tuple))
		return false;
	class = (Form_pg_class)GETSTRUCT(tuple);
	plain = class->relkind == RELKIND_RELATION && class->relam == HEAP_TABLE_AM_OID &&
	        !class->relhastriggers && !class->relhasrules;
	ReleaseSysCache(tuple);
	return plain;
}

/*
 * Whether no trigger looks at rows that are inserted, but for one whose work the observer
 * does; and where there must be just one that fires after all rows, whether there is.
 */
static bool
takes_triggers(Relation relation, const char *observed, const char *last)
{
	TriggerDesc *triggers = relation->trigdesc;
	bool found = observed == NULL;
	bool found_last = last == NULL;

	if (triggers == NULL)
		return found && found_last;
	if (observed == NULL || SessionReplicationRole != SESSION_REPLICATION_ROLE_ORIGIN ||
	    triggers->trig_insert_new_table)
		return false;
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger *trigger = &triggers->triggers[i];
		bool after_all = !TRIGGER_FOR_ROW(trigger->tgtype) && TRIGGER_FOR_AFTER(trigger->tgtype);

		if (!TRIGGER_FOR_INSERT(trigger->tgtype) || trigger->tgenabled == TRIGGER_DISABLED ||
		    trigger->tgenabled == TRIGGER_FIRES_ON_REPLICA || (after_all && last == NULL))
			continue;
		if (strcmp(trigger->tgname, after_all ? last : observed) != 0)
			return false;
		if (after_all)
			found_last = true;
		else
			found = true;
	}
	return found && found_last;
}

/* Whether a table can be written here, with rows of such columns. */
static bool
is_suitable(Relation root, PartitionDesc parts_desc, TupleDesc query, const char *observed,
            const char *last)
{
	if (!takes_triggers(root, observed, last) || root->rd_rules != NULL ||
	    root->rd_rel->relrowsecurity || root->rd_rel->relispartition ||
	    pg_class_aclcheck(RelationGetRelid(root), GetUserId(), ACL_INSERT) != ACLCHECK_OK ||
	    !takes_columns(root, query, root->rd_rel->reltype == query->tdtypeid))
		return false;
	if (parts_desc == NULL)
		return root->rd_rel->relkind == RELKIND_RELATION &&
		       root->rd_rel->relam == HEAP_TABLE_AM_OID;

	if (RelationGetPartitionKey(root)->strategy != PARTITION_STRATEGY_RANGE ||
	    RelationGetPartitionKey(root)->partnatts != 1 ||
	    RelationGetPartitionKey(root)->partattrs[0] == 0 ||
	    RelationGetPartitionKey(root)->parttypid[0] != TIMESTAMPTZOID)
		return false;
	if (parts_desc->nparts > 0 && parts_desc->boundinfo->default_index >= 0)
		return false;
	for (int i = 0; i < parts_desc->nparts; i++)
		if (!parts_desc->is_leaf[i] || !is_plain(parts_desc->oids[i]))
			return false;
	return true;
}

/* All CHECK constraints of a table as one expression, as taken apart it costs more; or NULL. */
static ExprState *
prepare_checks(EState *estate, Relation relation)
{
	TupleConstr *constraints = RelationGetDescr(relation)->constr;
	List *checks = NIL;

	for (int i = 0; constraints != NULL && i < constraints->num_check; i++)
		if (check_is_enforced(&constraints->check[i]))
			checks = lappend(checks, stringToNode(constraints->check[i].ccbin));
	if (checks == NIL)
		return NULL;
	return ExecPrepareExpr(
	    list_length(checks) == 1 ? linitial(checks) : makeBoolExpr(AND_EXPR, checks, -1), estate);
}

/* The number of a table's indexes, or -1 when one of them asks for more than columns. */
static int
count_indexes(ResultRelInfo *result)
{
	for (int i = 0; i < result->ri_NumIndices; i++)
	{
		IndexInfo *index = result->ri_IndexRelationInfo[i];

		if (index->ii_Expressions != NIL || index->ii_Predicate != NIL ||
		    index->ii_ExclusionOps != NULL || !index->ii_ReadyForInserts ||
		    !result->ri_IndexRelationDescs[i]->rd_index->indimmediate)
			return -1;
	}
	return result->ri_NumIndices;
}

/*
 * Has a part written in the buffers that the process wrote before.  Those of the last batch
 * are written to disk then, which they would be anyway, and memory that was never used is
 * not touched, which costs more than to fill it.
 */
static void
use_ring(BulkPart *part)
{
	if (ring == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		ring = GetAccessStrategy(BAS_BULKWRITE);
		MemoryContextSwitchTo(old);
	}
	FreeAccessStrategy(part->state->strategy);
	part->state->strategy = ring;
}

/* Opens a table or partition, with its indexes. */
static BulkPart *
open_part(BulkReceiver *receiver, Relation relation, TupleDesc query)
{
	MemoryContext old = MemoryContextSwitchTo(receiver->context);
	BulkPart *part = palloc0(sizeof(BulkPart));

	/* what was checked may have changed before the lock */
	if (relation != receiver->root &&
	    (relation->trigdesc != NULL || relation->rd_rel->relkind != RELKIND_RELATION))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("table \"%s\" was changed during the load",
		                       RelationGetRelationName(relation)),
		                errhint("Load the file again.")));
	part->relation = relation;
	part->result = makeNode(ResultRelInfo);
	InitResultRelInfo(part->result, relation, 0, NULL, 0);
	ExecOpenIndices(part->result, false);
	part->nindexes = count_indexes(part->result);
	part->checks = prepare_checks(receiver->estate, relation);
	part->state = GetBulkInsertState();
	if (receiver->again)
		use_ring(part);
	part->attributes = palloc(query->natts * sizeof(int));
	for (int i = 0; i < query->natts; i++)
		part->attributes[i] =
		    get_attnum(RelationGetRelid(relation), NameStr(TupleDescAttr(query, i)->attname)) - 1;
	MemoryContextSwitchTo(old);
	return part;
}

/* Raises the server's error for a row that breaks a constraint of the table. */
static void
check_constraints(BulkReceiver *receiver, BulkPart *part, TupleTableSlot *slot)
{
	TupleDesc desc = RelationGetDescr(part->relation);
	ExprContext *context = GetPerTupleExprContext(receiver->estate);
	bool good = true;

	slot_getallattrs(slot);
	if (desc->constr == NULL)
		return;
	for (int i = 0; desc->constr->has_not_null && i < desc->natts; i++)
		good &= !slot->tts_isnull[i] || !TupleDescAttr(desc, i)->attnotnull;
	context->ecxt_scantuple = slot;
	if (!good || !ExecCheck(part->checks, context))
		ExecConstraints(part->result, slot, receiver->estate);
}

/* Writes the rows that were kept back for a part. */
static void
flush_part(BulkReceiver *receiver, BulkPart *part)
{
	EState *estate = receiver->estate;
	MemoryContext old;

	CHECK_FOR_INTERRUPTS();
	if (part->nrows == 0)
		return;
	old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
	table_multi_insert(part->relation, part->slots, part->nrows, estate->es_output_cid, 0,
	                   part->state);
	/* index by index: what was read of one is at hand for the next row */
	for (int i = 0; i < part->nindexes; i++)
		bulk_index_insert(part->relation, part->result->ri_IndexRelationDescs[i],
		                  part->result->ri_IndexRelationInfo[i], part->slots, part->nrows);
	MemoryContextSwitchTo(old);
	for (int i = 0; i < part->nrows; i++)
	{
		if (part->nindexes < 0)
		{
			list_free(insert_index_tuples(part->result, part->slots[i], estate));
			ResetPerTupleExprContext(estate);
		}
		ExecClearTuple(part->slots[i]);
	}
	ResetPerTupleExprContext(estate);
	part->nrows = 0;
}

/* Writes all rows that were kept back. */
static void
flush(BulkReceiver *receiver)
{
	for (int i = 0; i < receiver->nparts; i++)
		flush_part(receiver, receiver->parts[i]);
	receiver->nrows = 0;
	receiver->nbytes = 0;
}

/* Writes what is left, and lets go of the parts; their locks stay. */
static void
close_parts(BulkReceiver *receiver)
{
	flush(receiver);
	for (int i = 0; i < receiver->nparts; i++)
	{
		BulkPart *part = receiver->parts[i];

		if (part->state->strategy == ring)
			part->state->strategy = NULL;
		FreeBulkInsertState(part->state);
		for (int j = 0; j < part->nslots; j++)
			ExecDropSingleTupleTableSlot(part->slots[j]);
		ExecCloseIndices(part->result);
		table_finish_bulk_insert(part->relation, 0);
		if (part->relation != receiver->root)
			table_close(part->relation, NoLock);
		pfree(part->attributes);
		pfree(part);
	}
	receiver->nparts = 0;
	receiver->last = NULL;
}

/* Raises the server's error for a row that belongs to no partition. */
static void
no_partition(BulkReceiver *receiver, Datum key, bool isnull)
{
	Oid relid = RelationGetRelid(receiver->root);

	ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
	                errmsg("no partition of relation \"%s\" found for row",
	                       RelationGetRelationName(receiver->root)),
	                errdetail("Partition key of the failing row contains (%s) = (%s).",
	                          pg_get_partkeydef_columns(relid, true),
	                          isnull ? "null"
	                                 : DatumGetCString(DirectFunctionCall1(timestamptz_out, key))),
	                errtable(receiver->root)));
}

/* The partition a row belongs to. */
static BulkPart *
find_part(BulkReceiver *receiver, TupleTableSlot *row)
{
	PartitionKey key = RelationGetPartitionKey(receiver->root);
	PartitionBoundInfo bounds = receiver->parts_desc->boundinfo;
	bool isnull = receiver->key < 0 || row->tts_isnull[receiver->key];
	Datum value = isnull ? (Datum)0 : row->tts_values[receiver->key];
	BulkPart *part = NULL;
	int offset;
	int place;
	bool equal;
	Oid relid;

	if (isnull || receiver->parts_desc->nparts == 0)
		no_partition(receiver, value, isnull);
	if (receiver->last != NULL && DatumGetTimestampTz(value) >= receiver->low &&
	    DatumGetTimestampTz(value) < receiver->high)
		return receiver->last;

	offset = partition_range_datum_bsearch(key->partsupfunc, key->partcollation, bounds, 1, &value,
	                                       &equal);
	place = bounds->indexes[offset + 1];
	if (place < 0)
		no_partition(receiver, value, isnull);
	relid = receiver->parts_desc->oids[place];
	for (int i = 0; i < receiver->nparts && part == NULL; i++)
		if (RelationGetRelid(receiver->parts[i]->relation) == relid)
			part = receiver->parts[i];
	if (part == NULL)
	{
		if (receiver->nparts == MAX_PARTS)
			close_parts(receiver);
		part = open_part(receiver, table_open(relid, RowExclusiveLock), row->tts_tupleDescriptor);
		receiver->parts[receiver->nparts++] = part;
	}

	/* the partition of a value ends at the bounds beside it, if they are values */
	receiver->last = part;
	receiver->low = offset >= 0 && bounds->kind[offset][0] == PARTITION_RANGE_DATUM_VALUE
	                    ? DatumGetTimestampTz(bounds->datums[offset][0])
	                    : DatumGetTimestampTz(value);
	receiver->high =
	    offset + 1 < bounds->ndatums && bounds->kind[offset + 1][0] == PARTITION_RANGE_DATUM_VALUE
	        ? DatumGetTimestampTz(bounds->datums[offset + 1][0])
	        : DatumGetTimestampTz(value);
	return part;
}

/* Begins: the server calls it with the columns of the query. */
static void
startup(DestReceiver *self, int operation, TupleDesc query)
{
	BulkReceiver *receiver = (BulkReceiver *)self;
	AttrNumber attno;

	receiver->estate->es_output_cid = GetCurrentCommandId(true);
	if (receiver->parts_desc == NULL)
	{
		receiver->parts[0] = receiver->last = open_part(receiver, receiver->root, query);
		receiver->nparts = 1;
		return;
	}
	attno = RelationGetPartitionKey(receiver->root)->partattrs[0];
	receiver->key = -1;
	for (int i = 0; i < query->natts; i++)
		if (get_attnum(RelationGetRelid(receiver->root),
		               NameStr(TupleDescAttr(query, i)->attname)) == attno)
			receiver->key = i;
}

/* The slot for the next row of a part. */
static TupleTableSlot *
next_slot(BulkReceiver *receiver, BulkPart *part)
{
	if (part->nrows == part->nslots)
	{
		MemoryContext old = MemoryContextSwitchTo(receiver->context);

		part->slots[part->nslots++] = table_slot_create(part->relation, NULL);
		MemoryContextSwitchTo(old);
	}
	return part->slots[part->nrows];
}

/* Counts a row that is kept back in the next slot of a part. */
static void
keep(BulkReceiver *receiver, BulkPart *part, Size size)
{
	part->nrows++;
	receiver->nbytes += size;
	if (++receiver->nrows == MAX_ROWS || receiver->nbytes >= MAX_BYTES)
		flush(receiver);
}

/* Takes a row of the query. */
static bool
receive(TupleTableSlot *row, DestReceiver *self)
{
	BulkReceiver *receiver = (BulkReceiver *)self;
	BulkPart *part;
	TupleTableSlot *slot;
	int natts = row->tts_tupleDescriptor->natts;
	bool should_free;

	slot_getallattrs(row);
	part = receiver->parts_desc != NULL ? find_part(receiver, row) : receiver->last;
	slot = next_slot(receiver, part);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts);
	for (int i = 0; i < natts; i++)
	{
		slot->tts_values[part->attributes[i]] = row->tts_values[i];
		slot->tts_isnull[part->attributes[i]] = row->tts_isnull[i];
	}
	ExecStoreVirtualTuple(slot);
	check_constraints(receiver, part, slot);
	if (receiver->observe != NULL)
		receiver->observe(receiver->observe_arg, row);

	/* a copy: the query's own row goes with the next one */
	keep(receiver, part, ExecFetchSlotHeapTuple(slot, true, &should_free)->t_len);
	return true;
}

/*
 * Takes a row of the table as it is, for all that a tuple of the table has it has too; false
 * where it must be taken apart.
 */
static bool
receive_whole(BulkReceiver *receiver, HeapTupleHeader row)
{
	BulkPart *part = receiver->last;
	TupleDesc desc = RelationGetDescr(part->relation);
	TupleTableSlot *slot = next_slot(receiver, part);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};

	/* one that was made before the table was altered is not */
	if (HeapTupleHeaderGetTypeId(row) != RelationGetForm(part->relation)->reltype ||
	    HeapTupleHeaderGetNatts(row) != desc->natts || HeapTupleHeaderHasExternal(row))
		return false;
	ItemPointerSetInvalid(&tuple.t_self);
	ExecForceStoreHeapTuple(&tuple, slot, false);
	check_constraints(receiver, part, slot);
	if (receiver->observe != NULL)
		receiver->observe(receiver->observe_arg, slot);
	keep(receiver, part, tuple.t_len);
	return true;
}

/* Ends, while the query still runs, so that the rows belong to its command. */
static void
shutdown(DestReceiver *self)
{
	close_parts((BulkReceiver *)self);
}

/* The receiver goes with its memory. */
static void
destroy(DestReceiver *self)
{
}

/* Makes the receiver ready for rows. */
static void
begin(BulkReceiver *receiver, BulkObserver observe, void *observe_arg)
{
	MemoryContext old;

	receiver->context = AllocSetContextCreate(CurrentMemoryContext, "cloudbilling bulk insert",
	                                          ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(receiver->context);
	receiver->estate = CreateExecutorState();
	MemoryContextSwitchTo(old);
	receiver->dest.receiveSlot = receive;
	receiver->dest.rStartup = startup;
	receiver->dest.rShutdown = shutdown;
	receiver->dest.rDestroy = destroy;
	receiver->dest.mydest = DestTransientRel; /* any but DestSPI, which SPI would look into */
	receiver->observe = observe;
	receiver->observe_arg = observe_arg;
}

/* Gives back what it took. */
static void
end(BulkReceiver *receiver)
{
	FreeExecutorState(receiver->estate);
	MemoryContextDelete(receiver->context);
}

/* Runs the query into the receiver. */
static void
execute(SPIPlanPtr plan, int nargs, Oid *types, Datum *args, BulkReceiver *receiver)
{
	SPIExecuteOptions options = {0};

	options.params = makeParamList(nargs);
	for (int i = 0; i < nargs; i++)
	{
		options.params->params[i].value = args[i];
		options.params->params[i].isnull = false;
		options.params->params[i].pflags = PARAM_FLAG_CONST;
		options.params->params[i].ptype = types[i];
	}
	options.dest = &receiver->dest;
	if (SPI_execute_plan_extended(plan, &options) != SPI_OK_SELECT)
		elog(ERROR, "query of a bulk insert failed: %s", SPI_result_code_string(SPI_result));
}

/* Runs INSERT, for what is not written here. */
static uint64
insert(const char *table, const char *query, TupleDesc desc, int nargs, Oid *types, Datum *args)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO cloudbilling.%s (", quote_identifier(table));
	for (int i = 0; i < desc->natts; i++)
		appendStringInfo(&sql, "%s%s", i > 0 ? ", " : "",
		                 quote_identifier(NameStr(TupleDescAttr(desc, i)->attname)));
	appendStringInfo(&sql, ") %s", query);
	if (SPI_execute_with_args(sql.data, nargs, types, args, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "INSERT failed: %s", SPI_result_code_string(SPI_result));
	return SPI_processed;
}

/*
 * Writes the rows of a query into a table of the extension, each value into the
 * column of the same name, and gives their number.  The observer, if any, sees
 * the rows unless INSERT wrote them.
 */
uint64
bulk_insert(const char *table, const char *query, int nargs, Oid *types, Datum *args,
            BulkObserver observe, void *observe_arg, bool *observed)
{
	SPIPlanPtr plan = SPI_prepare(query, nargs, types);
	BulkReceiver receiver = {0};
	TupleDesc desc;
	uint64 rows;

	if (plan == NULL)
		elog(ERROR, "could not prepare a bulk insert: %s", SPI_result_code_string(SPI_result));
	desc = ((CachedPlanSource *)linitial(SPI_plan_get_plan_sources(plan)))->resultDesc;

	receiver.root =
	    table_openrv(makeRangeVar("cloudbilling", pstrdup(table), -1), RowExclusiveLock);
	if (receiver.root->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		receiver.parts_desc = RelationGetPartitionDesc(receiver.root, !IsolationUsesXactSnapshot());
	*observed = is_suitable(receiver.root, receiver.parts_desc, desc, NULL, NULL);
	if (*observed)
	{
		begin(&receiver, observe, observe_arg);
		execute(plan, nargs, types, args, &receiver);
		rows = SPI_processed;
		end(&receiver);
	}
	else
		rows = insert(table, query, desc, nargs, types, args);
	table_close(receiver.root, NoLock);
	SPI_freeplan(plan);
	return rows;
}

/*
 * Writes rows of a table into it, and fires its triggers that fire after all rows; false, and
 * nothing is written, where INSERT has to do that.  The observer sees each row, in place of
 * the only trigger that may look at them; last, if given, is the only one after all rows.
 */
bool
bulk_insert_rows(const char *table, RowArray *rows, const char *trigger, const char *last,
                 BulkObserver observe)
{
	BulkReceiver receiver = {0};
	bool suitable;

	receiver.root =
	    table_openrv(makeRangeVar("cloudbilling", pstrdup(table), -1), RowExclusiveLock);
	suitable = receiver.root->rd_rel->reltype == rows->desc->tdtypeid &&
	           is_suitable(receiver.root, NULL, rows->desc, trigger, last);
	if (suitable)
	{
		begin(&receiver, observe, receiver.root);
		receiver.again = true;
		AfterTriggerBeginQuery();
		startup(&receiver.dest, CMD_INSERT, rows->desc);
		for (int i = 0; i < rows->n; i++)
		{
			if (receive_whole(&receiver, rows->rows[i]))
				continue;
			row_array_read(rows, i);
			receive(rows->slot, &receiver.dest);
		}
		flush(&receiver);
		ExecASInsertTriggers(receiver.estate, receiver.last->result, NULL);
		shutdown(&receiver.dest);
		AfterTriggerEndQuery(receiver.estate);
		ExecCloseResultRelations(receiver.estate);
		end(&receiver);
	}
	table_close(receiver.root, NoLock);
	return suitable;
}
