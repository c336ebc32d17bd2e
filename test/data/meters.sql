-- A seller with as many customers as :customers, each with four meters of own
-- services in September and October 2026, and their prices.
\set QUIET on
SET search_path = cloudbilling, public;

INSERT INTO seller (name, country, vat_number) VALUES ('Testwolk B.V.', 'NL', 'NL123456782B90');

INSERT INTO customer (seller_id, number, name, country, vat_number)
SELECT s.seller_id, 'T' || to_char(n, 'FM0000'), 'Customer ' || n,
    CASE WHEN n % 5 = 0 THEN 'BE' ELSE 'NL' END, CASE WHEN n % 5 = 0 THEN 'BE0123456749' ELSE 'NL111222333B01' END
FROM seller AS s, generate_series(1, :customers) AS n;

INSERT INTO price_rule (name, product_id, measure, per, currency, pricing)
VALUES
    ('Backup', product_ensure('Own services', 'backup'), 'quantity', 'scope', 'EUR',
        '{"model": "graduated", "tiers": [{"up_to": "100", "unit_price": "0.10"}, {"unit_price": "0.07"}]}'),
    ('All else', product_ensure('Own services'), 'quantity', 'sku', 'EUR', '{"model": "per_unit", "unit_price": "12.345"}');

INSERT INTO landing (line)
SELECT 'customer_ref,meter,resource_ref,quantity,unit,usage_start,usage_end,source_event_id,tags,unit_cost,currency,description,agent'
UNION ALL
(SELECT format('%1$s,%2$s,%2$s-1,%3$s,units,2026-%4$s-01T12:00:00Z,2026-%4$s-02T12:00:00Z,%1$s-%2$s-%3$s-%4$s,,0.01,EUR,,',
    c.number, m.name, m.quantity + c.customer_id, month)
FROM customer AS c, unnest('{09,10}'::text[]) AS month,
    (VALUES ('backup', 60.5), ('backup', 44.125), ('hours', 1.25), ('devices', 3)) AS m (name, quantity)
ORDER BY c.customer_id);
