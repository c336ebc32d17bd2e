-- Is what was invoiced what was used (link B)?  Vectors of suppliers' documentation,
-- one cause of a difference at a time, all levels, and their invariants.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\set VERBOSITY terse
\pset format unaligned
\pset null '-'
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
CREATE VIEW pg_temp.compared AS
SELECT level, period_start AS month, supplier_invoice AS invoice, account, sku, charge_on AS day, purchase_lines AS p_lines, usage_lines AS u_lines,
    purchase_quantity AS p_qty, usage_quantity AS u_qty, purchase_amount AS purchase, usage_amount AS usage, difference, tolerance, status, explanation, remainder
FROM reconciliation_usage WHERE supplier ~ '^(Microsoft|Ru)';
CREATE FUNCTION pg_temp.sku(sku text) RETURNS SETOF pg_temp.compared LANGUAGE sql AS $$
    SELECT * FROM pg_temp.compared AS c WHERE c.sku LIKE sku.sku AND c.level = 'sku' ORDER BY c.month, c.account, c.sku
$$;
-- Parts and remainder make the difference; each level comes to the same; a cell is in one place.
CREATE VIEW pg_temp.adds_up AS
WITH r AS MATERIALIZED (SELECT * FROM reconciliation_usage)
SELECT
    count(*) FILTER (WHERE difference <> purchase_amount - usage_amount OR difference <> remainder
        + coalesce((SELECT sum(p.value::numeric) FROM jsonb_each_text(explanation) AS p), 0)) AS wrong,
    (SELECT count(DISTINCT t.total) FROM (
        SELECT ROW(trim_scale(sum(l.purchase_amount)), trim_scale(sum(l.usage_amount)), trim_scale(sum(l.remainder)), sum(l.purchase_lines), sum(l.usage_lines))::text AS total
        FROM r AS l WHERE l.level <> 'day' GROUP BY l.level) AS t) AS totals,
    trim_scale(sum(purchase_amount) FILTER (WHERE level = 'supplier') - (SELECT sum(amount) FROM purchase_line)) AS missing
FROM r;

