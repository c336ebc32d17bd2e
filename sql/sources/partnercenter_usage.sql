-- Microsoft Partner Center, daily rated usage of Azure plans, billed and unbilled: a
-- line for each meter, resource and day.  Microsoft rounds each line down to the
-- cent, so the month is less than the line of the invoice (facts of the vendor, and
-- of no load).
--
-- Late usage comes with the next invoice and names the month it was used in.  So the
-- billing period is the newest month on an invoice, and older lines are corrections:
-- they must not supersede the month they are of.  An invoice is in one currency,
-- and takes the place of what was unbilled in it.
SELECT source_builtin(12, 'partnercenter_usage', 'Microsoft Partner Center: daily rated usage', 'replace',
    $json$[
    {"name": "PartnerId", "kind": "name", "required": true},
    {"name": "PartnerName"},
    {"name": "CustomerId", "kind": "name", "required": true},
    {"name": "CustomerName"},
    {"name": "InvoiceNumber", "kind": "name"},
    {"name": "ProductId", "kind": "name"},
    {"name": "SkuId", "kind": "name"},
    {"name": "AvailabilityId"},
    {"name": "SkuName"},
    {"name": "ProductName"},
    {"name": "PublisherName"},
    {"name": "SubscriptionId", "kind": "name"},
    {"name": "SubscriptionDescription"},
    {"name": "EntitlementId", "kind": "name", "required": "header"},
    {"name": "EntitlementDescription"},
    {"name": "ChargeStartDate", "kind": "time", "item": true, "required": true,
        "formats": ["ISO", "MM/DD/YYYY", "MM/DD/YYYY HH12:MI:SS AM", "MM/DD/YYYY HH24:MI:SS"]},
    {"name": "ChargeEndDate", "kind": "time", "item": true, "required": true,
        "formats": ["ISO", "MM/DD/YYYY", "MM/DD/YYYY HH12:MI:SS AM", "MM/DD/YYYY HH24:MI:SS"]},
    {"name": "MeterCategory", "kind": "name"},
    {"name": "MeterSubCategory"},
    {"name": "MeterId"},
    {"name": "MeterName"},
    {"name": "MeterRegion"},
    {"name": "Unit"},
    {"name": "UnitType"},
    {"name": "ResourceLocation"},
    {"name": "ConsumedService"},
    {"name": "ResourceURI"},
    {"name": "ChargeType"},
    {"name": "BillingCurrency", "kind": "currency", "required": true},
    {"name": "PricingCurrency"},
    {"name": "PartnerEarnedCreditPercentage", "aliases": ["RateOfPartnerEarnedCredit"]},
    {"name": "CreditType"},
    {"name": "BenefitId"},
    {"name": "BenefitType"},
    {"name": "Tags", "kind": "json", "bare": true},
    {"name": "UsageDate", "kind": "time", "required": true, "role": "period_start",
        "formats": ["ISO", "MM/DD/YYYY", "MM/DD/YYYY HH12:MI:SS AM", "MM/DD/YYYY HH24:MI:SS"]},
    {"name": "BillingPreTaxTotal", "kind": "number", "required": true, "role": "billed_cost"},
    {"name": "PricingPreTaxTotal", "kind": "number"},
    {"name": "Quantity", "kind": "number"},
    {"name": "UnitPrice", "kind": "number"},
    {"name": "EffectiveUnitPrice", "kind": "number"},
    {"name": "PCToBCExchangeRate", "kind": "number"}
    ]$json$,
    $sql$
    SELECT
        item_no,
        'Microsoft' AS provider_name,
        coalesce("PublisherName", 'Microsoft') AS publisher_name,
        'Microsoft' AS invoice_issuer_name,
        "PartnerId" AS billing_account_id,
        "PartnerName" AS billing_account_name,
        -- SubscriptionId is that of the Azure plan, in which all subscriptions are.
        coalesce("EntitlementId", "SubscriptionId") AS sub_account_id,
        coalesce("EntitlementDescription", "SubscriptionDescription") AS sub_account_name,
        'Subscription' AS sub_account_type,
        "CustomerId" AS source_customer_id,
        "InvoiceNumber" AS supplier_invoice_id,
        (newest AT TIME ZONE 'UTC')::date AS billing_period_start,
        (newest_end AT TIME ZONE 'UTC')::date + 1 AS billing_period_end,
        "BillingCurrency" AS part,
        "BillingCurrency" AS billing_currency,
        'Usage' AS charge_category,
        CASE WHEN "ChargeStartDate" < newest THEN 'Correction' END AS charge_class,
        'Usage-Based' AS charge_frequency,
        concat_ws(' - ', coalesce("ProductName", "SkuName"), coalesce("MeterName", "MeterSubCategory")) AS charge_description,
        'Standard' AS pricing_category,
        coalesce("Unit", "UnitType") AS pricing_unit,
        "PricingCurrency" AS pricing_currency,
        (unit_find(coalesce("Unit", "UnitType"))).unit AS consumed_unit,
        coalesce("MeterCategory", left("ConsumedService", 128), left("ProductName", 128)) AS service_name,
        'Other' AS service_category,
        nullif(concat_ws(':', "ProductId", "SkuId"), '') AS sku_id,
        coalesce("MeterName", "MeterId") AS sku_meter,
        "AvailabilityId" AS sku_price_id,
        nullif(jsonb_strip_nulls(jsonb_build_object(
            'MeterId', "MeterId",
            'MeterSubCategory', "MeterSubCategory",
            'PartnerEarnedCreditPercentage', "PartnerEarnedCreditPercentage",
            'CreditType', "CreditType"
        )), '{}') AS sku_price_details,
        lower(replace("ResourceLocation", ' ', '')) AS region_id,
        coalesce("ResourceLocation", "MeterRegion") AS region_name,
        lower("ResourceURI") AS resource_id,
        substring("ResourceURI" FROM '[^/]+$') AS resource_name,
        substring("ResourceURI" FROM '(?i)/providers/([^/]+/[^/]+)') AS resource_type,
        "BenefitId" AS commitment_discount_id,
        CASE "BenefitType" WHEN 'SavingsPlan' THEN 'Savings Plan' ELSE "BenefitType" END AS commitment_discount_type,
        "Tags" AS tags
    FROM (
        SELECT
            *,
            max("ChargeStartDate") OVER invoice AS newest,
            max("ChargeEndDate") OVER invoice AS newest_end
        FROM landing_item
        WINDOW invoice AS (PARTITION BY "PartnerId", "InvoiceNumber", "BillingCurrency")
    ) AS item
    $sql$,
    $sql$
    WITH unit AS MATERIALIZED (
        SELECT u.source_unit, (unit_find(u.source_unit)).block_size
        FROM (SELECT DISTINCT coalesce("Unit", "UnitType") AS source_unit FROM landing_item) AS u
    )
    SELECT
        line_no,
        item_no,
        "UsageDate" AS charge_period_start,
        "UsageDate" + interval '24 hours' AS charge_period_end,
        "BillingPreTaxTotal" AS billed_cost,
        "UnitPrice" * "Quantity" * rate AS list_cost,
        "EffectiveUnitPrice" * "Quantity" * rate AS contracted_cost,
        "Quantity" AS pricing_quantity,
        nullif("Quantity" * block_size, "Quantity") AS consumed_quantity,
        "UnitPrice" * rate AS list_unit_price,
        "EffectiveUnitPrice" * rate AS contracted_unit_price,
        "EffectiveUnitPrice" AS pricing_currency_contracted_unit_price,
        "PricingPreTaxTotal" AS pricing_currency_effective_cost,
        "UnitPrice" AS pricing_currency_list_unit_price
    FROM (
        SELECT
            r.*,
            unit.block_size,
            coalesce(r."PCToBCExchangeRate", CASE WHEN coalesce(i."PricingCurrency", i."BillingCurrency") = i."BillingCurrency" THEN 1 END) AS rate
        FROM landing_record AS r
        JOIN landing_item AS i USING (item_no)
        LEFT JOIN unit ON unit.source_unit = coalesce(i."Unit", i."UnitType")
    ) AS record
    $sql$,
    null_values => '{NA,N/A}'
);
