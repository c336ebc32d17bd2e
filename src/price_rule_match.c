/*
 * price_rule_match.c: which rules are about a charge.
 *
 * All selectors of a customer are matched in one pass; then a charge is looked up
 * by the nodes it is below, which is some binary searches.  Days are left to whoever rates, so
 * one answer is good for all charges of an item.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "price_rule_set.h"
#include "selector_set.h"
#include "utils/array.h"

/* The first rule on a pair of nodes; the number of rules when there is none before the end. */
static int
first_rule(const RuleSet *set, int32 customer_id, int32 product_id)
{
	int low = 0;
	int high = set->nrules;

	while (low < high)
	{
		int middle = (low + high) / 2;
		const Rule *rule = &set->rule[middle];

		if (rule->customer_id < customer_id ||
		    (rule->customer_id == customer_id && rule->product_id < product_id))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * The places of a customer's rules, from the first of them on, whose selectors hold for a
 * record, ascending; gives their number.
 */
static int
match_selectors(FunctionCallInfo fcinfo, const RuleSet *set, int first, HeapTupleHeader record,
                int **places)
{
	SelectorSite *site = fcinfo->flinfo->fn_extra;

	if (set->rule[first].selectors == 0)
		return 0;
	if (record == NULL)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("an item must be known where price rules have selectors")));
	if (site == NULL)
		fcinfo->flinfo->fn_extra = site = selector_site_make(fcinfo->flinfo->fn_mcxt);
	return selector_set_match(site, rule_set_at(set, set->rule[first].selectors), record, places);
}

/* Is a place in an ascending list? */
static bool
is_in(const int *places, int n, int place)
{
	int low = 0;
	int high = n;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (places[middle] < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && places[low] == place;
}

/* Reads an array of int4 without NULLs; gives its length. */
int
int_array(ArrayType *array, int32 **ids)
{
	if (ARR_NDIM(array) > 1 || ARR_HASNULL(array) || ARR_ELEMTYPE(array) != INT4OID)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		                errmsg("an array of keys must be one-dimensional and without NULLs")));
	*ids = (int32 *)ARR_DATA_PTR(array);
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

PG_FUNCTION_INFO_V1(price_rule_ids);

/* The keys of the rules at some places. */
Datum
price_rule_ids(PG_FUNCTION_ARGS)
{
	RuleSet *set = rule_set_argument(PG_GETARG_DATUM(0));
	int32 *places;
	int n = int_array(PG_GETARG_ARRAYTYPE_P(1), &places);
	Datum *ids = palloc((n + 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
	{
		if (places[i] < 0 || places[i] >= set->nrules)
			ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
			                errmsg("there is no price rule at place %d", places[i])));
		ids[i] = Int32GetDatum(set->rule[places[i]].price_rule_id);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(ids, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

PG_FUNCTION_INFO_V1(price_rule_match);

/*
 * The places of all rules that are about an item, the one that goes before all
 * others first.  Paths name the nodes the item is below, of the customer from
 * the nearest up, of the product from the root down.
 */
Datum
price_rule_match(PG_FUNCTION_ARGS)
{
	RuleSet *set;
	int32 *customers;
	int32 *products;
	int ncustomers;
	int nproducts;
	Datum *found;
	int nfound = 0;
	HeapTupleHeader record;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	set = rule_set_argument(PG_GETARG_DATUM(0));
	ncustomers = int_array(PG_GETARG_ARRAYTYPE_P(1), &customers);
	nproducts = int_array(PG_GETARG_ARRAYTYPE_P(2), &products);
	found = palloc((set->nrules + 1) * sizeof(Datum));
	record = PG_ARGISNULL(3) ? NULL : PG_GETARG_HEAPTUPLEHEADER(3);
	for (int c = 0; c < ncustomers; c++)
	{
		int first = first_rule(set, customers[c], PG_INT32_MIN);
		int *held;
		int nheld;

		/* mostly a customer has no rules of its own */
		if (first == set->nrules || set->rule[first].customer_id != customers[c])
			continue;
		nheld = match_selectors(fcinfo, set, first, record, &held);

		for (int p = nproducts - 1; p >= 0; p--)
			for (int i = first_rule(set, customers[c], products[p]);
			     i < set->nrules && set->rule[i].customer_id == customers[c] &&
			     set->rule[i].product_id == products[p];
			     i++)
			{
				if (!set->rule[i].has_selector || is_in(held, nheld, i))
					found[nfound++] = Int32GetDatum(i);
			}
	}
	PG_RETURN_ARRAYTYPE_P(
	    construct_array(found, nfound, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

/* The place of the rule with that key; -1 when there is none. */
int
rule_set_place(const RuleSet *set, int32 price_rule_id)
{
	for (int i = 0; i < set->nrules; i++)
		if (set->rule[i].price_rule_id == price_rule_id)
			return i;
	return -1;
}

PG_FUNCTION_INFO_V1(price_rule_place);

/* The same as an array, for an item that is about one rule only; empty when there is none. */
Datum
price_rule_place(PG_FUNCTION_ARGS)
{
	int place = rule_set_place(rule_set_argument(PG_GETARG_DATUM(0)), PG_GETARG_INT32(1));
	Datum found = Int32GetDatum(place);

	PG_RETURN_ARRAYTYPE_P(
	    construct_array(&found, place < 0 ? 0 : 1, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}
