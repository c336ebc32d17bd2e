-- Looks at all links, and writes what is not as it was: groups that differ now, or by
-- another amount, or no longer; and the sums.  Gives the run's key, or where all is as it
-- was the key of the last run.
CREATE OR REPLACE FUNCTION reconciliation_run(first_month date DEFAULT NULL, last_month date DEFAULT NULL)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 2147483647
SET cloudbilling.as_of = ''
SET cloudbilling.price_rules = ''
SET cloudbilling.period_first = ''
SET cloudbilling.period_last = ''
SET cloudbilling.grain = 'month'
AS $$
DECLARE
    run int;
BEGIN
    first_month := date_trunc('month', first_month)::date;
    last_month := date_trunc('month', last_month)::date;
    IF first_month > last_month THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('the first month, %s, is after the last, %s', to_char(first_month, 'YYYY-MM'), to_char(last_month, 'YYYY-MM')),
            HINT = 'For example: SELECT cloudbilling.reconciliation_run(''2026-10-01'', ''2026-10-01'')';
    END IF;
    -- Two at once would both find the same to be new.
    LOCK TABLE reconciliation_run IN SHARE ROW EXCLUSIVE MODE;
    PERFORM set_config('cloudbilling.period_first', coalesce(first_month::text, ''), true);
    PERFORM set_config('cloudbilling.period_last', coalesce(last_month::text, ''), true);

    -- One statement, so that all is of the same moment.
    WITH
    found AS MATERIALIZED (
        SELECT f.*, f.status IN ('MATCHED', 'MATCHED_ROUNDING') AS is_matched
        FROM reconciliation_found AS f
    ),
    known AS MATERIALIZED (
        SELECT g.*
        FROM reconciliation_group AS g
        WHERE g.month BETWEEN period_first() AND period_last()
    ),
    change AS MATERIALIZED (
        SELECT g.reconciliation_group_id,
            coalesce(f.link, g.link) AS link, coalesce(f.level, g.level) AS level, coalesce(f.month, g.month) AS month,
            coalesce(f.currency, g.currency) AS currency, coalesce(f.supplier, g.supplier) AS supplier,
            coalesce(f.customer_id, g.customer_id) AS customer_id, coalesce(f.account_id, g.account_id) AS account_id,
            coalesce(f.product_id, g.product_id) AS product_id, coalesce(f.reference, g.reference) AS reference,
            coalesce(f.purchase_amount, 0) AS purchase_amount, f.purchase_quantity, coalesce(f.against_amount, 0) AS against_amount,
            f.against_quantity, coalesce(f.difference, 0) AS difference, coalesce(f.tolerance, 0) AS tolerance,
            coalesce(f.status, 'MATCHED') AS status, coalesce(f.explanation, '{}') AS explanation, coalesce(f.remainder, 0) AS remainder,
            coalesce(f.finding, 0) AS finding,
            coalesce(f.is_matched, true) AS is_matched,
            g.reconciliation_group_id IS NULL OR g.status IN ('MATCHED', 'MATCHED_ROUNDING') AS was_matched
        FROM found AS f
        FULL JOIN known AS g ON g.link = f.link AND g.level = f.level AND g.month = f.month AND g.currency = f.currency
            AND coalesce(g.supplier, '') = coalesce(f.supplier, '') AND coalesce(g.customer_id, 0) = coalesce(f.customer_id, 0)
            AND coalesce(g.account_id, 0) = coalesce(f.account_id, 0) AND coalesce(g.product_id, 0) = coalesce(f.product_id, 0)
            AND coalesce(g.reference, '') = coalesce(f.reference, '')
        WHERE CASE WHEN g.reconciliation_group_id IS NULL THEN NOT f.is_matched
            ELSE (coalesce(f.purchase_amount, 0), f.purchase_quantity, coalesce(f.against_amount, 0), f.against_quantity,
                    coalesce(f.status, 'MATCHED'), coalesce(f.explanation, '{}'), coalesce(f.tolerance, 0))
                IS DISTINCT FROM (g.purchase_amount, g.purchase_quantity, g.against_amount, g.against_quantity, g.status, g.explanation, g.tolerance)
            END
    ),
    figure AS MATERIALIZED (
        SELECT u.link, u.month, u.currency, sum(u.groups)::int AS groups, sum(u.matched)::int AS matched,
            sum(u.purchase_amount) AS purchase_amount, sum(u.against_amount) AS against_amount, sum(u.compared_amount) AS compared_amount,
            sum(u.matched_amount) AS matched_amount, sum(u.leakage) AS leakage, sum(u.unexplained) AS unexplained,
            sum(u.commitment_cost) AS commitment_cost, sum(u.commitment_unused) AS commitment_unused,
            sum(u.pec_eligible) AS pec_eligible, sum(u.pec_earned) AS pec_earned
        FROM (
            SELECT f.link, f.month, f.currency, count(*) AS groups,
                count(*) FILTER (WHERE f.is_matched OR f.status = 'EXPLAINED') AS matched,
                sum(f.purchase_amount) AS purchase_amount, sum(f.against_amount) AS against_amount,
                sum(greatest(abs(f.purchase_amount), abs(f.against_amount))) AS compared_amount,
                coalesce(sum(greatest(abs(f.purchase_amount), abs(f.against_amount))) FILTER (WHERE f.is_matched OR f.status = 'EXPLAINED'), 0) AS matched_amount,
                coalesce(sum(reconciliation_leakage(f.explanation)) FILTER (WHERE f.link = 'C'), 0) AS leakage,
                sum(abs(f.remainder)) AS unexplained,
                0::numeric AS commitment_cost, 0::numeric AS commitment_unused, 0::numeric AS pec_eligible, 0::numeric AS pec_earned
            FROM found AS f
            GROUP BY f.link, f.month, f.currency
            UNION ALL
            SELECT 'C', b.month, b.currency, 0, 0, 0, 0, 0, 0, 0, 0, b.commitment_cost, b.commitment_unused, b.pec_eligible, b.pec_earned
            FROM reconciliation_benefit AS b
        ) AS u
        GROUP BY u.link, u.month, u.currency
    ),
    -- The last figures there are of these months.
    figure_before AS (
        SELECT DISTINCT ON (f.link, f.month, f.currency) f.*
        FROM reconciliation_figure AS f
        WHERE f.month BETWEEN period_first() AND period_last()
        ORDER BY f.link, f.month, f.currency, f.reconciliation_run_id DESC
    ),
    figure_change AS MATERIALIZED (
        SELECT coalesce(f.link, b.link) AS link, coalesce(f.month, b.month) AS month, coalesce(f.currency, b.currency) AS currency,
            coalesce(f.groups, 0) AS groups, coalesce(f.matched, 0) AS matched, coalesce(f.purchase_amount, 0) AS purchase_amount,
            coalesce(f.against_amount, 0) AS against_amount, coalesce(f.compared_amount, 0) AS compared_amount,
            coalesce(f.matched_amount, 0) AS matched_amount, coalesce(f.leakage, 0) AS leakage, coalesce(f.unexplained, 0) AS unexplained,
            coalesce(f.commitment_cost, 0) AS commitment_cost, coalesce(f.commitment_unused, 0) AS commitment_unused,
            coalesce(f.pec_eligible, 0) AS pec_eligible, coalesce(f.pec_earned, 0) AS pec_earned
        FROM figure AS f
        FULL JOIN figure_before AS b ON b.link = f.link AND b.month = f.month AND b.currency = f.currency
        WHERE (coalesce(f.groups, 0), coalesce(f.matched, 0), coalesce(f.purchase_amount, 0), coalesce(f.against_amount, 0), coalesce(f.leakage, 0),
                coalesce(f.unexplained, 0), coalesce(f.compared_amount, 0), coalesce(f.matched_amount, 0), coalesce(f.commitment_cost, 0),
                coalesce(f.commitment_unused, 0), coalesce(f.pec_eligible, 0), coalesce(f.pec_earned, 0))
            IS DISTINCT FROM (b.groups, b.matched, b.purchase_amount, b.against_amount, b.leakage, b.unexplained, b.compared_amount,
                b.matched_amount, b.commitment_cost, b.commitment_unused, b.pec_eligible, b.pec_earned)
    ),
    made AS (
        INSERT INTO reconciliation_run (first_month, last_month, groups_new, groups_changed, groups_resolved)
        SELECT reconciliation_run.first_month, reconciliation_run.last_month,
            count(*) FILTER (WHERE NOT c.is_matched AND c.was_matched),
            count(*) FILTER (WHERE NOT c.is_matched AND NOT c.was_matched),
            count(*) FILTER (WHERE c.is_matched AND NOT c.was_matched)
        FROM change AS c
        HAVING count(*) > 0 OR EXISTS (SELECT FROM figure_change)
        RETURNING reconciliation_run_id
    ),
    added AS (
        INSERT INTO reconciliation_group (link, level, month, currency, supplier, customer_id, account_id, product_id, reference,
            purchase_amount, purchase_quantity, against_amount, against_quantity, difference, tolerance, status, explanation, remainder,
            finding, first_seen_at, reconciliation_run_id)
        SELECT c.link, c.level, c.month, c.currency, c.supplier, c.customer_id, c.account_id, c.product_id, c.reference,
            c.purchase_amount, c.purchase_quantity, c.against_amount, c.against_quantity, c.difference, c.tolerance, c.status,
            c.explanation, c.remainder, c.finding, now(), m.reconciliation_run_id
        FROM change AS c
        CROSS JOIN made AS m
        WHERE c.reconciliation_group_id IS NULL
        ORDER BY c.link, c.month, c.supplier, c.customer_id, c.account_id, c.product_id, c.reference, c.currency
    ),
    changed AS (
        UPDATE reconciliation_group AS g
        SET purchase_amount = c.purchase_amount, purchase_quantity = c.purchase_quantity, against_amount = c.against_amount,
            against_quantity = c.against_quantity, difference = c.difference, tolerance = c.tolerance, status = c.status,
            explanation = c.explanation, remainder = c.remainder, finding = c.finding, reconciliation_run_id = m.reconciliation_run_id,
            first_seen_at = CASE WHEN c.was_matched AND NOT c.is_matched THEN now() ELSE g.first_seen_at END
        FROM change AS c
        CROSS JOIN made AS m
        WHERE g.reconciliation_group_id = c.reconciliation_group_id
    ),
    counted AS (
        INSERT INTO reconciliation_figure (reconciliation_run_id, link, month, currency, groups, matched, purchase_amount, against_amount,
            compared_amount, matched_amount, leakage, unexplained, commitment_cost, commitment_unused, pec_eligible, pec_earned)
        SELECT m.reconciliation_run_id, f.*
        FROM figure_change AS f
        CROSS JOIN made AS m
    )
    SELECT m.reconciliation_run_id INTO run FROM made AS m;
    RETURN coalesce(run, (SELECT max(r.reconciliation_run_id) FROM reconciliation_run AS r));
END
$$;

COMMENT ON FUNCTION reconciliation_run(date, date) IS 'compares all links with what the last run found, and keeps what is new; gives the key of the run that found things as they are';

-- What was bought and not sold, by the parts of a group's difference.
CREATE OR REPLACE FUNCTION reconciliation_leakage(explanation jsonb)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN greatest(coalesce((explanation -> 'UNMAPPED')::numeric, 0), 0) + greatest(coalesce((explanation -> 'UNPRICED')::numeric, 0), 0)
    + greatest(coalesce((explanation -> 'ENDED')::numeric, 0), 0) + greatest(coalesce((explanation -> 'EXCLUDED')::numeric, 0), 0)
    + greatest(coalesce((explanation -> 'UNUSED')::numeric, 0), 0) + greatest(coalesce((explanation -> 'MARKETPLACE')::numeric, 0), 0);

COMMENT ON FUNCTION reconciliation_leakage(jsonb) IS 'what was bought and not sold, of the coded parts of a difference';
