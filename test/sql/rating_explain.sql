-- Which of several shares takes the last digit hangs on keys, so shares are shown to 8 decimals.
-- Why: which rule, which steps, which charges; what is wrong with rules; what
-- other rules would make of it.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, parent_id, number, name) VALUES (1, NULL, 'G', 'Group'), (1, 1, 'S', 'Sub'), (1, NULL, 'O', 'Other');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'g'), (2, 's'), (3, 'o');
INSERT INTO usage (account, service, sku, resource, unit, quantity, cost, tags, starts) VALUES
    ('g', 'Backup',  'gb', 'r1', 'GB', 600, 10, NULL, '2026-08-05 12:00Z'), ('g', 'Backup', 'gb', 'r2', 'GB', 900, 20, NULL, '2026-08-06 12:00Z'),
    ('g', 'Compute', 'vm', 'v1', 'Hours', 3, 1, '{"team":"red"}', '2026-08-07 12:00Z'), ('g', 'Compute', 'vm', 'v2', 'Hours', 3, 1, NULL, '2026-08-07 12:00Z'),
    ('g', 'Compute', 'vm', 'v3', 'Hours', 3, 1, NULL, '2026-08-07 12:00Z'), ('s', 'Compute', 'vm', 'v4', 'Hours', 5, 2, NULL, '2026-08-08 12:00Z'),
    ('o', 'Compute', 'vm', 'v5', 'Hours', 7, 3, NULL, '2026-08-09 12:00Z');
SET cloudbilling.load_file = 'august.csv';
SELECT pg_temp.deliver();
SELECT product_ensure('AWS', 'Backup') AS backup, product_ensure('AWS', 'Compute') AS compute, product_ensure('AWS', 'Compute', 'vm') AS vm,
    product_ensure('AWS', 'Backup', 'gb') AS gb \gset
