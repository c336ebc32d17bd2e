-- VAT numbers: the forms and check digits of the member states, Northern Ireland and the United Kingdom.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

-- Made-up numbers that python-stdnum, which knows them too, takes for good; of each country its forms.
CREATE TEMP TABLE good AS
SELECT number
FROM unnest(ARRAY[
    'ATU00075694 ATU00119120',
    'BE0020963381 BE0022736008',
    'BG004117428 BG0102288602 BG0132156045 BG114172840',
    'CY00036216C CY00757161F',
    'CZ000911182 CZ007609695 CZ0123225531 CZ0853018199 CZ24491888 CZ37583379',
    'DE105686340 DE120626622',
    'DK10175372 DK10194814',
    'EE003103506 EE004337915',
    'EL002106140 EL006279459',
    'ES14670042K ES16499372T ESA05776497 ESA31447816 ESK0049704R ESK0298147K ESX0657430K ESX0898169L',
    'FI00807402 FI00965910',
    'FR06304241565 FR0C168640407 FR0C794449470 FR62801667122 FRA6736782368 FRAG698532132 FRAU125728329 FRB3175347269',
    'GB263070636 GB529000730459 GB536554376 GBGD000 GBGD004',
    'HR01071127598 HR01251783094',
    'HU00168140 HU01168332',
    'IE0+47415Q IE0+57473S IE0008487B IE0184253L IE0327421CH IE0460538FI IE0C39295U IE0H31032V',
    'IT01536979998 IT01917891200',
    'LT002252815 LT002372558419 LT003814021917 LT006297715',
    'LU00428412 LU00960683',
    'LV40641533888 LV44836518078',
    'MT10037961 MT10381774',
    'NL016537567B38 NL018151498B99',
    'PL0039950251 PL0191239538',
    'PT103121366 PT106963830',
    'RO1040782457 RO108860 RO115213 RO1238718720 RO13815472 RO15145190 RO19 RO27',
    'SE000958879901 SE002051361001',
    'SI10362673 SI10945580',
    'SK1047070211 SK1075566888',
    'XI007183988 XI008610407']) AS country, unnest(string_to_array(country, ' ')) AS number;
SELECT count(*) AS numbers, count(DISTINCT left(number, 2)) AS countries, count(*) FILTER (WHERE vat_number_valid(number)) AS valid FROM good;
SELECT number FROM good WHERE vat_number_valid(number) IS NOT TRUE;
-- Each number with one digit that is another one: which share is refused?  All of them by check digits modulo 11 or 97, and
-- less where a number has no check digit for everything.
SELECT left(number, 2) AS country, count(*) AS changed, count(*) FILTER (WHERE NOT vat_number_valid(changed)) AS refused
FROM good
CROSS JOIN generate_series(3, length(number)) AS place
CROSS JOIN generate_series(0, 9) AS digit
CROSS JOIN LATERAL (SELECT overlay(number PLACING digit::text FROM place FOR 1) AS changed) AS c
WHERE substr(number, place, 1) ~ '[0-9]' AND changed <> number
GROUP BY 1 ORDER BY 1;
-- A digit more or less, or a letter for a digit, is another form.
SELECT left(number, 2) AS country, array_agg(number) AS taken
FROM good
CROSS JOIN LATERAL (VALUES (number || '0'), (left(number, -1)), (overlay(number PLACING 'Ñ' FROM 4 FOR 1)), (left(number, 2))) AS o (other)
WHERE vat_number_valid(other)
GROUP BY 1 ORDER BY 1;
-- The two kinds of Dutch numbers: of companies modulo 11, since 2020 of people modulo 97.
SELECT number, vat_number_valid(number)
FROM unnest('{NL859123455B01,NL859123455B99,NL001234567B29,NL001234567B28,NL859123455B00,NL000000000B01,NL859123455B1,nl 8591.23.455-b01,859123455B01}'::text[]) AS number;
-- A person's number has a day that exists; a country whose numbers are not known has none to say.
SELECT number, vat_number_valid(number)
FROM unnest('{CZ7103192745,CZ7113192745,CHE123456789MWST,US12-3456789,NO923609016MVA,"",X,12345678,EL094259216,GR094259216}'::text[]) AS number;
SELECT count(*) AS countries, count(vat_number_format(vat_prefix)) AS formats FROM eu_country;
SELECT vat_number_valid(NULL), vat_number_clean(' nl.8591-23 455 b01'), vat_number_format('US');

-- Who enters a number: it is kept clean, or refused, or kept as it is because somebody says so.
INSERT INTO seller (name, vat_number) VALUES ('Waddenwolk B.V.', 'nl 8591.23.455.b01');
INSERT INTO customer (seller_id, number, name, country, vat_number, vat_number_unchecked) VALUES
    (1, 'A', 'Alpha', 'DE', 'DE 123 456 788', false), (1, 'B', 'Beta', 'NL', 'NL 859123456B01', true),
    (1, 'C', 'Gamma', 'CH', 'che-123.456.789 mwst', false), (1, 'D', 'Delta', 'NL', '  ', false), (1, 'E', 'Epsilon', 'NL', NULL, false);
SELECT vat_number FROM seller;
SELECT number, vat_number, vat_number_unchecked FROM customer ORDER BY 1;
SELECT * FROM pg_temp.fails($$INSERT INTO cloudbilling.seller (name, vat_number) VALUES ('Other B.V.', 'NL859123456B01')$$);
SELECT * FROM pg_temp.fails($$UPDATE cloudbilling.customer SET vat_number = 'DE12345678' WHERE number = 'A'$$);
SELECT * FROM pg_temp.fails($$UPDATE cloudbilling.customer SET vat_number = '859123455B01' WHERE number = 'A'$$);
SELECT detail FROM pg_temp.fails($$UPDATE cloudbilling.customer SET vat_number = 'GR094259216' WHERE number = 'A'$$);
SELECT * FROM pg_temp.fails($$UPDATE cloudbilling.customer SET vat_number_unchecked = false WHERE number = 'B'$$);
UPDATE customer SET name = 'Beta B.V.', vat_number_unchecked = true WHERE number = 'B';

-- What VIES said is of one number, and forgotten with it.
UPDATE customer SET vies_valid = true, vies_checked_on = '2026-11-01', vies_consultation = 'WAPIAAAAW1' WHERE number = 'A';
UPDATE customer SET vat_number = 'de123456788', name = 'Alpha GmbH' WHERE number = 'A';
SELECT vat_number, vies_valid, vies_checked_on, vies_consultation FROM customer WHERE number = 'A';
UPDATE customer SET vat_number = 'DE999999995' WHERE number = 'A';
SELECT vat_number, vies_valid, vies_checked_on, vies_consultation FROM customer WHERE number = 'A';
UPDATE customer SET vat_number = 'DE123456788', vies_valid = false, vies_checked_on = '2026-11-02' WHERE number = 'A';
SELECT vat_number, vies_valid, vies_checked_on, vies_consultation FROM customer WHERE number = 'A';
SELECT code, message FROM pg_temp.fails($$UPDATE cloudbilling.customer SET vies_checked_on = NULL WHERE number = 'A'$$);
