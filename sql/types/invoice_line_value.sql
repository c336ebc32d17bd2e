CREATE TYPE invoice_line_value AS (
    customer_id    int,
    period_start   date,
    price_rule_id  int,
    product_id     int,
    account_id     int,
    resource_id    text,
    tag_value      text,
    currency       text,
    dimension_id   int,
    dimension      text,
    value          text,
    amount         numeric
);
COMMENT ON TYPE invoice_line_value IS 'what a value of a dimension has of the amount to bill for a line key; see invoice_specification';
