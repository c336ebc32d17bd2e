-- From last month's margin to this month's.  Products that have a quantity in both months
-- are compared by unit; mix is what is left, so that the parts add up: other products,
-- and more or less of those with a better margin.
CREATE OR REPLACE VIEW bi_margin_bridge AS
WITH
piece AS MATERIALIZED (
    SELECT r.customer_id, r.product_id, r.unit, r.currency, r.period_start,
        coalesce(exact_sum(r.amount) FILTER (WHERE NOT r.is_purchase), 0) AS revenue,
        coalesce(exact_sum(r.amount) FILTER (WHERE r.is_purchase), 0) AS cost,
        coalesce(exact_sum(r.constant_amount) FILTER (WHERE NOT r.is_purchase), 0) AS constant_revenue,
        coalesce(exact_sum(r.constant_amount) FILTER (WHERE r.is_purchase), 0) AS constant_cost,
        coalesce(exact_sum(r.quantity) FILTER (WHERE r.is_purchase), exact_sum(r.quantity) FILTER (WHERE NOT r.is_purchase), 0) AS quantity
    FROM reconciliation_sale_row AS r
    GROUP BY r.customer_id, r.product_id, r.unit, r.currency, r.period_start
),
-- Each product beside itself in the month before.
pair AS (
    SELECT u.customer_id, u.product_id, u.unit, u.currency, u.month,
        sum(u.revenue) AS revenue, sum(u.cost) AS cost, sum(u.constant_revenue) AS constant_revenue, sum(u.constant_cost) AS constant_cost,
        sum(u.quantity) AS quantity, sum(u.revenue_before) AS revenue_before, sum(u.cost_before) AS cost_before,
        sum(u.quantity_before) AS quantity_before
    FROM (
        SELECT p.customer_id, p.product_id, p.unit, p.currency, p.period_start AS month, p.revenue, p.cost, p.constant_revenue,
            p.constant_cost, p.quantity, 0::numeric AS revenue_before, 0::numeric AS cost_before, 0::numeric AS quantity_before
        FROM piece AS p
        UNION ALL
        SELECT p.customer_id, p.product_id, p.unit, p.currency, (p.period_start + interval '1 month')::date, 0, 0, 0, 0, 0, p.revenue,
            p.cost, p.quantity
        FROM piece AS p
        WHERE p.period_start < (SELECT max(q.period_start) FROM piece AS q)
    ) AS u
    GROUP BY u.customer_id, u.product_id, u.unit, u.currency, u.month
),
compared AS (
    SELECT p.*, p.quantity > 0 AND p.quantity_before > 0 AS is_comparable,
        CASE WHEN p.quantity > 0 AND p.quantity_before > 0 THEN p.revenue_before * p.quantity / p.quantity_before END AS revenue_at_old_price,
        CASE WHEN p.quantity > 0 AND p.quantity_before > 0 THEN p.cost_before * p.quantity / p.quantity_before END AS cost_at_old_price
    FROM pair AS p
),
total AS (
    SELECT c.customer_id, c.currency, c.month,
        sum(c.revenue) - sum(c.cost) AS margin,
        sum(c.revenue_before) - sum(c.cost_before) AS margin_before,
        sum(c.revenue) - sum(c.cost) - sum(c.constant_revenue) + sum(c.constant_cost) AS fx,
        coalesce(sum(c.constant_revenue - c.revenue_at_old_price) FILTER (WHERE c.is_comparable), 0) AS price,
        -coalesce(sum(c.constant_cost - c.cost_at_old_price) FILTER (WHERE c.is_comparable), 0) AS cost,
        -- more of all, at last month's mix
        coalesce(sum(c.revenue_before - c.cost_before) FILTER (WHERE c.is_comparable), 0) * coalesce(
            sum(c.revenue_at_old_price) FILTER (WHERE c.is_comparable) / nullif(sum(c.revenue_before) FILTER (WHERE c.is_comparable), 0) - 1, 0) AS volume
    FROM compared AS c
    GROUP BY c.customer_id, c.currency, c.month
),
-- What documents corrected of a month later, and what is still to be corrected of one that was billed.
correction AS (
    SELECT l.customer_id, CASE WHEN f.rate IS NULL THEN l.currency ELSE e.book_currency END::text AS currency, l.period_start,
        sum((l.amount - l.cost) * coalesce(f.rate, 1)) AS margin
    FROM invoice_line AS l
    JOIN invoice AS i ON i.invoice_id = l.invoice_id AND i.reseller_id IS NULL
    JOIN customer AS c ON c.customer_id = l.customer_id
    JOIN seller AS e ON e.seller_id = c.seller_id
    -- as currency_rate_find does
    CROSS JOIN LATERAL (SELECT (l.period_start + interval '1 month')::date - 1 AS on_day) AS d
    LEFT JOIN LATERAL (
        SELECT CASE WHEN q.inverse THEN 1 / q.rate ELSE q.rate END AS rate
        FROM currency_rate_either AS q
        WHERE q.currency = l.currency::bpchar
          AND q.to_currency = e.book_currency::bpchar
          AND q.rate_on BETWEEN least(date_trunc('month', d.on_day::timestamp)::date, d.on_day - currency_rate_days()) AND d.on_day
          AND (q.per = 'month' AND q.rate_on = date_trunc('month', d.on_day::timestamp)::date
            OR q.per = 'day' AND q.rate_on >= d.on_day - currency_rate_days())
        ORDER BY q.per DESC, q.rate_on DESC, q.inverse
        LIMIT 1
    ) AS f ON true
    WHERE l.corrects IS NOT NULL
      AND i.finalised_at <= coalesce(as_of(), 'infinity')
    GROUP BY 1, 2, 3
)
SELECT
    t.month,
    c.number AS customer_number,
    c.name AS customer,
    t.currency,
    round(t.margin_before - coalesce(k.margin, 0), 6) AS margin_before,
    round(coalesce(k.margin, 0), 6) AS corrections,
    round(t.price, 6) AS price,
    round(t.cost, 6) AS cost,
    round(t.volume, 6) AS volume,
    round(t.margin, 6) - round(t.margin_before - coalesce(k.margin, 0), 6) - round(coalesce(k.margin, 0), 6) - round(t.price, 6)
        - round(t.cost, 6) - round(t.volume, 6) - round(t.fx, 6) AS mix,
    round(t.fx, 6) AS fx,
    round(t.margin, 6) AS margin
