-- Exchange rates, as a bank or a supplier publishes them: loaded by COPY.
CREATE TABLE currency_rate (
    currency     char(3)  NOT NULL,
    to_currency  char(3)  NOT NULL,
    rate_on      date     NOT NULL,
    per          text     NOT NULL DEFAULT 'day',
    rate         numeric  NOT NULL,
    source       text,

    PRIMARY KEY (currency, to_currency, rate_on, per),
    CHECK (currency ~ '^[A-Z]{3}$' AND to_currency ~ '^[A-Z]{3}$'),
    CHECK (currency <> to_currency),
    CHECK (isfinite(rate_on)),
    CHECK (per = 'day' OR per = 'month' AND extract(day FROM rate_on) = 1),
    CHECK (rate > 0 AND rate < 'Infinity')
);

COMMENT ON TABLE currency_rate IS 'exchange rates by day or month';
COMMENT ON COLUMN currency_rate.currency IS 'currency of which one unit is priced';
COMMENT ON COLUMN currency_rate.to_currency IS 'currency of the price';
COMMENT ON COLUMN currency_rate.rate_on IS 'day of the rate; first day of the month of a month''s';
COMMENT ON COLUMN currency_rate.per IS 'day: holds from its day until there is a newer one; month: holds for its month, before rates of days';
COMMENT ON COLUMN currency_rate.rate IS 'what one unit of currency is in to_currency';
COMMENT ON COLUMN currency_rate.source IS 'where the rate is from, such as ECB';

SELECT pg_catalog.pg_extension_config_dump('currency_rate', '');
