-- Whatever the charges, rules and splits: by value or as a whole, the parts of each
-- line add up to it, now and after every correction and switch.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set world :dir '/world.sql'
\i :world

-- A dimension with lookups, a default for some, days on which a rule changes, and splits of splits.
INSERT INTO dimension (name) VALUES ('Team');
INSERT INTO allocation_rule (dimension_id, position, keys, fold) VALUES (1, 1, '{tags.team}', 'upper');
INSERT INTO allocation_rule (dimension_id, position, selector, value, valid_during) VALUES
    (1, 2, '{"region":"eu"}', 'Europe', '(,2026-09-12)'), (1, 3, '{"category":"Purchase"}', 'Platform', '(,)'), (1, 4, '{"region":"asia"}', 'Network', '(,)');
INSERT INTO allocation_split (dimension_id, customer_id, value, split_by, targets) VALUES
    (1, NULL, 'Platform', 'billed_cost', NULL), (1, NULL, 'Network', 'even', '{T0-0,T0-1,Platform}'), (1, 2, 'T1-0', 'even', '{T1-1,T1-2}');

CREATE VIEW pg_temp.whole AS
SELECT l.customer_id, l.period_start, l.price_rule_id, l.product_id, coalesce(l.account_id, 0) AS account_id, coalesce(l.resource_id, '') AS resource_id,
    coalesce(l.tag_value, '') AS tag_value, l.currency, currency_round(l.amount, l.currency) AS due, l.quantity, l.billed_cost, l.effective_cost, l.charges
FROM rated_line AS l
WHERE l.reseller_id IS NULL;
CREATE VIEW pg_temp.summed AS
SELECT d.customer_id, d.period_start, d.price_rule_id, d.product_id, coalesce(d.account_id, 0) AS account_id, coalesce(d.resource_id, '') AS resource_id,
    coalesce(d.tag_value, '') AS tag_value, d.currency, sum(d.due) AS due, sum(d.quantity) AS quantity, sum(d.billed_cost) AS billed_cost,
    sum(d.effective_cost) AS effective_cost, sum(d.charges)::bigint AS charges
FROM invoice_due AS d
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

-- Lines, those that are by value, and how many properties fail.
CREATE FUNCTION pg_temp.check(seed float, OUT lines bigint, OUT parts bigint, OUT wrong bigint, OUT untold bigint) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM invoice_dimension;
    PERFORM pg_temp.make(seed, true);
    INSERT INTO invoice_dimension SELECT customer_id, 1, CASE WHEN customer_id % 3 = 0 THEN 'total' ELSE 'value' END FROM customer;
    SELECT count(*) INTO lines FROM rated_line WHERE reseller_id IS NULL;
    SELECT count(*) INTO parts FROM invoice_due WHERE dimension_id IS NOT NULL;
    SELECT count(*)
    INTO wrong
    FROM pg_temp.whole AS w
    FULL JOIN pg_temp.summed AS s USING (customer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency)
    WHERE (w.due, w.quantity, w.billed_cost, w.effective_cost, coalesce(w.charges, 0)) IS DISTINCT FROM (s.due, s.quantity, s.billed_cost, s.effective_cost, s.charges);
    SELECT count(*)
    INTO untold
    FROM (
        SELECT customer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency, sum(amount) AS amount
        FROM (
            SELECT customer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency, amount FROM invoice_due WHERE dimension_id IS NULL
            UNION ALL
            SELECT s.customer_id, s.period_start, s.price_rule_id, s.product_id, s.account_id, s.resource_id, s.tag_value, s.currency, -s.amount
            FROM invoice_specification(ARRAY(SELECT d FROM invoice_due AS d)) AS s
        ) AS l
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ) AS l
    WHERE l.amount <> 0;
END
$$;

CREATE TEMP TABLE result (seed float, lines bigint, parts bigint, wrong bigint, untold bigint);
\set ECHO none
\o /dev/null
SELECT format('INSERT INTO result SELECT %s, * FROM pg_temp.check(%s)', n / 50.0, n / 50.0) FROM generate_series(1, 4) AS n \gexec
\o
\set ECHO all
SELECT count(*) AS cases, sum(lines) > 250 AS many_lines, sum(parts) > 400 AS many_parts, sum(wrong) AS wrong, sum(untold) AS untold FROM result;
SELECT * FROM result WHERE wrong + untold <> 0;

-- Documents of the last of them: finalised, corrected after a restated delivery and other rules, and switched to the other
-- form.  Each time all is billed, to the cent.
SET cloudbilling.correction_months = 1200;
CREATE VIEW pg_temp.sound AS
SELECT
    (SELECT count(*) FROM invoice) > 10 AS documents,
    (SELECT count(*) FROM invoice_due WHERE amount <> 0 AND period_end <= '2026-11-01') AS left_over,
    (SELECT count(*) FROM (SELECT invoice_id, line_no, sum(amount) AS amount FROM invoice_line_allocation GROUP BY 1, 2) AS a
        JOIN invoice_line AS l USING (invoice_id, line_no) WHERE l.amount <> a.amount) AS parts_miss,
    (SELECT count(*) FROM (SELECT customer_id, period_start, price_rule_id, currency::text, product_id, sum(amount) AS amount FROM invoice_line GROUP BY 1, 2, 3, 4, 5) AS b
        FULL JOIN (SELECT customer_id, period_start, price_rule_id, currency, product_id, sum(due) AS amount FROM pg_temp.whole GROUP BY 1, 2, 3, 4, 5) AS w
            USING (customer_id, period_start, price_rule_id, currency, product_id)
        WHERE coalesce(b.amount, 0) <> coalesce(w.amount, 0)) AS billed_wrong,
    (SELECT count(*) FROM invoice_verify()) AS tampered;
SELECT invoice_finalise(1, 6, '2026-11-01') > 0 AS finalised;
SELECT * FROM pg_temp.sound;
UPDATE usage SET quantity = quantity * 1.5, cost = cost + 1 WHERE n % 3 = 0;
DELETE FROM usage WHERE n % 7 = 0;
UPDATE allocation_split SET split_by = 'effective_cost', targets = NULL WHERE value = 'Network';
INSERT INTO allocation_rule (dimension_id, position, selector, value) VALUES (1, 5, '{"region":"us"}', 'America');
SELECT pg_temp.deliver();
SELECT invoice_finalise(1, 6, '2026-11-01') > 0 AS corrected;
SELECT * FROM pg_temp.sound;
UPDATE invoice_dimension SET invoice_by = CASE invoice_by WHEN 'total' THEN 'value' ELSE 'total' END;
SELECT sum(amount) FROM invoice_running WHERE period_end <= '2026-11-01';
SELECT invoice_finalise(1, 6, '2026-11-01') > 0 AS switched;
SELECT * FROM pg_temp.sound;
-- Lines by value explain themselves.
SELECT count(*) > 10 AS lines, count(*) FILTER (WHERE steps <> amount) AS steps_miss, count(*) FILTER (WHERE charges <> amount) AS charges_miss, count(*) FILTER (WHERE changed) AS unexplained
FROM (
    SELECT l.amount, sum(e.amount) FILTER (WHERE e.part = 'step') AS steps, sum(e.amount) FILTER (WHERE e.part = 'charge') AS charges,
        bool_or(e.description = 'owners or rules have changed since') AS changed
    FROM invoice_line AS l
    CROSS JOIN LATERAL invoice_line_explain(l) AS e
    WHERE l.dimension_id IS NOT NULL AND (l.invoice_id + l.line_no) % 9 = 0
    GROUP BY l.invoice_id, l.line_no
) AS l;
