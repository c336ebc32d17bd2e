-- What dimensions leave unallocated, by resource.  It is what rules say now: what was
-- closed is in bi_allocation as it was.
CREATE OR REPLACE VIEW untagged_resource AS
SELECT
    g.period_start AS month,
    d.name AS dimension,
    w.number AS dimension_owner,
    c.number AS customer_number,
    c.name AS customer,
    v.name AS provider,
    s.name AS service,
    g.account_id,
    coalesce(t.sub_account_name, t.sub_account_id, t.billing_account_name, t.billing_account_id) AS account,
    g.resource_id,
    g.resource_name,
    g.currency,
    g.charges,
    trim_scale(g.billed_cost) AS billed_cost,
    trim_scale(g.effective_cost) AS effective_cost
FROM (
    SELECT a.dimension_id, h.period_start, h.customer_id, h.account_id, coalesce(p.path[3], p.product_id) AS service_id, i.resource_id,
        max(i.resource_name) AS resource_name, h.billing_currency AS currency, sum(h.charges)::bigint AS charges,
        exact_sum(h.billed_cost) AS billed_cost, exact_sum(h.effective_cost) AS effective_cost
    FROM charge_held AS h
    JOIN allocation_item AS a ON a.customer_id = h.customer_id AND a.item_id = h.item_id
        AND h.charge_on >= a.valid_from AND h.charge_on < a.valid_until
    JOIN charge_item AS i ON i.item_id = h.item_id
    JOIN product AS p ON p.product_id = h.product_id
    WHERE a.value IS NULL
    GROUP BY a.dimension_id, h.period_start, h.customer_id, h.account_id, coalesce(p.path[3], p.product_id), i.resource_id, h.billing_currency
) AS g
JOIN dimension_in_force AS d ON d.dimension_id = g.dimension_id
LEFT JOIN customer AS w ON w.customer_id = d.customer_id
LEFT JOIN customer AS c ON c.customer_id = g.customer_id
JOIN product AS s ON s.product_id = g.service_id
LEFT JOIN product AS v ON v.product_id = s.path[2]
JOIN account AS t ON t.account_id = g.account_id;

COMMENT ON VIEW untagged_resource IS 'costs that a dimension leaves unallocated by its rules of now, by month and resource';
COMMENT ON COLUMN untagged_resource.month IS 'first day of the month of use';
COMMENT ON COLUMN untagged_resource.dimension IS 'dimension, such as cost centre';
COMMENT ON COLUMN untagged_resource.dimension_owner IS 'number of the customer whose own dimension it is; NULL is the seller''s';
COMMENT ON COLUMN untagged_resource.customer_number IS 'customer number; NULL when nobody owns the charges';
COMMENT ON COLUMN untagged_resource.customer IS 'customer; NULL when nobody owns the charges';
COMMENT ON COLUMN untagged_resource.provider IS 'provider';
COMMENT ON COLUMN untagged_resource.service IS 'service';
COMMENT ON COLUMN untagged_resource.account_id IS 'key of the account';
COMMENT ON COLUMN untagged_resource.account IS 'sub account, or billing account, by name where it has one';
COMMENT ON COLUMN untagged_resource.resource_id IS 'resource; NULL for charges that have none';
COMMENT ON COLUMN untagged_resource.resource_name IS 'its name';
COMMENT ON COLUMN untagged_resource.currency IS 'currency of the costs';
COMMENT ON COLUMN untagged_resource.charges IS 'number of charges';
COMMENT ON COLUMN untagged_resource.billed_cost IS 'what suppliers invoice';
COMMENT ON COLUMN untagged_resource.effective_cost IS 'amortised cost';
