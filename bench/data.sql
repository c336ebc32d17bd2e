-- One line: what was loaded, and what it comes to.
SELECT format('%s charges of %s items, %s SKUs and %s customers under %s rules; running: %s',
    to_char((SELECT count(*) FROM cloudbilling.charge), 'FM999,999,999,999'),
    (SELECT count(*) FROM cloudbilling.charge_item),
    (SELECT count(*) FROM cloudbilling.product WHERE kind = 'sku'),
    (SELECT count(*) FROM cloudbilling.customer),
    (SELECT count(*) FROM cloudbilling.price_rule), (
        SELECT string_agg(format('%s %s', currency, amount), ', ' ORDER BY currency)
        FROM (SELECT currency, sum(amount) AS amount FROM cloudbilling.invoice_running GROUP BY currency) AS totals
    ));
