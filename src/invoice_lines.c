/*
 * invoice_lines.c: the lines of documents in the making.
 *
 * What many lines share (their document and VAT, what their rule and product say, their
 * account) comes in arrays of its own, with the number of each line in them; so a line is
 * what is due, and a few numbers.  Lines are sorted by these, and each is written once,
 * into the array that is given.  A column of a line is that of the same name of what it is
 * made of, but for those that are computed.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "currency.h"
#include "exact_format.h"
#include "fmgr.h"
#include "invoice_unit_price.h"
#include "miscadmin.h"
#include "number.h"
#include "row_array.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

/* Lines between two looks at interrupts, and at what memory may go. */
#define LINES_AT_ONCE 256

/* What a line is made of. */
typedef enum Source
{
	DUE,
	GROUP,
	KIND,
	ACCOUNT,
	FEE,
	SOURCES
} Source;

static const char *const source_names[SOURCES] = {
    "rows of what is due", "groups", "kinds", "accounts", "fees",
};

/* Columns of a line that are computed. */
typedef enum Computed
{
	LINE_NO,
	CORRECTS,
	DESCRIPTION,
	ACCOUNT_NAME,
	QUANTITY,
	UNIT,
	UNIT_PRICE,
	COST,
	ORDER_NUMBER,
	COMPUTED
} Computed;

static const char *const computed_names[COMPUTED] = {
    "line_no", "corrects",   "description", "account",      "quantity",
    "unit",    "unit_price", "cost",        "order_number",
};

/* Columns that they are computed from. */
typedef struct Columns
{
	int period_start, account_id, resource_id, tag_value, currency, climbed, due_before, amount,
	    quantity, quantity_before, unit, billed_cost, cost_before, revision, corrects, dimension_id;
	int invoice_id, billed_by, section, order_number;
	int invoice_text, title, rule_price, place;
	int account, account_order_number;
	int line, description, fee_price;
} Columns;

/* Rows of a source, all of them taken apart where they are few. */
typedef struct Rows
{
	RowArray array;
	int natts;
	Datum *values;
	bool *nulls;
	const int32 *number; /* of each line's row, from 1; 0 is none */
} Rows;

/* A column of a line that is one of a source. */
typedef struct Copied
{
	int from;
	int to;
	int32 typmod; /* of a text that becomes a char(n); else -1 */
} Copied;

/* A line while its place in its part of a document is sought. */
typedef struct Place
{
	int32 invoice_id;
	bool has_account;
	DateADT period_start;
	int32 place;
	int32 account_id;
	int32 due;
	text *resource; /* NULL is last */
	text *tag;
} Place;

typedef struct Lines
{
	Rows rows[SOURCES];
	Columns columns;
	int computed[COMPUTED];
	int ncopied[SOURCES];
	Copied *copied[SOURCES];
	Oid resource_collation;
	Oid tag_collation;
	Numeric one;
	Numeric minus_one;
	Numeric zero;
} Lines;

/* A value of a row of a source. */
static inline Datum
value_of(const Rows *rows, int row, int column, bool *is_null)
{
	*is_null = rows->nulls[row * rows->natts + column];
	return rows->values[row * rows->natts + column];
}

/* Opens a source whose rows are few, and takes them apart. */
static void
open_few(Lines *lines, FunctionCallInfo fcinfo, int argno, Source source)
{
	Rows *rows = &lines->rows[source];
	RowArray *array = &rows->array;

	row_array_open(array, fcinfo, argno, source_names[source]);
	if (array->n == 0)
		return;
	rows->natts = array->desc->natts;
	rows->values =
	    MemoryContextAllocHuge(CurrentMemoryContext, (Size)array->n * rows->natts * sizeof(Datum));
	rows->nulls =
	    MemoryContextAllocHuge(CurrentMemoryContext, (Size)array->n * rows->natts * sizeof(bool));
	for (int i = 0; i < array->n; i++)
	{
		row_array_read(array, i);
		memcpy(&rows->values[i * rows->natts], array->values, rows->natts * sizeof(Datum));
		memcpy(&rows->nulls[i * rows->natts], array->nulls, rows->natts * sizeof(bool));
	}
}

