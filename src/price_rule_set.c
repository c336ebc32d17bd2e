/*
 * price_rule_set.c: the aggregate that packs price rules into one value.
 *
 * Its rows are those of price_rule, or of a what-if.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "number.h"
#include "pack.h"
#include "price_rule_set.h"
#include "selector_set.h"
#include "table_row.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

const char *const rule_effects[EFFECTS] = {"include", "set",     "adjust", "add",
                                           "limit",   "true_up", "credit", "round"};

static const char *const measures[MEASURES] = {
    "billed_cost", "effective_cost", "list_cost", "contracted_cost", "quantity",
    "amount",      "dearest",        "events",    "resources",       "peak",
    "latest",      "weighted",       "p95",
};

static const char *const pers[PER_TAG] = {"scope", "account", "sku", "resource", "charge"};

/* A rule while rules are gathered; its values are copies. */
typedef struct GatheredRule
{
	Rule rule;
	int32 continues_id;
	Selector *selector;
	Pricing *pricing;
	text *tag_key;
	text *bundle;
	Numeric included;
} GatheredRule;

typedef struct Gathered
{
	int nrules;
	int maxrules;
	GatheredRule *rules;
} Gathered;

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
	PG_RETURN_CSTRING(psprintf("%d rules", rule_set_argument(PG_GETARG_DATUM(0))->nrules));
}

/* A set that a function is given. */
RuleSet *
rule_set_argument(Datum datum)
{
	RuleSet *set = (RuleSet *)PG_DETOAST_DATUM(datum);

	if (VARSIZE(set) < offsetof(RuleSet, rule) || set->version != PRICE_RULE_SET_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
		                errmsg("this set of price rules was made by another version"),
		                errhint("Make it anew from price_rule.")));
	return set;
}

/* The place of a column's text in a list of names; the list's length when it is not there. */
static int
place_in(const TableRow *row, const char *name, const char *const *names, int nnames)
{
	char *value = TextDatumGetCString(table_row_mandatory(row, name));
	int i = 0;

	while (i < nnames && strcmp(value, names[i]) != 0)
		i++;
	pfree(value);
	return i;
}

/* As place_in, for a name that must be there. */
static int
known(const TableRow *row, const char *name, const char *const *names, int nnames)
{
	int i = place_in(row, name, names, nnames);

	if (i == nnames)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("a price rule has an unknown %s: \"%s\"", name,
		                       TextDatumGetCString(table_row_mandatory(row, name)))));
	return i;
}

/* Reads what one application of the rule covers. */
static void
read_per(const TableRow *row, GatheredRule *gathered)
{
	int per = place_in(row, "per", pers, lengthof(pers));
	text *value;
	int prefix = strlen(SELECTOR_TAGS_PREFIX);

	gathered->rule.per = per;
	if (per < PER_TAG)
		return;
	value = DatumGetTextPP(table_row_mandatory(row, "per"));
	if (VARSIZE_ANY_EXHDR(value) <= prefix ||
	    memcmp(VARDATA_ANY(value), SELECTOR_TAGS_PREFIX, prefix) != 0)
		known(row, "per", pers, lengthof(pers));
	gathered->tag_key =
	    cstring_to_text_with_len(VARDATA_ANY(value) + prefix, VARSIZE_ANY_EXHDR(value) - prefix);
}

/* Is a day the first of a month? */
static bool
is_first_of_month(DateADT date)
{
	int year;
	int month;
	int day;

	if (DATE_NOT_FINITE(date))
		return false;
	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return day == 1;
}

/* Refuses what the table's constraints would: rules of a what-if come from nowhere. */
static void
check_rule(const GatheredRule *gathered)
{
	const Rule *rule = &gathered->rule;
	Numeric included = gathered->included;

	if (rule->roll_over < 0 || rule->roll_over > 120 ||
	    (included && (numeric_is_nan(included) || numeric_is_inf(included) ||
	                  number_cmp(included, number_literal(0, 0)) < 0)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("price rule %d includes or rolls over what it cannot",
		                       rule->price_rule_id)));
	if ((rule->effect == EFFECT_INCLUDE && rule->measure != MEASURE_QUANTITY) ||
	    (rule->effect == EFFECT_SET && measure_is_amount(rule->measure)) ||
	    (rule->effect == EFFECT_LIMIT && !measure_is_amount(rule->measure)) ||
	    (rule->effect == EFFECT_TRUE_UP &&
	     (rule->measure != MEASURE_AMOUNT || rule->per != PER_SCOPE)) ||
	    (rule->effect == EFFECT_CREDIT &&
	     (rule->measure != MEASURE_AMOUNT || rule->currency == 0)) ||
	    (rule->effect == EFFECT_ROUND &&
	     (rule->measure != MEASURE_QUANTITY || rule->per != PER_CHARGE)) ||
	    (rule->per == PER_CHARGE && rule->measure > MEASURE_QUANTITY &&
	     rule->measure != MEASURE_EVENTS))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("price rule %d has a measure that its effect or per does not allow",
		                       rule->price_rule_id)));
	if (rule->included_months < 0 || rule->uses < 0 ||
	    (rule->included_months > 0 &&
	     (!(rule->effect == EFFECT_CREDIT
	            ? included != NULL
	            : rule->effect == EFFECT_LIMIT && rule->measure == MEASURE_AMOUNT) ||
	      !is_first_of_month(rule->valid_from))))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("price rule %d renews what it cannot", rule->price_rule_id)));
}

