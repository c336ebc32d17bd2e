-- What other systems can express, as a pricing: the examples of docs/pricing.md.
-- by_hand is the amount that the calculation beside it gives, made by a person.
SET search_path = cloudbilling, public;

-- CloudBilling

SELECT example, quantities, rated_sum(quantity, pricing ORDER BY n) AS amount, by_hand, rated_sum(quantity, pricing ORDER BY n) = by_hand AS same, calculation
FROM (VALUES
    (1, 'Price: 10 a unit', '{10}'::numeric[], 100::numeric, per_unit(10),
        '10 × 10'),
    (2, 'Price: 10 a unit', '{15}'::numeric[], 150::numeric, per_unit(10),
        '15 × 10'),
    (3, 'Price, with an override of the unit price', '{2}'::numeric[], 10::numeric, per_unit(5),
        '2 × 5'),
    (4, 'Price, with an override of the total', '{2}'::numeric[], 5::numeric, flat(5),
        '5, whatever the quantity'),
    (5, 'AdjustFixed: 25 off', '{225}'::numeric[], -25::numeric, flat(-25),
        '-25, whatever the amount'),
    (6, 'AdjustPercentage: 10 % off', '{100}'::numeric[], -10::numeric, percentage(-10),
        '100 × -0.10'),
    (7, 'AdjustPercentage: 10 % off', '{150}'::numeric[], -15::numeric, percentage(-10),
        '150 × -0.10'),
    (8, 'AdjustPercentage: indexation of 3.5 %', '{225}'::numeric[], 7.875::numeric, percentage(3.5),
        '225 × 0.035'),
    (9, 'Sum, then Ladder: over the total, not over each purchase', '{10,15}'::numeric[], 240::numeric, graduated(ARRAY[tier(20, 10), tier(NULL, 8)]),
        '20 × 10 + 5 × 8; apart it would be 100 + 150'),
    (10, 'GroupPrice: the price that the total has', '{10,15}'::numeric[], 200::numeric, volume(ARRAY[tier(20, 10), tier(NULL, 8)]),
        '25 × 8'),
    (11, 'Ladder, with a fixed part', '{100}'::numeric[], 110::numeric, graduated(ARRAY[tier(100, 1, 10), tier(NULL, 0.50, 5)]),
        '100 × 1 + 10'),
    (12, 'Ladder, with a fixed part', '{150}'::numeric[], 140::numeric, graduated(ARRAY[tier(100, 1, 10), tier(NULL, 0.50, 5)]),
        '100 × 1 + 10 + 50 × 0.50 + 5'),
    (13, 'MinPrice and MaxPrice', '{10}'::numeric[], 50::numeric, pricing_with(per_unit(2), minimum => 50, maximum => 500),
        '20, raised to 50'),
    (14, 'MinPrice and MaxPrice', '{30}'::numeric[], 60::numeric, pricing_with(per_unit(2), minimum => 50, maximum => 500),
        '30 × 2'),
    (15, 'MinPrice and MaxPrice', '{300}'::numeric[], 500::numeric, pricing_with(per_unit(2), minimum => 50, maximum => 500),
        '600, lowered to 500'),
    (16, 'Bundle: 500 included', '{480}'::numeric[], 0::numeric, pricing_with(per_unit(0.10), free_units => 500),
        'all of it included'),
    (17, 'Bundle: 500 included', '{620}'::numeric[], 12::numeric, pricing_with(per_unit(0.10), free_units => 500),
        '120 × 0.10'),
    (18, 'Bundle, with prices in and out of it', '{480}'::numeric[], 9.60::numeric, graduated(ARRAY[tier(500, 0.02), tier(NULL, 0.10)]),
        '480 × 0.02'),
    (19, 'Bundle, with prices in and out of it', '{620}'::numeric[], 22::numeric, graduated(ARRAY[tier(500, 0.02), tier(NULL, 0.10)]),
        '500 × 0.02 + 120 × 0.10'),
    (20, 'Bundle for 25 a month, 500 included', '{0}'::numeric[], 25::numeric, graduated(ARRAY[tier(500, 0, 25), tier(NULL, 0.10)]),
        '25, used or not'),
    (21, 'Bundle for 25 a month, 500 included', '{620}'::numeric[], 37::numeric, graduated(ARRAY[tier(500, 0, 25), tier(NULL, 0.10)]),
        '25 + 120 × 0.10')) AS v (i, example, quantities, by_hand, pricing, calculation), unnest(quantities) WITH ORDINALITY AS u (quantity, n)
GROUP BY i, example, quantities, by_hand, calculation
ORDER BY i;

-- Lago

