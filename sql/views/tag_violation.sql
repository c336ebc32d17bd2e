-- Charges whose tags are not as tag_policy has them, by resource.  What is compared is
-- each key and each value that is known, once; and sets of tags, once for each policy;
-- charges are only joined to what that gives.
CREATE OR REPLACE VIEW tag_violation AS
WITH
policy AS MATERIALIZED (
    SELECT p.*, coalesce(selector_specificity(p.selector), 0) AS specificity, tag_fold(p.key) AS fold,
        tag_digits(tag_fold(p.key)) AS digits, tag_letters(tag_fold(p.key)) AS letters
    FROM tag_policy_in_force AS p
),
spelt_key AS MATERIALIZED (
    SELECT k.key, k.fold, tag_digits(k.fold) AS digits, tag_letters(k.fold) AS letters
    FROM (SELECT t.key, tag_fold(t.key) AS fold FROM tag AS t WHERE EXISTS (SELECT FROM policy) GROUP BY t.key) AS k
),
-- Keys that may stand for a required one, the surest first: the same but for case and
-- separators, a few edits away, or its beginning.  What a policy asks for is no mistake.
asked AS MATERIALIZED (
    SELECT p.tag_policy_id, p.key, p.required, array_agg(s.key ORDER BY s.edits, s.key COLLATE "C") FILTER (WHERE s.edits IS NOT NULL) AS similar_keys
    FROM policy AS p
    LEFT JOIN (
        SELECT p.tag_policy_id, k.key,
            CASE WHEN k.fold = p.fold THEN 0
                WHEN k.digits <> p.digits OR k.key IN (SELECT o.key FROM policy AS o) THEN NULL
                ELSE coalesce(tag_edits(k.fold, p.fold, k.letters, p.letters), CASE WHEN length(k.fold) >= 3 AND starts_with(p.fold, k.fold) THEN 4 END)
            END AS edits
        FROM policy AS p
        JOIN spelt_key AS k ON k.key <> p.key
        WHERE p.required
    ) AS s ON s.tag_policy_id = p.tag_policy_id
    GROUP BY p.tag_policy_id, p.key, p.required
),
allowed AS MATERIALIZED (
    SELECT a.*, tag_digits(a.fold) AS digits, tag_letters(a.fold) AS letters
    FROM (
        SELECT p.tag_policy_id, v.value, v.place, tag_fold(v.value) AS fold
        FROM policy AS p
        CROSS JOIN LATERAL unnest(p.allowed_values) WITH ORDINALITY AS v (value, place)
    ) AS a
),
spelt_value AS (
    SELECT DISTINCT t.key, t.value
    FROM tag AS t
    WHERE t.key IN (SELECT p.key FROM policy AS p WHERE num_nonnulls(p.allowed_values, p.pattern) > 0)
),
-- An empty value is no value: it is refused where one is required.
refused AS MATERIALIZED (
    SELECT r.*, tag_digits(r.fold) AS digits
    FROM (
        SELECT p.tag_policy_id, v.key, v.value, tag_fold(v.value) AS fold, p.pattern
        FROM spelt_value AS v
        JOIN policy AS p ON p.key = v.key
        WHERE p.allowed_values IS NOT NULL AND tag_trim(v.value) IS NOT NULL
          AND (p.tag_policy_id, v.value) NOT IN (SELECT a.tag_policy_id, a.value FROM allowed AS a)
        UNION ALL
        SELECT p.tag_policy_id, v.key, v.value, NULL, p.pattern
        FROM spelt_value AS v
        JOIN policy AS p ON p.key = v.key
        WHERE p.pattern IS NOT NULL AND tag_trim(v.value) IS NOT NULL AND v.value !~ p.pattern
    ) AS r
),
-- Each refused value is compared with each allowed one, as long as that is no more
-- than a million pairs; beyond, only case and separators are looked at.
compared AS MATERIALIZED (
    SELECT r.tag_policy_id
    FROM (SELECT f.tag_policy_id, count(*) AS refused FROM refused AS f GROUP BY f.tag_policy_id) AS r
    JOIN (SELECT f.tag_policy_id, count(*) AS allowed FROM allowed AS f GROUP BY f.tag_policy_id) AS a USING (tag_policy_id)
    WHERE r.refused * a.allowed <= 1000000
),
suggested AS (
    SELECT DISTINCT ON (s.tag_policy_id, s.value) s.tag_policy_id, s.value, s.suggestion
    FROM (
        SELECT r.tag_policy_id, r.value, a.value AS suggestion, 0 AS edits, a.place
        FROM refused AS r
        JOIN allowed AS a ON a.tag_policy_id = r.tag_policy_id AND a.fold = r.fold
        UNION ALL
        SELECT r.tag_policy_id, r.value, a.value,
            coalesce(tag_edits(r.fold, a.fold, r.letters, a.letters), CASE WHEN length(r.fold) >= 3 AND starts_with(a.fold, r.fold) THEN 4 END),
            a.place
        FROM (
            SELECT f.*, tag_letters(f.fold) AS letters
            FROM refused AS f
            WHERE f.tag_policy_id IN (SELECT c.tag_policy_id FROM compared AS c)
        ) AS r
        JOIN allowed AS a ON a.tag_policy_id = r.tag_policy_id AND a.digits = r.digits AND a.fold <> r.fold
        UNION ALL
        -- Of a pattern: without blanks around, and in the other case.
        SELECT r.tag_policy_id, r.value, w.value, 0, w.place
        FROM refused AS r
        CROSS JOIN LATERAL unnest(ARRAY[tag_trim(r.value), upper(tag_trim(r.value)), lower(tag_trim(r.value))]) WITH ORDINALITY AS w (value, place)
        WHERE w.value ~ r.pattern
    ) AS s
    WHERE s.edits IS NOT NULL
    ORDER BY s.tag_policy_id, s.value, s.edits, s.place
),
judged AS MATERIALIZED (
    SELECT r.tag_policy_id, r.value, s.suggestion
    FROM refused AS r
    LEFT JOIN suggested AS s ON s.tag_policy_id = r.tag_policy_id AND s.value = r.value
),
-- What is wrong with each set of tags by each policy; 0 is no tags.  A set has all of
-- its tags at hand, which is faster than to join them.
verdict AS MATERIALIZED (
    SELECT t.tag_set_id, t.tag_policy_id,
        CASE WHEN j.suggestion IS NOT NULL THEN 'misspelt value' WHEN j.value IS NOT NULL THEN 'value not allowed' WHEN t.value IS NOT NULL THEN 'empty'
            WHEN t.similar_key IS NOT NULL THEN 'misspelt key' ELSE 'missing' END AS violation,
        CASE WHEN t.value IS NOT NULL THEN t.key ELSE t.similar_key END AS found_key,
        coalesce(t.value, t.tags ->> t.similar_key) AS found_value,
        coalesce(j.suggestion, CASE WHEN t.similar_key IS NOT NULL THEN t.key END) AS suggestion
    FROM (
        SELECT s.tag_set_id, s.tags, a.tag_policy_id, a.key, a.required, s.tags ->> a.key AS value,
            CASE WHEN a.similar_keys IS NOT NULL AND s.tags ->> a.key IS NULL THEN (
                SELECT k.key
                FROM unnest(a.similar_keys) WITH ORDINALITY AS k (key, place)
                WHERE tag_trim(s.tags ->> k.key) IS NOT NULL
                ORDER BY k.place
                LIMIT 1) END AS similar_key
        FROM (SELECT s.tag_set_id, s.tags FROM tag_set AS s UNION ALL SELECT 0, '{}') AS s
        CROSS JOIN asked AS a
        OFFSET 0
    ) AS t
    -- Always so; the planner, which knows nothing of what is computed once, would take
    -- it for long and sort both sides.
    LEFT JOIN judged AS j ON j.tag_policy_id = t.tag_policy_id AND j.value = t.value AND j.tag_policy_id = abs(j.tag_policy_id)
    WHERE j.value IS NOT NULL OR t.required AND tag_trim(t.value) IS NULL
),
matched AS (
    SELECT m.item_id, m.policies
    FROM (
        SELECT d.item_id, selector_match((
            SELECT selector_set(p.tag_policy_id, p.selector ORDER BY p.tag_policy_id) FROM policy AS p WHERE p.selector IS NOT NULL), d) AS policies
        FROM charge_dimension AS d
        WHERE EXISTS (SELECT FROM policy AS p WHERE p.selector IS NOT NULL)
        OFFSET 0
    ) AS m
    WHERE m.policies <> '{}'
),
held AS MATERIALIZED (
    SELECT h.customer_id, h.period_start, h.account_id, h.item_id, h.billing_currency AS currency, h.charges, h.billed_cost, h.effective_cost,
        i.resource_id, i.resource_name, coalesce(i.tag_set_id, 0) AS tag_set_id, coalesce(m.policies, '{}') AS policies
    FROM charge_held AS h
    JOIN charge_item AS i ON i.item_id = h.item_id
    LEFT JOIN matched AS m ON m.item_id = h.item_id
    WHERE EXISTS (SELECT FROM policy)
),
-- The policies that hold, one for each key.
choice AS MATERIALIZED (
    SELECT n.customer_id, n.period_start, n.policies, array_agg(n.tag_policy_id) AS chosen
    FROM (
        SELECT DISTINCT ON (c.customer_id, c.period_start, c.policies, p.key) c.customer_id, c.period_start, c.policies, p.tag_policy_id
        FROM (SELECT DISTINCT h.customer_id, h.period_start, h.policies FROM held AS h) AS c
        JOIN policy AS p ON p.valid_during @> c.period_start AND (p.selector IS NULL OR p.tag_policy_id = ANY (c.policies))
        LEFT JOIN customer_ancestor AS a ON a.customer_id = c.customer_id AND a.ancestor_id = p.customer_id
        WHERE p.customer_id IS NULL OR a.ancestor_id IS NOT NULL
        ORDER BY c.customer_id, c.period_start, c.policies, p.key, a.distance NULLS LAST, p.specificity DESC, p.tag_policy_id
    ) AS n
    GROUP BY n.customer_id, n.period_start, n.policies
)
SELECT
    g.period_start AS month,
    c.number AS customer_number,
    c.name AS customer,
    t.provider_name AS provider,
    g.account_id,
    coalesce(t.sub_account_name, t.sub_account_id, t.billing_account_name, t.billing_account_id) AS account,
    g.resource_id,
    g.resource_name,
    g.tag_policy_id,
    p.key,
    g.violation,
    g.found_key,
    g.found_value,
    g.suggestion,
    g.currency,
    g.charges,
    trim_scale(g.billed_cost) AS billed_cost,
    trim_scale(g.effective_cost) AS effective_cost
