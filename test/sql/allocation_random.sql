-- Whatever the rules and splits: what is allocated adds up to what there is, for
-- every measure, dimension, month and currency; values are those of a plain reading
-- of the rules charge by charge; and no plan changes any part.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set world :dir '/world.sql'
\i :world

\set ECHO none
\set QUIET on
-- Random dimensions: the seller's, one across customers, two customers' own.
CREATE FUNCTION pg_temp.allocate(seed float) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM setseed(seed);
    DELETE FROM allocation_closed;
    DELETE FROM allocation_closing;
    DELETE FROM allocation_split;
    DELETE FROM allocation_rule;
    DELETE FROM allocation_weight;
    DELETE FROM allocation_lookup;
    DELETE FROM account_tag;
    DELETE FROM dimension;
    INSERT INTO dimension (name, customer_id, across_customers)
    VALUES ('centre', NULL, false), ('project', NULL, true), ('own', 1, false), ('own', 4, false);
    INSERT INTO account_tag (account_id, key, value)
    SELECT a.account_id, 'team', pg_temp.pick(' acc1', 'acc2', 't0-1', '') FROM account AS a WHERE random() < 0.5;
    INSERT INTO allocation_lookup (lookup, spelling, value)
    SELECT l, s, pg_temp.pick('A', 'B', 'C') FROM unnest('{one,two}'::text[]) AS l, unnest('{t0-0,t0-1,t1-0,t1-1,T0-0,T1-1,0,1,2,acc1}'::text[]) AS s WHERE random() < 0.6;
    INSERT INTO allocation_rule (dimension_id, customer_id, position, selector, valid_during, value, keys, fold, lookup)
    SELECT r.dimension_id, CASE WHEN random() < 0.3 THEN coalesce(r.customer_id + 2 * floor(random() * 2)::int, 1 + floor(random() * 6)::int) END,
        r.n, pg_temp.pick(NULL, NULL, '{"region":"eu"}', '{"region":["eu","us"]}', '{"category":"Usage","region":"us"}', '{"tags.n":"1"}', '{"service":{"prefix":"S"},"category":{"not":"Tax"}}')::selector,
        pg_temp.pick('(,)', '(,)', '(,)', '(,2026-09-16)', '[2026-09-16,)', '[2026-09-01,2026-10-01)', '[2026-09-03,2026-09-20)')::daterange,
        CASE WHEN NOT r.reads THEN pg_temp.pick('A', 'B', 'C', 'pool1', 'pool2', 'pool3') END,
        CASE WHEN r.reads THEN pg_temp.pick('{tags.team}', '{tags.n,tags.team}', '{account}', '{region,service}', '{account.tags.team}', '{resource.tags.team}', '{tags.none,resource.tags.n}', '{customer}', '{customer_name,account_name}')::text[] END,
        CASE WHEN r.reads THEN pg_temp.pick('none', 'none', 'upper', 'lower') ELSE 'none' END,
        CASE WHEN r.reads AND random() < 0.4 THEN pg_temp.pick('one', 'two', 'three') END
    FROM (SELECT d.dimension_id, d.customer_id, n, random() < 0.5 AS reads FROM dimension AS d, generate_series(1, 8) AS n) AS r;
    INSERT INTO allocation_weight (weights, value, weight, valid_during)
    SELECT w, v, (1 + random() * 20)::int, pg_temp.pick('(,)', '[2026-09-01,)', '(,2026-10-01)')::daterange
    FROM unnest('{heads,shares}'::text[]) AS w, unnest('{A,B,C,T0-0,pool3}'::text[]) AS v
    WHERE random() < 0.7;
    -- pool1 may go to pool2 and pool3, pool2 to pool3
    INSERT INTO allocation_split (dimension_id, customer_id, value, valid_during, split_by, weights, selector, targets, excluded, rest_value, capacity, zero_weights)
    SELECT s.dimension_id, CASE WHEN random() < 0.2 AND NOT s.across_customers THEN coalesce(s.customer_id, 3) END, s.pool,
        pg_temp.pick('(,)', '(,)', '[2026-09-01,)')::daterange, s.split_by,
        CASE WHEN s.split_by = 'weights' THEN CASE WHEN s.pool = 'pool3' THEN 'none' ELSE pg_temp.pick('heads', 'shares') END END,
        CASE WHEN s.split_by <> 'weights' AND random() < 0.4 THEN pg_temp.pick('{"region":"eu"}', '{"category":"Usage"}')::selector END,
        CASE WHEN random() < 0.4 THEN CASE s.pool WHEN 'pool1' THEN '{A,pool2,pool3}' WHEN 'pool2' THEN '{B,C,pool3}' ELSE '{A,C,Z}' END::text[] END,
        CASE WHEN random() < 0.2 THEN '{C}'::text[] END,
        CASE WHEN s.split_by <> 'even' AND random() < 0.3 THEN pg_temp.pick('idle', CASE WHEN s.pool = 'pool3' THEN 'A' ELSE 'pool3' END) END,
        NULL, pg_temp.pick('keep', 'keep', 'even')
    FROM (
        SELECT d.*, 'pool' || p AS pool, pg_temp.pick('even', 'weights', 'billed_cost', 'effective_cost', 'list_cost', 'contracted_cost', 'quantity', 'amount') AS split_by
        FROM dimension AS d, generate_series(1, 3) AS p
        WHERE random() < 0.8
    ) AS s;
    UPDATE allocation_split SET capacity = 500 WHERE rest_value IS NOT NULL AND random() < 0.5;
