-- The charges of customers with all price rules that are about them: what the
-- rating engine is given.  An item is matched once for each customer that has it.
CREATE OR REPLACE VIEW charge_matched AS
WITH
piece AS NOT MATERIALIZED (
    SELECT * FROM charge_piece
    UNION ALL
    -- Never run, but counted by the planner, which cannot tell how many rows all
    -- of the above gives, guesses one, and would then join row by row: twenty for
    -- each customer asked for.
    SELECT 0, current_date, current_date, 0, 0, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL
    FROM generate_series(1, 20 + 20 * least(customer_last() - customer_first(), 1000))
    WHERE customer_first() < 0
),
item AS MATERIALIZED (
    SELECT a.buyers[1] AS buyer_id, a.customer_id, d.item_id, a.buyers, d.product_id, d.resource_id,
        coalesce(d.pricing_unit, d.consumed_unit) AS unit, d.billing_currency,
        CASE WHEN EXISTS (SELECT FROM price_rule_in_force AS r WHERE r.per LIKE 'tags.%') THEN d.tags END AS tags,
        CASE WHEN g.price_rule_id IS NULL THEN price_rule_match((SELECT u.rules FROM price_rule_packed AS u), a.path, p.path, d)
            WHEN g.kind = 'commitment' THEN price_rule_place((SELECT u.rules FROM price_rule_packed AS u), g.price_rule_id)
            ELSE price_rule_first((SELECT u.rules FROM price_rule_packed AS u),
                price_rule_match((SELECT u.rules FROM price_rule_packed AS u), a.path, p.path, d), g.price_rule_id) END AS matched
    FROM (
        SELECT DISTINCT o.account_id, q.customer_id, q.buyers, q.path
        FROM customer_asked AS q
        JOIN charge_owner AS o ON o.customer_id = q.customer_id
        UNION ALL
        -- As above: items are wide, and are not to be hashed.
        SELECT 0, 0, NULL, NULL
        FROM generate_series(1, 1 + least(customer_last() - customer_first(), 150))
        WHERE customer_first() < 0
    ) AS a
    JOIN charge_dimension AS d ON d.account_id = a.account_id
    JOIN product AS p ON p.product_id = d.product_id
    -- what was agreed goes before all other prices
    LEFT JOIN agreement_item AS g ON g.item_id = d.item_id
),
-- What costs are converted with, of who is invoiced in a currency of his own.
exchange AS MATERIALIZED (
    SELECT r.customer_id, r.period_start, r.to_currency, array_agg(r.currency) AS currencies, array_agg(r.factor) AS factors
    FROM customer_currency_rate AS r
    WHERE EXISTS (SELECT FROM invoice_currency)
    GROUP BY r.customer_id, r.period_start, r.to_currency
)
SELECT m.matched, m.buyers, m.tags, p.customer_id, p.period_start, p.charge_on, p.load_scope_id, p.line_no, p.starts, p.ends,
    p.item_id, p.account_id, m.product_id, m.resource_id, m.unit, m.billing_currency, p.charges, p.quantity, p.billed_cost,
    p.effective_cost, p.list_cost, p.contracted_cost, p.buyer_id, p.invoice_on, p.times, x.to_currency,
    x.factors[array_position(x.currencies, m.billing_currency)] AS factor
FROM piece AS p
-- buyers come first, for their charges are rated together
JOIN item AS m ON m.buyer_id = p.buyer_id AND m.customer_id = p.customer_id AND m.item_id = p.item_id
LEFT JOIN exchange AS x ON x.customer_id = p.buyer_id AND x.period_start = p.period_start
-- as they mostly come, which the planner else would not tell whoever groups by it
ORDER BY p.buyer_id;

COMMENT ON VIEW charge_matched IS 'charges of customers, rolled up where that suffices, with the price rules that are about them';
COMMENT ON COLUMN charge_matched.matched IS 'places, in price_rule_packed.rules, of those that are about the charges, the one that goes before all others first';
COMMENT ON COLUMN charge_matched.buyers IS 'who buys, from the seller''s customer down to the customer';
COMMENT ON COLUMN charge_matched.tags IS 'tags, where some rule is per tag';
COMMENT ON COLUMN charge_matched.customer_id IS 'customer';
COMMENT ON COLUMN charge_matched.period_start IS 'first day of the billing period';
COMMENT ON COLUMN charge_matched.charge_on IS 'first day of the roll-up, or day of the charge';
COMMENT ON COLUMN charge_matched.load_scope_id IS 'delivery';
COMMENT ON COLUMN charge_matched.line_no IS 'line of the file, of a single charge';
COMMENT ON COLUMN charge_matched.starts IS 'start of the charge period, of a single charge';
COMMENT ON COLUMN charge_matched.ends IS 'end of the charge period, of a single charge';
COMMENT ON COLUMN charge_matched.item_id IS 'what it is';
COMMENT ON COLUMN charge_matched.account_id IS 'account';
COMMENT ON COLUMN charge_matched.product_id IS 'node of the product tree';
COMMENT ON COLUMN charge_matched.resource_id IS 'resource';
COMMENT ON COLUMN charge_matched.unit IS 'unit of quantity';
COMMENT ON COLUMN charge_matched.billing_currency IS 'currency of the costs';
COMMENT ON COLUMN charge_matched.charges IS 'number of charges';
COMMENT ON COLUMN charge_matched.quantity IS 'sum of quantity';
COMMENT ON COLUMN charge_matched.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN charge_matched.effective_cost IS 'sum of effective cost';
COMMENT ON COLUMN charge_matched.list_cost IS 'sum of list cost';
COMMENT ON COLUMN charge_matched.contracted_cost IS 'sum of contracted cost';
COMMENT ON COLUMN charge_matched.buyer_id IS 'the seller''s customer, who is invoiced';
COMMENT ON COLUMN charge_matched.invoice_on IS 'day on which it may be invoiced; NULL is when the period ends';
COMMENT ON COLUMN charge_matched.times IS 'pieces of time that windows cut it into, as charge_times() gives them';
COMMENT ON COLUMN charge_matched.to_currency IS 'currency in which the buyer is invoiced, and costs are converted to; NULL converts nothing';
COMMENT ON COLUMN charge_matched.factor IS 'what costs are multiplied by; NULL without an exchange rate';
