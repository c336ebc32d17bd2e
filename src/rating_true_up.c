/*
 * rating_true_up.c: what is missing of what was committed to.
 *
 * An agreement's commitment comes as a piece without charges in the month in which
 * its period ends, with what was committed as its quantity.  What charges in the
 * scope of the rule amounted to is noted month by month, by day, so that a period
 * may be of any length and begin on any day on which months are cut.
 */
#include "postgres.h"

#include "number.h"
#include "rating.h"
#include "utils/memutils.h"

/* What charges of a day or month amounted to. */
typedef struct Spent
{
	DateADT charge_on;
	Numeric amount;
} Spent;

typedef struct CommitmentKey
{
	int32 buyer_id;
	int32 rule;
	Currency currency;
} CommitmentKey;

typedef struct Commitment
{
	CommitmentKey key;
	int nspent;
	int maxspent;
	Spent *spent;
} Commitment;

typedef struct Commitments
{
	MemoryContext context;
	HTAB *commitments;
} Commitments;

/* Makes what is known of commitments from month to month. */
struct Commitments *
commitments_create(MemoryContext context)
{
	Commitments *commitments = MemoryContextAllocZero(context, sizeof(Commitments));

	commitments->context = context;
	return commitments;
}

/* What is known of the commitment of a rule; NULL when nothing is, unless it is to be made. */
static Commitment *
commitment_of(const Sale *sale, int place, Currency currency, bool make)
{
	Commitments *commitments = sale->commitments;
	CommitmentKey key;
	Commitment *commitment;
	bool found;

	if (commitments->commitments == NULL)
	{
		HASHCTL control = {.hcxt = commitments->context};

		control.keysize = sizeof(CommitmentKey);
		control.entrysize = sizeof(Commitment);
		commitments->commitments =
		    hash_create("rating: commitments", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	memset(&key, 0, sizeof(key));
	key.buyer_id = sale->buyer_id;
	key.rule = place;
	key.currency = currency;
	commitment = hash_search(commitments->commitments, &key, make ? HASH_ENTER : HASH_FIND, &found);
	if (make && !found)
	{
		commitment->nspent = 0;
		commitment->maxspent = 16;
		commitment->spent =
		    MemoryContextAlloc(commitments->context, commitment->maxspent * sizeof(Spent));
	}
	return commitment;
}

/* Adds to what was spent on a day. */
static void
spend(Commitments *commitments, Commitment *commitment, DateADT charge_on, Numeric amount)
{
	MemoryContext old = MemoryContextSwitchTo(commitments->context);
	Spent *last = commitment->nspent > 0 ? &commitment->spent[commitment->nspent - 1] : NULL;

	if (last && last->charge_on == charge_on)
		last->amount = number_add(last->amount, amount);
	else
	{
		if (commitment->nspent == commitment->maxspent)
		{
			commitment->maxspent *= 2;
			commitment->spent =
			    repalloc_huge(commitment->spent, commitment->maxspent * sizeof(Spent));
		}
		commitment->spent[commitment->nspent++] =
		    (Spent){charge_on, DatumGetNumericCopy(NumericGetDatum(amount))};
	}
	MemoryContextSwitchTo(old);
}

/* Notes what a part amounts to, as it is invoiced; what ends a commitment makes its line. */
void
true_up_join(Sale *sale, Stage *stage, int place, Part *part)
{
	const Rule *rule = rating_rule(sale->rating, place);

	if (part->piece->charges == 0)
	{
		LineKey key = line_key(sale, place, part, part->piece->item->currency);

		if (rule->currency == 0 || rule->currency == key.currency)
			stage_join(stage, &key, part, part->quantity);
		return;
	}
	for (Amount *amount = part->amounts; amount; amount = amount->next)
	{
		Numeric rounding = amount_in(part->rounding, amount->currency);
		Numeric spent = rounding ? number_add(amount->amount, rounding) : amount->amount;
		LineKey key = line_key(sale, place, part, amount->currency);

		if (rule->currency != 0 && rule->currency != amount->currency)
			continue;
		spend(sale->commitments, commitment_of(sale, place, amount->currency, true),
		      part->piece->charge_on, spent);
		if (sale->take_use)
			sale->take_use(sale->taker, sale, &key, part->piece->charge_on, DATEVAL_NOEND, spent);
	}
}

/* The day after the last of the period that a piece ends. */
static DateADT
period_end(const Piece *piece)
{
	return DATE_NOT_FINITE(piece->invoice_on) ? months_before(piece->period_start, -1)
	                                          : piece->invoice_on;
}

/* What counts of what was spent in a period. */
static Numeric
spent_during(const Sale *sale, const Line *line, DateADT from, DateADT until)
{
	const Rule *rule = rating_rule(sale->rating, line->key.rule);
	Commitment *commitment = commitment_of(sale, line->key.rule, line->key.currency, false);
	Numeric sum = number_literal(0, 0);

	for (int i = 0; commitment && i < commitment->nspent; i++)
		if (commitment->spent[i].charge_on >= from && commitment->spent[i].charge_on < until)
			sum = number_add(sum, commitment->spent[i].amount);
	return number_trim(pricing_rate(rule_pricing(sale->rating->rules, rule), sum, NULL));
}

/* Is a member the first of its line that ends its period? */
static bool
is_first_of_period(const Line *line, const Member *member)
{
	for (const Member *other = line->first; other != member; other = other->next)
		if (other->part->piece->charge_on == member->part->piece->charge_on)
			return false;
	return true;
}

/* What counts, what was committed and what is missing, of all periods that a line ends. */
void
true_up_measure(Sale *sale, Line *line)
{
	Numeric zero = number_literal(0, 0);

	line->measured = line->before = line->amount = zero;
	for (Member *member = line->first; member; member = member->next)
	{
		const Piece *piece = member->part->piece;
		DateADT until = DATEVAL_NOBEGIN;
		Numeric committed = zero;
		Numeric spent;

		if (!is_first_of_period(line, member))
			continue;
		for (Member *other = member; other; other = other->next)
			if (other->part->piece->charge_on == piece->charge_on && other->measured)
			{
				committed = number_add(committed, other->measured);
				until = Max(until, period_end(other->part->piece));
			}
		spent = spent_during(sale, line, piece->charge_on, until);
		line->before = number_add(line->before, committed);
		line->measured = number_add(line->measured, spent);
		if (number_cmp(spent, committed) < 0)
			line->amount = number_add(line->amount, number_sub(committed, spent));
	}
}
