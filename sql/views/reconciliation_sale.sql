-- Link C: what was bought against what was sold.  The left side is what suppliers
-- charge, whoever it belongs to; the right side what is due for it, invoiced or not.
-- Each amount has a code that says why it is there, so that what a group differs by is
-- the sum of its codes.
--
-- What was bought comes from roll-ups, and what was sold from the shares of charges in
-- lines, so that neither is taken from the other: what rating lost, or sold twice, shows.
CREATE OR REPLACE VIEW reconciliation_sale_row AS
WITH
-- The share of charges in lines, rated once.
share AS MATERIALIZED (
    SELECT s.customer_id, s.owner_id, s.period_start, s.charge_on, s.item_id, s.price_rule_id, s.product_id, s.account_id,
        s.resource_id, s.tag_value, s.currency, s.effect, s.amount, s.charges, s.quantity, s.billed_cost,
        coalesce(s.cost_currency <> s.billing_currency, false) AS is_converted
    FROM rated_charge AS s
    WHERE s.reseller_id IS NULL
    UNION ALL
    -- Never run, but counted by the planner, which guesses that the above gives two.
    SELECT 0, 0, current_date, current_date, 0, 0, 0, 0, NULL, NULL, NULL, NULL, 0, 0, 0, 0, false
    FROM generate_series(1, 100000)
    WHERE customer_first() < 0
),
-- What rating made of each piece of charges.
told AS MATERIALIZED (
    SELECT s.owner_id, s.item_id, s.charge_on,
        count(s.price_rule_id) FILTER (WHERE s.effect IN ('set', 'include')) > 0 AS is_sold,
        count(*) > count(s.price_rule_id) AS is_unpriced,
        exact_sum(s.billed_cost) FILTER (WHERE s.price_rule_id IS NOT NULL) AS sold_cost,
        exact_sum(s.billed_cost) FILTER (WHERE s.price_rule_id IS NULL) AS unpriced_cost,
        bool_or(s.is_converted) AS is_converted,
        count(*) FILTER (WHERE s.amount <> 0) > 0 AS has_amount,
        bool_or(r.measure = 'billed_cost' AND s.effect = 'set') AS by_billed_cost,
        max(s.currency) FILTER (WHERE s.price_rule_id IS NOT NULL) AS sold_in
    FROM share AS s
    LEFT JOIN price_rule_known AS r ON r.price_rule_id = s.price_rule_id
    GROUP BY s.owner_id, s.item_id, s.charge_on
),
piece AS MATERIALIZED (
    SELECT h.customer_id, h.period_start, h.charge_on, h.item_id, h.unit, h.billing_currency AS currency,
        sum(h.charges)::bigint AS charges, exact_sum(h.quantity) AS quantity, exact_sum(h.billed_cost) AS billed_cost,
        exact_sum(h.effective_cost) AS effective_cost, exact_sum(h.list_cost) AS list_cost,
        exact_sum(h.contracted_cost) AS contracted_cost,
        exact_sum(h.billed_cost) FILTER (WHERE s.billing_period_start > h.charge_on
            AND date_trunc('month', s.billing_period_start) > date_trunc('month', h.charge_on)) AS late_cost,
        min(s.source_id) AS source_id
    FROM charge_held AS h
    LEFT JOIN load_scope_current AS s ON s.load_scope_id = h.load_scope_id
    GROUP BY h.customer_id, h.period_start, h.charge_on, h.item_id, h.unit, h.billing_currency
    UNION ALL
    SELECT 0, current_date, current_date, 0, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0
    FROM generate_series(1, 100000)
    WHERE customer_first() < 0
),
-- Charges of commitments: what of them a customer's use has cost, by who has the benefit.
committed AS MATERIALIZED (
    SELECT c.customer_id, c.item_id, c.charge_on,
        CASE c.policy
            WHEN 'originating' THEN c.effective_cost
            WHEN 'pro_rata' THEN allocate(c.cost_of_all, c.weight, 12) OVER (PARTITION BY c.commitment_discount_id, c.period_start, c.currency, c.policy)
            ELSE c.weight
        END AS basis
    FROM (
        SELECT p.customer_id, p.item_id, p.charge_on, p.period_start, p.currency, i.commitment_discount_id, p.effective_cost, k.policy,
            CASE WHEN i.charge_category = 'Usage' AND i.commitment_discount_status IS DISTINCT FROM 'Unused'
                THEN greatest(coalesce(p.contracted_cost, p.list_cost, p.effective_cost), 0) ELSE 0 END AS weight,
            sum(p.effective_cost) OVER (PARTITION BY i.commitment_discount_id, p.period_start, p.currency, k.policy) AS cost_of_all
        FROM piece AS p
        JOIN charge_item AS i ON i.item_id = p.item_id
        CROSS JOIN LATERAL (
            SELECT c.policy
            FROM commitment_policy AS c
            LEFT JOIN customer_ancestor AS n ON n.customer_id = p.customer_id AND n.ancestor_id = coalesce(c.customer_id, 0)
            WHERE (c.customer_id IS NULL OR n.ancestor_id IS NOT NULL)
              AND c.valid_during @> p.charge_on
              AND (c.provider_name IS NULL OR c.provider_name = i.provider_name)
              AND (c.commitment_discount_id IS NULL OR c.commitment_discount_id = i.commitment_discount_id)
            ORDER BY c.customer_id IS NULL, n.distance, num_nonnulls(c.provider_name, c.commitment_discount_id) DESC, c.commitment_policy_id
            LIMIT 1
        ) AS k
        WHERE i.commitment_discount_id IS NOT NULL AND EXISTS (SELECT FROM commitment_policy)
    ) AS c
),
-- The same usage told by two formats: a subscription's SKU that has charges of both.
twice AS MATERIALIZED (
    SELECT d.item_id, d.period_start
    FROM (
        SELECT p.item_id, p.period_start, p.source_id,
            first_value(p.source_id) OVER (PARTITION BY a.provider_name, a.sub_account_id, i.product_id, p.period_start
                -- not by load, which changes with the next delivery
                ORDER BY p.source_id) AS first_source
        FROM piece AS p
        JOIN charge_item AS i ON i.item_id = p.item_id
        JOIN account AS a ON a.account_id = i.account_id
        WHERE a.sub_account_id IS NOT NULL AND i.charge_category = 'Usage' AND i.sku_id IS NOT NULL
          AND a.provider_name IN (
            SELECT s.provider_name
            FROM load_scope_current AS s
            WHERE s.provider_name <> 'Own services'
            GROUP BY s.provider_name
            HAVING count(DISTINCT s.source_id) > 1)
    ) AS d
    WHERE d.source_id <> d.first_source
    GROUP BY d.item_id, d.period_start
),
-- Charges without a price that had one: a rule ended.
ended AS MATERIALIZED (
    SELECT DISTINCT t.owner_id, t.item_id, t.charge_on
    FROM told AS t
    JOIN charge_dimension AS d ON d.item_id = t.item_id
    JOIN product AS p ON p.product_id = d.product_id
    JOIN price_rule_in_force AS r ON r.effect = 'set' AND r.reseller_id IS NULL AND r.product_id = ANY (p.path)
        AND upper(r.valid_during) <= t.charge_on AND (r.selector IS NULL OR selector_matches(r.selector, d))
    JOIN customer_ancestor AS n ON n.customer_id = t.owner_id AND n.ancestor_id = coalesce(r.customer_id, 0)
    WHERE t.is_unpriced
),
-- The margin that is in order for each piece, where one is named.
band AS MATERIALIZED (
    SELECT DISTINCT ON (t.owner_id, t.item_id, t.charge_on) t.owner_id, t.item_id, t.charge_on, b.minimum, b.maximum
    FROM margin_band AS b
    JOIN product AS p ON b.product_id = ANY (p.path)
    JOIN charge_dimension AS d ON d.product_id = p.product_id
    JOIN told AS t ON t.item_id = d.item_id AND b.valid_during @> t.charge_on
    JOIN customer_ancestor AS n ON n.customer_id = t.owner_id AND n.ancestor_id = coalesce(b.customer_id, 0)
    JOIN product AS q ON q.product_id = b.product_id
    WHERE b.selector IS NULL OR selector_matches(b.selector, d)
    ORDER BY t.owner_id, t.item_id, t.charge_on, n.distance, cardinality(q.path) DESC, b.selector IS NULL, b.margin_band_id
),
-- Customers, products and months of which something is sold under another name.
sold_as AS MATERIALIZED (
    SELECT DISTINCT t.owner_id, f.bought_product_id, date_trunc('month', t.charge_on)::date AS period_start
    FROM product_counterpart AS f
    JOIN charge_item AS i ON i.product_id = f.product_id
    JOIN told AS t ON t.item_id = i.item_id AND f.valid_during @> t.charge_on
    WHERE t.has_amount
),
classified AS MATERIALIZED (
    SELECT c.*,
        CASE
            WHEN c.customer_id = 0 THEN CASE WHEN c.charge_category = 'Tax' THEN 'TAX' WHEN c.is_unused THEN 'UNUSED' ELSE 'UNMAPPED' END
            WHEN c.charge_category = 'Tax' THEN 'TAX'
            WHEN c.charge_category = 'Credit' OR c.basis < 0 THEN 'CREDIT'
            WHEN c.is_unused THEN 'UNUSED'
            WHEN c.is_marketplace THEN 'MARKETPLACE'
            WHEN c.has_ended THEN 'ENDED'
            ELSE 'UNPRICED'
        END AS unsold_code,
        CASE
            WHEN NOT c.is_sold AND NOT c.is_sold_as THEN NULL
            WHEN c.basis <> 0 AND NOT c.has_amount AND NOT c.is_sold_as THEN
                CASE WHEN c.charge_category = 'Tax' THEN 'TAX' WHEN c.charge_category = 'Credit' OR c.basis < 0 THEN 'CREDIT'
                    WHEN c.is_unused THEN 'UNUSED' ELSE 'EXCLUDED' END
            WHEN c.is_twice THEN 'DUPLICATE'
            WHEN c.basis = 0 AND c.has_amount AND NOT c.has_counterpart THEN CASE WHEN c.is_own THEN 'OWN' ELSE 'FREE' END
            ELSE 'MARGIN'
        END AS sold_code
    FROM (
        SELECT p.customer_id, p.period_start, p.charge_on, p.item_id, p.unit, p.currency, p.charges, p.quantity, p.billed_cost,
            p.late_cost, i.charge_category,
            coalesce(f.bought_product_id, i.product_id) AS product_id,
            -- the count of a licence and its invoice name different accounts
            CASE WHEN f.product_id IS NULL AND i.product_id NOT IN (SELECT f.bought_product_id FROM product_counterpart AS f)
                THEN i.account_id END AS account_id,
            coalesce(m.basis, CASE WHEN i.commitment_discount_id IS NULL OR t.by_billed_cost THEN p.billed_cost ELSE p.effective_cost END) AS basis,
            coalesce(i.commitment_discount_status = 'Unused', false) AS is_unused,
            i.provider_name = 'Own services' AS is_own,
            f.product_id IS NOT NULL AS has_counterpart,
            a.owner_id IS NOT NULL AND NOT coalesce(t.has_amount, false) AS is_sold_as,
            i.provider_name <> 'Own services' AND (i.invoice_issuer_name ~* 'marketplace'
                OR i.publisher_name <> i.provider_name AND i.publisher_name !~ '^(AWS|Amazon|Azure|Google|Microsoft|Oracle)') AS is_marketplace,
            e.owner_id IS NOT NULL AS has_ended,
            w.item_id IS NOT NULL AS is_twice,
            t.owner_id IS NOT NULL AS is_told,
            coalesce(t.is_sold, false) AS is_sold,
            coalesce(t.is_unpriced, false) AS is_unpriced,
            coalesce(t.has_amount, false) AS has_amount,
            -- costs that were converted for the customer cannot be held against the supplier's
            CASE WHEN t.is_converted THEN 0 ELSE coalesce(t.unpriced_cost, 0) END AS unpriced_cost,
            CASE WHEN t.is_converted THEN p.billed_cost ELSE coalesce(t.sold_cost, 0) END AS sold_cost,
            -- what was converted for the customer has the same rate on both sides
            t.sold_in <> p.currency AND NOT t.is_converted AS is_foreign,
            coalesce(b.minimum, 0) AS minimum,
            b.maximum
        FROM piece AS p
        JOIN charge_item AS i ON i.item_id = p.item_id
        LEFT JOIN told AS t ON t.owner_id = p.customer_id AND t.item_id = p.item_id AND t.charge_on = p.charge_on
        LEFT JOIN committed AS m ON m.customer_id = p.customer_id AND m.item_id = p.item_id AND m.charge_on = p.charge_on
        LEFT JOIN twice AS w ON w.item_id = p.item_id AND w.period_start = p.period_start
        LEFT JOIN ended AS e ON e.owner_id = p.customer_id AND e.item_id = p.item_id AND e.charge_on = p.charge_on
        LEFT JOIN band AS b ON b.owner_id = p.customer_id AND b.item_id = p.item_id AND b.charge_on = p.charge_on
        LEFT JOIN product_counterpart AS f ON f.product_id = i.product_id AND f.valid_during @> p.charge_on
        LEFT JOIN sold_as AS a ON a.owner_id = p.customer_id AND a.bought_product_id = i.product_id AND a.period_start = p.period_start
    ) AS c
),
-- Amounts by why they were bought and not sold, or sold; what rating does not tell of is
-- left over, without a code.
bought AS (
    SELECT c.customer_id, c.account_id, c.product_id, c.period_start, CASE WHEN grain() = 'day' THEN c.charge_on END AS day, c.unit,
        c.currency, v.code, coalesce(c.is_foreign AND v.code = 'MARGIN', false) AS is_foreign,
        exact_sum(v.amount) AS amount,
        exact_sum(CASE WHEN v.is_first THEN c.quantity END) AS quantity,
        sum(CASE WHEN v.is_first THEN c.charges END)::bigint AS charges,
        exact_sum(CASE WHEN v.is_first THEN c.late_cost END) AS late_cost,
        -- what it may be sold for: of a refund at least what it may be at most
        exact_sum(CASE WHEN v.code = 'MARGIN' THEN CASE WHEN v.amount >= 0 THEN CASE c.minimum WHEN 0 THEN v.amount ELSE v.amount / (1 - c.minimum / 100) END WHEN c.maximum IS NOT NULL
            THEN v.amount / (1 - c.maximum / 100) END END) AS at_least,
        exact_sum(CASE WHEN v.code = 'MARGIN' THEN CASE WHEN v.amount < 0 THEN CASE c.minimum WHEN 0 THEN v.amount ELSE v.amount / (1 - c.minimum / 100) END WHEN c.maximum IS NOT NULL
            THEN v.amount / (1 - c.maximum / 100) END END) AS at_most,
        count(*) FILTER (WHERE v.code = 'MARGIN' AND v.amount < 0 AND c.maximum IS NULL) > 0 AS no_least,
        count(*) FILTER (WHERE v.code = 'MARGIN' AND v.amount >= 0 AND c.maximum IS NULL) > 0 AS no_most
    FROM (
        SELECT c.*,
            CASE WHEN NOT c.is_sold AND NOT c.is_sold_as THEN c.basis WHEN c.is_sold_as THEN 0 ELSE c.unpriced_cost END AS unsold_amount,
            CASE WHEN c.is_told AND abs(c.billed_cost - c.unpriced_cost - c.sold_cost) >= 0.000001
                THEN c.billed_cost - c.unpriced_cost - c.sold_cost ELSE 0 END AS left_over
        FROM classified AS c
    ) AS c
    CROSS JOIN LATERAL (VALUES
        (c.sold_code, c.basis - c.unsold_amount - c.left_over, true, c.sold_code IS NOT NULL),
        (c.unsold_code, c.unsold_amount, c.sold_code IS NULL, c.sold_code IS NULL OR c.unsold_amount <> 0),
        ('COMMIT', c.billed_cost - c.basis, false, c.billed_cost <> c.basis),
        -- what is left over has no code; of what was sold more than once it is negative
        (CASE WHEN c.left_over < 0 THEN 'DOUBLE' END, c.left_over, false, c.left_over <> 0)
    ) AS v (code, amount, is_first, is_there)
    WHERE v.is_there
    GROUP BY c.customer_id, c.account_id, c.product_id, c.period_start, 5, c.unit, c.currency, v.code, 9
),
-- Lines by what was sold, what documents billed of them, and what was written off.
line_share AS (
    SELECT s.customer_id, s.period_start, s.price_rule_id, s.product_id, s.account_id, s.resource_id, s.tag_value, s.currency,
        false AS is_billed, c.account_id AS item_account_id, c.product_id AS item_product_id, c.unit,
        CASE WHEN grain() = 'day' THEN c.charge_on END AS day,
        CASE WHEN c.sold_code = 'OWN' THEN 'OWN' WHEN c.sold_code = 'DUPLICATE' THEN 'DOUBLE' WHEN s.effect NOT IN ('set', 'include') THEN 'FEE'
            WHEN c.sold_code = 'FREE' THEN 'FREE' ELSE 'MARGIN' END AS code,
        exact_sum(s.amount) AS amount, exact_sum(s.quantity) AS quantity, NULL::numeric AS due_before, NULL::numeric AS written_off
    FROM share AS s
    JOIN classified AS c ON c.customer_id = s.owner_id AND c.item_id = s.item_id AND c.charge_on = s.charge_on
    WHERE s.price_rule_id IS NOT NULL
    GROUP BY s.customer_id, s.period_start, s.price_rule_id, s.product_id, s.account_id, s.resource_id, s.tag_value, s.currency,
        c.account_id, c.product_id, c.unit, 13, 14
    UNION ALL
    SELECT b.customer_id, b.period_start, b.price_rule_id, b.product_id, b.account_id, b.resource_id, b.tag_value, b.currency,
        true, b.account_id, b.product_id, NULL, CASE WHEN grain() = 'day' THEN b.period_start END, 'OVERSOLD', NULL, NULL, sum(b.amount), NULL
    FROM invoice_line AS b
    JOIN invoice AS i ON i.invoice_id = b.invoice_id
    WHERE b.customer_id BETWEEN customer_first() AND customer_last()
      AND b.period_start BETWEEN period_first() AND period_last()
      AND i.finalised_at <= coalesce(as_of(), 'infinity')
      AND i.reseller_id IS NULL
    GROUP BY b.customer_id, b.period_start, b.price_rule_id, b.product_id, b.account_id, b.resource_id, b.tag_value, b.currency
    UNION ALL
    SELECT w.customer_id, w.period_start, w.price_rule_id, w.product_id, w.account_id, w.resource_id, w.tag_value, w.currency,
        true, w.account_id, w.product_id, NULL, CASE WHEN grain() = 'day' THEN w.period_start END, 'OVERSOLD', NULL, NULL, NULL, sum(w.amount)
    FROM invoice_write_off AS w
    WHERE w.customer_id BETWEEN customer_first() AND customer_last()
      AND w.period_start BETWEEN period_first() AND period_last()
      AND w.written_off_at <= coalesce(as_of(), 'infinity')
    GROUP BY w.customer_id, w.period_start, w.price_rule_id, w.product_id, w.account_id, w.resource_id, w.tag_value, w.currency
),
-- Each share rounded down, and what that leaves of the line to those that lost most.
rounded AS (
    SELECT l.*,
        CASE WHEN l.is_billed THEN 0
            ELSE round((l.cents + CASE WHEN l.place <= l.line_cents - l.cents_of_all THEN 1 ELSE 0 END) / l.units, l.minor_unit) END AS due
    FROM (
        SELECT l.*, row_number() OVER (line ORDER BY l.is_billed, l.known * l.units - l.cents DESC, l.item_product_id, l.item_account_id,
                l.day, l.code, l.unit) AS place,
            currency_round(sum(l.known) OVER line, l.currency) * l.units AS line_cents,
            sum(l.cents) OVER line AS cents_of_all,
            coalesce(sum(l.due_before) OVER line, 0) AS line_before,
            coalesce(sum(l.written_off) OVER line, 0) AS line_written_off,
            count(*) FILTER (WHERE NOT l.is_billed) OVER line AS shares,
            -- by another rule, where a price was replaced for a month that was invoiced
            count(*) FILTER (WHERE NOT l.is_billed) OVER product > 0 AS is_sold_still,
            min(l.item_account_id) FILTER (WHERE NOT l.is_billed) OVER product AS still_account_id
        FROM (
            SELECT l.*, floor(l.known * l.units) AS cents
            FROM (
                SELECT l.*, coalesce(l.amount, 0) AS known, currency_minor_unit(l.currency) AS minor_unit,
                    -- a power takes longer than all else here
                    CASE currency_minor_unit(l.currency) WHEN 2 THEN 100 WHEN 0 THEN 1 ELSE 10::numeric ^ currency_minor_unit(l.currency) END AS units
                FROM line_share AS l
            ) AS l
        ) AS l
        WINDOW line AS (PARTITION BY l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.account_id, l.resource_id, l.tag_value,
                l.currency),
            product AS (PARTITION BY l.customer_id, l.period_start, l.product_id, l.currency)
    ) AS l
),
-- What is not invoiced yet, or to be taken back, by what is due.
invoiced AS (
    SELECT r.*,
        CASE WHEN r.line_before = 0 AND r.line_written_off = 0 THEN r.due
            ELSE allocate(r.line_cents / r.units - r.line_before - r.line_written_off, abs(r.due), r.minor_unit) OVER line END AS running,
        CASE WHEN r.line_written_off = 0 THEN 0 ELSE allocate(r.line_written_off, abs(r.due), r.minor_unit) OVER line END AS waived
    FROM rounded AS r
    -- of a line without shares any more one row stands for all of it
    WHERE NOT r.is_billed OR r.shares = 0 AND r.place = 1
    WINDOW line AS (PARTITION BY r.customer_id, r.period_start, r.price_rule_id, r.product_id, r.account_id, r.resource_id, r.tag_value,
        r.currency ORDER BY r.place)
),
sold AS (
    SELECT s.customer_id, s.sold_account_id AS account_id, s.item_product_id AS product_id, s.period_start, s.day, s.unit,
        s.currency::text AS currency, v.code, sum(v.amount) AS amount, exact_sum(v.quantity) AS quantity,
        sum(v.invoiced) AS invoiced, sum(v.running) AS running,
        sum(CASE WHEN s.shares > 1 THEN 1 ELSE 0.5 END / s.units) FILTER (WHERE v.quantity IS NOT NULL OR v.code = s.code) AS bound
    FROM (
        SELECT r.*, coalesce(r.item_account_id, CASE WHEN r.is_billed THEN r.still_account_id END) AS sold_account_id
        FROM invoiced AS r
    ) AS s
    CROSS JOIN LATERAL (VALUES
        (CASE WHEN NOT s.is_billed THEN s.code WHEN s.is_sold_still THEN 'CORRECTION' ELSE 'OVERSOLD' END, CASE WHEN s.is_billed THEN s.line_before ELSE s.known END, s.quantity,
            CASE WHEN s.is_billed THEN s.line_before ELSE s.due - s.waived - s.running END, s.running),
        (CASE WHEN s.is_billed THEN 'CORRECTION' ELSE 'ROUNDING' END,
            CASE WHEN s.is_billed THEN s.running ELSE s.due - s.known END, NULL, 0, 0),
        ('WRITTEN_OFF', CASE WHEN s.is_billed THEN 0 ELSE -s.waived END, NULL, 0, 0)
    ) AS v (code, amount, quantity, invoiced, running)
    WHERE v.quantity IS NOT NULL OR v.amount <> 0 OR v.invoiced <> 0 OR v.running <> 0
    GROUP BY s.customer_id, s.sold_account_id, s.item_product_id, s.period_start, s.day, s.unit, s.currency, v.code
),
side AS (
    SELECT true AS is_purchase, coalesce(y.buyers[1], 0) AS customer_id, b.account_id, b.product_id, b.period_start, b.day, b.unit,
        b.currency, b.code, b.is_foreign, b.amount, b.quantity, b.charges, b.late_cost, b.at_least, b.at_most, b.no_least, b.no_most,
        NULL::numeric AS invoiced, NULL::numeric AS running, NULL::numeric AS bound
    FROM bought AS b
    LEFT JOIN customer_buyer AS y ON y.customer_id = b.customer_id
    UNION ALL
    SELECT false, s.customer_id, s.account_id, s.product_id, s.period_start, s.day, s.unit, s.currency, s.code, false, s.amount,
        s.quantity, NULL, NULL, NULL, NULL, NULL, NULL, s.invoiced, s.running, s.bound
    FROM sold AS s
),
-- In the currency of the seller's books, by the rate of the month's last day, or of
-- today while it runs, as bi_margin_converted has it.
booked AS MATERIALIZED (
    SELECT s.*, e.book_currency::text AS to_currency, least((s.period_start + interval '1 month')::date - 1, (coalesce(as_of(), now()) AT TIME ZONE z.time_zone)::date) AS on_day
    FROM side AS s
    LEFT JOIN customer AS c ON c.customer_id = s.customer_id
    LEFT JOIN customer_zone AS z ON z.customer_id = c.customer_id
    JOIN seller AS e ON e.seller_id = coalesce(c.seller_id, (SELECT min(f.seller_id) FROM seller AS f))
),
-- As currency_rate_find does.
known AS MATERIALIZED (
    SELECT n.currency, n.to_currency, n.on_day, f.rate
    FROM (
        SELECT DISTINCT b.currency, b.to_currency, d.on_day
        FROM booked AS b
        CROSS JOIN LATERAL (VALUES (coalesce(b.on_day, (b.period_start + interval '1 month')::date - 1)), (b.period_start - 1)) AS d (on_day)
        WHERE b.currency <> b.to_currency
    ) AS n
    CROSS JOIN LATERAL (
        SELECT CASE WHEN q.inverse THEN 1 / q.rate ELSE q.rate END AS rate
        FROM currency_rate_either AS q
        WHERE q.currency = n.currency::bpchar
          AND q.to_currency = n.to_currency::bpchar
          AND q.rate_on BETWEEN least(date_trunc('month', n.on_day::timestamp)::date, n.on_day - currency_rate_days()) AND n.on_day
          AND (q.per = 'month' AND q.rate_on = date_trunc('month', n.on_day::timestamp)::date
            OR q.per = 'day' AND q.rate_on >= n.on_day - currency_rate_days())
        ORDER BY q.per DESC, q.rate_on DESC, q.inverse
        LIMIT 1
    ) AS f
)
SELECT
    b.is_purchase,
    b.customer_id,
    p.path[2] AS provider_id,
    b.account_id,
    p.path[3] AS service_id,
    b.product_id,
    b.period_start,
    b.day,
    b.unit,
    CASE WHEN b.currency = b.to_currency OR r.rate IS NOT NULL THEN b.to_currency ELSE b.currency END AS currency,
    -- what is sold in another currency cannot be compared without a rate
    CASE WHEN b.is_foreign AND b.currency <> b.to_currency AND r.rate IS NULL THEN 'FX' ELSE v.code END AS code,
    v.amount,
    v.constant_amount,
    CASE WHEN v.is_first THEN b.quantity END AS quantity,
    CASE WHEN v.is_first THEN b.charges END AS charges,
    CASE WHEN v.is_first THEN b.late_cost * coalesce(r.rate, 1) END AS late_cost,
    CASE WHEN v.is_first AND (b.currency = b.to_currency OR NOT b.is_foreign OR r.rate IS NOT NULL) THEN b.at_least * coalesce(r.rate, 1) END AS at_least,
    CASE WHEN v.is_first AND (b.currency = b.to_currency OR NOT b.is_foreign OR r.rate IS NOT NULL) THEN b.at_most * coalesce(r.rate, 1) END AS at_most,
    coalesce(b.no_least, false) AS no_least,
    coalesce(b.no_most, false) AS no_most,
    CASE WHEN v.is_first THEN b.invoiced * coalesce(r.rate, 1) END AS invoiced,
    CASE WHEN v.is_first THEN b.running * coalesce(r.rate, 1) END AS running,
    CASE WHEN v.is_first THEN b.bound * coalesce(r.rate, 1) END AS bound
