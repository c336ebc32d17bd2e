SET search_path = cloudbilling, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET max_parallel_workers_per_gather = 0;

-- runs a statement, and tells how it failed
CREATE FUNCTION public.failure(statement text, OUT state text, OUT message text, OUT hint text)
    LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    state := 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END;
$$;

-- whether the plan of a query has partial aggregates
CREATE FUNCTION public.is_partial(query text) RETURNS boolean
    LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
        IF line LIKE '%Partial%Aggregate%' THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END;
$$;

--
-- weighted_sum: changes of a level
--

-- March has 31 days: 0 for 9, 5 for 10 and 3 for 12 of them, (50 + 36) / 31 = 86 / 31
SELECT weighted_sum(change, at, '[2026-03-01,2026-04-01)')
FROM (VALUES (5, timestamptz '2026-03-10'), (-2, '2026-03-20')) AS v(change, at);

-- 4 from before: (4 * 31 + 86) / 31; what comes at the end or after it counts for nothing
SELECT weighted_sum(change, at, '[2026-03-01,2026-04-01)')
FROM (VALUES (5, timestamptz '2026-03-10'), (-2, '2026-03-20'), (3, '2026-01-20'), (1, '-infinity'),
    (7, '2026-04-01'), (9, 'infinity')) AS v(change, at);

-- of 31 * 86400 s: all of it at the start, 1 us just before the end, none at the end
SELECT at, weighted_sum(2678400, at, '[2026-03-01,2026-04-01)')
FROM unnest(ARRAY[timestamptz '2026-02-28 23:59:59.999999', '2026-03-01', '2026-03-01 00:00:00.000001',
    '2026-03-31 23:59:59.999999', '2026-04-01']) AS at
GROUP BY at ORDER BY at;

-- in Amsterdam, March lacks an hour on the 29th: 10 for 71 of 743 hours; October has one
-- more on the 25th: 10 for 169 of 745
SET timezone = 'Europe/Amsterdam';
SELECT weighted_sum(10, '2026-03-29', '[2026-03-01,2026-04-01)') AS march, round(710 / 743.0, 16) AS march_is,
    weighted_sum(10, '2026-10-25', '[2026-10-01,2026-11-01)') AS october, round(1690 / 745.0, 16) AS october_is;
SET timezone = 'UTC';

-- half of the last decimal is rounded away from zero: half of 1e-16, and of 3e-18
SELECT weighted_sum(x, '2026-01-01 00:00:00.000001', '[2026-01-01,2026-01-01 00:00:00.000002)')
FROM unnest(ARRAY[0.0000000000000001, -0.0000000000000001, 0.000000000000000003, 0.0000000000000000]) AS x
GROUP BY x ORDER BY x;

-- NULLs are left out; nothing is NULL, nothing that counts is 0
SELECT weighted_sum(change, at, during)
FROM (VALUES (NULL, timestamptz '2026-03-10', tstzrange '[2026-03-01,2026-04-01)'), (1, NULL, '[2026-03-01,2026-04-01)'),
    (1, '2026-03-10', NULL), (31, '2026-03-31', '[2026-03-01,2026-04-01)')) AS v(change, at, during);
SELECT weighted_sum(1, NULL, '[2026-03-01,2026-04-01)') AS of_nulls,
    (SELECT weighted_sum(1, now(), '[2026-03-01,2026-04-01)') WHERE false) AS of_nothing,
    weighted_sum(1, '2026-05-01', '[2026-03-01,2026-04-01)') AS later;

-- bounds of a period have no length
SELECT weighted_sum(31, at, during)
FROM (VALUES (timestamptz '2026-03-31', tstzrange '[2026-03-01,2026-04-01)'), ('2026-03-31', '(2026-03-01,2026-04-01]')) AS v(at, during);

-- beyond 128 bits
SELECT weighted_sum(x, '2026-03-31', '[2026-03-01,2026-04-01)')
FROM (VALUES (31e40), (-31e40), (31e-30), (62)) AS v(x);
SELECT weighted_sum(x, '2026-03-31', '[2026-03-01,2026-04-01)') = 1e6000 AS same FROM (VALUES (31e6000)) AS v(x);

-- the most decimals there can be
SELECT weighted_sum(x, '2026-03-01', '[2026-03-01,2026-04-01)') = x AS same, time_weighted_avg(x, '2026-03-01', '[2026-03-01,2026-04-01)') = x AS same_level,
    percentile_95(x) = x AS same_sample, scale(percentile_95(x))
FROM (VALUES (1e-16383)) AS v(x) GROUP BY x;

--
-- time_weighted_avg: readings of a level
--

-- the same level as above, as readings
SELECT time_weighted_avg(level, at, '[2026-03-01,2026-04-01)')
FROM (VALUES (5, timestamptz '2026-03-10'), (3, '2026-03-20')) AS v(level, at);

