-- Price rules of every kind.  Figures are computed by hand in a comment.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'A', 'Alpha'), (1, 'B', 'Beta');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a1'), (1, 'a2'), (2, 'b1');
SELECT product_ensure('AWS') AS aws, product_ensure('AWS', 'Compute') AS compute, product_ensure('AWS', 'Compute', 'vm') AS vm,
    product_ensure('AWS', 'Phone') AS phone, product_ensure('AWS', 'Phone', 'voice') AS voice, product_ensure('AWS', 'Phone', 'sms') AS sms,
    product_ensure('AWS', 'Network', 'gb') AS gb \gset

CREATE VIEW pg_temp.line AS
SELECT l.period_start AS period, c.number AS c, r.name AS rule, nullif(p.code, '') AS product, a.sub_account_id AS account, l.resource_id AS resource,
    l.tag_value AS tag, l.currency AS cur, trim_scale(l.measured) AS measured, trim_scale(l.amount) AS amount, trim_scale(l.quantity) AS quantity,
    l.unit, trim_scale(l.billed_cost) AS cost, l.charges AS n
FROM rated_line AS l
JOIN customer AS c ON c.customer_id = l.customer_id
JOIN price_rule AS r USING (price_rule_id)
JOIN product AS p ON p.product_id = l.product_id
LEFT JOIN account AS a ON a.account_id = l.account_id
ORDER BY l.period_start, c.customer_id, effect_order(r.effect), r.price_rule_id, p.code, a.sub_account_id, l.resource_id, l.tag_value, l.currency;

-- Twelve hours of three servers in two accounts, and a charge without a resource.
INSERT INTO usage (account, resource, quantity, cost, tags, starts)
SELECT CASE WHEN s < 3 THEN 'a1' ELSE 'a2' END, 's' || s, s, s * 0.5, jsonb_build_object('project', CASE s WHEN 1 THEN 'red' WHEN 2 THEN 'blue' END),
    '2026-09-01 00:00Z'::timestamptz + h * interval '1 day'
FROM generate_series(1, 3) AS s, generate_series(1, 12) AS h;
INSERT INTO usage (account, quantity, cost, starts) VALUES ('a1', 4, 2, '2026-09-20 00:00Z');
SELECT pg_temp.deliver();

-- Resources: 35 a server, 30 from the third on: 3 x 30 = 90.  Events: 37 charges at 0.01.  Per account: 2 x 35 and 1 x 35.
INSERT INTO price_rule (name, measure, per, currency, pricing, effect) VALUES
    ('servers', 'resources', 'scope', 'EUR', '{"model":"volume","tiers":[{"up_to":2,"unit_price":35},{"unit_price":30}]}', 'add'),
    ('servers of an account', 'resources', 'account', 'EUR', '{"model":"volume","tiers":[{"up_to":2,"unit_price":35},{"unit_price":30}]}', 'add'),
    ('charges', 'events', 'scope', 'EUR', '{"model":"per_unit","unit_price":"0.01"}', 'add');
SELECT rule, account, measured, amount, quantity, unit FROM pg_temp.line;
DELETE FROM price_rule;

-- Readings: charges that start at the same moment are one: 1 + 2 + 3 = 6 on each of 12 days, and 4 at last.
-- Peak 6; latest 4; weighted: (12 x 6 + 4) hours of 30 x 24 = 76 / 720; 95th percentile of 13 readings: rank ceil(12.35) = 13, so 6.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, effect) VALUES
    ('peak', :vm, 'peak', 'scope', 'EUR', '{"model":"per_unit","unit_price":"1"}', 'add'),
    ('latest', :vm, 'latest', 'scope', 'EUR', '{"model":"per_unit","unit_price":"1"}', 'add'),
    ('weighted', :vm, 'weighted', 'scope', 'EUR', '{"model":"per_unit","unit_price":"1"}', 'add'),
    ('p95', :vm, 'p95', 'scope', 'EUR', '{"model":"per_unit","unit_price":"1"}', 'add'),
    ('peak of each', :vm, 'peak', 'resource', 'EUR', '{"model":"per_unit","unit_price":"1"}', 'add');
SELECT rule, account, resource, measured, amount, quantity, unit FROM pg_temp.line;
SELECT round(76.0 / 720, 12) AS weighted;
DELETE FROM price_rule;

