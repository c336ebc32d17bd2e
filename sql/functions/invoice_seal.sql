-- A seal's hash: of itself, its rows, and the seal before it.  Columns that are NULL
-- are left out, so that a release can add some.
CREATE OR REPLACE FUNCTION invoice_seal_hash(seal invoice_seal, contents jsonb[])
RETURNS bytea
LANGUAGE sql STABLE
SET timezone = 'UTC'
SET search_path = cloudbilling, pg_temp
RETURN sha256((seal).previous_hash || convert_to(jsonb_build_object(
    'seal', to_jsonb(seal) - '{previous_hash,hash}'::text[],
    'rows', (SELECT jsonb_agg(jsonb_strip_nulls(c.content) ORDER BY c.n) FROM unnest(contents) WITH ORDINALITY AS c (content, n)))::text, 'UTF8'));

COMMENT ON FUNCTION invoice_seal_hash(invoice_seal, jsonb[]) IS 'SHA-256 of a seal and its rows';

-- Seals what a statement recorded, after the lock of the seller, or in a batch of an
-- invoice run that of all chains.  Rows that were recorded before, in a database that
-- is being restored, have their seals.
CREATE OR REPLACE FUNCTION invoice_seal()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SECURITY DEFINER  -- who records payments need not write seals
SET timezone = 'UTC'
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    part    record;
    series  invoice_seal_series;
    seal    invoice_seal;
BEGIN
    FOR part IN
        SELECT s.seller_id, array_agg(s.key ORDER BY s.key) AS keys, array_agg(s.content ORDER BY s.key) AS contents
        FROM invoice_sealed AS s
        WHERE s.relation = TG_TABLE_NAME
          AND s.key IN (SELECT (to_jsonb(n) ->> TG_ARGV[0])::int FROM new_rows AS n)
          AND s.recorded_at BETWEEN now() AND clock_timestamp()
        GROUP BY s.seller_id
        ORDER BY s.seller_id
    LOOP
        PERFORM invoice_isolation_check();
        PERFORM seller_lock(ARRAY[part.seller_id]);
        INSERT INTO invoice_seal_series (seller_id, last_number, last_hash)
        VALUES (part.seller_id, 0, '\x')
        ON CONFLICT DO NOTHING;
        SELECT * INTO series FROM invoice_seal_series AS s WHERE s.seller_id = part.seller_id;
        seal := ROW(part.seller_id, series.last_number + 1, TG_TABLE_NAME, part.keys, series.last_hash, NULL, clock_timestamp(), session_user);
        seal.hash := invoice_seal_hash(seal, part.contents);
        INSERT INTO invoice_seal VALUES (seal.*);
        UPDATE invoice_seal_series AS s
        SET last_number = seal.seal_no, last_hash = seal.hash
        WHERE s.seller_id = part.seller_id;
    END LOOP;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION invoice_seal() IS 'trigger that seals what a statement records about documents';

CREATE OR REPLACE TRIGGER invoice_seal AFTER INSERT ON invoice_event
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION invoice_seal('invoice_event_id');
CREATE OR REPLACE TRIGGER invoice_seal AFTER INSERT ON invoice_credit
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION invoice_seal('credit_note_id');
CREATE OR REPLACE TRIGGER invoice_seal AFTER INSERT ON invoice_write_off
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION invoice_seal('invoice_write_off_id');
CREATE OR REPLACE TRIGGER invoice_seal AFTER INSERT ON payment
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION invoice_seal('payment_id');
CREATE OR REPLACE TRIGGER invoice_seal AFTER INSERT ON prepayment
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION invoice_seal('prepayment_id');
CREATE OR REPLACE TRIGGER invoice_seal AFTER INSERT ON payment_part
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION invoice_seal('payment_part_id');

-- What is wrong with the chains of seals, and with what they seal.
CREATE OR REPLACE FUNCTION invoice_seal_verify()
RETURNS TABLE (problem text)
LANGUAGE sql STABLE
SET timezone = 'UTC'
BEGIN ATOMIC
    SELECT format('seal %s of seller %s (%s %s): ', s.seal_no, s.seller_id, s.relation, array_to_string(s.keys, ', ')) || p.problem
    FROM (
        SELECT s.*,
            lag(s.hash) OVER chain AS hash_before,
            lag(s.seal_no, 1, 0) OVER chain AS number_before,
            invoice_seal_hash(s, ARRAY(
                SELECT r.content
                FROM invoice_sealed AS r
                WHERE r.relation = s.relation AND r.key = ANY (s.keys) AND r.seller_id = s.seller_id
                ORDER BY r.key)) AS hash_now
        FROM invoice_seal AS s
        WINDOW chain AS (PARTITION BY s.seller_id ORDER BY s.seal_no)
    ) AS s
    LEFT JOIN invoice_seal_series AS l ON l.seller_id = s.seller_id
    CROSS JOIN LATERAL (VALUES
        (s.hash IS DISTINCT FROM s.hash_now, 'what it seals was changed'),
        (s.previous_hash IS DISTINCT FROM coalesce(s.hash_before, '\x'), 'the seal before it was changed or is missing'),
        (s.seal_no IS DISTINCT FROM s.number_before + 1, 'the number before it is missing'),
        (s.seal_no > coalesce(l.last_number, 0), 'its number was not given')
    ) AS p (wrong, problem)
    WHERE p.wrong
    UNION ALL
    SELECT format('the last seal of seller %s, %s, is missing', l.seller_id, l.last_number)
    FROM invoice_seal_series AS l
    WHERE l.last_hash IS DISTINCT FROM coalesce((
        SELECT s.hash
        FROM invoice_seal AS s
        WHERE s.seller_id = l.seller_id AND s.seal_no = l.last_number), '\x')
    UNION ALL
    SELECT format('%s %s was not sealed', r.relation, r.key)
    FROM invoice_sealed AS r
    WHERE NOT EXISTS (
        SELECT
        FROM (SELECT s.seller_id, s.relation, unnest(s.keys) AS key FROM invoice_seal AS s) AS s
        WHERE s.seller_id = r.seller_id AND s.relation = r.relation AND s.key = r.key);
END;

COMMENT ON FUNCTION invoice_seal_verify() IS 'what was tampered with of what is sealed; none is good';
