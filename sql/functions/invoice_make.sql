-- Makes documents of what is due: what goes on which, their lines, their VAT and totals,
-- then numbered and chained, and then written.
--
-- All is done for many customers at once, so it is done with values, by plans that do
-- not depend on how many there are (array_rows), and what many lines share is asked once.
-- Plans are kept, so tables are looked up by their keys, also where they were small or
-- empty when the plan was made (enable_seqscan).

-- What all lines of a rule and product say, and where they stand.
CREATE OR REPLACE FUNCTION invoice_kinds(due invoice_due[], OUT kinds invoice_kind[], OUT places int[])
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    alike invoice_due[];
BEGIN
    SELECT g.places, g.groups INTO places, alike FROM array_group(due, '{price_rule_id,product_id,effect}') AS g;
    kinds := ARRAY(
        SELECT ROW(r.measure, r.pricing,
            CASE p.kind WHEN 'all' THEN r.name ELSE coalesce(s.name, p.name) END,
            r.invoice_text,
            CASE WHEN k.effect = 'set' AND p.kind = 'sku' THEN p.name ELSE r.name END,
            CASE WHEN NOT measure_is_money(r.measure) AND r.per <> 'charge' AND jsonb_strip_nulls(u.price) - '{model,unit_price}'::text[] = '{}'
                THEN (u.price ->> 'unit_price')::numeric END,
            rank() OVER (ORDER BY effect_order(k.effect), s.name IS NULL, coalesce(s.name, p.name), k.price_rule_id, p.name),
            dense_rank() OVER (ORDER BY r.tax_category, r.supply, r.tax_exemption))::invoice_kind
        -- there always is one: by left joins the planner does not take that for rare
        FROM array_rows(alike) WITH ORDINALITY AS k
        LEFT JOIN price_rule AS r ON r.price_rule_id = k.price_rule_id
        LEFT JOIN product AS p ON p.product_id = k.product_id
        LEFT JOIN product AS s ON s.product_id = p.path[3]
        CROSS JOIN LATERAL (SELECT r.pricing::jsonb AS price OFFSET 0) AS u
        ORDER BY k.ordinality);
END
$$;

COMMENT ON FUNCTION invoice_kinds(invoice_due[]) IS 'what all lines in the making of a rule and a product say, and for each line the place of its kind';

-- What goes on which document.
--
-- A document for each period that has none yet; differences of periods that
-- have one go with the latest of these, or else make a document of their own.
-- Each value of a dimension that is billed by itself has documents of its own,
-- and so has what is billed as a whole.  What is billed before its period ends
-- goes as differences do, and is not what the period was billed by.
-- What is outside the VAT of the EU may not stand on one document with what is
-- inside (EN 16931, BR-O-11), and has documents of its own, too.
CREATE OR REPLACE FUNCTION invoice_groups(due invoice_due[], kinds invoice_kind[], kind_places int[], now boolean,
    OUT groups invoice_group[], OUT places int[], OUT totals numeric[], OUT heads invoice_head[])
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    parties invoice_party[];
    alike   invoice_due[];
    apart   int[];
