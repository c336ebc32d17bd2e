-- VAT: rates by date, who pays which and why, and what documents say of it.  Periods
-- are of 2024 and 2025, so that they have ended whatever the clock says.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

-- Rates.  Every member state has a standard rate on every day since 2015, and none has two.
SELECT count(*) AS rates, count(DISTINCT country) AS countries, count(*) FILTER (WHERE source IS NULL) AS without_source, max(vat_rate_id) FROM vat_rate;
SELECT country, array_agg(d) AS missing
FROM eu_country AS e, unnest('{2015-01-01,2020-07-01,2020-12-31,2024-01-01,2025-12-31,2026-01-01,2099-12-31}'::date[]) AS d
WHERE (SELECT count(*) FROM vat_rate AS v WHERE v.country = e.country AND v.tax_category = 'standard' AND v.valid_during @> d) <> 1
GROUP BY 1;
SELECT country, string_agg(format('%s %s %s', tax_category, rate, valid_during), '; ' ORDER BY tax_category, valid_during) AS rates
FROM vat_rate WHERE tax_category <> 'zero' GROUP BY 1 ORDER BY 1;
-- Changes that came and went.
SELECT d.country, day, t.rate
FROM (VALUES ('DE', date '2020-06-30'), ('DE', '2020-07-01'), ('DE', '2020-12-31'), ('DE', '2021-01-01'), ('LU', '2022-12-31'), ('LU', '2023-01-01'),
    ('LU', '2024-01-01'), ('FI', '2024-08-31'), ('FI', '2024-09-01'), ('EE', '2025-06-30'), ('EE', '2025-07-01'), ('RO', '2025-07-31'), ('RO', '2025-08-01'),
    ('SK', '2024-12-31'), ('SK', '2025-01-01'), ('IE', '2020-08-31'), ('IE', '2020-09-01'), ('IE', '2021-03-01')) AS d (country, day),
    vat_of(d.country, d.country, NULL, 'standard', day) AS t;

-- The user's own rows go before the extension's, for their days.
INSERT INTO vat_rate (country, tax_category, rate, valid_during, source) VALUES ('NL', 'standard', 22, '[2030-01-01,2031-01-01)', 'a bill'), ('CH', 'standard', 8.1, '[2024-01-01,)', 'MWSTG');
SELECT day, rate FROM unnest('{2029-12-31,2030-01-01,2030-12-31,2031-01-01}'::date[]) AS day, vat_of('NL', 'NL', NULL, 'standard', day);
SELECT category, rate, why FROM vat_of('CH', 'CH', NULL, 'standard', '2024-06-30');
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.vat_of('DK', 'DK', NULL, 'reduced', '2024-06-30')$$);
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.vat_of('CH', 'CH', NULL, 'standard', '2023-06-30')$$);
DELETE FROM vat_rate WHERE NOT builtin;

-- Who pays which: a Dutch seller, all kinds of customers, and what can be sold.
SELECT to_country AS "to", number, supply, oss, t.category, t.rate, t.exemption, t.country, t.why
FROM (VALUES ('NL', NULL), ('NL', 'NL859123455B01'), ('DE', 'DE123456788'), ('DE', NULL), ('DE', 'NL859123455B01'), ('DE', ' '), ('GR', 'EL094259216'),
    ('CH', NULL), ('US', 'US12-3456789'), ('GB', 'XI110305878'), ('GB', 'GB110305878')) AS c (to_country, number)
