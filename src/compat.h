/*
 * compat.h: the one place that knows server versions.
 */
#ifndef CLOUDBILLING_COMPAT_H
#define CLOUDBILLING_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "PostgreSQL 15 or later is required"
#endif

#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h" /* was part of postgres.h */
#else
#define ereturn(escontext, dummy, ...)                                                             \
	do                                                                                             \
	{                                                                                              \
		(void)(escontext);                                                                         \
		ereport(ERROR, __VA_ARGS__);                                                               \
		return dummy;                                                                              \
	} while (0)
#define DirectInputFunctionCallSafe(func, str, typioparam, typmod, escontext, result)              \
	((void)(escontext),                                                                            \
	 *(result) = DirectFunctionCall3(func, CStringGetDatum(str), ObjectIdGetDatum(typioparam),     \
	                                 Int32GetDatum(typmod)),                                       \
	 true)
#endif

/* Whether this transaction has a lock, of just that mode; needs storage/lock.h. */
#if PG_VERSION_NUM >= 170000
#define lock_held_by_me(tag, mode) LockHeldByMe(tag, mode, false)
#else
#define lock_held_by_me(tag, mode) LockHeldByMe(tag, mode)
#endif

/* Whether rows are held to a constraint; needs access/tupdesc.h, utils/rel.h. */
#if PG_VERSION_NUM >= 180000
#define check_is_enforced(check) ((check)->ccenforced)
#define foreign_key_is_enforced(key) ((key)->conenforced)
#else
#define check_is_enforced(check) true
#define foreign_key_is_enforced(key) true
#endif

/* Whether pages of B-trees are known to be as this code takes them to be: looked at up to 18. */
#define btree_pages_are_known (PG_VERSION_NUM < 190000)

/* Finds the leaf of a key in a B-tree, and locks it; needs access/nbtree.h. */
#if PG_VERSION_NUM >= 170000
#define btree_search(index, table, key, leaf) _bt_search(index, table, key, leaf, BT_WRITE)
#elif PG_VERSION_NUM >= 160000
#define btree_search(index, table, key, leaf) _bt_search(index, table, key, leaf, BT_WRITE, NULL)
#else
#define btree_search(index, table, key, leaf) _bt_search(index, key, leaf, BT_WRITE, NULL)
#endif

/* Adds the index entries of a new row; needs executor/executor.h. */
#if PG_VERSION_NUM >= 160000
#define insert_index_tuples(result, slot, estate)                                                  \
	ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL, false)
#else
#define insert_index_tuples(result, slot, estate)                                                  \
	ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL)
#endif

#endif