BEGIN
    -- Lines that nothing tells apart, as far as they and their rules say.
    SELECT g.places, g.groups, g.totals
    INTO places, alike, totals
    FROM array_group(due, '{customer_id,reseller_id,period_start,period_end,currency,invoice_on,corrects,dimension_id,dimension_value}',
        array_pick(ARRAY(SELECT k.tax FROM array_rows(kinds) WITH ORDINALITY AS k ORDER BY k.ordinality), kind_places), 'amount') AS g;

    -- Who has a policy of documents: few.
    parties := ARRAY(
        SELECT ROW(k.customer_id, k.reseller_id, coalesce(s.seller_id, c.seller_id),
            CASE WHEN h.holder_id <> k.customer_id THEN h.holder_id
                WHEN o.bill_to_parent AND k.reseller_id IS NULL THEN invoice_debtor(k.customer_id) ELSE k.customer_id END,
            h.holder_id, CASE WHEN h.holder_id <> k.customer_id THEN c.name || ' (' || c.number || ')' END,
            p.split_by, p.zero_total, p.negative_total, c.order_number)::invoice_party
        FROM (SELECT DISTINCT d.customer_id, d.reseller_id FROM array_rows(alike) AS d) AS k
        JOIN customer AS c ON c.customer_id = k.customer_id
        LEFT JOIN reseller AS s ON s.customer_id = k.reseller_id
        LEFT JOIN invoice_policy AS o ON o.customer_id = k.customer_id
        -- a credit stands on a document of whose it credits
        CROSS JOIN LATERAL (
            SELECT coalesce(CASE WHEN invoice_groups.now THEN (SELECT i.customer_id FROM invoice AS i WHERE i.invoice_id = (invoice_groups.due[1]).corrects)
                WHEN o.bill_to_parent AND k.reseller_id IS NULL THEN invoice_holder(k.customer_id) END, k.customer_id) AS holder_id
        ) AS h
        LEFT JOIN invoice_policy AS p ON p.customer_id = h.holder_id);

    -- Where documents are split, accounts tell lines apart, and in months that have
    -- documents there is something to look up, line by line.
    apart := ARRAY(
        SELECT CASE WHEN m.touched THEN 2 WHEN y.customer_id IS NOT NULL THEN 1 ELSE 0 END
        FROM array_rows(alike) WITH ORDINALITY AS d
        LEFT JOIN (SELECT y.customer_id FROM array_rows(parties) AS y WHERE y.split_by IS NOT NULL GROUP BY 1) AS y ON y.customer_id = d.customer_id
        LEFT JOIN LATERAL (
            SELECT true AS touched FROM invoice_line AS l WHERE l.customer_id = d.customer_id AND l.period_start = d.period_start LIMIT 1
        ) AS m ON true
        ORDER BY d.ordinality);
    IF 1 = ANY (apart) OR 2 = ANY (apart) THEN
        SELECT g.places, g.groups, g.totals
        INTO places, alike, totals
        FROM array_group(due, '{}', ARRAY(
            SELECT n.place
            FROM (
                SELECT d.ordinality, dense_rank() OVER (ORDER BY p.place, CASE apart[p.place] WHEN 2 THEN d.ordinality WHEN 1 THEN d.account_id END)::int AS place
                FROM ROWS FROM (array_rows(invoice_groups.due), array_rows(places)) WITH ORDINALITY AS d
                CROSS JOIN LATERAL (SELECT d.array_rows AS place) AS p
            ) AS n
            ORDER BY n.ordinality), 'amount') AS g;
    END IF;

    WITH
    -- Whose documents they are.
    holder AS MATERIALIZED (
        SELECT DISTINCT y.holder_id AS customer_id, y.reseller_id, y.seller_id, y.debtor_id, y.split_by, y.zero_total, y.negative_total
        FROM array_rows(parties) AS y
    ),
    line AS MATERIALIZED (
        SELECT d.ordinality::int AS place, d.*, r.tax_category, r.supply, r.tax_exemption, m.touched
        FROM array_rows(alike) WITH ORDINALITY AS d
        LEFT JOIN price_rule AS r ON r.price_rule_id = d.price_rule_id
        LEFT JOIN LATERAL (
            SELECT true AS touched FROM invoice_line AS l WHERE l.customer_id = d.customer_id AND l.period_start = d.period_start LIMIT 1
        ) AS m ON true
    ),
    priced AS MATERIALIZED (
        SELECT d.place, d.customer_id, d.reseller_id, d.period_start, d.period_end, d.currency, d.invoice_on, d.dimension_id, d.dimension_value,
            d.tax_category, d.supply, d.tax_exemption,
            y.debtor_id, y.holder_id, y.section, y.seller_id, y.split_by, y.negative_total, y.order_number,
            CASE WHEN y.split_by IS NOT NULL THEN invoice_split(y.split_by, d.customer_id, d.account_id) END AS split_value,
            CASE WHEN d.invoice_on IS NULL THEN b.invoice_id ELSE d.corrects END AS billed_by,
            coalesce(d.invoice_on, d.period_end - 1) AS supplied_on,
            t.vat_category, t.vat_rate, t.vat_country, t.vat_exemption
        FROM line AS d
        -- there always is one: by left joins the planner does not take that for rare
        LEFT JOIN array_rows(parties) AS y ON y.customer_id = d.customer_id AND y.reseller_id IS NOT DISTINCT FROM d.reseller_id
        LEFT JOIN LATERAL (
            SELECT max(l.invoice_id) AS invoice_id
            FROM invoice_line AS l
            WHERE d.touched AND l.customer_id = d.customer_id AND l.period_start = d.period_start AND l.currency = d.currency
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
            JOIN price_rule AS k ON k.price_rule_id = x.price_rule_id
            WHERE d.touched AND x.customer_id = d.customer_id AND x.period_start = d.period_start
              AND k.tax_category = d.tax_category AND k.supply = d.supply AND k.tax_exemption IS NOT DISTINCT FROM d.tax_exemption
              AND (x.invoice_on IS NULL) = (d.invoice_on IS NULL)
              AND k.reseller_id IS NOT DISTINCT FROM d.reseller_id
            ORDER BY x.price_rule_id = d.price_rule_id AND x.product_id = d.product_id
              AND x.account_id IS NOT DISTINCT FROM d.account_id
              AND x.resource_id IS NOT DISTINCT FROM d.resource_id
              AND x.tag_value IS NOT DISTINCT FROM d.tag_value AND x.currency = d.currency DESC,
              x.dimension_id IS NOT DISTINCT FROM d.dimension_id AND x.dimension_value IS NOT DISTINCT FROM d.dimension_value DESC,
              x.invoice_id DESC, x.line_no
            LIMIT 1
        ) AS t ON true
    ),
    -- Asked once for all lines of a kind and customers of whom the same is known, and only
    -- where there is nothing to correct.
    party AS MATERIALIZED (
        SELECT k.*, customer_vat_facts(c, e, k.tax_category, k.supply) AS facts
        FROM (
            SELECT DISTINCT p.debtor_id, p.seller_id, p.supplied_on, p.tax_category, p.supply, p.tax_exemption
            FROM priced AS p
            WHERE p.vat_category IS NULL
        ) AS k
        LEFT JOIN customer AS c ON c.customer_id = k.debtor_id
        LEFT JOIN seller AS e ON e.seller_id = k.seller_id
    ),
    taxing AS MATERIALIZED (
        SELECT k.*, v.category, v.rate, v.country, v.exemption, v.why
        FROM (
            SELECT p.seller_id, p.supplied_on, p.tax_category, p.supply, p.tax_exemption, p.facts, min(p.debtor_id) AS one_id
            FROM party AS p
            GROUP BY 1, 2, 3, 4, 5, 6
            ORDER BY one_id, 1, 2, 3, 4, 5
        ) AS k
        CROSS JOIN LATERAL customer_vat(k.one_id, k.tax_category, k.supplied_on, k.supply, k.tax_exemption, k.seller_id) AS v
    ),
    taxed AS MATERIALIZED (
        SELECT p.*, p.billed_by IS NULL AND p.invoice_on IS NULL AND p.negative_total IS DISTINCT FROM 'wait' AS is_fresh,
            coalesce(p.vat_category, t.category) = 'O' AS outside, coalesce(p.vat_category, t.category) AS category,
            coalesce(p.vat_rate, t.rate) AS rate, coalesce(p.vat_country, t.country) AS country,
            coalesce(p.vat_exemption, t.exemption) AS exemption, t.why
        FROM priced AS p
        LEFT JOIN party AS k
            ON p.vat_category IS NULL
            AND k.debtor_id = p.debtor_id
            AND k.seller_id = p.seller_id
            AND k.supplied_on = p.supplied_on
            AND k.tax_category = p.tax_category
            AND k.supply = p.supply
            AND k.tax_exemption IS NOT DISTINCT FROM p.tax_exemption
        LEFT JOIN taxing AS t
            ON t.seller_id = k.seller_id
            AND t.supplied_on = k.supplied_on
            AND t.tax_category = k.tax_category
            AND t.supply = k.supply
            AND t.tax_exemption IS NOT DISTINCT FROM k.tax_exemption
            AND t.facts = k.facts
    ),
    fresh AS MATERIALIZED (
        SELECT l.holder_id AS customer_id, l.reseller_id, l.currency, l.outside, l.split_value, l.dimension_id, l.dimension_value, l.period_start, l.period_end,
            max(l.period_start) OVER (PARTITION BY l.holder_id, l.reseller_id, l.currency, l.outside, l.split_value, l.dimension_id, l.dimension_value) AS last_period
        FROM taxed AS l
        WHERE l.is_fresh
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    ),
    head AS (
        SELECT f.customer_id, f.reseller_id, f.currency, f.outside, f.split_value, f.dimension_id, f.dimension_value, f.period_start, f.period_end, f.period_start AS line_period,
            f.period_start = f.last_period AS takes_corrections
        FROM fresh AS f
        UNION ALL
        SELECT l.holder_id, l.reseller_id, l.currency, l.outside, l.split_value, l.dimension_id, l.dimension_value, min(l.period_start), max(l.period_end), NULL, true
        FROM taxed AS l
        WHERE NOT EXISTS (
            SELECT
            FROM fresh AS f
            WHERE f.customer_id = l.holder_id AND f.reseller_id IS NOT DISTINCT FROM l.reseller_id AND f.currency = l.currency AND f.outside = l.outside
              AND f.split_value IS NOT DISTINCT FROM l.split_value
              AND f.dimension_id IS NOT DISTINCT FROM l.dimension_id AND f.dimension_value IS NOT DISTINCT FROM l.dimension_value)
        GROUP BY 1, 2, 3, 4, 5, 6, 7
    ),
    numbered AS MATERIALIZED (
        SELECT h.*, nextval('invoice_invoice_id_seq')::int AS invoice_id
        FROM (
            SELECT *
            FROM head
            ORDER BY customer_id, period_start, currency, outside, split_value COLLATE "C" NULLS FIRST, dimension_id NULLS FIRST, dimension_value COLLATE "C",
                reseller_id NULLS FIRST
        ) AS h
    ),
    found AS MATERIALIZED (
        SELECT l.place, n.invoice_id, l.billed_by, l.order_number, l.category, l.rate, l.country, l.exemption, l.why, l.section
        FROM taxed AS l
        LEFT JOIN numbered AS n
            ON n.customer_id = l.holder_id
            AND n.reseller_id IS NOT DISTINCT FROM l.reseller_id
            AND n.currency = l.currency
            AND n.outside = l.outside
            AND n.split_value IS NOT DISTINCT FROM l.split_value
            AND n.dimension_id IS NOT DISTINCT FROM l.dimension_id
            AND n.dimension_value IS NOT DISTINCT FROM l.dimension_value
            AND CASE WHEN l.is_fresh THEN n.line_period = l.period_start ELSE n.takes_corrections END
    )
    SELECT
        ARRAY(SELECT ROW(f.invoice_id, f.billed_by, f.order_number, f.category, f.rate, f.country, f.exemption, f.why, f.section)::invoice_group FROM found AS f ORDER BY f.place),
        ARRAY(
            SELECT ROW(n.invoice_id, n.customer_id, n.reseller_id, y.seller_id, y.debtor_id, n.currency, n.period_start, n.period_end,
                n.dimension_id, n.dimension_value, y.split_by, n.split_value, y.zero_total, y.negative_total)::invoice_head
            FROM numbered AS n
            LEFT JOIN holder AS y ON y.customer_id = n.customer_id AND y.reseller_id IS NOT DISTINCT FROM n.reseller_id)
    INTO groups, heads;
