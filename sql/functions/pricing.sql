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

