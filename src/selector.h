/*
 * selector.h: which records a rule means.
 *
 * A selector is a list of conditions, sorted by key, tag and operator, each on
 * one key with one operator; all must hold.  Equal selectors are equal bytes.
 */
#ifndef CLOUDBILLING_SELECTOR_H
#define CLOUDBILLING_SELECTOR_H

#include "definition.h"
#include "fmgr.h"

#define SELECTOR_VERSION 1
#define SELECTOR_MAX_CONDITIONS 1000

/* The operators, in the order of the canonical output. */
typedef enum SelectorOperator
{
	SELECTOR_EQUAL,  /* any of its values */
	SELECTOR_PREFIX, /* and so on: any of its values */
	SELECTOR_SUFFIX,
	SELECTOR_LIKE,
	SELECTOR_NOT, /* none of its values, or nothing there */
	SELECTOR_EXISTS,
	SELECTOR_MISSING, /* exists: false */
	SELECTOR_OPERATORS
} SelectorOperator;

/* A key, and the column of the record that it means. */
typedef struct SelectorKey
{
	const char *name;
	const char *column;
} SelectorKey;

/*
 * The last key of selectors stands for all of tags.KEY.  What follows are keys of
 * records that only allocation rules read.
 */
#define SELECTOR_KEYS 26
#define SELECTOR_TAGS (SELECTOR_KEYS - 1)
#define SELECTOR_SOURCE (SELECTOR_KEYS - 2)
#define SELECTOR_TAGS_PREFIX "tags."
#define RECORD_RESOURCE_TAGS (SELECTOR_KEYS + 1)
#define RECORD_KEYS (SELECTOR_KEYS + 6)

extern const SelectorKey selector_keys[RECORD_KEYS];

/* Whether a key stands for all tags of a kind, PREFIX.KEY. */
static inline bool
record_key_has_tags(int key)
{
	return key >= SELECTOR_TAGS && key <= RECORD_RESOURCE_TAGS;
}
extern const char *const selector_operators[SELECTOR_OPERATORS];

typedef struct SelectorCondition
{
	uint8 key;
	uint8 op;
	uint16 unused;
	uint32 tag; /* where the KEY of tags.KEY is, a text; else 0 */
	uint32 nvalues;
	uint32 values; /* where the list is of where each value is, sorted */
} SelectorCondition;

/* On disk: this, the conditions, and then texts, each aligned on 4. */
typedef struct Selector
{
	int32 vl_len_;
	uint8 version;
	uint8 unused;
	uint16 nconditions;
	SelectorCondition condition[FLEXIBLE_ARRAY_MEMBER];
} Selector;

#define PG_GETARG_SELECTOR(n) DatumGetSelector(PG_GETARG_DATUM(n))
#define PG_RETURN_SELECTOR(x) PG_RETURN_POINTER(x)

extern void selector_refuse_version(const Selector *selector);

/* The selector in a datum; one that another release wrote has offsets to something else. */
static inline Selector *
DatumGetSelector(Datum datum)
{
	Selector *selector = (Selector *)PG_DETOAST_DATUM(datum);

	if (unlikely(selector->version != SELECTOR_VERSION))
		selector_refuse_version(selector);
	return selector;
}

/* The text at an offset. */
static inline text *
selector_text_at(const Selector *selector, uint32 offset)
{
	return (text *)((char *)selector + offset);
}

/* A value of a condition. */
static inline text *
selector_value(const Selector *selector, const SelectorCondition *condition, int index)
{
	const uint32 *offsets = (const uint32 *)((char *)selector + condition->values);

	return selector_text_at(selector, offsets[index]);
}

extern int selector_key_find(const char *name, int length, int keys);
extern Selector *selector_read(const Definition *def, Jsonb *json);
extern char *selector_text(const Selector *selector);

#endif
