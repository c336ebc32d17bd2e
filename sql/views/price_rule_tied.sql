-- Prices between which only their age decides: the constraint price_rule_tie
-- refuses equal selectors, and cannot see that two others hold for one charge.
CREATE OR REPLACE VIEW price_rule_tied AS
SELECT
    a.price_rule_id,
    a.name,
    b.price_rule_id AS other_id,
    b.name AS other_name,
    a.valid_during * b.valid_during AS valid_during,
    count(*) AS items
FROM price_rule_in_force AS a
JOIN price_rule_in_force AS b
    ON coalesce(b.customer_id, 0) = coalesce(a.customer_id, 0)
    AND coalesce(b.reseller_id, 0) = coalesce(a.reseller_id, 0)
    AND b.product_id = a.product_id
    AND b.position = a.position
    AND b.price_rule_id > a.price_rule_id
    AND b.valid_during && a.valid_during
    AND (b.time_window_id IS NULL) = (a.time_window_id IS NULL)
    AND (measure_is_money(b.measure) AND b.currency IS NOT NULL) = (measure_is_money(a.measure) AND a.currency IS NOT NULL)
    AND selector_specificity(b.selector) = selector_specificity(a.selector)
JOIN product AS p ON p.path @> ARRAY[a.product_id]
JOIN charge_dimension AS d ON d.product_id = p.product_id
WHERE a.effect = 'set'
  AND b.effect = 'set'
  AND (NOT measure_is_money(a.measure) OR coalesce(a.currency, d.billing_currency) = d.billing_currency)
  AND (NOT measure_is_money(b.measure) OR coalesce(b.currency, d.billing_currency) = d.billing_currency)
  AND selector_matches(a.selector, d)
  AND selector_matches(b.selector, d)
GROUP BY a.price_rule_id, a.name, b.price_rule_id, b.name, a.valid_during, b.valid_during;

COMMENT ON VIEW price_rule_tied IS 'pairs of price rules that are equally specific and about the same charges: the older one wins; give them positions';
COMMENT ON COLUMN price_rule_tied.price_rule_id IS 'older rule, which wins';
COMMENT ON COLUMN price_rule_tied.name IS 'its name';
COMMENT ON COLUMN price_rule_tied.other_id IS 'the other rule';
COMMENT ON COLUMN price_rule_tied.other_name IS 'its name';
COMMENT ON COLUMN price_rule_tied.valid_during IS 'days on which both hold';
COMMENT ON COLUMN price_rule_tied.items IS 'combinations of dimensions (charge_item) that both are about';
