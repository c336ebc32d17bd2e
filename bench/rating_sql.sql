-- What a good SQL developer would write without this extension: the rules of
-- bench/rules.sql as plain tables, and what they make of the charges, from our
-- tables charge, charge_item and product.  Made before any clock starts.
\set ON_ERROR_STOP on
SET search_path = cloudbilling;

CREATE TABLE sql_owner AS
SELECT account_id, customer_id FROM charge_owner;
ALTER TABLE sql_owner ADD PRIMARY KEY (account_id);

-- The kinds of conditions there are in these rules have a column each.
CREATE TABLE sql_rule AS
SELECT
    price_rule_id,
    customer_id,
    product_id,
    selector::text::jsonb ->> 'category' AS category,
    (
        SELECT jsonb_object_agg(substr(key, 6), value)
        FROM jsonb_each(selector::text::jsonb)
        WHERE key LIKE 'tags.%'
    ) AS tags,
    coalesce(selector_specificity(selector), 0) AS specificity,
    measure,
    per,
    effect,
    position,
    currency
FROM price_rule;
ALTER TABLE sql_rule ADD PRIMARY KEY (price_rule_id);
CREATE INDEX ON sql_rule (product_id);
CREATE INDEX ON sql_rule (customer_id);

-- Every pricing as a ladder: one price is a ladder of one tier.
CREATE TABLE sql_tier AS
SELECT
    price_rule_id,
    coalesce(lag(up_to) OVER (PARTITION BY price_rule_id ORDER BY no), 0) AS above,
    up_to,
    unit_price
FROM (
    SELECT price_rule_id, pricing::text::jsonb AS pricing FROM price_rule
) AS r
CROSS JOIN LATERAL (
    SELECT t.no, (t.tier ->> 'up_to')::numeric AS up_to, (t.tier ->> 'unit_price')::numeric AS unit_price
    FROM jsonb_array_elements(r.pricing -> 'tiers') WITH ORDINALITY AS t (tier, no)
    UNION ALL
    SELECT 1, NULL, coalesce((r.pricing ->> 'unit_price')::numeric, (r.pricing ->> 'rate')::numeric / 100)
    WHERE NOT r.pricing ? 'tiers'
) AS t;
ALTER TABLE sql_tier ADD PRIMARY KEY (price_rule_id, above);

DO $$
BEGIN
    IF EXISTS (SELECT FROM price_rule, jsonb_object_keys(pricing::text::jsonb) AS key WHERE key NOT IN ('model', 'unit_price', 'tiers', 'rate'))
        OR EXISTS (SELECT FROM price_rule, jsonb_object_keys(selector::text::jsonb) AS key WHERE key <> 'category' AND key NOT LIKE 'tags.%')
        OR EXISTS (SELECT FROM price_rule WHERE effect NOT IN ('set', 'adjust', 'add') OR per NOT IN ('sku', 'scope') OR reseller_id IS NOT NULL)
        OR EXISTS (SELECT FROM sql_tier WHERE unit_price IS NULL) THEN
        RAISE 'bench/rules.sql has rules that bench/rating_sql.sql does not know';
    END IF;
END
$$;

VACUUM ANALYZE sql_owner, sql_rule, sql_tier;

-- What comes after the sums of a customer's month by rule and SKU, the same in
-- both ways: prices, then discounts on each SKU, then fees on all of it.  :sums
-- gives customer_id, period_start, price_rule_id, product_id, currency, measure,
-- quantity, billed_cost, effective_cost and charges.
SELECT $q$
priced AS (
    SELECT s.customer_id, s.period_start, s.price_rule_id, s.product_id, s.currency, s.measured, s.quantity, s.billed_cost,
        s.effective_cost, s.charges,
        sum((least(s.measured, t.up_to) - t.above) * t.unit_price) AS amount
    FROM (
        SELECT *, CASE measure WHEN 'quantity' THEN quantity ELSE billed_cost END AS measured FROM sums
    ) AS s
    JOIN sql_tier AS t ON t.price_rule_id = s.price_rule_id AND (t.above < s.measured OR t.above = 0)
    WHERE s.measured IS NOT NULL
    GROUP BY s.customer_id, s.period_start, s.price_rule_id, s.product_id, s.currency, s.measured, s.quantity,
        s.billed_cost, s.effective_cost, s.charges
),
adjusted AS (
    SELECT p.customer_id, p.period_start, r.price_rule_id, p.product_id, p.currency, sum(p.amount) AS measured,
        sum(p.amount * t.unit_price) AS amount
    FROM priced AS p
    JOIN sql_rule AS r ON r.effect = 'adjust' AND (r.customer_id = p.customer_id OR r.customer_id IS NULL)
    JOIN sql_tier AS t ON t.price_rule_id = r.price_rule_id
    GROUP BY p.customer_id, p.period_start, r.price_rule_id, p.product_id, p.currency
),
added AS (
    SELECT a.customer_id, a.period_start, r.price_rule_id, r.product_id, a.currency, a.amount AS measured,
        sum((least(a.amount, t.up_to) - t.above) * t.unit_price) AS amount
    FROM (
        SELECT customer_id, period_start, currency, sum(amount) AS amount
        FROM (SELECT customer_id, period_start, currency, amount FROM priced
            UNION ALL SELECT customer_id, period_start, currency, amount FROM adjusted) AS b
        GROUP BY customer_id, period_start, currency
    ) AS a
    JOIN sql_rule AS r ON r.effect = 'add' AND (r.customer_id = a.customer_id OR r.customer_id IS NULL)
    JOIN sql_tier AS t ON t.price_rule_id = r.price_rule_id AND (t.above < a.amount OR t.above = 0)
    GROUP BY a.customer_id, a.period_start, r.price_rule_id, r.product_id, a.currency, a.amount
)
SELECT * FROM priced
UNION ALL
SELECT customer_id, period_start, price_rule_id, product_id, currency, measured, NULL, NULL, NULL, NULL, amount FROM adjusted
UNION ALL
SELECT customer_id, period_start, price_rule_id, product_id, currency, measured, NULL, NULL, NULL, NULL, amount FROM added$q$ AS rate \gset

