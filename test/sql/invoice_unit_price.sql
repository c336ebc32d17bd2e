-- The price of one unit on a line: the shortest that gives the amount.
\set VERBOSITY terse
SET search_path = cloudbilling, public;

SELECT amount, quantity, decimals, invoice_unit_price(amount, quantity, decimals)
FROM (VALUES
    (10.00, 4, 2), (10.00, 3, 2), (0.00, 7, 2), (-10.00, -4, 2), (0.01, 1000000, 2), (1000, 3, 0), (12.345, 0.001, 3),
    (99999999999999999999999.99, 0.0000000007, 2), (1.00, 123456789012345678901234567890, 2), (0.05, 0.3333333333333333333333333, 2)
) AS v (amount, quantity, decimals);

-- The same as tried out one by one, in numbers that 128 bits hold and in others.
CREATE FUNCTION pg_temp.tried(amount numeric, quantity numeric, decimals int) RETURNS numeric
LANGUAGE sql
RETURN (
    SELECT p.price
    FROM generate_series(decimals, greatest(16, length(trunc(abs(quantity))::text) + 2)) AS g (scale)
    CROSS JOIN LATERAL (
        SELECT round(div(2 * abs(amount) * 10::numeric ^ g.scale + abs(quantity), 2 * abs(quantity)) / 10::numeric ^ g.scale, g.scale) AS price
    ) AS p
    WHERE round(p.price * abs(quantity), decimals) = abs(amount) OR g.scale = greatest(16, length(trunc(abs(quantity))::text) + 2)
    ORDER BY g.scale
    LIMIT 1
);

SELECT setseed(0.25);
WITH pair AS MATERIALIZED (
    SELECT round((random() * 10 ^ (random() * 12))::numeric, d.decimals) AS amount, d.decimals,
        round((random() * 10 ^ (random() * 18 - 6))::numeric, (random() * 12)::int) AS quantity
    FROM generate_series(1, 4000) AS n
    CROSS JOIN LATERAL (SELECT (ARRAY[0, 2, 3])[1 + n % 3] AS decimals) AS d
)
SELECT count(*) > 3000 AS many, count(*) FILTER (WHERE invoice_unit_price(amount, quantity, decimals) IS DISTINCT FROM pg_temp.tried(amount, quantity, decimals)) AS differ,
    count(*) FILTER (WHERE scale(invoice_unit_price(amount, quantity, decimals)) < decimals) AS too_short
FROM pair
WHERE quantity <> 0;

SELECT invoice_unit_price(1, 0, 2);
SELECT invoice_unit_price('NaN', 1, 2);
SELECT invoice_unit_price(1, 'Infinity', 2);
SELECT invoice_unit_price(1, 1, -1);
SELECT invoice_unit_price(NULL, 1, 2) IS NULL AS strict;

-- Every row of what arrays hold.
SELECT * FROM array_rows(ARRAY[3, NULL, 1]) WITH ORDINALITY;
SELECT count(*) FROM array_rows(NULL::int[]);
