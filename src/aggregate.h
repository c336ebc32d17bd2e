/*
 * aggregate.h: what the functions of aggregates have in common.
 */
#ifndef CLOUDBILLING_AGGREGATE_H
#define CLOUDBILLING_AGGREGATE_H

#include "compat.h"
#include "fmgr.h"
#include "lib/stringinfo.h"

/* The aggregate's memory, which lives as long as its states. */
static inline MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return context;
}

/* The state in an argument, or NULL; only an aggregate can have made it. */
static inline void *
aggregate_state(FunctionCallInfo fcinfo, int number)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return PG_ARGISNULL(number) ? NULL : PG_GETARG_POINTER(number);
}

/* Whether any of the aggregate's own arguments is NULL. */
static inline bool
aggregate_row_has_null(FunctionCallInfo fcinfo)
{
	for (int i = 1; i < PG_NARGS(); i++)
	{
		if (PG_ARGISNULL(i))
			return true;
	}
	return false;
}

/* Returns a state, or NULL where there is none yet. */
#define AGGREGATE_RETURN_STATE(state)                                                              \
	do                                                                                             \
	{                                                                                              \
		if ((state) == NULL)                                                                       \
			PG_RETURN_NULL();                                                                      \
		PG_RETURN_POINTER(state);                                                                  \
	} while (0)

/* Reads a packed state where it stands. */
static inline StringInfoData
aggregate_unpack(bytea *packed)
{
	StringInfoData buf = {.data = VARDATA_ANY(packed), .len = VARSIZE_ANY_EXHDR(packed)};

	return buf;
}

#endif
