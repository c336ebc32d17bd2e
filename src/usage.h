/*
 * usage.h: what usage comes to over a period, for aggregates and for rating.
 *
 * Functions on arrays put them in another order.  Their results, and what they
 * need on the way, are in the current memory context; of nothing it is NULL.
 */
#ifndef CLOUDBILLING_USAGE_H
#define CLOUDBILLING_USAGE_H

#include "datatype/timestamp.h"
#include "utils/numeric.h"

/* A level from a moment on, or by how much it changes at that moment. */
typedef struct UsageReading
{
	Numeric level;
	TimestampTz at;
} UsageReading;

/* percentile.c: of 95 % that is the sample at rank ceil(0.95 * count), the smallest being 1 */
extern int64 usage_rank(int64 count, int hundredths);
extern Numeric usage_percentile(Numeric *samples, int64 count, int hundredths);

#endif
