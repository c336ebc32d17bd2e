-- The examples of docs/allocation.md, with the same statements.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'K1', 'Works'), (1, 'K2', 'Other');
INSERT INTO ownership (customer_id, sub_account_id)
VALUES (1, 'prod'), (1, 'staging'), (1, 'committed'), (1, 'k8s-1'), (2, 'other');
INSERT INTO usage (account, service, sku, resource, quantity, cost, starts, tags, category)
VALUES
    ('prod', 'Compute', 'vm', 'r1', 10, 300.00, '2026-09-02 12:00Z', '{"team": "web"}', 'Usage'),
    ('prod', 'Compute', 'vm', 'r2', 5, 200.00, '2026-09-03 12:00Z', '{"Team": " Data-Platform"}', 'Usage'),
    ('prod', 'Storage', 'disk', 'r1', 7, 50.00, '2026-09-20 12:00Z', NULL, 'Usage'),
    ('staging', 'Compute', 'vm', 'r4', 4, 40.00, '2026-09-05 12:00Z', NULL, 'Usage'),
    ('prod', 'Database', 'db', 'r5', 1, 60.00, '2026-09-04 12:00Z', NULL, 'Usage'),
    ('prod', 'Support', 'sup', NULL, NULL, 65.00, '2026-09-01 12:00Z', NULL, 'Purchase'),
    ('prod', 'Networking', 'gw', 'r6', 1, 90.00, '2026-09-04 12:00Z', NULL, 'Usage'),
    ('prod', 'Monitoring', 'mon', 'r7', 1, 80.00, '2026-09-04 12:00Z', NULL, 'Usage'),
    ('prod', 'Nodes', 'node', 'r8', 3, 500.00, '2026-09-04 12:00Z', '{"cluster": "k8s-1"}', 'Usage'),
    ('other', 'Compute', 'vm', 'r9', 1, 25.00, '2026-09-04 12:00Z', '{"team": "web"}', 'Usage'),
    ('other', 'Support', 'sup', NULL, NULL, 5.00, '2026-09-01 12:00Z', NULL, 'Purchase'),
    ('prod', 'Compute', 'vm', 'r1', 10, 310.00, '2026-10-02 12:00Z', '{"team": "web"}', 'Usage'),
    ('prod', 'Networking', 'gw', 'r6', 1, 90.00, '2026-10-04 12:00Z', NULL, 'Usage'),
    ('prod', 'Monitoring', 'mon', 'r7', 1, 80.00, '2026-10-04 12:00Z', NULL, 'Usage');
SELECT pg_temp.deliver();

-- Commitments: bought once, used by two teams, and not wholly.
\copy landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
ProviderName,BillingAccountId,SubAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,SkuId,BillingCurrency,BilledCost,EffectiveCost,CommitmentDiscountId,CommitmentDiscountStatus,Tags
AWS,payer-2,committed,2026-09-01,2026-10-01,2026-09-01T00:00:00Z,2026-10-01T00:00:00Z,Purchase,Compute,sp,EUR,225,0,sp-1,,
AWS,payer-2,committed,2026-09-01,2026-10-01,2026-09-10T00:00:00Z,2026-09-11T00:00:00Z,Usage,Compute,vm,EUR,0,120,sp-1,Used,"{""team"":""web""}"
AWS,payer-2,committed,2026-09-01,2026-10-01,2026-09-10T00:00:00Z,2026-09-11T00:00:00Z,Usage,Compute,vm,EUR,0,60,sp-1,Used,"{""Team"":""data""}"
AWS,payer-2,committed,2026-09-01,2026-10-01,2026-09-10T00:00:00Z,2026-09-11T00:00:00Z,Usage,Compute,sp,EUR,0,45,sp-1,Unused,
\.

-- What an analyst asks first.
CREATE TEMP VIEW by_team AS
SELECT value, allocation, shared_from, sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost
FROM bi_allocation
WHERE dimension = 'team' AND customer_number = 'K1' AND month = '2026-09-01'
GROUP BY 1, 2, 3
ORDER BY 1, 3 NULLS FIRST;

-- Rules.
INSERT INTO dimension (name) VALUES ('team');

\copy allocation_lookup (lookup, spelling, value) from stdin with (format csv)
teams,web,web
teams,data,data
teams,data-platform,data
\.

INSERT INTO allocation_rule (dimension_id, position, keys, fold, lookup)
VALUES (dimension_key('team'), 100, '{tags.team,tags.Team}', 'lower', 'teams');

INSERT INTO allocation_rule (dimension_id, position, keys)
VALUES
    (dimension_key('team'), 110, '{resource.tags.team}'),
    (dimension_key('team'), 120, '{account.tags.team}');

INSERT INTO account_tag (account_id, key, value)
SELECT account_id, 'team', 'quality' FROM account WHERE sub_account_id = 'staging';

TABLE by_team;

