-- What invoices would be on a day.  They are made as all are, and rolled back: so a
-- preview cannot be another thing than the invoice.

CREATE OR REPLACE FUNCTION invoice_preview_make(customer_id int, on_day date, OUT documents invoice[], OUT lines invoice_line[], OUT pages text[])
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    today date := (SELECT (clock_timestamp() AT TIME ZONE z.time_zone)::date FROM customer_zone AS z WHERE z.customer_id = invoice_preview_make.customer_id);
    day date := coalesce(on_day, today);
    last int;
    document invoice;
BEGIN
    IF today IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('customer %s does not exist', coalesce(invoice_preview_make.customer_id::text, 'NULL')),
            HINT = 'The table cloudbilling.customer lists all customers.';
    ELSIF NOT isfinite(day) OR day > today + 3660 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('there is no preview of %s', day),
            DETAIL = 'A preview is for the next ten years.';
    END IF;
    BEGIN
        last := nextval('invoice_invoice_id_seq');
        PERFORM invoice_finalise(b.customer_id, b.customer_id, day, as_if => greatest(day, today))
        FROM invoice_holder(customer_top_buyer(invoice_preview_make.customer_id)) AS b (customer_id);
        FOR document IN
            SELECT * FROM invoice AS i WHERE i.invoice_id > last AND i.invoice_run_id IS NULL AND i.customer_id = invoice_holder(invoice_preview_make.customer_id) ORDER BY i.invoice_id
        LOOP
            document.invoice_number := '';
            document.payment_reference := '';
            lines := lines || ARRAY(SELECT l FROM invoice_line AS l WHERE l.invoice_id = document.invoice_id ORDER BY l.line_no);
            pages := pages || invoice_html_page(document);
            documents := documents || document;
        END LOOP;
        RAISE EXCEPTION USING ERRCODE = 'CBPRE', MESSAGE = 'a preview is not kept';
    EXCEPTION WHEN SQLSTATE 'CBPRE' THEN
        NULL;
    END;
END
$$;

COMMENT ON FUNCTION invoice_preview_make(int, date) IS 'the documents that a customer would have on a day, made and rolled back';

CREATE OR REPLACE FUNCTION invoice_preview(customer_id int, on_day date DEFAULT NULL)
RETURNS TABLE (
    document      int,
    kind          text,
    issued_on     date,
    due_on        date,
    currency      text,
    net_amount    numeric,
    vat_amount    numeric,
    gross_amount  numeric,
    line_no       int,
    period_start  date,
    service       text,
    description   text,
    account       text,
    quantity      numeric,
    unit          text,
    unit_price    numeric,
    amount        numeric,
    vat_category  text,
    vat_rate      numeric,
    corrects      text
)
LANGUAGE plpgsql VOLATILE ROWS 100
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    made record := invoice_preview_make(invoice_preview.customer_id, invoice_preview.on_day);
BEGIN
    RETURN QUERY
    SELECT d.document::int, d.kind, d.issued_on, d.due_on, d.currency::text, d.net_amount, d.vat_amount, d.gross_amount, l.line_no, l.period_start,
        l.service, l.description, l.account, l.quantity, l.unit, l.unit_price, l.amount, l.vat_category, l.vat_rate, c.invoice_number
    FROM (SELECT d.*, row_number() OVER (ORDER BY d.invoice_id) AS document FROM unnest(made.documents) AS d) AS d
    JOIN unnest(made.lines) AS l ON l.invoice_id = d.invoice_id
    LEFT JOIN invoice AS c ON c.invoice_id = l.corrects
    ORDER BY d.document, l.line_no;
END
$$;

COMMENT ON FUNCTION invoice_preview(int, date) IS 'the invoice a customer would have on a day, line by line: fees to come as they will fall due, usage as it is; nothing is kept';

CREATE OR REPLACE FUNCTION invoice_proforma(customer_id int, on_day date DEFAULT NULL)
RETURNS SETOF text
LANGUAGE plpgsql VOLATILE ROWS 1
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT p FROM invoice_preview_make(invoice_proforma.customer_id, invoice_proforma.on_day) AS m CROSS JOIN LATERAL unnest(m.pages) AS p;
END
$$;

COMMENT ON FUNCTION invoice_proforma(int, date) IS 'the same as HTML pages marked PROFORMA, without a number; one for each document';
