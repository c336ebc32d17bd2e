-- Figures that agreements are indexed with, such as a consumer price index.
CREATE TABLE price_index (
    name         text         NOT NULL,
    month        date         NOT NULL,
    value        numeric      NOT NULL,
    recorded_at  timestamptz  NOT NULL DEFAULT now(),
    recorded_by  name         NOT NULL DEFAULT session_user,

    PRIMARY KEY (name, month),
    CHECK (month = date_trunc('month', month)),
    CHECK (value > 0 AND value < 'Infinity')
);

COMMENT ON TABLE price_index IS 'monthly figures of price indices; made for COPY';
COMMENT ON COLUMN price_index.name IS 'name of the index';
COMMENT ON COLUMN price_index.month IS 'month of the figure, by its first day';
COMMENT ON COLUMN price_index.value IS 'the figure';
COMMENT ON COLUMN price_index.recorded_at IS 'since when the row is as it is';
COMMENT ON COLUMN price_index.recorded_by IS 'user who entered it';

SELECT pg_catalog.pg_extension_config_dump('price_index', '');

-- A contract.  Only facts: what it charges, when it ends and what it is at (draft,
-- active ...) is computed (views agreement_charge and agreement_status).
CREATE TABLE agreement (
    agreement_id      int            GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number            text           NOT NULL UNIQUE,
    customer_id       int            NOT NULL REFERENCES customer,
    name              text           NOT NULL,
    currency          char(3)        NOT NULL DEFAULT 'EUR',
    order_number      text,
    payment_days      int,
    signed_on         date,
    start_on          date           NOT NULL,
    term              calendar_span,
    notice            calendar_span  NOT NULL DEFAULT '1 month',
    renewal           text           NOT NULL DEFAULT 'automatic',
    renewal_term      calendar_span,
    billing_period    calendar_span  NOT NULL DEFAULT '1 month',
    alignment         text           NOT NULL DEFAULT 'calendar',
    anchor_on         date,
    in_advance        boolean        NOT NULL DEFAULT true,
    trial_until       date,
    index_percentage  numeric,
    index_name        text,
    index_lag         int            NOT NULL DEFAULT 3,
    cancelled_on      date,
    end_on            date,
    note              text,
    account_id        int            UNIQUE REFERENCES account,
    recorded_at       timestamptz    NOT NULL DEFAULT now(),
    recorded_by       name           NOT NULL DEFAULT session_user,
    by_hand           boolean        NOT NULL DEFAULT false,

    CHECK (number ~ '\S' AND name ~ '\S'),
    CHECK (currency ~ '^[A-Z]{3}$'),
    CHECK (payment_days BETWEEN 0 AND 365),
    CHECK (renewal IN ('none', 'automatic', 'on_payment')),
    CHECK (alignment IN ('calendar', 'anniversary')),
    CHECK (isfinite(signed_on) AND isfinite(start_on) AND isfinite(anchor_on) AND isfinite(trial_until)
        AND isfinite(cancelled_on) AND isfinite(end_on)),
    CONSTRAINT agreement_periods CHECK (term > '0' AND renewal_term > '0' AND billing_period > '0'),
    -- Periods of the calendar begin with the first of a month.
    CONSTRAINT agreement_alignment CHECK (alignment = 'anniversary' OR extract(day FROM billing_period) = 0 AND anchor_on IS NULL),
    CONSTRAINT agreement_renewal_needs_term CHECK (term IS NOT NULL OR renewal = 'automatic' AND renewal_term IS NULL),
    CONSTRAINT agreement_trial CHECK (trial_until > start_on),
    CONSTRAINT agreement_end CHECK (end_on >= start_on),
    CONSTRAINT agreement_index CHECK (num_nonnulls(index_percentage, index_name) <= 1),
    CHECK (index_percentage > -100 AND index_percentage <= 1000),
    CHECK (index_lag BETWEEN 0 AND 24)
);

