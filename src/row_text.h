/*
 * row_text.h: rows as the text that the server writes them as (record_out), without columns
 * at the end that are NULL.
 *
 * What documents say is hashed as this text, so that a hash can be computed anew by a query,
 * and what a later release adds at the end of a row changes no hash.
 */
#ifndef CLOUDBILLING_ROW_TEXT_H
#define CLOUDBILLING_ROW_TEXT_H

#include "access/tupdesc.h"
#include "common/cryptohash.h"
#include "lib/stringinfo.h"

struct RowTextColumn;

/* Writes rows of one type. */
typedef struct RowText
{
	int natts;
	struct RowTextColumn *columns;
	bool keeps; /* texts of values, which then must stay where they are */
	MemoryContext context;
} RowText;

extern void row_text_open(RowText *writer, TupleDesc desc, bool keeps);
extern void row_text_append(RowText *writer, StringInfo buf, const Datum *values,
                            const bool *nulls);

/* Hashes text in UTF-8. */
extern pg_cryptohash_ctx *text_hash_create(void);
extern void text_hash_begin(pg_cryptohash_ctx *hash);
extern void text_hash_add(pg_cryptohash_ctx *hash, const char *text, int len);
extern bytea *text_hash_end(pg_cryptohash_ctx *hash);

#endif
