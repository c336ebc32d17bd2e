-- Periods of a length of time, counted from a day: number 0 begins on it.  A month is
-- added to that day, not to the period before, so one that begins on the 31st begins
-- on the last day of shorter months, and then on the 31st again.
CREATE OR REPLACE FUNCTION period_begin(anchor date, span interval, number int)
RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (anchor + number * span)::date;

COMMENT ON FUNCTION period_begin(date, interval, int) IS 'first day of a period, by its number from an anchor';

CREATE OR REPLACE FUNCTION period_number(anchor date, span interval, on_day date)
RETURNS int
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN extract(day FROM span) > 0 THEN floor((on_day - anchor) / extract(day FROM span))::int
        -- by months, and one less where the period begins later in the month
        ELSE m.number - (period_begin(anchor, span, m.number) > on_day)::int END
    FROM (
        SELECT floor((extract(year FROM on_day) * 12 + extract(month FROM on_day) - extract(year FROM anchor) * 12 - extract(month FROM anchor))
            / nullif(extract(year FROM span) * 12 + extract(month FROM span), 0))::int AS number
    ) AS m;
END;

COMMENT ON FUNCTION period_number(date, interval, date) IS 'number of the period that a day is in, from an anchor';

-- How long, in months or in days.
CREATE OR REPLACE FUNCTION span_length(span interval)
RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (CASE WHEN extract(day FROM span) > 0 THEN extract(day FROM span) ELSE extract(year FROM span) * 12 + extract(month FROM span) END)::int;

COMMENT ON FUNCTION span_length(interval) IS 'number of days, or of months, of a length of time in one of them';
