-- Credits: a whole document, lines, an amount; billed again, or written off.  Invoiced,
-- running and written off are always the facts.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\pset format unaligned

INSERT INTO currency_rate SELECT 'USD', 'EUR', m, 'month', 0.9, 'bank' FROM generate_series('2024-01-01', '2027-12-01', interval '1 month') AS m;
INSERT INTO seller (name, series, vat_number) VALUES ('Waddenwolk B.V.', 'W', 'NL000099998B57');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'A', 'Alpha'), (1, 'B', 'By value'), (1, 'C', 'Specified'), (1, 'D', 'Dollars'), (1, 'R', 'Reseller'), (1, 'S', 'Below it');
UPDATE customer SET resells = true WHERE number = 'R';
UPDATE customer SET parent_id = 5 WHERE number = 'S';
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, lower(number) FROM customer;
INSERT INTO price_rule (name, product_id, measure, per, effect, currency, pricing, tax_category) VALUES
    ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'sku', 'set', 'EUR', graduated(ARRAY[tier(100, 0.10), tier(NULL, 0.05)]), 'standard'),
    ('disk', product_ensure('AWS', 'Compute', 'disk'), 'quantity', 'sku', 'set', 'EUR', per_unit(0.03), 'reduced'),
    ('gpu', product_ensure('AWS', 'Compute', 'gpu'), 'quantity', 'sku', 'set', 'USD', per_unit(0.10), 'standard'),
    ('discount', product_ensure('AWS', 'Compute', 'vm'), 'amount', 'scope', 'adjust', 'EUR', '{"model":"percentage","rate":"-10"}', 'standard');

CREATE VIEW pg_temp.document AS
SELECT i.invoice_id AS id, i.kind, c.number AS cust, i.currency AS cur, i.net_amount AS net, i.vat_amount AS vat,
    (SELECT string_agg(format('%s: %s %s x %s %s = %s of %s, %s%%', to_char(l.period_start, 'MM'), l.description, l.quantity, l.unit_price, l.unit, l.amount, l.corrects, l.vat_rate), '; ' ORDER BY l.line_no)
     FROM invoice_line AS l WHERE l.invoice_id = i.invoice_id) AS lines, i.dimension_value AS value
FROM invoice AS i JOIN customer AS c USING (customer_id) ORDER BY 1;
CREATE VIEW pg_temp.balance AS
SELECT c.number AS cust, k.currency, sum(k.billed) AS billed, sum(k.running) AS running, sum(k.written) AS written, sum(k.fact) AS fact,
    sum(k.billed) + sum(k.running) + sum(k.written) = sum(k.fact) AS adds_up
FROM (
    SELECT customer_id, currency::text, amount AS billed, 0 AS running, 0 AS written, 0 AS fact FROM invoice_line
    UNION ALL
    SELECT customer_id, currency, 0, amount, 0, 0 FROM invoice_running
    UNION ALL
    SELECT customer_id, currency, 0, 0, amount, 0 FROM invoice_write_off
    UNION ALL
    SELECT customer_id, currency, 0, 0, 0, currency_round(amount, currency) FROM rated_line WHERE reseller_id IS NULL
) AS k JOIN customer AS c USING (customer_id)
GROUP BY 1, 2 ORDER BY 1, 2;
CREATE VIEW pg_temp.standing AS SELECT invoice_id AS id, kind, gross_amount AS gross, paid, credited, open_amount AS open, status FROM invoice_status ORDER BY 1;
-- Errors, whatever the year.
CREATE FUNCTION pg_temp.refused(statement text) RETURNS TABLE (code text, message text, detail text, hint text) LANGUAGE sql AS $$
    SELECT f.code, regexp_replace(f.message, 'W\d{4}-', 'W-', 'g'), f.detail, f.hint FROM pg_temp.fails(statement) AS f
$$;

INSERT INTO usage (account, sku, unit, quantity, cost, starts)
SELECT 'a', s, 'Hours', 150, 5, m FROM unnest('{vm,disk}'::text[]) AS s, unnest('{2024-08-05 12:00Z,2024-09-05 12:00Z}'::timestamptz[]) AS m;
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.document;
SELECT * FROM pg_temp.standing;

