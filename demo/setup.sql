-- What a managed service provider sets up before the first file comes in: itself,
-- its customers, whose account is whose, and prices.  All names are made up.

-- The seller.
INSERT INTO seller (name, street, postal_code, city, country, vat_number, registration_number,
    iban, bic, email, phone, website, payment_days, series)
VALUES ('Polderwolk B.V.', 'Oudegracht 112', '3511 AW', 'Utrecht', 'NL', 'NL123456782B90', '30123456',
    'NL91ABNA0417164300', 'ABNANL2A', 'facturen@polderwolk.example', '+31 30 555 01 12', 'polderwolk.example', 30, 'PW');

-- Customers.  Prices for a customer hold for the customers below it, too.
INSERT INTO customer (seller_id, number, name, street, postal_code, city, country, vat_number,
    registration_number, email, order_number, language)
SELECT s.seller_id, c.*
FROM seller AS s, (VALUES
    ('K1001', 'Bakkerij De Korenmaat B.V.', 'Dorpsstraat 8', '1506 KC', 'Zaandam', 'NL', 'NL111222333B01',
        '35011122', 'administratie@korenmaat.example', NULL, 'nl'),
    ('K1002', 'Brouwerij Van Eyck NV', 'Vrijdagmarkt 31', '9000', 'Gent', 'BE', 'BE0123456749',
        '0123.456.749', 'boekhouding@vaneyck.example', 'PO-2026-118', 'nl'),
    ('K1003', 'Meridiaan Groep N.V.', 'Westerkade 20', '3016 CM', 'Rotterdam', 'NL', 'NL812345678B01',
        '24345678', 'crediteuren@meridiaan.example', 'MG/ICT/2026', 'nl'),
    ('K1005', 'Liffey Analytics Ltd', '14 Sir John Rogerson''s Quay', 'D02 T804', 'Dublin', 'IE', 'IE1234567FA',
        '601234', 'accounts@liffey.example', NULL, 'en'),
    ('K1006', 'Stichting Zorgnet Noord', 'Hereweg 93', '9721 AA', 'Groningen', 'NL', 'NL009876546B01',
        '02098765', 'inkoop@zorgnetnoord.example', NULL, 'nl')
) AS c (number, name, street, postal_code, city, country, vat_number, registration_number, email, order_number, language);

-- A subsidiary, with its parent's prices and its own invoice.
INSERT INTO customer (seller_id, parent_id, number, name, street, postal_code, city, country, vat_number, email, language)
SELECT seller_id, customer_id, 'K1004', 'Meridiaan Logistics B.V.', 'Columbusweg 7', '5928 LA', 'Venlo', 'NL',
    'NL850403029B01', 'finance@meridiaan-logistics.example', 'en'
FROM customer
WHERE number = 'K1003';

-- Whose is what: by account, by tag where an account is shared, and by date where
-- it changed hands.  Files of own meters name the customer themselves.
INSERT INTO ownership (customer_id, provider_name, billing_account_id, sub_account_id, tag_key, tag_value, valid_during)
SELECT c.customer_id, o.provider, o.billing_account, o.account, o.key, o.value, o.during::daterange
FROM (VALUES
    ('K1002', 'AWS',          NULL,           '410000000011',          NULL, NULL, '(,)'),
    ('K1003', 'AWS',          NULL,           '410000000012',          NULL, NULL, '(,)'),
    ('K1004', 'AWS',          NULL,           '410000000013',          NULL, NULL, '(,)'),
    ('K1005', 'AWS',          '420000000001', NULL,                    NULL, NULL, '(,)'),
    ('K1003', 'Google Cloud', NULL,           'meridiaan-maps',        NULL, NULL, '(,)'),
    ('K1005', 'Google Cloud', NULL,           'liffey-analytics-prod', NULL, NULL, '(,)'),
    ('K1001', 'Microsoft',    NULL, '/subscriptions/3c5e1a20-korenmaat', NULL, NULL, '(,)'),
    ('K1001', 'Microsoft',    NULL,           NULL, 'customer', 'korenmaat', '(,)'),
    ('K1002', 'Microsoft',    NULL,           NULL, 'customer', 'vaneyck',   '(,)'),
    ('K1006', 'Microsoft',    NULL, '/subscriptions/60a1ee83-zorgnet', NULL, NULL, '(,2026-10-01)'),
    ('K1004', 'Microsoft',    NULL, '/subscriptions/60a1ee83-zorgnet', NULL, NULL, '[2026-10-01,)')
) AS o (number, provider, billing_account, account, key, value, during)
JOIN customer AS c USING (number);

