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
