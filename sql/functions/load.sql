-- The steps of a load, called by the trigger that ends the COPY (src/landing_store.c).

-- A lock that lasts until the end of the transaction, by name.  Who had to wait
-- must see what the other did, which a snapshot of the whole transaction hides.
CREATE OR REPLACE FUNCTION load_lock(name text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('a load cannot be stored, undone or purged at isolation level %s', current_setting('transaction_isolation')),
            HINT = 'Use BEGIN ISOLATION LEVEL READ COMMITTED.';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('cloudbilling ' || load_lock.name, 0));
END
$$;

COMMENT ON FUNCTION load_lock(text) IS 'takes a lock by name until the end of the transaction';

-- Makes the row of a load.  The same content twice is refused, unless forced or of
-- another side: a file may say both what was used and what is invoiced.
CREATE OR REPLACE FUNCTION load_begin(
    source_id             int,
    file_name             text,
    content_hash          uuid,
    header                text,
    ignored_columns       text[],
    records_read          bigint,
    records_rejected      bigint,
    billed_cost_read      numeric,
    billed_cost_rejected  numeric,
    force                 boolean
)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    the_side text;
    earlier load;
    result int;
BEGIN
    SELECT coalesce(nullif(current_setting('cloudbilling.load_side', true), ''), s.side)
    INTO the_side
    FROM source AS s
    WHERE s.source_id = load_begin.source_id;

    PERFORM load_lock('content ' || load_begin.content_hash);
    SELECT *
    INTO earlier
    FROM load AS l
    WHERE l.content_hash = load_begin.content_hash AND l.side = the_side AND l.undone_at IS NULL
    ORDER BY l.load_id DESC
    LIMIT 1;
    IF FOUND AND NOT force THEN
        RAISE EXCEPTION USING
            ERRCODE = 'unique_violation',
            MESSAGE = 'this file has been loaded before',
            DETAIL = format('Load %s of %s has the same content%s.', earlier.load_id,
                to_char(earlier.loaded_at, 'YYYY-MM-DD HH24:MI'),
                coalesce(' and came from "' || earlier.file_name || '"', '')),
            HINT = format('Take that load back with load_undo(%s), or SET cloudbilling.load_force = on to load the file again.',
                earlier.load_id);
    END IF;

    INSERT INTO load (source_id, side, file_name, content_hash, header, ignored_columns, forced, records_read,
        records_rejected, billed_cost_read, billed_cost_rejected)
    VALUES (source_id, the_side, file_name, content_hash, header, ignored_columns, earlier.load_id IS NOT NULL, records_read,
        records_rejected, billed_cost_read, billed_cost_rejected)
    RETURNING load_id INTO result;
    RETURN result;
END
$$;

COMMENT ON FUNCTION load_begin(int, text, uuid, text, text[], bigint, bigint, numeric, numeric, boolean) IS 'first step of a load: its row';

-- Notes the records whose unique id had come before.
CREATE OR REPLACE FUNCTION load_count_duplicates(load_id int, records bigint, billed_cost numeric)
RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    UPDATE load AS l
    SET records_duplicate = load_count_duplicates.records,
        billed_cost_duplicate = coalesce(load_count_duplicates.billed_cost, 0)
    WHERE l.load_id = load_count_duplicates.load_id;
END;

COMMENT ON FUNCTION load_count_duplicates(int, bigint, numeric) IS 'third step of a load with unique ids: counts the records that had come before';

-- For formats that carry: gives days between two deliveries that have none the
-- charges of the day before, as loads of their own, and takes back those that a day
-- has no longer use for.  Gives the number of days that got some.
--
-- Not over gaps of more than a month: who did not count for so long may have lost
-- more than a file.
CREATE OR REPLACE FUNCTION load_carry(load_id int)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
SET enable_nestloop = on
AS $$
DECLARE
    day record;
    other int;
    result bigint := 0;
