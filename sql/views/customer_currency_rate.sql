-- In which currency each customer is invoiced, by month: of those asked for, and of
-- months in which there are charges or agreements.
CREATE OR REPLACE VIEW customer_currency AS
SELECT v.customer_id, v.period_start, v.currency
FROM (
    SELECT DISTINCT ON (c.customer_id, m.period_start) c.customer_id, m.period_start, c.currency
    FROM (
        SELECT v.customer_id, v.currency, v.valid_during, 1 AS rank
        FROM invoice_currency AS v
        WHERE v.customer_id BETWEEN customer_first() AND customer_last()
        UNION ALL
        SELECT c.customer_id, v.currency, v.valid_during, 2
        FROM invoice_currency AS v
        CROSS JOIN customer AS c
        WHERE v.customer_id IS NULL AND c.customer_id BETWEEN customer_first() AND customer_last()
    ) AS c
    JOIN (
        SELECT g.month::date AS period_start
        FROM (
            SELECT min(d.first) AS first, max(d.last) AS last
            FROM (
                -- zones have a day more, or less
                SELECT min(s.charge_period_start AT TIME ZONE 'UTC') - interval '1 day' AS first,
                    max(s.charge_period_end AT TIME ZONE 'UTC') + interval '1 day' AS last
                FROM load_scope AS s
                UNION ALL
                -- agreements deliver nothing, and go on until the last month that is asked for
                SELECT min(a.start_on), CASE WHEN isfinite(period_last()) THEN period_last()
                    ELSE (coalesce(as_of(), now()) AT TIME ZONE 'UTC')::date + 1 END
                FROM agreement_in_force AS a
                HAVING count(*) > 0
            ) AS d
        ) AS s
        CROSS JOIN LATERAL generate_series(date_trunc('month', s.first), s.last, interval '1 month') AS g (month)
        WHERE g.month::date <= period_last()
    ) AS m ON c.valid_during @> m.period_start
    ORDER BY c.customer_id, m.period_start, c.rank
) AS v
WHERE v.currency IS NOT NULL;

COMMENT ON VIEW customer_currency IS 'currency in which customers are invoiced for costs, by month; who has none is not here';
COMMENT ON COLUMN customer_currency.customer_id IS 'customer who is invoiced';
COMMENT ON COLUMN customer_currency.period_start IS 'first day of the month';
COMMENT ON COLUMN customer_currency.currency IS 'currency that costs are converted to';

