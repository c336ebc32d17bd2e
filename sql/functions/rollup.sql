-- The time zones in use, which stay as they are until the end of the transaction:
-- a zone that is added meanwhile waits, and then finds the charges of the load
-- that called this.
CREATE OR REPLACE FUNCTION time_zone_hold()
RETURNS SETOF time_zone
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    LOCK TABLE time_zone IN ROW SHARE MODE;
    -- Before there is a seller, days are those of UTC.
    INSERT INTO time_zone (name)
    SELECT 'UTC' WHERE NOT EXISTS (SELECT FROM time_zone)
    ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT z.* FROM time_zone AS z ORDER BY z.time_zone_id;
END
$$;

COMMENT ON FUNCTION time_zone_hold() IS 'gives the time zones in use and lets none be added until the end of the transaction';

-- The same for a load.
CREATE OR REPLACE FUNCTION load_time_zones()
RETURNS SETOF time_zone
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM time_zone) THEN
        PERFORM load_apart('SELECT cloudbilling.time_zone_hold()');
    END IF;
    RETURN QUERY SELECT * FROM time_zone_hold();
END
$$;

COMMENT ON FUNCTION load_time_zones() IS 'gives the time zones in use, for the roll-ups of a load';

-- Makes the roll-ups of deliveries from their charges, in all time zones or in
-- one.  A load makes its own while it writes (src/rollup.c), with the same result;
-- this is for a zone that comes into use later.  Charges come in
-- no order, so sorting them first, which a planner without statistics of a
-- partition filled just now would choose, costs more than it saves.
CREATE OR REPLACE FUNCTION rollup_make(load_scope_ids int[], first_start timestamptz, last_end timestamptz, time_zone_id smallint)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
SET enable_sort = off
SET work_mem = '4MB'
AS $$
DECLARE
    zone time_zone;
BEGIN
    -- Building a roll-up is maintenance, as building an index is.
    PERFORM set_config('work_mem', current_setting('maintenance_work_mem'), true);
    FOR zone IN
        SELECT * FROM time_zone_hold() AS z WHERE z.time_zone_id = coalesce(rollup_make.time_zone_id, z.time_zone_id)
    LOOP
        INSERT INTO charge_daily (load_scope_id, account_id, item_id, charge_on, time_zone_id, charges, quantity,
            billed_cost, effective_cost, list_cost, contracted_cost)
        SELECT c.load_scope_id, min(c.account_id), c.item_id, (c.charge_period_start AT TIME ZONE zone.name)::date AS charge_on,
            zone.time_zone_id, count(*), exact_sum(coalesce(c.pricing_quantity, c.consumed_quantity)),
            exact_sum(c.billed_cost), exact_sum(coalesce(c.effective_cost, c.billed_cost)), exact_sum(c.list_cost),
            exact_sum(c.contracted_cost)
        FROM charge AS c
        WHERE c.load_scope_id = ANY (load_scope_ids)
          AND c.charge_period_start >= first_start
          AND c.charge_period_start <= last_end
        GROUP BY c.load_scope_id, c.item_id, 4;

        INSERT INTO charge_monthly (load_scope_id, account_id, item_id, charge_on, time_zone_id, charges, quantity,
            billed_cost, effective_cost, list_cost, contracted_cost)
        SELECT d.load_scope_id, min(d.account_id), d.item_id, date_trunc('month', d.charge_on)::date AS charge_on,
            zone.time_zone_id, sum(d.charges), exact_sum(d.quantity), exact_sum(d.billed_cost),
            exact_sum(d.effective_cost), exact_sum(d.list_cost), exact_sum(d.contracted_cost)
        FROM charge_daily AS d
        WHERE d.load_scope_id = ANY (load_scope_ids)
          AND d.time_zone_id = zone.time_zone_id
        GROUP BY d.load_scope_id, d.item_id, 4;
    END LOOP;
END
$$;

COMMENT ON FUNCTION rollup_make(int[], timestamptz, timestamptz, smallint) IS 'makes the roll-ups of deliveries, in one time zone or (NULL) in all';

-- Brings a seller's or customer's time zone into use: adds it, with roll-ups of
-- all the loads there are.
CREATE OR REPLACE FUNCTION time_zone_ensure()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SECURITY DEFINER  -- who enters customers need not be allowed to write roll-ups
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    id smallint;
BEGIN
    IF NEW.time_zone IS NULL OR EXISTS (SELECT FROM time_zone AS z WHERE z.name = NEW.time_zone) THEN
        RETURN NEW;
    END IF;
    -- PostgreSQL's own error when there is no such zone.
    PERFORM timestamp '2000-01-01' AT TIME ZONE NEW.time_zone;

    -- Waits for loads in progress, which see only the zones there were.
    LOCK TABLE time_zone IN EXCLUSIVE MODE;
    INSERT INTO time_zone (name) VALUES (NEW.time_zone) ON CONFLICT DO NOTHING RETURNING time_zone_id INTO id;
    IF id IS NOT NULL THEN
        PERFORM rollup_make(array_agg(s.load_scope_id), min(s.charge_period_start), max(s.charge_period_end), id)
        FROM load_scope AS s
        HAVING count(*) > 0;
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION time_zone_ensure() IS 'trigger that makes roll-ups for a time zone that comes into use';

CREATE OR REPLACE TRIGGER time_zone_ensure BEFORE INSERT OR UPDATE OF time_zone ON seller
    FOR EACH ROW EXECUTE FUNCTION time_zone_ensure();
CREATE OR REPLACE TRIGGER time_zone_ensure BEFORE INSERT OR UPDATE OF time_zone ON customer
    FOR EACH ROW EXECUTE FUNCTION time_zone_ensure();
