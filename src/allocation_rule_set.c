/*
 * allocation_rule_set.c: the aggregate that packs dimensions, allocation rules and
 * lookup lists into one value.
 */
#include "postgres.h"

#include "allocation_rule_set.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "pack.h"
#include "port/pg_bitutils.h"
#include "selector_set.h"
#include "table_row.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

static const char *const folds[FOLDS] = {"none", "lower", "upper"};

/* A rule while rules are gathered; its values are copies. */
typedef struct GatheredRule
{
	AllocationRule rule;
	int32 dimension_id;
	Selector *selector;
	text *value;
	text *lookup;
	int nkeys;
	Datum *keys;
} GatheredRule;

/* A row of allocation_lookup. */
typedef struct GatheredSpelling
{
	text *lookup;
	text *spelling;
	text *value;
} GatheredSpelling;

typedef struct Gathered
{
	int ndimensions;
	int maxdimensions;
	AllocationDimension *dimensions;
	int nrules;
	int maxrules;
	GatheredRule *rules;
	int nspellings;
	int maxspellings;
	GatheredSpelling *spellings;
} Gathered;

PG_FUNCTION_INFO_V1(allocation_rule_set_in);

/* There is no text form to read: a set is made of rows. */
Datum
allocation_rule_set_in(PG_FUNCTION_ARGS)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
	                errmsg("cannot accept a value of type %s", "allocation_rule_set"),
	                errhint("The aggregate allocation_rule_set makes one of rows.")));
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(allocation_rule_set_out);

/* Tells how many dimensions and rules there are. */
Datum
allocation_rule_set_out(PG_FUNCTION_ARGS)
{
	AllocationRuleSet *set = allocation_set_argument(PG_GETARG_DATUM(0));

	PG_RETURN_CSTRING(psprintf("%d dimensions, %d rules", set->ndimensions, set->nrules));
}

/* A set that a function is given. */
AllocationRuleSet *
allocation_set_argument(Datum datum)
{
	AllocationRuleSet *set = (AllocationRuleSet *)PG_DETOAST_DATUM(datum);

	if (VARSIZE(set) < sizeof(AllocationRuleSet) || set->version != ALLOCATION_RULE_SET_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
		                errmsg("this set of allocation rules was made by another version"),
		                errhint("Make it anew from allocation_rule.")));
	return set;
}

/* The hash of a spelling in a list. */
uint32
allocation_spelling_hash(int lookup, const char *data, int length)
{
	return hash_combine(hash_bytes((const unsigned char *)data, length), lookup);
}

/* Room for one more in a list that doubles. */
static void *
more(void *list, int n, int *max, Size size)
{
	if (n < *max)
		return list;
	*max = *max == 0 ? 64 : 2 * *max;
	return list == NULL ? palloc(*max * size) : repalloc_huge(list, *max * size);
}

/* Reads a row of dimension. */
static void
add_dimension(Gathered *state, Datum record)
{
	TableRow row = table_row_open(record, "a dimension");
	AllocationDimension *dimension;

	state->dimensions = more(state->dimensions, state->ndimensions, &state->maxdimensions,
	                         sizeof(AllocationDimension));
	dimension = &state->dimensions[state->ndimensions++];
	dimension->dimension_id = DatumGetInt32(table_row_mandatory(&row, "dimension_id"));
	dimension->customer_id = table_row_int(&row, "customer_id");
	table_row_close(&row);
}

