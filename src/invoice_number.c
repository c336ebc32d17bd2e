/*
 * invoice_number.c: numbers documents, one after the other, and chains them by their hashes.
 *
 * Nobody else of the same sellers can do so meanwhile, so this takes no longer than it must.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "compat.h"
#include "fmgr.h"
#include "invoice_content.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "payment_reference.h"
#include "row_array.h"
#include "row_text.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* What a number is made of, but for its pattern. */
typedef struct Numbering
{
	const text *series;
	int32 number;
	DateADT day;
	int32 year_begins;
} Numbering;

/* Appends an integer with zeros before it, as lpad() writes it. */
static void
append_padded(StringInfo buf, int32 value, int width)
{
	char digits[12];
	int len = pg_ltoa(value, digits);

	for (int i = len; i < width; i++)
		appendStringInfoChar(buf, '0');
	appendBinaryStringInfo(buf, digits, Min(len, width));
}

/* Appends what a part of a pattern in braces stands for. */
static void
append_part(StringInfo buf, const char *part, int len, const Numbering *numbering)
{
	int year;
	int month;
	int day;

	if (DATE_NOT_FINITE(numbering->day))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("no document has the number of an infinite day")));
	j2date(numbering->day + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	if (month < numbering->year_begins)
		year--;
#define IS_PART(name) (len == strlen(name) && memcmp(part, name, len) == 0)
	if (IS_PART("{series}"))
		appendBinaryStringInfo(buf, VARDATA_ANY(numbering->series),
		                       VARSIZE_ANY_EXHDR(numbering->series));
	else if (IS_PART("{YYYY}"))
		append_padded(buf, year, 4);
	else if (IS_PART("{YY}"))
		append_padded(buf, year % 100, 2);
	else if (IS_PART("{MM}"))
		append_padded(buf, month, 2);
	else if (part[1] == 'N')
	{
		char digits[12];
		int width = 1;

		for (int i = 2; i < len; i++)
			if (part[i] >= '0' && part[i] <= '9')
			{
				width = part[i] - '0';
				break;
			}
		append_padded(buf, numbering->number, Max(width, pg_ltoa(numbering->number, digits)));
	}
	else
		appendBinaryStringInfo(buf, part, len);
#undef IS_PART
}

/* Writes a number by its pattern. */
static void
write_number(StringInfo buf, const text *pattern, const Numbering *numbering)
{
	const char *c = VARDATA_ANY(pattern);
	const char *end = c + VARSIZE_ANY_EXHDR(pattern);

	resetStringInfo(buf);
	while (c < end)
	{
		const char *next = memchr(c, *c == '{' ? '}' : '{', end - c);

		if (*c != '{')
		{
			next = next != NULL ? next : end;
			appendBinaryStringInfo(buf, c, next - c);
			c = next;
		}
		else if (next != NULL)
		{
			append_part(buf, c, next + 1 - c, numbering);
			c = next + 1;
		}
		else
			c++; /* it is never closed */
	}
}

PG_FUNCTION_INFO_V1(invoice_number);

/* The number of a document. */
Datum
invoice_number(PG_FUNCTION_ARGS)
{
	Numbering numbering = {
	    .series = PG_GETARG_TEXT_PP(1),
	    .number = PG_GETARG_INT32(2),
	    .day = PG_GETARG_DATEADT(3),
	    .year_begins = PG_GETARG_INT32(4),
	};
	StringInfoData buf;

	initStringInfo(&buf);
	write_number(&buf, PG_GETARG_TEXT_PP(0), &numbering);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf.data, buf.len));
}

/* A series while it gives numbers. */
typedef struct Series
{
	Datum series;
	Datum year;
	text *pattern;
	text *of_seller;
	int32 year_begins;
	int chain; /* the place of who gives the numbers, for several may be one */
	int32 last_number;
	Datum last_hash;
} Series;

/* A value that is there. */
static Datum
value_of(const RowArray *array, int column)
{
	if (array->nulls[column])
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("column \"%s\" of the %s is NULL",
		                       NameStr(TupleDescAttr(array->desc, column)->attname), array->what)));
	return array->values[column];
}

/* Are texts the same? */
static bool
is_same_text(Datum a, Datum b)
{
	text *first = DatumGetTextPP(a);
	text *second = DatumGetTextPP(b);

	return VARSIZE_ANY_EXHDR(first) == VARSIZE_ANY_EXHDR(second) &&
	       memcmp(VARDATA_ANY(first), VARDATA_ANY(second), VARSIZE_ANY_EXHDR(first)) == 0;
}

