/*
 * currency.c: what ISO 4217 says of currencies.
 *
 * Two decimals are the rule, so only the exceptions are written down.
 */
#include "postgres.h"

#include "compat.h"
#include "currency.h"
#include "fmgr.h"

#define CODE_LENGTH 3

static const char *const exceptions[] = {
    /* decimals 0 */ "BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXUYIVNDVUVXAFXOFXPF",
    /* 1 */ "",
    /* 2 */ "",
    /* 3 */ "BHDIQDJODKWDLYDOMRTND",
    /* 4 */ "CLFUYW",
};

/* A currency's code as a number. */
Currency
currency_from_text(const text *code)
{
	Currency currency = 0;

	memcpy(&currency, VARDATA_ANY(code), Min(CODE_LENGTH, VARSIZE_ANY_EXHDR(code)));
	return currency;
}

/* The number of decimals of amounts in a currency. */
int
currency_decimals(Currency currency)
{
	for (int decimals = 0; decimals < lengthof(exceptions); decimals++)
		for (const char *code = exceptions[decimals]; *code; code += CODE_LENGTH)
			if (memcmp(code, &currency, CODE_LENGTH) == 0)
				return decimals;
	return 2;
}

/* The same for SQL; a code of another length is no exception. */
PG_FUNCTION_INFO_V1(currency_minor_unit);
Datum
currency_minor_unit(PG_FUNCTION_ARGS)
{
	text *code = PG_GETARG_TEXT_PP(0);

	PG_RETURN_INT32(
	    VARSIZE_ANY_EXHDR(code) == CODE_LENGTH ? currency_decimals(currency_from_text(code)) : 2);
}
