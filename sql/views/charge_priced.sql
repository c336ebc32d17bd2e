-- The charges of customers with the one rule that sets their price: of the
-- customer nearest in the tree, then of the product nearest in its tree, then
-- with the most exact selector, then for the charge's currency only, then of the
-- lowest position.
CREATE OR REPLACE VIEW charge_priced AS
WITH
owned AS NOT MATERIALIZED (
    SELECT * FROM charge_owned
    UNION ALL
    -- Never run, but counted by the planner, which cannot tell how many rows all
    -- of the above gives, guesses one, and would then join row by row: twenty for
    -- each customer asked for.
    SELECT 0, current_date, current_date, 0, 0, 0, 0, '', '', '', 0, 0, 0, 0, 0, 0
    FROM generate_series(1, 20 + 20 * least(customer_last() - customer_first(), 1000))
    WHERE customer_first() < 0
),
customer_path AS MATERIALIZED (
    SELECT c.customer_id, array_agg(c.ancestor_id ORDER BY c.distance) AS path
    FROM customer_ancestor AS c
    WHERE c.customer_id BETWEEN customer_first() AND customer_last()
    GROUP BY 1
)
SELECT
    o.*,
    nullif(m.rules[1], 0) AS price_rule_id,
    nullif(m.rules[2:], '{}') AS surcharge_ids
FROM owned AS o
JOIN customer_path AS c ON c.customer_id = o.customer_id
JOIN product AS p ON p.product_id = o.product_id
JOIN charge_dimension AS d ON d.item_id = o.item_id
CROSS JOIN LATERAL (
    SELECT price_rule_match((
        SELECT price_rule_set(r.price_rule_id, r.customer_id, r.product_id, lower(r.valid_during), upper(r.valid_during),
            CASE WHEN r.measure NOT IN ('quantity', 'amount') THEN r.currency END, r.effect, r.position, r.selector)
        FROM price_rule AS r
    ), c.path, p.path, o.charge_on, o.billing_currency, d) AS rules
    OFFSET 0  -- once a row, not once for each column made of it
) AS m;

COMMENT ON VIEW charge_priced IS 'roll-ups of customers'' charges with the rule that sets their price';
COMMENT ON COLUMN charge_priced.customer_id IS 'customer';
COMMENT ON COLUMN charge_priced.period_start IS 'first day of the billing period';
COMMENT ON COLUMN charge_priced.charge_on IS 'first day of the roll-up';
COMMENT ON COLUMN charge_priced.load_scope_id IS 'delivery';
COMMENT ON COLUMN charge_priced.item_id IS 'what it is';
COMMENT ON COLUMN charge_priced.account_id IS 'account';
COMMENT ON COLUMN charge_priced.product_id IS 'node of the product tree';
COMMENT ON COLUMN charge_priced.resource_id IS 'resource';
COMMENT ON COLUMN charge_priced.unit IS 'unit of quantity';
COMMENT ON COLUMN charge_priced.billing_currency IS 'currency of the costs';
COMMENT ON COLUMN charge_priced.charges IS 'number of charges';
COMMENT ON COLUMN charge_priced.quantity IS 'sum of quantity';
COMMENT ON COLUMN charge_priced.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN charge_priced.effective_cost IS 'sum of effective cost';
COMMENT ON COLUMN charge_priced.list_cost IS 'sum of list cost';
COMMENT ON COLUMN charge_priced.contracted_cost IS 'sum of contracted cost';
COMMENT ON COLUMN charge_priced.price_rule_id IS 'rule that sets the price; NULL when none does, and the charges are not billed';
COMMENT ON COLUMN charge_priced.surcharge_ids IS 'rules that adjust the price or add a fee; NULL when there are none';
