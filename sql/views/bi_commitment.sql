-- What is committed to or prepaid, month by month: what was there, what was used of it,
-- what lapsed and what is left.  Facts only: to the current month, or period_last.
CREATE OR REPLACE VIEW bi_commitment AS
WITH
until AS MATERIALIZED (
    SELECT date_trunc('month', coalesce(nullif(period_last(), 'infinity'), coalesce(as_of(), now())::date))::date AS month
),
used AS MATERIALIZED (
    SELECT u.customer_id, u.price_rule_id, u.effect, u.account_id, u.resource_id, u.tag_value, u.product_id, u.currency, u.period_start, u.lot_from,
        exact_sum(u.amount) AS amount
    FROM rated_use AS u
    WHERE u.reseller_id IS NULL
    GROUP BY u.customer_id, u.price_rule_id, u.effect, u.account_id, u.resource_id, u.tag_value, u.product_id, u.currency, u.period_start, u.lot_from
),
-- Who has a credit: whom its rule names, and who used some of it.
held AS (
    SELECT u.customer_id, u.price_rule_id, u.account_id, u.resource_id, u.tag_value, u.product_id, min(u.period_start) AS first_month
    FROM used AS u
    WHERE u.effect = 'credit'
    GROUP BY u.customer_id, u.price_rule_id, u.account_id, u.resource_id, u.tag_value, u.product_id
    UNION ALL
    SELECT r.customer_id, r.price_rule_id, NULL, NULL, NULL, r.product_id, NULL
    FROM price_rule_in_force AS r
    WHERE r.effect = 'credit' AND r.per = 'scope' AND r.reseller_id IS NULL AND r.customer_id BETWEEN customer_first() AND customer_last()
      AND NOT EXISTS (SELECT FROM used AS u WHERE u.price_rule_id = r.price_rule_id AND u.customer_id = r.customer_id)
      AND NOT EXISTS (SELECT FROM customer AS c WHERE c.parent_id = r.customer_id)
),
lot AS (
    SELECT h.customer_id, h.price_rule_id, h.account_id, h.resource_id, h.tag_value, h.product_id, r.name, r.currency::text AS currency,
        r.included AS amount, l.lot_from, l.begins, l.ends
    FROM held AS h
    JOIN price_rule_in_force AS r ON r.price_rule_id = h.price_rule_id AND r.included IS NOT NULL
    CROSS JOIN until AS x
    CROSS JOIN LATERAL (
        SELECT lower(r.valid_during) AS lot_from, coalesce(lower(r.valid_during), h.first_month, date_trunc('month', r.created_at)::date) AS begins,
            upper(r.valid_during) AS ends
        WHERE r.included_months IS NULL
        UNION ALL
        SELECT g.day::date, g.day::date, least(upper(r.valid_during), (g.day + make_interval(months => r.included_months + coalesce(r.roll_over, 0)))::date)
        FROM generate_series(lower(r.valid_during)::timestamp, least(upper(r.valid_during) - 1, x.month), make_interval(months => r.included_months)) AS g (day)
    ) AS l
),
committed AS (
    SELECT u.buyers[1] AS customer_id, i.price_rule_id, g.number AS agreement, i.description AS name, c.currency, currency_round(c.amount, c.currency) AS amount, c.first_day AS begins, c.end_day AS ends
    FROM (
        SELECT array_agg(f) AS facts, array_agg(z.time_zone) AS zones
        FROM agreement_fact AS f
        JOIN customer_zone AS z ON z.customer_id = f.customer_id
        JOIN customer_asked AS q ON q.customer_id = f.customer_id
        WHERE f.kind = 'commitment'
    ) AS a
    CROSS JOIN LATERAL commitment_charges(a.facts, a.zones, ARRAY(SELECT ROW(x.*)::price_index FROM price_index_in_force AS x)) AS c
    JOIN agreement_item AS i ON i.agreement_item_id = c.agreement_item_id
    JOIN agreement AS g ON g.agreement_id = c.agreement_id
    -- who is invoiced: what he buys counts
    JOIN customer_buyer AS u ON u.customer_id = c.customer_id
),
month AS (
    SELECT 'credit' AS kind, l.customer_id, l.price_rule_id, l.name, NULL AS agreement, l.account_id, l.resource_id, l.tag_value, l.currency, l.amount,
        l.begins, l.ends, m.month::date AS month, coalesce(u.amount, 0) AS used
    FROM lot AS l
    CROSS JOIN until AS x
    CROSS JOIN LATERAL generate_series(date_trunc('month', l.begins)::timestamp, least(date_trunc('month', l.ends - 1)::date, x.month), interval '1 month') AS m (month)
    LEFT JOIN used AS u ON u.customer_id = l.customer_id AND u.price_rule_id = l.price_rule_id AND u.period_start = m.month::date
        AND u.lot_from IS NOT DISTINCT FROM l.lot_from AND u.product_id = l.product_id AND u.account_id IS NOT DISTINCT FROM l.account_id
        AND u.resource_id IS NOT DISTINCT FROM l.resource_id AND u.tag_value IS NOT DISTINCT FROM l.tag_value
    UNION ALL
    SELECT 'commitment', p.customer_id, p.price_rule_id, p.name, p.agreement, NULL, NULL, NULL, p.currency, p.amount, p.begins, p.ends, m.month::date, coalesce((
            SELECT rate(sum(u.amount), r.pricing)
            FROM used AS u
            WHERE u.customer_id = p.customer_id AND u.price_rule_id = p.price_rule_id AND u.currency = p.currency AND u.period_start = m.month::date
              AND u.lot_from >= p.begins AND u.lot_from < p.ends), 0)
    FROM committed AS p
    JOIN price_rule_in_force AS r ON r.price_rule_id = p.price_rule_id
    CROSS JOIN until AS x
    CROSS JOIN LATERAL generate_series(date_trunc('month', p.begins)::timestamp, least(date_trunc('month', p.ends - 1)::date, x.month), interval '1 month') AS m (month)
),
climbed AS (
    SELECT m.*, m.ends <= (m.month + interval '1 month')::date AS is_last,
        coalesce(sum(m.used) OVER (PARTITION BY m.kind, m.customer_id, m.price_rule_id, m.agreement, m.name, m.begins, m.account_id, m.resource_id, m.tag_value
            ORDER BY m.month ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
    FROM month AS m
)
SELECT b.month, c.number AS customer_number, c.name AS customer, b.kind, b.name, b.agreement, a.sub_account_id AS account, b.resource_id, b.tag_value, b.currency,
    b.begins AS valid_from, b.ends AS valid_until, trim_scale(b.amount) AS amount, trim_scale(greatest(b.amount - b.before, 0)) AS opening, trim_scale(b.used) AS used,
    trim_scale(CASE WHEN b.is_last THEN greatest(b.amount - b.before - b.used, 0) ELSE 0 END) AS lapsed,
    trim_scale(CASE WHEN b.is_last THEN 0 ELSE greatest(b.amount - b.before - b.used, 0) END) AS closing
FROM climbed AS b
JOIN customer AS c ON c.customer_id = b.customer_id
LEFT JOIN account AS a ON a.account_id = b.account_id
WHERE b.month BETWEEN period_first() AND period_last();

COMMENT ON VIEW bi_commitment IS 'prepaid credits, coupons with a limit and commitments by month: what was there, used, lapsed and is left; always current';
COMMENT ON COLUMN bi_commitment.month IS 'first day of the billing period';
COMMENT ON COLUMN bi_commitment.customer_number IS 'customer number';
COMMENT ON COLUMN bi_commitment.customer IS 'customer';
COMMENT ON COLUMN bi_commitment.kind IS 'credit (what is taken off) or commitment (what is to be spent at least)';
COMMENT ON COLUMN bi_commitment.name IS 'the credit''s rule, or the agreement''s item';
COMMENT ON COLUMN bi_commitment.agreement IS 'number of the commitment''s agreement';
COMMENT ON COLUMN bi_commitment.account IS 'account, of a credit per account or resource';
COMMENT ON COLUMN bi_commitment.resource_id IS 'resource, of a credit per resource';
COMMENT ON COLUMN bi_commitment.tag_value IS 'value of the tag, of a credit per tag';
COMMENT ON COLUMN bi_commitment.currency IS 'currency';
COMMENT ON COLUMN bi_commitment.valid_from IS 'first day on which it may be used, or of the period of a commitment';
COMMENT ON COLUMN bi_commitment.valid_until IS 'day on which it lapses; NULL is never';
COMMENT ON COLUMN bi_commitment.amount IS 'amount that was given or committed to';
COMMENT ON COLUMN bi_commitment.opening IS 'what is left of it when the month begins';
COMMENT ON COLUMN bi_commitment.used IS 'what the month takes off; of a commitment, what it spends of what counts';
COMMENT ON COLUMN bi_commitment.lapsed IS 'what was left when it ended; of a commitment, that is the true-up';
COMMENT ON COLUMN bi_commitment.closing IS 'what is left when the month ends';
