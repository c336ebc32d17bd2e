-- Whose charges are, resolved from facts at every look: nothing of it is stored.

-- The accounts that the conditions of rules lead to, and the sets of tags that a rule on
-- a tag is about; 0 is a rule on an account.
CREATE OR REPLACE VIEW ownership_account AS
-- Joined by the narrowest condition a rule has.
SELECT a.account_id, 0 AS tag_set_id, o.ownership_id, o.customer_id
FROM ownership AS o
JOIN account AS a ON a.sub_account_id = o.sub_account_id
WHERE o.tag_key IS NULL
UNION ALL
SELECT a.account_id, 0, o.ownership_id, o.customer_id
FROM ownership AS o
JOIN account AS a ON a.source_customer_id = o.source_customer_id
WHERE o.tag_key IS NULL AND o.sub_account_id IS NULL
UNION ALL
SELECT a.account_id, 0, o.ownership_id, o.customer_id
FROM ownership AS o
JOIN account AS a ON a.billing_account_id = o.billing_account_id
WHERE o.tag_key IS NULL AND o.sub_account_id IS NULL AND o.source_customer_id IS NULL
UNION ALL
SELECT DISTINCT i.account_id, i.tag_set_id, o.ownership_id, o.customer_id
FROM ownership AS o
JOIN tag_set AS t ON tag_numbers(t.tags) @> ARRAY[tag_number(o.tag_key, o.tag_value)] AND t.tags ->> o.tag_key = o.tag_value
JOIN charge_item AS i ON i.tag_set_id = t.tag_set_id
WHERE o.tag_key IS NOT NULL;

COMMENT ON VIEW ownership_account IS 'accounts, and sets of tags, that the narrowest condition of each ownership rule leads to';
COMMENT ON COLUMN ownership_account.account_id IS 'account';
COMMENT ON COLUMN ownership_account.tag_set_id IS 'set of tags, of a rule on a tag; 0 is a rule on an account';
COMMENT ON COLUMN ownership_account.ownership_id IS 'rule';
COMMENT ON COLUMN ownership_account.customer_id IS 'customer of the rule';

-- Accounts that customers who are asked for may own, on some day: whose others need not
-- be found out.  Of the two parts one is empty, which the planner learns by ranges.
CREATE OR REPLACE VIEW account_near AS
SELECT a.account_id
FROM account AS a
WHERE a.account_id > CASE WHEN all_customers_are_asked() THEN 0 ELSE 2147483647 END
UNION ALL
SELECT x.account_id
FROM customer_near AS n
JOIN customer AS c ON c.customer_id = n.customer_id
JOIN account AS x ON x.source_customer_id = c.number
WHERE x.provider_name = 'Own services'
  AND n.customer_id > CASE WHEN all_customers_are_asked() THEN 2147483647 ELSE 0 END
UNION ALL
SELECT g.account_id
FROM customer_near AS n
JOIN agreement AS g ON g.customer_id = n.customer_id
WHERE g.account_id IS NOT NULL
  AND n.customer_id > CASE WHEN all_customers_are_asked() THEN 2147483647 ELSE 0 END
UNION ALL
SELECT r.account_id
FROM customer_near AS n
JOIN ownership_account AS r ON r.customer_id = n.customer_id
WHERE n.customer_id > CASE WHEN all_customers_are_asked() THEN 2147483647 ELSE 0 END;

COMMENT ON VIEW account_near IS 'accounts that customers who are asked for may own; none that one does is left out';
COMMENT ON COLUMN account_near.account_id IS 'account';

-- All rules that hold for an account and a set of tags, each with its rank.
-- tag_set_id 0 stands for all sets of tags that no rule of the account is about.
CREATE OR REPLACE VIEW ownership_candidate AS
WITH
near AS MATERIALIZED (
    SELECT n.account_id
    FROM account_near AS n
),
rule AS (
    SELECT r.account_id, r.tag_set_id, r.ownership_id
    FROM ownership_account AS r
    WHERE r.account_id IN (SELECT n.account_id FROM near AS n)
),
-- What a rule on an account is about: each set of tags that has rules of its
-- own, on days on which none of them holds, and all others.
place AS (
    SELECT r.account_id, r.tag_set_id
    FROM rule AS r
    WHERE r.tag_set_id <> 0
    UNION
    SELECT n.account_id, 0
    FROM near AS n
),
holds AS (
    SELECT r.account_id, r.tag_set_id, r.ownership_id
    FROM rule AS r
    WHERE r.tag_set_id <> 0
    UNION ALL
    SELECT r.account_id, p.tag_set_id, r.ownership_id
    FROM rule AS r
    JOIN place AS p USING (account_id)
    WHERE r.tag_set_id = 0
)
SELECT
    h.account_id,
    h.tag_set_id,
    o.customer_id,
    o.valid_during,
    ARRAY[
        o.position,
        -num_nonnulls(o.provider_name, o.billing_account_id, o.sub_account_id, o.source_customer_id, o.tag_key),
        CASE WHEN o.tag_key IS NULL THEN 1 ELSE 0 END,
        o.ownership_id
    ] AS rank
