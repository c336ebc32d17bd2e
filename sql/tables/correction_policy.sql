-- What becomes of corrections of a customer's invoices, in a currency or in all that have
-- no row of their own.  Who has no row here gets them with whatever the run makes.
CREATE TABLE correction_policy (
    customer_id      int      NOT NULL REFERENCES customer,
    document         text     NOT NULL DEFAULT 'run',
    write_off_below  numeric  NOT NULL DEFAULT 0,
    currency         char(3),

    UNIQUE NULLS NOT DISTINCT (customer_id, currency),
    CHECK (document IN ('run', 'next', 'separate')),
    CHECK (write_off_below >= 0 AND write_off_below < 'Infinity'),
    CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT correction_policy_currency CHECK (write_off_below = 0 OR currency IS NOT NULL)
);

COMMENT ON TABLE correction_policy IS 'customers whose corrections wait, have documents of their own, or are written off when they are small';
COMMENT ON COLUMN correction_policy.customer_id IS 'customer who is invoiced';
COMMENT ON COLUMN correction_policy.document IS 'run: corrections go with an invoice of the run, else on a document of their own; next: they wait for the invoice of a next month; separate: they make a document of their own';
COMMENT ON COLUMN correction_policy.write_off_below IS 'corrections of a month that are together less than this, whatever their signs, are written off; 0 writes nothing off';
COMMENT ON COLUMN correction_policy.currency IS 'currency of the invoices, and of write_off_below; NULL is all that the customer has no other row for';

SELECT pg_catalog.pg_extension_config_dump('correction_policy', '');

-- Differences that a run did not bill, and no run will: small corrections, and what was
-- credited.  They have the key of the line that would bill them, and are facts as lines
-- are.
CREATE TABLE invoice_write_off (
    invoice_write_off_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invoice_run_id        int          REFERENCES invoice_run,
    customer_id           int          NOT NULL REFERENCES customer,
    period_start          date         NOT NULL,
    price_rule_id         int          NOT NULL REFERENCES price_rule,
    product_id            int          NOT NULL REFERENCES product,
    account_id            int          REFERENCES account,
    resource_id           text,
    tag_value             text,
    currency              char(3)      NOT NULL,
    dimension_id          int          REFERENCES dimension,
    dimension_value       text,
    effect                text         NOT NULL,
    corrects              int          NOT NULL REFERENCES invoice,
    measured              numeric      NOT NULL,
    measured_before       numeric      NOT NULL,
    due                   numeric      NOT NULL,
    due_before            numeric      NOT NULL,
    amount                numeric      NOT NULL,
    quantity              numeric,
    unit                  text,
    cost                  numeric      NOT NULL,
    write_off_below       numeric      NOT NULL,
    written_off_at        timestamptz  NOT NULL DEFAULT clock_timestamp(),
    written_off_by        name         NOT NULL DEFAULT session_user,

    CHECK (amount = due - due_before),
    CHECK (amount <> 0)
);

CREATE INDEX ON invoice_write_off (customer_id, period_start);
CREATE INDEX ON invoice_write_off (written_off_at);

COMMENT ON TABLE invoice_write_off IS 'corrections that were written off, and what was credited for good: differences that no document bills';
COMMENT ON COLUMN invoice_write_off.invoice_write_off_id IS 'key of the row';
COMMENT ON COLUMN invoice_write_off.invoice_run_id IS 'run that wrote it off; NULL for a credit';
COMMENT ON COLUMN invoice_write_off.customer_id IS 'key: customer';
COMMENT ON COLUMN invoice_write_off.period_start IS 'key: first day of the period it would have corrected';
COMMENT ON COLUMN invoice_write_off.price_rule_id IS 'key: rule';
COMMENT ON COLUMN invoice_write_off.product_id IS 'key: product';
COMMENT ON COLUMN invoice_write_off.account_id IS 'key: account';
COMMENT ON COLUMN invoice_write_off.resource_id IS 'key: resource';
COMMENT ON COLUMN invoice_write_off.tag_value IS 'key: value of a tag';
COMMENT ON COLUMN invoice_write_off.currency IS 'key: currency';
COMMENT ON COLUMN invoice_write_off.dimension_id IS 'key: dimension, of a customer who has a document for each of its values';
COMMENT ON COLUMN invoice_write_off.dimension_value IS 'key: the value; NULL is what is not allocated';
COMMENT ON COLUMN invoice_write_off.effect IS 'effect of the rule';
COMMENT ON COLUMN invoice_write_off.corrects IS 'document that it would have corrected; for a credit the credit note';
COMMENT ON COLUMN invoice_write_off.measured IS 'the measure''s total for the key, then';
COMMENT ON COLUMN invoice_write_off.measured_before IS 'the same as it was billed or written off before';
COMMENT ON COLUMN invoice_write_off.due IS 'amount due for the key in all, rounded';
COMMENT ON COLUMN invoice_write_off.due_before IS 'amount billed or written off for the key before';
COMMENT ON COLUMN invoice_write_off.amount IS 'amount written off: due less due_before; negative is in the seller''s favour';
COMMENT ON COLUMN invoice_write_off.quantity IS 'quantity behind the amount; NULL where there is none of one unit';
COMMENT ON COLUMN invoice_write_off.unit IS 'unit of quantity';
COMMENT ON COLUMN invoice_write_off.cost IS 'billed cost of the charges behind it, less what the lines of the key carried';
COMMENT ON COLUMN invoice_write_off.write_off_below IS 'the policy''s threshold, then; 0 for a credit';
COMMENT ON COLUMN invoice_write_off.written_off_at IS 'when';
COMMENT ON COLUMN invoice_write_off.written_off_by IS 'user whose run it was';

SELECT pg_catalog.pg_extension_config_dump('invoice_write_off', '');
SELECT pg_catalog.pg_extension_config_dump('invoice_write_off_invoice_write_off_id_seq', '');