CROSS JOIN unnest('{digital,service,goods}'::text[]) AS supply
CROSS JOIN unnest('{f,t}'::boolean[]) AS oss
CROSS JOIN LATERAL vat_of('NL', to_country, number, 'standard', '2024-09-30', supply, oss) AS t
WHERE NOT oss OR to_country IN ('DE', 'GR') AND number IS DISTINCT FROM 'DE123456788'
ORDER BY to_country, number NULLS FIRST, supply, oss;
SELECT tax_category, to_country AS "to", number, small, t.category, t.rate, t.exemption, t.why
FROM (VALUES ('reduced'), ('zero'), ('exempt'), ('reverse_charge')) AS k (tax_category)
CROSS JOIN (VALUES ('NL', NULL), ('NL', 'NL859123455B01'), ('DE', 'DE123456788'), ('DE', NULL), ('US', NULL)) AS c (to_country, number)
CROSS JOIN unnest('{f,t}'::boolean[]) AS small
CROSS JOIN LATERAL vat_of('NL', to_country, number, tax_category, '2024-09-30', small_business => small, tax_exemption => CASE tax_category WHEN 'exempt' THEN 'VATEX-EU-132-1I' END) AS t
ORDER BY tax_category, to_country, number NULLS FIRST, small;
-- A seller outside the EU.
SELECT category, why FROM vat_of('US', 'NL', 'NL859123455B01', 'standard', '2024-09-30', 'goods');
-- Why there is no VAT, in words.
SELECT c, e, d, vat_exemption_text(c, e, d, 'en') AS en, vat_exemption_text(c, e, d, 'nl') AS nl
FROM (VALUES ('S', NULL, true), ('Z', NULL, true), ('E', 'VATEX-EU-132-1I', true), ('E', 'Article 44 of the Act', true), ('E', 'small_business', true),
    ('AE', 'VATEX-EU-AE', false), ('AE', 'VATEX-EU-AE', true), ('K', 'VATEX-EU-IC', false), ('G', 'VATEX-EU-G', false), ('O', 'VATEX-EU-O', false)) AS v (c, e, d);

-- Documents.  What is sold: cloud, hours of people, laptops, courses that are exempt, books, stamps, and telephone calls for resale.
INSERT INTO seller (name, series, vat_number) VALUES ('Waddenwolk B.V.', 'W', 'NL859123455B01'), ('Kleinwolk', 'K', 'NL001234567B29'), ('Nergens B.V.', 'N', NULL);
INSERT INTO customer (seller_id, number, name, country, vat_number, delivery_country, language) VALUES
    (1, 'NL', 'Dutch B.V.', 'NL', 'NL812345678B01', NULL, 'nl'), (1, 'DE', 'German GmbH', 'DE', 'DE123456788', NULL, 'en'),
    (1, 'BC', 'Belgian consumer', 'BE', NULL, NULL, 'en'), (1, 'US', 'American Inc', 'US', NULL, NULL, 'en'),
    (1, 'DX', 'German with a number VIES does not know', 'DE', 'DE999999995', NULL, 'en'), (1, 'ND', 'Dutch, delivered to Germany', 'NL', 'DE136695976', 'DE', 'en'),
    (2, 'KN', 'Customer of a small business', 'NL', NULL, NULL, 'nl'), (2, 'KD', 'German customer of a small business', 'DE', 'DE123456788', NULL, 'en'),
    (3, 'NN', 'German customer of a seller without number', 'DE', 'DE123456788', NULL, 'en');
INSERT INTO vat_scheme (seller_id, scheme, valid_during) VALUES (1, 'oss', '[2024-10-01,)'), (2, 'small_business', '(,)');
UPDATE customer SET vies_valid = false, vies_checked_on = '2024-08-31' WHERE number = 'DX';
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, number FROM customer;
INSERT INTO price_rule (name, product_id, measure, currency, pricing, tax_category, supply, tax_exemption)
SELECT name, product_ensure('AWS', 'Shop', name), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"1"}', tax_category, supply, tax_exemption
FROM (VALUES ('cloud', 'standard', 'digital', NULL), ('hours', 'standard', 'service', NULL), ('laptop', 'standard', 'goods', NULL),
    ('course', 'exempt', 'service', 'VATEX-EU-132-1I'), ('care', 'exempt', 'service', 'Exempt: article 11 of the Act.'), ('book', 'reduced', 'goods', NULL), ('stamp', 'zero', 'goods', NULL),
    ('calls', 'reverse_charge', 'digital', NULL)) AS r (name, tax_category, supply, tax_exemption);
