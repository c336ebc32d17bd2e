/*
 * landing_record.c: turns the records of a file into rows for the format's
 * queries: what varies from row to row, and the number of the combination of
 * dimensions that a row has (landing_item.c).
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "exact.h"
#include "field.h"
#include "landing.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/*
 * Rows kept in memory before they go to a file, in kB.  It is small on purpose:
 * a file that is written and read once through a small buffer costs less than
 * touching so much fresh memory.
 */
#define SPILL_KB 1024

/* The type of a field's column in landing_item and landing_record. */
static Oid
field_type(LandingField *field)
{
	switch (field->kind)
	{
		case FIELD_NUMBER: return NUMERICOID;
		case FIELD_TIME: return TIMESTAMPTZOID;
		case FIELD_JSON:
		case FIELD_NESTED:
		case FIELD_EXTRA: return JSONBOID;
		default: return TEXTOID;
	}
}

/* Whether the field has a column in landing_item or landing_record. */
static bool
has_attribute(LandingField *field)
{
	return field->kind != FIELD_EXTRA && field->kind != FIELD_MEMBER;
}

/* Once the format is known: lays out the rows and makes what holds them. */
void
landing_prepare(Landing *landing)
{
	MemoryContext old = MemoryContextSwitchTo(landing->context);
	int items = 1;
	int records = 2;

	for (int i = 0; i < landing->nfields; i++)
	{
		LandingField *field = &landing->fields[i];

		if (has_attribute(field))
			field->attribute = field->item ? items++ : records++;
	}

	landing->item_desc = CreateTemplateTupleDesc(items);
	landing->record_desc = CreateTemplateTupleDesc(records + 1);
	TupleDescInitEntry(landing->item_desc, 1, "item_no", INT4OID, -1, 0);
	TupleDescInitEntry(landing->record_desc, 1, "line_no", INT4OID, -1, 0);
	TupleDescInitEntry(landing->record_desc, 2, "item_no", INT4OID, -1, 0);
	TupleDescInitEntry(landing->record_desc, records + 1, "extra", JSONBOID, -1, 0);
	for (int i = 0; i < landing->nfields; i++)
	{
		LandingField *field = &landing->fields[i];

		if (has_attribute(field))
			TupleDescInitEntry(field->item ? landing->item_desc : landing->record_desc,
			                   field->attribute + 1, field->name, field_type(field), -1, 0);
	}

	landing->reject_desc = CreateTemplateTupleDesc(5);
	TupleDescInitEntry(landing->reject_desc, 1, "line_no", INT4OID, -1, 0);
	TupleDescInitEntry(landing->reject_desc, 2, "column_name", TEXTOID, -1, 0);
	TupleDescInitEntry(landing->reject_desc, 3, "reason", TEXTOID, -1, 0);
	TupleDescInitEntry(landing->reject_desc, 4, "line", TEXTOID, -1, 0);
	TupleDescInitEntry(landing->reject_desc, 5, "billed_cost", NUMERICOID, -1, 0);

	landing->items = tuplestore_begin_heap(false, false, SPILL_KB);
	landing->records = tuplestore_begin_heap(false, false, SPILL_KB);
	landing->rejects = tuplestore_begin_heap(false, false, SPILL_KB);
	landing->first_start = DT_NOEND;
	landing->last_end = DT_NOBEGIN;

	landing->item_values = palloc(items * sizeof(Datum));
	landing->item_nulls = palloc(items * sizeof(bool));
	landing->record_values = palloc((records + 1) * sizeof(Datum));
	landing->record_nulls = palloc((records + 1) * sizeof(bool));
	landing_prepare_items(landing);
	MemoryContextSwitchTo(old);
}

/* Adds to what a record costs. */
static void
add_cost(Datum *cost, bool *has_cost, Datum amount)
{
	*cost = *has_cost ? DirectFunctionCall2(numeric_add, *cost, amount) : amount;
	*has_cost = true;
}

