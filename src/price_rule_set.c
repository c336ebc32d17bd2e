/*
 * price_rule_set.c: the aggregate that packs price rules into one value.
 *
 * It reads rows of price_rule by the names of their columns; they may as well be
 * rows that are no table's, of a what-if.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "number.h"
#include "price_rule_set.h"
#include "selector_set.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"

const char *const rule_effects[EFFECTS] = {"include", "set", "adjust", "add", "limit"};

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

/* A row of price_rule, taken apart at once: there are thousands of columns to be found. */
typedef struct RuleRow
{
	TupleDesc desc;
	Datum *values;
	bool *nulls;
} RuleRow;

/* Takes a row apart. */
static RuleRow
open_row(HeapTupleHeader header)
{
	RuleRow row;
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};

	row.desc =
	    lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	row.values = palloc(row.desc->natts * sizeof(Datum));
	row.nulls = palloc(row.desc->natts * sizeof(bool));
	heap_deform_tuple(&tuple, row.desc, row.values, row.nulls);
	return row;
}

/* Gives back what a row took. */
static void
close_row(RuleRow *row)
{
	ReleaseTupleDesc(row->desc);
	pfree(row->values);
	pfree(row->nulls);
}

/* A column of a rule, which may be NULL. */
static Datum
column(const RuleRow *row, const char *name, bool *is_null)
{
	int i = 0;

	while (i < row->desc->natts && namestrcmp(&TupleDescAttr(row->desc, i)->attname, name) != 0)
		i++;
	if (i == row->desc->natts)
		elog(ERROR, "a price rule has no column \"%s\"", name);
	*is_null = row->nulls[i];
	return row->values[i];
}

/* A column that must be there. */
static Datum
mandatory(const RuleRow *row, const char *name)
{
	bool is_null;
	Datum value = column(row, name, &is_null);

	if (is_null)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("a price rule lacks its %s", name)));
	return value;
}

/* A column of type int, 0 where it is NULL. */
static int32
int_column(const RuleRow *row, const char *name)
{
	bool is_null;
	Datum value = column(row, name, &is_null);

	return is_null ? 0 : DatumGetInt32(value);
}

/* A copy of a column of varying length, or NULL. */
static void *
varlena_column(const RuleRow *row, const char *name)
{
	bool is_null;
	Datum value = column(row, name, &is_null);

	return is_null ? NULL : PG_DETOAST_DATUM_COPY(value);
}

/* The place of a column's text in a list of names; the list's length when it is not there. */
static int
place_in(const RuleRow *row, const char *name, const char *const *names, int nnames)
{
	char *value = TextDatumGetCString(mandatory(row, name));
	int i = 0;

	while (i < nnames && strcmp(value, names[i]) != 0)
		i++;
	pfree(value);
	return i;
}

/* As place_in, for a name that must be there. */
static int
known(const RuleRow *row, const char *name, const char *const *names, int nnames)
{
	int i = place_in(row, name, names, nnames);

	if (i == nnames)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("a price rule has an unknown %s: \"%s\"", name,
		                       TextDatumGetCString(mandatory(row, name)))));
	return i;
}

/* Reads the days on which the rule holds. */
static void
read_validity(const RuleRow *row, Rule *rule)
{
	RangeType *range = DatumGetRangeTypeP(mandatory(row, "valid_during"));
	TypeCacheEntry *type = lookup_type_cache(RangeTypeGetOid(range), TYPECACHE_RANGE_INFO);
	RangeBound lower;
	RangeBound upper;
	bool empty;

	range_deserialize(type, range, &lower, &upper, &empty);
	rule->valid_from = lower.infinite ? DATEVAL_NOBEGIN : DatumGetDateADT(lower.val);
	rule->valid_until = empty            ? DATEVAL_NOBEGIN
	                    : upper.infinite ? DATEVAL_NOEND
	                                     : DatumGetDateADT(upper.val);
}

/* Reads what one application of the rule covers. */
static void
read_per(const RuleRow *row, GatheredRule *gathered)
{
	int per = place_in(row, "per", pers, lengthof(pers));
	text *value;
	int prefix = strlen(SELECTOR_TAGS_PREFIX);

	gathered->rule.per = per;
	if (per < PER_TAG)
		return;
	value = DatumGetTextPP(mandatory(row, "per"));
	if (VARSIZE_ANY_EXHDR(value) <= prefix ||
	    memcmp(VARDATA_ANY(value), SELECTOR_TAGS_PREFIX, prefix) != 0)
		known(row, "per", pers, lengthof(pers));
	gathered->tag_key =
	    cstring_to_text_with_len(VARDATA_ANY(value) + prefix, VARSIZE_ANY_EXHDR(value) - prefix);
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
	    (rule->per == PER_CHARGE && rule->measure > MEASURE_QUANTITY &&
	     rule->measure != MEASURE_EVENTS))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("price rule %d has a measure that its effect or per does not allow",
		                       rule->price_rule_id)));
}

