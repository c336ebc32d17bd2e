-- The examples of docs/commitments.md, with the same statements, and what goes wrong.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set ECHO all
\pset null ''
SET intervalstyle = 'postgres';

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, number, name)
SELECT 1, 'K' || n, name FROM unnest(ARRAY['Month', 'Bundle', 'Prepaid', 'Coupon', 'Year', 'Cap']) WITH ORDINALITY AS c (name, n);
INSERT INTO ownership (customer_id, sub_account_id) SELECT n, 'a' || n FROM generate_series(1, 6) AS n;
INSERT INTO usage (payer, account, cost, quantity, starts)
SELECT 'p' || to_char(u.starts, 'MM'), u.account, u.cost, u.quantity, u.starts
FROM (VALUES
    ('a1', 400, NULL, '2025-01-10'::timestamptz), ('a1', 7000, NULL, '2025-02-10'), ('a1', 2000, NULL, '2025-03-10'),
    ('a2', 0, 60, '2025-01-10'), ('a2', 0, 130, '2025-02-10'), ('a2', 0, 120, '2025-03-10'),
    ('a3', 300, NULL, '2025-01-10'), ('a3', 450, NULL, '2025-02-10'), ('a3', 200, NULL, '2025-03-10'), ('a3', 500, NULL, '2025-04-10'), ('a3', 90, NULL, '2025-06-10'),
    ('a4', 300, NULL, '2025-01-10'), ('a4', 700, NULL, '2025-02-10'), ('a4', 15, NULL, '2025-03-10'), ('a4', 400, NULL, '2025-04-10'),
    ('a5', 900, NULL, '2025-03-10'), ('a5', 1200, NULL, '2025-04-10'), ('a5', 600, NULL, '2025-06-10'), ('a5', 100, NULL, '2025-06-20'),
    ('a6', 3000, NULL, '2025-01-10'), ('a6', 2500, NULL, '2025-02-10'), ('a6', -700, NULL, '2025-03-10'), ('a6', 800, NULL, '2025-04-10')
) AS u (account, cost, quantity, starts);
SELECT pg_temp.deliver(u.payer) FROM (SELECT DISTINCT payer FROM usage ORDER BY 1) AS u;
INSERT INTO price_rule (name, measure, pricing, currency, customer_id)
VALUES ('Cloud', 'billed_cost', per_unit(1), NULL, NULL), ('Minutes', 'quantity', per_unit(0.10), 'EUR', 2);
-- So that the outputs are the same on whatever day.
SET cloudbilling.period_last = '2025-12-01';

-- docs/commitments.md
INSERT INTO price_rule (name, customer_id, measure, per, effect, currency, pricing)
VALUES ('Between 1000 and 5000 a month', 1, 'amount', 'scope', 'limit', 'EUR', pricing_with(per_unit(1), minimum => 1000, maximum => 5000));

SELECT period_start, description, amount FROM invoice_running(1);

INSERT INTO price_rule (name, customer_id, measure, per, effect, currency, pricing, included_months, valid_during)
VALUES ('At most 5000 a year', 6, 'amount', 'scope', 'limit', 'EUR', pricing_with(per_unit(1), maximum => 5000), 12, '[2024-04-01,)');

SELECT period_start, description, measured, amount FROM invoice_running(6);

INSERT INTO price_rule (name, customer_id, measure, per, effect, currency, pricing, included, roll_over)
VALUES ('100 minutes a month', 2, 'quantity', 'scope', 'include', 'EUR', per_unit(0), 100, 1);

SELECT period_start, description, quantity, amount FROM invoice_running(2);

INSERT INTO price_rule (name, customer_id, measure, per, effect, currency, pricing, included, valid_during, position) VALUES
    ('Prepaid 2025', 3, 'amount', 'scope', 'credit', 'EUR', per_unit(1), 1000, '[2025-02-01,2026-02-01)', 2),
    ('Welcome', 3, 'amount', 'scope', 'credit', 'EUR', per_unit(1), 100, '[2025-02-01,2025-07-01)', 1);

SELECT period_start, description, measured, amount FROM invoice_running(3);

