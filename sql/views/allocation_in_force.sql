-- What is in force of allocation, now or at the moment of cloudbilling.as_of; of
-- definitions with a history see functions/history.sql.
CREATE OR REPLACE VIEW allocation_closing_in_force AS
SELECT c.*
FROM allocation_closing AS c
WHERE CASE WHEN as_of() IS NULL THEN c.reopened_at IS NULL
    ELSE c.closed_at <= as_of() AND as_of() < coalesce(c.reopened_at, 'infinity') END;

COMMENT ON VIEW allocation_closing_in_force IS 'closings that hold, or held at the moment of as_of';

-- One value, so it is not to stand in rows that are sorted or hashed.
CREATE OR REPLACE VIEW allocation_rule_packed AS
SELECT allocation_rule_set(u.dimension, u.rule, u.spelling) AS rules
FROM (
    SELECT ROW(d.*)::dimension AS dimension, NULL::allocation_rule AS rule, NULL::allocation_lookup AS spelling
    FROM dimension_in_force AS d
    UNION ALL
    SELECT NULL, ROW(r.*)::allocation_rule, NULL
    FROM allocation_rule_in_force AS r
    WHERE EXISTS (SELECT FROM dimension_in_force AS d WHERE d.dimension_id = r.dimension_id)
    UNION ALL
    SELECT NULL, NULL, ROW(l.*)::allocation_lookup
    FROM allocation_lookup_in_force AS l
) AS u;

COMMENT ON VIEW allocation_rule_packed IS 'all dimensions, allocation rules and lookup lists, in one value';
COMMENT ON COLUMN allocation_rule_packed.rules IS 'the dimensions and their rules';
