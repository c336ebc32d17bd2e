-- Money that is lost, or was taken wrongly, by kind: the parts of link C that should not
-- be, each for itself.
CREATE OR REPLACE VIEW leakage AS
SELECT
    s.month,
    l.kind,
    s.supplier,
    s.customer_id,
    s.account_id,
    s.product_id,
    s.currency,
    trim_scale(l.amount) AS amount,
    s.purchase_amount,
    s.sales_amount,
    s.status,
    g.reconciliation_group_id,
    least(g.first_seen_at::date, (s.month + interval '1 month')::date - 1) AS since,
    greatest(now()::date - least(g.first_seen_at::date, (s.month + interval '1 month')::date - 1), 0) AS age_days
FROM (SELECT * FROM reconciliation_sale AS r WHERE r.level = 'sku' AND r.status NOT IN ('MATCHED', 'MATCHED_ROUNDING')) AS s
CROSS JOIN LATERAL (VALUES
    ('unowned', (s.explanation -> 'UNMAPPED')::numeric),
    ('unpriced', (s.explanation -> 'UNPRICED')::numeric),
    ('rule ended', (s.explanation -> 'ENDED')::numeric),
    ('excluded', (s.explanation -> 'EXCLUDED')::numeric),
    ('unused commitment', (s.explanation -> 'UNUSED')::numeric),
    ('marketplace', (s.explanation -> 'MARKETPLACE')::numeric),
    ('sold and not bought', -(s.explanation -> 'OVERSOLD')::numeric),
    ('sold twice', -(s.explanation -> 'DOUBLE')::numeric),
    ('sold below cost', CASE WHEN (s.explanation -> 'PRICE')::numeric > 0 THEN (s.explanation -> 'PRICE')::numeric END),
    ('licence not assigned', CASE WHEN s.status = 'QUANTITY_MISMATCH' AND s.finding > 0 THEN s.finding END)
) AS l (kind, amount)
LEFT JOIN reconciliation_group_in_force AS g ON g.link = 'C' AND g.level = s.level AND g.month = s.month AND g.currency = s.currency
    AND coalesce(g.supplier, '') = coalesce(s.supplier, '') AND coalesce(g.customer_id, 0) = coalesce(s.customer_id, 0)
    AND coalesce(g.account_id, 0) = coalesce(s.account_id, 0) AND coalesce(g.product_id, 0) = coalesce(s.product_id, 0)
WHERE abs(l.amount) > s.tolerance;

COMMENT ON VIEW leakage IS 'what was bought and not sold, sold and not bought, sold twice or below cost, and licences that nobody has, by SKU and month';
COMMENT ON COLUMN leakage.month IS 'first day of the month of use';
COMMENT ON COLUMN leakage.kind IS 'unowned, unpriced, rule ended, excluded, unused commitment, marketplace, sold and not bought, sold twice, sold below cost, or licence not assigned';
COMMENT ON COLUMN leakage.supplier IS 'supplier';
COMMENT ON COLUMN leakage.customer_id IS 'customer; NULL is nobody';
COMMENT ON COLUMN leakage.account_id IS 'account';
COMMENT ON COLUMN leakage.product_id IS 'product';
COMMENT ON COLUMN leakage.currency IS 'currency';
COMMENT ON COLUMN leakage.amount IS 'cost that is not sold, what was sold wrongly, or what is lacking to the least margin';
COMMENT ON COLUMN leakage.purchase_amount IS 'what the group was bought for';
COMMENT ON COLUMN leakage.sales_amount IS 'what it was sold for';
COMMENT ON COLUMN leakage.status IS 'status of the group';
COMMENT ON COLUMN leakage.reconciliation_group_id IS 'group of the stored run, with its decision; NULL while no run has seen it';
COMMENT ON COLUMN leakage.since IS 'last day of the month, or the earlier day on which a run saw it first';
COMMENT ON COLUMN leakage.age_days IS 'days since then';

