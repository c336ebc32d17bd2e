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

/* Text that is hashed at once. */
#define AT_ONCE 8192

/* What is NULL in a row that somebody tampered with. */
#define MISSING PG_INT64_MAX

/* A row, while its place is sought. */
typedef struct Entry
{
	int64 invoice_id; /* MISSING is last */
	int64 line_no;
	int32 row;
} Entry;

/* Rows of one kind. */
typedef struct Rows
{
	RowArray array;
	char kind;
	int invoice_id;
	int line_no; /* -1 where there is no order but that of their texts */
	RowText text;
	Entry *entries; /* by document */
	int next;       /* of the first that is not hashed */
} Rows;

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

/* Appends a row, after a line end where it is not the first of its document. */
static void
append_row(StringInfo buf, Rows *rows, int row, bool is_first)
{
	if (!is_first)
		appendStringInfoCharMacro(buf, '\n');
	appendStringInfoCharMacro(buf, rows->kind);
	row_array_read(&rows->array, row);
	row_text_append(&rows->text, buf, rows->array.values, rows->array.nulls);
}

/* Compares rows by document and line. */
static int
compare_entries(const void *x, const void *y)
{
	const Entry *a = x;
	const Entry *b = y;

	if (a->invoice_id != b->invoice_id)
		return a->invoice_id < b->invoice_id ? -1 : 1;
	if (a->line_no != b->line_no)
		return a->line_no < b->line_no ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

/* Are rows in the order of their texts only? */
static bool
are_level(const Entry *a, const Entry *b)
{
	return a->invoice_id == b->invoice_id && a->line_no == b->line_no;
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

/* Sorts rows by document. */
static void
sort_rows(Rows *rows)
{
	RowArray *array = &rows->array;

	if (array->n == 0)
		return;
	rows->entries = MemoryContextAllocHuge(CurrentMemoryContext, array->n * sizeof(Entry));
	array->columns = Max(rows->invoice_id, rows->line_no) + 1;
	for (int i = 0; i < array->n; i++)
	{
		row_array_read(array, i);
		rows->entries[i] = (Entry){
		    .invoice_id = key_of(array, rows->invoice_id),
		    .line_no = rows->line_no < 0 ? 0 : key_of(array, rows->line_no),
		    .row = i,
		};
	}
	array->columns = array->desc->natts;
	/* they mostly are in order, which takes no time to see */
	qsort(rows->entries, array->n, sizeof(Entry), compare_entries);
}

/* Appends rows that are in the order of their texts. */
static void
append_level(StringInfo buf, Rows *rows, const Entry *entries, int n, bool is_first)
{
	Text *texts = palloc(n * sizeof(Text));
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < n; i++)
	{
		resetStringInfo(&text);
		append_row(&text, rows, entries[i].row, true);
		texts[i] = (Text){.text = pnstrdup(text.data, text.len), .len = text.len};
	}
	qsort(texts, n, sizeof(Text), compare_texts);
	for (int i = 0; i < n; i++)
	{
		if (!is_first || i > 0)
			appendStringInfoCharMacro(buf, '\n');
		appendBinaryStringInfo(buf, texts[i].text, texts[i].len);
	}
}

/* Hashes what is written. */
static void
hash_buffer(pg_cryptohash_ctx *hash, StringInfo buf)
{
	text_hash_add(hash, buf->data, buf->len);
	resetStringInfo(buf);
}

/* Hashes all rows of a kind that a document has. */
static void
hash_rows(pg_cryptohash_ctx *hash, StringInfo buf, Rows *rows, int64 invoice_id, bool *is_first)
{
	const Entry *entries = rows->entries;
	int n = rows->array.n;

	while (rows->next < n && entries[rows->next].invoice_id == invoice_id)
	{
		int first = rows->next++;

		while (rows->next < n && are_level(&entries[first], &entries[rows->next]))
			rows->next++;
		if (rows->next == first + 1)
			append_row(buf, rows, entries[first].row, *is_first);
		else
			append_level(buf, rows, &entries[first], rows->next - first, *is_first);
		*is_first = false;
		if (buf->len >= AT_ONCE)
			hash_buffer(hash, buf);
	}
}

PG_FUNCTION_INFO_V1(invoice_bodies);

/* The hash of each document's rows: lines, VAT, specifications and rates. */
Datum
invoice_bodies(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *)fcinfo->resultinfo;
	Rows kinds[4];
	StringInfoData buf;
	pg_cryptohash_ctx *hash;
	MemoryContext passing;
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	open_rows(&kinds[0], fcinfo, 0, "lines", true);
	open_rows(&kinds[1], fcinfo, 1, "parts of VAT", false);
	open_rows(&kinds[2], fcinfo, 2, "parts of lines", true);
	open_rows(&kinds[3], fcinfo, 3, "rates", false);
	for (int i = 0; i < lengthof(kinds); i++)
		sort_rows(&kinds[i]);

	initStringInfo(&buf);
	passing =
	    AllocSetContextCreate(CurrentMemoryContext, "bodies of documents", ALLOCSET_DEFAULT_SIZES);
	hash = text_hash_create();
	for (;;)
	{
		bool any = false;
		bool is_first = true;
		int64 invoice_id = MISSING;
		Datum values[2];
		bool nulls[2] = {false, false};

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < lengthof(kinds); i++)
			if (kinds[i].next < kinds[i].array.n)
			{
				any = true;
				invoice_id = Min(invoice_id, kinds[i].entries[kinds[i].next].invoice_id);
			}
		if (!any)
			break;
		MemoryContextReset(passing);
		old = MemoryContextSwitchTo(passing);
		text_hash_begin(hash);
		for (int i = 0; i < lengthof(kinds); i++)
			hash_rows(hash, &buf, &kinds[i], invoice_id, &is_first);
		hash_buffer(hash, &buf);
		values[0] = Int32GetDatum((int32)invoice_id);
		nulls[0] = invoice_id == MISSING;
		values[1] = PointerGetDatum(text_hash_end(hash));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		MemoryContextSwitchTo(old);
	}
	pg_cryptohash_free(hash);
	return (Datum)0;
}
