-- A month of usage of a reseller's three suppliers, as one file in FOCUS 1.2 on
-- standard output.  Variable: rows, the number of records (10,000 or more).
--
-- Nothing is random: hashint8extended() is what hash partitions are made with,
-- so it gives the same on every server and machine, and so do the bytes here.
--
-- Most records are hours of servers that run all month.  The rest are servers
-- that ran some hours, things metered by the day, and what comes once a month:
-- tax, purchases, credits and corrections.  Records come day by day, shuffled
-- within the day.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET work_mem = '256MB';
SET max_parallel_workers_per_gather = 0;

\ir accounts.sql

-- A number of 0 to 2^30 - 1 for each pair.
CREATE FUNCTION pg_temp.hash(n bigint, seed int) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN hashint8extended(n, seed) & 1073741823;

CREATE TEMPORARY TABLE provider AS
SELECT *
FROM (VALUES
    (1, 'AWS', 'Amazon Web Services, Inc.', 'Payer Account', 'Linked Account', 'USD',
        '{us-east-1,eu-west-1,eu-central-1,us-west-2}'::text[],
        '{US East (N. Virginia),Europe (Ireland),Europe (Frankfurt),US West (Oregon)}'::text[]),
    (2, 'Microsoft', 'Microsoft', 'Billing Profile', 'Subscription', 'EUR',
        '{westeurope,northeurope,germanywestcentral,eastus}',
        '{West Europe,North Europe,Germany West Central,East US}'),
    (3, 'Google Cloud', 'Google', 'Billing Account', 'Project', 'USD',
        '{europe-west4,europe-west1,europe-west3,us-east1}',
        '{Netherlands,Belgium,Frankfurt,South Carolina}')
) AS p (provider_no, provider, publisher, billing_account_type, sub_account_type, currency, region_ids, region_names);

