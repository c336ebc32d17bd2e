-- A run that found something new: what is as it was leaves no row.
CREATE TABLE reconciliation_run (
    reconciliation_run_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    first_month            date,
    last_month             date,
    run_at                 timestamptz  NOT NULL DEFAULT clock_timestamp(),
    run_by                 name         NOT NULL DEFAULT session_user,
    groups_new             int          NOT NULL,
    groups_changed         int          NOT NULL,
    groups_resolved        int          NOT NULL,

    CHECK (first_month <= last_month)
);

COMMENT ON TABLE reconciliation_run IS 'runs of reconciliation that found something new';
COMMENT ON COLUMN reconciliation_run.reconciliation_run_id IS 'key of the run';
COMMENT ON COLUMN reconciliation_run.first_month IS 'first month that was looked at; NULL is all before the last';
COMMENT ON COLUMN reconciliation_run.last_month IS 'last month that was looked at; NULL is all after the first';
COMMENT ON COLUMN reconciliation_run.run_at IS 'when';
COMMENT ON COLUMN reconciliation_run.run_by IS 'by whom';
COMMENT ON COLUMN reconciliation_run.groups_new IS 'groups that differ for the first time, or again';
COMMENT ON COLUMN reconciliation_run.groups_changed IS 'groups that differ by another amount or for another reason than before';
COMMENT ON COLUMN reconciliation_run.groups_resolved IS 'groups that no longer differ';

SELECT pg_catalog.pg_extension_config_dump('reconciliation_run', '');
SELECT pg_catalog.pg_extension_config_dump('reconciliation_run_reconciliation_run_id_seq', '');

-- One row for each group that differs or did, as the last run found it; how it was
-- before is in the table history.
CREATE TABLE reconciliation_group (
    reconciliation_group_id  int          GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    link                     text         NOT NULL,
    level                    text         NOT NULL,
    month                    date         NOT NULL,
    currency                 text         NOT NULL,
    supplier                 text,
    customer_id              int          REFERENCES customer,
    account_id               int          REFERENCES account,
    product_id               int          REFERENCES product,
    reference                text,
    purchase_amount          numeric      NOT NULL,
    purchase_quantity        numeric,
    against_amount           numeric      NOT NULL,
    against_quantity         numeric,
    difference               numeric      NOT NULL,
    tolerance                numeric      NOT NULL,
    status                   text         NOT NULL,
    explanation              jsonb        NOT NULL,
    remainder                numeric      NOT NULL,
    finding                  numeric      NOT NULL,
    first_seen_at            timestamptz  NOT NULL,
    reconciliation_run_id    int          NOT NULL REFERENCES reconciliation_run,
    recorded_at              timestamptz  NOT NULL DEFAULT now(),

    UNIQUE NULLS NOT DISTINCT (link, level, month, currency, supplier, customer_id, account_id, product_id, reference),
    CHECK (link IN ('A', 'B', 'C'))
);

CREATE INDEX ON reconciliation_group (customer_id, month);

