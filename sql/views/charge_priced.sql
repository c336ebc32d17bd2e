-- The charges of customers with the one rule that sets their price: of the
-- customer nearest in the tree, then of the product nearest in its tree, then
-- with the most exact selector, then of the lowest position.  Rules are looked
-- up once for each customer and product; only a selector looks at the item.
CREATE OR REPLACE VIEW charge_priced AS
WITH
owned AS MATERIALIZED (
    SELECT * FROM charge_owned
    UNION ALL
    -- Never run, but counted by the planner, which cannot tell how many rows all
    -- of the above gives, guesses one, and would then join row by row.
    SELECT 0, current_date, current_date, 0, 0, 0, 0, '', '', '', 0, 0, 0, 0, 0, 0
    FROM generate_series(1, 20000)
    WHERE customer_first() < 0
),
pair AS MATERIALIZED (
    SELECT DISTINCT o.customer_id, o.product_id, o.charge_on FROM owned AS o
),
-- All nodes a rule may stand on to be about a pair.
node AS MATERIALIZED (
    SELECT q.customer_id, q.product_id, q.charge_on, c.ancestor_id, c.distance, n.node_id, n.depth
    FROM pair AS q
    JOIN product AS p ON p.product_id = q.product_id
    JOIN customer_ancestor AS c ON c.customer_id = q.customer_id
    CROSS JOIN LATERAL unnest(p.path) WITH ORDINALITY AS n (node_id, depth)
),
candidate AS MATERIALIZED (
    SELECT n.customer_id, n.product_id, n.charge_on, r.price_rule_id, r.effect, r.selector,
        CASE WHEN r.measure <> 'quantity' THEN r.currency END AS only_currency,
        row_number() OVER (PARTITION BY n.customer_id, n.product_id, n.charge_on, r.effect = 'set' ORDER BY
            n.distance, n.depth DESC, coalesce(selector_specificity(r.selector), 0) DESC, r.position, r.price_rule_id) AS rank
    FROM node AS n
    JOIN price_rule AS r ON r.product_id = n.node_id AND coalesce(r.customer_id, 0) = n.ancestor_id
    WHERE r.valid_during @> n.charge_on
),
-- What ranks below a rule without conditions never comes up.
contender AS MATERIALIZED (
    SELECT c.customer_id, c.product_id, c.charge_on, c.price_rule_id, c.selector, c.only_currency, c.rank, c.last_rank
    FROM (
        SELECT c.*, min(c.rank) FILTER (WHERE c.selector IS NULL AND c.only_currency IS NULL) OVER (
            PARTITION BY c.customer_id, c.product_id, c.charge_on) AS last_rank
        FROM candidate AS c
        WHERE c.effect = 'set'
    ) AS c
    WHERE c.rank <= coalesce(c.last_rank, c.rank)
),
-- Adjustments and fees that are about the product; their selectors are not looked at yet.
surcharge AS MATERIALIZED (
    SELECT c.customer_id, c.product_id, c.charge_on, array_agg(c.price_rule_id) AS price_rule_ids
    FROM candidate AS c
    WHERE c.effect <> 'set'
    GROUP BY 1, 2, 3
),
-- The winner where no item need be looked at, and where it must.
plain AS MATERIALIZED (
    SELECT c.customer_id, c.product_id, c.charge_on, c.price_rule_id
    FROM contender AS c
    WHERE c.rank = 1 AND c.last_rank = 1
),
picked AS MATERIALIZED (
    SELECT DISTINCT ON (o.customer_id, o.item_id, o.charge_on) o.customer_id, o.item_id, o.charge_on, c.price_rule_id
    FROM contender AS c
    JOIN owned AS o ON o.customer_id = c.customer_id AND o.product_id = c.product_id AND o.charge_on = c.charge_on
    WHERE c.last_rank IS DISTINCT FROM 1
      AND coalesce(c.only_currency, o.billing_currency) = o.billing_currency
      AND (c.selector IS NULL OR (
        SELECT selector_matches(c.selector, d) FROM charge_dimension AS d WHERE d.item_id = o.item_id))
    ORDER BY o.customer_id, o.item_id, o.charge_on, c.rank
)
SELECT
    o.*,
    coalesce(w.price_rule_id, k.price_rule_id) AS price_rule_id,
    s.price_rule_ids AS surcharge_ids
FROM owned AS o
LEFT JOIN plain AS w ON w.customer_id = o.customer_id AND w.product_id = o.product_id AND w.charge_on = o.charge_on
LEFT JOIN picked AS k ON k.customer_id = o.customer_id AND k.item_id = o.item_id AND k.charge_on = o.charge_on
LEFT JOIN surcharge AS s ON s.customer_id = o.customer_id AND s.product_id = o.product_id AND s.charge_on = o.charge_on;

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
COMMENT ON COLUMN charge_priced.surcharge_ids IS 'adjusting and adding rules about the product, before their selectors are looked at';
