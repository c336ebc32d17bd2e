CREATE TYPE price_rule_set;

CREATE FUNCTION price_rule_set_in(cstring) RETURNS price_rule_set
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION price_rule_set_in(cstring) IS 'I/O';

CREATE FUNCTION price_rule_set_out(price_rule_set) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION price_rule_set_out(price_rule_set) IS 'I/O';

CREATE TYPE price_rule_set (
    INPUT = price_rule_set_in,
    OUTPUT = price_rule_set_out,
    INTERNALLENGTH = variable,
    ALIGNMENT = int4,
    STORAGE = plain
);
COMMENT ON TYPE price_rule_set IS 'price rules packed for matching; made by the aggregate price_rule_set';
