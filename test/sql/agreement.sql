-- Agreements: periods, proration, indexation, renewal, and their way to the invoice.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set ECHO all
\pset null ''
SET intervalstyle = 'postgres';

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'K1', 'Works'), (1, 'K2', 'Other'), (1, 'K3', 'Third');
SELECT product_ensure('Own services', 'Workplace', 'seat') AS seat, product_ensure('Own services', 'Workplace', 'backup') AS backup,
    product_ensure('Own services', 'Projects', 'setup') AS setup
\gset

-- What an agreement charges, without what every row has.
CREATE VIEW pg_temp.charged AS
SELECT g.number, i.number AS item, c.period_start, c.invoice_on, c.first_day, c.end_day, trim_scale(c.level) AS level, trim_scale(c.share) AS share, c.amount
FROM agreement_charge AS c
JOIN agreement AS g USING (agreement_id)
JOIN agreement_item AS i USING (agreement_item_id)
ORDER BY g.agreement_id, i.number, c.period_start, c.first_day, c.part;

-- An anchor on the 31st: the last day of shorter months, and then the 31st again.
SET cloudbilling.period_last = '2025-04-01';
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, alignment)
VALUES ('month ends', 1, 'Month ends', '2024-01-01', '2024-01-31', 'anniversary');
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing)
VALUES (agreement_key('month ends'), 1, :seat, 'Seat', per_unit(10));
INSERT INTO agreement_quantity VALUES (1, '[2024-01-31,)', 3);
SELECT first_day, end_day, invoice_on, level, amount FROM pg_temp.charged WHERE number = 'month ends';
-- From the 29th of February, by years.
SELECT n, period_begin('2024-02-29', '1 year', n), period_number('2024-02-29', '1 year', period_begin('2024-02-29', '1 year', n)) FROM generate_series(-1, 4) AS n;
-- A day is in the period that begins on it or before it, whatever the anchor.
SELECT count(*), count(*) FILTER (WHERE d.day < period_begin(a.anchor, s.span, n.number) OR d.day >= period_begin(a.anchor, s.span, n.number + 1)) AS wrong
FROM (SELECT '2024-01-01'::date + a * 7 AS anchor FROM generate_series(0, 60) AS a) AS a
CROSS JOIN (SELECT '2022-12-15'::date + d * 5 AS day FROM generate_series(0, 300) AS d) AS d
CROSS JOIN unnest('{1 month,3 months,1 year,14 days,1 day,5 months}'::interval[]) AS s (span)
CROSS JOIN LATERAL (SELECT period_number(a.anchor, s.span, d.day) AS number) AS n;

-- Days are days where clocks change, too.
SET cloudbilling.period_first = '2025-03-01';
SELECT c.starts, c.ends, c.ends - c.starts AS length FROM agreement_charge AS c WHERE c.agreement_id = 1 ORDER BY 1;
RESET cloudbilling.period_first;

-- By the calendar, with a trial: what is free is not there, and the first month is one of parts.
SET cloudbilling.period_last = '2024-04-01';
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, trial_until)
VALUES ('trial', 1, 'Trial', '2024-01-01', '2024-01-10', '2024-02-11');
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing, proration)
VALUES (agreement_key('trial'), 1, :seat, 'Days', per_unit(29), 'days'),
    (agreement_key('trial'), 2, :seat, 'Halves', per_unit(29), 'half'),
    (agreement_key('trial'), 3, :seat, 'Whole', per_unit(29), 'none');
-- 19 of 29 days; more from the 20th, in the second half; fewer from the 5th and none from the 25th.
\copy agreement_quantity (agreement_item_id, valid_during, quantity) from stdin with (format csv)
2,"[2024-01-10,2024-02-20)",1
2,"[2024-02-20,2024-03-05)",3
2,"[2024-03-05,2024-03-25)",1
3,"[2024-01-10,2024-02-20)",1
3,"[2024-02-20,2024-03-05)",3
3,"[2024-03-05,2024-03-25)",1
4,"[2024-01-10,2024-02-20)",1
4,"[2024-02-20,2024-03-05)",3
4,"[2024-03-05,2024-03-25)",1
\.
SELECT item, first_day, end_day, invoice_on, level, share, amount FROM pg_temp.charged WHERE number = 'trial';

