/*
 * rating_input.c: gathers what is to be rated, row by row: items, rates of exchange and
 * pieces, in any order.
 *
 * What the pieces of an item have in common is kept once, and strings by number,
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

/* The arguments of the aggregate, in the order of SQL; a row is items, an exchange or a piece. */
enum
{
	ARG_STATE,
	ARG_RULES,
	ARG_ITEMS,
	ARG_TO_CURRENCY,
	ARG_CURRENCIES,
	ARG_FACTORS,
	ARG_CUSTOMER_ID,
	ARG_PERIOD_START,
	ARG_CHARGE_ON,
	ARG_LOAD_SCOPE_ID,
	ARG_LINE_NO,
	ARG_STARTS,
	ARG_ENDS,
	ARG_ITEM_ID,
	ARG_CHARGES,
	ARG_QUANTITY,
	ARG_COST, /* and three more */
	ARG_INVOICE_ON = ARG_COST + COSTS,
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

/* Refuses a row that lacks what every one of its kind must have. */
static void
check_row(FunctionCallInfo fcinfo, const int *mandatory, int n)
{
	for (int i = 0; i < n; i++)
		if (PG_ARGISNULL(mandatory[i]))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			                errmsg("argument %d of a rating must not be NULL", mandatory[i])));
}

/* Takes in what costs of a month are converted with. */
static void
take_exchange(Rating *rating, FunctionCallInfo fcinfo)
{
	static const int mandatory[] = {ARG_PERIOD_START, ARG_CURRENCIES, ARG_FACTORS};
	Exchange *exchange;
	Datum *currencies;
	bool *unknown;
	Datum *factors;
	bool *nulls;
	int nfactors;

	check_row(fcinfo, mandatory, lengthof(mandatory));
	exchange = palloc(sizeof(Exchange));
	exchange->period_start = PG_GETARG_DATEADT(ARG_PERIOD_START);
	exchange->to = currency_from_text(PG_GETARG_TEXT_PP(ARG_TO_CURRENCY));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P_COPY(ARG_CURRENCIES), TEXTOID, -1, false, TYPALIGN_INT,
	                  &currencies, &unknown, &exchange->n);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P_COPY(ARG_FACTORS), NUMERICOID, -1, false, TYPALIGN_INT,
	                  &factors, &nulls, &nfactors);
	if (nfactors != exchange->n)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		                errmsg("there must be as many factors as currencies")));
	exchange->currencies = palloc((nfactors + 1) * sizeof(Currency));
	exchange->factors = palloc((nfactors + 1) * sizeof(Numeric));
	for (int i = 0; i < nfactors; i++)
	{
		exchange->currencies[i] =
		    unknown[i] ? 0 : currency_from_text(DatumGetTextPP(currencies[i]));
		exchange->factors[i] = nulls[i] ? NULL : DatumGetNumeric(factors[i]);
	}
	exchange->next = rating->exchanges;
	rating->exchanges = exchange;
}

/* What costs of a currency are multiplied by; NULL when that is not known. */
static Numeric
exchange_factor(const Exchange *exchange, Currency currency)
{
	for (int i = 0; i < exchange->n; i++)
		if (exchange->currencies[i] == currency)
			return exchange->factors[i];
	return NULL;
}

/*
 * Converts the costs of a piece to the currency in which the buyer is invoiced, if
 * that is another one.  Without a rate it is not known what they are.
 */
static void
convert_costs(const Exchange *exchange, Piece *piece)
{
	Numeric factor;

	while (exchange && exchange->period_start != piece->period_start)
		exchange = exchange->next;
	if (exchange == NULL)
		return;
	piece->currency = exchange->to;
	if (piece->currency == piece->item->currency)
		return;
	factor = exchange_factor(exchange, piece->item->currency);
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
	}
}

/* Gives pieces their items, when all rows are there; what has none is nobody's. */
void
rating_complete(Rating *rating)
{
	MemoryContext old = MemoryContextSwitchTo(rating->context);
	int n = 0;

	if (rating->is_complete)
		return;
	for (int i = 0; i < rating->npieces; i++)
	{
		Piece *piece = rating->pieces[i];

		piece->item = rating_item(rating, piece->customer_id, piece->item_id);
		if (piece->item == NULL)
			continue;
		piece->currency = piece->item->currency;
		if (rating->exchanges)
			convert_costs(rating->exchanges, piece);
		rating->pieces[n++] = piece;
	}
	rating->npieces = n;
	rating->is_complete = true;
	MemoryContextSwitchTo(old);
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

/*
 * A number's bytes behind a piece, with a header that needs no unpacking; moves on behind
 * them.  NULL for NULL.
 */
static Numeric
put_number(struct varlena *number, char **next)
{
	Numeric copy = (Numeric)*next;
	Size size;

	if (number == NULL)
		return NULL;
	size = VARSIZE_ANY_EXHDR(number);
	SET_VARSIZE(copy, size + VARHDRSZ);
	memcpy(VARDATA(copy), VARDATA_ANY(number), size);
	*next += MAXALIGN(size + VARHDRSZ);
	return copy;
}

/* A new piece, together with its numbers: to take room for each would take longer. */
static Piece *
new_piece(FunctionCallInfo fcinfo)
{
	struct varlena *numbers[COSTS + 1];
	Size size = MAXALIGN(sizeof(Piece));
	Piece *piece;
	char *next;

	for (int i = 0; i <= COSTS; i++)
	{
		numbers[i] = PG_ARGISNULL(ARG_QUANTITY + i) ? NULL : PG_GETARG_VARLENA_PP(ARG_QUANTITY + i);
		if (numbers[i])
			size += MAXALIGN(VARSIZE_ANY_EXHDR(numbers[i]) + VARHDRSZ);
	}
	piece = palloc(size);
	memset(piece, 0, sizeof(Piece));
	next = (char *)piece + MAXALIGN(sizeof(Piece));
	piece->quantity = put_number(numbers[0], &next);
	for (int i = 0; i < COSTS; i++)
		piece->cost[i] = put_number(numbers[i + 1], &next);
	return piece;
}

/* Takes in a piece. */
static void
take_piece(Rating *rating, FunctionCallInfo fcinfo)
{
	static const int mandatory[] = {ARG_CUSTOMER_ID, ARG_PERIOD_START, ARG_CHARGE_ON,
	                                ARG_ITEM_ID,     ARG_CHARGES,      ARG_LOAD_SCOPE_ID};
	Piece *piece;

	check_row(fcinfo, mandatory, lengthof(mandatory));
	piece = new_piece(fcinfo);
	piece->customer_id = PG_GETARG_INT32(ARG_CUSTOMER_ID);
	piece->item_id = PG_GETARG_INT32(ARG_ITEM_ID);
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
}

/* Takes in a row. */
PG_FUNCTION_INFO_V1(rating_transition);
Datum
rating_transition(PG_FUNCTION_ARGS)
{
	static const int mandatory[] = {ARG_RULES};
	Rating *rating = rating_argument(fcinfo, ARG_STATE);
	const RuleSet *rules;
	MemoryContext aggregate;
	MemoryContext old;

	if (!AggCheckCallContext(fcinfo, &aggregate))
		elog(ERROR, "aggregate function called in non-aggregate context");
	check_row(fcinfo, mandatory, lengthof(mandatory));
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
	if (!PG_ARGISNULL(ARG_ITEMS))
		rating_take_items(rating, PG_GETARG_DATUM(ARG_ITEMS));
	else if (!PG_ARGISNULL(ARG_TO_CURRENCY))
		take_exchange(rating, fcinfo);
	else
		take_piece(rating, fcinfo);
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(rating);
}
