-- Dimensions, allocation rules, splits, closed months: every cent has an owner.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, parent_id, number, name)
VALUES (1, NULL, 'K1', 'Group'), (1, 1, 'K2', 'Daughter'), (1, NULL, 'K3', 'Other');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a1'), (2, 'a2'), (3, 'a3');
INSERT INTO usage (account, service, sku, resource, quantity, cost, effective, list, contracted, starts, tags, category)
VALUES
    ('a1', 'Compute', 'vm', 'r1', 10, 100.00, 90.00, 120, 110, '2026-09-02 12:00Z', '{"cost_center": " CC-10 ", "team": "web"}', 'Usage'),
    ('a1', 'Compute', 'vm', 'r2', 5, 50.01, 45.01, 60, 55, '2026-09-03 12:00Z', '{"CostCenter": "cc10"}', 'Usage'),
    ('a1', 'Storage', 'disk', 'r1', 7, 30.00, 30.00, 35, 30, '2026-09-20 12:00Z', NULL, 'Usage'),
    ('a1', 'Network', 'gw', 'r3', 1, 10.00, 10.00, 10, 10, '2026-09-04 12:00Z', '{"cost_center": "marketing"}', 'Usage'),
    ('a1', 'Support', 'sup', NULL, NULL, 9.99, 9.99, NULL, NULL, '2026-09-01 12:00Z', NULL, 'Purchase'),
    ('a2', 'Compute', 'vm', 'r4', 4, 40.00, 40.00, 44, 42, '2026-09-05 12:00Z', '{"cost_center": "20"}', 'Usage'),
    ('a2', 'Support', 'sup', NULL, NULL, 1.00, 1.00, NULL, NULL, '2026-09-01 12:00Z', NULL, 'Purchase'),
    ('a3', 'Compute', 'vm', 'r5', 2, 20.00, 20.00, 22, 21, '2026-09-06 12:00Z', '{"team": "ops"}', 'Usage'),
    ('a9', 'Compute', 'vm', 'r9', 1, 5.00, 5.00, 5, 5, '2026-09-06 12:00Z', '{"cost_center": "CC-10"}', 'Usage'),
    ('a1', 'Compute', 'vm', 'r1', 1, -12.00, -12.00, NULL, NULL, '2026-10-06 12:00Z', '{"cost_center": "CC-10"}', 'Credit'),
    ('a1', 'Support', 'sup', NULL, NULL, 8.00, 8.00, NULL, NULL, '2026-10-01 12:00Z', NULL, 'Purchase');
SELECT pg_temp.deliver();
-- What a month, a dimension and its values cost.
CREATE TEMP VIEW by_value AS
SELECT to_char(month, 'YYYY-MM') AS month, coalesce(dimension_owner || ' ', '') || dimension AS dimension, customer_number AS customer, value, allocation, shared_from, status, currency, sum(charges) AS charges,
    sum(quantity) AS quantity, sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost
FROM bi_allocation
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
ORDER BY 1, 2, 3, 4, 5, 6, 7;

-- 1. A dimension without rules: all is unallocated, and nothing is missing.
INSERT INTO dimension (name) VALUES ('cost centre');
TABLE by_value;

-- 2. Tags in whatever spelling, through a list; then what accounts and resources say; then the rest.
\copy allocation_lookup (lookup, spelling, value) from stdin with (format csv)
centres,cc-10,CC10
centres,cc10,CC10
centres,20,CC20
\.
INSERT INTO allocation_rule (dimension_id, position, keys, fold, lookup)
VALUES (dimension_key('cost centre'), 10, '{tags.cost_center,tags.CostCenter}', 'lower', 'centres');
INSERT INTO allocation_rule (dimension_id, position, keys)
VALUES (dimension_key('cost centre'), 20, '{tags.cost_center}'), (dimension_key('cost centre'), 30, '{account.tags.centre}');
INSERT INTO account_tag (account_id, key, value) SELECT account_id, 'centre', 'CC30' FROM account WHERE sub_account_id = 'a3';
TABLE by_value;
-- of a resource, where its charges agree
INSERT INTO allocation_rule (dimension_id, position, keys, fold, lookup) VALUES (dimension_key('cost centre'), 40, '{resource.tags.cost_center}', 'lower', 'centres');
SELECT i.resource_id, d.service_name, a.value, r.position
FROM allocation_item AS a
JOIN charge_dimension AS d USING (item_id)
JOIN charge_item AS i USING (item_id)
LEFT JOIN allocation_rule AS r USING (allocation_rule_id)
WHERE i.resource_id = 'r1'
ORDER BY 1, 2, 4;

