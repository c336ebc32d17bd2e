-- Documents as HTML.  test/invoice_html_dump writes them to files, to be looked at.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_encoding = 'UTF8';
SET client_min_messages = 'warning';
\pset null '(null)'

-- Currencies: two decimals, but for the exceptions of ISO 4217.
SELECT code, currency_minor_unit(code), currency_round(0.5, code), currency_round(-2.5455, code)
FROM unnest('{EUR,USD,JPY,KRW,BHD,KWD,CLF}'::text[]) AS code;
SELECT currency_round(1.005, 'EUR'), currency_round(-1.005, 'EUR'), currency_minor_unit(NULL), currency_round(NULL, 'EUR');

-- Words: each in both languages, and no other key.
SELECT document_text('nl', 'invoice'), document_text('en', 'invoice'), document_text('fr', 'invoice'), document_text('nl', 'no such key');

-- Numbers and dates.
SELECT number, document_number(number, 'nl', 2) AS nl, document_number(number, 'en', 2) AS en, document_number(number, 'en') AS bare
FROM unnest('{0,0.5,-0.5,12,999,1000,1234.50,-1234567.8900,0.0000004,0.10000,123456789012345678901234.5}'::numeric[]) AS number;
SELECT currency, document_amount(-1234.5, currency, 'nl') AS nl, document_amount(1234567.895, currency, 'en') AS en
FROM unnest('{EUR,JPY,BHD}'::text[]) AS currency;
SELECT document_date('2026-10-31', 'nl') AS nl, document_date('2026-03-01', 'en') AS en;
SELECT document_period(first, after, 'nl') AS nl, document_period(first, after, 'en') AS en
FROM (VALUES (date '2026-10-01', date '2026-11-01'), ('2026-01-01', '2026-04-01'), ('2026-12-16', '2027-01-16'), ('2026-02-28', '2026-03-01')) AS period (first, after);

-- The facts: parties, rules, and what the documents say.
INSERT INTO seller (name, street, postal_code, city, vat_number, registration_number, iban, bic, email, phone, website, vat_number_unchecked)
VALUES
    ('Waddenwolk B.V.', 'Noorderhaven 12', '8861 AN', 'Harlingen', 'NL859123455B01', '01234567', 'NL91ABNA0417164300',
     'ABNANL2A', 'facturen@waddenwolk.example', '+31 517 555 010', 'waddenwolk.example', false),
    ('<script>alert("seller")</script> & Sons'' "Cloud"', '</style><b>street</b>', '1000 AA', '<!-- city', 'NL&lt;1', ']]>',
     'NL91ABNA0417164300', 'ABNANL2A', '"onmouseover="alert(1)"@evil.example', '&#60;script&#62;', 'javascript:alert(document.cookie)', true);

