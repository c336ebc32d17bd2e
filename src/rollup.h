/*
 * rollup.h: sums of charges by day, made while the charges are written.
 */
#ifndef CLOUDBILLING_ROLLUP_H
#define CLOUDBILLING_ROLLUP_H

#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "utils/tuplestore.h"

typedef struct Rollup Rollup;

extern Rollup *rollup_begin(void);
extern void rollup_add_zone(Rollup *rollup, int id, const char *name);
extern void rollup_add(void *rollup, TupleTableSlot *charge);
extern Tuplestorestate *rollup_end(Rollup *rollup, TupleDesc *desc, int64 *rows, bool *partial);

#endif
