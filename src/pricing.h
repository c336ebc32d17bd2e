/*
 * pricing.h: how a quantity becomes an amount.
 *
 * Every model is a ladder of tiers: per_unit, package, percentage and flat have
 * one.  Percentages are kept as factors (2.5 % as 0.025), numbers without
 * trailing zeros, so that equal pricings are equal bytes.
 */
#ifndef CLOUDBILLING_PRICING_H
#define CLOUDBILLING_PRICING_H

#include "fmgr.h"
#include "utils/numeric.h"

#define PRICING_VERSION 1
#define PRICING_MAX_TIERS 1000

typedef enum PricingModel
{
	PRICING_PER_UNIT,
	PRICING_GRADUATED,
	PRICING_VOLUME,
	PRICING_PACKAGE,
	PRICING_PERCENTAGE,
	PRICING_GRADUATED_PERCENTAGE,
	PRICING_FLAT,
	PRICING_MODELS
} PricingModel;

typedef enum PricingRounding
{
	PRICING_UNROUNDED,
	PRICING_UP,
	PRICING_DOWN,
	PRICING_HALF_UP
} PricingRounding;

/* The numbers of a tier. */
typedef enum PricingTierNumber
{
	TIER_UP_TO,        /* inclusive, cumulative; the last tier has none */
	TIER_UNIT_PRICE,   /* or the rate, as a factor */
	TIER_FLAT_FEE,     /* once, when the tier is reached */
	TIER_PACKAGE_SIZE, /* unit_price is then for a started package */
	TIER_BASE,         /* derived: what all tiers before it amount to */
	TIER_NUMBERS
} PricingTierNumber;

/* The numbers of a pricing. */
typedef enum PricingOption
{
	OPTION_FREE_EVENTS,
	OPTION_FREE_AMOUNT,
	OPTION_MINIMUM_PER_EVENT,
	OPTION_MAXIMUM_PER_EVENT,
	OPTION_FREE_UNITS,
	OPTION_DIVIDE_BY,
	OPTION_MULTIPLY_BY,
	OPTION_FACTOR, /* derived: multiply_by, or 1 / divide_by where that is exact */
	OPTION_DISCOUNT,
	OPTION_MAXIMUM,
	OPTION_MINIMUM,
	OPTION_NUMBERS
} PricingOption;

/* A number's distance from the start of the pricing; 0 where it has none. */
typedef uint32 PricingOffset;

typedef struct PricingTier
{
	PricingOffset number[TIER_NUMBERS];
} PricingTier;

/* On disk: this, the tiers, and then the numbers, each a numeric aligned on 4. */
typedef struct Pricing
{
	int32 vl_len_;
	uint8 version;
	uint8 model;
	uint8 rounding; /* of the conversion */
	uint8 scale;    /* of that rounding */
	uint16 ntiers;
	uint16 unused;
	PricingOffset option[OPTION_NUMBERS];
	PricingTier tier[FLEXIBLE_ARRAY_MEMBER];
} Pricing;

#define PG_GETARG_PRICING(n) DatumGetPricing(PG_GETARG_DATUM(n))
#define PG_RETURN_PRICING(x) PG_RETURN_POINTER(x)

extern void pricing_refuse_version(const Pricing *pricing);

/* The pricing in a datum; one that another release wrote has offsets to something else. */
static inline Pricing *
DatumGetPricing(Datum datum)
{
	Pricing *pricing = (Pricing *)PG_DETOAST_DATUM(datum);

	if (unlikely(pricing->version != PRICING_VERSION))
		pricing_refuse_version(pricing);
	return pricing;
}

/* The number at an offset, or NULL. */
static inline Numeric
pricing_number(const Pricing *pricing, PricingOffset offset)
{
	return offset == 0 ? NULL : (Numeric)((char *)pricing + offset);
}

static inline Numeric
pricing_option(const Pricing *pricing, PricingOption option)
{
	return pricing_number(pricing, pricing->option[option]);
}

static inline Numeric
pricing_tier(const Pricing *pricing, int tier, PricingTierNumber number)
{
	return pricing_number(pricing, pricing->tier[tier].number[number]);
}

/* What rates events: how many there were, and their running amount. */
typedef struct PricingEvents
{
	int64 count;
	Numeric amount; /* NULL before the first */
} PricingEvents;

/* Takes the steps of a rate, for rate_steps(). */
typedef struct PricingStep
{
	const char *name;
	int tier; /* from 1; 0 for a step that is no tier */
	Numeric from;
	Numeric up_to;
	Numeric quantity;
	Numeric packages;
	Numeric unit_price;
	Numeric flat_fee;
	Numeric amount;
} PricingStep;

typedef void (*PricingStepTaker)(void *taker, const PricingStep *step);

typedef struct PricingSteps
{
	PricingStepTaker take;
	void *taker;
} PricingSteps;

extern bool pricing_rates_events(const Pricing *pricing);
extern bool pricing_orders_events(const Pricing *pricing);
extern Numeric pricing_event(const Pricing *pricing, Numeric quantity, PricingEvents *events,
                             const PricingSteps *steps);
extern Numeric pricing_adjust(const Pricing *pricing, Numeric amount, const PricingSteps *steps);
extern Numeric pricing_rate(const Pricing *pricing, Numeric quantity, const PricingSteps *steps);
extern Numeric pricing_slice(Numeric quantity, Numeric unit_price, Numeric flat_fee,
                             Numeric package_size, Numeric *packages);
extern char *pricing_text(const Pricing *pricing);

#endif
