-- Views for analysts and BI tools.  They read roll-ups and invoices, charges only
-- where a price rule must see single ones, and agree with the invoices to the cent.  SELECT on them is all a BI
-- tool's user needs.

-- What was invoiced.
CREATE OR REPLACE VIEW bi_revenue AS
SELECT
    l.period_start AS month,
    d.issued_on,
    d.invoice_number,
    c.number AS customer_number,
    c.name AS customer,
    v.name AS provider,
    l.service,
    l.description AS product,
    l.effect,
    l.corrects IS NOT NULL AS correction,
    l.currency,
    l.quantity,
    l.unit,
    l.amount AS revenue
FROM invoice_line AS l
JOIN invoice AS d ON d.invoice_id = l.invoice_id
JOIN customer AS c ON c.customer_id = l.customer_id
JOIN product AS p ON p.product_id = l.product_id
LEFT JOIN product AS v ON v.product_id = p.path[2]
-- what resellers invoice is their revenue
WHERE d.reseller_id IS NULL;

COMMENT ON VIEW bi_revenue IS 'invoiced revenue, one row for each invoice line';
COMMENT ON COLUMN bi_revenue.month IS 'first day of the period billed';
COMMENT ON COLUMN bi_revenue.issued_on IS 'date of the invoice';
COMMENT ON COLUMN bi_revenue.invoice_number IS 'number of the invoice';
COMMENT ON COLUMN bi_revenue.customer_number IS 'customer number';
COMMENT ON COLUMN bi_revenue.customer IS 'customer';
COMMENT ON COLUMN bi_revenue.provider IS 'provider; NULL for rules on all products';
COMMENT ON COLUMN bi_revenue.service IS 'service';
COMMENT ON COLUMN bi_revenue.product IS 'text of the line';
COMMENT ON COLUMN bi_revenue.effect IS 'include: what is included; set: price of usage; adjust: discount or surcharge; add: fee; limit: minimum or maximum';
COMMENT ON COLUMN bi_revenue.correction IS 'whether the line corrects an earlier invoice';
COMMENT ON COLUMN bi_revenue.currency IS 'currency of the revenue';
COMMENT ON COLUMN bi_revenue.quantity IS 'quantity invoiced';
COMMENT ON COLUMN bi_revenue.unit IS 'unit of quantity; NULL for a lump sum';
COMMENT ON COLUMN bi_revenue.revenue IS 'amount invoiced, without VAT';

-- What suppliers charge, for customers or for nobody.
CREATE OR REPLACE VIEW bi_cost AS
SELECT
    u.period_start AS month,
    c.number AS customer_number,
    c.name AS customer,
    i.provider_name AS provider,
    i.service_category,
    i.service_name AS service,
    i.charge_category,
    u.billing_currency AS currency,
    sum(u.charges)::bigint AS charges,
    trim_scale(exact_sum(u.billed_cost)) AS billed_cost,
    trim_scale(exact_sum(u.effective_cost)) AS effective_cost,
    trim_scale(exact_sum(u.list_cost)) AS list_cost,
    trim_scale(exact_sum(u.contracted_cost)) AS contracted_cost
FROM charge_owned AS u
JOIN charge_item AS i ON i.item_id = u.item_id
JOIN customer AS c ON c.customer_id = u.customer_id
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
UNION ALL
SELECT n.period_start, NULL, NULL, n.provider_name, NULL, NULL, NULL, n.currency, n.charges, n.billed_cost,
    n.effective_cost, NULL, NULL
FROM charge_unowned AS n;

COMMENT ON VIEW bi_cost IS 'suppliers'' costs by month, customer and service; what nobody owns has no customer';
COMMENT ON COLUMN bi_cost.month IS 'first day of the month of use, in the customer''s time zone; or in that of the account''s other owners or the first seller, for what nobody owns';
COMMENT ON COLUMN bi_cost.customer_number IS 'customer number; NULL when nobody owns the charges';
COMMENT ON COLUMN bi_cost.customer IS 'customer; NULL when nobody owns the charges';
COMMENT ON COLUMN bi_cost.provider IS 'provider';
COMMENT ON COLUMN bi_cost.service_category IS 'service category (FOCUS ServiceCategory)';
COMMENT ON COLUMN bi_cost.service IS 'service';
COMMENT ON COLUMN bi_cost.charge_category IS 'Usage, Purchase, Tax, Credit or Adjustment';
COMMENT ON COLUMN bi_cost.currency IS 'currency of the costs';
COMMENT ON COLUMN bi_cost.charges IS 'number of charges';
COMMENT ON COLUMN bi_cost.billed_cost IS 'what suppliers invoice';
COMMENT ON COLUMN bi_cost.effective_cost IS 'amortised cost';
COMMENT ON COLUMN bi_cost.list_cost IS 'cost at public prices';
COMMENT ON COLUMN bi_cost.contracted_cost IS 'cost at negotiated prices';

