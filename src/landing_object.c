/*
 * landing_object.c: JSON objects, as suppliers write tags.
 *
 * An object may be one column of the file, with or without its braces, or be
 * spread over columns, one for each key, or both.  Its keys can lose a prefix, or
 * their case, so that one tag has one name in all exports of a supplier.
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
		char *json = pnstrdup(s, len);

		if (field->bare && json[strspn(json, " \t\r\n")] != '{')
			json = psprintf("{%s}", json);
		if (!field_json_object(json, strlen(json)))
			return "not a JSON object";
		object = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
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
