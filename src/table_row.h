/*
 * table_row.h: rows that a function is given, read by the names of their columns.
 *
 * They may as well be rows that are no table's, of a what-if or of the history.
 */
#ifndef CLOUDBILLING_TABLE_ROW_H
#define CLOUDBILLING_TABLE_ROW_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "utils/date.h"

/* A row, taken apart at once: there are thousands of columns to be found. */
typedef struct TableRow
{
	const char *what; /* it is, for errors: "a price rule" */
	TupleDesc desc;
	Datum *values;
	bool *nulls;
} TableRow;

extern TableRow table_row_open(Datum record, const char *what);
extern void table_row_close(TableRow *row);
extern Datum table_row_column(const TableRow *row, const char *name, bool *is_null);
extern Datum table_row_mandatory(const TableRow *row, const char *name);
extern int32 table_row_int(const TableRow *row, const char *name);
extern void *table_row_varlena(const TableRow *row, const char *name);
extern void table_row_days(const TableRow *row, const char *name, DateADT *from, DateADT *until);

#endif
