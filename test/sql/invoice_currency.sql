-- Customers invoiced in one currency for costs in others: what is rated is converted, the rate stays with the document, and
-- what lacks one is not billed, and seen.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\pset format unaligned

INSERT INTO seller (name, series) VALUES ('Waddenwolk B.V.', 'W');
INSERT INTO customer (seller_id, number, name, parent_id, resells) VALUES (1, 'E', 'Euros', NULL, false), (1, 'C', 'As costs are', NULL, false), (1, 'R', 'Reseller', NULL, true), (1, 'U', 'Under it', 3, false),
    (1, 'V', 'By value', NULL, false);
-- Outside the EU, so that there is no VAT to convert.
UPDATE customer SET country = 'US';
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, lower(number) FROM customer;
INSERT INTO price_rule (name, product_id, customer_id, reseller_id, measure, per, currency, effect, pricing) VALUES
    ('plus 8 %', product_ensure('AWS'), NULL, NULL, 'billed_cost', 'sku', NULL, 'set', '{"model":"per_unit","unit_price":"1.08"}'),
    ('ladder', product_ensure('AWS', 'Ladder'), NULL, NULL, 'billed_cost', 'scope', NULL, 'set', '{"model":"graduated","tiers":[{"up_to":"50","unit_price":"1.1"},{"unit_price":"1"}]}'),
    ('hours', product_ensure('AWS', 'Hours'), NULL, NULL, 'quantity', 'scope', 'EUR', 'set', '{"model":"per_unit","unit_price":"2"}'),
    ('in dollars', product_ensure('AWS', 'Dollars'), NULL, NULL, 'quantity', 'scope', 'USD', 'set', '{"model":"per_unit","unit_price":"2"}'),
    ('fee', product_ensure('AWS'), 1, NULL, 'amount', 'scope', NULL, 'add', '{"model":"percentage","rate":"10"}'),
    ('at least', product_ensure('AWS'), 1, NULL, 'amount', 'scope', 'EUR', 'limit', '{"model":"per_unit","unit_price":"1","minimum":"250"}'),
    ('plus 10 %', product_ensure('AWS'), NULL, 3, 'billed_cost', 'sku', NULL, 'set', '{"model":"per_unit","unit_price":"1.1"}');

-- What is refused.
SELECT * FROM pg_temp.fails($$INSERT INTO cloudbilling.invoice_currency VALUES (1, 'EUR', '[2024-08-15,)')$$);
SELECT code FROM pg_temp.fails($$INSERT INTO cloudbilling.invoice_currency VALUES (NULL, NULL)$$);
SELECT code FROM pg_temp.fails($$INSERT INTO cloudbilling.invoice_currency VALUES (1, 'euro')$$);
INSERT INTO invoice_currency VALUES (NULL, 'EUR'), (2, NULL);
SELECT code FROM pg_temp.fails($$INSERT INTO cloudbilling.invoice_currency VALUES (NULL, 'USD', '[2024-08-01,)')$$);

CREATE VIEW pg_temp.document AS
SELECT i.series_number AS id, i.kind, c.number AS cust, i.period_start, i.currency AS cur, i.net_amount AS net,
    (SELECT string_agg(format('%s %s %s', to_char(l.period_start, 'MM'), l.description, l.amount), ', ' ORDER BY l.line_no)
     FROM invoice_line AS l WHERE l.invoice_id = i.invoice_id) AS lines,
    (SELECT string_agg(format('%s %s %s %s%s', to_char(r.period_start, 'MM'), r.currency, r.to_currency, CASE WHEN r.inverse THEN '/' ELSE '*' END, r.rate), ', ' ORDER BY r.period_start, r.currency)
     FROM invoice_currency_rate AS r WHERE r.invoice_id = i.invoice_id) AS rates
FROM invoice AS i JOIN customer AS c USING (customer_id) ORDER BY 1;
CREATE VIEW pg_temp.balance AS
SELECT c.number AS cust, k.currency, sum(k.billed) AS billed, sum(k.running) AS running, sum(k.fact) AS fact, sum(k.billed) + sum(k.running) = sum(k.fact) AS adds_up
FROM (
    SELECT customer_id, currency::text, amount AS billed, 0 AS running, 0 AS fact FROM invoice_line
    UNION ALL
    SELECT customer_id, currency, 0, amount, 0 FROM invoice_running
    UNION ALL
    SELECT customer_id, currency, 0, 0, currency_round(amount, currency) FROM rated_line WHERE reseller_id IS NULL
) AS k JOIN customer AS c USING (customer_id)
GROUP BY 1, 2 ORDER BY 1, 2;

