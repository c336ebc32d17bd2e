-- Rows of tables that define something, as they were before they were changed or
-- deleted, so that as_of answers with the definitions of its moment.  The row that
-- is in force stands in its own table and says since when (recorded_at).
CREATE TABLE history (
    relation         text       NOT NULL,
    definition       jsonb      NOT NULL,
    recorded_during  tstzrange  NOT NULL,
    changed_by       name       NOT NULL DEFAULT session_user
);

CREATE INDEX ON history (relation);

COMMENT ON TABLE history IS 'definitions as they were before they were changed or deleted; kept by triggers';
COMMENT ON COLUMN history.relation IS 'table the row was in';
COMMENT ON COLUMN history.definition IS 'the row';
COMMENT ON COLUMN history.recorded_during IS 'when it was in force';
COMMENT ON COLUMN history.changed_by IS 'user who changed or deleted it';

SELECT pg_catalog.pg_extension_config_dump('history', '');
