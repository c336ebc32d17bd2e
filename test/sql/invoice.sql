-- Invoices: what is due is billed once, differences are billed as corrections,
-- and what is finalised stays.  Periods are of 2024, so that they have ended
-- whatever the clock says; nothing printed depends on the date of the run.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
-- Batches one after the other, so that numbers are in the order of customers.
SET max_parallel_maintenance_workers = 0;

INSERT INTO seller (name, series, vat_number) VALUES ('Waddenwolk B.V.', 'W', 'NL859123455B01');
INSERT INTO customer (seller_id, number, name, city, vat_number, payment_days)
VALUES (1, 'A', 'Alpha', 'Harlingen', 'NL001234567B29', NULL), (1, 'B', 'Beta', 'Franeker', NULL, 14);
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a'), (2, 'b');
INSERT INTO price_rule (name, product_id, measure, currency, pricing) VALUES
    ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"1"}'),
    ('disk', product_ensure('AWS', 'Compute', 'disk'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"0.5"}');

CREATE VIEW pg_temp.document AS
SELECT i.invoice_id AS id, replace(i.invoice_number, i.series_year::text, 'YYYY') AS number, i.kind, c.name AS customer, i.period_start,
    i.period_end, i.currency AS cur, i.net_amount AS net, i.vat_amount AS vat, i.gross_amount AS gross, i.due_on - i.issued_on AS days
FROM invoice AS i
JOIN customer AS c USING (customer_id)
ORDER BY i.invoice_id;
CREATE VIEW pg_temp.line AS
SELECT l.invoice_id AS id, l.line_no AS n, l.period_start, l.description, l.effect, l.quantity, l.unit, l.unit_price, l.amount, l.due,
    l.due_before AS before, l.revision AS rev, l.corrects, l.vat_category AS vat, l.vat_rate AS rate
FROM invoice_line AS l
ORDER BY l.invoice_id, l.line_no;

-- What must always hold, of all documents there are; recomputed from their lines.
CREATE VIEW pg_temp.sound AS
SELECT
    (SELECT count(*) FROM invoice) AS documents,
    NOT EXISTS (SELECT FROM invoice AS i WHERE i.net_amount <> (SELECT sum(l.amount) FROM invoice_line AS l WHERE l.invoice_id = i.invoice_id)
        OR i.vat_amount <> (SELECT sum(v.vat) FROM invoice_vat AS v WHERE v.invoice_id = i.invoice_id)
        OR i.gross_amount <> i.net_amount + i.vat_amount
        OR (i.kind = 'credit_note') <> (i.gross_amount < 0)) AS totals,
    NOT EXISTS (
        SELECT FROM (SELECT invoice_id, vat_category, vat_rate, sum(amount) AS base FROM invoice_line GROUP BY 1, 2, 3) AS l
        FULL JOIN invoice_vat AS v USING (invoice_id, vat_category, vat_rate)
        JOIN invoice AS i USING (invoice_id)
        WHERE v.base IS DISTINCT FROM l.base OR v.vat IS DISTINCT FROM currency_round(l.base * vat_rate / 100, i.currency)) AS vat,
    NOT EXISTS (SELECT FROM invoice GROUP BY seller_id, series_year HAVING min(series_number) <> 1 OR max(series_number) <> count(*)) AS no_gaps,
    NOT EXISTS (SELECT FROM invoice_line WHERE abs(currency_round(unit_price * quantity, currency) - amount) > 0.02 OR unit_price < 0) AS prices,
    NOT EXISTS (
        SELECT FROM (SELECT *, sum(amount) OVER key AS billed, lag(due, 1, 0.0) OVER key AS was, row_number() OVER key - 1 AS nth FROM invoice_line
            WINDOW key AS (PARTITION BY customer_id, period_start, price_rule_id, product_id, account_id, resource_id, currency ORDER BY revision)) AS l
        WHERE billed <> due OR was <> due_before OR nth <> revision) AS chains,
    NOT EXISTS (SELECT FROM invoice_verify()) AS hashes;

-- The first run bills everything, the second nothing.  37.50 + 12.50 at 21 % are 10.50, for VAT is of the total: of the lines it were 7.88 + 2.63.
INSERT INTO usage (account, sku, unit, quantity, cost, starts) VALUES
    ('a', 'vm', 'Hours', 37.5, 30, '2024-09-05 12:00Z'), ('a', 'disk', 'GB-Mo', 25, 5, '2024-09-05 12:00Z'),
    ('b', 'vm', 'Hours', 10, 8, '2024-09-05 12:00Z');
SELECT pg_temp.deliver();
SELECT customer, description, amount FROM invoice_running ORDER BY 1, 2;
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.document;
SELECT * FROM pg_temp.line;
SELECT * FROM invoice_vat;
CALL invoice_run('2024-10-01');
CALL invoice_run('2024-10-31');
SELECT invoice_run_id AS run, until, invoices, problems, finished_at >= started_at AS finished FROM invoice_run ORDER BY 1;
SELECT * FROM invoice_running;
SELECT * FROM pg_temp.sound;

-- Another delivery of the month: the running invoice moves by the difference, 2.5 hours more of Alpha's and 4 less of Beta's.
SELECT clock_timestamp() AS before \gset
UPDATE usage SET quantity = 40 WHERE account = 'a' AND sku = 'vm';
UPDATE usage SET quantity = 6 WHERE account = 'b';
SELECT pg_temp.deliver();
SELECT customer, description, quantity, due, due_before, amount, revision, corrects FROM invoice_running ORDER BY 1;
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.document WHERE id > 2;
SELECT * FROM pg_temp.line WHERE id > 2;
CALL invoice_run('2024-10-01');
SELECT invoices FROM invoice_run ORDER BY invoice_run_id DESC LIMIT 1;
SELECT * FROM pg_temp.sound;
-- As of before, nothing was due either: deliveries and documents are of one moment.
SET cloudbilling.as_of = :'before';
SELECT count(*) FROM invoice_running;
RESET cloudbilling.as_of;

-- Taken back as a whole: what it superseded counts again.
SELECT load_undo(max(load_id)) FROM load;
SELECT customer, description, due, due_before, amount, revision, corrects FROM invoice_running ORDER BY 1;
CALL invoice_run('2024-10-01');
-- And that too: all of September is credited, line by line, with VAT.
SELECT load_undo(1);
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.document WHERE id > 4;
SELECT * FROM pg_temp.line WHERE id > 6;
SELECT customer_id, sum(gross_amount) FROM invoice GROUP BY 1 ORDER BY 1;
SELECT * FROM pg_temp.sound;

-- Several periods at once: an invoice each; with the latest goes what September owes again.  November has not ended on its last day, and what has not begun cannot.
INSERT INTO usage (account, sku, unit, quantity, cost, starts) VALUES
    ('a', 'vm', 'Hours', 50, 1, '2024-10-05 12:00Z'), ('a', 'vm', 'Hours', 60, 1, '2024-11-05 12:00Z'), ('a', 'vm', 'Hours', 70, 1, '2024-08-05 12:00Z'),
    ('a', 'vm', 'Hours', 1000000, 1, now());
SELECT pg_temp.deliver();
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2024-11-30');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT * FROM pg_temp.line WHERE id > :last;
-- The running month is not billed, whatever the day asked for.
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2099-01-01');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT sum(amount) FROM invoice_running;
SELECT * FROM pg_temp.sound;

-- Late usage of a product that the billed period lacked: a correction that names the period's invoice, on the next one.
INSERT INTO usage (account, sku, unit, quantity, cost, starts) VALUES
    ('a', 'disk', 'GB-Mo', 10, 1, '2024-10-20 12:00Z'), ('a', 'vm', 'Hours', 7, 1, '2024-12-05 12:00Z');
SELECT pg_temp.deliver();
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2025-01-01');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT * FROM pg_temp.line WHERE id > :last;

-- A price changed afterwards: the old rule's lines come back, the new rule's are due; together the difference.
SELECT price_rule_replace(1, '2024-12-01', '{"model":"per_unit","unit_price":"3"}') AS successor;
SELECT description, price_rule_id, due, due_before, amount FROM invoice_running WHERE period_start = '2024-12-01' ORDER BY 2;
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2025-01-01');
SELECT * FROM pg_temp.line WHERE id > :last;

-- An account that was another's: one is credited, the other billed.
UPDATE ownership SET customer_id = 2 WHERE sub_account_id = 'a';
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2025-01-01');
SELECT customer, kind, net FROM pg_temp.document WHERE id > :last;
SELECT customer_id, period_start, price_rule_id, product_id, amount, corrects IS NULL AS own, revision FROM invoice_line WHERE invoice_id > :last ORDER BY 1, 2, 3, 4;
UPDATE ownership SET customer_id = 1 WHERE sub_account_id = 'a';
CALL invoice_run('2025-01-01');
SELECT customer_id, sum(net_amount) FROM invoice GROUP BY 1 ORDER BY 1;
SELECT * FROM pg_temp.sound;

-- How far back: a billed period that is older rests, with its old lines and without new ones; one never billed is billed.
SET cloudbilling.correction_months = 2;
SELECT price_rule_replace(1, '2024-11-01', '{"model":"per_unit","unit_price":"2"}') AS successor;
INSERT INTO usage (account, sku, unit, quantity, cost, starts) VALUES ('b', 'vm', 'Hours', 5, 1, '2024-07-05 12:00Z');
SELECT pg_temp.deliver();
SELECT customer, period_start, sum(amount) FROM invoice_running WHERE period_end < '2025-03-01' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2025-02-01');
SELECT customer, period_start, net FROM pg_temp.document WHERE id > :last;
SELECT period_start, sum(amount) FROM invoice_running WHERE period_end < '2025-03-01' GROUP BY 1;
RESET cloudbilling.correction_months;
CALL invoice_run('2025-02-01');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT * FROM pg_temp.sound;

-- Frozen, also for the owner of the tables; and numbers go on without what was rolled back.
SELECT * FROM pg_temp.fails('UPDATE cloudbilling.invoice SET net_amount = 0, gross_amount = vat_amount WHERE invoice_id = 1');
SELECT * FROM pg_temp.fails('DELETE FROM cloudbilling.invoice WHERE invoice_id = 1');
SELECT * FROM pg_temp.fails('TRUNCATE cloudbilling.invoice CASCADE');
SELECT * FROM pg_temp.fails('UPDATE cloudbilling.invoice_line SET amount = due - due_before');
SELECT * FROM pg_temp.fails('DELETE FROM cloudbilling.invoice_line');
SELECT * FROM pg_temp.fails('TRUNCATE cloudbilling.invoice_line CASCADE');
SELECT * FROM pg_temp.fails('UPDATE cloudbilling.invoice_vat SET vat = vat + 0.01');
SELECT * FROM pg_temp.fails('DELETE FROM cloudbilling.invoice_vat');
SELECT * FROM pg_temp.fails('TRUNCATE cloudbilling.invoice_vat');
SELECT code FROM pg_temp.fails('TRUNCATE cloudbilling.invoice');

-- The customer as he was.
UPDATE customer SET name = 'Renamed', city = 'Sneek', payment_days = 60 WHERE number = 'A';
UPDATE seller SET name = 'Renamed too' WHERE seller_id = 1;
SELECT DISTINCT customer ->> 'name' AS name, customer ->> 'city' AS city, seller ->> 'name' AS seller FROM invoice WHERE customer_id = 1;
SELECT count(*) FROM invoice_verify();

-- Tampering, with the triggers off: each way is found, and where.
CREATE VIEW pg_temp.found AS
SELECT regexp_replace(invoice_number, '\d{4}-', 'YYYY-') AS number, problem FROM invoice_verify() ORDER BY 1, 2;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE invoice SET net_amount = net_amount - 1, gross_amount = gross_amount - 1 WHERE invoice_id = 2;
SELECT * FROM pg_temp.found;
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE invoice_line SET description = 'something else' WHERE invoice_id = 3 AND line_no = 1;
UPDATE invoice_vat SET exemption = 'none' WHERE invoice_id = 4;
UPDATE invoice SET customer = jsonb_set(customer, '{name}', '"Another"') WHERE invoice_id = 5;
DELETE FROM invoice_line WHERE invoice_id = 6;
UPDATE invoice SET finalised_at = finalised_at - interval '1 day' WHERE invoice_id = 7;
SELECT * FROM pg_temp.found;
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM invoice WHERE invoice_id = 2;
SELECT * FROM pg_temp.found;
DELETE FROM invoice WHERE invoice_id IN (SELECT max(invoice_id) FROM invoice);
SELECT problem FROM pg_temp.found ORDER BY 1;
ROLLBACK;
-- One who also makes the hash anew is found by the document after, or the series; a document out of nowhere too.
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE invoice AS i SET due_on = due_on + 90 WHERE invoice_id = 2;
UPDATE invoice AS i SET hash = sha256(convert_to(invoice_content(i, (SELECT b.body FROM invoice_bodies(ARRAY(SELECT l FROM invoice_line AS l WHERE l.invoice_id = 2),
    ARRAY(SELECT v FROM invoice_vat AS v WHERE v.invoice_id = 2), '{}', '{}') AS b)), 'UTF8')) WHERE invoice_id = 2;
SELECT * FROM pg_temp.found;
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE invoice_series SET last_number = 1, last_hash = (SELECT hash FROM invoice WHERE invoice_id = 1);
SELECT problem, count(*) = (SELECT count(*) - 1 FROM invoice) AS all_later FROM invoice_verify() GROUP BY 1;
ROLLBACK;
-- Not by the session's settings.
SET bytea_output = escape;
SET datestyle = 'German';
SET timezone = 'Asia/Tokyo';
SET extra_float_digits = -3;
SELECT count(*) FROM invoice_verify();
RESET bytea_output;
RESET extra_float_digits;
SET datestyle = 'ISO';
SET timezone = 'UTC';

-- Rules are not edited in place; their end and their texts are.
SELECT * FROM pg_temp.fails($$UPDATE cloudbilling.price_rule SET pricing = '{"model":"flat","amount":"1"}' WHERE price_rule_id = 2$$);
SELECT code FROM pg_temp.fails($$UPDATE cloudbilling.price_rule SET valid_during = '[2024-10-02,)' WHERE price_rule_id = 2$$);
SELECT code FROM pg_temp.fails($$UPDATE cloudbilling.price_rule SET currency = 'USD' WHERE price_rule_id = 2$$);
SELECT code FROM pg_temp.fails($$DELETE FROM cloudbilling.price_rule WHERE price_rule_id = 2$$);
UPDATE price_rule SET invoice_text = 'Disk space', name = 'disks' WHERE price_rule_id = 2;
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.price_rule_replace(2, NULL, '{"model":"flat","amount":"1"}')$$);
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.price_rule_replace(1, '2024-12-24', '{"model":"flat","amount":"1"}')$$);
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.price_rule_replace(99, '2024-12-24', '{"model":"flat","amount":"1"}')$$);
SELECT price_rule_id, name, valid_during, pricing, currency FROM price_rule ORDER BY 1;

