-- What a document says, as text: the same for the same rows, whatever the session's
-- settings.  Its lines, VAT and the rest are in it by their hash.
--
-- Rows are text as the server writes them, quoted where they must be, so no two look
-- alike; without columns at the end that are NULL: what a later release adds there changes
-- no hash.
CREATE OR REPLACE FUNCTION invoice_content(invoice invoice, body bytea)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
SET datestyle = 'ISO, YMD'
SET timezone = 'UTC'
SET bytea_output = 'hex'
AS $$
BEGIN
    invoice.hash := NULL;
    RETURN concat_ws(chr(10), rtrim(invoice::text, ',)'), body);
END
$$;

COMMENT ON FUNCTION invoice_content(invoice, bytea) IS 'what a document says, as the text that is hashed';

-- Hashes of all that documents have below them.
CREATE OR REPLACE FUNCTION invoice_bodies(lines invoice_line[], vat invoice_vat[], allocation invoice_line_allocation[],
    rates invoice_currency_rate[])
RETURNS TABLE (invoice_id int, body bytea)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = cloudbilling, pg_temp
SET datestyle = 'ISO, YMD'
AS $$
BEGIN
    RETURN QUERY
    SELECT r.invoice_id, sha256(convert_to(string_agg(r.kind || r.row, chr(10) ORDER BY r.kind, r.no, r.row COLLATE "C"), 'UTF8'))
    FROM (
        SELECT l.invoice_id, '1' AS kind, l.line_no AS no, rtrim(l::text, ',)') AS row FROM unnest(lines) AS l
        UNION ALL
        SELECT v.invoice_id, '2', 0, rtrim(v::text, ',)') FROM unnest(vat) AS v
        UNION ALL
        SELECT a.invoice_id, '3', a.line_no, rtrim(a::text, ',)') FROM unnest(allocation) AS a
        UNION ALL
        SELECT c.invoice_id, '4', 0, rtrim(c::text, ',)') FROM unnest(rates) AS c
    ) AS r
    GROUP BY r.invoice_id;
END
$$;

COMMENT ON FUNCTION invoice_bodies(invoice_line[], invoice_vat[], invoice_line_allocation[], invoice_currency_rate[]) IS 'hashes of the lines, VAT, specifications and rates of documents';

