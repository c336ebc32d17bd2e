-- Payments in advance: set off with the next invoices, which say so, and what is left to
-- pay; never twice, and given back.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\pset format unaligned

INSERT INTO seller (name, series, iban, vat_number, country, registration_number, street, city, postal_code) VALUES
    ('Waddenwolk B.V.', 'W', 'NL91ABNA0417164300', 'NL859123455B01', 'NL', '01234567', 'Noorderhaven 12', 'Harlingen', '8861 AN'),
    ('Other B.V.', 'O', NULL, NULL, 'NL', NULL, NULL, NULL, NULL);
INSERT INTO customer (seller_id, parent_id, number, name) VALUES
    (1, NULL, 'A', 'Alpha'), (1, NULL, 'B', 'Beta'), (1, NULL, 'H', 'Holding'), (1, 3, 'D1', 'Daughter 1'), (1, 3, 'D2', 'Daughter 2'), (2, NULL, 'O', 'Of the other');
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, lower(number) FROM customer;
INSERT INTO price_rule (name, measure, currency, pricing) VALUES ('cost', 'billed_cost', 'EUR', per_unit(1));
INSERT INTO usage (account, unit, quantity, cost, starts)
SELECT a, 'Hours', 1, 100, m FROM unnest('{a,b,d1,d2,o}'::text[]) AS a, unnest('{2024-07-05 12:00Z,2024-08-05 12:00Z,2024-09-05 12:00Z,2024-10-05 12:00Z}'::timestamptz[]) AS m;
SELECT pg_temp.deliver();
CREATE VIEW pg_temp.document AS
SELECT i.invoice_id AS id, c.number AS customer, i.period_start, i.gross_amount AS gross, i.prepaid_amount AS prepaid, s.paid, s.credited, s.open_amount AS open, s.status
FROM invoice AS i JOIN invoice_status AS s USING (invoice_id) JOIN customer AS c ON c.customer_id = i.customer_id ORDER BY 1;
CREATE VIEW pg_temp.money AS SELECT payment_id AS id, customer_id AS customer, amount, assigned, reversed, open_amount AS open, status FROM payment_status ORDER BY 1;
CREATE VIEW pg_temp.part AS SELECT payment_id AS payment, credit_note_id AS credit, invoice_id AS document, amount, prepaid FROM payment_part ORDER BY payment_part_id;
-- Errors, whatever the year.
CREATE FUNCTION pg_temp.refused(statement text) RETURNS TABLE (code text, message text, detail text, hint text) LANGUAGE sql AS $$
    SELECT f.code, regexp_replace(f.message, '([WO])\d{4}-', '\1-', 'g'), regexp_replace(f.detail, '([WO])\d{4}-', '\1-', 'g'), f.hint FROM pg_temp.fails(statement) AS f
$$;
-- What a document says from its total on, as text; but for days that hang on the clock.
CREATE FUNCTION pg_temp.says(id int) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(regexp_replace(regexp_replace(substring(invoice_html(id) FROM 'Total including VAT</th>.*'), '(<[^>]+>|\s)+', ' ', 'g'), ' Due date.*', ' …'), '([WO])\d{4}-', '\1-')
$$;
CREATE FUNCTION pg_temp.headline(id int) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(regexp_replace(substring(invoice_html(id) FROM '<p class="headline">(.*?)</p>'), '<[^>]+>', '', 'g'), '\d+ \w+ \d{4}', 'day')
$$;

-- Alpha pays 150.00 in advance, and names nothing; Beta twice.
INSERT INTO payment (seller_id, received_on, amount, reference, payer) VALUES
    (1, '2024-06-20', 150, 'on account', 'Alpha'), (1, '2024-06-21', 100, 'in advance', 'Beta'), (1, '2024-06-22', 21, 'in advance', 'Beta');
SELECT payment_match();
SELECT * FROM pg_temp.money;
SELECT prepayment_add(1, 1, 'said so by telephone');
SELECT prepayment_add(p, 2) FROM unnest('{2,3}'::int[]) AS p;
SELECT * FROM pg_temp.money;

