/*
 * local_day.h: the day on which a moment is in a time zone.
 */
#ifndef CLOUDBILLING_LOCAL_DAY_H
#define CLOUDBILLING_LOCAL_DAY_H

#include "utils/date.h"
#include "utils/timestamp.h"

/* Days remembered for each zone, by minute: hours and days do not collide. */
#define LOCAL_DAYS 4096

/* A time zone, with the days of moments seen lately. */
typedef struct LocalZone
{
	Datum name;            /* text */
	MemoryContext scratch; /* as long as a call of the server's functions */
	struct
	{
		TimestampTz moment;
		DateADT day;
		bool known;
	} days[LOCAL_DAYS];
} LocalZone;

extern LocalZone *local_zone_make(const char *name);
extern DateADT local_day_find(LocalZone *zone, TimestampTz moment);

/* The day in a zone, as AT TIME ZONE finds it. */
static inline DateADT
local_day(LocalZone *zone, TimestampTz moment)
{
	int place = (moment / USECS_PER_MINUTE) & (LOCAL_DAYS - 1);

	if (unlikely(!zone->days[place].known || zone->days[place].moment != moment))
	{
		zone->days[place].day = local_day_find(zone, moment);
		zone->days[place].moment = moment;
		zone->days[place].known = true;
	}
	return zone->days[place].day;
}

#endif