/* Reads where a rule's value comes from. */
static void
read_value(const TableRow *row, GatheredRule *gathered)
{
	ArrayType *keys = table_row_varlena(row, "keys");
	char *fold = TextDatumGetCString(table_row_mandatory(row, "fold"));

	gathered->value = table_row_varlena(row, "value");
	gathered->lookup = table_row_varlena(row, "lookup");
	if (keys != NULL)
	{
		bool *nulls;

		deconstruct_array(keys, TEXTOID, -1, false, TYPALIGN_INT, &gathered->keys, &nulls,
		                  &gathered->nkeys);
		for (int i = 0; i < gathered->nkeys; i++)
			if (nulls[i])
				ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				                errmsg("a key of an allocation rule is NULL")));
	}
	while (gathered->rule.fold < FOLDS && strcmp(fold, folds[gathered->rule.fold]) != 0)
		gathered->rule.fold++;
	if (gathered->rule.fold == FOLDS || (gathered->value == NULL) == (keys == NULL))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("allocation rule %d has no value, or an unknown fold",
		                       gathered->rule.allocation_rule_id)));
}

/* Reads a row of allocation_rule. */
static void
add_rule(Gathered *state, Datum record)
{
	TableRow row = table_row_open(record, "an allocation rule");
	GatheredRule *gathered;

	state->rules = more(state->rules, state->nrules, &state->maxrules, sizeof(GatheredRule));
	gathered = &state->rules[state->nrules];
	memset(gathered, 0, sizeof(GatheredRule));
	gathered->rule.allocation_rule_id =
	    DatumGetInt32(table_row_mandatory(&row, "allocation_rule_id"));
	gathered->rule.customer_id = table_row_int(&row, "customer_id");
	gathered->rule.position = DatumGetInt32(table_row_mandatory(&row, "position"));
	gathered->dimension_id = DatumGetInt32(table_row_mandatory(&row, "dimension_id"));
	gathered->selector = table_row_varlena(&row, "selector");
	if (gathered->selector && gathered->selector->version != SELECTOR_VERSION)
		selector_refuse_version(gathered->selector);
	table_row_days(&row, "valid_during", &gathered->rule.valid_from, &gathered->rule.valid_until);
	read_value(&row, gathered);
	table_row_close(&row);
	state->nrules++;
}

/* Reads a row of allocation_lookup. */
static void
add_spelling(Gathered *state, Datum record)
{
	TableRow row = table_row_open(record, "a row of allocation_lookup");
	GatheredSpelling *spelling;

	state->spellings =
	    more(state->spellings, state->nspellings, &state->maxspellings, sizeof(GatheredSpelling));
	spelling = &state->spellings[state->nspellings++];
	table_row_mandatory(&row, "lookup");
	table_row_mandatory(&row, "spelling");
	table_row_mandatory(&row, "value");
	spelling->lookup = table_row_varlena(&row, "lookup");
	spelling->spelling = table_row_varlena(&row, "spelling");
	spelling->value = table_row_varlena(&row, "value");
	table_row_close(&row);
}

PG_FUNCTION_INFO_V1(allocation_rule_set_transition);

/* Adds a dimension, a rule or a spelling, whichever is not NULL. */
Datum
allocation_rule_set_transition(PG_FUNCTION_ARGS)
{
	Gathered *state = PG_ARGISNULL(0) ? NULL : (Gathered *)PG_GETARG_POINTER(0);
	MemoryContext context;
	MemoryContext old;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	old = MemoryContextSwitchTo(context);
	if (state == NULL)
		state = palloc0(sizeof(Gathered));
	if (!PG_ARGISNULL(1))
		add_dimension(state, PG_GETARG_DATUM(1));
	if (!PG_ARGISNULL(2))
		add_rule(state, PG_GETARG_DATUM(2));
	if (!PG_ARGISNULL(3))
		add_spelling(state, PG_GETARG_DATUM(3));
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(state);
}

/* Compares dimensions by key. */
static int
compare_dimensions(const void *left, const void *right)
{
	const AllocationDimension *a = left;
	const AllocationDimension *b = right;

	return a->dimension_id < b->dimension_id ? -1 : a->dimension_id > b->dimension_id;
}

