-- What is wrong, or may be, with price rules and with what they are about.
CREATE OR REPLACE VIEW price_rule_problems AS
WITH
-- rules that are about charges, and rules that made something of them
about AS MATERIALIZED (
    SELECT DISTINCT u.price_rule_id
    FROM (
        SELECT rating_rules((SELECT u.rules FROM price_rule_packed AS u), m.items, m.to_currency, m.currencies, m.factors,
            m.customer_id, m.period_start, m.charge_on, m.load_scope_id, m.line_no, m.starts, m.ends, m.item_id, m.charges,
            m.quantity, m.billed_cost, m.effective_cost, m.list_cost, m.contracted_cost, m.invoice_on, m.times) AS ids
        FROM (SELECT i.* FROM rating_input AS i ORDER BY i.buyer_id) AS m
        GROUP BY m.buyer_id
    ) AS m
    CROSS JOIN LATERAL unnest(m.ids) AS u (price_rule_id)
),
share AS MATERIALIZED (
    SELECT * FROM rated_charge
),
-- what charges are sold for, adjustments with it
sold AS (
    SELECT s.customer_id, s.reseller_id, s.period_start, i.product_id, s.currency,
        exact_sum(s.amount) AS amount,
        exact_sum(s.billed_cost) FILTER (WHERE s.cost_currency = s.currency) AS billed_cost,
        min(s.price_rule_id) FILTER (WHERE s.effect IN ('set', 'include')) AS price_rule_id,
        count(*) FILTER (WHERE s.cost_currency <> s.currency AND s.effect IN ('set', 'include')) AS foreign_costs,
        sum(s.charges)::bigint AS charges
    FROM share AS s
    JOIN charge_item AS i ON i.item_id = s.item_id
    WHERE s.effect IN ('include', 'set', 'adjust')
    GROUP BY 1, 2, 3, 4, 5
)
SELECT 'tie' AS problem, t.price_rule_id, t.name, NULL::int AS customer_id, NULL::int AS product_id, NULL::date AS period_start,
    NULL::text AS currency, NULL::bigint AS charges, NULL::numeric AS billed_cost, NULL::numeric AS amount,
    format('equally specific as rule %s, "%s", for %s combinations of dimensions: the older one wins; give them positions',
        t.other_id, t.other_name, t.items) AS detail
FROM price_rule_tied AS t
UNION ALL
SELECT 'matches nothing', r.price_rule_id, r.name, r.customer_id, r.product_id, NULL, r.currency::text, NULL, NULL, NULL,
    'no charge is in its scope on the days on which it holds'
FROM price_rule_in_force AS r
WHERE NOT EXISTS (SELECT FROM about AS a WHERE a.price_rule_id = r.price_rule_id)
UNION ALL
SELECT 'shadowed', r.price_rule_id, r.name, r.customer_id, r.product_id, NULL, r.currency::text, NULL, NULL, NULL,
    'for each charge in its scope another rule goes before it, or covers all of it'
FROM price_rule_in_force AS r
JOIN about AS a ON a.price_rule_id = r.price_rule_id
WHERE r.effect = 'set'
  AND NOT EXISTS (SELECT FROM share AS s WHERE s.price_rule_id = r.price_rule_id)
UNION ALL
SELECT 'no amount', r.price_rule_id, r.name, r.customer_id, r.product_id, NULL, r.currency::text, NULL, NULL, NULL,
    'charges are in its scope, but nothing of them is in its currency or has what it measures'
FROM price_rule_in_force AS r
JOIN about AS a ON a.price_rule_id = r.price_rule_id
WHERE r.effect NOT IN ('set', 'true_up', 'credit', 'round')
  AND NOT EXISTS (SELECT FROM share AS s WHERE s.price_rule_id = r.price_rule_id AND s.amount IS NOT NULL)
UNION ALL
SELECT 'no price', NULL, NULL, s.customer_id, i.product_id, s.period_start, s.cost_currency, sum(s.charges)::bigint,
    trim_scale(exact_sum(s.billed_cost)), NULL, 'no rule sets a price, so nothing is billed'
FROM share AS s
JOIN charge_item AS i ON i.item_id = s.item_id
WHERE s.price_rule_id IS NULL
GROUP BY s.customer_id, i.product_id, s.period_start, s.cost_currency
UNION ALL
SELECT 'nothing measured', s.price_rule_id, r.name, s.customer_id, i.product_id, s.period_start, s.cost_currency,
    sum(s.charges)::bigint, trim_scale(exact_sum(s.billed_cost)), NULL,
    CASE WHEN s.billing_currency <> s.cost_currency AND r.measure ~ 'cost$' AND exact_sum(s.billed_cost) IS NULL
        THEN format('the rule prices by %s, and there is no exchange rate from %s to %s', r.measure, s.billing_currency, s.cost_currency)
        ELSE format('the rule prices by %s, which the charges do not have', r.measure) END
