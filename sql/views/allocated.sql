-- Every cent has an owner: costs and sales by the values of each dimension.
--
-- Costs are summed by value first (direct); what is shared is then split over its
-- targets, step by step, each sum by the array form of allocate, so that the parts
-- add up to it exactly.  Sales are the shares of rated lines, treated alike, and
-- rounded at the end so that the parts of a line add up to what is due for it.
--
-- One view for both, since what is shared may be split by either; who asks for one
-- kind does not pay for the other, unless a split needs it.
CREATE OR REPLACE VIEW allocated AS
WITH RECURSIVE
dimension_asked AS MATERIALIZED (
    SELECT d.dimension_id, d.customer_id, d.across_customers,
        d.dimension_id IN (SELECT s.dimension_id FROM allocation_split_in_force AS s) AS may_be_split
    FROM dimension_in_force AS d
    -- A part of the customers would take all that is shared.
    WHERE NOT d.across_customers OR all_customers_are_asked()
),
-- What splits with selectors are about is kept apart, to be their measure.  Kept by
-- groups, whose rows are made where they are read: most are read once.
summed AS MATERIALIZED (
    SELECT h.customer_id, h.period_start, h.load_scope_id, h.account_id, h.service_id, h.charge_category, h.unit,
        h.billing_currency AS currency, h.splits, allocation_sums(h.found, h.charge_on, h.charges, h.quantity, h.billed_cost,
            h.effective_cost, h.list_cost, h.contracted_cost) AS sums
    FROM (
        SELECT h.*, a.service_id, a.charge_category, a.unit, a.billing_currency, a.splits, a.found
        FROM charge_piece_held AS h
        JOIN allocation_matched AS a ON a.customer_id = h.customer_id AND a.item_id = h.item_id
        UNION ALL
        -- Never run, but counted by the planner, which would sort what seems to be little.
        SELECT 0, current_date, current_date, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL
        FROM generate_series(1, 500000)
        WHERE customer_first() < 0
    ) AS h
    GROUP BY h.customer_id, h.period_start, h.load_scope_id, h.account_id, h.service_id, h.charge_category, h.unit,
        h.billing_currency, h.splits
),
direct AS NOT MATERIALIZED (
    SELECT CASE WHEN t.dimension_id = ANY (ARRAY(SELECT d.dimension_id FROM dimension_asked AS d WHERE d.across_customers)) THEN -1
            ELSE g.customer_id END AS scope_id, g.customer_id, g.period_start, t.dimension_id, t.value, g.load_scope_id,
        g.account_id, g.service_id, g.charge_category, g.unit, g.currency, t.charges, t.quantity, t.billed_cost,
        t.effective_cost, t.list_cost, t.contracted_cost, g.splits, k.may_be_split
    FROM summed AS g
    CROSS JOIN (
        SELECT true AS may_be_split, ARRAY(SELECT d.dimension_id FROM dimension_asked AS d WHERE d.may_be_split) AS dimension_ids
        UNION ALL
        SELECT false, ARRAY(SELECT d.dimension_id FROM dimension_asked AS d WHERE NOT d.may_be_split)
    ) AS k
    CROSS JOIN LATERAL allocation_sums_each(g.sums, k.dimension_ids) AS t
),
-- Of dimensions with something that is split: read several times.
shared AS MATERIALIZED (
    SELECT * FROM direct AS d WHERE d.may_be_split
),
-- The share of charges in lines, rated once.
share AS MATERIALIZED (
    SELECT s.customer_id, s.owner_id, s.period_start, s.charge_on, s.item_id, s.price_rule_id, s.product_id, s.account_id,
        s.resource_id, s.tag_value, s.currency, s.effect, s.cost_currency, s.amount, s.charges, s.quantity, s.billed_cost,
        s.effective_cost, s.billing_currency
    FROM rated_charge AS s
    WHERE s.reseller_id IS NULL AND s.price_rule_id IS NOT NULL
    UNION ALL
    -- Never run, but counted by the planner, which guesses that the above gives two.
    SELECT 0, 0, current_date, current_date, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, NULL
    FROM generate_series(1, 100000)
    WHERE customer_first() < 0
),
-- Shares of lines by value; a line of several currencies' costs is split by each, in
-- which suppliers bill, as costs are: it makes no difference to what was converted.
sold AS MATERIALIZED (
    SELECT CASE WHEN d.across_customers THEN -1 ELSE s.owner_id END AS scope_id, s.owner_id AS customer_id, s.period_start,
        d.dimension_id, allocation_value(a.found, d.dimension_id, s.charge_on) AS value, s.customer_id AS buyer_id,
        s.price_rule_id, s.product_id, s.account_id, s.resource_id, s.tag_value, s.currency, s.effect, s.billing_currency AS cost_currency,
        exact_sum(s.amount) AS amount, sum(s.charges)::bigint AS charges, exact_sum(s.quantity) AS quantity,
        -- as in rated_line, as far as they are in the line's currency
        CASE WHEN s.cost_currency = s.currency THEN exact_sum(s.billed_cost) END AS billed_cost,
        CASE WHEN s.cost_currency = s.currency THEN exact_sum(s.effective_cost) END AS effective_cost
    FROM share AS s
    JOIN allocation_matched AS a ON a.customer_id = s.owner_id AND a.item_id = s.item_id
    -- a customer's own dimension is about its charges and those of all below it
    JOIN dimension_asked AS d ON d.customer_id IS NULL
        OR (s.owner_id, d.customer_id) IN (SELECT n.customer_id, n.ancestor_id FROM customer_ancestor AS n)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, s.cost_currency
),
-- What the values of a place have: of a dimension, scope, month and currency, in
-- which all that is shared is split.
by_value AS MATERIALIZED (
    SELECT dense_rank() OVER (ORDER BY v.dimension_id, v.scope_id, v.period_start, v.currency) AS place_id, v.*
    FROM (
        SELECT d.dimension_id, d.scope_id, d.period_start, d.currency, d.value,
            exact_sum(d.quantity) AS quantity, exact_sum(d.billed_cost) AS billed_cost,
            exact_sum(d.effective_cost) AS effective_cost, exact_sum(d.list_cost) AS list_cost,
            exact_sum(d.contracted_cost) AS contracted_cost
        FROM shared AS d
        GROUP BY d.dimension_id, d.scope_id, d.period_start, d.currency, d.value
    ) AS v
    UNION ALL
    -- Never run, but counted by the planner, which guesses some rows where there may
    -- be many, and would then compare each with each.
    SELECT 0, 0, 0, NULL, NULL, NULL, 0, 0, 0, 0, 0
    FROM generate_series(1, 10000)
    WHERE customer_first() < 0
),
-- What may be split, and how: the nearest customer's way.
pool AS MATERIALIZED (
    SELECT DISTINCT ON (p.place_id, s.value) p.place_id, p.dimension_id, p.scope_id, p.period_start, p.currency, s.value,
        s.allocation_split_id, s.split_by, s.weights, s.selector, s.targets, s.excluded, s.rest_value, s.capacity, s.zero_weights
    FROM (SELECT DISTINCT v.place_id, v.dimension_id, v.scope_id, v.period_start, v.currency FROM by_value AS v) AS p
    JOIN allocation_split_in_force AS s ON s.dimension_id = p.dimension_id AND s.valid_during @> p.period_start
    LEFT JOIN customer_ancestor AS n ON n.customer_id = p.scope_id AND n.ancestor_id = s.customer_id
    WHERE s.customer_id IS NULL OR n.ancestor_id IS NOT NULL
    ORDER BY p.place_id, s.value, n.distance NULLS LAST
),
-- Measures of the charges that a split's selector is about.
selected AS (
    SELECT f.allocation_split_id, d.scope_id, d.period_start, d.currency, d.value,
        exact_sum(d.quantity) AS quantity, exact_sum(d.billed_cost) AS billed_cost,
        exact_sum(d.effective_cost) AS effective_cost, exact_sum(d.list_cost) AS list_cost,
        exact_sum(d.contracted_cost) AS contracted_cost
    FROM shared AS d
    CROSS JOIN LATERAL unnest(d.splits) AS s (allocation_split_id)
    JOIN allocation_split_in_force AS f ON f.allocation_split_id = s.allocation_split_id AND f.dimension_id = d.dimension_id
    WHERE EXISTS (SELECT FROM allocation_split_in_force AS e WHERE e.selector IS NOT NULL)
    GROUP BY f.allocation_split_id, d.scope_id, d.period_start, d.currency, d.value
),
weighed AS (
    SELECT p.place_id, p.value, p.targets, p.excluded, m.value AS target,
        allocation_split_measure(p.split_by, m.quantity, m.billed_cost, m.effective_cost, m.list_cost, m.contracted_cost) AS weight,
        false AS named
    FROM pool AS p
    JOIN by_value AS m ON m.place_id = p.place_id
    WHERE p.selector IS NULL AND p.split_by NOT IN ('weights', 'amount') AND NOT (p.split_by = 'even' AND p.targets IS NOT NULL)
    UNION ALL
    SELECT p.place_id, p.value, p.targets, p.excluded, m.value,
        allocation_split_measure(p.split_by, m.quantity, m.billed_cost, m.effective_cost, m.list_cost, m.contracted_cost),
        false
    FROM pool AS p
    JOIN selected AS m ON m.allocation_split_id = p.allocation_split_id AND m.scope_id = p.scope_id AND m.period_start = p.period_start
        AND m.currency = p.currency
    WHERE p.selector IS NOT NULL AND p.split_by <> 'amount'
    UNION ALL
    SELECT p.place_id, p.value, p.targets, p.excluded, w.value, w.weight, true
    FROM pool AS p
    JOIN allocation_weight_in_force AS w ON w.weights = p.weights AND w.valid_during @> p.period_start
    UNION ALL
    SELECT p.place_id, p.value, p.targets, p.excluded, t.target, 1, true
    FROM pool AS p
    CROSS JOIN LATERAL unnest(p.targets) AS t (target)
    WHERE p.selector IS NULL AND p.split_by = 'even'
    UNION ALL
    -- Sales by value, in the currency of the costs they were made with.
    SELECT p.place_id, p.value, p.targets, p.excluded, s.value, s.amount, false
    FROM pool AS p
    JOIN sold AS s ON s.dimension_id = p.dimension_id AND s.scope_id = p.scope_id AND s.period_start = p.period_start
        AND s.cost_currency = p.currency
    WHERE EXISTS (SELECT FROM allocation_split_in_force AS e WHERE e.split_by = 'amount') AND p.split_by = 'amount'
),
-- A value that is split itself is a target only by name.  A share is never negative.
target AS MATERIALIZED (
    SELECT w.place_id, w.value, w.target, greatest(sum(w.weight), 0) AS weight
    FROM weighed AS w
    WHERE w.target <> w.value
      AND (w.targets IS NULL OR w.target = ANY (w.targets))
      AND NOT coalesce(w.target = ANY (w.excluded), false)
      AND (w.named OR w.targets IS NOT NULL OR (w.place_id, w.target) NOT IN (SELECT q.place_id, q.value FROM pool AS q))
    GROUP BY w.place_id, w.value, w.target
),
-- What is not used of what weights are parts of.
rest AS (
    SELECT r.place_id, r.value, max(r.rest_value) AS target,
        greatest(coalesce(max(r.capacity), sum(r.effective_cost), 0) - coalesce(sum(r.weight), 0), 0) AS weight
    FROM (
        SELECT p.place_id, p.value, p.rest_value, p.capacity, NULL::numeric AS effective_cost, NULL::numeric AS weight
        FROM pool AS p
        UNION ALL
        SELECT v.place_id, v.value, NULL, NULL, v.effective_cost, NULL
        FROM by_value AS v
        UNION ALL
        SELECT t.place_id, t.value, NULL, NULL, NULL, t.weight
        FROM target AS t
    ) AS r
    WHERE EXISTS (SELECT FROM pool AS p WHERE p.rest_value IS NOT NULL)
    GROUP BY r.place_id, r.value
    HAVING max(r.rest_value) <> r.value
),
way AS MATERIALIZED (
    SELECT max(w.dimension_id) AS dimension_id, max(w.scope_id) AS scope_id, max(w.period_start) AS period_start,
        max(w.currency) AS currency, w.value,
        array_agg(w.target ORDER BY w.target COLLATE "C") FILTER (WHERE w.target IS NOT NULL) AS targets,
        array_agg(w.weight ORDER BY w.target COLLATE "C") FILTER (WHERE w.target IS NOT NULL) AS weights
    FROM (
        SELECT p.place_id, p.value, p.dimension_id, p.scope_id, p.period_start, p.currency, p.allocation_split_id, p.zero_weights,
            NULL AS target, NULL::numeric AS weight
        FROM pool AS p
        UNION ALL
        SELECT u.place_id, u.value, NULL, NULL, NULL, NULL, NULL, NULL, u.target, sum(u.weight)
        FROM (SELECT * FROM target UNION ALL SELECT * FROM rest) AS u
        GROUP BY u.place_id, u.value, u.target
    ) AS w
    GROUP BY w.place_id, w.value
    HAVING CASE WHEN sum(w.weight) > 0 OR count(w.target) > 0 AND max(w.zero_weights) = 'even' THEN true
        WHEN max(w.zero_weights) = 'error' THEN allocation_split_refuse(max(w.allocation_split_id), max(w.period_start), max(w.currency))
        ELSE false END
    UNION ALL
    -- As in by_value.
    SELECT 0, 0, NULL, NULL, NULL, NULL, NULL
    FROM generate_series(1, 10000)
    WHERE customer_first() < 0
),
-- Of a closed month, what was there at closing is told from what came later.
closed AS MATERIALIZED (
    SELECT c.allocation_closing_id, c.dimension_id, c.period_start
    FROM allocation_closing_in_force AS c
    WHERE c.period_start BETWEEN period_first() AND period_last()
),
frozen AS MATERIALIZED (
    SELECT DISTINCT c.dimension_id, c.period_start, f.load_scope_id
    FROM closed AS c
    JOIN allocation_closed AS f ON f.allocation_closing_id = c.allocation_closing_id
    -- agreements deliver nothing: what they were is taken back, and what they are is late
    WHERE f.kind = 'cost' AND f.load_scope_id > 0
),
cost AS NOT MATERIALIZED (
    SELECT d.scope_id, d.customer_id, d.period_start, d.dimension_id, d.value, d.load_scope_id, d.account_id, d.service_id,
        d.charge_category, d.unit, d.currency, d.charges, d.quantity, d.billed_cost, d.effective_cost, d.list_cost,
        d.contracted_cost, CASE WHEN EXISTS (SELECT FROM closed) AND (d.dimension_id, d.period_start) IN (
            SELECT c.dimension_id, c.period_start FROM closed AS c) THEN 'late' ELSE 'open' END AS status, d.may_be_split
    FROM (
        SELECT * FROM shared
        UNION ALL
        SELECT * FROM direct AS d WHERE NOT d.may_be_split
        UNION ALL
        -- As in summed.
        SELECT 0, 0, current_date, 0, NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, NULL, false
        FROM generate_series(1, 500000)
        WHERE customer_first() < 0
    ) AS d
    WHERE NOT EXISTS (SELECT FROM closed)
      OR (d.dimension_id, d.period_start) NOT IN (SELECT c.dimension_id, c.period_start FROM closed AS c)
      OR (d.dimension_id, d.period_start, d.load_scope_id) NOT IN (SELECT f.dimension_id, f.period_start, f.load_scope_id FROM frozen AS f)
),
-- What is split, and in turn what came of it.
cost_part AS (
    SELECT c.scope_id, c.customer_id, c.period_start, c.dimension_id, c.value, c.load_scope_id, c.account_id, c.service_id,
        c.charge_category, c.unit, c.currency, c.charges, c.quantity, c.billed_cost, c.effective_cost, c.list_cost,
        c.contracted_cost, c.status, c.value AS shared_from, '{}'::text[] AS via
    FROM cost AS c
    WHERE c.may_be_split
      AND (c.dimension_id, c.scope_id, c.period_start, c.currency, c.value) IN (
        SELECT w.dimension_id, w.scope_id, w.period_start, w.currency, w.value FROM way AS w)
    UNION ALL
    SELECT s.scope_id, s.customer_id, s.period_start, s.dimension_id, u.value, s.load_scope_id, s.account_id, s.service_id,
        s.charge_category, s.unit, s.currency, u.charges::bigint, u.quantity, u.billed_cost, u.effective_cost, u.list_cost,
        u.contracted_cost, s.status, s.shared_from, s.via || s.value
    FROM (
        SELECT s.*
        FROM cost_part AS s
        WHERE (s.dimension_id, s.scope_id, s.period_start, s.currency, s.value) IN (
            SELECT w.dimension_id, w.scope_id, w.period_start, w.currency, w.value FROM way AS w)
    ) AS s
    JOIN way AS w ON w.dimension_id = s.dimension_id AND w.scope_id = s.scope_id AND w.period_start = s.period_start
        AND w.currency = s.currency AND w.value = s.value AND w.value <> ALL (s.via)
    CROSS JOIN LATERAL unnest(w.targets, allocate(s.charges, w.weights, 0), allocate(s.quantity, w.weights, 12),
        allocate(s.billed_cost, w.weights, 12), allocate(s.effective_cost, w.weights, 12), allocate(s.list_cost, w.weights, 12),
        allocate(s.contracted_cost, w.weights, 12)) AS u (value, charges, quantity, billed_cost, effective_cost, list_cost, contracted_cost)
),
sale_part AS (
    SELECT s.*, s.value AS shared_from, '{}'::text[] AS via
    FROM sold AS s
    WHERE (s.dimension_id, s.scope_id, s.period_start, s.cost_currency, s.value) IN (
        SELECT w.dimension_id, w.scope_id, w.period_start, w.currency, w.value FROM way AS w)
    UNION ALL
    SELECT s.scope_id, s.customer_id, s.period_start, s.dimension_id, u.value, s.buyer_id, s.price_rule_id, s.product_id,
        s.account_id, s.resource_id, s.tag_value, s.currency, s.effect, s.cost_currency, u.amount, u.charges::bigint, u.quantity,
        u.billed_cost, u.effective_cost, s.shared_from, s.via || s.value
    FROM (
        SELECT s.*
        FROM sale_part AS s
        WHERE (s.dimension_id, s.scope_id, s.period_start, s.cost_currency, s.value) IN (
            SELECT w.dimension_id, w.scope_id, w.period_start, w.currency, w.value FROM way AS w)
    ) AS s
    JOIN way AS w ON w.dimension_id = s.dimension_id AND w.scope_id = s.scope_id AND w.period_start = s.period_start
        AND w.currency = s.cost_currency AND w.value = s.value AND w.value <> ALL (s.via)
    CROSS JOIN LATERAL unnest(w.targets, allocate(s.amount, w.weights, 12), allocate(s.charges, w.weights, 0),
        allocate(s.quantity, w.weights, 12), allocate(s.billed_cost, w.weights, 12),
        allocate(s.effective_cost, w.weights, 12)) AS u (value, amount, charges, quantity, billed_cost, effective_cost)
),
sale AS (
    SELECT u.dimension_id, u.period_start, u.customer_id, u.value, u.shared_from, u.buyer_id, u.price_rule_id, u.product_id,
        u.account_id, u.resource_id, u.tag_value, u.currency, u.effect, exact_sum(u.amount) AS amount,
        sum(u.charges)::bigint AS charges, exact_sum(u.quantity) AS quantity, exact_sum(u.billed_cost) AS billed_cost,
        exact_sum(u.effective_cost) AS effective_cost
    FROM (
        SELECT s.dimension_id, s.period_start, s.customer_id, s.value, NULL AS shared_from, s.buyer_id, s.price_rule_id,
            s.product_id, s.account_id, s.resource_id, s.tag_value, s.currency, s.effect, s.amount, s.charges, s.quantity,
            s.billed_cost, s.effective_cost
        FROM sold AS s
        WHERE (s.value IS NULL OR (s.dimension_id, s.scope_id, s.period_start, s.cost_currency, s.value) NOT IN (
            SELECT w.dimension_id, w.scope_id, w.period_start, w.currency, w.value FROM way AS w))
        UNION ALL
        SELECT s.dimension_id, s.period_start, s.customer_id, s.value, s.shared_from, s.buyer_id, s.price_rule_id,
            s.product_id, s.account_id, s.resource_id, s.tag_value, s.currency, s.effect, s.amount, s.charges, s.quantity,
            s.billed_cost, s.effective_cost
        FROM sale_part AS s
        WHERE s.via <> '{}'
          AND (s.value = ANY (s.via) OR (s.dimension_id, s.scope_id, s.period_start, s.cost_currency, s.value) NOT IN (
            SELECT w.dimension_id, w.scope_id, w.period_start, w.currency, w.value FROM way AS w))
    ) AS u
    GROUP BY u.dimension_id, u.period_start, u.customer_id, u.value, u.shared_from, u.buyer_id, u.price_rule_id, u.product_id,
        u.account_id, u.resource_id, u.tag_value, u.currency, u.effect
),
-- Each part rounded down, and what that leaves of the line to those that lost most.
-- Charges may add nothing to a line (NULL); if none does, there is no line.
rounded AS (
    SELECT s.*, round((s.cents + CASE WHEN s.place <= s.left_over THEN 1 ELSE 0 END) / s.units, currency_minor_unit(s.currency)) AS due
    FROM (
        SELECT s.*, floor(s.known * s.units) AS cents, count(s.amount) OVER line AS amounts,
            currency_round(sum(s.known) OVER line, s.currency) * s.units - sum(floor(s.known * s.units)) OVER line AS left_over,
            row_number() OVER (line ORDER BY s.known * s.units - floor(s.known * s.units) DESC, s.value COLLATE "C",
                s.shared_from COLLATE "C", s.customer_id) AS place
        FROM (SELECT s.*, coalesce(s.amount, 0) AS known, 10::numeric ^ currency_minor_unit(s.currency) AS units FROM sale AS s) AS s
        WINDOW line AS (PARTITION BY s.dimension_id, s.period_start, s.buyer_id, s.price_rule_id, s.product_id, s.account_id,
            s.resource_id, s.tag_value, s.currency)
    ) AS s
    WHERE s.amounts > 0
),
closed_sale AS (
    SELECT c.dimension_id, c.period_start, f.*
    FROM closed AS c
    JOIN allocation_closed AS f ON f.allocation_closing_id = c.allocation_closing_id
    WHERE f.kind = 'sale' AND f.buyer_id BETWEEN customer_first() AND customer_last()
),
-- By how much lines of closed months have changed since, over the values of now.
late_sale AS (
    SELECT l.*
    FROM (
        SELECT u.dimension_id, u.period_start, u.buyer_id, u.price_rule_id, u.product_id, u.account_id, u.resource_id, u.tag_value,
            u.currency, max(u.effect) AS effect, sum(u.due) AS due, sum(u.charges) AS charges, sum(u.quantity) AS quantity,
            sum(u.billed_cost) AS billed_cost, sum(u.effective_cost) AS effective_cost,
            array_agg(u.customer_id ORDER BY u.value COLLATE "C", u.shared_from COLLATE "C", u.customer_id) FILTER (WHERE u.weight IS NOT NULL) AS customers,
            array_agg(u.value ORDER BY u.value COLLATE "C", u.shared_from COLLATE "C", u.customer_id) FILTER (WHERE u.weight IS NOT NULL) AS values,
            array_agg(u.shared_from ORDER BY u.value COLLATE "C", u.shared_from COLLATE "C", u.customer_id) FILTER (WHERE u.weight IS NOT NULL) AS shared_from,
            array_agg(u.weight ORDER BY u.value COLLATE "C", u.shared_from COLLATE "C", u.customer_id) FILTER (WHERE u.weight IS NOT NULL) AS weights
        FROM (
            SELECT r.dimension_id, r.period_start, r.buyer_id, r.price_rule_id, r.product_id, r.account_id, r.resource_id,
                r.tag_value, r.currency, r.effect, r.due, r.charges, r.quantity, r.billed_cost, r.effective_cost,
                abs(r.known) AS weight, r.customer_id, r.value, r.shared_from
            FROM rounded AS r
            WHERE (r.dimension_id, r.period_start) IN (SELECT c.dimension_id, c.period_start FROM closed AS c)
            UNION ALL
            SELECT f.dimension_id, f.period_start, f.buyer_id, f.price_rule_id, f.product_id, f.account_id, f.resource_id,
                f.tag_value, f.currency, f.effect, -f.due, -f.charges, -f.quantity, -f.billed_cost, -f.effective_cost, NULL,
                f.customer_id, f.value, f.shared_from
            FROM closed_sale AS f
        ) AS u
        GROUP BY u.dimension_id, u.period_start, u.buyer_id, u.price_rule_id, u.product_id, u.account_id, u.resource_id,
            u.tag_value, u.currency
    ) AS l
    WHERE l.due <> 0
)
SELECT 'cost' AS kind, c.dimension_id, c.period_start, c.customer_id, c.value, NULL::text AS shared_from, c.status, c.load_scope_id,
    c.account_id, c.service_id, c.charge_category, c.unit, c.currency, c.charges, c.quantity, c.billed_cost, c.effective_cost,
    c.list_cost, c.contracted_cost, NULL::int AS buyer_id, NULL::int AS price_rule_id, NULL::int AS product_id,
    NULL::text AS resource_id, NULL::text AS tag_value, NULL::text AS effect, NULL::numeric AS due
