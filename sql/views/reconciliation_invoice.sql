-- Is a supplier's invoice what its lines say?  Lines are those of the purchase side
-- where the supplier has any for the invoice, else charges of the usage side.
--
-- A difference beyond what rounding can make is explained only by what explains all of
-- it: each of 31 choices of five causes is tried, the one with fewest causes is taken.
CREATE OR REPLACE VIEW reconciliation_invoice AS
WITH
sum AS MATERIALIZED (
    SELECT l.*
    FROM (
        SELECT s.*,
            bool_or(s.side = 'purchase') OVER (PARTITION BY s.provider_name, coalesce(s.invoice_number, ''),
                CASE WHEN s.invoice_number IS NULL THEN s.billing_account_id END,
                CASE WHEN s.invoice_number IS NULL THEN s.billing_period_start END) AS has_purchase
        FROM supplier_invoice_sum AS s
    ) AS l
    WHERE (l.side = 'purchase') = l.has_purchase
),
-- Who invoices for whom: an invoice may be entered under the provider's name.
supplier AS (
    SELECT DISTINCT s.invoice_issuer_name AS supplier, s.provider_name FROM sum AS s
    UNION
    SELECT DISTINCT s.provider_name, s.provider_name FROM sum AS s
),
-- Lines that have the number of an invoice, of its issuer or of another that invoices
-- for the same provider.
numbered AS (
    SELECT v.supplier_invoice_id, s.*,
        -- under the provider's name, it has all lines, unless some name him as their issuer
        s.invoice_issuer_name <> v.invoice_issuer_name AND (s.provider_name <> v.invoice_issuer_name
            OR bool_or(s.invoice_issuer_name = v.invoice_issuer_name) OVER (PARTITION BY v.supplier_invoice_id)) AS is_foreign
    FROM supplier_invoice AS v
    JOIN sum AS s ON s.invoice_number = v.invoice_number
    JOIN supplier AS p ON p.supplier = v.invoice_issuer_name AND p.provider_name = s.provider_name
    WHERE s.invoice_issuer_name = v.invoice_issuer_name OR NOT EXISTS (
        SELECT FROM supplier_invoice AS o WHERE o.invoice_number = v.invoice_number AND o.invoice_issuer_name = s.invoice_issuer_name)
),
-- Lines that have none, of its billing account and month, where no line has its number.
monthly AS (
    SELECT v.supplier_invoice_id, s.*, false
    FROM supplier_invoice AS v
    JOIN sum AS s
        ON s.invoice_number IS NULL
        AND s.billing_account_id = v.billing_account_id
        AND date_trunc('month', s.billing_period_start) = date_trunc('month', coalesce(v.period_start, v.issued_on))
        AND (s.currency = v.currency OR s.currency IN (v.exchange_from, v.exchange_to))
    JOIN supplier AS p ON p.supplier = v.invoice_issuer_name AND p.provider_name = s.provider_name
    WHERE v.kind = 'invoice' AND NOT EXISTS (SELECT FROM numbered AS n WHERE n.supplier_invoice_id = v.supplier_invoice_id)
),
assigned AS (
    TABLE numbered
    UNION ALL
    TABLE monthly
),
-- In the currency of the invoice, by the rate that is printed on it.
converted AS (
    SELECT a.*, CASE
            WHEN a.currency = v.currency THEN 1
            WHEN a.currency = v.exchange_from AND v.currency = v.exchange_to THEN v.exchange_rate
        END AS factor,
        CASE WHEN a.currency = v.exchange_to AND v.currency = v.exchange_from THEN v.exchange_rate END AS divisor,
        v.currency AS invoice_currency
    FROM assigned AS a
    JOIN supplier_invoice AS v USING (supplier_invoice_id)
),
-- Lines of the same account and month that are not invoiced yet.
open AS (
    SELECT a.supplier_invoice_id, trim_scale(exact_sum(s.net_amount)) AS net_amount
    FROM (
        SELECT DISTINCT n.supplier_invoice_id, n.side, n.provider_name, n.billing_account_id, n.billing_period_start, n.currency
        FROM numbered AS n
    ) AS a
    JOIN sum AS s USING (side, provider_name, billing_account_id, billing_period_start, currency)
    WHERE s.invoice_number IS NULL
    GROUP BY 1
),
line AS (
    SELECT c.supplier_invoice_id,
        min(c.side) AS side,
        string_agg(DISTINCT c.provider_name, ', ' ORDER BY c.provider_name) AS provider_name,
        sum(c.lines)::bigint AS lines,
        trim_scale(exact_sum(coalesce(c.net_amount * c.factor, c.net_amount / c.divisor))) AS net_amount,
        trim_scale(exact_sum(coalesce(c.tax_amount * c.factor, c.tax_amount / c.divisor))) AS tax_amount,
        trim_scale(exact_sum(coalesce(c.credits * c.factor, c.credits / c.divisor))) AS credits,
        trim_scale(exact_sum(coalesce(c.late * c.factor, c.late / c.divisor))) AS late,
        coalesce(trim_scale(exact_sum(coalesce(c.net_amount * c.factor, c.net_amount / c.divisor)) FILTER (WHERE c.is_foreign)), 0) AS elsewhere,
        coalesce(sum(c.lines) FILTER (WHERE c.rounded_by_record OR c.currency <> c.invoice_currency), 0) AS rounded_lines,
        array_agg(DISTINCT u.load_id ORDER BY u.load_id) AS load_ids
    FROM converted AS c
    CROSS JOIN LATERAL unnest(c.load_ids) AS u (load_id)
    WHERE num_nulls(c.factor, c.divisor) < 2
    GROUP BY 1
),
compared AS (
    SELECT
        v.supplier_invoice_id, v.invoice_issuer_name AS supplier, v.invoice_number AS supplier_invoice, v.kind, v.status AS invoice_status,
        v.issued_on, v.period_start, v.period_end, v.currency::text AS currency, v.net_amount AS invoice_amount, v.tax_amount AS invoice_tax,
        l.side, l.lines, l.net_amount AS line_amount, l.tax_amount AS line_tax, l.load_ids,
        v.net_amount - coalesce(l.net_amount, 0) AS difference,
        v.tax_amount - l.tax_amount AS tax_difference,
        CASE
            WHEN l.lines IS NULL THEN 0
            -- each of them, and the invoice's own line
            WHEN l.rounded_lines > 0 THEN m.unit * (l.rounded_lines + 1)
            -- the total of unrounded lines
            WHEN scale(l.net_amount) > m.scale OR scale(o.net_amount) > m.scale THEN m.unit * 0.5
            ELSE 0
        END AS tolerance,
        ARRAY[-l.elsewhere, -l.credits, l.tax_amount, -l.late, o.net_amount] AS causes
    FROM supplier_invoice AS v
    CROSS JOIN LATERAL (SELECT currency_minor_unit(v.currency) AS scale, round(10::numeric ^ (-currency_minor_unit(v.currency)), currency_minor_unit(v.currency)) AS unit) AS m
    LEFT JOIN line AS l USING (supplier_invoice_id)
    LEFT JOIN open AS o USING (supplier_invoice_id)
    UNION ALL
    -- Lines of an invoice that has not come.
    SELECT NULL, s.invoice_issuer_name, s.invoice_number, NULL, NULL, NULL, min(s.billing_period_start), max(s.billing_period_end), s.currency,
        NULL, NULL, min(s.side), sum(s.lines)::bigint, trim_scale(exact_sum(s.net_amount)), trim_scale(exact_sum(s.tax_amount)),
        (SELECT array_agg(DISTINCT u.load_id ORDER BY u.load_id) FROM unnest(string_to_array(string_agg(array_to_string(s.load_ids, ','), ','), ',')::int[]) AS u (load_id)),
        -trim_scale(exact_sum(s.net_amount)), NULL, 0, NULL
    FROM sum AS s
    WHERE s.invoice_number IS NOT NULL AND NOT EXISTS (
        SELECT
        FROM numbered AS n
        WHERE n.provider_name = s.provider_name AND n.invoice_issuer_name = s.invoice_issuer_name AND n.invoice_number = s.invoice_number)
    GROUP BY s.invoice_issuer_name, s.invoice_number, s.currency
),
explained AS (
    SELECT c.*, e.parts, c.difference - coalesce(e.total, 0) AS rest,
        coalesce(e.total, 0) AS explained, abs(c.difference - coalesce(e.total, 0)) <= c.tolerance AS is_explained
    FROM compared AS c
    LEFT JOIN LATERAL (
        SELECT p.parts, p.total
        FROM generate_series(1, 31) AS g (choice)
        CROSS JOIN LATERAL (
            SELECT jsonb_object_agg(k.code, k.amount) AS parts, sum(k.amount) AS total, count(*) AS causes,
                bool_and(k.amount <> 0) AS all_are_there
            FROM unnest('{MARKETPLACE,CREDIT,TAX,LATE,OPEN}'::text[], c.causes) WITH ORDINALITY AS k (code, amount, place)
            WHERE (g.choice >> (k.place - 1)::int) & 1 = 1
        ) AS p
        WHERE abs(c.difference) > c.tolerance AND c.lines IS NOT NULL AND c.supplier_invoice_id IS NOT NULL
          AND p.all_are_there AND abs(c.difference - p.total) <= c.tolerance
        ORDER BY p.causes, g.choice
        LIMIT 1
    ) AS e ON true
)
SELECT
    e.supplier_invoice_id,
    e.supplier,
    e.supplier_invoice,
    e.kind,
    e.invoice_status,
    e.issued_on,
    e.period_start,
    e.period_end,
    e.currency,
    e.invoice_amount,
    e.side,
    e.lines,
    e.line_amount,
    e.difference,
    e.tolerance,
    e.invoice_tax,
    e.line_tax,
    e.tax_difference,
    CASE
        WHEN e.supplier_invoice_id IS NULL THEN 'MISSING_INVOICE'
        WHEN e.invoice_status = 'expected' THEN 'TIMING'
        WHEN e.lines IS NULL THEN 'ONLY_PURCHASE'
        WHEN NOT e.is_explained THEN 'UNEXPLAINED'
        WHEN abs(e.tax_difference) > greatest(e.tolerance, t.unit * 0.5) AND NOT coalesce(e.parts ? 'TAX', false) THEN 'UNEXPLAINED'
        WHEN e.parts ? 'OPEN' THEN 'TIMING'
        WHEN e.parts IS NOT NULL THEN 'EXPLAINED'
        WHEN e.difference = 0 THEN 'MATCHED'
        ELSE 'MATCHED_ROUNDING'
    END AS status,
    coalesce(e.parts, '{}') || CASE WHEN e.is_explained AND e.rest <> 0 AND e.lines IS NOT NULL AND e.supplier_invoice_id IS NOT NULL
        THEN jsonb_build_object('ROUNDING', e.rest) ELSE '{}' END AS explanation,
    CASE WHEN e.is_explained AND e.lines IS NOT NULL AND e.supplier_invoice_id IS NOT NULL THEN 0 ELSE e.difference - e.explained END AS remainder,
    e.load_ids