-- Bandwidth as transit is billed: of 100 samples 1 to 100 the 95th; the same of each resource.
TRUNCATE usage;
INSERT INTO usage (payer, account, service, sku, resource, unit, quantity, starts)
SELECT 'net', 'b1', 'Network', 'gb', 'port', 'Mbps', n, '2026-09-01 00:00Z'::timestamptz + (n * 37 % 101) * interval '5 minutes' FROM generate_series(1, 100) AS n;
SELECT pg_temp.deliver('net');
INSERT INTO price_rule (name, customer_id, product_id, measure, per, currency, pricing) VALUES
    ('bandwidth', 2, :gb, 'p95', 'resource', 'EUR', '{"model":"graduated","tiers":[{"up_to":50,"unit_price":2},{"unit_price":1}]}');
-- 50 x 2 + 45 x 1
SELECT rule, resource, measured, amount, quantity, unit, n FROM pg_temp.line;
DELETE FROM price_rule;

-- Per charge: each of 37 charges at least 1.00 by itself, in one line for its SKU.  36 quantities of 1, 2 and 3 and one of 4: at 0.6 each:
-- 12 x max(0.6, 1) + 12 x 1.2 + 12 x 1.8 + 2.4 = 12 + 14.4 + 21.6 + 2.4 = 50.4.
INSERT INTO price_rule (name, customer_id, product_id, measure, per, currency, pricing) VALUES
    ('each', 1, :vm, 'quantity', 'charge', 'EUR', '{"model":"per_unit","unit_price":"0.6","minimum":"1"}');
SELECT rule, product, measured, amount, quantity, n FROM pg_temp.line;
DELETE FROM price_rule;
-- Event by event: 2 % of a charge's cost, 0.10 each, at most 0.12 each: 0.5 -> 0.11; 1 -> 0.12; 1.5 -> 0.12 of 0.13; 2 -> 0.12.
-- 12 x 0.11 + 12 x 0.12 + 12 x 0.12 + 0.12 = 4.32.  The first ten in time are free: those of three days and one of the fourth: s1 comes first.
INSERT INTO price_rule (name, customer_id, product_id, measure, per, pricing) VALUES
    ('payment', 1, :vm, 'billed_cost', 'scope', '{"model":"percentage","rate":"2","flat_fee":"0.10","maximum_per_event":"0.12"}');
SELECT rule, measured, amount FROM pg_temp.line;
DELETE FROM price_rule;
-- 4.32 less the first ten events, those of one moment as they stand in the file: 3 x (0.11 + 0.12 + 0.12) + 0.11 = 1.16.
INSERT INTO price_rule (name, customer_id, product_id, measure, per, pricing) VALUES
    ('payment', 1, :vm, 'billed_cost', 'scope', '{"model":"percentage","rate":"2","flat_fee":"0.10","maximum_per_event":"0.12","free_events":"10"}');
SELECT rule, measured, amount FROM pg_temp.line;
DELETE FROM price_rule;

-- Per tag: red 12, blue 24, without a project 36 + 4.  A ladder for each value.
INSERT INTO price_rule (name, customer_id, product_id, measure, per, currency, pricing) VALUES
    ('project', 1, :vm, 'quantity', 'tags.project', 'EUR', '{"model":"graduated","tiers":[{"up_to":20,"unit_price":1},{"unit_price":"0.5"}]}');
SELECT rule, tag, measured, amount, n FROM pg_temp.line;
DELETE FROM price_rule;

