/*
 * rating_time.c: charges by the clock: cut where a time window begins or ends, and
 * rounded as a whole.
 *
 * A charge stays one piece, of several parts; so increments and a minimum are of the
 * visit, whatever windows it is in, and what they add is of its last part.
 */
#include "postgres.h"

#include "number.h"
#include "rating.h"

/* What of a number lies before a moment, cut off; all of it at the end. */
static Numeric
until_of(Numeric number, int64 time, int64 length)
{
	if (time == length)
		return number;
	return number_ratio(number, int64_to_numeric(time), int64_to_numeric(length), SHARE_SCALE);
}

/* What of a number lies between two moments. */
static Numeric
between(Numeric whole, int64 from, int64 until, int64 length)
{
	Numeric number;

	if (whole == NULL)
		return NULL;
	number = until_of(whole, until, length);
	return from == 0 ? number : number_trim(number_sub(number, until_of(whole, from, length)));
}

/* Cuts a part into those of its pieces of time, of which it becomes the first. */
static void
split(Sale *sale, Part *part)
{
	const Piece *piece = part->piece;
	Part whole = *part;
	const int64 *time = piece->times;
	int64 length = 0;
	int64 from = 0;

	for (int i = 0; i < piece->ntimes; i++, time += 2 + time[1])
		length += time[0];
	time = piece->times;
	for (int i = 0; i < piece->ntimes; i++, time += 2 + time[1])
	{
		int64 until = i == piece->ntimes - 1 ? length : from + time[0];

		if (i > 0)
		{
			part = palloc(sizeof(Part));
			*part = whole;
			part->charges = 0;
			rating_add_part(sale, part);
		}
		part->window = time + 1;
		part->quantity = between(whole.quantity, from, until, length);
		for (int c = 0; c < COSTS; c++)
			part->cost[c] = between(whole.cost[c], from, until, length);
		from = until;
	}
}

/* Cuts the parts from a number on, which are those of a piece. */
void
time_split(Sale *sale, int first)
{
	int last = sale->nparts;

	for (int i = first; i < last; i++)
		split(sale, sale->parts[i]);
}

/* The rule that rounds a part's charge: the first that holds, of those in order; or NULL. */
static const Rule *
rounding_rule(const Sale *sale, const Part *part)
{
	const RatedItem *item = part->piece->item;

	for (int i = 0; i < item->nmatched; i++)
	{
		const Rule *rule = rating_rule(sale->rating, item->matched[i]);

		if (rule->effect == EFFECT_ROUND && rule_holds(sale, rule, part))
			return rule;
	}
	return NULL;
}

/* Rounds the charge of the parts first to last: what that adds, or takes, is the last ones'. */
static void
round_charge(Sale *sale, const Rule *rule, int first, int last)
{
	Numeric zero = number_literal(0, 0);
	Numeric total = NULL;
	Numeric change;

	for (int i = first; i < last; i++)
		if (sale->parts[i]->quantity)
			total = total ? number_add(total, sale->parts[i]->quantity) : sale->parts[i]->quantity;
	if (total == NULL)
		return;
	change = number_sub(pricing_rate(rule_pricing(sale->rating->rules, rule), total, NULL), total);
	for (int i = last - 1; i >= first && number_cmp(change, zero) != 0; i--)
	{
		Part *part = sale->parts[i];
		Numeric rounded;

		if (part->quantity == NULL)
			continue;
		rounded = number_add(part->quantity, change);
		/* what is rounded down beyond a part goes on with the one before it */
		if (number_cmp(total, zero) > 0 && number_cmp(rounded, zero) < 0 && i > first)
		{
			change = rounded;
			part->quantity = zero;
			continue;
		}
		part->quantity = number_trim(rounded);
		change = zero;
	}
}

/* Rounds the quantities of charges, each by itself, before anything is rated. */
void
time_round(Sale *sale)
{
	int last;

	if (!sale->rating->rules->rounds)
		return;
	for (int first = 0; first < sale->nparts; first = last)
	{
		const Piece *piece = sale->parts[first]->piece;
		const Rule *rule;

		for (last = first + 1; last < sale->nparts && sale->parts[last]->piece == piece; last++)
			;
		rule = rounding_rule(sale, sale->parts[first]);
		if (rule)
			round_charge(sale, rule, first, last);
	}
}
