-- What each rule makes of the charges of each customer and period.  Prices are
-- set first; then lines are adjusted; then fees are added.  Within a phase no
-- rule sees what another of the phase made.  Amounts are not rounded.
CREATE OR REPLACE VIEW rated_line AS
WITH
-- Every roll-up, and where it has a price the key of the line it goes into.
priced AS MATERIALIZED (
    SELECT u.*,
        CASE r.per WHEN 'sku' THEN u.product_id ELSE r.product_id END AS key_product_id,
        CASE WHEN r.per IN ('account', 'resource') THEN u.account_id END AS key_account_id,
        CASE r.per WHEN 'resource' THEN u.resource_id END AS key_resource_id,
        coalesce(r.currency, u.billing_currency) AS currency,
        CASE r.measure
            WHEN 'quantity' THEN u.quantity
            WHEN 'billed_cost' THEN u.billed_cost
            WHEN 'effective_cost' THEN u.effective_cost
            WHEN 'list_cost' THEN u.list_cost
            WHEN 'contracted_cost' THEN u.contracted_cost
        END AS measured,
        r.pricing
    FROM charge_priced AS u
    LEFT JOIN price_rule AS r ON r.price_rule_id = u.price_rule_id
),
set_line AS (
    SELECT p.customer_id, p.period_start, p.price_rule_id, p.key_product_id, p.key_account_id, p.key_resource_id,
        p.currency,
        exact_sum(p.measured) AS measured,
        exact_sum(p.quantity) AS quantity,
        CASE WHEN min(coalesce(p.unit, '')) FILTER (WHERE p.quantity IS NOT NULL)
            = max(coalesce(p.unit, '')) FILTER (WHERE p.quantity IS NOT NULL)
            THEN max(p.unit) FILTER (WHERE p.quantity IS NOT NULL) END AS unit,
        exact_sum(p.billed_cost) FILTER (WHERE p.billing_currency = p.currency) AS billed_cost,
        exact_sum(p.effective_cost) FILTER (WHERE p.billing_currency = p.currency) AS effective_cost,
        sum(p.charges)::bigint AS charges
    FROM priced AS p
    WHERE p.price_rule_id IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),
