/*
 * rating_bundle.c: what is included.
 *
 * A rule with effect include covers quantity, up to what its bundle holds, before
 * anything is priced; a piece that is covered in part is cut in two.  Rules of
 * one bundle draw on it in the order of their position, and what is left may
 * roll over to the months that follow.
 */
#include "postgres.h"

#include "number.h"
#include "rating.h"
#include "utils/memutils.h"

/* What is left of a month. */
typedef struct Left
{
	DateADT month;
	Numeric quantity;
	struct Left *next; /* a later month */
} Left;

/* Whose bundle it is; the rule is that of a bundle without a name. */
typedef struct BundleKey
{
	int32 buyer_id;
	int32 rule;
	StringId name;
	LineKey per; /* but for its rule and product */
} BundleKey;

typedef struct Bundle
{
	BundleKey key;
	bool opened;
	DateADT month; /* the last that was opened */
	Left *left;    /* the oldest first, up to this month */
} Bundle;

typedef struct Bundles
{
	MemoryContext context;
	HTAB *bundles;
	DateADT first; /* month of charges */
} Bundles;

/* Makes what is known of bundles from month to month. */
struct Bundles *
bundles_create(MemoryContext context)
{
	Bundles *bundles = MemoryContextAllocZero(context, sizeof(Bundles));

	bundles->context = context;
	return bundles;
}

/* Puts a month's quantity behind those of earlier months. */
static void
put_left(Bundle *bundle, DateADT month, Numeric quantity)
{
	Left **place = &bundle->left;
	Left *left = palloc(sizeof(Left));

	while (*place)
		place = &(*place)->next;
	left->month = month;
	left->quantity = DatumGetNumericCopy(NumericGetDatum(quantity));
	left->next = NULL;
	*place = left;
}

/* Opens a bundle for a month: what rolled over to it is kept, and its own quantity added. */
static void
open_bundle(Bundles *bundles, Bundle *bundle, const Sale *sale, const Rule *rule)
{
	Numeric included = rule_set_at(sale->rating->rules, rule->included);
	DateADT oldest = months_before(sale->period_start, rule->roll_over);
	MemoryContext old = MemoryContextSwitchTo(bundles->context);

	if (!bundle->opened)
		bundle->month = months_before(bundles->first, 1);
	while (bundle->left && bundle->left->month < oldest)
		bundle->left = bundle->left->next;
	/* months in which nothing asked for the bundle are left whole */
	for (int i = rule->roll_over; i > 0; i--)
	{
		DateADT month = months_before(sale->period_start, i);

		if (month > bundle->month && month < rule->valid_until &&
		    months_before(month, -1) > rule->valid_from)
			put_left(bundle, month, included);
	}
	put_left(bundle, sale->period_start, included);
	bundle->opened = true;
	bundle->month = sale->period_start;
	MemoryContextSwitchTo(old);
}

/* The bundle that a rule draws on for a part, open for this month. */
static Bundle *
bundle_of(Sale *sale, int place, const Part *part)
{
	Bundles *bundles = sale->bundles;
	const Rule *rule = rating_rule(sale->rating, place);
	BundleKey key;
	Bundle *bundle;
	bool found;

	if (bundles->bundles == NULL)
	{
		HASHCTL control = {.hcxt = bundles->context};

		control.keysize = sizeof(BundleKey);
		control.entrysize = sizeof(Bundle);
		bundles->bundles =
		    hash_create("rating: bundles", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		bundles->first = sale->rating->first_period;
	}
	memset(&key, 0, sizeof(key));
	key.buyer_id = sale->buyer_id;
	key.rule = rule->bundle == 0 ? place : -1;
	key.name = rule->bundle == 0
	               ? 0
	               : rating_string(sale->rating, rule_set_at(sale->rating->rules, rule->bundle));
	key.per = line_key(sale, place, part, 0);
	key.per.rule = 0;
	if (rule->per != PER_SKU)
		key.per.product_id = 0;
	bundle = hash_search(bundles->bundles, &key, HASH_ENTER, &found);
	if (!found)
	{
		bundle->opened = false;
		bundle->left = NULL;
	}
	if (!bundle->opened || bundle->month != sale->period_start)
		open_bundle(bundles, bundle, sale, rule);
	return bundle;
}

/* Takes from a bundle, of the oldest month first; gives what there was of it. */
static Numeric
draw(Bundles *bundles, Bundle *bundle, Numeric wanted)
{
	Numeric zero = number_literal(0, 0);
	Numeric drawn = zero;
	MemoryContext old = MemoryContextSwitchTo(bundles->context);

	for (Left *left = bundle->left; left && number_cmp(drawn, wanted) < 0; left = left->next)
	{
		Numeric missing = number_sub(wanted, drawn);
		Numeric part = number_cmp(left->quantity, missing) < 0 ? left->quantity : missing;

		drawn = number_add(drawn, part);
		left->quantity = number_sub(left->quantity, part);
	}
	MemoryContextSwitchTo(old);
	return drawn;
}

/* Cuts off the part that is covered, with its share of the costs. */
static Part *
cut(Part *part, Numeric covered)
{
	Part *result = palloc(sizeof(Part));

	*result = *part;
	result->quantity = covered;
	result->charges = 0;
	for (int i = 0; i < COSTS; i++)
	{
		if (part->cost[i] == NULL)
			continue;
		result->cost[i] = number_ratio(part->cost[i], covered, part->quantity, SHARE_SCALE);
		part->cost[i] = number_sub(part->cost[i], result->cost[i]);
	}
	part->quantity = number_sub(part->quantity, covered);
	return result;
}

/* Covers what is included: gives covered parts the rule that includes them. */
void
bundles_cover(Sale *sale)
{
	Application *candidates;
	int n = rating_gather(sale, true, &candidates);

	for (int i = 0; i < n; i++)
	{
		Part *part = sale->parts[candidates[i].part];
		Numeric covered;

		if (part->rule >= 0 || part->quantity == NULL ||
		    number_cmp(part->quantity, number_literal(0, 0)) <= 0)
			continue;
		covered = draw(sale->bundles, bundle_of(sale, candidates[i].rule, part), part->quantity);
		if (number_cmp(covered, number_literal(0, 0)) == 0)
			continue;
		if (number_cmp(covered, part->quantity) < 0)
		{
			part = cut(part, covered);
			rating_add_part(sale, part);
		}
		part->rule = candidates[i].rule;
	}
}
