-- What in the deliveries is out of the ordinary: to be looked at before a month is
-- invoiced.  From roll-ups, by days and months of the first seller's time zone, but for
-- missing hours, which are from the charges of the last two months; each kind is a branch
-- of its own, so asking for one kind computes no other.
CREATE OR REPLACE VIEW bi_load_anomaly AS
WITH
zone AS MATERIALIZED (
    SELECT z.time_zone_id, z.name
    FROM time_zone AS z
    LEFT JOIN seller AS s ON s.time_zone = z.name
    ORDER BY s.seller_id NULLS LAST, z.time_zone_id
    LIMIT 1
),
daily AS MATERIALIZED (
    SELECT d.account_id, coalesce(p.path[3], p.product_id) AS service_id, i.billing_currency AS currency, d.charge_on AS day,
        sum(d.charges)::bigint AS charges, exact_sum(d.billed_cost) AS billed_cost,
        bool_or(i.charge_category = 'Usage') AS usage, bool_or(d.billed_cost <> 0 OR d.effective_cost <> 0) AS costs
    FROM charge_daily AS d
    JOIN load_scope_current AS s ON s.load_scope_id = d.load_scope_id
    JOIN charge_item AS i ON i.item_id = d.item_id
    JOIN product AS p ON p.product_id = i.product_id
    WHERE d.time_zone_id = (SELECT z.time_zone_id FROM zone AS z)
    GROUP BY 1, 2, 3, 4
),
monthly AS MATERIALIZED (
    SELECT m.charge_on AS month, m.account_id, i.product_id, coalesce(i.pricing_unit, i.consumed_unit) AS unit, i.billing_currency AS currency,
        s.source_id, sum(m.charges)::bigint AS charges, exact_sum(m.billed_cost) AS billed_cost,
        bool_or(m.billed_cost <> 0 OR m.effective_cost <> 0) AS costs
    FROM charge_monthly AS m
    JOIN load_scope_current AS s ON s.load_scope_id = m.load_scope_id
    JOIN charge_item AS i ON i.item_id = m.item_id
    WHERE m.time_zone_id = (SELECT z.time_zone_id FROM zone AS z)
    GROUP BY 1, 2, 3, 4, 5, 6
),
-- How far the charges of each billing account go.
reach AS MATERIALIZED (
    SELECT a.provider_name, a.billing_account_id, max(d.day) AS last_day
    FROM daily AS d
    JOIN account AS a ON a.account_id = d.account_id
    GROUP BY 1, 2
),
-- Days without usage, of accounts that had some on six days of seven before: neither
-- on workdays only, nor since a few days.
missing AS (
    SELECT g.account_id, g.day, g.next_day, g.recent, g.span
    FROM (
        SELECT c.*, lead(c.day) OVER (PARTITION BY c.account_id ORDER BY c.day) AS next_day
        FROM (
            SELECT d.account_id, d.day,
                count(*) OVER (PARTITION BY d.account_id ORDER BY d.day RANGE BETWEEN interval '13 days' PRECEDING AND CURRENT ROW) AS recent,
                least(14, d.day - min(d.day) OVER (PARTITION BY d.account_id) + 1) AS span
            FROM (SELECT DISTINCT u.account_id, u.day FROM daily AS u WHERE u.usage) AS d
        ) AS c
    ) AS g
    WHERE g.next_day - g.day BETWEEN 2 AND 32 AND g.span >= 7 AND g.recent * 7 >= g.span * 6
),
-- Hours without usage, of accounts that had some in nineteen hours of twenty in the week
-- before.  Charges of more than an hour say nothing of single hours.
hour AS (
    SELECT c.account_id, date_bin('1 hour', c.charge_period_start, '2000-01-01 00:00Z') AS hour
    FROM charge AS c
    JOIN load_scope_current AS s ON s.load_scope_id = c.load_scope_id
    WHERE c.charge_period_start >= (SELECT max(f.charge_period_end) - interval '62 days' FROM load_scope_in_force AS f WHERE f.side = 'usage')
      AND c.charge_period_end - c.charge_period_start <= interval '1 hour'
    GROUP BY 1, 2
),
missing_hour AS (
    SELECT g.account_id, g.hour, g.next_hour, g.recent, g.span
    FROM (
        SELECT h.*,
            lead(h.hour) OVER (PARTITION BY h.account_id ORDER BY h.hour) AS next_hour,
            count(*) OVER (PARTITION BY h.account_id ORDER BY h.hour RANGE BETWEEN interval '167 hours' PRECEDING AND CURRENT ROW) AS recent,
            least(168, extract(epoch FROM h.hour - min(h.hour) OVER (PARTITION BY h.account_id)) / 3600 + 1)::int AS span
        FROM hour AS h
    ) AS g
    -- a whole day and more are days
    WHERE g.next_hour - g.hour BETWEEN interval '2 hours' AND interval '48 hours' AND g.span >= 48 AND g.recent * 20 >= g.span * 19
),
-- Services that cost something on most days, and for three days or more nothing.
daily_drop AS (
    SELECT d.account_id, d.service_id, d.currency, d.last_day, d.account_last_day, r.last_day AS reach, sum(d.charges)::bigint AS charges,
        exact_sum(d.billed_cost) AS billed_cost, count(*) AS days
    FROM (
        SELECT c.*, max(c.day) OVER (PARTITION BY c.account_id, c.service_id) AS last_day,
            max(c.day) OVER (PARTITION BY c.account_id) AS account_last_day
        FROM daily AS c
        WHERE c.costs
    ) AS d
    JOIN account AS a ON a.account_id = d.account_id
    JOIN reach AS r ON r.provider_name = a.provider_name AND r.billing_account_id = a.billing_account_id
    WHERE d.day > d.last_day - 10 AND r.last_day - d.last_day BETWEEN 3 AND 45
    GROUP BY 1, 2, 3, 4, 5, 6
    HAVING count(*) >= 7
),
-- What costs something each month, on few of its days, and in the next whole month nothing.
monthly_drop AS (
    SELECT n.account_id, n.service_id, n.currency, n.next_month, n.charges, n.billed_cost
    FROM (
        SELECT m.*, (m.month + interval '1 month')::date AS next_month,
            lag(m.month) OVER run AS month_before, lead(m.month) OVER run AS month_after
        FROM (
            SELECT date_trunc('month', d.day)::date AS month, d.account_id, d.service_id, d.currency, sum(d.charges)::bigint AS charges,
                exact_sum(d.billed_cost) AS billed_cost, count(*) AS days
            FROM daily AS d
            WHERE d.costs
            GROUP BY 1, 2, 3, 4
        ) AS m
        WINDOW run AS (PARTITION BY m.account_id, m.service_id, m.currency ORDER BY m.month)
    ) AS n
    JOIN account AS a ON a.account_id = n.account_id
    JOIN reach AS r ON r.provider_name = a.provider_name AND r.billing_account_id = a.billing_account_id
    WHERE n.days < 15
      AND n.month_before = (n.month - interval '1 month')::date
      AND (n.month_after IS NULL OR n.month_after > n.next_month)
      AND r.last_day >= (n.next_month + interval '1 month')::date - 1
),
-- Currencies of an account, and units of a SKU, that the month before it had charges in did not have.
currency_set AS (
    SELECT m.account_id, m.month, array_agg(DISTINCT m.currency) AS currencies
    FROM monthly AS m
    GROUP BY 1, 2
),
currency_change AS (
    SELECT s.account_id, s.month, s.before, c.currency
    FROM (
        SELECT k.*, lag(k.currencies) OVER (PARTITION BY k.account_id ORDER BY k.month) AS before
        FROM currency_set AS k
    ) AS s
    CROSS JOIN LATERAL unnest(s.currencies) AS c (currency)
    WHERE c.currency <> ALL (s.before)
),
unit_set AS (
    SELECT a.provider_name, a.billing_account_id, m.product_id, m.month, array_agg(DISTINCT m.unit) AS units
    FROM monthly AS m
    JOIN account AS a ON a.account_id = m.account_id
    WHERE m.unit IS NOT NULL
    GROUP BY 1, 2, 3, 4
),
unit_change AS (
    SELECT s.provider_name, s.billing_account_id, s.product_id, s.month, s.before, u.unit
    FROM (
        SELECT k.*, lag(k.units) OVER (PARTITION BY k.provider_name, k.billing_account_id, k.product_id ORDER BY k.month) AS before
        FROM unit_set AS k
    ) AS s
    CROSS JOIN LATERAL unnest(s.units) AS u (unit)
    WHERE u.unit <> ALL (s.before)
),
-- SKUs that are new, of providers that are not.
new_sku AS (
    SELECT f.month, f.product_id, m.currency, count(DISTINCT m.account_id) AS accounts, min(m.account_id) AS account_id,
        sum(m.charges)::bigint AS charges, exact_sum(m.billed_cost) AS billed_cost
    FROM (
        SELECT t.product_id, t.month, min(t.month) OVER (PARTITION BY t.provider_id) AS first_month
        FROM (
            SELECT m.product_id, p.path[2] AS provider_id, min(m.month) AS month
            FROM monthly AS m
            JOIN product AS p ON p.product_id = m.product_id AND p.kind = 'sku'
            GROUP BY 1, 2
        ) AS t
    ) AS f
    JOIN monthly AS m ON m.product_id = f.product_id AND m.month = f.month
    WHERE f.month > f.first_month
    GROUP BY 1, 2, 3
),
-- Parts of loads that say the same of the same.
twin AS (
    SELECT s.*, c.load_scope_id IS NOT NULL AS is_current,
        lag(s.load_id) OVER same AS earlier_id, lag(c.load_scope_id) OVER same IS NOT NULL AS earlier_is_current
    FROM load_scope AS s
    JOIN load AS l ON l.load_id = s.load_id
    LEFT JOIN load_scope_in_force AS c ON c.load_scope_id = s.load_scope_id
    WHERE s.carried_from IS NULL AND s.charges > 0 AND l.undone_at IS NULL AND l.loaded_at <= coalesce(as_of(), 'infinity')
    WINDOW same AS (PARTITION BY s.source_id, s.side, s.provider_name, s.billing_account_id, s.billing_period_start, s.billing_period_end, s.part,
        s.supplier_invoice_id, s.charges, s.billed_cost, s.charge_period_start, s.charge_period_end ORDER BY s.load_id)
),
found AS (
    SELECT 'missing days' AS kind, date_trunc('month', m.day + 1)::date AS month, m.account_id, NULL::int AS product_id, m.day + 1 AS first_on,
        m.next_day - 1 AS last_on, NULL::int AS load_id, NULL::text AS currency, NULL::bigint AS charges, NULL::numeric AS billed_cost,
        format('no usage, between days that have some; of the %s days before, %s had', m.span, m.recent) AS detail,
        NULL::text AS provider, NULL::text AS billing_account
    FROM missing AS m
    UNION ALL
    SELECT 'missing hours', date_trunc('month', (m.hour + interval '1 hour') AT TIME ZONE z.name)::date, m.account_id, NULL,
        ((m.hour + interval '1 hour') AT TIME ZONE z.name)::date, ((m.next_hour - interval '1 hour') AT TIME ZONE z.name)::date, NULL, NULL, NULL, NULL,
        format('no usage from %s to %s, between hours that have some; of the %s hours before, %s had',
            to_char((m.hour + interval '1 hour') AT TIME ZONE z.name, 'HH24:MI'), to_char(m.next_hour AT TIME ZONE z.name, 'HH24:MI'), m.span, m.recent),
        NULL, NULL
    FROM missing_hour AS m
    CROSS JOIN zone AS z
    UNION ALL
    SELECT 'drop to zero', date_trunc('month', d.last_day + 1)::date, d.account_id, d.service_id, d.last_day + 1, d.reach, NULL, d.currency,
        d.charges, d.billed_cost, format('cost something on %s of 10 days, then nothing; %s', d.days,
            CASE WHEN d.account_last_day > d.last_day THEN 'other services of the account go on' ELSE 'neither has the account any other cost' END),
        NULL, NULL
    FROM daily_drop AS d
    UNION ALL
    SELECT 'drop to zero', d.next_month, d.account_id, d.service_id, d.next_month, (d.next_month + interval '1 month')::date - 1, NULL, d.currency,
        d.charges, d.billed_cost, 'cost something in the two months before, and nothing in this one', NULL, NULL
    FROM monthly_drop AS d
    UNION ALL
    SELECT 'no delivery', date_trunc('month', r.last_day + 1)::date, NULL, NULL, r.last_day + 1, t.day, NULL, NULL, NULL, NULL,
        format('no charges for %s days', t.day - r.last_day), r.provider_name, r.billing_account_id
    FROM reach AS r
    CROSS JOIN LATERAL (SELECT (coalesce(as_of(), now()) AT TIME ZONE z.name)::date - 1 AS day FROM zone AS z) AS t
    WHERE t.day - r.last_day BETWEEN 3 AND 45
    UNION ALL
    SELECT 'new currency', c.month, c.account_id, NULL, NULL, NULL, NULL, c.currency, sum(m.charges)::bigint, exact_sum(m.billed_cost),
        format('the month before had %s', array_to_string(c.before, ', ')), NULL, NULL
    FROM currency_change AS c
    JOIN monthly AS m ON m.account_id = c.account_id AND m.month = c.month AND m.currency = c.currency
    GROUP BY c.month, c.account_id, c.currency, c.before
    UNION ALL
    SELECT 'new unit', c.month, NULL, c.product_id, NULL, NULL, NULL, m.currency, sum(m.charges)::bigint, exact_sum(m.billed_cost),
        format('is in %s; the month before had %s', c.unit, array_to_string(c.before, ', ')), c.provider_name, c.billing_account_id
    FROM unit_change AS c
    JOIN account AS a ON a.provider_name = c.provider_name AND a.billing_account_id = c.billing_account_id
    JOIN monthly AS m ON m.account_id = a.account_id AND m.product_id = c.product_id AND m.month = c.month AND m.unit = c.unit
    GROUP BY c.month, c.product_id, c.provider_name, c.billing_account_id, c.unit, c.before, m.currency
    UNION ALL
    SELECT 'new SKU', n.month, CASE WHEN n.accounts = 1 THEN n.account_id END, n.product_id, NULL, NULL, NULL, n.currency, n.charges, n.billed_cost,
        format('first seen this month, in %s account%s', n.accounts, CASE n.accounts WHEN 1 THEN '' ELSE 's' END), NULL, NULL
    FROM new_sku AS n
    UNION ALL
    SELECT CASE WHEN t.is_current AND t.earlier_is_current THEN 'counted twice' ELSE 'delivered again' END,
        coalesce(date_trunc('month', t.billing_period_start)::date, date_trunc('month', t.charge_period_start AT TIME ZONE z.name)::date), NULL, NULL,
        (t.charge_period_start AT TIME ZONE z.name)::date, NULL, t.load_id, NULL, t.charges, t.billed_cost,
        format('load %s said the same: as many charges with the same sum%s', t.earlier_id,
            CASE WHEN l.forced THEN '; the same file was forced' ELSE '' END), t.provider_name, t.billing_account_id
    FROM twin AS t
    JOIN load AS l ON l.load_id = t.load_id
    CROSS JOIN zone AS z
    WHERE t.earlier_id IS NOT NULL
    UNION ALL
    SELECT 'several formats', m.month, NULL, NULL, NULL, NULL, NULL, m.currency, sum(m.charges)::bigint, exact_sum(m.billed_cost),
        format('comes in %s, and may count twice', string_agg(DISTINCT f.name, ' and ')), a.provider_name, a.billing_account_id
    FROM monthly AS m
    JOIN account AS a ON a.account_id = m.account_id
    JOIN source AS f ON f.source_id = m.source_id
    WHERE a.provider_name <> 'Own services'  -- whose formats are about different things
    GROUP BY m.month, m.currency, a.provider_name, a.billing_account_id
    HAVING count(DISTINCT m.source_id) > 1
    UNION ALL
    -- An account of use that suppliers' files call the same, below other billing accounts: Azure's cost details
    -- name the billing profile, Partner Center the partner, FOCUS what its supplier likes.
    SELECT 'several formats', w.month, min(w.account_id), NULL, NULL, NULL, NULL, w.currency, sum(w.charges)::bigint, exact_sum(w.billed_cost),
        format('comes in %s, below %s billing accounts, and may count twice', string_agg(DISTINCT w.format, ' and '),
            count(DISTINCT (w.provider_name, w.billing_account_id))), NULL, NULL
    FROM (
        SELECT m.month, m.currency, m.account_id, m.source_id, m.charges, m.billed_cost, f.name AS format, a.provider_name, a.billing_account_id,
            regexp_replace(lower(a.sub_account_id), '^/subscriptions/', '') AS sub_account
        FROM monthly AS m
        JOIN account AS a ON a.account_id = m.account_id
        JOIN source AS f ON f.source_id = m.source_id
        WHERE a.provider_name NOT IN ('Own services', 'OpenCost') AND a.sub_account_id IS NOT NULL
    ) AS w
    GROUP BY w.month, w.currency, w.sub_account
    HAVING count(DISTINCT w.source_id) > 1 AND count(DISTINCT (w.provider_name, w.billing_account_id)) > 1
)
SELECT
    f.kind,
    f.month,
    coalesce(f.provider, a.provider_name, v.name) AS provider,
    coalesce(f.billing_account, a.billing_account_id) AS billing_account,
    coalesce(a.sub_account_name, a.sub_account_id) AS account,
    s.name AS service,
    CASE p.kind WHEN 'sku' THEN p.name END AS product,
    f.first_on,
    f.last_on,
    f.load_id,
    f.currency,
    f.charges,
    trim_scale(f.billed_cost) AS billed_cost,
    f.detail
