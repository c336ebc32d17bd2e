/*
 * select_template.h: makes a function that finds the element of a rank.
 *
 * Selection takes linear time; where dividing gets on badly, it sorts.  Define
 * before including:
 *
 *	  SELECT                 name of the function
 *	  SELECT_SORT            name of the function that sorts
 *	  SELECT_TYPE            type of the elements
 *	  SELECT_COMPARE(a, b)   compares two elements, given by pointers
 */
#include "miscadmin.h"
#include "port/pg_bitutils.h"

#define ST_SORT SELECT_SORT
#define ST_ELEMENT_TYPE SELECT_TYPE
#define ST_COMPARE(a, b) SELECT_COMPARE(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* So few are sorted rather than divided further. */
#define SELECT_FEW 24

/* Puts what is of a rank, 1 being the smallest, in its place. */
static void
SELECT(SELECT_TYPE *elements, int64 count, int64 rank)
{
	int64 low = 0;
	int64 high = count - 1;
	int64 target = rank - 1;
	int rounds = 2 * pg_leftmost_one_pos64(count);

	while (high - low > SELECT_FEW && rounds-- > 0)
	{
		SELECT_TYPE *a = &elements[low];
		SELECT_TYPE *b = &elements[low + (high - low) / 2];
		SELECT_TYPE *c = &elements[high];
		SELECT_TYPE pivot;
		int64 i = low;
		int64 j = high;

		/* the middle one of three */
		if (SELECT_COMPARE(a, b) > 0)
		{
			SELECT_TYPE *swap = a;

			a = b;
			b = swap;
		}
		pivot = SELECT_COMPARE(c, a) < 0 ? *a : SELECT_COMPARE(c, b) < 0 ? *c : *b;

		while (i <= j)
		{
			while (SELECT_COMPARE(&elements[i], &pivot) < 0)
				i++;
			while (SELECT_COMPARE(&pivot, &elements[j]) < 0)
				j--;
			CHECK_FOR_INTERRUPTS();
			if (i <= j)
			{
				SELECT_TYPE swap = elements[i];

				elements[i++] = elements[j];
				elements[j--] = swap;
			}
		}
		if (target <= j)
			high = j;
		else if (target >= i)
			low = i;
		else
			return;
	}
	SELECT_SORT(elements + low, high - low + 1);
}

#undef SELECT
#undef SELECT_SORT
#undef SELECT_TYPE
#undef SELECT_COMPARE
#undef SELECT_FEW
