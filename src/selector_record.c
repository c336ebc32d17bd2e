/*
 * selector_record.c: reading what selectors ask of a record.
 *
 * A call site keeps which column each key means in its type of record, by the
 * number of the key, so selectors may change from call to call at no cost.
 * heap_getattr() and heap_deform_tuple() do the reading because they check that
 * the record was made with the layout that its type has now.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "selector_record.h"
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

struct SelectorRecord
{
	/* of the call site */
	MemoryContext context; /* of what follows */
	uint64 layout;         /* identifies the type of record as it is now */
	TupleDesc desc;
	Column columns[RECORD_KEYS];
	Datum *datums; /* the columns of a record that is read whole */
	bool *nulls;
	/* of the call */
	HeapTupleData tuple;
	bool whole;    /* read all columns when one is asked for */
	bool deformed; /* they have been read */
	bool have_tags[RECORD_KEYS];
	Jsonb *tags[RECORD_KEYS]; /* of keys with tags; or NULL */
};

/* Makes what a call site keeps, in a context of its own below the one given. */
SelectorRecord *
selector_record_make(MemoryContext parent)
{
	SelectorRecord *record = MemoryContextAllocZero(parent, sizeof(SelectorRecord));

	record->context = AllocSetContextCreate(parent, "selector", ALLOCSET_SMALL_SIZES);
	return record;
}

/* Prepares the call site for a type of record. */
static void
prepare(SelectorRecord *record, Oid type, int32 typmod)
{
	TupleDesc desc = lookup_rowtype_tupdesc(type, typmod);
	MemoryContext old;

	MemoryContextReset(record->context);
	memset(record->columns, 0, sizeof(record->columns));
	old = MemoryContextSwitchTo(record->context);
	/* With constraints, for the defaults of columns added to old rows. */
	record->desc = CreateTupleDescCopyConstr(desc);
	record->datums = palloc(desc->natts * sizeof(Datum));
	record->nulls = palloc(desc->natts * sizeof(bool));
	MemoryContextSwitchTo(old);
	ReleaseTupleDesc(desc);
}

/* Turns to a record.  Whole is for one of which several columns will be asked. */
void
selector_record_begin(SelectorRecord *record, HeapTupleHeader header, bool whole)
{
	Oid type = HeapTupleHeaderGetTypeId(header);
	int32 typmod = HeapTupleHeaderGetTypMod(header);
	uint64 layout = assign_record_type_identifier(type, typmod);

	if (record->layout != layout)
	{
		record->layout = INVALID_TUPLEDESC_IDENTIFIER;
		prepare(record, type, typmod);
		record->layout = layout;
	}
	record->tuple.t_data = header;
	record->tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	record->tuple.t_tableOid = InvalidOid;
	ItemPointerSetInvalid(&record->tuple.t_self);
	record->whole = whole;
	record->deformed = false;
	memset(record->have_tags, 0, sizeof(record->have_tags));
}

/* Looks up the column of a key. */
static void
look_up(SelectorRecord *record, int key)
{
	Column *column = &record->columns[key];
	const char *name = selector_keys[key].column;

	for (int i = 0; i < record->desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(record->desc, i);
		Oid type;

		if (attribute->attisdropped || strcmp(NameStr(attribute->attname), name) != 0)
			continue;
		type = getBaseType(attribute->atttypid);
		if (record_key_has_tags(key) && type != JSONBOID)
			ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
			                errmsg("column \"%s\" is of type %s, but a selector needs jsonb", name,
			                       format_type_be(attribute->atttypid))));
		column->is_text = type == TEXTOID || type == VARCHAROID;
		if (!column->is_text && !record_key_has_tags(key))
		{
			Oid output;
			bool is_varlena;

			getTypeOutputInfo(attribute->atttypid, &output, &is_varlena);
			fmgr_info_cxt(output, &column->output, record->context);
		}
		column->number = i + 1;
		return;
	}
	ereport(ERROR,
	        (errcode(ERRCODE_UNDEFINED_COLUMN), errmsg("the record has no column \"%s\"", name),
	         errdetail("The selector's key \"%s%s\" needs it.", selector_keys[key].name,
	                   record_key_has_tags(key) ? "KEY" : "")));
}

/* Refuses a record that has no column for the key. */
void
selector_record_need(SelectorRecord *record, int key)
{
	if (record->columns[key].number == 0)
		look_up(record, key);
}

/* The value of a key's column, which is known to be there. */
static Datum
read_column(SelectorRecord *record, int key, bool *is_null)
{
	int number = record->columns[key].number;

	Assert(number > 0);
	if (!record->whole)
		return heap_getattr(&record->tuple, number, record->desc, is_null);
	if (!record->deformed)
	{
		heap_deform_tuple(&record->tuple, record->desc, record->datums, record->nulls);
		record->deformed = true;
	}
	*is_null = record->nulls[number - 1];
	return record->datums[number - 1];
}

/* The value of a column as text. */
static SelectorValue
column_value(SelectorRecord *record, int key)
{
	Column *column = &record->columns[key];
	SelectorValue value = {NULL, 0, NULL};
	bool is_null;
	Datum datum = read_column(record, key, &is_null);

	if (is_null)
		return value;
	if (column->is_text)
	{
		value.string = DatumGetTextPP(datum);
		value.data = VARDATA_ANY(value.string);
		value.length = VARSIZE_ANY_EXHDR(value.string);
	}
	else
	{
		value.data = OutputFunctionCall(&column->output, datum);
		value.length = strlen(value.data);
	}
	return value;
}

/* The tags of a record; NULL when there are none, or they are no object. */
static Jsonb *
read_tags(SelectorRecord *record, int key)
{
	bool is_null;
	Datum datum = read_column(record, key, &is_null);
	Jsonb *tags = is_null ? NULL : DatumGetJsonbP(datum);

	return tags != NULL && JB_ROOT_IS_OBJECT(tags) ? tags : NULL;
}

/* The value of a tag as text; JSON null is not there. */
SelectorValue
selector_tag_value(Jsonb *tags, text *tag)
{
	SelectorValue value = {NULL, 0, NULL};
	JsonbValue found;

	if (tags == NULL || getKeyJsonValueFromContainer(&tags->root, VARDATA(tag),
	                                                 VARSIZE(tag) - VARHDRSZ, &found) == NULL)
		return value;
	switch (found.type)
	{
		case jbvNull: return value;
		case jbvString:
			value.data = found.val.string.val;
			value.length = found.val.string.len;
			return value;
		case jbvNumeric:
			value.data = DatumGetCString(
			    DirectFunctionCall1(numeric_out, NumericGetDatum(found.val.numeric)));
			break;
		case jbvBool: value.data = found.val.boolean ? "true" : "false"; break;
		default:
			value.data = JsonbToCString(NULL, found.val.binary.data, found.val.binary.len);
			break;
	}
	value.length = strlen(value.data);
	return value;
}

/* What the record has for a key, or for a tag, after selector_record_need(). */
SelectorValue
selector_record_value(SelectorRecord *record, int key, text *tag)
{
	if (!record_key_has_tags(key))
		return column_value(record, key);
	if (!record->have_tags[key])
	{
		record->tags[key] = read_tags(record, key);
		record->have_tags[key] = true;
	}
	return selector_tag_value(record->tags[key], tag);
}
