-- The examples of docs/reconciliation.md, Sales, with the same statements.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'K1', 'Works'), (1, 'K2', 'Other');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'prod'), (2, 'other');
INSERT INTO usage (account, service, sku, quantity, cost, starts, category)
VALUES
    ('prod', 'Compute', 'vm', 10, 300.00, '2026-09-02 12:00Z', 'Usage'),
    ('prod', 'Compute', 'vm', 10, 310.00, '2026-10-02 12:00Z', 'Usage'),
    ('prod', 'Storage', 'disk', 7, 50.00, '2026-09-20 12:00Z', 'Usage'),
    ('prod', 'Preview', 'gpu', 1, 90.00, '2026-09-21 12:00Z', 'Usage'),
    ('prod', 'Refunds', 'sla', NULL, -12.00, '2026-09-30 12:00Z', 'Credit'),
    ('other', 'Storage', 'disk', 4, 40.00, '2026-09-20 12:00Z', 'Usage'),
    ('new', 'Compute', 'vm', 2, 60.00, '2026-09-25 12:00Z', 'Usage');
SELECT pg_temp.deliver();
INSERT INTO price_rule (name, product_id, measure, pricing)
VALUES ('Compute plus 8 %', product_ensure('AWS', 'Compute'), 'billed_cost', '{"model":"per_unit","unit_price":"1.08"}'),
    ('Storage plus 10 %', product_ensure('AWS', 'Storage'), 'billed_cost', '{"model":"per_unit","unit_price":"1.1"}');
INSERT INTO price_rule (name, customer_id, product_id, measure, currency, pricing)
VALUES ('Old list', 2, product_ensure('AWS', 'Storage'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"9"}');

-- Sales.
SELECT customer_number AS customer, sku, purchase_amount AS bought, sales_amount AS sold, margin_pct, status, explanation, finding
FROM reconciliation_sale
WHERE level = 'sku' AND month = '2026-09-01'
ORDER BY customer, sku;

SELECT level, supplier, customer_number AS customer, purchase_amount AS bought, sales_amount AS sold, status, explanation
FROM reconciliation_sale
WHERE level IN ('month', 'supplier', 'customer') AND month = '2026-09-01'
ORDER BY array_position('{month,supplier,customer}', level), customer;

-- Margin bands.
INSERT INTO margin_band (product_id, minimum, maximum)
VALUES (product_ensure('AWS', 'Compute'), 10, 30);

SELECT customer_number AS customer, sku, margin_pct, status, finding
FROM reconciliation_sale
WHERE level = 'sku' AND service = 'Compute' AND customer_number IS NOT NULL
ORDER BY month;

DELETE FROM margin_band;

-- Runs.
SELECT reconciliation_run('2026-09-01', '2026-09-01') IS NOT NULL AS done;

SELECT customer_number AS customer, account, sku, status, finding, state, age_days
FROM reconciliation_item
ORDER BY finding DESC;

SELECT month, groups, matched, purchase_amount AS bought, leakage, coverage_pct, match_rate_amount_pct
FROM reconciliation_run_figure
WHERE link = 'C';

-- Decisions.
SELECT reconciliation_decide(reconciliation_group_id, 'bill', 'forgot to price the preview', 99) > 0 AS decided
FROM reconciliation_item WHERE sku = 'gpu';

SELECT reconciliation_decide(reconciliation_group_id, 'bill', 'new account of Other', customer_id => 2) > 0 AS decided
FROM reconciliation_item WHERE status = 'UNMAPPED';

SELECT reconciliation_decide(reconciliation_group_id, 'accept', 'old contract, until December') > 0 AS decided
FROM reconciliation_item WHERE status = 'PRICE_MISMATCH';

SELECT customer, period_start, description, due FROM invoice_running ORDER BY customer, period_start, description;

SELECT reconciliation_run('2026-09-01', '2026-09-01') IS NOT NULL AS done;

SELECT customer_number AS customer, account, sku, status, finding, state, decision, note
FROM reconciliation_item
ORDER BY customer, account, sku;

-- Gate.
INSERT INTO invoice_gate (leakage, unmapped) VALUES (25, 100);

SELECT customer_id, reason, amount, allowed FROM invoice_held('2026-10-01');

-- Leakage.
INSERT INTO usage (account, service, sku, quantity, cost, starts) VALUES ('prod', 'Preview', 'tpu', 1, 33.00, '2026-09-21 12:00Z');
SELECT pg_temp.deliver();

SELECT month, kind, customer_number AS customer, account, sku, amount FROM bi_leakage ORDER BY amount DESC;

CALL invoice_run('2026-10-01');

SELECT c.number AS customer, p.message, p.detail
FROM invoice_run_problem AS p
JOIN customer AS c USING (customer_id);

INSERT INTO invoice_gate_override (customer_id, valid_during, reason)
VALUES (1, '[2026-10-01,2026-10-31]', 'the TPU is on us until it has a price');

CALL invoice_run('2026-10-01');

SELECT customer ->> 'number' AS customer, net_amount FROM invoice ORDER BY 1;

-- Margin bridge.
SELECT month, customer_number AS customer, margin_before AS before, corrections, price, cost, volume, mix, fx, margin
FROM bi_margin_bridge
WHERE customer_number = 'K1'
ORDER BY month;

-- Trace.
SELECT step, kind, description, quantity, cost, amount
FROM reconcile_trace((SELECT customer_id FROM customer WHERE number = 'K1'), 'gpu', '2026-09-01');
