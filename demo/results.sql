-- What the demonstration shows when the invoices have been run.
\pset title 'Invoices'
SELECT i.invoice_number, i.customer ->> 'name' AS customer, i.period_start, i.currency,
    i.net_amount, i.vat_amount, i.gross_amount
FROM invoice AS i
ORDER BY i.invoice_id;

\pset title 'One of them, line by line (at most its 25 largest)'
SELECT l.service, l.description, trim_scale(round(l.quantity, 3)) AS quantity, l.unit,
    trim_scale(round(l.unit_price, 5)) AS unit_price, l.amount, l.vat_category AS vat, l.vat_rate AS "%"
FROM (
    SELECT l.*
    FROM invoice_line AS l
    WHERE l.invoice_id = (
        SELECT i.invoice_id
        FROM invoice_line AS i
        GROUP BY i.invoice_id
        ORDER BY count(*) > 25, count(DISTINCT i.effect) DESC, count(DISTINCT i.service) DESC, i.invoice_id
        LIMIT 1)
    ORDER BY abs(l.amount) DESC
    LIMIT 25
) AS l
ORDER BY l.line_no;

\pset title 'An amount explains itself: its rule, the steps to it, the charges with file and line'
SELECT e.part, e.description, e.quantity, e.unit, e.unit_price, round(e.cost, 2) AS cost, trim_scale(round(e.amount, 4)) AS amount,
    e.file_name, e.file_line_no
FROM (
    SELECT l.*
    FROM invoice_line AS l
    ORDER BY l.pricing::jsonb ->> 'model' = 'graduated' DESC, l.measured DESC
    LIMIT 1
) AS l
CROSS JOIN LATERAL invoice_line_explain(l) AS e
LIMIT 12;

\pset title 'Margin by customer and month'
SELECT m.customer, m.month, m.currency, sum(m.revenue) AS revenue, round(sum(m.billed_cost), 2) AS cost,
    round(sum(m.margin), 2) AS margin, round(100 * sum(m.margin) / nullif(sum(m.revenue), 0), 1) AS "%"
FROM bi_margin AS m
GROUP BY m.customer, m.month, m.currency
ORDER BY m.customer, m.month, m.currency;

\pset title 'What may be wrong with prices'
SELECT p.problem, coalesce(p.name, 'no rule') AS rule, count(*) AS times, round(sum(p.billed_cost), 2) AS cost,
    round(sum(p.amount), 2) AS amount
FROM price_rule_problems AS p
GROUP BY p.problem, p.name
ORDER BY p.problem, p.name;

\pset title 'What belongs to nobody yet: one row in ownership, and it is billed'
SELECT u.provider_name AS provider, u.billing_account_id, u.sub_account_name AS account,
    u.source_customer_id AS customer_ref, u.period_start AS month, u.charges, round(u.billed_cost, 2) AS billed_cost, u.currency
FROM charge_unowned AS u
ORDER BY u.provider_name, u.billing_account_id, u.sub_account_name, u.period_start;

\pset title 'Loads: every record and every cent is accounted for'
SELECT q.file_name, q.format, q.records_read AS read, q.records_loaded AS loaded, q.records_rejected AS rejected,
    q.records_duplicate AS duplicate, round(q.billed_cost_read, 6) AS billed_cost_read,
    q.billed_cost_read = q.billed_cost_loaded + q.billed_cost_rejected + q.billed_cost_duplicate AS adds_up, q.status
FROM bi_load_quality AS q
ORDER BY q.load_id;

SELECT EXISTS (SELECT FROM load_reject) AS reject \gset
\if :reject
\pset title 'What could not be read is kept, with the reason'
SELECT l.file_name, r.line_no, r.column_name, r.reason, left(r.line, 30) || '...' AS line
FROM load_reject AS r
JOIN load AS l USING (load_id)
ORDER BY r.load_id, r.line_no;
\endif
