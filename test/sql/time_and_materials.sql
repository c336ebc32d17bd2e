-- The examples of docs/time_and_materials.md, with the same statements, and what goes wrong.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set ECHO all
\pset null ''
SET intervalstyle = 'postgres';

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'K1', 'Works'), (1, 'K2', 'Bundle'), (1, 'K3', 'Plain');
SET cloudbilling.load_currency = 'EUR';

-- docs/time_and_materials.md
\copy landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
worked_on,started_at,ended_at,employee,customer_ref,activity,role,hours,billable,unit_cost
2025-04-01,2025-04-01T09:00+02:00,2025-04-01T10:12+02:00,anna,K1,service desk,engineer,1.2,yes,50
2025-04-01,2025-04-01T17:00+02:00,2025-04-01T20:00+02:00,anna,K1,service desk,engineer,3,yes,50
2025-04-02,2025-04-02T17:50+02:00,2025-04-02T18:20+02:00,bas,K1,service desk,senior,0.5,yes,60
2025-04-05,2025-04-05T10:00+02:00,2025-04-05T10:20+02:00,bas,K1,service desk,engineer,0.34,yes,60
2025-04-21,2025-04-21T17:00+02:00,2025-04-21T19:00+02:00,anna,K1,service desk,engineer,2,yes,50
2025-04-22,,,anna,K1,training,,4,no,50
\.

INSERT INTO price_rule (name, customer_id, product_id, measure, per, effect, pricing)
VALUES ('Started quarters, at least an hour', 1, product_ensure('Own services', 'Hours'), 'quantity', 'charge', 'round', pricing_with(package(0.25, 0.25), minimum => 1));

INSERT INTO holiday VALUES ('NL', '2025-04-18', 'Good Friday'), ('NL', '2025-04-21', 'Easter Monday');

INSERT INTO time_window (name, weekdays, from_time, until_time, holidays, calendar) VALUES
    ('evening', '{1,2,3,4,5}', '18:00', '08:00', 'excluded', 'NL'),
    ('weekend and holidays', '{6,7}', '00:00', '24:00', 'included', 'NL');

INSERT INTO price_rule (name, customer_id, product_id, selector, measure, currency, pricing, effect, time_window_id)
SELECT r.name, 1, product_ensure('Own services', 'Hours'), r.selector, r.measure, 'EUR', r.pricing, r.effect, w.time_window_id
FROM (VALUES
    ('Engineer', NULL::selector, 'quantity', per_unit(100), 'set', NULL),
    ('Engineer, evening', NULL, 'quantity', per_unit(150), 'set', 'evening'),
    ('Senior', '{"tags.role":"senior"}', 'quantity', per_unit(130), 'set', NULL),
    ('Weekends and holidays double', NULL, 'amount', percentage(100), 'adjust', 'weekend and holidays')
) AS r (name, selector, measure, pricing, effect, time_window)
LEFT JOIN time_window AS w ON w.name = r.time_window
ORDER BY r.name;

SELECT c.starts, r.name, trim_scale(c.quantity) AS quantity, trim_scale(c.amount) AS amount
FROM rated_charge AS c
JOIN price_rule AS r USING (price_rule_id)
WHERE c.customer_id = 1
ORDER BY c.starts, r.name, c.quantity;

SELECT description, trim_scale(quantity) AS quantity, trim_scale(measured) AS measured, amount FROM invoice_running(1) ORDER BY amount, description;

\copy landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
worked_on,started_at,ended_at,employee,customer_ref,activity,hours,department
2025-04-03,2025-04-03T09:00+02:00,2025-04-03T15:00+02:00,anna,K2,service desk,6,projects
2025-05-06,2025-05-06T09:00+02:00,2025-05-06T17:00+02:00,bas,K2,service desk,8,projects
2025-05-07,2025-05-07T16:00+02:00,2025-05-07T21:00+02:00,bas,K2,service desk,5,projects
2025-06-10,2025-06-10T16:00+02:00,2025-06-10T20:00+02:00,bas,K2,service desk,4,projects
\.

INSERT INTO price_rule (name, customer_id, product_id, measure, per, effect, currency, pricing, included, roll_over)
VALUES ('8 hours a month', 2, product_ensure('Own services', 'Hours'), 'quantity', 'scope', 'include', 'EUR', per_unit(0), 8, 1);

