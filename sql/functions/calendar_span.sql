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

-- How many of one are in another: 12 months in a year.  NULL when they have no measure
-- in common.
CREATE OR REPLACE FUNCTION spans_in(whole interval, part interval)
RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN extract(day FROM whole) > 0 AND extract(day FROM part) > 0 THEN extract(day FROM whole) / extract(day FROM part)
    ELSE (extract(year FROM whole) * 12 + extract(month FROM whole))
        / nullif(CASE WHEN extract(day FROM whole) = 0 THEN extract(year FROM part) * 12 + extract(month FROM part) END, 0) END;

COMMENT ON FUNCTION spans_in(interval, interval) IS 'how often one length of time is in another; NULL for months and days';
