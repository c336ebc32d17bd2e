-- The values that each combination of dimensions has in all dimensions, for each customer
-- that has charges of its account, by days.  Customer 0 is nobody.  Charges are not looked
-- at: a changed rule is a new answer about combinations, and so about all history.
CREATE OR REPLACE VIEW allocation_matched AS
WITH
asked AS MATERIALIZED (
    SELECT o.account_id, q.customer_id, c.number AS customer_number, c.name AS customer_name, q.path
    FROM customer_asked AS q
    JOIN customer AS c ON c.customer_id = q.customer_id
    JOIN charge_owner AS o ON o.customer_id = q.customer_id
    GROUP BY o.account_id, q.customer_id, c.number, c.name, q.path
    UNION ALL
    SELECT a.account_id, 0, NULL, NULL, '{0}'
    FROM account AS a
    WHERE all_customers_are_asked()
      AND NOT EXISTS (
        SELECT FROM charge_owner AS o
        WHERE o.account_id = a.account_id AND o.tag_set_id = 0 AND o.valid_during = daterange(NULL, NULL))
),
account_tags AS MATERIALIZED (
    SELECT t.account_id, jsonb_object_agg(t.key, t.value) AS tags
    FROM account_tag_in_force AS t
    GROUP BY t.account_id
),
-- What a resource is tagged with, where all of its charges that have the tag agree.
wanted AS MATERIALIZED (
    SELECT DISTINCT substr(k.key, 15) AS key
    FROM allocation_rule_in_force AS r
    CROSS JOIN LATERAL unnest(r.keys) AS k (key)
    WHERE starts_with(k.key, 'resource.tags.')
),
resource AS MATERIALIZED (
    SELECT t.account_id, t.resource_id, jsonb_object_agg(t.key, t.value) AS tags
    FROM (
        SELECT i.account_id, i.resource_id, t.key, min(btrim(t.value)) AS value
        FROM charge_item AS i
        JOIN tag AS t ON t.tag_set_id = i.tag_set_id
        WHERE EXISTS (SELECT FROM wanted) AND i.resource_id IS NOT NULL AND t.key IN (SELECT w.key FROM wanted AS w)
        GROUP BY i.account_id, i.resource_id, t.key
        HAVING min(btrim(t.value)) = max(btrim(t.value))
    ) AS t
    GROUP BY t.account_id, t.resource_id
    -- Always so, which the planner takes for rare: it would hash all items, not these.
    HAVING count(*) = count(t.value)
),
splits AS MATERIALIZED (
    SELECT selector_set(s.allocation_split_id, s.selector ORDER BY s.allocation_split_id) AS selectors
    FROM allocation_split_in_force AS s
    WHERE s.selector IS NOT NULL
    HAVING count(*) > 0
),
-- Whose charges there may be, as one value that workers can be given.
account_asked AS NOT MATERIALIZED (
    SELECT u.account_id, u.customer_id, u.customer_number, u.customer_name, u.path, u.account_tags
    FROM unnest((
        SELECT array_agg(ROW(a.account_id, a.customer_id, a.customer_number, a.customer_name, a.path, t.tags))
        FROM asked AS a
        LEFT JOIN account_tags AS t ON t.account_id = a.account_id
    )) AS u (account_id int, customer_id int, customer_number text, customer_name text, path int[], account_tags jsonb)
    UNION ALL
    -- Never run, but counted by the planner, which guesses that the above gives ten.
    SELECT a.account_id, 0, NULL, NULL, NULL, NULL
    FROM account AS a
    WHERE customer_first() < 0
),
-- By workers, if no rule reads tags of resources: these are known only when all items
-- have been looked at, and workers cannot look at what is.
item AS NOT MATERIALIZED (
    SELECT d.item_id, d.account_id, d.product_id, d.charge_category, d.tag_set_id, coalesce(d.pricing_unit, d.consumed_unit) AS unit,
        d.billing_currency, coalesce(p.path[3], p.product_id) AS service_id, a.customer_id,
        CASE WHEN NOT EXISTS (SELECT FROM wanted)
            THEN allocation_match((SELECT u.rules FROM allocation_rule_packed AS u), a.path, i, NULL) END AS found,
        CASE WHEN (SELECT s.selectors FROM splits AS s) IS NOT NULL
            THEN selector_match((SELECT s.selectors FROM splits AS s), i) END AS splits,
        -- to find it then
        CASE WHEN EXISTS (SELECT FROM wanted) THEN i END AS item,
        CASE WHEN EXISTS (SELECT FROM wanted) THEN a.path END AS path,
        CASE WHEN EXISTS (SELECT FROM wanted) THEN d.resource_id END AS resource_id
    FROM account_asked AS a
    JOIN charge_dimension AS d ON d.account_id = a.account_id
    JOIN product AS p ON p.product_id = d.product_id
    CROSS JOIN LATERAL (SELECT d.*, a.customer_number, a.customer_name, a.account_tags) AS i
    OFFSET 0
)
SELECT i.customer_id, i.item_id, i.product_id, i.charge_category, i.tag_set_id,
    CASE WHEN EXISTS (SELECT FROM wanted)
        THEN allocation_match((SELECT u.rules FROM allocation_rule_packed AS u), i.path, i.item, r.tags) ELSE i.found END AS found,
    i.splits, i.unit, i.billing_currency, i.service_id
