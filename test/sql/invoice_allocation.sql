-- Documents by cost centre: specified by value, or one for each value.  Periods are
-- of 2024, so that they have ended whatever the clock says.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

-- VAT of documents in dollars is declared in euros.
INSERT INTO currency_rate SELECT 'USD', 'EUR', m, 'month', 0.9, 'bank' FROM generate_series('2024-01-01', '2027-12-01', interval '1 month') AS m;
INSERT INTO seller (name, series, vat_number) VALUES ('Waddenwolk B.V.', 'W', 'NL859123455B01');
INSERT INTO customer (seller_id, parent_id, number, name)
VALUES (1, NULL, 'A', 'Alpha'), (1, NULL, 'B', 'Beta'), (1, 1, 'A1', 'Alpha One'), (1, NULL, 'P', 'Plain');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a'), (2, 'b'), (4, 'p');
INSERT INTO price_rule (name, product_id, measure, per, currency, pricing, effect) VALUES
    ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'sku', 'EUR', '{"model":"per_unit","unit_price":"0.1"}', 'set'),
    ('backup', product_ensure('AWS', 'Backup', 'backup'), 'quantity', 'scope', 'EUR',
        '{"model":"graduated","tiers":[{"up_to":"100","unit_price":"0.10","flat_fee":"5"},{"unit_price":"0.08"}]}', 'set'),
    ('market', product_ensure('AWS', 'Market', 'market'), 'billed_cost', 'sku', NULL, '{"model":"per_unit","unit_price":"1.08"}', 'set'),
    ('management', 1, 'amount', 'scope', 'EUR', '{"model":"percentage","rate":"2.5"}', 'add'),
    ('minimum', 1, 'amount', 'scope', 'EUR', '{"model":"per_unit","unit_price":"1","minimum":"60"}', 'limit');

-- A dimension of the seller: the value of a tag, with what is shared split over the others.
INSERT INTO dimension (name) VALUES ('Cost centre'), ('Project');
INSERT INTO allocation_rule (dimension_id, position, keys) VALUES (1, 1, '{tags.cc}'), (2, 1, '{tags.project}');
INSERT INTO allocation_split (dimension_id, value, split_by, weights) VALUES (1, 'Shared', 'weights', 'heads');
INSERT INTO allocation_weight (weights, value, weight) VALUES ('heads', 'Marketing', 2), ('heads', 'Sales', 1);

CREATE VIEW pg_temp.document AS
SELECT i.invoice_id AS id, replace(i.invoice_number, i.series_year::text, 'YYYY') AS number, i.kind, i.customer ->> 'number' AS customer,
    i.period_start, i.currency AS cur, i.dimension, i.dimension_value AS value, i.net_amount AS net
FROM invoice AS i
ORDER BY i.invoice_id;
CREATE VIEW pg_temp.line AS
SELECT l.invoice_id AS id, l.line_no AS n, l.period_start AS period, l.description, l.quantity, l.unit, l.unit_price AS price, l.amount, l.due,
    l.due_before AS before, l.revision AS rev, l.corrects, l.cost, l.dimension_value AS value
FROM invoice_line AS l
ORDER BY l.invoice_id, l.line_no;
CREATE VIEW pg_temp.part AS
SELECT a.invoice_id AS id, a.line_no AS n, l.description, l.amount AS line, a.value, a.amount
FROM invoice_line_allocation AS a
JOIN invoice_line AS l USING (invoice_id, line_no)
ORDER BY a.invoice_id, a.line_no, a.value;

