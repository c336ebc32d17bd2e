-- Schedules on pg_cron, when it is installed.  Its functions are looked for when
-- they are called, so cloudbilling does not need pg_cron to be there.

-- Refuses with a hint when pg_cron is not installed.
CREATE OR REPLACE FUNCTION schedule_check()
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_cron') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = 'schedules need the extension pg_cron, which is not installed in this database',
            HINT = 'Add pg_cron to shared_preload_libraries, set cron.database_name to this database, restart, and CREATE EXTENSION pg_cron.';
    END IF;
END
$$;

COMMENT ON FUNCTION schedule_check() IS 'raises an error with a hint when pg_cron is not installed';

-- Starts an invoice run at the times of a cron expression.  The run bills what
-- ended until the day it runs.  A second call changes the times.
CREATE OR REPLACE FUNCTION schedule_invoice_run(schedule text, job_name text DEFAULT 'cloudbilling invoice_run')
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    result bigint;
BEGIN
    PERFORM schedule_check();
    IF schedule IS NULL OR job_name IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'a schedule needs its times and a name',
            HINT = 'For example: SELECT cloudbilling.schedule_invoice_run(''0 6 2 * *'')';
    END IF;
    EXECUTE format('SELECT %I.schedule($1, $2, $3)', 'cron')
    INTO result
    USING job_name, schedule, 'CALL cloudbilling.invoice_run(current_date)';
    RETURN result;
END
$$;

COMMENT ON FUNCTION schedule_invoice_run(text, text) IS 'schedules the invoice run on pg_cron, by a cron expression; gives the job''s key';

-- Ends a schedule.
CREATE OR REPLACE FUNCTION schedule_drop(job_name text DEFAULT 'cloudbilling invoice_run')
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    result boolean;
BEGIN
    PERFORM schedule_check();
    IF NOT EXISTS (SELECT FROM schedule_list() AS s WHERE s.job_name = schedule_drop.job_name) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('schedule "%s" does not exist', job_name),
            HINT = 'SELECT * FROM cloudbilling.schedule_list() shows all schedules.';
    END IF;
    EXECUTE format('SELECT %I.unschedule($1)', 'cron') INTO result USING job_name;
    RETURN result;
END
$$;

COMMENT ON FUNCTION schedule_drop(text) IS 'ends a schedule';

-- The schedules of this extension, with how their last run went.
CREATE OR REPLACE FUNCTION schedule_list()
RETURNS TABLE (
    job_id       bigint,
    job_name     text,
    schedule     text,
    command      text,
    active       boolean,
    last_start   timestamptz,
    last_status  text,
    last_message text
)
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    PERFORM schedule_check();
    RETURN QUERY EXECUTE format($query$
        SELECT j.jobid, j.jobname::text, j.schedule, j.command, j.active, d.start_time, d.status, d.return_message
        FROM %1$I.job AS j
        LEFT JOIN LATERAL (
            SELECT r.start_time, r.status, r.return_message
            FROM %1$I.job_run_details AS r
            WHERE r.jobid = j.jobid
            ORDER BY r.runid DESC
            LIMIT 1
        ) AS d ON true
        WHERE j.command ~ 'cloudbilling[.]'
        ORDER BY j.jobid
    $query$, 'cron');
END
$$;

COMMENT ON FUNCTION schedule_list() IS 'pg_cron jobs that call this extension, with how the last run went';
