-- What is shared: a value of a dimension whose costs and sales are split over
-- other values.  These may be split in turn.
CREATE TABLE allocation_split (
    allocation_split_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dimension_id         int          NOT NULL REFERENCES dimension,
    customer_id          int          REFERENCES customer,
    value                text         NOT NULL,
    valid_during         daterange    NOT NULL DEFAULT '(,)',
    split_by             text         NOT NULL,
    weights              text,
    selector             selector,
    targets              text[],
    excluded             text[],
    rest_value           text,
    capacity             numeric,
    zero_weights         text         NOT NULL DEFAULT 'keep',
    recorded_at          timestamptz  NOT NULL DEFAULT now(),

    CHECK (NOT isempty(valid_during)),
    CHECK (value ~ '\S'),
    CHECK (split_by IN ('even', 'weights', 'billed_cost', 'effective_cost', 'list_cost', 'contracted_cost', 'quantity', 'amount')),
    CHECK (zero_weights IN ('keep', 'even', 'error')),
    CHECK (cardinality(targets) > 0 AND array_position(targets, NULL) IS NULL),
    CHECK (cardinality(excluded) > 0 AND array_position(excluded, NULL) IS NULL),
    CHECK (capacity > 0 AND capacity < 'Infinity'),
    CONSTRAINT allocation_split_selector CHECK (NOT coalesce(selector::jsonb ? 'source', false)),
    CONSTRAINT allocation_split_weights CHECK ((split_by = 'weights') = (weights IS NOT NULL)
        AND (split_by <> 'weights' OR selector IS NULL)),
    CONSTRAINT allocation_split_rest CHECK (CASE WHEN rest_value IS NULL THEN capacity IS NULL ELSE split_by <> 'even' END),
    CONSTRAINT allocation_split_overlap EXCLUDE USING gist (
        dimension_id WITH =,
        coalesce(customer_id, 0) WITH =,
        value WITH =,
        valid_during WITH &&) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX ON allocation_split (customer_id);

COMMENT ON TABLE allocation_split IS 'values of a dimension that are shared, and how they are split over others';
COMMENT ON COLUMN allocation_split.allocation_split_id IS 'key of the split';
COMMENT ON COLUMN allocation_split.dimension_id IS 'dimension';
COMMENT ON COLUMN allocation_split.customer_id IS 'customer the split is for, with all below it: the nearest one''s holds; NULL is all';
COMMENT ON COLUMN allocation_split.value IS 'value that is split';
COMMENT ON COLUMN allocation_split.valid_during IS 'whole months in which it is split so';
COMMENT ON COLUMN allocation_split.split_by IS 'even, weights, or in proportion to billed_cost, effective_cost, list_cost, contracted_cost, quantity or amount (sales) of the targets';
COMMENT ON COLUMN allocation_split.weights IS 'list in allocation_weight, for split_by weights: fixed weights, head count';
COMMENT ON COLUMN allocation_split.selector IS 'charges whose measure counts, and whose values are targets; NULL is all';
COMMENT ON COLUMN allocation_split.targets IS 'values it is split over; NULL is all that charges have and that are not split themselves';
COMMENT ON COLUMN allocation_split.excluded IS 'values it is not split over';
COMMENT ON COLUMN allocation_split.rest_value IS 'value that has what is not used: weights are parts of capacity, and the rest is its own; NULL shares all in proportion';
COMMENT ON COLUMN allocation_split.capacity IS 'what weights are parts of; NULL is the effective cost of what is split';
COMMENT ON COLUMN allocation_split.zero_weights IS 'when no target has a weight: keep it where it is, split it even, or error';
COMMENT ON COLUMN allocation_split.recorded_at IS 'since when the row is as it is';

SELECT pg_catalog.pg_extension_config_dump('allocation_split', '');
SELECT pg_catalog.pg_extension_config_dump('allocation_split_allocation_split_id_seq', '');

-- Fixed weights, head counts and the like, by month.
CREATE TABLE allocation_weight (
    weights       text         NOT NULL,
    value         text         NOT NULL,
    weight        numeric      NOT NULL,
    valid_during  daterange    NOT NULL DEFAULT '(,)',
    recorded_at   timestamptz  NOT NULL DEFAULT now(),

    CHECK (NOT isempty(valid_during)),
    CHECK (value ~ '\S'),
    CONSTRAINT allocation_weight_overlap EXCLUDE USING gist (
        weights WITH =,
        value WITH =,
        valid_during WITH &&) DEFERRABLE INITIALLY DEFERRED
);

COMMENT ON TABLE allocation_weight IS 'lists of weights by value of a dimension: fixed shares, head counts; made for COPY';
COMMENT ON COLUMN allocation_weight.weights IS 'name of the list';
COMMENT ON COLUMN allocation_weight.value IS 'value of the dimension';
COMMENT ON COLUMN allocation_weight.weight IS 'its weight, 0 or more, in any unit';
COMMENT ON COLUMN allocation_weight.valid_during IS 'whole months in which it has it';
COMMENT ON COLUMN allocation_weight.recorded_at IS 'since when the row is as it is';

SELECT pg_catalog.pg_extension_config_dump('allocation_weight', '');