END
$$;

COMMENT ON FUNCTION invoice_groups(invoice_due[], invoice_kind[], int[], boolean) IS 'what of what is due goes on which document, with which VAT: gives documents their keys, groups with their totals, and for each line the place of its group';

-- Lines of what is due, of what their groups, kinds and accounts say, and fees; each line
-- has the number of its own.
CREATE OR REPLACE FUNCTION invoice_lines_make(due invoice_due[], groups invoice_group[], places int[], kinds invoice_kind[], kind_places int[],
    accounts invoice_account[], account_places int[], fees invoice_fee[])
RETURNS invoice_line[]
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION invoice_lines_make(invoice_due[], invoice_group[], int[], invoice_kind[], int[], invoice_account[], int[], invoice_fee[]) IS 'lines of documents in the making, in their order, of what is known of each';

-- What lines say of the agreements that they bill.
CREATE OR REPLACE FUNCTION invoice_fees(due invoice_due[])
RETURNS invoice_fee[]
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM agreement) THEN
        RETURN ARRAY[]::invoice_fee[];
    END IF;
    RETURN ARRAY(
        WITH
        line AS MATERIALIZED (
            SELECT d.ordinality::int AS line, d.account_id, d.resource_id, d.period_start,
                d.invoice_on IS NOT NULL AND d.corrects IS NULL AND d.revision > 0 AS goes_on
            FROM array_rows(invoice_fees.due) WITH ORDINALITY AS d
            WHERE d.account_id IS NOT NULL AND d.resource_id IS NOT NULL
        ),
        -- The price that was agreed, where it is one for each unit.
        item AS MATERIALIZED (
            SELECT g.account_id, agreement_resource(g.number, i.number) AS resource_id, i.description,
                CASE WHEN u.price - '{model,unit_price}'::text[] = '{}' AND (u.price ->> 'unit_price')::numeric >= 0
                    THEN (u.price ->> 'unit_price')::numeric END AS unit_price
            FROM (SELECT DISTINCT l.account_id FROM line AS l) AS a
            JOIN agreement AS g ON g.account_id = a.account_id
            JOIN agreement_item AS i ON i.agreement_id = g.agreement_id
            CROSS JOIN LATERAL (SELECT i.pricing::jsonb AS price OFFSET 0) AS u
        )
        SELECT ROW(l.line, i.description, i.unit_price, v.service_start, v.service_end)::invoice_fee
        FROM line AS l
        LEFT JOIN item AS i ON i.account_id = l.account_id AND i.resource_id = l.resource_id
        LEFT JOIN invoice_service(invoice_fees.due) AS v
            ON v.account_id = l.account_id
            AND v.resource_id = l.resource_id
            AND v.period_start = l.period_start
            AND v.goes_on = l.goes_on
        WHERE i.account_id IS NOT NULL OR v.account_id IS NOT NULL
    );