INSERT INTO usage (account, service, sku, quantity, cost, currency, starts) VALUES
    ('e', 'Compute', 'vm', 1, 100, 'USD', '2024-08-05 12:00Z'), ('e', 'Compute', 'vm', 1, 20, 'USD', '2024-08-20 12:00Z'), ('e', 'Compute', 'disk', 1, 10, 'EUR', '2024-08-05 12:00Z'),
    ('e', 'Ladder', 'step', 1, 40, 'USD', '2024-08-05 12:00Z'), ('e', 'Ladder', 'step', 1, 24, 'EUR', '2024-08-05 12:00Z'),
    ('e', 'Hours', 'hour', 8, 12, 'USD', '2024-08-05 12:00Z'), ('e', 'Dollars', 'dollar', 3, 5, 'USD', '2024-08-05 12:00Z'),
    ('c', 'Compute', 'vm', 1, 100, 'USD', '2024-08-05 12:00Z'), ('u', 'Compute', 'vm', 1, 100, 'USD', '2024-08-05 12:00Z');

-- Without a rate nobody who needs one is invoiced, and everybody else is; a problem says which, and so does a view.
SELECT pg_temp.deliver();
SELECT * FROM charge_unconverted;
SELECT * FROM price_rule_problems WHERE problem = 'nothing measured' AND customer_id = 1 ORDER BY product_id;
SELECT period_start, description, amount, cost, measured FROM invoice_running(1);
CALL invoice_run('2024-09-01');
SELECT customer_id, sqlstate, message, detail, hint FROM invoice_run_problem ORDER BY 1;
SELECT * FROM pg_temp.document;
-- Where what they cost is nothing, there is nothing to convert.
BEGIN;
UPDATE usage SET cost = 0 WHERE currency = 'USD';
SELECT pg_temp.deliver();
SELECT count(*) FROM charge_unconverted;
SELECT invoice_finalise(1, 1, '2024-09-01');
SELECT description, quantity, amount, cost FROM invoice_line WHERE description IN ('hours', 'ladder');
ROLLBACK;
-- Where no rule asks what they cost, they are billed, without a margin.
BEGIN;
DELETE FROM usage WHERE account = 'e' AND sku NOT IN ('hour', 'dollar', 'disk');
SELECT pg_temp.deliver();
SELECT customer_id, charges FROM charge_unconverted;
SELECT invoice_finalise(1, 1, '2024-09-01');
SELECT description, quantity, amount, cost FROM invoice_line WHERE description = 'hours';
ROLLBACK;
-- A fee on their cost asks.
BEGIN;
DELETE FROM usage WHERE account = 'e' AND sku <> 'hour';
INSERT INTO price_rule (name, product_id, measure, per, effect, pricing) VALUES ('fee on cost', product_ensure('AWS'), 'effective_cost', 'scope', 'add', '{"model":"percentage","rate":"1"}');
SELECT pg_temp.deliver();
SELECT message, detail FROM pg_temp.fails($$SELECT cloudbilling.invoice_finalise(1, 1, '2024-09-01')$$);
ROLLBACK;