/* By customer, dimension, position, and what should not be needed, age. */
static int
compare_rules(const void *left, const void *right)
{
	const AllocationRule *a = &((const GatheredRule *)left)->rule;
	const AllocationRule *b = &((const GatheredRule *)right)->rule;

	if (a->customer_id != b->customer_id)
		return a->customer_id < b->customer_id ? -1 : 1;
	if (a->dimension != b->dimension)
		return a->dimension < b->dimension ? -1 : 1;
	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	return a->allocation_rule_id < b->allocation_rule_id
	           ? -1
	           : a->allocation_rule_id > b->allocation_rule_id;
}

/*
 * The key of a record that a name means; -1 is none.  Charges know their provider,
 * but not the format they came in.
 */
static int
find_key(const text *name)
{
	int key = selector_key_find(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), RECORD_KEYS);

	return key == SELECTOR_SOURCE ? -1 : key;
}

/* Puts the keys that a rule reads. */
static uint32
put_keys(StringInfo buf, const GatheredRule *gathered)
{
	AllocationKey *keys = palloc0(Max(gathered->nkeys, 1) * sizeof(AllocationKey));

	for (int i = 0; i < gathered->nkeys; i++)
	{
		text *name = DatumGetTextPP(gathered->keys[i]);
		int prefix;

		keys[i].key = find_key(name);
		if (keys[i].key < 0)
			ereport(ERROR,
			        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			         errmsg("allocation rule %d reads an unknown key: \"%s\"",
			                gathered->rule.allocation_rule_id, text_to_cstring(name)),
			         errhint("Keys are those of selectors, tags.KEY among them, and account_name, "
			                 "billing_account_name, customer, customer_name, account.tags.KEY and "
			                 "resource.tags.KEY.")));
		if (!record_key_has_tags(keys[i].key))
			continue;
		prefix = strlen(selector_keys[keys[i].key].name);
		keys[i].tag = pack_varlena(buf, cstring_to_text_with_len(VARDATA_ANY(name) + prefix,
		                                                         VARSIZE_ANY_EXHDR(name) - prefix));
	}
	return pack(buf, keys, gathered->nkeys * sizeof(AllocationKey));
}

/* Compiles the selectors of the customer whose rules begin at a place; ids are places. */
static uint32
put_selectors(StringInfo buf, const GatheredRule *rules, int nrules, int first)
{
	int *places = palloc(nrules * sizeof(int));
	Selector **selectors = palloc(nrules * sizeof(Selector *));
	int n = 0;

	for (int i = first; i < nrules && rules[i].rule.customer_id == rules[first].rule.customer_id;
	     i++)
	{
		places[n] = i;
		selectors[n++] = rules[i].selector;
	}
	return pack_varlena(buf, DatumGetPointer(selector_set_build(n, places, selectors)));
}

/* The number of a rule's list: that of the first rule with a list of the name. */
static int
lookup_number(const GatheredRule *rules, int nrules, const text *lookup)
{
	for (int i = 0; i < nrules; i++)
		if (rules[i].lookup != NULL && VARSIZE(rules[i].lookup) == VARSIZE(lookup) &&
		    memcmp(rules[i].lookup, lookup, VARSIZE(lookup)) == 0)
			return i;
	return -1;
}

/* Puts the lists that rules use, as a hash table. */
static void
put_spellings(StringInfo buf, AllocationRuleSet *set, const Gathered *state,
              const GatheredRule *rules)
{
	AllocationSpelling *spellings;
	int32 *buckets;
	int n = 0;
	const text *before = NULL;
	int number = -1;

	if (state->nspellings == 0)
		return;
	set->nbuckets = pg_nextpower2_32(Min(state->nspellings, 1 << 24));
	spellings = MemoryContextAllocHuge(CurrentMemoryContext,
	                                   state->nspellings * sizeof(AllocationSpelling));
	buckets = palloc(set->nbuckets * sizeof(int32));
	memset(buckets, -1, set->nbuckets * sizeof(int32));
	for (int i = 0; i < state->nspellings; i++)
	{
		const GatheredSpelling *from = &state->spellings[i];
		AllocationSpelling *spelling = &spellings[n];
		int32 *bucket;

		/* rows of one list mostly come together */
		if (before == NULL || VARSIZE(before) != VARSIZE(from->lookup) ||
		    memcmp(before, from->lookup, VARSIZE(before)) != 0)
			number = lookup_number(rules, state->nrules, from->lookup);
		before = from->lookup;
		if (number < 0)
			continue;
		spelling->lookup = number;
		spelling->hash = allocation_spelling_hash(number, VARDATA(from->spelling),
		                                          VARSIZE(from->spelling) - VARHDRSZ);
		spelling->spelling = pack_varlena(buf, from->spelling);
		spelling->value = pack_varlena(buf, from->value);
		bucket = &buckets[spelling->hash & (set->nbuckets - 1)];
		spelling->next = *bucket;
		*bucket = n++;
	}
	set->spellings = pack(buf, spellings, n * sizeof(AllocationSpelling));
	set->buckets = pack(buf, buckets, set->nbuckets * sizeof(int32));
}

