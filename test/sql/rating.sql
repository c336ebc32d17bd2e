-- Rating: worked examples.  Every figure is computed by hand in a comment, or
-- anew from the table usage, which no view of the extension reads.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, parent_id, number, name)
VALUES (1, NULL, 'G', 'Group'), (1, 1, 'S', 'Sub'), (1, 2, 'L', 'Leaf'), (1, NULL, 'O', 'Other');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'g1'), (1, 'g2'), (2, 's'), (3, 'l'), (4, 'o');

INSERT INTO usage (account, service, sku, resource, unit, quantity, cost, effective, list, contracted, region, tags, starts) VALUES
    ('g1', 'Backup',  'gb', 'r1', 'GB', 600,    10,     9,    15,   12,   'eu', NULL, '2026-09-05 12:00Z'),
    ('g1', 'Backup',  'gb', 'r2', 'GB', 300,     5,     5,     8,    6,   'eu', NULL, '2026-09-10 12:00Z'),
    ('g2', 'Backup',  'gb', 'r1', 'GB', 1100.5, 20,    18,    30,   24,   'us', '{"team":"red"}', '2026-09-20 12:00Z'),
    ('g2', 'Compute', 'vm', 'v1', 'Hours', 720, 72.123456789, 60, 100, 80, 'eu', NULL, '2026-09-20 12:00Z'),
    ('g2', 'Compute', 'vm', 'v2', 'Hours', 100, 10,    10,    20,   15,   'us', NULL, '2026-09-21 12:00Z'),
    ('g2', 'Compute', 'disk', NULL, 'GB-Mo', 50, 2.5,   2.5,   4,    3,   'eu', NULL, '2026-09-21 12:00Z');
SELECT pg_temp.deliver();

-- What the rules make of Group's September; codes instead of keys.
CREATE VIEW pg_temp.line AS
SELECT r.name AS rule, nullif(p.code, '') AS product, a.sub_account_id AS account, l.resource_id AS resource, l.currency,
    trim_scale(l.measured) AS measured, trim_scale(l.amount) AS amount, trim_scale(l.quantity) AS quantity, l.unit,
    trim_scale(l.billed_cost) AS cost, l.charges AS n
FROM rated_line AS l
JOIN price_rule AS r USING (price_rule_id)
JOIN product AS p ON p.product_id = l.product_id
LEFT JOIN account AS a ON a.account_id = l.account_id
WHERE l.customer_id = 1 AND l.period_start = '2026-09-01'
ORDER BY r.price_rule_id, 2, 3, 4, 5;

SELECT product_ensure('AWS') AS aws, product_ensure('AWS', 'Backup') AS backup, product_ensure('AWS', 'Compute') AS compute,
    product_ensure('AWS', 'Compute', 'vm') AS vm, product_ensure('Google') AS google \gset

-- Nothing is priced, nothing is billed.
SELECT count(*) FROM rated_line;

-- At cost plus 8 %, per sku: 35 x 1.08 = 37.8, 82.123456789 x 1.08 = 88.69333333212, 2.5 x 1.08 = 2.7.
INSERT INTO price_rule (name, measure, per, pricing) VALUES ('cost + 8 %', 'billed_cost', 'sku', '{"model":"per_unit","unit_price":"1.08"}');
SELECT * FROM pg_temp.line;
DELETE FROM price_rule;

-- Each cost, per scope: 104.5 x 1.05, 177 x 0.9, 140 x 1.1.
INSERT INTO price_rule (name, measure, per, pricing) VALUES ('at effective', 'effective_cost', 'scope', '{"model":"per_unit","unit_price":"1.05"}');
SELECT rule, measured, amount FROM pg_temp.line;
DELETE FROM price_rule;
INSERT INTO price_rule (name, measure, per, pricing) VALUES ('at list', 'list_cost', 'scope', '{"model":"per_unit","unit_price":"0.9"}');
SELECT rule, measured, amount FROM pg_temp.line;
DELETE FROM price_rule;
INSERT INTO price_rule (name, measure, per, pricing) VALUES ('at contracted', 'contracted_cost', 'scope', '{"model":"per_unit","unit_price":"1.1"}');
SELECT rule, measured, amount FROM pg_temp.line;
SELECT sum(effective) * 1.05 AS effective, sum(list) * 0.9 AS list, sum(contracted) * 1.1 AS contracted FROM usage;
DELETE FROM price_rule;