END
$$;

COMMENT ON FUNCTION invoice_fees(invoice_due[]) IS 'what lines in the making say of the agreements that they bill';

-- What lines of a group say of an account, and so their document.
CREATE OR REPLACE FUNCTION invoice_accounts(due invoice_due[], groups invoice_group[], group_places int[], OUT accounts invoice_account[], OUT places int[])
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    alike  invoice_due[];
    firsts int[];
BEGIN
    SELECT g.places, g.groups, g.firsts INTO places, alike, firsts FROM array_group(due, '{account_id}', group_places) AS g;
    accounts := ARRAY(
        SELECT ROW(coalesce(a.sub_account_name, a.sub_account_id, a.billing_account_name, a.billing_account_id),
            coalesce(g.order_number, m.order_number), m.invoice_id, g.payment_days)::invoice_account
        FROM ROWS FROM (array_rows(alike), array_rows(firsts)) WITH ORDINALITY AS k
        LEFT JOIN array_rows(groups) WITH ORDINALITY AS m ON m.ordinality = group_places[k.array_rows]
        LEFT JOIN account AS a ON a.account_id = k.account_id
        LEFT JOIN agreement AS g ON g.account_id = k.account_id
        ORDER BY k.ordinality);
END
$$;

COMMENT ON FUNCTION invoice_accounts(invoice_due[], invoice_group[], int[]) IS 'what lines in the making of a group say of an account, and for each line the place of that';

