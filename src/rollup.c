/*
 * rollup.c: sums charges by delivery, item and day of each time zone while a load
 * writes them, so that they need not be read again.
 *
 * It gives the rows that the SQL function rollup_make would give.  The groups are
 * kept in maintenance_work_mem, for this is maintenance as building an index is.
 * When it is full they are put out and begun anew: a group then comes in several
 * rows, and SQL adds them up.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "exact.h"
#include "local_day.h"
#include "miscadmin.h"
#include "rollup.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Groups for which memory is taken at a time; each fills whole lines of the processor's cache. */
#define CHUNK 1024
#define CACHE_LINE 64

/* Rows kept in memory before they go to a file, in kB: few, as in landing_record.c. */
#define SPILL_KB 1024

/* What is summed up, in the order of the columns of charge_daily. */
typedef enum RollupSum
{
	SUM_QUANTITY,
	SUM_BILLED_COST,
	SUM_EFFECTIVE_COST,
	SUM_LIST_COST,
	SUM_CONTRACTED_COST,
	NSUMS
} RollupSum;

typedef struct RollupKey
{
	int32 load_scope_id;
	int32 item_id;
	DateADT charge_on;
	int32 zone; /* from 0 */
} RollupKey;

typedef struct RollupGroup
{
	RollupKey key;
	int32 account_id;
	int32 seen; /* a bit for each sum that has a value */
	int64 charges;
	ExactSum sums[NSUMS];
} RollupGroup;

typedef struct RollupEntry
{
	RollupGroup *group;
	uint32 hash;
	char status;
} RollupEntry;

/* Spreads the keys. */
static inline uint32
hash_key(const RollupKey *key)
{
	uint64 a = (uint64)(uint32)key->load_scope_id << 32 | (uint32)key->item_id;
	uint64 b = (uint64)(uint32)key->charge_on << 32 | (uint32)key->zone;

	/* the high bits of a product are the mixed ones */
	a = (a ^ b * UINT64CONST(0xD6E8FEB86659FD93)) * UINT64CONST(0x9E3779B97F4A7C15);
	a = (a ^ a >> 32) * UINT64CONST(0xD6E8FEB86659FD93);
	return (uint32)(a >> 32);
}

#define SH_PREFIX group
#define SH_ELEMENT_TYPE RollupEntry
#define SH_KEY_TYPE RollupGroup *
#define SH_KEY group
#define SH_HASH_KEY(tb, k) hash_key(&(k)->key)
#define SH_EQUAL(tb, a, b) (memcmp(&(a)->key, &(b)->key, sizeof(RollupKey)) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A zone in whose days is summed. */
typedef struct RollupZone
{
	int id;
	LocalZone *zone;
} RollupZone;

/* The columns of charge that count, as places in the query; -1 where it has none. */
typedef struct RollupColumns
{
	int load_scope_id;
	int account_id;
	int item_id;
	int charge_period_start;
	int pricing_quantity;
	int consumed_quantity;
	int billed_cost;
	int effective_cost;
	int list_cost;
	int contracted_cost;
} RollupColumns;

struct Rollup
{
	MemoryContext context;
	MemoryContext groups;  /* emptied when full */
	MemoryContext scratch; /* as long as a call of the server's functions */
	int nzones;
	RollupZone *zones;
	bool bound;
	RollupColumns columns;
	struct group_hash *hash;
	RollupGroup *chunk;
	int left; /* in chunk */
	TupleDesc desc;
	Tuplestorestate *store;
	int64 rows;
	bool partial;
};

/* Makes room for groups. */
static void
begin_groups(Rollup *rollup)
{
	rollup->hash = group_create(rollup->groups, 1024, NULL);
	rollup->left = 0;
}

