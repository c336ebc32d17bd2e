-- The rules that views rate with: those there are, or those of a what-if.
CREATE OR REPLACE VIEW price_rule_in_force AS
SELECT r.*
FROM price_rule AS r
WHERE what_if_rules() IS NULL
UNION ALL
SELECT (jsonb_populate_recordset(NULL::price_rule, what_if_rules())).*
WHERE what_if_rules() IS NOT NULL;

COMMENT ON VIEW price_rule_in_force IS 'the price rules that are rated with: those there are, or those of what_if';