-- VAT of documents, on the total of each category and rate.
CREATE OR REPLACE FUNCTION invoice_vats(groups invoice_group[], totals numeric[], heads invoice_head[])
RETURNS invoice_vat[]
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
    RETURN ARRAY(
        WITH
        why AS MATERIALIZED (
            SELECT h.debtor_id, h.seller_id, g.vat_category, g.vat_rate, string_agg(DISTINCT g.why, '; ') AS why
            FROM array_rows(groups) AS g
            JOIN array_rows(heads) AS h ON h.invoice_id = g.invoice_id
            WHERE g.why IS NOT NULL
            GROUP BY 1, 2, 3, 4
        )
        SELECT ROW(p.invoice_id, p.vat_category, p.vat_rate, sum(p.array_rows), currency_round(sum(p.array_rows) * p.vat_rate / 100, h.currency),
            CASE WHEN count(DISTINCT coalesce(p.vat_exemption, '')) = 1 AND min(p.vat_exemption) ~ '^VATEX-' THEN min(p.vat_exemption) END,
            string_agg(DISTINCT vat_exemption_text(p.vat_category, p.vat_exemption, p.vat_country = e.country, c.language), ' '),
            coalesce(min(w.why), 'as on the documents that are corrected'))::invoice_vat
        FROM ROWS FROM (array_rows(groups), array_rows(totals)) AS p
        JOIN array_rows(heads) AS h ON h.invoice_id = p.invoice_id
        JOIN customer AS c ON c.customer_id = h.debtor_id
        JOIN seller AS e ON e.seller_id = h.seller_id
        LEFT JOIN why AS w ON w.debtor_id = h.debtor_id AND w.seller_id = h.seller_id AND w.vat_category = p.vat_category AND w.vat_rate = p.vat_rate
        GROUP BY p.invoice_id, p.vat_category, p.vat_rate, h.currency
        ORDER BY p.invoice_id
    );
END
$$;

COMMENT ON FUNCTION invoice_vats(invoice_group[], numeric[], invoice_head[]) IS 'VAT breakdown of documents in the making';

-- Documents without their numbers, in the order in which they get them.
CREATE OR REPLACE FUNCTION invoice_documents(accounts invoice_account[], vat invoice_vat[], heads invoice_head[], run int, as_if date)
RETURNS invoice[]
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
    RETURN ARRAY(
        WITH
        total AS MATERIALIZED (
            SELECT v.invoice_id, sum(v.base) AS net, sum(v.vat) AS vat
            FROM array_rows(vat) AS v
            GROUP BY 1
        ),
        -- of the agreements that a document bills, the shortest; and the order number, if it has one
        payment AS MATERIALIZED (
            SELECT a.invoice_id, min(a.payment_days) AS payment_days,
                CASE WHEN count(*) = count(a.order_number) AND min(a.order_number) = max(a.order_number) THEN min(a.order_number) END AS order_number
            FROM array_rows(accounts) AS a
            GROUP BY 1
        ),
        -- what documents say of a seller, once for all of his
        entity AS MATERIALIZED (
            SELECT e.seller_id, e.payment_days, e.vat_currency, to_jsonb(e) AS party
            FROM (SELECT DISTINCT h.seller_id FROM array_rows(heads) AS h) AS k
            JOIN seller AS e ON e.seller_id = k.seller_id
        )
        SELECT ROW(h.invoice_id, run, e.seller_id, h.customer_id, NULL, NULL, '',
            CASE WHEN t.net + t.vat < 0 THEN 'credit_note' ELSE 'invoice' END,
            h.period_start, h.period_end, today.day,
            today.day + coalesce(p.payment_days, c.payment_days, e.payment_days), h.currency, t.net, t.vat, t.net + t.vat, '',
            c.language, e.party, invoice_addressee(c, h.customer_id, p.order_number), clock_timestamp(), session_user, NULL, NULL, h.dimension_id,
            n.name, h.dimension_value,
            CASE WHEN v.amount IS NOT NULL THEN e.vat_currency END, v.amount, v.exchange_rate, v.exchange_rate_of, v.exchange_rate_on, '', NULL,
            nullif(h.debtor_id, h.customer_id), h.split_by, h.split_value, h.reseller_id, NULL)::invoice
        FROM array_rows(heads) AS h
        JOIN total AS t ON t.invoice_id = h.invoice_id
        JOIN customer AS c ON c.customer_id = h.debtor_id
        JOIN entity AS e ON e.seller_id = h.seller_id
        JOIN customer_zone AS z ON z.customer_id = h.customer_id
        LEFT JOIN payment AS p ON p.invoice_id = h.invoice_id
        LEFT JOIN dimension AS n ON n.dimension_id = h.dimension_id
        CROSS JOIN LATERAL (SELECT coalesce(as_if, (clock_timestamp() AT TIME ZONE z.time_zone)::date) AS day) AS today
        LEFT JOIN LATERAL (
            SELECT *
            FROM vat_convert(t.vat, h.currency, e.vat_currency, least(h.period_end - 1, today.day))
            WHERE h.currency <> e.vat_currency AND t.vat <> 0
            OFFSET 0  -- asks for a rate only where one is needed
        ) AS v ON true
        ORDER BY e.seller_id, h.invoice_id
    );
