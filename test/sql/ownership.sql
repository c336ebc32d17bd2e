-- Whose charges are: by account, by tag, by day, in each customer's time zone.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, number, name, time_zone)
VALUES (1, 'A', 'Ams', NULL), (1, 'B', 'Bos', NULL), (1, 'C', 'Chicago', 'America/Chicago'), (1, 'D', 'Delhi', 'Asia/Kolkata');
-- Amounts are costs, so that every figure below can be found in the usage.
INSERT INTO price_rule (name, measure, per, pricing) VALUES ('cost', 'billed_cost', 'scope', '{"model":"per_unit","unit_price":"1"}');

CREATE VIEW pg_temp.bill AS
SELECT customer, period_start, amount, charges FROM invoice_running ORDER BY 1, 2;

-- Account by account: nobody's, then a customer's.
INSERT INTO usage (account, cost, starts, tags) VALUES
    ('one',   1.00, '2026-09-05 12:00Z', NULL),
    ('one',   2.00, '2026-09-05 12:00Z', '{"team":"red"}'),
    ('one',   4.00, '2026-09-05 12:00Z', '{"team":"blue"}'),
    ('two',   8.00, '2026-09-05 12:00Z', '{"team":"red","env":"prod"}'),
    ('two',  16.00, '2026-09-05 12:00Z', NULL),
    (NULL,   32.00, '2026-09-05 12:00Z', NULL);
SELECT pg_temp.deliver();
SELECT * FROM pg_temp.bill;

-- Each sum of powers of two tells which charges are in it.
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'one');
SELECT * FROM pg_temp.bill;
-- The whole payer: fewer conditions than a sub account with a payer, as many as a sub account alone; then the older rule wins.
INSERT INTO ownership (customer_id, billing_account_id) VALUES (2, 'payer');
SELECT * FROM pg_temp.bill;
-- A tag wins from an account, among rules with as many conditions; charges without tags stay.
INSERT INTO ownership (customer_id, tag_key, tag_value) VALUES (3, 'team', 'red');
SELECT * FROM pg_temp.bill;
-- More conditions win from fewer: an account and its payer from a tag.
INSERT INTO ownership (customer_id, billing_account_id, sub_account_id) VALUES (4, 'payer', 'two');
SELECT * FROM pg_temp.bill;
-- And the position wins from all.
INSERT INTO ownership (customer_id, tag_key, tag_value, position) VALUES (1, 'env', 'prod', -1);
SELECT * FROM pg_temp.bill;
-- A provider that differs takes nothing away, also where a tag fits.
INSERT INTO ownership (customer_id, tag_key, tag_value, position, provider_name) VALUES (2, 'team', 'blue', -2, 'Google');
SELECT * FROM pg_temp.bill;
-- Without the tags' rules all are as before.
DELETE FROM ownership WHERE tag_key IS NOT NULL;
SELECT * FROM pg_temp.bill;
DELETE FROM ownership;
SELECT * FROM pg_temp.bill;

-- Refused: two owners at the same time, half a tag, no condition, never.
INSERT INTO ownership (customer_id, sub_account_id, valid_during) VALUES (1, 'one', '[2026-01-01,2026-09-16)');
SELECT code, message FROM pg_temp.fails($$INSERT INTO ownership (customer_id, sub_account_id) VALUES (2, 'one')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO ownership (customer_id, sub_account_id, valid_during) VALUES (1, 'one', '[2026-09-15,)')$$);
SELECT code FROM pg_temp.fails($$INSERT INTO ownership (customer_id, tag_key) VALUES (2, 'team')$$);
SELECT code FROM pg_temp.fails($$INSERT INTO ownership (customer_id, provider_name) VALUES (2, 'AWS')$$);
SELECT code FROM pg_temp.fails($$INSERT INTO ownership (customer_id, sub_account_id, valid_during) VALUES (2, 'x', 'empty')$$);
SELECT code FROM pg_temp.fails($$INSERT INTO ownership (customer_id, sub_account_id) VALUES (99, 'x')$$);
-- The next day is free; an equal rule of another position is none of the same place.
INSERT INTO ownership (customer_id, sub_account_id, valid_during) VALUES (2, 'one', '[2026-09-16,)');
INSERT INTO ownership (customer_id, sub_account_id, position) VALUES (3, 'one', 5);
DELETE FROM ownership WHERE position = 5;