FROM cost AS c
WHERE NOT c.may_be_split OR c.value IS NULL OR (c.dimension_id, c.scope_id, c.period_start, c.currency, c.value) NOT IN (
    SELECT w.dimension_id, w.scope_id, w.period_start, w.currency, w.value FROM way AS w)
UNION ALL
SELECT 'cost', s.dimension_id, s.period_start, s.customer_id, s.value, s.shared_from, s.status, s.load_scope_id,
    s.account_id, s.service_id, s.charge_category, s.unit, s.currency, s.charges, s.quantity, s.billed_cost, s.effective_cost,
    s.list_cost, s.contracted_cost, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM cost_part AS s
WHERE s.via <> '{}'
  AND (s.value = ANY (s.via) OR (s.dimension_id, s.scope_id, s.period_start, s.currency, s.value) NOT IN (
    SELECT w.dimension_id, w.scope_id, w.period_start, w.currency, w.value FROM way AS w))
UNION ALL
-- As it was closed; what a later delivery took the place of is taken back.
SELECT 'cost', c.dimension_id, c.period_start, f.customer_id, f.value, f.shared_from, v.status, f.load_scope_id,
    f.account_id, f.service_id, f.charge_category, f.unit, f.currency, v.sign * f.charges, v.sign * f.quantity,
    v.sign * f.billed_cost, v.sign * f.effective_cost, v.sign * f.list_cost, v.sign * f.contracted_cost,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM closed AS c
