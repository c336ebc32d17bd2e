SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
\pset null '-'

-- which rules hold for which charges: all of them, and the first by position

CREATE TABLE tag_rule (rule_id integer PRIMARY KEY, "position" integer, selector selector);
INSERT INTO tag_rule VALUES
    (11, 3, '{"provider":"AWS"}'),
    (12, 1, '{"provider":["AWS","Microsoft"],"tags.team":"web"}'),
    (13, 2, '{"provider":"AWS","tags.team":["web","data"],"region":{"prefix":"eu-"}}'),
    (14, 5, '{}'),
    (15, 4, '{"tags.team":{"exists":false}}'),
    (16, 6, '{"tags.a.b":"1.50","tags.billable":"true"}'),
    (17, 7, NULL);
CREATE TABLE charge_row (charge_id integer, provider_name text, region_id text, tags jsonb);
INSERT INTO charge_row VALUES
    (1, 'AWS', 'eu-west-1', '{"team":"web"}'),
    (2, 'AWS', 'us-east-1', '{"team":"data"}'),
    (3, 'Microsoft', NULL, '{"team":"web","a.b":1.50,"billable":true}'),
    (4, 'Google', 'eu-west4', NULL),
    (5, NULL, NULL, '{"team":null,"a":{"b":1.50},"billable":true}'),
    (6, 'AWS', 'eu-west-1', '["web"]');
SELECT c.charge_id, selector_match(s.set, c), selector_match_first(s.set, c)
FROM charge_row AS c, (SELECT selector_set(rule_id, selector ORDER BY "position") AS set FROM tag_rule) AS s
ORDER BY charge_id;

-- what a set is

SELECT selector_set(rule_id, selector) FROM tag_rule;
SELECT selector_set(rule_id, selector), selector_match(selector_set(rule_id, selector), ROW(1)) AS all_of_none,
       selector_match_first(selector_set(rule_id, selector), ROW(1)) AS first_of_none
FROM tag_rule WHERE false;
SELECT selector_match(NULL, c), selector_match(s.set, NULL::charge_row), selector_match_first(s.set, NULL::charge_row)
FROM charge_row AS c, (SELECT selector_set(1, '{}') AS set) AS s WHERE charge_id = 1;
-- an id may come more than once, and any number is good
SELECT selector_match(selector_set(id, '{}' ORDER BY id DESC), ROW(1)) FROM unnest('{7,-2147483648,7,2147483647,0}'::int[]) AS id;
-- one set for each group
SELECT rule_id % 2 AS odd, selector_match(selector_set(rule_id, selector ORDER BY rule_id), (SELECT c FROM charge_row AS c WHERE charge_id = 1))
FROM tag_rule GROUP BY 1 ORDER BY 1;
-- and as a window function, sets that grow
SELECT rule_id, selector_match(selector_set(rule_id, selector) OVER (ORDER BY rule_id), (SELECT c FROM charge_row AS c WHERE charge_id = 1))
FROM tag_rule ORDER BY rule_id;

