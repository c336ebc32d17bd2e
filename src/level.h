/*
 * level.h: level x time over a period, added to a tally.
 */
#ifndef CLOUDBILLING_LEVEL_H
#define CLOUDBILLING_LEVEL_H

#include "period.h"
#include "tally.h"
#include "usage.h"

/* level.c */
extern void level_tally(MemoryContext context, Tally *tally, UsageReading *readings, int64 count,
                        const Period *during);

#endif
