-- Groups: one document of the customer above, with a section for each below.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
-- Batches one after the other, so that numbers are in the order of customers.
SET max_parallel_maintenance_workers = 0;
\pset format unaligned

SET cloudbilling.correction_months = 1200;
INSERT INTO seller (name, series, vat_number) VALUES ('Waddenwolk B.V.', 'W', 'NL859123455B01'), ('Other B.V.', 'O', NULL);
-- the holding comes after one daughter; others between them have nothing to do with it
INSERT INTO customer (seller_id, parent_id, number, name, country, vat_number, order_number) VALUES
    (1, NULL, 'D1', 'Daughter one', 'NL', NULL, NULL), (1, NULL, 'A', 'Alpha', 'NL', NULL, NULL), (1, NULL, 'H', 'Holding N.V.', 'BE', 'BE0403170701', 'PO-H'),
    (2, NULL, 'O', 'Of another', 'NL', NULL, NULL), (1, 1, 'D2', 'Granddaughter', 'NL', NULL, 'PO-D2'), (1, 3, 'S', 'Separate sister', 'NL', NULL, NULL);
UPDATE customer SET parent_id = 3 WHERE number = 'D1';
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, lower(number) FROM customer;
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing) VALUES
    ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'account', 'EUR', per_unit(1)),
    ('disk', product_ensure('AWS', 'Storage', 'disk'), 'quantity', 'scope', 'EUR', per_unit(0.10));
INSERT INTO invoice_policy (customer_id, bill_to_parent, sections) SELECT customer_id, number <> 'H', number = 'H' FROM customer WHERE number IN ('D1', 'D2', 'H');
INSERT INTO usage (account, service, sku, quantity, starts)
SELECT a, s.service, s.sku, q + s.more, m
FROM (VALUES ('d1', 10), ('d2', 20), ('h', 100), ('s', 5), ('a', 7), ('o', 8)) AS u (a, q),
    (VALUES ('Compute', 'vm', 0), ('Storage', 'disk', 3)) AS s (service, sku, more), unnest('{2024-09-05 12:00Z,2024-10-05 12:00Z}'::timestamptz[]) AS m;
SELECT pg_temp.deliver();

CREATE VIEW pg_temp.document AS
SELECT i.invoice_id AS id, i.kind, c.number AS customer, b.number AS bill_to, i.period_start, i.net_amount AS net, i.vat_amount AS vat, i.prepaid_amount AS prepaid,
    i.customer ->> 'for_customer' AS "for", count(l.*) AS lines, count(DISTINCT l.section) AS sections
FROM invoice AS i JOIN customer AS c USING (customer_id) LEFT JOIN customer AS b ON b.customer_id = i.bill_to_id JOIN invoice_line AS l USING (invoice_id)
GROUP BY i.invoice_id, c.number, b.number ORDER BY i.invoice_id;
CREATE VIEW pg_temp.line AS
SELECT l.invoice_id AS id, l.line_no AS n, c.number AS customer, l.section, l.period_start, l.description, l.order_number AS order, l.amount, l.corrects, l.vat_category AS vat
FROM invoice_line AS l JOIN customer AS c USING (customer_id) ORDER BY 1, 2;
CREATE VIEW pg_temp.balance AS
SELECT (SELECT sum(amount) FROM invoice_line) + (SELECT coalesce(sum(amount), 0) FROM invoice_running) + (SELECT coalesce(sum(amount), 0) FROM invoice_write_off)
    = (SELECT sum(currency_round(amount, currency)) FROM rated_line) AS adds_up;

