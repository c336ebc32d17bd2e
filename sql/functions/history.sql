-- Definitions as they were: what is changed or deleted goes to the table history.
CREATE OR REPLACE FUNCTION history_touch() RETURNS trigger
    AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION history_touch() IS 'trigger that notes since when a row is as it is';

-- A row that was made and changed in one transaction was never seen, and leaves nothing.
CREATE OR REPLACE FUNCTION history_keep()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SECURITY DEFINER  -- who may change a definition need not write the history
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        EXECUTE format('INSERT INTO history (relation, definition, recorded_during)
            SELECT %L, to_jsonb(r), tstzrange(r.recorded_at, now()) FROM %s AS r WHERE r.recorded_at < now()',
            TG_TABLE_NAME, TG_RELID::regclass);
    ELSE
        INSERT INTO history (relation, definition, recorded_during)
        SELECT TG_TABLE_NAME, to_jsonb(o), tstzrange(o.recorded_at, now())
        FROM old_rows AS o
        WHERE o.recorded_at < now();
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION history_keep() IS 'trigger that keeps definitions as they were before they were changed or deleted';

-- Each table with a history has these triggers, and a view of what is in force: its
-- rows, or those of the moment of as_of.
DO $$
DECLARE
    definition record;
BEGIN
    FOR definition IN
        SELECT *
        FROM (VALUES
            ('dimension', 'dimensions'),
            ('allocation_rule', 'allocation rules'),
            ('allocation_lookup', 'lookup lists'),
            ('account_tag', 'tags of accounts'),
            ('allocation_split', 'splits'),
            ('allocation_weight', 'weights'),
            ('tag_policy', 'tag policies'),
            ('price_index', 'figures of price indices'),
            ('agreement', 'agreements'),
            ('agreement_item', 'items of agreements'),
            ('agreement_price', 'prices of agreement items'),
            ('agreement_quantity', 'quantities of agreement items'),
            ('agreement_renewal', 'paid terms of agreements'),
            ('reconciliation_group', 'groups of reconciliation')
        ) AS d (relation, name)
    LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER history_touch BEFORE UPDATE ON cloudbilling.%I
            FOR EACH ROW EXECUTE FUNCTION cloudbilling.history_touch()', definition.relation);
        EXECUTE format('CREATE OR REPLACE TRIGGER history_update AFTER UPDATE ON cloudbilling.%I
            REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION cloudbilling.history_keep()', definition.relation);
        EXECUTE format('CREATE OR REPLACE TRIGGER history_delete AFTER DELETE ON cloudbilling.%I
            REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION cloudbilling.history_keep()', definition.relation);
        EXECUTE format('CREATE OR REPLACE TRIGGER history_truncate BEFORE TRUNCATE ON cloudbilling.%I
            FOR EACH STATEMENT EXECUTE FUNCTION cloudbilling.history_keep()', definition.relation);
        EXECUTE format('CREATE OR REPLACE VIEW cloudbilling.%I AS
            SELECT d.*
            FROM cloudbilling.%I AS d
            WHERE d.recorded_at <= coalesce(cloudbilling.as_of(), ''infinity'')
            UNION ALL
            SELECT d.*
            FROM cloudbilling.history AS h
            CROSS JOIN LATERAL jsonb_populate_record(NULL::cloudbilling.%2$I, h.definition) AS d
            WHERE h.relation = %2$L AND h.recorded_during @> cloudbilling.as_of()', definition.relation || '_in_force', definition.relation);
        EXECUTE format('COMMENT ON VIEW cloudbilling.%I IS %L', definition.relation || '_in_force',
            definition.name || ' there are, or were at the moment of as_of');
    END LOOP;
END
$$;
