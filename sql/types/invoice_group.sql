-- Documents in the making (invoice_make): what is due goes in groups, of lines that have
-- the same VAT and go on the same document.
CREATE TYPE invoice_group AS (
    invoice_id     int,
    billed_by      int,
    order_number   text,
    vat_category   text,
    vat_rate       numeric,
    vat_country    text,
    vat_exemption  text,
    why            text,
    section        text
);
COMMENT ON TYPE invoice_group IS 'lines in the making with the same VAT on the same document';

CREATE TYPE invoice_party AS (
    customer_id     int,
    reseller_id     int,
    seller_id       int,
    debtor_id       int,
    holder_id       int,
    section         text,
    split_by        text,
    zero_total      text,
    negative_total  text,
    order_number    text
);
COMMENT ON TYPE invoice_party IS 'customer of lines in the making: who sells and who pays, and on whose documents they stand';

CREATE TYPE invoice_head AS (
    invoice_id       int,
    customer_id      int,
    reseller_id      int,
    seller_id        int,
    debtor_id        int,
    currency         text,
    period_start     date,
    period_end       date,
    dimension_id     int,
    dimension_value  text,
    split_by         text,
    split_value      text,
    zero_total       text,
    negative_total   text
);
COMMENT ON TYPE invoice_head IS 'a document in the making: for whom, by whom and about what it is';

-- What lines in the making are told by their numbers, each once.
CREATE TYPE invoice_kind AS (
    measure       text,
    pricing       pricing,
    service       text,
    invoice_text  text,
    title         text,
    unit_price    numeric,
    place         int,
    tax           int
);
COMMENT ON TYPE invoice_kind IS 'what all lines in the making of a rule and a product say, and where they stand';

CREATE TYPE invoice_account AS (
    name          text,
    order_number  text,
    invoice_id    int,
    payment_days  int
);
COMMENT ON TYPE invoice_account IS 'what lines in the making of a group say of an account';

CREATE TYPE invoice_fee AS (
    line           int,
    description    text,
    unit_price     numeric,
    service_start  date,
    service_end    date
);
COMMENT ON TYPE invoice_fee IS 'what a line in the making, by its place, says of the agreement that it bills';

-- How documents of a kind and day are numbered.
CREATE TYPE invoice_numbering AS (
    seller_id      int,
    series         text,
    year           int,
    first_number   int,
    last_number    int,
    last_hash      bytea,
    pattern        text,
    seller_series  text,
    year_begins    int
);
COMMENT ON TYPE invoice_numbering IS 'how documents of a seller, kind and day are numbered, and by what series';
