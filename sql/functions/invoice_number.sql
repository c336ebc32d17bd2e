-- Numbers of documents.  In a pattern only {N} has no fixed width, so a number can be
-- read in one way, and no two documents of a series have the same.

CREATE OR REPLACE FUNCTION invoice_number_scheme_of(seller_id int)
RETURNS invoice_number_scheme
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(s.seller_id, invoice_number_scheme_of.seller_id), coalesce(s.pattern, '{series}{YYYY}-{N:6}'), s.credit_note_pattern,
        coalesce(s.resets, true), coalesce(s.year_begins, 1), coalesce(s.first_number, 1)
    FROM (SELECT) AS always
    LEFT JOIN invoice_number_scheme AS s ON s.seller_id = invoice_number_scheme_of.seller_id;
END;

COMMENT ON FUNCTION invoice_number_scheme_of(int) IS 'how a seller numbers its documents, also where nothing was said of it';

CREATE OR REPLACE FUNCTION invoice_series_year(day date, resets boolean, year_begins int)
RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN resets THEN
    extract(year FROM day)::int - CASE WHEN extract(month FROM day) < year_begins THEN 1 ELSE 0 END
    ELSE 0 END;

COMMENT ON FUNCTION invoice_series_year(date, boolean, int) IS 'year of the series that a document of a day is numbered in; 0 for a series without end';

CREATE OR REPLACE FUNCTION invoice_number(pattern text, series text, number int, day date, year_begins int) RETURNS text
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION invoice_number(text, text, int, date, int) IS 'number of a document, by the pattern of its series';

-- Gives documents their numbers, references and hashes, each of which hangs on the one before.
CREATE OR REPLACE FUNCTION invoice_chain(documents invoice[], bodies bytea[], places int[], series invoice_numbering[]) RETURNS invoice[]
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT
SET datestyle = 'ISO, YMD'
SET timezone = 'UTC';

COMMENT ON FUNCTION invoice_chain(invoice[], bytea[], int[], invoice_numbering[]) IS 'documents with numbers and hashes, of the series at their places';

-- Numbers documents, in their order, and writes how far their series are.  Who calls it
-- holds the locks of the sellers until the end of the transaction.
CREATE OR REPLACE FUNCTION invoice_numbered(documents invoice[], bodies bytea[])
RETURNS invoice[]
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    places    int[];
    alike     invoice[];
    numbering invoice_numbering[];
BEGIN
    SELECT g.places, g.groups INTO places, alike FROM array_group(documents, '{seller_id,kind,issued_on}') AS g;
    numbering := ARRAY(
        SELECT ROW(d.seller_id, k.series, invoice_series_year(d.issued_on, s.resets, s.year_begins), s.first_number, s.first_number - 1, '\x',
            CASE k.series WHEN 'credit_note' THEN s.credit_note_pattern ELSE s.pattern END, d.seller ->> 'series', s.year_begins)::invoice_numbering
        FROM array_rows(alike) WITH ORDINALITY AS d
        CROSS JOIN LATERAL invoice_number_scheme_of(d.seller_id) AS s
        CROSS JOIN LATERAL (SELECT CASE WHEN d.kind = 'credit_note' AND s.credit_note_pattern IS NOT NULL THEN 'credit_note' ELSE '' END AS series) AS k
        ORDER BY d.ordinality);
    INSERT INTO invoice_series (seller_id, series, year, first_number, last_number, last_hash)
    SELECT DISTINCT n.seller_id, n.series, n.year, n.first_number, n.last_number, n.last_hash
    FROM array_rows(numbering) AS n
    ON CONFLICT DO NOTHING;
    numbering := ARRAY(
        SELECT ROW(n.seller_id, n.series, n.year, s.first_number, s.last_number, s.last_hash, n.pattern, n.seller_series, n.year_begins)::invoice_numbering
        FROM array_rows(numbering) WITH ORDINALITY AS n
        JOIN invoice_series AS s ON s.seller_id = n.seller_id AND s.series = n.series AND s.year = n.year
        ORDER BY n.ordinality
        FOR UPDATE OF s);
    -- without a query in it, so that documents are not copied
    documents := invoice_chain(documents, bodies, places, numbering);
    UPDATE invoice_series AS s
    SET last_number = k.series_number, last_hash = k.hash
    FROM (
        SELECT DISTINCT ON (d.seller_id, d.series, d.series_year) d.seller_id, d.series, d.series_year, d.series_number, d.hash
        FROM array_rows(documents) AS d
        ORDER BY d.seller_id, d.series, d.series_year, d.series_number DESC
    ) AS k
    WHERE s.seller_id = k.seller_id AND s.series = k.series AND s.year = k.series_year;
    RETURN documents;
