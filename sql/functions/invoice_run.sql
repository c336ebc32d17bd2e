-- Finalises the next customers of a run, all at once.  When that fails, or some are
-- held, each goes alone: one bad customer never stops the rest, his problem is a row.
-- Gives the last of them; NULL when there are no more.
CREATE OR REPLACE FUNCTION invoice_run_batch(run int, until date, after int, batch int)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    customers int[] := ARRAY(SELECT c.customer_id FROM customer AS c WHERE c.customer_id > after ORDER BY 1 LIMIT batch);
    last int := customers[cardinality(customers)];
    held int[];
    customer int;
    made int := 0;
    failed int := 0;
    state text;
    message text;
    detail text;
    hint text;
BEGIN
    IF last IS NULL THEN
        RETURN NULL;
    END IF;
    -- For the whole transaction, also where its customers go alone.
    PERFORM FROM seller AS s
    WHERE s.seller_id IN (SELECT i.seller_id FROM invoice_seller(customers[1], last) AS i)
    ORDER BY s.seller_id
    FOR NO KEY UPDATE;
    WITH problem AS (
        INSERT INTO invoice_run_problem (invoice_run_id, customer_id, sqlstate, message, detail, hint)
        SELECT run, h.customer_id, '55000', 'the customer is held',
            string_agg(format('%s is %s %s, and may be %s (groups: %s).', initcap(h.reason), h.amount, h.currency, h.allowed, h.groups), ' '
                ORDER BY h.reason, h.currency),
            'cloudbilling.reconciliation_item shows what is open: decide about it, or INSERT a reason INTO cloudbilling.invoice_gate_override.'
        FROM invoice_held(until, customers[1], last) AS h
        GROUP BY h.customer_id
        RETURNING customer_id
    )
    SELECT coalesce(array_agg(p.customer_id), '{}') INTO held FROM problem AS p;
    failed := cardinality(held);
    BEGIN
        IF failed > 0 THEN
            RAISE EXCEPTION 'some customers are held';
        END IF;
        made := invoice_finalise(customers[1], last, until, run);
    EXCEPTION WHEN OTHERS THEN
        FOREACH customer IN ARRAY customers LOOP
            CONTINUE WHEN customer = ANY (held);
            BEGIN
                made := made + invoice_finalise(customer, customer, until, run);
            EXCEPTION WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS
                    state = RETURNED_SQLSTATE,
                    message = MESSAGE_TEXT,
                    detail = PG_EXCEPTION_DETAIL,
                    hint = PG_EXCEPTION_HINT;
                INSERT INTO invoice_run_problem (invoice_run_id, customer_id, sqlstate, message, detail, hint)
                VALUES (run, customer, state, message, nullif(detail, ''), nullif(hint, ''));
                failed := failed + 1;
            END;
        END LOOP;
    END;
    UPDATE invoice_run AS r
    SET invoices = r.invoices + made,
        problems = r.problems + failed
    WHERE r.invoice_run_id = run;
    RETURN last;
END
$$;

COMMENT ON FUNCTION invoice_run_batch(int, date, int, int) IS 'finalises the next customers of a run; gives the last of them, NULL when there are no more';

-- Begins (NULL) or ends a run.
CREATE OR REPLACE FUNCTION invoice_run_mark(run int, until date)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF run IS NULL THEN
        INSERT INTO invoice_run (until) VALUES (invoice_run_mark.until) RETURNING invoice_run_id INTO run;
    ELSE
        UPDATE invoice_run AS r SET finished_at = clock_timestamp() WHERE r.invoice_run_id = run;
    END IF;
    RETURN run;
END
$$;

COMMENT ON FUNCTION invoice_run_mark(int, date) IS 'begins or ends the row of an invoice run';

-- Finalises every period that ended on or before a day, for all customers, in
-- batches that are committed one by one.  It can be started again at any time,
-- and by two at once: it bills differences, so the second finds none.
CREATE OR REPLACE PROCEDURE invoice_run(until date DEFAULT current_date, batch int DEFAULT 100)
LANGUAGE plpgsql
AS $$
DECLARE
    run int;
    last int := 0;
BEGIN
    -- It commits, so it cannot have a search_path of its own.
    IF until IS NULL OR batch IS NULL OR batch OPERATOR(pg_catalog.<) 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invoice_run needs a day and a batch of at least one customer',
            HINT = 'For example: CALL cloudbilling.invoice_run(''2026-11-01'')';
    END IF;
    PERFORM cloudbilling.invoice_isolation_check();
    run := cloudbilling.invoice_run_mark(NULL, until);
    COMMIT;
    -- Who is held is decided by what is so now.
    IF EXISTS (SELECT FROM cloudbilling.invoice_gate) THEN
        PERFORM cloudbilling.reconciliation_run(NULL, until);
        COMMIT;
    END IF;
    LOOP
        last := cloudbilling.invoice_run_batch(run, until, last, batch);
        EXIT WHEN last IS NULL;
        COMMIT;
    END LOOP;
    run := cloudbilling.invoice_run_mark(run, until);
    COMMIT;
END
$$;

COMMENT ON PROCEDURE invoice_run(date, int) IS 'finalises every period that ended on or before a day, for all customers';