-- With one.  Machines 120 dollars, 108 euros, and 8 % is 116.64; disks 10.80; the ladder 36 + 24 euros, so 55 + 10; hours 16,
-- all with a fee of 10 %; a price in dollars stays one.  208.44 and 20.84 are less than 250.
INSERT INTO currency_rate VALUES ('USD', 'EUR', '2024-08-01', 'month', 0.90, 'tax office');
SELECT * FROM customer_currency_rate WHERE customer_id = 1;
SELECT customer_id, period_start, currency, to_currency, charges, billed_cost, has_cost, factor, rate, inverse, rate_on, per, source, kept_by FROM charge_converted ORDER BY 1, 2, 3;
SELECT description, currency, quantity, measured, due, cost, margin, amount FROM invoice_running(1);
SELECT customer_id, reseller_id, currency, measured, amount, billed_cost FROM rated_line WHERE customer_id > 2 ORDER BY 1, 2;
CALL invoice_run('2024-09-01');
SELECT invoices, problems FROM invoice_run ORDER BY invoice_run_id DESC LIMIT 1;
SELECT * FROM pg_temp.document;
SELECT kept_by IS NOT NULL AS is_kept FROM customer_currency_rate WHERE customer_id = 1 AND currency = 'USD';
SELECT invoice_id AS euros FROM invoice WHERE customer_id = 1 AND currency = 'EUR' \gset
SELECT description, quantity, unit, unit_price, amount, cost FROM invoice_line WHERE invoice_id = :euros ORDER BY line_no;
SELECT * FROM pg_temp.balance;
-- Each amount is told down to its charges, and all grains say the same.
SELECT l.line_no, l.amount, (SELECT sum(e.amount) FROM invoice_line_explain(l) AS e WHERE e.part = 'step') AS steps, (SELECT sum(e.amount) FROM invoice_line_explain(l) AS e WHERE e.part = 'charge') AS charges
FROM invoice_line AS l WHERE l.invoice_id = :euros ORDER BY 1;
SELECT starts, cost, margin, amount FROM invoice_line_explain(:euros, 2) WHERE part = 'charge';
CREATE TEMP TABLE by_month AS TABLE rated_line;
SET cloudbilling.grain = 'day';
SELECT count(*) FROM rated_line AS l FULL JOIN by_month AS m ON l.customer_id = m.customer_id AND (l.reseller_id, l.price_rule_id, l.product_id, l.currency) IS NOT DISTINCT FROM (m.reseller_id, m.price_rule_id, m.product_id, m.currency) WHERE (l.amount = m.amount AND (l.billed_cost IS NOT DISTINCT FROM m.billed_cost)) IS NOT TRUE;
SET cloudbilling.grain = 'charge';
SELECT count(*) FROM rated_line AS l FULL JOIN by_month AS m ON l.customer_id = m.customer_id AND (l.reseller_id, l.price_rule_id, l.product_id, l.currency) IS NOT DISTINCT FROM (m.reseller_id, m.price_rule_id, m.product_id, m.currency) WHERE (l.amount = m.amount AND (l.billed_cost IS NOT DISTINCT FROM m.billed_cost)) IS NOT TRUE;
SET cloudbilling.grain = 'sum';
SELECT count(*) FROM rated_line AS l FULL JOIN by_month AS m ON l.customer_id = m.customer_id AND (l.reseller_id, l.price_rule_id, l.product_id, l.currency) IS NOT DISTINCT FROM (m.reseller_id, m.price_rule_id, m.product_id, m.currency) WHERE (l.amount = m.amount AND (l.billed_cost IS NOT DISTINCT FROM m.billed_cost)) IS NOT TRUE;
RESET cloudbilling.grain;

-- The rate that was billed with stays, whatever the table says; a restated cost is converted with it.
UPDATE currency_rate SET rate = 0.50;
SELECT count(*) FROM invoice_due WHERE amount <> 0;
DELETE FROM currency_rate;
SELECT count(*) FROM invoice_due WHERE amount <> 0;
UPDATE usage SET cost = 200 WHERE account = 'e' AND sku = 'vm' AND cost = 100;
SELECT pg_temp.deliver();
CALL invoice_run('2024-09-01');
SELECT * FROM pg_temp.document WHERE id > 4;
-- A currency that the month did not have before asks for a rate, and then keeps its own.  Rates the other way round divide.
INSERT INTO usage (account, service, sku, quantity, cost, currency, starts) VALUES ('e', 'Compute', 'swiss', 1, 75, 'CHF', '2024-08-09 12:00Z');
SELECT pg_temp.deliver();
SELECT customer, period_start, currency, to_currency, last_rate_on, charges, billed_cost FROM charge_unconverted;
CALL invoice_run('2024-09-01');
SELECT message FROM invoice_run_problem ORDER BY invoice_run_problem.invoice_run_id DESC LIMIT 1;
INSERT INTO currency_rate VALUES ('EUR', 'CHF', '2024-08-29', 'day', 0.9375, 'bank'), ('EUR', 'USD', '2024-08-30', 'day', 2, 'bank');
CALL invoice_run('2024-09-01');
SELECT * FROM pg_temp.document WHERE id > 5;
-- A rate that was wrong is let go: the difference is billed by what the table says now.
INSERT INTO invoice_currency_release (customer_id, period_start, reason) VALUES (3, '2024-08-01', 'typing error');
SELECT currency, rate, inverse, kept_by FROM customer_currency_rate WHERE customer_id = 3;
SELECT description, due_before, due, amount FROM invoice_running(3);
CALL invoice_run('2024-09-01');
SELECT * FROM pg_temp.document WHERE id > 6;
UPDATE currency_rate SET rate = 3;
SELECT count(*) FROM invoice_due WHERE amount <> 0;
SELECT * FROM pg_temp.balance;
-- As of before it was let go, the old rate holds.
SELECT released_at - interval '1 microsecond' AS before FROM invoice_currency_release \gset
SET cloudbilling.as_of = :'before';
SELECT rate FROM customer_currency_rate WHERE customer_id = 3 AND currency = 'USD';
RESET cloudbilling.as_of;
SELECT count(*) FROM invoice_line AS l CROSS JOIN LATERAL (SELECT sum(e.amount) FILTER (WHERE e.part = 'charge') AS charges, bool_or(e.description LIKE 'owners%') AS changed FROM invoice_line_explain(l) AS e) AS e
WHERE l.amount <> e.charges OR e.changed;