SELECT example, quantities, rated_sum(quantity, pricing ORDER BY n) AS amount, by_hand, rated_sum(quantity, pricing ORDER BY n) = by_hand AS same, calculation
FROM (VALUES
    (1, 'standard', '{30}'::numeric[], 1.50::numeric, per_unit(0.05),
        '30 × 0.05'),
    (2, 'graduated', '{0}'::numeric[], 5::numeric, graduated(ARRAY[tier(100, 1, 5), tier(200, 0.80), tier(NULL, 0.50)]),
        'the first fee'),
    (3, 'graduated', '{100.5}'::numeric[], 105.40::numeric, graduated(ARRAY[tier(100, 1, 5), tier(200, 0.80), tier(NULL, 0.50)]),
        '100 × 1 + 5 + 0.5 × 0.80'),
    (4, 'graduated', '{250}'::numeric[], 210::numeric, graduated(ARRAY[tier(100, 1, 5), tier(200, 0.80), tier(NULL, 0.50)]),
        '100 × 1 + 5 + 100 × 0.80 + 50 × 0.50'),
    (5, 'volume', '{100}'::numeric[], 105::numeric, volume(ARRAY[tier(100, 1, 5), tier(200, 0.80), tier(NULL, 0.50)]),
        '100 × 1 + 5'),
    (6, 'volume', '{100.5}'::numeric[], 80.40::numeric, volume(ARRAY[tier(100, 1, 5), tier(200, 0.80), tier(NULL, 0.50)]),
        '100.5 × 0.80'),
    (7, 'volume', '{250}'::numeric[], 125::numeric, volume(ARRAY[tier(100, 1, 5), tier(200, 0.80), tier(NULL, 0.50)]),
        '250 × 0.50'),
    (8, 'package, 100 units free', '{100}'::numeric[], 0::numeric, pricing_with(package(100, 5), free_units => 100),
        'all of it free'),
    (9, 'package, 100 units free', '{101}'::numeric[], 5::numeric, pricing_with(package(100, 5), free_units => 100),
        '1 started package'),
    (10, 'package, 100 units free', '{250}'::numeric[], 10::numeric, pricing_with(package(100, 5), free_units => 100),
        '150 in 2 packages'),
    (11, 'percentage, with a fixed amount', '{100}'::numeric[], 1.30::numeric, percentage(1.2, 0.10),
        '100 × 0.012 + 0.10'),
    (12, 'percentage, with a fixed amount', '{100,200}'::numeric[], 3.80::numeric, percentage(1.2, 0.10),
        '1.20 + 0.10 + 2.40 + 0.10'),
    (13, 'percentage, 3 free events of at most 500 together', '{200,200,50,100}'::numeric[], 1.30::numeric, percentage(1.2, 0.10, free_events => 3, free_amount => 500),
        'three are free; 100 × 0.012 + 0.10'),
    (14, 'percentage, 3 free events of at most 500 together', '{300,300,10}'::numeric[], 1.52::numeric, percentage(1.2, 0.10, free_events => 3, free_amount => 500),
        'one is free; the second for 100: 1.20 + 0.10; the third for 10: 0.12 + 0.10'),
    (15, 'percentage, free events only', '{300,100}'::numeric[], 1.30::numeric, percentage(1.2, 0.10, free_events => 1),
        'the first is free; 100 × 0.012 + 0.10'),
    (16, 'percentage, free amount only', '{300,100}'::numeric[], 0.70::numeric, percentage(1.2, 0.10, free_amount => 350),
        '50 above it × 0.012 + 0.10'),
    (17, 'percentage, minimum and maximum per transaction', '{50,300,900}'::numeric[], 9::numeric, percentage(1, minimum_per_event => 1, maximum_per_event => 5),
        '0.50 raised to 1, 3, and 9 lowered to 5'),
    (18, 'graduated percentage', '{1500}'::numeric[], 55::numeric, graduated_percentage(ARRAY[tier(1000, 2, 10), tier(NULL, 1, 20)]),
        '20 + 10 + 5 + 20'),
    (19, 'dynamic: the amount comes with the event', '{7.10,5.24}'::numeric[], 12.34::numeric, per_unit(1),
        'as it came')) AS v (i, example, quantities, by_hand, pricing, calculation), unnest(quantities) WITH ORDINALITY AS u (quantity, n)
GROUP BY i, example, quantities, by_hand, calculation
ORDER BY i;

-- OpenMeter

