-- Electronic invoices: what the XML says of an invoice, a credit note and odd lines, and what
-- is refused.  That all kinds of documents obey the rules is for test/ubl_rules to say.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\pset format unaligned
-- Elements and attributes, one a line, without what depends on the day of the run.
CREATE FUNCTION pg_temp.shown(document xml) RETURNS TABLE (line text) LANGUAGE sql AS $$
    SELECT regexp_replace(l, '20(2[6-9]|[3-9]\d)-\d\d-\d\d|(?<=W)20\d\d(?=-\d{6})|RF\d\dW20\d\d', 'YYYY', 'g')
    FROM unnest(string_to_array(regexp_replace(regexp_replace(document::text, '(</[^>]*>)(?=<)', E'\\1\n', 'g'), '(<c[ab]c:\w+>)(?=<)', E'\\1\n', 'g'), E'\n')) AS l
    WHERE l !~ '^</'
$$;

INSERT INTO seller (name, street, postal_code, city, vat_number, registration_number, iban, bic, email, series) VALUES
    ('Waddenwolk B.V.', 'Noorderhaven 12', '8861 AN', 'Harlingen', 'NL859123455B01', '01234567', 'NL91 ABNA 0417 1643 00', 'ABNANL2A', 'facturen@waddenwolk.example', 'W');