-- Limits, after all else.  76 hours at 1; a fee of 10 % is 7.6; at least 100 adds 16.4; at most 90 takes 10 of that 100.
INSERT INTO price_rule (name, customer_id, product_id, measure, per, currency, pricing, effect, position) VALUES
    ('hours', 1, :vm, 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":1}', 'set', 0),
    ('fee', 1, 1, 'amount', 'scope', NULL, '{"model":"percentage","rate":10}', 'add', 0),
    ('at least 100', 1, 1, 'amount', 'scope', NULL, '{"model":"per_unit","unit_price":1,"minimum":100}', 'limit', 1),
    ('at most 90', 1, 1, 'amount', 'scope', NULL, '{"model":"per_unit","unit_price":1,"maximum":90}', 'limit', 2);
SELECT rule, measured, amount FROM pg_temp.line;
-- A fee on a fee has a later position: 5 % of 83.6; the limits find 87.78.
INSERT INTO price_rule (name, customer_id, measure, per, pricing, effect, position) VALUES ('fee on all', 1, 'amount', 'scope', '{"model":"percentage","rate":5}', 'add', 1);
SELECT rule, measured, amount FROM pg_temp.line;
-- A minimum in a currency is due where nothing has a price, if there are charges at all.
DELETE FROM price_rule WHERE name <> 'at least 100';
SELECT rule, measured, amount FROM pg_temp.line;
INSERT INTO price_rule (name, measure, per, currency, pricing, effect) VALUES ('at least 50', 'amount', 'scope', 'EUR', '{"model":"per_unit","unit_price":1,"minimum":50}', 'limit');
SELECT c, rule, measured, amount FROM pg_temp.line;
DELETE FROM price_rule;

-- A limit looks at what is billed: three lines of 33.333 are 99.99 on the invoice, and what is missing to 100 is a cent.
INSERT INTO price_rule (name, customer_id, product_id, measure, per, currency, pricing, effect) VALUES
    ('third', 1, :vm, 'events', 'resource', 'EUR', '{"model":"flat","amount":"33.333"}', 'set'),
    ('to 150', 1, 1, 'amount', 'scope', NULL, '{"model":"per_unit","unit_price":1,"minimum":150}', 'limit');
SELECT rule, resource, measured, amount FROM pg_temp.line;
SELECT sum(due) FROM invoice_running WHERE customer_id = 1;
DELETE FROM price_rule;

-- No usage, no line: the same flat fee with and without skip_zero.
TRUNCATE usage;
INSERT INTO usage (payer, account, sku, quantity, starts) VALUES ('zero', 'b1', 'nil', 5, '2026-09-01 00:00Z'), ('zero', 'b1', 'nil', -5, '2026-09-02 00:00Z');
SELECT pg_temp.deliver('zero');
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, effect, skip_zero) VALUES
    ('with', product_ensure('AWS', 'Compute', 'nil'), 'quantity', 'scope', 'EUR', '{"model":"graduated","tiers":[{"unit_price":1,"flat_fee":5}]}', 'add', false),
    ('without', product_ensure('AWS', 'Compute', 'nil'), 'quantity', 'scope', 'EUR', '{"model":"graduated","tiers":[{"unit_price":1,"flat_fee":5}]}', 'add', true);
SELECT rule, measured, amount FROM pg_temp.line;
DELETE FROM price_rule;

-- A new price from the 7th, whose ladder goes on where the old one ended.  September 2 to 6 are 5 days of 6 = 30 hours: 20 x 1 + 10 x 0.5.
-- From the 7th: 7 days of 6 and 4 = 46 hours, from the 31st to the 76th: the second tier, 46 x 0.4.
INSERT INTO price_rule (name, customer_id, product_id, measure, per, currency, pricing) VALUES
    ('old', 1, :vm, 'quantity', 'scope', 'EUR', '{"model":"graduated","tiers":[{"up_to":20,"unit_price":1},{"unit_price":"0.5"}]}');
SELECT price_rule_replace(price_rule_id, '2026-09-07', '{"model":"graduated","tiers":[{"up_to":20,"unit_price":"0.9"},{"unit_price":"0.4"}]}', true) IS NOT NULL AS replaced FROM price_rule;
UPDATE price_rule SET name = 'new' WHERE continues_id IS NOT NULL;
SELECT rule, measured, amount FROM pg_temp.line;
SELECT climbed, measured FROM rated_line WHERE climbed IS NOT NULL;
-- A third goes on with both: from the 20th, 4 hours at 0.3.
SELECT price_rule_replace(price_rule_id, '2026-09-20', '{"model":"graduated","tiers":[{"up_to":70,"unit_price":"0.5"},{"unit_price":"0.3"}]}', true) IS NOT NULL AS replaced FROM price_rule WHERE name = 'new';
SELECT rule, measured, amount FROM pg_temp.line;
-- Begins again at the bottom: 4 hours at 0.5.
DELETE FROM price_rule WHERE lower(valid_during) = '2026-09-20';
UPDATE price_rule SET valid_during = '[2026-09-07,)' WHERE name = 'new';
SELECT price_rule_replace(price_rule_id, '2026-09-20', '{"model":"graduated","tiers":[{"up_to":70,"unit_price":"0.5"},{"unit_price":"0.3"}]}') IS NOT NULL AS replaced FROM price_rule WHERE name = 'new';
SELECT rule, measured, amount FROM pg_temp.line;
DELETE FROM price_rule;

