/*
 * selector_io.c: input and output of selectors.
 */
#include "postgres.h"

#include "definition.h"
#include "selector.h"
#include "utils/builtins.h"
#include "utils/json.h"

/* Refuses a selector whose form on disk this release does not know. */
void
selector_refuse_version(const Selector *selector)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
	                errmsg("unsupported version %d of type selector on disk", selector->version),
	                errdetail("This release reads version %d.", SELECTOR_VERSION)));
}

/* Appends the values of a condition: one, or a list. */
static void
write_values(StringInfo buf, const Selector *selector, const SelectorCondition *condition)
{
	if (condition->nvalues > 1)
		appendStringInfoChar(buf, '[');
	for (int i = 0; i < condition->nvalues; i++)
	{
		if (i > 0)
			appendStringInfoChar(buf, ',');
		escape_json(buf, text_to_cstring(selector_value(selector, condition, i)));
	}
	if (condition->nvalues > 1)
		appendStringInfoChar(buf, ']');
}

/* Appends "KEY": of a condition. */
static void
write_key(StringInfo buf, const Selector *selector, const SelectorCondition *condition)
{
	StringInfoData name;

	initStringInfo(&name);
	appendStringInfoString(&name, selector_keys[condition->key].name);
	if (condition->tag != 0)
		appendStringInfoString(&name, text_to_cstring(selector_text_at(selector, condition->tag)));
	escape_json(buf, name.data);
	appendStringInfoChar(buf, ':');
}

/* Are both conditions on the same key? */
static bool
same_key(const Selector *selector, const SelectorCondition *a, const SelectorCondition *b)
{
	text *left;
	text *right;

	if (a->key != b->key || a->tag == 0)
		return a->key == b->key;
	left = selector_text_at(selector, a->tag);
	right = selector_text_at(selector, b->tag);
	return VARSIZE(left) == VARSIZE(right) &&
	       memcmp(VARDATA(left), VARDATA(right), VARSIZE(left) - VARHDRSZ) == 0;
}

/* Appends a condition that has an operator's name. */
static void
write_operator(StringInfo buf, const Selector *selector, const SelectorCondition *condition)
{
	if (condition->op == SELECTOR_MISSING || condition->op == SELECTOR_EXISTS)
	{
		appendStringInfo(buf, "\"%s\":%s", selector_operators[SELECTOR_EXISTS],
		                 condition->op == SELECTOR_EXISTS ? "true" : "false");
		return;
	}
	appendStringInfo(buf, "\"%s\":", selector_operators[condition->op]);
	write_values(buf, selector, condition);
}

/* The canonical text. */
char *
selector_text(const Selector *selector)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, '{');
	for (int i = 0; i < selector->nconditions; i++)
	{
		const SelectorCondition *condition = &selector->condition[i];
		bool first = i == 0 || !same_key(selector, condition - 1, condition);
		bool last = i == selector->nconditions - 1 || !same_key(selector, condition, condition + 1);

		if (i > 0)
			appendStringInfoChar(&buf, ',');
		if (first)
			write_key(&buf, selector, condition);
		if (condition->op == SELECTOR_EQUAL)
		{
			write_values(&buf, selector, condition);
			continue;
		}
		if (first)
			appendStringInfoChar(&buf, '{');
		write_operator(&buf, selector, condition);
		if (last)
			appendStringInfoChar(&buf, '}');
	}
	appendStringInfoChar(&buf, '}');
	return buf.data;
}

/* Reads a selector from its text; NULL after a soft error. */
static Selector *
read_text(char *text, Node *context)
{
	Definition def = {"selector", context};
	Jsonb *json = definition_parse(&def, text);

	return json ? selector_read(&def, json) : NULL;
}

/* From JSON text. */
PG_FUNCTION_INFO_V1(selector_in);
Datum
selector_in(PG_FUNCTION_ARGS)
{
	Selector *selector = read_text(PG_GETARG_CSTRING(0), (Node *)fcinfo->context);

	if (selector == NULL)
		PG_RETURN_NULL();
	PG_RETURN_SELECTOR(selector);
}

/* To the canonical JSON text. */
PG_FUNCTION_INFO_V1(selector_out);
Datum
selector_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(selector_text(PG_GETARG_SELECTOR(0)));
}

/* From the binary form. */
PG_FUNCTION_INFO_V1(selector_recv);
Datum
selector_recv(PG_FUNCTION_ARGS)
{
	Definition def = {"selector", NULL};

	PG_RETURN_SELECTOR(read_text(definition_receive(&def, (StringInfo)PG_GETARG_POINTER(0)), NULL));
}

/* To the binary form. */
PG_FUNCTION_INFO_V1(selector_send);
Datum
selector_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(definition_send(selector_text(PG_GETARG_SELECTOR(0))));
}

/* From jsonb. */
PG_FUNCTION_INFO_V1(selector_from_jsonb);
Datum
selector_from_jsonb(PG_FUNCTION_ARGS)
{
	Definition def = {"selector", (Node *)fcinfo->context};
	Jsonb *json = PG_GETARG_JSONB_P(0);
	Selector *selector = definition_fits(&def, VARSIZE(json)) ? selector_read(&def, json) : NULL;

	if (selector == NULL)
		PG_RETURN_NULL();
	PG_RETURN_SELECTOR(selector);
}

/* To jsonb. */
PG_FUNCTION_INFO_V1(selector_to_jsonb);
Datum
selector_to_jsonb(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(selector_text(PG_GETARG_SELECTOR(0))));
}
