/*
 * price_rule_set.c: all price rules of a query, matched in one pass.
 *
 * An aggregate packs the rules into one value, sorted by the nodes of the two
 * trees they stand on and then by rank.  A charge is looked up by the nodes it
 * is below: some binary searches, and selectors only of rules found there.
 * A value is made by the aggregate alone, so what is in it can be trusted.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "fmgr.h"
#include "selector.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"

typedef struct Rule
{
	int32 customer_id; /* 0 is everyone */
	int32 product_id;
	int32 specificity;
	int32 position;
	int32 price_rule_id;
	DateADT valid_from;
	DateADT valid_until;
	bool sets;        /* sets a price; else adjusts or adds */
	char currency[3]; /* of the charges it is for; zeros are any */
	uint32 selector;  /* where its selector is; 0 is none */
} Rule;

typedef struct RuleSet
{
	int32 vl_len_;
	int32 nrules;
	Rule rule[FLEXIBLE_ARRAY_MEMBER];
} RuleSet;

/* Rules while they are gathered. */
typedef struct Gathered
{
	int nrules;
	int maxrules;
	Rule *rules;
	Selector **selectors; /* in the order the rules came; rule.selector is the place, from 1 */
} Gathered;

extern Datum selector_matches(PG_FUNCTION_ARGS);
extern Datum selector_specificity(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(price_rule_set_in);

/* There is no text form to read: a set is made of rows. */
Datum
price_rule_set_in(PG_FUNCTION_ARGS)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
	                errmsg("cannot accept a value of type %s", "price_rule_set"),
	                errhint("The aggregate price_rule_set makes one of rows of price_rule.")));
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(price_rule_set_out);

/* Tells how many rules there are. */
Datum
price_rule_set_out(PG_FUNCTION_ARGS)
{
	RuleSet *set = (RuleSet *)PG_DETOAST_DATUM(PG_GETARG_DATUM(0));

	PG_RETURN_CSTRING(psprintf("%d rules", set->nrules));
}

PG_FUNCTION_INFO_V1(price_rule_set_transition);

/* Adds a rule. */
Datum
price_rule_set_transition(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	MemoryContext old;
	Gathered *state;
	Rule *rule;
	text *effect;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (PG_ARGISNULL(1) || PG_ARGISNULL(3) || PG_ARGISNULL(7) || PG_ARGISNULL(8))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("a price rule lacks its key, product, effect or position")));

	old = MemoryContextSwitchTo(context);
	state = PG_ARGISNULL(0) ? NULL : (Gathered *)PG_GETARG_POINTER(0);
	if (state == NULL)
	{
		state = palloc0(sizeof(Gathered));
		state->maxrules = 64;
		state->rules = palloc(state->maxrules * sizeof(Rule));
		state->selectors = palloc(state->maxrules * sizeof(Selector *));
	}
	else if (state->nrules == state->maxrules)
	{
		state->maxrules *= 2;
		state->rules = repalloc(state->rules, state->maxrules * sizeof(Rule));
		state->selectors = repalloc(state->selectors, state->maxrules * sizeof(Selector *));
	}

	rule = &state->rules[state->nrules];
	memset(rule, 0, sizeof(Rule));
	rule->price_rule_id = PG_GETARG_INT32(1);
	rule->customer_id = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);
	rule->product_id = PG_GETARG_INT32(3);
	rule->valid_from = PG_ARGISNULL(4) ? DATEVAL_NOBEGIN : PG_GETARG_DATEADT(4);
	rule->valid_until = PG_ARGISNULL(5) ? DATEVAL_NOEND : PG_GETARG_DATEADT(5);
	if (!PG_ARGISNULL(6))
	{
		text *currency = PG_GETARG_TEXT_PP(6);

		memcpy(rule->currency, VARDATA_ANY(currency), Min(3, VARSIZE_ANY_EXHDR(currency)));
	}
	effect = PG_GETARG_TEXT_PP(7);
	rule->sets = VARSIZE_ANY_EXHDR(effect) == 3 && memcmp(VARDATA_ANY(effect), "set", 3) == 0;
	rule->position = PG_GETARG_INT32(8);
	state->selectors[state->nrules] = NULL;
	if (!PG_ARGISNULL(9))
	{
		state->selectors[state->nrules] = (Selector *)PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(9));
		rule->specificity = DatumGetInt32(DirectFunctionCall1(
		    selector_specificity, PointerGetDatum(state->selectors[state->nrules])));
		rule->selector = state->nrules + 1;
	}
	state->nrules++;
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(state);
}

/* By node, and on a node by rank: the most exact, one currency's, the lowest position, the oldest.
 */
static int
compare_rules(const void *left, const void *right)
{
	const Rule *a = left;
	const Rule *b = right;

	if (a->customer_id != b->customer_id)
		return a->customer_id < b->customer_id ? -1 : 1;
	if (a->product_id != b->product_id)
		return a->product_id < b->product_id ? -1 : 1;
	if (a->specificity != b->specificity)
		return a->specificity > b->specificity ? -1 : 1;
	if ((a->currency[0] == '\0') != (b->currency[0] == '\0'))
		return a->currency[0] != '\0' ? -1 : 1;
	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	return a->price_rule_id < b->price_rule_id ? -1 : a->price_rule_id > b->price_rule_id;
}

