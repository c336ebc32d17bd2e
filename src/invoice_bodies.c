/*
 * invoice_bodies.c: hashes of all that documents have below them.
 */
#include "postgres.h"

#include "compat.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "row_array.h"
#include "row_text.h"
#include "utils/memutils.h"

/* Rows of one kind. */
typedef struct Rows
{
	RowArray array;
	char kind;
	int invoice_id;
	int line_no; /* -1 where there is no order but that of their texts */
	RowText text;
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
typedef struct Text
{
	char *text;
	int len;
} Text;

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
	if (array->n > 0)
		row_text_open(&rows->text, array->desc, true);
}

/* Writes a row. */
static void
write_row(StringInfo buf, Rows *rows, int row)
{
	resetStringInfo(buf);
	appendStringInfoCharMacro(buf, rows->kind);
	row_array_read(&rows->array, row);
	row_text_append(&rows->text, buf, rows->array.values, rows->array.nulls);
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
	const Text *a = x;
	const Text *b = y;
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

/* Hashes rows that are in the order of their texts. */
static void
hash_level(pg_cryptohash_ctx *hash, StringInfo buf, Rows *rows, const Entry *entries, int n,
           bool is_first)
{
	Text *texts;

	if (n == 1)
	{
		if (!is_first)
			text_hash_add(hash, "\n", 1);
		write_row(buf, rows, entries->row);
		text_hash_add(hash, buf->data, buf->len);
		return;
	}
	texts = palloc(n * sizeof(Text));
	for (int i = 0; i < n; i++)
	{
		write_row(buf, rows, entries[i].row);
		texts[i] = (Text){.text = pnstrdup(buf->data, buf->len), .len = buf->len};
	}
	qsort(texts, n, sizeof(Text), compare_texts);
	for (int i = 0; i < n; i++)
	{
		if (!is_first || i > 0)
			text_hash_add(hash, "\n", 1);
		text_hash_add(hash, texts[i].text, texts[i].len);
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
	hash = text_hash_create();
	for (int i = 0; i < n;)
	{
		int first = i;
		Datum values[2];
		bool nulls[2] = {false, false};

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(passing);
		old = MemoryContextSwitchTo(passing);
		text_hash_begin(hash);
		while (i < n && entries[i].invoice_id == entries[first].invoice_id)
		{
			int end = i + 1;

			while (end < n && are_level(&entries[i], &entries[end]))
				end++;
			hash_level(hash, &buf, &kinds[entries[i].kind], &entries[i], end - i, i == first);
			i = end;
		}
		values[0] = Int32GetDatum((int32)entries[first].invoice_id);
		nulls[0] = entries[first].invoice_id == MISSING;
		values[1] = PointerGetDatum(text_hash_end(hash));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		MemoryContextSwitchTo(old);
	}
	pg_cryptohash_free(hash);
	return (Datum)0;
}
