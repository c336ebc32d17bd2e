-- Costs by cost centre, project, department: the views of allocation for analysts
-- and BI tools.
CREATE OR REPLACE VIEW bi_allocation AS
SELECT
    a.period_start AS month,
    a.dimension,
    w.number AS dimension_owner,
    c.number AS customer_number,
    c.name AS customer,
    a.value,
    CASE WHEN a.shared_from IS NOT NULL THEN 'shared' WHEN a.value IS NULL THEN 'unallocated' ELSE 'direct' END AS allocation,
    a.shared_from,
    a.status,
    v.name AS provider,
    s.name AS service,
    coalesce(t.sub_account_name, t.sub_account_id, t.billing_account_name, t.billing_account_id) AS account,
    a.charge_category,
    a.currency,
    a.unit,
    a.charges,
    trim_scale(a.quantity) AS quantity,
    trim_scale(a.billed_cost) AS billed_cost,
    trim_scale(a.effective_cost) AS effective_cost,
    trim_scale(a.list_cost) AS list_cost,
    trim_scale(a.contracted_cost) AS contracted_cost
FROM (
    SELECT a.*, d.name AS dimension, d.customer_id AS dimension_owner_id
    FROM allocated AS a
    -- All are there; but of an inner join the planner would guess that few rows are left.
    LEFT JOIN dimension_in_force AS d ON d.dimension_id = a.dimension_id
    WHERE a.kind = 'cost'
    -- Of columns of one relation the planner expects fewer groups, and does not sort for them.
    OFFSET 0
) AS a
LEFT JOIN customer AS w ON w.customer_id = a.dimension_owner_id
LEFT JOIN customer AS c ON c.customer_id = a.customer_id
LEFT JOIN product AS s ON s.product_id = a.service_id
LEFT JOIN product AS v ON v.product_id = s.path[2]
LEFT JOIN account AS t ON t.account_id = a.account_id;

COMMENT ON VIEW bi_allocation IS 'costs by value of each dimension, month, customer and service; for each dimension they add up to all costs of those it is about';
COMMENT ON COLUMN bi_allocation.month IS 'first day of the month of use';
COMMENT ON COLUMN bi_allocation.dimension IS 'dimension, such as cost centre';
COMMENT ON COLUMN bi_allocation.dimension_owner IS 'number of the customer whose own dimension it is; NULL is the seller''s';
COMMENT ON COLUMN bi_allocation.customer_number IS 'number of the customer whose charges they are; NULL when nobody owns them';
COMMENT ON COLUMN bi_allocation.customer IS 'its name';
COMMENT ON COLUMN bi_allocation.value IS 'value of the dimension; NULL is unallocated';
COMMENT ON COLUMN bi_allocation.allocation IS 'direct, shared (a part of what is split) or unallocated';
COMMENT ON COLUMN bi_allocation.shared_from IS 'value it was split from at first; NULL is its own';
COMMENT ON COLUMN bi_allocation.status IS 'open; closed, as it was at closing; late, what changed since';
COMMENT ON COLUMN bi_allocation.provider IS 'provider';
COMMENT ON COLUMN bi_allocation.service IS 'service';
COMMENT ON COLUMN bi_allocation.account IS 'sub account, or billing account, by name where it has one';
COMMENT ON COLUMN bi_allocation.charge_category IS 'Usage, Purchase, Tax, Credit or Adjustment';
COMMENT ON COLUMN bi_allocation.currency IS 'currency of the costs';
COMMENT ON COLUMN bi_allocation.unit IS 'unit of quantity';
COMMENT ON COLUMN bi_allocation.charges IS 'number of charges; of what is split, its part of them in whole numbers';
COMMENT ON COLUMN bi_allocation.quantity IS 'quantity';
COMMENT ON COLUMN bi_allocation.billed_cost IS 'what suppliers invoice';
COMMENT ON COLUMN bi_allocation.effective_cost IS 'amortised cost';
COMMENT ON COLUMN bi_allocation.list_cost IS 'cost at public prices';
COMMENT ON COLUMN bi_allocation.contracted_cost IS 'cost at negotiated prices';

-- What customers are to pay, by their cost centres: without any invoice.
CREATE OR REPLACE VIEW bi_showback AS
SELECT
    a.period_start AS month,
    d.name AS dimension,
    w.number AS dimension_owner,
    b.number AS customer_number,
    b.name AS customer,
    nullif(c.number, b.number) AS used_by,
    a.value,
    CASE WHEN a.shared_from IS NOT NULL THEN 'shared' WHEN a.value IS NULL THEN 'unallocated' ELSE 'direct' END AS allocation,
    a.shared_from,
    a.status,
    CASE p.kind WHEN 'all' THEN r.name ELSE coalesce(s.name, p.name) END AS service,
    coalesce(r.invoice_text, CASE WHEN a.effect = 'set' AND p.kind = 'sku' THEN p.name ELSE r.name END) AS description,
    a.effect,
    a.currency,
    a.due
FROM (
    SELECT a.dimension_id, a.period_start, a.buyer_id, a.customer_id, a.value, a.shared_from, a.status, a.price_rule_id,
        a.product_id, a.effect, a.currency, sum(a.due) AS due
    FROM allocated AS a
    WHERE a.kind = 'sale'
    GROUP BY a.dimension_id, a.period_start, a.buyer_id, a.customer_id, a.value, a.shared_from, a.status, a.price_rule_id,
        a.product_id, a.effect, a.currency
) AS a
JOIN dimension_in_force AS d ON d.dimension_id = a.dimension_id
LEFT JOIN customer AS w ON w.customer_id = d.customer_id
JOIN customer AS b ON b.customer_id = a.buyer_id
LEFT JOIN customer AS c ON c.customer_id = a.customer_id
JOIN price_rule_known AS r ON r.price_rule_id = a.price_rule_id
JOIN product AS p ON p.product_id = a.product_id
LEFT JOIN product AS s ON s.product_id = p.path[3];

COMMENT ON VIEW bi_showback IS 'what is due for each customer''s use by value of each dimension: each line''s parts add up to it';
COMMENT ON COLUMN bi_showback.month IS 'first day of the period';
COMMENT ON COLUMN bi_showback.dimension IS 'dimension, such as cost centre';
COMMENT ON COLUMN bi_showback.dimension_owner IS 'number of the customer whose own dimension it is; NULL is the seller''s';
COMMENT ON COLUMN bi_showback.customer_number IS 'number of the customer who is invoiced';
COMMENT ON COLUMN bi_showback.customer IS 'its name';
COMMENT ON COLUMN bi_showback.used_by IS 'number of the customer below it whose charges they are; NULL is its own';
COMMENT ON COLUMN bi_showback.value IS 'value of the dimension; NULL is unallocated';
COMMENT ON COLUMN bi_showback.allocation IS 'direct, shared (a part of what is split) or unallocated';
COMMENT ON COLUMN bi_showback.shared_from IS 'value it was split from at first; NULL is its own';
COMMENT ON COLUMN bi_showback.status IS 'open; closed, as it was at closing; late, what changed since';
COMMENT ON COLUMN bi_showback.service IS 'service; for a rule on all products the rule''s name';
COMMENT ON COLUMN bi_showback.description IS 'text of the line';
COMMENT ON COLUMN bi_showback.effect IS 'effect of the price rule';
COMMENT ON COLUMN bi_showback.currency IS 'currency';
COMMENT ON COLUMN bi_showback.due IS 'amount due, rounded as on the invoice, without VAT; invoiced or not';
