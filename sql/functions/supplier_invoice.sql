-- Suppliers' invoices: how they come in, and what may become of them.

-- Statuses go forward one by one, or back to received before payment; what was
-- approved keeps its amounts.  An expected one has not been received.
CREATE OR REPLACE FUNCTION supplier_invoice_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    steps constant text[] := '{expected,received,reconciled,approved,paid}'::text[];
    place int;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status = 'expected' THEN
            NEW.received_at := NULL;
        END IF;
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        IF OLD.status IN ('approved', 'paid') THEN
            RAISE EXCEPTION USING
                ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('invoice %s of %s cannot be deleted', OLD.invoice_number, OLD.invoice_issuer_name),
                DETAIL = format('It is %s.', OLD.status),
                HINT = 'What corrects it is a credit note of the supplier.';
        END IF;
        RETURN OLD;
    END IF;

    IF OLD.status IN ('approved', 'paid') AND NEW.status IN ('approved', 'paid')
        AND ROW(OLD.invoice_issuer_name, OLD.invoice_number, OLD.kind, OLD.currency, OLD.net_amount, OLD.tax_amount)
            IS DISTINCT FROM ROW(NEW.invoice_issuer_name, NEW.invoice_number, NEW.kind, NEW.currency, NEW.net_amount, NEW.tax_amount)
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('invoice %s of %s cannot be changed', OLD.invoice_number, OLD.invoice_issuer_name),
            DETAIL = format('It is %s, with a total of %s %s.', OLD.status, OLD.gross_amount, OLD.currency),
            HINT = CASE OLD.status WHEN 'approved' THEN format('SELECT cloudbilling.supplier_invoice_reopen(%s, ''reason'') takes the approval back.', OLD.supplier_invoice_id)
                ELSE 'What corrects it is a credit note of the supplier.' END;
    END IF;

    IF NEW.status <> OLD.status THEN
        place := array_position(steps, NEW.status);
        IF NOT (array_position(steps, OLD.status) = place - 1 OR NEW.status = 'received' AND OLD.status IN ('reconciled', 'approved')) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('invoice %s of %s cannot become %s', OLD.invoice_number, OLD.invoice_issuer_name, NEW.status),
                DETAIL = format('It is %s.', OLD.status),
                HINT = 'It goes from expected to received, reconciled, approved and paid, one by one, or back to received before it is paid.';
        END IF;
        NEW.status_at := clock_timestamp();
        NEW.received_at := coalesce(OLD.received_at, NEW.status_at);
        NEW.reconciled_at := CASE WHEN place >= 3 THEN coalesce(OLD.reconciled_at, NEW.status_at) END;
        NEW.approved_at := CASE WHEN place >= 4 THEN coalesce(OLD.approved_at, NEW.status_at) END;
        NEW.paid_on := CASE WHEN place >= 5 THEN coalesce(NEW.paid_on, current_date) END;
    END IF;

    IF NEW.status <> OLD.status OR NEW.gross_amount <> OLD.gross_amount OR NEW.load_id IS DISTINCT FROM OLD.load_id THEN
        INSERT INTO supplier_invoice_event (supplier_invoice_id, event_no, author, status_before, status, gross_before, gross_amount, note,
            replaced)
        SELECT OLD.supplier_invoice_id, coalesce(max(e.event_no), 0) + 1, NEW.status_by, OLD.status, NEW.status, OLD.gross_amount,
            NEW.gross_amount, NEW.status_note, CASE WHEN NEW.load_id > coalesce(OLD.load_id, 0) THEN to_jsonb(OLD) END
        FROM supplier_invoice_event AS e
        WHERE e.supplier_invoice_id = OLD.supplier_invoice_id;
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION supplier_invoice_check() IS 'trigger that keeps suppliers'' invoices from going where they cannot, and notes what became of them';

CREATE OR REPLACE TRIGGER supplier_invoice_check BEFORE INSERT OR UPDATE OR DELETE ON supplier_invoice
    FOR EACH ROW EXECUTE FUNCTION supplier_invoice_check();

