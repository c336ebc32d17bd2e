/*
 * exact_sum.c: a sum of any numbers, in a total of 128 bits with a rest.
 *
 * What the total cannot hold goes to the rest, which has an int64 for every
 * digit in base 10000 there can be.  A digit takes 9e14 numbers before it could
 * overflow, so nothing is carried before the end, and the order in which numbers
 * came cannot matter, nor how they were spread over partial sums.
 */
#include "postgres.h"

#include "exact.h"
#include "exact_format.h"
#include "exact_sum.h"
#include "number.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* What does not fit in the total. */
typedef struct ExactRest
{
	bool nan;
	bool plus_infinity;
	bool minus_infinity;
	int low;       /* digits[i] counts 10000^(low + i) */
	int count;     /* of digits */
	int64 *digits; /* from the last to the first; NULL where there are none */
} ExactRest;

/* A packed sum: this, and then the digits of the rest. */
typedef struct PackedSum
{
	int128 total;
	int16 fraction;
	int16 dscale;
	bool has_rest;
	ExactRest rest;
} PackedSum;

/* Adds value * 10000^-fraction to the total; false, and nothing added, when it does not fit. */
static bool
add_total(ExactSum *sum, int128 value, int fraction)
{
	int128 total = sum->total;
	int common = Max(fraction, sum->fraction);

	if (value == 0)
		return true;
	if (fraction > EXACT_MAX_FRACTION ||
	    !exact_mul_power10(total, (common - sum->fraction) * DEC_DIGITS, &total) ||
	    !exact_mul_power10(value, (common - fraction) * DEC_DIGITS, &value) ||
	    __builtin_add_overflow(total, value, &total))
		return false;
	sum->total = total;
	sum->fraction = common;
	return true;
}

/* Adds a numeric of any kind to the total; false when it does not fit. */
pg_noinline bool
exact_sum_add_slowly(ExactSum *sum, Datum numeric)
{
	NumericParts parts;
	int128 value;

	if (!exact_take_apart(numeric, &parts) || !exact_digits_to_int128(&parts, &value) ||
	    !add_total(sum, value, parts.count - 1 - parts.weight))
		return false;
	sum->dscale = Max(sum->dscale, parts.dscale);
	return true;
}

/* What the total holds, without the rest. */
static Numeric
exact_sum_total(const ExactSum *sum)
{
	return exact_encode(sum->total, sum->fraction * DEC_DIGITS, sum->dscale);
}

/* The rest of a sum, made in the context when it is needed first. */
static ExactRest *
rest_of(ExactSum *sum, MemoryContext context)
{
	if (sum->rest == NULL)
		sum->rest = MemoryContextAllocZero(context, sizeof(ExactRest));
	return sum->rest;
}

/* Makes room for digits that count from 10000^low to 10000^high. */
static void
make_room(ExactRest *rest, int low, int high)
{
	int64 *digits;
	int count;

	if (rest->count > 0)
	{
		int last = rest->low + rest->count - 1;

		if (low >= rest->low && high <= last)
			return;
		/* some more than asked for, so that numbers that grow do not cost a copy each */
		low = low < rest->low ? low - rest->count / 2 : rest->low;
		high = high > last ? high + rest->count / 2 : last;
	}
	count = high - low + 1;
	digits = MemoryContextAllocZero(GetMemoryChunkContext(rest), count * sizeof(int64));
	if (rest->count > 0)
	{
		memcpy(digits + (rest->low - low), rest->digits, rest->count * sizeof(int64));
		pfree(rest->digits);
	}
	rest->digits = digits;
	rest->low = low;
	rest->count = count;
}

