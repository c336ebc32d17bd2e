-- Where customers' days begin.  There always is one zone (foreign keys), which the planner
-- does not see in what is coalesced: by a left join it does not take it for rare.
CREATE OR REPLACE VIEW customer_zone AS
SELECT c.customer_id, z.time_zone_id, z.name AS time_zone
FROM customer AS c
JOIN seller AS s USING (seller_id)
LEFT JOIN time_zone AS z ON z.name = coalesce(c.time_zone, s.time_zone);

COMMENT ON VIEW customer_zone IS 'time zone in which each customer is billed';
COMMENT ON COLUMN customer_zone.customer_id IS 'customer';
COMMENT ON COLUMN customer_zone.time_zone_id IS 'key of the zone';
COMMENT ON COLUMN customer_zone.time_zone IS 'name of the zone';

-- Each customer with those above it, from which it inherits; 0 is everyone.
CREATE OR REPLACE VIEW customer_ancestor AS
WITH RECURSIVE above AS (
    SELECT c.customer_id, c.parent_id AS ancestor_id, 1 AS distance
    FROM customer AS c
    WHERE c.parent_id IS NOT NULL
    UNION ALL
    SELECT a.customer_id, c.parent_id, a.distance + 1
    FROM above AS a
    JOIN customer AS c ON c.customer_id = a.ancestor_id
    WHERE c.parent_id IS NOT NULL AND a.distance < 100  -- the trigger customer_no_cycle refuses circles
)
SELECT c.customer_id, c.customer_id AS ancestor_id, 0 AS distance
FROM customer AS c
UNION ALL
SELECT a.customer_id, a.ancestor_id, a.distance
FROM above AS a
UNION ALL
SELECT c.customer_id, 0, 1000
FROM customer AS c;

COMMENT ON VIEW customer_ancestor IS 'each customer with all above it in the tree';
COMMENT ON COLUMN customer_ancestor.customer_id IS 'customer';
COMMENT ON COLUMN customer_ancestor.ancestor_id IS 'customer above, the customer itself, or 0 for everyone';
COMMENT ON COLUMN customer_ancestor.distance IS 'steps between them; 1000 for everyone';

-- Who buys what a customer that has others above it uses: the customer itself, or down
-- from the first reseller above it, each from the one before.
CREATE OR REPLACE VIEW customer_below AS
SELECT
    a.customer_id,
    array_agg(a.ancestor_id ORDER BY a.distance DESC) FILTER (WHERE a.distance = 0 OR c.resells) AS buyers,
    array_agg(a.ancestor_id ORDER BY a.distance) AS path
FROM customer_ancestor AS a
LEFT JOIN customer AS c ON c.customer_id = a.ancestor_id
WHERE a.customer_id IN (SELECT k.customer_id FROM customer AS k WHERE k.parent_id IS NOT NULL)
GROUP BY a.customer_id;

COMMENT ON VIEW customer_below IS 'who buys what each customer that has others above it uses, and whose price rules it inherits';
COMMENT ON COLUMN customer_below.customer_id IS 'customer';
COMMENT ON COLUMN customer_below.buyers IS 'from the seller''s customer, who is invoiced, down to the customer itself';
COMMENT ON COLUMN customer_below.path IS 'customers whose price rules hold, from the nearest up; 0 is everyone';

-- The same of all customers.  Most have nobody above them, which needs no looking up.
CREATE OR REPLACE VIEW customer_buyer AS
SELECT c.customer_id, ARRAY[c.customer_id] AS buyers, ARRAY[c.customer_id, 0] AS path
FROM customer AS c
WHERE c.parent_id IS NULL
UNION ALL
SELECT b.customer_id, b.buyers, b.path
FROM customer_below AS b;

COMMENT ON VIEW customer_buyer IS 'who buys what each customer uses, down the resellers, and whose price rules it inherits';
COMMENT ON COLUMN customer_buyer.customer_id IS 'customer';
COMMENT ON COLUMN customer_buyer.buyers IS 'from the seller''s customer, who is invoiced, down to the customer itself';
COMMENT ON COLUMN customer_buyer.path IS 'customers whose price rules hold, from the nearest up; 0 is everyone';

-- The customers that are asked for.  The settings customer_first and customer_last
-- narrow them to some of the seller's; a condition would not reach through what is
-- computed once.
-- By statistics of the table the planner can tell how many these are, which it could not
-- of what is computed; where there are resellers it is all that are looked at.
CREATE OR REPLACE VIEW customer_near AS
SELECT c.customer_id
FROM customer AS c
WHERE c.customer_id BETWEEN customer_first() AND customer_last()
   OR (SELECT 1 FROM customer AS s WHERE s.resells LIMIT 1) = 1;

COMMENT ON VIEW customer_near IS 'customers of which some are asked for; none that is asked for is left out';
COMMENT ON COLUMN customer_near.customer_id IS 'customer';

CREATE OR REPLACE VIEW customer_asked AS
SELECT n.customer_id, coalesce(b.buyers, ARRAY[n.customer_id]) AS buyers, coalesce(b.path, ARRAY[n.customer_id, 0]) AS path
FROM customer_near AS n
LEFT JOIN customer_below AS b ON b.customer_id = n.customer_id
WHERE CASE WHEN coalesce(b.buyers[1], n.customer_id) BETWEEN customer_first() AND customer_last() THEN true END IS NOT NULL;

COMMENT ON VIEW customer_asked IS 'the customers whose charges are asked for';
COMMENT ON COLUMN customer_asked.customer_id IS 'customer';
COMMENT ON COLUMN customer_asked.buyers IS 'who buys, from the seller''s customer down to the customer';
COMMENT ON COLUMN customer_asked.path IS 'customers whose price rules hold, from the nearest up';
