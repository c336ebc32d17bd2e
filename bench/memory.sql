-- Run a query once, for its memory to be watched.  Prints the number of nodes of the
-- plan that were run and may take work_mem each: sorts, hashes and stored rows; those
-- of workers count once.  Variable: query.
\set ON_ERROR_STOP on
SELECT pg_backend_pid() \g pid
SET search_path = cloudbilling, public;
SET work_mem = '4MB';

CREATE FUNCTION pg_temp.nodes(query text) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
    line text;
    result int := 0;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) ' || query LOOP
        IF line ~ '(Sort|Hash|HashAggregate|Materialize|Memoize|WindowAgg|Recursive Union|Function Scan on \S+.*) \(actual'
            OR line ~ '^ +CTE \S+$' THEN
            result := result + 1;
        END IF;
    END LOOP;
    RETURN result;
END
$$;

SELECT pg_temp.nodes(:'query');
