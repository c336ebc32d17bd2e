-- Hardware and whatever else is bought and sold once.  A line has the quantity that
-- is invoiced, what one costs, and what one is sold for: the list price, so that a
-- price rule on list_cost sells it for that.  The order line is its unique id: a
-- line sent twice is sold once.
SELECT source_builtin(7, 'sale', 'hardware and one-off sales', 'append',
    $json$[
    {"name": "customer_ref", "kind": "name", "required": true, "aliases": ["customer"]},
    {"name": "category", "kind": "name"},
    {"name": "article", "kind": "name", "required": true, "aliases": ["sku"]},
    {"name": "description"},
    {"name": "manufacturer"},
    {"name": "supplier"},
    {"name": "supplier_invoice", "kind": "name"},
    {"name": "unit"},
    {"name": "serial_number"},
    {"name": "tags", "kind": "json"},
    {"name": "currency", "kind": "currency", "required": true, "setting": "load_currency"},
    {"name": "order_line", "kind": "name", "required": true, "role": "event_id", "aliases": ["source_event_id"]},
    {"name": "sold_on", "kind": "time", "required": true, "role": "period_start", "aliases": ["date"]},
    {"name": "quantity", "kind": "number", "required": true},
    {"name": "purchase_price", "kind": "number", "required": true, "aliases": ["unit_cost"]},
    {"name": "sale_price", "kind": "number"}
    ]$json$,
    $sql$
    SELECT
        item_no,
        'Own services' AS provider_name,
        coalesce(manufacturer, supplier, 'Own services') AS publisher_name,
        coalesce(supplier, 'Own services') AS invoice_issuer_name,
        'sales' AS billing_account_id,
        customer_ref AS sub_account_id,
        customer_ref AS source_customer_id,
        supplier_invoice AS supplier_invoice_id,
        'Purchase' AS charge_category,
        'One-Time' AS charge_frequency,
        coalesce(description, article) AS charge_description,
        'Other' AS service_category,
        coalesce(category, 'Hardware') AS service_name,
        article AS sku_id,
        serial_number AS resource_id,
        coalesce(unit, 'Units') AS pricing_unit,
        currency AS billing_currency,
        tags
    FROM landing_item
    $sql$,
    $sql$
    SELECT
        line_no,
        item_no,
        sold_on AS charge_period_start,
        sold_on AS charge_period_end,
        quantity AS pricing_quantity,
        purchase_price AS contracted_unit_price,
        quantity * purchase_price AS billed_cost,
        quantity * purchase_price AS contracted_cost,
        sale_price AS list_unit_price,
        quantity * sale_price AS list_cost,
        extra
    FROM landing_record
    $sql$,
    extra_prefix => 'x_'
);
