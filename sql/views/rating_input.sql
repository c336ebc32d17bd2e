-- What the rating engine is given, of all who are invoiced: pieces of charges by keys, from
-- roll-ups, and besides, in rows of their own, the items they are of with the price rules
-- that are about these, and rates of exchange.  To join these would widen each piece, and
-- all of them are sorted by buyer.
--
-- A month is one piece, unless ownership, a price or an allocation rule changes inside it:
-- then its days are taken one by one.  What a rule must see charge by charge is not rolled
-- up.  With the setting grain = 'sum' the same pieces are made of the charges anew.
--
-- Where a condition reads CASE ... IS NOT NULL, it mostly holds, which the planner
-- cannot know; guessing that one row in 200 is left, it would look the others up
-- row by row.
CREATE OR REPLACE VIEW rating_input AS
WITH
owner AS MATERIALIZED (
    SELECT o.account_id, o.tag_set_id, o.customer_id, o.valid_during
    FROM charge_owner AS o
),
asked AS MATERIALIZED (
    SELECT o.account_id, o.tag_set_id, o.customer_id, o.valid_during, z.time_zone_id, z.time_zone, a.buyers, a.path
    FROM customer_asked AS a
    -- months are those of who is invoiced
    JOIN customer_zone AS z ON z.customer_id = a.buyers[1]
    JOIN owner AS o ON o.customer_id = a.customer_id
    -- A moment whose charges were purged is refused, also where those that are left lead to
    -- no delivery that says so.
    WHERE CASE WHEN as_of() IS NULL OR (SELECT count(*) FROM load_scope_current) >= 0 THEN true END IS NOT NULL
    UNION ALL
    -- Never run, but counted by the planner, which guesses that rules of ownership give a
    -- few accounts, and would then look up all that these have row by row.
    SELECT 0, 0, 0, NULL, 0, '', NULL, NULL
    FROM generate_series(1, 1 + least(customer_last() - customer_first(), 150))
    WHERE customer_first() < 0
),
-- Items with a set of tags that some rule is about: their account's owner is not theirs.
tagged AS MATERIALIZED (
    SELECT i.item_id, i.tag_set_id
    FROM (SELECT DISTINCT o.account_id, o.tag_set_id FROM owner AS o WHERE o.tag_set_id <> 0) AS t
    JOIN charge_item AS i ON i.account_id = t.account_id AND i.tag_set_id = t.tag_set_id
    WHERE t.account_id IN (SELECT a.account_id FROM asked AS a)
),
agreed AS MATERIALIZED (
    SELECT array_agg(f) AS facts, array_agg(o.time_zone) AS zones
    FROM asked AS o
    JOIN agreement_fact AS f ON f.account_id = o.account_id
    WHERE o.tag_set_id = 0 AND EXISTS (SELECT FROM agreement)
),
-- Days inside a month on which ownership, a price or an allocation rule changes.
cut AS MATERIALIZED (
    SELECT b.account_id, date_trunc('month', b.day)::date AS period_start
    FROM (
        SELECT 0 AS account_id, lower(r.valid_during) AS day FROM price_rule_in_force AS r
        UNION
        SELECT 0, upper(r.valid_during) FROM price_rule_in_force AS r
        UNION
        SELECT o.account_id, lower(o.valid_during) FROM owner AS o
        UNION
        SELECT o.account_id, upper(o.valid_during) FROM owner AS o
        UNION
        SELECT 0, lower(a.valid_during) FROM allocation_rule_in_force AS a
        UNION
        SELECT 0, upper(a.valid_during) FROM allocation_rule_in_force AS a
        UNION
        SELECT o.account_id, d.day
        FROM agreed AS g
        CROSS JOIN LATERAL commitment_days(g.facts) AS d
        JOIN asked AS k ON k.account_id = d.account_id
        JOIN asked AS o ON o.buyers[1] = k.buyers[1]
    ) AS b
    -- Few are, and what is few costs little to look up in: as the planner takes an equation.
    WHERE isfinite(b.day) AND least(b.day - date_trunc('month', b.day)::date, 1) = 1
),
-- Months to look at: those asked for, and where a bundle rolls over, a credit is used up,
-- a commitment runs or months are limited together, all before, since what one month left depends on what the one
-- before it had.
span AS MATERIALIZED (
    SELECT CASE WHEN bool_or(CASE WHEN r.roll_over > 0 OR r.effect IN ('true_up', 'credit') OR r.effect = 'limit' AND r.included_months IS NOT NULL THEN coalesce(r.customer_id, 0) IN
            (SELECT unnest(a.path) FROM asked AS a) END) THEN '-infinity' ELSE date_trunc('month', period_first())::date END AS first_day,
        (date_trunc('month', period_last()) + interval '1 month')::date AS end_day
    FROM price_rule_in_force AS r
),
-- Items of which a rule must see the single charges.
fine AS MATERIALIZED (
    SELECT d.item_id, bool_or(r.time_window_id IS NOT NULL) AS is_timed
    FROM price_rule_in_force AS r
    JOIN product AS p ON p.path @> ARRAY[r.product_id]
    JOIN charge_dimension AS d ON d.product_id = p.product_id
    WHERE (r.measure IN ('peak', 'latest', 'weighted', 'p95') OR r.per = 'charge' OR r.time_window_id IS NOT NULL
        OR r.measure NOT IN ('amount', 'dearest') AND pricing_by_event(r.pricing))
      AND (r.selector IS NULL OR selector_matches(r.selector, d))
      -- mostly none does, and then all items need not be hashed to find that out
      AND EXISTS (
        SELECT
        FROM price_rule_in_force AS e
        WHERE e.measure IN ('peak', 'latest', 'weighted', 'p95') OR e.per = 'charge' OR e.time_window_id IS NOT NULL
          OR e.measure NOT IN ('amount', 'dearest') AND pricing_by_event(e.pricing))
      AND EXISTS (
        SELECT
        FROM asked AS a
        WHERE a.account_id = d.account_id AND coalesce(r.customer_id, 0) = ANY (a.path))
    GROUP BY d.item_id
    -- as above: mostly there are few
    HAVING least(count(*), 1) = 1
),
-- Accounts whose charges are summed, where they are few; NULL is all: to look each
-- charge up in a long list would take longer than to sum it.
few AS MATERIALIZED (
    SELECT CASE WHEN count(*) <= 20 THEN coalesce(array_agg(a.account_id), '{}') END AS account_ids
    FROM (SELECT DISTINCT q.account_id FROM asked AS q) AS a
),
-- Single charges, read once and before it is known whose they are: there is no
-- index, so to look for them account by account would read all of them each time.
single AS MATERIALIZED (
    SELECT c.*
    FROM charge AS c
    WHERE (grain() = 'charge' OR EXISTS (SELECT FROM fine))
      AND c.charge_period_start >= (SELECT (p.first_day - 2)::timestamptz FROM span AS p)
      AND c.charge_period_start < (SELECT (p.end_day + 2)::timestamptz FROM span AS p)
      AND ((SELECT w.account_ids FROM few AS w) IS NULL OR c.account_id = ANY ((SELECT w.account_ids FROM few AS w)::int[]))
      AND (grain() = 'charge' OR c.item_id IN (SELECT f.item_id FROM fine AS f))
),
-- Whose items are looked at, each account of a customer once.  Mostly it is there once,
-- which the planner cannot know.
holder AS MATERIALIZED (
    SELECT h.account_id, h.customer_id, h.buyers, h.path
    FROM (
        SELECT o.account_id, o.customer_id, o.buyers, o.path, row_number() OVER (PARTITION BY o.customer_id, o.account_id) AS n
        FROM asked AS o
    ) AS h
    WHERE CASE WHEN h.n = 1 THEN true END IS NOT NULL
),
-- What rules look at besides the nodes of the trees: where they do not, an item's other
-- dimensions need not be put together.
looked AS MATERIALIZED (
    SELECT coalesce(bool_or(r.selector IS NOT NULL), false) AS at_dimensions,
        coalesce(bool_or(r.per LIKE 'tags.%'), false) AS at_tags
    FROM price_rule_in_force AS r
)
SELECT o.buyers[1] AS buyer_id, NULL::rating_items AS items, NULL::text AS to_currency, NULL::text[] AS currencies,
    NULL::numeric[] AS factors, o.customer_id, r.charge_on AS period_start, r.charge_on, r.load_scope_id, NULL::int AS line_no,
    NULL::timestamptz AS starts, NULL::timestamptz AS ends, r.item_id, r.account_id, r.charges, r.quantity,
    r.billed_cost, r.effective_cost, r.list_cost, r.contracted_cost, NULL::date AS invoice_on,
    NULL::bigint[] AS times, true AS is_piece
