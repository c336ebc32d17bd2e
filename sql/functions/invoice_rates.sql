-- What costs of the customers asked for are converted with, for documents to keep.
-- Whose cost is not known is not invoiced: a document of what is left would be wrong.
CREATE OR REPLACE FUNCTION invoice_rates(until date)
RETURNS SETOF charge_converted
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    converted charge_converted[];
    lacking charge_converted[];
    bad record;
BEGIN
    IF NOT EXISTS (SELECT FROM invoice_currency) THEN
        RETURN;
    END IF;
    converted := ARRAY(SELECT c FROM charge_converted AS c);
    lacking := ARRAY(
        SELECT c
        FROM unnest(converted) AS c
        JOIN customer_zone AS z ON z.customer_id = c.customer_id
        WHERE c.factor IS NULL AND c.has_cost
          -- as in invoice_finalise
          AND (c.period_start + interval '1 month')::date <= least(until, (clock_timestamp() AT TIME ZONE z.time_zone)::date)
          AND (c.period_start >= until - make_interval(months => current_setting('cloudbilling.correction_months')::int)
            OR NOT EXISTS (SELECT FROM invoice_line AS l WHERE l.customer_id = c.customer_id AND l.period_start = c.period_start)));
    IF cardinality(lacking) > 0 THEN
        -- Only where a rule asks what they cost.
        SELECT c.*, k.number
        INTO bad
        FROM unnest(lacking) AS c
        JOIN customer AS k ON k.customer_id = c.customer_id
        JOIN rated_charge AS s ON s.customer_id = c.customer_id AND s.period_start = c.period_start AND s.billing_currency = c.currency
        JOIN price_rule AS r ON r.price_rule_id = s.price_rule_id
        WHERE s.reseller_id IS NULL AND s.measured IS NULL AND r.measure ~ 'cost$'
        ORDER BY k.number, c.period_start, c.currency
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION USING
                ERRCODE = 'no_data_found',
                MESSAGE = format('there is no exchange rate from %s to %s for %s, so customer %s cannot be invoiced', bad.currency, bad.to_currency,
                    to_char(bad.period_start, 'YYYY-MM'), bad.number),
                DETAIL = format('%s charges of the month have a billed cost of %s %s.', bad.charges, bad.currency, bad.billed_cost),
                HINT = 'Add the rate to the table cloudbilling.currency_rate, and run again; charge_unconverted lists all that is missing.';
        END IF;
    END IF;
    RETURN QUERY SELECT c.* FROM unnest(converted) AS c WHERE c.factor IS NOT NULL;
END
$$;

COMMENT ON FUNCTION invoice_rates(date) IS 'exchange rates for documents of the customers asked for; an error where one is missing';
