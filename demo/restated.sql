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

\pset title 'To the cent: what is due in all, less all that was invoiced, is what runs'
SELECT d.currency, d.due, i.invoiced, d.due - i.invoiced AS difference, r.running, d.due - i.invoiced = r.running AS exact
FROM (SELECT currency, sum(revenue) AS due FROM bi_margin GROUP BY currency) AS d
JOIN (SELECT currency, sum(net_amount) AS invoiced FROM invoice GROUP BY currency) AS i USING (currency)
JOIN (SELECT currency, sum(amount) AS running FROM invoice_running GROUP BY currency) AS r USING (currency);
