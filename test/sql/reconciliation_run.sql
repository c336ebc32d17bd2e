-- Runs of reconciliation and decisions: what is as it was writes nothing; a decision
-- holds until its amount moves; what is billed is billed once, by ordinary rules.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'K1', 'Works'), (1, 'K2', 'Dear');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'one'), (2, 'two');
INSERT INTO usage (account, service, sku, quantity, cost, starts, category)
VALUES
    ('one', 'Compute', 'vm', 10, 100.00, '2026-09-02 12:00Z', 'Usage'),
    ('one', 'Compute', 'disk', 10, 50.00, '2026-09-02 12:00Z', 'Usage'),
    ('two', 'Compute', 'vm', 10, 40.00, '2026-09-02 12:00Z', 'Usage'),
    ('lost', 'Compute', 'vm', 10, 77.00, '2026-09-02 12:00Z', 'Usage'),
    ('one', 'New', 'gpu', 1, 55.00, '2026-09-02 12:00Z', 'Usage'),
    ('one', 'New', 'tape', 1, 22.00, '2026-09-02 12:00Z', 'Usage'),
    ('two', 'New', 'dns', 1, 11.00, '2026-09-02 12:00Z', 'Usage'),
    ('one', 'Refunds', 'promo', NULL, -10.00, '2026-09-02 12:00Z', 'Credit');
SELECT pg_temp.deliver();
INSERT INTO price_rule (name, product_id, measure, pricing)
VALUES ('Compute', product_ensure('AWS', 'Compute'), 'billed_cost', '{"model":"per_unit","unit_price":"1.08"}');
INSERT INTO price_rule (name, customer_id, product_id, measure, pricing)
VALUES ('Too cheap', 2, product_ensure('AWS', 'Compute'), 'billed_cost', '{"model":"per_unit","unit_price":"0.9"}');
INSERT INTO supplier_invoice (invoice_issuer_name, invoice_number, issued_on, period_start, period_end, currency, net_amount, tax_amount, gross_amount)
VALUES ('AWS', 'A-77', '2026-10-03', '2026-09-01', '2026-10-01', 'EUR', 500, 0, 500);

-- what a run leaves: how many rows in all its tables
CREATE TEMP VIEW written AS
SELECT (SELECT count(*) FROM reconciliation_run) AS runs, (SELECT count(*) FROM reconciliation_group) AS groups,
    (SELECT count(*) FROM reconciliation_figure) AS figures, (SELECT count(*) FROM history WHERE relation = 'reconciliation_group') AS earlier;
CREATE TEMP VIEW item AS
SELECT reconciliation_group_id AS id, link, customer_number AS customer, account, sku, reference, purchase_amount AS purchase, against_amount AS against,
    status, explanation, finding, state, decision, decision_amount AS amount, note
FROM reconciliation_item
ORDER BY link, supplier, account, sku, customer;

SELECT reconciliation_run();
SELECT reconciliation_run_id AS run, first_month, last_month, groups_new, groups_changed, groups_resolved FROM reconciliation_run;
TABLE item;
SELECT link, month, currency, groups, matched, purchase_amount, against_amount, match_rate_count_pct, match_rate_amount_pct, coverage_pct, leakage,
    unexplained, oldest_open_at IS NOT NULL AS has_open, pec_coverage_pct AS pec, commitment_utilisation_pct AS used
FROM reconciliation_run_figure ORDER BY 1, 2;
TABLE written;
-- nothing is new
SELECT reconciliation_run();
SELECT reconciliation_run('2026-09-15', '2026-09-01');
TABLE written;
-- other months are not looked at
SELECT reconciliation_run('2026-10-01');
TABLE written;
SELECT * FROM pg_temp.fails($$SELECT reconciliation_run('2026-10-01', '2026-09-01')$$);

