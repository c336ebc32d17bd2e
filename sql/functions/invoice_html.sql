-- An invoice as one HTML page.  It is built with the XML functions, so that what
-- people typed is escaped wherever it stands; it has no link, no script and needs
-- no other file.  It says only what the frozen rows and their snapshots say.
--
-- HTML reads <td/> as <td>, so no element but the void ones may be without
-- content: coalesce(…, '') gives <td></td>, where NULL would give <td/>.

CREATE OR REPLACE FUNCTION invoice_html_missing(invoice_id int)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'no_data_found',
        MESSAGE = format('invoice %s does not exist', invoice_html_missing.invoice_id),
        HINT = 'Documents are in the table invoice; its key is invoice_id, which is not the invoice number.';
END;
$$;

COMMENT ON FUNCTION invoice_html_missing(int) IS 'raises the error for an unknown invoice';

-- XML needs > to be escaped and a style sheet in HTML must not have it escaped:
-- so it has none.
CREATE OR REPLACE FUNCTION invoice_html_style()
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '
@page { size: A4; margin: 15mm 17mm 16mm;
    @bottom-right { content: counter(page) " / " counter(pages); font: 7.5pt Helvetica, Arial, sans-serif; color: #79828f; } }
* { box-sizing: border-box; }
html { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
body { margin: 0; color: #1b222c; background: #fff; font: 9.5pt/1.5 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif;
    font-variant-numeric: tabular-nums lining-nums; overflow-wrap: break-word; }
h1, h2, p { margin: 0; font-weight: normal; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 0; text-align: left; vertical-align: baseline; font-weight: normal; }
.number { text-align: right; white-space: nowrap; }
.label, thead th { color: #667080; font-size: 8pt; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 10mm; padding-bottom: 4mm; border-bottom: 0.6mm solid #1b222c; }
header .name { font-size: 13pt; font-weight: bold; letter-spacing: -0.01em; }
h1 { font-size: 13pt; text-align: right; }
.parties { display: flex; align-items: flex-start; gap: 8mm; margin: 7mm 0; }
.parties .party { flex: 1 1 0; min-width: 0; }
.parties .facts { flex: 0 0 70mm; }
.party .label { margin-bottom: 1mm; }
.party .name { font-weight: bold; }
.party .ids { margin-top: 2mm; font-size: 8pt; color: #667080; }
.facts th { width: 31mm; padding-right: 3mm; color: #667080; font-size: 8pt; line-height: 1.78; }
.headline { display: flex; align-items: baseline; gap: 4mm; margin-bottom: 8mm; padding: 3.5mm 5mm; background: #f3f5f7; }
.headline .sum { font-size: 16pt; letter-spacing: -0.01em; white-space: nowrap; }
.headline .when { color: #4a5463; }
h2 { margin: 8mm 0 2mm; font-size: 11pt; font-weight: bold; break-after: avoid; }
h2.section { margin-top: 10mm; padding: 1.5mm 3mm; background: #f3f5f7; }
h2.section + h2 { margin-top: 3mm; font-size: 9.5pt; }
thead { display: table-header-group; break-inside: avoid; }
tfoot { display: table-row-group; }
tr { break-inside: avoid; }
.lines thead th, .vat thead th, .summary thead th { padding-bottom: 1.5mm; border-bottom: 0.2mm solid #1b222c; }
.lines tbody { break-inside: avoid; }
.lines th + th, .lines td + td { padding-left: 5mm; }
.lines .description { overflow-wrap: anywhere; }
.lines .heading th { padding: 3.4mm 0 0.6mm; font-weight: bold; }
.lines .line td { padding-top: 0.7mm; padding-bottom: 0.7mm; line-height: 1.4; }
.lines thead th.number { width: 25mm; }
.lines .ladder thead th.number { width: auto; }
.lines thead th.unit { width: 20mm; }
.lines thead th.rate { width: 19mm; }
.lines td.rate { color: #667080; font-size: 8pt; }
.lines th.unit, .lines td.unit { padding-left: 1.5mm; max-width: 28mm; color: #667080; font-size: 8pt; }
.lines .detail { color: #667080; font-size: 8pt; line-height: 1.4; }
.lines .subtotal th, .lines .subtotal td { padding-top: 1.2mm; padding-bottom: 1mm; border-top: 0.2mm solid #dfe3e8; }
.lines .subtotal th { color: #667080; font-size: 8pt; }
.lines .steps td { padding: 0.3mm 0 1.8mm; }
.ladder { width: auto; margin-left: 4mm; border-left: 0.5mm solid #dfe3e8; font-size: 7.5pt; line-height: 1.45; color: #4a5463; }
.ladder th, .ladder td, .lines .ladder td { padding: 0 0 0 4mm; }
.lines .ladder thead th { width: auto; padding-bottom: 0.3mm; border: 0; font-size: 7pt; }
.lines .ladder .number { padding-left: 8mm; }
.note { margin-bottom: 6mm; }
.proforma { margin-top: 6mm; padding: 3mm 5mm; border: 0.6mm solid #1b222c; font-weight: bold; }
.note p + p { margin-top: 1mm; }
.summary { break-inside: avoid; }
.values { break-inside: auto; }
.summary td { padding: 0.5mm 0; border-bottom: 0.2mm solid #eceff2; }
.summary tfoot th, .summary tfoot td { padding-top: 1.2mm; border: 0; font-weight: bold; }
.closing { margin: 6mm 0 0 auto; width: 112mm; }
.closing .number { padding-left: 6mm; }
.closing thead th { padding-bottom: 1.2mm; border-bottom: 0.2mm solid #1b222c; }
.closing tbody td, .closing tbody th { padding-top: 0.7mm; padding-bottom: 0.7mm; }
.closing .total th, .closing .total td { padding-top: 2mm; border-top: 0.6mm solid #1b222c; font-size: 11.5pt; font-weight: bold; }
.legal { margin-top: 5mm; font-size: 8.5pt; }
.legal p + p { margin-top: 1mm; }
.settlement { break-inside: avoid; }
.payment .contact { margin-top: 2mm; color: #667080; font-size: 8pt; }
.payment { margin-top: 6mm; padding: 4mm 5mm; background: #f3f5f7; }
.payment h2 { margin-top: 0; }
.payment .terms { display: flex; gap: 12mm; }
.payment table { width: auto; flex: 1 1 0; }
.payment th { width: 30mm; padding-right: 3mm; color: #667080; font-size: 8pt; }
@media screen {
    html { background: #e9ecef; }
    body { width: 210mm; max-width: 100%; min-height: 297mm; margin: 8mm auto; padding: 16mm 17mm 18mm; box-shadow: 0 1px 6px rgba(20, 30, 45, 0.18); }
}
@media screen and (max-width: 200mm) {
    body { margin: 0; padding: 6mm; }
    .parties { flex-wrap: wrap; }
    .parties .facts { flex: 1 1 100%; }
    .lines thead th.number, .lines thead th.unit { width: auto; }
    .lines th + th, .lines td + td { padding-left: 3mm; }
    .closing { width: 100%; }
    .payment .terms { flex-direction: column; gap: 2mm; }
}
';

COMMENT ON FUNCTION invoice_html_style() IS 'style sheet of documents';

CREATE OR REPLACE FUNCTION invoice_html_row(label text, value text)
RETURNS xml
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value ~ '\S'
    THEN xmlelement(name tr,
        xmlelement(name th, xmlattributes('row' AS scope), label),
        xmlelement(name td, value))
END;

COMMENT ON FUNCTION invoice_html_row(text, text) IS 'table row of a label and its value; NULL where there is no value';

-- The country is part of the address only of post that crosses a border.
CREATE OR REPLACE FUNCTION invoice_html_party(party jsonb, label text, abroad boolean, language text)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT xmlelement(name div, xmlattributes('party' AS class),
        xmlelement(name div, xmlattributes('label' AS class), label),
        (SELECT xmlagg(xmlelement(name div, xmlattributes(part.class AS class), part.text) ORDER BY part.position)
         FROM (VALUES
             (1, 'name', party ->> 'name'),
             (2, NULL,   party ->> 'street'),
             (3, NULL,   concat_ws(' ', party ->> 'postal_code', party ->> 'city')),
             (4, NULL,   CASE WHEN abroad THEN
                 coalesce(document_text(language, 'country_' || (party ->> 'country')), party ->> 'country') END)
         ) AS part (position, class, text)
         WHERE part.text ~ '\S'),
        (SELECT xmlelement(name div, xmlattributes('ids' AS class),
             xmlagg(xmlelement(name div, id.label || ' ' || id.text) ORDER BY id.position))
         FROM (VALUES
             (1, document_text(language, 'vat_number'), party ->> 'vat_number'),
             (2, CASE party ->> 'country' WHEN 'NL' THEN 'KvK' ELSE document_text(language, 'registration_number') END,
                 party ->> 'registration_number')
         ) AS id (position, label, text)
         WHERE id.text ~ '\S'
         HAVING count(*) > 0));
END;

COMMENT ON FUNCTION invoice_html_party(jsonb, text, boolean, text) IS 'name, address and registrations of a seller or customer, from its snapshot';

CREATE OR REPLACE FUNCTION invoice_html_facts(document invoice)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
RETURN xmlelement(name table, xmlattributes('facts' AS class), xmlelement(name tbody,
    invoice_html_row(document_text(document.language, document.kind || '_number'), document.invoice_number),
    invoice_html_row(document_text(document.language, 'issued_on'), document_date(document.issued_on, document.language)),
    CASE document.kind WHEN 'invoice' THEN
        invoice_html_row(document_text(document.language, 'due_on'), document_date(document.due_on, document.language)) END,
    invoice_html_row(document_text(document.language, 'period'),
        document_period(document.period_start, document.period_end, document.language)),
    invoice_html_row(document.dimension, CASE WHEN document.dimension_id IS NOT NULL THEN
        coalesce(document.dimension_value, document_text(document.language, 'not_allocated')) END),
    invoice_html_row(document_text(document.language, 'for_customer'), document.customer ->> 'for_customer'),
    CASE WHEN document.split_by IN ('agreement', 'account') THEN
        invoice_html_row(document_text(document.language, document.split_by), document.split_value) END,
    invoice_html_row(document_text(document.language, 'customer_number'), document.customer ->> 'number'),
    invoice_html_row(document_text(document.language, 'order_number'), document.customer ->> 'order_number'),
    invoice_html_row(document_text(document.language, 'currency'), document.currency)));

COMMENT ON FUNCTION invoice_html_facts(invoice) IS 'number, dates, period, value of a dimension and references of a document';

-- What the document asks, in one sentence: a credit note and a total of nothing
-- ask no payment.
CREATE OR REPLACE FUNCTION invoice_html_headline(document invoice)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
RETURN xmlelement(name p, xmlattributes('headline' AS class),
    xmlelement(name span, xmlattributes('sum' AS class), document.currency || ' '
        || document_amount(CASE document.kind WHEN 'credit_note' THEN abs(document.gross_amount)
            ELSE document.gross_amount - coalesce(document.prepaid_amount, 0) END, document.currency, document.language)),
    ' ',
    xmlelement(name span, xmlattributes('when' AS class),
        CASE
            WHEN document.kind = 'credit_note' THEN lower(document_text(document.language, 'in_your_favour'))
            WHEN document.gross_amount > coalesce(document.prepaid_amount, 0) THEN document_text(document.language, 'due_by') || ' '
                || document_date(document.due_on, document.language)
            ELSE document_text(document.language, 'nothing_due')
        END));

COMMENT ON FUNCTION invoice_html_headline(invoice) IS 'amount of a document and when it is due, in one sentence';

-- What was paid before the document was made: the payments by their day, and credit notes.
CREATE OR REPLACE FUNCTION invoice_html_prepaid(document invoice)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT xmlconcat(
        xmlagg(
            xmlelement(name tr,
                xmlelement(name th, xmlattributes('row' AS scope, 2 AS colspan), p.text),
                xmlelement(name td, xmlattributes('number' AS class), document_amount(-p.amount, document.currency, document.language)))
            ORDER BY p.received_on NULLS LAST, p.text),
        xmlelement(name tr, xmlattributes('total' AS class),
            xmlelement(name th, xmlattributes('row' AS scope, 2 AS colspan), document_text(document.language, 'amount_due')),
            xmlelement(name td, xmlattributes('number' AS class), document.currency || ' '
                || document_amount(document.gross_amount - document.prepaid_amount, document.currency, document.language))))
    FROM (
        SELECT y.received_on,
            coalesce(document_text(document.language, 'settled_with') || ' ' || c.invoice_number,
                document_text(document.language, 'prepaid_on') || ' ' || document_date(y.received_on, document.language)) AS text,
            sum(t.amount) AS amount
        FROM payment_part AS t
        LEFT JOIN payment AS y ON y.payment_id = t.payment_id
        LEFT JOIN invoice AS c ON c.invoice_id = t.credit_note_id
        WHERE t.invoice_id = document.invoice_id AND t.prepaid
        GROUP BY 1, 2
    ) AS p
    WHERE document.prepaid_amount IS NOT NULL
    HAVING count(*) > 0;
END;

COMMENT ON FUNCTION invoice_html_prepaid(invoice) IS 'what was paid of a document before it was made, and the amount due that is left; NULL where nothing was';

-- Lines as they were typed.
CREATE OR REPLACE FUNCTION invoice_html_note(document invoice)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN document.note IS NOT NULL THEN
    xmlelement(name section, xmlattributes('note' AS class), (
        SELECT xmlagg(xmlelement(name p, line.text) ORDER BY line.position)
        FROM regexp_split_to_table(document.note, '\n') WITH ORDINALITY AS line (text, position)
        WHERE line.text ~ '\S')) END;

COMMENT ON FUNCTION invoice_html_note(invoice) IS 'what a document says to the customer; NULL where it says nothing';

CREATE OR REPLACE FUNCTION invoice_html_summary(document invoice)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH service AS (
        SELECT CASE
                WHEN sections.are THEN coalesce(line.section, document.customer ->> 'name')
                WHEN line.corrects IS NULL THEN line.service
                ELSE document_text(document.language, 'corrections') END AS name,
            line.corrects IS NOT NULL AND NOT sections.are AS last, min(line.line_no) AS line_no,
            count(*) AS lines, sum(line.amount) AS amount, bool_or(sections.are) AS by_section
        FROM invoice_line AS line
        CROSS JOIN (
            SELECT EXISTS (SELECT FROM invoice_line AS l WHERE l.invoice_id = document.invoice_id AND l.section IS NOT NULL) AS are
        ) AS sections
        WHERE line.invoice_id = document.invoice_id
        GROUP BY 1, 2
    )
    SELECT xmlconcat(
        xmlelement(name h2, document_text(document.language, 'summary')),
        xmlelement(name table, xmlattributes('summary' AS class),
            xmlelement(name thead, xmlelement(name tr,
                xmlelement(name th, xmlattributes('col' AS scope), CASE WHEN bool_or(service.by_section)
                    THEN document_text(document.language, 'for_customer') ELSE document_text(document.language, 'service') END),
                xmlelement(name th, xmlattributes('col' AS scope, 'number' AS class),
                    document_text(document.language, 'amount')))),
            xmlelement(name tbody, xmlagg(
                xmlelement(name tr,
                    xmlelement(name td, service.name),
                    xmlelement(name td, xmlattributes('number' AS class),
                        document_amount(service.amount, document.currency, document.language)))
                ORDER BY service.last, service.line_no)),
            xmlelement(name tfoot, xmlelement(name tr,
                xmlelement(name th, xmlattributes('row' AS scope), document_text(document.language, 'net')),
                xmlelement(name td, xmlattributes('number' AS class),
                    document_amount(document.net_amount, document.currency, document.language))))))
    FROM service
    HAVING (sum(service.lines) > 6 OR bool_or(service.by_section)) AND count(*) > 1;
END;

COMMENT ON FUNCTION invoice_html_summary(invoice) IS 'amounts by service; NULL for a document of a few lines';

-- What the document is by the values of a dimension.  It stands for all of the
-- document: lines that were not split, such as corrections of months in which the
-- customer had no dimension, are not allocated.
CREATE OR REPLACE FUNCTION invoice_html_values(document invoice)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH part AS (
        SELECT a.dimension_id, a.dimension, a.value, sum(a.amount) AS amount
        FROM invoice_line_allocation AS a
        WHERE a.invoice_id = document.invoice_id
        GROUP BY a.dimension_id, a.dimension, a.value
    ), told AS (
        SELECT p.dimension_id, p.dimension, p.value, sum(p.amount) AS amount
        FROM (
            SELECT * FROM part
            UNION ALL
            SELECT part.dimension_id, part.dimension, NULL, document.net_amount - sum(part.amount)
            FROM part
            GROUP BY part.dimension_id, part.dimension
        ) AS p
        GROUP BY p.dimension_id, p.dimension, p.value
        HAVING sum(p.amount) <> 0
    ), section AS (
        SELECT told.dimension_id, xmlconcat(
            xmlelement(name h2, document_text(document.language, 'specification_by') || ' ' || told.dimension),
            xmlelement(name table, xmlattributes('summary values' AS class),
                xmlelement(name thead, xmlelement(name tr,
                    xmlelement(name th, xmlattributes('col' AS scope), told.dimension),
                    xmlelement(name th, xmlattributes('col' AS scope, 'number' AS class),
                        document_text(document.language, 'amount')))),
                xmlelement(name tbody, xmlagg(
                    xmlelement(name tr,
                        xmlelement(name td, coalesce(told.value, document_text(document.language, 'not_allocated'))),
                        xmlelement(name td, xmlattributes('number' AS class),
                            document_amount(told.amount, document.currency, document.language)))
                    ORDER BY lower(told.value) COLLATE "C", told.value COLLATE "C")),
                xmlelement(name tfoot, xmlelement(name tr,
                    xmlelement(name th, xmlattributes('row' AS scope), document_text(document.language, 'net')),
                    xmlelement(name td, xmlattributes('number' AS class),
                        document_amount(document.net_amount, document.currency, document.language)))))) AS element
        FROM told
        GROUP BY told.dimension_id, told.dimension
    )
    SELECT xmlagg(section.element ORDER BY section.dimension_id) FROM section;
END;

COMMENT ON FUNCTION invoice_html_values(invoice) IS 'amounts by value of a dimension; NULL for a document that is not specified so';

-- Percentages come from the pricing as factors.  A customer never sees what its
-- supplier paid: a markup or a fee on cost shows no steps and no base.
CREATE OR REPLACE FUNCTION invoice_html_explains(line invoice_line)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN line.measure NOT IN ('billed_cost', 'effective_cost', 'contracted_cost');

COMMENT ON FUNCTION invoice_html_explains(invoice_line) IS 'whether a line may show how it was rated; not where that tells the seller''s cost';

CREATE OR REPLACE FUNCTION invoice_html_ladder(line invoice_line, language text)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH pricing AS (
        SELECT line.pricing::jsonb ->> 'model' IN ('percentage', 'graduated_percentage') AS is_percentage,
            line.pricing::jsonb ->> 'model' = 'flat' AS is_flat
    ), step AS (
        SELECT step.*, row_number() OVER () AS position
        FROM rate_steps(line.measured, line.pricing) AS step
    ), shown AS (
        SELECT count(*) > 1 OR bool_or(step.flat_fee <> 0) AS steps, sum(step.amount) AS amount, bool_or(step.flat_fee <> 0) AS fees
        FROM step
    )
    SELECT xmlelement(name table, xmlattributes('ladder' AS class),
        xmlelement(name thead, xmlelement(name tr,
            xmlelement(name th, xmlattributes('col' AS scope), document_text(language, 'step_range')),
            xmlelement(name th, xmlattributes('col' AS scope, 'number' AS class),
                document_text(language, CASE WHEN measure_is_money(line.measure) THEN 'base' ELSE 'quantity' END)),
            xmlelement(name th, xmlattributes('col' AS scope, 'number' AS class),
                document_text(language, CASE WHEN pricing.is_percentage THEN 'step_rate' ELSE 'step_price' END)),
            CASE WHEN shown.fees THEN
                xmlelement(name th, xmlattributes('col' AS scope, 'number' AS class), document_text(language, 'step_flat_fee')) END,
            xmlelement(name th, xmlattributes('col' AS scope, 'number' AS class), document_text(language, 'amount')))),
        xmlelement(name tbody, xmlagg(
            xmlelement(name tr,
                xmlelement(name td, CASE
                    WHEN step.tier IS NULL THEN document_text(language, 'step_' || step.step)
                    WHEN step.up_to IS NOT NULL THEN document_number(step.from_quantity, language)
                        || ' – ' || document_number(step.up_to, language)
                    WHEN step.from_quantity > 0 THEN document_text(language, 'step_above')
                        || ' ' || document_number(step.from_quantity, language)
                    ELSE document_text(language, 'step_all')
                END),
                xmlelement(name td, xmlattributes('number' AS class), coalesce(CASE WHEN measure_is_money(line.measure)
                    THEN document_amount(step.quantity, line.currency, language)
                    ELSE document_number(step.quantity, language)
                END, '')),
                xmlelement(name td, xmlattributes('number' AS class), coalesce(CASE
                    WHEN pricing.is_percentage THEN document_number(step.unit_price * 100, language) || '%'
                    ELSE coalesce(document_number(step.packages, language) || ' × ', '')
                        || document_number(step.unit_price, language, currency_minor_unit(line.currency))
                END, '')),
                CASE WHEN shown.fees THEN
                    xmlelement(name td, xmlattributes('number' AS class),
                        coalesce(document_number(nullif(step.flat_fee, 0), language, currency_minor_unit(line.currency)), '')) END,
                xmlelement(name td, xmlattributes('number' AS class),
                    document_number(round(step.amount, 6), language, currency_minor_unit(line.currency))))
            ORDER BY step.position)))
    FROM pricing, shown, step
    -- not where the amount came about in another way: charge by charge, above what was climbed, as a limit
    WHERE shown.steps AND NOT pricing.is_flat AND invoice_html_explains(line)
      AND currency_round(shown.amount, line.currency) = line.due
    GROUP BY shown.fees, pricing.is_percentage;
END;

COMMENT ON FUNCTION invoice_html_ladder(invoice_line, text) IS 'tiers a line''s quantity climbed, as a table; NULL where one price tells it all';

-- The small type under a line's description.
CREATE OR REPLACE FUNCTION invoice_line_details(line invoice_line, document invoice)
RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT array_agg(detail.text ORDER BY detail.position)
    FROM (VALUES
        (1, concat_ws(' · ', CASE WHEN line.corrects IS NOT NULL THEN line.service END,
            CASE WHEN line_by_hand(line.resource_id) IS NOT TRUE THEN line.account END,
            CASE WHEN line_by_hand(line.resource_id) THEN NULL
                WHEN line.service_start IS NULL THEN substring(line.resource_id FROM '[^/]+/*$')
                ELSE substring(line.resource_id FROM '^(.*)/') END, line.tag_value)),  -- the agreement's number
        (2, CASE
            WHEN line.service_start <> CASE WHEN line.corrects IS NULL THEN document.period_start ELSE line.period_start END
                OR line.service_end <> CASE WHEN line.corrects IS NULL THEN document.period_end ELSE (line.period_start + interval '1 month')::date END
            THEN document_period(line.service_start, line.service_end, document.language)
            WHEN line.corrects IS NULL AND line.period_start <> document.period_start AND line.service_start IS NULL
            THEN document_text(document.language, 'since') || ' '
                || document_date(line.period_start, document.language) END),
        (3, CASE WHEN line.pricing::jsonb ->> 'model' = 'percentage' AND invoice_html_explains(line)
            THEN CASE WHEN line.dimension_id IS NOT NULL AND line.due <> currency_round(rate(line.measured, line.pricing), line.currency)
                    THEN document_text(document.language, 'part_of') || ' ' ELSE '' END
                || document_number((line.pricing::jsonb ->> 'rate')::numeric, document.language) || '% '
                || document_text(document.language, 'of') || ' ' || CASE WHEN measure_is_money(line.measure)
                    THEN line.currency || ' ' || document_amount(line.measured, line.currency, document.language)
                    ELSE concat_ws(' ', document_number(line.measured, document.language), document_unit(line.unit, document.language))
                END END),
        (4, CASE WHEN line.corrects IS NOT NULL
            THEN document_text(document.language, 'now_due') || ' '
                || document_amount(line.due, line.currency, document.language) || ', '
                || document_text(document.language, 'billed_before') || ' '
                || document_amount(line.due_before, line.currency, document.language) END),
        (5, CASE WHEN line.order_number IS DISTINCT FROM document.customer ->> 'order_number'
            THEN document_text(document.language, 'order_number') || ' ' || line.order_number END)
    ) AS detail (position, text)
    WHERE detail.text ~ '\S';
END;

COMMENT ON FUNCTION invoice_line_details(invoice_line, invoice) IS 'account, period, percentage and what a correction corrects: what documents say under the description of a line';

-- A quantity of one without a unit is a lump sum, which the amount tells.  The VAT
-- rate stands with the line where the document has several.
--
-- The ladder and the details are handed in: a function in SQL that another calls
-- is planned for each of the other's calls.
CREATE OR REPLACE FUNCTION invoice_html_line(line invoice_line, language text, details xml, ladder xml, with_vat boolean)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT xmlconcat(
        xmlelement(name tr, xmlattributes('line' AS class),
            xmlelement(name td, xmlattributes('description' AS class), line.description, details),
            xmlelement(name td, xmlattributes('number' AS class), CASE WHEN lump.sum THEN '' ELSE
                document_number(line.quantity, language) END),
            xmlelement(name td, xmlattributes('unit' AS class), coalesce(document_unit(line.unit, language), '')),
            xmlelement(name td, xmlattributes('number' AS class), CASE WHEN lump.sum THEN '' ELSE
                document_number(line.unit_price, language, currency_minor_unit(line.currency)) END),
            CASE WHEN with_vat THEN
                xmlelement(name td, xmlattributes('number rate' AS class), document_vat_rate(line.vat_category, line.vat_rate, language)) END,
            xmlelement(name td, xmlattributes('number' AS class),
                document_amount(line.amount, line.currency, language))),
        CASE WHEN ladder IS NOT NULL THEN
            xmlelement(name tr, xmlattributes('steps' AS class),
                xmlelement(name td, xmlattributes(CASE WHEN with_vat THEN 6 ELSE 5 END AS colspan), ladder)) END)
    FROM (SELECT abs(line.quantity) = 1 AND NOT coalesce(line.unit ~ '\S', false) AS sum) AS lump;
END;

COMMENT ON FUNCTION invoice_html_line(invoice_line, text, xml, xml, boolean) IS 'table rows of a line: what it says, and the ladder below it';

-- What a group of correction lines corrects.  The period's last day is in the
-- document that billed the period first; where that is not to be found, the
-- first day must do.
CREATE OR REPLACE FUNCTION invoice_html_corrected(line invoice_line, document invoice)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT document_text(document.language, 'corrects_' || corrected.kind) || ' ' || corrected.invoice_number || ' · '
        || coalesce(
            (SELECT document_period(period.period_start, period.period_end, document.language)
             FROM invoice AS period
             WHERE period.customer_id = document.customer_id
               AND period.period_start = line.period_start
               AND period.invoice_id < document.invoice_id
             ORDER BY period.invoice_id
             LIMIT 1),
            document_text(document.language, 'since') || ' ' || document_date(line.period_start, document.language))
    FROM invoice AS corrected
    WHERE corrected.invoice_id = line.corrects;
END;

COMMENT ON FUNCTION invoice_html_corrected(invoice_line, invoice) IS 'document and period that a correction line corrects';

-- Heading, first line and ladder are one table body, as are last line and
-- subtotal, and a body is not broken over pages.
CREATE OR REPLACE FUNCTION invoice_html_lines(document invoice, corrections boolean, section text)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH line AS (
        SELECT line, line.line_no, line.amount,
            CASE WHEN corrections THEN invoice_html_corrected(line, document) ELSE line.service END AS heading,
            (SELECT xmlagg(xmlelement(name div, xmlattributes('detail' AS class), detail.text) ORDER BY detail.position)
             FROM unnest(invoice_line_details(line, document)) WITH ORDINALITY AS detail (text, position)) AS details,
            invoice_html_ladder(line, document.language) AS ladder
        FROM invoice_line AS line
        WHERE line.invoice_id = document.invoice_id AND (line.corrects IS NOT NULL) = corrections
          AND line.section IS NOT DISTINCT FROM invoice_html_lines.section
    ), placed AS (
        SELECT line.*, sum(line.amount) OVER heading AS subtotal, count(*) OVER heading AS lines,
            min(line.line_no) OVER heading AS first, max(line.line_no) OVER heading AS last,
            (SELECT count(*) > 1 FROM invoice_vat AS vat WHERE vat.invoice_id = document.invoice_id) AS with_vat
        FROM line
        WINDOW heading AS (PARTITION BY line.heading)
    )
    SELECT xmlconcat(
        CASE
            WHEN corrections THEN xmlelement(name h2, document_text(document.language, 'corrections'))
            -- a section has its own title
            WHEN NOT EXISTS (SELECT FROM invoice_line AS l WHERE l.invoice_id = document.invoice_id AND l.section IS NOT NULL)
                THEN xmlelement(name h2, document_text(document.language, 'specification')) END,
        xmlelement(name table, xmlattributes(CASE WHEN corrections THEN 'lines corrections' ELSE 'lines' END AS class),
            xmlelement(name thead, xmlelement(name tr,
                xmlelement(name th, xmlattributes('col' AS scope, 'description' AS class),
                    document_text(document.language, 'description')),
                xmlelement(name th, xmlattributes('col' AS scope, 'number' AS class),
                    document_text(document.language, 'quantity')),
                xmlelement(name th, xmlattributes('col' AS scope, 'unit' AS class), document_text(document.language, 'unit')),
                xmlelement(name th, xmlattributes('col' AS scope, 'number' AS class),
                    document_text(document.language, 'unit_price')),
                CASE WHEN bool_and(placed.with_vat) THEN
                    xmlelement(name th, xmlattributes('col' AS scope, 'number rate' AS class), document_text(document.language, 'vat')) END,
                xmlelement(name th, xmlattributes('col' AS scope, 'number' AS class),
                    document_text(document.language, 'amount')))),
            xmlagg(
                xmlelement(name tbody,
                    CASE WHEN placed.line_no = placed.first THEN
                        xmlelement(name tr, xmlattributes('heading' AS class),
                            xmlelement(name th, xmlattributes(CASE WHEN placed.with_vat THEN 6 ELSE 5 END AS colspan, 'rowgroup' AS scope), placed.heading)) END,
                    invoice_html_line(placed.line, document.language, placed.details, placed.ladder, placed.with_vat),
                    CASE WHEN placed.line_no = placed.last AND placed.lines > 1 THEN
                        xmlelement(name tr, xmlattributes('subtotal' AS class),
                            xmlelement(name th, xmlattributes(CASE WHEN placed.with_vat THEN 5 ELSE 4 END AS colspan, 'row' AS scope),
                                document_text(document.language, 'subtotal')
                                    || CASE WHEN corrections THEN '' ELSE ' ' || placed.heading END),
                            xmlelement(name td, xmlattributes('number' AS class),
                                document_amount(placed.subtotal, document.currency, document.language))) END)
                ORDER BY placed.first, placed.line_no)))
    FROM placed
    HAVING count(*) > 0;
END;

COMMENT ON FUNCTION invoice_html_lines(invoice, boolean, text) IS 'lines of a section of a document by service, or its corrections by what they correct; NULL where there are none';

-- All lines; where the document is of several customers, in a section with a total for
-- each, the document's own first.
CREATE OR REPLACE FUNCTION invoice_html_sections(document invoice)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT xmlagg(xmlconcat(
            CASE WHEN s.sections THEN xmlelement(name h2, xmlattributes('section' AS class), s.title) END,
            invoice_html_lines(document, false, s.section),
            invoice_html_lines(document, true, s.section),
            CASE WHEN s.sections THEN
                xmlelement(name table, xmlattributes('summary' AS class), xmlelement(name tfoot, xmlelement(name tr,
                    xmlelement(name th, xmlattributes('row' AS scope), document_text(document.language, 'subtotal') || ' ' || s.title),
                    xmlelement(name td, xmlattributes('number' AS class), document_amount(s.amount, document.currency, document.language))))) END)
        ORDER BY s.line_no)
    FROM (
        SELECT l.section, coalesce(l.section, document.customer ->> 'name', '') AS title, sum(l.amount) AS amount, min(l.line_no) AS line_no,
            bool_or(l.section IS NOT NULL) OR count(*) OVER () > 1 AS sections
        FROM invoice_line AS l
        WHERE l.invoice_id = document.invoice_id
        GROUP BY l.section
    ) AS s;
END;

COMMENT ON FUNCTION invoice_html_sections(invoice) IS 'lines of a document, by the customers it is for where these are several, and by service';

CREATE OR REPLACE FUNCTION invoice_html_vat(document invoice)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
RETURN xmlelement(name table, xmlattributes('closing vat' AS class),
    xmlelement(name thead, xmlelement(name tr,
        xmlelement(name th, xmlattributes('col' AS scope), ' '),
        xmlelement(name th, xmlattributes('col' AS scope, 'number' AS class), document_text(document.language, 'taxable')),
        xmlelement(name th, xmlattributes('col' AS scope, 'number' AS class),
            document_text(document.language, 'amount')))),
    xmlelement(name tbody,
        xmlelement(name tr,
            xmlelement(name th, xmlattributes('row' AS scope, 2 AS colspan), document_text(document.language, 'net')),
            xmlelement(name td, xmlattributes('number' AS class),
                document_amount(document.net_amount, document.currency, document.language))),
        (SELECT xmlagg(
             xmlelement(name tr,
                 xmlelement(name th, xmlattributes('row' AS scope),
                     document_text(document.language, 'vat_' || vat.vat_category)
                         || CASE vat.vat_category WHEN 'S' THEN ' ' || document_number(vat.vat_rate, document.language) || '%' ELSE '' END),
                 xmlelement(name td, xmlattributes('number' AS class),
                     document_amount(vat.base, document.currency, document.language)),
                 xmlelement(name td, xmlattributes('number' AS class),
                     document_amount(vat.vat, document.currency, document.language)))
             ORDER BY vat.vat_rate DESC, vat.vat_category)
         FROM invoice_vat AS vat
         WHERE vat.invoice_id = document.invoice_id),
        (SELECT xmlelement(name tr,
             xmlelement(name th, xmlattributes('row' AS scope, 2 AS colspan), document_text(document.language, 'vat_total')),
             xmlelement(name td, xmlattributes('number' AS class),
                 document_amount(document.vat_amount, document.currency, document.language)))
         FROM invoice_vat AS vat
         WHERE vat.invoice_id = document.invoice_id
         HAVING count(*) > 1),
        CASE WHEN document.vat_currency IS NOT NULL THEN
            xmlelement(name tr,
                xmlelement(name th, xmlattributes('row' AS scope, 2 AS colspan),
                    document_text(document.language, 'vat_in') || ' ' || document.vat_currency || ' ('
                        || lower(document_text(document.language, 'exchange_rate')) || ' ' || document_date(document.exchange_rate_on, document.language)
                        || ': ' || document.exchange_rate_of || ' 1 = '
                        || CASE document.exchange_rate_of WHEN document.currency THEN document.vat_currency ELSE document.currency END || ' '
                        || document_number(document.exchange_rate, document.language) || ')'),
                xmlelement(name td, xmlattributes('number' AS class), document.vat_currency || ' '
                    || document_amount(document.vat_in_currency, document.vat_currency, document.language))) END),
    xmlelement(name tbody, xmlelement(name tr, xmlattributes('total' AS class),
        xmlelement(name th, xmlattributes('row' AS scope, 2 AS colspan), document_text(document.language, 'gross')),
        xmlelement(name td, xmlattributes('number' AS class), document.currency || ' '
            || document_amount(document.gross_amount, document.currency, document.language))),
        invoice_html_prepaid(document)));

COMMENT ON FUNCTION invoice_html_vat(invoice) IS 'net amount, VAT by category and rate, and in the currency it is declared in, total of a document, what was prepaid and what is due';

-- Both VAT numbers stand beside "reverse charge" and goods that go to another EU
-- country: art. 226(4) and (11a) of Directive 2006/112/EC.
CREATE OR REPLACE FUNCTION invoice_html_legal(document invoice)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT xmlelement(name div, xmlattributes('legal' AS class), xmlagg(
        xmlelement(name p,
            coalesce(vat.reason, document_text(document.language, 'legal_' || vat.vat_category))
                || CASE WHEN vat.vat_category IN ('AE', 'K') THEN
                    coalesce(' ' || document_text(document.language, 'seller_vat_number') || ' '
                        || (document.seller ->> 'vat_number') || '.', '')
                    || coalesce(' ' || document_text(document.language, 'customer_vat_number') || ' '
                        || (document.customer ->> 'vat_number') || '.', '')
                ELSE '' END
                || coalesce(' (' || vat.exemption || ')', ''))
        ORDER BY vat.vat_category))
    FROM (SELECT DISTINCT vat.vat_category, vat.exemption, vat.reason
          FROM invoice_vat AS vat
          WHERE vat.invoice_id = document.invoice_id AND vat.vat_category <> 'S') AS vat
    HAVING count(*) > 0;
END;

COMMENT ON FUNCTION invoice_html_legal(invoice) IS 'why a document has no VAT, as the law wants it said; NULL where it has';

-- Which rates costs were converted with, each once: a document may have corrections of
-- several months.
CREATE OR REPLACE FUNCTION invoice_html_rates(document invoice)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT xmlelement(name div, xmlattributes('legal' AS class), xmlagg(
        xmlelement(name p,
            document_text(document.language, 'exchange_rate') || ' '
                || CASE WHEN r.inverse THEN r.to_currency ELSE r.currency END || ' 1 = '
                || CASE WHEN r.inverse THEN r.currency ELSE r.to_currency END || ' ' || document_number(r.rate, document.language, 2)
                || ' (' || coalesce(r.source || ', ', '') || CASE r.per
                    WHEN 'month' THEN document_text(document.language, 'month_' || extract(month FROM r.rate_on)) || ' ' || extract(year FROM r.rate_on)
                    ELSE document_date(r.rate_on, document.language) END || ')')
        ORDER BY r.rate_on, r.currency, r.rate))
    FROM (SELECT DISTINCT k.currency, k.to_currency, k.rate, k.inverse, k.rate_on, k.per, k.source
          FROM invoice_currency_rate AS k
          WHERE k.invoice_id = document.invoice_id) AS r
    HAVING count(*) > 0;
END;

COMMENT ON FUNCTION invoice_html_rates(invoice) IS 'exchange rates that a document was made with; NULL where there are none';

CREATE OR REPLACE FUNCTION invoice_html_payment(document invoice)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
RETURN xmlelement(name section, xmlattributes('payment' AS class),
    xmlelement(name h2, document_text(document.language,
        CASE document.kind WHEN 'credit_note' THEN 'settlement' ELSE 'payment' END)),
    CASE
        WHEN document.kind = 'credit_note' THEN
            xmlelement(name p, document_text(document.language, 'settled'))
        WHEN document.gross_amount > coalesce(document.prepaid_amount, 0) THEN
            xmlelement(name div, xmlattributes('terms' AS class),
                xmlelement(name table, xmlelement(name tbody,
                    invoice_html_row(document_text(document.language, 'amount_due'), document.currency || ' '
                        || document_amount(document.gross_amount - coalesce(document.prepaid_amount, 0), document.currency, document.language)),
                    invoice_html_row(document_text(document.language, 'due_on'),
                        document_date(document.due_on, document.language)),
                    invoice_html_row(document_text(document.language, 'payment_reference'),
                        CASE WHEN document.payment_reference ~ '^RF[0-9]{2}'
                            THEN regexp_replace(document.payment_reference, '([^ ]{4})(?=[^ ])', '\1 ', 'g')
                            ELSE document.payment_reference END))),
                xmlelement(name table, xmlelement(name tbody,
                    invoice_html_row('IBAN', regexp_replace(document.seller ->> 'iban', '([^ ]{4})(?=[^ ])', '\1 ', 'g')),
                    invoice_html_row('BIC', document.seller ->> 'bic'),
                    invoice_html_row(document_text(document.language, 'account_name'), document.seller ->> 'name'))))
        ELSE xmlelement(name p, upper(left(document_text(document.language, 'nothing_due'), 1))
            || substr(document_text(document.language, 'nothing_due'), 2) || '.')
    END,
    (SELECT xmlelement(name p, xmlattributes('contact' AS class),
         document_text(document.language, 'questions') || ' ' || string_agg(contact.text, ' · ' ORDER BY contact.position))
     FROM (VALUES (1, document.seller ->> 'email'), (2, document.seller ->> 'phone'), (3, document.seller ->> 'website'))
         AS contact (position, text)
     WHERE contact.text ~ '\S'
     HAVING count(*) > 0));

COMMENT ON FUNCTION invoice_html_payment(invoice) IS 'how and when to pay a document, or that nothing is to be paid, and whom to ask';

-- Why a document was credited, and by whom, where somebody is named: a role of the
-- database is nobody the customer knows.
CREATE OR REPLACE FUNCTION invoice_html_credit(document invoice)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT xmlelement(name p, xmlattributes('reason' AS class),
        document_text(document.language, 'credit_of') || ' ' || i.invoice_number || ': ' || c.reason
            || CASE WHEN c.author <> c.recorded_by THEN ' (' || c.author || ')' ELSE '' END)
    FROM invoice_credit AS c
    JOIN invoice AS i ON i.invoice_id = c.invoice_id
    WHERE c.credit_note_id = document.invoice_id;
END;

COMMENT ON FUNCTION invoice_html_credit(invoice) IS 'which document a credit note credits, why, and by whom, if somebody is named; NULL for others';

-- XML knows no control characters and HTML wants none; those that turn the
-- direction of writing could make one amount look like another.
--
-- A document without a number is none yet: it says so.
CREATE OR REPLACE FUNCTION invoice_html_page(document invoice)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT E'<!DOCTYPE html>\n' || regexp_replace(
            xmlserialize(CONTENT xmlelement(name html, xmlattributes(
                    CASE document.language WHEN 'nl' THEN 'nl' ELSE 'en' END AS lang),
                xmlelement(name head,
                    xmlelement(name meta, xmlattributes('utf-8' AS charset)),
                    xmlelement(name meta, xmlattributes('viewport' AS name, 'width=device-width, initial-scale=1' AS content)),
                    xmlelement(name title, told.name || coalesce(' · ' || (document.seller ->> 'name'), '')),
                    xmlelement(name style, invoice_html_style())),
                xmlelement(name body,
                    xmlelement(name header,
                        xmlelement(name div, xmlattributes('name' AS class), coalesce(document.seller ->> 'name', '')),
                        xmlelement(name h1, told.name)),
                    CASE WHEN told.is_proforma THEN
                        xmlelement(name p, xmlattributes('proforma' AS class), document_text(document.language, 'proforma_says')) END,
                    xmlelement(name section, xmlattributes('parties' AS class),
                        invoice_html_party(document.customer, document_text(document.language, 'bill_to'),
                            party.abroad, document.language),
                        invoice_html_party(document.seller, document_text(document.language, 'from'),
                            party.abroad, document.language),
                        invoice_html_facts(document)),
                    invoice_html_headline(document),
                    invoice_html_credit(document),
                    invoice_html_note(document),
                    invoice_html_summary(document),
                    invoice_html_values(document),
                    invoice_html_sections(document),
                    xmlelement(name section, xmlattributes('settlement' AS class),
                        invoice_html_vat(document),
                        invoice_html_legal(document),
                        invoice_html_rates(document),
                        CASE WHEN NOT told.is_proforma THEN invoice_html_payment(document) END))) AS text),
            '[\u0001-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]', '', 'g') || E'\n'
    FROM (SELECT (document.seller ->> 'country') IS DISTINCT FROM (document.customer ->> 'country') AS abroad) AS party
    CROSS JOIN (
        SELECT document.invoice_number = '' AS is_proforma,
            CASE document.invoice_number WHEN '' THEN 'PROFORMA ' || lower(document_text(document.language, document.kind))
                ELSE document_text(document.language, document.kind) || ' ' || document.invoice_number END AS name
    ) AS told;
END;

COMMENT ON FUNCTION invoice_html_page(invoice) IS 'a document as one HTML page; without a number it is a proforma';

CREATE OR REPLACE FUNCTION invoice_html(invoice_id int)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(
        (SELECT invoice_html_page(document) FROM invoice AS document WHERE document.invoice_id = invoice_html.invoice_id),
        invoice_html_missing(invoice_html.invoice_id));
END;

COMMENT ON FUNCTION invoice_html(int) IS 'an invoice or credit note as one HTML page, ready to send or to print';
