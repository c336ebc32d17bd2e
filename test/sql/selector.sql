SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
\pset null '-'

-- input, and the canonical output: keys in their order, lists sorted, columns by their short name

CREATE TABLE chosen (id integer PRIMARY KEY, selector selector);
INSERT INTO chosen VALUES
    (1, '{}'),
    (2, '{"provider":"AWS"}'),
    (3, '{"service":["Amazon RDS","Amazon EC2","Amazon RDS"],"provider":["AWS"]}'),
    (4, '{"tags.project":{"exists":true},"tags.environment":{"not":"dev"},"region":{"prefix":"eu-"},"service":["Amazon EC2","Amazon RDS"],"provider":"AWS"}'),
    (5, '{"region":{"not":["eu-west-1"],"exists":true,"like":"eu-%","suffix":"-1","prefix":"eu"}}'),
    (6, '{"tags.a.b \"c\"é":"x","tags.A":"","sub_account_id":"1"}'),
    (7, '{"provider":{"exists":false}}'),
    (8, '{"region":{"prefix":["us-","eu-","us-"],"suffix":["-1"],"like":["%-%","%"]}}');
SELECT id, selector, selector_specificity(selector) FROM chosen ORDER BY id;

-- every key, and the column that it stands for
SELECT format('{%s}', string_agg(format('"%s":"x"', key), ',' ORDER BY key))::selector
FROM unnest('{provider,publisher,issuer,billing_account,account,customer_ref,service,service_category,sku,meter,category,class,frequency,description,pricing_category,region,zone,resource,resource_name,resource_type,commitment,commitment_type,commitment_status,unit,source}'::text[]) AS key;
SELECT format('{%s}', string_agg(format('"%s":"x"', key), ',' ORDER BY key))::selector
FROM unnest('{provider_name,publisher_name,invoice_issuer_name,billing_account_id,sub_account_id,source_customer_id,service_name,service_category,sku_id,sku_meter,charge_category,charge_class,charge_frequency,charge_description,pricing_category,region_id,availability_zone,resource_id,resource_name,resource_type,commitment_discount_id,commitment_discount_type,commitment_discount_status,pricing_unit,source_name}'::text[]) AS key;

-- what is written reads back as the same, by every way
SELECT count(*) AS selectors,
       bool_and(selector::text::selector = selector) AS as_text,
       bool_and(selector::jsonb::selector = selector) AS as_jsonb,
       bool_and(selector::text::selector::text = selector::text) AS canonical
FROM chosen;

-- equality and order
SELECT '{"region":["b","a"]}'::selector = '{"region_id":["a","b","a"]}' AS same,
       '{"region":"a"}'::selector <> '{"region":"b"}' AS different,
       '{"region":{"not":"a"}}'::selector = '{"region":"a"}' AS negated;
SELECT selector, count(*)
FROM (VALUES ('{"region":"a"}'::selector), ('{"region":["a"]}'), ('{"region":"b"}')) AS v (selector)
GROUP BY selector ORDER BY selector::text;
CREATE TABLE unique_selector (selector selector UNIQUE);
INSERT INTO unique_selector SELECT selector FROM chosen;
INSERT INTO unique_selector SELECT selector FROM chosen ON CONFLICT DO NOTHING;
SELECT count(*) AS selectors,
       count(*) FILTER (WHERE before < selector AND before <= selector AND selector > before AND selector >= before AND before <> selector) AS ordered
FROM (SELECT selector, lag(selector) OVER (ORDER BY selector) AS before FROM unique_selector) AS u;
SELECT count(DISTINCT selector_hash(selector)) AS hashes, bool_and(selector_hash_extended(selector, 1) <> selector_hash_extended(selector, 2)) AS seeded FROM chosen;
SET enable_mergejoin = off;
SET enable_nestloop = off;
SELECT count(*) AS hash_joined FROM chosen JOIN unique_selector USING (selector);
RESET enable_mergejoin;
SET enable_hashjoin = off;
SELECT count(*) AS merge_joined FROM chosen JOIN unique_selector USING (selector);
RESET enable_hashjoin;
RESET enable_nestloop;
-- its text may stand in an exclusion constraint: one rule for what is selected at a time
CREATE TABLE dated (selector selector, valid daterange, EXCLUDE USING gist ((selector::text) WITH =, valid WITH &&));
INSERT INTO dated VALUES ('{"region":["b","a"]}', '[2025-01-01,2025-07-01)'), ('{"region":["a","b"]}', '[2025-07-01,2026-01-01)');

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
SELECT state, message FROM pg_temp.refusal($$ INSERT INTO dated VALUES ('{"region":["a","b"]}', '[2025-12-01,2026-02-01)') $$);

