-- Files as they are: what is read, what is put in quarantine and why.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
SET cloudbilling.load_force = on;
\pset format unaligned
\pset tuples_only on
SELECT coalesce(max(load_id), 0) AS base FROM load \gset

-- Loads lines as COPY hands them over, an empty one as NULL; tells what became of them.
CREATE FUNCTION pg_temp.load(VARIADIC lines text[])
RETURNS SETOF text
LANGUAGE plpgsql
AS $$
DECLARE
    state text;
    message text;
    detail text;
    hint text;
    l load;
BEGIN
    BEGIN
        INSERT INTO landing SELECT nullif(line, '') FROM unnest(lines) AS line;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
            hint = PG_EXCEPTION_HINT;
        RETURN NEXT format('ERROR %s: %s', state, message);
        IF detail <> '' THEN RETURN NEXT 'DETAIL: ' || detail; END IF;
        IF hint <> '' THEN RETURN NEXT 'HINT: ' || hint; END IF;
        RETURN;
    END;
    SELECT * INTO l FROM load ORDER BY load_id DESC LIMIT 1;
    RETURN NEXT format('read %s = loaded %s + rejected %s; billed cost %s = %s + %s', l.records_read,
        l.records_loaded, l.records_rejected, l.billed_cost_read, l.billed_cost_loaded, l.billed_cost_rejected);
    RETURN QUERY
    SELECT format('line %s, %s: %s | %s', r.line_no, coalesce(r.column_name, 'whole row'), r.reason,
        left(replace(r.line, E'\n', '<newline>'), 130))
    FROM load_reject AS r
    WHERE r.load_id = l.load_id
    ORDER BY r.line_no;
END
$$;

-- A FOCUS file: a header of these names and the mandatory ones before them.  A
-- row says from which billed cost on it gives its own values.
CREATE FUNCTION pg_temp.focus(header text, VARIADIC rows text[])
RETURNS SETOF text
LANGUAGE sql
AS $$
    SELECT pg_temp.load(VARIADIC
        'ProviderName,BillingAccountId,BillingPeriodStart,BillingPeriodEnd,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,BilledCost'
            || coalesce(',' || header, '')
        || ARRAY(SELECT 'P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,' || row FROM unnest(rows) AS row))
$$;

-- A FOCUS file of one row: one of the mandatory columns, and each of its values.
CREATE FUNCTION pg_temp.column(name text, VARIADIC vals text[])
RETURNS SETOF text
LANGUAGE sql
AS $$
    WITH good (name, val) AS (
        VALUES ('ProviderName', 'P'), ('BillingAccountId', 'B'), ('BillingPeriodStart', '2024-09-01'),
            ('BillingPeriodEnd', '2024-10-01'), ('BillingCurrency', 'EUR'), ('ChargeCategory', 'Usage'),
            ('ChargePeriodStart', '2024-09-02'), ('ChargePeriodEnd', '2199-12-31'), ('BilledCost', '1')
    )
    SELECT pg_temp.load(VARIADIC
        (SELECT string_agg(good.name, ',') || ',' || "column".name FROM good WHERE good.name <> "column".name)
        || ARRAY(
            SELECT (SELECT string_agg(good.val, ',') FROM good WHERE good.name <> "column".name) || ',' || v
            FROM unnest(vals) AS v))
$$;

-- The last load's charges.
CREATE VIEW pg_temp.last AS
SELECT * FROM focus WHERE load_id = (SELECT max(load_id) FROM load);

-- COPY itself, with the options of the documentation: a quoted value of several
-- lines, one of them empty, doubled quotes, an empty line, CRLF on none or all.
\copy landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
ProviderName,BillingAccountId,BillingPeriodStart,BillingPeriodEnd,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,BilledCost,ChargeDescription,ResourceName
P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,1.10,"two

