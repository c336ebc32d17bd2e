-- Google Cloud's export, flattened: credits as charges of their own, the invoice's
-- month, extracts that overlap.
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset format unaligned
\pset null '<null>'
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
CREATE VIEW pg_temp.last AS
SELECT s.name, l.records_read, l.records_loaded, l.records_rejected, l.records_duplicate, l.billed_cost_read, l.billed_cost_loaded,
    l.billed_cost_rejected, l.billed_cost_duplicate, l.ignored_columns
FROM load AS l JOIN source AS s USING (source_id)
ORDER BY l.load_id DESC LIMIT 1;

\copy landing from 'test/data/gcp-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT line_no, column_name, reason, billed_cost FROM load_reject WHERE load_id > :base ORDER BY line_no;
SELECT line_no, charge_category, charge_class, charge_frequency, service_name, sku_id, sku_meter, charge_description, billed_cost, effective_cost, contracted_cost, list_cost,
    pricing_quantity, pricing_unit, consumed_quantity, consumed_unit, contracted_unit_price, list_unit_price
FROM focus
WHERE load_id > :base
ORDER BY line_no, billed_cost DESC;
SELECT DISTINCT billing_account_id, sub_account_id, sub_account_name, sub_account_type, billing_period_start, billing_period_end, billing_currency,
    date(charge_period_start AT TIME ZONE 'UTC') AS day, publisher_name, invoice_issuer_name, region_id, region_name, availability_zone, resource_id, tags,
    commitment_discount_id, commitment_discount_name, commitment_discount_type, commitment_discount_category
FROM focus
WHERE load_id > :base
ORDER BY day, sub_account_id, commitment_discount_id;
SELECT x_columns FROM focus WHERE load_id > :base AND line_no = 2 ORDER BY billed_cost DESC;
-- One product for a SKU, called as the SKU is.
SELECT p.code, p.name FROM product AS p JOIN product AS s ON s.product_id = p.parent_id WHERE s.code IN ('Compute Engine', 'Cloud Storage', 'Invoice') ORDER BY 1;
-- What Google invoices.
SELECT billing_period_start, sum(billed_cost) FROM focus WHERE load_id > :base GROUP BY 1;

-- The next extract overlaps, has its columns in another spelling and some not at
-- all; of three rows that are alike, two had come before.
SET timezone = 'America/St_Johns';
\copy landing from 'test/data/gcp-2.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT line_no, charge_category, service_name, billed_cost, tags FROM focus WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no, billed_cost DESC;
-- The first taken back and loaded again: what the second has of it does not count twice.
SELECT sum(billed_cost) FROM focus WHERE load_id > :base;
SELECT load_undo(min(load_id)) FROM load WHERE load_id > :base;
SELECT sum(billed_cost) FROM focus WHERE load_id > :base;
\copy landing from 'test/data/gcp-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT sum(billed_cost) FROM focus WHERE load_id > :base;

-- Without the export time, a file supersedes the months that are in it.
\copy landing from 'test/data/gcp-month-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT billing_period_start, count(*), sum(billed_cost) FROM focus WHERE billing_account_id = '01DDDD-EEEEEE-FFFFFF' GROUP BY 1 ORDER BY 1;
\copy landing from 'test/data/gcp-month-2.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT billing_period_start, count(*), sum(billed_cost) FROM focus WHERE billing_account_id = '01DDDD-EEEEEE-FFFFFF' GROUP BY 1 ORDER BY 1;

-- What Google invoices, and what a reseller's customer is charged for, whose credits
-- but the reseller's margin are passed on (vector 7 of facts/reconciliation.md).
INSERT INTO landing VALUES ('billing_account_id,service.description,sku.id,project.id,usage_start_time,usage_end_time,cost,currency,credits,invoice.month,export_time,cost_type
vector-7,Compute Engine,CORE,p,2024-09-01 05:00:00 UTC,2024-09-01 06:00:00 UTC,100.00,EUR,"[{""name"":""Reseller margin"",""type"":""RESELLER_MARGIN"",""amount"":-20},{""name"":""Promotion"",""type"":""PROMOTION"",""amount"":-5}]",202409,2024-09-02 00:00:00 UTC,regular
vector-7,Invoice,TAX,,2024-09-01 05:00:00 UTC,2024-10-01 05:00:00 UTC,15.75,EUR,[],202409,2024-10-02 00:00:00 UTC,tax
vector-7,Invoice,ROUND,,2024-09-01 05:00:00 UTC,2024-10-01 05:00:00 UTC,-0.01,EUR,[],202409,2024-10-02 00:00:00 UTC,rounding_error');
SELECT sum(billed_cost) AS purchase,
    sum(billed_cost) FILTER (WHERE charge_category IN ('Usage', 'Credit') AND sku_meter IS DISTINCT FROM 'RESELLER_MARGIN') AS customer_basis
FROM focus WHERE billing_account_id = 'vector-7';

-- Tags of lists.
SELECT source_tags(t::jsonb) FROM unnest(ARRAY['[{"key": "a", "value": "1"}, {"value": "2"}, {"key": "a", "value": "3"}, 4, {"key": "b"}]', '[]', '{"a": "b"}', '"a"', 'null', NULL]) AS t;

SELECT count(load_undo(load_id)) FROM load WHERE load_id > :base AND undone_at IS NULL;
