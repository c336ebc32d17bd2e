-- What customers owe, by how long it has been due.
CREATE OR REPLACE VIEW bi_receivable AS
SELECT
    e.name AS seller,
    s.customer_number,
    s.customer,
    s.currency,
    count(*) AS documents,
    sum(s.open_amount) AS open_amount,
    coalesce(sum(s.open_amount) FILTER (WHERE s.days_overdue = 0), 0) AS not_due,
    coalesce(sum(s.open_amount) FILTER (WHERE s.days_overdue BETWEEN 1 AND 30), 0) AS overdue_1_30,
    coalesce(sum(s.open_amount) FILTER (WHERE s.days_overdue BETWEEN 31 AND 60), 0) AS overdue_31_60,
    coalesce(sum(s.open_amount) FILTER (WHERE s.days_overdue BETWEEN 61 AND 90), 0) AS overdue_61_90,
    coalesce(sum(s.open_amount) FILTER (WHERE s.days_overdue > 90), 0) AS overdue_over_90,
    max(s.days_overdue) AS days_overdue,
    coalesce(sum(s.open_amount) FILTER (WHERE s.status = 'disputed'), 0) AS disputed
FROM invoice_status AS s
JOIN seller AS e ON e.seller_id = s.seller_id
WHERE s.open_amount <> 0
GROUP BY e.name, s.customer_number, s.customer, s.currency;

COMMENT ON VIEW bi_receivable IS 'what is open of documents, by customer, currency and how long it has been due';
COMMENT ON COLUMN bi_receivable.seller IS 'legal entity';
COMMENT ON COLUMN bi_receivable.customer_number IS 'customer number';
COMMENT ON COLUMN bi_receivable.customer IS 'customer';
COMMENT ON COLUMN bi_receivable.currency IS 'currency of the amounts';
COMMENT ON COLUMN bi_receivable.documents IS 'documents of which something is open';
COMMENT ON COLUMN bi_receivable.open_amount IS 'what is open, with VAT; credit notes count against it';
COMMENT ON COLUMN bi_receivable.not_due IS 'of that, not due yet, and owed to the customer';
COMMENT ON COLUMN bi_receivable.overdue_1_30 IS 'due for 1 to 30 days';
COMMENT ON COLUMN bi_receivable.overdue_31_60 IS 'due for 31 to 60 days';
COMMENT ON COLUMN bi_receivable.overdue_61_90 IS 'due for 61 to 90 days';
COMMENT ON COLUMN bi_receivable.overdue_over_90 IS 'due for more than 90 days';
COMMENT ON COLUMN bi_receivable.days_overdue IS 'days the oldest has been due';
COMMENT ON COLUMN bi_receivable.disputed IS 'what is disputed, in the same columns too';
