-- Deliveries that count: now, or at the moment of cloudbilling.as_of.  A moment of which
-- charges were purged is refused, for what is left would be a wrong answer.
CREATE OR REPLACE VIEW load_scope_in_force AS
SELECT
    s.load_scope_id,
    s.load_id,
    s.source_id,
    s.side,
    s.provider_name,
    s.billing_account_id,
    s.billing_period_start,
    s.billing_period_end,
    s.supplier_invoice_id,
    s.charges,
    s.charge_period_start,
    s.charge_period_end,
    s.billed_cost,
    s.carried_from
FROM load_scope AS s
WHERE CASE WHEN as_of() IS NULL THEN upper_inf(s.current_during)
    WHEN s.current_during @> as_of() THEN CASE WHEN s.purged_at IS NULL THEN true ELSE load_purged(s.load_id, s.purged_at) END
    ELSE false END;

COMMENT ON VIEW load_scope_in_force IS 'deliveries that count, of both sides';
COMMENT ON COLUMN load_scope_in_force.load_scope_id IS 'key of the delivery''s part';
COMMENT ON COLUMN load_scope_in_force.load_id IS 'load it came with';
COMMENT ON COLUMN load_scope_in_force.source_id IS 'format';
COMMENT ON COLUMN load_scope_in_force.side IS 'usage or purchase';
COMMENT ON COLUMN load_scope_in_force.provider_name IS 'provider';
COMMENT ON COLUMN load_scope_in_force.billing_account_id IS 'billing account';
COMMENT ON COLUMN load_scope_in_force.billing_period_start IS 'first day of the supplier''s billing period';
COMMENT ON COLUMN load_scope_in_force.billing_period_end IS 'day after the supplier''s billing period';
COMMENT ON COLUMN load_scope_in_force.supplier_invoice_id IS 'supplier''s invoice';
COMMENT ON COLUMN load_scope_in_force.charges IS 'number of charges';
COMMENT ON COLUMN load_scope_in_force.charge_period_start IS 'earliest start of a charge';
COMMENT ON COLUMN load_scope_in_force.charge_period_end IS 'latest end of a charge';
COMMENT ON COLUMN load_scope_in_force.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN load_scope_in_force.carried_from IS 'delivery of an earlier day that these charges repeat; NULL for what a file delivered';

-- Those of what was used.  All that rates, bills, allocates and reports reads this one,
-- so what is loaded as purchase is never seen there.  CASE, since without statistics the
-- planner would take one delivery in 200 to be of a side.
CREATE OR REPLACE VIEW load_scope_current AS
SELECT
    s.load_scope_id,
    s.load_id,
    s.source_id,
    s.provider_name,
    s.billing_account_id,
    s.billing_period_start,
    s.billing_period_end,
    s.supplier_invoice_id,
    s.charges,
    s.billed_cost,
    s.carried_from
FROM load_scope_in_force AS s
WHERE CASE WHEN s.side = 'usage' THEN true END IS NOT NULL;

COMMENT ON VIEW load_scope_current IS 'deliveries whose charges count as usage, and are billed';
COMMENT ON COLUMN load_scope_current.load_scope_id IS 'key of the delivery''s part';
COMMENT ON COLUMN load_scope_current.load_id IS 'load it came with';
COMMENT ON COLUMN load_scope_current.source_id IS 'format';
COMMENT ON COLUMN load_scope_current.provider_name IS 'provider';
COMMENT ON COLUMN load_scope_current.billing_account_id IS 'billing account';
COMMENT ON COLUMN load_scope_current.billing_period_start IS 'first day of the supplier''s billing period';
COMMENT ON COLUMN load_scope_current.billing_period_end IS 'day after the supplier''s billing period';
COMMENT ON COLUMN load_scope_current.supplier_invoice_id IS 'supplier''s invoice';
COMMENT ON COLUMN load_scope_current.charges IS 'number of charges';
COMMENT ON COLUMN load_scope_current.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN load_scope_current.carried_from IS 'delivery of an earlier day that these charges repeat; NULL for what a file delivered';

