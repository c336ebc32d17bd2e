-- The one rule of billing: for every key of a line, what is due now less what
-- finalised documents billed before.  Both sides go through one GROUP BY, so a
-- key that no longer has charges, or whose rule no longer holds, comes back by
-- itself with the opposite sign.  What was written off counts as billed.
--
-- Who has a document for each value of a dimension has lines by value: their key is
-- another one, so what was billed as a whole comes back when it is billed by value,
-- and the other way round.  What is due by value takes far longer to tell, and to
-- plan, so it is a function, and not called where nobody who is asked needs it.
--
-- A key is due once at most, so of what is due the maximum is taken, which costs the
-- server far less than a sum; only what was billed before is summed.
CREATE OR REPLACE VIEW invoice_due AS
SELECT
    d.customer_id,
    d.period_start,
    (d.period_start + interval '1 month')::date AS period_end,
    d.price_rule_id,
    d.product_id,
    d.account_id,
    d.resource_id,
    d.tag_value,
    d.currency,
    r.effect,
    max(d.climbed) AS climbed,
    coalesce(max(d.measured), 0) AS measured,
    coalesce(sum(d.measured_before) FILTER (WHERE d.measured_before IS NOT NULL), 0) AS measured_before,
    coalesce(max(d.due), 0) AS due,
    coalesce(sum(d.due_before) FILTER (WHERE d.due_before IS NOT NULL), 0) AS due_before,
    coalesce(max(d.due), 0) - coalesce(sum(d.due_before) FILTER (WHERE d.due_before IS NOT NULL), 0) AS amount,
    max(d.quantity) AS quantity,
    coalesce(sum(d.quantity_before) FILTER (WHERE d.quantity_before IS NOT NULL), 0) AS quantity_before,
    -- the unit that was billed stays; where it changed, there is none
    CASE
        WHEN count(d.times) = 0 THEN max(d.unit)
        WHEN count(d.due) = 0 OR max(d.unit) = max(d.unit_before) THEN max(d.unit_before)
    END AS unit,
    max(d.billed_cost) AS billed_cost,
    max(d.effective_cost) AS effective_cost,
    coalesce(sum(d.cost_before) FILTER (WHERE d.cost_before IS NOT NULL), 0) AS cost_before,
    coalesce(max(d.charges), 0)::bigint AS charges,
    coalesce(sum(d.times) FILTER (WHERE d.times IS NOT NULL), 0)::int AS revision,
    -- a fee that fell due after what was billed is no correction of it
    CASE WHEN max(d.invoice_on) FILTER (WHERE d.due IS NOT NULL) > max(d.invoice_on) FILTER (WHERE d.times IS NOT NULL) THEN NULL
        ELSE max(d.invoice_id) END AS corrects,
    d.dimension_id,
    d.dimension_value,
    -- of what is due and what was billed, the later one
    CASE WHEN bool_and(d.invoice_on IS NOT NULL) FILTER (WHERE num_nonnulls(d.due, d.times) > 0) THEN max(d.invoice_on) END AS invoice_on,
    r.reseller_id
