-- Two sides of what is loaded: usage, which is rated and billed, and purchase, what
-- suppliers invoice, which nothing sees but reconciliation.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\set VERBOSITY terse
\pset format unaligned
\pset null '<null>'
SELECT coalesce(max(load_id), 0) AS base FROM load \gset

-- Numbers of loads have gaps, where others failed.
CREATE FUNCTION pg_temp.nth(load_id int, base int) RETURNS bigint LANGUAGE sql
RETURN (SELECT count(*) FROM load AS l WHERE l.load_id > base AND l.load_id <= nth.load_id);

INSERT INTO seller (name) VALUES ('Side B.V.');
INSERT INTO customer (seller_id, number, name) SELECT seller_id, 'side-1', 'Side customer' FROM seller WHERE name = 'Side B.V.';
INSERT INTO ownership (customer_id, provider_name, billing_account_id, valid_during)
SELECT customer_id, 'Microsoft', 'side-p', '[2024-01-01,)' FROM customer WHERE number = 'side-1';
INSERT INTO price_rule (name, customer_id, measure, per, effect, currency, pricing)
SELECT 'Cost plus', customer_id, 'billed_cost', 'account', 'set', 'EUR', per_unit(1.10) FROM customer WHERE number = 'side-1';

-- All that says what is used, sold or due; it must not move when purchases are loaded.
CREATE VIEW pg_temp.seen AS
SELECT 'focus' AS seen, count(*) AS rows, sum(billed_cost) AS amount FROM focus WHERE billing_account_id = 'side-p'
UNION ALL SELECT 'charge_owned', sum(charges), sum(billed_cost) FROM charge_owned WHERE customer_id = (SELECT customer_id FROM customer WHERE number = 'side-1')
UNION ALL SELECT 'bi_cost', sum(charges), sum(billed_cost) FROM bi_cost WHERE customer_number = 'side-1'
UNION ALL SELECT 'bi_margin', count(*), sum(revenue - billed_cost) FROM bi_margin WHERE customer_number = 'side-1'
UNION ALL SELECT 'charge_unowned', count(*), sum(billed_cost) FROM charge_unowned WHERE billing_account_id LIKE 'side-%'
UNION ALL SELECT 'charge_unpriced', count(*), sum(billed_cost) FROM charge_unpriced WHERE customer_id = (SELECT customer_id FROM customer WHERE number = 'side-1')
UNION ALL SELECT 'invoice_due', count(*), sum(amount) FROM invoice_due WHERE customer_id = (SELECT customer_id FROM customer WHERE number = 'side-1')
UNION ALL SELECT 'bi_supplier_invoice', sum(charges), sum(billed_cost) FROM bi_supplier_invoice WHERE billing_account = 'side-p';
CREATE VIEW pg_temp.delivered AS
SELECT l.load_id, s.side, p.supplier_invoice_id, p.billing_period_start, p.charges, p.billed_cost,
    EXISTS (SELECT FROM load_scope_current AS c WHERE c.load_scope_id = p.load_scope_id) AS current,
    EXISTS (SELECT FROM load_scope_purchase AS c WHERE c.load_scope_id = p.load_scope_id) AS purchase
FROM load AS l JOIN load_scope AS p USING (load_id) JOIN load AS s USING (load_id);

\set header 'PartnerId,CustomerId,EntitlementId,InvoiceNumber,ChargeStartDate,ChargeEndDate,UsageDate,BillingPreTaxTotal,Quantity,BillingCurrency'
INSERT INTO landing VALUES (:'header'
    || E'\nside-p,c-1,e-1,,11/1/2024,11/30/2024,11/1/2024,10,1,EUR'
    || E'\nside-p,c-1,e-1,,11/1/2024,11/30/2024,11/2/2024,20,2,EUR');
SELECT * FROM pg_temp.seen;
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.seen;

-- The same format, account, month and currency on the other side: neither supersedes the other.
SET cloudbilling.load_side = 'purchase';
INSERT INTO landing VALUES (:'header'
    || E'\nside-p,c-1,e-1,G1,11/1/2024,11/30/2024,11/1/2024,11,1,EUR'
    || E'\nside-p,c-1,e-1,G1,11/1/2024,11/30/2024,11/2/2024,21,2,EUR');
SELECT pg_temp.nth(load_id, :base) AS load, side, supplier_invoice_id, billing_period_start, charges, billed_cost, current, purchase FROM pg_temp.delivered WHERE load_id > :base ORDER BY 1;
SELECT count(*) AS differences FROM (TABLE before EXCEPT ALL SELECT * FROM pg_temp.seen) AS d;
-- A later delivery supersedes the earlier one of its side.
INSERT INTO landing VALUES (:'header'
    || E'\nside-p,c-1,e-1,G1,11/1/2024,11/30/2024,11/1/2024,11,1,EUR'
    || E'\nside-p,c-1,e-1,G1,11/1/2024,11/30/2024,11/2/2024,22,2,EUR');
