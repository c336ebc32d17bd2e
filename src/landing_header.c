/*
 * landing_header.c: whether a header is whole, and where it comes again.
 */
#include "postgres.h"

#include "exact.h"
#include "field.h"
#include "landing.h"
#include "mb/pg_wchar.h"

/* A name as names of columns are compared: see the function source_name. */
static char *
plain_name(const char *name, int len)
{
	char *result = palloc(len + 1);
	char *p = result;

	for (int i = 0; i < len; i++)
		if (strchr(" _-/.:", name[i]) == NULL)
			*p++ = pg_tolower((unsigned char)name[i]);
	*p = '\0';
	return result;
}

/* Raises an error for a first line that is not only a header. */
static void
refuse_header(const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT), errmsg("the header is damaged"),
	                errdetail_internal("%s", what),
	                errhint("Nothing of the file was loaded: fetch it again.")));
}

/*
 * Checks that a header names columns.  When its line end is gone, or a quote of it, it
 * has taken the first row along, and that would be lost.
 */
void
landing_check_header(Landing *landing)
{
	CsvReader *reader = &landing->reader;

	if (reader->text_after)
		refuse_header("Text follows a quoted name.");
	for (int i = 0; i < reader->nvalues; i++)
	{
		int len;
		const char *name = csv_value(reader, i, &len);
		Numeric number;
		TimestampTz time;

		if (memchr(name, '\n', len) != NULL && memchr(name, reader->delimiter, len) != NULL)
			refuse_header(psprintf("The name of column %d goes over several rows.", i + 1));
		if (exact_numeric_from_text(name, len, &number) || field_time(name, len, &time))
			refuse_header(psprintf("The name of column %d is a value: \"%.*s\".", i + 1,
			                       pg_mbcliplen(name, len, 60), name));
	}
}

/* Remembers the names in the header, to know it when it comes again. */
void
landing_remember_header(Landing *landing)
{
	MemoryContext old = MemoryContextSwitchTo(landing->context);

	landing->column_names = palloc(landing->ncolumns * sizeof(char *));
	for (int i = 0; i < landing->ncolumns; i++)
	{
		int len;
		const char *name = csv_value(&landing->reader, i, &len);

		landing->column_names[i] = plain_name(name, len);
	}
	MemoryContextSwitchTo(old);
}

/*
 * Whether a record that cannot be read is a header, as where files were joined: the one
 * of this file.  One with the same names in another order is an error, since the rows
 * behind it would be taken for what they are not.
 */
bool
landing_is_header(Landing *landing)
{
	int names = 0;
	int elsewhere = 0;
	int others = 0;

	for (int i = 0; i < landing->reader.nvalues; i++)
	{
		int len;
		const char *value = csv_value(&landing->reader, i, &len);
		char *name = plain_name(value, len);
		int column = 0;

		if (*name == '\0')
			continue;
		if (i < landing->ncolumns && strcmp(landing->column_names[i], name) == 0)
		{
			names++;
			continue;
		}
		while (column < landing->ncolumns && strcmp(landing->column_names[column], name) != 0)
			column++;
		if (column < landing->ncolumns)
			names++, elsewhere++;
		else if (++others * 2 > landing->reader.nvalues)
			return false;
	}
	if (names < 3 || others > names)
		return false;
	if (elsewhere > 0)
		ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
		                errmsg("line %d of the file is a header of other columns than the first",
		                       landing->reader.record_line_no),
		                errdetail("Files were joined whose columns are not in the same order."),
		                errhint("Load each file by itself. Nothing of this one was loaded.")));
	return true;
}
