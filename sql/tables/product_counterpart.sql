-- What is sold under one product and bought under another: licences are counted by
-- the seller's own name and invoiced by the supplier's.
CREATE TABLE product_counterpart (
    product_id           int        NOT NULL REFERENCES product,
    bought_product_id    int        NOT NULL REFERENCES product,
    valid_during         daterange  NOT NULL DEFAULT '(,)',

    CHECK (product_id <> bought_product_id),
    CHECK (NOT isempty(valid_during)),
    CONSTRAINT product_counterpart_overlap EXCLUDE USING gist (product_id WITH =, valid_during WITH &&)
);

CREATE INDEX ON product_counterpart (bought_product_id);

COMMENT ON TABLE product_counterpart IS 'products that are sold under one name and bought under another: reconciliation compares them, and their quantities, as one';
COMMENT ON COLUMN product_counterpart.product_id IS 'product it is sold as, such as a licence that is counted';
COMMENT ON COLUMN product_counterpart.bought_product_id IS 'product it is bought as';
COMMENT ON COLUMN product_counterpart.valid_during IS 'days on which charges must start';

SELECT pg_catalog.pg_extension_config_dump('product_counterpart', '');
