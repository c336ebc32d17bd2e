-- Azure cost details: EA actual and amortised, MPA with two currencies, the columns
-- of 2019; units that hide blocks, dates, tags without braces.
SET timezone = 'America/St_Johns';
SET datestyle = 'ISO, DMY';
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

\copy landing from 'test/data/azure-ea-actual.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT line_no, column_name, reason, billed_cost FROM load_reject WHERE load_id > :base ORDER BY line_no;
SELECT line_no, charge_category, charge_class, charge_frequency, pricing_category, service_name, service_category, sku_id, billed_cost, effective_cost, list_cost, contracted_cost, contracted_unit_price
FROM focus WHERE load_id > :base ORDER BY line_no;
SELECT line_no, pricing_quantity, pricing_unit, consumed_quantity, consumed_unit, region_id, region_name, resource_id, resource_name, resource_type, tags
FROM focus WHERE load_id > :base AND line_no < 7 ORDER BY line_no;
SELECT line_no, sub_account_id, publisher_name, sku_meter, sku_price_id, sku_price_details, commitment_discount_id, commitment_discount_name, commitment_discount_type, commitment_discount_category, commitment_discount_status
FROM focus WHERE load_id > :base AND line_no > 5 ORDER BY line_no;
SELECT DISTINCT provider_name, invoice_issuer_name, billing_account_id, billing_account_name, billing_period_start, billing_period_end, billing_currency,
    charge_period_start AT TIME ZONE 'UTC' AS starts, charge_period_end AT TIME ZONE 'UTC' AS ends
FROM focus WHERE load_id > :base;
SELECT sum(billed_cost) AS billed, sum(effective_cost) AS effective FROM focus WHERE load_id > :base;

-- The amortised file takes the place of all but the purchases of commitments.
\copy landing from 'test/data/azure-ea-amortized.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT load_id - :base AS load, part, charges, billed_cost, upper_inf(current_during) AS current FROM load_scope WHERE load_id > :base ORDER BY load_scope_id;
SELECT sum(billed_cost) AS billed, sum(effective_cost) AS effective FROM focus WHERE load_id > :base;
SELECT load_id - :base AS load, line_no, charge_category, commitment_discount_id, commitment_discount_status, billed_cost, effective_cost, contracted_cost, pricing_quantity
FROM focus WHERE load_id > :base AND commitment_discount_id IS NOT NULL ORDER BY 1, 2;
-- Each of them again, a cent more: cumulative, so it supersedes its own.
\copy landing from program 'sed "s/,2.4,/,2.41,/" test/data/azure-ea-actual.csv' with (format csv, delimiter E'\x01', quote E'\x02')
\copy landing from program 'sed "s/,2.4,/,2.41,/" test/data/azure-ea-amortized.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT sum(billed_cost) AS billed, sum(effective_cost) AS effective FROM focus WHERE load_id > :base;

-- Partners: two currencies, partner earned credit, refunds; a rate that is missing is not 1.
\copy landing from 'test/data/azure-mpa.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT line_no, invoice_id, billing_account_id, sub_account_id, source_customer_id, charge_category, charge_class, sku_id, billed_cost, effective_cost, list_cost, contracted_cost,
    list_unit_price, contracted_unit_price, pricing_currency, pricing_currency_list_unit_price, pricing_currency_contracted_unit_price, pricing_currency_effective_cost, sku_price_details
FROM focus WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;

-- The columns of 2019, without billing account and billing period.
\copy landing from 'test/data/azure-2019.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT line_no, billing_account_id, billing_period_start, billing_period_end, charge_period_start AT TIME ZONE 'UTC' AS starts, charge_category, billed_cost, consumed_quantity, consumed_unit, resource_type, tags
FROM focus WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;

