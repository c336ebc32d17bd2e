-- What was bought and not sold, and what three mistakes would cost: made, shown, and taken back.
\pset title 'Is all that was bought sold?  Coverage by month and supplier'
SELECT c.month, c.supplier, c.currency, round(c.purchase_amount, 2) AS bought, round(c.leakage, 2) AS leakage, c.coverage_pct AS "%", c.groups, c.matched
FROM bi_coverage AS c
ORDER BY c.month, c.supplier, c.currency;

\pset title 'What was not, by kind and customer'
SELECT l.kind, l.customer, l.supplier, l.month, l.currency, count(*) AS skus, round(sum(l.amount), 2) AS amount
FROM bi_leakage AS l
GROUP BY l.kind, l.customer, l.supplier, l.month, l.currency
ORDER BY l.kind, l.customer, l.supplier, l.month, l.currency;

BEGIN;
CREATE TEMP TABLE known ON COMMIT DROP AS
SELECT * FROM bi_leakage;
-- Zorgnet's subscription is forgotten when it moves; a test price of nothing is left in place; and
-- a price list of last year sells below cost.
UPDATE ownership SET valid_during = '[2026-10-20,)'
WHERE sub_account_id = '/subscriptions/60a1ee83-zorgnet' AND valid_during = '[2026-10-01,)';
INSERT INTO price_rule (name, customer_id, product_id, measure, currency, pricing, valid_during)
SELECT 'Forgotten test', c.customer_id, product_ensure('Google Cloud'), 'quantity', 'EUR', '{"model": "per_unit", "unit_price": "0"}', '[2026-10-01,)'
FROM customer AS c WHERE c.number = 'K1003';
INSERT INTO price_rule (name, customer_id, product_id, measure, pricing, valid_during)
SELECT 'Price list of last year', c.customer_id, product_ensure('AWS'), 'effective_cost', '{"model": "per_unit", "unit_price": "0.9"}', '[2026-10-01,)'
FROM customer AS c WHERE c.number = 'K1002';

\pset title 'Three mistakes, and what each costs in October'
SELECT l.kind, l.customer, l.supplier, l.month, l.currency, count(*) AS skus, round(sum(l.amount), 2) AS costs
FROM (
    SELECT l.kind, l.customer, l.supplier, l.month, l.currency, l.account, l.sku, l.amount - coalesce(k.amount, 0) AS amount
    FROM bi_leakage AS l
    LEFT JOIN known AS k ON k.kind = l.kind AND k.customer_number IS NOT DISTINCT FROM l.customer_number AND k.supplier = l.supplier
        AND k.month = l.month AND k.currency = l.currency AND k.account IS NOT DISTINCT FROM l.account
        AND k.service IS NOT DISTINCT FROM l.service AND k.sku IS NOT DISTINCT FROM l.sku
) AS l
WHERE l.amount > 0
GROUP BY l.kind, l.customer, l.supplier, l.month, l.currency
ORDER BY l.kind, l.customer;
ROLLBACK;
