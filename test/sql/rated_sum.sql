SET search_path = cloudbilling, public;

--
-- rated_sum: the same as rate() of the sum, in value and display scale, which
-- numeric_send shows, in every plan and frame
--

-- 32 decimal digits that look random, and are the same everywhere
CREATE FUNCTION public.digits(seed text) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(md5(seed), 'abcdef', '385017')::numeric;

CREATE TABLE public.ladder (name text, pricing pricing, by_total boolean);
INSERT INTO public.ladder VALUES
    ('unit', '{"model":"per_unit","unit_price":"0.05"}', true),
    ('graduated', '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10","flat_fee":"5"},{"unit_price":"0.08"}],"free_units":10}', true),
    ('volume', '{"model":"volume","tiers":[{"up_to":"500","unit_price":"0.10","package_size":7},{"unit_price":"0.08"}],"minimum":3}', true),
    ('converted', '{"model":"package","package_size":"100","package_price":"5","conversion":{"divide_by":3,"round":"half_up","scale":1},"discount":15}', true),
    ('fee', '{"model":"percentage","rate":"2.5","flat_fee":"0.30","minimum_per_event":"0.50"}', false),
    ('free amount', '{"model":"percentage","rate":"2.5","free_amount":"500"}', false),
    ('free events', '{"model":"percentage","rate":"2.5","flat_fee":"0.01","free_events":"3","free_amount":"500","maximum":"100"}', false);

-- a ladder of so many tiers that it is compressed, or in pieces, when stored
INSERT INTO public.ladder
SELECT 'long', format('{"model":"graduated","tiers":[%s,{"unit_price":"0.5"}]}',
    string_agg(format('{"up_to":%s,"unit_price":"%s"}', i * 7, i / 100.0), ',' ORDER BY i))::pricing, true
FROM generate_series(1, 300) AS i;

CREATE TABLE public.measured (kind text, part int, at int, quantity numeric);
INSERT INTO public.measured
SELECT kind, i % 12, i, CASE WHEN i % 17 = 0 THEN NULL WHEN i % 5 = 0 THEN -q ELSE q END
FROM generate_series(1, 1200) AS i, unnest(ARRAY['cents', 'costs', 'scales', '1e30', 'zero']) AS kind,
LATERAL (SELECT public.digits(kind || i) AS d) AS seed,
LATERAL (SELECT CASE kind
    WHEN 'cents' THEN (d % 10000) / 100
    WHEN 'costs' THEN round(d / 1e30, 15)
    WHEN 'scales' THEN round(d / 1e30, i % 30)
    WHEN '1e30' THEN d % 100 * 1e30 + 0.01
    WHEN 'zero' THEN round(0.0, i % 70) END AS q) AS made;

CREATE VIEW public.rated AS
SELECT l.name, m.kind, m.part, numeric_send(rated_sum(m.quantity, l.pricing)) AS actual,
    numeric_send(rate(sum(m.quantity), l.pricing)) AS expected
FROM public.measured AS m, public.ladder AS l
WHERE l.by_total
GROUP BY l.name, l.pricing, m.kind, m.part;

SET max_parallel_workers_per_gather = 0;
SELECT count(*) AS groups, count(*) FILTER (WHERE actual IS DISTINCT FROM expected) AS differences,
    count(DISTINCT expected) AS amounts
FROM public.rated;

-- in parallel, with and without the leader's help
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE public.measured SET (parallel_workers = 2);
ANALYZE public.measured, public.ladder;
CREATE TEMP VIEW per_kind AS
SELECT kind, numeric_send(rated_sum(quantity, '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.1","flat_fee":"5"},{"unit_price":"0.03"}]}')) AS ladder,
    numeric_send(rated_sum(quantity, '{"model":"percentage","rate":"1","flat_fee":"0.01","minimum_per_event":"0.02"}')) AS fee,
    numeric_send(rated_sum(quantity, '{"model":"percentage","rate":"1","free_amount":"100"}')) AS free
