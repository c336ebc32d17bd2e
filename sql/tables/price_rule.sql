-- A price rule: for whom, what and when; measured how; one application per
-- what; at which price; to which effect.
CREATE TABLE price_rule (
    price_rule_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text         NOT NULL,
    customer_id    int          REFERENCES customer,
    product_id     int          NOT NULL DEFAULT 1 REFERENCES product,
    selector       selector,
    reseller_id    int          REFERENCES customer,
    valid_during   daterange    NOT NULL DEFAULT '(,)',
    continues_id   int          REFERENCES price_rule,
    measure        text         NOT NULL,
    per            text         NOT NULL DEFAULT 'sku',
    pricing        pricing      NOT NULL,
    effect         text         NOT NULL DEFAULT 'set',
    position       int          NOT NULL DEFAULT 0,
    currency       char(3),
    bundle         text,
    included       numeric,
    roll_over      int,
    skip_zero      boolean      NOT NULL DEFAULT false,
    tax_category   text         NOT NULL DEFAULT 'standard',
    show_zero      boolean      NOT NULL DEFAULT false,
    invoice_text   text,
    created_at     timestamptz  NOT NULL DEFAULT clock_timestamp(),
    created_by     name         NOT NULL DEFAULT session_user,
    supply         text         NOT NULL DEFAULT 'digital',
    tax_exemption  text,
    included_months  int,
    uses           int,
    time_window_id  int         REFERENCES time_window,

    CHECK (NOT isempty(valid_during)),
    CHECK (measure IN ('quantity', 'billed_cost', 'effective_cost', 'list_cost', 'contracted_cost', 'amount', 'dearest',
        'events', 'resources', 'peak', 'latest', 'weighted', 'p95')),
    CHECK (per IN ('scope', 'account', 'sku', 'resource', 'charge') OR per ~ '^tags\..'),
    CHECK (effect IN ('include', 'set', 'adjust', 'add', 'limit', 'true_up', 'credit', 'round')),
    CHECK (reseller_id <> customer_id),
    -- Charges know their provider, but not the format they came in.
    CONSTRAINT price_rule_selector CHECK (NOT coalesce(selector::jsonb ? 'source', false)),
    CHECK (included >= 0 AND included <> 'NaN' AND included < 'Infinity'),
    CHECK (roll_over BETWEEN 0 AND 120),
    CHECK (tax_category IN ('standard', 'reduced', 'intermediate', 'super_reduced', 'zero', 'exempt', 'reverse_charge')),
    CHECK (supply IN ('digital', 'service', 'goods')),
    CONSTRAINT price_rule_tax_exemption CHECK ((tax_category = 'exempt') = coalesce(tax_exemption ~ '\S', false)),
    CHECK (currency ~ '^[A-Z]{3}$'),
    -- A quantity has no currency of its own.
    CONSTRAINT price_rule_currency CHECK (measure ~ '(cost|amount|dearest)$' OR currency IS NOT NULL OR effect = 'round'),
    -- What lines cost is known only after prices were set, and is all that can be limited.
    CONSTRAINT price_rule_amount CHECK (CASE effect WHEN 'limit' THEN measure IN ('amount', 'dearest') WHEN 'set' THEN measure NOT IN ('amount', 'dearest')
        WHEN 'include' THEN measure = 'quantity' WHEN 'round' THEN measure = 'quantity' AND per = 'charge'
        WHEN 'true_up' THEN measure = 'amount' AND per = 'scope' WHEN 'credit' THEN measure = 'amount' ELSE measure <> 'dearest' END),
    -- A charge by itself is no reading among others, and has no amount before it is priced.
    CONSTRAINT price_rule_charge CHECK (per <> 'charge' OR measure ~ '(cost|quantity|events)$'),
    CONSTRAINT price_rule_included CHECK (CASE effect WHEN 'include' THEN included IS NOT NULL
        WHEN 'credit' THEN bundle IS NULL AND (roll_over IS NULL OR included_months IS NOT NULL)
        ELSE num_nonnulls(included, bundle, roll_over) = 0 END),
    -- What is used up is an amount of some currency, and months begin on their first day.
    CONSTRAINT price_rule_credit CHECK (CASE WHEN effect = 'credit' THEN currency IS NOT NULL AND uses > 0 IS NOT FALSE
            AND (included_months IS NULL OR included IS NOT NULL)
        ELSE uses IS NULL END),
    -- What is missing of a minimum over months is known at their end only, and is a commitment.
    CONSTRAINT price_rule_limit CHECK (effect <> 'limit' OR included_months IS NULL OR measure = 'amount' AND NOT pricing::jsonb ? 'minimum'),
    CONSTRAINT price_rule_months CHECK (included_months IS NULL OR effect IN ('credit', 'limit') AND included_months BETWEEN 1 AND 120
        AND coalesce(extract(day FROM lower(valid_during)) = 1, false)),
    -- A charge is rounded as a whole, whatever windows it is in.
    CONSTRAINT price_rule_time_window CHECK (time_window_id IS NULL OR effect <> 'round'),
    -- A ladder is continued by what can be added up.
    CONSTRAINT price_rule_continues CHECK (continues_id IS NULL
        OR measure ~ '(cost|quantity|events)$' AND effect IN ('set', 'adjust', 'add') AND per <> 'charge'),
    -- Two rules of the same scope, place and time would tie.  A price of a
    -- quantity is for charges in all currencies, whatever its own.
    CONSTRAINT price_rule_tie EXCLUDE USING gist (
        coalesce(customer_id, 0) WITH =,
        coalesce(reseller_id, 0) WITH =,
        product_id WITH =,
        coalesce(selector::text, '{}') WITH =,
        position WITH =,
        coalesce(CASE WHEN measure ~ 'cost$' THEN currency END, '') WITH =,
        coalesce(time_window_id, 0) WITH =,
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
COMMENT ON COLUMN price_rule.reseller_id IS 'customer who sells by this rule to those below it; NULL is the seller';
COMMENT ON COLUMN price_rule.valid_during IS 'days on which charges must start, in the customer''s time zone';
COMMENT ON COLUMN price_rule.continues_id IS 'rule whose ladder this one goes on climbing within a period; NULL begins at the bottom';
COMMENT ON COLUMN price_rule.measure IS 'what is rated: quantity, billed_cost, effective_cost, list_cost, contracted_cost, amount (what lines cost so far), dearest (of the price rule that amounts to most), events, resources, peak, latest, weighted or p95';
COMMENT ON COLUMN price_rule.per IS 'what one application covers: scope (all together), account, sku, resource, charge, or tags.KEY (charges of one value of a tag)';
COMMENT ON COLUMN price_rule.pricing IS 'how the measure becomes an amount';
COMMENT ON COLUMN price_rule.effect IS 'include: covers a quantity; set: the price of the charges, one rule each; adjust: a discount or surcharge on lines; add: a line of its own; limit: at least or at most; true_up: what is missing of what an agreement commits to; credit: takes off what is prepaid or a coupon gives; round: the quantity of each charge that counts';
COMMENT ON COLUMN price_rule.position IS 'order: of set rules that are equally specific the lowest wins; of other rules it comes first, and the next sees what it made';
COMMENT ON COLUMN price_rule.currency IS 'currency of the price; for cost and amount measures NULL follows the charges, and a currency restricts the rule to it';
COMMENT ON COLUMN price_rule.bundle IS 'rules of one name draw on the same included quantity, in the order of their position; NULL is one of its own';
COMMENT ON COLUMN price_rule.included IS 'quantity that effect include covers in a month; of effect credit the amount that can be taken off, NULL without limit';
COMMENT ON COLUMN price_rule.roll_over IS 'months in which what was left may still be used; NULL is none';
COMMENT ON COLUMN price_rule.included_months IS 'of effect credit: months after which the amount is there anew, from the start of valid_during, NULL is once; of effect limit: months that are limited together, NULL is each by itself';
COMMENT ON COLUMN price_rule.uses IS 'of effect credit: in how many months it may be used; NULL is in any number';
COMMENT ON COLUMN price_rule.time_window_id IS 'window of time that the rule is about: charges are cut where it begins and ends; NULL is any time';
COMMENT ON COLUMN price_rule.skip_zero IS 'whether a measure of 0 makes no line, so that no flat fee or minimum is due';
COMMENT ON COLUMN price_rule.tax_category IS 'VAT at home: standard, reduced, intermediate, super_reduced or zero rate, exempt, or reverse_charge between businesses';
COMMENT ON COLUMN price_rule.show_zero IS 'whether a line of 0.00 is shown on the invoice';
COMMENT ON COLUMN price_rule.invoice_text IS 'text of the invoice line; NULL is the product''s name, or the rule''s';
COMMENT ON COLUMN price_rule.created_at IS 'when the rule was entered';
COMMENT ON COLUMN price_rule.created_by IS 'user who entered it';
COMMENT ON COLUMN price_rule.supply IS 'what is sold, for VAT across borders: digital (service that computers do, such as cloud), service (that people do) or goods';
COMMENT ON COLUMN price_rule.tax_exemption IS 'why it is exempt: a VATEX code, or a sentence for invoices; only for tax_category exempt';

SELECT pg_catalog.pg_extension_config_dump('price_rule', '');
SELECT pg_catalog.pg_extension_config_dump('price_rule_price_rule_id_seq', '');
