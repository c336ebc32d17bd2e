/*
 * allocation_match.c: the value of each dimension that an item's charges have.
 *
 * Selectors are matched in one pass for each customer above the item; then each
 * dimension takes the first of its rules that yields a value.  Where that one does
 * not hold on all days, the next is asked for the days that are left.
 */
#include "postgres.h"

#include "allocation_rule_set.h"
#include "catalog/pg_collation.h"
#include "lib/stringinfo.h"
#include "price_rule_set.h"
#include "selector_record.h"
#include "selector_set.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/formatting.h"

/* What a call site keeps from item to item. */
typedef struct AllocationSite
{
	SelectorSite *selectors;
	SelectorRecord *record;
} AllocationSite;

/* The rules of a customer above the item whose selectors hold, in order. */
typedef struct Held
{
	int *places;
	int n;
	int next; /* the first that was not looked at yet */
} Held;

/* Days, from the first until the one after the last. */
typedef struct Days
{
	DateADT from;
	DateADT until;
} Days;

/* A call: what is found, and what it is found with. */
typedef struct Match
{
	const AllocationSite *site;
	const AllocationRuleSet *set;
	HeapTupleHeader item;
	Jsonb *resource_tags; /* or NULL */
	bool begun;
	StringInfoData found;
} Match;

/* Makes what a call site keeps. */
static AllocationSite *
make_site(FunctionCallInfo fcinfo)
{
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	AllocationSite *site = MemoryContextAllocZero(context, sizeof(AllocationSite));

	site->selectors = selector_site_make(context);
	site->record = selector_record_make(context);
	return site;
}

/* Adds what was found for some days; rule NULL is nothing. */
static void
add_found(Match *match, int32 dimension_id, const AllocationRule *rule, text *value, Days days)
{
	AllocationValue head = {dimension_id, rule ? rule->allocation_rule_id : 0, days.from,
	                        days.until, rule ? (int32)VARSIZE_ANY_EXHDR(value) : -1};

	appendBinaryStringInfo(&match->found, (char *)&head, offsetof(AllocationValue, value));
	if (rule == NULL)
		return;
	appendBinaryStringInfo(&match->found, VARDATA_ANY(value), head.length);
	while (match->found.len % ALIGNOF_INT != 0)
		appendStringInfoChar(&match->found, '\0');
}

/* The value that a list has for what was read, or NULL. */
static text *
look_up(const AllocationRuleSet *set, int lookup, const char *data, int length)
{
	uint32 hash = allocation_spelling_hash(lookup, data, length);
	const AllocationSpelling *spellings = allocation_set_at(set, set->spellings);
	const int32 *buckets = allocation_set_at(set, set->buckets);

	if (set->nbuckets == 0)
		return NULL;
	for (int i = buckets[hash & (set->nbuckets - 1)]; i >= 0; i = spellings[i].next)
	{
		text *spelling = allocation_set_at(set, spellings[i].spelling);

		if (spellings[i].hash == hash && spellings[i].lookup == lookup &&
		    VARSIZE(spelling) - VARHDRSZ == length && memcmp(VARDATA(spelling), data, length) == 0)
			return allocation_set_at(set, spellings[i].value);
	}
	return NULL;
}

/* Is it a blank, as at the ends of what people type? */
static inline bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What the item has for a key, without blanks around it; data is NULL when that is nothing. */
static SelectorValue
read_key(Match *match, const AllocationKey *key)
{
	SelectorValue value;

	if (!match->begun)
	{
		selector_record_begin(match->site->record, match->item, true);
		match->begun = true;
	}
	if (key->key == RECORD_RESOURCE_TAGS)
		value = selector_tag_value(match->resource_tags, allocation_set_at(match->set, key->tag));
	else
	{
		selector_record_need(match->site->record, key->key);
		value = selector_record_value(match->site->record, key->key,
		                              allocation_set_at(match->set, key->tag));
	}
	while (value.length > 0 && is_blank(value.data[0]))
	{
		value.data++;
		value.length--;
	}
	while (value.length > 0 && is_blank(value.data[value.length - 1]))
		value.length--;
	if (value.length == 0)
		value.data = NULL;
	return value;
}

/* The value that a rule yields for the item, or NULL. */
static text *
rule_value(Match *match, const AllocationRule *rule)
{
	const AllocationKey *keys = allocation_set_at(match->set, rule->keys);

	if (rule->value != 0)
		return allocation_set_at(match->set, rule->value);
	for (int i = 0; i < rule->nkeys; i++)
	{
		SelectorValue read = read_key(match, &keys[i]);
		text *value;

		if (read.data == NULL)
			continue;
		if (rule->fold != FOLD_NONE)
		{
			read.data = rule->fold == FOLD_LOWER
			                ? str_tolower(read.data, read.length, DEFAULT_COLLATION_OID)
			                : str_toupper(read.data, read.length, DEFAULT_COLLATION_OID);
			read.length = strlen(read.data);
		}
		value = rule->lookup < 0 ? cstring_to_text_with_len(read.data, read.length)
		                         : look_up(match->set, rule->lookup, read.data, read.length);
		if (value != NULL)
			return value;
	}
	return NULL;
}

