/*
 * pricing_steps.c: a price as rows, in the order in which they are applied.
 *
 * The columns are those of rate_steps() where it has them, so that a price and
 * what it made of a quantity can be laid side by side.
 */
#include "postgres.h"

#include "compat.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "number.h"
#include "pricing_read.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

/* The columns of the result. */
typedef enum PricingColumn
{
	COLUMN_MODEL,
	COLUMN_STEP,
	COLUMN_TIER,
	COLUMN_FROM_QUANTITY,
	COLUMN_UP_TO,
	COLUMN_UNIT_PRICE,
	COLUMN_FLAT_FEE,
	COLUMN_PACKAGE_SIZE,
	COLUMN_VALUE,
	COLUMN_DESCRIPTION,
	COLUMNS
} PricingColumn;

/* A row of an option: its name, and how it reads. */
typedef struct OptionRow
{
	PricingOption option;
	const char *name;
	const char *reads;
} OptionRow;

static const OptionRow before_tiers[] = {
    {OPTION_FREE_UNITS, "free_units", "the first %s free"},
    {OPTION_FREE_EVENTS, "free_events", "free up to event %s"},
    {OPTION_FREE_AMOUNT, "free_amount", "free up to an amount of %s"},
};

static const OptionRow after_tiers[] = {
    {OPTION_MAXIMUM_PER_EVENT, "maximum_per_event", "at most %s an event"},
    {OPTION_MINIMUM_PER_EVENT, "minimum_per_event", "at least %s an event"},
    {OPTION_DISCOUNT, "discount", "%s % off"},
    {OPTION_MAXIMUM, "maximum", "at most %s"},
    {OPTION_MINIMUM, "minimum", "at least %s"},
};

/* What is being shown, and the row that is being made. */
typedef struct Shower
{
	ReturnSetInfo *result;
	const Pricing *pricing;
	Datum values[COLUMNS];
	bool nulls[COLUMNS];
	StringInfoData description;
} Shower;

/* A number as text. */
static char *
number_text(Numeric number)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));
}

/* A factor as a percentage. */
static Numeric
percentage_of(Numeric factor)
{
	return number_trim(number_mul(factor, number_literal(100, 0)));
}

/* Sets a column of the row, if there is a number. */
static void
set_number(Shower *shower, PricingColumn column, Numeric number)
{
	shower->values[column] = NumericGetDatum(number);
	shower->nulls[column] = number == NULL;
}

/* Begins a row. */
static void
begin_row(Shower *shower, const char *step)
{
	memset(shower->nulls, true, sizeof(shower->nulls));
	shower->values[COLUMN_MODEL] = CStringGetTextDatum(pricing_models[shower->pricing->model]);
	shower->values[COLUMN_STEP] = CStringGetTextDatum(step);
	shower->nulls[COLUMN_MODEL] = false;
	shower->nulls[COLUMN_STEP] = false;
	resetStringInfo(&shower->description);
}

/* Ends a row: puts it into the result. */
static void
end_row(Shower *shower)
{
	shower->values[COLUMN_DESCRIPTION] = CStringGetTextDatum(shower->description.data);
	shower->nulls[COLUMN_DESCRIPTION] = false;
	tuplestore_putvalues(shower->result->setResult, shower->result->setDesc, shower->values,
	                     shower->nulls);
}

/* Shows an option, if the pricing has it. */
static void
show_option(Shower *shower, const OptionRow *row)
{
	Numeric value = pricing_option(shower->pricing, row->option);
	const char *place = strstr(row->reads, "%s");

	if (value == NULL)
		return;
	if (row->option == OPTION_DISCOUNT)
		value = percentage_of(value);
	begin_row(shower, row->name);
	set_number(shower, COLUMN_VALUE, value);
	appendBinaryStringInfo(&shower->description, row->reads, place - row->reads);
	appendStringInfoString(&shower->description, number_text(value));
	appendStringInfoString(&shower->description, place + 2);
	end_row(shower);
}

