-- What is recorded of finalised documents beside the hash chain of the documents
-- themselves: each statement that records something is sealed by a row here, chained
-- as documents are.
CREATE TABLE invoice_seal (
    seller_id      int          NOT NULL REFERENCES seller,
    seal_no        int          NOT NULL,
    relation       text         NOT NULL,
    keys           int[]        NOT NULL,
    previous_hash  bytea        NOT NULL,
    hash           bytea        NOT NULL,
    sealed_at      timestamptz  NOT NULL DEFAULT clock_timestamp(),
    sealed_by      name         NOT NULL DEFAULT session_user,

    PRIMARY KEY (seller_id, seal_no)
);

COMMENT ON TABLE invoice_seal IS 'seals of what was recorded about documents: events, payments, their parts, credits and write-offs';
COMMENT ON COLUMN invoice_seal.seller_id IS 'legal entity';
COMMENT ON COLUMN invoice_seal.seal_no IS 'place in the seller''s chain, without gaps';
COMMENT ON COLUMN invoice_seal.relation IS 'table of the rows that are sealed';
COMMENT ON COLUMN invoice_seal.keys IS 'their keys';
COMMENT ON COLUMN invoice_seal.previous_hash IS 'hash of the seal before it';
COMMENT ON COLUMN invoice_seal.hash IS 'SHA-256 of the seal, the rows as they were, and previous_hash';
COMMENT ON COLUMN invoice_seal.sealed_at IS 'when';
COMMENT ON COLUMN invoice_seal.sealed_by IS 'user whose statement it was';

SELECT pg_catalog.pg_extension_config_dump('invoice_seal', '');

CREATE TABLE invoice_seal_series (
    seller_id    int    PRIMARY KEY REFERENCES seller,
    last_number  int    NOT NULL,
    last_hash    bytea  NOT NULL
);

COMMENT ON TABLE invoice_seal_series IS 'last seal of each seller';
COMMENT ON COLUMN invoice_seal_series.seller_id IS 'legal entity';
COMMENT ON COLUMN invoice_seal_series.last_number IS 'number of its last seal';
COMMENT ON COLUMN invoice_seal_series.last_hash IS 'hash of that';

SELECT pg_catalog.pg_extension_config_dump('invoice_seal_series', '');
