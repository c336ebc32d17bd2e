SET search_path = cloudbilling, public;

--
-- reconcile: both sides of each group in one pass; each sum as sum() makes it
--

-- what was bought, and what was used, by subscription
CREATE TABLE public.bought (subscription text, sku text, quantity numeric, amount numeric);
CREATE TABLE public.used (LIKE public.bought);
INSERT INTO public.bought
VALUES ('a', 'vm', 24, 12.00), ('a', 'vm', 24, 12.00), ('a', 'disk', 100, 4.50), ('b', 'vm', 10, 5.00), ('c', 'support', NULL, 29.00);
INSERT INTO public.used
VALUES ('a', 'vm', 47, 23.499), ('a', 'disk', 100, 4.5), ('b', 'vm', 10, NULL), ('d', 'vm', 1, 0.50);

CREATE VIEW public.line AS
SELECT true AS is_bought, * FROM public.bought
UNION ALL
SELECT false, * FROM public.used;

SELECT subscription, sku, (r).*
FROM (SELECT subscription, sku, reconcile(is_bought, quantity, amount) AS r FROM public.line GROUP BY 1, 2) AS g
ORDER BY 1, 2;

-- all levels at once
SELECT subscription, sku, reconcile(is_bought, quantity, amount)
FROM public.line
GROUP BY GROUPING SETS ((subscription, sku), (subscription), (sku), ())
ORDER BY 1, 2;

-- none, one side, only NULL, filtered, distinct
SELECT (reconcile(is_bought, quantity, amount)).* FROM public.line WHERE false;
SELECT (reconcile(true, quantity, amount)).* FROM public.bought;
SELECT (reconcile(false, NULL, NULL)).* FROM public.used;
SELECT (reconcile(is_bought, quantity, amount) FILTER (WHERE sku = 'vm')).* FROM public.line;
SELECT (reconcile(DISTINCT is_bought, quantity, amount)).* FROM public.line WHERE sku = 'vm';

-- a row is on one side or the other
SELECT reconcile(NULL, 1, 1);
SELECT reconcile(CASE subscription WHEN 'a' THEN true WHEN 'b' THEN false END, quantity, amount) FROM public.line;

-- as a window function it grows
SELECT sku, amount, reconcile(is_bought, quantity, amount) OVER (ORDER BY sku, amount, is_bought ROWS UNBOUNDED PRECEDING)
FROM public.line
WHERE subscription = 'a';

-- decimals that show are those of numeric arithmetic
SELECT (reconcile(s, q, a)).* FROM (VALUES (true, 1.50, 1), (false, 1.5, 1.000)) AS v (s, q, a);

-- NaN and infinities, the end of 128 bits, and of numeric
SELECT n, (r).*
FROM (
    SELECT n, reconcile(s, q, a) AS r
    FROM (VALUES (1, true, 'NaN'::numeric, 1::numeric), (1, false, 1, 'Infinity'),
        (2, true, 'Infinity', '-Infinity'), (2, false, 'Infinity', 'Infinity'),
        (3, true, 170141183460469231731687303715884105727, -170141183460469231731687303715884105727), (3, true, 1, -1),
        (3, false, 170141183460469231731687303715884105728, 170141183460469231731687303715884105727),
        (4, true, 170141183460469231731687303715884105727, 1e-30), (4, false, -1, 1e30),
        (5, false, -170141183460469231731687303715884105727, -170141183460469231731687303715884105727), (5, false, -1, -1)
    ) AS v (n, s, q, a)
    GROUP BY n
) AS g
ORDER BY n;
SELECT left((r).left_quantity::text, 9) AS left_quantity, left((r).quantity_difference::text, 9) AS quantity_difference, scale((r).amount_difference)
FROM (SELECT reconcile(s, q, a) AS r FROM (VALUES (true, 9e131071, 1e-16383), (true, -8e131071, 1), (false, 1e131070, 1e-16383)) AS v (s, q, a)) AS g;
SELECT reconcile(s, q, 0) FROM (VALUES (true, 9e131071), (false, -9e131071)) AS v (s, q);

--
-- numbers of each kind in random groups, against plain SQL
--

-- 32 decimal digits that look random, and are the same everywhere
CREATE FUNCTION public.digits(seed text) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(md5(seed), 'abcdef', '385017')::numeric;

CREATE TABLE public.entry (
    kind      text,
    part      int,
    is_left   boolean,
    quantity  numeric,
    amount    numeric
);
INSERT INTO public.entry
SELECT kind, (d / 7) % 60, (d / 1000) % 7 < 3,
    CASE WHEN i % 11 = 0 THEN NULL WHEN i % 3 = 0 THEN -q ELSE q END,
    CASE WHEN i % 17 = 0 THEN NULL WHEN i % 5 = 0 THEN -a ELSE a END