-- A whole document, for good: nothing is open, and it does not come back.
SELECT invoice_credit(1, 'agreed by telephone', author => 'Anne') AS credit;
SELECT * FROM pg_temp.document WHERE id = 3;
SELECT vat_category, vat_rate, base, vat FROM invoice_vat WHERE invoice_id IN (1, 3) ORDER BY invoice_id, 2;
SELECT invoice_id, reissue, reason, author FROM invoice_credit;
SELECT * FROM pg_temp.standing;
SELECT measured_before, measured, due_before, due, amount, quantity, unit, cost, corrects, write_off_below FROM invoice_write_off ORDER BY 1;
SELECT month, customer, product, amount FROM bi_write_off ORDER BY amount;
SELECT * FROM pg_temp.balance;
CALL invoice_run('2024-10-01');
SELECT count(*) FROM invoice;
SELECT customer, month, revenue, invoiced FROM bi_margin ORDER BY 2;
-- What it was for, on the document and by line.
SELECT regexp_replace(substring(invoice_html(3) FROM '<p class="reason">.*?</p>'), 'W\d{4}-', 'W-');
SELECT part, regexp_replace(description, 'W\d{4}-', 'W-') AS description, quantity, unit_price, amount FROM invoice_line_explain(3, 1);
SELECT * FROM pg_temp.refused($$SELECT cloudbilling.invoice_credit(1, 'again')$$);

-- To be billed again: by the facts as they are, here with another price for what is above 100.
SELECT price_rule_replace(1, '2024-09-01', graduated(ARRAY[tier(100, 0.10), tier(NULL, 0.04)]));
SELECT sum(amount) AS difference FROM invoice_running;
SELECT invoice_credit(2, 'wrong order number', reissue => true) AS credit;
SELECT * FROM pg_temp.document WHERE id = 4;
SELECT * FROM pg_temp.balance;
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.document WHERE id > 4;
SELECT * FROM pg_temp.balance;
SELECT * FROM pg_temp.standing WHERE id > 1;
-- Neither the first nor its credit has anything left; the new one has.
SELECT message FROM pg_temp.refused($$SELECT cloudbilling.invoice_credit(2, 'again')$$);
SELECT message FROM pg_temp.refused($$SELECT cloudbilling.invoice_credit(4, 'again')$$);
SELECT (line).line_no, (line).description, amount, quantity, is_whole FROM invoice_creditable(5);

-- A line, then an amount of all, spread over what is left; then the rest.
SELECT max(invoice_id) AS last FROM invoice \gset
SELECT line_no AS disk FROM invoice_line WHERE invoice_id = 5 AND description = 'disk' \gset
SELECT invoice_credit(5, 'no disks', ARRAY[:disk]) AS credit \gset
SELECT * FROM pg_temp.document WHERE id = :credit;
SELECT invoice_credit(5, 'slow', amount => 3.33) AS credit \gset
SELECT * FROM pg_temp.document WHERE id = :credit;
SELECT (line).description, amount, quantity, is_whole FROM invoice_creditable(5);
SELECT * FROM pg_temp.refused($$SELECT cloudbilling.invoice_credit(5, 'too much', amount => 7.48)$$);
SELECT message FROM pg_temp.refused($$SELECT cloudbilling.invoice_credit(5, 'nothing', amount => 0)$$);
SELECT message FROM pg_temp.refused($$SELECT cloudbilling.invoice_credit(5, 'less', amount => -1)$$);
SELECT message FROM pg_temp.refused($$SELECT cloudbilling.invoice_credit(5, 'a part of a cent', amount => 0.001)$$);
SELECT message FROM pg_temp.refused($$SELECT cloudbilling.invoice_credit(5, 'none', amount => 'NaN')$$);
SELECT message FROM pg_temp.refused(format($$SELECT cloudbilling.invoice_credit(5, 'disks again', ARRAY[%s])$$, :disk));
SELECT * FROM pg_temp.refused($$SELECT cloudbilling.invoice_credit(5, 'no such line', ARRAY[1, 77])$$) AS r (code, message, detail, hint);
SELECT * FROM pg_temp.refused($$SELECT cloudbilling.invoice_credit(99, 'no such document')$$);
SELECT * FROM pg_temp.refused($$SELECT cloudbilling.invoice_credit(5, ' ')$$);
SELECT code FROM pg_temp.refused($$SELECT cloudbilling.invoice_credit(NULL, 'none')$$);
SELECT * FROM pg_temp.balance;
SELECT invoice_credit(5, 'the rest') AS credit \gset
SELECT * FROM pg_temp.document WHERE id = :credit;
SELECT * FROM pg_temp.standing WHERE id >= 5;
SELECT count(*) FROM invoice_running;