-- The rates for it: those that documents of the month kept, else those there are now,
-- of the month's last day, or of today while it runs, as currency_rate_find finds them.
CREATE OR REPLACE VIEW customer_currency_rate AS
WITH RECURSIVE
-- currencies that there are rates of, by index: the table may be long
pair AS (
    (SELECT r.currency, r.to_currency FROM currency_rate AS r ORDER BY r.currency, r.to_currency LIMIT 1)
    UNION ALL
    SELECT n.currency, n.to_currency
    FROM pair AS p
    CROSS JOIN LATERAL (
        SELECT r.currency, r.to_currency
        FROM currency_rate AS r
        WHERE (r.currency, r.to_currency) > (p.currency, p.to_currency)
        ORDER BY r.currency, r.to_currency
        LIMIT 1
    ) AS n
),
either AS (
    SELECT p.currency, p.to_currency FROM pair AS p
    UNION
    SELECT p.to_currency, p.currency FROM pair AS p
),
asked AS MATERIALIZED (
    SELECT c.customer_id, c.period_start, c.currency AS to_currency,
        least((c.period_start + interval '1 month')::date - 1, (coalesce(as_of(), now()) AT TIME ZONE z.time_zone)::date) AS on_day
    FROM customer_currency AS c
    JOIN customer_zone AS z ON z.customer_id = c.customer_id
),
found AS MATERIALIZED (
    SELECT n.to_currency, n.on_day, e.currency, f.rate, f.inverse, f.rate_on, f.per, f.source
    FROM (SELECT DISTINCT a.to_currency, a.on_day FROM asked AS a) AS n
    JOIN either AS e ON e.to_currency = n.to_currency
    CROSS JOIN LATERAL (
        SELECT r.rate, r.inverse, r.rate_on, r.per, r.source
        FROM currency_rate_either AS r
        WHERE r.currency = e.currency
          AND r.to_currency = n.to_currency
          AND r.rate_on BETWEEN least(date_trunc('month', n.on_day::timestamp)::date, n.on_day - currency_rate_days()) AND n.on_day
          AND (r.per = 'month' AND r.rate_on = date_trunc('month', n.on_day::timestamp)::date
            OR r.per = 'day' AND r.rate_on >= n.on_day - currency_rate_days())
        ORDER BY r.per DESC, r.rate_on DESC, r.inverse
        LIMIT 1
    ) AS f
),
kept AS (
    SELECT i.customer_id, k.period_start, k.currency, k.to_currency, k.rate, k.inverse, k.rate_on, k.per, k.source, i.invoice_id
    FROM invoice_currency_rate AS k
    JOIN invoice AS i ON i.invoice_id = k.invoice_id
    WHERE i.customer_id BETWEEN customer_first() AND customer_last()
      AND i.finalised_at <= coalesce(as_of(), 'infinity')
      AND NOT EXISTS (
        SELECT
        FROM invoice_currency_release AS e
        WHERE e.customer_id = i.customer_id AND e.period_start = k.period_start
          AND e.released_at > i.finalised_at AND e.released_at <= coalesce(as_of(), 'infinity'))
)
SELECT DISTINCT ON (r.customer_id, r.period_start, r.currency)
    r.customer_id,
    r.period_start,
    r.currency::text AS currency,
    r.to_currency::text AS to_currency,
    CASE WHEN r.inverse THEN 1 / r.rate ELSE r.rate END AS factor,
    r.rate,
    r.inverse,
    r.rate_on,
    r.per,
    r.source,
    r.invoice_id AS kept_by
FROM (
    SELECT a.customer_id, a.period_start, a.to_currency AS currency, a.to_currency, 1::numeric AS rate, false AS inverse,
        a.on_day AS rate_on, 'day' AS per, NULL::text AS source, NULL::int AS invoice_id
    FROM asked AS a
    UNION ALL
    SELECT k.customer_id, k.period_start, k.currency, k.to_currency, k.rate, k.inverse, k.rate_on, k.per, k.source, k.invoice_id
    FROM kept AS k
    JOIN asked AS a ON a.customer_id = k.customer_id AND a.period_start = k.period_start AND a.to_currency = k.to_currency
    UNION ALL
    SELECT a.customer_id, a.period_start, f.currency, f.to_currency, f.rate, f.inverse, f.rate_on, f.per, f.source, NULL
    FROM asked AS a
    JOIN found AS f ON f.to_currency = a.to_currency AND f.on_day = a.on_day
) AS r
ORDER BY r.customer_id, r.period_start, r.currency, r.invoice_id NULLS LAST;

COMMENT ON VIEW customer_currency_rate IS 'exchange rates that customers'' costs are converted with, by month: those that documents kept, else those there are';
COMMENT ON COLUMN customer_currency_rate.customer_id IS 'customer who is invoiced';
COMMENT ON COLUMN customer_currency_rate.period_start IS 'first day of the month';
COMMENT ON COLUMN customer_currency_rate.currency IS 'currency of the costs';
COMMENT ON COLUMN customer_currency_rate.to_currency IS 'currency that they are converted to';
COMMENT ON COLUMN customer_currency_rate.factor IS 'what costs are multiplied by: the rate, or 1 by it, to at least 16 digits';
COMMENT ON COLUMN customer_currency_rate.rate IS 'the rate as it was entered, 1 within a currency';
COMMENT ON COLUMN customer_currency_rate.inverse IS 'whether costs are divided by it';
COMMENT ON COLUMN customer_currency_rate.rate_on IS 'day of the rate, or first day of the month it is of';
COMMENT ON COLUMN customer_currency_rate.per IS 'day or month';
COMMENT ON COLUMN customer_currency_rate.source IS 'where it is from';
COMMENT ON COLUMN customer_currency_rate.kept_by IS 'document that kept it; NULL is what the table currency_rate says now';
