-- Foreign keys of invoice lines, which are gathered row by row and checked once a statement.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\set VERBOSITY terse

INSERT INTO seller (name, series) VALUES ('Waddenwolk B.V.', 'W');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'A', 'Alpha');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a');
INSERT INTO price_rule (name, measure, currency, pricing) VALUES ('cost', 'billed_cost', 'EUR', per_unit(1));
INSERT INTO usage (account, unit, quantity, cost, starts) VALUES ('a', 'Hours', 1, 100, '2024-08-05 12:00Z');
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT count(*) FROM invoice_line;

-- A copy of a line, with other keys.
CREATE FUNCTION pg_temp.copy(change jsonb, line_no int DEFAULT 2) RETURNS invoice_line LANGUAGE sql
RETURN (SELECT jsonb_populate_record(l, jsonb_build_object('line_no', copy.line_no, 'revision', copy.line_no, 'corrects', 1) || change) FROM invoice_line AS l WHERE l.line_no = 1);

BEGIN;
SAVEPOINT s;
INSERT INTO invoice_line SELECT (pg_temp.copy('{"invoice_id": 99}')).*; ROLLBACK TO s;
INSERT INTO invoice_line SELECT (pg_temp.copy('{"customer_id": 99}')).*; ROLLBACK TO s;
INSERT INTO invoice_line SELECT (pg_temp.copy('{"price_rule_id": 99}')).*; ROLLBACK TO s;
INSERT INTO invoice_line SELECT (pg_temp.copy('{"product_id": 9999}')).*; ROLLBACK TO s;
INSERT INTO invoice_line SELECT (pg_temp.copy('{"account_id": 9999}')).*; ROLLBACK TO s;
INSERT INTO invoice_line SELECT (pg_temp.copy('{"corrects": 99}')).*; ROLLBACK TO s;
INSERT INTO invoice_line SELECT (pg_temp.copy('{"dimension_id": 99}')).*; ROLLBACK TO s;
-- The last of many, and two at once.
INSERT INTO invoice_line SELECT (pg_temp.copy(jsonb_build_object('product_id', CASE n WHEN 99 THEN 9999 ELSE 1 END), n)).* FROM generate_series(2, 99) AS n; ROLLBACK TO s;
INSERT INTO invoice_line SELECT (pg_temp.copy(jsonb_build_object('customer_id', n), n)).* FROM generate_series(71, 70, -1) AS n; ROLLBACK TO s;

-- What failed in a subtransaction is forgotten with it.
DO $$
BEGIN
    FOR n IN 2 .. 4 LOOP
        BEGIN
            INSERT INTO cloudbilling.invoice_line SELECT (pg_temp.copy(jsonb_build_object('customer_id', CASE n WHEN 3 THEN 99 ELSE 1 END), n)).*;
        EXCEPTION WHEN foreign_key_violation THEN
            RAISE NOTICE 'line %', n;
        END;
    END LOOP;
END
$$;
SELECT array_agg(line_no ORDER BY line_no) FROM invoice_line;
-- So is what a statement gathered that then failed for something else.
SAVEPOINT t;
INSERT INTO invoice_line SELECT (pg_temp.copy('{"customer_id": 99, "unit_price": -1}', 5)).*; ROLLBACK TO t;
INSERT INTO invoice_line SELECT (pg_temp.copy('{}', 5)).*;
INSERT INTO invoice_line SELECT (pg_temp.copy('{}', 6)).* WHERE false;
SELECT count(*) FROM invoice_line;

