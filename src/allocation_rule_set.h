/*
 * allocation_rule_set.h: dimensions with their allocation rules and lookup lists,
 * packed into one value.
 *
 * Rules are sorted by customer, dimension and position.  A set is made by the
 * aggregate allocation_rule_set alone, so what is in it can be trusted; it is
 * never written to disk.
 */
#ifndef CLOUDBILLING_ALLOCATION_RULE_SET_H
#define CLOUDBILLING_ALLOCATION_RULE_SET_H

#include "compat.h"
#include "fmgr.h"
#include "selector.h"
#include "utils/date.h"

#define ALLOCATION_RULE_SET_VERSION 1

/* The case that values which were read are put in. */
typedef enum AllocationFold
{
	FOLD_NONE,
	FOLD_LOWER,
	FOLD_UPPER,
	FOLDS
} AllocationFold;

typedef struct AllocationDimension
{
	int32 dimension_id;
	int32 customer_id; /* 0 is the seller's */
} AllocationDimension;

/* Where a value is read from: a key, or one tag. */
typedef struct AllocationKey
{
	int32 key;
	uint32 tag; /* where the KEY of tags.KEY is, a text; else 0 */
} AllocationKey;

typedef struct AllocationRule
{
	int32 allocation_rule_id;
	int32 dimension;   /* its place */
	int32 customer_id; /* 0 is everyone */
	int32 position;
	DateADT valid_from;
	DateADT valid_until;
	int32 fold;
	int32 lookup; /* number of the list; -1 is none */
	uint32 value; /* a text; 0 where it is read */
	int32 nkeys;
	uint32 keys;
	uint32 selectors; /* of all the customer's rules, compiled; their ids are places */
} AllocationRule;

/* A spelling of a list; in a hash table of all lists. */
typedef struct AllocationSpelling
{
	uint32 hash;
	int32 lookup;
	uint32 spelling; /* texts */
	uint32 value;
	int32 next; /* of the same bucket; -1 is none */
} AllocationSpelling;

/* The head of a set; offsets are from its start, 0 is none. */
typedef struct AllocationRuleSet
{
	int32 vl_len_;
	int32 version;
	int32 ndimensions;
	int32 nrules;
	uint32 nbuckets; /* a power of two; 0 when there are no lists */
	uint32 dimensions;
	uint32 rules;
	uint32 buckets; /* first spelling of each; -1 is none */
	uint32 spellings;
	uint32 unused;
} AllocationRuleSet;

/* What stands at an offset. */
static inline void *
allocation_set_at(const AllocationRuleSet *set, uint32 offset)
{
	return (char *)set + offset;
}

/* The value of a dimension that an item has on some days. */
typedef struct AllocationValue
{
	int32 dimension_id;
	int32 allocation_rule_id; /* 0 where no rule gives one */
	DateADT from;
	DateADT until;
	int32 length; /* of the value, which follows; -1 is NULL */
	char value[FLEXIBLE_ARRAY_MEMBER];
} AllocationValue;

/* All values of an item, by dimension: a value of a query, never of a table. */
typedef struct AllocationValues
{
	int32 vl_len_;
	int32 version;
	char data[FLEXIBLE_ARRAY_MEMBER];
} AllocationValues;

/* The first value, and the one after another; NULL at the end. */
static inline AllocationValue *
allocation_value_at(const AllocationValues *values, Size offset)
{
	return offset < VARSIZE(values) ? (AllocationValue *)((char *)values + offset) : NULL;
}

#define ALLOCATION_VALUES_FIRST offsetof(AllocationValues, data)

static inline Size
allocation_value_size(int32 length)
{
	return INTALIGN(offsetof(AllocationValue, value) + Max(length, 0));
}

static inline AllocationValue *
allocation_value_next(const AllocationValues *values, const AllocationValue *value)
{
	return allocation_value_at(values, (const char *)value - (const char *)values +
	                                       allocation_value_size(value->length));
}

extern AllocationRuleSet *allocation_set_argument(Datum datum);
extern AllocationValues *allocation_values_argument(Datum datum);
extern uint32 allocation_spelling_hash(int lookup, const char *data, int length);

#endif