CREATE OR REPLACE VIEW bi_leakage AS
SELECT
    l.month,
    l.kind,
    l.supplier,
    c.number AS customer_number,
    c.name AS customer,
    coalesce(a.sub_account_name, a.sub_account_id, a.billing_account_name, a.billing_account_id) AS account,
    s.name AS service,
    p.code AS sku,
    l.currency,
    l.amount,
    l.purchase_amount,
    l.sales_amount,
    l.since,
    l.age_days,
    i.state,
    i.decision,
    i.decided_by
FROM leakage AS l
LEFT JOIN customer AS c ON c.customer_id = l.customer_id
LEFT JOIN account AS a ON a.account_id = l.account_id
LEFT JOIN product AS p ON p.product_id = l.product_id
LEFT JOIN product AS s ON s.product_id = p.path[3]
LEFT JOIN reconciliation_item AS i ON i.reconciliation_group_id = l.reconciliation_group_id;

COMMENT ON VIEW bi_leakage IS 'money that is lost or was taken wrongly, by kind, customer and SKU, with its age and what was decided; always current';
COMMENT ON COLUMN bi_leakage.month IS 'first day of the month of use';
COMMENT ON COLUMN bi_leakage.kind IS 'unowned, unpriced, rule ended, excluded, unused commitment, marketplace, sold and not bought, sold twice, sold below cost, or licence not assigned';
COMMENT ON COLUMN bi_leakage.supplier IS 'supplier';
COMMENT ON COLUMN bi_leakage.customer_number IS 'customer number; NULL when nobody owns the charges';
COMMENT ON COLUMN bi_leakage.customer IS 'customer';
COMMENT ON COLUMN bi_leakage.account IS 'sub account, or billing account, by name where it has one';
COMMENT ON COLUMN bi_leakage.service IS 'service';
COMMENT ON COLUMN bi_leakage.sku IS 'SKU';
COMMENT ON COLUMN bi_leakage.currency IS 'currency';
COMMENT ON COLUMN bi_leakage.amount IS 'cost that is not sold, what was sold wrongly, or what is lacking to the least margin';
COMMENT ON COLUMN bi_leakage.purchase_amount IS 'what it was bought for';
COMMENT ON COLUMN bi_leakage.sales_amount IS 'what it was sold for';
COMMENT ON COLUMN bi_leakage.since IS 'last day of the month, or the earlier day on which a run saw it first';
COMMENT ON COLUMN bi_leakage.age_days IS 'days since then';
COMMENT ON COLUMN bi_leakage.state IS 'open, decided, reopened or waiting, as the last run found it; NULL while no run has seen it';
COMMENT ON COLUMN bi_leakage.decision IS 'accept, bill, credit or claim';
COMMENT ON COLUMN bi_leakage.decided_by IS 'by whom';

-- How much of what was bought is sold.
CREATE OR REPLACE VIEW bi_coverage AS
SELECT
    s.month,
    s.supplier,
    s.currency,
    sum(s.purchase_amount) AS purchase_amount,
    sum(reconciliation_leakage(s.explanation)) AS leakage,
    sum(s.purchase_amount) - sum(reconciliation_leakage(s.explanation)) AS sold_cost,
    round(100 * (sum(s.purchase_amount) - sum(reconciliation_leakage(s.explanation))) / nullif(sum(s.purchase_amount), 0), 2) AS coverage_pct,
    count(*) AS groups,
    count(*) FILTER (WHERE s.status IN ('MATCHED', 'MATCHED_ROUNDING', 'EXPLAINED')) AS matched
FROM reconciliation_sale AS s
WHERE s.level = 'sku'
GROUP BY s.month, s.supplier, s.currency;

