-- Milliseconds that a query takes on the server, all its rows read.
CREATE FUNCTION pg_temp.elapsed(query text) RETURNS numeric
LANGUAGE plpgsql
AS $$
DECLARE
    started_at timestamptz := clock_timestamp();
BEGIN
    EXECUTE query;
    RETURN extract(epoch FROM clock_timestamp() - started_at) * 1000;
END
$$;

-- Two queries in turn: once for the caches, then some times for the clock, so that
-- what else the machine does falls on both.
CREATE FUNCTION pg_temp.compare(measurement text, ours text, baseline text, rounds int DEFAULT 11)
RETURNS TABLE (measurement_ text, side text, milliseconds numeric)
LANGUAGE plpgsql
AS $$
BEGIN
    FOR round IN 0..rounds LOOP
        FOREACH side IN ARRAY ARRAY['ours', 'baseline'] LOOP
            measurement_ := measurement;
            milliseconds := pg_temp.elapsed(CASE side WHEN 'ours' THEN ours ELSE baseline END);
            IF round > 0 THEN
                RETURN NEXT;
            END IF;
        END LOOP;
    END LOOP;
END
$$;
