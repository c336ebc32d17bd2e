-- Time zones in which customers are billed.  A day and a month begin at another
-- moment in each, so roll-ups are kept for each zone in use.
CREATE TABLE time_zone (
    time_zone_id  smallint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          text      NOT NULL UNIQUE
);

COMMENT ON TABLE time_zone IS 'time zones in use by sellers and customers; kept by the extension';
COMMENT ON COLUMN time_zone.time_zone_id IS 'key of the zone';
COMMENT ON COLUMN time_zone.name IS 'name of the zone, as PostgreSQL knows it';

SELECT pg_catalog.pg_extension_config_dump('time_zone', '');
SELECT pg_catalog.pg_extension_config_dump('time_zone_time_zone_id_seq', '');

-- Sums of charges by day, and of days by month, made by each load in its own
-- transaction and never updated.  What is current is the union over current
-- loads (view load_scope_current).
CREATE TABLE charge_daily (
    load_scope_id      int       NOT NULL,
    account_id         int       NOT NULL,
    item_id            int       NOT NULL,
    charge_on          date      NOT NULL,
    time_zone_id       smallint  NOT NULL,
    charges            int       NOT NULL,
    quantity           numeric,
    billed_cost        numeric   NOT NULL,
    effective_cost     numeric,
    list_cost          numeric,
    contracted_cost    numeric
);

CREATE INDEX ON charge_daily (load_scope_id, account_id);

COMMENT ON TABLE charge_daily IS 'roll-up of charges by delivery, item and day of a time zone';

CREATE TABLE charge_monthly (
    load_scope_id      int       NOT NULL,
    account_id         int       NOT NULL,
    item_id            int       NOT NULL,
    charge_on          date      NOT NULL,
    time_zone_id       smallint  NOT NULL,
    charges            bigint    NOT NULL,
    quantity           numeric,
    billed_cost        numeric   NOT NULL,
    effective_cost     numeric,
    list_cost          numeric,
    contracted_cost    numeric
);

CREATE INDEX ON charge_monthly (load_scope_id, account_id);

COMMENT ON TABLE charge_monthly IS 'roll-up of charges by delivery, item and month of a time zone';

SELECT pg_catalog.pg_extension_config_dump('charge_daily', '');
SELECT pg_catalog.pg_extension_config_dump('charge_monthly', '');

COMMENT ON COLUMN charge_daily.load_scope_id IS 'delivery of the charges';
COMMENT ON COLUMN charge_daily.account_id IS 'supplier''s account';
COMMENT ON COLUMN charge_daily.item_id IS 'what it is';
COMMENT ON COLUMN charge_daily.charge_on IS 'day in which the charge periods start';
COMMENT ON COLUMN charge_daily.time_zone_id IS 'zone in which the day is counted';
COMMENT ON COLUMN charge_daily.charges IS 'number of charges';
COMMENT ON COLUMN charge_daily.quantity IS 'sum of pricing quantity, or of consumed quantity where there is none';
COMMENT ON COLUMN charge_daily.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN charge_daily.effective_cost IS 'sum of effective cost';
COMMENT ON COLUMN charge_daily.list_cost IS 'sum of list cost';
COMMENT ON COLUMN charge_daily.contracted_cost IS 'sum of contracted cost';

COMMENT ON COLUMN charge_monthly.load_scope_id IS 'delivery of the charges';
COMMENT ON COLUMN charge_monthly.account_id IS 'supplier''s account';
COMMENT ON COLUMN charge_monthly.item_id IS 'what it is';
COMMENT ON COLUMN charge_monthly.charge_on IS 'first day of the month in which the charge periods start';
COMMENT ON COLUMN charge_monthly.time_zone_id IS 'zone in which the month is counted';
COMMENT ON COLUMN charge_monthly.charges IS 'number of charges';
COMMENT ON COLUMN charge_monthly.quantity IS 'sum of pricing quantity, or of consumed quantity where there is none';
COMMENT ON COLUMN charge_monthly.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN charge_monthly.effective_cost IS 'sum of effective cost';
COMMENT ON COLUMN charge_monthly.list_cost IS 'sum of list cost';
COMMENT ON COLUMN charge_monthly.contracted_cost IS 'sum of contracted cost';
