CREATE OR REPLACE FUNCTION invoice_unit_price(amount numeric, quantity numeric, decimals int) RETURNS numeric
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION invoice_unit_price(numeric, numeric, int) IS 'the shortest price of one unit, with at least so many decimals, that times the quantity rounds to the amount; signs are left out';
