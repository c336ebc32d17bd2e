/*
 * field.h: turns the text of a value into what it says; never raises an error.
 */
#ifndef CLOUDBILLING_FIELD_H
#define CLOUDBILLING_FIELD_H

#include "datatype/timestamp.h"

/* Each is false when the text says nothing of the kind. */
extern bool field_time(const char *s, int len, TimestampTz *result);
extern bool field_json_object(const char *s, int len);
extern bool field_currency(const char *s, int len);

/* Whether the text stands for nothing at all: empty, or NULL as some exports write. */
static inline bool
field_is_null(const char *s, int len)
{
	return len == 0 || (len == 4 && (memcmp(s, "NULL", 4) == 0 || memcmp(s, "null", 4) == 0));
}

#endif