-- Revenue and cost side by side, current to the last load: what is due in all,
-- invoiced or not, and what was bought for it, sold or not.
CREATE OR REPLACE VIEW bi_margin AS
SELECT
    m.month,
    c.number AS customer_number,
    c.name AS customer,
    v.name AS provider,
    coalesce(s.name, v.name, 'All products') AS service,
    m.currency,
    sum(m.revenue) AS revenue,
    sum(m.invoiced) AS invoiced,
    trim_scale(exact_sum(m.billed_cost)) AS billed_cost,
    trim_scale(exact_sum(m.effective_cost)) AS effective_cost,
    trim_scale(sum(m.revenue) - exact_sum(m.billed_cost)) AS margin,
    round(100 * (sum(m.revenue) - exact_sum(m.billed_cost)) / nullif(sum(m.revenue), 0), 2) AS margin_percentage
FROM (
    SELECT d.period_start AS month, d.customer_id, d.product_id, d.currency::text, d.due - d.written_off AS revenue,
        d.due_before AS invoiced, 0::numeric AS billed_cost, 0::numeric AS effective_cost
    FROM invoice_balance AS d
    UNION ALL
    SELECT u.period_start, u.buyer_id, u.product_id, u.billing_currency, 0, 0, u.billed_cost, u.effective_cost
    FROM charge_owned AS u
) AS m
JOIN customer AS c ON c.customer_id = m.customer_id
JOIN product AS p ON p.product_id = m.product_id
LEFT JOIN product AS v ON v.product_id = p.path[2]
LEFT JOIN product AS s ON s.product_id = p.path[3]
GROUP BY m.month, c.number, c.name, v.name, s.name, m.currency;

COMMENT ON VIEW bi_margin IS 'revenue, cost and margin by month, customer and service; always current';
COMMENT ON COLUMN bi_margin.month IS 'first day of the period';
COMMENT ON COLUMN bi_margin.customer_number IS 'customer number';
COMMENT ON COLUMN bi_margin.customer IS 'customer';
COMMENT ON COLUMN bi_margin.provider IS 'provider; NULL for rules on all products';
COMMENT ON COLUMN bi_margin.service IS 'service; for rules on more than one, the node they stand on';
COMMENT ON COLUMN bi_margin.currency IS 'currency; revenue and cost in different currencies are different rows';
COMMENT ON COLUMN bi_margin.revenue IS 'amount due in all, rounded as on the invoice, less what was written off, without VAT';
COMMENT ON COLUMN bi_margin.invoiced IS 'part of it that was invoiced';
COMMENT ON COLUMN bi_margin.billed_cost IS 'what suppliers invoice for the charges, whether they are sold or not';
COMMENT ON COLUMN bi_margin.effective_cost IS 'amortised cost of the charges';
COMMENT ON COLUMN bi_margin.margin IS 'revenue less billed_cost';
COMMENT ON COLUMN bi_margin.margin_percentage IS 'margin in percent of revenue, 2 decimals; NULL without revenue';

-- What would be invoiced now, by customer and period.
CREATE OR REPLACE VIEW bi_running AS
SELECT
    r.period_start AS month,
    (r.period_start + interval '1 month')::date <= (now() AT TIME ZONE z.time_zone)::date AS period_ended,
    c.number AS customer_number,
    c.name AS customer,
    r.currency,
    count(*) AS lines,
    sum(r.due) AS due,
    sum(r.due_before) AS invoiced,
    sum(r.amount) AS amount,
    sum(r.amount) FILTER (WHERE r.times > 0) AS corrections
FROM invoice_balance AS r
JOIN customer AS c ON c.customer_id = r.customer_id
JOIN customer_zone AS z ON z.customer_id = r.customer_id
WHERE r.amount <> 0 OR r.times = 0 AND r.written_off = 0
GROUP BY r.period_start, z.time_zone, c.number, c.name, r.currency;

