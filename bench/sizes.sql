-- Bytes on disk for each charge.  Prints measurement, side and bytes.
\set ON_ERROR_STOP on
SET search_path = cloudbilling;

WITH
number AS (
    SELECT count(*)::numeric AS charges FROM charge
),
size AS (
    SELECT sum(pg_relation_size(relid)) AS heap, sum(pg_total_relation_size(relid)) AS total
    FROM pg_partition_tree('charge')
    WHERE isleaf
)
SELECT measurement, 'ours', bytes / charges
FROM number, size, LATERAL (VALUES
    ('bytes a charge, heap', heap),
    ('bytes a charge, heap and indexes', total),
    ('bytes a charge, roll-ups', pg_total_relation_size('charge_daily') + pg_total_relation_size('charge_monthly')),
    ('bytes a charge, dictionaries', (
        SELECT sum(pg_total_relation_size(relid))
        FROM unnest('{account,product,charge_item,tag_set,tag}'::regclass[]) AS relid
    ))
) AS v (measurement, bytes);
