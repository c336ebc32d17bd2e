-- Rates both ways, since banks publish one: views that look them up by themselves,
-- and not by currency_rate_find, need no rights of who reads them.
CREATE OR REPLACE VIEW currency_rate_either AS
SELECT r.currency, r.to_currency, r.rate_on, r.per, r.rate, false AS inverse, r.source
FROM currency_rate AS r
UNION ALL
SELECT r.to_currency, r.currency, r.rate_on, r.per, r.rate, true, r.source
FROM currency_rate AS r;

COMMENT ON VIEW currency_rate_either IS 'exchange rates, each in both directions';
COMMENT ON COLUMN currency_rate_either.currency IS 'currency to convert from';
COMMENT ON COLUMN currency_rate_either.to_currency IS 'currency to convert to';
COMMENT ON COLUMN currency_rate_either.rate_on IS 'day of the rate; first day of the month of a month''s';
COMMENT ON COLUMN currency_rate_either.per IS 'day or month';
COMMENT ON COLUMN currency_rate_either.rate IS 'the rate';
COMMENT ON COLUMN currency_rate_either.inverse IS 'whether amounts are divided by it, and not multiplied';
COMMENT ON COLUMN currency_rate_either.source IS 'where the rate is from';
