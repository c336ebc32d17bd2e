-- Hours worked.  Timesheets are corrected until they are approved, and exported by
-- the week as well as by the month: a file supersedes the days that are in it.
-- Hours that are not billable are another service, so that the price of hours is
-- not theirs, and keep their cost.
SELECT source_builtin(6, 'hours', 'hours worked', 'replace',
    $json$[
    {"name": "account", "kind": "name", "setting": "load_account", "aliases": ["department"]},
    {"name": "employee", "kind": "name", "required": true, "aliases": ["employee_ref"]},
    {"name": "customer_ref", "kind": "name", "required": "header", "aliases": ["customer"]},
    {"name": "project", "kind": "name"},
    {"name": "activity", "kind": "name", "required": "header"},
    {"name": "role", "kind": "name"},
    {"name": "billable", "one_of": ["yes", "no", "Yes", "No", "true", "false", "True", "False", "TRUE", "FALSE", "t", "f", "y", "n", "Y", "N", "1", "0"]},
    {"name": "description"},
    {"name": "tags", "kind": "json"},
    {"name": "currency", "kind": "currency", "required": true, "setting": "load_currency"},
    {"name": "the day", "kind": "time", "item": true, "aliases": ["worked_on", "date"]},
    {"name": "worked_on", "kind": "time", "required": true, "role": "period_start", "aliases": ["date"]},
    {"name": "started_at", "kind": "time"},
    {"name": "ended_at", "kind": "time"},
    {"name": "hours", "kind": "number", "required": true},
    {"name": "unit_cost", "kind": "number"},
    {"name": "entry_ref", "kind": "extra", "aliases": ["entry", "ticket"]}
    ]$json$,
    $sql$
    SELECT
        item_no,
        'Own services' AS provider_name,
        'Own services' AS publisher_name,
        'Own services' AS invoice_issuer_name,
        coalesce(account, 'hours') AS billing_account_id,
        customer_ref AS sub_account_id,
        customer_ref AS source_customer_id,
        ("the day" AT TIME ZONE 'UTC')::date AS billing_period_start,
        ("the day" AT TIME ZONE 'UTC')::date + 1 AS billing_period_end,
        'Usage' AS charge_category,
        'Usage-Based' AS charge_frequency,
        coalesce(description, activity) AS charge_description,
        'Other' AS service_category,
        CASE WHEN lower(billable) IN ('no', 'false', 'f', 'n', '0') THEN 'Hours, not billable' ELSE 'Hours' END AS service_name,
        activity AS sku_id,
        employee AS resource_id,
        'Employee' AS resource_type,
        'Hours' AS pricing_unit,
        currency AS billing_currency,
        coalesce(tags, '{}') || jsonb_strip_nulls(jsonb_build_object('employee', employee, 'project', project, 'activity', activity, 'role', role)) AS tags
    FROM landing_item
    $sql$,
    $sql$
    SELECT
        line_no,
        item_no,
        coalesce(started_at, worked_on) AS charge_period_start,
        CASE WHEN started_at IS NULL THEN worked_on + interval '24 hours'
            WHEN ended_at > started_at THEN ended_at
            ELSE started_at + greatest(hours * 3600, 1)::int * interval '1 second' END AS charge_period_end,
        hours AS pricing_quantity,
        unit_cost AS contracted_unit_price,
        hours * coalesce(unit_cost, 0) AS billed_cost,
        hours * unit_cost AS contracted_cost,
        extra
    FROM landing_record
    $sql$,
    extra_prefix => 'x_'
);
