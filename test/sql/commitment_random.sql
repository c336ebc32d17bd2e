-- Random credits and commitments over a year, invoiced month by month while usage
-- comes late and credits are bought and ended: what was invoiced and what is running, by
-- customer, month and rule, is what an oracle makes of the charges, which takes them day
-- by day and knows nothing of lots, shares of lines or rules.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set ECHO all
\set QUIET on
\pset null ''
SET cloudbilling.correction_months = 1200;
SELECT setseed(0.31);

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, number, name, time_zone)
SELECT 1, 'K' || n, 'Customer ' || n, CASE n % 3 WHEN 0 THEN 'America/New_York' END FROM generate_series(1, 9) AS n;
INSERT INTO ownership (customer_id, sub_account_id) SELECT n, 'a' || n FROM generate_series(1, 9) AS n;
INSERT INTO price_rule (name, measure, pricing) VALUES ('price', 'billed_cost', per_unit(1));
SELECT product_ensure('AWS') AS aws, product_ensure('AWS', 'S1') AS s1, product_ensure('AWS', 'S2') AS s2 \gset

CREATE FUNCTION pg_temp.pick(anyarray) RETURNS anyelement LANGUAGE sql VOLATILE
AS $$ SELECT $1[1 + floor(random() * cardinality($1))::int] $$;

-- Three rules say what counts; six customers have commitments, of periods that begin anywhere.
INSERT INTO price_rule (name, product_id, measure, per, effect, currency, pricing)
VALUES ('all counts', 1, 'amount', 'scope', 'true_up', 'EUR', per_unit(1)), ('S1 counts', :s1, 'amount', 'scope', 'true_up', 'EUR', per_unit(1)),
    ('half of S2 counts', :s2, 'amount', 'scope', 'true_up', 'EUR', per_unit(0.5));
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, end_on, billing_period, alignment)
SELECT 'C' || n, 1 + n % 6, 'Commitment ' || n, '2024-01-01', s.day, CASE WHEN random() < 0.5 THEN s.day + 40 + floor(random() * 200)::int END,
    pg_temp.pick('{1 month,2 months,3 months,1 year}'::interval[]), pg_temp.pick('{calendar,anniversary}'::text[])
FROM generate_series(1, 9) AS n
CROSS JOIN LATERAL (SELECT '2024-01-01'::date + CASE WHEN random() < 0.3 THEN 0 WHEN random() < 0.3 THEN 30 ELSE floor(random() * 150)::int + 0 * n END AS day) AS s;
INSERT INTO agreement_item (agreement_id, number, kind, product_id, description, pricing, price_rule_id)
SELECT agreement_id, 1, 'commitment', product_ensure('Own services', 'Commitment'), 'Commitment', per_unit(1), 2 + agreement_id % 3 FROM agreement;
INSERT INTO agreement_quantity (agreement_item_id, valid_during, quantity)
SELECT agreement_item_id, daterange(start_on, NULL), pg_temp.pick('{200,500,1000.50,3000}'::numeric[]) FROM agreement_item JOIN agreement USING (agreement_id);

CREATE PROCEDURE pg_temp.buy(month date, many int) LANGUAGE sql AS $$
    INSERT INTO price_rule (name, customer_id, product_id, measure, per, effect, currency, pricing, position, included, included_months, roll_over, uses, valid_during)
    SELECT 'credit', CASE WHEN random() < 0.9 THEN 1 + floor(random() * 9)::int END, pg_temp.pick(ARRAY[1, 1, product_ensure('AWS', 'S1'), product_ensure('AWS', 'S2')]), 'amount', 'scope',
        'credit', 'EUR', pg_temp.pick(ARRAY[per_unit(1), per_unit(1), percentage(12.5), flat(20)]), floor(random() * 2)::int,
        pg_temp.pick('{25,100,400.05,1500,NULL}'::numeric[]), NULL, NULL, CASE WHEN random() < 0.2 THEN 2 END,
        daterange(b.from_month, CASE WHEN random() < 0.8 THEN (b.from_month + make_interval(months => 1 + floor(random() * 6)::int))::date END)
    FROM generate_series(1, many)
    CROSS JOIN LATERAL (SELECT (month + make_interval(months => floor(random() * 5)::int - 3))::date AS from_month) AS b
