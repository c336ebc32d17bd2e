-- Lines that are entered by hand, documents of such lines at once, and notes.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name, series, vat_number) VALUES ('Waddenwolk B.V.', 'W', 'NL859123455B01');
INSERT INTO customer (seller_id, number, name, order_number) VALUES (1, 'A', 'Alpha', 'PO-1'), (1, 'B', 'Beta', NULL);
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a');
INSERT INTO price_rule (name, product_id, measure, currency, pricing) VALUES ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'EUR', per_unit(1));
CREATE VIEW pg_temp.document AS
SELECT i.invoice_id AS id, replace(i.invoice_number, i.series_year::text, 'YYYY') AS number, i.kind, i.customer_id AS customer, i.period_start,
    i.net_amount AS net, i.vat_amount AS vat, i.note
FROM invoice AS i
ORDER BY i.invoice_id;
CREATE VIEW pg_temp.line AS
SELECT l.invoice_id AS id, l.line_no AS n, l.service, l.description, l.quantity, l.unit, l.unit_price, l.amount, l.due_before AS before, l.corrects,
    l.invoice_on, l.vat_category AS vat, l.vat_rate AS rate
FROM invoice_line AS l
ORDER BY l.invoice_id, l.line_no;

-- At commit they run.
SELECT invoice_line_add(1, 'Installation of a switch', 2.5, 95, '2024-09-10', 'Hours', note => 'ticket 7', author => 'anna'),
    invoice_line_add(1, 'Switch', 1, 249.99, '2024-09-10', 'Pieces', service => 'Hardware', supply => 'goods', unit_cost => 180),
    invoice_line_add(1, 'Course', 1, 400, '2024-09-12', 'Days', tax_category => 'exempt', tax_exemption => 'Exempt: education.', order_number => 'PO-9'),
    invoice_line_add(1, 'Goodwill', -2, 10.5, '2024-09-20', note => 'outage');
SELECT period_start, service, description, account, quantity, unit, amount, cost FROM invoice_running(1) ORDER BY description;
SELECT agreement_item_id AS item, on_day, service, description, quantity, unit, unit_price, amount, order_number, note, author, billed FROM invoice_line_entry ORDER BY 1;
-- They are no agreements that could be cancelled.
SELECT count(*) FROM agreement_status;

-- The next run bills them: with the month's usage where there is some.
INSERT INTO usage (account, quantity, cost, starts) VALUES ('a', 100, 80, '2024-09-05 12:00Z');
SELECT pg_temp.deliver();
SELECT invoice_note_add(1, E'Thank you for your order <PO-1>.\nSee you.') AS note, invoice_note_add(1, 'pays late', internal => true) AS internal,
    invoice_note_add(2, 'to Beta') AS other;
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.document;
SELECT * FROM pg_temp.line;
CALL invoice_run('2024-10-01');
SELECT count(*) FROM invoice;
SELECT invoice_note_id AS note, customer_id, invoice_id, internal, note AS says FROM invoice_note ORDER BY 1;
SELECT substring(invoice_html(1) FROM '<section class="note">.*?</section>') AS html;
-- What holds the lines is told to nobody.
SELECT d.document, d.text ~ 'by hand' AS told
FROM invoice AS i,
    LATERAL (VALUES (1, invoice_html(i.invoice_id)), (2, invoice_ubl_document(i, 'en16931')::text), (3, invoice_annex_html(i.invoice_id, 'account')), (4, invoice_annex_html(i.invoice_id, 'resource'))) AS d (document, text)
WHERE i.invoice_id = 1
ORDER BY 1;
SELECT substring(invoice_html(1) FROM '<td class="description">Installation.*?</td>') AS html;
SELECT * FROM invoice_annex(1, 'account');
SELECT * FROM invoice_annex(1, 'resource');

-- A change is billed as the difference, what is withdrawn is credited; finalised lines stay.
SELECT invoice_line_change(1, quantity => 3, author => 'bert');
SELECT invoice_line_change(2, unit_price => 239.99);
SELECT invoice_line_withdraw(3, 'was cancelled');
SELECT description, quantity, due, due_before, amount, corrects FROM invoice_running(1) WHERE amount <> 0 ORDER BY 1;
CALL invoice_run('2024-10-02');
SELECT * FROM pg_temp.document WHERE id > 1;
SELECT * FROM pg_temp.line WHERE id > 1;
SELECT agreement_item_id AS item, amount, billed, invoice_id, note, author = 'bert' AS bert FROM invoice_line_entry ORDER BY 1;
SELECT definition ->> 'quantity' AS quantity, definition ->> 'note' AS note FROM history WHERE relation = 'agreement_quantity' AND operation <> 'insert' ORDER BY 1;

