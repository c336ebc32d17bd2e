-- Customers, a tree: a rule for a node holds for all below it.
CREATE TABLE customer (
    customer_id          int      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seller_id            int      NOT NULL REFERENCES seller,
    parent_id            int      REFERENCES customer,
    resells              boolean  NOT NULL DEFAULT false,
    number               text     NOT NULL UNIQUE,
    name                 text     NOT NULL,
    street               text,
    postal_code          text,
    city                 text,
    country              char(2)  NOT NULL DEFAULT 'NL',
    vat_number           text,
    registration_number  text,
    email                text,
    order_number         text,
    language             text     NOT NULL DEFAULT 'en',
    time_zone            text     REFERENCES time_zone (name),
    payment_days         int,
    delivery_country     char(2),
    vat_number_unchecked boolean  NOT NULL DEFAULT false,
    vies_valid           boolean,
    vies_checked_on      date,
    vies_consultation    text,
    buyer_reference      text,
    electronic_address   text,
    electronic_scheme    text,

    CHECK (parent_id <> customer_id),
    CHECK (country ~ '^[A-Z]{2}$'),
    CHECK (language IN ('en', 'nl')),
    CHECK (payment_days BETWEEN 0 AND 365),
    CHECK (delivery_country ~ '^[A-Z]{2}$'),
    CONSTRAINT customer_vies CHECK ((vies_valid IS NULL) = (vies_checked_on IS NULL) AND (vies_consultation IS NULL OR vies_valid IS NOT NULL)),
    CHECK (electronic_scheme ~ '^([0-9]{4}|[A-Z]{2})$'),
    CHECK ((electronic_address IS NULL) = (electronic_scheme IS NULL))
);

CREATE INDEX ON customer (parent_id);
CREATE INDEX ON customer (seller_id);

COMMENT ON TABLE customer IS 'customers, a tree';
COMMENT ON COLUMN customer.customer_id IS 'key of the customer';
COMMENT ON COLUMN customer.seller_id IS 'legal entity that invoices the customer';
COMMENT ON COLUMN customer.parent_id IS 'customer above: price rules are inherited from it';
COMMENT ON COLUMN customer.resells IS 'whether it sells to the customers below it what it buys: it is invoiced for all of them, and price rules with its reseller_id are its prices';
COMMENT ON COLUMN customer.number IS 'customer number; what generic meter files name in customer_ref';
COMMENT ON COLUMN customer.name IS 'registered name';
COMMENT ON COLUMN customer.street IS 'street and house number';
COMMENT ON COLUMN customer.postal_code IS 'postal code';
COMMENT ON COLUMN customer.city IS 'city';
COMMENT ON COLUMN customer.country IS 'country, ISO 3166 code of two letters; decides VAT';
COMMENT ON COLUMN customer.vat_number IS 'VAT number with country prefix; in another EU country it makes the reverse charge apply';
COMMENT ON COLUMN customer.registration_number IS 'number in the trade register';
COMMENT ON COLUMN customer.email IS 'address invoices go to';
COMMENT ON COLUMN customer.order_number IS 'customer''s order number or reference, shown on invoices';
COMMENT ON COLUMN customer.language IS 'language of documents: en or nl';
COMMENT ON COLUMN customer.time_zone IS 'zone in which billing periods begin and end; NULL is the seller''s';
COMMENT ON COLUMN customer.payment_days IS 'days until an invoice is due; NULL is the seller''s';
COMMENT ON COLUMN customer.delivery_country IS 'country goods are delivered to, which decides their VAT (BT-80); NULL is country';
COMMENT ON COLUMN customer.vat_number_unchecked IS 'whether vat_number stays as it is though it does not look right';
COMMENT ON COLUMN customer.vies_valid IS 'what VIES said of the VAT number: false means no reverse charge; NULL when it was not asked';
COMMENT ON COLUMN customer.vies_checked_on IS 'when VIES was asked';
COMMENT ON COLUMN customer.vies_consultation IS 'consultation number that VIES gave: the proof that it was asked';
COMMENT ON COLUMN customer.buyer_reference IS 'reference that the customer wants on electronic invoices, to find whom they are for (BT-10)';
COMMENT ON COLUMN customer.electronic_address IS 'address in the network of electronic invoices (BT-49); NULL is the number in the trade register or the VAT number';
COMMENT ON COLUMN customer.electronic_scheme IS 'what kind of address that is (EAS code): 0106 KvK, 0190 OIN, 9944 Dutch VAT number, 0208 Belgian company number, 0088 GLN';

SELECT pg_catalog.pg_extension_config_dump('customer', '');
SELECT pg_catalog.pg_extension_config_dump('customer_customer_id_seq', '');
