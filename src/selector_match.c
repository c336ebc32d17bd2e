/*
 * selector_match.c: does a record satisfy a selector?
 *
 * A call site keeps which column each key means in its type of record, by the
 * number of the key, so selectors may change from call to call at no cost.  A
 * record is read only as far as the conditions ask, until one does not hold.
 * heap_getattr() does the reading because it checks that the record was made
 * with the layout that its type has now.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "selector.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

/* A column that a key means. */
typedef struct Column
{
	AttrNumber number; /* 0 until it is looked up */
	bool is_text;
	FmgrInfo output; /* of what is no text */
} Column;

/* What a call site keeps. */
typedef struct CallSite
{
	MemoryContext context; /* of what follows */
	uint64 layout;         /* identifies the type of record as it is now */
	TupleDesc desc;
	Column columns[SELECTOR_KEYS];
} CallSite;

/* A string that is no datum. */
typedef struct Value
{
	const char *data;
	int length;
} Value;

/* Prepares the call site for a type of record. */
static void
prepare(CallSite *site, Oid type, int32 typmod)
{
	TupleDesc desc = lookup_rowtype_tupdesc(type, typmod);
	MemoryContext old;

	MemoryContextReset(site->context);
	memset(site->columns, 0, sizeof(site->columns));
	old = MemoryContextSwitchTo(site->context);
	/* With constraints, for the defaults of columns added to old rows. */
	site->desc = CreateTupleDescCopyConstr(desc);
	MemoryContextSwitchTo(old);
	ReleaseTupleDesc(desc);
}

/* The call site, prepared for the record's type. */
static CallSite *
call_site(FmgrInfo *flinfo, HeapTupleHeader record)
{
	CallSite *site = flinfo->fn_extra;
	Oid type = HeapTupleHeaderGetTypeId(record);
	int32 typmod = HeapTupleHeaderGetTypMod(record);
	uint64 layout = assign_record_type_identifier(type, typmod);

	if (site == NULL)
	{
		site = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CallSite));
		site->context =
		    AllocSetContextCreate(flinfo->fn_mcxt, "selector_matches", ALLOCSET_SMALL_SIZES);
		flinfo->fn_extra = site;
	}
	if (site->layout != layout)
	{
		site->layout = INVALID_TUPLEDESC_IDENTIFIER;
		prepare(site, type, typmod);
		site->layout = layout;
	}
	return site;
}

/* Looks up the column of a key. */
static void
look_up(CallSite *site, int key)
{
	Column *column = &site->columns[key];
	const char *name = selector_keys[key].column;

	for (int i = 0; i < site->desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(site->desc, i);
		Oid type;

		if (attribute->attisdropped || strcmp(NameStr(attribute->attname), name) != 0)
			continue;
		type = getBaseType(attribute->atttypid);
		if (key == SELECTOR_TAGS && type != JSONBOID)
			ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
			                errmsg("column \"%s\" is of type %s, but a selector needs jsonb", name,
			                       format_type_be(attribute->atttypid))));
		column->is_text = type == TEXTOID || type == VARCHAROID;
		if (!column->is_text && key != SELECTOR_TAGS)
		{
			Oid output;
			bool is_varlena;

			getTypeOutputInfo(attribute->atttypid, &output, &is_varlena);
			fmgr_info_cxt(output, &column->output, site->context);
		}
		column->number = i + 1;
		return;
	}
	ereport(ERROR,
	        (errcode(ERRCODE_UNDEFINED_COLUMN), errmsg("the record has no column \"%s\"", name),
	         errdetail("The selector's key \"%s%s\" needs it.", selector_keys[key].name,
	                   key == SELECTOR_TAGS ? "KEY" : "")));
}

/* The column that a key means. */
static Column *
column_of(CallSite *site, int key)
{
	if (site->columns[key].number == 0)
		look_up(site, key);
	return &site->columns[key];
}

/* The value of a column as text; false for NULL. */
static bool
column_value(CallSite *site, HeapTuple record, int key, Value *value)
{
	Column *column = column_of(site, key);
	bool is_null;
	Datum datum = heap_getattr(record, column->number, site->desc, &is_null);

	if (is_null)
		return false;
	if (column->is_text)
	{
		text *string = DatumGetTextPP(datum);

		value->data = VARDATA_ANY(string);
		value->length = VARSIZE_ANY_EXHDR(string);
	}
	else
	{
		value->data = OutputFunctionCall(&column->output, datum);
		value->length = strlen(value->data);
	}
	return true;
}

