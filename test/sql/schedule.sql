-- Without pg_cron a schedule is refused, with what to do about it.  That one
-- really runs is tested by test/schedule.
SET search_path = cloudbilling, public;

CREATE FUNCTION pg_temp.refused(statement text)
RETURNS TABLE (sqlstate_ text, message text, hint text)
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS sqlstate_ = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END
$$;

\x on
SELECT * FROM pg_temp.refused($$SELECT schedule_invoice_run('0 6 2 * *')$$);
SELECT * FROM pg_temp.refused($$SELECT schedule_drop()$$);
SELECT * FROM pg_temp.refused($$SELECT * FROM schedule_list()$$);
