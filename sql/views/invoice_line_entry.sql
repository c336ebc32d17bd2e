-- Lines that were entered by hand, for people.
CREATE OR REPLACE VIEW invoice_line_entry AS
SELECT i.agreement_item_id, g.customer_id, c.number AS customer_number, c.name AS customer, lower(q.valid_during) AS on_day,
    s.name AS service, i.description, q.quantity, i.unit, (i.pricing::jsonb ->> 'unit_price')::numeric AS unit_price, g.currency,
    currency_round(q.quantity * (i.pricing::jsonb ->> 'unit_price')::numeric, g.currency) AS amount, i.tax_category, i.supply,
    i.tax_exemption, g.order_number, q.note, q.recorded_by AS author, q.recorded_at AS entered_at, coalesce(b.billed, 0) AS billed, b.invoice_id
FROM agreement AS g
JOIN agreement_item AS i ON i.agreement_id = g.agreement_id
JOIN agreement_quantity AS q ON q.agreement_item_id = i.agreement_item_id
JOIN customer AS c ON c.customer_id = g.customer_id
JOIN product AS p ON p.product_id = i.product_id
JOIN product AS s ON s.product_id = p.parent_id
LEFT JOIN LATERAL (
    SELECT sum(l.amount) AS billed, max(l.invoice_id) AS invoice_id
    FROM invoice_line AS l
    WHERE l.customer_id = g.customer_id AND l.period_start = date_trunc('month', lower(q.valid_during)::timestamp)::date
      AND l.price_rule_id = i.price_rule_id AND l.account_id = g.account_id AND l.resource_id = agreement_resource(g.number, i.number)
) AS b ON true
WHERE g.by_hand;

COMMENT ON VIEW invoice_line_entry IS 'lines that were entered by hand, and what of them was billed';
COMMENT ON COLUMN invoice_line_entry.agreement_item_id IS 'key of the line';
COMMENT ON COLUMN invoice_line_entry.customer_id IS 'customer';
COMMENT ON COLUMN invoice_line_entry.customer_number IS 'customer number';
COMMENT ON COLUMN invoice_line_entry.customer IS 'name of the customer';
COMMENT ON COLUMN invoice_line_entry.on_day IS 'day it is of, from which it may be invoiced';
COMMENT ON COLUMN invoice_line_entry.service IS 'heading it stands under';
COMMENT ON COLUMN invoice_line_entry.description IS 'text of the line';
COMMENT ON COLUMN invoice_line_entry.quantity IS 'quantity; below 0 is a credit, and 0 was withdrawn';
COMMENT ON COLUMN invoice_line_entry.unit IS 'unit of the quantity';
COMMENT ON COLUMN invoice_line_entry.unit_price IS 'price of one unit';
COMMENT ON COLUMN invoice_line_entry.currency IS 'currency';
COMMENT ON COLUMN invoice_line_entry.amount IS 'quantity x price, rounded';
COMMENT ON COLUMN invoice_line_entry.tax_category IS 'VAT at home: as in price_rule';
COMMENT ON COLUMN invoice_line_entry.supply IS 'what is sold, for VAT across borders: as in price_rule';
COMMENT ON COLUMN invoice_line_entry.tax_exemption IS 'why it is exempt';
COMMENT ON COLUMN invoice_line_entry.order_number IS 'customer''s order number for it; NULL is the one of the customer';
COMMENT ON COLUMN invoice_line_entry.note IS 'note, for people';
COMMENT ON COLUMN invoice_line_entry.author IS 'who entered or last changed it';
COMMENT ON COLUMN invoice_line_entry.entered_at IS 'since when it is as it is';
COMMENT ON COLUMN invoice_line_entry.billed IS 'what documents billed of it';
COMMENT ON COLUMN invoice_line_entry.invoice_id IS 'last document that did';
