-- What in deliveries is out of the ordinary: each kind with something that is, and
-- something like it that is not.  And what suppliers' invoices come to.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\pset format unaligned

INSERT INTO seller (name, time_zone) VALUES ('Waddenwolk B.V.', 'UTC');
CREATE VIEW pg_temp.anomaly AS
SELECT kind, month, concat_ws('/', billing_account, account) AS account, concat_ws('/', service, product) AS product, first_on, last_on,
    currency AS cur, charges, billed_cost AS cost, detail
FROM bi_load_anomaly ORDER BY kind, month, 3, 4, cur;

-- Every day of 40, but for two days and another one of one account and one of another; a third works on weekdays, a fourth is there too short,
-- and the tax of the first comes on a day on which its usage is missing.
INSERT INTO usage (payer, account, quantity, cost, starts)
SELECT 'days', a, 1, 1, '2024-09-01 12:00Z'::timestamptz + d * interval '1 day'
FROM generate_series(0, 39) AS d, unnest('{two,one,whole}'::text[]) AS a
WHERE NOT (a = 'two' AND d IN (15, 16, 20) OR a = 'one' AND d = 30);
INSERT INTO usage (payer, account, quantity, cost, starts)
SELECT 'days', 'weekdays', 1, 1, d + interval '12 hours' FROM generate_series('2024-09-02Z'::timestamptz, '2024-10-09Z', '1 day') AS d WHERE extract(isodow FROM d) < 6;
INSERT INTO usage (payer, account, quantity, cost, starts) VALUES
    ('days', 'short', 1, 1, '2024-10-01 12:00Z'), ('days', 'short', 1, 1, '2024-10-02 12:00Z'), ('days', 'short', 1, 1, '2024-10-09 12:00Z');
INSERT INTO usage (payer, account, sku, category, cost, starts) VALUES ('days', 'two', 'tax', 'Tax', 1, '2024-09-16 12:00Z');
SELECT pg_temp.deliver('days');
SELECT * FROM pg_temp.anomaly WHERE kind IN ('missing days', 'drop to zero');

-- Every hour of five days, but for three hours of one account, and two and one of another; a third works from eight to six, a fourth has a day
-- without usage, a fifth is there too short, and what is metered by the day has no hours.
INSERT INTO usage (payer, account, quantity, cost, starts)
SELECT 'hours', a, 1, 1, h
FROM generate_series('2024-10-04 00:00Z'::timestamptz, '2024-10-08 23:00Z', '1 hour') AS h, unnest('{three,pair,whole,office,day,short}'::text[]) AS a
WHERE NOT (a = 'three' AND h IN ('2024-10-07 22:00Z', '2024-10-07 23:00Z', '2024-10-08 00:00Z')
    OR a = 'pair' AND h IN ('2024-10-07 05:00Z', '2024-10-07 06:00Z', '2024-10-08 10:00Z')
    OR a = 'office' AND extract(hour FROM h) NOT BETWEEN 8 AND 17
    OR a = 'day' AND h >= '2024-10-06 12:00Z' AND h < '2024-10-08 14:00Z'
    OR a = 'short' AND (h < '2024-10-07 06:00Z' OR h = '2024-10-08 05:00Z'));
SELECT pg_temp.deliver('hours');
SELECT * FROM pg_temp.anomaly WHERE kind = 'missing hours';
UPDATE seller SET time_zone = 'Europe/Amsterdam';
SELECT account, first_on, last_on, detail FROM pg_temp.anomaly WHERE kind = 'missing hours';
UPDATE seller SET time_zone = 'UTC';

-- Costs end: of a service while its account goes on, of a whole account, of what is paid once a month.  What goes on without a cost
-- has ended too; what ended yesterday, what comes now and then, and one-time purchases have not.
INSERT INTO usage (payer, account, service, sku, quantity, cost, starts)
SELECT 'drop', a.account, a.service, lower(a.service), 1, CASE WHEN a.service = 'Free' AND d > a.days THEN 0 ELSE 0.5 END,
    '2024-08-01 12:00Z'::timestamptz + d * interval '1 day'
FROM (VALUES ('x', 'Machines', 91), ('x', 'Disks', 80), ('y', 'Machines', 85), ('x', 'Free', 82), ('x', 'Late', 90)) AS a (account, service, days),
    generate_series(0, 91) AS d
