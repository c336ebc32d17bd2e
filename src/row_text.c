/*
 * row_text.c: rows as text, and its hash.
 *
 * The text is made here, for thousands of rows that say mostly the same: a value that was
 * written is not asked for its text again.  Days, times and bytes are written as the settings
 * say that those have who hash (ISO, UTC, hex).
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/sha2.h"
#include "compat.h"
#include "exact_format.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "row_text.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include <ctype.h>

/* Texts of a column that are kept: more rules than a customer has. */
#define KEPT 256

/* Characters of a number that is written here, with those of a digit too many. */
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
typedef struct RowTextColumn
{
	Oid type;
	bool dropped;
	bool by_value;
	bool is_varlena;
	FmgrInfo output; /* when it is asked */
	Datum last;      /* of a type by value: what was written last, and how */
	char *last_text;
	int last_len;
	Kept *kept;
} RowTextColumn;

/* Room for that many characters more, at the end; who writes them adds to the length. */
static inline char *
room_for(StringInfo buf, int len)
{
	if (unlikely(buf->maxlen - buf->len <= len))
		enlargeStringInfo(buf, len);
	return buf->data + buf->len;
}

/* Appends a text as it is. */
static inline void
append(StringInfo buf, const char *text, int len)
{
	memcpy(room_for(buf, len), text, len);
	buf->len += len;
}

/* For which characters record_out puts a text in quotes, and which it then doubles. */
#define IN_QUOTES 1
#define DOUBLED 2
static char special[256];

/* Finds them: what is a space depends on the locale, as it does for record_out. */
static void
find_special(void)
{
	for (int i = 0; i < 256; i++)
		if (i == '"' || i == '\\')
			special[i] = IN_QUOTES | DOUBLED;
		else if (i == '(' || i == ')' || i == ',' || isspace(i))
			special[i] = IN_QUOTES;
}

/* Appends a text, in quotes where record_out puts it in quotes. */
static void
append_quoted(StringInfo buf, const char *text, int len)
{
	int found = len == 0 ? IN_QUOTES : 0;
	char *end;

	for (int i = 0; i < len; i++)
		found |= special[(unsigned char)text[i]];
	if (found == 0)
	{
		append(buf, text, len);
		return;
	}
	end = room_for(buf, 2 * len + 2);
	*end++ = '"';
	for (int i = 0; i < len; i++)
	{
		if (special[(unsigned char)text[i]] & DOUBLED)
			*end++ = text[i];
		*end++ = text[i];
	}
	*end++ = '"';
	buf->len = end - buf->data;
}

/* Writes a digit in base 10000. */
static inline char *
write_digit(char *end, int digit)
{
	end[0] = '0' + digit / 1000;
	end[1] = '0' + digit / 100 % 10;
	end[2] = '0' + digit / 10 % 10;
	end[3] = '0' + digit % 10;
	return end + DEC_DIGITS;
}

/* Appends a number as numeric_out writes it; false for what is left to that. */
static bool
append_number(StringInfo buf, Datum number)
{
	NumericParts parts;
	char *end;
	char *point;
	int digit;

	if (!exact_take_apart(number, &parts) || parts.weight > 80 || parts.weight < -80 ||
	    parts.dscale > 60)
		return false;
	end = room_for(buf, MAX_NUMBER);
	if (parts.negative)
		*end++ = '-';
	digit = parts.weight >= 0 && parts.count > 0 ? exact_digit(parts.digits, 0) : 0;
	end += pg_ltoa(digit, end);
	for (int i = 1; i <= parts.weight; i++)
		end = write_digit(end, i < parts.count ? exact_digit(parts.digits, i) : 0);
	if (parts.dscale > 0)
	{
		point = end;
		*end++ = '.';
		/* before the first digit there are zeros, too, in a number below 0.0001 */
		for (int i = parts.weight + 1; end - point <= parts.dscale; i++)
			end = write_digit(end, i >= 0 && i < parts.count ? exact_digit(parts.digits, i) : 0);
		end = point + 1 + parts.dscale;
	}
	buf->len = end - buf->data;
	return true;
}

/* Appends bytes in hex, of which the backslash is quoted. */
static void
append_bytes(StringInfo buf, Datum value)
{
	bytea *bytes = DatumGetByteaPP(value);
	int len = VARSIZE_ANY_EXHDR(bytes);
	char *end = room_for(buf, 2 * len + 5);

	memcpy(end, "\"\\\\x", 4);
	end += 4;
	end += hex_encode(VARDATA_ANY(bytes), len, end);
	*end++ = '"';
	buf->len = end - buf->data;
}

/* Appends a value as its type's output function writes it. */
static void
append_asked(StringInfo buf, RowText *writer, RowTextColumn *column, Datum value)
{
	char *text;

	if (!OidIsValid(column->output.fn_oid))
	{
		Oid function;

		getTypeOutputInfo(column->type, &function, &(bool){false});
		fmgr_info_cxt(function, &column->output, writer->context);
	}
	text = OutputFunctionCall(&column->output, value);
	append_quoted(buf, text, strlen(text));
}

