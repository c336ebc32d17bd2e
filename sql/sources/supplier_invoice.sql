-- A supplier's invoice in a plain file: a row for each invoice, or for each of its
-- lines.  What is said of an invoice as a whole stands in all of its rows, or in one.
-- A row with an amount of its own is a line, a charge of the purchase side.
--
-- A file supersedes the lines of the invoices in it.
SELECT source_builtin(16, 'supplier_invoice', 'invoices of suppliers: headers, with or without lines', 'replace',
    $json$[
    {"name": "supplier", "kind": "name", "required": true, "aliases": ["invoice_issuer_name"]},
    {"name": "invoice_number", "kind": "name", "required": true, "aliases": ["invoice_id"]},
    {"name": "provider", "kind": "name", "aliases": ["provider_name"]},
    {"name": "account", "kind": "name", "aliases": ["billing_account_id"]},
    {"name": "seller"},
    {"name": "kind", "one_of": ["invoice", "credit_note"]},
    {"name": "corrects", "kind": "name"},
    {"name": "currency", "kind": "currency", "required": true, "setting": "load_currency"},
    {"name": "invoice_date", "kind": "time", "item": true, "required": true, "aliases": ["issued_on"]},
    {"name": "due_date", "kind": "time", "item": true, "aliases": ["due_on"]},
    {"name": "period_start", "kind": "time", "item": true},
    {"name": "period_end", "kind": "time", "item": true},
    {"name": "net_amount", "kind": "number", "item": true, "aliases": ["net"]},
    {"name": "tax_amount", "kind": "number", "item": true, "aliases": ["tax", "vat_amount"]},
    {"name": "gross_amount", "kind": "number", "item": true, "aliases": ["total", "gross"]},
    {"name": "exchange_from", "kind": "currency"},
    {"name": "exchange_to", "kind": "currency"},
    {"name": "exchange_rate", "kind": "number", "item": true},
    {"name": "note"},
    {"name": "customer_ref", "kind": "name", "aliases": ["customer"]},
    {"name": "sub_account", "kind": "name", "aliases": ["sub_account_id"]},
    {"name": "service", "kind": "name"},
    {"name": "sku", "kind": "name", "aliases": ["article"]},
    {"name": "description"},
    {"name": "category", "one_of": ["Usage", "Purchase", "Tax", "Credit", "Adjustment"]},
    {"name": "unit"},
    {"name": "line_start", "kind": "time", "required": true, "role": "period_start", "else": ["period_start", "invoice_date", "issued_on"]},
    {"name": "line_end", "kind": "time", "role": "period_end", "else": ["period_end"]},
    {"name": "line_amount", "kind": "number", "role": "billed_cost", "aliases": ["amount"]},
    {"name": "quantity", "kind": "number"},
    {"name": "unit_price", "kind": "number"}
    ]$json$,
    $sql$
    SELECT
        item_no,
        coalesce(provider, supplier) AS provider_name,
        coalesce(provider, supplier) AS publisher_name,
        supplier AS invoice_issuer_name,
        coalesce(account, supplier) AS billing_account_id,
        sub_account AS sub_account_id,
        customer_ref AS source_customer_id,
        invoice_number AS supplier_invoice_id,
        month AS billing_period_start,
        (month + interval '1 month')::date AS billing_period_end,
        invoice_number AS part,
        currency AS billing_currency,
        coalesce(category, 'Usage') AS charge_category,
        CASE coalesce(category, 'Usage') WHEN 'Usage' THEN 'Usage-Based' ELSE 'One-Time' END AS charge_frequency,
        coalesce(description, sku, service) AS charge_description,
        service AS service_name,
        'Other' AS service_category,
        sku AS sku_id,
        unit AS pricing_unit
    FROM (
        -- the month that is invoiced, which is mostly before that of the invoice
        SELECT *, date_trunc('month', coalesce(min(period_start) OVER invoice, min(invoice_date) OVER invoice) AT TIME ZONE 'UTC')::date AS month
        FROM landing_item
        WINDOW invoice AS (PARTITION BY supplier, invoice_number)
    ) AS item
    $sql$,
    $sql$
    SELECT
        line_no,
        item_no,
        line_start AS charge_period_start,
        -- the last day is named
        greatest(line_end + interval '24 hours', line_start) AS charge_period_end,
        line_amount AS billed_cost,
        line_amount AS contracted_cost,
        quantity AS pricing_quantity,
        unit_price AS contracted_unit_price,
        extra
    FROM landing_record
    WHERE line_amount IS NOT NULL
    $sql$,
    invoice_query => $sql$
    SELECT
        supplier AS invoice_issuer_name,
        invoice_number,
        account AS billing_account_id,
        seller,
        kind,
        corrects,
        currency,
        (invoice_date AT TIME ZONE 'UTC')::date AS issued_on,
        (due_date AT TIME ZONE 'UTC')::date AS due_on,
        (period_start AT TIME ZONE 'UTC')::date AS period_start,
        (period_end AT TIME ZONE 'UTC')::date + 1 AS period_end,
        net_amount,
        tax_amount,
        gross_amount,
        exchange_from,
        exchange_to,
        exchange_rate,
        note
    FROM landing_item
    -- an invoice of which there are lines alone is expected
    WHERE num_nonnulls(net_amount, tax_amount, gross_amount) > 0
    $sql$,
    extra_prefix => 'x_',
    side => 'purchase',
    rounding => 'line'
);
