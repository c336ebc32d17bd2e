/*
 * allocation.c: an amount split by weights, by the method of largest remainder.
 *
 * Each share is amount x weight / sum of weights, cut off to whole units of
 * 10^-scale.  What that leaves goes to the shares that lost most: a unit to each,
 * in order, and what is less than a unit to the one after these.  So parts add up
 * to the amount, and none is a unit away from its share.
 *
 * All is integers, quotients and remainders: of 128 bits, with products of 256,
 * and where a number does not fit that, of numeric, with the same result.
 */
#include "postgres.h"

#include "allocation.h"
#include "exact_format.h"
#include "miscadmin.h"
#include "number.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

/* The decimals that can be asked for, as in exact_round. */
#define MAX_SCALE 1000

/* A share that has as much right to a unit as others. */
typedef struct Tie
{
	int64 at;
	int64 peers; /* the group of peers, in order */
	Share part;
} Tie;

/* Compares shares. */
static inline int
compare(bool wide, const Share *a, const Share *b)
{
	if (wide)
		return number_cmp(a->wide, b->wide);
	return (a->fixed > b->fixed) - (a->fixed < b->fixed);
}

#define SELECT select_fixed
#define SELECT_SORT sort_fixed
#define SELECT_TYPE Share
#define SELECT_COMPARE(a, b) compare(false, a, b)
#include "select_template.h"

#define SELECT select_wide
#define SELECT_SORT sort_wide
#define SELECT_TYPE Share
#define SELECT_COMPARE(a, b) compare(true, a, b)
#include "select_template.h"

/* Compares ties: earlier peers first, then the larger part, then the earlier one. */
static inline int
compare_ties(const Tie *a, const Tie *b, bool wide)
{
	int parts;

	if (a->peers != b->peers)
		return a->peers < b->peers ? -1 : 1;
	parts = compare(wide, &b->part, &a->part);
	return parts != 0 ? parts : a->at < b->at ? -1 : a->at > b->at;
}

#define ST_SORT sort_ties
#define ST_ELEMENT_TYPE Tie
#define ST_COMPARE_ARG_TYPE bool
#define ST_COMPARE(a, b, wide) compare_ties(a, b, *(wide))
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* 10^n, n being of either sign. */
static Numeric
power10(int n)
{
	int weight = n >= 0 ? n / DEC_DIGITS : -((DEC_DIGITS - 1 - n) / DEC_DIGITS);
	int16 *digits;
	Numeric result = exact_put_together(false, weight, Max(-n, 0), 1, &digits);

	digits[0] = exact_power10_64[n - weight * DEC_DIGITS];
	return result;
}

/* A number without decimals, in units of 10^-scale. */
static Numeric
whole(Numeric number, int scale)
{
	return number_trim(number_mul(number, power10(scale)));
}

/* Makes all weights equal. */
static void
make_even(Allocation *allocation)
{
	for (int64 i = 0; i < allocation->count; i++)
	{
		if (allocation_has(allocation, i))
			allocation->shares[i].fixed = 1;
	}
}

/* a * b / divisor, which must be at most a, with the remainder. */
static inline uint128
mul_div(uint128 a, uint128 b, uint128 divisor, uint128 *remainder)
{
	const uint128 low_mask = PG_UINT64_MAX;
	uint128 high;
	uint128 low;
	uint128 middle;
	uint128 quotient;
	int shift;

	if (likely(!__builtin_mul_overflow(a, b, &low)))
	{
		/* most are small, and dividing 64 bits is several times as fast */
		if (likely(low <= PG_UINT64_MAX && divisor <= PG_UINT64_MAX))
			quotient = (uint64)low / (uint64)divisor;
		else
			quotient = low / divisor;
		*remainder = low - quotient * divisor;
		return quotient;
	}

	/* the product in 256 bits */
	low = (a & low_mask) * (b & low_mask);
	middle = (a >> 64) * (b & low_mask) + (low >> 64);
	high = (a >> 64) * (b >> 64) + (middle >> 64);
	middle = (a & low_mask) * (b >> 64) + (middle & low_mask);
	high += middle >> 64;
	low = middle << 64 | (low & low_mask);

	/* schoolbook division, in digits of 64 bits (Knuth, 4.3.1, D) */
	shift = divisor >> 64 != 0 ? 63 - pg_leftmost_one_pos64(divisor >> 64)
	                           : 127 - pg_leftmost_one_pos64((uint64)divisor);
	divisor <<= shift;
	if (shift > 0)
		high = high << shift | low >> (128 - shift);
	low <<= shift;
	quotient = 0;
	for (int digit = 1; digit >= 0; digit--)
	{
		uint128 first = divisor >> 64;
		uint128 next = digit == 1 ? low >> 64 : low & low_mask;
		uint128 guess = high / first;
		uint128 rest = high - guess * first;

		while (guess > PG_UINT64_MAX || guess * (divisor & low_mask) > (rest << 64 | next))
		{
			guess--;
			rest += first;
			if (rest > PG_UINT64_MAX)
				break;
		}
		high = (high << 64 | next) - guess * divisor;
		quotient = quotient << 64 | guess;
	}
	*remainder = high >> shift;
	return quotient;
}