-- The same in arrears is charged when the month ends: one amount, the same in all.
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, in_advance)
VALUES ('arrears', 1, 'In arrears', '2024-01-01', '2024-02-11', false);
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing) VALUES (agreement_key('arrears'), 1, :seat, 'Days', per_unit(29));
INSERT INTO agreement_quantity SELECT 5, valid_during, quantity FROM agreement_quantity WHERE agreement_item_id = 2;
SELECT number, period_start, count(*), sum(amount), min(invoice_on) FROM pg_temp.charged WHERE number = 'arrears' OR number = 'trial' AND item = 1 GROUP BY 1, 2 ORDER BY 2, 1;

-- Microsoft's seats: a cent is rounded for one seat before it is multiplied.
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, alignment, term, renewal)
VALUES ('seats', 2, 'Seats', '2025-01-01', '2025-01-13', 'anniversary', '1 year', 'none');
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing, round_units)
VALUES (agreement_key('seats'), 1, :seat, 'Seat', per_unit(4.00), true);
INSERT INTO agreement_quantity VALUES (6, '[2025-01-13,2025-02-01)', 1), (6, '[2025-02-01,)', 2);
SET cloudbilling.period_last = '2025-02-01';
SELECT invoice_on, first_day, end_day, level, share, amount FROM pg_temp.charged WHERE number = 'seats';
SELECT sum(amount) FROM pg_temp.charged WHERE number = 'seats' AND invoice_on = '2025-02-01';

-- Ladders are climbed by what there is, and then a part of the amount is charged.
INSERT INTO agreement (number, customer_id, name, signed_on, start_on) VALUES ('ladder', 2, 'Ladder', '2025-01-01', '2025-01-01');
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing)
VALUES (agreement_key('ladder'), 1, :seat, 'Volume', volume(ARRAY[tier(10, 5), tier(NULL, 4)])), (agreement_key('ladder'), 2, :seat, 'Flat', flat(100));
INSERT INTO agreement_quantity VALUES (7, '[2025-01-01,2025-01-16)', 10), (7, '[2025-01-16,)', 20), (8, '[2025-01-01,2025-01-16)', 1), (8, '[2025-01-16,)', 5);
SELECT item, first_day, level, share, amount FROM pg_temp.charged WHERE number = 'ladder' AND period_start = '2025-01-01';

-- A price for a month, a year at a time; a pause; add-ons have what their parent lacks not.
SET cloudbilling.period_last = '2026-12-01';
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, term, notice, billing_period, alignment)
VALUES ('years', 2, 'Years', '2024-02-01', '2024-02-29', '1 year', '2 months', '1 year', 'anniversary');
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing, price_period)
VALUES (agreement_key('years'), 1, :seat, 'Seat', per_unit(10), '1 month');
INSERT INTO agreement_item (agreement_id, number, parent_id, product_id, description, pricing)
VALUES (agreement_key('years'), 2, 9, :backup, 'Backup of a seat', per_unit(365));
SELECT agreement_quantity_set(9, '2024-02-29', 2), agreement_quantity_set(10, '2024-02-29', 1);
SELECT agreement_quantity_set(9, '2025-08-31', 0, 'pause');
SELECT agreement_quantity_set(9, '2025-09-30', 2);
SELECT valid_during, quantity, note FROM agreement_quantity WHERE agreement_item_id = 9 ORDER BY 1;
SELECT agreement_cancel('years', '2026-01-15');
SELECT item, first_day, end_day, invoice_on, level, share, amount FROM pg_temp.charged WHERE number = 'years';

