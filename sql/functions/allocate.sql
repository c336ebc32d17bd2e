-- An amount split by weights, so that the parts add up to it.

CREATE OR REPLACE FUNCTION allocate(amount numeric, weight numeric, scale integer, zero_weights text DEFAULT 'even') RETURNS numeric
    AS 'MODULE_PATHNAME', 'allocate_window' LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION allocate(numeric, numeric, integer, text) IS
    'window function: the row''s part of an amount that is split over its partition by weight; the parts, of so many decimals, add up to the amount';

CREATE OR REPLACE FUNCTION allocate(amount numeric, weights numeric[], scale integer, zero_weights text DEFAULT 'even') RETURNS numeric[]
    AS 'MODULE_PATHNAME', 'allocate_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION allocate(numeric, numeric[], integer, text) IS
    'an amount split by weights; the parts, of so many decimals, add up to the amount';
