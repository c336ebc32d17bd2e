-- What can be credited of each line of a document: what it billed, less what documents
-- that correct it took back, and never so much that the line's total goes beyond what
-- it has been.
CREATE OR REPLACE FUNCTION invoice_creditable(invoice_id int)
RETURNS TABLE (line invoice_line, amount numeric, is_whole boolean, quantity numeric, measured numeric, cost numeric,
    total numeric, total_measured numeric, total_quantity numeric, revision int, allocation invoice_line_allocation[])
LANGUAGE sql STABLE ROWS 100
BEGIN ATOMIC
    SELECT l,
        CASE
            WHEN l.amount > 0 THEN greatest(least(o.amount, h.total - least(h.lowest, 0)), 0)
            ELSE least(greatest(o.amount, h.total - greatest(h.highest, 0)), 0)
        END,
        CASE
            WHEN l.amount > 0 THEN o.amount <= h.total - least(h.lowest, 0)
            ELSE o.amount >= h.total - greatest(h.highest, 0)
        END,
        o.quantity, o.measured, o.cost, h.total + w.amount, h.measured + w.measured, h.quantity + w.quantity, h.revision,
        ARRAY(
            SELECT ROW(l.invoice_id, l.line_no, a.dimension_id, a.dimension, a.value, sum(a.amount))::invoice_line_allocation
            FROM invoice_line AS x
            JOIN invoice_line_allocation AS a ON a.invoice_id = x.invoice_id AND a.line_no = x.line_no
            WHERE (x.invoice_id = l.invoice_id OR x.corrects = l.invoice_id AND sign(x.amount) = -sign(l.amount))
              AND ROW(x.customer_id, x.period_start, x.price_rule_id, x.product_id, x.currency)
                = ROW(l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.currency)
              AND ROW(x.account_id, x.resource_id, x.tag_value, x.dimension_id, x.dimension_value)
                IS NOT DISTINCT FROM ROW(l.account_id, l.resource_id, l.tag_value, l.dimension_id, l.dimension_value)
            GROUP BY a.dimension_id, a.dimension, a.value
            HAVING sum(a.amount) <> 0
            ORDER BY a.dimension_id, a.value COLLATE "C")
    FROM invoice_line AS l
    CROSS JOIN LATERAL (
        SELECT sum(x.amount) AS total, sum(x.measured - x.measured_before) AS measured,
            sum(CASE WHEN x.unit IS NOT NULL THEN x.quantity ELSE 0 END) AS quantity, max(x.revision) + 1 AS revision,
            min(x.running) AS lowest, max(x.running) AS highest
        FROM (
            SELECT k.*, sum(k.amount) OVER (ORDER BY k.revision) AS running
            FROM invoice_line AS k
            WHERE ROW(k.customer_id, k.period_start, k.price_rule_id, k.product_id, k.currency)
                = ROW(l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.currency)
              AND ROW(k.account_id, k.resource_id, k.tag_value, k.dimension_id, k.dimension_value)
                IS NOT DISTINCT FROM ROW(l.account_id, l.resource_id, l.tag_value, l.dimension_id, l.dimension_value)
        ) AS x
    ) AS h
    CROSS JOIN LATERAL (
        SELECT l.amount + coalesce(sum(k.amount), 0) AS amount,
            CASE WHEN l.unit IS NOT NULL THEN l.quantity + coalesce(sum(k.quantity) FILTER (WHERE k.unit = l.unit), 0) END AS quantity,
            l.measured - l.measured_before + coalesce(sum(k.measured - k.measured_before), 0) AS measured,
            l.cost + coalesce(sum(k.cost), 0) AS cost
        FROM invoice_line AS k
        WHERE k.corrects = l.invoice_id AND sign(k.amount) = -sign(l.amount)
          AND ROW(k.customer_id, k.period_start, k.price_rule_id, k.product_id, k.currency)
            = ROW(l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.currency)
          AND ROW(k.account_id, k.resource_id, k.tag_value, k.dimension_id, k.dimension_value)
            IS NOT DISTINCT FROM ROW(l.account_id, l.resource_id, l.tag_value, l.dimension_id, l.dimension_value)
    ) AS o
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(k.amount), 0) AS amount, coalesce(sum(k.measured - k.measured_before), 0) AS measured,
            coalesce(sum(k.quantity), 0) AS quantity
        FROM invoice_write_off AS k
        WHERE ROW(k.customer_id, k.period_start, k.price_rule_id, k.product_id, k.currency)
            = ROW(l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.currency)
          AND ROW(k.account_id, k.resource_id, k.tag_value, k.dimension_id, k.dimension_value)
            IS NOT DISTINCT FROM ROW(l.account_id, l.resource_id, l.tag_value, l.dimension_id, l.dimension_value)
    ) AS w
    WHERE l.invoice_id = invoice_creditable.invoice_id
    ORDER BY l.line_no;
