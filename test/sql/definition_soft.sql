-- PostgreSQL 16 and later: what is wrong is reported without raising
SET search_path = cloudbilling, public;
\pset null '-'

SELECT definition, pg_input_is_valid(definition, 'pricing')
FROM (VALUES
    ('{"model":"flat","amount":"1"}'),
    ('{"model":"flat","amount":"x"}'),
    ('{"model":"flat"}'),
    ('{"model":"graduated","tiers":[{"up_to":10,"unit_price":1},{"up_to":5,"unit_price":1},{"unit_price":1}]}'),
    ('{"model":"per_unit","unit_price":1,"conversion":{"divide_by":3}}'),
    ('{"model":"percentage","rate":1,"flat_fee":1,"free_units":1}'),
    ('{"model":')
) AS v (definition);
SELECT definition, pg_input_is_valid(definition, 'selector')
FROM (VALUES
    ('{"region":"a"}'),
    ('{"regio":"a"}'),
    ('{"region":{"like":"\\"}}'),
    ('{"region":["a",5]}'),
    ('[')
) AS v (definition);
SELECT * FROM pg_input_error_info('{"model":"flat","amount":"x"}', 'pricing');
SELECT * FROM pg_input_error_info('{"region":{"prefix":5}}', 'selector');
