-- Microsoft Partner Center: daily rated usage, and the lines of an invoice; Microsoft's
-- own roundings, late usage, licences, changes of seats.
SET timezone = 'Pacific/Apia';
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

-- A month of usage in daily lines, each rounded down to the cent (vector 1).
\copy landing from 'test/data/partnercenter-usage-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
\pset expanded on
SELECT provider_name, publisher_name, invoice_issuer_name, invoice_id, billing_account_id, billing_account_name, sub_account_id, sub_account_name, source_customer_id, billing_period_start, billing_period_end,
    charge_period_start AT TIME ZONE 'UTC' AS starts, charge_period_end AT TIME ZONE 'UTC' AS ends, charge_category, charge_class, charge_description, billed_cost, list_cost, contracted_cost,
    contracted_unit_price, pricing_quantity, pricing_unit, consumed_quantity, consumed_unit, service_name, sku_id, sku_meter, sku_price_id, sku_price_details, resource_id, resource_name, resource_type, region_id
FROM focus WHERE load_id > :base AND line_no = 2;
\pset expanded off
SELECT count(*), sum(billed_cost), bool_and(billed_cost = exact_round(contracted_cost, 2, 'down')) AS as_microsoft_rounds FROM focus WHERE load_id > :base;

-- The next invoice brings a line of October too: it is a correction, and October stays (vector 9).
\copy landing from 'test/data/partnercenter-usage-2.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT line_no, column_name, reason, billed_cost FROM load_reject WHERE load_id > :base ORDER BY line_no;
SELECT load_id - :base AS load, invoice_id, billing_period_start, billing_period_end, charge_class, date_trunc('month', charge_period_start AT TIME ZONE 'UTC')::date AS used_in, count(*), sum(billed_cost)
FROM focus WHERE load_id > :base GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 6;
SELECT line_no, billed_cost, contracted_cost, contracted_unit_price, pricing_currency, pricing_currency_contracted_unit_price, pricing_currency_effective_cost, sku_price_details, tags
FROM focus WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;
-- Unbilled usage gives way to the invoice of its month and currency.
INSERT INTO landing VALUES ('PartnerId,CustomerId,EntitlementId,InvoiceNumber,ChargeStartDate,ChargeEndDate,UsageDate,BillingPreTaxTotal,BillingCurrency
p-2,c-1,e,,12/1/2024,12/31/2024,12/1/2024,1,EUR
p-2,c-1,e,,12/1/2024,12/31/2024,12/1/2024,2,USD');
INSERT INTO landing VALUES ('partnerId,customerId,entitlementId,invoiceNumber,chargeStartDate,chargeEndDate,usageDate,billingPreTaxTotal,billingCurrency,rateOfPartnerEarnedCredit
p-2,c-1,e,G102,2024-12-01T00:00:00Z,2024-12-31T00:00:00Z,2024-12-01T00:00:00Z,1.5,EUR,0.15');
SELECT invoice_id, billing_currency, sum(billed_cost) FROM focus WHERE billing_account_id = 'p-2' GROUP BY 1, 2 ORDER BY 2;

-- The lines of an invoice: usage of a month (vectors 1, 2 and 3), licences (vector 4),
-- a credit, a reservation.
\copy landing from 'test/data/partnercenter-invoice-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT line_no, column_name, reason, billed_cost FROM load_reject WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;
SELECT line_no, charge_category, charge_frequency, charge_description, sku_id, billed_cost, pricing_quantity, pricing_unit, contracted_unit_price, consumed_unit, sku_price_details, commitment_discount_id, x_columns
FROM focus WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;
SELECT line_no, sub_account_id, source_customer_id, charge_period_start AT TIME ZONE 'UTC' AS starts, charge_period_end AT TIME ZONE 'UTC' AS ends, billing_period_start, service_name, service_category, resource_id
FROM focus WHERE load_id = (SELECT max(load_id) FROM load) AND line_no IN (2, 7, 9) ORDER BY line_no;
-- Usage: the price times the quantity rounded down, then times the rate, rounded down again.
-- Licences: the price of one rounded down, times their number.
SELECT line_no, billed_cost,
    billed_cost = CASE charge_category
        WHEN 'Usage' THEN exact_round(exact_round(pricing_currency_contracted_unit_price * pricing_quantity, 2, 'down')
            * CASE pricing_currency WHEN 'USD' THEN 0.846202666 ELSE 1 END, 2, 'down')
        ELSE exact_round(contracted_unit_price, 2, 'down') * pricing_quantity
    END AS as_microsoft_rounds,
    CASE WHEN list_unit_price = 0.868 THEN exact_round(pricing_quantity * 0.868 * 0.85, 2, 'down') END AS from_list
FROM focus WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;
-- The line of the month and its days: 15 cents are Microsoft's rounding, at most one a day.
SELECT i.billed_cost AS invoiced, d.billed_cost AS daily, i.billed_cost - d.billed_cost AS difference, i.billed_cost - d.billed_cost <= d.days * 0.01 AS explained
FROM (SELECT sum(billed_cost) AS billed_cost FROM focus WHERE invoice_id = 'G200' AND pricing_quantity = 31) AS i,
    (SELECT sum(billed_cost) AS billed_cost, count(*) AS days FROM focus WHERE invoice_id = 'G100') AS d;

-- A seat more in the middle of the term (vector 5): what it was, and what it became.
\copy landing from 'test/data/partnercenter-invoice-2.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT line_no, sku_price_details ->> 'ChargeType' AS type, charge_period_start AT TIME ZONE 'UTC' AS starts, charge_period_end AT TIME ZONE 'UTC' AS ends, pricing_quantity, billed_cost, x_columns ->> 'ReferenceId' AS reference
FROM focus WHERE invoice_id = 'G203' ORDER BY line_no;
SELECT sum(billed_cost) FROM focus WHERE invoice_id = 'G203';
-- The same invoice again supersedes itself, another of the month does not.
\copy landing from program 'sed "s/2.45,2.45/2.46,2.46/; s/,2.45,0,2.45/,2.46,0,2.46/" test/data/partnercenter-invoice-2.csv' with (format csv, delimiter E'\x01', quote E'\x02')
\copy landing from program 'sed "s/G203/G204/" test/data/partnercenter-invoice-2.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT invoice_id, count(*), sum(billed_cost) FROM focus WHERE invoice_id IN ('G203', 'G204') GROUP BY 1 ORDER BY 1;

SELECT count(load_undo(load_id)) FROM load WHERE load_id > :base AND undone_at IS NULL;