-- the last reading before the period holds until the first in it: (4 * 9 + 86) / 31 = 122 / 31
SELECT time_weighted_avg(level, at, '[2026-03-01,2026-04-01)')
FROM (VALUES (3, timestamptz '2026-03-20'), (4, '2026-02-20'), (5, '2026-03-10'), (7, '2026-04-01'), (1, '2026-01-20'), (9, '-infinity'),
    (9, 'infinity')) AS v(level, at);

-- a reading at the start takes the place of the one before
SELECT time_weighted_avg(level, at, '[2026-03-01,2026-04-01)')
FROM (VALUES (4, timestamptz '2026-02-20'), (6, '2026-03-01')) AS v(level, at);

-- of readings at the same moment the greatest holds, in the period and before it
SELECT time_weighted_avg(level, at, '[2026-03-01,2026-04-01)')
FROM (VALUES (62, timestamptz '2026-03-31'), (31, '2026-03-31'), (93, '2026-03-31'), (0, '2026-03-02'), (-1, '2026-03-02')) AS v(level, at);
SELECT time_weighted_avg(level, at, '[2026-03-01,2026-04-01)')
FROM (VALUES (-7, timestamptz '2026-02-01'), (-5, '2026-02-01'), (-6, '2026-02-01'), (4, '2026-01-31')) AS v(level, at);

-- over the time that has a level: 8 for all of the life of a machine
SELECT time_weighted_avg(level, at, tstzrange(greatest(first, '2026-03-01'), '2026-04-01'))
FROM (SELECT 8 AS level, at, min(at) OVER () AS first FROM (VALUES (timestamptz '2026-03-16')) AS v(at)) AS reading;

-- the hour that Amsterdam lacks: 10 for 71 of 743 hours
SET timezone = 'Europe/Amsterdam';
SELECT time_weighted_avg(10, '2026-03-29', '[2026-03-01,2026-04-01)') AS march, round(710 / 743.0, 16) AS march_is;
SET timezone = 'UTC';

-- decimals of all readings, whichever of those before the period is kept
SELECT time_weighted_avg(level, at, '[2026-03-01,2026-04-01)')
FROM (VALUES (1.00000000000000000000, timestamptz '2026-01-20'), (2, '2026-02-20')) AS v(level, at);

-- levels that do not fit 64 bits, and then do not fit 128
SELECT time_weighted_avg(level, at, '[2026-03-01,2026-04-01)')
FROM (VALUES (1, timestamptz '2026-03-01'), (31e20, '2026-03-31'), (0.5, '2026-02-01')) AS v(level, at);
SELECT time_weighted_avg(level, at, '[2026-03-01,2026-04-01)')
FROM (VALUES (1, timestamptz '2026-03-01'), (31e60, '2026-03-31'), (0.5, '2026-02-01')) AS v(level, at);

SELECT time_weighted_avg(NULL, '2026-03-01', '[2026-03-01,2026-04-01)') AS of_nulls,
    (SELECT time_weighted_avg(1, now(), '[2026-03-01,2026-04-01)') WHERE false) AS of_nothing,
    time_weighted_avg(1, '2026-05-01', '[2026-03-01,2026-04-01)') AS later;

--
-- prorated_sum and prorated_count: what was held
--

-- 20 seats all March, 10 added on the 11th: 10 * 21 of 31 days, 5 until the 7th: 5 * 6
-- (620 + 210 + 30) / 31 = 860 / 31, and of 31 seats: 31 + 21 + 6 = 58 / 31
CREATE TABLE public.seat (
    quantity numeric,
    held     daterange
);
INSERT INTO public.seat VALUES
    (20, '[2025-11-01,)'), (10, '[2026-03-11,)'), (5, '[2026-01-15,2026-03-07)'),
    (99, '[2026-04-01,)'), (99, '(,2026-03-01)'), (99, 'empty'), (NULL, '(,)'), (99, NULL);
SELECT prorated_sum(quantity, held, '[2026-03-01,2026-04-01)'), round(860 / 31.0, 16) AS sum_is,
    prorated_count(held, '[2026-03-01,2026-04-01)') FILTER (WHERE quantity < 99), round(58 / 31.0, 16) AS count_is
FROM public.seat;

-- by the clock of Amsterdam: the 21 days from the 11th are 503 of 743 hours
SET timezone = 'Europe/Amsterdam';
CREATE VIEW public.seat_at AS
SELECT quantity, CASE WHEN isempty(held) THEN 'empty' ELSE tstzrange(lower(held), upper(held)) END AS held FROM public.seat WHERE held IS NOT NULL;
SELECT prorated_sum(quantity, held, '[2026-03-01,2026-04-01)'), round(20 + (10 * 503 + 5 * 144) / 743.0, 16) AS sum_is,
    prorated_count(held, '[2026-03-01,2026-04-01)') FILTER (WHERE quantity < 99), round(1 + (503 + 144) / 743.0, 16) AS count_is
FROM public.seat_at;
SET timezone = 'UTC';