-- July is paid; 29.00 are left for August.
CALL invoice_run('2024-08-01', customers => '{1,2}');
SELECT * FROM pg_temp.document;
SELECT * FROM pg_temp.part;
SELECT * FROM pg_temp.money;
SELECT pg_temp.headline(1), pg_temp.headline(2);
SELECT pg_temp.says(1);
SELECT pg_temp.says(2);
CALL invoice_run('2024-09-01', customers => '{1,2}');
SELECT * FROM pg_temp.document WHERE id > 2;
SELECT pg_temp.headline(3);
SELECT pg_temp.says(3);
-- Nothing is asked twice: what was prepaid pays no second time, and the rest does.
SELECT * FROM pg_temp.refused('SELECT cloudbilling.payment_assign(1, 3)');
SELECT customer, open_amount, documents FROM bi_receivable ORDER BY 1;
INSERT INTO payment (seller_id, received_on, amount, reference) SELECT 1, '2024-10-10', 92, invoice_number FROM invoice WHERE invoice_id = 3;
SELECT payment_match();
SELECT * FROM pg_temp.document WHERE id = 3;
SELECT pg_temp.says(3);

-- Too much was paid of a document: what is left pays the next one, for it is known whose it is.
INSERT INTO payment (seller_id, received_on, amount, reference) SELECT 1, '2024-10-11', 200, invoice_number FROM invoice WHERE invoice_id = 4;
SELECT payment_match();
SELECT * FROM pg_temp.money WHERE id = 5;
CALL invoice_run('2024-10-01', customers => '{1,2}');
SELECT * FROM pg_temp.document WHERE id > 4;
SELECT * FROM pg_temp.money WHERE id = 5;

-- A chargeback takes back what was prepaid: the document stays what it was, and the customer owes it.
SELECT payment_reverse(5, 'unauthorised', 100) > 0 AS reversed;
SELECT * FROM pg_temp.document WHERE id IN (4, 6);
SELECT pg_temp.says(6);

-- The credit of a prepaid document is open, for what was paid was paid; by policy it pays the next one.
SELECT invoice_credit(1, 'was not delivered') AS credit \gset
SELECT * FROM pg_temp.document WHERE id IN (1, :credit);
SELECT pg_temp.says(:credit);
INSERT INTO invoice_policy (customer_id, set_off) VALUES (1, 'all');
INSERT INTO payment (seller_id, received_on, amount) VALUES (1, '2024-10-20', 60);
SELECT prepayment_add(max(payment_id), 1) FROM payment;
CALL invoice_run('2024-11-01', customers => '{1}');
SELECT max(invoice_id) AS last FROM invoice \gset
SELECT * FROM pg_temp.document WHERE id IN (:credit, :last);
SELECT pg_temp.says(:last);
-- A credit of a credit note bills again what that credited, and is settled with it first.
SELECT invoice_credit(:credit, 'was delivered after all') AS again \gset
SELECT * FROM pg_temp.document WHERE id IN (1, :credit, :again);
SELECT * FROM pg_temp.part WHERE document = :again;