FROM asked AS o
JOIN charge_monthly AS r ON r.account_id = o.account_id
JOIN load_scope_current AS s ON s.load_scope_id = r.load_scope_id
WHERE grain() = 'month'
  AND CASE WHEN r.time_zone_id = o.time_zone_id
      AND r.charge_on >= (SELECT p.first_day FROM span AS p) AND r.charge_on < (SELECT p.end_day FROM span AS p)
      AND o.valid_during @> r.charge_on
      AND (0, r.charge_on) NOT IN (SELECT c.account_id, c.period_start FROM cut AS c)
      AND (r.account_id, r.charge_on) NOT IN (SELECT c.account_id, c.period_start FROM cut AS c)
      AND r.item_id NOT IN (SELECT f.item_id FROM fine AS f)
      AND CASE WHEN o.tag_set_id <> 0 THEN (r.item_id, o.tag_set_id) IN (SELECT t.item_id, t.tag_set_id FROM tagged AS t)
        ELSE r.item_id NOT IN (SELECT t.item_id FROM tagged AS t) END THEN true END IS NOT NULL
UNION ALL
SELECT o.buyers[1], NULL, NULL, NULL, NULL, o.customer_id, date_trunc('month', r.charge_on)::date, r.charge_on, r.load_scope_id, NULL, NULL, NULL, r.item_id,
    r.account_id, r.charges,
    r.quantity, r.billed_cost, r.effective_cost, r.list_cost, r.contracted_cost, NULL, NULL, true
