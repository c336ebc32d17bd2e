-- The text that documents are hashed as is that of the server, to the letter.
SET search_path = cloudbilling, public;
SET datestyle = 'SQL, DMY';

CREATE FUNCTION pg_temp.bodies(lines invoice_line[], vat invoice_vat[], allocation invoice_line_allocation[], rates invoice_currency_rate[])
RETURNS TABLE (invoice_id int, body bytea) LANGUAGE plpgsql STABLE SET datestyle = 'ISO, YMD' AS $$
BEGIN
    RETURN QUERY
    SELECT r.invoice_id, sha256(convert_to(string_agg(r.kind || r.row, chr(10) ORDER BY r.kind, r.no, r.row COLLATE "C"), 'UTF8'))
    FROM (
        SELECT l.invoice_id, '1' AS kind, l.line_no AS no, rtrim(l::text, ',)') AS row FROM unnest(lines) AS l
        UNION ALL
        SELECT v.invoice_id, '2', 0, rtrim(v::text, ',)') FROM unnest(vat) AS v
        UNION ALL
        SELECT a.invoice_id, '3', a.line_no, rtrim(a::text, ',)') FROM unnest(allocation) AS a
        UNION ALL
        SELECT c.invoice_id, '4', 0, rtrim(c::text, ',)') FROM unnest(rates) AS c
    ) AS r
    GROUP BY r.invoice_id;
END
$$;

-- Of any rows, in any order.
CREATE FUNCTION pg_temp.same(lines invoice_line[], vat invoice_vat[] DEFAULT NULL, allocation invoice_line_allocation[] DEFAULT NULL,
    rates invoice_currency_rate[] DEFAULT NULL, OUT documents bigint, OUT same boolean) LANGUAGE sql
RETURN (
    SELECT ROW(count(*), bool_and(a.body IS NOT DISTINCT FROM b.body))
    FROM invoice_bodies(lines, vat, allocation, rates) AS a
    FULL JOIN pg_temp.bodies(lines, vat, allocation, rates) AS b ON coalesce(b.invoice_id, 0) = coalesce(a.invoice_id, 0));

-- Numbers.
SELECT s.*
FROM (
    SELECT array_agg(jsonb_populate_record(NULL::invoice_line, jsonb_build_object('invoice_id', 1 + n % 3, 'line_no', 1000 - n, 'amount', v.number, 'due', '-' || ltrim(v.number, '-'),
        'pricing', per_unit(n % 2)::jsonb, 'customer_id', -n))) AS lines
    FROM unnest(ARRAY['0', '0.0', '0.00000', '1', '-1', '0.1', '-0.5', '10', '9999', '10000', '10000.0001', '0.0001', '0.00001', '-0.00000001', '0.000000012340', '123456789012345678901234567890.123456789',
        '1.50', '1e15', '1e40', '1e-40', '1e200', '1e-200', '1e400', '1e1000', '0.' || repeat('9', 63), '0.' || repeat('9', 64), '0.' || repeat('0', 60) || '1', repeat('9', 330) || '.5', repeat('9', 320) || '.' || repeat('1', 60),
        '99990000', '100000000.00000000', '20000.00', '0.00010000', '5000.5000']) WITH ORDINALITY AS v (number, n)
) AS l
CROSS JOIN LATERAL pg_temp.same(l.lines) AS s;
SELECT s.* FROM pg_temp.same(ARRAY[jsonb_populate_record(NULL::invoice_line, '{"invoice_id": 1, "line_no": 1, "amount": "NaN", "due": "Infinity", "cost": "-Infinity"}')]) AS s;

-- Texts.
SELECT s.*
FROM (
    SELECT array_agg(jsonb_populate_record(NULL::invoice_line, jsonb_build_object('invoice_id', 1 + n % 2, 'line_no', n / 2, 'description', v.text, 'service', v.text || 'x', 'section', v.text, 'tag_value', 'x' || v.text))) AS lines
    FROM unnest(ARRAY['', ' ', 'a', 'a b', E'a\nb', E'\t', E'\v', 'a,b', '(a)', 'a)', ')', ',', '"', '""', 'a"b', E'\\', E'a\\b', 'é', 'naïve café', U&'\00A0', U&'\3000', '日本', '😀', repeat('x', 10000), repeat('a "b"', 3000)]) WITH ORDINALITY AS v (text, n)
) AS l
CROSS JOIN LATERAL pg_temp.same(l.lines) AS s;