$$;
CREATE PROCEDURE pg_temp.use(month date) LANGUAGE sql AS $$
    INSERT INTO usage (payer, account, service, cost, starts)
    SELECT 'm' || month, 'a' || floor(1 + random() * 9)::int, pg_temp.pick('{S1,S2}'::text[]), round((random() * 60 - 3)::numeric, 3),
        month + random() * interval '27 days' + CASE WHEN random() < 0.1 THEN interval '30 hours' ELSE '0' END
    FROM generate_series(1, 90);
    -- late
    INSERT INTO usage (payer, account, service, cost, starts)
    SELECT 'late ' || month, 'a' || floor(1 + random() * 9)::int, pg_temp.pick('{S1,S2}'::text[]), round((random() * 40 - 10)::numeric, 3), month - random() * interval '100 days'
    FROM generate_series(1, 9);
    SELECT pg_temp.deliver('m' || month);
    SELECT pg_temp.deliver('late ' || month);
$$;
SELECT format('CALL pg_temp.buy(%L, 3)', m::date), format('CALL pg_temp.use(%L)', m::date),
    format('UPDATE price_rule SET valid_during = daterange(lower(valid_during), %L) WHERE effect = ''credit'' AND included_months IS NULL AND valid_during @> %L::date AND random() < 0.1', m::date, m::date),
    format('CALL invoice_run(%L)', (m + interval '1 month')::date)
FROM generate_series('2024-01-01'::timestamp, '2024-12-01', '1 month') AS m
\gexec
-- Credits that come anew, of which something may roll over; known from the beginning, and from later on.
INSERT INTO price_rule (name, customer_id, product_id, measure, per, effect, currency, pricing, position, included, included_months, roll_over, uses, valid_during)
SELECT 'renewed', n, CASE WHEN n % 2 = 0 THEN 1 ELSE :s1 END, 'amount', 'scope', 'credit', 'EUR', pg_temp.pick(ARRAY[per_unit(1), per_unit(1), percentage(40)]), floor(random() * 2)::int,
    30 + floor(random() * 50), 1 + floor(random() * 3)::int, CASE WHEN random() < 0.7 THEN floor(random() * 3)::int END, CASE WHEN random() < 0.2 THEN 4 END,
    daterange(('2024-01-01'::date + make_interval(months => floor(random() * 5)::int))::date, CASE WHEN random() < 0.5 THEN '2024-11-01'::date END)
FROM generate_series(1, 9) AS n;
CALL pg_temp.use('2025-01-01');
CALL invoice_run('2025-01-01');
SELECT count(*) FROM invoice_run_problem;
SELECT count(*) > 30 AS many_credits, count(*) FILTER (WHERE included_months > 0) AS renewed FROM price_rule WHERE effect = 'credit';

-- The oracle.
CREATE TEMP TABLE piece (n serial, item_id int, service text, day date, amount numeric);
CREATE TEMP TABLE spent (customer_id int, service text, day date, amount numeric);
CREATE TEMP TABLE pot (n serial, customer_id int, price_rule_id int, begins date, ends date, content numeric);
CREATE TEMP TABLE used_in (customer_id int, price_rule_id int, month date);
CREATE TEMP TABLE expected (customer_id int, month date, price_rule_id int, amount numeric);
CREATE PROCEDURE pg_temp.draw(customer int, month date) LANGUAGE plpgsql AS $$
DECLARE
    d record;
    about text;
    eligible numeric;
    wish numeric;
    taken numeric;
    running numeric;
    before numeric;
    share numeric;
    i record;
BEGIN
    FOR d IN
        SELECT t.*, r.position, r.pricing::jsonb AS pricing, r.uses, p.name AS service
        FROM pot AS t JOIN price_rule AS r USING (price_rule_id) JOIN product AS p USING (product_id)
        WHERE t.customer_id = customer AND t.begins < month + interval '1 month' AND coalesce(t.ends, 'infinity') > month
        ORDER BY r.position, coalesce(t.ends, 'infinity'), t.begins, t.price_rule_id
    LOOP
        about := CASE WHEN d.service IN ('S1', 'S2') THEN d.service END;
        CONTINUE WHEN d.uses <= (SELECT count(*) FROM used_in AS u WHERE u.customer_id = customer AND u.price_rule_id = d.price_rule_id AND u.month <> draw.month);
        eligible := (SELECT coalesce(sum(p.amount), 0) FROM piece AS p WHERE coalesce(about, p.service) = p.service);
        CONTINUE WHEN eligible <= 0;
        taken := (SELECT coalesce(-sum(e.amount), 0) FROM expected AS e WHERE e.customer_id = customer AND e.month = draw.month AND e.price_rule_id = d.price_rule_id);
        wish := CASE d.pricing ->> 'model' WHEN 'flat' THEN 20 WHEN 'per_unit' THEN eligible + taken
            ELSE round((eligible + taken) * (d.pricing ->> 'rate')::numeric / 100, 2) END - taken;
        wish := least(round(wish, 2), trunc(eligible, 2), trunc(d.content, 2));
        CONTINUE WHEN wish <= 0;
        UPDATE pot AS t SET content = t.content - wish WHERE t.n = d.n;
        INSERT INTO expected VALUES (customer, month, d.price_rule_id, -wish);
        INSERT INTO used_in SELECT customer, d.price_rule_id, month WHERE NOT EXISTS (
            SELECT FROM used_in AS u WHERE u.customer_id = customer AND u.price_rule_id = d.price_rule_id AND u.month = draw.month);
        running := 0;
        before := 0;
        FOR i IN SELECT p.*, lead(1) OVER (ORDER BY p.item_id, p.day) AS more FROM piece AS p WHERE coalesce(about, p.service) = p.service ORDER BY p.item_id, p.day LOOP
            running := running + i.amount;
            share := CASE WHEN i.more IS NULL THEN wish ELSE trunc(wish * running / eligible, 12) END;
            UPDATE piece AS p SET amount = p.amount - (share - before) WHERE p.n = i.n;
            before := share;
        END LOOP;
    END LOOP;