FROM booked AS b
JOIN product AS p ON p.product_id = b.product_id
LEFT JOIN known AS k ON k.currency = b.currency AND k.to_currency = b.to_currency
    AND k.on_day = coalesce(b.on_day, (b.period_start + interval '1 month')::date - 1)
LEFT JOIN known AS l ON l.currency = b.currency AND l.to_currency = b.to_currency AND l.on_day = b.period_start - 1
CROSS JOIN LATERAL (SELECT k.rate, l.rate AS rate_before) AS r
CROSS JOIN LATERAL (
    SELECT b.code, CASE WHEN b.currency = b.to_currency THEN b.amount
        ELSE b.amount * coalesce(CASE WHEN b.is_foreign THEN r.rate_before END, r.rate, 1) END AS amount,
        CASE WHEN b.currency = b.to_currency THEN b.amount ELSE b.amount * coalesce(r.rate_before, r.rate, 1) END AS constant_amount, true AS is_first
    UNION ALL
    -- what the rate has done to the cost since the month before
    SELECT 'FX', b.amount * (r.rate - r.rate_before), 0, false
    WHERE b.is_foreign AND r.rate <> r.rate_before
) AS v;

COMMENT ON VIEW reconciliation_sale_row IS 'both sides of link C: what was bought and what was sold, each amount with the code of why it is there';
COMMENT ON COLUMN reconciliation_sale_row.is_purchase IS 'whether it was bought; else it was sold';
COMMENT ON COLUMN reconciliation_sale_row.customer_id IS 'customer who is invoiced; 0 is nobody';
COMMENT ON COLUMN reconciliation_sale_row.provider_id IS 'provider, a node of the product tree';
COMMENT ON COLUMN reconciliation_sale_row.account_id IS 'account; NULL for products that are sold under another name, and for billed lines without charges that name none';
COMMENT ON COLUMN reconciliation_sale_row.service_id IS 'service, a node of the product tree';
COMMENT ON COLUMN reconciliation_sale_row.product_id IS 'product it was bought as';
COMMENT ON COLUMN reconciliation_sale_row.period_start IS 'first day of the month of use';
COMMENT ON COLUMN reconciliation_sale_row.day IS 'day of use, with the setting grain = day';
COMMENT ON COLUMN reconciliation_sale_row.unit IS 'unit of quantity';
COMMENT ON COLUMN reconciliation_sale_row.currency IS 'currency of the amounts: the seller''s, or where there is no rate their own';
COMMENT ON COLUMN reconciliation_sale_row.code IS 'why it is there; NULL is not explained';
COMMENT ON COLUMN reconciliation_sale_row.amount IS 'billed cost, or amount due';
COMMENT ON COLUMN reconciliation_sale_row.constant_amount IS 'the same at the exchange rate of the month before';
COMMENT ON COLUMN reconciliation_sale_row.quantity IS 'quantity; of each piece once';
COMMENT ON COLUMN reconciliation_sale_row.charges IS 'number of charges that were bought';
COMMENT ON COLUMN reconciliation_sale_row.late_cost IS 'part of the cost that came with a later billing period''s delivery';
COMMENT ON COLUMN reconciliation_sale_row.at_least IS 'what the cost may be sold for at least';
COMMENT ON COLUMN reconciliation_sale_row.at_most IS 'what the cost may be sold for at most';
COMMENT ON COLUMN reconciliation_sale_row.no_least IS 'whether part of it has no least amount';
COMMENT ON COLUMN reconciliation_sale_row.no_most IS 'whether part of it has no greatest amount';
COMMENT ON COLUMN reconciliation_sale_row.invoiced IS 'part of the sale that was invoiced';
COMMENT ON COLUMN reconciliation_sale_row.running IS 'part of the sale that runs: to be invoiced, or taken back';
COMMENT ON COLUMN reconciliation_sale_row.bound IS 'what rounding may have made of the sale';

