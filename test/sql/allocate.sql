SET search_path = cloudbilling, public;

--
-- By hand: the array form
--

SELECT amount, weights, scale, allocate(amount, weights, scale)
FROM (VALUES (1, 100, '{1,1,1}'::numeric[], 2),
    (2, -100, '{1,1,1}', 2),
    (3, 0.01, '{1,1,1}', 2),
    (4, 100, '{1,2,3}', 0),
    (5, 1000, '{1,1,1,1,1,1,1}', 0), -- JPY
    (6, 10, '{1,1,1}', 3), -- KWD
    (7, 100, '{50,0,30,20}', 2),
    (8, 12.34, '{7}', 2),
    (9, 0, '{1,2}', 2),
    (10, 7, '{0.1,0.25,0.65}', 2),
    (11, 99.99, '{1,NULL,2}', 2),
    (12, 10, '{}', 2)) AS v(n, amount, weights, scale)
ORDER BY n;

-- the largest remainders get what is left: of 25.5, 25.5 and 49, the first
SELECT allocate(100, ARRAY[25.5, 25.5, 49], 0);
-- 16.57, 16.43, 67: the first has lost most
SELECT allocate(100, ARRAY[16.57, 16.43, 67], 0);

-- more decimals than the scale: what is less than a unit goes to the next in line
SELECT amount, allocate(amount, ARRAY[1, 1, 1], 2), allocate(amount, ARRAY[1, 3, 3], 0)
FROM (VALUES (100.005), (0.0001), (-100.005), (99.999), (100.0000), (1.0049)) AS v(amount);

-- weights without decimals or with many, of any magnitude
SELECT allocate(100, ARRAY[1e-30, 2e-30], 2) AS tiny, allocate(100, ARRAY[1e50, 2e50], 2) AS huge,
    allocate(100, ARRAY[1e50, 1e-50], 2) AS far_apart, allocate(100, ARRAY[1, 1.0, 1.00], 2) AS same;

-- 1e30 with 28 decimals
SELECT unnest(allocate(1000000000000000000000000000000.0000000000000000000000000001, ARRAY[1, 2, 4], 28));
SELECT unnest(allocate(1000000000000000000000000000000.0000000000000000000000000001, ARRAY[1, 2, 4], 2));

-- credits: weights that are all negative count by their magnitude
SELECT allocate(-100, ARRAY[-10, -20.5, 0], 2), allocate(-100, ARRAY[10, 20.5, 0], 2);

-- all weights 0
SELECT zero_weights, allocate(10, ARRAY[0, 0.00, NULL, 0], 2, zero_weights) AS zeros,
    allocate(10, ARRAY[NULL, NULL]::numeric[], 2, zero_weights) AS nulls,
    allocate(10, ARRAY[0, 5], 2, zero_weights) AS not_all
FROM (VALUES ('even'), ('null')) AS v(zero_weights);

-- NULL
SELECT allocate(NULL, ARRAY[1, 2], 2) AS amount, allocate(1, NULL::numeric[], 2) AS weights,
    allocate(1, ARRAY[1, 2], NULL) AS scale, allocate(1, ARRAY[1, 2], 2, NULL) AS zero_weights;

-- the form of the array
SELECT allocate(10, '[0:1][3:5]={{1,1,1},{1,1,1}}'::numeric[], 2);

--
-- By hand: the window function
--

-- of equal remainders, earlier rows come first
SELECT k, allocate(100, 1, 2) OVER (ORDER BY k), allocate(100, 1, 2) OVER (ORDER BY k DESC) AS descending
FROM generate_series(1, 3) AS k
ORDER BY k;

-- with peers, and without ORDER BY, the larger weight does: 0.5, 2.5, 1.5, 1.5 of 6
SELECT n, weight,
    allocate(6, weight, 0) OVER (ORDER BY n) AS by_n,
    allocate(6, weight, 0) OVER () AS by_nothing,
    allocate(6, weight, 0) OVER (ORDER BY n / 3) AS by_part_of_n,
    allocate(6.1, weight * 1e40, 0) OVER (ORDER BY n / 3) AS wide
FROM (VALUES (1, 1), (2, 5), (3, 3), (4, 3)) AS v(n, weight)
ORDER BY n;

-- partitions, each with its amount and scale; the frame has no say
SELECT currency, team, cost, weight,
    allocate(cost, weight, currency_minor_unit(currency)) OVER by_currency,
    allocate(cost, weight, currency_minor_unit(currency)) OVER (by_currency ROWS CURRENT ROW) AS framed