FROM holds AS h
JOIN ownership AS o USING (ownership_id)
JOIN account AS a USING (account_id)
WHERE (o.provider_name IS NULL OR o.provider_name = a.provider_name)
  AND (o.billing_account_id IS NULL OR o.billing_account_id = a.billing_account_id)
  AND (o.sub_account_id IS NULL OR o.sub_account_id = a.sub_account_id)
  AND (o.source_customer_id IS NULL OR o.source_customer_id = a.source_customer_id)
UNION ALL
-- Own services name the customer by his number.
SELECT a.account_id, p.tag_set_id, c.customer_id, daterange(NULL, NULL), ARRAY[2147483647]
FROM account AS a
JOIN place AS p USING (account_id)
JOIN customer AS c ON c.number = a.source_customer_id
WHERE a.provider_name = 'Own services'
UNION ALL
-- An agreement is its customer's, whatever rules say.
SELECT g.account_id, p.tag_set_id, g.customer_id, daterange(NULL, NULL), ARRAY[-2147483648]
FROM agreement AS g
JOIN place AS p USING (account_id);

COMMENT ON VIEW ownership_candidate IS 'ownership rules that hold for each account and set of tags, with their rank; accounts are those that customers asked for may own';
COMMENT ON COLUMN ownership_candidate.account_id IS 'account';
COMMENT ON COLUMN ownership_candidate.tag_set_id IS 'set of tags a rule is about; 0 is all others';
COMMENT ON COLUMN ownership_candidate.customer_id IS 'customer of the rule';
COMMENT ON COLUMN ownership_candidate.valid_during IS 'days on which the rule holds';
COMMENT ON COLUMN ownership_candidate.rank IS 'the lowest wins: position, most conditions, tag before account, oldest';

-- One owner for each day: where several rules hold, their days are cut at every
-- beginning and end, and each piece goes to the rule of the lowest rank.
CREATE OR REPLACE VIEW charge_owner AS
WITH
candidate AS (
    SELECT c.*, count(*) OVER (PARTITION BY c.account_id, c.tag_set_id) AS candidates
    FROM ownership_candidate AS c
),
contested AS (
    SELECT * FROM candidate WHERE candidates > 1
),
cut AS (
    SELECT account_id, tag_set_id, coalesce(lower(valid_during), '-infinity') AS day FROM contested
    UNION
    SELECT account_id, tag_set_id, coalesce(upper(valid_during), 'infinity') FROM contested
),
piece AS (
    SELECT account_id, tag_set_id, day, lead(day) OVER (PARTITION BY account_id, tag_set_id ORDER BY day) AS until
    FROM cut
)
SELECT account_id, tag_set_id, customer_id, valid_during
FROM candidate
-- Mostly so, which the planner cannot know: it would look all customers up row by row.
WHERE CASE WHEN candidates = 1 THEN true END IS NOT NULL
UNION ALL
(
    SELECT DISTINCT ON (p.account_id, p.tag_set_id, p.day)
        p.account_id, p.tag_set_id, c.customer_id, daterange(p.day, p.until) AS valid_during
    FROM piece AS p
    JOIN contested AS c
        ON c.account_id = p.account_id
        AND c.tag_set_id = p.tag_set_id
        AND c.valid_during @> daterange(p.day, p.until)
    WHERE p.until IS NOT NULL
    ORDER BY p.account_id, p.tag_set_id, p.day, c.rank
);

COMMENT ON VIEW charge_owner IS 'the customer that charges of an account and a set of tags belong to, by day; accounts are those that customers asked for may own';
COMMENT ON COLUMN charge_owner.account_id IS 'account';
COMMENT ON COLUMN charge_owner.tag_set_id IS 'set of tags; 0 is all that are not named';
COMMENT ON COLUMN charge_owner.customer_id IS 'customer';
COMMENT ON COLUMN charge_owner.valid_during IS 'days on which charges start';
