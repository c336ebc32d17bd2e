-- How a charge gets its value of a dimension: the first rule that holds for it and
-- yields a value gives it.  Rules of the nearest customer come first, the seller's
-- last, each in order of position.
CREATE TABLE allocation_rule (
    allocation_rule_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dimension_id        int          NOT NULL REFERENCES dimension,
    customer_id         int          REFERENCES customer,
    position            int          NOT NULL,
    name                text,
    selector            selector,
    valid_during        daterange    NOT NULL DEFAULT '(,)',
    value               text,
    keys                text[],
    fold                text         NOT NULL DEFAULT 'none',
    lookup              text,
    recorded_at         timestamptz  NOT NULL DEFAULT now(),

    CHECK (NOT isempty(valid_during)),
    CHECK (value ~ '\S'),
    CHECK (cardinality(keys) > 0 AND array_position(keys, NULL) IS NULL),
    CHECK (fold IN ('none', 'lower', 'upper')),
    -- Charges know their provider, but not the format they came in.
    CONSTRAINT allocation_rule_selector CHECK (NOT coalesce(selector::jsonb ? 'source', false)),
    CONSTRAINT allocation_rule_value CHECK (num_nonnulls(value, keys) = 1 AND (keys IS NOT NULL OR lookup IS NULL AND fold = 'none')),
    -- Which rule comes first must never be in doubt.  allocation_check says it
    -- better; this holds between transactions too.
    CONSTRAINT allocation_rule_overlap EXCLUDE USING gist (
        dimension_id WITH =,
        coalesce(customer_id, 0) WITH =,
        position WITH =,
        valid_during WITH &&) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX ON allocation_rule (customer_id);

COMMENT ON TABLE allocation_rule IS 'ordered rules that give charges their value of a dimension';
COMMENT ON COLUMN allocation_rule.allocation_rule_id IS 'key of the rule';
COMMENT ON COLUMN allocation_rule.dimension_id IS 'dimension';
COMMENT ON COLUMN allocation_rule.customer_id IS 'customer the rule is for, with all below it; NULL is all charges of the dimension';
COMMENT ON COLUMN allocation_rule.position IS 'order: the first rule that holds and yields a value gives it';
COMMENT ON COLUMN allocation_rule.name IS 'name of the rule, for people';
COMMENT ON COLUMN allocation_rule.selector IS 'charges the rule is about; NULL is all';
COMMENT ON COLUMN allocation_rule.valid_during IS 'days on which charges must start, in the customer''s time zone';
COMMENT ON COLUMN allocation_rule.value IS 'the value itself';
COMMENT ON COLUMN allocation_rule.keys IS 'where the value is read from: the first of these that the charge has; a key of a selector, or account_name, billing_account_name, customer, customer_name, account.tags.KEY, resource.tags.KEY';
COMMENT ON COLUMN allocation_rule.fold IS 'lower or upper: the case a value that was read is put in, before it is looked up';
COMMENT ON COLUMN allocation_rule.lookup IS 'list in allocation_lookup that gives the value for what was read; what it does not know goes to the next rule';
COMMENT ON COLUMN allocation_rule.recorded_at IS 'since when the row is as it is';

SELECT pg_catalog.pg_extension_config_dump('allocation_rule', '');
SELECT pg_catalog.pg_extension_config_dump('allocation_rule_allocation_rule_id_seq', '');

-- Many spellings of one value.
CREATE TABLE allocation_lookup (
    lookup       text         NOT NULL,
    spelling     text         NOT NULL,
    value        text         NOT NULL,
    recorded_at  timestamptz  NOT NULL DEFAULT now(),

    PRIMARY KEY (lookup, spelling),
    CHECK (value ~ '\S')
);

COMMENT ON TABLE allocation_lookup IS 'lists of spellings and the value each stands for; made for COPY';
COMMENT ON COLUMN allocation_lookup.lookup IS 'name of the list';
COMMENT ON COLUMN allocation_lookup.spelling IS 'what a charge says, without blanks around it, in the case of the rule''s fold';
COMMENT ON COLUMN allocation_lookup.value IS 'the value it stands for';
COMMENT ON COLUMN allocation_lookup.recorded_at IS 'since when the row is as it is';

SELECT pg_catalog.pg_extension_config_dump('allocation_lookup', '');

-- Tags that an account has, or is given: rules inherit from them (account.tags.KEY).
CREATE TABLE account_tag (
    account_id   int          NOT NULL REFERENCES account,
    key          text         NOT NULL,
    value        text         NOT NULL,
    recorded_at  timestamptz  NOT NULL DEFAULT now(),

    PRIMARY KEY (account_id, key)
);

COMMENT ON TABLE account_tag IS 'tags of suppliers'' accounts, which allocation rules can inherit';
COMMENT ON COLUMN account_tag.account_id IS 'account';
COMMENT ON COLUMN account_tag.key IS 'tag key';
COMMENT ON COLUMN account_tag.value IS 'tag value';
COMMENT ON COLUMN account_tag.recorded_at IS 'since when the row is as it is';

SELECT pg_catalog.pg_extension_config_dump('account_tag', '');
