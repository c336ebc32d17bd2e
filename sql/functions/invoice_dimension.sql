-- Whose dimension may stand on a customer's documents.  Looked at too when the
-- dimension, or the tree of customers, changes.
CREATE OR REPLACE FUNCTION invoice_dimension_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    SELECT c.number AS customer, d.name AS dimension, d.across_customers, o.number AS owner, v.valid_during,
        d.customer_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM customer_ancestor AS a WHERE a.customer_id = v.customer_id AND a.ancestor_id = d.customer_id) AS is_anothers,
        NOT days_are_whole_months(v.valid_during) AS is_cut
    INTO bad
    FROM invoice_dimension AS v
    JOIN customer AS c ON c.customer_id = v.customer_id
    JOIN dimension AS d ON d.dimension_id = v.dimension_id
    LEFT JOIN customer AS o ON o.customer_id = d.customer_id
    WHERE d.across_customers
       OR NOT days_are_whole_months(v.valid_during)
       OR d.customer_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM customer_ancestor AS a WHERE a.customer_id = v.customer_id AND a.ancestor_id = d.customer_id)
    ORDER BY c.number, v.valid_during
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF bad.is_anothers THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('documents of customer %s cannot tell dimension "%s" of customer %s', bad.customer, bad.dimension, bad.owner),
            DETAIL = format('Customer %s is not below customer %s, whose own dimension it is.', bad.customer, bad.owner),
            HINT = 'Name a dimension of the seller, of the customer itself or of a customer above it.';
    END IF;
    IF bad.across_customers THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('documents of customer %s cannot tell dimension "%s"', bad.customer, bad.dimension),
            DETAIL = 'The dimension splits what is shared over all customers together, so what one has hangs on what others use.',
            HINT = 'Name a dimension that does not go across customers.';
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'invalid_parameter_value',
        MESSAGE = format('documents of customer %s can tell dimension "%s" during whole months only', bad.customer, bad.dimension),
        DETAIL = format('It is valid during %s.', bad.valid_during),
        HINT = 'A month is billed once: begin and end with the first day of a month.';
END
$$;

COMMENT ON FUNCTION invoice_dimension_check() IS 'trigger that refuses dimensions that a customer''s documents cannot tell';

CREATE OR REPLACE TRIGGER invoice_dimension_check AFTER INSERT OR UPDATE ON invoice_dimension
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_dimension_check();
CREATE OR REPLACE TRIGGER invoice_dimension_check AFTER UPDATE ON dimension
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_dimension_check();
CREATE OR REPLACE TRIGGER invoice_dimension_check AFTER UPDATE OF parent_id ON customer
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_dimension_check();

