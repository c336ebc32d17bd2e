-- Payments: what they pay, what is paid too much or given back, credit notes settled
-- with invoices, and how long what is open has been due.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\pset format unaligned

INSERT INTO seller (name, series, payment_days) VALUES ('Waddenwolk B.V.', 'W', 30), ('Other B.V.', 'O', 30);
INSERT INTO customer (seller_id, number, name) VALUES (1, 'A', 'Alpha'), (1, 'B', 'Beta'), (2, 'C', 'Gamma');
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, lower(number) FROM customer;
INSERT INTO price_rule (name, measure, currency, pricing) VALUES ('cost', 'billed_cost', 'EUR', per_unit(1));
INSERT INTO usage (account, unit, quantity, cost, starts)
SELECT a, 'Hours', 1, 100, m FROM unnest('{a,b,c}'::text[]) AS a, unnest('{2024-07-05 12:00Z,2024-08-05 12:00Z,2024-09-05 12:00Z}'::timestamptz[]) AS m;
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
-- documents of Alpha are 1 to 3, of Beta 4 to 6, of Gamma 7 to 9
SELECT invoice_id, customer, currency, gross_amount, paid, open_amount, status, days_overdue FROM invoice_status ORDER BY 1;
CREATE FUNCTION pg_temp.number(id int) RETURNS text LANGUAGE sql AS 'SELECT invoice_number FROM cloudbilling.invoice WHERE invoice_id = id';
CREATE FUNCTION pg_temp.rf(id int) RETURNS text LANGUAGE sql AS 'SELECT payment_reference FROM cloudbilling.invoice WHERE invoice_id = id';
-- Errors, whatever the year.
CREATE FUNCTION pg_temp.refused(statement text) RETURNS TABLE (code text, message text, detail text, hint text) LANGUAGE sql AS $$
    SELECT f.code, regexp_replace(f.message, '([WO])\d{4}-', '\1-', 'g'), regexp_replace(f.detail, '([WO])\d{4}-', '\1-', 'g'), f.hint FROM pg_temp.fails(statement) AS f
$$;
CREATE VIEW pg_temp.standing AS SELECT invoice_id AS id, gross_amount AS gross, paid, credited, written_off, open_amount AS open, status FROM invoice_status ORDER BY 1;
CREATE VIEW pg_temp.money AS SELECT payment_id AS id, amount, assigned, reversed, open_amount AS open, status FROM payment_status ORDER BY 1;

-- A statement, by COPY, and the same again.
CREATE TEMP TABLE statement (seller_id int, received_on date, amount numeric, currency text, reference text, payer text, bank_id text);
INSERT INTO statement VALUES
    (1, '2024-10-20', 121, 'EUR', 'Your invoice ' || pg_temp.number(1), 'Alpha', 'S1'),           -- by number
    (1, '2024-10-21', 100, 'EUR', regexp_replace(pg_temp.rf(2), '(....)', '\1 ', 'g'), 'Alpha', 'S2'), -- by reference, in blocks of four; a part
    (1, '2024-10-22', 300, 'EUR', concat(pg_temp.number(4), '/', pg_temp.number(5)), 'Beta', 'S3'), -- two documents, and too much
    (1, '2024-10-23', 50, 'EUR', 'thank you', 'Somebody', 'S4'),                                   -- nothing
    (2, '2024-10-23', 121, 'EUR', pg_temp.rf(1), 'Alpha', 'S4'),                                   -- of the other seller
    (2, '2024-10-24', 121, 'USD', pg_temp.rf(7), 'Gamma', 'S5');                                   -- in another currency
\set file `mktemp -u /tmp/cloudbilling-XXXXXX`
COPY statement TO :'file';
COPY payment (seller_id, received_on, amount, currency, reference, payer, bank_id) FROM :'file';
\set copy 'COPY cloudbilling.payment (seller_id, received_on, amount, currency, reference, payer, bank_id) FROM ' :'file'
SELECT code, message FROM pg_temp.refused(:'copy');
-- A later statement that goes over earlier days: what is known is left out.
INSERT INTO payment (seller_id, received_on, amount, currency, reference, payer, bank_id) SELECT * FROM statement ON CONFLICT DO NOTHING;
SELECT payment_match();
SELECT payment_match();
SELECT * FROM pg_temp.standing;
SELECT * FROM pg_temp.money;
SELECT documents = pg_temp.number(4) || ', ' || pg_temp.number(5) AS both FROM payment_status WHERE payment_id = 3;

-- Several payments for one document, in one go: each gets what the one before left.
INSERT INTO payment (seller_id, received_on, amount, reference) SELECT 1, d, 60, pg_temp.rf(3) FROM unnest('{2024-11-01,2024-11-02,2024-11-03}'::date[]) AS d;
SELECT payment_match(1);
SELECT payment_match(2);
SELECT p.received_on, t.amount FROM payment_part AS t JOIN payment AS p USING (payment_id) WHERE t.invoice_id = 3 ORDER BY 1;
SELECT * FROM pg_temp.money WHERE id > (SELECT max(payment_id) - 3 FROM payment);