-- A ladder over all accounts: 2000.5 GB.  1000 x 0.10 + 5 + 1000.5 x 0.08 = 185.04.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing)
VALUES ('backup', :backup, 'quantity', 'scope', 'EUR', '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10","flat_fee":"5"},{"unit_price":"0.08"}]}');
SELECT * FROM pg_temp.line;
SELECT 1000 * 0.10 + 5 + (sum(quantity) - 1000) * 0.08 AS by_hand FROM usage WHERE service = 'Backup';
DELETE FROM price_rule;
-- The same per account: 900 and 1100.5 GB climb alone.  900 x 0.10 + 5 = 95; 105 + 100.5 x 0.08 = 113.04.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing)
VALUES ('backup', :backup, 'quantity', 'account', 'EUR', '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10","flat_fee":"5"},{"unit_price":"0.08"}]}');
SELECT * FROM pg_temp.line;
DELETE FROM price_rule;
-- Per resource: r1 of two accounts are two.  60 + 5 = 65, 30 + 5 = 35, 113.04.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing)
VALUES ('backup', :backup, 'quantity', 'resource', 'EUR', '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10","flat_fee":"5"},{"unit_price":"0.08"}]}');
SELECT * FROM pg_temp.line;
DELETE FROM price_rule;

-- Volume: all 2000.5 at 0.08 = 160.04.  500 free: 1500.5 x 0.09 = 135.045.  A flat sum per sku: 25, 25 and 25.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing)
VALUES ('volume', :backup, 'quantity', 'scope', 'EUR', '{"model":"volume","tiers":[{"up_to":"1000","unit_price":"0.10"},{"unit_price":"0.08"}]}');
SELECT rule, measured, amount FROM pg_temp.line;
DELETE FROM price_rule;
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing)
VALUES ('500 GB included', :backup, 'quantity', 'scope', 'EUR', '{"model":"per_unit","unit_price":"0.09","free_units":"500"}');
SELECT rule, measured, amount FROM pg_temp.line;
DELETE FROM price_rule;
INSERT INTO price_rule (name, measure, per, currency, pricing) VALUES ('flat', 'quantity', 'sku', 'EUR', '{"model":"flat","amount":"25"}');
SELECT rule, product, measured, amount FROM pg_temp.line;
DELETE FROM price_rule;
-- 2.5 % of list: 177 x 0.025 = 4.425.
INSERT INTO price_rule (name, measure, per, pricing) VALUES ('share of list', 'list_cost', 'scope', '{"model":"percentage","rate":"2.5"}');
SELECT rule, measured, amount FROM pg_temp.line;
DELETE FROM price_rule;

-- Prices, then a discount, then fees.  Compute: 820 h at 0.10 = 82; Backup at 1.00 a GB = 2000.5 (price), 10 % off = -200.05.
-- Fee of 8 % to 1000 and 5 % above, on 82 + 2000.5 - 200.05 = 1882.45: 80 + 44.1225 = 124.1225.  The disk has no price,
-- but is in the fee on cost: 119.623456789 x 1 % = 1.19623456789.  No fee sees the other.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, effect) VALUES
    ('vm', :vm, 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0.10"}', 'set'),
    ('gb', :backup, 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"1"}', 'set'),
    ('discount', :backup, 'amount', 'sku', NULL, '{"model":"percentage","rate":"-10"}', 'adjust'),
    ('managed', 1, 'amount', 'scope', NULL, '{"model":"graduated_percentage","tiers":[{"up_to":"1000","rate":"8"},{"rate":"5"}]}', 'add'),
    ('cost fee', 1, 'billed_cost', 'scope', NULL, '{"model":"percentage","rate":"1"}', 'add'),
    ('per hour', :compute, 'quantity', 'resource', 'EUR', '{"model":"per_unit","unit_price":"0.01"}', 'add');
SELECT * FROM pg_temp.line;
-- At least 250: the same fee with a minimum.
DELETE FROM price_rule WHERE name IN ('managed', 'cost fee', 'per hour');
INSERT INTO price_rule (name, measure, per, pricing, effect) VALUES
    ('managed', 'amount', 'scope', '{"model":"graduated_percentage","tiers":[{"up_to":"1000","rate":"8"},{"rate":"5"}],"minimum":"250"}', 'add');
SELECT rule, measured, amount FROM pg_temp.line WHERE rule = 'managed';
-- No minimum where there is nothing at all: Other has no usage.
SELECT count(*) FROM rated_line WHERE customer_id = 4;
DELETE FROM price_rule;

-- Rules of one position do not see what the others made: 10 % and 5 % off are 15 % of the price.  A later position does:
-- 5 % of what 10 % leave, 1800.45.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, effect, position) VALUES
    ('gb', :backup, 'quantity', 'scope', 'EUR', '{"model":"per_unit","unit_price":"1"}', 'set', 0),
    ('ten', :backup, 'amount', 'scope', NULL, '{"model":"percentage","rate":"-10"}', 'adjust', 1),
    ('five', :backup, 'amount', 'scope', NULL, '{"model":"percentage","rate":"-5"}', 'adjust', 1);
