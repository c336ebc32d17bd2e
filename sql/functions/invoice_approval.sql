-- Approval: what is due for customers with a policy is proposed, and finalised only when
-- somebody says what it comes to.

-- Whether documents of a customer wait for approval.
CREATE OR REPLACE FUNCTION approval_needed(customer_id int)
RETURNS boolean
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce((
        SELECT p.is_needed
        FROM customer AS c
        JOIN approval_policy AS p ON p.customer_id = c.customer_id OR p.seller_id = c.seller_id
        WHERE c.customer_id = approval_needed.customer_id
        ORDER BY p.customer_id NULLS LAST
        LIMIT 1), false);
END;

COMMENT ON FUNCTION approval_needed(int) IS 'whether documents of a customer wait for approval';

-- Takes what must be approved out of what is due of customers, and proposes it.  What
-- policies of corrections would write off, or let wait, is no part of the proposal: they
-- are tried, and taken back.
CREATE OR REPLACE FUNCTION invoice_propose(INOUT due invoice_due[], customers int[], until date, run int)
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    asked invoice_due[];
    left_due invoice_due[];
    left_apart invoice_due[];
BEGIN
    asked := ARRAY(SELECT d FROM unnest(invoice_propose.due) AS d WHERE approval_needed(invoice_holder(d.customer_id)));
    IF cardinality(asked) > 0 THEN
        invoice_propose.due := (SELECT array_agg(d) FROM unnest(invoice_propose.due) AS d WHERE NOT approval_needed(invoice_holder(d.customer_id)));
        BEGIN
            SELECT a.due, a.apart INTO left_due, left_apart FROM correction_policy_apply(asked, until, run) AS a;
            RAISE EXCEPTION USING ERRCODE = 'CBTRY';
        EXCEPTION WHEN SQLSTATE 'CBTRY' THEN
            NULL;
        END;
        INSERT INTO invoice_approval AS p (customer_id, until, currency, net_amount, invoice_run_id)
        SELECT h.customer_id, invoice_propose.until, d.currency, sum(d.amount), run
        FROM unnest(left_due || left_apart) AS d
        CROSS JOIN invoice_holder(d.customer_id) AS h (customer_id)
        GROUP BY h.customer_id, d.currency
        ORDER BY h.customer_id, d.currency
        ON CONFLICT (customer_id, currency) WHERE decision IS NULL DO UPDATE
        SET until = EXCLUDED.until, net_amount = EXCLUDED.net_amount, invoice_run_id = EXCLUDED.invoice_run_id,
            proposed_at = EXCLUDED.proposed_at, proposed_by = EXCLUDED.proposed_by;
    END IF;
    UPDATE invoice_approval AS p
    SET decision = 'withdrawn', decided_at = clock_timestamp(), decided_by = session_user
    WHERE p.decision IS NULL AND p.customer_id = ANY (customers)
      AND NOT EXISTS (SELECT FROM unnest(left_due || left_apart) AS d WHERE invoice_holder(d.customer_id) = p.customer_id AND d.currency = p.currency::text);
END
$$;

COMMENT ON FUNCTION invoice_propose(invoice_due[], int[], date, int) IS 'proposes what must be approved, and leaves the rest of what is due';

-- What was decided stays.
CREATE OR REPLACE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON invoice_approval
    FOR EACH ROW WHEN (OLD.decision IS NOT NULL) EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen_whole BEFORE TRUNCATE ON invoice_approval
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_frozen();

