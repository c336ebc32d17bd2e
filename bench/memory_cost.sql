-- Memory of a query beside what it is measured by.  Prints measurement, side and
-- megabytes.  Variables: measurement, private (kB), allowed (kB).
\set ON_ERROR_STOP on

SELECT :'measurement', side, kilobytes / 1024.0
FROM (VALUES ('ours', :private), ('baseline', :allowed)) AS v (side, kilobytes);
