-- The invoice of Google Cloud as CSV, which is the cost table of an invoice month:
-- above the header lines of names and values (number, date, total), below it a line
-- for each project and SKU, and at the end a rounding error and the total.  Before
-- 2021 the file had the same lines without the table of costs.
--
-- Costs are unrounded; with the rounding error they add up to the invoice.
SELECT source_builtin(17, 'google_invoice', 'Google Cloud: cost table of an invoice', 'replace',
    $json$[
    {"name": "invoice number", "kind": "name", "preamble": "Invoice number"},
    {"name": "invoice date", "kind": "time", "item": true, "preamble": "Invoice date"},
    {"name": "due date", "kind": "time", "item": true, "preamble": "Due date"},
    {"name": "currency", "kind": "currency", "preamble": "Currency"},
    {"name": "exchange rate", "kind": "number", "item": true, "preamble": "Currency exchange rate"},
    {"name": "total amount due", "preamble": "Total amount due"},
    {"name": "Billing account ID", "kind": "name", "required": true, "preamble": "Billing account ID"},
    {"name": "Billing account name"},
    {"name": "Project name"},
    {"name": "Project ID", "kind": "name"},
    {"name": "Service description", "kind": "name", "required": "header"},
    {"name": "SKU description"},
    {"name": "SKU ID", "kind": "name", "required": "header"},
    {"name": "Credit type"},
    {"name": "Cost type", "required": true},
    {"name": "Usage unit"},
    {"name": "Usage start date", "kind": "time", "required": true, "role": "period_start", "preamble": "Invoice date"},
    {"name": "Usage end date", "kind": "time", "role": "period_end", "preamble": "Invoice date"},
    {"name": "Usage amount", "item": false},
    {"name": "Unrounded cost", "kind": "number", "role": "billed_cost", "unless": {"Cost type": ["Total", "Subtotal"]},
        "aliases": ["Unrounded subtotal"]},
    {"name": "Cost", "kind": "number", "role": "billed_cost", "unless": {"Cost type": ["Total", "Subtotal"]},
        "aliases": ["Subtotal"]},
    {"name": "Consumption model description", "kind": "extra"},
    {"name": "Project hierarchy", "kind": "extra"}
    ]$json$,
    $sql$
    SELECT
        item_no,
        'Google Cloud' AS provider_name,
        'Google' AS publisher_name,
        'Google' AS invoice_issuer_name,
        "Billing account ID" AS billing_account_id,
        "Billing account name" AS billing_account_name,
        "Project ID" AS sub_account_id,
        "Project name" AS sub_account_name,
        CASE WHEN "Project ID" IS NOT NULL THEN 'Project' END AS sub_account_type,
        "invoice number" AS supplier_invoice_id,
        date_trunc('month', "invoice date" AT TIME ZONE 'UTC')::date AS billing_period_start,
        (date_trunc('month', "invoice date" AT TIME ZONE 'UTC') + interval '1 month')::date AS billing_period_end,
        "invoice number" AS part,
        currency AS billing_currency,
        CASE
            WHEN "Credit type" IS NOT NULL THEN 'Credit'
            WHEN "Cost type" ILIKE 'tax%' THEN 'Tax'
            WHEN "Cost type" ILIKE 'usage%' OR "Cost type" ILIKE 'regular' THEN 'Usage'
            ELSE 'Adjustment'
        END AS charge_category,
        CASE WHEN "Cost type" ILIKE 'usage%' THEN 'Usage-Based' ELSE 'One-Time' END AS charge_frequency,
        coalesce("SKU description", "Cost type") AS charge_description,
        "Service description" AS service_name,
        "SKU ID" AS sku_id,
        "Credit type" AS sku_meter,
        CASE WHEN "Credit type" IS NULL THEN "Usage unit" END AS pricing_unit
    FROM landing_item
    $sql$,
    $sql$
    SELECT
        r.line_no,
        r.item_no,
        r."Usage start date" AS charge_period_start,
        greatest(r."Usage end date" + interval '24 hours', r."Usage start date") AS charge_period_end,
        coalesce(r."Unrounded cost", r."Cost", 0) AS billed_cost,
        coalesce(r."Unrounded cost", r."Cost", 0) AS contracted_cost,
        exact_numeric(replace(r."Usage amount", ',', '')) AS pricing_quantity,
        r.extra
    FROM landing_record AS r
    JOIN landing_item AS i ON i.item_no = r.item_no
    WHERE lower(i."Cost type") NOT IN ('total', 'subtotal')
    $sql$,
    invoice_query => $sql$
    SELECT
        'Google' AS invoice_issuer_name,
        i."invoice number" AS invoice_number,
        max(i."Billing account ID") AS billing_account_id,
        i.currency,
        (i."invoice date" AT TIME ZONE 'UTC')::date AS issued_on,
        (i."due date" AT TIME ZONE 'UTC')::date AS due_on,
        date_trunc('month', i."invoice date" AT TIME ZONE 'UTC')::date AS period_start,
        (date_trunc('month', i."invoice date" AT TIME ZONE 'UTC') + interval '1 month')::date AS period_end,
        coalesce(currency_round(sum(coalesce(r."Unrounded cost", r."Cost")) FILTER (WHERE i."Cost type" ILIKE 'tax%'), i.currency), 0) AS tax_amount,
        exact_numeric(regexp_replace(i."total amount due", '[^0-9.-]', '', 'g')) AS gross_amount,
        CASE WHEN i.currency <> 'USD' AND i."exchange rate" > 0 THEN 'USD' END AS exchange_from,
        CASE WHEN i.currency <> 'USD' AND i."exchange rate" > 0 THEN i.currency END AS exchange_to,
        CASE WHEN i.currency <> 'USD' AND i."exchange rate" > 0 THEN i."exchange rate" END AS exchange_rate
    FROM landing_record AS r
    JOIN landing_item AS i ON i.item_no = r.item_no
    WHERE i."invoice number" IS NOT NULL
    GROUP BY i."invoice number", i.currency, i."invoice date", i."due date", i."total amount due", i."exchange rate"
    $sql$,
    side => 'purchase'
);