-- Licences: the most that were bought, and the most that were sold, at one time.  Of
-- single charges, since a change in the middle of a month takes a line back and makes
-- two others; only those of products that have a counterpart are looked at.
CREATE OR REPLACE VIEW reconciliation_licence AS
WITH
owner AS MATERIALIZED (
    SELECT * FROM charge_owner
),
tagged AS MATERIALIZED (
    SELECT DISTINCT o.account_id, o.tag_set_id FROM owner AS o WHERE o.tag_set_id <> 0
),
item AS MATERIALIZED (
    SELECT i.item_id, i.account_id, i.tag_set_id, f.bought_product_id, f.valid_during, false AS is_purchase
    FROM product_counterpart AS f
    JOIN charge_item AS i ON i.product_id = f.product_id
    UNION ALL
    SELECT DISTINCT i.item_id, i.account_id, i.tag_set_id, i.product_id, daterange(NULL, NULL), true
    FROM product_counterpart AS f
    JOIN charge_item AS i ON i.product_id = f.bought_product_id
    WHERE i.charge_category IN ('Usage', 'Purchase', 'Adjustment')
),
counted AS MATERIALIZED (
    SELECT y.buyers[1] AS customer_id, i.bought_product_id, i.is_purchase, d.starts_on, d.ends_on,
        coalesce(c.pricing_quantity, c.consumed_quantity) AS quantity
    FROM charge AS c
    JOIN item AS i ON i.item_id = c.item_id
    -- what was bought may be of the purchase side alone
    JOIN load_scope_in_force AS s ON s.load_scope_id = c.load_scope_id AND (i.is_purchase OR s.side = 'usage')
    JOIN owner AS o ON o.account_id = i.account_id
    JOIN customer_buyer AS y ON y.customer_id = o.customer_id
    JOIN customer_zone AS z ON z.customer_id = y.buyers[1]
    CROSS JOIN LATERAL (
        SELECT (c.charge_period_start AT TIME ZONE z.time_zone)::date AS starts_on,
            greatest((c.charge_period_end AT TIME ZONE z.time_zone)::date, (c.charge_period_start AT TIME ZONE z.time_zone)::date + 1) AS ends_on
    ) AS d
    WHERE EXISTS (SELECT FROM product_counterpart)
      AND o.valid_during @> d.starts_on
      AND i.valid_during @> d.starts_on
      AND CASE WHEN o.tag_set_id <> 0 THEN o.tag_set_id = i.tag_set_id
        ELSE i.tag_set_id IS NULL OR (i.account_id, i.tag_set_id) NOT IN (SELECT t.account_id, t.tag_set_id FROM tagged AS t) END
      AND y.buyers[1] BETWEEN customer_first() AND customer_last()
),
-- Each month that a licence was held in, from its first day there on.
change AS (
    SELECT c.customer_id, c.bought_product_id, c.is_purchase, m.month::date AS month, greatest(c.starts_on, m.month::date) AS day, c.quantity
    FROM counted AS c
    CROSS JOIN LATERAL generate_series(date_trunc('month', c.starts_on), c.ends_on - 1, interval '1 month') AS m (month)
    UNION ALL
    SELECT c.customer_id, c.bought_product_id, c.is_purchase, m.month::date, c.ends_on, -c.quantity
    FROM counted AS c
    CROSS JOIN LATERAL generate_series(date_trunc('month', c.starts_on), c.ends_on - 1, interval '1 month') AS m (month)
    WHERE c.ends_on < m.month + interval '1 month'
),
level AS (
    SELECT c.customer_id, c.bought_product_id, c.is_purchase, c.month,
        sum(sum(c.quantity)) OVER (PARTITION BY c.customer_id, c.bought_product_id, c.is_purchase, c.month ORDER BY c.day) AS quantity
    FROM change AS c
    GROUP BY c.customer_id, c.bought_product_id, c.is_purchase, c.month, c.day
)
SELECT
    l.month AS period_start,
    l.customer_id,
    l.bought_product_id AS product_id,
    max(l.quantity) FILTER (WHERE l.is_purchase) AS bought,
    max(l.quantity) FILTER (WHERE NOT l.is_purchase) AS sold