INSERT INTO price_rule (name, customer_id, product_id, measure, currency, pricing)
VALUES ('Outside the bundle', 2, product_ensure('Own services', 'Hours'), 'quantity', 'EUR', per_unit(110));

SELECT period_start, description, quantity, amount FROM invoice_running(2);

SELECT month, employee, customer, activity, hours_worked, hours_billable, hours_included, hours_billed, amount, cost
FROM bi_hours
ORDER BY month, employee, customer, activity;

-- A charge keeps its hours and costs, however it is cut; what was rounded is the last part's.
SELECT starts, sum(quantity) AS quantity, sum(billed_cost) AS cost, sum(charges) AS charges FROM rated_charge WHERE effect = 'set' AND customer_id = 1 GROUP BY 1 ORDER BY 1;
SELECT charge_times('2025-04-01 15:00Z', '2025-04-01 18:00Z', 'Europe/Amsterdam', ARRAY(SELECT w FROM time_window AS w), ARRAY(SELECT h FROM holiday AS h));
-- Windows over midnight, of the day on which they begin: Friday's evening ends on Saturday at 8, and is the weekend's from midnight on, too.
CREATE FUNCTION pg_temp.times(starts timestamptz, ends timestamptz, zone text DEFAULT 'Europe/Amsterdam') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    t bigint[] := charge_times(starts, ends, zone, ARRAY(SELECT w FROM time_window AS w), ARRAY(SELECT h FROM holiday AS h));
    result text := '';
    n int := 1;
BEGIN
    WHILE n < cardinality(t) LOOP
        result := concat_ws('; ', nullif(result, ''), concat_ws(' ', make_interval(secs => t[n] / 1000000), (SELECT string_agg(name, ' + ' ORDER BY name) FROM time_window WHERE time_window_id = ANY (t[n + 2 : n + 1 + t[n + 1]::int]))));
        n := n + 2 + t[n + 1]::int;
    END LOOP;
    RETURN result;
END
$$;
SELECT pg_temp.times('2025-04-04 17:00+02', '2025-04-05 10:00+02');
SELECT pg_temp.times('2025-04-04 17:00+02', '2025-04-05 10:00+02', 'America/New_York');
-- On the night of 29 to 30 March clocks go from 2 to 3, so an hour of it is missing.
SELECT pg_temp.times('2025-03-29 22:00+01', '2025-03-30 08:00+02');
-- On the eve of a holiday the evening goes on until 8; the holiday has no evening.
SELECT pg_temp.times('2025-04-17 20:00+02', '2025-04-18 22:00+02');
-- Without times the day counts; without a length, the moment.
SELECT pg_temp.times('2025-04-05Z', '2025-04-06Z'), pg_temp.times('2025-04-21Z', '2025-04-22Z'), pg_temp.times('2025-04-22Z', '2025-04-23Z'), pg_temp.times('2025-04-05 10:00Z', '2025-04-05 10:00Z');

-- Random visits, minute by minute: in windows of each minute's own day, or of the day before.
SELECT setseed(0.7);
CREATE TEMP TABLE visit AS
SELECT n, m.starts, m.starts + (1 + floor(random() * 2400)) * interval '1 minute' AS ends
FROM generate_series(1, 200) AS n
CROSS JOIN LATERAL (SELECT CASE WHEN n % 5 = 0 THEN '2025-03-29 22:00Z' WHEN n % 5 = 1 THEN '2025-10-25 22:00Z' WHEN n % 5 = 2 THEN '2025-04-17 10:00Z' ELSE '2025-01-01Z' END::timestamptz
    + floor(random() * CASE WHEN n % 5 < 3 THEN 2000 ELSE 500000 END) * interval '1 minute' AS starts) AS m;