-- Bundles.  60 SMS and 100 minutes are included in two bundles: SMS go to the SMS bundle first, and what is more to the other.
TRUNCATE usage;
INSERT INTO usage (payer, account, service, sku, unit, quantity, cost, starts) VALUES
    ('phone', 'b1', 'Phone', 'sms', 'SMS', 90, 9, '2026-09-01 00:00Z'), ('phone', 'b1', 'Phone', 'voice', 'minutes', 120, 12, '2026-09-02 00:00Z'),
    ('phone', 'b1', 'Phone', 'sms', 'SMS', 10, 1, '2026-10-02 00:00Z'), ('phone', 'b1', 'Phone', 'voice', 'minutes', 20, 2, '2026-10-02 00:00Z'),
    ('phone', 'b1', 'Phone', 'voice', 'minutes', 400, 40, '2026-12-02 00:00Z');
SELECT pg_temp.deliver('phone');
-- September: 60 of 90 SMS by the first, 30 by the other, which has 70 left for 120 minutes: 50 minutes at 0.10.  In-bundle use is 0.01.
INSERT INTO price_rule (name, customer_id, product_id, measure, per, currency, pricing, effect, position, bundle, included, show_zero) VALUES
    ('SMS bundle', 2, :sms, 'quantity', 'scope', 'EUR', '{"model":"per_unit","unit_price":0}', 'include', 1, NULL, 60, true),
    ('bundle: SMS', 2, :sms, 'quantity', 'scope', 'EUR', '{"model":"per_unit","unit_price":"0.01"}', 'include', 2, 'phone', 100, true),
    ('bundle: voice', 2, :voice, 'quantity', 'scope', 'EUR', '{"model":"per_unit","unit_price":"0.01"}', 'include', 3, 'phone', 100, true);
