-- Index entries of lines that are written many at once.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set VERBOSITY terse
CREATE EXTENSION amcheck;

INSERT INTO seller (name, series) VALUES ('Waddenwolk B.V.', 'W');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'A', 'Alpha'), (1, 'B', 'Beta'), (1, 'C', 'Gamma');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a');
INSERT INTO price_rule (name, measure, currency, pricing) VALUES ('cost', 'billed_cost', 'EUR', per_unit(1));
INSERT INTO usage (account, unit, quantity, cost, starts) VALUES ('a', 'Hours', 1, 100, '2024-08-05 12:00Z');
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');

-- A copy of the line, with other keys.
CREATE FUNCTION pg_temp.copy(line_no int, revision int, customer_id int DEFAULT 1, change jsonb DEFAULT '{}') RETURNS invoice_line LANGUAGE sql
RETURN (SELECT jsonb_populate_record(l, jsonb_build_object('line_no', copy.line_no, 'revision', copy.revision, 'corrects', 1, 'customer_id', copy.customer_id) || change)
        FROM invoice_line AS l WHERE l.line_no = 1);
-- Rows that an index does not have, or has in the wrong place, are an error.
CREATE FUNCTION pg_temp.check_indexes() RETURNS bigint LANGUAGE sql AS $$
    SELECT bt_index_parent_check(indexrelid, true, true) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS a ON a.oid = c.relam
    WHERE i.indrelid = 'invoice_line'::regclass AND a.amname = 'btree';
    SELECT count(*) FROM invoice_line;
$$;

BEGIN;
-- In any order, between those that are there, and of several customers.
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(n, n) FROM generate_series(2, 6000, 2) AS n ORDER BY hashint4(n)));
SELECT pg_temp.check_indexes();
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(n, n) FROM generate_series(3, 6001, 2) AS n));
SELECT pg_temp.check_indexes();
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(n, 20000 - n, n % 3 + 1) FROM generate_series(6002, 7000) AS n));
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(n, n, 2, jsonb_build_object('resource_id', md5(n::text), 'tag_value', CASE WHEN n % 2 = 0 THEN n::text END)) FROM generate_series(7001, 8000) AS n));
SELECT pg_temp.check_indexes();
SAVEPOINT s;

-- A key that is there already: the first, one amid, the last; of a row without an account, so NULLs are alike.
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(n, CASE n WHEN 10000 THEN 5000 ELSE n END) FROM generate_series(10000, 10099) AS n)); ROLLBACK TO s;
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(n, CASE n WHEN 10050 THEN 5001 ELSE n END) FROM generate_series(10000, 10099) AS n)); ROLLBACK TO s;
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(n, CASE n WHEN 10099 THEN 6001 ELSE n END) FROM generate_series(10000, 10099) AS n)); ROLLBACK TO s;
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(CASE n WHEN 10050 THEN 5001 ELSE n END, n) FROM generate_series(10000, 10099) AS n)); ROLLBACK TO s;
-- Two alike among those that are new, side by side or not.
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(n, CASE n WHEN 10051 THEN 10050 ELSE n END) FROM generate_series(10000, 10099) AS n)); ROLLBACK TO s;
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(n, CASE n WHEN 10090 THEN 10010 ELSE n END) FROM generate_series(10000, 10099) AS n)); ROLLBACK TO s;
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(CASE n WHEN 10051 THEN 10050 ELSE n END, n) FROM generate_series(10000, 10099) AS n)); ROLLBACK TO s;
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(n, 20000, 2, jsonb_build_object('resource_id', CASE n WHEN 10099 THEN 10001 ELSE n END)) FROM generate_series(10000, 10099) AS n)); ROLLBACK TO s;
SELECT pg_temp.check_indexes();
-- Keys of rows that are gone are free, though they are in the index.
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(n, n) FROM generate_series(10000, 10299) AS n)); ROLLBACK TO s;
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(n, n) FROM generate_series(10000, 10299) AS n));
SELECT pg_temp.check_indexes();
ROLLBACK TO s;

-- Indexes of users: of one key, with columns that are no key, backwards, of keys that fill a page, and of other kinds.
CREATE INDEX ON invoice_line (customer_id);
CREATE INDEX ON invoice_line (customer_id, description) INCLUDE (measured, service);
CREATE INDEX ON invoice_line (customer_id DESC, line_no);
CREATE INDEX ON invoice_line (customer_id, line_no DESC NULLS LAST, account_id NULLS FIRST);
CREATE UNIQUE INDEX ON invoice_line (customer_id, account_id, line_no);
CREATE INDEX ON invoice_line USING hash (line_no);
CREATE INDEX ON invoice_line USING brin (customer_id);
SELECT invoice_line_insert(ARRAY(
    SELECT pg_temp.copy(n, n, 1 + n % 3, jsonb_build_object('description', (SELECT string_agg(md5((n * k)::text), '') FROM generate_series(1, n % 70) AS k)))
    FROM generate_series(10001, 12000) AS n
    WHERE n % 70 > 0));
SELECT pg_temp.check_indexes();
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy(n, n, 1, jsonb_build_object('description', (SELECT string_agg(md5((n * k)::text), '') FROM generate_series(1, 200) AS k))) FROM generate_series(20000, 20009) AS n));
ROLLBACK TO s;
-- An index that was empty.
CREATE TEMP TABLE kept AS SELECT * FROM invoice_line;
SET LOCAL session_replication_role = replica;
TRUNCATE invoice_line, invoice_line_allocation;
RESET session_replication_role;
SELECT invoice_line_insert(ARRAY(SELECT jsonb_populate_record(NULL::invoice_line, to_jsonb(l)) FROM kept AS l ORDER BY hashint4(line_no)));
SELECT pg_temp.check_indexes();
SELECT count(*) FROM (SELECT to_jsonb(k) FROM kept AS k EXCEPT SELECT to_jsonb(l) FROM invoice_line AS l) AS d;
ROLLBACK;
