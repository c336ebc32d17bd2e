-- What a rating makes of charges.

CREATE TYPE rating_line AS (
    customer_id     int,
    reseller_id     int,
    period_start    date,
    price_rule_id   int,
    effect          text,
    product_id      int,
    account_id      int,
    resource_id     text,
    tag_value       text,
    currency        text,
    measured        numeric,
    climbed         numeric,
    amount          numeric,
    quantity        numeric,
    unit            text,
    billed_cost     numeric,
    effective_cost  numeric,
    charges         bigint,
    invoice_on      date
);
COMMENT ON TYPE rating_line IS 'what a price rule makes of a customer''s charges of a period; see view rated_line';

CREATE TYPE rating_share AS (
    customer_id     int,
    reseller_id     int,
    period_start    date,
    price_rule_id   int,
    effect          text,
    product_id      int,
    account_id      int,
    resource_id     text,
    tag_value       text,
    currency        text,
    owner_id        int,
    charge_on       date,
    load_scope_id   int,
    line_no         int,
    starts          timestamptz,
    ends            timestamptz,
    item_id         int,
    measured        numeric,
    amount          numeric,
    quantity        numeric,
    billed_cost     numeric,
    effective_cost  numeric,
    cost_currency   text,
    charges         bigint,
    billing_currency  text
);
COMMENT ON TYPE rating_share IS 'the share of charges in a line; see view rated_charge';

CREATE TYPE rating_use AS (
    customer_id     int,
    reseller_id     int,
    period_start    date,
    price_rule_id   int,
    effect          text,
    product_id      int,
    account_id      int,
    resource_id     text,
    tag_value       text,
    currency        text,
    lot_from        date,
    lot_until       date,
    amount          numeric
);
COMMENT ON TYPE rating_use IS 'what is used of a credit, or counts for a commitment; see view rated_use';

CREATE TYPE invoice_line_part AS (
    part          text,
    description   text,
    starts        timestamptz,
    ends          timestamptz,
    sku_id        text,
    resource_id   text,
    quantity      numeric,
    unit          text,
    unit_price    numeric,
    cost          numeric,
    margin        numeric,
    amount        numeric,
    load_id       int,
    file_name     text,
    file_line_no  int
);
COMMENT ON TYPE invoice_line_part IS 'a part of what a document''s line is: its rule, a step to its amount, or a charge; see invoice_line_explain';
