/*
 * bulk.h: writes the rows of a query into a table, many at a time.
 */
#ifndef CLOUDBILLING_BULK_H
#define CLOUDBILLING_BULK_H

#include "executor/tuptable.h"
#include "row_array.h"

/* Sees each row of the query that is about to be written. */
typedef void (*BulkObserver)(void *arg, TupleTableSlot *row);

extern uint64 bulk_insert(const char *table, const char *query, int nargs, Oid *types, Datum *args,
                          BulkObserver observe, void *observe_arg, bool *observed);
extern bool bulk_insert_rows(const char *table, RowArray *rows, const char *trigger,
                             const char *last, BulkObserver observe);

#endif
