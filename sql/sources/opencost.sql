-- OpenCost's CSV export: what each container of a Kubernetes cluster cost in a
-- day, reckoned from list prices.  Nobody invoices it: it is the weight by which
-- the cluster's real cost is split, so it is a quantity, and costs nothing.
-- OpenCost exports a day once and whole, and appends it to one file, which may be
-- moved away and begun again in the middle of a month.  So a file supersedes
-- earlier ones day by day: the billing period is the day.
SELECT source_builtin(3, 'opencost', 'OpenCost CSV export of a Kubernetes cluster', 'replace',
    $json$[
    {"name": "Date", "kind": "time", "required": true, "role": "period_start"},
    {"name": "the day", "kind": "time", "item": true, "aliases": ["Date"]},
    {"name": "Cluster", "kind": "name", "required": true, "setting": "load_account", "aliases": ["ClusterId", "cluster_id"]},
    {"name": "Currency", "kind": "currency", "required": true, "setting": "load_currency"},
    {"name": "Namespace", "kind": "name", "required": "header"},
    {"name": "ControllerKind"},
    {"name": "ControllerName", "aliases": ["Controller"]},
    {"name": "Pod"},
    {"name": "Container"},
    {"name": "Labels", "kind": "json", "columns": ["Label_"]},
    {"name": "TotalCost", "kind": "number", "required": true},
    {"name": "CPUCost", "kind": "extra", "required": "header"},
    {"name": "RAMCost", "kind": "extra", "required": "header"},
    {"name": "NetworkCost", "kind": "extra"},
    {"name": "PVCost", "kind": "extra"},
    {"name": "GPUCost", "kind": "extra"},
    {"name": "CPUCoreUsageAverage", "kind": "extra"},
    {"name": "CPUCoreRequestAverage", "kind": "extra"},
    {"name": "RAMBytesUsageAverage", "kind": "extra"},
    {"name": "RAMBytesRequestAverage", "kind": "extra"},
    {"name": "NetworkReceiveBytes", "kind": "extra"},
    {"name": "NetworkTransferBytes", "kind": "extra"},
    {"name": "GPUs", "kind": "extra"},
    {"name": "PVBytes", "kind": "extra"}
    ]$json$,
    $sql$
    SELECT
        item_no,
        'OpenCost' AS provider_name,
        'OpenCost' AS publisher_name,
        'OpenCost' AS invoice_issuer_name,
        "Cluster" AS billing_account_id,
        "Cluster" AS sub_account_id,
        'Kubernetes cluster' AS sub_account_type,
        ("the day" AT TIME ZONE 'UTC')::date AS billing_period_start,
        ("the day" AT TIME ZONE 'UTC')::date + 1 AS billing_period_end,
        "Currency" AS billing_currency,
        'Usage' AS charge_category,
        'Usage-Based' AS charge_frequency,
        nullif(concat_ws(' ', "ControllerKind", "ControllerName"), '') AS charge_description,
        'Compute' AS service_category,
        'Containers' AS service_subcategory,
        coalesce("Namespace", '__unallocated__') AS service_name,
        'OpenCost cost' AS pricing_unit,
        concat_ws('/', coalesce("Namespace", '__unallocated__'), "Pod", "Container") AS resource_id,
        coalesce("Container", "Pod") AS resource_name,
        CASE WHEN "Container" IS NOT NULL THEN 'Container' WHEN "Pod" IS NOT NULL THEN 'Pod' END AS resource_type,
        -- A label named as one of ours is kept, with a prefix.
        coalesce((
            SELECT jsonb_object_agg(
                CASE WHEN l.key IN ('namespace', 'controller_kind', 'controller', 'pod', 'container') THEN 'label_' ELSE '' END
                    || l.key,
                l.value)
            FROM jsonb_each("Labels") AS l
        ), '{}') || jsonb_strip_nulls(jsonb_build_object(
            'namespace', coalesce("Namespace", '__unallocated__'),
            'controller_kind', "ControllerKind",
            'controller', "ControllerName",
            'pod', "Pod",
            'container', "Container"
        )) AS tags
    FROM landing_item
    $sql$,
    $sql$
    SELECT
        line_no,
        item_no,
        "Date" AS charge_period_start,
        "Date" + interval '24 hours' AS charge_period_end,
        0::numeric AS billed_cost,
        "TotalCost" AS pricing_quantity,
        extra
    FROM landing_record
    $sql$
);