FROM explained AS e
CROSS JOIN LATERAL (SELECT round(10::numeric ^ (-currency_minor_unit(e.currency)), currency_minor_unit(e.currency)) AS unit) AS t;

COMMENT ON VIEW reconciliation_invoice IS 'suppliers'' invoices held against their lines, one row for each invoice and currency; lines without an invoice too';
COMMENT ON COLUMN reconciliation_invoice.supplier_invoice_id IS 'key of the invoice; NULL while only its lines are there';
COMMENT ON COLUMN reconciliation_invoice.supplier IS 'supplier: issuer of the invoice';
COMMENT ON COLUMN reconciliation_invoice.supplier_invoice IS 'number of the invoice';
COMMENT ON COLUMN reconciliation_invoice.kind IS 'invoice or credit_note';
COMMENT ON COLUMN reconciliation_invoice.invoice_status IS 'status of the invoice: expected, received, reconciled, approved or paid';
COMMENT ON COLUMN reconciliation_invoice.issued_on IS 'date of the invoice';
COMMENT ON COLUMN reconciliation_invoice.period_start IS 'first day invoiced';
COMMENT ON COLUMN reconciliation_invoice.period_end IS 'day after the last day invoiced';
COMMENT ON COLUMN reconciliation_invoice.currency IS 'currency of all amounts';
COMMENT ON COLUMN reconciliation_invoice.invoice_amount IS 'total of the invoice without tax';
COMMENT ON COLUMN reconciliation_invoice.side IS 'side that the lines are of: purchase where there are any, else usage';
COMMENT ON COLUMN reconciliation_invoice.lines IS 'number of lines';
COMMENT ON COLUMN reconciliation_invoice.line_amount IS 'sum of the lines without tax, in the invoice''s currency by the rate printed on it';
COMMENT ON COLUMN reconciliation_invoice.difference IS 'invoice_amount less line_amount';
COMMENT ON COLUMN reconciliation_invoice.tolerance IS 'what rounding can make at most: a cent a line, and one, where the supplier or a conversion rounds each; half a cent on unrounded lines; else 0';
COMMENT ON COLUMN reconciliation_invoice.invoice_tax IS 'tax of the invoice';
COMMENT ON COLUMN reconciliation_invoice.line_tax IS 'sum of lines that are tax; NULL without any';
COMMENT ON COLUMN reconciliation_invoice.tax_difference IS 'invoice_tax less line_tax; NULL where lines have no tax';
COMMENT ON COLUMN reconciliation_invoice.status IS 'MATCHED, MATCHED_ROUNDING, EXPLAINED, TIMING (lines are not all invoiced, or the invoice is only expected), ONLY_PURCHASE (no lines), MISSING_INVOICE (only lines) or UNEXPLAINED';
COMMENT ON COLUMN reconciliation_invoice.explanation IS 'parts of the difference by cause: ROUNDING, MARKETPLACE (lines of another issuer), CREDIT, TAX, LATE, OPEN (lines not invoiced yet)';
COMMENT ON COLUMN reconciliation_invoice.remainder IS 'difference less all parts';
COMMENT ON COLUMN reconciliation_invoice.load_ids IS 'loads the lines came with';

