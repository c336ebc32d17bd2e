-- What each line that is billed as a whole is by value: what is due for the value
-- now, less what documents billed for it before.  What they did not tell by this
-- dimension is taken for split as the line is now; so the parts add up to the line.
CREATE OR REPLACE FUNCTION invoice_specification(due invoice_due[])
RETURNS SETOF invoice_line_value
LANGUAGE plpgsql STABLE ROWS 100
SET cloudbilling.period_first = ''
SET cloudbilling.period_last = ''
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    customers int4range;
    first_period date;
    last_period date;
BEGIN
    IF NOT EXISTS (SELECT FROM invoice_dimension) THEN
        RETURN;
    END IF;
    SELECT int4range(min(d.customer_id), max(d.customer_id), '[]'), min(d.period_start), max(d.period_start)
    INTO customers, first_period, last_period
    FROM unnest(due) AS d
    JOIN invoice_dimension AS v ON v.customer_id = d.customer_id AND v.valid_during @> d.period_start
    WHERE d.dimension_id IS NULL AND d.reseller_id IS NULL
    HAVING count(*) > 0;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM set_config('cloudbilling.period_first', first_period::text, true);
    PERFORM set_config('cloudbilling.period_last', last_period::text, true);
    RETURN QUERY
    WITH
    entry AS (
        SELECT d.customer_id, d.period_start, d.price_rule_id, d.product_id, d.account_id, d.resource_id, d.tag_value,
            d.currency, v.dimension_id, NULL AS value, true AS is_line, d.due AS line_due, d.due_before AS line_before,
            NULL::numeric AS due, NULL::numeric AS before
        FROM unnest(invoice_specification.due) AS d
        JOIN invoice_dimension AS v ON v.customer_id = d.customer_id AND v.valid_during @> d.period_start
        WHERE d.dimension_id IS NULL AND d.reseller_id IS NULL
        UNION ALL
        SELECT p.customer_id, p.period_start, p.price_rule_id, p.product_id, p.account_id, p.resource_id, p.tag_value,
            p.currency, p.dimension_id, p.dimension_value, false, NULL, NULL, p.due, NULL
        FROM invoice_parts(lower(customers), upper(customers) - 1, 'total') AS p
        UNION ALL
        SELECT l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.account_id, l.resource_id, l.tag_value,
            l.currency, a.dimension_id, a.value, false, NULL, NULL, NULL, a.amount
        FROM invoice_line AS l
        JOIN invoice AS i ON i.invoice_id = l.invoice_id
        JOIN invoice_line_allocation AS a ON a.invoice_id = l.invoice_id AND a.line_no = l.line_no
        JOIN invoice_dimension AS v ON v.customer_id = l.customer_id AND v.dimension_id = a.dimension_id
            AND v.valid_during @> l.period_start
        WHERE l.customer_id <@ customers
          AND l.period_start BETWEEN period_first() AND period_last()
          AND i.finalised_at <= coalesce(as_of(), 'infinity')
          AND i.reseller_id IS NULL
    ),
    part AS (
        SELECT e.customer_id, e.period_start, e.price_rule_id, e.product_id, e.account_id, e.resource_id, e.tag_value,
            e.currency, e.dimension_id, e.value, bool_or(e.is_line) AS is_line, sum(e.line_due) AS line_due,
            sum(e.line_before) AS line_before, coalesce(sum(e.due), 0) AS due, coalesce(sum(e.before), 0) AS before
        FROM entry AS e
        GROUP BY e.customer_id, e.period_start, e.price_rule_id, e.product_id, e.account_id, e.resource_id, e.tag_value,
            e.currency, e.dimension_id, e.value
    ),
    rest AS (
        SELECT p.*,
            bool_or(p.is_line) OVER line AS has_line,
            p.due + CASE WHEN p.is_line THEN p.line_due - sum(p.due) OVER line ELSE 0 END AS due_in_all,
            max(p.line_before) OVER line - sum(p.before) OVER line AS untold
        FROM part AS p
        WINDOW line AS (PARTITION BY p.customer_id, p.period_start, p.price_rule_id, p.product_id, p.account_id, p.resource_id,
            p.tag_value, p.currency, p.dimension_id)
    ),
    told AS (
        SELECT r.*, allocate(r.untold, abs(r.due_in_all), currency_minor_unit(r.currency), 'null') OVER (
            PARTITION BY r.customer_id, r.period_start, r.price_rule_id, r.product_id, r.account_id, r.resource_id, r.tag_value,
                r.currency, r.dimension_id
            ORDER BY r.value COLLATE "C") AS told
        FROM rest AS r
        WHERE r.has_line
    )
    SELECT t.customer_id, t.period_start, t.price_rule_id, t.product_id, t.account_id, t.resource_id, t.tag_value, t.currency,
        t.dimension_id, n.name, t.value, a.amount
    FROM told AS t
    JOIN dimension AS n ON n.dimension_id = t.dimension_id
    CROSS JOIN LATERAL (
        SELECT t.due_in_all - t.before - coalesce(t.told, CASE WHEN t.is_line THEN t.untold ELSE 0 END) AS amount
    ) AS a
    WHERE a.amount <> 0;
END
$$;

COMMENT ON FUNCTION invoice_specification(invoice_due[]) IS 'what lines that are billed as a whole are by value of the dimension of their customers: parts of a line add up to it';

-- One customer's running invoice by value, whether that is a specification or makes
-- documents of their own.
CREATE OR REPLACE FUNCTION invoice_running_by(customer_id int)
RETURNS TABLE (
    period_start date,
    currency text,
    dimension text,
    value text,
    amount numeric
)
LANGUAGE plpgsql STABLE ROWS 100
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 0
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM customer AS c WHERE c.customer_id = invoice_running_by.customer_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('customer %s does not exist', invoice_running_by.customer_id),
            HINT = 'The table cloudbilling.customer lists all customers.';
    END IF;
    IF NOT EXISTS (SELECT FROM invoice_dimension AS v WHERE v.customer_id = invoice_running_by.customer_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('documents of customer %s have no dimension', invoice_running_by.customer_id),
            HINT = 'INSERT INTO cloudbilling.invoice_dimension (customer_id, dimension_id) names one; bi_showback shows them all.';
    END IF;
    PERFORM set_config('cloudbilling.customer_first', invoice_running_by.customer_id::text, true);
    PERFORM set_config('cloudbilling.customer_last', invoice_running_by.customer_id::text, true);
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT d FROM invoice_due AS d WHERE d.amount <> 0 AND d.reseller_id IS NULL
    )
    SELECT p.period_start, p.currency, p.dimension, p.value, sum(p.amount)
    FROM (
        SELECT s.period_start, s.currency, s.dimension, s.value, s.amount
        FROM invoice_specification(ARRAY(SELECT u.d FROM due AS u)) AS s
        UNION ALL
        SELECT (u.d).period_start, (u.d).currency, n.name, (u.d).dimension_value, (u.d).amount
        FROM due AS u
        JOIN dimension AS n ON n.dimension_id = (u.d).dimension_id
    ) AS p
    GROUP BY p.period_start, p.currency, p.dimension, p.value
    HAVING sum(p.amount) <> 0
    ORDER BY p.period_start, p.currency, p.dimension, p.value COLLATE "C" NULLS LAST;
END
$$;

COMMENT ON FUNCTION invoice_running_by(int) IS 'one customer''s running invoice by value of its dimension; NULL is what is not allocated';