/* Takes the number of each line's row of a source. */
static void
take_numbers(Lines *lines, FunctionCallInfo fcinfo, int argno, Source source)
{
	Rows *rows = &lines->rows[source];
	int n = lines->rows[DUE].array.n;

	rows->number = row_array_ints(fcinfo, argno, n, "numbers of rows");
	for (int i = 0; i < n; i++)
		if (rows->number[i] < 1 || rows->number[i] > rows->array.n)
			ereport(ERROR,
			        (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
			         errmsg("there is no %dth of the %s", rows->number[i], source_names[source])));
}

/* Fees say themselves which line they are of. */
static void
number_fees(Lines *lines)
{
	Rows *rows = &lines->rows[FEE];
	int n = lines->rows[DUE].array.n;
	int32 *number;

	if (rows->array.n == 0)
		return;
	number = palloc0(n * sizeof(int32));
	for (int i = 0; i < rows->array.n; i++)
	{
		bool is_null;
		int line = DatumGetInt32(value_of(rows, i, lines->columns.line, &is_null));

		if (is_null || line < 1 || line > n)
			ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR), errmsg("a fee is of no line")));
		number[line - 1] = i + 1;
	}
	rows->number = number;
}

/* Finds the columns that others are computed from. */
static void
find_columns(Lines *lines)
{
	const RowArray *due = &lines->rows[DUE].array;
	const RowArray *group = &lines->rows[GROUP].array;
	const RowArray *kind = &lines->rows[KIND].array;
	const RowArray *account = &lines->rows[ACCOUNT].array;
	const RowArray *fee = &lines->rows[FEE].array;

	lines->columns = (Columns){
	    .period_start = row_array_column(due, "period_start"),
	    .account_id = row_array_column(due, "account_id"),
	    .resource_id = row_array_column(due, "resource_id"),
	    .tag_value = row_array_column(due, "tag_value"),
	    .currency = row_array_column(due, "currency"),
	    .climbed = row_array_column(due, "climbed"),
	    .due_before = row_array_column(due, "due_before"),
	    .amount = row_array_column(due, "amount"),
	    .quantity = row_array_column(due, "quantity"),
	    .quantity_before = row_array_column(due, "quantity_before"),
	    .unit = row_array_column(due, "unit"),
	    .billed_cost = row_array_column(due, "billed_cost"),
	    .cost_before = row_array_column(due, "cost_before"),
	    .revision = row_array_column(due, "revision"),
	    .corrects = row_array_column(due, "corrects"),
	    .dimension_id = row_array_column(due, "dimension_id"),
	    .invoice_id = row_array_column(group, "invoice_id"),
	    .billed_by = row_array_column(group, "billed_by"),
	    .section = row_array_column(group, "section"),
	    .order_number = row_array_column(group, "order_number"),
	    .invoice_text = row_array_column(kind, "invoice_text"),
	    .title = row_array_column(kind, "title"),
	    .rule_price = row_array_column(kind, "unit_price"),
	    .place = row_array_column(kind, "place"),
	    .account = row_array_column(account, "name"),
	    .account_order_number = row_array_column(account, "order_number"),
	    .line = row_array_column(fee, "line"),
	    .description = row_array_column(fee, "description"),
	    .fee_price = row_array_column(fee, "unit_price"),
	};
	lines->resource_collation = TupleDescAttr(due->desc, lines->columns.resource_id)->attcollation;
	lines->tag_collation = TupleDescAttr(due->desc, lines->columns.tag_value)->attcollation;
}

