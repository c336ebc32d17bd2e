/*
 * selector_read.c: from JSON to a selector.
 */
#include "postgres.h"

#include "definition.h"
#include "selector.h"
#include "utils/builtins.h"

const SelectorKey selector_keys[RECORD_KEYS] = {
    {"provider", "provider_name"},
    {"publisher", "publisher_name"},
    {"issuer", "invoice_issuer_name"},
    {"billing_account", "billing_account_id"},
    {"account", "sub_account_id"},
    {"customer_ref", "source_customer_id"},
    {"service", "service_name"},
    {"service_category", "service_category"},
    {"sku", "sku_id"},
    {"meter", "sku_meter"},
    {"category", "charge_category"},
    {"class", "charge_class"},
    {"frequency", "charge_frequency"},
    {"description", "charge_description"},
    {"pricing_category", "pricing_category"},
    {"region", "region_id"},
    {"zone", "availability_zone"},
    {"resource", "resource_id"},
    {"resource_name", "resource_name"},
    {"resource_type", "resource_type"},
    {"commitment", "commitment_discount_id"},
    {"commitment_type", "commitment_discount_type"},
    {"commitment_status", "commitment_discount_status"},
    {"unit", "pricing_unit"},
    {"source", "source_name"},
    {SELECTOR_TAGS_PREFIX, "tags"},
    {"account.tags.", "account_tags"},
    {"resource.tags.", "resource_tags"},
    {"account_name", "sub_account_name"},
    {"billing_account_name", "billing_account_name"},
    {"customer", "customer_number"},
    {"customer_name", "customer_name"},
};

/* As they are written; equality and exists: false have no name of their own. */
const char *const selector_operators[SELECTOR_OPERATORS] = {
    NULL, "prefix", "suffix", "like", "not", "exists", NULL,
};

/* A condition that has been read. */
typedef struct Condition
{
	int key;
	SelectorOperator op;
	text *tag; /* or NULL */
	int nvalues;
	text **values; /* sorted, without duplicates */
} Condition;

/* What has been read. */
typedef struct Reader
{
	const Definition *def;
	int count;
	int size;
	Condition *conditions;
	/* the key being read */
	int key;
	text *tag;
} Reader;

/* Compares texts by their bytes. */
static int
compare_texts(const void *a, const void *b)
{
	text *left = *(text *const *)a;
	text *right = *(text *const *)b;
	int length = Min(VARSIZE_ANY_EXHDR(left), VARSIZE_ANY_EXHDR(right));
	int order = memcmp(VARDATA_ANY(left), VARDATA_ANY(right), length);

	if (order != 0)
		return order;
	return (VARSIZE_ANY_EXHDR(left) > VARSIZE_ANY_EXHDR(right)) -
	       (VARSIZE_ANY_EXHDR(left) < VARSIZE_ANY_EXHDR(right));
}

/* Compares conditions by key, tag and operator. */
static int
compare_conditions(const void *a, const void *b)
{
	const Condition *left = a;
	const Condition *right = b;
	int order = left->key - right->key;

	if (order == 0 && left->tag)
		order = compare_texts(&left->tag, &right->tag);
	return order != 0 ? order : (int)left->op - (int)right->op;
}

/* Adds a condition on the key being read. */
static Condition *
add_condition(Reader *reader, SelectorOperator op)
{
	Condition *condition;

	if (reader->count == reader->size)
	{
		reader->size = Max(8, 2 * reader->size);
		reader->conditions = reader->conditions
		                         ? repalloc(reader->conditions, reader->size * sizeof(Condition))
		                         : palloc(reader->size * sizeof(Condition));
	}
	condition = &reader->conditions[reader->count++];
	condition->key = reader->key;
	condition->op = op;
	condition->tag = reader->tag;
	condition->nvalues = 0;
	condition->values = NULL;
	return condition;
}

/* Sorts the values of a condition and drops duplicates. */
static void
sort_values(Condition *condition)
{
	int kept = 0;

	qsort(condition->values, condition->nvalues, sizeof(text *), compare_texts);
	for (int i = 0; i < condition->nvalues; i++)
	{
		if (kept == 0 || compare_texts(&condition->values[kept - 1], &condition->values[i]) != 0)
			condition->values[kept++] = condition->values[i];
	}
	condition->nvalues = kept;
}

