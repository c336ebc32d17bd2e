/*
 * landing_format.c: recognises a file by its header.
 *
 * What formats there are, and which one a header has, is data: the table source
 * and the function source_detect.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "landing.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* Names in the table source, in the order of the types. */
static const char *const kinds[] = {"text", "name",     "json",  "nested", "number",
                                    "time", "currency", "extra", "member"};
static const char *const roles[] = {"",        "period_start", "period_end", "billed_cost",
                                    "credits", "event_id"};

/* The place of a word in a list. */
static int
place(const char *word, const char *const *list, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return i;
	elog(ERROR, "unexpected word \"%s\" in a format", word);
	return 0;
}

/* The names in the header, without blanks around them. */
static Datum
header_names(CsvReader *reader)
{
	Datum *names = palloc(reader->nvalues * sizeof(Datum));

	for (int i = 0; i < reader->nvalues; i++)
	{
		int len;
		const char *name = csv_value(reader, i, &len);

		while (len > 0 && *name == ' ')
			name++, len--;
		while (len > 0 && name[len - 1] == ' ')
			len--;
		names[i] = PointerGetDatum(cstring_to_text_with_len(name, len));
	}
	return PointerGetDatum(
	    construct_array(names, reader->nvalues, TEXTOID, -1, false, TYPALIGN_INT));
}

PG_FUNCTION_INFO_V1(source_header);

/* The names in the header of a file, which may be its whole text. */
Datum
source_header(PG_FUNCTION_ARGS)
{
	text *line = PG_GETARG_TEXT_PP(0);
	const char *p = VARDATA_ANY(line);
	const char *end = p + VARSIZE_ANY_EXHDR(line);
	CsvReader reader;

	if (end - p >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
		p += 3;
	csv_init(&reader, ',');
	while (p < end)
	{
		const char *stop = memchr(p, '\n', end - p);

		if (stop == NULL)
			stop = end;
		if (!reader.open)
			reader.delimiter = csv_guess_delimiter(p, stop - p);
		if (csv_add_line(&reader, p, stop - p))
			return header_names(&reader);
		p = stop + 1;
	}
	return PointerGetDatum(construct_empty_array(TEXTOID));
}

/* An attribute of a row of the answer as a string of the load, or NULL. */
static char *
string_of(Landing *landing, int row, int attribute)
{
	char *value = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, attribute);

	return value == NULL ? NULL : MemoryContextStrdup(landing->context, value);
}

/* Reads an array of text into words of the load. */
static void
words_of(Landing *landing, Datum array, Words *words)
{
	MemoryContext old = MemoryContextSwitchTo(landing->context);
	Datum *elements;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL,
	                  &words->n);
	words->word = palloc(words->n * sizeof(char *));
	for (int i = 0; i < words->n; i++)
		words->word[i] = TextDatumGetCString(elements[i]);
	MemoryContextSwitchTo(old);
}

/* Takes a column that is a key of the object before it. */
static void
add_member(Landing *landing, LandingField *field, LandingField *object)
{
	MemoryContext old = MemoryContextSwitchTo(landing->context);
	int len = strlen(field->name);

	field->name = landing_object_key(object, field->name, &len);
	object->nmembers++;
	MemoryContextSwitchTo(old);
}

/*
 * Takes the record of the reader as a line above the header, of a name and its
 * value, as invoices have: "Invoice number,4711".  The first one must have a name
 * that a format knows, so that a short header is not taken for one.
 */
bool
landing_add_preamble(Landing *landing)
{
	CsvReader *reader = &landing->reader;
	MemoryContext old;
	int len;
	const char *name;
	const char *value;
	Datum name_text;

	for (int i = 2; i < reader->nvalues; i++)
		if (reader->values[i].len > 0)
			return false;
	if (reader->nvalues == 0)
		return false;
	name = csv_value(reader, 0, &len);
	if (landing->npreamble == 0)
	{
		Oid types[] = {TEXTOID};
		Datum args[1];
		bool isnull;
		bool found;

		args[0] = PointerGetDatum(cstring_to_text_with_len(name, len));
		SPI_connect();
		if (SPI_execute_with_args("SELECT cloudbilling.source_has_preamble($1)", 1, types, args,
		                          NULL, true, 0) != SPI_OK_SELECT ||
		    SPI_processed != 1)
			elog(ERROR, "source_has_preamble failed");
		found =
		    DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		SPI_finish();
		if (!found)
			return false;
	}

	old = MemoryContextSwitchTo(landing->context);
	name = csv_value(reader, 0, &len);
	name_text = PointerGetDatum(cstring_to_text_with_len(name, len));
	len = 0;
	value = reader->nvalues > 1 ? csv_value(reader, 1, &len) : "";
	landing->preamble = landing->preamble == NULL
	                        ? palloc(2 * sizeof(Datum))
	                        : repalloc(landing->preamble, (landing->npreamble + 2) * sizeof(Datum));
	landing->preamble[landing->npreamble++] = name_text;
	landing->preamble[landing->npreamble++] = PointerGetDatum(cstring_to_text_with_len(value, len));
	MemoryContextSwitchTo(old);
	return true;
}