/* Finds a column of a line among those of a source, by its name. */
static bool
find_copied(Lines *lines, Source source, Form_pg_attribute to)
{
	TupleDesc desc = lines->rows[source].array.desc;

	for (int i = 0; desc != NULL && i < desc->natts; i++)
	{
		Form_pg_attribute from = TupleDescAttr(desc, i);
		bool to_char = from->atttypid == TEXTOID && to->atttypid == BPCHAROID;

		if (from->attisdropped || strcmp(NameStr(from->attname), NameStr(to->attname)) != 0)
			continue;
		if (from->atttypid != to->atttypid && !to_char)
			elog(ERROR, "column \"%s\" of a line has another type", NameStr(to->attname));
		lines->copied[source][lines->ncopied[source]++] = (Copied){
		    .from = i,
		    .to = to->attnum - 1,
		    .typmod = to_char ? to->atttypmod : -1,
		};
		return true;
	}
	return false;
}

/* Finds where each column of a line comes from. */
static void
find_sources(Lines *lines, TupleDesc desc)
{
	for (Source source = DUE; source < SOURCES; source++)
		lines->copied[source] = palloc(desc->natts * sizeof(Copied));
	for (int i = 0; i < COMPUTED; i++)
		lines->computed[i] = -1;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute to = TupleDescAttr(desc, i);
		bool found = to->attisdropped;

		for (int j = 0; j < COMPUTED && !found; j++)
			if (strcmp(NameStr(to->attname), computed_names[j]) == 0)
			{
				lines->computed[j] = i;
				found = true;
			}
		for (Source source = DUE; source < SOURCES && !found; source++)
			found = find_copied(lines, source, to);
		/* without fees there is none to say what fees say */
		if (!found && lines->rows[FEE].array.n > 0)
			elog(ERROR, "nothing says column \"%s\" of a line", NameStr(to->attname));
	}
	for (int i = 0; i < COMPUTED; i++)
		if (lines->computed[i] < 0)
			elog(ERROR, "lines have no column \"%s\"", computed_names[i]);
}

/* Compares texts of which NULL is last. */
static int
compare_texts(const text *a, const text *b, Oid collation)
{
	if (a == NULL || b == NULL)
		return (a == NULL) - (b == NULL);
	return varstr_cmp(VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(b),
	                  collation);
}

#define COMPARE(x, y)                                                                              \
	if ((x) != (y))                                                                                \
	return (x) < (y) ? -1 : 1

/* Compares places in a part of a document. */
static int
compare_places(const void *x, const void *y, void *arg)
{
	const Place *a = x;
	const Place *b = y;
	const Lines *lines = arg;
	int order;

	COMPARE(a->period_start, b->period_start);
	COMPARE(a->place, b->place);
	COMPARE(b->has_account, a->has_account);
	COMPARE(a->account_id, b->account_id);
	order = compare_texts(a->resource, b->resource, lines->resource_collation);
	if (order == 0)
		order = compare_texts(a->tag, b->tag, lines->tag_collation);
	if (order == 0)
		order = a->due < b->due ? -1 : a->due > b->due;
	return order;
}

/* A part of a document, and a group whose lines stand there. */
typedef struct Part
{
	int32 invoice_id;
	text *section; /* NULL is first */
	bool is_correction;
	int group;
} Part;

/* Compares parts of documents; sections by their bytes. */
static int
compare_parts(const void *x, const void *y)
{
	const Part *a = x;
	const Part *b = y;

	COMPARE(a->invoice_id, b->invoice_id);
	if (a->section != NULL && b->section != NULL)
	{
		int a_len = VARSIZE_ANY_EXHDR(a->section);
		int b_len = VARSIZE_ANY_EXHDR(b->section);
		int order = memcmp(VARDATA_ANY(a->section), VARDATA_ANY(b->section), Min(a_len, b_len));

		COMPARE(order, 0);
		COMPARE(a_len, b_len);
	}
	else if (a->section != b->section)
		return a->section == NULL ? -1 : 1;
	COMPARE(a->is_correction, b->is_correction);
	return 0;
}