END
$$;

COMMENT ON FUNCTION invoice_documents(invoice_account[], invoice_vat[], invoice_head[], int, date) IS 'documents in the making, without numbers, in the order in which they get them';

-- Keys of documents that wait for better days, which is not so long that it is forgotten.
CREATE OR REPLACE FUNCTION invoice_waiting(vat invoice_vat[], heads invoice_head[], as_if date)
RETURNS int[]
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
    RETURN ARRAY(
        SELECT h.invoice_id
        FROM array_rows(heads) AS h
        JOIN array_rows(vat) AS v ON v.invoice_id = h.invoice_id
        WHERE 'wait' IN (h.negative_total, h.zero_total)
          AND h.period_start > coalesce(as_if, clock_timestamp()::date) - make_interval(months => current_setting('cloudbilling.correction_months')::int - 2)
        GROUP BY h.invoice_id, h.negative_total, h.zero_total
        HAVING h.negative_total = 'wait' AND sum(v.base + v.vat) < 0 OR h.zero_total = 'wait' AND sum(v.base + v.vat) = 0
    );
END
$$;

COMMENT ON FUNCTION invoice_waiting(invoice_vat[], invoice_head[], date) IS 'documents in the making that wait, by the policies of their customers';

-- What lines are by the values of a dimension.
CREATE OR REPLACE FUNCTION invoice_line_allocations(lines invoice_line[], by_value invoice_line_value[])
RETURNS invoice_line_allocation[]
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF coalesce(cardinality(by_value), 0) = 0 THEN
        RETURN ARRAY[]::invoice_line_allocation[];
    END IF;
    RETURN ARRAY(
        SELECT ROW(f.invoice_id, f.line_no, f.dimension_id, f.dimension, f.value, f.amount)::invoice_line_allocation
        FROM (
            SELECT max(k.invoice_id) OVER key AS invoice_id, max(k.line_no) OVER key AS line_no, k.dimension_id, k.dimension, k.value, k.amount
            FROM (
                SELECT l.customer_id, l.period_start, l.price_rule_id, l.product_id, l.account_id, l.resource_id, l.tag_value, l.currency,
                    l.invoice_id, l.line_no, NULL::int AS dimension_id, NULL AS dimension, NULL AS value, NULL::numeric AS amount
                FROM array_rows(lines) AS l
                WHERE l.dimension_id IS NULL
                UNION ALL
                SELECT v.customer_id, v.period_start, v.price_rule_id, v.product_id, v.account_id, v.resource_id, v.tag_value, v.currency,
                    NULL, NULL, v.dimension_id, v.dimension, v.value, v.amount
                FROM array_rows(by_value) AS v
            ) AS k
            WINDOW key AS (PARTITION BY k.customer_id, k.period_start, k.price_rule_id, k.product_id, k.account_id, k.resource_id,
                k.tag_value, k.currency)
        ) AS f
        WHERE f.dimension_id IS NOT NULL AND f.invoice_id IS NOT NULL
        ORDER BY f.invoice_id, f.line_no, f.value COLLATE "C"
    );
END
$$;

COMMENT ON FUNCTION invoice_line_allocations(invoice_line[], invoice_line_value[]) IS 'what lines of documents in the making are by the values of a dimension';

-- What costs of documents were converted with.
CREATE OR REPLACE FUNCTION invoice_currency_rates(lines invoice_line[], rates charge_converted[])
RETURNS invoice_currency_rate[]
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF coalesce(cardinality(rates), 0) = 0 THEN
        RETURN ARRAY[]::invoice_currency_rate[];
    END IF;
    RETURN ARRAY(
        SELECT ROW(m.invoice_id, m.period_start, r.currency, r.to_currency, r.rate, r.inverse, r.rate_on, r.per, r.source)::invoice_currency_rate
        FROM array_group(lines, '{invoice_id,customer_id,period_start,currency}') AS k
        CROSS JOIN LATERAL array_rows(k.groups) AS m
        JOIN array_rows(rates) AS r ON r.customer_id = m.customer_id AND r.period_start = m.period_start AND r.to_currency = m.currency
        ORDER BY m.invoice_id, m.period_start, r.currency
    );
END
$$;

COMMENT ON FUNCTION invoice_currency_rates(invoice_line[], charge_converted[]) IS 'what costs of documents in the making were converted with';