-- Takes the headers of invoices that a load brought: an array of rows of the format's
-- invoice_query.  A header may stand in several rows, with its values in some of them;
-- rows of one must not disagree.  The same header again changes nothing; another one
-- makes the invoice received anew, unless it has been approved.
CREATE OR REPLACE FUNCTION supplier_invoice_load(load_id int, headers jsonb)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    merged jsonb;
    problem record;
    result bigint;
BEGIN
    SELECT c.*
    INTO problem
    FROM (
        SELECT h.header ->> 'invoice_issuer_name' AS issuer, h.header ->> 'invoice_number' AS number, v.key,
            array_agg(DISTINCT v.value) AS said
        FROM jsonb_array_elements(headers) AS h (header)
        CROSS JOIN LATERAL jsonb_each(jsonb_strip_nulls(h.header)) AS v
        GROUP BY 1, 2, 3
    ) AS c
    WHERE cardinality(c.said) > 1
    ORDER BY c.issuer, c.number, c.key
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'data_exception',
            MESSAGE = format('invoice %s of %s has two values of %s', problem.number, problem.issuer, problem.key),
            DETAIL = format('They are %s and %s.', problem.said[1], problem.said[2]),
            HINT = 'What a file says of an invoice as a whole must be the same in all of its rows, or stand in one of them.';
    END IF;

    SELECT jsonb_agg(m.header ORDER BY m.header ->> 'invoice_issuer_name', m.header ->> 'invoice_number')
    INTO merged
    FROM (
        SELECT jsonb_object_agg(v.key, v.value) AS header
        FROM jsonb_array_elements(headers) AS h (header)
        CROSS JOIN LATERAL jsonb_each(jsonb_strip_nulls(h.header)) AS v
        GROUP BY h.header ->> 'invoice_issuer_name', h.header ->> 'invoice_number'
    ) AS m;

    SELECT r.invoice_number, r.invoice_issuer_name AS issuer, r.net_amount, r.tax_amount, r.gross_amount, r.currency, r.seller,
        EXISTS (SELECT FROM seller AS s WHERE s.name = r.seller) AS seller_is_known
    INTO problem
    FROM jsonb_to_recordset(merged) AS r (invoice_issuer_name text, invoice_number text, currency text, net_amount numeric,
        tax_amount numeric, gross_amount numeric, seller text)
    WHERE num_nulls(r.invoice_issuer_name, r.invoice_number, r.currency) > 0
       OR num_nulls(r.net_amount, r.tax_amount, r.gross_amount) > 1 AND r.net_amount IS NULL
       OR r.gross_amount <> r.net_amount + r.tax_amount
       OR r.seller IS NOT NULL AND NOT EXISTS (SELECT FROM seller AS s WHERE s.name = r.seller)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = CASE WHEN problem.seller IS NOT NULL AND NOT problem.seller_is_known THEN 'undefined_object' ELSE 'data_exception' END,
            MESSAGE = CASE
                WHEN num_nulls(problem.issuer, problem.invoice_number) > 0 THEN 'a supplier''s invoice has no issuer or no number'
                WHEN problem.currency IS NULL THEN format('invoice %s of %s has no currency', problem.invoice_number, problem.issuer)
                WHEN problem.seller IS NOT NULL AND NOT problem.seller_is_known
                    THEN format('invoice %s of %s is for seller "%s", which does not exist', problem.invoice_number, problem.issuer, problem.seller)
                WHEN problem.gross_amount <> problem.net_amount + problem.tax_amount
                    THEN format('invoice %s of %s does not add up', problem.invoice_number, problem.issuer)
                ELSE format('invoice %s of %s has no net amount', problem.invoice_number, problem.issuer)
            END,
            DETAIL = CASE WHEN problem.gross_amount <> problem.net_amount + problem.tax_amount
                THEN format('%s without tax and %s of tax are not %s.', problem.net_amount, problem.tax_amount, problem.gross_amount) ELSE '' END,
            HINT = 'An invoice has an issuer, a number, a currency and an amount without tax, or tax and total.';
    END IF;

    WITH
    header AS (
        SELECT r.invoice_issuer_name, r.invoice_number, r.billing_account_id,
            coalesce((SELECT s.seller_id FROM seller AS s WHERE s.name = r.seller),
                (SELECT min(s.seller_id) FROM seller AS s HAVING count(*) = 1)) AS seller_id,
            a.net_amount, a.gross_amount - a.net_amount AS tax_amount, a.gross_amount,
            coalesce(r.kind, CASE WHEN a.gross_amount < 0 THEN 'credit_note' ELSE 'invoice' END) AS kind,
            r.corrects, r.issued_on, r.due_on, r.period_start, r.period_end, r.currency, r.exchange_from, r.exchange_to, r.exchange_rate, r.note
        FROM jsonb_to_recordset(merged) AS r (invoice_issuer_name text, invoice_number text, billing_account_id text, seller text,
            kind text, corrects text, issued_on date, due_on date, period_start date, period_end date, currency char(3), net_amount numeric,
            tax_amount numeric, gross_amount numeric, exchange_from char(3), exchange_to char(3), exchange_rate numeric, note text)
        CROSS JOIN LATERAL (SELECT
            coalesce(r.net_amount, r.gross_amount - r.tax_amount) AS net_amount,
            coalesce(r.gross_amount, r.net_amount + coalesce(r.tax_amount, 0)) AS gross_amount) AS a
    ),
    stored AS (
        INSERT INTO supplier_invoice AS s (invoice_issuer_name, invoice_number, billing_account_id, seller_id, kind, corrects, issued_on, due_on,
            period_start, period_end, currency, net_amount, tax_amount, gross_amount, exchange_from, exchange_to, exchange_rate, note, load_id)
        SELECT h.invoice_issuer_name, h.invoice_number, h.billing_account_id, h.seller_id, h.kind, h.corrects, h.issued_on, h.due_on,
            h.period_start, h.period_end, h.currency, h.net_amount, h.tax_amount, h.gross_amount, h.exchange_from, h.exchange_to,
            h.exchange_rate, h.note, supplier_invoice_load.load_id
        FROM header AS h
        ON CONFLICT (invoice_issuer_name, invoice_number) DO UPDATE SET
            -- What a file does not say stays as it was entered.
            billing_account_id = coalesce(excluded.billing_account_id, s.billing_account_id),
            seller_id = coalesce(excluded.seller_id, s.seller_id),
            kind = excluded.kind,
            corrects = coalesce(excluded.corrects, s.corrects),
            issued_on = coalesce(excluded.issued_on, s.issued_on),
            due_on = coalesce(excluded.due_on, s.due_on),
            period_start = coalesce(excluded.period_start, s.period_start),
            period_end = coalesce(excluded.period_end, s.period_end),
            currency = excluded.currency,
            net_amount = excluded.net_amount,
            tax_amount = excluded.tax_amount,
            gross_amount = excluded.gross_amount,
            exchange_from = coalesce(excluded.exchange_from, s.exchange_from),
            exchange_to = coalesce(excluded.exchange_to, s.exchange_to),
            exchange_rate = coalesce(excluded.exchange_rate, s.exchange_rate),
            note = coalesce(excluded.note, s.note),
            load_id = excluded.load_id,
            status = CASE
                WHEN s.status = 'expected' THEN 'received'
                WHEN s.status = 'reconciled' AND ROW(s.kind, s.currency, s.net_amount, s.tax_amount)
                    <> ROW(excluded.kind, excluded.currency, excluded.net_amount, excluded.tax_amount) THEN 'received'
                ELSE s.status
            END,
            status_by = session_user,
            status_note = format('load %s', excluded.load_id)
        RETURNING 1
    )
    SELECT count(*) INTO result FROM stored;
    RETURN result;
