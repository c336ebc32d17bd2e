CREATE OR REPLACE FUNCTION price_rule_set_transition(internal, price_rule) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION price_rule_set_transition(internal, price_rule) IS 'aggregate transition function';

CREATE OR REPLACE FUNCTION price_rule_set_final(internal) RETURNS price_rule_set
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL SAFE;
COMMENT ON FUNCTION price_rule_set_final(internal) IS 'aggregate final function';

CREATE OR REPLACE AGGREGATE price_rule_set(rule price_rule) (
    SFUNC = price_rule_set_transition,
    STYPE = internal,
    FINALFUNC = price_rule_set_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE price_rule_set(price_rule) IS 'price rules packed for matching and rating';

CREATE OR REPLACE FUNCTION price_rule_match(
    rules price_rule_set, customer_path int[], product_path int[], item record) RETURNS int[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION price_rule_match(price_rule_set, int[], int[], record) IS 'places in a set of the rules that are about an item, the one that goes before all others first; where no rule has a selector, the item may be NULL';

CREATE OR REPLACE FUNCTION price_rule_ids(rules price_rule_set, places int[]) RETURNS int[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION price_rule_ids(price_rule_set, int[]) IS 'keys of the rules at some places of a set';

CREATE OR REPLACE FUNCTION price_rule_place(rules price_rule_set, price_rule_id int) RETURNS int[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION price_rule_place(price_rule_set, int) IS 'place of a rule in a set, as an array; empty when it is not there';

CREATE OR REPLACE FUNCTION price_rule_first(rules price_rule_set, places int[], price_rule_id int) RETURNS int[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN price_rule_id IS NULL OR array_position(price_rule_ids(rules, places), price_rule_id) IS NULL THEN places
    ELSE places[array_position(price_rule_ids(rules, places), price_rule_id)] || places END;
COMMENT ON FUNCTION price_rule_first(price_rule_set, int[], int) IS 'places of rules with that of one of them, if any, before all others';