-- A correction of what was credited: only what differs from billed and written off together is billed.
SELECT max(invoice_id) AS last FROM invoice \gset
UPDATE usage SET quantity = 170 WHERE sku = 'disk' AND starts > '2024-09-01Z';
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT * FROM pg_temp.balance;
-- A credit of that correction; and of a credit note: it bills again what it credited.
SELECT max(invoice_id) AS last FROM invoice \gset
SELECT invoice_credit(:last, 'no') AS credit \gset
SELECT * FROM pg_temp.document WHERE id = :credit;
SELECT invoice_credit(:credit, 'yes') AS debit \gset
SELECT * FROM pg_temp.document WHERE id = :debit;
SELECT * FROM pg_temp.standing WHERE id >= :last;
SELECT * FROM pg_temp.balance;
-- A document that corrections took down is credited for what is left, and never beyond it.
INSERT INTO usage (account, sku, unit, quantity, cost, starts) VALUES ('a', 'disk', 'Hours', 100, 5, '2024-07-05 12:00Z');
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT max(invoice_id) AS july FROM invoice \gset
UPDATE usage SET quantity = 40 WHERE sku = 'disk' AND starts < '2024-08-01Z';
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT amount, quantity, is_whole FROM invoice_creditable(:july);
SELECT invoice_credit(:july, 'half', amount => 0.60);
UPDATE usage SET quantity = 10 WHERE sku = 'disk' AND starts < '2024-08-01Z';
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
-- billed 3.00 - 1.80 - 0.60 - 0.90 = -0.30: there is nothing to credit any more
SELECT sum(amount) FROM invoice_line WHERE customer_id = 1 AND period_start = '2024-07-01';
SELECT message FROM pg_temp.refused(format($$SELECT cloudbilling.invoice_credit(%s, 'more')$$, :july));
SELECT * FROM pg_temp.balance;

-- In dollars, with the VAT in euros; paid before it is credited, so it is owed.
INSERT INTO usage (payer, account, sku, unit, quantity, cost, starts) VALUES ('d', 'd', 'gpu', 'Hours', 100, 5, '2024-09-05 12:00Z');
SELECT pg_temp.deliver('d');
CALL invoice_run('2024-10-01');
SELECT max(invoice_id) AS last FROM invoice \gset
INSERT INTO payment (seller_id, received_on, amount, currency, reference) SELECT 1, '2024-11-01', 12.10, 'USD', invoice_number FROM invoice WHERE invoice_id = :last;
SELECT payment_match();
SELECT invoice_credit(:last, 'broken', amount => 5) AS credit \gset
SELECT currency, net_amount, vat_amount, gross_amount, vat_currency, vat_in_currency, exchange_rate FROM invoice WHERE invoice_id = :credit;
SELECT * FROM pg_temp.standing WHERE id >= :last;