WHERE d <= a.days OR a.service = 'Free'
UNION ALL
SELECT 'drop', 'x', 'Seldom', 'seldom', 1, 5, '2024-08-01 12:00Z'::timestamptz + d * interval '1 day' FROM unnest('{0,30,70}'::int[]) AS d
UNION ALL
SELECT 'drop', 'x', 'Support', 'support', 1, 100, m FROM unnest('{2024-08-01 12:00Z,2024-09-01 12:00Z}'::timestamptz[]) AS m
UNION ALL
SELECT 'drop', 'x', 'Licence', 'licence', 1, 100, m FROM unnest('{2024-08-01 12:00Z,2024-09-01 12:00Z,2024-10-01 12:00Z}'::timestamptz[]) AS m
UNION ALL
SELECT 'drop', 'x', 'Server', 'server', 1, 4000, '2024-09-05 12:00Z';
SELECT pg_temp.deliver('drop');
SELECT * FROM pg_temp.anomaly WHERE kind = 'drop to zero';

-- A currency, a unit and a SKU that were not there in the month before; the first month of all is no news.
INSERT INTO usage (payer, account, sku, unit, quantity, cost, currency, starts) VALUES
    ('new', 'p', 'vm', 'Hours', 1, 1, 'EUR', '2024-07-05 12:00Z'), ('new', 'p', 'vm', 'Hours', 1, 1, 'EUR', '2024-09-05 12:00Z'),
    ('new', 'p', 'vm', 'Hours', 1, 2, 'USD', '2024-09-06 12:00Z'), ('new', 'p', 'vm', '100 Hours', 1, 3, 'USD', '2024-10-05 12:00Z'),
    ('new', 'p', 'gpu', 'Hours', 1, 70, 'USD', '2024-09-06 12:00Z'), ('new', 'q', 'gpu', 'Hours', 1, 80, 'USD', '2024-09-07 12:00Z'),
    ('new', 'q', 'tpu', NULL, NULL, 90, 'USD', '2024-10-07 12:00Z');
SELECT pg_temp.deliver('new');
SELECT * FROM pg_temp.anomaly WHERE kind LIKE 'new %' AND account LIKE 'new%' OR product LIKE '%gpu';
SELECT count(*) FROM bi_load_anomaly WHERE month = (SELECT min(charge_on) FROM charge_monthly);

-- The same again: of a format that replaces it counts once, of one that appends twice; a month in two formats.
INSERT INTO usage (payer, account, quantity, cost, starts) VALUES ('twice', 'a', 1, 3, '2024-10-05 12:00Z'), ('twice', 'a', 1, 4, '2024-10-06 12:00Z');
SELECT pg_temp.deliver('twice');
SET cloudbilling.load_force = on;
SELECT pg_temp.deliver('twice');
RESET cloudbilling.load_force;
UPDATE usage SET cost = 7 - cost WHERE payer = 'twice';
SELECT pg_temp.deliver('twice');
UPDATE usage SET cost = 5 WHERE payer = 'twice';
SELECT pg_temp.deliver('twice');
SELECT source_add('bare', 'without an id', '{"provider_name": "Provider", "billing_account_id": {"value": "twice"}, "billing_currency": {"value": "EUR"},
    "charge_period_start": "Day", "billed_cost": "Money"}') > 0 AS added;
CREATE TEMP TABLE bare (line text);
INSERT INTO bare VALUES ('Provider,Day,Money'), ('Bare,2024-10-05,1.50'), ('Bare,2024-10-06,2.50');
INSERT INTO landing SELECT line FROM bare;
SET cloudbilling.load_force = on;
INSERT INTO landing SELECT line FROM bare;
RESET cloudbilling.load_force;
INSERT INTO landing VALUES ('Provider,Day,Money'), ('AWS,2024-10-07,1.50');
SELECT * FROM pg_temp.anomaly WHERE kind IN ('counted twice', 'delivered again', 'several formats');
SELECT load_undo(max(load_id) - 1) FROM load;
SELECT kind, cost, detail FROM pg_temp.anomaly WHERE kind IN ('counted twice', 'delivered again', 'several formats');

-- A subscription in two formats, below two billing accounts; another in one, and one in two, but of different months.
SELECT source_add('partner', 'another account of it', '{"provider_name": {"value": "Microsoft"}, "billing_account_id": {"value": "partner"}, "billing_currency": {"value": "EUR"},
    "sub_account_id": "Subscription", "charge_period_start": "Usage", "billed_cost": "Amount"}') > 0 AS added;
