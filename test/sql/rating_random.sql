-- Rating against an oracle: random charges, ownership and rules; what
-- rated_line says must be what plain SQL makes of the single charges, without
-- roll-ups, without shares that run, and without any view of the extension.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set world :dir '/world.sql'
\i :world

CREATE TEMP TABLE seen (effect text, measure text, per text, PRIMARY KEY (effect, measure, per));
CREATE TEMP TABLE o_charge (LIKE charge, customer_id int, day date, effective numeric, quantity numeric, n bigint GENERATED ALWAYS AS IDENTITY);
CREATE TEMP TABLE o_rule (n bigint, price_rule_id int);
CREATE TEMP TABLE o_amount (n bigint, currency text, amount numeric, phase text, position int);
-- What the invoice rounds lines up by, at the last charge of each: limits look at what is billed.
CREATE TEMP TABLE o_round (n bigint, currency text, amount numeric);
CREATE TEMP TABLE o_line (customer_id int, period_start date, price_rule_id int, product_id int, account_id int, resource_id text, tag_value text,
    currency text, measured numeric, amount numeric, quantity numeric, unit text, billed_cost numeric, effective_cost numeric, charges bigint);

-- The oracle, charge by charge.
CREATE FUNCTION pg_temp.oracle() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    step record;
BEGIN
    TRUNCATE o_charge, o_rule, o_amount, o_round, o_line;
    -- Whose: all rules are tried for each charge, on its day in the zone of the rule's customer.
    INSERT INTO o_charge
    SELECT c.*, w.customer_id, w.day, coalesce(c.effective_cost, c.billed_cost), coalesce(c.pricing_quantity, c.consumed_quantity)
    FROM charge AS c
    JOIN load_scope AS s ON s.load_scope_id = c.load_scope_id AND upper_inf(s.current_during)
    JOIN charge_item AS i ON i.item_id = c.item_id
    JOIN account AS a ON a.account_id = c.account_id
    LEFT JOIN tag_set AS t ON t.tag_set_id = i.tag_set_id
    CROSS JOIN LATERAL (
        SELECT o.customer_id, d.day
        FROM ownership AS o
        JOIN customer AS u ON u.customer_id = o.customer_id
        CROSS JOIN LATERAL (SELECT (c.charge_period_start AT TIME ZONE coalesce(u.time_zone, 'Europe/Amsterdam'))::date) AS d (day)
        WHERE o.valid_during @> d.day
          AND (o.provider_name IS NULL OR o.provider_name = a.provider_name)
          AND (o.billing_account_id IS NULL OR o.billing_account_id = a.billing_account_id)
          AND (o.sub_account_id IS NULL OR o.sub_account_id = a.sub_account_id)
          AND (o.tag_key IS NULL OR t.tags ->> o.tag_key = o.tag_value)
        ORDER BY o.position, num_nonnulls(o.provider_name, o.billing_account_id, o.sub_account_id, o.tag_key) DESC,
            o.tag_key IS NULL, o.ownership_id
        LIMIT 1) AS w;

    -- Which rules are about which charge; only of set rules, one.
    INSERT INTO o_rule
    WITH RECURSIVE up AS (
        SELECT customer_id, customer_id AS above, 0 AS steps FROM customer
        UNION ALL
        SELECT up.customer_id, c.parent_id, up.steps + 1 FROM up JOIN customer AS c ON c.customer_id = up.above WHERE c.parent_id IS NOT NULL
    )
    SELECT n, price_rule_id
    FROM (
        SELECT c.n, r.price_rule_id, r.effect, row_number() OVER (PARTITION BY c.n, r.effect ORDER BY
            u.steps NULLS LAST, array_position(p.path, r.product_id) DESC,
            (SELECT coalesce(sum(CASE jsonb_typeof(v) WHEN 'array' THEN 3 ELSE 4 END), 0) FROM jsonb_each(r.selector::text::jsonb) AS e (k, v)) DESC,
            r.measure ~ 'cost$' AND r.currency IS NOT NULL DESC, r.position, r.price_rule_id) AS place
        FROM o_charge AS c
        JOIN charge_item AS i ON i.item_id = c.item_id
        JOIN product AS p ON p.product_id = i.product_id
        CROSS JOIN price_rule AS r
        LEFT JOIN up AS u ON u.customer_id = c.customer_id AND u.above = r.customer_id
        WHERE (r.customer_id IS NULL OR u.steps IS NOT NULL)
          AND r.product_id = ANY (p.path)
          AND r.valid_during @> c.day
          AND (r.selector::text::jsonb -> 'region' IS NULL OR r.selector::text::jsonb -> 'region' @> to_jsonb(i.region_id))
          AND (r.selector::text::jsonb -> 'category' IS NULL OR r.selector::text::jsonb ->> 'category' = i.charge_category)
          AND (r.measure !~ 'cost$' OR r.currency IS NULL OR r.currency = i.billing_currency)
    ) AS x
    WHERE effect <> 'set' OR place = 1;

    -- Prices; each charge's part of its line, in proportion.
    PERFORM pg_temp.oracle_phase('set', NULL);
    FOR step IN
        SELECT DISTINCT r.effect, r.position, array_position('{adjust,add,limit}', r.effect) AS phase
        FROM price_rule AS r
        WHERE r.effect <> 'set'
        ORDER BY 3, 2
    LOOP
        PERFORM pg_temp.oracle_phase(step.effect, step.position);
    END LOOP;