SELECT rule, measured, amount FROM pg_temp.line;
DELETE FROM price_rule WHERE name = 'five';
INSERT INTO price_rule (name, product_id, measure, per, pricing, effect, position)
VALUES ('five', :backup, 'amount', 'scope', '{"model":"percentage","rate":"-5"}', 'adjust', 2);
SELECT rule, measured, amount FROM pg_temp.line;
DELETE FROM price_rule WHERE effect = 'adjust';

-- A discount on a part of a ladder's line: red is 1100.5 of 2000.5 GB, so 1100.5 / 2000.5 of its 185.04.  The parts of
-- red and of the others add up to the line, to the last digit.
DELETE FROM price_rule;
INSERT INTO price_rule (name, product_id, selector, measure, per, currency, pricing, effect) VALUES
    ('ladder', :backup, NULL, 'quantity', 'scope', 'EUR', '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10","flat_fee":"5"},{"unit_price":"0.08"}]}', 'set'),
    ('red', 1, '{"tags.team":"red"}', 'amount', 'scope', NULL, '{"model":"percentage","rate":"-10"}', 'adjust'),
    ('not red', 1, '{"tags.team":{"not":"red"}}', 'amount', 'scope', NULL, '{"model":"percentage","rate":"-20"}', 'adjust'),
    ('fee on r1', 1, '{"resource":"r1"}', 'amount', 'scope', NULL, '{"model":"per_unit","unit_price":"1"}', 'add'),
    ('fee on r2', 1, '{"resource":"r2"}', 'amount', 'scope', NULL, '{"model":"per_unit","unit_price":"1"}', 'add');
SELECT rule, measured, amount FROM pg_temp.line;
SELECT round(185.04 * 1100.5 / 2000.5, 9) AS red, round(185.04 * 900 / 2000.5, 9) AS not_red;
SELECT sum(measured) FILTER (WHERE rule IN ('red', 'not red')) = 185.04 AS adjusted_adds_up,
    sum(measured) FILTER (WHERE rule LIKE 'fee%') = sum(amount) FILTER (WHERE rule NOT LIKE 'fee%') AS fees_add_up
FROM pg_temp.line;
-- Thirds of a flat sum: no part is exact, their sum is.
DELETE FROM price_rule;
TRUNCATE usage;
INSERT INTO usage (payer, account, sku, resource, quantity, starts) SELECT 'thirds', 'g1', 'third', 'x' || n, 1, '2026-09-05 12:00Z' FROM generate_series(1, 3) AS n;
SELECT pg_temp.deliver('thirds');
INSERT INTO price_rule (name, product_id, selector, measure, per, currency, pricing, effect)
SELECT 'flat', product_ensure('AWS', 'Compute', 'third'), NULL::selector, 'quantity', 'scope', 'EUR', '{"model":"flat","amount":"100"}'::pricing, 'set'
UNION ALL
SELECT 'part ' || n, 1, jsonb_build_object('resource', 'x' || n)::text::selector, 'amount', 'scope', NULL, '{"model":"per_unit","unit_price":"1"}', 'add'
FROM generate_series(1, 3) AS n;
SELECT rule, measured FROM pg_temp.line;
SELECT sum(measured) FROM pg_temp.line WHERE rule LIKE 'part%';
SELECT load_undo(max(load_id)) FROM load;
DELETE FROM price_rule;

