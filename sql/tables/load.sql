-- A load is one COPY: a delivery of a supplier's file, or of a part of it.
CREATE TABLE load (
    load_id                int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id              int          NOT NULL REFERENCES source,
    side                   text         NOT NULL DEFAULT 'usage',
    file_name              text,
    content_hash           uuid         NOT NULL,
    header                 text         NOT NULL,
    ignored_columns        text[]       NOT NULL,
    loaded_at              timestamptz  NOT NULL DEFAULT clock_timestamp(),
    loaded_by              name         NOT NULL DEFAULT session_user,
    forced                 boolean      NOT NULL DEFAULT false,
    undone_at              timestamptz,
    records_read           bigint       NOT NULL,
    records_loaded         bigint       NOT NULL DEFAULT 0,
    records_rejected       bigint       NOT NULL DEFAULT 0,
    records_duplicate      bigint       NOT NULL DEFAULT 0,
    billed_cost_read       numeric,
    billed_cost_loaded     numeric      NOT NULL DEFAULT 0,
    billed_cost_rejected   numeric      NOT NULL DEFAULT 0,
    billed_cost_duplicate  numeric      NOT NULL DEFAULT 0,

    CHECK (side IN ('usage', 'purchase'))
);

CREATE INDEX ON load (content_hash);

COMMENT ON TABLE load IS 'loads: one row for each file that came in through landing';
COMMENT ON COLUMN load.load_id IS 'key of the load';
COMMENT ON COLUMN load.source_id IS 'format the file was recognised as';
COMMENT ON COLUMN load.side IS 'usage: what was used, which is rated and billed; purchase: what the supplier invoices, which is only reconciled';
COMMENT ON COLUMN load.file_name IS 'name of the file, from the setting cloudbilling.load_file; NULL when not told';
COMMENT ON COLUMN load.content_hash IS '128-bit XXH3 hash of the lines as received; the same file twice is refused by it';
COMMENT ON COLUMN load.header IS 'the file''s header line';
COMMENT ON COLUMN load.ignored_columns IS 'columns of the file that its format does not read';
COMMENT ON COLUMN load.loaded_at IS 'when the load was stored';
COMMENT ON COLUMN load.loaded_by IS 'user who loaded it';
COMMENT ON COLUMN load.forced IS 'whether the same content had been loaded before and was forced';
COMMENT ON COLUMN load.undone_at IS 'when load_undo took the load back; NULL while it stands';
COMMENT ON COLUMN load.records_read IS 'records in the file, without header and empty lines';
COMMENT ON COLUMN load.records_loaded IS 'records that became charges';
COMMENT ON COLUMN load.records_rejected IS 'records in load_reject';
COMMENT ON COLUMN load.records_duplicate IS 'records whose unique id had come before';
COMMENT ON COLUMN load.billed_cost_read IS 'sum of billed cost as read, over all records where it was readable';
COMMENT ON COLUMN load.billed_cost_loaded IS 'sum of billed cost of the charges';
COMMENT ON COLUMN load.billed_cost_rejected IS 'sum of billed cost of rejected records, where it was readable';
COMMENT ON COLUMN load.billed_cost_duplicate IS 'sum of billed cost of duplicate records';

SELECT pg_catalog.pg_extension_config_dump('load', '');
SELECT pg_catalog.pg_extension_config_dump('load_load_id_seq', '');

-- What a load delivers: one row for each account, billing period and supplier
-- invoice.  It is what a later delivery supersedes, as a whole.
CREATE TABLE load_scope (
    load_scope_id         int              GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    load_id               int              NOT NULL REFERENCES load,
    source_id             int              NOT NULL REFERENCES source,
    side                  text             NOT NULL DEFAULT 'usage',
    provider_name         text             NOT NULL,
    billing_account_id    text             NOT NULL,
    billing_period_start  date,
    billing_period_end    date,
    part                  text,
    supplier_invoice_id   text,
    current_during        tstzmultirange   NOT NULL,
    charges               bigint           NOT NULL DEFAULT 0,
    charge_period_start   timestamptz,
    charge_period_end     timestamptz,
    billed_cost           numeric          NOT NULL DEFAULT 0,
    carried_from          int              REFERENCES load_scope,
    purged_at             timestamptz,

    CHECK (side IN ('usage', 'purchase')),
    CONSTRAINT load_scope_purged CHECK (purged_at IS NULL OR NOT upper_inf(current_during)),
    UNIQUE NULLS NOT DISTINCT (load_id, provider_name, billing_account_id,
        billing_period_start, billing_period_end, part, supplier_invoice_id)
);

CREATE INDEX ON load_scope (source_id, provider_name, billing_account_id, billing_period_start);

COMMENT ON TABLE load_scope IS 'parts of a load: what one delivery says of one billing account, billing period and supplier invoice';
COMMENT ON COLUMN load_scope.load_scope_id IS 'key of the part';
COMMENT ON COLUMN load_scope.load_id IS 'load it came with';
COMMENT ON COLUMN load_scope.source_id IS 'format of the load; deliveries of one format and side supersede each other';
COMMENT ON COLUMN load_scope.side IS 'usage or purchase, as of the load';
COMMENT ON COLUMN load_scope.provider_name IS 'provider of the charges (FOCUS ProviderName)';
COMMENT ON COLUMN load_scope.billing_account_id IS 'supplier''s billing account (FOCUS BillingAccountId)';
COMMENT ON COLUMN load_scope.billing_period_start IS 'first day of the supplier''s billing period; NULL for formats without one';
COMMENT ON COLUMN load_scope.billing_period_end IS 'day after the supplier''s billing period; NULL for formats without one';
COMMENT ON COLUMN load_scope.part IS 'part of the billing period that deliveries supersede by itself, such as an invoice or a currency; NULL is all the rest';
COMMENT ON COLUMN load_scope.supplier_invoice_id IS 'supplier''s invoice (FOCUS InvoiceId); NULL while not invoiced';
COMMENT ON COLUMN load_scope.current_during IS 'when the charges counted: from the load until a later delivery or load_undo';
COMMENT ON COLUMN load_scope.charges IS 'number of charges';
COMMENT ON COLUMN load_scope.charge_period_start IS 'earliest start of a charge';
COMMENT ON COLUMN load_scope.charge_period_end IS 'latest end of a charge';
COMMENT ON COLUMN load_scope.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN load_scope.carried_from IS 'delivery of an earlier day whose charges these repeat, for a day without one; NULL for what a file delivered';
COMMENT ON COLUMN load_scope.purged_at IS 'when load_purge deleted the charges; NULL while they are there';

