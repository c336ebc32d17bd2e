-- What ISO 4217 says of currencies.  Two decimals are the rule, so only the
-- exceptions are written down.
CREATE OR REPLACE FUNCTION currency_minor_unit(currency text)
RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW',
        'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 0
    WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
    WHEN currency IN ('CLF', 'UYW') THEN 4
    WHEN currency IS NOT NULL THEN 2
END;

COMMENT ON FUNCTION currency_minor_unit(text) IS 'number of decimals of amounts in a currency (ISO 4217)';

CREATE OR REPLACE FUNCTION currency_round(amount numeric, currency text)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN round(amount, currency_minor_unit(currency));

COMMENT ON FUNCTION currency_round(numeric, text) IS 'amount rounded half away from zero to the currency''s minor unit';
