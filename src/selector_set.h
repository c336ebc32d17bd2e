/*
 * selector_set.h: many selectors, matched with a record in one pass.
 *
 * A set is one value without pointers, hash table included: it may be the
 * constant of a query, go to parallel workers, and be a part of a larger value
 * that is aligned on 4.  It is never written to disk.
 */
#ifndef CLOUDBILLING_SELECTOR_SET_H
#define CLOUDBILLING_SELECTOR_SET_H

#include "access/htup.h"
#include "selector.h"

#define SELECTOR_SET_VERSION 1

/* A selector with the id that its caller gave it. */
typedef struct SelectorSetMember
{
	int32 id;
	int32 indexed;     /* its condition that the hash table is about; -1 is none */
	int32 nconditions; /* all of them */
	uint32 selector;   /* where it is */
	uint32 fields;     /* where the list is of the field of each condition */
} SelectorSetMember;

/* A key, or one tag, that some condition is on. */
typedef struct SelectorSetField
{
	int32 key;
	uint32 tag; /* where the KEY of tags.KEY is, a text; else 0 */
} SelectorSetField;

/* A value of a field, with the members that ask for it. */
typedef struct SelectorSetEntry
{
	uint32 hash;
	int32 field;
	uint32 value;   /* where it is, a text */
	uint32 members; /* where the list is of their places, ascending */
	int32 nmembers;
	int32 next; /* entry of the same bucket; -1 is none */
} SelectorSetEntry;

/* The head of a set; offsets are from its start. */
typedef struct SelectorSet
{
	int32 vl_len_;
	int32 version;
	int32 nmembers;
	int32 nfields;
	int32 nindexed;  /* of the fields, the first, which the hash table is about */
	uint32 keys;     /* bits of the keys that a record must have a column for */
	uint32 nbuckets; /* a power of two */
	int32 nalways;   /* members without equality: candidates for every record */
	uint32 members;
	uint32 fields;
	uint32 buckets; /* first entry of each; -1 is none */
	uint32 entries;
	uint32 always;
} SelectorSet;

#define DatumGetSelectorSet(x) ((SelectorSet *)PG_DETOAST_DATUM(x))
#define PG_GETARG_SELECTOR_SET(n) DatumGetSelectorSet(PG_GETARG_DATUM(n))

/* What a call site keeps from record to record; it may turn to another set at any time. */
typedef struct SelectorSite SelectorSite;

/* Something of a set by its offset. */
static inline void *
selector_set_at(const SelectorSet *set, uint32 offset)
{
	return (char *)set + offset;
}

/* The hash of a field's value. */
extern uint32 selector_set_hash(int field, const char *data, int length);

/* Packs selectors with their ids, in this order; a NULL selector holds for everything. */
extern Datum selector_set_build(int n, const int *ids, Selector **selectors);

/* Makes a call site, to be kept in fn_extra, in a context that lives as long. */
extern SelectorSite *selector_site_make(MemoryContext parent);

/*
 * The ids of all selectors that hold for a record, in the order in which they
 * were added; gives their number.  The list is good until the site's next call.
 */
extern int selector_set_match(SelectorSite *site, const SelectorSet *set, HeapTupleHeader record,
                              int **ids);

/* The id of the first selector that holds; false when none does. */
extern bool selector_set_first(SelectorSite *site, const SelectorSet *set, HeapTupleHeader record,
                               int *id);

#endif