/* Reads a row of price_rule. */
static void
read_rule(const TableRow *row, GatheredRule *gathered)
{
	Rule *rule = &gathered->rule;
	text *currency = table_row_varlena(row, "currency");

	rule->price_rule_id = DatumGetInt32(table_row_mandatory(row, "price_rule_id"));
	rule->customer_id = table_row_int(row, "customer_id");
	rule->product_id = DatumGetInt32(table_row_mandatory(row, "product_id"));
	rule->reseller_id = table_row_int(row, "reseller_id");
	rule->position = DatumGetInt32(table_row_mandatory(row, "position"));
	rule->roll_over = table_row_int(row, "roll_over");
	rule->included_months = table_row_int(row, "included_months");
	rule->uses = table_row_int(row, "uses");
	rule->time_window_id = table_row_int(row, "time_window_id");
	rule->skip_zero = DatumGetBool(table_row_mandatory(row, "skip_zero"));
	rule->effect = known(row, "effect", rule_effects, EFFECTS);
	rule->measure = known(row, "measure", measures, MEASURES);
	rule->currency = currency ? currency_from_text(currency) : 0;
	table_row_days(row, "valid_during", &rule->valid_from, &rule->valid_until);
	read_per(row, gathered);
	gathered->continues_id = table_row_int(row, "continues_id");
	gathered->selector = table_row_varlena(row, "selector");
	if (gathered->selector) /* which looks at its version, too */
		rule->specificity = DatumGetInt32(
		    DirectFunctionCall1(selector_specificity, PointerGetDatum(gathered->selector)));
	table_row_mandatory(row, "pricing");
	gathered->pricing = DatumGetPricing(PointerGetDatum(table_row_varlena(row, "pricing")));
	rule->by_event = pricing_rates_events(gathered->pricing) && rule->measure <= MEASURE_QUANTITY;
	gathered->bundle = table_row_varlena(row, "bundle");
	gathered->included = table_row_varlena(row, "included");
	if (measure_is_quantity(rule->measure) && rule->currency == 0 && rule->effect != EFFECT_ROUND)
		table_row_mandatory(row, "currency");
	if (rule->effect == EFFECT_INCLUDE)
		table_row_mandatory(row, "included");
	check_rule(gathered);
}

PG_FUNCTION_INFO_V1(price_rule_set_transition);

/* Adds a rule. */
Datum
price_rule_set_transition(PG_FUNCTION_ARGS)
{
	Gathered *state = PG_ARGISNULL(0) ? NULL : (Gathered *)PG_GETARG_POINTER(0);
	MemoryContext context;
	MemoryContext old;
	TableRow row;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	old = MemoryContextSwitchTo(context);
	if (state == NULL)
	{
		state = palloc0(sizeof(Gathered));
		state->maxrules = 64;
		state->rules = palloc(state->maxrules * sizeof(GatheredRule));
	}
	if (!PG_ARGISNULL(1))
	{
		if (state->nrules == state->maxrules)
		{
			state->maxrules *= 2;
			state->rules = repalloc_huge(state->rules, state->maxrules * sizeof(GatheredRule));
		}
		memset(&state->rules[state->nrules], 0, sizeof(GatheredRule));
		row = table_row_open(PG_GETARG_DATUM(1), "a price rule");
		read_rule(&row, &state->rules[state->nrules]);
		table_row_close(&row);
		state->nrules++;
	}
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(state);
}

/* Does the rule follow the charges of one currency only? */
static bool
is_narrow(const Rule *rule)
{
	return measure_is_cost(rule->measure) && rule->currency != 0;
}

/* By node, and on a node by rank: the most exact, at some times only, one currency's, the lowest
 * position, the oldest.
 */
