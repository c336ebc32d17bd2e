/*
 * pricing_keys.c: the keys of each model, in the order of the canonical output.
 */
#include "postgres.h"

#include "pricing_read.h"

#define LADDERS (MODEL_BIT(PRICING_GRADUATED) | MODEL_BIT(PRICING_VOLUME))
#define PERCENT_LADDER MODEL_BIT(PRICING_GRADUATED_PERCENTAGE)
#define PERCENTAGE MODEL_BIT(PRICING_PERCENTAGE)
#define PACKAGE MODEL_BIT(PRICING_PACKAGE)
#define ALL_MODELS (MODEL_BIT(PRICING_MODELS) - 1)
#define MEASURED (ALL_MODELS & ~MODEL_BIT(PRICING_FLAT))

const char *const pricing_models[PRICING_MODELS] = {
    "per_unit", "graduated", "volume", "package", "percentage", "graduated_percentage", "flat",
};

const char *const pricing_roundings[] = {NULL, "up", "down", "half_up", NULL};

const PricingKey pricing_single_keys[] = {
    {"unit_price", MODEL_BIT(PRICING_PER_UNIT), true, RULE_ANY, TIER_UNIT_PRICE},
    {"amount", MODEL_BIT(PRICING_FLAT), true, RULE_ANY, TIER_FLAT_FEE},
    {"package_size", PACKAGE, true, RULE_POSITIVE, TIER_PACKAGE_SIZE},
    {"package_price", PACKAGE, true, RULE_ANY, TIER_UNIT_PRICE},
    {"rate", PERCENTAGE, true, RULE_RATE, TIER_UNIT_PRICE},
    {"flat_fee", PERCENTAGE, false, RULE_ANY, TIER_FLAT_FEE},
    {NULL},
};

const PricingKey pricing_tier_keys[] = {
    {"up_to", LADDERS | PERCENT_LADDER, false, RULE_POSITIVE, TIER_UP_TO},
    {"unit_price", LADDERS, true, RULE_ANY, TIER_UNIT_PRICE},
    {"rate", PERCENT_LADDER, true, RULE_RATE, TIER_UNIT_PRICE},
    {"flat_fee", LADDERS | PERCENT_LADDER, false, RULE_ANY, TIER_FLAT_FEE},
    {"package_size", LADDERS, false, RULE_POSITIVE, TIER_PACKAGE_SIZE},
    {NULL},
};

const PricingKey pricing_option_keys[] = {
    {"free_events", PERCENTAGE, false, RULE_WHOLE, OPTION_FREE_EVENTS},
    {"free_amount", PERCENTAGE, false, RULE_NOT_NEGATIVE, OPTION_FREE_AMOUNT},
    {"minimum_per_event", PERCENTAGE, false, RULE_NOT_NEGATIVE, OPTION_MINIMUM_PER_EVENT},
    {"maximum_per_event", PERCENTAGE, false, RULE_NOT_NEGATIVE, OPTION_MAXIMUM_PER_EVENT},
    {"free_units", MEASURED, false, RULE_NOT_NEGATIVE, OPTION_FREE_UNITS},
    {"discount", ALL_MODELS, false, RULE_DISCOUNT, OPTION_DISCOUNT},
    {"maximum", ALL_MODELS, false, RULE_ANY, OPTION_MAXIMUM},
    {"minimum", ALL_MODELS, false, RULE_ANY, OPTION_MINIMUM},
    {NULL},
};

const PricingKey pricing_conversion_keys[] = {
    {"divide_by", MEASURED, false, RULE_POSITIVE, OPTION_DIVIDE_BY},
    {"multiply_by", MEASURED, false, RULE_POSITIVE, OPTION_MULTIPLY_BY},
    {NULL},
};

/* Does the model have tiers? */
bool
pricing_has_tiers(PricingModel model)
{
	return ((LADDERS | PERCENT_LADDER) & MODEL_BIT(model)) != 0;
}
