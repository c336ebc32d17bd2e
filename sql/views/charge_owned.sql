-- Roll-ups of the charges that customers own.  A month is one piece, unless
-- ownership or a price changes inside it: then its days are taken one by one.
-- The settings customer_first and customer_last narrow it to some customers.

-- Monthly roll-ups with their owners, by the account or by the tags.
CREATE OR REPLACE VIEW charge_owned_monthly AS
SELECT o.customer_id, o.valid_during, r.load_scope_id, r.time_zone_id, r.charge_on, i.item_id, i.account_id,
    i.product_id, r.charges, r.quantity, r.billed_cost, r.effective_cost, r.list_cost, r.contracted_cost
FROM charge_owner AS o
JOIN charge_monthly AS r ON r.account_id = o.account_id
JOIN charge_item AS i ON i.item_id = r.item_id
WHERE o.customer_id BETWEEN customer_first() AND customer_last()
  AND o.tag_set_id = 0
  AND (i.account_id, i.tag_set_id) NOT IN (
    SELECT t.account_id, t.tag_set_id FROM ownership_candidate AS t WHERE t.tag_set_id <> 0)
UNION ALL
SELECT o.customer_id, o.valid_during, r.load_scope_id, r.time_zone_id, r.charge_on, i.item_id, i.account_id,
    i.product_id, r.charges, r.quantity, r.billed_cost, r.effective_cost, r.list_cost, r.contracted_cost
FROM charge_owner AS o
JOIN charge_item AS i ON i.account_id = o.account_id AND i.tag_set_id = o.tag_set_id
JOIN charge_monthly AS r ON r.account_id = i.account_id AND r.item_id = i.item_id
WHERE o.customer_id BETWEEN customer_first() AND customer_last()
  AND o.tag_set_id <> 0;

COMMENT ON VIEW charge_owned_monthly IS 'monthly roll-ups with the customers that may own them';

-- The same by day, for the months that are cut.
CREATE OR REPLACE VIEW charge_owned_daily AS
SELECT o.customer_id, o.valid_during, r.load_scope_id, r.time_zone_id, r.charge_on, i.item_id, i.account_id,
    i.product_id, r.charges, r.quantity, r.billed_cost, r.effective_cost, r.list_cost, r.contracted_cost
FROM charge_owner AS o
JOIN charge_daily AS r ON r.account_id = o.account_id
JOIN charge_item AS i ON i.item_id = r.item_id
WHERE o.customer_id BETWEEN customer_first() AND customer_last()
  AND o.tag_set_id = 0
  AND (i.account_id, i.tag_set_id) NOT IN (
    SELECT t.account_id, t.tag_set_id FROM ownership_candidate AS t WHERE t.tag_set_id <> 0)
UNION ALL
SELECT o.customer_id, o.valid_during, r.load_scope_id, r.time_zone_id, r.charge_on, i.item_id, i.account_id,
    i.product_id, r.charges, r.quantity, r.billed_cost, r.effective_cost, r.list_cost, r.contracted_cost
FROM charge_owner AS o
JOIN charge_item AS i ON i.account_id = o.account_id AND i.tag_set_id = o.tag_set_id
JOIN charge_daily AS r ON r.account_id = i.account_id AND r.item_id = i.item_id
WHERE o.customer_id BETWEEN customer_first() AND customer_last()
  AND o.tag_set_id <> 0;

COMMENT ON VIEW charge_owned_daily IS 'daily roll-ups with the customers that may own them';

CREATE OR REPLACE VIEW charge_owned AS
SELECT m.customer_id, m.charge_on AS period_start, m.charge_on, m.load_scope_id, m.item_id, m.account_id, m.product_id,
    m.charges, m.quantity, m.billed_cost, m.effective_cost, m.list_cost, m.contracted_cost
FROM charge_owned_monthly AS m
JOIN customer_zone AS z ON z.customer_id = m.customer_id AND z.time_zone_id = m.time_zone_id
JOIN load_scope_current AS s ON s.load_scope_id = m.load_scope_id
WHERE m.valid_during @> m.charge_on
  AND m.charge_on NOT IN (SELECT c.period_start FROM period_cut AS c WHERE c.account_id IS NULL)
  AND (m.account_id, m.charge_on) NOT IN (
    SELECT c.account_id, c.period_start FROM period_cut AS c WHERE c.account_id IS NOT NULL)
UNION ALL
SELECT d.customer_id, date_trunc('month', d.charge_on)::date, d.charge_on, d.load_scope_id, d.item_id, d.account_id,
    d.product_id, d.charges, d.quantity, d.billed_cost, d.effective_cost, d.list_cost, d.contracted_cost
FROM charge_owned_daily AS d
JOIN customer_zone AS z ON z.customer_id = d.customer_id AND z.time_zone_id = d.time_zone_id
JOIN load_scope_current AS s ON s.load_scope_id = d.load_scope_id
WHERE EXISTS (SELECT FROM period_cut)
  AND d.valid_during @> d.charge_on
  AND (date_trunc('month', d.charge_on)::date IN (SELECT c.period_start FROM period_cut AS c WHERE c.account_id IS NULL)
    OR (d.account_id, date_trunc('month', d.charge_on)::date) IN (
        SELECT c.account_id, c.period_start FROM period_cut AS c WHERE c.account_id IS NOT NULL));

COMMENT ON VIEW charge_owned IS 'roll-ups of charges with the customer that owns them, the base of all rating';
COMMENT ON COLUMN charge_owned.customer_id IS 'customer';
COMMENT ON COLUMN charge_owned.period_start IS 'first day of the billing period, in the customer''s time zone';
COMMENT ON COLUMN charge_owned.charge_on IS 'first day of the roll-up: of the month, or the day where a month is cut';
COMMENT ON COLUMN charge_owned.load_scope_id IS 'delivery';
COMMENT ON COLUMN charge_owned.item_id IS 'what it is';
COMMENT ON COLUMN charge_owned.account_id IS 'account';
COMMENT ON COLUMN charge_owned.product_id IS 'node of the product tree';
COMMENT ON COLUMN charge_owned.charges IS 'number of charges';
COMMENT ON COLUMN charge_owned.quantity IS 'sum of quantity';
COMMENT ON COLUMN charge_owned.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN charge_owned.effective_cost IS 'sum of effective cost';
COMMENT ON COLUMN charge_owned.list_cost IS 'sum of list cost';
COMMENT ON COLUMN charge_owned.contracted_cost IS 'sum of contracted cost';