-- By hand: what was paid too much pays another document, then a part of that is taken back.
SELECT payment_assign(3, 6);
SELECT payment_assign(3, 6, -8, 'was for something else');
SELECT * FROM pg_temp.standing WHERE id = 6;
SELECT * FROM pg_temp.refused('SELECT cloudbilling.payment_assign(1, 6)');
SELECT * FROM pg_temp.refused('SELECT cloudbilling.payment_assign(4, 6, 50.01)');
SELECT * FROM pg_temp.refused('SELECT cloudbilling.payment_assign(4, 1, 1)');
SELECT * FROM pg_temp.refused('SELECT cloudbilling.payment_assign(3, 6, -51)');
SELECT * FROM pg_temp.refused('SELECT cloudbilling.payment_assign(4, 7, 10)');
SELECT code, message FROM pg_temp.refused('SELECT cloudbilling.payment_assign(99, 7)');
SELECT code, message FROM pg_temp.refused('SELECT cloudbilling.payment_assign(4, 99)');
SELECT code, message FROM pg_temp.refused('SELECT cloudbilling.payment_assign(4, 6, 0)');
SELECT code, message FROM pg_temp.refused('SELECT cloudbilling.payment_assign(4, 6, 0.001)');
SELECT code, message FROM pg_temp.refused($$INSERT INTO cloudbilling.payment_part (payment_id, invoice_id, amount) VALUES (4, 6, 'NaN')$$);
SELECT code, message FROM pg_temp.refused($$INSERT INTO cloudbilling.payment (seller_id, received_on, amount) VALUES (1, '2024-11-01', 0)$$);
SELECT code, message, detail FROM pg_temp.refused($$INSERT INTO cloudbilling.payment (seller_id, received_on, amount) VALUES (1, '2024-11-01', 0.005)$$);
SELECT code FROM pg_temp.refused($$INSERT INTO cloudbilling.payment (seller_id, received_on, amount) VALUES (1, '2024-11-01', 'Infinity')$$);

-- A chargeback: as the bank tells it, by an entry of its own that names the document, or of a payment that is known.
INSERT INTO payment (seller_id, received_on, amount, reference, payer) VALUES (1, '2024-11-10', -121, 'Storno ' || pg_temp.number(1), 'Alpha');
SELECT payment_match();
SELECT * FROM pg_temp.standing WHERE id = 1;
SELECT payment_reverse(2, 'no mandate', bank_id => 'S9') > 0 AS reversed;
SELECT * FROM pg_temp.standing WHERE id = 2;
-- What was paid too much is refunded; then more than that, which comes off the documents, the latest first.
SELECT payment_reverse(3, 'paid too much', 15) > 0 AS refunded;
SELECT * FROM pg_temp.standing WHERE id BETWEEN 4 AND 6;
SELECT payment_reverse(3, 'unauthorised') > 0 AS reversed;
SELECT * FROM pg_temp.standing WHERE id BETWEEN 4 AND 6;
SELECT * FROM pg_temp.money;
SELECT * FROM pg_temp.refused($$SELECT cloudbilling.payment_reverse(3, 'again')$$);
SELECT * FROM pg_temp.refused($$SELECT cloudbilling.payment_reverse(4, 'too much', 51)$$);
SELECT code, message FROM pg_temp.refused($$SELECT cloudbilling.payment_reverse(4, ' ')$$);
SELECT code, message FROM pg_temp.refused($$SELECT cloudbilling.payment_reverse(max(reverses), 'no') FROM cloudbilling.payment$$);
SELECT * FROM pg_temp.refused($$INSERT INTO cloudbilling.payment (seller_id, received_on, amount, reverses) VALUES (1, '2024-11-11', -1, 5)$$);
-- An entry that reverses what still pays a document must take that back first.
SELECT payment_assign(4, 6, 20);
SELECT * FROM pg_temp.refused($$INSERT INTO cloudbilling.payment (seller_id, received_on, amount, reverses) VALUES (1, '2024-11-11', -50, 4)$$);