-- Indexation: on anniversaries, of the price that was agreed; a new one is indexed from its own day.
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, billing_period, alignment, index_percentage, end_on)
VALUES ('percent', 2, 'Percentage', '2020-02-01', '2020-02-29', '1 year', 'anniversary', 3, '2026-02-28');
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing, indexed)
VALUES (agreement_key('percent'), 1, :seat, 'Indexed', per_unit(10), true), (agreement_key('percent'), 2, :seat, 'Not indexed', per_unit(10), false),
    (agreement_key('percent'), 3, :seat, 'Small prices', graduated(ARRAY[tier(5, 0.0125, 1), tier(NULL, 0.010)]), true);
INSERT INTO agreement_quantity SELECT i.agreement_item_id, '[2020-02-29,)', 7 FROM agreement_item AS i WHERE i.agreement_id = agreement_key('percent');
INSERT INTO agreement_price (agreement_item_id, valid_from, pricing) VALUES (11, '2023-06-01', per_unit(12));
SELECT i.number AS item, l.valid_from, l.valid_until, l.factor, l.pricing FROM agreement_price_list AS l JOIN agreement_item AS i USING (agreement_item_id)
WHERE i.agreement_id = agreement_key('percent') ORDER BY 1, 2;
SELECT item, first_day, amount FROM pg_temp.charged WHERE number = 'percent' AND item IN (1, 3);

-- By an index: three months before the anniversary; what is not known yet changes nothing.
\copy price_index (name, month, value) from stdin with (format csv)
CPI,2023-10-01,120.00
CPI,2024-09-01,999
CPI,2024-10-01,123.60
\.
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, billing_period, index_name, end_on)
VALUES ('cpi', 2, 'Consumer prices', '2024-01-01', '2024-01-01', '6 months', 'CPI', '2027-01-01');
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing) VALUES (agreement_key('cpi'), 1, :seat, 'Seat', per_unit(100));
INSERT INTO agreement_quantity VALUES (14, '[2024-01-01,)', 1);
SELECT first_day, amount FROM pg_temp.charged WHERE number = 'cpi';
INSERT INTO price_index (name, month, value) VALUES ('CPI', '2025-10-01', 126);
SELECT first_day, amount FROM pg_temp.charged WHERE number = 'cpi' AND first_day >= '2026-01-01';

-- Terms: none renews not; automatic until notice; on payment as far as it is paid.
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, term, renewal, renewal_term, notice, recorded_at)
VALUES
    ('draft', 3, 'Draft', NULL, '2024-01-31', '1 month', 'automatic', NULL, '1 month', '2024-01-01'),
    ('none', 3, 'None', '2024-01-01', '2024-01-31', '1 month', 'none', NULL, '1 month', '2024-01-01'),
    ('auto', 3, 'Automatic', '2024-01-01', '2024-01-31', '1 month', 'automatic', NULL, '0 days', '2024-01-01'),
    ('longer', 3, 'Renews longer', '2024-01-01', '2024-01-31', '1 month', 'automatic', '1 year', '1 month', '2024-01-01'),
    ('paid', 3, 'On payment', '2024-01-01', '2024-01-31', '1 month', 'on_payment', NULL, '0 days', '2024-01-01'),
    ('open', 3, 'No term', '2024-01-01', '2024-01-31', NULL, 'automatic', NULL, '1 month', '2024-01-01'),
    ('agreed', 3, 'Its end was agreed', '2024-01-01', '2024-01-31', '3 years', 'automatic', NULL, '1 month', '2024-01-01'),
    ('later', 3, 'Begins later', '2024-01-01', '2025-01-31', '3 years', 'automatic', NULL, '1 month', '2024-01-01');