/* The place of each group's part among all parts, from 0. */
static int32 *
rank_groups(const Lines *lines)
{
	const Rows *groups = &lines->rows[GROUP];
	int n = groups->array.n;
	Part *parts = palloc(n * sizeof(Part));
	int32 *ranks = palloc(n * sizeof(int32));
	int rank = 0;

	for (int i = 0; i < n; i++)
	{
		bool is_null;
		Datum section;

		parts[i].group = i;
		parts[i].invoice_id =
		    DatumGetInt32(value_of(groups, i, lines->columns.invoice_id, &is_null));
		if (is_null)
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			                errmsg("a group of lines has no document")));
		section = value_of(groups, i, lines->columns.section, &is_null);
		parts[i].section = is_null ? NULL : DatumGetTextPP(section);
		value_of(groups, i, lines->columns.billed_by, &is_null);
		parts[i].is_correction = !is_null;
	}
	qsort(parts, n, sizeof(Part), compare_parts);
	for (int i = 0; i < n; i++)
	{
		if (i > 0 && compare_parts(&parts[i - 1], &parts[i]) != 0)
			rank++;
		ranks[parts[i].group] = rank;
	}
	pfree(parts);
	return ranks;
}

/* A text of a row of what is due, or NULL. */
static text *
due_text(const RowArray *due, int column)
{
	return due->nulls[column] ? NULL : DatumGetTextPP(due->values[column]);
}

/* Takes what the place of a line hangs on. */
static void
take_place(const Lines *lines, int line, Place *place)
{
	const Columns *columns = &lines->columns;
	const RowArray *due = &lines->rows[DUE].array;
	bool is_null;

	place->due = line;
	place->invoice_id = DatumGetInt32(value_of(
	    &lines->rows[GROUP], lines->rows[GROUP].number[line] - 1, columns->invoice_id, &is_null));
	place->period_start = DatumGetDateADT(due->values[columns->period_start]);
	place->place = DatumGetInt32(
	    value_of(&lines->rows[KIND], lines->rows[KIND].number[line] - 1, columns->place, &is_null));
	place->has_account = !due->nulls[columns->account_id];
	place->account_id = place->has_account ? DatumGetInt32(due->values[columns->account_id]) : 0;
	place->resource = due_text(due, columns->resource_id);
	place->tag = due_text(due, columns->tag_value);
}

/* Puts lines in order: parts of documents, and then the lines of each, which are few. */
static Place *
find_places(Lines *lines)
{
	const Columns *columns = &lines->columns;
	RowArray *due = &lines->rows[DUE].array;
	const int32 *group = lines->rows[GROUP].number;
	int nparts = lines->rows[GROUP].array.n;
	int32 *ranks = rank_groups(lines);
	int32 *ends = palloc0((nparts + 1) * sizeof(int32));
	Place *places = MemoryContextAllocHuge(CurrentMemoryContext, due->n * sizeof(Place));
	int begin = 0;

	for (int i = 0; i < due->n; i++)
		ends[ranks[group[i] - 1] + 1]++;
	for (int i = 1; i < nparts; i++)
		ends[i] += ends[i - 1];
	/* where each part begins; and when its lines are there, where it ends */
	due->columns = Max(Max(columns->period_start, columns->account_id),
	                   Max(columns->resource_id, columns->tag_value)) +
	               1;
	for (int i = 0; i < due->n; i++)
	{
		row_array_read(due, i);
		take_place(lines, i, &places[ends[ranks[group[i] - 1]]++]);
	}
	due->columns = due->desc->natts;
	for (int i = 0; i < nparts; begin = ends[i++])
		qsort_arg(&places[begin], ends[i] - begin, sizeof(Place), compare_places, lines);
	return places;
}

/* A number that must be there. */
static Datum
number_due(const RowArray *due, int column)
{
	if (due->nulls[column])
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("what is due lacks its %s",
		                       NameStr(TupleDescAttr(due->desc, column)->attname))));
	return due->values[column];
}