/* Begins, in the current memory context. */
Rollup *
rollup_begin(void)
{
	Rollup *rollup = palloc0(sizeof(Rollup));

	rollup->context = CurrentMemoryContext;
	rollup->groups =
	    AllocSetContextCreate(CurrentMemoryContext, "cloudbilling rollup", ALLOCSET_DEFAULT_SIZES);
	rollup->scratch = AllocSetContextCreate(CurrentMemoryContext, "cloudbilling rollup scratch",
	                                        ALLOCSET_SMALL_SIZES);
	rollup->desc = CreateTemplateTupleDesc(6 + NSUMS);
	TupleDescInitEntry(rollup->desc, 1, "load_scope_id", INT4OID, -1, 0);
	TupleDescInitEntry(rollup->desc, 2, "account_id", INT4OID, -1, 0);
	TupleDescInitEntry(rollup->desc, 3, "item_id", INT4OID, -1, 0);
	TupleDescInitEntry(rollup->desc, 4, "charge_on", DATEOID, -1, 0);
	TupleDescInitEntry(rollup->desc, 5, "time_zone_id", INT2OID, -1, 0);
	TupleDescInitEntry(rollup->desc, 6, "charges", INT4OID, -1, 0);
	TupleDescInitEntry(rollup->desc, 7, "quantity", NUMERICOID, -1, 0);
	TupleDescInitEntry(rollup->desc, 8, "billed_cost", NUMERICOID, -1, 0);
	TupleDescInitEntry(rollup->desc, 9, "effective_cost", NUMERICOID, -1, 0);
	TupleDescInitEntry(rollup->desc, 10, "list_cost", NUMERICOID, -1, 0);
	TupleDescInitEntry(rollup->desc, 11, "contracted_cost", NUMERICOID, -1, 0);
	rollup->store = tuplestore_begin_heap(false, false, SPILL_KB);
	begin_groups(rollup);
	return rollup;
}

/* Adds a time zone in whose days to sum. */
void
rollup_add_zone(Rollup *rollup, int id, const char *name)
{
	MemoryContext old = MemoryContextSwitchTo(rollup->context);

	rollup->zones = rollup->zones == NULL
	                    ? palloc(sizeof(RollupZone))
	                    : repalloc(rollup->zones, (rollup->nzones + 1) * sizeof(RollupZone));
	rollup->zones[rollup->nzones++] = (RollupZone){.id = id, .zone = local_zone_make(name)};
	MemoryContextSwitchTo(old);
}

/* The place of a column in the query. */
static int
column(TupleDesc query, const char *name)
{
	for (int i = 0; i < query->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(query, i)->attname), name) == 0)
			return i;
	return -1;
}

/* Finds the columns of the query. */
static void
bind(Rollup *rollup, TupleDesc query)
{
	rollup->columns = (RollupColumns){
	    .load_scope_id = column(query, "load_scope_id"),
	    .account_id = column(query, "account_id"),
	    .item_id = column(query, "item_id"),
	    .charge_period_start = column(query, "charge_period_start"),
	    .pricing_quantity = column(query, "pricing_quantity"),
	    .consumed_quantity = column(query, "consumed_quantity"),
	    .billed_cost = column(query, "billed_cost"),
	    .effective_cost = column(query, "effective_cost"),
	    .list_cost = column(query, "list_cost"),
	    .contracted_cost = column(query, "contracted_cost"),
	};
	rollup->bound = true;
}

/* Adds the value of a column, or of another one where that has none. */
static inline void
add(Rollup *rollup, RollupGroup *group, RollupSum which, TupleTableSlot *charge, int attribute,
    int other)
{
	if (attribute < 0 || charge->tts_isnull[attribute])
		attribute = other;
	if (attribute < 0 || charge->tts_isnull[attribute])
		return;
	group->seen |= 1 << which;
	exact_total_add(&group->sums[which], charge->tts_values[attribute], rollup->groups);
}

/* Orders groups as the index of charge_daily does, so that it is filled from left to right. */
static int
compare(const void *a, const void *b)
{
	const RollupGroup *x = *(RollupGroup *const *)a;
	const RollupGroup *y = *(RollupGroup *const *)b;

	if (x->key.load_scope_id != y->key.load_scope_id)
		return x->key.load_scope_id < y->key.load_scope_id ? -1 : 1;
	if (x->account_id != y->account_id)
		return x->account_id < y->account_id ? -1 : 1;
	if (x->key.charge_on != y->key.charge_on)
		return x->key.charge_on < y->key.charge_on ? -1 : 1;
	return 0;
}

