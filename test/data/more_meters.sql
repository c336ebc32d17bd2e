-- As many more meters as :meters for each customer of meters.sql, in August 2026.
\set QUIET on
SET search_path = cloudbilling, public;

INSERT INTO landing (line)
SELECT 'customer_ref,meter,resource_ref,quantity,unit,usage_start,usage_end,source_event_id,tags,unit_cost,currency,description,agent'
UNION ALL
SELECT format('%1$s,meter-%2$s,,%2$s,units,2026-08-01T12:00:00Z,2026-08-02T12:00:00Z,%1$s-%2$s,,0.01,EUR,,', c.number, m)
FROM customer AS c, generate_series(1, :meters) AS m;
