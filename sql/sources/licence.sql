-- Licence counts: what each customer has on a day, counted every day.  A count holds
-- for its day; a day between two counts that has none of its own has that of the day
-- before it (load_carry).  Whatever a count does not list is not there: a file must
-- hold all licences of its account.
SELECT source_builtin(8, 'licence', 'licence counts, day by day', 'replace',
    $json$[
    {"name": "account", "kind": "name", "setting": "load_account", "aliases": ["tenant"]},
    {"name": "customer_ref", "kind": "name", "required": true, "aliases": ["customer"]},
    {"name": "licence", "kind": "name", "required": true, "aliases": ["license"]},
    {"name": "licence_name", "aliases": ["license_name"]},
    {"name": "vendor"},
    {"name": "tags", "kind": "json"},
    {"name": "currency", "kind": "currency", "required": true, "setting": "load_currency"},
    {"name": "the day", "kind": "time", "item": true, "aliases": ["counted_on", "snapshot_date"]},
    {"name": "counted_on", "kind": "time", "required": true, "role": "period_start", "aliases": ["snapshot_date"]},
    {"name": "quantity", "kind": "number", "required": true},
    {"name": "unit_cost", "kind": "number"}
    ]$json$,
    $sql$
    SELECT
        item_no,
        'Own services' AS provider_name,
        coalesce(vendor, 'Own services') AS publisher_name,
        'Own services' AS invoice_issuer_name,
        coalesce(account, 'licences') AS billing_account_id,
        customer_ref AS sub_account_id,
        customer_ref AS source_customer_id,
        ("the day" AT TIME ZONE 'UTC')::date AS billing_period_start,
        ("the day" AT TIME ZONE 'UTC')::date + 1 AS billing_period_end,
        'Usage' AS charge_category,
        'Recurring' AS charge_frequency,
        coalesce(licence_name, licence) AS charge_description,
        'Business Applications' AS service_category,
        'Licences' AS service_name,
        licence AS sku_id,
        'Licences' AS pricing_unit,
        currency AS billing_currency,
        tags
    FROM landing_item
    $sql$,
    $sql$
    SELECT
        line_no,
        item_no,
        date_trunc('day', counted_on, 'UTC') AS charge_period_start,
        date_trunc('day', counted_on, 'UTC') + interval '24 hours' AS charge_period_end,
        quantity AS pricing_quantity,
        unit_cost AS contracted_unit_price,
        -- what a licence costs in a month, for a day of it
        round(quantity * coalesce(unit_cost, 0)
            / extract(day FROM date_trunc('month', counted_on AT TIME ZONE 'UTC') + interval '1 month - 1 day'), 12) AS billed_cost,
        extra
    FROM landing_record
    $sql$,
    extra_prefix => 'x_', carries => true
);
