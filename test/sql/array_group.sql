-- Rows of an array grouped where they are: as GROUP BY does it.
SET search_path = cloudbilling, public;
SET TimeZone = 'UTC';

CREATE TYPE thing AS (no int, day date, name text, code char(3), price numeric, amount numeric);

CREATE FUNCTION things(n int) RETURNS thing[] LANGUAGE sql
RETURN ARRAY(
    SELECT ROW(CASE WHEN i % 7 > 0 THEN i % 5 END, DATE '2026-01-01' + i % 3, CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE repeat('x', i % 4 * 100) END,
        'EU' || i % 2, (i % 3)::numeric, CASE WHEN i % 5 <> 2 THEN i * 0.01 END)::thing
    FROM generate_series(1, n) AS i);

-- Numbers in the order in which groups begin, first rows, totals.
SELECT places, totals, firsts FROM array_group(things(14), '{no,code}', NULL, 'amount');
SELECT r.no, r.day, r.code, r.amount FROM array_group(things(14), '{no,code}') AS g, unnest(g.groups) AS r;

-- The same groups and totals as of GROUP BY, of few rows and of many.
SELECT n, cardinality(g.groups) AS groups, (
        SELECT bool_and(f.n = 1)
        FROM (
            SELECT count(DISTINCT p.place) AS n
            FROM ROWS FROM (unnest(things(n)), unnest(g.places)) AS p (no, day, name, code, price, amount, place)
            GROUP BY p.no, p.day, p.name, p.code, p.price
        ) AS f
    ) AS together,
    ARRAY(SELECT sum(t.amount) FROM unnest(things(n)) WITH ORDINALITY AS t GROUP BY t.no, t.day, t.name, t.code, t.price ORDER BY min(t.ordinality)) = g.totals AS same_totals,
    ARRAY(SELECT min(t.ordinality) FROM unnest(things(n)) WITH ORDINALITY AS t GROUP BY t.no, t.day, t.name, t.code, t.price ORDER BY 1)
        = ARRAY(SELECT min(p.ordinality) FROM unnest(g.places) WITH ORDINALITY AS p (place, ordinality) GROUP BY p.place ORDER BY p.place) AS same_order
FROM unnest('{1,10,300,20000}'::int[]) AS n
CROSS JOIN LATERAL array_group(things(n), '{no,day,name,code,price}', NULL, 'amount') AS g
ORDER BY n;

-- Integers beside the rows are one more key; without columns they are the only one.
SELECT places FROM array_group(things(6), '{code}', '{1,1,2,2,1,1}');
SELECT places FROM array_group(things(6), '{}', '{5,-5,5,0,0,-5}');
SELECT places FROM array_group(things(3), '{}');
SELECT * FROM array_group('{}'::thing[], '{no}', NULL, 'amount');
SELECT * FROM array_group(NULL::thing[], '{no}');
-- Numbers are the same when they are written the same.
SELECT places FROM array_group(ARRAY[ROW(1, NULL, NULL, NULL, 1.0, 1), ROW(1, NULL, NULL, NULL, 1, 1), ROW(1, NULL, NULL, NULL, 1.0, 1)]::thing[], '{price}');

-- Elements by their places.
SELECT array_pick('{10,20,30}', '{3,1,1,2}'), array_pick('{10}', '{}'), array_pick(NULL, '{1}');

\set VERBOSITY terse
SELECT array_pick('{10}', '{1,2}');
SELECT array_pick('{10}', '{0}');
SELECT array_pick('{10,NULL}', '{1}');
SELECT places FROM array_group(things(3), '{colour}');
SELECT places FROM array_group(things(3), NULL);
SELECT places FROM array_group(things(3), '{no,NULL}');
SELECT places FROM array_group(things(3), '{no}', '{1,2}');
SELECT places FROM array_group(things(3), '{no}', '{1,2,NULL}');
SELECT places FROM array_group(things(3), '{no}', NULL, 'name');
SELECT places FROM array_group(things(2) || NULL::thing, '{no}');
SELECT places FROM array_group(ARRAY[ROW(1, 2.5::float8), ROW(2, 1)], '{f2}');
SELECT places FROM array_group(ARRAY[1, 2], '{no}');

DROP FUNCTION things(int);
DROP TYPE thing;