-- Which rule?
SELECT d.service_name, d.resource_id, d.tags, a.value, r.position
FROM allocation_item AS a
JOIN charge_dimension AS d USING (item_id)
JOIN dimension AS m ON m.dimension_id = a.dimension_id
LEFT JOIN allocation_rule AS r USING (allocation_rule_id)
WHERE m.name = 'team' AND d.sub_account_id IN ('prod', 'staging')
ORDER BY d.service_name, d.resource_id, r.position;

-- Support.
INSERT INTO allocation_rule (dimension_id, position, selector, value)
VALUES (dimension_key('team'), 10, '{"service": "Support"}', 'support');

INSERT INTO allocation_split (dimension_id, value, split_by)
VALUES (dimension_key('team'), 'support', 'billed_cost');

TABLE by_team;

-- Across customers.
INSERT INTO dimension (name, across_customers) VALUES ('support by customer', true);

INSERT INTO allocation_rule (dimension_id, position, selector, value)
VALUES (dimension_key('support by customer'), 1, '{"service": "Support"}', 'support');

INSERT INTO allocation_rule (dimension_id, position, keys)
VALUES (dimension_key('support by customer'), 2, '{customer}');

INSERT INTO allocation_split (dimension_id, value, split_by)
VALUES (dimension_key('support by customer'), 'support', 'billed_cost');

SELECT value, shared_from, sum(billed_cost) AS billed_cost
FROM bi_allocation
WHERE dimension = 'support by customer' AND month = '2026-09-01'
GROUP BY 1, 2
ORDER BY 1, 2 NULLS FIRST;

-- Unused commitments: to those who use commitments.
INSERT INTO allocation_rule (dimension_id, position, selector, value)
VALUES (dimension_key('team'), 20, '{"commitment_status": "Unused"}', 'unused commitments');

INSERT INTO allocation_split (dimension_id, value, split_by, selector)
VALUES (dimension_key('team'), 'unused commitments', 'effective_cost', '{"commitment_status": "Used"}');

SELECT value, shared_from, effective_cost FROM by_team WHERE shared_from = 'unused commitments';

-- Splits of splits.
INSERT INTO allocation_rule (dimension_id, position, selector, value)
VALUES
    (dimension_key('team'), 30, '{"service": "Monitoring"}', 'platform'),
    (dimension_key('team'), 40, '{"service": "Networking"}', 'network');

\copy allocation_weight (weights, value, weight) from stdin with (format csv)
platform,network,25
platform,web,50
platform,data,25
\.

\copy allocation_weight (weights, value, weight, valid_during) from stdin with (format csv)
heads,web,6,"(,2026-10-01)"
heads,web,9,"[2026-10-01,)"
heads,data,3,"(,)"
\.

INSERT INTO allocation_split (dimension_id, value, split_by, weights)
VALUES
    (dimension_key('team'), 'platform', 'weights', 'platform'),
    (dimension_key('team'), 'network', 'weights', 'heads');

SELECT month, value, shared_from, sum(billed_cost) AS billed_cost
FROM bi_allocation
WHERE dimension = 'team' AND customer_number = 'K1' AND shared_from IN ('platform', 'network')
GROUP BY 1, 2, 3
ORDER BY 1, 3, 2;

-- Kubernetes.
SET cloudbilling.load_account = 'k8s-1';
SET cloudbilling.load_currency = 'EUR';
\copy landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
Date,Namespace,ControllerKind,ControllerName,Pod,Container,CPUCost,RAMCost,TotalCost,Labels
2026-09-04,shop,deployment,web,web-1,nginx,100,20,120,"{""team"":""web""}"
2026-09-04,shop,deployment,cart,cart-1,cart,60,20,80,"{""team"":""web""}"
2026-09-04,etl,job,nightly,nightly-1,spark,40,10,50,"{""team"":""data""}"
2026-09-04,kube-system,daemonset,proxy,proxy-1,proxy,20,5,25,
2026-09-04,__idle__,,,,,100,25,125,
\.
RESET cloudbilling.load_account;
RESET cloudbilling.load_currency;

INSERT INTO dimension (name) VALUES ('namespace');

INSERT INTO allocation_rule (dimension_id, position, selector, keys)
VALUES (dimension_key('namespace'), 10, '{"provider": "OpenCost"}', '{tags.namespace}');

INSERT INTO allocation_rule (dimension_id, position, selector, value)
VALUES (dimension_key('namespace'), 20, '{"tags.cluster": "k8s-1"}', 'cluster k8s-1');

CREATE TEMP VIEW by_namespace AS
SELECT value, shared_from, sum(billed_cost) AS billed_cost, sum(sum(billed_cost)) OVER () AS bill
FROM bi_allocation
WHERE dimension = 'namespace' AND customer_number = 'K1' AND month = '2026-09-01' AND shared_from IS NOT NULL
GROUP BY 1, 2
ORDER BY 1;

