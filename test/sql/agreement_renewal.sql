-- Renewal on payment: another term when the documents of the one before are paid.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\pset format unaligned

INSERT INTO seller (name, series) VALUES ('Waddenwolk B.V.', 'W');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'A', 'Alpha'), (1, 'B', 'Beta'), (1, 'C', 'Gamma');
-- In advance by calendar months; in arrears from the 31st; for a year from the 15th.
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, term, renewal, alignment, billing_period, in_advance, notice) VALUES
    ('month', 1, 'By months', '2024-01-01', '2024-01-01', '1 month', 'on_payment', 'calendar', '1 month', true, '0 days'),
    ('arrears', 2, 'In arrears', '2024-01-01', '2024-01-31', '1 month', 'on_payment', 'anniversary', '1 month', false, '0 days'),
    ('year', 3, 'For years', '2024-01-01', '2024-01-15', '1 year', 'on_payment', 'anniversary', '1 month', true, '0 days');
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing)
SELECT agreement_id, 1, product_ensure('Own services', 'Support', 'seat'), 'Seat', per_unit(10) FROM agreement;
INSERT INTO agreement_quantity SELECT agreement_item_id, '[2024-01-01,)', 1 FROM agreement_item;
CREATE VIEW pg_temp.agreed AS SELECT s.number, s.end_on, s.next_event, (SELECT count(*) FROM invoice AS i WHERE i.customer_id = g.customer_id) AS documents,
    (SELECT string_agg(format('%s on %s by %s', r.renewal_no, r.paid_on - (SELECT max(issued_on) FROM invoice), r.documents), ', ' ORDER BY r.renewal_no) FROM agreement_renewal_paid AS r WHERE r.agreement_id = g.agreement_id) AS paid
FROM agreement_status AS s JOIN agreement AS g USING (agreement_id) ORDER BY s.agreement_id;
CREATE FUNCTION pg_temp.pay(id int) RETURNS numeric LANGUAGE sql AS $$
    WITH p AS (INSERT INTO cloudbilling.payment (seller_id, received_on, amount, reference) SELECT 1, issued_on, gross_amount, payment_reference FROM cloudbilling.invoice WHERE invoice_id = id RETURNING 1)
    SELECT gross_amount FROM cloudbilling.invoice, p WHERE invoice_id = id;
$$;

