-- Prices of a reseller: cost plus for all, ladders on some SKUs, agreements with
-- some customers, discounts and managed service fees.  Comes after the first
-- load, which makes the products.
\set ON_ERROR_STOP on
SET search_path = cloudbilling;

-- Cost plus, by provider.
INSERT INTO price_rule (name, product_id, measure, pricing)
SELECT
    format('%s at cost plus', code),
    product_id,
    'billed_cost',
    format('{"model":"per_unit","unit_price":"%s"}', CASE code WHEN 'AWS' THEN 1.08 WHEN 'Microsoft' THEN 1.06 ELSE 1.10 END)::pricing
FROM product
WHERE kind = 'provider';

-- Supplier's tax is not passed on, and what is under development costs less.
INSERT INTO price_rule (name, product_id, selector, measure, pricing)
SELECT format('%s tax', code), product_id, '{"category":"Tax"}', 'billed_cost', '{"model":"per_unit","unit_price":"0"}'
FROM product
WHERE kind = 'provider';

INSERT INTO price_rule (name, product_id, selector, measure, pricing)
SELECT
    format('%s under development', code),
    product_id,
    '{"category":"Usage","tags.Environment":"dev"}',
    'billed_cost',
    '{"model":"per_unit","unit_price":"1.03"}'
FROM product
WHERE kind = 'provider';

-- A ladder over the quantity, for every fifth SKU.
CREATE TEMPORARY TABLE sku_price AS
SELECT product_id, billing_currency AS currency, price, row_number() OVER (ORDER BY code) AS no
FROM (
    SELECT product_id, billing_currency, max(list_unit_price) AS price
    FROM charge
    JOIN charge_item USING (item_id)
    WHERE charge_category = 'Usage'
    GROUP BY product_id, billing_currency
) AS used
JOIN product USING (product_id)
WHERE kind = 'sku';

INSERT INTO price_rule (name, product_id, currency, measure, per, pricing)
SELECT
    'Ladder',
    product_id,
    currency,
    'quantity',
    'scope',
    format('{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"%s"},{"up_to":"10000","unit_price":"%s"},{"unit_price":"%s"}]}',
        price, price * 0.95, price * 0.90)::pricing
FROM sku_price
WHERE no % 5 = 0;

-- Every tenth customer has a better rate for everything, and every twentieth a
-- price of its own for three SKUs.
INSERT INTO price_rule (name, customer_id, measure, pricing)
SELECT 'Agreed rate', customer_id, 'billed_cost', '{"model":"per_unit","unit_price":"1.045"}'
FROM customer
WHERE customer_id % 10 = 3;

INSERT INTO price_rule (name, customer_id, product_id, currency, measure, pricing)
SELECT 'Agreed price', customer_id, product_id, currency, 'quantity',
    format('{"model":"per_unit","unit_price":"%s"}', price * 0.97)::pricing
FROM customer
JOIN sku_price ON no % 100 = customer_id % 100
WHERE customer_id % 20 = 7;

-- Every tenth customer has 10 % off, shown on each line.
INSERT INTO price_rule (name, customer_id, measure, per, pricing, effect)
SELECT 'Discount', customer_id, 'amount', 'sku', '{"model":"percentage","rate":"-10"}', 'adjust'
FROM customer
WHERE customer_id % 10 = 5;

-- Every fourth customer pays for management: 8 % up to 10,000 and 5 % above.
INSERT INTO price_rule (name, customer_id, measure, per, pricing, effect)
SELECT 'Managed service', customer_id, 'amount', 'scope',
    '{"model":"graduated","tiers":[{"up_to":"10000","unit_price":"0.08"},{"unit_price":"0.05"}]}', 'add'
FROM customer
WHERE customer_id % 4 = 2;

ANALYZE price_rule;