-- Prices for everyone.  Clouds at cost plus; effective cost gives the benefit of
-- savings plans and commitments to whoever used them.
INSERT INTO price_rule (name, product_id, measure, per, pricing)
VALUES
    ('AWS at effective cost plus 7 %', product_ensure('AWS'), 'effective_cost', 'sku',
        '{"model": "per_unit", "unit_price": "1.07"}'),
    ('Azure at cost plus 8 %', product_ensure('Microsoft'), 'billed_cost', 'sku',
        '{"model": "per_unit", "unit_price": "1.08"}'),
    ('Google Cloud at effective cost plus 6 %', product_ensure('Google Cloud'), 'effective_cost', 'sku',
        '{"model": "per_unit", "unit_price": "1.06"}');

-- Own services, by quantity: a ladder over all of a customer's back-up, a fee for
-- each device that is lower for all of them from the 50th on, hours and licences.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, invoice_text)
VALUES
    ('Backup, ladder', product_ensure('Own services', 'backup'), 'quantity', 'scope', 'EUR',
        '{"model": "graduated", "tiers": [
            {"up_to": "500",  "unit_price": "0.09", "flat_fee": "15"},
            {"up_to": "2000", "unit_price": "0.07"},
            {                 "unit_price": "0.05"}]}', 'Backup storage'),
    ('Managed workplaces', product_ensure('Own services', 'managed-device'), 'quantity', 'scope', 'EUR',
        '{"model": "volume", "tiers": [
            {"up_to": "49", "unit_price": "35"},
            {               "unit_price": "30"}]}', 'Managed workplaces'),
    ('Support hours', product_ensure('Own services', 'support-hours'), 'quantity', 'scope', 'EUR',
        '{"model": "per_unit", "unit_price": "95"}', 'Support hours'),
    ('Microsoft 365', product_ensure('Own services', 'm365-business-premium'), 'quantity', 'scope', 'EUR',
        '{"model": "per_unit", "unit_price": "20.60"}', 'Microsoft 365 Business Premium');

UPDATE product AS p
SET name = n.name
FROM (VALUES ('backup', 'Back-up'), ('managed-device', 'Managed workplaces'), ('support-hours', 'Support'),
    ('m365-business-premium', 'Licences')) AS n (code, name)
WHERE p.kind = 'service' AND p.code = n.code;

-- Meridiaan Groep pays AWS's list price less 3 %, and so does its subsidiary.
INSERT INTO price_rule (name, customer_id, product_id, measure, per, pricing)
SELECT 'AWS at list price less 3 %', customer_id, product_ensure('AWS'), 'list_cost', 'sku',
    '{"model": "per_unit", "unit_price": "1", "discount": "3"}'
FROM customer
WHERE number = 'K1003';

-- Van Eyck has 10 % off its production servers at AWS, until the end of the year.
INSERT INTO price_rule (name, customer_id, product_id, selector, valid_during, measure, per, effect, pricing, invoice_text)
SELECT 'Harvest discount', customer_id, product_ensure('AWS', 'Amazon Elastic Compute Cloud'), '{"tags.env": "prod"}',
    '[2026-07-01,2027-01-01)', 'amount', 'scope', 'adjust', '{"model": "percentage", "rate": "-10"}',
    'Discount 10 %: production servers'
FROM customer
WHERE number = 'K1002';

-- Everyone pays for the work on public cloud: 8 % of what it costs up to 500, 5 % above, at least 20.
INSERT INTO price_rule (name, selector, measure, per, effect, pricing, invoice_text)
VALUES ('Managed service fee', '{"provider": ["AWS", "Microsoft", "Google Cloud"]}', 'amount', 'scope', 'add',
    '{"model": "graduated_percentage", "tiers": [{"up_to": "500", "rate": "8"}, {"rate": "5"}], "minimum": "20"}',
    'Managed cloud service');

-- De Korenmaat pays 12.50 a month for each of its servers at Azure.
INSERT INTO price_rule (name, customer_id, product_id, measure, per, effect, currency, pricing, invoice_text)
SELECT 'Server management', customer_id, product_ensure('Microsoft', 'Virtual Machines'), 'resources', 'scope', 'add', 'EUR',
    '{"model": "per_unit", "unit_price": "12.50"}', 'Server management'
FROM customer
WHERE number = 'K1001';

-- Van Eyck has agreed to at least 100 a month of support.
INSERT INTO price_rule (name, customer_id, product_id, measure, per, effect, currency, pricing, invoice_text)
SELECT 'Minimum of support', customer_id, product_ensure('Own services', 'support-hours'), 'amount', 'scope', 'limit', 'EUR',
    '{"model": "per_unit", "unit_price": "1", "minimum": "100"}', 'Support: up to the minimum of 100'
FROM customer
WHERE number = 'K1002';