FROM (
    SELECT l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.account_id, l.resource_id, l.tag_value,
        l.currency, l.climbed, l.measured, NULL::numeric AS measured_before, currency_round(l.amount, l.currency) AS due,
        NULL::numeric AS due_before, l.quantity, NULL::numeric AS quantity_before, l.unit,
        NULL AS unit_before, l.billed_cost,
        l.effective_cost, NULL::numeric AS cost_before, l.charges, NULL::int AS times, NULL::int AS invoice_id, NULL::int AS dimension_id,
        NULL AS dimension_value, l.invoice_on
    FROM rated_line AS l
    -- What resellers sell is invoiced where they are sellers.  Written so that the planner
    -- takes it for as rare as it does IS NULL.
    WHERE CASE WHEN l.reseller_id IN (SELECT s.customer_id FROM reseller AS s) THEN NULL ELSE l.reseller_id END IS NULL
      -- Mostly so, which the planner cannot know.
      AND CASE WHEN l.reseller_id IS NOT NULL OR l.customer_id NOT IN (SELECT v.customer_id FROM invoice_dimension AS v WHERE v.invoice_by = 'value')
          OR NOT EXISTS (
            SELECT
            FROM invoice_dimension AS v
            WHERE v.customer_id = l.customer_id AND v.invoice_by = 'value' AND v.valid_during @> l.period_start) THEN true END IS NOT NULL
    UNION ALL
    SELECT p.customer_id, p.period_start, p.price_rule_id, p.product_id, p.account_id, p.resource_id, p.tag_value,
        p.currency, p.climbed, p.measured, NULL, p.due, NULL, p.quantity, NULL, p.unit, NULL, p.billed_cost, p.effective_cost,
        NULL, p.charges, NULL, NULL, p.dimension_id, p.dimension_value, p.invoice_on
    FROM invoice_parts(customer_first(), customer_last(), 'value') AS p
    WHERE EXISTS (
        SELECT
        FROM invoice_dimension AS v
        WHERE v.invoice_by = 'value' AND v.customer_id BETWEEN customer_first() AND customer_last())
    UNION ALL
    SELECT b.customer_id, b.period_start, b.price_rule_id, b.product_id, b.account_id, b.resource_id, b.tag_value,
        b.currency, NULL, NULL, b.measured - b.measured_before, NULL, b.amount, NULL,
        CASE WHEN b.unit IS NOT NULL THEN b.quantity END, NULL, b.unit, NULL, NULL, b.cost, NULL, 1, b.invoice_id,
        b.dimension_id, b.dimension_value, b.invoice_on
    FROM invoice_line AS b
    JOIN invoice AS i ON i.invoice_id = b.invoice_id
    WHERE b.customer_id BETWEEN customer_first() AND customer_last()
      AND b.period_start BETWEEN period_first() AND period_last()
      AND i.finalised_at <= coalesce(as_of(), 'infinity')
      AND i.reseller_id IS NULL
    UNION ALL
    -- Of resellers it goes with what the topmost of them buys, for that is rated together.
    SELECT b.customer_id, b.period_start, b.price_rule_id, b.product_id, b.account_id, b.resource_id, b.tag_value,
        b.currency, NULL, NULL, b.measured - b.measured_before, NULL, b.amount, NULL,
        CASE WHEN b.unit IS NOT NULL THEN b.quantity END, NULL, b.unit, NULL, NULL, b.cost, NULL, 1, b.invoice_id,
        b.dimension_id, b.dimension_value, b.invoice_on
    FROM reseller AS s
    JOIN invoice AS i ON i.reseller_id = s.customer_id
    JOIN invoice_line AS b ON b.invoice_id = i.invoice_id
    WHERE customer_top_buyer(s.customer_id) BETWEEN customer_first() AND customer_last()
      AND b.period_start BETWEEN period_first() AND period_last()
      AND i.finalised_at <= coalesce(as_of(), 'infinity')
    UNION ALL
    SELECT w.customer_id, w.period_start, w.price_rule_id, w.product_id, w.account_id, w.resource_id, w.tag_value,
        w.currency, NULL, NULL, w.measured - w.measured_before, NULL, w.amount, NULL, w.quantity, NULL, NULL, NULL, NULL, w.cost,
        NULL, NULL, NULL, w.dimension_id, w.dimension_value, NULL
    FROM invoice_write_off AS w
    WHERE w.customer_id BETWEEN customer_first() AND customer_last()
      AND w.period_start BETWEEN period_first() AND period_last()
      AND w.written_off_at <= coalesce(as_of(), 'infinity')
) AS d
JOIN price_rule_known AS r ON r.price_rule_id = d.price_rule_id
GROUP BY d.customer_id, d.period_start, d.price_rule_id, d.product_id, d.account_id, d.resource_id, d.tag_value, d.currency,
    r.effect, r.reseller_id, d.dimension_id, d.dimension_value;

COMMENT ON VIEW invoice_due IS 'for every line key: what is due, what was billed before, and the difference';
COMMENT ON COLUMN invoice_due.customer_id IS 'key: customer';
COMMENT ON COLUMN invoice_due.period_start IS 'key: first day of the billing period';
COMMENT ON COLUMN invoice_due.period_end IS 'day after the billing period';
COMMENT ON COLUMN invoice_due.price_rule_id IS 'key: rule';
COMMENT ON COLUMN invoice_due.product_id IS 'key: product';
COMMENT ON COLUMN invoice_due.account_id IS 'key: account';
COMMENT ON COLUMN invoice_due.resource_id IS 'key: resource';
COMMENT ON COLUMN invoice_due.tag_value IS 'key: value of a tag';
COMMENT ON COLUMN invoice_due.currency IS 'key: currency';
COMMENT ON COLUMN invoice_due.effect IS 'effect of the rule';
COMMENT ON COLUMN invoice_due.climbed IS 'where the ladder begins, when it goes on with another rule''s, or with months before that are limited together';
COMMENT ON COLUMN invoice_due.measured IS 'the rule''s measure, now';
COMMENT ON COLUMN invoice_due.measured_before IS 'the same as it was billed or written off';
COMMENT ON COLUMN invoice_due.due IS 'amount due in all, rounded to the currency''s minor unit';
COMMENT ON COLUMN invoice_due.due_before IS 'amount billed or written off before';
COMMENT ON COLUMN invoice_due.amount IS 'amount to bill: due less due_before';
COMMENT ON COLUMN invoice_due.quantity IS 'sum of quantity, now';
COMMENT ON COLUMN invoice_due.quantity_before IS 'quantity billed before';
COMMENT ON COLUMN invoice_due.unit IS 'unit of quantity';
COMMENT ON COLUMN invoice_due.billed_cost IS 'billed cost of the charges';
COMMENT ON COLUMN invoice_due.effective_cost IS 'effective cost of the charges';
COMMENT ON COLUMN invoice_due.cost_before IS 'billed cost that earlier lines of the key carried';
COMMENT ON COLUMN invoice_due.charges IS 'number of charges';
COMMENT ON COLUMN invoice_due.revision IS 'how often the key was billed';
COMMENT ON COLUMN invoice_due.corrects IS 'last document that billed the key; NULL also where what is due fell due after it';
COMMENT ON COLUMN invoice_due.dimension_id IS 'key: dimension, of a customer who has a document for each of its values';
COMMENT ON COLUMN invoice_due.dimension_value IS 'key: the value; NULL is what is not allocated';
COMMENT ON COLUMN invoice_due.invoice_on IS 'day on which it may be invoiced, where that is before the period ends';
COMMENT ON COLUMN invoice_due.reseller_id IS 'reseller who sells it; NULL is the customer''s seller';
