/*
 * field.h: turns the text of a value into what it says; never raises an error.
 */
#ifndef CLOUDBILLING_FIELD_H
#define CLOUDBILLING_FIELD_H

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "utils/numeric.h"

/* Years outside of this range are mistakes, and would make partitions. */
#define FIELD_FIRST_YEAR 1990
#define FIELD_LAST_YEAR 2199
/* The months in them, and in the zones around them. */
#define FIELD_MONTHS ((FIELD_LAST_YEAR - FIELD_FIRST_YEAR + 1) * 12 + 2)

/* The longest name, in bytes: four of them fit in an index. */
#define FIELD_NAME_MAX 512

/* Each is false when the text says nothing of the kind. */
extern bool field_time(const char *s, int len, TimestampTz *result);
extern bool field_json_nested(const char *s, int len);
extern bool field_currency(const char *s, int len);

/* field_date.c: a time written in a format of the user's */
extern bool field_time_as(const char *format, const char *s, int len, TimestampTz *result);

/* field_number.c: a number as people write it, in files of one separator or another */
extern bool field_number(const char *s, int len, char delimiter, Numeric *result);

/* field_python.c; the result is still to be checked as JSON */
extern bool field_json_from_python(const char *s, int len, StringInfo json);

/* Whether the text stands for nothing at all: empty, or NULL as some exports write. */
static inline bool
field_is_null(const char *s, int len)
{
	return len == 0 || (len == 4 && (memcmp(s, "NULL", 4) == 0 || memcmp(s, "null", 4) == 0));
}

/* Whether it is a word that programs print where they have no number or time. */
static inline bool
field_is_no_number(const char *s, int len)
{
	return (len == 3 && (memcmp(s, "NaN", 3) == 0 || memcmp(s, "nan", 3) == 0 ||
	                     memcmp(s, "NaT", 3) == 0 || memcmp(s, "N/A", 3) == 0)) ||
	       (len == 4 && (memcmp(s, "None", 4) == 0 || memcmp(s, "<NA>", 4) == 0));
}

#endif
