CREATE OR REPLACE FUNCTION allocation_rule_set_transition(internal, dimension, allocation_rule, allocation_lookup) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION allocation_rule_set_transition(internal, dimension, allocation_rule, allocation_lookup) IS 'aggregate transition function';

CREATE OR REPLACE FUNCTION allocation_rule_set_final(internal) RETURNS allocation_rule_set
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION allocation_rule_set_final(internal) IS 'aggregate final function';

-- The state is sorted at the end, which a second look at it would not see undone.
CREATE OR REPLACE AGGREGATE allocation_rule_set(dimension dimension, rule allocation_rule, spelling allocation_lookup) (
    SFUNC = allocation_rule_set_transition,
    STYPE = internal,
    FINALFUNC = allocation_rule_set_final,
    FINALFUNC_MODIFY = READ_WRITE,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE allocation_rule_set(dimension, allocation_rule, allocation_lookup) IS 'dimensions, allocation rules and lookup lists packed for matching; each row is one of them';

CREATE OR REPLACE FUNCTION allocation_match(rules allocation_rule_set, customer_path int[], item record) RETURNS allocation_found[]
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION allocation_match(allocation_rule_set, int[], record) IS 'the value that an item''s charges have in each dimension, by days';

CREATE OR REPLACE FUNCTION allocation_key_is_known(key text) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION allocation_key_is_known(text) IS 'whether allocation rules can read a value from a key of that name';