INSERT INTO price_rule (name, customer_id, product_id, selector, measure, per, currency, pricing, effect, position) VALUES
    ('backup', NULL, :backup, NULL, 'quantity', 'scope', 'EUR', '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10","flat_fee":"5"},{"unit_price":"0.08"}]}', 'set', 0),
    ('compute', NULL, :compute, NULL, 'billed_cost', 'sku', NULL, '{"model":"per_unit","unit_price":"1.111"}', 'set', 0),
    ('compute of Group', 1, :compute, NULL, 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0.333"}', 'set', 0),
    ('red', 1, :vm, '{"tags.team":"red"}', 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0.5"}', 'set', 1),
    ('discount', 1, 1, NULL, 'amount', 'scope', NULL, '{"model":"percentage","rate":"-7"}', 'adjust', 0),
    ('fee', NULL, 1, NULL, 'amount', 'scope', NULL, '{"model":"graduated_percentage","tiers":[{"up_to":"100","rate":"8"},{"rate":"5"}],"minimum":"2.50"}', 'add', 0),
    ('at least 20', NULL, 1, NULL, 'amount', 'scope', 'EUR', '{"model":"per_unit","unit_price":"1","minimum":"20"}', 'limit', 0);

-- Which rule prices a product, and why.
SELECT place, wins, name, effect, why FROM price_of(1, :vm, '2026-08-15');
SELECT place, wins, name, effect, why FROM price_of(2, :vm, '2026-08-15');
SELECT place, wins, name, effect, why FROM price_of(3, :gb, '2026-08-15');
SELECT count(*) FROM price_of(99, :gb);

-- The charges behind lines that run.
SELECT r.name, e.starts, e.sku_id, e.resource_id, e.quantity, e.unit, e.cost, round(e.amount, 8) AS amount, e.file_name, e.file_line_no
FROM rated_line AS l
JOIN price_rule AS r USING (price_rule_id)
CROSS JOIN LATERAL rated_line_explain(l) AS e
WHERE l.customer_id = 1
ORDER BY r.price_rule_id, e.starts, e.file_line_no;

-- A document: each line's steps, and each line's charges, add up to it.
SELECT invoice_finalise(1, 3, '2026-09-01');
CREATE VIEW pg_temp.adds_up AS
SELECT l.invoice_id, l.line_no, l.description, l.amount,
    trim_scale(l.amount - sum(e.amount) FILTER (WHERE e.part = 'step')) AS steps_miss,
    trim_scale(l.amount - sum(e.amount) FILTER (WHERE e.part = 'charge')) AS charges_miss,
    count(*) FILTER (WHERE e.part = 'charge') AS charges, bool_or(e.description LIKE '%changed since') AS changed
FROM invoice_line AS l
CROSS JOIN LATERAL invoice_line_explain(l) AS e
GROUP BY l.invoice_id, l.line_no;
SELECT * FROM pg_temp.adds_up ORDER BY 1, 2;
SELECT e.part, e.description, e.starts, e.resource_id, e.quantity, e.unit, e.unit_price, e.cost, e.margin, round(e.amount, 8) AS amount, e.file_name, e.file_line_no
FROM invoice_line AS l CROSS JOIN LATERAL invoice_line_explain(l) AS e
WHERE l.customer_id = 1 AND l.description = 'backup';
SELECT e.part, e.description, e.quantity, e.unit_price, e.cost, round(e.margin, 8) AS margin, round(e.amount, 8) AS amount
FROM invoice_line AS l CROSS JOIN LATERAL invoice_line_explain(l.invoice_id, l.line_no) AS e
WHERE l.customer_id = 1 AND l.description = 'fee';

-- A restated month: a correction is told by what the charges are now and were then.
UPDATE usage SET quantity = 800 WHERE resource = 'r1';
DELETE FROM usage WHERE resource = 'v3';
SET cloudbilling.load_file = 'august-restated.csv';
SELECT pg_temp.deliver();
SELECT invoice_finalise(1, 3, '2026-09-01');
SELECT * FROM pg_temp.adds_up ORDER BY 1, 2;
SELECT e.part, e.description, e.starts, e.resource_id, e.quantity, e.cost, round(e.amount, 8) AS amount, e.file_name, e.file_line_no
FROM invoice_line AS l CROSS JOIN LATERAL invoice_line_explain(l) AS e
WHERE l.customer_id = 1 AND l.description = 'backup' AND revision = 1;
-- What no charge tells any more is told, and all still adds up.
UPDATE ownership SET customer_id = 3 WHERE customer_id = 2;
SELECT * FROM pg_temp.adds_up WHERE changed ORDER BY 1, 2;
UPDATE ownership SET customer_id = 2 WHERE sub_account_id = 's';
SELECT count(*) FROM invoice_line_explain(1, 99);

-- What if compute cost 10 % more, and backup were free?  Nothing is stored.
CREATE TEMP TABLE other AS SELECT * FROM price_rule;
UPDATE other SET pricing = '{"model":"per_unit","unit_price":"1.2221"}' WHERE name = 'compute';
UPDATE other SET pricing = '{"model":"flat","amount":"0"}' WHERE name = 'backup';
SELECT * FROM what_if(ARRAY(SELECT o::text::price_rule FROM other AS o));
SELECT * FROM what_if(ARRAY(SELECT o::text::price_rule FROM other AS o), '2026-09-01');
SELECT sum(abs(difference)) AS as_they_are FROM what_if(ARRAY(SELECT r FROM price_rule AS r));
SELECT * FROM what_if('{}');
-- One rule of many, by PostgreSQL's own means.
SELECT customer, difference FROM what_if(ARRAY(SELECT CASE name WHEN 'fee' THEN jsonb_populate_record(r, '{"pricing":{"model":"flat","amount":"1"}}') ELSE r END FROM price_rule AS r));
-- Rules that are new, and change in the middle of a month.
SELECT r.name, l.price_rule_id, l.period_start, l.measured, l.amount
FROM what_if_line(ARRAY(
    SELECT jsonb_populate_record(NULL::price_rule, v) FROM (VALUES
        ('{"name":"first","measure":"quantity","currency":"EUR","pricing":{"model":"per_unit","unit_price":"1"},"valid_during":"(,2026-08-07)"}'::jsonb),
        ('{"name":"then","measure":"quantity","currency":"EUR","pricing":{"model":"per_unit","unit_price":"2"},"valid_during":"[2026-08-07,)"}')) AS v (v))) AS l
CROSS JOIN LATERAL (VALUES (-1, 'first'), (-2, 'then')) AS r (price_rule_id, name)
WHERE r.price_rule_id = l.price_rule_id
ORDER BY 2 DESC, 3, 4;
SELECT count(*) FROM price_rule WHERE price_rule_id < 0;
SHOW cloudbilling.price_rules;
SELECT code, message FROM pg_temp.fails($$SELECT * FROM what_if(ARRAY(SELECT jsonb_populate_record(r, '{"measure":"weight"}') FROM price_rule AS r))$$);
SELECT code, message FROM pg_temp.fails($$SELECT * FROM what_if(ARRAY(SELECT jsonb_populate_record(r, '{"effect":"include","included":5,"roll_over":2000000000}') FROM price_rule AS r))$$);
SELECT code, message FROM pg_temp.fails($$SELECT * FROM what_if(ARRAY(SELECT jsonb_populate_record(r, '{"effect":"set","measure":"amount"}') FROM price_rule AS r))$$);
SELECT code, message FROM pg_temp.fails($$SELECT * FROM what_if(ARRAY(SELECT jsonb_populate_record(r, '{"pricing":{"model":"free"}}') FROM price_rule AS r))$$);

-- What is wrong with rules, or may be.
INSERT INTO price_rule (name, customer_id, product_id, selector, measure, per, currency, pricing, effect, position, valid_during) VALUES
    ('nothing there', NULL, :vm, '{"region":"mars"}', 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"1"}', 'set', 0, '(,)'),
    ('too late', NULL, :vm, NULL, 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"1"}', 'set', 0, '[2030-01-01,)'),
    ('in dollars', NULL, 1, NULL, 'amount', 'scope', 'USD', '{"model":"percentage","rate":"1"}', 'add', 0, '(,)'),
    ('Sub in yen', 2, :vm, NULL, 'quantity', 'sku', 'JPY', '{"model":"per_unit","unit_price":"100"}', 'set', 0, '(,)'),
    ('Sub never', 2, :compute, NULL, 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"1"}', 'set', 0, '(,)'),
    ('tied', 1, :vm, '{"category":"Usage"}', 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0.5"}', 'set', 1, '(,)');
INSERT INTO price_rule (name, measure, per, currency, pricing, effect, bundle, included) VALUES
    ('b1', 'quantity', 'scope', 'EUR', '{"model":"flat","amount":"0"}', 'include', 'b', 1), ('b2', 'quantity', 'scope', 'EUR', '{"model":"flat","amount":"0"}', 'include', 'b', 2);
INSERT INTO price_rule (name, reseller_id, measure, pricing, effect) VALUES ('no reseller', 3, 'billed_cost', '{"model":"flat","amount":"0"}', 'add');
INSERT INTO price_rule (name, measure, pricing, effect, continues_id) SELECT 'continues', 'billed_cost', '{"model":"flat","amount":"0"}', 'add', min(price_rule_id) FROM price_rule;
INSERT INTO usage (payer, account, sku, quantity, cost, starts) VALUES ('more', 'o', NULL, NULL, 9, '2026-08-09 12:00Z'), ('more', 'g', 'vm', NULL, 4, '2026-08-09 12:00Z');
INSERT INTO usage (payer, account, service, sku, quantity, cost, starts) VALUES ('more', 'o', 'Mail', 'box', 1, 5, '2026-08-09 12:00Z');
SELECT pg_temp.deliver('more');
SELECT problem, b.name, c.number AS customer, p.code AS product, b.period_start, b.currency, charges, billed_cost, round(amount, 8) AS amount, regexp_replace(detail, '(\.\d{6})\d+', '\1') AS detail
FROM price_rule_problems AS b
LEFT JOIN customer AS c USING (customer_id)
LEFT JOIN product AS p USING (product_id)
ORDER BY 1, b.price_rule_id, 3, 4, 5;

-- Settings narrow what is looked at, never what is billed: nothing comes back for months that are not looked at.
DELETE FROM price_rule WHERE reseller_id IS NOT NULL OR continues_id IS NOT NULL OR effect = 'include' OR name IN ('Sub in yen', 'Sub never', 'tied', 'in dollars', 'nothing there', 'too late');
SELECT invoice_finalise(1, 3, '2026-09-01') >= 0 AS up_to_date;
SET cloudbilling.period_first = '2026-10-01';
SET cloudbilling.price_rules = '[]';
SET cloudbilling.grain = 'charge';
SELECT count(*) FROM invoice_running;
SELECT invoice_finalise(1, 3, '2026-09-01');
RESET cloudbilling.period_first;
SELECT count(*) > 0 AS all_would_come_back FROM invoice_running;
-- A rule that is new has its name on the running invoice.
SELECT set_config('cloudbilling.price_rules', what_if_setting(ARRAY[jsonb_populate_record(NULL::price_rule,
    '{"name":"as if","measure":"events","per":"scope","currency":"EUR","pricing":{"model":"flat","amount":"7"}}')]), false) <> '' AS set;
SELECT customer_id, description, due FROM invoice_running WHERE price_rule_id < 0 ORDER BY 1;
