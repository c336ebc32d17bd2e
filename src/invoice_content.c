/*
 * invoice_content.c: what a document says, as the text that is hashed.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "compat.h"
#include "invoice_content.h"
#include "row_text.h"
#include "utils/builtins.h"
#include "utils/typcache.h"

/* Writes a document, of which the hash is NULL, and the hash of what it has below it. */
void
invoice_content_write(RowText *writer, StringInfo buf, const Datum *values, const bool *nulls,
                      const bytea *body)
{
	resetStringInfo(buf);
	row_text_append(writer, buf, values, nulls);
	if (body == NULL)
		return;
	appendStringInfoString(buf, "\n\\x");
	enlargeStringInfo(buf, 2 * VARSIZE_ANY_EXHDR(body));
	buf->len += hex_encode(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body), buf->data + buf->len);
	buf->data[buf->len] = '\0';
}

PG_FUNCTION_INFO_V1(invoice_content);

/* A document as text. */
Datum
invoice_content(PG_FUNCTION_ARGS)
{
	HeapTupleHeader row;
	HeapTupleData tuple = {0};
	TupleDesc desc;
	Datum *values;
	bool *nulls;
	RowText writer;
	StringInfoData buf;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	row = PG_GETARG_HEAPTUPLEHEADER(0);
	desc =
	    lookup_rowtype_tupdesc_copy(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	values = palloc(desc->natts * sizeof(Datum));
	nulls = palloc(desc->natts * sizeof(bool));
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	tuple.t_data = row;
	heap_deform_tuple(&tuple, desc, values, nulls);
	for (int i = 0; i < desc->natts; i++)
		if (namestrcmp(&TupleDescAttr(desc, i)->attname, "hash") == 0)
			nulls[i] = true;
	row_text_open(&writer, desc, false);
	initStringInfo(&buf);
	invoice_content_write(&writer, &buf, values, nulls,
	                      PG_ARGISNULL(1) ? NULL : PG_GETARG_BYTEA_PP(1));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf.data, buf.len));
}