-- What must always hold: parts add up to their line, values to what one document would say, nothing is lost or billed
-- twice, and documents are what they were.
CREATE VIEW pg_temp.sound AS
SELECT
    NOT EXISTS (SELECT FROM (SELECT invoice_id, line_no, sum(amount) AS amount FROM invoice_line_allocation GROUP BY 1, 2) AS a
        JOIN invoice_line AS l USING (invoice_id, line_no) WHERE l.amount <> a.amount) AS parts,
    NOT EXISTS (SELECT FROM invoice_line AS l
        JOIN invoice_dimension AS v ON v.customer_id = l.customer_id AND v.valid_during @> l.period_start AND v.invoice_by = 'total'
        WHERE l.dimension_id IS NULL AND l.amount <> 0 AND l.invoice_id <> 3
          AND NOT EXISTS (SELECT FROM invoice_line_allocation AS a WHERE a.invoice_id = l.invoice_id AND a.line_no = l.line_no)) AS all_told,
    NOT EXISTS (
        SELECT FROM (SELECT customer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency, sum(due) AS due FROM invoice_due GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) AS d
        FULL JOIN (SELECT customer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency, currency_round(amount, currency) AS due FROM rated_line WHERE reseller_id IS NULL) AS r
            ON (d.customer_id, d.period_start, d.price_rule_id, d.product_id, coalesce(d.account_id, 0), coalesce(d.resource_id, ''), coalesce(d.tag_value, ''), d.currency)
            = (r.customer_id, r.period_start, r.price_rule_id, r.product_id, coalesce(r.account_id, 0), coalesce(r.resource_id, ''), coalesce(r.tag_value, ''), r.currency)
        WHERE coalesce(d.due, 0) <> coalesce(r.due, 0)) AS due,
    NOT EXISTS (SELECT FROM invoice AS i JOIN invoice_line AS l USING (invoice_id)
        WHERE (i.dimension_id, i.dimension_value) IS DISTINCT FROM (l.dimension_id, l.dimension_value)) AS one_value,
    NOT EXISTS (SELECT FROM (SELECT *, sum(amount) OVER key AS billed, row_number() OVER key - 1 AS nth FROM invoice_line
        WINDOW key AS (PARTITION BY customer_id, period_start, price_rule_id, product_id, account_id, resource_id, tag_value, currency, dimension_id, dimension_value ORDER BY revision)) AS l
        WHERE billed <> due OR nth <> revision) AS chains,
    NOT EXISTS (SELECT FROM invoice_line WHERE currency_round(unit_price * quantity, currency) <> amount) AS prices,
    NOT EXISTS (SELECT FROM invoice_verify()) AS hashes;

INSERT INTO usage (account, service, sku, unit, quantity, cost, starts, tags) VALUES
    ('a', 'Compute', 'vm', 'Hours', 333, 20, '2024-09-05 12:00Z', '{"cc":"Marketing"}'),
    ('a', 'Compute', 'vm', 'Hours', 100, 6, '2024-09-06 12:00Z', '{"cc":"Sales"}'),
    ('a', 'Compute', 'vm', 'Hours', 100.5, 6, '2024-09-07 12:00Z', '{"cc":"Shared"}'),
    ('a', 'Compute', 'vm', 'Hours', 10, 1, '2024-09-08 12:00Z', NULL),
    ('a', 'Backup', 'backup', 'GB', 90, 4, '2024-09-08 12:00Z', '{"cc":"Marketing"}'),
    ('a', 'Backup', 'backup', 'GB', 110, 5, '2024-09-09 12:00Z', '{"cc":"Sales"}'),
    ('p', 'Compute', 'vm', 'Hours', 500, 30, '2024-09-05 12:00Z', '{"cc":"Sales"}');
INSERT INTO usage (account, service, sku, cost, starts, tags, currency) VALUES
    ('a', 'Market', 'market', 33.33, '2024-09-05 12:00Z', '{"cc":"Sales"}', 'USD'),
    ('a', 'Market', 'market', 10, '2024-09-05 12:00Z', NULL, 'USD');
SELECT pg_temp.deliver();

-- A dimension of no customer's own, or the customer's or one above; whole months; one at a time.
INSERT INTO dimension (name, customer_id) VALUES ('Team', 1);
INSERT INTO dimension (name, across_customers) VALUES ('Platform', true);
SELECT * FROM pg_temp.fails('INSERT INTO cloudbilling.invoice_dimension VALUES (2, 3)');
SELECT * FROM pg_temp.fails('INSERT INTO cloudbilling.invoice_dimension VALUES (2, 4)');
SELECT * FROM pg_temp.fails('INSERT INTO cloudbilling.invoice_dimension VALUES (2, 1, ''total'', ''[2024-09-15,)'')');
SELECT code, message FROM pg_temp.fails('INSERT INTO cloudbilling.invoice_dimension VALUES (2, 1, ''cost centre'')');
SELECT code FROM pg_temp.fails('INSERT INTO cloudbilling.invoice_dimension VALUES (2, 99)');
INSERT INTO invoice_dimension VALUES (3, 3);
SELECT * FROM pg_temp.fails('UPDATE cloudbilling.customer SET parent_id = 2 WHERE customer_id = 3');
SELECT code, message FROM pg_temp.fails('UPDATE cloudbilling.dimension SET across_customers = true, customer_id = NULL WHERE dimension_id = 3');
SELECT code FROM pg_temp.fails('INSERT INTO cloudbilling.invoice_dimension VALUES (3, 1)');
DELETE FROM invoice_dimension;
SELECT * FROM pg_temp.fails('SELECT * FROM cloudbilling.invoice_running_by(1)');
SELECT code, message FROM pg_temp.fails('SELECT * FROM cloudbilling.invoice_running_by(99)');