/* Its sign; that of NaN is 1, as it is above all. */
static int
sign_of(Datum number)
{
	NumericParts parts;

	if (!exact_take_apart(number, &parts))
		return number_cmp(DatumGetNumeric(number), number_literal(0, 0));
	return parts.count == 0 ? 0 : parts.negative ? -1 : 1;
}

/* a - b, where b mostly is 0. */
static Datum
difference_of(Datum a, Datum b)
{
	NumericParts of_a;
	NumericParts of_b;

	if (exact_take_apart(a, &of_a) && exact_take_apart(b, &of_b) && of_b.count == 0 &&
	    of_b.dscale <= of_a.dscale)
		return a;
	return NumericGetDatum(number_sub(DatumGetNumeric(a), DatumGetNumeric(b)));
}

/* A number without zeros at its end, which it mostly has none of. */
static Datum
trimmed(Datum number)
{
	NumericParts parts;

	if (exact_take_apart(number, &parts))
	{
		int digits = parts.count == 0 ? 0 : Max(parts.count - 1 - parts.weight, 0);
		int decimals = digits * DEC_DIGITS;

		if (digits > 0)
			for (int last = exact_digit(parts.digits, parts.count - 1); last % 10 == 0; last /= 10)
				decimals--;
		if (decimals == parts.dscale)
			return number;
	}
	return NumericGetDatum(number_trim(DatumGetNumeric(number)));
}

/* Is the amount what so many at a price come to? */
static bool
comes_to(Datum price, Datum quantity, int decimals, Datum amount)
{
	Numeric total = number_mul(DatumGetNumeric(price), DatumGetNumeric(quantity));

	return number_cmp(number_round(total, decimals), DatumGetNumeric(amount)) == 0;
}

/* Rounds to the decimals of a currency, but no digit away. */
static Datum
padded(Datum price, int decimals)
{
	int least = DatumGetInt32(DirectFunctionCall1(numeric_min_scale, price));

	return NumericGetDatum(number_round(DatumGetNumeric(price), Max(least, decimals)));
}

/* The price of one unit of what is counted. */
static Datum
unit_price(const Lines *lines, int kind, int fee, Datum amount, Datum difference)
{
	const Columns *columns = &lines->columns;
	const RowArray *due = &lines->rows[DUE].array;
	text *currency = due_text(due, columns->currency);
	int decimals = currency != NULL && VARSIZE_ANY_EXHDR(currency) == 3
	                   ? currency_decimals(currency_from_text(currency))
	                   : 2;
	bool is_null;
	Datum price = value_of(&lines->rows[KIND], kind, columns->rule_price, &is_null);

	/* what a value has is rounded with the parts of the others, what was written off by itself */
	if (!is_null && DatumGetInt32(due->values[columns->revision]) == 0 &&
	    due->nulls[columns->climbed] &&
	    ((due->nulls[columns->dimension_id] && sign_of(number_due(due, columns->due_before)) == 0 &&
	      sign_of(number_due(due, columns->quantity_before)) == 0) ||
	     comes_to(price, difference, decimals, amount)))
		return sign_of(price) < 0 ? NumericGetDatum(lines->zero) : price;
	/* the price that was agreed, while it is the price */
	if (fee >= 0)
	{
		price = value_of(&lines->rows[FEE], fee, columns->fee_price, &is_null);
		if (!is_null && comes_to(price, difference, decimals, amount))
			return padded(price, decimals);
	}
	return NumericGetDatum(invoice_unit_price_of(amount, difference, decimals));
}

/* Puts a computed column. */
#define PUT(column, value, is_null)                                                                \
	(values[lines->computed[column]] = (value), nulls[lines->computed[column]] = (is_null))

/* The first of several values that is there. */
static Datum
first_of(Datum a, bool a_is_null, Datum b, bool b_is_null, bool *is_null)
{
	*is_null = a_is_null && b_is_null;
	return a_is_null ? b : a;
}

