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

-- COST is that of some hundreds of rules: workers are worth it.
CREATE OR REPLACE FUNCTION allocation_match(rules allocation_rule_set, customer_path int[], item record, resource_tags jsonb) RETURNS allocation_values
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION allocation_match(allocation_rule_set, int[], record, jsonb) IS 'the value that an item''s charges have in each dimension, by days';

CREATE OR REPLACE FUNCTION allocation_value(found allocation_values, dimension_id int, day date) RETURNS text
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION allocation_value(allocation_values, int, date) IS 'the value of a dimension on a day; NULL where there is none';

CREATE OR REPLACE FUNCTION allocation_values_found(found allocation_values) RETURNS allocation_found[]
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION allocation_values_found(allocation_values) IS 'all values as an array of rows';

CREATE OR REPLACE FUNCTION allocation_sums_transition(internal, allocation_values, date, bigint, numeric, numeric, numeric, numeric, numeric) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION allocation_sums_transition(internal, allocation_values, date, bigint, numeric, numeric, numeric, numeric, numeric) IS 'aggregate transition function';

CREATE OR REPLACE FUNCTION allocation_sums_final(internal) RETURNS allocation_sums
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION allocation_sums_final(internal) IS 'aggregate final function';

-- SSPACE is the size of a state of some values: a large one would be sorted for.
CREATE OR REPLACE AGGREGATE allocation_sums(
    found allocation_values, charge_on date, charges bigint, quantity numeric, billed_cost numeric, effective_cost numeric,
    list_cost numeric, contracted_cost numeric)
(
    SFUNC = allocation_sums_transition,
    STYPE = internal,
    SSPACE = 1024,
    FINALFUNC = allocation_sums_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE allocation_sums(allocation_values, date, bigint, numeric, numeric, numeric, numeric, numeric) IS 'sums of charges by the values they have in all dimensions';

CREATE OR REPLACE FUNCTION allocation_sums_each(sums allocation_sums, dimension_ids int[]) RETURNS SETOF allocation_sum
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION allocation_sums_each(allocation_sums, int[]) IS 'the sums of some dimensions as rows';

CREATE OR REPLACE FUNCTION allocation_key_is_known(key text) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION allocation_key_is_known(text) IS 'whether allocation rules can read a value from a key of that name';