CREATE INDEX ON agreement (customer_id);
-- Lines that are entered by hand stand in one agreement for each order number.
CREATE UNIQUE INDEX agreement_by_hand ON agreement (customer_id, currency, order_number) NULLS NOT DISTINCT WHERE by_hand;

COMMENT ON TABLE agreement IS 'agreements with customers: what was agreed';
COMMENT ON COLUMN agreement.agreement_id IS 'key of the agreement';
COMMENT ON COLUMN agreement.number IS 'number of the agreement';
COMMENT ON COLUMN agreement.customer_id IS 'customer; the seller is his';
COMMENT ON COLUMN agreement.name IS 'what it is about, for people and as the account on invoices';
COMMENT ON COLUMN agreement.currency IS 'currency of its prices';
COMMENT ON COLUMN agreement.order_number IS 'customer''s order number for it; NULL is the one of the customer';
COMMENT ON COLUMN agreement.payment_days IS 'days until a document with its fees is due, the shortest of several agreements; NULL is the customer''s or the seller''s';
COMMENT ON COLUMN agreement.signed_on IS 'day it was signed; NULL is a draft, which charges nothing';
COMMENT ON COLUMN agreement.start_on IS 'first day';
COMMENT ON COLUMN agreement.term IS 'its first term; NULL is none, it goes on until it is cancelled';
COMMENT ON COLUMN agreement.notice IS 'how long before its end it must be cancelled';
COMMENT ON COLUMN agreement.renewal IS 'what happens at the end of a term: none (it ends), automatic (another term, unless cancelled), on_payment (another term when the documents of the one before are paid, see agreement_renewal_paid)';
COMMENT ON COLUMN agreement.renewal_term IS 'how long each term after the first is; NULL is as long';
COMMENT ON COLUMN agreement.billing_period IS 'what is charged at a time';
COMMENT ON COLUMN agreement.alignment IS 'calendar: periods begin with the first of a month, quarter or year; anniversary: with the day of anchor_on';
COMMENT ON COLUMN agreement.anchor_on IS 'a day on which a period begins; NULL is start_on.  The 29th to 31st are the last day of months that have none';
COMMENT ON COLUMN agreement.in_advance IS 'whether a period may be invoiced when it begins; else when it ends';
COMMENT ON COLUMN agreement.trial_until IS 'first day that is charged; NULL is start_on';
COMMENT ON COLUMN agreement.index_percentage IS 'by how much prices rise on each anniversary of start_on, in percent';
COMMENT ON COLUMN agreement.index_name IS 'index in price_index that prices follow, on each anniversary of start_on';
COMMENT ON COLUMN agreement.index_lag IS 'months between an anniversary and the figure it takes';
COMMENT ON COLUMN agreement.cancelled_on IS 'day notice was given; it ends with the first term that ends no earlier than the notice';
COMMENT ON COLUMN agreement.end_on IS 'day after the last, where that was agreed; NULL goes by term, renewal and notice';
COMMENT ON COLUMN agreement.note IS 'note, for people';
COMMENT ON COLUMN agreement.account_id IS 'account its charges are of; given by the extension';
COMMENT ON COLUMN agreement.recorded_at IS 'since when the row is as it is';
COMMENT ON COLUMN agreement.recorded_by IS 'user who entered it';
COMMENT ON COLUMN agreement.by_hand IS 'whether it is no contract, but holds the customer''s lines that are entered by hand (invoice_line_add)';

SELECT pg_catalog.pg_extension_config_dump('agreement', '');
SELECT pg_catalog.pg_extension_config_dump('agreement_agreement_id_seq', '');

