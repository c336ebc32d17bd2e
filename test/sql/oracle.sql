-- Oracle's cost report.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\pset format unaligned
\pset null '<null>'
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
\copy landing from 'test/data/oracle-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT s.name, l.records_read, l.records_loaded, l.records_rejected, l.records_duplicate, l.billed_cost_read, l.billed_cost_loaded,
    l.billed_cost_duplicate, l.ignored_columns
FROM load AS l JOIN source AS s USING (source_id)
WHERE load_id > :base;
SELECT line_no, column_name, reason FROM load_reject WHERE load_id > :base;
\pset expanded on
SELECT line_no, provider_name, billing_account_id, sub_account_id, billing_period_start, billing_period_end, charge_period_start, charge_period_end,
    charge_category, charge_class, service_name, sku_id, charge_description, region_id, availability_zone, resource_id,
    pricing_quantity, pricing_unit, contracted_unit_price, billed_cost, tags, x_columns
FROM focus
WHERE load_id > :base
ORDER BY line_no;
\pset expanded off
SELECT count(load_undo(load_id)) FROM load WHERE load_id > :base AND undone_at IS NULL;
