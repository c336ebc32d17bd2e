/*
 * pricing_rate.c: the amount of a quantity, exactly, and its steps.
 *
 * Order: conversion and its rounding, free units, price, discount, maximum,
 * minimum.  Nothing is divided, so nothing is lost: the result has the natural
 * scale of its products and sums.
 */
#include "postgres.h"

#include "compat.h"
#include "number.h"
#include "pricing.h"
#include "utils/memutils.h"

/* Zero, made once a session. */
static Numeric
zero(void)
{
	static Numeric value = NULL;

	if (value == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		value = number_literal(0, 0);
		MemoryContextSwitchTo(old);
	}
	return value;
}

/* The sign of a number: -1, 0 or 1. */
static int
sign(Numeric number)
{
	return number_cmp(number, zero());
}

/* Refuses NaN and the infinities. */
static void
check_quantity(Numeric quantity)
{
	if (numeric_is_nan(quantity) || numeric_is_inf(quantity))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("a quantity to rate must be a finite number")));
}

/* Hands over a step, where steps are wanted. */
static void
take(const PricingSteps *steps, PricingStep step)
{
	if (steps)
		steps->take(steps->taker, &step);
}

/* The number of started packages; of a negative quantity, rounded toward zero. */
static Numeric
started_packages(Numeric quantity, Numeric package_size)
{
	Numeric packages = number_quotient(quantity, package_size);

	/* What was cut off a negative quantity leaves more than it, not less. */
	if (number_cmp(number_mul(packages, package_size), quantity) < 0)
		packages = number_add(packages, number_literal(1, 0));
	return packages;
}

/*
 * The amount of a quantity at one price.  There may be no price (flat), no fee
 * and no packages; packages, where wanted, gets their number.
 */
Numeric
pricing_slice(Numeric quantity, Numeric unit_price, Numeric flat_fee, Numeric package_size,
              Numeric *packages)
{
	if (package_size)
	{
		quantity = started_packages(quantity, package_size);
		if (packages)
			*packages = quantity;
	}
	if (unit_price == NULL)
		return number_add(flat_fee, zero());
	return flat_fee ? number_add(number_mul(quantity, unit_price), flat_fee)
	                : number_mul(quantity, unit_price);
}

/* Rounds to the scale of the conversion; "up" and "down" of a negative go toward zero. */
static Numeric
round_quantity(const Pricing *pricing, Numeric quantity)
{
	Datum number = NumericGetDatum(quantity);
	Datum scale = Int32GetDatum(pricing->scale);

	if (pricing->rounding == PRICING_HALF_UP)
		return DatumGetNumeric(DirectFunctionCall2(numeric_round, number, scale));
	number = DirectFunctionCall2(numeric_trunc, number, scale);
	if (pricing->rounding == PRICING_UP && number_cmp(DatumGetNumeric(number), quantity) < 0)
		return number_add(DatumGetNumeric(number), number_literal(1, pricing->scale));
	return DatumGetNumeric(number);
}

/*
 * The rounded quotient by a divisor that has no exact reciprocal: in whole
 * steps of 10^-scale, with the remainder compared instead of divided.
 */
static Numeric
round_quotient(const Pricing *pricing, Numeric quantity, Numeric divisor)
{
	Numeric step = number_literal(1, pricing->scale);
	Numeric size = number_mul(divisor, step);
	Numeric count = number_quotient(quantity, size);
	Numeric rest = number_sub(quantity, number_mul(count, size));

	if (pricing->rounding == PRICING_HALF_UP)
	{
		Numeric twice = number_add(rest, rest);

		if (number_cmp(twice, size) >= 0)
			count = number_add(count, number_literal(1, 0));
		else if (number_cmp(number_negate(twice), size) >= 0)
			count = number_sub(count, number_literal(1, 0));
	}
	else if (pricing->rounding == PRICING_UP && sign(rest) > 0)
		count = number_add(count, number_literal(1, 0));
	return number_mul(count, step);
}

