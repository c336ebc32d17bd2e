-- Where each document stands.  What is open is its total less what was paid and
-- credited of it; nothing of this is stored.
CREATE OR REPLACE VIEW invoice_status AS
SELECT
    i.invoice_id,
    i.invoice_number,
    i.kind,
    i.seller_id,
    i.customer_id,
    c.number AS customer_number,
    c.name AS customer,
    i.issued_on,
    i.due_on,
    i.currency::text AS currency,
    i.net_amount,
    i.gross_amount,
    p.paid,
    p.credited,
    CASE WHEN e.state = 'written_off' THEN i.gross_amount - p.paid - p.credited ELSE 0 END AS written_off,
    o.open_amount,
    CASE
        WHEN e.state = 'disputed' OR e.state = 'written_off' AND i.gross_amount <> p.paid + p.credited THEN e.state
        WHEN o.open_amount = 0 AND p.paid = 0 AND p.credited <> 0 THEN 'credited'
        WHEN o.open_amount = 0 THEN 'paid'
        WHEN o.open_amount > 0 AND i.due_on < z.today THEN 'overdue'
        WHEN p.paid <> 0 OR p.credited <> 0 THEN 'partly_paid'
        ELSE coalesce(e.state, 'finalised')
    END AS status,
    CASE WHEN o.open_amount > 0 THEN greatest(z.today - i.due_on, 0) ELSE 0 END AS days_overdue,
    p.last_paid_on,
    coalesce(e.state, 'finalised') AS state,
    e.event_no,
    e.reason,
    coalesce(e.recorded_at, i.finalised_at) AS state_since,
    coalesce(e.recorded_by, i.finalised_by) AS state_by,
    i.payment_reference
FROM invoice AS i
JOIN customer AS c ON c.customer_id = i.customer_id
JOIN (
    SELECT z.customer_id, (coalesce(as_of(), now()) AT TIME ZONE z.time_zone)::date AS today FROM customer_zone AS z
) AS z ON z.customer_id = i.customer_id
LEFT JOIN LATERAL (
    SELECT v.*
    FROM invoice_event AS v
    WHERE v.invoice_id = i.invoice_id AND v.recorded_at <= coalesce(as_of(), 'infinity')
    ORDER BY v.event_no DESC
    LIMIT 1
) AS e ON true
CROSS JOIN LATERAL (
    SELECT coalesce(sum(t.amount) FILTER (WHERE t.payment_id IS NOT NULL), 0) AS paid,
        coalesce(sum(t.amount) FILTER (WHERE t.payment_id IS NULL), 0) - (
            SELECT coalesce(sum(s.amount), 0)
            FROM payment_part AS s
            WHERE s.credit_note_id = i.invoice_id AND s.recorded_at <= coalesce(as_of(), 'infinity')) AS credited,
        max(y.received_on) AS last_paid_on
    FROM payment_part AS t
    LEFT JOIN payment AS y ON y.payment_id = t.payment_id
    WHERE t.invoice_id = i.invoice_id AND t.recorded_at <= coalesce(as_of(), 'infinity')
) AS p
CROSS JOIN LATERAL (
    SELECT CASE WHEN e.state = 'written_off' THEN 0 ELSE i.gross_amount - p.paid - p.credited END AS open_amount
) AS o
WHERE i.finalised_at <= coalesce(as_of(), 'infinity')
  AND i.customer_id BETWEEN customer_first() AND customer_last();

COMMENT ON VIEW invoice_status IS 'finalised documents with what is paid, credited and open of them, and where they stand';
COMMENT ON COLUMN invoice_status.invoice_id IS 'key of the document';
COMMENT ON COLUMN invoice_status.invoice_number IS 'its number';
COMMENT ON COLUMN invoice_status.kind IS 'invoice or credit_note';
COMMENT ON COLUMN invoice_status.seller_id IS 'legal entity that sent it';
COMMENT ON COLUMN invoice_status.customer_id IS 'key of the customer';
COMMENT ON COLUMN invoice_status.customer_number IS 'customer number';
COMMENT ON COLUMN invoice_status.customer IS 'customer';
COMMENT ON COLUMN invoice_status.issued_on IS 'date of issue';
COMMENT ON COLUMN invoice_status.due_on IS 'payment due date';
COMMENT ON COLUMN invoice_status.currency IS 'currency of the amounts';
COMMENT ON COLUMN invoice_status.net_amount IS 'total without VAT';
COMMENT ON COLUMN invoice_status.gross_amount IS 'total with VAT: paid, credited, written_off and open_amount together';
COMMENT ON COLUMN invoice_status.paid IS 'paid by payments; negative where a credit note was paid out';
COMMENT ON COLUMN invoice_status.credited IS 'settled with credit notes; of a credit note with invoices, negative';
COMMENT ON COLUMN invoice_status.written_off IS 'what will not be paid';
COMMENT ON COLUMN invoice_status.open_amount IS 'what is open; negative is owed to the customer';
COMMENT ON COLUMN invoice_status.status IS 'finalised, sent, partly_paid, paid, overdue (also when a part was paid), disputed, credited (nothing is open, without a payment) or written_off';
COMMENT ON COLUMN invoice_status.days_overdue IS 'days since due_on while something is open, in the customer''s time zone';
COMMENT ON COLUMN invoice_status.last_paid_on IS 'day of the latest payment';
COMMENT ON COLUMN invoice_status.state IS 'what the last event left: finalised, sent, disputed or written_off';
COMMENT ON COLUMN invoice_status.event_no IS 'number of the last event; NULL is none';
COMMENT ON COLUMN invoice_status.reason IS 'its reason';
COMMENT ON COLUMN invoice_status.state_since IS 'when it was recorded, or else when the document was finalised';
COMMENT ON COLUMN invoice_status.state_by IS 'user who did';
COMMENT ON COLUMN invoice_status.payment_reference IS 'reference to pay with';