SELECT code, message FROM pg_temp.fails($$INSERT INTO cloudbilling.price_rule (name, measure, currency, pricing, tax_category) VALUES ('x', 'quantity', 'EUR', '{"model":"flat","amount":"1"}', 'exempt')$$);
SELECT * FROM pg_temp.fails($$UPDATE cloudbilling.price_rule SET supply = 'goods' WHERE name = 'cloud'$$);
SELECT number, v.* FROM customer, customer_vat(customer_id, 'standard', '2024-09-30') AS v WHERE number IN ('NL', 'DX', 'KN') ORDER BY 1;
SELECT number, v.category, v.country, v.why FROM customer, customer_vat(customer_id, 'standard', '2024-09-30', 'goods') AS v WHERE number IN ('ND', 'BC') ORDER BY 1;
SELECT * FROM pg_temp.fails('SELECT cloudbilling.customer_vat(0, ''standard'', ''2024-09-30'')');

INSERT INTO usage (account, service, sku, unit, quantity, starts)
SELECT number, 'Shop', sku, 'Units', quantity, date '2024-09-15' + interval '12 hours' + m * interval '1 month'
FROM customer, (VALUES ('cloud', 10.01), ('hours', 20.02), ('laptop', 30.03), ('course', 40.04), ('care', 4), ('book', 50.05), ('stamp', 60.06), ('calls', 7.07)) AS u (sku, quantity),
    generate_series(0, 1) AS m
WHERE m = 0 OR number = 'BC';
SELECT pg_temp.deliver();
CALL invoice_run('2024-11-01');
SELECT c.number, p.sqlstate, p.message, p.detail, p.hint FROM invoice_run_problem AS p JOIN customer AS c USING (customer_id) ORDER BY 1;
-- What is outside the VAT of the EU has a document of its own.
SELECT i.customer ->> 'number' AS customer, i.period_start, string_agg(DISTINCT v.vat_category, ' ' ORDER BY v.vat_category) AS categories, i.net_amount AS net, i.vat_amount AS vat
FROM invoice AS i JOIN invoice_vat AS v USING (invoice_id) GROUP BY i.invoice_id ORDER BY 1, 2, 3;
SELECT i.customer ->> 'number' AS customer, i.period_start AS period, l.description, l.amount, l.vat_category AS vat, l.vat_rate AS rate, l.vat_country AS country, l.vat_exemption AS exemption
FROM invoice_line AS l JOIN invoice AS i USING (invoice_id)
ORDER BY 1, 2, 5, 3;
SELECT i.customer ->> 'number' AS customer, i.period_start AS period, v.vat_category AS vat, v.vat_rate AS rate, v.base, v.vat, v.exemption, v.reason, v.why
FROM invoice_vat AS v JOIN invoice AS i USING (invoice_id) ORDER BY 1, 2, 3, 4;

-- Corrections have the VAT of what they correct, with its reason and country, on documents of their own where the customer left the EU.
UPDATE customer SET country = 'US', vat_number = NULL WHERE number IN ('NL', 'DE');
UPDATE usage SET quantity = quantity + 1 WHERE account IN ('NL', 'DE') AND sku IN ('cloud', 'laptop', 'care');
INSERT INTO usage (account, service, sku, unit, quantity, starts) SELECT number, 'Shop', 'cloud', 'Units', 5, '2024-11-15' FROM customer WHERE number IN ('NL', 'DE');
SELECT pg_temp.deliver();
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2024-12-01');
SELECT i.customer ->> 'number' AS customer, i.invoice_id - :last AS id, l.period_start AS period, l.description, l.amount, l.corrects IS NOT NULL AS corrects, l.vat_category AS vat, l.vat_rate AS rate,
    l.vat_country AS country, l.vat_exemption AS exemption
FROM invoice_line AS l JOIN invoice AS i USING (invoice_id) WHERE i.invoice_id > :last ORDER BY 1, 2, l.line_no;
SELECT i.invoice_id - :last AS id, v.vat_category AS vat, v.reason, v.why FROM invoice_vat AS v JOIN invoice AS i USING (invoice_id) WHERE i.invoice_id > :last ORDER BY 1, 2;
SELECT count(*) FROM invoice_running WHERE customer_id = (SELECT customer_id FROM customer WHERE number = 'NL');
SELECT * FROM invoice_verify();