empty ""lines""",r1

P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,2.20,5" disk,"r, 2"
P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,3.30,"""","a ""b"" c"
P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,x,,
\.
SELECT records_read, records_loaded, records_rejected, billed_cost_loaded FROM load ORDER BY load_id DESC LIMIT 1;
SELECT line_no, billed_cost, replace(charge_description, E'\n', '<newline>'), resource_name FROM pg_temp.last ORDER BY line_no;
SELECT line_no, column_name, reason, line FROM load_reject WHERE load_id = (SELECT max(load_id) FROM load);
\copy landing (line) from program 'printf "customer_ref,meter,currency,source_event_id,quantity,usage_start,description\r\nc,m,EUR,e1,1,2024-09-01,\"one\r\ntwo\"\r\n"' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT line_no, pricing_quantity, replace(replace(charge_description, E'\n', '<newline>'), E'\r', '<return>') FROM pg_temp.last;
-- without the options
\copy landing from program 'printf "a,b\n1,2\n"' with (format csv)

-- Byte order mark, CR at line ends, empty lines before and behind the header.
SELECT pg_temp.load(E'\uFEFF"customer_ref";meter;currency;source_event_id;quantity;usage_start;description\r',
    E'c;m;EUR;bom1;1;2024-09-01;"one\r', E'\r', E'two"\r', E'\r', E'c;m;EUR;bom2;x;2024-09-01;"a;\r', E'b"\r', '');
SELECT line_no, replace(charge_description, E'\n', '<newline>') FROM pg_temp.last;
SELECT pg_temp.load('', E'\r', 'customer_ref;meter;currency;source_event_id;quantity;usage_start', '', 'c;m;EUR;empty1;1;2024-09-01', '', 'c;m;EUR;empty2;;2024-09-01', '', '');
SELECT line_no, pricing_quantity FROM pg_temp.last;
-- Tab and bar; delimiters within quotes do not count; blanks around names do not count.
SELECT pg_temp.load(E'customer_ref\tmeter\tcurrency\tsource_event_id\tquantity\tusage_start\t"a,b,c,d,e,f,g,h"', E'c\tm\tEUR\ttab1\t1,5\t2024-09-01', E'c\tm\tEUR\ttab2\t1.5\t2024-09-01\t');
SELECT pg_temp.load('customer_ref | meter|currency|source_event_id|quantity|USAGE_START|', 'c|m|EUR|bar1|1|2024-09-01|');
SELECT header, ignored_columns FROM load ORDER BY load_id DESC LIMIT 1;
-- A header over two lines.
SELECT pg_temp.load('customer_ref,meter,currency,source_event_id,quantity,usage_start,"a', 'b"', 'c,m,EUR,header1,1,2024-09-01,', 'c,m,EUR,header2,1,2024-13-01,');
-- Several lines in one value, as pg_read_file gives them.
SELECT pg_temp.load(E'customer_ref,meter,currency,source_event_id,quantity,usage_start\nc,m,EUR,value1,1,2024-09-01\n\nc,m,EUR,value2,,2024-09-01\n');

-- Ragged rows: short ones are filled up with NULL, but for the last of the file,
-- which may have been cut; more values than columns, unless they are empty, and
-- those of a row next to it too.
SELECT pg_temp.focus('EffectiveCost,SkuId,x_a', '1', '2,2.5', '3,3.5,sku', '4,4.5,sku,x', '5,5.5,sku,x,', '6,6.5,sku,x,,"",', '7,7.5,sku,x,beyond', '8,8.5,sku,x,"beyond"');
SELECT line_no, billed_cost, effective_cost, sku_id, x_columns FROM pg_temp.last ORDER BY line_no;
SELECT pg_temp.focus('EffectiveCost,SkuId,x_a', '1', '2,2.5,"sku', 'more","x"', '3,3.5', '');
SELECT pg_temp.load('customer_ref,meter,currency,source_event_id,quantity,usage_start,description,agent', 'c,m,EUR,short1,1,2024-09-01,"two', 'lines"', 'c,m,EUR,short2,1,2024-09-01,"', 'end"', '');
SELECT pg_temp.focus('EffectiveCost,SkuId,x_a', '1,1,a,x,', '2,2,b,x,', '3,3,c,x', '4,4,d,,', '5,5.5,,,');
-- A number with a comma is two; a row broken in two, or three, is none; the last one, and the only one.
SELECT pg_temp.focus('EffectiveCost,SkuId', '1,5,2,', '2,2,b', '3,3,c');
SELECT pg_temp.load('BilledCost,ProviderName,BillingAccountId,BillingPeriodStart,BillingPeriodEnd,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,SkuId',
    '1,P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,s', '2,P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,', '3,P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03',
    's', '4,P,B', ',2024-09-01,2024-10-01,EUR,Usage,2024-09-02', ',2024-09-03,s', '5,P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,');
