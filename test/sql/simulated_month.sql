-- A month as it goes: every day the supplier delivers the month to date, restating
-- the days before; it is invoiced; then it is restated again, something is refunded,
-- usage of two months ago turns up, loads are taken back.  After each step what was
-- invoiced and what is running are together what the facts cost when rated from
-- scratch, to the cent, for each customer and currency.  From scratch is threefold:
-- lines made of the charges themselves instead of their roll-ups, the shares of these
-- charges, and the same rules in plain SQL over the rows that were sent.
-- Months are of 2024, so that they have ended whatever the clock says.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

-- VAT of documents in dollars is declared in euros.
INSERT INTO currency_rate SELECT 'USD', 'EUR', m, 'month', 0.9, 'bank' FROM generate_series('2024-01-01', '2027-12-01', interval '1 month') AS m;
INSERT INTO seller (name, series) VALUES ('Waddenwolk B.V.', 'W');
INSERT INTO customer (seller_id, number, name, time_zone) VALUES (1, 'A', 'Alpha', NULL), (1, 'B', 'Beta', NULL), (1, 'C', 'Chicago', 'America/Chicago');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a'), (2, 'b1'), (2, 'b2'), (3, 'c');
-- Cost plus 8 %; disks by a ladder over all of a customer's accounts; a fee of 2.5 % on all that Chicago buys.
INSERT INTO price_rule (name, product_id, measure, per, pricing) VALUES
    ('cost plus', product_ensure('AWS', 'Compute'), 'billed_cost', 'sku', '{"model":"per_unit","unit_price":"1.08"}');
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing) VALUES
    ('ladder', product_ensure('AWS', 'Compute', 'disk'), 'quantity', 'scope', 'EUR',
     '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10","flat_fee":"5"},{"unit_price":"0.0825"}]}');
INSERT INTO price_rule (name, customer_id, measure, per, pricing, effect) VALUES
    ('fee', 3, 'amount', 'scope', '{"model":"percentage","rate":"2.5"}', 'add');

-- A file to be sent, and all that were.
CREATE TEMP TABLE file (
    month     date     NOT NULL,
    account   text     NOT NULL,
    sku       text     NOT NULL,
    quantity  numeric  NOT NULL,
    cost      numeric  NOT NULL,
    currency  text     NOT NULL DEFAULT 'EUR',
    class     text,
    starts    timestamptz  NOT NULL
);
CREATE TEMP TABLE sent (load_id int, undone boolean NOT NULL DEFAULT false, at timestamptz, LIKE file);