-- Services 0 to 5 are metered by the hour, 6 to 9 by the day.  quantum is the
-- smallest quantity; NULL where a record is always of one unit.
CREATE TEMPORARY TABLE service AS
SELECT *
FROM (VALUES
    (1, 0, 'AmazonEC2', 'Compute', 'Virtual Machines', 'Hours', NULL::numeric, 'EC2 Instance', 'instance/i-'),
    (1, 1, 'AmazonRDS', 'Databases', 'Relational Databases', 'Hours', NULL, 'RDS Instance', 'db:db-'),
    (1, 2, 'AWSELB', 'Networking', 'Load Balancing', 'LCU-Hours', 0.0000001, 'Load Balancer', 'loadbalancer/app/'),
    (1, 3, 'AWSLambda', 'Compute', 'Serverless Compute', 'GB-Seconds', 0.0001, 'Function', 'function:fn-'),
    (1, 4, 'AmazonDynamoDB', 'Databases', 'NoSQL Databases', 'Requests', 0.1, 'DynamoDB Table', 'table/table-'),
    (1, 5, 'AWSDataTransfer', 'Networking', 'Network Traffic', 'GB', 0.0000001, 'EC2 Instance', 'instance/i-'),
    (1, 6, 'AmazonS3', 'Storage', 'Object Storage', 'GB-Month', 0.00001, 'S3 Bucket', ':bucket-'),
    (1, 7, 'AmazonEBS', 'Storage', 'Block Storage', 'GB-Month', 0.000001, 'EBS Volume', 'volume/vol-'),
    (1, 8, 'AmazonCloudWatch', 'Management and Governance', 'Observability', 'Metrics', 0.0001, 'CloudWatch Metric', 'metric/m-'),
    (1, 9, 'AWSBackup', 'Storage', 'Backup Storage', 'GB-Month', 0.00001, 'Backup Vault', 'backup-vault:v-'),
    (2, 0, 'Virtual Machines', 'Compute', 'Virtual Machines', 'Hours', NULL, 'Virtual Machine', 'Microsoft.Compute/virtualMachines/vm-'),
    (2, 1, 'Azure SQL Database', 'Databases', 'Relational Databases', 'vCore-Hours', NULL, 'SQL Database', 'Microsoft.Sql/servers/sql-'),
    (2, 2, 'Azure Kubernetes Service', 'Compute', 'Containers', 'Hours', NULL, 'Managed Cluster', 'Microsoft.ContainerService/managedClusters/aks-'),
    (2, 3, 'Azure Functions', 'Compute', 'Serverless Compute', 'GB-Seconds', 0.0001, 'Function App', 'Microsoft.Web/sites/func-'),
    (2, 4, 'Azure Cosmos DB', 'Databases', 'NoSQL Databases', '100 RU/s-Hours', 0.0001, 'Cosmos DB Account', 'Microsoft.DocumentDB/databaseAccounts/cosmos-'),
    (2, 5, 'Bandwidth', 'Networking', 'Network Traffic', 'GB', 0.0000001, 'Virtual Machine', 'Microsoft.Compute/virtualMachines/vm-'),
    (2, 6, 'Storage Accounts', 'Storage', 'Object Storage', 'GB-Month', 0.00001, 'Storage Account', 'Microsoft.Storage/storageAccounts/st'),
    (2, 7, 'Managed Disks', 'Storage', 'Block Storage', 'Disk-Months', 0.000001, 'Disk', 'Microsoft.Compute/disks/disk-'),
    (2, 8, 'Azure Monitor', 'Management and Governance', 'Observability', 'GB', 0.000001, 'Workspace', 'Microsoft.OperationalInsights/workspaces/log-'),
    (2, 9, 'Azure Backup', 'Storage', 'Backup Storage', 'GB-Month', 0.00001, 'Recovery Services Vault', 'Microsoft.RecoveryServices/vaults/rsv-'),
    (3, 0, 'Compute Engine', 'Compute', 'Virtual Machines', 'Hours', NULL, 'Compute Instance', 'instances/instance-'),
    (3, 1, 'Cloud SQL', 'Databases', 'Relational Databases', 'Hours', NULL, 'Cloud SQL Instance', 'instances/sql-'),
    (3, 2, 'Google Kubernetes Engine', 'Compute', 'Containers', 'Hours', NULL, 'GKE Cluster', 'clusters/gke-'),
    (3, 3, 'Cloud Functions', 'Compute', 'Serverless Compute', 'GB-Seconds', 0.0001, 'Cloud Function', 'functions/fn-'),
    (3, 4, 'Pub/Sub', 'Integration', 'Messaging', 'GiB', 0.0000001, 'Pub/Sub Topic', 'topics/topic-'),
    (3, 5, 'Networking', 'Networking', 'Network Traffic', 'GiB', 0.0000001, 'Compute Instance', 'instances/instance-'),
    (3, 6, 'Cloud Storage', 'Storage', 'Object Storage', 'GiB-Month', 0.00001, 'GCS Bucket', 'buckets/bkt-'),
    (3, 7, 'Persistent Disk', 'Storage', 'Block Storage', 'GiB-Month', 0.000001, 'Disk', 'disks/disk-'),
    (3, 8, 'BigQuery', 'Analytics', 'Data Warehouses', 'TiB', 0.0001, 'BigQuery Dataset', 'datasets/ds_'),
    (3, 9, 'Cloud Logging', 'Management and Governance', 'Observability', 'GiB', 0.000001, 'Log Bucket', 'logs/log-')
) AS s (provider_no, service_no, service, category, subcategory, unit, quantum, resource_type, resource_path);

-- 100 SKUs a provider: 70 of services by the hour, 30 of services by the day.
CREATE TEMPORARY TABLE sku AS
SELECT
    sku_no,
    s.*,
    CASE provider_no
        WHEN 1 THEN format('SKU-%s', upper(left(key, 12)))
        WHEN 2 THEN format('DZH318Z0%s/00%s', upper(left(key, 4)), upper(substr(key, 5, 2)))
        ELSE upper(format('%s-%s-%s', left(key, 4), substr(key, 5, 4), substr(key, 9, 4)))
    END                                     AS sku_id,
    format('SPRICE-%s', left(key, 8))       AS sku_price_id,
    CASE WHEN service_no IN (0, 1) THEN format(
        '{"InstanceType":"m%s.%s","CoreCount":%s,"MemorySize":%s}',
        5 + sku_no % 3, (ARRAY['large', 'xlarge', '2xlarge', '4xlarge'])[1 + sku_no % 4],
        2 << (sku_no % 4), 8 << (sku_no % 4))
    END                                     AS details,
    format('%s, %s %s', service, unit, left(key, 5))
                                            AS description,
    -- A unit price that makes a record cost cents to euros, in 8 or 10 decimals.
    CASE WHEN quantum IS NULL
        THEN (1000000 + pg_temp.hash(sku_no, 1) % 5000000000) * 0.0000000001
        ELSE round((1 + pg_temp.hash(sku_no, 1) % 99999) * 0.000000001 / quantum / 10, 8) + 0.00000001
    END                                     AS price
