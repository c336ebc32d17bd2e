/*
 * bulk_index.h: adds the entries of rows that were written together to an index.
 */
#ifndef CLOUDBILLING_BULK_INDEX_H
#define CLOUDBILLING_BULK_INDEX_H

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/relcache.h"

extern void bulk_index_insert(Relation table, Relation index, IndexInfo *info,
                              TupleTableSlot **rows, int n);

#endif
