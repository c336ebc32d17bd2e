-- Refuses what a run cannot do: no day, no batch, no process, customers that are not there.
CREATE OR REPLACE FUNCTION invoice_run_check(until date, batch int, customers int[], processes int DEFAULT NULL)
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
    ELSIF processes < 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('an invoice run cannot have %s processes', processes),
            HINT = 'With 1, the process that calls it does all by itself.';
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

COMMENT ON FUNCTION invoice_run_check(date, int, int[], int) IS 'refuses what an invoice run cannot do';

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

-- Who calls a run has a lock, which everybody can see (invoice_run_progress), and which
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

CREATE OR REPLACE FUNCTION invoice_run_begin(until date, batch int, customers int[], processes int)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    run int;
BEGIN
    PERFORM invoice_run_check(until, batch, customers, processes);
    INSERT INTO invoice_run (until, customers)
    VALUES (invoice_run_begin.until, invoice_run_begin.customers)
    RETURNING invoice_run_id INTO run;
    WITH RECURSIVE part AS (
        SELECT invoice_run_next(0, batch, invoice_run_begin.customers) AS members
        UNION ALL
        SELECT invoice_run_next(p.members[cardinality(p.members)], batch, invoice_run_begin.customers) FROM part AS p WHERE p.members IS NOT NULL
    )
    INSERT INTO invoice_run_batch (invoice_run_id, customer_first, customer_last, customers)
    SELECT run, p.members[1], p.members[cardinality(p.members)], cardinality(p.members) FROM part AS p WHERE p.members IS NOT NULL;
    UPDATE invoice_run AS r
    SET customers_total = (SELECT coalesce(sum(b.customers), 0) FROM invoice_run_batch AS b WHERE b.invoice_run_id = run)
    WHERE r.invoice_run_id = run;
    PERFORM invoice_run_hold(run, true);
    RETURN run;
END
$$;

COMMENT ON FUNCTION invoice_run_begin(date, int, int[], int) IS 'begins an invoice run, with its queue of batches; gives its key';

-- Batches that are larger than is asked for now are done in parts.
CREATE OR REPLACE FUNCTION invoice_run_resume(run int, batch int, processes int)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    this invoice_run_progress;
BEGIN
    PERFORM invoice_run_check(current_date, batch, NULL, processes);
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
    WITH
    large AS MATERIALIZED (
        SELECT b.*
        FROM invoice_run_batch AS b
        WHERE b.invoice_run_id = this.invoice_run_id AND b.committed_at IS NULL AND b.customers > batch
        FOR UPDATE SKIP LOCKED
    ),
    part AS MATERIALIZED (
        SELECT l.customer_first AS of_batch, min(m.customer_id) AS customer_first, max(m.customer_id) AS customer_last, count(*) AS customers, l.is_checked
        FROM large AS l
        JOIN invoice_run AS r ON r.invoice_run_id = l.invoice_run_id
        CROSS JOIN LATERAL (
            SELECT c.customer_id, (row_number() OVER (ORDER BY c.customer_id) - 1) / batch AS place
            FROM customer AS c
            WHERE c.customer_id BETWEEN l.customer_first AND l.customer_last AND (r.customers IS NULL OR c.customer_id = ANY (r.customers))
        ) AS m
        GROUP BY l.customer_first, m.place, l.is_checked
    ),
    first_part AS (
        UPDATE invoice_run_batch AS b
        SET customer_last = p.customer_last, customers = p.customers
        FROM (SELECT DISTINCT ON (p.of_batch) p.* FROM part AS p ORDER BY p.of_batch, p.customer_first) AS p
        WHERE b.invoice_run_id = this.invoice_run_id AND b.customer_first = p.of_batch
    )
    INSERT INTO invoice_run_batch (invoice_run_id, customer_first, customer_last, customers, is_checked)
    SELECT this.invoice_run_id, p.customer_first, p.customer_last, p.customers, p.is_checked
    FROM (SELECT p.*, row_number() OVER (PARTITION BY p.of_batch ORDER BY p.customer_first) AS place FROM part AS p) AS p
    WHERE p.place > 1;
    UPDATE invoice_run AS r SET phase = 'reconciling' WHERE r.invoice_run_id = this.invoice_run_id;
    RETURN this.invoice_run_id;
END
$$;

COMMENT ON FUNCTION invoice_run_resume(int, int, int) IS 'takes up an invoice run that was broken off, the last one unless another is named; gives its key';

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

