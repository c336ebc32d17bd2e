/*
 * percentile.c: the sample at a percentile, as transit is billed.
 *
 * The samples above the percentile are discarded and the highest that remains
 * counts; nothing is interpolated.  It is found by selection, in linear time.
 */
#include "postgres.h"

#include "compat.h"
#include "exact_format.h"
#include "number.h"
#include "percentile.h"
#include "tally.h"
#include "usage.h"

/* Compares numbers of a list that is not wide. */
static inline int
compare_fixed(NumberWord a, NumberWord b)
{
	return (a.fixed > b.fixed) - (a.fixed < b.fixed);
}

#define SELECT select_fixed
#define SELECT_SORT sort_fixed
#define SELECT_TYPE NumberWord
#define SELECT_COMPARE(a, b) compare_fixed(*(a), *(b))
#include "select_template.h"

#define SELECT select_wide
#define SELECT_SORT sort_wide
#define SELECT_TYPE NumberWord
#define SELECT_COMPARE(a, b) number_cmp((a)->wide, (b)->wide)
#include "select_template.h"

/* The number of a rank in a list of any; its elements change places. */
Numeric
percentile_select(NumberList *list, int64 rank)
{
	Assert(list->width == 1 && rank >= 1 && rank <= list->count);
	if (list->wide)
	{
		int16 *digits;
		Numeric number;

		select_wide(list->words, list->count, rank);
		number = number_list_get(list, rank - 1);
		/* equal numbers may differ in scale: as with sum(), the largest of all shows */
		return number_add(number, exact_put_together(false, 0, list->display, 0, &digits));
	}
	select_fixed(list->words, list->count, rank);
	return number_list_get(list, rank - 1);
}

/* The rank of a percentile, given in hundredths of a percent, rounded up. */
int64
usage_rank(int64 count, int hundredths)
{
	if (hundredths < 1 || hundredths > 10000)
		elog(ERROR, "percentile out of range: %d", hundredths);
	return (int64)(((int128)count * hundredths + 9999) / 10000);
}

/* The sample at a percentile, given in hundredths of a percent: 9500 is the 95th. */
Numeric
usage_percentile(Numeric *samples, int64 count, int hundredths)
{
	NumberList list = {.width = 1, .wide = true, .count = count, .words = (NumberWord *)samples};

	if (count == 0)
		return NULL;
	for (int64 i = 0; i < count; i++)
	{
		FixedNumber fixed;

		tally_read(NumericGetDatum(samples[i]), &fixed);
		list.display = Max(list.display, fixed.display);
	}
	return percentile_select(&list, usage_rank(count, hundredths));
}