SELECT pg_temp.focus('EffectiveCost,SkuId', '1,1,s', '2,2,b,');
SELECT pg_temp.focus('EffectiveCost,SkuId', '2,2,b,');
-- A quote that takes other rows along, and one that has several lines.
SELECT pg_temp.load('ChargeDescription,ProviderName,BillingAccountId,BillingPeriodStart,BillingPeriodEnd,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,BilledCost,SkuId',
    '"a,P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,1,s', 'b",P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,2,s',
    '"c, d, e', 'f, g, h",P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,3,s',
    'i,P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,4,"s', 'j,P,"B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,5,s',
    'k,P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,6,"s', 'l,P,B"', 'm,P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,7,s');
-- Files joined: the header again, and that of a file with another order.
SELECT pg_temp.load('customer_ref,meter,currency,source_event_id,quantity,usage_start', 'c,m,EUR,join1,1,2024-09-01', 'Customer_Ref,meter,currency,Source Event Id,quantity,usage_start', 'c,m,EUR,join2,1,2024-09-01');
SELECT pg_temp.load('customer_ref,meter,currency,source_event_id,quantity,usage_start', 'c,m,EUR,join3,1,2024-09-01', 'meter,customer_ref,currency,source_event_id,quantity,usage_start', 'm,c,EUR,join4,1,2024-09-01');
-- A header that took the first row along.
SELECT pg_temp.load('customer_ref,meter,currency,source_event_id,quantity,usage_start,notec,m,EUR,head1,1,2024-09-01,', 'c,m,EUR,head2,1,2024-09-01,');
SELECT pg_temp.load('customer_ref,meter,currency,source_event_id,quantity,usage_start,"note', 'c,m,EUR,head3,1,2024-09-01,a","b"', 'c,m,EUR,head4,1,2024-09-01,,');
SELECT pg_temp.load('customer_ref,meter,currency,source_event_id,quantity,usage_start,"note"d', 'c,m,EUR,head5,1,2024-09-01,a');
-- Text behind a closing quote; a blank there does no harm.
SELECT pg_temp.focus('ChargeDescription,SkuId', '1,"a"b,s', '2,"a" ,s', '3,"a"" ,s",s', '4,"a"b', '5, "a",s', '6,"a""b"c"d,s', '7,a"b"c,s');
SELECT line_no, charge_description, sku_id FROM pg_temp.last ORDER BY line_no;

-- NULL, as two spellings that stand for nothing, and no others.
SELECT pg_temp.focus('EffectiveCost,SkuId,Tags,x_a', '1,NULL,NULL,NULL,NULL', '2,null,"NULL","",""', '3,,,{},{}', '4,Null,,,', '5,,Null,,Null');
SELECT line_no, effective_cost, coalesce(sku_id, '-'), tags, x_columns FROM pg_temp.last ORDER BY line_no;

-- Hundreds of columns, in any order, with names of any length.
SELECT pg_temp.load(
    (SELECT string_agg(CASE i WHEN 5 THEN 'meter' WHEN 100 THEN 'CURRENCY' WHEN 170 THEN 'quantity' WHEN 171 THEN 'source_event_id'
        WHEN 250 THEN 'usage_start' WHEN 299 THEN 'customer_ref' WHEN 300 THEN 'x_' || repeat('long', 30)
        WHEN 301 THEN 'x_' || repeat('long', 29) || 'last' ELSE 'column' || i END, ',' ORDER BY i) FROM generate_series(1, 400) AS i),
    (SELECT string_agg(CASE i WHEN 5 THEN 'm' WHEN 100 THEN 'EUR' WHEN 170 THEN '7' WHEN 171 THEN 'wide'
        WHEN 250 THEN '2024-09-01' WHEN 299 THEN 'c' ELSE 'v' || i END, ',' ORDER BY i) FROM generate_series(1, 400) AS i));
