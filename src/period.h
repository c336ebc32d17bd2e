/*
 * period.h: a period, in microseconds or days, and what of it lies in another.
 */
#ifndef CLOUDBILLING_PERIOD_H
#define CLOUDBILLING_PERIOD_H

#include "fmgr.h"

/* From start up to, and not including, end. */
typedef struct Period
{
	int64 start;
	int64 end;
} Period;

/* The bounds of a range that has none. */
#define PERIOD_EVER PG_INT64_MIN
#define PERIOD_NEVER PG_INT64_MAX

/* How much of a period lies between two moments. */
static inline int64
period_overlap(const Period *period, int64 from, int64 until)
{
	int64 start = Max(period->start, from);
	int64 end = Min(period->end, until);

	return Max(end, start) - start;
}

/* period.c */
extern void period_check(const Period *period);
extern void period_check_same(const Period *a, const Period *b);
extern Period period_argument(FunctionCallInfo fcinfo, int number);
extern Period period_during(FunctionCallInfo fcinfo, int number);

#endif
