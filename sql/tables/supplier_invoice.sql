-- Invoices of suppliers: what their headers say, and how far each is on its way from
-- being expected to being paid.  Their lines are charges of the purchase side.
CREATE TABLE supplier_invoice (
    supplier_invoice_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invoice_issuer_name  text         NOT NULL,
    invoice_number       text         NOT NULL,
    billing_account_id   text,
    seller_id            int          REFERENCES seller,
    kind                 text         NOT NULL DEFAULT 'invoice',
    corrects             text,
    issued_on            date,
    due_on               date,
    period_start         date,
    period_end           date,
    currency             char(3)      NOT NULL,
    net_amount           numeric      NOT NULL,
    tax_amount           numeric      NOT NULL DEFAULT 0,
    gross_amount         numeric      NOT NULL,
    exchange_from        char(3),
    exchange_to          char(3),
    exchange_rate        numeric,
    note                 text,
    status               text         NOT NULL DEFAULT 'received',
    status_at            timestamptz  NOT NULL DEFAULT clock_timestamp(),
    status_by            text         NOT NULL DEFAULT session_user,
    status_note          text,
    received_at          timestamptz  DEFAULT clock_timestamp(),
    reconciled_at        timestamptz,
    approved_at          timestamptz,
    paid_on              date,
    load_id              int          REFERENCES load,

    UNIQUE (invoice_issuer_name, invoice_number),
    CHECK (length(invoice_issuer_name) BETWEEN 1 AND 512 AND length(invoice_number) BETWEEN 1 AND 512),
    CHECK (kind IN ('invoice', 'credit_note')),
    CONSTRAINT supplier_invoice_adds_up CHECK (gross_amount = net_amount + tax_amount),
    CONSTRAINT supplier_invoice_sign CHECK (CASE kind WHEN 'invoice' THEN gross_amount >= 0 ELSE gross_amount <= 0 END),
    CHECK (corrects <> invoice_number),
    CHECK (period_start < period_end),
    CHECK (due_on >= issued_on),
    CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT supplier_invoice_exchange CHECK (
        num_nulls(exchange_from, exchange_to, exchange_rate) = 3
        OR num_nulls(exchange_from, exchange_to, exchange_rate) = 0 AND exchange_from <> exchange_to
            AND currency IN (exchange_from, exchange_to) AND exchange_from ~ '^[A-Z]{3}$' AND exchange_to ~ '^[A-Z]{3}$'
            AND exchange_rate > 0 AND exchange_rate < 'Infinity'),
    CHECK (status IN ('expected', 'received', 'reconciled', 'approved', 'paid')),
    CONSTRAINT supplier_invoice_status_has_dates CHECK (
        (received_at IS NULL) = (status = 'expected')
        AND (reconciled_at IS NULL) = (status IN ('expected', 'received'))
        AND (approved_at IS NULL) = (status IN ('expected', 'received', 'reconciled'))
        AND (paid_on IS NULL) = (status <> 'paid'))
);

CREATE INDEX ON supplier_invoice (invoice_number);
CREATE INDEX ON supplier_invoice (load_id);