FROM asked AS o
JOIN charge_daily AS r ON r.account_id = o.account_id AND r.time_zone_id = o.time_zone_id
JOIN load_scope_current AS s ON s.load_scope_id = r.load_scope_id
WHERE (grain() = 'day' OR grain() = 'month' AND EXISTS (SELECT FROM cut))
  AND CASE WHEN r.charge_on >= (SELECT p.first_day FROM span AS p) AND r.charge_on < (SELECT p.end_day FROM span AS p)
      AND o.valid_during @> r.charge_on THEN true END IS NOT NULL
  AND CASE WHEN o.tag_set_id <> 0 THEN (r.item_id, o.tag_set_id) IN (SELECT t.item_id, t.tag_set_id FROM tagged AS t)
    ELSE r.item_id NOT IN (SELECT t.item_id FROM tagged AS t) END
  AND (grain() = 'day'
    OR (0, date_trunc('month', r.charge_on)::date) IN (SELECT c.account_id, c.period_start FROM cut AS c)
    OR (r.account_id, date_trunc('month', r.charge_on)::date) IN (SELECT c.account_id, c.period_start FROM cut AS c))
  AND r.item_id NOT IN (SELECT f.item_id FROM fine AS f)
UNION ALL
SELECT o.buyers[1], NULL, NULL, NULL, NULL, o.customer_id, date_trunc('month', r.charge_on)::date, r.charge_on, r.load_scope_id, NULL, NULL, NULL, r.item_id,
    r.account_id, r.charges,
    r.quantity, r.billed_cost, r.effective_cost, r.list_cost, r.contracted_cost, NULL, NULL, true
FROM asked AS o
JOIN (
    SELECT g.load_scope_id, g.account_id, g.item_id, (g.sums).*
    FROM (
        -- In workers too: only what is computed before they start is looked at.
        -- An item has one account; as a key of the group it would take longer.
        SELECT c.load_scope_id, min(c.account_id) AS account_id, c.item_id,
            unnest(charge_sums((SELECT array_agg(z) FROM time_zone AS z),
                (SELECT array_agg(DISTINCT u.period_start) FROM cut AS u), c.charge_period_start, c.pricing_quantity,
                c.consumed_quantity, c.billed_cost, c.effective_cost, c.list_cost, c.contracted_cost)) AS sums
        FROM charge AS c
        -- Partitions are by UTC, days by the customer's zone, and a date begins in the session's.
        WHERE c.charge_period_start >= (SELECT (p.first_day - 2)::timestamptz FROM span AS p)
          AND CASE WHEN c.charge_period_start >= (SELECT (p.end_day + 2)::timestamptz FROM span AS p) THEN NULL
              WHEN (SELECT w.account_ids FROM few AS w) IS NULL THEN true
              WHEN c.account_id = ANY ((SELECT w.account_ids FROM few AS w)::int[]) THEN true END IS NOT NULL
        GROUP BY c.load_scope_id, c.item_id
    ) AS g
) AS r ON r.account_id = o.account_id
JOIN load_scope_current AS s ON s.load_scope_id = r.load_scope_id
WHERE grain() = 'sum'
  AND CASE WHEN r.time_zone_id = o.time_zone_id
      AND r.charge_on >= (SELECT p.first_day FROM span AS p) AND r.charge_on < (SELECT p.end_day FROM span AS p)
      AND o.valid_during @> r.charge_on
      AND r.item_id NOT IN (SELECT f.item_id FROM fine AS f)
      AND CASE WHEN o.tag_set_id <> 0 THEN (r.item_id, o.tag_set_id) IN (SELECT t.item_id, t.tag_set_id FROM tagged AS t)
        ELSE r.item_id NOT IN (SELECT t.item_id FROM tagged AS t) END THEN true END IS NOT NULL