COMMENT ON TABLE reconciliation_group IS 'groups that differ, or did: of the three links, as the last run found them';
COMMENT ON COLUMN reconciliation_group.reconciliation_group_id IS 'key of the group';
COMMENT ON COLUMN reconciliation_group.link IS 'A: supplier''s invoice and its lines; B: purchase lines and usage; C: what was bought and what was sold';
COMMENT ON COLUMN reconciliation_group.level IS 'level of the group: the lowest of its link';
COMMENT ON COLUMN reconciliation_group.month IS 'first day of the month';
COMMENT ON COLUMN reconciliation_group.currency IS 'currency of the amounts';
COMMENT ON COLUMN reconciliation_group.supplier IS 'supplier';
COMMENT ON COLUMN reconciliation_group.customer_id IS 'customer; NULL is nobody, or not told';
COMMENT ON COLUMN reconciliation_group.account_id IS 'supplier''s account';
COMMENT ON COLUMN reconciliation_group.product_id IS 'product';
COMMENT ON COLUMN reconciliation_group.reference IS 'what else tells it from others: of link A the invoice''s number; of link B account, service, SKU and invoice';
COMMENT ON COLUMN reconciliation_group.purchase_amount IS 'what was invoiced (A, B) or bought (C)';
COMMENT ON COLUMN reconciliation_group.purchase_quantity IS 'quantity of it';
COMMENT ON COLUMN reconciliation_group.against_amount IS 'what it is held against: lines (A), usage (B), sales (C)';
COMMENT ON COLUMN reconciliation_group.against_quantity IS 'quantity of that';
COMMENT ON COLUMN reconciliation_group.difference IS 'purchase_amount less against_amount';
COMMENT ON COLUMN reconciliation_group.tolerance IS 'what rounding may make of it';
COMMENT ON COLUMN reconciliation_group.status IS 'status as in the link''s view';
COMMENT ON COLUMN reconciliation_group.explanation IS 'difference in coded parts';
COMMENT ON COLUMN reconciliation_group.remainder IS 'part of the difference without a code';
COMMENT ON COLUMN reconciliation_group.finding IS 'amount that the status is about';
COMMENT ON COLUMN reconciliation_group.first_seen_at IS 'since when it has differed';
COMMENT ON COLUMN reconciliation_group.reconciliation_run_id IS 'run that found it as it is';
COMMENT ON COLUMN reconciliation_group.recorded_at IS 'since when the row is as it is';

SELECT pg_catalog.pg_extension_config_dump('reconciliation_group', '');
SELECT pg_catalog.pg_extension_config_dump('reconciliation_group_reconciliation_group_id_seq', '');

-- Groups that match are only counted.
CREATE TABLE reconciliation_figure (
    reconciliation_run_id  int      NOT NULL REFERENCES reconciliation_run,
    link                   text     NOT NULL,
    month                  date     NOT NULL,
    currency               text     NOT NULL,
    groups                 int      NOT NULL,
    matched                int      NOT NULL,
    purchase_amount        numeric  NOT NULL,
    against_amount         numeric  NOT NULL,
    compared_amount        numeric  NOT NULL,
    matched_amount         numeric  NOT NULL,
    leakage                numeric  NOT NULL,
    unexplained            numeric  NOT NULL,
    commitment_cost        numeric  NOT NULL,
    commitment_unused      numeric  NOT NULL,
    pec_eligible           numeric  NOT NULL,
    pec_earned             numeric  NOT NULL,

    PRIMARY KEY (reconciliation_run_id, link, month, currency)
);

COMMENT ON TABLE reconciliation_figure IS 'sums and counts of runs by link, month and currency; see reconciliation_run_figure';
COMMENT ON COLUMN reconciliation_figure.reconciliation_run_id IS 'the run';
COMMENT ON COLUMN reconciliation_figure.link IS 'A, B or C';
COMMENT ON COLUMN reconciliation_figure.month IS 'first day of the month';
COMMENT ON COLUMN reconciliation_figure.currency IS 'currency';
COMMENT ON COLUMN reconciliation_figure.groups IS 'groups compared';
COMMENT ON COLUMN reconciliation_figure.matched IS 'those that match or are explained';
COMMENT ON COLUMN reconciliation_figure.purchase_amount IS 'sum of what was invoiced or bought';
COMMENT ON COLUMN reconciliation_figure.against_amount IS 'sum of what it is held against';
COMMENT ON COLUMN reconciliation_figure.compared_amount IS 'sum of the greater side of each group, without sign';
COMMENT ON COLUMN reconciliation_figure.matched_amount IS 'the same of groups that match or are explained';
COMMENT ON COLUMN reconciliation_figure.leakage IS 'cost of what was bought and not sold, of link C';
COMMENT ON COLUMN reconciliation_figure.unexplained IS 'sum of remainders, without sign';
COMMENT ON COLUMN reconciliation_figure.commitment_cost IS 'effective cost of commitments, of link C, in the currency it is billed in';
COMMENT ON COLUMN reconciliation_figure.commitment_unused IS 'part of it that nobody used';
COMMENT ON COLUMN reconciliation_figure.pec_eligible IS 'cost of Microsoft''s usage that tells of the partner earned credit, of link C';
COMMENT ON COLUMN reconciliation_figure.pec_earned IS 'part of it that has the credit';

SELECT pg_catalog.pg_extension_config_dump('reconciliation_figure', '');
