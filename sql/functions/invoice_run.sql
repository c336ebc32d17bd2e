-- Refuses what a run cannot do: no day, no batch, customers that are not there.
CREATE OR REPLACE FUNCTION invoice_run_check(until date, batch int, customers int[])
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    unknown text;
BEGIN
    IF until IS NULL OR batch IS NULL OR batch < 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'invoice_run needs a day and a batch of at least one customer',
            HINT = 'For example: CALL cloudbilling.invoice_run(''2026-11-01'')';
    END IF;
    SELECT string_agg(coalesce(u.customer_id::text, 'NULL'), ', ' ORDER BY u.customer_id)
    INTO unknown
    FROM (
        SELECT x.customer_id
        FROM unnest(customers) AS x (customer_id)
        WHERE NOT EXISTS (SELECT FROM customer AS c WHERE c.customer_id = x.customer_id)
        ORDER BY x.customer_id
        LIMIT 10
    ) AS u;
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = 'customers to invoice do not exist',
            DETAIL = format('There is no customer %s.', unknown),
            HINT = 'The table cloudbilling.customer lists all customers.';
    END IF;
    PERFORM invoice_isolation_check();
END
$$;

COMMENT ON FUNCTION invoice_run_check(date, int, int[]) IS 'refuses what an invoice run cannot do';

-- The next customers of a run: never from further apart than so many there are, for
-- what is between them is rated, too.
CREATE OR REPLACE FUNCTION invoice_run_next(after int, batch int, customers int[])
RETURNS int[]
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT array_agg(n.customer_id ORDER BY n.customer_id)
    FROM (
        SELECT c.customer_id
        FROM customer AS c
        WHERE c.customer_id > after
          AND (customers IS NULL OR c.customer_id >= (SELECT min(x) FROM unnest(customers) AS x WHERE x > after))
        ORDER BY c.customer_id
        LIMIT batch
    ) AS n
    WHERE customers IS NULL OR n.customer_id = ANY (customers);
END;

COMMENT ON FUNCTION invoice_run_next(int, int, int[]) IS 'the next batch of an invoice run''s customers; NULL when there are no more';

-- Who does a run has a lock, which everybody can see (invoice_run_progress), and which
-- goes when he does.  That of a transaction ends with each batch, so one of the session
-- holds it over the commit.
CREATE OR REPLACE FUNCTION invoice_run_hold(run int, over_commit boolean)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF over_commit THEN
        PERFORM pg_advisory_lock('invoice_run'::regclass::oid::int, run);
    ELSE
        PERFORM pg_advisory_xact_lock('invoice_run'::regclass::oid::int, run),
            pg_advisory_unlock('invoice_run'::regclass::oid::int, run);
    END IF;
END
$$;

COMMENT ON FUNCTION invoice_run_hold(int, boolean) IS 'shows that a run is in progress, in this transaction or over its end';

CREATE OR REPLACE FUNCTION invoice_run_begin(until date, batch int, customers int[])
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    run int;
BEGIN
    PERFORM invoice_run_check(until, batch, customers);
    INSERT INTO invoice_run (until, customers, customers_total)
    VALUES (invoice_run_begin.until, invoice_run_begin.customers, (
        SELECT count(*)
        FROM customer AS c
        WHERE invoice_run_begin.customers IS NULL OR c.customer_id = ANY (invoice_run_begin.customers)))
    RETURNING invoice_run_id INTO run;
    PERFORM invoice_run_hold(run, true);
    RETURN run;
END
$$;

COMMENT ON FUNCTION invoice_run_begin(date, int, int[]) IS 'begins an invoice run; gives its key';