-- Months: who is invoiced in dollars from October on.  September has the rate of its last day; today's is of the month that runs.
DELETE FROM currency_rate;
INSERT INTO currency_rate VALUES ('EUR', 'USD', '2024-09-27', 'day', 1.25, 'bank'), ('EUR', 'USD', '2024-10-31', 'day', 1.5, 'bank');
INSERT INTO invoice_currency VALUES (1, 'USD', '[2024-10-01,)');
INSERT INTO usage (account, service, sku, quantity, cost, currency, starts) VALUES ('e', 'Compute', 'vm', 1, 100, 'USD', '2024-09-05 12:00Z'), ('e', 'Compute', 'vm', 1, 100, 'USD', '2024-10-05 12:00Z'),
    ('e', 'Compute', 'disk', 1, 100, 'EUR', '2024-10-05 12:00Z');
SELECT pg_temp.deliver();
SELECT max(series_number) AS last FROM invoice \gset
CALL invoice_run('2024-11-01');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT problems FROM invoice_run ORDER BY invoice_run_id DESC LIMIT 1;
SELECT * FROM pg_temp.balance WHERE cust = 'E';
-- A month that was billed and changes its currency is credited in the one and billed in the other.
UPDATE invoice_currency SET valid_during = '[2024-09-01,)' WHERE customer_id = 1;
SELECT max(series_number) AS last FROM invoice \gset
CALL invoice_run('2024-11-01');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT * FROM pg_temp.balance WHERE cust = 'E';

-- By value: what is shared is split as costs are, in dollars, and billed in euros.
INSERT INTO dimension (name) VALUES ('Team');
INSERT INTO allocation_rule (dimension_id, position, keys) VALUES (dimension_key('Team'), 1, '{tags.team}');
INSERT INTO allocation_split (dimension_id, value, split_by) VALUES (dimension_key('Team'), 'shared', 'billed_cost');
INSERT INTO invoice_dimension VALUES (5, dimension_key('Team'), 'value');
INSERT INTO usage (payer, account, service, sku, quantity, cost, currency, starts, tags)
SELECT 'v', 'v', 'Compute', 'vm', 1, c, 'USD', '2024-09-05 12:00Z', jsonb_build_object('team', t) FROM (VALUES ('red', 30), ('blue', 10), ('shared', 20)) AS v (t, c);
SELECT pg_temp.deliver('v');
SELECT max(series_number) AS last FROM invoice \gset
CALL invoice_run('2024-11-01');
SELECT d.*, i.dimension_value FROM pg_temp.document AS d JOIN invoice AS i ON i.series_number = d.id WHERE id > :last;
SELECT problems FROM invoice_run ORDER BY invoice_run_id DESC LIMIT 1;
SELECT * FROM pg_temp.balance WHERE cust = 'V';

