-- The three links as they are now, each at its lowest level: what a run compares with
-- what the last one found.
CREATE OR REPLACE VIEW reconciliation_found AS
SELECT
    'C' AS link,
    s.level,
    s.month,
    s.currency,
    s.supplier,
    s.customer_id,
    s.account_id,
    s.product_id,
    NULL::text AS reference,
    s.purchase_amount,
    s.purchase_quantity,
    s.sales_amount AS against_amount,
    s.sales_quantity AS against_quantity,
    s.difference,
    s.tolerance,
    s.status,
    s.explanation,
    s.remainder,
    s.finding
FROM reconciliation_sale AS s
WHERE s.level = 'sku'
UNION ALL
SELECT
    'A',
    'invoice',
    date_trunc('month', coalesce(i.period_start, i.issued_on, '-infinity'))::date,
    i.currency,
    i.supplier,
    NULL,
    NULL,
    NULL,
    i.supplier_invoice,
    coalesce(i.invoice_amount, 0),
    NULL,
    coalesce(i.line_amount, 0),
    NULL,
    coalesce(i.difference, 0),
    coalesce(i.tolerance, 0),
    i.status,
    i.explanation,
    coalesce(i.remainder, 0),
    CASE i.status
        WHEN 'ONLY_PURCHASE' THEN i.difference
        WHEN 'MISSING_INVOICE' THEN i.difference
        WHEN 'UNEXPLAINED' THEN i.remainder
        WHEN 'EXPLAINED' THEN i.difference
        WHEN 'TIMING' THEN i.difference
        ELSE 0
    END
FROM reconciliation_invoice AS i
WHERE coalesce(i.period_start, i.issued_on, '-infinity') BETWEEN period_first() AND (period_last() + interval '1 month')::date - 1
UNION ALL
SELECT
    'B',
    u.level,
    date_trunc('month', u.period_start)::date,
    u.currency,
    u.supplier,
    NULL,
    NULL,
    NULL,
    jsonb_strip_nulls(jsonb_build_object('account', u.account, 'service', u.service, 'sku', u.sku, 'invoice', u.supplier_invoice))::text,
    coalesce(u.purchase_amount, 0),
    u.purchase_quantity,
    coalesce(u.usage_amount, 0),
    u.usage_quantity,
    coalesce(u.difference, 0),
    coalesce(u.tolerance, 0),
    u.status,
    u.explanation,
    coalesce(u.remainder, 0),
    CASE u.status
        WHEN 'MATCHED' THEN 0
        WHEN 'MATCHED_ROUNDING' THEN 0
        WHEN 'QUANTITY_MISMATCH' THEN coalesce((u.explanation -> 'QTY')::numeric, u.difference)
        WHEN 'PRICE_MISMATCH' THEN coalesce((u.explanation -> 'PRICE')::numeric, u.difference)
        WHEN 'UNEXPLAINED' THEN u.remainder
        ELSE u.difference
    END
FROM reconciliation_usage AS u
WHERE u.level = 'sku' AND u.period_start BETWEEN period_first() AND (period_last() + interval '1 month')::date - 1;

COMMENT ON VIEW reconciliation_found IS 'the groups of all links as they are now, each link at its lowest level';
COMMENT ON COLUMN reconciliation_found.link IS 'A, B or C';
COMMENT ON COLUMN reconciliation_found.level IS 'level';
COMMENT ON COLUMN reconciliation_found.month IS 'first day of the month';
COMMENT ON COLUMN reconciliation_found.currency IS 'currency of the amounts';
COMMENT ON COLUMN reconciliation_found.supplier IS 'supplier';
COMMENT ON COLUMN reconciliation_found.customer_id IS 'customer';
COMMENT ON COLUMN reconciliation_found.account_id IS 'account';
COMMENT ON COLUMN reconciliation_found.product_id IS 'product';
COMMENT ON COLUMN reconciliation_found.reference IS 'of link A the number of the supplier''s invoice; of link B account, service, SKU and invoice';
COMMENT ON COLUMN reconciliation_found.purchase_amount IS 'what was invoiced or bought';
COMMENT ON COLUMN reconciliation_found.purchase_quantity IS 'quantity of it';
COMMENT ON COLUMN reconciliation_found.against_amount IS 'what it is held against';
COMMENT ON COLUMN reconciliation_found.against_quantity IS 'quantity of that';
COMMENT ON COLUMN reconciliation_found.difference IS 'purchase_amount less against_amount';
COMMENT ON COLUMN reconciliation_found.tolerance IS 'what rounding may make of it';
COMMENT ON COLUMN reconciliation_found.status IS 'status';
COMMENT ON COLUMN reconciliation_found.explanation IS 'difference in coded parts';
COMMENT ON COLUMN reconciliation_found.remainder IS 'part of the difference without a code';
COMMENT ON COLUMN reconciliation_found.finding IS 'amount that the status is about';

-- What commitments and the partner earned credit come to, in the month and in all.
CREATE OR REPLACE VIEW reconciliation_benefit AS
SELECT
    h.period_start AS month,
    h.billing_currency AS currency,
    coalesce(exact_sum(h.effective_cost) FILTER (WHERE i.is_commitment), 0) AS commitment_cost,
    coalesce(exact_sum(h.effective_cost) FILTER (WHERE i.is_commitment AND i.is_unused), 0) AS commitment_unused,
    coalesce(exact_sum(h.billed_cost) FILTER (WHERE i.pec IS NOT NULL), 0) AS pec_eligible,
    coalesce(exact_sum(h.billed_cost) FILTER (WHERE i.pec), 0) AS pec_earned
FROM charge_held AS h
JOIN (
    SELECT c.item_id, c.commitment_discount_id IS NOT NULL AND c.charge_category = 'Usage' AS is_commitment,
        coalesce(c.commitment_discount_status = 'Unused', false) AS is_unused,
        CASE
            WHEN c.charge_category <> 'Usage' THEN NULL
            WHEN c.sku_price_details ? 'PartnerEarnedCreditApplied'
                THEN lower(c.sku_price_details ->> 'PartnerEarnedCreditApplied') IN ('1', 'true', 'yes')
            WHEN c.sku_price_details ->> 'PartnerEarnedCreditPercentage' ~ '^[0-9.]+$'
                THEN (c.sku_price_details ->> 'PartnerEarnedCreditPercentage')::numeric > 0
        END AS pec
    FROM charge_item AS c
    WHERE c.commitment_discount_id IS NOT NULL OR c.sku_price_details ?| '{PartnerEarnedCreditApplied,PartnerEarnedCreditPercentage}'
) AS i ON i.item_id = h.item_id
GROUP BY h.period_start, h.billing_currency;

COMMENT ON VIEW reconciliation_benefit IS 'what commitments cost and how much of them nobody used, and how much of Microsoft''s usage has the partner earned credit, by month';
COMMENT ON COLUMN reconciliation_benefit.month IS 'first day of the month';
COMMENT ON COLUMN reconciliation_benefit.currency IS 'currency of the costs';
COMMENT ON COLUMN reconciliation_benefit.commitment_cost IS 'effective cost of commitments';
COMMENT ON COLUMN reconciliation_benefit.commitment_unused IS 'part of it that nobody used';
COMMENT ON COLUMN reconciliation_benefit.pec_eligible IS 'cost of usage that tells of the credit';
COMMENT ON COLUMN reconciliation_benefit.pec_earned IS 'part of it that has the credit';
