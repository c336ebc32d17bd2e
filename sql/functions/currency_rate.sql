CREATE OR REPLACE FUNCTION currency_rate_days() RETURNS int
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION currency_rate_days() IS 'the setting cloudbilling.currency_rate_days: how many days old an exchange rate may be';

-- The rate that holds between two currencies on a day: the month's, else the last
-- of a day on or before it that is not too old; either way round, since banks publish
-- one.  No row where there is none: a rate is never guessed, nor made of two others.
CREATE OR REPLACE FUNCTION currency_rate_find(currency text, to_currency text, on_day date, max_days int DEFAULT currency_rate_days())
RETURNS TABLE (rate numeric, inverse boolean, rate_on date, per text, source text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT 1::numeric, false, currency_rate_find.on_day, 'day', NULL::text
    WHERE currency_rate_find.currency = currency_rate_find.to_currency AND currency_rate_find.on_day IS NOT NULL
    UNION ALL
    (SELECT r.rate, r.inverse, r.rate_on, r.per, r.source
     FROM currency_rate_either AS r
     WHERE r.currency = currency_rate_find.currency::bpchar
       AND r.to_currency = currency_rate_find.to_currency::bpchar
       AND r.rate_on BETWEEN least(date_trunc('month', on_day::timestamp)::date, on_day - max_days) AND on_day
       AND (r.per = 'month' AND r.rate_on = date_trunc('month', on_day::timestamp)::date
         OR r.per = 'day' AND r.rate_on >= on_day - max_days)
     ORDER BY r.per DESC, r.rate_on DESC, r.inverse
     LIMIT 1);
END;

COMMENT ON FUNCTION currency_rate_find(text, text, date, int) IS 'the exchange rate that holds between two currencies on a day: multiply by it, or where it is inverse divide; no row when there is none';

-- An amount in another currency.  Not rounded.
CREATE OR REPLACE FUNCTION currency_convert(amount numeric, currency text, to_currency text, on_day date, missing text DEFAULT 'error')
RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    found_rate record;
    last_rate record;
BEGIN
    IF missing IS NULL OR missing NOT IN ('error', 'null') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('%L is not what a missing rate can lead to', missing),
            HINT = 'It is ''error'' or ''null''.';
    ELSIF num_nulls(currency, to_currency, on_day) > 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'currency_convert needs two currencies and a day',
            HINT = 'For example: SELECT cloudbilling.currency_convert(12.50, ''USD'', ''EUR'', ''2026-10-31'')';
    END IF;

    SELECT * INTO found_rate FROM currency_rate_find(currency, to_currency, on_day);
    IF NOT FOUND AND missing = 'error' THEN
        SELECT r.rate_on, r.per
        INTO last_rate
        FROM currency_rate AS r
        WHERE (r.currency = currency_convert.currency AND r.to_currency = currency_convert.to_currency
            OR r.currency = currency_convert.to_currency AND r.to_currency = currency_convert.currency)
          AND r.rate_on <= on_day
        ORDER BY r.rate_on DESC
        LIMIT 1;
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = format('there is no exchange rate from %s to %s on %s', currency, to_currency, on_day),
            DETAIL = CASE WHEN last_rate.rate_on IS NULL THEN 'There is none before it either.'
                ELSE format('The last one before is of the %s %s; one of a day may be %s days old.', last_rate.per,
                    to_char(last_rate.rate_on, CASE last_rate.per WHEN 'day' THEN 'YYYY-MM-DD' ELSE 'YYYY-MM' END), currency_rate_days()) END,
            HINT = 'Add it to the table cloudbilling.currency_rate, or let older ones hold with cloudbilling.currency_rate_days.';
    END IF;
    RETURN CASE WHEN found_rate.inverse THEN amount / found_rate.rate ELSE amount * found_rate.rate END;
END
$$;

COMMENT ON FUNCTION currency_convert(numeric, text, text, date, text) IS 'an amount in another currency by the rate of a day, not rounded; without a rate an error, or NULL';
