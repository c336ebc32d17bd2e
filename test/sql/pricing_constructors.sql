-- Prices without JSON.
SET search_path = cloudbilling, public;
\pset null '-'

-- none hides behind a function of the server
SELECT proname FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace
  AND proname IN ('tier', 'per_unit', 'graduated', 'volume', 'package', 'percentage', 'graduated_percentage', 'flat', 'pricing_with');

-- each model is what its JSON says
SELECT made, made = written AS same
FROM (VALUES
    (per_unit(0.05), '{"model":"per_unit","unit_price":"0.05"}'::pricing),
    (graduated(ARRAY[tier(1000, 0.10, 5), tier(NULL, 0.08)]),
        '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10","flat_fee":"5"},{"unit_price":"0.08"}]}'),
    (volume(ARRAY[tier(1000, 0.10), tier(NULL, 8, package_size => 100)]),
        '{"model":"volume","tiers":[{"up_to":"1000","unit_price":"0.10"},{"unit_price":"8","package_size":"100"}]}'),
    (package(100, 5), '{"model":"package","package_size":"100","package_price":"5"}'),
    (percentage(-10), '{"model":"percentage","rate":"-10"}'),
    (percentage(2.5, 0.30, free_amount => 500, maximum_per_event => 5),
        '{"model":"percentage","rate":"2.5","flat_fee":"0.30","free_amount":"500","maximum_per_event":"5"}'),
    (percentage(2.5, 0.30, 10, 500, 0.10, 5),
        '{"model":"percentage","rate":"2.5","flat_fee":"0.30","free_events":"10","free_amount":"500","minimum_per_event":"0.10","maximum_per_event":"5"}'),
    (graduated_percentage(ARRAY[tier(10000, 5), tier(NULL, 3, 100)]),
        '{"model":"graduated_percentage","tiers":[{"up_to":"10000","rate":"5"},{"rate":"3","flat_fee":"100"}]}'),
    (flat(250), '{"model":"flat","amount":"250"}')
) AS v (made, written);

-- options, by name; those that are there are replaced, the others stay
SELECT pricing_with(per_unit(1), free_units => 500, discount => 10, maximum => 5000, minimum => 1000, divide_by => 3600, round => 'up', scale => 2);
SELECT pricing_with(pricing_with(per_unit(1), free_units => 500, discount => 10), discount => 20, minimum => 0);
SELECT pricing_with(pricing_with(per_unit(1), divide_by => 3600, round => 'up'), multiply_by => 0.5) AS another_conversion,
       pricing_with(per_unit(1)) AS none;
SELECT (pricing_with(per_unit(1), discount => 10, minimum => 5)::jsonb - 'discount')::pricing AS without_discount;

-- NULL: a price that is not known is none; an option that is not is left out
SELECT per_unit(NULL), graduated(NULL), volume(NULL), package(NULL, 5), package(100, NULL), percentage(NULL, 5), graduated_percentage(NULL), flat(NULL), pricing_with(NULL, minimum => 5);
SELECT percentage(1, NULL, 0), tier(NULL, NULL);

-- what is wrong is refused as in JSON, with its path
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE FUNCTION pg_temp.refusal(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE 'SELECT ' || expression;
    RETURN 'NOT REFUSED';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN SQLSTATE || ' ' || SQLERRM || ' ' || detail;
END;
$$;
SELECT expression, pg_temp.refusal(expression)
FROM unnest(ARRAY[
    'graduated(ARRAY[]::pricing_tier[])',
    'graduated(ARRAY[NULL::pricing_tier])',
    'graduated(ARRAY[tier(10, 1)])',
    'graduated(ARRAY[tier(10, 1), tier(10, 1), tier(NULL, 1)])',
    'graduated(ARRAY[tier(10, NULL), tier(NULL, 1)])',
    'graduated_percentage(ARRAY[tier(NULL, 1, package_size => 5)])',
    'per_unit(''NaN'')',
    'per_unit(''Infinity'')',
    'package(0, 1)',
    'percentage(1, free_events => 0.5)',
    'pricing_with(flat(1), free_units => 5)',
    'pricing_with(per_unit(1), round => ''up'')',
    'pricing_with(per_unit(1), divide_by => 3)',
    'pricing_with(per_unit(1), divide_by => 3, multiply_by => 3, round => ''up'')',
    'pricing_with(per_unit(1), divide_by => 3, round => ''even'')',
    'pricing_with(per_unit(1), minimum => 5, maximum => 4)']) AS expression;
-- and what is no tier does not even get there
SELECT graduated(ARRAY[10, 1]);

-- constant ones are computed when the query is planned; prices of a table are not
EXPLAIN (COSTS OFF, VERBOSE) SELECT rate(1500, graduated(ARRAY[tier(1000, 0.10, 5), tier(NULL, 0.08)]));
CREATE TABLE price_list (sku text, unit_price numeric, minimum numeric);
INSERT INTO price_list VALUES ('a', 0.1, NULL), ('b', 1.5, 100), ('c', NULL, 5);
SELECT sku, pricing_with(per_unit(unit_price), minimum => minimum) AS pricing, rate(20, pricing_with(per_unit(unit_price), minimum => minimum))
FROM price_list ORDER BY sku;

-- a ladder from the rows of a table
CREATE TABLE ladder (sku text, up_to numeric, unit_price numeric);
INSERT INTO ladder VALUES ('a', NULL, 1), ('a', 10, 3), ('a', 100, 2), ('b', NULL, 7);
SELECT sku, graduated(array_agg(tier(up_to, unit_price) ORDER BY up_to NULLS LAST)) FROM ladder GROUP BY sku ORDER BY sku;
DROP TABLE price_list, ladder;