WITH
minute AS (
    SELECT v.n, l.at::date AS day, l.at::time AS at
    FROM visit AS v
    CROSS JOIN LATERAL generate_series(v.starts, v.ends - interval '1 minute', interval '1 minute') AS m (moment)
    CROSS JOIN LATERAL (SELECT m.moment AT TIME ZONE 'Europe/Amsterdam' AS at) AS l
),
oracle AS (
    SELECT m.n, concat_ws(' ',
            CASE WHEN m.at >= '18:00' AND extract(isodow FROM m.day) < 6 AND m.day NOT IN (SELECT day FROM holiday)
                OR m.at < '08:00' AND extract(isodow FROM m.day - 1) < 6 AND m.day - 1 NOT IN (SELECT day FROM holiday) THEN 1 END,
            CASE WHEN extract(isodow FROM m.day) > 5 OR m.day IN (SELECT day FROM holiday) THEN 2 END) AS windows,
        count(*) AS minutes
    FROM minute AS m
    GROUP BY 1, 2
),
cut AS (
    SELECT v.n, charge_times(v.starts, v.ends, 'Europe/Amsterdam', ARRAY(SELECT w FROM time_window AS w), ARRAY(SELECT h FROM holiday AS h)) AS times FROM visit AS v
),
piece AS (
    SELECT p.n, p.windows, sum(p.length) / 60000000 AS minutes
    FROM (
        WITH RECURSIVE step AS (
            SELECT c.n, c.times, 1 AS i FROM cut AS c
            UNION ALL
            SELECT s.n, s.times, s.i + 2 + s.times[s.i + 1]::int FROM step AS s WHERE s.i + 2 + s.times[s.i + 1]::int < cardinality(s.times)
        )
        SELECT s.n, s.times[s.i] AS length, array_to_string(s.times[s.i + 2 : s.i + 1 + s.times[s.i + 1]::int], ' ') AS windows FROM step AS s
    ) AS p
    GROUP BY 1, 2
)
SELECT count(*) > 300 AS many, count(*) FILTER (WHERE o.minutes IS DISTINCT FROM p.minutes) AS wrong FROM oracle AS o FULL JOIN piece AS p USING (n, windows);

-- A third of an hour each: exact, and all of it.
INSERT INTO landing SELECT E'worked_on,started_at,ended_at,employee,customer_ref,activity,hours,department,unit_cost\n'
    '2025-07-01,2025-07-01T17:40+02:00,2025-07-01T18:40+02:00,anna,K3,service desk,1,third,10\n'
    '2025-07-05,,,anna,K3,service desk,7,third,10\n2025-07-07,2025-07-07T23:00+02:00,,anna,K3,service desk,2.5,third,10';
INSERT INTO price_rule (name, customer_id, product_id, measure, currency, pricing, time_window_id) VALUES
    ('day', 3, product_ensure('Own services', 'Hours'), 'quantity', 'EUR', per_unit(90), NULL),
    ('evening', 3, product_ensure('Own services', 'Hours'), 'quantity', 'EUR', per_unit(120), 1),
    ('weekend', 3, product_ensure('Own services', 'Hours'), 'quantity', 'EUR', per_unit(180), 2);
SELECT r.name, c.starts, c.ends, c.quantity, c.billed_cost, c.charges, trim_scale(c.amount) AS amount FROM rated_charge AS c JOIN price_rule AS r USING (price_rule_id)
WHERE c.customer_id = 3 ORDER BY c.starts, r.name;
-- A charge is one event, whatever windows it is in.
INSERT INTO price_rule (name, customer_id, product_id, measure, per, effect, currency, pricing) VALUES
    ('calls', 3, product_ensure('Own services', 'Hours'), 'events', 'scope', 'add', 'EUR', per_unit(5));
SELECT description, quantity, unit, amount FROM invoice_running(3) WHERE description = 'calls';
-- Other grains.
CREATE TEMP TABLE line AS SELECT customer_id, period_start, price_rule_id, product_id, trim_scale(measured) AS measured, trim_scale(amount) AS amount FROM rated_line;
SET cloudbilling.grain = 'charge';
SELECT l.customer_id, l.price_rule_id FROM line AS l FULL JOIN rated_line AS r USING (customer_id, period_start, price_rule_id, product_id) WHERE (l.measured, l.amount) IS DISTINCT FROM (r.measured, r.amount);
SET cloudbilling.grain = 'sum';
SELECT l.customer_id, l.price_rule_id FROM line AS l FULL JOIN rated_line AS r USING (customer_id, period_start, price_rule_id, product_id) WHERE (l.measured, l.amount) IS DISTINCT FROM (r.measured, r.amount);
RESET cloudbilling.grain;

