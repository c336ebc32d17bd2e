SET search_path = cloudbilling, public;

--
-- exact_sum: the same value and the same display scale as sum; numeric_send
-- shows both, and how it is stored
--

-- 32 decimal digits that look random, and are the same everywhere
CREATE FUNCTION public.digits(seed text) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(md5(seed), 'abcdef', '385017')::numeric;

CREATE TABLE public.number (
    kind text,
    part int,
    at   int,
    x    numeric
);

-- each kind in 40 parts of 50 numbers; a third is negative, some are NULL
INSERT INTO public.number
SELECT kind, i % 40, i,
    CASE WHEN i % 17 = 0 THEN NULL WHEN i % 3 = 0 THEN -x ELSE x END
FROM (
    SELECT kind, i, public.digits(kind || i) AS d
    FROM generate_series(1, 2000) AS i,
        unnest(ARRAY['cents', 'whole', 'round', 'rate', 'zero', 'decimals 28', 'decimals 29',
            'scales', '1e30', '1e300', 'huge and tiny', 'powers', 'limit', 'cancel', 'special',
            'long']) AS kind
) AS seed,
LATERAL (
    SELECT CASE kind
        WHEN 'cents' THEN (d % 1000000) / 100
        WHEN 'whole' THEN d % 10000000
        WHEN 'round' THEN d % 10 * (10 ^ (i % 20))::numeric(40)
        WHEN 'rate' THEN round(d / 1e32 * (i % 5), 10)
        WHEN 'zero' THEN round(0.0, i % 70)
        WHEN 'decimals 28' THEN round(d / 1e28, 28)
        WHEN 'decimals 29' THEN round(d / 1e31, 29)
        WHEN 'scales' THEN round(d / 1e25, i % 30)
        WHEN '1e30' THEN d % 100 * 1e30 + 0.01
        WHEN '1e300' THEN (d % 100) * 1e300 + 0.001
        WHEN 'huge and tiny' THEN CASE WHEN i % 2 = 0 THEN d * 1e7 ELSE d / 1e60 END
        WHEN 'powers' THEN round((d % 1000 + 1) * ('1e' || i % 90 - 45)::numeric, 60)
        WHEN 'limit' THEN d * 1.7e6 -- close to 2^127 when added up
        WHEN 'cancel' THEN CASE WHEN i % 80 < 40 THEN 1 ELSE -1 END
            * public.digits(kind || i % 40) * ('1e' || i % 40 - 30)::numeric
        WHEN 'special' THEN CASE i % 211
            WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' ELSE d END
        WHEN 'long' THEN repeat(i::text || 7, 2000)::numeric + 0.5
    END AS x
) AS made;

CREATE VIEW public.difference AS
SELECT kind,
    count(*) AS parts,
    count(*) FILTER (WHERE actual IS DISTINCT FROM expected) AS differences,
    count(DISTINCT expected) AS sums
FROM (
    SELECT kind, part, numeric_send(exact_sum(x)) AS actual, numeric_send(sum(x)) AS expected
    FROM public.number
    GROUP BY kind, part
) AS s
GROUP BY kind;

SET max_parallel_workers_per_gather = 0;
SELECT * FROM public.difference ORDER BY kind COLLATE "C";

-- all in one, and in sorted groups
SELECT numeric_send(exact_sum(x)) = numeric_send(sum(x)) AS same FROM public.number;
SELECT numeric_send(exact_sum(x)) = numeric_send(sum(x)) AS same FROM public.number
WHERE kind <> 'special';
SET enable_hashagg = off;
SELECT sum(parts) AS parts, sum(differences) AS differences FROM public.difference;
RESET enable_hashagg;
SELECT count(*) AS parts, count(*) FILTER (WHERE actual IS DISTINCT FROM expected) AS differences
FROM (
    SELECT numeric_send(exact_sum(x)) AS actual, numeric_send(sum(x)) AS expected
    FROM public.number
    GROUP BY GROUPING SETS ((kind), (part), (kind, part), ())
) AS s;

