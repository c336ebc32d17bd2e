-- Microsoft Partner Center, reconciliation lines of a new-commerce invoice: licences,
-- changes of seats, reservations, and for each Azure plan and meter a line for the
-- month.  They are what Microsoft invoices: billed cost is Subtotal, before tax.
--
-- A file is whole for each invoice in it, and a closed invoice does not change.  A
-- change of seats is two lines: the original taken back, and what is due for the
-- rest of the term.  The lines do not say the month of the invoice: it is that of
-- the newest charge on it.
SELECT source_builtin(13, 'partnercenter_invoice', 'Microsoft Partner Center: reconciliation lines of an invoice', 'replace',
    $json$[
    {"name": "PartnerId", "kind": "name", "required": true},
    {"name": "CustomerId", "kind": "name", "required": true},
    {"name": "CustomerName"},
    {"name": "InvoiceNumber", "kind": "name", "required": "header"},
    {"name": "ProductId", "kind": "name", "required": "header"},
    {"name": "SkuId", "kind": "name"},
    {"name": "AvailabilityId"},
    {"name": "SkuName"},
    {"name": "ProductName", "kind": "name"},
    {"name": "ProductCategory"},
    {"name": "ChargeType", "required": true},
    {"name": "Currency", "kind": "currency", "required": true, "else": ["BillingCurrency"]},
    {"name": "PricingCurrency"},
    {"name": "PriceAdjustmentDescription"},
    {"name": "PublisherName"},
    {"name": "SubscriptionId", "kind": "name"},
    {"name": "SubscriptionDescription"},
    {"name": "TermAndBillingCycle"},
    {"name": "BillingFrequency"},
    {"name": "UnitType"},
    {"name": "MeterDescription"},
    {"name": "ReservationOrderId"},
    {"name": "CreditReasonCode"},
    {"name": "PromotionId"},
    {"name": "starts", "kind": "time", "item": true, "aliases": ["ChargeStartDate"],
        "formats": ["ISO", "MM/DD/YYYY", "MM/DD/YYYY HH12:MI:SS AM", "MM/DD/YYYY HH24:MI:SS"]},
    {"name": "ChargeStartDate", "kind": "time", "required": true, "role": "period_start",
        "formats": ["ISO", "MM/DD/YYYY", "MM/DD/YYYY HH12:MI:SS AM", "MM/DD/YYYY HH24:MI:SS"]},
    {"name": "ChargeEndDate", "kind": "time", "required": true, "role": "period_end",
        "formats": ["ISO", "MM/DD/YYYY", "MM/DD/YYYY HH12:MI:SS AM", "MM/DD/YYYY HH24:MI:SS"]},
    {"name": "Subtotal", "kind": "number", "required": true, "role": "billed_cost"},
    {"name": "BillableQuantity", "kind": "number", "required": "header"},
    {"name": "UnitPrice", "kind": "number"},
    {"name": "EffectiveUnitPrice", "kind": "number"},
    {"name": "PCToBCExchangeRate", "kind": "number"},
    {"name": "TaxTotal", "kind": "extra"},
    {"name": "Total", "kind": "extra"},
    {"name": "Quantity", "kind": "extra"},
    {"name": "OrderId", "kind": "extra"},
    {"name": "OrderDate", "kind": "extra"},
    {"name": "ReferenceId", "kind": "extra"},
    {"name": "AlternateId", "kind": "extra"}
    ]$json$,
    $sql$
    SELECT
        item_no,
        'Microsoft' AS provider_name,
        coalesce("PublisherName", 'Microsoft') AS publisher_name,
        'Microsoft' AS invoice_issuer_name,
        "PartnerId" AS billing_account_id,
        "SubscriptionId" AS sub_account_id,
        "SubscriptionDescription" AS sub_account_name,
        CASE WHEN "SubscriptionId" IS NOT NULL THEN 'Subscription' END AS sub_account_type,
        "CustomerId" AS source_customer_id,
        "InvoiceNumber" AS supplier_invoice_id,
        period AS billing_period_start,
        (period + interval '1 month')::date AS billing_period_end,
        coalesce("InvoiceNumber", "Currency") AS part,
        "Currency" AS billing_currency,
        CASE
            WHEN "ChargeType" ILIKE '%credit%' THEN 'Credit'
            WHEN "ChargeType" ILIKE '%rounding%' OR "ChargeType" ILIKE '%adjust%' THEN 'Adjustment'
            WHEN "MeterDescription" IS NOT NULL THEN 'Usage'
            ELSE 'Purchase'
        END AS charge_category,
        CASE WHEN (starts AT TIME ZONE 'UTC')::date < period AND "MeterDescription" IS NOT NULL THEN 'Correction' END AS charge_class,
        CASE
            WHEN "MeterDescription" IS NOT NULL THEN 'Usage-Based'
            WHEN "BillingFrequency" ILIKE 'one%time' THEN 'One-Time'
            WHEN "ChargeType" ILIKE '%credit%' THEN 'One-Time'
            ELSE 'Recurring'
        END AS charge_frequency,
        coalesce("MeterDescription", "SkuName", "ProductName") AS charge_description,
        'Standard' AS pricing_category,
        coalesce("UnitType", CASE WHEN "MeterDescription" IS NULL THEN 'Licences' END) AS pricing_unit,
        "PricingCurrency" AS pricing_currency,
        (unit_find(coalesce("UnitType", CASE WHEN "MeterDescription" IS NULL THEN 'Licences' END))).unit AS consumed_unit,
        coalesce("ProductName", left("SkuName", 128)) AS service_name,
        CASE WHEN "MeterDescription" IS NULL AND "ReservationOrderId" IS NULL THEN 'Business Applications' ELSE 'Other' END AS service_category,
        nullif(concat_ws(':', "ProductId", "SkuId"), '') AS sku_id,
        "MeterDescription" AS sku_meter,
        "AvailabilityId" AS sku_price_id,
        nullif(jsonb_strip_nulls(jsonb_build_object(
            'ChargeType', "ChargeType",
            'PriceAdjustmentDescription', "PriceAdjustmentDescription",
            'PartnerEarnedCreditPercentage',
                substring("PriceAdjustmentDescription" FROM '([0-9]+(?:\.[0-9]+)?) ?% Partner earned credit'),
            'TermAndBillingCycle', "TermAndBillingCycle",
            'PromotionId', "PromotionId",
            'CreditReasonCode', "CreditReasonCode"
        )), '{}') AS sku_price_details,
        "SubscriptionId" AS resource_id,
        "SubscriptionDescription" AS resource_name,
        CASE WHEN "SubscriptionId" IS NOT NULL THEN 'Subscription' END AS resource_type,
        "ReservationOrderId" AS commitment_discount_id,
        CASE WHEN "ReservationOrderId" IS NOT NULL THEN 'Reservation' END AS commitment_discount_type,
        CASE WHEN "ReservationOrderId" IS NOT NULL THEN 'Usage' END AS commitment_discount_category
    FROM (
        SELECT
            *,
            date_trunc('month', max(starts) OVER (PARTITION BY "PartnerId", "InvoiceNumber", "Currency") AT TIME ZONE 'UTC')::date AS period
        FROM landing_item
    ) AS item
    $sql$,
    $sql$
    WITH unit AS MATERIALIZED (
        SELECT u.source_unit, (unit_find(u.source_unit)).block_size
        FROM (SELECT DISTINCT "UnitType" AS source_unit FROM landing_item) AS u
    )
    SELECT
        line_no,
        item_no,
        "ChargeStartDate" AS charge_period_start,
        -- Microsoft names the last day.
        "ChargeEndDate" + interval '24 hours' AS charge_period_end,
        "Subtotal" AS billed_cost,
        "UnitPrice" * "BillableQuantity" * rate AS list_cost,
        "EffectiveUnitPrice" * "BillableQuantity" * rate AS contracted_cost,
        "BillableQuantity" AS pricing_quantity,
        nullif("BillableQuantity" * block_size, "BillableQuantity") AS consumed_quantity,
        "UnitPrice" * rate AS list_unit_price,
        "EffectiveUnitPrice" * rate AS contracted_unit_price,
        "EffectiveUnitPrice" AS pricing_currency_contracted_unit_price,
        "UnitPrice" AS pricing_currency_list_unit_price,
        extra
    FROM (
        SELECT
            r.*,
            unit.block_size,
            coalesce(r."PCToBCExchangeRate", CASE WHEN coalesce(i."PricingCurrency", i."Currency") = i."Currency" THEN 1 END) AS rate
        FROM landing_record AS r
        JOIN landing_item AS i USING (item_no)
        LEFT JOIN unit ON unit.source_unit = i."UnitType"
    ) AS record
    $sql$,
    null_values => '{NA,N/A}'
);
