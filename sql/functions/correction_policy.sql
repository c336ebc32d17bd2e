-- What policies of customers leave of what is due: which of it goes the usual way, and
-- which makes documents apart.  What waits for the next invoice is in neither, and what
-- is written off is a row of invoice_write_off.
--
-- A month's corrections are written off together, whatever their signs and with what was
-- written off of it before: neither many small lines nor many small runs add up to more
-- than the threshold.  What the month's own documents have yet to bill keeps all its
-- corrections with it, so that a switch of form is never half written off.
CREATE OR REPLACE FUNCTION correction_policy_apply(INOUT due invoice_due[], until date, run int, OUT apart invoice_due[])
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    WITH
    line AS MATERIALIZED (
        SELECT d AS line, d.customer_id, d.period_start, d.currency, d.amount,
            CASE WHEN d.invoice_on IS NULL THEN b.invoice_id ELSE d.corrects END AS billed_by,
            CASE WHEN d.invoice_on IS NULL THEN m.is_billed ELSE d.corrects IS NOT NULL END AS month_is_billed,
            coalesce(p.document, 'run') AS document, coalesce(p.write_off_below, 0) AS write_off_below
        FROM unnest(correction_policy_apply.due) AS d
        LEFT JOIN LATERAL (
            SELECT max(l.invoice_id) AS invoice_id
            FROM invoice_line AS l
            WHERE l.customer_id = d.customer_id AND l.period_start = d.period_start AND l.currency = d.currency AND l.invoice_on IS NULL
              AND l.dimension_id IS NOT DISTINCT FROM d.dimension_id AND l.dimension_value IS NOT DISTINCT FROM d.dimension_value
        ) AS b ON true
        CROSS JOIN LATERAL (
            SELECT EXISTS (
                SELECT
                FROM invoice_line AS l
                WHERE l.customer_id = d.customer_id AND l.period_start = d.period_start AND l.currency = d.currency AND l.invoice_on IS NULL) AS is_billed
        ) AS m
        LEFT JOIN LATERAL (
            SELECT p.document, CASE WHEN p.currency IS NOT NULL THEN p.write_off_below END AS write_off_below
            FROM correction_policy AS p
            WHERE p.customer_id = d.customer_id AND coalesce(p.currency, d.currency) = d.currency
            ORDER BY p.currency NULLS LAST
            LIMIT 1
        ) AS p ON true
    ),
    -- who is invoiced no more has no next invoice
    waiting AS MATERIALIZED (
        SELECT l.customer_id, l.currency
        FROM line AS l
        WHERE l.document = 'next'
        GROUP BY l.customer_id, l.currency
        HAVING bool_and(l.month_is_billed)
           AND EXISTS (
            SELECT
            FROM invoice_line AS x
            WHERE x.customer_id = l.customer_id AND x.currency = l.currency
              AND x.period_start >= correction_policy_apply.until - interval '2 months')
    ),
    ready AS (
        SELECT l.*
        FROM line AS l
        WHERE (l.customer_id, l.currency) NOT IN (SELECT w.customer_id, w.currency FROM waiting AS w)
    ),
    small AS MATERIALIZED (
        SELECT l.customer_id, l.period_start, l.currency
        FROM ready AS l
        WHERE l.write_off_below > 0
        GROUP BY l.customer_id, l.period_start, l.currency, l.write_off_below
        HAVING bool_and(l.billed_by IS NOT NULL)
           AND sum(abs(l.amount)) + (
            SELECT coalesce(sum(abs(w.amount)), 0)
            FROM invoice_write_off AS w
            WHERE w.customer_id = l.customer_id AND w.period_start = l.period_start AND w.currency = l.currency
              AND w.write_off_below > 0) < l.write_off_below
    ),
    verdict AS (
        SELECT l.*, l.amount <> 0 AND (l.customer_id, l.period_start, l.currency)
            IN (SELECT s.customer_id, s.period_start, s.currency FROM small AS s) AS is_small
        FROM ready AS l
    ),
    written AS (
        INSERT INTO invoice_write_off (invoice_run_id, customer_id, period_start, price_rule_id, product_id, account_id, resource_id,
            tag_value, currency, dimension_id, dimension_value, effect, corrects, measured, measured_before, due, due_before, amount,
            quantity, unit, cost, write_off_below)
        SELECT correction_policy_apply.run, (v.line).customer_id, (v.line).period_start, (v.line).price_rule_id, (v.line).product_id,
            (v.line).account_id, (v.line).resource_id, (v.line).tag_value, (v.line).currency, (v.line).dimension_id,
            (v.line).dimension_value, (v.line).effect, coalesce((v.line).corrects, v.billed_by), (v.line).measured,
            (v.line).measured_before, (v.line).due, (v.line).due_before, (v.line).amount,
            CASE WHEN (v.line).unit IS NOT NULL THEN coalesce((v.line).quantity, 0) - (v.line).quantity_before END, (v.line).unit,
            coalesce((v.line).billed_cost, 0) - (v.line).cost_before, v.write_off_below
        FROM verdict AS v
        WHERE v.is_small
        ORDER BY (v.line).customer_id, (v.line).currency, (v.line).period_start, (v.line).price_rule_id, (v.line).product_id,
            (v.line).account_id, (v.line).resource_id, (v.line).tag_value, (v.line).dimension_value COLLATE "C"
    )
    SELECT array_agg(v.line) FILTER (WHERE NOT (v.document = 'separate' AND v.billed_by IS NOT NULL)),
        array_agg(v.line) FILTER (WHERE v.document = 'separate' AND v.billed_by IS NOT NULL)
    INTO correction_policy_apply.due, correction_policy_apply.apart
    FROM verdict AS v
    WHERE NOT v.is_small;
END
$$;

COMMENT ON FUNCTION correction_policy_apply(invoice_due[], date, int) IS 'what policies of customers leave of what is due: for the usual documents, and for documents apart; the rest waits, or is written off';