FROM public.measured GROUP BY kind;
EXPLAIN (COSTS OFF) SELECT * FROM per_kind;
CREATE TEMP TABLE parallel AS SELECT * FROM per_kind;
SET parallel_leader_participation = off;
CREATE TEMP TABLE workers AS SELECT * FROM per_kind;
SELECT count(*) AS groups, count(*) FILTER (WHERE actual IS DISTINCT FROM expected) AS differences FROM public.rated;
SELECT rated_sum(quantity, '{"model":"flat","amount":1}') AS of_none FROM public.measured WHERE at < 0;
-- of ordered events, each once, whichever worker had it: all cost the same, and two are free
SELECT rated_sum(at - at, '{"model":"percentage","rate":"1","flat_fee":"1"}') AS zeros,
    rated_sum(1, '{"model":"percentage","rate":"1","flat_fee":"1","free_events":"2"}') AS events,
    1.01 * (count(*) - 2) AS expected
FROM public.measured;
RESET parallel_leader_participation;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE serial AS SELECT * FROM per_kind;
SELECT count(*) FROM (SELECT * FROM serial INTERSECT SELECT * FROM parallel INTERSECT SELECT * FROM workers) AS same;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- one pricing in all the ways that it is stored, in one group
CREATE TABLE public.plain (n int, pricing pricing);
CREATE TABLE public.compressed (n int, pricing pricing);
CREATE TABLE public.in_pieces (n int, pricing pricing);
CREATE TABLE public.pieces_compressed (n int, pricing pricing);
ALTER TABLE public.plain ALTER pricing SET STORAGE PLAIN;
ALTER TABLE public.compressed ALTER pricing SET STORAGE MAIN;
ALTER TABLE public.in_pieces ALTER pricing SET STORAGE EXTERNAL;
ALTER TABLE public.pieces_compressed SET (toast_tuple_target = 128);
INSERT INTO public.plain SELECT n, pricing FROM public.ladder, generate_series(1, 50) AS n WHERE name IN ('unit', 'graduated');
INSERT INTO public.compressed SELECT n, pricing FROM public.ladder, generate_series(1, 50) AS n;
INSERT INTO public.in_pieces SELECT n, pricing::text::pricing FROM public.ladder, generate_series(1, 50) AS n;
INSERT INTO public.pieces_compressed SELECT n, pricing FROM public.ladder, generate_series(1, 50) AS n;
SELECT tableoid::regclass AS stored, count(*) AS pricings, count(pg_column_compression(pricing)) AS compressed,
    (SELECT pg_relation_size(reltoastrelid) > 0 FROM pg_class WHERE oid = s.tableoid) AS in_pieces
FROM (SELECT tableoid, * FROM public.plain UNION ALL SELECT tableoid, * FROM public.compressed
    UNION ALL SELECT tableoid, * FROM public.in_pieces UNION ALL SELECT tableoid, * FROM public.pieces_compressed) AS s
GROUP BY tableoid ORDER BY tableoid;
CREATE VIEW public.stored AS
SELECT * FROM public.plain UNION ALL SELECT * FROM public.compressed
UNION ALL SELECT * FROM public.in_pieces UNION ALL SELECT * FROM public.pieces_compressed;
SELECT l.name, count(*) AS quantities, rated_sum(s.n, s.pricing) = rate(sum(s.n), l.pricing) AS same,
    rated_sum(s.n, s.pricing ORDER BY s.n) = rate(sum(s.n), l.pricing) AS sorted
FROM public.stored AS s JOIN public.ladder AS l USING (pricing)
WHERE l.by_total
GROUP BY l.name, l.pricing ORDER BY l.name;
-- and two are two, however they are stored
CREATE TABLE public.other (n int, pricing pricing);
ALTER TABLE public.other ALTER pricing SET STORAGE EXTERNAL;
INSERT INTO public.other
SELECT 99, replace(pricing::text, '"0.5"', '"0.6"')::pricing FROM public.ladder WHERE name = 'long';
\set VERBOSITY sqlstate
SELECT rated_sum(n, pricing ORDER BY n) FROM (SELECT s.* FROM public.in_pieces AS s JOIN public.ladder AS l USING (pricing) WHERE name = 'long' UNION ALL TABLE public.other) AS two;
SELECT rated_sum(n, pricing ORDER BY n DESC) FROM (SELECT s.* FROM public.compressed AS s JOIN public.ladder AS l USING (pricing) WHERE name = 'long' UNION ALL TABLE public.other) AS two;
SELECT rated_sum(n, pricing ORDER BY n) FROM (SELECT s.* FROM public.plain AS s JOIN public.ladder AS l USING (pricing) WHERE name = 'unit' UNION ALL TABLE public.other) AS two;
\set VERBOSITY default

