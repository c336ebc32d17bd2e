-- Load the file.  Prints measurement (a variable), side and seconds.
\set ON_ERROR_STOP on
SELECT pg_backend_pid() \g pid
SELECT clock_timestamp() AS started_at \gset
\copy cloudbilling.landing from 'charges.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT :'measurement', 'ours', extract(epoch FROM clock_timestamp() - :'started_at');