/* Finds the format and its fields for a header, or raises an error that says what is missing. */
void
landing_recognise(Landing *landing, const char *header, int len)
{
	Oid types[] = {TEXTARRAYOID, TEXTARRAYOID};
	Datum args[2];
	char *event_id = NULL;
	LandingField *object = NULL;

	landing->header = MemoryContextAlloc(landing->context, len + 1);
	memcpy(landing->header, header, len);
	landing->header[len] = '\0';
	landing->ncolumns = landing->reader.nvalues;
	landing_remember_header(landing);
	args[0] = header_names(&landing->reader);
	args[1] = PointerGetDatum(
	    construct_array(landing->preamble, landing->npreamble, TEXTOID, -1, false, TYPALIGN_INT));

	SPI_connect();
	if (SPI_execute_with_args("SELECT source_id, source_name, item_query, record_query, "
	                          "field_name, kind, role, required,"
	                          " item, column_no, one_of, fallback, "
	                          "event_query, options, null_values "
	                          "FROM cloudbilling.source_detect($1, $2)",
	                          2, types, args, NULL, true, 0) != SPI_OK_SELECT ||
	    SPI_processed == 0)
		elog(ERROR, "source_detect returned nothing");
	landing_check_header(landing);

	landing->fields =
	    MemoryContextAllocZero(landing->context, SPI_processed * sizeof(LandingField));
	landing->ignored = MemoryContextAlloc(landing->context, SPI_processed * sizeof(Datum));
	for (int row = 0; row < (int)SPI_processed; row++)
	{
		HeapTuple tuple = SPI_tuptable->vals[row];
		TupleDesc desc = SPI_tuptable->tupdesc;
		LandingField *field = &landing->fields[landing->nfields];
		char *kind = SPI_getvalue(tuple, desc, 6);
		char *role = SPI_getvalue(tuple, desc, 7);
		bool isnull;
		Datum value;

		if (row == 0)
		{
			landing->source_id = DatumGetInt32(SPI_getbinval(tuple, desc, 1, &isnull));
			landing->source_name = string_of(landing, row, 2);
			landing->item_query = string_of(landing, row, 3);
			landing->record_query = string_of(landing, row, 4);
			landing->event_query = string_of(landing, row, 13);
			words_of(landing, SPI_getbinval(tuple, desc, 15, &isnull), &landing->null_words);
		}
		if (strcmp(kind, "ignored") == 0)
		{
			MemoryContext old = MemoryContextSwitchTo(landing->context);

			landing->ignored[landing->nignored++] =
			    CStringGetTextDatum(SPI_getvalue(tuple, desc, 5));
			MemoryContextSwitchTo(old);
			continue;
		}

		field->name = string_of(landing, row, 5);
		field->kind = place(kind, kinds, lengthof(kinds));
		field->role = place(role != NULL ? role : "", roles, lengthof(roles));
		field->required = DatumGetBool(SPI_getbinval(tuple, desc, 8, &isnull));
		field->item = DatumGetBool(SPI_getbinval(tuple, desc, 9, &isnull));
		value = SPI_getbinval(tuple, desc, 10, &isnull);
		field->column = isnull ? -1 : DatumGetInt32(value) - 1;
		value = SPI_getbinval(tuple, desc, 11, &isnull);
		if (!isnull)
			words_of(landing, value, &field->choices);
		field->fallback = string_of(landing, row, 12);
		value = SPI_getbinval(tuple, desc, 14, &isnull);
		if (!isnull)
			landing_read_options(landing, field, DatumGetJsonbP(value));

		if (field->kind == FIELD_MEMBER)
			add_member(landing, field, object);
		else
			object = field;
		if (field->kind == FIELD_EXTRA)
			landing->has_extra = true;
		if (field->role == ROLE_EVENT_ID)
			event_id = field->name;
		if (field->role == ROLE_BILLED_COST || field->role == ROLE_CREDITS)
			landing->has_billed_cost = true;
		landing->nfields++;
	}
	SPI_finish();

	if (event_id != NULL)
		landing->event_query = MemoryContextStrdup(
		    landing->context, psprintf("SELECT %s AS event_id, line_no FROM landing_record",
		                               quote_identifier(event_id)));
}