-- Lines that are written many at once are checked as by INSERT.
SAVEPOINT w;
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{}', 7), pg_temp.copy('{"customer_id": 99}', 8)]); ROLLBACK TO w;
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{"product_id": 9999}', 7)]); ROLLBACK TO w;
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{}', 7), pg_temp.copy('{}', 7)]); ROLLBACK TO w;
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{}', 7), pg_temp.copy('{"revision": 7}', 8)]); ROLLBACK TO w;
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{"amount": null}', 7)]); ROLLBACK TO w;
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{"amount": 7}', 7)]); ROLLBACK TO w;
SELECT invoice_line_insert('{}'), invoice_line_insert(NULL);
-- So are texts that are stored apart, constraints and indexes of users, and lines that were
-- made before the table was altered.
SELECT invoice_line_insert(ARRAY[pg_temp.copy(jsonb_build_object('description', string_agg(md5(n::text), ' ')), 7)]) FROM generate_series(1, 1000) AS n;
SELECT line_no, length(description), pg_relation_size(reltoastrelid) > 0 AS apart FROM invoice_line, pg_class WHERE line_no = 7 AND oid = 'invoice_line'::regclass;
ALTER TABLE invoice_line ADD CONSTRAINT no_nines CHECK (line_no <> 9);
CREATE UNIQUE INDEX sevens ON invoice_line ((line_no % 10)) WHERE line_no > 5;
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{}', 8)]);
SAVEPOINT x;
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{}', 10), pg_temp.copy('{}', 9)]); ROLLBACK TO x;
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{}', 10), pg_temp.copy('{}', 18)]); ROLLBACK TO x;
DO $$
DECLARE
    lines cloudbilling.invoice_line[] := ARRAY[pg_temp.copy('{}', 10)];
BEGIN
    ALTER TABLE cloudbilling.invoice_line ADD COLUMN mine int;
    PERFORM cloudbilling.invoice_line_insert(lines || ARRAY[pg_temp.copy('{"mine": 5}', 11)]);
END
$$;
SELECT line_no, mine, revision FROM invoice_line WHERE line_no > 7 ORDER BY line_no;
ROLLBACK TO w;
SELECT invoice_line_insert(ARRAY(SELECT pg_temp.copy('{}', n) FROM generate_series(1000, 3000) AS n));
SELECT count(*), min(line_no), max(line_no), count(DISTINCT l - ARRAY['line_no', 'revision', 'corrects']) AS alike
FROM invoice_line AS i
CROSS JOIN LATERAL (SELECT to_jsonb(i) AS l) AS j
WHERE line_no >= 1000;
SET LOCAL enable_seqscan = off;
SELECT count(*) FROM invoice_line WHERE customer_id = 1 AND period_start = '2024-08-01' AND revision BETWEEN 1000 AND 3000;
RESET enable_seqscan;
SELECT * FROM invoice_references_taken('invoice_line');
ROLLBACK TO w;
-- Foreign keys of users are checked by the server.
CREATE TABLE public.own (own text PRIMARY KEY);
INSERT INTO public.own SELECT DISTINCT service FROM invoice_line;
ALTER TABLE invoice_line ADD FOREIGN KEY (service) REFERENCES public.own;
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{}', 7), pg_temp.copy('{}', 8)]);
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{}', 9), pg_temp.copy('{"service": "None"}', 10)]); ROLLBACK TO w;
-- Where others look at lines, INSERT writes them.
CREATE FUNCTION pg_temp.louder() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'line %', NEW.line_no; RETURN NEW; END $$;
CREATE TRIGGER louder AFTER INSERT ON invoice_line FOR EACH ROW EXECUTE FUNCTION pg_temp.louder();
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{}', 7), pg_temp.copy('{}', 8)]);
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{"customer_id": 99}', 9)]); ROLLBACK TO w;
ALTER TABLE invoice_line DISABLE TRIGGER invoice_references_gather;
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{"dimension_id": 99}', 7)]); ROLLBACK TO w;
CREATE FUNCTION pg_temp.loud() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'lines'; RETURN NULL; END $$;
CREATE TRIGGER loud AFTER INSERT ON invoice_line FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.loud();
SELECT invoice_line_insert(ARRAY[pg_temp.copy('{}', 7), pg_temp.copy('{}', 8)]);
ROLLBACK TO w;

-- A trigger that inserts, too, in a subtransaction that fails or not.
CREATE FUNCTION pg_temp.twice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        IF pg_trigger_depth() = 1 THEN
            INSERT INTO cloudbilling.invoice_line SELECT (pg_temp.copy(jsonb_build_object('customer_id', CASE WHEN NEW.line_no % 2 = 0 THEN 99 ELSE 1 END), NEW.line_no + 100)).*;
        END IF;
    EXCEPTION WHEN foreign_key_violation THEN
        RAISE NOTICE 'line %', NEW.line_no + 100;
    END;
    RETURN NEW;
