/*
 * rating_credit.c: what is taken off, of something that is used up: prepaid credit,
 * and coupons with limits.
 *
 * A rule with effect credit has lots: one, or one each so many months, which may roll
 * over.  They are drawn on after all that is billed is known, by position, and then
 * the first to expire and the oldest first; each sees what those before it left.
 * Draws are whole cents, at most what the line is billed, so that what a lot has left
 * is what documents say.  Nothing is stored: a month hangs on all months before it.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "number.h"
#include "rating.h"
#include "utils/memutils.h"

typedef struct Lot
{
	DateADT from;
	DateADT until;
	Numeric left; /* NULL is without limit */
	struct Lot *next;
} Lot;

/* Whose credit it is; the line's rule is the place of the credit's. */
typedef struct CreditKey
{
	int32 buyer_id;
	LineKey line;
} CreditKey;

typedef struct Credit
{
	CreditKey key;
	DateADT next;    /* on which there is a new lot */
	DateADT used_in; /* last month in which it was drawn on */
	int uses;
	Lot *lots; /* the oldest first */
} Credit;

typedef struct Credits
{
	MemoryContext context;
	HTAB *credits;
} Credits;

/* A lot that a line may draw on. */
typedef struct Draw
{
	Line *line;
	Credit *credit;
	Lot *lot;
	int position;
	int32 price_rule_id;
	int number; /* of the line */
} Draw;

/* Makes what is known of credits from month to month. */
struct Credits *
credits_create(MemoryContext context)
{
	Credits *credits = MemoryContextAllocZero(context, sizeof(Credits));

	credits->context = context;
	return credits;
}

/* Opens the lots that begin before a month ends, and drops those that expired before it. */
static void
open_lots(const Sale *sale, const Rule *rule, Credit *credit)
{
	DateADT end = months_before(sale->period_start, -1);
	Numeric included = rule_set_at(sale->rating->rules, rule->included);
	Lot **place = &credit->lots;

	while (*place && (*place)->until <= sale->period_start)
		*place = (*place)->next;
	while (*place)
		place = &(*place)->next;
	while (credit->next < end && credit->next < rule->valid_until)
	{
		Lot *lot = palloc0(sizeof(Lot));

		lot->from = credit->next;
		lot->until = rule->valid_until;
		lot->left = included ? DatumGetNumericCopy(NumericGetDatum(included)) : NULL;
		if (rule->included_months > 0)
		{
			credit->next = months_before(lot->from, -rule->included_months);
			lot->until = Min(lot->until, months_before(credit->next, -rule->roll_over));
		}
		else
			credit->next = DATEVAL_NOEND;
		if (lot->until <= sale->period_start)
			continue;
		*place = lot;
		place = &lot->next;
	}
}

