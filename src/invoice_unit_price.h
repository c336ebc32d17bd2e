/*
 * invoice_unit_price.h: the price that a line shows for one unit.
 */
#ifndef CLOUDBILLING_INVOICE_UNIT_PRICE_H
#define CLOUDBILLING_INVOICE_UNIT_PRICE_H

#include "utils/numeric.h"

extern Numeric invoice_unit_price_of(Datum amount, Datum quantity, int decimals);

#endif
