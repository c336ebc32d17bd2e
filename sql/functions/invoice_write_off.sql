-- Writes off the corrections among what is due that a customer's policy leaves, and
-- gives the rest.  A month's corrections are taken together, whatever their signs and
-- with what was written off of it before: neither many small lines nor many small runs
-- add up to more than the threshold.  What the month's own documents have yet to bill
-- keeps all its corrections with it, so that a switch of form is never half written off.
CREATE OR REPLACE FUNCTION invoice_write_off(due invoice_due[], run int)
RETURNS invoice_due[]
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    rest invoice_due[];
BEGIN
    WITH
    line AS (
        SELECT d AS line, d.customer_id, d.period_start, d.currency, d.amount, b.invoice_id AS billed_by
        FROM unnest(invoice_write_off.due) AS d
        LEFT JOIN LATERAL (
            SELECT max(l.invoice_id) AS invoice_id
            FROM invoice_line AS l
            WHERE l.customer_id = d.customer_id AND l.period_start = d.period_start AND l.currency = d.currency
              AND l.dimension_id IS NOT DISTINCT FROM d.dimension_id AND l.dimension_value IS NOT DISTINCT FROM d.dimension_value
        ) AS b ON true
    ),
    small AS MATERIALIZED (
        SELECT l.customer_id, l.period_start, l.currency, p.write_off_below
        FROM line AS l
        JOIN correction_policy AS p ON p.customer_id = l.customer_id AND p.currency = l.currency
        GROUP BY l.customer_id, l.period_start, l.currency, p.write_off_below
        HAVING bool_and(l.billed_by IS NOT NULL)
           AND sum(abs(l.amount)) + (
            SELECT coalesce(sum(abs(w.amount)), 0)
            FROM invoice_write_off AS w
            WHERE w.customer_id = l.customer_id AND w.period_start = l.period_start AND w.currency = l.currency) < p.write_off_below
    ),
    written AS (
        INSERT INTO invoice_write_off (invoice_run_id, customer_id, period_start, price_rule_id, product_id, account_id, resource_id,
            tag_value, currency, dimension_id, dimension_value, effect, corrects, measured, measured_before, due, due_before, amount,
            quantity, unit, cost, write_off_below)
        SELECT invoice_write_off.run, (l.line).customer_id, (l.line).period_start, (l.line).price_rule_id, (l.line).product_id,
            (l.line).account_id, (l.line).resource_id, (l.line).tag_value, (l.line).currency, (l.line).dimension_id,
            (l.line).dimension_value, (l.line).effect, coalesce((l.line).corrects, l.billed_by), (l.line).measured,
            (l.line).measured_before, (l.line).due, (l.line).due_before, (l.line).amount,
            CASE WHEN (l.line).unit IS NOT NULL THEN coalesce((l.line).quantity, 0) - (l.line).quantity_before END, (l.line).unit,
            coalesce((l.line).billed_cost, 0) - (l.line).cost_before, s.write_off_below
        FROM line AS l
        JOIN small AS s ON s.customer_id = l.customer_id AND s.period_start = l.period_start AND s.currency = l.currency
        WHERE l.amount <> 0
    )
    SELECT array_agg(l.line)
    INTO rest
    FROM line AS l
    WHERE l.amount = 0
       OR (l.customer_id, l.period_start, l.currency) NOT IN (SELECT s.customer_id, s.period_start, s.currency FROM small AS s);
    RETURN rest;
END
$$;

COMMENT ON FUNCTION invoice_write_off(invoice_due[], int) IS 'writes off the corrections that a customer''s policy leaves; gives what is to be billed';