END;

COMMENT ON FUNCTION invoice_creditable(int) IS 'what can be credited of each line of a document';

-- VAT of credit notes.  Each is of its own total, rounded, so several of one document
-- may be some cents more or less than its VAT: the one that credits the last of a
-- category and rate takes the rest, and those before never leave more than one.  Signs are those of the credited document, turned.
CREATE OR REPLACE FUNCTION invoice_credit_vat(INOUT documents invoice[], INOUT vat invoice_vat[], credited int)
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    document invoice;
    part record;
BEGIN
    IF cardinality(documents) IS NULL OR credited IS NULL THEN
        RETURN;
    END IF;
    SELECT * INTO document FROM invoice AS i WHERE i.invoice_id = credited;
    FOR part IN
        SELECT n.ordinality AS place, d.ordinality AS document_place,
            currency_round(CASE WHEN g.last THEN g.rest ELSE n.vat + sign(g.rest - n.vat) * greatest(abs(g.rest - n.vat) - u.unit, 0) END, document.currency) AS vat
        FROM unnest(vat) WITH ORDINALITY AS n
        JOIN unnest(documents) WITH ORDINALITY AS d ON d.invoice_id = n.invoice_id
        JOIN invoice_vat AS v ON v.invoice_id = credited AND v.vat_category = n.vat_category AND v.vat_rate = n.vat_rate
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(k.base), 0) AS base, coalesce(sum(k.vat), 0) AS vat
            FROM invoice_credit AS c
            JOIN invoice_vat AS k ON k.invoice_id = c.credit_note_id AND k.vat_category = v.vat_category AND k.vat_rate = v.vat_rate
            WHERE c.invoice_id = credited
        ) AS b
        CROSS JOIN (SELECT power(10::numeric, -currency_minor_unit(document.currency)) AS unit) AS u
        CROSS JOIN LATERAL (
            SELECT v.base + b.base + n.base = 0 AS last,
                CASE WHEN v.base + b.base + n.base = 0 THEN -v.vat ELSE currency_round((b.base + n.base) * v.vat_rate / 100, document.currency) END - b.vat AS rest
        ) AS g
        ORDER BY n.ordinality
    LOOP
        documents[part.document_place].vat_amount := documents[part.document_place].vat_amount + part.vat - vat[part.place].vat;
        documents[part.document_place].gross_amount := documents[part.document_place].net_amount + documents[part.document_place].vat_amount;
        vat[part.place].vat := part.vat;
    END LOOP;

    -- So does what is declared in another currency, of the whole document.
    FOR part IN
        SELECT d.ordinality AS document_place, d.net_amount + document.net_amount + b.net = 0 AS ends, b.vat_in_currency, x.*
        FROM unnest(documents) WITH ORDINALITY AS d
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(k.net_amount), 0) AS net, coalesce(sum(k.vat_in_currency), 0) AS vat_in_currency
            FROM invoice_credit AS c
            JOIN invoice AS k ON k.invoice_id = c.credit_note_id
            WHERE c.invoice_id = credited
        ) AS b
        CROSS JOIN LATERAL vat_convert(d.vat_amount, d.currency, document.vat_currency, coalesce(d.exchange_rate_on, document.exchange_rate_on)) AS x
        WHERE document.vat_currency IS NOT NULL AND (d.vat_amount <> 0 OR d.vat_currency IS NOT NULL)
    LOOP
        documents[part.document_place].vat_currency := document.vat_currency;
        documents[part.document_place].vat_in_currency := CASE WHEN part.ends THEN -document.vat_in_currency - part.vat_in_currency ELSE part.amount END;
        documents[part.document_place].exchange_rate := part.exchange_rate;
        documents[part.document_place].exchange_rate_of := part.exchange_rate_of;
        documents[part.document_place].exchange_rate_on := part.exchange_rate_on;
    END LOOP;
END
$$;

COMMENT ON FUNCTION invoice_credit_vat(invoice[], invoice_vat[], int) IS 'credit notes that are being made, with the VAT that makes all credits of a document its VAT';

-- Credits a document: all that is left of it, of some of its lines, or an amount.  A
-- credit line has the key of the line it credits, so it counts against what was billed;
-- what is not billed again is written off, line by line, so that invoices, running and
-- written off remain the facts.
CREATE OR REPLACE FUNCTION invoice_credit(invoice_id int, reason text, lines int[] DEFAULT NULL, amount numeric DEFAULT NULL,
    reissue boolean DEFAULT false, author text DEFAULT session_user)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET cloudbilling.as_of = ''
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 2147483647
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    document invoice;
    unknown int;
    creditable numeric;
    due invoice_due[];
    by_value invoice_line_value[];
    written invoice_write_off[];
    last int;
    made int[];
