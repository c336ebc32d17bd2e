-- Charges with the one rule that sets their price: of the customer nearest in
-- the tree, then of the product nearest in its tree, then with the most exact
-- selector, then of the lowest position.
CREATE OR REPLACE VIEW charge_priced AS
SELECT DISTINCT ON (u.customer_id, u.item_id, u.charge_on, u.load_scope_id)
    u.customer_id,
    u.period_start,
    u.charge_on,
    u.load_scope_id,
    u.item_id,
    u.account_id,
    u.product_id,
    p.path AS product_path,
    i.resource_id,
    coalesce(i.pricing_unit, i.consumed_unit) AS unit,
    i.billing_currency,
    u.charges,
    u.quantity,
    u.billed_cost,
    u.effective_cost,
    u.list_cost,
    u.contracted_cost,
    r.price_rule_id
FROM charge_owned AS u
JOIN charge_item AS i ON i.item_id = u.item_id
JOIN product AS p ON p.product_id = u.product_id
JOIN customer_ancestor AS c ON c.customer_id = u.customer_id
CROSS JOIN LATERAL unnest(p.path) WITH ORDINALITY AS n (product_id, depth)
JOIN price_rule AS r
    ON r.product_id = n.product_id
    AND coalesce(r.customer_id, 0) = c.ancestor_id
    AND r.effect = 'set'
    AND r.valid_during @> u.charge_on
WHERE (r.measure = 'quantity' OR r.currency IS NULL OR r.currency = i.billing_currency)
  AND (r.selector IS NULL OR (
    SELECT selector_matches(r.selector, d) FROM charge_dimension AS d WHERE d.item_id = u.item_id))
ORDER BY u.customer_id, u.item_id, u.charge_on, u.load_scope_id,
    c.distance, n.depth DESC, coalesce(selector_specificity(r.selector), 0) DESC, r.position, r.price_rule_id;

COMMENT ON VIEW charge_priced IS 'roll-ups of charges with the rule that sets their price';
COMMENT ON COLUMN charge_priced.customer_id IS 'customer';
COMMENT ON COLUMN charge_priced.period_start IS 'first day of the billing period';
COMMENT ON COLUMN charge_priced.charge_on IS 'first day of the roll-up';
COMMENT ON COLUMN charge_priced.load_scope_id IS 'delivery';
COMMENT ON COLUMN charge_priced.item_id IS 'what it is';
COMMENT ON COLUMN charge_priced.account_id IS 'account';
COMMENT ON COLUMN charge_priced.product_id IS 'node of the product tree';
COMMENT ON COLUMN charge_priced.product_path IS 'nodes from the root to the product';
COMMENT ON COLUMN charge_priced.resource_id IS 'resource';
COMMENT ON COLUMN charge_priced.unit IS 'unit of quantity';
COMMENT ON COLUMN charge_priced.billing_currency IS 'currency of the costs';
COMMENT ON COLUMN charge_priced.charges IS 'number of charges';
COMMENT ON COLUMN charge_priced.quantity IS 'sum of quantity';
COMMENT ON COLUMN charge_priced.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN charge_priced.effective_cost IS 'sum of effective cost';
COMMENT ON COLUMN charge_priced.list_cost IS 'sum of list cost';
COMMENT ON COLUMN charge_priced.contracted_cost IS 'sum of contracted cost';
COMMENT ON COLUMN charge_priced.price_rule_id IS 'rule that sets the price';
