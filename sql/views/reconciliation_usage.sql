-- Is what was invoiced what was used?  Lines of the purchase side and charges of the
-- usage side, one pass over both, by account, SKU and month (and day, where the
-- supplier invoices by day); of each such cell, what makes its difference.
--
-- What is no usage (tax, credits, commitments, licences) has no other side, and so is a
-- part by itself.  Then late usage, and what stands in the month before or after; and
-- what is left of equal quantities is a matter of price, of others of quantity.
CREATE OR REPLACE VIEW reconciliation_usage_cell AS
WITH
zone AS MATERIALIZED (
    -- Suppliers count in UTC; any other zone will do, since each holds all charges.
    SELECT z.time_zone_id, z.name FROM time_zone AS z ORDER BY z.name <> 'UTC', z.time_zone_id LIMIT 1
),
-- Suppliers that have purchase lines, and since when.
bought AS MATERIALIZED (
    SELECT s.provider_name, min(date_trunc('month', coalesce(s.billing_period_start, (s.charge_period_start AT TIME ZONE 'UTC')::date)))::date AS since
    FROM load_scope_in_force AS s
    WHERE s.side = 'purchase' AND s.charges > 0
    GROUP BY 1
),
-- With the months beside those that are asked for: usage may be late.
line AS MATERIALIZED (
    SELECT
        s.side = 'purchase' AS is_purchase, s.provider_name, i.billing_currency AS currency, p.period_start, s.supplier_invoice_id,
        a.billing_account_id, a.sub_account_id, a.source_customer_id, i.service_name,
        coalesce(i.sku_id, i.sku_meter, i.charge_description, i.service_name, i.charge_category) AS sku, i.charge_description AS product,
        CASE
            WHEN i.charge_category = 'Tax' THEN 'TAX'
            WHEN i.commitment_discount_id IS NOT NULL THEN 'COMMIT'
            WHEN i.charge_category = 'Purchase' THEN 'PURCHASE'
            WHEN i.charge_category = 'Adjustment' AND i.charge_description ILIKE '%rounding%' THEN 'ROUNDING'
            WHEN i.charge_category IN ('Credit', 'Adjustment') THEN 'CREDIT'
            ELSE 'USAGE'
        END AS class,
        d.charge_on, d.charges, CASE WHEN i.charge_category IN ('Usage', 'Purchase') THEN d.quantity END AS quantity, d.billed_cost,
        i.charge_category = 'Usage' AND d.charge_on < (p.period_start::timestamp AT TIME ZONE 'UTC' AT TIME ZONE z.name)::date AS is_late,
        i.pricing_currency <> i.billing_currency AS is_exchanged,
        CASE WHEN f.rounding = 'record' OR s.side = 'purchase' AND f.rounding = 'line' THEN d.charges ELSE 0 END AS rounded,
        -- what Microsoft deducts for managed resources, from the price that is net of it
        CASE WHEN c.rate > 0 AND c.rate < 100 THEN -round(d.billed_cost * c.rate / (100 - c.rate), 12) ELSE 0 END AS earned_credit
    FROM zone AS z
    JOIN charge_daily AS d ON d.time_zone_id = z.time_zone_id
    JOIN load_scope_in_force AS s ON s.load_scope_id = d.load_scope_id
    JOIN bought AS b ON b.provider_name = s.provider_name
    JOIN source AS f ON f.source_id = s.source_id
    JOIN charge_item AS i ON i.item_id = d.item_id
    JOIN account AS a ON a.account_id = d.account_id
    CROSS JOIN LATERAL (SELECT date_trunc('month', coalesce(s.billing_period_start, d.charge_on))::date AS period_start) AS p
    CROSS JOIN LATERAL (SELECT CASE WHEN e.rate <= 1 THEN e.rate * 100 ELSE e.rate END AS rate
        FROM (SELECT exact_numeric(i.sku_price_details ->> 'PartnerEarnedCreditPercentage') AS rate) AS e) AS c
    WHERE p.period_start >= b.since
      AND p.period_start >= period_first() - interval '1 month'
      AND p.period_start <= period_last() + interval '1 month'
),
-- Sub accounts that both sides name.  Others are compared by customer: Microsoft's
-- lines are of the Azure plan, its usage of the subscriptions in it.
shared AS MATERIALIZED (
    SELECT l.provider_name, l.sub_account_id
    FROM line AS l
    WHERE l.sub_account_id IS NOT NULL
    GROUP BY 1, 2
    HAVING bool_or(l.is_purchase) AND bool_or(NOT l.is_purchase)
),
-- From here on sides are brought together by grouping, never by a join: the planner
-- does not know how many rows there are.
placed AS MATERIALIZED (
    SELECT l.*, CASE
            WHEN (l.provider_name, l.sub_account_id) IN (SELECT h.provider_name, h.sub_account_id FROM shared AS h) THEN l.sub_account_id
            ELSE coalesce(l.source_customer_id, l.sub_account_id, l.billing_account_id)
        END AS account
    FROM line AS l
),
classed AS (
    SELECT
        p.provider_name, p.currency, p.period_start, p.account, p.sku, p.class, GROUPING(p.charge_on) = 0 AS by_day, p.charge_on,
        reconcile(p.is_purchase, p.quantity, p.billed_cost) AS r,
        coalesce(sum(p.charges) FILTER (WHERE p.is_purchase), 0)::bigint AS purchase_lines,
        coalesce(sum(p.charges) FILTER (WHERE NOT p.is_purchase), 0)::bigint AS usage_lines,
        sum(p.rounded)::bigint AS rounded,
        sum(CASE WHEN p.is_purchase THEN p.earned_credit ELSE -p.earned_credit END) AS earned_credit,
        bool_or(p.is_exchanged) IS TRUE AS is_exchanged,
        min(p.service_name) FILTER (WHERE NOT p.is_purchase) AS service_used, min(p.service_name) AS service_name,
        min(p.product) AS product,
        min(p.supplier_invoice_id) FILTER (WHERE p.is_purchase) AS first_invoice,
        max(p.supplier_invoice_id) FILTER (WHERE p.is_purchase) AS last_invoice
    FROM placed AS p
    GROUP BY GROUPING SETS (
        (p.provider_name, p.currency, p.period_start, p.account, p.sku, p.class),
        (p.provider_name, p.currency, p.period_start, p.account, p.sku, p.class, p.charge_on))
),
-- A licence or commitment is compared as usage is where the usage side has it too.
cell AS MATERIALIZED (
    SELECT
        c.provider_name, c.currency, c.period_start, c.account, c.sku, c.by_day, c.charge_on,
        coalesce(min(c.service_used), min(c.service_name)) AS service_name, min(c.product) AS product,
        CASE WHEN min(c.first_invoice) = max(c.last_invoice) THEN min(c.first_invoice) END AS supplier_invoice,
        sum(c.purchase_lines)::bigint AS purchase_lines, sum(c.usage_lines)::bigint AS usage_lines,
        coalesce(sum((c.r).left_amount), 0) AS purchase_amount, coalesce(sum((c.r).right_amount), 0) AS usage_amount,
        sum((c.r).left_quantity) FILTER (WHERE m.metered) AS purchase_quantity,
        sum((c.r).right_quantity) FILTER (WHERE m.metered) AS usage_quantity,
        coalesce(sum((c.r).left_amount) FILTER (WHERE m.metered), 0) AS metered_purchase,
        coalesce(sum((c.r).right_amount) FILTER (WHERE m.metered), 0) AS metered_usage,
        coalesce(sum((c.r).left_count) FILTER (WHERE m.metered), 0)::bigint AS metered_purchase_rows,
        coalesce(sum((c.r).right_count) FILTER (WHERE m.metered), 0)::bigint AS metered_usage_rows,
        coalesce(sum((c.r).amount_difference) FILTER (WHERE c.class = 'TAX'), 0) AS tax,
        coalesce(sum((c.r).amount_difference) FILTER (WHERE c.class = 'CREDIT'), 0) AS credit,
        coalesce(sum((c.r).amount_difference) FILTER (WHERE c.class = 'ROUNDING'), 0) AS adjusted,
        coalesce(sum((c.r).amount_difference) FILTER (WHERE c.class = 'COMMIT' AND NOT m.metered), 0) AS commitment,
        coalesce(sum((c.r).amount_difference) FILTER (WHERE c.class = 'PURCHASE' AND NOT m.metered), 0) AS purchase,
        sum(c.earned_credit) AS earned_credit,
        bool_or(c.is_exchanged) AS is_exchanged,
        u.unit * sum(c.rounded) AS tolerance
    FROM classed AS c
    CROSS JOIN LATERAL (SELECT c.class = 'USAGE'
        OR c.class IN ('COMMIT', 'PURCHASE') AND (c.r).left_count > 0 AND (c.r).right_count > 0 AS metered) AS m
    CROSS JOIN LATERAL (SELECT round(10::numeric ^ (-currency_minor_unit(c.currency)), currency_minor_unit(c.currency)) AS unit) AS u
    GROUP BY c.provider_name, c.currency, c.period_start, c.account, c.sku, c.by_day, c.charge_on, u.unit
),
-- Usage of a month that came with a later one.
late AS MATERIALIZED (
    SELECT p.provider_name, p.currency, p.account, p.sku, p.period_start, date_trunc('month', p.charge_on)::date AS used_in,
        sum(CASE WHEN p.is_purchase THEN p.billed_cost ELSE -p.billed_cost END) AS amount,
        coalesce(sum(CASE WHEN p.is_purchase THEN p.quantity ELSE -p.quantity END), 0) AS quantity
    FROM placed AS p
    WHERE p.is_late
    GROUP BY 1, 2, 3, 4, 5, 6
),
-- It explains something where it is missing in its own month, as far as that is known.
late_open AS (
    SELECT m.provider_name, m.currency, m.account, m.sku, m.used_in
    FROM (
        SELECT l.provider_name, l.currency, l.account, l.sku, l.used_in, l.amount AS late, NULL::numeric AS metered
        FROM late AS l
        UNION ALL
        SELECT c.provider_name, c.currency, c.account, c.sku, c.period_start, NULL, c.metered_purchase - c.metered_usage
        FROM cell AS c
        WHERE NOT c.by_day AND EXISTS (SELECT FROM late)
    ) AS m
    GROUP BY 1, 2, 3, 4, 5
    HAVING sum(m.late) <> 0 AND (sum(m.metered) IS NULL OR abs(sum(m.metered) + sum(m.late)) < abs(sum(m.metered)))
),
late_part AS (
    SELECT l.provider_name, l.currency, l.account, l.sku, m.period_start, m.amount, m.quantity, m.is_awaited
    FROM late AS l
    CROSS JOIN LATERAL (VALUES (l.period_start, l.amount, l.quantity, false), (l.used_in, -l.amount, -l.quantity, true))
        AS m (period_start, amount, quantity, is_awaited)
    WHERE (l.provider_name, l.currency, l.account, l.sku, l.used_in) IN (
        SELECT o.provider_name, o.currency, o.account, o.sku, o.used_in FROM late_open AS o)
),
-- What is left, and whether there is another side for it.
rest AS MATERIALIZED (
    SELECT g.*,
        g.metered_purchase - g.metered_usage - g.late AS metered,
        g.purchase_quantity - g.late_quantity AS timely_quantity,
        sum(g.purchase_lines) FILTER (WHERE NOT g.by_day) OVER (PARTITION BY g.provider_name, g.currency, g.period_start) = 0 AS is_open,
        g.metered_purchase_rows > 0 AND g.metered_usage_rows > 0 AS is_both,
        -- Days count only where the supplier invoices by day.
        count(*) FILTER (WHERE g.by_day AND g.metered_purchase_rows > 0) OVER month > 1
            AND 2 * count(*) FILTER (WHERE g.by_day AND g.metered_purchase_rows > 0) OVER month
                >= count(*) FILTER (WHERE g.by_day AND g.metered_usage_rows > 0) OVER month AS has_days
    FROM (
        SELECT
            m.provider_name, m.currency, m.period_start, m.account, m.sku, m.by_day, m.charge_on,
            min(m.service_name) AS service_name, min(m.product) AS product, min(m.supplier_invoice) AS supplier_invoice,
            sum(m.purchase_lines)::bigint AS purchase_lines, sum(m.usage_lines)::bigint AS usage_lines, sum(m.purchase_amount) AS purchase_amount,
            sum(m.usage_amount) AS usage_amount, sum(m.purchase_quantity) AS purchase_quantity, sum(m.usage_quantity) AS usage_quantity,
            sum(m.metered_purchase) AS metered_purchase, sum(m.metered_usage) AS metered_usage,
            sum(m.metered_purchase_rows) AS metered_purchase_rows, sum(m.metered_usage_rows) AS metered_usage_rows,
            sum(m.tax) AS tax, sum(m.credit) AS credit, sum(m.adjusted) AS adjusted, sum(m.commitment) AS commitment, sum(m.purchase) AS purchase,
            sum(m.earned_credit) AS earned_credit, bool_or(m.is_exchanged) AS is_exchanged, sum(m.tolerance) AS tolerance,
            sum(m.late) AS late, sum(m.late_quantity) AS late_quantity, bool_or(m.is_awaited) AS is_awaited
        FROM (
            SELECT c.*, 0 AS late, 0 AS late_quantity, false AS is_awaited
            FROM cell AS c
            UNION ALL
            SELECT l.provider_name, l.currency, l.period_start, l.account, l.sku, false, NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, 0, 0, 0, 0,
                0, 0, 0, 0, 0, 0, false, 0, l.amount, l.quantity, l.is_awaited
            FROM late_part AS l
        ) AS m
        GROUP BY 1, 2, 3, 4, 5, 6, 7
        -- the month it was used in may be from before there were purchase lines
        HAVING sum(m.purchase_lines) + sum(m.usage_lines) > 0
    ) AS g
    WINDOW month AS (PARTITION BY g.provider_name, g.currency, g.account, g.sku, g.period_start)
),
beside AS (
    SELECT r.*,
        lag(r.period_start) OVER same = r.period_start - interval '1 month' AND lag(r.metered) OVER same * r.metered < 0
            AND abs(lag(r.metered) OVER same) > lag(r.tolerance) OVER same
            AND abs(r.metered + lag(r.metered) OVER same) <= r.tolerance + lag(r.tolerance) OVER same AS is_of_before,
        lead(r.period_start) OVER same = r.period_start + interval '1 month' AND lead(r.metered) OVER same * r.metered < 0
            AND abs(lead(r.metered) OVER same) > lead(r.tolerance) OVER same
            AND abs(r.metered + lead(r.metered) OVER same) <= r.tolerance + lead(r.tolerance) OVER same AS is_of_after,
        -- equal to six digits behind the point, or to a millionth
        r.timely_quantity IS NULL OR r.usage_quantity IS NULL
            OR abs(r.timely_quantity - r.usage_quantity) <= 0.000001 * greatest(abs(r.usage_quantity), 1) AS is_same_quantity,
        -- costs of an account that stand under other SKUs on the other side
        abs(sum(r.metered) FILTER (WHERE NOT r.is_both) OVER account) <= sum(r.tolerance) FILTER (WHERE NOT r.is_both) OVER account
            AND bool_or(r.metered_purchase_rows > 0) FILTER (WHERE NOT r.is_both) OVER account
            AND bool_or(r.metered_usage_rows > 0) FILTER (WHERE NOT r.is_both) OVER account AS is_grouping
    FROM rest AS r
    WHERE NOT r.by_day OR r.has_days
    WINDOW same AS (PARTITION BY r.by_day, r.charge_on, r.provider_name, r.currency, r.account, r.sku ORDER BY r.period_start),
        account AS (PARTITION BY r.by_day, r.charge_on, r.provider_name, r.currency, r.account, r.period_start)
),
judged AS (
    SELECT b.*,
        CASE
            WHEN b.is_open THEN 'OPEN'
            WHEN abs(b.metered) <= b.tolerance THEN 'ROUNDING'
            WHEN NOT b.by_day AND (b.is_of_before OR b.is_of_after) THEN 'PERIOD'
            WHEN NOT b.is_both THEN CASE WHEN b.is_grouping THEN 'GROUPING' ELSE 'NONE' END
            WHEN b.is_same_quantity AND b.earned_credit <> 0 AND abs(b.metered - b.earned_credit) <= b.tolerance THEN 'PEC'
            WHEN b.is_same_quantity AND b.is_exchanged THEN 'FX'
            WHEN b.is_same_quantity THEN 'PRICE'
            WHEN b.usage_quantity <> 0 THEN 'QTY'
            ELSE 'NONE'
        END AS cause
    FROM beside AS b
),
-- An exchange rate is off in proportion, by the same on most of an invoice's prices.
rate AS MATERIALIZED (
    SELECT j.by_day, j.provider_name, j.currency, j.period_start, count(*) AS cells,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY j.metered_purchase / j.metered_usage) AS ratio
    FROM judged AS j
    WHERE j.cause = 'FX' AND j.metered_usage <> 0
    GROUP BY 1, 2, 3, 4
),
fitting AS (
    SELECT j.*, j.cause = 'FX' AND abs(j.metered_purchase - j.metered_usage * x.ratio) <= greatest(j.tolerance, abs(j.metered_purchase) * 0.000001) AS fits, x.cells
    FROM judged AS j
    LEFT JOIN rate AS x ON x.by_day = j.by_day AND x.provider_name = j.provider_name AND x.currency = j.currency AND x.period_start = j.period_start
),
found AS (
    SELECT f.*, CASE
            WHEN f.cause <> 'FX' THEN f.cause
            WHEN f.fits AND f.cells > 1 AND 2 * count(*) FILTER (WHERE f.fits) OVER (PARTITION BY f.by_day, f.provider_name, f.currency, f.period_start) > f.cells THEN 'FX'
            ELSE 'PRICE'
        END AS reason,
        CASE WHEN f.cause = 'QTY' THEN round((f.timely_quantity - f.usage_quantity) * f.metered_usage / f.usage_quantity, 12) ELSE 0 END AS by_quantity,
        f.metered_purchase * f.usage_quantity / nullif(f.purchase_quantity * f.metered_usage, 0) AS price_ratio
    FROM fitting AS f
),
-- What has no purchase line goes to the supplier's one invoice of the month.
invoice AS MATERIALIZED (
    SELECT p.provider_name, p.currency, p.period_start,
        CASE WHEN count(DISTINCT p.supplier_invoice_id) = 1 THEN min(p.supplier_invoice_id) END AS supplier_invoice
    FROM placed AS p
    WHERE p.is_purchase
    GROUP BY 1, 2, 3
)
SELECT
    f.provider_name, f.currency, f.period_start, f.account, f.service_name, f.sku, f.product, f.by_day, f.charge_on,
    coalesce(f.supplier_invoice, i.supplier_invoice) AS supplier_invoice,
    f.purchase_lines, f.usage_lines, f.purchase_quantity, f.usage_quantity, f.purchase_amount, f.usage_amount, f.tolerance,
    f.tax, f.credit, f.commitment, f.purchase, f.late, f.is_awaited, f.is_open,
    f.adjusted + CASE
        WHEN f.reason IN ('ROUNDING') THEN f.metered
        WHEN f.reason = 'PEC' THEN f.metered - f.earned_credit
        WHEN f.reason = 'QTY' AND abs(f.metered - f.by_quantity) <= f.tolerance THEN f.metered - f.by_quantity
        ELSE 0
    END AS rounding,
    CASE f.reason WHEN 'PEC' THEN f.earned_credit ELSE 0 END AS earned_credit,
    CASE f.reason WHEN 'FX' THEN f.metered ELSE 0 END AS exchange,
    CASE f.reason WHEN 'PERIOD' THEN f.metered ELSE 0 END AS shifted,
    CASE f.reason WHEN 'OPEN' THEN f.metered ELSE 0 END AS open,
    CASE f.reason WHEN 'GROUPING' THEN f.metered ELSE 0 END AS regrouped,
    CASE f.reason WHEN 'QTY' THEN f.by_quantity ELSE 0 END AS by_quantity,
    CASE
        WHEN f.reason = 'PRICE' THEN f.metered
        WHEN f.reason = 'QTY' AND abs(f.metered - f.by_quantity) > f.tolerance THEN f.metered - f.by_quantity
        ELSE 0
    END AS by_price,
    CASE f.reason WHEN 'NONE' THEN f.metered ELSE 0 END AS remainder,
    round(f.price_ratio, 6) AS price_ratio,
    -- a block of units on one side, such as 10 or 1,000
    CASE WHEN f.price_ratio > 0 THEN
        CASE WHEN abs(f.price_ratio / 10::numeric ^ round(log(f.price_ratio)) - 1) < 0.01 AND round(log(f.price_ratio)) <> 0
            THEN round(log(f.price_ratio))::int END
    END AS factor,
    f.is_both AND NOT f.is_same_quantity AND NOT coalesce(CASE WHEN f.timely_quantity * f.usage_quantity > 0 AND abs(f.metered) <= f.tolerance
        THEN abs(f.timely_quantity / f.usage_quantity / 10::numeric ^ round(log(f.timely_quantity / f.usage_quantity)) - 1) < 0.000001 END, false)
        AS is_other_quantity