/* Computes what is counted, and at what price: never a negative one, so where quantity and
 * amount disagree in sign it is a lump sum. */
static void
put_quantity(const Lines *lines, int kind, int fee, Datum *values, bool *nulls)
{
	const Columns *columns = &lines->columns;
	const RowArray *due = &lines->rows[DUE].array;
	Datum amount = number_due(due, columns->amount);
	int sign = sign_of(amount);
	Datum none = NumericGetDatum(lines->zero);
	Datum quantity = due->nulls[columns->quantity] ? none : due->values[columns->quantity];
	Datum cost = due->nulls[columns->billed_cost] ? none : due->values[columns->billed_cost];
	Datum difference = trimmed(difference_of(quantity, number_due(due, columns->quantity_before)));
	int counts = sign_of(difference);

	if (!due->nulls[columns->unit] && counts != 0 && counts * sign >= 0)
	{
		PUT(QUANTITY, difference, false);
		PUT(UNIT, due->values[columns->unit], false);
		PUT(UNIT_PRICE, unit_price(lines, kind, fee, amount, difference), false);
	}
	else
	{
		PUT(QUANTITY, NumericGetDatum(sign < 0 ? lines->minus_one : lines->one), false);
		PUT(UNIT, (Datum)0, true);
		PUT(UNIT_PRICE, sign < 0 ? NumericGetDatum(number_abs(DatumGetNumeric(amount))) : amount,
		    false);
	}
	PUT(COST, difference_of(cost, number_due(due, columns->cost_before)), false);
}

/* A text as char(n). */
static Datum
as_char(Datum value, int32 typmod)
{
	text *code = DatumGetTextPP(value);
	int len = VARSIZE_ANY_EXHDR(code);
	bool fits = len == typmod - VARHDRSZ;

	for (int i = 0; i < len && fits; i++)
		fits = !IS_HIGHBIT_SET(VARDATA_ANY(code)[i]);
	return fits ? value
	            : DirectFunctionCall3(bpchar, value, Int32GetDatum(typmod), BoolGetDatum(true));
}

/* Copies the columns of a line that a source says. */
static inline void
copy_columns(const Lines *lines, Source source, const Datum *from, const bool *from_nulls,
             Datum *values, bool *nulls)
{
	for (int i = 0; i < lines->ncopied[source]; i++)
	{
		const Copied *copied = &lines->copied[source][i];

		values[copied->to] = from[copied->from];
		nulls[copied->to] = from_nulls[copied->from];
		if (copied->typmod >= 0 && !nulls[copied->to])
			values[copied->to] = as_char(values[copied->to], copied->typmod);
	}
}