SELECT month, name, valid_until, opening, used, lapsed, closing
FROM bi_commitment
WHERE customer_number = 'K3' AND month < '2025-08-01'
ORDER BY name, month;

INSERT INTO price_rule (name, customer_id, measure, per, effect, currency, pricing, included, uses, valid_during) VALUES
    ('10 % off, at most 80 in all', 4, 'amount', 'scope', 'credit', 'EUR', percentage(10), 80, NULL, '[2025-01-01,2026-01-01)'),
    ('25 off, three times', 4, 'amount', 'scope', 'credit', 'EUR', flat(25), NULL, 3, '[2025-01-01,2026-01-01)');

SELECT period_start, description, measured, amount FROM invoice_running(4);

INSERT INTO price_rule (name, measure, per, effect, currency, pricing, invoice_text)
VALUES ('Cloud counts', 'amount', 'scope', 'true_up', 'EUR', per_unit(1), 'Minimum spend on cloud');

INSERT INTO agreement (number, customer_id, name, signed_on, start_on, end_on, billing_period)
VALUES ('C-1', 5, 'Cloud 2025', '2025-03-01', '2025-03-16', '2025-06-15', '3 months');

INSERT INTO agreement_item (agreement_id, number, kind, product_id, description, pricing, price_rule_id)
SELECT agreement_key('C-1'), 1, 'commitment', product_ensure('Own services', 'Commitment'), '5000 a quarter', per_unit(1), price_rule_id
FROM price_rule WHERE effect = 'true_up';

SELECT agreement_quantity_set(1, '2025-03-16', 5000);

SELECT period_start, description, measured, amount FROM invoice_running(5);

SELECT month, valid_from, valid_until, amount, opening, used, lapsed, closing
FROM bi_commitment
WHERE customer_number = 'K5'
ORDER BY month;

-- Lines are those of each month whichever months are asked for, and whatever they are rated from.
CREATE TEMP TABLE line AS
SELECT customer_id, period_start, price_rule_id, trim_scale(measured) AS measured, trim_scale(amount) AS amount FROM rated_line;
CREATE VIEW pg_temp.other AS
SELECT coalesce(l.customer_id, r.customer_id) AS customer, coalesce(l.period_start, r.period_start) AS period, l.amount, r.amount AS other
FROM line AS l
FULL JOIN rated_line AS r USING (customer_id, period_start, price_rule_id)
WHERE coalesce(l.period_start, r.period_start) BETWEEN period_first() AND period_last() AND (l.measured, l.amount) IS DISTINCT FROM (r.measured, r.amount);
SET cloudbilling.period_first = '2025-04-01';
SELECT count(*) AS lines FROM rated_line;
SELECT * FROM pg_temp.other;
SET cloudbilling.period_last = '2025-04-01';
SELECT count(*) AS lines FROM rated_line;
SELECT * FROM pg_temp.other;
RESET cloudbilling.period_first;
SET cloudbilling.period_last = '2025-12-01';
SET cloudbilling.grain = 'day';
SELECT * FROM pg_temp.other;
SET cloudbilling.grain = 'sum';
SELECT * FROM pg_temp.other;
SET cloudbilling.grain = 'charge';
SELECT * FROM pg_temp.other;
RESET cloudbilling.grain;
-- Shares of charges add up to lines; what closes a commitment is no charge without a price.
SELECT l.customer_id, l.period_start, l.price_rule_id
FROM rated_line AS l
WHERE l.amount <> (SELECT sum(s.amount) FROM rated_charge AS s WHERE s.customer_id = l.customer_id AND s.period_start = l.period_start AND s.price_rule_id = l.price_rule_id);
SELECT count(*) FROM charge_unpriced;
SELECT problem, name FROM price_rule_problems WHERE problem <> 'below cost' ORDER BY 1, 2;
SELECT sum(list_cost) FROM bi_cost WHERE service = 'Commitment';

