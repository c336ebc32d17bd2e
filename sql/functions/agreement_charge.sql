-- What agreements come to, computed of their facts.
--
-- Planned once in a session, for a plan takes longer than what it computes for one
-- customer; it must then be good for however many, so rows are joined by hashing.

-- How many there are of each item, from which day until which: only changes.
CREATE OR REPLACE FUNCTION agreement_levels(facts agreement_fact[])
RETURNS TABLE (agreement_item_id int, first_day date, end_day date, quantity_before numeric, quantity numeric)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = cloudbilling, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
AS $$
BEGIN
    RETURN QUERY
    WITH
    item AS MATERIALIZED (
        SELECT f.agreement_item_id, f.charged_from, f.end_on, f.quantities, f.parent_during
        FROM unnest(facts) AS f
        WHERE f.kind IN ('recurring', 'commitment')
    ),
    own AS MATERIALIZED (
        SELECT i.agreement_item_id, lower(q.valid_during) AS first_day, coalesce(upper(q.valid_during), 'infinity') AS end_day, q.quantity
        FROM item AS i
        CROSS JOIN LATERAL unnest(i.quantities) AS q
    ),
    parent AS MATERIALIZED (
        SELECT i.agreement_item_id, lower(q.valid_during) AS first_day, coalesce(upper(q.valid_during), 'infinity') AS end_day
        FROM item AS i
        CROSS JOIN LATERAL unnest(i.parent_during) AS q (valid_during)
    ),
    day AS (
        SELECT o.agreement_item_id, o.first_day AS day FROM own AS o
        UNION
        SELECT o.agreement_item_id, o.end_day FROM own AS o
        UNION
        SELECT p.agreement_item_id, p.first_day FROM parent AS p
        UNION
        SELECT p.agreement_item_id, p.end_day FROM parent AS p
        UNION
        SELECT i.agreement_item_id, i.charged_from FROM item AS i
        UNION
        SELECT i.agreement_item_id, i.end_on FROM item AS i
    ),
    level AS (
        SELECT d.agreement_item_id, d.day,
            CASE WHEN d.day >= i.end_on OR i.parent_during IS NOT NULL AND p.agreement_item_id IS NULL THEN 0 ELSE coalesce(o.quantity, 0) END AS quantity
        FROM day AS d
        JOIN item AS i ON i.agreement_item_id = d.agreement_item_id
        LEFT JOIN own AS o ON o.agreement_item_id = d.agreement_item_id AND d.day >= o.first_day AND d.day < o.end_day
        LEFT JOIN parent AS p ON p.agreement_item_id = d.agreement_item_id AND d.day >= p.first_day AND d.day < p.end_day
        WHERE d.day >= i.charged_from AND d.day <= coalesce(i.end_on, '9999-12-31')
    )
    SELECT s.agreement_item_id, s.day, coalesce(lead(s.day) OVER w, 'infinity'), s.quantity_before, s.quantity
    FROM (
        SELECT l.*, lag(l.quantity, 1, 0::numeric) OVER (PARTITION BY l.agreement_item_id ORDER BY l.day) AS quantity_before
        FROM level AS l
    ) AS s
    WHERE s.quantity <> s.quantity_before
    WINDOW w AS (PARTITION BY s.agreement_item_id ORDER BY s.day);
END
$$;

COMMENT ON FUNCTION agreement_levels(agreement_fact[]) IS 'quantities of recurring agreement items that are charged: within the agreement, after its trial, and of add-ons while their parent is there';