-- stored in pieces, compressed, and plain
CREATE TABLE public.toasted (x numeric);
ALTER TABLE public.toasted ALTER x SET STORAGE EXTERNAL;
INSERT INTO public.toasted SELECT repeat('12345678', 1000 + i)::numeric FROM generate_series(1, 9) AS i;
ALTER TABLE public.toasted ALTER x SET STORAGE MAIN;
INSERT INTO public.toasted SELECT repeat('1234', 2000 + i)::numeric FROM generate_series(1, 9) AS i;
INSERT INTO public.toasted SELECT i FROM generate_series(1, 9) AS i;
SELECT pg_relation_size(reltoastrelid) > 0 AS in_pieces,
    (SELECT count(*) FROM public.toasted WHERE pg_column_compression(x) IS NOT NULL) AS compressed
FROM pg_class WHERE oid = 'public.toasted'::regclass;
SELECT numeric_send(exact_sum(x)) = numeric_send(sum(x)) AS same FROM public.toasted;
DROP TABLE public.toasted;

-- in parallel, with and without the leader's help
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE public.number SET (parallel_workers = 2);
ANALYZE public.number;
EXPLAIN (COSTS OFF) SELECT exact_sum(x) FROM public.number;
SELECT sum(parts) AS parts, sum(differences) AS differences FROM public.difference;
SELECT numeric_send(exact_sum(x)) = numeric_send(sum(x)) AS same FROM public.number WHERE kind <> 'special';
SET parallel_leader_participation = off;
SELECT sum(parts) AS parts, sum(differences) AS differences FROM public.difference;
SELECT numeric_send(exact_sum(x)) = numeric_send(sum(x)) AS same FROM public.number WHERE kind <> 'special';
SELECT exact_sum(x) FROM public.number WHERE kind = 'zero' AND part < 0;
SELECT exact_sum(x) FROM public.number WHERE kind = 'special' AND x = 'Infinity';
RESET parallel_leader_participation;

-- parts that are put together from three tables, so that states of each kind meet
SET enable_partitionwise_aggregate = on;
CREATE TABLE public.number_by_at (LIKE public.number) PARTITION BY HASH (at);
CREATE TABLE public.number_0 PARTITION OF public.number_by_at FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE public.number_1 PARTITION OF public.number_by_at FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE public.number_2 PARTITION OF public.number_by_at FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO public.number_by_at SELECT * FROM public.number;
ANALYZE public.number_by_at;
SET max_parallel_workers_per_gather = 0;
EXPLAIN (COSTS OFF) SELECT kind, part, exact_sum(x) FROM public.number_by_at GROUP BY kind, part;
CREATE TEMP VIEW apart AS SELECT kind, part, numeric_send(exact_sum(x)) AS actual FROM public.number_by_at GROUP BY kind, part;
CREATE TEMP VIEW whole AS SELECT kind, part, numeric_send(sum(x)) AS expected FROM public.number GROUP BY kind, part;
SELECT count(*) AS parts, count(*) FILTER (WHERE actual IS DISTINCT FROM expected) AS differences
FROM apart JOIN whole USING (kind, part);
SET max_parallel_workers_per_gather = 2;
SELECT count(*) AS parts, count(*) FILTER (WHERE actual IS DISTINCT FROM expected) AS differences
FROM apart JOIN whole USING (kind, part);
DROP VIEW apart, whole;
DROP TABLE public.number_by_at;
RESET enable_partitionwise_aggregate;
RESET max_parallel_workers_per_gather;

-- as a window function: growing, sliding, and the other way round
SELECT count(*) AS numbers,
    count(*) FILTER (WHERE growing IS DISTINCT FROM growing_sum) AS growing,
    count(*) FILTER (WHERE sliding IS DISTINCT FROM sliding_sum) AS sliding,
    count(*) FILTER (WHERE shrinking IS DISTINCT FROM shrinking_sum) AS shrinking