/* The quantity in the units that are priced. */
static Numeric
convert(const Pricing *pricing, Numeric quantity)
{
	Numeric factor = pricing_option(pricing, OPTION_FACTOR);
	Numeric divisor = pricing_option(pricing, OPTION_DIVIDE_BY);

	if (factor == NULL)
		return divisor ? round_quotient(pricing, quantity, divisor) : quantity;
	quantity = number_mul(quantity, factor);
	/* The reciprocal of a large divisor would leave many trailing zeros. */
	return pricing->rounding == PRICING_UNROUNDED ? number_trim(quantity)
	                                              : round_quantity(pricing, quantity);
}

/* The tier that contains the quantity: the first whose bound is not below it. */
static int
tier_of(const Pricing *pricing, Numeric quantity)
{
	int low = 0;
	int high = pricing->ntiers - 1;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (number_cmp(quantity, pricing_tier(pricing, middle, TIER_UP_TO)) <= 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The amount of a quantity, or of a slice of it, in one tier; its flat fee only when due. */
static Numeric
price_in_tier(const Pricing *pricing, int tier, Numeric quantity, bool fee,
              const PricingSteps *steps)
{
	PricingStep step = {.name = "tier", .tier = tier + 1};

	step.quantity = quantity;
	step.unit_price = pricing_tier(pricing, tier, TIER_UNIT_PRICE);
	step.flat_fee = fee ? pricing_tier(pricing, tier, TIER_FLAT_FEE) : NULL;
	step.amount = pricing_slice(quantity, step.unit_price, step.flat_fee,
	                            pricing_tier(pricing, tier, TIER_PACKAGE_SIZE), &step.packages);
	if (steps)
	{
		step.from = tier > 0 ? pricing_tier(pricing, tier - 1, TIER_UP_TO) : zero();
		step.up_to = pricing_tier(pricing, tier, TIER_UP_TO);
		take(steps, step);
	}
	return step.amount;
}

/* The steps of all tiers below one. */
static void
take_tiers_below(const Pricing *pricing, int tier, const PricingSteps *steps)
{
	Numeric from = zero();

	for (int i = 0; i < tier; i++)
	{
		Numeric up_to = pricing_tier(pricing, i, TIER_UP_TO);

		price_in_tier(pricing, i, number_sub(up_to, from), true, steps);
		from = up_to;
	}
}

/* Climbs the ladder: each tier prices its own slice. */
static Numeric
climb(const Pricing *pricing, Numeric quantity, int tier, const PricingSteps *steps)
{
	if (tier == 0)
		return price_in_tier(pricing, 0, quantity, true, steps);
	if (steps)
		take_tiers_below(pricing, tier, steps);
	quantity = number_sub(quantity, pricing_tier(pricing, tier - 1, TIER_UP_TO));
	return number_add(pricing_tier(pricing, tier, TIER_BASE),
	                  price_in_tier(pricing, tier, quantity, true, steps));
}

/* Does the pricing rate event by event, rather than the total? */
bool
pricing_rates_events(const Pricing *pricing)
{
	return pricing->model == PRICING_PERCENTAGE &&
	       (pricing->tier[0].number[TIER_FLAT_FEE] != 0 || pricing_orders_events(pricing) ||
	        pricing->option[OPTION_MINIMUM_PER_EVENT] != 0 ||
	        pricing->option[OPTION_MAXIMUM_PER_EVENT] != 0);
}

/* Does an event's amount depend on the events before it? */
bool
pricing_orders_events(const Pricing *pricing)
{
	return pricing->option[OPTION_FREE_EVENTS] != 0 || pricing->option[OPTION_FREE_AMOUNT] != 0;
}

/* What an amount has above a limit. */
static Numeric
above(Numeric amount, Numeric limit)
{
	return number_cmp(amount, limit) > 0 ? number_sub(amount, limit) : zero();
}

/*
 * The part of an event that is not free, and counts the event.  A refund takes
 * back only what was not free.
 */
static Numeric
charged_part(const Pricing *pricing, Numeric quantity, PricingEvents *events)
{
	Numeric free_events = pricing_option(pricing, OPTION_FREE_EVENTS);
	Numeric free_amount = pricing_option(pricing, OPTION_FREE_AMOUNT);
	Numeric before = events->amount ? events->amount : zero();
	Numeric after = number_add(before, quantity);

	events->count++;
	events->amount = after;
	if (free_events == NULL && free_amount == NULL)
		return quantity;
	if (free_events && number_cmp(int64_to_numeric(events->count), free_events) > 0)
		return quantity;
	return free_amount ? number_sub(above(after, free_amount), above(before, free_amount)) : zero();
}

/* Raises or lowers an event's amount to a limit. */
static Numeric
clamp(Numeric amount, Numeric limit, const char *name, const PricingSteps *steps)
{
	PricingStep step = {.name = name};

	step.amount = number_sub(limit, amount);
	take(steps, step);
	return number_add(amount, step.amount);
}

/* The amount of one event of the model percentage. */
Numeric
pricing_event(const Pricing *pricing, Numeric quantity, PricingEvents *events,
              const PricingSteps *steps)
{
	Numeric minimum = pricing_option(pricing, OPTION_MINIMUM_PER_EVENT);
	Numeric maximum = pricing_option(pricing, OPTION_MAXIMUM_PER_EVENT);
	Numeric amount;

	check_quantity(quantity);
	quantity = convert(pricing, quantity);
	if (pricing_orders_events(pricing))
	{
		Numeric charged = charged_part(pricing, quantity, events);
		PricingStep step = {.name = "free"};

		step.quantity = number_sub(quantity, charged);
		step.amount = zero();
		if (sign(step.quantity) != 0)
			take(steps, step);
		quantity = charged;
	}
	if (sign(quantity) <= 0)
		return price_in_tier(pricing, 0, quantity, false, steps);
	amount = price_in_tier(pricing, 0, quantity, true, steps);
	if (maximum && number_cmp(amount, maximum) > 0)
		amount = clamp(amount, maximum, "maximum_per_event", steps);
	if (minimum && number_cmp(amount, minimum) < 0)
		amount = clamp(amount, minimum, "minimum_per_event", steps);
	return amount;
}

/* Prices the quantity that is left after conversion and free units. */
static Numeric
price(const Pricing *pricing, Numeric quantity, const PricingSteps *steps)
{
	int tier;

	/* A negative total is only corrections: the first price, and no fee. */
	if (pricing->model != PRICING_FLAT && sign(quantity) < 0)
		return price_in_tier(pricing, 0, quantity, false, steps);
	tier = tier_of(pricing, quantity);
	if (pricing->model == PRICING_VOLUME)
		return price_in_tier(pricing, tier, quantity, true, steps);
	return climb(pricing, quantity, tier, steps);
}

/* Discount, maximum and minimum of the amount of all. */
Numeric
pricing_adjust(const Pricing *pricing, Numeric amount, const PricingSteps *steps)
{
	Numeric discount = pricing_option(pricing, OPTION_DISCOUNT);
	Numeric maximum = pricing_option(pricing, OPTION_MAXIMUM);
	Numeric minimum = pricing_option(pricing, OPTION_MINIMUM);

	if (discount)
	{
		PricingStep step = {.name = "discount"};

		step.amount = number_negate(number_mul(amount, discount));
		take(steps, step);
		amount = number_add(amount, step.amount);
	}
	if (maximum && number_cmp(amount, maximum) > 0)
		amount = clamp(amount, maximum, "maximum", steps);
	if (minimum && number_cmp(amount, minimum) < 0)
		amount = clamp(amount, minimum, "minimum", steps);
	return amount;
}

/* The amount of a quantity. */
Numeric
pricing_rate(const Pricing *pricing, Numeric quantity, const PricingSteps *steps)
{
	Numeric free_units = pricing_option(pricing, OPTION_FREE_UNITS);
	Numeric amount;

	check_quantity(quantity);
	if (pricing_rates_events(pricing))
	{
		PricingEvents events = {0};

		amount = pricing_event(pricing, quantity, &events, steps);
		return pricing_adjust(pricing, amount, steps);
	}
	quantity = convert(pricing, quantity);
	if (free_units && sign(quantity) > 0)
	{
		PricingStep step = {.name = "free"};

		step.quantity = number_cmp(quantity, free_units) > 0 ? free_units : quantity;
		step.amount = zero();
		if (sign(step.quantity) > 0)
			take(steps, step);
		quantity = number_sub(quantity, step.quantity);
	}
	amount = price(pricing, quantity, steps);
	return pricing_adjust(pricing, amount, steps);
}
