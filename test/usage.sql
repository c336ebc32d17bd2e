\set ECHO none
-- For tests that bill: a clean extension, and usage written as rows of a table.
-- deliver() sends all rows of one payer as a FOCUS file.
\set QUIET on
SET client_min_messages = 'warning';
DROP EXTENSION IF EXISTS cloudbilling CASCADE;
CREATE EXTENSION cloudbilling;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
\pset null '(null)'

CREATE TEMP TABLE usage (
    payer        text     NOT NULL DEFAULT 'payer',
    account      text,
    service      text     DEFAULT 'Compute',
    sku          text     DEFAULT 'vm',
    resource     text,
    unit         text     DEFAULT 'Hours',
    quantity     numeric,
    cost         numeric  NOT NULL DEFAULT 0,
    starts       timestamptz NOT NULL,
    tags         jsonb,
    currency     text     NOT NULL DEFAULT 'EUR',
    effective    numeric,
    list         numeric,
    contracted   numeric,
    category     text     NOT NULL DEFAULT 'Usage',
    provider     text     NOT NULL DEFAULT 'AWS',
    region       text,
    n            int      GENERATED ALWAYS AS IDENTITY
);

-- One charge an hour long for each row; the supplier's billing period is the month in UTC.
CREATE FUNCTION pg_temp.deliver(payer text DEFAULT 'payer') RETURNS void LANGUAGE sql AS $$
    INSERT INTO cloudbilling.landing
    SELECT line
    FROM (
        SELECT 0 AS n, 'ProviderName,BillingAccountId,SubAccountId,ServiceName,SkuId,ResourceId,PricingUnit,PricingQuantity,'
            'BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,ChargeCategory,ChargePeriodStart,'
            'ChargePeriodEnd,BillingPeriodStart,BillingPeriodEnd,RegionId,Tags' AS line
        UNION ALL
        SELECT u.n, concat(u.provider, ',', u.payer, ',', u.account, ',', u.service, ',', u.sku, ',', u.resource, ',', u.unit, ',',
            u.quantity, ',', u.cost, ',', u.effective, ',', u.list, ',', u.contracted, ',', u.currency, ',', u.category, ',',
            to_char(u.starts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ',',
            to_char((u.starts + interval '1 hour') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ',',
            to_char(date_trunc('month', u.starts AT TIME ZONE 'UTC'), 'YYYY-MM-DD"T00:00:00Z"'), ',',
            to_char(date_trunc('month', u.starts AT TIME ZONE 'UTC') + interval '1 month', 'YYYY-MM-DD"T00:00:00Z"'), ',',
            u.region, ',', '"' || replace(u.tags::text, '"', '""') || '"')
        FROM usage AS u
        WHERE u.payer = deliver.payer
    ) AS l
    ORDER BY n
$$;

-- Runs a statement that must fail, and shows what its error says.
CREATE FUNCTION pg_temp.fails(statement text)
RETURNS TABLE (code text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        EXECUTE statement;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        RETURN NEXT;
        RETURN;
    END;
    RAISE EXCEPTION 'it did not fail: %', statement;
END
$$;
\set QUIET off
\set ECHO all
