/*
 * array_pick.c: elements of an array by many places at once.
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "int_array.h"
#include "utils/array.h"

PG_FUNCTION_INFO_V1(array_pick);

/* The integers at places. */
Datum
array_pick(PG_FUNCTION_ARGS)
{
	ArrayType *elements = PG_GETARG_ARRAYTYPE_P(0);
	ArrayType *places = PG_GETARG_ARRAYTYPE_P(1);
	int n = ArrayGetNItems(ARR_NDIM(elements), ARR_DIMS(elements));
	int count = ArrayGetNItems(ARR_NDIM(places), ARR_DIMS(places));
	const int32 *from = (const int32 *)ARR_DATA_PTR(elements);
	const int32 *place = (const int32 *)ARR_DATA_PTR(places);
	ArrayType *result;
	int32 *to;

	if (array_contains_nulls(elements) || array_contains_nulls(places))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("elements and places must not be NULL")));
	result = int_array_make(count, &to);
	for (int i = 0; i < count; i++)
	{
		if (place[i] < 1 || place[i] > n)
			ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
			                errmsg("there is no element %d", place[i])));
		to[i] = from[place[i] - 1];
	}
	PG_RETURN_ARRAYTYPE_P(result);
}
