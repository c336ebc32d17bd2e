\set ECHO none
\set QUIET on
-- For tests of electronic invoices: documents of all kinds, made by the engine.  Periods
-- are of 2025, so that they have ended whatever the clock says.
INSERT INTO seller (name, street, postal_code, city, country, vat_number, registration_number, iban, bic, email, phone, series, vat_currency) VALUES
    ('Waddenwolk B.V.', 'Noorderhaven 12', '8861 AN', 'Harlingen', 'NL', 'NL859123455B01', '01234567', 'NL91 ABNA 0417 1643 00', 'ABNANL2A', 'facturen@waddenwolk.example', '+31 517 555 010', 'W', 'EUR'),
    ('Polska Chmura Sp. z o.o.', 'Długa 5', '00-238', 'Warszawa', 'PL', 'PL5260001246', '0000123456', 'PL61109010140000071219812874', NULL, 'faktury@chmura.example', NULL, 'P', 'PLN'),
    ('Kleinwolk', 'Achterom 3', '1621 KT', 'Hoorn', 'NL', 'NL001234567B29', '76543210', 'NL91ABNA0417164300', NULL, NULL, NULL, 'K', 'EUR'),
    ('Hanse Wolke GmbH', 'Speicherstraße 7', '20457', 'Hamburg', 'DE', 'DE123456788', 'HRB 98765', 'DE89370400440532013000', 'COBADEFFXXX', 'rechnung@wolke.example', '+49 40 5550', 'H', 'EUR');
INSERT INTO vat_scheme (seller_id, scheme, valid_during) VALUES (1, 'oss', '[2025-02-01,)'), (3, 'small_business', '(,)');