-- Billed month by month, and then February of K3 gets another 100 and April of K5: what was left in April is less, what is
-- missing too.
SET cloudbilling.correction_months = 1200;
CALL invoice_run('2025-03-01');
CALL invoice_run('2025-07-01');
SELECT count(*) FROM invoice_run_problem;
SELECT count(*) FROM invoice_running WHERE amount <> 0;
INSERT INTO usage (payer, account, cost, starts) VALUES ('late', 'a3', 100, '2025-02-20'), ('late', 'a5', 150, '2025-04-30');
SELECT pg_temp.deliver('late');
SELECT customer, period_start, description, due, due_before, amount FROM invoice_running WHERE amount <> 0 ORDER BY 1, 2, 3;
CALL invoice_run('2025-07-01');
SELECT count(*) FROM invoice_running WHERE amount <> 0;

-- Each line says why.
SELECT c.number, l.period_start, l.description, e.part, e.description AS step, e.amount
FROM invoice_line AS l
JOIN customer AS c USING (customer_id)
CROSS JOIN LATERAL invoice_line_explain(l) AS e
WHERE l.effect IN ('credit', 'true_up') AND (c.number = 'K3' AND l.period_start >= '2025-04-01' OR c.number = 'K5')
ORDER BY l.invoice_id, l.line_no, e.part DESC, e.amount DESC, e.description;
SELECT l.invoice_id, l.line_no, e.part
FROM invoice_line AS l
CROSS JOIN LATERAL invoice_line_explain(l) AS e
WHERE e.part IN ('step', 'charge')
GROUP BY l.invoice_id, l.line_no, l.amount, e.part
HAVING sum(e.amount) <> l.amount;
SELECT count(*) FROM invoice_verify();

-- A rule's credit per account is one of each; another price from a day on keeps what is left apart.
INSERT INTO ownership (customer_id, sub_account_id) VALUES (4, 'b4'), (4, 'c4');
INSERT INTO usage (payer, account, cost, starts) VALUES ('other', 'b4', 70, '2025-05-01'), ('other', 'c4', 70, '2025-05-01');
SELECT pg_temp.deliver('other');
INSERT INTO price_rule (name, customer_id, measure, per, effect, currency, pricing, included, included_months, roll_over, valid_during)
VALUES ('50 a month for each account', 4, 'amount', 'account', 'credit', 'EUR', per_unit(1), 50, 1, 1, '[2025-04-01,2026-01-01)');
SELECT period_start, account, measured, amount FROM invoice_running(4) WHERE description LIKE '50%' ORDER BY 1, 2;
SELECT month, account, valid_from, opening, used, lapsed, closing FROM bi_commitment WHERE name LIKE '50%' AND month < '2025-07-01' ORDER BY 2, 3, 1;
SELECT price_rule_replace(price_rule_id, '2025-05-01', per_unit(0.5)) IS NOT NULL AS replaced FROM price_rule WHERE name LIKE '50%';
SELECT included, included_months, roll_over, uses, valid_during, pricing FROM price_rule WHERE name LIKE '50%' ORDER BY price_rule_id;
SELECT period_start, account, measured, amount FROM invoice_running(4) WHERE description LIKE '50%' ORDER BY 1, 2;

-- A commitment that is raised in the middle of a period, on an anchor inside a month, for two months; the second has nothing to count.
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, end_on, billing_period, alignment)
VALUES ('C-2', 4, 'Two months', '2025-01-01', '2025-02-15', '2025-06-15', '2 months', 'anniversary');
INSERT INTO agreement_item (agreement_id, number, kind, product_id, description, pricing, price_rule_id)
SELECT agreement_key('C-2'), 1, 'commitment', product_ensure('Own services', 'Commitment'), 'Two months', per_unit(1), price_rule_id
FROM price_rule WHERE effect = 'true_up';
SELECT agreement_quantity_set(2, '2025-02-15', 590), agreement_quantity_set(2, '2025-03-15', 1180);
-- 15 February to 14 April has 59 days: 590 of 28 + 1180 of 31 = 280 + 620 = 900, less March 15 and April 400 (on the 10th).
-- Then 1180, less May's 140.
SELECT period_start, measured, amount FROM invoice_running(4) WHERE description LIKE 'Minimum%' ORDER BY 1;
SELECT valid_from, valid_until, month, amount, opening, used, lapsed, closing FROM bi_commitment WHERE agreement = 'C-2' ORDER BY 1, 3;

