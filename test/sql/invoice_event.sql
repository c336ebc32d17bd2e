-- What happens to a document once it is finalised: steps that there are, and no others.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\pset format unaligned

INSERT INTO seller (name, series) VALUES ('Waddenwolk B.V.', 'W');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'A', 'Alpha');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a');
INSERT INTO price_rule (name, measure, currency, pricing) VALUES ('cost', 'billed_cost', 'EUR', per_unit(1));
INSERT INTO usage (account, unit, quantity, cost, starts) SELECT 'a', 'Hours', 1, 100, m FROM unnest('{2024-07-05 12:00Z,2024-08-05 12:00Z,2024-09-05 12:00Z}'::timestamptz[]) AS m;
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
CREATE VIEW pg_temp.standing AS SELECT invoice_id AS id, state, status, paid, written_off, open_amount AS open, event_no AS no, reason FROM invoice_status ORDER BY 1;

SELECT invoice_mark(1, 'sent');
SELECT invoice_mark(1, 'sent');
SELECT invoice_mark(1, 'note', 'Alpha asked for the specification');
SELECT invoice_mark(1, 'disputed', 'the backup was ended in June');
SELECT * FROM pg_temp.standing;
SELECT disputed, open_amount FROM bi_receivable;
SELECT code, regexp_replace(message, 'W\d+', 'W…') AS message, detail ~ '^It is disputed, since \d{4}-\d\d-\d\d by \S' AS detail, hint FROM pg_temp.fails($$SELECT cloudbilling.invoice_mark(1, 'sent')$$);
SELECT invoice_mark(1, 'settled', 'it was in use until August');
SELECT invoice_mark(2, 'disputed', 'unknown');
-- Part of it is paid, and the rest will not be.
INSERT INTO payment (seller_id, received_on, amount) VALUES (1, '2024-11-01', 100), (1, '2024-11-01', 21);
SELECT payment_assign(1, 1);
SELECT invoice_mark(1, 'written_off', 'bankrupt');
SELECT * FROM pg_temp.standing;
SELECT code, message LIKE 'document W% is written off' AS message, detail, hint FROM pg_temp.fails('SELECT cloudbilling.payment_assign(2, 1, 21)');
SELECT payment_match();
-- After all it is paid; and what was paid in full is not written off.
SELECT invoice_mark(1, 'reinstated', 'the trustee pays');
SELECT payment_assign(2, 1);
SELECT * FROM pg_temp.standing WHERE id = 1;
SELECT code, message LIKE '% has nothing open %' AS message, detail FROM pg_temp.fails($$SELECT cloudbilling.invoice_mark(1, 'written_off', 'no')$$);
-- A payment that comes back from a document that was written off only makes that more.
SELECT invoice_mark(3, 'written_off', 'gone');
INSERT INTO payment (seller_id, received_on, amount) VALUES (1, '2024-11-02', 1);
SELECT invoice_mark(3, 'reinstated', 'back');
SELECT payment_assign(3, 3), invoice_mark(3, 'written_off', 'gone again');
SELECT payment_reverse(3, 'came back') > 0 AS reversed;
SELECT * FROM pg_temp.standing WHERE id = 3;

-- Good errors.
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.invoice_mark(1, 'lost', 'x')$$);
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.invoice_mark(1, NULL)$$);
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.invoice_mark(1, 'disputed')$$);
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.invoice_mark(99, 'sent')$$);
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.invoice_mark(NULL, 'sent')$$);

-- Wrong steps are impossible, without the function too: every document, place, state, event and outcome there could be.
CREATE TEMP TABLE attempt (event_no int, state_before text, event text, state text, error text);
DO $$
DECLARE
    step record;
    error text;
BEGIN
    FOR step IN
        SELECT n, b, e, s
        FROM generate_series(0, 5) AS n, unnest('{finalised,sent,disputed,written_off,paid}'::text[]) AS b,
            unnest('{sent,disputed,settled,written_off,reinstated,note,paid}'::text[]) AS e, unnest('{finalised,sent,disputed,written_off,paid}'::text[]) AS s
    LOOP
        error := NULL;
        BEGIN
            INSERT INTO cloudbilling.invoice_event (invoice_id, event_no, event, state_before, state, reason) VALUES (2, step.n, step.e, step.b, step.s, 'try');
            SET CONSTRAINTS ALL IMMEDIATE;
            RAISE EXCEPTION USING ERRCODE = 'ZZ000';
        EXCEPTION WHEN OTHERS THEN
            error := CASE SQLSTATE WHEN 'ZZ000' THEN NULL ELSE SQLSTATE END;
        END;
        INSERT INTO attempt VALUES (step.n, step.b, step.e, step.s, error);
    END LOOP;
END $$;
-- document 2 is disputed by its one event: only these can be its second
SELECT event_no, state_before, event, state FROM attempt WHERE error IS NULL ORDER BY 3;
SELECT error, count(*) FROM attempt WHERE error IS NOT NULL AND error NOT IN ('23503', '23505', '23514') GROUP BY 1;
SELECT code FROM pg_temp.fails($$INSERT INTO cloudbilling.invoice_event (invoice_id, event_no, event, state_before, state) VALUES (2, 2, 'settled', 'disputed', 'sent')$$);
-- Frozen; and the steps there are, too, for those that were taken.
SELECT * FROM pg_temp.fails('UPDATE cloudbilling.invoice_event SET reason = ''nothing''');
SELECT message FROM pg_temp.fails('DELETE FROM cloudbilling.invoice_event');
SELECT message FROM pg_temp.fails('TRUNCATE cloudbilling.invoice_event');
SELECT code FROM pg_temp.fails($$DELETE FROM cloudbilling.invoice_transition WHERE event = 'disputed'$$);
-- As of a moment.
SELECT recorded_at AS moment FROM invoice_event WHERE invoice_id = 1 AND event = 'disputed' \gset
SET cloudbilling.as_of = :'moment';
SELECT * FROM pg_temp.standing;
RESET cloudbilling.as_of;
SELECT * FROM invoice_verify();
