-- What it takes to invoice a file that has been loaded: a seller, a customer, whose
-- account is whose, and a price.
INSERT INTO seller (name, street, postal_code, city, country, vat_number, iban, bic, email)
VALUES ('Polderwolk B.V.', 'Oudegracht 112', '3511 AW', 'Utrecht', 'NL', 'NL123456782B90',
    'NL91ABNA0417164300', 'ABNANL2A', 'facturen@polderwolk.example');

INSERT INTO customer (seller_id, number, name, street, postal_code, city, country, vat_number)
SELECT seller_id, 'K1', 'Customer of everything', 'Kade 1', '1011 AB', 'Amsterdam', 'NL', 'NL111222333B01'
FROM seller;

-- All accounts of the file are the customer's.
INSERT INTO ownership (customer_id, provider_name, billing_account_id)
SELECT DISTINCT c.customer_id, a.provider_name, a.billing_account_id
FROM account AS a, customer AS c;

INSERT INTO price_rule (name, measure, per, pricing)
VALUES ('Cost plus 8 %', 'billed_cost', 'sku', '{"model": "per_unit", "unit_price": "1.08"}');
