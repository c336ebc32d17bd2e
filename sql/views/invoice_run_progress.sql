-- Runs that have not finished.  Each batch is committed, so others see how far they are;
-- who does one has a lock (invoice_run_hold).
CREATE OR REPLACE VIEW invoice_run_progress AS
SELECT
    r.invoice_run_id,
    l.pid,
    r.until,
    r.started_by,
    r.started_at,
    CASE WHEN l.pid IS NULL THEN 'broken off' ELSE r.phase END AS phase,
    r.customers_total,
    r.customers_done,
    r.problems,
    r.invoices,
    r.committed_at
FROM invoice_run AS r
LEFT JOIN pg_catalog.pg_locks AS l
    ON l.locktype = 'advisory'
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
    AND l.classid = 'invoice_run'::regclass
    AND l.objid = r.invoice_run_id::oid
    AND l.objsubid = 2
    AND l.granted
WHERE r.finished_at IS NULL;

COMMENT ON VIEW invoice_run_progress IS 'invoice runs that have not finished: in progress, or broken off';
COMMENT ON COLUMN invoice_run_progress.invoice_run_id IS 'the run';
COMMENT ON COLUMN invoice_run_progress.pid IS 'server process that does it; NULL when it was broken off';
COMMENT ON COLUMN invoice_run_progress.until IS 'periods that ended on or before this day are invoiced';
COMMENT ON COLUMN invoice_run_progress.started_by IS 'user who started it';
COMMENT ON COLUMN invoice_run_progress.started_at IS 'when the run started';
COMMENT ON COLUMN invoice_run_progress.phase IS 'reconciling, invoicing, or broken off: CALL invoice_run_continue() goes on with it';
COMMENT ON COLUMN invoice_run_progress.customers_total IS 'customers it is for';
COMMENT ON COLUMN invoice_run_progress.customers_done IS 'customers of the batches it has committed';
COMMENT ON COLUMN invoice_run_progress.problems IS 'customers that could not be invoiced, in invoice_run_problem';
COMMENT ON COLUMN invoice_run_progress.invoices IS 'documents it has committed';
COMMENT ON COLUMN invoice_run_progress.committed_at IS 'when its last batch was committed';