-- At once, on a document of its own, though usage of the same month is not billed yet.
INSERT INTO usage (account, quantity, cost, starts) VALUES ('a', 10, 8, '2024-10-05 12:00Z');
SELECT pg_temp.deliver();
SELECT invoice_line_add(1, 'Emergency repair', 1, 150, '2024-10-07', 'Visits') AS repair, invoice_line_add(1, 'Cable', 3, 5, '2024-10-07', 'Pieces') AS cable \gset
SELECT * FROM invoice_adhoc(1, ARRAY[:repair], 'Paid in advance.');
SELECT * FROM invoice_adhoc(1);
SELECT * FROM pg_temp.document WHERE id > 2;
SELECT * FROM pg_temp.line WHERE id > 2;
-- What was withdrawn is credited at once, too.
SELECT invoice_line_withdraw(:cable, 'sent back');
SELECT * FROM invoice_adhoc(1);
SELECT * FROM pg_temp.document WHERE id > 4;
CALL invoice_run('2024-11-01');
SELECT * FROM pg_temp.document WHERE id > 5;
SELECT sum(amount) FROM invoice_running(1);
SELECT * FROM invoice_verify();

-- What cannot be.
SELECT * FROM pg_temp.fails('SELECT invoice_adhoc(1)');
SELECT * FROM pg_temp.fails('SELECT invoice_adhoc(2, ARRAY[1])');
SELECT * FROM pg_temp.fails('SELECT invoice_adhoc(99)');
SELECT * FROM pg_temp.fails($$SELECT invoice_line_add(99, 'x', 1, 1)$$);
SELECT * FROM pg_temp.fails($$SELECT invoice_line_add(1, ' ', 1, 1)$$);
SELECT * FROM pg_temp.fails($$SELECT invoice_line_add(1, 'x', 0, 1)$$);
SELECT * FROM pg_temp.fails($$SELECT invoice_line_add(1, 'x', 1, -1)$$);
SELECT * FROM pg_temp.fails($$SELECT invoice_line_add(1, 'x', 'NaN', 1)$$);
SELECT * FROM pg_temp.fails($$SELECT invoice_line_add(1, 'x', 1, 1, 'infinity')$$);
SELECT code FROM pg_temp.fails($$SELECT invoice_line_add(1, 'x', 1, 1, tax_category => 'none')$$);
SELECT * FROM pg_temp.fails('SELECT invoice_line_change(99, 1)');
SELECT * FROM pg_temp.fails('SELECT invoice_line_change(1)');
SELECT * FROM pg_temp.fails($$SELECT invoice_line_withdraw(1, '')$$);
SELECT * FROM pg_temp.fails('UPDATE invoice_note SET note = $$x$$ WHERE invoice_note_id = 1');
SELECT * FROM pg_temp.fails('DELETE FROM invoice_note WHERE invoice_note_id = 1');
SELECT * FROM pg_temp.fails($$SELECT invoice_note_add(1, 'on a finalised one', invoice_id => 1)$$);
SELECT * FROM pg_temp.fails($$SELECT invoice_note_add(2, 'another''s', true, 1)$$);
SELECT * FROM pg_temp.fails($$SELECT invoice_note_add(1, '')$$);
SELECT invoice_note_add(1, 'asked for it', internal => true, invoice_id => 1) > 0 AS noted;
UPDATE invoice_note SET note = 'asked for it twice' WHERE internal AND note = 'asked for it';
-- A recurring item is never below 0.
INSERT INTO agreement (number, customer_id, name, signed_on, start_on) VALUES ('R', 2, 'R', '2024-01-01', '2024-01-01');
INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing) VALUES (agreement_key('R'), 1, product_ensure('Own services', 'R', 'r'), 'R', per_unit(1));
SELECT * FROM pg_temp.fails($$INSERT INTO agreement_quantity SELECT max(agreement_item_id), '[2024-01-01,)', -1 FROM agreement_item$$);
SELECT * FROM pg_temp.fails($$UPDATE agreement SET by_hand = true WHERE number = 'R'$$);