-- One document, specified.  The fee and the ladder are spread over the charges behind them; 10 hours have no cost centre.
INSERT INTO invoice_dimension (customer_id, dimension_id) VALUES (1, 1);
SELECT * FROM invoice_running_by(1);
SELECT value, sum(due) FROM bi_showback WHERE dimension = 'Cost centre' AND customer_number = 'A' AND currency = 'EUR' GROUP BY 1 ORDER BY 1;
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.document;
SELECT * FROM pg_temp.line;
SELECT * FROM pg_temp.part;
SELECT * FROM invoice_running_by(1);
SELECT * FROM pg_temp.sound;

-- Frozen.
SELECT code, message, detail FROM pg_temp.fails('UPDATE cloudbilling.invoice_line_allocation SET amount = 0');
SELECT code FROM pg_temp.fails('DELETE FROM cloudbilling.invoice_line_allocation');
SELECT code FROM pg_temp.fails('TRUNCATE cloudbilling.invoice_line_allocation');
BEGIN;
ALTER TABLE invoice_line_allocation DISABLE TRIGGER invoice_frozen;
UPDATE invoice_line_allocation SET value = 'Legal' WHERE value = 'Sales' AND invoice_id = 1;
SELECT count(*), min(problem) FROM invoice_verify();
ROLLBACK;

-- A rule changed by itself bills nothing; with the next correction the parts become what they are now.
UPDATE allocation_rule SET valid_during = '(,)', keys = '{tags.cc,tags.cost_center}' WHERE dimension_id = 1;
INSERT INTO allocation_rule (dimension_id, position, value, selector) VALUES (1, 9, 'General', '{"service":["Compute"]}');
SELECT count(*) FROM invoice_running;
UPDATE usage SET quantity = 353 WHERE quantity = 333;
SELECT pg_temp.deliver();
SELECT * FROM invoice_running_by(1);
-- Who looks at parts finds their documents.
BEGIN;
ALTER SEQUENCE invoice_invoice_id_seq RESTART 1000;  -- takes back numbers, when it is rolled back
CREATE TABLE public.seen (invoice_id int, documents bigint);
CREATE FUNCTION pg_temp.see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.seen VALUES (NEW.invoice_id, (SELECT count(*) FROM cloudbilling.invoice AS i WHERE i.invoice_id = NEW.invoice_id));
    RETURN NEW;
END $$;
CREATE TRIGGER see BEFORE INSERT ON invoice_line_allocation FOR EACH ROW EXECUTE FUNCTION pg_temp.see();
SELECT invoice_finalise(1, 1, '2024-10-01');
SELECT s.documents, count(*) = (SELECT count(*) FROM invoice_line_allocation AS a WHERE a.invoice_id IN (SELECT invoice_id FROM seen)) AS all_seen FROM seen AS s GROUP BY 1;
ROLLBACK;
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.part WHERE id > 3;
SELECT * FROM pg_temp.sound;

-- Documents that told nothing are taken for split as the line is now.
INSERT INTO invoice_dimension (customer_id, dimension_id) VALUES (4, 1);
UPDATE usage SET quantity = 400 WHERE account = 'p';
INSERT INTO usage (account, unit, quantity, cost, starts, tags) VALUES ('p', 'Hours', 200, 10, '2024-09-06 12:00Z', '{"cc":"Marketing"}');
SELECT pg_temp.deliver();
SELECT value, sum(due) FROM bi_showback WHERE dimension = 'Cost centre' AND customer_number = 'P' GROUP BY 1 ORDER BY 1;
CALL invoice_run('2024-10-01');
SELECT * FROM pg_temp.part WHERE id > 4;
SELECT * FROM pg_temp.sound;