INSERT INTO landing VALUES ('Subscription,Usage,Amount'), ('aaaa-1,2024-10-05,1.50'), ('bbbb-2,2024-10-05,2.50');
INSERT INTO usage (payer, provider, account, quantity, cost, starts) VALUES
    ('profile', 'Microsoft', '/subscriptions/AAAA-1', 1, 1.49, '2024-10-05 12:00Z'), ('profile', 'Microsoft', '/subscriptions/cccc-3', 1, 1, '2024-10-05 12:00Z'),
    ('profile', 'Microsoft', '/subscriptions/bbbb-2', 1, 1, '2024-09-05 12:00Z');
SELECT pg_temp.deliver('profile');
SELECT month, account, cur, charges, cost, detail FROM pg_temp.anomaly WHERE kind = 'several formats';
-- Google's export by rows, and by months.
INSERT INTO landing VALUES (E'billing_account_id,service.description,sku.id,project.id,usage_start_time,usage_end_time,cost,currency,credits,invoice.month,export_time\n01A,Run,S,p,2024-10-01,2024-10-02,5,EUR,[],202410,2024-10-03');
SELECT count(*) FROM pg_temp.anomaly WHERE kind = 'several formats' AND account LIKE '01A%';
INSERT INTO landing VALUES (E'billing_account_id,service.description,sku.id,project.id,usage_start_time,usage_end_time,cost,currency,credits,invoice.month\n01A,Run,S,p,2024-10-01,2024-10-02,5,EUR,[],202410');
SELECT month, account, cur, charges, cost, detail FROM pg_temp.anomaly WHERE kind = 'several formats' AND account LIKE '01A%';

-- Deliveries end: five days ago, and not two days or two months ago.
INSERT INTO usage (payer, account, quantity, cost, starts)
SELECT 'ends' || d, 'a', 1, 1, (current_date - d) + time '12:00' FROM unnest('{2,5,60}'::int[]) AS d;
SELECT pg_temp.deliver('ends' || d) FROM unnest('{2,5,60}'::int[]) AS d;
SELECT kind, account, first_on - current_date AS first_on, last_on - current_date AS last_on, detail FROM pg_temp.anomaly WHERE kind = 'no delivery' AND account LIKE 'ends%';

-- As of a moment, and without a seller.
SET cloudbilling.as_of = '2024-01-01';
SELECT count(*) FROM bi_load_anomaly;
RESET cloudbilling.as_of;
DELETE FROM seller;
SELECT kind, count(*) FROM bi_load_anomaly WHERE kind <> 'new SKU' GROUP BY 1 ORDER BY 1;

-- Suppliers' invoices: to the digit, with tax, credits and corrections, of what counts.
INSERT INTO landing VALUES
    ('ProviderName,BillingAccountId,ServiceName,InvoiceId,BilledCost,EffectiveCost,BillingCurrency,ChargeCategory,ChargeClass,ChargePeriodStart,ChargePeriodEnd,BillingPeriodStart,BillingPeriodEnd'),
    ('AWS,inv,S,I-1,10.123456789,10.1,EUR,Usage,,2024-09-05,2024-09-06,2024-09-01,2024-10-01'),
    ('AWS,inv,S,I-1,-3,-3,EUR,Usage,Correction,2024-08-05,2024-08-06,2024-09-01,2024-10-01'),
    ('AWS,inv,S,I-1,-1.5,-1.5,EUR,Credit,,2024-09-05,2024-09-06,2024-09-01,2024-10-01'),
    ('AWS,inv,S,I-1,2.1,2.1,EUR,Tax,,2024-09-05,2024-09-06,2024-09-01,2024-10-01'),
    ('AWS,inv,S,I-2,5,5,USD,Usage,,2024-09-05,2024-09-06,2024-09-01,2024-10-01'),
    ('AWS,inv,S,,7,7,EUR,Usage,,2024-10-05,2024-10-06,2024-10-01,2024-11-01');
SELECT provider, supplier_invoice, month, currency, charges, billed_cost, tax, credits, corrections, effective_cost, cardinality(load_ids) AS loads
FROM bi_supplier_invoice WHERE billing_account = 'inv' ORDER BY 3, 2;
SELECT (SELECT sum(billed_cost) FROM bi_supplier_invoice) = (SELECT sum(billed_cost) FROM focus) AS all_there;