INSERT INTO customer (seller_id, number, name, street, postal_code, city, country, vat_number, registration_number, order_number, language) VALUES
    (1, 'A', E'Alpha & <Zonen>\x02 B.V.', 'Kade 1', '3011 TE', 'Rotterdam', 'NL', 'NL812345678B01', '24567890', 'PO 1', 'nl'),
    (1, 'D', 'German GmbH', 'Hauptstraße 1', '10115', 'Berlin', 'DE', 'DE136695976', NULL, NULL, 'en'),
    (1, 'U', 'In dollars', 'Kade 2', '3011 TE', 'Rotterdam', 'NL', NULL, NULL, NULL, 'en'),
    (1, 'B', 'Without anything', NULL, NULL, NULL, 'NL', NULL, NULL, NULL, 'en');
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, number FROM customer;
INSERT INTO currency_rate (currency, to_currency, rate_on, rate, source) VALUES ('EUR', 'USD', '2024-09-30', 1.1196, 'ECB'), ('JPY', 'EUR', '2024-09-30', 0.00627, 'ECB');
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, effect, supply) VALUES
    ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'resource', 'EUR', '{"model":"per_unit","unit_price":"0.0832"}', 'set', 'digital'),
    ('tiny', product_ensure('AWS', 'Compute', 'tiny'), 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0.0000004"}', 'set', 'digital'),
    ('block', product_ensure('AWS', 'Compute', 'block'), 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0.20","conversion":{"divide_by":"10000"}}', 'set', 'digital'),
    ('disk', product_ensure('AWS', 'Compute', 'disk'), 'quantity', 'sku', 'EUR', '{"model":"graduated","tiers":[{"up_to":"100","unit_price":"0.1","flat_fee":"5"},{"unit_price":"0.08"}]}', 'set', 'digital'),
    ('laptop', product_ensure('AWS', 'Shop', 'laptop'), 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"1249.99"}', 'set', 'goods'),
    ('dollars', product_ensure('AWS', 'Shop', 'dollars'), 'quantity', 'sku', 'USD', '{"model":"per_unit","unit_price":"3.337"}', 'set', 'digital'),
    ('yen', product_ensure('AWS', 'Shop', 'yen'), 'quantity', 'sku', 'JPY', '{"model":"per_unit","unit_price":"3.4567"}', 'set', 'digital'),
    ('fee', product_ensure('AWS', 'Compute'), 'amount', 'scope', 'EUR', '{"model":"percentage","rate":"2.5"}', 'add', 'service');
INSERT INTO usage (account, service, sku, resource, unit, quantity, starts) VALUES
    ('A', 'Compute', 'vm', 'i-1', 'Hours', 720, '2024-09-05'), ('A', 'Compute', 'tiny', NULL, 'Requests', 123456789, '2024-09-05'),
    ('A', 'Compute', 'block', NULL, 'Requests', 987654, '2024-09-05'), ('A', 'Compute', 'disk', NULL, 'GB-Mo', 250.5, '2024-09-05'),
    ('D', 'Compute', 'vm', 'i-2', 'Hours', 10, '2024-09-05'), ('D', 'Shop', 'laptop', NULL, 'Units', 2, '2024-09-05'),
    ('U', 'Shop', 'dollars', NULL, 'GB', 1000, '2024-09-05'), ('U', 'Shop', 'yen', NULL, 'GB', 1234.5, '2024-09-05'), ('B', 'Compute', 'vm', 'i-3', 'Hours', 10, '2024-09-05');
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT c.number, p.message FROM invoice_run_problem AS p JOIN customer AS c USING (customer_id);

-- An invoice: prices with all their decimals, one for a block of 10,000, a unit without a code in the name, a fee as a lump sum.
SELECT invoice_id AS alpha FROM invoice WHERE customer_id = 1 \gset
SELECT * FROM pg_temp.shown(invoice_ubl(:alpha));
-- The other profiles: what differs.
SELECT * FROM pg_temp.shown(invoice_ubl(:alpha, 'en16931')) EXCEPT SELECT * FROM pg_temp.shown(invoice_ubl(:alpha)) ORDER BY 1;
SELECT * FROM pg_temp.shown(invoice_ubl(:alpha)) EXCEPT SELECT * FROM pg_temp.shown(invoice_ubl(:alpha, 'nlcius')) ORDER BY 1;
-- By number it is the same, and it is XML with a namespace.
SELECT invoice_ubl(invoice_number)::text = invoice_ubl(invoice_id)::text AS same, xpath('/i:Invoice/cbc:ID/text()', invoice_ubl(invoice_id),
    '{{i,urn:oasis:names:specification:ubl:schema:xsd:Invoice-2},{cbc,urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}}')::text = format('{%s}', invoice_number) AS number
FROM invoice WHERE invoice_id = :alpha;

-- Reverse charge and goods to another EU country: why, both numbers, and where the goods went.
SELECT * FROM pg_temp.shown((SELECT invoice_ubl(invoice_id) FROM invoice WHERE customer_id = 2))
WHERE line ~ 'CompanyID|Endpoint|Delivery|Identification|Exemption|TaxableAmount|Percent|TaxAmount|BuyerReference|Quantity|PriceAmount';
-- VAT in euros, and a yen amount that its price gives only when rounded to yen: a lump sum that tells its quantity.
SELECT s.line FROM invoice AS i, pg_temp.shown(invoice_ubl(i.invoice_id, 'en16931')) WITH ORDINALITY AS s (line, n)
WHERE i.customer_id = 3 AND s.line ~ 'Currency|Note|TaxAmount|Quantity|PriceAmount|LineExtension|Payable' ORDER BY i.currency DESC, s.n;

-- A credit note says it with the signs turned, names what it corrects, and asks for no payment.
UPDATE usage SET quantity = 700 WHERE account = 'A' AND sku = 'vm';
UPDATE usage SET quantity = 260 WHERE account = 'A' AND sku = 'disk';
UPDATE usage SET quantity = 977653 WHERE account = 'A' AND sku = 'block';
UPDATE usage SET quantity = 1 WHERE account = 'D' AND sku = 'laptop';
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT invoice_id AS credit FROM invoice WHERE customer_id = 1 AND kind = 'credit_note' \gset
SELECT * FROM pg_temp.shown(invoice_ubl(:credit)) WHERE line !~ 'Party|Street|City|Postal|Endpoint|Registration';

-- What it lacks is said, all of it, and nothing is made of it.
SELECT p.profile, q.rule, q.term, q.problem, q.hint FROM unnest('{en16931,peppol,nlcius}'::text[]) AS p (profile), invoice_ubl_problems((SELECT invoice_id FROM invoice WHERE customer_id = 4), p.profile) AS q;
SELECT code, regexp_replace(message, 'W\d+', 'WYYYY') AS message, detail, hint FROM pg_temp.fails('SELECT cloudbilling.invoice_ubl((SELECT invoice_id FROM cloudbilling.invoice WHERE customer_id = 4))');
-- An address can be given later; what the document says cannot.
UPDATE customer SET electronic_address = '4012345000009', electronic_scheme = '0088', buyer_reference = 'desk 7', name = 'Another name' WHERE customer_id IN (2, 4);
SELECT s.* FROM pg_temp.shown((SELECT invoice_ubl(min(invoice_id)) FROM invoice WHERE customer_id = 2)) AS s WHERE line ~ 'Endpoint|BuyerReference|RegistrationName';
SELECT rule FROM invoice_ubl_problems((SELECT invoice_id FROM invoice WHERE customer_id = 4));
SELECT code FROM pg_temp.fails($$UPDATE cloudbilling.customer SET electronic_scheme = NULL WHERE customer_id = 4$$);

-- Fees of agreements: each line has the days that it is for, and the document's period covers them.  Seats
-- that came or went within a month are about the rest of it.
INSERT INTO customer (seller_id, number, name, street, postal_code, city, registration_number, language) VALUES (1, 'G', 'Gamma', 'Kade 3', '3011 TE', 'Rotterdam', '12345678', 'en');
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, billing_period, alignment, in_advance)
SELECT a.number, 5, a.name, '2024-07-15', a.start_on, a.billing_period::calendar_span, a.alignment, a.in_advance
FROM (VALUES ('S-1', 'Licences', date '2024-08-10', '1 year', 'anniversary', true), ('S-2', 'Seats', '2024-08-01', '1 month', 'calendar', true), ('S-3', 'Support', '2024-07-15', '1 month', 'anniversary', false))
    AS a (number, name, start_on, billing_period, alignment, in_advance);
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing)
SELECT agreement_key(i.number), 1, product_ensure('Own services', i.name), i.name, per_unit(i.price)
FROM (VALUES ('S-1', 'Licence', 120), ('S-2', 'Seat', 31), ('S-3', 'Support contract', 62)) AS i (number, name, price);
INSERT INTO agreement_quantity (agreement_item_id, valid_during, quantity)
SELECT agreement_item_id, daterange(CASE description WHEN 'Licence' THEN date '2024-08-10' WHEN 'Seat' THEN '2024-08-01' ELSE '2024-07-15' END, NULL), 2 FROM agreement_item;
CALL invoice_run('2024-08-05');
SELECT agreement_quantity_set(agreement_item_id, '2024-08-16', 3) FROM agreement_item WHERE description = 'Seat';
CALL invoice_run('2024-08-20');
CALL invoice_run('2024-09-01');
SELECT agreement_quantity_set(agreement_item_id, '2024-08-21', 1) FROM agreement_item WHERE description = 'Seat';
CALL invoice_run('2024-09-01');
SELECT i.series_number, i.kind, l.description, l.invoice_on, l.service_start, l.service_end, l.amount, l.corrects IS NOT NULL AS corrects
FROM invoice_line AS l JOIN invoice AS i USING (invoice_id) WHERE i.customer_id = 5 ORDER BY i.invoice_id, l.line_no;
SELECT i.series_number, s.line FROM invoice AS i, pg_temp.shown(invoice_ubl(i.invoice_id)) WITH ORDINALITY AS s (line, n)
WHERE i.customer_id = 5 AND s.line ~ 'StartDate|EndDate|TaxPoint|<cbc:Note|<cbc:Name>(Lic|Seat|Supp)' ORDER BY i.invoice_id, s.n;
SELECT * FROM invoice_verify();
-- The days are part of what is frozen and hashed.
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE invoice_line SET service_end = service_end + 1 WHERE description = 'Licence';
SET LOCAL session_replication_role = origin;
SELECT regexp_replace(invoice_number, 'W\d+', 'WYYYY') AS number, problem FROM invoice_verify();
ROLLBACK;