FROM generate_series(0, 299) AS sku_no
CROSS JOIN LATERAL (SELECT sku_no % 100 AS n, md5(format('sku %s', sku_no)) AS key) AS part
JOIN service AS s ON s.provider_no = 1 + sku_no / 100
    AND s.service_no = CASE WHEN n < 70 THEN n % 6 ELSE 6 + n % 4 END;

-- What is metered: hours of first_hour to last_hour, each record step hours.
-- Small accounts are many, large ones few.
CREATE TEMPORARY TABLE meter AS
WITH
once AS (
    SELECT
        'once' AS kind,
        no AS item_no,
        -- Every account has its tax.
        CASE WHEN no <= 1000 THEN 'Tax' WHEN no <= 1500 THEN 'Purchase' WHEN no <= 1900 THEN 'Credit' ELSE 'Adjustment' END AS category,
        744 AS step, 0 AS first_hour, 743 AS last_hour
    FROM generate_series(1, least(2000, :rows / 50)) AS no
),
by_day AS (
    SELECT 'day', 10000 + no, 'Usage', 24, 0, 743
    FROM generate_series(1, least(6000, :rows / 150)) AS no
),
some_hours AS (
    SELECT 'some hours', 20000 + no, 'Usage', 1, first_hour, first_hour + (pg_temp.hash(no, 3) % 48)::int
    FROM generate_series(1, least(4000, :rows / 200)) AS no
    CROSS JOIN LATERAL (SELECT (pg_temp.hash(no, 2) % 696)::int AS first_hour) AS part
),
part AS (
    SELECT * FROM once
    UNION ALL
    SELECT * FROM by_day
    UNION ALL
    SELECT * FROM some_hours
),
-- The number of records is made up with the hours of these.
left_over AS (
    SELECT :rows - sum((last_hour - first_hour) / step + 1)::int AS records
    FROM part
),
all_month AS (
    SELECT 'all month', 30000 + no, 'Usage', 1, 0, least(743, records - (no - 1) * 744 - 1)
    FROM left_over, generate_series(1, (records + 743) / 744) AS no
)
SELECT * FROM part
UNION ALL
SELECT * FROM all_month;

-- An item is all that records have in common but time, quantity and cost.
CREATE TEMPORARY TABLE item AS
SELECT
    m.item_no,
    m.kind,
    m.category,
    a.*,
    p.provider_no, p.publisher, p.billing_account_type, p.sub_account_type, p.currency,
    k.service, k.category AS service_category, k.subcategory, k.unit, k.quantum, k.resource_type,
    CASE WHEN m.category <> 'Tax' THEN k.sku_id END         AS sku_id,
    CASE WHEN m.category <> 'Tax' THEN k.sku_price_id END   AS sku_price_id,
    CASE WHEN m.category = 'Usage' THEN k.details END       AS details,
    CASE m.category WHEN 'Usage' THEN k.description ELSE format('%s, %s', m.category, k.service) END
                                                            AS description,
    k.price,
    round(k.price * 0.9, scale(k.price))                    AS contracted_price,
    p.region_ids[region]                                    AS region_id,
    p.region_names[region]                                  AS region_name,
    CASE WHEN k.quantum IS NULL AND m.category = 'Usage' THEN p.region_ids[region] || chr(97 + m.item_no % 3) END
                                                            AS availability_zone,
    CASE WHEN m.category = 'Usage' THEN resource_name END   AS resource_name,
    CASE WHEN m.category = 'Usage' THEN
        CASE p.provider_no
            WHEN 1 THEN format('arn:aws:%s:%s:%s:', lower(left(k.service, 12)), p.region_ids[region], a.sub_account_id)
            WHEN 2 THEN format('/subscriptions/%s/resourceGroups/rg-%s/providers/', a.sub_account_id, a.sub_account_name)
            ELSE format('//googleapis.com/projects/%s/', a.sub_account_id)
        END || k.resource_path || resource_name
    END                                                     AS resource_id,
    -- Of the servers that run all month, every fifth is paid by a commitment.
    CASE WHEN m.kind = 'all month' AND k.quantum IS NULL AND m.item_no % 5 = 0
        THEN format('sp-%s', left(md5(a.billing_account_id), 12))
    END                                                     AS commitment_id,
    CASE WHEN pg_temp.hash(m.item_no, 8) % 10 < 3 THEN format(
        '{"Environment":"%s","CostCenter":"cc-%s","Owner":"team-%s"}',
        (ARRAY['prod', 'prod', 'staging', 'dev'])[1 + pg_temp.hash(m.item_no, 9) % 4],
        1000 + pg_temp.hash(m.item_no, 10) % 40,
        (ARRAY['platform', 'data', 'payments', 'web'])[1 + pg_temp.hash(m.item_no, 11) % 4])
    END                                                     AS tags
