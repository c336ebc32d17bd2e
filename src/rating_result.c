/*
 * rating_result.c: what a rating gives: lines, the share of each charge in them, what is
 * used, or which rules are about anything.
 *
 * Mostly it is arrays of composite values, for unnest to make rows of.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "number.h"
#include "rating.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#define MAX_COLUMNS 32

/* Rows while they are made. */
typedef struct Rows
{
	MemoryContext context;
	TupleDesc desc;
	Oid type;
	int n;
	int max;
	Datum *rows;
} Rows;

/* A row while its columns are put. */
typedef struct Row
{
	int n;
	Datum values[MAX_COLUMNS];
	bool nulls[MAX_COLUMNS];
} Row;

/* Puts a column. */
static void
put(Row *row, Datum value, bool is_null)
{
	row->values[row->n] = value;
	row->nulls[row->n++] = is_null;
}

/* Puts a key, NULL for 0. */
static void
put_key(Row *row, int32 key)
{
	put(row, Int32GetDatum(key), key == 0);
}

/* Puts a number, or NULL. */
static void
put_number(Row *row, Numeric number)
{
	put(row, NumericGetDatum(number), number == NULL);
}

/* Puts a string by its number. */
static void
put_string(Row *row, const Rating *rating, StringId id)
{
	put(row, PointerGetDatum(rating->string[id]), id == 0);
}

/* Puts a currency's code. */
static void
put_currency(Row *row, Currency currency)
{
	put(row, PointerGetDatum(cstring_to_text_with_len((char *)&currency, 3)), currency == 0);
}

/* Makes a row of the columns that were put. */
static void
add_row(Rows *rows, Row *row)
{
	MemoryContext old = MemoryContextSwitchTo(rows->context);

	if (row->n != rows->desc->natts)
		elog(ERROR, "a rating gives %d columns, but its type has %d", row->n, rows->desc->natts);
	if (rows->n == rows->max)
	{
		rows->max *= 2;
		rows->rows = repalloc_huge(rows->rows, rows->max * sizeof(Datum));
	}
	rows->rows[rows->n++] = HeapTupleGetDatum(heap_form_tuple(rows->desc, row->values, row->nulls));
	MemoryContextSwitchTo(old);
}

/* Sums a cost of a line's parts, as far as it is in the line's currency. */
static Numeric
sum_cost(const Line *line, int cost)
{
	Numeric sum = NULL;

	for (Member *member = line->first; member; member = member->next)
	{
		Numeric number = member->part->cost[cost];

		if (number && member->part->currency == line->key.currency)
			sum = sum ? number_add(sum, number) : number;
	}
	return sum;
}

/* Sums the quantity of a line's parts, and finds their unit: 0 when there are several. */
static Numeric
sum_quantity(const Line *line, StringId *unit, int64 *charges)
{
	Numeric sum = NULL;
	bool several = false;

	*unit = 0;
	*charges = 0;
	for (Member *member = line->first; member; member = member->next)
	{
		Part *part = member->part;

		*charges += part->charges;
		if (part->quantity == NULL)
			continue;
		several = several || (sum && part->piece->item->unit != *unit);
		*unit = part->piece->item->unit;
		sum = sum ? number_add(sum, part->quantity) : part->quantity;
	}
	if (several)
		*unit = 0;
	return sum;
}

/* The day on which the last of a line's parts may be invoiced; no end is when its period ends. */
static DateADT
invoice_day(const Line *line)
{
	DateADT day = DATEVAL_NOBEGIN;

	for (Member *member = line->first; member; member = member->next)
		day = Max(day, member->part->piece->invoice_on);
	return day;
}

/* Puts what identifies a line. */
static void
put_key_columns(Row *row, const Sale *sale, const LineKey *key)
{
	const Rating *rating = sale->rating;
	const Rule *rule = rating_rule(rating, key->rule);

	put(row, Int32GetDatum(rule->price_rule_id), false);
	put(row, CStringGetTextDatum(rule_effects[rule->effect]), false);
	put(row, Int32GetDatum(key->product_id), false);
	put_key(row, key->account_id);
	put_string(row, rating, key->resource);
	put_string(row, rating, key->tag);
	put_currency(row, key->currency);
}

/* Makes a row of a line. */
static void
take_line(void *taker, Sale *sale, Line *line)
{
	const Rule *rule = rating_rule(sale->rating, line->key.rule);
	bool priced = rule->effect <= EFFECT_SET;
	bool counted = priced || measure_is_quantity(rule->measure);
	StringId unit;
	int64 charges;
	DateADT invoice_on;
	Numeric quantity = sum_quantity(line, &unit, &charges);
	Row row = {0};

	put(&row, Int32GetDatum(sale->buyer_id), false);
	put_key(&row, sale->seller_id);
	put(&row, DateADTGetDatum(sale->period_start), false);
	put_key_columns(&row, sale, &line->key);
	put_number(&row, line->measured);
	put_number(&row, line->before);
	put_number(&row, line->amount);
	if (measure_is_quantity(rule->measure) && rule->measure != MEASURE_QUANTITY)
		quantity = line->measured;
	put_number(&row, counted ? quantity : NULL);
	if (rule->measure == MEASURE_EVENTS || rule->measure == MEASURE_RESOURCES)
		put(&row, CStringGetTextDatum(rule->measure == MEASURE_EVENTS ? "events" : "resources"),
		    false);
	else
		put_string(&row, sale->rating, counted ? unit : 0);
	put_number(&row, priced ? sum_cost(line, MEASURE_BILLED_COST) : NULL);
	put_number(&row, priced ? sum_cost(line, MEASURE_EFFECTIVE_COST) : NULL);
	put(&row, Int64GetDatum(charges), !priced);
	invoice_on = invoice_day(line);
	put(&row, DateADTGetDatum(invoice_on), DATE_NOT_FINITE(invoice_on));
	add_row(taker, &row);
}