/* Whether the record is one in which the cost is not billed. */
static bool
is_exception(Landing *landing, LandingField *field)
{
	for (int i = 0; i < field->nexceptions; i++)
	{
		LandingException *exception = &field->exceptions[i];
		bool found = false;
		const char *s;
		int len;

		s = landing_value(landing, exception->field, &len);
		for (int j = 0; s != NULL && j < exception->values.n && !found; j++)
			found = strlen(exception->values.word[j]) == len &&
			        pg_strncasecmp(exception->values.word[j], s, len) == 0;
		if (!found)
			return false;
	}
	return field->nexceptions > 0;
}

/* The amount of one of a record's credits. */
static bool
credit_amount(JsonbValue *credit, Datum *amount)
{
	JsonbValue *value = NULL;
	Numeric number;

	if (credit->type == jbvBinary && JsonContainerIsObject(credit->val.binary.data))
		value = getKeyJsonValueFromContainer(credit->val.binary.data, "amount", 6, NULL);
	if (value == NULL)
		return false;
	if (value->type == jbvNumeric)
		*amount = NumericGetDatum(value->val.numeric);
	else if (value->type == jbvString &&
	         exact_numeric_from_text(value->val.string.val, value->val.string.len, &number))
		*amount = NumericGetDatum(number);
	else
		return false;
	return true;
}

/*
 * Adds the amounts of a list of credits to what the record costs.  NULL when that went well,
 * else the reason why not; nothing is added then.
 */
static const char *
add_credits(Datum *cost, bool *has_cost, Datum credits)
{
	JsonbContainer *list = &DatumGetJsonbP(credits)->root;
	uint32 n = JsonContainerSize(list);
	Datum sum = (Datum)0;
	bool has_sum = false;

	if (!JsonContainerIsArray(list))
		return "not a list";
	for (uint32 i = 0; i < n; i++)
	{
		Datum amount;

		if (!credit_amount(getIthJsonbValueFromContainer(list, i), &amount))
			return "a credit has no amount";
		add_cost(&sum, &has_sum, amount);
	}
	if (has_sum)
		add_cost(cost, has_cost, sum);
	return NULL;
}

/* The format's own columns as one JSON object. */
static Datum
extra_of(Landing *landing, bool *isnull)
{
	JsonbParseState *state = NULL;
	JsonbValue *object;
	bool any = false;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < landing->nfields; i++)
	{
		LandingField *field = &landing->fields[i];
		JsonbValue value;
		const char *s;
		int len;

		if (field->kind != FIELD_EXTRA || (s = landing_value(landing, field, &len)) == NULL)
			continue;
		any = true;
		value.type = jbvString;
		value.val.string.val = field->name;
		value.val.string.len = strlen(field->name);
		pushJsonbValue(&state, WJB_KEY, &value);
		value.val.string.val = pnstrdup(s, len);
		value.val.string.len = len;
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	object = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	*isnull = !any;
	return any ? JsonbPGetDatum(JsonbValueToJsonb(object)) : (Datum)0;
}

/* Puts the record in quarantine. */
static void
reject(Landing *landing, LandingField *field, const char *reason, Datum billed_cost,
       bool has_billed_cost)
{
	Datum values[5];
	bool nulls[5] = {false};
	const char *s = NULL;
	int len = 0;

	landing->nrejects++;
	if (has_billed_cost)
		exact_total_add(&landing->billed_cost_rejected, billed_cost, landing->context);

	if (field != NULL)
		s = landing_value(landing, field, &len);
	values[0] = Int32GetDatum(landing->reader.record_line_no);
	values[1] = field != NULL ? CStringGetTextDatum(field->name) : (Datum)0;
	nulls[1] = field == NULL;
	if (s != NULL)
		values[2] = CStringGetTextDatum(
		    psprintf("%s: \"%.*s\"%s", reason, pg_mbcliplen(s, len, 60), s, len > 60 ? "..." : ""));
	else
		values[2] = CStringGetTextDatum(reason);
	values[3] = PointerGetDatum(
	    cstring_to_text_with_len(landing->reader.record, landing->reader.record_len));
	values[4] = billed_cost;
	nulls[4] = !has_billed_cost;
	tuplestore_putvalues(landing->rejects, landing->reject_desc, values, nulls);
}

