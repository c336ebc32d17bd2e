/*
 * selector_match.c: does a record satisfy a selector?
 *
 * A record is read only as far as the conditions ask, until one does not hold.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "selector_record.h"
#include "utils/builtins.h"

/* Compares a value with a text of the selector, by bytes. */
static int
compare(const SelectorValue *value, text *other)
{
	int length = VARSIZE(other) - VARHDRSZ;
	int order = memcmp(value->data, VARDATA(other), Min(value->length, length));

	return order != 0 ? order : value->length - length;
}

/* Is the value one of the condition's? */
static bool
is_any(const Selector *selector, const SelectorCondition *condition, const SelectorValue *value)
{
	int low = 0;
	int high = condition->nvalues - 1;

	while (low <= high)
	{
		int middle = (low + high) / 2;
		int order = compare(value, selector_value(selector, condition, middle));

		if (order == 0)
			return true;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return false;
}

/* Does the value begin, or end, with the text? */
static bool
has_affix(const SelectorValue *value, text *affix, bool at_end)
{
	int length = VARSIZE(affix) - VARHDRSZ;

	return value->length >= length &&
	       memcmp(value->data + (at_end ? value->length - length : 0), VARDATA(affix), length) == 0;
}

/* Does the value match the pattern? */
static bool
is_like(SelectorValue *value, text *pattern)
{
	if (value->string == NULL)
		value->string = cstring_to_text_with_len(value->data, value->length);
	return DatumGetBool(DirectFunctionCall2Coll(
	    textlike, C_COLLATION_OID, PointerGetDatum(value->string), PointerGetDatum(pattern)));
}

/* Does the value fit one of the condition's texts, as the operator has it? */
static bool
fits_any(const Selector *selector, const SelectorCondition *condition, SelectorValue *value)
{
	for (int i = 0; i < condition->nvalues; i++)
	{
		text *wanted = selector_value(selector, condition, i);

		if (condition->op == SELECTOR_LIKE
		        ? is_like(value, wanted)
		        : has_affix(value, wanted, condition->op == SELECTOR_SUFFIX))
			return true;
	}
	return false;
}

/* Does a condition hold for what is there, if anything is? */
bool
selector_holds(const Selector *selector, const SelectorCondition *condition, SelectorValue *value)
{
	bool there = value->data != NULL;

	switch ((SelectorOperator)condition->op)
	{
		case SELECTOR_EQUAL: return there && is_any(selector, condition, value);
		case SELECTOR_PREFIX:
		case SELECTOR_SUFFIX:
		case SELECTOR_LIKE: return there && fits_any(selector, condition, value);
		case SELECTOR_NOT: return !there || !is_any(selector, condition, value);
		case SELECTOR_EXISTS: return there;
		case SELECTOR_MISSING: return !there;
		case SELECTOR_OPERATORS: break;
	}
	elog(ERROR, "unknown operator %d in a selector", condition->op);
}

/* Do all conditions of the selector hold for the record? */
PG_FUNCTION_INFO_V1(selector_matches);
Datum
selector_matches(PG_FUNCTION_ARGS)
{
	Selector *selector = PG_GETARG_SELECTOR(0);
	SelectorRecord *record = fcinfo->flinfo->fn_extra;

	if (selector->nconditions == 0)
		PG_RETURN_BOOL(true);
	if (record == NULL)
		fcinfo->flinfo->fn_extra = record = selector_record_make(fcinfo->flinfo->fn_mcxt);
	selector_record_begin(record, PG_GETARG_HEAPTUPLEHEADER(1), false);
	/* A key without a column is refused whatever the other conditions say. */
	for (int i = 0; i < selector->nconditions; i++)
		selector_record_need(record, selector->condition[i].key);
	for (int i = 0; i < selector->nconditions; i++)
	{
		const SelectorCondition *condition = &selector->condition[i];
		SelectorValue value = selector_record_value(record, condition->key,
		                                            selector_text_at(selector, condition->tag));

		if (!selector_holds(selector, condition, &value))
			PG_RETURN_BOOL(false);
	}
	PG_RETURN_BOOL(true);
}

/*
 * How much the selector says: the sum over its conditions of 4 for one value, 3
 * for any of a list, 2 for a prefix, suffix or pattern, 1 for not and exists.
 */
PG_FUNCTION_INFO_V1(selector_specificity);
Datum
selector_specificity(PG_FUNCTION_ARGS)
{
	Selector *selector = PG_GETARG_SELECTOR(0);
	int32 specificity = 0;

	for (int i = 0; i < selector->nconditions; i++)
	{
		const SelectorCondition *condition = &selector->condition[i];

		if (condition->op == SELECTOR_EQUAL)
			specificity += condition->nvalues == 1 ? 4 : 3;
		else
			specificity += condition->op <= SELECTOR_LIKE ? 2 : 1;
	}
	PG_RETURN_INT32(specificity);
}
