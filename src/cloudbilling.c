/*
 * cloudbilling.c: the magic block and the settings, nothing else.
 */
#include "postgres.h"

#include "as_of.h"
#include "compat.h"
#include "field.h"
#include "fmgr.h"
#include "landing.h"
#include "utils/guc.h"

#include <limits.h>

#if PG_VERSION_NUM >= 180000
PG_MODULE_MAGIC_EXT(.name = "cloudbilling", .version = EXTVERSION);
#else
PG_MODULE_MAGIC;
#endif

static char *load_source;
static char *load_account;
static char *load_currency;
static int load_side;
static int correction_months;

extern PGDLLEXPORT void _PG_init(void);

/* What a file is, when its format does not say so; the empty word is what none of them is. */
static const struct config_enum_entry side_options[] = {
    {"", 0, true}, {"usage", 1, false}, {"purchase", 2, false}, {NULL, 0, false}};

/* An account is found by its name, so it must fit in an index. */
static bool
check_account(char **value, void **extra, GucSource source)
{
	if (strlen(*value) <= FIELD_NAME_MAX)
		return true;
	GUC_check_errdetail("It is longer than a name may be, which is %d bytes.", FIELD_NAME_MAX);
	return false;
}

/* Refused when it is set, not in the middle of a load. */
static bool
check_currency(char **value, void **extra, GucSource source)
{
	if (**value == '\0' || field_currency(*value, strlen(*value)))
		return true;
	GUC_check_errdetail("A currency is three capital letters, as in ISO 4217.");
	return false;
}

/* Defines the settings. */
void
_PG_init(void)
{
	DefineCustomStringVariable(
	    "cloudbilling.as_of", "Moment whose deliveries and documents the views show; empty is now.",
	    NULL, &as_of_setting, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("cloudbilling.load_file", "Name of the file that is loaded next.",
	                           NULL, &load_file_name, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("cloudbilling.load_source",
	                           "Format of the files that are loaded; empty goes by the header.",
	                           NULL, &load_source, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("cloudbilling.load_account",
	                           "Account of files that do not say whose they are.", NULL,
	                           &load_account, "", PGC_USERSET, 0, check_account, NULL, NULL);
	DefineCustomStringVariable("cloudbilling.load_currency",
	                           "Currency of files that do not say which they are in.", NULL,
	                           &load_currency, "", PGC_USERSET, 0, check_currency, NULL, NULL);
	DefineCustomEnumVariable("cloudbilling.load_side",
	                         "Whether files are of what was used or of what the supplier invoices; "
	                         "empty goes by their format.",
	                         NULL, &load_side, 0, side_options, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("cloudbilling.load_force",
	                         "Loads a file also when its content was loaded before.", NULL,
	                         &load_force, false, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("cloudbilling.correction_months",
	                        "Months back in which an invoice run looks for differences.", NULL,
	                        &correction_months, 12, 0, 1200, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
	    "cloudbilling.customer_first", "First customer, by key, whose charges are rated.", NULL,
	    &customer_first_setting, 0, 0, INT_MAX, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
	    "cloudbilling.customer_last", "Last customer, by key, whose charges are rated.", NULL,
	    &customer_last_setting, INT_MAX, 0, INT_MAX, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
	    "cloudbilling.currency_rate_days", "How many days old an exchange rate may be.", NULL,
	    &currency_rate_days_setting, 7, 0, 36500, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("cloudbilling.period_first",
	                           "First period that is rated, by its first day; empty is all.", NULL,
	                           &period_first_setting, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("cloudbilling.period_last",
	                           "Last period that is rated, by its first day; empty is all.", NULL,
	                           &period_last_setting, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable(
	    "cloudbilling.invoice_until",
	    "Leaves out charges of agreements that may be invoiced only after this day; empty is none.",
	    NULL, &invoice_until_setting, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable(
	    "cloudbilling.grain",
	    "What rating looks at: roll-ups by month, by day, single charges, or their sums.",
	    "Lines are the same, but for the last decimals of what is computed on shares.",
	    &grain_setting, 0, grain_options, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable(
	    "cloudbilling.price_rules",
	    "Price rules, as JSON, that views take in place of those there are; empty is none.", NULL,
	    &price_rules_setting, "", PGC_USERSET, GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE, NULL, NULL,
	    NULL);
	MarkGUCPrefixReserved("cloudbilling");
}