END
$$;
CREATE TRIGGER twice BEFORE INSERT ON invoice_line FOR EACH ROW EXECUTE FUNCTION pg_temp.twice();
INSERT INTO invoice_line SELECT (pg_temp.copy('{}', n)).* FROM generate_series(10, 13) AS n;
SELECT array_agg(line_no ORDER BY line_no) FROM invoice_line WHERE line_no >= 10;
SAVEPOINT u;
INSERT INTO invoice_line SELECT (pg_temp.copy(jsonb_build_object('product_id', CASE n WHEN 14 THEN 9999 ELSE 1 END), n)).* FROM generate_series(14, 15) AS n;
ROLLBACK;

-- Lines that are written ahead of their documents, which are asked for later.
CREATE FUNCTION pg_temp.made(invoice_id int, change jsonb DEFAULT '{}') RETURNS invoice LANGUAGE sql
RETURN (SELECT jsonb_populate_record(i, jsonb_build_object('invoice_id', made.invoice_id, 'series_number', made.invoice_id, 'invoice_number', made.invoice_id) || change) FROM invoice AS i WHERE i.invoice_id = 1);
CREATE FUNCTION pg_temp.document(int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO invoice OVERRIDING SYSTEM VALUE SELECT (pg_temp.made($1)).*;
$$;
BEGIN;
SELECT invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 50}'), pg_temp.copy('{"invoice_id": 51}', 3)]);
SELECT pg_temp.document(50), pg_temp.document(51);
SELECT invoice_references_check(), invoice_references_check();
SELECT invoice_id, count(*) FROM invoice_line GROUP BY 1 ORDER BY 1;
SAVEPOINT s;
-- All that a line refers to but its document is asked for at once.
SELECT invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 52, "customer_id": 99}')]); ROLLBACK TO s;
SELECT invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 52, "corrects": 99}', 4)]); ROLLBACK TO s;
-- A document that is not there, in the first, the second, or among those of others.
SELECT invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 52}', 4)]);
SELECT invoice_references_check(); ROLLBACK TO s;
SELECT invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 52}', 4)]), invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 53}', 5)]);
SELECT pg_temp.document(53);
INSERT INTO invoice_line SELECT (pg_temp.copy('{}', 6)).*;
INSERT INTO invoice_line SELECT (pg_temp.copy('{}', 7)).* WHERE false;
SELECT invoice_references_check(); ROLLBACK TO s;
-- Not in a subtransaction of its own, whose failure would leave the lines.
SELECT invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 52}', 4)]);
SAVEPOINT t;
SELECT invoice_references_check(); ROLLBACK TO s;
-- So is VAT.
SELECT invoice_vat_insert_ahead(ARRAY[ROW(52, 'S', 21, 100, 21, NULL, NULL, NULL)::invoice_vat]), invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 52}', 4)]);
SELECT invoice_insert(ARRAY[pg_temp.made(52), pg_temp.made(53)]);
SELECT invoice_references_check();
SELECT invoice_id, vat FROM invoice_vat WHERE invoice_id >= 52; ROLLBACK TO s;
SELECT invoice_vat_insert_ahead(ARRAY[ROW(52, 'S', 21, 100, 21, NULL, NULL, NULL)::invoice_vat]);
SELECT invoice_references_check(); ROLLBACK TO s;
SELECT invoice_vat_insert(ARRAY[ROW(52, 'S', 21, 100, 21, NULL, NULL, NULL)::invoice_vat]); ROLLBACK TO s;
INSERT INTO invoice_vat VALUES (52, 'S', 21, 100, 21); ROLLBACK TO s;
-- What documents refer to, written by INSERT and many at once.
DO $$
DECLARE
    part text;
    way  text;
