SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
\pset null '-'

-- input, and the canonical output

CREATE TABLE price (id integer PRIMARY KEY, pricing pricing);
INSERT INTO price VALUES
    (1, '{"model":"per_unit","unit_price":"0.05"}'),
    (2, '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10","flat_fee":"5"},{"unit_price":"0.08"}]}'),
    (3, '{"model":"volume","tiers":[{"up_to":"1000","unit_price":"0.10"},{"unit_price":"0.08"}]}'),
    (4, '{"model":"package","package_size":"100","package_price":"5"}'),
    (5, '{"model":"percentage","rate":"2.5","flat_fee":"0.30","free_events":"10","free_amount":"500","minimum_per_event":"0.10","maximum_per_event":"5"}'),
    (6, '{"model":"graduated_percentage","tiers":[{"up_to":"10000","rate":"5"},{"rate":"3","flat_fee":"100"}]}'),
    (7, '{"model":"flat","amount":"250"}'),
    (8, '{"minimum": 1.50, "maximum": "1e3", "discount": 10, "free_units": 500, "unit_price": "+.050",
          "conversion": {"scale": 2, "round": "half_up", "divide_by": "3600.0"}, "model": "per_unit"}'),
    (9, '{"model":"volume","tiers":[{"unit_price":-0.00,"package_size":24.0}],"conversion":{"multiply_by":"0.001"}}');
SELECT id, pricing FROM price ORDER BY id;

-- what is written reads back as the same, by every way
SELECT count(*) AS pricings,
       bool_and(pricing::text::pricing = pricing) AS as_text,
       bool_and(pricing::jsonb::pricing = pricing) AS as_jsonb,
       bool_and(pricing::text::pricing::text = pricing::text) AS canonical
FROM price;

-- equality is that of the values, not of how they are written
SELECT '{"model":"per_unit","unit_price":"0.10"}'::pricing = '{"unit_price":1e-1,"model":"per_unit"}' AS same,
       '{"model":"per_unit","unit_price":"0.10"}'::pricing <> '{"model":"per_unit","unit_price":"0.11"}' AS different;
SELECT pricing, count(*)
FROM (VALUES ('{"model":"flat","amount":1}'::pricing), ('{"model":"flat","amount":"1.0"}'),
             ('{"model":"flat","amount":2}')) AS v (pricing)
GROUP BY pricing ORDER BY pricing::text;
SELECT count(DISTINCT hashed) AS hashes FROM (SELECT pricing_hash(pricing) AS hashed FROM price) AS h;
SELECT pricing_hash_extended(pricing, 0) = pricing_hash_extended(pricing::text::pricing, 0) AS same,
       pricing_hash_extended(pricing, 0) <> pricing_hash_extended(pricing, 1) AS seeded
FROM price WHERE id = 1;

-- there is an order, so that GROUP BY can sort and UNIQUE has an index
CREATE TABLE unique_price (pricing pricing UNIQUE);
INSERT INTO unique_price SELECT pricing FROM price;
INSERT INTO unique_price SELECT pricing FROM price ON CONFLICT DO NOTHING;
SELECT count(*) AS pricings, count(*) FILTER (WHERE before < pricing AND NOT before >= pricing AND pricing > before AND before <= pricing) AS ordered
FROM (SELECT pricing, lag(pricing) OVER (ORDER BY pricing) AS before FROM unique_price) AS u;

-- assignment from and to jsonb
CREATE TABLE priced (pricing pricing, json jsonb);
INSERT INTO priced VALUES ('{"model":"flat","amount":1.0}'::jsonb, '{"model":"flat","amount":1.0}'::pricing);
SELECT * FROM priced;

-- what is wrong is refused, with its path

