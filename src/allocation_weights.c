/*
 * allocation_weights.c: the weights of an allocation, 16 bytes each.
 *
 * They are kept in 128 bits, in units that become smaller with them.  The first
 * that does not fit makes all of them numerics.
 */
#include "postgres.h"

#include "allocation.h"
#include "exact_format.h"
#include "miscadmin.h"
#include "number.h"

/* Starts an allocation to so many shares, in a context; the struct may hold anything. */
void
allocation_begin(Allocation *allocation, MemoryContext context, int64 size)
{
	MemSet(allocation, 0, sizeof(Allocation));
	allocation->context = context;
	allocation->size = size;
	allocation->odd_at = -1;
	allocation->shares = MemoryContextAllocHuge(context, Max(size, 1) * sizeof(Share));
}

/* Makes all weights numerics. */
void
allocation_widen(Allocation *allocation)
{
	for (int64 i = 0; i < allocation->count; i++)
	{
		Share *share = &allocation->shares[i];
		Numeric number = NULL;

		CHECK_FOR_INTERRUPTS();
		if (allocation_has(allocation, i))
		{
			Numeric made =
			    exact_encode(share->fixed, allocation->fraction * DEC_DIGITS, allocation->display);

			number = allocation_keep(allocation->context, made);
			pfree(made);
		}
		share->wide = number;
	}
	allocation->wide = true;
}

/* Makes the units of weights smaller; false, and nothing done, when these do not fit. */
static bool
refine(Allocation *allocation, int fraction)
{
	int decimals = (fraction - allocation->fraction) * DEC_DIGITS;
	int128 power;

	if (!exact_mul_power10(allocation->largest, decimals, &allocation->largest))
		return false;
	allocation->fraction = fraction;
	if (allocation->largest == 0)
		return true;
	power = exact_power10(decimals);
	for (int64 i = 0; i < allocation->count; i++)
	{
		if (allocation_has(allocation, i))
			allocation->shares[i].fixed *= power;
	}
	return true;
}

/* Reads a weight in units of all of them; false when it does not fit. */
static bool
read_weight(Allocation *allocation, const NumericParts *parts, int128 *weight)
{
	int fraction = parts->count - 1 - parts->weight;

	if (!exact_digits_to_int128(parts, weight))
		return false;
	if (*weight == 0)
		return true;
	if ((fraction > allocation->fraction && !refine(allocation, fraction)) ||
	    !exact_mul_power10(*weight, (allocation->fraction - fraction) * DEC_DIGITS, weight))
		return false;
	allocation->largest = Max(allocation->largest, *weight);
	return true;
}

/* Adds a weight; its sign is only noted.  NULL makes a share that gets nothing. */
void
allocation_add(Allocation *allocation, Datum weight, bool isnull)
{
	Share *share = &allocation->shares[allocation->count];
	NumericParts parts;

	Assert(allocation->count < allocation->size);
	if (isnull)
	{
		if (allocation->wide)
			share->wide = NULL;
		else
			share->fixed = -1;
		allocation->count++;
		return;
	}
	if (!exact_take_apart(weight, &parts))
		ereport(ERROR,
		        (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("a weight must be finite"),
		         errhint("Use NULL for what is to have no part.")));
	if (parts.count > 0 && parts.negative)
		allocation->negative = true;
	else if (parts.count > 0)
		allocation->positive = true;
	parts.negative = false;
	allocation->weights++;
	allocation->display = Max(allocation->display, parts.dscale);
	if (!allocation->wide && !read_weight(allocation, &parts, &share->fixed))
		allocation_widen(allocation);
	if (allocation->wide)
		share->wide = allocation_keep(allocation->context, number_abs(DatumGetNumeric(weight)));
	allocation->count++;
}
