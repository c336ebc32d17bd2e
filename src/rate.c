/*
 * rate.c: the amount of a quantity, and its steps, for SQL.
 */
#include "postgres.h"

#include "compat.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pricing.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#define STEP_COLUMNS 9

/* The amount of a quantity. */
PG_FUNCTION_INFO_V1(rate);
Datum
rate(PG_FUNCTION_ARGS)
{
	PG_RETURN_NUMERIC(pricing_rate(PG_GETARG_PRICING(1), PG_GETARG_NUMERIC(0), NULL));
}

/* Does the pricing rate event by event? */
PG_FUNCTION_INFO_V1(pricing_by_event);
Datum
pricing_by_event(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(pricing_rates_events(PG_GETARG_PRICING(0)));
}

/* Puts a step into the result. */
static void
put_step(void *taker, const PricingStep *step)
{
	ReturnSetInfo *result = taker;
	Numeric numbers[] = {step->from,     step->up_to,  step->quantity, step->unit_price,
	                     step->flat_fee, step->amount, step->packages};
	Datum values[STEP_COLUMNS];
	bool nulls[STEP_COLUMNS];

	values[0] = Int32GetDatum(step->tier);
	nulls[0] = step->tier == 0;
	for (int i = 0; i < lengthof(numbers); i++)
	{
		values[i + 1] = NumericGetDatum(numbers[i]);
		nulls[i + 1] = numbers[i] == NULL;
	}
	values[STEP_COLUMNS - 1] = CStringGetTextDatum(step->name);
	nulls[STEP_COLUMNS - 1] = false;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* The steps by which a quantity becomes its amount. */
PG_FUNCTION_INFO_V1(rate_steps);
Datum
rate_steps(PG_FUNCTION_ARGS)
{
	PricingSteps steps = {put_step, fcinfo->resultinfo};

	InitMaterializedSRF(fcinfo, 0);
	pricing_rate(PG_GETARG_PRICING(1), PG_GETARG_NUMERIC(0), &steps);
	return (Datum)0;
}