-- In another language; and usage details of the EA portal, with what stood above their header.
INSERT INTO landing VALUES (E'Abonnement-GUID (SubscriptionGuid),Ressourcengruppe (ResourceGroup),UsageDateTime (UsageDateTime),Kategorie der Verbrauchseinheit (MeterCategory),UsageQuantity (UsageQuantity),PreTaxCost (PreTaxCost),Genutzter Dienst (ConsumedService),Tags (Tags),ServiceName,Currency,Maßeinheit (UnitOfMeasure)\ns-de,rg,2021-02-02,Load Balancer,3,0.075,Microsoft.Network,"""a"": ""b""",Load Balancer,EUR,100 Hours');
SELECT sub_account_id, charge_period_start AT TIME ZONE 'UTC' AS starts, service_name, billed_cost, pricing_quantity, consumed_quantity, tags FROM focus WHERE load_id = (SELECT max(load_id) FROM load);
SET cloudbilling.load_currency = 'EUR';
SET cloudbilling.load_account = 'not told';
INSERT INTO landing VALUES (E'Usage Data Extract,,\nEnrollment Number,8611537,\n\nAccountOwnerId,Account Name,SubscriptionGuid,Subscription Name,Date,Month,Day,Year,Product,Meter ID,Meter Category,Meter Sub-Category,Consumed Quantity,ResourceRate,ExtendedCost,Resource Location,Consumed Service,Instance ID,Tags,Unit Of Measure,Resource Group\no@example.com,Acc,s-ea,Prod,05/13/2018,5,13,2018,VM,m1,Virtual Machines,Dv2,24,0.1,2.4,westeurope,Microsoft.Compute,/subscriptions/1/vm1,"{""a"": ""b""}",1 Hours,rg');
SELECT billing_account_id, sub_account_id, sub_account_name, billing_period_start, billed_cost, pricing_quantity, consumed_unit, resource_id, tags FROM focus WHERE load_id = (SELECT max(load_id) FROM load);
RESET cloudbilling.load_account;
RESET cloudbilling.load_currency;

-- Columns that only some exports have: no currency, rows that are all too short.
INSERT INTO landing VALUES (E'subscriptionid,billingaccountid,UsageDateTime,MeterCategory,costinbillingcurrency,paygcostinbillingcurrency,Tags,resourcelocation\ns,short,2021-02-02,Load Balancer,0.075,0.08,\ns,short,2021-02-03,Load Balancer,0.076,0.08,');
SET cloudbilling.load_currency = 'USD';
INSERT INTO landing VALUES (E'subscriptionid,billingaccountid,UsageDateTime,MeterCategory,costinbillingcurrency,paygcostinbillingcurrency,Tags,resourcelocation\ns,short,2021-02-02,Load Balancer,0.075,0.08,\ns,short,2021-02-03,Load Balancer,0.076,0.08,');
SELECT billing_account_id, billing_currency, billed_cost, list_cost FROM focus WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;
RESET cloudbilling.load_currency;
-- Periods that are not calendar months, and an end that is the first day after.
INSERT INTO landing VALUES ('SubscriptionId,MeterCategory,Date,Cost,Currency,BillingAccountId,BillingPeriodStartDate,BillingPeriodEndDate
s,m,2021-02-20,1,EUR,ends a,02/15/2021,03/14/2021
s,m,2021-02-20,1,EUR,ends b,2021-02-01,2021-03-01
s,m,2021-02-20,1,EUR,ends c,2021-02-02,2021-03-01
s,m,2021-02-20,1,EUR,ends d,2021-02-20,2021-02-20
s,m,2021-02-20,1,EUR,ends e,,
s,m,20.02.2021,1,EUR,ends f,,
s,m,2/3/2021,1,EUR,ends f,,
s,m,2021-02-20,1,EUR,ends g,,3/1');
SELECT billing_account_id, charge_period_start AT TIME ZONE 'UTC' AS starts, billing_period_start, billing_period_end FROM focus WHERE billing_account_id LIKE 'ends _' ORDER BY 1;
SELECT line_no, column_name, reason FROM load_reject WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;

SELECT count(load_undo(load_id)) FROM load WHERE load_id > :base AND undone_at IS NULL;