-- Months that are limited together: each is what the limit makes of all so far, less what it made of those before;
-- also when a month that was billed changes, another year begins, accounts are limited by themselves, and looked at alone.
INSERT INTO customer (seller_id, number, name) VALUES (1, 'K7', 'Random');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (7, 'a7'), (7, 'b7');
INSERT INTO usage (payer, account, cost, starts)
SELECT 'random', a, round((r.random % 100000) / 100.0 - 150, 2), m + interval '1 day' * (r.random / 7 % 27) + interval '12 hours'
FROM generate_series(timestamptz '2023-01-01Z', '2025-11-01Z', '1 month') AS m, unnest('{a7,b7}'::text[]) AS a, generate_series(1, 3) AS n,
    LATERAL (SELECT ('x' || substr(md5(concat(m, a, n)), 1, 7))::bit(28)::int AS random) AS r
WHERE r.random % 5 > 0;
SELECT pg_temp.deliver('random');
INSERT INTO price_rule (name, customer_id, measure, per, effect, currency, pricing, included_months, valid_during, position) VALUES
    ('Account', 7, 'amount', 'account', 'limit', 'EUR', pricing_with(per_unit(1), maximum => 2500), 6, '[2023-03-01,)', 1),
    ('All', 7, 'amount', 'scope', 'limit', 'EUR', pricing_with(per_unit(1), maximum => 7777.77), 12, '[2023-01-01,)', 2);
CREATE VIEW pg_temp.limited AS
WITH line AS (
    SELECT l.period_start, l.amount FROM invoice_running(7) AS l
), month AS (
    SELECT m::date AS month, a AS account,
        (SELECT coalesce(sum(u.cost), 0) FROM usage AS u WHERE u.account = a AND date_trunc('month', u.starts AT TIME ZONE 'Europe/Amsterdam') = m) AS sold
    FROM generate_series(timestamp '2023-01-01', '2025-11-01', '1 month') AS m, unnest('{a7,b7}'::text[]) AS a
), by_account AS (
    SELECT s.*, CASE WHEN s.month < '2023-03-01' THEN s.sold ELSE least(s.until, 2500) - least(s.until - s.sold, 2500) END AS billed
    FROM (
        SELECT m.*, sum(m.sold) OVER (PARTITION BY m.account, CASE WHEN m.month < '2023-03-01' THEN -1 ELSE ((extract(year FROM m.month) - 2023) * 12 + extract(month FROM m.month) - 3)::int / 6 END ORDER BY m.month) AS until
        FROM month AS m
    ) AS s
), together AS (
    SELECT s.month, least(s.until, 7777.77) - least(s.until - s.billed, 7777.77) AS billed
    FROM (
        SELECT b.month, sum(b.billed) AS billed, sum(sum(b.billed)) OVER (PARTITION BY extract(year FROM b.month) ORDER BY b.month) AS until
        FROM by_account AS b
        GROUP BY b.month
    ) AS s
)
SELECT t.month, t.billed AS expected, (SELECT coalesce(sum(l.amount), 0) FROM line AS l WHERE l.period_start = t.month) AS billed FROM together AS t;
SELECT count(*), sum(expected) AS expected, sum(billed) AS billed, count(*) FILTER (WHERE expected <> billed) AS wrong, count(*) FILTER (WHERE billed = 0) AS capped FROM pg_temp.limited;
SELECT extract(year FROM month) AS year, sum(billed) FROM pg_temp.limited GROUP BY 1 ORDER BY 1;
-- one month alone sees those before it
SET cloudbilling.period_first = '2024-10-01';
SELECT count(*), sum(l.amount) = (SELECT sum(expected) FROM pg_temp.limited WHERE month >= '2024-10-01') AS same FROM invoice_running(7) AS l;
RESET cloudbilling.period_first;
SELECT invoice_finalise(7, 7, '2025-12-01') > 0 AS made;
UPDATE usage SET cost = cost - 300 WHERE payer = 'random' AND cost % 0.07 = 0;
SELECT pg_temp.deliver('random');
SELECT sum(l.amount) = (SELECT sum(expected) FROM pg_temp.limited) - (SELECT sum(amount) FROM invoice_line WHERE customer_id = 7) AS the_difference FROM invoice_running(7) AS l;
SELECT invoice_finalise(7, 7, '2025-12-01') > 0 AS made;
SELECT l.invoice_id, l.line_no, e.part FROM invoice_line AS l CROSS JOIN LATERAL invoice_line_explain(l) AS e
WHERE l.customer_id = 7 AND e.part IN ('step', 'charge') GROUP BY l.invoice_id, l.line_no, l.amount, e.part HAVING sum(e.amount) <> l.amount;
SELECT e.description, e.amount FROM invoice_line AS l CROSS JOIN LATERAL invoice_line_explain(l) AS e
WHERE l.customer_id = 7 AND l.description = 'All' AND e.part = 'step' AND l.period_start = '2024-12-01' AND l.revision = 0 ORDER BY e.amount DESC;

