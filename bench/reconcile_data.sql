-- What was bought and what was used, :lines lines each, in two tables a case: day by
-- day as suppliers deliver, and within a day in no order.  One line in 100 has another
-- amount, one in 200 no counterpart.  Variable: lines.
--
-- Nothing is random, as in generate.sql.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE FUNCTION hash(n bigint, seed int) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashint8extended(n, seed) & 1073741823;

-- accounts, SKUs and days that there are: the most groups there can be
CREATE FUNCTION line_make(lines bigint, is_left boolean, accounts int, skus int)
RETURNS TABLE (account_id int, sku_id int, charge_on date, quantity numeric, amount numeric)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT (hash(n, 1) % accounts)::int,
        (hash(n, 2) % skus)::int + CASE WHEN NOT is_left AND n % 200 = 0 THEN skus ELSE 0 END,
        '2026-01-01'::date + (n * 30 / (lines + 1))::int,
        (1 + hash(n, 3) % 2400) * 0.01,
        (1 + hash(n, 4) % 1000000) * 0.0001 + CASE WHEN NOT is_left AND n % 100 = 7 THEN 0.01 ELSE 0 END
    FROM generate_series(1, lines) AS n
    -- in another order on each side
    ORDER BY n * 30 / (lines + 1), hash(n, CASE WHEN is_left THEN 5 ELSE 6 END);
END;

CREATE TABLE few_bought AS SELECT * FROM line_make(:lines, true, 100, 20);
CREATE TABLE few_used AS SELECT * FROM line_make(:lines, false, 100, 20);
CREATE TABLE many_bought AS SELECT * FROM line_make(:lines, true, 1000, 200);
CREATE TABLE many_used AS SELECT * FROM line_make(:lines, false, 1000, 200);

-- Each case in both ways, as views.
SELECT format($view$
    CREATE VIEW %1$s_ours AS
    SELECT account_id, sku_id, charge_on, (r).*
    FROM (
        SELECT account_id, sku_id, charge_on, cloudbilling.reconcile(is_left, quantity, amount) AS r
        FROM (SELECT true AS is_left, * FROM %1$s_bought UNION ALL SELECT false, * FROM %1$s_used) AS line
        GROUP BY account_id, sku_id, charge_on
    ) AS g;
    CREATE VIEW %1$s_baseline AS
    SELECT account_id, sku_id, charge_on,
        coalesce(b.lines, 0) AS left_count, b.quantity AS left_quantity, b.amount AS left_amount,
        coalesce(u.lines, 0) AS right_count, u.quantity AS right_quantity, u.amount AS right_amount,
        coalesce(b.quantity, 0) - coalesce(u.quantity, 0) AS quantity_difference,
        coalesce(b.amount, 0) - coalesce(u.amount, 0) AS amount_difference
    FROM (
        SELECT account_id, sku_id, charge_on, count(*) AS lines, sum(quantity) AS quantity, sum(amount) AS amount
        FROM %1$s_bought
        GROUP BY account_id, sku_id, charge_on
    ) AS b
    FULL JOIN (
        SELECT account_id, sku_id, charge_on, count(*) AS lines, sum(quantity) AS quantity, sum(amount) AS amount
        FROM %1$s_used
        GROUP BY account_id, sku_id, charge_on
    ) AS u USING (account_id, sku_id, charge_on)
$view$, name)
FROM unnest(ARRAY['few', 'many']) AS name \gexec
