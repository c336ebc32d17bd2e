/*
 * invoice_references.h: the keys that inserted rows refer to, each once.
 */
#ifndef CLOUDBILLING_INVOICE_REFERENCES_H
#define CLOUDBILLING_INVOICE_REFERENCES_H

#include "executor/tuptable.h"

/* A BulkObserver, of the relation. */
extern void invoice_references_observe(void *relation, TupleTableSlot *row);

/* The same, of rows that are written ahead of their documents. */
extern void invoice_references_observe_ahead(void *relation, TupleTableSlot *row);

#endif