FROM found AS f
LEFT JOIN account AS a ON a.account_id = f.account_id
LEFT JOIN product AS p ON p.product_id = f.product_id
LEFT JOIN product AS s ON s.product_id = p.path[3]
LEFT JOIN product AS v ON v.product_id = p.path[2];

COMMENT ON VIEW bi_load_anomaly IS 'what in the deliveries is out of the ordinary, one row for each thing to look at before a month is invoiced';
COMMENT ON COLUMN bi_load_anomaly.kind IS 'missing days, missing hours, drop to zero, no delivery, new currency, new unit, new SKU, counted twice, delivered again or several formats';
COMMENT ON COLUMN bi_load_anomaly.month IS 'first day of the month in which it is, or begins';
COMMENT ON COLUMN bi_load_anomaly.provider IS 'provider';
COMMENT ON COLUMN bi_load_anomaly.billing_account IS 'supplier''s billing account; NULL for a SKU that is new in several accounts';
COMMENT ON COLUMN bi_load_anomaly.account IS 'sub account, by name where it has one; NULL when it is about all of the billing account';
COMMENT ON COLUMN bi_load_anomaly.service IS 'service; NULL when it is about all of the account';
COMMENT ON COLUMN bi_load_anomaly.product IS 'SKU; NULL when it is about all of the service';
COMMENT ON COLUMN bi_load_anomaly.first_on IS 'first day of it, where it is about days';
COMMENT ON COLUMN bi_load_anomaly.last_on IS 'last day of it so far';
COMMENT ON COLUMN bi_load_anomaly.load_id IS 'load that said again what an earlier one had said';
COMMENT ON COLUMN bi_load_anomaly.currency IS 'currency of billed_cost; NULL for deliveries, whose sums are those of the file';
COMMENT ON COLUMN bi_load_anomaly.charges IS 'number of charges it is about; of a drop, in the last 10 days, or the last month, that had cost';
COMMENT ON COLUMN bi_load_anomaly.billed_cost IS 'their billed cost';
COMMENT ON COLUMN bi_load_anomaly.detail IS 'what is the matter';

