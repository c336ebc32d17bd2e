-- pricing: how a quantity becomes an amount

CREATE TYPE pricing;

CREATE FUNCTION pricing_in(cstring) RETURNS pricing
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_in(cstring) IS 'I/O';

CREATE FUNCTION pricing_out(pricing) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_out(pricing) IS 'I/O';

CREATE FUNCTION pricing_recv(internal) RETURNS pricing
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_recv(internal) IS 'I/O';

CREATE FUNCTION pricing_send(pricing) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_send(pricing) IS 'I/O';

CREATE TYPE pricing (
    INPUT = pricing_in,
    OUTPUT = pricing_out,
    RECEIVE = pricing_recv,
    SEND = pricing_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = extended
);
COMMENT ON TYPE pricing IS 'how a quantity becomes an amount: a model with its prices, written as JSON';

-- casts

CREATE FUNCTION pricing_from_jsonb(jsonb) RETURNS pricing
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_from_jsonb(jsonb) IS 'convert jsonb to pricing';

CREATE FUNCTION pricing_to_jsonb(pricing) RETURNS jsonb
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_to_jsonb(pricing) IS 'convert pricing to jsonb';

CREATE CAST (jsonb AS pricing) WITH FUNCTION pricing_from_jsonb(jsonb) AS ASSIGNMENT;
COMMENT ON CAST (jsonb AS pricing) IS 'read a pricing from jsonb';

CREATE CAST (pricing AS jsonb) WITH FUNCTION pricing_to_jsonb(pricing) AS ASSIGNMENT;
COMMENT ON CAST (pricing AS jsonb) IS 'the canonical JSON of a pricing';

-- equality

CREATE FUNCTION pricing_eq(pricing, pricing) RETURNS boolean
    AS 'MODULE_PATHNAME', 'definition_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_eq(pricing, pricing) IS 'implementation of = operator';

CREATE FUNCTION pricing_ne(pricing, pricing) RETURNS boolean
    AS 'MODULE_PATHNAME', 'definition_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_ne(pricing, pricing) IS 'implementation of <> operator';

CREATE FUNCTION pricing_hash(pricing) RETURNS integer
    AS 'MODULE_PATHNAME', 'definition_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_hash(pricing) IS 'hash';

CREATE FUNCTION pricing_hash_extended(pricing, bigint) RETURNS bigint
    AS 'MODULE_PATHNAME', 'definition_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_hash_extended(pricing, bigint) IS 'hash with a seed';

CREATE OPERATOR = (
    LEFTARG = pricing, RIGHTARG = pricing, FUNCTION = pricing_eq,
    COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
COMMENT ON OPERATOR = (pricing, pricing) IS 'equal';

CREATE OPERATOR <> (
    LEFTARG = pricing, RIGHTARG = pricing, FUNCTION = pricing_ne,
    COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (pricing, pricing) IS 'not equal';

CREATE OPERATOR CLASS pricing_ops DEFAULT FOR TYPE pricing USING hash AS
    OPERATOR 1 =,
    FUNCTION 1 pricing_hash(pricing),
    FUNCTION 2 pricing_hash_extended(pricing, bigint);
COMMENT ON OPERATOR CLASS pricing_ops USING hash IS 'equality of pricings';
COMMENT ON OPERATOR FAMILY pricing_ops USING hash IS 'equality of pricings';

