/*
 * bulk_index.c: adds the entries of rows that were written together to an index.
 *
 * They are added in the order of the index, so that its pages are filled instead of halved.
 * For each, the server goes down from the root of a B-tree, and writes to the WAL, which took
 * two thirds of writing lines.  So entries that belong on one leaf are added to it together,
 * as one change of its page.  Only the plain case is done so: a key that is there already,
 * whatever became of its row, a full leaf, and one whose split is not finished are the
 * server's.
 *
 * Keys are as unique as the server's: whoever adds one has the leaf locked where alone it can
 * be, from looking for it until it is there.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/generic_xlog.h"
#include "access/itup.h"
#include "access/nbtree.h"
#include "bulk_index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/rel.h"

/* As many rows with one first key are worth looking for their leaf. */
#define MIN_RUN 8

/* The columns that a key begins with, as far as they are integers or dates in ascending order. */
typedef struct RowOrder
{
	int n;
	int columns[4];
} RowOrder;

/* Entries being added to a leaf of a B-tree. */
typedef struct LeafRun
{
	Relation table;
	Relation index;
	BTScanInsert key;      /* of the entry */
	Buffer leaf;           /* locked */
	Page page;             /* its page, or once something was added the copy that becomes it */
	GenericXLogState *log; /* has the copy */
	OffsetNumber next;     /* the place behind the last entry added */
} LeafRun;

static RowOrder
order_of(Relation table, Relation index, IndexInfo *info)
{
	RowOrder order = {0};

	for (int key = 0; key < info->ii_NumIndexKeyAttrs && order.n < lengthof(order.columns); key++)
	{
		int column = info->ii_IndexAttrNumbers[key] - 1;
		Oid type = TupleDescAttr(RelationGetDescr(table), column)->atttypid;

		if ((type != INT4OID && type != DATEOID) || index->rd_indoption[key] != 0)
			break;
		order.columns[order.n++] = column;
	}
	return order;
}

/* A column by which rows are ordered; NULLs are last. */
static int64
order_value(const TupleTableSlot *row, int column)
{
	return row->tts_isnull[column] ? PG_INT64_MAX : DatumGetInt32(row->tts_values[column]);
}

