-- What charges amount to in lines of a document, as deliveries were when it was made.
-- All its lines at once: what a customer has in a month is rated together anyhow.
CREATE OR REPLACE FUNCTION invoice_annex_shares(document invoice, lines invoice_line[])
RETURNS TABLE (line_no int, item_id int, amount numeric)
LANGUAGE plpgsql STABLE ROWS 1000
SET cloudbilling.as_of = ''
SET cloudbilling.grain = 'month'
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 0
SET cloudbilling.period_first = ''
SET cloudbilling.period_last = ''
SET cloudbilling.invoice_until = ''
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    PERFORM set_config('cloudbilling.customer_first', min(b.customer_id)::text, true), set_config('cloudbilling.customer_last', max(b.customer_id)::text, true)
    FROM (SELECT DISTINCT l.customer_id FROM unnest(lines) AS l) AS l
    CROSS JOIN customer_top_buyer(l.customer_id) AS b (customer_id);
    PERFORM set_config('cloudbilling.as_of', document.finalised_at::text, true),
        set_config('cloudbilling.period_first', min(l.period_start)::text, true), set_config('cloudbilling.period_last', max(l.period_start)::text, true)
    FROM unnest(lines) AS l;
    -- fees that fell due later were not in it
    PERFORM set_config('cloudbilling.invoice_until', least((document.finalised_at AT TIME ZONE z.time_zone)::date, r.until)::text, true)
    FROM customer_zone AS z
    LEFT JOIN invoice_run AS r ON r.invoice_run_id = document.invoice_run_id
    WHERE z.customer_id = document.customer_id;
    RETURN QUERY
    SELECT q.line_no, c.item_id, c.amount
    FROM unnest(lines) AS q
    JOIN rated_charge AS c ON c.customer_id = q.customer_id
        AND c.period_start = q.period_start
        AND c.reseller_id IS NOT DISTINCT FROM document.reseller_id
        AND c.price_rule_id = q.price_rule_id
        AND c.product_id = q.product_id
        AND c.account_id IS NOT DISTINCT FROM q.account_id
        AND c.resource_id IS NOT DISTINCT FROM q.resource_id
        AND c.tag_value IS NOT DISTINCT FROM q.tag_value
        AND c.currency = q.currency
    WHERE q.dimension_id IS NULL AND c.amount IS NOT NULL
    UNION ALL
    -- only the charges that the value has
    SELECT q.line_no, c.item_id, c.amount
    FROM unnest(lines) AS q
    CROSS JOIN LATERAL invoice_line_shares(q, document.finalised_at) AS c
    WHERE q.dimension_id IS NOT NULL;
END
$$;

COMMENT ON FUNCTION invoice_annex_shares(invoice, invoice_line[]) IS 'what charges amount to in lines of a document, as deliveries were when it was made';