/* Adds a numeric of any kind to the rest. */
static void
add_rest(ExactSum *sum, Datum numeric, MemoryContext context)
{
	ExactRest *rest = rest_of(sum, context);
	NumericParts parts;
	int sign;

	if (!exact_take_apart(numeric, &parts))
	{
		if (numeric_is_nan(DatumGetNumeric(numeric)))
			rest->nan = true;
		else if (number_cmp(DatumGetNumeric(numeric), number_literal(0, 0)) > 0)
			rest->plus_infinity = true;
		else
			rest->minus_infinity = true;
		return;
	}
	sum->dscale = Max(sum->dscale, parts.dscale);
	if (parts.count == 0)
		return;
	make_room(rest, parts.weight - parts.count + 1, parts.weight);
	sign = parts.negative ? -1 : 1;
	for (int i = 0; i < parts.count; i++)
		rest->digits[parts.weight - i - rest->low] += sign * exact_digit(parts.digits, i);
}

/* Adds 128 bits, in units of 10000^-fraction, to the rest. */
static void
add_rest_int128(ExactRest *rest, int128 value, int fraction)
{
	int sign = value < 0 ? -1 : 1;
	uint128 left = exact_abs(value);

	make_room(rest, -fraction, EXACT_MAX_DIGITS - 1 - fraction);
	for (int i = -fraction - rest->low; left != 0; i++)
	{
		rest->digits[i] += sign * (int)(left % NBASE);
		left /= NBASE;
	}
}

/* Adds any number, NaN and infinities among them; memory is taken from the context. */
void
exact_total_add(ExactSum *sum, Datum numeric, MemoryContext context)
{
	if (unlikely(!exact_sum_add_inline(sum, numeric)))
		add_rest(sum, numeric, context);
}

/* Adds the second sum to the first. */
void
exact_total_combine(ExactSum *sum, const ExactSum *other, MemoryContext context)
{
	ExactRest *from = other->rest;

	if (!add_total(sum, other->total, other->fraction))
		add_rest_int128(rest_of(sum, context), other->total, other->fraction);
	sum->dscale = Max(sum->dscale, other->dscale);
	if (from != NULL)
	{
		ExactRest *rest = rest_of(sum, context);

		rest->nan |= from->nan;
		rest->plus_infinity |= from->plus_infinity;
		rest->minus_infinity |= from->minus_infinity;
		if (from->count > 0)
			make_room(rest, from->low, from->low + from->count - 1);
		for (int i = 0; i < from->count; i++)
			rest->digits[from->low - rest->low + i] += from->digits[i];
	}
}

/* Makes NaN or an infinity of the header. */
static Numeric
special(uint16 header)
{
	struct varlena *result = palloc(VARHDRSZ + sizeof(header));

	SET_VARSIZE(result, VARHDRSZ + sizeof(header));
	memcpy(VARDATA(result), &header, sizeof(header));
	return (Numeric)result;
}

/* Carries from digit to digit, and returns what is left above the first. */
static int64
carry(int64 *digits, int count)
{
	int64 over = 0;

	for (int i = 0; i < count; i++)
	{
		int64 value = digits[i] + over;

		over = value / NBASE;
		value %= NBASE;
		if (value < 0)
		{
			value += NBASE;
			over--;
		}
		digits[i] = value;
	}
	return over;
}

/* Makes a numeric of digits, which are destroyed. */
static Numeric
encode(int64 *digits, int count, int low, int dscale)
{
	bool negative = carry(digits, count) < 0;
	int skipped = 0;
	int16 *out;
	Numeric result;

	if (negative)
	{
		for (int i = 0; i < count; i++)
			digits[i] = -digits[i];
		carry(digits, count);
	}
	while (count > 0 && digits[count - 1] == 0)
		count--;
	while (skipped < count && digits[skipped] == 0)
		skipped++;
	if (count == 0)
		return exact_put_together(false, 0, dscale, 0, &out);
	if (low + count - 1 > PG_INT16_MAX)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("value overflows numeric format")));
	result = exact_put_together(negative, low + count - 1, dscale, count - skipped, &out);
	for (int i = count - 1; i >= skipped; i--)
		*out++ = digits[i];
	return result;
}

