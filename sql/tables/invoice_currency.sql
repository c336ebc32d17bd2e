-- In which currency customers are invoiced for what is priced by its cost.  Who has no
-- row is invoiced in the currencies of the costs.
CREATE TABLE invoice_currency (
    customer_id   int        REFERENCES customer,
    currency      char(3),
    valid_during  daterange  NOT NULL DEFAULT '(,)',

    CHECK (currency ~ '^[A-Z]{3}$'),
    CHECK (currency IS NOT NULL OR customer_id IS NOT NULL),
    CHECK (NOT isempty(valid_during)),
    CONSTRAINT invoice_currency_months CHECK (
        (lower_inf(valid_during) OR extract(day FROM lower(valid_during)) = 1)
        AND (upper_inf(valid_during) OR extract(day FROM upper(valid_during)) = 1)),
    CONSTRAINT invoice_currency_overlap EXCLUDE USING gist (coalesce(customer_id, 0) WITH =, valid_during WITH &&)
);

COMMENT ON TABLE invoice_currency IS 'currencies that costs are converted to before they are rated';
COMMENT ON COLUMN invoice_currency.customer_id IS 'customer who is invoiced; NULL is all who have no row of their own for the month';
COMMENT ON COLUMN invoice_currency.currency IS 'currency to convert to; NULL converts nothing for the customer';
COMMENT ON COLUMN invoice_currency.valid_during IS 'whole months whose use it is about';

SELECT pg_catalog.pg_extension_config_dump('invoice_currency', '');

-- What costs were converted with.  The first document of a month keeps the month's rate,
-- and all later ones of it are made with the same.
CREATE TABLE invoice_currency_rate (
    invoice_id    int      NOT NULL REFERENCES invoice,
    period_start  date     NOT NULL,
    currency      char(3)  NOT NULL,
    to_currency   char(3)  NOT NULL,
    rate          numeric  NOT NULL,
    inverse       boolean  NOT NULL,
    rate_on       date     NOT NULL,
    per           text     NOT NULL,
    source        text,

    PRIMARY KEY (invoice_id, period_start, currency)
);

COMMENT ON TABLE invoice_currency_rate IS 'exchange rates that finalised documents were made with';
COMMENT ON COLUMN invoice_currency_rate.invoice_id IS 'document';
COMMENT ON COLUMN invoice_currency_rate.period_start IS 'first day of the period of lines of it';
COMMENT ON COLUMN invoice_currency_rate.currency IS 'currency of the costs';
COMMENT ON COLUMN invoice_currency_rate.to_currency IS 'currency of the document';
COMMENT ON COLUMN invoice_currency_rate.rate IS 'the rate';
COMMENT ON COLUMN invoice_currency_rate.inverse IS 'whether costs were divided by it, and not multiplied';
COMMENT ON COLUMN invoice_currency_rate.rate_on IS 'day of the rate, or first day of the month it is of';
COMMENT ON COLUMN invoice_currency_rate.per IS 'day or month';
COMMENT ON COLUMN invoice_currency_rate.source IS 'where it is from';

SELECT pg_catalog.pg_extension_config_dump('invoice_currency_rate', '');

-- The way back from a wrong rate.
CREATE TABLE invoice_currency_release (
    customer_id   int          NOT NULL REFERENCES customer,
    period_start  date         NOT NULL,
    released_at   timestamptz  NOT NULL DEFAULT clock_timestamp(),
    released_by   name         NOT NULL DEFAULT session_user,
    reason        text,

    PRIMARY KEY (customer_id, period_start, released_at)
);

COMMENT ON TABLE invoice_currency_release IS 'months whose kept exchange rates hold no longer, so that the next run bills the difference to those of currency_rate';
COMMENT ON COLUMN invoice_currency_release.customer_id IS 'customer who was invoiced';
COMMENT ON COLUMN invoice_currency_release.period_start IS 'first day of the month';
COMMENT ON COLUMN invoice_currency_release.released_at IS 'rates of documents that were finalised before this moment are not kept any more';
COMMENT ON COLUMN invoice_currency_release.released_by IS 'user who said so';
COMMENT ON COLUMN invoice_currency_release.reason IS 'why';

SELECT pg_catalog.pg_extension_config_dump('invoice_currency_release', '');
