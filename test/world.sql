\set ECHO none
\set QUIET on
-- Random worlds of charges, owners and price rules, for tests of properties.
INSERT INTO seller (name) VALUES ('Seller');
-- Two trees: odd customers live in Amsterdam, even ones in Chicago.
INSERT INTO customer (seller_id, parent_id, number, name, time_zone)
VALUES (1, NULL, '1', 'One', NULL), (1, NULL, '2', 'Two', 'America/Chicago'), (1, 1, '3', 'Three', NULL),
    (1, 2, '4', 'Four', 'America/Chicago'), (1, 3, '5', 'Five', NULL), (1, 4, '6', 'Six', 'America/Chicago');
-- Outside the EU, so that documents in dollars have no VAT to be declared in euros.
UPDATE customer SET country = 'US';

CREATE FUNCTION pg_temp.pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE
RETURN choices[1 + floor(random() * cardinality(choices))::int];

-- One random world; with everything, also what the oracle of rating_random does not know: included quantities,
-- ladders that continue, and resellers.
CREATE FUNCTION pg_temp.make(seed float, everything boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM setseed(seed);
    TRUNCATE usage;
    DELETE FROM ownership;
    DELETE FROM price_rule;

    -- Accounts, services and SKUs; half of the charges near a month's end.
    INSERT INTO usage (account, service, sku, resource, unit, quantity, cost, effective, list, contracted, currency,
        category, region, tags, starts)
    SELECT 'a' || a, 'S' || k % 3, nullif('k' || k, 'k0'), pg_temp.pick('r1', 'r2', 'r3', NULL), pg_temp.pick('Hours', 'Hours', 'GB', NULL),
        CASE WHEN random() < 0.9 THEN round((random() * 2000 - 200)::numeric, (random() * 8)::int) END,
        round((random() * 100 - 10)::numeric, (random() * 10)::int),
        CASE WHEN random() < 0.5 THEN round((random() * 100)::numeric, 4) END,
        CASE WHEN random() < 0.8 THEN round((random() * 150)::numeric, 4) END,
        CASE WHEN random() < 0.8 THEN round((random() * 120)::numeric, 4) END,
        CASE WHEN random() < 0.8 THEN 'EUR' ELSE 'USD' END,
        pg_temp.pick('Usage', 'Usage', 'Usage', 'Purchase', 'Credit', 'Tax'),
        pg_temp.pick('eu', 'us', 'asia', NULL),
        CASE WHEN random() < 0.4 THEN jsonb_build_object('team', 't' || a % 2 || '-' || (random() * 2)::int, 'n', (random() * 3)::int) END,
        CASE WHEN random() < 0.5
            THEN pg_temp.pick('2026-08-31 12:00Z', '2026-09-30 12:00Z', '2026-09-15 12:00Z')::timestamptz + random() * interval '1 day'
            ELSE '2026-08-20Z'::timestamptz + random() * interval '50 days' END
    FROM (SELECT (random() * 5)::int AS a, (random() * 6)::int AS k FROM generate_series(1, 250)) AS g;

    -- An account's owners have one zone: days of a change are the customer's.
    INSERT INTO ownership (customer_id, position, billing_account_id, sub_account_id, tag_key, tag_value, valid_during)
    SELECT 2 - a % 2 + 2 * floor(random() * 3)::int, floor(random() * 2)::int, CASE WHEN random() < 0.3 THEN 'payer' END,
        CASE WHEN NOT by_tag OR random() < 0.2 THEN 'a' || a END, CASE WHEN by_tag THEN 'team' END,
        CASE WHEN by_tag THEN 't' || a % 2 || '-' || (random() * 2)::int END,
        pg_temp.pick('(,)', '(,)', '(,2026-09-16)', '[2026-09-16,)', '[2026-09-10,2026-09-20)', '[2026-09-01,2026-10-01)', '(,2026-09-30)')::daterange
    FROM (SELECT floor(random() * 6)::int AS a, random() < 0.4 AS by_tag FROM generate_series(1, 14)) AS g
    ON CONFLICT DO NOTHING;

    PERFORM pg_temp.deliver();

    INSERT INTO price_rule (name, customer_id, product_id, selector, valid_during, measure, per, pricing, effect, position, currency, skip_zero)
    SELECT 'rule', CASE WHEN random() < 0.5 THEN 1 + floor(random() * 6)::int END, product_id,
        pg_temp.pick(NULL, NULL, '{"region":"eu"}', '{"region":["eu","us"]}', '{"category":"Usage","region":"us"}')::selector,
        pg_temp.pick('(,)', '(,)', '(,)', '(,2026-09-16)', '[2026-09-16,)', '[2026-09-01,2026-10-01)')::daterange,
        measure,
        per,
        CASE WHEN per = 'charge' OR random() < 0.15 AND measure <> 'amount'
            THEN pg_temp.pick('{"model":"percentage","rate":"2.5","flat_fee":"0.30","minimum_per_event":"1","maximum_per_event":"20"}',
                '{"model":"per_unit","unit_price":"1.0825"}', '{"model":"flat","amount":"0.25"}')
        ELSE pg_temp.pick(
            '{"model":"per_unit","unit_price":"1.0825"}',
            '{"model":"per_unit","unit_price":"0.05","free_units":"500"}',
            '{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10","flat_fee":"5"},{"unit_price":"0.08"}]}',
            '{"model":"volume","tiers":[{"up_to":"1000","unit_price":"0.10"},{"unit_price":"0.08","flat_fee":"3"}]}',
            '{"model":"flat","amount":"25"}',
            '{"model":"percentage","rate":"-10"}',
            '{"model":"percentage","rate":"2.5"}',
            '{"model":"package","package_size":"100","package_price":"5"}',
            '{"model":"graduated_percentage","tiers":[{"up_to":"1000","rate":"8"},{"rate":"5"}],"minimum":"25"}',
            '{"model":"per_unit","unit_price":"0.07","discount":"12.5","maximum":"90"}') END::pricing,
        effect, floor(random() * 2)::int,
        CASE WHEN NOT measure_is_money(measure) OR random() < 0.3 THEN pg_temp.pick('EUR', 'EUR', 'USD') END,
        random() < 0.1
    FROM (
        SELECT effect, measure, product_id, CASE WHEN measure_is_money(measure) AND measure <> 'amount' OR measure IN ('quantity', 'events')
            THEN pg_temp.pick('scope', 'account', 'sku', 'resource', 'charge', 'tags.team', 'tags.n')
            ELSE pg_temp.pick('scope', 'account', 'sku', 'resource', 'tags.team') END AS per
        FROM (
        SELECT effect, CASE effect WHEN 'limit' THEN 'amount' ELSE pg_temp.pick('quantity', 'quantity', 'billed_cost', 'effective_cost', 'list_cost', 'contracted_cost',
            'events', 'resources', 'peak', 'latest', 'weighted', 'p95',
            CASE effect WHEN 'set' THEN 'quantity' ELSE 'amount' END, CASE effect WHEN 'set' THEN 'billed_cost' ELSE 'amount' END) END AS measure,
            (ARRAY(SELECT p.product_id FROM product AS p ORDER BY 1))[1 + floor(random() * 4 * random() * (SELECT count(*) / 4.0 FROM product))::int] AS product_id
        FROM (SELECT pg_temp.pick('set', 'set', 'set', 'set', 'adjust', 'add', 'limit') AS effect FROM generate_series(1, 25)) AS e
    ) AS h
    ) AS g
    ON CONFLICT DO NOTHING;

    UPDATE customer SET resells = everything AND customer_id IN (2, 3) WHERE resells <> (everything AND customer_id IN (2, 3));
    IF NOT everything THEN
        RETURN;
    END IF;
    -- Rules of resellers: a part of those there are; prices that go on with a ladder; quantities that are included.
    INSERT INTO price_rule (name, reseller_id, product_id, selector, valid_during, measure, per, pricing, effect, position, currency)
    SELECT 'resale', 2 + floor(random() * 2)::int, r.product_id, r.selector, r.valid_during, r.measure, r.per, r.pricing, r.effect, r.position, r.currency
    FROM price_rule AS r
    ON CONFLICT DO NOTHING;
    PERFORM price_rule_replace(r.price_rule_id, '2026-09-11', r.pricing, true)
    FROM price_rule AS r
    WHERE r.measure ~ '(cost|quantity|events)$' AND r.effect <> 'limit' AND r.per <> 'charge' AND r.valid_during @> daterange('2026-09-10', '2026-09-12') AND random() < 0.4;
    INSERT INTO price_rule (name, product_id, selector, measure, per, pricing, effect, position, currency, bundle, included, roll_over)
    SELECT 'included', (ARRAY(SELECT p.product_id FROM product AS p ORDER BY 1))[1 + floor(random() * (SELECT count(*) FROM product))::int],
        pg_temp.pick(NULL, '{"region":"eu"}')::selector, 'quantity', pg_temp.pick('scope', 'account', 'sku', 'tags.team'),
        pg_temp.pick('{"model":"per_unit","unit_price":"0"}', '{"model":"per_unit","unit_price":"0.01"}')::pricing, 'include', n, 'EUR',
        pg_temp.pick(NULL, 'b'), 1500.5, floor(random() * 3)::int
    FROM generate_series(1, 5) AS n;
END
$$;
\set QUIET off
\set ECHO all