-- What an agreement is about.
CREATE TABLE agreement_item (
    agreement_item_id  int            GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agreement_id       int            NOT NULL REFERENCES agreement,
    number             int            NOT NULL,
    parent_id          int,
    kind               text           NOT NULL DEFAULT 'recurring',
    product_id         int            NOT NULL REFERENCES product,
    description        text           NOT NULL,
    unit               text           NOT NULL DEFAULT 'Units',
    pricing            pricing,
    price_period       calendar_span,
    priced_on          date,
    indexed            boolean        NOT NULL DEFAULT true,
    unit_cost          numeric        NOT NULL DEFAULT 0,
    proration          text           NOT NULL DEFAULT 'days',
    round_units        boolean        NOT NULL DEFAULT false,
    tax_category       text           NOT NULL DEFAULT 'standard',
    supply             text           NOT NULL DEFAULT 'digital',
    tax_exemption      text,
    tags               jsonb          NOT NULL DEFAULT '{}',
    price_rule_id      int            REFERENCES price_rule,
    item_id            int            UNIQUE REFERENCES charge_item,
    -- An item with a parent cannot be one: these two make the reference below say so.
    is_add_on          boolean        NOT NULL GENERATED ALWAYS AS (parent_id IS NOT NULL) STORED,
    parent_is_add_on   boolean        NOT NULL GENERATED ALWAYS AS (false) STORED,
    recorded_at        timestamptz    NOT NULL DEFAULT now(),
    recorded_by        name           NOT NULL DEFAULT session_user,

    UNIQUE (agreement_id, number),
    UNIQUE (agreement_item_id, agreement_id, is_add_on),
    CONSTRAINT agreement_item_parent FOREIGN KEY (parent_id, agreement_id, parent_is_add_on)
        REFERENCES agreement_item (agreement_item_id, agreement_id, is_add_on),
    CHECK (kind IN ('recurring', 'one_off', 'usage', 'commitment')),
    CHECK (proration IN ('days', 'half', 'none')),
    CHECK (description ~ '\S'),
    CHECK (jsonb_typeof(tags) = 'object'),
    CHECK (isfinite(priced_on)),
    CHECK (abs(unit_cost) < 'Infinity'),
    CONSTRAINT agreement_item_pricing CHECK (pricing::jsonb ->> 'model' IN ('per_unit', 'graduated', 'volume', 'package', 'flat')),
    CONSTRAINT agreement_item_price_period CHECK (price_period IS NULL OR price_period > '0' AND kind IN ('recurring', 'commitment')),
    -- Usage comes with files, and has the prices of rules.
    CONSTRAINT agreement_item_usage CHECK (kind <> 'usage' OR pricing IS NULL AND parent_id IS NULL),
    CONSTRAINT agreement_item_commitment CHECK (kind <> 'commitment' OR num_nonnulls(pricing, price_rule_id) = 2 AND parent_id IS NULL
        AND NOT round_units AND unit_cost = 0)
);

CREATE INDEX ON agreement_item (parent_id);
CREATE INDEX ON agreement_item (product_id);