INSERT INTO customer (seller_id, number, name, street, postal_code, city, country, vat_number, registration_number, email, order_number, buyer_reference,
    electronic_address, electronic_scheme, delivery_country, language) VALUES
    (1, 'NL1', 'De Vries & Zonen Logistiek B.V.', 'Havenkade 88-A', '3011 TE', 'Rotterdam', 'NL', 'NL812345678B01', '24567890', NULL, 'PO 2026/118', NULL, NULL, NULL, NULL, 'nl'),
    (1, 'NL2', 'Gemeente Wadden', 'Markt 1', '8801 AB', 'Franeker', 'NL', NULL, '00000001234567890000', NULL, NULL, 'afd. ICT', '00000001234567890000', '0190', NULL, 'nl'),
    (1, 'NL3', E'<Tag> & "Quotes" ''B.V.''\x01\u202E', 'Straat <1>', '1234 AB', 'Plaats & Stad', 'NL', 'NL850403029B01', '12345678', NULL, ']]>', NULL, NULL, NULL, NULL, 'en'),
    (1, 'NL4', 'Consument Jansen', 'Dorpsstraat 1', '1506 KC', 'Zaandam', 'NL', NULL, NULL, NULL, NULL, NULL, 'jansen@klant.example', 'EM', NULL, 'nl'),
    (1, 'DE1', 'German GmbH', 'Hauptstraße 1', '10115', 'Berlin', 'DE', 'DE136695976', 'HRB 123', NULL, NULL, NULL, NULL, NULL, NULL, 'en'),
    (1, 'BE1', 'Belgische NV', 'Meir 1', '2000', 'Antwerpen', 'BE', 'BE0123456749', '0123.456.749', NULL, NULL, NULL, NULL, NULL, NULL, 'nl'),
    (1, 'FR1', 'Consommateur', 'Rue 1', '75001', 'Paris', 'FR', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'en'),
    (1, 'US1', 'American Inc', '1 Main St', '10001', 'New York', 'US', NULL, '12-3456789', NULL, NULL, NULL, '123456789', '9959', NULL, 'en'),
    (1, 'CH1', 'Schweizer AG', 'Bahnhofstrasse 1', '8001', 'Zürich', 'CH', 'CHE123456788MWST', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'en'),
    (1, 'XI1', 'Belfast Ltd', 'High St 1', 'BT1 1AA', 'Belfast', 'GB', 'XI110305878', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'en'),
    (1, 'ND1', 'Dutch, delivered to Germany', 'Kade 2', '3011 AA', 'Rotterdam', 'NL', 'DE136695976', '11223344', NULL, NULL, NULL, NULL, NULL, 'DE', 'en'),
    (1, 'DV1', 'Total by cost centre', 'Kade 3', '3011 AB', 'Rotterdam', 'NL', 'NL123456782B90', '22334455', NULL, NULL, NULL, NULL, NULL, NULL, 'nl'),
    (1, 'DV2', 'Documents by cost centre', 'Kade 4', '3011 AC', 'Rotterdam', 'NL', 'NL111222333B01', '33445566', NULL, NULL, NULL, NULL, NULL, NULL, 'en'),
    (1, 'USD', 'In dollars', 'Kade 5', '3011 AD', 'Rotterdam', 'NL', NULL, '44556677', NULL, 'USD-1', NULL, NULL, NULL, NULL, 'en'),
    (1, 'JPY', 'In yen', 'Kade 6', '3011 AE', 'Rotterdam', 'NL', NULL, '55667788', NULL, NULL, NULL, NULL, NULL, NULL, 'nl'),
    (1, 'KWD', 'In dinars', 'Kade 7', '3011 AF', 'Rotterdam', 'NL', NULL, '66778899', NULL, NULL, NULL, NULL, NULL, NULL, 'nl'),
    (1, 'CN1', 'Only a refund', 'Kade 8', '3011 AG', 'Rotterdam', 'NL', NULL, '77889900', NULL, NULL, NULL, NULL, NULL, NULL, 'nl'),
    (1, 'AG1', 'Workplaces and licences', 'Kade 11', '3011 AL', 'Rotterdam', 'NL', NULL, '10203040', NULL, 'PO-2025-7', NULL, NULL, NULL, NULL, 'nl'),
    (1, 'AG2', 'Only agreements', 'Rue 2', '1000', 'Brussel', 'BE', 'BE0417497106', '0417.497.106', NULL, NULL, 'dept 9', NULL, NULL, NULL, 'en'),
    (1, 'BAD', 'Without address', NULL, NULL, NULL, 'NL', NULL, 'unknown', NULL, NULL, NULL, NULL, NULL, NULL, 'nl'),
    (2, 'PL1', 'Polski Klient', 'Krótka 1', '00-001', 'Warszawa', 'PL', 'PL1234563218', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'en'),
    (2, 'PL2', 'Polski Klient w euro', 'Krótka 2', '00-002', 'Warszawa', 'PL', 'PL5260250995', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'en'),
    (3, 'KN1', 'Customer of a small business', 'Kade 9', '3011 AH', 'Rotterdam', 'NL', NULL, '88990011', NULL, NULL, NULL, NULL, NULL, NULL, 'nl'),
    (4, 'DG1', 'Kunde GmbH', 'Allee 1', '80331', 'München', 'DE', 'DE999999995', NULL, NULL, NULL, 'Leitweg 04011000-1234512345-06', NULL, NULL, NULL, 'en'),
    (4, 'DN1', 'Nederlandse klant', 'Kade 10', '3011 AK', 'Rotterdam', 'NL', 'NL009876546B01', '99001122', NULL, NULL, NULL, NULL, NULL, NULL, 'en');
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, number FROM customer;

INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, effect, tax_category, supply, tax_exemption, customer_id, invoice_text)
SELECT r.name, product_ensure(r.provider, r.service, r.sku), r.measure, r.per, r.currency, r.pricing::pricing, r.effect, r.tax_category, r.supply, r.tax_exemption,
    (SELECT customer_id FROM customer WHERE number = r.customer), r.invoice_text
