-- Decisions.  What is billed or credited is not written on an invoice: a price rule, or a
-- row of ownership, makes the charges due, and the next run bills the difference.

-- A decision is a fact: only what came of it later is added.
CREATE OR REPLACE FUNCTION reconciliation_decision_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - '{settled_on,settled_amount,withdrawn_at,withdrawn_by,withdrawn_reason,price_rule_id,ownership_id}'::text[]
        = to_jsonb(OLD) - '{settled_on,settled_amount,withdrawn_at,withdrawn_by,withdrawn_reason,price_rule_id,ownership_id}'::text[]
        AND OLD.withdrawn_at IS NULL
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = format('decision %s cannot be changed or deleted', OLD.reconciliation_decision_id),
        HINT = format('SELECT cloudbilling.reconciliation_decision_withdraw(%s, ''reason''), or decide anew: the latest decision holds.', OLD.reconciliation_decision_id);
END
$$;

COMMENT ON FUNCTION reconciliation_decision_check() IS 'trigger that keeps decisions as they were made';

CREATE OR REPLACE TRIGGER reconciliation_decision_check BEFORE UPDATE OR DELETE ON reconciliation_decision
    FOR EACH ROW EXECUTE FUNCTION reconciliation_decision_check();

-- Decides about a group.  The amount is what the group's status is about, unless told.
CREATE OR REPLACE FUNCTION reconciliation_decide(reconciliation_group_id int, decision text, reason text, amount numeric DEFAULT NULL,
    customer_id int DEFAULT NULL, author text DEFAULT session_user)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    grp reconciliation_group;
    owned ownership;
    id int;
    customer int;
    rule int;
    place int;
    due numeric;
    is_set boolean;
BEGIN
    SELECT * INTO grp FROM reconciliation_group AS g WHERE g.reconciliation_group_id = reconciliation_decide.reconciliation_group_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('group %s does not exist', coalesce(reconciliation_decide.reconciliation_group_id::text, 'NULL')),
            HINT = 'The view cloudbilling.reconciliation_item lists all groups.';
    ELSIF decision IS NULL OR decision NOT IN ('accept', 'bill', 'credit', 'claim') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('%L is not a decision', decision),
            HINT = 'It is accept, bill, credit or claim.';
    ELSIF reason IS NULL OR reason !~ '\S' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'a decision needs a reason';
    -- what was billed can be credited, and the other way round
    ELSIF grp.status IN ('MATCHED', 'MATCHED_ROUNDING') AND (decision IN ('accept', 'claim') OR amount IS NULL) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('there is nothing to decide about group %s', grp.reconciliation_group_id),
            DETAIL = 'It no longer differs.',
            HINT = 'An amount that is named is billed or credited all the same.';
    END IF;
    customer := coalesce(grp.customer_id, reconciliation_decide.customer_id);
    IF decision IN ('bill', 'credit') THEN
        IF grp.link <> 'C' THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('group %s is not of link C', grp.reconciliation_group_id),
                DETAIL = 'What a supplier invoices is accepted or claimed; what was bought and sold is billed or credited.';
        ELSIF customer IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'null_value_not_allowed',
                MESSAGE = format('nobody owns the charges of group %s', grp.reconciliation_group_id),
                HINT = 'Name the customer: cloudbilling.reconciliation_decide(…, customer_id => …).';
        ELSIF reconciliation_decide.customer_id <> grp.customer_id THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('the charges of group %s are customer %s''s', grp.reconciliation_group_id, grp.customer_id),
                HINT = 'Change the ownership of the account, and the group is another one.';
        ELSIF (CASE decision WHEN 'bill' THEN 1 ELSE -1 END) * reconciliation_decide.amount <= 0 THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('%s cannot be %s', reconciliation_decide.amount, CASE decision WHEN 'bill' THEN 'billed' ELSE 'credited' END),
                HINT = 'What is billed is above 0, and what is credited below.';
        END IF;
    END IF;
    due := coalesce(reconciliation_decide.amount, CASE WHEN decision = 'credit' THEN -abs(grp.finding) WHEN decision = 'bill' THEN abs(grp.finding) ELSE grp.finding END);

    id := nextval('reconciliation_decision_reconciliation_decision_id_seq');
    IF decision = 'bill' AND grp.status = 'UNMAPPED' THEN
        -- Whose they are is what was missing; what they cost him his prices say.
        IF grp.account_id IS NULL OR reconciliation_decide.amount IS NOT NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('group %s is billed by the prices of customer %s', grp.reconciliation_group_id, customer),
                HINT = 'Leave the amount out; a price rule for the customer sets another.';
        END IF;
        INSERT INTO ownership (customer_id, provider_name, billing_account_id, sub_account_id, source_customer_id, valid_during)
        SELECT customer, a.provider_name, a.billing_account_id, a.sub_account_id, a.source_customer_id,
            daterange(grp.month, (grp.month + interval '1 month')::date)
        FROM account AS a
        WHERE a.account_id = grp.account_id
        RETURNING * INTO owned;
    ELSIF decision IN ('bill', 'credit') THEN
        due := currency_round(due, grp.currency);
        -- What had no price gets one; else it is a line of its own.
        is_set := decision = 'bill' AND grp.status IN ('UNSOLD', 'ONLY_PURCHASE');
        SELECT least(0, min(r.position)) - 1 INTO place
        FROM price_rule AS r
        WHERE r.customer_id = customer AND r.product_id = grp.product_id;
        INSERT INTO price_rule (name, customer_id, product_id, selector, valid_during, measure, per, pricing, effect, position, currency)
        SELECT format('Reconciliation, decision %s', id), customer, grp.product_id,
            (SELECT jsonb_strip_nulls(jsonb_build_object('billing_account', a.billing_account_id, 'account', a.sub_account_id,
                'customer_ref', a.source_customer_id))::text::selector FROM account AS a WHERE a.account_id = grp.account_id),
            daterange(grp.month, (grp.month + interval '1 month')::date), 'events', 'scope',
            jsonb_build_object('model', 'flat', 'amount', due::text)::text::pricing, CASE WHEN is_set THEN 'set' ELSE 'add' END,
            coalesce(place, -1), grp.currency
        RETURNING price_rule_id INTO rule;
    END IF;

    INSERT INTO reconciliation_decision (reconciliation_decision_id, reconciliation_group_id, decision, amount, finding, bound, reason,
        customer_id, price_rule_id, ownership_id, decided_by)
    OVERRIDING SYSTEM VALUE
    VALUES (id, grp.reconciliation_group_id, reconciliation_decide.decision, due, grp.finding, grp.tolerance, reconciliation_decide.reason,
        CASE WHEN reconciliation_decide.decision IN ('bill', 'credit') THEN customer END, rule, owned.ownership_id,
        coalesce(author, session_user));
    RETURN id;
