/*
 * landing_options.c: what a field's own JSON in source.fields says of how it is
 * read, beyond what source_detect has columns for.
 */
#include "postgres.h"

#include "landing.h"
#include "utils/builtins.h"

/* A member of an object; NULL when it is not there. */
static JsonbValue *
member(JsonbContainer *object, const char *key)
{
	return getKeyJsonValueFromContainer(object, key, strlen(key), NULL);
}

/* A string of the JSON as one of the load's. */
static char *
string_of(JsonbValue *value)
{
	if (value->type != jbvString)
		elog(ERROR, "a format has an option that is not a string");
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* The strings of an array, or one string by itself. */
static Words
words_of(JsonbValue *value)
{
	Words words = {0};
	JsonbContainer *list;

	if (value == NULL)
		return words;
	if (value->type == jbvString)
	{
		words.n = 1;
		words.word = palloc(sizeof(char *));
		words.word[0] = string_of(value);
		return words;
	}
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		elog(ERROR, "a format has an option that is not a list");
	list = value->val.binary.data;
	words.word = palloc(JsonContainerSize(list) * sizeof(char *));
	for (uint32 i = 0; i < JsonContainerSize(list); i++)
		words.word[words.n++] = string_of(getIthJsonbValueFromContainer(list, i));
	return words;
}

/* Calls back for each member of an object. */
static void
each_member(Landing *landing, LandingField *field, JsonbValue *object,
            void (*take)(Landing *, LandingField *, char *, JsonbValue *))
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;
	char *key = NULL;

	if (object == NULL)
		return;
	if (object->type != jbvBinary || !JsonContainerIsObject(object->val.binary.data))
		elog(ERROR, "a format has an option that is not an object");
	it = JsonbIteratorInit(object->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = string_of(&value);
		else if (token == WJB_VALUE)
			take(landing, field, key, &value);
	}
}

/* One prefix of keys, and what stands in its place. */
static void
add_prefix(Landing *landing, LandingField *field, char *key, JsonbValue *value)
{
	Words *prefixes = &field->prefixes;

	prefixes->word = prefixes->word == NULL
	                     ? palloc(2 * sizeof(char *))
	                     : repalloc(prefixes->word, (prefixes->n + 2) * sizeof(char *));
	prefixes->word[prefixes->n++] = key;
	prefixes->word[prefixes->n++] = string_of(value);
}

/* Values of a field in which a cost is not billed; a field the file lacks has none of them. */
static void
add_exception(Landing *landing, LandingField *field, char *key, JsonbValue *value)
{
	LandingException *exception;

	field->exceptions =
	    field->exceptions == NULL
	        ? palloc(sizeof(LandingException))
	        : repalloc(field->exceptions, (field->nexceptions + 1) * sizeof(LandingException));
	exception = &field->exceptions[field->nexceptions++];
	exception->values = words_of(value);
	exception->field = NULL;
	for (int i = 0; i < landing->nfields; i++)
		if (strcmp(landing->fields[i].name, key) == 0)
			exception->field = &landing->fields[i];
	if (exception->field == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("format \"%s\" has no field \"%s\" before \"%s\"", landing->source_name,
		                key, field->name),
		         errhint("The option unless of a field names fields that stand before it.")));
}

/* The reason of a time that is not written as the field says. */
static char *
time_fault(const Words *formats)
{
	StringInfoData fault;

	initStringInfo(&fault);
	appendStringInfoString(&fault, "not a date or time in ");
	for (int i = 0; i < formats->n; i++)
		appendStringInfo(&fault, "%s%s", i > 0 ? " or " : "",
		                 strcmp(formats->word[i], "ISO") == 0 ? "ISO 8601" : formats->word[i]);
	return fault.data;
}

/* Reads the options of a field, all in the memory of the load. */
void
landing_read_options(Landing *landing, LandingField *field, Jsonb *options)
{
	MemoryContext old = MemoryContextSwitchTo(landing->context);
	JsonbContainer *object = &options->root;
	JsonbValue *value;

	field->formats = words_of(member(object, "formats"));
	if (field->formats.n > 0)
		field->time_fault = time_fault(&field->formats);
	field->by_month = member(object, "by") != NULL;
	if (field->by_month)
		landing->month = field;

	value = member(object, "bare");
	field->bare = value != NULL && value->type == jbvBool && value->val.boolean;
	each_member(landing, field, member(object, "prefixes"), add_prefix);
	value = member(object, "case");
	if (value != NULL)
		field->key_case = pg_strcasecmp(string_of(value), "lower") == 0 ? KEYS_LOWER : KEYS_UPPER;

	each_member(landing, field, member(object, "unless"), add_exception);
	MemoryContextSwitchTo(old);
}
