/*
 * invoice_references.c: the keys that inserted rows refer to, each once.
 *
 * The server checks a foreign key row by row; a statement that inserts the lines of
 * thousands of documents names the same customers, rules and products again and again.
 * A trigger on each row gathers the keys here, and one on the statement takes and checks
 * them all at once.
 *
 * Rows may be written ahead of their documents.  Then all is checked but the documents'
 * keys, which wait until it is said that the documents are there (by an INSERT of no rows,
 * whose trigger takes them).  As long as some wait the transaction cannot be committed.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "compat.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "int_array.h"
#include "invoice_references.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* Keys that are known again without a search: rows of a document follow each other, and
 * those of documents are about the same rules and products. */
#define LAST 256

/* The keys that one foreign key was given. */
typedef struct References
{
	Oid constraint;
	AttrNumber column;
	bool of_document; /* that the row is of */
	bool taken;
	HTAB *keys;
	int32 last[LAST]; /* keys that were gathered, each at the place of its last digits */
	bool has_last[LAST];
} References;

/* What the statements of a (sub)transaction gathered, and did not check yet. */
typedef struct Gathered
{
	struct Gathered *outer;
	SubTransactionId subtransaction;
	Oid relation;
	bool ahead; /* the keys of documents are taken later */
	bool waits; /* nothing else is left of it */
	MemoryContext context;
	MemoryContextCallback callback;
	int nreferences;
	References *references;
} Gathered;

static Gathered *gathered = NULL;

/* What was gathered goes with its (sub)transaction. */
static void
forget(void *of)
{
	Gathered **link = &gathered;

	while (*link != NULL && *link != of)
		link = &(*link)->outer;
	if (*link != NULL)
		*link = (*link)->outer;
}

/* Rows without documents are not committed, whatever was forgotten. */
static void
refuse_ahead(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE)
		return;
	for (Gathered *entry = gathered; entry != NULL; entry = entry->outer)
		if (entry->ahead)
			ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			                errmsg("rows were written ahead of their documents, which were not "
			                       "checked for since"),
			                errhint("SELECT cloudbilling.invoice_references_check(), in the same "
			                        "subtransaction.")));
}

/* Begins to gather for a relation. */
static void
begin(Relation relation, bool ahead)
{
	static bool registered = false;
	List *foreign = RelationGetFKeyList(relation);
	MemoryContext context = AllocSetContextCreate(CurTransactionContext, "keys of foreign keys",
	                                              ALLOCSET_DEFAULT_SIZES);
	Gathered *new = MemoryContextAllocZero(context, sizeof(Gathered));
	ListCell *cell;

	if (ahead && !registered)
	{
		RegisterXactCallback(refuse_ahead, NULL);
		registered = true;
	}
	new->ahead = ahead;
	new->outer = gathered;
	new->subtransaction = GetCurrentSubTransactionId();
	new->relation = RelationGetRelid(relation);
	new->context = context;
	new->references = MemoryContextAllocZero(context, list_length(foreign) * sizeof(References));
	foreach (cell, foreign)
	{
		ForeignKeyCacheInfo *key = lfirst(cell);
		References *references;
		HASHCTL control = {.keysize = sizeof(int32), .entrysize = sizeof(int32), .hcxt = context};

		/* others are left to the server, whose checks of them are not switched off */
		if (!foreign_key_is_enforced(key) || key->nkeys != 1 ||
		    TupleDescAttr(RelationGetDescr(relation), key->conkey[0] - 1)->atttypid != INT4OID)
			continue;
		references = &new->references[new->nreferences++];
		references->constraint = key->conoid;
		references->column = key->conkey[0];
		references->of_document =
		    namestrcmp(&TupleDescAttr(RelationGetDescr(relation), key->conkey[0] - 1)->attname,
		               "invoice_id") == 0;
		references->keys = hash_create("keys of a foreign key", 64, &control,
		                               HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	new->callback.func = forget;
	new->callback.arg = new;
	MemoryContextRegisterResetCallback(context, &new->callback);
	gathered = new;
}

/* Whether what was gathered last is of a relation, and of this subtransaction. */
static bool
is_current(Oid relation)
{
	return gathered != NULL && gathered->subtransaction == GetCurrentSubTransactionId() &&
	       gathered->relation == relation && !gathered->waits;
}

/* Gathers the keys of a row that is inserted into a relation. */
static void
gather(Relation relation, TupleTableSlot *row, bool ahead)
{
	if (!is_current(RelationGetRelid(relation)) || gathered->ahead != ahead)
		begin(relation, ahead);
	for (int i = 0; i < gathered->nreferences; i++)
	{
		References *references = &gathered->references[i];
		bool is_null;
		int32 key = DatumGetInt32(slot_getattr(row, references->column, &is_null));
		int place = (uint32)key % LAST;

		if (is_null || (references->has_last[place] && references->last[place] == key))
			continue;
		hash_search(references->keys, &key, HASH_ENTER, NULL);
		references->last[place] = key;
		references->has_last[place] = true;
	}
}

/* Gathers the keys of a row that is inserted into a relation. */
void
invoice_references_observe(void *arg, TupleTableSlot *row)
{
	gather(arg, row, false);
}

/* Gathers the keys of a row that is inserted ahead of its document. */
void
invoice_references_observe_ahead(void *arg, TupleTableSlot *row)
{
	gather(arg, row, true);
}

PG_FUNCTION_INFO_V1(invoice_references_gather);

/* The trigger on each row. */
Datum
invoice_references_gather(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *)fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
	    !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || !TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("invoice_references_gather must be called as a trigger before "
		                       "each row that is inserted")));
	invoice_references_observe(trigger->tg_relation, trigger->tg_trigslot);
	return PointerGetDatum(trigger->tg_trigtuple);
}