-- 3. Rules of a customer come first, of the nearest before all; days count.
INSERT INTO allocation_rule (dimension_id, customer_id, position, selector, value, valid_during)
VALUES (dimension_key('cost centre'), 2, 1, '{"service": "Compute"}', 'daughter', '[2026-09-01,2026-10-01)'),
    (dimension_key('cost centre'), 1, 1, '{"service": ["Compute", "Support"]}', 'group', '[2026-09-03,2026-09-05)');
SELECT customer, value, charges, billed_cost FROM by_value WHERE month = '2026-09';
DELETE FROM allocation_rule WHERE customer_id IS NOT NULL;

-- 4. Support is shared: in proportion to cost, each customer's over its own; by hand to the last digit.
INSERT INTO allocation_rule (dimension_id, position, selector, value) VALUES (dimension_key('cost centre'), 1, '{"service": "Support"}', 'support');
INSERT INTO allocation_split (dimension_id, value, split_by) VALUES (dimension_key('cost centre'), 'support', 'billed_cost');
SELECT month, customer, value, allocation, shared_from, charges, billed_cost FROM by_value;
SELECT value, billed_cost FROM bi_allocation WHERE customer_number = 'K1' AND shared_from IS NOT NULL AND month = '2026-09-01' ORDER BY value;
SELECT unnest(allocate(9.99, ARRAY[180.01, 10], 12));
-- October's only target has a credit, which is no weight: it stays with support
SELECT value, billed_cost FROM bi_allocation WHERE month = '2026-10-01' ORDER BY value;
UPDATE allocation_split SET zero_weights = 'even';
SELECT value, shared_from, billed_cost FROM bi_allocation WHERE month = '2026-10-01' ORDER BY value, shared_from;
UPDATE allocation_split SET zero_weights = 'error';
SELECT * FROM pg_temp.fails('SELECT count(*) FROM bi_allocation');
SET cloudbilling.period_last = '2026-09-01';
SELECT count(*) > 0 AS september_is_fine FROM bi_allocation;
RESET cloudbilling.period_last;
UPDATE allocation_split SET zero_weights = 'keep';

-- 5. Splits of splits: the platform's share of support goes on to the teams, with its own costs.
INSERT INTO allocation_rule (dimension_id, position, selector, value) VALUES (dimension_key('cost centre'), 2, '{"service": "Network"}', 'platform');
UPDATE allocation_split SET split_by = 'weights', weights = 'support';
\copy allocation_weight (weights, value, weight, valid_during) from stdin with (format csv)
support,platform,1,"[2026-09-01,2026-10-01)"
support,CC10,3,"(,)"
heads,CC10,30,"(,2026-10-01)"
heads,CC99,10,"(,2026-10-01)"
\.
INSERT INTO allocation_split (dimension_id, value, split_by, weights) VALUES (dimension_key('cost centre'), 'platform', 'weights', 'heads');
SELECT month, customer, value, allocation, shared_from, billed_cost FROM by_value WHERE customer = 'K1' OR shared_from IS NOT NULL;
SELECT sum(billed_cost), sum(effective_cost), sum(list_cost), sum(contracted_cost), sum(charges) FROM bi_allocation;
SELECT sum(billed_cost), sum(effective_cost), sum(list_cost), sum(contracted_cost), count(*) FROM focus;