FROM found AS f
LEFT JOIN invoice AS i ON i.provider_name = f.provider_name AND i.currency = f.currency AND i.period_start = f.period_start AND f.purchase_lines = 0
WHERE f.period_start BETWEEN period_first() AND period_last();

COMMENT ON VIEW reconciliation_usage_cell IS 'purchase lines held against usage by supplier, account, SKU and month, and by day where that can be, with each part of the difference';
COMMENT ON COLUMN reconciliation_usage_cell.provider_name IS 'supplier';
COMMENT ON COLUMN reconciliation_usage_cell.currency IS 'currency';
COMMENT ON COLUMN reconciliation_usage_cell.period_start IS 'first day of the month of the supplier''s billing period';
COMMENT ON COLUMN reconciliation_usage_cell.account IS 'sub account, where both sides name it; else the supplier''s reference of the end customer, or the billing account';
COMMENT ON COLUMN reconciliation_usage_cell.service_name IS 'service, as the usage side calls it';
COMMENT ON COLUMN reconciliation_usage_cell.sku IS 'SKU, or the meter or description where there is none';
COMMENT ON COLUMN reconciliation_usage_cell.product IS 'what the SKU is';
COMMENT ON COLUMN reconciliation_usage_cell.by_day IS 'whether the row is of a day; rows of months are of all';
COMMENT ON COLUMN reconciliation_usage_cell.charge_on IS 'the day; NULL for a month';
COMMENT ON COLUMN reconciliation_usage_cell.supplier_invoice IS 'supplier''s invoice, where it is one';
COMMENT ON COLUMN reconciliation_usage_cell.purchase_lines IS 'number of purchase lines';
COMMENT ON COLUMN reconciliation_usage_cell.usage_lines IS 'number of charges of usage';
COMMENT ON COLUMN reconciliation_usage_cell.purchase_quantity IS 'quantity invoiced';
COMMENT ON COLUMN reconciliation_usage_cell.usage_quantity IS 'quantity used';
COMMENT ON COLUMN reconciliation_usage_cell.purchase_amount IS 'amount invoiced';
COMMENT ON COLUMN reconciliation_usage_cell.usage_amount IS 'billed cost of the usage';
COMMENT ON COLUMN reconciliation_usage_cell.tolerance IS 'what rounding can make at most: a minor unit for each line that the supplier rounds';
COMMENT ON COLUMN reconciliation_usage_cell.tax IS 'part TAX';
COMMENT ON COLUMN reconciliation_usage_cell.credit IS 'part CREDIT';
COMMENT ON COLUMN reconciliation_usage_cell.commitment IS 'part COMMIT';
COMMENT ON COLUMN reconciliation_usage_cell.purchase IS 'part PURCHASE';
COMMENT ON COLUMN reconciliation_usage_cell.late IS 'part LATE';
COMMENT ON COLUMN reconciliation_usage_cell.is_awaited IS 'whether late is of usage that a later month has';
COMMENT ON COLUMN reconciliation_usage_cell.is_open IS 'whether the supplier has no purchase lines in the month yet';
COMMENT ON COLUMN reconciliation_usage_cell.rounding IS 'part ROUNDING';
COMMENT ON COLUMN reconciliation_usage_cell.earned_credit IS 'part PEC';
COMMENT ON COLUMN reconciliation_usage_cell.exchange IS 'part FX';
COMMENT ON COLUMN reconciliation_usage_cell.shifted IS 'part PERIOD';
COMMENT ON COLUMN reconciliation_usage_cell.open IS 'part OPEN';
COMMENT ON COLUMN reconciliation_usage_cell.regrouped IS 'part GROUPING';
COMMENT ON COLUMN reconciliation_usage_cell.by_quantity IS 'part QTY';
COMMENT ON COLUMN reconciliation_usage_cell.by_price IS 'part PRICE';
COMMENT ON COLUMN reconciliation_usage_cell.remainder IS 'difference less all parts';
COMMENT ON COLUMN reconciliation_usage_cell.price_ratio IS 'unit price invoiced by unit price of the usage, 6 decimals';
COMMENT ON COLUMN reconciliation_usage_cell.factor IS 'power of ten that price_ratio is near to, other than 0';
COMMENT ON COLUMN reconciliation_usage_cell.is_other_quantity IS 'whether quantities differ, other than by a block of units at the same amount';