FROM level AS l
WHERE l.month BETWEEN period_first() AND period_last()
GROUP BY l.month, l.customer_id, l.bought_product_id;

COMMENT ON VIEW reconciliation_licence IS 'licences by customer, product and month: the most that were bought and the most that were sold at one time';
COMMENT ON COLUMN reconciliation_licence.period_start IS 'first day of the month';
COMMENT ON COLUMN reconciliation_licence.customer_id IS 'customer who is invoiced';
COMMENT ON COLUMN reconciliation_licence.product_id IS 'product they are bought as';
COMMENT ON COLUMN reconciliation_licence.bought IS 'the most that were bought at one time; NULL is none';
COMMENT ON COLUMN reconciliation_licence.sold IS 'the most that were sold, under whatever name, at one time; NULL is none';

-- By level: one pass over both sides, first by what is compared and why, then by what is
-- compared.
CREATE OR REPLACE VIEW reconciliation_sale AS
WITH
item AS MATERIALIZED (
    SELECT r.* FROM reconciliation_sale_row AS r
),
part AS (
    SELECT
        CASE
            WHEN grouping(r.product_id) = 0 THEN 'sku'
            WHEN grouping(r.service_id) = 0 THEN 'service'
            WHEN grouping(r.account_id) = 0 THEN 'account'
            WHEN grouping(r.customer_id) = 0 THEN 'customer'
            WHEN grouping(r.provider_id) = 0 THEN 'supplier'
            ELSE 'month'
        END AS level,
        r.period_start, NULL::date AS day, r.currency, r.customer_id, r.provider_id, r.account_id, r.service_id, r.product_id, r.code,
        reconcile(r.is_purchase, r.quantity, r.amount) AS sides,
        min(r.unit) AS unit, max(r.unit) AS other_unit, bool_or(r.unit IS NULL AND r.quantity IS NOT NULL) AS no_unit,
        sum(r.charges) AS charges, sum(r.late_cost) AS late_cost, sum(r.at_least) AS at_least, sum(r.at_most) AS at_most,
        bool_or(r.no_least) AS no_least, bool_or(r.no_most) AS no_most, sum(r.invoiced) AS invoiced, sum(r.running) AS running,
        sum(r.bound) AS bound
    FROM item AS r
    GROUP BY r.code, r.period_start, r.currency, GROUPING SETS (
        (),
        (r.provider_id),
        (r.customer_id),
        (r.customer_id, r.provider_id, r.account_id),
        (r.customer_id, r.provider_id, r.account_id, r.service_id),
        (r.customer_id, r.provider_id, r.account_id, r.service_id, r.product_id))
    UNION ALL
    SELECT 'day', r.period_start, r.day, r.currency, r.customer_id, r.provider_id, r.account_id, r.service_id, r.product_id, r.code,
        reconcile(r.is_purchase, r.quantity, r.amount),
        min(r.unit), max(r.unit), bool_or(r.unit IS NULL AND r.quantity IS NOT NULL),
        sum(r.charges), sum(r.late_cost), sum(r.at_least), sum(r.at_most), bool_or(r.no_least), bool_or(r.no_most), sum(r.invoiced),
        sum(r.running), sum(r.bound)
    FROM item AS r
    WHERE grain() = 'day'
    GROUP BY r.code, r.period_start, r.day, r.currency, r.customer_id, r.provider_id, r.account_id, r.service_id, r.product_id
),
sums AS (
    SELECT p.level, p.period_start, p.day, p.currency, p.customer_id, p.provider_id, p.account_id, p.service_id, p.product_id,
        CASE WHEN min(p.unit) = max(p.other_unit) AND NOT bool_or(p.no_unit) THEN min(p.unit) END AS unit,
        coalesce(sum((p.sides).left_amount), 0) AS purchase_amount,
        coalesce(sum((p.sides).right_amount), 0) AS sales_amount,
        sum((p.sides).left_quantity) AS purchase_quantity,
        sum((p.sides).right_quantity) AS sales_quantity,
        coalesce(sum((p.sides).amount_difference), 0) AS difference,
        coalesce(sum((p.sides).amount_difference) FILTER (WHERE p.code IS NULL), 0) AS remainder,
        jsonb_object_agg(p.code, trim_scale((p.sides).amount_difference)) FILTER (WHERE (p.sides).amount_difference <> 0 AND p.code IS NOT NULL) AS parts,
        coalesce(sum((p.sides).left_amount) FILTER (WHERE p.code = 'MARGIN'), 0) AS sold_cost,
        coalesce(sum((p.sides).right_amount) FILTER (WHERE p.code IN ('MARGIN', 'FEE')), 0) AS sold_for,
        coalesce(sum((p.sides).left_count) FILTER (WHERE p.code IN ('MARGIN', 'FX')), 0) AS rows_bought,
        coalesce(sum((p.sides).right_count) FILTER (WHERE p.code IN ('MARGIN', 'FEE', 'FX')), 0) AS rows_sold,
        sum(p.charges)::bigint AS charges, coalesce(sum(p.late_cost), 0) AS late_cost,
        CASE WHEN NOT bool_or(p.no_least) THEN sum(p.at_least) END AS at_least,
        CASE WHEN NOT bool_or(p.no_most) THEN sum(p.at_most) END AS at_most,
        coalesce(sum(p.invoiced), 0) AS invoiced, coalesce(sum(p.running), 0) AS running,
        -- less cannot be invoiced
        greatest(coalesce(sum(p.bound), 0), CASE currency_minor_unit(p.currency) WHEN 2 THEN 0.005 ELSE 0.5 / 10::numeric ^ currency_minor_unit(p.currency) END) AS tolerance
    FROM part AS p
    GROUP BY p.level, p.period_start, p.day, p.currency, p.customer_id, p.provider_id, p.account_id, p.service_id, p.product_id
),
compared AS MATERIALIZED (
    SELECT s.*, l.bought, l.sold, l.product_id IS NOT NULL AS is_licence,
        CASE
            WHEN s.rows_bought > 0 AND s.sold_for < s.at_least - s.tolerance THEN round(s.at_least - s.sold_for, 6)
            WHEN s.rows_bought > 0 AND s.sold_for > s.at_most + s.tolerance THEN round(s.at_most - s.sold_for, 6)
            ELSE 0
        END AS price
    FROM sums AS s
    LEFT JOIN reconciliation_licence AS l ON s.level = 'sku' AND l.period_start = s.period_start AND l.customer_id = s.customer_id
        AND l.product_id = s.product_id
),
-- The same amount in the month before or after: it was billed in another than it is in now.
shifted AS (
    SELECT DISTINCT n.level, n.period_start, n.customer_id, n.provider_id, n.account_id, n.service_id, n.product_id, n.currency
    FROM compared AS a
    JOIN compared AS b ON b.level = a.level AND b.currency = a.currency AND b.customer_id = a.customer_id
        AND coalesce(b.provider_id, 0) = coalesce(a.provider_id, 0) AND coalesce(b.service_id, 0) = coalesce(a.service_id, 0)
        AND coalesce(b.product_id, 0) = coalesce(a.product_id, 0)
        -- a line that is billed and has no charges any more may not name its account
        AND (a.account_id IS NULL OR b.account_id = a.account_id)
        AND b.period_start IN ((a.period_start - interval '1 month')::date, (a.period_start + interval '1 month')::date)
    CROSS JOIN LATERAL (VALUES (a.level, a.period_start, a.customer_id, a.provider_id, a.account_id, a.service_id, a.product_id, a.currency),
        (b.level, b.period_start, b.customer_id, b.provider_id, b.account_id, b.service_id, b.product_id, b.currency)
    ) AS n (level, period_start, customer_id, provider_id, account_id, service_id, product_id, currency)
    WHERE a.parts ? 'OVERSOLD' AND a.running <> 0 AND b.running <> 0 AND abs(a.running + b.running) <= a.tolerance + b.tolerance
)
SELECT r.*,
    -- what is to be done something about
    trim_scale(CASE r.status
        WHEN 'UNMAPPED' THEN (r.explanation -> 'UNMAPPED')::numeric
        WHEN 'OVERSOLD' THEN coalesce((r.explanation -> 'OVERSOLD')::numeric, 0) + coalesce((r.explanation -> 'DOUBLE')::numeric, 0)
        WHEN 'UNSOLD' THEN coalesce((r.explanation -> 'UNPRICED')::numeric, 0) + coalesce((r.explanation -> 'ENDED')::numeric, 0)
            + coalesce((r.explanation -> 'EXCLUDED')::numeric, 0) + coalesce((r.explanation -> 'UNUSED')::numeric, 0)
            + coalesce((r.explanation -> 'MARKETPLACE')::numeric, 0)
        -- licences that nobody pays for, or that were not bought, at the price of the others
        WHEN 'QUANTITY_MISMATCH' THEN trim_scale(round(coalesce(
            r.purchase_amount / nullif(r.purchase_quantity, 0) * (r.purchase_quantity - coalesce(r.sales_quantity, 0)), r.difference), 12))
        WHEN 'PRICE_MISMATCH' THEN (r.explanation -> 'PRICE')::numeric
        WHEN 'UNEXPLAINED' THEN r.remainder
        WHEN 'TIMING' THEN -r.running
        WHEN 'ONLY_PURCHASE' THEN r.difference
        WHEN 'ONLY_SALES' THEN r.difference
        WHEN 'EXPLAINED' THEN r.difference - r.remainder - coalesce((r.explanation -> 'MARGIN')::numeric, 0) - coalesce((r.explanation -> 'FEE')::numeric, 0)
            - coalesce((r.explanation -> 'ROUNDING')::numeric, 0) - coalesce((r.explanation -> 'OWN')::numeric, 0)
        ELSE 0
    END) AS finding
