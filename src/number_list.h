/*
 * number_list.h: a compact list of numbers, each with an optional moment.
 */
#ifndef CLOUDBILLING_NUMBER_LIST_H
#define CLOUDBILLING_NUMBER_LIST_H

#include "lib/stringinfo.h"
#include "utils/numeric.h"
#include "utils/palloc.h"

/* A number in units of 10000^-fraction of its list; in a wide list, a numeric. */
typedef union NumberWord
{
	int64 fixed;
	Numeric wide;
} NumberWord;

StaticAssertDecl(sizeof(Numeric) == sizeof(NumberWord), "an array of numerics is one of words");

/* Needs nothing set but its width; the order of its elements has no meaning. */
typedef struct NumberList
{
	int width;         /* words of an element: 1, or 2 with a moment behind the number */
	int display;       /* the largest display scale of all numbers, kept or replaced */
	int fraction;      /* of the units in which numbers are kept */
	bool wide;         /* some number does not fit 64 bits in such units */
	int64 count;       /* of elements */
	int64 size;        /* elements for which there is room */
	NumberWord *words; /* the elements */
} NumberList;

/* number_list.c */
extern void number_list_add(MemoryContext context, NumberList *list, Datum number, int64 at);
extern void number_list_put(MemoryContext context, NumberList *list, int64 i, Datum number);
extern Numeric number_list_get(const NumberList *list, int64 i);
extern void number_list_append(MemoryContext context, NumberList *list, const NumberList *other);
extern void number_list_send(StringInfo buf, const NumberList *list);
extern void number_list_receive(StringInfo buf, NumberList *list);

/* The moment of an element. */
static inline int64 *
number_list_at(const NumberList *list, int64 i)
{
	return &list->words[i * list->width + 1].fixed;
}

#endif
