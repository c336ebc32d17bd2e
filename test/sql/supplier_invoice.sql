-- Suppliers' invoices: headers by hand and by COPY, statuses, and whether an invoice
-- is what its lines say (link A), with vectors of suppliers' own documentation.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\set VERBOSITY terse
\pset format unaligned
\pset null '<null>'
SELECT coalesce(max(load_id), 0) AS base, clock_timestamp() AS started FROM load \gset
-- Those of this test, of which each name of a supplier or number begins with T.
CREATE VIEW pg_temp.invoice AS
SELECT invoice_issuer_name AS supplier, invoice_number AS number, kind, corrects, currency, net_amount AS net, tax_amount AS tax, gross_amount AS gross,
    issued_on, due_on, period_start, period_end, status
FROM supplier_invoice WHERE invoice_number LIKE 'T-%' ORDER BY 1, 2;
CREATE VIEW pg_temp.compared AS
SELECT supplier, supplier_invoice AS number, currency, invoice_amount AS invoice, side, lines, line_amount, difference, tolerance, tax_difference AS tax_diff,
    status, explanation, remainder
FROM reconciliation_invoice WHERE supplier_invoice ~ '^(T-|G100$|G20)' ORDER BY 1, 2, 3;
-- Of each row: parts and remainder make the difference, exactly.
CREATE VIEW pg_temp.adds_up AS
SELECT count(*) > 0 AS any, count(*) FILTER (WHERE r.difference <> r.remainder
    + coalesce((SELECT sum(p.value::numeric) FROM jsonb_each_text(r.explanation) AS p), 0)) AS wrong
FROM reconciliation_invoice AS r;

-- Headers alone, lines alone, and both.
\set header 'supplier,invoice_number,currency,invoice_date,due_date,period_start,period_end,net_amount,tax_amount,gross_amount,description,quantity,line_amount,category'
INSERT INTO landing VALUES (:'header'
    || E'\nTransit B.V.,T-1,EUR,2026-10-01,2026-10-31,2026-09-01,2026-09-30,100.00,21.00,121.00,,,,'
    || E'\nTransit B.V.,T-2,EUR,2026-10-02,,2026-09-01,2026-09-30,30.00,6.30,36.30,Port 10G,2,20.00,'
    || E'\nTransit B.V.,T-2,EUR,2026-10-02,,2026-09-01,2026-09-30,,,,Port 1G,1,10.00,'
    || E'\nTransit B.V.,T-2,EUR,2026-10-02,,2026-09-01,2026-09-30,,,,VAT,1,6.30,Tax');
SELECT * FROM pg_temp.invoice;
SELECT * FROM pg_temp.compared;
SELECT invoice_number, charge_description, quantity, amount, charge_category, charge_period_start, charge_period_end FROM purchase_line WHERE load_id > :base ORDER BY line_no;
-- Lines of the first come in another file, with a credit that the header has too.
INSERT INTO landing VALUES (E'supplier,invoice_number,currency,invoice_date,description,line_amount,category\nTransit B.V.,T-3,EUR,2026-10-03,Traffic,55.5,'
    || E'\nTransit B.V.,T-3,EUR,2026-10-03,VAT,11.66,Tax');
INSERT INTO landing VALUES (E'supplier,invoice_number,currency,invoice_date,net_amount,tax_amount,kind,corrects\nTransit B.V.,T-4,EUR,2026-10-04,-10.00,-2.10,credit_note,T-1');
INSERT INTO landing VALUES (E'supplier,invoice_number,currency,invoice_date,description,line_amount,category\nNowhere Ltd,T-9,GBP,2026-10-03,Traffic,5.5,');
SELECT * FROM pg_temp.compared;
SELECT * FROM supplier_invoice_expected WHERE supplier_invoice LIKE 'T-%' ORDER BY 1, 2;
SELECT * FROM pg_temp.adds_up;