/* Reads the one string of an operator. */
static bool
read_string(Reader *reader, const char *path, SelectorOperator op, const JsonbValue *value)
{
	Condition *condition;

	if (value->type != jbvString && op == SELECTOR_EQUAL)
		return definition_refuse(reader->def, path,
		                         value->type == jbvNull ? "Write {\"exists\": false}."
		                                                : "Write a number in quotes.",
		                         "must be a string, a list of strings or an object of operators");
	if (value->type != jbvString)
		return definition_refuse(reader->def, path, NULL, "must be a string");
	condition = add_condition(reader, op);
	condition->nvalues = 1;
	condition->values = palloc(sizeof(text *));
	condition->values[0] = cstring_to_text_with_len(value->val.string.val, value->val.string.len);
	return true;
}

/* Reads a string or a list of strings. */
static bool
read_strings(Reader *reader, const char *path, SelectorOperator op, JsonbValue *value)
{
	JsonbContainer *array = definition_array(value);
	Condition *condition;

	if (array == NULL)
		return read_string(reader, path, op, value);
	condition = add_condition(reader, op);
	condition->nvalues = JsonContainerSize(array);
	if (condition->nvalues == 0)
		return definition_refuse(reader->def, path, NULL, "must not be an empty list");
	condition->values = palloc(condition->nvalues * sizeof(text *));
	for (int i = 0; i < condition->nvalues; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array, i);

		if (element->type != jbvString)
			return definition_refuse(reader->def, definition_element(path, i), NULL,
			                         "must be a string");
		condition->values[i] =
		    cstring_to_text_with_len(element->val.string.val, element->val.string.len);
	}
	sort_values(condition);
	return true;
}

/* Refuses an affix that is empty, and a pattern that ends in its escape. */
static bool
check_pattern(Reader *reader, const char *path, SelectorOperator op, const JsonbValue *value)
{
	int length = value->val.string.len;
	int escapes = 0;

	if (op != SELECTOR_LIKE && length == 0)
		return definition_refuse(reader->def, path, "Write {\"exists\": true}.",
		                         "must not be empty");
	while (op == SELECTOR_LIKE && escapes < length &&
	       value->val.string.val[length - 1 - escapes] == '\\')
		escapes++;
	if (escapes % 2 != 0)
		return definition_refuse(reader->def, path, "Write a backslash itself as two.",
		                         "must not end with an escape character");
	return true;
}

/* The same for each of a list. */
static bool
check_patterns(Reader *reader, const char *path, SelectorOperator op, JsonbValue *value)
{
	JsonbContainer *array = definition_array(value);

	if (array == NULL)
		return check_pattern(reader, path, op, value);
	for (int i = 0; i < JsonContainerSize(array); i++)
	{
		if (!check_pattern(reader, definition_element(path, i), op,
		                   getIthJsonbValueFromContainer(array, i)))
			return false;
	}
	return true;
}

/* Reads an operator with what it wants. */
static bool
read_operator(void *arg, const char *path, const JsonbValue *name, JsonbValue *value)
{
	Reader *reader = arg;

	for (SelectorOperator op = SELECTOR_PREFIX; op <= SELECTOR_LIKE; op++)
	{
		if (definition_is(name, selector_operators[op]))
			return read_strings(reader, path, op, value) && check_patterns(reader, path, op, value);
	}
	if (definition_is(name, selector_operators[SELECTOR_NOT]))
		return read_strings(reader, path, SELECTOR_NOT, value);
	if (!definition_is(name, selector_operators[SELECTOR_EXISTS]))
		return definition_refuse(reader->def, path,
		                         "The operators are prefix, suffix, like, not and exists.",
		                         "is not an operator");
	if (value->type != jbvBool)
		return definition_refuse(reader->def, path, NULL, "must be true or false");
	add_condition(reader, value->val.boolean ? SELECTOR_EXISTS : SELECTOR_MISSING);
	return true;
}

/* Is it a name, of this length? */
static bool
is_name(const char *name, int length, const char *known)
{
	return length == strlen(known) && memcmp(name, known, length) == 0;
}

/*
 * Finds one of the first keys by its name, or by its column's; -1 if there is none.
 * Of a key that stands for tags, the KEY begins where the key's name ends.
 */
int
selector_key_find(const char *name, int length, int keys)
{
	for (int i = 0; i < keys; i++)
	{
		const char *known = selector_keys[i].name;
		int prefix = strlen(known);

		if (record_key_has_tags(i)
		        ? length > prefix && memcmp(name, known, prefix) == 0
		        : is_name(name, length, known) || is_name(name, length, selector_keys[i].column))
			return i;
	}
	return -1;
}