-- Rules of each combination of dimensions first, by a join; then all charges.
SELECT $q$
WITH
item_rule AS MATERIALIZED (
    SELECT DISTINCT ON (i.item_id) i.item_id, o.customer_id, i.product_id, r.price_rule_id, r.measure,
        CASE r.measure WHEN 'quantity' THEN r.currency ELSE i.billing_currency END AS currency
    FROM charge_item AS i
    JOIN sql_owner AS o USING (account_id)
    JOIN product AS p ON p.product_id = i.product_id
    LEFT JOIN tag_set AS t ON t.tag_set_id = i.tag_set_id
    CROSS JOIN LATERAL unnest(p.path) WITH ORDINALITY AS n (product_id, depth)
    JOIN sql_rule AS r ON r.product_id = n.product_id AND (r.customer_id = o.customer_id OR r.customer_id IS NULL)
    WHERE r.effect = 'set'
      AND (r.category IS NULL OR r.category = i.charge_category)
      AND (r.tags IS NULL OR t.tags @> r.tags)
    ORDER BY i.item_id, r.customer_id IS NULL, n.depth DESC, r.specificity DESC, r.position, r.price_rule_id
),
$q$ AS item_rule \gset

SELECT :'item_rule' || $q$
sums AS (
    SELECT m.customer_id, date_trunc('month', c.charge_period_start)::date AS period_start, m.price_rule_id, m.product_id,
        m.currency, m.measure, sum(coalesce(c.pricing_quantity, c.consumed_quantity)) AS quantity,
        sum(c.billed_cost) AS billed_cost, sum(coalesce(c.effective_cost, c.billed_cost)) AS effective_cost, count(*) AS charges
    FROM charge AS c
    JOIN item_rule AS m USING (item_id)
    GROUP BY 1, 2, 3, 4, 5, 6
),$q$ || :'rate' AS sql_rules_first \gset

-- Sums of each combination of dimensions and month first, then the rule of each
-- by LATERAL, then sums of these.
SELECT $q$
WITH
item_sum AS MATERIALIZED (
    SELECT c.item_id, date_trunc('month', c.charge_period_start)::date AS period_start,
        sum(coalesce(c.pricing_quantity, c.consumed_quantity)) AS quantity, sum(c.billed_cost) AS billed_cost,
        sum(coalesce(c.effective_cost, c.billed_cost)) AS effective_cost, count(*) AS charges
    FROM charge AS c
    GROUP BY 1, 2
),
sums AS (
    SELECT o.customer_id, s.period_start, r.price_rule_id, i.product_id,
        CASE r.measure WHEN 'quantity' THEN r.currency ELSE i.billing_currency END AS currency, r.measure,
        sum(s.quantity) AS quantity, sum(s.billed_cost) AS billed_cost, sum(s.effective_cost) AS effective_cost,
        sum(s.charges) AS charges
    FROM item_sum AS s
    JOIN charge_item AS i USING (item_id)
    JOIN sql_owner AS o USING (account_id)
    JOIN product AS p ON p.product_id = i.product_id
    LEFT JOIN tag_set AS t ON t.tag_set_id = i.tag_set_id
    CROSS JOIN LATERAL (
        SELECT r.price_rule_id, r.measure, r.currency
        FROM sql_rule AS r
        WHERE r.effect = 'set'
          AND r.product_id = ANY (p.path)
          AND (r.customer_id = o.customer_id OR r.customer_id IS NULL)
          AND (r.category IS NULL OR r.category = i.charge_category)
          AND (r.tags IS NULL OR t.tags @> r.tags)
        ORDER BY r.customer_id IS NULL, array_position(p.path, r.product_id) DESC, r.specificity DESC, r.position,
            r.price_rule_id
        LIMIT 1
    ) AS r
    GROUP BY 1, 2, 3, 4, 5, 6
),$q$ || :'rate' AS sql_sums_first \gset

