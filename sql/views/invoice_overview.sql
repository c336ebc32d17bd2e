-- All that is, or will be, invoiced: what runs, what waits for approval, documents.
CREATE OR REPLACE VIEW invoice_overview AS
SELECT c.customer_id, c.number AS customer_number, c.name AS customer, o.status, o.invoice_id, o.invoice_number, o.invoice_approval_id,
    o.period_start, o.period_end, o.currency, o.net_amount, o.proposed_amount, o.gross_amount, o.open_amount, o.since
FROM (
    SELECT d.customer_id, CASE WHEN d.invoice_approval_id IS NULL THEN 'running' ELSE 'approving' END AS status, NULL::int AS invoice_id,
        NULL AS invoice_number, d.invoice_approval_id, min(d.period_start) AS period_start, max(d.period_end) AS period_end, d.currency,
        sum(d.amount) AS net_amount, max(d.proposed_amount) AS proposed_amount, NULL::numeric AS gross_amount, NULL::numeric AS open_amount,
        max(d.proposed_at) AS since
    FROM (
        SELECT d.customer_id, d.period_start, d.period_end, d.currency::text AS currency, d.amount, p.invoice_approval_id, p.net_amount AS proposed_amount, p.proposed_at
        FROM invoice_due AS d
        LEFT JOIN invoice_approval AS p
            ON p.customer_id = d.customer_id
            AND p.currency = d.currency::bpchar
            AND p.proposed_at <= coalesce(as_of(), 'infinity')
            AND (p.decision IS NULL OR p.decided_at > as_of())
            AND coalesce(d.invoice_on, d.period_end) <= p.until
        WHERE d.amount <> 0
        UNION ALL
        -- a proposal of which nothing is left
        SELECT p.customer_id, NULL, p.until, p.currency::text, 0, p.invoice_approval_id, p.net_amount, p.proposed_at
        FROM invoice_approval AS p
        WHERE p.customer_id BETWEEN customer_first() AND customer_last()
          AND p.proposed_at <= coalesce(as_of(), 'infinity')
          AND (p.decision IS NULL OR p.decided_at > as_of())
    ) AS d
    GROUP BY d.customer_id, d.invoice_approval_id, d.currency
    UNION ALL
    SELECT s.customer_id, s.status, s.invoice_id, s.invoice_number, NULL, i.period_start, i.period_end, s.currency, s.net_amount, NULL,
        s.gross_amount, s.open_amount, s.state_since
    FROM invoice_status AS s
    JOIN invoice AS i ON i.invoice_id = s.invoice_id
) AS o
JOIN customer AS c ON c.customer_id = o.customer_id;

COMMENT ON VIEW invoice_overview IS 'what runs, what waits for approval, and finalised documents with where they stand';
COMMENT ON COLUMN invoice_overview.customer_id IS 'key of the customer';
COMMENT ON COLUMN invoice_overview.customer_number IS 'customer number';
COMMENT ON COLUMN invoice_overview.customer IS 'customer';
COMMENT ON COLUMN invoice_overview.status IS 'running, approving, or as in invoice_status';
COMMENT ON COLUMN invoice_overview.invoice_id IS 'the document, once it is finalised';
COMMENT ON COLUMN invoice_overview.invoice_number IS 'its number';
COMMENT ON COLUMN invoice_overview.invoice_approval_id IS 'the proposal that waits';
COMMENT ON COLUMN invoice_overview.period_start IS 'first day';
COMMENT ON COLUMN invoice_overview.period_end IS 'day after the last';
COMMENT ON COLUMN invoice_overview.currency IS 'currency of the amounts';
COMMENT ON COLUMN invoice_overview.net_amount IS 'total without VAT; of what runs or waits, now';
COMMENT ON COLUMN invoice_overview.proposed_amount IS 'what it was when it was proposed';
COMMENT ON COLUMN invoice_overview.gross_amount IS 'total with VAT; NULL until it is finalised';
COMMENT ON COLUMN invoice_overview.open_amount IS 'what is open';
COMMENT ON COLUMN invoice_overview.since IS 'when it was proposed, or the last event of the document';
