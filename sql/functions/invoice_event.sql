-- A document that has nothing open is not written off; steps themselves are checked by
-- foreign keys.
CREATE OR REPLACE FUNCTION invoice_event_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SECURITY DEFINER  -- it looks at more than who marks documents may
SET cloudbilling.as_of = ''
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 2147483647
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    PERFORM seller_lock(ARRAY(SELECT DISTINCT i.seller_id FROM new_rows AS n JOIN invoice AS i ON i.invoice_id = n.invoice_id));
    SELECT s.*
    INTO bad
    FROM new_rows AS n
    JOIN invoice_status AS s ON s.invoice_id = n.invoice_id
    WHERE n.event = 'written_off' AND n.recorded_at BETWEEN now() AND clock_timestamp()
      AND s.gross_amount - s.paid - s.credited <= 0
    ORDER BY n.invoice_event_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('document %s has nothing open that could be written off', bad.invoice_number),
            DETAIL = format('Of %s %s, %s are paid and %s credited.', bad.gross_amount, bad.currency, bad.paid, bad.credited);
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION invoice_event_check() IS 'trigger that refuses to write off what is not open';

CREATE OR REPLACE TRIGGER invoice_event_check AFTER INSERT ON invoice_event
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION invoice_event_check();

-- What happened to a document.
CREATE OR REPLACE FUNCTION invoice_mark(invoice_id int, event text, reason text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    document invoice;
    last invoice_event;
    step invoice_transition;
BEGIN
    PERFORM invoice_isolation_check();
    PERFORM seller_lock(ARRAY(SELECT i.seller_id FROM invoice AS i WHERE i.invoice_id = invoice_mark.invoice_id));
    SELECT * INTO document FROM invoice AS i WHERE i.invoice_id = invoice_mark.invoice_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('document %s does not exist', coalesce(invoice_mark.invoice_id::text, 'NULL')),
            HINT = 'cloudbilling.invoice_status lists all documents.';
    END IF;
    IF NOT EXISTS (SELECT FROM invoice_transition AS t WHERE t.event = invoice_mark.event) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('"%s" is nothing that happens to documents', coalesce(invoice_mark.event, 'NULL')),
            HINT = 'Events are sent, disputed, settled, written_off, reinstated and note.';
    END IF;
    IF invoice_mark.event <> 'sent' AND coalesce(reason, '') !~ '\S' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('the event %s needs a reason', invoice_mark.event),
            HINT = format('SELECT cloudbilling.invoice_mark(%s, ''%s'', ''reason'')', invoice_mark.invoice_id, invoice_mark.event);
    END IF;
    SELECT * INTO last FROM invoice_event AS e WHERE e.invoice_id = invoice_mark.invoice_id ORDER BY e.event_no DESC LIMIT 1;
    SELECT * INTO step FROM invoice_transition AS t WHERE t.state_before = coalesce(last.state, 'finalised') AND t.event = invoice_mark.event;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('document %s cannot be marked as %s', document.invoice_number, invoice_mark.event),
            DETAIL = format('It is %s, since %s by %s.', coalesce(last.state, 'finalised'), to_char(coalesce(last.recorded_at, document.finalised_at), 'YYYY-MM-DD'),
                coalesce(last.recorded_by, document.finalised_by)),
            HINT = format('What may happen to it is %s.', (
                SELECT string_agg(t.event, ', ' ORDER BY t.event)
                FROM invoice_transition AS t
                WHERE t.state_before = coalesce(last.state, 'finalised')));
    END IF;
    INSERT INTO invoice_event (invoice_id, event_no, event, state_before, state, reason)
    VALUES (document.invoice_id, coalesce(last.event_no, 0) + 1, step.event, step.state_before, step.state, invoice_mark.reason);
    RETURN step.state;
END
$$;

COMMENT ON FUNCTION invoice_mark(int, text, text) IS 'records what happened to a document: sent, disputed, settled, written_off, reinstated or note; gives its state';