INSERT INTO customer (seller_id, number, name, street, postal_code, city, country, vat_number, registration_number, order_number, language)
VALUES
    (1, 'K-1042', 'De Vries & Zonen Logistiek B.V.', 'Havenkade 88-A', '3011 TE', 'Rotterdam', 'NL', 'NL001234567B29', '24567890', 'PO 2026/118', 'nl'),
    (1, 'K-2001', 'Hanse Robotik GmbH', 'Speicherstraße 7', '20457', 'Hamburg', 'DE', 'DE123456788', 'HRB 98765', NULL, 'en'),
    (1, 'K-3001', 'Sakura Trading K.K.', '1-2-3 Marunouchi, Chiyoda-ku', '100-0005', 'Tokyo', 'JP', NULL, NULL, 'S-77', 'en'),
    (2, '<i>K</i>', E'<script>alert(1)</script>\x01\x1f', '"><img src=x onerror=alert(1)>', E'\u202E99', E'a\nb\tc', 'NL', NULL, NULL, '''; DROP TABLE invoice; --', 'en');

INSERT INTO price_rule (name, measure, pricing, effect, currency)
SELECT 'rule ' || n, 'quantity', '{"model":"per_unit","unit_price":"1"}', 'add', 'EUR'
FROM generate_series(1, 80) AS n;

-- One row a document, and its lines; totals are computed as invoicing does.
CREATE TEMP TABLE entry (
    invoice_id int, customer_id int, kind text, period_start date, period_end date, issued_on date, due_on date, currency text);
CREATE TEMP TABLE entry_line (
    invoice_id int, rule int, period_start date, corrects int, service text, description text, account text, resource_id text,
    effect text, measure text, pricing text, measured numeric, measured_before numeric, due numeric, due_before numeric,
    quantity numeric, unit text, unit_price numeric, vat_category text, vat_rate numeric, n int GENERATED ALWAYS AS IDENTITY);

INSERT INTO entry
VALUES
    (1, 1, 'invoice',     '2026-09-01', '2026-10-01', '2026-10-02', '2026-11-01', 'EUR'),
    (2, 2, 'invoice',     '2026-09-01', '2026-10-01', '2026-10-02', '2026-11-01', 'EUR'),
    (3, 1, 'invoice',     '2026-10-01', '2026-11-01', '2026-11-03', '2026-12-03', 'EUR'),
    (4, 2, 'credit_note', '2026-10-01', '2026-11-01', '2026-11-03', '2026-11-03', 'EUR'),
    (5, 3, 'invoice',     '2026-10-01', '2026-11-01', '2026-11-03', '2026-12-03', 'JPY'),
    (6, 4, 'invoice',     '2026-10-01', '2026-11-01', '2026-11-03', '2026-12-03', 'EUR'),
    (7, 1, 'invoice',     '2026-11-01', '2026-12-01', '2026-12-02', '2027-01-01', 'EUR'),
    (8, 2, 'invoice',     '2026-11-01', '2026-12-01', '2026-12-02', '2027-01-01', 'EUR');

-- Dutch: ladder, percentages, two VAT rates, and a price on cost that tells nothing.
INSERT INTO entry_line (invoice_id, rule, service, description, account, resource_id, effect, measure, pricing, measured, due, quantity, unit, unit_price, vat_category, vat_rate)
VALUES
    (1, 1, 'Azure Virtual Machines', 'D4s v5, West-Europa', 'Productie', NULL, 'set', 'quantity',
     '{"model":"per_unit","unit_price":"0.2016"}', 1440, 290.30, 1440, 'uur', 0.2016, 'S', 21),
    (1, 2, 'Azure Virtual Machines', 'D2s v5, West-Europa', 'Test', '/subscriptions/7a1/resourceGroups/rg-test/providers/Microsoft.Compute/virtualMachines/vm-test-01', 'set', 'quantity',
     '{"model":"per_unit","unit_price":"0.1008"}', 372.5, 37.55, 372.5, 'uur', 0.1008, 'S', 21),
    (1, 3, 'Azure Storage', 'Blob Storage, hot, LRS', 'Productie', NULL, 'set', 'quantity',
     '{"model":"per_unit","unit_price":"0.0184"}', 5120, 94.21, 5120, 'GB-maand', 0.0184, 'S', 21),
    (1, 4, 'Azure Storage', 'Leesbewerkingen', 'Productie', NULL, 'set', 'quantity',
     '{"model":"per_unit","unit_price":"0.0000004"}', 1234567, 0.49, 1234567, 'verzoeken', 0.0000004, 'S', 21),
    (1, 5, 'Amazon EC2', 'm6i.large, eu-west-1', 'devries-prod', NULL, 'set', 'quantity',
     '{"model":"per_unit","unit_price":"0.107"}', 720, 77.04, 720, 'uur', 0.107, 'S', 21),
    (1, 6, 'Amazon EC2', 'Korting', NULL, NULL, 'adjust', 'amount',
     '{"model":"percentage","rate":"-10"}', 77.04, -7.70, -1, NULL, 7.70, 'S', 21),
    (1, 7, 'Back-up', 'Back-upopslag, alle accounts samen', NULL, NULL, 'set', 'quantity',
     '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10","flat_fee":"5"},{"up_to":"10000","unit_price":"0.08"},{"unit_price":"0.06"}]}',
     12500, 975.00, 1, NULL, 975, 'S', 21),
    (1, 8, 'Licenties', 'Microsoft 365 Business Premium', NULL, NULL, 'set', 'quantity',
     '{"model":"per_unit","unit_price":"20.6"}', 45, 927.00, 45, 'gebruikers', 20.60, 'S', 21),
    (1, 9, 'Licenties', 'Handboek beheer (e-boek)', NULL, NULL, 'set', 'quantity',
     '{"model":"per_unit","unit_price":"24.5"}', 2, 49.00, 2, 'stuks', 24.5, 'S', 9),
    (1, 10, 'Marketplace', 'Software van derden', NULL, NULL, 'set', 'billed_cost',
     '{"model":"graduated_percentage","tiers":[{"up_to":"500","rate":"110"},{"rate":"108"}]}', 812.40, 887.39, 1, NULL, 887.39, 'S', 21),
    (1, 11, 'Beheer', 'Beheervergoeding publieke cloud', NULL, NULL, 'add', 'amount',
     '{"model":"graduated_percentage","tiers":[{"up_to":"1000","rate":"8"},{"rate":"5"}],"minimum":"150"}', 1466.89, 150.00, 1, NULL, 150, 'S', 21),
    (1, 12, 'Beheer', 'Toeslag 24/7-bewaking', NULL, NULL, 'add', 'amount',
     '{"model":"percentage","rate":"2.5"}', 1466.89, 36.67, 1, NULL, 36.67, 'S', 21);

-- English, reverse charge; packages and volume.
INSERT INTO entry_line (invoice_id, rule, service, description, account, effect, measure, pricing, measured, due, quantity, unit, unit_price, vat_category, vat_rate)
VALUES
    (2, 1, 'Google Compute Engine', 'N2 instance core, Frankfurt', 'hanse-ml', 'set', 'quantity',
     '{"model":"per_unit","unit_price":"0.040618"}', 11904, 483.52, 11904, 'hours', 0.040618, 'AE', 0),
    (2, 2, 'Messaging', 'Push messages', NULL, 'set', 'quantity',
     '{"model":"graduated","free_units":"1000","tiers":[{"up_to":"10000","unit_price":"2","package_size":"1000"},{"unit_price":"1.5","package_size":"1000"}]}',
     14250, 26.00, 1, NULL, 26, 'AE', 0),
    (2, 3, 'Monitoring', 'Monitored servers', NULL, 'set', 'quantity',
     '{"model":"volume","tiers":[{"up_to":"49","unit_price":"35"},{"unit_price":"30"}]}', 52, 1560, 52, 'servers', 30, 'AE', 0);

-- Dutch, with corrections of September and usage of September that came late.
INSERT INTO entry_line (invoice_id, rule, period_start, corrects, service, description, account, effect, measure, pricing, measured, measured_before, due, due_before, quantity, unit, unit_price, vat_category, vat_rate)
VALUES
    (3, 1, '2026-10-01', NULL, 'Azure Virtual Machines', 'D4s v5, West-Europa', 'Productie', 'set', 'quantity',
     '{"model":"per_unit","unit_price":"0.2016"}', 1488, 0, 299.98, 0, 1488, 'uur', 0.2016, 'S', 21),
    (3, 2, '2026-09-01', NULL, 'Azure Virtual Machines', 'D8s v5, West-Europa', 'Productie', 'set', 'quantity',
     '{"model":"per_unit","unit_price":"0.4032"}', 12, 0, 4.84, 0, 12, 'uur', 0.4032, 'S', 21),
    (3, 7, '2026-10-01', NULL, 'Back-up', 'Back-upopslag, alle accounts samen', NULL, 'set', 'quantity',
     '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10","flat_fee":"5"},{"up_to":"10000","unit_price":"0.08"},{"unit_price":"0.06"}]}',
     900, 0, 95.00, 0, 1, NULL, 95, 'S', 21),
    (3, 3, '2026-09-01', 1, 'Azure Storage', 'Blob Storage, hot, LRS', 'Productie', 'set', 'quantity',
     '{"model":"per_unit","unit_price":"0.0184"}', 5300, 5120, 97.52, 94.21, 180, 'GB-maand', 0.0184, 'S', 21),
    (3, 7, '2026-09-01', 1, 'Back-up', 'Back-upopslag, alle accounts samen', NULL, 'set', 'quantity',
     '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10","flat_fee":"5"},{"up_to":"10000","unit_price":"0.08"},{"unit_price":"0.06"}]}',
     12000, 12500, 945.00, 975.00, -1, NULL, 30, 'S', 21);

INSERT INTO entry_line (invoice_id, rule, period_start, corrects, service, description, account, effect, measure, pricing, measured, measured_before, due, due_before, quantity, unit, unit_price, vat_category, vat_rate)
VALUES
    (4, 3, '2026-09-01', 2, 'Monitoring', 'Monitored servers', NULL, 'set', 'quantity',
     '{"model":"volume","tiers":[{"up_to":"49","unit_price":"35"},{"unit_price":"30"}]}', 40, 52, 1400, 1560, -1, NULL, 160, 'AE', 0);

INSERT INTO entry_line (invoice_id, rule, service, description, account, effect, measure, pricing, measured, due, quantity, unit, unit_price, vat_category, vat_rate)
VALUES
    (5, 1, 'Object Storage', 'Standard storage, Tokyo', 'sakura', 'set', 'quantity',
     '{"model":"per_unit","unit_price":"3.4567"}', 20480, 70793, 20480, 'GB-month', 3.4567, 'O', 0),
    (5, 2, 'Support', 'Business support', NULL, 'add', 'quantity',
     '{"model":"flat","amount":"15000"}', 1, 15000, 1, NULL, 15000, 'O', 0),
    (6, 1, '<script>alert("service")</script>', E'<img src=x onerror=alert(1)>\x01\x02 & "quotes" ''single'' ]]> \u202Eevil', '</td></tr></table><script>x</script>', 'set', 'quantity',
     '{"model":"per_unit","unit_price":"1"}', 10, 10, 10, '<b>unit</b>', 1, 'S', 21),
    (8, 1, 'Support', 'Support hours', NULL, 'set', 'quantity', '{"model":"per_unit","unit_price":"95"}', 2, 190, 2, 'hours', 95, 'AE', 0),
    (8, 2, 'Support', 'Support hours, goodwill', NULL, 'add', 'quantity', '{"model":"per_unit","unit_price":"-95"}', 2, -190, -2, 'hours', 95, 'AE', 0);

-- More than one page.
INSERT INTO entry_line (invoice_id, rule, service, description, account, effect, measure, pricing, measured, due, quantity, unit, unit_price, vat_category, vat_rate)
SELECT 7, n, 'Dienst ' || (n + 7) / 8, 'Onderdeel ' || n, CASE WHEN n % 2 = 0 THEN 'account-' || n END, 'set', 'quantity',
    CASE WHEN n % 8 = 4
        THEN '{"model":"graduated","tiers":[{"up_to":"10","unit_price":"1.5"},{"up_to":"50","unit_price":"1.25"},{"unit_price":"1"}]}'
        ELSE '{"model":"per_unit","unit_price":"1.25"}' END,
    n * 8, CASE WHEN n % 8 = 4 THEN rate(n * 8, '{"model":"graduated","tiers":[{"up_to":"10","unit_price":"1.5"},{"up_to":"50","unit_price":"1.25"},{"unit_price":"1"}]}') ELSE n * 10 END,
    n * 8, 'uur', 1.25, 'S', 21
FROM generate_series(1, 64) AS n;

UPDATE entry_line
SET period_start = coalesce(entry_line.period_start, entry.period_start),
    measured_before = coalesce(measured_before, 0),
    due_before = coalesce(due_before, 0)
FROM entry
WHERE entry.invoice_id = entry_line.invoice_id;

WITH vat AS (
    SELECT invoice_id, currency, vat_category, vat_rate, sum(due - due_before) AS base,
        currency_round(sum(due - due_before) * vat_rate / 100, currency) AS vat
    FROM entry_line
    JOIN entry USING (invoice_id)
    GROUP BY invoice_id, currency, vat_category, vat_rate
), total AS (
    SELECT invoice_id, sum(base) AS net, sum(vat) AS vat
    FROM vat
    GROUP BY invoice_id
), document AS (
    INSERT INTO invoice OVERRIDING SYSTEM VALUE
    SELECT invoice_id, NULL, seller_id, customer_id, 2026, invoice_id, '2026-' || lpad(invoice_id::text, 6, '0'), kind,
        period_start, period_end, issued_on, due_on, entry.currency, net, vat, net + vat,
        CASE invoice_id WHEN 6 THEN '<script>reference</script>' ELSE 'RF18539007547034' END,
        customer.language, to_jsonb(seller), to_jsonb(customer), '2026-10-02', 'finance', '\x00', '\x00'
    FROM total
    JOIN entry USING (invoice_id)
    JOIN customer USING (customer_id)
    JOIN seller USING (seller_id)
), line AS (
    INSERT INTO invoice_line
    SELECT invoice_id, row_number() OVER (PARTITION BY invoice_id ORDER BY n), customer_id, l.period_start, rule, 1, NULL, resource_id, NULL, currency,
        CASE WHEN corrects IS NULL THEN 0 ELSE 1 END, corrects, effect, service, description, account, measure, pricing::pricing,
        NULL, measured, measured_before, due, due_before, quantity, unit, unit_price, due - due_before, 0, vat_category, vat_rate
    FROM entry_line AS l
    JOIN entry USING (invoice_id)
)
INSERT INTO invoice_vat
SELECT invoice_id, vat_category, vat_rate, base, vat,
    CASE vat_category WHEN 'AE' THEN 'VATEX-EU-AE' WHEN 'O' THEN 'VATEX-EU-O' END
FROM vat;

-- Documents 1 (Dutch, with a rest), 4 (a credit note) and 6 (hostile) are specified by cost centre; 8 and 5 are about
-- one value of it, and about what has none.
INSERT INTO dimension (name) VALUES ('Kostenplaats'), ('<b>Team</b>');
INSERT INTO invoice_line_allocation
SELECT l.invoice_id, l.line_no, 1, 'Kostenplaats', v.value, v.amount
FROM invoice_line AS l
CROSS JOIN unnest('{Verkoop,ict & beheer,NULL}'::text[], allocate(l.amount, '{5,3,1}'::numeric[], 2)) AS v (value, amount)
WHERE l.invoice_id = 1;
INSERT INTO invoice_line_allocation VALUES (4, 1, 1, 'Cost centre', 'Logistics', -200), (4, 1, 1, 'Cost centre', 'Robots', 40),
    (6, 1, 2, '<b>Team</b>', '<script>alert("value")</script>', 4);
ALTER TABLE invoice DISABLE TRIGGER invoice_frozen;
UPDATE invoice SET dimension_id = 1, dimension = 'Cost centre', dimension_value = 'Marketing & <b>Sales</b>' WHERE invoice_id = 8;
UPDATE invoice SET dimension_id = 1, dimension = 'Cost centre' WHERE invoice_id = 5;
ALTER TABLE invoice ENABLE TRIGGER invoice_frozen;

-- Later changes of master data change no document.
UPDATE seller SET name = 'Renamed ' || seller_id, iban = NULL, street = 'Moved';
UPDATE customer SET name = 'Renamed ' || customer_id, language = 'en';
UPDATE dimension SET name = 'Renamed ' || dimension_id;

-- A document, parsed: what does not parse fails here.
CREATE FUNCTION pg_temp.parsed(invoice_id int) RETURNS xml LANGUAGE sql
AS $$ SELECT xmlparse(DOCUMENT replace(invoice_html(invoice_id), '<!DOCTYPE html>', '')) $$;

CREATE FUNCTION pg_temp.content(element xml) RETURNS text LANGUAGE sql
AS $$ SELECT btrim(regexp_replace(array_to_string(xpath('.//text()', element)::text[], ' '), '\s+', ' ', 'g')) $$;

-- A document as plain text: a line for each block and row, | between cells.
CREATE FUNCTION pg_temp.shown(invoice_id int) RETURNS SETOF text LANGUAGE sql
AS $$
    SELECT CASE (xpath('name(/*)', element))[1]::text
        WHEN 'tr' THEN (
            SELECT string_agg(pg_temp.content(cell), ' | ' ORDER BY n)
            FROM unnest(xpath('/tr/th | /tr/td', element)) WITH ORDINALITY AS cells (cell, n))
        WHEN 'h2' THEN E'\n## ' || pg_temp.content(element)
        ELSE pg_temp.content(element) END
    FROM unnest(xpath('//h1 | //h2 | //p | //div[not(div) and not(p) and not(ancestor::td)] | //tr[not(@class="steps")]',
        pg_temp.parsed(invoice_id))) WITH ORDINALITY AS elements (element, n)
    ORDER BY n
$$;

\pset format unaligned
\pset tuples_only on
SELECT pg_temp.shown(1);
SELECT pg_temp.shown(2);
SELECT pg_temp.shown(3);
SELECT pg_temp.shown(4);
SELECT pg_temp.shown(5);
SELECT pg_temp.shown(6);
SELECT pg_temp.shown(8);
\pset format aligned
\pset tuples_only off

-- Totals, where a machine would look for them.
SELECT invoice_id, xpath('string(//html/@lang)', html) AS lang, xpath('string(//title)', html) AS title,
    xpath('string(//tr[@class="total"]/td)', html) AS total, xpath('count(//tr[@class="line"])', html) AS lines,
    xpath('count(//tr[@class="subtotal"])', html) AS subtotals, xpath('count(//table[@class="ladder"])', html) AS ladders,
    xpath('count(//table[@class="summary"])', html) AS summaries
FROM (SELECT invoice_id, pg_temp.parsed(invoice_id) AS html FROM invoice) AS documents
ORDER BY invoice_id;

-- What people typed is text: no element, attribute or link comes of it.
SELECT invoice_id,
    xpath('count(//script | //a | //img | //b | //i | //iframe | //link | //comment())', html) AS foreign_elements,
    xpath('count(//@href | //@src | //@style | //@*[starts-with(name(), "on")])', html) AS foreign_attributes,
    xpath('count(//style)', html) AS styles,
    raw ~* '<script|<img|<a[ >]|<b>|<!--|@import|url\(' AS markup,
    raw ~ '[\u0001-\u0008\u000B\u000C\u000E-\u001F\u202A-\u202E]' AS control_characters
FROM (SELECT invoice_id, pg_temp.parsed(invoice_id) AS html, invoice_html(invoice_id) AS raw FROM invoice) AS documents
WHERE invoice_id IN (1, 6)
ORDER BY invoice_id;
SELECT unnest(xpath('//tr[@class="line"]/td', pg_temp.parsed(6)));

-- HTML reads <td/> as an opening tag: only void elements may be written so.
SELECT invoice_id, raw ~ '^<!DOCTYPE html>\n<html lang="(nl|en)">' AS begins, raw ~ '</html>\n$' AS ends,
    array(SELECT DISTINCT m[1] FROM regexp_matches(raw, '<(\w+)[^<>]*/>', 'g') AS m) AS closed_at_once
FROM (SELECT invoice_id, invoice_html(invoice_id) AS raw FROM invoice) AS documents
ORDER BY invoice_id;

-- No text is missing: each key the code writes out is in the table.
SELECT count(*) > 40 AS found, array_agg(key) FILTER (WHERE document_text('nl', key) IS NULL) AS missing
FROM pg_proc AS p
CROSS JOIN regexp_matches(pg_get_functiondef(p.oid), 'document_text\([^'']+''([a-z][a-z_]*[a-z])''', 'g') AS m
CROSS JOIN LATERAL (SELECT m[1] AS key) AS used
WHERE p.pronamespace = 'cloudbilling'::regnamespace AND p.proname LIKE 'invoice\_html%';

-- Names are the schema's own, whatever the path; an unknown document is an error.
SET search_path = pg_catalog;
SELECT length(cloudbilling.invoice_html(1)) > 5000 AS found, cloudbilling.invoice_html(NULL);
SELECT cloudbilling.invoice_html(99);
\echo :SQLSTATE
