-- Hours worked, and what became of them: from the same charges and lines as invoices.
CREATE OR REPLACE VIEW bi_hours AS
SELECT h.month, h.employee, h.activity, c.number AS customer_number, c.name AS customer, h.currency,
    trim_scale(exact_sum(h.hours_worked)) AS hours_worked, trim_scale(exact_sum(h.hours_billable)) AS hours_billable,
    trim_scale(exact_sum(h.hours_included)) AS hours_included, trim_scale(exact_sum(h.hours_billed)) AS hours_billed,
    trim_scale(exact_sum(h.amount)) AS amount, trim_scale(exact_sum(h.cost)) AS cost
FROM (
    SELECT o.period_start AS month, i.resource_id AS employee, i.sku_id AS activity, nullif(o.customer_id, 0) AS customer_id, o.billing_currency::text AS currency,
        o.quantity AS hours_worked, 0::numeric AS hours_billable, 0::numeric AS hours_included, 0::numeric AS hours_billed, 0::numeric AS amount,
        o.billed_cost AS cost
    FROM charge_held AS o
    JOIN charge_item AS i ON i.item_id = o.item_id
    WHERE i.resource_type = 'Employee' AND i.provider_name = 'Own services'
    UNION ALL
    SELECT s.period_start, i.resource_id, i.sku_id, s.owner_id, s.currency, 0,
        CASE WHEN i.service_name = 'Hours' THEN s.quantity ELSE 0 END,
        CASE WHEN i.service_name = 'Hours' AND s.effect = 'include' THEN s.quantity ELSE 0 END,
        CASE WHEN i.service_name = 'Hours' AND s.effect = 'set' THEN s.quantity ELSE 0 END,
        coalesce(s.amount, 0), 0
    FROM rated_charge AS s
    JOIN charge_item AS i ON i.item_id = s.item_id
    WHERE i.resource_type = 'Employee' AND i.provider_name = 'Own services' AND s.reseller_id IS NULL
) AS h
LEFT JOIN customer AS c ON c.customer_id = h.customer_id
GROUP BY h.month, h.employee, h.activity, c.number, c.name, h.currency;

COMMENT ON VIEW bi_hours IS 'hours by employee, activity and customer: worked, billable, included, billed, and what they amount to; always current';
COMMENT ON COLUMN bi_hours.month IS 'first day of the month, in the customer''s time zone';
COMMENT ON COLUMN bi_hours.employee IS 'employee';
COMMENT ON COLUMN bi_hours.activity IS 'activity';
COMMENT ON COLUMN bi_hours.customer_number IS 'customer number; NULL for hours that are nobody''s';
COMMENT ON COLUMN bi_hours.customer IS 'customer';
COMMENT ON COLUMN bi_hours.currency IS 'currency of amount and cost; of two, there are two rows';
COMMENT ON COLUMN bi_hours.hours_worked IS 'hours as they were delivered, billable or not';
COMMENT ON COLUMN bi_hours.hours_billable IS 'billable hours that count: after increments and minimum';
COMMENT ON COLUMN bi_hours.hours_included IS 'of these, covered by a bundle';
COMMENT ON COLUMN bi_hours.hours_billed IS 'of these, priced by a rule';
COMMENT ON COLUMN bi_hours.amount IS 'what they amount to, in all phases, not rounded';
COMMENT ON COLUMN bi_hours.cost IS 'what they cost';