PG_FUNCTION_INFO_V1(price_rule_set_final);

/* Sorts the rules and packs them with their selectors; the state stays as it is. */
Datum
price_rule_set_final(PG_FUNCTION_ARGS)
{
	Gathered *state = PG_ARGISNULL(0) ? NULL : (Gathered *)PG_GETARG_POINTER(0);
	int nrules = state == NULL ? 0 : state->nrules;
	Size size = offsetof(RuleSet, rule) + nrules * sizeof(Rule);
	Size end = size;
	RuleSet *set;

	for (int i = 0; i < nrules; i++)
		if (state->selectors[i] != NULL)
			size += INTALIGN(VARSIZE(state->selectors[i]));
	if (!AllocSizeIsValid(size))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many price rules")));

	set = palloc0(size);
	SET_VARSIZE(set, size);
	set->nrules = nrules;
	if (nrules > 0)
		memcpy(set->rule, state->rules, nrules * sizeof(Rule));
	qsort(set->rule, nrules, sizeof(Rule), compare_rules);
	for (int i = 0; i < nrules; i++)
	{
		Selector *selector;

		if (set->rule[i].selector == 0)
			continue;
		selector = state->selectors[set->rule[i].selector - 1];
		memcpy((char *)set + end, selector, VARSIZE(selector));
		set->rule[i].selector = end;
		end += INTALIGN(VARSIZE(selector));
	}
	PG_RETURN_POINTER(set);
}

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

/* Whether a selector holds for the record; keeps what selector_matches keeps between calls. */
static bool
matches(FunctionCallInfo fcinfo, const RuleSet *set, const Rule *rule, Datum record)
{
	FmgrInfo *call = fcinfo->flinfo->fn_extra;
	LOCAL_FCINFO(args, 2);

	if (call == NULL)
	{
		call = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(FmgrInfo));
		call->fn_addr = selector_matches;
		call->fn_nargs = 2;
		call->fn_strict = true;
		call->fn_mcxt = fcinfo->flinfo->fn_mcxt;
		fcinfo->flinfo->fn_extra = call;
	}
	InitFunctionCallInfoData(*args, call, 2, InvalidOid, NULL, NULL);
	args->args[0].value = PointerGetDatum((char *)set + rule->selector);
	args->args[0].isnull = false;
	args->args[1].value = record;
	args->args[1].isnull = false;
	return DatumGetBool(FunctionCallInvoke(args));
}

/* Reads an array of int4 without NULLs. */
static int
read_ids(ArrayType *array, int32 **ids)
{
	if (ARR_NDIM(array) > 1 || ARR_HASNULL(array) || ARR_ELEMTYPE(array) != INT4OID)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		                errmsg("a path must be a one-dimensional array without NULLs")));
	*ids = (int32 *)ARR_DATA_PTR(array);
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

PG_FUNCTION_INFO_V1(price_rule_match);

/*
 * The rules for a charge: first the one that sets its price, 0 when none does,
 * then all that adjust or add.  Paths name the nodes the charge is below, of the
 * customer from the nearest up, of the product from the root down.
 */
Datum
price_rule_match(PG_FUNCTION_ARGS)
{
	RuleSet *set = (RuleSet *)PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
	int32 *customers;
	int32 *products;
	int ncustomers = read_ids(PG_GETARG_ARRAYTYPE_P(1), &customers);
	int nproducts = read_ids(PG_GETARG_ARRAYTYPE_P(2), &products);
	DateADT charge_on = PG_GETARG_DATEADT(3);
	text *currency = PG_GETARG_TEXT_PP(4);
	Datum record = PG_GETARG_DATUM(5);
	Datum *found = palloc((set->nrules + 1) * sizeof(Datum));
	int nfound = 1;

	found[0] = Int32GetDatum(0);
	for (int c = 0; c < ncustomers; c++)
		for (int p = nproducts - 1; p >= 0; p--)
			for (int i = first_rule(set, customers[c], products[p]);
			     i < set->nrules && set->rule[i].customer_id == customers[c] &&
			     set->rule[i].product_id == products[p];
			     i++)
			{
				const Rule *rule = &set->rule[i];

				if (rule->sets && found[0] != 0)
					continue; /* a better one was found */
				if (charge_on < rule->valid_from || charge_on >= rule->valid_until)
					continue;
				if (rule->currency[0] != '\0' &&
				    (VARSIZE_ANY_EXHDR(currency) != 3 ||
				     memcmp(rule->currency, VARDATA_ANY(currency), 3) != 0))
					continue;
				if (rule->selector != 0 && !matches(fcinfo, set, rule, record))
					continue;
				if (rule->sets)
					found[0] = Int32GetDatum(rule->price_rule_id);
				else
					found[nfound++] = Int32GetDatum(rule->price_rule_id);
			}
	PG_RETURN_ARRAYTYPE_P(
	    construct_array(found, nfound, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}