-- Sends the file as one load, and gives the load.
CREATE FUNCTION pg_temp.send() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    loaded int;
BEGIN
    INSERT INTO cloudbilling.landing
    SELECT 'ProviderName,BillingAccountId,SubAccountId,ServiceName,SkuId,PricingUnit,PricingQuantity,BilledCost,'
        'BillingCurrency,ChargeCategory,ChargeClass,ChargePeriodStart,ChargePeriodEnd,BillingPeriodStart,BillingPeriodEnd'
    UNION ALL
    SELECT concat_ws(',', 'AWS', 'payer', f.account, 'Compute', f.sku, CASE f.sku WHEN 'disk' THEN 'GB-Mo' ELSE 'Hours' END,
        f.quantity, f.cost, f.currency, 'Usage', coalesce(f.class, ''), to_char(f.starts, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        to_char(f.starts + interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), f.month || 'T00:00:00Z',
        (f.month + interval '1 month')::date || 'T00:00:00Z')
    FROM file AS f;
    SELECT max(l.load_id) INTO loaded FROM cloudbilling.load AS l;
    INSERT INTO sent SELECT loaded, false, clock_timestamp(), f.* FROM file AS f;
    RETURN loaded;
END
$$;
CREATE FUNCTION pg_temp.undo(load int) RETURNS void LANGUAGE sql AS $$
    SELECT cloudbilling.load_undo(load);
    UPDATE sent SET undone = true WHERE load_id = load;
$$;

-- The oracle: the newest file of each month of the supplier's that was not taken back, and the rules by hand.
CREATE VIEW pg_temp.fact AS
SELECT c.customer_id, date_trunc('month', f.starts AT TIME ZONE coalesce(c.time_zone, s.time_zone))::date AS period_start, f.*
FROM (SELECT *, max(load_id) OVER (PARTITION BY month) AS newest FROM sent WHERE NOT undone) AS f
JOIN customer AS c ON c.number = upper(left(f.account, 1))
JOIN seller AS s USING (seller_id)
WHERE f.load_id = f.newest;
CREATE VIEW pg_temp.by_hand AS
WITH
set_line AS (
    SELECT customer_id, period_start, currency, 'plus ' || sku AS line, sum(cost) * 1.08 AS amount
    FROM pg_temp.fact WHERE sku <> 'disk'
    GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT customer_id, period_start, 'EUR', 'ladder',
        CASE WHEN sum(quantity) < 0 THEN 0.10 * sum(quantity)
            ELSE 5 + 0.10 * least(sum(quantity), 1000) + 0.0825 * greatest(sum(quantity) - 1000, 0) END
    FROM pg_temp.fact WHERE sku = 'disk'
    GROUP BY 1, 2
)
SELECT customer_id, currency, round(amount, 2) AS amount FROM set_line
UNION ALL
SELECT customer_id, currency, round(sum(amount) * 0.025, 2) FROM set_line WHERE customer_id = 3 GROUP BY 1, 2, period_start;

CREATE TEMP TABLE balance (step text, customer text, currency text, invoiced numeric, running numeric, from_charges numeric, of_shares numeric, by_hand numeric);
-- What it all comes to now.
CREATE FUNCTION pg_temp.look(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('cloudbilling.grain', 'sum', true);
    CREATE TEMP TABLE scratch AS
    SELECT l.customer_id, l.currency, sum(currency_round(l.amount, l.currency)) AS amount
    FROM cloudbilling.rated_line AS l
    GROUP BY 1, 2;
    PERFORM set_config('cloudbilling.grain', 'charge', true);
    CREATE TEMP TABLE share AS
    SELECT l.customer_id, l.currency, sum(l.amount) AS amount
    FROM (
        SELECT r.customer_id, r.currency, currency_round(sum(r.amount), r.currency) AS amount
        FROM cloudbilling.rated_charge AS r
        WHERE r.price_rule_id IS NOT NULL
        GROUP BY r.customer_id, r.period_start, r.price_rule_id, r.product_id, r.account_id, r.resource_id, r.tag_value, r.currency
    ) AS l
    GROUP BY 1, 2;
    PERFORM set_config('cloudbilling.grain', 'month', true);
    INSERT INTO balance
    SELECT look.name, c.name, k.currency, coalesce(sum(k.amount) FILTER (WHERE k.what = 1), 0), coalesce(sum(k.amount) FILTER (WHERE k.what = 2), 0),
        coalesce(sum(k.amount) FILTER (WHERE k.what = 3), 0), coalesce(sum(k.amount) FILTER (WHERE k.what = 4), 0), coalesce(sum(k.amount) FILTER (WHERE k.what = 5), 0)
    FROM (
        SELECT 1, b.customer_id, b.currency, b.amount FROM cloudbilling.invoice_line AS b
        UNION ALL
        SELECT 2, r.customer_id, r.currency, r.amount FROM cloudbilling.invoice_running AS r
        UNION ALL
        SELECT 3, s.* FROM scratch AS s
        UNION ALL
        SELECT 4, s.* FROM share AS s
        UNION ALL
        SELECT 5, h.* FROM pg_temp.by_hand AS h
    ) AS k (what, customer_id, currency, amount)
    JOIN cloudbilling.customer AS c USING (customer_id)
    GROUP BY c.name, k.currency;
    DROP TABLE scratch, share;
END
$$;
CREATE VIEW pg_temp.wrong AS
SELECT * FROM balance WHERE invoiced + running <> from_charges OR from_charges <> of_shares OR of_shares <> by_hand;
CREATE VIEW pg_temp.running AS
SELECT customer, period_start, description, currency, quantity, measured, due, due_before, amount, revision, corrects FROM invoice_running
ORDER BY customer, period_start, description, currency;
CREATE VIEW pg_temp.document AS
SELECT i.invoice_id AS id, i.kind, c.name AS customer, i.period_start, i.currency, i.net_amount AS net
FROM invoice AS i JOIN customer AS c USING (customer_id) ORDER BY 1;
CREATE VIEW pg_temp.line AS
SELECT l.invoice_id AS id, l.line_no AS n, l.period_start, l.description, l.quantity, l.measured_before AS was, l.measured, l.due_before, l.due, l.amount,
    l.corrects, i.period_start AS of_period
FROM invoice_line AS l LEFT JOIN invoice AS i ON i.invoice_id = l.corrects ORDER BY 1, 2;

-- July and August, delivered whole and invoiced.
INSERT INTO file (month, account, sku, quantity, cost, currency, starts)
SELECT m, a.account, a.sku, a.quantity, a.cost, a.currency, m + interval '12 hours' + d * interval '1 day'
FROM unnest('{2024-07-01,2024-08-01}'::date[]) AS m, generate_series(0, 30) AS d,
    (VALUES ('a', 'vm', 24, 1.2345, 'EUR'), ('a', 'log', 1.5, 0.0333, 'USD'), ('b1', 'disk', 17, 0.9, 'EUR'), ('b2', 'disk', 16.5, 0.85, 'EUR'),
        ('b1', 'vm', 24, 1.00001, 'EUR'), ('c', 'vm', 8, 0.777, 'EUR'), ('c', 'disk', 3, 0.1, 'EUR')) AS a (account, sku, quantity, cost, currency);
SELECT pg_temp.send() AS july_and_august \gset
SELECT pg_temp.look('August delivered');
CALL invoice_run('2024-09-01');
SELECT pg_temp.look('August invoiced');
SELECT * FROM balance ORDER BY step, customer, currency;
SELECT * FROM pg_temp.document;

-- September: 30 deliveries of the month to date.  Usage of the last days is still coming in, so each
-- delivery restates the days before: seven, eight and nine tenths of it, then all.  An hour at each end of the
-- month belongs to another month in Chicago or in Amsterdam.
CREATE TEMP TABLE month AS
SELECT a.account, a.sku, a.quantity, a.cost, a.currency, '2024-09-01 00:00Z'::timestamptz + (d - 1) * interval '1 day' + a.hour * interval '1 hour' AS starts, d
FROM generate_series(1, 30) AS d,
    (VALUES ('a', 'vm', 24, 1.2345, 'EUR', 12), ('a', 'vm', 1, 0.0512, 'EUR', 23), ('a', 'log', 1.5, 0.0333, 'USD', 12), ('b1', 'disk', 17, 0.9, 'EUR', 12),
        ('b2', 'disk', 16.5, 0.85, 'EUR', 12), ('b1', 'vm', 24, 1.00001, 'EUR', 12), ('c', 'vm', 8, 0.777, 'EUR', 2), ('c', 'disk', 3, 0.1, 'EUR', 12)
    ) AS a (account, sku, quantity, cost, currency, hour);
CREATE FUNCTION pg_temp.deliver_day(day int) RETURNS void LANGUAGE sql AS $$
    TRUNCATE file;
    INSERT INTO file (month, account, sku, quantity, cost, currency, starts)
    SELECT '2024-09-01', m.account, m.sku, m.quantity * p.part, m.cost * p.part, m.currency, m.starts
    FROM month AS m, LATERAL (SELECT least(0.7 + (day - m.d) * 0.1, 1) AS part) AS p
    WHERE m.d <= day;
    SELECT pg_temp.send();
    SELECT pg_temp.look('day ' || day);
$$;
DO $$
BEGIN
    FOR day IN 1 .. 30 LOOP
        PERFORM pg_temp.deliver_day(day);
    END LOOP;
END
$$;
SELECT count(DISTINCT step) AS steps, count(*) AS balances FROM balance WHERE step LIKE 'day %';
SELECT * FROM balance WHERE step IN ('day 1', 'day 2', 'day 29', 'day 30') ORDER BY length(step), step, customer, currency;
SELECT * FROM pg_temp.wrong;
SELECT * FROM pg_temp.running;
-- One delivery counts, and the moment of each can be asked.
SELECT count(*) AS deliveries, count(*) FILTER (WHERE upper_inf(current_during)) AS current FROM load_scope WHERE billing_period_start = '2024-09-01';
SELECT max(at) + interval '1 microsecond' AS day_15 FROM sent WHERE load_id = :july_and_august + 15 \gset
SET cloudbilling.as_of = :'day_15';
SELECT customer, currency, sum(amount) AS running FROM invoice_running GROUP BY 1, 2 ORDER BY 1, 2;
SELECT customer, currency, running FROM balance WHERE step = 'day 15' ORDER BY 1, 2;
RESET cloudbilling.as_of;

-- The invoice; a second run finds nothing.  What is left is October, by Amsterdam's clock.
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2024-10-01');
SELECT pg_temp.look('invoiced');
SELECT * FROM balance WHERE step = 'invoiced' ORDER BY customer, currency;
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT * FROM pg_temp.line WHERE id > :last;
SELECT * FROM pg_temp.running;
CALL invoice_run('2024-10-01');
SELECT invoices FROM invoice_run ORDER BY invoice_run_id DESC LIMIT 1;

-- The restatement after the invoice: the last days are complete, Beta has more disks, which takes it from the first tier
-- into the second, Alpha's machines cost less, Chicago's more.
TRUNCATE file;
INSERT INTO file (month, account, sku, quantity, cost, currency, starts)
SELECT '2024-09-01', account, sku, CASE WHEN account = 'b1' AND sku = 'disk' THEN 18.5 ELSE quantity END,
    CASE account WHEN 'a' THEN cost * 0.99 WHEN 'c' THEN cost * 1.01 ELSE cost END, currency, starts
FROM month;
SELECT pg_temp.send() AS restated \gset
SELECT pg_temp.look('restated');
SELECT * FROM balance WHERE step = 'restated' ORDER BY customer, currency;
SELECT * FROM pg_temp.running;

-- October's first delivery has refunds of machines in September.  Its second one also has a refund of disk, which takes Beta
-- back into the first tier, and usage of July, two months before the month that was invoiced last.
TRUNCATE file;
INSERT INTO file (month, account, sku, quantity, cost, currency, class, starts) VALUES
    ('2024-10-01', 'a', 'vm', -24, -1.2345, 'EUR', 'Correction', '2024-09-10 12:00Z'),
    ('2024-10-01', 'c', 'vm', -80, -7.77, 'EUR', 'Correction', '2024-09-10 12:00Z'),
    ('2024-10-01', 'b1', 'vm', 24, 1.00001, 'EUR', NULL, '2024-10-01 12:00Z');
SELECT pg_temp.send() AS refund \gset
SELECT pg_temp.look('refunded');
SELECT * FROM balance WHERE step = 'refunded' ORDER BY customer, currency;
SELECT * FROM pg_temp.running WHERE customer <> 'Beta' AND period_start = '2024-09-01';
INSERT INTO file (month, account, sku, quantity, cost, currency, class, starts) VALUES
    ('2024-10-01', 'b2', 'disk', -100, -5, 'EUR', 'Correction', '2024-09-30 12:00Z'),
    ('2024-10-01', 'b2', 'disk', 12.25, 0.6, 'EUR', NULL, '2024-07-31 12:00Z'),
    ('2024-10-01', 'a', 'log', 1000, 22.2, 'USD', NULL, '2024-07-15 12:00Z');
SELECT pg_temp.send() AS late \gset
SELECT pg_temp.look('late usage');
SELECT * FROM pg_temp.running WHERE period_start < '2024-10-01';
SELECT * FROM balance WHERE step = 'late usage' ORDER BY customer, currency;

-- Corrections name the period they are of and the invoice they correct; October is still running.
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2024-10-15');
SELECT pg_temp.look('corrected');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT * FROM pg_temp.line WHERE id > :last;
SELECT * FROM pg_temp.running;
SELECT * FROM pg_temp.wrong;

-- Loads are taken back: October's second delivery, so that the first counts again; then the restatement, so that day 30
-- does.  The corrections that were billed come back.
SELECT pg_temp.undo(:late);
SELECT pg_temp.look('late usage taken back');
SELECT * FROM pg_temp.running WHERE period_start < '2024-10-01';
SELECT pg_temp.undo(:restated);
SELECT pg_temp.look('restatement taken back');
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2024-10-15');
SELECT pg_temp.look('taken back and invoiced');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT * FROM balance WHERE step = 'taken back and invoiced' ORDER BY customer, currency;

-- The same file once more counts again; October is whole and invoiced.
SELECT pg_temp.send() AS again \gset
SELECT pg_temp.look('sent again');
CALL invoice_run('2024-11-01');
SELECT pg_temp.look('October invoiced');
SELECT * FROM balance WHERE step = 'October invoiced' ORDER BY customer, currency;
SELECT * FROM pg_temp.running;

-- Charges that no longer count are purged, but for what documents were made from: nothing that is due changes, documents
-- are explained as before, and moments that are not whole any more are refused.
SELECT * FROM pg_temp.fails('SELECT cloudbilling.load_purge(NULL)');
SELECT code FROM pg_temp.fails('SELECT cloudbilling.load_purge(now() + interval ''1 day'')');
SELECT * FROM load_purge('2024-01-01');
SELECT sum(charges) AS charges, sum(d.rows) AS rows FROM load_scope, LATERAL (SELECT count(*) AS rows FROM charge AS c WHERE c.load_scope_id = load_scope.load_scope_id) AS d;
CREATE TEMP TABLE explained AS
SELECT l.invoice_id, l.line_no, e.* FROM invoice_line AS l CROSS JOIN LATERAL invoice_line_explain(l) AS e;
SELECT * FROM load_purge(clock_timestamp());
SELECT * FROM load_purge(clock_timestamp());
SELECT l.load_id, l.undone_at IS NOT NULL AS undone, upper_inf(s.current_during) AS counts, s.billing_period_start AS month, s.charges,
    (SELECT count(*) FROM charge AS c WHERE c.load_scope_id = s.load_scope_id) AS rows,
    (SELECT sum(d.charges) FROM charge_daily AS d WHERE d.load_scope_id = s.load_scope_id AND d.time_zone_id = 1) AS daily,
    (SELECT sum(m.charges) FROM charge_monthly AS m WHERE m.load_scope_id = s.load_scope_id AND m.time_zone_id = 1) AS monthly
FROM load_scope AS s JOIN load AS l USING (load_id) WHERE s.purged_at IS NULL ORDER BY 1, 4;
SELECT pg_temp.look('purged');
SELECT * FROM balance WHERE step = 'purged' ORDER BY customer, currency;
SELECT count(*) FROM (
    SELECT l.invoice_id, l.line_no, e.* FROM invoice_line AS l CROSS JOIN LATERAL invoice_line_explain(l) AS e
    EXCEPT ALL
    TABLE explained) AS d;
SET cloudbilling.as_of = :'day_15';
SELECT regexp_replace(detail, '\d{4}-.*', '...') AS detail, code, message, hint FROM pg_temp.fails('SELECT count(*) FROM cloudbilling.invoice_running');
SELECT max(finalised_at) AS finalised FROM invoice WHERE period_start = '2024-08-01' AND customer_id = 1 \gset
SET cloudbilling.as_of = :'finalised';
SELECT count(*) FROM invoice_running;
RESET cloudbilling.as_of;
-- What superseded purged charges cannot be undone; the earlier file can be loaded again.
TRUNCATE file;
INSERT INTO file (month, account, sku, quantity, cost, starts) VALUES ('2024-11-01', 'a', 'vm', 1, 1, '2024-11-01 12:00Z');
SELECT pg_temp.send() AS first \gset
UPDATE file SET cost = 2;
SELECT pg_temp.send() AS second \gset
SELECT * FROM load_purge(clock_timestamp());
SELECT replace(message, :'second', 'N') AS message, code, detail, hint FROM pg_temp.fails('SELECT cloudbilling.load_undo(' || :second || ')');
SELECT pg_temp.look('not taken back');
UPDATE file SET cost = 1;
SET cloudbilling.load_force = on;
SELECT pg_temp.send() AS third \gset
RESET cloudbilling.load_force;
SELECT pg_temp.look('loaded again');
SELECT * FROM balance WHERE step IN ('not taken back', 'loaded again') AND customer = 'Alpha' AND currency = 'EUR' ORDER BY 1 DESC;

-- Everything is taken back: all is credited, to the last cent.
SELECT count(pg_temp.undo(load_id) IS NULL) FROM (SELECT DISTINCT load_id FROM sent WHERE NOT undone ORDER BY 1) AS l;
SELECT pg_temp.look('nothing left');
CALL invoice_run('2024-11-01');
SELECT pg_temp.look('all credited');
SELECT * FROM balance WHERE step IN ('nothing left', 'all credited') ORDER BY step DESC, customer, currency;
SELECT * FROM pg_temp.running;
SELECT customer_id, currency, sum(net_amount) AS net FROM invoice GROUP BY 1, 2 ORDER BY 1, 2;
SELECT * FROM invoice_verify();
SELECT count(DISTINCT step) AS steps, count(*) AS balances, (SELECT count(*) FROM pg_temp.wrong) AS wrong FROM balance;
