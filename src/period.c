/*
 * period.c: read periods from ranges of moments and of days.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "compat.h"
#include "period.h"
#include "utils/date.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"

/* Refuses a period that cannot be divided by. */
static void
refuse(const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("the period to aggregate over must not be %s", what),
	                errhint("Give it a start and a later end, such as "
	                        "tstzrange('2026-01-01', '2026-02-01').")));
}

/* Refuses a period without length, or with too much of it. */
void
period_check(const Period *period)
{
	int64 length;

	if (period->start >= period->end)
		refuse("empty");
	if (pg_sub_s64_overflow(period->end, period->start, &length))
		refuse("longer than 292,000 years");
}

/* Refuses a second period in a group. */
void
period_check_same(const Period *a, const Period *b)
{
	if (a->start != b->start || a->end != b->end)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("there must be one period for all rows of a group"),
		                errhint("Group by the period too.")));
}

/* A bound of a range in microseconds or days; infinite ones are those that are missing. */
static int64
bound_of(const RangeBound *bound, Oid type)
{
	int64 value;

	if (bound->infinite)
		return bound->lower ? PERIOD_EVER : PERIOD_NEVER;
	if (type == DATEOID)
	{
		DateADT date = DatumGetDateADT(bound->val);

		return DATE_IS_NOBEGIN(date) ? PERIOD_EVER : DATE_IS_NOEND(date) ? PERIOD_NEVER : date;
	}
	value = DatumGetTimestampTz(bound->val);
	return TIMESTAMP_IS_NOBEGIN(value) ? PERIOD_EVER
	       : TIMESTAMP_IS_NOEND(value) ? PERIOD_NEVER
	                                   : value;
}

/*
 * The period in an argument of type tstzrange or daterange; one that is empty
 * ends where it starts.  Moments have no length, so whether a range includes its
 * bounds makes no difference; days always come as [start, end).
 */
Period
period_argument(FunctionCallInfo fcinfo, int number)
{
	RangeType *range = PG_GETARG_RANGE_P(number);
	TypeCacheEntry *type = range_get_typcache(fcinfo, RangeTypeGetOid(range));
	RangeBound lower;
	RangeBound upper;
	bool empty;
	Period period = {0, 0};

	range_deserialize(type, range, &lower, &upper, &empty);
	if (!empty)
	{
		period.start = bound_of(&lower, type->rngelemtype->type_id);
		period.end = bound_of(&upper, type->rngelemtype->type_id);
	}
	return period;
}

/* The period in an argument to which usage is related: finite, with a length. */
Period
period_during(FunctionCallInfo fcinfo, int number)
{
	Period period = period_argument(fcinfo, number);

	if (period.start == PERIOD_EVER || period.end == PERIOD_NEVER)
		refuse("infinite");
	period_check(&period);
	return period;
}
