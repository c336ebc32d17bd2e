-- Reconciling what was bought with what was used, by account, SKU and day.  Prints
-- measurement, side and milliseconds.  Comes after reconcile_data.sql.
--
-- Ours is one pass over both.  The baseline is what everybody writes: two GROUP BYs
-- and a FULL JOIN.
\set ON_ERROR_STOP on
SET search_path = cloudbilling, public;
\ir compare.sql

-- Nothing is worth its time that has another answer.
CREATE FUNCTION pg_temp.same(ours text, baseline text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    differences bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT %2$s) UNION ALL (%2$s EXCEPT %1$s)) AS d', ours, baseline) INTO differences;
    IF differences > 0 THEN
        RAISE EXCEPTION '% groups differ', differences;
    END IF;
END
$$;

SELECT pg_temp.same('TABLE few_ours', 'TABLE few_baseline') \g /dev/null
SELECT pg_temp.same('TABLE many_ours', 'TABLE many_baseline') \g /dev/null
SELECT * FROM pg_temp.compare('reconcile, few groups', 'TABLE few_ours', 'TABLE few_baseline', 5);
SELECT * FROM pg_temp.compare('reconcile, many groups', 'TABLE many_ours', 'TABLE many_baseline', 3);
SET max_parallel_workers_per_gather = 0;
SELECT * FROM pg_temp.compare('reconcile, few groups, one process', 'TABLE few_ours', 'TABLE few_baseline', 3);
SELECT * FROM pg_temp.compare('reconcile, many groups, one process', 'TABLE many_ours', 'TABLE many_baseline', 3);