CREATE FUNCTION pg_temp.refusal(command text)
RETURNS TABLE (state text, message text, detail text, hint text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE command;
    message := 'NOT REFUSED';
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END;
$$;

\pset format unaligned
\pset tuples_only on
\pset fieldsep ' | '
SELECT d.definition, E'\n   ', r.state, r.message, r.detail, r.hint
FROM (VALUES
    ('5'),
    ('[]'),
    ('null'),
    ('{}'),
    ('{"model":null}'),
    ('{"model":"free"}'),
    ('{"model":"per_unit"}'),
    ('{"model":"per_unit","unit_prise":"1"}'),
    ('{"model":"per_unit","unit_price":"1","tiers":[]}'),
    ('{"model":"per_unit","unit_price":null}'),
    ('{"model":"per_unit","unit_price":true}'),
    ('{"model":"per_unit","unit_price":["1"]}'),
    ('{"model":"per_unit","unit_price":""}'),
    ('{"model":"per_unit","unit_price":"NaN"}'),
    ('{"model":"per_unit","unit_price":"Infinity"}'),
    ('{"model":"per_unit","unit_price":"1,5"}'),
    ('{"model":"per_unit","unit_price":" 1"}'),
    ('{"model":"per_unit","unit_price":"0x10"}'),
    ('{"model":"per_unit","unit_price":"."}'),
    ('{"model":"per_unit","unit_price":"1e"}'),
    ('{"model":"per_unit","unit_price":"1e60"}'),
    ('{"model":"per_unit","unit_price":1e-61}'),
    ('{"model":"per_unit","unit_price":"1e1000"}'),
    ('{"model":"per_unit","unit_price":NaN}'),
    ('{"model":"per_unit","unit_price":{"amount":"1"}}'),
    ('{"model":["per_unit"],"unit_price":"1"}'),
    ('{"model":"Per_unit","unit_price":"1"}'),
    ('{"model":"flat"}'),
    ('{"model":"flat","amount":"5","free_units":"1"}'),
    ('{"model":"flat","amount":"5","conversion":{"multiply_by":"2"}}'),
    ('{"model":"package","package_size":"0","package_price":"5"}'),
    ('{"model":"package","package_size":"-1","package_price":"5"}'),
    ('{"model":"package","package_price":"5"}'),
    ('{"model":"percentage"}'),
    ('{"model":"percentage","rate":"5","free_events":"1.5"}'),
    ('{"model":"percentage","rate":"5","free_events":"-1"}'),
    ('{"model":"percentage","rate":"5","free_amount":"-0.01"}'),
    ('{"model":"percentage","rate":"5","minimum_per_event":"-1"}'),
    ('{"model":"percentage","rate":"5","maximum_per_event":"-1"}'),
    ('{"model":"percentage","rate":"5","minimum_per_event":"2","maximum_per_event":"1"}'),
    ('{"model":"percentage","rate":"5","flat_fee":"1","free_units":"1"}'),
    ('{"model":"per_unit","unit_price":"5","free_events":"1"}'),
    ('{"model":"graduated"}'),
    ('{"model":"graduated","tiers":{}}'),
    ('{"model":"graduated","tiers":[]}'),
    ('{"model":"graduated","tiers":[5]}'),
    ('{"model":"graduated","tiers":[{}]}'),
    ('{"model":"graduated","tiers":[{"up_to":"10","unit_price":"1"}]}'),
    ('{"model":"graduated","tiers":[{"unit_price":"1"},{"unit_price":"2"}]}'),
    ('{"model":"graduated","tiers":[{"up_to":"0","unit_price":"1"},{"unit_price":"2"}]}'),
    ('{"model":"graduated","tiers":[{"up_to":"10","unit_price":"1"},{"up_to":"10.0","unit_price":"2"},{"unit_price":"3"}]}'),
    ('{"model":"volume","tiers":[{"up_to":"10","unit_price":"1"},{"up_to":"9","unit_price":"2"},{"unit_price":"3"}]}'),
    ('{"model":"graduated","tiers":[{"up_to":"-10","unit_price":"1"},{"unit_price":"2"}]}'),
    ('{"model":"graduated_percentage","tiers":[{"up_to":"10","rate":"1"},{"up_to":"10","rate":"2"},{"rate":"3"}]}'),
    ('{"model":"graduated_percentage","tiers":[{"rate":"1"},{"up_to":"10","rate":"2"}]}'),
    ('{"model":"graduated","tiers":[{"up_to":null,"unit_price":"1"}]}'),
    ('{"model":"graduated","tiers":[{"unit_price":"1","package_size":"0"}]}'),
    ('{"model":"volume","tiers":[{"unit_price":"1","package_size":"-10"}]}'),
    ('{"model":"volume","tiers":[{"rate":"1"}]}'),
    ('{"model":"graduated_percentage","tiers":[{"unit_price":"1"}]}'),
    ('{"model":"graduated_percentage","tiers":[{"rate":"1","package_size":"1"}]}'),
    ('{"model":"graduated","tiers":[{"unit_price":"1","up to":"1"}]}'),
    ('{"model":"graduated","unit_price":"1","tiers":[{"unit_price":"1"}]}'),
    ('{"model":"per_unit","unit_price":"1","free_units":"-1"}'),
    ('{"model":"per_unit","unit_price":"1","discount":"-1"}'),
    ('{"model":"per_unit","unit_price":"1","discount":"100.1"}'),
    ('{"model":"per_unit","unit_price":"1","minimum":"2","maximum":"1"}'),
    ('{"model":"per_unit","unit_price":"1","conversion":"2"}'),
    ('{"model":"per_unit","unit_price":"1","conversion":{}}'),
    ('{"model":"per_unit","unit_price":"1","conversion":{"divide_by":"2","multiply_by":"2"}}'),
    ('{"model":"per_unit","unit_price":"1","conversion":{"divide_by":"0"}}'),
    ('{"model":"per_unit","unit_price":"1","conversion":{"divide_by":"-1000"}}'),
    ('{"model":"per_unit","unit_price":"1","conversion":{"multiply_by":"-1"}}'),
    ('{"model":"per_unit","unit_price":"1","conversion":{"multiply_by":"2","round":"up","scale":"-1"}}'),
    ('{"model":"per_unit","unit_price":"1","conversion":{"divide_by":"3600"}}'),
    ('{"model":"per_unit","unit_price":"1","conversion":{"divide_by":"2","round":"down","scale":"1.5"}}'),
    ('{"model":"per_unit","unit_price":"1","conversion":{"divide_by":"2","round":"down","scale":"61"}}'),
    ('{"model":"per_unit","unit_price":"1","conversion":{"divide_by":"2","round":"even"}}'),
    ('{"model":"per_unit","unit_price":"1","conversion":{"divide_by":"2","scale":"2"}}'),
    ('{"model":"per_unit","unit_price":"1","conversion":{"divide_by":"2","rounding":"up"}}')
) AS d (definition), pg_temp.refusal(format('SELECT %L::pricing', definition)) AS r;
\pset tuples_only off
\pset format aligned

-- not JSON at all; too large; too many tiers; a key of any length
SELECT state, message FROM pg_temp.refusal($$ SELECT '{"model":'::pricing $$);
SELECT * FROM pg_temp.refusal($$ SELECT ('{"model":"' || repeat('x', 300000) || '"}')::pricing $$);
SELECT * FROM pg_temp.refusal($$ SELECT jsonb_build_object('model', repeat('x', 300000))::pricing $$);
SELECT state, message FROM pg_temp.refusal($$ SELECT repeat('[', 100000)::pricing $$);
SELECT * FROM pg_temp.refusal($$ SELECT ('{"model":"flat","amount":' || repeat('[', 500) || repeat(']', 500) || '}')::pricing $$);
SELECT * FROM pg_temp.refusal($$ SELECT ('{"model":"flat","amount":"' || repeat('0', 1001) || '"}')::pricing $$);
SELECT * FROM pg_temp.refusal($$ SELECT ('{"model":"flat","amount":"0.' || repeat('0', 20000) || '1"}')::pricing $$);
SELECT * FROM pg_temp.refusal($$ SELECT ('{"model":"flat","amount":1' || repeat('0', 100000) || '}')::pricing $$);
CREATE FUNCTION pg_temp.ladder(tiers integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('model', 'graduated', 'tiers',
        (SELECT jsonb_agg(jsonb_build_object('unit_price', i) || CASE WHEN i < tiers THEN jsonb_build_object('up_to', i) ELSE '{}' END
                          ORDER BY i)
         FROM generate_series(1, tiers) AS i))
$$;
SELECT rate(2000, pg_temp.ladder(1000)::pricing);
SELECT * FROM pg_temp.refusal($$ SELECT pg_temp.ladder(1001)::pricing $$);
-- a million tiers, let alone a billion, do not fit in what is read at all
SELECT * FROM pg_temp.refusal($$ SELECT ('{"model":"graduated","tiers":[' || repeat('{"up_to":1,"unit_price":1},', 1000000) || '{"unit_price":1}]}')::pricing $$);
SELECT length(detail) FROM pg_temp.refusal($$ SELECT ('{"model":"flat","amount":1,"' || repeat('é', 1000) || '":1}')::pricing $$);

-- rate: the worked examples of docs/pricing.md

SELECT id, quantity, rate(quantity, pricing)
FROM price, unnest('{0, 0.5, 100, 100.5, 1000, 1000.5, 1500, -10}'::numeric[]) AS quantity
WHERE id <= 7 AND id <> 5
ORDER BY id, quantity;

SELECT wanted, measure, rate(measure, pricing)
FROM (VALUES
    ('Azure at cost plus 8 %', 1234.56, '{"model":"per_unit","unit_price":"1.08"}'::pricing),
    ('10 % off', 1234.56, '{"model":"percentage","rate":"-10"}'),
    ('managed service fee, small', 1000, '{"model":"graduated_percentage","tiers":[{"up_to":"10000","rate":"8"},{"rate":"5"}],"minimum":"250"}'),
    ('managed service fee, large', 25000, '{"model":"graduated_percentage","tiers":[{"up_to":"10000","rate":"8"},{"rate":"5"}],"minimum":"250"}'),
    ('49 servers', 49, '{"model":"volume","tiers":[{"up_to":"49","unit_price":"35"},{"unit_price":"30"}]}'),
    ('50 servers', 50, '{"model":"volume","tiers":[{"up_to":"49","unit_price":"35"},{"unit_price":"30"}]}'),
    ('500 GB included, within', 480, '{"model":"per_unit","unit_price":"0.09","free_units":"500"}'),
    ('500 GB included, above', 620, '{"model":"per_unit","unit_price":"0.09","free_units":"500"}'),
    ('at least 1,000', 400, '{"model":"per_unit","unit_price":"1","minimum":"1000","maximum":"5000"}'),
    ('at most 5,000', 6400, '{"model":"per_unit","unit_price":"1","minimum":"1000","maximum":"5000"}'),
    ('seconds as started hours', 3601, '{"model":"per_unit","unit_price":"2","conversion":{"divide_by":"3600","round":"up"}}'),
    ('bytes as GiB, exactly', 1610612736, '{"model":"per_unit","unit_price":"2","conversion":{"divide_by":"1073741824"}}'),
    ('packages in a tier', 250, '{"model":"graduated","tiers":[{"up_to":"100","unit_price":"0.5"},{"unit_price":"8","package_size":"100"}]}')
) AS v (wanted, measure, pricing);

-- bounds are inclusive and cumulative: 100.5 with bounds 100 and 200 is in the second tier
SELECT quantity, rate(quantity, '{"model":"volume","tiers":[{"up_to":100,"unit_price":1},{"up_to":200,"unit_price":2},{"unit_price":3}]}')
FROM unnest('{99.999, 100, 100.000001, 100.5, 200, 200.1}'::numeric[]) AS quantity;

-- flat fees: graduated once for each tier reached, volume that of its tier only
SELECT quantity, rate(quantity, ('{"model":"graduated"' || tiers)::pricing) AS graduated,
       rate(quantity, ('{"model":"volume"' || tiers)::pricing) AS volume
FROM unnest('{0, 100, 101, 201, -5}'::numeric[]) AS quantity,
     (VALUES (',"tiers":[{"up_to":100,"unit_price":1,"flat_fee":10},{"up_to":200,"unit_price":1,"flat_fee":20},{"unit_price":1,"flat_fee":40}]}')) AS t (tiers);

-- quantity 0: the first flat fee is due, packages and percentages give 0, a minimum holds
SELECT id, rate(0, pricing) FROM price ORDER BY id;
SELECT rate(0, '{"model":"percentage","rate":1,"flat_fee":2,"minimum_per_event":3}') AS percentage,
       rate(0, '{"model":"percentage","rate":1,"minimum":3}') AS with_minimum,
       rate(5, '{"model":"graduated","tiers":[{"unit_price":1,"flat_fee":7}],"free_units":5}') AS all_free;

-- packages: started ones count, negative ones are rounded toward zero
SELECT quantity, rate(quantity, '{"model":"package","package_size":"100","package_price":"5"}')
FROM unnest('{0.001, 100, 100.001, 200, -0.5, -99, -100, -250}'::numeric[]) AS quantity;

-- conversion: up, down and half_up, with and without an exact reciprocal
SELECT quantity, divisor, rounding, rate(quantity, format(
           '{"model":"per_unit","unit_price":1,"conversion":{"divide_by":%s,"round":"%s","scale":1}}', divisor, rounding)::pricing)
FROM unnest('{4.5, 4.6, -4.5, -4.6, 0}'::numeric[]) AS quantity, unnest('{10, 3}'::numeric[]) AS divisor,
     unnest('{up,down,half_up}'::text[]) AS rounding
ORDER BY divisor, quantity, rounding;
-- free units come after the rounding: 2 - 0.5, not what is left of 1.4 - 0.5
SELECT rate(1.4, '{"model":"per_unit","unit_price":1,"free_units":"0.5","conversion":{"multiply_by":1,"round":"up"}}');
-- order: discount, maximum, minimum
SELECT rate(1000, '{"model":"per_unit","unit_price":1,"discount":10,"maximum":950}') AS discount_first,
       rate(1000, '{"model":"per_unit","unit_price":1,"discount":10,"maximum":850}') AS then_maximum,
       rate(1000, '{"model":"per_unit","unit_price":1,"discount":100,"maximum":850,"minimum":20}') AS then_minimum;

-- a negative total: the first price, no flat fee
SELECT id, rate(-150, pricing) FROM price ORDER BY id;

-- percentage on one event
SELECT quantity, rate(quantity, '{"model":"percentage","rate":"2.5","flat_fee":"0.30","minimum_per_event":"0.50","maximum_per_event":"5"}') AS clamped,
       rate(quantity, '{"model":"percentage","rate":"2.5","flat_fee":"0.30","free_amount":"50"}') AS crossing,
       rate(quantity, '{"model":"percentage","rate":"2.5","flat_fee":"0.30","free_events":"1"}') AS one_free,
       rate(quantity, '{"model":"percentage","rate":"2.5","flat_fee":"0.30","free_events":"0","free_amount":"50"}') AS both
FROM unnest('{0, 1, 50, 60, 1000, -20}'::numeric[]) AS quantity;

-- exact: every digit counts, none is made up
SELECT rate(123456789012345678901234567890.123456789, '{"model":"per_unit","unit_price":"0.000000000000000000001"}'),
       rate(1e-50, '{"model":"per_unit","unit_price":"1e-50"}') = 1e-100 AS small,
       rate(3, '{"model":"percentage","rate":"33.333333333333333333"}');
SELECT rate(NULL, '{"model":"flat","amount":1}'), rate(1, NULL);
SELECT r.* FROM unnest('{NaN,Infinity,-Infinity}'::numeric[]) AS q, pg_temp.refusal(format('SELECT rate(%L, %L)', q, '{"model":"flat","amount":1}')) AS r;

-- rate_steps

SELECT id, rated, s.*
FROM price, unnest('{0, 1500, -10}'::numeric[]) AS rated, rate_steps(rated, pricing) AS s
WHERE id <= 7 AND id <> 5
ORDER BY id, rated, s.tier NULLS LAST;
SELECT * FROM rate_steps(10000000, (SELECT pricing FROM price WHERE id = 8));
SELECT * FROM rate_steps(700, '{"model":"graduated","tiers":[{"up_to":100,"unit_price":1,"flat_fee":2},{"up_to":"200","unit_price":9,"package_size":30},{"unit_price":"0.5"}],"free_units":350,"discount":10,"maximum":100}');
SELECT * FROM rate_steps(1000, '{"model":"percentage","rate":"2.5","flat_fee":"0.30","free_amount":"300","maximum_per_event":"5","minimum":"7"}');
SELECT * FROM rate_steps(150, '{"model":"volume","tiers":[{"up_to":100,"unit_price":1,"flat_fee":2},{"unit_price":"0.5","flat_fee":3}]}');
SELECT * FROM rate_steps(NULL, '{"model":"flat","amount":1}');

-- rate() and the sum of rate_steps() against an oracle in plain PL/pgSQL

CREATE FUNCTION pg_temp.packages(quantity numeric, size numeric) RETURNS numeric LANGUAGE sql AS $$
    SELECT CASE WHEN size IS NULL THEN quantity
                WHEN quantity >= 0 THEN ceil((quantity + 0.00000000000000000000) / size)
                ELSE -floor((-quantity + 0.00000000000000000000) / size) END
$$;

-- one event, of which there were number before, with their amount
CREATE FUNCTION pg_temp.event(quantity numeric, p jsonb, number integer, running numeric)
RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    free_events numeric := p->>'free_events';
    free_amount numeric := p->>'free_amount';
    charged numeric := quantity;
    result numeric;
BEGIN
    IF coalesce(free_events, free_amount) IS NOT NULL AND (free_events IS NULL OR number + 1 <= free_events) THEN
        IF free_amount IS NULL THEN
            charged := 0;
        ELSE
            charged := greatest(running + quantity, free_amount) - greatest(running, free_amount);
        END IF;
    END IF;
    result := charged * (p->>'rate')::numeric / 100;
    IF charged > 0 THEN
        result := result + coalesce((p->>'flat_fee')::numeric, 0);
        result := least(result, (p->>'maximum_per_event')::numeric);
        result := greatest(result, (p->>'minimum_per_event')::numeric);
    END IF;
    RETURN result;
END;
$$;

CREATE FUNCTION pg_temp.converted(quantity numeric, c jsonb) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    x numeric;
    unit numeric := 10::numeric ^ coalesce((c->>'scale')::integer, 0);
BEGIN
    IF c IS NULL THEN
        RETURN quantity;
    END IF;
    x := coalesce(quantity * (c->>'multiply_by')::numeric,
                  (quantity + 0.000000000000000000000000000000000000000000000000000000000000) / (c->>'divide_by')::numeric);
    RETURN CASE c->>'round'
        WHEN 'up' THEN ceil(x * unit) / unit
        WHEN 'down' THEN CASE WHEN x > 0 THEN floor(x * unit) / unit ELSE ceil(x * unit) / unit END
        WHEN 'half_up' THEN sign(x) * floor(abs(x) * unit + 0.5) / unit
        ELSE x END;
END;
$$;

CREATE FUNCTION pg_temp.adjusted(result numeric, p jsonb) RETURNS numeric LANGUAGE sql AS $$
    SELECT greatest(least(result * (1 - coalesce((p->>'discount')::numeric, 0) * 0.01), (p->>'maximum')::numeric),
                    (p->>'minimum')::numeric)
$$;

CREATE FUNCTION pg_temp.oracle(quantity numeric, p jsonb) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    model text := p->>'model';
    q numeric := pg_temp.converted(quantity, p->'conversion');
    result numeric := 0;
    lower_bound numeric := 0;
    slice numeric;
    t jsonb;
BEGIN
    IF q > 0 THEN
        q := greatest(q - coalesce((p->>'free_units')::numeric, 0), 0);
    END IF;
    IF model = 'flat' THEN
        result := p->>'amount';
    ELSIF model = 'per_unit' THEN
        result := q * (p->>'unit_price')::numeric;
    ELSIF model = 'package' THEN
        result := pg_temp.packages(q, (p->>'package_size')::numeric) * (p->>'package_price')::numeric;
    ELSIF model = 'percentage' THEN
        result := pg_temp.event(q, p, 0, 0);
    ELSE
        FOR t IN SELECT value FROM jsonb_array_elements(p->'tiers') LOOP
            IF model = 'volume' THEN
                CONTINUE WHEN q > (t->>'up_to')::numeric;
                slice := q;
            ELSE
                slice := least(q, (t->>'up_to')::numeric) - lower_bound;
            END IF;
            result := result + pg_temp.packages(slice, (t->>'package_size')::numeric)
                      * coalesce((t->>'unit_price')::numeric, (t->>'rate')::numeric * 0.01);
            IF q >= 0 THEN
                result := result + coalesce((t->>'flat_fee')::numeric, 0);
            END IF;
            EXIT WHEN model = 'volume' OR q <= coalesce((t->>'up_to')::numeric, q);
            lower_bound := t->>'up_to';
        END LOOP;
    END IF;
    RETURN pg_temp.adjusted(result, p);
END;
$$;

-- a number of at most this size, of 0 to 4 decimals
CREATE FUNCTION pg_temp.number(size numeric) RETURNS numeric VOLATILE LANGUAGE sql AS $$
    SELECT trunc((random() * size::double precision)::numeric, (random() * 4)::integer)
$$;

CREATE FUNCTION pg_temp.options(p jsonb, VARIADIC options jsonb[]) RETURNS jsonb VOLATILE LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..array_length(options, 1) LOOP
        IF random() < 0.3 THEN
            p := p || options[i];
        END IF;
    END LOOP;
    RETURN p;
END;
$$;

CREATE FUNCTION pg_temp.random_pricing() RETURNS jsonb VOLATILE LANGUAGE plpgsql AS $$
DECLARE
    model text := (ARRAY['per_unit', 'graduated', 'volume', 'package', 'percentage', 'graduated_percentage', 'flat'])[1 + floor(random() * 7)::integer];
    p jsonb := jsonb_build_object('model', model);
    tiers jsonb := '[]';
    t jsonb;
    bound numeric := 0;
    limit_ numeric := pg_temp.number(50);
    count_ integer := 1 + floor(random() * 5)::integer;
BEGIN
    IF model = 'per_unit' THEN
        p := p || jsonb_build_object('unit_price', pg_temp.number(4) - 1);
    ELSIF model = 'flat' THEN
        p := p || jsonb_build_object('amount', (pg_temp.number(400) - 100)::text);
    ELSIF model = 'package' THEN
        p := p || jsonb_build_object('package_size', 0.01 + pg_temp.number(40), 'package_price', pg_temp.number(9));
    ELSIF model = 'percentage' THEN
        p := pg_temp.options(p || jsonb_build_object('rate', pg_temp.number(30) - 5),
            jsonb_build_object('flat_fee', pg_temp.number(3)), jsonb_build_object('free_events', floor(random() * 4)),
            jsonb_build_object('free_amount', pg_temp.number(200)), jsonb_build_object('minimum_per_event', pg_temp.number(2)),
            jsonb_build_object('maximum_per_event', 2 + pg_temp.number(20)));
    ELSE
        FOR i IN 1..count_ LOOP
            t := jsonb_build_object(CASE model WHEN 'graduated_percentage' THEN 'rate' ELSE 'unit_price' END, pg_temp.number(10) - 2);
            bound := bound + 1 + pg_temp.number(90);
            IF i < count_ THEN
                t := t || jsonb_build_object('up_to', bound);
            END IF;
            t := pg_temp.options(t, jsonb_build_object('flat_fee', (pg_temp.number(20) - 2)::text));
            IF model <> 'graduated_percentage' THEN
                t := pg_temp.options(t, jsonb_build_object('package_size', 0.25 + pg_temp.number(30)));
            END IF;
            tiers := tiers || t;
        END LOOP;
        p := p || jsonb_build_object('tiers', tiers);
    END IF;
    p := pg_temp.options(p, jsonb_build_object('discount', pg_temp.number(100)),
        jsonb_build_object('minimum', limit_), jsonb_build_object('maximum', limit_ + pg_temp.number(500)));
    IF model <> 'flat' THEN
        p := pg_temp.options(p, jsonb_build_object('conversion', CASE WHEN random() < 0.5
            THEN jsonb_build_object('multiply_by', 0.001 + pg_temp.number(3))
            ELSE jsonb_build_object('divide_by', (ARRAY[3, 7, 24, 1024, 3600, 0.3, 0.5, 12.5])[1 + floor(random() * 8)::integer]) END
            || jsonb_build_object('round', (ARRAY['up', 'down', 'half_up'])[1 + floor(random() * 3)::integer], 'scale', floor(random() * 4))));
    END IF;
    IF model NOT IN ('flat', 'percentage') THEN
        p := pg_temp.options(p, jsonb_build_object('free_units', pg_temp.number(100)));
    END IF;
    RETURN p;
END;
$$;

SELECT setseed(0.42);
CREATE TEMP TABLE sample AS
SELECT i, json, json::pricing AS pricing FROM (SELECT i, pg_temp.random_pricing() AS json FROM generate_series(1, 4000) AS i) AS s;

-- quantities: any, on a bound, 0, small, negative
CREATE TEMP TABLE rated AS
SELECT i, json, pricing, quantity, rate(quantity, pricing), pg_temp.oracle(quantity, json) AS expected,
       (SELECT sum(s.amount) FROM rate_steps(quantity, pricing) AS s) AS steps,
       (SELECT sum(s.quantity) FROM rate_steps(quantity, pricing) AS s) AS measured,
       (SELECT bool_and(s.amount = coalesce(s.packages, s.quantity) * coalesce(s.unit_price, 0) + coalesce(s.flat_fee, 0))
        FROM rate_steps(quantity, pricing) AS s WHERE s.step IN ('tier')) AS explained
FROM (SELECT *, unnest(ARRAY[pg_temp.number(400), coalesce((json->'tiers'->0->>'up_to')::numeric, 100),
                            0, pg_temp.number(1), -pg_temp.number(300)]) AS quantity FROM sample) AS s;
SELECT count(*) AS cases, count(DISTINCT json->>'model') AS models,
       count(*) FILTER (WHERE rate IS DISTINCT FROM expected) AS rate_differs,
       count(*) FILTER (WHERE steps IS DISTINCT FROM rate) AS steps_differ,
       count(*) FILTER (WHERE measured IS DISTINCT FROM pg_temp.converted(quantity, json->'conversion')) AS quantity_differs,
       count(*) FILTER (WHERE explained IS DISTINCT FROM true) AS unexplained
FROM rated;
SELECT json, quantity, rate, expected, steps FROM rated WHERE rate IS DISTINCT FROM expected OR steps IS DISTINCT FROM rate LIMIT 5;
SELECT count(*) AS pricings, count(*) FILTER (WHERE pricing::text::pricing = pricing AND pricing::jsonb::pricing = pricing
                                              AND pricing::text::pricing::text = pricing::text) AS round_trips
FROM sample;

-- rated_sum: the amount of the total

SELECT id, rated_sum(quantity, pricing), rate(sum(quantity), pricing) AS expected
FROM price, unnest('{400.5, NULL, 600, 500.5, -1}'::numeric[]) AS quantity
WHERE id <> 5
GROUP BY id, pricing ORDER BY id;
-- none, and none but NULL
SELECT rated_sum(quantity, pricing) FROM (SELECT 1::numeric, pricing FROM price LIMIT 0) AS v (quantity, pricing);
SELECT rated_sum(NULL, pricing) FROM price;
SELECT rated_sum(1, NULL);
-- one pricing
SELECT * FROM pg_temp.refusal('SELECT rated_sum(1, pricing ORDER BY id) FROM price WHERE id IN (1, 7)');
SELECT * FROM pg_temp.refusal('SELECT rated_sum(1, CASE WHEN id <> 2 THEN ''{"model":"flat","amount":1}''::pricing END ORDER BY id) FROM price WHERE id < 4');
SELECT * FROM pg_temp.refusal('SELECT rated_sum(1, CASE WHEN id > 2 THEN ''{"model":"flat","amount":1}''::pricing END ORDER BY id) FROM price WHERE id < 4');
SELECT * FROM pg_temp.refusal('SELECT rated_sum(''NaN'', ''{"model":"flat","amount":1}'')');
-- a running ladder
SELECT n, quantity, rated_sum(quantity, '{"model":"graduated","tiers":[{"up_to":10,"unit_price":1,"flat_fee":5},{"unit_price":"0.5"}]}') OVER (ORDER BY n) AS running,
       rated_sum(quantity, '{"model":"percentage","rate":10,"flat_fee":1,"free_events":2,"free_amount":9}') OVER (ORDER BY n) AS events
FROM (VALUES (1, 4), (2, 6), (3, 0.5), (4, NULL), (5, 100), (6, -50)) AS v (n, quantity);

-- event by event, against the oracle
CREATE TEMP TABLE event AS
SELECT i, number, pg_temp.number(CASE WHEN random() < 0.5 THEN 200 ELSE 20 END) - 10 AS quantity
FROM sample, generate_series(1, 8) AS number WHERE json->>'model' = 'percentage';
CREATE FUNCTION pg_temp.oracle_events(sample_id integer, p jsonb) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    result numeric := 0;
    running numeric := 0;
    e record;
BEGIN
    FOR e IN SELECT number, pg_temp.converted(quantity, p->'conversion') AS quantity FROM event WHERE i = sample_id ORDER BY number LOOP
        result := result + pg_temp.event(e.quantity, p, e.number - 1, running);
        running := running + e.quantity;
    END LOOP;
    RETURN pg_temp.adjusted(result, p);
END;
$$;
-- those that have nothing counted by event convert and rate the total
WITH summed AS (
    SELECT i, json, rated_sum(quantity, pricing ORDER BY number) AS result, rate(sum(quantity), pricing) AS of_total,
           json ?| '{flat_fee,free_events,free_amount,minimum_per_event,maximum_per_event}' AS by_event
    FROM sample JOIN event USING (i) GROUP BY i, json, pricing
)
SELECT by_event, count(*) > 50 AS cases,
       count(*) FILTER (WHERE result IS DISTINCT FROM CASE WHEN by_event THEN pg_temp.oracle_events(i, json) ELSE of_total END) AS differences
FROM summed GROUP BY by_event ORDER BY by_event;

-- parallel and serial are the same, and so are parts put together
CREATE FUNCTION pg_temp.plan_has(query text, word text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
        IF line LIKE '%' || word || '%' THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END;
$$;
CREATE TABLE usage (n integer, meter integer, quantity numeric, pricing pricing, fee pricing, free pricing, ordered pricing)
PARTITION BY RANGE (n);
CREATE TABLE usage_1 PARTITION OF usage FOR VALUES FROM (0) TO (3000);
CREATE TABLE usage_2 PARTITION OF usage FOR VALUES FROM (3000) TO (8000);
CREATE TABLE usage_3 PARTITION OF usage FOR VALUES FROM (8000) TO (30000);
INSERT INTO usage
SELECT g, g % 7, (g % 1000) / 8.0, '{"model":"graduated","tiers":[{"up_to":1000,"unit_price":"0.1"},{"unit_price":"0.03"}]}',
       '{"model":"percentage","rate":1,"flat_fee":"0.01","minimum_per_event":"0.02"}',
       ('{"model":"percentage","rate":1,"free_amount":"' || 100 * (g % 7) || '"}')::pricing,
       '{"model":"percentage","rate":1,"flat_fee":"0.01","free_events":600,"free_amount":30000}'
FROM generate_series(1, 20000) AS g;
CREATE VIEW bill AS
SELECT meter, rated_sum(quantity, pricing) AS price, rated_sum(quantity, fee) AS fee, rated_sum(quantity, free) AS free, rated_sum(quantity, ordered) AS ordered
FROM usage GROUP BY meter;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE serial AS SELECT * FROM bill;
SET enable_partitionwise_aggregate = on;
SELECT pg_temp.plan_has('SELECT * FROM bill', 'Partial') AS partial;
CREATE TEMP TABLE parts AS SELECT * FROM bill;
SELECT count(*) AS meters, count(*) FILTER (WHERE s.price = p.price AND s.fee = p.fee AND s.free = p.free AND s.ordered = p.ordered) AS same
FROM serial AS s JOIN parts AS p USING (meter);
-- of nothing, and of NULL
SELECT rated_sum(quantity, pricing) FROM usage WHERE quantity < 0;
SELECT rated_sum(CASE WHEN n = 9000 THEN 1 END, pricing) AS one, rated_sum(n, CASE WHEN n < 0 THEN pricing END) AS unpriced FROM usage;
-- NULL pricings in one part, and not in the others
SELECT state, message FROM pg_temp.refusal('SELECT rated_sum(n, CASE WHEN n >= 3000 THEN pricing END) FROM usage');
SELECT state, message FROM pg_temp.refusal('SELECT rated_sum(n, CASE WHEN n < 3000 THEN pricing END) FROM usage');
RESET enable_partitionwise_aggregate;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ANALYZE usage;
SELECT pg_temp.plan_has('SELECT * FROM bill', 'Partial') AS partial;
CREATE TEMP TABLE parallel AS SELECT * FROM bill;
SELECT count(*) AS meters, count(*) FILTER (WHERE s.price = p.price AND s.fee = p.fee AND s.free = p.free) AS same
FROM serial AS s JOIN parallel AS p USING (meter);
-- a pricing that differs is seen between workers too
SELECT state, message FROM pg_temp.refusal('SELECT rated_sum(n, CASE WHEN n < 10000 THEN fee ELSE pricing END) FROM usage');
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- binary form, by COPY to a file of the server and back

CREATE FUNCTION pg_temp.copy_binary(source text, target text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    file text := current_setting('data_directory') || '/copy_binary';
BEGIN
    EXECUTE format('COPY %s TO %L (FORMAT binary)', source, file);
    EXECUTE format('COPY %s FROM %L (FORMAT binary)', target, file);
END;
$$;
CREATE TABLE price_copy (id integer, pricing pricing);
SELECT pg_temp.copy_binary('price', 'price_copy');
SELECT count(*) AS copied FROM price JOIN price_copy USING (id, pricing);
-- what arrives is read like any other input
CREATE TABLE received (pricing pricing);
CREATE FUNCTION pg_temp.receive(message bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    file text := current_setting('data_directory') || '/receive';
    file_id oid := lo_from_bytea(0, '\x5047434f50590aff0d0a00'::bytea || '\x00000000000000000001' || int4send(length(message)) || message || '\xffff');
BEGIN
    PERFORM lo_export(file_id, file);
    PERFORM lo_unlink(file_id);
    EXECUTE format('COPY received FROM %L (FORMAT binary)', file);
END;
$$;
SELECT r.* FROM (VALUES
    (1, '\x01'::bytea || convert_to('{"model":"flat","amount":"1"}', 'UTF8')),
    (2, '\x02'::bytea || convert_to('{"model":"flat","amount":"1"}', 'UTF8')),
    (3, '\x01'::bytea || convert_to('{"model":"flat","amount":"x"}', 'UTF8')),
    (4, '\x01'::bytea || convert_to('{"model":"flat"', 'UTF8') || '\xff00'),
    (5, '\x'::bytea)
) AS v (n, message), pg_temp.refusal(format('SELECT pg_temp.receive(%L)', message)) AS r ORDER BY n;
SELECT * FROM received;

-- the form on disk has a version: the first byte
CREATE CAST (pricing AS bytea) WITHOUT FUNCTION;
CREATE CAST (bytea AS pricing) WITHOUT FUNCTION;
CREATE TABLE from_other_release (pricing pricing);
INSERT INTO from_other_release SELECT set_byte(pricing::bytea, 0, 2)::pricing FROM price WHERE id = 2;
SELECT r.*
FROM unnest(ARRAY['SELECT pricing::text FROM from_other_release', 'SELECT rate(1, pricing) FROM from_other_release',
                  'SELECT rate_steps(1, pricing) FROM from_other_release', 'SELECT rated_sum(1, pricing) FROM from_other_release',
                  'SELECT pricing::jsonb FROM from_other_release', 'SELECT pricing_send(pricing) FROM from_other_release'])
     WITH ORDINALITY AS c (command, n), pg_temp.refusal(command) AS r
ORDER BY n;
DROP CAST (pricing AS bytea);
DROP CAST (bytea AS pricing);

-- nonsense in, clean errors out

CREATE FUNCTION pg_temp.mutated(definition text) RETURNS text VOLATILE LANGUAGE plpgsql AS $$
DECLARE
    words text[] := ARRAY['{', '}', '[', ']', '"', ':', ',', '0', '-', '1e', '1e999', '"NaN"', 'null', 'true', '{}', '[]', '""', '\u0000', '\ud800', '"up_to":',
                          '"tiers":', '"model":', '"rate":', '"x":1,', '99999999999999999999999999999999999999999999999999999999999999', 'é', ' ', '.', '\', '"round":"up",'];
    at integer;
BEGIN
    FOR i IN 1..1 + floor(random() * 3)::integer LOOP
        at := floor(random() * (length(definition) + 1))::integer;
        definition := CASE floor(random() * 4)::integer
            WHEN 0 THEN left(definition, at) || substr(definition, at + 1 + floor(random() * 8)::integer)
            WHEN 1 THEN left(definition, at) || substr(definition, floor(random() * length(definition))::integer, floor(random() * 30)::integer) || substr(definition, at + 1)
            ELSE left(definition, at) || words[1 + floor(random() * array_length(words, 1))::integer] || substr(definition, at + 1 + floor(random() * 2)::integer)
        END;
    END LOOP;
    RETURN definition;
END;
$$;
CREATE TEMP TABLE fuzz (state text, message text);
DO $$
DECLARE
    definition text;
    value pricing;
    state text;
    message text;
BEGIN
    FOR definition IN SELECT pg_temp.mutated(s.json::text) FROM sample AS s, generate_series(1, 3) LOOP
        BEGIN
            value := definition::pricing;
            PERFORM rate(10, value), rate(-10, value);
            IF value::text::pricing <> value THEN
                RAISE EXCEPTION 'not canonical: %', definition;
            END IF;
            INSERT INTO fuzz VALUES ('00000', 'accepted');
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
            INSERT INTO fuzz VALUES (state, message);
        END;
    END LOOP;
END;
$$;
SELECT count(*) AS inputs FROM fuzz;
-- 22P02 is ours and that of JSON; jsonb has others for a number or a character that it cannot hold
SELECT state, message FROM fuzz
WHERE state NOT IN ('00000', '22P02', '22003', '22P05') OR state = '22P02' AND message NOT IN ('invalid pricing', 'invalid input syntax for type json');
SELECT count(DISTINCT message) >= 3 AS of_every_kind FROM fuzz WHERE state IN ('00000', '22P02');

DROP VIEW bill;
DROP TABLE from_other_release, price, priced, unique_price, price_copy, received, usage;
