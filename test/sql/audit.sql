-- Who changed what, when, from what to what.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set ECHO all
\set QUIET on
SET search_path = cloudbilling, public;
\pset format unaligned
\pset null (null)

CREATE ROLE audit_clerk LOGIN;
CREATE ROLE audit_reader LOGIN;
GRANT USAGE ON SCHEMA cloudbilling TO audit_clerk, audit_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON seller, customer, ownership, price_rule, vat_rate, currency_rate, correction_policy, agreement, agreement_item,
    agreement_quantity, product TO audit_clerk;
GRANT SELECT ON audit TO audit_reader;
CREATE VIEW pg_temp.told AS
SELECT row_number() OVER (ORDER BY history_id) AS no, changed_by, relation, key, operation, changes FROM audit;
CREATE FUNCTION pg_temp.told_since(INOUT history_id bigint, OUT told text) RETURNS SETOF record LANGUAGE sql AS $$
    SELECT a.history_id, concat_ws(' | ', a.changed_by, a.relation, a.key, a.operation, a.changes)
    FROM cloudbilling.audit AS a WHERE a.history_id > told_since.history_id ORDER BY 1
$$;

-- A clerk enters, corrects and deletes; several rows by one statement are several changes.
SET SESSION AUTHORIZATION audit_clerk;
SET search_path = cloudbilling, public;
INSERT INTO seller (name) VALUES ('Waddenwolk B.V.');
INSERT INTO customer (seller_id, number, name, payment_days) VALUES (1, 'A', 'Alpha', 14), (1, 'B', 'Beta', NULL), (1, 'C', 'Gamma', NULL);
INSERT INTO price_rule (name, measure, pricing) VALUES ('cost plus', 'billed_cost', '{"model": "per_unit", "unit_price": "1.08"}');
SELECT price_rule_replace(1, '2026-01-01', '{"model": "per_unit", "unit_price": "1.10"}');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a'), (2, 'b');
UPDATE ownership SET valid_during = '[2026-01-01,)' WHERE sub_account_id = 'b';
DELETE FROM ownership WHERE sub_account_id = 'a';
UPDATE customer SET name = name || ' B.V.', payment_days = 30 WHERE customer_id > 1;
-- Changes nothing, and is none.
UPDATE customer SET name = name;
-- Made and changed in one transaction: both are told.  What is rolled back never was.
BEGIN;
INSERT INTO correction_policy VALUES (1, 'next');
UPDATE correction_policy SET document = 'separate';
COMMIT;
BEGIN;
DELETE FROM correction_policy;
ROLLBACK;
-- Under the key it had, when that is what changes.
UPDATE correction_policy SET currency = 'EUR';
RESET SESSION AUTHORIZATION;
SELECT no, changed_by, relation, key, operation FROM pg_temp.told ORDER BY no;
SELECT no, c.key AS column, c.value ->> 'from' AS "from", c.value ->> 'to' AS "to"
FROM pg_temp.told, jsonb_each(changes) AS c
WHERE (relation IN ('price_rule', 'ownership', 'correction_policy') OR operation = 'update') AND c.key !~ '^created_'
ORDER BY no, c.key COLLATE "C";
SELECT operation, before ->> 'name' AS before, after ->> 'name' AS after FROM audit WHERE relation = 'customer' ORDER BY history_id;
SELECT bool_and(changed_at BETWEEN now() - interval '1 hour' AND clock_timestamp()) FROM audit;

-- Many rows by one statement, in another order than they were made: each with its own.
SELECT max(history_id) AS last FROM audit \gset
INSERT INTO currency_rate SELECT 'USD', 'EUR', '2026-01-01'::date + n, 'day', 1 + n * 0.001 FROM generate_series(0, 199) AS n;
UPDATE currency_rate SET rate = rate * 2 WHERE (currency, to_currency, rate_on) IN (SELECT currency, to_currency, rate_on FROM currency_rate ORDER BY rate DESC);
MERGE INTO currency_rate AS r
USING (SELECT DISTINCT rate_on FROM currency_rate) AS s ON r.rate_on = s.rate_on
WHEN MATCHED AND extract(day FROM r.rate_on)::int % 2 = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET rate = r.rate + 1;
SELECT operation, count(*), count(*) FILTER (WHERE operation = 'insert' OR before ->> 'rate_on' = key ->> 'rate_on') AS keys,
    count(*) FILTER (WHERE operation <> 'update' OR after ->> 'rate_on' = key ->> 'rate_on'
        AND (after ->> 'rate')::numeric IN ((before ->> 'rate')::numeric * 2, (before ->> 'rate')::numeric + 1)) AS rates
