-- FOCUS 1.3, which has a new name for the provider beside the old one, and files
-- that have the new one alone.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\pset format unaligned
\pset null '<null>'
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
CREATE FUNCTION pg_temp.focus(header text, VARIADIC rows text[])
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO landing
    SELECT 'BillingAccountId,BillingPeriodStart,BillingPeriodEnd,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,BilledCost,' || header
    UNION ALL
    SELECT 'b13,2025-01-01,2025-02-01,EUR,Usage,2025-01-02,2025-01-03,' || row FROM unnest(rows) AS row
$$;
CREATE VIEW pg_temp.charges AS
SELECT line_no, provider_name, publisher_name, billed_cost, x_columns FROM focus WHERE billing_account_id = 'b13' ORDER BY line_no;
SELECT pg_temp.focus('ProviderName,PublisherName', '1,Provider,Publisher');
SELECT * FROM pg_temp.charges;
SELECT pg_temp.focus('ServiceProviderName,HostProviderName,ProviderName,PublisherName,AllocatedMethodId,AllocatedTags,ContractApplied',
    '2,Service provider,Host,Provider,Publisher,m1,"{""a"": ""b""}","{""Elements"": []}"');
SELECT * FROM pg_temp.charges;
-- The new name is who supplies: it supersedes what came under the same name.
SELECT pg_temp.focus('ServiceProviderName,HostProviderName', '4,Provider,Host', '8,,Host');
SELECT * FROM pg_temp.charges;
SELECT line_no, column_name, reason FROM load_reject WHERE load_id = (SELECT max(load_id) FROM load);
SELECT ignored_columns FROM load WHERE load_id > :base ORDER BY load_id;
SELECT column_no, column_name, field_name, kind, status FROM source_check('ServiceProviderName,ProviderName,HostProviderName,BilledCost') WHERE column_no IS NOT NULL;
SELECT column_no, column_name, field_name, kind, status FROM source_check('ServiceProviderName,HostProviderName,BilledCost') WHERE column_no IS NOT NULL;
SELECT count(load_undo(load_id)) FROM load WHERE load_id > :base AND undone_at IS NULL;
