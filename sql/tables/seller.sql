-- The legal entity that sends invoices.
CREATE TABLE seller (
    seller_id            int       GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                 text      NOT NULL UNIQUE,
    street               text,
    postal_code          text,
    city                 text,
    country              char(2)   NOT NULL DEFAULT 'NL',
    vat_number           text,
    registration_number  text,
    iban                 text,
    bic                  text,
    email                text,
    phone                text,
    website              text,
    time_zone            text      NOT NULL DEFAULT 'Europe/Amsterdam' REFERENCES time_zone (name),
    payment_days         int       NOT NULL DEFAULT 30,
    series               text      NOT NULL DEFAULT '',
    book_currency        char(3)   NOT NULL DEFAULT 'EUR',
    vat_currency         char(3)   NOT NULL DEFAULT 'EUR',
    vat_number_unchecked boolean   NOT NULL DEFAULT false,
    electronic_address   text,
    electronic_scheme    text,

    CHECK (country ~ '^[A-Z]{2}$'),
    CHECK (book_currency ~ '^[A-Z]{3}$'),
    CHECK (vat_currency ~ '^[A-Z]{3}$'),
    CHECK (payment_days BETWEEN 0 AND 365),
    CHECK (electronic_scheme ~ '^([0-9]{4}|[A-Z]{2})$'),
    CHECK ((electronic_address IS NULL) = (electronic_scheme IS NULL))
);

COMMENT ON TABLE seller IS 'legal entities that send invoices';
COMMENT ON COLUMN seller.seller_id IS 'key of the seller';
COMMENT ON COLUMN seller.name IS 'registered name';
COMMENT ON COLUMN seller.street IS 'street and house number';
COMMENT ON COLUMN seller.postal_code IS 'postal code';
COMMENT ON COLUMN seller.city IS 'city';
COMMENT ON COLUMN seller.country IS 'country, ISO 3166 code of two letters';
COMMENT ON COLUMN seller.vat_number IS 'VAT number with country prefix';
COMMENT ON COLUMN seller.registration_number IS 'number in the trade register (KvK in the Netherlands)';
COMMENT ON COLUMN seller.iban IS 'bank account to pay to';
COMMENT ON COLUMN seller.bic IS 'bank of that account';
COMMENT ON COLUMN seller.email IS 'address for questions about an invoice';
COMMENT ON COLUMN seller.phone IS 'telephone number';
COMMENT ON COLUMN seller.website IS 'web site';
COMMENT ON COLUMN seller.time_zone IS 'zone in which billing periods begin and end, unless the customer has another';
COMMENT ON COLUMN seller.payment_days IS 'days until an invoice is due, unless the customer has another term';
COMMENT ON COLUMN seller.series IS 'prefix of invoice numbers: prefix, year, dash, six digits';
COMMENT ON COLUMN seller.book_currency IS 'currency of the books, which reports convert amounts to; invoices have the currency of their prices';
COMMENT ON COLUMN seller.vat_currency IS 'currency VAT is declared in: an invoice in another one shows its VAT in both';
COMMENT ON COLUMN seller.vat_number_unchecked IS 'whether vat_number stays as it is though it does not look right';
COMMENT ON COLUMN seller.electronic_address IS 'address in the network of electronic invoices (BT-34); NULL is the number in the trade register or the VAT number';
COMMENT ON COLUMN seller.electronic_scheme IS 'what kind of address that is (EAS code): 0106 KvK, 9944 Dutch VAT number, 0208 Belgian company number, 0088 GLN';

SELECT pg_catalog.pg_extension_config_dump('seller', '');
SELECT pg_catalog.pg_extension_config_dump('seller_seller_id_seq', '');
