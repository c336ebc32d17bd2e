-- Months of a dimension that are closed: their allocation stays, whatever becomes
-- of rules, splits and weights.  What suppliers restate later comes beside it.
CREATE TABLE allocation_closing (
    allocation_closing_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dimension_id           int          NOT NULL REFERENCES dimension,
    period_start           date         NOT NULL,
    closed_at              timestamptz  NOT NULL DEFAULT clock_timestamp(),
    closed_by              name         NOT NULL DEFAULT session_user,
    reopened_at            timestamptz,
    reopened_by            name,

    CHECK (period_start = date_trunc('month', period_start)),
    CHECK (num_nulls(reopened_at, reopened_by) IN (0, 2)),
    CONSTRAINT allocation_closing_once EXCLUDE USING gist (dimension_id WITH =, period_start WITH =) WHERE (reopened_at IS NULL)
);

COMMENT ON TABLE allocation_closing IS 'months of dimensions that are closed, so that their allocation stays; see allocation_close';
COMMENT ON COLUMN allocation_closing.allocation_closing_id IS 'key of the closing';
COMMENT ON COLUMN allocation_closing.dimension_id IS 'dimension';
COMMENT ON COLUMN allocation_closing.period_start IS 'first day of the month';
COMMENT ON COLUMN allocation_closing.closed_at IS 'when it was closed';
COMMENT ON COLUMN allocation_closing.closed_by IS 'by whom';
COMMENT ON COLUMN allocation_closing.reopened_at IS 'when it was opened again; NULL is closed';
COMMENT ON COLUMN allocation_closing.reopened_by IS 'by whom';

SELECT pg_catalog.pg_extension_config_dump('allocation_closing', '');
SELECT pg_catalog.pg_extension_config_dump('allocation_closing_allocation_closing_id_seq', '');

CREATE TABLE allocation_closed (
    allocation_closing_id  int      NOT NULL REFERENCES allocation_closing,
    kind                   text     NOT NULL,
    customer_id            int      NOT NULL,
    value                  text,
    shared_from            text,
    load_scope_id          int,
    account_id             int,
    service_id             int,
    charge_category        text,
    unit                   text,
    currency               text     NOT NULL,
    charges                bigint,
    quantity               numeric,
    billed_cost            numeric,
    effective_cost         numeric,
    list_cost              numeric,
    contracted_cost        numeric,
    buyer_id               int,
    price_rule_id          int,
    product_id             int,
    resource_id            text,
    tag_value              text,
    effect                 text,
    due                    numeric,

    CHECK (kind IN ('cost', 'sale'))
);

CREATE INDEX ON allocation_closed (allocation_closing_id);

COMMENT ON TABLE allocation_closed IS 'the allocation of closed months as it was at closing';
COMMENT ON COLUMN allocation_closed.allocation_closing_id IS 'closing';
COMMENT ON COLUMN allocation_closed.kind IS 'cost or sale; this and all that follows as in the view allocated';
COMMENT ON COLUMN allocation_closed.customer_id IS 'customer whose charges they are; 0 is nobody';
COMMENT ON COLUMN allocation_closed.value IS 'value of the dimension; NULL is unallocated';
COMMENT ON COLUMN allocation_closed.shared_from IS 'value it was split from at first';
COMMENT ON COLUMN allocation_closed.load_scope_id IS 'delivery, of a cost';
COMMENT ON COLUMN allocation_closed.account_id IS 'account';
COMMENT ON COLUMN allocation_closed.service_id IS 'service of a cost';
COMMENT ON COLUMN allocation_closed.charge_category IS 'charge category of a cost';
COMMENT ON COLUMN allocation_closed.unit IS 'unit of quantity';
COMMENT ON COLUMN allocation_closed.currency IS 'currency';
COMMENT ON COLUMN allocation_closed.charges IS 'number of charges';
COMMENT ON COLUMN allocation_closed.quantity IS 'quantity';
COMMENT ON COLUMN allocation_closed.billed_cost IS 'billed cost';
COMMENT ON COLUMN allocation_closed.effective_cost IS 'effective cost';
COMMENT ON COLUMN allocation_closed.list_cost IS 'list cost';
COMMENT ON COLUMN allocation_closed.contracted_cost IS 'contracted cost';
COMMENT ON COLUMN allocation_closed.buyer_id IS 'customer of the line, of a sale';
COMMENT ON COLUMN allocation_closed.price_rule_id IS 'rule of the line';
COMMENT ON COLUMN allocation_closed.product_id IS 'product of the line';
COMMENT ON COLUMN allocation_closed.resource_id IS 'resource of the line';
COMMENT ON COLUMN allocation_closed.tag_value IS 'value of a tag of the line';
COMMENT ON COLUMN allocation_closed.effect IS 'effect of the rule';
COMMENT ON COLUMN allocation_closed.due IS 'part of what was due for the line';

SELECT pg_catalog.pg_extension_config_dump('allocation_closed', '');