-- Microsoft: daily usage, each line rounded down, and lines of an invoice.  The usage
-- is of subscriptions, the lines of the plan, so the customer is compared.
\set usage 'PartnerId,CustomerId,EntitlementId,InvoiceNumber,ProductId,SkuId,ChargeStartDate,ChargeEndDate,UsageDate,Quantity,EffectiveUnitPrice,BillingPreTaxTotal,BillingCurrency,PricingCurrency,PCToBCExchangeRate,MeterCategory,MeterName,PartnerEarnedCreditPercentage'
\set lines 'PartnerId,CustomerId,InvoiceNumber,ProductId,SkuId,SkuName,ProductName,ChargeType,UnitPrice,BillableQuantity,Subtotal,Currency,SubscriptionId,ChargeStartDate,ChargeEndDate,EffectiveUnitPrice,MeterDescription,PricingCurrency,PCToBCExchangeRate,PriceAdjustmentDescription,ReservationOrderId'
CREATE FUNCTION pg_temp.day(n int, starts date DEFAULT '2024-10-01') RETURNS text LANGUAGE sql RETURN to_char(starts + n - 1, 'FMMM/FMDD/YYYY');
-- Vector 1: 31 days of 0.01499, rounded down to 0.01 each, and 0.46 for the month.
-- Vector 2: 0.03825 x 0.005001 at 0.846202666 is 0.00.  Vector 3: 15 % off 0.868.
SELECT string_agg(l, E'\n' ORDER BY n) AS data FROM (
    SELECT n, format('ru-p,ru-c,ru-e,RU1,RU,V1,10/1/2024,10/31/2024,%s,1,0.01499,%s,EUR,EUR,1,Storage,Tables,', pg_temp.day(n), exact_round(0.01499 * 1, 2, 'down')) AS l FROM generate_series(1, 31) AS n
    UNION ALL VALUES (40, format('ru-p,ru-c,ru-e,RU1,RU,V2,10/1/2024,10/31/2024,10/5/2024,0.005001,0.03825,%s,EUR,USD,0.846202666,Storage,Tables,15', exact_round(exact_round(0.03825 * 0.005001, 2, 'down') * 0.846202666, 2, 'down')))
    UNION ALL SELECT 50 + n, format('ru-p,ru-c,ru-e,RU1,RU,V3%s,10/1/2024,10/31/2024,%s,%s,0.7378,%s,EUR,EUR,1,VM,D2,15', v, pg_temp.day(n), q / 29, exact_round(q / 29 * 0.868 * 0.85, 2, 'down'))
        FROM generate_series(1, 29) AS n, (VALUES ('a', 29::numeric), ('b', 210.950039), ('c', 555.950039)) AS w (v, q)
) AS u \gset
INSERT INTO landing VALUES (:'usage' || E'\n' || :'data');
SET cloudbilling.load_side = 'purchase';
INSERT INTO landing VALUES (:'lines'
    || E'\nru-p,ru-c,RU1,RU,V1,Tables,Tables,New,0.01499,31,0.46,EUR,ru-plan,10/1/2024,10/31/2024,0.01499,Tables,EUR,1,,'
    || E'\nru-p,ru-c,RU1,RU,V2,Tables,Tables,New,0.045,0.005001,0.00,EUR,ru-plan,10/1/2024,10/31/2024,0.03825,Tables,USD,0.846202666,15.0% Partner earned credit for services managed,'
    || E'\nru-p,ru-c,RU1,RU,V3a,VM,VM,New,0.868,29,21.39,EUR,ru-plan,10/1/2024,10/31/2024,0.7378,D2,EUR,1,15.0% Partner earned credit for services managed,'
    || E'\nru-p,ru-c,RU1,RU,V3b,VM,VM,New,0.868,210.950039,155.63,EUR,ru-plan,10/1/2024,10/31/2024,0.7378,D2,EUR,1,15.0% Partner earned credit for services managed,'
    || E'\nru-p,ru-c,RU1,RU,V3c,VM,VM,New,0.868,555.950039,410.17,EUR,ru-plan,10/1/2024,10/31/2024,0.7378,D2,EUR,1,15.0% Partner earned credit for services managed,'
    -- Vector 4: licences have no usage.  Vector 5: a seat more in the middle of the term.
    || E'\nru-p,ru-c,RU1,RU,V4,Basic,Basic,New,1.549,2,3.08,EUR,ru-lic,10/1/2024,10/31/2024,1.549,,EUR,1,,'
    || E'\nru-p,ru-c,RU1,RU,V5,Basic,Basic,Remove,-4.00,1,-4.00,EUR,ru-lic,10/13/2024,11/12/2024,4.00,,EUR,1,,'
    || E'\nru-p,ru-c,RU1,RU,V5,Basic,Basic,Add,2.45,1,2.45,EUR,ru-lic,10/13/2024,10/31/2024,2.45,,EUR,1,,'
    || E'\nru-p,ru-c,RU1,RU,V5,Basic,Basic,Add,1.55,2,3.10,EUR,ru-lic,10/31/2024,11/12/2024,1.55,,EUR,1,,'
    || E'\nru-p,ru-c,RU1,RU,RI,Reserved,Reserved,New,500,1,500,EUR,ru-lic,10/5/2024,10/4/2025,500,,EUR,1,,ru-order'
    || E'\nru-p,ru-c,RU1,RU,GW,Basic,Basic,CustomerCredit,-5,1,-5,EUR,ru-lic,10/1/2024,10/31/2024,-5,,EUR,1,,');
SELECT * FROM pg_temp.sku('RU:%');
SELECT * FROM pg_temp.compared WHERE level IN ('supplier', 'invoice', 'account') ORDER BY level DESC;
SELECT * FROM pg_temp.adds_up;

-- Vector 6: partner earned credit on 27 of 31 days, so two halves of one meter; the
-- usage side has the price without it.  Then all days at the price that is net of it.
RESET cloudbilling.load_side;
SELECT string_agg(format('ru-p6,ru-c,ru-e,,RU,V6,10/1/2024,10/31/2024,%s,2,1.00,2.00,EUR,EUR,1,VM,D2,', pg_temp.day(n)), E'\n' ORDER BY n) AS data FROM generate_series(1, 31) AS n \gset
INSERT INTO landing VALUES (:'usage' || E'\n' || :'data');
SET cloudbilling.load_side = 'purchase';
INSERT INTO landing VALUES (:'lines'
    || E'\nru-p6,ru-c,RU6,RU,V6,VM,VM,New,1.00,54,45.90,EUR,ru-plan,10/1/2024,10/31/2024,0.85,D2,EUR,1,15.0% Partner earned credit for services managed,'
    || E'\nru-p6,ru-c,RU6,RU,V6,VM,VM,New,1.00,8,8.00,EUR,ru-plan,10/4/2024,10/7/2024,1.00,D2,EUR,1,,');