FROM audit WHERE history_id > :last GROUP BY 1 ORDER BY 1;
SELECT count(*) AS differences
FROM (SELECT DISTINCT ON (key) operation, after FROM audit WHERE relation = 'currency_rate' ORDER BY key, history_id DESC) AS a
FULL JOIN currency_rate AS r ON to_jsonb(r) = a.after
WHERE r IS NULL <> (a.operation IS NOT DISTINCT FROM 'delete');
-- Emptied at once, and replaced by ON CONFLICT.
SELECT max(history_id) AS last FROM audit \gset
INSERT INTO currency_rate VALUES ('USD', 'EUR', '2026-01-01', 'day', 7), ('USD', 'EUR', '2025-01-01', 'day', 8)
ON CONFLICT (currency, to_currency, rate_on, per) DO UPDATE SET rate = excluded.rate;
SELECT told FROM pg_temp.told_since(:last);
SELECT count(*) FROM currency_rate;
SELECT max(history_id) AS last FROM audit \gset
TRUNCATE currency_rate;
SELECT operation, count(*) FROM audit WHERE history_id > :last GROUP BY 1;
-- What the extension brings is no change of the user's; rows beside it are.
SELECT max(history_id) AS last FROM audit \gset
UPDATE vat_rate SET source = source WHERE builtin;
INSERT INTO vat_rate (country, tax_category, rate, valid_during) VALUES ('NL', 'zero', 0, '[2020-01-01,)');
INSERT INTO unit_map (source_unit, unit) VALUES ('seat', 'seats');
SELECT relation, operation, changes -> 'rate' AS rate, changes -> 'unit' AS unit FROM audit WHERE history_id > :last ORDER BY history_id;
SELECT DISTINCT relation FROM audit WHERE before -> 'builtin' = 'true' OR after -> 'builtin' = 'true';
-- An agreement, which is asked about as of a moment, too; documents are known by their hash.
SELECT max(history_id) AS last FROM audit \gset
INSERT INTO agreement (number, customer_id, name, signed_on, start_on) VALUES ('A-1', 1, 'Support', '2026-01-01', '2026-01-01');
INSERT INTO agreement_document (agreement_id, sha256, name, content) VALUES (1, sha256('x'), 'contract', 'x');
SELECT clock_timestamp() AS then \gset
UPDATE agreement SET name = 'Support and care' WHERE number = 'A-1';
SELECT relation, operation, changes -> 'name' AS name, after ? 'content' AS content FROM audit WHERE history_id > :last ORDER BY history_id;
SET cloudbilling.as_of = :'then';
SELECT name FROM agreement_in_force;
RESET cloudbilling.as_of;
SELECT name FROM agreement_in_force;

-- Nobody alters it: not who may change definitions, not who reads it, not its owner.
\set VERBOSITY terse
SET SESSION AUTHORIZATION audit_clerk;
SELECT count(*) FROM history;
SELECT count(*) FROM audit;
INSERT INTO history (relation, operation, definition, recorded_during) VALUES ('customer', 'delete', '{}', 'empty');
DELETE FROM history;
UPDATE audit SET changed_by = 'postgres';
ALTER TABLE customer DISABLE TRIGGER history_update;
SET session_replication_role = replica;
SET SESSION AUTHORIZATION audit_reader;
SELECT count(*) > 0 AS reads FROM audit;
DELETE FROM history;
TRUNCATE history;
RESET SESSION AUTHORIZATION;
UPDATE history SET changed_by = 'somebody';
DELETE FROM history WHERE relation = 'customer';
TRUNCATE history;

-- A dump brings the history of its rows along, and says so; that others say so does not help them.
SELECT max(history_id) AS last FROM audit \gset
SET row_security = off;
INSERT INTO customer (seller_id, number, name) VALUES (1, 'D', 'Restored');
SET SESSION AUTHORIZATION audit_clerk;
SET row_security = off;
INSERT INTO customer (seller_id, number, name) VALUES (1, 'E', 'Not restored');
RESET row_security;
RESET SESSION AUTHORIZATION;
RESET row_security;
SELECT changed_by, after ->> 'name' AS name FROM audit WHERE history_id > :last;

REVOKE ALL ON seller, customer, ownership, price_rule, vat_rate, currency_rate, correction_policy, agreement, agreement_item, agreement_quantity, product, audit
    FROM audit_clerk, audit_reader;
REVOKE ALL ON SCHEMA cloudbilling FROM audit_clerk, audit_reader;
DROP ROLE audit_clerk, audit_reader;
