-- 200 tag rules over all charges: how many charges each is about, and their cost.
-- Prints measurement, side and milliseconds.  Rules are matched with combinations
-- of dimensions; sums by combination come from roll-ups, which a load makes, or
-- from the charges themselves.
--
-- The baseline is what a user without dictionaries has: a table with the tags of
-- each charge as jsonb, and a join of charges and rules.  It holds nothing else,
-- so reading it takes less than it would with the columns of a real one.
\set ON_ERROR_STOP on
SET search_path = cloudbilling;
\ir compare.sql

-- Every single tag, and pairs of tags, as they occur; in the words of both sides.
CREATE TABLE tag_rule AS
WITH
found AS (
    SELECT jsonb_build_object(a.key, a.value) AS match FROM tag AS a
    UNION
    SELECT jsonb_build_object(a.key, a.value, b.key, b.value)
    FROM tag AS a
    JOIN tag AS b ON b.tag_set_id = a.tag_set_id AND b.key > a.key
)
SELECT
    row_number() OVER (ORDER BY f.match)::int AS rule_id,
    f.match,
    (SELECT jsonb_object_agg('tags.' || e.key, e.value) FROM jsonb_each(f.match) AS e)::selector AS selector
FROM found AS f
ORDER BY 1
LIMIT 200;

CREATE UNLOGGED TABLE charge_plain AS
SELECT t.tags, c.billed_cost AS cost
FROM charge AS c
JOIN charge_item AS i USING (item_id)
LEFT JOIN tag_set AS t USING (tag_set_id);

VACUUM ANALYZE tag_rule, charge_plain;

-- Which rules hold for which combinations of dimensions; then their charges.
CREATE VIEW tag_match AS
SELECT d.item_id, unnest(selector_match((SELECT selector_set(rule_id, selector) FROM tag_rule), d)) AS rule_id
FROM charge_dimension AS d;

SELECT
    'SELECT m.rule_id, sum(c.charges) AS charges, exact_sum(c.cost) AS cost
        FROM (SELECT item_id, count(*) AS charges, exact_sum(billed_cost) AS cost FROM charge GROUP BY item_id) AS c
        JOIN tag_match AS m USING (item_id)
        GROUP BY m.rule_id' AS from_charges,
    'SELECT m.rule_id, sum(c.charges) AS charges, exact_sum(c.billed_cost) AS cost
        FROM charge_monthly AS c
        JOIN tag_match AS m USING (item_id)
        WHERE c.time_zone_id = (SELECT min(time_zone_id) FROM time_zone)
        GROUP BY m.rule_id' AS from_rollups,
    'SELECT r.rule_id, count(*) AS charges, sum(c.cost) AS cost
        FROM charge_plain AS c
        JOIN tag_rule AS r ON c.tags @> r.match
        GROUP BY r.rule_id' AS from_plain,
    'SELECT r.rule_id, count(*) AS charges, sum(c.billed_cost) AS cost
        FROM charge AS c
        JOIN charge_item AS i USING (item_id)
        JOIN tag_set AS t USING (tag_set_id)
        JOIN tag_rule AS r ON t.tags @> r.match
        GROUP BY r.rule_id' AS from_tag_sets,
    'SELECT r.rule_id, sum(c.charges) AS charges, sum(c.cost) AS cost
        FROM (SELECT item_id, count(*) AS charges, sum(billed_cost) AS cost FROM charge GROUP BY item_id) AS c
        JOIN charge_item AS i USING (item_id)
        JOIN tag_set AS t USING (tag_set_id)
        JOIN tag_rule AS r ON t.tags @> r.match
        GROUP BY r.rule_id' AS from_sums
\gset

-- No figure without the same result.  The join takes so long that it is run once,
-- with its table in memory.
CREATE TEMPORARY TABLE answer (side text, rule_id int, charges numeric, cost numeric);
SELECT count(tags) FROM charge_plain \g /dev/null
SELECT pg_temp.elapsed('INSERT INTO answer SELECT ''charges'', * FROM (' || :'from_charges' || ') AS a'),
    pg_temp.elapsed('INSERT INTO answer SELECT ''roll-ups'', * FROM (' || :'from_rollups' || ') AS a'),
    pg_temp.elapsed('INSERT INTO answer SELECT ''tag sets'', * FROM (' || :'from_tag_sets' || ') AS a'),
    pg_temp.elapsed('INSERT INTO answer SELECT ''sums'', * FROM (' || :'from_sums' || ') AS a') \g /dev/null
SELECT pg_temp.elapsed('CREATE TEMPORARY TABLE plain AS ' || :'from_plain') AS plain \gset
INSERT INTO answer SELECT 'plain', * FROM plain;
DO $$
BEGIN
    IF (SELECT count(*) FROM plain) <> 200
        OR EXISTS (SELECT FROM answer GROUP BY rule_id, charges, trim_scale(cost) HAVING count(*) <> 5) THEN
        RAISE 'the ways to apply tag rules do not agree';
    END IF;
END
$$;
SELECT measurement, 'baseline', :plain
FROM (VALUES ('200 tag rules, from roll-ups'), ('200 tag rules, from charges')) AS m (measurement);

SELECT '200 tag rules, from charges', 'ours', pg_temp.elapsed(:'from_charges')
FROM generate_series(1, 5);

SELECT '200 tag rules, from roll-ups', 'ours', pg_temp.elapsed(:'from_rollups')
FROM generate_series(1, 5);

-- What else a user may do: an index, which is made before the clock starts; our
-- dictionaries with @>; and sums by combination first, as on our side.
CREATE INDEX ON charge_plain USING gin (tags jsonb_path_ops);
VACUUM ANALYZE charge_plain;
SELECT '200 tag rules, GIN index', 'ours', pg_temp.elapsed(:'from_charges')
FROM generate_series(1, 3);
SELECT '200 tag rules, GIN index', 'baseline', pg_temp.elapsed(:'from_plain')
FROM generate_series(1, 3);
SELECT * FROM pg_temp.compare('200 tag rules, dictionaries', :'from_charges', :'from_tag_sets');
SELECT * FROM pg_temp.compare('200 tag rules, dictionaries and sums', :'from_charges', :'from_sums');

-- The matching alone, with rules on any dimension: in one pass, and rule by rule.
SELECT * FROM pg_temp.compare('200 selectors on items', 'SELECT * FROM tag_match',
    'SELECT d.item_id, r.rule_id FROM charge_dimension AS d JOIN tag_rule AS r ON selector_matches(r.selector, d)');

DROP VIEW tag_match;
DROP TABLE tag_rule, charge_plain;
