/*
 * landing_object.c: JSON objects, as suppliers write tags.
 *
 * An object may be one column of the file, with or without its braces, as a list of
 * pairs, as Python or Athena prints it, or be spread over columns, one for each key, or both.  Its
 * keys can lose a prefix, or their case, so that one tag has one name in all exports of a supplier.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "landing.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/formatting.h"

/* The name that a key of the field's object has with us: the longest prefix decides. */
char *
landing_object_key(LandingField *field, const char *key, int *len)
{
	const char *from = NULL;
	const char *to = "";
	char *result;

	for (int i = 0; i < field->prefixes.n; i += 2)
	{
		const char *prefix = field->prefixes.word[i];
		int n = strlen(prefix);

		if ((from == NULL || n > strlen(from)) && *len > n && memcmp(key, prefix, n) == 0)
		{
			from = prefix;
			to = field->prefixes.word[i + 1];
		}
	}
	result = from == NULL ? pnstrdup(key, *len)
	                      : psprintf("%s%.*s", to, (int)(*len - strlen(from)), key + strlen(from));
	switch (field->key_case)
	{
		case KEYS_AS_THEY_ARE: break;
		case KEYS_LOWER: result = str_tolower(result, strlen(result), DEFAULT_COLLATION_OID); break;
		case KEYS_UPPER: result = str_toupper(result, strlen(result), DEFAULT_COLLATION_OID); break;
	}
	*len = strlen(result);
	return result;
}

/* Adds one key and its value to the object in the making. */
static void
push(JsonbParseState **state, char *key, int key_len, JsonbValue *value)
{
	JsonbValue name = {.type = jbvString};

	name.val.string.val = key;
	name.val.string.len = key_len;
	pushJsonbValue(state, WJB_KEY, &name);
	pushJsonbValue(state, WJB_VALUE, value);
}

/* Adds the members of an object with the names they have with us. */
static void
push_object(JsonbParseState **state, LandingField *field, Jsonb *object)
{
	JsonbIterator *it = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue value;
	char *key = NULL;
	int len = 0;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			len = value.val.string.len;
			key = landing_object_key(field, value.val.string.val, &len);
		}
		else if (token == WJB_VALUE)
			push(state, key, len, &value);
	}
}

/* Adds the columns that are keys of the object and have a value. */
static void
push_members(JsonbParseState **state, Landing *landing, LandingField *field)
{
	for (int i = 1; i <= field->nmembers; i++)
	{
		JsonbValue value = {.type = jbvString};
		const char *s;
		int len;

		s = landing_value(landing, field + i, &len);
		if (s == NULL)
			continue;
		value.val.string.val = pnstrdup(s, len);
		value.val.string.len = len;
		push(state, field[i].name, strlen(field[i].name), &value);
	}
}

/* One of a pair's two keys, in any of the ways suppliers write them. */
static JsonbValue *
part_of_pair(JsonbContainer *pair, const char *name, const char *capital)
{
	JsonbValue *part = getKeyJsonValueFromContainer(pair, name, strlen(name), NULL);

	return part != NULL ? part : getKeyJsonValueFromContainer(pair, capital, strlen(capital), NULL);
}

/*
 * The object that a list of pairs is, [{"key": "a", "value": "b"}] or [["a", "b"]]; NULL
 * for any other list.
 */