INSERT INTO price_rule (name, customer_id, product_id, measure, per, currency, pricing) VALUES
    ('SMS', 2, :sms, 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0.20"}'),
    ('voice', 2, :voice, 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0.10"}');
SELECT period, rule, measured, amount, quantity, unit, cost, n FROM pg_temp.line;
-- Roll over for two months: December has its own 100 and the 100 of November, in which nobody called, and 80 of October.  September left nothing.
-- 400 - 280 = 120 minutes at 0.10.
DELETE FROM price_rule WHERE effect = 'include';
INSERT INTO price_rule (name, customer_id, product_id, measure, per, currency, pricing, effect, bundle, included, roll_over) VALUES
    ('minutes', 2, :voice, 'quantity', 'scope', 'EUR', '{"model":"per_unit","unit_price":0}', 'include', 'phone', 100, 2);
SELECT period, rule, measured, amount, quantity FROM pg_temp.line WHERE product <> 'sms';
-- The same of December alone: earlier months are looked at, too.
SET cloudbilling.period_first = '2026-12-01';
SELECT period, rule, measured, amount FROM pg_temp.line WHERE product <> 'sms';
RESET cloudbilling.period_first;
-- What a month left hangs on all months before it.  2028, one month of roll-over: January leaves 50 of 100; February takes these and 70 of its
-- own, leaves 30; so of March's 200 minutes 70 are to be paid, whichever months are asked for.
TRUNCATE usage;
INSERT INTO usage (payer, account, service, sku, unit, quantity, starts) VALUES
    ('roll', 'b1', 'Phone', 'voice', 'minutes', 50, '2028-01-31 12:00Z'), ('roll', 'b1', 'Phone', 'voice', 'minutes', 120, '2028-02-10 12:00Z'),
    ('roll', 'b1', 'Phone', 'voice', 'minutes', 200, '2028-03-10 12:00Z');
SELECT pg_temp.deliver('roll');
DELETE FROM price_rule WHERE effect = 'include';
INSERT INTO price_rule (name, customer_id, product_id, measure, per, currency, pricing, effect, included, roll_over, valid_during) VALUES
    ('minutes', 2, :voice, 'quantity', 'scope', 'EUR', '{"model":"per_unit","unit_price":0}', 'include', 100, 1, '[2028-01-01,)');
SELECT period, rule, measured FROM pg_temp.line WHERE period >= '2028-01-01';
SET cloudbilling.period_first = '2028-03-01';
SELECT period, rule, measured FROM pg_temp.line;
SET cloudbilling.grain = 'day';
SELECT period, rule, measured FROM pg_temp.line;
RESET cloudbilling.grain;
RESET cloudbilling.period_first;
-- Valid from November on, nothing rolls over from before.
DELETE FROM price_rule WHERE effect = 'include';
INSERT INTO price_rule (name, customer_id, product_id, measure, per, currency, pricing, effect, bundle, included, roll_over, valid_during) VALUES
    ('minutes', 2, :voice, 'quantity', 'scope', 'EUR', '{"model":"per_unit","unit_price":0}', 'include', 'phone', 100, 2, '[2026-11-01,)');
SELECT period, rule, measured, amount FROM pg_temp.line WHERE product <> 'sms' AND period < '2028-01-01';
DELETE FROM price_rule;

-- Distributor, reseller, customer: each pays the price of the one above.  D buys for all below it at cost + 10 %, on a ladder over all of it;
-- R pays D for what L uses, and L pays R.  E buys from D without a reseller between.
INSERT INTO customer (seller_id, parent_id, number, name, resells) VALUES (1, NULL, 'D', 'Distributor', true);
INSERT INTO customer (seller_id, parent_id, number, name, resells) SELECT 1, customer_id, 'R', 'Reseller', true FROM customer WHERE number = 'D';
INSERT INTO customer (seller_id, parent_id, number, name) SELECT 1, customer_id, 'L', 'Leaf' FROM customer WHERE number = 'R';
INSERT INTO customer (seller_id, parent_id, number, name) SELECT 1, customer_id, 'E', 'Else' FROM customer WHERE number = 'D';
SELECT max(customer_id) FILTER (WHERE number = 'D') AS d, max(customer_id) FILTER (WHERE number = 'R') AS r, max(customer_id) FILTER (WHERE number = 'L') AS l,
    max(customer_id) FILTER (WHERE number = 'E') AS e FROM customer \gset
INSERT INTO ownership (customer_id, sub_account_id) VALUES (:d, 'd1'), (:r, 'r1'), (:l, 'l1'), (:e, 'e1');
TRUNCATE usage;
INSERT INTO usage (payer, account, sku, quantity, cost, starts) VALUES
    ('chain', 'd1', 'vm', 10, 100, '2027-01-05 00:00Z'), ('chain', 'r1', 'vm', 20, 200, '2027-01-05 00:00Z'),
    ('chain', 'l1', 'vm', 30, 300, '2027-01-05 00:00Z'), ('chain', 'e1', 'vm', 40, 400, '2027-01-05 00:00Z');
SELECT pg_temp.deliver('chain');
SELECT customer_id - :d AS customer, array(SELECT b - :d FROM unnest(buyers) AS b) AS buyers, array(SELECT nullif(p, 0) - :d FROM unnest(path) AS p) AS path
FROM customer_buyer WHERE customer_id >= :d ORDER BY 1;
INSERT INTO price_rule (name, customer_id, reseller_id, product_id, measure, per, pricing) VALUES
    ('to D', :d, NULL, :vm, 'billed_cost', 'scope', '{"model":"graduated","tiers":[{"up_to":500,"unit_price":"1.2"},{"unit_price":"1.1"}]}'),
    ('D to all', NULL, :d, :vm, 'billed_cost', 'scope', '{"model":"per_unit","unit_price":"1.5"}'),
    ('R to all', NULL, :r, :vm, 'billed_cost', 'scope', '{"model":"per_unit","unit_price":2}');
INSERT INTO price_rule (name, reseller_id, measure, per, pricing, effect) VALUES ('R fee', :r, 'amount', 'scope', '{"model":"percentage","rate":10}', 'add');
-- The seller invoices D for 1000: 500 x 1.2 + 500 x 1.1 = 1150.  Shares: d1 115, r1 230, l1 345, e1 460.
-- D sells to R what cost 230 + 345 for 862.50 (l1: 517.50), and to E for 690.  R sells to L what cost 517.50 for 1035, and a fee of 103.50.
SELECT c.number AS buyer, s.number AS seller, r.name AS rule, trim_scale(l.measured) AS measured, trim_scale(l.amount) AS amount, trim_scale(l.billed_cost) AS cost, l.charges
FROM rated_line AS l
JOIN customer AS c ON c.customer_id = l.customer_id
LEFT JOIN customer AS s ON s.customer_id = l.reseller_id
JOIN price_rule AS r USING (price_rule_id)
WHERE l.period_start = '2027-01-01'
ORDER BY l.reseller_id NULLS FIRST, l.customer_id, r.price_rule_id;
-- Only the seller's customer is invoiced, for all below it; costs and revenue meet there.
SELECT customer, due, cost, charges FROM invoice_running WHERE period_start = '2027-01-01';
SELECT customer, revenue, billed_cost, margin FROM bi_margin WHERE month = '2027-01-01';
-- A price of the seller's for what L uses goes before that for D.
INSERT INTO price_rule (name, customer_id, product_id, measure, per, pricing) VALUES ('what L uses', :l, :vm, 'billed_cost', 'scope', '{"model":"per_unit","unit_price":1}');
SELECT name, amount, charges FROM rated_line JOIN price_rule USING (price_rule_id) WHERE period_start = '2027-01-01' AND rated_line.reseller_id IS NULL ORDER BY 1;
-- What nobody above sells has no cost, and no price at cost plus.
DELETE FROM price_rule WHERE name IN ('what L uses', 'to D');
SELECT count(*) FROM rated_line WHERE period_start = '2027-01-01';
DELETE FROM price_rule;

-- What cannot be meant is refused.
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, pricing, currency, effect) VALUES ('x', 'quantity', '{"model":"flat","amount":1}', 'EUR', 'include')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, pricing, currency, included) VALUES ('x', 'quantity', '{"model":"flat","amount":1}', 'EUR', 5)$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, pricing) VALUES ('x', 'resources', '{"model":"flat","amount":1}')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, per, pricing, currency) VALUES ('x', 'peak', 'charge', '{"model":"flat","amount":1}', 'EUR')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, per, pricing) VALUES ('x', 'billed_cost', 'tags.', '{"model":"flat","amount":1}')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, per, pricing) VALUES ('x', 'billed_cost', 'day', '{"model":"flat","amount":1}')$$);
SELECT code, message FROM pg_temp.fails($$SELECT price_rule_set(r) FROM (SELECT (jsonb_populate_record(NULL::price_rule, '{"price_rule_id":1,"product_id":1}')).*) AS r$$);
SELECT code, message, hint FROM pg_temp.fails($$SELECT '1 rule'::price_rule_set$$);
SELECT code, message, hint FROM pg_temp.fails($$SELECT '1 item'::rating_items$$);
-- Items are packed an account at a time, and known by their customer and key; a piece without its item is nobody's.
WITH rule AS (
    SELECT price_rule_set(jsonb_populate_record(NULL::price_rule, '{"price_rule_id":1,"product_id":0,"customer_id":0,"effect":"set","measure":"billed_cost","per":"scope","position":0,"skip_zero":false,"valid_during":"(,)","pricing":"{\"model\":\"percentage\",\"rate\":\"10\"}"}')) AS rules
), packed AS (
    SELECT rating_items('{7}', 7, 3, i, 1, 'r' || i, CASE WHEN i > 1 THEN 'h' END, 'EUR', NULL, '{0}') AS items FROM generate_series(1, 3) AS i
), input AS (
    SELECT p.items, NULL::int AS item_id FROM packed AS p
    UNION ALL
    SELECT NULL, i FROM generate_series(1, 5) AS i
)
SELECT (SELECT p.items FROM packed AS p), l.customer_id, l.measured, l.amount, l.unit, l.charges
FROM (
    SELECT rating_lines((SELECT rules FROM rule), n.items, NULL, NULL, NULL, 7, date '2026-01-01', date '2026-01-01', 1, NULL, NULL,
        NULL, n.item_id, 1, 2, 100, NULL, NULL, NULL, NULL, NULL) AS lines
    FROM input AS n
) AS r, unnest(r.lines) AS l;
SELECT code, message FROM pg_temp.fails($$SELECT rating_items('{7}', 7, a, 1, 1, NULL, NULL, 'EUR', NULL, '{0}') FROM generate_series(1, 2) AS a$$);
SELECT code, message FROM pg_temp.fails($$SELECT rating_items('{7}', 7, 1, NULL, 1, NULL, NULL, 'EUR', NULL, '{0}')$$);
SELECT code, message FROM pg_temp.fails($$SELECT rating_items('{}', 7, 1, 1, 1, NULL, NULL, 'EUR', NULL, '{0}')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, selector, measure, pricing) VALUES ('x', '{"source":"focus"}', 'billed_cost', '{"model":"flat","amount":1}')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, pricing, effect) VALUES ('x', 'dearest', '{"model":"flat","amount":1}', 'add')$$);