-- With a what-if.
SELECT * FROM what_if(ARRAY(
    SELECT CASE WHEN r.name = 'Welcome' THEN jsonb_populate_record(r, '{"included":"40"}') ELSE r END FROM price_rule AS r),
    '2025-02-01', '2025-04-01');

-- What cannot be meant is refused.
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, effect, pricing) VALUES ('x', 'amount', 'credit', per_unit(1))$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, effect, pricing, currency) VALUES ('x', 'quantity', 'credit', per_unit(1), 'EUR')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, effect, pricing, currency, included, included_months) VALUES ('x', 'amount', 'credit', per_unit(1), 'EUR', 10, 1)$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, effect, pricing, currency, included, included_months, valid_during) VALUES ('x', 'amount', 'credit', per_unit(1), 'EUR', 10, 1, '[2025-01-15,)')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, effect, pricing, currency, included, roll_over) VALUES ('x', 'amount', 'credit', per_unit(1), 'EUR', 10, 1)$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, effect, pricing, currency, uses) VALUES ('x', 'amount', 'credit', per_unit(1), 'EUR', 0)$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, effect, pricing, included) VALUES ('x', 'amount', 'limit', per_unit(1), 10)$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, effect, per, pricing) VALUES ('x', 'amount', 'true_up', 'account', per_unit(1))$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, effect, pricing, included_months, valid_during) VALUES ('x', 'amount', 'limit', pricing_with(per_unit(1), minimum => 5), 12, '[2025-01-01,)')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, effect, pricing, included_months) VALUES ('x', 'amount', 'limit', pricing_with(per_unit(1), maximum => 5), 12)$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, effect, pricing, included_months, valid_during) VALUES ('x', 'amount', 'limit', pricing_with(per_unit(1), maximum => 5), 0, '[2025-01-01,)')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO price_rule (name, measure, effect, pricing, included_months, valid_during) VALUES ('x', 'amount', 'add', per_unit(1), 12, '[2025-01-01,)')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO agreement_item (agreement_id, number, kind, product_id, description, pricing)
    VALUES (agreement_key('C-1'), 2, 'commitment', product_ensure('Own services', 'Commitment'), 'x', per_unit(1))$$);
SELECT code, message, detail, hint FROM pg_temp.fails($$INSERT INTO agreement_item (agreement_id, number, kind, product_id, description, pricing, price_rule_id)
    SELECT agreement_key('C-1'), 2, 'commitment', product_ensure('Own services', 'Commitment'), 'x', per_unit(1), price_rule_id FROM price_rule WHERE name = 'Cloud'$$);
SELECT code, message, hint FROM pg_temp.fails($$INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing, price_rule_id)
    SELECT agreement_key('C-1'), 2, product_ensure('Own services', 'Commitment'), 'x', per_unit(1), price_rule_id FROM price_rule WHERE effect = 'true_up'$$);
SELECT code, message FROM pg_temp.fails($$SELECT * FROM what_if(ARRAY(SELECT jsonb_populate_record(r, '{"included_months":"1"}') FROM price_rule AS r), '2025-02-01', '2025-04-01')$$);