-- What items cost, by the days from which: as was agreed, and as indexation makes of
-- it on each anniversary until a day.  Always of the price that was agreed, so that
-- roundings do not add up.  Where a figure of an index is not known yet, the last one
-- holds.
CREATE OR REPLACE FUNCTION agreement_prices(facts agreement_fact[], figures price_index[], until date)
RETURNS TABLE (agreement_item_id int, valid_from date, valid_until date, factor numeric, pricing pricing)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = cloudbilling, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
AS $$
BEGIN
    RETURN QUERY
    WITH
    agreed AS (
        SELECT f.agreement_item_id, u.pricing, u.valid_from, f.start_on, f.currency, f.index_percentage, f.index_name, f.index_lag,
            period_number(f.start_on, '1 year', u.valid_from) AS first_year,
            CASE WHEN num_nonnulls(f.index_percentage, f.index_name) > 0 THEN period_number(f.start_on, '1 year',
                least(lead(u.valid_from) OVER (PARTITION BY f.agreement_item_id ORDER BY u.valid_from), f.end_on, until) - 1) END AS last_year
        FROM unnest(facts) AS f
        CROSS JOIN LATERAL (
            -- of the two of one day the one that was agreed later
            SELECT f.priced_on AS valid_from, f.pricing
            WHERE NOT EXISTS (SELECT FROM unnest(f.prices) AS a WHERE a.valid_from = f.priced_on)
            UNION ALL
            SELECT a.valid_from, a.pricing FROM unnest(f.prices) AS a
        ) AS u
        WHERE f.pricing IS NOT NULL
    ),
    price AS (
        SELECT b.agreement_item_id, b.pricing, b.currency,
            CASE WHEN y.number = b.first_year THEN b.valid_from ELSE period_begin(b.start_on, '1 year', y.number) END AS valid_from,
            CASE WHEN y.number = b.first_year THEN 1
                WHEN b.index_percentage IS NOT NULL THEN round((1 + b.index_percentage / 100) ^ (y.number - b.first_year), 12)
                ELSE coalesce((
                    SELECT round(x.value / a.value, 12)
                    FROM unnest(figures) AS a
                    JOIN unnest(figures) AS x ON x.name = a.name AND x.month BETWEEN a.month AND m.month
                        AND extract(month FROM x.month) = extract(month FROM m.month)
                    WHERE a.name = b.index_name AND a.month = m.base
                    ORDER BY x.month DESC
                    LIMIT 1), 1) END AS factor
        FROM agreed AS b
        CROSS JOIN LATERAL generate_series(b.first_year, greatest(b.first_year, b.last_year)) AS y (number)
        CROSS JOIN LATERAL (
            SELECT (date_trunc('month', period_begin(b.start_on, '1 year', y.number)::timestamp) - make_interval(months => b.index_lag))::date AS month,
                (date_trunc('month', b.valid_from::timestamp) - make_interval(months => b.index_lag))::date AS base
        ) AS m
    )
    SELECT p.agreement_item_id, p.valid_from, lead(p.valid_from) OVER (PARTITION BY p.agreement_item_id ORDER BY p.valid_from), p.factor,
        CASE WHEN p.factor = 1 THEN p.pricing ELSE pricing_indexed(p.pricing, p.factor, currency_minor_unit(p.currency)) END
    FROM price AS p;
END
$$;

COMMENT ON FUNCTION agreement_prices(agreement_fact[], price_index[], date) IS 'prices of agreement items by the days from which they hold, with indexation until a day';