FROM (
    SELECT kind, i, public.digits(kind || i) AS d
    FROM generate_series(1, 2000) AS i, unnest(ARRAY['cents', 'rate', 'zero', 'scales', 'big', 'limit', 'powers', 'special', 'cancel']) AS kind
) AS seed,
LATERAL (
    SELECT CASE kind
        WHEN 'cents' THEN d % 1000
        WHEN 'rate' THEN round(d / 1e32 * 24, 12)
        WHEN 'zero' THEN round(0.0, i % 70)
        WHEN 'scales' THEN round(d / 1e25, i % 30)
        WHEN 'big' THEN d * 1e10
        WHEN 'limit' THEN d * 1.7e6 -- close to 2^127 when added up
        WHEN 'powers' THEN round((d % 1000 + 1) * ('1e' || i % 90 - 45)::numeric, 60)
        WHEN 'special' THEN CASE i % 211 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' ELSE d END
        WHEN 'cancel' THEN CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END * public.digits(kind || i / 2) * ('1e' || i / 2 % 40 - 30)::numeric
    END AS q
) AS made_q,
LATERAL (SELECT CASE kind WHEN 'cents' THEN d % 1000000 / 100 WHEN 'rate' THEN round(q * 0.0123456789, 10) ELSE round(q * 1.5, 20) END AS a) AS made_a;
ANALYZE public.entry;

-- fields as stored, for the display scale and the bytes to be the same too
CREATE VIEW public.difference AS
WITH ours AS (
    SELECT g, kind, part, (r).left_count, numeric_send((r).left_quantity) AS left_quantity, numeric_send((r).left_amount) AS left_amount,
        (r).right_count, numeric_send((r).right_quantity) AS right_quantity, numeric_send((r).right_amount) AS right_amount,
        numeric_send((r).quantity_difference) AS quantity_difference, numeric_send((r).amount_difference) AS amount_difference
    FROM (
        SELECT grouping(kind, part) AS g, kind, part, reconcile(is_left, quantity, amount) AS r
        FROM public.entry
        GROUP BY GROUPING SETS ((kind, part), (kind), (part), ())
    ) AS groups
),
plain AS (
    SELECT g, kind, part, left_count, numeric_send(left_quantity), numeric_send(left_amount),
        right_count, numeric_send(right_quantity), numeric_send(right_amount),
        numeric_send(CASE WHEN coalesce(left_quantity, right_quantity) IS NOT NULL THEN coalesce(left_quantity, 0) - coalesce(right_quantity, 0) END),
        numeric_send(CASE WHEN coalesce(left_amount, right_amount) IS NOT NULL THEN coalesce(left_amount, 0) - coalesce(right_amount, 0) END)
    FROM (
        SELECT grouping(kind, part) AS g, kind, part,
            count(*) FILTER (WHERE is_left) AS left_count, sum(quantity) FILTER (WHERE is_left) AS left_quantity,
            sum(amount) FILTER (WHERE is_left) AS left_amount,
            count(*) FILTER (WHERE NOT is_left) AS right_count, sum(quantity) FILTER (WHERE NOT is_left) AS right_quantity,
            sum(amount) FILTER (WHERE NOT is_left) AS right_amount
        FROM public.entry
        GROUP BY GROUPING SETS ((kind, part), (kind), (part), ())
    ) AS groups
)
SELECT (SELECT count(*) FROM ours) AS groups,
    (SELECT count(*) FROM (TABLE ours EXCEPT ALL TABLE plain) AS d) AS only_ours,
    (SELECT count(*) FROM (TABLE plain EXCEPT ALL TABLE ours) AS d) AS only_plain,
    (SELECT count(*) FROM ours WHERE left_count = 0 OR right_count = 0) AS one_sided,
    (SELECT count(DISTINCT amount_difference) FROM ours) AS differences;

SET max_parallel_workers_per_gather = 0;
TABLE public.difference;
SET enable_hashagg = off;
TABLE public.difference;
RESET enable_hashagg;

-- spilled to disk
SET work_mem = '64kB';
TABLE public.difference;
RESET work_mem;

-- in parallel, with and without the leader's help, from both sides of UNION ALL
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE public.entry SET (parallel_workers = 2);
CREATE VIEW public.apart AS
SELECT kind, part, reconcile(is_left, quantity, amount) AS r
FROM (
    SELECT true AS is_left, kind, part, quantity, amount FROM public.entry WHERE is_left
    UNION ALL
    SELECT false, kind, part, quantity, amount FROM public.entry WHERE NOT is_left
) AS s
GROUP BY kind, part;
EXPLAIN (COSTS OFF) TABLE public.apart;
CREATE TEMPORARY TABLE result AS TABLE public.apart;
SET parallel_leader_participation = off;
INSERT INTO result TABLE public.apart;
RESET parallel_leader_participation;
SET max_parallel_workers_per_gather = 0;
INSERT INTO result TABLE public.apart;
SELECT count(*) AS groups, count(*) FILTER (WHERE n <> 3) AS differences FROM (SELECT count(*) AS n FROM result GROUP BY kind, part, record_send(r)) AS g;

-- what differs by group adds up to what differs in all
SELECT sum((r).amount_difference) = (SELECT (reconcile(is_left, quantity, amount)).amount_difference FROM public.entry WHERE kind <> 'special') AS adds_up,
    sum((r).left_count) + sum((r).right_count) = (SELECT count(*) FROM public.entry WHERE kind <> 'special') AS all_counted
FROM public.apart
WHERE kind <> 'special';

DROP TABLE public.bought, public.used, public.entry CASCADE;
DROP FUNCTION public.digits;