/* Makes a line of what is due. */
static void
make_line(const Lines *lines, const Place *place, int line_no, Datum *values, bool *nulls)
{
	const Columns *columns = &lines->columns;
	const RowArray *due = &lines->rows[DUE].array;
	int row[SOURCES];
	Datum text[3];
	bool missing[3];
	bool is_null;

	for (int i = GROUP; i < SOURCES; i++)
		row[i] = lines->rows[i].number != NULL ? lines->rows[i].number[place->due] - 1 : -1;
	for (Source source = DUE; source < SOURCES; source++)
	{
		const Rows *rows = &lines->rows[source];

		if (source == DUE)
			copy_columns(lines, source, due->values, due->nulls, values, nulls);
		else if (row[source] >= 0)
			copy_columns(lines, source, &rows->values[row[source] * rows->natts],
			             &rows->nulls[row[source] * rows->natts], values, nulls);
		else
			for (int i = 0; i < lines->ncopied[source]; i++)
				nulls[lines->copied[source][i].to] = true;
	}

	PUT(LINE_NO, Int32GetDatum(line_no), false);
	text[0] = value_of(&lines->rows[GROUP], row[GROUP], columns->billed_by, &missing[0]);
	text[0] = first_of(due->values[columns->corrects], due->nulls[columns->corrects], text[0],
	                   missing[0], &is_null);
	PUT(CORRECTS, text[0], is_null);

	text[0] = value_of(&lines->rows[KIND], row[KIND], columns->invoice_text, &missing[0]);
	missing[1] = row[FEE] < 0;
	if (!missing[1])
		text[1] = value_of(&lines->rows[FEE], row[FEE], columns->description, &missing[1]);
	text[2] = value_of(&lines->rows[KIND], row[KIND], columns->title, &missing[2]);
	text[1] = first_of(text[1], missing[1], text[2], missing[2], &is_null);
	text[0] = first_of(text[0], missing[0], text[1], is_null, &is_null);
	PUT(DESCRIPTION, text[0], is_null);

	text[0] = value_of(&lines->rows[ACCOUNT], row[ACCOUNT], columns->account, &is_null);
	PUT(ACCOUNT_NAME, text[0], is_null);
	text[0] =
	    value_of(&lines->rows[ACCOUNT], row[ACCOUNT], columns->account_order_number, &missing[0]);
	text[1] = value_of(&lines->rows[GROUP], row[GROUP], columns->order_number, &missing[1]);
	text[0] = first_of(text[0], missing[0], text[1], missing[1], &is_null);
	PUT(ORDER_NUMBER, text[0], is_null);

	put_quantity(lines, row[KIND], row[FEE], values, nulls);
}

PG_FUNCTION_INFO_V1(invoice_lines_make);

/* Lines, in the order of their documents. */
Datum
invoice_lines_make(PG_FUNCTION_ARGS)
{
	Lines lines = {0};
	RowArray *due = &lines.rows[DUE].array;
	RowArrayBuild build;
	Oid type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	Place *places;
	Datum *values;
	bool *nulls;
	MemoryContext passing;
	MemoryContext old;
	int line_no = 0;

	if (!OidIsValid(type))
		elog(ERROR, "lines are an array of rows");
	row_array_open(due, fcinfo, 0, source_names[DUE]);
	if (due->n == 0)
		PG_RETURN_NULL();
	open_few(&lines, fcinfo, 1, GROUP);
	take_numbers(&lines, fcinfo, 2, GROUP);
	open_few(&lines, fcinfo, 3, KIND);
	take_numbers(&lines, fcinfo, 4, KIND);
	open_few(&lines, fcinfo, 5, ACCOUNT);
	take_numbers(&lines, fcinfo, 6, ACCOUNT);
	open_few(&lines, fcinfo, 7, FEE);
	find_columns(&lines);
	number_fees(&lines);
	lines.zero = number_literal(0, 0);
	lines.one = number_literal(1, 0);
	lines.minus_one = number_literal(-1, 0);

	row_array_begin(&build, type, due->n);
	find_sources(&lines, build.desc);
	places = find_places(&lines);
	values = palloc(build.desc->natts * sizeof(Datum));
	nulls = palloc(build.desc->natts * sizeof(bool));
	memset(nulls, true, build.desc->natts * sizeof(bool)); /* what nothing says */
	passing =
	    AllocSetContextCreate(CurrentMemoryContext, "lines in the making", ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < due->n; i++)
	{
		if (i % LINES_AT_ONCE == 0)
		{
			CHECK_FOR_INTERRUPTS();
			MemoryContextReset(passing);
		}
		line_no = i > 0 && places[i].invoice_id == places[i - 1].invoice_id ? line_no + 1 : 1;
		old = MemoryContextSwitchTo(passing);
		if (i + ROWS_AHEAD < due->n)
			row_array_prefetch(due, places[i + ROWS_AHEAD].due);
		row_array_read(due, places[i].due);
		make_line(&lines, &places[i], line_no, values, nulls);
		MemoryContextSwitchTo(old);
		row_array_add(&build, values, nulls);
	}
	PG_RETURN_DATUM(row_array_end(&build));
}