FROM (VALUES
    ('vm', 'AWS', 'Compute', 'vm', 'quantity', 'resource', 'EUR', '{"model":"per_unit","unit_price":"0.0832"}', 'set', 'standard', 'digital', NULL, NULL, NULL),
    ('requests', 'AWS', 'Compute', 'requests', 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0.0000004"}', 'set', 'standard', 'digital', NULL, NULL, 'API requests'),
    ('block', 'AWS', 'Compute', 'block', 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0.20","conversion":{"divide_by":"10000"}}', 'set', 'standard', 'digital', NULL, NULL, NULL),
    ('storage', 'AWS', 'Compute', 'storage', 'quantity', 'scope', 'EUR', '{"model":"graduated","tiers":[{"up_to":"100","unit_price":"0.10","flat_fee":"5"},{"up_to":"1000","unit_price":"0.087"},{"unit_price":"0.0654321"}]}', 'set', 'standard', 'digital', NULL, NULL, NULL),
    ('package', 'AWS', 'Compute', 'package', 'quantity', 'sku', 'EUR', '{"model":"package","package_size":"100","package_price":"7.77"}', 'set', 'standard', 'digital', NULL, NULL, NULL),
    ('volume', 'AWS', 'Compute', 'volume', 'quantity', 'account', 'EUR', '{"model":"volume","tiers":[{"up_to":"1000","unit_price":"0.10"},{"unit_price":"0.08"}]}', 'set', 'standard', 'digital', NULL, NULL, NULL),
    ('market', 'AWS', 'Market', NULL, 'billed_cost', 'sku', 'EUR', '{"model":"per_unit","unit_price":"1.0825"}', 'set', 'standard', 'digital', NULL, NULL, NULL),
    ('hours', 'AWS', 'Shop', 'hours', 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"95"}', 'set', 'standard', 'service', NULL, NULL, NULL),
    ('laptop', 'AWS', 'Shop', 'laptop', 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"1249.99"}', 'set', 'standard', 'goods', NULL, NULL, NULL),
    ('book', 'AWS', 'Shop', 'book', 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"24.50"}', 'set', 'reduced', 'goods', NULL, NULL, NULL),
    ('stamp', 'AWS', 'Shop', 'stamp', 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0.96"}', 'set', 'zero', 'goods', NULL, NULL, NULL),
    ('course', 'AWS', 'Shop', 'course', 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"450"}', 'set', 'exempt', 'service', 'VATEX-EU-132-1I', NULL, NULL),
    ('care', 'AWS', 'Shop', 'care', 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"33.333"}', 'set', 'exempt', 'service', 'Exempt: article 11 of the Act.', NULL, NULL),
    ('calls', 'AWS', 'Shop', 'calls', 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0.0123"}', 'set', 'reverse_charge', 'digital', NULL, NULL, NULL),
    ('dollars', 'AWS', 'Abroad', 'dollars', 'quantity', 'sku', 'USD', '{"model":"per_unit","unit_price":"3.3371"}', 'set', 'standard', 'digital', NULL, NULL, NULL),
    ('yen', 'AWS', 'Abroad', 'yen', 'quantity', 'sku', 'JPY', '{"model":"per_unit","unit_price":"3.4567"}', 'set', 'standard', 'digital', NULL, NULL, NULL),
    ('dinars', 'AWS', 'Abroad', 'dinars', 'quantity', 'sku', 'KWD', '{"model":"per_unit","unit_price":"0.0333"}', 'set', 'standard', 'digital', NULL, NULL, NULL),
    ('discount', 'AWS', 'Compute', NULL, 'amount', 'sku', 'EUR', '{"model":"percentage","rate":"-7.5"}', 'adjust', 'standard', 'digital', NULL, 'NL1', NULL),
    ('surcharge', 'AWS', 'Compute', NULL, 'amount', 'scope', 'EUR', '{"model":"percentage","rate":"3.333"}', 'adjust', 'standard', 'digital', NULL, 'DE1', NULL),
    ('management', 'AWS', NULL, NULL, 'amount', 'scope', 'EUR', '{"model":"graduated_percentage","tiers":[{"up_to":"100","rate":"8"},{"rate":"5"}],"minimum":"25"}', 'add', 'standard', 'service', NULL, NULL, 'Management'),
    ('per machine', 'AWS', NULL, NULL, 'resources', 'scope', 'EUR', '{"model":"volume","tiers":[{"up_to":"2","unit_price":"35"},{"unit_price":"29.95"}]}', 'add', 'standard', 'service', NULL, 'NL2', NULL),
    ('at least', 'AWS', NULL, NULL, 'amount', 'scope', 'EUR', '{"model":"per_unit","unit_price":"1","minimum":"2500"}', 'limit', 'standard', 'digital', NULL, 'NL3', NULL),
    ('at most', 'AWS', NULL, NULL, 'amount', 'scope', 'EUR', '{"model":"per_unit","unit_price":"1","maximum":"1000"}', 'limit', 'standard', 'digital', NULL, 'BE1', NULL)
) AS r (name, provider, service, sku, measure, per, currency, pricing, effect, tax_category, supply, tax_exemption, customer, invoice_text);

INSERT INTO currency_rate (currency, to_currency, rate_on, rate, source) VALUES
    ('EUR', 'USD', '2025-01-31', 1.0393, 'ECB'), ('EUR', 'USD', '2025-02-28', 1.0411, 'ECB'), ('EUR', 'USD', '2025-03-31', 1.0815, 'ECB'),
    ('JPY', 'EUR', '2025-01-31', 0.0062, 'ECB'), ('JPY', 'EUR', '2025-02-28', 0.00635, 'ECB'), ('JPY', 'EUR', '2025-03-31', 0.00618, 'ECB'),
    ('KWD', 'EUR', '2025-01-31', 3.12, 'a bank'), ('KWD', 'EUR', '2025-02-28', 3.12, 'a bank'), ('KWD', 'EUR', '2025-03-31', 3.12, 'a bank'),
    ('USD', 'PLN', '2025-01-31', 4.05, 'NBP'), ('USD', 'PLN', '2025-02-28', 3.99, 'NBP'), ('USD', 'PLN', '2025-03-31', 3.87, 'NBP'),
    ('EUR', 'PLN', '2025-01-31', 4.2130, 'NBP'), ('EUR', 'PLN', '2025-02-28', 4.1575, 'NBP'), ('EUR', 'PLN', '2025-03-31', 4.1839, 'NBP');
INSERT INTO dimension (name) VALUES ('Cost centre');
INSERT INTO allocation_rule (dimension_id, position, keys) VALUES (1, 1, '{tags.team}');
INSERT INTO invoice_dimension SELECT customer_id, 1, CASE number WHEN 'DV1' THEN 'total' ELSE 'value' END FROM customer WHERE number LIKE 'DV%';

-- Agreements: by the month and by the year in advance, by the quarter in arrears, once,
-- and with a value of the dimension.
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, billing_period, alignment, in_advance)
SELECT a.number, c.customer_id, a.name, a.start_on, a.start_on, a.billing_period::calendar_span, a.alignment, a.in_advance
FROM (VALUES
    ('A-1', 'AG1', 'Workplaces', date '2025-01-01', '1 month', 'calendar', true),
    ('A-2', 'AG1', 'Licences', '2025-02-10', '1 year', 'anniversary', true),
    ('A-3', 'AG2', 'Support', '2024-12-15', '3 months', 'anniversary', false),
    ('A-4', 'AG2', 'Seats', '2025-01-31', '1 month', 'anniversary', true),
    ('A-5', 'DV2', 'Firewalls', '2025-01-01', '1 month', 'calendar', true)
) AS a (number, customer, name, start_on, billing_period, alignment, in_advance)
JOIN customer AS c ON c.number = a.customer;
INSERT INTO agreement_item (agreement_id, number, product_id, description, kind, pricing, supply, tags, round_units)
SELECT agreement_key(i.agreement), i.number, product_ensure('Own services', i.service, i.sku), i.description, i.kind, per_unit(i.price), i.supply, i.tags, i.round_units
FROM (VALUES
    ('A-1', 1, 'Workplace', 'workplace', 'Managed workplace', 'recurring', 31.25, 'digital', jsonb '{}', false),
    ('A-1', 2, 'Workplace', 'installation', 'Installation', 'one_off', 250, 'service', '{}', false),
    ('A-2', 1, 'Licences', 'office', 'Office licence', 'recurring', 132.99, 'digital', '{}', true),
    ('A-3', 1, 'Support', 'contract', 'Support contract', 'recurring', 299.95, 'service', '{}', false),
    ('A-4', 1, 'Licences', 'seat', 'Seat', 'recurring', 7.77, 'digital', '{}', false),
    ('A-5', 1, 'Network', 'firewall', 'Firewall', 'recurring', 84.5, 'digital', '{"team": "Sales"}', false)
) AS i (agreement, number, service, sku, description, kind, price, supply, tags, round_units);
INSERT INTO agreement_quantity (agreement_item_id, valid_during, quantity)
SELECT i.agreement_item_id, q.valid_during::daterange, q.quantity
FROM (VALUES ('A-1', 1, '[2025-01-01,)', 10), ('A-1', 2, '[2025-01-20,2025-01-21)', 1),
    ('A-2', 1, '[2025-02-10,)', 25), ('A-3', 1, '[2024-12-15,)', 1), ('A-4', 1, '[2025-01-31,)', 40), ('A-5', 1, '[2025-01-01,)', 2)) AS q (agreement, item, valid_during, quantity)
JOIN agreement_item AS i ON i.agreement_id = agreement_key(q.agreement) AND i.number = q.item;

-- What each customer uses: everything, or what he is there for.
SELECT setseed(0.42) \g /dev/null
INSERT INTO usage (account, service, sku, resource, unit, quantity, cost, starts, tags)
SELECT c.number, u.service, u.sku, u.resource, u.unit, round((u.most * (0.25 + 0.75 * random()))::numeric, u.scale), round((random() * 100)::numeric, 4),
    date '2025-01-01' + interval '12 hours' + m * interval '1 month' + floor(random() * 27) * interval '1 day',
    CASE WHEN random() < 0.7 THEN jsonb_build_object('team', (ARRAY['Sales', 'Marketing', 'R&D'])[1 + floor(random() * 3)]) END
FROM customer AS c
CROSS JOIN generate_series(0, 2) AS m
CROSS JOIN (VALUES ('Compute', 'vm', 'i-1', 'Hours', 744, 3), ('Compute', 'vm', 'i-2', 'Hours', 744, 6), ('Compute', 'vm', 'i-3', 'Hours', 100, 0),
    ('Compute', 'requests', NULL, 'Requests', 123456789, 0), ('Compute', 'block', NULL, 'Requests', 987654, 0), ('Compute', 'storage', NULL, 'GB-Mo', 3000, 9),
    ('Compute', 'package', NULL, 'Units', 1000, 2), ('Compute', 'volume', NULL, 'GB', 2000, 4), ('Market', 'other', NULL, 'Units', 10, 0),
    ('Shop', 'hours', NULL, 'Hours', 40, 2), ('Shop', 'laptop', NULL, 'Units', 4, 0), ('Shop', 'book', NULL, 'Units', 5, 0), ('Shop', 'stamp', NULL, 'Units', 60, 0),
    ('Shop', 'course', NULL, 'Days', 3, 1), ('Shop', 'care', NULL, 'Months', 2, 3), ('Shop', 'calls', NULL, 'Minutes', 5000, 1),
    ('Abroad', 'dollars', NULL, 'Hours', 1000, 5), ('Abroad', 'yen', NULL, 'GB', 2000, 3), ('Abroad', 'dinars', NULL, 'GB', 2000, 3)) AS u (service, sku, resource, unit, most, scale)
WHERE CASE WHEN c.number IN ('USD', 'PL2') THEN u.sku = 'dollars' OR u.sku = 'vm'
    WHEN c.number = 'JPY' THEN u.sku = 'yen'
    WHEN c.number = 'KWD' THEN u.sku = 'dinars' AND m = 0
    WHEN c.number IN ('CN1', 'AG2') THEN false
    WHEN c.number = 'BAD' THEN u.sku = 'vm' AND m = 0
    WHEN c.number ~ '^DV' THEN u.service = 'Compute'
    WHEN c.number IN ('NL4', 'KN1') THEN u.service = 'Shop'
    ELSE u.service <> 'Abroad' END;
INSERT INTO usage (account, service, sku, unit, quantity, starts) VALUES ('CN1', 'Compute', 'vm', 'Hours', -1000.5, '2025-01-15');
INSERT INTO price_rule (name, product_id, measure, currency, pricing, customer_id)
SELECT 'Polish price', product_ensure('AWS', 'Compute'), 'quantity', 'PLN', '{"model":"per_unit","unit_price":"0.4321"}', customer_id FROM customer WHERE number = 'PL1';

-- Paid in advance: parts, all, in other currencies, and more than there will ever be; one
-- who has his credit notes set off, too.
INSERT INTO payment (seller_id, received_on, amount, currency, payer)
SELECT c.seller_id, '2025-01-02', p.amount, p.currency, c.number
FROM (VALUES ('NL1', 333.33, 'EUR'), ('NL2', 1000000, 'EUR'), ('NL4', 1500.01, 'EUR'), ('DE1', 12.34, 'EUR'), ('US1', 0.01, 'EUR'), ('USD', 99.99, 'USD'),
    ('JPY', 777, 'JPY'), ('PL2', 50.05, 'USD'), ('DG1', 1000000, 'EUR'), ('DN1', 20, 'EUR'), ('AG1', 1000, 'EUR'), ('DV2', 75.5, 'EUR')) AS p (number, amount, currency)
JOIN customer AS c ON c.number = p.number;
SELECT prepayment_add(p.payment_id, c.customer_id) FROM payment AS p JOIN customer AS c ON c.number = p.payer \g /dev/null
-- One document of a customer and the one below him.
UPDATE customer SET parent_id = (SELECT customer_id FROM customer WHERE number = 'NL1') WHERE number = 'AG1';
INSERT INTO invoice_policy (customer_id, bill_to_parent, sections) SELECT customer_id, number = 'AG1', number = 'NL1' FROM customer WHERE number IN ('AG1', 'NL1');
INSERT INTO invoice_policy (customer_id, set_off) SELECT customer_id, 'all' FROM customer WHERE number = 'NL4';
SELECT pg_temp.deliver() \g /dev/null
CALL invoice_run('2025-02-01');
SELECT invoice_credit(i.invoice_id, 'sent back', amount => 500) FROM invoice AS i JOIN customer AS c USING (customer_id) WHERE c.number = 'NL4' \g /dev/null
-- In parts, of which the last takes the cents that rounding left.
SELECT invoice_credit(i.invoice_id, 'a part', amount => 1.07) FROM invoice AS i JOIN customer AS c USING (customer_id), generate_series(1, 3) WHERE c.number = 'ND1' \g /dev/null
SELECT invoice_credit(i.invoice_id, 'the rest') FROM invoice AS i JOIN customer AS c USING (customer_id) WHERE c.number = 'ND1' AND i.kind = 'invoice' \g /dev/null
-- Restated, refunded and late: corrections on the next invoice, and credit notes.
UPDATE usage SET quantity = round(quantity * 0.9, 3) WHERE starts < '2025-02-01' AND n % 3 = 0;
UPDATE usage SET quantity = 0 WHERE starts < '2025-02-01' AND account IN ('NL1', 'DE1', 'US1', 'BE1', 'USD', 'DG1', 'XI1') AND sku IN ('vm', 'laptop', 'hours', 'dollars');
SELECT pg_temp.deliver() \g /dev/null
SELECT agreement_quantity_set(i.agreement_item_id, '2025-01-31', 25, 'they never came') FROM agreement_item AS i WHERE i.agreement_id = agreement_key('A-4') \g /dev/null
SELECT agreement_quantity_set(i.agreement_item_id, q.from_day, q.quantity)
FROM agreement_item AS i, (VALUES (date '2025-01-20', 9), ('2025-02-15', 12), ('2025-03-15', 7)) AS q (from_day, quantity)
WHERE i.agreement_id = agreement_key('A-1') AND i.number = 1
ORDER BY q.from_day \g /dev/null
CALL invoice_run('2025-02-27');
CALL invoice_run('2025-03-01');
UPDATE customer SET country = 'US', vat_number = NULL, electronic_address = '987654321', electronic_scheme = '9959' WHERE number = 'CH1';
UPDATE usage SET quantity = round(quantity * 1.01, 2) WHERE starts < '2025-03-01' AND n % 5 = 0;
SELECT pg_temp.deliver() \g /dev/null
CALL invoice_run('2025-04-01');
-- And everything of February comes back to some.
DELETE FROM usage WHERE starts >= '2025-02-01' AND starts < '2025-03-01' AND account IN ('NL2', 'NL4', 'FR1', 'BE1', 'XI1', 'US1', 'JPY', 'KN1', 'DV2', 'PL2', 'DN1');
SELECT pg_temp.deliver() \g /dev/null
CALL invoice_run('2025-04-01');
\set QUIET off
\set ECHO all
