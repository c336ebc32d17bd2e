/*
 * exact.h: decimal numbers of fixed point, 128 bits wide.
 *
 * Arithmetic here never rounds unless asked to and never wraps around: what
 * does not fit is reported, and the caller takes numeric arithmetic instead.
 */
#ifndef CLOUDBILLING_EXACT_H
#define CLOUDBILLING_EXACT_H

#include "utils/numeric.h"

#ifndef HAVE_INT128
#error "a compiler with 128-bit integers is required"
#endif

/* The value mantissa * 10^-scale; scale is the display scale, 0 to 16383. */
typedef struct Exact
{
	int128 mantissa;
	int32 scale;
} Exact;

typedef enum ExactRounding
{
	EXACT_UP,        /* away from zero */
	EXACT_DOWN,      /* toward zero */
	EXACT_HALF_UP,   /* nearest, ties away from zero */
	EXACT_HALF_EVEN, /* nearest, ties to even */
	EXACT_CEILING,   /* toward positive infinity */
	EXACT_FLOOR      /* toward negative infinity */
} ExactRounding;

/* A sum in the making; all zeros is a sum of nothing. */
typedef struct ExactSum
{
	int128 total;   /* in units of 10000^-fraction */
	void *rest;     /* what total cannot hold: of exact_total_*(), or else the caller's */
	int16 fraction; /* digits in base 10000 after the point */
	int16 dscale;   /* the largest display scale that went into total */
} ExactSum;

/* exact.c: each bool is false when the result does not fit */
extern bool exact_from_numeric(Datum numeric, Exact *result);
extern Numeric exact_to_numeric(const Exact *value);
extern bool exact_rescale(Exact *value, int scale, ExactRounding mode);

/*
 * exact_sum.c: a sum of numbers of any size, NaN and infinities too, with the
 * value and display scale of sum(numeric).  Memory is only taken, from the
 * context, for what does not fit in 128 bits.
 */
extern void exact_total_add(ExactSum *sum, Datum numeric, MemoryContext context);
extern void exact_total_combine(ExactSum *sum, const ExactSum *other, MemoryContext context);
extern Numeric exact_total_get(const ExactSum *sum);
extern Numeric exact_total_difference(const ExactSum *sum, const ExactSum *other);
extern bytea *exact_total_pack(const ExactSum *sum);
extern void exact_total_unpack(const char *bytes, Size size, ExactSum *sum);

/* exact_round.c */
extern bool exact_rounding_from_text(const char *name, ExactRounding *mode);
extern Numeric exact_numeric_round(Numeric value, int scale, ExactRounding mode);

/* exact_io.c */
extern bool exact_numeric_from_text(const char *s, int len, Numeric *out);

#endif
