/*
 * selector_set_agg.c: sets of selectors in SQL.
 *
 * An aggregate gathers selectors in the order of its rows and packs them.  There
 * is no other way to make a set, so what is in one can be trusted.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "int_array.h"
#include "selector_set.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* Selectors while they are gathered. */
typedef struct Gathered
{
	int n;
	int size;
	int *ids;
	Selector **selectors;
} Gathered;

/* There is no text form to read: a set is made of rows. */
PG_FUNCTION_INFO_V1(selector_set_in);
Datum
selector_set_in(PG_FUNCTION_ARGS)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
	                errmsg("cannot accept a value of type %s", "selector_set"),
	                errhint("The aggregate selector_set makes one of rows.")));
	PG_RETURN_VOID();
}

/* Tells how many selectors there are. */
PG_FUNCTION_INFO_V1(selector_set_out);
Datum
selector_set_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(psprintf("%d selectors", PG_GETARG_SELECTOR_SET(0)->nmembers));
}

/* A state with room for one more. */
static Gathered *
with_room(Gathered *state)
{
	if (state == NULL)
	{
		state = palloc0(sizeof(Gathered));
		state->size = 64;
		state->ids = palloc(state->size * sizeof(int));
		state->selectors = palloc(state->size * sizeof(Selector *));
	}
	else if (state->n == state->size)
	{
		state->size *= 2;
		state->ids = repalloc(state->ids, state->size * sizeof(int));
		state->selectors = repalloc(state->selectors, state->size * sizeof(Selector *));
	}
	return state;
}

/* Adds a selector; one that is NULL holds for nothing, as in selector_matches. */
PG_FUNCTION_INFO_V1(selector_set_transition);
Datum
selector_set_transition(PG_FUNCTION_ARGS)
{
	Gathered *state = PG_ARGISNULL(0) ? NULL : (Gathered *)PG_GETARG_POINTER(0);
	MemoryContext context;
	MemoryContext old;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (PG_ARGISNULL(1))
		ereport(ERROR,
		        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a selector lacks its id")));
	if (PG_ARGISNULL(2))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	old = MemoryContextSwitchTo(context);
	state = with_room(state);
	state->ids[state->n] = PG_GETARG_INT32(1);
	state->selectors[state->n] =
	    DatumGetSelector(PointerGetDatum(PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(2))));
	state->n++;
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(state);
}

/* Packs what was gathered, which stays as it is. */
PG_FUNCTION_INFO_V1(selector_set_final);
Datum
selector_set_final(PG_FUNCTION_ARGS)
{
	Gathered *state = PG_ARGISNULL(0) ? NULL : (Gathered *)PG_GETARG_POINTER(0);

	if (state == NULL)
		return selector_set_build(0, NULL, NULL);
	return selector_set_build(state->n, state->ids, state->selectors);
}

/* What the call keeps. */
static SelectorSite *
site_of(FmgrInfo *flinfo)
{
	if (flinfo->fn_extra == NULL)
		flinfo->fn_extra = selector_site_make(flinfo->fn_mcxt);
	return flinfo->fn_extra;
}

/* The ids of all selectors that hold for a record, in the order of the set. */
PG_FUNCTION_INFO_V1(selector_match);
Datum
selector_match(PG_FUNCTION_ARGS)
{
	int *ids;
	int n = selector_set_match(site_of(fcinfo->flinfo), PG_GETARG_SELECTOR_SET(0),
	                           PG_GETARG_HEAPTUPLEHEADER(1), &ids);
	ArrayType *array;
	int32 *elements;

	array = int_array_make(n, &elements);
	if (n > 0)
		memcpy(elements, ids, n * sizeof(int32));
	PG_RETURN_ARRAYTYPE_P(array);
}

/* The id of the first selector of the set that holds for a record. */
PG_FUNCTION_INFO_V1(selector_match_first);
Datum
selector_match_first(PG_FUNCTION_ARGS)
{
	int id;

	if (!selector_set_first(site_of(fcinfo->flinfo), PG_GETARG_SELECTOR_SET(0),
	                        PG_GETARG_HEAPTUPLEHEADER(1), &id))
		PG_RETURN_NULL();
	PG_RETURN_INT32(id);
}