-- age goes by when it was first seen
SELECT count(*) AS groups, bool_and(first_seen_at = recorded_at) AS all_new FROM reconciliation_group;
UPDATE usage SET cost = 56 WHERE sku = 'gpu';
SELECT pg_temp.deliver();
SELECT reconciliation_run();
TABLE written;
SELECT first_seen_at < recorded_at AS older, purchase_amount FROM reconciliation_group WHERE finding = 56;
SELECT definition ->> 'purchase_amount' AS was FROM history WHERE relation = 'reconciliation_group' ORDER BY 1;

--
-- Decisions
--
CREATE FUNCTION pg_temp.id(sku text, customer text DEFAULT 'K1') RETURNS int LANGUAGE sql AS $$
    SELECT reconciliation_group_id FROM reconciliation_item AS i WHERE i.sku = id.sku AND i.customer_number IS NOT DISTINCT FROM id.customer
$$;
SELECT * FROM pg_temp.fails($$SELECT reconciliation_decide(0, 'accept', 'x')$$);
SELECT * FROM pg_temp.fails($$SELECT reconciliation_decide(pg_temp.id('gpu'), 'ignore', 'x')$$);
SELECT * FROM pg_temp.fails($$SELECT reconciliation_decide(pg_temp.id('gpu'), 'accept', ' ')$$);
SELECT * FROM pg_temp.fails($$SELECT reconciliation_decide(pg_temp.id('vm', NULL), 'bill', 'whose?')$$);
SELECT * FROM pg_temp.fails($$SELECT reconciliation_decide(pg_temp.id('vm', NULL), 'bill', 'x', 80, 2)$$);
SELECT * FROM pg_temp.fails($$SELECT reconciliation_decide(pg_temp.id('gpu'), 'bill', 'x', -3)$$);
SELECT * FROM pg_temp.fails($$SELECT reconciliation_decide(pg_temp.id('gpu'), 'bill', 'x', customer_id => 2)$$);
SELECT * FROM pg_temp.fails($$SELECT reconciliation_decide((SELECT id FROM item WHERE link = 'A' LIMIT 1), 'bill', 'x')$$);

-- a tape is a present; a GPU is billed with a margin; K2 pays what it was sold below cost; the supplier is to pay for the name server
SELECT reconciliation_decide(pg_temp.id('tape'), 'accept', 'trial', author => 'finance');
SELECT reconciliation_decide(pg_temp.id('gpu'), 'bill', 'forgot the price', 60);
SELECT reconciliation_decide(pg_temp.id('vm', 'K2'), 'bill', 'wrong price');
SELECT reconciliation_decide(pg_temp.id('dns', 'K2'), 'claim', 'was never ordered');
SELECT reconciliation_decide((SELECT id FROM item WHERE reference = 'A-77'), 'claim', 'more than the lines', 120);
-- what nobody owned is K2's in September
SELECT reconciliation_decide(pg_temp.id('vm', NULL), 'bill', 'it is Dear''s', customer_id => 2);
SELECT customer_id, sub_account_id, valid_during FROM ownership WHERE sub_account_id = 'lost';
SELECT r.name, r.customer_id, r.selector, r.valid_during, r.pricing, r.effect FROM price_rule AS r WHERE r.name LIKE 'Recon%' ORDER BY 1;
SELECT id, customer, sku, status, finding, state, decision, amount, note FROM item;
-- with the next run what was decided shows
SELECT reconciliation_run();
SELECT id, customer, account, sku, purchase, against, status, explanation, finding, state, decision, amount FROM item;
SELECT supplier, link, sku, reference, currency, amount, reason, decided_by, settled_amount, open_amount, state FROM reconciliation_claim ORDER BY 1, 3;
SELECT reconciliation_claim_settle((SELECT reconciliation_decision_id FROM reconciliation_claim WHERE sku = 'dns'), 8, '2026-10-20');
SELECT supplier, sku, amount, settled_on, settled_amount, open_amount FROM reconciliation_claim WHERE sku = 'dns';
SELECT * FROM pg_temp.fails($$SELECT reconciliation_claim_settle(1, 8)$$);

