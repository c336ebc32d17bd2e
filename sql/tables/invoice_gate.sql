-- Limits above which a customer is not invoiced until somebody has looked.  The nearest
-- row holds: the customer's, the seller's, or everyone's.
CREATE TABLE invoice_gate (
    invoice_gate_id  int      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seller_id        int      REFERENCES seller,
    customer_id      int      REFERENCES customer,
    leakage          numeric,
    unmapped         numeric,
    unexplained      numeric,

    UNIQUE NULLS NOT DISTINCT (seller_id, customer_id),
    CHECK (seller_id IS NULL OR customer_id IS NULL),
    CHECK (leakage >= 0 AND leakage <> 'NaN'),
    CHECK (unmapped >= 0 AND unmapped <> 'NaN'),
    CHECK (unexplained >= 0 AND unexplained <> 'NaN')
);

CREATE INDEX ON invoice_gate (customer_id);

COMMENT ON TABLE invoice_gate IS 'limits above which invoice_run holds customers; without a row nobody is held';
COMMENT ON COLUMN invoice_gate.invoice_gate_id IS 'key of the row';
COMMENT ON COLUMN invoice_gate.seller_id IS 'seller whose customers it is for; NULL with customer_id NULL is everyone';
COMMENT ON COLUMN invoice_gate.customer_id IS 'customer it is for; goes before the seller''s';
COMMENT ON COLUMN invoice_gate.leakage IS 'how much of the customer''s cost may be unsold, in all months that are invoiced; NULL is no limit';
COMMENT ON COLUMN invoice_gate.unmapped IS 'how much cost nobody may own; it may be any customer''s, so it holds all of them; NULL is no limit';
COMMENT ON COLUMN invoice_gate.unexplained IS 'how much of the customer''s differences may be unexplained; NULL is no limit';

SELECT pg_catalog.pg_extension_config_dump('invoice_gate', '');
SELECT pg_catalog.pg_extension_config_dump('invoice_gate_invoice_gate_id_seq', '');

-- Who is invoiced all the same, and why.
CREATE TABLE invoice_gate_override (
    invoice_gate_override_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id               int          REFERENCES customer,
    valid_during              daterange    NOT NULL,
    reason                    text         NOT NULL,
    created_at                timestamptz  NOT NULL DEFAULT clock_timestamp(),
    created_by                name         NOT NULL DEFAULT session_user,

    CHECK (NOT isempty(valid_during)),
    CHECK (reason ~ '\S')
);

CREATE INDEX ON invoice_gate_override (customer_id);

COMMENT ON TABLE invoice_gate_override IS 'customers who are invoiced in spite of invoice_gate, and why';
COMMENT ON COLUMN invoice_gate_override.invoice_gate_override_id IS 'key of the row';
COMMENT ON COLUMN invoice_gate_override.customer_id IS 'customer; NULL is everyone';
COMMENT ON COLUMN invoice_gate_override.valid_during IS 'runs it is for, by their day (invoice_run.until)';
COMMENT ON COLUMN invoice_gate_override.reason IS 'why';
COMMENT ON COLUMN invoice_gate_override.created_at IS 'when it was entered';
COMMENT ON COLUMN invoice_gate_override.created_by IS 'by whom';

SELECT pg_catalog.pg_extension_config_dump('invoice_gate_override', '');
SELECT pg_catalog.pg_extension_config_dump('invoice_gate_override_invoice_gate_override_id_seq', '');