END
$$;

-- The charges, one by one, with their owner and his days: what all is measured by.
CREATE FUNCTION pg_temp.charges() RETURNS TABLE (customer_id int, charge_on date, item_id int, currency text, quantity numeric,
    billed numeric, effective numeric, list numeric, contracted numeric) LANGUAGE sql AS $$
    WITH owner AS MATERIALIZED (SELECT * FROM charge_owner),
    tagged AS MATERIALIZED (SELECT DISTINCT account_id, tag_set_id FROM owner WHERE tag_set_id <> 0)
    SELECT coalesce(o.customer_id, 0), coalesce(o.charge_on, (c.charge_period_start AT TIME ZONE z.zone)::date), c.item_id, i.billing_currency,
        coalesce(c.pricing_quantity, c.consumed_quantity), c.billed_cost, coalesce(c.effective_cost, c.billed_cost), c.list_cost, c.contracted_cost
    FROM charge AS c
    JOIN load_scope_current USING (load_scope_id)
    JOIN charge_item AS i ON i.item_id = c.item_id
    -- owners of an account live in one zone; Amsterdam is the seller's
    CROSS JOIN LATERAL (
        SELECT coalesce(min(z.time_zone), 'Europe/Amsterdam') AS zone FROM owner AS o JOIN customer_zone AS z ON z.customer_id = o.customer_id
        WHERE o.account_id = c.account_id
    ) AS z
    LEFT JOIN LATERAL (
        SELECT o.customer_id, (c.charge_period_start AT TIME ZONE z.time_zone)::date AS charge_on
        FROM owner AS o
        JOIN customer_zone AS z ON z.customer_id = o.customer_id
        WHERE o.account_id = c.account_id AND o.valid_during @> (c.charge_period_start AT TIME ZONE z.time_zone)::date
          AND CASE WHEN o.tag_set_id <> 0 THEN o.tag_set_id = i.tag_set_id
            ELSE i.tag_set_id IS NULL OR (i.account_id, i.tag_set_id) NOT IN (SELECT t.account_id, t.tag_set_id FROM tagged AS t) END
    ) AS o ON true
$$;