-- what is wrong is refused, with its path

\pset format unaligned
\pset tuples_only on
\pset fieldsep ' | '
SELECT d.definition, E'\n   ', r.state, r.message, r.detail, r.hint
FROM (VALUES
    ('"AWS"'),
    ('[]'),
    ('{"regio":"eu"}'),
    ('{"tags":"x"}'),
    ('{"tags.":"x"}'),
    ('{"Provider":"x"}'),
    ('{"region":null}'),
    ('{"region":5}'),
    ('{"region":true}'),
    ('{"region":[]}'),
    ('{"region":["a",5]}'),
    ('{"region":[["a"]]}'),
    ('{"region":{}}'),
    ('{"region":{"prefx":"a"}}'),
    ('{"region":{"prefix":""}}'),
    ('{"region":{"suffix":""}}'),
    ('{"region":{"prefix":[]}}'),
    ('{"region":{"prefix":["a",""]}}'),
    ('{"region":{"prefix":["a",5]}}'),
    ('{"region":{"suffix":{"a":"b"}}}'),
    ('{"region":{"like":["%","a\\"]}}'),
    ('{"region":{"prefix":null}}'),
    ('{"region":{"like":5}}'),
    ('{"region":{"like":"a\\"}}'),
    ('{"region":{"like":"a\\\\\\"}}'),
    ('{"region":{"not":[]}}'),
    ('{"region":{"not":{"prefix":"a"}}}'),
    ('{"region":{"exists":"yes"}}'),
    ('{"region":"a","region_id":"b"}'),
    ('{"tags.a.b":{"not":[null]}}')
) AS d (definition), pg_temp.refusal(format('SELECT %L::selector', definition)) AS r;
\pset tuples_only off
\pset format aligned
SELECT state, message FROM pg_temp.refusal($$ SELECT '{"region":'::selector $$);
SELECT * FROM pg_temp.refusal($$ SELECT ('{"region":"' || repeat('x', 300000) || '"}')::selector $$);
SELECT * FROM pg_temp.refusal($$ SELECT jsonb_build_object('region', repeat('x', 300000))::selector $$);
SELECT * FROM pg_temp.refusal($$ SELECT jsonb_object_agg('tags.' || i, 'x')::selector FROM generate_series(1, 1001) AS i $$);

-- matching

CREATE TYPE kind AS ENUM ('Usage', 'Tax');
CREATE TABLE charge_row (
    charge_id integer,
    gone text,
    provider_name text,
    service_name varchar(40),
    region_id text,
    charge_category kind,
    sku_id integer,
    tags jsonb
);
ALTER TABLE charge_row DROP COLUMN gone;
INSERT INTO charge_row VALUES
    (1, 'AWS', 'Amazon EC2', 'eu-west-1', 'Usage', 7, '{"environment":"prod","project":"x","a.b":"dot","n":1.50,"yes":true,"no":null,"list":["a"],"":"empty"}'),
    (2, 'AWS', 'Amazon RDS', 'us-east-1', 'Usage', 8, '{"environment":"dev"}'),
    (3, 'Microsoft', 'Virtual Machines', 'eu-north', 'Tax', NULL, '{}'),
    (4, NULL, NULL, NULL, NULL, NULL, NULL),
    (5, 'aws', 'Amazon EC2', '', 'Usage', 70, '[]'),
    (6, 'AWS', 'Amazon É', 'eu-west-1é', 'Usage', 7, '"text"');
-- a long value, compressed and out of line
INSERT INTO charge_row SELECT 7, 'AWS', 'x', repeat('ab', 5000), 'Usage', 9, jsonb_build_object('long', string_agg(md5(i::text), ''))
FROM generate_series(1, 500) AS i;

CREATE FUNCTION pg_temp.matches(selector) RETURNS integer[] STABLE LANGUAGE sql AS $$
    SELECT array_agg(charge_id ORDER BY charge_id) FILTER (WHERE selector_matches($1, c)) FROM charge_row AS c
