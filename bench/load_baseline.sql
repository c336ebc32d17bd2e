-- COPY of the file as it is.  Prints measurement (a variable), side and seconds.
\set ON_ERROR_STOP on
SELECT pg_backend_pid() \g pid
SELECT clock_timestamp() AS started_at \gset
\copy text_charge from 'charges.csv' with (format csv, header)
SELECT :'measurement', 'baseline', extract(epoch FROM clock_timestamp() - :'started_at');