-- Bad arguments, and places where it cannot be done.
SELECT * FROM pg_temp.fails('CALL cloudbilling.invoice_run(NULL)');
SELECT code FROM pg_temp.fails('CALL cloudbilling.invoice_run(''2024-10-01'', 0)');
SELECT code FROM pg_temp.fails('CALL cloudbilling.invoice_run(''2024-10-01'', NULL)');
SELECT code, message FROM pg_temp.fails('CALL cloudbilling.invoice_run(''2024-10-01'')');
SELECT * FROM pg_temp.fails('SELECT cloudbilling.invoice_finalise(1, 2, NULL)');
SELECT invoice_finalise(7, 3, '2024-10-01'), invoice_finalise(900, 999, '2024-10-01');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM pg_temp.fails('SELECT cloudbilling.invoice_finalise(1, 2, ''2024-10-01'')');
SELECT code FROM pg_temp.fails('CALL cloudbilling.invoice_run(''2024-10-01'')');
COMMIT;
SELECT code FROM pg_temp.fails($$UPDATE cloudbilling.customer SET parent_id = 1 WHERE customer_id = 1$$);
UPDATE customer SET parent_id = 1 WHERE customer_id = 2;
SELECT * FROM pg_temp.fails($$UPDATE cloudbilling.customer SET parent_id = 2 WHERE customer_id = 1$$);
UPDATE customer SET parent_id = NULL WHERE customer_id = 2;