/*
 * Replaces weights by quotients, in 128 bits; false, and nothing done, when that
 * does not suffice.  Gives the units that are left.
 */
static bool
divide_fixed(Allocation *allocation, Numeric amount, int extra, Share *remainders, int64 *left)
{
	Exact exact;
	int128 dividend;
	int128 divisor = 0;
	int128 units;

	if (!exact_from_numeric(NumericGetDatum(amount), &exact) ||
	    !exact_mul_power10(exact.mantissa, allocation->scale + extra - exact.scale, &dividend))
		return false;
	for (int64 i = 0; i < allocation->count; i++)
	{
		if (allocation_has(allocation, i) &&
		    __builtin_add_overflow(divisor, allocation->shares[i].fixed, &divisor))
			return false;
	}
	if (!exact_mul_power10(divisor, extra, &divisor))
		return false;

	units = dividend / exact_power10(extra);
	for (int64 i = 0; i < allocation->count; i++)
	{
		Share *share = &allocation->shares[i];
		uint128 remainder = 0;

		CHECK_FOR_INTERRUPTS();
		if (allocation_has(allocation, i))
		{
			share->fixed = mul_div(dividend, share->fixed, divisor, &remainder);
			units -= share->fixed;
		}
		remainders[i].fixed = remainder;
	}
	*left = (int64)units;
	return true;
}

/* Replaces weights by quotients, in numeric arithmetic, and gives the units that are left. */
static int64
divide_wide(Allocation *allocation, Numeric amount, int extra, Share *remainders,
            MemoryContext context)
{
	MemoryContext scratch =
	    AllocSetContextCreate(context, "allocate numbers", ALLOCSET_DEFAULT_SIZES);
	Numeric dividend = whole(amount, allocation->scale + extra);
	Numeric units = number_quotient(dividend, power10(extra));
	Numeric zero = int64_to_numeric(0);
	Numeric divisor = zero;
	MemoryContext before = MemoryContextSwitchTo(scratch);

	for (int64 i = 0; i < allocation->count; i++)
	{
		Share *share = &allocation->shares[i];
		Numeric last = divisor;

		CHECK_FOR_INTERRUPTS();
		if (!allocation_has(allocation, i))
			continue;
		divisor =
		    allocation_keep(context, number_add(last, whole(share->wide, allocation->display)));
		if (last != zero)
			pfree(last);
		MemoryContextReset(scratch);
	}
	divisor = allocation_keep(context, number_mul(divisor, power10(extra)));
	for (int64 i = 0; i < allocation->count; i++)
	{
		Share *share = &allocation->shares[i];
		Numeric product;
		Numeric quotient;
		Numeric last = units;

		CHECK_FOR_INTERRUPTS();
		remainders[i].wide = zero;
		if (!allocation_has(allocation, i))
			continue;
		product = number_mul(dividend, whole(share->wide, allocation->display));
		quotient = number_quotient(product, divisor);
		remainders[i].wide =
		    allocation_keep(context, number_sub(product, number_mul(quotient, divisor)));
		pfree(share->wide);
		share->wide = allocation_keep(allocation->context, quotient);
		units = allocation_keep(context, number_sub(last, quotient));
		pfree(last);
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(before);
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(units)));
}

/* A part without its sign. */
static Numeric
part_of(const Allocation *allocation, int64 i)
{
	const Share *share = &allocation->shares[i];

	if (i == allocation->odd_at)
		return allocation->odd;
	if (allocation->wide)
		return number_mul(share->wide, power10(-allocation->scale));
	return exact_encode(share->fixed, allocation->scale, allocation->scale);
}

/* Gives a share a unit, or what is less than one. */
static void
give(Allocation *allocation, int64 i, Numeric rest)
{
	Share *share = &allocation->shares[i];

	if (rest)
	{
		allocation->odd =
		    allocation_keep(allocation->context, number_add(part_of(allocation, i), rest));
		allocation->odd_at = i;
	}
	else if (allocation->wide)
	{
		Numeric one = int64_to_numeric(1);
		Numeric sum = number_add(share->wide, one);

		pfree(share->wide);
		share->wide = allocation_keep(allocation->context, sum);
		pfree(sum);
		pfree(one);
	}
	else
		share->fixed++;
}

/* The remainder of a rank, 1 being the largest. */
static Share
remainder_at(const Allocation *allocation, const Share *remainders, int64 rank,
             MemoryContext context)
{
	int64 count = allocation->count;
	Share *copy = MemoryContextAllocHuge(context, count * sizeof(Share));
	Share result;

	memcpy(copy, remainders, count * sizeof(Share));
	if (allocation->wide)
		select_wide(copy, count, count + 1 - rank);
	else
		select_fixed(copy, count, count + 1 - rank);
	result = copy[count - rank];
	pfree(copy);
	return result;
}

/*
 * Gives what is left to the largest remainders, in order: units, and then the
 * rest, if any.  There are always as many remainders that are not 0.
 */
