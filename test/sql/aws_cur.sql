-- AWS Cost and Usage Report: both spellings, each type of line, savings plans and
-- reservations, net columns, tags in columns and in maps, the month delivered again.
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset format unaligned
\pset null '<null>'
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
CREATE VIEW pg_temp.last AS
SELECT s.name, l.records_read, l.records_loaded, l.records_rejected, l.billed_cost_read, l.billed_cost_loaded, l.billed_cost_rejected, l.ignored_columns
FROM load AS l JOIN source AS s USING (source_id)
ORDER BY l.load_id DESC LIMIT 1;

-- The legacy report.
\copy landing from 'test/data/aws-cur-legacy.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT line_no, column_name, reason, billed_cost FROM load_reject WHERE load_id > :base ORDER BY line_no;
SELECT line_no, charge_category, charge_class, charge_frequency, pricing_category, service_name, sku_id, billed_cost, effective_cost, list_cost, contracted_cost,
    list_unit_price, contracted_unit_price, pricing_quantity, pricing_unit
FROM focus WHERE load_id > :base ORDER BY line_no;
SELECT line_no, publisher_name, invoice_issuer_name, invoice_id, sub_account_id, service_category, sku_meter, sku_price_id, sku_price_details, region_id, region_name, availability_zone,
    resource_id, resource_type, charge_description
FROM focus WHERE load_id > :base AND line_no IN (2, 4, 11, 12, 16) ORDER BY line_no;
SELECT line_no, commitment_discount_id, commitment_discount_name, commitment_discount_type, commitment_discount_category, commitment_discount_status
FROM focus WHERE load_id > :base AND commitment_discount_id IS NOT NULL ORDER BY line_no;
SELECT line_no, tags FROM focus WHERE load_id > :base AND tags IS NOT NULL ORDER BY line_no;
SELECT DISTINCT billing_account_id, billing_account_name, billing_period_start, billing_period_end, billing_currency, provider_name FROM focus WHERE load_id > :base;
SELECT charge_period_start AT TIME ZONE 'UTC' AS starts, charge_period_end AT TIME ZONE 'UTC' AS ends, count(*) FROM focus WHERE load_id > :base GROUP BY 1, 2 ORDER BY 1, 2;
-- What AWS invoices; what was used of it, and what of commitments nobody used.
SELECT sum(billed_cost) AS billed, sum(effective_cost) AS effective FROM focus WHERE load_id > :base;
SELECT commitment_discount_id, sum(billed_cost) AS billed, sum(effective_cost) AS effective FROM focus WHERE load_id > :base AND commitment_discount_id IS NOT NULL GROUP BY 1 ORDER BY 1;

-- The same month as CUR 2.0, final, with a negotiated discount: it supersedes the first.
\copy landing from 'test/data/aws-cur-2.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT count(*), sum(billed_cost) AS billed, sum(effective_cost) AS effective FROM focus WHERE provider_name = 'AWS' AND billing_account_id = '100000000001';
SELECT line_no, invoice_id, billing_account_name, sub_account_name, service_name, billed_cost, effective_cost, contracted_cost, contracted_unit_price, region_id, tags
FROM focus WHERE load_id = (SELECT max(load_id) FROM load) AND line_no IN (2, 4, 5, 11, 16) ORDER BY line_no;
SELECT load_undo(max(load_id)) FROM load;
SELECT count(*), sum(billed_cost) AS billed FROM focus WHERE provider_name = 'AWS' AND billing_account_id = '100000000001';

-- Usage under a savings plan counts once (vector 8): it is fully used.
INSERT INTO landing VALUES ('bill_payer_account_id,bill_billing_period_start_date,bill_billing_period_end_date,line_item_usage_account_id,line_item_line_item_type,line_item_currency_code,line_item_usage_start_date,line_item_unblended_cost,savings_plan_savings_plan_a_r_n,savings_plan_savings_plan_effective_cost,savings_plan_total_commitment_to_date,savings_plan_used_commitment
vector,2024-06-01,2024-07-01,a,SavingsPlanCoveredUsage,USD,2024-06-01,10.00,sp,7.00,,
vector,2024-06-01,2024-07-01,a,SavingsPlanNegation,USD,2024-06-01,-10.00,sp,,,
vector,2024-06-01,2024-07-01,vector,SavingsPlanRecurringFee,USD,2024-06-01,7.00,sp,,7.00,7.00');
SELECT sum(billed_cost) AS billed, sum(effective_cost) AS effective FROM focus WHERE billing_account_id = 'vector';

-- Columns as Athena calls those of the legacy report; tags among them.
INSERT INTO landing VALUES ('bill_payer_account_id,bill_billing_period_start_date,bill_billing_period_end_date,line_item_usage_account_id,line_item_line_item_type,line_item_currency_code,line_item_usage_start_date,line_item_usage_end_date,line_item_unblended_cost,resource_tags_user_env,resource_tags_aws_created_by,cost_category_team,year,month
athena,2024-06-01 00:00:00.000,2024-07-01 00:00:00.000,a,Usage,USD,2024-06-01 00:00:00.000,2024-06-01 01:00:00.000,1,prod,me,Web,2024,6
athena,2024-06-01 00:00:00.000,2024-07-01 00:00:00.000,a,FlatRateSubscription,USD,2024-06-01 00:00:00.000,2024-06-01 01:00:00.000,2,,,,2024,6
athena,2024-06-01 00:00:00.000,2024-07-01 00:00:00.000,a,SomethingNew,USD,2024-06-01 00:00:00.000,2024-06-01 01:00:00.000,3,,,,2024,6');
SELECT line_no, charge_category, billed_cost, tags FROM focus WHERE billing_account_id = 'athena' ORDER BY line_no;
SELECT ignored_columns FROM pg_temp.last;

SELECT count(load_undo(load_id)) FROM load WHERE load_id > :base AND undone_at IS NULL;
