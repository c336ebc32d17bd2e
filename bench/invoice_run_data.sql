-- A month of :customers customers of own services, whose invoices have 50 lines each: 48
-- of meters, each with two readings, a discount and a fee.  Variable: customers.
--
-- Nothing is random, as in generate.sql.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = cloudbilling, public;

INSERT INTO seller (name, street, postal_code, city, country, vat_number, iban, bic)
VALUES ('Northwind Cloud B.V.', 'Kade 1', '3011 AA', 'Rotterdam', 'NL', 'NL001234567B29', 'NL91ABNA0417164300', 'ABNANL2A');

INSERT INTO customer (seller_id, number, name, street, postal_code, city, country, language, vat_number)
SELECT seller_id, format('C%s', to_char(n, 'FM00000')), format('Customer %s', n), format('Straat %s', n), '1000 AA', 'Amsterdam',
    CASE WHEN n % 10 = 0 THEN 'BE' ELSE 'NL' END, CASE WHEN n % 2 = 0 THEN 'nl' ELSE 'en' END, CASE WHEN n % 10 = 0 THEN 'BE0123456749' END
FROM seller, generate_series(1, :customers) AS n;

-- Rules before charges, so that products are there.
INSERT INTO price_rule (name, product_id, currency, measure, per, pricing)
SELECT format('Meter %s', n), product_ensure('Own services', format('meter-%s', to_char(n, 'FM00'))), 'EUR', 'quantity', 'sku',
    CASE n % 4
        WHEN 0 THEN format('{"model":"graduated","tiers":[{"up_to":"10","unit_price":"%s"},{"up_to":"100","unit_price":"%s"},{"unit_price":"%s"}]}', n * 0.125, n * 0.1, n * 0.08)
        WHEN 1 THEN format('{"model":"package","package_size":"5","package_price":"%s"}', n * 0.5)
        ELSE format('{"model":"per_unit","unit_price":"%s"}', n * 0.0123)
    END::pricing
FROM generate_series(1, 48) AS n;

INSERT INTO price_rule (name, measure, per, pricing, effect)
VALUES ('Discount', 'amount', 'scope', '{"model":"percentage","rate":"-2.5"}', 'adjust'),
    ('Managed service', 'amount', 'scope', '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.08"},{"unit_price":"0.05"}]}', 'add');

INSERT INTO landing (line)
SELECT 'customer_ref,meter,resource_ref,quantity,unit,usage_start,usage_end,source_event_id,tags,unit_cost,currency,description,agent'
UNION ALL
SELECT format('%s,meter-%s,,%s,GB,2026-01-%sT00:00:00Z,2026-01-%sT12:00:00Z,%s-%s-%s,,0.01,EUR,,',
    c.number, to_char(m, 'FM00'), (1 + (c.customer_id * 7 + m * 13 + r) % 500) * 0.25, to_char(10 * r, 'FM00'), to_char(10 * r, 'FM00'),
    c.number, m, r)
FROM customer AS c, generate_series(1, 48) AS m, generate_series(1, 2) AS r;
