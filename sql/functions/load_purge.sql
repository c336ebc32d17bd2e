-- Refuses a moment whose charges are no longer there.
CREATE OR REPLACE FUNCTION load_purged(load_id int, purged_at timestamptz)
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = 'charges that counted at the moment of cloudbilling.as_of have been purged',
        DETAIL = format('Those of load %s were deleted at %s.', load_purged.load_id, to_char(load_purged.purged_at, 'YYYY-MM-DD HH24:MI')),
        HINT = 'Moments at which documents were finalised are kept; load_scope.purged_at tells of which deliveries the charges are gone.';
END
$$;

COMMENT ON FUNCTION load_purged(int, timestamptz) IS 'error of views for a moment whose charges were purged';

-- Deletes charges that have not counted since a moment, with their roll-ups; what a load
-- delivered remains in load and load_scope, sums and all.  What counted when a document
-- was finalised, or a correction written off, stays, whatever its age: documents are
-- explained from it.
CREATE OR REPLACE FUNCTION load_purge(before timestamptz)
RETURNS TABLE (deliveries bigint, charges bigint, billed_cost numeric)
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    gone int[];
    carried int[];
    first_start timestamptz;
    last_end timestamptz;
BEGIN
    IF load_purge.before IS NULL OR load_purge.before > clock_timestamp() THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'load_purge needs a moment that is past',
            HINT = 'For example: SELECT * FROM cloudbilling.load_purge(now() - interval ''13 months'')';
    END IF;

    -- Runs end first, and new ones wait, so that the moments of all documents are known.
    PERFORM load_lock('purge');
    PERFORM seller_lock(ARRAY(SELECT s.seller_id FROM seller AS s));

    -- The rows are changed before anything is deleted: who would make one count again
    -- at the same time waits here, and is then refused.
    WITH purged AS (
        UPDATE load_scope AS s
        SET purged_at = clock_timestamp()
        FROM load AS l
        WHERE l.load_id = s.load_id
          AND s.purged_at IS NULL
          AND s.charges > 0
          AND NOT upper_inf(s.current_during)
          AND coalesce(upper(s.current_during), l.loaded_at) < load_purge.before
          AND NOT EXISTS (
            SELECT
            FROM unnest(s.current_during) AS d (during)
            JOIN invoice AS i ON i.finalised_at >= lower(d.during) AND i.finalised_at < upper(d.during))
          AND NOT EXISTS (
            SELECT
            FROM unnest(s.current_during) AS d (during)
            JOIN invoice_write_off AS w ON w.written_off_at >= lower(d.during) AND w.written_off_at < upper(d.during))
        RETURNING s.load_scope_id, s.load_id, s.carried_from, s.charges, s.billed_cost, s.charge_period_start, s.charge_period_end
    )
    SELECT array_agg(p.load_scope_id), array_agg(p.load_id) FILTER (WHERE p.carried_from IS NOT NULL), min(p.charge_period_start), max(p.charge_period_end), count(*), coalesce(sum(p.charges), 0),
        coalesce(sum(p.billed_cost), 0)
    INTO gone, carried, first_start, last_end, deliveries, charges, billed_cost
    FROM purged AS p;

    DELETE FROM charge AS c
    WHERE c.load_scope_id = ANY (gone) AND c.charge_period_start BETWEEN first_start AND last_end;
    DELETE FROM charge_daily AS d WHERE d.load_scope_id = ANY (gone);
    DELETE FROM charge_monthly AS m WHERE m.load_scope_id = ANY (gone);
    -- A day that was carried is carried anew, should it come to that.
    UPDATE load AS l SET undone_at = clock_timestamp() 
    WHERE l.load_id = ANY (carried) AND l.undone_at IS NULL
      AND NOT EXISTS (SELECT FROM load_scope AS s WHERE s.load_id = l.load_id AND s.purged_at IS NULL);
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION load_purge(timestamptz) IS 'deletes charges that have not counted since a moment, but for those that documents were made from; gives what was deleted';