FROM share AS s
JOIN charge_item AS i ON i.item_id = s.item_id
JOIN price_rule_in_force AS r ON r.price_rule_id = s.price_rule_id
WHERE s.effect = 'set' AND s.measured IS NULL
GROUP BY s.price_rule_id, r.name, r.measure, s.customer_id, i.product_id, s.period_start, s.cost_currency, s.billing_currency
UNION ALL
SELECT 'below cost', d.price_rule_id, r.name, d.customer_id, d.product_id, d.period_start, d.currency, d.charges,
    trim_scale(d.billed_cost), trim_scale(d.amount), format('sold for %s less than it costs', trim_scale(d.billed_cost - d.amount))
FROM sold AS d
JOIN price_rule_in_force AS r ON r.price_rule_id = d.price_rule_id
WHERE d.amount < d.billed_cost AND d.billed_cost > 0 AND d.foreign_costs = 0
UNION ALL
SELECT 'currency', d.price_rule_id, r.name, d.customer_id, d.product_id, d.period_start, d.currency, d.charges, NULL,
    trim_scale(d.amount), 'the price is in another currency than the cost, so there is no margin'
FROM sold AS d
JOIN price_rule_in_force AS r ON r.price_rule_id = d.price_rule_id
WHERE d.foreign_costs > 0
UNION ALL
SELECT 'bundle', r.price_rule_id, r.name, r.customer_id, r.product_id, NULL, r.currency::text, NULL, NULL, NULL,
    format('rules of bundle "%s" must include the same quantity and roll over alike', r.bundle)
FROM price_rule_in_force AS r
WHERE EXISTS (
    SELECT
    FROM price_rule_in_force AS o
    WHERE o.bundle = r.bundle AND o.valid_during && r.valid_during
      AND (o.included, coalesce(o.roll_over, 0)) IS DISTINCT FROM (r.included, coalesce(r.roll_over, 0)))
UNION ALL
SELECT 'continues', r.price_rule_id, r.name, r.customer_id, r.product_id, NULL, r.currency::text, NULL, NULL, NULL,
    format('the ladder of rule %s cannot be continued: it must measure the same, per the same, and end where this one begins', r.continues_id)
FROM price_rule_in_force AS r
LEFT JOIN price_rule_in_force AS o ON o.price_rule_id = r.continues_id
WHERE r.continues_id IS NOT NULL
  AND (o.measure, o.per, o.effect, o.currency, upper(o.valid_during)) IS DISTINCT FROM (r.measure, r.per, r.effect, r.currency, lower(r.valid_during))
UNION ALL
SELECT 'reseller', r.price_rule_id, r.name, r.customer_id, r.product_id, NULL, r.currency::text, NULL, NULL, NULL,
    CASE WHEN NOT c.resells THEN format('customer "%s" does not resell', c.name)
        ELSE format('the customer it is for is not below the reseller "%s"', c.name) END
FROM price_rule_in_force AS r
JOIN customer AS c ON c.customer_id = r.reseller_id
WHERE NOT c.resells
   OR r.customer_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM customer_ancestor AS a WHERE a.customer_id = r.customer_id AND a.ancestor_id = r.reseller_id);

COMMENT ON VIEW price_rule_problems IS 'what is wrong, or may be, with price rules: ties, rules that are never used, charges without a price, prices below cost, currencies';
COMMENT ON COLUMN price_rule_problems.problem IS 'tie, matches nothing, shadowed, no amount, no price, nothing measured, below cost, currency, bundle, continues or reseller';
COMMENT ON COLUMN price_rule_problems.price_rule_id IS 'the rule';
COMMENT ON COLUMN price_rule_problems.name IS 'its name';
COMMENT ON COLUMN price_rule_problems.customer_id IS 'customer of the charges, or of the rule';
COMMENT ON COLUMN price_rule_problems.product_id IS 'product of the charges, or of the rule';
COMMENT ON COLUMN price_rule_problems.period_start IS 'first day of the billing period, for problems with charges';
COMMENT ON COLUMN price_rule_problems.currency IS 'currency of costs and amount';
COMMENT ON COLUMN price_rule_problems.charges IS 'number of charges';
COMMENT ON COLUMN price_rule_problems.billed_cost IS 'what they cost';
COMMENT ON COLUMN price_rule_problems.amount IS 'what they are sold for';
COMMENT ON COLUMN price_rule_problems.detail IS 'what is the matter';