-- Finalises the customers of a run's next batch, all at once, in a transaction that does
-- nothing else.  When that fails, the batch becomes two halves, down to each customer
-- alone: one bad customer never stops the rest, his problem is a row.  Gives false when
-- there is no batch that nobody works on; told to wait, when there is none at all.
CREATE OR REPLACE FUNCTION invoice_run_batch(run int, wait boolean DEFAULT false)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    this invoice_run;
    part invoice_run_batch;
    members int[];
    middle int;
    finished int;
    made int := 0;
    failed int := 0;
    state text;
    message text;
    detail text;
    hint text;
BEGIN
    SELECT *
    INTO part
    FROM invoice_run_batch AS b
    WHERE b.invoice_run_id = run AND b.committed_at IS NULL
    ORDER BY b.customer_first
    LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND AND wait THEN
        SELECT *
        INTO part
        FROM invoice_run_batch AS b
        WHERE b.invoice_run_id = run AND b.committed_at IS NULL
        ORDER BY b.customer_first
        LIMIT 1
        FOR NO KEY UPDATE;
    END IF;
    IF NOT FOUND THEN
        -- halves of a batch that was waited for
        RETURN wait AND EXISTS (SELECT FROM invoice_run_batch AS b WHERE b.invoice_run_id = run AND b.committed_at IS NULL);
    END IF;
    SELECT * INTO this FROM invoice_run AS r WHERE r.invoice_run_id = run;
    finished := part.customers;
    -- who is held has a problem already
    members := ARRAY(
        SELECT c.customer_id
        FROM customer AS c
        WHERE c.customer_id BETWEEN part.customer_first AND part.customer_last
          AND (this.customers IS NULL OR c.customer_id = ANY (this.customers))
          AND NOT EXISTS (SELECT FROM invoice_run_problem AS p WHERE p.invoice_run_id = run AND p.customer_id = c.customer_id)
        ORDER BY c.customer_id);
    IF NOT part.is_checked THEN
        WITH problem AS (
            INSERT INTO invoice_run_problem (invoice_run_id, customer_id, sqlstate, message, detail, hint)
            SELECT run, h.customer_id, '55000', 'the customer is held', h.detail,
                'cloudbilling.reconciliation_item shows what is open: decide about it, or INSERT a reason INTO cloudbilling.invoice_gate_override.'
            FROM invoice_held_problem(this.until, members) AS h
            RETURNING customer_id
        )
        SELECT count(*), ARRAY(SELECT c FROM unnest(members) AS c EXCEPT SELECT p.customer_id FROM problem AS p ORDER BY 1)
        INTO failed, members
        FROM problem AS p;
    END IF;

    BEGIN
        IF cardinality(members) > 0 THEN
            made := invoice_finalise(members[1], members[cardinality(members)], this.until, run, members,
                -- who waits is a user's session, which may have done other batches before
                shared => true, alike => NOT wait);
        END IF;
    EXCEPTION WHEN OTHERS THEN
        IF cardinality(members) > 1 THEN
            middle := cardinality(members) / 2;
            finished := part.customers - cardinality(members);
        ELSE
            GET STACKED DIAGNOSTICS
                state = RETURNED_SQLSTATE,
                message = MESSAGE_TEXT,
                detail = PG_EXCEPTION_DETAIL,
                hint = PG_EXCEPTION_HINT;
            INSERT INTO invoice_run_problem (invoice_run_id, customer_id, sqlstate, message, detail, hint)
            VALUES (run, members[1], state, message, nullif(detail, ''), nullif(hint, ''));
            failed := failed + 1;
        END IF;
    END;
    IF middle IS NULL THEN
        UPDATE invoice_run_batch AS b
        SET invoices = made, problems = b.problems + failed, committed_at = clock_timestamp()
        WHERE b.invoice_run_id = run AND b.customer_first = part.customer_first;
    ELSE
        -- Both are for whoever takes them.
        UPDATE invoice_run_batch AS b
        SET customer_last = members[middle], customers = middle, is_checked = true, problems = b.problems + failed
        WHERE b.invoice_run_id = run AND b.customer_first = part.customer_first;
        INSERT INTO invoice_run_batch (invoice_run_id, customer_first, customer_last, customers, is_checked)
        VALUES (run, members[middle + 1], part.customer_last, cardinality(members) - middle, true);
    END IF;
    UPDATE invoice_run AS r
    SET invoices = r.invoices + made,
        problems = r.problems + failed,
        phase = 'invoicing',
        customers_done = r.customers_done + finished,
        committed_at = clock_timestamp()
    WHERE r.invoice_run_id = run;
    RETURN true;
