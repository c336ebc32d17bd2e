/*
 * percentile.c: the sample at a percentile, as transit is billed.
 *
 * The samples above the percentile are discarded and the highest that remains
 * counts; nothing is interpolated.  It is found by selection, in linear time.
 */
#include "postgres.h"

#include "compat.h"
#include "exact_format.h"
#include "miscadmin.h"
#include "number.h"
#include "percentile.h"
#include "port/pg_bitutils.h"
#include "tally.h"
#include "usage.h"

/* So few are sorted rather than divided further. */
#define FEW 24

/* Compares numbers of a list that is not wide. */
static inline int
compare_fixed(NumberWord a, NumberWord b)
{
	return (a.fixed > b.fixed) - (a.fixed < b.fixed);
}

/* Compares numbers of a wide list. */
static inline int
compare_wide(NumberWord a, NumberWord b)
{
	return number_cmp(a.wide, b.wide);
}

#define ST_SORT sort_fixed
#define ST_ELEMENT_TYPE NumberWord
#define ST_COMPARE(a, b) compare_fixed(*(a), *(b))
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

#define ST_SORT sort_wide
#define ST_ELEMENT_TYPE NumberWord
#define ST_COMPARE(a, b) compare_wide(*(a), *(b))
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* The middle one of three. */
static pg_attribute_always_inline NumberWord
middle(NumberWord a, NumberWord b, NumberWord c, int (*compare)(NumberWord, NumberWord))
{
	if (compare(a, b) > 0)
	{
		NumberWord swap = a;

		a = b;
		b = swap;
	}
	return compare(c, a) < 0 ? a : compare(c, b) < 0 ? c : b;
}

/*
 * Puts what is of a rank, 1 being the smallest, in its place.  Where dividing
 * gets on badly, it sorts.
 */
static pg_attribute_always_inline void
select_rank(NumberWord *words, int64 count, int64 rank, int (*compare)(NumberWord, NumberWord),
            void (*sort)(NumberWord *, size_t))
{
	int64 low = 0;
	int64 high = count - 1;
	int64 target = rank - 1;
	int rounds = 2 * pg_leftmost_one_pos64(count);

	while (high - low > FEW && rounds-- > 0)
	{
		NumberWord pivot = middle(words[low], words[low + (high - low) / 2], words[high], compare);
		int64 i = low;
		int64 j = high;

		while (i <= j)
		{
			while (compare(words[i], pivot) < 0)
				i++;
			while (compare(pivot, words[j]) < 0)
				j--;
			CHECK_FOR_INTERRUPTS();
			if (i <= j)
			{
				NumberWord swap = words[i];

				words[i++] = words[j];
				words[j--] = swap;
			}
		}
		if (target <= j)
			high = j;
		else if (target >= i)
			low = i;
		else
			return;
	}
	sort(words + low, high - low + 1);
}

/* The number of a rank in a list of any; its elements change places. */
Numeric
percentile_select(NumberList *list, int64 rank)
{
	Assert(list->width == 1 && rank >= 1 && rank <= list->count);
	if (list->wide)
	{
		int16 *digits;
		Numeric number;

		select_rank(list->words, list->count, rank, compare_wide, sort_wide);
		number = number_list_get(list, rank - 1);
		/* equal numbers may differ in scale: as with sum(), the largest of all shows */
		return number_add(number, exact_put_together(false, 0, list->display, 0, &digits));
	}
	select_rank(list->words, list->count, rank, compare_fixed, sort_fixed);
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
