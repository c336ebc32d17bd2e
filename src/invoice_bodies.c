/*
 * invoice_bodies.c: hashes of all that documents have below them.
 *
 * Rows are hashed as the text the server writes them as (record_out), so that a hash can be
 * computed anew by a query.  That text is made here, for thousands of lines that say mostly
 * the same: a value that was written is not asked for its text again.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/hashfn.h"
#include "common/sha2.h"
#include "compat.h"
#include "exact_format.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "row_array.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include <ctype.h>

/* Texts of a column that are kept: more rules than a customer has. */
#define KEPT 256

/* Digits of a number that is written here. */
#define MAX_NUMBER 400

/* A value and its text, quoted where it must be. */
typedef struct Kept
{
	uint32 hash;
	struct varlena *value;
	char *text;
	int len;
} Kept;

/* A column of rows that are written. */
typedef struct Column
{
	Oid type;
	bool dropped;
	bool by_value;
	bool is_varlena;
	FmgrInfo output; /* when it is asked */
	Datum last;      /* of a type by value: what was written last, and how */
	char *last_text;
	Kept *kept;
} Column;

/* Rows of one kind. */
typedef struct Rows
{
	RowArray array;
	char kind;
	int invoice_id;
	int line_no; /* -1 where there is no order but that of their texts */
	Column *columns;
	MemoryContext context;
} Rows;

/* What is NULL in a row that somebody tampered with. */
#define MISSING PG_INT64_MAX

/* A row of a document, while its place is sought. */
typedef struct Entry
{
	int64 invoice_id; /* MISSING is last */
	int64 line_no;
	int32 kind;
	int32 row;
} Entry;

/* A text of a row, for those that are in the order of their texts. */
typedef struct RowText
{
	char *text;
	int len;
} RowText;

/* Opens the rows of an argument. */
static void
open_rows(Rows *rows, FunctionCallInfo fcinfo, int argno, const char *what, bool has_line_no)
{
	RowArray *array = &rows->array;

	memset(rows, 0, sizeof(Rows));
	row_array_open(array, fcinfo, argno, what);
	rows->kind = '1' + argno;
	rows->invoice_id = row_array_column(array, "invoice_id");
	rows->line_no = has_line_no ? row_array_column(array, "line_no") : -1;
	rows->context = CurrentMemoryContext;
	if (array->n == 0)
		return;
	rows->columns = palloc0(array->desc->natts * sizeof(Column));
	for (int i = 0; i < array->desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(array->desc, i);
		Column *column = &rows->columns[i];
		Oid function;

		column->dropped = attribute->attisdropped;
		if (column->dropped)
			continue;
		column->type = attribute->atttypid;
		column->by_value = attribute->attbyval;
		column->is_varlena = attribute->attlen == -1;
		getTypeOutputInfo(column->type, &function, &(bool){false});
		fmgr_info(function, &column->output);
	}
}

/* Appends a text, in quotes where record_out puts it in quotes. */
static void
append_quoted(StringInfo buf, const char *text, int len)
{
	bool quote = len == 0;

	for (int i = 0; i < len && !quote; i++)
		quote = text[i] == '"' || text[i] == '\\' || text[i] == '(' || text[i] == ')' ||
		        text[i] == ',' || isspace((unsigned char)text[i]);
	if (!quote)
	{
		appendBinaryStringInfo(buf, text, len);
		return;
	}
	enlargeStringInfo(buf, 2 * len + 2);
	appendStringInfoCharMacro(buf, '"');
	for (int i = 0; i < len; i++)
	{
		if (text[i] == '"' || text[i] == '\\')
			appendStringInfoCharMacro(buf, text[i]);
		appendStringInfoCharMacro(buf, text[i]);
	}
	appendStringInfoCharMacro(buf, '"');
}

/* Appends a digit in base 10000. */
static void
append_digit(char **end, int digit)
{
	for (int power = 1000; power > 0; power /= 10)
		*(*end)++ = '0' + digit / power % 10;
}

/* Appends a number as numeric_out writes it; false for what is left to that. */
static bool
append_number(StringInfo buf, Datum number)
{
	NumericParts parts;
	char text[MAX_NUMBER];
	char *end = text;
	char *start = text;

	if (!exact_take_apart(number, &parts) || parts.weight > 80 || parts.weight < -80 ||
	    parts.dscale > 60)
		return false;
	for (int i = 0; i <= parts.weight; i++)
		append_digit(&end, i < parts.count ? exact_digit(parts.digits, i) : 0);
	while (start < end - 1 && *start == '0')
		start++;
	if (start == end)
		*end++ = '0';
	if (parts.dscale > 0)
	{
		char *point = end;

		*end++ = '.';
		/* before the first digit there are zeros, too, in a number below 0.0001 */
		for (int i = parts.weight + 1; end - point <= parts.dscale; i++)
			append_digit(&end, i >= 0 && i < parts.count ? exact_digit(parts.digits, i) : 0);
		end = point + 1 + parts.dscale;
	}
	if (parts.negative)
		appendStringInfoChar(buf, '-');
	appendBinaryStringInfo(buf, start, end - start);
	return true;
}