-- What each invoice of a supplier comes to, to hold against the invoice itself.
CREATE OR REPLACE VIEW bi_supplier_invoice AS
SELECT
    s.provider_name AS provider,
    s.billing_account_id AS billing_account,
    s.supplier_invoice_id AS supplier_invoice,
    s.billing_period_start AS month,
    i.billing_currency AS currency,
    sum(m.charges)::bigint AS charges,
    trim_scale(exact_sum(m.billed_cost)) AS billed_cost,
    coalesce(trim_scale(exact_sum(m.billed_cost) FILTER (WHERE i.charge_category = 'Tax')), 0) AS tax,
    coalesce(trim_scale(exact_sum(m.billed_cost) FILTER (WHERE i.charge_category = 'Credit')), 0) AS credits,
    coalesce(trim_scale(exact_sum(m.billed_cost) FILTER (WHERE i.charge_class = 'Correction')), 0) AS corrections,
    trim_scale(exact_sum(m.effective_cost)) AS effective_cost,
    array_agg(DISTINCT s.load_id ORDER BY s.load_id) AS load_ids
FROM charge_monthly AS m
JOIN load_scope_current AS s ON s.load_scope_id = m.load_scope_id
JOIN charge_item AS i ON i.item_id = m.item_id
-- any one zone, since each holds all charges
WHERE m.time_zone_id = (SELECT min(z.time_zone_id) FROM time_zone AS z)
GROUP BY s.provider_name, s.billing_account_id, s.supplier_invoice_id, s.billing_period_start, i.billing_currency;