-- The same, with the rules found by a join.
SELECT :'item_rule' || $q$
item_sum AS MATERIALIZED (
    SELECT c.item_id, date_trunc('month', c.charge_period_start)::date AS period_start,
        sum(coalesce(c.pricing_quantity, c.consumed_quantity)) AS quantity, sum(c.billed_cost) AS billed_cost,
        sum(coalesce(c.effective_cost, c.billed_cost)) AS effective_cost, count(*) AS charges
    FROM charge AS c
    GROUP BY 1, 2
),
sums AS (
    SELECT m.customer_id, s.period_start, m.price_rule_id, m.product_id, m.currency, m.measure, sum(s.quantity) AS quantity,
        sum(s.billed_cost) AS billed_cost, sum(s.effective_cost) AS effective_cost, sum(s.charges) AS charges
    FROM item_sum AS s
    JOIN item_rule AS m USING (item_id)
    GROUP BY 1, 2, 3, 4, 5, 6
),$q$ || :'rate' AS sql_sums_joined \gset

-- Charge by charge: finds the rule and adds what the charge moves the ladder by.
-- Of every charge whose line number is a multiple of step.
CREATE FUNCTION pg_temp.rate_loop(step int) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    c record;
    r record;
    key_currency text;
    measured numeric;
    before numeric;
    amount numeric;
    charges bigint := 0;
BEGIN
    CREATE TEMPORARY TABLE loop_line (
        customer_id int, period_start date, price_rule_id int, product_id int, currency text, measured numeric, amount numeric,
        PRIMARY KEY (customer_id, period_start, price_rule_id, product_id, currency));
    FOR c IN
        SELECT o.customer_id, date_trunc('month', h.charge_period_start)::date AS period_start, h.billed_cost,
            coalesce(h.pricing_quantity, h.consumed_quantity) AS quantity, i.charge_category, i.billing_currency,
            i.product_id, p.path, t.tags
        FROM charge AS h
        JOIN charge_item AS i USING (item_id)
        JOIN sql_owner AS o ON o.account_id = h.account_id
        JOIN product AS p ON p.product_id = i.product_id
        LEFT JOIN tag_set AS t ON t.tag_set_id = i.tag_set_id
        WHERE h.line_no % step = 0
    LOOP
        SELECT u.price_rule_id, u.measure, u.currency
        INTO r
        FROM sql_rule AS u
        WHERE u.effect = 'set'
          AND u.product_id = ANY (c.path)
          AND (u.customer_id = c.customer_id OR u.customer_id IS NULL)
          AND (u.category IS NULL OR u.category = c.charge_category)
          AND (u.tags IS NULL OR c.tags @> u.tags)
        ORDER BY u.customer_id IS NULL, array_position(c.path, u.product_id) DESC, u.specificity DESC, u.position,
            u.price_rule_id
        LIMIT 1;
        charges := charges + 1;
        CONTINUE WHEN NOT FOUND;
        measured := CASE r.measure WHEN 'quantity' THEN c.quantity ELSE c.billed_cost END;
        key_currency := CASE r.measure WHEN 'quantity' THEN r.currency ELSE c.billing_currency END;
        before := coalesce((
            SELECT l.measured
            FROM loop_line AS l
            WHERE l.customer_id = c.customer_id AND l.period_start = c.period_start AND l.price_rule_id = r.price_rule_id
              AND l.product_id = c.product_id AND l.currency = key_currency
        ), 0);
        amount := (
            SELECT sum((least(before + measured, t.up_to) - t.above) * t.unit_price)
            FROM sql_tier AS t
            WHERE t.price_rule_id = r.price_rule_id AND (t.above < before + measured OR t.above = 0)
        );
        INSERT INTO loop_line AS l VALUES (c.customer_id, c.period_start, r.price_rule_id, c.product_id, key_currency, measured, amount)
        ON CONFLICT (customer_id, period_start, price_rule_id, product_id, currency)
        DO UPDATE SET measured = l.measured + EXCLUDED.measured, amount = EXCLUDED.amount;
    END LOOP;
    DROP TABLE loop_line;
    RETURN charges;
END
$$;
