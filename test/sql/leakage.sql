-- Money that is lost, or was taken wrongly: a case for each kind, with its amount.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO currency_rate (currency, to_currency, rate_on, rate) VALUES ('USD', 'EUR', '2026-09-30', 0.9);
INSERT INTO customer (seller_id, number, name) VALUES (1, 'K1', 'Works'), (1, 'K2', 'Dear');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'one'), (2, 'two');
INSERT INTO usage (account, service, sku, quantity, cost, starts, category)
VALUES
    ('one', 'Compute', 'vm', 10, 100.00, '2026-09-02 12:00Z', 'Usage'),
    ('one', 'Compute', 'disk', 10, 30.00, '2026-09-02 12:00Z', 'Usage'),
    ('two', 'Compute', 'vm', 10, 40.00, '2026-09-02 12:00Z', 'Usage'),
    ('lost', 'Compute', 'vm', 10, 77.00, '2026-09-02 12:00Z', 'Usage'),
    ('one', 'New', 'gpu', 1, 55.00, '2026-09-02 12:00Z', 'Usage'),
    ('one', 'Ended', 'tape', 1, 22.00, '2026-09-02 12:00Z', 'Usage'),
    ('one', 'Excluded', 'dns', 1, 11.00, '2026-09-02 12:00Z', 'Usage'),
    ('one', 'Refunds', 'promo', NULL, -10.00, '2026-09-02 12:00Z', 'Credit'),
    ('one', 'Compute', 'vm', 10, 50.00, '2026-10-02 12:00Z', 'Usage');
SELECT pg_temp.deliver();
INSERT INTO price_rule (name, product_id, measure, currency, pricing, valid_during)
VALUES ('Compute', product_ensure('AWS', 'Compute'), 'billed_cost', NULL, '{"model":"per_unit","unit_price":"1.08"}', '(,)'),
    ('Ended', product_ensure('AWS', 'Ended'), 'billed_cost', NULL, '{"model":"per_unit","unit_price":"1.08"}', '(,2026-09-01)'),
    ('Excluded', product_ensure('AWS', 'Excluded'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"0"}', '(,)'),
    ('m365', product_ensure('Own services', 'Licences'), 'peak', 'EUR', '{"model":"per_unit","unit_price":"26"}', '(,)');
INSERT INTO price_rule (name, customer_id, product_id, measure, pricing)
VALUES ('Too cheap', 2, product_ensure('AWS', 'Compute'), 'billed_cost', '{"model":"per_unit","unit_price":"0.9"}');
\copy landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
ProviderName,PublisherName,BillingAccountId,SubAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,SkuId,BillingCurrency,BilledCost,EffectiveCost,CommitmentDiscountId,CommitmentDiscountStatus,PricingUnit,PricingQuantity
AWS,AWS,payer-2,one,2026-09-01,2026-10-01,2026-09-10T00:00:00Z,2026-09-11T00:00:00Z,Usage,Plans,sp,EUR,0,45,sp-1,Unused,,
AWS,Datadog,payer-2,one,2026-09-01,2026-10-01,2026-09-10T00:00:00Z,2026-09-11T00:00:00Z,Purchase,Datadog,dd,EUR,30,30,,,,
Microsoft,Microsoft,ms,one,2026-09-01,2026-10-01,2026-09-01T00:00:00Z,2026-10-01T00:00:00Z,Purchase,Licences,CFQ7,EUR,200,200,,,Licences,10
\.
\copy landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
account,customer_ref,licence,currency,counted_on,quantity
tenant,K1,m365,EUR,2026-09-01,7
tenant,K1,m365,EUR,2026-09-02,8
\.
INSERT INTO product_counterpart (product_id, bought_product_id)
SELECT product_ensure('Own services', 'Licences', 'm365'), product_ensure('Microsoft', 'Licences', 'CFQ7');
-- a second format tells of the same disk, and what was invoiced is gone
SELECT source_add('other', 'other usage', '{"provider_name": {"value": "AWS"}, "sub_account_id": "account", "service_name": {"value": "Compute"}, "sku_id": "sku", "charge_period_start": "day", "billed_cost": "cost", "billing_currency": {"value": "EUR"}}') IS NOT NULL AS added;
SET cloudbilling.load_account = 'other';
INSERT INTO landing VALUES (E'account,sku,day,cost\none,disk,2026-09-02,30');
RESET cloudbilling.load_account;
CALL invoice_run('2026-10-01');
DELETE FROM usage WHERE account = 'one' AND sku = 'vm' AND starts < '2026-10-01';
SELECT pg_temp.deliver();

SELECT kind, supplier, customer_number AS customer, account, sku, currency, amount, purchase_amount AS bought, sales_amount AS sold, since, age_days = now()::date - since AS aged, state
FROM bi_leakage
ORDER BY kind, sku, customer;
SELECT * FROM bi_coverage ORDER BY month, supplier;
-- with a run it has an age and a state, with a decision that, too
SELECT reconciliation_run();
SELECT reconciliation_decide(reconciliation_group_id, 'accept', 'goodwill') > 0 AS decided FROM leakage WHERE kind = 'unpriced';
SELECT kind, amount, status, state, decision FROM leakage JOIN reconciliation_item USING (reconciliation_group_id, status) ORDER BY kind, amount;
SELECT month, link, supplier, customer_number AS customer, account, sku, status, finding, state, decision, note FROM bi_reconciliation ORDER BY status, sku, customer;

-- SELECT on them is all that a BI tool's user needs
CREATE ROLE leakage_test_analyst;
GRANT USAGE ON SCHEMA cloudbilling TO leakage_test_analyst;
GRANT SELECT ON bi_leakage, bi_coverage, bi_reconciliation, bi_margin_bridge TO leakage_test_analyst;
SET ROLE leakage_test_analyst;
SELECT (SELECT count(*) FROM bi_leakage) AS leaks, (SELECT count(*) FROM bi_coverage) AS months, (SELECT count(*) FROM bi_reconciliation) AS groups,
    (SELECT count(*) FROM bi_margin_bridge) AS bridges;
RESET ROLE;
DROP OWNED BY leakage_test_analyst;
DROP ROLE leakage_test_analyst;
