-- What was decided about a group.  It holds until the amount that it is about moves by
-- more than the bound it had then; nothing of it is changed, a later one goes before it.
CREATE TABLE reconciliation_decision (
    reconciliation_decision_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reconciliation_group_id     int          NOT NULL REFERENCES reconciliation_group,
    decision                    text         NOT NULL,
    amount                      numeric      NOT NULL,
    finding                     numeric      NOT NULL,
    bound                       numeric      NOT NULL,
    reason                      text         NOT NULL,
    customer_id                 int          REFERENCES customer,
    price_rule_id               int          REFERENCES price_rule,
    ownership_id                int,
    decided_at                  timestamptz  NOT NULL DEFAULT clock_timestamp(),
    decided_by                  text         NOT NULL DEFAULT session_user,
    settled_on                  date,
    settled_amount              numeric,
    withdrawn_at                timestamptz,
    withdrawn_by                text,
    withdrawn_reason            text,

    CHECK (decision IN ('accept', 'bill', 'credit', 'claim')),
    CHECK (amount NOT IN ('NaN', 'Infinity', '-Infinity')),
    CHECK (reason ~ '\S'),
    CHECK ((settled_on IS NULL) = (settled_amount IS NULL)),
    CHECK (settled_on IS NULL OR decision = 'claim'),
    CHECK (num_nulls(withdrawn_at, withdrawn_by, withdrawn_reason) IN (0, 3)),
    CHECK (price_rule_id IS NULL OR ownership_id IS NULL)
);

CREATE INDEX ON reconciliation_decision (reconciliation_group_id);
CREATE INDEX ON reconciliation_decision (price_rule_id);

COMMENT ON TABLE reconciliation_decision IS 'what was decided about groups that differ, by whom and why';
COMMENT ON COLUMN reconciliation_decision.reconciliation_decision_id IS 'key of the decision';
COMMENT ON COLUMN reconciliation_decision.reconciliation_group_id IS 'group it is about';
COMMENT ON COLUMN reconciliation_decision.decision IS 'accept: it stays so; bill: the customer is to pay it; credit: the customer gets it back; claim: the supplier is to pay it back';
COMMENT ON COLUMN reconciliation_decision.amount IS 'amount that is accepted, billed, credited or claimed';
COMMENT ON COLUMN reconciliation_decision.finding IS 'amount that the group''s status was about';
COMMENT ON COLUMN reconciliation_decision.bound IS 'by how much that may move until the group is open again';
COMMENT ON COLUMN reconciliation_decision.reason IS 'why';
COMMENT ON COLUMN reconciliation_decision.customer_id IS 'customer who is billed or credited';
COMMENT ON COLUMN reconciliation_decision.price_rule_id IS 'price rule that bills or credits it';
COMMENT ON COLUMN reconciliation_decision.ownership_id IS 'row of ownership that gives the charges to the customer, so that they are billed by his prices';
COMMENT ON COLUMN reconciliation_decision.decided_at IS 'when';
COMMENT ON COLUMN reconciliation_decision.decided_by IS 'by whom';
COMMENT ON COLUMN reconciliation_decision.settled_on IS 'day on which a claim was settled';
COMMENT ON COLUMN reconciliation_decision.settled_amount IS 'what the supplier gave for it';
COMMENT ON COLUMN reconciliation_decision.withdrawn_at IS 'when it was withdrawn; NULL while it holds';
COMMENT ON COLUMN reconciliation_decision.withdrawn_by IS 'by whom';
COMMENT ON COLUMN reconciliation_decision.withdrawn_reason IS 'why';

SELECT pg_catalog.pg_extension_config_dump('reconciliation_decision', '');
SELECT pg_catalog.pg_extension_config_dump('reconciliation_decision_reconciliation_decision_id_seq', '');
