-- Link C: what was bought against what was sold.  One case for each thing that may be
-- so, each a service of its own.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'K1', 'Works'), (1, 'K2', 'Dear'), (1, 'K3', 'Commits'), (1, 'K4', 'Commits, too');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'one'), (2, 'two'), (3, 'three'), (4, 'four');
INSERT INTO usage (account, service, sku, quantity, cost, starts, currency, category)
VALUES
    ('one', 'Compute', 'vm', 10, 100.00, '2026-09-02 12:00Z', 'EUR', 'Usage'),
    ('one', 'Compute', 'disk', 10, 0.333, '2026-09-02 12:00Z', 'EUR', 'Usage'),
    ('two', 'Compute', 'vm', 10, 100.00, '2026-09-02 12:00Z', 'EUR', 'Usage'),
    ('one', 'At cost', 'vm', 10, 33.333, '2026-09-02 12:00Z', 'EUR', 'Usage'),
    ('lost', 'Compute', 'vm', 10, 77.00, '2026-09-02 12:00Z', 'EUR', 'Usage'),
    ('one', 'New', 'gpu', 1, 55.00, '2026-09-02 12:00Z', 'EUR', 'Usage'),
    ('one', 'Ended', 'tape', 1, 22.00, '2026-09-02 12:00Z', 'EUR', 'Usage'),
    ('one', 'Excluded', 'dns', 1, 11.00, '2026-09-02 12:00Z', 'EUR', 'Usage'),
    ('one', 'Bundled', 'log', 1, 12.00, '2026-09-02 12:00Z', 'EUR', 'Usage'),
    ('one', 'Free tier', 'req', 1000, 0, '2026-09-02 12:00Z', 'EUR', 'Usage'),
    ('one', 'Refunds', 'promo', NULL, -10.00, '2026-09-02 12:00Z', 'EUR', 'Credit'),
    ('one', 'Taxes', 'vat', NULL, 21.00, '2026-09-30 12:00Z', 'EUR', 'Tax'),
    ('one', 'Dollars', 'vm', 10, 100.00, '2026-09-02 12:00Z', 'USD', 'Usage'),
    ('one', 'Pounds', 'vm', 10, 100.00, '2026-09-02 12:00Z', 'GBP', 'Usage');