UPDATE agreement SET end_on = '2024-07-01', recorded_at = '2024-01-01' WHERE number = 'agreed';
UPDATE agreement SET trial_until = '2024-06-01' WHERE number = 'open';
INSERT INTO agreement_renewal (agreement_id, renewal_no, paid_on, recorded_at)
SELECT agreement_key('paid'), n, '2024-01-01', '2024-01-01' FROM unnest('{1,2,3,5}'::int[]) AS n;
-- as of then, before the changes of a moment ago
ALTER TABLE history DISABLE TRIGGER history_frozen;
DELETE FROM history WHERE relation = 'agreement';
ALTER TABLE history ENABLE TRIGGER history_frozen;
UPDATE agreement SET note = 'x' WHERE customer_id = 3;
CREATE VIEW pg_temp.status AS
SELECT s.number, s.status, s.start_on, s.end_on, s.term_end, s.notice_by, s.next_event FROM agreement_status AS s WHERE s.customer_number = 'K3' ORDER BY s.agreement_id;
SELECT number, status, end_on, next_event FROM pg_temp.status;
-- Notice: for the end of a term, and no sooner.
SELECT number, agreement_end(NULL, '2024-01-31', '1 month', notice::interval, 'automatic', renewal_term::interval, cancelled_on::date, NULL)
FROM (VALUES
    ('at once', '0 days', NULL, '2024-02-28'),
    ('on the last day', '0 days', NULL, '2024-02-29'),
    ('a day late', '0 days', NULL, '2024-03-01'),
    ('a month before', '1 month', NULL, '2024-02-29'),
    ('a month and a day', '1 month', NULL, '2024-03-01'),
    ('long terms', '1 month', '1 year', '2024-02-29'),
    ('long terms, two years on', '1 month', '1 year', '2025-02-01'),
    ('days', '30 days', '90 days', '2024-02-01')
) AS v (number, notice, renewal_term, cancelled_on);
SELECT agreement_cancel('open', '2024-05-31'), agreement_cancel('auto', '2024-04-15');

-- One-off, usage, and prices of rules.  What was agreed goes before whatever rule.
SET cloudbilling.period_last = '2025-03-01';
INSERT INTO price_rule (name, customer_id, product_id, measure, per, currency, pricing)
VALUES ('Backup for everyone', NULL, :backup, 'quantity', 'sku', 'EUR', per_unit(3)),
    ('Seats of K3', 3, :seat, 'quantity', 'sku', 'EUR', per_unit(99));
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, end_on, order_number) VALUES ('A-3', 3, 'Workplace', '2025-01-01', '2025-01-15', '2025-03-15', 'PO 7');
INSERT INTO agreement_item (agreement_id, number, kind, product_id, description, pricing, unit_cost, tags)
VALUES (agreement_key('A-3'), 1, 'recurring', :seat, 'Seat', per_unit(31), 10, '{"team": "web"}'),
    (agreement_key('A-3'), 2, 'one_off', :setup, 'Installation', per_unit(250), 0, '{}'),
    (agreement_key('A-3'), 3, 'recurring', :backup, 'Backup', NULL, 0, '{"team": "data"}'),
    (agreement_key('A-3'), 4, 'usage', :backup, 'Backup, by use', NULL, 0, '{}');
INSERT INTO agreement_quantity
SELECT i.agreement_item_id, q.during::daterange, q.quantity
FROM agreement_item AS i
JOIN (VALUES (1, '[2025-01-15,)', 10), (2, '[2025-01-15,)', 1), (2, NULL, NULL), (3, '[2025-02-01,)', 5)) AS q (number, during, quantity) ON q.number = i.number
WHERE i.agreement_id = agreement_key('A-3') AND q.quantity IS NOT NULL;
SELECT period_start, service, description, account, resource_id, quantity, unit, amount, cost FROM invoice_running(3) ORDER BY 1, 2, 3;
SELECT month, service, revenue, billed_cost FROM bi_margin WHERE customer_number = 'K3' ORDER BY 1, 2;
-- Their charges have tags, so they are allocated.
INSERT INTO dimension (name) VALUES ('team');
INSERT INTO allocation_rule (dimension_id, position, keys) VALUES (1, 1, '{tags.team}');
SELECT month, value, sum(due) AS due FROM bi_showback WHERE customer_number = 'K3' AND month = '2025-02-01' GROUP BY 1, 2 ORDER BY 2;
-- An account is its agreement's customer's, whoever an ownership rule says.
INSERT INTO ownership (customer_id, billing_account_id) VALUES (2, 'agreements');
SELECT count(*) FROM invoice_running(3);
-- A BI user needs nothing but the view.
CREATE ROLE agreement_reader;
GRANT USAGE ON SCHEMA cloudbilling TO agreement_reader;
GRANT SELECT ON bi_margin TO agreement_reader;
SET ROLE agreement_reader;
SELECT month, service, revenue FROM bi_margin WHERE customer_number = 'K3' ORDER BY 1, 2;
RESET ROLE;
DROP OWNED BY agreement_reader;
DROP ROLE agreement_reader;