-- it is billed once, by the running invoice
SELECT customer, description, due, amount FROM invoice_running ORDER BY customer, description, due;
CALL invoice_run('2026-10-01');
SELECT customer_id, description, amount FROM invoice_line ORDER BY 1, 2, 3;
CALL invoice_run('2026-10-01');
SELECT count(*) AS documents FROM invoice;
SELECT reconciliation_run();
SELECT id, customer, account, sku, status, finding, state, decision FROM item WHERE link = 'C';

-- an accepted difference stays so while its amount moves by no more than the bound, and is open again when it does
UPDATE usage SET cost = 22.004 WHERE sku = 'tape';
SELECT pg_temp.deliver();
SELECT reconciliation_run();
SELECT customer, sku, finding, state, decision, amount FROM item WHERE sku = 'tape';
UPDATE usage SET cost = 23 WHERE sku = 'tape';
SELECT pg_temp.deliver();
SELECT reconciliation_run();
SELECT customer, sku, finding, state, decision, amount FROM item WHERE sku = 'tape';
SELECT reconciliation_decide(pg_temp.id('tape'), 'accept', 'still a trial');
SELECT customer, sku, finding, state, decision, amount FROM item WHERE sku = 'tape';
-- and it is resolved when it has a price, whatever was decided
INSERT INTO price_rule (name, product_id, measure, pricing)
VALUES ('Tape', product_ensure('AWS', 'New', 'tape'), 'billed_cost', '{"model":"per_unit","unit_price":"1.2"}');
SELECT reconciliation_run();
SELECT customer, sku, finding, status, state, decision, amount FROM item WHERE sku = 'tape';
SELECT * FROM pg_temp.fails($$SELECT reconciliation_decide(pg_temp.id('disk', 'K1'), 'accept', 'x')$$);
SELECT * FROM pg_temp.fails($$SELECT reconciliation_decide((SELECT id FROM item WHERE state = 'resolved' ORDER BY id LIMIT 1), 'accept', 'x')$$);

-- a decision is not changed, but withdrawn, with what it made due; not when it was invoiced
SELECT * FROM pg_temp.fails($$UPDATE reconciliation_decision SET amount = 1 WHERE reconciliation_decision_id = (SELECT min(reconciliation_decision_id) FROM reconciliation_decision)$$);
SELECT * FROM pg_temp.fails($$DELETE FROM reconciliation_decision$$);
SELECT reconciliation_decision_withdraw(d.reconciliation_decision_id, 'it was not theirs') FROM reconciliation_decision AS d WHERE d.ownership_id IS NOT NULL;
SELECT count(*) FROM ownership WHERE sub_account_id = 'lost';
SELECT customer, description, due, due_before, amount FROM invoice_running WHERE amount <> 0 ORDER BY customer, description, due;
SELECT code, regexp_replace(message, '\d+', 'N') AS message, regexp_replace(hint, '\d+', 'N', 'g') AS hint
FROM pg_temp.fails($$SELECT reconciliation_decision_withdraw(d.reconciliation_decision_id, 'x') FROM reconciliation_decision AS d WHERE d.amount = 60$$);
SELECT reconciliation_decide(pg_temp.id('gpu'), 'credit', 'it was a trial, too', -60) > 0 AS credited;
SELECT customer, description, due, due_before, amount FROM invoice_running WHERE amount <> 0 ORDER BY customer, description, due;
SELECT reconciliation_run();
SELECT customer, sku, status, finding, state, decision FROM item WHERE account = 'lost' OR sku = 'gpu' ORDER BY sku, customer NULLS FIRST;

-- as of the first run
SELECT run_at FROM reconciliation_run ORDER BY 1 LIMIT 1 \gset
SELECT set_config('cloudbilling.as_of', :'run_at', false) IS NOT NULL AS set;
SELECT customer, account, sku, finding, state, decision FROM item WHERE link = 'C';
RESET cloudbilling.as_of;