BEGIN
    SELECT * INTO document FROM invoice AS i WHERE i.invoice_id = invoice_credit.invoice_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('document %s does not exist', coalesce(invoice_credit.invoice_id::text, 'NULL')),
            HINT = 'The table cloudbilling.invoice lists all documents.';
    END IF;
    IF coalesce(reason, '') !~ '\S' OR coalesce(author, '') !~ '\S' OR reissue IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a credit needs a reason and an author, and is billed again or not',
            HINT = 'For example: SELECT cloudbilling.invoice_credit(1, ''agreed by telephone'', reissue => false)';
    END IF;
    PERFORM invoice_isolation_check();
    PERFORM seller_lock(ARRAY[document.seller_id]);
    PERFORM FROM customer AS c WHERE c.customer_id = document.customer_id FOR NO KEY UPDATE;

    IF EXISTS (SELECT FROM invoice_credit AS k WHERE k.credit_note_id = document.invoice_id AND k.reissue) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('document %s is not credited', document.invoice_number),
            DETAIL = 'What it credits is billed again, by the facts as they are.';
    END IF;
    SELECT min(n.line_no)
    INTO unknown
    FROM unnest(lines) AS n (line_no)
    WHERE NOT EXISTS (SELECT FROM invoice_line AS l WHERE l.invoice_id = document.invoice_id AND l.line_no = n.line_no);
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('document %s has no line %s', document.invoice_number, unknown),
            HINT = format('Its lines are in cloudbilling.invoice_line: SELECT line_no, description, amount FROM cloudbilling.invoice_line WHERE invoice_id = %s.', document.invoice_id);
    END IF;
    SELECT sum(c.amount)
    INTO creditable
    FROM invoice_creditable(document.invoice_id) AS c
    WHERE (lines IS NULL OR (c.line).line_no = ANY (lines)) AND c.amount <> 0;
    IF creditable IS NULL OR creditable = 0 AND amount IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('nothing is left of document %s that could be credited', document.invoice_number),
            DETAIL = format('It billed %s %s without VAT, and was credited.', document.net_amount, document.currency),
            HINT = 'cloudbilling.invoice_creditable(invoice_id) shows it by line.';
    END IF;
    IF amount <= 0 OR amount > abs(creditable) OR amount <> currency_round(amount, document.currency) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'numeric_value_out_of_range',
            MESSAGE = format('%s %s cannot be credited of document %s', amount, document.currency, document.invoice_number),
            DETAIL = format('%s %s without VAT are left of %s.', abs(creditable), document.currency,
                CASE WHEN lines IS NULL THEN 'it' ELSE 'these lines' END),
            HINT = 'The amount is without VAT, above zero, and at most what is left.';
    END IF;

    -- What is credited of each line: all that is left, or its share of the amount.  Of
    -- lines of both signs each side has its share, and both together are the amount.
    WITH
    creditable AS (
        SELECT c.*, (c.line).line_no, c.amount > 0 AS is_positive, currency_minor_unit(document.currency) AS scale,
            sum(c.amount) FILTER (WHERE c.amount > 0) OVER () AS plus
        FROM invoice_creditable(document.invoice_id) AS c
        WHERE (lines IS NULL OR (c.line).line_no = ANY (lines)) AND c.amount <> 0
    ),
    side AS (
        SELECT c.*,
            CASE
                WHEN invoice_credit.amount IS NULL THEN NULL
                WHEN c.is_positive THEN s.plus
                ELSE s.plus - invoice_credit.amount * sign(creditable)
            END AS side_amount
        FROM creditable AS c
        CROSS JOIN LATERAL (
            SELECT coalesce(round(invoice_credit.amount * sign(creditable) * c.plus / creditable, c.scale), 0) AS plus
        ) AS s
    ),
    part AS (
        SELECT s.*,
            CASE WHEN s.side_amount IS NULL THEN s.amount
                ELSE sign(s.amount) * allocate(s.side_amount, abs(s.amount), s.scale) OVER (PARTITION BY s.is_positive ORDER BY s.line_no)
            END AS credit
        FROM side AS s
    ),
    credit AS MATERIALIZED (
        SELECT p.*, p.is_whole AND p.credit = p.amount AS takes_all, (p.line).period_start,
            ROW((p.line).customer_id, (p.line).period_start, (p.line).price_rule_id, (p.line).product_id, (p.line).account_id, (p.line).resource_id,
                (p.line).tag_value, (p.line).currency) AS key
        FROM part AS p
        WHERE p.credit <> 0
    ),
    fact AS (
        SELECT c.*, CASE WHEN c.takes_all THEN c.measured ELSE 0 END AS measured_back,
            CASE WHEN c.takes_all AND c.quantity <> 0 THEN c.quantity END AS quantity_back,
            CASE WHEN c.takes_all THEN c.cost ELSE 0 END AS cost_back
        FROM credit AS c
    )
    SELECT
        (SELECT array_agg(jsonb_populate_record(NULL::invoice_due, to_jsonb(f.line) || jsonb_build_object(
                'period_end', (f.period_start + interval '1 month')::date,
                'measured', f.total_measured - f.measured_back, 'measured_before', f.total_measured,
                'due', f.total - f.credit, 'due_before', f.total, 'amount', -f.credit,
                'quantity', 0, 'quantity_before', coalesce(f.quantity_back, 0),
                'unit', CASE WHEN f.quantity_back IS NOT NULL THEN (f.line).unit END,
                'billed_cost', 0, 'effective_cost', 0, 'cost_before', f.cost_back, 'charges', 0,
                'revision', f.revision, 'corrects', document.invoice_id, 'reseller_id', document.reseller_id)) ORDER BY f.line_no)
         FROM fact AS f),
        (SELECT array_agg(ROW((f.line).customer_id, (f.line).period_start, (f.line).price_rule_id, (f.line).product_id, (f.line).account_id,
                (f.line).resource_id, (f.line).tag_value, (f.line).currency, v.dimension_id, v.dimension, v.value, -v.amount)::invoice_line_value)
         FROM fact AS f
         CROSS JOIN LATERAL (
            SELECT a.dimension_id, a.dimension, a.value,
                CASE WHEN f.takes_all THEN a.amount ELSE allocate(f.credit, abs(a.amount), f.scale) OVER (ORDER BY a.dimension_id, a.value COLLATE "C") END AS amount
            FROM unnest(f.allocation) AS a
         ) AS v
         WHERE v.amount <> 0),
        (SELECT array_agg(jsonb_populate_record(NULL::invoice_write_off, to_jsonb(f.line) || jsonb_build_object(
                'measured', f.total_measured, 'measured_before', f.total_measured - f.measured_back,
                'due', f.total, 'due_before', f.total - f.credit, 'amount', f.credit, 'quantity', f.quantity_back,
                'unit', CASE WHEN f.quantity_back IS NOT NULL THEN (f.line).unit END, 'cost', f.cost_back)) ORDER BY f.line_no)
         FROM fact AS f
         WHERE NOT reissue)
    INTO due, by_value, written;

    SELECT max(i.invoice_id) INTO last FROM invoice AS i WHERE i.customer_id = document.customer_id;
    PERFORM invoice_make(due, coalesce(by_value, '{}'), '{}', NULL, now => true);
    made := ARRAY(SELECT i.invoice_id FROM invoice AS i WHERE i.customer_id = document.customer_id AND i.invoice_id > last ORDER BY 1);
    INSERT INTO invoice_credit (credit_note_id, invoice_id, reissue, reason, author)
    SELECT m, document.invoice_id, invoice_credit.reissue, invoice_credit.reason, invoice_credit.author FROM unnest(made) AS m;
    INSERT INTO invoice_write_off (customer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency,
        dimension_id, dimension_value, effect, corrects, measured, measured_before, due, due_before, amount, quantity, unit, cost, write_off_below)
    SELECT w.customer_id, w.period_start, w.price_rule_id, w.product_id, w.account_id, w.resource_id, w.tag_value, w.currency,
        w.dimension_id, w.dimension_value, w.effect, made[1], w.measured, w.measured_before, w.due, w.due_before, w.amount, w.quantity, w.unit, w.cost, 0
    FROM unnest(written) AS w;

    -- What was not paid of the document is settled with it, the rest is owed.
    INSERT INTO payment_part (credit_note_id, invoice_id, amount, note)
    SELECT CASE WHEN n.gross_amount < 0 THEN n.invoice_id ELSE document.invoice_id END,
        CASE WHEN n.gross_amount < 0 THEN document.invoice_id ELSE n.invoice_id END,
        least(abs(n.gross_amount), n.room), invoice_credit.reason
    FROM (
        SELECT n.invoice_id, n.gross_amount, s.unpaid,
            abs(s.unpaid) - coalesce(sum(abs(n.gross_amount)) OVER (ORDER BY n.invoice_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS room
        FROM invoice AS n
        CROSS JOIN (
            SELECT s.gross_amount - s.paid - s.credited AS unpaid FROM invoice_status AS s WHERE s.invoice_id = document.invoice_id
        ) AS s
        WHERE n.invoice_id = ANY (made)
    ) AS n
    WHERE sign(n.gross_amount) * sign(n.unpaid) < 0 AND n.room > 0;
    RETURN made[1];
END
$$;

COMMENT ON FUNCTION invoice_credit(int, text, int[], numeric, boolean, text) IS 'credits a document, some of its lines, or an amount without VAT that is spread over them; with reissue the next run bills it again; gives the key of the credit note';
