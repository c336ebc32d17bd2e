-- Fifty agreements that change at random for two years, invoiced month by month: what
-- was invoiced and what is running, by customer and month, is what an oracle makes of
-- the facts that walks through the days and knows nothing of how it is computed.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set ECHO all
\set QUIET on
\pset null ''
SET intervalstyle = 'postgres';
SET cloudbilling.correction_months = 1200;
SELECT setseed(0.42);

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, number, name, time_zone)
SELECT 1, 'K' || n, 'Customer ' || n, CASE n % 3 WHEN 0 THEN 'America/New_York' WHEN 1 THEN 'Pacific/Auckland' END
FROM generate_series(1, 20) AS n;
SELECT product_ensure('Own services', 'Fees', 'fee'), product_ensure('Own services', 'Fees', 'seat');

CREATE FUNCTION pg_temp.pick(anyarray) RETURNS anyelement LANGUAGE sql VOLATILE
AS $$ SELECT $1[1 + floor(random() * cardinality($1))::int] $$;

INSERT INTO agreement (number, customer_id, name, signed_on, start_on, term, notice, renewal, renewal_term, billing_period, alignment,
    anchor_on, in_advance, trial_until, index_percentage)
SELECT 'A' || n, 1 + (n - 1) % 20, 'Agreement ' || n, s.start_on, s.start_on, CASE WHEN random() < 0.8 THEN pg_temp.pick('{6 months,1 year,90 days}'::interval[]) END,
    pg_temp.pick('{1 month,2 months,30 days}'::interval[]), 'automatic', NULL, p.billing_period, p.alignment,
    CASE WHEN p.alignment = 'anniversary' AND random() < 0.3 THEN s.start_on - floor(random() * 60)::int END, random() < 0.6,
    CASE WHEN random() < 0.2 THEN s.start_on + 1 + floor(random() * 40)::int END, CASE WHEN random() < 0.4 THEN pg_temp.pick('{3,2.75,-1.5}'::numeric[]) END
FROM (
    SELECT n, pg_temp.pick('{1 month,1 month,1 month,3 months,1 year,14 days,2 months}'::interval[]) AS billing_period
    FROM generate_series(1, 50) AS n
) AS g
CROSS JOIN LATERAL (
    SELECT g.billing_period, CASE WHEN g.billing_period = '14 days' OR random() < 0.5 THEN 'anniversary' ELSE 'calendar' END AS alignment
) AS p
-- many on the last days of months
CROSS JOIN LATERAL (
    SELECT CASE WHEN random() < 0.4 AND g.n > 0 THEN pg_temp.pick('{2024-01-29,2024-01-30,2024-01-31,2023-12-31,2024-02-29,2024-03-31}'::date[])
        ELSE '2023-12-15'::date + floor(random() * 200)::int END AS start_on
) AS s;
-- A term must be longer than nothing: those without one renew by themselves.
UPDATE agreement SET renewal = pg_temp.pick('{none,automatic,automatic,on_payment}'::text[]) WHERE term IS NOT NULL;
INSERT INTO agreement_renewal (agreement_id, renewal_no, paid_on)
SELECT g.agreement_id, n, g.start_on FROM agreement AS g, generate_series(1, 3) AS n WHERE g.renewal = 'on_payment' AND random() < 0.7;

INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing, price_period, indexed, proration, round_units)
SELECT g.agreement_id, n, CASE n WHEN 1 THEN 4 ELSE product_ensure('Own services', 'Fees', 'seat') END, 'Item ' || n,
    pg_temp.pick(ARRAY[per_unit(4.00), per_unit(12.345), per_unit(0.0125), volume(ARRAY[tier(10, 7.50, 3), tier(NULL, 6.25)])]),
    CASE WHEN extract(day FROM g.billing_period) = 0 AND random() < 0.3 THEN '1 month'::interval END,
    random() < 0.8, pg_temp.pick('{days,days,half,none}'::text[]), random() < 0.3
