-- Whatever was bought and sold: each level of link C adds up to all costs and to all that
-- is due, differences are the sum of their parts, nothing is left over, what was invoiced
-- is what documents say, and days add up to months.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set world :dir '/world.sql'
\i :world

\set ECHO none
\set QUIET on
CREATE FUNCTION pg_temp.check(seed float, world boolean, OUT groups bigint, OUT bought_wrongly bigint, OUT sold_wrongly bigint, OUT invoiced_wrongly bigint,
    OUT not_explained bigint, OUT left_over bigint, OUT by_day bigint, OUT by_plan bigint) LANGUAGE plpgsql AS $$
BEGIN
    IF world THEN
        PERFORM pg_temp.make(seed, true);
    END IF;
    DROP TABLE IF EXISTS pg_temp.was, pg_temp.total, pg_temp.day;
    CREATE TEMP TABLE was AS SELECT * FROM reconciliation_sale;
    CREATE TEMP TABLE total AS
    SELECT w.level, w.month, w.currency, sum(w.purchase_amount) AS bought, sum(w.sales_amount) AS sold, sum(w.invoiced) AS invoiced
    FROM was AS w
    GROUP BY 1, 2, 3;
    SELECT count(*) INTO groups FROM was;
    SELECT count(*) INTO bought_wrongly FROM total AS t
    LEFT JOIN (SELECT month, currency, sum(billed_cost) AS cost FROM bi_cost GROUP BY 1, 2) AS c USING (month, currency)
    WHERE t.bought <> coalesce(c.cost, 0);
    SELECT count(*) INTO sold_wrongly FROM total AS t
    LEFT JOIN (SELECT month, currency, sum(revenue) AS due FROM bi_margin GROUP BY 1, 2) AS m USING (month, currency)
    WHERE t.sold <> coalesce(m.due, 0);
    SELECT count(*) INTO invoiced_wrongly FROM total AS t
    LEFT JOIN (SELECT period_start, currency::text AS currency, sum(amount) AS billed FROM invoice_line GROUP BY 1, 2) AS m
        ON m.period_start = t.month AND m.currency = t.currency
    WHERE t.invoiced <> coalesce(m.billed, 0);
    SELECT count(*) INTO not_explained FROM was AS w
    WHERE w.difference <> w.remainder + (SELECT coalesce(sum(e.value::numeric), 0) FROM jsonb_each_text(w.explanation) AS e)
       OR w.difference <> w.purchase_amount - w.sales_amount OR w.sales_amount <> w.invoiced + w.running OR w.status IS NULL;
    SELECT count(*) INTO left_over FROM was AS w WHERE w.remainder <> 0 OR w.explanation ? 'DOUBLE';
    PERFORM set_config('cloudbilling.grain', 'day', true);
    CREATE TEMP TABLE day AS SELECT * FROM reconciliation_sale;
    PERFORM set_config('cloudbilling.grain', 'month', true);
    SELECT count(*) INTO by_day FROM (
        (SELECT customer_id, account_id, product_id, month, currency, sum(purchase_amount) FROM day WHERE level = 'day' GROUP BY 1, 2, 3, 4, 5
        EXCEPT SELECT customer_id, account_id, product_id, month, currency, purchase_amount FROM was WHERE level = 'sku')
        UNION ALL
        (SELECT customer_id, NULL::int, NULL::int, month, currency, sum(sales_amount) FROM day WHERE level = 'day' GROUP BY 1, 4, 5
        EXCEPT SELECT customer_id, NULL::int, NULL::int, month, currency, sales_amount FROM was WHERE level = 'customer')
    ) AS x;
    PERFORM set_config('enable_hashagg', 'off', true);
    PERFORM set_config('enable_hashjoin', 'off', true);
    PERFORM set_config('enable_mergejoin', 'off', true);
    SELECT count(*) INTO by_plan FROM (
        (SELECT * FROM reconciliation_sale EXCEPT ALL SELECT * FROM was) UNION ALL (SELECT * FROM was EXCEPT ALL SELECT * FROM reconciliation_sale)
    ) AS x;
    PERFORM set_config('enable_hashagg', 'on', true);
    PERFORM set_config('enable_hashjoin', 'on', true);
    PERFORM set_config('enable_mergejoin', 'on', true);
END
$$;
\set QUIET off
\set ECHO all
SELECT count(*) AS worlds, min(c.groups) > 100 AS large, sum(c.bought_wrongly) AS bought_wrongly, sum(c.sold_wrongly) AS sold_wrongly, sum(c.invoiced_wrongly) AS invoiced_wrongly,
    sum(c.not_explained) AS not_explained, sum(c.left_over) AS left_over, sum(c.by_day) AS by_day, sum(c.by_plan) AS by_plan
FROM generate_series(1, 4) AS s
CROSS JOIN LATERAL pg_temp.check(s / 100.0, true) AS c;
-- after documents, and after the facts have changed below them
SELECT invoice_finalise(1, 10, '2026-10-01') > 0 AS finalised;
SELECT groups > 200 AS many, bought_wrongly, sold_wrongly, invoiced_wrongly, not_explained, left_over, by_day, by_plan FROM pg_temp.check(0, false);
UPDATE usage SET cost = cost * 2, quantity = quantity + 1, starts = starts + CASE WHEN n % 7 = 0 THEN interval '20 days' ELSE interval '0' END WHERE n % 3 = 0;
SELECT pg_temp.deliver();
SELECT groups > 200 AS many, bought_wrongly, sold_wrongly, invoiced_wrongly, not_explained, left_over, by_day, by_plan FROM pg_temp.check(0, false);
-- what is below a limit is written off
INSERT INTO correction_policy (customer_id, write_off_below, currency) SELECT customer_id, 200, 'EUR' FROM customer;
SELECT invoice_finalise(1, 10, '2026-10-01') > 0 AS finalised;
SELECT count(*) > 0 AS written_off FROM invoice_write_off;
SELECT groups > 200 AS many, bought_wrongly, sold_wrongly, invoiced_wrongly, not_explained, left_over, by_day, by_plan FROM pg_temp.check(0, false);