SELECT pricing_quantity, sub_account_id, x_columns FROM pg_temp.last;
SELECT cardinality(ignored_columns), ignored_columns[392] FROM load ORDER BY load_id DESC LIMIT 1;
-- The same column twice: in error, unless nobody reads it.
SELECT pg_temp.focus('SkuId,skuid', '1,a,b');
SELECT pg_temp.focus('BilledCost', '1,2');
SELECT pg_temp.focus('x_a,x_b,x_a', '1,2,3');
SELECT pg_temp.focus('other,other,x_a,X_A', '1,a,b,c,d');
SELECT x_columns FROM pg_temp.last;

-- Numbers.
SELECT pg_temp.column('BilledCost', '5e-06', '2.319E-05', '-1.5e3', '+1', ' 12 ', '.5', '1.', '0.1234567890123456789012345678',
    '-0.0000000000000000000000000001', '1e999', '-1e999', '1e30');
SELECT line_no, CASE WHEN abs(billed_cost) > 1e100 THEN sign(billed_cost) ELSE billed_cost END FROM pg_temp.last ORDER BY line_no;
SELECT pg_temp.column('BilledCost', 'abc', '1,5', '1.2.3', '1e', '1e9999', 'NaN', 'Infinity', '-', '0x10', '1 2', '€ 5', '''1''', '1_000', '', '"1,000.00"', repeat('9', 70), repeat('9', 1001));
-- With marks between thousands; a decimal comma not where commas separate.
SELECT pg_temp.column('BilledCost', '"1,234.50"', '"1,234,567"', '"-12,345,678.9"', '" 1,234.5e-3 "');
SELECT line_no, billed_cost FROM pg_temp.last ORDER BY line_no;
SELECT pg_temp.column('BilledCost', '"1,234"', '"1,5"', '"1.234,50"', '1.234.567', '"12,34.5"', '"1,2345.6"', '"1,234,56"', '"0,123,456"', '"1,234.5e-1.2"', '"1,234."', '$1.50', '(1.50)',
    '"1,' || repeat('111,', 40) || '111.5"');
-- Separated otherwise, what can be read in one way only; semicolons go with decimal commas.
CREATE FUNCTION pg_temp.numbers(separator text, VARIADIC vals text[])
RETURNS SETOF text
LANGUAGE sql
AS $$
    SELECT pg_temp.load(VARIADIC
        replace('ProviderName,BillingAccountId,BillingPeriodStart,BillingPeriodEnd,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,BilledCost', ',', separator)
        || ARRAY(SELECT replace('P,B,2024-09-01,2024-10-01,EUR,Usage,2024-09-02,2024-09-03,', ',', separator) || v FROM unnest(vals) AS v))
$$;
SELECT pg_temp.numbers(';', '1,234', '1.234,50', '1.234.567', '1,234.50', '+0,125', '-1234,5', '1,5e-3', ' 1,5 ', '1.234');
SELECT line_no, billed_cost FROM pg_temp.last ORDER BY line_no;
SELECT pg_temp.numbers(';', '1.234.56', '1.234.567,', ',5', '5,', '1,5,0', '1.5,3', '1,5e-1,2', repeat('1', 130) || ',5');
SELECT pg_temp.numbers(E'\t', '1,234', '1,23', '0,123', '1.234,5', '1234,567');
SELECT line_no, billed_cost FROM pg_temp.last ORDER BY line_no;
-- Words for no number.
SELECT pg_temp.focus('EffectiveCost', '1,None', '2,NaN', '3,nan', '4,<NA>', '5,N/A', '6,none', '7,-');
SELECT line_no, billed_cost, effective_cost FROM pg_temp.last ORDER BY line_no;