UNION ALL
SELECT o.buyers[1], NULL, NULL, NULL, NULL, o.customer_id, date_trunc('month', c.charge_on)::date, c.charge_on, r.load_scope_id, r.line_no,
    r.charge_period_start, r.charge_period_end, r.item_id, r.account_id, 1, coalesce(r.pricing_quantity, r.consumed_quantity),
    r.billed_cost, coalesce(r.effective_cost, r.billed_cost), r.list_cost, r.contracted_cost, NULL,
    CASE WHEN r.item_id IN (SELECT f.item_id FROM fine AS f WHERE f.is_timed) THEN charge_times(r.charge_period_start, r.charge_period_end, o.time_zone,
        (SELECT array_agg(w) FROM time_window AS w), ARRAY(SELECT h FROM holiday AS h)) END, true
FROM asked AS o
JOIN single AS r ON r.account_id = o.account_id
JOIN load_scope_current AS s ON s.load_scope_id = r.load_scope_id
CROSS JOIN LATERAL (SELECT (r.charge_period_start AT TIME ZONE o.time_zone)::date AS charge_on OFFSET 0) AS c
WHERE c.charge_on >= (SELECT p.first_day FROM span AS p) AND c.charge_on < (SELECT p.end_day FROM span AS p)
  AND o.valid_during @> c.charge_on
  AND CASE WHEN o.tag_set_id <> 0 THEN (r.item_id, o.tag_set_id) IN (SELECT t.item_id, t.tag_set_id FROM tagged AS t)
    ELSE r.item_id NOT IN (SELECT t.item_id FROM tagged AS t) END
UNION ALL
-- Agreements deliver nothing: what they charge is computed.
SELECT o.buyers[1], NULL, NULL, NULL, NULL, o.customer_id, c.period_start, c.charge_on, 0, c.part, c.starts, c.ends, c.item_id, c.account_id, k.charges, CASE k.charges WHEN 0 THEN c.amount ELSE c.quantity END, c.cost, c.cost, CASE k.charges WHEN 1 THEN c.amount END,
    NULL, c.invoice_on, NULL, true
