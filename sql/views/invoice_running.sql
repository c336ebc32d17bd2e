-- The invoice that would be sent now: every customer's differences, of periods
-- that are still open too.
CREATE OR REPLACE VIEW invoice_running AS
SELECT
    d.customer_id,
    c.name AS customer,
    d.period_start,
    d.period_end,
    d.currency,
    d.effect,
    CASE p.kind WHEN 'all' THEN r.name ELSE coalesce(v.name, p.name) END AS service,
    coalesce(r.invoice_text, gi.description, CASE WHEN d.effect = 'set' AND p.kind = 'sku' THEN p.name ELSE r.name END) AS description,
    coalesce(a.sub_account_name, a.sub_account_id, a.billing_account_name, a.billing_account_id) AS account,
    d.resource_id,
    d.tag_value,
    d.quantity,
    d.unit,
    d.measured,
    d.due,
    d.due_before,
    d.amount,
    d.billed_cost AS cost,
    d.due - d.billed_cost AS margin,
    d.charges,
    d.revision,
    d.corrects,
    d.price_rule_id,
    d.product_id,
    d.account_id,
    n.name AS dimension,
    d.dimension_value,
    d.dimension_id,
    d.reseller_id
FROM invoice_due AS d
JOIN customer AS c ON c.customer_id = d.customer_id
JOIN price_rule_known AS r ON r.price_rule_id = d.price_rule_id
JOIN product AS p ON p.product_id = d.product_id
LEFT JOIN product AS v ON v.product_id = p.path[3]
LEFT JOIN account AS a ON a.account_id = d.account_id
LEFT JOIN agreement AS g ON g.account_id = d.account_id
LEFT JOIN agreement_item AS gi ON gi.agreement_id = g.agreement_id AND agreement_resource(g.number, gi.number) = d.resource_id
LEFT JOIN dimension AS n ON n.dimension_id = d.dimension_id
-- what was written off before it was ever billed is no line of 0.00
WHERE d.amount <> 0 OR d.revision = 0 AND d.due_before = 0;

COMMENT ON VIEW invoice_running IS 'the invoices that would be sent now, line by line; always current';
COMMENT ON COLUMN invoice_running.customer_id IS 'key of the customer';
COMMENT ON COLUMN invoice_running.customer IS 'name of the customer';
COMMENT ON COLUMN invoice_running.period_start IS 'first day of the period billed';
COMMENT ON COLUMN invoice_running.period_end IS 'day after the period';
COMMENT ON COLUMN invoice_running.currency IS 'currency of the amounts';
COMMENT ON COLUMN invoice_running.effect IS 'effect of the rule: include, set, adjust, add or limit';
COMMENT ON COLUMN invoice_running.service IS 'service; for a rule on all products the rule''s name';
COMMENT ON COLUMN invoice_running.description IS 'text of the line';
COMMENT ON COLUMN invoice_running.account IS 'account, for rules per account or resource';
COMMENT ON COLUMN invoice_running.resource_id IS 'resource, for rules per resource';
COMMENT ON COLUMN invoice_running.tag_value IS 'value of the tag, for rules per tag';
COMMENT ON COLUMN invoice_running.quantity IS 'quantity of the charges';
COMMENT ON COLUMN invoice_running.unit IS 'unit of quantity; NULL when there are several';
COMMENT ON COLUMN invoice_running.measured IS 'the rule''s measure';
COMMENT ON COLUMN invoice_running.due IS 'amount due in all, rounded';
COMMENT ON COLUMN invoice_running.due_before IS 'amount billed or written off before';
COMMENT ON COLUMN invoice_running.amount IS 'amount to bill';
COMMENT ON COLUMN invoice_running.cost IS 'billed cost of the charges, where it is in the same currency';
COMMENT ON COLUMN invoice_running.margin IS 'due less cost';
COMMENT ON COLUMN invoice_running.charges IS 'number of charges';
COMMENT ON COLUMN invoice_running.revision IS 'how often the line was billed before';
COMMENT ON COLUMN invoice_running.corrects IS 'last document that billed it';
COMMENT ON COLUMN invoice_running.price_rule_id IS 'rule';
COMMENT ON COLUMN invoice_running.product_id IS 'product';
COMMENT ON COLUMN invoice_running.account_id IS 'key of the account';
COMMENT ON COLUMN invoice_running.dimension IS 'dimension, of a customer who has a document for each of its values';
COMMENT ON COLUMN invoice_running.dimension_value IS 'value the document would be about; NULL is what is not allocated';
COMMENT ON COLUMN invoice_running.dimension_id IS 'key of the dimension';
COMMENT ON COLUMN invoice_running.reseller_id IS 'reseller who would send it; NULL is the customer''s seller';
