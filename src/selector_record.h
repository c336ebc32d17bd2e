/*
 * selector_record.h: what selectors read of a record.
 */
#ifndef CLOUDBILLING_SELECTOR_RECORD_H
#define CLOUDBILLING_SELECTOR_RECORD_H

#include "access/htup.h"
#include "selector.h"

/* A value of a record as text; data is NULL for one that is not there. */
typedef struct SelectorValue
{
	const char *data;
	int length;
	text *string; /* the same as a datum, or NULL until it is wanted */
} SelectorValue;

/* The record of a call, and what the call site knows of records of its type. */
typedef struct SelectorRecord SelectorRecord;

extern SelectorRecord *selector_record_make(MemoryContext parent);
extern void selector_record_begin(SelectorRecord *record, HeapTupleHeader header, bool whole);
extern void selector_record_need(SelectorRecord *record, int key);
extern SelectorValue selector_record_value(SelectorRecord *record, int key, text *tag);
extern SelectorValue selector_tag_value(Jsonb *tags, text *tag);
extern bool selector_holds(const Selector *selector, const SelectorCondition *condition,
                           SelectorValue *value);

#endif
