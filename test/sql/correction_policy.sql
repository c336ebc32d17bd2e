-- What becomes of corrections: with the next invoice, as documents of their own, or
-- written off.  Invoiced, running and written off are always the facts.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\pset format unaligned

-- VAT of documents in dollars and pounds is declared in euros.
INSERT INTO currency_rate SELECT c, 'EUR', m, 'month', 0.9, 'bank' FROM generate_series('2024-01-01', '2027-12-01', interval '1 month') AS m, unnest('{USD,GBP}'::text[]) AS c;
INSERT INTO seller (name, series) VALUES ('Waddenwolk B.V.', 'W');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'N', 'Next'), (1, 'S', 'Separate'), (1, 'W', 'Written off'), (1, 'V', 'By value');
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, lower(number) FROM customer;
INSERT INTO price_rule (name, product_id, measure, currency, pricing) VALUES
    ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"0.10"}'),
    ('disk', product_ensure('AWS', 'Compute', 'disk'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"0.02"}'),
    ('late', product_ensure('AWS', 'Compute', 'late'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"0.01"}'),
    ('gpu', product_ensure('AWS', 'Compute', 'gpu'), 'quantity', 'USD', '{"model":"per_unit","unit_price":"0.10"}');
INSERT INTO correction_policy VALUES (2, 'separate', DEFAULT, DEFAULT), (3, 'run', 1.00, 'EUR');
SELECT * FROM pg_temp.fails($$INSERT INTO cloudbilling.correction_policy VALUES (1, 'run', 1)$$);
SELECT code FROM pg_temp.fails($$INSERT INTO cloudbilling.correction_policy VALUES (1, 'other')$$);
SELECT code FROM pg_temp.fails($$INSERT INTO cloudbilling.correction_policy VALUES (1, 'run', -1, 'EUR')$$);
SELECT code FROM pg_temp.fails($$INSERT INTO cloudbilling.correction_policy VALUES (2, 'run')$$);

CREATE VIEW pg_temp.document AS
SELECT i.invoice_id AS id, i.kind, c.number AS cust, i.period_start, i.period_end, i.currency AS cur, i.net_amount AS net,
    (SELECT string_agg(format('%s %s %s%s', to_char(l.period_start, 'MM'), l.description, l.amount, ' of ' || l.corrects), ', ' ORDER BY l.line_no)
     FROM invoice_line AS l WHERE l.invoice_id = i.invoice_id) AS lines, i.dimension_value AS value
FROM invoice AS i JOIN customer AS c USING (customer_id) ORDER BY 1;
CREATE VIEW pg_temp.written AS
SELECT invoice_write_off_id AS id, customer_id AS cust, period_start, product_id, currency AS cur, measured_before, measured, due_before, due, amount, quantity, unit, cost, corrects
FROM invoice_write_off ORDER BY 1;
-- The facts from scratch, against the rest.
CREATE VIEW pg_temp.balance AS
SELECT c.number AS cust, k.currency, sum(k.billed) AS billed, sum(k.running) AS running, sum(k.written) AS written, sum(k.fact) AS fact,
    sum(k.billed) + sum(k.running) + sum(k.written) = sum(k.fact) AS adds_up
FROM (
    SELECT customer_id, currency::text, amount AS billed, 0 AS running, 0 AS written, 0 AS fact FROM invoice_line
    UNION ALL
    SELECT customer_id, currency, 0, amount, 0, 0 FROM invoice_running
    UNION ALL
    SELECT customer_id, currency, 0, 0, amount, 0 FROM invoice_write_off
    UNION ALL
    SELECT customer_id, currency, 0, 0, 0, currency_round(amount, currency) FROM rated_line
) AS k JOIN customer AS c USING (customer_id)
GROUP BY 1, 2 ORDER BY 1, 2;

INSERT INTO usage (account, sku, unit, quantity, cost, starts)
SELECT a, s, 'Hours', 100, 5, m FROM unnest('{n,s,w}'::text[]) AS a, unnest('{vm,disk}'::text[]) AS s,
    unnest('{2024-08-05 12:00Z,2024-09-05 12:00Z}'::timestamptz[]) AS m;
INSERT INTO usage (account, sku, unit, quantity, cost, starts) VALUES ('w', 'gpu', 'Hours', 100, 5, '2024-08-05 12:00Z');
SELECT pg_temp.deliver();
CALL invoice_run('2024-09-01');
SELECT * FROM pg_temp.document;

-- August is restated, with September: 0.50 more of machines and 0.20 less of disks; in dollars 0.20, to which the
-- threshold in euros does not apply.  Next has all on September's invoice, Separate a document for August, Written off neither.
UPDATE usage SET quantity = 105, cost = 6 WHERE sku = 'vm' AND starts < '2024-09-01Z';
UPDATE usage SET quantity = 90 WHERE sku = 'disk' AND starts < '2024-09-01Z';
UPDATE usage SET quantity = 102 WHERE sku = 'gpu';
SELECT pg_temp.deliver();
SELECT customer, description, due, due_before, amount FROM invoice_running WHERE customer_id = 3 AND period_start < '2024-09-01' ORDER BY 2;
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.document WHERE id > 4;
SELECT * FROM pg_temp.written;
SELECT month, customer, right(corrects, 6) AS corrects, provider, service, product, effect, currency, quantity, unit, amount, write_off_below FROM bi_write_off ORDER BY amount;
SELECT * FROM invoice_running;
SELECT * FROM pg_temp.balance;
-- It does not come back, neither in a run nor as of later; before it was written off it was due.
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2024-10-01');
SELECT invoices, problems FROM invoice_run ORDER BY invoice_run_id DESC LIMIT 1;
SELECT month, customer, currency, revenue, invoiced FROM bi_margin WHERE customer_number = 'W' ORDER BY 1, 3;
SELECT (SELECT sum(due_before) FROM invoice_due) - (SELECT sum(amount) FROM invoice_line) AS written_off, (SELECT sum(amount) FROM invoice_balance) AS to_bill;
SELECT min(written_off_at) - interval '1 microsecond' AS before FROM invoice_write_off \gset
SET cloudbilling.as_of = :'before';
SELECT count(*) FROM invoice_running WHERE customer_id = 3 AND period_start < '2024-09-01' AND currency = 'EUR';
RESET cloudbilling.as_of;

-- Another 0.20 is 0.90 with the 0.70 that were written off before; then 0.10 more would be 1.00, and is billed.
UPDATE usage SET quantity = 107 WHERE sku = 'vm' AND starts < '2024-09-01Z' AND account = 'w';
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.written WHERE id > 2;
UPDATE usage SET quantity = 108 WHERE sku = 'vm' AND starts < '2024-09-01Z' AND account = 'w';
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT quantity, unit, unit_price, amount, measured_before, measured, due_before, due, revision, cost FROM invoice_line WHERE invoice_id > :last;
SELECT * FROM pg_temp.balance WHERE cust = 'W';

-- Of another month, as much as the threshold is billed, and what is above it too, though it adds up to nothing.
SELECT max(invoice_id) AS last FROM invoice \gset
UPDATE usage SET quantity = 110 WHERE sku = 'vm' AND starts > '2024-09-01Z' AND account = 'w';
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
UPDATE usage SET quantity = 120 WHERE sku = 'vm' AND starts > '2024-09-01Z' AND account = 'w';
UPDATE usage SET quantity = 50 WHERE sku = 'disk' AND starts > '2024-09-01Z' AND account = 'w';
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.document WHERE id > :last;
-- Usage that a billed month lacked is a correction too, and no line of 0.00 is left of it; what is due for a month or in a
-- currency that was not billed is none, however small.
SELECT max(invoice_id) AS last FROM invoice \gset
INSERT INTO usage (account, sku, unit, quantity, cost, starts) VALUES ('w', 'late', 'Hours', 4, 0, '2024-09-05 12:00Z'), ('w', 'gpu', 'Hours', 1, 0, '2024-09-05 12:00Z'), ('w', 'disk', 'Hours', 2, 0, '2024-10-05 12:00Z'),
    ('w', 'disk', 'Hours', 2, 0, '2024-07-05 12:00Z');
SELECT pg_temp.deliver();
CALL invoice_run('2024-11-01');
SELECT * FROM pg_temp.document WHERE id > :last;

SELECT * FROM pg_temp.written WHERE id > 3;
SELECT * FROM invoice_running;
SELECT * FROM pg_temp.balance WHERE cust = 'W';
-- Without a policy all is as ever: what was written off stays so, and everything else is billed.
DELETE FROM correction_policy WHERE customer_id = 3;
SELECT max(invoice_id) AS last FROM invoice \gset
UPDATE usage SET quantity = 0 WHERE account = 'w' AND starts < '2024-09-01Z' AND starts > '2024-08-01Z';
SELECT pg_temp.deliver();
CALL invoice_run('2024-11-01');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT * FROM pg_temp.balance;

-- By value, and specified: the corrections of all values are taken together; a separate document for each; a switch of form is billed whole.
INSERT INTO dimension (name) VALUES ('Team');
INSERT INTO allocation_rule (dimension_id, position, keys) VALUES (dimension_key('Team'), 1, '{tags.team}');
INSERT INTO invoice_dimension VALUES (4, dimension_key('Team'), 'total', '[2024-08-01,2024-09-01)'), (4, dimension_key('Team'), 'value', '[2024-09-01,)');
INSERT INTO correction_policy VALUES (4, 'separate', 0.50, 'EUR');
INSERT INTO usage (payer, account, sku, unit, quantity, cost, starts, tags)
SELECT 'v', 'v', 'vm', 'Hours', 100, 5, m, jsonb_build_object('team', t) FROM unnest('{red,blue}'::text[]) AS t, unnest('{2024-08-05 12:00Z,2024-09-05 12:00Z}'::timestamptz[]) AS m;
SELECT pg_temp.deliver('v');
CALL invoice_run('2024-11-01');
SELECT max(invoice_id) AS last FROM invoice \gset
UPDATE usage SET quantity = 102 WHERE payer = 'v';
UPDATE usage SET quantity = 104 WHERE payer = 'v' AND tags ->> 'team' = 'red' AND starts > '2024-09-01Z';
SELECT pg_temp.deliver('v');
CALL invoice_run('2024-11-01');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT customer_id, period_start, dimension_value, amount FROM invoice_write_off WHERE customer_id = 4;
UPDATE usage SET quantity = 110 WHERE payer = 'v' AND starts < '2024-09-01Z';
INSERT INTO usage (payer, account, sku, unit, quantity, cost, starts, tags) VALUES ('v', 'v', 'vm', 'Hours', 7, 5, '2024-10-05 12:00Z', '{"team": "red"}');
SELECT pg_temp.deliver('v');
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2024-11-01');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT a.invoice_id, a.value, a.amount FROM invoice_line_allocation AS a WHERE a.invoice_id > :last ORDER BY 1, 2;
SELECT * FROM pg_temp.balance WHERE cust = 'V';

-- In several currencies, each with a threshold of its own; all others wait for the next invoice, as it is of a new month, but not for ever.
INSERT INTO customer (seller_id, number, name) VALUES (1, 'M', 'Many');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (5, 'm');
INSERT INTO price_rule (name, product_id, measure, currency, pricing) VALUES
    ('pound', product_ensure('AWS', 'Compute', 'pound'), 'quantity', 'GBP', '{"model":"per_unit","unit_price":"0.10"}');
INSERT INTO correction_policy VALUES (5, 'next', DEFAULT, NULL), (5, 'separate', 1.00, 'EUR'), (5, 'run', 0.50, 'USD');
INSERT INTO usage (payer, account, sku, unit, quantity, cost, starts)
SELECT 'm', 'm', s, 'Hours', 100, 5, m FROM unnest('{vm,gpu,pound}'::text[]) AS s, unnest('{2024-08-05 12:00Z,2024-09-05 12:00Z}'::timestamptz[]) AS m;
SELECT pg_temp.deliver('m');
CALL invoice_run('2024-10-01');
SELECT max(invoice_id) AS last, max(invoice_write_off_id) AS last_written FROM invoice, invoice_write_off \gset
-- 0.70 in each: below the threshold in euros, above that in dollars, and in pounds it waits.
UPDATE usage SET quantity = 107 WHERE payer = 'm' AND starts < '2024-09-01Z';
SELECT pg_temp.deliver('m');
CALL invoice_run('2024-10-01');
SELECT cust, currency, written, running FROM (SELECT * FROM pg_temp.balance WHERE cust = 'M') AS b;
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT cur, amount FROM pg_temp.written WHERE id > :last_written;
-- It goes with the invoice of October, in pounds; the 0.40 that were corrected meanwhile are never seen.
SELECT max(invoice_id) AS last FROM invoice \gset
UPDATE usage SET quantity = 103 WHERE payer = 'm' AND sku = 'pound' AND starts < '2024-09-01Z';
INSERT INTO usage (payer, account, sku, unit, quantity, cost, starts) VALUES ('m', 'm', 'pound', 'Hours', 100, 5, '2024-10-05 12:00Z');
SELECT pg_temp.deliver('m');
CALL invoice_run('2024-11-01');
SELECT * FROM pg_temp.document WHERE id > :last;
-- Who was last invoiced for October waits in December, and is not kept waiting in January.
SELECT max(invoice_id) AS last FROM invoice \gset
UPDATE usage SET quantity = 90 WHERE payer = 'm' AND sku = 'pound' AND starts > '2024-10-01Z';
SELECT pg_temp.deliver('m');
CALL invoice_run('2024-12-01');
SELECT * FROM pg_temp.document WHERE id > :last;
CALL invoice_run('2025-01-01');
SELECT * FROM pg_temp.document WHERE id > :last;
-- The price that is shown gives the amount, also of what is left when a part was written off: 3 half cents were, as 0.02.
INSERT INTO price_rule (name, product_id, measure, currency, pricing) VALUES
    ('half', product_ensure('AWS', 'Compute', 'half'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"0.005"}');
INSERT INTO usage (payer, account, sku, unit, quantity, cost, starts) VALUES ('m', 'm', 'half', 'Hours', 3, 0, '2024-09-05 12:00Z');
SELECT pg_temp.deliver('m');
CALL invoice_run('2024-10-01');
UPDATE usage SET quantity = 306 WHERE payer = 'm' AND sku = 'half';
SELECT pg_temp.deliver('m');
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2024-10-01');
SELECT quantity, unit_price, amount, currency_round(quantity * unit_price, 'EUR') = amount AS fits, due_before, due, revision FROM invoice_line WHERE invoice_id > :last;
SELECT * FROM pg_temp.balance WHERE cust = 'M';

-- Frozen, numbered without gaps, and whole.
SELECT * FROM pg_temp.fails('DELETE FROM cloudbilling.invoice_write_off');
SELECT code FROM pg_temp.fails('UPDATE cloudbilling.invoice_write_off SET amount = 0');
SELECT code FROM pg_temp.fails('TRUNCATE cloudbilling.invoice_write_off');
SELECT * FROM invoice_verify();
SELECT sum(problems) FROM invoice_run;