CREATE OR REPLACE VIEW reconciliation_usage AS
WITH
summed AS (
    SELECT
        CASE
            WHEN c.by_day THEN 'day'
            WHEN GROUPING(c.sku) = 0 THEN 'sku'
            WHEN GROUPING(c.service_name) = 0 THEN 'service'
            WHEN GROUPING(c.account) = 0 THEN 'account'
            WHEN GROUPING(c.supplier_invoice) = 0 THEN 'invoice'
            ELSE 'supplier'
        END AS level,
        c.provider_name AS supplier, c.currency, c.period_start, c.supplier_invoice, c.account, c.service_name AS service, c.sku, c.charge_on,
        CASE WHEN GROUPING(c.sku) = 0 THEN min(c.product) END AS product,
        sum(c.purchase_lines)::bigint AS purchase_lines, sum(c.usage_lines)::bigint AS usage_lines,
        CASE WHEN GROUPING(c.sku) = 0 THEN sum(c.purchase_quantity) END AS purchase_quantity,
        CASE WHEN GROUPING(c.sku) = 0 THEN sum(c.usage_quantity) END AS usage_quantity,
        sum(c.purchase_amount) AS purchase_amount, sum(c.usage_amount) AS usage_amount, sum(c.tolerance) AS tolerance,
        sum(c.tax) AS tax, sum(c.credit) AS credit, sum(c.commitment) AS commitment, sum(c.purchase) AS purchase, sum(c.late) AS late,
        sum(c.rounding) AS rounding, sum(c.earned_credit) AS earned_credit, sum(c.exchange) AS exchange, sum(c.shifted) AS shifted,
        sum(c.open) AS open, sum(c.regrouped) AS regrouped, sum(c.by_quantity) AS by_quantity, sum(c.by_price) AS by_price,
        sum(c.remainder) AS remainder, bool_or(c.is_awaited) AS is_awaited, bool_and(c.is_open) AS is_open,
        CASE WHEN GROUPING(c.sku) = 0 THEN min(c.price_ratio) END AS price_ratio,
        CASE WHEN GROUPING(c.sku) = 0 THEN min(c.factor) END AS factor,
        GROUPING(c.sku) = 0 AND bool_or(c.is_other_quantity) AS is_other_quantity
    FROM reconciliation_usage_cell AS c
    GROUP BY GROUPING SETS (
        (c.by_day, c.provider_name, c.currency, c.period_start),
        (c.by_day, c.provider_name, c.currency, c.period_start, c.supplier_invoice),
        (c.by_day, c.provider_name, c.currency, c.period_start, c.account),
        (c.by_day, c.provider_name, c.currency, c.period_start, c.account, c.service_name),
        (c.by_day, c.provider_name, c.currency, c.period_start, c.account, c.service_name, c.sku, c.supplier_invoice, c.charge_on))
    HAVING NOT c.by_day OR GROUPING(c.sku) = 0
)
SELECT
    s.level, s.supplier, s.currency, s.period_start, s.supplier_invoice, s.account, s.service, s.sku, s.product, s.charge_on,
    s.purchase_lines, s.usage_lines, trim_scale(s.purchase_quantity) AS purchase_quantity, trim_scale(s.usage_quantity) AS usage_quantity,
    trim_scale(s.purchase_amount) AS purchase_amount, trim_scale(s.usage_amount) AS usage_amount,
    trim_scale(s.purchase_amount - s.usage_amount) AS difference, s.tolerance,
    CASE
        WHEN s.is_open AND s.purchase_amount <> s.usage_amount THEN 'TIMING'
        WHEN s.remainder <> 0 AND s.usage_lines = 0 THEN 'ONLY_PURCHASE'
        WHEN s.remainder <> 0 AND s.purchase_lines = 0 THEN 'ONLY_USAGE'
        WHEN s.is_other_quantity THEN 'QUANTITY_MISMATCH'
        WHEN s.purchase_amount = s.usage_amount THEN 'MATCHED'
        WHEN abs(s.purchase_amount - s.usage_amount) <= s.tolerance THEN 'MATCHED_ROUNDING'
        WHEN abs(s.remainder) > s.tolerance THEN 'UNEXPLAINED'
        WHEN abs(s.by_quantity) > s.tolerance AND abs(s.by_quantity) >= abs(s.by_price) THEN 'QUANTITY_MISMATCH'
        WHEN abs(s.by_price) > s.tolerance THEN 'PRICE_MISMATCH'
        WHEN abs(s.shifted) > s.tolerance OR abs(s.open) > s.tolerance OR s.is_awaited AND abs(s.late) > s.tolerance THEN 'TIMING'
        ELSE 'EXPLAINED'
    END AS status,
    (SELECT coalesce(jsonb_object_agg(p.code, trim_scale(p.amount)) FILTER (WHERE p.amount <> 0), '{}')
     FROM (VALUES ('ROUNDING', s.rounding), ('TAX', s.tax), ('CREDIT', s.credit), ('COMMIT', s.commitment), ('PURCHASE', s.purchase),
        ('LATE', s.late), ('PEC', s.earned_credit), ('FX', s.exchange), ('PERIOD', s.shifted), ('OPEN', s.open), ('GROUPING', s.regrouped),
        ('QTY', s.by_quantity), ('PRICE', s.by_price)) AS p (code, amount)) AS explanation,
    trim_scale(s.remainder) AS remainder,
    s.price_ratio,
    s.factor