-- Locks a proposal that is open.
CREATE OR REPLACE FUNCTION invoice_approval_open(invoice_approval_id int)
RETURNS invoice_approval
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    proposal invoice_approval;
BEGIN
    PERFORM invoice_isolation_check();
    -- the seller first, as runs do
    PERFORM seller_lock(ARRAY(
        SELECT c.seller_id
        FROM invoice_approval AS p
        JOIN customer AS c ON c.customer_id = p.customer_id
        WHERE p.invoice_approval_id = invoice_approval_open.invoice_approval_id));
    SELECT * INTO proposal FROM invoice_approval AS p WHERE p.invoice_approval_id = invoice_approval_open.invoice_approval_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('approval %s does not exist', coalesce(invoice_approval_open.invoice_approval_id::text, 'NULL')),
            HINT = 'SELECT * FROM cloudbilling.invoice_overview WHERE status = ''approving'' shows what waits.';
    END IF;
    IF proposal.decision IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('approval %s is %s', proposal.invoice_approval_id, proposal.decision),
            DETAIL = format('%s decided it on %s.', proposal.decided_by, to_char(proposal.decided_at, 'YYYY-MM-DD')),
            HINT = 'The next invoice run proposes what is due then.';
    END IF;
    RETURN proposal;
END
$$;

COMMENT ON FUNCTION invoice_approval_open(int) IS 'locks a proposal that is open, or says why it is not';

-- Finalises what was proposed, if it comes to what the approver has seen.
CREATE OR REPLACE FUNCTION invoice_approve(invoice_approval_id int, expected_total numeric, author text DEFAULT session_user)
RETURNS int[]
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    proposal invoice_approval := invoice_approval_open(invoice_approve.invoice_approval_id);
    last int;
    made int[];
    total numeric;
BEGIN
    IF expected_total IS NULL OR coalesce(author, '') !~ '\S' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'approval needs the total that is expected, and an author',
            HINT = format('For example: SELECT cloudbilling.invoice_approve(%s, %s)', proposal.invoice_approval_id, proposal.net_amount);
    END IF;
    SELECT coalesce(max(i.invoice_id), 0) INTO last FROM invoice AS i WHERE i.customer_id = proposal.customer_id;
    PERFORM invoice_finalise(proposal.customer_id, proposal.customer_id, proposal.until, NULL, approval => proposal.invoice_approval_id);
    SELECT coalesce(array_agg(i.invoice_id ORDER BY i.invoice_id), '{}'), coalesce(sum(i.net_amount), 0)
    INTO made, total
    FROM invoice AS i
    WHERE i.customer_id = proposal.customer_id AND i.invoice_id > last;
    IF total <> expected_total THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('the total of approval %s is not %s %s', proposal.invoice_approval_id, expected_total, proposal.currency),
            DETAIL = format('It is %s %s now; %s were proposed on %s.', total, proposal.currency, proposal.net_amount, to_char(proposal.proposed_at, 'YYYY-MM-DD')),
            HINT = format('Look at cloudbilling.invoice_running(%s), and approve what it is now.', proposal.customer_id);
    END IF;
    UPDATE invoice_approval AS p
    SET decision = 'approved', decided_at = clock_timestamp(), decided_by = invoice_approve.author, documents = made
    WHERE p.invoice_approval_id = proposal.invoice_approval_id;
    RETURN made;
END
$$;

COMMENT ON FUNCTION invoice_approve(int, numeric, text) IS 'finalises what was proposed, if its total without VAT is the expected one; gives the keys of the documents';

CREATE OR REPLACE FUNCTION invoice_reject(invoice_approval_id int, reason text, author text DEFAULT session_user)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    proposal invoice_approval := invoice_approval_open(invoice_reject.invoice_approval_id);
BEGIN
    IF coalesce(reason, '') !~ '\S' OR coalesce(author, '') !~ '\S' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a proposal is rejected with a reason, by an author',
            HINT = format('For example: SELECT cloudbilling.invoice_reject(%s, ''the discount is missing'')', proposal.invoice_approval_id);
    END IF;
    UPDATE invoice_approval AS p
    SET decision = 'rejected', reason = invoice_reject.reason, decided_at = clock_timestamp(), decided_by = invoice_reject.author
    WHERE p.invoice_approval_id = proposal.invoice_approval_id;
END
$$;

COMMENT ON FUNCTION invoice_reject(int, text, text) IS 'rejects what was proposed, with the reason; the next run proposes what is due then';