static void
give_left(Allocation *allocation, int64 units, Numeric rest, const Share *remainders,
          AllocationPeers peers, void *peers_arg, MemoryContext context)
{
	int64 left = units + (rest ? 1 : 0);
	int64 ties = 0;
	int64 first = -1;
	bool differ = false;
	Share last;
	Tie *tie;

	if (left == 0)
		return;
	last = remainder_at(allocation, remainders, left, context);
	for (int64 i = 0; i < allocation->count; i++)
	{
		int cmp = compare(allocation->wide, &remainders[i], &last);

		if (cmp > 0)
		{
			give(allocation, i, NULL);
			left--;
		}
		else if (cmp == 0)
		{
			Assert(allocation_has(allocation, i));
			if (first < 0)
				first = i;
			differ = differ || compare(allocation->wide, &allocation->shares[i],
			                           &allocation->shares[first]) != 0;
			ties++;
		}
	}
	Assert(left > 0 && left <= ties);

	/* of equal remainders the larger quotient has the larger weight */
	if (peers == NULL || !differ || (ties == left && rest == NULL))
	{
		for (int64 i = first; left > 0; i++)
		{
			if (compare(allocation->wide, &remainders[i], &last) == 0)
				give(allocation, i, --left == 0 ? rest : NULL);
		}
		return;
	}
	tie = MemoryContextAllocHuge(context, ties * sizeof(Tie));
	ties = 0;
	for (int64 i = first; i < allocation->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (compare(allocation->wide, &remainders[i], &last) != 0)
			continue;
		tie[ties].at = i;
		tie[ties].part = allocation->shares[i];
		tie[ties].peers = ties == 0 ? 0 : tie[ties - 1].peers;
		if (ties > 0 && !peers(peers_arg, tie[ties - 1].at, i))
			tie[ties].peers++;
		ties++;
	}
	sort_ties(tie, ties, &allocation->wide);
	for (int64 i = 0; left > 0; i++)
		give(allocation, tie[i].at, --left == 0 ? rest : NULL);
}

/* Refuses what cannot be allocated. */
static void
check(const Allocation *allocation, Numeric amount, int scale)
{
	if (scale < 0 || scale > MAX_SCALE)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("scale must be between 0 and %d", MAX_SCALE),
		                errhint("The scale is the number of decimals of parts: "
		                        "currency_minor_unit() gives that of a currency.")));
	if (numeric_is_nan(amount) || numeric_is_inf(amount))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("an amount to allocate must be finite")));
	if (allocation->positive && allocation->negative)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("weights must not be of both signs"),
		         errdetail("Some are above 0, and some below."),
		         errhint("Use a measure without credits, or greatest(weight, 0), or allocate what "
		                 "is positive and what is negative apart, each by its own weights.")));
}

/* Divides an amount by the weights; peers is NULL where the order decides between any two. */
void
allocation_divide(Allocation *allocation, Numeric amount, int scale, AllocationZero zero,
                  AllocationPeers peers, void *peers_arg)
{
	MemoryContext context;
	MemoryContext before;
	Numeric rest;
	Share *remainders;
	int64 units;
	int decimals;
	int extra;

	check(allocation, amount, scale);
	allocation->scale = scale;
	if (!allocation->positive && !allocation->negative)
	{
		if (zero == ALLOCATION_ERROR)
			ereport(ERROR,
			        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("no weight to allocate by"),
			         errdetail("All weights are 0 or NULL."),
			         errhint("With zero_weights 'even' the amount is split evenly over "
			                 "weights of 0, with 'null' there are no parts.")));
		if (zero == ALLOCATION_NULL)
			allocation->weights = 0;
		if (allocation->weights == 0)
			return;
		make_even(allocation);
	}

	context = AllocSetContextCreate(allocation->context, "allocate", ALLOCSET_DEFAULT_SIZES);
	before = MemoryContextSwitchTo(context);
	allocation->minus = number_cmp(amount, int64_to_numeric(0)) < 0;
	amount = number_trim(number_abs(amount));
	decimals = DatumGetInt32(DirectFunctionCall1(numeric_scale, NumericGetDatum(amount)));
	extra = Max(decimals - scale, 0);
	rest = extra == 0
	           ? NULL
	           : number_sub(amount,
	                        DatumGetNumeric(DirectFunctionCall2(
	                            numeric_trunc, NumericGetDatum(amount), Int32GetDatum(scale))));
	remainders = MemoryContextAllocHuge(context, allocation->count * sizeof(Share));
	if (allocation->wide || !divide_fixed(allocation, amount, extra, remainders, &units))
	{
		if (!allocation->wide)
			allocation_widen(allocation);
		units = divide_wide(allocation, amount, extra, remainders, context);
	}
	give_left(allocation, units, rest, remainders, peers, peers_arg, context);
	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
}

/* A part, or NULL when there is none. */
Numeric
allocation_part(const Allocation *allocation, int64 i)
{
	Numeric part;

	if (allocation->weights == 0 || !allocation_has(allocation, i))
		return NULL;
	part = part_of(allocation, i);
	return allocation->minus ? number_negate(part) : part;
}
