-- ISO 11649: RF, two check digits over the reference, and the reference itself,
-- of which only letters and digits count and at most 21.
CREATE OR REPLACE FUNCTION payment_reference(document_number text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT 'RF' || lpad((98 - string_agg(
            CASE WHEN c ~ '[0-9]' THEN c ELSE (ascii(c) - 55)::text END, '' ORDER BY place)::numeric % 97)::text, 2, '0')
        || r.reference
    FROM (SELECT right(upper(regexp_replace(document_number, '[^A-Za-z0-9]', '', 'g')), 21) AS reference) AS r
    CROSS JOIN LATERAL unnest(string_to_array(r.reference || 'RF00', NULL)) WITH ORDINALITY AS d (c, place)
    GROUP BY r.reference;
END;

COMMENT ON FUNCTION payment_reference(text) IS 'creditor reference (ISO 11649) for a document number';
