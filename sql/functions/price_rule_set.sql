CREATE OR REPLACE FUNCTION price_rule_set_transition(internal, record) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION price_rule_set_transition(internal, record) IS 'aggregate transition function';

CREATE OR REPLACE FUNCTION price_rule_set_final(internal) RETURNS price_rule_set
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL SAFE;
COMMENT ON FUNCTION price_rule_set_final(internal) IS 'aggregate final function';

CREATE OR REPLACE AGGREGATE price_rule_set(rule record) (
    SFUNC = price_rule_set_transition,
    STYPE = internal,
    FINALFUNC = price_rule_set_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE price_rule_set(record) IS 'price rules packed for matching and rating';

CREATE OR REPLACE FUNCTION price_rule_match(
    rules price_rule_set, customer_path int[], product_path int[], item record) RETURNS int[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION price_rule_match(price_rule_set, int[], int[], record) IS 'places in a set of the rules that are about an item, the one that goes before all others first';