/* Remembers the months in which charges start, for their partitions. */
static void
note_period(Landing *landing, TimestampTz start, TimestampTz end)
{
	struct pg_tm tm;
	fsec_t fsec;
	int month;

	if (TIMESTAMP_NOT_FINITE(start))
		return;
	landing->first_start = Min(landing->first_start, start);
	landing->last_end = Max(landing->last_end, end);
	if (timestamp2tm(start, NULL, &tm, &fsec, NULL, NULL) != 0)
		return;
	month = tm.tm_year * 12 + tm.tm_mon - 1;
	for (int i = landing->nmonths - 1; i >= 0; i--)
		if (landing->months[i] == month)
			return;
	if (landing->nmonths < lengthof(landing->months))
		landing->months[landing->nmonths++] = month;
}

/* Whether the record has values for which there is no column; empty ones do no harm. */
static bool
has_values_beyond(Landing *landing)
{
	for (int i = landing->ncolumns; i < landing->reader.nvalues; i++)
		if (landing->reader.values[i].len > 0)
			return true;
	return false;
}

/*
 * Whether a quoted value goes over the ends of other records: it then has as many
 * separators for each of its line ends as a record has.  Values of several lines are
 * texts, with few of them.
 */
static bool
swallows_records(Landing *landing)
{
	CsvReader *reader = &landing->reader;

	if (memchr(reader->record, '\n', reader->record_len) == NULL)
		return false;
	for (int i = 0; i < reader->nvalues; i++)
	{
		const char *value = reader->record + reader->values[i].start;
		int lines = 0;
		int separators = 0;

		for (int j = 0; j < reader->values[i].len; j++)
		{
			lines += value[j] == '\n';
			separators += value[j] == reader->delimiter;
		}
		if (lines > 0 && (separators / lines >= Max(landing->ncolumns - 1, 4) ||
		                  (separators > 0 && reader->nvalues != landing->ncolumns)))
			return true;
	}
	return false;
}

/* Takes the complete record of the reader. */
static void
store_record(Landing *landing, const char *reason)
{
	LandingField *bad = NULL;
	LandingField *end_field = NULL;
	int item_no;
	TimestampTz start = DT_NOBEGIN;
	TimestampTz end = DT_NOEND;
	Datum billed_cost = (Datum)0;
	bool has_billed_cost = false;
	bool costed = false;
	int last = landing->record_desc->natts - 1;

	landing->nrecords++;
	if (reason == NULL && landing->reader.text_after)
		reason = "text after a quoted value";
	if (reason == NULL && has_values_beyond(landing))
		reason = psprintf("%d values for %d columns", landing->reader.nvalues, landing->ncolumns);
	if (reason == NULL && swallows_records(landing))
		reason = "a quoted value goes over several rows";

	memset(landing->record_nulls, true, landing->record_desc->natts);
	for (int i = 0; i < landing->nfields; i++)
	{
		LandingField *field = &landing->fields[i];
		const char *problem = NULL;
		const char *s;
		Datum value;
		int len;

		if (field->item || field->kind == FIELD_EXTRA)
			continue;
		s = landing_value(landing, field, &len);
		if (s != NULL)
			problem = landing_read_value(landing, field, s, len, &value);
		else if (field->required)
			problem = "mandatory value is missing";
		if (s != NULL && problem == NULL && field->role == ROLE_CREDITS)
			problem = add_credits(&billed_cost, &has_billed_cost, value);
		if (problem != NULL && reason == NULL)
		{
			reason = problem;
			bad = field;
		}
		if (s == NULL || problem != NULL)
			continue;

		landing->record_values[field->attribute] = value;
		landing->record_nulls[field->attribute] = false;
		switch (field->role)
		{
			case ROLE_PERIOD_START: start = DatumGetTimestampTz(value); break;
			case ROLE_PERIOD_END:
				end = DatumGetTimestampTz(value);
				end_field = field;
				break;
			case ROLE_BILLED_COST:
				/* of several, the first that has a value */
				if (!costed && !is_exception(landing, field))
					add_cost(&billed_cost, &has_billed_cost, value);
				costed = true;
				break;
			default: break;
		}
	}
	if (has_billed_cost)
		exact_total_add(&landing->billed_cost, billed_cost, landing->context);
	if (reason == NULL && end < start)
	{
		reason = "the charge period ends before it starts";
		bad = end_field;
	}

	if (reason == NULL)
		reason = landing_find_item(landing, &item_no, &bad);
	if (reason == NULL)
	{
		landing->record_values[0] = Int32GetDatum(landing->reader.record_line_no);
		landing->record_values[1] = Int32GetDatum(item_no);
		landing->record_nulls[0] = landing->record_nulls[1] = false;
		if (landing->has_extra)
			landing->record_values[last] = extra_of(landing, &landing->record_nulls[last]);
		note_period(landing, start, end == DT_NOEND ? start : end);
		tuplestore_putvalues(landing->records, landing->record_desc, landing->record_values,
		                     landing->record_nulls);
	}
	else
	{
		if (landing_is_header(landing))
		{
			reason = "the header again";
			bad = NULL;
		}
		reject(landing, bad, reason, billed_cost, has_billed_cost);
	}
	landing->last_nvalues = landing->reader.nvalues;
}

