-- pricing: what a quantity costs

CREATE OR REPLACE FUNCTION rate(quantity numeric, pricing pricing) RETURNS numeric
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rate(numeric, pricing) IS 'the exact amount of a quantity';

CREATE OR REPLACE FUNCTION rate_steps(
    quantity numeric,
    pricing pricing
) RETURNS TABLE (
    tier integer,
    from_quantity numeric,
    up_to numeric,
    quantity numeric,
    unit_price numeric,
    flat_fee numeric,
    amount numeric,
    packages numeric,
    step text
)
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 3;
COMMENT ON FUNCTION rate_steps(numeric, pricing) IS 'the steps by which a quantity becomes its amount; their sum is rate()';

CREATE OR REPLACE FUNCTION pricing_by_event(pricing pricing) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION pricing_by_event(pricing) IS 'whether a pricing rates event by event, so that a total does not suffice';

CREATE OR REPLACE FUNCTION rated_sum_accum(internal, numeric, pricing) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rated_sum_accum(internal, numeric, pricing) IS 'aggregate transition function';

CREATE OR REPLACE FUNCTION rated_sum_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rated_sum_combine(internal, internal) IS 'aggregate combine function';

CREATE OR REPLACE FUNCTION rated_sum_serialise(internal) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rated_sum_serialise(internal) IS 'aggregate serial function';

CREATE OR REPLACE FUNCTION rated_sum_deserialise(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rated_sum_deserialise(bytea, internal) IS 'aggregate deserial function';

CREATE OR REPLACE FUNCTION rated_sum_final(internal) RETURNS numeric
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rated_sum_final(internal) IS 'aggregate final function';

CREATE OR REPLACE AGGREGATE rated_sum(quantity numeric, pricing pricing) (
    SFUNC = rated_sum_accum,
    STYPE = internal,
    FINALFUNC = rated_sum_final,
    COMBINEFUNC = rated_sum_combine,
    SERIALFUNC = rated_sum_serialise,
    DESERIALFUNC = rated_sum_deserialise,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rated_sum(numeric, pricing) IS 'the amount of the total of the quantities, or of all events';