COMMENT ON TABLE supplier_invoice IS 'invoices and credit notes of suppliers: header, and status from expected to paid';
COMMENT ON COLUMN supplier_invoice.supplier_invoice_id IS 'key of the invoice';
COMMENT ON COLUMN supplier_invoice.invoice_issuer_name IS 'supplier: who issued it (FOCUS InvoiceIssuerName), or the provider';
COMMENT ON COLUMN supplier_invoice.invoice_number IS 'number of the supplier (FOCUS InvoiceId, EN 16931 BT-1)';
COMMENT ON COLUMN supplier_invoice.billing_account_id IS 'billing account it is for (FOCUS BillingAccountId); finds its lines by account and month where they do not say their invoice';
COMMENT ON COLUMN supplier_invoice.seller_id IS 'legal entity of ours that it is for; NULL when not told';
COMMENT ON COLUMN supplier_invoice.kind IS 'invoice, or credit_note: its amounts are not above 0';
COMMENT ON COLUMN supplier_invoice.corrects IS 'number of the supplier''s earlier invoice that it corrects (BT-25)';
COMMENT ON COLUMN supplier_invoice.issued_on IS 'date of the invoice (BT-2)';
COMMENT ON COLUMN supplier_invoice.due_on IS 'day by which to pay (BT-9)';
COMMENT ON COLUMN supplier_invoice.period_start IS 'first day invoiced (BT-73)';
COMMENT ON COLUMN supplier_invoice.period_end IS 'day after the last day invoiced (BT-74 is the day before)';
COMMENT ON COLUMN supplier_invoice.currency IS 'currency of the amounts (BT-5)';
COMMENT ON COLUMN supplier_invoice.net_amount IS 'total without tax (BT-109)';
COMMENT ON COLUMN supplier_invoice.tax_amount IS 'tax (BT-110); 0 under the reverse charge';
COMMENT ON COLUMN supplier_invoice.gross_amount IS 'total with tax (BT-112)';
COMMENT ON COLUMN supplier_invoice.exchange_from IS 'exchange rate printed on the invoice: currency of which one unit is priced; one of the two is the invoice''s';
COMMENT ON COLUMN supplier_invoice.exchange_to IS 'exchange rate printed on the invoice: currency of the price';
COMMENT ON COLUMN supplier_invoice.exchange_rate IS 'exchange rate printed on the invoice: what one unit of exchange_from is in exchange_to';
COMMENT ON COLUMN supplier_invoice.note IS 'what there is to say of it';
COMMENT ON COLUMN supplier_invoice.status IS 'expected, received, reconciled, approved (for payment) or paid; only forward one by one, or back to received before it is paid';
COMMENT ON COLUMN supplier_invoice.status_at IS 'when the status was reached';
COMMENT ON COLUMN supplier_invoice.status_by IS 'author of the status; who says so counts, not the database role';
COMMENT ON COLUMN supplier_invoice.status_note IS 'reason or remark of the author';
COMMENT ON COLUMN supplier_invoice.received_at IS 'when it was received; NULL while expected';
COMMENT ON COLUMN supplier_invoice.reconciled_at IS 'when its amount was found to be what its lines say';
COMMENT ON COLUMN supplier_invoice.approved_at IS 'when it was approved for payment';
COMMENT ON COLUMN supplier_invoice.paid_on IS 'day on which it was paid';
COMMENT ON COLUMN supplier_invoice.load_id IS 'load that brought the header; NULL when it was entered';

SELECT pg_catalog.pg_extension_config_dump('supplier_invoice', '');
SELECT pg_catalog.pg_extension_config_dump('supplier_invoice_supplier_invoice_id_seq', '');

CREATE TABLE supplier_invoice_event (
    supplier_invoice_id  int          NOT NULL REFERENCES supplier_invoice ON DELETE CASCADE,
    event_no             int          NOT NULL,
    happened_at          timestamptz  NOT NULL DEFAULT clock_timestamp(),
    done_by              name         NOT NULL DEFAULT session_user,
    author               text         NOT NULL,
    status_before        text         NOT NULL,
    status               text         NOT NULL,
    gross_before         numeric      NOT NULL,
    gross_amount         numeric      NOT NULL,
    note                 text,
    replaced             jsonb,

    PRIMARY KEY (supplier_invoice_id, event_no)
);

COMMENT ON TABLE supplier_invoice_event IS 'what became of suppliers'' invoices: each change of status or amount and each load, and by whom';
COMMENT ON COLUMN supplier_invoice_event.supplier_invoice_id IS 'the invoice';
COMMENT ON COLUMN supplier_invoice_event.event_no IS 'number of the change, from 1';
COMMENT ON COLUMN supplier_invoice_event.happened_at IS 'when';
COMMENT ON COLUMN supplier_invoice_event.done_by IS 'database user';
COMMENT ON COLUMN supplier_invoice_event.author IS 'author, as told';
COMMENT ON COLUMN supplier_invoice_event.status_before IS 'status before';
COMMENT ON COLUMN supplier_invoice_event.status IS 'status after';
COMMENT ON COLUMN supplier_invoice_event.gross_before IS 'total with tax before';
COMMENT ON COLUMN supplier_invoice_event.gross_amount IS 'total with tax after';
COMMENT ON COLUMN supplier_invoice_event.note IS 'reason or remark';
COMMENT ON COLUMN supplier_invoice_event.replaced IS 'the invoice as it was before a load replaced it; NULL when none did';

SELECT pg_catalog.pg_extension_config_dump('supplier_invoice_event', '');