SELECT pg_catalog.pg_extension_config_dump('load_scope', '');
SELECT pg_catalog.pg_extension_config_dump('load_scope_load_scope_id_seq', '');

-- The quarantine.
CREATE TABLE load_reject (
    load_id      int      NOT NULL REFERENCES load,
    line_no      int      NOT NULL,
    column_name  text,
    reason       text     NOT NULL,
    line         text     NOT NULL,
    billed_cost  numeric,

    PRIMARY KEY (load_id, line_no)
);

COMMENT ON TABLE load_reject IS 'records that could not be read, with the reason';
COMMENT ON COLUMN load_reject.load_id IS 'load the record came with';
COMMENT ON COLUMN load_reject.line_no IS 'line of the file on which the record begins; the header is line 1';
COMMENT ON COLUMN load_reject.column_name IS 'column at fault; NULL when it is the record as a whole';
COMMENT ON COLUMN load_reject.reason IS 'why the record was refused';
COMMENT ON COLUMN load_reject.line IS 'the record as it came';
COMMENT ON COLUMN load_reject.billed_cost IS 'billed cost of the record, where it was readable';

SELECT pg_catalog.pg_extension_config_dump('load_reject', '');

-- The unique ids of formats that have one, so that no record counts twice.
CREATE TABLE load_event (
    source_id  int   NOT NULL REFERENCES source,
    event_id   text  NOT NULL,
    load_id    int   NOT NULL REFERENCES load,
    line_no    int   NOT NULL,
    side       text  NOT NULL DEFAULT 'usage',

    CHECK (side IN ('usage', 'purchase'))
);

-- An index for each side is smaller than one with the side in it.
CREATE UNIQUE INDEX load_event_usage ON load_event (source_id, event_id) WHERE side = 'usage';
CREATE UNIQUE INDEX load_event_purchase ON load_event (source_id, event_id) WHERE side = 'purchase';

CREATE INDEX ON load_event (load_id);

COMMENT ON TABLE load_event IS 'unique record ids seen, for formats that have them';
COMMENT ON COLUMN load_event.source_id IS 'format';
COMMENT ON COLUMN load_event.event_id IS 'the sender''s unique id of the record';
COMMENT ON COLUMN load_event.load_id IS 'load that brought it first';
COMMENT ON COLUMN load_event.line_no IS 'line of that load';
COMMENT ON COLUMN load_event.side IS 'usage or purchase, as of the load; an id may come once on each';

SELECT pg_catalog.pg_extension_config_dump('load_event', '');

-- Working rows of a load in progress: the distinct combinations of dimensions
-- in the file.  Empty between loads.
CREATE UNLOGGED TABLE load_item (
    load_id                       int   NOT NULL,
    item_no                       int   NOT NULL,
    provider_name                 text,
    billing_account_id            text,
    billing_account_name          text,
    billing_account_type          text,
    sub_account_id                text,
    sub_account_name              text,
    sub_account_type              text,
    source_customer_id            text,
    billing_period_start          date,
    billing_period_end            date,
    part                          text,
    supplier_invoice_id           text,
    publisher_name                text,
    invoice_issuer_name           text,
    service_category              text,
    service_subcategory           text,
    service_name                  text,
    sku_id                        text,
    sku_meter                     text,
    sku_price_id                  text,
    sku_price_details             jsonb,
    charge_category               text,
    charge_class                  text,
    charge_frequency              text,
    charge_description            text,
    pricing_category              text,
    pricing_unit                  text,
    pricing_currency              text,
    consumed_unit                 text,
    billing_currency              text,
    region_id                     text,
    region_name                   text,
    availability_zone             text,
    resource_id                   text,
    resource_name                 text,
    resource_type                 text,
    commitment_discount_id        text,
    commitment_discount_name      text,
    commitment_discount_category  text,
    commitment_discount_type      text,
    commitment_discount_status    text,
    commitment_discount_unit      text,
    capacity_reservation_id       text,
    capacity_reservation_status   text,
    tags                          jsonb,

    PRIMARY KEY (load_id, item_no)
);

COMMENT ON TABLE load_item IS 'working rows of a load in progress: combinations of dimensions';

-- Their keys, beside them: such wide rows are not written a second time.
CREATE UNLOGGED TABLE load_key (
    load_id        int    NOT NULL,
    item_no        int    NOT NULL,
    load_scope_id  int    NOT NULL,
    account_id     int    NOT NULL,
    product_id     int    NOT NULL,
    tag_digest     bytea,
    digest         bytea  NOT NULL,

    PRIMARY KEY (load_id, item_no)
);

COMMENT ON TABLE load_key IS 'working rows of a load in progress: keys of the combinations in load_item';