END
$$;

COMMENT ON FUNCTION supplier_invoice_load(int, jsonb) IS 'takes the headers of suppliers'' invoices that a load brought; gives their number';

-- A load that is taken back takes its headers with it: what an earlier load that still
-- stands said, or who entered it, holds again.
CREATE OR REPLACE FUNCTION supplier_invoice_withdraw(load_id int)
RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    UPDATE supplier_invoice AS s
    SET billing_account_id = r.billing_account_id, seller_id = r.seller_id, kind = r.kind, corrects = r.corrects, issued_on = r.issued_on,
        due_on = r.due_on, period_start = r.period_start, period_end = r.period_end, currency = r.currency, net_amount = r.net_amount,
        tax_amount = r.tax_amount, gross_amount = r.gross_amount, exchange_from = r.exchange_from, exchange_to = r.exchange_to,
        exchange_rate = r.exchange_rate, note = r.note, load_id = r.load_id,
        status = CASE
            WHEN s.status = 'reconciled' AND ROW(s.kind, s.currency, s.net_amount, s.tax_amount) <> ROW(r.kind, r.currency, r.net_amount, r.tax_amount)
                THEN 'received'
            ELSE s.status
        END,
        status_by = session_user,
        status_note = format('load %s was taken back', supplier_invoice_withdraw.load_id)
    FROM (
        SELECT DISTINCT ON (e.supplier_invoice_id) (jsonb_populate_record(NULL::supplier_invoice, e.replaced)).*
        FROM supplier_invoice_event AS e
        LEFT JOIN load AS l ON l.load_id = (e.replaced ->> 'load_id')::int
        WHERE e.replaced IS NOT NULL AND l.undone_at IS NULL AND l.load_id IS DISTINCT FROM supplier_invoice_withdraw.load_id
        ORDER BY e.supplier_invoice_id, e.event_no DESC
    ) AS r
    WHERE s.load_id = supplier_invoice_withdraw.load_id AND r.supplier_invoice_id = s.supplier_invoice_id;
    DELETE FROM supplier_invoice AS s WHERE s.load_id = supplier_invoice_withdraw.load_id;
