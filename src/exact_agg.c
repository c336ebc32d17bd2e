/*
 * exact_agg.c: the aggregate exact_sum, the same as sum(numeric) but faster.
 *
 * A state is 32 bytes with a 128-bit total.  The total is counted in powers of
 * 10000, like stored digits, so that adding a number needs no division.  What
 * does not fit, NaN and infinities are left to the server's own state of
 * sum(numeric), called the rest; it is made when first needed.
 */
#include "postgres.h"

#include "exact.h"
#include "exact_format.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"

/* Total in more digits after the point would leave too few before it. */
#define MAX_FRACTION 7

/* A state on its way between processes, in network byte order; the rest follows. */
typedef struct SerialSum
{
	uint64 high;
	uint64 low;
	uint32 fraction;
	uint32 dscale;
} SerialSum;

/* Calls one of the server's own functions for sum(numeric), in this aggregate. */
static Datum
call_server(PGFunction function, FunctionCallInfo fcinfo, const void *a, Datum b)
{
	LOCAL_FCINFO(call, 2);
	Datum result;

	InitFunctionCallInfoData(*call, NULL, 2, InvalidOid, fcinfo->context, NULL);
	call->args[0].value = PointerGetDatum(a);
	call->args[0].isnull = a == NULL;
	call->args[1].value = b;
	call->args[1].isnull = false;
	result = function(call);
	if (call->isnull)
		elog(ERROR, "sum of numeric gave NULL");
	return result;
}

/* Adds a numeric to the rest; out of line, for the transition function to stay small. */
static pg_noinline void
add_rest(FunctionCallInfo fcinfo, ExactSum *state, Datum numeric)
{
	state->rest = DatumGetPointer(call_server(numeric_avg_accum, fcinfo, state->rest, numeric));
}

/* Adds value * 10000^-fraction to the total; false, and nothing added, when it does not fit. */
static bool
add_total(ExactSum *state, int128 value, int fraction)
{
	int128 total = state->total;
	int common = Max(fraction, state->fraction);

	if (value == 0)
		return true;
	if (fraction > MAX_FRACTION ||
	    !exact_mul_power10(total, (common - state->fraction) * DEC_DIGITS, &total) ||
	    !exact_mul_power10(value, (common - fraction) * DEC_DIGITS, &value) ||
	    __builtin_add_overflow(total, value, &total))
		return false;
	state->total = total;
	state->fraction = common;
	return true;
}

/* Adds a numeric of any kind to the total; false when it does not fit. */
static pg_noinline bool
add_any(ExactSum *state, Datum numeric)
{
	NumericParts parts;
	int128 value;

	if (!exact_take_apart(numeric, &parts) || !exact_digits_to_int128(&parts, &value) ||
	    !add_total(state, value, parts.count - 1 - parts.weight))
		return false;
	state->dscale = Max(state->dscale, parts.dscale);
	return true;
}

/* What the first two of n digits count, where they are not among the last two. */
static const int64 first_digit[] = {0, 0, 0, INT64CONST(100000000), INT64CONST(1000000000000)};
static const int64 second_digit[] = {0, 0, 0, 0, INT64CONST(100000000)};

/* Reads two to four stored digits, without a branch that depends on how many there are. */
static inline int64
read_two_to_four(const char *digits, int count)
{
	return exact_digit(digits, count - 2) * INT64CONST(10000) + exact_digit(digits, count - 1) +
	       exact_digit(digits, 0) * first_digit[count] +
	       exact_digit(digits, 1) * second_digit[count];
}

/* Reads up to four stored digits. */
static inline int64
read_digits(const char *digits, int count)
{
	int64 value = 0;

	switch (count)
	{
		case 4: value = exact_digit(digits, count - 4);                 /* FALLTHROUGH */
		case 3: value = value * NBASE + exact_digit(digits, count - 3); /* FALLTHROUGH */
		case 2: value = value * NBASE + exact_digit(digits, count - 2); /* FALLTHROUGH */
		case 1: value = value * NBASE + exact_digit(digits, count - 1); /* FALLTHROUGH */
		default: break;
	}
	return value;
}

/* Adds a numeric that suits the total as it is, as nearly all do; false if it does not. */
static inline bool
add_plain(ExactSum *state, Datum numeric)
{
	NumericParts parts;
	int128 value;
	int128 sum;
	int shift;

	if (!exact_take_apart(numeric, &parts) || parts.dscale > state->dscale)
		return false;
	if (parts.count == 0)
		return true;
	shift = state->fraction - (parts.count - 1 - parts.weight);
	if (shift < 0 || shift > MAX_FRACTION || parts.count + shift > EXACT_SAFE_DIGITS)
		return false;
	if (likely(parts.count >= 2 && parts.count <= 4 && shift <= 4))
		value = (int128)read_two_to_four(parts.digits, parts.count) *
		        (int64)exact_power10_64[shift * DEC_DIGITS]; /* mostly, and one multiplication */
	else if (parts.count <= 8)
	{
		int low = Min(parts.count, 4);

		value =
		    (int128)read_digits(parts.digits, parts.count - low) * INT64CONST(10000000000000000) +
		    read_digits(parts.digits + (parts.count - low) * sizeof(int16), low);
		value *= exact_power10(shift * DEC_DIGITS);
	}
	else
		return false;
	if (parts.negative)
		value = -value;
	if (__builtin_add_overflow(state->total, value, &sum))
		return false;
	state->total = sum;
	return true;
}