/* Reads a row of price_rule. */
static void
read_rule(const RuleRow *row, GatheredRule *gathered)
{
	Rule *rule = &gathered->rule;
	text *currency = varlena_column(row, "currency");

	rule->price_rule_id = DatumGetInt32(mandatory(row, "price_rule_id"));
	rule->customer_id = int_column(row, "customer_id");
	rule->product_id = DatumGetInt32(mandatory(row, "product_id"));
	rule->reseller_id = int_column(row, "reseller_id");
	rule->position = DatumGetInt32(mandatory(row, "position"));
	rule->roll_over = int_column(row, "roll_over");
	rule->skip_zero = DatumGetBool(mandatory(row, "skip_zero"));
	rule->effect = known(row, "effect", rule_effects, EFFECTS);
	rule->measure = known(row, "measure", measures, MEASURES);
	rule->currency = currency ? currency_from_text(currency) : 0;
	read_validity(row, rule);
	read_per(row, gathered);
	gathered->continues_id = int_column(row, "continues_id");
	gathered->selector = varlena_column(row, "selector");
	if (gathered->selector) /* which looks at its version, too */
		rule->specificity = DatumGetInt32(
		    DirectFunctionCall1(selector_specificity, PointerGetDatum(gathered->selector)));
	mandatory(row, "pricing");
	gathered->pricing = DatumGetPricing(PointerGetDatum(varlena_column(row, "pricing")));
	rule->by_event = pricing_rates_events(gathered->pricing) && rule->measure <= MEASURE_QUANTITY;
	gathered->bundle = varlena_column(row, "bundle");
	gathered->included = varlena_column(row, "included");
	if (measure_is_quantity(rule->measure) && rule->currency == 0)
		mandatory(row, "currency");
	if (rule->effect == EFFECT_INCLUDE)
		mandatory(row, "included");
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
	RuleRow row;

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
		row = open_row(PG_GETARG_HEAPTUPLEHEADER(1));
		read_rule(&row, &state->rules[state->nrules]);
		close_row(&row);
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

/* By node, and on a node by rank: the most exact, one currency's, the lowest position, the oldest.
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
	if (is_narrow(a) != is_narrow(b))
		return is_narrow(a) ? -1 : 1;
	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	return a->price_rule_id < b->price_rule_id ? -1 : a->price_rule_id > b->price_rule_id;
}

/* Puts a value of varying length at the end; gives where it is. */
static uint32
put(StringInfo buf, const void *value)
{
	uint32 offset = buf->len;

	if (value == NULL)
		return 0;
	appendBinaryStringInfo(buf, value, VARSIZE(value));
	while (buf->len % MAXIMUM_ALIGNOF != 0)
		appendStringInfoChar(buf, '\0');
	return offset;
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
	appendBinaryStringInfo(&buf, (char *)&head, offsetof(RuleSet, rule));
	for (int i = 0; i < nrules; i++)
		appendBinaryStringInfo(&buf, (char *)&rules[i].rule, sizeof(Rule));
	while (buf.len % MAXIMUM_ALIGNOF != 0)
		appendStringInfoChar(&buf, '\0');
	for (int i = 0; i < nrules; i++)
	{
		Rule rule = rules[i].rule;

		if (i == 0 || rules[i - 1].rule.customer_id != rule.customer_id)
			selectors = put(&buf, compile_selectors(rules, nrules, i));
		rule.selectors = selectors;
		rule.continues =
		    rules[i].continues_id == 0 ? -1 : place_of(rules, nrules, rules[i].continues_id);
		rule.has_selector = rules[i].selector != NULL;
		rule.pricing = put(&buf, rules[i].pricing);
		rule.tag_key = put(&buf, rules[i].tag_key);
		rule.bundle = put(&buf, rules[i].bundle);
		rule.included = put(&buf, rules[i].included);
		memcpy(buf.data + offsetof(RuleSet, rule) + i * sizeof(Rule), &rule, sizeof(Rule));
	}
	set = (RuleSet *)buf.data;
	SET_VARSIZE(set, buf.len);
	PG_RETURN_POINTER(set);
}
