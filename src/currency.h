/*
 * currency.h: currencies by their ISO 4217 code.
 */
#ifndef CLOUDBILLING_CURRENCY_H
#define CLOUDBILLING_CURRENCY_H

#include "c.h"

/* A currency's code, as a number; 0 is none. */
typedef uint32 Currency;

extern Currency currency_from_text(const text *code);
extern int currency_decimals(Currency currency);

#endif