static Jsonb *
object_of_pairs(Jsonb *list)
{
	JsonbParseState *state = NULL;
	int n = JB_ROOT_COUNT(list);

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < n; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(&list->root, i);
		JsonbContainer *pair;
		JsonbValue *key;
		JsonbValue *value;
		JsonbValue null = {.type = jbvNull};

		if (element->type != jbvBinary)
			return NULL;
		pair = element->val.binary.data;
		if (JsonContainerIsObject(pair))
		{
			key = part_of_pair(pair, "key", "Key");
			value = part_of_pair(pair, "value", "Value");
		}
		else if (JsonContainerSize(pair) == 2)
		{
			key = getIthJsonbValueFromContainer(pair, 0);
			value = getIthJsonbValueFromContainer(pair, 1);
		}
		else
			return NULL;
		if (key == NULL || key->type != jbvString || key->val.string.len > FIELD_NAME_MAX)
			return NULL;
		push(&state, key->val.string.val, key->val.string.len, value == NULL ? &null : value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* Where the key of a=b or a:b ends; NULL where the text is no such thing. */
static const char *
end_of_key(const char *s, const char *end, char mark)
{
	const char *p = s;

	if (p == end ||
	    !(pg_ascii_tolower((unsigned char)*p) >= 'a' && pg_ascii_tolower((unsigned char)*p) <= 'z'))
		return NULL;
	while (p < end && *p != mark)
		p++;
	return p == end || p - s > FIELD_NAME_MAX ? NULL : p;
}

/*
 * The object of {a=b, c=d}, as Athena and Trino print a map, or of a:b,c:d and a=b;c=d;
 * NULL for all else.  A part without a mark goes on with the value before it, which had
 * a comma.  What has quotes or brackets was JSON, and is damaged.
 */
static Jsonb *
object_of_words(const char *s, int len)
{
	JsonbParseState *state = NULL;
	const char *end = s + len;
	bool braces;
	char separator;
	char mark;
	JsonbValue value = {.type = jbvString};
	const char *key = NULL;
	const char *key_end = NULL;
	const char *value_end = NULL;

	while (s < end && *s == ' ')
		s++;
	while (s < end && end[-1] == ' ')
		end--;
	braces = end - s >= 2 && *s == '{' && end[-1] == '}';
	if (braces)
		s++, end--;
	if (s == end)
		return NULL;
	for (const char *p = s; p < end; p++)
		if (strchr("\"{}[]", *p) != NULL || (unsigned char)*p < ' ')
			return NULL;
	separator = !braces && memchr(s, ';', end - s) != NULL ? ';' : ',';
	mark = memchr(s, '=', end - s) != NULL ? '=' : ':';
	if (braces && mark == ':')
		return NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	while (s < end)
	{
		const char *next = memchr(s, separator, end - s);
		const char *part_end = next == NULL ? end : next;
		const char *found;

		while (s < part_end && *s == ' ')
			s++;
		found = end_of_key(s, part_end, mark);
		if (found != NULL)
		{
			if (key != NULL)
			{
				value.val.string.val = unconstify(char *, key_end + 1);
				value.val.string.len = value_end - (key_end + 1);
				push(&state, unconstify(char *, key), key_end - key, &value);
			}
			key = s;
			key_end = found;
		}
		else if (key == NULL && s < part_end)
			return NULL;
		value_end = part_end;
		s = next == NULL ? end : next + 1;
	}
	if (key == NULL)
		return NULL;
	value.val.string.val = unconstify(char *, key_end + 1);
	value.val.string.len = value_end - (key_end + 1);
	push(&state, unconstify(char *, key), key_end - key, &value);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* Reads an object in any of the ways suppliers write one; NULL when it is none. */
static Jsonb *
read_object(LandingField *field, const char *s, int len)
{
	char *json = pnstrdup(s, len);
	char first = json[strspn(json, " \t\r\n")];
	StringInfoData printed;
	Jsonb *object;

	if (field->bare && first != '{' && first != '[')
		json = psprintf("{%s}", json);
	initStringInfo(&printed);
	if (!field_json_nested(json, strlen(json)))
	{
		if (!field_json_from_python(json, strlen(json), &printed) ||
		    !field_json_nested(printed.data, printed.len))
			return object_of_words(s, len);
		json = printed.data;
	}
	object = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
	return JB_ROOT_IS_OBJECT(object) ? object : object_of_pairs(object);
}

/*
 * Reads an object from its text, which may be NULL, and from the columns that are
 * its keys.  NULL when that went well, else the reason why not.
 */
const char *
landing_read_object(Landing *landing, LandingField *field, const char *s, int len, Datum *value)
{
	JsonbParseState *state = NULL;
	JsonbValue *result;
	Jsonb *object = NULL;

	if (s != NULL)
	{
		object = read_object(field, s, len);
		if (object == NULL)
			return "not a JSON object";
		*value = JsonbPGetDatum(object);
	}
	if (field->nmembers == 0 && field->prefixes.n == 0 && field->key_case == KEYS_AS_THEY_ARE)
		return NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	if (object != NULL)
		push_object(&state, field, object);
	push_members(&state, landing, field);
	result = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	*value = JsonbPGetDatum(JsonbValueToJsonb(result));
	return NULL;
}
