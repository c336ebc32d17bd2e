-- One customer, SKU and month from the supplier's invoice to the customer's.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'K1', 'Works');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'one');
INSERT INTO usage (account, sku, quantity, cost, starts) VALUES ('one', 'vm', 10, 100, '2026-09-02 12:00Z'), ('one', 'disk', 1, 5, '2026-09-02 12:00Z');
SELECT pg_temp.deliver();
INSERT INTO price_rule (name, product_id, measure, pricing) VALUES ('Compute plus 8 %', product_ensure('AWS', 'Compute'), 'billed_cost', '{"model":"per_unit","unit_price":"1.08"}');
CALL invoice_run('2026-10-01');
-- the supplier restates the month, and invoices another amount
UPDATE usage SET quantity = 11, cost = 110 WHERE sku = 'vm';
SELECT pg_temp.deliver();
SET cloudbilling.load_side = 'purchase';
\copy landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
ProviderName,BillingAccountId,SubAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,SkuId,BillingCurrency,BilledCost,PricingUnit,PricingQuantity,InvoiceId
AWS,payer,one,2026-09-01,2026-10-01,2026-09-01T12:00:00Z,2026-09-30T00:00:00Z,Usage,Compute,vm,EUR,120,Hours,12,AWS-77
\.
RESET cloudbilling.load_side;
SELECT reconciliation_run() IS NOT NULL AS run;
SELECT step, kind, description, reference, currency, quantity, unit, cost, amount FROM reconcile_trace(1, 'vm', '2026-09-15');
CALL invoice_run('2026-10-01');
SELECT step, kind, description, quantity, cost, amount FROM reconcile_trace(1, 'vm', '2026-09-01') WHERE step > 2;
SELECT * FROM pg_temp.fails($$SELECT * FROM reconcile_trace(7, 'vm', '2026-09-01')$$);
SELECT * FROM pg_temp.fails($$SELECT * FROM reconcile_trace(1, 'none', '2026-09-01')$$);
SELECT * FROM pg_temp.fails($$SELECT * FROM reconcile_trace(1, 'vm', NULL)$$);