/* The same for a type by value, such as a day: mostly it is the one before. */
static void
append_again(StringInfo buf, RowText *writer, RowTextColumn *column, Datum value)
{
	if (column->last_text == NULL || column->last != value)
	{
		int start = buf->len;

		append_asked(buf, writer, column, value);
		if (column->last_text != NULL)
			pfree(column->last_text);
		column->last_len = buf->len - start;
		column->last_text = MemoryContextAlloc(writer->context, Max(column->last_len, 1));
		memcpy(column->last_text, buf->data + start, column->last_len);
		column->last = value;
	}
	else
		append(buf, column->last_text, column->last_len);
}

/* The same for a value of varying length, such as a pricing: many lines have the same one. */
static void
append_kept(StringInfo buf, RowText *writer, RowTextColumn *column, Datum value)
{
	struct varlena *stored = (struct varlena *)DatumGetPointer(value);
	uint32 hash;
	Kept *kept;
	int start = buf->len;

	if (!writer->keeps || VARATT_IS_EXTERNAL(stored))
	{
		append_asked(buf, writer, column, value);
		return;
	}
	if (column->kept == NULL)
		column->kept = MemoryContextAllocZero(writer->context, KEPT * sizeof(Kept));
	hash = hash_bytes((unsigned char *)stored, VARSIZE_ANY(stored));
	kept = &column->kept[hash % KEPT];
	if (kept->value != NULL && kept->hash == hash &&
	    VARSIZE_ANY(kept->value) == VARSIZE_ANY(stored) &&
	    memcmp(kept->value, stored, VARSIZE_ANY(stored)) == 0)
	{
		append(buf, kept->text, kept->len);
		return;
	}
	append_asked(buf, writer, column, value);
	if (kept->text != NULL)
		pfree(kept->text);
	kept->hash = hash;
	kept->value = stored;
	kept->len = buf->len - start;
	kept->text = MemoryContextAlloc(writer->context, Max(kept->len, 1));
	memcpy(kept->text, buf->data + start, kept->len);
}

/* Appends a value. */
static void
append_value(StringInfo buf, RowText *writer, RowTextColumn *column, Datum value)
{
	switch (column->type)
	{
		case INT4OID: buf->len += pg_ltoa(DatumGetInt32(value), room_for(buf, 12)); break;
		case TEXTOID:
		case BPCHAROID:
		{
			text *packed = DatumGetTextPP(value);

			append_quoted(buf, VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
			break;
		}
		case NUMERICOID:
			if (!append_number(buf, value))
				append_asked(buf, writer, column, value);
			break;
		case BYTEAOID: append_bytes(buf, value); break;
		default:
			if (column->by_value)
				append_again(buf, writer, column, value);
			else if (column->is_varlena)
				append_kept(buf, writer, column, value);
			else
				append_asked(buf, writer, column, value);
	}
}

/* Prepares to write rows. */
void
row_text_open(RowText *writer, TupleDesc desc, bool keeps)
{
	if (special['"'] == 0)
		find_special();
	writer->natts = desc->natts;
	writer->columns = palloc0(desc->natts * sizeof(RowTextColumn));
	writer->keeps = keeps;
	writer->context = CurrentMemoryContext;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		RowTextColumn *column = &writer->columns[i];

		column->type = attribute->atttypid;
		column->dropped = attribute->attisdropped;
		column->by_value = attribute->attbyval;
		column->is_varlena = attribute->attlen == -1;
	}
}

/* Appends a row. */
void
row_text_append(RowText *writer, StringInfo buf, const Datum *values, const bool *nulls)
{
	int written = 0; /* commas that are due before the next value are not written yet */
	int commas = 0;

	append(buf, "(", 1);
	for (int i = 0; i < writer->natts; i++)
	{
		if (writer->columns[i].dropped)
			continue;
		if (!nulls[i])
		{
			memset(room_for(buf, commas - written), ',', commas - written);
			buf->len += commas - written;
			written = commas;
			append_value(buf, writer, &writer->columns[i], values[i]);
		}
		commas++;
	}
	*room_for(buf, 0) = '\0';
}

/* Memory for hashes. */
pg_cryptohash_ctx *
text_hash_create(void)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);

	if (hash == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return hash;
}

/* Begins a hash. */
void
text_hash_begin(pg_cryptohash_ctx *hash)
{
	if (pg_cryptohash_init(hash) < 0)
		elog(ERROR, "could not begin a hash: %s", pg_cryptohash_error(hash));
}

/* Adds text to a hash, in UTF-8. */
void
text_hash_add(pg_cryptohash_ctx *hash, const char *text, int len)
{
	char *converted = (char *)pg_do_encoding_conversion((unsigned char *)unconstify(char *, text),
	                                                    len, GetDatabaseEncoding(), PG_UTF8);

	if (pg_cryptohash_update(hash, (uint8 *)converted,
	                         converted == text ? len : strlen(converted)) < 0)
		elog(ERROR, "could not compute a hash: %s", pg_cryptohash_error(hash));
}

/* The hash. */
bytea *
text_hash_end(pg_cryptohash_ctx *hash)
{
	bytea *result = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);

	SET_VARSIZE(result, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	if (pg_cryptohash_final(hash, (uint8 *)VARDATA(result), PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not end a hash: %s", pg_cryptohash_error(hash));
	return result;
}
