-- What is due and what was billed for each line of a rule, whatever the values of
-- dimensions it is billed by: enough for totals, without telling the values.
CREATE OR REPLACE VIEW invoice_balance AS
SELECT
    b.customer_id,
    b.period_start,
    b.price_rule_id,
    b.product_id,
    b.account_id,
    b.resource_id,
    b.tag_value,
    b.currency,
    coalesce(sum(b.due), 0) AS due,
    coalesce(sum(b.due_before), 0) AS due_before,
    coalesce(sum(b.due), 0) - coalesce(sum(b.due_before), 0) - coalesce(sum(b.written_off), 0) AS amount,
    count(b.due_before)::int AS times,
    coalesce(sum(b.written_off), 0) AS written_off
FROM (
    SELECT l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.account_id, l.resource_id, l.tag_value, l.currency,
        currency_round(l.amount, l.currency) AS due, NULL::numeric AS due_before,
        NULL::numeric AS written_off
    FROM rated_line AS l
    WHERE l.reseller_id IS NULL
    UNION ALL
    SELECT b.customer_id, b.period_start, b.price_rule_id, b.product_id, b.account_id, b.resource_id, b.tag_value, b.currency,
        NULL, b.amount, NULL
    FROM invoice_line AS b
    JOIN invoice AS i ON i.invoice_id = b.invoice_id
    WHERE b.customer_id BETWEEN customer_first() AND customer_last()
      AND b.period_start BETWEEN period_first() AND period_last()
      AND i.finalised_at <= coalesce(as_of(), 'infinity')
      AND i.reseller_id IS NULL
    UNION ALL
    SELECT w.customer_id, w.period_start, w.price_rule_id, w.product_id, w.account_id, w.resource_id, w.tag_value, w.currency,
        NULL, NULL, w.amount
    FROM invoice_write_off AS w
    WHERE w.customer_id BETWEEN customer_first() AND customer_last()
      AND w.period_start BETWEEN period_first() AND period_last()
      AND w.written_off_at <= coalesce(as_of(), 'infinity')
) AS b
JOIN price_rule_known AS r ON r.price_rule_id = b.price_rule_id
GROUP BY b.customer_id, b.period_start, b.price_rule_id, b.product_id, b.account_id, b.resource_id, b.tag_value, b.currency;

COMMENT ON VIEW invoice_balance IS 'for every line of a rule: what is due, what was billed, and the difference; over all values of dimensions it is billed by';
COMMENT ON COLUMN invoice_balance.customer_id IS 'customer';
COMMENT ON COLUMN invoice_balance.period_start IS 'first day of the billing period';
COMMENT ON COLUMN invoice_balance.price_rule_id IS 'rule';
COMMENT ON COLUMN invoice_balance.product_id IS 'product';
COMMENT ON COLUMN invoice_balance.account_id IS 'account';
COMMENT ON COLUMN invoice_balance.resource_id IS 'resource';
COMMENT ON COLUMN invoice_balance.tag_value IS 'value of a tag';
COMMENT ON COLUMN invoice_balance.currency IS 'currency';
COMMENT ON COLUMN invoice_balance.due IS 'amount due in all, rounded to the currency''s minor unit';
COMMENT ON COLUMN invoice_balance.due_before IS 'amount billed before';
COMMENT ON COLUMN invoice_balance.amount IS 'due less due_before and written_off';
COMMENT ON COLUMN invoice_balance.times IS 'lines of documents that billed it';
COMMENT ON COLUMN invoice_balance.written_off IS 'corrections that were written off';