-- A document for each value, from October on: September stays as it was billed.  What is shared goes with those it is split over.
UPDATE invoice_dimension SET valid_during = '[,2024-10-01)' WHERE customer_id = 1;
INSERT INTO invoice_dimension VALUES (1, 1, 'value', '[2024-10-01,)');
INSERT INTO usage (account, service, sku, unit, quantity, cost, starts, tags) VALUES
    ('a', 'Compute', 'vm', 'Hours', 333, 20, '2024-10-05 12:00Z', '{"cc":"Marketing"}'),
    ('a', 'Compute', 'vm', 'Hours', 100.05, 6, '2024-10-06 12:00Z', '{"cc":"Sales"}'),
    ('a', 'Compute', 'vm', 'Hours', 100.1, 6, '2024-10-07 12:00Z', '{"cc":"Shared"}'),
    ('a', 'Backup', 'backup', 'GB', 90, 4, '2024-10-08 12:00Z', '{"cc":"Marketing"}'),
    ('a', 'Backup', 'backup', 'GB', 110, 5, '2024-10-09 12:00Z', NULL);
INSERT INTO usage (account, service, sku, cost, starts, tags, currency) VALUES ('a', 'Market', 'market', 33.33, '2024-10-05 12:00Z', '{"cc":"Sales"}', 'USD');
SELECT pg_temp.deliver();
SELECT currency, dimension, dimension_value, description, quantity, unit, due, amount, cost, charges FROM invoice_running WHERE customer_id = 1 ORDER BY 1, 3, 4, 2;
SELECT * FROM invoice_running_by(1);
SELECT dimension_value, count(*), sum(amount) FROM invoice_running(1) GROUP BY 1 ORDER BY 1;
SELECT currency, lines, due, amount FROM bi_running WHERE customer_number = 'A' ORDER BY 1;
CALL invoice_run('2024-11-01');
SELECT * FROM pg_temp.document WHERE id > 5;
SELECT * FROM pg_temp.line WHERE id > 5;
SELECT count(*) FROM invoice_running;
SELECT * FROM pg_temp.sound;

-- A document by value says so in its head, and what a fee is a part of.
SELECT t.name, x.content FROM (VALUES ('facts'), ('line')) AS t (name)
CROSS JOIN LATERAL (SELECT unnest(xpath(format('//table[@class="%1$s"]//tr | //tr[@class="%1$s"]', t.name),
    xmlparse(DOCUMENT replace(invoice_html((SELECT min(invoice_id) FROM invoice WHERE dimension_value = 'Sales' AND currency = 'EUR')), '<!DOCTYPE html>', '')))) AS element) AS e
CROSS JOIN LATERAL (SELECT array_to_string(xpath('.//text()', e.element)::text[], ' | ') AS content) AS x
WHERE x.content ~ 'Cost centre|Currency|vm|management';

-- Lines by value explain themselves: steps of the whole, charges that have the value, and those that are split over it.
SELECT e.part, e.description, e.quantity, e.unit, e.cost, e.amount, e.file_line_no
FROM invoice_line AS l, invoice_line_explain(l) AS e
WHERE l.dimension_value = 'Sales' AND l.currency = 'EUR' AND l.description = 'vm';
CREATE VIEW pg_temp.unexplained AS
SELECT l.invoice_id, l.line_no, l.dimension_value, l.amount, e.*
FROM invoice_line AS l
CROSS JOIN LATERAL (
    SELECT sum(p.amount) FILTER (WHERE p.part = 'step') AS steps, sum(p.amount) FILTER (WHERE p.part = 'charge') AS charges,
        bool_or(p.description = 'owners or rules have changed since') AS changed
    FROM invoice_line_explain(l) AS p
) AS e
WHERE l.dimension_id IS NOT NULL AND (l.amount <> e.steps OR l.amount <> e.charges OR e.changed);
SELECT * FROM pg_temp.unexplained;

-- A rule changed after invoicing: one value is credited, others are charged, together nothing.
UPDATE allocation_weight SET weight = 7 WHERE value = 'Sales';
INSERT INTO allocation_rule (dimension_id, position, value, selector) VALUES (1, 10, 'IT', '{"service":["Backup"]}');
SELECT dimension_value, description, due, due_before, amount, revision, corrects FROM invoice_running WHERE customer_id = 1 ORDER BY 1, 2;
SELECT sum(amount), count(*) FROM invoice_running WHERE customer_id = 1;
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2024-11-01');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT * FROM pg_temp.line WHERE id > :last;
SELECT * FROM pg_temp.sound;
SELECT * FROM pg_temp.unexplained;

