-- Who has the benefit of a reservation or savings plan.  Contracts say so, and it
-- decides what a customer's use has cost.
CREATE TABLE commitment_policy (
    commitment_policy_id    int        GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id             int        REFERENCES customer,
    provider_name           text,
    commitment_discount_id  text,
    policy                  text       NOT NULL,
    valid_during            daterange  NOT NULL DEFAULT '(,)',

    CHECK (policy IN ('originating', 'pro_rata', 'reseller')),
    CHECK (NOT isempty(valid_during)),
    -- Shares of one commitment are of all who use it, whoever they are.
    CONSTRAINT commitment_policy_pro_rata CHECK (policy <> 'pro_rata' OR customer_id IS NULL),
    CONSTRAINT commitment_policy_overlap EXCLUDE USING gist (
        coalesce(customer_id, 0) WITH =,
        coalesce(provider_name, '') WITH =,
        coalesce(commitment_discount_id, '') WITH =,
        valid_during WITH &&)
);

CREATE INDEX ON commitment_policy (customer_id);

COMMENT ON TABLE commitment_policy IS 'who has the benefit of reservations and savings plans; the nearest customer''s holds, then the most conditions, and without one a sale counts against the cost it was priced by';
COMMENT ON COLUMN commitment_policy.commitment_policy_id IS 'key of the policy';
COMMENT ON COLUMN commitment_policy.customer_id IS 'customer whose charges it is about, with all below it; NULL is everyone and nobody';
COMMENT ON COLUMN commitment_policy.provider_name IS 'provider; NULL is any';
COMMENT ON COLUMN commitment_policy.commitment_discount_id IS 'commitment (FOCUS CommitmentDiscountId); NULL is any';
COMMENT ON COLUMN commitment_policy.policy IS 'originating: who used it has its effective cost; pro_rata: all of its cost, unused too, by what would have been paid without it; reseller: use costs what would have been paid without it, and the reseller keeps the rest';
COMMENT ON COLUMN commitment_policy.valid_during IS 'days on which charges must start, in the customer''s time zone';

SELECT pg_catalog.pg_extension_config_dump('commitment_policy', '');
SELECT pg_catalog.pg_extension_config_dump('commitment_policy_commitment_policy_id_seq', '');