SELECT * FROM pg_temp.sku('RU:V6');
SELECT * FROM pg_temp.adds_up;

-- Days are compared where the supplier invoices by day; here the 5th has another amount,
-- the 7th another quantity, and the month hides half of it.
RESET cloudbilling.load_side;
SELECT string_agg(format('ru-p7,ru-c,ru-e7,,RU,DAY,10/1/2024,10/31/2024,%s,1,1.00,1.00,EUR,EUR,1,VM,D2,', pg_temp.day(n)), E'\n' ORDER BY n) AS data FROM generate_series(1, 10) AS n \gset
INSERT INTO landing VALUES (:'usage' || E'\n' || :'data');
SET cloudbilling.load_side = 'purchase';
SELECT string_agg(format('ru-p7,ru-c,ru-e7,RU7,RU,DAY,10/1/2024,10/31/2024,%s,%s,1.00,%s,EUR,EUR,1,VM,D2,', pg_temp.day(n), CASE n WHEN 7 THEN 3 ELSE 1 END,
    CASE n WHEN 5 THEN '0.20' WHEN 7 THEN '3.00' ELSE '1.00' END), E'\n' ORDER BY n) AS data FROM generate_series(1, 10) AS n \gset
INSERT INTO landing VALUES (:'usage' || E'\n' || :'data');
SELECT * FROM pg_temp.sku('RU:DAY');
SELECT * FROM pg_temp.compared WHERE level = 'day' AND account = 'ru-e7' AND status <> 'MATCHED' ORDER BY day;
SELECT count(*) AS days FROM pg_temp.compared WHERE level = 'day' AND account = 'ru-e7';
SELECT * FROM pg_temp.adds_up;

-- Other suppliers, one cause each, in a plain format of both sides; usage first.
RESET cloudbilling.load_side;
SELECT source_add('ru_plain', 'of both sides', '{"provider_name": "ru_provider", "billing_account_id": "ru_account", "sub_account_id": "ru_sub", "billing_currency": "ru_currency",
    "pricing_currency": "ru_priced", "billing_period_start": "ru_month", "billing_period_end": "ru_month_end", "supplier_invoice_id": "ru_invoice", "charge_category": "ru_category",
    "sku_id": "ru_sku", "service_name": "ru_service", "commitment_discount_id": "ru_commitment", "charge_period_start": "ru_day", "pricing_quantity": "ru_quantity", "billed_cost": "ru_cost",
    "charge_description": "ru_text", "part": "ru_part"}', way => 'replace') IS NOT NULL AS added;
CREATE FUNCTION pg_temp.csv(lines text) RETURNS text LANGUAGE sql AS $$
    SELECT E'ru_provider,ru_account,ru_sub,ru_currency,ru_priced,ru_month,ru_month_end,ru_invoice,ru_category,ru_sku,ru_service,ru_commitment,ru_day,ru_quantity,ru_cost,ru_text,ru_part\n'
        || string_agg(format('%s,ru,%s,EUR,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s', f[1], f[2], nullif(f[3], ''), f[4], (f[4]::date + interval '1 month')::date,
            f[5], coalesce(nullif(f[6], ''), 'Usage'), f[7], f[8], f[9], coalesce(nullif(f[10], ''), f[4]), f[11], f[12], f[13], f[1]), E'\n' ORDER BY n)
    FROM regexp_split_to_table(lines, E'\n') WITH ORDINALITY AS l (line, n), string_to_array(l.line, '|') AS f