FROM agreed AS a
CROSS JOIN LATERAL agreement_charges(a.facts, a.zones, ARRAY(SELECT ROW(x.*)::price_index FROM price_index_in_force AS x)) AS c
JOIN asked AS o ON o.account_id = c.account_id AND o.tag_set_id = 0
JOIN charge_item AS i ON i.item_id = c.item_id
-- A commitment charges nothing by itself: its quantity is the amount.
CROSS JOIN LATERAL (SELECT CASE i.pricing_category WHEN 'Commitment' THEN 0 ELSE 1 END AS charges) AS k
UNION ALL
-- Items, an account's in one value or some, for there is a limit to one.
SELECT k.buyer_id, k.items, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL, NULL, false
FROM (
    SELECT m.buyers[1] AS buyer_id, rating_items(m.buyers, m.customer_id, m.account_id, m.item_id, m.product_id, m.resource_id,
        m.unit, m.billing_currency, m.tags,
        CASE WHEN g.price_rule_id IS NULL THEN price_rule_match((SELECT u.rules FROM price_rule_packed AS u), m.path, p.path, m.dimensions)
            WHEN g.kind = 'commitment' THEN price_rule_place((SELECT u.rules FROM price_rule_packed AS u), g.price_rule_id)
            ELSE price_rule_first((SELECT u.rules FROM price_rule_packed AS u),
                price_rule_match((SELECT u.rules FROM price_rule_packed AS u), m.path, p.path, m.dimensions), g.price_rule_id) END) AS items
    FROM (
        SELECT h.buyers, h.customer_id, h.path, i.account_id, i.item_id, i.product_id, i.resource_id,
            coalesce(i.pricing_unit, i.consumed_unit) AS unit, i.billing_currency, NULL::jsonb AS tags, NULL::charge_dimension AS dimensions
        FROM holder AS h
        JOIN charge_item AS i ON i.account_id = h.account_id
        WHERE NOT (SELECT l.at_dimensions OR l.at_tags FROM looked AS l)
        UNION ALL
        SELECT h.buyers, h.customer_id, h.path, d.account_id, d.item_id, d.product_id, d.resource_id,
            coalesce(d.pricing_unit, d.consumed_unit), d.billing_currency, CASE WHEN (SELECT l.at_tags FROM looked AS l) THEN d.tags END,
            CASE WHEN (SELECT l.at_dimensions FROM looked AS l) THEN d END
        FROM holder AS h
        JOIN charge_dimension AS d ON d.account_id = h.account_id
        WHERE (SELECT l.at_dimensions OR l.at_tags FROM looked AS l)
    ) AS m
    JOIN product AS p ON p.product_id = m.product_id
    -- what was agreed goes before all other prices
    LEFT JOIN agreement_item AS g ON g.item_id = m.item_id
    GROUP BY m.buyers[1], m.customer_id, m.account_id, m.item_id / 16384
) AS k
UNION ALL
-- What costs are converted with, of who is invoiced in a currency of his own.
SELECT x.customer_id, NULL, x.to_currency, x.currencies, x.factors, NULL, x.period_start, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false
FROM (
    SELECT r.customer_id, r.period_start, r.to_currency, array_agg(r.currency) AS currencies, array_agg(r.factor) AS factors
    FROM customer_currency_rate AS r
    WHERE EXISTS (SELECT FROM invoice_currency)
    GROUP BY r.customer_id, r.period_start, r.to_currency
) AS x;

COMMENT ON VIEW rating_input IS 'what the rating engine is given: pieces of charges by keys, and in rows of their own the items they are of with the price rules that are about these, and rates of exchange';
COMMENT ON COLUMN rating_input.buyer_id IS 'the seller''s customer, who is invoiced: the customer itself, or the first reseller above it';
COMMENT ON COLUMN rating_input.items IS 'items of a customer''s account, packed; then only buyer_id is there besides';
COMMENT ON COLUMN rating_input.to_currency IS 'currency in which the buyer is invoiced, and costs of period_start are converted to; then currencies and factors are there besides, and no piece';
COMMENT ON COLUMN rating_input.currencies IS 'currencies that are converted';
COMMENT ON COLUMN rating_input.factors IS 'what costs in each of them are multiplied by';
COMMENT ON COLUMN rating_input.customer_id IS 'customer';
COMMENT ON COLUMN rating_input.period_start IS 'first day of the billing period, in the customer''s time zone';
COMMENT ON COLUMN rating_input.charge_on IS 'first day of the roll-up: of the month, or the day where a month is cut';
COMMENT ON COLUMN rating_input.load_scope_id IS 'delivery; 0 is an agreement';
COMMENT ON COLUMN rating_input.line_no IS 'line of the file, of a single charge; NULL for a roll-up, as starts and ends';
COMMENT ON COLUMN rating_input.starts IS 'start of the charge period';
COMMENT ON COLUMN rating_input.ends IS 'end of the charge period';
COMMENT ON COLUMN rating_input.item_id IS 'what it is';
COMMENT ON COLUMN rating_input.account_id IS 'account';
COMMENT ON COLUMN rating_input.charges IS 'number of charges';
COMMENT ON COLUMN rating_input.quantity IS 'sum of quantity';
COMMENT ON COLUMN rating_input.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN rating_input.effective_cost IS 'sum of effective cost';
COMMENT ON COLUMN rating_input.list_cost IS 'sum of list cost';
COMMENT ON COLUMN rating_input.contracted_cost IS 'sum of contracted cost';
COMMENT ON COLUMN rating_input.invoice_on IS 'day on which it may be invoiced; NULL is when the period ends';
COMMENT ON COLUMN rating_input.times IS 'pieces of time that windows cut it into, as charge_times() gives them; NULL where no rule asks';
COMMENT ON COLUMN rating_input.is_piece IS 'is it a piece of charges?';
