-- Tag policies that are in force: now, or at the moment of cloudbilling.as_of.
CREATE OR REPLACE VIEW tag_policy_in_force AS
SELECT p.*
FROM tag_policy AS p
WHERE p.recorded_at <= coalesce(as_of(), 'infinity')
UNION ALL
SELECT p.*
FROM history AS h
CROSS JOIN LATERAL jsonb_populate_record(NULL::tag_policy, h.definition) AS p
WHERE h.relation = 'tag_policy' AND h.recorded_during @> as_of();

COMMENT ON VIEW tag_policy_in_force IS 'tag policies there are, or were at the moment of as_of';