-- whole shares, a moment, infinite bounds, and bounds that are included
SELECT held, prorated_sum(2678400, held, '[2026-03-01,2026-04-01)'), prorated_count(held, '[2026-03-01,2026-04-01)')
FROM unnest(ARRAY[tstzrange '[2026-03-01,2026-04-01)', '[-infinity,infinity]', '(,)', '[2026-03-05,2026-03-05]',
    '[2026-03-31 23:59:59.999999,2026-04-02)', '[2026-03-01,2026-03-02]', '(2026-03-01,2026-03-02)', '(,2026-03-01]', '[2026-04-01,)']) AS held
GROUP BY held ORDER BY held;
SELECT held, prorated_sum(31, held, '[2026-03-01,2026-03-31]')
FROM unnest(ARRAY[daterange '[-infinity,infinity]', '[2026-03-01,2026-03-01]', '[2026-03-31,infinity]']) AS held
GROUP BY held ORDER BY held;

SELECT prorated_sum(NULL, '(,)', daterange '[2026-03-01,2026-04-01)') AS sum_of_nulls,
    prorated_count(NULL, daterange '[2026-03-01,2026-04-01)') AS count_of_nulls,
    prorated_sum(1, 'empty', daterange '[2026-03-01,2026-04-01)') AS not_held,
    (SELECT prorated_sum(1, '(,)', daterange '[2026-03-01,2026-04-01)') WHERE false) AS sum_of_nothing,
    (SELECT prorated_count('(,)', daterange '[2026-03-01,2026-04-01)') WHERE false) AS count_of_nothing;

--
-- percentile_95 and percentile_billed: samples
--

-- a month of 30 days has 8640 samples: 432 are discarded, the 8208th counts
SELECT percentile_95(i), percentile_billed(i, 95) AS billed FROM generate_series(1, 8640) AS i;

-- ceil(0.95 n): of 20 the 19th, of 21 the 20th (19.95), of 1 the first
SELECT n, (SELECT percentile_95(i) FROM generate_series(1, n) AS i) FROM unnest(ARRAY[1, 2, 19, 20, 21, 40, 41]) AS n;

-- in and out: the greater of the two, at each moment
SELECT percentile_95(greatest(received, sent)) FROM (VALUES (10, 80), (90, 20), (30, 30), (70, 75)) AS v(received, sent);

SELECT p, percentile_billed(i, p) FROM generate_series(1, 1000) AS i, unnest(ARRAY[0.01, 0.1, 0.11, 50, 99.9, 99.90000001, 100]) AS p
GROUP BY p ORDER BY p;

-- equal samples that look different: the most decimals show, as with sum()
SELECT percentile_95(x) FROM (VALUES (1.5), (1.500), (1.50)) AS v(x);
SELECT percentile_95(x) FROM (VALUES (1.5e30), (1.500), (1.50)) AS v(x);
SELECT percentile_95(x) FROM (VALUES (0.0), (0.00000000000000000000), (-1)) AS v(x);
SELECT percentile_billed(x, 50) FROM (VALUES (9223372036854775807), (9223372036854775808), (-9223372036854775808), (0.1), (7)) AS v(x);
SELECT percentile_95(x) FILTER (WHERE x > 5) AS of_nothing, percentile_95(NULL) AS of_nulls, percentile_billed(x, NULL) AS no_percentile
FROM (VALUES (1), (2)) AS v(x);

-- shapes on which a selection could go wrong, of 1 to 300 samples
SELECT shape, count(*) AS tried, count(*) FILTER (WHERE actual IS DISTINCT FROM expected) AS wrong,
    count(*) FILTER (WHERE wide IS DISTINCT FROM expected) AS wide_wrong
FROM (
    SELECT shape, n, p, percentile_billed(x, p) AS actual, percentile_billed(x * 1e20, p) / 1e20 AS wide,
        (array_agg(x ORDER BY x))[ceil(n * p / 100)] AS expected
    FROM generate_series(1, 300) AS n, unnest(ARRAY[0.01, 20, 50, 95, 100]) AS p, generate_series(1, n) AS i,
    LATERAL (VALUES ('rising', i), ('falling', -i), ('equal', 7), ('few', i % 3), ('pipe', abs(i - n / 2)),
        ('saw', i * 7919 % 101), ('random', hashint4(i * 1000 + n) % 1000)) AS v(shape, x)
    GROUP BY shape, n, p
) AS s
GROUP BY shape ORDER BY shape;

--
-- latest
--

SELECT latest(value, at), latest(value::text, at) AS text FROM (VALUES (1.0, timestamptz '2026-03-01'), (3, '2026-03-03'), (2, '2026-03-02')) AS v(value, at);
-- at the same moment: the greatest, compared as its type; of equal ones always the same
SELECT latest(n, '2026-03-01') AS number, latest(n::text COLLATE "C", '2026-03-01') AS text, latest(ARRAY[n, -n], '2026-03-01') AS list,
    latest(to_jsonb(n), '2026-03-01') AS jsonb, latest(n > 9, '2026-03-01') AS boolean, latest(DATE '2026-01-01' + n::int, '2026-03-01') AS day,
    latest(ROW(n, 'x'), '2026-03-01') AS record
