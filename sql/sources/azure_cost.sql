-- Azure Cost Management's cost details: Enterprise Agreement (EA), Microsoft Customer
-- Agreement (MCA) and that of partners (MPA, CSP), in all spellings since 2019.
--
-- Actual and amortised cost are two files of the same columns.  As FOCUS wants it,
-- billed cost is that of the actual file (nothing for usage that a commitment paid,
-- its purchase in full), effective cost that of the amortised one.  What each row
-- says of billed and effective cost is the same in both files, so there is one
-- format.  Purchases of commitments, which only the actual file has, are a part of
-- the delivery for themselves: an amortised file loaded after it supersedes all else.
SELECT source_builtin(11, 'azure_cost', 'Azure cost details: EA, MCA, MPA; actual and amortised', 'replace',
    $json$[
    {"name": "BillingAccountId", "kind": "name", "setting": "load_account", "preamble": "Enrollment Number"},
    {"name": "BillingAccountName"},
    {"name": "BillingProfileId", "kind": "name"},
    {"name": "BillingProfileName"},
    {"name": "BillingPeriodStartDate", "kind": "time", "item": true, "formats": ["ISO", "MM/DD/YYYY", "DD.MM.YYYY", "YYYYMMDD"], "else": ["BillingPeriodStart"]},
    {"name": "BillingPeriodEndDate", "kind": "time", "item": true, "formats": ["ISO", "MM/DD/YYYY", "DD.MM.YYYY", "YYYYMMDD"], "else": ["BillingPeriodEnd"]},
    {"name": "usage_month", "kind": "time", "item": true, "by": "month",
        "formats": ["ISO", "MM/DD/YYYY", "MM/DD/YYYY HH24:MI:SS", "MM/DD/YYYY HH12:MI:SS AM", "DD.MM.YYYY", "YYYYMMDD"], "aliases": ["Date"], "else": ["UsageDateTime"]},
    {"name": "InvoiceId", "kind": "name"},
    {"name": "CustomerTenantId", "kind": "name"},
    {"name": "SubscriptionId", "kind": "name", "else": ["SubscriptionGuid"]},
    {"name": "SubscriptionName"},
    {"name": "BillingCurrency", "kind": "currency", "required": true, "setting": "load_currency",
        "else": ["BillingCurrencyCode", "Currency"]},
    {"name": "PricingCurrency", "else": ["PricingCurrencyCode"]},
    {"name": "ChargeType"},
    {"name": "Frequency"},
    {"name": "PricingModel"},
    {"name": "PublisherName"},
    {"name": "ServiceFamily"},
    {"name": "MeterCategory", "kind": "name", "required": "header"},
    {"name": "MeterSubCategory"},
    {"name": "MeterId", "kind": "name"},
    {"name": "MeterName"},
    {"name": "MeterRegion"},
    {"name": "ConsumedService", "kind": "name"},
    {"name": "ProductId", "kind": "name"},
    {"name": "ProductName", "else": ["Product"]},
    {"name": "PartNumber"},
    {"name": "UnitOfMeasure"},
    {"name": "ResourceId"},
    {"name": "InstanceId"},
    {"name": "InstanceName"},
    {"name": "ResourceName"},
    {"name": "ResourceType"},
    {"name": "ResourceLocation"},
    {"name": "Location"},
    {"name": "AvailabilityZone"},
    {"name": "BenefitId"},
    {"name": "BenefitName"},
    {"name": "ReservationId"},
    {"name": "ReservationName"},
    {"name": "Term"},
    {"name": "PartnerEarnedCreditApplied"},
    {"name": "PartnerEarnedCreditRate"},
    {"name": "Tags", "kind": "json", "bare": true},
    {"name": "Date", "kind": "time", "required": true, "role": "period_start",
        "formats": ["ISO", "MM/DD/YYYY", "MM/DD/YYYY HH24:MI:SS", "MM/DD/YYYY HH12:MI:SS AM", "DD.MM.YYYY", "YYYYMMDD"], "else": ["UsageDateTime"]},
    {"name": "CostInBillingCurrency", "kind": "number", "required": true, "role": "billed_cost", "else": ["Cost", "PreTaxCost", "ExtendedCost"],
        "unless": {"PricingModel": ["Reservation", "SavingsPlan"], "ChargeType": ["Usage", "UnusedReservation", "UnusedSavingsPlan"]}},
    {"name": "Quantity", "kind": "number", "else": ["UsageQuantity", "ConsumedQuantity"]},
    {"name": "UnitPrice", "kind": "number"},
    {"name": "EffectivePrice", "kind": "number", "else": ["ResourceRate"]},
    {"name": "above the header", "preamble": "Usage Data Extract"},
    {"name": "PayGPrice", "kind": "number"},
    {"name": "PayGCostInBillingCurrency", "kind": "number"},
    {"name": "CostInPricingCurrency", "kind": "number"},
    {"name": "ExchangeRatePricingToBilling", "kind": "number", "else": ["ExchangeRate"]}
    ]$json$,
    $sql$
    SELECT
        item_no,
        'Microsoft' AS provider_name,
        coalesce("PublisherName", 'Microsoft') AS publisher_name,
        'Microsoft' AS invoice_issuer_name,
        coalesce("BillingProfileId", "BillingAccountId", "SubscriptionId", 'Azure') AS billing_account_id,
        coalesce("BillingProfileName", "BillingAccountName") AS billing_account_name,
        "SubscriptionId" AS sub_account_id,
        "SubscriptionName" AS sub_account_name,
        CASE WHEN "SubscriptionId" IS NOT NULL THEN 'Subscription' END AS sub_account_type,
        "CustomerTenantId" AS source_customer_id,
        "InvoiceId" AS supplier_invoice_id,
        period_start AS billing_period_start,
        CASE
            WHEN period_end IS NULL OR period_end < period_start THEN (period_start + interval '1 month')::date
            -- The last day, unless it is the same day of another month.
            WHEN period_end > period_start AND extract(day FROM period_end) = extract(day FROM period_start) THEN period_end
            ELSE period_end + 1
        END AS billing_period_end,
        CASE WHEN is_committed AND charge_type IN ('purchase', 'refund') THEN 'commitments' END AS part,
        "BillingCurrency" AS billing_currency,
        CASE
            WHEN is_usage THEN 'Usage'
            WHEN charge_type IN ('purchase', 'refund') THEN 'Purchase'
            WHEN charge_type IN ('tax', 'credit') THEN initcap(charge_type)
            ELSE 'Adjustment'
        END AS charge_category,
        CASE WHEN charge_type = 'refund' THEN 'Correction' END AS charge_class,
        CASE lower("Frequency")
            WHEN 'usagebased' THEN 'Usage-Based'
            WHEN 'recurring' THEN 'Recurring'
            WHEN 'onetime' THEN 'One-Time'
            ELSE CASE WHEN is_usage THEN 'Usage-Based' END
        END AS charge_frequency,
        coalesce("ProductName", nullif(concat_ws(' - ', "MeterCategory", "MeterSubCategory", "MeterName"), ''), "ConsumedService")
            AS charge_description,
        CASE
            WHEN is_usage THEN CASE WHEN is_committed THEN 'Committed' WHEN lower("PricingModel") = 'spot' THEN 'Dynamic' ELSE 'Standard' END
        END AS pricing_category,
        "UnitOfMeasure" AS pricing_unit,
        "PricingCurrency" AS pricing_currency,
        (unit_find("UnitOfMeasure")).unit AS consumed_unit,
        coalesce("MeterCategory", "ConsumedService", left("ProductName", 128)) AS service_name,
        CASE
            WHEN "ServiceFamily" IN ('Compute', 'Storage', 'Networking', 'Databases', 'Analytics', 'Security', 'Integration',
                'Internet of Things', 'Developer Tools', 'Web', 'Mobile', 'Identity', 'Management and Governance') THEN "ServiceFamily"
            WHEN "ServiceFamily" = 'AI + Machine Learning' THEN 'AI and Machine Learning'
            WHEN "ServiceFamily" = 'Containers' OR "MeterCategory" IN ('Virtual Machines', 'Container Instances') THEN 'Compute'
            WHEN "MeterCategory" = 'Storage' THEN 'Storage'
            WHEN "MeterCategory" IN ('Bandwidth', 'Virtual Network', 'Load Balancer', 'VPN Gateway') THEN 'Networking'
            WHEN "MeterCategory" IN ('SQL Database', 'Azure Database for MySQL', 'Azure Database for PostgreSQL', 'Azure Cosmos DB')
                THEN 'Databases'
            ELSE 'Other'
        END AS service_category,
        coalesce("ProductId", "MeterId") AS sku_id,
        "MeterName" AS sku_meter,
        "PartNumber" AS sku_price_id,
        nullif(jsonb_strip_nulls(jsonb_build_object(
            'MeterId', "MeterId",
            'MeterSubCategory', "MeterSubCategory",
            'Term', "Term",
            'PartnerEarnedCreditApplied', "PartnerEarnedCreditApplied",
            'PartnerEarnedCreditRate', "PartnerEarnedCreditRate"
        )), '{}') AS sku_price_details,
        lower(replace("ResourceLocation", ' ', '')) AS region_id,
        coalesce("Location", "ResourceLocation", "MeterRegion") AS region_name,
        "AvailabilityZone" AS availability_zone,
        -- Azure's ids are the same in any case, and files have them in several.
        lower(resource) AS resource_id,
        coalesce("ResourceName", substring(resource FROM '[^/]+$')) AS resource_name,
        coalesce("ResourceType", substring(resource FROM '(?i)/providers/([^/]+/[^/]+)')) AS resource_type,
        coalesce("BenefitId", "ReservationId") AS commitment_discount_id,
        coalesce("BenefitName", "ReservationName") AS commitment_discount_name,
        CASE WHEN is_plan THEN 'Savings Plan' WHEN is_reservation THEN 'Reservation' END AS commitment_discount_type,
        CASE WHEN is_plan THEN 'Spend' WHEN is_reservation THEN 'Usage' END AS commitment_discount_category,
        CASE
            WHEN charge_type IN ('unusedreservation', 'unusedsavingsplan') THEN 'Unused'
            WHEN charge_type = 'usage' AND is_committed THEN 'Used'
        END AS commitment_discount_status,
        "Tags" AS tags
    FROM (
        SELECT
            *,
            coalesce(lower("ChargeType"), 'usage') AS charge_type,
            coalesce(lower("ChargeType"), 'usage') IN ('usage', 'unusedreservation', 'unusedsavingsplan') AS is_usage,
            coalesce(lower("PricingModel") IN ('reservation', 'savingsplan'), false) AS is_committed,
            lower("PricingModel") = 'savingsplan' OR "BenefitId" ILIKE '%/microsoft.billingbenefits/%' AS is_plan,
            lower("PricingModel") = 'reservation' OR "BenefitId" ILIKE '%/microsoft.capacity/%' OR "ReservationId" IS NOT NULL
                AS is_reservation,
            coalesce("ResourceId", "InstanceId", "InstanceName") AS resource,
            (coalesce("BillingPeriodStartDate", usage_month) AT TIME ZONE 'UTC')::date AS period_start,
            ("BillingPeriodEndDate" AT TIME ZONE 'UTC')::date AS period_end
        FROM landing_item
    ) AS item
    $sql$,
    $sql$
    WITH unit AS MATERIALIZED (
        SELECT u.source_unit, (unit_find(u.source_unit)).block_size
        FROM (SELECT DISTINCT "UnitOfMeasure" AS source_unit FROM landing_item) AS u
    )
    SELECT
        line_no,
        item_no,
        "Date" AS charge_period_start,
        "Date" + interval '24 hours' AS charge_period_end,
        CASE WHEN is_committed AND is_usage THEN 0 ELSE "CostInBillingCurrency" END AS billed_cost,
        CASE
            WHEN NOT is_committed THEN NULL
            WHEN is_purchase THEN nullif(0, "CostInBillingCurrency")
            WHEN is_usage THEN nullif("CostInBillingCurrency", 0)
        END AS effective_cost,
        coalesce("PayGCostInBillingCurrency", nullif("PayGPrice", 0) * "Quantity" * rate) AS list_cost,
        coalesce(nullif("UnitPrice", 0) * "Quantity" * rate, "CostInBillingCurrency") AS contracted_cost,
        -- Azure counts blocks, such as 10K, as the price does.
        "Quantity" AS pricing_quantity,
        nullif("Quantity" * block_size, "Quantity") AS consumed_quantity,
        nullif("PayGPrice", 0) * rate AS list_unit_price,
        "UnitPrice" * rate AS contracted_unit_price,
        CASE WHEN "PricingCurrency" IS NOT NULL THEN "UnitPrice" END AS pricing_currency_contracted_unit_price,
        CASE WHEN is_committed AND is_purchase AND "CostInPricingCurrency" IS NOT NULL THEN 0 ELSE "CostInPricingCurrency" END
            AS pricing_currency_effective_cost,
        CASE WHEN "PricingCurrency" IS NOT NULL THEN nullif("PayGPrice", 0) END AS pricing_currency_list_unit_price
    FROM (
        SELECT
            r.*,
            i."PricingCurrency",
            coalesce(lower(i."ChargeType"), 'usage') IN ('usage', 'unusedreservation', 'unusedsavingsplan') AS is_usage,
            coalesce(lower(i."ChargeType"), 'usage') IN ('purchase', 'refund') AS is_purchase,
            -- Where it is not told what a charge is, its cost stays.
            coalesce(lower(i."PricingModel") IN ('reservation', 'savingsplan') AND i."ChargeType" IS NOT NULL, false) AS is_committed,
            unit.block_size,
            -- Unknown between two currencies, so that no price is made up.
            coalesce(r."ExchangeRatePricingToBilling", CASE WHEN coalesce(i."PricingCurrency", i."BillingCurrency") = i."BillingCurrency" THEN 1 END)
                AS rate
        FROM landing_record AS r
        JOIN landing_item AS i USING (item_no)
        LEFT JOIN unit ON unit.source_unit = i."UnitOfMeasure"
    ) AS record
    $sql$,
    null_values => $${Unassigned,Not applicable,NotApplicable,N/A,-,"\"\""}$$
);
