-- From last month's margin to this month's: numbers that can be reckoned by hand, and
-- parts that add up whatever there is.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set world :dir '/world.sql'
\i :world

-- whatever there is
\set ECHO none
\set QUIET on
CREATE FUNCTION pg_temp.check(seed float, OUT rows bigint, OUT wrong bigint, OUT margin_wrong bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.make(seed, true);
    DROP TABLE IF EXISTS pg_temp.was;
    CREATE TEMP TABLE was AS SELECT * FROM bi_margin_bridge;
    SELECT count(*), count(*) FILTER (WHERE margin_before + corrections + price + cost + volume + mix + fx <> margin) INTO rows, wrong FROM was;
    SELECT count(*) INTO margin_wrong FROM (
        SELECT month, customer_number, currency, margin FROM was WHERE margin <> 0 AND customer_number IS NOT NULL
        EXCEPT SELECT month, customer_number, currency, round(sum(revenue - billed_cost), 6) FROM bi_margin GROUP BY 1, 2, 3) AS x;
END
$$;
\set QUIET off
\set ECHO all
SELECT min(c.rows) > 10 AS large, sum(c.wrong) AS wrong, sum(c.margin_wrong) AS margin_wrong FROM generate_series(1, 2) AS s CROSS JOIN LATERAL pg_temp.check(s / 10.0) AS c;

-- by hand
DELETE FROM ownership;
DELETE FROM price_rule;
DELETE FROM usage;
INSERT INTO customer (seller_id, number, name) VALUES (1, 'K1', 'Works'), (1, 'K2', 'Dollars');
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, CASE number WHEN 'K1' THEN 'one' ELSE 'two' END FROM customer WHERE number LIKE 'K%';
INSERT INTO usage (account, service, sku, quantity, cost, starts, currency)
VALUES
    ('one', 'Compute', 'vm', 10, 100, '2026-08-02 12:00Z', 'EUR'), ('one', 'Compute', 'vm', 15, 165, '2026-09-02 12:00Z', 'EUR'),
    ('one', 'Compute', 'disk', 5, 40, '2026-08-02 12:00Z', 'EUR'), ('one', 'Compute', 'disk', 5, 40, '2026-09-02 12:00Z', 'EUR'),
    ('one', 'Compute', 'tape', 1, 5, '2026-08-02 12:00Z', 'EUR'), ('one', 'Compute', 'gpu', 1, 20, '2026-09-02 12:00Z', 'EUR'),
    ('two', 'Compute', 'vm', 10, 100, '2026-08-02 12:00Z', 'USD'), ('two', 'Compute', 'vm', 10, 100, '2026-09-02 12:00Z', 'USD');
SELECT pg_temp.deliver();
INSERT INTO price_rule (name, product_id, measure, currency, pricing, valid_during)
VALUES ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"12"}', '(,2026-09-01)'),
    ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"13"}', '[2026-09-01,)'),
    ('disk', product_ensure('AWS', 'Compute', 'disk'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"10"}', '(,)'),
    ('tape', product_ensure('AWS', 'Compute', 'tape'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"8"}', '(,)'),
    ('gpu', product_ensure('AWS', 'Compute', 'gpu'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"30"}', '(,)');
INSERT INTO currency_rate (currency, to_currency, rate_on, rate) VALUES ('USD', 'EUR', '2026-07-31', 0.80), ('USD', 'EUR', '2026-08-31', 0.80), ('USD', 'EUR', '2026-09-30', 0.90);
SELECT * FROM bi_margin_bridge WHERE customer_number LIKE 'K%' AND month < '2026-10-01' ORDER BY customer_number, month;
-- August is corrected when it was invoiced
CALL invoice_run('2026-09-01');
UPDATE usage SET cost = 110 WHERE account = 'one' AND sku = 'vm' AND quantity = 10;
UPDATE usage SET quantity = 11 WHERE account = 'one' AND sku = 'vm' AND quantity = 10;
SELECT pg_temp.deliver();
CALL invoice_run('2026-10-01');
SELECT * FROM bi_margin_bridge WHERE customer_number LIKE 'K%' AND month < '2026-10-01' ORDER BY customer_number, month;
