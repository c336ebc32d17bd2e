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

-- comparison: equal pricings are equal bytes; the order means nothing to a reader

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

CREATE FUNCTION pricing_lt(pricing, pricing) RETURNS boolean
    AS 'MODULE_PATHNAME', 'definition_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_lt(pricing, pricing) IS 'implementation of < operator';

CREATE FUNCTION pricing_le(pricing, pricing) RETURNS boolean
    AS 'MODULE_PATHNAME', 'definition_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_le(pricing, pricing) IS 'implementation of <= operator';

CREATE FUNCTION pricing_ge(pricing, pricing) RETURNS boolean
    AS 'MODULE_PATHNAME', 'definition_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_ge(pricing, pricing) IS 'implementation of >= operator';

CREATE FUNCTION pricing_gt(pricing, pricing) RETURNS boolean
    AS 'MODULE_PATHNAME', 'definition_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_gt(pricing, pricing) IS 'implementation of > operator';

CREATE FUNCTION pricing_cmp(pricing, pricing) RETURNS integer
    AS 'MODULE_PATHNAME', 'definition_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_cmp(pricing, pricing) IS 'less-equal-greater';

CREATE OPERATOR = (
    LEFTARG = pricing, RIGHTARG = pricing, FUNCTION = pricing_eq,
    COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR = (pricing, pricing) IS 'equal';

CREATE OPERATOR <> (
    LEFTARG = pricing, RIGHTARG = pricing, FUNCTION = pricing_ne,
    COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (pricing, pricing) IS 'not equal';

CREATE OPERATOR < (
    LEFTARG = pricing, RIGHTARG = pricing, FUNCTION = pricing_lt,
    COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (pricing, pricing) IS 'less than';

CREATE OPERATOR <= (
    LEFTARG = pricing, RIGHTARG = pricing, FUNCTION = pricing_le,
    COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (pricing, pricing) IS 'less than or equal';

CREATE OPERATOR >= (
    LEFTARG = pricing, RIGHTARG = pricing, FUNCTION = pricing_ge,
    COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (pricing, pricing) IS 'greater than or equal';

CREATE OPERATOR > (
    LEFTARG = pricing, RIGHTARG = pricing, FUNCTION = pricing_gt,
    COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (pricing, pricing) IS 'greater than';

CREATE OPERATOR CLASS pricing_ops DEFAULT FOR TYPE pricing USING hash AS
    OPERATOR 1 =,
    FUNCTION 1 pricing_hash(pricing),
    FUNCTION 2 pricing_hash_extended(pricing, bigint);
COMMENT ON OPERATOR CLASS pricing_ops USING hash IS 'equality of pricings';
COMMENT ON OPERATOR FAMILY pricing_ops USING hash IS 'equality of pricings';

CREATE OPERATOR CLASS pricing_ops DEFAULT FOR TYPE pricing USING btree AS
    OPERATOR 1 <,
    OPERATOR 2 <=,
    OPERATOR 3 =,
    OPERATOR 4 >=,
    OPERATOR 5 >,
    FUNCTION 1 pricing_cmp(pricing, pricing);
COMMENT ON OPERATOR CLASS pricing_ops USING btree IS 'order of pricings, for indexes and GROUP BY';
COMMENT ON OPERATOR FAMILY pricing_ops USING btree IS 'order of pricings, for indexes and GROUP BY';

-- a tier, for those who do not write JSON

CREATE TYPE pricing_tier AS (
    up_to numeric,
    unit_price numeric,
    flat_fee numeric,
    package_size numeric
);
COMMENT ON TYPE pricing_tier IS 'a tier of a price, made by tier()';
COMMENT ON COLUMN pricing_tier.up_to IS 'upper bound, inclusive and cumulative; NULL in the last tier';
COMMENT ON COLUMN pricing_tier.unit_price IS 'price of a unit, or of a package; of graduated_percentage the per cent';
COMMENT ON COLUMN pricing_tier.flat_fee IS 'due once when the tier is reached; NULL is none';
COMMENT ON COLUMN pricing_tier.package_size IS 'units of a package, which is then what unit_price is for; NULL is none';
