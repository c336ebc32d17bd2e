-- Rows that are sealed (invoice_seal), as what is hashed of them.
CREATE OR REPLACE VIEW invoice_sealed AS
SELECT 'invoice_event' AS relation, e.invoice_event_id AS key, i.seller_id, e.recorded_at, to_jsonb(e) AS content
FROM invoice_event AS e
JOIN invoice AS i ON i.invoice_id = e.invoice_id
UNION ALL
SELECT 'invoice_credit', c.credit_note_id, i.seller_id, c.recorded_at, to_jsonb(c)
FROM invoice_credit AS c
JOIN invoice AS i ON i.invoice_id = c.credit_note_id
UNION ALL
SELECT 'invoice_write_off', w.invoice_write_off_id, i.seller_id, w.written_off_at, to_jsonb(w)
FROM invoice_write_off AS w
JOIN invoice AS i ON i.invoice_id = w.corrects
UNION ALL
SELECT 'payment', p.payment_id, p.seller_id, p.recorded_at, to_jsonb(p)
FROM payment AS p
UNION ALL
SELECT 'prepayment', w.prepayment_id, p.seller_id, w.recorded_at, to_jsonb(w)
FROM prepayment AS w
JOIN payment AS p ON p.payment_id = w.payment_id
UNION ALL
SELECT 'payment_part', t.payment_part_id, i.seller_id, t.recorded_at, to_jsonb(t)
FROM payment_part AS t
JOIN invoice AS i ON i.invoice_id = t.invoice_id;

COMMENT ON VIEW invoice_sealed IS 'rows about documents that are sealed, as what is hashed of them';
COMMENT ON COLUMN invoice_sealed.relation IS 'table of the row';
COMMENT ON COLUMN invoice_sealed.key IS 'its key';
COMMENT ON COLUMN invoice_sealed.seller_id IS 'legal entity whose chain it is in';
COMMENT ON COLUMN invoice_sealed.recorded_at IS 'when it was recorded';
COMMENT ON COLUMN invoice_sealed.content IS 'what it says';