$$;
SELECT d.definition, pg_temp.matches(d.definition::selector)
FROM (VALUES
    (1, '{}'),
    (2, '{"provider":"AWS"}'),
    (3, '{"provider":["AWS","Microsoft"]}'),
    (4, '{"provider_name":"AWS","service":"Amazon EC2"}'),
    (5, '{"region":{"prefix":"eu-"}}'),
    (6, '{"region":{"suffix":"-1"}}'),
    (7, '{"region":{"like":"eu-%-_"}}'),
    (8, '{"region":{"like":"eu-west-1_"}}'),
    (9, '{"region":{"like":"%"}}'),
    (10, '{"region":{"like":"abab%ab"}}'),
    (11, '{"region":""}'),
    (12, '{"provider":{"not":"AWS"}}'),
    (13, '{"provider":{"not":["AWS","aws"]}}'),
    (14, '{"provider":{"exists":true}}'),
    (15, '{"provider":{"exists":false}}'),
    (16, '{"provider":{"exists":true,"not":"AWS"}}'),
    (17, '{"region":{"prefix":"eu-","suffix":"h"}}'),
    (18, '{"category":"Usage"}'),
    (19, '{"sku":"7"}'),
    (20, '{"sku":{"prefix":"7"}}'),
    (21, '{"tags.environment":"prod"}'),
    (22, '{"tags.environment":{"not":"prod"}}'),
    (23, '{"tags.environment":{"exists":true}}'),
    (24, '{"tags.environment":{"exists":false}}'),
    (25, '{"tags.a.b":"dot"}'),
    (26, '{"tags.n":"1.50"}'),
    (27, '{"tags.n":"1.5"}'),
    (28, '{"tags.yes":"true"}'),
    (29, '{"tags.no":{"exists":true}}'),
    (30, '{"tags.no":{"not":"x"}}'),
    (31, '{"tags.list":"[\"a\"]"}'),
    (32, '{"tags.long":{"prefix":"c4ca4238a0b923820dcc509a6f75849b"}}'),
    (33, '{"tags.text":{"exists":true}}'),
    (34, '{"provider":"AWS","service":["Amazon EC2","Amazon RDS"],"region":{"prefix":"eu-"},"tags.environment":{"not":"dev"},"tags.project":{"exists":true}}'),
    (35, '{"region":{"prefix":["us-","eu-n"]}}'),
    (36, '{"region":{"suffix":["é","th"]}}'),
    (37, '{"region":{"like":["%north","_s-%"]}}')
) AS d (id, definition) ORDER BY id;

-- a long list
SELECT selector_matches(jsonb_build_object('provider', (SELECT jsonb_agg('p' || i) FROM generate_series(1, 1000) AS i))::selector, c) AS without,
       selector_matches(jsonb_build_object('provider', (SELECT jsonb_agg('p' || i) FROM generate_series(1, 1000) AS i) || '"AWS"')::selector, c) AS within
FROM charge_row AS c WHERE charge_id = 1;
SELECT count(*) FILTER (WHERE selector_matches(jsonb_build_object('provider', list)::selector, r) = (list ? provider_name)) AS same, count(*) AS cases
FROM (SELECT jsonb_agg(DISTINCT 'p' || i * i) AS list FROM generate_series(1, 40) AS i) AS l,
     (SELECT 'p' || i AS provider_name FROM generate_series(0, 2000) AS i) AS r;

-- any record with the columns will do: a view, a subquery, a row of another order
CREATE VIEW charge_view AS SELECT tags, upper(region_id) AS region_id, provider_name, charge_id FROM charge_row;
SELECT charge_id FROM charge_view AS v WHERE selector_matches('{"region":{"prefix":"EU"},"tags.project":"x"}', v);
SELECT selector_matches('{"provider":"a"}', r) FROM (VALUES ('a'), ('b')) AS r (provider_name);
SELECT selector_matches('{"provider":"AWS"}', r), r.charge_id
FROM (SELECT 1 AS x, provider_name, charge_id FROM charge_row WHERE charge_id < 4 OFFSET 0) AS r ORDER BY charge_id;
-- selectors that change from row to row
SELECT charge_id, array_agg(id ORDER BY id) AS selectors
FROM charge_row AS c JOIN chosen ON id NOT IN (6) AND selector_matches(selector, c) GROUP BY charge_id ORDER BY charge_id;

-- NULL
SELECT selector_matches(NULL, c), selector_matches('{}', NULL::charge_row) FROM charge_row AS c WHERE charge_id = 1;

-- a key that the record has no column for, even if another condition does not hold
SELECT * FROM pg_temp.refusal($$ SELECT selector_matches('{"provider":"nobody","meter":"x"}', c) FROM charge_row AS c $$);
SELECT * FROM pg_temp.refusal($$ SELECT selector_matches('{"tags.x":"x"}', r) FROM (VALUES (1)) AS r (a) $$);
SELECT * FROM pg_temp.refusal($$ SELECT selector_matches('{"tags.x":"x"}', r) FROM (VALUES (text 'x')) AS r (tags) $$);
SELECT * FROM pg_temp.refusal($$ SELECT selector_matches('{"provider":"x"}', 5) $$);

