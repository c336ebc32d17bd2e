-- A price rule: for whom, what and when; measured how; one application per
-- what; at which price; to which effect.
CREATE TABLE price_rule (
    price_rule_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text         NOT NULL,
    customer_id    int          REFERENCES customer,
    product_id     int          NOT NULL DEFAULT 1 REFERENCES product,
    selector       selector,
    valid_during   daterange    NOT NULL DEFAULT '(,)',
    measure        text         NOT NULL,
    per            text         NOT NULL DEFAULT 'sku',
    pricing        pricing      NOT NULL,
    effect         text         NOT NULL DEFAULT 'set',
    position       int          NOT NULL DEFAULT 0,
    currency       char(3),
    tax_category   text         NOT NULL DEFAULT 'standard',
    show_zero      boolean      NOT NULL DEFAULT false,
    invoice_text   text,
    created_at     timestamptz  NOT NULL DEFAULT clock_timestamp(),
    created_by     name         NOT NULL DEFAULT session_user,

    CHECK (NOT isempty(valid_during)),
    CHECK (measure IN ('quantity', 'billed_cost', 'effective_cost', 'list_cost', 'contracted_cost', 'amount')),
    CHECK (per IN ('scope', 'account', 'sku', 'resource')),
    CHECK (effect IN ('set', 'adjust', 'add')),
    CHECK (tax_category IN ('standard', 'reduced', 'zero')),
    CHECK (currency ~ '^[A-Z]{3}$'),
    -- A quantity has no currency of its own.
    CONSTRAINT price_rule_currency CHECK (measure <> 'quantity' OR currency IS NOT NULL),
    -- What lines cost is known only after prices were set.
    CONSTRAINT price_rule_amount CHECK (measure <> 'amount' OR effect <> 'set'),
    -- Two rules of the same scope, place and time would tie.  A price of a
    -- quantity is for charges in all currencies, whatever its own.
    CONSTRAINT price_rule_tie EXCLUDE USING gist (
        coalesce(customer_id, 0) WITH =,
        product_id WITH =,
        coalesce(selector::text, '{}') WITH =,
        position WITH =,
        coalesce(CASE WHEN measure <> 'quantity' THEN currency END, '') WITH =,
        valid_during WITH &&) WHERE (effect = 'set')
);

CREATE INDEX ON price_rule (customer_id);
CREATE INDEX ON price_rule (product_id);

COMMENT ON TABLE price_rule IS 'price rules: scope, measure, per, pricing and effect';
COMMENT ON COLUMN price_rule.price_rule_id IS 'key of the rule';
COMMENT ON COLUMN price_rule.name IS 'name of the rule, for people';
COMMENT ON COLUMN price_rule.customer_id IS 'customer the rule is for, with all below it; NULL is everyone';
COMMENT ON COLUMN price_rule.product_id IS 'product the rule is for, with all below it; 1 is all products';
COMMENT ON COLUMN price_rule.selector IS 'further conditions on the charges; NULL is none';
COMMENT ON COLUMN price_rule.valid_during IS 'days on which charges must start, in the customer''s time zone';
COMMENT ON COLUMN price_rule.measure IS 'what is rated: quantity, billed_cost, effective_cost, list_cost, contracted_cost, or amount (what lines cost so far)';
COMMENT ON COLUMN price_rule.per IS 'what one application covers: scope (all together), account, sku or resource';
COMMENT ON COLUMN price_rule.pricing IS 'how the measure becomes an amount';
COMMENT ON COLUMN price_rule.effect IS 'set: the price of the charges, one rule each; adjust: a discount or surcharge on lines; add: a line of its own';
COMMENT ON COLUMN price_rule.position IS 'order among set rules that are equally specific; the lowest wins';
COMMENT ON COLUMN price_rule.currency IS 'currency of the price; for cost and amount measures NULL follows the charges, and a currency restricts the rule to it';
COMMENT ON COLUMN price_rule.tax_category IS 'VAT rate at home: standard, reduced or zero';
COMMENT ON COLUMN price_rule.show_zero IS 'whether a line of 0.00 is shown on the invoice';
COMMENT ON COLUMN price_rule.invoice_text IS 'text of the invoice line; NULL is the product''s name, or the rule''s';
COMMENT ON COLUMN price_rule.created_at IS 'when the rule was entered';
COMMENT ON COLUMN price_rule.created_by IS 'user who entered it';

SELECT pg_catalog.pg_extension_config_dump('price_rule', '');
SELECT pg_catalog.pg_extension_config_dump('price_rule_price_rule_id_seq', '');
