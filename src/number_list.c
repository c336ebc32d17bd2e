/*
 * number_list.c: a compact list of numbers, each with an optional moment.
 *
 * A number takes 8 bytes: 64 bits at the scale of the list, which grows with its
 * numbers.  The first that does not fit makes all of them numerics.
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

/* 10^18 is the largest power that fits. */
#define MAX_FIXED_SCALE 18

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

/* Makes all numbers numerics. */
static void
widen(MemoryContext context, NumberList *list)
{
	for (int64 i = 0; i < list->count; i++)
	{
		NumberWord *word = word_of(list, i);
		Numeric number = exact_encode(word->fixed, list->scale, list->scale);

		CHECK_FOR_INTERRUPTS();
		word->wide = keep(context, number);
		pfree(number);
	}
	list->wide = true;
}

/* Brings all numbers to a larger scale. */
static void
rescale(MemoryContext context, NumberList *list, int scale)
{
	int64 power = scale <= MAX_FIXED_SCALE ? exact_power10_64[scale - list->scale] : 0;
	int64 product;

	for (int64 i = 0; i < list->count && !list->wide; i++)
	{
		if (power == 0 || pg_mul_s64_overflow(word_of(list, i)->fixed, power, &product))
			widen(context, list);
	}
	for (int64 i = 0; i < list->count && !list->wide; i++)
		word_of(list, i)->fixed *= power;
	if (scale > MAX_FIXED_SCALE && !list->wide)
		list->wide = true;
	list->scale = scale;
}

/* A number at a scale that is not less than its own; false when it does not fit. */
static bool
fix(Datum number, int scale, int64 *fixed)
{
	Exact exact;
	int128 mantissa;

	if (!exact_from_numeric(number, &exact) ||
	    !exact_mul_power10(exact.mantissa, scale - exact.scale, &mantissa) ||
	    mantissa != (int64)mantissa)
		return false;
	*fixed = (int64)mantissa;
	return true;
}

/* Puts a finite number in the place of another. */
void
number_list_put(MemoryContext context, NumberList *list, int64 i, Datum number)
{
	int scale = tally_scale_of(number);
	NumberWord *word = word_of(list, i);
	Numeric before;

	if (scale > list->scale)
		rescale(context, list, scale);
	if (!list->wide)
	{
		if (fix(number, list->scale, &word->fixed))
			return;
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

	return list->wide ? word->wide : exact_encode(word->fixed, list->scale, list->scale);
}

/* Adds all elements of another list, of the same width. */
void
number_list_append(MemoryContext context, NumberList *list, const NumberList *other)
{
	reserve(context, list, list->count + other->count);
	if (!list->wide && !other->wide && list->scale < other->scale)
		rescale(context, list, other->scale);
	if (!list->wide && !other->wide && list->scale == other->scale)
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
	pq_sendint32(buf, list->scale);
	pq_sendint64(buf, list->count);
	if (!list->wide)
	{
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
	list->scale = pq_getmsgint(buf, 4);
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