/* Appends a value as its type's output function writes it. */
static void
append_asked(StringInfo buf, Column *column, Datum value)
{
	char *text = OutputFunctionCall(&column->output, value);

	append_quoted(buf, text, strlen(text));
}

/* The same for a type by value, such as a day: mostly it is the one before. */
static void
append_again(StringInfo buf, Rows *rows, Column *column, Datum value)
{
	if (column->last_text == NULL || column->last != value)
	{
		int start = buf->len;

		append_asked(buf, column, value);
		if (column->last_text != NULL)
			pfree(column->last_text);
		column->last_text = MemoryContextStrdup(rows->context, buf->data + start);
		column->last = value;
	}
	else
		appendStringInfoString(buf, column->last_text);
}

/* The same for a value of varying length, such as a pricing: many lines have the same one. */
static void
append_kept(StringInfo buf, Rows *rows, Column *column, Datum value)
{
	struct varlena *stored = (struct varlena *)DatumGetPointer(value);
	uint32 hash;
	Kept *kept;
	int start = buf->len;

	if (VARATT_IS_EXTERNAL(stored))
	{
		append_asked(buf, column, value);
		return;
	}
	if (column->kept == NULL)
		column->kept = MemoryContextAllocZero(rows->context, KEPT * sizeof(Kept));
	hash = hash_bytes((unsigned char *)stored, VARSIZE_ANY(stored));
	kept = &column->kept[hash % KEPT];
	if (kept->value != NULL && kept->hash == hash &&
	    VARSIZE_ANY(kept->value) == VARSIZE_ANY(stored) &&
	    memcmp(kept->value, stored, VARSIZE_ANY(stored)) == 0)
	{
		appendBinaryStringInfo(buf, kept->text, kept->len);
		return;
	}
	append_asked(buf, column, value);
	if (kept->text != NULL)
		pfree(kept->text);
	kept->hash = hash;
	kept->value = stored; /* in the array, which stays */
	kept->len = buf->len - start;
	kept->text = MemoryContextAlloc(rows->context, Max(kept->len, 1));
	memcpy(kept->text, buf->data + start, kept->len);
}

