-- VAT rates by date.  They are data: a new rate is a new row, and a row of the
-- user's own goes before the extension's.
CREATE TABLE vat_rate (
    vat_rate_id   int        GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    country       char(2)    NOT NULL,
    tax_category  text       NOT NULL,
    rate          numeric    NOT NULL,
    valid_during  daterange  NOT NULL,
    builtin       boolean    NOT NULL DEFAULT false,
    source        text,

    CHECK (country ~ '^[A-Z]{2}$'),
    CHECK (tax_category IN ('standard', 'reduced', 'intermediate', 'super_reduced', 'zero')),
    CHECK (rate BETWEEN 0 AND 100),
    CHECK (NOT isempty(valid_during)),
    CONSTRAINT vat_rate_overlap EXCLUDE USING gist (country WITH =, tax_category WITH =, (builtin::int) WITH =, valid_during WITH &&)
);

COMMENT ON TABLE vat_rate IS 'VAT rates by country, category and date; made for COPY';
COMMENT ON COLUMN vat_rate.vat_rate_id IS 'key of the rate';
COMMENT ON COLUMN vat_rate.country IS 'country, ISO 3166 code of two letters';
COMMENT ON COLUMN vat_rate.tax_category IS 'standard; reduced (the lowest of at least 5 %), intermediate (a second reduced rate), super_reduced (below 5 %) or zero';
COMMENT ON COLUMN vat_rate.rate IS 'rate in percent';
COMMENT ON COLUMN vat_rate.valid_during IS 'days of supply for which the rate holds';
COMMENT ON COLUMN vat_rate.builtin IS 'whether the extension brought the rate; one of the user''s own goes before it';
COMMENT ON COLUMN vat_rate.source IS 'where the rate is from';

SELECT pg_catalog.pg_extension_config_dump('vat_rate', 'WHERE NOT builtin');
SELECT pg_catalog.pg_extension_config_dump('vat_rate_vat_rate_id_seq', '');

-- Member states, where the reverse charge applies between businesses.
CREATE TABLE eu_country (
    country     char(2)  PRIMARY KEY,
    vat_prefix  char(2)  NOT NULL UNIQUE
);

COMMENT ON TABLE eu_country IS 'member states of the European Union (VAT territory), ISO 3166 codes';
COMMENT ON COLUMN eu_country.country IS 'country';
COMMENT ON COLUMN eu_country.vat_prefix IS 'how its VAT numbers begin: EL for Greece';

INSERT INTO eu_country (country, vat_prefix)
SELECT c, CASE c WHEN 'GR' THEN 'EL' ELSE c END
FROM unnest('{AT,BE,BG,CY,CZ,DE,DK,EE,ES,FI,FR,GR,HR,HU,IE,IT,LT,LU,LV,MT,NL,PL,PT,RO,SE,SI,SK}'::text[]) AS c;

-- Schemes a seller is registered for.  OSS: consumers in other member states pay
-- the VAT of their own country, which is declared at home (Directive 2006/112/EC,
-- art. 369a and following).  Small business: no VAT at home (art. 284).
CREATE TABLE vat_scheme (
    seller_id     int        NOT NULL REFERENCES seller,
    scheme        text       NOT NULL,
    valid_during  daterange  NOT NULL DEFAULT '(,)',

    CHECK (scheme IN ('oss', 'small_business')),
    CHECK (NOT isempty(valid_during)),
    CONSTRAINT vat_scheme_overlap EXCLUDE USING gist (seller_id WITH =, scheme WITH =, valid_during WITH &&)
);

COMMENT ON TABLE vat_scheme IS 'VAT schemes of sellers by date';
COMMENT ON COLUMN vat_scheme.seller_id IS 'the seller';
COMMENT ON COLUMN vat_scheme.scheme IS 'oss: consumers in other EU countries pay the VAT of their country, above the threshold or by choice; small_business: no VAT at home';
COMMENT ON COLUMN vat_scheme.valid_during IS 'days of supply for which it holds';

SELECT pg_catalog.pg_extension_config_dump('vat_scheme', '');
