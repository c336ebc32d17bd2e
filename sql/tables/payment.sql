-- Money that came in, or went out.  A row never changes: what was wrong is taken back
-- by an opposite row.
CREATE TABLE payment (
    payment_id     int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seller_id      int          NOT NULL REFERENCES seller,
    received_on    date         NOT NULL,
    amount         numeric      NOT NULL,
    currency       char(3)      NOT NULL DEFAULT 'EUR',
    reference      text,
    payer          text,
    payer_account  text,
    bank_id        text,
    reverses       int          REFERENCES payment,
    note           text,
    recorded_at    timestamptz  NOT NULL DEFAULT now(),
    recorded_by    name         NOT NULL DEFAULT session_user,

    CONSTRAINT payment_once UNIQUE (seller_id, bank_id),
    CHECK (amount <> 0 AND amount > '-Infinity' AND amount < 'Infinity'),
    CHECK (currency ~ '^[A-Z]{3}$'),
    CHECK (isfinite(received_on)),
    CHECK (reverses <> payment_id),
    CHECK (bank_id ~ '\S')
);

CREATE INDEX ON payment (reverses) WHERE reverses IS NOT NULL;

COMMENT ON TABLE payment IS 'payments as the bank tells them; made for COPY';
COMMENT ON COLUMN payment.payment_id IS 'key of the payment';
COMMENT ON COLUMN payment.seller_id IS 'legal entity whose account it is';
COMMENT ON COLUMN payment.received_on IS 'day it was booked';
COMMENT ON COLUMN payment.amount IS 'what came in; negative is what went out: a refund, a chargeback, a direct debit that came back';
COMMENT ON COLUMN payment.currency IS 'its currency';
COMMENT ON COLUMN payment.reference IS 'what the payer wrote: payment references and numbers of documents in it are found by payment_match';
COMMENT ON COLUMN payment.payer IS 'name of who paid';
COMMENT ON COLUMN payment.payer_account IS 'his account';
COMMENT ON COLUMN payment.bank_id IS 'the bank''s own id of the entry: the same one again is refused';
COMMENT ON COLUMN payment.reverses IS 'payment that it gives back, as a whole or in part';
COMMENT ON COLUMN payment.note IS 'note, for people';
COMMENT ON COLUMN payment.recorded_at IS 'when it was recorded';
COMMENT ON COLUMN payment.recorded_by IS 'user who recorded it';

SELECT pg_catalog.pg_extension_config_dump('payment', '');
SELECT pg_catalog.pg_extension_config_dump('payment_payment_id_seq', '');

-- What was paid of which document: by a payment, or by a credit note that is settled
-- with an invoice.
CREATE TABLE payment_part (
    payment_part_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id       int          REFERENCES payment,
    credit_note_id   int          REFERENCES invoice,
    invoice_id       int          NOT NULL REFERENCES invoice,
    amount           numeric      NOT NULL,
    note             text,
    recorded_at      timestamptz  NOT NULL DEFAULT now(),
    recorded_by      name         NOT NULL DEFAULT session_user,
    prepaid          boolean,

    CONSTRAINT payment_part_source CHECK (num_nonnulls(payment_id, credit_note_id) = 1),
    CHECK (credit_note_id <> invoice_id),
    CHECK (amount <> 0 AND amount > '-Infinity' AND amount < 'Infinity'),
    CHECK (prepaid IS NULL OR prepaid AND amount > 0)
);

CREATE INDEX ON payment_part (invoice_id);
CREATE INDEX ON payment_part (payment_id);
CREATE INDEX ON payment_part (credit_note_id);

COMMENT ON TABLE payment_part IS 'what payments, and credit notes, paid of documents';
COMMENT ON COLUMN payment_part.payment_part_id IS 'key of the part';
COMMENT ON COLUMN payment_part.payment_id IS 'payment it is a part of';
COMMENT ON COLUMN payment_part.credit_note_id IS 'or credit note that is settled';
COMMENT ON COLUMN payment_part.invoice_id IS 'document it pays';
COMMENT ON COLUMN payment_part.amount IS 'amount, of the payment''s sign; of the opposite one where it takes a part back';
COMMENT ON COLUMN payment_part.note IS 'note, for people';
COMMENT ON COLUMN payment_part.recorded_at IS 'when it was recorded';
COMMENT ON COLUMN payment_part.recorded_by IS 'user who recorded it';
COMMENT ON COLUMN payment_part.prepaid IS 'true where the document says that it was paid already (invoice.prepaid_amount); NULL for all others';

SELECT pg_catalog.pg_extension_config_dump('payment_part', '');
SELECT pg_catalog.pg_extension_config_dump('payment_part_payment_part_id_seq', '');