COMMENT ON TABLE agreement_item IS 'items of agreements: what is charged each period or once, and what usage they are about';
COMMENT ON COLUMN agreement_item.agreement_item_id IS 'key of the item';
COMMENT ON COLUMN agreement_item.agreement_id IS 'agreement';
COMMENT ON COLUMN agreement_item.number IS 'number within the agreement';
COMMENT ON COLUMN agreement_item.parent_id IS 'item it is an add-on of: it counts only while that has a quantity';
COMMENT ON COLUMN agreement_item.kind IS 'recurring: each period; one_off: once, on the first day of each of its quantities; usage: charges of the product come with files; commitment: its price is the least that is to be spent in a period';
COMMENT ON COLUMN agreement_item.product_id IS 'product, of the own catalogue (product_ensure)';
COMMENT ON COLUMN agreement_item.description IS 'what it is, for people';
COMMENT ON COLUMN agreement_item.unit IS 'unit of its quantity';
COMMENT ON COLUMN agreement_item.pricing IS 'its own price, of the quantity there is and for one price_period, until there is another in agreement_price; NULL goes by the price rules on its product';
COMMENT ON COLUMN agreement_item.price_period IS 'what a price is for: 1 month, say, where a year is charged at a time; NULL is the agreement''s billing_period';
COMMENT ON COLUMN agreement_item.priced_on IS 'day the price is of, from which indexation counts; NULL is the agreement''s start_on';
COMMENT ON COLUMN agreement_item.indexed IS 'whether the agreement''s indexation holds for it';
COMMENT ON COLUMN agreement_item.unit_cost IS 'what a unit costs the seller in a price_period, where no supplier''s file tells';
COMMENT ON COLUMN agreement_item.proration IS 'how parts of a period count: days; half, in started halves; none, as the whole period';
COMMENT ON COLUMN agreement_item.round_units IS 'whether the price of one unit for a part of a period is rounded before it is multiplied, as Microsoft does';
COMMENT ON COLUMN agreement_item.tax_category IS 'VAT at home, of an own price: as in price_rule';
COMMENT ON COLUMN agreement_item.supply IS 'what is sold, for VAT across borders, of an own price: as in price_rule';
COMMENT ON COLUMN agreement_item.tax_exemption IS 'why it is exempt, of an own price: as in price_rule';
COMMENT ON COLUMN agreement_item.tags IS 'tags of its charges, for allocation and selectors';
COMMENT ON COLUMN agreement_item.price_rule_id IS 'price rule that sells at own prices, given by the extension; of a commitment, the rule with effect true_up that says what counts';
COMMENT ON COLUMN agreement_item.item_id IS 'what its charges are, in charge_item; given by the extension';
COMMENT ON COLUMN agreement_item.is_add_on IS 'whether it has a parent';
COMMENT ON COLUMN agreement_item.parent_is_add_on IS 'never: an add-on has none of its own';
COMMENT ON COLUMN agreement_item.recorded_at IS 'since when the row is as it is';
COMMENT ON COLUMN agreement_item.recorded_by IS 'user who entered it';

SELECT pg_catalog.pg_extension_config_dump('agreement_item', '');
SELECT pg_catalog.pg_extension_config_dump('agreement_item_agreement_item_id_seq', '');

-- Prices that were agreed later.  An item's first price stands with the item.
CREATE TABLE agreement_price (
    agreement_item_id  int          NOT NULL REFERENCES agreement_item,
    valid_from         date         NOT NULL,
    pricing            pricing      NOT NULL,
    note               text,
    recorded_at        timestamptz  NOT NULL DEFAULT now(),
    recorded_by        name         NOT NULL DEFAULT session_user,

    PRIMARY KEY (agreement_item_id, valid_from),
    CHECK (isfinite(valid_from)),
    CONSTRAINT agreement_price_pricing CHECK (pricing::jsonb ->> 'model' IN ('per_unit', 'graduated', 'volume', 'package', 'flat'))
);

COMMENT ON TABLE agreement_price IS 'prices of agreement items that were agreed later, by the day they hold from';
COMMENT ON COLUMN agreement_price.agreement_item_id IS 'item';
COMMENT ON COLUMN agreement_price.valid_from IS 'first day; a period has the price of its first day';
COMMENT ON COLUMN agreement_price.pricing IS 'the price, from which indexation counts anew';
COMMENT ON COLUMN agreement_price.note IS 'why, for people';
COMMENT ON COLUMN agreement_price.recorded_at IS 'since when the row is as it is';
COMMENT ON COLUMN agreement_price.recorded_by IS 'user who entered it';

SELECT pg_catalog.pg_extension_config_dump('agreement_price', '');