END
$$;
CREATE PROCEDURE pg_temp.expect(last_month date) LANGUAGE plpgsql AS $$
DECLARE
    c record;
    m date;
    r record;
    s text;
    k int;
    begins date;
    ends date;
    first date;
    until date;
    committed numeric;
    counted numeric;
BEGIN
    FOR c IN SELECT z.customer_id, z.time_zone FROM customer_zone AS z ORDER BY 1 LOOP
        -- lots, one by one
        FOR r IN SELECT * FROM price_rule AS p WHERE p.effect = 'credit' AND coalesce(p.customer_id, c.customer_id) = c.customer_id LOOP
            IF r.included_months IS NULL THEN
                INSERT INTO pot (customer_id, price_rule_id, begins, ends, content) VALUES (c.customer_id, r.price_rule_id, lower(r.valid_during), upper(r.valid_during), r.included);
                CONTINUE;
            END IF;
            begins := lower(r.valid_during);
            WHILE begins <= last_month AND begins < coalesce(upper(r.valid_during), 'infinity') LOOP
                INSERT INTO pot (customer_id, price_rule_id, begins, ends, content) VALUES (c.customer_id, r.price_rule_id, begins,
                    least(upper(r.valid_during), begins + make_interval(months => r.included_months + coalesce(r.roll_over, 0))), r.included);
                begins := begins + make_interval(months => r.included_months);
            END LOOP;
        END LOOP;
        FOR m IN SELECT generate_series('2023-09-01'::timestamp, last_month, '1 month')::date LOOP
            TRUNCATE piece;
            INSERT INTO piece (item_id, service, day, amount)
            SELECT h.item_id, i.service_name, (h.charge_period_start AT TIME ZONE c.time_zone)::date, sum(h.billed_cost)
            FROM charge AS h JOIN charge_item AS i USING (item_id) JOIN account AS a ON a.account_id = h.account_id
            WHERE a.sub_account_id = 'a' || c.customer_id AND (h.charge_period_start AT TIME ZONE c.time_zone)::date >= m
              AND (h.charge_period_start AT TIME ZONE c.time_zone)::date < m + interval '1 month'
            GROUP BY 1, 2, 3 ORDER BY 1, 3;
            FOREACH s IN ARRAY '{S1,S2}'::text[] LOOP
                UPDATE piece AS p
                SET amount = p.amount + t.missing
                FROM (SELECT round(sum(q.amount), 2) - sum(q.amount) AS missing, max(q.n) AS n FROM piece AS q WHERE q.service = s) AS t
                WHERE p.n = t.n;
            END LOOP;
            INSERT INTO expected SELECT c.customer_id, m, 1, sum(amount) FROM piece HAVING count(*) > 0;
            INSERT INTO spent SELECT c.customer_id, service, day, amount FROM piece;
            CALL pg_temp.draw(c.customer_id, m);
        END LOOP;
        FOR r IN SELECT g.*, i.price_rule_id, q.quantity FROM agreement AS g JOIN agreement_item AS i USING (agreement_id) JOIN agreement_quantity AS q USING (agreement_item_id)
            WHERE g.customer_id = c.customer_id LOOP
            k := 0;
            LOOP
                first := CASE r.alignment WHEN 'calendar' THEN '2024-01-01' ELSE r.start_on END;
                begins := first + k * r.billing_period;
                until := first + (k + 1) * r.billing_period;
                k := k + 1;
                CONTINUE WHEN until <= r.start_on;
                ends := least(until, r.end_on);
                EXIT WHEN ends <= begins OR ends > last_month + interval '1 month';
                committed := round(r.quantity * (ends - greatest(begins, r.start_on)) / (until - begins), 12);
                counted := (SELECT coalesce(sum(p.amount), 0) FROM spent AS p WHERE p.customer_id = c.customer_id AND p.day >= greatest(begins, r.start_on) AND p.day < ends
                    AND CASE r.price_rule_id WHEN 2 THEN true WHEN 3 THEN p.service = 'S1' ELSE p.service = 'S2' END) * CASE r.price_rule_id WHEN 4 THEN 0.5 ELSE 1 END;
                INSERT INTO expected VALUES (c.customer_id, date_trunc('month', ends - 1), r.price_rule_id, greatest(committed - counted, 0));
            END LOOP;
        END LOOP;
    END LOOP;