FROM unnest(ARRAY[9, 10, 8]) AS n;
SELECT latest(x, 'infinity' ORDER BY o) AS asc, latest(x, 'infinity' ORDER BY o DESC) AS desc FROM (VALUES (1, 1.0), (2, 1.000), (3, 1.00)) AS v(o, x);
-- NULLs are left out, as are values without a moment
SELECT latest(value, at), latest(value, at) FILTER (WHERE at IS NULL) AS of_nulls
FROM (VALUES (NULL, timestamptz '2026-03-09'), ('b', '-infinity'), ('a', '-infinity'), ('c', NULL)) AS v(value, at);
SELECT latest(1, now()) AS of_nothing WHERE false;
-- longer and shorter values, also those that are stored elsewhere
CREATE TABLE public.long_value (value text, at timestamptz);
ALTER TABLE public.long_value ALTER value SET STORAGE EXTERNAL;
INSERT INTO public.long_value SELECT repeat(i::text, i * 500), timestamptz '2026-01-01' + i * interval '1 day' FROM generate_series(1, 20) AS i;
SELECT at::date, length(latest(value, at) OVER (ORDER BY at)), left(latest(value, at) OVER (ORDER BY at), 3) FROM public.long_value ORDER BY at LIMIT 4;
SELECT md5(latest(value, at)) = md5(repeat('20', 10000)) AS same FROM public.long_value;

--
-- distinct_count
--

CREATE TYPE public.colour AS ENUM ('red', 'green', 'blue');
CREATE DOMAIN public.host AS text CHECK (VALUE <> '');
CREATE COLLATION public.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE public.thing AS
SELECT i AS at, CASE WHEN i % 10 > 0 THEN i % 700 END AS integer, (i % 700)::smallint AS smallint, (i % 700) * 10000000000 AS bigint,
    'resource-' || i % 700 AS text, ('resource-' || i % 700)::varchar AS varchar, (i % 700)::char(10) AS char,
    ('resource-' || i % 700)::public.host AS host, CASE WHEN i / 700 % 2 = 0 THEN 'a' ELSE 'A' END || i % 700 AS cased,
    round(i % 700 / 4.0, 2 + i % 3) AS numeric, md5((i % 700)::text)::uuid AS uuid, decode(md5((i % 700)::text), 'hex') AS bytea,
    DATE '2026-01-01' + i % 700 AS date, timestamptz '2026-01-01' + i % 700 * interval '1 s' AS moment, (i % 700) * interval '1 h' AS interval,
    ARRAY[i % 700, i % 7] AS list, ('{red,green,blue}'::public.colour[])[1 + i % 3] AS colour, i % 2 = 0 AS boolean,
    to_jsonb(i % 700) AS jsonb, tstzrange('2026-01-01', timestamptz '2026-01-01' + i % 700 * interval '1 s') AS range,
    repeat(md5((i % 7)::text), 1 + i % 5 * 1000) AS long
FROM generate_series(1, 5000) AS i;
SELECT (v).key, (v).value
FROM (SELECT jsonb_each(to_jsonb(s)) AS v FROM (
    SELECT ARRAY[distinct_count(integer), count(DISTINCT integer)] AS integer, ARRAY[distinct_count(smallint), count(DISTINCT smallint)] AS smallint,
        ARRAY[distinct_count(bigint), count(DISTINCT bigint)] AS bigint, ARRAY[distinct_count(text), count(DISTINCT text)] AS text,
        ARRAY[distinct_count(varchar), count(DISTINCT varchar)] AS varchar, ARRAY[distinct_count(char), count(DISTINCT char)] AS char,
        ARRAY[distinct_count(host), count(DISTINCT host)] AS host, ARRAY[distinct_count(cased), count(DISTINCT cased)] AS cased,
        ARRAY[distinct_count(cased COLLATE public.any_case), count(DISTINCT cased COLLATE public.any_case)] AS any_case,
        ARRAY[distinct_count(numeric), count(DISTINCT numeric)] AS numeric, ARRAY[distinct_count(uuid), count(DISTINCT uuid)] AS uuid,
        ARRAY[distinct_count(bytea), count(DISTINCT bytea)] AS bytea, ARRAY[distinct_count(date), count(DISTINCT date)] AS date,
        ARRAY[distinct_count(moment), count(DISTINCT moment)] AS moment, ARRAY[distinct_count(interval), count(DISTINCT interval)] AS interval,
        ARRAY[distinct_count(list), count(DISTINCT list)] AS list, ARRAY[distinct_count(colour), count(DISTINCT colour)] AS colour,
        ARRAY[distinct_count(boolean), count(DISTINCT boolean)] AS boolean, ARRAY[distinct_count(jsonb), count(DISTINCT jsonb)] AS jsonb,
        ARRAY[distinct_count(range), count(DISTINCT range)] AS range, ARRAY[distinct_count(long), count(DISTINCT long)] AS long,
        ARRAY[distinct_count((text, numeric)), count(DISTINCT (text, numeric))] AS record
    FROM public.thing) AS s) AS each
ORDER BY (v).key COLLATE "C";
SELECT distinct_count(NULL::text) AS of_nulls, (SELECT distinct_count(1) WHERE false) AS of_nothing;

--
-- what is refused
--

