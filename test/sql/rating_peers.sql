-- What other billing engines can express and a price alone cannot: the examples
-- of docs/pricing.md, "With price rules".  Each figure is computed by hand.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'A', 'Alpha');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a');
CREATE VIEW pg_temp.line AS
SELECT r.name AS rule, trim_scale(l.measured) AS measured, trim_scale(l.amount) AS amount
FROM rated_line AS l
JOIN price_rule AS r USING (price_rule_id)
ORDER BY effect_order(r.effect), r.price_rule_id, l.product_id;
SELECT product_ensure('AWS', 'Shop') AS shop, product_ensure('AWS', 'Shop', 'p') AS p, product_ensure('AWS', 'Shop', 'q') AS q,
    product_ensure('AWS', 'Phone') AS phone, product_ensure('AWS', 'Phone', 'voice') AS voice, product_ensure('AWS', 'Phone', 'sms') AS sms,
    product_ensure('AWS', 'Pay', 'transaction') AS pay, product_ensure('AWS', 'Seats', 'seat') AS seat,
    product_ensure('AWS', 'Capacity') AS capacity, product_ensure('AWS', 'Capacity', 'cpu') AS cpu, product_ensure('AWS', 'Capacity', 'members') AS members \gset

INSERT INTO usage (account, service, sku, resource, quantity, cost, starts) VALUES
    ('a', 'Shop', 'p', NULL, 10, 50, '2026-09-05 00:00Z'), ('a', 'Shop', 'q', NULL, 15, 80, '2026-09-06 00:00Z'),
    ('a', 'Phone', 'sms', NULL, 300, 3, '2026-09-05 00:00Z'), ('a', 'Phone', 'voice', NULL, 320, 8, '2026-09-05 00:00Z'),
    ('a', 'Pay', 'transaction', NULL, 1, 50, '2026-09-05 00:00Z'), ('a', 'Pay', 'transaction', NULL, 1, 300, '2026-09-06 00:00Z'),
    ('a', 'Pay', 'transaction', NULL, 1, 900, '2026-09-07 00:00Z'),
    ('a', 'Capacity', 'cpu', 'c', 8, 0, '2026-09-05 00:00Z'), ('a', 'Capacity', 'cpu', 'c', 11, 0, '2026-09-06 00:00Z'),
    ('a', 'Capacity', 'members', 'm', 3, 0, '2026-09-06 00:00Z');
-- Seats: ten for all 720 hours of September, and five for the last half of it, hour by hour.
INSERT INTO usage (account, service, sku, resource, quantity, starts)
SELECT 'a', 'Seats', 'seat', 's1', 10, '2026-09-01'::timestamp AT TIME ZONE 'Europe/Amsterdam' + h * interval '1 hour' FROM generate_series(0, 719) AS h
UNION ALL
SELECT 'a', 'Seats', 'seat', 's2', 5, '2026-09-16'::timestamp AT TIME ZONE 'Europe/Amsterdam' + h * interval '1 hour' FROM generate_series(0, 359) AS h;
SELECT pg_temp.deliver();

-- CloudBilling, Price and AdjustPercentage on results so far: 10 and 15 at 10 are 100 and 150, less 10 and 15, 225 in all.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, effect) VALUES
    ('Price', :shop, 'quantity', 'sku', 'EUR', per_unit(10), 'set'), ('AdjustPercentage', :shop, 'amount', 'sku', NULL, percentage(-10), 'adjust');
SELECT * FROM pg_temp.line;
SELECT sum(amount) FROM pg_temp.line;
-- AdjustFixed: 25 off the bill of 250.
DELETE FROM price_rule WHERE effect = 'adjust';
INSERT INTO price_rule (name, customer_id, measure, per, pricing, effect) VALUES ('AdjustFixed', 1, 'amount', 'scope', flat(-25), 'adjust');
SELECT rule, amount FROM pg_temp.line;
-- Sum, then AdjustPercentage: 8 % up to 10,000 on what others cost, 20; at least 250.
DELETE FROM price_rule WHERE effect = 'adjust';
INSERT INTO price_rule (name, measure, per, pricing, effect) VALUES
    ('fee', 'amount', 'scope', graduated_percentage(ARRAY[tier(10000, 8), tier(NULL, 5)]), 'add'),
    ('fee, at least 250', 'amount', 'scope', pricing_with(graduated_percentage(ARRAY[tier(10000, 8), tier(NULL, 5)]), minimum => 250), 'add');
SELECT * FROM pg_temp.line WHERE rule LIKE 'fee%';
-- MinPrice, MaxPrice of the total; Lago's minimum commitment; OpenMeter's minimum and maximum spend: 250 is raised to 1000.
DELETE FROM price_rule WHERE effect = 'add';
INSERT INTO price_rule (name, customer_id, measure, per, pricing, effect) VALUES ('at least 1000, at most 5000', 1, 'amount', 'scope', pricing_with(per_unit(1), minimum => 1000, maximum => 5000), 'limit');
SELECT * FROM pg_temp.line WHERE rule LIKE 'at least%';
DELETE FROM price_rule;
-- Sum, then Ladder, over several products: 20 x 10 + 5 x 8 = 240.  GroupPrice: 25 x 8 = 200.
INSERT INTO price_rule (name, product_id, selector, measure, per, currency, pricing) VALUES
    ('Sum, Ladder', :shop, '{"sku":["p","q"]}', 'quantity', 'scope', 'EUR', graduated(ARRAY[tier(20, 10), tier(NULL, 8)]));
