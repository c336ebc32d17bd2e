-- cursor_rows(): what a cursor has left, as an array of rows.
\set VERBOSITY terse
SET search_path = cloudbilling, public;
SET DateStyle = 'ISO, YMD';

CREATE TYPE pg_temp.reading AS (meter text, day date, quantity numeric);

CREATE FUNCTION pg_temp.readings(n int) RETURNS pg_temp.reading[]
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    "all" CURSOR FOR
        SELECT CASE WHEN x % 3 > 0 THEN repeat('m', x) END, date '2026-01-01' + x, x * 0.25 FROM generate_series(1, n) AS x ORDER BY x;
    found pg_temp.reading[];
BEGIN
    OPEN "all";
    found := cursor_rows("all", NULL::pg_temp.reading);
    CLOSE "all";
    RETURN found;
END
$$;

SELECT * FROM unnest(pg_temp.readings(4));
SELECT pg_temp.readings(0);

-- the same as array_agg() gives, also where values are long, and compressed
SELECT pg_temp.readings(5000) = array_agg(ROW(CASE WHEN x % 3 > 0 THEN repeat('m', x) END, date '2026-01-01' + x, x * 0.25)::pg_temp.reading ORDER BY x)
FROM generate_series(1, 5000) AS x;

-- what is left, and then nothing
BEGIN;
DECLARE usage CURSOR FOR SELECT 'a'::text, date '2026-01-01' + x, x::numeric FROM generate_series(1, 3) AS x;
FETCH usage;
SELECT cursor_rows('usage', NULL::pg_temp.reading);
SELECT cursor_rows('usage', NULL::pg_temp.reading);
COMMIT;

-- values that are kept out of their row
CREATE TEMPORARY TABLE kept (meter text, day date, quantity numeric);
ALTER TABLE kept ALTER COLUMN meter SET STORAGE EXTERNAL;
INSERT INTO kept VALUES (repeat('0123456789', 1000), '2026-01-01', 1);
BEGIN;
DECLARE usage CURSOR FOR SELECT * FROM kept;
SELECT length(r.meter), r.day, r.quantity FROM unnest(cursor_rows('usage', NULL::pg_temp.reading)) AS r;
COMMIT;

-- the same bytes as the server makes, of values of all alignments, some of them missing
CREATE TYPE pg_temp.mixed AS (a bool, b bigint, c "char", d smallint, e name, f text, g int, h interval, i int2vector, j numeric, k date);
CREATE TEMPORARY TABLE mixed_row AS
SELECT x, m
FROM generate_series(1, 3000) AS x
CROSS JOIN LATERAL (
    SELECT ROW(x % 2 = 0, CASE WHEN x % 3 > 0 THEN x END, CASE WHEN x % 7 > 3 THEN 'c' END, x, CASE WHEN x % 11 > 0 THEN 'n' || x END,
        CASE WHEN x % 5 > 0 THEN repeat('t', x % 300) END, CASE WHEN x % 13 > 0 THEN x END, CASE WHEN x % 17 > 0 THEN make_interval(days => x) END,
        CASE WHEN x % 4 > 0 THEN '1 2 3'::int2vector END, x / 8.0, CASE WHEN x % 64 > 0 THEN date '2026-01-01' + x END)::pg_temp.mixed AS m
) AS m;
BEGIN;
DECLARE usage CURSOR FOR SELECT (m.m).* FROM mixed_row AS m ORDER BY m.x;
SELECT count(*), bool_and(c.made[m.x] *= m.m) AS same, max(pg_column_size(c.made)) = pg_column_size(array_agg(m.m)) AS same_size
FROM (SELECT cursor_rows('usage', NULL::pg_temp.mixed) AS made OFFSET 0) AS c
CROSS JOIN mixed_row AS m;
COMMIT;

-- errors
SELECT cursor_rows('none', NULL::pg_temp.reading);
SELECT cursor_rows(NULL, NULL::pg_temp.reading);
SELECT cursor_rows('none', 1);
BEGIN;
DECLARE usage CURSOR FOR SELECT 1, 2;
SELECT cursor_rows('usage', NULL::pg_temp.reading);
ROLLBACK;
BEGIN;
DECLARE usage CURSOR FOR SELECT 'a'::text, '2026-01-01'::text, 1::numeric;
SELECT cursor_rows('usage', NULL::pg_temp.reading);
ROLLBACK;