-- the table may change: a column with a default for old rows, another type
ALTER TABLE charge_row ADD COLUMN sku_meter text DEFAULT 'old';
SELECT pg_temp.matches('{"meter":"old","sku":"7"}'::selector);
DO $$
DECLARE
    c charge_row;
    answers boolean[];
    selector selector := '{"region":{"prefix":"eu-"}}';
BEGIN
    FOR i IN 1..3 LOOP
        SELECT * INTO c FROM charge_row WHERE charge_id = 1;
        answers := answers || selector_matches(selector, c);
        IF i = 1 THEN
            ALTER TABLE charge_row ADD COLUMN invoice_id bigint DEFAULT 5;
        END IF;
    END LOOP;
    RAISE NOTICE '%', answers;
END;
$$;

-- against an oracle in SQL, over every selector of a kind and every row

CREATE FUNCTION pg_temp.strings(wanted jsonb) RETURNS SETOF text IMMUTABLE LANGUAGE sql AS $$
    SELECT jsonb_array_elements_text(CASE jsonb_typeof(wanted) WHEN 'array' THEN wanted ELSE jsonb_build_array(wanted) END)
$$;
CREATE FUNCTION pg_temp.holds(value text, condition jsonb) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$
    SELECT CASE jsonb_typeof(condition)
        WHEN 'string' THEN value IS NOT NULL AND value = condition #>> '{}'
        WHEN 'array' THEN value IS NOT NULL AND condition ? value
        ELSE bool_and(CASE operator
            WHEN 'prefix' THEN EXISTS (SELECT FROM pg_temp.strings(wanted) AS string WHERE starts_with(value, string))
            WHEN 'suffix' THEN EXISTS (SELECT FROM pg_temp.strings(wanted) AS string WHERE right(value, length(string)) = string)
            WHEN 'like' THEN EXISTS (SELECT FROM pg_temp.strings(wanted) AS string WHERE value LIKE string)
            WHEN 'exists' THEN (value IS NOT NULL) = wanted::boolean
            WHEN 'not' THEN value IS NULL OR CASE jsonb_typeof(wanted) WHEN 'array' THEN NOT wanted ? value ELSE value <> wanted #>> '{}' END
        END) END
    FROM jsonb_each(CASE jsonb_typeof(condition) WHEN 'object' THEN condition ELSE '{"a":1}' END) AS e (operator, wanted)
$$;
CREATE TEMP TABLE word AS SELECT unnest('{a,ab,abc,b,bc,"",é,éa,a%,_,a_b}'::text[]) AS word;
SELECT setseed(0.42);
CREATE TEMP TABLE row_ AS
SELECT (SELECT word FROM word WHERE i > 0 ORDER BY random() LIMIT 1) AS provider_name,
       CASE WHEN random() < 0.8 THEN (SELECT word FROM word WHERE i > 0 ORDER BY random() LIMIT 1) END AS region_id,
       CASE WHEN random() < 0.8 THEN jsonb_build_object('k', CASE WHEN random() < 0.8 THEN (SELECT word FROM word WHERE i > 0 ORDER BY random() LIMIT 1) END) END AS tags
FROM generate_series(1, 60) AS i;
CREATE TEMP TABLE condition AS
SELECT to_jsonb(word) AS condition FROM word
UNION ALL SELECT jsonb_build_object(operator, word) FROM word, unnest('{prefix,suffix,like,not}'::text[]) AS operator WHERE word <> '' OR operator IN ('like', 'not')
UNION ALL SELECT jsonb_build_array(a.word, b.word) FROM word AS a, word AS b WHERE a.word < b.word
UNION ALL SELECT jsonb_build_object('not', jsonb_build_array(a.word, b.word)) FROM word AS a, word AS b WHERE a.word < b.word
UNION ALL SELECT jsonb_build_object(operator, jsonb_build_array(a.word, b.word)) FROM word AS a, word AS b, unnest('{prefix,suffix,like}'::text[]) AS operator WHERE '' < a.word AND a.word < b.word
UNION ALL SELECT '{"exists":true}' UNION ALL SELECT '{"exists":false}' UNION ALL SELECT '{"exists":true,"not":"a","prefix":"a"}';
WITH pair AS (
    SELECT selector_matches(jsonb_build_object('provider', c.condition)::selector, r) AS one,
           pg_temp.holds(r.provider_name, c.condition) AS one_expected,
           selector_matches(jsonb_build_object('region', c.condition, 'tags.k', d.condition)::selector, r) AS two,
           pg_temp.holds(r.region_id, c.condition) AND pg_temp.holds(r.tags->>'k', d.condition) AS two_expected
    FROM row_ AS r, condition AS c, LATERAL (SELECT condition FROM condition WHERE c.condition IS NOT NULL AND r IS DISTINCT FROM NULL ORDER BY random() LIMIT 1) AS d
)
SELECT count(*) AS cases, count(*) FILTER (WHERE one) > 100 AND count(*) FILTER (WHERE two) > 100 AS some_match,
       count(*) FILTER (WHERE one IS DISTINCT FROM one_expected OR two IS DISTINCT FROM two_expected) AS differences
