-- A length of time by the calendar: whole months or whole days, never both, so that
-- counting periods from a day has one answer.
CREATE DOMAIN calendar_span AS interval
    CONSTRAINT calendar_span_whole CHECK (
        extract(hour FROM VALUE) = 0 AND extract(minute FROM VALUE) = 0 AND extract(second FROM VALUE) = 0
        AND extract(year FROM VALUE) * 12 + extract(month FROM VALUE) >= 0 AND extract(day FROM VALUE) >= 0
        AND (extract(year FROM VALUE) * 12 + extract(month FROM VALUE) = 0 OR extract(day FROM VALUE) = 0));
COMMENT ON DOMAIN calendar_span IS 'a number of months (or years) or a number of days (or weeks), such as 1 month, 3 years or 14 days';
