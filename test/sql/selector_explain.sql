SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\pset null '-'
-- Counts below are of this test's charges only.
DROP EXTENSION cloudbilling;
CREATE EXTENSION cloudbilling;

-- nothing is known yet
SELECT * FROM selector_explain('{"provider":"AWS"}');
SELECT * FROM selector_explain('{}');

-- two zones, so that every charge is in two roll-ups
INSERT INTO time_zone (name) VALUES ('Europe/Amsterdam'), ('America/New_York');
\copy cloudbilling.landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
ProviderName,BillingAccountId,SubAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,SkuId,RegionId,Tags,BillingCurrency,BilledCost
AWS,1,11,2026-01-01,2026-02-01,2026-01-10T00:00:00Z,2026-01-11T00:00:00Z,Usage,EC2,M6I,eu-west-1,"{""env"":""prod""}",EUR,9999
\.
\copy cloudbilling.landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
ProviderName,BillingAccountId,SubAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,SkuId,RegionId,Tags,BillingCurrency,BilledCost
AWS,1,11,2026-01-01,2026-02-01,2026-01-10T00:00:00Z,2026-01-11T00:00:00Z,Usage,EC2,M6I,eu-west-1,"{""env"":""prod""}",EUR,100
AWS,1,11,2026-01-01,2026-02-01,2026-01-11T00:00:00Z,2026-01-12T00:00:00Z,Usage,EC2,M6I,eu-west-1,"{""env"":""prod""}",EUR,20.5
AWS,1,11,2026-01-01,2026-02-01,2026-01-11T00:00:00Z,2026-01-12T00:00:00Z,Usage,EC2,M6I,eu-west-1,"{""env"":""dev""}",EUR,3
AWS,1,11,2026-01-01,2026-02-01,2026-01-11T00:00:00Z,2026-01-12T00:00:00Z,Usage,S3,STD,us-east-1,,EUR,7
AWS,1,12,2026-01-01,2026-02-01,2026-01-11T00:00:00Z,2026-01-12T00:00:00Z,Usage,S3,STD,eu-west-1,,USD,40
Azure,2,21,2026-01-01,2026-02-01,2026-01-11T00:00:00Z,2026-01-12T00:00:00Z,Usage,VM,D4,eu-north-1,,EUR,1000
\.
\copy cloudbilling.landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
ProviderName,BillingAccountId,SubAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,SkuId,RegionId,Tags,BillingCurrency,BilledCost
AWS,1,11,2026-02-01,2026-03-01,2026-02-10T00:00:00Z,2026-02-11T00:00:00Z,Usage,EC2,M6I,eu-west-1,"{""env"":""prod""}",EUR,0.25
\.

SELECT * FROM selector_explain('{"provider":"AWS","service":["EC2","S3"],"region":{"prefix":"eu-"},"tags.env":{"not":"dev"}}');
-- of some months
SELECT condition, key, currency, items, charges, billed_cost, of_billed_cost
FROM selector_explain('{"provider":"AWS","region":{"prefix":"eu-"}}', '[2026-02-01,2026-03-01)');
SELECT condition, key, currency, items, charges, billed_cost
FROM selector_explain('{"provider":"Azure"}', '[2026-02-01,)');
-- everything, and nothing
SELECT * FROM selector_explain('{}');
SELECT * FROM selector_explain('{"provider":"Oracle"}');
SELECT * FROM selector_explain(NULL);
-- each operator, in the order of the canonical form
SELECT condition, key, operator, wanted, specificity, items, excludes
FROM selector_explain('{"tags.z":"1","tags.a.b":["x","y"],"sku":{"exists":true},"region":{"prefix":["eu-","us-"],"suffix":"-1","like":"%","not":["a","b"]},"provider":{"exists":false}}')
WHERE currency = 'EUR';

-- what it says is what selector_matches says, one by one
WITH part (condition, selector) AS (
    VALUES (1, '{"provider":"AWS"}'::selector), (2, '{"region":{"like":"%-1"}}'), (3, '{"tags.env":{"exists":true}}'),
        (NULL, '{"provider":"AWS","region":{"like":"%-1"},"tags.env":{"exists":true}}')
)
SELECT p.condition, e.currency, e.items = d.items AS items, e.billed_cost = d.billed_cost AS billed_cost
FROM part AS p
JOIN selector_explain('{"provider":"AWS","region":{"like":"%-1"},"tags.env":{"exists":true}}') AS e ON e.condition IS NOT DISTINCT FROM p.condition
CROSS JOIN LATERAL (
    SELECT count(DISTINCT d.item_id), coalesce(sum(c.billed_cost), 0)
    FROM charge_dimension AS d
    LEFT JOIN (SELECT c.item_id, c.billed_cost FROM charge AS c JOIN load_scope_current USING (load_scope_id)) AS c USING (item_id)
    WHERE selector_matches(p.selector, d) AND d.billing_currency = e.currency
) AS d (items, billed_cost)
ORDER BY 1, 2;

-- the key of a column that combinations do not have
SELECT * FROM selector_explain('{"source":"focus"}');