SELECT pg_temp.deliver();
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, effect, valid_during)
VALUES
    ('Compute', product_ensure('AWS', 'Compute'), 'billed_cost', 'sku', NULL, '{"model":"per_unit","unit_price":"1.08"}', 'set', '(,)'),
    ('At cost', product_ensure('AWS', 'At cost'), 'billed_cost', 'sku', NULL, '{"model":"per_unit","unit_price":"1"}', 'set', '(,)'),
    ('Ended', product_ensure('AWS', 'Ended'), 'billed_cost', 'sku', NULL, '{"model":"per_unit","unit_price":"1.08"}', 'set', '(,2026-09-01)'),
    ('Excluded', product_ensure('AWS', 'Excluded'), 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0"}', 'set', '(,)'),
    ('Bundled', product_ensure('AWS', 'Bundled'), 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0"}', 'set', '(,)'),
    ('Bundle', product_ensure('AWS', 'Bundled'), 'quantity', 'scope', 'EUR', '{"model":"flat","amount":"15"}', 'add', '(,)'),
    ('Free tier', product_ensure('AWS', 'Free tier'), 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0.01"}', 'set', '(,)'),
    ('Dollars', product_ensure('AWS', 'Dollars'), 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"10"}', 'set', '(,)'),
    ('Pounds', product_ensure('AWS', 'Pounds'), 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"12"}', 'set', '(,)'),
    ('Hours', product_ensure('Own services'), 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"95"}', 'set', '(,)');
INSERT INTO price_rule (name, customer_id, product_id, measure, pricing)
VALUES ('Too cheap', 2, product_ensure('AWS', 'Compute'), 'billed_cost', '{"model":"per_unit","unit_price":"0.9"}');
INSERT INTO currency_rate (currency, to_currency, rate_on, rate) VALUES ('USD', 'EUR', '2026-08-31', 0.85), ('USD', 'EUR', '2026-09-30', 0.90);

CREATE TEMP VIEW sku AS
SELECT customer_number AS customer, service, sku, currency, purchase_amount AS purchase, sales_amount AS sales, difference, margin_pct AS pct,
    tolerance, status, explanation, remainder, finding
FROM reconciliation_sale
WHERE level = 'sku' AND month = '2026-09-01'
ORDER BY service, customer, sku, currency;
TABLE sku;

-- levels are of the same rows
SELECT level, supplier, customer_number AS customer, account, service, sku, purchase_amount AS purchase, sales_amount AS sales, status, explanation
FROM reconciliation_sale
WHERE currency = 'EUR' AND (customer_number IS NULL OR customer_number = 'K2')
ORDER BY array_position('{month,supplier,customer,account,service,sku}', level), customer, account;

-- bands: sold below cost is in order for one customer until October; elsewhere margins of over 5 % are not
INSERT INTO margin_band (customer_id, valid_during, minimum) VALUES (2, '(,2026-10-01)', -12);
INSERT INTO margin_band (product_id, selector, minimum, maximum) VALUES (product_ensure('AWS', 'Compute'), '{"sku":"vm"}', 2, 5);
SELECT * FROM sku WHERE service = 'Compute';
SELECT * FROM pg_temp.fails($$INSERT INTO margin_band (customer_id, minimum) VALUES (2, 1)$$);
SELECT * FROM pg_temp.fails($$INSERT INTO margin_band (minimum, maximum) VALUES (10, 5)$$);
DELETE FROM margin_band;

-- by day
SET cloudbilling.grain = 'day';
SELECT level, day, service, sku, purchase_amount AS purchase, purchase_quantity AS quantity, unit, sales_amount AS sales, status
FROM reconciliation_sale
WHERE level = 'day' AND service IN ('Compute', 'Taxes')
ORDER BY customer_number, day, sku;
RESET cloudbilling.grain;

--
-- Commitments: bought by one customer, used by two, and not wholly
--
\copy landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
ProviderName,PublisherName,BillingAccountId,SubAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,SkuId,BillingCurrency,BilledCost,EffectiveCost,ContractedCost,CommitmentDiscountId,CommitmentDiscountStatus
AWS,AWS,payer-2,three,2026-09-01,2026-10-01,2026-09-01T12:00:00Z,2026-10-01T00:00:00Z,Purchase,Plans,sp,EUR,225,0,,sp-1,
AWS,AWS,payer-2,three,2026-09-01,2026-10-01,2026-09-10T00:00:00Z,2026-09-11T00:00:00Z,Usage,Plans,vm,EUR,0,120,200,sp-1,Used
AWS,AWS,payer-2,four,2026-09-01,2026-10-01,2026-09-10T00:00:00Z,2026-09-11T00:00:00Z,Usage,Plans,vm,EUR,0,60,100,sp-1,Used
AWS,AWS,payer-2,three,2026-09-01,2026-10-01,2026-09-10T00:00:00Z,2026-09-11T00:00:00Z,Usage,Plans,sp,EUR,0,45,,sp-1,Unused
AWS,Datadog,payer-2,three,2026-09-01,2026-10-01,2026-09-10T00:00:00Z,2026-09-11T00:00:00Z,Purchase,Datadog,dd,EUR,30,30,,,
\.
-- sold by effective cost, all but what is unused
INSERT INTO price_rule (name, product_id, selector, measure, pricing)
VALUES ('Plans', product_ensure('AWS', 'Plans'), '{"commitment_status":{"not":"Unused"}}', 'effective_cost', '{"model":"per_unit","unit_price":"1.1"}');
SELECT * FROM sku WHERE service IN ('Plans', 'Datadog');
-- the reseller keeps the benefit: use is sold below what it would have cost
INSERT INTO commitment_policy (policy) VALUES ('reseller');
SELECT * FROM sku WHERE service = 'Plans';
-- all of it by use
UPDATE commitment_policy SET policy = 'pro_rata';
SELECT * FROM sku WHERE service = 'Plans';
-- who used it, but for a customer
UPDATE commitment_policy SET policy = 'originating';
INSERT INTO commitment_policy (customer_id, provider_name, policy) VALUES (4, 'AWS', 'reseller');
SELECT * FROM sku WHERE service = 'Plans';
SELECT * FROM pg_temp.fails($$INSERT INTO commitment_policy (customer_id, policy) VALUES (3, 'pro_rata')$$);
DELETE FROM commitment_policy;

--
-- Own services: sold, and not bought
--
INSERT INTO landing VALUES (E'worked_on,customer_ref,employee,activity,hours,currency,event_id
2026-09-03,K1,e7,hour,2,EUR,e1');
SELECT * FROM sku WHERE status <> 'MATCHED' IS NOT TRUE AND currency = 'EUR' AND service NOT IN ('Compute', 'At cost', 'Bundled');

--
-- Licences: counted by the seller's name, bought by the supplier's
--
\copy landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
account,customer_ref,licence,currency,counted_on,quantity
tenant,K1,m365,EUR,2026-09-01,9
tenant,K1,m365,EUR,2026-09-02,9
tenant,K1,m365,EUR,2026-09-03,8
\.
-- a month of 10, of which on the 13th one is taken back and 11 made of them
\copy landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
ProviderName,BillingAccountId,SubAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,SkuId,BillingCurrency,BilledCost,PricingUnit,PricingQuantity
Microsoft,ms,one,2026-09-01,2026-10-01,2026-09-01,2026-10-01,Purchase,Licences,CFQ7,EUR,200,Licences,10
Microsoft,ms,one,2026-09-01,2026-10-01,2026-09-01,2026-10-01,Purchase,Licences,CFQ7,EUR,-200,Licences,-10
Microsoft,ms,one,2026-09-01,2026-10-01,2026-09-01,2026-09-13,Purchase,Licences,CFQ7,EUR,80,Licences,10
Microsoft,ms,one,2026-09-01,2026-10-01,2026-09-13,2026-10-01,Purchase,Licences,CFQ7,EUR,132,Licences,11
\.
INSERT INTO price_rule (name, product_id, selector, measure, per, currency, pricing, position)
VALUES ('m365', product_ensure('Own services', 'Licences'), '{"sku":"m365"}', 'peak', 'scope', 'EUR', '{"model":"per_unit","unit_price":"25"}', -1);
-- two things, until it is said that they are one
SELECT * FROM sku WHERE service = 'Licences';
INSERT INTO product_counterpart (product_id, bought_product_id)
SELECT product_ensure('Own services', 'Licences', 'm365'), product_ensure('Microsoft', 'Licences', 'CFQ7');
SELECT * FROM sku WHERE service = 'Licences';
SELECT account, purchase_quantity, sales_quantity, status FROM reconciliation_sale WHERE level = 'sku' AND service = 'Licences';
TABLE reconciliation_licence;

--
-- The same usage told twice, by two formats
--
SELECT source_add('other', 'other usage', '{"provider_name": {"value": "AWS"}, "sub_account_id": "account", "service_name": {"value": "Compute"}, "sku_id": "sku", "charge_period_start": "day", "billed_cost": "cost", "billing_currency": {"value": "EUR"}}') IS NOT NULL AS added;
SET cloudbilling.load_account = 'other';
INSERT INTO landing VALUES (E'account,sku,day,cost\none,vm,2026-09-02,100');
RESET cloudbilling.load_account;
SELECT * FROM sku WHERE service = 'Compute' AND sku = 'vm' AND customer = 'K1';
SELECT load_undo(max(load_id)) FROM load;

--
-- After the invoices: late usage, a month that was taken for another, and what is gone
--
CALL invoice_run('2026-10-01');
SELECT customer_number AS customer, sum(sales_amount) AS sales, sum(invoiced) AS invoiced, sum(running) AS running FROM reconciliation_sale
WHERE level = 'customer' AND month = '2026-09-01' GROUP BY 1 ORDER BY 1;
CREATE TEMP VIEW after AS
SELECT month, customer_number AS customer, service, sku, purchase_amount AS purchase, late_cost AS late, sales_amount AS sales, invoiced, running, status, explanation, remainder
FROM reconciliation_sale
WHERE level = 'sku' AND service IN ('Compute', 'At cost')
ORDER BY month, customer, service, sku;
-- usage of September that comes with October's delivery
INSERT INTO landing VALUES (E'ProviderName,BillingAccountId,SubAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,SkuId,BillingCurrency,BilledCost,PricingUnit,PricingQuantity
AWS,payer,one,2026-10-01,2026-11-01,2026-09-30T12:00:00Z,2026-09-30T13:00:00Z,Usage,Compute,vm,EUR,10,Hours,1
AWS,payer,one,2026-10-01,2026-11-01,2026-10-01T12:00:00Z,2026-10-01T13:00:00Z,Usage,Compute,vm,EUR,50,Hours,5');
SELECT * FROM after WHERE sku = 'vm' AND customer = 'K1' AND service = 'Compute';
CALL invoice_run('2026-11-01');
SELECT * FROM after WHERE sku = 'vm' AND customer = 'K1' AND service = 'Compute';
-- September comes anew: a charge is in October, and one is gone
DELETE FROM usage WHERE service = 'At cost';
UPDATE usage SET starts = '2026-10-01 12:00Z' WHERE account = 'one' AND sku = 'disk';
SELECT pg_temp.deliver();
SELECT * FROM after WHERE service = 'At cost' OR sku = 'disk';

--
-- An invoice in another currency than the supplier's: costs are converted for the customer,
-- and compared in the seller's
--
INSERT INTO customer (seller_id, number, name) VALUES (1, 'K5', 'Euros');
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, 'five' FROM customer WHERE number = 'K5';
INSERT INTO invoice_currency (customer_id, currency) SELECT customer_id, 'EUR' FROM customer WHERE number = 'K5';
INSERT INTO usage (account, service, sku, quantity, cost, starts, currency) VALUES ('five', 'Compute', 'vm', 10, 100.00, '2026-09-02 12:00Z', 'USD');
SELECT pg_temp.deliver();
SELECT * FROM sku WHERE customer = 'K5';
