/*
 * csv.c: reads CSV records from lines, per RFC 4180 and what real files do.
 *
 * Text is scanned once, also when a quoted value runs over several lines: where
 * the value began is kept.  A quote counts only at the beginning of a value, so
 * that 5" disk is read as it stands.
 */
#include "postgres.h"

#include "csv.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* A longer record is a quote that was never closed. */
#define MAX_RECORD_SIZE (64 * 1024 * 1024)

/*
 * Finds a character, like memchr.  Most values are short, so the first 16 bytes
 * are looked at here, which saves the call.
 */
static inline const char *
find(const char *p, const char *end, char c)
{
#ifdef __SSE2__
	if (end - p >= 16)
	{
		__m128i bytes = _mm_loadu_si128((const __m128i *)p);
		int found = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)));

		if (found != 0)
			return p + __builtin_ctz(found);
		p += 16;
	}
#endif
	return memchr(p, c, end - p);
}

/* Makes a reader in the current memory context. */
void
csv_init(CsvReader *reader, char delimiter)
{
	memset(reader, 0, sizeof(CsvReader));
	reader->delimiter = delimiter;
	reader->maxvalues = 64;
	reader->values = palloc(reader->maxvalues * sizeof(CsvValue));
	initStringInfo(&reader->text);
	initStringInfo(&reader->work);
}

/* Adds a value to the record. */
static inline void
add_value(CsvReader *reader, int start, int len, bool escaped)
{
	if (reader->nvalues == reader->maxvalues)
	{
		reader->maxvalues *= 2;
		reader->values = repalloc(reader->values, reader->maxvalues * sizeof(CsvValue));
	}
	reader->values[reader->nvalues++] = (CsvValue){start, len, escaped};
}

/*
 * Finds the quote that closes the pending value.  False when the text ends
 * first; the value is then as long as what was read of it.
 */
static bool
close_quote(CsvReader *reader)
{
	CsvValue *value = &reader->pending;
	const char *end = reader->record + reader->record_len;
	const char *p = reader->record + value->start + value->len;

	while ((p = find(p, end, '"')) != NULL)
	{
		if (p + 1 == end || p[1] != '"')
		{
			value->len = p - (reader->record + value->start);
			return true;
		}
		value->escaped = true;
		p += 2;
	}
	value->len = end - (reader->record + value->start);
	return false;
}

/*
 * Ends values that are not quoted, from the one that begins at *start, until one
 * may be quoted or less than 16 bytes are left to look at, from *scan on.  True
 * when it ended one.  Looks at 16 bytes at a time: files of hundreds of columns
 * have mostly empty values.
 */
static inline bool
split_plain(CsvReader *reader, const char **start, const char **scan, const char *end)
{
#ifdef __SSE2__
	const char *record = reader->record;
	const char *first = *start;
	const __m128i delimiters = _mm_set1_epi8(reader->delimiter);
	const __m128i quotes = _mm_set1_epi8('"');

	for (; end - *scan >= 16; *scan += 16)
	{
		__m128i bytes = _mm_loadu_si128((const __m128i *)*scan);
		unsigned int found = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, delimiters));
		bool quoted = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, quotes)) != 0;

		for (; found != 0; found &= found - 1)
		{
			const char *stop = *scan + __builtin_ctz(found);

			add_value(reader, *start - record, stop - *start, false);
			*start = stop + 1;
			if (quoted)
				return true;
		}
		if (*start == *scan + 16)
			return true;
	}
	return *start != first;
#else
	return false;
#endif
}

/* Splits the text from p on, or the rest of the pending value, into values. */
static void
split(CsvReader *reader, const char *p)
{
	const char *record = reader->record;
	const char *end = record + reader->record_len;
	char delimiter = reader->delimiter;

	for (;;)
	{
		const char *stop;

		if (reader->open || (p < end && *p == '"'))
		{
			if (!reader->open)
				reader->pending = (CsvValue){p + 1 - record, 0, false};
			reader->open = !close_quote(reader);
			if (reader->open)
				return;
			add_value(reader, reader->pending.start, reader->pending.len, reader->pending.escaped);

			stop = record + reader->pending.start + reader->pending.len + 1;
			while (stop < end && *stop == ' ') /* does no harm */
				stop++;
			if (stop < end && *stop != delimiter)
			{
				reader->text_after = true;
				stop = memchr(stop, delimiter, end - stop);
			}
		}
		else
		{
			const char *scan = p;

			if (split_plain(reader, &p, &scan, end))
				continue;
			stop = find(scan, end, delimiter);
			add_value(reader, p - record, (stop != NULL ? stop : end) - p, false);
		}
		if (stop == NULL || stop == end)
			return;
		p = stop + 1;
	}
}

/*
 * Adds a line, without its end.  True when a record is complete; it stays
 * readable until the next call, as long as the line does.  Empty lines between
 * records are passed over.
 */
bool
csv_add_line(CsvReader *reader, const char *line, int len)
{
	reader->line_no++;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (reader->open)
	{
		if (reader->text.len + len > MAX_RECORD_SIZE)
			ereport(ERROR,
			        (errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
			         errmsg("record on line %d of the file is too long", reader->record_line_no),
			         errdetail("It goes on for more than %d megabytes.",
			                   MAX_RECORD_SIZE / (1024 * 1024)),
			         errhint("A quote on that line is probably not closed.")));
		appendStringInfoChar(&reader->text, '\n');
		appendBinaryStringInfo(&reader->text, line, len);
		reader->record = reader->text.data;
		reader->record_len = reader->text.len;
		split(reader, NULL);
		return !reader->open;
	}

	if (len == 0)
		return false;
	reader->record_line_no = reader->line_no;
	reader->record = line;
	reader->record_len = len;
	reader->nvalues = 0;
	reader->text_after = false;
	split(reader, line);
	if (reader->open)
	{
		resetStringInfo(&reader->text);
		appendBinaryStringInfo(&reader->text, line, len);
		return false;
	}
	return true;
}

/* Gives a value that holds doubled quotes without their doubling. */
const char *
csv_unescaped(CsvReader *reader, CsvValue *value, int *len)
{
	const char *from = reader->record + value->start;
	const char *end = from + value->len;

	resetStringInfo(&reader->work);
	while (from < end)
	{
		const char *quote = memchr(from, '"', end - from);

		if (quote == NULL)
			quote = end - 1;
		appendBinaryStringInfo(&reader->work, from, quote + 1 - from);
		from = quote + 2; /* past the second of the two */
	}
	*len = reader->work.len;
	return reader->work.data;
}

/* The separator of a header: the one of comma, semicolon, tab and bar it has most of. */
char
csv_guess_delimiter(const char *line, int len)
{
	static const char candidates[] = {',', ';', '\t', '|'};
	char best = ',';
	int most = 0;

	for (int i = 0; i < lengthof(candidates); i++)
	{
		int count = 0;
		bool quoted = false;

		for (int j = 0; j < len; j++)
		{
			if (line[j] == '"')
				quoted = !quoted;
			else if (!quoted && line[j] == candidates[i])
				count++;
		}
		if (count > most)
		{
			most = count;
			best = candidates[i];
		}
	}
	return best;
}
