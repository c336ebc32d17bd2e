/*
 * landing.h: a load in progress, from the first line of a file to its charges.
 */
#ifndef CLOUDBILLING_LANDING_H
#define CLOUDBILLING_LANDING_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "access/tupdesc.h"
#include "csv.h"
#include "datatype/timestamp.h"
#include "exact.h"
#include "field.h"
#include "utils/jsonb.h"
#include "utils/tuplestore.h"

typedef enum FieldKind
{
	FIELD_TEXT,
	FIELD_NAME,
	FIELD_JSON,
	FIELD_NESTED,
	FIELD_NUMBER,
	FIELD_TIME,
	FIELD_CURRENCY,
	FIELD_EXTRA,
	FIELD_MEMBER /* a column that is one key of an object: of the json field before it */
} FieldKind;

typedef enum FieldRole
{
	ROLE_NONE,
	ROLE_PERIOD_START,
	ROLE_PERIOD_END,
	ROLE_BILLED_COST,
	ROLE_CREDITS,
	ROLE_EVENT_ID
} FieldRole;

typedef enum KeyCase
{
	KEYS_AS_THEY_ARE,
	KEYS_LOWER,
	KEYS_UPPER
} KeyCase;

/* A list of words. */
typedef struct Words
{
	int n;
	char **word;
} Words;

struct LandingField;

/* Values of another field in which a cost is not billed. */
typedef struct LandingException
{
	struct LandingField *field;
	Words values;
} LandingException;

/* One field of the format: where it stands in the file, how it is read. */
typedef struct LandingField
{
	char *name;
	FieldKind kind;
	FieldRole role;
	bool required;
	bool item;      /* part of the combination of dimensions */
	int column;     /* in the file, from 0; -1 when the file lacks it */
	int attribute;  /* in the item's or the record's tuple, from 0 */
	Words choices;  /* values it may have; none is any */
	char *fallback; /* what a record has that does not say; NULL when there is none */

	/* of a time */
	Words formats;          /* how it is written; none is ISO 8601 */
	const char *time_fault; /* the reason when it is not */
	bool by_month;          /* in landing_item: the month it is in */

	/* of a JSON object */
	bool bare;      /* its braces may be missing */
	Words prefixes; /* of keys, each with what stands in its place */
	KeyCase key_case;
	int nmembers; /* columns that are keys of it: fields that follow this one */

	/* of a billed cost: it is none where all of these hold */
	int nexceptions;
	LandingException *exceptions;
} LandingField;

/* Columns of the file side by side that are all part of the combination of dimensions. */
typedef struct LandingSpan
{
	int first;
	int last;
} LandingSpan;

struct landing_hash;

typedef struct Landing
{
	Oid view;
	MemoryContext context; /* as long as the load */
	MemoryContext row;     /* as long as a record */
	HeapTuple token;       /* what the row trigger gives back: the server frees its own row then */
	CsvReader reader;
	XXH3_state_t *content;
	uint64 seed;

	/* the format, once the header was read */
	bool recognised;
	int source_id;
	char *source_name;
	int npreamble; /* names and values in lines above the header, each name followed by its value */
	Datum *preamble;
	char *header;
	int ncolumns;
	char **column_names; /* in the header, as names are compared */
	int nfields;
	LandingField *fields;
	int nspans;
	LandingSpan *spans;
	int nignored;
	Datum *ignored;
	bool has_extra;
	LandingField *month; /* the field that is by_month; NULL without one */
	Words null_words;    /* stand for nothing, without regard to case */
	char *item_query;
	char *record_query;
	char *event_query; /* NULL without unique ids */

	/* what was read */
	TupleDesc item_desc;
	TupleDesc record_desc;
	TupleDesc reject_desc;
	Tuplestorestate *items;
	Tuplestorestate *records;
	Tuplestorestate *rejects;
	struct landing_hash *known; /* combinations seen, as far as memory allows */
	int nitems;
	int64 nrecords;
	int64 nrejects;
	bool has_billed_cost;
	ExactSum billed_cost;
	ExactSum billed_cost_rejected;
	TimestampTz first_start;
	TimestampTz last_end;
	int nmonths;
	int months[FIELD_MONTHS]; /* months since the year 0 in which charges start */

	/* a row with too few or too many values waits for the one behind it */
	StringInfoData ragged_row;
	int ragged_line_no;
	int ragged_nvalues;
	int last_nvalues; /* of the record that was stored last */

	TimestampTz month_first; /* the month that was asked for last, of a field by_month */
	TimestampTz month_end;

	/* working space of a record */
	Datum *item_values;
	bool *item_nulls;
	Datum *record_values;
	bool *record_nulls;
	StringInfoData key;
} Landing;

/* landing_format.c */
extern bool landing_add_preamble(Landing *landing);
extern void landing_recognise(Landing *landing, const char *header, int len);

/* landing_header.c */
extern void landing_check_header(Landing *landing);
extern void landing_remember_header(Landing *landing);
extern bool landing_is_header(Landing *landing);

/* landing_options.c */
extern void landing_read_options(Landing *landing, LandingField *field, Jsonb *options);

/* landing_object.c */
extern char *landing_object_key(LandingField *field, const char *key, int *len);
extern const char *landing_read_object(Landing *landing, LandingField *field, const char *s,
                                       int len, Datum *value);

/* landing_value.c */
extern const char *landing_read_value(Landing *landing, LandingField *field, const char *s, int len,
                                      Datum *value);

/* landing_item.c */
extern void landing_prepare_items(Landing *landing);
extern const char *landing_find_item(Landing *landing, int *item_no, LandingField **bad);

/* landing_record.c */
extern void landing_prepare(Landing *landing);
extern void landing_add_record(Landing *landing);
extern void landing_end_records(Landing *landing);

/* landing_store.c: settings, and the last step */
extern char *load_file_name;
extern bool load_force;
extern void landing_store(Landing *landing);

/* Whether the text is one of the format's words for nothing. */
static inline bool
landing_is_nothing(Landing *landing, const char *s, int len)
{
	for (int i = 0; i < landing->null_words.n; i++)
		if (strlen(landing->null_words.word[i]) == len &&
		    pg_strncasecmp(landing->null_words.word[i], s, len) == 0)
			return true;
	return false;
}

/* The text of a value, the field's own where the record has none, or NULL. */
static inline const char *
landing_value(Landing *landing, LandingField *field, int *len)
{
	const char *s;

	if (field->column >= 0 && field->column < landing->reader.nvalues)
	{
		bool quantity = field->kind == FIELD_NUMBER || field->kind == FIELD_TIME;

		s = csv_value(&landing->reader, field->column, len);
		if (!field_is_null(s, *len) && !landing_is_nothing(landing, s, *len) &&
		    !(quantity && field_is_no_number(s, *len)))
			return s;
	}
	if (field->fallback != NULL)
		*len = strlen(field->fallback);
	return field->fallback;
}

#endif
