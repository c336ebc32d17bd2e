-- Roll-ups made while a load writes its charges are those that rollup_make makes
-- of the charges; and a load writes the same whether it can write in bulk or not.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET cloudbilling.load_force = on;
SET client_min_messages = 'warning';
-- Counts below are of this test's charges only.
DROP EXTENSION cloudbilling;
CREATE EXTENSION cloudbilling;

-- Zones with half hours, quarters of hours, summer times at odd moments, and a fixed one.
INSERT INTO time_zone (name)
VALUES ('Europe/Amsterdam'), ('America/St_Johns'), ('Asia/Kathmandu'), ('Australia/Lord_Howe'), ('EST'), ('Etc/GMT+12');

-- Charges around the days on which summer time begins and ends, with missing
-- values, many scales, and amounts that no 128 bits hold.
CREATE FUNCTION bill(account text, n int, seed int) RETURNS SETOF text
LANGUAGE sql
AS $$
    SELECT 'ProviderName,BillingAccountId,SubAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,'
        'ChargeCategory,BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,PricingQuantity,ConsumedQuantity,'
        'ServiceName,SkuId,x_note'
    UNION ALL
    SELECT concat_ws(',', 'Cumulus', account, 'sub' || r % 7, '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z',
        to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), to_char(t + interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'Usage',
        CASE WHEN r % 997 = 0 THEN '9' || repeat('8', 45) || '.' || repeat('7', 30) ELSE round(r / 8.0 - 5, r % 12)::text END,
        CASE WHEN r % 3 = 0 THEN '' ELSE round(r / 16.0, r % 5)::text END,
        CASE WHEN r % 11 < 10 THEN '' ELSE '1e-' || r % 20 END,
        CASE WHEN r % 4 = 0 THEN '' ELSE r || '.50' END,
        'EUR',
        CASE WHEN r % 5 = 0 THEN '' ELSE (r % 100)::text END,
        CASE WHEN r % 10 = 0 THEN '' ELSE '0.000' || r END,
        'Compute', 'SKU-' || r % 5, CASE WHEN r % 2 = 0 THEN 'n' || r ELSE '' END)
    FROM (
        SELECT i AS r, timestamp '2026-03-26' + interval '15 minutes' * ((i * 7919) % 2000)
            + CASE WHEN i % 2 = 0 THEN interval '215 days' ELSE interval '0' END
            + CASE WHEN i % 13 = 0 THEN interval '59 seconds' ELSE interval '0' END AS t
        FROM generate_series(seed, seed + n - 1) AS i
    ) AS x
$$;

-- Rows of the roll-ups that would be others if they were made now.
CREATE FUNCTION difference() RETURNS TABLE (days bigint, days_differ bigint, months bigint, months_differ bigint)
LANGUAGE plpgsql
AS $$
BEGIN
    CREATE TEMP TABLE daily AS SELECT 'made' AS how, d::text AS row FROM charge_daily AS d;
    CREATE TEMP TABLE monthly AS SELECT 'made' AS how, m::text AS row FROM charge_monthly AS m;
    SET LOCAL client_min_messages = 'error';
    DELETE FROM charge_daily;
    DELETE FROM charge_monthly;
    PERFORM rollup_make(array_agg(s.load_scope_id), min(s.charge_period_start), max(s.charge_period_end), NULL)
    FROM load_scope AS s;
    RETURN QUERY
    SELECT
        (SELECT count(*) FROM daily),
        (SELECT count(*) FROM (SELECT a.row, count(*) FROM daily AS a GROUP BY 1) AS x
            FULL JOIN (SELECT d::text AS row, count(*) FROM charge_daily AS d GROUP BY 1) AS y USING (row, count)
            WHERE x IS NULL OR y IS NULL),
        (SELECT count(*) FROM monthly),
        (SELECT count(*) FROM (SELECT a.row, count(*) FROM monthly AS a GROUP BY 1) AS x
            FULL JOIN (SELECT m::text AS row, count(*) FROM charge_monthly AS m GROUP BY 1) AS y USING (row, count)
            WHERE x IS NULL OR y IS NULL);
    DROP TABLE daily, monthly;
END
$$;

INSERT INTO landing SELECT bill('A', 4000, 1);
SELECT * FROM difference();
SELECT tableoid::regclass, count(*), sum(billed_cost), sum(effective_cost), sum(pricing_quantity), count(extra) FROM charge GROUP BY 1 ORDER BY 1;
SELECT time_zone_id, sum(charges), sum(billed_cost), sum(effective_cost), sum(quantity) FROM charge_monthly GROUP BY 1 ORDER BY 1;

-- Groups that do not fit in memory come in parts.
SET maintenance_work_mem = '1MB';
INSERT INTO landing SELECT bill('B', 9000, 1);
RESET maintenance_work_mem;
SELECT * FROM difference();
SELECT count(*) AS twice FROM (
    SELECT FROM charge_daily GROUP BY load_scope_id, item_id, charge_on, time_zone_id HAVING count(*) > 1) AS x;

-- What a user adds to the tables is respected: an index and a check in bulk,
-- triggers and defaults by INSERT.  The charges are the same.
CREATE FUNCTION content(account text) RETURNS text
LANGUAGE sql
AS $$
    SELECT md5(string_agg(concat_ws('|', c.charge_period_start, c.charge_period_end, c.line_no, c.billed_cost, c.effective_cost,
        c.list_cost, c.contracted_cost, c.pricing_quantity, c.consumed_quantity, c.extra, i.sku_id), E'\n' ORDER BY c.line_no))
    FROM charge AS c
    JOIN charge_item AS i USING (item_id)
    JOIN load_scope AS s USING (load_scope_id)
    WHERE s.billing_account_id = account AND upper_inf(s.current_during)
