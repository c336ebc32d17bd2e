-- Documents that are split, addressed to the customer above, or wait.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

SET cloudbilling.correction_months = 1200;
INSERT INTO seller (name, series, vat_number) VALUES ('Waddenwolk B.V.', 'W', 'NL859123455B01');
INSERT INTO customer (seller_id, parent_id, number, name, country, vat_number, order_number, payment_days, language) VALUES
    (1, NULL, 'A', 'Alpha', 'NL', NULL, 'PO-A', NULL, 'en'), (1, NULL, 'H', 'Holding', 'BE', 'BE0403170701', NULL, 60, 'nl'),
    (1, 2, 'D1', 'Daughter one', 'NL', NULL, NULL, NULL, 'en'), (1, 3, 'D2', 'Granddaughter', 'NL', NULL, 'PO-D2', NULL, 'en'),
    (1, NULL, 'Z', 'Zero', 'NL', NULL, NULL, NULL, 'en');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a1'), (1, 'a2'), (2, 'h'), (3, 'd1'), (4, 'd2'), (5, 'z');
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing) VALUES
    ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'account', 'EUR', per_unit(1)),
    ('disk', product_ensure('AWS', 'Compute', 'disk'), 'quantity', 'scope', 'EUR', per_unit(1));
CREATE VIEW pg_temp.document AS
SELECT i.invoice_id AS id, i.kind, c.number AS customer, b.number AS bill_to, i.split_by, i.split_value, i.customer ->> 'order_number' AS order, i.period_start, i.period_end - 1 AS last_day,
    i.net_amount AS net, i.vat_amount AS vat, i.due_on - i.issued_on AS days
FROM invoice AS i JOIN customer AS c USING (customer_id) LEFT JOIN customer AS b ON b.customer_id = i.bill_to_id
ORDER BY i.invoice_id;
CREATE VIEW pg_temp.line AS
SELECT l.invoice_id AS id, l.line_no AS n, l.period_start, l.description, l.account, l.order_number AS order, l.amount, l.corrects, l.vat_category AS vat
FROM invoice_line AS l
ORDER BY l.invoice_id, l.line_no;

-- By account: what has none is on one of its own.
INSERT INTO usage (account, sku, quantity, cost, starts) VALUES ('a1', 'vm', 10, 8, '2024-09-05 12:00Z'), ('a2', 'vm', 20, 8, '2024-09-05 12:00Z'), ('a1', 'disk', 5, 3, '2024-09-05 12:00Z');
SELECT pg_temp.deliver();
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, order_number, payment_days) VALUES ('S', 1, 'Seats', '2024-01-01', '2024-09-01', 'PO-S', 14);
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing) VALUES (agreement_key('S'), 1, product_ensure('Own services', 'Workplace', 'seat'), 'Seat', per_unit(30));
INSERT INTO agreement_quantity VALUES (1, '[2024-09-01,2024-12-01)', 2);
INSERT INTO invoice_policy (customer_id, split_by) VALUES (1, 'account');
SELECT invoice_finalise(1, 1, '2024-10-01');
SELECT * FROM pg_temp.document;
SELECT * FROM pg_temp.line;
-- Differences go with the document of their account, and a part that comes late is no correction of another.
UPDATE usage SET quantity = 11 WHERE account = 'a1' AND sku = 'vm';
INSERT INTO usage (account, sku, quantity, cost, starts) VALUES ('a2', 'disk', 1, 1, '2024-10-05 12:00Z'), ('a2', 'vm', 3, 1, '2024-10-05 12:00Z');
SELECT pg_temp.deliver();
SELECT invoice_finalise(1, 1, '2024-11-01');
SELECT * FROM pg_temp.document WHERE id > 4;
SELECT * FROM pg_temp.line WHERE id > 4;

