-- Groups with what was decided about them, and whether that still holds.
CREATE OR REPLACE VIEW reconciliation_item AS
SELECT
    g.reconciliation_group_id,
    g.link,
    g.level,
    g.month,
    g.currency,
    g.supplier,
    g.customer_id,
    c.number AS customer_number,
    c.name AS customer,
    g.account_id,
    coalesce(a.sub_account_name, a.sub_account_id, a.billing_account_name, a.billing_account_id) AS account,
    s.name AS service,
    g.product_id,
    p.code AS sku,
    g.reference,
    g.purchase_amount,
    g.purchase_quantity,
    g.against_amount,
    g.against_quantity,
    g.difference,
    g.tolerance,
    g.status,
    g.explanation,
    g.remainder,
    g.finding,
    g.first_seen_at,
    (now()::date - g.first_seen_at::date) AS age_days,
    CASE
        WHEN g.status IN ('MATCHED', 'MATCHED_ROUNDING') THEN 'resolved'
        WHEN d.reconciliation_decision_id IS NULL THEN
            CASE g.status WHEN 'EXPLAINED' THEN 'explained' WHEN 'TIMING' THEN 'waiting' ELSE 'open' END
        WHEN d.still_holds THEN 'decided'
        ELSE 'reopened'
    END AS state,
    d.reconciliation_decision_id,
    d.decision,
    d.amount AS decision_amount,
    d.finding AS decision_finding,
    d.decided_at,
    d.decided_by,
    d.reason AS note,
    g.reconciliation_run_id
FROM reconciliation_group_in_force AS g
LEFT JOIN customer AS c ON c.customer_id = g.customer_id
LEFT JOIN account AS a ON a.account_id = g.account_id
LEFT JOIN product AS p ON p.product_id = g.product_id
LEFT JOIN product AS s ON s.product_id = p.path[3]
LEFT JOIN LATERAL (
    SELECT d.*,
        -- what is billed or credited is on its way to nothing
        CASE WHEN d.decision IN ('bill', 'credit')
            THEN g.finding BETWEEN least(d.finding, 0) - greatest(d.bound, g.tolerance) AND greatest(d.finding, 0) + greatest(d.bound, g.tolerance)
            ELSE abs(g.finding - d.finding) <= d.bound END AS still_holds
    FROM reconciliation_decision AS d
    WHERE d.reconciliation_group_id = g.reconciliation_group_id AND d.withdrawn_at IS NULL
      AND d.decided_at <= coalesce(as_of(), 'infinity')
    ORDER BY d.reconciliation_decision_id DESC
    LIMIT 1
) AS d ON true;