-- Invoices: in advance on the first day; usage goes on the same document; a change falls due on its day.
RESET cloudbilling.period_last;
\copy landing from stdin with (format csv, delimiter E'\x01', quote E'\x02')
customer_ref,meter,quantity,unit,usage_start,source_event_id,currency
K3,backup,100,GB,2025-01-20,b1,EUR
\.
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing) VALUES ('GB', product_ensure('Own services', 'backup', 'backup'), 'quantity', 'sku', 'EUR', per_unit(0.10));
SELECT agreement_quantity_set(i.agreement_item_id, '2025-02-15', 12) FROM agreement_item AS i WHERE i.agreement_id = agreement_key('A-3') AND i.number = 1;
INSERT INTO invoice_run (until) SELECT unnest('{2025-01-14,2025-01-15,2025-02-01,2025-02-01,2025-02-15,2025-01-20,2025-03-01,2025-04-01}'::date[]);
SELECT r.until, invoice_finalise(3, 3, r.until, r.invoice_run_id) FROM (SELECT * FROM invoice_run ORDER BY invoice_run_id OFFSET 0) AS r;
SELECT invoice_id, kind, period_start, period_end, net_amount FROM invoice ORDER BY 1;
SELECT invoice_id, line_no, period_start, resource_id, description, invoice_on, revision, corrects, trim_scale(quantity) AS quantity, unit_price, amount FROM invoice_line ORDER BY 1, 2;
SELECT * FROM invoice_running(3) WHERE amount <> 0;
-- Each is explained, and adds up.
SELECT l.invoice_id, l.line_no, l.amount, sum(e.amount) FILTER (WHERE e.part = 'step') AS steps, sum(e.amount) FILTER (WHERE e.part = 'charge') AS charges
FROM invoice_line AS l CROSS JOIN LATERAL invoice_line_explain(l) AS e
GROUP BY 1, 2, 3 ORDER BY 1, 2;
SELECT e.part, e.description, e.starts, e.ends, e.quantity, e.amount, e.file_line_no FROM invoice_line_explain(3, 1) AS e;
-- What is said later than it was so is a correction.
UPDATE agreement_quantity AS q SET quantity = 9 FROM agreement_item AS i
WHERE i.agreement_item_id = q.agreement_item_id AND i.agreement_id = agreement_key('A-3') AND i.number = 1 AND q.quantity = 10;
SELECT invoice_finalise(3, 3, '2025-04-01');
SELECT invoice_id, line_no, period_start, resource_id, invoice_on, revision, corrects, trim_scale(quantity) AS quantity, amount FROM invoice_line WHERE invoice_id = (SELECT max(invoice_id) FROM invoice) ORDER BY 2;
SELECT * FROM invoice_verify();
-- A future month, before it is there.
SET cloudbilling.period_first = '2030-02-01';
SET cloudbilling.period_last = '2030-02-01';
SELECT r.customer, r.period_start, r.account, r.amount FROM invoice_running AS r ORDER BY 1, 3, 4;
RESET cloudbilling.period_first;
RESET cloudbilling.period_last;