FROM meter AS m
CROSS JOIN LATERAL (
    SELECT
        1 + pg_temp.hash(m.item_no, 5) % 4 AS region,
        left(md5(format('resource %s', m.item_no)), 10) AS resource_name
) AS part
JOIN bench_account AS a ON a.account_no = CASE
    WHEN m.kind = 'once' THEN 1 + (m.item_no - 1) % 1000
    ELSE 1 + (pg_temp.hash(m.item_no, 4) % 1000) * (pg_temp.hash(m.item_no, 6) % 1000) / 1000
END
JOIN provider AS p USING (provider)
JOIN sku AS k ON k.sku_no = (p.provider_no - 1) * 100 + CASE m.kind
    WHEN 'day' THEN 70 + pg_temp.hash(m.item_no, 7) % 30
    ELSE pg_temp.hash(m.item_no, 7) % 70
END;

ALTER TABLE item ADD PRIMARY KEY (item_no);

CREATE TEMPORARY TABLE record AS
SELECT row_number() OVER (ORDER BY hour / 24, shuffle, item_no) AS record_no, item_no, hour, hour + step AS end_hour, shuffle
FROM meter
CROSS JOIN LATERAL generate_series(first_hour, last_hour, step) AS hour
CROSS JOIN LATERAL (SELECT pg_temp.hash(item_no * 1000 + hour, 12) AS shuffle) AS part;

CREATE INDEX ON record (record_no);
ANALYZE item, record;

-- In order of record_no by its index, without a sort of such wide rows.
SET enable_sort = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET timezone = 'UTC';