COMMENT ON VIEW reconciliation_item IS 'groups that differ or did, with their age, what was decided about them, and whether that holds';
COMMENT ON COLUMN reconciliation_item.reconciliation_group_id IS 'key of the group';
COMMENT ON COLUMN reconciliation_item.link IS 'A: supplier''s invoice and its lines; B: purchase lines and usage; C: what was bought and what was sold';
COMMENT ON COLUMN reconciliation_item.level IS 'level of the group';
COMMENT ON COLUMN reconciliation_item.month IS 'first day of the month';
COMMENT ON COLUMN reconciliation_item.currency IS 'currency of the amounts';
COMMENT ON COLUMN reconciliation_item.supplier IS 'supplier';
COMMENT ON COLUMN reconciliation_item.customer_id IS 'key of the customer';
COMMENT ON COLUMN reconciliation_item.customer_number IS 'its number';
COMMENT ON COLUMN reconciliation_item.customer IS 'its name';
COMMENT ON COLUMN reconciliation_item.account_id IS 'key of the account';
COMMENT ON COLUMN reconciliation_item.account IS 'sub account, or billing account, by name where it has one';
COMMENT ON COLUMN reconciliation_item.service IS 'service';
COMMENT ON COLUMN reconciliation_item.product_id IS 'key of the product';
COMMENT ON COLUMN reconciliation_item.sku IS 'SKU';
COMMENT ON COLUMN reconciliation_item.reference IS 'of link A the number of the supplier''s invoice; of link B account, service, SKU and invoice';
COMMENT ON COLUMN reconciliation_item.purchase_amount IS 'what was invoiced (A, B) or bought (C)';
COMMENT ON COLUMN reconciliation_item.purchase_quantity IS 'quantity of it';
COMMENT ON COLUMN reconciliation_item.against_amount IS 'what it is held against: lines (A), usage (B), sales (C)';
COMMENT ON COLUMN reconciliation_item.against_quantity IS 'quantity of that';
COMMENT ON COLUMN reconciliation_item.difference IS 'purchase_amount less against_amount';
COMMENT ON COLUMN reconciliation_item.tolerance IS 'what rounding may make of it';
COMMENT ON COLUMN reconciliation_item.status IS 'status';
COMMENT ON COLUMN reconciliation_item.explanation IS 'difference in coded parts';
COMMENT ON COLUMN reconciliation_item.remainder IS 'part of the difference without a code';
COMMENT ON COLUMN reconciliation_item.finding IS 'amount that the status is about';
COMMENT ON COLUMN reconciliation_item.first_seen_at IS 'since when it has differed';
COMMENT ON COLUMN reconciliation_item.age_days IS 'days since then';
COMMENT ON COLUMN reconciliation_item.state IS 'open; decided; reopened: the amount has moved by more than the decision''s bound; waiting (TIMING); explained; resolved: it no longer differs';
COMMENT ON COLUMN reconciliation_item.reconciliation_decision_id IS 'key of the latest decision';
COMMENT ON COLUMN reconciliation_item.decision IS 'accept, bill, credit or claim';
COMMENT ON COLUMN reconciliation_item.decision_amount IS 'amount that was decided about';
COMMENT ON COLUMN reconciliation_item.decision_finding IS 'amount that the status was about then';
COMMENT ON COLUMN reconciliation_item.decided_at IS 'when';
COMMENT ON COLUMN reconciliation_item.decided_by IS 'by whom';
COMMENT ON COLUMN reconciliation_item.note IS 'why';
COMMENT ON COLUMN reconciliation_item.reconciliation_run_id IS 'run that found the group as it is';

-- What suppliers are to give back.
CREATE OR REPLACE VIEW reconciliation_claim AS
SELECT
    coalesce(i.supplier, '') AS supplier,
    d.reconciliation_decision_id,
    i.link,
    i.month,
    i.customer,
    i.account,
    i.sku,
    i.reference,
    i.currency,
    d.amount,
    d.reason,
    d.decided_at,
    d.decided_by,
    coalesce(d.settled_on, now()::date) - d.decided_at::date AS age_days,
    d.settled_on,
    d.settled_amount,
    d.amount - coalesce(d.settled_amount, 0) AS open_amount,
    i.state
FROM reconciliation_decision AS d
JOIN reconciliation_item AS i ON i.reconciliation_group_id = d.reconciliation_group_id
WHERE d.decision = 'claim' AND d.withdrawn_at IS NULL AND d.decided_at <= coalesce(as_of(), 'infinity');

COMMENT ON VIEW reconciliation_claim IS 'claims at suppliers, and what came of them';
COMMENT ON COLUMN reconciliation_claim.supplier IS 'supplier';
COMMENT ON COLUMN reconciliation_claim.reconciliation_decision_id IS 'key of the decision';
COMMENT ON COLUMN reconciliation_claim.link IS 'A, B or C';
COMMENT ON COLUMN reconciliation_claim.month IS 'first day of the month';
COMMENT ON COLUMN reconciliation_claim.customer IS 'customer';
COMMENT ON COLUMN reconciliation_claim.account IS 'account';
COMMENT ON COLUMN reconciliation_claim.sku IS 'SKU';
COMMENT ON COLUMN reconciliation_claim.reference IS 'number of the supplier''s invoice';
COMMENT ON COLUMN reconciliation_claim.currency IS 'currency';
COMMENT ON COLUMN reconciliation_claim.amount IS 'amount claimed';
COMMENT ON COLUMN reconciliation_claim.reason IS 'why';
COMMENT ON COLUMN reconciliation_claim.decided_at IS 'when it was decided';
COMMENT ON COLUMN reconciliation_claim.decided_by IS 'by whom';
COMMENT ON COLUMN reconciliation_claim.age_days IS 'days since then, or until it was settled';
COMMENT ON COLUMN reconciliation_claim.settled_on IS 'day on which it was settled; NULL while it is open';
COMMENT ON COLUMN reconciliation_claim.settled_amount IS 'what the supplier gave';
COMMENT ON COLUMN reconciliation_claim.open_amount IS 'what he did not';
COMMENT ON COLUMN reconciliation_claim.state IS 'state of the group';

