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