-- By value: the value's document and its key; specified: the parts of a line go with it.
INSERT INTO dimension (name) VALUES ('Team');
INSERT INTO allocation_rule (dimension_id, position, keys) VALUES (1, 1, '{tags.team}');
INSERT INTO invoice_dimension VALUES (2, 1, 'value', '[2024-08-01,)'), (3, 1, 'total', '[2024-08-01,)');
INSERT INTO usage (payer, account, sku, unit, quantity, cost, starts, tags)
SELECT a, a, 'vm', 'Hours', q, 5, '2024-09-05 12:00Z', jsonb_build_object('team', t) FROM unnest('{b,c}'::text[]) AS a, (VALUES ('red', 100), ('blue', 50)) AS v (t, q);
SELECT pg_temp.deliver('b'), pg_temp.deliver('c');
CALL invoice_run('2024-10-01');
SELECT max(invoice_id) AS last FROM invoice \gset
SELECT * FROM pg_temp.document WHERE cust IN ('B', 'C');
SELECT invoice_credit(invoice_id, 'by value', amount => 1.00) FROM invoice WHERE dimension_value = 'red';
SELECT invoice_credit(invoice_id, 'by value, again', reissue => true) FROM invoice WHERE dimension_value = 'blue';
SELECT invoice_credit(min(invoice_id), 'specified', amount => 1.01) FROM invoice WHERE customer_id = 3;
SELECT invoice_credit(min(invoice_id), 'specified, the rest') FROM invoice WHERE customer_id = 3;
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT a.invoice_id, a.line_no, a.value, a.amount FROM invoice_line_allocation AS a ORDER BY 1, 2, 3;
SELECT l.invoice_id, l.line_no FROM invoice_line AS l JOIN invoice_line_allocation AS a USING (invoice_id, line_no) GROUP BY 1, 2, l.amount HAVING sum(a.amount) <> l.amount;
SELECT * FROM pg_temp.balance WHERE cust IN ('B', 'C');
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.balance WHERE cust IN ('B', 'C');
UPDATE usage SET quantity = 120 WHERE payer IN ('b', 'c') AND tags ->> 'team' = 'red';
SELECT pg_temp.deliver('b'), pg_temp.deliver('c');
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.balance WHERE cust IN ('B', 'C');
SELECT l.invoice_id, l.line_no FROM invoice_line AS l JOIN invoice_line_allocation AS a USING (invoice_id, line_no) GROUP BY 1, 2, l.amount HAVING sum(a.amount) <> l.amount;

-- A reseller's document.
INSERT INTO usage (payer, account, sku, unit, quantity, cost, starts) VALUES ('s', 's', 'vm', 'Hours', 100, 5, '2024-09-05 12:00Z');
SELECT pg_temp.deliver('s');
CALL invoice_run('2024-10-01');
SELECT max(invoice_id) AS last FROM invoice \gset
SELECT invoice_credit(:last, 'reseller', amount => 2) AS credit \gset
SELECT * FROM pg_temp.document WHERE id >= :last;
SELECT * FROM pg_temp.balance WHERE cust = 'R';
-- A policy's threshold looks at what the policy wrote off, not at credits.
INSERT INTO correction_policy VALUES (5, 'run', 1.00, 'EUR');
UPDATE usage SET quantity = 99 WHERE payer = 's';
SELECT pg_temp.deliver('s');
CALL invoice_run('2024-10-01');
SELECT amount, write_off_below FROM invoice_write_off WHERE customer_id = 5 ORDER BY 1;

-- What was written off as a debt can be credited, too: then it is no debt any more.
SELECT invoice_mark(:last, 'written_off', 'bankrupt');
SELECT invoice_credit(:last, 'the debt is gone') AS credit \gset
SELECT * FROM pg_temp.standing WHERE id IN (:last, :credit);
SELECT * FROM pg_temp.balance;
SELECT * FROM invoice_verify();
SELECT sum(problems) FROM invoice_run;
SELECT message FROM pg_temp.fails('DELETE FROM cloudbilling.invoice_credit');
SELECT bool_and(gross_amount = paid + credited + written_off + open_amount) AS adds_up FROM invoice_status;

