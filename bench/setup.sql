-- What stands before usage comes: a seller, 1,000 customers, and whose the
-- suppliers' accounts are.
\set ON_ERROR_STOP on
\ir accounts.sql

INSERT INTO cloudbilling.seller (name, street, postal_code, city, country, vat_number)
VALUES ('Northwind Cloud B.V.', 'Kade 1', '3011 AA', 'Rotterdam', 'NL', 'NL001234567B29');

INSERT INTO cloudbilling.customer (seller_id, number, name, street, postal_code, city, country, language)
SELECT
    seller_id,
    customer_number,
    format('Customer %s', account_no),
    format('Straat %s', account_no),
    '1000 AA',
    'Amsterdam',
    'NL',
    CASE WHEN account_no % 2 = 0 THEN 'nl' ELSE 'en' END
FROM cloudbilling.seller, bench_account
ORDER BY account_no;

INSERT INTO cloudbilling.ownership (customer_id, provider_name, sub_account_id)
SELECT customer_id, provider, sub_account_id
FROM bench_account
JOIN cloudbilling.customer ON number = customer_number
ORDER BY account_no;
