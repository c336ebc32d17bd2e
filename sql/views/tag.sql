-- The single tags of the sets.
CREATE OR REPLACE VIEW tag AS
SELECT s.tag_set_id, t.key, t.value
FROM tag_set AS s
CROSS JOIN LATERAL jsonb_each_text(s.tags) AS t (key, value)
WHERE t.value IS NOT NULL;

COMMENT ON VIEW tag IS 'single tags of tag_set';
COMMENT ON COLUMN tag.tag_set_id IS 'set the tag belongs to';
COMMENT ON COLUMN tag.key IS 'tag key';
COMMENT ON COLUMN tag.value IS 'tag value, as text';
