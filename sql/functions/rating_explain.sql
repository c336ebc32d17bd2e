-- Why a line is what it is, down to the charges.

-- The charges behind a rated line at a moment (NULL: now), each with its share of
-- an amount: shares add up to it.
CREATE OR REPLACE FUNCTION rated_line_shares(line rated_line, due numeric, moment timestamptz, until date DEFAULT NULL)
RETURNS SETOF rated_charge
LANGUAGE plpgsql STABLE ROWS 1000
SET cloudbilling.as_of = ''
SET cloudbilling.grain = 'charge'
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 0
SET cloudbilling.period_first = ''
SET cloudbilling.period_last = ''
SET cloudbilling.invoice_until = ''
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    -- a reseller's line is rated with all that the seller's customer buys
    buyer int := (SELECT b.buyers[1] FROM customer_buyer AS b WHERE b.customer_id = line.customer_id);
BEGIN
    IF buyer IS NULL OR line.period_start IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('cloudbilling.as_of', coalesce(moment::text, ''), true);
    PERFORM set_config('cloudbilling.customer_first', buyer::text, true);
    PERFORM set_config('cloudbilling.customer_last', buyer::text, true);
    PERFORM set_config('cloudbilling.period_first', line.period_start::text, true);
    PERFORM set_config('cloudbilling.period_last', line.period_start::text, true);
    PERFORM set_config('cloudbilling.invoice_until', coalesce(until::text, ''), true);
    RETURN QUERY
    SELECT s.customer_id, s.reseller_id, s.period_start, s.price_rule_id, s.effect, s.product_id, s.account_id, s.resource_id,
        s.tag_value, s.currency, s.owner_id, s.charge_on, s.load_scope_id, s.line_no, s.starts, s.ends, s.item_id, s.measured,
        -- the last one takes what rounding left
        CASE WHEN s.is_last THEN due - coalesce(exact_sum(s.amount) OVER (ORDER BY s.no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
            ELSE s.amount END,
        s.quantity, s.billed_cost, s.effective_cost, s.cost_currency, s.charges, s.billing_currency
    FROM (
        SELECT c.*, row_number() OVER o AS no, lead(1) OVER o IS NULL AS is_last
        FROM rated_charge AS c
        WHERE c.customer_id = line.customer_id
          AND c.reseller_id IS NOT DISTINCT FROM line.reseller_id
          AND c.price_rule_id = line.price_rule_id
          AND c.product_id = line.product_id
          AND c.account_id IS NOT DISTINCT FROM line.account_id
          AND c.resource_id IS NOT DISTINCT FROM line.resource_id
          AND c.tag_value IS NOT DISTINCT FROM line.tag_value
          AND c.currency = line.currency
          AND c.amount IS NOT NULL
        WINDOW o AS (ORDER BY c.starts, c.load_scope_id, c.line_no, c.quantity)
    ) AS s;
END
$$;

COMMENT ON FUNCTION rated_line_shares(rated_line, numeric, timestamptz, date) IS 'charges behind a line at a moment, each with its share of an amount; those that might be invoiced only after a day are left out';

-- The charges behind a line of the running invoice.
CREATE OR REPLACE FUNCTION rated_line_explain(line rated_line)
RETURNS TABLE (
    starts timestamptz,
    ends timestamptz,
    provider_name text,
    service_name text,
    sku_id text,
    resource_id text,
    description text,
    quantity numeric,
    unit text,
    cost numeric,
    amount numeric,
    load_id int,
    file_name text,
    file_line_no int
)
LANGUAGE sql STABLE ROWS 1000
BEGIN ATOMIC
    SELECT s.starts, s.ends, i.provider_name, i.service_name, i.sku_id, i.resource_id, i.charge_description, s.quantity,
        coalesce(i.pricing_unit, i.consumed_unit), s.billed_cost, trim_scale(s.amount), d.load_id, d.file_name,
        CASE WHEN d.load_id IS NOT NULL THEN s.line_no END
    FROM rated_line_shares(line, currency_round(line.amount, line.currency), as_of()) AS s
    JOIN charge_item AS i ON i.item_id = s.item_id
    LEFT JOIN load_scope AS p ON p.load_scope_id = s.load_scope_id
    LEFT JOIN load AS d ON d.load_id = p.load_id
    ORDER BY s.starts, s.load_scope_id, s.line_no;
END;

COMMENT ON FUNCTION rated_line_explain(rated_line) IS 'the charges behind a rated line with their files and lines; their amounts add up to the amount due';

-- A document's line as a rated line, of when it was finalised.
CREATE OR REPLACE FUNCTION invoice_line_rated(line invoice_line)
RETURNS rated_line
LANGUAGE sql STABLE
RETURN ROW(line.customer_id, (SELECT r.reseller_id FROM price_rule AS r WHERE r.price_rule_id = line.price_rule_id), line.period_start, line.price_rule_id, line.effect, line.product_id, line.account_id,
    line.resource_id, line.tag_value, line.currency::text, line.measured, line.climbed, line.due, NULL, line.unit, NULL, NULL, NULL, NULL)::rated_line;

COMMENT ON FUNCTION invoice_line_rated(invoice_line) IS 'key and amount due of a document''s line';

-- The charges behind a document's line, with their shares of what was due then.  Of a
-- line by value: of charges that have the value, and of those whose value is split
-- over it, what the value has of what they amount to together.
CREATE OR REPLACE FUNCTION invoice_line_shares(line invoice_line, moment timestamptz)
RETURNS SETOF rated_charge
LANGUAGE plpgsql STABLE ROWS 1000
SET cloudbilling.as_of = ''
SET cloudbilling.grain = 'month'
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 0
SET cloudbilling.period_first = ''
SET cloudbilling.period_last = ''
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    -- fees that fell due later were not in it
    until date := (
        SELECT least((moment AT TIME ZONE z.time_zone)::date, r.until)
        FROM customer_zone AS z
        LEFT JOIN invoice AS i ON i.invoice_id = line.invoice_id
        LEFT JOIN invoice_run AS r ON r.invoice_run_id = i.invoice_run_id
        WHERE z.customer_id = line.customer_id);
BEGIN
    -- Nothing was due for it in this form: by value, or as a whole, it was in the other.
    IF line.due = 0 AND line.measured = 0 AND EXISTS (
        SELECT
        FROM invoice_line AS l
        WHERE l.customer_id = line.customer_id AND l.period_start = line.period_start AND l.price_rule_id = line.price_rule_id
          AND l.dimension_id IS DISTINCT FROM line.dimension_id) THEN
        RETURN;
    END IF;
    IF line.dimension_id IS NULL THEN
        RETURN QUERY SELECT s.* FROM rated_line_shares(invoice_line_rated(line), line.due, moment, until) AS s;
        RETURN;
    END IF;
    PERFORM set_config('cloudbilling.as_of', coalesce(moment::text, ''), true);
    PERFORM set_config('cloudbilling.customer_first', line.customer_id::text, true);
    PERFORM set_config('cloudbilling.customer_last', line.customer_id::text, true);
    PERFORM set_config('cloudbilling.period_first', line.period_start::text, true);
    PERFORM set_config('cloudbilling.period_last', line.period_start::text, true);
    RETURN QUERY
    WITH
    part AS MATERIALIZED (
        SELECT a.customer_id, coalesce(a.shared_from, a.value) AS origin, a.value, sum(a.due) AS due
        FROM allocated AS a
        WHERE a.kind = 'sale'
          AND a.dimension_id = line.dimension_id
          AND a.buyer_id = line.customer_id
          AND a.period_start = line.period_start
          AND a.price_rule_id = line.price_rule_id
          AND a.product_id = line.product_id
          AND a.account_id IS NOT DISTINCT FROM line.account_id
          AND a.resource_id IS NOT DISTINCT FROM line.resource_id
          AND a.tag_value IS NOT DISTINCT FROM line.tag_value
          AND a.currency = line.currency
        GROUP BY 1, 2, 3
    ),
    share AS MATERIALIZED (
        SELECT s AS charge, a.value AS origin
        FROM rated_line_shares(invoice_line_rated(line), (SELECT sum(p.due) FROM part AS p), moment, until) AS s
        JOIN allocation_item AS a ON a.customer_id = s.owner_id AND a.item_id = s.item_id AND a.dimension_id = line.dimension_id
            AND s.charge_on >= a.valid_from AND s.charge_on < a.valid_until
    ),
    climbed AS (
        SELECT s.charge, p.due, p.origin IS NOT DISTINCT FROM p.value AS is_whole, sum((s.charge).amount) OVER alike AS total,
            sum((s.charge).amount) OVER (alike ORDER BY (s.charge).starts, (s.charge).load_scope_id, (s.charge).line_no
                ROWS UNBOUNDED PRECEDING) AS reached,
            lead(1) OVER (alike ORDER BY (s.charge).starts, (s.charge).load_scope_id, (s.charge).line_no) IS NULL AS is_last
        FROM share AS s
        JOIN part AS p ON p.customer_id = (s.charge).owner_id AND p.origin IS NOT DISTINCT FROM s.origin
        WHERE p.value IS NOT DISTINCT FROM line.dimension_value
        WINDOW alike AS (PARTITION BY (s.charge).owner_id, s.origin)
    )
    SELECT (c.charge).customer_id, (c.charge).reseller_id, (c.charge).period_start, (c.charge).price_rule_id, (c.charge).effect,
        (c.charge).product_id, (c.charge).account_id, (c.charge).resource_id, (c.charge).tag_value, (c.charge).currency,
        (c.charge).owner_id, (c.charge).charge_on, (c.charge).load_scope_id, (c.charge).line_no, (c.charge).starts,
        (c.charge).ends, (c.charge).item_id, (c.charge).measured,
        -- differences of what is reached, so that they add up
        CASE WHEN c.total <> 0 THEN round(c.due * c.reached / c.total, 12) - round(c.due * (c.reached - (c.charge).amount) / c.total, 12)
            WHEN c.is_last THEN c.due ELSE 0 END,
        (c.charge).quantity * f.part, (c.charge).billed_cost * f.part, (c.charge).effective_cost * f.part,
        (c.charge).cost_currency, (c.charge).charges, (c.charge).billing_currency
    FROM climbed AS c
    CROSS JOIN LATERAL (
        SELECT CASE WHEN c.is_whole THEN 1 WHEN c.total <> 0 THEN round(c.due / c.total, 12) ELSE 0 END AS part
    ) AS f;
END
$$;

COMMENT ON FUNCTION invoice_line_shares(invoice_line, timestamptz) IS 'charges behind a document''s line at a moment, each with its share of what was due';

CREATE OR REPLACE FUNCTION invoice_line_explain(line invoice_line)
RETURNS SETOF invoice_line_part
LANGUAGE plpgsql STABLE ROWS 1000
SET cloudbilling.price_rules = ''
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    rule price_rule;
    before invoice_line;
    steps numeric;
    credit text;
BEGIN
    IF line IS NULL OR line.invoice_id IS NULL THEN
        RETURN;
    END IF;
    -- A credit was decided, not computed.
    SELECT format('credit of %s: %s', i.invoice_number, c.reason)
    INTO credit
    FROM invoice_credit AS c
    JOIN invoice AS i ON i.invoice_id = c.invoice_id
    WHERE c.credit_note_id = line.invoice_id;
    IF FOUND THEN
        RETURN QUERY
        SELECT p.part, CASE p.part WHEN 'rule' THEN line.description ELSE credit END, NULL::timestamptz, NULL::timestamptz, NULL, line.resource_id,
            line.quantity, line.unit, line.unit_price, line.cost, line.amount - line.cost, line.amount, NULL::int, NULL, NULL::int
        FROM unnest('{rule,step,charge}'::text[]) AS p (part);
        RETURN;
    END IF;
    SELECT * INTO rule FROM price_rule AS r WHERE r.price_rule_id = line.price_rule_id;
    SELECT l.*
    INTO before
    FROM invoice_line AS l
    WHERE l.customer_id = line.customer_id AND l.period_start = line.period_start AND l.price_rule_id = line.price_rule_id
      AND l.product_id = line.product_id AND l.account_id IS NOT DISTINCT FROM line.account_id
      AND l.resource_id IS NOT DISTINCT FROM line.resource_id AND l.tag_value IS NOT DISTINCT FROM line.tag_value
      AND l.currency = line.currency AND l.dimension_id IS NOT DISTINCT FROM line.dimension_id
      AND l.dimension_value IS NOT DISTINCT FROM line.dimension_value AND l.revision = line.revision - 1;

    RETURN QUERY SELECT 'rule', format('%s: %s %s per %s', rule.name, rule.effect, rule.measure, rule.per), NULL::timestamptz,
        NULL::timestamptz, NULL, line.resource_id, trim_scale(line.measured), CASE WHEN measure_is_money(line.measure) THEN line.currency::text ELSE line.unit END,
        NULL::numeric, line.cost, line.amount - line.cost, line.amount, NULL::int, NULL, NULL::int;

    -- The way to the amount: steps of the ladder, what it had climbed before, rounding, what was billed before.
    IF line.effect = 'credit' THEN
        RETURN QUERY SELECT 'step', format('taken off %s that it may be used for', trim_scale(line.measured)), NULL::timestamptz, NULL::timestamptz, NULL, NULL,
            NULL::numeric, NULL, NULL::numeric, NULL::numeric, NULL::numeric, trim_scale(line.due), NULL::int, NULL, NULL::int;
        steps := line.due;
    ELSIF line.effect = 'true_up' THEN
        steps := coalesce(line.climbed, 0) - line.measured;
        RETURN QUERY
        SELECT 'step', s.description, NULL::timestamptz, NULL::timestamptz, NULL, NULL, NULL::numeric, NULL, NULL::numeric,
            NULL::numeric, NULL::numeric, trim_scale(s.amount), NULL::int, NULL, NULL::int
        FROM (VALUES
            ('committed to', coalesce(line.climbed, 0)),
            ('spent of what counts', -line.measured),
            ('spent beyond what was committed to', CASE WHEN abs(line.due - steps) > 0.01 THEN line.due - steps ELSE 0 END)
        ) AS s (description, amount)
        WHERE s.amount <> 0;
        IF abs(line.due - steps) > 0.01 THEN
            steps := line.due;
        END IF;
    ELSIF rule.per <> 'charge' AND NOT (pricing_by_event(line.pricing) AND line.measure ~ '(cost|quantity)$') THEN
        RETURN QUERY
        SELECT 'step', CASE
                WHEN s.tier IS NULL THEN s.step
                WHEN s.up_to IS NOT NULL THEN format('tier %s: above %s up to %s', s.tier, s.from_quantity, s.up_to)
                ELSE format('tier %s: above %s', s.tier, s.from_quantity)
            END || CASE WHEN s.flat_fee <> 0 THEN format(', flat fee %s', s.flat_fee) ELSE '' END,
            NULL::timestamptz, NULL::timestamptz, NULL, NULL, coalesce(s.packages, s.quantity), NULL, s.unit_price, NULL::numeric,
            NULL::numeric, trim_scale(s.amount), NULL::int, NULL, NULL::int
        FROM rate_steps(coalesce(line.climbed, 0) + line.measured, line.pricing) AS s;
        steps := rate(coalesce(line.climbed, 0) + line.measured, line.pricing);
        IF line.climbed IS NOT NULL THEN
            RETURN QUERY SELECT 'step', CASE line.effect WHEN 'limit' THEN 'of the months before' ELSE 'climbed by the rule it continues' END, NULL::timestamptz, NULL::timestamptz, NULL, NULL,
                -line.climbed, NULL, NULL::numeric, NULL::numeric, NULL::numeric, -rate(line.climbed, line.pricing), NULL::int,
                NULL, NULL::int;
            steps := steps - rate(line.climbed, line.pricing);
        END IF;
        IF line.effect = 'limit' THEN
            -- of the dearest of several, all of them is taken off: due is what the limit adds
            RETURN QUERY SELECT 'step', 'what lines amount to', NULL::timestamptz, NULL::timestamptz, NULL, NULL,
                NULL::numeric, NULL, NULL::numeric, NULL::numeric, NULL::numeric,
                CASE line.measure WHEN 'amount' THEN -line.measured ELSE line.due - steps END, NULL::int, NULL, NULL::int;
            steps := CASE line.measure WHEN 'amount' THEN steps - line.measured ELSE line.due END;
        END IF;
    END IF;
    RETURN QUERY
    SELECT 'step', s.description, NULL::timestamptz, NULL::timestamptz, NULL, NULL, NULL::numeric, NULL, NULL::numeric,
        NULL::numeric, NULL::numeric, trim_scale(s.amount), NULL::int, NULL, NULL::int
    FROM (VALUES
        (CASE WHEN line.dimension_id IS NOT NULL THEN 'what other values have, and rounding' WHEN steps IS NULL THEN 'charge by charge'
            ELSE 'rounding' END, line.due - coalesce(steps, 0)),
        ('billed before', -line.due_before)
    ) AS s (description, amount)
    WHERE s.amount <> 0;

    -- The charges, as the deliveries were then; those behind what was billed before count against it.
    RETURN QUERY
    WITH
    now AS MATERIALIZED (
        SELECT s.*
        FROM invoice AS i
        CROSS JOIN LATERAL invoice_line_shares(line, i.finalised_at) AS s
        WHERE i.invoice_id = line.invoice_id
    ),
    earlier AS MATERIALIZED (
        SELECT s.*
        FROM invoice AS i
        CROSS JOIN LATERAL invoice_line_shares(before, i.finalised_at) AS s
        WHERE i.invoice_id = before.invoice_id
    ),
    share AS (
        SELECT coalesce(n.starts, e.starts) AS starts, coalesce(n.ends, e.ends) AS ends, coalesce(n.item_id, e.item_id) AS item_id,
            coalesce(n.load_scope_id, e.load_scope_id) AS load_scope_id, coalesce(n.line_no, e.line_no) AS line_no,
            n.item_id IS NULL AS is_gone,
            CASE WHEN num_nonnulls(n.quantity, e.quantity) > 0 THEN coalesce(n.quantity, 0) - coalesce(e.quantity, 0) END AS quantity,
            CASE WHEN num_nonnulls(n.billed_cost, e.billed_cost) > 0 THEN coalesce(n.billed_cost, 0) - coalesce(e.billed_cost, 0) END AS cost, coalesce(n.amount, 0) - coalesce(e.amount, 0) AS amount
        FROM (SELECT s.load_scope_id, s.line_no, s.starts, s.item_id, min(s.ends) AS ends, sum(s.quantity) AS quantity,
            sum(s.billed_cost) AS billed_cost, exact_sum(s.amount) AS amount FROM now AS s GROUP BY 1, 2, 3, 4) AS n
        FULL JOIN (SELECT s.load_scope_id, s.line_no, s.starts, s.item_id, min(s.ends) AS ends, sum(s.quantity) AS quantity,
            sum(s.billed_cost) AS billed_cost, exact_sum(s.amount) AS amount FROM earlier AS s GROUP BY 1, 2, 3, 4) AS e
            ON e.load_scope_id = n.load_scope_id AND e.line_no = n.line_no AND e.starts = n.starts AND e.item_id = n.item_id
    )
    SELECT 'charge', coalesce(t.charge_description, t.service_name) || CASE WHEN s.is_gone THEN ' (no longer)' ELSE '' END, s.starts, s.ends, t.sku_id,
        t.resource_id, s.quantity, coalesce(t.pricing_unit, t.consumed_unit), NULL::numeric, s.cost, trim_scale(s.amount - coalesce(s.cost, 0)), trim_scale(s.amount), d.load_id,
        d.file_name, CASE WHEN d.load_id IS NOT NULL THEN s.line_no END
    FROM share AS s
    JOIN charge_item AS t ON t.item_id = s.item_id
    LEFT JOIN load_scope AS p ON p.load_scope_id = s.load_scope_id
    LEFT JOIN load AS d ON d.load_id = p.load_id
    UNION ALL
    -- what no charge tells: owner or rules were other ones then
    SELECT 'charge', 'owners or rules have changed since', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        trim_scale(line.amount - coalesce(exact_sum(s.amount), 0)), NULL, NULL, NULL
    FROM share AS s
    HAVING line.amount <> coalesce(exact_sum(s.amount), 0)
    ORDER BY 3, 13, 15;
END
$$;

COMMENT ON FUNCTION invoice_line_explain(invoice_line) IS 'why a document''s line is what it is: its rule, the steps to its amount, and the charges behind it; steps add up to the line, and charges too';

CREATE OR REPLACE FUNCTION invoice_line_explain(invoice_id int, line_no int)
RETURNS SETOF invoice_line_part
LANGUAGE sql STABLE ROWS 1000
BEGIN ATOMIC
    SELECT e.*
    FROM invoice_line AS l
    CROSS JOIN LATERAL invoice_line_explain(l) AS e
    WHERE l.invoice_id = invoice_line_explain.invoice_id AND l.line_no = invoice_line_explain.line_no;
END;

COMMENT ON FUNCTION invoice_line_explain(int, int) IS 'the same for a line named by its document and number';

-- Which rule prices a product for a customer on a day, and why: set rules in the
-- order of precedence, then all others that apply.
CREATE OR REPLACE FUNCTION price_of(customer_id int, product_id int, on_day date DEFAULT current_date)
RETURNS TABLE (
    place int,
    wins boolean,
    price_rule_id int,
    name text,
    effect text,
    measure text,
    per text,
    pricing pricing,
    currency char(3),
    selector selector,
    why text
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH candidate AS (
        SELECT r.*, u.path, p.path AS product_path, coalesce(array_position(u.path, coalesce(r.customer_id, 0)), 0) AS customer_place,
            row_number() OVER (ORDER BY effect_order(r.effect), r.effect <> 'set' OR NULL, CASE WHEN r.effect <> 'set' THEN r.position END,
                array_position(u.path, coalesce(r.customer_id, 0)), array_position(p.path, r.product_id) DESC,
                coalesce(selector_specificity(r.selector), 0) DESC, r.time_window_id IS NULL, r.measure ~ 'cost$' AND r.currency IS NOT NULL DESC, r.position,
                r.price_rule_id)::int AS place
        FROM customer_buyer AS u
        JOIN product AS p ON p.product_id = price_of.product_id
        JOIN price_rule_in_force AS r
            ON coalesce(r.customer_id, 0) = ANY (u.path)
            AND r.product_id = ANY (p.path)
            AND r.valid_during @> price_of.on_day
            -- prices of who sells to the customer
            AND r.reseller_id IS NOT DISTINCT FROM u.buyers[cardinality(u.buyers) - 1]
        WHERE u.customer_id = price_of.customer_id
    ),
    plain AS (
        -- the first price that asks for nothing of the charge
        SELECT min(c.place) AS place FROM candidate AS c WHERE c.effect = 'set' AND c.selector IS NULL AND c.time_window_id IS NULL AND (c.measure !~ 'cost$' OR c.currency IS NULL)
    )
    SELECT c.place,
        c.effect <> 'set' OR c.place <= coalesce(n.place, c.place),
        c.price_rule_id, c.name, c.effect, c.measure, c.per, c.pricing, c.currency, c.selector,
        concat_ws('; ',
            CASE WHEN c.customer_id IS NULL THEN 'for everyone'
                WHEN c.customer_id = price_of.customer_id THEN 'for the customer itself'
                ELSE format('for %s above it', (SELECT k.name FROM customer AS k WHERE k.customer_id = c.customer_id)) END,
            CASE WHEN c.product_id = price_of.product_id THEN 'on the product itself'
                WHEN c.product_id = 1 THEN 'on all products'
                ELSE format('on %s above it', (SELECT k.name FROM product AS k WHERE k.product_id = c.product_id)) END,
            CASE WHEN c.selector IS NOT NULL THEN format('where its selector holds (specificity %s)', selector_specificity(c.selector)) END,
            CASE WHEN c.time_window_id IS NOT NULL THEN format('in the time of "%s"', (SELECT k.name FROM time_window AS k WHERE k.time_window_id = c.time_window_id)) END,
            CASE WHEN c.measure ~ 'cost$' AND c.currency IS NOT NULL THEN format('where the cost is in %s', c.currency) END,
            CASE WHEN c.position <> 0 THEN format('position %s', c.position) END,
            CASE WHEN c.effect <> 'set' THEN 'applies beside the price'
                WHEN c.place > n.place THEN format('%s goes before it', (SELECT k.name FROM candidate AS k WHERE k.place = n.place))
                WHEN c.place < coalesce(n.place, c.place + 1) AND c.selector IS NOT NULL THEN 'else the next one'
            END)
    FROM candidate AS c
    CROSS JOIN plain AS n
    ORDER BY c.place;
END;

COMMENT ON FUNCTION price_of(int, int, date) IS 'price rules for a product, a customer and a day in the order in which they are taken, with which wins and why';