-- Each roll-up's share of its line, in proportion to the measure; the last one
-- takes what is left, so that the shares add up.  Only where a rule asks for it.
share AS MATERIALIZED (
    SELECT s.*,
        CASE WHEN s.is_last THEN s.line_amount
            ELSE coalesce(round(s.line_amount * s.running / nullif(s.total, 0), 12), 0) END
        - coalesce(round(s.line_amount * (s.running - s.measured) / nullif(s.total, 0), 12), 0) AS amount
    FROM (
        SELECT t.*, rate(t.total, t.pricing) AS line_amount
        FROM (
            SELECT p.*,
                exact_sum(p.measured) OVER (line ROWS UNBOUNDED PRECEDING) AS running,
                exact_sum(p.measured) OVER (line ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS total,
                lead(p.item_id) OVER line IS NULL AS is_last,
                bool_or(p.surcharge_ids IS NOT NULL) OVER (line ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS asked
            FROM priced AS p
            WHERE p.measured IS NOT NULL
              AND p.customer_id IN (SELECT q.customer_id FROM priced AS q WHERE q.surcharge_ids IS NOT NULL)
            WINDOW line AS (
                PARTITION BY p.customer_id, p.period_start, p.price_rule_id, p.key_product_id, p.key_account_id,
                    p.key_resource_id, p.currency
                ORDER BY p.item_id, p.charge_on, p.load_scope_id)
        ) AS t
        WHERE t.asked
    ) AS s
),
-- Roll-ups that an adjusting rule is about, with the key of its line.
adjusted AS MATERIALIZED (
    SELECT s.customer_id, s.period_start, s.charge_on, s.load_scope_id, s.item_id, s.account_id, s.product_id,
        s.resource_id, coalesce(r.currency, m.currency) AS currency, s.surcharge_ids, r.price_rule_id,
        CASE r.per WHEN 'sku' THEN s.product_id ELSE r.product_id END AS key_product_id,
        CASE WHEN r.per IN ('account', 'resource') THEN s.account_id END AS key_account_id,
        CASE r.per WHEN 'resource' THEN s.resource_id END AS key_resource_id,
        CASE r.measure
            WHEN 'amount' THEN s.amount
            WHEN 'quantity' THEN s.quantity
            WHEN 'billed_cost' THEN s.billed_cost
            WHEN 'effective_cost' THEN s.effective_cost
            WHEN 'list_cost' THEN s.list_cost
            WHEN 'contracted_cost' THEN s.contracted_cost
        END AS measured,
        r.pricing
    FROM share AS s
    CROSS JOIN LATERAL unnest(s.surcharge_ids) AS c (price_rule_id)
    JOIN price_rule AS r ON r.price_rule_id = c.price_rule_id
    -- amounts are in the line's currency, costs in the supplier's
    CROSS JOIN LATERAL (SELECT CASE r.measure WHEN 'amount' THEN s.currency ELSE s.billing_currency END AS currency) AS m
    WHERE r.effect = 'adjust'
      AND (r.measure = 'quantity' OR coalesce(r.currency, m.currency) = m.currency)
),
adjust_line AS (
    SELECT a.customer_id, a.period_start, a.price_rule_id, a.key_product_id, a.key_account_id, a.key_resource_id,
        a.currency, exact_sum(a.measured) AS measured
    FROM adjusted AS a
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),
-- What fees are computed of: shares of lines and of their adjustments, and for
-- other measures all the customer's charges, priced or not.
fee_base AS (
    SELECT s.customer_id, s.period_start, s.item_id, s.account_id, s.product_id, s.resource_id, s.surcharge_ids,
        s.currency, s.amount, NULL::numeric AS quantity, NULL::numeric AS billed_cost, NULL::numeric AS effective_cost,
        NULL::numeric AS list_cost, NULL::numeric AS contracted_cost
    FROM share AS s
    WHERE s.surcharge_ids IS NOT NULL
    UNION ALL
    SELECT t.customer_id, t.period_start, t.item_id, t.account_id, t.product_id, t.resource_id, t.surcharge_ids, t.currency,
        CASE WHEN t.is_last THEN t.line_amount
            ELSE coalesce(round(t.line_amount * t.running / nullif(t.total, 0), 12), 0) END
        - coalesce(round(t.line_amount * (t.running - t.measured) / nullif(t.total, 0), 12), 0),
        NULL, NULL, NULL, NULL, NULL
    FROM (
        SELECT w.*, rate(w.total, w.pricing) AS line_amount
        FROM (
            SELECT a.*,
                exact_sum(a.measured) OVER (line ROWS UNBOUNDED PRECEDING) AS running,
                exact_sum(a.measured) OVER (line ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS total,
                lead(a.item_id) OVER line IS NULL AS is_last
            FROM adjusted AS a
            WHERE a.measured IS NOT NULL
            WINDOW line AS (
                PARTITION BY a.customer_id, a.period_start, a.price_rule_id, a.key_product_id, a.key_account_id,
                    a.key_resource_id, a.currency
                ORDER BY a.item_id, a.charge_on, a.load_scope_id)
        ) AS w
    ) AS t
    UNION ALL
    SELECT u.customer_id, u.period_start, u.item_id, u.account_id, u.product_id, u.resource_id, u.surcharge_ids,
        u.billing_currency, NULL, u.quantity, u.billed_cost, u.effective_cost, u.list_cost, u.contracted_cost
    FROM priced AS u
    WHERE u.surcharge_ids IS NOT NULL
),
add_line AS (
    SELECT b.customer_id, b.period_start, r.price_rule_id,
        CASE r.per WHEN 'sku' THEN b.product_id ELSE r.product_id END AS key_product_id,
        CASE WHEN r.per IN ('account', 'resource') THEN b.account_id END AS key_account_id,
        CASE r.per WHEN 'resource' THEN b.resource_id END AS key_resource_id,
        coalesce(r.currency, b.currency) AS currency,
        exact_sum(CASE r.measure
            WHEN 'amount' THEN b.amount
            WHEN 'quantity' THEN b.quantity
            WHEN 'billed_cost' THEN b.billed_cost
            WHEN 'effective_cost' THEN b.effective_cost
            WHEN 'list_cost' THEN b.list_cost
            WHEN 'contracted_cost' THEN b.contracted_cost
        END) AS measured
    FROM fee_base AS b
    CROSS JOIN LATERAL unnest(b.surcharge_ids) AS c (price_rule_id)
    JOIN price_rule AS r ON r.price_rule_id = c.price_rule_id
    WHERE r.effect = 'add'
      AND (r.measure = 'amount') = (b.amount IS NOT NULL)
      AND (r.measure = 'quantity' OR coalesce(r.currency, b.currency) = b.currency)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT l.customer_id, l.period_start, l.price_rule_id, 'set' AS effect, l.key_product_id AS product_id,
    l.key_account_id AS account_id, l.key_resource_id AS resource_id, l.currency, l.measured,
    rate(l.measured, r.pricing) AS amount, l.quantity, l.unit, l.billed_cost, l.effective_cost, l.charges
FROM set_line AS l
JOIN price_rule AS r ON r.price_rule_id = l.price_rule_id
WHERE l.measured IS NOT NULL
UNION ALL
SELECT l.customer_id, l.period_start, l.price_rule_id, 'adjust', l.key_product_id, l.key_account_id, l.key_resource_id,
    l.currency, l.measured, rate(l.measured, r.pricing), NULL, NULL, NULL, NULL, NULL
FROM adjust_line AS l
JOIN price_rule AS r ON r.price_rule_id = l.price_rule_id
WHERE l.measured IS NOT NULL
UNION ALL
SELECT l.customer_id, l.period_start, l.price_rule_id, 'add', l.key_product_id, l.key_account_id, l.key_resource_id,
    l.currency, l.measured, rate(l.measured, r.pricing), NULL, NULL, NULL, NULL, NULL
FROM add_line AS l
JOIN price_rule AS r ON r.price_rule_id = l.price_rule_id
WHERE l.measured IS NOT NULL;

COMMENT ON VIEW rated_line IS 'what each rule makes of each customer''s charges, by period: always current, not rounded';
COMMENT ON COLUMN rated_line.customer_id IS 'customer';
COMMENT ON COLUMN rated_line.period_start IS 'first day of the billing period';
COMMENT ON COLUMN rated_line.price_rule_id IS 'rule';
COMMENT ON COLUMN rated_line.effect IS 'effect of the rule: set, adjust or add';
COMMENT ON COLUMN rated_line.product_id IS 'SKU of a rule per sku, else the rule''s product';
COMMENT ON COLUMN rated_line.account_id IS 'account of a rule per account or resource';
COMMENT ON COLUMN rated_line.resource_id IS 'resource of a rule per resource';
COMMENT ON COLUMN rated_line.currency IS 'currency of amount and costs';
COMMENT ON COLUMN rated_line.measured IS 'sum of the rule''s measure';
COMMENT ON COLUMN rated_line.amount IS 'rate(measured, pricing), not rounded';
COMMENT ON COLUMN rated_line.quantity IS 'sum of quantity of the charges; NULL for adjust and add';
COMMENT ON COLUMN rated_line.unit IS 'unit of quantity; NULL when there are several';
COMMENT ON COLUMN rated_line.billed_cost IS 'billed cost of the charges, as far as it is in this currency; NULL for adjust and add';
COMMENT ON COLUMN rated_line.effective_cost IS 'effective cost, likewise';
COMMENT ON COLUMN rated_line.charges IS 'number of charges behind the line; NULL for adjust and add';
