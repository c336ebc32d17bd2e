-- The examples of docs/agreements.md, with the same statements.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set ECHO all
\pset null ''
SET intervalstyle = 'postgres';

INSERT INTO seller (name) VALUES ('Seller');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'K1', 'Works');
-- So that the outputs are the same on whatever day.
SET cloudbilling.period_last = '2025-12-01';

-- docs/agreements.md
INSERT INTO agreement (number, customer_id, name, signed_on, start_on, term)
VALUES ('A-1', 1, 'Workplaces', '2024-12-20', '2025-01-01', '1 year');

INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing)
VALUES (agreement_key('A-1'), 1, product_ensure('Own services', 'Workplace', 'workplace'), 'Managed workplace', per_unit(31));

\copy agreement_quantity (agreement_item_id, valid_during, quantity) from stdin with (format csv)
1,"[2025-01-01,2025-02-15)",10
1,"[2025-02-15,)",12
\.

SELECT period_start, invoice_on, first_day, end_day, level, share, quantity, amount
FROM agreement_charge
WHERE period_start < '2025-04-01'
ORDER BY invoice_on, first_day, part;

SELECT agreement_quantity_set(1, '2025-03-10', 8, 'two locations closed');

SELECT period_start, description, account, quantity, amount
FROM invoice_running(1)
WHERE period_start < '2025-05-01';

INSERT INTO agreement (number, customer_id, name, signed_on, start_on, term, notice, billing_period, alignment, in_advance, index_percentage)
VALUES ('A-2', 1, 'Support', '2022-12-01', '2023-01-31', '3 years', '3 months', '3 months', 'anniversary', false, 3);

INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing, price_period)
VALUES (agreement_key('A-2'), 1, product_ensure('Own services', 'Support', 'contract'), 'Support contract', per_unit(100), '1 month');

SELECT agreement_quantity_set(2, '2023-01-31', 1);

SELECT p.valid_from, p.valid_until, p.factor, p.pricing
FROM agreement_price_list AS p
JOIN agreement_item AS i USING (agreement_item_id)
WHERE i.agreement_id = agreement_key('A-2') AND p.valid_from <= '2025-12-31'
ORDER BY p.valid_from;

SELECT period_start, invoice_on, first_day, end_day, amount
FROM agreement_charge
WHERE agreement_id = agreement_key('A-2') AND period_start >= '2025-01-01'
ORDER BY first_day;

SELECT number, (notice_by IS NOT NULL) AS may_be_cancelled, next_event FROM agreement_status ORDER BY number;
SELECT agreement_cancel('A-2', '2025-10-31');

INSERT INTO agreement (number, customer_id, name, signed_on, start_on, alignment, term, renewal)
VALUES ('A-3', 1, 'Seats', '2025-01-10', '2025-01-13', 'anniversary', '1 month', 'none');

INSERT INTO agreement_item (agreement_id, number, product_id, description, pricing, round_units)
VALUES (agreement_key('A-3'), 1, product_ensure('Own services', 'Licences', 'seat'), 'Seat', per_unit(4.00), true);

INSERT INTO agreement_quantity VALUES (3, '[2025-01-13,2025-02-01)', 1), (3, '[2025-02-01,)', 2);

SELECT invoice_on, first_day, end_day, level, share, amount
FROM agreement_charge
WHERE agreement_id = agreement_key('A-3')
ORDER BY invoice_on, first_day, part;
-- end
