-- A run holds customers whose leakage, unmapped or unexplained amount is over a limit,
-- until somebody has decided, or says that they are to be invoiced all the same.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name) VALUES ('Seller'), ('Other seller');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'K1', 'Leaks'), (1, 'K2', 'Is fine'), (1, 'K3', 'Leaks little'), (2, 'K4', 'Of another');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'one'), (2, 'two'), (3, 'three'), (4, 'four');
INSERT INTO usage (account, service, sku, quantity, cost, starts)
SELECT a, 'Compute', 'vm', 10, 100.00, '2026-09-02 12:00Z' FROM unnest('{one,two,three,four}'::text[]) AS a;
INSERT INTO usage (account, service, sku, quantity, cost, starts)
VALUES ('one', 'New', 'gpu', 1, 55.00, '2026-09-02 12:00Z'), ('three', 'New', 'gpu', 1, 9.00, '2026-09-02 12:00Z'), ('four', 'New', 'gpu', 1, 500.00, '2026-09-02 12:00Z'),
    ('two', 'New', 'gpu', 1, 70.00, '2026-10-02 12:00Z');
SELECT pg_temp.deliver();
INSERT INTO price_rule (name, product_id, measure, pricing)
VALUES ('Compute', product_ensure('AWS', 'Compute'), 'billed_cost', '{"model":"per_unit","unit_price":"1.08"}');

CREATE TEMP VIEW problem AS
SELECT p.invoice_run_id AS run, r.invoices, r.problems, c.number AS customer, p.sqlstate, p.message, p.detail, p.hint
FROM invoice_run_problem AS p
JOIN invoice_run AS r USING (invoice_run_id)
JOIN customer AS c USING (customer_id)
ORDER BY 1, 4;
-- the first seller's customers may leak 10 each
INSERT INTO invoice_gate (seller_id, leakage) VALUES (1, 10);
CALL invoice_run('2026-10-01');
TABLE problem;
SELECT c.number, i.net_amount FROM invoice AS i JOIN customer AS c USING (customer_id) ORDER BY 1;
-- October is not looked at before it ends
SELECT * FROM invoice_held('2026-10-01');
SELECT * FROM invoice_held('2026-11-01');
-- a customer's own limit goes first
INSERT INTO invoice_gate (customer_id, leakage) VALUES (1, 100);
SELECT * FROM invoice_held('2026-10-01');
DELETE FROM invoice_gate WHERE customer_id = 1;
-- an override has a reason, for a run; a decision is better
INSERT INTO invoice_gate_override (customer_id, valid_during, reason) VALUES (1, '[2026-10-02,2026-10-03)', 'asked for it by telephone');
SELECT * FROM invoice_held('2026-10-01');
SELECT * FROM invoice_held('2026-10-02');
SELECT code, message FROM pg_temp.fails($$INSERT INTO invoice_gate_override (customer_id, valid_during, reason) VALUES (1, '[2026-10-02,2026-10-03)', '')$$);
SELECT reconciliation_decide(reconciliation_group_id, 'accept', 'a trial') > 0 AS decided FROM reconciliation_item WHERE customer_number = 'K1' AND state = 'open';
SELECT * FROM invoice_held('2026-10-01');
CALL invoice_run('2026-10-01');
SELECT invoices, problems FROM invoice_run ORDER BY invoice_run_id DESC LIMIT 1;
SELECT c.number, i.net_amount FROM invoice AS i JOIN customer AS c USING (customer_id) ORDER BY 1;

-- what nobody owns may be anybody's: all wait
INSERT INTO usage (account, service, sku, quantity, cost, starts) VALUES ('lost', 'Compute', 'vm', 1, 80.00, '2026-09-05 12:00Z'), ('three', 'Compute', 'vm', 1, 20.00, '2026-09-05 12:00Z');
SELECT pg_temp.deliver();
UPDATE invoice_gate SET unmapped = 50;
CALL invoice_run('2026-10-01');
SELECT run, invoices, problems, customer, detail FROM problem WHERE run = 3;
INSERT INTO ownership (customer_id, sub_account_id) VALUES (4, 'lost');
CALL invoice_run('2026-10-01');
SELECT invoices, problems FROM invoice_run ORDER BY invoice_run_id DESC LIMIT 1;

-- what cannot be compared is unexplained
INSERT INTO usage (account, service, sku, quantity, cost, starts, currency) VALUES ('two', 'Pounds', 'vm', 1, 40.00, '2026-09-05 12:00Z', 'GBP');
SELECT pg_temp.deliver();
INSERT INTO price_rule (name, product_id, measure, currency, pricing)
VALUES ('Pounds', product_ensure('AWS', 'Pounds'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"60"}');
UPDATE invoice_gate SET unexplained = 1;
SELECT reconciliation_run() > 0 AS run;
SELECT * FROM invoice_held('2026-10-01');
-- without a limit nobody is held
DELETE FROM invoice_gate;
CALL invoice_run('2026-10-01');
SELECT invoices, problems FROM invoice_run ORDER BY invoice_run_id DESC LIMIT 1;
