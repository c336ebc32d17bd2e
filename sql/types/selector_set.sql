-- selector_set: many selectors packed for matching in one pass.  A value of a
-- query, never of a table: it has no text or binary form to read.

CREATE TYPE selector_set;

CREATE FUNCTION selector_set_in(cstring) RETURNS selector_set
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_set_in(cstring) IS 'I/O';

CREATE FUNCTION selector_set_out(selector_set) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_set_out(selector_set) IS 'I/O';

CREATE TYPE selector_set (
    INPUT = selector_set_in,
    OUTPUT = selector_set_out,
    INTERNALLENGTH = variable,
    ALIGNMENT = int4,
    STORAGE = plain
);
COMMENT ON TYPE selector_set IS 'selectors packed for matching in one pass; made by the aggregate selector_set';
