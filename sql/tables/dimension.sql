-- What costs and sales are allocated to: cost centre, project, department,
-- environment.  Its values are what rules make of charges.
CREATE TABLE dimension (
    dimension_id      int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name              text         NOT NULL,
    customer_id       int          REFERENCES customer,
    across_customers  boolean      NOT NULL DEFAULT false,
    description       text,
    recorded_at       timestamptz  NOT NULL DEFAULT now(),

    UNIQUE NULLS NOT DISTINCT (customer_id, name),
    CHECK (name ~ '\S'),
    CONSTRAINT dimension_across CHECK (customer_id IS NULL OR NOT across_customers)
);

COMMENT ON TABLE dimension IS 'what costs and sales are allocated to, such as cost centre or project';
COMMENT ON COLUMN dimension.dimension_id IS 'key of the dimension';
COMMENT ON COLUMN dimension.name IS 'name, unique among the seller''s or the customer''s own';
COMMENT ON COLUMN dimension.customer_id IS 'customer whose own it is, about its charges and those of all below it; NULL is the seller''s, about all charges';
COMMENT ON COLUMN dimension.across_customers IS 'whether what is shared is split over all customers together; else over each one''s own charges';
COMMENT ON COLUMN dimension.description IS 'what it is for, for people';
COMMENT ON COLUMN dimension.recorded_at IS 'since when the row is as it is';

SELECT pg_catalog.pg_extension_config_dump('dimension', '');
SELECT pg_catalog.pg_extension_config_dump('dimension_dimension_id_seq', '');
