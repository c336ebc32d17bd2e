/*
 * allocation.h: an amount split by weights, so that the parts add up to it.
 *
 * Add the weights, divide the amount once, and read the parts.
 */
#ifndef CLOUDBILLING_ALLOCATION_H
#define CLOUDBILLING_ALLOCATION_H

#include "compat.h"
#include "exact.h"
#include "utils/palloc.h"

/* What becomes of the amount when all weights are 0. */
typedef enum AllocationZero
{
	ALLOCATION_EVEN,  /* it is split evenly */
	ALLOCATION_ERROR, /* it is refused */
	ALLOCATION_NULL   /* there are no parts */
} AllocationZero;

/* First a weight, then a part in units of 10^-scale. */
typedef union Share
{
	int128 fixed; /* negative: there is none */
	Numeric wide; /* NULL: there is none */
} Share;

typedef struct Allocation
{
	MemoryContext context;
	Share *shares;
	int64 size;    /* shares for which there is room */
	int64 count;   /* of shares */
	int64 weights; /* of shares that have one */
	bool wide;     /* shares do not all fit in 128 bits */
	bool positive; /* some weight is */
	bool negative;
	int32 fraction; /* weights are in units of 10000^-fraction; not when wide */
	int32 display;  /* the largest display scale of a weight */
	int128 largest; /* weight; not when wide */
	int32 scale;    /* of parts */
	bool minus;     /* parts are negative */
	int64 odd_at;   /* the share with more decimals than the scale; -1 is none */
	Numeric odd;    /* its part, without sign */
} Allocation;

/* Whether the ORDER BY says nothing about the order of two shares. */
typedef bool (*AllocationPeers)(void *arg, int64 a, int64 b);

/* allocation_weights.c */
extern void allocation_begin(Allocation *allocation, MemoryContext context, int64 size);
extern void allocation_add(Allocation *allocation, Datum weight, bool isnull);
extern void allocation_widen(Allocation *allocation);

/* allocation.c */
extern void allocation_divide(Allocation *allocation, Numeric amount, int scale,
                              AllocationZero zero, AllocationPeers peers, void *peers_arg);
extern Numeric allocation_part(const Allocation *allocation, int64 i);

/* Whether there is such a share; where its weight is NULL, there is none. */
static inline bool
allocation_has(const Allocation *allocation, int64 i)
{
	const Share *share = &allocation->shares[i];

	return allocation->wide ? share->wide != NULL : share->fixed >= 0;
}

/* A copy of a number in a context. */
static inline Numeric
allocation_keep(MemoryContext context, Numeric number)
{
	Numeric copy = MemoryContextAlloc(context, VARSIZE(number));

	memcpy(copy, number, VARSIZE(number));
	return copy;
}

#endif