FROM (
    SELECT
        g.level,
        g.period_start AS month,
        g.day,
        p.name AS supplier,
        nullif(g.customer_id, 0) AS customer_id,
        c.number AS customer_number,
        c.name AS customer,
        g.account_id,
        coalesce(a.sub_account_name, a.sub_account_id, a.billing_account_name, a.billing_account_id) AS account,
        s.name AS service,
        g.product_id,
        q.code AS sku,
        g.currency,
        g.unit,
        g.charges,
        trim_scale(g.purchase_amount) AS purchase_amount,
        trim_scale(CASE WHEN g.is_licence THEN g.bought WHEN g.unit IS NOT NULL THEN g.purchase_quantity END) AS purchase_quantity,
        trim_scale(g.sales_amount) AS sales_amount,
        trim_scale(CASE WHEN g.is_licence THEN g.sold WHEN g.unit IS NOT NULL THEN g.sales_quantity END) AS sales_quantity,
        trim_scale(g.invoiced) AS invoiced,
        trim_scale(g.running) AS running,
        trim_scale(g.late_cost) AS late_cost,
        trim_scale(g.difference) AS difference,
        trim_scale(-g.difference) AS margin,
        round(100 * -g.difference / nullif(g.sales_amount, 0), 2) AS margin_pct,
        trim_scale(g.tolerance) AS tolerance,
        CASE
            WHEN abs((g.parts -> 'UNMAPPED')::numeric) > g.tolerance THEN 'UNMAPPED'
            WHEN abs((g.parts -> 'DOUBLE')::numeric) > g.tolerance OR abs((g.parts -> 'OVERSOLD')::numeric) > g.tolerance AND h.level IS NULL
                THEN 'OVERSOLD'
            WHEN abs((g.parts -> 'UNPRICED')::numeric) > g.tolerance OR abs((g.parts -> 'ENDED')::numeric) > g.tolerance
                OR abs((g.parts -> 'EXCLUDED')::numeric) > g.tolerance OR abs((g.parts -> 'UNUSED')::numeric) > g.tolerance
                OR abs((g.parts -> 'MARKETPLACE')::numeric) > g.tolerance THEN 'UNSOLD'
            WHEN g.is_licence AND g.bought IS DISTINCT FROM g.sold THEN 'QUANTITY_MISMATCH'
            WHEN g.price <> 0 THEN 'PRICE_MISMATCH'
            WHEN abs(g.remainder) > g.tolerance THEN 'UNEXPLAINED'
            WHEN g.rows_bought > 0 AND g.rows_sold = 0 AND g.sold_cost <> 0 OR g.parts ? 'FX' AND g.rows_sold = 0 THEN 'ONLY_PURCHASE'
            WHEN g.rows_bought = 0 AND g.rows_sold > 0 AND g.sold_for <> 0 THEN 'ONLY_SALES'
            WHEN h.level IS NOT NULL OR g.invoiced <> 0 AND abs(g.running) > g.tolerance THEN 'TIMING'
            WHEN g.parts - '{MARGIN,FEE,ROUNDING,OWN}'::text[] <> '{}' THEN 'EXPLAINED'
            WHEN g.difference <> 0 AND abs(g.difference) <= g.tolerance THEN 'MATCHED_ROUNDING'
            ELSE 'MATCHED'
        END AS status,
        coalesce(CASE WHEN h.level IS NOT NULL AND g.parts ? 'OVERSOLD' THEN g.parts - 'OVERSOLD' || jsonb_build_object('PERIOD', g.parts -> 'OVERSOLD')
            ELSE g.parts END, '{}')
            || CASE WHEN g.price <> 0 THEN jsonb_build_object('PRICE', trim_scale(g.price),
                'MARGIN', trim_scale(coalesce((g.parts -> 'MARGIN')::numeric, 0) - g.price)) ELSE '{}' END AS explanation,
        trim_scale(g.remainder) AS remainder
    FROM compared AS g
    LEFT JOIN shifted AS h ON h.level = g.level AND h.period_start = g.period_start AND h.currency = g.currency AND h.customer_id = g.customer_id
        AND coalesce(h.provider_id, 0) = coalesce(g.provider_id, 0) AND coalesce(h.service_id, 0) = coalesce(g.service_id, 0)
        AND coalesce(h.product_id, 0) = coalesce(g.product_id, 0) AND coalesce(h.account_id, 0) = coalesce(g.account_id, 0)
    LEFT JOIN product AS p ON p.product_id = g.provider_id
    LEFT JOIN customer AS c ON c.customer_id = g.customer_id
    LEFT JOIN account AS a ON a.account_id = g.account_id
    LEFT JOIN product AS s ON s.product_id = g.service_id
    LEFT JOIN product AS q ON q.product_id = g.product_id
) AS r;

