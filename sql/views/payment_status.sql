-- What became of each payment.
CREATE OR REPLACE VIEW payment_status AS
SELECT
    p.payment_id,
    p.seller_id,
    p.received_on,
    p.currency::text AS currency,
    p.amount,
    a.assigned,
    r.reversed,
    o.open_amount,
    CASE
        WHEN p.reverses IS NOT NULL THEN 'reversal'
        WHEN o.open_amount = 0 AND a.assigned = 0 THEN 'reversed'
        WHEN o.open_amount = 0 THEN 'assigned'
        WHEN a.assigned = 0 AND r.reversed = 0 THEN 'open'
        ELSE 'partly_assigned'
    END AS status,
    a.documents,
    p.reference,
    p.payer,
    p.payer_account,
    p.bank_id,
    p.reverses,
    CASE WHEN whose.payment_id IS NOT NULL THEN whose.customer_id ELSE a.debtor_id END AS customer_id
FROM payment AS p
CROSS JOIN LATERAL (
    SELECT coalesce(sum(t.amount), 0) AS assigned, string_agg(DISTINCT i.invoice_number, ', ' ORDER BY i.invoice_number) AS documents,
        CASE WHEN min(coalesce(i.bill_to_id, i.customer_id)) = max(coalesce(i.bill_to_id, i.customer_id))
            THEN min(coalesce(i.bill_to_id, i.customer_id)) END AS debtor_id
    FROM payment_part AS t
    JOIN invoice AS i ON i.invoice_id = t.invoice_id
    WHERE t.payment_id = p.payment_id AND t.recorded_at <= coalesce(as_of(), 'infinity')
) AS a
CROSS JOIN LATERAL (
    SELECT coalesce(sum(x.amount), 0) AS reversed
    FROM payment AS x
    WHERE x.reverses = p.payment_id AND x.recorded_at <= coalesce(as_of(), 'infinity')
) AS r
CROSS JOIN LATERAL (
    SELECT CASE WHEN p.reverses IS NULL THEN p.amount ELSE 0 END - a.assigned + r.reversed AS open_amount
) AS o
LEFT JOIN LATERAL (
    SELECT w.payment_id, w.customer_id
    FROM prepayment AS w
    WHERE w.payment_id = p.payment_id AND w.recorded_at <= coalesce(as_of(), 'infinity')
    ORDER BY w.prepayment_id DESC
    LIMIT 1
) AS whose ON true
WHERE p.recorded_at <= coalesce(as_of(), 'infinity');

COMMENT ON VIEW payment_status IS 'payments with what of them pays documents, was given back, and is open';
COMMENT ON COLUMN payment_status.payment_id IS 'key of the payment';
COMMENT ON COLUMN payment_status.seller_id IS 'legal entity';
COMMENT ON COLUMN payment_status.received_on IS 'day it was booked';
COMMENT ON COLUMN payment_status.currency IS 'currency of the amounts';
COMMENT ON COLUMN payment_status.amount IS 'what came in; negative went out';
COMMENT ON COLUMN payment_status.assigned IS 'what pays documents';
COMMENT ON COLUMN payment_status.reversed IS 'what was given back, negative of what came in';
COMMENT ON COLUMN payment_status.open_amount IS 'what pays nothing yet: not matched, or paid too much';
COMMENT ON COLUMN payment_status.status IS 'open, partly_assigned, assigned, reversed, or reversal (it gives another payment back)';
COMMENT ON COLUMN payment_status.documents IS 'numbers of the documents';
COMMENT ON COLUMN payment_status.reference IS 'what the payer wrote';
COMMENT ON COLUMN payment_status.payer IS 'name of who paid';
COMMENT ON COLUMN payment_status.payer_account IS 'his account';
COMMENT ON COLUMN payment_status.bank_id IS 'the bank''s own id';
COMMENT ON COLUMN payment_status.reverses IS 'payment that it gives back';
COMMENT ON COLUMN payment_status.customer_id IS 'customer whose it is, by prepayment, or else whom all documents that it pays are addressed to: what is open is set off with his next invoices';