FROM (
    SELECT h.period_start, h.customer_id, h.account_id, h.resource_id, max(h.resource_name) AS resource_name, v.tag_policy_id,
        v.violation, v.found_key, v.found_value, v.suggestion, h.currency, sum(h.charges)::bigint AS charges,
        exact_sum(h.billed_cost) AS billed_cost, exact_sum(h.effective_cost) AS effective_cost
    FROM held AS h
    JOIN choice AS o ON o.customer_id = h.customer_id AND o.period_start = h.period_start AND o.policies = h.policies
    JOIN verdict AS v ON v.tag_set_id = h.tag_set_id AND v.tag_policy_id = ANY (o.chosen)
    GROUP BY h.period_start, h.customer_id, h.account_id, h.resource_id, v.tag_policy_id, v.violation, v.found_key, v.found_value,
        v.suggestion, h.currency
) AS g
JOIN policy AS p ON p.tag_policy_id = g.tag_policy_id
JOIN account AS t ON t.account_id = g.account_id
LEFT JOIN customer AS c ON c.customer_id = g.customer_id;

COMMENT ON VIEW tag_violation IS 'charges whose tags are not as tag_policy has them, by month, resource and tag, with what may have been meant';
COMMENT ON COLUMN tag_violation.month IS 'first day of the month of use';
COMMENT ON COLUMN tag_violation.customer_number IS 'customer number; NULL when nobody owns the charges';
COMMENT ON COLUMN tag_violation.customer IS 'customer; NULL when nobody owns the charges';
COMMENT ON COLUMN tag_violation.provider IS 'provider';
COMMENT ON COLUMN tag_violation.account_id IS 'key of the account';
COMMENT ON COLUMN tag_violation.account IS 'sub account, or billing account, by name where it has one';
COMMENT ON COLUMN tag_violation.resource_id IS 'resource; NULL for charges that have none';
COMMENT ON COLUMN tag_violation.resource_name IS 'its name';
COMMENT ON COLUMN tag_violation.tag_policy_id IS 'policy';
COMMENT ON COLUMN tag_violation.key IS 'tag key of the policy';
COMMENT ON COLUMN tag_violation.violation IS 'missing; misspelt key, where a similar one is there; empty; value not allowed; or misspelt value, where a similar one is allowed';
COMMENT ON COLUMN tag_violation.found_key IS 'tag key of the charges; NULL when it is missing';
COMMENT ON COLUMN tag_violation.found_value IS 'its value';
COMMENT ON COLUMN tag_violation.suggestion IS 'key or value that may have been meant';
COMMENT ON COLUMN tag_violation.currency IS 'currency of the costs';
COMMENT ON COLUMN tag_violation.charges IS 'number of charges';
COMMENT ON COLUMN tag_violation.billed_cost IS 'what suppliers invoice';
COMMENT ON COLUMN tag_violation.effective_cost IS 'amortised cost';
