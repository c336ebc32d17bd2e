-- The one rule of billing: for every key of a line, what is due now less what
-- finalised documents billed before.  Both sides are joined whole, so a key that no
-- longer has charges, or whose rule no longer holds, comes back by itself with the
-- opposite sign.  What was written off counts as billed.
--
-- Who has a document for each value of a dimension has lines by value: their key is
-- another one, so what was billed as a whole comes back when it is billed by value,
-- and the other way round.  What is due by value takes far longer to tell, and to
-- plan, so it is a function, and not called where nobody who is asked needs it.
--
-- A key is due once at most, so only what was billed before is summed: mostly it is
-- nothing, and then what is due is not even sorted.
CREATE OR REPLACE VIEW invoice_due AS
SELECT
    k.customer_id,
    k.period_start,
    (k.period_start + interval '1 month')::date AS period_end,
    k.price_rule_id,
    k.product_id,
    k.account_id,
    k.resource_id,
    k.tag_value,
    k.currency,
    k.effect,
    k.climbed,
    k.measured,
    k.measured_before,
    k.due,
    k.due_before,
    k.due - k.due_before AS amount,
    k.quantity,
    k.quantity_before,
    k.unit,
    k.billed_cost,
    k.effective_cost,
    k.cost_before,
    k.charges,
    k.revision,
    k.corrects,
    k.dimension_id,
    k.dimension_value,
    k.invoice_on,
    k.reseller_id
