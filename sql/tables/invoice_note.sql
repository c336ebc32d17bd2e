-- What people say of documents: to the customer, on the next document that is made,
-- or among themselves.
CREATE TABLE invoice_note (
    invoice_note_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id      int          NOT NULL REFERENCES customer,
    invoice_id       int          REFERENCES invoice,
    internal         boolean      NOT NULL DEFAULT false,
    note             text         NOT NULL,
    noted_at         timestamptz  NOT NULL DEFAULT clock_timestamp(),
    noted_by         name         NOT NULL DEFAULT session_user,

    CHECK (note ~ '\S')
);

CREATE INDEX ON invoice_note (customer_id) WHERE invoice_id IS NULL;
CREATE INDEX ON invoice_note (invoice_id);

COMMENT ON TABLE invoice_note IS 'notes about documents: on them, or internal';
COMMENT ON COLUMN invoice_note.invoice_note_id IS 'key of the note';
COMMENT ON COLUMN invoice_note.customer_id IS 'customer';
COMMENT ON COLUMN invoice_note.invoice_id IS 'the document; NULL is the customer''s next one';
COMMENT ON COLUMN invoice_note.internal IS 'whether it is for the seller only; else it stands on the document (BT-22)';
COMMENT ON COLUMN invoice_note.note IS 'the note';
COMMENT ON COLUMN invoice_note.noted_at IS 'when it was written';
COMMENT ON COLUMN invoice_note.noted_by IS 'who wrote it';

SELECT pg_catalog.pg_extension_config_dump('invoice_note', '');
SELECT pg_catalog.pg_extension_config_dump('invoice_note_invoice_note_id_seq', '');