/* The credit that a line draws on, open for this month. */
static Credit *
credit_of(Sale *sale, const Line *line)
{
	Credits *credits = sale->credits;
	const Rule *rule = rating_rule(sale->rating, line->key.rule);
	MemoryContext old = MemoryContextSwitchTo(credits->context);
	CreditKey key;
	Credit *credit;
	bool found;

	if (credits->credits == NULL)
	{
		HASHCTL control = {.hcxt = credits->context};

		control.keysize = sizeof(CreditKey);
		control.entrysize = sizeof(Credit);
		credits->credits =
		    hash_create("rating: credits", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	memset(&key, 0, sizeof(key));
	key.buyer_id = sale->buyer_id;
	key.line = line->key;
	credit = hash_search(credits->credits, &key, HASH_ENTER, &found);
	if (!found)
	{
		credit->next = rule->valid_from;
		credit->used_in = DATEVAL_NOBEGIN;
		credit->uses = 0;
		credit->lots = NULL;
	}
	open_lots(sale, rule, credit);
	MemoryContextSwitchTo(old);
	return credit;
}

/* What a part amounts to by now, as it is billed. */
static Numeric
billed(const Part *part, Currency currency)
{
	Numeric amount = amount_in(part->amounts, currency);
	Numeric rounding = amount_in(part->rounding, currency);

	if (amount == NULL)
		return number_literal(0, 0);
	return rounding ? number_add(amount, rounding) : amount;
}

/* May a lot be used for a member? */
static bool
is_within(const Lot *lot, const Member *member)
{
	return member->part->piece->charge_on >= lot->from &&
	       member->part->piece->charge_on < lot->until;
}

/* What a lot may be used for. */
static Numeric
eligible_of(const Line *line, const Lot *lot)
{
	Numeric sum = number_literal(0, 0);

	for (const Member *member = line->first; member; member = member->next)
		if (is_within(lot, member))
			sum = number_add(sum, billed(member->part, line->key.currency));
	return sum;
}

/* Takes an amount off members, in proportion to what they amount to. */
static void
take_off(Line *line, const Lot *lot, Numeric drawn, Numeric eligible)
{
	Currency currency = line->key.currency;
	Numeric running = number_literal(0, 0);
	Numeric given = running;
	Member *last = NULL;

	for (Member *member = line->first; member; member = member->next)
		if (is_within(lot, member))
			last = member;
	for (Member *member = line->first; member; member = member->next)
	{
		Numeric until;
		Numeric share;

		CHECK_FOR_INTERRUPTS();
		if (!is_within(lot, member))
			continue;
		running = number_add(running, billed(member->part, currency));
		until = member == last ? drawn : number_ratio(drawn, running, eligible, SHARE_SCALE);
		share = number_sub(given, until);
		given = until;
		member->share = member->share ? number_add(member->share, share) : share;
		add_amount(&member->part->amounts, currency, share);
	}
}

/* Draws on a lot. */
static void
draw_on(Sale *sale, Line *line, Credit *credit, Lot *lot)
{
	const Rule *rule = rating_rule(sale->rating, line->key.rule);
	int decimals = currency_decimals(line->key.currency);
	Numeric one = number_literal(1, 0);
	Numeric zero = number_literal(0, 0);
	Numeric taken = line->amount ? number_negate(line->amount) : zero;
	Numeric eligible;
	Numeric wanted;
	Numeric whole;

	if (rule->uses > 0 && credit->uses >= rule->uses && credit->used_in != sale->period_start)
		return;
	eligible = eligible_of(line, lot);
	if (number_cmp(eligible, zero) <= 0)
		return;
	/* of all it may be used for, less what an older lot gave */
	wanted = number_sub(number_round(pricing_rate(rule_pricing(sale->rating->rules, rule),
	                                              number_add(eligible, taken), NULL),
	                                 decimals),
	                    taken);
	whole = number_ratio(eligible, one, one, decimals);
	if (number_cmp(wanted, whole) > 0)
		wanted = whole;
	if (lot->left)
	{
		whole = number_ratio(lot->left, one, one, decimals);
		if (number_cmp(wanted, whole) > 0)
			wanted = whole;
	}
	if (number_cmp(wanted, zero) <= 0)
		return;
	take_off(line, lot, wanted, eligible);
	if (sale->take_use)
		sale->take_use(sale->taker, sale, &line->key, lot->from, lot->until, wanted);
	if (line->measured == NULL)
		line->measured = eligible;
	line->amount = number_negate(number_add(taken, wanted));
	if (credit->used_in != sale->period_start)
		credit->uses++;
	credit->used_in = sale->period_start;
	if (lot->left)
	{
		MemoryContext old = MemoryContextSwitchTo(sale->credits->context);

		lot->left = number_sub(lot->left, wanted);
		MemoryContextSwitchTo(old);
	}
}

/* Orders draws: by position, the first to expire, the oldest, and then as rules and lines come. */
static int
compare_draws(const void *left, const void *right)
{
	const Draw *a = left;
	const Draw *b = right;

	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	if (a->lot->until != b->lot->until)
		return a->lot->until < b->lot->until ? -1 : 1;
	if (a->lot->from != b->lot->from)
		return a->lot->from < b->lot->from ? -1 : 1;
	if (a->price_rule_id != b->price_rule_id)
		return a->price_rule_id < b->price_rule_id ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

/* Draws on the credits of a month, and hands over what was taken of each. */
void
credits_draw(Sale *sale, Stage *stage)
{
	int n = 0;
	int max = 64;
	int number = 0;
	Draw *draws = palloc(max * sizeof(Draw));

	for (Line *line = stage->first; line; line = line->next)
	{
		const Rule *rule = rating_rule(sale->rating, line->key.rule);
		Credit *credit = credit_of(sale, line);

		number++;
		for (Lot *lot = credit->lots; lot; lot = lot->next)
		{
			if (n == max)
			{
				max *= 2;
				draws = repalloc_huge(draws, max * sizeof(Draw));
			}
			draws[n++] = (Draw){line, credit, lot, rule->position, rule->price_rule_id, number};
		}
	}
	qsort(draws, n, sizeof(Draw), compare_draws);
	for (int i = 0; i < n; i++)
		draw_on(sale, draws[i].line, draws[i].credit, draws[i].lot);
	for (Line *line = stage->first; line; line = line->next)
	{
		if (line->measured == NULL)
			continue;
		if (sale->take_line)
			sale->take_line(sale->taker, sale, line);
		for (Member *member = line->first; sale->take_member && member; member = member->next)
			if (member->share)
				sale->take_member(sale->taker, sale, line, member);
	}
}