-- The most specific price wins: the customer nearest in the tree, then the product, then the selector, then the position.
TRUNCATE usage;
INSERT INTO usage (payer, account, sku, region, quantity, starts) VALUES
    ('spec', 'g1', 'vm', 'eu', 1, '2026-09-05 12:00Z'), ('spec', 'g1', 'vm', 'us', 1, '2026-09-05 12:00Z'), ('spec', 'g1', 'disk', 'us', 1, '2026-09-05 12:00Z'),
    ('spec', 's', 'vm', 'eu', 1, '2026-09-05 12:00Z'), ('spec', 'l', 'vm', 'eu', 1, '2026-09-05 12:00Z'), ('spec', 'l', 'disk', 'us', 1, '2026-09-05 12:00Z'),
    ('spec', 'o', 'vm', 'eu', 1, '2026-09-05 12:00Z');
SELECT load_undo(1);
SELECT pg_temp.deliver('spec');
CREATE VIEW pg_temp.winner AS
SELECT c.name AS customer, i.sku_id AS sku, i.region_id AS region, r.name AS rule
FROM rated_charge AS p
JOIN customer AS c ON c.customer_id = p.owner_id
JOIN charge_item AS i USING (item_id)
LEFT JOIN price_rule AS r USING (price_rule_id)
WHERE p.effect = 'set' OR p.price_rule_id IS NULL
ORDER BY c.customer_id, 2, 3;
INSERT INTO price_rule (name, customer_id, product_id, selector, measure, currency, pricing, position) VALUES
    ('everyone', NULL, 1, NULL, 'quantity', 'EUR', '{"model":"per_unit","unit_price":"1"}', 0),
    ('everyone eu vm', NULL, :vm, '{"region":"eu"}', 'quantity', 'EUR', '{"model":"per_unit","unit_price":"2"}', 0),
    ('Group', 1, 1, NULL, 'quantity', 'EUR', '{"model":"per_unit","unit_price":"3"}', 0),
    ('Group compute', 1, :compute, NULL, 'quantity', 'EUR', '{"model":"per_unit","unit_price":"4"}', 0),
    ('Group vm', 1, :vm, NULL, 'quantity', 'EUR', '{"model":"per_unit","unit_price":"5"}', 0),
    ('Group vm in a list', 1, :vm, '{"region":["eu","asia"]}', 'quantity', 'EUR', '{"model":"per_unit","unit_price":"6"}', 0),
    ('Leaf', 3, 1, NULL, 'quantity', 'EUR', '{"model":"per_unit","unit_price":"7"}', 0);
SELECT * FROM pg_temp.winner;
-- An equality says more than a list; the position decides between two of one specificity.
INSERT INTO price_rule (name, customer_id, product_id, selector, measure, currency, pricing, position) VALUES
    ('Group vm eu', 1, :vm, '{"region":"eu"}', 'quantity', 'EUR', '{"model":"per_unit","unit_price":"8"}', 5),
    ('Group vm used', 1, :vm, '{"category":"Usage"}', 'quantity', 'EUR', '{"model":"per_unit","unit_price":"9"}', 4);
SELECT * FROM pg_temp.winner WHERE customer = 'Group';
-- A price for the charge's currency only goes before one for all.
INSERT INTO price_rule (name, customer_id, product_id, selector, measure, currency, pricing, position) VALUES
    ('Group vm used EUR', 1, :vm, '{"category":"Usage"}', 'billed_cost', 'EUR', '{"model":"per_unit","unit_price":"1"}', 4),
    ('Group vm used USD', 1, :vm, '{"category":"Usage"}', 'billed_cost', 'USD', '{"model":"per_unit","unit_price":"1"}', 4);
SELECT * FROM pg_temp.winner WHERE customer = 'Group';

-- Ties are refused, also between prices in two currencies, for each is about all charges.
SELECT code, message FROM pg_temp.fails(format($$INSERT INTO price_rule (name, customer_id, product_id, measure, currency, pricing)
    VALUES ('tie', 1, %s, 'quantity', 'EUR', '{"model":"per_unit","unit_price":"2"}')$$, :vm));
SELECT code FROM pg_temp.fails(format($$INSERT INTO price_rule (name, customer_id, product_id, measure, currency, pricing)
    VALUES ('tie', 1, %s, 'quantity', 'USD', '{"model":"per_unit","unit_price":"2"}')$$, :vm));
SELECT code FROM pg_temp.fails(format($$INSERT INTO price_rule (name, customer_id, product_id, measure, pricing)
    VALUES ('tie', 1, %s, 'billed_cost', '{"model":"per_unit","unit_price":"2"}')$$, :vm));