-- What was, and who changed it.
SELECT relation, definition ->> 'valid_during' AS during, definition ->> 'quantity' AS quantity, changed_by = current_user AS by_me
FROM history WHERE relation IN ('agreement_quantity', 'agreement_renewal') AND operation <> 'insert' ORDER BY 1, 2, 3;

-- A closed month keeps what it was, and what has become of it since is late.
SELECT allocation_close('team', '2025-02-01');
UPDATE agreement_item SET unit_cost = 11 WHERE agreement_id = agreement_key('A-3') AND number = 1;
SELECT value, status, trim_scale(sum(billed_cost)) AS billed_cost FROM allocated WHERE kind = 'cost' AND period_start = '2025-02-01' AND customer_id = 3 GROUP BY 1, 2 ORDER BY 1, 2;

-- Below a reseller, the reseller is invoiced.
INSERT INTO customer (seller_id, parent_id, resells, number, name) VALUES (1, NULL, true, 'R', 'Reseller');
UPDATE customer SET parent_id = 4 WHERE number = 'K2';
SET cloudbilling.period_first = '2025-02-01';
SET cloudbilling.period_last = '2025-02-01';
SELECT customer_id, account, amount FROM invoice_running(4) ORDER BY 2, 3;
RESET cloudbilling.period_first;
RESET cloudbilling.period_last;

-- What the three years of test/agreement_simulation found.
SET cloudbilling.period_last = '2025-12-01';
-- An index counts from the month of the price, not from the anniversary before it: 10 of October 2024, with the index at 112,
-- is 10.27 in January, and 10.63 a year later.
INSERT INTO price_index (name, month, value)
VALUES ('PPI', '2024-01-01', 100), ('PPI', '2024-10-01', 112), ('PPI', '2025-01-01', 115), ('PPI', '2026-01-01', 119);
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, index_name, index_lag)
VALUES ('index', 2, 'Index', '2024-01-01', '2024-01-15', 'PPI', 0);
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing) VALUES (agreement_key('index'), 1, :seat, 'Seat', per_unit(8));
INSERT INTO agreement_price (agreement_item_id, valid_from, pricing)
SELECT agreement_item_id, '2024-10-15', per_unit(10) FROM agreement_item WHERE agreement_id = agreement_key('index');
SELECT l.valid_from, l.factor, l.pricing FROM agreement_price_list AS l JOIN agreement_item AS i USING (agreement_item_id)
WHERE i.agreement_id = agreement_key('index') ORDER BY 1;
-- A price of the first day goes before the item's, and one of an earlier day holds until then.
INSERT INTO agreement_price (agreement_item_id, valid_from, pricing)
SELECT i.agreement_item_id, p.* FROM agreement_item AS i, (VALUES ('2024-01-15'::date, per_unit(9)), ('2024-01-01', per_unit(7))) AS p
WHERE i.agreement_id = agreement_key('index');
SELECT l.valid_from, l.factor, l.pricing FROM agreement_price_list AS l JOIN agreement_item AS i USING (agreement_item_id)
WHERE i.agreement_id = agreement_key('index') AND l.valid_from < '2025-01-01' ORDER BY 1;
-- One-off add-ons, too, are only charged on days on which their parent is there.
INSERT INTO agreement_item (agreement_id, number, parent_id, kind, product_id, description, pricing)
SELECT i.agreement_id, 2, i.agreement_item_id, 'one_off', :setup, 'Installation of a seat', per_unit(50) FROM agreement_item AS i WHERE i.agreement_id = agreement_key('index');
INSERT INTO agreement_quantity
SELECT i.agreement_item_id, q.during::daterange, 1
FROM agreement_item AS i JOIN (VALUES (1, '[2024-02-01,2024-03-01)'), (2, '[2024-01-31,2024-02-01)'), (2, '[2024-02-01,2024-02-02)'), (2, '[2024-03-01,2024-03-02)'))
    AS q (number, during) USING (number)