-- Who wants none of it; and money of nobody, of another currency or seller stays where it is.
INSERT INTO invoice_policy (customer_id, set_off) VALUES (2, 'none');
INSERT INTO payment (seller_id, received_on, amount, currency) VALUES (1, '2024-10-21', 500, 'EUR'), (1, '2024-10-21', 500, 'USD'), (2, '2024-10-21', 500, 'EUR');
SELECT max(payment_id) - 2 AS eur, max(payment_id) - 1 AS usd, max(payment_id) AS other FROM payment \gset
SELECT prepayment_add(:eur, 2);
CALL invoice_run('2024-11-01', customers => '{2}');
SELECT * FROM pg_temp.document WHERE customer = 'B' ORDER BY id DESC LIMIT 1;
-- Groups: one payment of the holding pays the documents of its daughters, in their order.
SELECT prepayment_add(:eur, 3, 'was of the holding');
SELECT prepayment_add(:usd, 3);
SELECT * FROM pg_temp.refused('SELECT cloudbilling.prepayment_add(' || :other || ', 3)');
SELECT prepayment_add(:other, 6);
-- A preview says what the invoice will, and leaves everything.
SELECT regexp_replace(substring(p FROM 'Total including VAT.*'), '(<[^>]+>|\s)+', ' ', 'g') AS says FROM invoice_proforma(6, '2024-08-01') AS p;
SELECT open FROM pg_temp.money WHERE id = :other;
INSERT INTO invoice_policy (customer_id, bill_to_parent) VALUES (4, true), (5, true);
CALL invoice_run('2024-10-01', customers => '{3,4,5,6}');
SELECT customer, period_start, gross, prepaid, open, status FROM pg_temp.document WHERE customer IN ('D1', 'D2', 'O');
SELECT id - :eur AS n, amount, assigned, open FROM pg_temp.money WHERE id >= :eur;
-- It is nobody's again.
SELECT prepayment_add(:other, NULL, 'a mistake');
CALL invoice_run('2024-11-01', customers => '{6}');
SELECT prepaid FROM pg_temp.document WHERE customer = 'O' AND period_start = '2024-10-01';
SELECT customer, open FROM pg_temp.money WHERE id = :other;

-- What is refused.
SELECT * FROM pg_temp.refused('SELECT cloudbilling.prepayment_add(2, 2)');
SELECT code, message FROM pg_temp.refused('SELECT cloudbilling.prepayment_add(1, 99)');
SELECT code, message FROM pg_temp.refused('SELECT cloudbilling.prepayment_add(99, 1)');
SELECT code, message FROM pg_temp.refused('SELECT cloudbilling.prepayment_add(NULL, 1)');
SELECT * FROM pg_temp.refused('INSERT INTO cloudbilling.payment_part (payment_id, invoice_id, amount, prepaid) VALUES (' || :eur || ', 6, 10, true)');
SELECT code FROM pg_temp.refused('INSERT INTO cloudbilling.payment_part (payment_id, invoice_id, amount, prepaid) VALUES (' || :eur || ', 6, 10, false)');
SELECT * FROM pg_temp.refused('UPDATE cloudbilling.prepayment SET customer_id = 1');
SELECT message FROM pg_temp.refused('DELETE FROM cloudbilling.prepayment');
SELECT message FROM pg_temp.refused('TRUNCATE cloudbilling.prepayment');
SELECT code FROM pg_temp.refused($$UPDATE cloudbilling.invoice_policy SET set_off = 'some'$$);
-- What each document says was prepaid is what pays it; no payment pays more than it is.
SELECT count(*) FROM invoice AS i WHERE i.prepaid_amount IS DISTINCT FROM (SELECT sum(t.amount) FROM payment_part AS t WHERE t.invoice_id = i.invoice_id AND t.prepaid);
SELECT count(*) FROM payment_status WHERE open_amount < 0;
-- UBL: what is payable is the total less what was prepaid.
SELECT x.* FROM xmltable(XMLNAMESPACES ('urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2' AS a, 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2' AS b),
    '//a:LegalMonetaryTotal' PASSING invoice_ubl(3, 'en16931') COLUMNS inclusive numeric PATH 'b:TaxInclusiveAmount', prepaid numeric PATH 'b:PrepaidAmount', payable numeric PATH 'b:PayableAmount') AS x;
SELECT xmlserialize(CONTENT invoice_ubl(i, 'en16931') AS text) ~ 'PaymentMeans' AS asks FROM unnest('{1,3}'::int[]) AS i;
-- Sealed and chained.
SELECT * FROM invoice_verify();
SET session_replication_role = replica;
UPDATE invoice SET prepaid_amount = 20 WHERE invoice_id = 3;
UPDATE prepayment SET customer_id = 1 WHERE prepayment_id = 2;
SET session_replication_role = origin;
SELECT invoice_id, regexp_replace(problem, '^seal \d+', 'seal N') AS problem FROM invoice_verify();
