-- Numbers by the seller's own pattern.  Nothing printed depends on the day: the years of
-- numbers are shown as letters.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

-- The patterns themselves, on days that are named.
SELECT p.pattern, invoice_number(p.pattern, 'W', p.number, p.day::date, p.begins) AS number
FROM (VALUES
    ('{series}{YYYY}-{N:6}', 1, '2026-11-26', 1),
    ('{series}{YYYY}-{N:6}', 1000000, '2026-11-26', 1),
    ('F{YY}{MM}/{N:4}', 12, '2026-03-05', 1),
    ('F{YY}/{N}', 12, '2026-03-05', 4),
    ('F{YY}/{N}', 12, '2026-04-01', 4),
    ('{N}', 7, '2026-04-01', 1)) AS p (pattern, number, day, begins);
SELECT invoice_series_year('2026-03-31', true, 4), invoice_series_year('2026-04-01', true, 4), invoice_series_year('2026-04-01', false, 4);

-- Any other text stays; {YY} and {MM} have two digits, and {N:3} three or more.
CREATE FUNCTION pg_temp.number(pattern text, series text, number int, day date, year_begins int) RETURNS text LANGUAGE sql
RETURN (
    SELECT string_agg(CASE
            WHEN part = '{series}' THEN series
            WHEN part = '{YYYY}' THEN lpad(invoice_series_year(day, true, year_begins)::text, 4, '0')
            WHEN part = '{YY}' THEN lpad((invoice_series_year(day, true, year_begins) % 100)::text, 2, '0')
            WHEN part = '{MM}' THEN lpad(extract(month FROM day)::text, 2, '0')
            WHEN part ~ '^\{N' THEN lpad(number::text, greatest(length(number::text), coalesce(substring(part FROM '[0-9]')::int, 1)), '0')
            ELSE part
        END, '' ORDER BY place)
    FROM regexp_matches(pattern, '\{[^}]*\}|[^{]+', 'g') WITH ORDINALITY AS p (parts, place)
    CROSS JOIN LATERAL (SELECT p.parts[1] AS part) AS q);
SELECT count(*) AS numbers, count(*) FILTER (WHERE invoice_number(p, s, n, d, y) IS DISTINCT FROM pg_temp.number(p, s, n, d, y)) AS different
FROM unnest(ARRAY['{N}', 'x{N:9}y', '{series}{series}{YYYY}/{YY}-{MM}é{N:1}', 'a}b{c}{N:6}', '{{N}', '{N', '日本{YY}{N:4}{', E'{YYYY}\n{MM}{N:3}', '{n}{yyyy}{Nx7}']) AS p,
    unnest(ARRAY['', 'W', '{N}', 'Çé ']) AS s, unnest(ARRAY[1, 9, 10, 99999, 1000000, 2147483647]) AS n,
    unnest(ARRAY['2026-01-01', '2026-12-31', '2000-02-29', '0999-03-31', '2099-04-01', '9999-12-31']::date[]) AS d, unnest(ARRAY[1, 4, 12]) AS y;
SELECT invoice_number('{N}', 'W', 1, NULL, 1), invoice_number(NULL, 'W', 1, '2026-01-01', 1);
SELECT message FROM pg_temp.fails($$SELECT invoice_number('{YYYY}{N}', 'W', 1, 'infinity', 1)$$);

INSERT INTO seller (name, series, vat_number) VALUES ('One', 'W', 'NL859123455B01'), ('Two', 'T', 'NL859123455B01'), ('Three', '', 'NL859123455B01');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'A', 'Alpha'), (2, 'B', 'Beta'), (3, 'C', 'Gamma'), (2, 'D', 'Delta');
CREATE FUNCTION pg_temp.bill(customer int, amount numeric) RETURNS SETOF int LANGUAGE sql AS $$
    SELECT invoice_adhoc(customer, ARRAY[invoice_line_add(customer, 'Work', sign(amount), abs(amount), '2024-09-10')]);
$$;
CREATE VIEW pg_temp.document AS
SELECT i.seller_id AS seller, i.kind, i.series, i.series_number AS n,
    replace(replace(i.invoice_number, to_char(i.issued_on, 'YYYY'), 'YYYY'), to_char(i.issued_on, 'YYMM'), 'YYMM') AS number
FROM invoice AS i
ORDER BY i.invoice_id;

-- The default; one series a year, credit notes apart, with a first number; and one without end.
INSERT INTO invoice_number_scheme (seller_id, pattern, credit_note_pattern, first_number) VALUES (2, 'F{YYYY}/{N:4}', 'C{YYYY}/{N:4}', 101);
INSERT INTO invoice_number_scheme (seller_id, pattern, resets) VALUES (3, '{YY}{MM}{N:5}', false);
SELECT pg_temp.bill(c, a) FROM (VALUES (1, 10), (2, 10), (3, 10), (4, -10), (2, 20), (1, -5), (2, -3), (3, 8)) AS b (c, a);
SELECT * FROM pg_temp.document;
SELECT seller_id, series, year > 0 AS by_year, first_number, last_number FROM invoice_series ORDER BY 1, 2;
SELECT * FROM invoice_verify();

-- In one run, credit notes and invoices by turns.
SELECT invoice_line_add(c, 'Work', q, 5, '2024-10-10') FROM (VALUES (2, 1), (4, -1)) AS b (c, q);
CALL invoice_run('2024-11-01');
SELECT * FROM pg_temp.document OFFSET 8;
SELECT * FROM invoice_verify();

