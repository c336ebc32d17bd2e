-- Usage as a legacy AWS Cost and Usage Report of 195 columns, on standard output.
-- Variables: rows; resources, the number of resources the rows are of.  Each
-- resource has tags of its own, so with as many resources as rows every row is a
-- new combination of dimensions.  Nothing is random: see generate.sql.
\set ON_ERROR_STOP on
SET timezone = 'UTC';

-- Columns in the order of the file, each with its expression; NULL is empty, as
-- most columns of such reports are.
CREATE TEMPORARY TABLE cur_column (column_no int GENERATED ALWAYS AS IDENTITY, name text, value text);

INSERT INTO cur_column (name, value)
VALUES
    ('identity/LineItemId', 'md5(no::text)'),
    ('identity/TimeInterval', $$to_char(started, 'YYYY-MM-DD"T"HH24:MI:SS"Z/"') || to_char(started + interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')$$),
    ('bill/InvoiceId', 'NULL'),
    ('bill/BillingEntity', $$'AWS'$$),
    ('bill/BillType', $$'Anniversary'$$),
    ('bill/PayerAccountId', $$'112233445566'$$),
    ('bill/BillingPeriodStartDate', $$'2026-05-01T00:00:00Z'$$),
    ('bill/BillingPeriodEndDate', $$'2026-06-01T00:00:00Z'$$),
    ('lineItem/UsageAccountId', '(900000000000 + resource % 200)::text'),
    ('lineItem/LineItemType', $$'Usage'$$),
    ('lineItem/UsageStartDate', $$to_char(started, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')$$),
    ('lineItem/UsageEndDate', $$to_char(started + interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')$$),
    ('lineItem/ProductCode', $$'AmazonEC2'$$),
    ('lineItem/UsageType', $$'BoxUsage:m5.' || resource % 40$$),
    ('lineItem/Operation', $$'RunInstances'$$),
    ('lineItem/AvailabilityZone', $$'eu-west-1' || chr(97 + resource % 3)$$),
    ('lineItem/ResourceId', $$'i-' || left(md5(format('resource %s', resource)), 17)$$),
    ('lineItem/UsageAmount', '1.0000000000'),
    ('lineItem/NormalizationFactor', '4.0'),
    ('lineItem/NormalizedUsageAmount', '4.0000000000'),
    ('lineItem/CurrencyCode', $$'USD'$$),
    ('lineItem/UnblendedRate', '0.0100000000 * (1 + resource % 40)'),
    ('lineItem/UnblendedCost', '0.0100000000 * (1 + resource % 40)'),
    ('lineItem/BlendedRate', '0.0100000000 * (1 + resource % 40)'),
    ('lineItem/BlendedCost', '0.0100000000 * (1 + resource % 40)'),
    ('lineItem/LineItemDescription', $$format('$%s per On Demand Linux m5.%s Instance Hour', 0.01 * (1 + resource % 40), resource % 40)$$),
    ('lineItem/TaxType', 'NULL'),
    ('lineItem/LegalEntity', $$'Amazon Web Services, Inc.'$$),
    ('product/ProductName', $$'Amazon Elastic Compute Cloud'$$),
    ('product/region', $$'eu-west-1'$$),
    ('product/sku', $$'SKU' || resource % 40$$),
    ('product/instanceType', $$'m5.' || resource % 40$$),
    ('pricing/publicOnDemandCost', '0.0100000000 * (1 + resource % 40)'),
    ('pricing/publicOnDemandRate', '0.0100000000 * (1 + resource % 40)'),
    ('pricing/term', $$'OnDemand'$$),
    ('pricing/unit', $$'Hrs'$$),
    ('resourceTags/user:Environment', $$(ARRAY['prod', 'staging', 'dev'])[1 + resource % 3]$$),
    ('resourceTags/user:CostCenter', $$format('cc-%s', 1000 + resource % 40)$$),
    ('resourceTags/user:Owner', $$format('team-%s', resource % 25)$$),
    ('resourceTags/user:Name', $$format('server-%s', resource)$$);

INSERT INTO cur_column (name, value)
SELECT 'product/attribute' || n, CASE WHEN n % 5 = 0 THEN quote_literal('value of attribute ' || n) ELSE 'NULL' END
FROM generate_series(1, 195 - (SELECT count(*) FROM cur_column)) AS n;

SELECT format(
    $copy$COPY (
        SELECT %s
        FROM (
            SELECT no, no %% %s AS resource, timestamp '2026-05-01' + no * 743 / %s * interval '1 hour' AS started
            FROM generate_series(0, %s) AS no
        ) AS line
    ) TO STDOUT WITH (FORMAT csv, HEADER)$copy$,
    string_agg(format('%s AS %I', value, name), ', ' ORDER BY column_no), :resources, :rows, :rows - 1)
FROM cur_column
\gexec