JOIN allocation_closed AS f ON f.allocation_closing_id = c.allocation_closing_id AND f.kind = 'cost'
LEFT JOIN load_scope_current AS l ON l.load_scope_id = f.load_scope_id
CROSS JOIN LATERAL (VALUES ('closed', 1), ('late', -1)) AS v (status, sign)
WHERE (v.sign > 0 OR l.load_scope_id IS NULL)
  AND (all_customers_are_asked() OR f.customer_id BETWEEN customer_first() AND customer_last())
  AND c.dimension_id IN (SELECT d.dimension_id FROM dimension_asked AS d)
UNION ALL
SELECT 'sale', r.dimension_id, r.period_start, r.customer_id, r.value, r.shared_from, 'open', NULL, r.account_id, NULL, NULL, NULL,
    r.currency, r.charges, r.quantity, r.billed_cost, r.effective_cost, NULL, NULL, r.buyer_id, r.price_rule_id, r.product_id, r.resource_id, r.tag_value,
    r.effect, r.due
FROM rounded AS r
WHERE (r.dimension_id, r.period_start) NOT IN (SELECT c.dimension_id, c.period_start FROM closed AS c)
UNION ALL
SELECT 'sale', f.dimension_id, f.period_start, f.customer_id, f.value, f.shared_from, 'closed', NULL, f.account_id, NULL, NULL, NULL,
    f.currency, f.charges, f.quantity, f.billed_cost, f.effective_cost, NULL, NULL, f.buyer_id, f.price_rule_id, f.product_id, f.resource_id, f.tag_value,
    f.effect, f.due