END
$$;

COMMENT ON FUNCTION invoice_numbered(invoice[], bytea[]) IS 'numbers documents in the making and chains them';

-- Refuses patterns that could give one number twice: in a series, in two, or to a
-- document that has it already.
CREATE OR REPLACE FUNCTION invoice_number_scheme_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    entity seller := (SELECT s FROM seller AS s WHERE s.seller_id = NEW.seller_id);
    text_before text[];
    text_after text[];
    pattern text;
    given text;
BEGIN
    FOREACH pattern IN ARRAY array_remove(ARRAY[NEW.pattern, NEW.credit_note_pattern], NULL) LOOP
        IF pattern !~ '^([^{}]|\{(series|YYYY|YY|MM|N(:[1-9])?)\})*$' THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('"%s" is not a pattern of numbers', pattern),
                HINT = 'Known are {series}, {YYYY}, {YY}, {MM}, {N} and {N:6}; for example "{series}{YYYY}-{N:6}".';
        ELSIF (SELECT count(*) FROM regexp_matches(pattern, '\{N', 'g')) <> 1 THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('pattern "%s" would give one number to several documents', pattern),
                DETAIL = 'A pattern has {N} once.',
                HINT = 'For example "{series}{YYYY}-{N:6}".';
        ELSIF NEW.resets AND pattern !~ '\{YY(YY)?\}' THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('pattern "%s" would give the same numbers each year', pattern),
                DETAIL = 'Each year begins with number 1, and the pattern does not say the year.',
                HINT = 'Put {YYYY} or {YY} into it, or set resets to false.';
        END IF;
    END LOOP;
    -- Two series are told apart by the text at one end.
    IF NEW.credit_note_pattern IS NOT NULL THEN
        SELECT array_agg(substring(replace(p, '{series}', entity.series) FROM '^[^{]*') ORDER BY p),
            array_agg(reverse(substring(replace(p, '{series}', entity.series) FROM '[^}]*$')) ORDER BY p)
        INTO text_before, text_after
        FROM unnest(ARRAY[NEW.pattern, NEW.credit_note_pattern]) AS p;
        IF (starts_with(text_before[1], text_before[2]) OR starts_with(text_before[2], text_before[1]))
            AND (starts_with(text_after[1], text_after[2]) OR starts_with(text_after[2], text_after[1]))
        THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('patterns "%s" and "%s" could give one number to an invoice and a credit note', NEW.pattern, NEW.credit_note_pattern),
                HINT = 'Let them begin or end with different text, such as "F{YYYY}-{N}" and "C{YYYY}-{N}".';
        END IF;
    END IF;
    -- What was given may come again only as the number of the same place.
    SELECT i.invoice_number, p.pattern
    INTO given, pattern
    FROM (VALUES (NEW.pattern), (NEW.credit_note_pattern)) AS p (pattern)
    JOIN invoice AS i ON i.seller_id = NEW.seller_id
        AND i.invoice_number ~ ('^' || regexp_replace(regexp_replace(regexp_replace(
            replace(regexp_replace(p.pattern, '([^[:alnum:]{}:])', '\\\1', 'g'), '{series}', regexp_replace(entity.series, '([^[:alnum:]])', '\\\1', 'g')),
            '\{YYYY\}', '[0-9][0-9][0-9][0-9]', 'g'), '\{(YY|MM)\}', '[0-9][0-9]', 'g'), '\{N[^}]*\}', '[0-9]+', 'g') || '$')
    WHERE i.series_year <> invoice_series_year(i.issued_on, NEW.resets, NEW.year_begins)
       OR i.series <> CASE WHEN i.kind = 'credit_note' AND NEW.credit_note_pattern IS NOT NULL THEN 'credit_note' ELSE '' END
       OR i.invoice_number <> invoice_number(CASE i.series WHEN 'credit_note' THEN NEW.credit_note_pattern ELSE NEW.pattern END,
            entity.series, i.series_number, i.issued_on, NEW.year_begins)
    ORDER BY i.invoice_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('pattern "%s" could give number %s again', pattern, given),
            DETAIL = 'A document has it already.',
            HINT = 'Choose a pattern that no number looks like that was given so far, such as one with another prefix.';
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION invoice_number_scheme_check() IS 'trigger that refuses patterns of numbers that could give one twice';

CREATE OR REPLACE TRIGGER invoice_number_scheme_check BEFORE INSERT OR UPDATE ON invoice_number_scheme
    FOR EACH ROW EXECUTE FUNCTION invoice_number_scheme_check();
