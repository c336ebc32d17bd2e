-- One customer's running invoice.  Sets what the view looks at, for the time of
-- the query, so that nothing is rated for the others.
CREATE OR REPLACE FUNCTION invoice_running(customer_id int)
RETURNS SETOF invoice_running
LANGUAGE plpgsql STABLE ROWS 100
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 0
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM customer AS c WHERE c.customer_id = invoice_running.customer_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('customer %s does not exist', invoice_running.customer_id),
            HINT = 'The table cloudbilling.customer lists all customers.';
    END IF;
    -- what a reseller sells him is rated with what the reseller buys
    PERFORM set_config('cloudbilling.customer_first', asked.customer_id::text, true),
        set_config('cloudbilling.customer_last', asked.customer_id::text, true)
    FROM (
        SELECT CASE WHEN EXISTS (SELECT FROM reseller) THEN customer_top_buyer(invoice_running.customer_id) ELSE invoice_running.customer_id END AS customer_id
    ) AS asked;
    RETURN QUERY
    SELECT * FROM cloudbilling.invoice_running AS r
    WHERE r.customer_id = invoice_running.customer_id
    ORDER BY r.period_start, r.currency, r.dimension_id NULLS FIRST, r.dimension_value COLLATE "C", effect_order(r.effect), r.service,
        r.description;
END
$$;

COMMENT ON FUNCTION invoice_running(int) IS 'one customer''s running invoice';