-- Later usage and a restated delivery: each value has its difference.
UPDATE usage SET quantity = 120 WHERE quantity = 110 AND starts > '2024-10-01Z';
INSERT INTO usage (account, service, sku, unit, quantity, cost, starts, tags) VALUES ('a', 'Compute', 'vm', 'Hours', 40, 2, '2024-11-05 12:00Z', '{"cc":"Sales"}');
SELECT pg_temp.deliver();
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2024-12-01');
SELECT * FROM pg_temp.document WHERE id > :last;
SELECT * FROM pg_temp.line WHERE id > :last;
SELECT * FROM pg_temp.sound;
SELECT * FROM pg_temp.unexplained;

-- From values to a total for the same months: what was billed by value is credited, and billed as a whole; and back.
BEGIN;
DELETE FROM invoice_dimension WHERE customer_id = 1;
INSERT INTO invoice_dimension VALUES (1, 1, 'total');
SELECT currency, dimension_value, sum(due) AS due, sum(due_before) AS before, sum(amount) AS amount FROM invoice_running WHERE customer_id = 1 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT sum(amount) FROM invoice_running WHERE customer_id = 1;
COMMIT;
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2024-12-01');
SELECT kind, cur, value, net FROM pg_temp.document WHERE id > :last;
SELECT cur, sum(net) FROM pg_temp.document WHERE id > :last GROUP BY 1;
SELECT value, sum(amount) FROM pg_temp.part WHERE id > :last GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM invoice_running;
SELECT * FROM pg_temp.sound;
UPDATE invoice_dimension SET invoice_by = 'value' WHERE customer_id = 1;
SELECT max(invoice_id) AS last FROM invoice \gset
CALL invoice_run('2024-12-01');
SELECT cur, value IS NULL AND dimension IS NULL AS whole, count(*), sum(net) FROM pg_temp.document WHERE id > :last GROUP BY 1, 2 ORDER BY 1, 2;
SELECT cur, sum(net) FROM pg_temp.document WHERE id > :last GROUP BY 1;
SELECT * FROM pg_temp.sound;
SELECT * FROM pg_temp.unexplained;
-- Nothing is lost over all: what was billed is what is due.
SELECT l.customer_id, l.currency, sum(l.amount) AS billed, (SELECT sum(currency_round(r.amount, r.currency)) FROM rated_line AS r
    WHERE r.customer_id = l.customer_id AND r.currency = l.currency AND r.period_start < '2024-12-01') AS due
FROM invoice_line AS l GROUP BY 1, 2 ORDER BY 1, 2;

-- A closed month keeps its allocation: another rule bills nothing, later usage goes over the values it has.
SELECT allocation_close('Cost centre', '2024-10-01') > 0 AS closed;
UPDATE allocation_weight SET weight = 1 WHERE value = 'Sales';
SELECT count(*) FROM invoice_running WHERE customer_id = 1 AND period_start = '2024-10-01' AND amount <> 0;
UPDATE usage SET quantity = 200 WHERE quantity = 100.1 AND starts > '2024-10-01Z';
SELECT pg_temp.deliver();
SELECT dimension_value, description, quantity, due, due_before, amount FROM invoice_running WHERE customer_id = 1 AND period_start = '2024-10-01' AND amount <> 0 ORDER BY 1, 2;
CALL invoice_run('2024-12-01');
SELECT * FROM pg_temp.sound;
SELECT count(*) FROM invoice_running WHERE customer_id = 1 AND period_start = '2024-10-01' AND amount <> 0;

-- Another dimension: as a switch.
UPDATE invoice_dimension SET dimension_id = 2 WHERE customer_id = 1;
SELECT dimension, sum(amount) FROM invoice_running WHERE customer_id = 1 AND currency = 'EUR' GROUP BY 1 ORDER BY 1;

-- For who has no documents by value, what is due by value is not looked at.
CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    step text;
BEGIN
    FOR step IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        IF step LIKE '%invoice_parts%' THEN
            -- whatever number the planner gives the alias
            RETURN NEXT regexp_replace(regexp_replace(trim(step), 'actual rows=.* loops.*\)', 'run)'), ' p_\d+ ', ' p ');
        END IF;
    END LOOP;
END
$$;
SELECT pg_temp.plan('SELECT * FROM cloudbilling.invoice_running');
DELETE FROM invoice_dimension WHERE invoice_by = 'value';
SELECT pg_temp.plan('SELECT * FROM cloudbilling.invoice_running');
