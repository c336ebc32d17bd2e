-- What the demonstration shows when the invoices have been run.
\pset title 'Invoices'
SELECT i.invoice_number, i.customer ->> 'name' AS customer, i.period_start, i.currency,
    i.net_amount, i.vat_amount, i.gross_amount
FROM invoice AS i
ORDER BY i.invoice_id;

\pset title 'One of them, line by line'
SELECT l.service, l.description, trim_scale(round(l.quantity, 3)) AS quantity, l.unit,
    trim_scale(round(l.unit_price, 5)) AS unit_price, l.amount, l.vat_category AS vat, l.vat_rate AS "%"
FROM invoice_line AS l
WHERE l.invoice_id = (
    SELECT i.invoice_id
    FROM invoice AS i
    JOIN invoice_line AS n USING (invoice_id)
    GROUP BY i.invoice_id
    ORDER BY count(*) > 25, count(DISTINCT n.effect) DESC, count(DISTINCT n.service) DESC, i.invoice_id
    LIMIT 1)
ORDER BY l.line_no
LIMIT 25;

\pset title 'An amount explains itself: the steps of a ladder'
SELECT l.description, s.tier, s.quantity, s.unit_price, s.flat_fee, s.amount, sum(s.amount) OVER (ORDER BY s.tier) AS so_far
FROM (
    SELECT l.*
    FROM invoice_line AS l
    WHERE l.pricing::text::jsonb ->> 'model' = 'graduated' AND l.effect = 'set'
    ORDER BY l.measured DESC
    LIMIT 1
) AS l
CROSS JOIN LATERAL rate_steps(l.measured, l.pricing) AS s;

\pset title 'Margin by customer and month'
SELECT * FROM bi_margin;

\pset title 'What belongs to nobody yet: one row in ownership bills it'
SELECT * FROM charge_unowned;

\pset title 'Loads: every record and every cent is accounted for'
SELECT * FROM bi_load_quality;

\pset title 'Records that could not be read are kept, with the reason'
SELECT r.load_id, r.line_no, r.column_name, r.reason, left(r.line, 40) || '...' AS line
FROM load_reject AS r
ORDER BY r.load_id, r.line_no;