-- While a month runs it is today's rate, of yesterday if there is none newer.
BEGIN;
INSERT INTO currency_rate VALUES ('EUR', 'USD', (now() AT TIME ZONE 'Europe/Amsterdam')::date - 1, 'day', 4, 'bank');
INSERT INTO usage (payer, account, service, sku, quantity, cost, currency, starts) VALUES ('now', 'u', 'Compute', 'vm', 1, 100, 'USD', now());
SELECT pg_temp.deliver('now');
SELECT to_currency, rate, (now() AT TIME ZONE 'Europe/Amsterdam')::date - rate_on AS days, kept_by FROM charge_converted WHERE customer_id = 3 AND period_start > '2024-12-01';
ROLLBACK;

-- What a document says of it.
SELECT d.id, r.paragraph FROM pg_temp.document AS d JOIN invoice AS i ON i.series_number = d.id, LATERAL unnest(xpath('//div[@class="legal"]/p/text()', substr(invoice_html(i.invoice_id), length('<!DOCTYPE html>') + 2)::xml)::text[]) AS r (paragraph) WHERE d.id IN (1, 2, 6);

-- Frozen, and part of what is hashed; reports need no rights but their own.
SELECT * FROM pg_temp.fails('DELETE FROM cloudbilling.invoice_currency_rate');
SELECT code FROM pg_temp.fails('UPDATE cloudbilling.invoice_currency_rate SET rate = 1');
SELECT code FROM pg_temp.fails('TRUNCATE cloudbilling.invoice_currency_rate');
SELECT * FROM invoice_verify();
BEGIN;
ALTER TABLE invoice_currency_rate DISABLE TRIGGER USER;
UPDATE invoice_currency_rate SET rate = 1 WHERE invoice_id = :euros;
SELECT problem FROM invoice_verify() LIMIT 1;
ROLLBACK;
CREATE ROLE invoice_currency_test_analyst;
GRANT USAGE ON SCHEMA cloudbilling TO invoice_currency_test_analyst;
GRANT SELECT ON bi_margin, bi_running, bi_revenue, bi_margin_converted TO invoice_currency_test_analyst;
SET ROLE invoice_currency_test_analyst;
SELECT month, customer, currency, revenue, invoiced, billed_cost FROM bi_margin WHERE customer_number = 'R';
SELECT count(*) > 0 AS converted FROM bi_margin_converted;
SELECT sum(amount) FROM bi_running;
RESET ROLE;
DROP OWNED BY invoice_currency_test_analyst;
DROP ROLE invoice_currency_test_analyst;

-- An agreement in dollars of a customer who is invoiced in euros, and of whom nothing
-- else is delivered: its fees are converted with the month's rate, as costs are.
INSERT INTO customer (seller_id, number, name) VALUES (1, 'K-agreed', 'Agreed in dollars');
INSERT INTO invoice_currency VALUES ((SELECT customer_id FROM customer WHERE number = 'K-agreed'), 'EUR');
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, term, renewal, currency)
SELECT 'A-usd', customer_id, 'Workplaces', '2023-12-20', '2024-01-01', '2 months', 'none', 'USD' FROM customer WHERE number = 'K-agreed';
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing)
VALUES (agreement_key('A-usd'), 1, product_ensure('Own services', 'Workplace', 'workplace'), 'Managed workplace', per_unit(31.10));
SELECT agreement_quantity_set(agreement_item_id, '2024-01-01', 3) FROM agreement_item WHERE agreement_id = agreement_key('A-usd');
INSERT INTO currency_rate (currency, to_currency, rate, rate_on) VALUES ('USD', 'EUR', 0.9137, '2024-01-31'), ('USD', 'EUR', 0.8999, '2024-02-29')
ON CONFLICT DO NOTHING;
SELECT period_start, description, quantity, amount, currency
FROM invoice_running((SELECT customer_id FROM customer WHERE number = 'K-agreed')) ORDER BY period_start;
SELECT invoice_finalise(customer_id, customer_id, '2024-03-01') FROM customer WHERE number = 'K-agreed';
SELECT l.period_start, l.quantity, l.unit_price, l.amount, l.currency, k.currency AS of, k.rate, k.rate_on
FROM invoice AS i
JOIN invoice_line AS l USING (invoice_id)
JOIN invoice_currency_rate AS k ON k.invoice_id = i.invoice_id AND k.period_start = l.period_start
WHERE i.customer_id = (SELECT customer_id FROM customer WHERE number = 'K-agreed')
ORDER BY 1;
