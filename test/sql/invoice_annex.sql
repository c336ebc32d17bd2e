-- A document by service, account, resource and tag: each adds up to it.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

SET cloudbilling.correction_months = 1200;
INSERT INTO seller (name, series, vat_number) VALUES ('Waddenwolk B.V.', 'W', 'NL859123455B01');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'A', 'Alpha');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a'), (1, 'b');
-- A price over all accounts on a ladder, one per resource, a discount and a fee on everything.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, effect) VALUES
    ('backup', product_ensure('AWS', 'Backup', 'gb'), 'quantity', 'scope', 'EUR', graduated(ARRAY[tier(100, 0.10), tier(NULL, 0.07)]), 'set'),
    ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'resource', 'EUR', per_unit(1), 'set');
INSERT INTO price_rule (name, measure, pricing, effect, currency) VALUES ('Management', 'amount', '{"model":"percentage","rate":10}', 'add', 'EUR');
INSERT INTO usage (account, service, sku, resource, unit, quantity, cost, starts, tags) VALUES
    ('a', 'Backup', 'gb', 'vault-1', 'GB', 100, 5, '2024-09-05 12:00Z', '{"env": "prod"}'), ('a', 'Backup', 'gb', 'vault-2', 'GB', 33, 5, '2024-09-06 12:00Z', '{"env": "test"}'),
    ('b', 'Backup', 'gb', 'vault-3', 'GB', 34, 5, '2024-09-07 12:00Z', NULL),
    ('a', 'Compute', 'vm', 'vm-1', 'Hours', 10, 8, '2024-09-05 12:00Z', '{"env": "prod"}'), ('b', 'Compute', 'vm', 'vm-2', 'Hours', 7, 8, '2024-09-05 12:00Z', '{"env": "test"}');
SELECT pg_temp.deliver();
SELECT invoice_line_add(1, 'Installation', 1, 50, '2024-09-10') AS entry;
SELECT invoice_finalise(1, 1, '2024-10-01');
SELECT line_no, service, description, account, resource_id, amount FROM invoice_line ORDER BY 1;
SELECT * FROM invoice_annex(1, 'service');
SELECT * FROM invoice_annex(1, 'account');
SELECT * FROM invoice_annex(1, 'resource');
SELECT * FROM invoice_annex(1, 'tags.env');

-- As it was made: what is delivered later is of a later document, and told by what changed.
UPDATE usage SET quantity = 50 WHERE resource = 'vault-3';
INSERT INTO usage (account, service, sku, resource, unit, quantity, cost, starts, tags) VALUES ('b', 'Compute', 'vm', 'vm-3', 'Hours', 3, 8, '2024-09-05 12:00Z', '{"env": "dev"}');
SELECT pg_temp.deliver();
SELECT * FROM invoice_annex(1, 'tags.env');
SELECT invoice_finalise(1, 1, '2024-10-01');
SELECT line_no, service, description, resource_id, amount FROM invoice_line WHERE invoice_id = 2 ORDER BY 1;
SELECT * FROM invoice_annex(2, 'resource');

-- By value of a dimension, a document tells of the charges that the value has.
INSERT INTO dimension (name) VALUES ('Environment');
INSERT INTO allocation_rule (dimension_id, position, keys) VALUES (1, 1, '{tags.env}');
INSERT INTO invoice_dimension VALUES (1, 1, 'value', '[2024-10-01,)');
INSERT INTO usage (account, service, sku, resource, unit, quantity, cost, starts, tags) VALUES
    ('a', 'Backup', 'gb', 'vault-1', 'GB', 10, 5, '2024-10-05 12:00Z', '{"env": "prod"}'), ('a', 'Backup', 'gb', 'vault-2', 'GB', 20, 5, '2024-10-06 12:00Z', '{"env": "test"}');
SELECT pg_temp.deliver();
SELECT invoice_finalise(1, 1, '2024-11-01');
SELECT i.dimension_value, a.value, a.amount, i.net_amount FROM invoice AS i CROSS JOIN LATERAL invoice_annex(i.invoice_id, 'resource') AS a WHERE i.dimension_id IS NOT NULL ORDER BY 1, 2;

-- All add up.
SELECT i.invoice_id, b.by, i.net_amount = sum(a.amount) AS adds_up
FROM invoice AS i CROSS JOIN unnest('{service,account,resource,tags.env,tags.none}'::text[]) AS b (by) CROSS JOIN LATERAL invoice_annex(i.invoice_id, b.by) AS a
GROUP BY i.invoice_id, b.by, i.net_amount HAVING i.net_amount <> sum(a.amount);
SELECT a.value, sum(a.amount) FROM invoice AS i CROSS JOIN LATERAL invoice_annex(i.invoice_id, 'resource') AS a WHERE i.dimension_id IS NULL GROUP BY 1 ORDER BY 1;
SELECT substring(h FROM '<h2>.*</table>') AS html FROM invoice_annex_html(1, 'tags.env') AS h;
SELECT h ~ '<h2>Specification by account</h2>' AS account, h ~ 'Backup' AS backup FROM invoice_annex_html(1, 'account') AS h;
SELECT * FROM pg_temp.fails('SELECT * FROM invoice_annex(99, $$service$$)');
SELECT * FROM pg_temp.fails('SELECT * FROM invoice_annex(1, $$region$$)');
SELECT code FROM pg_temp.fails('SELECT invoice_annex_html(99, $$service$$)');
