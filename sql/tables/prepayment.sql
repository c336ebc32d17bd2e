-- Whose money a payment is that names no document: what is open of it pays his next
-- ones.  The last row of a payment holds; a row never changes.
CREATE TABLE prepayment (
    prepayment_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id     int          NOT NULL REFERENCES payment,
    customer_id    int          REFERENCES customer,
    note           text,
    recorded_at    timestamptz  NOT NULL DEFAULT now(),
    recorded_by    name         NOT NULL DEFAULT session_user
);

CREATE INDEX ON prepayment (payment_id);
CREATE INDEX ON prepayment (customer_id);

COMMENT ON TABLE prepayment IS 'payments that customers made in advance: what is open of them is set off with their next invoices';
COMMENT ON COLUMN prepayment.prepayment_id IS 'key of the row; of a payment the last one holds';
COMMENT ON COLUMN prepayment.payment_id IS 'the payment';
COMMENT ON COLUMN prepayment.customer_id IS 'customer whose invoices it pays in advance, as they are addressed; NULL is nobody''s';
COMMENT ON COLUMN prepayment.note IS 'note, for people';
COMMENT ON COLUMN prepayment.recorded_at IS 'when it was recorded';
COMMENT ON COLUMN prepayment.recorded_by IS 'user who recorded it';

SELECT pg_catalog.pg_extension_config_dump('prepayment', '');
SELECT pg_catalog.pg_extension_config_dump('prepayment_prepayment_id_seq', '');
