-- Makes the partitions for months (counted from the year 0).  A partition is
-- made beside the table and then attached, which lets other loads go on.
CREATE OR REPLACE FUNCTION charge_partition_ensure(months int[])
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
SET timezone = 'UTC'
AS $$
DECLARE
    month int;
    first date;
    name text;
    locked boolean := false;
BEGIN
    FOR month IN SELECT m FROM unnest(months) AS m ORDER BY 1 LOOP
        first := make_date(month / 12, month % 12 + 1, 1);
        name := 'charge_' || to_char(first, 'YYYYMM');
        CONTINUE WHEN to_regclass('cloudbilling.' || name) IS NOT NULL;

        IF NOT locked THEN
            LOCK TABLE charge IN SHARE UPDATE EXCLUSIVE MODE;
            locked := true;
            CONTINUE WHEN to_regclass('cloudbilling.' || name) IS NOT NULL;
        END IF;
        EXECUTE format('CREATE TABLE cloudbilling.%I (LIKE cloudbilling.charge INCLUDING DEFAULTS)', name);
        EXECUTE format(
            'ALTER TABLE cloudbilling.charge ATTACH PARTITION cloudbilling.%I FOR VALUES FROM (%L) TO (%L)',
            name, first::timestamptz, (first + interval '1 month')::timestamptz);
        -- Who may read charges may read the new ones: by the parent, which is
        -- where queries are checked.
    END LOOP;
END
$$;

COMMENT ON FUNCTION charge_partition_ensure(int[]) IS 'makes the monthly partitions of charge that are missing; months are year x 12 + month - 1';

-- The same for a load.
CREATE OR REPLACE FUNCTION load_partitions(months int[])
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF EXISTS (
        SELECT
        FROM unnest(months) AS m (month)
        WHERE to_regclass('cloudbilling.charge_' || to_char(make_date(m.month / 12, m.month % 12 + 1, 1), 'YYYYMM')) IS NULL)
    THEN
        PERFORM load_apart(format('SELECT cloudbilling.charge_partition_ensure(%L)', months));
    END IF;
END
$$;

COMMENT ON FUNCTION load_partitions(int[]) IS 'makes the monthly partitions that a load needs';
