-- Charges that no customer owns, from roll-ups: by month, or where ownership or an
-- allocation rule changes inside it by day.
CREATE OR REPLACE VIEW charge_held_by_nobody AS
WITH
owner AS MATERIALIZED (
    SELECT * FROM charge_owner
),
-- Accounts that have no owner on some day, or for some tags.  Days are those of the
-- owners there are, so that a charge is either theirs or nobody's; else, or where
-- these have several zones, of the first seller.
open AS MATERIALIZED (
    SELECT a.account_id, coalesce(
        (SELECT CASE WHEN min(z.time_zone_id) = max(z.time_zone_id) THEN min(z.time_zone_id) END
         FROM owner AS o
         JOIN customer_buyer AS b ON b.customer_id = o.customer_id
         JOIN customer_zone AS z ON z.customer_id = b.buyers[1]
         WHERE o.account_id = a.account_id),
        (SELECT z.time_zone_id
         FROM time_zone AS z
         LEFT JOIN seller AS s ON s.time_zone = z.name
         ORDER BY s.seller_id NULLS LAST, z.time_zone_id
         LIMIT 1)) AS time_zone_id
    FROM account AS a
    WHERE NOT EXISTS (
        SELECT FROM owner AS o WHERE o.account_id = a.account_id AND o.tag_set_id = 0 AND o.valid_during = daterange(NULL, NULL))
),
cut AS MATERIALIZED (
    SELECT b.account_id, date_trunc('month', b.day)::date AS period_start
    FROM (
        SELECT o.account_id, lower(o.valid_during) AS day FROM owner AS o
        UNION
        SELECT o.account_id, upper(o.valid_during) FROM owner AS o
        UNION
        SELECT 0, lower(a.valid_during) FROM allocation_rule_in_force AS a
        UNION
        SELECT 0, upper(a.valid_during) FROM allocation_rule_in_force AS a
    ) AS b
    WHERE isfinite(b.day) AND b.day <> date_trunc('month', b.day)
),
piece AS (
    SELECT r.*, r.charge_on AS period_start
    FROM charge_monthly AS r
    WHERE grain() <> 'day'
      AND (0, r.charge_on) NOT IN (SELECT c.account_id, c.period_start FROM cut AS c)
      AND (r.account_id, r.charge_on) NOT IN (SELECT c.account_id, c.period_start FROM cut AS c)
    UNION ALL
    SELECT r.*, date_trunc('month', r.charge_on)::date
    FROM charge_daily AS r
    WHERE (grain() = 'day' OR EXISTS (SELECT FROM cut))
      AND (grain() = 'day'
        OR (0, date_trunc('month', r.charge_on)::date) IN (SELECT c.account_id, c.period_start FROM cut AS c)
        OR (r.account_id, date_trunc('month', r.charge_on)::date) IN (SELECT c.account_id, c.period_start FROM cut AS c))
)
SELECT r.period_start, r.charge_on, r.load_scope_id, r.item_id, r.account_id, i.product_id,
    coalesce(i.pricing_unit, i.consumed_unit) AS unit, i.billing_currency, r.charges, r.quantity, r.billed_cost,
    r.effective_cost, r.list_cost, r.contracted_cost
FROM piece AS r
JOIN open AS p ON p.account_id = r.account_id AND p.time_zone_id = r.time_zone_id
JOIN load_scope_current AS s ON s.load_scope_id = r.load_scope_id
JOIN charge_item AS i ON i.item_id = r.item_id
-- Owners of all accounts are known only then.
WHERE all_customers_are_asked()
  AND NOT EXISTS (
    SELECT
    FROM owner AS o
    WHERE o.account_id = i.account_id
      AND (o.tag_set_id = 0 OR o.tag_set_id = i.tag_set_id)
      AND o.valid_during @> r.charge_on);

COMMENT ON VIEW charge_held_by_nobody IS 'charges that no customer owns, rolled up by item';
COMMENT ON COLUMN charge_held_by_nobody.period_start IS 'first day of the month, in the time zone of the account''s other owners, else the first seller''s';
COMMENT ON COLUMN charge_held_by_nobody.charge_on IS 'first day of the roll-up: of the month, or the day where a month is cut';
COMMENT ON COLUMN charge_held_by_nobody.load_scope_id IS 'delivery';
COMMENT ON COLUMN charge_held_by_nobody.item_id IS 'what it is';
COMMENT ON COLUMN charge_held_by_nobody.account_id IS 'account';
COMMENT ON COLUMN charge_held_by_nobody.product_id IS 'node of the product tree';
COMMENT ON COLUMN charge_held_by_nobody.unit IS 'unit of quantity';
COMMENT ON COLUMN charge_held_by_nobody.billing_currency IS 'currency of the costs';
COMMENT ON COLUMN charge_held_by_nobody.charges IS 'number of charges';
COMMENT ON COLUMN charge_held_by_nobody.quantity IS 'sum of quantity';
COMMENT ON COLUMN charge_held_by_nobody.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN charge_held_by_nobody.effective_cost IS 'sum of effective cost';
COMMENT ON COLUMN charge_held_by_nobody.list_cost IS 'sum of list cost';
COMMENT ON COLUMN charge_held_by_nobody.contracted_cost IS 'sum of contracted cost';

-- The same by account.  Mapping the account bills them.
CREATE OR REPLACE VIEW charge_unowned AS
SELECT
    a.account_id,
    a.provider_name,
    a.billing_account_id,
    a.billing_account_name,
    a.sub_account_id,
    a.sub_account_name,
    a.source_customer_id,
    n.period_start,
    n.billing_currency AS currency,
    sum(n.charges)::bigint AS charges,
    trim_scale(exact_sum(n.billed_cost)) AS billed_cost,
    trim_scale(exact_sum(n.effective_cost)) AS effective_cost
FROM charge_held_by_nobody AS n
JOIN account AS a ON a.account_id = n.account_id
GROUP BY a.account_id, n.period_start, n.billing_currency;

COMMENT ON VIEW charge_unowned IS 'charges that no customer owns, by account and month';
COMMENT ON COLUMN charge_unowned.account_id IS 'key of the account';
COMMENT ON COLUMN charge_unowned.provider_name IS 'provider';
COMMENT ON COLUMN charge_unowned.billing_account_id IS 'billing account';
COMMENT ON COLUMN charge_unowned.billing_account_name IS 'its name';
COMMENT ON COLUMN charge_unowned.sub_account_id IS 'sub account';
COMMENT ON COLUMN charge_unowned.sub_account_name IS 'its name';
COMMENT ON COLUMN charge_unowned.source_customer_id IS 'supplier''s reference of the end customer';
COMMENT ON COLUMN charge_unowned.period_start IS 'first day of the month of use';
COMMENT ON COLUMN charge_unowned.currency IS 'currency of the costs';
COMMENT ON COLUMN charge_unowned.charges IS 'number of charges';
COMMENT ON COLUMN charge_unowned.billed_cost IS 'what the supplier invoices for them';
COMMENT ON COLUMN charge_unowned.effective_cost IS 'amortised cost';