-- What is due for each line, by the values of the customer's dimension, of those
-- customers from first to last whose documents are by total or by value: parts of a
-- line add up to it.  A function, for the plan of allocation takes longer than a
-- whole running invoice, and few ask for it; what it looks at is narrowed to who has
-- a dimension.
CREATE OR REPLACE FUNCTION invoice_parts(first int, last int, by text)
RETURNS TABLE (
    customer_id int,
    period_start date,
    price_rule_id int,
    product_id int,
    account_id int,
    resource_id text,
    tag_value text,
    currency text,
    dimension_id int,
    dimension_value text,
    climbed numeric,
    measured numeric,
    due numeric,
    quantity numeric,
    unit text,
    billed_cost numeric,
    effective_cost numeric,
    charges bigint,
    invoice_on date
)
LANGUAGE plpgsql STABLE ROWS 100
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 0
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    SELECT min(v.customer_id), max(v.customer_id)
    INTO first, last
    FROM invoice_dimension AS v
    WHERE v.invoice_by = invoice_parts.by AND v.customer_id BETWEEN invoice_parts.first AND invoice_parts.last;
    IF first IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('cloudbilling.customer_first', first::text, true);
    PERFORM set_config('cloudbilling.customer_last', last::text, true);
    RETURN QUERY
    WITH
    entry AS (
        SELECT l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.account_id, l.resource_id, l.tag_value, l.currency,
            v.dimension_id, NULL AS value, l.climbed, l.measured, l.unit, currency_round(l.amount, l.currency) AS line_due,
            l.quantity AS line_quantity, l.billed_cost AS line_billed_cost, l.effective_cost AS line_effective_cost,
            l.charges AS line_charges, NULL::numeric AS due, NULL::numeric AS quantity, NULL::numeric AS billed_cost,
            NULL::numeric AS effective_cost, NULL::bigint AS charges, true AS is_line, l.invoice_on
        FROM rated_line AS l
        JOIN invoice_dimension AS v ON v.customer_id = l.customer_id AND v.valid_during @> l.period_start
        WHERE l.reseller_id IS NULL AND v.invoice_by = invoice_parts.by
        UNION ALL
        SELECT a.buyer_id, a.period_start, a.price_rule_id, a.product_id, a.account_id, a.resource_id, a.tag_value, a.currency,
            a.dimension_id, a.value, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, a.due, a.quantity, a.billed_cost,
            a.effective_cost, a.charges, false, NULL
        FROM allocated AS a
        JOIN invoice_dimension AS v ON v.customer_id = a.buyer_id AND v.dimension_id = a.dimension_id
            AND v.valid_during @> a.period_start
        WHERE a.kind = 'sale' AND v.invoice_by = invoice_parts.by
    ),
    part AS (
        SELECT e.customer_id, e.period_start, e.price_rule_id, e.product_id, e.account_id, e.resource_id, e.tag_value,
            e.currency, e.dimension_id, e.value, max(e.climbed) AS climbed, max(e.measured) AS measured, max(e.unit) AS unit,
            sum(e.line_due) AS line_due, sum(e.line_quantity) AS line_quantity, sum(e.line_billed_cost) AS line_billed_cost,
            sum(e.line_effective_cost) AS line_effective_cost, sum(e.line_charges) AS line_charges, sum(e.due) AS due,
            sum(e.quantity) AS quantity, sum(e.billed_cost) AS billed_cost, sum(e.effective_cost) AS effective_cost,
            sum(e.charges) AS charges, bool_or(e.is_line) AS is_line, count(*) FILTER (WHERE NOT e.is_line) AS parts,
            max(e.invoice_on) AS invoice_on
        FROM entry AS e
        GROUP BY e.customer_id, e.period_start, e.price_rule_id, e.product_id, e.account_id, e.resource_id, e.tag_value,
            e.currency, e.dimension_id, e.value
    ),
    -- What is of no value goes with the rest that is not allocated: a line without
    -- charges behind it, above all.
    rest AS (
        SELECT p.*,
            bool_or(p.is_line) OVER line AS has_line,
            max(p.climbed) OVER line AS climbed_in_all,
            max(p.measured) OVER line AS measured_in_all,
            max(p.unit) OVER line AS unit_in_all,
            max(p.invoice_on) OVER line AS invoice_on_in_all,
            CASE WHEN p.is_line THEN p.line_due - coalesce(sum(p.due) OVER line, 0) ELSE 0 END AS due_left,
            CASE WHEN p.is_line THEN coalesce(p.line_quantity - coalesce(sum(p.quantity) OVER line, 0), 0) ELSE 0 END AS quantity_left,
            CASE WHEN p.is_line THEN coalesce(p.line_billed_cost - coalesce(sum(p.billed_cost) OVER line, 0), 0) ELSE 0 END AS billed_cost_left,
            CASE WHEN p.is_line THEN coalesce(p.line_effective_cost - coalesce(sum(p.effective_cost) OVER line, 0), 0) ELSE 0 END AS effective_cost_left,
            CASE WHEN p.is_line THEN coalesce(p.line_charges - coalesce(sum(p.charges) OVER line, 0), 0) ELSE 0 END AS charges_left,
            sum(p.parts) OVER line = 0 AS is_all
        FROM part AS p
        WINDOW line AS (PARTITION BY p.customer_id, p.period_start, p.price_rule_id, p.product_id, p.account_id, p.resource_id,
            p.tag_value, p.currency, p.dimension_id)
    )
    SELECT r.customer_id, r.period_start, r.price_rule_id, r.product_id, r.account_id, r.resource_id, r.tag_value, r.currency,
        r.dimension_id, r.value, r.climbed_in_all, r.measured_in_all, coalesce(r.due, 0) + r.due_left,
        -- NULL where the line has none
        CASE WHEN num_nonnulls(r.quantity, r.line_quantity) > 0 THEN trim_scale(coalesce(r.quantity, 0) + r.quantity_left) END,
        r.unit_in_all,
        CASE WHEN num_nonnulls(r.billed_cost, r.line_billed_cost) > 0 THEN trim_scale(coalesce(r.billed_cost, 0) + r.billed_cost_left) END,
        CASE WHEN num_nonnulls(r.effective_cost, r.line_effective_cost) > 0 THEN trim_scale(coalesce(r.effective_cost, 0) + r.effective_cost_left) END,
        CASE WHEN num_nonnulls(r.charges, r.line_charges) > 0 THEN (coalesce(r.charges, 0) + r.charges_left)::bigint END,
        r.invoice_on_in_all
    FROM rest AS r
    WHERE r.has_line
      AND (r.parts > 0 OR r.is_all OR r.due_left <> 0 OR r.quantity_left <> 0 OR r.billed_cost_left <> 0 OR r.effective_cost_left <> 0);
END
$$;

COMMENT ON FUNCTION invoice_parts(int, int, text) IS 'what is due for lines by value of the dimension of their customers, of a range of these; the parts of a line add up to it';
