/*
 * rating_line.c: what makes a line, what it measures, its amount and its shares.
 *
 * Members of a line keep the order of the pieces.  Shares are in proportion to
 * what each member adds to the measure, cut to 12 decimals; the last one takes
 * what is left, so that shares add up to the line.
 */
#include "postgres.h"

#include "exact_format.h"
#include "miscadmin.h"
#include "number.h"
#include "rating.h"
#include "usage.h"
#include "utils/memutils.h"

/* Begins lines that are rated together. */
Stage *
stage_begin(void)
{
	Stage *stage = palloc0(sizeof(Stage));
	HASHCTL control = {.hcxt = CurrentMemoryContext};

	control.keysize = sizeof(LineKey);
	control.entrysize = sizeof(Line);
	stage->lines =
	    hash_create("rating: lines", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return stage;
}

/* The key of the line that a rule puts a part into. */
LineKey
line_key(const Sale *sale, int place, const Part *part, Currency currency)
{
	const Rule *rule = rating_rule(sale->rating, place);
	const RatedItem *item = part->piece->item;
	LineKey key = {.rule = place, .product_id = rule->product_id, .currency = currency};

	switch ((RulePer)rule->per)
	{
		case PER_SCOPE: break;
		case PER_ACCOUNT: key.account_id = item->account_id; break;
		case PER_SKU:
		case PER_CHARGE: key.product_id = item->product_id; break;
		case PER_RESOURCE:
			key.account_id = item->account_id;
			key.resource = item->resource;
			break;
		case PER_TAG: key.tag = rating_tag(sale->rating, item, rule); break;
	}
	return key;
}

/* Puts a part into a line, which is made when it is the first. */
Line *
stage_join(Stage *stage, const LineKey *key, Part *part, Numeric measured)
{
	bool found;
	Line *line = hash_search(stage->lines, key, HASH_ENTER, &found);
	Member *member = palloc(sizeof(Member));

	if (!found)
	{
		memset((char *)line + sizeof(LineKey), 0, sizeof(Line) - sizeof(LineKey));
		if (stage->last)
			stage->last->next = line;
		else
			stage->first = line;
		stage->last = line;
	}
	member->part = part;
	member->measured = measured;
	member->weight = measured;
	member->share = NULL;
	member->next = NULL;
	if (line->last)
		line->last->next = member;
	else
		line->first = member;
	line->last = member;
	line->nmembers++;
	return line;
}

/* Sums what members add to the measure; NULL when none adds anything. */
static Numeric
sum_members(const Line *line)
{
	ExactSum sum = {0};
	bool any = false;

	for (Member *member = line->first; member; member = member->next)
	{
		if (member->measured == NULL)
			continue;
		exact_total_add(&sum, NumericGetDatum(member->measured), CurrentMemoryContext);
		any = true;
	}
	return any ? exact_total_get(&sum) : NULL;
}

/* Orders members by the moment their charges start, and then as they stand in the file. */
static int
compare_starts(const void *left, const void *right)
{
	const Part *a = (*(Member *const *)left)->part;
	const Part *b = (*(Member *const *)right)->part;

	if (a->piece->starts != b->piece->starts)
		return a->piece->starts < b->piece->starts ? -1 : 1;
	if (a->piece->load_scope_id != b->piece->load_scope_id)
		return a->piece->load_scope_id < b->piece->load_scope_id ? -1 : 1;
	if (a->piece->line_no != b->piece->line_no)
		return a->piece->line_no < b->piece->line_no ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

/* Members that add something, in the order of time. */
static Member **
by_time(const Line *line, int *count)
{
	Member **members =
	    MemoryContextAllocHuge(CurrentMemoryContext, line->nmembers * sizeof(Member *));
	int n = 0;

	for (Member *member = line->first; member; member = member->next)
	{
		if (member->measured == NULL)
			continue;
		if (member->part->piece->line_no == 0)
			elog(ERROR, "a roll-up cannot be rated in the order of its charges");
		members[n++] = member;
	}
	qsort(members, n, sizeof(Member *), compare_starts);
	*count = n;
	return members;
}

/* Sums charges that start at the same moment to readings; gives their number. */
static int
readings_of(Member **members, int n, Numeric *readings)
{
	int count = 0;

	for (int i = 0; i < n; i++)
	{
		if (i > 0 && members[i]->part->piece->starts == members[i - 1]->part->piece->starts)
			readings[count - 1] = number_add(readings[count - 1], members[i]->measured);
		else
			readings[count++] = members[i]->measured;
	}
	return count;
}

/* The sum of level times duration, as a share of the period. */
static Numeric
weigh(const Sale *sale, Member **members, int n)
{
	Numeric sum = number_literal(0, 0);

	for (int i = 0; i < n; i++)
	{
		Piece *piece = members[i]->part->piece;

		sum = number_add(
		    sum, number_mul(members[i]->measured, int64_to_numeric(piece->ends - piece->starts)));
	}
	/* one digit more, cut off, is all that rounding looks at */
	return number_trim(number_round(
	    number_ratio(sum, number_literal(1, 0), int64_to_numeric(sale->length), SHARE_SCALE + 1),
	    SHARE_SCALE));
}

/* The measure of readings in the order of time. */
static Numeric
measure_readings(const Sale *sale, const Line *line, const Rule *rule)
{
	int n;
	Member **members = by_time(line, &n);
	Numeric *readings;
	int count;
	Numeric peak;

	if (n == 0)
		return NULL;
	if (rule->measure == MEASURE_WEIGHTED)
		return weigh(sale, members, n);
	readings = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(Numeric));
	count = readings_of(members, n, readings);
	if (rule->measure == MEASURE_LATEST)
		return readings[count - 1];
	if (rule->measure == MEASURE_P95)
		return usage_percentile(readings, count, 9500);
	peak = readings[0];
	for (int i = 1; i < count; i++)
		if (number_cmp(readings[i], peak) > 0)
			peak = readings[i];
	return peak;
}

/* A price rule and what its charges amount to. */
typedef struct RuleAmount
{
	int rule;
	Numeric amount;
} RuleAmount;

/* The most that the charges of one price rule amount to. */
static Numeric
measure_dearest(const Line *line)
{
	HASHCTL control = {.hcxt = CurrentMemoryContext};
	HTAB *amounts;
	Numeric dearest = NULL;
	HASH_SEQ_STATUS all;
	RuleAmount *entry;

	control.keysize = sizeof(int);
	control.entrysize = sizeof(RuleAmount);
	amounts = hash_create("rating: amounts", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (Member *member = line->first; member; member = member->next)
	{
		bool found;

		entry = hash_search(amounts, &member->part->rule, HASH_ENTER, &found);
		entry->amount = found ? number_add(entry->amount, member->measured) : member->measured;
	}
	hash_seq_init(&all, amounts);
	while ((entry = hash_seq_search(&all)) != NULL)
		if (dearest == NULL || number_cmp(entry->amount, dearest) > 0)
			dearest = entry->amount;
	return dearest;
}

/* What is rated of a line; NULL when there is nothing. */
static Numeric
measure_line(const Sale *sale, const Line *line, const Rule *rule)
{
	if (rule->measure == MEASURE_DEAREST)
		return measure_dearest(line);
	return measure_is_reading(rule->measure) ? measure_readings(sale, line, rule)
	                                         : sum_members(line);
}

/* Prices each charge by itself; its share is then its own amount. */
static Numeric
rate_each(const Line *line, const Pricing *pricing)
{
	ExactSum total = {0};

	for (Member *member = line->first; member; member = member->next)
	{
		if (member->measured == NULL)
			continue;
		member->weight = pricing_rate(pricing, member->measured, NULL);
		exact_total_add(&total, NumericGetDatum(member->weight), CurrentMemoryContext);
	}
	return exact_total_get(&total);
}

/* Prices event by event, in the order of time; shares are in proportion to their amounts. */
static Numeric
rate_events(const Line *line, const Pricing *pricing)
{
	PricingEvents events = {0};
	ExactSum total = {0};
	int n;
	Member **members = by_time(line, &n);

	for (int i = 0; i < n; i++)
	{
		members[i]->weight = pricing_event(pricing, members[i]->measured, &events, NULL);
		exact_total_add(&total, NumericGetDatum(members[i]->weight), CurrentMemoryContext);
	}
	return pricing_adjust(pricing, exact_total_get(&total), NULL);
}

/* What the ladder has climbed before this line begins: the measure of the rules it continues. */
static Numeric
climbed(const Sale *sale, Stage *stage, const Line *line)
{
	Numeric before = NULL;
	LineKey key = line->key;

	/* a circle of rules would be as long as there are rules at most */
	for (int i = 0; i < sale->rating->rules->nrules; i++)
	{
		int place = rating_rule(sale->rating, key.rule)->continues;
		Line *other;

		if (place < 0)
			break;
		key.rule = place;
		if (rating_rule(sale->rating, place)->per != PER_SKU)
			key.product_id = rating_rule(sale->rating, place)->product_id;
		other = hash_search(stage->lines, &key, HASH_FIND, NULL);
		if (other && other->measured)
			before = before ? number_add(before, other->measured) : other->measured;
	}
	return before;
}

/* The amount of a line whose measure is known. */
static void
rate_line(Sale *sale, Stage *stage, Line *line)
{
	const Rule *rule = rating_rule(sale->rating, line->key.rule);
	const Pricing *pricing = rule_pricing(sale->rating->rules, rule);

	if (rule->effect == EFFECT_TRUE_UP)
		return; /* known with its measure */
	if (rule->per == PER_CHARGE)
		line->amount = rate_each(line, pricing);
	else if (rule->by_event)
		line->amount = rate_events(line, pricing);
	else
	{
		line->before = rule->effect == EFFECT_LIMIT && rule->included_months > 0
		                   ? limit_spend(sale, line)
		                   : climbed(sale, stage, line);
		if (line->before)
			line->amount =
			    number_sub(pricing_rate(pricing, number_add(line->before, line->measured), NULL),
			               pricing_rate(pricing, line->before, NULL));
		else
			line->amount = pricing_rate(pricing, line->measured, NULL);
		if (rule->effect == EFFECT_LIMIT)
			line->amount = number_sub(line->amount, sum_members(line));
	}
}

/* Rates all lines of a stage, and hands them over. */
void
stage_rate(Sale *sale, Stage *stage)
{
	for (Line *line = stage->first; line; line = line->next)
	{
		const Rule *rule = rating_rule(sale->rating, line->key.rule);

		CHECK_FOR_INTERRUPTS();
		if (rule->effect == EFFECT_TRUE_UP)
			true_up_measure(sale, line);
		else
			line->measured = measure_line(sale, line, rule);
		if (line->measured && rule->skip_zero &&
		    number_cmp(line->measured, number_literal(0, 0)) == 0)
			line->measured = NULL;
	}
	for (Line *line = stage->first; line; line = line->next)
	{
		if (line->measured == NULL)
			continue;
		rate_line(sale, stage, line);
		if (sale->take_line)
			sale->take_line(sale->taker, sale, line);
	}
}

/*
 * Cuts a line's amount into the shares of its members, in 128 bits; false where these are
 * too few, or there is nothing to share by.  It gives what numeric arithmetic gives.
 */
static bool
share_exactly(Line *line, int128 *weights)
{
	Exact amount;
	Exact last_share;
	int128 total = 0;
	int128 running = 0;
	int128 given = 0;
	int128 divisor;
	int scale = 0;
	int n = 0;
	int i = 0;

	if (!exact_from_numeric(NumericGetDatum(line->amount), &amount))
		return false;
	for (Member *member = line->first; member; member = member->next)
	{
		Exact weight;

		if (member->measured == NULL)
			continue;
		if (!exact_from_numeric(NumericGetDatum(member->weight), &weight))
			return false;
		/* all in the unit of the finest so far */
		if (weight.scale > scale)
		{
			for (int j = 0; j < n; j++)
				if (!exact_mul_power10(weights[j], weight.scale - scale, &weights[j]))
					return false;
			if (!exact_mul_power10(total, weight.scale - scale, &total))
				return false;
			scale = weight.scale;
		}
		if (!exact_mul_power10(weight.mantissa, scale - weight.scale, &weights[n]) ||
		    __builtin_add_overflow(total, weights[n], &total))
			return false;
		n++;
	}
	if (n == 0 || total == 0)
		return false;
	/* the amount in the unit of shares, or else what it is divided by */
	last_share = amount;
	divisor = total;
	if (amount.scale <= SHARE_SCALE
	        ? !exact_mul_power10(amount.mantissa, SHARE_SCALE - amount.scale, &amount.mantissa)
	        : !exact_mul_power10(divisor, amount.scale - SHARE_SCALE, &divisor))
		return false;
	for (Member *member = line->first; member; member = member->next)
	{
		int128 product;
		int128 until;

		CHECK_FOR_INTERRUPTS();
		if (member->measured == NULL)
			continue;
		if (i == n - 1)
		{
			int128 back = given;

			if (i > 0 &&
			    (!exact_rescale(&last_share, Max(last_share.scale, SHARE_SCALE), EXACT_DOWN) ||
			     !exact_mul_power10(back, last_share.scale - SHARE_SCALE, &back) ||
			     __builtin_sub_overflow(last_share.mantissa, back, &last_share.mantissa)))
				return false;
			member->share = exact_to_numeric(&last_share);
			return true;
		}
		if (__builtin_add_overflow(running, weights[i], &running) ||
		    !exact_mul_int128(amount.mantissa, running, &product))
			return false;
		until = product / divisor;
		member->share = exact_to_numeric(&(Exact){until - given, SHARE_SCALE});
		given = until;
		i++;
	}
	return false;
}

/* Cuts a line's amount into the shares of its members. */
static void
share_line(Line *line)
{
	Numeric zero = number_literal(0, 0);
	Numeric total = zero;
	Numeric running = zero;
	Numeric given = zero;
	bool nothing;
	Member *last = NULL;
	int128 *weights;
	bool is_done;

	if (line->nmembers == 1)
	{
		line->first->share = line->amount;
		return;
	}
	weights = MemoryContextAllocHuge(CurrentMemoryContext, line->nmembers * sizeof(int128));
	is_done = share_exactly(line, weights);
	pfree(weights);
	if (is_done)
		return;
	for (Member *member = line->first; member; member = member->next)
	{
		if (member->measured == NULL)
			continue;
		total = number_add(total, member->weight);
		last = member;
	}
	nothing = number_cmp(total, zero) == 0;
	for (Member *member = line->first; member; member = member->next)
	{
		Numeric until;

		CHECK_FOR_INTERRUPTS();
		if (member->measured == NULL)
			continue;
		if (member == last)
			until = line->amount;
		else if (nothing)
			until = zero;
		else
		{
			running = number_add(running, member->weight);
			until = number_ratio(line->amount, running, total, SHARE_SCALE);
		}
		member->share = number_sub(until, given);
		given = until;
	}
}

/* The amount in a currency, or NULL. */
Numeric
amount_in(const Amount *amounts, Currency currency)
{
	while (amounts && amounts->currency != currency)
		amounts = amounts->next;
	return amounts ? amounts->amount : NULL;
}

/* Adds to the amount in a currency. */
void
add_amount(Amount **amounts, Currency currency, Numeric share)
{
	Amount **place = amounts;

	while (*place && (*place)->currency != currency)
		place = &(*place)->next;
	if (*place == NULL)
	{
		*place = palloc(sizeof(Amount));
		(*place)->currency = currency;
		(*place)->amount = share;
		(*place)->next = NULL;
	}
	else
		(*place)->amount = number_add((*place)->amount, share);
}

/* Gives the members of all lines their shares. */
void
stage_share(Stage *stage)
{
	for (Line *line = stage->first; line; line = line->next)
	{
		if (line->measured == NULL)
			continue;
		share_line(line);
		for (Member *member = line->first; member; member = member->next)
			if (member->share)
				add_amount(&member->part->amounts, line->key.currency, member->share);
	}
}

/* Notes, at the last member of each line, by how much the invoice rounds it up. */
void
stage_round(Stage *stage)
{
	for (Line *line = stage->first; line; line = line->next)
	{
		Member *last = NULL;
		Numeric rounding;

		if (line->measured == NULL)
			continue;
		for (Member *member = line->first; member; member = member->next)
			if (member->share)
				last = member;
		rounding = number_sub(number_round(line->amount, currency_decimals(line->key.currency)),
		                      line->amount);
		if (last && number_cmp(rounding, number_literal(0, 0)) != 0)
			add_amount(&last->part->rounding, line->key.currency, rounding);
	}
}