-- Another pattern: the series goes on.
UPDATE invoice_number_scheme SET pattern = 'FA{YYYY}/{N:4}' WHERE seller_id = 2;
SELECT pg_temp.bill(2, 1);
SELECT * FROM pg_temp.document OFFSET 10;
SELECT * FROM invoice_verify();
-- A number that is gone is found, in its series.
ALTER TABLE invoice_line DISABLE TRIGGER ALL;
ALTER TABLE invoice_vat DISABLE TRIGGER ALL;
ALTER TABLE invoice DISABLE TRIGGER ALL;
BEGIN;
DELETE FROM invoice_line WHERE invoice_id = 2;
DELETE FROM invoice_vat WHERE invoice_id = 2;
DELETE FROM invoice WHERE invoice_id = 2;
SELECT invoice_id, problem FROM invoice_verify() ORDER BY 1, 2;
ROLLBACK;
BEGIN;
DELETE FROM invoice_line WHERE invoice_id = 7;
DELETE FROM invoice_vat WHERE invoice_id = 7;
DELETE FROM invoice WHERE invoice_id = 7;
SELECT invoice_id, problem FROM invoice_verify() ORDER BY 1, 2;
ROLLBACK;

-- What could give one number twice.
SELECT message, detail, hint FROM pg_temp.fails($$INSERT INTO invoice_number_scheme (seller_id, pattern) VALUES (1, 'F{YYYY}')$$);
SELECT message, detail FROM pg_temp.fails($$INSERT INTO invoice_number_scheme (seller_id, pattern) VALUES (1, '{N}{YYYY}{N}')$$);
SELECT message, detail, hint FROM pg_temp.fails($$INSERT INTO invoice_number_scheme (seller_id, pattern) VALUES (1, 'F{MM}{N}')$$);
SELECT message, hint FROM pg_temp.fails($$INSERT INTO invoice_number_scheme (seller_id, pattern) VALUES (1, 'F{year}{N}')$$);
SELECT message, hint FROM pg_temp.fails($$INSERT INTO invoice_number_scheme (seller_id, pattern, credit_note_pattern) VALUES (1, 'F{YYYY}{N}', 'F1{YYYY}{N}')$$);
SELECT message, hint FROM pg_temp.fails($$INSERT INTO invoice_number_scheme (seller_id, pattern, credit_note_pattern) VALUES (1, '{series}{YYYY}{N}', 'W{YY}-{N}')$$);
SELECT regexp_replace(message, '[0-9]{4}-', 'YYYY-') AS message, detail, hint
FROM pg_temp.fails($$INSERT INTO invoice_number_scheme (seller_id, pattern, resets) VALUES (1, 'W{YYYY}-{N:6}', false)$$);
SELECT code, regexp_replace(message, '[0-9]{4}-', 'YYYY-') AS message FROM pg_temp.fails($$INSERT INTO invoice_number_scheme (seller_id, pattern) VALUES (1, '{series}{YYYY}-{N:3}')$$);
-- Suffixes tell apart, too; the series goes on.
BEGIN;
INSERT INTO invoice_number_scheme (seller_id, pattern, credit_note_pattern) VALUES (1, '{series}/{YYYY}-{N:6}I', '{series}/{YYYY}-{N:6}C');
SELECT pg_temp.bill(1, 1), pg_temp.bill(1, -1);
SELECT * FROM pg_temp.document OFFSET 11;
SELECT * FROM invoice_verify();
ROLLBACK;

-- Who waited over midnight to be numbered is issued on the day of his number, and has as long to pay.
SELECT DISTINCT late.days, d.issued_on - (clock_timestamp() AT TIME ZONE z.time_zone)::date AS issued, d.due_on - d.issued_on = i.due_on - i.issued_on AS same_term
FROM invoice AS i
JOIN customer_zone AS z ON z.customer_id = i.customer_id
CROSS JOIN (VALUES (-1), (0), (1)) AS late (days)
CROSS JOIN LATERAL (SELECT (clock_timestamp() AT TIME ZONE z.time_zone)::date + late.days AS day) AS m
CROSS JOIN LATERAL unnest(invoice_issued(ARRAY[jsonb_populate_record(i, jsonb_build_object('issued_on', m.day, 'due_on', m.day + (i.due_on - i.issued_on)))])) AS d
ORDER BY late.days;

-- Of the chain: a body for each document, and a series.
SELECT message, detail FROM pg_temp.fails($$SELECT invoice_chain(ARRAY(SELECT i FROM invoice AS i), '{}', '{}', '{}')$$);
SELECT message, detail FROM pg_temp.fails($$SELECT invoice_chain(ARRAY(SELECT i FROM invoice AS i WHERE i.invoice_id = 1), '{NULL}', '{1,1}', '{}')$$);
SELECT message FROM pg_temp.fails($$SELECT invoice_chain(ARRAY(SELECT i FROM invoice AS i WHERE i.invoice_id = 1), '{NULL}', '{2}', ARRAY[ROW(1, '', 2026, 1, 0, '\x', '{N}', 'W', 1)::invoice_numbering])$$);
SELECT message FROM pg_temp.fails($$SELECT invoice_chain(ARRAY(SELECT i FROM invoice AS i WHERE i.invoice_id = 1), '{NULL}', '{1}', ARRAY[ROW(1, '', 2026, 1, 0, '\x', NULL, 'W', 1)::invoice_numbering])$$);
SELECT message FROM pg_temp.fails($$SELECT invoice_chain(ARRAY(SELECT i FROM invoice AS i WHERE i.invoice_id = 1), '{NULL}', '{1}', ARRAY[ROW(1, '', 2026, 1, 2147483647, '\x', '{N}', 'W', 1)::invoice_numbering])$$);
SELECT invoice_chain('{}', '{}', '{}', '{}');
