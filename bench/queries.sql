-- Queries on what was loaded.  Prints measurement, side and milliseconds.
\set ON_ERROR_STOP on
SET search_path = cloudbilling;
SET timezone = 'UTC';
\ir compare.sql

-- An aggregate is measured by one process: with more, reading from memory is the limit.
SET max_parallel_workers_per_gather = 0;

-- Few groups: the totals of each provider's deliveries, of the measures a roll-up
-- holds; then of one measure, where reading the rows takes most of the time.
SELECT * FROM pg_temp.compare('exact_sum, few groups',
    'SELECT load_scope_id, exact_sum(billed_cost), exact_sum(list_cost), exact_sum(contracted_cost),
        exact_sum(pricing_quantity), exact_sum(list_unit_price) FROM charge GROUP BY 1',
    'SELECT load_scope_id, sum(billed_cost), sum(list_cost), sum(contracted_cost),
        sum(pricing_quantity), sum(list_unit_price) FROM charge GROUP BY 1');

SELECT * FROM pg_temp.compare('exact_sum, one total of each',
    'SELECT exact_sum(billed_cost), exact_sum(list_cost), exact_sum(contracted_cost),
        exact_sum(pricing_quantity), exact_sum(list_unit_price) FROM charge',
    'SELECT sum(billed_cost), sum(list_cost), sum(contracted_cost),
        sum(pricing_quantity), sum(list_unit_price) FROM charge');

SELECT * FROM pg_temp.compare('exact_sum, one measure',
    'SELECT load_scope_id, exact_sum(billed_cost) FROM charge GROUP BY 1',
    'SELECT load_scope_id, sum(billed_cost) FROM charge GROUP BY 1');

SELECT * FROM pg_temp.compare('exact_sum, many groups',
    'SELECT item_id, charge_period_start::date, exact_sum(billed_cost) FROM charge GROUP BY 1, 2',
    'SELECT item_id, charge_period_start::date, count(*) FROM charge GROUP BY 1, 2');

-- A price for all of it: the sum, and then the ladder once.
SELECT * FROM pg_temp.compare('rated_sum, one total',
    'SELECT rated_sum(pricing_quantity, ''{"model":"graduated","tiers":[{"up_to":"1000","unit_price":"0.10"},{"unit_price":"0.08"}]}'') FROM charge',
    'SELECT sum(pricing_quantity) FROM charge');

RESET max_parallel_workers_per_gather;

SELECT * FROM pg_temp.compare('running totals',
    'SELECT customer_id, currency, sum(amount) FROM invoice_running GROUP BY 1, 2',
    'SELECT c.account_id, i.product_id, count(*) FROM charge AS c JOIN charge_item AS i USING (item_id) GROUP BY 1, 2');

SELECT * FROM pg_temp.compare('running totals, without join',
    'SELECT customer_id, currency, sum(amount) FROM invoice_running GROUP BY 1, 2',
    'SELECT account_id, item_id, count(*) FROM charge GROUP BY 1, 2');

-- One customer's invoice, for 50 customers, after one for the caches.
SELECT pg_temp.elapsed('SELECT * FROM invoice_running(1)') \g /dev/null

SELECT 'running invoice', 'ours', pg_temp.elapsed(format('SELECT * FROM invoice_running(%s)', customer_id))
FROM (SELECT customer_id FROM customer WHERE customer_id % 20 = 11 ORDER BY customer_id) AS fifty;
