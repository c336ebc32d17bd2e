-- Keys and values that look like another one that is used more: without any policy.
-- Sets of tags are counted, then what they spell; each spelling is looked at once.
CREATE OR REPLACE VIEW tag_suspect AS
WITH
by_set AS (
    SELECT i.tag_set_id, i.currency, count(*) AS items, sum(i.charges) AS charges, exact_sum(i.billed_cost) AS billed_cost
    FROM (
        SELECT c.tag_set_id, h.item_id, h.billing_currency AS currency, sum(h.charges) AS charges, exact_sum(h.billed_cost) AS billed_cost
        FROM charge_held AS h
        JOIN charge_item AS c ON c.item_id = h.item_id
        WHERE c.tag_set_id IS NOT NULL
        GROUP BY c.tag_set_id, h.item_id, h.billing_currency
    ) AS i
    GROUP BY i.tag_set_id, i.currency
),
by_value AS MATERIALIZED (
    SELECT t.key, t.value AS spelling, s.currency, sum(s.items)::bigint AS items, sum(s.charges)::bigint AS charges,
        exact_sum(s.billed_cost) AS billed_cost
    FROM by_set AS s
    JOIN tag AS t ON t.tag_set_id = s.tag_set_id
    GROUP BY t.key, t.value, s.currency
),
-- Values by key, and keys themselves.
counted AS MATERIALIZED (
    SELECT 'value' AS suspect, v.key, v.spelling, v.currency, v.items, v.charges, v.billed_cost
    FROM by_value AS v
    UNION ALL
    SELECT 'key', '', v.key, v.currency, sum(v.items)::bigint, sum(v.charges)::bigint, exact_sum(v.billed_cost)
    FROM by_value AS v
    GROUP BY v.key, v.currency
),
spelt AS MATERIALIZED (
    SELECT s.*,
        first_value(s.spelling) OVER most_used AS best,
        sum(s.items) OVER (PARTITION BY s.suspect, s.key, s.fold) AS fold_items
    FROM (
        SELECT c.suspect, c.key, c.spelling, tag_fold(c.spelling) AS fold, sum(c.items) AS items
        FROM counted AS c
        GROUP BY c.suspect, c.key, c.spelling
    ) AS s
    WHERE s.fold IS NOT NULL
    WINDOW most_used AS (PARTITION BY s.suspect, s.key, s.fold ORDER BY s.items DESC, s.spelling <> tag_trim(s.spelling), s.spelling COLLATE "C")
),
word AS (
    SELECT s.suspect, s.key, s.fold, s.best, s.fold_items AS items,
        row_number() OVER (PARTITION BY s.suspect, s.key ORDER BY s.fold_items DESC, s.fold COLLATE "C") AS place,
        count(*) OVER (PARTITION BY s.suspect, s.key) AS words
    FROM spelt AS s
    WHERE s.spelling = s.best
),
-- By edits, values are compared where a key has few, and keys with those that are
-- used most, so that pairs are at most 300 times as many as spellings.
lettered AS MATERIALIZED (
    SELECT w.*, tag_digits(w.fold) AS digits, tag_letters(w.fold) AS letters
    FROM word AS w
    WHERE w.words > 1 AND (w.words <= 300 OR w.suspect = 'key')
),
similar_word AS (
    SELECT DISTINCT ON (p.suspect, p.key, p.fold) p.suspect, p.key, p.fold, p.best, p.edits
    FROM (
        SELECT a.suspect, a.key, a.fold, b.best, b.items, b.place, tag_edits(a.fold, b.fold, a.letters, b.letters) AS edits
        FROM lettered AS a
        JOIN lettered AS b ON b.suspect = a.suspect AND b.key = a.key AND b.digits = a.digits
        WHERE b.place <= 300 AND b.items >= 5 * a.items
    ) AS p
    WHERE p.edits IS NOT NULL
    ORDER BY p.suspect, p.key, p.fold, p.edits, p.place
),
found AS (
    SELECT s.suspect, s.key, s.spelling, coalesce(w.best, s.best) AS suggestion, coalesce(w.edits, 0) AS edits
    FROM spelt AS s
    LEFT JOIN similar_word AS w ON w.suspect = s.suspect AND w.key = s.key AND w.fold = s.fold
    WHERE w.best IS NOT NULL OR s.spelling <> s.best
)
SELECT
    f.suspect,
    CASE f.suspect WHEN 'key' THEN f.spelling ELSE f.key END AS key,
    CASE f.suspect WHEN 'value' THEN f.spelling END AS value,
    f.suggestion,
    f.edits,
    c.currency,
    c.items,
    c.charges,
    trim_scale(c.billed_cost) AS billed_cost,
    coalesce(o.items, 0) AS suggestion_items,
    coalesce(o.charges, 0) AS suggestion_charges,
    coalesce(trim_scale(o.billed_cost), 0) AS suggestion_billed_cost
FROM found AS f
JOIN counted AS c ON c.suspect = f.suspect AND c.key = f.key AND c.spelling = f.spelling
LEFT JOIN counted AS o ON o.suspect = f.suspect AND o.key = f.key AND o.spelling = f.suggestion AND o.currency = c.currency;

COMMENT ON VIEW tag_suspect IS 'tag keys, and values of a key, that look like another one that is used more: by case and separators of all, by edits of values where a key has at most 300';
COMMENT ON COLUMN tag_suspect.suspect IS 'key or value';
COMMENT ON COLUMN tag_suspect.key IS 'tag key';
COMMENT ON COLUMN tag_suspect.value IS 'tag value; NULL when the key itself is the suspect';
COMMENT ON COLUMN tag_suspect.suggestion IS 'key or value it looks like';
COMMENT ON COLUMN tag_suspect.edits IS 'edits between them, not counting case and separators: 0 is surest';
COMMENT ON COLUMN tag_suspect.currency IS 'currency of the costs';
COMMENT ON COLUMN tag_suspect.items IS 'combinations of dimensions (charge_item) that have it, among charges of the currency';
COMMENT ON COLUMN tag_suspect.charges IS 'charges that have it';
COMMENT ON COLUMN tag_suspect.billed_cost IS 'what suppliers invoice for them';
COMMENT ON COLUMN tag_suspect.suggestion_items IS 'combinations of dimensions that have what it looks like';
COMMENT ON COLUMN tag_suspect.suggestion_charges IS 'charges that have what it looks like';
COMMENT ON COLUMN tag_suspect.suggestion_billed_cost IS 'what suppliers invoice for those';