-- How many, and when.
CREATE TABLE agreement_quantity (
    agreement_item_id  int          NOT NULL REFERENCES agreement_item,
    valid_during       daterange    NOT NULL,
    quantity           numeric      NOT NULL,
    note               text,
    recorded_at        timestamptz  NOT NULL DEFAULT now(),
    recorded_by        name         NOT NULL DEFAULT session_user,

    CHECK (NOT isempty(valid_during) AND NOT lower_inf(valid_during)),
    -- of one-off items also below 0, see agreement_quantity_check
    CHECK (abs(quantity) < 'Infinity'),
    CONSTRAINT agreement_quantity_overlap EXCLUDE USING gist (agreement_item_id WITH =, valid_during WITH &&)
);

COMMENT ON TABLE agreement_quantity IS 'quantities of agreement items by days; made for COPY';
COMMENT ON COLUMN agreement_quantity.agreement_item_id IS 'item';
COMMENT ON COLUMN agreement_quantity.valid_during IS 'days; of a one-off item only the first counts';
COMMENT ON COLUMN agreement_quantity.quantity IS 'quantity; 0, and days without a row, are none; below 0 is a credit, of one-off items only';
COMMENT ON COLUMN agreement_quantity.note IS 'why, for people';
COMMENT ON COLUMN agreement_quantity.recorded_at IS 'since when the row is as it is';
COMMENT ON COLUMN agreement_quantity.recorded_by IS 'user who entered it';

SELECT pg_catalog.pg_extension_config_dump('agreement_quantity', '');

-- Terms of agreements that renew on payment.
CREATE TABLE agreement_renewal (
    agreement_id  int          NOT NULL REFERENCES agreement,
    renewal_no    int          NOT NULL,
    paid_on       date         NOT NULL,
    recorded_at   timestamptz  NOT NULL DEFAULT now(),
    recorded_by   name         NOT NULL DEFAULT session_user,

    PRIMARY KEY (agreement_id, renewal_no),
    CHECK (renewal_no > 0),
    CHECK (isfinite(paid_on))
);

COMMENT ON TABLE agreement_renewal IS 'terms that somebody says were paid, of agreements that renew on payment; what documents and payments tell is in agreement_renewal_paid';
COMMENT ON COLUMN agreement_renewal.agreement_id IS 'agreement';
COMMENT ON COLUMN agreement_renewal.renewal_no IS '1 for the term after the first, and so on without gaps';
COMMENT ON COLUMN agreement_renewal.paid_on IS 'day it was paid';
COMMENT ON COLUMN agreement_renewal.recorded_at IS 'since when the row is as it is';
COMMENT ON COLUMN agreement_renewal.recorded_by IS 'user who entered it';

SELECT pg_catalog.pg_extension_config_dump('agreement_renewal', '');

-- What was signed, by its hash; the document itself may be here or elsewhere.
CREATE TABLE agreement_document (
    agreement_id  int          NOT NULL REFERENCES agreement,
    sha256        bytea        NOT NULL,
    name          text         NOT NULL,
    media_type    text,
    location      text,
    content       bytea,
    recorded_at   timestamptz  NOT NULL DEFAULT now(),
    recorded_by   name         NOT NULL DEFAULT session_user,

    PRIMARY KEY (agreement_id, sha256),
    CHECK (octet_length(sha256) = 32),
    CONSTRAINT agreement_document_content CHECK (sha256(content) = sha256)
);

COMMENT ON TABLE agreement_document IS 'documents of agreements, by their hash';
COMMENT ON COLUMN agreement_document.agreement_id IS 'agreement';
COMMENT ON COLUMN agreement_document.sha256 IS 'SHA-256 of the document';
COMMENT ON COLUMN agreement_document.name IS 'name of the document';
COMMENT ON COLUMN agreement_document.media_type IS 'media type, such as application/pdf';
COMMENT ON COLUMN agreement_document.location IS 'where it is kept';
COMMENT ON COLUMN agreement_document.content IS 'the document itself; must have the hash';
COMMENT ON COLUMN agreement_document.recorded_at IS 'since when the row is as it is';
COMMENT ON COLUMN agreement_document.recorded_by IS 'user who entered it';

SELECT pg_catalog.pg_extension_config_dump('agreement_document', '');
