-- How a seller numbers its documents.  Who has no row here has {series}{YYYY}-{N:6}, a
-- series a year.
CREATE TABLE invoice_number_scheme (
    seller_id            int      PRIMARY KEY REFERENCES seller,
    pattern              text     NOT NULL DEFAULT '{series}{YYYY}-{N:6}',
    credit_note_pattern  text,
    resets               boolean  NOT NULL DEFAULT true,
    year_begins          int      NOT NULL DEFAULT 1,
    first_number         int      NOT NULL DEFAULT 1,

    CHECK (year_begins BETWEEN 1 AND 12),
    CHECK (first_number BETWEEN 1 AND 1000000000)
);

COMMENT ON TABLE invoice_number_scheme IS 'how sellers number their documents';
COMMENT ON COLUMN invoice_number_scheme.seller_id IS 'legal entity';
COMMENT ON COLUMN invoice_number_scheme.pattern IS 'pattern of numbers: text with {N} or {N:6}, the number in so many digits at least, and {YYYY} or {YY}, the year of the series, {MM}, the month of issue, {series}, seller.series';
COMMENT ON COLUMN invoice_number_scheme.credit_note_pattern IS 'pattern of credit notes, which then have a series of their own; NULL numbers them with invoices';
COMMENT ON COLUMN invoice_number_scheme.resets IS 'whether each year has a series of its own; else numbers go on without end';
COMMENT ON COLUMN invoice_number_scheme.year_begins IS 'month in which the seller''s year begins; {YYYY} is the year of that month';
COMMENT ON COLUMN invoice_number_scheme.first_number IS 'number that a series begins with';

SELECT pg_catalog.pg_extension_config_dump('invoice_number_scheme', '');