/* Gives a rule's value to those of the days left on which it holds. */
static void
take_days(Match *match, int32 dimension_id, const AllocationRule *rule, text *value, Days **left,
          int *nleft)
{
	Days *after = palloc((2 * *nleft + 1) * sizeof(Days));
	int nafter = 0;

	for (int i = 0; i < *nleft; i++)
	{
		Days days = (*left)[i];
		Days taken = {Max(days.from, rule->valid_from), Min(days.until, rule->valid_until)};

		if (taken.from >= taken.until)
		{
			after[nafter++] = days;
			continue;
		}
		add_found(match, dimension_id, rule, value, taken);
		if (days.from < taken.from)
			after[nafter++] = (Days){days.from, taken.from};
		if (taken.until < days.until)
			after[nafter++] = (Days){taken.until, days.until};
	}
	*left = after;
	*nleft = nafter;
}

/* Finds the values of a dimension, by its place. */
static void
match_dimension(Match *match, int place, Held *held, int ncustomers)
{
	const AllocationRule *rules = allocation_set_at(match->set, match->set->rules);
	const AllocationDimension *dimensions = allocation_set_at(match->set, match->set->dimensions);
	int32 dimension_id = dimensions[place].dimension_id;
	Days always = {DATEVAL_NOBEGIN, DATEVAL_NOEND};
	Days *left = &always;
	int nleft = 1;

	for (int c = 0; c < ncustomers; c++)
	{
		while (held[c].next < held[c].n && rules[held[c].places[held[c].next]].dimension < place)
			held[c].next++;
		for (int i = held[c].next; nleft > 0 && i < held[c].n; i++)
		{
			const AllocationRule *rule = &rules[held[c].places[i]];
			text *value;

			if (rule->dimension != place)
				break;
			value = rule_value(match, rule);
			if (value != NULL)
				take_days(match, dimension_id, rule, value, &left, &nleft);
		}
	}
	for (int i = 0; i < nleft; i++)
		add_found(match, dimension_id, NULL, NULL, left[i]);
}

/* The first rule of a customer; -1 when it has none. */
static int
first_rule(const AllocationRuleSet *set, int32 customer_id)
{
	const AllocationRule *rules = allocation_set_at(set, set->rules);
	int low = 0;
	int high = set->nrules;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (rules[middle].customer_id < customer_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->nrules && rules[low].customer_id == customer_id ? low : -1;
}

/* Matches the rules of a customer with the item. */
static Held
match_customer(Match *match, int32 customer_id)
{
	const AllocationRule *rules = allocation_set_at(match->set, match->set->rules);
	Held held = {0};
	int first = first_rule(match->set, customer_id);
	int *places;

	if (first < 0)
		return held;
	held.n = selector_set_match(match->site->selectors,
	                            allocation_set_at(match->set, rules[first].selectors), match->item,
	                            &places);
	/* the list is the site's, which is about to match another customer's */
	held.places = palloc(Max(held.n, 1) * sizeof(int));
	memcpy(held.places, places, held.n * sizeof(int));
	return held;
}

/* Whether a dimension is the seller's, or of a customer in the list. */
static bool
is_dimension_of(const AllocationDimension *dimension, const int32 *customers, int n)
{
	if (dimension->customer_id == 0)
		return true;
	for (int i = 0; i < n; i++)
		if (customers[i] == dimension->customer_id)
			return true;
	return false;
}

PG_FUNCTION_INFO_V1(allocation_match);

/*
 * The values of an item in all dimensions that its customer has, with the days on
 * which it has them; together all days.  The path names the customers the item is
 * below, from the nearest up, 0 last for rules that are for everyone.  Tags of the
 * resource are no part of the item: they are known later than all else of it.
 */
Datum
allocation_match(PG_FUNCTION_ARGS)
{
	Match match = {0};
	const AllocationDimension *dimensions;
	int32 *customers;
	int ncustomers;
	Held *held;
	AllocationValues head = {.version = ALLOCATION_RULE_SET_VERSION};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	match.set = allocation_set_argument(PG_GETARG_DATUM(0));
	match.item = PG_GETARG_HEAPTUPLEHEADER(2);
	match.resource_tags = PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3);
	if (match.resource_tags != NULL && !JB_ROOT_IS_OBJECT(match.resource_tags))
		match.resource_tags = NULL;
	dimensions = allocation_set_at(match.set, match.set->dimensions);
	ncustomers = int_array(PG_GETARG_ARRAYTYPE_P(1), &customers);
	held = palloc0(Max(ncustomers, 1) * sizeof(Held));
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = make_site(fcinfo);
	match.site = fcinfo->flinfo->fn_extra;
	initStringInfo(&match.found);
	appendBinaryStringInfo(&match.found, (char *)&head, ALLOCATION_VALUES_FIRST);
	for (int c = 0; c < ncustomers; c++)
		held[c] = match_customer(&match, customers[c]);
	for (int i = 0; i < match.set->ndimensions; i++)
		if (is_dimension_of(&dimensions[i], customers, ncustomers))
			match_dimension(&match, i, held, ncustomers);
	SET_VARSIZE(match.found.data, match.found.len);
	PG_RETURN_POINTER(match.found.data);
}