-- VAT of parts, each rounded: the last one takes the cents that are left, of each category, and of VAT in
-- another currency.
INSERT INTO customer (seller_id, number, name) SELECT 1, 'V' || n, 'VAT ' || n FROM generate_series(1, 3) AS n;
INSERT INTO ownership (customer_id, sub_account_id) SELECT customer_id, lower(number) FROM customer WHERE number ~ '^V';
INSERT INTO usage (payer, account, sku, unit, quantity, cost, starts) VALUES
    ('v', 'v1', 'vm', 'Hours', 100, 5, '2024-09-05 12:00Z'), ('v', 'v1', 'disk', 'Hours', 201, 5, '2024-09-05 12:00Z'),
    ('v', 'v2', 'gpu', 'Hours', 100, 5, '2024-09-05 12:00Z'), ('v', 'v3', 'vm', 'Hours', 70, 5, '2024-09-05 12:00Z');
SELECT pg_temp.deliver('v');
CALL invoice_run('2024-10-01');
CREATE VIEW pg_temp.vat AS
SELECT c.number AS cust, CASE WHEN k.invoice_id IS NULL THEN 'invoice' ELSE 'credit' END AS document, v.vat_rate, v.base, v.vat, v.vat - currency_round(v.base * v.vat_rate / 100, i.currency) AS cents,
    i.vat_amount, i.gross_amount, i.vat_in_currency
FROM invoice AS i JOIN customer AS c USING (customer_id) JOIN invoice_vat AS v USING (invoice_id) LEFT JOIN invoice_credit AS k ON k.credit_note_id = i.invoice_id
WHERE c.number ~ '^V'
ORDER BY c.number, i.invoice_id, v.vat_rate DESC;
SELECT invoice_credit(i.invoice_id, 'a part', amount => a) FROM invoice AS i JOIN customer AS c USING (customer_id), unnest('{2.33,3.33,3.33}'::numeric[]) AS a WHERE c.number = 'V1' AND i.kind = 'invoice';
SELECT invoice_credit(i.invoice_id, 'the rest') FROM invoice AS i JOIN customer AS c USING (customer_id) WHERE c.number = 'V1' AND i.kind = 'invoice';
SELECT * FROM pg_temp.vat WHERE cust = 'V1';
-- Many small ones: none leaves more than a cent.
SELECT count(invoice_credit(i.invoice_id, 'a part', amount => 1.07)) FROM invoice AS i JOIN customer AS c USING (customer_id), generate_series(1, 9) WHERE c.number = 'V2' AND i.kind = 'invoice';
SELECT invoice_credit(i.invoice_id, 'the rest') FROM invoice AS i JOIN customer AS c USING (customer_id) WHERE c.number = 'V2' AND i.kind = 'invoice';
SELECT * FROM pg_temp.vat WHERE cust = 'V2';
-- A credit note is credited in parts, too.
SELECT invoice_credit(i.invoice_id, 'all of it', author => 'Anne') AS credit FROM invoice AS i JOIN customer AS c USING (customer_id) WHERE c.number = 'V3' \gset
SELECT invoice_credit(:credit, 'not this', amount => a) FROM unnest('{1.07,1.07,1.07,1.07,2.02}'::numeric[]) AS a;
SELECT * FROM pg_temp.vat WHERE cust = 'V3';
SELECT cust, vat_rate, sum(base) AS base, sum(vat) AS vat FROM pg_temp.vat GROUP BY 1, 2 ORDER BY 1, 2;
SELECT c.number, sum(i.gross_amount) AS gross, sum(i.vat_in_currency) AS vat_in_currency FROM invoice AS i JOIN customer AS c USING (customer_id) WHERE c.number ~ '^V' GROUP BY 1 ORDER BY 1;
SELECT * FROM pg_temp.balance WHERE cust ~ '^V';
SELECT count(*) FROM pg_temp.standing AS s JOIN invoice AS i ON i.invoice_id = s.id JOIN customer AS c USING (customer_id) WHERE c.number IN ('V1', 'V2') AND s.open <> 0;
-- Who decided stands on the document where he is named, and never a role of the database.
SELECT regexp_replace(substring(invoice_html(k.credit_note_id) FROM '<p class="reason">.*?</p>'), 'W\d{4}-', 'W-') AS says
FROM invoice_credit AS k WHERE k.credit_note_id >= :credit ORDER BY k.credit_note_id LIMIT 2;
SELECT * FROM invoice_verify();
