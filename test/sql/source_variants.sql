-- Files as they come out of other hands: older versions, chosen columns, Athena, BigQuery
-- and spreadsheets.
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset format unaligned
\pset null '<null>'
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
CREATE VIEW pg_temp.last AS
SELECT s.name, l.records_read, l.records_loaded, l.records_rejected, l.billed_cost_loaded, l.ignored_columns
FROM load AS l JOIN source AS s USING (source_id)
ORDER BY l.load_id DESC LIMIT 1;

-- FOCUS before 1.0 had other names; this one went through a German spreadsheet.
\copy landing from 'test/data/focus-preview.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
\copy landing from 'test/data/focus-0.5.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
-- Google's view in BigQuery has tags as a list.
\copy landing from 'test/data/focus-google.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT provider_name, publisher_name, invoice_issuer_name, billing_currency, charge_category, billed_cost, effective_cost, pricing_quantity, consumed_quantity, consumed_unit,
    region_name, tags, x_columns
FROM focus WHERE load_id > :base ORDER BY load_id, line_no;

-- Columns that were chosen in the export, maps as Athena prints them: the billing
-- period is the month of use.
\copy landing from 'test/data/aws-cur-athena.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT billing_period_start, billing_period_end, charge_category, service_name, billed_cost, effective_cost, tags
FROM focus WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;
SET cloudbilling.load_account = 'enrolment';
\copy landing from 'test/data/azure-columns.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT billing_account_id, sub_account_id, billing_currency, charge_period_start AT TIME ZONE 'UTC' AS starts, billed_cost, tags
FROM focus WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;
\copy landing from 'test/data/gcp-columns.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT billing_account_id, billing_period_start, charge_category, service_name, billed_cost, tags
FROM focus WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no, billed_cost DESC;

-- The currency in a column's name.
SELECT column_name, field_name, status FROM source_check('Billing account ID,Service description,SKU ID,Cost type,Usage start date,Unrounded Cost (R$),Cost (R$),Note (optional)') WHERE column_no > 5;
SELECT column_name, field_name FROM source_check('Unrounded cost (€),Cost (CHF)', 'google_invoice') WHERE column_no > 0;

-- Leave nothing behind that counts.
SELECT count(load_undo(load_id)) FROM load WHERE load_id > :base AND undone_at IS NULL;
RESET cloudbilling.load_account;
