/*
 * number_list.c: a compact list of numbers, each with an optional moment.
 *
 * A number takes 8 bytes: 64 bits in units of the list, which become smaller with
 * its numbers.  The first that does not fit makes all of them numerics.
 */
#include "postgres.h"

#include "common/int.h"
#include "compat.h"
#include "exact_format.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "number_list.h"
#include "tally.h"
#include "utils/memutils.h"

/* 10000^4 is the largest power that fits. */
#define MAX_FRACTION 4

/* Makes room for so many elements. */
static void
reserve(MemoryContext context, NumberList *list, int64 count)
{
	Size element = list->width * sizeof(NumberWord);

	if (count <= list->size)
		return;
	list->size = Max(count, Max(8, 2 * list->size));
	if (list->words)
		list->words = repalloc_huge(list->words, list->size * element);
	else
		list->words = MemoryContextAllocHuge(context, list->size * element);
}

/* The number of an element. */
static NumberWord *
word_of(const NumberList *list, int64 i)
{
	return &list->words[i * list->width];
}

/* A copy of a number in a context. */
static Numeric
keep(MemoryContext context, Numeric number)
{
	Numeric copy = MemoryContextAlloc(context, VARSIZE(number));

	memcpy(copy, number, VARSIZE(number));
	return copy;
}

/* A number in units of the list, as a numeric. */
static Numeric
encode(const NumberList *list, int64 fixed)
{
	return exact_encode(fixed, list->fraction * DEC_DIGITS, list->display);
}

/* Makes all numbers numerics. */
static void
widen(MemoryContext context, NumberList *list)
{
	for (int64 i = 0; i < list->count; i++)
	{
		NumberWord *word = word_of(list, i);
		Numeric number = encode(list, word->fixed);

		CHECK_FOR_INTERRUPTS();
		word->wide = keep(context, number);
		pfree(number);
	}
	list->wide = true;
}

/* Makes the units smaller, or all numbers numerics where they do not fit. */
static void
refine(MemoryContext context, NumberList *list, int fraction)
{
	int64 power;
	int64 product;

	if (fraction > MAX_FRACTION)
	{
		widen(context, list);
		return;
	}
	power = exact_power10_64[(fraction - list->fraction) * DEC_DIGITS];
	for (int64 i = 0; i < list->count; i++)
	{
		if (pg_mul_s64_overflow(word_of(list, i)->fixed, power, &product))
		{
			widen(context, list);
			return;
		}
	}
	for (int64 i = 0; i < list->count; i++)
		word_of(list, i)->fixed *= power;
	list->fraction = fraction;
}

/* Puts a finite number in the place of another. */
void
number_list_put(MemoryContext context, NumberList *list, int64 i, Datum number)
{
	FixedNumber fixed;
	bool fits = tally_read(number, &fixed);
	NumberWord *word = word_of(list, i);
	Numeric before;

	if (!list->wide && fits && fixed.fraction > list->fraction)
		refine(context, list, fixed.fraction);
	list->display = Max(list->display, fixed.display);
	if (!list->wide)
	{
		int128 units;

		if (fits &&
		    exact_mul_power10(fixed.units, (list->fraction - fixed.fraction) * DEC_DIGITS,
		                      &units) &&
		    units == (int64)units)
		{
			word->fixed = (int64)units;
			return;
		}
		widen(context, list);
	}
	before = word->wide;
	word->wide = keep(context, DatumGetNumeric(number));
	if (before)
		pfree(before);
}

/* Adds a finite number, and its moment where the list has them. */
void
number_list_add(MemoryContext context, NumberList *list, Datum number, int64 at)
{
	reserve(context, list, list->count + 1);
	if (list->wide)
		word_of(list, list->count)->wide = NULL;
	else
		word_of(list, list->count)->fixed = 0;
	if (list->width > 1)
		*number_list_at(list, list->count) = at;
	list->count++;
	number_list_put(context, list, list->count - 1, number);
}

/* A number of the list. */
Numeric
number_list_get(const NumberList *list, int64 i)
{
	NumberWord *word = word_of(list, i);

	return list->wide ? word->wide : encode(list, word->fixed);
}

/* Adds all elements of another list, of the same width. */
void
number_list_append(MemoryContext context, NumberList *list, const NumberList *other)
{
	if (other->count == 0)
		return;
	reserve(context, list, list->count + other->count);
	if (!list->wide && !other->wide && list->fraction < other->fraction)
		refine(context, list, other->fraction);
	list->display = Max(list->display, other->display);
	if (!list->wide && !other->wide && list->fraction == other->fraction)
	{
		memcpy(word_of(list, list->count), other->words,
		       other->count * other->width * sizeof(NumberWord));
		list->count += other->count;
		return;
	}
	for (int64 i = 0; i < other->count; i++)
	{
		Numeric number = number_list_get(other, i);

		CHECK_FOR_INTERRUPTS();
		number_list_add(context, list, NumericGetDatum(number),
		                list->width > 1 ? *number_list_at(other, i) : 0);
		if (!other->wide)
			pfree(number);
	}
}

/* Sends a list to another process; more than 1 GB cannot travel. */
void
number_list_send(StringInfo buf, const NumberList *list)
{
	Size size = list->count * list->width * sizeof(NumberWord);

	if (size > MaxAllocSize / 2)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("a group has too many numbers for a parallel plan"),
		                errhint("Set max_parallel_workers_per_gather to 0 for this statement.")));
	pq_sendbyte(buf, list->width);
	pq_sendbyte(buf, list->wide);
	pq_sendint32(buf, list->display);
	pq_sendint32(buf, list->fraction);
	pq_sendint64(buf, list->count);
	if (!list->wide)
	{
		if (size > 0)
			pq_sendbytes(buf, (const char *)list->words, size);
		return;
	}
	for (int64 i = 0; i < list->count; i++)
	{
		Numeric number = word_of(list, i)->wide;

		pq_sendint32(buf, VARSIZE(number) - VARHDRSZ);
		pq_sendbytes(buf, VARDATA(number), VARSIZE(number) - VARHDRSZ);
		if (list->width > 1)
			pq_sendint64(buf, *number_list_at(list, i));
	}
}

/* Takes what number_list_send() sent. */
void
number_list_receive(StringInfo buf, NumberList *list)
{
	MemSet(list, 0, sizeof(NumberList));
	list->width = pq_getmsgbyte(buf);
	list->wide = pq_getmsgbyte(buf);
	list->display = pq_getmsgint(buf, 4);
	list->fraction = pq_getmsgint(buf, 4);
	list->count = pq_getmsgint64(buf);
	if (list->count == 0)
		return;
	reserve(CurrentMemoryContext, list, list->count);
	if (!list->wide)
	{
		pq_copymsgbytes(buf, (char *)list->words, list->count * list->width * sizeof(NumberWord));
		return;
	}
	for (int64 i = 0; i < list->count; i++)
	{
		Size size = pq_getmsgint(buf, 4);
		Numeric number = palloc(size + VARHDRSZ);

		SET_VARSIZE(number, size + VARHDRSZ);
		pq_copymsgbytes(buf, (char *)VARDATA(number), size);
		word_of(list, i)->wide = number;
		if (list->width > 1)
			*number_list_at(list, i) = pq_getmsgint64(buf);
	}
}