-- Rounding to whole half hours down, and to the nearest; negative hours are corrections.
INSERT INTO landing SELECT E'worked_on,employee,customer_ref,activity,hours,department\n'
    '2025-08-04,anna,K3,service desk,1.9,fourth\n2025-08-05,anna,K3,service desk,0.4,fourth\n2025-08-06,anna,K3,service desk,-1.4,fourth';
INSERT INTO price_rule (name, customer_id, product_id, measure, per, effect, pricing, valid_during)
VALUES ('half hours', 3, product_ensure('Own services', 'Hours'), 'quantity', 'charge', 'round', pricing_with(per_unit(0.5), multiply_by => 2, round => 'half_up'), '[2025-08-05,)'),
    ('half hours down', 3, product_ensure('Own services', 'Hours'), 'quantity', 'charge', 'round', pricing_with(per_unit(0.5), multiply_by => 2, round => 'down'), '(,2025-08-05)');
SELECT starts::date, quantity, trim_scale(amount) AS amount FROM rated_charge WHERE customer_id = 3 AND starts >= '2025-08-01' AND effect = 'set' ORDER BY 1;
-- What is rounded down is taken off the end: of 3 hours and 2.5, two remain.
INSERT INTO landing SELECT E'worked_on,started_at,ended_at,employee,customer_ref,activity,hours,department\n'
    '2025-09-02,2025-09-02T17:00+02:00,2025-09-02T20:00+02:00,anna,K3,service desk,3,fifth\n2025-09-03,2025-09-03T16:00+02:00,2025-09-03T18:30+02:00,anna,K3,service desk,2.5,fifth';
UPDATE price_rule SET valid_during = '[2025-08-05,2025-09-01)' WHERE name = 'half hours';
INSERT INTO price_rule (name, customer_id, product_id, measure, per, effect, pricing, valid_during)
VALUES ('two hours', 3, product_ensure('Own services', 'Hours'), 'quantity', 'charge', 'round', pricing_with(per_unit(2), divide_by => 2, round => 'down'), '[2025-09-01,)');
SELECT r.name, c.starts, c.quantity, trim_scale(c.amount) AS amount FROM rated_charge AS c JOIN price_rule AS r USING (price_rule_id)
WHERE c.customer_id = 3 AND c.effect = 'set' AND c.starts >= '2025-09-01' ORDER BY 2, 1;
SELECT place, wins, name, why FROM price_of(3, product_ensure('Own services', 'Hours', 'service desk'), '2025-07-01');

-- Billed, and explained; the line of an evening has its part of the charge.
CALL invoice_run('2025-10-01');
SELECT count(*) FROM invoice_run_problem;
SELECT l.line_no, l.description, e.part, e.description AS step, e.starts, e.quantity, e.amount
FROM invoice_line AS l JOIN price_rule AS r USING (price_rule_id) CROSS JOIN LATERAL invoice_line_explain(l) AS e
WHERE l.customer_id = 1 AND r.name = 'Engineer, evening' ORDER BY e.part DESC, e.starts, e.description;
SELECT l.invoice_id, l.line_no, e.part
FROM invoice_line AS l
CROSS JOIN LATERAL invoice_line_explain(l) AS e
WHERE e.part IN ('step', 'charge')
GROUP BY l.invoice_id, l.line_no, l.amount, e.part
HAVING sum(e.amount) <> l.amount;
SELECT count(*) FROM invoice_running WHERE amount <> 0;

-- What cannot be meant is refused.
SELECT code, message, detail, hint FROM pg_temp.fails($$UPDATE time_window SET until_time = '07:00' WHERE name = 'evening'$$);
UPDATE time_window SET name = 'evenings' WHERE name = 'evening';
SELECT code, message FROM pg_temp.fails($$DELETE FROM time_window$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO time_window (name, weekdays) VALUES ('x', '{0}')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO time_window (name, holidays) VALUES ('x', 'only')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO time_window (name, from_time, until_time) VALUES ('x', '08:00', '08:00')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, effect, per, pricing) VALUES ('x', 'quantity', 'round', 'sku', per_unit(1))$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, effect, per, pricing, time_window_id) VALUES ('x', 'quantity', 'round', 'charge', per_unit(1), 1)$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, pricing, currency, time_window_id, customer_id, product_id) SELECT name, measure, pricing, currency, time_window_id, customer_id, product_id FROM price_rule WHERE name = 'weekend'$$);