COMMENT ON VIEW bi_coverage IS 'how much of what was bought is sold, by month and supplier; always current';
COMMENT ON COLUMN bi_coverage.month IS 'first day of the month of use';
COMMENT ON COLUMN bi_coverage.supplier IS 'supplier';
COMMENT ON COLUMN bi_coverage.currency IS 'currency';
COMMENT ON COLUMN bi_coverage.purchase_amount IS 'what was bought';
COMMENT ON COLUMN bi_coverage.leakage IS 'part of it that is not sold';
COMMENT ON COLUMN bi_coverage.sold_cost IS 'the rest';
COMMENT ON COLUMN bi_coverage.coverage_pct IS 'sold_cost in percent of purchase_amount, 2 decimals';
COMMENT ON COLUMN bi_coverage.groups IS 'customers'' SKUs, by account';
COMMENT ON COLUMN bi_coverage.matched IS 'those that match or are explained';

-- What is open, and what became of it.
CREATE OR REPLACE VIEW bi_reconciliation AS
SELECT
    i.month,
    i.link,
    i.supplier,
    i.customer_number,
    i.customer,
    i.account,
    i.service,
    i.sku,
    i.reference,
    i.currency,
    i.purchase_amount,
    i.against_amount,
    i.difference,
    i.status,
    i.finding,
    i.explanation,
    i.remainder,
    i.state,
    i.first_seen_at,
    i.age_days,
    i.decision,
    i.decision_amount,
    i.decided_by,
    i.decided_at,
    i.note
FROM reconciliation_item AS i;

COMMENT ON VIEW bi_reconciliation IS 'groups that differ, or did, as the last run of reconciliation found them, with what was decided';
COMMENT ON COLUMN bi_reconciliation.month IS 'first day of the month';
COMMENT ON COLUMN bi_reconciliation.link IS 'A: supplier''s invoice and its lines; B: purchase lines and usage; C: what was bought and what was sold';
COMMENT ON COLUMN bi_reconciliation.supplier IS 'supplier';
COMMENT ON COLUMN bi_reconciliation.customer_number IS 'customer number';
COMMENT ON COLUMN bi_reconciliation.customer IS 'customer';
COMMENT ON COLUMN bi_reconciliation.account IS 'account';
COMMENT ON COLUMN bi_reconciliation.service IS 'service';
COMMENT ON COLUMN bi_reconciliation.sku IS 'SKU';
COMMENT ON COLUMN bi_reconciliation.reference IS 'of link A the number of the supplier''s invoice; of link B account, service, SKU and invoice';
COMMENT ON COLUMN bi_reconciliation.currency IS 'currency';
COMMENT ON COLUMN bi_reconciliation.purchase_amount IS 'what was invoiced (A, B) or bought (C)';
COMMENT ON COLUMN bi_reconciliation.against_amount IS 'what it is held against: lines (A), usage (B), sales (C)';
COMMENT ON COLUMN bi_reconciliation.difference IS 'purchase_amount less against_amount';
COMMENT ON COLUMN bi_reconciliation.status IS 'status';
COMMENT ON COLUMN bi_reconciliation.finding IS 'amount that the status is about';
COMMENT ON COLUMN bi_reconciliation.explanation IS 'difference in coded parts';
COMMENT ON COLUMN bi_reconciliation.remainder IS 'part of the difference without a code';
COMMENT ON COLUMN bi_reconciliation.state IS 'open, decided, reopened, waiting, explained or resolved';
COMMENT ON COLUMN bi_reconciliation.first_seen_at IS 'since when it has differed';
COMMENT ON COLUMN bi_reconciliation.age_days IS 'days since then';
COMMENT ON COLUMN bi_reconciliation.decision IS 'accept, bill, credit or claim';
COMMENT ON COLUMN bi_reconciliation.decision_amount IS 'amount that was decided about';
COMMENT ON COLUMN bi_reconciliation.decided_by IS 'by whom';
COMMENT ON COLUMN bi_reconciliation.decided_at IS 'when';
COMMENT ON COLUMN bi_reconciliation.note IS 'why';
