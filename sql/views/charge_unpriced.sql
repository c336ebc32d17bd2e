-- Charges that a customer owns and no rule prices, or one that finds nothing of what it
-- measures in them: bought, and not sold.
CREATE OR REPLACE VIEW charge_unpriced AS
SELECT
    u.customer_id,
    c.name AS customer,
    u.period_start,
    i.provider_name,
    i.service_name,
    i.sku_id,
    i.charge_category,
    u.cost_currency AS currency,
    sum(u.charges)::bigint AS charges,
    trim_scale(exact_sum(u.billed_cost)) AS billed_cost,
    trim_scale(exact_sum(u.effective_cost)) AS effective_cost,
    u.price_rule_id,
    CASE
        WHEN u.price_rule_id IS NULL THEN 'no rule sets a price'
        ELSE format('rule "%s" prices by %s, which the charges do not have', r.name, r.measure)
    END AS reason
FROM rated_charge AS u
JOIN charge_item AS i ON i.item_id = u.item_id
JOIN customer AS c ON c.customer_id = u.customer_id
LEFT JOIN price_rule_in_force AS r ON r.price_rule_id = u.price_rule_id
WHERE u.price_rule_id IS NULL OR u.effect = 'set' AND u.measured IS NULL
GROUP BY u.customer_id, c.name, u.period_start, i.provider_name, i.service_name, i.sku_id, i.charge_category,
    u.cost_currency, u.price_rule_id, r.name, r.measure;

COMMENT ON VIEW charge_unpriced IS 'charges of customers that no rule prices, so that they are not billed, and why';
COMMENT ON COLUMN charge_unpriced.customer_id IS 'key of the customer';
COMMENT ON COLUMN charge_unpriced.customer IS 'customer';
COMMENT ON COLUMN charge_unpriced.period_start IS 'first day of the billing period';
COMMENT ON COLUMN charge_unpriced.provider_name IS 'provider';
COMMENT ON COLUMN charge_unpriced.service_name IS 'service';
COMMENT ON COLUMN charge_unpriced.sku_id IS 'SKU';
COMMENT ON COLUMN charge_unpriced.charge_category IS 'Usage, Purchase, Tax, Credit or Adjustment';
COMMENT ON COLUMN charge_unpriced.currency IS 'currency of the costs';
COMMENT ON COLUMN charge_unpriced.charges IS 'number of charges';
COMMENT ON COLUMN charge_unpriced.billed_cost IS 'what the supplier invoices for them';
COMMENT ON COLUMN charge_unpriced.effective_cost IS 'amortised cost';
COMMENT ON COLUMN charge_unpriced.price_rule_id IS 'rule that would set the price, and finds nothing to measure; NULL where there is none';
COMMENT ON COLUMN charge_unpriced.reason IS 'why there is no price';
