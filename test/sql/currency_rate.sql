-- Exchange rates: which one holds, what it makes of an amount, and that a missing one
-- is never 1.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage
\pset format unaligned

\copy currency_rate (rate_on, currency, to_currency, rate, source) from stdin with (format csv, header)
day,currency,to_currency,rate,source
2024-09-27,EUR,USD,1.1158,ECB
2024-09-30,EUR,USD,1.1196,ECB
2024-09-30,USD,GBP,0.7465,bank
2024-09-28,GBP,USD,1.3400,bank
2024-10-01,USD,GBP,0.7500,bank
\.
INSERT INTO currency_rate VALUES ('CHF', 'EUR', '2024-09-01', 'month', 1.0625, 'tax office'), ('CHF', 'EUR', '2024-09-10', 'day', 1.07, 'ECB');

-- The day's; the last before; one of a week ago but not of eight days; none before the first; the newest, whichever way round it is;
-- the month's before the day's, and only in its month; the same currency; nothing through a third one.
SELECT w.*, f.* FROM (VALUES
    ('EUR', 'USD', '2024-09-30'::date), ('EUR', 'USD', '2024-09-29'), ('EUR', 'USD', '2024-10-07'), ('EUR', 'USD', '2024-10-08'),
    ('EUR', 'USD', '2024-09-26'), ('USD', 'EUR', '2024-09-30'), ('GBP', 'USD', '2024-09-29'), ('GBP', 'USD', '2024-09-30'), ('USD', 'GBP', '2024-10-05'),
    ('CHF', 'EUR', '2024-09-12'), ('EUR', 'CHF', '2024-09-01'), ('CHF', 'EUR', '2024-10-01'), ('CHF', 'EUR', '2024-08-31'),
    ('JPY', 'JPY', '2024-09-30'), ('EUR', 'GBP', '2024-09-30'), ('EURO', 'USD', '2024-09-30')) AS w (currency, to_currency, on_day)
LEFT JOIN LATERAL currency_rate_find(w.currency, w.to_currency, w.on_day) AS f ON true;
SELECT (SELECT rate_on FROM currency_rate_find('EUR', 'USD', '2024-10-08', 8)) AS older, (SELECT rate_on FROM currency_rate_find('EUR', 'USD', '2024-10-01', 0)) AS of_the_day;
SET cloudbilling.currency_rate_days = 30;
SELECT rate_on FROM currency_rate_find('EUR', 'USD', '2024-10-30');
SELECT rate_on FROM currency_rate_find('EUR', 'USD', '2024-10-31');
RESET cloudbilling.currency_rate_days;

