/*
 * pricing_read.h: from JSON to a pricing.
 */
#ifndef CLOUDBILLING_PRICING_READ_H
#define CLOUDBILLING_PRICING_READ_H

#include "definition.h"
#include "pricing.h"

/* What a number has to be. */
typedef enum PricingRule
{
	RULE_ANY,
	RULE_POSITIVE,
	RULE_NOT_NEGATIVE,
	RULE_WHOLE,
	RULE_RATE,    /* a percentage, kept as a factor */
	RULE_DISCOUNT /* a percentage from 0 to 100, kept as a factor */
} PricingRule;

/* A key that holds a number: the models that have it, and where it goes. */
typedef struct PricingKey
{
	const char *name;
	int models; /* bits, by model */
	bool required;
	PricingRule rule;
	int number; /* PricingTierNumber or PricingOption */
} PricingKey;

#define MODEL_BIT(model) (1 << (model))

extern const char *const pricing_models[PRICING_MODELS];
extern const char *const pricing_roundings[];
extern const PricingKey pricing_single_keys[]; /* of the one tier of a model without tiers */
extern const PricingKey pricing_tier_keys[];
extern const PricingKey pricing_option_keys[];
extern const PricingKey pricing_conversion_keys[];

extern bool pricing_has_tiers(PricingModel model);
extern Pricing *pricing_read(const Definition *def, Jsonb *json);

#endif
