/*
 * rating_input.c: gathers what is to be rated, row by row.
 *
 * What the rows of an item have in common is kept once, and strings by number,
 * so that a piece is some 100 bytes and the key of a line a few integers.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "number.h"
#include "rating.h"
#include "selector_record.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* The arguments of the aggregate, in the order of SQL. */
enum
{
	ARG_STATE,
	ARG_RULES,
	ARG_MATCHED,
	ARG_BUYERS,
	ARG_CUSTOMER_ID,
	ARG_PERIOD_START,
	ARG_CHARGE_ON,
	ARG_LOAD_SCOPE_ID,
	ARG_LINE_NO,
	ARG_STARTS,
	ARG_ENDS,
	ARG_ITEM_ID,
	ARG_ACCOUNT_ID,
	ARG_PRODUCT_ID,
	ARG_RESOURCE_ID,
	ARG_UNIT,
	ARG_CURRENCY,
	ARG_TAGS,
	ARG_CHARGES,
	ARG_QUANTITY,
	ARG_COST, /* and three more */
	ARG_TO_CURRENCY = ARG_COST + COSTS,
	ARG_FACTOR,
	ARG_INVOICE_ON,
	ARG_TIMES
};

/* A string as the key of a hash table: where it is. */
typedef struct StringEntry
{
	text *string;
	StringId id;
} StringEntry;

/* Hashes a string. */
static uint32
string_hash_text(const void *key, Size size)
{
	const text *string = *(text *const *)key;

	return hash_bytes((const unsigned char *)VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
}

/* Compares strings; 0 is equal. */
static int
string_match(const void *left, const void *right, Size size)
{
	const text *a = *(text *const *)left;
	const text *b = *(text *const *)right;

	return VARSIZE_ANY_EXHDR(a) != VARSIZE_ANY_EXHDR(b) ||
	       memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) != 0;
}

/* Makes a state. */
static Rating *
new_rating(MemoryContext aggregate)
{
	MemoryContext context =
	    AllocSetContextCreate(aggregate, "rating of a customer", ALLOCSET_DEFAULT_SIZES);
	Rating *rating = MemoryContextAllocZero(context, sizeof(Rating));
	HASHCTL control = {.hcxt = context};

	rating->context = context;
	control.keysize = sizeof(((RatedItem *)NULL)->key);
	control.entrysize = sizeof(RatedItem);
	rating->items =
	    hash_create("rating: items", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	control.keysize = sizeof(text *);
	control.entrysize = sizeof(StringEntry);
	control.hash = string_hash_text;
	control.match = string_match;
	rating->strings = hash_create("rating: strings", 64, &control,
	                              HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
	rating->maxstrings = 64;
	rating->string = MemoryContextAllocZero(context, rating->maxstrings * sizeof(text *));
	rating->nstrings = 1;
	rating->maxpieces = 64;
	rating->pieces = MemoryContextAlloc(context, rating->maxpieces * sizeof(Piece *));
	return rating;
}

/* The number of a string. */
StringId
rating_string(Rating *rating, text *string)
{
	bool found;
	StringEntry *entry = hash_search(rating->strings, &string, HASH_ENTER, &found);
	MemoryContext old;

	if (found)
		return entry->id;
	old = MemoryContextSwitchTo(rating->context);
	entry->string = cstring_to_text_with_len(VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
	MemoryContextSwitchTo(old);
	if (rating->nstrings == rating->maxstrings)
	{
		rating->maxstrings *= 2;
		rating->string = repalloc_huge(rating->string, rating->maxstrings * sizeof(text *));
	}
	entry->id = rating->nstrings++;
	rating->string[entry->id] = entry->string;
	return entry->id;
}

/* The number of the value of an item's tag that a rule is per; 0 without the tag. */
StringId
rating_tag(Rating *rating, const RatedItem *item, const Rule *rule)
{
	SelectorValue value = selector_tag_value(item->tags, rule_set_at(rating->rules, rule->tag_key));

	return value.data == NULL
	           ? 0
	           : rating_string(rating, cstring_to_text_with_len(value.data, value.length));
}

/* The number of an argument's string, 0 for NULL. */
static StringId
intern_argument(Rating *rating, FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? 0 : rating_string(rating, PG_GETARG_TEXT_PP(number));
}

/* Copies an array of int4 without NULLs. */
static int
copy_ints(FunctionCallInfo fcinfo, int number, int32 **ints)
{
	int32 *values;
	int n = int_array(PG_GETARG_ARRAYTYPE_P(number), &values);

	*ints = palloc((n + 1) * sizeof(int32));
	memcpy(*ints, values, n * sizeof(int32));
	return n;
}

/* Reads what the rows of an item have in common. */
static void
read_item(Rating *rating, FunctionCallInfo fcinfo, RatedItem *item)
{
	item->account_id = PG_GETARG_INT32(ARG_ACCOUNT_ID);
	item->product_id = PG_GETARG_INT32(ARG_PRODUCT_ID);
	item->resource = intern_argument(rating, fcinfo, ARG_RESOURCE_ID);
	item->unit = intern_argument(rating, fcinfo, ARG_UNIT);
	item->currency = currency_from_text(PG_GETARG_TEXT_PP(ARG_CURRENCY));
	item->tags = PG_ARGISNULL(ARG_TAGS) ? NULL : PG_GETARG_JSONB_P_COPY(ARG_TAGS);
	if (item->tags && !JB_ROOT_IS_OBJECT(item->tags))
		item->tags = NULL; /* no key, no value */
	item->nmatched = copy_ints(fcinfo, ARG_MATCHED, &item->matched);
	for (int i = 0; i < item->nmatched; i++)
		if (item->matched[i] < 0 || item->matched[i] >= rating->rules->nrules)
			ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
			                errmsg("there is no price rule at place %d", item->matched[i])));
	item->nbuyers = copy_ints(fcinfo, ARG_BUYERS, &item->buyers);
	if (item->nbuyers == 0)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR), errmsg("a charge has no buyer")));
}