SELECT currency_convert(100, 'EUR', 'USD', '2024-09-30') AS times, currency_convert(111.96, 'USD', 'EUR', '2024-09-30') AS divided,
    currency_convert(-0.005, 'EUR', 'USD', '2024-09-30') AS small, currency_convert(5, 'EUR', 'EUR', '1999-01-01') AS same,
    currency_convert(NULL, 'EUR', 'USD', '2024-09-30') AS nothing, currency_convert(5, 'EUR', 'JPY', '2024-09-30', 'null') AS missing;
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.currency_convert(5, 'EUR', 'JPY', '2024-09-30')$$);
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.currency_convert(5, 'USD', 'EUR', '2024-10-20')$$);
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.currency_convert(5, 'CHF', 'EUR', '2024-10-01')$$);
SELECT detail FROM pg_temp.fails($$SELECT cloudbilling.currency_convert(5, 'CHF', 'EUR', '2024-11-01')$$);
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.currency_convert(5, 'EUR', NULL, '2024-09-30')$$);
SELECT * FROM pg_temp.fails($$SELECT cloudbilling.currency_convert(5, 'EUR', 'USD', '2024-09-30', 'one')$$);
-- What is not a rate.
SELECT count(*) AS refused
FROM unnest(ARRAY['''EUR'', ''USD'', ''2024-09-30'', ''day'', 1', '''EUR'', ''EUR'', ''2024-09-01'', ''day'', 1', '''EUR'', ''USD'', ''2024-09-02'', ''month'', 1',
    '''EUR'', ''USD'', ''2024-09-01'', ''day'', 0', '''EUR'', ''USD'', ''2024-09-01'', ''day'', -1', '''EUR'', ''USD'', ''2024-09-01'', ''day'', ''NaN''',
    '''EUR'', ''USD'', ''2024-09-01'', ''day'', ''Infinity''', '''EUR'', ''usd'', ''2024-09-01'', ''day'', 1', '''EUR'', ''USD'', ''2024-09-01'', ''year'', 1',
    '''EUR'', ''USD'', ''infinity'', ''day'', 1']) AS v, pg_temp.fails('INSERT INTO cloudbilling.currency_rate VALUES (' || v || ')');

-- Margins in the seller's currency: bought in dollars and francs, sold in euros; one customer of a seller in dollars.
INSERT INTO seller (name, book_currency, time_zone) VALUES ('Waddenwolk B.V.', DEFAULT, DEFAULT), ('Wolk Inc', 'USD', 'America/Chicago');
INSERT INTO customer (seller_id, number, name) VALUES (1, 'A', 'Alpha'), (2, 'B', 'Beta');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a'), (2, 'b');
INSERT INTO price_rule (name, product_id, measure, currency, pricing) VALUES
    ('vm', product_ensure('AWS', 'Compute', 'vm'), 'quantity', 'EUR', '{"model":"per_unit","unit_price":"2"}');
INSERT INTO usage (account, service, sku, unit, quantity, cost, currency, starts) VALUES
    ('a', 'Compute', 'vm', 'Hours', 100, 111.96, 'USD', '2024-09-15 12:00Z'), ('a', 'Compute', 'vm', 'Hours', 50, 10, 'EUR', '2024-09-15 12:00Z'),
    ('a', 'Compute', 'swiss', 'Hours', 8, 16, 'CHF', '2024-09-15 12:00Z'), ('b', 'Compute', 'vm', 'Hours', 10, 5, 'USD', '2024-09-15 12:00Z'),
    ('a', 'Compute', 'vm', 'Hours', 1, 3, 'USD', '2024-10-15 12:00Z'), ('a', 'Storage', 'disk', 'GB', 1, 300, 'JPY', '2024-09-15 12:00Z'),
    ('a', 'Storage', 'disk', 'GB', 1, 4, 'EUR', '2024-09-15 12:00Z'), ('a', 'Free', 'free', 'GB', 1, 0, 'JPY', '2024-09-15 12:00Z');
SELECT pg_temp.deliver();
CALL invoice_run('2024-10-01');
SELECT month, customer, service, currency, revenue, invoiced, billed_cost, margin FROM bi_margin ORDER BY 1, 2, 3, 4;
SELECT month, customer, service, currency, billed_cost, to_currency, on_day, rate, inverse, rate_on, source, round(revenue_converted, 6) AS revenue, round(billed_cost_converted, 6) AS cost
FROM bi_margin_by_currency ORDER BY 1, 2, 3, 4;
SELECT month, customer, service, currency, revenue, invoiced, billed_cost, effective_cost, margin, margin_percentage, rates, missing_rates FROM bi_margin_converted ORDER BY 1, 2, 3;
SELECT * FROM currency_rate_missing ORDER BY 1, 2, 3;
-- With the rates there is nothing missing, and sums are known.
INSERT INTO currency_rate VALUES ('JPY', 'EUR', '2024-09-01', 'month', 0.00625, 'tax office'), ('EUR', 'USD', '2024-10-31', 'day', 1.2, 'ECB');
SELECT * FROM currency_rate_missing;
SELECT month, customer, service, revenue, billed_cost, margin, margin_percentage, missing_rates FROM bi_margin_converted WHERE customer = 'Alpha' ORDER BY 1, 2, 3;
-- While a month runs, today's rate is asked for; what was invoiced is untouched by all this.
SET cloudbilling.as_of = '2024-09-29 12:00Z';
SELECT count(*) FROM bi_margin_by_currency;
RESET cloudbilling.as_of;
INSERT INTO usage (payer, account, sku, quantity, cost, currency, starts) VALUES ('now', 'a', 'vm', 1, 3, 'CHF', now());
SELECT pg_temp.deliver('now');
SELECT on_day - (now() AT TIME ZONE 'Europe/Amsterdam')::date AS on_day FROM bi_margin_by_currency WHERE currency = 'CHF' AND month > '2024-10-01';
SELECT invoice_id, currency, net_amount FROM invoice ORDER BY 1;
SELECT * FROM invoice_verify();
-- Who may read reports, and nothing else, can read them all (docs/bi.md).
CREATE ROLE currency_rate_test_analyst;
GRANT USAGE ON SCHEMA cloudbilling TO currency_rate_test_analyst;
GRANT SELECT ON bi_revenue, bi_cost, bi_margin, bi_margin_converted, bi_running, bi_allocation, bi_showback, bi_tag_coverage, bi_load_quality, bi_load_anomaly, bi_supplier_invoice, bi_write_off TO currency_rate_test_analyst;
SET ROLE currency_rate_test_analyst;
SELECT count(*) > 0 AS revenue FROM bi_revenue;
SELECT count(*) > 0 AS cost FROM bi_cost;
SELECT count(*) > 0 AS margin FROM bi_margin;
SELECT count(*) > 0 AS converted FROM bi_margin_converted;
SELECT count(*) > 0 AS running FROM bi_running;
SELECT count(*) AS written_off FROM bi_write_off;
SELECT count(*) AS allocation FROM bi_allocation;
SELECT count(*) AS showback FROM bi_showback;
SELECT count(*) AS coverage FROM bi_tag_coverage;
SELECT count(*) > 0 AS quality FROM bi_load_quality;
SELECT count(*) >= 0 AS anomaly FROM bi_load_anomaly;
SELECT count(*) > 0 AS supplier_invoice FROM bi_supplier_invoice;
RESET ROLE;
DROP OWNED BY currency_rate_test_analyst;
DROP ROLE currency_rate_test_analyst;
