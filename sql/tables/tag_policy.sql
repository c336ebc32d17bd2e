-- Which tags charges must have, and with which values.  For each charge and key one
-- policy holds: the nearest customer's, and of these the one whose selector says most.
-- So a policy that asks for nothing makes an exception to one that does.
CREATE TABLE tag_policy (
    tag_policy_id   int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key             text         NOT NULL,
    customer_id     int          REFERENCES customer,
    selector        selector,
    required        boolean      NOT NULL DEFAULT true,
    allowed_values  text[],
    pattern         text,
    valid_during    daterange    NOT NULL DEFAULT '(,)',
    description     text,
    recorded_at     timestamptz  NOT NULL DEFAULT now(),

    CHECK (key ~ '\S'),
    CHECK (NOT isempty(valid_during)),
    CONSTRAINT tag_policy_allowed_values CHECK (cardinality(allowed_values) > 0
        AND array_position(allowed_values, NULL) IS NULL AND array_position(allowed_values, '') IS NULL),
    -- Matching with it once refuses what is not a regular expression.
    CONSTRAINT tag_policy_pattern CHECK (('' ~ pattern) IS NOT NULL OR pattern IS NULL),
    CONSTRAINT tag_policy_values CHECK (num_nonnulls(allowed_values, pattern) <= 1),
    -- Charges know their provider, but not the format they came in.
    CONSTRAINT tag_policy_selector CHECK (NOT coalesce(selector::jsonb ? 'source', false)),
    -- Which policy holds must never be in doubt.  tag_policy_check says it better;
    -- this holds between transactions too.
    CONSTRAINT tag_policy_overlap EXCLUDE USING gist (
        key WITH =,
        coalesce(customer_id, 0) WITH =,
        coalesce(selector::text, '{}') WITH =,
        valid_during WITH &&) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX ON tag_policy (customer_id);

COMMENT ON TABLE tag_policy IS 'tags that charges must have, and the values they may have';
COMMENT ON COLUMN tag_policy.tag_policy_id IS 'key of the policy';
COMMENT ON COLUMN tag_policy.key IS 'tag key, as it must be spelt';
COMMENT ON COLUMN tag_policy.customer_id IS 'customer whose charges it is about, with all below it: the nearest one''s holds; NULL is all charges';
COMMENT ON COLUMN tag_policy.selector IS 'charges it is about: of several policies the one that says most holds; NULL is all';
COMMENT ON COLUMN tag_policy.required IS 'whether the tag must be there; one that is not, and allows all, makes an exception';
COMMENT ON COLUMN tag_policy.allowed_values IS 'values the tag may have; NULL is any';
COMMENT ON COLUMN tag_policy.pattern IS 'regular expression that values must match, such as ^CC-[0-9]{4}$; NULL is any';
COMMENT ON COLUMN tag_policy.valid_during IS 'whole months in which it holds';
COMMENT ON COLUMN tag_policy.description IS 'what it is for, for people';
COMMENT ON COLUMN tag_policy.recorded_at IS 'since when the row is as it is';

SELECT pg_catalog.pg_extension_config_dump('tag_policy', '');
SELECT pg_catalog.pg_extension_config_dump('tag_policy_tag_policy_id_seq', '');