FROM closed_sale AS f
UNION ALL
SELECT 'sale', l.dimension_id, l.period_start, u.customer_id, u.value, u.shared_from, 'late', NULL, l.account_id, NULL, NULL, NULL,
    l.currency, u.charges::bigint, u.quantity, u.billed_cost, u.effective_cost, NULL, NULL, l.buyer_id, l.price_rule_id, l.product_id, l.resource_id, l.tag_value,
    l.effect, u.due
FROM late_sale AS l
CROSS JOIN LATERAL unnest(coalesce(l.customers, ARRAY[l.buyer_id]), coalesce(l.values, ARRAY[NULL::text]), coalesce(l.shared_from, ARRAY[NULL::text]),
    coalesce(allocate(l.due, l.weights, currency_minor_unit(l.currency)), ARRAY[l.due]),
    coalesce(allocate(l.charges, l.weights, 0), ARRAY[l.charges]), coalesce(allocate(l.quantity, l.weights, 12), ARRAY[l.quantity]),
    coalesce(allocate(l.billed_cost, l.weights, 12), ARRAY[l.billed_cost]),
    coalesce(allocate(l.effective_cost, l.weights, 12), ARRAY[l.effective_cost])
    ) AS u (customer_id, value, shared_from, due, charges, quantity, billed_cost, effective_cost);

