-- What a margin may be: sales outside of it are a price mismatch.
CREATE TABLE margin_band (
    margin_band_id  int        GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     int        REFERENCES customer,
    product_id      int        NOT NULL DEFAULT 1 REFERENCES product,
    selector        selector,
    valid_during    daterange  NOT NULL DEFAULT '(,)',
    minimum         numeric    NOT NULL DEFAULT 0,
    maximum         numeric,

    CHECK (NOT isempty(valid_during)),
    CHECK (minimum < 100 AND minimum <> '-Infinity' AND (maximum < 100 OR maximum IS NULL)),
    CHECK (minimum <= maximum),
    CONSTRAINT margin_band_selector CHECK (NOT coalesce(selector::jsonb ? 'source', false)),
    -- Two of the same scope and time would tie.
    CONSTRAINT margin_band_tie EXCLUDE USING gist (
        coalesce(customer_id, 0) WITH =,
        product_id WITH =,
        coalesce(selector::text, '{}') WITH =,
        valid_during WITH &&)
);

CREATE INDEX ON margin_band (customer_id);
CREATE INDEX ON margin_band (product_id);

COMMENT ON TABLE margin_band IS 'margins that are in order, by customer, product and selector; the most specific holds, and without one nothing is sold below cost';
COMMENT ON COLUMN margin_band.margin_band_id IS 'key of the band';
COMMENT ON COLUMN margin_band.customer_id IS 'customer it is for, with all below it; NULL is everyone';
COMMENT ON COLUMN margin_band.product_id IS 'product it is for, with all below it; 1 is all products';
COMMENT ON COLUMN margin_band.selector IS 'further conditions on the charges; NULL is none';
COMMENT ON COLUMN margin_band.valid_during IS 'days on which charges must start, in the customer''s time zone';
COMMENT ON COLUMN margin_band.minimum IS 'least margin in percent of sales; negative allows to sell below cost';
COMMENT ON COLUMN margin_band.maximum IS 'greatest margin in percent of sales; NULL is none';

SELECT pg_catalog.pg_extension_config_dump('margin_band', '');
SELECT pg_catalog.pg_extension_config_dump('margin_band_margin_band_id_seq', '');