-- 6. What goes over customers: the seller's own dimension by customer.
INSERT INTO dimension (name, across_customers) VALUES ('customer', true);
INSERT INTO allocation_rule (dimension_id, position, selector, value) VALUES (dimension_key('customer'), 1, '{"service": "Support"}', 'support');
INSERT INTO allocation_rule (dimension_id, position, keys) VALUES (dimension_key('customer'), 2, '{customer_name}');
INSERT INTO allocation_split (dimension_id, value, split_by, targets) VALUES (dimension_key('customer'), 'support', 'even', '{Group,Daughter,Other}');
SELECT value, shared_from, sum(billed_cost) FROM bi_allocation WHERE dimension = 'customer' AND month = '2026-09-01' GROUP BY 1, 2 ORDER BY 1, 2;
SET cloudbilling.customer_first = 1;
SET cloudbilling.customer_last = 1;
SELECT DISTINCT dimension FROM bi_allocation;
RESET cloudbilling.customer_first;
RESET cloudbilling.customer_last;

-- 7. A customer's own dimension is about what it and those below it have.
INSERT INTO dimension (name, customer_id) VALUES ('project', 1);
INSERT INTO allocation_rule (dimension_id, position, keys) VALUES (dimension_key('project', 'K1'), 1, '{tags.team,service}');
SELECT customer, value, billed_cost FROM by_value WHERE dimension = 'K1 project';

-- 8. Sales: the parts of each line are the line, ladders and fees too.
INSERT INTO price_rule (name, product_id, measure, per, pricing) VALUES ('Cost plus', 1, 'billed_cost', 'sku', '{"model": "per_unit", "unit_price": "1.1"}');
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing)
SELECT 'Ladder', product_id, 'quantity', 'scope', 'EUR', '{"model": "graduated", "tiers": [{"up_to": "8", "unit_price": "10"}, {"unit_price": "7.77"}]}'
FROM product WHERE code = 'Compute' AND kind = 'service';
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, effect) VALUES ('Managed', 1, 'amount', 'scope', 'EUR', '{"model": "flat", "amount": "100"}', 'add');
SELECT value, allocation, shared_from, description, due FROM bi_showback WHERE month = '2026-09-01' AND dimension = 'cost centre' AND customer_number = 'K1' ORDER BY description, value, shared_from;
SELECT s.dimension, s.month, s.customer_number, s.description, sum(s.due) = l.due AS whole, l.due
FROM bi_showback AS s
JOIN (SELECT c.number, r.period_start, r.description, sum(r.due) AS due FROM invoice_running AS r JOIN customer AS c USING (customer_id) GROUP BY 1, 2, 3) AS l ON l.number = s.customer_number AND l.period_start = s.month AND l.description = s.description
WHERE s.dimension = 'cost centre'
GROUP BY s.dimension, s.month, s.customer_number, s.description, l.due
ORDER BY 1, 2, 3, 4;
-- in proportion to what is sold
UPDATE allocation_split SET split_by = 'amount', weights = NULL WHERE value = 'support' AND dimension_id = dimension_key('cost centre');
SELECT value, billed_cost FROM by_value WHERE dimension = 'cost centre' AND customer = 'K1' AND shared_from = 'support' AND month = '2026-09';

