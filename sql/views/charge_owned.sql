-- Roll-ups of the charges that customers own, the base of all rating.  A month is
-- one piece, unless ownership or a price changes inside it: then its days are
-- taken one by one.  The settings customer_first and customer_last narrow it to
-- some customers; a condition would not reach through what is computed once.
CREATE OR REPLACE VIEW charge_owned AS
WITH
owner AS MATERIALIZED (
    SELECT o.account_id, o.tag_set_id, o.customer_id, o.valid_during
    FROM charge_owner AS o
),
-- Sets of tags that some rule is about: their account's owner is not theirs.
tagged AS MATERIALIZED (
    SELECT DISTINCT o.account_id, o.tag_set_id FROM owner AS o WHERE o.tag_set_id <> 0
),
-- Days inside a month on which ownership or a price changes.
cut AS MATERIALIZED (
    SELECT b.account_id, date_trunc('month', b.day)::date AS period_start
    FROM (
        SELECT 0 AS account_id, lower(r.valid_during) AS day FROM price_rule AS r
        UNION
        SELECT 0, upper(r.valid_during) FROM price_rule AS r
        UNION
        SELECT o.account_id, lower(o.valid_during) FROM owner AS o
        UNION
        SELECT o.account_id, upper(o.valid_during) FROM owner AS o
    ) AS b
    WHERE isfinite(b.day) AND b.day <> date_trunc('month', b.day)
),
-- Compared with the column of a table, of which the planner knows the values.
asked AS MATERIALIZED (
    SELECT o.account_id, o.tag_set_id, o.customer_id, o.valid_during, z.time_zone_id
    FROM customer_zone AS z
    JOIN owner AS o ON o.customer_id = z.customer_id
    WHERE z.customer_id BETWEEN customer_first() AND customer_last()
    UNION ALL
    -- Never run, but counted by the planner, which guesses that the above gives
    -- one row, and would then look up all that customers have row by row.
    SELECT 0, 0, 0, NULL, 0
    FROM generate_series(1, 1 + least(customer_last() - customer_first(), 1000))
    WHERE customer_first() < 0
)
SELECT o.customer_id, r.charge_on AS period_start, r.charge_on, r.load_scope_id, r.item_id, r.account_id, i.product_id,
    i.resource_id, coalesce(i.pricing_unit, i.consumed_unit) AS unit, i.billing_currency, r.charges, r.quantity,
    r.billed_cost, r.effective_cost, r.list_cost, r.contracted_cost
FROM asked AS o
JOIN charge_monthly AS r ON r.account_id = o.account_id AND r.time_zone_id = o.time_zone_id
JOIN load_scope_current AS s ON s.load_scope_id = r.load_scope_id
JOIN charge_item AS i ON i.item_id = r.item_id
WHERE o.valid_during @> r.charge_on
  AND CASE WHEN o.tag_set_id <> 0 THEN o.tag_set_id = i.tag_set_id
    ELSE i.tag_set_id IS NULL OR (i.account_id, i.tag_set_id) NOT IN (SELECT t.account_id, t.tag_set_id FROM tagged AS t) END
  AND (0, r.charge_on) NOT IN (SELECT c.account_id, c.period_start FROM cut AS c)
  AND (r.account_id, r.charge_on) NOT IN (SELECT c.account_id, c.period_start FROM cut AS c)
UNION ALL
SELECT o.customer_id, date_trunc('month', r.charge_on)::date, r.charge_on, r.load_scope_id, r.item_id, r.account_id,
    i.product_id, i.resource_id, coalesce(i.pricing_unit, i.consumed_unit), i.billing_currency, r.charges, r.quantity,
    r.billed_cost, r.effective_cost, r.list_cost, r.contracted_cost
FROM asked AS o
JOIN charge_daily AS r ON r.account_id = o.account_id AND r.time_zone_id = o.time_zone_id
JOIN load_scope_current AS s ON s.load_scope_id = r.load_scope_id
JOIN charge_item AS i ON i.item_id = r.item_id
WHERE EXISTS (SELECT FROM cut)
  AND o.valid_during @> r.charge_on
  AND CASE WHEN o.tag_set_id <> 0 THEN o.tag_set_id = i.tag_set_id
    ELSE i.tag_set_id IS NULL OR (i.account_id, i.tag_set_id) NOT IN (SELECT t.account_id, t.tag_set_id FROM tagged AS t) END
  AND ((0, date_trunc('month', r.charge_on)::date) IN (SELECT c.account_id, c.period_start FROM cut AS c)
    OR (r.account_id, date_trunc('month', r.charge_on)::date) IN (SELECT c.account_id, c.period_start FROM cut AS c));

COMMENT ON VIEW charge_owned IS 'roll-ups of charges with the customer that owns them, the base of all rating';
COMMENT ON COLUMN charge_owned.customer_id IS 'customer';
COMMENT ON COLUMN charge_owned.period_start IS 'first day of the billing period, in the customer''s time zone';
COMMENT ON COLUMN charge_owned.charge_on IS 'first day of the roll-up: of the month, or the day where a month is cut';
COMMENT ON COLUMN charge_owned.load_scope_id IS 'delivery';
COMMENT ON COLUMN charge_owned.item_id IS 'what it is';
COMMENT ON COLUMN charge_owned.account_id IS 'account';
COMMENT ON COLUMN charge_owned.product_id IS 'node of the product tree';
COMMENT ON COLUMN charge_owned.resource_id IS 'resource';
COMMENT ON COLUMN charge_owned.unit IS 'unit of quantity';
COMMENT ON COLUMN charge_owned.billing_currency IS 'currency of the costs';
COMMENT ON COLUMN charge_owned.charges IS 'number of charges';
COMMENT ON COLUMN charge_owned.quantity IS 'sum of quantity';
COMMENT ON COLUMN charge_owned.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN charge_owned.effective_cost IS 'sum of effective cost';
COMMENT ON COLUMN charge_owned.list_cost IS 'sum of list cost';
COMMENT ON COLUMN charge_owned.contracted_cost IS 'sum of contracted cost';