FROM pair;

-- binary form, by COPY to a file of the server and back

CREATE TABLE chosen_copy (id integer, selector selector);
DO $$
DECLARE
    file text := current_setting('data_directory') || '/selector_copy';
BEGIN
    EXECUTE format('COPY chosen TO %L (FORMAT binary)', file);
    EXECUTE format('COPY chosen_copy FROM %L (FORMAT binary)', file);
END;
$$;
SELECT count(*) AS copied FROM chosen JOIN chosen_copy USING (id, selector);

-- nonsense in, clean errors out

CREATE TEMP TABLE fuzz (state text, message text);
DO $$
DECLARE
    words text[] := ARRAY['{', '}', '[', ']', '"', ':', ',', '0', 'null', 'true', '{}', '[]', '""', '\u0000', '\ud800', '"not":', '"tags.":', '"exists":true', '"like":', 'é', ' ', '\\', '\', '%'];
    definition text;
    at integer;
    value selector;
    state text;
    message text;
BEGIN
    FOR definition IN SELECT selector::text FROM chosen, generate_series(1, 1500) LOOP
        FOR i IN 1..1 + floor(random() * 3)::integer LOOP
            at := floor(random() * (length(definition) + 1))::integer;
            definition := CASE WHEN random() < 0.3 THEN left(definition, at) || substr(definition, at + 1 + floor(random() * 8)::integer)
                ELSE left(definition, at) || words[1 + floor(random() * array_length(words, 1))::integer] || substr(definition, at + 1 + floor(random() * 2)::integer) END;
        END LOOP;
        BEGIN
            value := definition::selector;
            IF value::text::selector <> value THEN
                RAISE EXCEPTION 'not canonical: %', definition;
            END IF;
            PERFORM selector_matches(value, c) FROM charge_row AS c;
            INSERT INTO fuzz VALUES ('00000', 'accepted');
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
            INSERT INTO fuzz VALUES (state, message);
        END;
    END LOOP;
END;
$$;
SELECT count(*) AS inputs FROM fuzz;
-- 42703: the row has no account; the others are those of jsonb
SELECT state, message FROM fuzz
WHERE state NOT IN ('00000', '22P02', '22003', '22P05', '42703') OR state = '22P02' AND message NOT IN ('invalid selector', 'invalid input syntax for type json');
SELECT count(DISTINCT message) >= 3 AS of_every_kind FROM fuzz WHERE state IN ('00000', '22P02');

DROP VIEW charge_view;
DROP TABLE chosen, chosen_copy, unique_selector, dated, charge_row;
DROP TYPE kind;

-- The form on disk has a version, the first byte: one of another release is refused.
CREATE CAST (selector AS bytea) WITHOUT FUNCTION;
CREATE CAST (bytea AS selector) WITHOUT FUNCTION;
CREATE TEMP TABLE from_other_release AS SELECT set_byte('{"provider":"AWS"}'::selector::bytea, 0, 2)::selector AS selector;
DO $$
DECLARE
    command text;
BEGIN
    FOREACH command IN ARRAY ARRAY['SELECT selector::text FROM from_other_release', 'SELECT selector_specificity(selector) FROM from_other_release',
        'SELECT selector_matches(selector, ROW(1)) FROM from_other_release', 'SELECT selector_set(1, selector) FROM from_other_release'] LOOP
        BEGIN
            EXECUTE command;
            RAISE NOTICE 'not refused: %', command;
        EXCEPTION WHEN invalid_binary_representation THEN
            RAISE NOTICE '%: %', command, SQLERRM;
        END;
    END LOOP;
END
$$;
DROP CAST (selector AS bytea);
DROP CAST (bytea AS selector);
