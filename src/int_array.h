/*
 * int_array.h: arrays of integers, made without a Datum for each as construct_array() wants.
 */
#ifndef CLOUDBILLING_INT_ARRAY_H
#define CLOUDBILLING_INT_ARRAY_H

#include "catalog/pg_type.h"
#include "utils/array.h"

/* An array of n integers that are 0, and where they are. */
static inline ArrayType *
int_array_make(int n, int32 **elements)
{
	Size size = ARR_OVERHEAD_NONULLS(1) + (Size)n * sizeof(int32);
	ArrayType *array;

	if (n == 0)
		array = construct_empty_array(INT4OID);
	else
	{
		array = palloc0(size);
		SET_VARSIZE(array, size);
		array->ndim = 1;
		array->elemtype = INT4OID;
		ARR_DIMS(array)[0] = n;
		ARR_LBOUND(array)[0] = 1;
	}
	*elements = (int32 *)ARR_DATA_PTR(array);
	return array;
}

#endif
