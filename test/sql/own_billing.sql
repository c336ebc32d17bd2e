-- From own files and Google's to the invoice: hours that are billable and not, a sale
-- at its sale price, licences by the average over a month with a gap, usage without
-- the reseller's margin.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\pset format unaligned

INSERT INTO seller (name) VALUES ('Own Billing') RETURNING seller_id AS seller \gset
INSERT INTO customer (seller_id, number, name) VALUES (:seller, 'K1001', 'One') RETURNING customer_id AS one \gset
INSERT INTO customer (seller_id, number, name) VALUES (:seller, 'K1002', 'Two') RETURNING customer_id AS two \gset
INSERT INTO ownership (customer_id, provider_name, sub_account_id) VALUES (:one, 'Google Cloud', 'shop-prod');
INSERT INTO price_rule (name, product_id, selector, measure, per, currency, pricing)
VALUES
    ('Hours', product_ensure('Own services', 'Hours'), NULL, 'quantity', 'sku', 'EUR', '{"model": "per_unit", "unit_price": "95"}'),
    ('Goodwill', product_ensure('Own services', 'Hours, not billable'), NULL, 'quantity', 'sku', 'EUR', '{"model": "per_unit", "unit_price": "0"}'),
    ('Hardware', product_ensure('Own services', 'Hardware'), NULL, 'list_cost', 'sku', 'EUR', '{"model": "per_unit", "unit_price": "1"}'),
    ('Office E3', product_ensure('Own services', 'Licences'), NULL, 'weighted', 'sku', 'EUR', '{"model": "per_unit", "unit_price": "31"}'),
    ('Google at cost, without our margin', product_ensure('Google Cloud'), '{"sku_meter": {"not": "RESELLER_MARGIN"}}', 'billed_cost', 'sku', 'EUR',
        '{"model": "per_unit", "unit_price": "1000"}');
\copy landing from 'test/data/hours-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
\copy landing from 'test/data/sale-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
\copy landing from 'test/data/licence-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
\copy landing from 'test/data/licence-2.csv' with (format csv, delimiter E'\x01', quote E'\x02')
\copy landing from 'test/data/gcp-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')

-- In January: 12 and 5 licences on the 30th, and on the 31st, which is carried: 24/31 and
-- 10/31 of a month.  In February: the 1st carried, 13 on the 2nd: 25/28.
SELECT customer, period_start, service, description, quantity, unit, amount, cost
FROM invoice_running
WHERE customer_id IN (:one, :two)
ORDER BY customer, period_start, service, description;
-- What is bought and not sold, and why.
SELECT customer, period_start, service_name, charge_category, charges, billed_cost, reason
FROM charge_unpriced
WHERE customer_id IN (:one, :two)
ORDER BY 1, 2, 3, 4;
SELECT problem, name, charges, billed_cost, detail FROM price_rule_problems WHERE problem = 'nothing measured' AND customer_id IN (:one, :two);