COMMENT ON VIEW bi_supplier_invoice IS 'what the charges of each supplier''s invoice come to, by billing account, month and currency';
COMMENT ON COLUMN bi_supplier_invoice.provider IS 'provider';
COMMENT ON COLUMN bi_supplier_invoice.billing_account IS 'supplier''s billing account';
COMMENT ON COLUMN bi_supplier_invoice.supplier_invoice IS 'number of the supplier''s invoice; NULL while charges are not invoiced, or their format does not say';
COMMENT ON COLUMN bi_supplier_invoice.month IS 'first day of the supplier''s billing period; NULL for formats without one';
COMMENT ON COLUMN bi_supplier_invoice.currency IS 'currency of the costs';
COMMENT ON COLUMN bi_supplier_invoice.charges IS 'number of charges';
COMMENT ON COLUMN bi_supplier_invoice.billed_cost IS 'what the supplier invoices, tax and credits with it';
COMMENT ON COLUMN bi_supplier_invoice.tax IS 'part of it that is tax';
COMMENT ON COLUMN bi_supplier_invoice.credits IS 'part of it that is credits';
COMMENT ON COLUMN bi_supplier_invoice.corrections IS 'part of it that corrects earlier invoices (FOCUS ChargeClass Correction)';
COMMENT ON COLUMN bi_supplier_invoice.effective_cost IS 'amortised cost';
COMMENT ON COLUMN bi_supplier_invoice.load_ids IS 'loads that the charges came with';
