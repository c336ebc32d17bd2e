-- selector: which charges a rule means

CREATE TYPE selector;

CREATE FUNCTION selector_in(cstring) RETURNS selector
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_in(cstring) IS 'I/O';

CREATE FUNCTION selector_out(selector) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_out(selector) IS 'I/O';

CREATE FUNCTION selector_recv(internal) RETURNS selector
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_recv(internal) IS 'I/O';

CREATE FUNCTION selector_send(selector) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_send(selector) IS 'I/O';

CREATE TYPE selector (
    INPUT = selector_in,
    OUTPUT = selector_out,
    RECEIVE = selector_recv,
    SEND = selector_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = extended
);
COMMENT ON TYPE selector IS 'which charges a rule means: conditions on dimensions and tags, written as JSON';

-- casts

CREATE FUNCTION selector_from_jsonb(jsonb) RETURNS selector
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_from_jsonb(jsonb) IS 'convert jsonb to selector';

CREATE FUNCTION selector_to_jsonb(selector) RETURNS jsonb
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_to_jsonb(selector) IS 'convert selector to jsonb';

CREATE CAST (jsonb AS selector) WITH FUNCTION selector_from_jsonb(jsonb) AS ASSIGNMENT;
COMMENT ON CAST (jsonb AS selector) IS 'read a selector from jsonb';

CREATE CAST (selector AS jsonb) WITH FUNCTION selector_to_jsonb(selector) AS ASSIGNMENT;
COMMENT ON CAST (selector AS jsonb) IS 'the canonical JSON of a selector';

-- comparison: equal selectors are equal bytes; the order means nothing to a reader

CREATE FUNCTION selector_eq(selector, selector) RETURNS boolean
    AS 'MODULE_PATHNAME', 'definition_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_eq(selector, selector) IS 'implementation of = operator';

CREATE FUNCTION selector_ne(selector, selector) RETURNS boolean
    AS 'MODULE_PATHNAME', 'definition_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_ne(selector, selector) IS 'implementation of <> operator';

CREATE FUNCTION selector_hash(selector) RETURNS integer
    AS 'MODULE_PATHNAME', 'definition_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_hash(selector) IS 'hash';

CREATE FUNCTION selector_hash_extended(selector, bigint) RETURNS bigint
    AS 'MODULE_PATHNAME', 'definition_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_hash_extended(selector, bigint) IS 'hash with a seed';

CREATE FUNCTION selector_lt(selector, selector) RETURNS boolean
    AS 'MODULE_PATHNAME', 'definition_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_lt(selector, selector) IS 'implementation of < operator';

CREATE FUNCTION selector_le(selector, selector) RETURNS boolean
    AS 'MODULE_PATHNAME', 'definition_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_le(selector, selector) IS 'implementation of <= operator';

CREATE FUNCTION selector_ge(selector, selector) RETURNS boolean
    AS 'MODULE_PATHNAME', 'definition_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_ge(selector, selector) IS 'implementation of >= operator';

CREATE FUNCTION selector_gt(selector, selector) RETURNS boolean
    AS 'MODULE_PATHNAME', 'definition_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_gt(selector, selector) IS 'implementation of > operator';

CREATE FUNCTION selector_cmp(selector, selector) RETURNS integer
    AS 'MODULE_PATHNAME', 'definition_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_cmp(selector, selector) IS 'less-equal-greater';

CREATE OPERATOR = (
    LEFTARG = selector, RIGHTARG = selector, FUNCTION = selector_eq,
    COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR = (selector, selector) IS 'equal';

CREATE OPERATOR <> (
    LEFTARG = selector, RIGHTARG = selector, FUNCTION = selector_ne,
    COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (selector, selector) IS 'not equal';

CREATE OPERATOR < (
    LEFTARG = selector, RIGHTARG = selector, FUNCTION = selector_lt,
    COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (selector, selector) IS 'less than';

CREATE OPERATOR <= (
    LEFTARG = selector, RIGHTARG = selector, FUNCTION = selector_le,
    COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (selector, selector) IS 'less than or equal';

CREATE OPERATOR >= (
    LEFTARG = selector, RIGHTARG = selector, FUNCTION = selector_ge,
    COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (selector, selector) IS 'greater than or equal';

CREATE OPERATOR > (
    LEFTARG = selector, RIGHTARG = selector, FUNCTION = selector_gt,
    COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (selector, selector) IS 'greater than';

CREATE OPERATOR CLASS selector_ops DEFAULT FOR TYPE selector USING hash AS
    OPERATOR 1 =,
    FUNCTION 1 selector_hash(selector),
    FUNCTION 2 selector_hash_extended(selector, bigint);
COMMENT ON OPERATOR CLASS selector_ops USING hash IS 'equality of selectors';
COMMENT ON OPERATOR FAMILY selector_ops USING hash IS 'equality of selectors';

CREATE OPERATOR CLASS selector_ops DEFAULT FOR TYPE selector USING btree AS
    OPERATOR 1 <,
    OPERATOR 2 <=,
    OPERATOR 3 =,
    OPERATOR 4 >=,
    OPERATOR 5 >,
    FUNCTION 1 selector_cmp(selector, selector);
COMMENT ON OPERATOR CLASS selector_ops USING btree IS 'order of selectors, for indexes and GROUP BY';
COMMENT ON OPERATOR FAMILY selector_ops USING btree IS 'order of selectors, for indexes and GROUP BY';