CREATE FUNCTION pg_temp.refusal(command text)
RETURNS TABLE (state text, message text, detail text, hint text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE command;
    message := 'NOT REFUSED';
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END;
$$;
SELECT * FROM pg_temp.refusal($$ SELECT '7 selectors'::selector_set $$);
SELECT * FROM pg_temp.refusal($$ SELECT selector_set(NULL, '{}') $$);
SELECT * FROM pg_temp.refusal($$ SELECT selector_set(i, jsonb_build_object('region', repeat('x', 250000))::selector) FROM generate_series(1, 300) AS i $$);
-- a record without a needed column is refused, whichever selector needs it and whatever the others say
SELECT * FROM pg_temp.refusal($$ SELECT selector_match(s.set, c) FROM charge_row AS c,
    (SELECT selector_set(id, selector) AS set FROM (VALUES (1, '{"provider":"nobody","meter":"x"}'::selector), (2, '{}')) AS r (id, selector)) AS s $$);
SELECT * FROM pg_temp.refusal($$ SELECT selector_match_first(s.set, c) FROM charge_row AS c,
    (SELECT selector_set(id, selector ORDER BY id) AS set FROM (VALUES (1, '{}'::selector), (2, '{"sku":{"exists":false}}')) AS r (id, selector)) AS s $$);
SELECT * FROM pg_temp.refusal($$ SELECT selector_match(selector_set(1, '{"tags.x":"x"}'), r) FROM (VALUES (1)) AS r (a) GROUP BY r $$);
SELECT * FROM pg_temp.refusal($$ SELECT selector_match(selector_set(1, '{"tags.x":"x"}'), r) FROM (VALUES (text 'x')) AS r (tags) GROUP BY r $$);
SELECT * FROM pg_temp.refusal($$ SELECT selector_match(selector_set(1, '{"provider":"x"}'), 5) $$);

-- sets and types of records that change from call to call

SELECT c.charge_id, s.of, selector_match(s.set, c)
FROM charge_row AS c,
    (SELECT rule_id % 3 AS of, selector_set(rule_id, selector ORDER BY rule_id) AS set FROM tag_rule GROUP BY 1) AS s
WHERE charge_id <= 3 ORDER BY charge_id, of;
DO $$
DECLARE
    set selector_set := (SELECT selector_set(rule_id, selector ORDER BY rule_id) FROM tag_rule);
    c charge_row;
    other record;
    answers text;
BEGIN
    FOR i IN 1..3 LOOP
        SELECT * INTO c FROM charge_row WHERE charge_id = 1;
        SELECT tags, 'AWS'::varchar AS provider_name, 5 AS region_id INTO other FROM charge_row WHERE charge_id = i;
        answers := concat_ws(' ', answers, selector_match(set, c), selector_match(set, other));
        IF i = 1 THEN
            ALTER TABLE charge_row ADD COLUMN invoice_id bigint DEFAULT 5;
        END IF;
    END LOOP;
    RAISE NOTICE '%', answers;
END;
$$;

-- in parallel the same

CREATE TABLE many AS SELECT i AS charge_id, (ARRAY['AWS', 'Microsoft', 'Google'])[1 + i % 3] AS provider_name,
    CASE WHEN i % 7 > 0 THEN (ARRAY['eu-west-1', 'us-east-1'])[1 + i % 2] END AS region_id,
    jsonb_build_object('team', (ARRAY['web', 'data', 'home'])[1 + i % 5], 'a.b', '1.50', 'billable', i % 2 = 0) AS tags
FROM generate_series(1, 20000) AS i;
ANALYZE many;
CREATE VIEW totals AS
SELECT sum(cardinality(m.rules)) AS matched, sum(m.first) AS firsts, count(*) FILTER (WHERE m.rules = '{}') AS unmatched
FROM (SELECT selector_match((SELECT selector_set(rule_id, selector ORDER BY "position") FROM tag_rule WHERE rule_id <> 14), c) AS rules,
             selector_match_first((SELECT selector_set(rule_id, selector ORDER BY "position") FROM tag_rule WHERE rule_id <> 14), c) AS first
      FROM many AS c OFFSET 0) AS m;
SET max_parallel_workers_per_gather = 0;
SELECT * FROM totals;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
CREATE FUNCTION pg_temp.gathers(query text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    line text;
    found integer := 0;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        found := found + (line ~ 'Parallel Seq Scan on many')::integer;
    END LOOP;
    RETURN found;
END;
$$;
SELECT pg_temp.gathers('SELECT * FROM totals') AS parallel;
SELECT * FROM totals;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- many selectors, long lists, values that are found in several fields

SELECT count(*) AS charges,
       count(*) FILTER (WHERE m.rules = ARRAY[i % 5000, 5000 + i % 3000, 9000]) AS as_expected
FROM (SELECT selector_set(id, selector ORDER BY id) AS set
      FROM (SELECT i AS id, jsonb_build_object('provider', 'p', 'resource', 'r' || i)::selector AS selector FROM generate_series(0, 4999) AS i
            UNION ALL SELECT 5000 + i, jsonb_build_object('tags.t', 'r' || i, 'provider', 'p')::selector FROM generate_series(0, 2999) AS i
            UNION ALL SELECT 9000, jsonb_build_object('resource', (SELECT jsonb_agg('r' || i) FROM generate_series(0, 4999) AS i), 'provider', 'p')::selector) AS r) AS s,
     generate_series(0, 9999) AS i,
     LATERAL (SELECT 'p' AS provider_name, 'r' || i % 5000 AS resource_id, jsonb_build_object('t', 'r' || i % 3000) AS tags) AS c,
     LATERAL (SELECT selector_match(s.set, c) AS rules OFFSET 0) AS m;

-- against an oracle in plain SQL, written from docs/selector.md: random selectors of
-- all operators with random records

SELECT setseed(0.37);
CREATE FUNCTION pg_temp.pick(VARIADIC choices text[]) RETURNS text VOLATILE LANGUAGE sql AS $$
    SELECT choices[1 + floor(random() * cardinality(choices))::integer]
$$;
CREATE FUNCTION pg_temp.word() RETURNS text VOLATILE LANGUAGE sql AS $$
    SELECT pg_temp.pick('a', 'ab', 'abc', 'b', 'bc', '', 'é', 'éa', 'a%', '_', 'a_b', 'A', '1.50', '1.5', '7', '70', 'true', 'false', 'null', 'Usage', '[1]')
$$;
CREATE FUNCTION pg_temp.words() RETURNS jsonb VOLATILE LANGUAGE sql AS $$
    SELECT CASE WHEN random() < 0.5 THEN to_jsonb(pg_temp.word())
        ELSE (SELECT jsonb_agg(pg_temp.word()) FROM generate_series(1, 1 + floor(random() * 4)::integer)) END
$$;
-- without what is refused: an empty affix
CREATE FUNCTION pg_temp.affixes() RETURNS jsonb VOLATILE LANGUAGE sql AS $$
    SELECT CASE WHEN random() < 0.5 THEN to_jsonb(pg_temp.pick('a', 'b', 'ab', 'é', '1', '%', 'e'))
        ELSE (SELECT jsonb_agg(pg_temp.pick('a', 'b', 'ab', 'é', '7', '_', 'e')) FROM generate_series(1, 3)) END
$$;
CREATE FUNCTION pg_temp.patterns() RETURNS jsonb VOLATILE LANGUAGE sql AS $$
    SELECT CASE WHEN random() < 0.5 THEN to_jsonb(pg_temp.pick('a%', '%b', '_', '', '%', 'a\%', '%\_%', '_é%', '1._%'))
        ELSE jsonb_build_array(pg_temp.pick('a_%', '%e', '__', 'b'), pg_temp.pick('é_', '%c%', 'A')) END
$$;
CREATE FUNCTION pg_temp.condition() RETURNS jsonb VOLATILE LANGUAGE plpgsql AS $$
DECLARE
    operators jsonb := '{}';
BEGIN
    IF random() < 0.6 THEN
        RETURN pg_temp.words();
    END IF;
    FOR i IN 1..ceil(random() * 2)::integer LOOP
        operators := operators || CASE floor(random() * 5)::integer
            WHEN 0 THEN jsonb_build_object('prefix', pg_temp.affixes())
            WHEN 1 THEN jsonb_build_object('suffix', pg_temp.affixes())
            WHEN 2 THEN jsonb_build_object('like', pg_temp.patterns())
            WHEN 3 THEN jsonb_build_object('not', pg_temp.words())
            ELSE jsonb_build_object('exists', random() < 0.5) END;
    END LOOP;
    RETURN operators;
END;
$$;
-- the column or tag that a key means, from docs/selector.md
CREATE TEMP TABLE meaning (key text, field text);
INSERT INTO meaning VALUES
    ('provider', 'provider_name'), ('provider_name', 'provider_name'), ('service', 'service_name'), ('region', 'region_id'),
    ('region_id', 'region_id'), ('category', 'charge_category'), ('sku', 'sku_id'),
    ('tags.k', 'tag k'), ('tags.a.b', 'tag a.b'), ('tags.tags.k', 'tag tags.k'), ('tags.n', 'tag n');
CREATE TEMP TABLE random_selector AS
SELECT id, coalesce(jsonb_object_agg(key, pg_temp.condition()) FILTER (WHERE key IS NOT NULL), '{}') AS definition
FROM generate_series(1, 300) AS id
LEFT JOIN LATERAL (
    SELECT DISTINCT ON (field) key FROM meaning WHERE random() < 0.2 AND id > 0 ORDER BY field, random()
) AS k ON true
GROUP BY id;
CREATE TYPE kind AS ENUM ('Usage', 'Tax');
CREATE TABLE random_charge (
    charge_id integer,
    provider_name text,
    service_name varchar(40),
    region_id text,
    charge_category kind,
    sku_id integer,
    tags jsonb
);
INSERT INTO random_charge
SELECT i, CASE WHEN random() < 0.8 THEN pg_temp.word() END, CASE WHEN random() < 0.8 THEN pg_temp.word() END,
    CASE WHEN random() < 0.8 THEN pg_temp.word() END, pg_temp.pick('Usage', 'Tax', NULL)::kind, pg_temp.pick('7', '70', '1', NULL)::integer,
    CASE floor(random() * 10)::integer
        WHEN 0 THEN NULL
        WHEN 1 THEN pg_temp.pick('[]', '"k"', '5', '["k"]', 'null')::jsonb
        ELSE (SELECT coalesce(jsonb_object_agg(key, CASE floor(random() * 4)::integer
                    WHEN 0 THEN pg_temp.pick('1.50', '7', 'true', 'false', 'null', '[1]', '{"a": 1}')::jsonb
                    ELSE to_jsonb(pg_temp.word()) END), '{}')
              FROM unnest('{k,a.b,tags.k,n,other}'::text[]) AS key WHERE random() < 0.7 AND i > 0)
    END
FROM generate_series(1, 200) AS i;

CREATE TEMP TABLE field_value AS
SELECT charge_id, field, value
FROM random_charge AS c,
LATERAL (
    VALUES ('provider_name', provider_name), ('service_name', service_name), ('region_id', region_id),
        ('charge_category', charge_category::text), ('sku_id', sku_id::text),
        ('tag k', CASE jsonb_typeof(tags) WHEN 'object' THEN tags->>'k' END),
        ('tag a.b', CASE jsonb_typeof(tags) WHEN 'object' THEN tags->>'a.b' END),
        ('tag tags.k', CASE jsonb_typeof(tags) WHEN 'object' THEN tags->>'tags.k' END),
        ('tag n', CASE jsonb_typeof(tags) WHEN 'object' THEN tags->>'n' END)
) AS f (field, value);
-- one row for each operator; wanted is an array of strings, or of one boolean
CREATE TEMP TABLE wanted AS
SELECT s.id, m.field, coalesce(o.key, 'is') AS operator,
    ARRAY(SELECT jsonb_array_elements_text(CASE jsonb_typeof(w.value) WHEN 'array' THEN w.value ELSE jsonb_build_array(w.value) END)) AS "values"
FROM random_selector AS s
CROSS JOIN jsonb_each(s.definition) AS d
JOIN meaning AS m ON m.key = d.key
LEFT JOIN LATERAL jsonb_each(CASE jsonb_typeof(d.value) WHEN 'object' THEN d.value ELSE '{}' END) AS o ON true
CROSS JOIN LATERAL (SELECT coalesce(o.value, d.value) AS value) AS w;
CREATE TEMP TABLE expected AS
SELECT s.id, c.charge_id, coalesce(bool_and(CASE w.operator
        WHEN 'is' THEN f.value IS NOT NULL AND f.value = ANY (w.values)
        WHEN 'prefix' THEN EXISTS (SELECT FROM unnest(w.values) AS x WHERE left(f.value, length(x)) = x)
        WHEN 'suffix' THEN EXISTS (SELECT FROM unnest(w.values) AS x WHERE right(f.value, length(x)) = x)
        WHEN 'like' THEN f.value IS NOT NULL AND f.value LIKE ANY (w.values)
        WHEN 'not' THEN f.value IS NULL OR f.value <> ALL (w.values)
        WHEN 'exists' THEN (f.value IS NOT NULL) = w.values[1]::boolean
    END) FILTER (WHERE w.id IS NOT NULL), true) AS holds
FROM random_selector AS s
CROSS JOIN random_charge AS c
LEFT JOIN wanted AS w ON w.id = s.id
LEFT JOIN field_value AS f ON f.charge_id = c.charge_id AND f.field = w.field
GROUP BY s.id, c.charge_id;

CREATE INDEX ON expected (charge_id, id);
ANALYZE expected;

SELECT count(DISTINCT operator) AS operators, count(DISTINCT field) AS fields, min(count) >= 10 AS of_each_some
FROM (SELECT operator, field, count(*) OVER (PARTITION BY operator) FROM wanted) AS w;
SELECT count(*) AS pairs, count(*) FILTER (WHERE holds) BETWEEN 1000 AND 30000 AS some_hold,
    count(*) FILTER (WHERE holds IS DISTINCT FROM selector_matches(s.definition::selector, c)) AS differences_one_by_one
FROM expected AS e JOIN random_selector AS s USING (id) JOIN random_charge AS c USING (charge_id);

-- all in one set, and sets of 10 and of 2, in both orders
SELECT size, descending, count(*) AS matches,
    count(*) FILTER (WHERE all_found IS DISTINCT FROM all_expected) AS differences,
    count(*) FILTER (WHERE first_found IS DISTINCT FROM all_expected[1]) AS differences_of_first
FROM (
    SELECT size, descending, s.part, c.charge_id, selector_match(s.set, c) AS all_found, selector_match_first(s.set, c) AS first_found,
        (SELECT coalesce(array_agg(e.id ORDER BY e.id * CASE WHEN descending THEN -1 ELSE 1 END), '{}')
         FROM expected AS e WHERE e.charge_id = c.charge_id AND e.holds AND e.id BETWEEN s.part * size AND (s.part + 1) * size - 1) AS all_expected
    FROM (VALUES (1000, false), (1000, true), (10, false), (10, true), (2, false), (2, true)) AS v (size, descending)
    CROSS JOIN LATERAL (
        SELECT id / size AS part, selector_set(id, definition::selector ORDER BY id * CASE WHEN descending THEN -1 ELSE 1 END) AS set
        FROM random_selector GROUP BY 1
    ) AS s
    CROSS JOIN random_charge AS c
    WHERE size > 2 OR c.charge_id <= 20
) AS m
GROUP BY size, descending ORDER BY size DESC, descending;

DROP VIEW totals;
DROP TABLE tag_rule, charge_row, many, random_charge;
DROP TYPE kind;