-- References to pay with: ISO 11649, and always 1 modulo 97.
SELECT payment_reference('539007547034'), payment_reference('W2026-000001'), payment_reference('w 2026/1'), payment_reference('1234567890123456789012345');
SELECT count(*) AS references, count(*) FILTER (WHERE (
    SELECT string_agg(CASE WHEN c ~ '\d' THEN c ELSE (ascii(c) - 55)::text END, '' ORDER BY n)::numeric % 97
    FROM unnest(string_to_array(substr(payment_reference, 5) || left(payment_reference, 4), NULL)) WITH ORDINALITY AS u (c, n)) = 1) AS good
FROM invoice;

-- VAT: who and where decides, then the day of supply.
SELECT c AS customer, v AS vat_number, t.*
FROM (VALUES ('NL', NULL), ('NL', 'NL1'), ('DE', 'DE1'), ('DE', NULL), ('DE', ' '), ('CH', NULL), ('CH', 'CHE1'), ('US', NULL)) AS w (c, v),
    vat_of('NL', c, v, 'standard', '2024-09-30') AS t;
SELECT d AS supplied_on, s.rate AS standard, r.rate AS reduced, z.rate AS zero, z.category
FROM unnest('{2001-01-01,2012-09-30,2012-10-01,2018-12-31,2019-01-01,2099-12-31}'::date[]) AS d,
    vat_of('NL', 'NL', NULL, 'standard', d) AS s, vat_of('NL', 'NL', NULL, 'reduced', d) AS r, vat_of('NL', 'NL', NULL, 'zero', d) AS z;
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.vat_of('NL', 'NL', NULL, 'standard', '2000-12-31')$$);
INSERT INTO vat_rate (country, tax_category, rate, valid_during) VALUES ('NL', 'standard', 25, '[2030-01-01,)');
SELECT code, message FROM pg_temp.fails($$INSERT INTO cloudbilling.vat_rate (country, tax_category, rate, valid_during) VALUES ('NL', 'standard', 26, '[2031-01-01,)')$$);