\pset format unaligned
\pset tuples_only on
\pset fieldsep ' | '
SELECT s, E'\n   ', f.state, f.message, f.hint
FROM unnest(ARRAY[
    $$SELECT weighted_sum(1, now(), 'empty')$$,
    $$SELECT weighted_sum(1, now(), '[2026-03-01,2026-03-01]')$$,
    $$SELECT weighted_sum(1, now(), '[2026-03-01,)')$$,
    $$SELECT weighted_sum(1, now(), '[-infinity,2026-03-01)')$$,
    $$SELECT weighted_sum(1, now(), '[4713-01-01 BC,294276-01-01)')$$,
    $$SELECT weighted_sum(1, now(), d) FROM unnest('{"[2026-03-01,2026-04-01)","[2026-03-01,2026-04-02)"}'::tstzrange[]) AS d$$,
    $$SELECT weighted_sum('NaN', '2026-03-02', '[2026-03-01,2026-04-01)')$$,
    $$SELECT weighted_sum('Infinity', '2026-03-02', '[2026-03-01,2026-04-01)')$$,
    $$SELECT time_weighted_avg(1, now(), 'empty')$$,
    $$SELECT time_weighted_avg(1, now(), '(,2026-03-01)')$$,
    $$SELECT time_weighted_avg(1, now(), d) FROM unnest('{"[2026-03-01,2026-04-01)","[2026-03-02,2026-04-01)"}'::tstzrange[]) AS d$$,
    $$SELECT time_weighted_avg('-Infinity', '2026-03-02', '[2026-03-01,2026-04-01)')$$,
    $$SELECT prorated_sum(1, '(,)', daterange 'empty')$$,
    $$SELECT prorated_sum(1, '(,)', daterange '[2026-03-01,infinity)')$$,
    $$SELECT prorated_sum('NaN', '(,)', daterange '[2026-03-01,2026-04-01)')$$,
    $$SELECT prorated_sum(1, '(,)', d) FROM unnest('{"[2026-03-01,2026-04-01)","[2026-03-02,2026-04-01)"}'::daterange[]) AS d$$,
    $$SELECT prorated_count('(,)', tstzrange '(,)')$$,
    $$SELECT prorated_sum(1, '(,)', '[2026-03-01,2026-04-01)')$$,
    $$SELECT percentile_95('NaN')$$,
    $$SELECT percentile_billed('Infinity', 50)$$,
    $$SELECT percentile_billed(1, 0)$$,
    $$SELECT percentile_billed(1, 100.01)$$,
    $$SELECT percentile_billed(1, 'NaN')$$,
    $$SELECT percentile_billed(1, p) FROM unnest(ARRAY[95, 95.0, 99]) AS p$$,
    $$SELECT latest('1'::json, now())$$,
    $$SELECT distinct_count('1'::json)$$,
    $$SELECT weighted_sum(('1' || repeat('0', 131071))::numeric, '2026-03-01', '[2026-03-01,2026-04-01)')$$
]) AS s, public.failure(s) AS f;
\pset format aligned
\pset tuples_only off

--
-- random groups against plain SQL, with the decimals that show
--

CREATE FUNCTION public.digits(seed text) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(md5(seed), 'abcdef', '385017')::numeric;

-- exact microseconds
CREATE FUNCTION public.us(at timestamptz) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN trunc(extract(epoch FROM at) * 1000000);

-- a number by another, with 80 decimals before it is rounded
CREATE FUNCTION public.quotient(a numeric, b numeric, scale int) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN round((a + round(0.0, 80)) / b, greatest(scale, 16));

-- ten kinds of numbers in 60 groups each, of 0 to 40 rows around a period of its own
CREATE TABLE public.reading (
    kind   text,
    part   int,
    x      numeric,
    at     timestamptz,
    held   tstzrange,
    during tstzrange
);
INSERT INTO public.reading
SELECT kind, part, CASE WHEN i % 13 = 0 THEN NULL WHEN i % 3 = 0 THEN -x ELSE x END,
    CASE WHEN i % 19 = 0 THEN NULL ELSE start + (d % 400 - 100)::int * length / 200 END,
    CASE WHEN i % 11 = 0 THEN tstzrange(NULL, start + (d % 300 - 100)::int * length / 100)
        WHEN i % 7 = 0 THEN tstzrange(start + (d % 300 - 100)::int * length / 100, NULL)
        ELSE tstzrange(start + (d % 300 - 100)::int * length / 100, start + (d % 300 + d / 1e9 % 100)::int * length / 100) END,
    tstzrange(start, start + length)
FROM unnest(ARRAY['cents', 'quotient', 'whole', 'few', 'rate', 'scales', '1e15', '1e30', 'huge and tiny', '1e300']) AS kind,
    generate_series(1, 60) AS part, generate_series(1, part * 2 / 3) AS i,