/* Orders rows by such columns. */
static int
compare_rows(const void *left, const void *right, void *arg)
{
	const RowOrder *order = arg;

	for (int i = 0; i < order->n; i++)
	{
		int64 x = order_value(*(TupleTableSlot *const *)left, order->columns[i]);
		int64 y = order_value(*(TupleTableSlot *const *)right, order->columns[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/* Makes what was added to the leaf a change of its page, and lets go of it. */
static void
end_run(LeafRun *run)
{
	if (run->log != NULL)
		GenericXLogFinish(run->log);
	if (BufferIsValid(run->leaf))
		_bt_relbuf(run->index, run->leaf);
	run->log = NULL;
	run->leaf = InvalidBuffer;
}

/* The key of an entry: that of the one before, with its values. */
static void
set_key(LeafRun *run, IndexTuple entry, const Datum *values, const bool *nulls)
{
	if (run->key == NULL)
		run->key = _bt_mkscankey(run->index, entry);
	for (int i = 0; i < run->key->keysz; i++)
	{
		ScanKey column = &run->key->scankeys[i];

		column->sk_argument = values[i];
		column->sk_flags = (column->sk_flags & ~SK_ISNULL) | (nulls[i] ? SK_ISNULL : 0);
	}
	/* the first leaf that has the key, whatever row it is of */
	run->key->scantid = NULL;
}

/* Finds the leaf of the key. */
static bool
begin_run(LeafRun *run)
{
	BTStack stack = btree_search(run->index, run->table, run->key, &run->leaf);
	BTPageOpaque opaque = BTPageGetOpaque(BufferGetPage(run->leaf));

	if (stack != NULL)
		_bt_freestack(stack);
	run->page = BufferGetPage(run->leaf);
	run->next = InvalidOffsetNumber;
	if (P_IGNORE(opaque) || P_INCOMPLETE_SPLIT(opaque))
		return false;
	/* nobody can look at the leaf from now on */
	CheckForSerializableConflictIn(run->index, NULL, BufferGetBlockNumber(run->leaf));
	return true;
}

/* Narrows down where the key belongs by an entry of the leaf; false when it is the same key. */
static bool
narrow(LeafRun *run, OffsetNumber probe, OffsetNumber *low, OffsetNumber *high)
{
	int32 order = _bt_compare(run->index, run->key, run->page, probe);

	if (order > 0)
		*low = OffsetNumberNext(probe);
	else
		*high = probe;
	return order != 0;
}

/*
 * The place on the leaf of a key that is not there yet, and could not be on any other;
 * InvalidOffsetNumber where that is not so.
 */
static OffsetNumber
find_place(LeafRun *run)
{
	BTPageOpaque opaque = BTPageGetOpaque(run->page);
	OffsetNumber first = P_FIRSTDATAKEY(opaque);
	OffsetNumber low = first;
	OffsetNumber high = OffsetNumberNext(PageGetMaxOffsetNumber(run->page));
	bool follows = run->next != InvalidOffsetNumber;

	if (!P_RIGHTMOST(opaque) && _bt_compare(run->index, run->key, run->page, P_HIKEY) >= 0)
		return InvalidOffsetNumber;
	/* mostly, it is behind the last one, and before what was behind that */
	if (follows && !narrow(run, OffsetNumberPrev(run->next), &low, &high))
		return InvalidOffsetNumber;
	if (low == run->next && low < high && !narrow(run, low, &low, &high))
		return InvalidOffsetNumber;
	while (low < high)
		if (!narrow(run, low + (high - low) / 2, &low, &high))
			return InvalidOffsetNumber;
	/* a key before all others may belong on the leaf before, unless it was searched for */
	return low == first && follows ? InvalidOffsetNumber : low;
}

/*
 * Adds an entry to the leaf of those before, or where more are expected to follow to another;
 * false where the server has to, and then no leaf is locked.
 */
static bool
add_to_run(LeafRun *run, Datum *values, bool *nulls, ItemPointer tid, bool more)
{
	OffsetNumber place = InvalidOffsetNumber;
	IndexTuple entry;
	Size size;

	if (!BufferIsValid(run->leaf) && !more)
		return false;
	entry = index_form_tuple(RelationGetDescr(run->index), values, nulls);
	entry->t_tid = *tid;
	size = MAXALIGN(IndexTupleSize(entry));
	set_key(run, entry, values, nulls);
	if (BufferIsValid(run->leaf))
		place = find_place(run);
	if (place == InvalidOffsetNumber)
	{
		end_run(run);
		if (more && begin_run(run))
			place = find_place(run);
	}
	/* the server has a limit of a third of a page, about */
	if (place == InvalidOffsetNumber || size > BLCKSZ / 8 || size > PageGetFreeSpace(run->page))
	{
		end_run(run);
		pfree(entry);
		return false;
	}
	if (run->log == NULL)
	{
		run->log = GenericXLogStart(run->index);
		run->page = GenericXLogRegisterBuffer(run->log, run->leaf, 0);
	}
	if (PageAddItem(run->page, (Item)entry, size, place, false, false) == InvalidOffsetNumber)
		elog(ERROR, "failed to add an entry to index \"%s\"", RelationGetRelationName(run->index));
	run->next = OffsetNumberNext(place);
	pfree(entry);
	return true;
}

/* Whether rows that follow in an order begin with the same key. */
static bool
is_followed(TupleTableSlot **rows, int n, const RowOrder *order)
{
	return n >= MIN_RUN && order_value(rows[0], order->columns[0]) ==
	                           order_value(rows[MIN_RUN - 1], order->columns[0]);
}

/* Adds the entries of new rows to an index whose keys are columns. */
void
bulk_index_insert(Relation table, Relation index, IndexInfo *info, TupleTableSlot **rows, int n)
{
	IndexUniqueCheck unique = info->ii_Unique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO;
	RowOrder order = order_of(table, index, info);
	LeafRun run = {.table = table, .index = index};
	bool in_runs = btree_pages_are_known && order.n > 0 && index->rd_rel->relam == BTREE_AM_OID;
	TupleTableSlot **ordered = palloc(n * sizeof(TupleTableSlot *));
	Datum values[INDEX_MAX_KEYS];
	bool nulls[INDEX_MAX_KEYS];

	for (int row = 0; row < n; row++)
	{
		ordered[row] = rows[row];
		slot_getallattrs(rows[row]);
	}
	if (order.n > 0)
		qsort_arg(ordered, n, sizeof(TupleTableSlot *), compare_rows, &order);
	for (int row = 0; row < n; row++)
	{
		TupleTableSlot *slot = ordered[row];

		for (int key = 0; key < info->ii_NumIndexAttrs; key++)
			values[key] = slot_getattr(slot, info->ii_IndexAttrNumbers[key], &nulls[key]);
		if (in_runs && add_to_run(&run, values, nulls, &slot->tts_tid,
		                          is_followed(ordered + row, n - row, &order)))
			continue;
		index_insert(index, values, nulls, &slot->tts_tid, table, unique, false, info);
	}
	end_run(&run);
}
