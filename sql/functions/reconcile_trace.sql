-- One customer, SKU and month from the supplier's invoice to the customer's, in one query.
CREATE OR REPLACE FUNCTION reconcile_trace(customer_id int, sku text, month date)
RETURNS TABLE (
    step int,
    kind text,
    at timestamptz,
    description text,
    reference text,
    currency text,
    quantity numeric,
    unit text,
    cost numeric,
    amount numeric
)
LANGUAGE plpgsql STABLE ROWS 50
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 0
SET cloudbilling.period_first = ''
SET cloudbilling.period_last = ''
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    products int[];
    first_day date := date_trunc('month', month)::date;
BEGIN
    IF NOT EXISTS (SELECT FROM customer AS c WHERE c.customer_id = reconcile_trace.customer_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('customer %s does not exist', coalesce(reconcile_trace.customer_id::text, 'NULL')),
            HINT = 'The table cloudbilling.customer lists all customers.';
    ELSIF first_day IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'reconcile_trace needs a month';
    END IF;
    -- what is sold under another name is bought under this one, and the other way round
    products := ARRAY(
        SELECT p.product_id FROM product AS p WHERE p.kind = 'sku' AND p.code = reconcile_trace.sku
        UNION
        SELECT f.product_id FROM product_counterpart AS f JOIN product AS p ON p.product_id = f.bought_product_id WHERE p.code = reconcile_trace.sku
        UNION
        SELECT f.bought_product_id FROM product_counterpart AS f JOIN product AS p ON p.product_id = f.product_id WHERE p.code = reconcile_trace.sku);
    IF products = '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('SKU %L does not exist', reconcile_trace.sku),
            HINT = 'The column code of cloudbilling.product has them, where kind is sku.';
    END IF;
    PERFORM set_config('cloudbilling.customer_first', reconcile_trace.customer_id::text, true);
    PERFORM set_config('cloudbilling.customer_last', reconcile_trace.customer_id::text, true);
    PERFORM set_config('cloudbilling.period_first', first_day::text, true);
    PERFORM set_config('cloudbilling.period_last', first_day::text, true);

    RETURN QUERY
    WITH
    -- deliveries of both sides, also those that no longer count
    delivered AS (
        SELECT s.side, s.load_id, s.supplier_invoice_id, s.current_during, s.billing_period_start, i.provider_name, i.charge_category, i.billing_currency,
            coalesce(i.pricing_unit, i.consumed_unit) AS unit, d.quantity, d.billed_cost
        FROM charge_daily AS d
        JOIN charge_item AS i ON i.item_id = d.item_id AND i.product_id = ANY (products)
        JOIN load_scope AS s ON s.load_scope_id = d.load_scope_id
        JOIN customer_zone AS z ON z.customer_id = reconcile_trace.customer_id AND z.time_zone_id = d.time_zone_id
        JOIN charge_owner AS o ON o.account_id = i.account_id AND o.valid_during @> d.charge_on
            AND CASE WHEN o.tag_set_id <> 0 THEN o.tag_set_id = i.tag_set_id ELSE NOT EXISTS (
                SELECT FROM charge_owner AS t WHERE t.account_id = i.account_id AND t.tag_set_id = i.tag_set_id) END
        JOIN customer_buyer AS b ON b.customer_id = o.customer_id AND b.buyers[1] = reconcile_trace.customer_id
        WHERE d.charge_on >= first_day AND d.charge_on < (first_day + interval '1 month')::date
    ),
    share AS (
        SELECT r.price_rule_id, r.effect, r.currency, r.cost_currency, sum(r.quantity) AS quantity, sum(r.billed_cost) AS billed_cost, sum(r.amount) AS amount
        FROM rated_charge AS r
        JOIN charge_item AS i ON i.item_id = r.item_id AND i.product_id = ANY (products)
        WHERE r.reseller_id IS NULL
        GROUP BY r.price_rule_id, r.effect, r.currency, r.cost_currency
    )
    SELECT t.step, t.kind, t.at, t.description, t.reference, t.currency, trim_scale(t.quantity), t.unit, trim_scale(t.cost), trim_scale(t.amount)
    FROM (
        SELECT CASE d.side WHEN 'purchase' THEN 1 ELSE 2 END AS step, d.side AS kind, l.loaded_at AS at,
            concat_ws(', ', d.provider_name, d.charge_category, CASE WHEN d.billing_period_start > first_day THEN 'late' END,
                CASE WHEN NOT upper_inf(d.current_during) THEN 'superseded' END) AS description,
            coalesce(d.supplier_invoice_id, l.file_name, format('load %s', d.load_id)) AS reference, d.billing_currency AS currency,
            sum(d.quantity) AS quantity, min(d.unit) AS unit, sum(d.billed_cost) AS cost, NULL::numeric AS amount
        FROM delivered AS d
        JOIN load AS l ON l.load_id = d.load_id
        GROUP BY d.side, d.load_id, l.loaded_at, l.file_name, d.supplier_invoice_id, d.provider_name, d.charge_category, d.billing_period_start,
            upper_inf(d.current_during), d.billing_currency
        UNION ALL
        SELECT 3, 'price', r.created_at, coalesce(r.name, 'no price'), r.pricing::text, coalesce(s.currency, s.cost_currency), s.quantity, NULL, s.billed_cost, s.amount
        FROM share AS s
        LEFT JOIN price_rule_known AS r ON r.price_rule_id = s.price_rule_id
        UNION ALL
        SELECT CASE WHEN l.corrects IS NULL THEN 4 ELSE 5 END, CASE WHEN l.corrects IS NULL THEN 'invoice' ELSE 'correction' END, i.finalised_at,
            l.description, i.invoice_number, l.currency::text, l.quantity, l.unit, l.cost, l.amount
        FROM invoice_line AS l
        JOIN invoice AS i ON i.invoice_id = l.invoice_id AND i.reseller_id IS NULL
        WHERE l.customer_id = reconcile_trace.customer_id AND l.period_start = first_day AND l.product_id = ANY (products)
        UNION ALL
        SELECT 6, 'running', NULL, format('due %s, billed %s', b.due, b.due_before), NULL, b.currency::text, NULL, NULL, NULL, b.amount
        FROM invoice_balance AS b
        WHERE b.product_id = ANY (products) AND b.amount <> 0
        UNION ALL
        SELECT 7, 'reconciliation', s.first_seen_at, s.status || ', ' || s.state || coalesce(', ' || s.decision || ': ' || s.note, ''),
            s.explanation::text, s.currency, NULL, NULL, s.purchase_amount, s.against_amount
        FROM reconciliation_item AS s
        WHERE s.customer_id = reconcile_trace.customer_id AND s.month = first_day AND s.product_id = ANY (products)
    ) AS t
    ORDER BY t.step, t.at, t.description, t.reference, t.currency;
END
$$;

COMMENT ON FUNCTION reconcile_trace(int, text, date) IS 'a customer''s SKU of a month from the supplier''s invoice to the customer''s: purchase, usage, price, invoice, correction, what runs and how it reconciles';