/* The item of a row. */
static RatedItem *
item_of(Rating *rating, FunctionCallInfo fcinfo)
{
	RatedItem key = {.key = {PG_GETARG_INT32(ARG_CUSTOMER_ID), PG_GETARG_INT32(ARG_ITEM_ID)}};
	bool found;
	RatedItem *item = hash_search(rating->items, &key.key, HASH_ENTER, &found);

	if (!found)
		read_item(rating, fcinfo, item);
	return item;
}

/* A copy of a number with a header that needs no unpacking; NULL for NULL. */
static Numeric
copy_number(FunctionCallInfo fcinfo, int number)
{
	struct varlena *packed;
	Size size;
	Numeric copy;

	if (PG_ARGISNULL(number))
		return NULL;
	packed = PG_GETARG_VARLENA_PP(number);
	size = VARSIZE_ANY_EXHDR(packed);
	copy = palloc(size + VARHDRSZ);
	SET_VARSIZE(copy, size + VARHDRSZ);
	memcpy(VARDATA(copy), VARDATA_ANY(packed), size);
	return copy;
}

/*
 * The rules of this call: a copy, which stays where it is as long as the query
 * runs, for values that come and go with the rows.
 */
static const RuleSet *
rules_of(FunctionCallInfo fcinfo)
{
	RuleSet *rules = rule_set_argument(PG_GETARG_DATUM(ARG_RULES));
	RuleSet *kept = fcinfo->flinfo->fn_extra;

	if (kept == NULL || memcmp(kept->identity, rules->identity, sizeof(rules->identity)) != 0)
	{
		/* what states of other groups point to stays, so it is not freed */
		kept = MemoryContextAllocHuge(fcinfo->flinfo->fn_mcxt, VARSIZE(rules));
		memcpy(kept, rules, VARSIZE(rules));
		fcinfo->flinfo->fn_extra = kept;
	}
	return kept;
}

/* Refuses a row that lacks what every row must have. */
static void
check_row(FunctionCallInfo fcinfo)
{
	static const int mandatory[] = {ARG_RULES,       ARG_MATCHED,      ARG_BUYERS,
	                                ARG_CUSTOMER_ID, ARG_PERIOD_START, ARG_CHARGE_ON,
	                                ARG_ITEM_ID,     ARG_ACCOUNT_ID,   ARG_PRODUCT_ID,
	                                ARG_CURRENCY,    ARG_CHARGES,      ARG_LOAD_SCOPE_ID};

	for (int i = 0; i < lengthof(mandatory); i++)
		if (PG_ARGISNULL(mandatory[i]))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			                errmsg("argument %d of a rating must not be NULL", mandatory[i])));
}

/*
 * Converts the costs of a piece to the currency in which the buyer is invoiced, if
 * that is another one.  Without a rate it is not known what they are.
 */