SELECT pg_temp.nth(load_id, :base) AS load, side, supplier_invoice_id, charges, billed_cost, current, purchase FROM pg_temp.delivered WHERE load_id > :base ORDER BY 1;
SELECT pg_temp.nth(load_id, :base) AS load, side, status FROM bi_load_quality WHERE load_id > :base ORDER BY 1;
SELECT count(*) AS differences FROM (TABLE before EXCEPT ALL SELECT * FROM pg_temp.seen) AS d;
-- All grains of rating look past it.
SET cloudbilling.grain = 'day';
SELECT sum(billed_cost) FROM charge_owned WHERE customer_id = (SELECT customer_id FROM customer WHERE number = 'side-1');
SET cloudbilling.grain = 'charge';
SELECT sum(billed_cost) FROM charge_owned WHERE customer_id = (SELECT customer_id FROM customer WHERE number = 'side-1');
SET cloudbilling.grain = 'sum';
SELECT sum(billed_cost) FROM charge_owned WHERE customer_id = (SELECT customer_id FROM customer WHERE number = 'side-1');
RESET cloudbilling.grain;
-- Undone, the one before it counts again; and as of before it too.
SELECT clock_timestamp() AS moment \gset
SELECT load_undo(max(load_id)) FROM load;
SELECT pg_temp.nth(load_id, :base) AS load, billed_cost FROM load_scope_purchase WHERE load_id > :base;
SET cloudbilling.as_of = :'moment';
SELECT pg_temp.nth(load_id, :base) AS load, billed_cost FROM load_scope_purchase WHERE load_id > :base;
RESET cloudbilling.as_of;

-- The same content once on each side, and twice on none.
INSERT INTO landing VALUES (:'header' || E'\nside-2,c-1,e-1,,11/1/2024,11/30/2024,11/1/2024,1,1,EUR');
SET cloudbilling.load_side = 'usage';
INSERT INTO landing VALUES (:'header' || E'\nside-2,c-1,e-1,,11/1/2024,11/30/2024,11/1/2024,1,1,EUR');
SELECT regexp_replace(pg_catalog.current_setting('cloudbilling.load_side'), '^$', 'none') AS side;
INSERT INTO landing VALUES (:'header' || E'\nside-2,c-1,e-1,,11/1/2024,11/30/2024,11/1/2024,1,1,EUR');

-- A unique id counts once on each side.
RESET cloudbilling.load_side;
\set header 'customer_ref,meter,currency,source_event_id,quantity,usage_start,unit_cost'
INSERT INTO landing VALUES (:'header' || E'\nside-1,gpu,EUR,side-e1,1,2024-11-01,5');
SET cloudbilling.load_side = 'purchase';
INSERT INTO landing VALUES (:'header' || E'\nside-1,gpu,EUR,side-e1,1,2024-11-01,6');
INSERT INTO landing VALUES (:'header' || E'\nside-1,gpu,EUR,side-e1,1,2024-11-01,7');
SELECT side, records_loaded, records_duplicate, billed_cost_duplicate FROM load ORDER BY load_id DESC LIMIT 3;
SELECT side, count(*) FROM load_event WHERE event_id = 'side-e1' GROUP BY 1 ORDER BY 1;

-- Days that are carried stay on their side.
\set header 'counted_on,customer_ref,licence,quantity,unit_cost,currency,account'
INSERT INTO landing VALUES (:'header' || E'\n2024-11-01,side-1,E3,4,30,EUR,side-3\n2024-11-03,side-1,E3,5,30,EUR,side-3');
SET cloudbilling.load_side = 'usage';
INSERT INTO landing VALUES (:'header' || E'\n2024-11-03,side-1,E3,7,30,EUR,side-3');
SELECT s.side, s.billing_period_start, s.carried_from IS NOT NULL AS carried, s.charges FROM load_scope_in_force AS s WHERE s.billing_account_id = 'side-3' ORDER BY 1, 2;

-- What a format says, where the setting does not.
RESET cloudbilling.load_side;
SELECT source_add('side_bill', 'a bill', '{"provider_name": {"value": "Bill"}, "charge_period_start": "billed_day", "billed_cost": "billed_sum",
    "billing_account_id": {"value": "side-4"}, "billing_currency": {"value": "EUR"}}', side => 'purchase') IS NOT NULL AS added;
INSERT INTO landing VALUES (E'billed_day,billed_sum\n2024-11-01,1');
SET cloudbilling.load_side = 'usage';
INSERT INTO landing VALUES (E'billed_day,billed_sum\n2024-11-01,1');
SELECT side, billed_cost FROM load_scope_in_force WHERE billing_account_id = 'side-4' ORDER BY load_id;
SELECT source_add('side_wrong', 'wrong', '{}', side => 'sale');
SET cloudbilling.load_side = 'sale';
INSERT INTO source (name, title, way, side, fields, item_query, record_query)
VALUES ('side_wrong', 'wrong', 'append', 'sale', '[{"name": "a", "kind": "time", "required": true, "role": "period_start"}]', '', '');

-- A time zone that comes into use has roll-ups of both sides.
INSERT INTO seller (name, time_zone) VALUES ('Side Ltd', 'Pacific/Chatham');
SELECT s.side, sum(m.charges) AS charges
FROM charge_monthly AS m JOIN load_scope_in_force AS s USING (load_scope_id) JOIN time_zone AS z USING (time_zone_id)
WHERE z.name = 'Pacific/Chatham' AND s.billing_account_id LIKE 'side-%' GROUP BY 1 ORDER BY 1;

SELECT count(load_undo(load_id)) > 0 AS undone FROM load WHERE load_id > :base AND undone_at IS NULL AND file_name IS NULL;
