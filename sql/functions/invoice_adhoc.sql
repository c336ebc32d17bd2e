-- Lines that were entered by hand, at once and on a document of their own.
CREATE OR REPLACE FUNCTION invoice_adhoc(customer_id int, items int[] DEFAULT NULL, note text DEFAULT NULL)
RETURNS SETOF int
LANGUAGE plpgsql VOLATILE ROWS 1
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    last int;
    resources text[];
BEGIN
    IF NOT EXISTS (SELECT FROM customer AS c WHERE c.customer_id = invoice_adhoc.customer_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('customer %s does not exist', coalesce(invoice_adhoc.customer_id::text, 'NULL')),
            HINT = 'The table cloudbilling.customer lists all customers.';
    END IF;
    resources := ARRAY(
        SELECT agreement_resource(g.number, i.number)
        FROM agreement AS g
        JOIN agreement_item AS i ON i.agreement_id = g.agreement_id
        WHERE g.by_hand AND g.customer_id = invoice_adhoc.customer_id AND (items IS NULL OR i.agreement_item_id = ANY (items)));
    IF cardinality(resources) < cardinality(items) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('not all of these are lines of customer %s that were entered by hand', invoice_adhoc.customer_id),
            HINT = 'The view cloudbilling.invoice_line_entry lists them.';
    END IF;
    -- until the end of the transaction nobody else makes documents of his
    PERFORM seller_lock(ARRAY(SELECT i.seller_id FROM invoice_seller(invoice_adhoc.customer_id, invoice_adhoc.customer_id) AS i));
    PERFORM FROM customer AS c WHERE c.customer_id = invoice_adhoc.customer_id FOR NO KEY UPDATE;
    last := coalesce((SELECT max(i.invoice_id) FROM invoice AS i WHERE i.customer_id = invoice_holder(invoice_adhoc.customer_id)), 0);
    IF note IS NOT NULL THEN
        PERFORM invoice_note_add(invoice_adhoc.customer_id, note);
    END IF;
    IF invoice_finalise(invoice_adhoc.customer_id, invoice_adhoc.customer_id, current_date + 1, entries => resources) = 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = format('there is nothing to invoice to customer %s at once', invoice_adhoc.customer_id),
            DETAIL = 'Lines that were entered by hand have been invoiced, or are of days to come.',
            HINT = 'The view cloudbilling.invoice_line_entry shows them.';
    END IF;
    RETURN QUERY
    SELECT i.invoice_id FROM invoice AS i WHERE i.customer_id = invoice_holder(invoice_adhoc.customer_id) AND i.invoice_id > last ORDER BY 1;
END
$$;

COMMENT ON FUNCTION invoice_adhoc(int, int[], text) IS 'invoices lines that were entered by hand, all or some, at once and on a document of their own; gives the documents';
