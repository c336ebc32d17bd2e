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

-- a price as rows

CREATE OR REPLACE FUNCTION pricing_steps(
    pricing pricing
) RETURNS TABLE (
    model text,
    step text,
    tier integer,
    from_quantity numeric,
    up_to numeric,
    unit_price numeric,
    flat_fee numeric,
    package_size numeric,
    value numeric,
    description text
)
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 3;
COMMENT ON FUNCTION pricing_steps(pricing) IS 'a price as rows, one for each tier and option, in the order in which they are applied';

-- A price without JSON.  What is NULL is left out, so that the reader of pricing
-- says what is missing; but a price that is not known is NULL as a whole.

CREATE OR REPLACE FUNCTION tier(
    up_to numeric,
    unit_price numeric,
    flat_fee numeric DEFAULT NULL,
    package_size numeric DEFAULT NULL
) RETURNS pricing_tier
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ROW(up_to, unit_price, flat_fee, package_size)::pricing_tier;
COMMENT ON FUNCTION tier(numeric, numeric, numeric, numeric) IS 'a tier of graduated, volume or graduated_percentage; NULL as up_to makes it the last';

CREATE OR REPLACE FUNCTION pricing_ladder(
    model text,
    price_key text,
    tiers pricing_tier[]
) RETURNS pricing
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN jsonb_build_object('model', model, 'tiers', coalesce((
        SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('up_to', t.up_to, price_key, t.unit_price,
                                                              'flat_fee', t.flat_fee, 'package_size', t.package_size))
                         ORDER BY t.position)
        FROM unnest(tiers) WITH ORDINALITY AS t (up_to, unit_price, flat_fee, package_size, position)
    ), '[]'))::pricing;
COMMENT ON FUNCTION pricing_ladder(text, text, pricing_tier[]) IS 'what graduated, volume and graduated_percentage have in common';

CREATE OR REPLACE FUNCTION per_unit(unit_price numeric) RETURNS pricing
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN jsonb_build_object('model', 'per_unit', 'unit_price', unit_price)::pricing;
COMMENT ON FUNCTION per_unit(numeric) IS 'a pricing at one price a unit';

CREATE OR REPLACE FUNCTION graduated(tiers pricing_tier[]) RETURNS pricing
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN pricing_ladder('graduated', 'unit_price', tiers);
COMMENT ON FUNCTION graduated(pricing_tier[]) IS 'a pricing of which each tier prices its own slice of the quantity';

CREATE OR REPLACE FUNCTION volume(tiers pricing_tier[]) RETURNS pricing
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN pricing_ladder('volume', 'unit_price', tiers);
COMMENT ON FUNCTION volume(pricing_tier[]) IS 'a pricing of which the tier that contains the quantity prices all of it';

CREATE OR REPLACE FUNCTION package(package_size numeric, package_price numeric) RETURNS pricing
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN jsonb_build_object('model', 'package', 'package_size', package_size, 'package_price', package_price)::pricing;
COMMENT ON FUNCTION package(numeric, numeric) IS 'a pricing by started packages';

CREATE OR REPLACE FUNCTION percentage(
    rate numeric,
    flat_fee numeric DEFAULT NULL,
    free_events numeric DEFAULT NULL,
    free_amount numeric DEFAULT NULL,
    minimum_per_event numeric DEFAULT NULL,
    maximum_per_event numeric DEFAULT NULL
) RETURNS pricing
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN rate IS NOT NULL THEN
        jsonb_strip_nulls(jsonb_build_object('model', 'percentage', 'rate', rate, 'flat_fee', flat_fee,
            'free_events', free_events, 'free_amount', free_amount,
            'minimum_per_event', minimum_per_event, 'maximum_per_event', maximum_per_event))::pricing
    END;
COMMENT ON FUNCTION percentage(numeric, numeric, numeric, numeric, numeric, numeric) IS 'a pricing in per cent of an amount, or of the amount of each event';

CREATE OR REPLACE FUNCTION graduated_percentage(tiers pricing_tier[]) RETURNS pricing
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN pricing_ladder('graduated_percentage', 'rate', tiers);
COMMENT ON FUNCTION graduated_percentage(pricing_tier[]) IS 'a pricing of which each tier takes its per cent of its own slice of the amount';

CREATE OR REPLACE FUNCTION flat(amount numeric) RETURNS pricing
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN jsonb_build_object('model', 'flat', 'amount', amount)::pricing;
COMMENT ON FUNCTION flat(numeric) IS 'a pricing of one amount, whatever the quantity';

CREATE OR REPLACE FUNCTION pricing_with(
    pricing pricing,
    free_units numeric DEFAULT NULL,
    discount numeric DEFAULT NULL,
    maximum numeric DEFAULT NULL,
    minimum numeric DEFAULT NULL,
    divide_by numeric DEFAULT NULL,
    multiply_by numeric DEFAULT NULL,
    round text DEFAULT NULL,
    scale integer DEFAULT NULL
) RETURNS pricing
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (pricing::jsonb || jsonb_strip_nulls(jsonb_build_object(
        'free_units', free_units, 'discount', discount, 'maximum', maximum, 'minimum', minimum,
        'conversion', nullif(jsonb_strip_nulls(jsonb_build_object(
            'divide_by', divide_by, 'multiply_by', multiply_by, 'round', round, 'scale', scale)), '{}'))))::pricing;
COMMENT ON FUNCTION pricing_with(pricing, numeric, numeric, numeric, numeric, numeric, numeric, text, integer) IS 'the pricing with these options, in place of its own; NULL leaves an option as it is';
