-- An invoice run of all customers of invoice_run_data.sql.  Prints measurement, side and
-- milliseconds.  Variables: sample, customers that the loop does; batch, customers a transaction.
--
-- The baseline writes the same finished lines, by one statement, into a table with the
-- same columns and primary key.  The loop is what everybody writes first: for each
-- customer, for each product, find what was used, what it costs and what was billed before, and
-- insert the line.  It makes no documents, no VAT and no hashes.
\set ON_ERROR_STOP on
SELECT pg_backend_pid() \g pid
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\ir compare.sql

CREATE TABLE line_plain (LIKE invoice_line, PRIMARY KEY (invoice_id, line_no));
CREATE TABLE line_loop (LIKE invoice_line, PRIMARY KEY (invoice_id, line_no));

CREATE FUNCTION pg_temp.invoice_loop(customers int) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    c record;
    used record;
    r record;
    was numeric;
    total numeric;
    exact numeric;
    due numeric;
    n int;
BEGIN
    FOR c IN SELECT customer_id, number FROM customer ORDER BY customer_id LIMIT customers LOOP
        n := 0;
        total := 0;
        FOR used IN
            SELECT i.product_id, p.path, p.name, i.pricing_unit AS unit, i.billing_currency AS currency, sum(m.quantity) AS quantity,
                sum(m.billed_cost) AS cost
            FROM account AS a
            CROSS JOIN load_scope_current AS s
            JOIN charge_monthly AS m ON m.load_scope_id = s.load_scope_id AND m.account_id = a.account_id
            JOIN charge_item AS i ON i.item_id = m.item_id
            JOIN product AS p ON p.product_id = i.product_id
            WHERE a.source_customer_id = c.number AND m.charge_on = '2026-01-01'
            GROUP BY 1, 2, 3, 4, 5
        LOOP
            SELECT x.* INTO r
            FROM price_rule AS x
            WHERE x.effect = 'set' AND x.product_id = ANY (used.path) AND coalesce(x.customer_id, c.customer_id) = c.customer_id
              AND x.valid_during @> '2026-01-01'::date
            ORDER BY x.customer_id NULLS LAST, array_position(used.path, x.product_id) DESC, x.position
            LIMIT 1;
            SELECT coalesce(sum(l.amount), 0) INTO was
            FROM invoice_line AS l
            WHERE l.customer_id = c.customer_id AND l.period_start = '2026-01-01' AND l.price_rule_id = r.price_rule_id
              AND l.product_id = used.product_id;
            exact := rate(used.quantity, r.pricing);
            due := currency_round(exact, used.currency);
            n := n + 1;
            total := total + exact;
            INSERT INTO line_loop (invoice_id, line_no, customer_id, period_start, price_rule_id, product_id, currency, revision, effect, service,
                description, measure, pricing, measured, measured_before, due, due_before, quantity, unit, unit_price, amount, cost, vat_category, vat_rate)
            VALUES (c.customer_id, n, c.customer_id, '2026-01-01', r.price_rule_id, used.product_id, used.currency, 0, r.effect, used.name,
                used.name, r.measure, r.pricing, used.quantity, 0, due, was, used.quantity, used.unit, round(due / used.quantity, 4), due - was,
                used.cost, 'S', 21);
        END LOOP;
        FOR r IN SELECT * FROM price_rule WHERE effect IN ('adjust', 'add') ORDER BY effect DESC, price_rule_id LOOP
            exact := rate(total, r.pricing);
            due := currency_round(exact, 'EUR');
            n := n + 1;
            total := total + exact;
            INSERT INTO line_loop (invoice_id, line_no, customer_id, period_start, price_rule_id, product_id, currency, revision, effect, service,
                description, measure, pricing, measured, measured_before, due, due_before, quantity, unit_price, amount, cost, vat_category, vat_rate)
            VALUES (c.customer_id, n, c.customer_id, '2026-01-01', r.price_rule_id, 1, 'EUR', 0, r.effect, r.name, r.name, r.measure, r.pricing,
                total, 0, due, 0, sign(due), abs(due), due, 0, 'S', 21);
        END LOOP;
    END LOOP;
END
$$;

SELECT pg_temp.elapsed('SELECT pg_temp.invoice_loop(5)') \g /dev/null
TRUNCATE line_loop;
SELECT 'invoice run, loop', 'baseline', pg_temp.elapsed(format('SELECT pg_temp.invoice_loop(%s)', :sample)) * (SELECT count(*) FROM customer) / :sample;

SELECT clock_timestamp() AS began \gset
CALL invoice_run('2026-02-01', :batch);
SELECT extract(epoch FROM clock_timestamp() - :'began') * 1000 AS elapsed \gset
SELECT m, 'ours', :elapsed FROM unnest('{"invoice run","invoice run, loop"}'::text[]) AS m;

-- Nothing is worth its time that is not right.
DO $$
BEGIN
    IF (SELECT count(*) FROM invoice_line) <> 50 * (SELECT count(*) FROM customer) OR EXISTS (SELECT FROM invoice_run_problem) THEN
        RAISE 'not all lines were made';
    END IF;
    IF EXISTS (
        SELECT
        FROM line_loop AS o
        LEFT JOIN invoice_line AS l USING (customer_id, price_rule_id, product_id)
        WHERE l.amount IS DISTINCT FROM o.amount) THEN
        RAISE 'the loop has other amounts';
    END IF;
END
$$;

SELECT pg_temp.elapsed('INSERT INTO line_plain SELECT * FROM invoice_line') \g /dev/null
TRUNCATE line_plain;
SELECT 'invoice run', 'baseline', pg_temp.elapsed('INSERT INTO line_plain SELECT * FROM invoice_line');
TRUNCATE line_plain;
SELECT 'invoice run', 'baseline', pg_temp.elapsed('INSERT INTO line_plain SELECT * FROM invoice_line');
TRUNCATE line_plain;
SELECT 'invoice run', 'baseline', pg_temp.elapsed('INSERT INTO line_plain SELECT * FROM invoice_line');