-- Dates and times: ISO 8601, in UTC unless a zone is given, whatever the session's.
SET timezone = 'America/Los_Angeles';
SELECT pg_temp.column('ChargePeriodStart', '2024-09-30', '2024-09-30T23:00:00Z', '2024-09-30 23:00:00', '2024-09-30T23:00', '2024-09-30T23:00:00.123456789Z',
    '2024-09-30T24:00:00Z', '2024-02-29', '2024-10-01T01:00:00+02:00', '2024-10-01T01:00:00+0200', '2024-10-01T01:00:00+02', '2024-09-30 17:00:00-06:00',
    '2024-09-30 23:00:00 UTC', '2024-09-30T23:00:00z', '1990-01-01', '2199-12-31');
SET timezone = 'UTC';
SELECT line_no, charge_period_start FROM pg_temp.last ORDER BY line_no;
SELECT pg_temp.column('ChargePeriodStart', '', '2024-02-30', '2023-02-29', '2024-13-01', '2024-00-01', '2024-09-00', '0001-01-01', '9999-12-31', '1989-12-31', '2200-01-01',
    '2024-09-30T24:00:01Z', '2024-09-30T25:00:00Z', '2024-09-30T12:60:00Z', '2024-09-30T12:00:60Z', '09/30/2024', '2024/09/30', '20240930', '2024-09-30T', '2024-09-30T12', '2024-09-30T12:00:00.',
    '2024-09-30T12:00:00+', '2024-09-30T12:00:00+02:', '2024-09-30T12:00:00+16', '2024-09-30T12:00:00 CET', '2024-09-30x', 'infinity', 'now', '-2024-09-30', '2024-9-3');
SELECT pg_temp.focus('x_a', '1,');
SELECT pg_temp.column('ChargePeriodEnd', '2024-09-02', '2024-09-01T23:59:59Z', '2024-09-02T00:00:00+00:01');
SELECT pg_temp.column('BillingPeriodStart', '2024-09-31', '');

-- Words, currencies, what is mandatory, names.
SELECT pg_temp.column('ChargeCategory', 'Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment', 'usage', 'Refund', '', 'NULL', 'Usage ');
SELECT pg_temp.column('BillingCurrency', 'USD', 'eur', 'EURO', '€', 'EU', '', 'E R');
SELECT pg_temp.column('ProviderName', '', 'NULL', repeat('p', 512), repeat('p', 513));
SELECT pg_temp.focus('SkuId,SubAccountId,ChargeDescription',
    '1,' || (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 16) AS i) || ',s,d',
    '2,' || (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 16) AS i) || 'x,s,d',
    '3,sku,s,' || (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 1000) AS i),
    '4,ü€😀,s,' || repeat('€', 30));
-- A reason shows whole characters only.
SELECT pg_temp.column('BillingCurrency', repeat('€', 30), 'x' || repeat('€', 30), repeat('😀', 30));
SELECT line_no, length(sku_id), length(charge_description) FROM pg_temp.last ORDER BY line_no;
-- The first fault of a row counts, and faults of a combination are found again.
SELECT pg_temp.focus('EffectiveCost,Tags', '1,a,b', 'a,b,c', '2,2,b', '3,3,b', '4,4,{}');

-- Tags and other JSON.
SELECT pg_temp.focus('Tags', '1,"{""env"": ""prod"", ""n"": 1.50, ""t"": true, ""z"": null, ""o"": {""a"": [1, ""x""]}}"', '2,{}', '3,"{""a"": 1, ""a"": 2}"',
    '4,"{""\u00e9\ud83d\ude00\n"": ""\u20ac""}"', E'5," {\t""a""\t:\t-0.5e+10 } "', '6,"{""e"": 1e100}"', '7,"{"""": """"}"', '8,"{""a"": ' || repeat('[', 31) || repeat(']', 31) || '}"');
