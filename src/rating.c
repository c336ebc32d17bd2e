/*
 * rating.c: the order of rating: periods, and levels of resellers in each.
 *
 * A level's amounts are the costs of the level below it, so a charge is rated
 * once for each sale between the seller and who used it.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "number.h"
#include "rating.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

/* Orders pieces: by period, and within one so that equal data give equal shares. */
static int
compare_pieces(const void *left, const void *right)
{
	const Piece *a = *(Piece *const *)left;
	const Piece *b = *(Piece *const *)right;

	if (a->period_start != b->period_start)
		return a->period_start < b->period_start ? -1 : 1;
	if (a->item->key.item_id != b->item->key.item_id)
		return a->item->key.item_id < b->item->key.item_id ? -1 : 1;
	if (a->charge_on != b->charge_on)
		return a->charge_on < b->charge_on ? -1 : 1;
	if (a->starts != b->starts)
		return a->starts < b->starts ? -1 : 1;
	if (a->load_scope_id != b->load_scope_id)
		return a->load_scope_id < b->load_scope_id ? -1 : 1;
	if (a->line_no != b->line_no)
		return a->line_no < b->line_no ? -1 : 1;
	return a->item->key.customer_id < b->item->key.customer_id
	           ? -1
	           : a->item->key.customer_id > b->item->key.customer_id;
}

/* The length of a month in microseconds; days across which clocks change count as others. */
static TimestampTz
month_length(DateADT first)
{
	int year;
	int month;
	int day;

	j2date(first + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return (date2j(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) -
	        POSTGRES_EPOCH_JDATE - first) *
	       USECS_PER_DAY;
}

/* The first day of the month that many months before. */
DateADT
months_before(DateADT month, int months)
{
	int year;
	int number;
	int day;

	j2date(month + POSTGRES_EPOCH_JDATE, &year, &number, &day);
	number = year * 12 + number - 1 - months;
	return date2j(number / 12, number % 12 + 1, 1) - POSTGRES_EPOCH_JDATE;
}

/* Makes room for one more part. */
void
rating_add_part(Sale *sale, Part *part)
{
	if (sale->nparts == sale->maxparts)
	{
		sale->maxparts = Max(64, 2 * sale->maxparts);
		sale->parts = sale->parts ? repalloc_huge(sale->parts, sale->maxparts * sizeof(Part *))
		                          : MemoryContextAllocHuge(CurrentMemoryContext,
		                                                   sale->maxparts * sizeof(Part *));
	}
	sale->parts[sale->nparts++] = part;
}

/* A piece as it comes from the supplier, or with what the level above paid for it as its costs. */
static void
begin_parts(Sale *sale, Piece *piece, int number, const Amount *paid)
{
	bool bought = sale->level > 0;
	int before = sale->nparts;

	for (bool first = true; first || paid; first = false)
	{
		Part *part = palloc0(sizeof(Part));

		part->piece = piece;
		part->number = number;
		part->rule = -1;
		part->currency = piece->currency;
		if (first)
		{
			part->quantity = piece->quantity;
			part->charges = piece->charges;
			memcpy(part->cost, piece->cost, sizeof(part->cost));
		}
		if (bought)
		{
			part->cost[MEASURE_BILLED_COST] = paid ? paid->amount : NULL;
			part->cost[MEASURE_EFFECTIVE_COST] = paid ? paid->amount : NULL;
			part->cost[MEASURE_CONTRACTED_COST] = paid ? paid->amount : NULL;
			if (paid)
			{
				if (part->currency != paid->currency)
					part->cost[MEASURE_LIST_COST] = NULL;
				part->currency = paid->currency;
				paid = paid->next;
			}
		}
		rating_add_part(sale, part);
		if (!bought)
			break;
	}
	if (piece->ntimes > 0)
		time_split(sale, before);
}

/* Adds to what a piece was sold for, in memory that outlives the sale. */
static void
add_paid(Amount **paid, const Amount *amounts)
{
	for (; amounts; amounts = amounts->next)
	{
		Amount **place = paid;

		while (*place && (*place)->currency != amounts->currency)
			place = &(*place)->next;
		if (*place == NULL)
		{
			*place = palloc0(sizeof(Amount));
			(*place)->currency = amounts->currency;
			(*place)->amount = number_literal(0, 0);
		}
		(*place)->amount = number_add((*place)->amount, amounts->amount);
	}
}

/* Rates one sale: the pieces of the period whose buyer at the level is the sale's. */
static void
rate_sale(Sale *sale, Piece **pieces, int npieces, Amount **paid, MemoryContext period)
{
	MemoryContext work = AllocSetContextCreate(period, "rating of a sale", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);

	CHECK_FOR_INTERRUPTS();
	sale->nparts = sale->maxparts = 0;
	sale->parts = NULL;
	for (int i = 0; i < npieces; i++)
	{
		RatedItem *item = pieces[i]->item;

		if (item->nbuyers > sale->level && item->buyers[sale->level] == sale->buyer_id)
			begin_parts(sale, pieces[i], i, sale->level > 0 ? paid[i] : NULL);
	}
	rating_sale(sale);
	MemoryContextSwitchTo(period);
	for (int i = 0; i < npieces; i++)
	{
		RatedItem *item = pieces[i]->item;

		if (item->nbuyers > sale->level + 1 && item->buyers[sale->level] == sale->buyer_id)
			paid[i] = NULL;
	}
	for (int i = 0; i < sale->nparts; i++)
		if (sale->parts[i]->piece->item->nbuyers > sale->level + 1)
			add_paid(&paid[sale->parts[i]->number], sale->parts[i]->amounts);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);
}

