/*
 * invoice_unit_price.c: the price that a line shows for one unit.
 *
 * EN 16931 wants quantity x price to be the amount of the line, so the shortest price is
 * looked for that, times the quantity, rounds to the amount: from the decimals of the
 * currency up.  A ladder or a package may have none; then the longest one is shown.
 */
#include "postgres.h"

#include "exact.h"
#include "exact_format.h"
#include "invoice_unit_price.h"
#include "number.h"
#include "utils/builtins.h"

/* Decimals that are tried, at least. */
#define MAX_DECIMALS 16

/* The price with that many decimals, as a whole number of its last decimal; false when it does not
 * fit. */
static bool
price_at(const Exact *amount, const Exact *quantity, int scale, int128 *price)
{
	int shift = scale + quantity->scale - amount->scale;
	int128 above;
	int128 below;

	if (!exact_mul_power10(amount->mantissa, Max(shift, 0), &above) ||
	    !exact_mul_power10(quantity->mantissa, Max(-shift, 0), &below))
		return false;
	*price = above / below;
	above -= *price * below;
	if (above >= below - above)
		++*price; /* half away from zero */
	return true;
}

/* Does quantity x price round to the amount? */
static bool
price_fits(const Exact *amount, const Exact *quantity, int128 price, int scale, int decimals,
           bool *fits)
{
	int128 total;
	Exact rounded;
	int128 a;
	int128 b;

	if (!exact_mul_int128(price, quantity->mantissa, &total))
		return false;
	rounded.mantissa = total;
	rounded.scale = scale + quantity->scale;
	if (!exact_rescale(&rounded, decimals, EXACT_HALF_UP) ||
	    !exact_mul_power10(rounded.mantissa, Max(amount->scale - decimals, 0), &a) ||
	    !exact_mul_power10(amount->mantissa, Max(decimals - amount->scale, 0), &b))
		return false;
	*fits = a == b;
	return true;
}

/* The same for one that 128 bits cannot hold. */
static Numeric
numeric_price_at(Numeric amount, Numeric quantity, int scale)
{
	Numeric step = number_literal(1, scale);
	Numeric twice = number_mul(quantity, number_literal(2, 0));
	/* half a step more, and then cut off */
	Numeric above =
	    number_add(number_mul(amount, number_literal(2, 0)), number_mul(quantity, step));
	Numeric steps = number_quotient(above, number_mul(twice, step));

	return number_round(number_mul(steps, step), scale);
}

/* Decimals to try at most: more, the larger the quantity. */
static int
decimals_most(Numeric quantity)
{
	Numeric whole = DatumGetNumeric(
	    DirectFunctionCall2(numeric_trunc, NumericGetDatum(quantity), Int32GetDatum(0)));
	char *digits = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(whole)));

	return Max(MAX_DECIMALS, strlen(digits) + 2);
}

/* The price of one unit; signs are left out. */
Numeric
invoice_unit_price_of(Datum amount, Datum quantity, int decimals)
{
	Exact a;
	Exact q;
	bool is_small = exact_from_numeric(amount, &a) && exact_from_numeric(quantity, &q);
	Numeric amount_abs = NULL;
	Numeric quantity_abs = NULL;
	int most = MAX_DECIMALS;

	if (is_small)
	{
		a.mantissa = exact_abs(a.mantissa);
		q.mantissa = exact_abs(q.mantissa);
	}
	/* fewer than 15 digits need no counting */
	if (!is_small || q.mantissa >= (int128)INT64CONST(100000000000000))
	{
		amount_abs = number_abs(DatumGetNumeric(amount));
		quantity_abs = number_abs(DatumGetNumeric(quantity));
		if (numeric_is_nan(amount_abs) || numeric_is_inf(amount_abs) ||
		    numeric_is_nan(quantity_abs) || numeric_is_inf(quantity_abs))
			decimals = -1;
	}
	if (decimals < 0 || decimals > MAX_DECIMALS)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		     errmsg("there is no unit price of such an amount, quantity or number of decimals")));
	if (is_small ? q.mantissa == 0 : number_cmp(quantity_abs, number_literal(0, 0)) == 0)
		ereport(ERROR, (errcode(ERRCODE_DIVISION_BY_ZERO),
		                errmsg("there is no unit price of a quantity of 0")));
	if (quantity_abs != NULL)
		most = decimals_most(quantity_abs);

	for (int scale = decimals;; scale++)
	{
		Exact price;
		bool fits;

		price.scale = scale;
		if (is_small && price_at(&a, &q, scale, &price.mantissa) &&
		    price_fits(&a, &q, price.mantissa, scale, decimals, &fits))
		{
			if (fits || scale >= most)
				return exact_to_numeric(&price);
		}
		else
		{
			Numeric slow;

			if (amount_abs == NULL)
			{
				amount_abs = number_abs(DatumGetNumeric(amount));
				quantity_abs = number_abs(DatumGetNumeric(quantity));
			}
			slow = numeric_price_at(amount_abs, quantity_abs, scale);
			if (scale >= most ||
			    number_cmp(number_round(number_mul(slow, quantity_abs), decimals), amount_abs) == 0)
				return slow;
		}
	}
}

PG_FUNCTION_INFO_V1(invoice_unit_price);

Datum
invoice_unit_price(PG_FUNCTION_ARGS)
{
	PG_RETURN_NUMERIC(
	    invoice_unit_price_of(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_INT32(2)));
}