FROM item AS i
LEFT JOIN resource AS r ON r.account_id = i.account_id AND r.resource_id = i.resource_id;

COMMENT ON VIEW allocation_matched IS 'the values that combinations of dimensions have, by customer';
COMMENT ON COLUMN allocation_matched.customer_id IS 'customer whose charges they are; 0 is nobody';
COMMENT ON COLUMN allocation_matched.item_id IS 'combination of all that describes a charge';
COMMENT ON COLUMN allocation_matched.product_id IS 'node of the product tree';
COMMENT ON COLUMN allocation_matched.charge_category IS 'charge category';
COMMENT ON COLUMN allocation_matched.tag_set_id IS 'tags';
COMMENT ON COLUMN allocation_matched.found IS 'values of all dimensions, by days';
COMMENT ON COLUMN allocation_matched.splits IS 'splits whose selector is about it';
COMMENT ON COLUMN allocation_matched.unit IS 'unit of quantity';
COMMENT ON COLUMN allocation_matched.billing_currency IS 'currency of the costs';
COMMENT ON COLUMN allocation_matched.service_id IS 'its service, or what it is of where it has none';

-- The same in rows.
CREATE OR REPLACE VIEW allocation_item AS
SELECT m.customer_id, m.item_id, m.product_id, (m.found).dimension_id, (m.found).allocation_rule_id, (m.found).value,
    (m.found).valid_from, (m.found).valid_until
FROM (
    SELECT a.customer_id, a.item_id, a.product_id, unnest(allocation_values_found(a.found)) AS found
    FROM allocation_matched AS a
    OFFSET 0
) AS m;

COMMENT ON VIEW allocation_item IS 'the value that combinations of dimensions have, by customer, dimension and days';
COMMENT ON COLUMN allocation_item.customer_id IS 'customer whose charges they are; 0 is nobody';
COMMENT ON COLUMN allocation_item.item_id IS 'combination of all that describes a charge';
COMMENT ON COLUMN allocation_item.product_id IS 'node of the product tree';
COMMENT ON COLUMN allocation_item.dimension_id IS 'dimension';
COMMENT ON COLUMN allocation_item.allocation_rule_id IS 'rule that gives the value; NULL where none does';
COMMENT ON COLUMN allocation_item.value IS 'value of the dimension; NULL is unallocated';
COMMENT ON COLUMN allocation_item.valid_from IS 'first day';
COMMENT ON COLUMN allocation_item.valid_until IS 'day after the last';
