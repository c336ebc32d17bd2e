-- Allocating all costs by 500 rules of four dimensions.  Prints measurement, side and
-- milliseconds.  Comes after allocation_data.sql.
--
-- Ours is the view bi_allocation, all rows of it, summed by month, dimension and
-- value.  The baseline is the least that any way to do it must do with charges: sum
-- the same measures by what rules look at, the combination and the month.
\set ON_ERROR_STOP on
SET search_path = cloudbilling;
SET client_min_messages = warning;
SET timezone = 'UTC';
\ir compare.sql

\set ours 'SELECT month, dimension, value, currency, sum(charges), sum(quantity), sum(billed_cost), sum(effective_cost), sum(list_cost), sum(contracted_cost) FROM bi_allocation GROUP BY 1, 2, 3, 4'
\set bare 'SELECT item_id, date_trunc(''month'', charge_period_start), count(*), sum(pricing_quantity), sum(billed_cost), sum(coalesce(effective_cost, billed_cost)), sum(list_cost), sum(contracted_cost) FROM charge GROUP BY 1, 2'

SELECT * FROM pg_temp.compare('allocation of everything', :'ours', :'bare');
SELECT * FROM pg_temp.compare('allocation, scan without combinations', :'ours',
    'SELECT account_id, date_trunc(''month'', charge_period_start), count(*), sum(pricing_quantity), sum(billed_cost), sum(coalesce(effective_cost, billed_cost)), sum(list_cost), sum(contracted_cost) FROM charge GROUP BY 1, 2');

-- A rule that is about all history is changed, and what it makes is looked at.
CREATE FUNCTION pg_temp.rule_change(value text) RETURNS numeric
LANGUAGE plpgsql
AS $$
DECLARE
    started_at timestamptz := clock_timestamp();
BEGIN
    UPDATE allocation_rule AS r SET value = rule_change.value WHERE r.dimension_id = 1 AND r.selector = '{"service": "Service 2"}';
    EXECUTE 'SELECT month, dimension, value, currency, sum(charges), sum(quantity), sum(billed_cost), sum(effective_cost), sum(list_cost), sum(contracted_cost) FROM bi_allocation GROUP BY 1, 2, 3, 4';
    RETURN extract(epoch FROM clock_timestamp() - started_at) * 1000;
END
$$;
SELECT pg_temp.rule_change('platform 0') \g /dev/null
SELECT s.* FROM generate_series(1, 3) AS n
CROSS JOIN LATERAL (VALUES ('allocation, rule changed', 'ours', pg_temp.rule_change('platform ' || n)), ('allocation, rule changed', 'baseline', pg_temp.elapsed(:'bare'))) AS s;

-- The same in SQL, by somebody who keeps tags as jsonb and rules as a table: the
-- first rule of each dimension for each set of tags, then charges by these.  What is
-- shared is left as it is.
CREATE TABLE sql_rule AS
SELECT r.allocation_rule_id, r.dimension_id, r.position, r.value, substr(r.keys[1], 6) AS key, r.lookup, r.fold,
    r.selector::jsonb ->> 'account' AS account, r.selector::jsonb -> 'account' ->> 'suffix' AS account_suffix, r.selector::jsonb ->> 'service' AS service,
    r.selector::jsonb ->> 'tags.project' AS project, r.selector::jsonb -> 'tags.project' ->> 'prefix' AS project_prefix,
    r.selector::jsonb ->> 'tags.team' AS team, r.selector::jsonb -> 'tags.environment' ->> 'not' AS not_environment, r.selector::jsonb ->> 'tags.environment' AS environment
FROM allocation_rule AS r
WHERE r.keys IS NULL OR r.keys[1] LIKE 'tags.%';
UPDATE sql_rule SET account = NULL WHERE account_suffix IS NOT NULL;
UPDATE sql_rule SET project = NULL WHERE project_prefix IS NOT NULL;
UPDATE sql_rule SET environment = NULL WHERE not_environment IS NOT NULL;
CREATE TABLE sql_item AS
SELECT d.item_id, d.sub_account_id AS account, d.service_name AS service, d.tags FROM charge_dimension AS d;
VACUUM ANALYZE sql_rule, sql_item;
\set sql 'WITH value AS MATERIALIZED (SELECT DISTINCT ON (i.item_id, r.dimension_id) i.item_id, r.dimension_id, coalesce(r.value, l.value, CASE WHEN r.lookup IS NULL THEN i.tags ->> r.key END) AS value FROM sql_item AS i JOIN sql_rule AS r ON (r.account IS NULL OR r.account = i.account) AND (r.account_suffix IS NULL OR i.account LIKE ''%'' || r.account_suffix) AND (r.service IS NULL OR r.service = i.service) AND (r.project IS NULL OR r.project = i.tags ->> ''project'') AND (r.project_prefix IS NULL OR starts_with(i.tags ->> ''project'', r.project_prefix)) AND (r.team IS NULL OR r.team = i.tags ->> ''team'') AND (r.environment IS NULL OR r.environment = i.tags ->> ''environment'') AND (r.not_environment IS NULL OR r.not_environment <> i.tags ->> ''environment'') LEFT JOIN allocation_lookup AS l ON l.lookup = r.lookup AND l.spelling = lower(i.tags ->> r.key) WHERE coalesce(r.value, l.value, CASE WHEN r.lookup IS NULL THEN i.tags ->> r.key END) IS NOT NULL ORDER BY i.item_id, r.dimension_id, r.position) SELECT date_trunc(''month'', c.charge_period_start), d.dimension_id, v.value, count(*), sum(c.pricing_quantity), sum(c.billed_cost), sum(coalesce(c.effective_cost, c.billed_cost)), sum(c.list_cost), sum(c.contracted_cost) FROM charge AS c CROSS JOIN dimension AS d LEFT JOIN value AS v ON v.item_id = c.item_id AND v.dimension_id = d.dimension_id GROUP BY 1, 2, 3'

SELECT 'allocation, pure SQL', s.side, s.value
FROM (VALUES ('baseline', pg_temp.elapsed(:'sql')), ('ours', pg_temp.elapsed(:'ours'))) AS s (side, value);

-- The window function, in one process, on the same partitions: a month's roll-ups of
-- an account, split by cost.
SET max_parallel_workers_per_gather = 0;
CREATE TABLE rollup_of AS
SELECT account_id, charge_on, item_id, list_cost AS weight, 1234.56 AS amount FROM charge_monthly ORDER BY hashint4(item_id);
VACUUM ANALYZE rollup_of;
SELECT * FROM pg_temp.compare('allocate, window',
    'SELECT allocate(amount, weight, 2) OVER (PARTITION BY account_id, charge_on) FROM rollup_of',
    'SELECT sum(weight) OVER (PARTITION BY account_id, charge_on) FROM rollup_of');
SELECT * FROM pg_temp.compare('allocate, window, ordered',
    'SELECT allocate(amount, weight, 2) OVER (PARTITION BY account_id, charge_on ORDER BY item_id) FROM rollup_of',
    'SELECT sum(weight) OVER (PARTITION BY account_id, charge_on ORDER BY item_id) FROM rollup_of');