SELECT code FROM pg_temp.fails(format($$INSERT INTO price_rule (name, product_id, selector, measure, currency, pricing)
    VALUES ('tie', %s, '{"region":["eu"]}', 'quantity', 'EUR', '{"model":"per_unit","unit_price":"2"}')$$, :vm));
-- What no constraint can see is shown: two selectors of one specificity that hold for the same charges.
SELECT name, other_name, valid_during, items FROM price_rule_tied;
UPDATE price_rule SET valid_during = '(,2026-09-16)' WHERE name = 'Group vm eu';
INSERT INTO price_rule (name, customer_id, product_id, selector, measure, currency, pricing, position, valid_during)
VALUES ('ties with eu', 1, :vm, '{"account":"g1"}', 'quantity', 'EUR', '{"model":"per_unit","unit_price":"1"}', 5, '[2026-09-01,)'),
    ('does not', 1, :vm, '{"account":"x"}', 'quantity', 'EUR', '{"model":"per_unit","unit_price":"1"}', 5, '[2026-09-01,)'),
    ('neither', 1, :vm, '{"region":"us"}', 'quantity', 'EUR', '{"model":"per_unit","unit_price":"1"}', 5, '(,2026-09-01)');
SELECT name, other_name, valid_during, items FROM price_rule_tied;
-- Rules that mean nothing are refused too.
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, pricing) VALUES ('no currency', 'quantity', '{"model":"flat","amount":"1"}')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, pricing) VALUES ('set amount', 'amount', '{"model":"flat","amount":"1"}')$$);
SELECT code FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, pricing, valid_during) VALUES ('never', 'billed_cost', '{"model":"flat","amount":"1"}', 'empty')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, pricing, effect) VALUES ('cap', 'billed_cost', '{"model":"flat","amount":"1"}', 'limit')$$);
-- Adjustments and fees do not tie: each has its say.
INSERT INTO price_rule (name, measure, pricing, effect) SELECT 'fee', 'amount', '{"model":"flat","amount":"1"}', 'add' FROM generate_series(1, 2);
DELETE FROM price_rule;
SELECT load_undo(max(load_id)) FROM load;

-- A new price from the 16th: each days' hours at their price, and each price climbs its own ladder.
TRUNCATE usage;
INSERT INTO usage (payer, account, quantity, starts) SELECT 'days', 'g1', d, '2026-09-01 21:30Z'::timestamptz + (d - 1) * interval '1 day' FROM generate_series(1, 30) AS d;
SELECT pg_temp.deliver('days');
INSERT INTO price_rule (name, measure, currency, pricing) VALUES ('hours', 'quantity', 'EUR', '{"model":"graduated","tiers":[{"up_to":"100","unit_price":"1"},{"unit_price":"0.5"}]}');
-- Whole month: 465 hours, 100 + 365 x 0.5 = 282.5.
SELECT rule, measured, amount FROM pg_temp.line;
SELECT price_rule_replace(price_rule_id, '2026-09-16', '{"model":"per_unit","unit_price":"2"}') IS NOT NULL AS replaced FROM price_rule;
-- 1 to 15 are 120: 100 + 20 x 0.5 = 110.  16 to 30 are 345: 690.
SELECT rule, measured, amount FROM pg_temp.line;
-- Ends before the month: the rest has no price.
UPDATE price_rule SET valid_during = '[2026-09-16,2026-09-18)' WHERE lower(valid_during) = '2026-09-16';
SELECT rule, measured, amount FROM pg_temp.line;
DELETE FROM price_rule;
SELECT load_undo(max(load_id)) FROM load;

-- Currencies.  Costs follow the charges: a line for each.  Quantities have their price's.
TRUNCATE usage;
INSERT INTO usage (payer, account, sku, quantity, cost, currency, starts) VALUES
    ('money', 'g1', 'vm', 10, 100, 'USD', '2026-09-05 12:00Z'), ('money', 'g1', 'vm', 20, 50, 'EUR', '2026-09-05 12:00Z'),
    ('money', 'g1', 'disk', 5, 30, 'USD', '2026-09-05 12:00Z');
