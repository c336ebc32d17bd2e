-- Charges that no customer owns, by account.  Mapping the account bills them.
CREATE OR REPLACE VIEW charge_unowned AS
WITH
-- Days are counted in one zone for all of them: the first seller's.
zone AS MATERIALIZED (
    SELECT z.time_zone_id
    FROM time_zone AS z
    LEFT JOIN seller AS s ON s.time_zone = z.name
    ORDER BY s.seller_id NULLS LAST, z.time_zone_id
    LIMIT 1
),
owner AS MATERIALIZED (
    SELECT * FROM charge_owner
)
SELECT
    a.account_id,
    a.provider_name,
    a.billing_account_id,
    a.billing_account_name,
    a.sub_account_id,
    a.sub_account_name,
    a.source_customer_id,
    date_trunc('month', r.charge_on)::date AS period_start,
    i.billing_currency AS currency,
    sum(r.charges)::bigint AS charges,
    trim_scale(exact_sum(r.billed_cost)) AS billed_cost,
    trim_scale(exact_sum(r.effective_cost)) AS effective_cost
FROM charge_daily AS r
JOIN zone AS z ON z.time_zone_id = r.time_zone_id
JOIN load_scope_current AS s ON s.load_scope_id = r.load_scope_id
JOIN charge_item AS i ON i.item_id = r.item_id
JOIN account AS a ON a.account_id = r.account_id
WHERE NOT EXISTS (
    SELECT
    FROM owner AS o
    WHERE o.account_id = i.account_id
      AND (o.tag_set_id = 0 OR o.tag_set_id = i.tag_set_id)
      AND o.valid_during @> r.charge_on)
GROUP BY a.account_id, date_trunc('month', r.charge_on), i.billing_currency;

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