FROM (VALUES ('EUR', 100.00), ('JPY', 1000), ('KWD', 7.001), ('USD', NULL)) AS c(currency, cost),
    (VALUES ('a', 3), ('b', 3), ('c', 0), ('d', NULL), ('e', 1)) AS t(team, weight)
WINDOW by_currency AS (PARTITION BY currency ORDER BY team)
ORDER BY 1, 2;

-- all weights 0, an only row, no row
SELECT team, allocate(10, weight, 2) OVER (ORDER BY team) AS even, allocate(10, weight, 2, 'null') OVER () AS "null",
    allocate(10, 7, 2) OVER (PARTITION BY team) AS alone
FROM (VALUES ('a', 0), ('b', 0), ('c', NULL), ('d', 0.0)) AS t(team, weight)
ORDER BY team;
SELECT allocate(1, 1, 2) OVER () FROM (SELECT 1) AS none WHERE false;

--
-- What is refused
--

CREATE FUNCTION public.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n', SQLSTATE || ' ' || SQLERRM, 'DETAIL: ' || nullif(detail, ''), 'HINT: ' || nullif(hint, ''));
END $$;

SELECT statement, public.refused('SELECT ' || statement) AS error
FROM (VALUES
    ('allocate(10, ARRAY[1, -1], 2)'),
    ('allocate(10, ARRAY[0, NULL, 0], 2, ''error'')'),
    ('allocate(10, ARRAY[]::numeric[], 2, ''error'')'),
    ('allocate(10, ARRAY[1, 2], 2, ''equal'')'),
    ('allocate(10, ARRAY[1, 2], -1)'),
    ('allocate(10, ARRAY[1, 2], 1001)'),
    ('allocate(''NaN'', ARRAY[1, 2], 2)'),
    ('allocate(''-Infinity'', ARRAY[1, 2], 2)'),
    ('allocate(10, ARRAY[1, ''NaN''::numeric], 2)'),
    ('allocate(10, ARRAY[1, ''Infinity''::numeric], 2)'),
    ('allocate(10, x, 2) OVER () FROM (VALUES (1), (-1)) AS v(x)'),
    ('allocate(10, 0, 2, ''error'') OVER ()'),
    ('allocate(x, 1, 2) OVER () FROM (VALUES (1), (2)) AS v(x)'),
    ('allocate(x, 1, 2) OVER () FROM (VALUES (1), (NULL)) AS v(x)'),
    ('allocate(x, 1, 2) OVER (ORDER BY x NULLS FIRST) FROM (VALUES (1), (NULL)) AS v(x)'),
    ('allocate(1, 1, x) OVER () FROM (VALUES (2), (3)) AS v(x)'),
    ('allocate(1, 1, 2, x) OVER () FROM (VALUES (''even''), (''null'')) AS v(x)'),
    ('allocate(1, ''NaN'', 2) OVER ()'),
    ('allocate(9e131071, ARRAY[9e131071, 1], 2)')
) AS v(statement);

-- one amount, however it is written
SELECT sum(part) FROM (SELECT allocate(x, 1, 2) OVER () AS part FROM (VALUES (1), (1.000), (1.0)) AS v(x)) AS s;

--
-- Random partitions against plain SQL
--

-- 32 decimal digits that look random, and are the same everywhere
CREATE FUNCTION public.digits(seed text) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(md5(seed), 'abcdef', '385017')::numeric;

CREATE TABLE public.share (
    kind   text,
    p      int,
    i      int,
    amount numeric,
    scale  int,
    weight numeric
);

INSERT INTO public.share
SELECT kind, p, i, CASE WHEN a % 3 = 0 THEN -amount ELSE amount END, scale,
    CASE
        WHEN w % 13 = 0 THEN NULL
        WHEN w % 7 = 0 THEN 0
        WHEN a % 5 = 0 THEN -weight
        ELSE weight
    END