-- Only the first terms are charged: one month, one month, a year.
CALL invoice_run('2026-10-01');
SELECT customer_id, count(*), sum(net_amount) FROM invoice GROUP BY 1 ORDER BY 1;
SELECT * FROM pg_temp.agreed;
-- The month is paid: there is another one, and it is invoiced by the next run, and so on.
SELECT invoice_id AS month1 FROM invoice WHERE customer_id = 1 \gset
SELECT pg_temp.pay(:month1);
SELECT payment_match();
SELECT * FROM pg_temp.agreed WHERE number = 'month';
CALL invoice_run('2026-10-01');
SELECT max(invoice_id) AS month2 FROM invoice WHERE customer_id = 1 \gset
SELECT period_start, net_amount FROM invoice WHERE invoice_id = :month2;
CALL invoice_run('2026-10-01');
SELECT * FROM pg_temp.agreed WHERE number = 'month';
-- A part is no payment.
INSERT INTO payment (seller_id, received_on, amount, reference) SELECT 1, issued_on, 12.09, invoice_number FROM invoice WHERE invoice_id = :month2;
SELECT payment_match();
SELECT number, end_on FROM pg_temp.agreed WHERE number = 'month';
INSERT INTO payment (seller_id, received_on, amount, reference) SELECT 1, issued_on, 0.01, invoice_number FROM invoice WHERE invoice_id = :month2;
SELECT payment_match();
SELECT number, end_on FROM pg_temp.agreed WHERE number = 'month';
CALL invoice_run('2026-10-01');
SELECT max(invoice_id) AS month3 FROM invoice WHERE customer_id = 1 \gset
-- What is written off is not paid, nor what was credited as a whole; but what is left after a part of it is.
SELECT invoice_mark(:month3, 'written_off', 'a mistake');
SELECT number, end_on FROM pg_temp.agreed WHERE number = 'month';
SELECT invoice_mark(:month3, 'reinstated', 'of ours') IS NOT NULL AS back;
SELECT invoice_credit(:month3, 'half of it', amount => 5) IS NOT NULL AS credited;
SELECT number, end_on FROM pg_temp.agreed WHERE number = 'month';
INSERT INTO payment (seller_id, received_on, amount, reference) SELECT 1, issued_on, 6.05, invoice_number FROM invoice WHERE invoice_id = :month3;
SELECT payment_match();
SELECT number, end_on FROM pg_temp.agreed WHERE number = 'month';
CALL invoice_run('2026-10-01');
SELECT max(invoice_id) AS month4 FROM invoice WHERE customer_id = 1 \gset
SELECT invoice_credit(:month4, 'all of it') IS NOT NULL AS credited;
SELECT number, end_on FROM pg_temp.agreed WHERE number = 'month';
-- The first payment is charged back: there is no second month, and all after it comes back.
SELECT payment_reverse(1, 'no mandate') IS NOT NULL AS reversed;
SELECT number, end_on FROM pg_temp.agreed WHERE number = 'month';
SELECT period_start, sum(amount) FROM invoice_running WHERE customer_id = 1 GROUP BY 1 ORDER BY 1;
-- Somebody says that they were paid, all the same.
INSERT INTO agreement_renewal (agreement_id, renewal_no, paid_on) SELECT agreement_key('month'), n, '2024-02-01' FROM unnest('{1,2}'::int[]) AS n;
SELECT number, end_on FROM pg_temp.agreed WHERE number = 'month';
SELECT period_start, sum(amount) FROM invoice_running WHERE customer_id = 1 GROUP BY 1 ORDER BY 1;

-- In arrears: the period that ends with the term counts, on its last day; then the next.
SELECT invoice_id AS arrears1, period_start FROM invoice WHERE customer_id = 2 \gset
SELECT period_start, net_amount FROM invoice WHERE invoice_id = :arrears1;
SELECT pg_temp.pay(:arrears1);
SELECT payment_match();
SELECT number, end_on FROM pg_temp.agreed WHERE number = 'arrears';
CALL invoice_run('2026-10-01');
SELECT max(invoice_id) AS arrears2 FROM invoice WHERE customer_id = 2 \gset
SELECT pg_temp.pay(:arrears2);
SELECT payment_match();
SELECT number, end_on FROM pg_temp.agreed WHERE number = 'arrears';

-- For a year by months, all on one document here.
SELECT count(*), sum(net_amount) FROM invoice WHERE customer_id = 3;
SELECT pg_temp.pay(max(invoice_id)) FROM invoice WHERE customer_id = 3;
SELECT payment_match();
SELECT number, end_on FROM pg_temp.agreed WHERE number = 'year';
-- As of before the last payment.
SELECT recorded_at - interval '1 microsecond' AS before FROM payment_part ORDER BY payment_part_id DESC LIMIT 1 \gset
SET cloudbilling.as_of = :'before';
SELECT number, end_on FROM pg_temp.agreed WHERE number = 'year';
RESET cloudbilling.as_of;

-- Where nothing is to be paid, a document is paid when it is made: the next run bills the next term, and one after it nothing.
INSERT INTO customer (seller_id, number, name) VALUES (1, 'D', 'Delta');
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, term, renewal) VALUES
    ('credited', 4, 'Set off', '2024-01-01', '2024-01-01', '1 month', 'on_payment'), ('credit', 4, 'Credit', '2024-01-01', '2024-01-01', NULL, 'automatic');