-- Invoices that must come, since their lines have.
CREATE OR REPLACE VIEW supplier_invoice_expected AS
SELECT r.supplier, r.supplier_invoice, r.currency, r.period_start, r.period_end, r.side, r.lines, r.line_amount AS net_amount,
    coalesce(r.line_tax, 0) AS tax_amount, r.line_amount + coalesce(r.line_tax, 0) AS gross_amount
FROM reconciliation_invoice AS r
WHERE r.status = 'MISSING_INVOICE';

COMMENT ON VIEW supplier_invoice_expected IS 'invoices of suppliers that are expected, since their lines are there, with what they should come to';
COMMENT ON COLUMN supplier_invoice_expected.supplier IS 'issuer that the lines name';
COMMENT ON COLUMN supplier_invoice_expected.supplier_invoice IS 'number that they name';
COMMENT ON COLUMN supplier_invoice_expected.currency IS 'currency';
COMMENT ON COLUMN supplier_invoice_expected.period_start IS 'first day of the supplier''s billing period';
COMMENT ON COLUMN supplier_invoice_expected.period_end IS 'day after it';
COMMENT ON COLUMN supplier_invoice_expected.side IS 'side that the lines are of';
COMMENT ON COLUMN supplier_invoice_expected.lines IS 'number of lines';
COMMENT ON COLUMN supplier_invoice_expected.net_amount IS 'their sum without tax, not rounded';
COMMENT ON COLUMN supplier_invoice_expected.tax_amount IS 'sum of lines that are tax';
COMMENT ON COLUMN supplier_invoice_expected.gross_amount IS 'their sum with tax';