-- 9. Retroactive, but for closed months; as it was at a moment.
SELECT clock_timestamp() AS before \gset
CREATE TEMP TABLE was AS SELECT * FROM bi_allocation WHERE dimension = 'cost centre' AND month = '2026-09-01';
CREATE TEMP TABLE showed AS SELECT * FROM bi_showback WHERE dimension = 'cost centre' AND month = '2026-09-01';
SELECT allocation_close('cost centre', '2026-09-01') > 0 AS closed;
UPDATE allocation_rule SET value = 'helpdesk' WHERE value = 'support' AND dimension_id = dimension_key('cost centre');
DELETE FROM allocation_lookup WHERE spelling = '20';
SELECT month, customer, value, shared_from, status, billed_cost FROM by_value WHERE dimension = 'cost centre' AND (month = '2026-10' OR customer IN ('K2')) ORDER BY 1, 2, 3, 4;
SELECT count(*) AS changed FROM (SELECT month, customer_number, value, shared_from, service, unit, quantity, billed_cost FROM was EXCEPT ALL SELECT month, customer_number, value, shared_from, service, unit, quantity, billed_cost FROM bi_allocation WHERE status = 'closed') AS d;
SELECT count(*) AS changed FROM (SELECT month, customer_number, value, shared_from, description, due FROM showed EXCEPT ALL SELECT month, customer_number, value, shared_from, description, due FROM bi_showback WHERE status = 'closed') AS d;
SET cloudbilling.as_of = :'before';
SELECT count(*) AS changed, min(status) AS status FROM (SELECT * FROM bi_allocation WHERE dimension = 'cost centre' AND month = '2026-09-01' EXCEPT ALL SELECT * FROM was) AS d;
RESET cloudbilling.as_of;
-- late: what the supplier restates comes beside it, with its own value
UPDATE usage SET cost = 41.00, tags = '{"cost_center": "CC-10"}' WHERE resource = 'r4';
INSERT INTO usage (account, cost, starts, tags) VALUES ('a1', 3.00, '2026-09-09 12:00Z', '{"cost_center": "late"}');
SELECT pg_temp.deliver();
SELECT customer, value, shared_from, status, billed_cost FROM by_value WHERE dimension = 'cost centre' AND month = '2026-09' AND status = 'late' AND billed_cost <> 0 AND (value = 'late' OR customer = 'K2');
SELECT sum(billed_cost), sum(charges) FROM bi_allocation WHERE dimension = 'cost centre' AND month = '2026-09-01';
SELECT sum(billed_cost), count(*) FROM focus WHERE charge_period_start < '2026-10-01';
SELECT (SELECT sum(due) FROM bi_showback WHERE dimension = 'cost centre') = (SELECT sum(due) FROM invoice_running) AS showback_is_whole;
SELECT allocation_reopen('cost centre', '2026-09-01');
SELECT DISTINCT status FROM bi_allocation;

-- 10. Ready examples: unused commitments go to who uses commitments; a cluster's cost to its namespaces.
INSERT INTO dimension (name) VALUES ('team');
INSERT INTO allocation_rule (dimension_id, position, selector, value) VALUES (dimension_key('team'), 1, '{"service": "Compute", "tags.team": {"exists": false}}', 'cluster');
INSERT INTO allocation_rule (dimension_id, position, keys) VALUES (dimension_key('team'), 2, '{tags.team}');
-- weights are parts of a capacity; what nobody uses is idle
INSERT INTO allocation_split (dimension_id, value, split_by, selector, rest_value, capacity) VALUES (dimension_key('team'), 'cluster', 'quantity', '{"tags.team": {"exists": true}}', 'idle', 40);
SELECT customer, value, shared_from, billed_cost FROM by_value WHERE dimension = 'team' AND month = '2026-09' AND customer = 'K1';
-- and what is idle is shared evenly in turn
INSERT INTO allocation_split (dimension_id, value, split_by, targets) VALUES (dimension_key('team'), 'idle', 'even', '{web,ops}');
SELECT customer, value, shared_from, billed_cost FROM by_value WHERE dimension = 'team' AND month = '2026-09' AND customer = 'K1';