-- as a window function: growing, sliding, the other way round, and with rows left out
CREATE TEMP VIEW framed AS
SELECT m.*, l.name, l.pricing, l.by_total,
    numeric_send(rated_sum(m.quantity, l.pricing) OVER growing) AS growing,
    numeric_send(rated_sum(m.quantity, l.pricing) OVER sliding) AS sliding,
    numeric_send(rated_sum(m.quantity, l.pricing) OVER shrinking) AS shrinking,
    numeric_send(rated_sum(m.quantity, l.pricing) OVER excluding) AS excluding
FROM public.measured AS m, public.ladder AS l
WHERE m.part = 3 AND m.at < 400 AND l.name <> 'long'
WINDOW growing AS (PARTITION BY l.name, m.kind ORDER BY m.at),
    sliding AS (PARTITION BY l.name, m.kind ORDER BY m.at ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING),
    shrinking AS (PARTITION BY l.name, m.kind ORDER BY m.at ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING),
    excluding AS (PARTITION BY l.name, m.kind ORDER BY m.at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW);
-- against the plain aggregate of the same rows, which is in order too; at goes up in steps of 12
SELECT f.by_total, count(*) AS rows,
    count(*) FILTER (WHERE growing IS DISTINCT FROM (SELECT numeric_send(rated_sum(m.quantity, f.pricing ORDER BY m.at)) FROM public.measured AS m
        WHERE m.kind = f.kind AND m.part = 3 AND m.at <= f.at)) AS growing,
    count(*) FILTER (WHERE sliding IS DISTINCT FROM (SELECT numeric_send(rated_sum(m.quantity, f.pricing ORDER BY m.at)) FROM public.measured AS m
        WHERE m.kind = f.kind AND m.part = 3 AND m.at < 400 AND m.at BETWEEN f.at - 24 AND f.at + 12)) AS sliding,
    count(*) FILTER (WHERE shrinking IS DISTINCT FROM (SELECT numeric_send(rated_sum(m.quantity, f.pricing ORDER BY m.at)) FROM public.measured AS m
        WHERE m.kind = f.kind AND m.part = 3 AND m.at < 400 AND m.at >= f.at)) AS shrinking,
    count(*) FILTER (WHERE excluding IS DISTINCT FROM (SELECT numeric_send(rated_sum(m.quantity, f.pricing ORDER BY m.at)) FROM public.measured AS m
        WHERE m.kind = f.kind AND m.part = 3 AND m.at < 400 AND m.at <> f.at)) AS excluding
FROM framed AS f
GROUP BY f.by_total;
-- and, of totals, against rate() of the sum
SELECT count(*) AS rows, count(*) FILTER (WHERE growing IS DISTINCT FROM expected) AS differences
FROM (
    SELECT f.growing, numeric_send(rate(sum(f.quantity) OVER (PARTITION BY f.name, f.kind ORDER BY f.at), f.pricing)) AS expected
    FROM framed AS f
    WHERE f.by_total
) AS s;
-- a running ladder over many rows, which is summed only once
SELECT sum(amount) = sum(expected) AS same
FROM (
    SELECT rated_sum(n % 7, '{"model":"graduated","tiers":[{"up_to":100,"unit_price":2},{"unit_price":1}]}') OVER (ORDER BY n) AS amount,
        rate(sum(n % 7) OVER (ORDER BY n), '{"model":"graduated","tiers":[{"up_to":100,"unit_price":2},{"unit_price":1}]}') AS expected
    FROM generate_series(1, 20000) AS n
) AS s;

-- a total does not overflow half-way, and NaN and infinities are refused at the end
SELECT rated_sum(quantity, '{"model":"per_unit","unit_price":2}')
FROM (VALUES (9e131071), (9e131071), (-9e131071), (-9e131071), (1.50)) AS v (quantity);
SELECT rated_sum(quantity, '{"model":"per_unit","unit_price":2}') FROM (VALUES (1), ('Infinity'::numeric)) AS v (quantity);
SELECT rated_sum(quantity, '{"model":"percentage","rate":1,"flat_fee":2}') FROM (VALUES (1), ('NaN'::numeric)) AS v (quantity);

DROP VIEW public.rated, public.stored, per_kind, framed;
DROP TABLE public.ladder, public.measured, public.plain, public.compressed, public.in_pieces, public.pieces_compressed, public.other;
DROP FUNCTION public.digits(text);
