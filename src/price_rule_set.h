/*
 * price_rule_set.h: all price rules of a query, packed into one value.
 *
 * Rules are sorted by the nodes of the two trees they stand on and then by rank,
 * and are known by their place in that order.  A set is made by the aggregate
 * price_rule_set alone, so what is in it can be trusted.
 */
#ifndef CLOUDBILLING_PRICE_RULE_SET_H
#define CLOUDBILLING_PRICE_RULE_SET_H

#include "compat.h"
#include "currency.h"
#include "fmgr.h"
#include "pricing.h"
#include "selector.h"
#include "utils/array.h"
#include "utils/date.h"

#define PRICE_RULE_SET_VERSION 2

/* In the order of the phases; what is included is priced before all else. */
typedef enum RuleEffect
{
	EFFECT_INCLUDE,
	EFFECT_SET,
	EFFECT_ADJUST,
	EFFECT_ADD,
	EFFECT_LIMIT,
	EFFECT_TRUE_UP,
	EFFECT_CREDIT,
	EFFECT_ROUND, /* goes before all others, and makes no line */
	EFFECTS
} RuleEffect;

/* The costs come in the order of their columns. */
typedef enum RuleMeasure
{
	MEASURE_BILLED_COST,
	MEASURE_EFFECTIVE_COST,
	MEASURE_LIST_COST,
	MEASURE_CONTRACTED_COST,
	MEASURE_QUANTITY,
	MEASURE_AMOUNT,
	MEASURE_DEAREST, /* the amount of the price rule that amounts to most */
	MEASURE_EVENTS,
	MEASURE_RESOURCES,
	MEASURE_PEAK,
	MEASURE_LATEST,
	MEASURE_WEIGHTED,
	MEASURE_P95,
	MEASURES
} RuleMeasure;

#define COSTS 4

typedef enum RulePer
{
	PER_SCOPE,
	PER_ACCOUNT,
	PER_SKU,
	PER_RESOURCE,
	PER_CHARGE,
	PER_TAG
} RulePer;

extern const char *const rule_effects[EFFECTS];

/* Offsets count from the start of the set; 0 is none. */
typedef struct Rule
{
	int32 price_rule_id;
	int32 customer_id; /* 0 is everyone */
	int32 product_id;
	int32 reseller_id; /* 0 is the seller */
	int32 specificity;
	int32 position;
	int32 continues;       /* place of the rule whose ladder it continues; -1 */
	int32 roll_over;       /* months */
	int32 included_months; /* until what is included is there anew; 0 is never */
	int32 uses;            /* months in which a credit is drawn on; 0 is any number */
	int32 time_window_id;  /* 0 is any time */
	DateADT valid_from;
	DateADT valid_until;
	uint8 effect;
	uint8 measure;
	uint8 per;
	bool skip_zero;
	bool has_selector;
	bool by_event; /* its pricing rates event by event */
	Currency currency;
	uint32 selectors; /* of all the customer's rules, compiled; their ids are places */
	uint32 pricing;
	uint32 tag_key;  /* a text */
	uint32 bundle;   /* a text */
	uint32 included; /* a numeric */
} Rule;

typedef struct RuleSet
{
	int32 vl_len_;
	int32 version;
	uint64 identity[2]; /* random: two sets with the same are the same */
	int32 nrules;
	int32 rounds; /* rules with effect round */
	Rule rule[FLEXIBLE_ARRAY_MEMBER];
} RuleSet;

/* What stands at an offset. */
static inline void *
rule_set_at(const RuleSet *set, uint32 offset)
{
	return offset == 0 ? NULL : (char *)set + offset;
}

static inline Pricing *
rule_pricing(const RuleSet *set, const Rule *rule)
{
	return rule_set_at(set, rule->pricing);
}

/* Is the measure a cost? */
static inline bool
measure_is_cost(uint8 measure)
{
	return measure < COSTS;
}

/* Is the measure what charges amount to? */
static inline bool
measure_is_amount(uint8 measure)
{
	return measure == MEASURE_AMOUNT || measure == MEASURE_DEAREST;
}

/* Is the measure in the unit of charges, so that the rule must name its currency? */
static inline bool
measure_is_quantity(uint8 measure)
{
	return !measure_is_cost(measure) && !measure_is_amount(measure);
}

/* Does it need the single charges in their order? */
static inline bool
measure_is_reading(uint8 measure)
{
	return measure >= MEASURE_PEAK;
}

extern RuleSet *rule_set_argument(Datum datum);
extern int rule_set_place(const RuleSet *set, int32 price_rule_id);

/* price_rule_match.c */
extern int int_array(ArrayType *array, int32 **ids);

#endif