-- Documents that are numbered now, of which some were made before a day began where their
-- customers are: they are issued today.
CREATE OR REPLACE FUNCTION invoice_issued(INOUT documents invoice[])
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    late record;
BEGIN
    FOR late IN
        SELECT d.ordinality AS place, (clock_timestamp() AT TIME ZONE z.time_zone)::date - d.issued_on AS days
        FROM array_rows(invoice_issued.documents) WITH ORDINALITY AS d
        JOIN customer_zone AS z ON z.customer_id = d.customer_id
    LOOP
        IF late.days > 0 THEN
            documents[late.place].issued_on := documents[late.place].issued_on + late.days;
            documents[late.place].due_on := documents[late.place].due_on + late.days;
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION invoice_issued(invoice[]) IS 'documents in the making with the day on which they are numbered as their day of issue';

-- Notes to customers stand on the first of their documents, and all notes for the next
-- document are of it.
CREATE OR REPLACE FUNCTION invoice_noted(INOUT documents invoice[], OUT notes invoice_note[])
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    noted record;
BEGIN
    notes := ARRAY(
        SELECT ROW(n.invoice_note_id, h.customer_id, d.invoice_id, n.internal, n.note, n.noted_at, n.noted_by)::invoice_note
        FROM invoice_note AS n
        CROSS JOIN invoice_holder(n.customer_id) AS h (customer_id)
        JOIN (
            SELECT DISTINCT ON (d.customer_id) d.customer_id, d.invoice_id
            FROM array_rows(invoice_noted.documents) WITH ORDINALITY AS d
            ORDER BY d.customer_id, d.ordinality
        ) AS d ON d.customer_id = h.customer_id
        WHERE n.invoice_id IS NULL);
    FOR noted IN
        SELECT d.ordinality AS place, string_agg(n.note, E'\n' ORDER BY n.invoice_note_id) AS note
        FROM array_rows(invoice_noted.documents) WITH ORDINALITY AS d
        JOIN array_rows(notes) AS n ON n.invoice_id = d.invoice_id
        WHERE NOT n.internal
        GROUP BY d.ordinality
    LOOP
        documents[noted.place].note := noted.note;
    END LOOP;
END
$$;

COMMENT ON FUNCTION invoice_noted(invoice[]) IS 'documents in the making with the notes that stand on them, and all notes that are of them';

-- INSERT INTO invoice, invoice_line and invoice_vat, but as COPY writes: many rows to a page
-- at once.
CREATE OR REPLACE FUNCTION invoice_insert(documents invoice[]) RETURNS void
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;
CREATE OR REPLACE FUNCTION invoice_line_insert(lines invoice_line[]) RETURNS void
    AS 'MODULE_PATHNAME', 'invoice_insert' LANGUAGE C VOLATILE STRICT;
CREATE OR REPLACE FUNCTION invoice_vat_insert(vat invoice_vat[]) RETURNS void
    AS 'MODULE_PATHNAME', 'invoice_insert' LANGUAGE C VOLATILE STRICT;

COMMENT ON FUNCTION invoice_insert(invoice[]) IS 'writes documents';
COMMENT ON FUNCTION invoice_line_insert(invoice_line[]) IS 'writes lines of documents';
COMMENT ON FUNCTION invoice_vat_insert(invoice_vat[]) IS 'writes VAT of documents';

-- The same, but before there are documents.  Nothing is written where others look at rows.
-- The transaction cannot be committed before invoice_references_check has found the documents.
CREATE OR REPLACE FUNCTION invoice_line_insert_ahead(lines invoice_line[]) RETURNS boolean
    AS 'MODULE_PATHNAME', 'invoice_insert_ahead' LANGUAGE C VOLATILE STRICT;
CREATE OR REPLACE FUNCTION invoice_vat_insert_ahead(vat invoice_vat[]) RETURNS boolean
    AS 'MODULE_PATHNAME', 'invoice_insert_ahead' LANGUAGE C VOLATILE STRICT;

COMMENT ON FUNCTION invoice_line_insert_ahead(invoice_line[]) IS 'writes lines ahead of their documents, where that can be; whether it could';
COMMENT ON FUNCTION invoice_vat_insert_ahead(invoice_vat[]) IS 'writes VAT ahead of its documents, where that can be; whether it could';

-- Makes, numbers, chains and writes documents of what is due.  Gives their number.  With
-- now, none waits for better days.
CREATE OR REPLACE FUNCTION invoice_make(due invoice_due[], by_value invoice_line_value[], rates charge_converted[], run int,
    as_if date DEFAULT NULL, now boolean DEFAULT false)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    kinds      invoice_kind[];
    kind_places int[];
    groups     invoice_group[];
    places     int[];
    totals     numeric[];
    heads      invoice_head[];
    accounts   invoice_account[];
    account_places int[];
    fees       invoice_fee[];
    waiting    int[];
    documents  invoice[];
    lines      invoice_line[];
    vat        invoice_vat[];
    allocation invoice_line_allocation[];
    kept       invoice_currency_rate[];
    bodies     bytea[];
    notes      invoice_note[];
    prepaid    payment_part[];
    made_at    timestamptz := clock_timestamp();
    ahead      boolean;
    vat_ahead  boolean;
