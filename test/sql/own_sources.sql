-- Own formats: hours worked, sales, licence counts and their gaps.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset format unaligned
\pset null '<null>'
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
CREATE VIEW pg_temp.last AS
SELECT s.name, l.records_read, l.records_loaded, l.records_rejected, l.records_duplicate, l.billed_cost_loaded, l.ignored_columns
FROM load AS l JOIN source AS s USING (source_id)
WHERE l.header <> ''
ORDER BY l.load_id DESC LIMIT 1;

-- Hours: a file supersedes its days, here the 4th; what is not billable is another service.
\copy landing from 'test/data/hours-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT line_no, column_name, reason FROM load_reject WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY 1;
SELECT line_no, provider_name, billing_account_id, sub_account_id, charge_category, charge_frequency, service_name, sku_id, charge_description, resource_id,
    charge_period_start, charge_period_end, pricing_quantity, pricing_unit, contracted_unit_price, billed_cost, tags, x_columns
FROM focus WHERE load_id > :base ORDER BY line_no;
\copy landing from 'test/data/hours-2.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SET cloudbilling.load_currency = 'EUR';
\copy landing from 'test/data/hours-2.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT billing_period_start, sub_account_id, service_name, pricing_quantity, billed_cost FROM focus WHERE load_id > :base ORDER BY 1, 2, 3;
-- Of another department, the same days stand beside them.
SET cloudbilling.load_account = 'projects';
SET cloudbilling.load_force = on;
\copy landing from 'test/data/hours-2.csv' with (format csv, delimiter E'\x01', quote E'\x02')
RESET cloudbilling.load_force;
RESET cloudbilling.load_account;
RESET cloudbilling.load_currency;
SELECT billing_account_id, count(*) FROM focus WHERE load_id > :base GROUP BY 1 ORDER BY 1;
SELECT count(load_undo(load_id)) FROM load WHERE load_id > :base AND undone_at IS NULL;

-- Sales: an order line is sold once.
\copy landing from 'test/data/sale-1.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT * FROM pg_temp.last;
SELECT line_no, column_name, reason FROM load_reject WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY 1;
SELECT line_no, billing_account_id, sub_account_id, invoice_id, publisher_name, invoice_issuer_name, charge_category, charge_frequency, service_name, sku_id, charge_description,
    resource_id, charge_period_start, charge_period_end, pricing_quantity, pricing_unit, contracted_unit_price, billed_cost, list_unit_price, list_cost
FROM focus WHERE load_id > :base ORDER BY line_no;
SELECT count(load_undo(load_id)) FROM load WHERE load_id > :base AND undone_at IS NULL;