WHERE i.agreement_id = agreement_key('index');
SELECT item, first_day, amount FROM pg_temp.charged WHERE number = 'index' AND item = 2;
-- A month after a term of 90 days is a month.
SELECT n, agreement_renewed_until('2023-01-31', '90 days', '1 month', n) AS after_days, agreement_renewed_until('2023-01-31', '1 month', '2 months', n) AS after_months,
    agreement_end(NULL, '2023-01-31', '90 days', '0 days', 'on_payment', '1 month', NULL, ARRAY(SELECT generate_series(1, n))) AS when_paid
FROM generate_series(0, 2) AS n;
SELECT agreement_end(NULL, '2023-01-31', '90 days', '0 days', 'automatic', '1 month', '2023-05-20', NULL);
RESET cloudbilling.period_last;

-- Errors.
\set VERBOSITY default
\set SHOW_CONTEXT never
UPDATE agreement SET number = 'other' WHERE number = 'A-3';
\echo :LAST_ERROR_SQLSTATE
UPDATE agreement SET currency = 'USD' WHERE number = 'A-3';
\echo :LAST_ERROR_SQLSTATE
UPDATE agreement_item SET product_id = :setup WHERE agreement_item_id = 1;
\echo :LAST_ERROR_SQLSTATE
UPDATE agreement_item SET pricing = NULL WHERE agreement_item_id = 1;
\echo :LAST_ERROR_SQLSTATE
SELECT agreement_cancel('years');
\echo :LAST_ERROR_SQLSTATE
SELECT agreement_cancel('no such');
\echo :LAST_ERROR_SQLSTATE
SELECT agreement_cancel('none', NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT agreement_quantity_set(0, '2025-01-01', 1);
\echo :LAST_ERROR_SQLSTATE
SELECT agreement_quantity_set(1, NULL, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT agreement_quantity_set(i.agreement_item_id, '2025-01-01', 1) FROM agreement_item AS i WHERE i.kind = 'one_off';
\echo :LAST_ERROR_SQLSTATE
INSERT INTO agreement_price (agreement_item_id, valid_from, pricing) SELECT i.agreement_item_id, '2025-01-01', per_unit(1) FROM agreement_item AS i WHERE i.kind = 'usage';
\echo :LAST_ERROR_SQLSTATE
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing, price_period) VALUES (1, 9, :seat, 'x', per_unit(1), '14 days');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
INSERT INTO agreement (number, customer_id, name, start_on, billing_period) VALUES ('x', 1, 'x', '2025-01-01', '1 month 3 days');
INSERT INTO agreement (number, customer_id, name, start_on, billing_period) VALUES ('x', 1, 'x', '2025-01-01', '14 days');
INSERT INTO agreement (number, customer_id, name, start_on, term) VALUES ('x', 1, 'x', '2025-01-01', '0 days');
INSERT INTO agreement (number, customer_id, name, start_on, renewal) VALUES ('x', 1, 'x', '2025-01-01', 'none');
INSERT INTO agreement (number, customer_id, name, start_on, index_percentage, index_name) VALUES ('x', 1, 'x', '2025-01-01', 1, 'CPI');
INSERT INTO agreement_quantity VALUES (1, '[2025-01-01,2025-02-01)', 1);
INSERT INTO agreement_quantity VALUES (1, '[2000-01-01,2000-02-01)', -1);
INSERT INTO agreement_item (agreement_id, number, parent_id, product_id, description) VALUES (agreement_key('years'), 3, 10, :seat, 'Add-on of an add-on');
INSERT INTO agreement_item (agreement_id, number, parent_id, product_id, description) VALUES (1, 3, 9, :seat, 'Add-on of another agreement');
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing) VALUES (1, 3, :seat, 'x', percentage(5));
INSERT INTO agreement_document (agreement_id, sha256, name, content) VALUES (1, sha256('a'), 'contract.pdf', 'b');
INSERT INTO agreement_document (agreement_id, sha256, name, content) VALUES (1, sha256('a'), 'contract.pdf', 'a');