BEGIN
    IF coalesce(cardinality(due), 0) = 0 THEN
        RETURN 0;
    END IF;
    SELECT k.kinds, k.places INTO kinds, kind_places FROM invoice_kinds(due) AS k;
    SELECT g.groups, g.places, g.totals, g.heads
    INTO groups, places, totals, heads
    FROM invoice_groups(due, kinds, kind_places, invoice_make.now) AS g;
    SELECT a.accounts, a.places INTO accounts, account_places FROM invoice_accounts(due, groups, places) AS a;
    fees := invoice_fees(due);
    -- without a query in it, so that thousands of lines are not copied
    lines := invoice_lines_make(due, groups, places, kinds, kind_places, accounts, account_places, fees);
    vat := invoice_vats(groups, totals, heads);
    IF NOT invoice_make.now THEN
        waiting := invoice_waiting(vat, heads, as_if);
        IF cardinality(waiting) > 0 THEN
            lines := ARRAY(SELECT l FROM array_rows(lines) AS l WHERE l.invoice_id <> ALL (waiting));
            vat := ARRAY(SELECT v FROM array_rows(vat) AS v WHERE v.invoice_id <> ALL (waiting));
        END IF;
    END IF;
    allocation := invoice_line_allocations(lines, by_value);
    kept := invoice_currency_rates(lines, rates);
    documents := invoice_documents(accounts, vat, heads, run, as_if);

    IF EXISTS (SELECT FROM invoice_note AS n WHERE n.invoice_id IS NULL) THEN
        SELECT n.documents, n.notes INTO documents, notes FROM invoice_noted(documents) AS n;
    END IF;

    -- A credit is settled by who makes it.
    IF invoice_make.now THEN
        SELECT c.documents, c.vat INTO documents, vat FROM invoice_credit_vat(documents, vat, lines[1].corrects) AS c;
    ELSE
        SELECT p.documents, p.parts INTO documents, prepaid FROM prepayment_set_off(documents) AS p;
    END IF;

    -- Of all documents at once, in their order.
    bodies := ARRAY(
        SELECT b.body
        FROM array_rows(documents) WITH ORDINALITY AS d
        LEFT JOIN invoice_bodies(lines, vat, allocation, kept) AS b ON b.invoice_id = d.invoice_id
        ORDER BY d.ordinality);

    -- Most of what is written, while others give numbers.
    ahead := invoice_line_insert_ahead(lines);
    IF ahead THEN
        vat_ahead := invoice_vat_insert_ahead(vat);
        -- Parts refer to lines, not to documents; but who looks at them may look for these.
        IF cardinality(allocation) > 0
          AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = 'invoice_line_allocation'::regclass AND t.tgtype & 4 <> 0 AND NOT t.tgisinternal)
          AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = 'invoice_line_allocation'::regclass AND (c.relrowsecurity OR c.relhasrules)) THEN
            INSERT INTO invoice_line_allocation SELECT * FROM array_rows(allocation);
            allocation := '{}';
        END IF;
    END IF;

    -- Numbers and hashes go one by one, for each hangs on the one before; from here to
    -- the end of the transaction nobody else gives any.
    PERFORM seller_lock(ARRAY(SELECT DISTINCT d.seller_id FROM array_rows(documents) AS d));
    -- Days begin, somewhere, with the quarters of hours.
    IF as_if IS NULL AND date_bin('15 minutes', clock_timestamp(), 'epoch') > date_bin('15 minutes', made_at, 'epoch') THEN
        documents := invoice_issued(documents);
    END IF;
    documents := invoice_numbered(documents, bodies);

    PERFORM invoice_insert(documents);
    PERFORM invoice_references_check();
    IF ahead IS NOT TRUE THEN
        PERFORM invoice_line_insert(lines);
    END IF;
    IF vat_ahead IS NOT TRUE THEN
        PERFORM invoice_vat_insert(vat);
    END IF;
    INSERT INTO invoice_line_allocation SELECT * FROM array_rows(allocation);
    INSERT INTO invoice_currency_rate SELECT * FROM array_rows(kept);
    IF prepaid IS NOT NULL THEN
        INSERT INTO payment_part (payment_id, credit_note_id, invoice_id, amount, prepaid)
        SELECT p.payment_id, p.credit_note_id, p.invoice_id, p.amount, p.prepaid FROM array_rows(prepaid) AS p;
    END IF;
    UPDATE invoice_note AS n
    SET invoice_id = k.invoice_id
    FROM unnest(notes) AS k
    WHERE n.invoice_note_id = k.invoice_note_id AND k.invoice_id IS NOT NULL;
    IF EXISTS (SELECT FROM purchase_order) THEN
        PERFORM purchase_order_check(ARRAY(SELECT d.invoice_id FROM array_rows(documents) AS d));
    END IF;
    RETURN cardinality(documents);
END
$$;

COMMENT ON FUNCTION invoice_make(invoice_due[], invoice_line_value[], charge_converted[], int, date, boolean) IS 'makes, numbers and freezes the documents of what is due; gives their number';