-- Days, columns at the end that are NULL, rows that are almost empty.
SELECT s.*
FROM (
    SELECT array_agg(jsonb_populate_record(NULL::invoice_line, jsonb_build_object('invoice_id', 7, 'line_no', n, 'period_start', v.day, 'invoice_on', v.day, 'currency', 'EUR', 'vat_country', 'N'))) AS lines
    FROM unnest('{2026-01-01,2026-01-01,infinity,-infinity,0044-03-15 BC,NULL,2026-12-31}'::date[]) WITH ORDINALITY AS v (day, n)
) AS l
CROSS JOIN LATERAL pg_temp.same(l.lines) AS s;
SELECT s.* FROM pg_temp.same(ARRAY[jsonb_populate_record(NULL::invoice_line, '{"invoice_id": 1, "line_no": 1}'), jsonb_populate_record(NULL::invoice_line, '{"invoice_id": 2, "line_no": 1, "section": ")"}')]) AS s;

-- All kinds of rows; those of one kind without numbers go by their texts.
SELECT s.*
FROM (
    SELECT (SELECT array_agg(jsonb_populate_record(NULL::invoice_line, jsonb_build_object('invoice_id', n % 5, 'line_no', n, 'pricing', per_unit(n % 400)::jsonb))) FROM generate_series(1, 2000) AS n),
        (SELECT array_agg(ROW(n % 4, (ARRAY['S', 'AE'])[1 + n % 2], n % 22, n * 0.5, 1.50, NULL, CASE WHEN n % 3 = 0 THEN 'a, b' END, NULL)::invoice_vat) FROM generate_series(1, 50) AS n),
        (SELECT array_agg(ROW(n % 6, n % 3, 1, 'team', CASE WHEN n % 4 > 0 THEN 'v' || n END, n)::invoice_line_allocation) FROM generate_series(1, 100) AS n),
        (SELECT array_agg(jsonb_populate_record(NULL::invoice_currency_rate, jsonb_build_object('invoice_id', n % 3, 'rate', n * 0.01, 'inverse', n % 2 = 0, 'currency', 'USD', 'rate_on', DATE '2026-01-01' + n % 2)))
         FROM generate_series(1, 9) AS n)
) AS r (lines, vat, allocation, rates)
CROSS JOIN LATERAL pg_temp.same(r.lines, r.vat, r.allocation, r.rates) AS s;
SELECT count(*) FROM invoice_bodies(NULL, NULL, '{}', NULL);
-- What was emptied by somebody.
SELECT s.*
FROM pg_temp.same(ARRAY(SELECT jsonb_populate_record(NULL::invoice_line, jsonb_build_object('invoice_id', nullif(n % 3, 0), 'line_no', nullif(n % 4, 0), 'amount', n)) FROM generate_series(1, 24) AS n),
    ARRAY[jsonb_populate_record(NULL::invoice_vat, '{"vat_category": "S"}')]) AS s;

-- So is that of documents themselves, with the hash of the rest.
CREATE FUNCTION pg_temp.content(invoice invoice, body bytea) RETURNS text LANGUAGE plpgsql STABLE
SET datestyle = 'ISO, YMD' SET timezone = 'UTC' SET bytea_output = 'hex' AS $$
BEGIN
    invoice.hash := NULL;
    RETURN concat_ws(chr(10), rtrim(invoice::text, ',)'), body);
END
$$;
SET bytea_output = 'escape';
SET timezone = 'Asia/Kathmandu';
SELECT d.no, invoice_content(i, d.body) = pg_temp.content(i, d.body) AS same, length(invoice_content(i, d.body)) AS length
FROM (VALUES
    (1, '{"invoice_id": 1, "seller": {"name": "A \"b\" c", "lines": ["x", 1.50]}, "customer": {}, "finalised_at": "2026-03-29 01:59:59.123456+01", "finalised_by": "me, too", "hash": "\\x00", "previous_hash": "\\x0001feff"}'::jsonb, '\x0123'::bytea),
    (2, '{"invoice_id": -2, "invoice_number": "F(1)", "currency": "EUR", "issued_on": "2026-11-26", "net_amount": "NaN", "vat_amount": 1.50, "note": "a\nb\\c", "previous_hash": "\\x", "prepaid_amount": 0.00}', '\x'),
    (3, '{"series": "", "note": ")"}', NULL),
    (4, '{}', '\xff')) AS d (no, document, body)
CROSS JOIN LATERAL jsonb_populate_record(NULL::invoice, d.document) AS i
ORDER BY d.no;
SELECT invoice_content(NULL, '\x00');

\set VERBOSITY terse
SELECT invoice_bodies(ARRAY[NULL::invoice_line], NULL, NULL, NULL);