FROM summed AS s;

COMMENT ON VIEW reconciliation_usage IS 'what suppliers invoice held against what was used, at the levels supplier, invoice, account, service, SKU and day';
COMMENT ON COLUMN reconciliation_usage.level IS 'supplier, invoice, account, service, sku or day; rows of one level but day have all amounts, once';
COMMENT ON COLUMN reconciliation_usage.supplier IS 'provider';
COMMENT ON COLUMN reconciliation_usage.currency IS 'currency of all amounts';
COMMENT ON COLUMN reconciliation_usage.period_start IS 'first day of the month of the supplier''s billing period';
COMMENT ON COLUMN reconciliation_usage.supplier_invoice IS 'of the levels invoice, sku and day: supplier''s invoice; NULL where there is none, or are several';
COMMENT ON COLUMN reconciliation_usage.account IS 'from the level account on: sub account, where both sides name it; else the supplier''s reference of the end customer, or the billing account';
COMMENT ON COLUMN reconciliation_usage.service IS 'from the level service on: service, as the usage side calls it';
COMMENT ON COLUMN reconciliation_usage.sku IS 'from the level sku on: SKU, or the meter or description where there is none';
COMMENT ON COLUMN reconciliation_usage.product IS 'what the SKU is';
COMMENT ON COLUMN reconciliation_usage.charge_on IS 'of the level day: the day';
COMMENT ON COLUMN reconciliation_usage.purchase_lines IS 'number of purchase lines';
COMMENT ON COLUMN reconciliation_usage.usage_lines IS 'number of charges of usage';
COMMENT ON COLUMN reconciliation_usage.purchase_quantity IS 'from the level sku on: quantity invoiced';
COMMENT ON COLUMN reconciliation_usage.usage_quantity IS 'from the level sku on: quantity used';
COMMENT ON COLUMN reconciliation_usage.purchase_amount IS 'amount invoiced';
COMMENT ON COLUMN reconciliation_usage.usage_amount IS 'billed cost of the usage';
COMMENT ON COLUMN reconciliation_usage.difference IS 'purchase_amount less usage_amount';
COMMENT ON COLUMN reconciliation_usage.tolerance IS 'what rounding can make at most: a minor unit for each line that the supplier rounds';
COMMENT ON COLUMN reconciliation_usage.status IS 'MATCHED, MATCHED_ROUNDING, EXPLAINED, TIMING, QUANTITY_MISMATCH, PRICE_MISMATCH, ONLY_PURCHASE, ONLY_USAGE or UNEXPLAINED';
COMMENT ON COLUMN reconciliation_usage.explanation IS 'parts of the difference by cause: ROUNDING, TAX, CREDIT, COMMIT, PURCHASE, LATE, PEC, FX, PERIOD, OPEN, GROUPING, QTY, PRICE';
COMMENT ON COLUMN reconciliation_usage.remainder IS 'difference less all parts';
COMMENT ON COLUMN reconciliation_usage.price_ratio IS 'from the level sku on: unit price invoiced by unit price of the usage, 6 decimals';
COMMENT ON COLUMN reconciliation_usage.factor IS 'from the level sku on: power of ten that price_ratio is near to, where units come in blocks';
