-- What a document says, as text: the same for the same rows, whatever the session's
-- settings.  Its lines, VAT and the rest are in it by their hash.
--
-- Rows are text as the server writes them, quoted where they must be, so no two look
-- alike; without columns at the end that are NULL: what a later release adds there changes
-- no hash.
CREATE OR REPLACE FUNCTION invoice_content(invoice invoice, body bytea) RETURNS text
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE
SET datestyle = 'ISO, YMD'
SET timezone = 'UTC';

COMMENT ON FUNCTION invoice_content(invoice, bytea) IS 'what a document says, as the text that is hashed';

-- Hashes of all that documents have below them: of their rows as text, each after the
-- number of its kind, in the order of kind, line and text.
CREATE OR REPLACE FUNCTION invoice_bodies(lines invoice_line[], vat invoice_vat[], allocation invoice_line_allocation[],
    rates invoice_currency_rate[])
RETURNS TABLE (invoice_id int, body bytea)
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE ROWS 100
SET datestyle = 'ISO, YMD';

COMMENT ON FUNCTION invoice_bodies(invoice_line[], invoice_vat[], invoice_line_allocation[], invoice_currency_rate[]) IS 'hashes of the lines, VAT, specifications and rates of documents';

-- Documents whose hash no longer fits what they say or what came before them.
CREATE OR REPLACE FUNCTION invoice_verify()
RETURNS TABLE (invoice_id int, invoice_number text, problem text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT i.invoice_id, i.invoice_number, p.problem
    FROM (
        SELECT i.*,
            lag(i.hash) OVER series AS hash_before,
            lag(i.series_number) OVER series AS number_before,
            sha256(convert_to(invoice_content(i, (
                SELECT b.body
                FROM invoice_bodies(
                    ARRAY(SELECT l FROM invoice_line AS l WHERE l.invoice_id = i.invoice_id),
                    ARRAY(SELECT v FROM invoice_vat AS v WHERE v.invoice_id = i.invoice_id),
                    ARRAY(SELECT a FROM invoice_line_allocation AS a WHERE a.invoice_id = i.invoice_id),
                    ARRAY(SELECT r FROM invoice_currency_rate AS r WHERE r.invoice_id = i.invoice_id)) AS b)), 'UTF8')) AS hash_now
        FROM invoice AS i
        WINDOW series AS (PARTITION BY i.seller_id, i.series, i.series_year ORDER BY i.series_number)
    ) AS i
    LEFT JOIN invoice_series AS s ON s.seller_id = i.seller_id AND s.series = i.series AND s.year = i.series_year
    CROSS JOIN LATERAL (VALUES
        (i.hash IS DISTINCT FROM i.hash_now, 'its rows were changed after it was finalised'),
        (i.previous_hash IS DISTINCT FROM coalesce(i.hash_before, '\x'), 'the document before it was changed or is missing'),
        (i.series_number IS DISTINCT FROM coalesce(i.number_before + 1, s.first_number), 'the number before it is missing'),
        (i.series_number > coalesce(s.last_number, 0), 'its number was not given by the series')
    ) AS p (wrong, problem)
    WHERE p.wrong
    UNION ALL
    SELECT NULL, concat_ws('-', nullif(s.series, ''), s.year, s.last_number), 'the last document of the series is missing'
    FROM invoice_series AS s
    WHERE s.last_hash IS DISTINCT FROM coalesce((
        SELECT i.hash
        FROM invoice AS i
        WHERE i.seller_id = s.seller_id AND i.series = s.series AND i.series_year = s.year AND i.series_number = s.last_number), '\x')
    UNION ALL
    SELECT NULL, NULL, v.problem
    FROM invoice_seal_verify() AS v;
END;

COMMENT ON FUNCTION invoice_verify() IS 'documents that were tampered with; none is good';

-- What another run billed a moment ago must be seen.
CREATE OR REPLACE FUNCTION invoice_isolation_check()
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'active_sql_transaction',
            MESSAGE = 'invoices are finalised, credited and paid at isolation level READ COMMITTED only',
            HINT = 'Another transaction may have billed, or paid, what this one cannot see.';
    END IF;
END
$$;

COMMENT ON FUNCTION invoice_isolation_check() IS 'refuses isolation levels at which invoices cannot be finalised';

-- What is due and may be invoiced by a day, for the customers asked for, as an array: it
-- begins today where it begins last, and first.
CREATE OR REPLACE FUNCTION invoice_due_by(until date, customers int[], entries text[], first_today date, last_today date)
RETURNS invoice_due[]
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
-- all rows are wanted, not the first ones soon
SET cursor_tuple_fraction = 1
AS $$
DECLARE
    due    invoice_due[];
    -- all periods before this month have ended everywhere
    month  date := date_trunc('month', least(until, first_today)::timestamp)::date;
    oldest date := until - make_interval(months => current_setting('cloudbilling.correction_months')::int);
    -- What is mostly so is asked first, and costs little.  Who it is, and by what rule, is
    -- looked at only where that makes a difference.
    found  CURSOR FOR
        SELECT d.*
        FROM invoice_due AS d
        WHERE CASE
                WHEN d.invoice_on IS NULL AND d.period_start < month THEN true
                WHEN coalesce(d.invoice_on, d.period_end) > least(until, last_today) THEN false
                WHEN coalesce(d.invoice_on, d.period_end) <= least(until, first_today) THEN true
                ELSE coalesce(d.invoice_on, d.period_end) <= (
                    SELECT (clock_timestamp() AT TIME ZONE z.time_zone)::date FROM customer_zone AS z WHERE z.customer_id = d.customer_id)
            END
          AND CASE
                WHEN d.due <> d.due_before THEN true
                WHEN d.revision = 0 AND d.due_before = 0 THEN (SELECT r.show_zero FROM price_rule AS r WHERE r.price_rule_id = d.price_rule_id)
            END
          AND (entries IS NULL OR d.resource_id = ANY (entries) AND d.account_id IN (SELECT a.account_id FROM agreement AS a WHERE a.by_hand))
          -- what resellers sell goes with what they buy
          AND (customers IS NULL OR CASE WHEN d.reseller_id IS NULL THEN d.customer_id ELSE customer_top_buyer(d.customer_id) END
            IN (SELECT unnest(customers)))
          -- long ago billed periods rest, with all their lines
          AND (entries IS NOT NULL
            OR d.period_start >= oldest
            OR NOT EXISTS (SELECT FROM invoice_line AS l WHERE l.customer_id = d.customer_id AND l.period_start = d.period_start));
BEGIN
    OPEN found;
    due := cursor_rows(found, NULL::invoice_due);
    CLOSE found;
    RETURN due;
END
$$;

COMMENT ON FUNCTION invoice_due_by(date, int[], text[], date, date) IS 'what is due and may be invoiced by a day';

-- Of what is due, proposes what waits for approval, or takes what has it, leaves out or
-- puts by itself what policies of corrections say, and makes documents of the rest.
CREATE OR REPLACE FUNCTION invoice_decide(due invoice_due[], by_value invoice_line_value[], rates charge_converted[], first int, last int,
    until date, run int, customers int[], approval int, entries text[], as_if date)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    apart   invoice_due[];
    sold_on invoice_due[];
BEGIN
    -- What needs approval, and what has it.
    IF approval IS NOT NULL THEN
        due := (
            SELECT array_agg(d)
            FROM unnest(due) AS d
            JOIN invoice_approval AS p ON p.customer_id = invoice_holder(d.customer_id) AND p.currency = d.currency::bpchar
            WHERE p.invoice_approval_id = approval);
    ELSIF EXISTS (SELECT FROM approval_policy) OR EXISTS (SELECT FROM invoice_approval AS p WHERE p.decision IS NULL) THEN
        due := invoice_propose(due, ARRAY(
            SELECT c.customer_id
            FROM customer AS c
            WHERE c.customer_id BETWEEN first AND last AND (customers IS NULL OR c.customer_id = ANY (customers))), until, run);
    END IF;

    -- Policies of customers: few have one.  They are about what the seller invoices.
    IF entries IS NULL AND EXISTS (SELECT FROM correction_policy AS p WHERE p.customer_id BETWEEN first AND last) THEN
        sold_on := ARRAY(SELECT d FROM unnest(due) AS d WHERE d.reseller_id IS NOT NULL);
        IF cardinality(sold_on) > 0 THEN
            due := ARRAY(SELECT d FROM unnest(due) AS d WHERE d.reseller_id IS NULL);
        END IF;
        SELECT a.due, a.apart INTO due, apart FROM correction_policy_apply(due, until, run) AS a;
        IF cardinality(sold_on) > 0 THEN
            due := coalesce(due, '{}') || sold_on;
        END IF;
    END IF;
    RETURN invoice_make(due, by_value, rates, run, as_if) + invoice_make(apart, by_value, rates, run, as_if);
END
$$;

COMMENT ON FUNCTION invoice_decide(invoice_due[], invoice_line_value[], charge_converted[], int, int, date, int, int[], int, text[], date) IS 'makes documents of what is due, but for what waits for approval or a policy holds back; gives their number';

-- Finalises what is due for the customers first to last, or for those of them that are
-- listed, or of it only lines that were entered by hand, by their resources; what waits
-- for approval is proposed, or is what is finalised.  Gives the number of documents.
-- As if it were another day it does so for previews, which are rolled back.  Others may
-- finalise other customers of the same sellers at the same time if the transaction does
-- nothing else (shared).  A process that only does batches as large as the one before
-- plans a few of them, not all (alike).
CREATE OR REPLACE FUNCTION invoice_finalise(first int, last int, until date, run int DEFAULT NULL, customers int[] DEFAULT NULL,
    approval int DEFAULT NULL, entries text[] DEFAULT NULL, as_if date DEFAULT NULL, shared boolean DEFAULT false, alike boolean DEFAULT false)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 0
SET cloudbilling.as_of = ''
SET cloudbilling.price_rules = ''
SET cloudbilling.period_first = ''
SET cloudbilling.period_last = ''
SET cloudbilling.invoice_until = ''
SET cloudbilling.grain = 'month'
-- Documents of this run are there for the next batch, and were not when it began.
SET plan_cache_mode = force_custom_plan
-- Of some customers, charges are looked up: they are in memory, or on disks that do not turn.
-- To read all of a delivery for them would take longer with each batch.
SET seq_page_cost = 0.2
SET random_page_cost = 0.22
AS $$
DECLARE
    first_today date;
    last_today  date;
    made        int;
BEGIN
    IF num_nulls(first, last, until) > 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'invoice_finalise needs the first and the last customer and a day',
            HINT = 'For example: SELECT cloudbilling.invoice_finalise(1, 100, ''2026-11-01'')';
    END IF;
    PERFORM invoice_isolation_check();

    -- Sellers come first, in order, so that nobody waits in a circle.
    PERFORM seller_lock(ARRAY(SELECT i.seller_id FROM invoice_seller(first, last) AS i), shared);
    -- Documents with sections are made with all who are on them.
    IF entries IS NULL THEN
        customers := invoice_together(first, last, customers, until);
        first := least(first, (SELECT min(c) FROM unnest(customers) AS c));
        last := greatest(last, (SELECT max(c) FROM unnest(customers) AS c));
    END IF;
    -- A run at the same time waits here, and then finds nothing left to bill.  So does
    -- who finalises others whose documents the same money may pay.
    PERFORM FROM customer AS c
    WHERE c.customer_id BETWEEN first AND last AND (customers IS NULL OR c.customer_id = ANY (customers))
       OR c.customer_id = ANY (ARRAY(
        SELECT invoice_debtor(p.customer_id)
        FROM invoice_policy AS p
        WHERE p.bill_to_parent AND p.customer_id BETWEEN first AND last AND (customers IS NULL OR p.customer_id = ANY (customers))))
    ORDER BY c.customer_id
    FOR NO KEY UPDATE;
    PERFORM set_config('cloudbilling.customer_first', first::text, true);
    PERFORM set_config('cloudbilling.customer_last', last::text, true);

    -- fees of months to come
    IF as_if IS NOT NULL THEN
        PERFORM set_config('cloudbilling.period_last', date_trunc('month', as_if::timestamp)::date::text, true);
    END IF;
    -- What may be invoiced only later is left out of lines that may be now.
    PERFORM set_config('cloudbilling.invoice_until', least(until, coalesce(as_if, min((clock_timestamp() AT TIME ZONE z.time_zone)::date)))::text, true)
    FROM customer_zone AS z
    WHERE z.customer_id BETWEEN first AND last;
    -- Today, where it begins last and first.
    SELECT coalesce(as_if, min(t.today)), coalesce(as_if, max(t.today))
    INTO first_today, last_today
    FROM time_zone AS z
    CROSS JOIN LATERAL (SELECT (clock_timestamp() AT TIME ZONE z.name)::date AS today) AS t;

    -- Once there are lines of other batches for the planner to see, its plan is as good
    -- for all that come.
    IF alike AND pg_relation_size('invoice_line') > 512 * 1024 THEN
        PERFORM set_config('plan_cache_mode', 'force_generic_plan', true);
    END IF;
    -- One statement, so that all are of the same deliveries, rules and rates.
    SELECT invoice_decide(g.due, ARRAY(SELECT s FROM invoice_specification(g.due) AS s), ARRAY(SELECT r FROM invoice_rates(until) AS r),
        first, last, until, run, customers, approval, entries, as_if)
    INTO made
    FROM (SELECT invoice_due_by(until, customers, entries, first_today, last_today) AS due OFFSET 0) AS g;
    RETURN made;
END
$$;

COMMENT ON FUNCTION invoice_finalise(int, int, date, int, int[], int, text[], date, boolean, boolean) IS 'finalises what is due for a range of customers, or for those of it that are listed, or of it some lines that were entered by hand, but for what waits for approval; gives the number of documents';