-- A finalised document by service, account, resource or tag: what its lines are by the
-- charges behind them.  A part of a line is what is due for it less what was due for it
-- when the line was billed before, each in proportion to what charges amount to, and
-- rounded to the minor unit; what rounding leaves goes to the largest part.  So the
-- annex adds up to the document, and those of all documents to what is due.
CREATE OR REPLACE FUNCTION invoice_annex(invoice_id int, by text)
RETURNS TABLE (value text, description text, lines bigint, amount numeric)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    document invoice;
BEGIN
    SELECT * INTO document FROM invoice AS i WHERE i.invoice_id = invoice_annex.invoice_id;
    IF NOT FOUND THEN
        PERFORM invoice_html_missing(invoice_annex.invoice_id);
    ELSIF by IS NULL OR by !~ '^(service|account|resource|tags\..+)$' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('a document cannot be told by %s', coalesce(quote_literal(by), 'NULL')),
            HINT = 'It is service, account, resource or a tag, such as tags.environment.';
    END IF;

    RETURN QUERY
    WITH
    -- What the line itself does not tell, its charges do.
    line AS MATERIALIZED (
        SELECT l AS line, l.line_no, l.currency, l.due, l.due_before, l.amount,
            CASE invoice_annex.by WHEN 'service' THEN l.service 
                WHEN 'account' THEN CASE WHEN line_by_hand(l.resource_id) THEN coalesce(h.order_number, document_text(document.language, 'other_items')) ELSE coalesce(a.sub_account_id, a.billing_account_id) END
                WHEN 'resource' THEN CASE WHEN line_by_hand(l.resource_id) THEN l.description ELSE l.resource_id END END AS value,
            CASE invoice_annex.by WHEN 'account' THEN CASE WHEN line_by_hand(l.resource_id) IS NOT TRUE THEN l.account END WHEN 'resource' THEN l.description END AS description,
            CASE invoice_annex.by WHEN 'service' THEN false WHEN 'account' THEN l.account_id IS NULL WHEN 'resource' THEN l.resource_id IS NULL ELSE true END AS is_asked
        FROM invoice_line AS l
        LEFT JOIN account AS a ON a.account_id = l.account_id
        LEFT JOIN agreement AS h ON h.account_id = l.account_id AND h.by_hand
        WHERE l.invoice_id = document.invoice_id
    ),
    before AS MATERIALIZED (
        SELECT q.line_no, b AS line, b.invoice_id, b.line_no AS line_no_before
        FROM line AS q
        JOIN invoice_line AS b ON b.customer_id = (q.line).customer_id
            AND b.period_start = (q.line).period_start
            AND b.price_rule_id = (q.line).price_rule_id
            AND b.product_id = (q.line).product_id
            AND b.account_id IS NOT DISTINCT FROM (q.line).account_id
            AND b.resource_id IS NOT DISTINCT FROM (q.line).resource_id
            AND b.tag_value IS NOT DISTINCT FROM (q.line).tag_value
            AND b.currency = q.currency
            AND b.dimension_id IS NOT DISTINCT FROM (q.line).dimension_id
            AND b.dimension_value IS NOT DISTINCT FROM (q.line).dimension_value
            AND b.revision = (q.line).revision - 1
        WHERE q.is_asked AND q.due_before <> 0
    ),
    share AS (
        SELECT s.line_no, true AS is_now, s.item_id, s.amount
        FROM (SELECT array_agg(q.line) AS lines FROM line AS q WHERE q.is_asked AND q.due <> 0) AS a
        CROSS JOIN LATERAL invoice_annex_shares(document, a.lines) AS s
        WHERE a.lines IS NOT NULL
        UNION ALL
        SELECT b.line_no, false, s.item_id, s.amount
        FROM (SELECT i, array_agg(b.line) AS lines FROM before AS b JOIN invoice AS i ON i.invoice_id = b.invoice_id GROUP BY i) AS a
        CROSS JOIN LATERAL invoice_annex_shares(a.i, a.lines) AS s
        JOIN before AS b ON b.invoice_id = (a.i).invoice_id AND b.line_no_before = s.line_no
    ),
    told AS (
        SELECT s.line_no, s.is_now, t.value, max(t.description) AS description, sum(s.amount) AS amount
        FROM share AS s
        JOIN charge_item AS i ON i.item_id = s.item_id
        JOIN account AS a ON a.account_id = i.account_id
        LEFT JOIN agreement AS h ON h.account_id = i.account_id AND h.by_hand
        LEFT JOIN tag_set AS g ON g.tag_set_id = i.tag_set_id
        CROSS JOIN LATERAL (
            SELECT CASE invoice_annex.by
                    WHEN 'account' THEN CASE WHEN line_by_hand(i.resource_id) THEN coalesce(h.order_number, document_text(document.language, 'other_items')) ELSE coalesce(a.sub_account_id, a.billing_account_id) END
                    WHEN 'resource' THEN CASE WHEN line_by_hand(i.resource_id) THEN i.resource_name ELSE i.resource_id END
                    ELSE g.tags ->> substring(invoice_annex.by FROM '^tags\.(.+)$') END AS value,
                CASE invoice_annex.by WHEN 'account' THEN CASE WHEN line_by_hand(i.resource_id) IS NOT TRUE THEN coalesce(a.sub_account_name, a.sub_account_id, a.billing_account_name, a.billing_account_id) END
                    WHEN 'resource' THEN i.resource_name END AS description
        ) AS t
        GROUP BY s.line_no, s.is_now, t.value
    ),
    weighed AS (
        SELECT t.*, sum(t.amount) OVER (PARTITION BY t.line_no, t.is_now) AS whole
        FROM told AS t
    ),
    part AS (
        SELECT p.line_no, p.value, max(p.description) AS description, sum(p.amount) AS amount
        FROM (
            SELECT l.line_no, w.value, w.description, w.amount * CASE WHEN w.is_now THEN l.due ELSE -l.due_before END / w.whole AS amount
            FROM line AS l
            JOIN weighed AS w ON w.line_no = l.line_no AND w.whole <> 0
            UNION ALL
            -- what no charge tells goes by the line
            SELECT l.line_no, l.value, l.description, CASE WHEN d.is_now THEN l.due ELSE -l.due_before END
            FROM line AS l
            CROSS JOIN (VALUES (true), (false)) AS d (is_now)
            WHERE NOT EXISTS (SELECT FROM weighed AS w WHERE w.line_no = l.line_no AND w.is_now = d.is_now AND w.whole <> 0)
              AND CASE WHEN d.is_now THEN l.due ELSE l.due_before END <> 0
        ) AS p
        GROUP BY p.line_no, p.value
    ),
    rounded AS (
        SELECT p.*, currency_round(p.amount, l.currency) AS cents, l.amount AS line_amount,
            row_number() OVER (PARTITION BY p.line_no ORDER BY abs(p.amount) DESC, p.value COLLATE "C") AS place
        FROM part AS p
        JOIN line AS l ON l.line_no = p.line_no
    ),
    split AS (
        SELECT r.value, r.description, r.line_no,
            r.cents + CASE r.place WHEN 1 THEN r.line_amount - sum(r.cents) OVER (PARTITION BY r.line_no) ELSE 0 END AS amount
        FROM rounded AS r
    )
    SELECT s.value, max(s.description), count(DISTINCT s.line_no), sum(s.amount)
    FROM split AS s
    WHERE s.amount <> 0
    GROUP BY s.value
    ORDER BY s.value COLLATE "C" NULLS LAST;