-- What a file must not say.
\set header 'supplier,invoice_number,currency,invoice_date,net_amount,tax_amount,gross_amount,kind,seller'
INSERT INTO landing VALUES (:'header' || E'\nT,T-5,EUR,2026-10-01,100,21,120,,');
INSERT INTO landing VALUES (:'header' || E'\nT,T-5,EUR,2026-10-01,100,21,121,,\nT,T-5,EUR,2026-10-01,100,22,122,,');
INSERT INTO landing VALUES (:'header' || E'\nT,T-5,EUR,2026-10-01,,,121,,');
INSERT INTO landing VALUES (:'header' || E'\nT,T-5,EUR,2026-10-01,100,,,,Nobody');
INSERT INTO landing VALUES (:'header' || E'\nT,T-5,EUR,2026-10-01,100,,,credit_note,');
INSERT INTO supplier_invoice (invoice_issuer_name, invoice_number, currency, net_amount, tax_amount, gross_amount) VALUES ('T', 'T-5', 'EUR', 1, 1, 3);
INSERT INTO supplier_invoice (invoice_issuer_name, invoice_number, currency, net_amount, gross_amount, exchange_from, exchange_to, exchange_rate) VALUES ('T', 'T-5', 'EUR', 1, 1, 'USD', 'GBP', 0.9);
INSERT INTO supplier_invoice (invoice_issuer_name, invoice_number, currency, net_amount, gross_amount, status) VALUES ('T', 'T-5', 'EUR', 1, 1, 'paid');
SELECT count(*) FROM supplier_invoice WHERE invoice_number = 'T-5';

-- On its way.
CREATE FUNCTION pg_temp.key(number text) RETURNS int LANGUAGE sql RETURN (SELECT supplier_invoice_id FROM supplier_invoice AS s WHERE s.invoice_number = key.number);
SELECT supplier_invoice_reconcile(pg_temp.key('T-1'));
SELECT supplier_invoice_reconcile(pg_temp.key('T-1'), 'flat fee, has no lines', 'Anna');
SELECT supplier_invoice_reconcile(pg_temp.key('T-2'));
SELECT supplier_invoice_pay(pg_temp.key('T-2'));
SELECT supplier_invoice_approve(pg_temp.key('T-2'), 36);
SELECT supplier_invoice_approve(pg_temp.key('T-2'), 36.30, author => 'Bram');
SELECT supplier_invoice_approve(pg_temp.key('T-2'), 36.30);
UPDATE supplier_invoice SET tax_amount = 0, gross_amount = 30 WHERE invoice_number = 'T-2';
DELETE FROM supplier_invoice WHERE invoice_number = 'T-2';
SELECT supplier_invoice_reopen(pg_temp.key('T-2'), '');
SELECT supplier_invoice_reopen(pg_temp.key('T-2'), 'wrong bank account', 'Bram');
SELECT supplier_invoice_reconcile(pg_temp.key('T-2'), author => 'Anna');
SELECT supplier_invoice_approve(pg_temp.key('T-2'), 36.30, author => 'Bram');
SELECT supplier_invoice_pay(pg_temp.key('T-2'), '2026-11-02', author => 'Bank');
SELECT supplier_invoice_reopen(pg_temp.key('T-2'), 'too late');
SELECT supplier_invoice_receive(0);
SELECT status, status_by, paid_on, num_nulls(received_at, reconciled_at, approved_at) AS without_date FROM supplier_invoice WHERE invoice_number IN ('T-1', 'T-2') ORDER BY invoice_number;
SELECT s.invoice_number, e.event_no, e.author, e.status_before, e.status, e.gross_amount, e.note FROM supplier_invoice_event AS e JOIN supplier_invoice AS s USING (supplier_invoice_id)
WHERE s.invoice_number LIKE 'T-%' ORDER BY 1, 2;

-- Loaded again: the same changes nothing, another amount makes it received anew, and
-- what is paid stays.
\set header 'supplier,invoice_number,currency,invoice_date,net_amount,tax_amount,note'
INSERT INTO landing VALUES (:'header' || E'\nTransit B.V.,T-1,EUR,2026-10-01,100.0,21.0,with a note');
SELECT status, note FROM supplier_invoice WHERE invoice_number = 'T-1';
INSERT INTO landing VALUES (:'header' || E'\nTransit B.V.,T-1,EUR,2026-10-01,90,18.90,');
SELECT status, status_note ~ '^load \d+$' AS by_load, net_amount, gross_amount, due_on, note FROM supplier_invoice WHERE invoice_number = 'T-1';
INSERT INTO landing VALUES (:'header' || E'\nTransit B.V.,T-2,EUR,2026-10-02,90,18.90,');
-- Taken back with its load: what stood before holds again; unless it was approved.
SELECT load_undo(max(load_id)) FROM load;
SELECT status, net_amount, gross_amount, due_on, note FROM supplier_invoice WHERE invoice_number = 'T-1';
INSERT INTO landing VALUES (:'header' || E'\nTransit B.V.,T-6,EUR,2026-10-01,90,18.90,');
SELECT load_undo(max(load_id)) FROM load;
SELECT count(*) FROM supplier_invoice WHERE invoice_number = 'T-6';
SELECT load_undo((SELECT load_id FROM supplier_invoice WHERE invoice_number = 'T-2'));

