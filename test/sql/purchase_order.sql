-- Orders of customers: what is invoiced on them, and what happens when they are spent.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name, series, vat_number) VALUES ('Waddenwolk B.V.', 'W', 'NL859123455B01');
INSERT INTO customer (seller_id, number, name, order_number) VALUES (1, 'A', 'Alpha', 'PO-1'), (1, 'B', 'Beta', NULL), (1, 'C', 'Gamma', NULL);
UPDATE customer SET parent_id = 2 WHERE customer_id = 3;
INSERT INTO invoice_policy (customer_id, bill_to_parent) VALUES (3, true);
INSERT INTO purchase_order (customer_id, number, amount, when_spent) VALUES (1, 'PO-1', 100, 'hold'), (1, 'PO-2', 50, 'warn'), (2, 'PO-1', 30, 'warn');
SELECT invoice_line_add(1, 'Work', 1, 60, '2024-09-10') AS l1, invoice_line_add(1, 'More work', 1, 40, '2024-09-10', order_number => 'PO-2') AS l2,
    invoice_line_add(1, 'Without order', 1, 7, '2024-09-10', order_number => 'PO-3') AS l3, invoice_line_add(3, 'Of the group', 1, 20, '2024-09-10', order_number => 'PO-1') AS l4;
CALL invoice_run('2024-10-01');
SELECT customer_number, number, ordered, invoiced, remaining, lines, invoice_id FROM purchase_order_balance ORDER BY 1, 2;

-- One may be spent with a warning, the other holds the customer: no document, a row that says why.
\set VERBOSITY terse
SELECT invoice_line_add(1, 'Work', 1, 20, '2024-10-10', order_number => 'PO-2') AS l5;
CALL invoice_run('2024-11-01');
SELECT customer_number, number, remaining FROM purchase_order_balance ORDER BY 1, 2;
SELECT invoice_line_add(1, 'Work', 1, 41, '2024-10-11') AS l6;
CALL invoice_run('2024-11-01');
SELECT customer_id, sqlstate, message, detail, hint FROM invoice_run_problem;
SELECT count(*) FROM invoice WHERE customer_id = 1;
SELECT description, amount FROM invoice_running(1) WHERE amount <> 0;
-- A higher amount lets it go; what comes back is never held.
UPDATE purchase_order SET amount = 101 WHERE customer_id = 1 AND number = 'PO-1';
CALL invoice_run('2024-11-01');
SELECT customer_number, number, remaining FROM purchase_order_balance ORDER BY 1, 2;
UPDATE purchase_order SET amount = 10 WHERE customer_id = 1 AND number = 'PO-1';
SELECT invoice_line_change(6, unit_price => 1);
SELECT count(*) FROM invoice_adhoc(1);
SELECT customer_number, number, remaining FROM purchase_order_balance ORDER BY 1, 2;
SELECT substring(invoice_html(1) FROM '<div class="detail">[^<]*Order number [^<]*</div>') AS html;
SELECT code FROM pg_temp.fails($$INSERT INTO purchase_order (customer_id, number, amount) VALUES (1, 'x', -1)$$);
SELECT * FROM invoice_verify();