/* Puts the groups out, and begins anew. */
static void
put_out(Rollup *rollup)
{
	RollupGroup **groups;
	MemoryContext old;
	group_iterator iterator;
	RollupEntry *entry;
	int n = 0;

	groups = MemoryContextAllocHuge(rollup->groups,
	                                Max(rollup->hash->members, 1) * sizeof(RollupGroup *));
	group_start_iterate(rollup->hash, &iterator);
	while ((entry = group_iterate(rollup->hash, &iterator)) != NULL)
		groups[n++] = entry->group;
	qsort(groups, n, sizeof(RollupGroup *), compare);

	old = MemoryContextSwitchTo(rollup->scratch);
	for (int i = 0; i < n; i++)
	{
		RollupGroup *group = groups[i];
		Datum values[6 + NSUMS];
		bool nulls[6 + NSUMS] = {false};

		CHECK_FOR_INTERRUPTS();
		if (group->charges > PG_INT32_MAX)
			ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			                errmsg("too many charges of one item on one day")));
		values[0] = Int32GetDatum(group->key.load_scope_id);
		values[1] = Int32GetDatum(group->account_id);
		values[2] = Int32GetDatum(group->key.item_id);
		values[3] = DateADTGetDatum(group->key.charge_on);
		values[4] = Int16GetDatum(rollup->zones[group->key.zone].id);
		values[5] = Int32GetDatum((int32)group->charges);
		for (int sum = 0; sum < NSUMS; sum++)
		{
			nulls[6 + sum] = (group->seen & 1 << sum) == 0;
			if (!nulls[6 + sum])
				values[6 + sum] = NumericGetDatum(exact_total_get(&group->sums[sum]));
		}
		tuplestore_putvalues(rollup->store, rollup->desc, values, nulls);
		MemoryContextReset(rollup->scratch);
	}
	MemoryContextSwitchTo(old);
	rollup->rows += n;
	MemoryContextReset(rollup->groups);
	begin_groups(rollup);
}

/* The group of a charge, a new one if there is none. */
static inline RollupGroup *
find_group(Rollup *rollup, RollupKey key, int32 account_id)
{
	RollupEntry *entry;
	bool found;

	if (unlikely(rollup->left == 0))
	{
		char *memory = MemoryContextAlloc(rollup->groups, CHUNK * sizeof(RollupGroup) + CACHE_LINE);

		StaticAssertStmt(sizeof(RollupGroup) % CACHE_LINE == 0, "a group does not fill its lines");
		rollup->chunk = (RollupGroup *)TYPEALIGN(CACHE_LINE, memory);
		rollup->left = CHUNK;
	}
	rollup->chunk->key = key;
	entry = group_insert(rollup->hash, rollup->chunk, &found);
	if (!found)
	{
		memset(&rollup->chunk->account_id, 0,
		       sizeof(RollupGroup) - offsetof(RollupGroup, account_id));
		rollup->chunk->account_id = account_id;
		rollup->chunk++;
		rollup->left--;
	}
	return entry->group;
}

/* Adds a charge. */
void
rollup_add(void *arg, TupleTableSlot *charge)
{
	Rollup *rollup = arg;
	const RollupColumns *columns = &rollup->columns;
	TimestampTz start;

	if (!rollup->bound)
		bind(rollup, charge->tts_tupleDescriptor);
	start = DatumGetTimestampTz(charge->tts_values[columns->charge_period_start]);

	/* room for the groups and for the table when it doubles */
	if (unlikely(rollup->left == 0) &&
	    MemoryContextMemAllocated(rollup->groups, true) +
	            (Size)rollup->hash->size * sizeof(RollupEntry) >
	        (Size)maintenance_work_mem * 1024 &&
	    rollup->hash->members > CHUNK)
	{
		put_out(rollup);
		rollup->partial = true;
	}

	for (int i = 0; i < rollup->nzones; i++)
	{
		RollupKey key = {
		    DatumGetInt32(charge->tts_values[columns->load_scope_id]),
		    DatumGetInt32(charge->tts_values[columns->item_id]),
		    local_day(rollup->zones[i].zone, start),
		    i,
		};
		RollupGroup *group =
		    find_group(rollup, key, DatumGetInt32(charge->tts_values[columns->account_id]));

		group->charges++;
		add(rollup, group, SUM_QUANTITY, charge, columns->pricing_quantity,
		    columns->consumed_quantity);
		add(rollup, group, SUM_BILLED_COST, charge, columns->billed_cost, -1);
		add(rollup, group, SUM_EFFECTIVE_COST, charge, columns->effective_cost,
		    columns->billed_cost);
		add(rollup, group, SUM_LIST_COST, charge, columns->list_cost, -1);
		add(rollup, group, SUM_CONTRACTED_COST, charge, columns->contracted_cost, -1);
	}
}

/* Gives the sums; partial when a group may come in several rows. */
Tuplestorestate *
rollup_end(Rollup *rollup, TupleDesc *desc, int64 *rows, bool *partial)
{
	MemoryContext old = MemoryContextSwitchTo(rollup->context);

	put_out(rollup);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(rollup->groups);
	MemoryContextDelete(rollup->scratch);
	*desc = rollup->desc;
	*rows = rollup->rows;
	*partial = rollup->partial;
	return rollup->store;
}
