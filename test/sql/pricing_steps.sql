-- A price as rows.
SET search_path = cloudbilling, public;
\pset null '-'

SELECT * FROM pricing_steps('{"model":"per_unit","unit_price":"0.05"}');
SELECT * FROM pricing_steps('{"model":"graduated","tiers":[{"up_to":1000,"unit_price":"0.10","flat_fee":5},{"up_to":2000,"unit_price":3,"package_size":30},{"unit_price":"0.08"}],"free_units":500,"discount":"12.5","minimum":5,"maximum":"1e4","conversion":{"divide_by":3600,"round":"half_up","scale":2}}');
SELECT * FROM pricing_steps('{"model":"volume","tiers":[{"up_to":49,"unit_price":35},{"up_to":99,"unit_price":30,"flat_fee":2},{"unit_price":25}]}');
SELECT * FROM pricing_steps('{"model":"graduated","tiers":[{"unit_price":7,"flat_fee":-1}],"conversion":{"multiply_by":"0.001"}}');
SELECT * FROM pricing_steps('{"model":"package","package_size":100,"package_price":5,"conversion":{"multiply_by":2,"round":"up"}}');
SELECT * FROM pricing_steps('{"model":"percentage","rate":"-10"}');
SELECT * FROM pricing_steps('{"model":"percentage","rate":"2.5","flat_fee":"0.30","free_events":10,"free_amount":500,"minimum_per_event":"0.10","maximum_per_event":5,"conversion":{"divide_by":100,"round":"down","scale":1}}');
SELECT * FROM pricing_steps('{"model":"graduated_percentage","tiers":[{"up_to":10000,"rate":8},{"rate":5,"flat_fee":100}],"minimum":250}');
SELECT * FROM pricing_steps('{"model":"flat","amount":250,"discount":100}');
SELECT * FROM pricing_steps(NULL);

-- the tiers that a rate reached are those of the price, at its prices
SELECT p.tier, p.up_to = r.up_to AS bound, p.unit_price = r.unit_price AS price, p.description, r.quantity, r.amount
FROM (VALUES ('{"model":"graduated","tiers":[{"up_to":10,"unit_price":2},{"unit_price":1}]}'::pricing)) AS v (pricing),
     pricing_steps(pricing) AS p JOIN rate_steps(25, pricing) AS r USING (tier);

-- many prices in one table
CREATE TABLE offer (name text, pricing pricing);
INSERT INTO offer VALUES ('storage', '{"model":"graduated","tiers":[{"up_to":500,"unit_price":"0.09"},{"unit_price":"0.07"}]}'),
    ('support', '{"model":"per_unit","unit_price":95,"minimum":190}'), ('none', NULL);
SELECT o.name, s.step, s.tier, s.description
FROM offer AS o LEFT JOIN pricing_steps(o.pricing) WITH ORDINALITY AS s ON true
ORDER BY o.name, s.ordinality;
SELECT count(*)
FROM pricing_steps((SELECT jsonb_build_object('model', 'graduated', 'tiers',
    jsonb_agg(CASE WHEN i < 1000 THEN jsonb_build_object('up_to', i, 'unit_price', 1) ELSE '{"unit_price":2}' END ORDER BY i))
    FROM generate_series(1, 1000) AS i)::pricing) AS s;
DROP TABLE offer;