-- Without facts (NULL) it is not run, and so not planned.
--
-- In advance, a period is charged when it begins, for what there is then, and each
-- change within it on its day, for the rest of the period.  So what is charged is
-- never a correction of what was, unless somebody says later what was so before.  In
-- arrears all of it is charged when the period ends.
CREATE OR REPLACE FUNCTION agreement_charges(facts agreement_fact[], zones text[], figures price_index[])
RETURNS TABLE (
    customer_id int,
    agreement_id int,
    agreement_item_id int,
    item_id int,
    account_id int,
    product_id int,
    unit text,
    currency text,
    period_start date,
    charge_on date,
    invoice_on date,
    part int,
    first_day date,
    end_day date,
    starts timestamptz,
    ends timestamptz,
    level numeric,
    share numeric,
    quantity numeric,
    amount numeric,
    cost numeric
)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 1000
SET search_path = cloudbilling, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET jit = off
AS $$
BEGIN
    RETURN QUERY
    WITH
    item AS MATERIALIZED (
        SELECT f.*, f.pricing IS NOT NULL AS is_priced,
            greatest(f.charged_from, date_trunc('month', period_first()::timestamp)::date) AS from_day,
            (date_trunc('month', CASE WHEN isfinite(period_last()) THEN period_last() ELSE (coalesce(as_of(), now()) AT TIME ZONE f.time_zone)::date
                END::timestamp) + interval '1 month')::date AS until_day
        FROM unnest(facts, zones) AS f (agreement_id, agreement_item_id, item_id, customer_id, account_id, product_id, kind, unit, currency,
            start_on, charged_from, end_on, anchor_on, billing_period, in_advance, pricing, priced_on, billing_length, price_length,
            unit_cost, proration, round_units, index_percentage, index_name, index_lag, quantities, parent_during, prices, time_zone)
    ),
    price AS MATERIALIZED (
        SELECT l.*, row_number() OVER (PARTITION BY l.agreement_item_id ORDER BY l.valid_from) = 1 AS is_first
        FROM agreement_prices(facts, figures, (SELECT max(i.until_day) FROM item AS i)) AS l
    ),
    -- What changes in a period on a day; at its start all there is is new.
    change AS (
        SELECT i.agreement_item_id, p.period_start, p.period_end, d.on_day,
            CASE WHEN l.first_day > p.period_start THEN l.quantity_before ELSE 0 END AS quantity_before, l.quantity,
            i.billing_length * proration_days(i.proration, p.period_start, p.period_end, d.on_day, l.quantity > l.quantity_before) AS counted,
            i.price_length * (p.period_end - p.period_start)::numeric AS whole
        FROM item AS i
        JOIN agreement_levels(facts) AS l ON l.agreement_item_id = i.agreement_item_id
        CROSS JOIN LATERAL generate_series(
            period_number(i.anchor_on, i.billing_period, greatest(l.first_day, i.from_day)),
            period_number(i.anchor_on, i.billing_period, CASE WHEN l.quantity = 0 THEN l.first_day ELSE least(l.end_day, i.until_day) - 1 END)) AS n (number)
        CROSS JOIN LATERAL (
            SELECT period_begin(i.anchor_on, i.billing_period, n.number) AS period_start,
                period_begin(i.anchor_on, i.billing_period, n.number + 1) AS period_end
        ) AS p
        CROSS JOIN LATERAL (SELECT greatest(l.first_day, p.period_start) AS on_day) AS d
        WHERE l.quantity > 0 OR l.first_day > p.period_start
    ),
    -- What is charged anew, what is taken back, and, where units are rounded, what was
    -- used of it.
    piece AS (
        SELECT c.agreement_item_id, greatest(c.period_start, i.charged_from) AS charge_on, p.part, p.sign, p.level, p.counted, c.whole,
            p.first_day, p.end_day, CASE WHEN i.in_advance THEN c.on_day ELSE least(c.period_end, i.end_on) END AS invoice_on
        FROM (
            SELECT c.*, lag(c.counted) OVER w AS counted_before, lag(c.on_day) OVER w AS on_day_before
            FROM change AS c
            WINDOW w AS (PARTITION BY c.agreement_item_id, c.period_start ORDER BY c.on_day)
        ) AS c
        JOIN item AS i ON i.agreement_item_id = c.agreement_item_id
        CROSS JOIN LATERAL (VALUES
            (1, 1, c.quantity, c.counted, c.on_day, c.period_end),
            (2, -1, c.quantity_before, CASE WHEN i.round_units THEN c.counted_before ELSE c.counted END,
                CASE WHEN i.round_units THEN c.on_day_before ELSE c.on_day END, c.period_end),
            (3, 1, CASE WHEN i.round_units THEN c.quantity_before ELSE 0 END, c.counted_before - c.counted, c.on_day_before, c.on_day)
        ) AS p (part, sign, level, counted, first_day, end_day)
        WHERE p.level > 0 AND p.counted <> 0
        UNION ALL
        SELECT i.agreement_item_id, o.day, 1, 1, o.quantity, 1, 1, o.day, o.day + 1, o.day
        FROM item AS i
        CROSS JOIN LATERAL (SELECT lower(q.valid_during) AS day, q.quantity FROM unnest(i.quantities) AS q) AS o
        WHERE i.kind = 'one_off' AND o.day >= i.charged_from AND (i.end_on IS NULL OR o.day < i.end_on)
          AND (i.parent_during IS NULL OR EXISTS (SELECT FROM unnest(i.parent_during) AS q (valid_during) WHERE q.valid_during @> o.day))
    )
    SELECT i.customer_id, i.agreement_id, c.agreement_item_id, i.item_id, i.account_id, i.product_id, i.unit, i.currency, m.period_start, c.charge_on,
        CASE WHEN c.invoice_on < (m.period_start + interval '1 month')::date THEN c.invoice_on END,
        c.part, c.first_day, c.end_day, c.first_day::timestamp AT TIME ZONE i.time_zone, c.end_day::timestamp AT TIME ZONE i.time_zone,
        c.sign * c.level, trim_scale(round(c.counted / c.whole, 12)), trim_scale(round(c.sign * c.level * c.counted / c.whole, 12)),
        -- divided last, so that what comes out even is exact
        trim_scale(CASE WHEN i.round_units THEN c.sign * c.level * currency_round(rate(c.level, p.pricing) * c.counted / (c.level * c.whole), i.currency)
            ELSE round(c.sign * rate(c.level, p.pricing) * c.counted / c.whole, 12) END),
        trim_scale(round(c.sign * c.level * i.unit_cost * c.counted / c.whole, 12))
    FROM piece AS c
    JOIN item AS i ON i.agreement_item_id = c.agreement_item_id
    LEFT JOIN price AS p ON p.agreement_item_id = c.agreement_item_id AND (p.is_first OR p.valid_from <= c.charge_on)
        AND c.charge_on < coalesce(p.valid_until, 'infinity')
    CROSS JOIN LATERAL (
        SELECT date_trunc('month', CASE WHEN i.kind = 'one_off' OR i.in_advance THEN c.invoice_on ELSE c.invoice_on - 1 END::timestamp)::date AS period_start
    ) AS m
    WHERE m.period_start >= date_trunc('month', period_first()::timestamp)::date AND m.period_start < i.until_day
      AND c.invoice_on <= invoice_until();
