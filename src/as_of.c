/*
 * as_of.c: settings that say which facts the views look at.
 *
 * Views take no arguments, and every one of them must be able to answer as the
 * facts were at a moment, and for some customers without rating all.  The
 * planner knows what a stable function gives, so a view that compares with
 * these is planned as if their values were written in it.
 */
#include "postgres.h"

#include "as_of.h"
#include "compat.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include <limits.h>

char *as_of_setting = NULL;
const struct config_enum_entry grain_options[] = {{"month", 0, false},
                                                  {"day", 1, false},
                                                  {"charge", 2, false},
                                                  {"sum", 3, false},
                                                  {NULL, 0, false}};

int customer_first_setting = 0;
int customer_last_setting = INT_MAX;
int currency_rate_days_setting = 7;
int grain_setting = 0;
char *price_rules_setting = NULL;
char *period_first_setting = NULL;
char *period_last_setting = NULL;
char *invoice_until_setting = NULL;

PG_FUNCTION_INFO_V1(as_of);

/* The moment of the facts, NULL for now. */
Datum
as_of(PG_FUNCTION_ARGS)
{
	if (as_of_setting == NULL || as_of_setting[0] == '\0')
		PG_RETURN_NULL();
	PG_RETURN_DATUM(DirectFunctionCall3(timestamptz_in, CStringGetDatum(as_of_setting),
	                                    ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

PG_FUNCTION_INFO_V1(customer_first);

/* The first customer to look at. */
Datum
customer_first(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(customer_first_setting);
}

PG_FUNCTION_INFO_V1(customer_last);

/* The last customer to look at. */
Datum
customer_last(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(customer_last_setting);
}

PG_FUNCTION_INFO_V1(currency_rate_days);

/* How many days old an exchange rate may be. */
Datum
currency_rate_days(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(currency_rate_days_setting);
}

/* A day that a setting holds, or another where it is empty. */
static Datum
day_of(const char *setting, DateADT otherwise)
{
	if (setting == NULL || setting[0] == '\0')
		return DateADTGetDatum(otherwise);
	return DirectFunctionCall1(date_in, CStringGetDatum(setting));
}

PG_FUNCTION_INFO_V1(period_first);

/* The first day of the first period to look at. */
Datum
period_first(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(day_of(period_first_setting, DATEVAL_NOBEGIN));
}

PG_FUNCTION_INFO_V1(period_last);

/* The first day of the last period to look at. */
Datum
period_last(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(day_of(period_last_setting, DATEVAL_NOEND));
}

PG_FUNCTION_INFO_V1(invoice_until);

/* The last day on which charges may be invoiced that are looked at. */
Datum
invoice_until(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(day_of(invoice_until_setting, DATEVAL_NOEND));
}

PG_FUNCTION_INFO_V1(grain);

/* What rating looks at: month, day or charge. */
Datum
grain(PG_FUNCTION_ARGS)
{
	const struct config_enum_entry *entry = grain_options;

	while (entry->name && entry->val != grain_setting)
		entry++;
	PG_RETURN_TEXT_P(cstring_to_text(entry->name));
}

PG_FUNCTION_INFO_V1(what_if_rules);

/* The price rules that views take in place of those there are; NULL for none. */
Datum
what_if_rules(PG_FUNCTION_ARGS)
{
	if (price_rules_setting == NULL || price_rules_setting[0] == '\0')
		PG_RETURN_NULL();
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(price_rules_setting));
}
