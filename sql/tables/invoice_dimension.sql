-- Customers whose documents tell, or are made by, the values of a dimension.  A
-- table of its own: a dimension may be a customer's, so a column of customer would
-- make the two refer to each other, and no dump could be restored.
CREATE TABLE invoice_dimension (
    customer_id   int        NOT NULL REFERENCES customer,
    dimension_id  int        NOT NULL REFERENCES dimension,
    invoice_by    text       NOT NULL DEFAULT 'total',
    valid_during  daterange  NOT NULL DEFAULT '(,)',

    CHECK (invoice_by IN ('total', 'value')),
    CHECK (NOT isempty(valid_during)),
    CONSTRAINT invoice_dimension_overlap EXCLUDE USING gist (customer_id WITH =, valid_during WITH &&)
);

CREATE INDEX ON invoice_dimension (dimension_id);

COMMENT ON TABLE invoice_dimension IS 'customers whose documents are specified, or made, by the values of a dimension';
COMMENT ON COLUMN invoice_dimension.customer_id IS 'customer who is invoiced';
COMMENT ON COLUMN invoice_dimension.dimension_id IS 'dimension: the seller''s, the customer''s own, or that of a customer above it';
COMMENT ON COLUMN invoice_dimension.invoice_by IS 'total: one document with a specification by value; value: a document for each value';
COMMENT ON COLUMN invoice_dimension.valid_during IS 'whole months whose use it is about';

SELECT pg_catalog.pg_extension_config_dump('invoice_dimension', '');