INSERT INTO agreement_item (agreement_id, number, kind, product_id, description, pricing)
SELECT agreement_id, 1, CASE number WHEN 'credit' THEN 'one_off' ELSE 'recurring' END, product_ensure('Own services', 'Support', 'seat'), 'Seat', per_unit(10) FROM agreement WHERE customer_id = 4;
INSERT INTO agreement_quantity SELECT agreement_item_id, '[2024-01-01,)', CASE kind WHEN 'one_off' THEN -2 ELSE 1 END FROM agreement_item JOIN agreement USING (agreement_id) WHERE customer_id = 4;
CALL invoice_run('2026-10-01', customers => '{4}');
SELECT number, end_on, documents FROM pg_temp.agreed WHERE number = 'credited';
CALL invoice_run('2026-10-01', customers => '{4}');
SELECT number, end_on, documents FROM pg_temp.agreed WHERE number = 'credited';
CALL invoice_run('2026-10-01', customers => '{4}');
SELECT kind, period_start, net_amount FROM invoice WHERE customer_id = 4 ORDER BY invoice_id;

-- Below a reseller: what the seller invoices him for it is to be paid, not what he invoices.
INSERT INTO seller (name, series) VALUES ('Doorverkoop B.V.', 'D');
INSERT INTO customer (seller_id, number, name, resells) VALUES (1, 'R', 'Reseller', true);
INSERT INTO customer (seller_id, number, name, parent_id) VALUES (1, 'E', 'Echo', 5);
INSERT INTO reseller (customer_id, seller_id) VALUES (5, 2);
INSERT INTO price_rule (name, reseller_id, product_id, measure, per, currency, pricing) VALUES ('sold on', 5, product_ensure('Own services', 'Support', 'seat'), 'quantity', 'account', 'EUR', per_unit(12));
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, term, renewal) VALUES ('below', 6, 'Below', '2024-01-01', '2024-01-01', '1 month', 'on_payment');
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing) VALUES (agreement_key('below'), 1, product_ensure('Own services', 'Support', 'seat'), 'Seat', per_unit(10));
INSERT INTO agreement_quantity SELECT max(agreement_item_id), '[2024-01-01,)', 1 FROM agreement_item;
CALL invoice_run('2026-10-01', customers => '{5}');
SELECT customer_id, reseller_id, net_amount FROM invoice WHERE customer_id >= 5 ORDER BY invoice_id;
INSERT INTO payment (seller_id, received_on, amount, reference) SELECT seller_id, issued_on, gross_amount, payment_reference FROM invoice WHERE customer_id = 6;
SELECT payment_match();
SELECT number, end_on FROM pg_temp.agreed WHERE number = 'below';
INSERT INTO payment (seller_id, received_on, amount, reference) SELECT seller_id, issued_on, gross_amount, payment_reference FROM invoice WHERE customer_id = 5;
SELECT payment_match();
SELECT number, end_on FROM pg_temp.agreed WHERE number = 'below';

-- In arrears, of a year that goes on after the term: due when the agreement ends, and, once that is paid and it is renewed, when the year does.
INSERT INTO customer (seller_id, number, name) VALUES (1, 'F', 'Foxtrot');
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, term, renewal, billing_period, in_advance) VALUES
    ('beyond', 7, 'Beyond', '2024-01-01', '2024-01-15', '6 months', 'on_payment', '1 year', false);
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing) VALUES (agreement_key('beyond'), 1, product_ensure('Own services', 'Support', 'seat'), 'Seat', per_unit(366));
INSERT INTO agreement_quantity SELECT max(agreement_item_id), '[2024-01-01,)', 1 FROM agreement_item;
SET cloudbilling.correction_months = 1200;
CALL invoice_run('2026-10-01', customers => '{7}');
SELECT pg_temp.pay(max(invoice_id)) FROM invoice WHERE customer_id = 7;
SELECT payment_match();
CALL invoice_run('2026-10-01', customers => '{7}');
CALL invoice_run('2026-10-01', customers => '{7}');
CALL invoice_run('2026-10-01', customers => '{7}');
SELECT number, end_on, documents FROM pg_temp.agreed WHERE number = 'beyond';
SELECT l.period_start, l.invoice_on, l.amount, i.net_amount FROM invoice_line AS l JOIN invoice AS i USING (invoice_id) WHERE l.customer_id = 7 ORDER BY l.invoice_id, l.line_no;
SELECT * FROM invoice_verify();
SELECT sum(problems) FROM invoice_run;
