-- Generic meters: devices, backup, hours, licences, own services.  One line is one
-- event; source_event_id is unique for ever, so a line sent twice counts once.
SELECT source_builtin(2, 'meter', 'generic meters: own services, devices, hours, licences', 'append',
    $json$[
    {"name": "customer_ref", "kind": "name", "required": true},
    {"name": "meter", "kind": "name", "required": true},
    {"name": "resource_ref"},
    {"name": "unit"},
    {"name": "tags", "kind": "json"},
    {"name": "currency", "kind": "currency", "required": true},
    {"name": "description"},
    {"name": "agent"},
    {"name": "source_event_id", "kind": "name", "role": "event_id", "required": true},
    {"name": "quantity", "kind": "number", "required": true},
    {"name": "unit_cost", "kind": "number"},
    {"name": "usage_start", "kind": "time", "required": true, "role": "period_start"},
    {"name": "usage_end", "kind": "time", "role": "period_end"}
    ]$json$,
    $sql$
    SELECT
        item_no,
        'Own services' AS provider_name,
        'Own services' AS publisher_name,
        'Own services' AS invoice_issuer_name,
        'own' AS billing_account_id,
        customer_ref AS sub_account_id,
        customer_ref AS source_customer_id,
        'Usage' AS charge_category,
        'Usage-Based' AS charge_frequency,
        coalesce(description, meter) AS charge_description,
        'Other' AS service_category,
        meter AS service_name,
        meter AS sku_id,
        meter AS sku_meter,
        resource_ref AS resource_id,
        agent AS resource_name,
        unit AS pricing_unit,
        unit AS consumed_unit,
        currency AS billing_currency,
        tags
    FROM landing_item
    $sql$,
    $sql$
    SELECT
        line_no,
        item_no,
        usage_start AS charge_period_start,
        coalesce(usage_end, usage_start) AS charge_period_end,
        quantity AS pricing_quantity,
        unit_cost AS contracted_unit_price,
        quantity * coalesce(unit_cost, 0) AS billed_cost,
        quantity * coalesce(unit_cost, 0) AS contracted_cost,
        extra
    FROM landing_record
    $sql$,
    extra_prefix => 'x_'
);