FROM total AS t
LEFT JOIN customer AS c ON c.customer_id = t.customer_id
LEFT JOIN correction AS k ON k.customer_id = t.customer_id AND k.currency = t.currency AND k.period_start = (t.month - interval '1 month')::date;

COMMENT ON VIEW bi_margin_bridge IS 'from last month''s margin to this month''s, by customer: margin_before and the parts up to fx add up to margin';
COMMENT ON COLUMN bi_margin_bridge.month IS 'first day of the month';
COMMENT ON COLUMN bi_margin_bridge.customer_number IS 'customer number; NULL is what nobody owns';
COMMENT ON COLUMN bi_margin_bridge.customer IS 'customer';
COMMENT ON COLUMN bi_margin_bridge.currency IS 'currency of the seller''s books, where there is a rate';
COMMENT ON COLUMN bi_margin_bridge.margin_before IS 'margin of the month before, as it was without later corrections';
COMMENT ON COLUMN bi_margin_bridge.corrections IS 'what documents corrected of that month later';
COMMENT ON COLUMN bi_margin_bridge.price IS 'what sale prices did: of products with a quantity in both months, at this month''s quantity';
COMMENT ON COLUMN bi_margin_bridge.cost IS 'what cost prices did, likewise';
COMMENT ON COLUMN bi_margin_bridge.volume IS 'what more or less of all of them did, at last month''s prices and mix';
COMMENT ON COLUMN bi_margin_bridge.mix IS 'the rest: other proportions, new and lost products, fees';
COMMENT ON COLUMN bi_margin_bridge.fx IS 'what exchange rates did since the month before';
COMMENT ON COLUMN bi_margin_bridge.margin IS 'margin of the month';
