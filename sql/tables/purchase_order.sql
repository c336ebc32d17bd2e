-- Orders of customers, against which lines with their number are booked.
CREATE TABLE purchase_order (
    customer_id   int          NOT NULL REFERENCES customer,
    number        text         NOT NULL,
    currency      char(3)      NOT NULL DEFAULT 'EUR',
    amount        numeric      NOT NULL,
    when_spent    text         NOT NULL DEFAULT 'warn',
    ordered_on    date,
    note          text,
    recorded_at   timestamptz  NOT NULL DEFAULT now(),
    recorded_by   name         NOT NULL DEFAULT session_user,

    PRIMARY KEY (customer_id, number, currency),
    CHECK (number ~ '\S'),
    CHECK (currency ~ '^[A-Z]{3}$'),
    CHECK (amount >= 0 AND amount < 'Infinity'),
    CHECK (when_spent IN ('warn', 'hold'))
);

COMMENT ON TABLE purchase_order IS 'orders of customers, with the amount that may be invoiced on them';
COMMENT ON COLUMN purchase_order.customer_id IS 'customer: who buys, or whom documents are addressed to';
COMMENT ON COLUMN purchase_order.number IS 'order number, as in agreement.order_number or customer.order_number';
COMMENT ON COLUMN purchase_order.currency IS 'currency; lines in another one are not booked';
COMMENT ON COLUMN purchase_order.amount IS 'amount ordered, without VAT';
COMMENT ON COLUMN purchase_order.when_spent IS 'when a document goes beyond it: warn, or hold the customer, a row in invoice_run_problem';
COMMENT ON COLUMN purchase_order.ordered_on IS 'day of the order';
COMMENT ON COLUMN purchase_order.note IS 'note, for people';
COMMENT ON COLUMN purchase_order.recorded_at IS 'when it was entered';
COMMENT ON COLUMN purchase_order.recorded_by IS 'user who entered it';

SELECT pg_catalog.pg_extension_config_dump('purchase_order', '');
