/*
 * field_date.c: dates and times in a format that the file's format names.
 *
 * Suppliers write 9/30/2024, 09/30/2024, 20240930 or 9/30/2024 12:00:00 AM.  The
 * order of day and month is never guessed: it is what the format says, and
 * landing_record.c refuses what two formats of a field read as different times.
 */
#include "postgres.h"

#include "field.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/* What has been read so far; -1 is nothing. */
typedef struct Parts
{
	int year;
	bool short_year; /* of this century, as a supplier's file is */
	int month;
	int day;
	int hour;
	int minute;
	int second;
	bool twelve; /* hours go up to 12 */
	int noon;    /* 1 for PM, 0 for AM */
} Parts;

/* Whether the format goes on with a word, which it then passes. */
static bool
word(const char **format, const char *name)
{
	int len = strlen(name);

	if (strncmp(*format, name, len) != 0)
		return false;
	*format += len;
	return true;
}

/*
 * Reads a number of so many digits.  A number of two may have one, unless it
 * stands next to another.
 */
static bool
number(const char **p, const char *end, int width, bool alone, int *result)
{
	int n = 0;

	*result = 0;
	while (n < width && *p < end && **p >= '0' && **p <= '9')
	{
		*result = *result * 10 + (**p - '0');
		(*p)++;
		n++;
	}
	return n == width || (n > 0 && width == 2 && alone);
}

/* Reads the name of a month, cut to three letters. */
static bool
month_name(const char **p, const char *end, int *result)
{
	for (int i = 0; months[i] != NULL; i++)
		if (end - *p >= 3 && pg_strncasecmp(*p, months[i], 3) == 0)
		{
			*p += 3;
			*result = i + 1;
			return true;
		}
	return false;
}

/* Reads AM or PM. */
static bool
half_day(const char **p, const char *end, int *result)
{
	if (end - *p < 2 || pg_toupper((unsigned char)(*p)[1]) != 'M')
		return false;
	switch (pg_toupper((unsigned char)**p))
	{
		case 'A': *result = 0; break;
		case 'P': *result = 1; break;
		default: return false;
	}
	*p += 2;
	return true;
}

/* The place of a number that the format goes on with, which it then passes. */
static int *
number_of(const char **format, Parts *result, int *width)
{
	*width = 2;
	if (word(format, "YYYY"))
	{
		*width = 4;
		return &result->year;
	}
	if (word(format, "YY"))
	{
		result->short_year = true;
		return &result->year;
	}
	if (word(format, "MM"))
		return &result->month;
	if (word(format, "DD"))
		return &result->day;
	if (word(format, "HH24"))
		return &result->hour;
	if (word(format, "HH12"))
	{
		result->twelve = true;
		return &result->hour;
	}
	if (word(format, "MI"))
		return &result->minute;
	return word(format, "SS") ? &result->second : NULL;
}

/* Reads the text as the format says. */
static bool
parts(const char *format, const char *s, int len, Parts *result)
{
	const char *p = s;
	const char *end = s + len;
	bool after_number = false;

	while (*format != '\0')
	{
		Parts next;
		int width;
		int unused;
		int *place = number_of(&format, result, &width);
		bool ok;

		if (place != NULL)
		{
			const char *rest = format;
			bool alone = !after_number && number_of(&rest, &next, &unused) == NULL;

			ok = number(&p, end, width, alone && place != &result->year, place);
		}
		else if (word(&format, "Mon"))
			ok = month_name(&p, end, &result->month);
		else if (word(&format, "AM"))
			ok = half_day(&p, end, &result->noon);
		else
			ok = p < end && *p++ == *format++;
		if (!ok)
			return false;
		after_number = place != NULL;
	}
	return p == end;
}

/*
 * A time in UTC, in a format made of YYYY, YY, MM, Mon, DD, HH24, HH12, MI, SS, AM and
 * what stands between them; or ISO, for ISO 8601.  Without a day it is the first.
 */
bool
field_time_as(const char *format, const char *s, int len, TimestampTz *result)
{
	Parts part = {.year = 0, .month = 0, .day = 1};
	bool good;

	if (strcmp(format, "ISO") == 0)
		return field_time(s, len, result);
	if (!parts(format, s, len, &part))
		return false;

	if (part.short_year)
		part.year += 2000;
	good = part.year >= FIELD_FIRST_YEAR && part.year <= FIELD_LAST_YEAR && part.month >= 1 &&
	       part.month <= 12 && part.day >= 1 &&
	       part.day <= day_tab[isleap(part.year)][part.month - 1] && part.minute <= 59 &&
	       part.second <= 59;
	if (!good || part.hour > 23 || (part.twelve && (part.hour < 1 || part.hour > 12)))
		return false;
	if (part.twelve)
		part.hour = part.hour % 12 + part.noon * 12;

	*result = (TimestampTz)(date2j(part.year, part.month, part.day) - POSTGRES_EPOCH_JDATE) *
	              USECS_PER_DAY +
	          part.hour * USECS_PER_HOUR + part.minute * USECS_PER_MINUTE +
	          part.second * USECS_PER_SEC;
	return true;
}