-- One seller's customers here and there, another seller whose country has no rate, and rules of three categories.
INSERT INTO seller (name, country) VALUES ('Belgian seller', 'BE'), ('Japanese seller', 'JP');
UPDATE seller SET vat_number = 'BE0123456749' WHERE country = 'BE';
DELETE FROM vat_rate WHERE country = 'BE';
INSERT INTO customer (seller_id, number, name, country, vat_number) VALUES
    (1, 'DE', 'German GmbH', 'DE', 'DE123456788'), (2, 'BE', 'Belgian', 'BE', NULL), (1, 'US', 'American Inc', 'US', NULL),
    (2, 'FR', 'French SA', 'FR', 'FR83404833048'), (1, 'DC', 'German consumer', 'DE', NULL), (3, 'JP', 'Japanese', 'US', NULL);
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, lower(number) FROM customer WHERE customer_id > 2;
INSERT INTO price_rule (name, product_id, measure, currency, pricing, tax_category, show_zero) VALUES
    ('book', product_ensure('AWS', 'Shop', 'book'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"10"}', 'reduced', false),
    ('stamp', product_ensure('AWS', 'Shop', 'stamp'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"0.96"}', 'zero', false),
    ('free', product_ensure('AWS', 'Shop', 'free'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"0.01","free_units":"100"}', 'standard', true),
    ('hidden', product_ensure('AWS', 'Shop', 'hidden'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"0.01","free_units":"100"}', 'standard', false),
    ('yen', product_ensure('AWS', 'Shop', 'yen'), 'quantity', 'JPY', '{"model":"per_unit","unit_price":"3.4567"}', 'standard', false);
INSERT INTO usage (payer, account, sku, unit, service, quantity, starts)
SELECT 'vat', a, s, 'x', CASE s WHEN 'vm' THEN 'Compute' ELSE 'Shop' END, q, '2024-09-15 12:00Z'::timestamptz
FROM unnest('{de,be,us,fr,dc}'::text[]) AS a, (VALUES ('vm', 100.255), ('book', 1), ('stamp', 3), ('free', 20), ('hidden', 20)) AS v (s, q)
UNION ALL
SELECT 'vat', 'jp', 'yen', 'x', 'Shop', 1234.5, '2024-09-15 12:00Z';
SELECT pg_temp.deliver('vat');
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2024-10-01');
-- One customer's problem stops no other, also where all went in one batch.
SELECT c.name, p.sqlstate, p.message, p.detail, p.hint FROM invoice_run_problem AS p JOIN customer AS c USING (customer_id);
SELECT invoices, problems FROM invoice_run ORDER BY invoice_run_id DESC LIMIT 1;
SELECT id - :last AS id, number, customer, cur, net, vat, gross FROM pg_temp.document WHERE id > :last;
SELECT c.name, v.vat_category, v.vat_rate, v.base, v.vat, v.exemption
FROM invoice_vat AS v JOIN invoice AS i USING (invoice_id) JOIN customer AS c USING (customer_id)
WHERE v.invoice_id > :last ORDER BY 1, 2, 3;
SELECT description, quantity, unit, unit_price, amount FROM invoice_line JOIN invoice USING (invoice_id) JOIN customer AS c ON c.customer_id = invoice.customer_id
WHERE c.number IN ('DC', 'JP') ORDER BY c.number, line_no;
-- With the rate he is billed, and nobody else.
INSERT INTO vat_rate (country, tax_category, rate, valid_during)
VALUES ('BE', 'standard', 21, '[1996-01-01,)'), ('BE', 'reduced', 6, '[1996-01-01,)'), ('BE', 'zero', 0, '[1996-01-01,)');
CALL invoice_run('2024-10-01', 1);
SELECT customer, net, vat FROM pg_temp.document WHERE id > (SELECT max(invoice_id) - 1 FROM invoice);
SELECT invoices, problems FROM invoice_run ORDER BY invoice_run_id DESC LIMIT 1;
SELECT * FROM pg_temp.sound;

-- Corrections keep the rate, though the customer moved, became a business, or the rate is gone; so do the late lines of
-- a billed period.  A new period has what holds now.
UPDATE customer SET country = 'DE', vat_number = 'DE999999995' WHERE number = 'BE';
DELETE FROM vat_rate WHERE country = 'BE';
UPDATE usage SET quantity = quantity + 1 WHERE payer = 'vat' AND account = 'be' AND sku = 'vm';
INSERT INTO usage (payer, account, sku, unit, quantity, starts) VALUES
    ('vat', 'be', 'disk', 'x', 8, '2024-09-20 12:00Z'), ('vat', 'be', 'vm', 'x', 5, '2024-10-15 12:00Z');
SELECT pg_temp.deliver('vat');
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2024-11-01');
SELECT id - :last AS id, n, period_start, description, amount, rev, corrects IS NOT NULL AS corrects, vat, rate FROM pg_temp.line WHERE id > :last;
SELECT * FROM invoice_run_problem WHERE invoice_run_id = (SELECT max(invoice_run_id) FROM invoice_run);
SELECT * FROM pg_temp.sound;
-- The Dutch rate of the day: 19 % for September 2012, 21 % for October.
INSERT INTO usage (payer, account, quantity, starts) VALUES ('old', 'a', 1, '2012-09-30 12:00Z'), ('old', 'a', 1, '2012-10-01 12:00Z');
SELECT pg_temp.deliver('old');
CALL invoice_run('2012-11-01');
SELECT period_start, net, vat FROM pg_temp.document WHERE period_start < '2013-01-01';

-- What a line shows.  Ladders and costs: the quantity and a price that multiply to the amount; where they disagree in sign a
-- lump sum; never a negative price.  By hand below.
INSERT INTO customer (seller_id, number, name) VALUES (1, 'SHOW', 'Showcase');
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, 'show' FROM customer WHERE number = 'SHOW';
SELECT customer_id AS show FROM customer WHERE number = 'SHOW' \gset
INSERT INTO price_rule (name, product_id, customer_id, measure, currency, pricing, per, show_zero) VALUES
    ('volume', product_ensure('AWS', 'Show', 'volume'), :show, 'quantity', 'EUR', '{"model":"volume","tiers":[{"up_to":"1000","unit_price":"0.10"},{"unit_price":"0.08"}]}', 'sku', false),
    ('cost', product_ensure('AWS', 'Show'), :show, 'billed_cost', NULL, '{"model":"per_unit","unit_price":"1"}', 'sku', false),
    ('rebate', product_ensure('AWS', 'Show', 'rebate'), :show, 'quantity', 'EUR', '{"model":"per_unit","unit_price":"-0.001"}', 'sku', true);
INSERT INTO usage (payer, account, service, sku, unit, quantity, cost, starts) VALUES
    ('show', 'show', 'Show', 'volume', 'GB', 1000, 1, '2024-09-05 12:00Z'),
    ('show', 'show', 'Show', 'bytes', 'Bytes', 7000000000000000, 100, '2024-09-05 12:00Z'),
    ('show', 'show', 'Show', 'thirds', 'Hours', 3, 100, '2024-09-05 12:00Z'),
    ('show', 'show', 'Show', 'refund', 'Hours', -3, -10, '2024-09-05 12:00Z'),
    ('show', 'show', 'Show', 'credit', 'Hours', 2, -10, '2024-09-05 12:00Z'),
    ('show', 'show', 'Show', 'lump', NULL, NULL, -7, '2024-09-05 12:00Z'),
    ('show', 'show', 'Show', 'rebate', 'Hours', 3, 0, '2024-09-05 12:00Z'),
    ('show', 'show', 'Show', 'tiny', 'Requests', 123456, 0.0123, '2024-09-05 12:00Z'),
    ('show', 'show', 'Show', 'unit', 'GB', 10, 10, '2024-09-05 12:00Z'),
    ('show', 'show', 'Show', 'gone', 'GB', 10, 10, '2024-09-05 12:00Z');
SELECT pg_temp.deliver('show');
CALL invoice_run('2024-10-01');
SELECT n, description, quantity, unit, unit_price, amount FROM pg_temp.line WHERE id = (SELECT max(invoice_id) FROM invoice);
-- One GB more is cheaper; the unit of one became another; one is gone; nothing more but a dearer hour of thirds.
UPDATE usage SET quantity = 1001 WHERE sku = 'volume';
UPDATE usage SET quantity = 12, unit = 'TB', cost = 15 WHERE sku = 'unit';
UPDATE usage SET cost = 130 WHERE sku = 'thirds';
DELETE FROM usage WHERE sku = 'gone';
SELECT pg_temp.deliver('show');
CALL invoice_run('2024-10-01');
SELECT n, description, quantity, unit, unit_price, amount, due, before FROM pg_temp.line WHERE id = (SELECT max(invoice_id) FROM invoice);
-- And once more each.
UPDATE usage SET quantity = 1101 WHERE sku = 'volume';
UPDATE usage SET cost = 16 WHERE sku = 'unit';
UPDATE usage SET cost = 150, quantity = 4 WHERE sku = 'thirds';
SELECT pg_temp.deliver('show');
CALL invoice_run('2024-10-01');
SELECT n, description, quantity, unit, unit_price, amount, due, before FROM pg_temp.line WHERE id = (SELECT max(invoice_id) FROM invoice);
SELECT sku_id AS sku, sum(quantity) FILTER (WHERE l.unit IS NOT NULL) AS shown, sum(amount) AS billed
FROM invoice_line AS l JOIN (SELECT DISTINCT product_id, sku_id FROM charge_item) AS i USING (product_id)
WHERE customer_id = :show AND sku_id IN ('volume', 'thirds', 'gone') GROUP BY 1 ORDER BY 1;
SELECT * FROM pg_temp.sound;

-- A fee follows what it is a fee on; corrections of one document go into one VAT breakdown.
INSERT INTO price_rule (name, customer_id, measure, per, pricing, effect)
VALUES ('fee', :show, 'amount', 'scope', '{"model":"percentage","rate":"10"}', 'add'), ('discount', :show, 'amount', 'scope', '{"model":"percentage","rate":"-50"}', 'adjust');
CALL invoice_run('2024-10-01');
SELECT n, description, effect, quantity, unit, unit_price, amount, rev, corrects IS NOT NULL AS corrects FROM pg_temp.line WHERE id = (SELECT max(invoice_id) FROM invoice);
SELECT kind, net, vat FROM pg_temp.document WHERE id = (SELECT max(invoice_id) FROM invoice);
SELECT * FROM pg_temp.sound;

-- In the end nothing is left that could be billed, far back and far ahead, but the running month.
SET cloudbilling.correction_months = 1200;
SELECT count(*) AS documents FROM invoice \gset
CALL invoice_run('2099-01-01');
SELECT count(*) - :documents AS more FROM invoice;
SELECT sum(r.problems) FROM invoice_run AS r WHERE r.until = '2099-01-01';