BEGIN
    FOREACH part IN ARRAY '{invoice_run_id,seller_id,customer_id,bill_to_id,reseller_id,dimension_id}'::text[] LOOP
        FOREACH way IN ARRAY ARRAY['INSERT INTO cloudbilling.invoice OVERRIDING SYSTEM VALUE SELECT ($1[1]).* UNION ALL SELECT ($1[2]).*', 'SELECT cloudbilling.invoice_insert($1)'] LOOP
            BEGIN
                EXECUTE way USING ARRAY[pg_temp.made(53), pg_temp.made(52, jsonb_build_object(part, 99, 'dimension', CASE part WHEN 'dimension_id' THEN 'x' END))];
            EXCEPTION WHEN foreign_key_violation THEN
                RAISE WARNING '%', SQLERRM;
            END;
        END LOOP;
    END LOOP;
END
$$;
SELECT count(*) FROM invoice;
-- Where others look at documents, INSERT writes them.
CREATE FUNCTION pg_temp.heard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'document %', NEW.invoice_id; RETURN NEW; END $$;
CREATE TRIGGER heard BEFORE INSERT ON invoice FOR EACH ROW EXECUTE FUNCTION pg_temp.heard();
SELECT invoice_insert(ARRAY[pg_temp.made(52), pg_temp.made(53)]);
SELECT count(*) FROM invoice; ROLLBACK TO s;
-- Nothing is written where others look at lines, row by row or all of them, or the server does.
SELECT invoice_line_insert_ahead('{}'), invoice_line_insert_ahead(NULL);
CREATE FUNCTION pg_temp.loud() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'lines'; RETURN NULL; END $$;
CREATE TRIGGER loud AFTER INSERT ON invoice_line FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.loud();
SELECT invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 52}')]); ROLLBACK TO s;
CREATE FUNCTION pg_temp.loud() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'lines'; RETURN NEW; END $$;
CREATE TRIGGER loud AFTER INSERT ON invoice_line FOR EACH ROW EXECUTE FUNCTION pg_temp.loud();
SELECT invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 52}')]); ROLLBACK TO s;
ALTER TABLE invoice_line DISABLE TRIGGER invoice_references;
SELECT invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 52}')]); ROLLBACK TO s;
ALTER TABLE invoice_line ENABLE TRIGGER ALL;
SELECT invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 52}')]); ROLLBACK TO s;
ROLLBACK;
-- The transaction cannot be committed before that.
BEGIN;
SELECT invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 52}')]);
SELECT pg_temp.document(52);
COMMIT;
BEGIN;
SAVEPOINT s;
SELECT invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 52}')]);
RELEASE s;
COMMIT;
SELECT invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 1}')]);
BEGIN;
SAVEPOINT s;
SELECT invoice_line_insert_ahead(ARRAY[pg_temp.copy('{"invoice_id": 52}')]);
ROLLBACK TO s;
COMMIT;
SELECT count(*) FROM invoice_line;

-- Who looks at lines finds their documents.
BEGIN;
INSERT INTO usage (account, unit, quantity, cost, starts) VALUES ('a', 'Hours', 1, 50, '2024-09-05 12:00Z');
SELECT pg_temp.deliver();
CREATE TABLE public.seen (how text, invoice_id int, documents bigint);
CREATE FUNCTION pg_temp.see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.seen VALUES (TG_OP, NEW.invoice_id, (SELECT count(*) FROM cloudbilling.invoice AS i WHERE i.invoice_id = NEW.invoice_id));
    RETURN NEW;
END $$;
CREATE TRIGGER see AFTER INSERT ON invoice_line FOR EACH ROW EXECUTE FUNCTION pg_temp.see();
SELECT invoice_finalise(1, 1, '2024-10-01');
SELECT * FROM public.seen;
ROLLBACK;

-- Nobody else takes what was gathered, nor gathers.
CREATE ROLE references_reader;
GRANT USAGE ON SCHEMA cloudbilling TO references_reader;
SET ROLE references_reader;
SELECT * FROM invoice_references_taken('invoice_line');
RESET ROLE;
REVOKE USAGE ON SCHEMA cloudbilling FROM references_reader;
DROP ROLE references_reader;
SELECT * FROM invoice_references_taken('invoice_line');
SELECT invoice_references_gather();
