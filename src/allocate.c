/*
 * allocate.c: the SQL functions that split an amount by weights: over the rows of
 * a window's partition, and over the elements of an array.
 *
 * The window function reads all of a partition at its first row, and keeps 16
 * bytes for each.
 */
#include "postgres.h"

#include "allocation.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "miscadmin.h"
#include "number.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "windowapi.h"

/* The arguments; all but the weight are the same in all rows of a partition. */
enum
{
	AMOUNT,
	WEIGHT,
	SCALE,
	ZERO_WEIGHTS,
	ARGUMENTS
};

/* An argument as it was in the first row. */
typedef struct Argument
{
	Datum value;
	bool isnull;
	bool constant;
} Argument;

/* A partition of the window. */
typedef struct Partition
{
	bool divided;
	Argument arguments[ARGUMENTS];
	Allocation allocation;
} Partition;

/* What to do when all weights are 0, by its name. */
static AllocationZero
zero_from_text(text *name)
{
	static const char *const names[] = {"even", "error", "null"};
	char *s = text_to_cstring(name);

	for (int i = 0; i < lengthof(names); i++)
	{
		if (strcmp(s, names[i]) == 0)
			return (AllocationZero)i;
	}
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid zero_weights: \"%s\"", s),
	         errhint("Available are even, error and null.")));
	return ALLOCATION_EVEN;
}

/* Keeps an argument of the first row; false when it is NULL. */
static bool
keep_argument(FunctionCallInfo fcinfo, Partition *partition, int argument)
{
	Argument *kept = &partition->arguments[argument];
	Datum value = WinGetFuncArgCurrent(PG_WINDOW_OBJECT(), argument, &kept->isnull);
	MemoryContext before;

	kept->constant = get_fn_expr_arg_stable(fcinfo->flinfo, argument);
	if (kept->isnull)
		return false;
	before = MemoryContextSwitchTo(GetMemoryChunkContext(partition));
	kept->value = argument == AMOUNT  ? NumericGetDatum(DatumGetNumericCopy(value))
	              : argument == SCALE ? value
	                                  : PointerGetDatum(DatumGetTextPCopy(value));
	MemoryContextSwitchTo(before);
	return true;
}

/* Whether an argument is the same as another at first sight, as nearly all are. */
static inline bool
same_bytes(int argument, Datum a, Datum b)
{
	struct varlena *x = (struct varlena *)DatumGetPointer(a);
	struct varlena *y = (struct varlena *)DatumGetPointer(b);

	if (argument == SCALE)
		return DatumGetInt32(a) == DatumGetInt32(b);
	return !VARATT_IS_EXTENDED(y) && !VARATT_IS_EXTERNAL(x) && !VARATT_IS_COMPRESSED(x) &&
	       VARSIZE_ANY_EXHDR(x) == VARSIZE_ANY_EXHDR(y) &&
	       memcmp(VARDATA_ANY(x), VARDATA_ANY(y), VARSIZE_ANY_EXHDR(y)) == 0;
}

/*
 * Refuses an argument that is not what it was in the first row.  It is compared
 * as rows are returned: reading all rows for it beforehand, once more, would take
 * as long as all the rest.
 */
static void
check_argument(FunctionCallInfo fcinfo, const Partition *partition, int argument)
{
	static const char *const names[] = {"amount", "weight", "scale", "zero_weights"};
	const Argument *kept = &partition->arguments[argument];
	PGFunction compare = argument == AMOUNT ? numeric_eq : argument == SCALE ? int4eq : texteq;
	PGFunction output = argument == AMOUNT ? numeric_out : argument == SCALE ? int4out : textout;
	bool isnull;
	Datum value;

	if (kept->constant)
		return;
	value = WinGetFuncArgCurrent(PG_WINDOW_OBJECT(), argument, &isnull);
	if (isnull && kept->isnull)
		return;
	if (!isnull && !kept->isnull &&
	    (same_bytes(argument, value, kept->value) ||
	     DatumGetBool(DirectFunctionCall2Coll(compare, C_COLLATION_OID, value, kept->value))))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	         errmsg("there must be one %s for all rows of a partition", names[argument]),
	         errdetail("One row has %s, another has %s.",
	                   kept->isnull ? "NULL"
	                                : DatumGetCString(DirectFunctionCall1(output, kept->value)),
	                   isnull ? "NULL" : DatumGetCString(DirectFunctionCall1(output, value))),
	         errhint("Partition by what the amount belongs to, and by currency.")));
}

