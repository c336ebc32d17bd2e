-- The days that fees of agreements are for (BG-26): a fee in advance is invoiced with
-- the month it begins in, one in arrears with the month it ends in.  A line that goes on
-- after what was billed of its key, such as licences that were added within a month, is
-- about what fell due since; a correction is about all.
CREATE OR REPLACE FUNCTION invoice_service(due invoice_due[])
RETURNS TABLE (account_id int, resource_id text, period_start date, goes_on boolean, service_start date, service_end date)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = cloudbilling, pg_temp
SET cloudbilling.period_first = ''
SET cloudbilling.period_last = ''
-- Unlike invoice_lines, which calls it: for whom there are agreements depends on the batch.
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = on
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM agreement) THEN
        RETURN;
    END IF;
    PERFORM set_config('cloudbilling.period_first', min(d.period_start)::text, true), set_config('cloudbilling.period_last', max(d.period_start)::text, true)
    FROM unnest(due) AS d
    HAVING count(*) > 0;
    RETURN QUERY
    WITH
    line AS (
        SELECT DISTINCT d.customer_id, d.account_id, d.resource_id, d.period_start, d.invoice_on IS NOT NULL AND d.corrects IS NULL AND d.revision > 0 AS goes_on
        FROM unnest(due) AS d
        WHERE d.account_id IS NOT NULL AND d.resource_id IS NOT NULL
    ),
    fee AS MATERIALIZED (
        SELECT c.account_id, i.resource_id, c.period_start, c.invoice_on, c.first_day, c.end_day
        FROM (
            SELECT array_agg(f) AS facts, array_agg(z.time_zone) AS zones
            FROM agreement_fact AS f
            JOIN customer_zone AS z ON z.customer_id = f.customer_id
            WHERE f.account_id IN (SELECT l.account_id FROM line AS l)
        ) AS a
        CROSS JOIN LATERAL agreement_charges(a.facts, a.zones, ARRAY(SELECT ROW(x.*)::price_index FROM price_index_in_force AS x)) AS c
        JOIN charge_item AS i ON i.item_id = c.item_id
        UNION ALL
        -- what a correction takes back may be charged no longer
        SELECT b.account_id, b.resource_id, b.period_start, NULL, b.service_start, b.service_end
        FROM line AS l
        JOIN invoice_line AS b ON b.customer_id = l.customer_id AND b.period_start = l.period_start AND b.account_id = l.account_id AND b.resource_id = l.resource_id
        WHERE NOT l.goes_on AND b.service_start IS NOT NULL
    )
    SELECT l.account_id, l.resource_id, l.period_start, l.goes_on, min(f.first_day), max(f.end_day)
    FROM line AS l
    JOIN fee AS f ON f.account_id = l.account_id AND f.resource_id = l.resource_id AND f.period_start = l.period_start
    WHERE NOT l.goes_on OR f.invoice_on > ALL (
        SELECT b.invoice_on
        FROM invoice_line AS b
        WHERE b.customer_id = l.customer_id AND b.period_start = l.period_start AND b.account_id = l.account_id AND b.resource_id = l.resource_id)
    GROUP BY l.account_id, l.resource_id, l.period_start, l.goes_on;
END
$$;

COMMENT ON FUNCTION invoice_service(invoice_due[]) IS 'days that fees of agreements are for, of lines that are due';
