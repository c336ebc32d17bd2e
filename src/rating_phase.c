/*
 * rating_phase.c: the phases of a sale: rounded, included, set, adjust, add, limit,
 * true-up, credit.
 *
 * Within a phase rules go by position: those of one position see the same
 * amounts, and those of the next what these made of them.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "number.h"
#include "rating.h"

/* The resources a line has counted. */
typedef struct CountedResource
{
	LineKey line;
	int32 account_id;
	StringId resource;
} CountedResource;

/* Finds the rule that sets a part's price: the first that holds, of those in order. */
static void
set_price(const Sale *sale, Part *part)
{
	const RatedItem *item = part->piece->item;

	for (int i = 0; i < item->nmatched && part->rule < 0; i++)
	{
		const Rule *rule = rating_rule(sale->rating, item->matched[i]);

		if (rule->effect == EFFECT_SET && rule_holds(sale, rule, part))
			part->rule = item->matched[i];
	}
}

/* What a part adds to a measure that is no amount; NULL is nothing. */
static Numeric
measured_of(const Part *part, const Rule *rule)
{
	if (measure_is_cost(rule->measure))
		return part->cost[rule->measure];
	if (rule->measure == MEASURE_EVENTS)
		return int64_to_numeric(part->charges);
	return part->quantity;
}

/* What a part adds to the number of resources of a line: 1 for the first part of each. */
static Numeric
count_resource(HTAB **counted, const LineKey *line, const Part *part)
{
	CountedResource key;
	bool found;

	if (part->piece->item->resource == 0)
		return NULL;
	if (*counted == NULL)
	{
		HASHCTL control = {.hcxt = CurrentMemoryContext};

		control.keysize = sizeof(CountedResource);
		control.entrysize = sizeof(CountedResource);
		*counted =
		    hash_create("rating: resources", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	memset(&key, 0, sizeof(key));
	key.line = *line;
	key.account_id = part->piece->item->account_id;
	key.resource = part->piece->item->resource;
	hash_search(*counted, &key, HASH_ENTER, &found);
	return number_literal(found ? 0 : 1, 0);
}

/* Puts a part into the lines that a rule makes of it. */
static void
apply(Sale *sale, Stage *stage, HTAB **counted, int place, Part *part)
{
	const Rule *rule = rating_rule(sale->rating, place);
	LineKey key;
	Numeric rounding;

	if (rule->effect == EFFECT_TRUE_UP)
	{
		true_up_join(sale, stage, place, part);
		return;
	}
	/* there is nothing to adjust where nothing was sold */
	if (rule->effect == EFFECT_ADJUST && part->amounts == NULL)
		return;
	if (measure_is_amount(rule->measure))
	{
		for (Amount *amount = part->amounts; amount; amount = amount->next)
		{
			if (rule->currency != 0 && rule->currency != amount->currency)
				continue;
			key = line_key(sale, place, part, amount->currency);
			rounding =
			    rule->effect == EFFECT_LIMIT ? amount_in(part->rounding, amount->currency) : NULL;
			stage_join(stage, &key, part,
			           rounding ? number_add(amount->amount, rounding) : amount->amount);
		}
		/* a limit of what costs nothing yet */
		if (part->amounts == NULL && rule->effect == EFFECT_LIMIT && rule->currency != 0)
		{
			key = line_key(sale, place, part, rule->currency);
			stage_join(stage, &key, part, number_literal(0, 0));
		}
		return;
	}
	key = line_key(sale, place, part,
	               measure_is_cost(rule->measure) ? part->currency : rule->currency);
	stage_join(stage, &key, part,
	           rule->measure == MEASURE_RESOURCES ? count_resource(counted, &key, part)
	                                              : measured_of(part, rule));
}

/*
 * Orders applications: by phase and position, and then as parts come; what is
 * included goes rule by rule, the oldest first.
 */
static int
compare_applications(const void *left, const void *right)
{
	const Application *a = left;
	const Application *b = right;

	if (a->effect != b->effect)
		return a->effect < b->effect ? -1 : 1;
	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	if (a->effect == EFFECT_INCLUDE && a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	if (a->part != b->part)
		return a->part < b->part ? -1 : 1;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

/*
 * Gathers which rules apply to which parts, in the order in which they do; gives
 * their number.  Either those that include, or those that adjust, add or limit.
 */
int
rating_gather(const Sale *sale, bool include, Application **applications)
{
	int max = 64;
	int n = 0;

	*applications = palloc(max * sizeof(Application));
	for (int i = 0; i < sale->nparts; i++)
	{
		const Part *part = sale->parts[i];
		const RatedItem *item = part->piece->item;

		for (int j = 0; j < item->nmatched; j++)
		{
			const Rule *rule = rating_rule(sale->rating, item->matched[j]);

			if (rule->effect == EFFECT_SET || rule->effect == EFFECT_ROUND ||
			    (rule->effect == EFFECT_INCLUDE) != include || !rule_holds(sale, rule, part))
				continue;
			if (n == max)
			{
				max *= 2;
				*applications = repalloc_huge(*applications, max * sizeof(Application));
			}
			(*applications)[n++] = (Application){rule->effect, rule->position, i, item->matched[j]};
		}
	}
	qsort(*applications, n, sizeof(Application), compare_applications);
	return n;
}

/* Rates the lines of a stage, and tells their members what they are priced at. */
static void
finish(Sale *sale, Stage *stage, bool share, bool limits)
{
	stage_rate(sale, stage);
	if (!share && !sale->need_shares)
		return;
	stage_share(stage);
	if (limits)
		stage_round(stage);
	if (sale->take_member)
		for (Line *line = stage->first; line; line = line->next)
			for (Member *member = line->first; member; member = member->next)
				sale->take_member(sale->taker, sale, line, member);
}

/* Rates a sale. */
void
rating_sale(Sale *sale)
{
	Stage *stage = stage_begin();
	HTAB *counted = NULL;
	Application *applications;
	int napplications;
	bool limits;

	time_round(sale);
	bundles_cover(sale);
	for (int i = 0; i < sale->nparts; i++)
	{
		Part *part = sale->parts[i];

		CHECK_FOR_INTERRUPTS();
		if (part->rule < 0)
			set_price(sale, part);
		if (part->rule >= 0)
			apply(sale, stage, &counted, part->rule, part);
		/* what closes a commitment is no charge, and has no price */
		else if (sale->take_member && part->piece->charges > 0)
			sale->take_member(sale->taker, sale, NULL,
			                  &(Member){.part = part, .measured = part->quantity});
	}
	napplications = rating_gather(sale, false, &applications);
	limits = napplications > 0 && applications[napplications - 1].effect >= EFFECT_LIMIT;
	finish(sale, stage, napplications > 0, limits);

	for (int first = 0, last; first < napplications; first = last)
	{
		Application *head = &applications[first];

		stage = stage_begin();
		counted = NULL;
		for (last = first;
		     last < napplications && applications[last].effect == head->effect &&
		     (applications[last].position == head->position || head->effect == EFFECT_CREDIT);
		     last++)
		{
			CHECK_FOR_INTERRUPTS();
			apply(sale, stage, &counted, applications[last].rule,
			      sale->parts[applications[last].part]);
		}
		if (head->effect == EFFECT_CREDIT)
			credits_draw(sale, stage);
		else
			finish(sale, stage, last < napplications, limits);
	}
}