$$;
-- provider|account|priced in|month|invoice|category|SKU|service|commitment|day|quantity|cost|text
INSERT INTO landing VALUES (pg_temp.csv('RuLate|s1||2026-10-01|||late|Compute|||10|10.00|
RuLate|s1||2026-10-01|||late|Compute||2026-10-31|5|5.00|
RuLate|s1||2026-11-01|||late|Compute|||20|20.00|
RuNew|s1||2026-11-01|||new|Compute|||20|20.00|
RuLate|s1||2026-10-01|||never|Compute|||10|10.00|
RuLate|s1||2026-11-01|||never|Compute|||20|20.00|
RuPeriod|s1||2026-10-01|||shift|Compute|||7|7.00|
RuPeriod|s1||2026-11-01|||stay|Compute|||1|1.00|
RuPeriod|s1||2026-10-01|||stay|Compute|||1|1.00|
RuOpen|s1||2026-11-01|||open|Compute|||7|7.00|
RuOpen|s1||2026-10-01|||open|Compute|||7|7.00|
RuPrice|s1||2026-11-01|||dear|Compute|||10|10.00|
RuPrice|s1||2026-11-01|||block|Compute|||4000|4.00|
RuPrice|s1||2026-11-01|||units|Compute|||4000|4.00|
RuPrice|s1||2026-11-01|||seats|Licences|||5|50.00|
RuPrice|s1||2026-11-01|||both|Compute|||5|50.00|
RuPrice|s1||2026-11-01|||unseen|Compute|||1|2.50|
RuPrice|s1||2026-11-01|||free|Compute|||750|0|
RuPrice|s1||2026-11-01|||cancel1|Network|||1|3.00|
RuPrice|s1||2026-11-01|||cancel2|Network|||1|3.00|
RuPrice|s2||2026-11-01|||transfer|Compute|||9|0.90|
RuFx|s1|USD|2026-11-01|||fx1|Compute|||10|10.00|
RuFx|s1|USD|2026-11-01|||fx2|Compute|||20|33.00|
RuFx|s1|USD|2026-11-01|||fx3|Compute|||5|100.00|
RuFx|s1|USD|2026-11-01|||fxodd|Compute|||5|100.00|
RuAws|s1||2026-11-01|||ec2|EC2|sp||10|0|
RuAws|s1||2026-11-01|||s3|S3|||10|1.50|'));
SET cloudbilling.load_side = 'purchase';
INSERT INTO landing VALUES (pg_temp.csv('RuLate|s1||2026-10-01|L1||late|Compute|||10|10.00|
RuLate|s1||2026-11-01|L2||late|Compute||2026-10-31|5|5.00|
RuLate|s1||2026-11-01|L2||late|Compute|||20|20.00|
RuNew|s1||2026-11-01|N1||new|Compute||2026-10-31|5|5.00|
RuLate|s1||2026-10-01|L1||never|Compute|||10|10.00|
RuLate|s1||2026-11-01|L2||never|Compute||2026-10-31|5|5.00|
RuLate|s1||2026-11-01|L2||never|Compute|||20|20.00|
RuNew|s1||2026-11-01|N1||new|Compute|||20|20.00|
RuPeriod|s1||2026-11-01|P1||shift|Compute|||7|7.00|
RuPeriod|s1||2026-11-01|P1||stay|Compute|||1|1.00|
RuPeriod|s1||2026-10-01|P1||stay|Compute|||1|1.00|
RuOpen|s1||2026-10-01|O1||open|Compute|||7|7.00|
RuPrice|s1||2026-11-01|R1||dear|Compute|||10|12.00|
RuPrice|s1||2026-11-01|R1||block|Compute|||4000|4000|
RuPrice|s1||2026-11-01|R1||units|Compute|||4|4.00|
RuPrice|s1||2026-11-01|R1||seats|Licences|||7|70.00|
RuPrice|s1||2026-11-01|R1||both|Compute|||7|77.00|
RuPrice|s1||2026-11-01|R1||nobody|Compute|||7|77.00|
RuPrice|s1||2026-11-01|R1||free|Compute|||750|0|
RuPrice|s1||2026-11-01|R1||cancel1|Network|||1|2.00|
RuPrice|s1||2026-11-01|R1||cancel2|Network|||1|4.00|
RuPrice|s2||2026-11-01|R2||dt-out|Data Transfer|||9|0.90|
RuPrice|s1||2026-11-01|R1|Tax|tax|Tax||||25.00|VAT
RuPrice|s1||2026-11-01|R1|Credit|sla|Compute||||-3.00|SLA credit
RuPrice|s1||2026-11-01|R1|Adjustment|adj|Billing||||0.004|rounding adjustment
RuFx|s1|USD|2026-11-01|F1||fx1|Compute|||10|9.20|
RuFx|s1|USD|2026-11-01|F1||fx2|Compute|||20|30.36|
RuFx|s1|USD|2026-11-01|F1||fx3|Compute|||5|92.00|
RuFx|s1|USD|2026-11-01|F1||fxodd|Compute|||5|110.00|
RuAws|s1||2026-11-01|A1||ec2|EC2|sp||10|10.00|covered
RuAws|s1||2026-11-01|A1|Adjustment|ec2|EC2|sp||10|-10.00|negation
RuAws|s1||2026-11-01|A1|Purchase|fee|Savings|sp||1|7.00|recurring fee
RuAws|s1||2026-11-01|A1||s3|S3|||10|1.50|'));
RESET cloudbilling.load_side;
-- Vector 9: October waits for it, November has it as late, and it counts once.
SELECT * FROM pg_temp.sku('late');
-- Late, but never used; and of a month from before there were purchase lines.
SELECT * FROM pg_temp.sku('never');
SELECT * FROM pg_temp.sku('new');
SELECT * FROM pg_temp.sku('shift');
SELECT * FROM pg_temp.sku('stay');
SELECT * FROM pg_temp.sku('open');
SELECT c.*, r.price_ratio, r.factor FROM pg_temp.compared AS c JOIN reconciliation_usage AS r ON r.level = c.level AND r.sku = c.sku AND r.supplier = 'RuPrice'
WHERE c.level = 'sku' AND c.purchase IS NOT DISTINCT FROM r.purchase_amount ORDER BY c.account, c.sku;
SELECT * FROM pg_temp.sku('fx%');
SELECT * FROM pg_temp.sku('ec2'); SELECT * FROM pg_temp.sku('fee'); SELECT * FROM pg_temp.sku('s3');
-- What cancels out above shows below.
SELECT level, service, sku, difference, status, explanation, remainder FROM reconciliation_usage WHERE supplier = 'RuPrice' AND service = 'Network' ORDER BY level, sku;
SELECT level, supplier, account, period_start, difference, tolerance, status, explanation, remainder FROM reconciliation_usage WHERE level IN ('supplier', 'account') AND supplier LIKE 'Ru%' ORDER BY supplier, level DESC, account, period_start;
SELECT supplier, supplier_invoice, difference, status FROM reconciliation_usage WHERE level = 'invoice' AND supplier LIKE 'Ru%' ORDER BY 1, 2;
SELECT * FROM pg_temp.adds_up;
-- Of one month only, with what comes later known all the same; and in any time zone.
SET cloudbilling.period_first = '2026-10-01';
SET cloudbilling.period_last = '2026-10-01';
SELECT month, sku, difference, status FROM pg_temp.sku('late');
SELECT DISTINCT month FROM pg_temp.compared;
RESET cloudbilling.period_first;
RESET cloudbilling.period_last;
SET timezone = 'America/New_York';
SELECT month, sku, difference, status FROM pg_temp.sku('late');
SET timezone = 'UTC';

-- Random lines: whatever they are, parts add up, and each level comes to the same.
SELECT setseed(0.42);
CREATE TEMP TABLE random_line AS
SELECT n, (ARRAY['usage', 'purchase'])[1 + (random() * 1.4)::int % 2] AS side, 's' || (random() * 3)::int AS account, (ARRAY['2026-07-01', '2026-08-01', '2026-09-01'])[1 + (random() * 2)::int] AS month,
    (ARRAY['Usage', 'Usage', 'Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment'])[1 + (random() * 6)::int] AS category, 'k' || (random() * 8)::int AS sku,
    CASE WHEN random() < 0.1 THEN 'c' ELSE '' END AS commitment, (random() * 30)::int AS day, (random() * 3)::int AS quantity, ((random() * 20)::int - 2)::numeric / 4 AS cost
FROM generate_series(1, 2000) AS n;
CREATE FUNCTION pg_temp.random_csv(side text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.csv(string_agg(format('RuRandom|%s|%s|%s|%s|%s|%s|S|%s|%s|%s|%s|t', account, CASE WHEN n % 3 = 0 THEN 'USD' ELSE 'EUR' END, month, CASE r.side WHEN 'purchase' THEN 'X' || n % 3 END, category, sku, commitment,
        month::date + day - CASE WHEN n % 17 = 0 THEN 20 ELSE 0 END, quantity, cost), E'\n' ORDER BY n))
    FROM random_line AS r WHERE r.side = random_csv.side
$$;
INSERT INTO landing VALUES (pg_temp.random_csv('usage'));
SET cloudbilling.load_side = 'purchase';
INSERT INTO landing VALUES (pg_temp.random_csv('purchase'));
RESET cloudbilling.load_side;
SELECT * FROM pg_temp.adds_up;
SELECT count(*) > 50 AS cells, count(DISTINCT status) > 3 AS statuses FROM reconciliation_usage WHERE level = 'sku' AND supplier = 'RuRandom';

SELECT count(load_undo(load_id)) > 0 AS undone FROM load WHERE load_id > :base AND undone_at IS NULL;
SELECT count(*) FROM pg_temp.compared;