LATERAL (
    SELECT d, timestamptz '2026-01-01' + part * interval '7 days 3 h 0.000001 s' AS start,
        CASE part % 4 WHEN 0 THEN interval '1 h' WHEN 1 THEN interval '744 h' WHEN 2 THEN interval '743 h 0.000017 s' ELSE interval '200 s' END AS length,
        CASE kind
            WHEN 'cents' THEN round((d % 1000000) / 100, 2)
            WHEN 'quotient' THEN (d % 1000000) / 100
            WHEN 'whole' THEN d % 10000000
            WHEN 'few' THEN d % 3
            WHEN 'rate' THEN round(d / 1e32, 10)
            WHEN 'scales' THEN round(d / 1e30, i % 30)
            WHEN '1e15' THEN d / 1e17
            WHEN '1e30' THEN d % 100 * 1e30 + 0.01
            WHEN 'huge and tiny' THEN CASE WHEN i % 2 = 0 THEN d * 1e7 ELSE d / 1e60 END
            WHEN '1e300' THEN (d % 100) * 1e300 + 0.001
        END::numeric AS x
    FROM (SELECT public.digits(kind || part || 'x' || i) AS d) AS s
) AS made;
SELECT count(*), count(DISTINCT (kind, part)) AS groups FROM public.reading;

CREATE VIEW public.actual AS
SELECT kind, part,
    weighted_sum(x, at, during)::text AS weighted_sum,
    time_weighted_avg(x, at, during)::text AS time_weighted_avg,
    prorated_sum(x, held, during)::text AS prorated_sum,
    prorated_count(held, during)::text AS prorated_count,
    prorated_sum(x, daterange(lower(held)::date, upper(held)::date), daterange('2026-01-01', '2027-01-01'))::text AS prorated_days,
    percentile_95(x)::text AS percentile_95,
    percentile_billed(x, part * 1.5)::text AS percentile_billed,
    latest(x, at)::text AS latest,
    latest(x::text COLLATE "C", at) AS latest_text,
    distinct_count(x) AS distinct_count,
    distinct_count(x::text) AS distinct_text,
    distinct_count(at) AS distinct_at
FROM public.reading GROUP BY kind, part;

CREATE TABLE public.expected AS
WITH
    span AS (
        SELECT *, us(lower(during)) AS low, us(upper(during)) AS high, us(upper(during)) - us(lower(during)) AS length,
            (SELECT count(*) FROM generate_series(timestamp '2026-01-01', '2026-12-31', '1 day') AS day
                WHERE day::date <@ daterange(lower(held)::date, upper(held)::date)) AS days
        FROM public.reading
    ),
    -- one level for each moment, until the next
    level AS (
        SELECT kind, part, max(x) AS x, greatest(us(at), min(low)) AS start, length,
            least(coalesce(lead(us(at)) OVER (PARTITION BY kind, part ORDER BY at), min(high)), min(high)) AS until, max(scale(x)) AS scale
        FROM span WHERE x IS NOT NULL AND at < upper(during) GROUP BY kind, part, at, length
    ),
    avg AS (
        SELECT kind, part, quotient(sum(x * greatest(until - start, 0)), length, max(scale))::text AS avg FROM level GROUP BY kind, part, length
    ),
    last AS (
        SELECT DISTINCT ON (kind, part) kind, part, x FROM span WHERE x IS NOT NULL AND at IS NOT NULL ORDER BY kind, part, at DESC, x DESC
    ),
    last_text AS (
        SELECT DISTINCT ON (kind, part) kind, part, x::text AS x FROM span WHERE x IS NOT NULL AND at IS NOT NULL
        ORDER BY kind, part, at DESC, x::text COLLATE "C" DESC
    ),
    all_of AS (
        SELECT kind, part,
            quotient(sum(x * (high - greatest(us(at), low))) FILTER (WHERE at < upper(during)), length, max(scale(x)) FILTER (WHERE at < upper(during)))::text
                AS weighted_sum,
            quotient(sum(x * (least(coalesce(us(upper(held)), high), high) - greatest(coalesce(us(lower(held)), low), low))) FILTER (WHERE held && during),
                length, max(scale(x)) FILTER (WHERE held && during))::text AS prorated_sum,
            quotient(sum(least(coalesce(us(upper(held)), high), high) - greatest(coalesce(us(lower(held)), low), low)) FILTER (WHERE held && during),
                length, 0)::text AS prorated_count,
            quotient(sum(x * days) FILTER (WHERE days > 0), 365, max(scale(x)) FILTER (WHERE days > 0))::text AS prorated_days,
            round((array_agg(x ORDER BY x))[ceil(0.95 * count(x))], max(scale(x)))::text AS percentile_95,
            round((array_agg(x ORDER BY x))[ceil(part * 1.5 / 100 * count(x))], max(scale(x)))::text AS percentile_billed,
            round(0.0, 16)::text AS none, count(x) AS numbers, count(x) FILTER (WHERE at IS NOT NULL) AS readings,
            count(DISTINCT x) AS distinct_count, count(DISTINCT x::text) AS distinct_text, count(DISTINCT at) AS distinct_at
        FROM span GROUP BY kind, part, length
    )
