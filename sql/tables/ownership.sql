-- Which customer the charges of a supplier's account, or with a tag, belong to.
-- Nothing of it is stored in a charge, so a new row changes all running
-- invoices at once.
CREATE TABLE ownership (
    ownership_id        int        GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id         int        NOT NULL REFERENCES customer,
    position            int        NOT NULL DEFAULT 0,
    provider_name       text,
    billing_account_id  text,
    sub_account_id      text,
    source_customer_id  text,
    tag_key             text,
    tag_value           text,
    valid_during        daterange  NOT NULL DEFAULT '(,)',

    CHECK (num_nonnulls(billing_account_id, sub_account_id, source_customer_id, tag_key) > 0),
    CHECK (num_nonnulls(tag_key, tag_value) IN (0, 2)),
    CHECK (NOT isempty(valid_during)),
    -- The same charges cannot belong to two customers at the same time.
    CONSTRAINT ownership_overlap EXCLUDE USING gist (
        position WITH =,
        coalesce(provider_name, '') WITH =,
        coalesce(billing_account_id, '') WITH =,
        coalesce(sub_account_id, '') WITH =,
        coalesce(source_customer_id, '') WITH =,
        coalesce(tag_key, '') WITH =,
        coalesce(tag_value, '') WITH =,
        valid_during WITH &&)
);

CREATE INDEX ON ownership (customer_id);

COMMENT ON TABLE ownership IS 'rules that say which customer the charges of an account or with a tag belong to';
COMMENT ON COLUMN ownership.ownership_id IS 'key of the rule';
COMMENT ON COLUMN ownership.customer_id IS 'customer the charges belong to';
COMMENT ON COLUMN ownership.position IS 'rules are tried in this order; among equals the one with more conditions wins, and a tag wins from an account';
COMMENT ON COLUMN ownership.provider_name IS 'provider the charges must be of; NULL is any';
COMMENT ON COLUMN ownership.billing_account_id IS 'billing account the charges must be of; NULL is any';
COMMENT ON COLUMN ownership.sub_account_id IS 'sub account the charges must be of; NULL is any';
COMMENT ON COLUMN ownership.source_customer_id IS 'supplier''s customer reference the charges must have; NULL is any';
COMMENT ON COLUMN ownership.tag_key IS 'tag the charges must have; NULL is any';
COMMENT ON COLUMN ownership.tag_value IS 'value the tag must have';
COMMENT ON COLUMN ownership.valid_during IS 'days on which charges must start, in the customer''s time zone';

SELECT pg_catalog.pg_extension_config_dump('ownership', '');
SELECT pg_catalog.pg_extension_config_dump('ownership_ownership_id_seq', '');