END
$$;

COMMENT ON FUNCTION invoice_annex(int, text) IS 'a finalised document by service, account, resource or tag (tags.KEY); adds up to it, NULL is what is of none';

CREATE OR REPLACE FUNCTION invoice_annex_html(invoice_id int, by text)
RETURNS text
LANGUAGE sql STABLE STRICT
BEGIN ATOMIC
    SELECT coalesce(
        (SELECT E'<!DOCTYPE html>\n' || regexp_replace(
            xmlserialize(CONTENT xmlelement(name html, xmlattributes(
                    CASE document.language WHEN 'nl' THEN 'nl' ELSE 'en' END AS lang),
                xmlelement(name head,
                    xmlelement(name meta, xmlattributes('utf-8' AS charset)),
                    xmlelement(name meta, xmlattributes('viewport' AS name, 'width=device-width, initial-scale=1' AS content)),
                    xmlelement(name title, told.title || ' · ' || document.invoice_number),
                    xmlelement(name style, invoice_html_style())),
                xmlelement(name body,
                    xmlelement(name header,
                        xmlelement(name div, xmlattributes('name' AS class), coalesce(document.seller ->> 'name', '')),
                        xmlelement(name h1, document_text(document.language, document.kind) || ' ' || document.invoice_number)),
                    xmlelement(name section, xmlattributes('parties' AS class),
                        invoice_html_party(document.customer, document_text(document.language, 'bill_to'), false, document.language),
                        invoice_html_facts(document)),
                    xmlelement(name h2, told.title),
                    xmlelement(name table, xmlattributes('summary values' AS class),
                        xmlelement(name thead, xmlelement(name tr,
                            xmlelement(name th, xmlattributes('col' AS scope), told.what),
                            xmlelement(name th, xmlattributes('col' AS scope, 'number' AS class), document_text(document.language, 'lines')),
                            xmlelement(name th, xmlattributes('col' AS scope, 'number' AS class), document_text(document.language, 'amount')))),
                        xmlelement(name tbody, (
                            SELECT xmlagg(xmlelement(name tr,
                                    xmlelement(name td, coalesce(a.value, document_text(document.language, 'not_told'))
                                        || CASE WHEN a.description <> a.value THEN ' · ' || a.description ELSE '' END),
                                    xmlelement(name td, xmlattributes('number' AS class), a.lines),
                                    xmlelement(name td, xmlattributes('number' AS class),
                                        document_amount(a.amount, document.currency, document.language)))
                                ORDER BY a.value COLLATE "C")
                            FROM invoice_annex(document.invoice_id, invoice_annex_html.by) AS a)),
                        xmlelement(name tfoot, xmlelement(name tr,
                            xmlelement(name th, xmlattributes('row' AS scope, 2 AS colspan), document_text(document.language, 'net')),
                            xmlelement(name td, xmlattributes('number' AS class),
                                document_amount(document.net_amount, document.currency, document.language))))))) AS text),
            '[\u0001-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]', '', 'g') || E'\n'
         FROM invoice AS document
         CROSS JOIN LATERAL (
             SELECT coalesce(substring(invoice_annex_html.by FROM '^tags\.(.+)$'), document_text(document.language, invoice_annex_html.by), '') AS what
         ) AS w
         CROSS JOIN LATERAL (SELECT w.what, document_text(document.language, 'specification_by') || ' ' || lower(w.what) AS title) AS told
         WHERE document.invoice_id = invoice_annex_html.invoice_id),
        invoice_html_missing(invoice_annex_html.invoice_id));
END;

COMMENT ON FUNCTION invoice_annex_html(int, text) IS 'the same as one HTML page, to go with the document';
