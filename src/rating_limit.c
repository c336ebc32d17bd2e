/*
 * rating_limit.c: limits over more than a month, such as a maximum spend of a year.
 *
 * What counts is noted month by month.  A month's line is what the limit makes of all
 * months of the period so far, less what it made of those before: so the months
 * together are what it makes of the whole, also when one is less than nothing.
 */
#include "postgres.h"

#include "number.h"
#include "rating.h"
#include "utils/memutils.h"

/* Whose limit it is; the line's rule is the place of the limit's. */
typedef struct LimitKey
{
	int32 buyer_id;
	LineKey line;
} LimitKey;

typedef struct Limit
{
	LimitKey key;
	DateADT until; /* day after the period's last */
	Numeric spent;
} Limit;

typedef struct Limits
{
	MemoryContext context;
	HTAB *limits;
} Limits;

/* Makes what is known of limits from month to month. */
struct Limits *
limits_create(MemoryContext context)
{
	Limits *limits = MemoryContextAllocZero(context, sizeof(Limits));

	limits->context = context;
	return limits;
}

/* What is known of the limit of a line, in the period that a sale's month is in. */
static Limit *
limit_of(Sale *sale, const Line *line)
{
	Limits *limits = sale->limits;
	const Rule *rule = rating_rule(sale->rating, line->key.rule);
	LimitKey key;
	Limit *limit;
	bool found;

	if (limits->limits == NULL)
	{
		HASHCTL control = {.hcxt = limits->context};

		control.keysize = sizeof(LimitKey);
		control.entrysize = sizeof(Limit);
		limits->limits =
		    hash_create("rating: limits", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	memset(&key, 0, sizeof(key));
	key.buyer_id = sale->buyer_id;
	key.line = line->key;
	limit = hash_search(limits->limits, &key, HASH_ENTER, &found);
	if (!found)
	{
		limit->until = rule->valid_from;
		limit->spent = NULL;
	}
	while (limit->until <= sale->period_start)
	{
		limit->until = months_before(limit->until, -rule->included_months);
		limit->spent = NULL;
	}
	return limit;
}

/* What counted in the months of the period before; and this one's is added. */
Numeric
limit_spend(Sale *sale, const Line *line)
{
	Limit *limit = limit_of(sale, line);
	Numeric before = limit->spent;
	MemoryContext old = MemoryContextSwitchTo(sale->limits->context);

	/* number_add may give what it was given */
	if (before)
		limit->spent = number_add(before, line->measured);
	else
		limit->spent = DatumGetNumericCopy(NumericGetDatum(line->measured));
	MemoryContextSwitchTo(old);
	return before;
}
