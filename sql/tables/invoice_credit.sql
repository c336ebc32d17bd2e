-- Documents that were made to credit another one.
CREATE TABLE invoice_credit (
    credit_note_id  int          PRIMARY KEY REFERENCES invoice,
    invoice_id      int          NOT NULL REFERENCES invoice,
    reissue         boolean      NOT NULL,
    reason          text         NOT NULL,
    author          text         NOT NULL DEFAULT session_user,
    recorded_at     timestamptz  NOT NULL DEFAULT now(),
    recorded_by     name         NOT NULL DEFAULT session_user,

    CHECK (credit_note_id > invoice_id),
    CHECK (reason ~ '\S')
);

CREATE INDEX ON invoice_credit (invoice_id);

COMMENT ON TABLE invoice_credit IS 'credit notes that were made by invoice_credit, and why';
COMMENT ON COLUMN invoice_credit.credit_note_id IS 'the credit note';
COMMENT ON COLUMN invoice_credit.invoice_id IS 'document that it credits';
COMMENT ON COLUMN invoice_credit.reissue IS 'whether what it credits is billed again, by the facts as they are';
COMMENT ON COLUMN invoice_credit.reason IS 'why, as it stands on the document';
COMMENT ON COLUMN invoice_credit.author IS 'who decided it; it stands on the document where it is another name than the user''s';
COMMENT ON COLUMN invoice_credit.recorded_at IS 'when';
COMMENT ON COLUMN invoice_credit.recorded_by IS 'user who credited it';

SELECT pg_catalog.pg_extension_config_dump('invoice_credit', '');
