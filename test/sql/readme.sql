-- The statements of "Getting started" in README.md, in its order, in a database of
-- their own; test/readme compares the two files.
CREATE DATABASE cloudbilling_readme;
\c cloudbilling_readme
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- README
CREATE EXTENSION cloudbilling CASCADE;
SET search_path = cloudbilling, public;

INSERT INTO seller (name, city, vat_number, iban)
VALUES ('Polderwolk B.V.', 'Utrecht', 'NL123456782B90', 'NL91ABNA0417164300');

INSERT INTO customer (seller_id, number, name, city)
VALUES (1, 'K1001', 'Bakkerij De Korenmaat B.V.', 'Zaandam');

INSERT INTO ownership (customer_id, provider_name, sub_account_id)
VALUES (1, 'AWS', '410000000011');

INSERT INTO price_rule (name, product_id, measure, per, currency, pricing)
VALUES
    ('AWS at cost plus 8 %', product_ensure('AWS'), 'billed_cost', 'sku', NULL,
        '{"model": "per_unit", "unit_price": "1.08"}'),
    ('Backup', product_ensure('Own services', 'backup'), 'quantity', 'scope', 'EUR',
        '{"model": "graduated", "tiers": [{"up_to": "500", "unit_price": "0.09"}, {"unit_price": "0.07"}]}');

SELECT customer_id, number, name FROM customer;

\copy cloudbilling.landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
ProviderName,BillingAccountId,SubAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,SkuId,ChargeDescription,BillingCurrency,BilledCost,PricingQuantity,PricingUnit
AWS,410000000001,410000000011,2025-01-01,2025-02-01,2025-01-01T00:00:00Z,2025-01-16T00:00:00Z,Usage,Amazon EC2,M6I,m6i.large,EUR,38.5200,360,Hours
AWS,410000000001,410000000011,2025-01-01,2025-02-01,2025-01-16T00:00:00Z,2025-01-31T00:00:00Z,Usage,Amazon EC2,M6I,m6i.large,EUR,38.5206,360,Hours
AWS,410000000001,410000000011,2025-01-01,2025-02-01,2025-01-01T00:00:00Z,2025-02-01T00:00:00Z,Usage,Amazon S3,STD,Standard storage,EUR,4.705152,204.572,GB-Months
AWS,410000000001,410000000099,2025-01-01,2025-02-01,2025-01-01T00:00:00Z,2025-02-01T00:00:00Z,Usage,Amazon S3,STD,Standard storage,EUR,1.15,50,GB-Months
\.

\copy cloudbilling.landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
customer_ref,meter,quantity,unit,usage_start,usage_end,source_event_id,unit_cost,currency
K1001,backup,620.5,GB,2025-01-01T00:00:00+01:00,2025-02-01T00:00:00+01:00,b-1,0.021,EUR
K1001,backup,many,GB,2025-01-01T00:00:00+01:00,2025-02-01T00:00:00+01:00,b-2,0.021,EUR
\.

SELECT load_id, line_no, column_name, reason FROM load_reject;

SELECT service, description, quantity, unit, amount, cost, margin
FROM invoice_running(1);

CALL invoice_run('2025-02-01');
CALL invoice_run('2025-02-01');
SELECT invoice_run_id, until, invoices, problems FROM invoice_run ORDER BY 1;

SELECT series_number, kind, period_start, period_end, currency, net_amount, vat_amount, gross_amount
FROM invoice;

SELECT line_no, service, description, quantity, unit, amount, vat_category, vat_rate
FROM invoice_line
ORDER BY invoice_id, line_no;

SELECT s.tier, s.quantity, s.unit_price, s.amount
FROM invoice_line AS l, rate_steps(l.measured, l.pricing) AS s
WHERE l.description = 'Backup';

SELECT customer, service, revenue, round(billed_cost, 4) AS billed_cost, round(margin, 4) AS margin, margin_percentage
FROM bi_margin
ORDER BY service;

SELECT sub_account_id, period_start, currency, charges, billed_cost FROM charge_unowned;
-- end

\c postgres
DROP DATABASE cloudbilling_readme;