-- The figures of the last run that looked at each month.
CREATE OR REPLACE VIEW reconciliation_run_figure AS
SELECT
    f.link,
    f.month,
    f.currency,
    f.reconciliation_run_id,
    r.run_at,
    f.groups,
    f.matched,
    trim_scale(f.purchase_amount) AS purchase_amount,
    trim_scale(f.against_amount) AS against_amount,
    round(100.0 * f.matched / nullif(f.groups, 0), 2) AS match_rate_count_pct,
    round(100 * f.matched_amount / nullif(f.compared_amount, 0), 2) AS match_rate_amount_pct,
    CASE WHEN f.link = 'C' THEN round(100 * (f.purchase_amount - f.leakage) / nullif(f.purchase_amount, 0), 2) END AS coverage_pct,
    CASE WHEN f.link = 'C' THEN trim_scale(f.leakage) END AS leakage,
    trim_scale(f.unexplained) AS unexplained,
    (SELECT min(i.first_seen_at) FROM reconciliation_item AS i
     WHERE i.link = f.link AND i.month = f.month AND i.currency = f.currency AND i.state IN ('open', 'reopened')) AS oldest_open_at,
    round(100 * f.pec_earned / nullif(f.pec_eligible, 0), 2) AS pec_coverage_pct,
    round(100 * (f.commitment_cost - f.commitment_unused) / nullif(f.commitment_cost, 0), 2) AS commitment_utilisation_pct
FROM (
    SELECT DISTINCT ON (f.link, f.month, f.currency) f.*
    FROM reconciliation_figure AS f
    JOIN reconciliation_run AS r ON r.reconciliation_run_id = f.reconciliation_run_id
    WHERE r.run_at <= coalesce(as_of(), 'infinity')
    ORDER BY f.link, f.month, f.currency, f.reconciliation_run_id DESC
) AS f
JOIN reconciliation_run AS r ON r.reconciliation_run_id = f.reconciliation_run_id;

COMMENT ON VIEW reconciliation_run_figure IS 'how well each link reconciles, by month and currency, as the last run found it';
COMMENT ON COLUMN reconciliation_run_figure.link IS 'A, B or C';
COMMENT ON COLUMN reconciliation_run_figure.month IS 'first day of the month';
COMMENT ON COLUMN reconciliation_run_figure.currency IS 'currency';
COMMENT ON COLUMN reconciliation_run_figure.reconciliation_run_id IS 'run that found it so';
COMMENT ON COLUMN reconciliation_run_figure.run_at IS 'when that was';
COMMENT ON COLUMN reconciliation_run_figure.groups IS 'groups compared';
COMMENT ON COLUMN reconciliation_run_figure.matched IS 'those that match or are explained';
COMMENT ON COLUMN reconciliation_run_figure.purchase_amount IS 'sum of what was invoiced or bought';
COMMENT ON COLUMN reconciliation_run_figure.against_amount IS 'sum of what it is held against';
COMMENT ON COLUMN reconciliation_run_figure.match_rate_count_pct IS 'share of groups that match or are explained, in percent';
COMMENT ON COLUMN reconciliation_run_figure.match_rate_amount_pct IS 'the same by amount, the greater side of each group';
COMMENT ON COLUMN reconciliation_run_figure.coverage_pct IS 'share of the cost that was sold, in percent, of link C';
COMMENT ON COLUMN reconciliation_run_figure.leakage IS 'cost of what was bought and not sold, of link C';
COMMENT ON COLUMN reconciliation_run_figure.unexplained IS 'sum of remainders, without sign';
COMMENT ON COLUMN reconciliation_run_figure.oldest_open_at IS 'since when the oldest open group has differed';
COMMENT ON COLUMN reconciliation_run_figure.pec_coverage_pct IS 'share of Microsoft''s usage that has the partner earned credit, in percent of its cost';
COMMENT ON COLUMN reconciliation_run_figure.commitment_utilisation_pct IS 'share of commitments that was used, in percent of their effective cost';