-- Neither daughter has anything of her own to invoice; with the holding, everything goes at once, however far apart.
SELECT invoice_finalise(1, 1, '2024-10-01'), invoice_finalise(5, 5, '2024-10-01');
CALL invoice_run('2024-10-01', batch => 1);
SELECT * FROM pg_temp.document;
SELECT * FROM pg_temp.line WHERE id = (SELECT min(invoice_id) FROM invoice WHERE customer_id = 3);
CALL invoice_run('2024-10-01');
CALL invoice_run('2024-10-01', customers => '{1}');
SELECT count(*) FROM invoice;
SELECT sum(problems) FROM invoice_run;
SELECT * FROM pg_temp.balance;
SELECT invoice_id AS id FROM invoice WHERE customer_id = 3 \gset
-- What it says, as text and XML.
SELECT regexp_replace(regexp_replace(substring(invoice_html(:id) FROM '<h2>Summary.*Total including VAT'), '<style>.*</style>', ''), '(<[^>]+>|\s)+', ' ', 'g') AS says;
SELECT x.* FROM xmltable(XMLNAMESPACES ('urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2' AS a, 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2' AS b),
    '//a:InvoiceLine' PASSING invoice_ubl_document((SELECT i FROM invoice AS i WHERE i.invoice_id = :id), 'en16931') COLUMNS n text PATH 'b:ID', section text PATH 'b:AccountingCost', amount numeric PATH 'b:LineExtensionAmount') AS x;
SELECT b.by, sum(a.amount) = i.net_amount AS adds_up, string_agg(concat(a.value, '=', a.amount), ' ' ORDER BY a.value) AS parts
FROM invoice AS i, unnest('{service,account}'::text[]) AS b (by), invoice_annex(i.invoice_id, b.by) AS a WHERE i.invoice_id = :id GROUP BY b.by, i.net_amount ORDER BY 1;
SELECT e.part, e.description, e.amount FROM invoice_line AS l, invoice_line_explain(l) AS e WHERE l.invoice_id = :id AND l.line_no = 4 AND e.part <> 'rule' ORDER BY 1, 2;

-- The next month, with a correction of a daughter, her note, and what the holding paid in advance.
UPDATE usage SET quantity = 19 WHERE account = 'd2' AND sku = 'vm' AND starts < '2024-10-01Z';
SELECT pg_temp.deliver();
SELECT invoice_note_add(5, 'Thank you, granddaughter.') > 0 AS noted;
INSERT INTO payment (seller_id, received_on, amount) VALUES (1, '2024-10-20', 50);
SELECT prepayment_add(1, 3);
SELECT count(DISTINCT document) AS documents, sum(amount) FROM invoice_preview(5, '2024-11-01');
SELECT count(*) AS pages FROM invoice_proforma(1, '2024-11-01');
CALL invoice_run('2024-11-01', batch => 2);
SELECT max(invoice_id) AS id FROM invoice WHERE customer_id = 3 \gset
SELECT kind, customer, period_start, net, vat, prepaid, lines, sections FROM pg_temp.document WHERE id = :id;
SELECT n, customer, section, period_start, description, amount, corrects IS NOT NULL AS corrects FROM pg_temp.line WHERE id = :id;
SELECT note FROM invoice WHERE invoice_id = :id;
SELECT regexp_replace(regexp_replace(substring(invoice_html(:id) FROM '<h2 class="section">Granddaughter.*Total excluding'), '(<[^>]+>|\s)+', ' ', 'g'), 'W\d{4}-', 'W-') AS says;
SELECT * FROM pg_temp.balance;

-- A line by hand at once; a credit of a line of a daughter, and of all.
SELECT invoice_line_add(1, 'Installation', 1, 95, '2024-11-02') > 0 AS added;
SELECT invoice_adhoc(1) > 0 AS made;
SELECT customer, net, lines, sections FROM pg_temp.document WHERE id = (SELECT max(invoice_id) FROM invoice);
SELECT invoice_credit(:id, 'not so', lines => '{3}') AS credit \gset
SELECT kind, customer, net, sections FROM pg_temp.document WHERE id = :credit;
SELECT n, customer, section, description, amount FROM pg_temp.line WHERE id = :credit;
SELECT invoice_credit(:id, 'the rest') AS credit \gset
SELECT kind, customer, net, vat, sections FROM pg_temp.document WHERE id = :credit;
SELECT status, open_amount, credited, paid FROM invoice_status WHERE invoice_id = :id;
SELECT * FROM pg_temp.balance;

-- Approval is of the document: of the holding, once for all.
INSERT INTO approval_policy (customer_id) VALUES (3);
INSERT INTO usage (account, service, sku, quantity, starts) SELECT a, 'Compute', 'vm', 30, '2024-11-05 12:00Z' FROM unnest('{d1,d2,h,s}'::text[]) AS a;
SELECT pg_temp.deliver();
CALL invoice_run('2024-12-01');
SELECT c.number, p.net_amount, p.decision FROM invoice_approval AS p JOIN customer AS c USING (customer_id);
SELECT cardinality(invoice_approve(invoice_approval_id, 90)) FROM invoice_approval;
SELECT customer, net, sections FROM pg_temp.document WHERE id = (SELECT max(invoice_id) FROM invoice);
CALL invoice_run('2024-12-01');
SELECT decision, count(*) FROM invoice_approval GROUP BY 1;
DELETE FROM approval_policy;

-- An order of a daughter that is spent holds the document of all; the others are invoiced.
INSERT INTO purchase_order (customer_id, number, amount, when_spent) VALUES (5, 'PO-D2', 60, 'hold'), (3, 'PO-H', 1000, 'warn');
INSERT INTO usage (account, service, sku, quantity, starts) SELECT a, 'Compute', 'vm', 40, '2024-12-05 12:00Z' FROM unnest('{d1,d2,h,s}'::text[]) AS a;
SELECT pg_temp.deliver();
CALL invoice_run('2025-01-01');
SELECT c.number, p.message FROM invoice_run_problem AS p JOIN customer AS c USING (customer_id);
SELECT customer, net FROM pg_temp.document WHERE period_start = '2024-12-01';
UPDATE purchase_order SET amount = 1000 WHERE number = 'PO-D2';
CALL invoice_run('2025-01-01');
SELECT customer, net, sections FROM pg_temp.document WHERE period_start = '2024-12-01' ORDER BY 1;
SELECT customer_number, number, invoiced FROM purchase_order_balance ORDER BY 1;

-- Without sections again, documents are the daughters', addressed to the holding, and so are corrections.
UPDATE invoice_policy SET sections = false;
UPDATE usage SET quantity = 41 WHERE starts >= '2024-12-01Z' AND account IN ('d1', 'h');
SELECT pg_temp.deliver();
CALL invoice_run('2025-01-01');
SELECT kind, customer, bill_to, period_start, net, sections FROM pg_temp.document ORDER BY id DESC LIMIT 2;
-- and a credit of a document that had them is the holding's still
SELECT max(invoice_id) AS id FROM invoice AS i WHERE customer_id = 3 AND EXISTS (SELECT FROM invoice_line AS l WHERE l.invoice_id = i.invoice_id AND l.section IS NOT NULL) \gset
SELECT invoice_credit(:id, 'all') AS credit \gset
SELECT kind, customer, bill_to, net, sections FROM pg_temp.document WHERE id = :credit;
SELECT * FROM pg_temp.balance;
SELECT count(*) FROM invoice_running WHERE amount <> 0;
SELECT * FROM invoice_verify();
