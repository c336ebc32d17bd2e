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

/* The display scale of a number, which must be finite. */
int
tally_scale_of(Datum number)
{
	NumericParts parts;

	if (!exact_take_apart(number, &parts))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("a number to aggregate must be finite"),
		                errhint("Leave NaN and infinities out, with FILTER (WHERE …).")));
	return parts.dscale;
}

/* Adds to the total; false, and nothing added, when it does not fit. */
static bool
add_total(Tally *tally, int128 value, int scale)
{
	int128 total = tally->total;
	int common = Max(scale, tally->scale);

	if (value == 0)
		return true;
	if (!exact_mul_power10(total, common - tally->scale, &total) ||
	    !exact_mul_power10(value, common - scale, &value) ||
	    __builtin_add_overflow(total, value, &total))
		return false;
	tally->total = total;
	tally->scale = common;
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
	int scale = tally_scale_of(number);
	Exact exact;
	int128 product;

	tally->display = Max(tally->display, scale);
	if (exact_from_numeric(number, &exact) && exact_mul_int128(exact.mantissa, weight, &product) &&
	    add_total(tally, product, exact.scale))
		return;
	add_rest(context, tally, number_mul(DatumGetNumeric(number), int64_to_numeric(weight)));
}

/* Adds total * 10^-scale. */
void
tally_add_fixed(MemoryContext context, Tally *tally, int128 total, int scale)
{
	tally->display = Max(tally->display, scale);
	if (!add_total(tally, total, scale))
		add_rest(context, tally, exact_encode(total, scale, scale));
}

/* Adds what another tally holds. */
void
tally_merge(MemoryContext context, Tally *tally, const Tally *other)
{
	tally_add_fixed(context, tally, other->total, other->scale);
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

	if (tally->rest == NULL && exact_mul_power10(tally->total, scale - tally->scale, &units))
	{
		uint128 quotient = exact_abs(units) / divisor;
		uint64 remainder = (uint64)(exact_abs(units) - quotient * divisor);

		if (remainder >= divisor - remainder)
			quotient++;
		return exact_encode(units < 0 ? -(int128)quotient : (int128)quotient, scale, scale);
	}
	total = exact_encode(tally->total, tally->scale, tally->scale);
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
	pq_sendint32(buf, tally->scale);
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
	tally->scale = pq_getmsgint(buf, 4);
	tally->display = pq_getmsgint(buf, 4);
	tally->rest = NULL;
	size = pq_getmsgint(buf, 4);
	if (size == 0)
		return;
	tally->rest = palloc(size + VARHDRSZ);
	SET_VARSIZE(tally->rest, size + VARHDRSZ);
	pq_copymsgbytes(buf, VARDATA(tally->rest), size);
}
