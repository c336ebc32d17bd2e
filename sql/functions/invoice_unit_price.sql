CREATE OR REPLACE FUNCTION invoice_unit_price(amount numeric, quantity numeric, decimals int) RETURNS numeric
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION invoice_unit_price(numeric, numeric, int) IS 'the shortest price of one unit, with at least so many decimals, that times the quantity rounds to the amount; signs are left out';

-- unnest() of an array whose length no plan is made for: what is planned once is good
-- for a line and for a hundred thousand, and the array is not copied into the plan.
CREATE OR REPLACE FUNCTION array_rows(anyarray) RETURNS SETOF anyelement
    AS 'array_unnest' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE ROWS 1000;

COMMENT ON FUNCTION array_rows(anyarray) IS 'the elements of an array as rows, of which the planner always expects 1000';
