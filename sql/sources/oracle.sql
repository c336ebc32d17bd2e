-- Oracle Cloud Infrastructure's cost report.  It comes as many files a day, each
-- line with a number of its own; a correction is a new line, which may be negative.
SELECT source_builtin(9, 'oracle', 'Oracle Cloud Infrastructure cost report', 'append',
    $json$[
    {"name": "lineItem/referenceNo", "kind": "name", "required": true, "role": "event_id"},
    {"name": "lineItem/tenantId", "kind": "name", "required": true},
    {"name": "cost/subscriptionId", "kind": "name"},
    {"name": "product/service", "kind": "name", "required": "header"},
    {"name": "product/compartmentId"},
    {"name": "product/compartmentName"},
    {"name": "product/region"},
    {"name": "product/availabilityDomain"},
    {"name": "product/resourceId"},
    {"name": "product/Description"},
    {"name": "cost/productSku", "kind": "name"},
    {"name": "cost/currencyCode", "kind": "currency", "required": true},
    {"name": "cost/billingUnitReadable"},
    {"name": "lineItem/isCorrection"},
    {"name": "tags", "kind": "json", "columns": ["tags/"]},
    {"name": "the month", "kind": "time", "item": true, "by": "month", "aliases": ["lineItem/intervalUsageStart"]},
    {"name": "lineItem/intervalUsageStart", "kind": "time", "required": true, "role": "period_start"},
    {"name": "lineItem/intervalUsageEnd", "kind": "time", "required": true, "role": "period_end"},
    {"name": "usage/billedQuantity", "kind": "number"},
    {"name": "cost/unitPrice", "kind": "number"},
    {"name": "cost/myCost", "kind": "number", "required": true, "role": "billed_cost"},
    {"name": "lineItem/backreferenceNo", "kind": "extra"},
    {"name": "usage/billedQuantityOverage", "kind": "extra"},
    {"name": "cost/unitPriceOverage", "kind": "extra"},
    {"name": "cost/myCostOverage", "kind": "extra"},
    {"name": "cost/overageFlag", "kind": "extra"},
    {"name": "cost/skuUnitDescription", "kind": "extra"},
    {"name": "cost/attributedCost", "kind": "extra"},
    {"name": "usage/attributedUsage", "kind": "extra"}
    ]$json$,
    $sql$
    SELECT
        item_no,
        'Oracle' AS provider_name,
        'Oracle' AS publisher_name,
        'Oracle' AS invoice_issuer_name,
        coalesce("cost/subscriptionId", "lineItem/tenantId") AS billing_account_id,
        "lineItem/tenantId" AS sub_account_id,
        'Tenancy' AS sub_account_type,
        ("the month" AT TIME ZONE 'UTC')::date AS billing_period_start,
        ("the month" AT TIME ZONE 'UTC' + interval '1 month')::date AS billing_period_end,
        "cost/currencyCode" AS billing_currency,
        'Usage' AS charge_category,
        CASE WHEN lower("lineItem/isCorrection") = 'true' THEN 'Correction' END AS charge_class,
        'Usage-Based' AS charge_frequency,
        coalesce("product/Description", "cost/productSku") AS charge_description,
        "product/service" AS service_name,
        "cost/productSku" AS sku_id,
        "product/region" AS region_id,
        "product/availabilityDomain" AS availability_zone,
        "product/resourceId" AS resource_id,
        "cost/billingUnitReadable" AS pricing_unit,
        -- The compartment is how a tenancy is divided, and often whose something is.
        coalesce(tags, '{}') || jsonb_strip_nulls(jsonb_build_object(
            'oci:compartment', coalesce("product/compartmentName", "product/compartmentId"))) AS tags
    FROM landing_item
    $sql$,
    $sql$
    SELECT
        line_no,
        item_no,
        "lineItem/intervalUsageStart" AS charge_period_start,
        "lineItem/intervalUsageEnd" AS charge_period_end,
        "cost/myCost" AS billed_cost,
        "cost/myCost" AS contracted_cost,
        "usage/billedQuantity" AS pricing_quantity,
        "cost/unitPrice" AS contracted_unit_price,
        extra
    FROM landing_record
    $sql$
);
