/*
 * landing_item.c: the combinations of dimensions in a file.
 *
 * What describes a charge repeats from row to row, so it is stored once for
 * each combination (landing_item), and a row holds only the combination's
 * number.  The combinations seen are kept in a hash table of limited size: when
 * it is full it is emptied, and a combination may get a second number, which
 * does no harm.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "compat.h"
#include "landing.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

/* A combination seen before, known by a hash of 128 bits. */
typedef struct KnownItem
{
	XXH128_hash_t hash;
	int item_no;
	int bad_field; /* field that cannot be read; -1 when all is well */
	const char *reason;
	char status;
} KnownItem;

#define SH_PREFIX landing
#define SH_ELEMENT_TYPE KnownItem
#define SH_KEY_TYPE XXH128_hash_t
#define SH_KEY hash
#define SH_HASH_KEY(tb, key) ((uint32)(key).low64)
#define SH_EQUAL(tb, a, b) ((a).low64 == (b).low64 && (a).high64 == (b).high64)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Finds the columns by which combinations are known. */
static void
find_spans(Landing *landing)
{
	bool *item = palloc0(landing->ncolumns * sizeof(bool));

	for (int i = 0; i < landing->nfields; i++)
		if (landing->fields[i].item && landing->fields[i].column >= 0 &&
		    !landing->fields[i].by_month)
			item[landing->fields[i].column] = true;
	landing->spans = palloc(landing->ncolumns * sizeof(LandingSpan));
	for (int i = 0; i < landing->ncolumns; i++)
	{
		if (!item[i])
			continue;
		if (i == 0 || !item[i - 1])
			landing->spans[landing->nspans++].first = i;
		landing->spans[landing->nspans - 1].last = i;
	}
	pfree(item);
}

/* Once the rows are laid out: makes what combinations are known by. */
void
landing_prepare_items(Landing *landing)
{
	find_spans(landing);
	initStringInfo(&landing->key);
	landing->known = landing_create(landing->context, 1024, NULL);
}

/* Reads the fields of a new combination and stores it. */
static void
add_item(Landing *landing, KnownItem *item)
{
	item->item_no = ++landing->nitems;
	item->bad_field = -1;
	item->reason = NULL;

	memset(landing->item_nulls, true, landing->item_desc->natts);
	landing->item_values[0] = Int32GetDatum(item->item_no);
	landing->item_nulls[0] = false;
	for (int i = 0; i < landing->nfields; i++)
	{
		LandingField *field = &landing->fields[i];
		const char *s;
		int len;

		if (!field->item || field->kind == FIELD_EXTRA || field->kind == FIELD_MEMBER)
			continue;
		s = landing_value(landing, field, &len);
		if (s != NULL || field->nmembers > 0)
		{
			item->reason =
			    landing_read_value(landing, field, s, len, &landing->item_values[field->attribute]);
			landing->item_nulls[field->attribute] = false;
		}
		else if (field->required)
			item->reason = "mandatory value is missing";
		if (item->reason != NULL)
		{
			item->bad_field = i;
			return;
		}
	}
	tuplestore_putvalues(landing->items, landing->item_desc, landing->item_values,
	                     landing->item_nulls);
}

/* What the record's month is known by; when it cannot be read, add_item says so. */
static Datum
read_month(Landing *landing)
{
	Datum month;
	int len;
	const char *s = landing_value(landing, landing->month, &len);

	if (s == NULL)
		return TimestampTzGetDatum(DT_NOBEGIN);
	if (landing_read_value(landing, landing->month, s, len, &month) != NULL)
		return TimestampTzGetDatum(DT_NOEND);
	return month;
}

/*
 * The combination of dimensions in the record, made known when it is new.  It is
 * known by its text as it stands, quotes and all: values that are written in two
 * ways get two numbers, which does no harm.  NULL when it can be read, else the
 * reason why not, and the field.
 */
const char *
landing_find_item(Landing *landing, int *item_no, LandingField **bad)
{
	CsvReader *reader = &landing->reader;
	XXH128_hash_t hash;
	KnownItem *item;
	bool found;
	char *key;

	/* each span with its length: as long as the record at the most */
	resetStringInfo(&landing->key);
	enlargeStringInfo(&landing->key,
	                  reader->record_len + landing->nspans * sizeof(int) + sizeof(Datum));
	key = landing->key.data;
	for (int i = 0; i < landing->nspans; i++)
	{
		LandingSpan *span = &landing->spans[i];
		int last = Min(span->last, reader->nvalues - 1);
		int start;
		int len = 0;

		if (last >= span->first)
		{
			/* from before the first value, which tells whether it is quoted */
			start = Max(reader->values[span->first].start - 1, 0);
			len = reader->values[last].start + reader->values[last].len - start;
			memcpy(key + sizeof(len), reader->record + start, len);
		}
		memcpy(key, &len, sizeof(len));
		key += sizeof(len) + len;
	}
	if (landing->month != NULL)
	{
		Datum month = read_month(landing);

		memcpy(key, &month, sizeof(month));
		key += sizeof(month);
	}
	landing->key.len = key - landing->key.data;
	hash = XXH3_128bits_withSeed(landing->key.data, landing->key.len, landing->seed);

	/* half of what a hash table may have, at some 80 bytes with its slack */
	if (landing->known->members > (int64)work_mem * 1024 / 80)
		landing_reset(landing->known);
	item = landing_insert(landing->known, hash, &found);
	if (!found)
		add_item(landing, item);
	*item_no = item->item_no;
	if (item->reason != NULL)
		*bad = &landing->fields[item->bad_field];
	return item->reason;
}
