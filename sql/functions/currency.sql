-- What ISO 4217 says of currencies.
CREATE OR REPLACE FUNCTION currency_minor_unit(currency text) RETURNS int
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION currency_minor_unit(text) IS 'number of decimals of amounts in a currency (ISO 4217)';

CREATE OR REPLACE FUNCTION currency_round(amount numeric, currency text)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN round(amount, currency_minor_unit(currency));

COMMENT ON FUNCTION currency_round(numeric, text) IS 'amount rounded half away from zero to the currency''s minor unit';
