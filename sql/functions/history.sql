-- Definitions as they were: what is changed or deleted goes to the table history, and
-- what is inserted leaves a note there.
CREATE OR REPLACE FUNCTION history_touch() RETURNS trigger
    AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION history_touch() IS 'trigger that notes since when a row is as it is';

-- A dump brings the history of its rows along.  pg_dump's scripts say so by turning
-- row_security off; only the owner is believed, who could drop the triggers, too.
CREATE OR REPLACE FUNCTION history_is_restored()
RETURNS boolean
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT current_setting('row_security') = 'off' AND pg_has_role(session_user, c.relowner, 'USAGE')
    FROM pg_catalog.pg_class AS c
    WHERE c.oid = 'history'::regclass;
END;

COMMENT ON FUNCTION history_is_restored() IS 'whether rows come from a dump, which has their history, too';

-- Its arguments are the columns of the key; without any, rows are not audited: one that
-- was made and changed in one transaction was never seen, and leaves nothing.  Contents of
-- documents are known by their hash.
CREATE OR REPLACE FUNCTION history_keep()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SECURITY DEFINER  -- who may change a definition need not write the history
SET search_path = cloudbilling, pg_temp
-- ranges of days are text in JSON, which must be read back in every session
SET datestyle = 'ISO, YMD'
SET timezone = 'UTC'
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT history_is_restored() THEN
            INSERT INTO history (relation, key, operation, successor, recorded_during)
            SELECT TG_TABLE_NAME, (SELECT jsonb_object_agg(k, n.definition -> k) FROM unnest(TG_ARGV) AS k), 'insert', n.definition, 'empty'
            FROM (SELECT to_jsonb(r) - 'content' AS definition FROM new_rows AS r) AS n
            WHERE n.definition -> 'builtin' IS DISTINCT FROM 'true';
        END IF;
        RETURN NULL;
    ELSIF TG_OP = 'UPDATE' THEN
        -- Both tables have the rows in the order in which they were changed.
        WITH changed AS (
            SELECT o.definition, n.definition AS successor, (o.definition ->> 'recorded_at')::timestamptz AS recorded_at
            FROM (SELECT row_number() OVER () AS no, to_jsonb(r) - 'content' AS definition FROM old_rows AS r) AS o
            JOIN (SELECT row_number() OVER () AS no, to_jsonb(r) - 'content' AS definition FROM new_rows AS r) AS n ON n.no = o.no
            WHERE o.definition -> 'builtin' IS DISTINCT FROM 'true' OR n.definition -> 'builtin' IS DISTINCT FROM 'true'
        )
        INSERT INTO history (relation, key, operation, definition, successor, recorded_during)
        SELECT TG_TABLE_NAME, (SELECT jsonb_object_agg(k, c.definition -> k) FROM unnest(TG_ARGV) AS k), 'update', c.definition,
            CASE WHEN TG_NARGS > 0 THEN c.successor END, tstzrange(c.recorded_at, greatest(c.recorded_at, now()))
        FROM changed AS c
        WHERE TG_NARGS > 0 OR c.recorded_at < now();
        RETURN NULL;
    END IF;

    EXECUTE format($sql$
        INSERT INTO history (relation, key, operation, definition, recorded_during)
        SELECT $1, (SELECT jsonb_object_agg(k, o.definition -> k) FROM unnest($2) AS k), 'delete', o.definition,
            tstzrange(o.recorded_at, greatest(o.recorded_at, now()))
        FROM (
            SELECT d.definition, (d.definition ->> 'recorded_at')::timestamptz AS recorded_at
            FROM (SELECT to_jsonb(r) - 'content' AS definition FROM %s AS r) AS d
        ) AS o
        WHERE ($3 OR o.recorded_at < now())
          AND o.definition -> 'builtin' IS DISTINCT FROM 'true'
        $sql$, CASE TG_OP WHEN 'TRUNCATE' THEN TG_RELID::regclass::text ELSE 'old_rows' END)
    USING TG_TABLE_NAME, TG_ARGV, TG_NARGS > 0;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION history_keep() IS 'trigger that keeps what was inserted, changed or deleted, and how it was before';

CREATE OR REPLACE FUNCTION history_frozen()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = 'the history of definitions cannot be changed or deleted',
        DETAIL = format('%s of table "%s" was refused.', TG_OP, TG_TABLE_NAME);
END
$$;

COMMENT ON FUNCTION history_frozen() IS 'trigger that refuses every change of the history';

CREATE OR REPLACE TRIGGER history_frozen BEFORE UPDATE OR DELETE ON history
    FOR EACH ROW EXECUTE FUNCTION history_frozen();
CREATE OR REPLACE TRIGGER history_frozen_whole BEFORE TRUNCATE ON history
    FOR EACH STATEMENT EXECUTE FUNCTION history_frozen();

