-- Approval: a run proposes, a person finalises what it came to, and not what it has become.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\pset format unaligned

INSERT INTO currency_rate SELECT 'USD', 'EUR', m, 'month', 0.9, 'bank' FROM generate_series('2024-01-01', '2027-12-01', interval '1 month') AS m;
INSERT INTO seller (name, series) VALUES ('Waddenwolk B.V.', 'W'), ('Other B.V.', 'O');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'A', 'Alpha'), (1, 'B', 'Beta'), (2, 'C', 'Gamma'), (2, 'D', 'Delta');
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, lower(number) FROM customer;
INSERT INTO price_rule (name, product_id, measure, currency, pricing) VALUES
    ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'EUR', per_unit(0.10)),
    ('gpu', product_ensure('AWS', 'Compute', 'gpu'), 'quantity', 'USD', per_unit(0.10));
-- Alpha by itself; all of the other seller's but Delta.
INSERT INTO approval_policy (customer_id) VALUES (1);
INSERT INTO approval_policy (seller_id) VALUES (2);
INSERT INTO approval_policy (customer_id, is_needed) VALUES (4, false);
SELECT code FROM pg_temp.fails('INSERT INTO cloudbilling.approval_policy VALUES (1, 1)');
SELECT code FROM pg_temp.fails('INSERT INTO cloudbilling.approval_policy VALUES (NULL, NULL)');
SELECT code FROM pg_temp.fails('INSERT INTO cloudbilling.approval_policy VALUES (NULL, 1, false)');

CREATE VIEW pg_temp.overview AS
SELECT customer, status, invoice_approval_id AS approval, invoice_id AS id, period_start, currency, net_amount AS net, proposed_amount AS proposed
FROM invoice_overview ORDER BY customer, period_start, currency, invoice_id NULLS FIRST;
INSERT INTO usage (account, sku, unit, quantity, cost, starts) SELECT a, 'vm', 'Hours', 100, 5, '2024-08-05 12:00Z' FROM unnest('{a,b,c,d}'::text[]) AS a;
INSERT INTO usage (account, sku, unit, quantity, cost, starts) VALUES ('a', 'gpu', 'Hours', 20, 5, '2024-08-05 12:00Z'), ('a', 'vm', 'Hours', 7, 1, '2024-09-05 12:00Z');
SELECT pg_temp.deliver();
CALL invoice_run('2024-09-01');
SELECT * FROM pg_temp.overview;
SELECT invoices, problems FROM invoice_run;
-- A finalisation by hand proposes too.
SELECT invoice_finalise(1, 4, '2024-09-01');

-- What it was proposed to be.
SELECT net_amount AS total FROM invoice_approval WHERE invoice_approval_id = 1 \gset
SELECT code, message, regexp_replace(detail, 'on .*', 'on …') AS detail, hint FROM pg_temp.fails('SELECT cloudbilling.invoice_approve(1, 9.99)');
SELECT cardinality(invoice_approve(1, :total, 'Anne')) AS documents;
SELECT * FROM pg_temp.overview WHERE customer = 'Alpha';
SELECT decision, decided_by, documents FROM invoice_approval WHERE invoice_approval_id = 1;
SELECT code, message, hint FROM pg_temp.fails('SELECT cloudbilling.invoice_approve(1, 10.00)');

-- More usage after it was proposed: the old total fails, with the new one; nothing is finalised.
UPDATE usage SET quantity = 30 WHERE sku = 'gpu';
SELECT pg_temp.deliver();
SELECT customer, approval, net, proposed FROM pg_temp.overview WHERE status = 'approving' AND currency = 'USD';
SELECT code, message, regexp_replace(detail, 'on .*', 'on …') AS detail FROM pg_temp.fails('SELECT cloudbilling.invoice_approve(2, 2.00)');
SELECT count(*) FROM invoice WHERE customer_id = 1;
SELECT cardinality(invoice_approve(2, 3.00)) AS documents;
SELECT * FROM invoice_verify();

-- Rejected with a reason; the next run proposes what is due then, as one row.
SELECT invoice_approval_id AS gamma FROM invoice_approval WHERE customer_id = 3 \gset
SELECT invoice_reject(:gamma, 'the discount is missing', 'Ben');
SELECT decision, reason, decided_by FROM invoice_approval WHERE invoice_approval_id = :gamma;
SELECT code, message FROM pg_temp.fails(format('SELECT cloudbilling.invoice_approve(%s, 10)', :gamma));
SELECT code, message FROM pg_temp.fails(format('SELECT cloudbilling.invoice_reject(%s, ''again'')', :gamma));
CALL invoice_run('2024-09-01');
UPDATE usage SET quantity = 90 WHERE account = 'c';
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT customer_id, until, currency, net_amount, decision FROM invoice_approval ORDER BY invoice_approval_id;
-- Nothing is left of it: it is withdrawn; and so is what needs approval no more.
DELETE FROM usage WHERE account = 'c';
SELECT pg_temp.deliver();
SELECT * FROM pg_temp.overview WHERE customer = 'Gamma';
DELETE FROM approval_policy WHERE customer_id = 1;
CALL invoice_run('2024-10-01');
SELECT customer_id, until, currency, net_amount, decision FROM invoice_approval ORDER BY invoice_approval_id;
SELECT * FROM pg_temp.overview;

-- Corrections that a policy writes off are no part of the total, neither proposed nor approved.
INSERT INTO approval_policy (customer_id) VALUES (2);
INSERT INTO correction_policy VALUES (2, 'run', 1.00, 'EUR');
UPDATE usage SET quantity = 105 WHERE account = 'b';
INSERT INTO usage (account, sku, unit, quantity, cost, starts) VALUES ('b', 'vm', 'Hours', 50, 5, '2024-09-05 12:00Z');
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT max(invoice_approval_id) AS beta FROM invoice_approval \gset
SELECT net_amount, decision FROM invoice_approval WHERE invoice_approval_id = :beta;
SELECT count(*) FROM invoice_write_off;
SELECT cardinality(invoice_approve(:beta, 5.00)) AS documents;
SELECT amount FROM invoice_write_off;
SELECT sum(amount) FROM invoice_running WHERE customer_id = 2;

-- A credit needs no approval: a person decides it anyway.
SELECT invoice_credit(max(invoice_id), 'agreed', amount => 1) IS NOT NULL AS credited FROM invoice WHERE customer_id = 2;
-- Errors, and what was decided stays.
SELECT * FROM pg_temp.fails('SELECT cloudbilling.invoice_approve(99, 1)');
SELECT code FROM pg_temp.fails('SELECT cloudbilling.invoice_approve(NULL, 1)');
UPDATE usage SET quantity = 55 WHERE account = 'b' AND starts > '2024-09-01Z';
DELETE FROM correction_policy;
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT max(invoice_approval_id) AS beta FROM invoice_approval \gset
SELECT code, message FROM pg_temp.fails(format('SELECT cloudbilling.invoice_approve(%s, NULL)', :beta));
SELECT code, message FROM pg_temp.fails(format('SELECT cloudbilling.invoice_reject(%s, '' '')', :beta));
SELECT code, message FROM pg_temp.fails('UPDATE cloudbilling.invoice_approval SET net_amount = 0');
SELECT code FROM pg_temp.fails('DELETE FROM cloudbilling.invoice_approval');
SELECT code FROM pg_temp.fails('TRUNCATE cloudbilling.invoice_approval');
SELECT * FROM invoice_verify();
SELECT sum(problems) FROM invoice_run;