END
$$;

COMMENT ON FUNCTION reconciliation_decide(int, text, text, numeric, int, text) IS 'decides about a group: accept, bill, credit or claim; gives the key of the decision';

-- Takes a decision back, with what it made due.
CREATE OR REPLACE FUNCTION reconciliation_decision_withdraw(reconciliation_decision_id int, reason text, author text DEFAULT session_user)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    decision reconciliation_decision;
BEGIN
    SELECT * INTO decision FROM reconciliation_decision AS d
    WHERE d.reconciliation_decision_id = reconciliation_decision_withdraw.reconciliation_decision_id
    FOR UPDATE;
    IF NOT FOUND OR decision.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('decision %s does not exist, or was withdrawn', reconciliation_decision_withdraw.reconciliation_decision_id);
    ELSIF reason IS NULL OR reason !~ '\S' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'to withdraw a decision needs a reason';
    ELSIF EXISTS (SELECT FROM invoice_line AS l WHERE l.price_rule_id = decision.price_rule_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('decision %s was invoiced', decision.reconciliation_decision_id),
            HINT = format('SELECT cloudbilling.reconciliation_decide(%s, ''%s'', ''reason'', %s) takes its amount back.', decision.reconciliation_group_id,
                CASE WHEN decision.amount > 0 THEN 'credit' ELSE 'bill' END, -decision.amount);
    END IF;
    UPDATE reconciliation_decision AS d
    SET withdrawn_at = clock_timestamp(), withdrawn_by = coalesce(author, session_user),
        withdrawn_reason = reconciliation_decision_withdraw.reason, price_rule_id = NULL, ownership_id = NULL
    WHERE d.reconciliation_decision_id = decision.reconciliation_decision_id;
    DELETE FROM price_rule AS r WHERE r.price_rule_id = decision.price_rule_id;
    DELETE FROM ownership AS o WHERE o.ownership_id = decision.ownership_id;
END
$$;

COMMENT ON FUNCTION reconciliation_decision_withdraw(int, text, text) IS 'takes a decision back, with the price or the ownership it made';

-- What a supplier gave for a claim.
CREATE OR REPLACE FUNCTION reconciliation_claim_settle(reconciliation_decision_id int, amount numeric, settled_on date DEFAULT current_date)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    UPDATE reconciliation_decision AS d
    SET settled_on = reconciliation_claim_settle.settled_on, settled_amount = reconciliation_claim_settle.amount
    WHERE d.reconciliation_decision_id = reconciliation_claim_settle.reconciliation_decision_id AND d.decision = 'claim' AND d.withdrawn_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('decision %s is not a claim that holds', reconciliation_claim_settle.reconciliation_decision_id),
            HINT = 'The view cloudbilling.reconciliation_claim lists them.';
    END IF;
END
$$;

COMMENT ON FUNCTION reconciliation_claim_settle(int, numeric, date) IS 'notes what a supplier gave for a claim';
