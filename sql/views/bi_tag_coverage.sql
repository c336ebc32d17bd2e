-- How much of what is bought has each tag.  Charges are summed by sets of tags first,
-- and what has not a tag is what is left of all.
CREATE OR REPLACE VIEW bi_tag_coverage AS
WITH
asked_key AS MATERIALIZED (
    SELECT p.key
    FROM tag_policy_in_force AS p
    UNION
    SELECT substr(k.key, 6)
    FROM allocation_rule_in_force AS r
    CROSS JOIN LATERAL unnest(r.keys) AS k (key)
    WHERE starts_with(k.key, 'tags.')
),
held AS MATERIALIZED (
    SELECT h.period_start, h.customer_id, h.account_id, h.service_id, h.tag_set_id, h.currency, sum(h.charges) AS charges,
        exact_sum(h.billed_cost) AS billed_cost, exact_sum(h.effective_cost) AS effective_cost
    FROM (
        SELECT h.period_start, h.customer_id, h.account_id, coalesce(p.path[3], p.product_id) AS service_id, i.tag_set_id,
            h.billing_currency AS currency, h.charges, h.billed_cost, h.effective_cost
        FROM charge_held AS h
        JOIN charge_item AS i ON i.item_id = h.item_id
        JOIN product AS p ON p.product_id = h.product_id
        WHERE EXISTS (SELECT FROM asked_key)
    ) AS h
    GROUP BY h.period_start, h.customer_id, h.account_id, h.service_id, h.tag_set_id, h.currency
),
total AS (
    SELECT h.period_start, h.customer_id, h.account_id, h.service_id, h.currency, sum(h.charges)::bigint AS charges,
        exact_sum(h.billed_cost) AS billed_cost, exact_sum(h.effective_cost) AS effective_cost
    FROM held AS h
    GROUP BY h.period_start, h.customer_id, h.account_id, h.service_id, h.currency
),
tagged AS (
    SELECT h.period_start, h.customer_id, h.account_id, h.service_id, h.currency, t.key, sum(h.charges)::bigint AS charges,
        exact_sum(h.billed_cost) AS billed_cost, exact_sum(h.effective_cost) AS effective_cost
    FROM held AS h
    JOIN tag AS t ON t.tag_set_id = h.tag_set_id
    WHERE t.key IN (SELECT k.key FROM asked_key AS k) AND tag_trim(t.value) IS NOT NULL
    GROUP BY h.period_start, h.customer_id, h.account_id, h.service_id, h.currency, t.key
)
SELECT
    a.period_start AS month,
    c.number AS customer_number,
    c.name AS customer,
    v.name AS provider,
    s.name AS service,
    coalesce(t.sub_account_name, t.sub_account_id, t.billing_account_name, t.billing_account_id) AS account,
    k.key,
    a.currency,
    a.charges,
    coalesce(g.charges, 0) AS tagged_charges,
    a.charges - coalesce(g.charges, 0) AS untagged_charges,
    trim_scale(a.billed_cost) AS billed_cost,
    coalesce(trim_scale(g.billed_cost), 0) AS tagged_billed_cost,
    trim_scale(a.billed_cost - coalesce(g.billed_cost, 0)) AS untagged_billed_cost,
    round(100 * coalesce(g.billed_cost, 0) / nullif(a.billed_cost, 0), 2) AS billed_percentage,
    trim_scale(a.effective_cost) AS effective_cost,
    coalesce(trim_scale(g.effective_cost), 0) AS tagged_effective_cost,
    trim_scale(a.effective_cost - coalesce(g.effective_cost, 0)) AS untagged_effective_cost,
    round(100 * coalesce(g.effective_cost, 0) / nullif(a.effective_cost, 0), 2) AS effective_percentage
FROM total AS a
CROSS JOIN asked_key AS k
LEFT JOIN tagged AS g ON g.period_start = a.period_start AND g.customer_id = a.customer_id AND g.account_id = a.account_id
    AND g.service_id = a.service_id AND g.currency = a.currency AND g.key = k.key
JOIN account AS t ON t.account_id = a.account_id
JOIN product AS s ON s.product_id = a.service_id
LEFT JOIN product AS v ON v.product_id = s.path[2]
LEFT JOIN customer AS c ON c.customer_id = a.customer_id;

COMMENT ON VIEW bi_tag_coverage IS 'costs with and without each tag that a policy or an allocation rule asks for, by month, customer, account and service; for each tag they add up to all costs';
COMMENT ON COLUMN bi_tag_coverage.month IS 'first day of the month of use';
COMMENT ON COLUMN bi_tag_coverage.customer_number IS 'customer number; NULL when nobody owns the charges';
COMMENT ON COLUMN bi_tag_coverage.customer IS 'customer; NULL when nobody owns the charges';
COMMENT ON COLUMN bi_tag_coverage.provider IS 'provider';
COMMENT ON COLUMN bi_tag_coverage.service IS 'service';
COMMENT ON COLUMN bi_tag_coverage.account IS 'sub account, or billing account, by name where it has one';
COMMENT ON COLUMN bi_tag_coverage.key IS 'tag key, of tag_policy or of a rule that reads tags.KEY';
COMMENT ON COLUMN bi_tag_coverage.currency IS 'currency of the costs';
COMMENT ON COLUMN bi_tag_coverage.charges IS 'number of charges';
COMMENT ON COLUMN bi_tag_coverage.tagged_charges IS 'those that have the tag, with a value that is not empty';
COMMENT ON COLUMN bi_tag_coverage.untagged_charges IS 'those that have not';
COMMENT ON COLUMN bi_tag_coverage.billed_cost IS 'what suppliers invoice';
COMMENT ON COLUMN bi_tag_coverage.tagged_billed_cost IS 'that of charges that have the tag';
COMMENT ON COLUMN bi_tag_coverage.untagged_billed_cost IS 'that of charges that have not';
COMMENT ON COLUMN bi_tag_coverage.billed_percentage IS 'tagged in percent of billed_cost, 2 decimals; NULL when that is 0';
COMMENT ON COLUMN bi_tag_coverage.effective_cost IS 'amortised cost';
COMMENT ON COLUMN bi_tag_coverage.tagged_effective_cost IS 'that of charges that have the tag';
COMMENT ON COLUMN bi_tag_coverage.untagged_effective_cost IS 'that of charges that have not';
COMMENT ON COLUMN bi_tag_coverage.effective_percentage IS 'tagged in percent of effective_cost, 2 decimals; NULL when that is 0';