END
$$;

COMMENT ON FUNCTION agreement_charges(agreement_fact[], text[], price_index[]) IS 'the charges that agreement items come to, in the months that are asked for, and without such as the current one at the latest; zones are theirs';

-- Days on which periods of commitments begin or end within a month: the months of
-- charges that count are cut there.
CREATE OR REPLACE FUNCTION commitment_days(facts agreement_fact[])
RETURNS TABLE (account_id int, day date)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 10
SET search_path = cloudbilling, pg_temp
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
BEGIN
    RETURN QUERY
    SELECT f.account_id, d.day
    FROM unnest(facts) AS f
    CROSS JOIN LATERAL (
        SELECT least(f.end_on, coalesce(nullif(period_last(), 'infinity'), coalesce(as_of(), now())::date) + 62) AS day
    ) AS u
    CROSS JOIN LATERAL (
        SELECT period_begin(f.anchor_on, f.billing_period, n.number) AS day
        FROM generate_series(period_number(f.anchor_on, f.billing_period, f.charged_from), period_number(f.anchor_on, f.billing_period, u.day)) AS n (number)
        UNION ALL
        SELECT unnest(ARRAY[f.charged_from, f.end_on])
    ) AS d
    WHERE f.kind = 'commitment' AND d.day >= f.charged_from AND d.day <= u.day AND extract(day FROM d.day) <> 1;
END
$$;

COMMENT ON FUNCTION commitment_days(agreement_fact[]) IS 'days within a month on which periods of commitments begin or end, with the account of the agreement';

-- The same as agreement_charges, until a month to come: what is committed to in a
-- period that has not ended.
CREATE OR REPLACE FUNCTION commitment_charges(facts agreement_fact[], zones text[], figures price_index[])
RETURNS TABLE (customer_id int, agreement_id int, agreement_item_id int, currency text, first_day date, end_day date, amount numeric)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 100
SET search_path = cloudbilling, pg_temp
SET cloudbilling.period_first = ''
SET cloudbilling.period_last = ''
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
BEGIN
    PERFORM set_config('cloudbilling.period_last', (
        SELECT (max((coalesce(as_of(), now()) AT TIME ZONE u.zone)::date + f.billing_period))::date
        FROM unnest(facts, zones) AS f (agreement_id, agreement_item_id, item_id, customer_id, account_id, product_id, kind, unit, currency,
            start_on, charged_from, end_on, anchor_on, billing_period, in_advance, pricing, priced_on, billing_length, price_length,
            unit_cost, proration, round_units, index_percentage, index_name, index_lag, quantities, parent_during, prices, zone)
        CROSS JOIN LATERAL (SELECT f.zone) AS u)::text, true);
    RETURN QUERY
    SELECT c.customer_id, c.agreement_id, c.agreement_item_id, c.currency, c.charge_on,
        max(CASE WHEN c.invoice_on IS NULL THEN (c.period_start + interval '1 month')::date ELSE c.invoice_on END), sum(c.amount)
    FROM agreement_charges(facts, zones, figures) AS c
    GROUP BY c.customer_id, c.agreement_id, c.agreement_item_id, c.currency, c.charge_on;
END
$$;

COMMENT ON FUNCTION commitment_charges(agreement_fact[], text[], price_index[]) IS 'what is committed to in each period, until the one that today is in';
