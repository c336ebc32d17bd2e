/*
 * as_of.h: settings that say which facts the views look at.
 */
#ifndef CLOUDBILLING_AS_OF_H
#define CLOUDBILLING_AS_OF_H

#include "utils/guc.h"

extern char *as_of_setting;
extern int customer_first_setting;
extern int customer_last_setting;
extern int currency_rate_days_setting;
extern int grain_setting;
extern char *price_rules_setting;
extern char *period_first_setting;
extern char *period_last_setting;
extern char *invoice_until_setting;

extern const struct config_enum_entry grain_options[];

#endif