FROM (
    SELECT kind, p, i, public.digits('amount' || p) AS a, public.digits('weight' || p || '/' || i) AS w
    FROM generate_series(1, 24000) AS p,
        LATERAL (SELECT (ARRAY['money', 'whole', 'decimals', 'equal', 'few', 'costs', '128 bits', 'beyond', 'far apart', 'large scale',
            'powers', 'ties'])[p % 12 + 1]) AS k(kind),
        LATERAL generate_series(1, (public.digits('rows' || p) % 8)::int + 1) AS i
) AS seed,
LATERAL (
    SELECT CASE kind
            WHEN 'money' THEN a % 100000000 / 100
            WHEN 'whole' THEN a % 1000
            WHEN 'decimals' THEN round(a % 100000000 / 1000000, 6)
            WHEN 'costs' THEN a % 1000000000 / 100
            WHEN '128 bits' THEN a * 1000 + a % 1000
            WHEN 'beyond' THEN a * 1e20 + 0.01
            WHEN 'far apart' THEN a % 1000 * 1e30 + 1e-30
            WHEN 'powers' THEN round((a % 1000 + 1) * ('1e' || p % 60 - 30)::numeric, 40)
            WHEN 'ties' THEN a % 4000 / 2
            ELSE a % 100000 / 100
        END AS amount,
        CASE kind WHEN 'large scale' THEN 30 + p % 50 WHEN 'whole' THEN 0 WHEN 'ties' THEN 0 ELSE p / 12 % 5 END AS scale,
        CASE kind
            WHEN 'money' THEN w % 1000000 / 100
            WHEN 'equal' THEN 1.5
            WHEN 'few' THEN w % 3
            WHEN 'costs' THEN round(w / 1e28, 28)
            WHEN '128 bits' THEN w * 100000 + w % 99999
            WHEN 'beyond' THEN w * 1e15 + w / 1e30
            WHEN 'far apart' THEN w % 1000 * ('1e' || (w % 7 - 3) * 15)::numeric
            WHEN 'powers' THEN round((w % 1000 + 1) * ('1e' || w % 60 - 30)::numeric, 40)
            WHEN 'ties' THEN w % 4 + 1
            ELSE w % 10000
        END AS weight
) AS made;
ANALYZE public.share;

-- the parts, and what largest remainder gives in plain SQL
CREATE TABLE public.part AS
SELECT *, trim_scale(sign(amount) * (quotient * unit + CASE
        WHEN place <= div(whole, unit) - sum(quotient) OVER (PARTITION BY p) THEN unit
        WHEN place = div(whole, unit) - sum(quotient) OVER (PARTITION BY p) + 1 THEN whole - div(whole, unit) * unit
        ELSE 0
    END)) AS expected
FROM (
    SELECT *, row_number() OVER (PARTITION BY p, counted IS NULL ORDER BY whole * counted - quotient * unit * total DESC, i) AS place
    FROM (
        SELECT *, div(whole * counted, total * unit) AS quotient
        FROM (
            SELECT *, sum(counted) OVER (PARTITION BY p) AS total
            FROM (
                SELECT *, abs(amount) AS whole, ('1e' || -scale)::numeric AS unit,
                    CASE WHEN max(abs(weight)) OVER (PARTITION BY p) = 0 THEN weight + 1 ELSE abs(weight) END AS counted,
                    allocate(amount, weight, scale) OVER (PARTITION BY p ORDER BY i) AS actual
                FROM public.share
            ) AS s
        ) AS s
    ) AS s
) AS s;

SELECT kind, count(DISTINCT p) AS partitions, count(*) AS parts,
    count(*) FILTER (WHERE actual IS DISTINCT FROM expected) AS differences,
    count(*) FILTER (WHERE scale(actual) <> scale AND scale(trim_scale(actual)) <= scale) AS scales,
    count(*) FILTER (WHERE (weight IS NULL) <> (actual IS NULL)) AS nulls,
    count(*) FILTER (WHERE counted = 0 AND actual <> 0) AS zeros,
    count(*) FILTER (WHERE abs(actual * total - amount * counted) >= unit * total) AS far
FROM public.part
GROUP BY kind
ORDER BY kind COLLATE "C";

-- parts add up, at most one has more decimals than the scale, a larger weight never has a smaller part
SELECT count(*) AS partitions,
    count(*) FILTER (WHERE sum <> amount) AS sums,
    count(*) FILTER (WHERE sum IS NULL AND weights > 0) AS no_sums,
    count(*) FILTER (WHERE odd > 1 OR (odd = 1) <> (scale(trim_scale(amount)) > scale AND weights > 0)) AS odd
FROM (
    SELECT p, amount, scale, sum(actual), count(weight) AS weights, count(*) FILTER (WHERE scale(trim_scale(actual)) > scale) AS odd
    FROM public.part
    GROUP BY p, amount, scale
) AS s;
SELECT count(*) AS pairs, count(*) FILTER (WHERE abs(actual) < before) AS not_monotone
FROM (
    SELECT actual, lag(abs(actual)) OVER (PARTITION BY p ORDER BY counted, abs(actual)) AS before
    FROM public.part
    WHERE weight IS NOT NULL
) AS s
WHERE before IS NOT NULL;

