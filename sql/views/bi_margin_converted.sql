-- Margin in the currency of the seller's books.  bi_margin has revenue and cost of
-- different currencies as different rows; here each has its rate: that of the month's
-- last day, or of today while the month runs.
CREATE OR REPLACE VIEW bi_margin_by_currency AS
WITH
margin AS MATERIALIZED (
    SELECT m.*, e.book_currency::text AS to_currency,
        least((m.month + interval '1 month')::date - 1, (coalesce(as_of(), now()) AT TIME ZONE z.time_zone)::date) AS on_day
    FROM bi_margin AS m
    JOIN customer AS c ON c.number = m.customer_number
    JOIN customer_zone AS z ON z.customer_id = c.customer_id
    JOIN seller AS e ON e.seller_id = c.seller_id
),
-- As currency_rate_find does.
known AS MATERIALIZED (
    SELECT n.currency, n.to_currency, n.on_day, f.rate, f.inverse, f.rate_on, f.source
    FROM (SELECT DISTINCT m.currency, m.to_currency, m.on_day FROM margin AS m) AS n
    CROSS JOIN LATERAL (
        SELECT 1::numeric AS rate, false AS inverse, n.on_day AS rate_on, NULL::text AS source
        WHERE n.currency = n.to_currency
        UNION ALL
        (SELECT r.rate, r.inverse, r.rate_on, r.source
         FROM currency_rate_either AS r
         WHERE r.currency = n.currency::bpchar
           AND r.to_currency = n.to_currency::bpchar
           AND r.rate_on BETWEEN least(date_trunc('month', n.on_day::timestamp)::date, n.on_day - currency_rate_days()) AND n.on_day
           AND (r.per = 'month' AND r.rate_on = date_trunc('month', n.on_day::timestamp)::date
             OR r.per = 'day' AND r.rate_on >= n.on_day - currency_rate_days())
         ORDER BY r.per DESC, r.rate_on DESC, r.inverse
         LIMIT 1)
    ) AS f
)
SELECT
    m.month,
    m.customer_number,
    m.customer,
    m.provider,
    m.service,
    m.currency,
    m.revenue,
    m.invoiced,
    m.billed_cost,
    m.effective_cost,
    m.to_currency,
    m.on_day,
    k.rate,
    k.inverse,
    k.rate_on,
    k.source,
    CASE WHEN k.inverse THEN m.revenue / k.rate ELSE m.revenue * k.rate END AS revenue_converted,
    CASE WHEN k.inverse THEN m.invoiced / k.rate ELSE m.invoiced * k.rate END AS invoiced_converted,
    CASE WHEN k.inverse THEN m.billed_cost / k.rate ELSE m.billed_cost * k.rate END AS billed_cost_converted,
    CASE WHEN k.inverse THEN m.effective_cost / k.rate ELSE m.effective_cost * k.rate END AS effective_cost_converted
FROM margin AS m
LEFT JOIN known AS k ON k.currency = m.currency AND k.to_currency = m.to_currency AND k.on_day = m.on_day;

COMMENT ON VIEW bi_margin_by_currency IS 'bi_margin with the exchange rate of each row and its amounts in the seller''s currency; without a rate these are NULL';
COMMENT ON COLUMN bi_margin_by_currency.month IS 'first day of the period';
COMMENT ON COLUMN bi_margin_by_currency.customer_number IS 'customer number';
COMMENT ON COLUMN bi_margin_by_currency.customer IS 'customer';
COMMENT ON COLUMN bi_margin_by_currency.provider IS 'provider; NULL for rules on all products';
COMMENT ON COLUMN bi_margin_by_currency.service IS 'service; for rules on more than one, the node they stand on';
COMMENT ON COLUMN bi_margin_by_currency.currency IS 'currency of the amounts up to effective_cost';
COMMENT ON COLUMN bi_margin_by_currency.revenue IS 'amount due in all, without VAT';
COMMENT ON COLUMN bi_margin_by_currency.invoiced IS 'part of it that was invoiced';
COMMENT ON COLUMN bi_margin_by_currency.billed_cost IS 'what suppliers invoice for the charges';
COMMENT ON COLUMN bi_margin_by_currency.effective_cost IS 'amortised cost of the charges';
COMMENT ON COLUMN bi_margin_by_currency.to_currency IS 'currency of the seller''s books';
COMMENT ON COLUMN bi_margin_by_currency.on_day IS 'day whose rate is asked for: the month''s last, or today';
COMMENT ON COLUMN bi_margin_by_currency.rate IS 'the rate, 1 within a currency; NULL when there is none (currency_rate_missing)';
COMMENT ON COLUMN bi_margin_by_currency.inverse IS 'whether amounts are divided by the rate, and not multiplied';
COMMENT ON COLUMN bi_margin_by_currency.rate_on IS 'day of the rate, or first day of the month it is of';
COMMENT ON COLUMN bi_margin_by_currency.source IS 'where the rate is from';
COMMENT ON COLUMN bi_margin_by_currency.revenue_converted IS 'revenue in to_currency, not rounded';
COMMENT ON COLUMN bi_margin_by_currency.invoiced_converted IS 'invoiced in to_currency';
COMMENT ON COLUMN bi_margin_by_currency.billed_cost_converted IS 'billed_cost in to_currency';
COMMENT ON COLUMN bi_margin_by_currency.effective_cost_converted IS 'effective_cost in to_currency';