FROM (
    SELECT
        coalesce(d.customer_id, b.customer_id) AS customer_id,
        coalesce(d.period_start, b.period_start) AS period_start,
        coalesce(d.price_rule_id, b.price_rule_id) AS price_rule_id,
        coalesce(d.product_id, b.product_id) AS product_id,
        coalesce(d.account_id, b.account_id) AS account_id,
        coalesce(d.resource_id, b.resource_id) AS resource_id,
        coalesce(d.tag_value, b.tag_value) AS tag_value,
        coalesce(d.currency, b.currency) AS currency,
        CASE WHEN d.customer_id IS NULL THEN b.effect ELSE d.effect END AS effect,
        CASE WHEN d.customer_id IS NULL THEN b.reseller_id ELSE d.reseller_id END AS reseller_id,
        coalesce(d.dimension_id, b.dimension_id) AS dimension_id,
        coalesce(d.dimension_value, b.dimension_value) AS dimension_value,
        d.climbed,
        coalesce(d.measured, 0) AS measured,
        coalesce(b.measured, 0) AS measured_before,
        coalesce(d.due, 0) AS due,
        coalesce(b.amount, 0) AS due_before,
        d.quantity,
        coalesce(b.quantity, 0) AS quantity_before,
        -- the unit that was billed stays; where it changed, there is none
        CASE
            WHEN coalesce(b.revision, 0) = 0 THEN d.unit
            WHEN d.customer_id IS NULL OR d.unit = b.unit THEN b.unit
        END AS unit,
        d.billed_cost,
        d.effective_cost,
        coalesce(b.cost, 0) AS cost_before,
        coalesce(d.charges, 0) AS charges,
        coalesce(b.revision, 0) AS revision,
        -- a fee that fell due after what was billed is no correction of it
        CASE WHEN d.invoice_on > b.invoice_on THEN NULL ELSE b.invoice_id END AS corrects,
        -- of what is due and what was billed, the later one
        CASE
            WHEN coalesce(b.revision, 0) = 0 THEN d.invoice_on
            WHEN b.is_early AND (d.customer_id IS NULL OR d.invoice_on IS NOT NULL) THEN greatest(d.invoice_on, b.invoice_on)
        END AS invoice_on
    FROM (
        SELECT l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.account_id, l.resource_id, l.tag_value,
            l.currency, l.climbed, l.measured, currency_round(l.amount, l.currency) AS due, l.quantity, l.unit, l.billed_cost,
            l.effective_cost, l.charges, NULL::int AS dimension_id, NULL AS dimension_value, l.invoice_on, l.effect, l.reseller_id
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
            p.currency, p.climbed, p.measured, p.due, p.quantity, p.unit, p.billed_cost, p.effective_cost,
            p.charges, p.dimension_id, p.dimension_value, p.invoice_on, r.effect, r.reseller_id
        FROM invoice_parts(customer_first(), customer_last(), 'value') AS p
        JOIN price_rule_known AS r ON r.price_rule_id = p.price_rule_id
        WHERE EXISTS (
            SELECT
            FROM invoice_dimension AS v
            WHERE v.invoice_by = 'value' AND v.customer_id BETWEEN customer_first() AND customer_last())
    ) AS d
    FULL JOIN (
        -- What is due says by what kind of rule; of what is not, the rule does.
        SELECT b.customer_id, b.period_start, b.price_rule_id, b.product_id, b.account_id, b.resource_id, b.tag_value, b.currency,
            b.dimension_id, b.dimension_value, sum(b.measured) AS measured, sum(b.amount) AS amount, sum(b.quantity) AS quantity,
            max(b.unit) AS unit, sum(b.cost) AS cost, count(b.invoice_id)::int AS revision, max(b.invoice_id) AS invoice_id,
            max(b.invoice_on) AS invoice_on, bool_and(b.invoice_on IS NOT NULL) FILTER (WHERE b.invoice_id IS NOT NULL) AS is_early,
            r.effect, r.reseller_id
        FROM (
            SELECT l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.account_id, l.resource_id, l.tag_value,
                l.currency, l.dimension_id, l.dimension_value, l.measured - l.measured_before AS measured, l.amount,
                CASE WHEN l.unit IS NOT NULL THEN l.quantity END AS quantity, l.unit, l.cost, l.invoice_id, l.invoice_on
            FROM invoice_line AS l
            JOIN invoice AS i ON i.invoice_id = l.invoice_id
            WHERE l.customer_id BETWEEN customer_first() AND customer_last()
              AND l.period_start BETWEEN period_first() AND period_last()
              AND i.finalised_at <= coalesce(as_of(), 'infinity')
              AND i.reseller_id IS NULL
            UNION ALL
            -- Of resellers it goes with what the topmost of them buys, for that is rated together.
            SELECT l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.account_id, l.resource_id, l.tag_value,
                l.currency, l.dimension_id, l.dimension_value, l.measured - l.measured_before, l.amount,
                CASE WHEN l.unit IS NOT NULL THEN l.quantity END, l.unit, l.cost, l.invoice_id, l.invoice_on
            FROM reseller AS s
            JOIN invoice AS i ON i.reseller_id = s.customer_id
            JOIN invoice_line AS l ON l.invoice_id = i.invoice_id
            WHERE customer_top_buyer(s.customer_id) BETWEEN customer_first() AND customer_last()
              AND l.period_start BETWEEN period_first() AND period_last()
              AND i.finalised_at <= coalesce(as_of(), 'infinity')
            UNION ALL
            SELECT w.customer_id, w.period_start, w.price_rule_id, w.product_id, w.account_id, w.resource_id, w.tag_value,
                w.currency, w.dimension_id, w.dimension_value, w.measured - w.measured_before, w.amount, w.quantity, NULL, w.cost, NULL, NULL
            FROM invoice_write_off AS w
            WHERE w.customer_id BETWEEN customer_first() AND customer_last()
              AND w.period_start BETWEEN period_first() AND period_last()
              AND w.written_off_at <= coalesce(as_of(), 'infinity')
        ) AS b
        JOIN price_rule_known AS r ON r.price_rule_id = b.price_rule_id
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, r.effect, r.reseller_id
    ) AS b
        ON b.customer_id = d.customer_id
        AND b.period_start = d.period_start
        AND b.price_rule_id = d.price_rule_id
        AND b.product_id = d.product_id
        -- parts that are NULL on both sides are the same, too: these are hashed,
        AND coalesce(b.account_id, 0) = coalesce(d.account_id, 0)
        AND coalesce(b.resource_id, '') = coalesce(d.resource_id, '')
        AND coalesce(b.tag_value, '') = coalesce(d.tag_value, '')
        AND coalesce(b.dimension_value, '') = coalesce(d.dimension_value, '')
        -- and these looked at
        AND b.resource_id IS NOT DISTINCT FROM d.resource_id
        AND b.tag_value IS NOT DISTINCT FROM d.tag_value
        AND b.dimension_value IS NOT DISTINCT FROM d.dimension_value
        AND b.dimension_id IS NOT DISTINCT FROM d.dimension_id
        AND b.currency IS NOT DISTINCT FROM d.currency::bpchar
) AS k;

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
