/*
 * invoice_references.c: the keys that inserted rows refer to, each once.
 *
 * The server checks a foreign key row by row; a statement that inserts the lines of
 * thousands of documents names the same customers, rules and products again and again.
 * A trigger on each row gathers the keys here, and one on the statement takes and checks
 * them all at once.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "compat.h"
#include "fmgr.h"
#include "funcapi.h"
#include "invoice_references.h"
#include "utils/array.h"
#include "utils/hsearch.h"
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
	while (gathered != NULL && gathered != of)
		gathered = gathered->outer;
	if (gathered == of)
		gathered = gathered->outer;
}

/* Begins to gather for a relation. */
static void
begin(Relation relation)
{
	List *foreign = RelationGetFKeyList(relation);
	MemoryContext context = AllocSetContextCreate(CurTransactionContext, "keys of foreign keys",
	                                              ALLOCSET_DEFAULT_SIZES);
	Gathered *new = MemoryContextAllocZero(context, sizeof(Gathered));
	ListCell *cell;

	new->outer = gathered;
	new->subtransaction = GetCurrentSubTransactionId();
	new->relation = RelationGetRelid(relation);
	new->context = context;
	new->references = MemoryContextAllocZero(context, list_length(foreign) * sizeof(References));
	foreach (cell, foreign)
	{
		ForeignKeyCacheInfo *key = lfirst(cell);
		References *references = &new->references[new->nreferences++];
		HASHCTL control = {.keysize = sizeof(int32), .entrysize = sizeof(int32), .hcxt = context};

		if (key->nkeys != 1 ||
		    TupleDescAttr(RelationGetDescr(relation), key->conkey[0] - 1)->atttypid != INT4OID)
			elog(ERROR, "invoice_references checks foreign keys of one integer");
		references->constraint = key->conoid;
		references->column = key->conkey[0];
		references->keys = hash_create("keys of a foreign key", 64, &control,
		                               HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	new->callback.func = forget;
	new->callback.arg = new;
	MemoryContextRegisterResetCallback(context, &new->callback);
	gathered = new;
}

/* Gathers the keys of a row that is inserted into a relation. */
void
invoice_references_observe(void *arg, TupleTableSlot *row)
{
	Relation relation = arg;

	if (gathered == NULL || gathered->subtransaction != GetCurrentSubTransactionId() ||
	    gathered->relation != RelationGetRelid(relation))
		begin(relation);
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
	int32 *keys = palloc(Max(n, 1) * sizeof(int32));
	Datum *values = palloc(Max(n, 1) * sizeof(Datum));
	HASH_SEQ_STATUS status;
	int32 *entry;
	int i = 0;

	hash_seq_init(&status, table);
	while ((entry = hash_seq_search(&status)) != NULL)
		keys[i++] = *entry;
	qsort(keys, n, sizeof(int32), compare);
	for (i = 0; i < n; i++)
		values[i] = Int32GetDatum(keys[i]);
	return construct_array(values, n, INT4OID, sizeof(int32), true, TYPALIGN_INT);
}

PG_FUNCTION_INFO_V1(invoice_references_taken);

/* What was gathered for a relation, by foreign key; it is forgotten by that. */
Datum
invoice_references_taken(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *)fcinfo->resultinfo;
	Oid relation = PG_GETARG_OID(0);

	InitMaterializedSRF(fcinfo, 0);
	if (gathered == NULL || gathered->subtransaction != GetCurrentSubTransactionId() ||
	    gathered->relation != relation)
		return (Datum)0;
	for (int i = 0; i < gathered->nreferences; i++)
	{
		References *references = &gathered->references[i];
		Datum values[2];
		bool nulls[2] = {false, false};

		if (hash_get_num_entries(references->keys) == 0)
			continue;
		values[0] = ObjectIdGetDatum(references->constraint);
		values[1] = PointerGetDatum(keys_array(references->keys));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	MemoryContextDelete(gathered->context);
	return (Datum)0;
}