COMMENT ON VIEW allocated IS 'costs and sales by the values of each dimension, what is shared split over its targets; each sum adds up';
COMMENT ON COLUMN allocated.kind IS 'cost or sale';
COMMENT ON COLUMN allocated.dimension_id IS 'dimension';
COMMENT ON COLUMN allocated.period_start IS 'first day of the month';
COMMENT ON COLUMN allocated.customer_id IS 'customer whose charges they are; 0 is nobody';
COMMENT ON COLUMN allocated.value IS 'value of the dimension; NULL is unallocated';
COMMENT ON COLUMN allocated.shared_from IS 'value it was split from at first; NULL is its own';
COMMENT ON COLUMN allocated.status IS 'open; closed, as it was at closing; late, what changed since';
COMMENT ON COLUMN allocated.load_scope_id IS 'delivery, of a cost';
COMMENT ON COLUMN allocated.account_id IS 'account; of a sale where its line has one';
COMMENT ON COLUMN allocated.service_id IS 'service of a cost, a node of the product tree';
COMMENT ON COLUMN allocated.charge_category IS 'charge category of a cost';
COMMENT ON COLUMN allocated.unit IS 'unit of quantity';
COMMENT ON COLUMN allocated.currency IS 'currency of the amounts';
COMMENT ON COLUMN allocated.charges IS 'number of charges; of what is split, its part of them in whole numbers';
COMMENT ON COLUMN allocated.quantity IS 'quantity';
COMMENT ON COLUMN allocated.billed_cost IS 'billed cost';
COMMENT ON COLUMN allocated.effective_cost IS 'effective cost';
COMMENT ON COLUMN allocated.list_cost IS 'list cost';
COMMENT ON COLUMN allocated.contracted_cost IS 'contracted cost';
COMMENT ON COLUMN allocated.buyer_id IS 'customer of the line, of a sale';
COMMENT ON COLUMN allocated.price_rule_id IS 'rule of the line';
COMMENT ON COLUMN allocated.product_id IS 'product of the line';
COMMENT ON COLUMN allocated.resource_id IS 'resource of the line';
COMMENT ON COLUMN allocated.tag_value IS 'value of a tag of the line';
COMMENT ON COLUMN allocated.effect IS 'effect of the rule';
COMMENT ON COLUMN allocated.due IS 'part of what is due for the line, rounded to the currency''s minor unit';
