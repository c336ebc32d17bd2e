-- What loads share is made apart, so that they need not wait for each other.

-- Runs a command in a transaction of its own, by another process, as a session of
-- the current user.  False when that could not be: no process was to be had, it
-- had to wait for a lock, or the command failed.
CREATE OR REPLACE FUNCTION run_apart(command text) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;

COMMENT ON FUNCTION run_apart(text) IS 'runs a command in a transaction of its own; false when that could not be';

-- Runs a command that makes what other loads may need too, and that finds nothing to
-- do when it is there.  If there are other loads in progress, it is first run apart:
-- made in this transaction, it would have them wait for the end of this load.  A load
-- that is alone commits nothing before its end.
--
-- Who loads has the view landing locked, until the end of the transaction.
CREATE OR REPLACE FUNCTION load_apart(command text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF EXISTS (
        SELECT
        FROM pg_locks AS l
        WHERE l.locktype = 'relation'
          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
          AND l.relation = 'cloudbilling.landing'::regclass
          AND l.mode = 'RowExclusiveLock'
          AND l.pid <> pg_backend_pid())
    THEN
        PERFORM run_apart(command);
    END IF;
    EXECUTE command;
END
$$;

COMMENT ON FUNCTION load_apart(text) IS 'runs a command that makes what loads share, first apart if other loads are in progress';
