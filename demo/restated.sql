-- What a restated delivery changes: the running invoices are exactly the difference.
\pset title 'What Microsoft says of October: before, and now'
SELECT l.file_name, s.billing_period_start, s.charges, round(s.billed_cost, 6) AS billed_cost,
    CASE WHEN upper_inf(s.current_during) THEN 'counts' ELSE 'superseded' END AS state
FROM load_scope AS s
JOIN load AS l USING (load_id)
WHERE s.provider_name = 'Microsoft' AND s.billing_period_start = '2026-10-01'
ORDER BY l.load_id;

\pset title 'The running invoices: what is due now, less what was billed, with the document it corrects'
SELECT r.customer, r.period_start, r.description, r.due, r.due_before AS billed, r.amount, i.invoice_number AS corrects
FROM invoice_running AS r
LEFT JOIN invoice AS i ON i.invoice_id = r.corrects
WHERE r.amount <> 0
ORDER BY r.customer, r.period_start, r.effect <> 'set', r.description;

\pset title 'To the cent'
SELECT sum(r.due) AS due_on_these_lines, sum(r.due_before) AS billed_on_these_lines, sum(r.amount) AS running,
    sum(r.due) - sum(r.due_before) = sum(r.amount) AS "exactly the difference"
FROM invoice_running AS r
WHERE r.amount <> 0;