/* Adds a number; false, and nothing added, when it does not fit. */
static inline bool
add(ExactSum *sum, Datum numeric)
{
	return likely(add_plain(sum, numeric)) || add_any(sum, numeric);
}

/* The same for other files. */
bool
exact_sum_add(ExactSum *sum, Datum numeric)
{
	return add(sum, numeric);
}

/* What the total holds; the rest is the caller's. */
Numeric
exact_sum_total(const ExactSum *sum)
{
	return exact_encode(sum->total, sum->fraction * DEC_DIGITS, sum->dscale);
}

/* Makes a state in the memory of the aggregate. */
static pg_noinline ExactSum *
new_state(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return MemoryContextAllocZero(context, sizeof(ExactSum));
}

/* Adds a number; NULL counts for nothing. */
PG_FUNCTION_INFO_V1(exact_sum_transition);
Datum
exact_sum_transition(PG_FUNCTION_ARGS)
{
	ExactSum *state = PG_ARGISNULL(0) ? NULL : (ExactSum *)PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		if (state == NULL)
			state = new_state(fcinfo);
		if (!add(state, PG_GETARG_DATUM(1)))
			add_rest(fcinfo, state, PG_GETARG_DATUM(1));
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/* Adds the second state to the first. */
PG_FUNCTION_INFO_V1(exact_sum_combine);
Datum
exact_sum_combine(PG_FUNCTION_ARGS)
{
	ExactSum *state = PG_ARGISNULL(0) ? NULL : (ExactSum *)PG_GETARG_POINTER(0);
	ExactSum *other = PG_ARGISNULL(1) ? NULL : (ExactSum *)PG_GETARG_POINTER(1);

	if (other != NULL)
	{
		if (state == NULL)
			state = new_state(fcinfo);
		if (!add_total(state, other->total, other->fraction))
			add_rest(fcinfo, state, NumericGetDatum(exact_sum_total(other)));
		state->dscale = Max(state->dscale, other->dscale);
		if (other->rest != NULL)
			state->rest = DatumGetPointer(call_server(numeric_avg_combine, fcinfo, state->rest,
			                                          PointerGetDatum(other->rest)));
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/* Packs a state for another process. */
PG_FUNCTION_INFO_V1(exact_sum_serialise);
Datum
exact_sum_serialise(PG_FUNCTION_ARGS)
{
	ExactSum *state = (ExactSum *)PG_GETARG_POINTER(0);
	bytea *rest = NULL;
	Size rest_size = 0;
	SerialSum serial;
	bytea *result;

	if (state->rest != NULL)
	{
		rest = DatumGetByteaPP(call_server(numeric_avg_serialize, fcinfo, state->rest, 0));
		rest_size = VARSIZE_ANY_EXHDR(rest);
	}
	serial.high = pg_hton64((uint64)(state->total >> 64));
	serial.low = pg_hton64((uint64)state->total);
	serial.fraction = pg_hton32(state->fraction);
	serial.dscale = pg_hton32(state->dscale);

	result = palloc(VARHDRSZ + sizeof(serial) + rest_size);
	SET_VARSIZE(result, VARHDRSZ + sizeof(serial) + rest_size);
	memcpy(VARDATA(result), &serial, sizeof(serial));
	if (rest != NULL)
		memcpy(VARDATA(result) + sizeof(serial), VARDATA_ANY(rest), rest_size);
	PG_RETURN_BYTEA_P(result);
}

/* Unpacks a state of another process. */
PG_FUNCTION_INFO_V1(exact_sum_deserialise);
Datum
exact_sum_deserialise(PG_FUNCTION_ARGS)
{
	bytea *packed = PG_GETARG_BYTEA_PP(0);
	Size size = VARSIZE_ANY_EXHDR(packed);
	ExactSum *state = palloc0(sizeof(ExactSum));
	SerialSum serial;

	if (size < sizeof(serial))
		elog(ERROR, "invalid state of exact_sum");
	memcpy(&serial, VARDATA_ANY(packed), sizeof(serial));
	state->total = (int128)((uint128)pg_ntoh64(serial.high) << 64 | pg_ntoh64(serial.low));
	state->fraction = pg_ntoh32(serial.fraction);
	state->dscale = pg_ntoh32(serial.dscale);
	size -= sizeof(serial);
	if (size > 0)
	{
		bytea *rest = palloc(VARHDRSZ + size);

		SET_VARSIZE(rest, VARHDRSZ + size);
		memcpy(VARDATA(rest), VARDATA_ANY(packed) + sizeof(serial), size);
		state->rest = DatumGetPointer(call_server(numeric_avg_deserialize, fcinfo, rest, 0));
	}
	PG_RETURN_POINTER(state);
}

/* Returns the sum; the state can take more numbers after that. */
PG_FUNCTION_INFO_V1(exact_sum_final);
Datum
exact_sum_final(PG_FUNCTION_ARGS)
{
	ExactSum *state = PG_ARGISNULL(0) ? NULL : (ExactSum *)PG_GETARG_POINTER(0);

	if (state == NULL)
		PG_RETURN_NULL();
	if (state->rest == NULL)
		PG_RETURN_NUMERIC(exact_sum_total(state));
	add_rest(fcinfo, state, NumericGetDatum(exact_sum_total(state)));
	state->total = 0;
	PG_RETURN_DATUM(call_server(numeric_sum, fcinfo, state->rest, 0));
}