-- A change in the month: days are the customer's.  Midnight in Amsterdam is 22:00Z in September.
TRUNCATE usage;
INSERT INTO usage (account, cost, starts) VALUES
    ('one',  1.00, '2026-09-01 00:00Z'),
    ('one',  2.00, '2026-09-15 21:59:59Z'),  -- still the 15th
    ('one',  4.00, '2026-09-15 22:00Z'),     -- the 16th
    ('one',  8.00, '2026-09-30 12:00Z'),
    ('one', 16.00, '2026-09-30 22:30Z');     -- October
SELECT pg_temp.deliver();
SELECT * FROM pg_temp.bill;

-- Gaps belong to nobody; a rule behind fills them.
UPDATE ownership SET valid_during = '[2026-09-20,)' WHERE customer_id = 2;
SELECT * FROM pg_temp.bill;
INSERT INTO ownership (customer_id, billing_account_id, position) VALUES (4, 'payer', 9);
SELECT * FROM pg_temp.bill;
-- Moved to another customer: both running invoices at once.
UPDATE ownership SET customer_id = 1 WHERE customer_id = 2;
SELECT * FROM pg_temp.bill;
DELETE FROM ownership;

-- Days of a tag inside an account's: three owners in one month, four pieces.
TRUNCATE usage;
INSERT INTO usage (account, cost, starts, tags)
SELECT 'one', d * t, '2026-09-01 12:00Z'::timestamptz + (d - 1) * interval '1 day', CASE t WHEN 1000 THEN '{"team":"red"}'::jsonb END
FROM generate_series(1, 30) AS d, (VALUES (1), (1000)) AS v (t);
SELECT pg_temp.deliver();
INSERT INTO ownership (customer_id, sub_account_id, valid_during)
VALUES (1, 'one', '(,2026-09-11)'), (2, 'one', '[2026-09-11,)');
INSERT INTO ownership (customer_id, tag_key, tag_value, valid_during) VALUES (4, 'team', 'red', '[2026-09-06,2026-09-21)');
SELECT * FROM pg_temp.bill;
-- By hand: untagged 1..10 = 55 and 11..30 = 410; tagged 1..5 = 15, 6..20 = 195, 21..30 = 255.
SELECT 55 + 15000 AS ams, 410 + 255000 AS bos, 195000 AS delhi;
SELECT sum(amount) = (SELECT sum(cost) FROM usage) AS nothing_lost FROM pg_temp.bill;
DELETE FROM ownership;

-- Own services name the customer; a tag may take them away for a time, and no more.
INSERT INTO landing SELECT unnest(ARRAY[
    'customer_ref,meter,unit,currency,source_event_id,quantity,unit_cost,usage_start,tags',
    'A,backup,GB,EUR,e1,1,1.00,2026-09-05T12:00:00Z,',
    'A,backup,GB,EUR,e2,1,2.00,2026-09-05T12:00:00Z,"{""team"":""red""}"',
    'A,backup,GB,EUR,e3,1,4.00,2026-09-25T12:00:00Z,"{""team"":""red""}"',
    'B,backup,GB,EUR,e4,1,8.00,2026-09-05T12:00:00Z,',
    'nobody,backup,GB,EUR,e5,1,16.00,2026-09-05T12:00:00Z,']);
SELECT * FROM pg_temp.bill;
INSERT INTO ownership (customer_id, tag_key, tag_value, valid_during) VALUES (4, 'team', 'red', '(,2026-09-16)');
SELECT * FROM pg_temp.bill;
DELETE FROM ownership;
-- A rule of one's own for the reference wins from the number.
INSERT INTO ownership (customer_id, source_customer_id) VALUES (4, 'B'), (4, 'nobody');
SELECT * FROM pg_temp.bill;
-- A new customer takes up what waited for its number.
DELETE FROM ownership;
INSERT INTO customer (seller_id, number, name) VALUES (1, 'nobody', 'Newcomer');
SELECT * FROM pg_temp.bill;
SELECT load_undo(max(load_id)) FROM load;
SELECT * FROM pg_temp.bill;