SELECT example, quantities, rated_sum(quantity, pricing ORDER BY n) AS amount, by_hand, rated_sum(quantity, pricing ORDER BY n) = by_hand AS same, calculation
FROM (VALUES
    (1, 'flat', '{0}'::numeric[], 100::numeric, flat(100),
        '100, whatever the quantity'),
    (2, 'unit', '{40}'::numeric[], 8::numeric, per_unit(0.20),
        '40 × 0.20'),
    (3, 'tiered, graduated', '{1000}'::numeric[], 110::numeric, graduated(ARRAY[tier(1000, 0.10, 10), tier(NULL, 0.05, 20)]),
        '100 + 10'),
    (4, 'tiered, graduated', '{1500}'::numeric[], 155::numeric, graduated(ARRAY[tier(1000, 0.10, 10), tier(NULL, 0.05, 20)]),
        '100 + 10 + 25 + 20'),
    (5, 'tiered, volume', '{1000}'::numeric[], 110::numeric, volume(ARRAY[tier(1000, 0.10, 10), tier(NULL, 0.05, 20)]),
        '100 + 10'),
    (6, 'tiered, volume', '{1500}'::numeric[], 95::numeric, volume(ARRAY[tier(1000, 0.10, 10), tier(NULL, 0.05, 20)]),
        '1500 × 0.05 + 20'),
    (7, 'package', '{2000}'::numeric[], 16::numeric, package(1000, 8),
        '2 packages'),
    (8, 'package', '{2001}'::numeric[], 24::numeric, package(1000, 8),
        '3 packages'),
    (9, 'dynamic, with a multiplier', '{50}'::numeric[], 60::numeric, per_unit(1.2),
        '50 × 1.2'),
    (10, 'unit_config: bytes as GiB, rounded up', '{2147483648}'::numeric[], 0.18::numeric, pricing_with(per_unit(0.09), divide_by => 1073741824, round => 'up'),
        '2 × 0.09'),
    (11, 'unit_config: bytes as GiB, rounded up', '{2147483649}'::numeric[], 0.27::numeric, pricing_with(per_unit(0.09), divide_by => 1073741824, round => 'up'),
        '3 × 0.09'),
    (12, 'usage discount, after the rounding', '{1.4}'::numeric[], 1.5::numeric, pricing_with(per_unit(1), multiply_by => 1, round => 'up', free_units => 0.5),
        '2 - 0.5'),
    (13, 'percentage discount', '{100}'::numeric[], 180::numeric, pricing_with(per_unit(2), discount => 10),
        '200 - 20'),
    (14, 'discount, then maximum and minimum spend', '{10}'::numeric[], 50::numeric, pricing_with(per_unit(2), discount => 10, maximum => 1000, minimum => 50),
        '18, raised to 50'),
    (15, 'discount, then maximum and minimum spend', '{100}'::numeric[], 180::numeric, pricing_with(per_unit(2), discount => 10, maximum => 1000, minimum => 50),
        '200 - 20'),
    (16, 'discount, then maximum and minimum spend', '{600}'::numeric[], 1000::numeric, pricing_with(per_unit(2), discount => 10, maximum => 1000, minimum => 50),
        '1080, lowered to 1000')) AS v (i, example, quantities, by_hand, pricing, calculation), unnest(quantities) WITH ORDINALITY AS u (quantity, n)
GROUP BY i, example, quantities, by_hand, calculation
ORDER BY i;

-- Kill Bill

SELECT example, quantities, rated_sum(quantity, pricing ORDER BY n) AS amount, by_hand, rated_sum(quantity, pricing ORDER BY n) = by_hand AS same, calculation
FROM (VALUES
    (1, 'consumable, one tier of blocks', '{250}'::numeric[], 15::numeric, package(100, 5),
        '3 blocks'),
    (2, 'ALL_TIERS: 10 blocks of 100 at 1, then blocks of 1000 at 6', '{250}'::numeric[], 3::numeric, graduated(ARRAY[tier(1000, 1, package_size => 100), tier(NULL, 6, package_size => 1000)]),
        '3 blocks at 1'),
    (3, 'ALL_TIERS: 10 blocks of 100 at 1, then blocks of 1000 at 6', '{1000}'::numeric[], 10::numeric, graduated(ARRAY[tier(1000, 1, package_size => 100), tier(NULL, 6, package_size => 1000)]),
        '10 blocks at 1'),
    (4, 'ALL_TIERS: 10 blocks of 100 at 1, then blocks of 1000 at 6', '{2500}'::numeric[], 22::numeric, graduated(ARRAY[tier(1000, 1, package_size => 100), tier(NULL, 6, package_size => 1000)]),
        '10 blocks at 1, 1500 in 2 blocks at 6'),
    (5, 'TOP_TIER: the same', '{1000}'::numeric[], 10::numeric, volume(ARRAY[tier(1000, 1, package_size => 100), tier(NULL, 6, package_size => 1000)]),
        '10 blocks at 1'),
    (6, 'TOP_TIER: the same', '{2500}'::numeric[], 18::numeric, volume(ARRAY[tier(1000, 1, package_size => 100), tier(NULL, 6, package_size => 1000)]),
        '3 blocks at 6'),
    (7, 'a bounded last tier: what is above it is free, and says so', '{2500}'::numeric[], 10::numeric, graduated(ARRAY[tier(1000, 1, package_size => 100), tier(NULL, 0)]),
        '10 blocks at 1'),
    (8, 'capacity, of one unit: its peak chooses the price', '{8}'::numeric[], 50::numeric, volume(ARRAY[tier(10, 0, 50), tier(100, 0, 200), tier(NULL, 0, 500)]),
        'first tier'),
    (9, 'capacity, of one unit: its peak chooses the price', '{11}'::numeric[], 200::numeric, volume(ARRAY[tier(10, 0, 50), tier(100, 0, 200), tier(NULL, 0, 500)]),
        'second tier'),
    (10, 'capacity, of one unit: its peak chooses the price', '{101}'::numeric[], 500::numeric, volume(ARRAY[tier(10, 0, 50), tier(100, 0, 200), tier(NULL, 0, 500)]),
        'third tier')) AS v (i, example, quantities, by_hand, pricing, calculation), unnest(quantities) WITH ORDINALITY AS u (quantity, n)
GROUP BY i, example, quantities, by_hand, calculation
ORDER BY i;
