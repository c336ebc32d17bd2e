-- Which documents a customer has.  Who has no row here has one for each month and
-- currency, of 0.00 too, and a credit note when the total is negative.
CREATE TABLE invoice_policy (
    customer_id     int      PRIMARY KEY REFERENCES customer,
    split_by        text,
    bill_to_parent  boolean  NOT NULL DEFAULT false,
    zero_total      text     NOT NULL DEFAULT 'make',
    negative_total  text     NOT NULL DEFAULT 'credit_note',
    set_off         text     NOT NULL DEFAULT 'payments',
    sections        boolean  NOT NULL DEFAULT false,

    CHECK (split_by IN ('agreement', 'account', 'order_number')),
    CHECK (zero_total IN ('make', 'wait')),
    CHECK (negative_total IN ('credit_note', 'wait')),
    CHECK (set_off IN ('none', 'payments', 'all'))
);

COMMENT ON TABLE invoice_policy IS 'customers whose documents are split, addressed to the customer above, or wait when they are of nothing or less';
COMMENT ON COLUMN invoice_policy.customer_id IS 'customer who is invoiced';
COMMENT ON COLUMN invoice_policy.split_by IS 'a document for each agreement, account or order_number, and one for all that has none; NULL is one document';
COMMENT ON COLUMN invoice_policy.bill_to_parent IS 'whether documents are addressed to the customer above, with his VAT, language and payment term: to the nearest one of whom this is not so';
COMMENT ON COLUMN invoice_policy.zero_total IS 'of a total of 0.00: make a document, or wait until it is another one';
COMMENT ON COLUMN invoice_policy.negative_total IS 'of a total below 0: a credit_note at once, or wait until with what comes it is no longer; all that waits is one document with what comes';
COMMENT ON COLUMN invoice_policy.set_off IS 'what of his is set off with invoices when they are made: payments that are open, all (his open credit notes, too) or none';
COMMENT ON COLUMN invoice_policy.sections IS 'whether what is addressed to him by customers below (bill_to_parent) is one document with his own, with a section for each';

SELECT pg_catalog.pg_extension_config_dump('invoice_policy', '');