FROM agreement AS g, generate_series(1, 2) AS n;
INSERT INTO agreement_item (agreement_id, number, parent_id, product_id, description, pricing)
SELECT i.agreement_id, 3, i.agreement_item_id, i.product_id, 'Add-on', per_unit(1.99)
FROM agreement_item AS i WHERE i.number = 1 AND random() < 0.4;

-- A few quantities to begin with, and one more of an item in three each month.
INSERT INTO agreement_quantity (agreement_item_id, valid_during, quantity)
SELECT i.agreement_item_id, daterange(g.start_on, CASE WHEN random() < 0.3 THEN g.start_on + 20 + floor(random() * 300)::int END),
    floor(random() * 20)
FROM agreement_item AS i JOIN agreement AS g USING (agreement_id);

CREATE PROCEDURE pg_temp.change_some(today date) LANGUAGE plpgsql AS $$
BEGIN
    -- many today, some said later than they are, some sooner
    PERFORM agreement_quantity_set(c.agreement_item_id, c.day, c.quantity)
    FROM (
        SELECT i.agreement_item_id, today + CASE WHEN random() < 0.4 THEN 0 WHEN random() < 0.8 THEN floor(random() * 30)::int - 10 ELSE -40 END AS day,
            CASE WHEN random() < 0.15 THEN 0 ELSE round((random() * 25)::numeric, CASE WHEN random() < 0.2 THEN 1 ELSE 0 END) END AS quantity
        FROM agreement_item AS i
        WHERE random() < 0.33
        ORDER BY 1
    ) AS c;
    UPDATE agreement AS g SET cancelled_on = today
    WHERE g.cancelled_on IS NULL AND random() < 0.015 AND g.start_on < today;
    UPDATE agreement AS g SET end_on = today + floor(random() * 50)::int
    WHERE g.end_on IS NULL AND random() < 0.005 AND g.start_on < today;
END
$$;
SELECT format('CALL pg_temp.change_some(%L)', m::date + 9), format('CALL invoice_run(%L)', m::date + 11 + extract(month FROM m)::int),
    format('CALL pg_temp.change_some(%L)', m::date + 27), format('CALL invoice_run(%L)', (m + interval '1 month')::date)
FROM generate_series('2024-01-01'::timestamp, '2025-11-01', '1 month') AS m
\gexec
SELECT count(*) FROM invoice_run_problem;

-- The oracle.  A day some months after another: the same of the month, or its last.
CREATE FUNCTION pg_temp.months_after(day date, months int) RETURNS date LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    m int := extract(year FROM day)::int * 12 + extract(month FROM day)::int - 1 + months;
    first date := make_date(m / 12, m % 12 + 1, 1);
    next date := make_date((m + 1) / 12, (m + 1) % 12 + 1, 1);
BEGIN
    RETURN first + least(extract(day FROM day)::int, next - first) - 1;
END
$$;
CREATE FUNCTION pg_temp.spans_after(day date, span interval, n int) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN extract(day FROM span) > 0 THEN day + n * extract(day FROM span)::int
        ELSE pg_temp.months_after(day, n * (extract(year FROM span) * 12 + extract(month FROM span))::int) END
