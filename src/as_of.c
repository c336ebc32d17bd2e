/*
 * as_of.c: the moment whose facts the views show, a setting.
 *
 * Views take no arguments, and every one of them must be able to answer as the
 * facts were then.
 */
#include "postgres.h"

#include "as_of.h"
#include "compat.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

char *as_of_setting = NULL;

PG_FUNCTION_INFO_V1(as_of);

/* The setting as a moment, NULL when it is not set. */
Datum
as_of(PG_FUNCTION_ARGS)
{
	if (as_of_setting == NULL || as_of_setting[0] == '\0')
		PG_RETURN_NULL();
	PG_RETURN_DATUM(DirectFunctionCall3(timestamptz_in, CStringGetDatum(as_of_setting),
										ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}
