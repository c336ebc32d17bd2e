-- Rating all charges, of all customers.  Prints measurement, side and
-- milliseconds.  Ours is the view rated_line, all columns and rows of it: from the
-- charges themselves, with the setting grain = 'sum', and from roll-ups.
\set ON_ERROR_STOP on
SET search_path = cloudbilling;
\ir compare.sql

-- Months are those of the customers, so that date_trunc('month', ...) gives them too.
SELECT name AS zone FROM time_zone \gset
SET timezone = :'zone';
\ir rating_sql.sql

-- Which line each item's price is in, as a table that is there before the clock
-- starts: the baseline has to find nothing, and joins once.
CREATE TABLE line_key AS
SELECT item_id, customer_id, price_rule_id, product_id
FROM rated_charge
WHERE effect = 'set'
GROUP BY item_id, customer_id, price_rule_id, product_id;
ALTER TABLE line_key ADD PRIMARY KEY (item_id, customer_id, price_rule_id, product_id);
VACUUM ANALYZE line_key;

\set ours 'SELECT * FROM rated_line'

-- No figure without the same result.
CREATE TEMPORARY TABLE answer (side text, customer_id int, currency text, amount numeric);
SELECT format('INSERT INTO answer SELECT %L, customer_id, currency, sum(amount) FROM (%s) AS l GROUP BY customer_id, currency', side, query)
FROM (VALUES ('rules first', :'sql_rules_first'), ('sums first', :'sql_sums_first'), ('sums joined', :'sql_sums_joined'),
    ('roll-ups', :'ours')) AS q (side, query) \gexec
SET cloudbilling.grain = 'sum';
INSERT INTO answer SELECT 'charges', customer_id, currency, sum(amount) FROM rated_line GROUP BY customer_id, currency;
DO $$
BEGIN
    IF (SELECT count(DISTINCT customer_id) FROM answer) < 1000
        OR EXISTS (SELECT FROM answer GROUP BY customer_id, currency HAVING count(*) <> 5 OR count(DISTINCT trim_scale(amount)) <> 1) THEN
        RAISE 'the ways to rate do not agree';
    END IF;
END
$$;

SELECT * FROM pg_temp.compare('rating from charges', :'ours',
    'SELECT k.customer_id, date_trunc(''month'', c.charge_period_start)::date, k.price_rule_id, k.product_id, count(*)
    FROM charge AS c JOIN line_key AS k USING (item_id) GROUP BY 1, 2, 3, 4');
SELECT * FROM pg_temp.compare('rating from charges, no month', :'ours',
    'SELECT k.customer_id, k.price_rule_id, k.product_id, count(*)
    FROM charge AS c JOIN line_key AS k USING (item_id) GROUP BY 1, 2, 3');

SET max_parallel_workers_per_gather = 0;
SELECT * FROM pg_temp.compare('rating from charges, one process', :'ours',
    'SELECT k.customer_id, date_trunc(''month'', c.charge_period_start)::date, k.price_rule_id, k.product_id, count(*)
    FROM charge AS c JOIN line_key AS k USING (item_id) GROUP BY 1, 2, 3, 4');
RESET max_parallel_workers_per_gather;

-- The ways to do it in SQL; the fastest is the baseline.
CREATE TEMPORARY TABLE sql_time AS
SELECT way, pg_temp.elapsed(query) AS milliseconds
FROM generate_series(1, 3) AS round, (VALUES ('rules of items, then charges', :'sql_rules_first'),
    ('sums of items, then rules by LATERAL', :'sql_sums_first'), ('sums of items, then rules by join', :'sql_sums_joined')) AS q (way, query);
SELECT 'pure SQL: ' || way, 'ours', milliseconds FROM sql_time;
CREATE TEMPORARY TABLE sql_best AS
SELECT milliseconds
FROM sql_time
WHERE way = (SELECT way FROM sql_time GROUP BY way ORDER BY percentile_cont(0.5) WITHIN GROUP (ORDER BY milliseconds) LIMIT 1);
SELECT m.measurement, 'baseline', b.milliseconds
FROM sql_best AS b, (VALUES ('rating from charges, pure SQL'), ('rating from roll-ups')) AS m (measurement);
SELECT 'rating from charges, pure SQL', 'ours', pg_temp.elapsed(:'ours') FROM generate_series(1, 5);
SELECT 'rating from charges, loop', 'ours', pg_temp.elapsed(:'ours') FROM generate_series(1, 5);
SET cloudbilling.grain = 'month';
SELECT pg_temp.elapsed(:'ours') \g /dev/null
SELECT 'rating from roll-ups', 'ours', pg_temp.elapsed(:'ours') FROM generate_series(1, 5);

-- A loop, over one charge in 200: what that takes, times 200.
SELECT pg_temp.elapsed('SELECT pg_temp.rate_loop(2000)') \g /dev/null
SELECT 'rating from charges, loop', 'baseline', 200 * pg_temp.elapsed('SELECT pg_temp.rate_loop(200)');

DROP TABLE line_key, sql_owner, sql_rule, sql_tier;