-- Those of what suppliers invoice.
CREATE OR REPLACE VIEW load_scope_purchase AS
SELECT
    s.load_scope_id,
    s.load_id,
    s.source_id,
    s.provider_name,
    s.billing_account_id,
    s.billing_period_start,
    s.billing_period_end,
    s.supplier_invoice_id,
    s.charges,
    s.billed_cost,
    s.carried_from
FROM load_scope_in_force AS s
WHERE CASE WHEN s.side = 'purchase' THEN true END IS NOT NULL;

COMMENT ON VIEW load_scope_purchase IS 'deliveries of the purchase side that count: lines of what suppliers invoice';
COMMENT ON COLUMN load_scope_purchase.load_scope_id IS 'key of the delivery''s part';
COMMENT ON COLUMN load_scope_purchase.load_id IS 'load it came with';
COMMENT ON COLUMN load_scope_purchase.source_id IS 'format';
COMMENT ON COLUMN load_scope_purchase.provider_name IS 'provider';
COMMENT ON COLUMN load_scope_purchase.billing_account_id IS 'billing account';
COMMENT ON COLUMN load_scope_purchase.billing_period_start IS 'first day of the supplier''s billing period';
COMMENT ON COLUMN load_scope_purchase.billing_period_end IS 'day after the supplier''s billing period';
COMMENT ON COLUMN load_scope_purchase.supplier_invoice_id IS 'supplier''s invoice';
COMMENT ON COLUMN load_scope_purchase.charges IS 'number of charges';
COMMENT ON COLUMN load_scope_purchase.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN load_scope_purchase.carried_from IS 'delivery of an earlier day that these charges repeat; NULL for what a file delivered';

-- Days without a count, between those that have one.
CREATE OR REPLACE VIEW load_gap AS
WITH
counted AS (
    SELECT DISTINCT s.source_id, s.provider_name, s.billing_account_id, s.billing_period_start AS day
    FROM load_scope_current AS s
    JOIN source AS f USING (source_id)
    WHERE f.carries AND s.carried_from IS NULL AND s.billing_period_end = s.billing_period_start + 1
),
missing AS (
    SELECT n.source_id, n.provider_name, n.billing_account_id, n.day, g.missing_on::date AS missing_on
    FROM (
        SELECT c.*, lead(c.day) OVER (PARTITION BY c.source_id, c.provider_name, c.billing_account_id ORDER BY c.day) AS next_day
        FROM counted AS c
    ) AS n
    CROSS JOIN LATERAL generate_series(n.day + interval '1 day', n.next_day - interval '1 day', interval '1 day') AS g (missing_on)
)
SELECT
    f.name AS source_name,
    m.provider_name,
    m.billing_account_id,
    m.missing_on,
    m.day AS counted_before,
    s.load_id,
    s.charges,
    s.quantity
FROM missing AS m
JOIN source AS f USING (source_id)
LEFT JOIN (
    SELECT s.source_id, s.provider_name, s.billing_account_id, s.billing_period_start AS missing_on, max(s.load_id) AS load_id,
        sum(s.charges)::bigint AS charges, sum(q.quantity) AS quantity
    FROM load_scope_current AS s
    CROSS JOIN LATERAL (
        SELECT sum(d.quantity) AS quantity
        FROM charge_daily AS d
        WHERE d.load_scope_id = s.load_scope_id AND d.time_zone_id = (SELECT min(z.time_zone_id) FROM time_zone AS z)
    ) AS q
    WHERE s.carried_from IS NOT NULL
    GROUP BY 1, 2, 3, 4
) AS s USING (source_id, provider_name, billing_account_id, missing_on);

COMMENT ON VIEW load_gap IS 'days without a count of licences, between days that have one, and what they carry in its place';
COMMENT ON COLUMN load_gap.source_name IS 'format';
COMMENT ON COLUMN load_gap.provider_name IS 'provider';
COMMENT ON COLUMN load_gap.billing_account_id IS 'account whose count is missing';
COMMENT ON COLUMN load_gap.missing_on IS 'day without a count';
COMMENT ON COLUMN load_gap.counted_before IS 'last day before it that has one';
COMMENT ON COLUMN load_gap.load_id IS 'load that repeats that day; NULL when the gap is too long, so that nothing is billed for the day';
COMMENT ON COLUMN load_gap.charges IS 'number of charges that are repeated';
COMMENT ON COLUMN load_gap.quantity IS 'sum of their quantities';