-- the mirror image, the array form, and weights times anything
CREATE TABLE public.whole AS
SELECT p, amount, scale, array_agg(weight ORDER BY i) AS weights, array_agg(actual ORDER BY i) AS parts
FROM public.part
GROUP BY p, amount, scale;
SELECT count(*) AS partitions,
    count(*) FILTER (WHERE allocate(amount, weights, scale)::text IS DISTINCT FROM parts::text) AS arrays,
    count(*) FILTER (WHERE mirrored <> parts) AS mirrored,
    count(*) FILTER (WHERE negative <> parts) AS negative,
    count(*) FILTER (WHERE scaled <> parts) AS scaled
FROM public.whole,
    LATERAL (SELECT array_agg(-part ORDER BY i) FROM unnest(allocate(-amount, weights, scale)) WITH ORDINALITY AS u(part, i)) AS m(mirrored),
    LATERAL (SELECT allocate(amount, array_agg(-weight ORDER BY i), scale) FROM unnest(weights) WITH ORDINALITY AS u(weight, i)) AS n(negative),
    LATERAL (SELECT allocate(amount, array_agg(weight * 7e25 ORDER BY i), scale) FROM unnest(weights) WITH ORDINALITY AS u(weight, i)) AS s(scaled);

-- the physical order of rows says nothing where ORDER BY does
CREATE TABLE public.shuffled AS SELECT * FROM public.share ORDER BY md5(p || '/' || i);
SELECT count(*) AS parts, count(*) FILTER (WHERE s.actual::text IS DISTINCT FROM t.actual::text) AS differences
FROM (SELECT p, i, allocate(amount, weight, scale) OVER (PARTITION BY p ORDER BY i) AS actual FROM public.shuffled) AS s
JOIN public.part AS t USING (p, i);

-- and where it does not, only between rows of one weight
CREATE VIEW public.by_weight AS
SELECT p, weight, array_agg(part ORDER BY part) AS parts, count(DISTINCT part) AS different
FROM (
    SELECT 'shuffled' AS kept, p, weight, allocate(amount, weight, scale) OVER (PARTITION BY p) AS part FROM public.shuffled
    UNION ALL
    SELECT 'as made', p, weight, allocate(amount, weight, scale) OVER (PARTITION BY p) FROM public.share
) AS s
GROUP BY kept, p, weight;
SELECT count(*) AS weights, sum(differ::int) AS differ, sum(ties::int) > 1000 AS many_ties
FROM (SELECT count(DISTINCT parts) > 1 AS differ, bool_or(different > 1) AS ties FROM public.by_weight GROUP BY p, weight) AS s;

-- in parallel
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE public.whole SET (parallel_workers = 2);
ANALYZE public.whole;
EXPLAIN (COSTS OFF) SELECT count(*) FROM public.whole WHERE allocate(amount, weights, scale) = parts;
SELECT count(*) AS same FROM public.whole WHERE allocate(amount, weights, scale)::text = parts::text;
RESET max_parallel_workers_per_gather;

DROP VIEW public.by_weight;
DROP TABLE public.share, public.shuffled, public.part, public.whole;

--
-- One large partition, on disk
--

SET work_mem = '64kB';
CREATE TABLE public.large AS
SELECT n, 12345678.90123 AS amount, n * 7919 % 10007 / 100.0 AS weight, n * 7919 % 4 + 1 AS few FROM generate_series(1, 100000) AS n;
SELECT sum(part), sum(part) FILTER (WHERE weight = 0) AS zero, bool_and(abs(part * total - amount * weight) < 0.01 * total) AS near,
    count(*) FILTER (WHERE scale(trim_scale(part)) > 2) AS odd
FROM (
    SELECT amount, weight, allocate(amount, weight, 2) OVER () AS part, sum(weight) OVER () AS total FROM public.large
) AS s;
-- in numeric arithmetic; and with ties between weights: half a unit for each that is odd
SELECT sum(part), sum(part) - sum(plain) AS difference, count(*) FILTER (WHERE part <> plain) AS differences
FROM (
    SELECT allocate(amount, weight * 1e40, 2) OVER (ORDER BY n) AS part,
        allocate(amount, weight, 2) OVER (ORDER BY n) AS plain
    FROM public.large
) AS s;
SELECT few, min(part), max(part), sum(part), max(n) FILTER (WHERE part > few / 2) AS last_favoured
FROM (SELECT n, few, allocate(125000, few, 0) OVER (ORDER BY n) AS part FROM public.large) AS s
GROUP BY few
ORDER BY few;
DROP TABLE public.large;
RESET work_mem;

DROP FUNCTION public.digits, public.refused;