END
$$;
CALL pg_temp.expect('2025-01-01');

SET cloudbilling.period_last = '2025-01-01';
CREATE TEMP TABLE due AS
SELECT s.customer_id, s.period_start AS month, s.price_rule_id, sum(s.invoiced) AS invoiced, sum(s.running) AS running
FROM (
    SELECT l.customer_id, l.period_start, l.price_rule_id, l.amount AS invoiced, 0 AS running FROM invoice_line AS l
    UNION ALL
    SELECT r.customer_id, r.period_start, r.price_rule_id, 0, r.amount FROM invoice_running AS r
) AS s
GROUP BY 1, 2, 3;
SELECT r.effect, count(*) > 30 AS many, sum(abs(d.invoiced)) > 0 AS some_invoiced, sum(abs(d.running)) > 0 AS some_running
FROM due AS d JOIN price_rule AS r USING (price_rule_id) GROUP BY 1 ORDER BY 1;
CREATE VIEW pg_temp.oracle AS
SELECT customer_id, month, price_rule_id, sum(round(amount, 2)) AS amount
FROM (SELECT customer_id, month, price_rule_id, sum(amount) AS amount FROM expected GROUP BY 1, 2, 3) AS x
GROUP BY 1, 2, 3;
SELECT d.customer_id, d.month, d.price_rule_id, d.invoiced, d.running, e.amount
FROM due AS d FULL JOIN pg_temp.oracle AS e USING (customer_id, month, price_rule_id)
WHERE coalesce(d.invoiced + d.running, 0) <> coalesce(e.amount, 0);

-- From scratch, of three months alone, and by the day, too.
CREATE VIEW pg_temp.scratch AS
SELECT customer_id, period_start AS month, price_rule_id, sum(currency_round(amount, currency)) AS amount FROM rated_line GROUP BY 1, 2, 3;
SELECT d.customer_id, d.month, d.price_rule_id, d.amount, e.amount
FROM pg_temp.scratch AS d FULL JOIN pg_temp.oracle AS e USING (customer_id, month, price_rule_id) WHERE coalesce(d.amount, 0) <> coalesce(e.amount, 0);
SET cloudbilling.period_first = '2024-08-01';
SET cloudbilling.period_last = '2024-10-01';
SET cloudbilling.grain = 'day';
SELECT count(*) > 30 AS many FROM pg_temp.scratch;
SELECT d.customer_id, d.month, d.price_rule_id, d.amount, e.amount
FROM pg_temp.scratch AS d
FULL JOIN (SELECT * FROM pg_temp.oracle WHERE month BETWEEN '2024-08-01' AND '2024-10-01') AS e USING (customer_id, month, price_rule_id)
WHERE coalesce(d.amount, 0) <> coalesce(e.amount, 0);
RESET cloudbilling.grain;
RESET cloudbilling.period_first;
SET cloudbilling.period_last = '2025-01-01';

-- What bi_commitment says is used is what is taken off, and nothing is ever below 0.
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE least(opening, closing, lapsed) < 0 OR kind = 'credit' AND opening - used - lapsed <> closing) AS wrong
FROM bi_commitment;
SELECT sum(used) + (SELECT sum(l.amount) FROM rated_line AS l JOIN price_rule AS r USING (price_rule_id) WHERE l.effect = 'credit' AND r.included IS NOT NULL) AS difference
FROM bi_commitment WHERE kind = 'credit';
-- (of each commitment a line has two, which are rounded together)
SELECT b.*, l.amount
FROM (
    SELECT c.customer_id, b.month, sum(b.lapsed) AS missing
    FROM bi_commitment AS b JOIN customer AS c ON c.number = b.customer_number
    WHERE b.kind = 'commitment' AND b.lapsed <> 0 GROUP BY 1, 2
) AS b
FULL JOIN (SELECT customer_id, period_start AS month, sum(currency_round(amount, currency)) AS amount FROM rated_line WHERE effect = 'true_up' AND amount <> 0 GROUP BY 1, 2) AS l USING (customer_id, month)
WHERE abs(coalesce(b.missing, 0) - coalesce(l.amount, 0)) > 0.02;