END
$$;

-- One position of a phase: lines first, then what each charge's part of them is.
CREATE FUNCTION pg_temp.oracle_phase(phase text, pos int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE o_member ON COMMIT DROP AS
    SELECT c.n, c.charge_period_start AS starts, c.charge_period_end - c.charge_period_start AS lasts, c.item_id, c.day, c.load_scope_id, c.line_no,
        c.customer_id, date_trunc('month', c.day)::date AS period_start, r.price_rule_id, r.measure, r.per, r.skip_zero,
        CASE WHEN r.per IN ('sku', 'charge') THEN i.product_id ELSE r.product_id END AS product_id,
        CASE WHEN r.per IN ('account', 'resource') THEN c.account_id END AS account_id,
        CASE r.per WHEN 'resource' THEN i.resource_id END AS resource_id,
        CASE WHEN r.per ~ '^tags' THEN t.tags ->> substr(r.per, 6) END AS tag_value,
        CASE WHEN r.measure = 'amount' THEN a.currency WHEN r.measure !~ 'cost$' THEN r.currency ELSE i.billing_currency END AS currency,
        CASE r.measure WHEN 'billed_cost' THEN c.billed_cost WHEN 'effective_cost' THEN c.effective
            WHEN 'list_cost' THEN c.list_cost WHEN 'contracted_cost' THEN c.contracted_cost WHEN 'amount' THEN a.amount
            WHEN 'events' THEN 1 WHEN 'resources' THEN CASE WHEN i.resource_id IS NOT NULL THEN 0 END ELSE c.quantity END AS measured,
        CASE WHEN r.measure = 'resources' THEN c.account_id || '/' || i.resource_id END AS counted,
        c.quantity, CASE WHEN c.quantity IS NOT NULL THEN coalesce(i.pricing_unit, i.consumed_unit, '-') END AS unit,
        CASE WHEN r.currency IS NULL OR i.billing_currency = r.currency THEN c.billed_cost END AS billed_cost,
        CASE WHEN r.currency IS NULL OR i.billing_currency = r.currency THEN c.effective END AS effective,
        r.pricing
    FROM o_rule AS o
    JOIN price_rule AS r ON r.price_rule_id = o.price_rule_id AND r.effect = phase AND r.position = coalesce(pos, r.position)
    JOIN o_charge AS c ON c.n = o.n
    JOIN charge_item AS i ON i.item_id = c.item_id
    LEFT JOIN tag_set AS t ON t.tag_set_id = i.tag_set_id
    LEFT JOIN LATERAL (
        SELECT b.currency, sum(b.amount) + CASE oracle_phase.phase WHEN 'limit' THEN
            coalesce((SELECT sum(o.amount) FROM o_round AS o WHERE o.n = c.n AND o.currency = b.currency), 0) ELSE 0 END AS amount
        FROM o_amount AS b
        WHERE b.n = c.n AND r.measure = 'amount' AND (r.currency IS NULL OR b.currency = r.currency)
        GROUP BY 1
        UNION ALL
        -- a limit in a currency is also of what costs nothing
        SELECT r.currency, 0
        WHERE phase = 'limit' AND r.currency IS NOT NULL AND NOT EXISTS (SELECT FROM o_amount AS b WHERE b.n = c.n)
    ) AS a ON true
    WHERE (r.measure <> 'amount' OR a.currency IS NOT NULL)
      -- adjusted is only what has a price
      AND (phase <> 'adjust' OR EXISTS (SELECT FROM o_amount AS b WHERE b.n = c.n AND b.phase IN ('set', 'adjust')));

    -- The first charge of a resource stands for it.
    UPDATE o_member AS m
    SET measured = 1
    FROM (SELECT DISTINCT ON (customer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency, counted) n, price_rule_id, currency
        FROM o_member
        WHERE counted IS NOT NULL
        ORDER BY customer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency, counted, item_id, day, starts, load_scope_id, line_no) AS f
    WHERE m.n = f.n AND m.price_rule_id = f.price_rule_id AND m.currency IS NOT DISTINCT FROM f.currency;

    -- What starts at one moment is one reading.
    CREATE TEMP TABLE o_key ON COMMIT DROP AS
    SELECT customer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency, measure, per, skip_zero, (array_agg(pricing))[1] AS pricing,
        CASE measure
            WHEN 'peak' THEN max(reading)
            WHEN 'p95' THEN percentile_disc(0.95) WITHIN GROUP (ORDER BY reading)
            WHEN 'latest' THEN (array_agg(reading ORDER BY starts DESC))[1]
            WHEN 'weighted' THEN round(sum(weighed) / (extract(epoch FROM (period_start + interval '1 month') - period_start::timestamp) * 1000000), 12)
            ELSE sum(reading)
        END AS measured,
        sum(each) AS each
    FROM (
        SELECT customer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency, measure, per, skip_zero, pricing, starts,
            sum(measured) AS reading, sum(measured * extract(epoch FROM lasts) * 1000000) AS weighed, sum(rate(measured, pricing)) AS each
        FROM o_member
        WHERE measured IS NOT NULL
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
    ) AS r
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;
    DELETE FROM o_key WHERE skip_zero AND measured = 0;

    INSERT INTO o_line
    SELECT k.customer_id, k.period_start, k.price_rule_id, k.product_id, k.account_id, k.resource_id, k.tag_value, k.currency, k.measured,
        CASE WHEN k.per = 'charge' OR k.measure ~ '(cost|quantity)$' AND pricing_by_event(k.pricing) THEN k.each ELSE rate(k.measured, k.pricing) END
            - CASE phase WHEN 'limit' THEN k.measured ELSE 0 END,
        CASE WHEN k.measure NOT IN ('amount', 'quantity') AND k.measure !~ 'cost$' THEN k.measured
            WHEN phase = 'set' OR k.measure = 'quantity' THEN m.quantity END,
        CASE WHEN k.measure IN ('events', 'resources') THEN k.measure WHEN phase = 'set' OR NOT measure_is_money(k.measure) THEN m.unit END,
        CASE phase WHEN 'set' THEN m.billed_cost END, CASE phase WHEN 'set' THEN m.effective END,
        CASE phase WHEN 'set' THEN m.charges END
    FROM o_key AS k
    CROSS JOIN LATERAL (
        SELECT sum(quantity) AS quantity, CASE WHEN count(DISTINCT unit) = 1 THEN nullif(min(unit), '-') END AS unit,
            sum(billed_cost) AS billed_cost, sum(effective) AS effective, count(*) AS charges
        FROM o_member AS m
        WHERE (m.customer_id, m.period_start, m.price_rule_id, m.product_id, m.currency) = (k.customer_id, k.period_start, k.price_rule_id, k.product_id, k.currency)
          AND (m.account_id, m.resource_id, m.tag_value) IS NOT DISTINCT FROM (k.account_id, k.resource_id, k.tag_value)
    ) AS m;

    INSERT INTO o_amount
    SELECT m.n, m.currency, CASE WHEN w.total = 0 THEN CASE WHEN w.is_last THEN l.amount ELSE 0 END ELSE l.amount * w.weight / w.total END, phase, pos
    FROM (
        SELECT m.*, sum(m.weight) OVER key AS total, lead(m.n) OVER (key ORDER BY m.item_id, m.day, m.starts, m.load_scope_id, m.line_no) IS NULL AS is_last
        FROM (
            SELECT m.*, CASE WHEN per = 'charge' OR measure ~ '(cost|quantity)$' AND pricing_by_event(pricing) THEN rate(measured, pricing) ELSE measured END AS weight
            FROM o_member AS m
            WHERE measured IS NOT NULL
        ) AS m
        WINDOW key AS (PARTITION BY customer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency)
    ) AS w
    JOIN o_member AS m ON m.n = w.n AND m.price_rule_id = w.price_rule_id AND m.currency = w.currency
    JOIN o_line AS l
        ON (l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.currency) = (m.customer_id, m.period_start, m.price_rule_id, m.product_id, m.currency)
        AND (l.account_id, l.resource_id, l.tag_value) IS NOT DISTINCT FROM (m.account_id, m.resource_id, m.tag_value);
    INSERT INTO o_round
    SELECT DISTINCT ON (l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.account_id, l.resource_id, l.tag_value, l.currency)
        m.n, l.currency, round(l.amount, 2) - l.amount
    FROM o_line AS l
    JOIN o_member AS m
        ON (l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.currency) = (m.customer_id, m.period_start, m.price_rule_id, m.product_id, m.currency)
        AND (l.account_id, l.resource_id, l.tag_value) IS NOT DISTINCT FROM (m.account_id, m.resource_id, m.tag_value)
    WHERE m.measured IS NOT NULL
    ORDER BY l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.account_id, l.resource_id, l.tag_value, l.currency,
        m.item_id DESC, m.day DESC, m.starts DESC, m.load_scope_id DESC, m.line_no DESC;
    DROP TABLE o_member, o_key;
END
$$;

-- Lines of both sides, and those that differ.  What stands on shares may differ
-- in the last decimals; all else must not.
CREATE FUNCTION pg_temp.compare(seed float, OUT lines bigint, OUT differences bigint, OUT shares bigint, OUT grains bigint) LANGUAGE plpgsql AS $$
DECLARE
    month rated_line[];
    size text;
BEGIN
    PERFORM pg_temp.make(seed);
    PERFORM pg_temp.oracle();
    INSERT INTO seen SELECT DISTINCT effect, measure, per FROM price_rule JOIN o_line USING (price_rule_id) ON CONFLICT DO NOTHING;
    SELECT count(*), count(*) FILTER (WHERE NOT coalesce(
            abs(a.measured - b.measured) <= CASE r.measure WHEN 'amount' THEN 0.000001 ELSE 0 END
            AND abs(a.amount - b.amount) <= CASE r.measure WHEN 'amount' THEN 0.00001 ELSE 0 END
            AND (a.quantity, a.unit, a.billed_cost, a.effective_cost, a.charges)
                IS NOT DISTINCT FROM (b.quantity, b.unit, b.billed_cost, b.effective_cost, b.charges), false))
    INTO lines, differences
    FROM rated_line AS a
    FULL JOIN o_line AS b
        ON (a.customer_id, a.period_start, a.price_rule_id, a.product_id, a.currency, coalesce(a.account_id, 0), coalesce(a.resource_id, ''), coalesce(a.tag_value, ''))
        = (b.customer_id, b.period_start, b.price_rule_id, b.product_id, b.currency, coalesce(b.account_id, 0), coalesce(b.resource_id, ''), coalesce(b.tag_value, ''))
    LEFT JOIN price_rule AS r ON r.price_rule_id = coalesce(a.price_rule_id, b.price_rule_id);
    -- Owners, also of what has no price; and nothing is lost between owned and not.
    SELECT differences + count(*) FILTER (WHERE (a.n, a.cost) IS DISTINCT FROM (b.n, b.cost))
    INTO differences
    FROM (SELECT customer_id, period_start, sum(charges) AS n, sum(billed_cost) AS cost FROM charge_owned GROUP BY 1, 2) AS a
    FULL JOIN (SELECT customer_id, date_trunc('month', day)::date AS period_start, count(*) AS n, sum(billed_cost) AS cost FROM o_charge GROUP BY 1, 2) AS b
        USING (customer_id, period_start);

    -- At each grain: shares of charges add up to their lines, exactly; lines are those of the month's grain; all charges are
    -- there once, priced or not.
    shares := 0;
    grains := 0;
    SELECT array_agg(l) INTO month FROM rated_line AS l;
    FOR size IN SELECT unnest('{month,day,charge,sum}'::text[]) LOOP
        PERFORM set_config('cloudbilling.grain', size, true);
        SELECT shares + count(*)
        INTO shares
        FROM rated_line AS l
        FULL JOIN (
            SELECT customer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency, sum(amount) AS amount,
                sum(charges) AS charges, sum(billed_cost) FILTER (WHERE cost_currency = currency) AS billed_cost
            FROM rated_charge
            WHERE price_rule_id IS NOT NULL
            GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
            HAVING count(amount) > 0
        ) AS s
            ON (l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.currency, coalesce(l.account_id, 0), coalesce(l.resource_id, ''), coalesce(l.tag_value, ''))
            = (s.customer_id, s.period_start, s.price_rule_id, s.product_id, s.currency, coalesce(s.account_id, 0), coalesce(s.resource_id, ''), coalesce(s.tag_value, ''))
        WHERE (l.amount, l.charges, l.billed_cost) IS DISTINCT FROM (s.amount, s.charges, s.billed_cost);
        -- a key is due once at most (invoice_due)
        SELECT shares + count(*)
        INTO shares
        FROM (
            SELECT FROM rated_line
            GROUP BY customer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency
            HAVING count(*) > 1
        ) AS twice;
        SELECT shares + count(*)
        INTO shares
        FROM (SELECT sum(charges) AS n FROM rated_charge WHERE effect = 'set' OR price_rule_id IS NULL) AS a, (SELECT count(*) AS n FROM o_charge) AS b
        WHERE a.n <> b.n;
        SELECT grains + count(*)
        INTO grains
        FROM unnest(month) AS a
        FULL JOIN rated_line AS b
            ON (a.customer_id, a.period_start, a.price_rule_id, a.product_id, a.currency, coalesce(a.account_id, 0), coalesce(a.resource_id, ''), coalesce(a.tag_value, ''))
            = (b.customer_id, b.period_start, b.price_rule_id, b.product_id, b.currency, coalesce(b.account_id, 0), coalesce(b.resource_id, ''), coalesce(b.tag_value, ''))
        JOIN price_rule AS r ON r.price_rule_id = coalesce(a.price_rule_id, b.price_rule_id)
        WHERE NOT coalesce(abs(a.amount - b.amount) <= CASE r.measure WHEN 'amount' THEN 0.00001 ELSE 0 END
            AND (a.quantity, a.unit, a.billed_cost, a.charges) IS NOT DISTINCT FROM (b.quantity, b.unit, b.billed_cost, b.charges), false);
    END LOOP;
    PERFORM set_config('cloudbilling.grain', 'month', true);
END
$$;

-- Each case has about 250 charges, 10 ownership rules and 20 price rules.
CREATE TEMP TABLE result (seed float, lines bigint, differences bigint, shares bigint, grains bigint);
\set ECHO none
\o /dev/null
SELECT format('INSERT INTO result SELECT %s, * FROM pg_temp.compare(%s)', n / 100.0, n / 100.0) FROM generate_series(1, 14) AS n \gexec
\o
\set ECHO all
SELECT count(*) AS cases, sum(lines) > 1200 AS many_lines, min(lines) > 0 AS never_empty, sum(differences) AS differences, sum(shares) AS shares, sum(grains) AS grains FROM result;
SELECT * FROM result WHERE differences + shares + grains <> 0;
SELECT count(*) > 100 AS many_kinds_of_rules, count(DISTINCT measure) AS measures, count(DISTINCT per) AS pers, count(DISTINCT effect) AS effects FROM seen;