COMMENT ON VIEW bi_running IS 'what would be invoiced now, by customer and period; always current';
COMMENT ON COLUMN bi_running.month IS 'first day of the period';
COMMENT ON COLUMN bi_running.period_ended IS 'whether the period has ended, so that the next invoice run bills it';
COMMENT ON COLUMN bi_running.customer_number IS 'customer number';
COMMENT ON COLUMN bi_running.customer IS 'customer';
COMMENT ON COLUMN bi_running.currency IS 'currency';
COMMENT ON COLUMN bi_running.lines IS 'number of lines';
COMMENT ON COLUMN bi_running.due IS 'amount due in all for these lines';
COMMENT ON COLUMN bi_running.invoiced IS 'part of it that was invoiced';
COMMENT ON COLUMN bi_running.amount IS 'amount to invoice, without VAT';
COMMENT ON COLUMN bi_running.corrections IS 'part of it that corrects lines invoiced before; NULL when nothing does';

-- How well loads went.
CREATE OR REPLACE VIEW bi_load_quality AS
SELECT
    l.load_id,
    l.loaded_at,
    l.loaded_by,
    s.name AS format,
    l.side,
    l.file_name,
    l.records_read,
    l.records_loaded,
    l.records_rejected,
    l.records_duplicate,
    round(100.0 * l.records_rejected / nullif(l.records_read, 0), 2) AS rejected_percentage,
    trim_scale(l.billed_cost_read) AS billed_cost_read,
    trim_scale(l.billed_cost_loaded) AS billed_cost_loaded,
    trim_scale(l.billed_cost_rejected) AS billed_cost_rejected,
    trim_scale(l.billed_cost_duplicate) AS billed_cost_duplicate,
    (SELECT string_agg(DISTINCT j.reason, '; ') FROM (
        SELECT split_part(r.reason, ':', 1) AS reason FROM load_reject AS r WHERE r.load_id = l.load_id) AS j) AS reasons,
    CASE
        WHEN l.undone_at IS NOT NULL THEN 'undone'
        WHEN bool_and(c.load_scope_id IS NOT NULL) THEN 'current'
        WHEN bool_or(c.load_scope_id IS NOT NULL) THEN 'partly superseded'
        WHEN count(p.load_scope_id) > 0 THEN 'superseded'
        ELSE 'empty'
    END AS status
FROM load AS l
JOIN source AS s USING (source_id)
LEFT JOIN load_scope AS p ON p.load_id = l.load_id
LEFT JOIN load_scope_in_force AS c ON c.load_scope_id = p.load_scope_id
GROUP BY l.load_id, s.name;

COMMENT ON VIEW bi_load_quality IS 'loads: what came in, what was refused and why, and what still counts';
COMMENT ON COLUMN bi_load_quality.load_id IS 'key of the load';
COMMENT ON COLUMN bi_load_quality.loaded_at IS 'when it was loaded';
COMMENT ON COLUMN bi_load_quality.loaded_by IS 'by whom';
COMMENT ON COLUMN bi_load_quality.format IS 'format of the file';
COMMENT ON COLUMN bi_load_quality.side IS 'usage, which is billed, or purchase, which is only reconciled';
COMMENT ON COLUMN bi_load_quality.file_name IS 'name of the file, where told';
COMMENT ON COLUMN bi_load_quality.records_read IS 'records in the file';
COMMENT ON COLUMN bi_load_quality.records_loaded IS 'records that became charges';
COMMENT ON COLUMN bi_load_quality.records_rejected IS 'records in quarantine (table load_reject)';
COMMENT ON COLUMN bi_load_quality.records_duplicate IS 'records that had come before';
COMMENT ON COLUMN bi_load_quality.rejected_percentage IS 'share of rejected records in percent, 2 decimals';
COMMENT ON COLUMN bi_load_quality.billed_cost_read IS 'sum of billed cost in the file, where readable';
COMMENT ON COLUMN bi_load_quality.billed_cost_loaded IS 'sum of billed cost of the charges';
COMMENT ON COLUMN bi_load_quality.billed_cost_rejected IS 'sum of billed cost of rejected records, where readable';
COMMENT ON COLUMN bi_load_quality.billed_cost_duplicate IS 'sum of billed cost of duplicate records';
COMMENT ON COLUMN bi_load_quality.reasons IS 'why records were rejected';
COMMENT ON COLUMN bi_load_quality.status IS 'current, partly superseded, superseded, undone or empty';
