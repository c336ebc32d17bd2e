-- The single tags of a set as numbers, by which an index finds the sets that have
-- a tag.  One number may stand for two tags, so who asks compares the tags too.
CREATE FUNCTION tag_number(key text, value text) RETURNS int
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION tag_number(text, text) IS 'number of a tag, in tag_numbers';

CREATE FUNCTION tag_numbers(tags jsonb) RETURNS int[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION tag_numbers(jsonb) IS 'numbers of the tags in a set: of all that have a value';

-- Sets of tags, each kept once for each billing account that has it, and once for all
-- agreements: so loads of different billing accounts never wait for each other's tags.
CREATE TABLE tag_set (
    tag_set_id  int    GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest      bytea  NOT NULL UNIQUE,
    tags        jsonb  NOT NULL
);

-- For rules on a tag.  Entries wait in a list, which a load sorts in at once when it
-- has written its sets: that takes a fifth of the time, and nobody else reads the list.
CREATE INDEX tag_set_numbers ON tag_set USING gin (tag_numbers(tags)) WITH (gin_pending_list_limit = 65536);

COMMENT ON TABLE tag_set IS 'sets of tags that charges carry, each kept once for each billing account';
COMMENT ON COLUMN tag_set.tag_set_id IS 'key of the set';
COMMENT ON COLUMN tag_set.digest IS 'SHA-256 of billing account and tags, the identity of the set';
COMMENT ON COLUMN tag_set.tags IS 'tags as one JSON object (FOCUS Tags)';

SELECT pg_catalog.pg_extension_config_dump('tag_set', '');
SELECT pg_catalog.pg_extension_config_dump('tag_set_tag_set_id_seq', '');

-- A combination of all that describes a charge but its time, quantity and cost.
-- Rules look at these, not at charges.  Columns have the names of FOCUS 1.2.
-- Only loads and agreements write here.  That account, product and tags stay as long as what has
-- them is seen to where they are deleted (dictionary_keep): foreign keys would look
-- all of them up for each row of a load.
CREATE TABLE charge_item (
    item_id                       int    GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest                        bytea  NOT NULL UNIQUE,
    account_id                    int    NOT NULL,
    product_id                    int    NOT NULL,
    tag_set_id                    int,
    provider_name                 text   NOT NULL,
    publisher_name                text,
    invoice_issuer_name           text,
    service_category              text,
    service_subcategory           text,
    service_name                  text,
    sku_id                        text,
    sku_meter                     text,
    sku_price_id                  text,
    sku_price_details             jsonb,
    charge_category               text   NOT NULL,
    charge_class                  text,
    charge_frequency              text,
    charge_description            text,
    pricing_category              text,
    pricing_unit                  text,
    pricing_currency              text,
    consumed_unit                 text,
    billing_currency              text   NOT NULL,
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

    CHECK (charge_category IN ('Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment'))
);

CREATE INDEX ON charge_item (account_id);
CREATE INDEX ON charge_item (tag_set_id);

COMMENT ON TABLE charge_item IS 'combinations of all that describes a charge but its time, quantity and cost, each kept once';
COMMENT ON COLUMN charge_item.item_id IS 'key of the combination';
COMMENT ON COLUMN charge_item.digest IS 'SHA-256 of the combination, its identity';
COMMENT ON COLUMN charge_item.account_id IS 'supplier''s account';
COMMENT ON COLUMN charge_item.product_id IS 'node of the product tree';
COMMENT ON COLUMN charge_item.tag_set_id IS 'tags; NULL without tags';
COMMENT ON COLUMN charge_item.provider_name IS 'FOCUS ProviderName';
COMMENT ON COLUMN charge_item.publisher_name IS 'FOCUS PublisherName';
COMMENT ON COLUMN charge_item.invoice_issuer_name IS 'FOCUS InvoiceIssuerName';
COMMENT ON COLUMN charge_item.service_category IS 'FOCUS ServiceCategory';
COMMENT ON COLUMN charge_item.service_subcategory IS 'FOCUS ServiceSubcategory';
COMMENT ON COLUMN charge_item.service_name IS 'FOCUS ServiceName';
COMMENT ON COLUMN charge_item.sku_id IS 'FOCUS SkuId';
COMMENT ON COLUMN charge_item.sku_meter IS 'FOCUS SkuMeter';
COMMENT ON COLUMN charge_item.sku_price_id IS 'FOCUS SkuPriceId';
COMMENT ON COLUMN charge_item.sku_price_details IS 'FOCUS SkuPriceDetails';
COMMENT ON COLUMN charge_item.charge_category IS 'FOCUS ChargeCategory';
COMMENT ON COLUMN charge_item.charge_class IS 'FOCUS ChargeClass';
COMMENT ON COLUMN charge_item.charge_frequency IS 'FOCUS ChargeFrequency';
COMMENT ON COLUMN charge_item.charge_description IS 'FOCUS ChargeDescription';
COMMENT ON COLUMN charge_item.pricing_category IS 'FOCUS PricingCategory';
COMMENT ON COLUMN charge_item.pricing_unit IS 'FOCUS PricingUnit';
COMMENT ON COLUMN charge_item.pricing_currency IS 'FOCUS PricingCurrency';
COMMENT ON COLUMN charge_item.consumed_unit IS 'FOCUS ConsumedUnit';
COMMENT ON COLUMN charge_item.billing_currency IS 'FOCUS BillingCurrency';
COMMENT ON COLUMN charge_item.region_id IS 'FOCUS RegionId';
COMMENT ON COLUMN charge_item.region_name IS 'FOCUS RegionName';
COMMENT ON COLUMN charge_item.availability_zone IS 'FOCUS AvailabilityZone';
COMMENT ON COLUMN charge_item.resource_id IS 'FOCUS ResourceId';
COMMENT ON COLUMN charge_item.resource_name IS 'FOCUS ResourceName';
COMMENT ON COLUMN charge_item.resource_type IS 'FOCUS ResourceType';
COMMENT ON COLUMN charge_item.commitment_discount_id IS 'FOCUS CommitmentDiscountId';
COMMENT ON COLUMN charge_item.commitment_discount_name IS 'FOCUS CommitmentDiscountName';
COMMENT ON COLUMN charge_item.commitment_discount_category IS 'FOCUS CommitmentDiscountCategory';
COMMENT ON COLUMN charge_item.commitment_discount_type IS 'FOCUS CommitmentDiscountType';
COMMENT ON COLUMN charge_item.commitment_discount_status IS 'FOCUS CommitmentDiscountStatus';
COMMENT ON COLUMN charge_item.commitment_discount_unit IS 'FOCUS CommitmentDiscountUnit';
COMMENT ON COLUMN charge_item.capacity_reservation_id IS 'FOCUS CapacityReservationId';
COMMENT ON COLUMN charge_item.capacity_reservation_status IS 'FOCUS CapacityReservationStatus';

SELECT pg_catalog.pg_extension_config_dump('charge_item', '');
SELECT pg_catalog.pg_extension_config_dump('charge_item_item_id_seq', '');

-- The fact.  Narrow, never changed, partitioned by month (UTC) of the charge
-- period's start; partitions make themselves (charge_partition_ensure).  No index:
-- even BRIN would cost a load 6 %, and who looks at single charges can wait for
-- the scan of a month.  All else is answered from roll-ups.
CREATE TABLE charge (
    charge_period_start                     timestamptz  NOT NULL,
    charge_period_end                       timestamptz  NOT NULL,
    load_scope_id                           int          NOT NULL,
    line_no                                 int          NOT NULL,
    account_id                              int          NOT NULL,
    item_id                                 int          NOT NULL,
    billed_cost                             numeric      NOT NULL,
    effective_cost                          numeric,
    list_cost                               numeric,
    contracted_cost                         numeric,
    pricing_quantity                        numeric,
    consumed_quantity                       numeric,
    list_unit_price                         numeric,
    contracted_unit_price                   numeric,
    commitment_discount_quantity            numeric,
    pricing_currency_contracted_unit_price  numeric,
    pricing_currency_effective_cost         numeric,
    pricing_currency_list_unit_price        numeric,
    extra                                   jsonb
)
PARTITION BY RANGE (charge_period_start);

COMMENT ON TABLE charge IS 'charges: the facts of usage, purchase, credit, tax and adjustment, as delivered';
COMMENT ON COLUMN charge.charge_period_start IS 'start of the charge period, inclusive; decides the period the charge is billed in';
COMMENT ON COLUMN charge.charge_period_end IS 'end of the charge period, exclusive';
COMMENT ON COLUMN charge.load_scope_id IS 'delivery the charge came with';
COMMENT ON COLUMN charge.line_no IS 'line of the file';
COMMENT ON COLUMN charge.account_id IS 'supplier''s account';
COMMENT ON COLUMN charge.item_id IS 'what it is: dimensions other than time';
COMMENT ON COLUMN charge.billed_cost IS 'what the supplier invoices, in the item''s billing currency, unrounded';
COMMENT ON COLUMN charge.effective_cost IS 'cost with purchases spread over their use (amortised); NULL when it equals billed_cost';
COMMENT ON COLUMN charge.list_cost IS 'cost at the public price';
COMMENT ON COLUMN charge.contracted_cost IS 'cost at the negotiated price, before commitment discounts';
COMMENT ON COLUMN charge.pricing_quantity IS 'quantity in the item''s pricing_unit';
COMMENT ON COLUMN charge.consumed_quantity IS 'quantity in the item''s consumed_unit; NULL when it equals pricing_quantity';
COMMENT ON COLUMN charge.list_unit_price IS 'public price of one pricing unit';
COMMENT ON COLUMN charge.contracted_unit_price IS 'negotiated price of one pricing unit';
COMMENT ON COLUMN charge.commitment_discount_quantity IS 'quantity of a commitment in its own unit';
COMMENT ON COLUMN charge.pricing_currency_contracted_unit_price IS 'contracted unit price in the pricing currency';
COMMENT ON COLUMN charge.pricing_currency_effective_cost IS 'effective cost in the pricing currency';
COMMENT ON COLUMN charge.pricing_currency_list_unit_price IS 'list unit price in the pricing currency';
COMMENT ON COLUMN charge.extra IS 'the format''s own columns (x_...), as delivered';