/* Appends a value. */
static void
append_value(StringInfo buf, Rows *rows, Column *column, Datum value)
{
	switch (column->type)
	{
		case INT4OID:
		{
			char text[12];

			appendBinaryStringInfo(buf, text, pg_ltoa(DatumGetInt32(value), text));
			break;
		}
		case TEXTOID:
		case BPCHAROID:
		{
			text *packed = DatumGetTextPP(value);

			append_quoted(buf, VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
			break;
		}
		case NUMERICOID:
			if (!append_number(buf, value))
				append_asked(buf, column, value);
			break;
		default:
			if (column->by_value)
				append_again(buf, rows, column, value);
			else if (column->is_varlena)
				append_kept(buf, rows, column, value);
			else
				append_asked(buf, column, value);
	}
}

/* Writes a row as text, without columns at the end that are NULL. */
static void
write_row(StringInfo buf, Rows *rows, int row)
{
	RowArray *array = &rows->array;
	bool is_first = true;

	resetStringInfo(buf);
	appendStringInfoChar(buf, rows->kind);
	appendStringInfoChar(buf, '(');
	row_array_read(array, row);
	for (int i = 0; i < array->desc->natts; i++)
	{
		if (rows->columns[i].dropped)
			continue;
		if (!is_first)
			appendStringInfoChar(buf, ',');
		is_first = false;
		if (!array->nulls[i])
			append_value(buf, rows, &rows->columns[i], array->values[i]);
	}
	while (buf->data[buf->len - 1] == ',')
		buf->data[--buf->len] = '\0';
}

/* Compares rows by document, kind and line. */
static int
compare_entries(const void *x, const void *y)
{
	const Entry *a = x;
	const Entry *b = y;

	if (a->invoice_id != b->invoice_id)
		return a->invoice_id < b->invoice_id ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind - b->kind;
	if (a->line_no != b->line_no)
		return a->line_no < b->line_no ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

/* Are rows in the order of their texts only? */
static bool
are_level(const Entry *a, const Entry *b)
{
	return a->invoice_id == b->invoice_id && a->kind == b->kind && a->line_no == b->line_no;
}

/* Compares texts by their bytes. */
static int
compare_texts(const void *x, const void *y)
{
	const RowText *a = x;
	const RowText *b = y;
	int order = memcmp(a->text, b->text, Min(a->len, b->len));

	return order != 0 ? order : a->len - b->len;
}

/* A number of the row that was read. */
static int64
key_of(const RowArray *array, int column)
{
	return array->nulls[column] ? MISSING : DatumGetInt32(array->values[column]);
}

/* All rows, by document. */
static Entry *
sort_rows(Rows *kinds, int n)
{
	Entry *entries = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(Entry));
	int next = 0;

	for (int kind = 0; kind < 4; kind++)
	{
		Rows *rows = &kinds[kind];
		RowArray *array = &rows->array;

		array->columns = Max(rows->invoice_id, rows->line_no) + 1;
		for (int i = 0; i < array->n; i++)
		{
			row_array_read(array, i);
			entries[next++] = (Entry){
			    .invoice_id = key_of(array, rows->invoice_id),
			    .line_no = rows->line_no < 0 ? 0 : key_of(array, rows->line_no),
			    .kind = kind,
			    .row = i,
			};
		}
		if (array->n > 0)
			array->columns = array->desc->natts;
	}
	qsort(entries, n, sizeof(Entry), compare_entries);
	return entries;
}

/* Adds text to a hash, in UTF-8. */
static void
hash_text(pg_cryptohash_ctx *hash, const char *text, int len)
{
	char *converted = (char *)pg_do_encoding_conversion((unsigned char *)unconstify(char *, text),
	                                                    len, GetDatabaseEncoding(), PG_UTF8);

	if (pg_cryptohash_update(hash, (uint8 *)converted,
	                         converted == text ? len : strlen(converted)) < 0)
		elog(ERROR, "could not compute a hash: %s", pg_cryptohash_error(hash));
}

/* Hashes rows that are in the order of their texts. */
static void
hash_level(pg_cryptohash_ctx *hash, StringInfo buf, Rows *rows, const Entry *entries, int n,
           bool is_first)
{
	RowText *texts;

	if (n == 1)
	{
		if (!is_first)
			hash_text(hash, "\n", 1);
		write_row(buf, rows, entries->row);
		hash_text(hash, buf->data, buf->len);
		return;
	}
	texts = palloc(n * sizeof(RowText));
	for (int i = 0; i < n; i++)
	{
		write_row(buf, rows, entries[i].row);
		texts[i] = (RowText){.text = pnstrdup(buf->data, buf->len), .len = buf->len};
	}
	qsort(texts, n, sizeof(RowText), compare_texts);
	for (int i = 0; i < n; i++)
	{
		if (!is_first || i > 0)
			hash_text(hash, "\n", 1);
		hash_text(hash, texts[i].text, texts[i].len);
	}
}

PG_FUNCTION_INFO_V1(invoice_bodies);

/* The hash of each document's rows: lines, VAT, specifications and rates. */
Datum
invoice_bodies(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *)fcinfo->resultinfo;
	Rows kinds[4];
	Entry *entries;
	int n = 0;
	StringInfoData buf;
	pg_cryptohash_ctx *hash;
	MemoryContext passing;
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	open_rows(&kinds[0], fcinfo, 0, "lines", true);
	open_rows(&kinds[1], fcinfo, 1, "parts of VAT", false);
	open_rows(&kinds[2], fcinfo, 2, "parts of lines", true);
	open_rows(&kinds[3], fcinfo, 3, "rates", false);
	for (int i = 0; i < 4; i++)
		n += kinds[i].array.n;
	if (n == 0)
		return (Datum)0;
	entries = sort_rows(kinds, n);

	initStringInfo(&buf);
	passing =
	    AllocSetContextCreate(CurrentMemoryContext, "bodies of documents", ALLOCSET_DEFAULT_SIZES);
	hash = pg_cryptohash_create(PG_SHA256);
	if (hash == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	for (int i = 0; i < n;)
	{
		int first = i;
		Datum values[2];
		bool nulls[2] = {false, false};
		bytea *body;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(passing);
		old = MemoryContextSwitchTo(passing);
		if (pg_cryptohash_init(hash) < 0)
			elog(ERROR, "could not begin a hash: %s", pg_cryptohash_error(hash));
		while (i < n && entries[i].invoice_id == entries[first].invoice_id)
		{
			int end = i + 1;

			while (end < n && are_level(&entries[i], &entries[end]))
				end++;
			hash_level(hash, &buf, &kinds[entries[i].kind], &entries[i], end - i, i == first);
			i = end;
		}
		body = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
		SET_VARSIZE(body, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
		if (pg_cryptohash_final(hash, (uint8 *)VARDATA(body), PG_SHA256_DIGEST_LENGTH) < 0)
			elog(ERROR, "could not end a hash: %s", pg_cryptohash_error(hash));
		values[0] = Int32GetDatum((int32)entries[first].invoice_id);
		nulls[0] = entries[first].invoice_id == MISSING;
		values[1] = PointerGetDatum(body);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		MemoryContextSwitchTo(old);
	}
	pg_cryptohash_free(hash);
	return (Datum)0;
}