-- Microsoft: the lines of an invoice, and what it says as a whole (vectors 2 to 4);
-- licences and usage together, exact to the cent.
SET cloudbilling.load_side = 'purchase';
\copy landing from 'test/data/partnercenter-invoice-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
\copy landing from 'test/data/partnercenter-invoice-2.csv' with (format csv, delimiter E'\x01', quote E'\x02')
RESET cloudbilling.load_side;
SELECT * FROM supplier_invoice_expected WHERE supplier = 'Microsoft' ORDER BY 2;
INSERT INTO supplier_invoice (invoice_issuer_name, invoice_number, issued_on, currency, net_amount, tax_amount, gross_amount) VALUES
    ('Microsoft', 'G200', '2024-11-08', 'EUR', 1090.73, 0.65, 1091.38),
    ('Microsoft', 'G203', '2024-03-08', 'EUR', 1.56, 0, 1.56);
SELECT * FROM pg_temp.compared WHERE supplier = 'Microsoft';
UPDATE supplier_invoice SET net_amount = 1.55, gross_amount = 1.55 WHERE invoice_number = 'G203';
SELECT * FROM pg_temp.compared WHERE number = 'G203';

-- Daily lines in place of the invoice's: each was rounded down, 31 cents are not 46
-- (vector 1), and the bound is 32.
\copy landing from 'test/data/partnercenter-usage-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
INSERT INTO supplier_invoice (invoice_issuer_name, invoice_number, issued_on, currency, net_amount, gross_amount) VALUES ('Microsoft', 'G100', '2024-11-08', 'EUR', 0.46, 0.46);
SELECT * FROM pg_temp.compared WHERE number = 'G100';
UPDATE supplier_invoice SET net_amount = 0.64, gross_amount = 0.64 WHERE invoice_number = 'G100';
SELECT * FROM pg_temp.compared WHERE number = 'G100';

