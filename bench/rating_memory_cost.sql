-- Memory of a rating beside what PostgreSQL's settings allow it.  Prints
-- measurement, side and megabytes.  Variables: measurement, nodes, private (kB).
\set ON_ERROR_STOP on

SELECT :'measurement', side, megabytes
FROM (VALUES ('ours', :private / 1024.0), ('baseline', 4.0 * :nodes)) AS v (side, megabytes);
