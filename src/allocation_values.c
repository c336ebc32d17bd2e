/*
 * allocation_values.c: the values that an item has in all dimensions, as one value:
 * read by day, or all of them as rows.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "allocation_rule_set.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#define FOUND_COLUMNS 5

PG_FUNCTION_INFO_V1(allocation_values_in);

/* There is no text form to read: rules make it. */
Datum
allocation_values_in(PG_FUNCTION_ARGS)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
	                errmsg("cannot accept a value of type %s", "allocation_values"),
	                errhint("The function allocation_match makes one.")));
	PG_RETURN_VOID();
}

/* The values that a function is given. */
AllocationValues *
allocation_values_argument(Datum datum)
{
	AllocationValues *values = (AllocationValues *)PG_DETOAST_DATUM(datum);

	if (VARSIZE(values) < ALLOCATION_VALUES_FIRST || values->version != ALLOCATION_RULE_SET_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
		                errmsg("these values were made by another version"),
		                errhint("Make them anew with allocation_match.")));
	return values;
}

PG_FUNCTION_INFO_V1(allocation_values_out);

/* Tells how many there are. */
Datum
allocation_values_out(PG_FUNCTION_ARGS)
{
	AllocationValues *values = allocation_values_argument(PG_GETARG_DATUM(0));
	int n = 0;

	for (AllocationValue *value = allocation_value_at(values, ALLOCATION_VALUES_FIRST);
	     value != NULL; value = allocation_value_next(values, value))
		n++;
	PG_RETURN_CSTRING(psprintf("%d values", n));
}

PG_FUNCTION_INFO_V1(allocation_value);

/* The value of a dimension on a day; NULL where there is none. */
Datum
allocation_value(PG_FUNCTION_ARGS)
{
	AllocationValues *values = allocation_values_argument(PG_GETARG_DATUM(0));
	int32 dimension_id = PG_GETARG_INT32(1);
	DateADT day = PG_GETARG_DATEADT(2);

	for (AllocationValue *value = allocation_value_at(values, ALLOCATION_VALUES_FIRST);
	     value != NULL; value = allocation_value_next(values, value))
		if (value->dimension_id == dimension_id && value->from <= day && day < value->until)
		{
			if (value->length < 0)
				PG_RETURN_NULL();
			PG_RETURN_TEXT_P(cstring_to_text_with_len(value->value, value->length));
		}
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(allocation_values_found);

/* All values, as an array of rows for unnest. */
Datum
allocation_values_found(PG_FUNCTION_ARGS)
{
	AllocationValues *values = allocation_values_argument(PG_GETARG_DATUM(0));
	Oid type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	TupleDesc desc = fcinfo->flinfo->fn_extra;
	ArrayBuildState *found = initArrayResult(type, CurrentMemoryContext, false);

	if (desc == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		fcinfo->flinfo->fn_extra = desc = BlessTupleDesc(lookup_rowtype_tupdesc_copy(type, -1));
		MemoryContextSwitchTo(old);
		if (desc->natts != FOUND_COLUMNS)
			elog(ERROR, "type allocation_found has %d columns", desc->natts);
	}
	for (AllocationValue *value = allocation_value_at(values, ALLOCATION_VALUES_FIRST);
	     value != NULL; value = allocation_value_next(values, value))
	{
		bool none = value->length < 0;
		Datum row[FOUND_COLUMNS] = {
		    Int32GetDatum(value->dimension_id), Int32GetDatum(value->allocation_rule_id),
		    PointerGetDatum(none ? NULL : cstring_to_text_with_len(value->value, value->length)),
		    DateADTGetDatum(value->from), DateADTGetDatum(value->until)};
		bool nulls[FOUND_COLUMNS] = {false, value->allocation_rule_id == 0, none, false, false};

		accumArrayResult(found, HeapTupleGetDatum(heap_form_tuple(desc, row, nulls)), false, type,
		                 CurrentMemoryContext);
	}
	PG_RETURN_DATUM(makeArrayResult(found, CurrentMemoryContext));
}