/* The place of a rule's dimension. */
static int
dimension_place(const Gathered *state, const GatheredRule *gathered)
{
	AllocationDimension key = {.dimension_id = gathered->dimension_id};
	AllocationDimension *found = bsearch(&key, state->dimensions, state->ndimensions,
	                                     sizeof(AllocationDimension), compare_dimensions);

	if (found == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("allocation rule %d is of no dimension",
		                                                   gathered->rule.allocation_rule_id)));
	return found - state->dimensions;
}

PG_FUNCTION_INFO_V1(allocation_rule_set_final);

/* Sorts the rules and packs them with all they refer to. */
Datum
allocation_rule_set_final(PG_FUNCTION_ARGS)
{
	Gathered empty = {0};
	Gathered *state = PG_ARGISNULL(0) ? &empty : (Gathered *)PG_GETARG_POINTER(0);
	AllocationRule *rules = palloc(Max(state->nrules, 1) * sizeof(AllocationRule));
	AllocationRuleSet head = {.version = ALLOCATION_RULE_SET_VERSION};
	uint32 selectors = 0;
	StringInfoData buf;

	if (state->ndimensions > 0)
		qsort(state->dimensions, state->ndimensions, sizeof(AllocationDimension),
		      compare_dimensions);
	for (int i = 0; i < state->nrules; i++)
		state->rules[i].rule.dimension = dimension_place(state, &state->rules[i]);
	if (state->nrules > 0)
		qsort(state->rules, state->nrules, sizeof(GatheredRule), compare_rules);

	initStringInfo(&buf);
	pack(&buf, &head, sizeof(head));
	for (int i = 0; i < state->nrules; i++)
	{
		const GatheredRule *gathered = &state->rules[i];

		if (i == 0 || state->rules[i - 1].rule.customer_id != gathered->rule.customer_id)
			selectors = put_selectors(&buf, state->rules, state->nrules, i);
		rules[i] = gathered->rule;
		rules[i].selectors = selectors;
		rules[i].value = pack_varlena(&buf, gathered->value);
		rules[i].nkeys = gathered->nkeys;
		rules[i].keys = put_keys(&buf, gathered);
		rules[i].lookup =
		    gathered->lookup ? lookup_number(state->rules, state->nrules, gathered->lookup) : -1;
	}
	put_spellings(&buf, &head, state, state->rules);
	head.ndimensions = state->ndimensions;
	head.nrules = state->nrules;
	if (state->ndimensions > 0)
		head.dimensions =
		    pack(&buf, state->dimensions, state->ndimensions * sizeof(AllocationDimension));
	head.rules = pack(&buf, rules, state->nrules * sizeof(AllocationRule));
	SET_VARSIZE(&head, buf.len);
	memcpy(buf.data, &head, sizeof(head));
	PG_RETURN_POINTER(buf.data);
}

PG_FUNCTION_INFO_V1(allocation_key_is_known);

/* Whether a rule can read its value from a key of that name. */
Datum
allocation_key_is_known(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(find_key(PG_GETARG_TEXT_PP(0)) >= 0);
}