-- By order number: the agreement's, else the customer's.  What was billed under another policy stays billed.
UPDATE invoice_policy SET split_by = 'order_number' WHERE customer_id = 1;
UPDATE usage SET quantity = 12 WHERE account = 'a1' AND sku = 'vm';
INSERT INTO usage (account, sku, quantity, cost, starts) VALUES ('a2', 'vm', 4, 1, '2024-11-05 12:00Z');
SELECT pg_temp.deliver();
SELECT invoice_line_add(1, 'Cable', 1, 5, '2024-11-07', order_number => 'PO-C') > 0 AS added;
SELECT invoice_finalise(1, 1, '2024-12-01');
SELECT * FROM pg_temp.document WHERE id > 8;
SELECT * FROM pg_temp.line WHERE id > 8;
-- By agreement.
UPDATE invoice_policy SET split_by = 'agreement' WHERE customer_id = 1;
UPDATE agreement_quantity SET quantity = 3 WHERE agreement_item_id = 1;
UPDATE usage SET quantity = 5 WHERE quantity = 4;
SELECT pg_temp.deliver();
SELECT invoice_finalise(1, 1, '2024-12-01');
SELECT * FROM pg_temp.document WHERE id > 10;
SELECT split_value, substring(invoice_html(invoice_id) FROM '<tr><th scope="row">Agreement</th>.*?</tr>') AS html FROM invoice WHERE invoice_id > 10 ORDER BY invoice_id;
SELECT sum(amount) FROM invoice_running(1);

-- A group: documents of two levels go to the holding, with its VAT, language and term; what is shown is for whom.
INSERT INTO invoice_policy (customer_id, bill_to_parent) VALUES (3, true), (4, true);
INSERT INTO usage (account, sku, quantity, cost, starts) VALUES ('h', 'vm', 100, 8, '2024-09-05 12:00Z'), ('d1', 'vm', 10, 8, '2024-09-05 12:00Z'), ('d2', 'vm', 20, 8, '2024-09-05 12:00Z');
SELECT pg_temp.deliver();
SELECT invoice_finalise(2, 4, '2024-10-01');
SELECT * FROM pg_temp.document WHERE id > 12;
SELECT customer ->> 'name' AS name, customer ->> 'for_customer' AS for_customer, language FROM invoice WHERE invoice_id > 12 ORDER BY invoice_id;
SELECT id, n, account, amount, vat FROM pg_temp.line WHERE id > 12;
SELECT substring(invoice_html(15) FROM '<tr><th scope="row">Voor</th>.*?</tr>') AS html;
-- Who is addressed himself again gets corrections himself, with the VAT of what they correct.
DELETE FROM invoice_policy WHERE customer_id = 4;
UPDATE usage SET quantity = 19 WHERE account = 'd2';
SELECT pg_temp.deliver();
SELECT invoice_finalise(2, 4, '2024-10-01');
SELECT * FROM pg_temp.document WHERE id > 15;

-- What is of nothing or less waits, and goes with what comes.
INSERT INTO invoice_policy (customer_id, zero_total, negative_total) VALUES (5, 'wait', 'wait');
INSERT INTO usage (account, sku, quantity, cost, starts) VALUES ('z', 'vm', 10, 8, '2024-09-05 12:00Z');
SELECT pg_temp.deliver();
SELECT invoice_finalise(5, 5, '2024-10-01');
UPDATE usage SET quantity = 4 WHERE account = 'z';
SELECT pg_temp.deliver();
SELECT invoice_finalise(5, 5, '2024-10-01') AS negative;
SELECT invoice_line_add(5, 'Cable', 6, 1, '2024-10-07') > 0 AS added;
SELECT invoice_finalise(5, 5, '2024-11-01') AS zero;
SELECT period_start, description, amount FROM invoice_running(5) WHERE amount <> 0 ORDER BY 1, 2;
INSERT INTO usage (account, sku, quantity, cost, starts) VALUES ('z', 'vm', 1, 8, '2024-11-05 12:00Z');
SELECT pg_temp.deliver();
SELECT invoice_finalise(5, 5, '2024-12-01') AS positive;
SELECT * FROM pg_temp.document WHERE id > 17 AND customer = 'Z';
SELECT id, n, period_start, description, amount, corrects IS NOT NULL AS corrects FROM pg_temp.line WHERE id > 17;
-- Without waiting any longer than corrections are looked at.
UPDATE usage SET quantity = 0 WHERE account = 'z';
SELECT pg_temp.deliver();
SELECT invoice_finalise(5, 5, '2024-12-01') AS waits;
SET cloudbilling.correction_months = 12;
SELECT invoice_finalise(5, 5, '2024-12-01') AS waits_no_more;
SELECT kind, net FROM pg_temp.document ORDER BY id DESC LIMIT 1;
SELECT * FROM invoice_verify();
SELECT sum(amount) FROM invoice_running;
SELECT code FROM pg_temp.fails($$INSERT INTO invoice_policy (customer_id, split_by) VALUES (2, 'tag')$$);