-- Each table with a history has these triggers.  Those that are asked about as of a
-- moment also have recorded_at, and a view of what is in force: its rows, or those of the
-- moment of as_of.  Key columns are those of the primary key, unless they stand here.
DO $$
DECLARE
    definition record;
    arguments text;
BEGIN
    FOR definition IN
        SELECT *
        FROM (VALUES
            ('dimension', 'dimensions', NULL),
            ('allocation_rule', 'allocation rules', NULL),
            ('allocation_lookup', 'lookup lists', NULL),
            ('account_tag', 'tags of accounts', NULL),
            ('allocation_split', 'splits', NULL),
            ('allocation_weight', 'weights', '{weights,value,valid_during}'),
            ('tag_policy', 'tag policies', NULL),
            ('price_index', 'figures of price indices', NULL),
            ('agreement', 'agreements', NULL),
            ('agreement_item', 'items of agreements', NULL),
            ('agreement_price', 'prices of agreement items', NULL),
            ('agreement_quantity', 'quantities of agreement items', '{agreement_item_id,valid_during}'),
            ('agreement_renewal', 'paid terms of agreements', NULL),
            ('reconciliation_group', 'groups of reconciliation', '{}'),
            ('agreement_document', NULL, NULL),
            ('seller', NULL, NULL),
            ('customer', NULL, NULL),
            ('ownership', NULL, NULL),
            ('price_rule', NULL, NULL),
            ('vat_rate', NULL, NULL),
            ('vat_scheme', NULL, '{seller_id,scheme}'),
            ('currency_rate', NULL, NULL),
            ('correction_policy', NULL, '{customer_id,currency}'),
            ('invoice_currency', NULL, '{customer_id}'),
            ('invoice_dimension', NULL, '{customer_id}'),
            ('invoice_gate', NULL, NULL),
            ('invoice_gate_override', NULL, NULL),
            ('margin_band', NULL, NULL),
            ('commitment_policy', NULL, NULL),
            ('product_counterpart', NULL, '{product_id}'),
            ('unit_map', NULL, '{source_unit}'),
            ('source', NULL, NULL)
        ) AS d (relation, name, key)
    LOOP
        SELECT coalesce(string_agg(quote_literal(k.name), ', ' ORDER BY k.no), '')
        INTO arguments
        FROM (
            SELECT u.name, u.no
            FROM unnest(definition.key::text[]) WITH ORDINALITY AS u (name, no)
            UNION ALL
            SELECT a.attname, u.no
            FROM pg_index AS i
            CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS u (attnum, no)
            JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
            WHERE definition.key IS NULL
              AND i.indrelid = format('cloudbilling.%I', definition.relation)::regclass
              AND i.indisprimary
        ) AS k;
        IF arguments = '' AND definition.key IS NULL THEN
            RAISE EXCEPTION 'table % has no primary key: say here what it is known by', definition.relation;
        END IF;
        -- By its name before those that go on to change what was inserted.
        IF arguments <> '' THEN
            EXECUTE format('CREATE OR REPLACE TRIGGER a_history_insert AFTER INSERT ON cloudbilling.%I
                REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cloudbilling.history_keep(%s)', definition.relation, arguments);
        END IF;
        EXECUTE format('CREATE OR REPLACE TRIGGER history_update AFTER UPDATE ON cloudbilling.%I
            REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cloudbilling.history_keep(%s)',
            definition.relation, arguments);
        EXECUTE format('CREATE OR REPLACE TRIGGER history_delete AFTER DELETE ON cloudbilling.%I
            REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION cloudbilling.history_keep(%s)', definition.relation, arguments);
        EXECUTE format('CREATE OR REPLACE TRIGGER history_truncate BEFORE TRUNCATE ON cloudbilling.%I
            FOR EACH STATEMENT EXECUTE FUNCTION cloudbilling.history_keep(%s)', definition.relation, arguments);
        CONTINUE WHEN definition.name IS NULL;
        EXECUTE format('CREATE OR REPLACE TRIGGER history_touch BEFORE UPDATE ON cloudbilling.%I
            FOR EACH ROW EXECUTE FUNCTION cloudbilling.history_touch()', definition.relation);
        EXECUTE format('CREATE OR REPLACE VIEW cloudbilling.%I AS
            SELECT d.*
            FROM cloudbilling.%I AS d
            WHERE d.recorded_at <= coalesce(cloudbilling.as_of(), ''infinity'')
            UNION ALL
            SELECT d.*
            FROM cloudbilling.history AS h
            CROSS JOIN LATERAL jsonb_populate_record(NULL::cloudbilling.%2$I, h.definition) AS d
            WHERE cloudbilling.as_of() IS NOT NULL AND h.relation = %2$L AND h.recorded_during @> cloudbilling.as_of()',
            definition.relation || '_in_force', definition.relation);
        EXECUTE format('COMMENT ON VIEW cloudbilling.%I IS %L', definition.relation || '_in_force',
            definition.name || ' there are, or were at the moment of as_of');
    END LOOP;
END
$$;