COMMENT ON VIEW reconciliation_sale IS 'link C: what was bought against what was sold, by level, with one status a group and its difference in coded parts';
COMMENT ON COLUMN reconciliation_sale.level IS 'month (all), supplier, customer, account, service, sku, or with the setting grain = day also day';
COMMENT ON COLUMN reconciliation_sale.month IS 'first day of the month of use';
COMMENT ON COLUMN reconciliation_sale.day IS 'day of use, of level day';
COMMENT ON COLUMN reconciliation_sale.supplier IS 'provider; NULL where the level is above it';
COMMENT ON COLUMN reconciliation_sale.customer_id IS 'key of the customer who is invoiced; NULL is nobody, or where the level is above it';
COMMENT ON COLUMN reconciliation_sale.customer_number IS 'its number';
COMMENT ON COLUMN reconciliation_sale.customer IS 'its name';
COMMENT ON COLUMN reconciliation_sale.account_id IS 'key of the account';
COMMENT ON COLUMN reconciliation_sale.account IS 'sub account, or billing account, by name where it has one';
COMMENT ON COLUMN reconciliation_sale.service IS 'service';
COMMENT ON COLUMN reconciliation_sale.product_id IS 'key of the product, of levels sku and day';
COMMENT ON COLUMN reconciliation_sale.sku IS 'SKU it was bought as';
COMMENT ON COLUMN reconciliation_sale.currency IS 'currency of the seller''s books; where there is no rate, that of the charges or lines';
COMMENT ON COLUMN reconciliation_sale.unit IS 'unit of the quantities; NULL where there are several';
COMMENT ON COLUMN reconciliation_sale.charges IS 'number of charges bought';
COMMENT ON COLUMN reconciliation_sale.purchase_amount IS 'billed cost';
COMMENT ON COLUMN reconciliation_sale.purchase_quantity IS 'quantity bought; of licences the most at one time';
COMMENT ON COLUMN reconciliation_sale.sales_amount IS 'due in all, as on invoices: invoiced and running';
COMMENT ON COLUMN reconciliation_sale.sales_quantity IS 'quantity sold; of licences the most at one time';
COMMENT ON COLUMN reconciliation_sale.invoiced IS 'part of the sales that documents billed';
COMMENT ON COLUMN reconciliation_sale.running IS 'part of the sales that is to be billed, or taken back';
COMMENT ON COLUMN reconciliation_sale.late_cost IS 'part of the purchase that came with the delivery of a later billing period';
COMMENT ON COLUMN reconciliation_sale.difference IS 'purchase_amount less sales_amount: what the explanation and the remainder add up to';
COMMENT ON COLUMN reconciliation_sale.margin IS 'sales_amount less purchase_amount';
COMMENT ON COLUMN reconciliation_sale.margin_pct IS 'margin in percent of sales, 2 decimals; NULL without sales';
COMMENT ON COLUMN reconciliation_sale.tolerance IS 'what rounding may make of it, of the lines that are there; at least half of what can be invoiced';
COMMENT ON COLUMN reconciliation_sale.status IS 'MATCHED, MATCHED_ROUNDING, EXPLAINED, TIMING, UNMAPPED, UNSOLD, OVERSOLD, QUANTITY_MISMATCH, PRICE_MISMATCH, ONLY_PURCHASE, ONLY_SALES or UNEXPLAINED; see docs/reconciliation.md';
COMMENT ON COLUMN reconciliation_sale.explanation IS 'the difference in coded parts, such as {"UNPRICED": 12.50, "MARGIN": -8.00}';
COMMENT ON COLUMN reconciliation_sale.remainder IS 'part of the difference that has no code';
COMMENT ON COLUMN reconciliation_sale.finding IS 'amount that the status is about: positive is lost, negative was sold too much; 0 where all is matched';