/* Orders keys of customers. */
static int
compare_ids(const void *left, const void *right)
{
	int32 a = *(const int32 *)left;
	int32 b = *(const int32 *)right;

	return a < b ? -1 : a > b;
}

/* The buyers of a level, each once and in order. */
static int
buyers_at(Piece **pieces, int npieces, int level, int32 *buyers)
{
	int n = 0;
	int distinct = 0;

	for (int i = 0; i < npieces; i++)
	{
		RatedItem *item = pieces[i]->item;

		if (item->nbuyers > level && (n == 0 || buyers[n - 1] != item->buyers[level]))
			buyers[n++] = item->buyers[level];
	}
	qsort(buyers, n, sizeof(int32), compare_ids);
	for (int i = 0; i < n; i++)
		if (i == 0 || buyers[i] != buyers[distinct - 1])
			buyers[distinct++] = buyers[i];
	return distinct;
}

/* The reseller who sells to a buyer of a level; 0 is the seller. */
static int32
seller_of(Piece **pieces, int npieces, int level, int32 buyer_id)
{
	for (int i = 0; level > 0 && i < npieces; i++)
	{
		RatedItem *item = pieces[i]->item;

		if (item->nbuyers > level && item->buyers[level] == buyer_id)
			return item->buyers[level - 1];
	}
	return 0;
}

/* Rates one period, level by level. */
static void
rate_period(Sale *sale, Piece **pieces, int npieces, MemoryContext period)
{
	Amount **paid = MemoryContextAllocHuge(period, npieces * sizeof(Amount *));
	int32 *buyers = MemoryContextAllocHuge(period, npieces * sizeof(int32));
	bool need_shares = sale->need_shares;
	int levels = 0;

	for (int i = 0; i < npieces; i++)
	{
		levels = Max(levels, pieces[i]->item->nbuyers);
		paid[i] = NULL;
	}
	sale->period_start = pieces[0]->period_start;
	sale->length = month_length(sale->period_start);
	for (sale->level = 0; sale->level < levels; sale->level++)
	{
		int nbuyers = buyers_at(pieces, npieces, sale->level, buyers);

		sale->need_shares = need_shares || sale->level + 1 < levels;
		for (int i = 0; i < nbuyers; i++)
		{
			sale->buyer_id = buyers[i];
			sale->seller_id = seller_of(pieces, npieces, sale->level, buyers[i]);
			rate_sale(sale, pieces, npieces, paid, period);
		}
	}
	sale->need_shares = need_shares;
}

/* Rates all that was gathered, for whoever takes the lines or their members. */
void
rating_rate(const Sale *how)
{
	Sale sale = *how;
	Rating *rating = sale.rating;
	MemoryContext all;
	MemoryContext period;
	MemoryContext old;
	Piece **pieces;
	int last;

	rating_complete(rating);
	if (rating->npieces == 0)
		return;
	all = AllocSetContextCreate(CurrentMemoryContext, "rating", ALLOCSET_DEFAULT_SIZES);
	period = AllocSetContextCreate(all, "rating of a period", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(all);
	pieces = MemoryContextAllocHuge(all, rating->npieces * sizeof(Piece *));
	sale.bundles = bundles_create(all);
	sale.commitments = commitments_create(all);
	sale.credits = credits_create(all);
	sale.limits = limits_create(all);
	memcpy(pieces, rating->pieces, rating->npieces * sizeof(Piece *));
	qsort(pieces, rating->npieces, sizeof(Piece *), compare_pieces);
	rating->first_period = pieces[0]->period_start;
	for (int first = 0; first < rating->npieces; first = last)
	{
		for (last = first;
		     last < rating->npieces && pieces[last]->period_start == pieces[first]->period_start;
		     last++)
			;
		rate_period(&sale, pieces + first, last - first, period);
		MemoryContextReset(period);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(all);
}