-- The value of a key, and of a rule, read plainly.
CREATE FUNCTION pg_temp.read(key text, item charge_dimension, customer int) RETURNS text LANGUAGE sql AS $$
    SELECT nullif(btrim(CASE
        WHEN key LIKE 'tags.%' THEN item.tags ->> substr(key, 6)
        WHEN key LIKE 'account.tags.%' THEN (SELECT t.value FROM account_tag AS t WHERE t.account_id = item.account_id AND t.key = substr(read.key, 14))
        WHEN key LIKE 'resource.tags.%' THEN (
            SELECT min(t.value) FROM charge_item AS i JOIN tag AS t USING (tag_set_id)
            WHERE i.account_id = item.account_id AND i.resource_id = item.resource_id AND t.key = substr(read.key, 15)
            HAVING min(t.value) = max(t.value))
        WHEN key = 'account' THEN item.sub_account_id
        WHEN key = 'account_name' THEN item.sub_account_name
        WHEN key = 'region' THEN item.region_id
        WHEN key = 'service' THEN item.service_name
        WHEN key = 'customer' THEN (SELECT c.number FROM customer AS c WHERE c.customer_id = read.customer)
        WHEN key = 'customer_name' THEN (SELECT c.name FROM customer AS c WHERE c.customer_id = read.customer)
    END, E' \t\n'), '')
$$;

-- What charges have before anything is split: the first rule of the nearest customer that yields a value.
CREATE FUNCTION pg_temp.oracle() RETURNS TABLE (dimension_id int, customer_id int, period_start date, value text, currency text, charges bigint,
    quantity numeric, billed numeric, effective numeric, list numeric, contracted numeric) LANGUAGE sql AS $$
    WITH
    ancestor AS MATERIALIZED (SELECT * FROM customer_ancestor UNION ALL SELECT 0, 0, 0),
    charge AS MATERIALIZED (SELECT * FROM pg_temp.charges()),
    candidate AS MATERIALIZED (
        SELECT i.customer_id, i.item_id, r.dimension_id, r.valid_during, n.distance, r.position, v.value
        FROM (SELECT DISTINCT c.customer_id, c.item_id FROM charge AS c) AS i
        JOIN charge_dimension AS d ON d.item_id = i.item_id
        JOIN ancestor AS n ON n.customer_id = i.customer_id
        JOIN allocation_rule AS r ON coalesce(r.customer_id, 0) = n.ancestor_id AND (r.selector IS NULL OR selector_matches(r.selector, d))
        CROSS JOIN LATERAL (
            SELECT coalesce(r.value, (
                SELECT u.value
                FROM unnest(r.keys) WITH ORDINALITY AS k (key, no)
                CROSS JOIN LATERAL (SELECT pg_temp.read(k.key, d, i.customer_id) AS found) AS f
                CROSS JOIN LATERAL (SELECT CASE r.fold WHEN 'upper' THEN upper(f.found) WHEN 'lower' THEN lower(f.found) ELSE f.found END AS folded) AS g
                CROSS JOIN LATERAL (SELECT CASE WHEN r.lookup IS NULL THEN g.folded
                    ELSE (SELECT l.value FROM allocation_lookup AS l WHERE l.lookup = r.lookup AND l.spelling = g.folded) END AS value) AS u
                WHERE u.value IS NOT NULL
                ORDER BY k.no
                LIMIT 1)) AS value
        ) AS v
        WHERE v.value IS NOT NULL
    )
    SELECT d.dimension_id, c.customer_id, date_trunc('month', c.charge_on)::date, v.value, c.currency, count(*), sum(c.quantity), sum(c.billed), sum(c.effective), sum(c.list), sum(c.contracted)
    FROM charge AS c
    JOIN dimension AS d ON d.customer_id IS NULL OR EXISTS (SELECT FROM ancestor AS n WHERE n.customer_id = c.customer_id AND n.ancestor_id = d.customer_id)
    LEFT JOIN LATERAL (
        SELECT f.value
        FROM candidate AS f
        WHERE f.customer_id = c.customer_id AND f.item_id = c.item_id AND f.dimension_id = d.dimension_id AND f.valid_during @> c.charge_on
        ORDER BY f.distance, f.position
        LIMIT 1
    ) AS v ON true
    GROUP BY 1, 2, 3, 4, 5
$$;

CREATE FUNCTION pg_temp.check(seed float, OUT rows bigint, OUT shared bigint, OUT read_wrongly bigint, OUT not_whole bigint, OUT lines_not_whole bigint, OUT by_plan bigint, OUT by_grain bigint, OUT split_wrongly bigint, OUT closed_wrongly bigint) LANGUAGE plpgsql AS $$
DECLARE
    key int;
