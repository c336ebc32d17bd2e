-- Resellers whose invoices are made here: as which legal entity they sell.  A table of
-- its own: a column of seller would make it and customer refer to each other, and no dump
-- could be restored.
CREATE TABLE reseller (
    customer_id  int  PRIMARY KEY REFERENCES customer,
    seller_id    int  NOT NULL UNIQUE REFERENCES seller
);

COMMENT ON TABLE reseller IS 'resellers whose invoices to the customers below them are made here; others are only invoiced themselves';
COMMENT ON COLUMN reseller.customer_id IS 'the reseller, as customer';
COMMENT ON COLUMN reseller.seller_id IS 'the same, as seller: name, address, VAT number, bank account and numbers of its invoices; nobody else''s seller';

SELECT pg_catalog.pg_extension_config_dump('reseller', '');