SELECT * FROM pg_temp.line;
DELETE FROM price_rule;
INSERT INTO price_rule (name, product_id, selector, measure, per, currency, pricing) VALUES
    ('GroupPrice', :shop, '{"sku":["p","q"]}', 'quantity', 'scope', 'EUR', volume(ARRAY[tier(20, 10), tier(NULL, 8)]));
SELECT * FROM pg_temp.line;
DELETE FROM price_rule;

-- Bundle of several products, 500 together: 620 less 500 at 0.10 = 12.  For 25 a month: 25 + 12 = 37.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing) VALUES ('Bundle', :phone, 'quantity', 'scope', 'EUR', pricing_with(per_unit(0.10), free_units => 500));
SELECT * FROM pg_temp.line;
DELETE FROM price_rule;
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing) VALUES ('Bundle for 25', :phone, 'quantity', 'scope', 'EUR', graduated(ARRAY[tier(500, 0, 25), tier(NULL, 0.10)]));
SELECT * FROM pg_temp.line;
DELETE FROM price_rule;
-- Two bundles, the more important one first, and prices of each product outside: 100 SMS in the SMS bundle, 200 in the other, which has 50 left
-- for voice: 270 minutes at 0.05 = 13.50.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, effect, position, bundle, included) VALUES
    ('SMS only', :sms, 'quantity', 'scope', 'EUR', per_unit(0), 'include', 1, 'SMS', 100),
    ('both: SMS', :sms, 'quantity', 'scope', 'EUR', per_unit(0), 'include', 2, 'both', 250), ('both: voice', :voice, 'quantity', 'scope', 'EUR', per_unit(0), 'include', 3, 'both', 250);
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing) VALUES
    ('SMS', :sms, 'quantity', 'scope', 'EUR', per_unit(0.10)), ('voice', :voice, 'quantity', 'scope', 'EUR', per_unit(0.05));
SELECT * FROM pg_temp.line;
DELETE FROM price_rule;

-- Lago percentage, per transaction: 1 % of 50, 300 and 900, at least 1 and at most 5 each: 1 + 3 + 5 = 9.
INSERT INTO price_rule (name, product_id, measure, per, pricing) VALUES ('per transaction', :pay, 'billed_cost', 'charge', percentage(1, minimum_per_event => 1, maximum_per_event => 5));
SELECT * FROM pg_temp.line;
DELETE FROM price_rule;
-- Dynamic: the amount comes with the event, 1250; with a multiplier 1500.
INSERT INTO price_rule (name, product_id, measure, per, pricing) VALUES ('dynamic', :pay, 'billed_cost', 'sku', per_unit(1));
SELECT * FROM pg_temp.line;
DELETE FROM price_rule;
INSERT INTO price_rule (name, product_id, measure, per, pricing) VALUES ('dynamic x 1.2', :pay, 'billed_cost', 'sku', per_unit(1.2));
SELECT * FROM pg_temp.line;
DELETE FROM price_rule;
-- Lago prorated graduated: ten seats and half of five are 12.5: 10 x 5 + 2.5 x 4 = 60.  Unique count: 2 x 3; latest 15 x 3; max 15 x 3.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing) VALUES ('prorated', :seat, 'weighted', 'scope', 'EUR', graduated(ARRAY[tier(10, 5), tier(NULL, 4)]));
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, effect) VALUES
    ('unique', :seat, 'resources', 'scope', 'EUR', per_unit(3), 'add'), ('latest', :seat, 'latest', 'scope', 'EUR', per_unit(3), 'add'), ('max', :seat, 'peak', 'scope', 'EUR', per_unit(3), 'add');
SELECT * FROM pg_temp.line;
DELETE FROM price_rule;

-- Kill Bill capacity: the peak of 11 is in the second tier, 200.  Over several units the one that needs the dearest tier decides: members alone
-- would cost 50, together 250, so 50 is taken off.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing) VALUES
    ('cpu', :cpu, 'peak', 'scope', 'EUR', volume(ARRAY[tier(10, 0, 50), tier(100, 0, 200), tier(NULL, 0, 500)]));
SELECT * FROM pg_temp.line;
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing) VALUES
    ('members', :members, 'peak', 'scope', 'EUR', volume(ARRAY[tier(5, 0, 50), tier(50, 0, 200), tier(NULL, 0, 500)]));
INSERT INTO price_rule (name, product_id, measure, per, pricing, effect) VALUES ('the dearest counts', :capacity, 'dearest', 'scope', per_unit(1), 'limit');
SELECT * FROM pg_temp.line;
SELECT sum(amount) FROM pg_temp.line;