-- An invoice in another currency shows its VAT in the seller's, by the rate of the tax point; without a rate it is a problem of the customer,
-- and without VAT nobody asks.
INSERT INTO seller (name, series, vat_number, country, vat_currency) VALUES ('Polski Chmura', 'P', 'PL5260001246', 'PL', 'PLN');
INSERT INTO customer (seller_id, number, name, country, vat_number) VALUES
    (1, 'F1', 'Dutch, in dollars', 'NL', NULL), (1, 'F2', 'German, in dollars', 'DE', 'DE123456788'), (1, 'F3', 'Dutch, in yen', 'NL', NULL), (4, 'F4', 'Polish, in euros', 'PL', NULL);
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, number FROM customer WHERE number LIKE 'F%';
INSERT INTO price_rule (name, customer_id, product_id, measure, currency, pricing)
SELECT 'abroad', customer_id, product_ensure('AWS', 'Shop', 'abroad'), 'quantity', CASE number WHEN 'F3' THEN 'JPY' WHEN 'F4' THEN 'EUR' ELSE 'USD' END, '{"model":"per_unit","unit_price":"3.337"}'
FROM customer WHERE number LIKE 'F%';
INSERT INTO usage (account, service, sku, unit, quantity, starts)
SELECT number, 'Shop', 'abroad', 'Units', 1000, '2025-01-15' FROM customer WHERE number LIKE 'F%';
SELECT pg_temp.deliver();
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2025-02-01');
SELECT c.number, p.sqlstate, p.message, p.detail, p.hint FROM invoice_run_problem AS p JOIN customer AS c USING (customer_id) WHERE c.number LIKE 'F%' ORDER BY 1;
INSERT INTO currency_rate (currency, to_currency, rate_on, rate, source) VALUES
    ('EUR', 'USD', '2025-01-31', 1.0393, 'ECB'), ('JPY', 'EUR', '2025-01-30', 0.0062, 'ECB'), ('EUR', 'PLN', '2025-01-31', 4.2130, 'NBP'), ('EUR', 'USD', '2025-02-03', 1.0274, 'ECB');
CALL invoice_run('2025-02-01');
SELECT i.customer ->> 'number' AS customer, i.currency, i.vat_amount AS vat, i.vat_currency, i.vat_in_currency, i.exchange_rate, i.exchange_rate_of, i.exchange_rate_on,
    CASE WHEN exchange_rate_of = i.currency THEN round(vat_amount * exchange_rate, 2) ELSE round(vat_amount / exchange_rate, 2) END = vat_in_currency AS right
FROM invoice AS i WHERE i.invoice_id > :last ORDER BY 1;
-- It is shown, and frozen: a rate that changes later changes nothing.
SELECT customer ->> 'number' AS customer, (regexp_match(invoice_html(invoice_id), '<tr><th scope="row" colspan="2">(VAT in.*?)</tr>'))[1] FROM invoice WHERE invoice_id > :last AND vat_amount <> 0 ORDER BY 1;
UPDATE currency_rate SET rate = 2;
SELECT customer ->> 'number' AS customer, vat_in_currency FROM invoice WHERE invoice_id > :last AND vat_currency IS NOT NULL ORDER BY 1;
-- A correction by itself is converted as the month it corrects.
UPDATE usage SET quantity = 900 WHERE account IN ('F1', 'F4');
SELECT pg_temp.deliver();
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2025-06-01');
SELECT i.customer ->> 'number' AS customer, i.kind, i.vat_amount AS vat, i.vat_currency, i.vat_in_currency, i.exchange_rate, i.exchange_rate_on
FROM invoice AS i WHERE i.invoice_id > :last ORDER BY 1;
SELECT * FROM invoice_verify();

-- VAT is of the total of a category and rate, never of a line, and never off by half a cent.
SELECT count(*) AS documents, count(*) FILTER (WHERE NOT good) AS wrong
FROM (
    SELECT v.base = l.base AND v.vat = currency_round(l.base * v.vat_rate / 100, i.currency) AND i.vat_amount = sum(v.vat) OVER (PARTITION BY i.invoice_id)
        AND (v.vat_category IN ('S', 'Z')) = (v.reason IS NULL) AND (v.exemption IS NULL OR v.exemption ~ '^VATEX-') AND v.why <> '' AS good
    FROM invoice AS i
    JOIN invoice_vat AS v USING (invoice_id)
    JOIN (SELECT invoice_id, vat_category, vat_rate, sum(amount) AS base FROM invoice_line GROUP BY 1, 2, 3) AS l USING (invoice_id, vat_category, vat_rate)
) AS d;
