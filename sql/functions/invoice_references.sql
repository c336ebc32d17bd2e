-- Foreign keys of many rows at once: locks what they refer to, as the server does row by
-- row, and refuses what is not there.
CREATE OR REPLACE FUNCTION invoice_references()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SECURITY DEFINER  -- as the server, which looks with the rights of the tables' owner
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    key record;
    missing text;
BEGIN
    FOR key IN
        SELECT c.conname, c.confrelid::regclass AS relation, quote_ident(a.attname) AS name, quote_ident(f.attname) AS referred
        FROM pg_constraint AS c
        JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        JOIN pg_attribute AS f ON f.attrelid = c.confrelid AND f.attnum = c.confkey[1]
        WHERE c.conrelid = TG_RELID AND c.contype = 'f'
        ORDER BY c.conname
    LOOP
        EXECUTE format('SELECT FROM %s AS r WHERE r.%s IN (SELECT DISTINCT n.%s FROM new_rows AS n) FOR KEY SHARE OF r',
            key.relation, key.referred, key.name);
        EXECUTE format('SELECT min(k.key)::text FROM (SELECT DISTINCT n.%2$s AS key FROM new_rows AS n) AS k
            WHERE k.key IS NOT NULL AND NOT EXISTS (SELECT FROM %1$s AS r WHERE r.%3$s = k.key)', key.relation, key.name, key.referred)
        INTO missing;
        IF missing IS NOT NULL THEN
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

CREATE OR REPLACE TRIGGER invoice_references AFTER INSERT ON invoice_line
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION invoice_references();