/* Takes the series that give numbers. */
static Series *
take_series(RowArray *array)
{
	Series *all = palloc(array->n * sizeof(Series));
	int seller_id = row_array_column(array, "seller_id");
	int series = row_array_column(array, "series");
	int year = row_array_column(array, "year");
	int pattern = row_array_column(array, "pattern");
	int of_seller = row_array_column(array, "seller_series");
	int year_begins = row_array_column(array, "year_begins");
	int last_number = row_array_column(array, "last_number");
	int last_hash = row_array_column(array, "last_hash");
	int32 *sellers = palloc(array->n * sizeof(int32));

	for (int i = 0; i < array->n; i++)
	{
		Series *one = &all[i];

		row_array_read(array, i);
		sellers[i] = DatumGetInt32(value_of(array, seller_id));
		one->series = value_of(array, series);
		one->year = value_of(array, year);
		one->pattern = DatumGetTextPP(value_of(array, pattern));
		one->of_seller = DatumGetTextPP(value_of(array, of_seller));
		one->year_begins = DatumGetInt32(value_of(array, year_begins));
		one->last_number = DatumGetInt32(value_of(array, last_number));
		one->last_hash = value_of(array, last_hash);
		/* documents of two days may be of one series */
		for (one->chain = 0; one->chain < i; one->chain++)
			if (sellers[one->chain] == sellers[i] && all[one->chain].year == one->year &&
			    is_same_text(all[one->chain].series, one->series))
				break;
	}
	pfree(sellers);
	return all;
}

PG_FUNCTION_INFO_V1(invoice_chain);

/* Documents with their numbers and hashes. */
Datum
invoice_chain(PG_FUNCTION_ARGS)
{
	RowArray documents;
	RowArray array;
	RowArrayBuild build;
	Series *all;
	const int32 *places;
	Datum *bodies;
	bool *is_empty;
	int n;
	RowText writer;
	StringInfoData buf;
	StringInfoData number;
	pg_cryptohash_ctx *hash;
	MemoryContext passing;
	MemoryContext old;
	int issued_on;
	struct
	{
		int series, series_year, series_number, invoice_number, payment_reference, previous_hash,
		    hash;
	} columns;

	row_array_open(&documents, fcinfo, 0, "documents");
	if (documents.n == 0)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), BYTEAOID, -1, false, TYPALIGN_INT, &bodies,
	                  &is_empty, &n);
	if (n != documents.n)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		                errmsg("%d documents have %d bodies", documents.n, n)));
	places = row_array_ints(fcinfo, 2, documents.n, "numbers of series");
	row_array_open(&array, fcinfo, 3, "series");
	all = take_series(&array);
	issued_on = row_array_column(&documents, "issued_on");
	columns.series = row_array_column(&documents, "series");
	columns.series_year = row_array_column(&documents, "series_year");
	columns.series_number = row_array_column(&documents, "series_number");
	columns.invoice_number = row_array_column(&documents, "invoice_number");
	columns.payment_reference = row_array_column(&documents, "payment_reference");
	columns.previous_hash = row_array_column(&documents, "previous_hash");
	columns.hash = row_array_column(&documents, "hash");

	row_array_begin(&build, get_element_type(get_fn_expr_rettype(fcinfo->flinfo)), documents.n);
	row_text_open(&writer, documents.desc, true);
	initStringInfo(&buf);
	initStringInfo(&number);
	hash = text_hash_create();
	passing = AllocSetContextCreate(CurrentMemoryContext, "documents that are numbered",
	                                ALLOCSET_DEFAULT_SIZES);
#define PUT(column, value)                                                                         \
	(documents.values[columns.column] = (value), documents.nulls[columns.column] = false)
	for (int i = 0; i < documents.n; i++)
	{
		Series *series;
		Series *chain;

		CHECK_FOR_INTERRUPTS();
		if (places[i] < 1 || places[i] > array.n)
			ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
			                errmsg("there is no %dth of the series", places[i])));
		series = &all[places[i] - 1];
		chain = &all[series->chain];
		MemoryContextReset(passing);
		old = MemoryContextSwitchTo(passing);
		row_array_read(&documents, i);
		if (pg_add_s32_overflow(chain->last_number, 1, &chain->last_number))
			ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			                errmsg("a series has no numbers left")));
		write_number(&number, series->pattern,
		             &(Numbering){
		                 .series = series->of_seller,
		                 .number = chain->last_number,
		                 .day = DatumGetDateADT(value_of(&documents, issued_on)),
		                 .year_begins = series->year_begins,
		             });
		PUT(series, series->series);
		PUT(series_year, series->year);
		PUT(series_number, Int32GetDatum(chain->last_number));
		PUT(invoice_number, PointerGetDatum(cstring_to_text_with_len(number.data, number.len)));
		PUT(payment_reference, PointerGetDatum(payment_reference_of(number.data, number.len)));
		PUT(previous_hash, chain->last_hash);
		documents.nulls[columns.hash] = true;
		invoice_content_write(&writer, &buf, documents.values, documents.nulls,
		                      is_empty[i] ? NULL : (bytea *)DatumGetPointer(bodies[i]));
		MemoryContextSwitchTo(old);
		text_hash_begin(hash);
		text_hash_add(hash, buf.data, buf.len);
		chain->last_hash = PointerGetDatum(text_hash_end(hash));
		PUT(hash, chain->last_hash);
		row_array_add(&build, documents.values, documents.nulls);
	}
#undef PUT
	pg_cryptohash_free(hash);
	PG_RETURN_DATUM(row_array_end(&build));
}
