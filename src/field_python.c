/*
 * field_python.c: JSON of what Python prints for a list or a dictionary.
 *
 * Exports that went through a data frame hold nested values as
 * [{'key': 'a', 'value': None}].  Only strings and three words differ from JSON;
 * all else is left as it is, and the caller checks the result as JSON.
 */
#include "postgres.h"

#include "field.h"
#include "lib/stringinfo.h"

/* Words of Python, and of JSON. */
static const char *const words[][2] = {{"None", "null"}, {"True", "true"}, {"False", "false"}};

/* An escape sequence, its backslash read.  False when JSON has no such thing. */
static bool
escape(const char **p, const char *end, StringInfo json)
{
	char c;

	if (*p == end)
		return false;
	c = *(*p)++;
	switch (c)
	{
		case '\'': appendStringInfoChar(json, '\''); return true;
		case '"':
		case '\\':
		case 'n':
		case 'r':
		case 't':
		case 'u':
			appendStringInfoChar(json, '\\');
			appendStringInfoChar(json, c);
			return true;
		case 'x': appendStringInfoString(json, "\\u00"); return true;
		default: return false;
	}
}

/* A string; p is behind its opening quote. */
static bool
string(const char **p, const char *end, char quote, StringInfo json)
{
	appendStringInfoChar(json, '"');
	while (*p < end)
	{
		char c = *(*p)++;

		if (c == quote)
		{
			appendStringInfoChar(json, '"');
			return true;
		}
		if (c == '\\')
		{
			if (!escape(p, end, json))
				return false;
			continue;
		}
		if (c == '"')
			appendStringInfoChar(json, '\\');
		appendStringInfoChar(json, c);
	}
	return false;
}

/* Appends the JSON of a text that Python printed; false when it printed no such thing. */
bool
field_json_from_python(const char *s, int len, StringInfo json)
{
	const char *p = s;
	const char *end = s + len;

	while (p < end)
	{
		int i = 0;

		if (*p == '\'' || *p == '"')
		{
			char quote = *p++;

			if (!string(&p, end, quote, json))
				return false;
			continue;
		}
		while (i < lengthof(words) &&
		       (end - p < strlen(words[i][0]) || memcmp(p, words[i][0], strlen(words[i][0])) != 0))
			i++;
		if (i < lengthof(words))
		{
			appendStringInfoString(json, words[i][1]);
			p += strlen(words[i][0]);
		}
		else
		{
			/* a tuple is a list */
			appendStringInfoChar(json, *p == '(' ? '[' : *p == ')' ? ']' : *p);
			p++;
		}
	}
	return true;
}
