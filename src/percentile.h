/*
 * percentile.h: select from a list of numbers.
 */
#ifndef CLOUDBILLING_PERCENTILE_H
#define CLOUDBILLING_PERCENTILE_H

#include "number_list.h"

/* percentile.c */
extern Numeric percentile_select(NumberList *list, int64 rank);

#endif
