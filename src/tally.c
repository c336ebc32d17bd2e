/*
 * tally.c: an exact sum of numbers times weights, and its exact share.
 *
 * Weights are whole: microseconds, days.  So the sum is exact, the order of what
 * is added cannot matter, and the one division comes last.  It is counted in 128
 * bits as long as that holds it, and in numeric beyond.
 */
#include "postgres.h"

#include "compat.h"
#include "exact_format.h"
#include "libpq/pqformat.h"
#include "number.h"
#include "tally.h"

/* Reads a number, which must be finite; false, and only its display scale, when it does not fit. */
bool
tally_read(Datum number, FixedNumber *fixed)
{
	NumericParts parts;
	int fraction;

	if (!exact_take_apart(number, &parts))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("a number to aggregate must be finite"),
		                errhint("Leave NaN and infinities out, with FILTER (WHERE …).")));
	fixed->display = parts.dscale;
	if (!exact_digits_to_int128(&parts, &fixed->units))
		return false;
	fraction = parts.count == 0 ? 0 : parts.count - 1 - parts.weight;
	fixed->fraction = Max(fraction, 0);
	return fraction >= 0 || exact_mul_power10(fixed->units, -fraction * DEC_DIGITS, &fixed->units);
}

/* Adds to the total; false, and nothing added, when it does not fit. */
static bool
add_total(Tally *tally, int128 units, int fraction)
{
	int128 total = tally->total;
	int common = Max(fraction, tally->fraction);

	if (units == 0)
		return true;
	if (!exact_mul_power10(total, (common - tally->fraction) * DEC_DIGITS, &total) ||
	    !exact_mul_power10(units, (common - fraction) * DEC_DIGITS, &units) ||
	    __builtin_add_overflow(total, units, &total))
		return false;
	tally->total = total;
	tally->fraction = common;
	return true;
}

/* Adds to the rest. */
static void
add_rest(MemoryContext context, Tally *tally, Numeric number)
{
	Numeric before = tally->rest;
	Numeric sum = before ? number_add(before, number) : number;

	tally->rest = MemoryContextAlloc(context, VARSIZE(sum));
	memcpy(tally->rest, sum, VARSIZE(sum));
	if (before)
		pfree(before);
}

/* Adds a number so many times; what must be kept is in the context. */
void
tally_add(MemoryContext context, Tally *tally, Datum number, int64 weight)
{
	FixedNumber fixed;
	int128 product;
	bool fits = tally_read(number, &fixed);

	tally->display = Max(tally->display, fixed.display);
	if (fits && exact_mul_int128(fixed.units, weight, &product) &&
	    add_total(tally, product, fixed.fraction))
		return;
	add_rest(context, tally, number_mul(DatumGetNumeric(number), int64_to_numeric(weight)));
}

/* What total holds, as a number. */
static Numeric
encode(int128 total, int fraction)
{
	int scale = fraction * DEC_DIGITS;

	return exact_encode(total, scale, Min(scale, NUMERIC_DSCALE_MASK));
}

/* Adds total * 10000^-fraction. */
void
tally_add_fixed(MemoryContext context, Tally *tally, int128 total, int fraction)
{
	if (!add_total(tally, total, fraction))
		add_rest(context, tally, encode(total, fraction));
}

/* Adds what another tally holds. */
void
tally_merge(MemoryContext context, Tally *tally, const Tally *other)
{
	tally_add_fixed(context, tally, other->total, other->fraction);
	tally->display = Max(tally->display, other->display);
	if (other->rest)
		add_rest(context, tally, other->rest);
}

/* 10^n as a number. */
static Numeric
power10(int n)
{
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(psprintf("1e%d", n)),
	                                           ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

/* a / divisor, rounded half away from zero, with numbers that have no limit. */
static Numeric
divide_any(Numeric a, Numeric divisor, int scale)
{
	bool negative = number_cmp(a, int64_to_numeric(0)) < 0;
	Numeric twice = number_add(divisor, divisor);
	Numeric units = number_mul(negative ? number_negate(a) : a, power10(scale));

	units = number_quotient(number_add(number_add(units, units), divisor), twice);
	return number_mul(negative ? number_negate(units) : units, power10(-scale));
}

/* The total in units of 10^-scale; false when it does not fit. */
static bool
units_of(const Tally *tally, int scale, int128 *units)
{
	int surplus = tally->fraction * DEC_DIGITS - scale;

	if (surplus <= 0)
		return exact_mul_power10(tally->total, -surplus, units);
	/* what is cut off is zeros, for no number has more decimals than show */
	*units = tally->total / exact_power10(surplus);
	return *units * exact_power10(surplus) == tally->total;
}

/*
 * The sum by a positive divisor, rounded half away from zero to the decimals of
 * the numbers, or 16 where they have fewer.
 */
Numeric
tally_quotient(const Tally *tally, int64 divisor)
{
	int scale = Max(tally->display, TALLY_MIN_SCALE);
	Numeric total;
	int128 units;

	if (tally->rest == NULL && units_of(tally, scale, &units))
	{
		uint128 quotient = exact_abs(units) / divisor;
		uint64 remainder = (uint64)(exact_abs(units) - quotient * divisor);

		if (remainder >= divisor - remainder)
			quotient++;
		return exact_encode(units < 0 ? -(int128)quotient : (int128)quotient, scale, scale);
	}
	total = encode(tally->total, tally->fraction);
	if (tally->rest)
		total = number_add(total, tally->rest);
	return divide_any(total, int64_to_numeric(divisor), scale);
}

/* Sends a tally to another process. */
void
tally_send(StringInfo buf, const Tally *tally)
{
	Size size = tally->rest ? VARSIZE(tally->rest) - VARHDRSZ : 0;

	pq_sendint64(buf, (uint64)((uint128)tally->total >> 64));
	pq_sendint64(buf, (uint64)tally->total);
	pq_sendint32(buf, tally->fraction);
	pq_sendint32(buf, tally->display);
	pq_sendint32(buf, size);
	if (tally->rest)
		pq_sendbytes(buf, VARDATA(tally->rest), size);
}

/* Takes what tally_send() sent. */
void
tally_receive(StringInfo buf, Tally *tally)
{
	uint64 high = pq_getmsgint64(buf);
	uint64 low = pq_getmsgint64(buf);
	Size size;

	tally->total = (int128)((uint128)high << 64 | low);
	tally->fraction = pq_getmsgint(buf, 4);
	tally->display = pq_getmsgint(buf, 4);
	tally->rest = NULL;
	size = pq_getmsgint(buf, 4);
	if (size == 0)
		return;
	tally->rest = palloc(size + VARHDRSZ);
	SET_VARSIZE(tally->rest, size + VARHDRSZ);
	pq_copymsgbytes(buf, VARDATA(tally->rest), size);
}