/* Refuses an unknown key. */
static bool
refuse_key(const Reader *reader, const char *path)
{
	StringInfoData hint;

	initStringInfo(&hint);
	for (int i = 0; i < SELECTOR_TAGS; i++)
		appendStringInfo(&hint, "%s%s", i == 0 ? "The keys are " : ", ", selector_keys[i].name);
	appendStringInfoString(&hint, " and tags.KEY; a column's name is good as well.");
	return definition_refuse(reader->def, path, hint.data, "is not a key");
}

/* Reads a key with its conditions. */
static bool
read_member(void *arg, const char *path, const JsonbValue *name, JsonbValue *value)
{
	Reader *reader = arg;
	JsonbContainer *object = definition_object(value);
	int prefix = strlen(SELECTOR_TAGS_PREFIX);

	reader->key = selector_key_find(name->val.string.val, name->val.string.len, SELECTOR_KEYS);
	reader->tag = NULL;
	if (reader->key < 0)
		return refuse_key(reader, path);
	if (reader->key == SELECTOR_TAGS)
		reader->tag =
		    cstring_to_text_with_len(name->val.string.val + prefix, name->val.string.len - prefix);
	for (int i = 0; reader->tag == NULL && i < reader->count; i++)
	{
		if (reader->conditions[i].key == reader->key)
			return definition_refuse(reader->def, path, NULL, "repeats the key %s",
			                         selector_keys[reader->key].name);
	}
	if (object == NULL)
		return read_strings(reader, path, SELECTOR_EQUAL, value);
	if (JsonContainerSize(object) == 0)
		return definition_refuse(reader->def, path,
		                         "The operators are prefix, suffix, like, not and exists.",
		                         "must have an operator");
	return definition_members(object, path, read_operator, reader);
}

/* Lays a text down at the end, and returns where. */
static uint32
lay_text(StringInfo buf, text *value)
{
	uint32 offset = buf->len;

	appendBinaryStringInfo(buf, (char *)value, VARSIZE(value));
	while (buf->len % sizeof(int32) != 0)
		appendStringInfoChar(buf, '\0');
	return offset;
}

/* Lays the values of a condition down, after a list of where each is. */
static void
lay_values(StringInfo buf, const Condition *read, SelectorCondition *condition)
{
	Size size = read->nvalues * sizeof(uint32);
	uint32 *offsets = palloc0(size);

	condition->nvalues = read->nvalues;
	condition->values = buf->len;
	appendBinaryStringInfo(buf, (char *)offsets, size);
	for (int i = 0; i < read->nvalues; i++)
		offsets[i] = lay_text(buf, read->values[i]);
	memcpy(buf->data + condition->values, offsets, size);
}

/* The on-disk form of what has been read. */
static Selector *
lay_out(Reader *reader)
{
	Size size = offsetof(Selector, condition) + reader->count * sizeof(SelectorCondition);
	Selector *selector = palloc0(size);
	StringInfoData buf;

	if (reader->count > 1)
		qsort(reader->conditions, reader->count, sizeof(Condition), compare_conditions);
	selector->version = SELECTOR_VERSION;
	selector->nconditions = reader->count;
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, (char *)selector, size);
	for (int i = 0; i < reader->count; i++)
	{
		const Condition *read = &reader->conditions[i];
		SelectorCondition *condition = &selector->condition[i];

		condition->key = read->key;
		condition->op = read->op;
		if (read->tag)
			condition->tag = lay_text(&buf, read->tag);
		lay_values(&buf, read, condition);
	}
	SET_VARSIZE(selector, buf.len);
	memcpy(buf.data, selector, size);
	return (Selector *)buf.data;
}

/* Reads a selector; NULL after a soft error. */
Selector *
selector_read(const Definition *def, Jsonb *json)
{
	Reader reader = {.def = def};

	if (!JB_ROOT_IS_OBJECT(json))
	{
		definition_refuse(def, "$", "Write {\"provider\": \"AWS\"}, or {} for everything.",
		                  "must be an object");
		return NULL;
	}
	if (!definition_members(&json->root, "$", read_member, &reader))
		return NULL;
	if (reader.count > SELECTOR_MAX_CONDITIONS)
	{
		definition_refuse(def, "$", NULL, "has more than %d conditions", SELECTOR_MAX_CONDITIONS);
		return NULL;
	}
	return lay_out(&reader);
}