-- What was paid before is subtracted.
SELECT s.line FROM invoice AS i, xmlserialize(CONTENT invoice_ubl_total(i, 1, 100) AS text) AS t, pg_temp.shown(t::xml) AS s WHERE i.invoice_id = :alpha;

-- Addresses that follow from numbers.
SELECT p, a.* FROM unnest(ARRAY['{"country":"NL","registration_number":"01234567","vat_number":"NL859123455B01"}', '{"country":"NL","vat_number":"NL859123455B01"}',
    '{"country":"BE","vat_number":"BE 0123.456.749"}', '{"country":"DE","vat_number":"DE123456788"}', '{"country":"SE","vat_number":"SE556000016701"}',
    '{"country":"US"}', '{"country":"US","electronic_address":"123456789","electronic_scheme":"9959"}']::jsonb[]) AS p, electronic_address(p) AS a;

-- Addresses that can be none of their scheme.
SELECT a.address, a.scheme, electronic_address_valid(a.address, a.scheme) FROM (VALUES ('4012345000009', '0088'), ('4012345000008', '0088'), ('401234500000', '0088'), ('0123456749', '0208'),
    ('0123456748', '0208'), ('01234567', '0106'), ('1234567', '0106'), ('5560000167', '0007'), ('5560000168', '0007'), ('NL859123455B01', '9944'), ('859123455', '9944'), ('x', '9959')) AS a (address, scheme);
UPDATE customer SET electronic_address = '4012345000008' WHERE customer_id = 4;
SELECT * FROM invoice_ubl_problems((SELECT invoice_id FROM invoice WHERE customer_id = 4));

-- A seller without anything.
INSERT INTO seller (name, series) VALUES ('Bare', 'X');
INSERT INTO customer (seller_id, number, name, language) VALUES (2, 'X', E'\x02 ', 'en');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (6, 'X');
INSERT INTO usage (account, service, sku, unit, quantity, starts) VALUES ('X', 'Compute', 'vm', 'Hours', 10, '2024-09-05');
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT code, regexp_replace(message, 'X\d+', 'XYYYY') AS message, detail, hint FROM pg_temp.fails('SELECT cloudbilling.invoice_ubl(max(invoice_id)) FROM cloudbilling.invoice WHERE seller_id = 2');

-- Errors.
SELECT code, message, hint FROM pg_temp.fails('SELECT cloudbilling.invoice_ubl(0)');
SELECT code, message, hint FROM pg_temp.fails('SELECT cloudbilling.invoice_ubl(''W0'')');
SELECT code, message, hint FROM pg_temp.fails('SELECT cloudbilling.invoice_ubl(1, ''ubl'')');
SELECT code, message, hint FROM pg_temp.fails('SELECT cloudbilling.invoice_ubl(''W0'', ''ubl'')');
SELECT invoice_ubl(NULL::int) IS NULL, invoice_ubl(NULL::text) IS NULL, invoice_ubl(1, NULL) IS NULL;