static void
convert_costs(FunctionCallInfo fcinfo, Piece *piece)
{
	Numeric factor;

	piece->currency = currency_from_text(PG_GETARG_TEXT_PP(ARG_TO_CURRENCY));
	if (piece->currency == piece->item->currency)
		return;
	factor = PG_ARGISNULL(ARG_FACTOR) ? NULL : PG_GETARG_NUMERIC(ARG_FACTOR);
	for (int i = 0; i < COSTS; i++)
	{
		Numeric cost = piece->cost[i];

		if (cost == NULL)
			continue;
		if (factor)
			piece->cost[i] = number_mul(cost, factor);
		else if (number_cmp(cost, number_literal(0, 0)) == 0)
			continue; /* nothing is nothing in all currencies */
		else
			piece->cost[i] = NULL;
		pfree(cost);
	}
}

/* Reads the pieces of time that a charge is cut into: as charge_times() makes them. */
static void
read_times(ArrayType *array, Piece *piece)
{
	int n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	int next = 0;

	if (ARR_NDIM(array) > 1 || ARR_HASNULL(array) || ARR_ELEMTYPE(array) != INT8OID)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		                errmsg("times must be a one-dimensional array without NULLs")));
	piece->times = palloc((n + 1) * sizeof(int64));
	memcpy(piece->times, ARR_DATA_PTR(array), n * sizeof(int64));
	while (next < n)
	{
		int64 *time = piece->times + next;

		if (n - next < 2 || time[0] < 0 || time[1] < 0 || time[1] > n - next - 2)
			ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
			                errmsg("times must be lengths, each with a number of windows and "
			                       "these windows")));
		next += 2 + time[1];
		piece->ntimes++;
	}
}

/* The state in an argument, or NULL. */
Rating *
rating_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : (Rating *)PG_GETARG_POINTER(number);
}

/* Takes in a row. */
PG_FUNCTION_INFO_V1(rating_transition);
Datum
rating_transition(PG_FUNCTION_ARGS)
{
	Rating *rating = rating_argument(fcinfo, ARG_STATE);
	const RuleSet *rules;
	MemoryContext aggregate;
	MemoryContext old;
	Piece *piece;

	if (!AggCheckCallContext(fcinfo, &aggregate))
		elog(ERROR, "aggregate function called in non-aggregate context");
	check_row(fcinfo);
	rules = rules_of(fcinfo);
	if (rating == NULL)
	{
		rating = new_rating(aggregate);
		rating->rules = rules;
	}
	else if (rating->rules != rules)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("a rating needs one set of price rules")));

	old = MemoryContextSwitchTo(rating->context);
	piece = palloc0(sizeof(Piece));
	piece->item = item_of(rating, fcinfo);
	piece->period_start = PG_GETARG_DATEADT(ARG_PERIOD_START);
	piece->charge_on = PG_GETARG_DATEADT(ARG_CHARGE_ON);
	piece->load_scope_id = PG_GETARG_INT32(ARG_LOAD_SCOPE_ID);
	if (!PG_ARGISNULL(ARG_LINE_NO) && !PG_ARGISNULL(ARG_STARTS) && !PG_ARGISNULL(ARG_ENDS))
	{
		piece->line_no = PG_GETARG_INT32(ARG_LINE_NO);
		piece->starts = PG_GETARG_TIMESTAMPTZ(ARG_STARTS);
		piece->ends = PG_GETARG_TIMESTAMPTZ(ARG_ENDS);
	}
	piece->charges = PG_GETARG_INT64(ARG_CHARGES);
	piece->quantity = copy_number(fcinfo, ARG_QUANTITY);
	for (int i = 0; i < COSTS; i++)
		piece->cost[i] = copy_number(fcinfo, ARG_COST + i);
	piece->currency = piece->item->currency;
	if (!PG_ARGISNULL(ARG_TO_CURRENCY))
		convert_costs(fcinfo, piece);
	piece->invoice_on =
	    PG_ARGISNULL(ARG_INVOICE_ON) ? DATEVAL_NOEND : PG_GETARG_DATEADT(ARG_INVOICE_ON);
	if (!PG_ARGISNULL(ARG_TIMES))
		read_times(PG_GETARG_ARRAYTYPE_P(ARG_TIMES), piece);
	if (rating->npieces == rating->maxpieces)
	{
		rating->maxpieces *= 2;
		rating->pieces = repalloc_huge(rating->pieces, rating->maxpieces * sizeof(Piece *));
	}
	rating->pieces[rating->npieces++] = piece;
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(rating);
}
