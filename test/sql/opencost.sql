-- OpenCost: weights that cost nothing, day by day; what a file does not say of itself.
SET timezone = 'Europe/Amsterdam';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SELECT coalesce(max(load_id), 0) AS base FROM load \gset

-- Neither cluster nor currency, a currency that is none, a name too long.
SET cloudbilling.load_currency = 'EUR';
\copy landing from 'test/data/opencost-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
RESET cloudbilling.load_currency;
SET cloudbilling.load_account = 'prod-1';
\copy landing from 'test/data/opencost-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SET cloudbilling.load_currency = 'euro';
SELECT set_config('cloudbilling.load_account', repeat('x', 513), false) IS NULL;
SELECT count(*) FROM load WHERE load_id > :base;

SET cloudbilling.load_currency = 'EUR';
\copy landing from 'test/data/opencost-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT records_read, records_loaded, records_rejected, billed_cost_read, billed_cost_loaded FROM load ORDER BY load_id DESC LIMIT 1;
SELECT line_no, column_name, reason FROM load_reject WHERE load_id > :base ORDER BY line_no;
\pset tuples_only off
\pset expanded on
SELECT line_no, provider_name, billing_account_id, sub_account_id, sub_account_type, billing_period_start, billing_period_end,
    charge_period_start AT TIME ZONE 'UTC' AS starts, charge_period_end AT TIME ZONE 'UTC' AS ends,
    charge_category, charge_description, service_category, service_subcategory, service_name, resource_id, resource_name, resource_type,
    billing_currency, billed_cost, effective_cost, list_cost, pricing_quantity, pricing_unit, tags, x_columns
FROM focus
WHERE load_id > :base
ORDER BY line_no;
\pset expanded off

-- A later file supersedes the days that are in it, of the clusters that are in it,
-- whatever the settings say; here only the 27th of the first.
CREATE VIEW pg_temp.weights AS
SELECT billing_account_id, charge_period_start AT TIME ZONE 'UTC' AS day, count(*), sum(pricing_quantity), sum(billed_cost) AS billed_cost
FROM focus
WHERE provider_name = 'OpenCost'
GROUP BY 1, 2
ORDER BY 1, 2;
SET cloudbilling.load_account = 'of the settings';
\copy landing from 'test/data/opencost-2.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.weights;
-- Labels that have a column each.
SELECT DISTINCT tags FROM focus WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY 1;
-- The charge of 27 October, when Amsterdam put back its clocks, is of 24 hours.
SELECT DISTINCT charge_period_end - charge_period_start FROM focus WHERE load_id > :base;
SELECT count(load_undo(load_id)) FROM load WHERE load_id > :base + 1 AND undone_at IS NULL AND load_id = (SELECT max(load_id) FROM load);
SELECT * FROM pg_temp.weights;
\set VERBOSITY terse
-- What is required of a field, and of the header alone.
INSERT INTO source (name, title, way, fields, item_query, record_query)
VALUES ('wrong', 'wrong', 'append', '[{"name": "a", "kind": "time", "required": true, "role": "period_start"}, {"name": "b", "required": "always"}]', '', '');
INSERT INTO source (name, title, way, fields, item_query, record_query)
VALUES ('wrong', 'wrong', 'append', '[{"name": "a", "kind": "time", "required": true, "role": "period_start"}, {"name": "b", "setting": "load_account"}]', '', '');
INSERT INTO landing VALUES (E'Date,ControllerKind,Pod,TotalCost,CPUCost\n2024-10-26,a,b,1,1');


SELECT count(load_undo(load_id)) FROM load WHERE load_id > :base AND undone_at IS NULL;
