/*
 * invoice_content.h: what a document says, as the text that is hashed.
 */
#ifndef CLOUDBILLING_INVOICE_CONTENT_H
#define CLOUDBILLING_INVOICE_CONTENT_H

#include "lib/stringinfo.h"
#include "row_text.h"

extern void invoice_content_write(RowText *writer, StringInfo buf, const Datum *values,
                                  const bool *nulls, const bytea *body);

#endif