FROM (
    SELECT numeric_send(exact_sum(x) OVER growing) AS growing, numeric_send(sum(x) OVER growing) AS growing_sum,
        numeric_send(exact_sum(x) OVER sliding) AS sliding, numeric_send(sum(x) OVER sliding) AS sliding_sum,
        numeric_send(exact_sum(x) OVER shrinking) AS shrinking, numeric_send(sum(x) OVER shrinking) AS shrinking_sum
    FROM public.number
    WHERE kind <> 'long'
    WINDOW growing AS (PARTITION BY kind, part ORDER BY at),
        sliding AS (PARTITION BY kind, part ORDER BY at ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING),
        shrinking AS (PARTITION BY kind, part ORDER BY at ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
) AS s;

-- none, only NULL, one, filtered, distinct
SELECT exact_sum(x) IS NULL AS none FROM public.number WHERE false;
SELECT exact_sum(x) IS NULL AS only_null FROM (VALUES (NULL::numeric), (NULL)) AS v(x);
SELECT exact_sum(x) AS one FROM (VALUES (NULL), (1.50)) AS v(x);
SELECT exact_sum(x) FILTER (WHERE x > 1) AS filtered, exact_sum(DISTINCT x) AS "distinct"
FROM (VALUES (1.0), (1.00), (2.50), (2.5)) AS v(x);

-- the display scale is the largest, though nothing shows there
SELECT exact_sum(x) FROM (VALUES (1.000), (2), (-3.0)) AS v(x);
SELECT exact_sum(x) FROM (VALUES (0.000000), (0)) AS v(x);
SELECT exact_sum(x) FROM (VALUES (12340000), (0.00010000)) AS v(x);

-- NaN and infinities
SELECT string_agg(left(x::text, 9), ' ') AS numbers, exact_sum(x), sum(x)
FROM (VALUES (1, 'NaN'::numeric), (1, 1), (2, 'Infinity'), (2, -1), (3, '-Infinity'), (3, 5),
    (4, 'Infinity'), (4, '-Infinity'), (5, 'Infinity'), (5, 'Infinity'), (6, 'Infinity'), (6, 'NaN'),
    (7, '-Infinity'), (7, 1e300)) AS v(part, x)
GROUP BY part
ORDER BY part;

-- and after so many decimals that a display scale looks like any format
SELECT part, exact_sum(x ORDER BY n) = sum(x) AS same, scale(exact_sum(x ORDER BY n)) AS scale
FROM (VALUES (1, 'NaN'::numeric), (2, 'Infinity'), (3, '-Infinity'), (4, 1e300), (5, -1e300), (6, 12.34), (7, 1e-300),
    (8, 0)) AS v(part, x0),
LATERAL (VALUES (1, round(0.0, 16383)), (2, x0), (3, 0.5), (4, x0)) AS w(n, x)
GROUP BY part ORDER BY part;

-- 128 bits: the last that fits, one more, and back
SELECT exact_sum(x) FROM (VALUES (170141183460469231731687303715884105727)) AS v(x);
SELECT exact_sum(x) FROM (VALUES (170141183460469231731687303715884105727), (1)) AS v(x);
SELECT exact_sum(x) FROM (VALUES (-170141183460469231731687303715884105727), (-1)) AS v(x);
SELECT exact_sum(x) FROM (VALUES (-170141183460469231731687303715884105727), (-1), (-1)) AS v(x);
SELECT exact_sum(x)
FROM (VALUES (170141183460469231731687303715884105727), (1), (-1), (-170141183460469231731687303715884105726)) AS v(x);
SELECT exact_sum(x) FROM (VALUES (99999999999999999999999999999999999999), (0.0000000000000000000000000001)) AS v(x);

-- every number of digits, at every place, with every sign, before and after the others
WITH one AS (
    SELECT d, s, g, (substr('1234567890123456789012345678901234567890', 1, d) || 'e' || s)::numeric * g AS x
    FROM generate_series(1, 40) AS d, generate_series(-44, 8) AS s, (VALUES (1), (-1)) AS v(g)
)
SELECT count(*) AS numbers,
    count(*) FILTER (WHERE numeric_send(t.first) IS DISTINCT FROM numeric_send(t.first_sum)) AS first,
    count(*) FILTER (WHERE numeric_send(t.last) IS DISTINCT FROM numeric_send(t.last_sum)) AS last
FROM one, LATERAL (
    SELECT exact_sum(y ORDER BY n) AS first, sum(y) AS first_sum, exact_sum(y ORDER BY n DESC) AS last, sum(y) AS last_sum
    FROM (VALUES (1, one.x), (2, 7), (3, NULL), (4, -0.0000000012345678), (5, 99999999.99999999), (6, one.x), (7, 0.00)) AS v(n, y)
) AS t;

-- sum does not overflow half-way at the limit of numeric, and neither does this
SELECT exact_sum(x), sum(x) FROM (VALUES (9e131071), (9e131071), (-9e131071), (-9e131071), (1)) AS v(x);
SELECT exact_sum(x) FROM (VALUES (9e131071), (9e131071)) AS v(x);

DROP VIEW public.difference;
DROP TABLE public.number;

--
-- exact_round
--

SELECT x,
    exact_round(x, 0, 'up') AS up,
    exact_round(x, 0, 'down') AS down,
    exact_round(x, 0, 'half_up') AS half_up,
    exact_round(x, 0, 'half_even') AS half_even,
    exact_round(x, 0, 'ceiling') AS ceiling,
    exact_round(x, 0, 'floor') AS floor
FROM unnest(ARRAY[0, 0.4, 0.5, 0.6, 1, 1.5, 2.5, -0.4, -0.5, -0.6, -1, -1.5, -2.5]) AS x;

-- more decimals, tens and hundreds, and more than 128 bits
SELECT exact_round(1.5, 4, 'up'), exact_round(-1250, -2, 'half_even'), exact_round(1, -40, 'ceiling'),
    exact_round(1350, -2, 'half_even'), exact_round(49, -2, 'up'), exact_round(49, -2, 'floor');
SELECT exact_round(1e50 + 0.5, 0, 'half_even'), exact_round(1e50 + 1.5, 0, 'half_even');
SELECT exact_round('NaN', 2, 'up'), exact_round('-Infinity', 2, 'up'), exact_round(NULL, 2, 'up');
SELECT exact_round(1, 0, 'nearest');
SELECT exact_round(1, 1001, 'up');

-- against the server's own functions, below and above 128 bits
CREATE TEMP VIEW rounded AS
SELECT x, scale, x * ('1e' || scale)::numeric AS shifted, ('1e' || -scale)::numeric AS unit
FROM (
    SELECT round(public.digits('round' || i) * ('1e' || -(i % 40))::numeric, i % 45)
            * CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END * CASE WHEN i % 3 = 0 THEN 1e40 ELSE 1 END AS x,
        i % 23 - 6 AS scale
    FROM generate_series(1, 3000) AS i
    UNION ALL
    SELECT (i - 100) * 0.5 * CASE WHEN i % 3 = 0 THEN 1e-9 ELSE 1 END + CASE WHEN i % 7 = 0 THEN 1e45 ELSE 0 END,
        CASE WHEN i % 3 = 0 THEN 9 ELSE 0 END
    FROM generate_series(1, 200) AS i
) AS made;
SELECT count(*) AS numbers,
    count(*) FILTER (WHERE numeric_send(exact_round(x, scale, 'half_up')) <> numeric_send(round(x, scale))) AS half_up,
    count(*) FILTER (WHERE numeric_send(exact_round(x, scale, 'down')) <> numeric_send(trunc(x, scale))) AS down,
    count(*) FILTER (WHERE numeric_send(exact_round(x, scale, 'ceiling'))
        <> numeric_send(round(ceil(shifted) * unit, greatest(scale, 0)))) AS ceiling,
    count(*) FILTER (WHERE numeric_send(exact_round(x, scale, 'floor'))
        <> numeric_send(round(floor(shifted) * unit, greatest(scale, 0)))) AS floor,
    count(*) FILTER (WHERE numeric_send(exact_round(x, scale, 'up'))
        <> numeric_send(round(sign(x) * ceil(abs(shifted)) * unit, greatest(scale, 0)))) AS up,
    count(*) FILTER (WHERE numeric_send(exact_round(x, scale, 'half_even'))
        <> numeric_send(round(CASE WHEN abs(shifted) % 2 = 0.5 THEN trunc(shifted) ELSE round(shifted) END
            * unit, greatest(scale, 0)))) AS half_even,
    count(*) FILTER (WHERE abs(shifted) % 1 = 0.5) AS ties
FROM rounded;
DROP VIEW rounded;

--
-- exact_numeric
--

-- numbers in every spelling, against a cast
SELECT count(*) AS numbers,
    count(*) FILTER (WHERE numeric_send(exact_numeric(s)) IS DISTINCT FROM numeric_send(s::numeric)) AS differences,
    count(DISTINCT s::numeric) AS values,
    count(DISTINCT scale(s::numeric)) AS scales
FROM (
    SELECT repeat(' ', i % 3) || (ARRAY['', '-', '+'])[i % 7 % 3 + 1]
        || repeat('0', i % 11 % 4)
        || CASE WHEN i % 13 = 0 THEN '' ELSE substr(d, 1, i % 33) END
        || CASE WHEN i % 5 = 0 AND i % 13 > 0 AND i % 33 > 0 THEN '' ELSE '.' END
        || CASE WHEN i % 5 = 0 AND i % 13 > 0 AND i % 33 > 0 THEN '' ELSE substr(d, 1 + i % 33) || repeat('0', i % 9) || '1' END
        || repeat('0', i % 6)
        || CASE i % 4 WHEN 0 THEN 'e' || i % 100 - 50 WHEN 1 THEN 'E+' || i % 60 ELSE '' END
        || repeat(E'\t', i % 2) AS s
    FROM (SELECT i, lpad(public.digits('text' || i)::text, 32, '0') AS d FROM generate_series(1, 20000) AS i) AS seed
) AS made;

-- any jumble: read exactly when a cast reads it, but for blanks in the exponent,
-- absurd exponents, and binary numbers (PostgreSQL 16)
CREATE FUNCTION public.cast_numeric(s text) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
    RETURN s::numeric;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;
SELECT count(*) AS jumbles,
    count(*) FILTER (WHERE numeric_send(exact_numeric(s)) IS DISTINCT FROM numeric_send(public.cast_numeric(s))) AS differences,
    count(exact_numeric(s)) > 3000 AS many_are_read
FROM (
    SELECT translate(substr(md5('jumble' || i), 1, 1 + i % 8), '01234567',
        '0123' || CASE i % 3 WHEN 0 THEN '.e-0' WHEN 1 THEN '. 1+' ELSE '.456' END) AS s
    FROM generate_series(1, 30000) AS i
    UNION ALL
    SELECT translate(translate(substr(md5('number' || i), 1, 1 + i % 8), 'abcdf', '.0e-5'), '89', '12')
    FROM generate_series(1, 30000) AS i
) AS made
WHERE s !~ 'e[-+]?\s' AND s !~ 'e[-+]?\d{3}' AND s !~ '0b';
DROP FUNCTION public.cast_numeric;

-- as suppliers write them
SELECT s, exact_numeric(s)
FROM unnest(ARRAY['5e-06', '0.0000012345678901234567890123', '1.', '.5', '+7', '-0.00', '0e-10', '1.50e1',
    '1.5E+3', '  12  ', E'\t1\n', '00012.3400', '1e30', '123456789012345678901234567890.12']) AS s;

-- what is no number
SELECT count(*) AS texts, string_agg(s, ', ') FILTER (WHERE exact_numeric(s) IS NOT NULL) AS are_read
FROM unnest(ARRAY['', ' ', '.', '-', '+', '-.', 'e5', '.e5', '1e', '1e+', '1e 5', '1e5.0', 'NaN', 'nan', 'Infinity',
    '-inf', '0x10', '0b1', '1_000', '1,000', '1 000', '--1', '+-1', '1-', '1.2.3', '..1', '$1', '1€', 'abc', '1a',
    '１', '1e2000', '1e-2000', '1e99999999999999999999', '1e-99999999999999999999']) AS s;

-- 1000 digits before and after the point, and no more
SELECT exact_numeric(repeat('9', 1000) || '.' || repeat('9', 1000))
        = (repeat('9', 1000) || '.' || repeat('9', 1000))::numeric AS "1000",
    exact_numeric(repeat('9', 1001)) AS "1001 before",
    exact_numeric('.' || repeat('9', 1001)) AS "1001 after",
    exact_numeric('1e999') = 1e999 AS "1e999",
    exact_numeric('1e1000') AS "1e1000",
    exact_numeric('1e-1000') = 1e-1000 AS "1e-1000",
    exact_numeric('1e-1001') AS "1e-1001";

DROP FUNCTION public.digits;