/* Makes a row of a part's share in a line, or of a part that has no price. */
static void
take_member(void *taker, Sale *sale, Line *line, Member *member)
{
	const Part *part = member->part;
	const Piece *piece = part->piece;
	bool priced = line == NULL || rating_rule(sale->rating, line->key.rule)->effect <= EFFECT_SET;
	Row row = {0};

	put(&row, Int32GetDatum(sale->buyer_id), false);
	put_key(&row, sale->seller_id);
	put(&row, DateADTGetDatum(sale->period_start), false);
	if (line)
		put_key_columns(&row, sale, &line->key);
	else
	{
		for (int i = 0; i < 6; i++)
			put(&row, (Datum)0, true);
		put_currency(&row, part->currency);
	}
	put(&row, Int32GetDatum(piece->item->key.customer_id), false);
	put(&row, DateADTGetDatum(piece->charge_on), false);
	put(&row, Int32GetDatum(piece->load_scope_id), false);
	put_key(&row, piece->line_no);
	put(&row, TimestampTzGetDatum(piece->starts), piece->line_no == 0);
	put(&row, TimestampTzGetDatum(piece->ends), piece->line_no == 0);
	put(&row, Int32GetDatum(piece->item->key.item_id), false);
	put_number(&row, member->measured);
	put_number(&row, member->share);
	put_number(&row, priced ? part->quantity : NULL);
	put_number(&row, priced ? part->cost[MEASURE_BILLED_COST] : NULL);
	put_number(&row, priced ? part->cost[MEASURE_EFFECTIVE_COST] : NULL);
	put_currency(&row, part->currency);
	put(&row, Int64GetDatum(part->charges), !priced);
	put_currency(&row, piece->item->currency);
	add_row(taker, &row);
}

/* Makes a row of what is used of a lot, or counts for a commitment. */
static void
take_use(void *taker, Sale *sale, const LineKey *key, DateADT from, DateADT until, Numeric amount)
{
	Row row = {0};

	put(&row, Int32GetDatum(sale->buyer_id), false);
	put_key(&row, sale->seller_id);
	put(&row, DateADTGetDatum(sale->period_start), false);
	put_key_columns(&row, sale, key);
	put(&row, DateADTGetDatum(from), DATE_IS_NOBEGIN(from));
	put(&row, DateADTGetDatum(until), DATE_IS_NOEND(until));
	put_number(&row, amount);
	add_row(taker, &row);
}

/* Begins rows of the element type of the array that the function gives. */
static void
begin_rows(FunctionCallInfo fcinfo, Rows *rows)
{
	rows->type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	if (!OidIsValid(rows->type))
		elog(ERROR, "a rating must give an array of rows");
	rows->context = CurrentMemoryContext;
	rows->desc = lookup_rowtype_tupdesc_copy(rows->type, -1);
	rows->max = 64;
	rows->rows = palloc(rows->max * sizeof(Datum));
}

/* Rates, and makes an array of the rows; the state stays as it is. */
static Datum
rate_to_array(FunctionCallInfo fcinfo, Sale *how)
{
	Rows rows = {0};

	how->rating = rating_argument(fcinfo, 0);
	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (how->rating == NULL)
		PG_RETURN_NULL();
	begin_rows(fcinfo, &rows);
	how->taker = &rows;
	rating_rate(how);
	PG_RETURN_ARRAYTYPE_P(
	    construct_array(rows.rows, rows.n, rows.type, -1, false, TYPALIGN_DOUBLE));
}

/* The lines. */
PG_FUNCTION_INFO_V1(rating_lines_final);
Datum
rating_lines_final(PG_FUNCTION_ARGS)
{
	Sale how = {.take_line = take_line};

	return rate_to_array(fcinfo, &how);
}

/* The share of each piece in each line, and the pieces that have no price. */
PG_FUNCTION_INFO_V1(rating_shares_final);
Datum
rating_shares_final(PG_FUNCTION_ARGS)
{
	Sale how = {.take_member = take_member, .need_shares = true};

	return rate_to_array(fcinfo, &how);
}

/* What is used of each lot of credits, and what counts for commitments. */
PG_FUNCTION_INFO_V1(rating_uses_final);
Datum
rating_uses_final(PG_FUNCTION_ARGS)
{
	Sale how = {.take_use = take_use};

	return rate_to_array(fcinfo, &how);
}

/* The keys of the rules that are about a piece, on the day of it. */
PG_FUNCTION_INFO_V1(rating_rules_final);
Datum
rating_rules_final(PG_FUNCTION_ARGS)
{
	Rating *rating = rating_argument(fcinfo, 0);
	bool *is_about;
	Datum *ids;
	int n = 0;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (rating == NULL)
		PG_RETURN_NULL();
	rating_complete(rating);
	is_about = palloc0((rating->rules->nrules + 1) * sizeof(bool));
	ids = palloc((rating->rules->nrules + 1) * sizeof(Datum));
	for (int i = 0; i < rating->npieces; i++)
	{
		const Piece *piece = rating->pieces[i];

		for (int j = 0; j < piece->item->nmatched; j++)
		{
			const Rule *rule = rating_rule(rating, piece->item->matched[j]);

			if (piece->charge_on >= rule->valid_from && piece->charge_on < rule->valid_until)
				is_about[piece->item->matched[j]] = true;
		}
	}
	for (int i = 0; i < rating->rules->nrules; i++)
		if (is_about[i])
			ids[n++] = Int32GetDatum(rating_rule(rating, i)->price_rule_id);
	PG_RETURN_ARRAYTYPE_P(construct_array(ids, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}