-- Google: cost, credits, tax and rounding error (vector 7), in the export, whose rows
-- do not tell their invoice, and in the cost table, which does.
INSERT INTO landing VALUES ('billing_account_id,service.description,sku.id,sku.description,project.id,usage_start_time,usage_end_time,cost,currency,credits,invoice.month,cost_type
T-GGL,Compute Engine,S1,Core,p1,2026-10-01,2026-10-02,100.00,EUR,"[{""type"": ""RESELLER_MARGIN"", ""amount"": -20}, {""type"": ""PROMOTION"", ""amount"": -5}]",202610,regular
T-GGL,Invoice,S2,Tax,,2026-10-01,2026-11-01,15.75,EUR,[],202610,tax
T-GGL,Invoice,S3,Rounding error,,2026-10-01,2026-11-01,-0.01,EUR,[],202610,rounding_error');
INSERT INTO supplier_invoice (invoice_issuer_name, invoice_number, billing_account_id, issued_on, period_start, period_end, currency, net_amount, tax_amount, gross_amount)
VALUES ('Google', 'T-4711', 'T-GGL', '2026-10-31', '2026-10-01', '2026-11-01', 'EUR', 74.99, 15.75, 90.74);
SELECT * FROM pg_temp.compared WHERE number = 'T-4711';
SELECT sum(billed_cost) AS customer_basis FROM focus WHERE billing_account_id = 'T-GGL' AND charge_category IN ('Usage', 'Credit') AND sku_meter IS DISTINCT FROM 'RESELLER_MARGIN';
DELETE FROM supplier_invoice WHERE invoice_number = 'T-4711';
INSERT INTO landing VALUES (E'Invoice number,T-4711,\nInvoice date,2026-10-31,\nDue date,2026-11-30,\nBilling ID,0000-1,\nBilling account ID,T-GGL,\nCurrency,EUR,\nCurrency exchange rate,0.92,\nTotal amount due,"€1,090.74",'
    || E'\nBilling account name,Billing account ID,Project name,Project ID,Project hierarchy,Service description,Service ID,SKU description,SKU ID,Consumption model description,Credit type,Cost type,Usage start date,Usage end date,Usage amount,Usage unit,Unrounded Cost (€),Cost (€)'
    || E'\nAcc,T-GGL,P,p1,o,Compute Engine,6F81,Core,S1,Default,,Usage,2026-10-01,2026-10-31,"1,100.5",hour,1100.004,1100.00'
    || E'\nAcc,T-GGL,P,p1,o,Compute Engine,6F81,Core,S1,,RESELLER_MARGIN,Usage,2026-10-01,2026-10-31,,,-20,-20.00'
    || E'\nAcc,T-GGL,P,p1,o,Compute Engine,6F81,Core,S1,,PROMOTION,Usage,2026-10-01,2026-10-31,,,-5,-5.00'
    || E'\nAcc,T-GGL,,,,Invoice,I,Tax,S2,,,Tax,2026-10-01,2026-10-31,,,15.75,15.75'
    || E'\n,,,,,,,,,,,Rounding error,,,,,-0.014,-0.01'
    || E'\n,,,,,,,,,,,Total,,,,,1090.74,1090.74');
SELECT s.records_read, s.records_loaded, s.records_rejected, s.billed_cost_loaded FROM load AS s ORDER BY load_id DESC LIMIT 1;
SELECT * FROM pg_temp.invoice WHERE number = 'T-4711';
SELECT exchange_from, exchange_to, exchange_rate, billing_account_id FROM supplier_invoice WHERE invoice_number = 'T-4711';
SELECT * FROM pg_temp.compared WHERE number = 'T-4711';
SELECT charge_category, sku_meter, charge_description, sub_account_id, quantity, amount, charge_period_start, charge_period_end FROM purchase_line WHERE invoice_number = 'T-4711' ORDER BY line_no;
-- A file that ends above its header, and a short header that is none of an invoice.
INSERT INTO landing VALUES (E'Invoice number,T-4712,\nInvoice date,2026-10-31,');
INSERT INTO landing VALUES (E'Invoice,T-4712,\nInvoice date,2026-10-31,');

-- AWS: usage under a savings plan (vector 8), by the invoice's id; the Marketplace is
-- another issuer; lines without an id are not invoiced yet.
\set header 'bill_payer_account_id,bill_invoice_id,bill_invoicing_entity,bill_billing_entity,bill_billing_period_start_date,bill_billing_period_end_date,line_item_usage_account_id,line_item_line_item_type,line_item_product_code,line_item_currency_code,line_item_usage_start_date,line_item_usage_end_date,line_item_unblended_cost,savings_plan_savings_plan_a_r_n,savings_plan_savings_plan_effective_cost,savings_plan_total_commitment_to_date,savings_plan_used_commitment'
INSERT INTO landing VALUES (:'header'
    || E'\nT-PAY,T-AWS-1,AWS EMEA SARL,AWS,2026-10-01,2026-11-01,T-ACC,SavingsPlanCoveredUsage,AmazonEC2,USD,2026-10-01,2026-10-02,10.00,arn:sp,7.00,,'
    || E'\nT-PAY,T-AWS-1,AWS EMEA SARL,AWS,2026-10-01,2026-11-01,T-ACC,SavingsPlanNegation,AmazonEC2,USD,2026-10-01,2026-10-02,-10.00,arn:sp,,,'
    || E'\nT-PAY,T-AWS-1,AWS EMEA SARL,AWS,2026-10-01,2026-11-01,T-ACC,SavingsPlanRecurringFee,ComputeSavingsPlans,USD,2026-10-01,2026-10-02,7.00,arn:sp,,7.00,7.00'
    || E'\nT-PAY,T-AWS-1,AWS Marketplace,AWS Marketplace,2026-10-01,2026-11-01,T-ACC,Usage,prod-x,USD,2026-10-01,2026-10-02,3.10,,,,'
    || E'\nT-PAY,,AWS EMEA SARL,AWS,2026-10-01,2026-11-01,T-ACC,Usage,AmazonS3,USD,2026-10-02,2026-10-03,1.2345,,,,'
    || E'\nT-PAY,T-AWS-2,AWS EMEA SARL,AWS,2026-10-01,2026-11-01,T-ACC,Credit,AmazonS3,USD,2026-10-02,2026-10-03,-4,,,,'
    || E'\nT-PAY,T-AWS-2,AWS EMEA SARL,AWS,2026-10-01,2026-11-01,T-ACC,Usage,AmazonS3,USD,2026-10-02,2026-10-03,6.125,,,,'
    || E'\nT-PAY,T-AWS-2,AWS EMEA SARL,AWS,2026-10-01,2026-11-01,T-ACC,Tax,AmazonS3,USD,2026-10-02,2026-10-03,1.29,,,,');
SELECT sum(billed_cost) AS billed, sum(effective_cost) AS effective FROM focus WHERE invoice_id = 'T-AWS-1' AND invoice_issuer_name = 'AWS EMEA SARL';
CREATE FUNCTION pg_temp.says(net numeric, tax numeric DEFAULT 0, number text DEFAULT 'T-AWS-1') RETURNS SETOF pg_temp.compared LANGUAGE sql AS $$
    DELETE FROM supplier_invoice AS s WHERE s.invoice_number = number;
    INSERT INTO supplier_invoice (invoice_issuer_name, invoice_number, issued_on, currency, net_amount, tax_amount, gross_amount)
    VALUES ('AWS EMEA SARL', number, '2026-11-03', 'USD', net, tax, net + tax);
    SELECT * FROM pg_temp.compared AS c WHERE c.number = says.number;
$$;
SELECT * FROM pg_temp.compared WHERE number LIKE 'T-AWS-%';
SELECT * FROM pg_temp.says(10.10);
SELECT * FROM pg_temp.says(7);
SELECT * FROM pg_temp.says(8.23);
SELECT * FROM pg_temp.says(11.33);
SELECT * FROM pg_temp.says(12);
SELECT * FROM pg_temp.says(2.13, 1.29, 'T-AWS-2');
SELECT * FROM pg_temp.says(6.13, 1.29, 'T-AWS-2');
SELECT * FROM pg_temp.says(3.42, 0, 'T-AWS-2');
SELECT * FROM pg_temp.says(2.13, 1.39, 'T-AWS-2');
SELECT * FROM pg_temp.adds_up;
-- In euros, by the rate on it; either way round.
UPDATE supplier_invoice SET currency = 'EUR', net_amount = 1.96, tax_amount = 1.19, gross_amount = 3.15, exchange_from = 'USD', exchange_to = 'EUR', exchange_rate = 0.92 WHERE invoice_number = 'T-AWS-2';
SELECT * FROM pg_temp.compared WHERE number = 'T-AWS-2';
UPDATE supplier_invoice SET exchange_from = 'EUR', exchange_to = 'USD', exchange_rate = 1.0869565 WHERE invoice_number = 'T-AWS-2';
SELECT number, currency, invoice, round(line_amount, 6) AS line_amount, round(difference, 6) AS difference, tolerance, status FROM pg_temp.compared WHERE number = 'T-AWS-2';
UPDATE supplier_invoice SET exchange_from = NULL, exchange_to = NULL, exchange_rate = NULL WHERE invoice_number = 'T-AWS-2';
SELECT * FROM pg_temp.compared WHERE number = 'T-AWS-2';
-- An expected one, entered before anything came.
INSERT INTO supplier_invoice (invoice_issuer_name, invoice_number, currency, net_amount, gross_amount, status) VALUES ('AWS EMEA SARL', 'T-AWS-3', 'USD', 5, 5, 'expected');
SELECT number, status, remainder FROM pg_temp.compared WHERE number = 'T-AWS-3';
SELECT supplier_invoice_receive(pg_temp.key('T-AWS-3'), 'by post');
SELECT number, status, remainder FROM pg_temp.compared WHERE number = 'T-AWS-3';
SELECT * FROM pg_temp.adds_up;

UPDATE supplier_invoice SET status = 'received', paid_on = NULL WHERE status = 'approved';
SELECT count(load_undo(load_id)) > 0 AS undone FROM load AS l WHERE l.load_id > :base AND l.undone_at IS NULL
    AND NOT EXISTS (SELECT FROM supplier_invoice AS s WHERE s.load_id = l.load_id AND s.status = 'paid');
DELETE FROM supplier_invoice WHERE status <> 'paid' AND status_at >= :'started';