-- Documents whose hash no longer fits what they say or what came before them.
CREATE OR REPLACE FUNCTION invoice_verify()
RETURNS TABLE (invoice_id int, invoice_number text, problem text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT i.invoice_id, i.invoice_number, p.problem
    FROM (
        SELECT i.*,
            lag(i.hash) OVER series AS hash_before,
            lag(i.series_number) OVER series AS number_before,
            sha256(convert_to(invoice_content(i, (
                SELECT b.body
                FROM invoice_bodies(
                    ARRAY(SELECT l FROM invoice_line AS l WHERE l.invoice_id = i.invoice_id),
                    ARRAY(SELECT v FROM invoice_vat AS v WHERE v.invoice_id = i.invoice_id),
                    ARRAY(SELECT a FROM invoice_line_allocation AS a WHERE a.invoice_id = i.invoice_id),
                    ARRAY(SELECT r FROM invoice_currency_rate AS r WHERE r.invoice_id = i.invoice_id)) AS b)), 'UTF8')) AS hash_now
        FROM invoice AS i
        WINDOW series AS (PARTITION BY i.seller_id, i.series, i.series_year ORDER BY i.series_number)
    ) AS i
    LEFT JOIN invoice_series AS s ON s.seller_id = i.seller_id AND s.series = i.series AND s.year = i.series_year
    CROSS JOIN LATERAL (VALUES
        (i.hash IS DISTINCT FROM i.hash_now, 'its rows were changed after it was finalised'),
        (i.previous_hash IS DISTINCT FROM coalesce(i.hash_before, '\x'), 'the document before it was changed or is missing'),
        (i.series_number IS DISTINCT FROM coalesce(i.number_before + 1, s.first_number), 'the number before it is missing'),
        (i.series_number > coalesce(s.last_number, 0), 'its number was not given by the series')
    ) AS p (wrong, problem)
    WHERE p.wrong
    UNION ALL
    SELECT NULL, concat_ws('-', nullif(s.series, ''), s.year, s.last_number), 'the last document of the series is missing'
    FROM invoice_series AS s
    WHERE s.last_hash IS DISTINCT FROM coalesce((
        SELECT i.hash
        FROM invoice AS i
        WHERE i.seller_id = s.seller_id AND i.series = s.series AND i.series_year = s.year AND i.series_number = s.last_number), '\x')
    UNION ALL
    SELECT NULL, NULL, v.problem
    FROM invoice_seal_verify() AS v;
END;

COMMENT ON FUNCTION invoice_verify() IS 'documents that were tampered with; none is good';

-- What another run billed a moment ago must be seen.
CREATE OR REPLACE FUNCTION invoice_isolation_check()
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'active_sql_transaction',
            MESSAGE = 'invoices are finalised, credited and paid at isolation level READ COMMITTED only',
            HINT = 'Another transaction may have billed, or paid, what this one cannot see.';
    END IF;
END
$$;

COMMENT ON FUNCTION invoice_isolation_check() IS 'refuses isolation levels at which invoices cannot be finalised';

-- Makes documents of what is due: as values first, numbered and chained, and then
-- written.  Gives their number.  With now, none waits for better days.
CREATE OR REPLACE FUNCTION invoice_make(due invoice_due[], by_value invoice_line_value[], rates charge_converted[], run int,
    as_if date DEFAULT NULL, now boolean DEFAULT false)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    documents  invoice[];
    lines      invoice_line[];
    vat        invoice_vat[];
    allocation invoice_line_allocation[];
    kept       invoice_currency_rate[];
    bodies     bytea[];
    series     invoice_series;
    scheme     invoice_number_scheme;
    document   invoice;
    notes      invoice_note[];
    prepaid    payment_part[];
BEGIN
    IF due IS NULL THEN
        RETURN 0;
    END IF;

    -- A document for each period that has none yet; differences of periods that
    -- have one go with the latest of these, or else make a document of their own.
    -- Each value of a dimension that is billed by itself has documents of its own,
    -- and so has what is billed as a whole.  What is billed before its period ends
    -- goes as differences do, and is not what the period was billed by.
    -- What is outside the VAT of the EU may not stand on one document with what is
    -- inside (EN 16931, BR-O-11), and has documents of its own, too.
    WITH
    -- Who has a policy of documents: few.
    party AS MATERIALIZED (
        SELECT k.customer_id, k.reseller_id, coalesce(s.seller_id, c.seller_id) AS seller_id,
            CASE WHEN h.holder_id <> k.customer_id THEN h.holder_id
                WHEN o.bill_to_parent AND k.reseller_id IS NULL THEN invoice_debtor(k.customer_id) ELSE k.customer_id END AS debtor_id,
            h.holder_id, p.split_by, p.zero_total, p.negative_total
        FROM (SELECT DISTINCT d.customer_id, d.reseller_id FROM unnest(due) AS d) AS k
        JOIN customer AS c ON c.customer_id = k.customer_id
        LEFT JOIN reseller AS s ON s.customer_id = k.reseller_id
        LEFT JOIN invoice_policy AS o ON o.customer_id = k.customer_id
        -- a credit stands on a document of whose it credits
        CROSS JOIN LATERAL (
            SELECT coalesce(CASE WHEN invoice_make.now THEN (SELECT i.customer_id FROM invoice AS i WHERE i.invoice_id = (invoice_make.due[1]).corrects)
                WHEN o.bill_to_parent AND k.reseller_id IS NULL THEN invoice_holder(k.customer_id) END, k.customer_id) AS holder_id
        ) AS h
        LEFT JOIN invoice_policy AS p ON p.customer_id = h.holder_id
    ),
    -- Whose documents they are.
    holder AS MATERIALIZED (
        SELECT DISTINCT y.holder_id AS customer_id, y.seller_id, y.reseller_id, y.debtor_id, y.split_by, y.zero_total, y.negative_total
        FROM party AS y
    ),
    -- Months that have documents: only there is something to look up.
    touched AS MATERIALIZED (
        SELECT m.customer_id, m.period_start
        FROM (SELECT DISTINCT d.customer_id, d.period_start FROM unnest(due) AS d) AS m
        WHERE EXISTS (SELECT FROM invoice_line AS l WHERE l.customer_id = m.customer_id AND l.period_start = m.period_start)
    ),
    priced AS (
        SELECT d.*, y.debtor_id, y.holder_id, y.seller_id, y.split_by,
            CASE WHEN y.split_by IS NOT NULL THEN invoice_split(y.split_by, d.customer_id, d.account_id) END AS split_value,
            CASE WHEN d.invoice_on IS NULL THEN b.invoice_id ELSE d.corrects END AS billed_by, y.negative_total, r.tax_category, r.supply, r.tax_exemption,
            coalesce(d.invoice_on, d.period_end - 1) AS supplied_on,
            t.vat_category, t.vat_rate, t.vat_country, t.vat_exemption
        FROM unnest(due) AS d
        JOIN price_rule AS r ON r.price_rule_id = d.price_rule_id
        JOIN party AS y ON y.customer_id = d.customer_id AND y.reseller_id IS NOT DISTINCT FROM d.reseller_id
        LEFT JOIN touched AS m ON m.customer_id = d.customer_id AND m.period_start = d.period_start
        LEFT JOIN LATERAL (
            SELECT max(l.invoice_id) AS invoice_id
            FROM invoice_line AS l
            WHERE m.customer_id IS NOT NULL AND l.customer_id = d.customer_id AND l.period_start = d.period_start AND l.currency = d.currency
              AND l.invoice_on IS NULL AND l.dimension_id IS NOT DISTINCT FROM d.dimension_id AND l.dimension_value IS NOT DISTINCT FROM d.dimension_value
              -- of the same seller, and of documents that are split in the same way, the same one
              AND ((SELECT NOT EXISTS (SELECT FROM reseller)) AND y.split_by IS NULL OR EXISTS (
                SELECT
                FROM invoice AS i
                WHERE i.invoice_id = l.invoice_id AND i.reseller_id IS NOT DISTINCT FROM d.reseller_id AND (i.split_by IS DISTINCT FROM y.split_by
                  OR i.split_value IS NOT DISTINCT FROM invoice_split(y.split_by, d.customer_id, d.account_id))))
        ) AS b ON true
        -- A correction has the VAT of what it corrects; what a billed period lacked
        -- has that of the period's lines of its kind.
        LEFT JOIN LATERAL (
            SELECT x.vat_category, x.vat_rate, x.vat_country, x.vat_exemption
            FROM invoice_line AS x
            JOIN price_rule AS y ON y.price_rule_id = x.price_rule_id
            WHERE m.customer_id IS NOT NULL AND x.customer_id = d.customer_id AND x.period_start = d.period_start
              AND y.tax_category = r.tax_category AND y.supply = r.supply AND y.tax_exemption IS NOT DISTINCT FROM r.tax_exemption
              AND (x.invoice_on IS NULL) = (d.invoice_on IS NULL)
              AND y.reseller_id IS NOT DISTINCT FROM r.reseller_id
            ORDER BY x.price_rule_id = d.price_rule_id AND x.product_id = d.product_id
              AND x.account_id IS NOT DISTINCT FROM d.account_id
              AND x.resource_id IS NOT DISTINCT FROM d.resource_id
              AND x.tag_value IS NOT DISTINCT FROM d.tag_value AND x.currency = d.currency DESC,
              x.dimension_id IS NOT DISTINCT FROM d.dimension_id AND x.dimension_value IS NOT DISTINCT FROM d.dimension_value DESC,
              x.invoice_id DESC, x.line_no
            LIMIT 1
        ) AS t ON true
    ),
    -- Asked once for all lines of a kind, and only where there is nothing to correct.
    taxing AS MATERIALIZED (
        SELECT k.debtor_id, k.seller_id, k.supplied_on, k.tax_category, k.supply, k.tax_exemption, v.category, v.rate, v.country, v.exemption, v.why
        FROM (
            SELECT DISTINCT p.debtor_id, p.seller_id, p.supplied_on, p.tax_category, p.supply, p.tax_exemption
            FROM priced AS p
            WHERE p.vat_category IS NULL
            ORDER BY 1, 2, 3, 4, 5, 6
        ) AS k
        CROSS JOIN LATERAL customer_vat(k.debtor_id, k.tax_category, k.supplied_on, k.supply, k.tax_exemption, k.seller_id) AS v
    ),
    line AS (
        SELECT p.*, p.billed_by IS NULL AND p.invoice_on IS NULL AND p.negative_total IS DISTINCT FROM 'wait' AS is_fresh,
            coalesce(p.vat_category, t.category) = 'O' AS outside, coalesce(p.vat_category, t.category) AS category,
            coalesce(p.vat_rate, t.rate) AS rate, coalesce(p.vat_country, t.country) AS country,
            coalesce(p.vat_exemption, t.exemption) AS exemption, t.why
        FROM priced AS p
        LEFT JOIN taxing AS t
            ON p.vat_category IS NULL
            AND t.debtor_id = p.debtor_id
            AND t.seller_id = p.seller_id
            AND t.supplied_on = p.supplied_on
            AND t.tax_category = p.tax_category
            AND t.supply = p.supply
            AND t.tax_exemption IS NOT DISTINCT FROM p.tax_exemption
    ),
    fresh AS (
        SELECT l.holder_id AS customer_id, l.seller_id, l.currency, l.outside, l.split_value, l.dimension_id, l.dimension_value, l.period_start, l.period_end,
            max(l.period_start) OVER (PARTITION BY l.holder_id, l.seller_id, l.currency, l.outside, l.split_value, l.dimension_id, l.dimension_value) AS last_period
        FROM line AS l
        WHERE l.is_fresh
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    ),
    head AS (
        SELECT f.customer_id, f.seller_id, f.currency, f.outside, f.split_value, f.dimension_id, f.dimension_value, f.period_start, f.period_end, f.period_start AS line_period,
            f.period_start = f.last_period AS takes_corrections
        FROM fresh AS f
        UNION ALL
        SELECT l.holder_id, l.seller_id, l.currency, l.outside, l.split_value, l.dimension_id, l.dimension_value, min(l.period_start), max(l.period_end), NULL, true
        FROM line AS l
        WHERE NOT EXISTS (
            SELECT
            FROM fresh AS f
            WHERE f.customer_id = l.holder_id AND f.seller_id = l.seller_id AND f.currency = l.currency AND f.outside = l.outside
              AND f.split_value IS NOT DISTINCT FROM l.split_value
              AND f.dimension_id IS NOT DISTINCT FROM l.dimension_id AND f.dimension_value IS NOT DISTINCT FROM l.dimension_value)
        GROUP BY 1, 2, 3, 4, 5, 6, 7
    ),
    numbered AS MATERIALIZED (
        SELECT h.*, nextval('invoice_invoice_id_seq')::int AS invoice_id
        FROM (
            SELECT *
            FROM head
            ORDER BY customer_id, period_start, currency, outside, split_value COLLATE "C" NULLS FIRST, dimension_id NULLS FIRST, dimension_value COLLATE "C"
        ) AS h
    ),
    made AS (
        SELECT
            n.invoice_id,
            row_number() OVER (PARTITION BY n.invoice_id ORDER BY
                CASE WHEN l.holder_id <> l.customer_id THEN c.number END COLLATE "C" NULLS FIRST, l.billed_by IS NOT NULL, l.period_start, effect_order(l.effect),
                s.name IS NULL, coalesce(s.name, p.name), l.price_rule_id, p.name, l.account_id, l.resource_id, l.tag_value)::int AS line_no,
            l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.account_id, l.resource_id, l.tag_value,
            l.currency, l.revision, coalesce(l.corrects, l.billed_by) AS corrects, l.effect,
            CASE p.kind WHEN 'all' THEN r.name ELSE coalesce(s.name, p.name) END AS service,
            coalesce(r.invoice_text, gi.description, CASE WHEN l.effect = 'set' AND p.kind = 'sku' THEN p.name ELSE r.name END) AS description,
            coalesce(a.sub_account_name, a.sub_account_id, a.billing_account_name, a.billing_account_id) AS account,
            r.measure, r.pricing, l.climbed, l.measured, l.measured_before, l.due, l.due_before,
            shown.quantity, shown.unit, shown.unit_price, l.amount,
            coalesce(l.billed_cost, 0) - l.cost_before AS cost,
            l.category AS vat_category, l.rate AS vat_rate,
            l.dimension_id, l.dimension_value, l.invoice_on, l.country AS vat_country, l.exemption AS vat_exemption,
            v.service_start, v.service_end, coalesce(g.order_number, c.order_number) AS order_number,
            CASE WHEN l.holder_id <> l.customer_id THEN c.name || ' (' || c.number || ')' END AS section
        FROM line AS l
        JOIN customer AS c ON c.customer_id = l.customer_id
        JOIN numbered AS n
            ON n.customer_id = l.holder_id
            AND n.seller_id = l.seller_id
            AND n.currency = l.currency
            AND n.outside = l.outside
            AND n.split_value IS NOT DISTINCT FROM l.split_value
            AND n.dimension_id IS NOT DISTINCT FROM l.dimension_id
            AND n.dimension_value IS NOT DISTINCT FROM l.dimension_value
            AND CASE WHEN l.is_fresh THEN n.line_period = l.period_start ELSE n.takes_corrections END
        JOIN price_rule AS r ON r.price_rule_id = l.price_rule_id
        JOIN product AS p ON p.product_id = l.product_id
        LEFT JOIN product AS s ON s.product_id = p.path[3]
        LEFT JOIN account AS a ON a.account_id = l.account_id
        LEFT JOIN agreement AS g ON g.account_id = l.account_id
        LEFT JOIN agreement_item AS gi ON gi.agreement_id = g.agreement_id AND agreement_resource(g.number, gi.number) = l.resource_id
        LEFT JOIN invoice_service(invoice_make.due) AS v
            ON v.account_id = l.account_id
            AND v.resource_id = l.resource_id
            AND v.period_start = l.period_start
            AND v.goes_on = (l.invoice_on IS NOT NULL AND l.corrects IS NULL AND l.revision > 0)
        CROSS JOIN LATERAL (
            SELECT d.difference, greatest(16, length(trunc(abs(d.difference))::text) + 2) AS scales
            FROM (SELECT trim_scale(coalesce(l.quantity, 0) - l.quantity_before) AS difference) AS d
        ) AS q
        -- never a negative price: where quantity and amount disagree in sign, a lump sum
        CROSS JOIN LATERAL (
            SELECT q.difference AS quantity, l.unit, CASE
                WHEN l.revision = 0 AND NOT measure_is_money(r.measure) AND r.per <> 'charge' AND l.climbed IS NULL AND jsonb_strip_nulls(r.pricing::jsonb) - '{model,unit_price}'::text[] = '{}'
                    -- what a value has is rounded with the parts of the others, what was written off by itself
                    AND (l.dimension_id IS NULL AND l.due_before = 0 AND l.quantity_before = 0 OR currency_round((r.pricing::jsonb ->> 'unit_price')::numeric * q.difference, l.currency) = l.amount)
                    THEN greatest((r.pricing::jsonb ->> 'unit_price')::numeric, 0)
                -- the price that was agreed, while it is the price
                WHEN gi.pricing::jsonb - '{model,unit_price}'::text[] = '{}' AND (gi.pricing::jsonb ->> 'unit_price')::numeric >= 0
                    AND currency_round((gi.pricing::jsonb ->> 'unit_price')::numeric * q.difference, l.currency) = l.amount
                    THEN round((gi.pricing::jsonb ->> 'unit_price')::numeric, greatest(min_scale((gi.pricing::jsonb ->> 'unit_price')::numeric), currency_minor_unit(l.currency)))
                ELSE (
                    -- the shortest price that gives the amount
                    SELECT f.price
                    FROM generate_series(currency_minor_unit(l.currency), q.scales) AS g (scale)
                    CROSS JOIN LATERAL (SELECT round(l.amount / q.difference, g.scale) AS price) AS f
                    WHERE currency_round(f.price * q.difference, l.currency) = l.amount OR g.scale = q.scales
                    ORDER BY g.scale
                    LIMIT 1
                ) END AS unit_price
            WHERE l.unit IS NOT NULL AND q.difference <> 0 AND sign(l.amount) * sign(q.difference) >= 0
            UNION ALL
            SELECT CASE WHEN l.amount < 0 THEN -1 ELSE 1 END, NULL, abs(l.amount)
            WHERE (l.unit IS NOT NULL AND q.difference <> 0 AND sign(l.amount) * sign(q.difference) >= 0) IS NOT TRUE
        ) AS shown
    ),
    taxed AS (
        SELECT m.invoice_id, m.vat_category, m.vat_rate, sum(m.amount) AS base,
            currency_round(sum(m.amount) * m.vat_rate / 100, m.currency) AS vat,
            CASE WHEN count(DISTINCT coalesce(m.vat_exemption, '')) = 1 AND min(m.vat_exemption) ~ '^VATEX-' THEN min(m.vat_exemption) END AS exemption,
            string_agg(DISTINCT vat_exemption_text(m.vat_category, m.vat_exemption, m.vat_country = e.country, c.language), ' ') AS reason,
            coalesce((
                SELECT string_agg(DISTINCT t.why, '; ')
                FROM taxing AS t
                WHERE t.debtor_id = y.debtor_id AND t.seller_id = y.seller_id AND t.category = m.vat_category AND t.rate = m.vat_rate),
                'as on the documents that are corrected') AS why
        FROM made AS m
        JOIN numbered AS n ON n.invoice_id = m.invoice_id
        JOIN holder AS y ON y.customer_id = n.customer_id AND y.seller_id = n.seller_id
        JOIN customer AS c ON c.customer_id = y.debtor_id
        JOIN seller AS e ON e.seller_id = y.seller_id
        GROUP BY m.invoice_id, y.debtor_id, y.seller_id, m.vat_category, m.vat_rate, m.currency
    ),
    total AS (
        SELECT t.invoice_id, sum(t.base) AS net, sum(t.vat) AS vat
        FROM taxed AS t
        GROUP BY 1
    ),
    -- of the agreements that a document bills, the shortest; and the order number, if it has one
    payment AS (
        SELECT m.invoice_id, min(g.payment_days) AS payment_days,
            CASE WHEN count(*) = count(m.order_number) AND min(m.order_number) = max(m.order_number) THEN min(m.order_number) END AS order_number
        FROM made AS m
        LEFT JOIN agreement AS g ON g.account_id = m.account_id
        GROUP BY 1
    ),
    -- What waits for better days is not made; but not so long that it is forgotten.
    waiting AS MATERIALIZED (
        SELECT n.invoice_id
        FROM numbered AS n
        JOIN holder AS y ON y.customer_id = n.customer_id AND y.seller_id = n.seller_id
        JOIN total AS t ON t.invoice_id = n.invoice_id
        WHERE NOT invoice_make.now
          AND (y.negative_total = 'wait' AND t.net + t.vat < 0 OR y.zero_total = 'wait' AND t.net + t.vat = 0)
          AND n.period_start > coalesce(as_if, clock_timestamp()::date) - make_interval(months => current_setting('cloudbilling.correction_months')::int - 2)
    ),
    specified AS (
        SELECT max(k.invoice_id) OVER key AS invoice_id, max(k.line_no) OVER key AS line_no, k.dimension_id, k.dimension, k.value, k.amount
        FROM (
            SELECT m.customer_id, m.period_start, m.price_rule_id, m.product_id, m.account_id, m.resource_id, m.tag_value, m.currency,
                m.invoice_id, m.line_no, NULL::int AS dimension_id, NULL AS dimension, NULL AS value, NULL::numeric AS amount
            FROM made AS m
            WHERE m.dimension_id IS NULL
            UNION ALL
            SELECT v.customer_id, v.period_start, v.price_rule_id, v.product_id, v.account_id, v.resource_id, v.tag_value, v.currency,
                NULL, NULL, v.dimension_id, v.dimension, v.value, v.amount
            FROM unnest(by_value) AS v
        ) AS k
        WHERE cardinality(by_value) > 0
        WINDOW key AS (PARTITION BY k.customer_id, k.period_start, k.price_rule_id, k.product_id, k.account_id, k.resource_id,
            k.tag_value, k.currency)
    )
    SELECT
        ARRAY(SELECT ROW(m.*)::invoice_line FROM made AS m WHERE m.invoice_id NOT IN (SELECT w.invoice_id FROM waiting AS w) ORDER BY m.invoice_id, m.line_no),
        ARRAY(SELECT ROW(t.*)::invoice_vat FROM taxed AS t WHERE t.invoice_id NOT IN (SELECT w.invoice_id FROM waiting AS w) ORDER BY t.invoice_id),
        ARRAY(
            SELECT ROW(f.*)::invoice_line_allocation
            FROM specified AS f
            WHERE f.dimension_id IS NOT NULL AND f.invoice_id IS NOT NULL AND f.invoice_id NOT IN (SELECT w.invoice_id FROM waiting AS w)
            ORDER BY f.invoice_id, f.line_no, f.value COLLATE "C"),
        ARRAY(
            SELECT ROW(m.invoice_id, m.period_start, r.currency, r.to_currency, r.rate, r.inverse, r.rate_on, r.per, r.source)::invoice_currency_rate
            FROM (SELECT DISTINCT l.invoice_id, l.customer_id, l.period_start, l.currency FROM made AS l) AS m
            JOIN unnest(rates) AS r ON r.customer_id = m.customer_id AND r.period_start = m.period_start AND r.to_currency = m.currency
            WHERE m.invoice_id NOT IN (SELECT w.invoice_id FROM waiting AS w)
            ORDER BY m.invoice_id, m.period_start, r.currency),
        ARRAY(
            SELECT ROW(n.invoice_id, run, e.seller_id, n.customer_id, NULL, NULL, '',
                CASE WHEN t.net + t.vat < 0 THEN 'credit_note' ELSE 'invoice' END,
                n.period_start, n.period_end, today.day,
                today.day + coalesce(p.payment_days, c.payment_days, e.payment_days), n.currency, t.net, t.vat, t.net + t.vat, '',
                c.language, to_jsonb(e), invoice_addressee(c, n.customer_id, p.order_number), clock_timestamp(), session_user, NULL, NULL, n.dimension_id,
                (SELECT d.name FROM dimension AS d WHERE d.dimension_id = n.dimension_id), n.dimension_value,
                CASE WHEN v.amount IS NOT NULL THEN e.vat_currency END, v.amount, v.exchange_rate, v.exchange_rate_of, v.exchange_rate_on, '', NULL, nullif(y.debtor_id, n.customer_id), y.split_by, n.split_value, y.reseller_id, NULL)::invoice
            FROM numbered AS n
            JOIN holder AS y ON y.customer_id = n.customer_id AND y.seller_id = n.seller_id
            JOIN customer AS c ON c.customer_id = y.debtor_id
            JOIN seller AS e ON e.seller_id = y.seller_id
            JOIN customer_zone AS z ON z.customer_id = n.customer_id
            JOIN total AS t ON t.invoice_id = n.invoice_id
            LEFT JOIN payment AS p ON p.invoice_id = n.invoice_id
            CROSS JOIN LATERAL (SELECT coalesce(as_if, (clock_timestamp() AT TIME ZONE z.time_zone)::date) AS day) AS today
            LEFT JOIN LATERAL (
                SELECT *
                FROM vat_convert(t.vat, n.currency, e.vat_currency, least(n.period_end - 1, today.day))
                WHERE n.currency <> e.vat_currency AND t.vat <> 0
                OFFSET 0  -- asks for a rate only where one is needed
            ) AS v ON true
            WHERE n.invoice_id NOT IN (SELECT w.invoice_id FROM waiting AS w)
            ORDER BY e.seller_id, n.invoice_id)
    INTO lines, vat, allocation, kept, documents;

    SELECT array_agg(ROW(n.invoice_note_id, h.customer_id, n.invoice_id, n.internal, n.note, n.noted_at, n.noted_by)::invoice_note)
    INTO notes
    FROM invoice_note AS n
    CROSS JOIN invoice_holder(n.customer_id) AS h (customer_id)
    WHERE n.invoice_id IS NULL AND h.customer_id IN (SELECT d.customer_id FROM unnest(documents) AS d);

    -- A credit is settled by who makes it.
    IF invoice_make.now THEN
        SELECT c.documents, c.vat INTO documents, vat FROM invoice_credit_vat(documents, vat, lines[1].corrects) AS c;
    ELSE
        SELECT p.documents, p.parts INTO documents, prepaid FROM prepayment_set_off(documents) AS p;
    END IF;

    -- Of all documents at once, in their order.
    bodies := ARRAY(
        SELECT b.body
        FROM unnest(documents) WITH ORDINALITY AS d
        LEFT JOIN invoice_bodies(lines, vat, allocation, kept) AS b ON b.invoice_id = d.invoice_id
        ORDER BY d.ordinality);

    -- Numbers and hashes go one by one, for each hangs on the one before; the
    -- row of the series stays locked until the end of the transaction.
    FOR i IN 1 .. cardinality(documents) LOOP
        document := documents[i];
        IF scheme.seller_id IS DISTINCT FROM document.seller_id THEN
            SELECT * INTO scheme FROM invoice_number_scheme_of(document.seller_id);
        END IF;
        document.series := CASE WHEN document.kind = 'credit_note' AND scheme.credit_note_pattern IS NOT NULL THEN 'credit_note' ELSE '' END;
        document.series_year := invoice_series_year(document.issued_on, scheme.resets, scheme.year_begins);
        IF (series.seller_id, series.series, series.year) IS DISTINCT FROM (document.seller_id, document.series, document.series_year) THEN
            UPDATE invoice_series AS s
            SET last_number = series.last_number, last_hash = series.last_hash
            WHERE s.seller_id = series.seller_id AND s.series = series.series AND s.year = series.year;
            INSERT INTO invoice_series (seller_id, series, year, first_number, last_number, last_hash)
            VALUES (document.seller_id, document.series, document.series_year, scheme.first_number, scheme.first_number - 1, '\x')
            ON CONFLICT DO NOTHING;
            SELECT *
            INTO series
            FROM invoice_series AS s
            WHERE s.seller_id = document.seller_id AND s.series = document.series AND s.year = document.series_year
            FOR UPDATE;
        END IF;
        series.last_number := series.last_number + 1;
        document.series_number := series.last_number;
        document.invoice_number := invoice_number(
            CASE document.series WHEN 'credit_note' THEN scheme.credit_note_pattern ELSE scheme.pattern END,
            document.seller ->> 'series', document.series_number, document.issued_on, scheme.year_begins);
        -- notes stand on the first of a customer's documents
        IF notes IS NOT NULL THEN
            document.note := (
                SELECT string_agg(n.note, E'\n' ORDER BY n.invoice_note_id)
                FROM unnest(notes) AS n
                WHERE n.customer_id = document.customer_id AND NOT n.internal AND n.invoice_id IS NULL);
            notes := ARRAY(
                SELECT ROW(n.invoice_note_id, n.customer_id,
                    CASE WHEN n.customer_id = document.customer_id THEN coalesce(n.invoice_id, document.invoice_id) ELSE n.invoice_id END,
                    n.internal, n.note, n.noted_at, n.noted_by)::invoice_note
                FROM unnest(notes) AS n);
        END IF;
        document.payment_reference := payment_reference(document.invoice_number);
        document.previous_hash := series.last_hash;
        document.hash := sha256(convert_to(invoice_content(document, bodies[i]), 'UTF8'));
        series.last_hash := document.hash;
        documents[i] := document;
    END LOOP;
    UPDATE invoice_series AS s
    SET last_number = series.last_number, last_hash = series.last_hash
    WHERE s.seller_id = series.seller_id AND s.series = series.series AND s.year = series.year;

    INSERT INTO invoice OVERRIDING SYSTEM VALUE SELECT * FROM unnest(documents);
    INSERT INTO invoice_line SELECT * FROM unnest(lines);
    INSERT INTO invoice_vat SELECT * FROM unnest(vat);
    INSERT INTO invoice_line_allocation SELECT * FROM unnest(allocation);
    INSERT INTO invoice_currency_rate SELECT * FROM unnest(kept);
    IF prepaid IS NOT NULL THEN
        INSERT INTO payment_part (payment_id, credit_note_id, invoice_id, amount, prepaid)
        SELECT p.payment_id, p.credit_note_id, p.invoice_id, p.amount, p.prepaid FROM unnest(prepaid) AS p;
    END IF;
    UPDATE invoice_note AS n
    SET invoice_id = k.invoice_id
    FROM unnest(notes) AS k
    WHERE n.invoice_note_id = k.invoice_note_id AND k.invoice_id IS NOT NULL;
    IF EXISTS (SELECT FROM purchase_order) THEN
        PERFORM purchase_order_check(ARRAY(SELECT d.invoice_id FROM unnest(documents) AS d));
    END IF;
    RETURN cardinality(documents);
END
$$;

COMMENT ON FUNCTION invoice_make(invoice_due[], invoice_line_value[], charge_converted[], int, date, boolean) IS 'makes, numbers and freezes the documents of what is due; gives their number';

-- Finalises what is due for the customers first to last, or for those of them that are
-- listed, or of it only lines that were entered by hand, by their resources; what waits
-- for approval is proposed, or is what is finalised.  Gives the number of documents.
-- As if it were another day it does so for previews, which are rolled back.
CREATE OR REPLACE FUNCTION invoice_finalise(first int, last int, until date, run int DEFAULT NULL, customers int[] DEFAULT NULL,
    approval int DEFAULT NULL, entries text[] DEFAULT NULL, as_if date DEFAULT NULL)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 0
SET cloudbilling.as_of = ''
SET cloudbilling.price_rules = ''
SET cloudbilling.period_first = ''
SET cloudbilling.period_last = ''
SET cloudbilling.invoice_until = ''
SET cloudbilling.grain = 'month'
AS $$
DECLARE
    due        invoice_due[];
    by_value   invoice_line_value[];
    rates      charge_converted[];
    apart      invoice_due[];
    sold_on    invoice_due[];
BEGIN
    IF num_nulls(first, last, until) > 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'invoice_finalise needs the first and the last customer and a day',
            HINT = 'For example: SELECT cloudbilling.invoice_finalise(1, 100, ''2026-11-01'')';
    END IF;
    PERFORM invoice_isolation_check();

    -- A run at the same time waits here, and then finds nothing left to bill.
    -- Sellers come first, in order: whoever holds a customer then also holds the
    -- series that his documents are numbered in, and never waits in a circle.
    PERFORM seller_lock(ARRAY(SELECT i.seller_id FROM invoice_seller(first, last) AS i));
    -- Documents with sections are made with all who are on them.
    IF entries IS NULL THEN
        customers := invoice_together(first, last, customers, until);
        first := least(first, (SELECT min(c) FROM unnest(customers) AS c));
        last := greatest(last, (SELECT max(c) FROM unnest(customers) AS c));
    END IF;
    PERFORM FROM customer AS c
    WHERE c.customer_id BETWEEN first AND last AND (customers IS NULL OR c.customer_id = ANY (customers))
    ORDER BY c.customer_id
    FOR NO KEY UPDATE;
    PERFORM set_config('cloudbilling.customer_first', first::text, true);
    PERFORM set_config('cloudbilling.customer_last', last::text, true);

    -- fees of months to come
    IF as_if IS NOT NULL THEN
        PERFORM set_config('cloudbilling.period_last', date_trunc('month', as_if::timestamp)::date::text, true);
    END IF;
    -- What may be invoiced only later is left out of lines that may be now.
    PERFORM set_config('cloudbilling.invoice_until', least(until, coalesce(as_if, min((clock_timestamp() AT TIME ZONE z.time_zone)::date)))::text, true)
    FROM customer_zone AS z
    WHERE z.customer_id BETWEEN first AND last;

    -- One statement, so that all are of the same deliveries, rules and rates.
    SELECT g.due, ARRAY(SELECT s FROM invoice_specification(g.due) AS s), ARRAY(SELECT r FROM invoice_rates(until) AS r)
    INTO due, by_value, rates
    FROM (
        SELECT array_agg(d) AS due
        FROM invoice_due AS d
        JOIN customer_zone AS z ON z.customer_id = d.customer_id
        JOIN price_rule AS r ON r.price_rule_id = d.price_rule_id
        WHERE coalesce(d.invoice_on, d.period_end) <= least(until, coalesce(as_if, (clock_timestamp() AT TIME ZONE z.time_zone)::date))
          AND (d.amount <> 0 OR d.revision = 0 AND d.due_before = 0 AND r.show_zero)
          AND (entries IS NULL OR d.resource_id = ANY (entries) AND d.account_id IN (SELECT a.account_id FROM agreement AS a WHERE a.by_hand))
          -- what resellers sell goes with what they buy
          AND (customers IS NULL OR CASE WHEN d.reseller_id IS NULL THEN d.customer_id ELSE customer_top_buyer(d.customer_id) END = ANY (customers))
          -- long ago billed periods rest, with all their lines
          AND (entries IS NOT NULL
            OR d.period_start >= until - make_interval(months => current_setting('cloudbilling.correction_months')::int)
            OR NOT EXISTS (SELECT FROM invoice_line AS l WHERE l.customer_id = d.customer_id AND l.period_start = d.period_start))
    ) AS g;

    -- What needs approval, and what has it.
    IF approval IS NOT NULL THEN
        due := (
            SELECT array_agg(d)
            FROM unnest(due) AS d
            JOIN invoice_approval AS p ON p.customer_id = invoice_holder(d.customer_id) AND p.currency = d.currency::bpchar
            WHERE p.invoice_approval_id = approval);
    ELSIF EXISTS (SELECT FROM approval_policy) OR EXISTS (SELECT FROM invoice_approval AS p WHERE p.decision IS NULL) THEN
        due := invoice_propose(due, ARRAY(
            SELECT c.customer_id
            FROM customer AS c
            WHERE c.customer_id BETWEEN first AND last AND (customers IS NULL OR c.customer_id = ANY (customers))), until, run);
    END IF;

    -- Policies of customers: few have one.  They are about what the seller invoices.
    IF entries IS NULL AND EXISTS (SELECT FROM correction_policy AS p WHERE p.customer_id BETWEEN first AND last) THEN
        sold_on := ARRAY(SELECT d FROM unnest(due) AS d WHERE d.reseller_id IS NOT NULL);
        IF cardinality(sold_on) > 0 THEN
            due := ARRAY(SELECT d FROM unnest(due) AS d WHERE d.reseller_id IS NULL);
        END IF;
        SELECT a.due, a.apart INTO due, apart FROM correction_policy_apply(due, until, run) AS a;
        IF cardinality(sold_on) > 0 THEN
            due := coalesce(due, '{}') || sold_on;
        END IF;
    END IF;
    RETURN invoice_make(due, by_value, rates, run, as_if) + invoice_make(apart, by_value, rates, run, as_if);
END
$$;

COMMENT ON FUNCTION invoice_finalise(int, int, date, int, int[], int, text[], date) IS 'finalises what is due for a range of customers, or for those of it that are listed, or of it some lines that were entered by hand, but for what waits for approval; gives the number of documents';