SELECT pg_temp.deliver('money');
INSERT INTO price_rule (name, measure, per, pricing) VALUES ('cost', 'billed_cost', 'scope', '{"model":"per_unit","unit_price":"1.1"}');
SELECT * FROM pg_temp.line;
-- 30 hours at 2 EUR; of the cost 50 is in EUR.  The disk stays in USD.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing) VALUES ('vm', :vm, 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"2"}');
SELECT * FROM pg_temp.line;
-- Adjusting: 10 % of amounts in each currency; 1 % of costs is in the costs' own, also where the line is in another;
-- 0.5 USD an hour is in USD wherever the line is; only EUR amounts.
INSERT INTO price_rule (name, measure, per, currency, pricing, effect) VALUES
    ('10 %', 'amount', 'scope', NULL, '{"model":"percentage","rate":"-10"}', 'adjust'),
    ('1 % of cost', 'billed_cost', 'scope', NULL, '{"model":"percentage","rate":"1"}', 'adjust'),
    ('USD an hour', 'quantity', 'scope', 'USD', '{"model":"per_unit","unit_price":"0.5"}', 'adjust'),
    ('EUR only', 'amount', 'scope', 'EUR', '{"model":"percentage","rate":"-50"}', 'adjust');
SELECT rule, currency, measured, amount FROM pg_temp.line WHERE rule NOT IN ('cost', 'vm');
-- Fees: on all amounts, EUR 60 - 6 + 0.5 - 30 = 24.5 and USD 33 - 3.3 + 1.3 + 17.5 = 48.5; on EUR only; on USD costs only.
INSERT INTO price_rule (name, measure, per, currency, pricing, effect) VALUES
    ('fee', 'amount', 'scope', NULL, '{"model":"per_unit","unit_price":"1"}', 'add'),
    ('EUR fee', 'amount', 'scope', 'EUR', '{"model":"per_unit","unit_price":"1"}', 'add'),
    ('USD cost fee', 'billed_cost', 'scope', 'USD', '{"model":"per_unit","unit_price":"1"}', 'add');
SELECT rule, currency, measured, amount FROM pg_temp.line WHERE rule LIKE '%fee';
DELETE FROM price_rule;
SELECT load_undo(max(load_id)) FROM load;

-- Zero, negative, missing and mixed.  A refund takes back; a total below zero is priced at the first tier, without its fee.
TRUNCATE usage;
INSERT INTO usage (payer, account, sku, unit, quantity, cost, starts) VALUES
    ('odd', 'g1', 'zero', 'GB', 0, 0, '2026-09-05 12:00Z'),
    ('odd', 'g1', 'refund', 'GB', 1500, 0, '2026-09-05 12:00Z'), ('odd', 'g1', 'refund', 'GB', -600, 0, '2026-09-06 12:00Z'),
    ('odd', 'g1', 'credit', 'GB', -40, 0, '2026-09-05 12:00Z'),
    ('odd', 'g1', 'cancels', 'GB', 7, 0, '2026-09-05 12:00Z'), ('odd', 'g1', 'cancels', 'GB', -7, 0, '2026-09-06 12:00Z'),
    ('odd', 'g1', 'none', NULL, NULL, -12.50, '2026-09-05 12:00Z'),
    ('odd', 'g1', 'mixed', 'GB', 1, 0, '2026-09-05 12:00Z'), ('odd', 'g1', 'mixed', 'TB', 1, 0, '2026-09-05 12:00Z'),
    ('odd', 'g1', 'partly', 'GB', 1, 0, '2026-09-05 12:00Z'), ('odd', 'g1', 'partly', NULL, 1, 0, '2026-09-05 12:00Z');
SELECT pg_temp.deliver('odd');
INSERT INTO price_rule (name, measure, per, currency, pricing) VALUES ('ladder', 'quantity', 'sku', 'EUR', '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10","flat_fee":"5"},{"unit_price":"0.08"}]}');
-- zero: 5; refund 900: 95; credit: -4; cancels: 5; none: no line, for it has no quantity; units only where there is one.
SELECT product, measured, amount, quantity, unit, n FROM pg_temp.line;
DELETE FROM price_rule;
INSERT INTO price_rule (name, measure, per, pricing) VALUES ('cost', 'billed_cost', 'scope', '{"model":"per_unit","unit_price":"1.1"}');
SELECT * FROM pg_temp.line;
-- A flat sum on a total of zero goes to the last of its charges: the fee on all of it is whole.
DELETE FROM price_rule;
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, effect) VALUES
    ('flat', product_ensure('AWS', 'Compute', 'cancels'), 'quantity', 'sku', 'EUR', '{"model":"flat","amount":"80"}', 'set'),
    ('fee', 1, 'amount', 'scope', NULL, '{"model":"percentage","rate":"10"}', 'add');
SELECT rule, measured, amount FROM pg_temp.line;
