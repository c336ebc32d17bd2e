-- What becomes of a load: errors of the whole, deliveries that supersede each
-- other or add up, undo, time travel, roll-ups, and who may load.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
\set ON_ERROR_ROLLBACK on
SELECT coalesce(max(load_id), 0) AS base FROM load \gset

-- Loads lines as COPY hands them over; tells what became of them.  Numbers of
-- loads are counted from the beginning of this test, and moments left out.
CREATE FUNCTION pg_temp.told(base int, state text, message text, detail text, hint text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    result text := format('ERROR %s: %s', state, message);
    found text;
BEGIN
    IF detail <> '' THEN result := result || E'\nDETAIL: ' || detail; END IF;
    IF hint <> '' THEN result := result || E'\nHINT: ' || hint; END IF;
    FOREACH found IN ARRAY ARRAY(SELECT DISTINCT m[1] FROM regexp_matches(result, '(?:[Ll]oad |load_undo\()(\d+)', 'g') AS m) LOOP
        result := regexp_replace(result, '([Ll]oad |load_undo\()' || found || '(?!\d)', '\1#' || (found::int - base), 'g');
    END LOOP;
    -- formats are added without regard to this test
    result := regexp_replace(result, 'Formats are: [a-z_, ]*', 'Formats are: <formats>');
    RETURN regexp_replace(result, '\d{4}-\d\d-\d\d \d\d:\d\d', '<moment>', 'g');
END
$$;
CREATE FUNCTION pg_temp.load(base int, VARIADIC lines text[])
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    state text;
    message text;
    detail text;
    hint text;
    l load;
BEGIN
    INSERT INTO landing SELECT nullif(line, '') FROM unnest(lines) AS line;
    SELECT * INTO l FROM load ORDER BY load_id DESC LIMIT 1;
    RETURN format('load #%s: read %s = loaded %s + rejected %s + duplicate %s; billed cost %s = %s + %s + %s',
        l.load_id - base, l.records_read, l.records_loaded, l.records_rejected, l.records_duplicate,
        l.billed_cost_read, l.billed_cost_loaded, l.billed_cost_rejected, l.billed_cost_duplicate);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    RETURN pg_temp.told(base, state, message, detail, hint);
END
$$;
CREATE FUNCTION pg_temp.undo(base int, load_id int)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    state text;
    message text;
    detail text;
    hint text;
BEGIN
    PERFORM load_undo(base + load_id);
    RETURN 'undone';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    RETURN pg_temp.told(base, state, message, detail, hint);
END
$$;
-- A FOCUS file of a supplier of this test; a row is billing account, month and cost, then more columns.
CREATE FUNCTION pg_temp.focus(base int, more text, VARIADIC rows text[])
RETURNS text
LANGUAGE sql
AS $$
    SELECT pg_temp.load(base, VARIADIC
        ('ProviderName,BillingCurrency,ChargeCategory,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,BillingAccountId,BilledCost' || more)
        || ARRAY(
            SELECT format('Load Test,EUR,Usage,%1$s-01,%2$s,%1$s-10,%1$s-11,%3$s,%4$s', split_part(row, ',', 2),
                ((split_part(row, ',', 2) || '-01')::date + interval '1 month')::date, split_part(row, ',', 1),
                regexp_replace(row, '^[^,]*,[^,]*,', ''))
            FROM unnest(rows) AS row))
$$;
CREATE VIEW pg_temp.current_cost AS
SELECT billing_account_id, billing_period_start, count(*), sum(billed_cost) AS billed_cost
FROM focus
WHERE provider_name = 'Load Test'
GROUP BY 1, 2
ORDER BY 1, 2;

-- Errors of the whole file; nothing stays behind.
SELECT pg_temp.load(:base, '');
SELECT pg_temp.load(:base, E'\uFEFF');
SELECT pg_temp.load(:base, '', '', '');
INSERT INTO landing DEFAULT VALUES;
SELECT pg_temp.load(:base, 'AWS,2024-09-01,12.50', 'AWS,2024-09-02,13.50');
SELECT pg_temp.load(:base, 'ProviderName,BillingAccountId,BillingPeriodStart,BillingPeriodEnd,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,Cost', '1');
SELECT pg_temp.load(:base, 'meter,quantity,usage_start,customer', '1');
SELECT pg_temp.load(:base, 'identity/LineItemId,lineItem/UsageAccountId,bill/BillingPeriodStartDate', '1');
SELECT pg_temp.load(:base, repeat('long header ', 100));
SELECT pg_temp.load(:base, '"ProviderName,BillingAccountId', 'x');
SELECT pg_temp.focus(:base, ',ChargeDescription', 'a,2024-09,1,"one"', 'a,2024-09,2,"two', 'a,2024-09,3,three');
SELECT pg_temp.focus(:base, ',ChargeDescription', 'a,2024-09,1,"one""');
INSERT INTO landing SELECT CASE n WHEN 1 THEN 'customer_ref,meter,currency,source_event_id,quantity,usage_start' WHEN 2 THEN '"open' ELSE repeat('x', 10000) END FROM generate_series(1, 7000) AS n;
SET cloudbilling.load_source = 'nonsense';
SELECT pg_temp.focus(:base, '', 'a,2024-09,1');
SET cloudbilling.load_source = 'meter';
SELECT pg_temp.focus(:base, '', 'a,2024-09,1');
RESET cloudbilling.load_source;
SET cloudbilling.load_nonsense = 1;
SELECT count(*) FROM load WHERE load_id > :base;
SELECT count(*) FROM load_item;

-- A header and no records.
SELECT pg_temp.load(:base, 'customer_ref,meter,currency,source_event_id,quantity,usage_start,header_only', '');
-- All rejected: the delivery says nothing that could supersede.
SELECT pg_temp.focus(:base, '', 'a,2024-09,x', 'a,2024-09,y');
SELECT count(*) FROM load_scope WHERE load_id > :base;

-- The same content again.
SET cloudbilling.load_file = 'september.csv';
SELECT pg_temp.focus(:base, '', 'a,2024-09,1', 'a,2024-09,2', 'b,2024-09,4');
SELECT pg_temp.focus(:base, '', 'a,2024-09,1', 'a,2024-09,2', 'b,2024-09,4');
RESET cloudbilling.load_file;
SELECT pg_temp.undo(:base, (SELECT max(load_id) FROM load)::int - :base);
SELECT pg_temp.focus(:base, '', 'a,2024-09,1', 'a,2024-09,2', 'b,2024-09,4');
SELECT pg_temp.focus(:base, '', 'a,2024-09,1', 'a,2024-09,2', 'b,2024-09,4');
SET cloudbilling.load_force = on;
SELECT pg_temp.focus(:base, '', 'a,2024-09,1', 'a,2024-09,2', 'b,2024-09,4');
RESET cloudbilling.load_force;
SELECT load_id - :base, file_name, forced, undone_at IS NOT NULL, loaded_by = session_user FROM load WHERE load_id > :base ORDER BY load_id;
SELECT * FROM pg_temp.current_cost;
-- What cannot be undone.
SELECT pg_temp.undo(:base, 1000000);
SELECT pg_temp.undo(:base, NULL);
SELECT pg_temp.undo(:base, (SELECT min(load_id) FROM load WHERE undone_at IS NOT NULL AND load_id > :base)::int - :base);
-- Take back what this test loaded so far.
SELECT pg_temp.undo(:base, load_id - :base) FROM load WHERE load_id > :base AND undone_at IS NULL;
SELECT * FROM pg_temp.current_cost;

-- Replace: a delivery supersedes the earlier one of its billing account and period.
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
SELECT clock_timestamp() AS t0 \gset
SELECT pg_temp.focus(:base, ',InvoiceId', 'a,2024-09,1.10,i1', 'a,2024-09,2.20,i2', 'a,2024-10,4,', 'b,2024-09,8,');
SELECT clock_timestamp() AS t1 \gset
SELECT * FROM pg_temp.current_cost;
-- account a, September: changed, and one row more
SELECT pg_temp.focus(:base, ',InvoiceId', 'a,2024-09,1.10,i1', 'a,2024-09,2.3000000001,i3', 'a,2024-09,-0.05,');
SELECT clock_timestamp() AS t2 \gset
SELECT * FROM pg_temp.current_cost;
-- both accounts; of b, a row that cannot be read
SELECT pg_temp.focus(:base, '', 'a,2024-09,100', 'b,2024-09,200', 'b,2024-09,x', 'c,2024-10,300');
SELECT clock_timestamp() AS t3 \gset
SELECT * FROM pg_temp.current_cost;
SELECT load_id - :base, billing_account_id, billing_period_start, supplier_invoice_id, charges, billed_cost, upper_inf(current_during), isempty(current_during)
FROM load_scope WHERE load_id > :base ORDER BY load_scope_id;
-- The second of three taken back changes nothing; then the third brings the first back.
SELECT pg_temp.undo(:base, 2);
SELECT clock_timestamp() AS t4 \gset
SELECT * FROM pg_temp.current_cost;
SELECT pg_temp.undo(:base, 3);
SELECT clock_timestamp() AS t5 \gset
SELECT * FROM pg_temp.current_cost;
SELECT pg_temp.undo(:base, 1);
SELECT clock_timestamp() AS t6 \gset
SELECT * FROM pg_temp.current_cost;
-- An undone delivery comes again, as a load of its own.
SELECT pg_temp.focus(:base, ',InvoiceId', 'a,2024-09,1.10,i1', 'a,2024-09,2.3000000001,i3', 'a,2024-09,-0.05,');
SELECT * FROM pg_temp.current_cost;
-- As it was at each moment.
SET cloudbilling.as_of = :'t0';
SELECT * FROM pg_temp.current_cost;
SET cloudbilling.as_of = :'t1';
SELECT * FROM pg_temp.current_cost;
SET cloudbilling.as_of = :'t2';
SELECT * FROM pg_temp.current_cost;
SET cloudbilling.as_of = :'t3';
SELECT * FROM pg_temp.current_cost;
SET cloudbilling.as_of = :'t4';
SELECT * FROM pg_temp.current_cost;
SET cloudbilling.as_of = :'t5';
SELECT * FROM pg_temp.current_cost;
SET cloudbilling.as_of = :'t6';
SELECT * FROM pg_temp.current_cost;
-- A load in the past sees all that is there.
SELECT pg_temp.focus(:base, '', 'a,2024-09,7');
RESET cloudbilling.as_of;
SELECT * FROM pg_temp.current_cost;
-- Each moment had one delivery of each account and period.
SELECT count(*)
FROM load_scope AS s
JOIN load_scope AS t
    ON s.load_id < t.load_id AND s.source_id = t.source_id AND s.provider_name = t.provider_name
    AND s.billing_account_id = t.billing_account_id AND s.billing_period_start = t.billing_period_start
    AND s.current_during && t.current_during
WHERE s.load_id > :base;
SELECT pg_temp.undo(:base, load_id - :base) FROM load WHERE load_id > :base AND undone_at IS NULL;

-- Append with unique ids: the same id counts once, in a file and across files.
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
CREATE FUNCTION pg_temp.meter(base int, VARIADIC rows text[])
RETURNS text
LANGUAGE sql
AS $$
    SELECT pg_temp.load(base, VARIADIC 'source_event_id,quantity,unit_cost,customer_ref,meter,currency,usage_start'::text
        || ARRAY(SELECT row || ',load test,m,EUR,2024-09-01' FROM unnest(rows) AS row))
$$;
CREATE VIEW pg_temp.metered AS
SELECT (SELECT e.event_id FROM load_event AS e WHERE e.load_id = f.load_id AND e.line_no = f.line_no) AS event_id,
    f.pricing_quantity, f.billed_cost
FROM focus AS f
WHERE f.sub_account_id = 'load test'
ORDER BY f.load_id, f.line_no;
SELECT pg_temp.meter(:base, 'load1,1,0.5', 'load2,2,0.5', 'load1,4,0.5', 'load3,x,0.5', ',8,0.5');
SELECT * FROM pg_temp.metered;
SELECT pg_temp.meter(:base, 'load2,16,0.5', 'load4,32,0.5', 'load3,64,0.5', 'load2,128,');
SELECT * FROM pg_temp.metered;
SELECT pg_temp.meter(:base, 'load1,1,1', 'load2,1,1');
SELECT pg_temp.meter(:base, 'load1,1,0.5', 'load2,2,0.5', 'load1,4,0.5', 'load3,x,0.5', ',8,0.5');
SET cloudbilling.load_force = on;
SELECT pg_temp.meter(:base, 'load1,1,0.5', 'load2,2,0.5', 'load1,4,0.5', 'load3,x,0.5', ',8,0.5');
RESET cloudbilling.load_force;
-- Taken back, its ids are free again.
SELECT pg_temp.undo(:base, 1);
SELECT * FROM pg_temp.metered;
SELECT pg_temp.meter(:base, 'load1,1000,', 'load2,2000,', 'load3,4000,');
SELECT * FROM pg_temp.metered;
SELECT pg_temp.undo(:base, load_id - :base) FROM load WHERE load_id > :base AND undone_at IS NULL;
SELECT count(*) FROM load_event WHERE load_id > :base;

-- Roll-ups: of every zone in use, equal to a recount of the charges; days of the
-- change of the clock have 23 and 25 hours.
BEGIN;
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
INSERT INTO seller (name, time_zone) VALUES ('Load Test Seller', 'Europe/Amsterdam');
SELECT pg_temp.load(:base, VARIADIC 'ProviderName,BillingCurrency,ChargeCategory,BillingPeriodStart,BillingPeriodEnd,BillingAccountId,ChargePeriodStart,ChargePeriodEnd,BilledCost,EffectiveCost,ListCost,PricingQuantity,ConsumedQuantity,SkuId,Tags'::text
    || ARRAY(
        SELECT format('Load Test,EUR,Usage,2024-01-01,2025-01-01,hours,%s,%s,%s,%s,%s,%s,%s,%s,%s', to_char(h, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            to_char(h + interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '0.' || n, nullif(n % 3, 0), nullif(n % 5, 0),
            nullif(n % 7, 0), nullif(n % 2, 0), CASE n % 4 WHEN 0 THEN NULL ELSE 's' || n % 4 END,
            CASE n % 2 WHEN 0 THEN NULL ELSE '"{""k"": ""v""}"' END)
        FROM generate_series(timestamp '2024-03-28', '2024-04-02', '30 minutes') WITH ORDINALITY AS g (h, n)
        UNION ALL
        SELECT format('Load Test,EUR,Usage,2024-01-01,2025-01-01,hours,%s,%s,1,,,1,,,', to_char(h, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            to_char(h + interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
        FROM generate_series(timestamp '2024-10-26', '2024-11-02', '1 hour') AS h));
INSERT INTO customer (seller_id, number, name, time_zone) SELECT seller_id, 'load test', 'Load Test', 'Asia/Kathmandu' FROM seller WHERE name = 'Load Test Seller';
INSERT INTO customer (seller_id, number, name, time_zone) SELECT seller_id, 'load test 2', 'Load Test', 'America/St_Johns' FROM seller WHERE name = 'Load Test Seller';
INSERT INTO customer (seller_id, number, name, time_zone) SELECT seller_id, 'load test 3', 'Load Test', 'Europe/Nowhere' FROM seller WHERE name = 'Load Test Seller';
SELECT pg_temp.load(:base, 'ProviderName,BillingCurrency,ChargeCategory,BillingPeriodStart,BillingPeriodEnd,BillingAccountId,ChargePeriodStart,ChargePeriodEnd,BilledCost',
    'Load Test,EUR,Usage,2024-01-01,2025-01-01,later,2024-12-31T18:14:59Z,2024-12-31T23:59:59Z,1', 'Load Test,EUR,Usage,2024-01-01,2025-01-01,later,2024-12-31T18:15:00Z,2024-12-31T23:59:59Z,2');
CREATE FUNCTION pg_temp.recount(base int, unit text)
RETURNS TABLE (load_scope_id int, account_id int, item_id int, charge_on date, time_zone_id smallint, charges bigint, quantity numeric,
    billed_cost numeric, effective_cost numeric, list_cost numeric, contracted_cost numeric)
LANGUAGE sql
AS $$
    SELECT c.load_scope_id, c.account_id, c.item_id, date_trunc(unit, c.charge_period_start AT TIME ZONE z.name)::date, z.time_zone_id,
        count(*), sum(coalesce(c.pricing_quantity, c.consumed_quantity)), sum(c.billed_cost),
        sum(coalesce(c.effective_cost, c.billed_cost)), sum(c.list_cost), sum(c.contracted_cost)
    FROM charge AS c
    JOIN load_scope AS s USING (load_scope_id)
    CROSS JOIN time_zone AS z
    WHERE s.load_id > base
    GROUP BY 1, 2, 3, 4, 5
$$;
SELECT count(*) > 0 FROM pg_temp.recount(:base, 'day');
(SELECT * FROM pg_temp.recount(:base, 'day')
    EXCEPT ALL SELECT d.* FROM charge_daily AS d)
UNION ALL
(SELECT d.* FROM charge_daily AS d JOIN load_scope AS s USING (load_scope_id) WHERE s.load_id > :base
    EXCEPT ALL SELECT * FROM pg_temp.recount(:base, 'day'));
(SELECT * FROM pg_temp.recount(:base, 'month')
    EXCEPT ALL SELECT d.* FROM charge_monthly AS d)
UNION ALL
(SELECT d.* FROM charge_monthly AS d JOIN load_scope AS s USING (load_scope_id) WHERE s.load_id > :base
    EXCEPT ALL SELECT * FROM pg_temp.recount(:base, 'month'));
-- The changes of the clock, and midnight of 31 December 2024 in Kathmandu.
SELECT z.name, d.charge_on, sum(d.charges)
FROM charge_daily AS d JOIN load_scope AS s USING (load_scope_id) JOIN time_zone AS z USING (time_zone_id)
WHERE s.load_id > :base AND z.name = 'Europe/Amsterdam' AND d.charge_on IN ('2024-03-30', '2024-03-31', '2024-10-27', '2024-10-28')
   OR s.load_id > :base AND z.name = 'Asia/Kathmandu' AND d.charge_on > '2024-12-01'
GROUP BY 1, 2 ORDER BY 1, 2;
SELECT z.name, sum(d.charges), sum(d.billed_cost) FROM charge_monthly AS d JOIN load_scope AS s USING (load_scope_id) JOIN time_zone AS z USING (time_zone_id)
WHERE s.load_id > :base AND z.name IN ('Europe/Amsterdam', 'Asia/Kathmandu', 'America/St_Johns') GROUP BY 1 ORDER BY 1;
-- Each part of a delivery tells what it holds.
SELECT s.load_id - :base, s.charges, s.charges = count(*), s.billed_cost = sum(c.billed_cost), s.charge_period_start = min(c.charge_period_start), s.charge_period_end = max(c.charge_period_end)
FROM load_scope AS s JOIN charge AS c USING (load_scope_id) WHERE s.load_id > :base GROUP BY s.load_scope_id ORDER BY 1;
-- Partitions of the months there are charges of.
SELECT DISTINCT tableoid::regclass::text COLLATE "C" AS tableoid FROM charge WHERE load_scope_id IN (SELECT load_scope_id FROM load_scope WHERE load_id > :base) ORDER BY 1;
ROLLBACK;

-- Dictionaries grow once; the product tree has provider, service and SKU.
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
SELECT pg_temp.focus(:base, ',ServiceName,SkuId,ChargeDescription,Tags,SubAccountId', 'a,2024-09,1,VM,vm1,small machine,"{""a"": ""1"", ""b"": ""2""}",s', 'a,2024-09,1,VM,vm1,another name,"{""b"": ""2"", ""a"": ""1""}",s',
    'a,2024-09,1,VM,,,,', 'a,2024-09,1,,orphan,,{},', 'a,2024-09,1,VM,vm2,,,');
SELECT pg_temp.focus(:base, ',ServiceName,SkuId,ChargeDescription,Tags,SubAccountId', 'a,2024-09,1,VM,vm1,small machine,"{""a"": ""1"", ""b"": ""2""}",s', 'a,2024-09,1,VM,vm3,third,"{""b"": ""3"", ""a"": ""1""}",s');
SELECT p.kind, p.code, p.name, (SELECT string_agg(q.code, '/' ORDER BY ordinality) FROM unnest(p.path) WITH ORDINALITY AS u (id, ordinality) JOIN product AS q ON q.product_id = u.id)
FROM product AS p WHERE p.path[2] = (SELECT product_id FROM product WHERE parent_id = 1 AND code = 'Load Test') AND p.code NOT LIKE 's_' ORDER BY 4;
SELECT count(*) FROM account WHERE provider_name = 'Load Test' AND billing_account_id = 'a';
SELECT f.load_id - :base, f.line_no, p.code, f.tags, f.sub_account_id FROM focus AS f JOIN product AS p USING (product_id) WHERE f.provider_name = 'Load Test' ORDER BY 1, 2;
SELECT count(DISTINCT item_id), count(*) FROM charge WHERE load_scope_id IN (SELECT load_scope_id FROM load_scope WHERE load_id > :base);
SELECT pg_temp.undo(:base, load_id - :base) FROM load WHERE load_id > :base AND undone_at IS NULL;

-- With too little memory to know all combinations again, and files on disk.
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
SET work_mem = '64kB';
SELECT pg_temp.focus(:base, ',SkuId,Tags,x_a', VARIADIC ARRAY(SELECT format('a,2024-09,%s.%s,sku%s,"{""t"": %s}",%s', n, n, n % 2002, n % 7, n) FROM generate_series(1, 8000) AS n));
RESET work_mem;
SELECT count(DISTINCT item_id), count(DISTINCT product_id), count(DISTINCT tags), count(*), sum(billed_cost) = (SELECT sum((n || '.' || n)::numeric) FROM generate_series(1, 8000) AS n)
FROM focus WHERE load_id > :base;
SELECT count(*) FROM (SELECT f.*, x_columns ->> 'x_a' AS n FROM focus AS f WHERE load_id > :base) AS f
WHERE NOT (n::int = line_no - 1 AND sku_id = 'sku' || n::int % 2002 AND tags = jsonb_build_object('t', n::int % 7) AND billed_cost = (n || '.' || n)::numeric);
SELECT pg_temp.undo(:base, load_id - :base) FROM load WHERE load_id > :base AND undone_at IS NULL;

-- An error in the middle leaves nothing, and the session usable.
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
\copy landing from program 'printf "customer_ref,meter,currency,source_event_id,quantity,usage_start\nload test,m,EUR,middle1,1,2024-09-01\nload test,\001m,EUR,middle2,1,2024-09-01\n"' with (format csv, delimiter E'\x01', quote E'\x02')
INSERT INTO landing SELECT CASE n WHEN 1 THEN 'customer_ref,meter,currency,source_event_id,quantity,usage_start' WHEN 5 THEN (1 / (n - 5))::text ELSE 'load test,m,EUR,zero' || n || ',1,2024-09-01' END FROM generate_series(1, 9) AS n;
BEGIN;
SAVEPOINT before;
SELECT pg_temp.meter(:base, 'kept1,1,1');
SAVEPOINT inner_one;
SELECT pg_temp.meter(:base, 'lost1,1,1');
\set VERBOSITY terse
INSERT INTO landing VALUES ('nonsense');
\set VERBOSITY default
ROLLBACK TO inner_one;
INSERT INTO landing VALUES (E'customer_ref,meter,currency,source_event_id,quantity,usage_start\nload test,m,EUR,"cut');
ROLLBACK TO inner_one;
SELECT pg_temp.meter(:base, 'kept2,1,1');
SELECT * FROM pg_temp.metered;
ROLLBACK TO before;
SELECT pg_temp.meter(:base, 'kept1,1,1');
COMMIT;
SELECT * FROM pg_temp.metered;
SELECT count(*) FROM load_item;
SELECT pg_temp.undo(:base, load_id - :base) FROM load WHERE load_id > :base AND undone_at IS NULL;

-- Two deliveries at once could both stay current at other isolation levels.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_temp.meter(:base, 'isolated1,1,1');
ROLLBACK;

-- Who may insert into landing may load, and nothing else.
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
CREATE ROLE load_test_loader;
SET ROLE load_test_loader;
INSERT INTO cloudbilling.landing VALUES ('a');
RESET ROLE;
GRANT USAGE ON SCHEMA cloudbilling TO load_test_loader;
SET ROLE load_test_loader;
INSERT INTO cloudbilling.landing VALUES ('a');
RESET ROLE;
GRANT INSERT ON landing TO load_test_loader;
SET ROLE load_test_loader;
SET search_path = pg_temp;
CREATE TEMP TABLE load (load_id int);
\copy cloudbilling.landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
customer_ref,meter,currency,source_event_id,quantity,usage_start
load test,m,EUR,role1,1,2031-05-01
load test,m,EUR,role2,1,x
\.
\set VERBOSITY terse
INSERT INTO cloudbilling.landing VALUES ('nonsense');
\set VERBOSITY default
\set VERBOSITY terse
SELECT * FROM cloudbilling.load;
SELECT * FROM cloudbilling.focus;
SELECT * FROM cloudbilling.charge_203105;
SELECT cloudbilling.load_undo(1);
SELECT cloudbilling.load_begin(1, '', gen_random_uuid(), '', '{}', 1, 0, 0, 0, false);
-- nor through a view of its own
CREATE TEMP VIEW own_landing AS SELECT NULL::text AS line WHERE false;
CREATE TRIGGER landing_end AFTER INSERT ON own_landing FOR EACH STATEMENT EXECUTE FUNCTION cloudbilling.landing_end();
CREATE TRIGGER landing_line INSTEAD OF INSERT ON own_landing FOR EACH ROW EXECUTE FUNCTION cloudbilling.landing_line();
INSERT INTO own_landing VALUES ('a');
INSERT INTO own_landing SELECT 'a' WHERE false;
\set VERBOSITY default
DROP VIEW own_landing;
DROP TABLE pg_temp.load;
RESET ROLE;
SET search_path = cloudbilling, public;
SELECT load_id - :base, records_loaded, records_rejected, loaded_by = session_user FROM load WHERE load_id > :base;
SELECT pg_temp.undo(:base, load_id - :base) FROM load WHERE load_id > :base AND undone_at IS NULL;
DROP OWNED BY load_test_loader;
DROP ROLE load_test_loader;

-- A format of the user's own, beside those there are: append without ids.
BEGIN;
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
INSERT INTO source (name, title, way, extra_prefix, fields, item_query, record_query)
VALUES ('tickets', 'hours of the service desk', 'append', NULL,
    $$[{"name": "Ticket", "required": true}, {"name": "Customer", "aliases": ["Client", "Kunde"], "kind": "name", "required": true}, {"name": "Kind", "one_of": ["remote", "on site"]},
       {"name": "Day", "kind": "time", "required": true, "role": "period_start"}, {"name": "Hours", "kind": "number", "required": true}, {"name": "Cost", "kind": "number", "role": "billed_cost"}]$$,
    $$SELECT item_no, 'Service desk' AS provider_name, 'desk' AS billing_account_id, "Customer" AS sub_account_id, 'Usage' AS charge_category,
        'EUR' AS billing_currency, coalesce("Kind", 'remote') AS service_name, "Ticket" AS charge_description FROM landing_item -- one row each$$,
    $$SELECT line_no, item_no, "Day" AS charge_period_start, "Day" + interval '1 day' AS charge_period_end, coalesce("Cost", 0) AS billed_cost, "Hours" AS pricing_quantity FROM landing_record -- likewise$$);
SELECT pg_temp.load(:base, 'Day;Kunde;Ticket;Hours;Kind;x_note', '2024-09-01;load test;T1;1.5;on site;n', '2024-09-02;load test;T1;0.25;;', '2024-09-02;load test;T2;2;elsewhere;', '2024-09-02;;T2;2;;');
SELECT pg_temp.load(:base, 'Day;client;Ticket;Hours;Cost', '2024-09-01;load test;T3;1;12.345', '2024-09-03;load test;T3;1;');
SELECT line_no, provider_name, sub_account_id, service_name, charge_description, charge_period_start, charge_period_end, pricing_quantity, billed_cost, x_columns
FROM focus WHERE provider_name = 'Service desk' ORDER BY load_id, line_no;
SELECT ignored_columns FROM load WHERE load_id > :base ORDER BY load_id;
SELECT column_name, reason, line FROM load_reject WHERE load_id > :base ORDER BY line_no;
SELECT pg_temp.load(:base, 'Day;Kunde;Client;Ticket;Hours', '1');
UPDATE source SET fields = fields || '[{"name": "Ticket number", "aliases": ["ticket"]}]' WHERE name = 'tickets';
SELECT pg_temp.load(:base, 'Day;client;Ticket;Hours;Cost', '1');
UPDATE source SET fields = fields - 6 WHERE name = 'tickets';
-- Queries that lose, change or invent.
UPDATE source SET record_query = replace(record_query, 'FROM landing_record', 'FROM landing_record WHERE "Hours" > 1') WHERE name = 'tickets';
SELECT pg_temp.load(:base, 'Day;client;Ticket;Hours;Cost', '2024-09-01;load test;T4;1;1', '2024-09-03;load test;T4;2;2');
UPDATE source SET record_query = replace(record_query, ' WHERE "Hours" > 1', '') WHERE name = 'tickets';
UPDATE source SET record_query = replace(record_query, 'coalesce("Cost", 0)', 'coalesce("Cost", 0) * 2') WHERE name = 'tickets';
SELECT pg_temp.load(:base, 'Day;client;Ticket;Hours;Cost', '2024-09-01;load test;T4;1;1');
UPDATE source SET item_query = replace(item_query, '''EUR''', 'NULL') WHERE name = 'tickets';
SELECT pg_temp.load(:base, 'Day;client;Ticket;Hours;Cost', '2024-09-01;load test;T4;1;1');
UPDATE source SET item_query = '' WHERE name = 'tickets';
SELECT pg_temp.load(:base, 'Day;client;Ticket;Hours;Cost', '2024-09-01;load test;T4;1;1');
UPDATE source SET item_query = 'SELECT 1; SELECT 2' WHERE name = 'tickets';
SELECT pg_temp.load(:base, 'Day;client;Ticket;Hours;Cost', '2024-09-01;load test;T4;1;1');
UPDATE source SET item_query = 'DELETE FROM charge' WHERE name = 'tickets';
SELECT pg_temp.load(:base, 'Day;client;Ticket;Hours;Cost', '2024-09-01;load test;T4;1;1');
UPDATE source SET item_query = 'SELECT item_no, "Nothing" FROM landing_item' WHERE name = 'tickets';
SELECT pg_temp.load(:base, 'Day;client;Ticket;Hours;Cost', '2024-09-01;load test;T4;1;1');
SELECT count(*) FROM load WHERE load_id > :base;
ROLLBACK;
-- What a format cannot be.
\set VERBOSITY terse
INSERT INTO source (name, title, way, fields, item_query, record_query) VALUES ('bad', '', 'sideways', '[]', '', '');
INSERT INTO source (name, title, way, fields, item_query, record_query) VALUES ('bad', '', 'append', '{}', '', '');
INSERT INTO source (name, title, way, fields, item_query, record_query) VALUES ('bad', '', 'append', '[]', '', '');
INSERT INTO source (name, title, way, fields, item_query, record_query) VALUES ('bad', '', 'append', '[{"name": "d", "kind": "time", "role": "period_start"}]', '', '');
INSERT INTO source (name, title, way, fields, item_query, record_query) VALUES ('bad', '', 'append', '[{"name": "d", "kind": "time", "role": "period_start", "required": true}, {"kind": "text"}]', '', '');
INSERT INTO source (name, title, way, fields, item_query, record_query) VALUES ('bad', '', 'append', '[{"name": "d", "kind": "time", "role": "period_start", "required": true}, {"name": "x", "kind": "date"}]', '', '');
INSERT INTO source (name, title, way, fields, item_query, record_query) VALUES ('bad', '', 'append', '[{"name": "d", "kind": "time", "role": "period_start", "required": true}, {"name": "x", "role": "billed_cost"}]', '', '');
INSERT INTO source (name, title, way, fields, item_query, record_query) VALUES ('bad', '', 'append', '[{"name": "d", "kind": "time", "role": "period_start", "required": true}, {"name": "x", "role": "event_id", "kind": "name", "item": true}]', '', '');
INSERT INTO source (name, title, way, fields, item_query, record_query) VALUES ('bad', '', 'append', '[{"name": "d", "kind": "time", "role": "period_start", "required": true}, {"name": "x", "kind": "number", "role": "cost"}]', '', '');
INSERT INTO source (name, title, way, fields, item_query, record_query) VALUES ('bad', '', 'append', '[{"name": "d", "kind": "time", "role": "period_start", "required": true}, {"name": "x", "kind": "time", "role": "period_end"}, {"name": "y", "kind": "time", "role": "period_end"}]', '', '');
\set VERBOSITY default
