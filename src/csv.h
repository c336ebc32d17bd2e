/*
 * csv.h: reads CSV records from lines, without knowing what they mean.
 */
#ifndef CLOUDBILLING_CSV_H
#define CLOUDBILLING_CSV_H

#include "lib/stringinfo.h"

/* One value of a record, as a place in its text. */
typedef struct CsvValue
{
	int start;
	int len;
	bool escaped; /* holds doubled quotes */
} CsvValue;

typedef struct CsvReader
{
	char delimiter;
	int line_no;        /* line that was added last, from 1 */
	int record_line_no; /* line on which the record begins */
	bool open;          /* the record goes on: a quote is not closed */
	bool text_after;    /* a closed quote is followed by text */
	const char *record; /* the record as it came */
	int record_len;
	int nvalues;
	int maxvalues;
	CsvValue *values;
	StringInfoData text; /* a record of several lines */
	StringInfoData work; /* a value without its doubled quotes */
	CsvValue pending;    /* the open value, as far as it was read */
} CsvReader;

extern void csv_init(CsvReader *reader, char delimiter);
extern bool csv_add_line(CsvReader *reader, const char *line, int len);
extern const char *csv_unescaped(CsvReader *reader, CsvValue *value, int *len);
extern char csv_guess_delimiter(const char *line, int len);

/* Gives a value of the complete record; its text stays until the next call. */
static inline const char *
csv_value(CsvReader *reader, int i, int *len)
{
	CsvValue *value = &reader->values[i];

	if (unlikely(value->escaped))
		return csv_unescaped(reader, value, len);
	*len = value->len;
	return reader->record + value->start;
}

#endif