static int
compare_rules(const void *left, const void *right)
{
	const Rule *a = &((const GatheredRule *)left)->rule;
	const Rule *b = &((const GatheredRule *)right)->rule;

	if (a->customer_id != b->customer_id)
		return a->customer_id < b->customer_id ? -1 : 1;
	if (a->product_id != b->product_id)
		return a->product_id < b->product_id ? -1 : 1;
	if (a->specificity != b->specificity)
		return a->specificity > b->specificity ? -1 : 1;
	if ((a->time_window_id != 0) != (b->time_window_id != 0))
		return a->time_window_id != 0 ? -1 : 1;
	if (is_narrow(a) != is_narrow(b))
		return is_narrow(a) ? -1 : 1;
	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	return a->price_rule_id < b->price_rule_id ? -1 : a->price_rule_id > b->price_rule_id;
}

/*
 * Compiles the selectors of the customer whose rules begin at a place, each with
 * the place of its rule as id; NULL when there are none.  A set for each customer,
 * because what others ask for need not be tried.
 */
static void *
compile_selectors(const GatheredRule *rules, int nrules, int first)
{
	int last = first;
	int *places;
	Selector **selectors;
	int n = 0;

	while (last < nrules && rules[last].rule.customer_id == rules[first].rule.customer_id)
		n += rules[last++].selector != NULL;
	if (n == 0)
		return NULL;
	places = palloc(n * sizeof(int));
	selectors = palloc(n * sizeof(Selector *));
	n = 0;
	for (int i = first; i < last; i++)
	{
		if (rules[i].selector == NULL)
			continue;
		places[n] = i;
		selectors[n++] = rules[i].selector;
	}
	return DatumGetPointer(selector_set_build(n, places, selectors));
}

/* The place of the rule with that key; -1 when there is none. */
static int
place_of(const GatheredRule *rules, int nrules, int32 price_rule_id)
{
	for (int i = 0; i < nrules; i++)
		if (rules[i].rule.price_rule_id == price_rule_id)
			return i;
	return -1;
}

PG_FUNCTION_INFO_V1(price_rule_set_final);

/* Sorts the rules and packs them with all they refer to; the state stays as it is. */
Datum
price_rule_set_final(PG_FUNCTION_ARGS)
{
	Gathered *state = PG_ARGISNULL(0) ? NULL : (Gathered *)PG_GETARG_POINTER(0);
	int nrules = state == NULL ? 0 : state->nrules;
	GatheredRule *rules = palloc((nrules + 1) * sizeof(GatheredRule));
	RuleSet head = {0};
	uint32 selectors = 0;
	RuleSet *set;
	StringInfoData buf;

	if (nrules > 0)
		memcpy(rules, state->rules, nrules * sizeof(GatheredRule));
	qsort(rules, nrules, sizeof(GatheredRule), compare_rules);

	initStringInfo(&buf);
	head.version = PRICE_RULE_SET_VERSION;
	head.nrules = nrules;
	if (!pg_strong_random(head.identity, sizeof(head.identity)))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not get random bytes")));
	for (int i = 0; i < nrules; i++)
		head.rounds += rules[i].rule.effect == EFFECT_ROUND;
	appendBinaryStringInfo(&buf, (char *)&head, offsetof(RuleSet, rule));
	for (int i = 0; i < nrules; i++)
		appendBinaryStringInfo(&buf, (char *)&rules[i].rule, sizeof(Rule));
	while (buf.len % MAXIMUM_ALIGNOF != 0)
		appendStringInfoChar(&buf, '\0');
	for (int i = 0; i < nrules; i++)
	{
		Rule rule = rules[i].rule;

		if (i == 0 || rules[i - 1].rule.customer_id != rule.customer_id)
			selectors = pack_varlena(&buf, compile_selectors(rules, nrules, i));
		rule.selectors = selectors;
		rule.continues =
		    rules[i].continues_id == 0 ? -1 : place_of(rules, nrules, rules[i].continues_id);
		rule.has_selector = rules[i].selector != NULL;
		rule.pricing = pack_varlena(&buf, rules[i].pricing);
		rule.tag_key = pack_varlena(&buf, rules[i].tag_key);
		rule.bundle = pack_varlena(&buf, rules[i].bundle);
		rule.included = pack_varlena(&buf, rules[i].included);
		memcpy(buf.data + offsetof(RuleSet, rule) + i * sizeof(Rule), &rule, sizeof(Rule));
	}
	set = (RuleSet *)buf.data;
	SET_VARSIZE(set, buf.len);
	PG_RETURN_POINTER(set);
}
