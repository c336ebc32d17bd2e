-- AWS Cost and Usage Report: CUR 2.0 (Data Exports) and the legacy report, whose
-- columns are called lineItem/UsageStartDate or, in Athena, line_item_usage_start_date.
-- Names are compared without punctuation, so one name serves all; and it is one
-- format, so that a payer who moves to CUR 2.0 goes on superseding his own months.
--
-- Billed cost ties to AWS's invoice: usage under a savings plan stands at its
-- on-demand cost, and SavingsPlanNegation takes that away again.  Effective cost
-- is what AWS's own queries amortise: usage bears its part of the commitment, the
-- fee of a commitment only what nobody used of it.  Where there are negotiated
-- discounts, AWS adds net columns, and these are what is invoiced.
SELECT source_builtin(10, 'aws_cur', 'AWS Cost and Usage Report, legacy and 2.0', 'replace',
    $json$[
    {"name": "bill_payer_account_id", "kind": "name", "required": true, "setting": "load_account"},
    {"name": "bill_payer_account_name"},
    {"name": "bill_billing_period_start_date", "kind": "time", "item": true},
    {"name": "bill_billing_period_end_date", "kind": "time", "item": true},
    {"name": "bill_invoice_id", "kind": "name"},
    {"name": "bill_invoicing_entity"},
    {"name": "bill_billing_entity"},
    {"name": "bill_bill_type"},
    {"name": "line_item_line_item_type", "required": true},
    {"name": "line_item_usage_account_id", "kind": "name"},
    {"name": "line_item_usage_account_name"},
    {"name": "line_item_currency_code", "kind": "currency", "required": true, "setting": "load_currency"},
    {"name": "line_item_legal_entity"},
    {"name": "line_item_line_item_description"},
    {"name": "line_item_product_code", "kind": "name"},
    {"name": "line_item_usage_type"},
    {"name": "line_item_operation"},
    {"name": "line_item_availability_zone"},
    {"name": "line_item_resource_id"},
    {"name": "line_item_tax_type"},
    {"name": "usage_month", "kind": "time", "item": true, "by": "month", "aliases": ["line_item_usage_start_date"]},
    {"name": "product", "kind": "json"},
    {"name": "product_product_name", "kind": "name"},
    {"name": "product_product_family"},
    {"name": "product_instance_type"},
    {"name": "product_region_code"},
    {"name": "product_region"},
    {"name": "product_location"},
    {"name": "product_servicecode", "kind": "name"},
    {"name": "product_sku", "kind": "name"},
    {"name": "pricing_rate_code"},
    {"name": "pricing_term"},
    {"name": "pricing_unit"},
    {"name": "pricing_currency"},
    {"name": "reservation_reservation_a_r_n"},
    {"name": "savings_plan_savings_plan_a_r_n"},
    {"name": "savings_plan_offering_type"},
    {"name": "resource_tags", "kind": "json", "columns": ["resourceTags/", "resource_tags_"],
        "prefixes": {"user:": "", "user_": "", "aws_": "aws:"}},
    {"name": "tags", "kind": "json",
        "prefixes": {"user:": "", "user_": "", "aws_": "aws:", "resourceTags/": "", "resourceTags/user:": "",
            "costCategory/": "aws:costCategory/"}},
    {"name": "cost_category", "kind": "json", "columns": ["costCategory/", "cost_category_"], "prefixes": {"": "aws:costCategory/"}},
    {"name": "type", "item": false, "aliases": ["line_item_line_item_type"]},
    {"name": "reservation", "item": false, "aliases": ["reservation_reservation_a_r_n"]},
    {"name": "line_item_usage_start_date", "kind": "time", "required": true, "role": "period_start"},
    {"name": "line_item_usage_end_date", "kind": "time", "role": "period_end"},
    {"name": "line_item_net_unblended_cost", "kind": "number", "role": "billed_cost"},
    {"name": "line_item_unblended_cost", "kind": "number", "required": true, "role": "billed_cost"},
    {"name": "line_item_net_unblended_rate", "kind": "number"},
    {"name": "line_item_unblended_rate", "kind": "number"},
    {"name": "line_item_usage_amount", "kind": "number"},
    {"name": "pricing_public_on_demand_cost", "kind": "number"},
    {"name": "pricing_public_on_demand_rate", "kind": "number"},
    {"name": "reservation_effective_cost", "kind": "number"},
    {"name": "reservation_net_effective_cost", "kind": "number"},
    {"name": "reservation_unused_amortized_upfront_fee_for_billing_period", "kind": "number"},
    {"name": "reservation_net_unused_amortized_upfront_fee_for_billing_period", "kind": "number"},
    {"name": "reservation_unused_recurring_fee", "kind": "number"},
    {"name": "reservation_net_unused_recurring_fee", "kind": "number"},
    {"name": "savings_plan_savings_plan_effective_cost", "kind": "number"},
    {"name": "savings_plan_net_savings_plan_effective_cost", "kind": "number"},
    {"name": "savings_plan_total_commitment_to_date", "kind": "number"},
    {"name": "savings_plan_used_commitment", "kind": "number"}
    ]$json$,
    $sql$
    SELECT
        item_no,
        'AWS' AS provider_name,
        coalesce(line_item_legal_entity, 'AWS') AS publisher_name,
        coalesce(bill_invoicing_entity, 'AWS') AS invoice_issuer_name,
        bill_payer_account_id AS billing_account_id,
        bill_payer_account_name AS billing_account_name,
        coalesce(line_item_usage_account_id, bill_payer_account_id) AS sub_account_id,
        line_item_usage_account_name AS sub_account_name,
        bill_invoice_id AS supplier_invoice_id,
        (coalesce(bill_billing_period_start_date, usage_month) AT TIME ZONE 'UTC')::date AS billing_period_start,
        (coalesce(bill_billing_period_end_date AT TIME ZONE 'UTC',
            coalesce(bill_billing_period_start_date, usage_month) AT TIME ZONE 'UTC' + interval '1 month'))::date AS billing_period_end,
        line_item_currency_code AS billing_currency,
        CASE
            WHEN line_item_line_item_type LIKE '%Usage' THEN 'Usage'
            WHEN line_item_line_item_type LIKE '%Fee' OR line_item_line_item_type LIKE '%Subscription' THEN 'Purchase'
            WHEN line_item_line_item_type IN ('Tax', 'Credit') THEN line_item_line_item_type
            ELSE 'Adjustment'
        END AS charge_category,
        CASE WHEN line_item_line_item_type = 'Refund' AND usage_month < bill_billing_period_start_date THEN 'Correction' END
            AS charge_class,
        CASE
            WHEN line_item_line_item_type LIKE '%Usage' OR line_item_line_item_type = 'SavingsPlanNegation' THEN 'Usage-Based'
            WHEN line_item_line_item_type IN ('RIFee', 'SavingsPlanRecurringFee')
                OR line_item_line_item_type LIKE '%Subscription' THEN 'Recurring'
            ELSE 'One-Time'
        END AS charge_frequency,
        coalesce(line_item_line_item_description, line_item_tax_type, line_item_line_item_type) AS charge_description,
        CASE
            WHEN line_item_line_item_type IN ('DiscountedUsage', 'SavingsPlanCoveredUsage') THEN 'Committed'
            WHEN line_item_line_item_type LIKE '%Usage' AND (pricing_term = 'Spot' OR line_item_usage_type LIKE '%SpotUsage%') THEN 'Dynamic'
            WHEN line_item_line_item_type LIKE '%Usage' THEN 'Standard'
        END AS pricing_category,
        pricing_unit,
        pricing_currency,
        pricing_unit AS consumed_unit,
        -- A product of the Marketplace has an id for a code.  Services are found by index, so
        -- what is not a name by itself is cut to the length of one.
        CASE
            WHEN bill_billing_entity = 'AWS Marketplace'
                THEN coalesce(product_product_name, left(product ->> 'product_name', 128), line_item_product_code, 'AWS Marketplace')
            ELSE coalesce(line_item_product_code, product_servicecode, product_product_name, left(product ->> 'product_name', 128))
        END AS service_name,
        CASE
            WHEN line_item_product_code IN ('AmazonEC2', 'AWSLambda', 'AWSElasticBeanstalk', 'AmazonLightsail', 'AmazonECS',
                'AmazonEKS', 'AmazonECR', 'AWSBatch', 'AWSAppRunner', 'ComputeSavingsPlans') THEN 'Compute'
            WHEN line_item_product_code IN ('AmazonS3', 'AmazonEFS', 'AmazonFSx', 'AmazonGlacier', 'AWSBackup',
                'AWSStorageGateway') THEN 'Storage'
            WHEN line_item_product_code IN ('AmazonRDS', 'AmazonDynamoDB', 'AmazonElastiCache', 'AmazonRedshift',
                'AmazonDocDB', 'AmazonNeptune', 'AmazonMemoryDB', 'AmazonTimestream') THEN 'Databases'
            WHEN line_item_product_code IN ('AmazonVPC', 'AmazonCloudFront', 'AmazonRoute53', 'AWSELB', 'AWSDirectConnect',
                'AWSDataTransfer', 'AWSGlobalAccelerator', 'AWSNetworkFirewall', 'AmazonApiGateway') THEN 'Networking'
            WHEN line_item_product_code IN ('AmazonAthena', 'AWSGlue', 'AmazonKinesis', 'AmazonKinesisFirehose', 'ElasticMapReduce',
                'AmazonES', 'AmazonQuickSight', 'AmazonMSK') THEN 'Analytics'
            WHEN line_item_product_code IN ('AmazonSageMaker', 'AmazonBedrock', 'AmazonRekognition', 'comprehend') THEN 'AI and Machine Learning'
            WHEN line_item_product_code IN ('awskms', 'AWSSecretsManager', 'AmazonGuardDuty', 'awswaf', 'AWSSecurityHub',
                'AmazonInspectorV2', 'AmazonCognito') THEN 'Security'
            WHEN line_item_product_code IN ('AmazonCloudWatch', 'AWSCloudTrail', 'AWSConfig', 'AWSSystemsManager') THEN 'Management and Governance'
            WHEN line_item_product_code IN ('AmazonSNS', 'AWSQueueService', 'AWSEvents', 'AmazonStates') THEN 'Integration'
            ELSE 'Other'
        END AS service_category,
        product_sku AS sku_id,
        line_item_usage_type AS sku_meter,
        pricing_rate_code AS sku_price_id,
        nullif(jsonb_strip_nulls(jsonb_build_object('InstanceType', product_instance_type, 'Operation', line_item_operation)), '{}')
            AS sku_price_details,
        coalesce(product_region_code, product_region, product ->> 'region') AS region_id,
        product_location AS region_name,
        line_item_availability_zone AS availability_zone,
        line_item_resource_id AS resource_id,
        CASE WHEN line_item_resource_id IS NOT NULL THEN product_product_family END AS resource_type,
        coalesce(savings_plan_savings_plan_a_r_n, reservation_reservation_a_r_n) AS commitment_discount_id,
        savings_plan_offering_type AS commitment_discount_name,
        CASE
            WHEN savings_plan_savings_plan_a_r_n IS NOT NULL THEN 'Savings Plan'
            WHEN reservation_reservation_a_r_n IS NOT NULL THEN 'Reserved'
        END AS commitment_discount_type,
        CASE
            WHEN savings_plan_savings_plan_a_r_n IS NOT NULL THEN 'Spend'
            WHEN reservation_reservation_a_r_n IS NOT NULL THEN 'Usage'
        END AS commitment_discount_category,
        CASE WHEN line_item_line_item_type IN ('DiscountedUsage', 'SavingsPlanCoveredUsage') THEN 'Used' END
            AS commitment_discount_status,
        coalesce(cost_category, '{}') || coalesce(resource_tags, '{}') || coalesce(tags, '{}') AS tags
    FROM landing_item
    $sql$,
    $sql$
    SELECT
        line_no,
        item_no,
        charge_period_start,
        charge_period_end,
        billed_cost,
        nullif(CASE type
            WHEN 'DiscountedUsage' THEN coalesce(reservation_net_effective_cost, reservation_effective_cost, billed_cost)
            WHEN 'SavingsPlanCoveredUsage'
                THEN coalesce(savings_plan_net_savings_plan_effective_cost, savings_plan_savings_plan_effective_cost, billed_cost)
            WHEN 'RIFee' THEN CASE
                WHEN num_nonnulls(unused_upfront, unused_recurring) > 0 THEN coalesce(unused_upfront, 0) + coalesce(unused_recurring, 0)
                ELSE billed_cost
            END
            WHEN 'SavingsPlanRecurringFee'
                THEN coalesce(savings_plan_total_commitment_to_date - savings_plan_used_commitment, billed_cost)
            WHEN 'SavingsPlanUpfrontFee' THEN 0
            WHEN 'SavingsPlanNegation' THEN 0
            WHEN 'Fee' THEN CASE WHEN reservation IS NULL THEN billed_cost ELSE 0 END
            ELSE billed_cost
        END, billed_cost) AS effective_cost,
        CASE type WHEN 'SavingsPlanNegation' THEN 0 ELSE pricing_public_on_demand_cost END AS list_cost,
        CASE type
            WHEN 'SavingsPlanNegation' THEN 0
            WHEN 'DiscountedUsage' THEN coalesce(pricing_public_on_demand_cost, billed_cost)
            ELSE billed_cost
        END AS contracted_cost,
        line_item_usage_amount AS pricing_quantity,
        pricing_public_on_demand_rate AS list_unit_price,
        CASE type
            WHEN 'SavingsPlanNegation' THEN NULL
            WHEN 'DiscountedUsage' THEN pricing_public_on_demand_rate
            ELSE coalesce(line_item_net_unblended_rate, line_item_unblended_rate)
        END AS contracted_unit_price
    FROM (
        SELECT
            *,
            line_item_usage_start_date AS charge_period_start,
            coalesce(line_item_usage_end_date, line_item_usage_start_date) AS charge_period_end,
            coalesce(line_item_net_unblended_cost, line_item_unblended_cost) AS billed_cost,
            coalesce(reservation_net_unused_amortized_upfront_fee_for_billing_period,
                reservation_unused_amortized_upfront_fee_for_billing_period) AS unused_upfront,
            coalesce(reservation_net_unused_recurring_fee, reservation_unused_recurring_fee) AS unused_recurring
        FROM landing_record
    ) AS record
    $sql$
);