/* Adds the weights of all rows. */
static void
read_weights(FunctionCallInfo fcinfo, int count, MemoryContext scratch, Allocation *allocation)
{
	for (int i = 0; i < count; i++)
	{
		MemoryContext before = MemoryContextSwitchTo(scratch);
		bool isnull;
		bool isout;
		Datum weight = WinGetFuncArgInPartition(PG_WINDOW_OBJECT(), WEIGHT, i, WINDOW_SEEK_HEAD,
		                                        false, &isnull, &isout);

		CHECK_FOR_INTERRUPTS();
		allocation_add(allocation, weight, isnull);
		MemoryContextSwitchTo(before);
		MemoryContextReset(scratch);
	}
}

/* Whether the window's ORDER BY says nothing about the order of two rows. */
static bool
rows_are_peers(void *window, int64 a, int64 b)
{
	return WinRowsArePeers(window, a, b);
}

/* Divides the amount over a partition; where an argument is NULL, there are no parts. */
static void
divide_partition(FunctionCallInfo fcinfo, Partition *partition)
{
	WindowObject window = PG_WINDOW_OBJECT();
	MemoryContext context = GetMemoryChunkContext(partition);
	MemoryContext scratch = AllocSetContextCreate(context, "allocate rows", ALLOCSET_SMALL_SIZES);
	const Argument *arguments = partition->arguments;
	int64 count = WinGetPartitionRowCount(window);
	bool complete = true;

	/* rows are counted in int by the server's own functions */
	if (count > PG_INT32_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("a partition to allocate over has too many rows")));
	for (int i = 0; i < ARGUMENTS; i++)
	{
		if (i != WEIGHT)
			complete &= keep_argument(fcinfo, partition, i);
	}
	if (complete)
	{
		allocation_begin(&partition->allocation, context, count);
		read_weights(fcinfo, count, scratch, &partition->allocation);
		allocation_divide(&partition->allocation, DatumGetNumeric(arguments[AMOUNT].value),
		                  DatumGetInt32(arguments[SCALE].value),
		                  zero_from_text(DatumGetTextPP(arguments[ZERO_WEIGHTS].value)),
		                  rows_are_peers, window);
	}
	MemoryContextDelete(scratch);
	partition->divided = true;
}

/* The part of a row in the amount of its partition. */
PG_FUNCTION_INFO_V1(allocate_window);
Datum
allocate_window(PG_FUNCTION_ARGS)
{
	WindowObject window = PG_WINDOW_OBJECT();
	Partition *partition = WinGetPartitionLocalMemory(window, sizeof(Partition));
	Numeric part;

	if (partition->divided)
	{
		check_argument(fcinfo, partition, AMOUNT);
		check_argument(fcinfo, partition, SCALE);
		check_argument(fcinfo, partition, ZERO_WEIGHTS);
	}
	else
		divide_partition(fcinfo, partition);
	part = allocation_part(&partition->allocation, WinGetCurrentPosition(window));
	if (part == NULL)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(part);
}

/* The parts of an amount, as an array of the form of the weights. */
PG_FUNCTION_INFO_V1(allocate_array);
Datum
allocate_array(PG_FUNCTION_ARGS)
{
	ArrayType *weights = PG_GETARG_ARRAYTYPE_P(WEIGHT);
	Allocation allocation;
	Datum *elements;
	bool *nulls;
	int count;

	deconstruct_array(weights, NUMERICOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	allocation_begin(&allocation, CurrentMemoryContext, count);
	for (int i = 0; i < count; i++)
		allocation_add(&allocation, elements[i], nulls[i]);
	allocation_divide(&allocation, PG_GETARG_NUMERIC(AMOUNT), PG_GETARG_INT32(SCALE),
	                  zero_from_text(PG_GETARG_TEXT_PP(ZERO_WEIGHTS)), NULL, NULL);
	for (int i = 0; i < count; i++)
	{
		Numeric part = allocation_part(&allocation, i);

		nulls[i] = part == NULL;
		elements[i] = NumericGetDatum(part);
	}
	PG_RETURN_ARRAYTYPE_P(construct_md_array(elements, nulls, ARR_NDIM(weights), ARR_DIMS(weights),
	                                         ARR_LBOUND(weights), NUMERICOID, -1, false,
	                                         TYPALIGN_INT));
}
