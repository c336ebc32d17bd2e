-- Google Cloud's billing export of BigQuery, standard or detailed, flattened to CSV:
-- columns service.id or service_id, nested ones (labels, credits) as lists.
-- Each credit of a row is a charge of its own, so that what Google invoices is the
-- sum of billed cost.  invoice.month, not the day of use, says which invoice that is.
--
-- The export only grows: a correction is a new row.  Nothing in a row identifies it,
-- and files are cut by export time, by partition or by day of use, and overlap.  So a
-- row is known by what it says, export time included: the same again is a duplicate,
-- and rows that are alike within a file are counted.  Without the export time a row
-- does not tell its delivery from the next; such a file supersedes its months.
SELECT source_builtin(way.source_id, way.name, way.title, way.way,
    CASE way.way WHEN 'append' THEN mapping.fields || '{"name": "export_time", "kind": "time", "required": true}' ELSE mapping.fields END,
    mapping.item_query, mapping.record_query,
    event_query => CASE way.way WHEN 'append' THEN mapping.event_query END,
    -- of no credits, labels or tags
    null_values => ARRAY['{}'])
FROM (
    VALUES
        (4, 'gcp', 'Google Cloud billing export with export time', 'append'),
        (5, 'gcp_month', 'Google Cloud billing export without export time, of whole months', 'replace')
) AS way (source_id, name, title, way)
CROSS JOIN (
    VALUES (
    $json$[
    {"name": "billing_account_id", "kind": "name", "required": true, "setting": "load_account"},
    {"name": "payer_billing_account_id", "kind": "name"},
    {"name": "service.id", "kind": "name"},
    {"name": "service.description", "kind": "name", "required": "header"},
    {"name": "sku.id", "kind": "name"},
    {"name": "sku.description"},
    {"name": "project.id", "kind": "name"},
    {"name": "project.name"},
    {"name": "project.labels", "kind": "nested"},
    {"name": "labels", "kind": "nested"},
    {"name": "tags", "kind": "nested"},
    {"name": "location.location"},
    {"name": "location.region"},
    {"name": "location.zone"},
    {"name": "resource.name"},
    {"name": "resource.global_name"},
    {"name": "currency", "kind": "currency", "required": true, "setting": "load_currency"},
    {"name": "invoice.month", "kind": "time", "item": true, "by": "month", "required": true, "else": ["usage_start_time"],
        "formats": ["YYYYMM", "YYYY-MM", "YYYYMM.0", "ISO"]},
    {"name": "cost_type", "one_of": ["regular", "tax", "adjustment", "rounding_error"]},
    {"name": "adjustment_info.mode"},
    {"name": "seller_name"},
    {"name": "usage.unit"},
    {"name": "usage.pricing_unit"},
    {"name": "price.pricing_unit_quantity", "kind": "number", "item": true},
    {"name": "usage_start_time", "kind": "time", "required": true, "role": "period_start"},
    {"name": "usage_end_time", "kind": "time", "required": true, "role": "period_end"},
    {"name": "cost", "kind": "number", "required": true, "role": "billed_cost"},
    {"name": "credits", "kind": "nested", "required": "header", "item": false, "role": "credits"},
    {"name": "usage.amount", "kind": "number"},
    {"name": "usage.amount_in_pricing_units", "kind": "number"},
    {"name": "price.effective_price", "kind": "number"},
    {"name": "price.list_price", "kind": "number"},
    {"name": "cost_at_list", "kind": "number"},
    {"name": "system_labels", "kind": "extra"},
    {"name": "project.number", "kind": "extra"},
    {"name": "project.ancestry_numbers", "kind": "extra"},
    {"name": "location.country", "kind": "extra"},
    {"name": "currency_conversion_rate", "kind": "extra"},
    {"name": "adjustment_info.id", "kind": "extra"},
    {"name": "adjustment_info.description", "kind": "extra"},
    {"name": "adjustment_info.type", "kind": "extra"},
    {"name": "transaction_type", "kind": "extra"},
    {"name": "invoice.publisher_type", "kind": "extra"},
    {"name": "subscription.instance_id", "kind": "extra"},
    {"name": "consumption_model.id", "kind": "extra"},
    {"name": "consumption_model.description", "kind": "extra"},
    {"name": "cost_at_effective_price_default", "kind": "extra"},
    {"name": "cost_at_list_consumption_model", "kind": "extra"},
    {"name": "price.tier_start_amount", "kind": "extra"},
    {"name": "price.unit", "kind": "extra"},
    {"name": "customer_cost", "kind": "extra"}
    ]$json$::jsonb,
    $sql$
    WITH
    credit AS (
        SELECT DISTINCT
            r.item_no,
            dense_rank() OVER (ORDER BY r.item_no, c.type, c.id, c.name) AS place,
            c.type,
            c.id,
            c.name
        FROM landing_record AS r
        CROSS JOIN LATERAL (
            SELECT
                coalesce(e.credit ->> 'type', '') AS type,
                coalesce(e.credit ->> 'id', '') AS id,
                coalesce(e.credit ->> 'full_name', e.credit ->> 'name', e.credit ->> 'id', e.credit ->> 'type', '') AS name
            FROM jsonb_array_elements(r.credits) AS e (credit)
        ) AS c
    ),
    part AS (
        SELECT i.item_no, i.item_no AS of_item, NULL AS type, NULL AS id, NULL AS name, false AS is_credit
        FROM landing_item AS i
        UNION ALL
        SELECT ((SELECT max(i.item_no) FROM landing_item AS i) + c.place)::int, c.item_no, c.type, c.id, c.name, true
        FROM credit AS c
    )
    SELECT
        p.item_no,
        'Google Cloud' AS provider_name,
        coalesce(i.seller_name, 'Google') AS publisher_name,
        'Google' AS invoice_issuer_name,
        coalesce(i.payer_billing_account_id, i.billing_account_id) AS billing_account_id,
        i."project.id" AS sub_account_id,
        i."project.name" AS sub_account_name,
        CASE WHEN i."project.id" IS NOT NULL THEN 'Project' END AS sub_account_type,
        CASE WHEN i.payer_billing_account_id IS NOT NULL THEN i.billing_account_id END AS source_customer_id,
        (i."invoice.month" AT TIME ZONE 'UTC')::date AS billing_period_start,
        (i."invoice.month" AT TIME ZONE 'UTC' + interval '1 month')::date AS billing_period_end,
        i.currency AS billing_currency,
        CASE
            WHEN p.is_credit THEN 'Credit'
            WHEN i.cost_type = 'tax' THEN 'Tax'
            WHEN i.cost_type IN ('adjustment', 'rounding_error') THEN 'Adjustment'
            ELSE 'Usage'
        END AS charge_category,
        CASE WHEN i."adjustment_info.mode" IS NOT NULL THEN 'Correction' END AS charge_class,
        CASE WHEN coalesce(i.cost_type, 'regular') = 'regular' THEN 'Usage-Based' ELSE 'One-Time' END AS charge_frequency,
        -- A product is called by the least of its descriptions, so the SKU goes first.
        coalesce(i."sku.description", i."service.description", 'Google Cloud')
            || CASE WHEN p.is_credit THEN concat(', credit ', nullif(p.name, '')) ELSE '' END AS charge_description,
        i."service.description" AS service_name,
        i."sku.id" AS sku_id,
        CASE WHEN p.is_credit THEN nullif(p.type, '') END AS sku_meter,
        i."location.region" AS region_id,
        i."location.location" AS region_name,
        i."location.zone" AS availability_zone,
        coalesce(i."resource.global_name", i."resource.name") AS resource_id,
        i."resource.name" AS resource_name,
        CASE WHEN NOT p.is_credit THEN i."usage.pricing_unit" END AS pricing_unit,
        CASE WHEN NOT p.is_credit THEN i."usage.unit" END AS consumed_unit,
        CASE WHEN p.type LIKE 'COMMITTED_USAGE_DISCOUNT%' THEN nullif(p.id, '') END AS commitment_discount_id,
        CASE WHEN p.type LIKE 'COMMITTED_USAGE_DISCOUNT%' THEN nullif(p.name, '') END AS commitment_discount_name,
        CASE WHEN p.type LIKE 'COMMITTED_USAGE_DISCOUNT%' THEN 'Committed Use Discount' END AS commitment_discount_type,
        CASE p.type WHEN 'COMMITTED_USAGE_DISCOUNT' THEN 'Usage' WHEN 'COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE' THEN 'Spend' END
            AS commitment_discount_category,
        CASE WHEN p.type LIKE 'COMMITTED_USAGE_DISCOUNT%' THEN 'Used' END AS commitment_discount_status,
        source_tags(i.tags) || source_tags(i."project.labels") || source_tags(i.labels) AS tags
    FROM part AS p
    JOIN landing_item AS i ON i.item_no = p.of_item
    $sql$,
    $sql$
    SELECT
        r.line_no,
        r.item_no,
        r.usage_start_time AS charge_period_start,
        r.usage_end_time AS charge_period_end,
        r.cost AS billed_cost,
        r.cost_at_list AS list_cost,
        r.cost AS contracted_cost,
        r."usage.amount_in_pricing_units" AS pricing_quantity,
        nullif(r."usage.amount", r."usage.amount_in_pricing_units") AS consumed_quantity,
        -- The price of so many units; of one only when it is a unit's.
        CASE WHEN coalesce(i."price.pricing_unit_quantity", 1) = 1 THEN r."price.list_price" END AS list_unit_price,
        CASE WHEN coalesce(i."price.pricing_unit_quantity", 1) = 1 THEN r."price.effective_price" END AS contracted_unit_price,
        r.extra
    FROM landing_record AS r
    JOIN landing_item AS i ON i.item_no = r.item_no
    UNION ALL
    SELECT
        r.line_no,
        ((SELECT max(i.item_no) FROM landing_item AS i) + dense_rank() OVER (ORDER BY r.item_no, c.type, c.id, c.name))::int,
        r.usage_start_time,
        r.usage_end_time,
        c.amount,
        NULL, NULL, NULL, NULL, NULL, NULL,
        jsonb_build_object('credit', c.credit)
    FROM landing_record AS r
    CROSS JOIN LATERAL (
        SELECT
            e.credit,
            (e.credit ->> 'amount')::numeric AS amount,
            coalesce(e.credit ->> 'type', '') AS type,
            coalesce(e.credit ->> 'id', '') AS id,
            coalesce(e.credit ->> 'full_name', e.credit ->> 'name', e.credit ->> 'id', e.credit ->> 'type', '') AS name
        FROM jsonb_array_elements(r.credits) AS e (credit)
    ) AS c
    $sql$,
    $sql$
    SELECT r.line_no, concat(r.hash, ' ', row_number() OVER (PARTITION BY r.hash ORDER BY r.line_no)) AS event_id
    FROM (
        SELECT
            r.line_no,
            left(encode(sha256(convert_to(ROW(
                i.payer_billing_account_id, i.billing_account_id, i."service.description", i."sku.id", i."sku.description",
                i."project.id", i.labels, i."location.location", i."location.region", i."location.zone",
                i."resource.global_name", i."resource.name", i.currency, i.cost_type, i."usage.unit",
                -- without regard to the session's time zone, and to zeros behind the point
                extract(epoch FROM i."invoice.month"), extract(epoch FROM r.usage_start_time), extract(epoch FROM r.usage_end_time), extract(epoch FROM r.export_time),
                trim_scale(r.cost), trim_scale(r."usage.amount"), r.credits
            )::text, 'UTF8')), 'hex'), 32) AS hash
        FROM landing_record AS r
        JOIN landing_item AS i ON i.item_no = r.item_no
    ) AS r
    $sql$
    )
) AS mapping (fields, item_query, record_query, event_query);