SELECT kind, part, CASE WHEN readings > 0 THEN coalesce(weighted_sum, none) END AS weighted_sum,
    CASE WHEN readings > 0 THEN coalesce(avg, none) END AS time_weighted_avg,
    CASE WHEN numbers > 0 THEN coalesce(prorated_sum, none) END AS prorated_sum, coalesce(prorated_count, none) AS prorated_count,
    CASE WHEN numbers > 0 THEN coalesce(prorated_days, none) END AS prorated_days, percentile_95, percentile_billed,
    last.x::text AS latest, last_text.x AS latest_text, distinct_count, distinct_text, distinct_at
FROM all_of LEFT JOIN avg USING (kind, part) LEFT JOIN last USING (kind, part) LEFT JOIN last_text USING (kind, part);

-- where they differ
CREATE VIEW public.difference AS
SELECT kind, part, a.key, a.value AS actual, e.value AS expected
FROM (SELECT kind, part, (jsonb_each_text(to_jsonb(s) - 'kind' - 'part')).* FROM public.actual AS s) AS a
FULL JOIN (SELECT kind, part, (jsonb_each_text(to_jsonb(s) - 'kind' - 'part')).* FROM public.expected AS s) AS e USING (kind, part, key)
WHERE a.value IS DISTINCT FROM e.value;

SELECT count(*) FROM public.expected;
SELECT * FROM public.difference ORDER BY kind, part, key LIMIT 20;

-- in another order
CREATE TABLE public.shuffled AS SELECT * FROM public.reading ORDER BY md5(reading::text);
TRUNCATE public.reading;
INSERT INTO public.reading SELECT * FROM public.shuffled;
SELECT * FROM public.difference ORDER BY kind, part, key LIMIT 20;
SET enable_hashagg = off;
SELECT * FROM public.difference ORDER BY kind, part, key LIMIT 20;
RESET enable_hashagg;

-- as readings, the levels that changes add up to
SELECT count(*) AS groups, count(*) FILTER (WHERE round(a, 16) <> round(b, 16)) AS different
FROM (
    SELECT kind, part, weighted_sum(change, at, during) AS a, time_weighted_avg(level, at, during) AS b
    FROM (
        SELECT *, level - coalesce(lag(level) OVER (PARTITION BY kind, part ORDER BY at), 0) AS change
        FROM (SELECT kind, part, at, during, max(x) AS level FROM public.reading WHERE x IS NOT NULL AND at IS NOT NULL GROUP BY kind, part, at, during) AS l
    ) AS s
    GROUP BY kind, part
) AS s;

-- minute by minute
SELECT count(*) AS groups, count(*) FILTER (WHERE prorated <> round(minutes / 720.0, 16)) AS different
FROM (
    SELECT g, prorated_sum(quantity, held, '[2026-03-29 00:00+01,2026-03-29 13:00+02)') AS prorated,
        sum(quantity * (SELECT count(*) FROM generate_series(timestamptz '2026-03-29 00:00+01', '2026-03-29 12:59+02', '1 min') AS m WHERE held @> m)) AS minutes
    FROM (SELECT i % 10 AS g, i AS quantity, tstzrange(s + i * interval '7 min', s + i * interval '11 min' + interval '1 h') AS held
        FROM generate_series(1, 80) AS i, (VALUES (timestamptz '2026-03-28 22:00+01')) AS v(s)) AS h
    GROUP BY g
) AS s;

--
-- in parallel, with and without the leader's help, and as parts of three tables
--

SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE public.reading SET (parallel_workers = 2);
ALTER TABLE public.thing SET (parallel_workers = 2);
ANALYZE public.reading, public.thing;
EXPLAIN (COSTS OFF) SELECT weighted_sum(x, at, during), time_weighted_avg(x, at, during), prorated_sum(x, held, during), prorated_count(held, during),
    percentile_95(x), percentile_billed(x, 50), latest(x, at), distinct_count(x) FROM public.reading;
SELECT public.is_partial('SELECT * FROM public.difference');
SELECT * FROM public.difference ORDER BY kind, part, key LIMIT 20;
SET parallel_leader_participation = off;
SELECT * FROM public.difference ORDER BY kind, part, key LIMIT 20;
SELECT weighted_sum(x, at, during), time_weighted_avg(x, at, during), prorated_sum(x, held, during), prorated_count(held, during),
    percentile_95(x), percentile_billed(x, 50), latest(x, at), distinct_count(x) FROM public.reading WHERE part < 0;
RESET parallel_leader_participation;
SELECT public.is_partial('SELECT distinct_count(text), latest(text, moment) FROM public.thing');
SELECT distinct_count(integer) AS integer, distinct_count(text) AS text, distinct_count(cased COLLATE public.any_case) AS any_case,
    distinct_count(numeric) AS numeric, distinct_count(uuid) AS uuid, distinct_count(interval) AS interval, distinct_count(list) AS list,
    distinct_count(colour) AS colour, distinct_count(jsonb) AS jsonb, distinct_count(range) AS range, distinct_count(long) AS long,
    distinct_count((text, numeric)) AS record
FROM public.thing;
SELECT latest(integer, moment), latest(text, moment), latest(list, moment), latest(uuid, moment), latest(interval, moment),
    latest(colour, moment), md5(latest(long, moment)) AS long, latest((text, date), moment) AS record
