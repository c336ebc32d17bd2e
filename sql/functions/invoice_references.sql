-- Foreign keys of many rows at once: locks what they refer to, as the server does row by
-- row, and refuses what is not there.
CREATE OR REPLACE FUNCTION invoice_references_gather() RETURNS trigger
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE;

COMMENT ON FUNCTION invoice_references_gather() IS 'trigger that gathers what inserted rows refer to';

CREATE OR REPLACE FUNCTION invoice_references_taken(relation regclass)
    RETURNS TABLE (foreign_key oid, keys int[])
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT ROWS 10;

COMMENT ON FUNCTION invoice_references_taken(regclass) IS 'what was gathered, by foreign key; only once';

CREATE OR REPLACE FUNCTION invoice_references()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SECURITY DEFINER  -- as the server, which looks with the rights of the tables' owner
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    key record;
    missing text;
    found bigint;
BEGIN
    FOR key IN
        SELECT c.conname, c.confrelid::regclass AS relation, quote_ident(a.attname) AS name, quote_ident(f.attname) AS referred, t.keys
        FROM invoice_references_taken(TG_RELID) AS t
        JOIN pg_constraint AS c ON c.oid = t.foreign_key
        JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        JOIN pg_attribute AS f ON f.attrelid = c.confrelid AND f.attnum = c.confkey[1]
        ORDER BY c.conname
    LOOP
        EXECUTE format('SELECT count(*) FROM (SELECT FROM %s AS r WHERE r.%s = ANY ($1) FOR KEY SHARE OF r) AS r', key.relation, key.referred)
        INTO found
        USING key.keys;
        IF found < cardinality(key.keys) THEN
            EXECUTE format('SELECT min(k) FROM unnest($1) AS k WHERE NOT EXISTS (SELECT FROM %s AS r WHERE r.%s = k)', key.relation, key.referred)
            INTO missing
            USING key.keys;
            RAISE EXCEPTION USING
                ERRCODE = 'foreign_key_violation',
                MESSAGE = format('insert or update on table "%s" violates foreign key constraint "%s"', TG_TABLE_NAME, key.conname),
                DETAIL = format('Key (%s)=(%s) is not present in table "%s".', key.name, missing, key.relation),
                TABLE = TG_TABLE_NAME,
                CONSTRAINT = key.conname;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION invoice_references() IS 'trigger that checks foreign keys of all inserted rows at once';

CREATE OR REPLACE FUNCTION invoice_references_check() RETURNS void
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE;

COMMENT ON FUNCTION invoice_references_check() IS 'refuses rows that were written ahead of their documents (invoice_line_insert_ahead), which are not there';

CREATE OR REPLACE TRIGGER invoice_references_gather BEFORE INSERT ON invoice
    FOR EACH ROW EXECUTE FUNCTION invoice_references_gather();
CREATE OR REPLACE TRIGGER invoice_references AFTER INSERT ON invoice
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_references();
CREATE OR REPLACE TRIGGER invoice_references_gather BEFORE INSERT ON invoice_line
    FOR EACH ROW EXECUTE FUNCTION invoice_references_gather();
CREATE OR REPLACE TRIGGER invoice_references AFTER INSERT ON invoice_line
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_references();
CREATE OR REPLACE TRIGGER invoice_references_gather BEFORE INSERT ON invoice_vat
    FOR EACH ROW EXECUTE FUNCTION invoice_references_gather();
CREATE OR REPLACE TRIGGER invoice_references AFTER INSERT ON invoice_vat
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_references();
