-- The rules that views rate with: those there are, or those of a what-if.
CREATE OR REPLACE VIEW price_rule_in_force AS
SELECT r.*
FROM price_rule AS r
WHERE what_if_rules() IS NULL
UNION ALL
SELECT w.*
FROM jsonb_populate_recordset(NULL::price_rule, what_if_rules()) AS w
WHERE what_if_rules() IS NOT NULL;

COMMENT ON VIEW price_rule_in_force IS 'the price rules that are rated with: those there are, or those of what_if';

-- Of a what-if, what was billed by other rules keeps their names.
CREATE OR REPLACE VIEW price_rule_known AS
SELECT f.*
FROM price_rule_in_force AS f
UNION ALL
SELECT r.*
FROM price_rule AS r
WHERE what_if_rules() IS NOT NULL
  AND NOT EXISTS (SELECT FROM price_rule_in_force AS f WHERE f.price_rule_id = r.price_rule_id);

COMMENT ON VIEW price_rule_known IS 'the price rules that are rated with, and those there are besides';

-- One value of some 100 kB, so it is not to stand in rows that are sorted or
-- hashed: a subquery that gives it is evaluated once and not carried along.
CREATE OR REPLACE VIEW price_rule_packed AS
SELECT price_rule_set(ROW(r.*)::price_rule) AS rules
FROM price_rule_in_force AS r;

COMMENT ON VIEW price_rule_packed IS 'all price rules that are rated with, in one value';
COMMENT ON COLUMN price_rule_packed.rules IS 'the rules; a rule is known by its place in them';