/* The sum of all that was added; more can be added after that. */
Numeric
exact_total_get(const ExactSum *sum)
{
	const ExactRest *rest = sum->rest;
	ExactRest *all;
	Numeric result;

	if (rest == NULL)
		return exact_sum_total(sum);
	if (rest->nan || (rest->plus_infinity && rest->minus_infinity))
		return special(NUMERIC_NAN);
	if (rest->plus_infinity)
		return special(NUMERIC_PLUS_INFINITY);
	if (rest->minus_infinity)
		return special(NUMERIC_MINUS_INFINITY);

	/* with room for what is carried: 5 digits are more than an int64 */
	all = palloc0(sizeof(ExactRest));
	make_room(all, Min(rest->count > 0 ? rest->low : 0, -sum->fraction),
	          Max(rest->low + rest->count, EXACT_MAX_DIGITS) + 5);
	if (rest->count > 0)
		memcpy(all->digits + (rest->low - all->low), rest->digits, rest->count * sizeof(int64));
	add_rest_int128(all, sum->total, sum->fraction);
	result = encode(all->digits, all->count, all->low, sum->dscale);
	pfree(all->digits);
	pfree(all);
	return result;
}

/* The first sum less the second, with the value and display scale of numeric arithmetic. */
Numeric
exact_total_difference(const ExactSum *sum, const ExactSum *other)
{
	ExactSum result = *sum;
	int128 less;

	if (sum->rest == NULL && other->rest == NULL &&
	    !__builtin_sub_overflow((int128)0, other->total, &less) &&
	    add_total(&result, less, other->fraction))
	{
		result.dscale = Max(sum->dscale, other->dscale);
		return exact_sum_total(&result);
	}
	return DatumGetNumeric(DirectFunctionCall2(numeric_sub, NumericGetDatum(exact_total_get(sum)),
	                                           NumericGetDatum(exact_total_get(other))));
}

/* The sum as bytes, for another process of the same server. */
bytea *
exact_total_pack(const ExactSum *sum)
{
	const ExactRest *rest = sum->rest;
	Size digits_size = rest ? rest->count * sizeof(int64) : 0;
	Size size = VARHDRSZ + sizeof(PackedSum) + digits_size;
	bytea *result = palloc(size);
	PackedSum packed;

	memset(&packed, 0, sizeof(packed));
	packed.total = sum->total;
	packed.fraction = sum->fraction;
	packed.dscale = sum->dscale;
	packed.has_rest = rest != NULL;
	if (rest)
	{
		packed.rest = *rest;
		packed.rest.digits = NULL;
	}
	SET_VARSIZE(result, size);
	memcpy(VARDATA(result), &packed, sizeof(packed));
	if (digits_size > 0)
		memcpy(VARDATA(result) + sizeof(packed), rest->digits, digits_size);
	return result;
}

/* The sum from its bytes; its rest is in the current context. */
void
exact_total_unpack(const char *bytes, Size size, ExactSum *sum)
{
	PackedSum packed;
	Size digits_size;

	if (size < sizeof(packed))
		elog(ERROR, "invalid packed sum");
	memcpy(&packed, bytes, sizeof(packed));
	sum->total = packed.total;
	sum->fraction = packed.fraction;
	sum->dscale = packed.dscale;
	sum->rest = NULL;
	if (!packed.has_rest)
		return;
	digits_size = packed.rest.count * sizeof(int64);
	if (size != sizeof(packed) + digits_size)
		elog(ERROR, "invalid packed sum");
	sum->rest = palloc(sizeof(ExactRest));
	memcpy(sum->rest, &packed.rest, sizeof(ExactRest));
	if (digits_size > 0)
	{
		ExactRest *rest = sum->rest;

		rest->digits = palloc(digits_size);
		memcpy(rest->digits, bytes + sizeof(packed), digits_size);
	}
}