static int
compare(const void *a, const void *b)
{
	int32 x = *(const int32 *)a;
	int32 y = *(const int32 *)b;

	return x < y ? -1 : x > y ? 1 : 0;
}

/* The keys, in order, as an array. */
static ArrayType *
keys_array(HTAB *table)
{
	int n = hash_get_num_entries(table);
	int32 *keys;
	ArrayType *array = int_array_make(n, &keys);
	HASH_SEQ_STATUS status;
	int32 *entry;
	int i = 0;

	hash_seq_init(&status, table);
	while ((entry = hash_seq_search(&status)) != NULL)
		keys[i++] = *entry;
	qsort(keys, n, sizeof(int32), compare);
	return array;
}

PG_FUNCTION_INFO_V1(invoice_references_taken);

/*
 * What was gathered for a relation, by foreign key; it is forgotten by that, but for keys of
 * documents that are written later.
 */
Datum
invoice_references_taken(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *)fcinfo->resultinfo;
	Oid relation = PG_GETARG_OID(0);

	InitMaterializedSRF(fcinfo, 0);
	if (!is_current(relation))
		return (Datum)0;
	for (int i = 0; i < gathered->nreferences; i++)
	{
		References *references = &gathered->references[i];
		Datum values[2];
		bool nulls[2] = {false, false};

		if (references->taken || hash_get_num_entries(references->keys) == 0 ||
		    (gathered->ahead && references->of_document))
			continue;
		references->taken = true;
		values[0] = ObjectIdGetDatum(references->constraint);
		values[1] = PointerGetDatum(keys_array(references->keys));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	if (gathered->ahead)
		gathered->waits = true;
	else
		MemoryContextDelete(gathered->context);
	return (Datum)0;
}

/* Has what waits be taken next, one by one; NULL when nothing does. */
static Gathered *
resume(void)
{
	Gathered *entry = gathered;

	while (entry != NULL && !entry->waits)
		entry = entry->outer;
	if (entry == NULL)
		return NULL;
	/* else an error could be caught, and the rows stay */
	if (entry->subtransaction != GetCurrentSubTransactionId())
		ereport(ERROR, (errcode(ERRCODE_INVALID_TRANSACTION_STATE),
		                errmsg("rows were written ahead of their documents in another "
		                       "subtransaction")));
	forget(entry);
	entry->outer = gathered;
	gathered = entry;
	entry->ahead = entry->waits = false;
	return entry;
}

/* Whether something is there, and was not taken. */
static bool
is_gathered(const Gathered *sought)
{
	for (Gathered *entry = gathered; entry != NULL; entry = entry->outer)
		if (entry == sought)
			return true;
	return false;
}

PG_FUNCTION_INFO_V1(invoice_references_check);

/* Checks that all rows that were written ahead have documents now: by the tables' triggers. */
Datum
invoice_references_check(PG_FUNCTION_ARGS)
{
	Gathered *waiting;

	SPI_connect();
	while ((waiting = resume()) != NULL)
	{
		char *table =
		    quote_qualified_identifier(get_namespace_name(get_rel_namespace(waiting->relation)),
		                               get_rel_name(waiting->relation));

		if (SPI_execute(psprintf("INSERT INTO %s SELECT (NULL::%s).* WHERE false", table, table),
		                false, 0) != SPI_OK_INSERT ||
		    is_gathered(waiting))
			elog(ERROR, "documents of rows were not checked for");
	}
	SPI_finish();
	PG_RETURN_VOID();
}
