-- Customers that a run would hold: whose open findings, of months that the run invoices
-- and as the last run of reconciliation has them, are over a limit.  What was decided does
-- not count.
CREATE OR REPLACE FUNCTION invoice_held(until date, first int DEFAULT 0, last int DEFAULT 2147483647)
RETURNS TABLE (
    customer_id int,
    reason text,
    currency text,
    amount numeric,
    allowed numeric,
    groups int
)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM invoice_gate) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH
    found AS MATERIALIZED (
        SELECT i.customer_id, i.currency, reconciliation_leakage(i.explanation) AS leakage,
            CASE WHEN i.status IN ('UNEXPLAINED', 'ONLY_PURCHASE', 'ONLY_SALES') THEN abs(i.finding) ELSE abs(i.remainder) END AS unexplained
        FROM reconciliation_item AS i
        WHERE i.state IN ('open', 'reopened')
          AND i.link IN ('B', 'C')
          AND (i.month + interval '1 month')::date <= invoice_held.until
    ),
    gate AS (
        SELECT c.customer_id, g.leakage, g.unmapped, g.unexplained
        FROM customer AS c
        CROSS JOIN LATERAL (
            SELECT g.*
            FROM invoice_gate AS g
            WHERE g.customer_id = c.customer_id OR g.customer_id IS NULL AND (g.seller_id = c.seller_id OR g.seller_id IS NULL)
            ORDER BY g.customer_id NULLS LAST, g.seller_id NULLS LAST
            LIMIT 1
        ) AS g
        WHERE c.customer_id BETWEEN first AND last
          AND NOT EXISTS (
            SELECT
            FROM invoice_gate_override AS o
            WHERE coalesce(o.customer_id, c.customer_id) = c.customer_id AND o.valid_during @> invoice_held.until)
    ),
    total AS MATERIALIZED (
        SELECT f.customer_id, f.currency, sum(f.leakage) AS leakage, sum(f.unexplained) AS unexplained,
            count(*) FILTER (WHERE f.leakage > 0)::int AS leaks, count(*) FILTER (WHERE f.unexplained > 0)::int AS riddles
        FROM found AS f
        GROUP BY f.customer_id, f.currency
    )
    SELECT g.customer_id, v.reason, t.currency, trim_scale(v.amount), v.allowed, v.groups
    FROM gate AS g
    JOIN total AS t ON t.customer_id = g.customer_id OR t.customer_id IS NULL
    CROSS JOIN LATERAL (VALUES
        ('leakage', CASE WHEN t.customer_id IS NOT NULL THEN t.leakage END, g.leakage, t.leaks),
        ('unmapped', CASE WHEN t.customer_id IS NULL THEN t.leakage END, g.unmapped, t.leaks),
        ('unexplained', CASE WHEN t.customer_id IS NOT NULL THEN t.unexplained END, g.unexplained, t.riddles)
    ) AS v (reason, amount, allowed, groups)
    WHERE v.amount > v.allowed
    ORDER BY g.customer_id, v.reason, t.currency;
END
$$;

COMMENT ON FUNCTION invoice_held(date, int, int) IS 'customers that an invoice run would hold, since what is open of their reconciliation is over a limit of invoice_gate';
