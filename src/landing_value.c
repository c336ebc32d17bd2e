/*
 * landing_value.c: turns the text of a value into that of its field, or says why not.
 */
#include "postgres.h"

#include "compat.h"
#include "field.h"
#include "landing.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/formatting.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* Leaves out the blanks around a value. */
static void
trim(const char **s, int *len)
{
	while (*len > 0 && **s == ' ')
		(*s)++, (*len)--;
	while (*len > 0 && (*s)[*len - 1] == ' ')
		(*len)--;
}

/* The word of the format that a value is, in its case or else in any; NULL for none. */
static const char *
find_choice(LandingField *field, const char *s, int len)
{
	const char *other = NULL;

	for (int i = 0; i < field->choices.n; i++)
	{
		const char *word = field->choices.word[i];

		if (strlen(word) != len)
			continue;
		if (memcmp(word, s, len) == 0)
			return word;
		if (other == NULL && pg_strncasecmp(word, s, len) == 0)
			other = word;
	}
	return other;
}

/* Reads a time in the formats of the field; two of them must not disagree. */
static const char *
read_time(LandingField *field, const char *s, int len, TimestampTz *time)
{
	bool found = false;

	*time = 0;
	trim(&s, &len);
	if (field->formats.n == 0)
		return field_time(s, len, time) ? NULL : "not a date or time in ISO 8601";
	for (int i = 0; i < field->formats.n; i++)
	{
		TimestampTz other;

		if (!field_time_as(field->formats.word[i], s, len, &other))
			continue;
		if (found && other != *time)
			return "a date that can be read in two ways";
		*time = other;
		found = true;
	}
	return found ? NULL : field->time_fault;
}

/* The first moment of the month that a time is in; mostly that of the record before. */
static TimestampTz
month_of(Landing *landing, TimestampTz time)
{
	struct pg_tm tm;
	fsec_t fsec;
	int days;

	if (time >= landing->month_first && time < landing->month_end)
		return landing->month_first;
	if (timestamp2tm(time, NULL, &tm, &fsec, NULL, NULL) != 0)
		return time;
	days = date2j(tm.tm_year, tm.tm_mon, 1) - POSTGRES_EPOCH_JDATE;
	landing->month_first = days * USECS_PER_DAY;
	landing->month_end = (days + day_tab[isleap(tm.tm_year)][tm.tm_mon - 1]) * USECS_PER_DAY;
	return landing->month_first;
}

/*
 * Reads one value; of an object that has columns of its own, the text may be
 * NULL.  NULL when that went well, else the reason why not.
 */
const char *
landing_read_value(Landing *landing, LandingField *field, const char *s, int len, Datum *value)
{
	switch (field->kind)
	{
		case FIELD_NUMBER:
		{
			Numeric number;

			if (!field_number(s, len, landing->reader.delimiter, &number))
				return "not a number";
			*value = NumericGetDatum(number);
			return NULL;
		}
		case FIELD_TIME:
		{
			TimestampTz time;
			const char *fault = read_time(field, s, len, &time);

			*value = TimestampTzGetDatum(field->by_month ? month_of(landing, time) : time);
			return fault;
		}
		case FIELD_JSON: return landing_read_object(landing, field, s, len, value);
		case FIELD_NESTED:
		{
			StringInfoData json;

			initStringInfo(&json);
			if (field_json_nested(s, len))
				appendBinaryStringInfo(&json, s, len);
			else if (!field_json_from_python(s, len, &json) ||
			         !field_json_nested(json.data, json.len))
				return "not a list";
			*value = DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
			return NULL;
		}
		case FIELD_NAME:
			if (len > FIELD_NAME_MAX)
				return "longer than a name may be";
			break;
		case FIELD_CURRENCY:
		{
			char *code;

			trim(&s, &len);
			code = asc_toupper(s, len);
			if (!field_currency(code, len))
				return "not a currency code of ISO 4217";
			*value = PointerGetDatum(cstring_to_text(code));
			return NULL;
		}
		default:
			if (field->choices.n > 0)
			{
				const char *choice;

				trim(&s, &len);
				choice = find_choice(field, s, len);
				if (choice == NULL)
					return "not a value the format knows";
				s = choice;
			}
	}
	*value = PointerGetDatum(cstring_to_text_with_len(s, len));
	return NULL;
}