$$;
INSERT INTO landing SELECT bill('C', 3000, 1);
CREATE TEMP TABLE seen AS SELECT content('C') AS bulk;

BEGIN;
CREATE INDEX ON charge (item_id);
CREATE INDEX ON charge_202603 (lower(extra::text)) WHERE line_no > 100;
ALTER TABLE charge_202603 ADD CHECK (line_no > 0);
INSERT INTO landing SELECT bill('C', 3000, 1);
SELECT content('C') = bulk AS same FROM seen;
SELECT * FROM difference();
SET enable_seqscan = off;
SELECT count(*) > 0 AS found FROM charge WHERE item_id = (SELECT min(item_id) FROM charge);
ROLLBACK;

BEGIN;
CREATE FUNCTION double() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.list_cost := NEW.billed_cost; RETURN NEW; END $$;
CREATE TRIGGER double BEFORE INSERT ON charge FOR EACH ROW EXECUTE FUNCTION double();
INSERT INTO landing SELECT bill('D', 3000, 1);
SELECT count(*) FROM charge JOIN load_scope USING (load_scope_id) WHERE billing_account_id = 'D' AND list_cost = charge.billed_cost;
SELECT * FROM difference();
DROP TRIGGER double ON charge;
CREATE TRIGGER double BEFORE INSERT ON charge_202603 FOR EACH ROW EXECUTE FUNCTION double();
INSERT INTO landing SELECT bill('D', 3000, 1);
SELECT c.tableoid::regclass, count(*) FROM charge AS c JOIN load_scope USING (load_scope_id)
WHERE billing_account_id = 'D' AND upper_inf(current_during) AND c.list_cost = c.billed_cost GROUP BY 1;
ROLLBACK;

BEGIN;
ALTER TABLE charge ADD COLUMN note text DEFAULT 'new';
INSERT INTO landing SELECT bill('C', 3000, 1);
SELECT content('C') = bulk AS same, (SELECT count(*) FROM charge WHERE note = 'new') > 3000 AS noted FROM seen;
ALTER TABLE charge ALTER COLUMN note DROP DEFAULT;
CREATE TABLE other (LIKE charge);
ALTER TABLE other DROP COLUMN extra, ADD COLUMN extra jsonb;
ALTER TABLE charge ATTACH PARTITION other FOR VALUES FROM ('2026-01-01') TO ('2026-03-01');
CREATE TABLE another PARTITION OF charge FOR VALUES FROM ('2026-08-01') TO ('2026-10-01');
UPDATE source SET record_query = replace(record_query, '"ChargePeriodStart" AS', '"ChargePeriodStart" - interval ''59 days'' AS') WHERE name = 'focus';
INSERT INTO landing SELECT bill('E', 3000, 1);
SELECT c.tableoid::regclass, count(*), count(extra), count(note) FROM charge AS c JOIN load_scope USING (load_scope_id)
WHERE billing_account_id = 'E' GROUP BY 1 ORDER BY 1;
ROLLBACK;

-- A format whose columns have other types is converted as INSERT does.
BEGIN;
UPDATE source SET record_query = replace(record_query, '"ListCost" AS', '7::int AS') WHERE name = 'focus';
INSERT INTO landing SELECT bill('F', 3000, 1);
SELECT count(*) FROM charge WHERE list_cost = 7;
SELECT * FROM difference();
ROLLBACK;

-- Errors half-way: the server's own, and nothing stays behind.
CREATE FUNCTION attempt(find text, put text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    detail text;
BEGIN
    UPDATE source SET record_query = replace(record_query, find, put) WHERE name = 'focus';
    INSERT INTO landing SELECT bill('G', 3000, 1);
    RETURN 'loaded';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(': ', SQLSTATE, SQLERRM, CASE WHEN SQLSTATE = '23514' THEN detail END);
END
$$;
SELECT attempt('"BilledCost" AS', '"BilledCost" / (line_no - 2500) AS');
SELECT attempt('"BilledCost" AS', 'nullif("BilledCost", round(2400 / 8.0 - 5, 0)) AS');
SELECT attempt('"ChargePeriodStart" AS', '"ChargePeriodStart" + CASE WHEN line_no = 2000 THEN interval ''1 year'' ELSE interval ''0'' END AS');
SELECT attempt('"ChargePeriodStart" AS', 'CASE WHEN line_no < 2000 THEN "ChargePeriodStart" END AS');
SELECT attempt('"ChargePeriodStart" AS', 'timestamptz ''infinity'' AS');
SELECT attempt('"ChargePeriodStart" AS charge_period_start,', '');
SELECT attempt('extra', 'extra, 1 AS none');
SELECT attempt('extra', 'extra, 1 AS line_no');
SELECT attempt('"ListCost" AS', 'line_no::text AS');
SELECT count(*) FROM load JOIN load_scope USING (load_id) WHERE billing_account_id = 'G';

-- In a savepoint, taken back and again.
BEGIN;
SAVEPOINT a;
INSERT INTO landing SELECT bill('G', 1000, 1);
ROLLBACK TO a;
SELECT count(*) FROM load_scope WHERE billing_account_id = 'G';
INSERT INTO landing SELECT bill('G', 1000, 1);
RELEASE a;
COMMIT;
SELECT s.charges, count(*) FROM load_scope AS s JOIN charge USING (load_scope_id) WHERE billing_account_id = 'G' GROUP BY 1;
SELECT * FROM difference();