CREATE OR REPLACE FUNCTION invoice_run_resume(run int, batch int)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    this invoice_run_progress;
BEGIN
    PERFORM invoice_run_check(current_date, batch, NULL);
    SELECT *
    INTO this
    FROM invoice_run_progress AS p
    WHERE p.invoice_run_id = run OR run IS NULL AND p.pid IS NULL
    ORDER BY p.invoice_run_id DESC
    LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = CASE WHEN run IS NULL THEN 'no invoice run was broken off' ELSE format('invoice run %s was not broken off', run) END,
            HINT = 'The view cloudbilling.invoice_run_progress shows the runs that have not finished.';
    END IF;
    IF this.pid IS NOT NULL OR NOT pg_try_advisory_lock('invoice_run'::regclass::oid::int, this.invoice_run_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_in_use',
            MESSAGE = format('invoice run %s is in progress', this.invoice_run_id),
            HINT = 'The view cloudbilling.invoice_run_progress shows which process does it.';
    END IF;
    UPDATE invoice_run AS r SET phase = 'reconciling' WHERE r.invoice_run_id = this.invoice_run_id;
    RETURN this.invoice_run_id;
END
$$;

COMMENT ON FUNCTION invoice_run_resume(int, int) IS 'takes up an invoice run that was broken off, the last one unless another is named; gives its key';

CREATE OR REPLACE FUNCTION invoice_held_problem(until date, customers int[])
RETURNS TABLE (customer_id int, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT h.customer_id,
        string_agg(format('%s is %s %s, and may be %s (groups: %s).', initcap(h.reason), h.amount, h.currency, h.allowed, h.groups), ' '
            ORDER BY h.reason, h.currency)
    FROM invoice_held(invoice_held_problem.until, customers[1], customers[cardinality(customers)]) AS h
    WHERE h.customer_id = ANY (customers)
    GROUP BY h.customer_id
    ORDER BY h.customer_id;
END
$$;

COMMENT ON FUNCTION invoice_held_problem(date, int[]) IS 'which of some customers a run holds, and why, in words';

-- Finalises the next customers of a run, all at once.  When that fails it is done in
-- halves, down to each alone: one bad customer never stops the rest, his problem is a
-- row.  Gives false, and ends the run, when there are no more.
CREATE OR REPLACE FUNCTION invoice_run_batch(run int, batch int)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    this invoice_run;
    customers int[];
    lows int[];
    highs int[];
    low int;
    high int;
    made int := 0;
    failed int := 0;
    state text;
    message text;
    detail text;
    hint text;
BEGIN
    PERFORM invoice_run_hold(run, false);
    SELECT * INTO this FROM invoice_run AS r WHERE r.invoice_run_id = run FOR NO KEY UPDATE;
    customers := invoice_run_next(this.customer_last, batch, this.customers);
    IF customers IS NULL THEN
        UPDATE invoice_run AS r SET phase = 'invoicing', finished_at = clock_timestamp() WHERE r.invoice_run_id = run;
        RETURN false;
    END IF;
    this.customer_last := customers[cardinality(customers)];
    this.customers_done := this.customers_done + cardinality(customers);
    -- For the whole transaction, also where its customers go in halves.
    PERFORM seller_lock(ARRAY(SELECT i.seller_id FROM invoice_seller(customers[1], this.customer_last) AS i));
    WITH problem AS (
        INSERT INTO invoice_run_problem (invoice_run_id, customer_id, sqlstate, message, detail, hint)
        SELECT run, h.customer_id, '55000', 'the customer is held', h.detail,
            'cloudbilling.reconciliation_item shows what is open: decide about it, or INSERT a reason INTO cloudbilling.invoice_gate_override.'
        FROM invoice_held_problem(this.until, customers) AS h
        RETURNING customer_id
    )
    SELECT count(*), ARRAY(SELECT c FROM unnest(customers) AS c EXCEPT SELECT p.customer_id FROM problem AS p ORDER BY 1)
    INTO failed, customers
    FROM problem AS p;

    lows := CASE WHEN cardinality(customers) > 0 THEN '{1}'::int[] ELSE '{}' END;
    highs := ARRAY[cardinality(customers)];
    WHILE cardinality(lows) > 0 LOOP
        low := lows[cardinality(lows)];
        high := highs[cardinality(lows)];
        lows := trim_array(lows, 1);
        highs := highs[:cardinality(lows)];
        BEGIN
            made := made + invoice_finalise(customers[low], customers[high], this.until, run, customers[low:high]);
        EXCEPTION WHEN OTHERS THEN
            IF low < high THEN
                lows := lows || ARRAY[(low + high) / 2 + 1, low];
                highs := highs || ARRAY[high, (low + high) / 2];
            ELSE
                GET STACKED DIAGNOSTICS
                    state = RETURNED_SQLSTATE,
                    message = MESSAGE_TEXT,
                    detail = PG_EXCEPTION_DETAIL,
                    hint = PG_EXCEPTION_HINT;
                INSERT INTO invoice_run_problem (invoice_run_id, customer_id, sqlstate, message, detail, hint)
                VALUES (run, customers[low], state, message, nullif(detail, ''), nullif(hint, ''));
                failed := failed + 1;
            END IF;
        END;
    END LOOP;
    UPDATE invoice_run AS r
    SET invoices = r.invoices + made,
        problems = r.problems + failed,
        phase = 'invoicing',
        customers_total = greatest(r.customers_total, this.customers_done),
        customers_done = this.customers_done,
        customer_last = this.customer_last,
        committed_at = clock_timestamp()
    WHERE r.invoice_run_id = run;
    PERFORM invoice_run_hold(run, true);
    RETURN true;
END
$$;

COMMENT ON FUNCTION invoice_run_batch(int, int) IS 'finalises the next customers of a run; gives false when there are no more';

CREATE OR REPLACE PROCEDURE invoice_run_batches(run int, batch int)
LANGUAGE plpgsql
AS $$
BEGIN
    -- It commits, so it cannot have a search_path of its own.
    COMMIT;
    -- Who is held is decided by what is so now.
    IF EXISTS (SELECT FROM cloudbilling.invoice_gate) THEN
        PERFORM cloudbilling.invoice_run_hold(run, false);
        PERFORM cloudbilling.reconciliation_run(NULL, r.until)
        FROM cloudbilling.invoice_run AS r
        WHERE r.invoice_run_id OPERATOR(pg_catalog.=) run;
        PERFORM cloudbilling.invoice_run_hold(run, true);
        COMMIT;
    END IF;
    WHILE cloudbilling.invoice_run_batch(run, batch) LOOP
        COMMIT;
    END LOOP;
    COMMIT;
END
$$;

COMMENT ON PROCEDURE invoice_run_batches(int, int) IS 'does what is left of an invoice run, in batches that are committed one by one';

-- Finalises every period that ended on or before a day, for all customers or those
-- listed.  It can be started again at any time, and by two at once: it bills
-- differences, so the second finds none.
CREATE OR REPLACE PROCEDURE invoice_run(until date DEFAULT current_date, batch int DEFAULT 1000, customers int[] DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
    run int;
BEGIN
    run := cloudbilling.invoice_run_begin(until, batch, customers);
    CALL cloudbilling.invoice_run_batches(run, batch);
END
$$;

COMMENT ON PROCEDURE invoice_run(date, int, int[]) IS 'finalises every period that ended on or before a day, for all customers or some';

-- Goes on after the last batch that was committed.
CREATE OR REPLACE PROCEDURE invoice_run_continue(run int DEFAULT NULL, batch int DEFAULT 1000)
LANGUAGE plpgsql
AS $$
BEGIN
    run := cloudbilling.invoice_run_resume(run, batch);
    CALL cloudbilling.invoice_run_batches(run, batch);
END
$$;

COMMENT ON PROCEDURE invoice_run_continue(int, int) IS 'continues an invoice run that was broken off: the last one, unless another is named';

-- What a run would finalise, line by line.  It makes the documents, looks at them, and
-- takes everything back: no number is used, nothing is written.
CREATE OR REPLACE FUNCTION invoice_dry_run(until date DEFAULT current_date, customers int[] DEFAULT NULL, batch int DEFAULT 1000)
RETURNS TABLE (
    customer_id int,
    customer text,
    problem text,
    document int,
    kind text,
    period_start date,
    period_end date,
    issued_on date,
    due_on date,
    currency text,
    net_amount numeric,
    vat_amount numeric,
    gross_amount numeric,
    line_no int,
    corrects text,
    service text,
    description text,
    account text,
    quantity numeric,
    unit text,
    unit_price numeric,
    amount numeric,
    vat_category text,
    vat_rate numeric
)
LANGUAGE plpgsql VOLATILE ROWS 1000
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    members int[];
    last int := 0;
    held record;
    lows int[];
    highs int[];
    low int;
    high int;
    run int;
    made int := 0;
BEGIN
    PERFORM invoice_run_check(until, batch, customers);
    LOOP
        members := invoice_run_next(last, batch, customers);
        EXIT WHEN members IS NULL;
        last := members[cardinality(members)];
        FOR held IN SELECT h.customer_id, c.name, h.detail FROM invoice_held_problem(until, members) AS h JOIN customer AS c USING (customer_id) LOOP
            members := array_remove(members, held.customer_id);
            customer_id := held.customer_id;
            customer := held.name;
            problem := format('the customer is held: %s', held.detail);
            RETURN NEXT;
        END LOOP;

        -- in halves when that fails, as in invoice_run_batch
        lows := CASE WHEN cardinality(members) > 0 THEN '{1}'::int[] ELSE '{}' END;
        highs := ARRAY[cardinality(members)];
        WHILE cardinality(lows) > 0 LOOP
            low := lows[cardinality(lows)];
            high := highs[cardinality(lows)];
            lows := trim_array(lows, 1);
            highs := highs[:cardinality(lows)];
            BEGIN
                INSERT INTO invoice_run (until) VALUES (invoice_dry_run.until) RETURNING invoice_run_id INTO run;
                PERFORM invoice_finalise(members[low], members[high], until, run, members[low:high]);
                RETURN QUERY
                SELECT i.customer_id, i.customer ->> 'name', NULL, made + (dense_rank() OVER (ORDER BY i.invoice_id))::int, i.kind,
                    i.period_start, i.period_end, i.issued_on, i.due_on, i.currency::text, i.net_amount, i.vat_amount, i.gross_amount,
                    -- what is corrected may be a document that is not there, either
                    l.line_no, CASE WHEN x.invoice_run_id IS DISTINCT FROM run THEN x.invoice_number END, l.service, l.description,
                    l.account, l.quantity, l.unit, l.unit_price, l.amount, l.vat_category, l.vat_rate
                FROM invoice AS i
                JOIN invoice_line AS l ON l.invoice_id = i.invoice_id
                LEFT JOIN invoice AS x ON x.invoice_id = l.corrects
                WHERE i.invoice_run_id = run
                ORDER BY i.invoice_id, l.line_no;
                made := made + (SELECT count(*) FROM invoice AS i WHERE i.invoice_run_id = run);
                RAISE EXCEPTION SQLSTATE 'CBDRY' USING MESSAGE = 'a dry run takes back what it made';
            EXCEPTION
                WHEN SQLSTATE 'CBDRY' THEN
                    NULL;
                WHEN OTHERS THEN
                    IF low < high THEN
                        lows := lows || ARRAY[(low + high) / 2 + 1, low];
                        highs := highs || ARRAY[high, (low + high) / 2];
                    ELSE
                        SELECT c.customer_id, c.name INTO customer_id, customer FROM customer AS c WHERE c.customer_id = members[low];
                        GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
                        RETURN NEXT;
                    END IF;
            END;
        END LOOP;
    END LOOP;
END
$$;

COMMENT ON FUNCTION invoice_dry_run(date, int[], int) IS 'documents and lines that an invoice run would finalise, and customers it could not invoice; writes nothing';