FROM public.thing;
SELECT f.state, f.message
FROM unnest(ARRAY[$$SELECT weighted_sum(x, at, during) FROM public.reading$$, $$SELECT time_weighted_avg(x, at, during) FROM public.reading$$,
    $$SELECT percentile_billed(x, part) FROM public.reading$$]) AS s, public.failure(s) AS f;

SET enable_partitionwise_aggregate = on;
CREATE TABLE public.reading_parted (LIKE public.reading) PARTITION BY HASH (at);
CREATE TABLE public.reading_0 PARTITION OF public.reading_parted FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE public.reading_1 PARTITION OF public.reading_parted FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE public.reading_2 PARTITION OF public.reading_parted FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO public.reading_parted SELECT * FROM public.reading;
ANALYZE public.reading_parted;
ALTER TABLE public.reading RENAME TO reading_whole;
ALTER TABLE public.reading_parted RENAME TO reading;
SET max_parallel_workers_per_gather = 0;
CREATE OR REPLACE VIEW public.actual AS
SELECT kind, part,
    weighted_sum(x, at, during)::text AS weighted_sum,
    time_weighted_avg(x, at, during)::text AS time_weighted_avg,
    prorated_sum(x, held, during)::text AS prorated_sum,
    prorated_count(held, during)::text AS prorated_count,
    prorated_sum(x, daterange(lower(held)::date, upper(held)::date), daterange('2026-01-01', '2027-01-01'))::text AS prorated_days,
    percentile_95(x)::text AS percentile_95,
    percentile_billed(x, part * 1.5)::text AS percentile_billed,
    latest(x, at)::text AS latest,
    latest(x::text COLLATE "C", at) AS latest_text,
    distinct_count(x) AS distinct_count,
    distinct_count(x::text) AS distinct_text,
    distinct_count(at) AS distinct_at
FROM public.reading GROUP BY kind, part;
SELECT public.is_partial('SELECT * FROM public.difference');
SELECT * FROM public.difference ORDER BY kind, part, key LIMIT 20;
RESET enable_partitionwise_aggregate;

--
-- as window functions: the state goes on after a result
--

CREATE VIEW public.running AS
SELECT kind, part, at, x, during, weighted_sum(x, at, during) OVER w AS weighted_sum, time_weighted_avg(x, at, during) OVER w AS time_weighted_avg,
    prorated_sum(x, held, during) OVER w AS prorated_sum, percentile_95(x) OVER w AS percentile_95, latest(x::text, at) OVER w AS latest,
    distinct_count(x) OVER w AS distinct_count
FROM public.reading WHERE kind IN ('cents', 'scales', 'few', '1e300') AND part % 10 = 0
WINDOW w AS (PARTITION BY kind, part ORDER BY at NULLS FIRST);
SELECT count(*) AS rows, count(*) FILTER (WHERE (r.weighted_sum, r.time_weighted_avg, r.prorated_sum, r.percentile_95, r.latest, r.distinct_count)
    IS DISTINCT FROM (e.weighted_sum, e.time_weighted_avg, e.prorated_sum, e.percentile_95, e.latest, e.distinct_count)) AS different
FROM public.running AS r, LATERAL (
    SELECT weighted_sum(x, at, during) AS weighted_sum, time_weighted_avg(x, at, during) AS time_weighted_avg, prorated_sum(x, held, during) AS prorated_sum,
        percentile_95(x) AS percentile_95, latest(x::text, at) AS latest, distinct_count(x) AS distinct_count
    FROM public.reading AS o WHERE o.kind = r.kind AND o.part = r.part AND (o.at IS NULL OR o.at <= r.at)
) AS e;
-- a frame that moves
SELECT i, percentile_95(i % 5) OVER w, distinct_count(i % 3) OVER w, latest(-i, timestamptz '2026-01-01' + i * interval '1 s') OVER w
FROM generate_series(1, 6) AS i WINDOW w AS (ORDER BY i ROWS BETWEEN 2 PRECEDING AND CURRENT ROW);

-- many of each, enough to make the tables and lists grow
SELECT distinct_count(i % 50000) AS integers, distinct_count((i % 50000)::text) AS texts, percentile_95(i * 7919 % 200003) AS percentile,
    time_weighted_avg(i % 2, timestamptz '2026-01-01' + i * 7919 % 200003 * interval '1 s', '[2026-01-01,2026-01-03)') AS average,
    round(count(*) FILTER (WHERE i % 2 = 1 AND i * 7919 % 200003 < 172800) / 172800.0, 16) AS average_is
FROM generate_series(1, 200000) AS i;

DROP VIEW public.running, public.difference, public.actual, public.seat_at;
DROP TABLE public.reading, public.reading_whole, public.shuffled, public.expected, public.seat, public.thing, public.long_value;
DROP FUNCTION public.quotient, public.us, public.digits, public.is_partial, public.failure;
DROP DOMAIN public.host;
DROP TYPE public.colour;
DROP COLLATION public.any_case;