-- a. Idle in proportion: OpenCost's own row of it is no target.
INSERT INTO allocation_split (dimension_id, value, split_by, selector, excluded)
VALUES (dimension_key('namespace'), 'cluster k8s-1', 'quantity', '{"provider": "OpenCost", "account": "k8s-1"}', '{__idle__}');

TABLE by_namespace;

-- b. Idle kept visible: weights are parts of the bill, what is left is idle.
UPDATE allocation_split SET rest_value = 'idle'
WHERE dimension_id = dimension_key('namespace') AND value = 'cluster k8s-1';

TABLE by_namespace;

-- or parts of what the nodes could have done, in OpenCost's cost
UPDATE allocation_split SET capacity = 400
WHERE dimension_id = dimension_key('namespace') AND value = 'cluster k8s-1';

TABLE by_namespace;

-- c. Idle to one team.
UPDATE allocation_split SET rest_value = 'kube-system'
WHERE dimension_id = dimension_key('namespace') AND value = 'cluster k8s-1';

TABLE by_namespace;

-- d. Idle shared evenly.
UPDATE allocation_split SET rest_value = 'idle'
WHERE dimension_id = dimension_key('namespace') AND value = 'cluster k8s-1';

INSERT INTO allocation_split (dimension_id, value, split_by, targets)
VALUES (dimension_key('namespace'), 'idle', 'even', '{shop,etl}');

TABLE by_namespace;

-- By a label: the same cluster in the dimension team.
INSERT INTO allocation_rule (dimension_id, position, selector, value)
VALUES
    (dimension_key('team'), 50, '{"tags.cluster": "k8s-1"}', 'cluster k8s-1'),
    (dimension_key('team'), 130, '{"provider": "OpenCost", "tags.namespace": "kube-system"}', 'platform');

INSERT INTO allocation_split (dimension_id, value, split_by, selector, targets)
VALUES (dimension_key('team'), 'cluster k8s-1', 'quantity', '{"provider": "OpenCost", "account": "k8s-1"}', '{web,data,platform}');

SELECT value, shared_from, billed_cost FROM by_team WHERE shared_from LIKE 'cluster%';

-- Everything adds up.
SELECT d.dimension, d.billed_cost = f.billed_cost AND d.effective_cost = f.effective_cost AS whole, f.billed_cost, f.effective_cost
FROM (SELECT dimension, sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost FROM bi_allocation GROUP BY 1) AS d
CROSS JOIN (SELECT sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost FROM focus) AS f
ORDER BY 1;

-- How much has an owner?
SELECT month, currency,
    round(100 * sum(billed_cost) FILTER (WHERE allocation = 'direct') / sum(billed_cost), 1) AS direct,
    round(100 * sum(billed_cost) FILTER (WHERE allocation = 'shared') / sum(billed_cost), 1) AS shared,
    round(100 * coalesce(sum(billed_cost) FILTER (WHERE allocation = 'unallocated'), 0) / sum(billed_cost), 1) AS unallocated
FROM bi_allocation
WHERE dimension = 'team'
GROUP BY 1, 2
ORDER BY 1, 2;

-- Sales.
INSERT INTO price_rule (name, product_id, measure, per, pricing)
VALUES ('Cost plus 10 %', 1, 'billed_cost', 'sku', '{"model": "per_unit", "unit_price": "1.10"}');

SELECT value, allocation, sum(due) AS due
FROM bi_showback
WHERE dimension = 'team' AND customer_number = 'K1' AND month = '2026-09-01'
GROUP BY 1, 2
ORDER BY 1, 2;

SELECT (SELECT sum(due) FROM bi_showback WHERE dimension = 'team') AS allocated, (SELECT sum(due) FROM invoice_running) AS due;

-- A closed month.
SELECT clock_timestamp() AS before \gset
SELECT allocation_close('team', '2026-09-01');

UPDATE allocation_lookup SET value = 'analytics' WHERE lookup = 'teams' AND value = 'data';
UPDATE usage SET cost = 330.00 WHERE resource = 'r1' AND cost = 300.00;
SELECT pg_temp.deliver();

CREATE TEMP VIEW by_status AS
SELECT value, status, sum(billed_cost) AS billed_cost
FROM bi_allocation
WHERE dimension = 'team' AND customer_number = 'K1' AND month = '2026-09-01' AND service = 'Compute' AND allocation = 'direct'
GROUP BY 1, 2
ORDER BY 1, 2;

TABLE by_status;

SET cloudbilling.as_of = :'before';
TABLE by_status;
RESET cloudbilling.as_of;

SELECT allocation_reopen('team', '2026-09-01');
TABLE by_status;

-- What a definition was.
SELECT relation, definition ->> 'spelling' AS spelling, definition ->> 'value' AS value FROM history WHERE relation = 'allocation_lookup' AND operation <> 'insert' ORDER BY 2;