-- The month's end, in four zones (a customer each): 22:30Z on 31 August is
-- September in Amsterdam and Delhi, August in Chicago.
TRUNCATE usage;
INSERT INTO usage (account, cost, starts)
SELECT a, m * c, s
FROM (VALUES ('ams', 1::bigint), ('chi', 10000), ('del', 100000000)) AS a (a, m),
    (VALUES
        (1,    '2026-08-31 18:29:59Z'::timestamptz),
        (2,    '2026-08-31 18:30:00Z'),  -- September in Delhi: UTC + 5:30
        (4,    '2026-08-31 22:00:00Z'),  -- and in Amsterdam: UTC + 2
        (8,    '2026-08-31 22:30:00Z'),
        (16,   '2026-09-01 04:59:59Z'),
        (32,   '2026-09-01 05:00:00Z'),  -- and in Chicago: UTC - 5
        (64,   '2026-09-30 21:59:59Z'),
        (128,  '2026-09-30 22:30:00Z')) AS t (c, s);
SELECT pg_temp.deliver();
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'ams'), (3, 'chi'), (4, 'del');
SELECT * FROM pg_temp.bill;
-- The same from the charges: no roll-up, no view of ours.
SELECT u.account, date_trunc('month', u.starts AT TIME ZONE z.zone)::date AS period_start, sum(u.cost) AS amount
FROM usage AS u
JOIN (VALUES ('ams', 'Europe/Amsterdam'), ('chi', 'America/Chicago'), ('del', 'Asia/Kolkata')) AS z (account, zone) USING (account)
GROUP BY 1, 2
ORDER BY 1, 2;
-- A zone that comes into use later has roll-ups of what was loaded before.
UPDATE customer SET time_zone = 'Pacific/Auckland' WHERE number = 'A';
SELECT * FROM pg_temp.bill WHERE customer = 'Ams';
SELECT date_trunc('month', u.starts AT TIME ZONE 'Pacific/Auckland')::date AS period_start, sum(u.cost) AS amount
FROM usage AS u WHERE account = 'ams' GROUP BY 1 ORDER BY 1;
UPDATE customer SET time_zone = NULL WHERE number = 'A';
SELECT code, message FROM pg_temp.fails($$UPDATE customer SET time_zone = 'Europe/Atlantis' WHERE number = 'A'$$);
DELETE FROM ownership;

-- Across DST: in Amsterdam 25 October 2026 has 25 hours, 29 March 2026 has 23;
-- the month ends an hour off.  A charge an hour, each of 1.
TRUNCATE usage;
INSERT INTO usage (account, cost, starts)
SELECT 'dst', 1, h
FROM generate_series('2026-03-28 00:00Z'::timestamptz, '2026-04-01 23:00Z', '1 hour') AS h
UNION ALL
SELECT 'dst', 1, h
FROM generate_series('2026-10-23 00:00Z'::timestamptz, '2026-11-02 23:00Z', '1 hour') AS h;
SELECT pg_temp.deliver();
-- Owned by A on the day of the change only: 23 and 25 hours.
INSERT INTO ownership (customer_id, sub_account_id, valid_during)
VALUES (1, 'dst', '[2026-03-29,2026-03-30)'), (1, 'dst', '[2026-10-25,2026-10-26)');
SELECT * FROM pg_temp.bill;
-- By the month: March ends at 22:00Z, October at 23:00Z.  By hand: from 28 March 00:00Z to 31 March 22:00Z are
-- 94 hours, 26 are left; from 23 October 00:00Z to 31 October 23:00Z are 215 hours, 49 are left.
DELETE FROM ownership;
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'dst');
SELECT * FROM pg_temp.bill;
-- What the views narrow to: one customer's bill is the same.
SELECT customer, period_start, amount FROM invoice_running(1);
SELECT count(*) FROM invoice_running(2);
SELECT * FROM pg_temp.fails('SELECT * FROM cloudbilling.invoice_running(77)');
