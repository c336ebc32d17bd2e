-- Who changed what that defines something, when, from what to what (view audit).  Of
-- tables that are asked about as of a moment it is also what as_of answers with: the row
-- that is in force stands in its own table and says since when (recorded_at).
CREATE TABLE history (
    history_id       bigint       GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation         text         NOT NULL,
    key              jsonb,
    operation        text         NOT NULL,
    definition       jsonb,
    successor        jsonb,
    recorded_during  tstzrange    NOT NULL,
    changed_at       timestamptz  NOT NULL DEFAULT clock_timestamp(),
    changed_by       name         NOT NULL DEFAULT session_user,

    CHECK (operation IN ('insert', 'update', 'delete')),
    CHECK ((definition IS NULL) = (operation = 'insert')),
    CHECK (successor IS NULL OR operation <> 'delete'),
    CHECK (successor IS NOT NULL OR key IS NULL OR operation = 'delete')
);

CREATE INDEX ON history (relation, key);

COMMENT ON TABLE history IS 'changes of definitions, with the rows as they were before; kept by triggers';
COMMENT ON COLUMN history.history_id IS 'key of the change; later ones have higher keys';
COMMENT ON COLUMN history.relation IS 'table the row is or was in';
COMMENT ON COLUMN history.key IS 'its key; NULL of what the extension finds itself, which is not audited';
COMMENT ON COLUMN history.operation IS 'insert, update or delete';
COMMENT ON COLUMN history.definition IS 'the row as it was; NULL of one that was inserted';
COMMENT ON COLUMN history.successor IS 'the row as it became; NULL of one that was deleted, or is not audited';
COMMENT ON COLUMN history.recorded_during IS 'when definition was in force, as far as its table tells; empty where it never was';
COMMENT ON COLUMN history.changed_at IS 'when it was changed';
COMMENT ON COLUMN history.changed_by IS 'user who changed it';

SELECT pg_catalog.pg_extension_config_dump('history', '');
SELECT pg_catalog.pg_extension_config_dump('history_history_id_seq', '');
