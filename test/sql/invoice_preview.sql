-- What the invoice would be on a day to come: the same as it is then, and nothing kept.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

SET timezone = 'Europe/Amsterdam';
INSERT INTO seller (name, series, vat_number) VALUES ('Waddenwolk B.V.', 'W', 'NL859123455B01');
INSERT INTO customer (seller_id, number, name, language) VALUES (1, 'A', 'Alpha', 'nl'), (1, 'B', 'Beta', 'en');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a');
INSERT INTO price_rule (name, product_id, measure, currency, pricing) VALUES ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'EUR', per_unit(1));
INSERT INTO usage (account, quantity, cost, starts) VALUES ('a', 100, 80, '2024-09-05 12:00Z'), ('a', 7, 5, now());
SELECT pg_temp.deliver();
-- Fees in advance from next month on, and seats that become more in the month after.
SELECT date_trunc('month', current_date + interval '1 month')::date AS month1, date_trunc('month', current_date + interval '2 months')::date AS month2,
    date_trunc('month', current_date + interval '3 months')::date AS month3 \gset
INSERT INTO agreement (number, customer_id, name, signed_on, start_on) VALUES ('S', 1, 'Seats', '2024-01-01', :'month1');
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing)
VALUES (agreement_key('S'), 1, product_ensure('Own services', 'Workplace', 'seat'), 'Seat', per_unit(30));
INSERT INTO agreement_quantity VALUES (1, daterange(:'month1', :'month2'), 2), (1, daterange(:'month2', NULL), 3);
SELECT CASE p.issued_on WHEN current_date THEN 'today' WHEN :'month1' THEN 'month1' WHEN :'month2' THEN 'month2' END AS day, p.document, p.kind, p.net_amount AS net, p.vat_amount AS vat,
    p.line_no AS n, CASE p.period_start WHEN :'month1' THEN 'month1' WHEN :'month2' THEN 'month2' WHEN '2024-09-01' THEN '2024-09' ELSE 'this' END AS period,
    p.description, p.quantity, p.unit_price, p.amount, p.vat_rate AS rate, p.corrects
FROM (SELECT * FROM invoice_preview(1) UNION ALL SELECT * FROM invoice_preview(1, :'month1') UNION ALL SELECT * FROM invoice_preview(1, :'month2')) AS p
ORDER BY p.issued_on, p.document, p.line_no;
-- Nothing is kept.
SELECT (SELECT count(*) FROM invoice) AS invoices, (SELECT count(*) FROM invoice_line) AS lines, (SELECT count(*) FROM invoice_series) AS series;
SELECT count(*) FROM invoice_preview(2);

-- The invoice is what its preview was.
CREATE TABLE pg_temp.before AS SELECT * FROM invoice_preview(1, '2024-10-01');
CALL invoice_run('2024-10-01');
SELECT b.description, b.amount, b.gross_amount = i.gross_amount AND b.quantity = l.quantity AND b.amount = l.amount AND b.due_on = i.due_on AS same, i.invoice_number ~ '-000001$' AS first
FROM pg_temp.before AS b JOIN invoice AS i ON true JOIN invoice_line AS l USING (line_no);
SELECT * FROM invoice_verify();
-- A correction names what it corrects.
UPDATE usage SET quantity = 90 WHERE quantity = 100;
SELECT pg_temp.deliver();
SELECT kind, description, quantity, amount, regexp_replace(corrects, '[0-9]{4}-', 'YYYY-') AS corrects FROM invoice_preview(1, '2024-10-01');

-- As HTML: marked, without number and payment.
SELECT count(*), bool_and(p ~ '<h1>PROFORMA creditnota</h1>') AS heading, bool_and(p ~ 'PROFORMA: dit is geen factuur') AS says, bool_or(p ~ '>RF|Factuurnummer|Creditnotanummer|<section class="payment">') AS numbered
FROM invoice_proforma(1, '2024-10-01') AS p;
SELECT count(*), bool_and(p ~ '<h1>PROFORMA factuur</h1>') AS heading FROM invoice_proforma(1, :'month1') AS p;

SELECT * FROM pg_temp.fails('SELECT * FROM invoice_preview(99)');
SELECT * FROM pg_temp.fails($$SELECT * FROM invoice_proforma(1, 'infinity')$$);
