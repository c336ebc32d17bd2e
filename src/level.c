/*
 * level.c: level x time over a period, from changes of a level or its readings.
 *
 * A level holds from its moment until the next one.  What came before the period
 * makes the level it starts with; without that, it starts with 0.
 */
#include "postgres.h"

#include "compat.h"
#include "level.h"
#include "miscadmin.h"
#include "number.h"

/* Sorts by moment, and of one moment by level, so that the greatest comes last and holds. */
#define ST_SORT sort_readings
#define ST_ELEMENT_TYPE UsageReading
#define ST_COMPARE(a, b)                                                                           \
	((a)->at < (b)->at ? -1 : (a)->at > (b)->at ? 1 : number_cmp((a)->level, (b)->level))
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* Adds level x time of all readings to a tally; they come out sorted. */
void
level_tally(MemoryContext context, Tally *tally, UsageReading *readings, int64 count,
            const Period *during)
{
	sort_readings(readings, count);
	for (int64 i = 0; i < count; i++)
	{
		FixedNumber fixed;
		TimestampTz until = i + 1 < count ? readings[i + 1].at : PERIOD_NEVER;
		int64 held = period_overlap(during, readings[i].at, until);

		CHECK_FOR_INTERRUPTS();
		if (readings[i].at >= during->end)
			break;
		/* also of those that hold no time: which of equals does must not show */
		tally_read(NumericGetDatum(readings[i].level), &fixed);
		tally->display = Max(tally->display, fixed.display);
		if (held > 0)
			tally_add(context, tally, NumericGetDatum(readings[i].level), held);
	}
}
