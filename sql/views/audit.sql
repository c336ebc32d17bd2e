-- The history, as an auditor reads it.
CREATE OR REPLACE VIEW audit AS
SELECT
    h.history_id,
    h.changed_at,
    h.changed_by,
    h.relation,
    h.key,
    h.operation,
    c.changes,
    h.definition AS before,
    h.successor AS after
FROM history AS h
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(k.name, CASE h.operation
        WHEN 'insert' THEN jsonb_build_object('to', h.successor -> k.name)
        WHEN 'delete' THEN jsonb_build_object('from', h.definition -> k.name)
        ELSE jsonb_build_object('from', h.definition -> k.name, 'to', h.successor -> k.name) END) AS changes
    FROM jsonb_object_keys(coalesce(h.successor, h.definition)) AS k (name)
    WHERE k.name <> 'recorded_at'
      AND coalesce(h.definition -> k.name, 'null') <> coalesce(h.successor -> k.name, 'null')
) AS c
WHERE h.key IS NOT NULL
  AND c.changes IS NOT NULL;

COMMENT ON VIEW audit IS 'who changed which rule, agreement, customer or other definition, when, from what to what';
COMMENT ON COLUMN audit.history_id IS 'key of the change; later ones have higher keys';
COMMENT ON COLUMN audit.changed_at IS 'when';
COMMENT ON COLUMN audit.changed_by IS 'user who changed it';
COMMENT ON COLUMN audit.relation IS 'table';
COMMENT ON COLUMN audit.key IS 'key of the row, as it was before the change';
COMMENT ON COLUMN audit.operation IS 'insert, update or delete';
COMMENT ON COLUMN audit.changes IS 'columns that changed, each with from and to; what is inserted has only to, what is deleted only from';
COMMENT ON COLUMN audit.before IS 'the row as it was; NULL of one that was inserted';
COMMENT ON COLUMN audit.after IS 'the row as it became; NULL of one that was deleted';