-- What is not known makes a sum unknown, not smaller.
CREATE OR REPLACE VIEW bi_margin_converted AS
SELECT
    m.month,
    m.customer_number,
    m.customer,
    m.provider,
    m.service,
    m.to_currency AS currency,
    trim_scale(m.revenue) AS revenue,
    trim_scale(m.invoiced) AS invoiced,
    trim_scale(m.billed_cost) AS billed_cost,
    trim_scale(m.effective_cost) AS effective_cost,
    trim_scale(m.revenue - m.billed_cost) AS margin,
    round(100 * (m.revenue - m.billed_cost) / nullif(m.revenue, 0), 2) AS margin_percentage,
    m.rates,
    m.missing_rates
FROM (
    SELECT
        b.month,
        b.customer_number,
        b.customer,
        b.provider,
        b.service,
        b.to_currency,
        CASE WHEN bool_and(b.rate IS NOT NULL OR b.revenue = 0) THEN coalesce(sum(b.revenue_converted), 0) END AS revenue,
        CASE WHEN bool_and(b.rate IS NOT NULL OR b.invoiced = 0) THEN coalesce(sum(b.invoiced_converted), 0) END AS invoiced,
        CASE WHEN bool_and(b.rate IS NOT NULL OR b.billed_cost = 0) THEN coalesce(sum(b.billed_cost_converted), 0) END AS billed_cost,
        CASE WHEN bool_and(b.rate IS NOT NULL OR b.effective_cost = 0) THEN coalesce(sum(b.effective_cost_converted), 0) END AS effective_cost,
        jsonb_object_agg(b.currency, jsonb_build_object('rate', b.rate, 'inverse', b.inverse, 'rate_on', b.rate_on, 'source', b.source))
            FILTER (WHERE b.currency <> b.to_currency AND b.rate IS NOT NULL) AS rates,
        array_agg(b.currency ORDER BY b.currency) FILTER (
            WHERE b.rate IS NULL AND (b.revenue <> 0 OR b.invoiced <> 0 OR b.billed_cost <> 0 OR b.effective_cost <> 0)) AS missing_rates
    FROM bi_margin_by_currency AS b
    GROUP BY 1, 2, 3, 4, 5, 6
) AS m;

COMMENT ON VIEW bi_margin_converted IS 'revenue, cost and margin in the seller''s currency by month, customer and service; a sum that lacks a rate is NULL';
COMMENT ON COLUMN bi_margin_converted.month IS 'first day of the period';
COMMENT ON COLUMN bi_margin_converted.customer_number IS 'customer number';
COMMENT ON COLUMN bi_margin_converted.customer IS 'customer';
COMMENT ON COLUMN bi_margin_converted.provider IS 'provider; NULL for rules on all products';
COMMENT ON COLUMN bi_margin_converted.service IS 'service; for rules on more than one, the node they stand on';
COMMENT ON COLUMN bi_margin_converted.currency IS 'currency of the seller''s books';
COMMENT ON COLUMN bi_margin_converted.revenue IS 'amount due in all, without VAT, of all currencies';
COMMENT ON COLUMN bi_margin_converted.invoiced IS 'part of it that was invoiced';
COMMENT ON COLUMN bi_margin_converted.billed_cost IS 'what suppliers invoice for the charges, whether they are sold or not';
COMMENT ON COLUMN bi_margin_converted.effective_cost IS 'amortised cost of the charges';
COMMENT ON COLUMN bi_margin_converted.margin IS 'revenue less billed_cost';
COMMENT ON COLUMN bi_margin_converted.margin_percentage IS 'margin in percent of revenue, 2 decimals; NULL without revenue';
COMMENT ON COLUMN bi_margin_converted.rates IS 'for each other currency the rate, whether it is divided by, its day and its source; NULL where there is none';
COMMENT ON COLUMN bi_margin_converted.missing_rates IS 'currencies without a rate; NULL where there is none';

CREATE OR REPLACE VIEW currency_rate_missing AS
SELECT
    b.currency,
    b.to_currency,
    b.month,
    b.on_day,
    (SELECT max(r.rate_on)
     FROM currency_rate AS r
     WHERE (r.currency = b.currency AND r.to_currency = b.to_currency OR r.currency = b.to_currency AND r.to_currency = b.currency)
       AND r.rate_on <= b.on_day) AS last_rate_on,
    count(DISTINCT b.customer_number) AS customers,
    sum(b.revenue) AS revenue,
    trim_scale(sum(b.billed_cost)) AS billed_cost
FROM bi_margin_by_currency AS b
WHERE b.rate IS NULL AND (b.revenue <> 0 OR b.invoiced <> 0 OR b.billed_cost <> 0 OR b.effective_cost <> 0)
GROUP BY b.currency, b.to_currency, b.month, b.on_day;

COMMENT ON VIEW currency_rate_missing IS 'exchange rates that are wanted to convert margins and are not there, or are too old';
COMMENT ON COLUMN currency_rate_missing.currency IS 'currency of amounts';
COMMENT ON COLUMN currency_rate_missing.to_currency IS 'currency of the seller''s books';
COMMENT ON COLUMN currency_rate_missing.month IS 'first day of the month of the amounts';
COMMENT ON COLUMN currency_rate_missing.on_day IS 'day whose rate is asked for';
COMMENT ON COLUMN currency_rate_missing.last_rate_on IS 'day of the last rate before it, which is too old; NULL when there is none';
COMMENT ON COLUMN currency_rate_missing.customers IS 'number of customers with such amounts';
COMMENT ON COLUMN currency_rate_missing.revenue IS 'revenue that cannot be converted';
COMMENT ON COLUMN currency_rate_missing.billed_cost IS 'cost that cannot be converted';
