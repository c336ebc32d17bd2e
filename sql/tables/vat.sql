-- VAT rates by date.  They are data: a new rate is a new row.
CREATE TABLE vat_rate (
    vat_rate_id   int        GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    country       char(2)    NOT NULL,
    tax_category  text       NOT NULL,
    rate          numeric    NOT NULL,
    valid_during  daterange  NOT NULL,
    builtin       boolean    NOT NULL DEFAULT false,

    CHECK (country ~ '^[A-Z]{2}$'),
    CHECK (tax_category IN ('standard', 'reduced', 'zero')),
    CHECK (rate BETWEEN 0 AND 100),
    CHECK (NOT isempty(valid_during)),
    CONSTRAINT vat_rate_overlap EXCLUDE USING gist (country WITH =, tax_category WITH =, valid_during WITH &&)
);

COMMENT ON TABLE vat_rate IS 'VAT rates by country, category and date';
COMMENT ON COLUMN vat_rate.vat_rate_id IS 'key of the rate';
COMMENT ON COLUMN vat_rate.country IS 'country, ISO 3166 code of two letters';
COMMENT ON COLUMN vat_rate.tax_category IS 'standard, reduced or zero';
COMMENT ON COLUMN vat_rate.rate IS 'rate in percent';
COMMENT ON COLUMN vat_rate.valid_during IS 'days of supply for which the rate holds';
COMMENT ON COLUMN vat_rate.builtin IS 'whether the extension brought the rate';

-- The Netherlands: Wet op de omzetbelasting 1968, art. 9.
INSERT INTO vat_rate (country, tax_category, rate, valid_during, builtin)
VALUES
    ('NL', 'standard', 19, '[2001-01-01,2012-10-01)', true),
    ('NL', 'standard', 21, '[2012-10-01,)', true),
    ('NL', 'reduced',   6, '[2001-01-01,2019-01-01)', true),
    ('NL', 'reduced',   9, '[2019-01-01,)', true),
    ('NL', 'zero',      0, '[2001-01-01,)', true);

SELECT pg_catalog.pg_extension_config_dump('vat_rate', 'WHERE NOT builtin');
SELECT pg_catalog.pg_extension_config_dump('vat_rate_vat_rate_id_seq', '');

-- Member states, where the reverse charge applies between businesses.
CREATE TABLE eu_country (
    country  char(2)  PRIMARY KEY
);

COMMENT ON TABLE eu_country IS 'member states of the European Union (VAT territory), ISO 3166 codes';
COMMENT ON COLUMN eu_country.country IS 'country';

INSERT INTO eu_country (country)
VALUES ('AT'), ('BE'), ('BG'), ('CY'), ('CZ'), ('DE'), ('DK'), ('EE'), ('ES'), ('FI'), ('FR'), ('GR'), ('HR'), ('HU'),
    ('IE'), ('IT'), ('LT'), ('LU'), ('LV'), ('MT'), ('NL'), ('PL'), ('PT'), ('RO'), ('SE'), ('SI'), ('SK');