COPY (
    SELECT
        provider                        AS "ProviderName",
        publisher                       AS "PublisherName",
        publisher                       AS "InvoiceIssuerName",
        format('INV-2026-05-%s', right(billing_account_id, 4))
                                        AS "InvoiceId",
        billing_account_id              AS "BillingAccountId",
        billing_account_name            AS "BillingAccountName",
        billing_account_type            AS "BillingAccountType",
        sub_account_id                  AS "SubAccountId",
        sub_account_name                AS "SubAccountName",
        sub_account_type                AS "SubAccountType",
        '2026-05-01T00:00:00Z'          AS "BillingPeriodStart",
        '2026-06-01T00:00:00Z'          AS "BillingPeriodEnd",
        to_char(timestamp '2026-05-01' + hour * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                                        AS "ChargePeriodStart",
        to_char(timestamp '2026-05-01' + end_hour * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                                        AS "ChargePeriodEnd",
        category                        AS "ChargeCategory",
        CASE category WHEN 'Adjustment' THEN 'Correction' END
                                        AS "ChargeClass",
        description                     AS "ChargeDescription",
        CASE category WHEN 'Usage' THEN 'Usage-Based' WHEN 'Purchase' THEN 'Recurring' ELSE 'One-Time' END
                                        AS "ChargeFrequency",
        CASE WHEN commitment_id IS NULL THEN cost ELSE 0 END
                                        AS "BilledCost",
        CASE WHEN commitment_id IS NULL THEN cost ELSE cost * 0.7 END
                                        AS "EffectiveCost",
        CASE category WHEN 'Usage' THEN quantity * price ELSE cost END
                                        AS "ListCost",
        cost                            AS "ContractedCost",
        CASE category WHEN 'Usage' THEN price END
                                        AS "ListUnitPrice",
        CASE category WHEN 'Usage' THEN contracted_price END
                                        AS "ContractedUnitPrice",
        CASE WHEN commitment_id IS NOT NULL THEN 'Committed' WHEN category = 'Usage' THEN 'Standard' END
                                        AS "PricingCategory",
        CASE category WHEN 'Usage' THEN quantity END
                                        AS "PricingQuantity",
        CASE category WHEN 'Usage' THEN unit END
                                        AS "PricingUnit",
        currency                        AS "PricingCurrency",
        NULL                            AS "PricingCurrencyContractedUnitPrice",
        NULL                            AS "PricingCurrencyEffectiveCost",
        NULL                            AS "PricingCurrencyListUnitPrice",
        currency                        AS "BillingCurrency",
        CASE category WHEN 'Usage' THEN quantity END
                                        AS "ConsumedQuantity",
        CASE category WHEN 'Usage' THEN unit END
                                        AS "ConsumedUnit",
        service                         AS "ServiceName",
        service_category                AS "ServiceCategory",
        subcategory                     AS "ServiceSubcategory",
        sku_id                          AS "SkuId",
        service_category                AS "SkuMeter",
        sku_price_id                    AS "SkuPriceId",
        details                         AS "SkuPriceDetails",
        resource_id                     AS "ResourceId",
        resource_name                   AS "ResourceName",
        CASE category WHEN 'Usage' THEN resource_type END
                                        AS "ResourceType",
        region_id                       AS "RegionId",
        region_name                     AS "RegionName",
        availability_zone               AS "AvailabilityZone",
        commitment_id                   AS "CommitmentDiscountId",
        CASE WHEN commitment_id IS NOT NULL THEN 'Compute-1yr-NoUpfront' END
                                        AS "CommitmentDiscountName",
        CASE WHEN commitment_id IS NOT NULL THEN 'Spend' END
                                        AS "CommitmentDiscountCategory",
        CASE WHEN commitment_id IS NOT NULL THEN 'Savings Plan' END
                                        AS "CommitmentDiscountType",
        CASE WHEN commitment_id IS NOT NULL THEN 'Used' END
                                        AS "CommitmentDiscountStatus",
        CASE WHEN commitment_id IS NOT NULL THEN cost * 0.7 END
                                        AS "CommitmentDiscountQuantity",
        CASE WHEN commitment_id IS NOT NULL THEN currency END
                                        AS "CommitmentDiscountUnit",
        NULL                            AS "CapacityReservationId",
        NULL                            AS "CapacityReservationStatus",
        tags                            AS "Tags"
    FROM record
    JOIN item USING (item_no)
    CROSS JOIN LATERAL (
        SELECT coalesce((1 + shuffle % 9999999) * quantum, 1.0000) AS quantity
    ) AS metered
    CROSS JOIN LATERAL (
        SELECT CASE category
            WHEN 'Usage' THEN quantity * contracted_price
            WHEN 'Credit' THEN (1 + shuffle % 99999999) * -0.000001
            ELSE (1 + shuffle % 99999999) * 0.000001
        END AS cost
    ) AS rated
    ORDER BY record_no
) TO STDOUT WITH (
    FORMAT csv,
    HEADER,
    -- As suppliers do: texts in quotes, numbers bare.
    FORCE_QUOTE (
        "ProviderName", "PublisherName", "InvoiceIssuerName", "InvoiceId", "BillingAccountId", "BillingAccountName",
        "BillingAccountType", "SubAccountId", "SubAccountName", "SubAccountType", "BillingPeriodStart",
        "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ChargeClass",
        "ChargeDescription", "ChargeFrequency", "PricingCategory", "PricingUnit", "PricingCurrency",
        "BillingCurrency", "ConsumedUnit", "ServiceName", "ServiceCategory", "ServiceSubcategory", "SkuId",
        "SkuMeter", "SkuPriceId", "SkuPriceDetails", "ResourceId", "ResourceName", "ResourceType", "RegionId",
        "RegionName", "AvailabilityZone", "CommitmentDiscountId", "CommitmentDiscountName",
        "CommitmentDiscountCategory", "CommitmentDiscountType", "CommitmentDiscountStatus",
        "CommitmentDiscountUnit", "Tags")
);