/* The tags of a record, or NULL. */
static Jsonb *
tags_of(CallSite *site, HeapTuple record)
{
	bool is_null;
	Datum datum =
	    heap_getattr(record, column_of(site, SELECTOR_TAGS)->number, site->desc, &is_null);

	return is_null ? NULL : DatumGetJsonbP(datum);
}

/* The value of a tag as text; false for one that is not there, or JSON null. */
static bool
tag_value(Jsonb *tags, text *tag, Value *value)
{
	JsonbValue found;

	if (tags == NULL || !JB_ROOT_IS_OBJECT(tags) ||
	    getKeyJsonValueFromContainer(&tags->root, VARDATA(tag), VARSIZE(tag) - VARHDRSZ, &found) ==
	        NULL)
		return false;
	switch (found.type)
	{
		case jbvNull: return false;
		case jbvString:
			value->data = found.val.string.val;
			value->length = found.val.string.len;
			return true;
		case jbvNumeric:
			value->data = DatumGetCString(
			    DirectFunctionCall1(numeric_out, NumericGetDatum(found.val.numeric)));
			break;
		case jbvBool: value->data = found.val.boolean ? "true" : "false"; break;
		default:
			value->data = JsonbToCString(NULL, found.val.binary.data, found.val.binary.len);
			break;
	}
	value->length = strlen(value->data);
	return true;
}

/* Compares a value with a text of the selector, by bytes. */
static int
compare(const Value *value, text *other)
{
	int length = VARSIZE(other) - VARHDRSZ;
	int order = memcmp(value->data, VARDATA(other), Min(value->length, length));

	return order != 0 ? order : value->length - length;
}

/* Is the value one of the condition's? */
static bool
is_any(const Selector *selector, const SelectorCondition *condition, const Value *value)
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
has_affix(const Value *value, text *affix, bool at_end)
{
	int length = VARSIZE(affix) - VARHDRSZ;

	return value->length >= length &&
	       memcmp(value->data + (at_end ? value->length - length : 0), VARDATA(affix), length) == 0;
}

/* Does the value match the pattern? */
static bool
is_like(const Value *value, text *pattern)
{
	text *string = cstring_to_text_with_len(value->data, value->length);

	return DatumGetBool(DirectFunctionCall2Coll(textlike, C_COLLATION_OID, PointerGetDatum(string),
	                                            PointerGetDatum(pattern)));
}

/* Does a condition hold for what is there, if anything is? */
static bool
holds(const Selector *selector, const SelectorCondition *condition, bool there, const Value *value)
{
	switch ((SelectorOperator)condition->op)
	{
		case SELECTOR_EQUAL: return there && is_any(selector, condition, value);
		case SELECTOR_PREFIX:
			return there && has_affix(value, selector_value(selector, condition, 0), false);
		case SELECTOR_SUFFIX:
			return there && has_affix(value, selector_value(selector, condition, 0), true);
		case SELECTOR_LIKE: return there && is_like(value, selector_value(selector, condition, 0));
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
	HeapTupleData record;
	CallSite *site;
	Jsonb *tags = NULL;
	bool have_tags = false;

	if (selector->nconditions == 0)
		PG_RETURN_BOOL(true);
	record.t_data = PG_GETARG_HEAPTUPLEHEADER(1);
	record.t_len = HeapTupleHeaderGetDatumLength(record.t_data);
	record.t_tableOid = InvalidOid;
	ItemPointerSetInvalid(&record.t_self);
	site = call_site(fcinfo->flinfo, record.t_data);
	/* A key without a column is refused whatever the other conditions say. */
	for (int i = 0; i < selector->nconditions; i++)
		column_of(site, selector->condition[i].key);
	for (int i = 0; i < selector->nconditions; i++)
	{
		const SelectorCondition *condition = &selector->condition[i];
		Value value = {NULL, 0};
		bool there;

		if (condition->key != SELECTOR_TAGS)
			there = column_value(site, &record, condition->key, &value);
		else
		{
			if (!have_tags)
				tags = tags_of(site, &record);
			have_tags = true;
			there = tag_value(tags, selector_text_at(selector, condition->tag), &value);
		}
		if (!holds(selector, condition, there, &value))
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