-- Licence counts: 30 January and 2 February; what is between has the count of before.
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
CREATE VIEW pg_temp.licence AS
SELECT f.charge_period_start::date AS day, f.sub_account_id, f.sku_id, f.pricing_quantity, f.billed_cost, f.x_columns, f.line_no
FROM focus AS f
WHERE f.service_name = 'Licences'
ORDER BY 1, 2, 3;
CREATE FUNCTION pg_temp.gaps(base int)
RETURNS TABLE (account text, missing_on date, counted_before date, load int, charges bigint, quantity numeric)
LANGUAGE sql
AS $$ SELECT billing_account_id, missing_on, counted_before, load_id - base, charges, quantity FROM load_gap WHERE source_name = 'licence' ORDER BY 1, 2 $$;
CREATE FUNCTION pg_temp.load(file text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    l load;
BEGIN
    SET LOCAL client_min_messages = warning;
    INSERT INTO landing SELECT file;
    SELECT * INTO l FROM load WHERE header <> '' ORDER BY load_id DESC LIMIT 1;
    RETURN format('%s read, %s loaded, %s rejected; billed cost %s', l.records_read, l.records_loaded, l.records_rejected, l.billed_cost_loaded);
END
$$;
\set one `cat test/data/licence-1.csv`
\set two `cat test/data/licence-2.csv`
\set three `cat test/data/licence-3.csv`
SELECT pg_temp.load(:'one');
SELECT line_no, column_name, reason FROM load_reject WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY 1;
SELECT * FROM pg_temp.gaps(:base);
SELECT clock_timestamp() AS t1 \gset
SELECT pg_temp.load(:'two');
SELECT * FROM pg_temp.gaps(:base);
SELECT * FROM pg_temp.licence;
SELECT clock_timestamp() AS t2 \gset
-- Roll-ups are those of the charges, and loads add up.
SELECT d.charge_on, d.charges, d.quantity, d.billed_cost FROM charge_daily AS d JOIN load_scope AS s USING (load_scope_id)
WHERE s.load_id > :base AND d.time_zone_id = (SELECT min(time_zone_id) FROM time_zone) ORDER BY 1, 3;
SELECT load_id - :base AS load, file_name, records_read, records_loaded, billed_cost_read, billed_cost_loaded, undone_at IS NULL AS stands FROM load WHERE load_id > :base ORDER BY 1;
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'load_scope'::regclass AND conname LIKE '%carried%';
-- The count of 31 January comes in after all; the gap that is left has that of the 31st.
SELECT pg_temp.load(:'three');
SELECT * FROM pg_temp.gaps(:base);
SELECT day, sub_account_id, pricing_quantity, x_columns FROM pg_temp.licence;
SELECT load_id - :base AS load, file_name, undone_at IS NULL AS stands FROM load WHERE load_id > :base ORDER BY 1;
-- As it was at each moment.
SET cloudbilling.as_of = :'t1';
SELECT day, sub_account_id, pricing_quantity FROM pg_temp.licence;
SELECT * FROM pg_temp.gaps(:base);
SET cloudbilling.as_of = :'t2';
SELECT day, sub_account_id, pricing_quantity FROM pg_temp.licence;
SELECT * FROM pg_temp.gaps(:base);
RESET cloudbilling.as_of;
-- What repeats a day cannot be taken back; the count that made the gap can.
SELECT load_id AS carried FROM load WHERE load_id > :base AND header = '' AND undone_at IS NULL ORDER BY 1 DESC LIMIT 1 \gset
CREATE FUNCTION pg_temp.undo(load_id int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
    detail text;
BEGIN
    PERFORM load_undo(load_id);
    RETURN 'undone';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, replace(SQLERRM, load_id::text, '<load>'), detail, hint);
END
$$;
SELECT pg_temp.undo(:carried);
SELECT load_undo(:base + 2);
SELECT day, sub_account_id, pricing_quantity FROM pg_temp.licence;
SELECT load_id - :base AS load, undone_at IS NULL AS stands FROM load WHERE load_id > :base ORDER BY 1;
SELECT pg_temp.load(:'two');
SELECT day, sub_account_id, pricing_quantity FROM pg_temp.licence;
-- A gap of more than a month is shown, and not filled.
SELECT pg_temp.load(E'snapshot_date,customer,license,quantity,currency,tenant\n2025-01-01,K1,A,1,EUR,long\n2025-02-01,K1,A,2,EUR,long\n2025-03-06,K1,A,3,EUR,long');
SELECT account, min(missing_on), max(missing_on), count(*), sum(quantity), count(load) FROM pg_temp.gaps(:base) GROUP BY account, counted_before ORDER BY 1, 2;
-- A month of licences, each for the time it was there.
SELECT sub_account_id, sum(pricing_quantity * extract(epoch FROM charge_period_end - charge_period_start)) / (31 * 86400) AS licences
FROM focus WHERE service_name = 'Licences' AND billing_account_id = 'long' AND charge_period_start < '2025-02-01' GROUP BY 1;
-- A day that was carried, then counted, and purged: when the count is taken back, it is carried anew.
SELECT pg_temp.load(E'snapshot_date,customer,license,quantity,currency,tenant\n2025-05-01,K1,A,1,EUR,purged\n2025-05-03,K1,A,3,EUR,purged');
SELECT pg_temp.load(E'snapshot_date,customer,license,quantity,currency,tenant\n2025-05-02,K1,A,2,EUR,purged');
SELECT charges > 0 AS purged FROM load_purge(clock_timestamp());
SELECT load_undo(max(load_id)) FROM load WHERE header <> '';
SELECT charge_period_start, pricing_quantity FROM focus WHERE billing_account_id = 'purged' ORDER BY 1;

SELECT count(load_undo(load_id)) FROM load WHERE load_id > :base AND header <> '' AND undone_at IS NULL;
SELECT count(*) FROM pg_temp.licence;
