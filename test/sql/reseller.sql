-- A distributor invoices resellers, and these their customers, each as a seller of its own.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
-- Batches one after the other, so that numbers are in the order of customers.
SET max_parallel_maintenance_workers = 0;

INSERT INTO seller (name, series, vat_number, country) VALUES ('Distributor', 'D', 'NL859123455B01', 'NL'), ('Reseller R', 'R', 'BE0403170701', 'BE'), ('Reseller Q', 'Q', 'NL859123455B01', 'NL');
-- The keys of customers are not in the order of the tree: R (5) stands above A (1) and Q (3), which stands above B (2); E (4) buys himself.
INSERT INTO customer (seller_id, number, name, country, vat_number, resells) VALUES (1, 'A', 'Alpha', 'BE', NULL, false), (1, 'B', 'Beta', 'NL', NULL, false),
    (1, 'Q', 'Q', 'NL', 'NL001234567B29', true), (1, 'E', 'Echo', 'NL', NULL, false), (1, 'R', 'R', 'BE', 'BE0403170701', true);
UPDATE customer SET parent_id = 5 WHERE customer_id IN (1, 3);
UPDATE customer SET parent_id = 3 WHERE customer_id = 2;
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a'), (2, 'b'), (4, 'e');
INSERT INTO price_rule (name, product_id, measure, pricing) VALUES ('sale', product_ensure('AWS', 'Compute', 'vm'), 'billed_cost', per_unit(1.1));
INSERT INTO price_rule (name, reseller_id, product_id, measure, pricing, currency) VALUES ('R sells', 5, product_ensure('AWS', 'Compute', 'vm'), 'quantity', per_unit(2), 'EUR'),
    ('Q sells', 3, product_ensure('AWS', 'Compute', 'vm'), 'quantity', per_unit(3), 'EUR');
INSERT INTO usage (account, quantity, cost, starts) VALUES ('a', 100, 80, '2024-09-05 12:00Z'), ('b', 10, 8, '2024-09-05 12:00Z'), ('e', 1, 1, '2024-09-05 12:00Z');
SELECT pg_temp.deliver();
CREATE VIEW pg_temp.document AS
SELECT i.invoice_id AS id, replace(i.invoice_number, i.series_year::text, 'YYYY') AS number, i.kind, s.name AS seller, c.number AS customer, r.number AS reseller, i.net_amount AS net, i.vat_amount AS vat,
    i.seller ->> 'vat_number' AS seller_vat
FROM invoice AS i JOIN seller AS s USING (seller_id) JOIN customer AS c USING (customer_id) LEFT JOIN customer AS r ON r.customer_id = i.reseller_id
ORDER BY i.invoice_id;
CREATE VIEW pg_temp.line AS
SELECT l.invoice_id AS id, l.line_no AS n, l.description, l.quantity, l.unit_price, l.amount, l.due_before AS before, l.cost, l.corrects, l.vat_category AS vat, l.vat_rate AS rate, l.vat_country AS country
FROM invoice_line AS l
ORDER BY l.invoice_id, l.line_no;

-- Who is no seller is not invoiced for.
SELECT customer, description, amount, reseller_id FROM invoice_running ORDER BY customer_id;
INSERT INTO reseller (customer_id, seller_id) VALUES (5, 2);
SELECT customer, description, amount, cost, reseller_id FROM invoice_running ORDER BY customer_id;
SELECT description, amount, reseller_id FROM invoice_running(1);
SELECT description, amount, reseller_id FROM invoice_running(3);
SELECT count(*) FROM invoice_running(2);
INSERT INTO reseller (customer_id, seller_id) VALUES (3, 3);
SELECT description, amount, reseller_id FROM invoice_running(2);
SELECT kind, description, amount, gross_amount FROM invoice_preview(2, '2024-10-01');

-- Each level in its own series, with its own VAT.  In batches of one, too, whatever the keys.
CALL invoice_run('2024-10-01', 1);
SELECT * FROM pg_temp.document;
SELECT * FROM pg_temp.line;
CALL invoice_run('2024-10-01');
SELECT count(*) FROM invoice;
SELECT customer_id, sqlstate, message FROM invoice_run_problem;
SELECT customer, sum(amount) FROM invoice_running GROUP BY 1;

-- The difference, on each level.
UPDATE usage SET quantity = 12, cost = 9 WHERE account = 'b';
SELECT pg_temp.deliver();
SELECT customer, amount, due_before, corrects, reseller_id FROM invoice_running WHERE amount <> 0 ORDER BY customer_id;
CALL invoice_run('2024-10-02');
SELECT * FROM pg_temp.document WHERE id > 5;
SELECT * FROM pg_temp.line WHERE id > 5;
SELECT sum(amount) FROM invoice_running;
SELECT * FROM invoice_verify();

-- BI is the distributor's: what resellers invoice is their revenue.
SELECT customer, revenue FROM bi_revenue ORDER BY invoice_number;
SELECT customer, revenue, invoiced, billed_cost FROM bi_margin ORDER BY customer_number;

-- A customer that moves out from under the reseller is credited by it, and invoiced by the seller.
UPDATE customer SET parent_id = NULL WHERE customer_id = 1;
SELECT customer, amount, due_before, corrects, reseller_id FROM invoice_running WHERE amount <> 0 ORDER BY customer_id, reseller_id;
CALL invoice_run('2024-10-03');
SELECT * FROM pg_temp.document WHERE id > 8;
SELECT * FROM pg_temp.line WHERE id > 8;
SELECT count(*) FROM invoice_running WHERE amount <> 0;
-- A policy of the reseller leaves what is sold on alone.
INSERT INTO correction_policy (customer_id, document) VALUES (5, 'separate');
UPDATE usage SET quantity = 13, cost = 10 WHERE account = 'b';
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-03');
SELECT * FROM pg_temp.document WHERE id > 11;
SELECT count(*) FROM invoice_running WHERE amount <> 0;
SELECT * FROM invoice_verify();

SELECT * FROM pg_temp.fails('INSERT INTO reseller VALUES (4, 1)');
SELECT * FROM pg_temp.fails('UPDATE customer SET seller_id = 2 WHERE customer_id = 4');
SELECT code FROM pg_temp.fails('UPDATE customer SET resells = false WHERE customer_id = 5');
SELECT customer_id, sqlstate, message, detail FROM invoice_run_problem;