SELECT line_no, tags FROM pg_temp.last ORDER BY line_no;
SELECT key, value FROM tag WHERE tag_set_id IN (SELECT tag_set_id FROM charge_item WHERE item_id IN (SELECT item_id FROM pg_temp.last)) ORDER BY tag_set_id, key;
SELECT pg_temp.focus('Tags', '1,x', '2,[1]', '3,"""a"""', '4,{', '5,"{""a"": 1"', '6,"{""a"": 1}}"', '7,"{a: 1}"', '8,"{""a"": 1,}"', '9,"{""a""}"', '10,"{,}"',
    '11,"{""a"": ""\u0000""}"', '12,"{""a"": ""\ud800""}"', '13,"{""a"": ""\ud800\u0041""}"', '14,"{""a"": ""\udc00""}"', '15,"{""\u0000"": 1}"', '16,"{""a"": ""\x""}"', '17,"{""a"": ""\u12""}"',
    E'18,"{""a"": ""\t""}"', '19,"{""a"": 1e1000}"', '20,"{""a"": ' || repeat('9', 201) || '}"', '21,"{""a"": 01}"', '22,"{""a"": 1.}"', '23,"{""a"": .5}"', '24,"{""a"": +1}"', '25,"{""a"": -}"',
    '26,"{""a"": NaN}"', '27,"{""a"": tru}"', '28,"{""a"": truex}"', '29,"{""a"": ' || repeat('{""a"":', 100) || '1' || repeat('}', 100) || '}"',
    '30,"{""' || repeat('k', 513) || '"": 1}"', '31,"{''a'': 1}"', '32,"{""a"": ""\"', '33,"{""a"": 1} x"', '34,"{""a"": }"');
-- As lists of pairs, as Python and Athena print them, and as plain words.
SELECT pg_temp.focus('Tags', '1,"[{""key"": ""env"", ""value"": ""prod""}, {""key"": ""n"", ""value"": null}]"', '2,[]', '3,"{''env'': ''prod'', ''n'': None}"', '4,"[(''env'', ''prod''), (''n'', None)]"',
    '5,"{env=prod, team=a, b}"', '6,env=prod;team=a', '7,"env:prod, team:a:b"', '8,"""env"": ""prod"""', '9,"{env=}"', '10,"[{""Key"": ""env"", ""Value"": ""prod""}]"', '11,env=prod');
SELECT line_no, tags FROM pg_temp.last ORDER BY line_no;
SELECT pg_temp.focus('Tags', '1,"[{""key"": 1}]"', '2,"[[""a""]]"', '3,"[""a"", ""b""]"', '4,"{env=""prod""}"', '5,"{env: prod}"', '6,"{1=2}"', '7,=a', '8,"[(1, 2)]"', '9,{}=a', '10,"a, env=prod"', '11,12:30');
SELECT pg_temp.focus('SkuPriceDetails', '1,"{""CoreCount"": 4}"', '2,x');
SELECT sku_price_details FROM pg_temp.last;
-- Of a file cut within its last value of JSON, that row is refused.
SELECT pg_temp.focus('Tags', '1,{}', '2,{"a": 1');

-- The triggers are for landing alone.
CREATE TEMP TABLE other (n int);
CREATE TRIGGER landing_begin BEFORE INSERT ON other FOR EACH STATEMENT EXECUTE FUNCTION landing_begin();
INSERT INTO other VALUES (1);
DROP TRIGGER landing_begin ON other;
CREATE TRIGGER landing_line BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION landing_line();
INSERT INTO other VALUES (1);
SELECT landing_end();
-- One load at a time.
CREATE FUNCTION pg_temp.nested() RETURNS text LANGUAGE sql AS $$ INSERT INTO landing VALUES ('a'); SELECT 'b' $$;
INSERT INTO landing SELECT pg_temp.nested();
-- The session goes on.
SELECT pg_temp.focus('x_a', '1,2');

-- The C reader of times agrees with the server's.
WITH day AS (
    SELECT generate_series(timestamp '1999-12-30', '2000-03-05', '05:41:13.7') AS t
    UNION ALL
    SELECT generate_series(timestamp '2100-02-20', '2100-03-05', '05:41:13.7')
)
SELECT pg_temp.load(VARIADIC 'customer_ref,meter,currency,source_event_id,quantity,usage_start,description'::text
    || (SELECT array_agg(format('c,m,EUR,day%s,1,%s,%s', t, to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS.US'), t)) FROM day));
SELECT count(*), count(*) FILTER (WHERE charge_period_start = charge_description::timestamptz) FROM pg_temp.last;

-- Leave nothing behind that counts.
SELECT count(load_undo(load_id)) FROM load WHERE load_id > :base AND undone_at IS NULL;
SELECT count(*) FROM focus WHERE load_id > :base;