BEGIN
    IF NOT EXISTS (SELECT FROM load AS l JOIN source AS f USING (source_id) WHERE l.load_id = load_carry.load_id AND f.carries) THEN
        RETURN 0;
    END IF;
    PERFORM load_lock(d.account)
    FROM (
        SELECT DISTINCT format('carry %s %s %s %s', s.source_id, s.side, s.provider_name, s.billing_account_id) AS account
        FROM load_scope AS s
        WHERE s.load_id = load_carry.load_id
        ORDER BY 1
    ) AS d;

    FOR day IN
        WITH
        place AS (
            SELECT DISTINCT s.source_id, s.side, s.provider_name, s.billing_account_id
            FROM load_scope AS s
            WHERE s.load_id = load_carry.load_id
        ),
        counted AS (
            SELECT s.source_id, s.side, s.provider_name, s.billing_account_id, s.billing_period_start AS on_day,
                array_agg(s.load_scope_id ORDER BY s.load_scope_id) AS parts
            FROM place
            JOIN load_scope AS s USING (source_id, side, provider_name, billing_account_id)
            WHERE s.carried_from IS NULL
              AND upper_inf(s.current_during)
              AND s.billing_period_end = s.billing_period_start + 1
            GROUP BY 1, 2, 3, 4, 5
        ),
        wanted AS (
            SELECT n.source_id, n.side, n.provider_name, n.billing_account_id, g.on_day::date AS on_day, n.parts
            FROM (
                SELECT c.*, lead(c.on_day) OVER (PARTITION BY c.source_id, c.side, c.provider_name, c.billing_account_id ORDER BY c.on_day) AS next_day
                FROM counted AS c
            ) AS n
            CROSS JOIN LATERAL generate_series(n.on_day + interval '1 day', n.next_day - interval '1 day', interval '1 day') AS g (on_day)
            WHERE n.next_day - n.on_day <= 32
        ),
        there AS (
            SELECT s.source_id, s.side, s.provider_name, s.billing_account_id, s.billing_period_start AS on_day,
                array_agg(s.carried_from ORDER BY s.carried_from) AS parts, array_agg(DISTINCT s.load_id) AS loads
            FROM place
            JOIN load_scope AS s USING (source_id, side, provider_name, billing_account_id)
            JOIN load AS l ON l.load_id = s.load_id
            WHERE s.carried_from IS NOT NULL AND l.undone_at IS NULL
            GROUP BY 1, 2, 3, 4, 5
        )
        SELECT source_id, side, provider_name, billing_account_id, on_day, w.parts, coalesce(t.loads, '{}') AS loads
        FROM wanted AS w
        FULL JOIN there AS t USING (source_id, side, provider_name, billing_account_id, on_day)
        WHERE w.parts IS DISTINCT FROM t.parts
        ORDER BY 1, 2, 3, 4, 5
    LOOP
        FOREACH other IN ARRAY day.loads LOOP
            UPDATE load AS l SET undone_at = clock_timestamp() WHERE l.load_id = other;
            PERFORM load_supersede(other, 'replace');
        END LOOP;
        IF day.parts IS NOT NULL THEN
            PERFORM load_carry_day(day.on_day, day.parts);
            result := result + 1;
        END IF;
    END LOOP;
    RETURN result;
END
$$;

COMMENT ON FUNCTION load_carry(int) IS 'gives days without a delivery, between days that have one, the charges of the day before';

-- Repeats parts of an earlier delivery on a later day, as a load.
CREATE OR REPLACE FUNCTION load_carry_day(on_day date, parts int[])
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
SET timezone = 'UTC'
AS $$
DECLARE
    new_load int;
    first_start timestamptz;
    last_end timestamptz;
BEGIN
    INSERT INTO load AS l (source_id, side, file_name, content_hash, header, ignored_columns, records_read, records_loaded,
        billed_cost_read, billed_cost_loaded)
    SELECT min(s.source_id), min(s.side), format('carried from %s', min(s.billing_period_start)),
        md5(format('carried %s %s %s', parts, on_day, clock_timestamp()))::uuid, '', '{}', sum(s.charges), sum(s.charges),
        sum(s.billed_cost), sum(s.billed_cost)
    FROM load_scope AS s
    WHERE s.load_scope_id = ANY (parts)
    RETURNING l.load_id INTO new_load;

    INSERT INTO load_scope (load_id, source_id, side, provider_name, billing_account_id, billing_period_start, billing_period_end,
        part, supplier_invoice_id, current_during, charges, charge_period_start, charge_period_end, billed_cost, carried_from)
    SELECT new_load, s.source_id, s.side, s.provider_name, s.billing_account_id, on_day, on_day + 1, s.part, s.supplier_invoice_id, '{}', s.charges,
        s.charge_period_start + (on_day - s.billing_period_start) * interval '24 hours',
        s.charge_period_end + (on_day - s.billing_period_start) * interval '24 hours',
        s.billed_cost, s.load_scope_id
    FROM load_scope AS s
    WHERE s.load_scope_id = ANY (parts);

    SELECT min(s.charge_period_start), max(s.charge_period_end)
    INTO first_start, last_end
    FROM load_scope AS s
    WHERE s.load_id = new_load;
    PERFORM charge_partition_ensure(ARRAY(
        SELECT (extract(year FROM m) * 12 + extract(month FROM m) - 1)::int
        FROM generate_series(date_trunc('month', first_start), last_end, interval '1 month') AS m));

    INSERT INTO charge
    SELECT (jsonb_populate_record(c, jsonb_build_object(
        'load_scope_id', s.load_scope_id,
        'charge_period_start', c.charge_period_start + (on_day - o.billing_period_start) * interval '24 hours',
        'charge_period_end', c.charge_period_end + (on_day - o.billing_period_start) * interval '24 hours',
        'extra', coalesce(c.extra, '{}') || jsonb_build_object('carried_from', o.billing_period_start)))).*
    FROM load_scope AS s
    JOIN load_scope AS o ON o.load_scope_id = s.carried_from
    JOIN charge AS c ON c.load_scope_id = o.load_scope_id
        AND c.charge_period_start BETWEEN o.charge_period_start AND o.charge_period_end
    WHERE s.load_id = new_load;

    PERFORM rollup_make(ARRAY(SELECT s.load_scope_id FROM load_scope AS s WHERE s.load_id = new_load), first_start, last_end, NULL);
    PERFORM load_supersede(new_load, 'replace');
