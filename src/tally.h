/*
 * tally.h: an exact sum of numbers times weights, and its exact share.
 */
#ifndef CLOUDBILLING_TALLY_H
#define CLOUDBILLING_TALLY_H

#include "exact.h"
#include "lib/stringinfo.h"
#include "utils/palloc.h"

/* Digits after the point of a quotient, where its numbers do not have more. */
#define TALLY_MIN_SCALE 16

/* A sum in the making; all zeros is a sum of nothing. */
typedef struct Tally
{
	int128 total;   /* in units of 10000^-fraction */
	Numeric rest;   /* what total cannot hold; NULL is nothing */
	int32 fraction; /* the largest that went into total */
	int32 display;  /* the largest display scale of all numbers */
} Tally;

/* A finite number as it is counted here: zeros at its end take no room. */
typedef struct FixedNumber
{
	int128 units;   /* of 10000^-fraction */
	int32 fraction; /* not negative */
	int32 display;  /* the display scale */
} FixedNumber;

/* tally.c */
extern bool tally_read(Datum number, FixedNumber *fixed);
extern void tally_add(MemoryContext context, Tally *tally, Datum number, int64 weight);
extern void tally_add_fixed(MemoryContext context, Tally *tally, int128 total, int fraction);
extern void tally_merge(MemoryContext context, Tally *tally, const Tally *other);
extern Numeric tally_quotient(const Tally *tally, int64 divisor);
extern void tally_send(StringInfo buf, const Tally *tally);
extern void tally_receive(StringInfo buf, Tally *tally);

#endif
