-- Whose documents are finalised only when somebody approved them.  A customer's own row
-- goes before its seller's.
CREATE TABLE approval_policy (
    seller_id    int      REFERENCES seller,
    customer_id  int      REFERENCES customer,
    is_needed    boolean  NOT NULL DEFAULT true,

    UNIQUE NULLS NOT DISTINCT (seller_id, customer_id),
    CONSTRAINT approval_policy_who CHECK (num_nonnulls(seller_id, customer_id) = 1)
);

COMMENT ON TABLE approval_policy IS 'sellers and customers whose documents wait for approval';
COMMENT ON COLUMN approval_policy.seller_id IS 'legal entity: all its customers without a row of their own';
COMMENT ON COLUMN approval_policy.customer_id IS 'or one customer';
COMMENT ON COLUMN approval_policy.is_needed IS 'whether approval is needed';

SELECT pg_catalog.pg_extension_config_dump('approval_policy', '');

-- What a run would have finalised.  It is a proposal: what is due is always computed.
CREATE TABLE invoice_approval (
    invoice_approval_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id          int          NOT NULL REFERENCES customer,
    until                date         NOT NULL,
    currency             char(3)      NOT NULL,
    net_amount           numeric      NOT NULL,
    invoice_run_id       int          REFERENCES invoice_run,
    proposed_at          timestamptz  NOT NULL DEFAULT clock_timestamp(),
    proposed_by          name         NOT NULL DEFAULT session_user,
    decision             text,
    reason               text,
    decided_at           timestamptz,
    decided_by           text,
    documents            int[],

    CHECK (decision IN ('approved', 'rejected', 'withdrawn')),
    CHECK (num_nulls(decision, decided_at, decided_by) IN (0, 3)),
    CHECK (decision <> 'rejected' OR reason ~ '\S'),
    CHECK ((decision = 'approved') = (documents IS NOT NULL))
);

CREATE UNIQUE INDEX invoice_approval_open ON invoice_approval (customer_id, currency) WHERE decision IS NULL;

COMMENT ON TABLE invoice_approval IS 'documents that wait for approval, and what was decided about them';
COMMENT ON COLUMN invoice_approval.invoice_approval_id IS 'key of the row';
COMMENT ON COLUMN invoice_approval.customer_id IS 'customer who would be invoiced';
COMMENT ON COLUMN invoice_approval.until IS 'day of the run: periods that ended on or before it';
COMMENT ON COLUMN invoice_approval.currency IS 'currency of the documents';
COMMENT ON COLUMN invoice_approval.net_amount IS 'their total without VAT, as it was proposed';
COMMENT ON COLUMN invoice_approval.invoice_run_id IS 'run that proposed it last';
COMMENT ON COLUMN invoice_approval.proposed_at IS 'when that was';
COMMENT ON COLUMN invoice_approval.proposed_by IS 'user whose run it was';
COMMENT ON COLUMN invoice_approval.decision IS 'approved, rejected, or withdrawn (a later run found nothing that needs approval); NULL is open';
COMMENT ON COLUMN invoice_approval.reason IS 'why it was rejected';
COMMENT ON COLUMN invoice_approval.decided_at IS 'when it was decided';
COMMENT ON COLUMN invoice_approval.decided_by IS 'who decided it';
COMMENT ON COLUMN invoice_approval.documents IS 'keys of the documents that were finalised';

SELECT pg_catalog.pg_extension_config_dump('invoice_approval', '');
SELECT pg_catalog.pg_extension_config_dump('invoice_approval_invoice_approval_id_seq', '');