-- 11. Errors.
SELECT * FROM pg_temp.fails($$SELECT dimension_key('colour')$$);
SELECT * FROM pg_temp.fails($$SELECT dimension_key('cost centre', 'K1')$$);
SELECT * FROM pg_temp.fails($$SELECT dimension_key('cost centre', 'K9')$$);
SELECT * FROM pg_temp.fails($$SELECT allocation_close('colour', '2026-09-01')$$);
SELECT * FROM pg_temp.fails($$SELECT allocation_close('cost centre', '2026-09-02')$$);
SELECT * FROM pg_temp.fails($$SELECT allocation_reopen('cost centre', '2026-09-01')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_rule (dimension_id, position, keys) VALUES (1, 99, '{tags.a,colour}')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO allocation_rule (dimension_id, position, keys) VALUES (1, 99, '{source}')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_rule (dimension_id, position, value) VALUES (1, 10, 'x')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_rule (dimension_id, position, value, valid_during) VALUES (1, 77, 'x', '(,2026-09-02)'), (1, 77, 'y', '[2026-09-01,)')$$);
INSERT INTO allocation_rule (dimension_id, position, value, valid_during) VALUES (1, 77, 'x', '(,2026-09-02)'), (1, 77, 'y', '[2026-09-02,)');
SELECT code, message FROM pg_temp.fails($$INSERT INTO allocation_rule (dimension_id, position, value, keys) VALUES (1, 98, 'x', '{tags.a}')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_rule (dimension_id, customer_id, position, value) VALUES (dimension_key('project', 'K1'), 3, 1, 'x')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_split (dimension_id, value, split_by) VALUES (1, 'platform', 'even')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_split (dimension_id, value, split_by, valid_during) VALUES (1, 'p', 'even', '[2026-09-02,)')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_split (dimension_id, customer_id, value, split_by) VALUES (dimension_key('customer'), 1, 'p', 'even')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_split (dimension_id, value, split_by, targets) VALUES (1, 'a', 'even', '{b}'), (1, 'b', 'even', '{c}'), (1, 'c', 'even', '{x,a}')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_split (dimension_id, value, split_by, targets) VALUES (1, 'a', 'even', '{a,b}')$$);
SELECT * FROM pg_temp.fails($$UPDATE allocation_split SET rest_value = 'cluster' WHERE value = 'cluster'$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_split (dimension_id, value, split_by, targets, excluded, rest_value) VALUES (1, 'a', 'billed_cost', '{b}', '{c}', 'c'), (1, 'c', 'even', '{a}', NULL, NULL)$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_weight VALUES ('heads', 'support', 1); UPDATE allocation_split SET split_by = 'weights', weights = 'heads' WHERE value = 'support' AND dimension_id = 1; INSERT INTO allocation_weight VALUES ('heads', 'platform', 1)$$);
-- in turns of a month, it is no circle
INSERT INTO allocation_split (dimension_id, value, split_by, targets, valid_during) VALUES (1, 'a', 'even', '{b}', '(,2026-09-01)'), (1, 'b', 'even', '{a}', '[2026-09-01,)');
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_weight VALUES ('w', 'CC10', -1)$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_weight VALUES ('w', 'CC10', 'NaN')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_weight VALUES ('w', 'CC10', 0), ('w', 'CC20', 0)$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_weight VALUES ('w', 'CC10', 1, '(,2026-09-01)'), ('w', 'CC20', 0, '(,)')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_weight VALUES ('w', 'CC10', 1, '(,2026-10-01)'), ('w', 'CC10', 2, '[2026-09-01,)')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO allocation_weight VALUES ('w', 'CC10', 1, '(,2026-10-02)')$$);
SELECT * FROM pg_temp.fails($$SELECT 'x'::allocation_rule_set$$);
SELECT * FROM pg_temp.fails($$SELECT 'x'::allocation_values$$);
SELECT * FROM pg_temp.fails($$SELECT 'x'::allocation_sums$$);

-- Sums keep values and numbers of any length, and give those of the dimensions asked for.
BEGIN;
INSERT INTO dimension (name) VALUES ('length');
INSERT INTO allocation_rule (dimension_id, position, selector, value)
VALUES (dimension_key('length'), 1, '{"service": "Compute"}', repeat('long', 50)), (dimension_key('length'), 2, '{"service": "Support"}', repeat('s', 127)),
    (dimension_key('length'), 3, '{"service": "Storage"}', repeat('t', 126));
CREATE TEMP VIEW packed AS
SELECT n.number, allocation_sums(a.found, '2026-09-01', 1, n.number, -n.number, NULL, 0, 0.5) AS sums
FROM allocation_matched AS a
CROSS JOIN (VALUES (10::numeric ^ 300 + 0.1)) AS n (number)
GROUP BY n.number;
SELECT length(s.value), s.charges, s.quantity = s.charges * p.number AS quantity, s.billed_cost = -s.quantity AS billed_cost, s.effective_cost, s.list_cost, s.contracted_cost
FROM packed AS p
CROSS JOIN LATERAL allocation_sums_each(p.sums, ARRAY[dimension_key('length')]) AS s
ORDER BY 1;
SELECT count(s) FILTER (WHERE s.dimension_id = dimension_key('length')) AS of_length, count(s) = split_part(p.sums::text, ' ', 1)::int AS all_of_them
FROM packed AS p
CROSS JOIN LATERAL allocation_sums_each(p.sums, ARRAY(SELECT d.dimension_id FROM dimension AS d)) AS s
GROUP BY p.sums::text;
SELECT count(*) FROM packed AS p CROSS JOIN LATERAL allocation_sums_each(p.sums, '{}') AS s;
ROLLBACK;
