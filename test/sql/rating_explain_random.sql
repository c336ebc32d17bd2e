-- Whatever the rules: each line is the sum of what it takes from charges, each
-- charge is somewhere, and each document explains itself to the last digit.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set world :dir '/world.sql'
\i :world

-- Lines, and how many properties fail.
CREATE FUNCTION pg_temp.check(seed float, OUT lines bigint, OUT shares bigint, OUT lost bigint) LANGUAGE plpgsql AS $$
DECLARE
    size text;
BEGIN
    PERFORM pg_temp.make(seed, true);
    shares := 0;
    lost := 0;
    SELECT count(*) INTO lines FROM rated_line;
    FOR size IN SELECT unnest('{month,day,charge,sum}'::text[]) LOOP
        PERFORM set_config('cloudbilling.grain', size, true);
        SELECT shares + count(*)
        INTO shares
        FROM rated_line AS l
        FULL JOIN (
            SELECT customer_id, reseller_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency, sum(amount) AS amount,
                sum(charges) AS charges, sum(billed_cost) FILTER (WHERE cost_currency = currency) AS billed_cost
            FROM rated_charge
            WHERE price_rule_id IS NOT NULL
            GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
            HAVING count(amount) > 0
        ) AS s
            ON (l.customer_id, coalesce(l.reseller_id, 0), l.period_start, l.price_rule_id, l.product_id, l.currency, coalesce(l.account_id, 0), coalesce(l.resource_id, ''), coalesce(l.tag_value, ''))
            = (s.customer_id, coalesce(s.reseller_id, 0), s.period_start, s.price_rule_id, s.product_id, s.currency, coalesce(s.account_id, 0), coalesce(s.resource_id, ''), coalesce(s.tag_value, ''))
        WHERE (l.amount, l.charges, l.billed_cost) IS DISTINCT FROM (s.amount, s.charges, s.billed_cost);
        -- what the seller sells, or does not, is all there is
        SELECT lost + count(*)
        INTO lost
        FROM (SELECT sum(charges) AS charges, sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost, sum(quantity) AS quantity FROM rated_charge
            WHERE reseller_id IS NULL AND (effect IN ('set', 'include') OR price_rule_id IS NULL)) AS a,
            (SELECT sum(charges) AS charges, sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost, sum(quantity) AS quantity FROM charge_owned) AS b
        WHERE a IS DISTINCT FROM b;
        -- a reseller pays for what it sells just what it is asked for it
        SELECT lost + count(*)
        INTO lost
        FROM (SELECT customer_id, period_start, owner_id, currency, sum(amount) AS amount FROM rated_charge WHERE customer_id <> owner_id AND amount IS NOT NULL GROUP BY 1, 2, 3, 4) AS paid
        FULL JOIN (SELECT reseller_id AS customer_id, period_start, owner_id, cost_currency AS currency, sum(billed_cost) AS amount FROM rated_charge
            WHERE reseller_id IS NOT NULL AND (effect IN ('set', 'include') OR price_rule_id IS NULL) AND billed_cost IS NOT NULL GROUP BY 1, 2, 3, 4) AS sold
            USING (customer_id, period_start, owner_id, currency)
        WHERE paid.amount IS DISTINCT FROM sold.amount;
    END LOOP;
    PERFORM set_config('cloudbilling.grain', 'month', true);
END
$$;

CREATE TEMP TABLE result (seed float, lines bigint, shares bigint, lost bigint);
\set ECHO none
\o /dev/null
SELECT format('INSERT INTO result SELECT %s, * FROM pg_temp.check(%s)', n / 50.0, n / 50.0) FROM generate_series(1, 6) AS n \gexec
\o
\set ECHO all
SELECT count(*) AS cases, sum(lines) > 800 AS many_lines, min(lines) > 0 AS never_empty, sum(shares) AS shares, sum(lost) AS lost FROM result;
SELECT * FROM result WHERE shares + lost <> 0;

-- Documents of such a world, and their corrections after a restated delivery: steps and charges add up to each line.
SELECT pg_temp.make(0.5, true);
SET cloudbilling.correction_months = 1200;
SELECT invoice_finalise(1, 6, '2026-11-01') > 0 AS finalised;
UPDATE usage SET quantity = quantity * 1.5, cost = cost + 1 WHERE n % 3 = 0;
DELETE FROM usage WHERE n % 7 = 0;
SELECT pg_temp.deliver();
SELECT invoice_finalise(1, 6, '2026-11-01') > 0 AS corrected;
SELECT count(*) FROM invoice_due WHERE amount <> 0 AND period_end <= '2026-11-01';
SELECT count(*) > 40 AS lines, count(*) FILTER (WHERE revision > 0) > 10 AS corrections, count(*) FILTER (WHERE steps <> amount) AS steps_miss, count(*) FILTER (WHERE charges <> amount) AS charges_miss,
    count(*) FILTER (WHERE changed) AS unexplained
FROM (
    SELECT l.amount, l.revision, sum(e.amount) FILTER (WHERE e.part = 'step') AS steps, sum(e.amount) FILTER (WHERE e.part = 'charge') AS charges,
        bool_or(e.description = 'owners or rules have changed since') AS changed
    FROM invoice_line AS l
    CROSS JOIN LATERAL invoice_line_explain(l) AS e
    WHERE l.line_no % 2 = 0
    GROUP BY l.invoice_id, l.line_no
) AS l;