END;

COMMENT ON FUNCTION supplier_invoice_withdraw(int) IS 'takes back the headers of suppliers'' invoices that a load brought';

-- Moves an invoice to a status.
CREATE OR REPLACE FUNCTION supplier_invoice_step(supplier_invoice_id int, status text, note text, author text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    invoice supplier_invoice;
BEGIN
    IF coalesce(author, '') = '' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'a change of a supplier''s invoice needs an author';
    END IF;
    UPDATE supplier_invoice AS s
    SET status = supplier_invoice_step.status, status_by = author, status_note = supplier_invoice_step.note
    WHERE s.supplier_invoice_id = supplier_invoice_step.supplier_invoice_id AND s.status <> supplier_invoice_step.status;
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO invoice FROM supplier_invoice AS s WHERE s.supplier_invoice_id = supplier_invoice_step.supplier_invoice_id;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('invoice %s of %s is %s already', invoice.invoice_number, invoice.invoice_issuer_name, status);
    ELSE
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('supplier''s invoice %s does not exist', coalesce(supplier_invoice_id::text, 'NULL')),
            HINT = 'The table cloudbilling.supplier_invoice lists all; supplier_invoice_expected those of which there are lines alone.';
    END IF;
END
$$;

COMMENT ON FUNCTION supplier_invoice_step(int, text, text, text) IS 'moves a supplier''s invoice to a status';

CREATE OR REPLACE FUNCTION supplier_invoice_receive(supplier_invoice_id int, note text DEFAULT NULL, author text DEFAULT session_user)
RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT supplier_invoice_step(supplier_invoice_receive.supplier_invoice_id, 'received', supplier_invoice_receive.note, supplier_invoice_receive.author);
END;

COMMENT ON FUNCTION supplier_invoice_receive(int, text, text) IS 'an expected invoice of a supplier has been received';

-- Its lines must say the same, or the author why not.
CREATE OR REPLACE FUNCTION supplier_invoice_reconcile(supplier_invoice_id int, note text DEFAULT NULL, author text DEFAULT session_user)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    found_row reconciliation_invoice;
BEGIN
    SELECT * INTO found_row FROM reconciliation_invoice AS r WHERE r.supplier_invoice_id = supplier_invoice_reconcile.supplier_invoice_id;
    IF FOUND AND found_row.status NOT IN ('MATCHED', 'MATCHED_ROUNDING', 'EXPLAINED') AND coalesce(note, '') = '' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('invoice %s of %s is not what its lines say', found_row.supplier_invoice, found_row.supplier),
            DETAIL = format('It is %s: %s %s without tax, its %s lines %s; %s of it is not explained.', found_row.status,
                found_row.invoice_amount, found_row.currency, found_row.lines, coalesce(found_row.line_amount, 0), found_row.remainder),
            HINT = 'Complete the lines, or give the reason why it is right in note.';
    END IF;
    PERFORM supplier_invoice_step(supplier_invoice_reconcile.supplier_invoice_id, 'reconciled', note, author);
END
$$;

COMMENT ON FUNCTION supplier_invoice_reconcile(int, text, text) IS 'a supplier''s invoice is what its lines say; what is not needs a note that says why it is right';

-- Fails when the total is not the one that the author saw.
CREATE OR REPLACE FUNCTION supplier_invoice_approve(supplier_invoice_id int, expected_total numeric, note text DEFAULT NULL, author text DEFAULT session_user)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    invoice supplier_invoice;
BEGIN
    SELECT * INTO invoice FROM supplier_invoice AS s WHERE s.supplier_invoice_id = supplier_invoice_approve.supplier_invoice_id FOR UPDATE;
    IF FOUND AND invoice.gross_amount IS DISTINCT FROM expected_total THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('invoice %s of %s has another total', invoice.invoice_number, invoice.invoice_issuer_name),
            DETAIL = format('It is %s %s, not %s.', invoice.gross_amount, invoice.currency, coalesce(expected_total::text, 'NULL')),
            HINT = 'Look at it again; expected_total is its total with tax.';
    END IF;
    PERFORM supplier_invoice_step(supplier_invoice_approve.supplier_invoice_id, 'approved', note, author);
END
$$;

COMMENT ON FUNCTION supplier_invoice_approve(int, numeric, text, text) IS 'approves a reconciled invoice of a supplier for payment, if its total with tax is the expected one';

CREATE OR REPLACE FUNCTION supplier_invoice_pay(supplier_invoice_id int, paid_on date DEFAULT current_date, note text DEFAULT NULL, author text DEFAULT session_user)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    PERFORM supplier_invoice_step(supplier_invoice_pay.supplier_invoice_id, 'paid', note, author);
    UPDATE supplier_invoice AS s
    SET paid_on = supplier_invoice_pay.paid_on
    WHERE s.supplier_invoice_id = supplier_invoice_pay.supplier_invoice_id;
END
$$;

COMMENT ON FUNCTION supplier_invoice_pay(int, date, text, text) IS 'an approved invoice of a supplier has been paid';

CREATE OR REPLACE FUNCTION supplier_invoice_reopen(supplier_invoice_id int, note text, author text DEFAULT session_user)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF coalesce(note, '') = '' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'taking back what was reconciled or approved needs a reason',
            HINT = format('SELECT cloudbilling.supplier_invoice_reopen(%s, ''the supplier sent another one'')', coalesce(supplier_invoice_id::text, 'NULL'));
    END IF;
    PERFORM supplier_invoice_step(supplier_invoice_reopen.supplier_invoice_id, 'received', note, author);
END
$$;

COMMENT ON FUNCTION supplier_invoice_reopen(int, text, text) IS 'takes back that a supplier''s invoice was reconciled or approved, with the reason';
