CREATE OR REPLACE VIEW purchase_order_balance AS
SELECT o.customer_id, c.number AS customer_number, c.name AS customer, o.number, o.currency, o.amount AS ordered, b.invoiced,
    o.amount - b.invoiced AS remaining, o.when_spent, b.lines, b.invoice_id
FROM purchase_order AS o
JOIN customer AS c ON c.customer_id = o.customer_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(l.amount), 0) AS invoiced, count(*) AS lines, max(l.invoice_id) AS invoice_id
    FROM (
        SELECT l.amount, l.invoice_id, l.order_number, l.currency
        FROM invoice_line AS l
        WHERE l.customer_id = o.customer_id
        UNION ALL
        SELECT l.amount, l.invoice_id, l.order_number, l.currency
        FROM invoice AS i
        JOIN invoice_line AS l ON l.invoice_id = i.invoice_id
        WHERE i.bill_to_id = o.customer_id OR i.customer_id = o.customer_id AND i.bill_to_id IS NULL AND l.customer_id <> o.customer_id
    ) AS l
    WHERE l.order_number = o.number AND l.currency = o.currency
) AS b;

COMMENT ON VIEW purchase_order_balance IS 'orders of customers: what was ordered, invoiced and is left';
COMMENT ON COLUMN purchase_order_balance.customer_id IS 'customer';
COMMENT ON COLUMN purchase_order_balance.customer_number IS 'customer number';
COMMENT ON COLUMN purchase_order_balance.customer IS 'name of the customer';
COMMENT ON COLUMN purchase_order_balance.number IS 'order number';
COMMENT ON COLUMN purchase_order_balance.currency IS 'currency of the amounts';
COMMENT ON COLUMN purchase_order_balance.ordered IS 'amount ordered, without VAT';
COMMENT ON COLUMN purchase_order_balance.invoiced IS 'net amount of finalised lines with the number';
COMMENT ON COLUMN purchase_order_balance.remaining IS 'ordered less invoiced; below 0 where more was invoiced';
COMMENT ON COLUMN purchase_order_balance.when_spent IS 'what happens when a document goes beyond it: warn or hold';
COMMENT ON COLUMN purchase_order_balance.lines IS 'number of lines booked';
COMMENT ON COLUMN purchase_order_balance.invoice_id IS 'last document with such a line';