/* Shows the conversion and its rounding, if any. */
static void
show_conversion(Shower *shower)
{
	static const OptionRow conversions[] = {
	    {OPTION_DIVIDE_BY, "divide_by", "divided by %s"},
	    {OPTION_MULTIPLY_BY, "multiply_by", "multiplied by %s"},
	};
	static const char *const reads[] = {NULL, "up", "down", "half up"};
	const Pricing *pricing = shower->pricing;

	for (int i = 0; i < lengthof(conversions); i++)
		show_option(shower, &conversions[i]);
	if (pricing->rounding == PRICING_UNROUNDED)
		return;
	begin_row(shower, psprintf("round_%s", pricing_roundings[pricing->rounding]));
	set_number(shower, COLUMN_VALUE, number_literal(pricing->scale, 0));
	appendStringInfo(&shower->description, "rounded %s to ", reads[pricing->rounding]);
	if (pricing->scale == 0)
		appendStringInfoString(&shower->description, "a whole number");
	else
		appendStringInfo(&shower->description, "%d decimal%s", pricing->scale,
		                 pricing->scale == 1 ? "" : "s");
	end_row(shower);
}

/* Describes which part of the quantity a tier prices, where there are several. */
static void
describe_bounds(StringInfo buf, const Pricing *pricing, Numeric from, Numeric up_to, bool first)
{
	if (pricing->ntiers == 1)
		return;
	if (!first)
		appendStringInfo(buf, "above %s%s", number_text(from), up_to ? ", " : "");
	if (up_to)
		appendStringInfo(buf, "up to %s", number_text(up_to));
	/* Of volume, the whole quantity has this price, not a part of it. */
	appendStringInfoString(buf, pricing->model == PRICING_VOLUME ? " in all: " : ": ");
}

/* Describes the price of a tier. */
static void
describe_price(StringInfo buf, const Pricing *pricing, Numeric unit_price, Numeric flat_fee,
               Numeric package_size)
{
	bool events = pricing_rates_events(pricing);

	if (unit_price == NULL)
	{
		appendStringInfo(buf, "%s in all", number_text(flat_fee));
		return;
	}
	if (package_size)
		appendStringInfo(buf, "%s for each started %s", number_text(unit_price),
		                 number_text(package_size));
	else if (pricing->model == PRICING_PERCENTAGE || pricing->model == PRICING_GRADUATED_PERCENTAGE)
		appendStringInfo(buf, "%s %%%s", number_text(percentage_of(unit_price)),
		                 events ? " of each event" : "");
	else
		appendStringInfo(buf, "%s each", number_text(unit_price));
	if (flat_fee)
		appendStringInfo(buf, ", and %s %s", number_text(flat_fee), events ? "an event" : "once");
}

/* Shows a tier. */
static void
show_tier(Shower *shower, int tier)
{
	const Pricing *pricing = shower->pricing;
	Numeric up_to = pricing_tier(pricing, tier, TIER_UP_TO);
	Numeric unit_price = pricing_tier(pricing, tier, TIER_UNIT_PRICE);
	Numeric flat_fee = pricing_tier(pricing, tier, TIER_FLAT_FEE);
	Numeric package_size = pricing_tier(pricing, tier, TIER_PACKAGE_SIZE);
	Numeric from = tier > 0 ? pricing_tier(pricing, tier - 1, TIER_UP_TO) : number_literal(0, 0);

	begin_row(shower, "tier");
	shower->values[COLUMN_TIER] = Int32GetDatum(tier + 1);
	shower->nulls[COLUMN_TIER] = false;
	set_number(shower, COLUMN_FROM_QUANTITY, from);
	set_number(shower, COLUMN_UP_TO, up_to);
	set_number(shower, COLUMN_UNIT_PRICE, unit_price);
	set_number(shower, COLUMN_FLAT_FEE, flat_fee);
	set_number(shower, COLUMN_PACKAGE_SIZE, package_size);
	describe_bounds(&shower->description, pricing, from, up_to, tier == 0);
	describe_price(&shower->description, pricing, unit_price, flat_fee, package_size);
	end_row(shower);
}

/* A price as rows. */
PG_FUNCTION_INFO_V1(pricing_steps);
Datum
pricing_steps(PG_FUNCTION_ARGS)
{
	Shower shower = {.result = (ReturnSetInfo *)fcinfo->resultinfo,
	                 .pricing = PG_GETARG_PRICING(0)};

	InitMaterializedSRF(fcinfo, 0);
	initStringInfo(&shower.description);
	show_conversion(&shower);
	for (int i = 0; i < lengthof(before_tiers); i++)
		show_option(&shower, &before_tiers[i]);
	for (int i = 0; i < shower.pricing->ntiers; i++)
		show_tier(&shower, i);
	for (int i = 0; i < lengthof(after_tiers); i++)
		show_option(&shower, &after_tiers[i]);
	return (Datum)0;
}