BEGIN
    PERFORM pg_temp.make(seed, true);
    PERFORM pg_temp.allocate(seed);
    DROP TABLE IF EXISTS pg_temp.was, pg_temp.again, pg_temp.expected;

    -- Without splits: the oracle's sums, by value.
    CREATE TEMP TABLE kept AS SELECT * FROM allocation_split;
    DELETE FROM allocation_split;
    CREATE TEMP TABLE expected AS SELECT * FROM pg_temp.oracle();
    SELECT count(*)
    INTO read_wrongly
    FROM expected AS e
    FULL JOIN (
        SELECT a.dimension_id, a.customer_id, a.period_start, a.value, a.currency, sum(charges) AS charges, sum(quantity) AS quantity, sum(billed_cost) AS billed,
            sum(effective_cost) AS effective, sum(list_cost) AS list, sum(contracted_cost) AS contracted
        FROM allocated AS a
        WHERE kind = 'cost'
        GROUP BY 1, 2, 3, 4, 5
    ) AS a ON (a.dimension_id, a.customer_id, a.period_start, coalesce(a.value, ''), a.currency) = (e.dimension_id, e.customer_id, e.period_start, coalesce(e.value, ''), e.currency)
    WHERE (a.charges, a.quantity, a.billed, a.effective, a.list, a.contracted) IS DISTINCT FROM (e.charges, e.quantity, e.billed, e.effective, e.list, e.contracted);

    -- With them: nothing is lost, and nothing made.
    INSERT INTO allocation_split OVERRIDING SYSTEM VALUE SELECT * FROM kept;
    DROP TABLE kept;
    CREATE TEMP TABLE was AS SELECT * FROM allocated;
    SELECT count(*), count(shared_from) INTO rows, shared FROM was;
    SELECT count(*)
    INTO not_whole
    FROM (
        SELECT e.dimension_id, CASE WHEN d.across_customers THEN -1 ELSE e.customer_id END AS scope, e.period_start, e.currency, sum(charges) AS charges, sum(quantity) AS quantity, sum(billed) AS billed, sum(effective) AS effective,
            sum(list) AS list, sum(contracted) AS contracted
        FROM expected AS e
        JOIN dimension AS d USING (dimension_id)
        GROUP BY 1, 2, 3, 4
    ) AS e
    FULL JOIN (
        SELECT a.dimension_id, CASE WHEN d.across_customers THEN -1 ELSE a.customer_id END AS scope, a.period_start, a.currency, sum(charges) AS charges, sum(quantity) AS quantity, sum(billed_cost) AS billed, sum(effective_cost) AS effective,
            sum(list_cost) AS list, sum(contracted_cost) AS contracted
        FROM was AS a
        JOIN dimension AS d USING (dimension_id)
        WHERE kind = 'cost'
        GROUP BY 1, 2, 3, 4
    ) AS a USING (dimension_id, scope, period_start, currency)
    WHERE (a.charges, a.quantity, a.billed, a.effective, a.list, a.contracted) IS DISTINCT FROM (e.charges, e.quantity, e.billed, e.effective, e.list, e.contracted);

    -- The parts of each line are the line, as invoices have it.
    SELECT count(*)
    INTO lines_not_whole
    FROM (
        SELECT d.dimension_id, l.customer_id AS buyer_id, l.period_start, l.price_rule_id, l.product_id, coalesce(l.account_id, 0) AS account_id,
            coalesce(l.resource_id, '') AS resource_id, coalesce(l.tag_value, '') AS tag_value, l.currency::text, l.due
        FROM invoice_due AS l, dimension AS d
        WHERE d.customer_id IS NULL
    ) AS l
    FULL JOIN (
        SELECT a.dimension_id, a.buyer_id, a.period_start, a.price_rule_id, a.product_id, coalesce(a.account_id, 0) AS account_id,
            coalesce(a.resource_id, '') AS resource_id, coalesce(a.tag_value, '') AS tag_value, a.currency, sum(a.due) AS due
        FROM was AS a
        JOIN dimension AS d USING (dimension_id)
        WHERE a.kind = 'sale' AND d.customer_id IS NULL
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    ) AS a USING (dimension_id, buyer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency)
    WHERE a.due IS DISTINCT FROM l.due;

    -- Each value's part is what proportions say, but for what rounding to 12 decimals can do: only
    -- splits in one step, by weights or evenly over named values, whose proportions need no second reading.
    SELECT count(*)
    INTO split_wrongly
    FROM (
        SELECT s.dimension_id, s.value, e.customer_id, e.period_start, e.currency, t.target, e.effective * t.weight / sum(t.weight) OVER (PARTITION BY s.allocation_split_id, e.customer_id, e.period_start, e.currency) AS part
        FROM allocation_split AS s
        JOIN expected AS e ON e.dimension_id = s.dimension_id AND e.value = s.value AND s.valid_during @> e.period_start
        JOIN dimension AS d ON d.dimension_id = s.dimension_id
        CROSS JOIN LATERAL (
            SELECT w.value AS target, w.weight FROM allocation_weight AS w WHERE w.weights = s.weights AND w.valid_during @> e.period_start AND (s.targets IS NULL OR w.value = ANY (s.targets))
            UNION ALL
            SELECT t, 1 FROM unnest(s.targets) AS t WHERE s.split_by = 'even' AND s.selector IS NULL
        ) AS t
        WHERE NOT coalesce(t.target = ANY (s.excluded), false) AND t.target <> s.value AND s.rest_value IS NULL
          AND s.customer_id IS NULL AND NOT EXISTS (SELECT FROM allocation_split AS o WHERE o.dimension_id = s.dimension_id AND o.customer_id IS NOT NULL)
    ) AS p
    JOIN (
        SELECT dimension_id, shared_from, customer_id, period_start, currency, value, sum(effective_cost) AS part, count(*) AS n
        FROM was
        WHERE kind = 'cost'
        GROUP BY 1, 2, 3, 4, 5, 6
    ) AS w ON w.dimension_id = p.dimension_id AND w.shared_from = p.value AND w.customer_id = p.customer_id AND w.period_start = p.period_start AND w.currency = p.currency AND w.value = p.target
    WHERE abs(w.part - p.part) > w.n * 0.000000000001
      -- what comes in two ways is more
      AND NOT EXISTS (SELECT FROM allocation_split AS o WHERE o.dimension_id = p.dimension_id AND o.value <> p.value);

    -- Other plans, and charges by day, give the same to the last digit.
    PERFORM set_config('enable_hashagg', 'off', true), set_config('enable_mergejoin', 'off', true);
    CREATE TEMP TABLE again AS SELECT * FROM allocated;
    SELECT count(*) INTO by_plan FROM ((TABLE was EXCEPT ALL TABLE again) UNION ALL (TABLE again EXCEPT ALL TABLE was)) AS d;
    PERFORM set_config('enable_hashagg', 'on', true), set_config('enable_mergejoin', 'on', true),
        set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true), set_config('min_parallel_table_scan_size', '0', true),
        set_config('debug_discard_caches', '0', true);
    DELETE FROM again;
    INSERT INTO again SELECT * FROM allocated;
    SELECT by_plan + count(*) INTO by_plan FROM ((TABLE was EXCEPT ALL TABLE again) UNION ALL (TABLE again EXCEPT ALL TABLE was)) AS d;
    PERFORM set_config('parallel_setup_cost', '1000', true), set_config('parallel_tuple_cost', '0.1', true), set_config('min_parallel_table_scan_size', '8MB', true);
    PERFORM set_config('cloudbilling.grain', 'day', true);
    SELECT count(*) INTO by_grain FROM (
        (SELECT * FROM was WHERE kind = 'cost' EXCEPT ALL SELECT * FROM allocated WHERE kind = 'cost')
        UNION ALL (SELECT * FROM allocated WHERE kind = 'cost' EXCEPT ALL SELECT * FROM was WHERE kind = 'cost')) AS d
    WHERE NOT EXISTS (SELECT FROM allocation_split WHERE split_by = 'amount');
    PERFORM set_config('cloudbilling.grain', 'month', true);

    -- A closed month stays, whatever becomes of rules; and with what comes later it is whole again.
    SELECT dimension_id INTO key FROM dimension WHERE name = 'centre';
    PERFORM allocation_close('centre', '2026-09-01');
    DELETE FROM allocation_rule WHERE dimension_id = key AND random() < 0.7;
    DELETE FROM allocation_split WHERE dimension_id = key AND random() < 0.5;
    DELETE FROM again;
    INSERT INTO again SELECT * FROM allocated;
    SELECT count(*)
    INTO closed_wrongly
    FROM ((SELECT * FROM was WHERE dimension_id = key AND period_start = '2026-09-01' EXCEPT ALL SELECT * FROM (SELECT (json_populate_record(a, '{"status":"open"}')).* FROM again AS a WHERE a.dimension_id = key AND a.period_start = '2026-09-01') AS a)
        UNION ALL (SELECT * FROM (SELECT (json_populate_record(a, '{"status":"open"}')).* FROM again AS a WHERE a.dimension_id = key AND a.period_start = '2026-09-01') AS a EXCEPT ALL SELECT * FROM was WHERE dimension_id = key AND period_start = '2026-09-01')) AS d;
    UPDATE usage SET cost = cost + 1, tags = CASE WHEN random() < 0.5 THEN tags END WHERE random() < 0.2;
    PERFORM pg_temp.deliver();
    SELECT closed_wrongly + count(*)
    INTO closed_wrongly
    FROM (
        SELECT date_trunc('month', c.charge_on)::date AS period_start, c.customer_id, c.currency, sum(quantity) AS quantity, sum(billed) AS billed, sum(effective) AS effective, sum(list) AS list, sum(contracted) AS contracted
        FROM pg_temp.charges() AS c
        GROUP BY 1, 2, 3
    ) AS c
    FULL JOIN (
        SELECT period_start, customer_id, currency, sum(quantity) AS quantity, sum(billed_cost) AS billed, sum(effective_cost) AS effective, sum(list_cost) AS list, sum(contracted_cost) AS contracted
        FROM allocated
        WHERE dimension_id = key AND kind = 'cost'
        GROUP BY 1, 2, 3
    ) AS a USING (period_start, customer_id, currency)
    -- what was taken back is 0, not NULL
    WHERE (coalesce(c.quantity, 0), coalesce(c.billed, 0), coalesce(c.effective, 0), coalesce(c.list, 0), coalesce(c.contracted, 0))
        <> (coalesce(a.quantity, 0), coalesce(a.billed, 0), coalesce(a.effective, 0), coalesce(a.list, 0), coalesce(a.contracted, 0));
    SELECT closed_wrongly + count(*)
    INTO closed_wrongly
    FROM (SELECT customer_id AS buyer_id, period_start, price_rule_id, product_id, currency::text, sum(due) AS due FROM invoice_due WHERE due <> 0 GROUP BY 1, 2, 3, 4, 5) AS l
    FULL JOIN (
        SELECT buyer_id, period_start, price_rule_id, product_id, currency, sum(due) AS due
        FROM allocated
        WHERE dimension_id = key AND kind = 'sale'
        GROUP BY 1, 2, 3, 4, 5
    ) AS a USING (buyer_id, period_start, price_rule_id, product_id, currency)
    WHERE coalesce(l.due, 0) <> coalesce(a.due, 0);
END
$$;

CREATE TEMP TABLE result (seed float, rows bigint, shared bigint, read_wrongly bigint, not_whole bigint, lines_not_whole bigint, by_plan bigint, by_grain bigint, split_wrongly bigint, closed_wrongly bigint);
\o /dev/null
SELECT format('INSERT INTO result SELECT %s, * FROM pg_temp.check(%s)', n / 50.0, n / 50.0) FROM generate_series(1, 8) AS n \gexec
\o
\set ECHO all
SELECT count(*) AS worlds, sum(rows) > 10000 AS many_rows, sum(shared) > 1000 AS many_shared, sum(read_wrongly) AS read_wrongly, sum(not_whole) AS not_whole,
    sum(lines_not_whole) AS lines_not_whole, sum(by_plan) AS by_plan, sum(by_grain) AS by_grain, sum(split_wrongly) AS split_wrongly, sum(closed_wrongly) AS closed_wrongly
FROM result;
