/*
 * local_day.c: the day on which a moment is in a time zone.
 *
 * Finding it takes the server half a microsecond, and charges of one hour come
 * by the thousand: the days of moments seen lately are remembered.
 */
#include "postgres.h"

#include "compat.h"
#include "local_day.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

/* Makes a zone of its name, in the current memory context. */
LocalZone *
local_zone_make(const char *name)
{
	LocalZone *zone = palloc0(sizeof(LocalZone));

	zone->name = CStringGetTextDatum(name);
	zone->scratch =
	    AllocSetContextCreate(CurrentMemoryContext, "cloudbilling local day", ALLOCSET_SMALL_SIZES);
	return zone;
}

/* Asks the server for the day of a moment. */
pg_noinline DateADT
local_day_find(LocalZone *zone, TimestampTz moment)
{
	MemoryContext old = MemoryContextSwitchTo(zone->scratch);
	Datum local = DirectFunctionCall2(timestamptz_zone, zone->name, TimestampTzGetDatum(moment));
	Datum day = DirectFunctionCall1(timestamp_date, local);

	MemoryContextSwitchTo(old);
	MemoryContextReset(zone->scratch);
	return DatumGetDateADT(day);
}
