-- What a load took beside time.  Prints measurement, side and megabytes.
-- Variables: measurement, side, wal (position before), private and all (memory in kB).
\set ON_ERROR_STOP on

SELECT :'measurement' || measurement, :'side', megabytes
FROM (VALUES
    (', private memory at most', :private / 1024.0),
    (', with shared buffers', :all / 1024.0),
    (', temporary files', (SELECT temp_bytes / 1048576.0 FROM pg_stat_database WHERE datname = current_database())),
    (', WAL', pg_wal_lsn_diff(pg_current_wal_lsn(), :'wal') / 1048576)
) AS v (measurement, megabytes);
