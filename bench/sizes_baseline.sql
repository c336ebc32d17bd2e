-- Bytes on disk for each record as text.  Prints measurement, side and bytes.
\set ON_ERROR_STOP on

SELECT 'bytes a charge, heap', 'baseline', pg_relation_size('text_charge') / count(*)::numeric
FROM text_charge;
