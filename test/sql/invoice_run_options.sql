-- Runs for some customers, runs that are only tried, and runs that are broken off and
-- continued.  What others see of a run on its way: test/specs/invoice_run.spec.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
-- Batches one after the other, so that numbers are in the order of customers.
SET max_parallel_maintenance_workers = 0;

-- There is no intermediate rate of VAT in the Netherlands: customer 4 cannot be invoiced.
INSERT INTO seller (name, series, vat_number, country) VALUES ('Waddenwolk B.V.', 'W', 'NL859123455B01', 'NL');
INSERT INTO customer (seller_id, number, name)
SELECT 1, chr(96 + n), 'Customer ' || n FROM generate_series(1, 7) AS n;
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, number FROM customer;
INSERT INTO price_rule (name, product_id, measure, currency, pricing) VALUES
    ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"1"}'),
    ('disk', product_ensure('AWS', 'Compute', 'disk'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"0.5"}');
INSERT INTO price_rule (name, customer_id, product_id, measure, currency, pricing, tax_category) VALUES
    ('vm without VAT rate', 4, product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"1"}', 'intermediate');
INSERT INTO usage (account, sku, unit, quantity, cost, starts)
SELECT number, sku, 'Hours', customer_id * 10, 1, '2024-09-05 12:00Z' FROM customer, unnest('{vm,disk}'::text[]) AS sku;
SELECT pg_temp.deliver();

CREATE VIEW pg_temp.billed AS
SELECT (SELECT count(*) FROM invoice_run AS r WHERE r.invoice_run_id <= i.invoice_run_id) AS run, replace(i.invoice_number, i.series_year::text, 'YYYY') AS number, i.customer_id, i.net_amount
FROM invoice AS i
ORDER BY i.invoice_id;
CREATE VIEW pg_temp.runs AS
SELECT row_number() OVER (ORDER BY invoice_run_id) AS run, customers, customers_total AS total, customers_done AS done, invoices, problems, finished_at IS NOT NULL AS finished
FROM invoice_run
ORDER BY 1;

-- A run that is tried: documents and lines as they would be, and who would have none.
SELECT customer_id, customer, document, kind, period_start, period_end, due_on - issued_on AS days, currency, net_amount, vat_amount,
    gross_amount, line_no, service, description, quantity, unit, unit_price, amount, vat_category, vat_rate, corrects
FROM invoice_dry_run('2024-10-01', '{1,2}');
SELECT customer_id, problem, count(document) AS lines, max(document) AS document, sum(amount) AS amount
FROM invoice_dry_run('2024-10-01') GROUP BY 1, 2 ORDER BY 1;
-- In other batches: the same.
SELECT count(*) AS differences
FROM (SELECT * FROM invoice_dry_run('2024-10-01')) AS a
FULL JOIN (SELECT * FROM invoice_dry_run('2024-10-01', NULL, 2)) AS b ON b.customer_id = a.customer_id AND coalesce(b.line_no, 0) = coalesce(a.line_no, 0)
WHERE (a.document, a.amount, a.problem) IS DISTINCT FROM (b.document, b.amount, b.problem);
-- Nothing of it stays: no document, no run, no problem, no number.
SELECT (SELECT count(*) FROM invoice) AS documents, (SELECT count(*) FROM invoice_line) AS lines, (SELECT count(*) FROM invoice_series) AS series,
    (SELECT count(*) FROM invoice_run) AS runs, (SELECT count(*) FROM invoice_run_problem) AS problems;
SELECT count(*) FROM invoice_dry_run('2024-09-01');

-- Some customers, and then all: numbers in the order of customers, none twice.
CALL invoice_run('2024-10-01', customers => '{5,2,2}');
TABLE pg_temp.billed;
SELECT customer_id, count(*) FROM invoice_dry_run('2024-10-01', '{1,2,3,5}') GROUP BY 1 ORDER BY 1;
CALL invoice_run('2024-10-01', 2, '{1,4,5,7}');
CALL invoice_run('2024-10-01', customers => '{}');
TABLE pg_temp.billed;
TABLE pg_temp.runs;
SELECT customer_id, sqlstate, message FROM invoice_run_problem;
\set VERBOSITY terse
CALL invoice_run('2024-10-01', customers => '{1,99,98,NULL}');
CALL invoice_run('2024-10-01', 0);
CALL invoice_run(NULL);
SELECT * FROM invoice_dry_run('2024-10-01', '{99}');
SELECT * FROM invoice_dry_run(NULL);
CALL invoice_run_continue();
CALL invoice_run_continue(1000);
TABLE pg_temp.runs;

-- Everybody's next month, and a run of it that is cancelled at customer 5's document.
UPDATE usage SET starts = starts + interval '1 month';
SELECT pg_temp.deliver();
CREATE FUNCTION pg_temp.cancel() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_cancel_backend(pg_backend_pid()); PERFORM pg_sleep(60); RETURN NEW; END';
CREATE TRIGGER cancel BEFORE INSERT ON invoice FOR EACH ROW WHEN (NEW.customer_id = 5) EXECUTE FUNCTION pg_temp.cancel();
CALL invoice_run('2024-11-01', 2, '{1,2,3,4,5,6}');
SELECT pid, until, phase, customers_total AS total, customers_done AS done, invoices, problems FROM invoice_run_progress;
-- As often as it is broken off.
CALL invoice_run_continue(batch => 1);
SELECT max(invoice_run_id) AS run FROM invoice_run \gset
CALL invoice_run_continue(:run, 1);
DROP TRIGGER cancel ON invoice;
CALL invoice_run_continue();
SELECT * FROM invoice_run_progress;
TABLE pg_temp.runs;
TABLE pg_temp.billed;
SELECT customer_id, message FROM invoice_run_problem ORDER BY invoice_run_id, customer_id;
CALL invoice_run_continue();
-- One who was not asked for, and corrections: what a dry run says they correct.
SELECT customer_id, period_start, amount, corrects FROM invoice_dry_run('2024-11-01') WHERE problem IS NULL;
UPDATE usage SET quantity = quantity + 1 WHERE account = 'a';
SELECT pg_temp.deliver();
SELECT customer_id, period_start, description, amount, replace(corrects, to_char(current_date, 'YYYY'), 'YYYY') AS corrects FROM invoice_dry_run('2024-11-01', '{1}');
SELECT * FROM invoice_verify();