/*
 * Whether rows of so many values, one behind the other, are one that was broken in
 * two or more.  Where a file's rows all lack the same, two of them do not make one.
 */
static bool
are_pieces(int a, int b, int ncolumns)
{
	if (a == 0 || b == 0 || a >= ncolumns || b >= ncolumns)
		return false;
	return a == b ? a + b == ncolumns || a + b == ncolumns + 1 : a + b <= ncolumns + 1;
}

/*
 * Stores the ragged row that waited, or refuses it, going by the rows next to it.
 * next is the number of values of the row behind it, 0 at the end of the file.
 *
 * A row with too few values was made so, or broken, or cut off with its file.  One with
 * too many, if empty, has a separator at its end as all others have, or somewhere in
 * its middle, and what follows that is not what it seems.
 */
static void
release_ragged_row(Landing *landing, int next)
{
	CsvReader reader = landing->reader;
	int ncolumns = landing->ncolumns;
	int n = landing->ragged_nvalues;
	int last = landing->last_nvalues;
	const char *reason = NULL;

	if (landing->ragged_line_no == 0)
		return;
	if (n < ncolumns && next == 0 && n != last)
		reason = "the file ends within this row";
	else if (are_pieces(last, n, ncolumns) || are_pieces(n, next, ncolumns) ||
	         (n > ncolumns && n != last && n != next && (last != 0 || next != 0)))
		reason = psprintf("%d values for %d columns, unlike the rows around it", n, ncolumns);

	csv_init(&landing->reader, reader.delimiter);
	landing->reader.line_no = landing->ragged_line_no - 1;
	csv_add_line(&landing->reader, landing->ragged_row.data, landing->ragged_row.len);
	landing->ragged_line_no = 0;
	store_record(landing, reason);
	landing->reader = reader;
}

/* Takes the complete record of the reader, or lets it wait. */
void
landing_add_record(Landing *landing)
{
	CsvReader *reader = &landing->reader;

	release_ragged_row(landing, reader->nvalues);
	if (reader->nvalues == landing->ncolumns || has_values_beyond(landing))
	{
		store_record(landing, NULL);
		return;
	}
	resetStringInfo(&landing->ragged_row);
	appendBinaryStringInfo(&landing->ragged_row, reader->record, reader->record_len);
	landing->ragged_line_no = reader->record_line_no;
	landing->ragged_nvalues = reader->nvalues;
}

/* At the end of the file: takes the row that waits for the next one. */
void
landing_end_records(Landing *landing)
{
	release_ragged_row(landing, 0);
}
