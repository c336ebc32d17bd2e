-- Definitions of allocation that are in force: now, or at the moment of
-- cloudbilling.as_of.
CREATE OR REPLACE VIEW dimension_in_force AS
SELECT d.*
FROM dimension AS d
WHERE d.recorded_at <= coalesce(as_of(), 'infinity')
UNION ALL
SELECT d.*
FROM history AS h
CROSS JOIN LATERAL jsonb_populate_record(NULL::dimension, h.definition) AS d
WHERE h.relation = 'dimension' AND h.recorded_during @> as_of();

COMMENT ON VIEW dimension_in_force IS 'dimensions there are, or were at the moment of as_of';

CREATE OR REPLACE VIEW allocation_rule_in_force AS
SELECT r.*
FROM allocation_rule AS r
WHERE r.recorded_at <= coalesce(as_of(), 'infinity')
UNION ALL
SELECT r.*
FROM history AS h
CROSS JOIN LATERAL jsonb_populate_record(NULL::allocation_rule, h.definition) AS r
WHERE h.relation = 'allocation_rule' AND h.recorded_during @> as_of();

COMMENT ON VIEW allocation_rule_in_force IS 'allocation rules there are, or were at the moment of as_of';

CREATE OR REPLACE VIEW allocation_lookup_in_force AS
SELECT l.*
FROM allocation_lookup AS l
WHERE l.recorded_at <= coalesce(as_of(), 'infinity')
UNION ALL
SELECT l.*
FROM history AS h
CROSS JOIN LATERAL jsonb_populate_record(NULL::allocation_lookup, h.definition) AS l
WHERE h.relation = 'allocation_lookup' AND h.recorded_during @> as_of();

COMMENT ON VIEW allocation_lookup_in_force IS 'lookup lists there are, or were at the moment of as_of';

CREATE OR REPLACE VIEW account_tag_in_force AS
SELECT t.*
FROM account_tag AS t
WHERE t.recorded_at <= coalesce(as_of(), 'infinity')
UNION ALL
SELECT t.*
FROM history AS h
CROSS JOIN LATERAL jsonb_populate_record(NULL::account_tag, h.definition) AS t
WHERE h.relation = 'account_tag' AND h.recorded_during @> as_of();

COMMENT ON VIEW account_tag_in_force IS 'tags of accounts there are, or were at the moment of as_of';

CREATE OR REPLACE VIEW allocation_split_in_force AS
SELECT s.*
FROM allocation_split AS s
WHERE s.recorded_at <= coalesce(as_of(), 'infinity')
UNION ALL
SELECT s.*
FROM history AS h
CROSS JOIN LATERAL jsonb_populate_record(NULL::allocation_split, h.definition) AS s
WHERE h.relation = 'allocation_split' AND h.recorded_during @> as_of();

COMMENT ON VIEW allocation_split_in_force IS 'splits there are, or were at the moment of as_of';

CREATE OR REPLACE VIEW allocation_weight_in_force AS
SELECT w.*
FROM allocation_weight AS w
WHERE w.recorded_at <= coalesce(as_of(), 'infinity')
UNION ALL
SELECT w.*
FROM history AS h
CROSS JOIN LATERAL jsonb_populate_record(NULL::allocation_weight, h.definition) AS w
WHERE h.relation = 'allocation_weight' AND h.recorded_during @> as_of();

COMMENT ON VIEW allocation_weight_in_force IS 'weights there are, or were at the moment of as_of';

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