-- A credit note: August of Beta cost less.  It is settled with an invoice, and the rest is paid out.
UPDATE usage SET cost = 50 WHERE account = 'b' AND starts BETWEEN '2024-08-01Z' AND '2024-09-01Z';
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT max(invoice_id) AS credit FROM invoice \gset
SELECT kind, currency, status, gross_amount, open_amount FROM invoice_status WHERE invoice_id = :credit;
SELECT invoice_settle(:credit, 4, 40);
SELECT * FROM pg_temp.standing WHERE id IN (4, :credit);
INSERT INTO payment (seller_id, received_on, amount, reference) VALUES (1, '2024-12-01', -20.50, pg_temp.number(:credit));
SELECT payment_match();
SELECT * FROM pg_temp.standing WHERE id IN (4, :credit);
SELECT * FROM pg_temp.refused('SELECT cloudbilling.invoice_settle(' || :credit || ', 4)');
SELECT code, message FROM pg_temp.refused('SELECT cloudbilling.invoice_settle(' || :credit || ', 4, 1)');
SELECT code, message FROM pg_temp.refused('SELECT cloudbilling.invoice_settle(' || :credit || ', 1, -1)');
SELECT code, message FROM pg_temp.refused('SELECT cloudbilling.invoice_settle(4, 5, 1)');
SELECT code, message FROM pg_temp.refused('SELECT cloudbilling.invoice_settle(4, 99)');
SELECT invoice_settle(:credit, 4, -10, 'was a mistake');
SELECT * FROM pg_temp.standing WHERE id IN (4, :credit);
SELECT invoice_settle(:credit, 4);

-- How long it has been due: documents are of today, so the clock is turned for the test; in the customer's zone.
SELECT customer, currency, documents, open_amount, not_due, overdue_1_30, overdue_over_90, disputed FROM bi_receivable ORDER BY 1, 2;
CREATE FUNCTION pg_temp.due_since(days int, OUT open_amount numeric, OUT not_due numeric, OUT d1_30 numeric, OUT d31_60 numeric, OUT d61_90 numeric, OUT over_90 numeric, OUT days_overdue int, OUT status text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('cloudbilling.as_of', (((SELECT due_on FROM cloudbilling.invoice WHERE invoice_id = 2) + days)::timestamp AT TIME ZONE 'Europe/Amsterdam' + interval '5 minutes')::text, true);
    SELECT r.open_amount, r.not_due, r.overdue_1_30, r.overdue_31_60, r.overdue_61_90, r.overdue_over_90, r.days_overdue INTO open_amount, not_due, d1_30, d31_60, d61_90, over_90, days_overdue
    FROM cloudbilling.bi_receivable AS r WHERE r.customer = 'Alpha';
    SELECT s.status INTO status FROM cloudbilling.invoice_status AS s WHERE s.invoice_id = 2;
    PERFORM set_config('cloudbilling.as_of', '', true);
END $$;
SELECT d, s.* FROM unnest('{0,1,30,31,60,61,90,91}'::int[]) AS d, pg_temp.due_since(d) AS s ORDER BY 1;
-- Before anything was recorded of it, a document stood as it was finalised.
SELECT finalised_at AS before FROM invoice WHERE invoice_id = 6 \gset
SET cloudbilling.as_of = :'before';
SELECT id, open, status FROM pg_temp.standing WHERE id = 6;
SELECT count(*) FROM payment_status;
RESET cloudbilling.as_of;

-- Frozen, for everyone.
SELECT * FROM pg_temp.refused('UPDATE cloudbilling.payment SET amount = 1');
SELECT message FROM pg_temp.refused('DELETE FROM cloudbilling.payment_part');
SELECT message FROM pg_temp.refused('TRUNCATE cloudbilling.payment CASCADE');
SELECT message FROM pg_temp.refused('DELETE FROM cloudbilling.invoice_seal');
-- Who records payments needs these rights only.
CREATE ROLE cloudbilling_clerk;
GRANT USAGE ON SCHEMA cloudbilling TO cloudbilling_clerk;
GRANT INSERT, SELECT ON payment, payment_part, invoice_event TO cloudbilling_clerk;
GRANT SELECT ON invoice, invoice_status, payment_status, seller, invoice_transition TO cloudbilling_clerk;
SET ROLE cloudbilling_clerk;
INSERT INTO payment (seller_id, received_on, amount, reference) VALUES (1, '2024-12-05', 10, pg_temp.number(5));
SELECT payment_match(1);
SELECT invoice_mark(5, 'sent');
SELECT message FROM pg_temp.refused('DELETE FROM cloudbilling.payment');
SELECT message FROM pg_temp.refused('INSERT INTO cloudbilling.invoice_seal_series VALUES (1, 0, '''')');
RESET ROLE;
SELECT * FROM pg_temp.standing WHERE id = 5;
DROP OWNED BY cloudbilling_clerk;
DROP ROLE cloudbilling_clerk;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT code, message FROM pg_temp.refused('SELECT cloudbilling.payment_match()');
SELECT code FROM pg_temp.refused('SELECT cloudbilling.payment_assign(4, 6, 1)');
COMMIT;
-- All is accounted for, and sealed.
SELECT bool_and(gross = paid + credited + written_off + open) AS adds_up FROM pg_temp.standing;
SELECT (SELECT sum(amount) FROM payment_part WHERE payment_id IS NOT NULL) = (SELECT sum(assigned) FROM payment_status) AS assigned;
SELECT * FROM invoice_verify();