END
$$;

COMMENT ON FUNCTION load_carry_day(date, int[]) IS 'repeats parts of an earlier delivery on a later day, as a load';

-- Last step: roll-ups unless they have been made, sums, and the deliveries that this one supersedes.
-- Gives a line of text that tells what became of the load.
CREATE OR REPLACE FUNCTION load_finish(load_id int, charges bigint, first_start timestamptz, last_end timestamptz, summed boolean)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    the_load load;
    way text;
    billed numeric;
    superseded bigint;
    carried bigint;
BEGIN
    IF NOT summed THEN
        PERFORM rollup_make(ARRAY(SELECT s.load_scope_id FROM load_scope AS s WHERE s.load_id = load_finish.load_id),
            first_start, last_end, NULL);
    END IF;

    -- Counted in any one zone, since each holds all charges.
    UPDATE load_scope AS s
    SET charges = m.charges,
        billed_cost = m.billed_cost,
        charge_period_start = first_start,
        charge_period_end = last_end
    FROM (
        SELECT r.load_scope_id, sum(r.charges) AS charges, exact_sum(r.billed_cost) AS billed_cost
        FROM charge_monthly AS r
        JOIN load_scope AS t USING (load_scope_id)
        WHERE t.load_id = load_finish.load_id
          AND r.time_zone_id = (SELECT min(z.time_zone_id) FROM time_zone AS z)
        GROUP BY 1
    ) AS m
    WHERE s.load_scope_id = m.load_scope_id;

    SELECT coalesce(sum(s.billed_cost), 0) INTO billed FROM load_scope AS s WHERE s.load_id = load_finish.load_id;
    UPDATE load AS l
    SET records_loaded = l.records_read - l.records_rejected - l.records_duplicate,
        billed_cost_loaded = billed,
        billed_cost_read = coalesce(l.billed_cost_read, billed + l.billed_cost_duplicate)
    WHERE l.load_id = load_finish.load_id
    RETURNING * INTO the_load;

    -- A record may be the header of a supplier's invoice, and no charge.
    IF charges < the_load.records_loaded AND NOT EXISTS (
            SELECT FROM source AS s WHERE s.source_id = the_load.source_id AND s.invoice_query IS NOT NULL)
        OR the_load.billed_cost_read <> the_load.billed_cost_loaded + the_load.billed_cost_rejected + the_load.billed_cost_duplicate
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'data_corrupted',
            MESSAGE = 'the load does not add up',
            DETAIL = format('Of %s records with billed cost %s, %s became charges with %s; %s with %s were rejected.',
                the_load.records_read, the_load.billed_cost_read, charges, the_load.billed_cost_loaded,
                the_load.records_rejected, the_load.billed_cost_rejected),
            HINT = 'The queries of the format drop or change records.';
    END IF;

    SELECT s.way INTO way FROM source AS s WHERE s.source_id = the_load.source_id;
    superseded := load_supersede(load_finish.load_id, way);
    carried := load_carry(load_finish.load_id);
    DELETE FROM load_item AS i WHERE i.load_id = load_finish.load_id;
    DELETE FROM load_key AS k WHERE k.load_id = load_finish.load_id;
    NOTIFY cloudbilling_load;

    RETURN format('load %s: %s records read, %s loaded, %s rejected, %s duplicate%s%s%s', the_load.load_id,
        the_load.records_read, the_load.records_loaded, the_load.records_rejected, the_load.records_duplicate,
        CASE the_load.side WHEN 'purchase' THEN '; of the purchase side' ELSE '' END,
        CASE WHEN superseded > 0 THEN format('; %s earlier charges superseded', superseded) ELSE '' END,
        CASE WHEN carried > 0 THEN format('; %s days without a count have that of the day before', carried) ELSE '' END);
END
$$;

COMMENT ON FUNCTION load_finish(int, bigint, timestamptz, timestamptz, boolean) IS 'last step of a load: roll-ups, sums, and what it supersedes';

