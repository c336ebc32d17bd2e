-- A note on the next document of a customer, or an internal one.
CREATE OR REPLACE FUNCTION invoice_note_add(customer_id int, note text, internal boolean DEFAULT false, invoice_id int DEFAULT NULL,
    author text DEFAULT session_user)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    result int;
BEGIN
    IF NOT EXISTS (SELECT FROM customer AS c WHERE c.customer_id = invoice_note_add.customer_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('customer %s does not exist', coalesce(invoice_note_add.customer_id::text, 'NULL')),
            HINT = 'The table cloudbilling.customer lists all customers.';
    ELSIF note IS NULL OR note !~ '\S' OR internal IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'a note needs a text',
            HINT = 'For example: SELECT cloudbilling.invoice_note_add(1, ''Thank you for your order'')';
    END IF;
    INSERT INTO invoice_note (customer_id, invoice_id, internal, note, noted_by)
    VALUES (invoice_note_add.customer_id, invoice_note_add.invoice_id, invoice_note_add.internal, invoice_note_add.note,
        coalesce(author, session_user))
    RETURNING invoice_note_id INTO result;
    RETURN result;
END
$$;

COMMENT ON FUNCTION invoice_note_add(int, text, boolean, int, text) IS 'notes something on a customer''s next document, or internally; gives the key of the note';

-- What stands on a document was said to the customer.
CREATE OR REPLACE FUNCTION invoice_note_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    document invoice;
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.invoice_id IS NOT NULL AND NOT OLD.internal THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = 'a note that stands on a finalised document cannot be changed or deleted',
            HINT = 'Notes on the next document and internal ones can.';
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSIF NEW.invoice_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT * INTO document FROM invoice AS i WHERE i.invoice_id = NEW.invoice_id;
    IF NOT FOUND OR document.customer_id NOT IN (NEW.customer_id, invoice_holder(NEW.customer_id)) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('customer %s has no document %s', NEW.customer_id, NEW.invoice_id),
            HINT = 'The table cloudbilling.invoice lists all documents.';
    ELSIF NOT NEW.internal AND strpos(coalesce(document.note, ''), NEW.note) = 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('document %s is finalised, and says what it says', document.invoice_number),
            HINT = 'A note can be internal, or stand on the customer''s next document.';
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION invoice_note_check() IS 'trigger that keeps notes as they stand on finalised documents';

CREATE OR REPLACE TRIGGER invoice_note_check BEFORE INSERT OR UPDATE OR DELETE ON invoice_note
    FOR EACH ROW EXECUTE FUNCTION invoice_note_check();