$$;
CREATE FUNCTION pg_temp.price(pricing jsonb, quantity numeric, factor numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    tier jsonb := CASE WHEN pricing ->> 'model' = 'per_unit' THEN pricing WHEN quantity <= 10 THEN pricing #> '{tiers,0}' ELSE pricing #> '{tiers,1}' END;
    unit_price numeric := (tier ->> 'unit_price')::numeric;
    fee numeric := coalesce((tier ->> 'flat_fee')::numeric, 0);
BEGIN
    IF factor <> 1 THEN
        unit_price := round(unit_price * factor, greatest(2, scale(unit_price)));
        fee := round(fee * factor, 2);
    END IF;
    RETURN unit_price * quantity + fee;
END
$$;

CREATE TEMP TABLE expected (customer_id int, agreement_item_id int, month date, amount numeric);
CREATE TEMP TABLE by_day (agreement_item_id int, amount numeric);
CREATE PROCEDURE pg_temp.expect(horizon date) LANGUAGE plpgsql AS $$
DECLARE
    i record;
    ends date;
    day date;
    number int;
    begins date;
    until date;
    level numeric;
    before numeric;
    share numeric;
    share_before numeric;
    factor numeric;
    paid int;
    whole numeric;
    periods numeric;
    daily numeric;
    change numeric;
    middle date;
BEGIN
    FOR i IN
        SELECT g.*, t.agreement_item_id, t.parent_id, t.pricing::jsonb AS price, t.price_period, t.indexed, t.proration, t.round_units
        FROM agreement_item AS t JOIN agreement AS g USING (agreement_id)
    LOOP
        -- when it ends
        ends := i.end_on;
        IF ends IS NULL AND i.term IS NULL THEN
            ends := (i.cancelled_on + i.notice)::date;
        ELSIF ends IS NULL THEN
            number := 1;
            paid := 0;
            LOOP
                ends := pg_temp.spans_after(i.start_on, i.term, number);
                EXIT WHEN i.renewal = 'none' OR ends > horizon + 400;
                EXIT WHEN i.cancelled_on + i.notice <= ends;
                paid := paid + 1;
                EXIT WHEN i.renewal = 'on_payment' AND NOT EXISTS (
                    SELECT FROM agreement_renewal AS r WHERE r.agreement_id = i.agreement_id AND r.renewal_no = paid);
                number := number + 1;
            END LOOP;
        END IF;
        -- days of service periods, one after the other
        until := coalesce(i.anchor_on, i.start_on);
        number := 0;
        IF i.alignment = 'calendar' THEN
            until := date_trunc('year', i.start_on)::date;
        END IF;
        begins := until;
        before := 0;
        daily := 0;
        day := begins;
        WHILE day < horizon LOOP
            IF day = until THEN
                begins := until;
                number := number + 1;
                until := pg_temp.spans_after(CASE WHEN i.alignment = 'calendar' THEN date_trunc('year', i.start_on)::date
                    ELSE coalesce(i.anchor_on, i.start_on) END, i.billing_period, number);
                before := 0;
                share_before := NULL;
                middle := begins + (until - begins) / 2;
                factor := 1;
                IF i.indexed AND i.index_percentage IS NOT NULL THEN
                    paid := 0;
                    WHILE pg_temp.months_after(i.start_on, 12 * (paid + 1)) <= begins LOOP
                        paid := paid + 1;
                        factor := factor * (1 + i.index_percentage / 100);
                    END LOOP;
                    factor := round(factor, 12);
                END IF;
                periods := CASE WHEN i.price_period IS NULL THEN 1 ELSE extract(year FROM i.billing_period) * 12 + extract(month FROM i.billing_period) END;
            END IF;
            level := 0;
            IF day >= greatest(i.start_on, i.trial_until) AND (ends IS NULL OR day < ends) AND (i.parent_id IS NULL OR EXISTS (
                SELECT FROM agreement_quantity AS q WHERE q.agreement_item_id = i.parent_id AND q.valid_during @> day AND q.quantity > 0)) THEN
                SELECT q.quantity INTO level FROM agreement_quantity AS q WHERE q.agreement_item_id = i.agreement_item_id AND q.valid_during @> day;
                level := coalesce(level, 0);
            END IF;
            IF level <> before THEN
                -- in days, or in twice as many
                IF day = begins THEN
                    share := 2 * (until - begins);
                ELSIF i.proration = 'days' THEN
                    share := 2 * (until - day);
                ELSIF i.proration = 'none' THEN
                    share := CASE WHEN level > before THEN 2 * (until - begins) ELSE 0 END;
                ELSIF level > before THEN
                    share := CASE WHEN day < middle THEN 2 ELSE 1 END * (until - begins);
                ELSE
                    share := CASE WHEN day <= middle THEN 1 ELSE 0 END * (until - begins);
                END IF;
                change := 0;
                IF level > 0 THEN
                    whole := pg_temp.price(i.price, level, factor) * periods;
                    change := CASE WHEN i.round_units THEN level * round(whole * share / (level * 2 * (until - begins)), 2)
                        ELSE round(whole * share / (2 * (until - begins)), 12) END;
                END IF;
                IF before > 0 THEN
                    whole := pg_temp.price(i.price, before, factor) * periods;
                    IF i.round_units THEN
                        change := change - before * round(whole * share_before / (before * 2 * (until - begins)), 2)
                            + before * round(whole * (share_before - share) / (before * 2 * (until - begins)), 2);
                    ELSE
                        change := change - round(whole * share / (2 * (until - begins)), 12);
                    END IF;
                END IF;
                INSERT INTO expected VALUES (i.customer_id, i.agreement_item_id,
                    date_trunc('month', CASE WHEN i.in_advance THEN day ELSE least(until, ends) - 1 END), change);
                before := level;
                share_before := share;
            END IF;
            IF level > 0 THEN
                daily := daily + pg_temp.price(i.price, level, factor) * periods / (until - begins);
            END IF;
            day := day + 1;
        END LOOP;
        INSERT INTO by_day VALUES (i.agreement_item_id, daily);
    END LOOP;
END
$$;
CALL pg_temp.expect('2026-06-01');

-- By customer and month: invoiced and running.
SET cloudbilling.period_last = '2025-12-01';
CREATE TEMP TABLE due AS
SELECT s.customer_id, s.period_start AS month, sum(s.invoiced) AS invoiced, sum(s.running) AS running
FROM (
    SELECT l.customer_id, l.period_start, l.amount AS invoiced, 0 AS running FROM invoice_line AS l
    UNION ALL
    SELECT r.customer_id, r.period_start, 0, r.amount FROM invoice_running AS r
) AS s
GROUP BY 1, 2;
SELECT count(*) > 300 AS many, sum(invoiced) > 0 AS some_invoiced, sum(abs(running)) > 0 AS some_running FROM due;
SELECT d.customer_id, d.month, d.invoiced, d.running, e.amount
FROM due AS d
FULL JOIN (
    SELECT x.customer_id, x.month, sum(x.amount) AS amount
    FROM (SELECT customer_id, agreement_item_id, month, round(sum(amount), 2) AS amount FROM expected WHERE month <= '2025-12-01' GROUP BY 1, 2, 3) AS x
    GROUP BY 1, 2
) AS e USING (customer_id, month)
WHERE coalesce(d.invoiced + d.running, 0) <> coalesce(e.amount, 0);

-- In days, what is charged in all is each day's part of its period.
SET cloudbilling.period_last = '2027-12-01';
SELECT c.agreement_item_id, sum(c.amount) AS amount, d.amount AS by_day
FROM agreement_item AS i
JOIN agreement AS g USING (agreement_id)
JOIN by_day AS d USING (agreement_item_id)
JOIN agreement_charge AS c USING (agreement_item_id)
-- over before the oracle stops
JOIN agreement_status AS s ON s.agreement_id = i.agreement_id AND s.end_on < '2026-06-01'
WHERE i.proration = 'days' AND NOT i.round_units
GROUP BY c.agreement_item_id, d.amount
HAVING abs(sum(c.amount) - d.amount) > 0.000001;

-- Another run finds nothing more.
RESET cloudbilling.period_last;
CALL invoice_run('2025-12-01');
SELECT invoices, problems FROM invoice_run ORDER BY invoice_run_id DESC LIMIT 1;
SELECT count(*) FROM invoice_verify();
SELECT count(*) FILTER (WHERE corrects IS NOT NULL) > 0 AS some_corrections, count(*) FILTER (WHERE invoice_on IS NOT NULL AND corrects IS NULL) > 0 AS some_in_advance
FROM invoice_line;