-- Makes current what is: of formats that replace, the newest load not undone of
-- each side, account, billing period and part of it; of formats that append, every load not
-- undone.  Gives the number of charges that ceased to be.
CREATE OR REPLACE FUNCTION load_supersede(load_id int, way text)
RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH
    place AS (
        SELECT DISTINCT s.source_id, s.side, s.provider_name, s.billing_account_id, s.billing_period_start, s.part
        FROM load_scope AS s
        WHERE s.load_id = load_supersede.load_id
    ),
    verdict AS (
        SELECT
            s.load_scope_id,
            l.undone_at IS NULL
                AND (load_supersede.way = 'append'
                    OR s.load_id = max(s.load_id) FILTER (WHERE l.undone_at IS NULL) OVER (
                        PARTITION BY s.source_id, s.side, s.provider_name, s.billing_account_id, s.billing_period_start, s.part))
                AS counts
        FROM place AS p
        JOIN load_scope AS s
            ON s.source_id = p.source_id
            AND s.side = p.side
            AND s.provider_name = p.provider_name
            AND s.billing_account_id = p.billing_account_id
            AND coalesce(s.billing_period_start, '-infinity') = coalesce(p.billing_period_start, '-infinity')
            AND coalesce(s.part, '') = coalesce(p.part, '')
        JOIN load AS l ON l.load_id = s.load_id
        WHERE load_supersede.way = 'replace' OR s.load_id = load_supersede.load_id
    ),
    moment AS MATERIALIZED (
        SELECT clock_timestamp() AS now
    ),
    changed AS (
        UPDATE load_scope AS s
        SET current_during = CASE
            WHEN v.counts THEN s.current_during + tstzmultirange(tstzrange(m.now, NULL))
            ELSE s.current_during - tstzmultirange(tstzrange(m.now, NULL))
        END
        FROM verdict AS v, moment AS m
        WHERE s.load_scope_id = v.load_scope_id
          AND v.counts <> upper_inf(s.current_during)
        RETURNING s.charges, v.counts
    )
    SELECT coalesce(sum(c.charges) FILTER (WHERE NOT c.counts), 0)::bigint FROM changed AS c;
END;

COMMENT ON FUNCTION load_supersede(int, text) IS 'makes the newest delivery of each place a load touches the current one';

-- Takes a load back: its charges cease to count, and what it superseded counts
-- again.  What invoices already billed comes back as a correction in the next run.
CREATE OR REPLACE FUNCTION load_undo(load_id int)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    the_load load;
    way text;
    violated text;
BEGIN
    SELECT * INTO the_load FROM load AS l WHERE l.load_id = load_undo.load_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('load %s does not exist', coalesce(load_undo.load_id::text, 'NULL')),
            HINT = 'The table cloudbilling.load lists all loads.';
    ELSIF the_load.undone_at IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('load %s has been undone before', load_undo.load_id),
            DETAIL = format('That was at %s.', to_char(the_load.undone_at, 'YYYY-MM-DD HH24:MI')),
            HINT = 'Load the file again if its charges are to count after all.';
    ELSIF EXISTS (SELECT FROM load_scope AS s WHERE s.load_id = load_undo.load_id AND s.carried_from IS NOT NULL) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('load %s is not of a file', load_undo.load_id),
            DETAIL = 'It repeats the day before for a day without a count.',
            HINT = 'Load the count of that day; it will count instead.';
    END IF;

    SELECT s.way INTO way FROM source AS s WHERE s.source_id = the_load.source_id;
    PERFORM load_lock(d.scope)
    FROM (
        SELECT DISTINCT
            format('scope %s %s %s %s %s %s', s.source_id, s.side, s.provider_name, s.billing_account_id, s.billing_period_start,
                s.part) AS scope
        FROM load_scope AS s
        WHERE s.load_id = load_undo.load_id AND way = 'replace'
        ORDER BY 1
    ) AS d;

    PERFORM supplier_invoice_withdraw(load_undo.load_id);
    UPDATE load AS l SET undone_at = clock_timestamp() WHERE l.load_id = load_undo.load_id;
    DELETE FROM load_event AS e WHERE e.load_id = load_undo.load_id;
    BEGIN
        PERFORM load_supersede(load_undo.load_id, way);
        PERFORM load_carry(load_undo.load_id);
    EXCEPTION WHEN check_violation THEN
        GET STACKED DIAGNOSTICS violated = CONSTRAINT_NAME;
        IF violated <> 'load_scope_purged' THEN
            RAISE;
        END IF;
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('load %s cannot be undone: what it superseded has been purged', load_undo.load_id),
            DETAIL = 'An earlier delivery would count again, and its charges are no longer there.',
            HINT = 'Load the earlier file again instead, with SET cloudbilling.load_force = on.';
    END;
END
$$;

COMMENT ON FUNCTION load_undo(int) IS 'takes a load back: its charges cease to count, and what it superseded counts again';
