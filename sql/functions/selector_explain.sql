-- What each condition of a selector is worth: of the combinations of dimensions
-- known, and of what they cost, how much it holds for.  Combinations are few, so
-- all are looked at; they are matched with all conditions in one pass.
CREATE OR REPLACE FUNCTION selector_explain(selector selector, during daterange DEFAULT '(,)')
RETURNS TABLE (
    condition       int,
    key             text,
    operator        text,
    wanted          text[],
    specificity     int,
    currency        text,
    items           bigint,
    of_items        bigint,
    excludes        bigint,
    charges         bigint,
    billed_cost     numeric,
    of_billed_cost  numeric
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
    WITH
    -- The canonical text has the conditions in their order, as jsonb has not.
    part AS MATERIALIZED (
        SELECT
            row_number() OVER (ORDER BY k.no, o.no)::int AS condition,
            k.key,
            coalesce(o.key, 'is') AS operator,
            coalesce(o.value, k.value) AS wanted,
            json_build_object(k.key, CASE WHEN o.no IS NULL THEN k.value ELSE json_build_object(o.key, o.value) END)::text::selector AS selector
        FROM json_each(selector_explain.selector::text::json) WITH ORDINALITY AS k (key, value, no)
        LEFT JOIN LATERAL json_each(CASE json_typeof(k.value) WHEN 'object' THEN k.value END) WITH ORDINALITY AS o (key, value, no) ON true
    ),
    asked AS (
        SELECT
            p.condition,
            p.key,
            p.operator,
            ARRAY(SELECT json_array_elements_text(CASE json_typeof(p.wanted) WHEN 'array' THEN p.wanted ELSE json_build_array(p.wanted) END)) AS wanted,
            selector_specificity(p.selector) AS specificity
        FROM part AS p
        UNION ALL
        SELECT NULL, NULL, 'all', NULL, selector_specificity(selector_explain.selector)
        WHERE selector_explain.selector IS NOT NULL
    ),
    -- Roll-ups of one zone hold all charges; those of any other the same again.
    cost AS (
        SELECT r.item_id, sum(r.charges)::bigint AS charges, exact_sum(r.billed_cost) AS billed_cost
        FROM charge_monthly AS r
        JOIN load_scope_current AS s ON s.load_scope_id = r.load_scope_id
        WHERE r.time_zone_id = (SELECT min(z.time_zone_id) FROM time_zone AS z)
          AND r.charge_on <@ selector_explain.during
        GROUP BY r.item_id
    ),
    matched AS (
        SELECT
            d.item_id,
            d.billing_currency,
            selector_match((SELECT selector_set(p.condition, p.selector ORDER BY p.condition) FROM part AS p), d) AS held
        FROM charge_dimension AS d
    ),
    -- What combinations of conditions hold for is no more than a few rows.
    pattern AS MATERIALIZED (
        SELECT m.billing_currency, m.held, count(*) AS items, sum(c.charges)::bigint AS charges, exact_sum(c.billed_cost) AS billed_cost
        FROM matched AS m
        LEFT JOIN cost AS c ON c.item_id = m.item_id
        GROUP BY m.billing_currency, m.held
    ),
    judged AS (
        SELECT
            a.*,
            p.*,
            CASE WHEN a.condition IS NULL THEN cardinality(p.held) = n.conditions ELSE a.condition = ANY (p.held) END AS holds,
            a.condition <> ALL (p.held) AND cardinality(p.held) = n.conditions - 1 AS is_alone_against
        FROM asked AS a
        CROSS JOIN (SELECT count(*) AS conditions FROM part) AS n
        LEFT JOIN pattern AS p ON true
    )
    SELECT
        j.condition,
        j.key,
        j.operator,
        j.wanted,
        j.specificity,
        j.billing_currency,
        coalesce(sum(j.items) FILTER (WHERE j.holds), 0)::bigint,
        coalesce(sum(j.items), 0)::bigint,
        CASE WHEN j.condition IS NOT NULL THEN coalesce(sum(j.items) FILTER (WHERE j.is_alone_against), 0)::bigint END,
        coalesce(sum(j.charges) FILTER (WHERE j.holds), 0)::bigint,
        coalesce(exact_sum(j.billed_cost) FILTER (WHERE j.holds), 0),
        coalesce(exact_sum(j.billed_cost), 0)
    FROM judged AS j
    GROUP BY j.condition, j.key, j.operator, j.wanted, j.specificity, j.billing_currency
    ORDER BY j.billing_currency, j.condition;
END;

COMMENT ON FUNCTION selector_explain(selector, daterange) IS 'how much each condition of a selector holds for, and all of them: combinations of dimensions, charges and billed cost of the months that begin in a range, by billing currency';
