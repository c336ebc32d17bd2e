-- What was not billed by rule.
CREATE OR REPLACE VIEW bi_write_off AS
SELECT
    w.period_start AS month,
    w.written_off_at,
    w.written_off_by,
    c.number AS customer_number,
    c.name AS customer,
    i.invoice_number AS corrects,
    v.name AS provider,
    CASE p.kind WHEN 'all' THEN r.name ELSE coalesce(s.name, p.name) END AS service,
    coalesce(r.invoice_text, CASE WHEN w.effect = 'set' AND p.kind = 'sku' THEN p.name ELSE r.name END) AS product,
    w.effect,
    w.currency::text AS currency,
    w.quantity,
    w.unit,
    w.amount,
    w.write_off_below
FROM invoice_write_off AS w
JOIN customer AS c ON c.customer_id = w.customer_id
JOIN invoice AS i ON i.invoice_id = w.corrects
JOIN price_rule AS r ON r.price_rule_id = w.price_rule_id
JOIN product AS p ON p.product_id = w.product_id
LEFT JOIN product AS v ON v.product_id = p.path[2]
LEFT JOIN product AS s ON s.product_id = p.path[3];

COMMENT ON VIEW bi_write_off IS 'corrections that were written off, and what was credited for good, one row for each line that was not billed';
COMMENT ON COLUMN bi_write_off.month IS 'first day of the period it would have corrected';
COMMENT ON COLUMN bi_write_off.written_off_at IS 'when it was written off';
COMMENT ON COLUMN bi_write_off.written_off_by IS 'user whose run it was';
COMMENT ON COLUMN bi_write_off.customer_number IS 'customer number';
COMMENT ON COLUMN bi_write_off.customer IS 'customer';
COMMENT ON COLUMN bi_write_off.corrects IS 'number of the document it would have corrected, or of the credit note';
COMMENT ON COLUMN bi_write_off.provider IS 'provider; NULL for rules on all products';
COMMENT ON COLUMN bi_write_off.service IS 'service';
COMMENT ON COLUMN bi_write_off.product IS 'text of the line there would have been';
COMMENT ON COLUMN bi_write_off.effect IS 'effect of the rule';
COMMENT ON COLUMN bi_write_off.currency IS 'currency of the amount';
COMMENT ON COLUMN bi_write_off.quantity IS 'quantity behind it';
COMMENT ON COLUMN bi_write_off.unit IS 'unit of quantity';
COMMENT ON COLUMN bi_write_off.amount IS 'amount not billed, without VAT; negative was not credited';
COMMENT ON COLUMN bi_write_off.write_off_below IS 'the customer''s threshold, then; 0 for a credit';
