-- Three months of resources with tags of their own, for measuring allocation: rows
-- charges, tag_sets resources, each with a set of tags that no other has.
-- Variables: rows, tag_sets.  A resource is metered by the day on some days in a row.
--
-- Nothing is random, as in generate.sql.
\set ON_ERROR_STOP on
SET search_path = cloudbilling;
SET client_min_messages = warning;
SET timezone = 'UTC';

CREATE FUNCTION pg_temp.hash(n bigint, seed int) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN hashint8extended(n, seed) & 1073741823;

INSERT INTO seller (name, country, time_zone) VALUES ('Bench', 'NL', 'UTC');
INSERT INTO customer (seller_id, number, name)
SELECT 1, format('C%s', to_char(no, 'FM000')), format('Customer %s', no) FROM generate_series(1, 200) AS no;
INSERT INTO ownership (customer_id, sub_account_id)
SELECT customer_id, format('account-%s', customer_id) FROM customer;

-- Nine of ten resources have a cost centre, spelt in several ways; all have a name.
CREATE TEMPORARY TABLE resource AS
SELECT
    no,
    1 + pg_temp.hash(no, 1) % 200 AS account_no,
    pg_temp.hash(no, 2) % 20 AS service_no,
    pg_temp.hash(no, 3) % (92 - 31) AS first_day,
    jsonb_strip_nulls(jsonb_build_object(
        'Name', format('res-%s', no),
        'cost_center', CASE WHEN pg_temp.hash(no, 4) % 10 > 0 THEN
            format((ARRAY['CC%s', 'cc%s', 'CC-%s'])[1 + pg_temp.hash(no, 5) % 3], 100 + pg_temp.hash(no, 6) % 150) END,
        'project', CASE WHEN pg_temp.hash(no, 7) % 4 > 0 THEN format('project-%s', pg_temp.hash(no, 8) % 2000) END,
        'team', CASE WHEN pg_temp.hash(no, 9) % 3 > 0 THEN format('team-%s', pg_temp.hash(no, 10) % 80) END,
        'environment', (ARRAY['prod', 'Production', 'test', 'dev'])[1 + pg_temp.hash(no, 11) % 4],
        'owner', format('user%s@example.com', pg_temp.hash(no, 12) % 5000)))::text AS tags
FROM generate_series(1, :tag_sets) AS no;

INSERT INTO landing
SELECT line
FROM (
    SELECT 0 AS day, 0 AS no, 'ProviderName,BillingAccountId,SubAccountId,ServiceName,SkuId,ResourceId,PricingUnit,PricingQuantity,'
        'BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,'
        'BillingPeriodStart,BillingPeriodEnd,Tags' AS line
    UNION ALL
    SELECT d.day, r.no, concat('AWS,payer,account-', r.account_no, ',Service ', r.service_no, ',sku-', r.service_no, ',res-', r.no, ',Hours,24,',
        c.cost, ',', c.cost, ',', c.cost * 1.2, ',', c.cost * 1.1, ',EUR,Usage,', d.starts, 'T00:00:00Z,', d.starts + 1, 'T00:00:00Z,',
        date_trunc('month', d.starts)::date, 'T00:00:00Z,', (date_trunc('month', d.starts) + interval '1 month')::date, 'T00:00:00Z,"',
        replace(r.tags, '"', '""'), '"')
    FROM resource AS r
    CROSS JOIN LATERAL generate_series(0, (:rows / :tag_sets) - 1 + CASE WHEN r.no <= :rows % :tag_sets THEN 1 ELSE 0 END) AS n
    CROSS JOIN LATERAL (SELECT (r.first_day + n)::int AS day, date '2026-01-01' + (r.first_day + n)::int AS starts) AS d
    CROSS JOIN LATERAL (SELECT (1 + pg_temp.hash(r.no * 100 + n, 13) % 100000) * 0.0001 AS cost) AS c
) AS l
ORDER BY day, no;

-- 500 rules of four dimensions.  Those on a project in an account come first; then
-- what the charge says itself, in whatever spelling; then the account.
INSERT INTO dimension (name) VALUES ('cost centre'), ('project'), ('team'), ('environment');
INSERT INTO allocation_lookup (lookup, spelling, value)
SELECT 'cost centres', format(s, n), format('CC%s', n)
FROM generate_series(100, 249) AS n, unnest(ARRAY['cc%s', 'cc-%s']) AS s;
INSERT INTO allocation_lookup (lookup, spelling, value)
VALUES ('environments', 'prod', 'production'), ('environments', 'production', 'production'), ('environments', 'test', 'test'), ('environments', 'dev', 'development');
INSERT INTO allocation_rule (dimension_id, position, selector, value)
SELECT dimension_key('cost centre'), n, format('{"account": "account-%s", "tags.project": "project-%s"}', 1 + n % 200, n)::selector, format('CC%s', 100 + n % 150)
FROM generate_series(1, 200) AS n;
INSERT INTO allocation_rule (dimension_id, position, selector, value)
SELECT dimension_key('cost centre'), 300 + n, format('{"service": "Service %s"}', n)::selector, 'platform'
FROM generate_series(1, 2) AS n;
INSERT INTO allocation_rule (dimension_id, position, keys, fold, lookup)
VALUES (dimension_key('cost centre'), 400, '{tags.cost_center}', 'lower', 'cost centres'),
    (dimension_key('environment'), 400, '{tags.environment}', 'lower', 'environments');
INSERT INTO allocation_rule (dimension_id, position, selector, value)
SELECT dimension_key('cost centre'), 500 + n, format('{"account": "account-%s"}', n)::selector, format('CC%s', 100 + n % 150)
FROM generate_series(1, 95) AS n;
INSERT INTO allocation_rule (dimension_id, position, selector, value)
SELECT dimension_key('project'), n, format('{"tags.project": {"prefix": "project-%s"}, "service": "Service %s"}', n, n % 20)::selector, format('programme-%s', n)
FROM generate_series(1, 99) AS n;
INSERT INTO allocation_rule (dimension_id, position, keys)
VALUES (dimension_key('project'), 200, '{tags.project}'), (dimension_key('team'), 200, '{tags.team,account_name,account}');
INSERT INTO allocation_rule (dimension_id, position, selector, value)
SELECT dimension_key('team'), n, format('{"tags.team": ["team-%s"], "tags.environment": {"not": "dev"}}', n)::selector, format('squad-%s', n % 20)
FROM generate_series(1, 60) AS n;
INSERT INTO allocation_rule (dimension_id, position, selector, value)
SELECT dimension_key('environment'), n, format('{"account": {"suffix": "-%s"}, "tags.environment": "test"}', n)::selector, 'acceptance'
FROM generate_series(1, 40) AS n;

-- The platform is shared.
INSERT INTO allocation_split (dimension_id, value, split_by) VALUES (dimension_key('cost centre'), 'platform', 'effective_cost');
ANALYZE;