END
$$;

COMMENT ON FUNCTION invoice_run_batch(int, boolean) IS 'finalises the next batch of a run; gives false when there is none that nobody works on';

-- Processes that do batches for the one that asks, as sessions of its user, with its
-- role and settings.  They end when there is no batch left, or when who asked is cancelled
-- or gone.
CREATE OR REPLACE FUNCTION invoice_run_processes_start(run int, processes int) RETURNS int
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;

COMMENT ON FUNCTION invoice_run_processes_start(int, int) IS 'starts processes that do batches of an invoice run; gives how many were to be had';

CREATE OR REPLACE FUNCTION invoice_run_processes_wait() RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;

COMMENT ON FUNCTION invoice_run_processes_wait() IS 'waits a second for the processes that this session started; gives false when all have ended';

-- How many there are: no more than batches that are left, and none for one alone, which
-- is as well done here.
CREATE OR REPLACE FUNCTION invoice_run_processes(run int, processes int)
RETURNS int
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT CASE WHEN n.processes > 1 THEN n.processes ELSE 0 END
    FROM (
        SELECT least(coalesce(invoice_run_processes.processes, current_setting('max_parallel_maintenance_workers')::int), count(*))::int AS processes
        FROM invoice_run_batch AS b
        WHERE b.invoice_run_id = invoice_run_processes.run AND b.committed_at IS NULL
    ) AS n;
END;

COMMENT ON FUNCTION invoice_run_processes(int, int) IS 'how many processes do what is left of an invoice run; 0 is who called it';

-- What who called a run does in one transaction.  Gives false, and ends the run, when
-- all is done, whoever did it.
CREATE OR REPLACE FUNCTION invoice_run_step(run int)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    PERFORM invoice_run_hold(run, false);
    -- What the others leave behind is done here.
    IF NOT invoice_run_processes_wait() AND NOT invoice_run_batch(run, wait => true) THEN
        UPDATE invoice_run AS r SET phase = 'invoicing', finished_at = clock_timestamp() WHERE r.invoice_run_id = run;
        RETURN false;
    END IF;
    PERFORM invoice_run_hold(run, true);
    RETURN true;
END
$$;

COMMENT ON FUNCTION invoice_run_step(int) IS 'does one batch of a run, or waits for others who do; gives false when all are done';

CREATE OR REPLACE PROCEDURE invoice_run_batches(run int, processes int)
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
    PERFORM cloudbilling.invoice_run_hold(run, false);
    PERFORM cloudbilling.invoice_run_processes_start(run, cloudbilling.invoice_run_processes(run, processes));
    PERFORM cloudbilling.invoice_run_hold(run, true);
    WHILE cloudbilling.invoice_run_step(run) LOOP
        COMMIT;
    END LOOP;
    COMMIT;
END
$$;

COMMENT ON PROCEDURE invoice_run_batches(int, int) IS 'does what is left of an invoice run, in batches that are committed one by one';

-- Finalises every period that ended on or before a day, for all customers or those
-- listed.  It can be started again at any time, and by two at once: it bills
-- differences, so the second finds none.
CREATE OR REPLACE PROCEDURE invoice_run(until date DEFAULT current_date, batch int DEFAULT 650, customers int[] DEFAULT NULL, processes int DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
    run int;
BEGIN
    run := cloudbilling.invoice_run_begin(until, batch, customers, processes);
    CALL cloudbilling.invoice_run_batches(run, processes);
END
$$;

COMMENT ON PROCEDURE invoice_run(date, int, int[], int) IS 'finalises every period that ended on or before a day, for all customers or some, in one process or several';

-- Goes on with the batches that were not committed.
CREATE OR REPLACE PROCEDURE invoice_run_continue(run int DEFAULT NULL, batch int DEFAULT 650, processes int DEFAULT NULL)
LANGUAGE plpgsql
AS $$
BEGIN
    run := cloudbilling.invoice_run_resume(run, batch, processes);
    CALL cloudbilling.invoice_run_batches(run, processes);
END
$$;

COMMENT ON PROCEDURE invoice_run_continue(int, int, int) IS 'continues an invoice run that was broken off: the last one, unless another is named';

-- What a run would finalise, line by line.  It makes the documents, looks at them, and
-- takes everything back: no number is used, nothing is written.
CREATE OR REPLACE FUNCTION invoice_dry_run(until date DEFAULT current_date, customers int[] DEFAULT NULL, batch int DEFAULT 650)
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

        -- in halves when that fails, as by invoice_run_batch
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
