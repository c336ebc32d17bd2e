-- Tag hygiene: policies, what violates them, what looks misspelt, and how much is tagged.
-- Sums are counted anew in plain SQL over the charges.
\getenv dir PG_ABS_SRCDIR
\set usage :dir '/usage.sql'
\i :usage

INSERT INTO seller (name, time_zone) VALUES ('Seller', 'UTC');
INSERT INTO customer (seller_id, parent_id, number, name) VALUES (1, NULL, 'A', 'Alpha'), (1, 1, 'AA', 'Alpha Labs'), (1, NULL, 'B', 'Beta');
INSERT INTO ownership (customer_id, sub_account_id) VALUES (1, 'a1'), (2, 'a2'), (3, 'b1');

-- A resource for each way of writing tags.
INSERT INTO usage (account, resource, cost, effective, tags, starts)
SELECT a.account, a.resource, a.cost, a.cost * 2, a.tags, '2026-09-01 00:00Z'::timestamptz + n * interval '1 day'
FROM (VALUES
    ('a1', 'good', 10, '{"env": "production", "CostCenter": "CC-1001"}'::jsonb),
    ('a1', 'none', 20, NULL),
    ('a1', 'case', 3, '{"Env": "Production", "cost-center": "cc-1001"}'),
    ('a1', 'typing', 4, '{"env": "prodcution", "CostCentre": "CC-1001"}'),
    ('a1', 'short', 5, '{"env": "prod", "CostCenter": "CC1001"}'),
    ('a1', 'empty', 6, '{"env": " ", "CostCenter": ""}'),
    ('a1', 'other', 7, '{"env": "lab", "CostCenter": "CC-99"}'),
    ('a1', 'lower', 1, '{"env": "Develop", "CostCenter": " cc-1001"}'),
    ('a1', 'begins', 8, '{"environ": "test", "cost": "CC-1001"}'),
    (NULL, 'nobodys', 9, '{"env": "tset"}'),
    ('a2', 'labs', 1.5, '{"env": "lab", "CostCenter": "CC-2000"}'),
    ('b1', 'beta', 2.5, '{"env": "test", "project": 7, "live": true}'),
    (NULL, NULL, 0.25, NULL)
) AS a (account, resource, cost, tags), generate_series(1, 2) AS n;
-- Of another month, another currency, and of no cost.
INSERT INTO usage (payer, account, resource, cost, tags, currency, starts) VALUES
    ('usd', 'b1', 'beta', 100, '{"env": "production"}', 'USD', '2026-10-01 00:00Z'),
    ('usd', 'b1', 'beta', 0, NULL, 'USD', '2026-11-01 00:00Z');
INSERT INTO usage (payer, account, service, resource, cost, starts, category) VALUES ('usd', 'b1', 'Tax', NULL, 21, '2026-10-01 00:00Z', 'Tax');
SELECT pg_temp.deliver(), pg_temp.deliver('usd');

-- Without a policy there is nothing to violate, and no key to cover.
SELECT count(*) FROM tag_violation;
SELECT count(*) FROM bi_tag_coverage;

INSERT INTO tag_policy (key, allowed_values) VALUES ('env', '{production,test,development}');
INSERT INTO tag_policy (key, pattern) VALUES ('CostCenter', '^CC-[0-9]{4}$');

CREATE VIEW pg_temp.violation AS
SELECT to_char(month, 'MM') AS m, customer_number AS c, coalesce(account, '-') AS account, coalesce(resource_id, '-') AS resource, key, violation,
    found_key, found_value, suggestion, currency AS cur, charges AS n, billed_cost, effective_cost
FROM tag_violation
ORDER BY month, customer_number, account, resource_id, key, currency;
SELECT * FROM pg_temp.violation;

-- The same, counted charge by charge: who has not what is required, and who has what is not allowed.
CREATE VIEW pg_temp.recount AS
SELECT p.key, c.sub_account_id, c.resource_id, c.billing_currency, date_trunc('month', c.charge_period_start)::date AS month,
    count(*) AS charges, sum(c.billed_cost) AS billed_cost
FROM focus AS c
CROSS JOIN (VALUES ('env'), ('CostCenter')) AS p (key)
WHERE CASE p.key
    WHEN 'env' THEN coalesce(c.tags ->> 'env', '') NOT IN ('production', 'test', 'development')
    ELSE coalesce(c.tags ->> 'CostCenter', '') !~ '^CC-[0-9]{4}$'
    END
GROUP BY 1, 2, 3, 4, 5;
SELECT count(*) AS differences
FROM (SELECT v.key, a.sub_account_id, v.resource_id, v.currency, v.month, sum(v.charges) AS charges, sum(v.billed_cost) AS billed_cost
    FROM tag_violation AS v
    JOIN account AS a USING (account_id)
    GROUP BY 1, 2, 3, 4, 5) AS v
FULL JOIN pg_temp.recount AS r ON (v.key, v.currency, v.month) = (r.key, r.billing_currency, r.month)
    AND (v.sub_account_id, v.resource_id) IS NOT DISTINCT FROM (r.sub_account_id, r.resource_id)
WHERE (v.charges, v.billed_cost) IS DISTINCT FROM (r.charges, r.billed_cost);

-- A nearer customer's policy holds for it and all below it; the one that says most of each.
INSERT INTO tag_policy (key, customer_id, allowed_values) VALUES ('env', 1, '{lab,production}');
SELECT * FROM pg_temp.violation WHERE key = 'env' AND c LIKE 'A%';
INSERT INTO tag_policy (key, customer_id, selector, required) VALUES ('env', 1, '{"resource":"none"}', false);
SELECT resource, violation FROM pg_temp.violation WHERE key = 'env' AND c = 'A';
-- Exceptions: no tags on tax; and nothing at all is asked of Alpha Labs.
INSERT INTO tag_policy (key, selector, required) VALUES ('env', '{"category":"Tax"}', false), ('CostCenter', '{"category":["Tax","Credit"]}', false);
INSERT INTO tag_policy (key, customer_id, required) VALUES ('env', 2, false), ('CostCenter', 2, false);
SELECT * FROM pg_temp.violation WHERE c IN ('AA', 'B');
-- Two selectors that say the same amount: the older policy holds, and nothing counts twice.
INSERT INTO tag_policy (key, customer_id, selector, allowed_values) VALUES ('env', 3, '{"service":"Compute"}', '{one}'), ('env', 3, '{"account":"b1"}', '{two}');
SELECT m, resource, violation, found_value, (SELECT p.allowed_values FROM tag_policy AS p WHERE p.tag_policy_id = v.tag_policy_id) AS allowed
FROM (SELECT to_char(month, 'MM') AS m, resource_id AS resource, violation, found_value, tag_policy_id, key, customer_number FROM tag_violation) AS v
WHERE key = 'env' AND customer_number = 'B' ORDER BY m, resource;
DELETE FROM tag_policy WHERE customer_id IS NOT NULL OR selector IS NOT NULL;

-- What is not required may be missing or empty, but not of another value.
UPDATE tag_policy SET required = false;
SELECT m, resource, key, violation, found_value FROM pg_temp.violation;
UPDATE tag_policy SET required = true;

-- By months.
UPDATE tag_policy SET valid_during = '[2026-10-01,)' WHERE key = 'env';
SELECT m, key, count(*), sum(n) AS n FROM pg_temp.violation GROUP BY 1, 2 ORDER BY 1, 2;
INSERT INTO tag_policy (key, allowed_values, valid_during) VALUES ('env', '{lab}', '[2026-09-01,2026-10-01)');
SELECT m, key, count(*), sum(n) AS n FROM pg_temp.violation GROUP BY 1, 2 ORDER BY 1, 2;
DELETE FROM tag_policy WHERE allowed_values = '{lab}';
UPDATE tag_policy SET valid_during = '(,)';

-- Settings: months, customers, and as it was.
BEGIN;
SET LOCAL cloudbilling.period_first = '2026-10-01';
SET LOCAL cloudbilling.period_last = '2026-10-01';
SELECT m, c, count(*) FROM pg_temp.violation GROUP BY 1, 2 ORDER BY 1, 2;
SELECT DISTINCT month FROM bi_tag_coverage;
ROLLBACK;
BEGIN;
SET LOCAL cloudbilling.customer_first = 2;
SET LOCAL cloudbilling.customer_last = 3;
SELECT c, count(*) FROM pg_temp.violation GROUP BY 1 ORDER BY 1;
SELECT DISTINCT customer_number FROM bi_tag_coverage ORDER BY 1;
ROLLBACK;
SELECT clock_timestamp() AS before \gset
UPDATE tag_policy SET key = 'Env' WHERE key = 'env';
SELECT DISTINCT key FROM bi_tag_coverage ORDER BY key;
SELECT resource, violation, found_key, suggestion FROM pg_temp.violation WHERE key = 'Env' AND resource IN ('good', 'case');
DELETE FROM tag_policy WHERE key = 'Env';
SET cloudbilling.as_of = :'before';
SELECT DISTINCT key FROM bi_tag_coverage ORDER BY key;
SELECT resource, violation, found_key, suggestion FROM pg_temp.violation WHERE key = 'env' AND resource IN ('good', 'case');
RESET cloudbilling.as_of;
INSERT INTO tag_policy (key, allowed_values) VALUES ('env', '{production,test,development}');

-- Two ways to write a key may be asked for, each of other charges: neither makes the other right.
INSERT INTO tag_policy (key, selector) VALUES ('cost-center', '{"account":"b1"}'), ('environ', '{"account":"b1"}');
SELECT resource, key, violation, found_key FROM pg_temp.violation WHERE c = 'A' AND resource IN ('case', 'begins');
DELETE FROM tag_policy WHERE selector IS NOT NULL;

-- What is likeness: one edit for each four characters, two characters swapped, never a digit.
SELECT left(a, 12) AS a, left(b, 12) AS b, length(b), tag_edits(tag_fold(a), tag_fold(b), tag_letters(tag_fold(a)), tag_letters(tag_fold(b))) AS edits,
    tag_digits(tag_fold(a)) = tag_digits(tag_fold(b)) AS same_digits
FROM (VALUES ('cost-center', 'CostCenter'), ('cost_centre', 'Cost Center'), ('project', 'porject'), ('project', 'proj'), ('environment', 'enviroment'),
    ('owner', 'woner'), ('dev', 'dve'), ('test', 'tset'), ('team-1', 'team-2'), ('eu-west', 'eu-east'), ('Größe', 'GRÖSSE'),
    (repeat('a', 255), repeat('a', 254) || 'b'), (repeat('a', 256), repeat('a', 255) || 'b'), (repeat('é', 200), repeat('é', 199))) AS v (a, b);
SELECT tag_fold('-'), tag_fold(''), tag_fold(NULL), tag_trim(E' \t\n'), tag_trim(' x ');

-- Coverage adds up to all costs, and is what a count of charges says.
SELECT to_char(month, 'MM') AS m, customer_number AS c, account, service, key, currency AS cur, charges AS n, tagged_charges AS t, untagged_charges AS u, billed_cost AS billed,
    tagged_billed_cost AS t, untagged_billed_cost AS u, billed_percentage AS "%", effective_cost AS eff, tagged_effective_cost AS t,
    untagged_effective_cost AS u, effective_percentage AS "%"
FROM bi_tag_coverage ORDER BY month, customer_number, account, service, key, currency;
INSERT INTO dimension (name) VALUES ('project');
INSERT INTO allocation_rule (dimension_id, position, keys) VALUES (dimension_key('project'), 1, '{tags.project,account_name,tags.live}');
CREATE VIEW pg_temp.difference AS
SELECT key, month, currency, v.charges, r.charges AS recounted
FROM (SELECT month, key, currency, sum(charges) AS charges, sum(tagged_charges) AS tagged, sum(billed_cost) AS billed, sum(tagged_billed_cost) AS tagged_billed,
        sum(untagged_billed_cost) AS untagged_billed, sum(effective_cost) AS effective, sum(tagged_effective_cost) AS tagged_effective
    FROM bi_tag_coverage GROUP BY 1, 2, 3) AS v
FULL JOIN (
    SELECT date_trunc('month', c.charge_period_start)::date AS month, k.key, c.billing_currency AS currency, count(*) AS charges,
        count(*) FILTER (WHERE c.tags ->> k.key ~ '\S') AS tagged, sum(c.billed_cost) AS billed,
        coalesce(sum(c.billed_cost) FILTER (WHERE c.tags ->> k.key ~ '\S'), 0) AS tagged_billed,
        sum(c.billed_cost) - coalesce(sum(c.billed_cost) FILTER (WHERE c.tags ->> k.key ~ '\S'), 0) AS untagged_billed,
        sum(c.effective_cost) AS effective, coalesce(sum(c.effective_cost) FILTER (WHERE c.tags ->> k.key ~ '\S'), 0) AS tagged_effective
    FROM focus AS c
    CROSS JOIN (VALUES ('env'), ('CostCenter'), ('project'), ('live')) AS k (key)
    GROUP BY 1, 2, 3) AS r USING (month, key, currency)
WHERE (v.charges, v.tagged, v.billed, v.tagged_billed, v.untagged_billed, v.effective, v.tagged_effective)
    IS DISTINCT FROM (r.charges, r.tagged, r.billed, r.tagged_billed, r.untagged_billed, r.effective, r.tagged_effective);
SELECT * FROM pg_temp.difference;

-- What a dimension leaves, by resource, is what it leaves in all.
SELECT to_char(month, 'MM') AS m, dimension, customer_number AS c, provider, service, account, resource_id AS resource, currency AS cur, charges AS n, billed_cost, effective_cost
FROM untagged_resource ORDER BY billed_cost DESC, resource_id LIMIT 5;
INSERT INTO allocation_rule (dimension_id, position, selector, value, valid_during) VALUES (dimension_key('project'), 2, '{"account":"a1"}', 'lab', '[2026-09-03,)');
SELECT dimension, customer_number AS c, resource_id AS resource, charges AS n, billed_cost FROM untagged_resource WHERE customer_number = 'A' ORDER BY billed_cost DESC LIMIT 2;
SELECT count(*) AS differences
FROM (SELECT month, customer_number, service, account, currency, sum(charges) AS charges, sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost
    FROM untagged_resource GROUP BY 1, 2, 3, 4, 5) AS u
FULL JOIN (SELECT month, customer_number, service, account, currency, sum(charges) AS charges, sum(billed_cost) AS billed_cost, sum(effective_cost) AS effective_cost
    FROM bi_allocation WHERE allocation = 'unallocated' GROUP BY 1, 2, 3, 4, 5) AS a
    ON (u.month, u.service, u.currency) = (a.month, a.service, a.currency) AND (u.customer_number, u.account) IS NOT DISTINCT FROM (a.customer_number, a.account)
WHERE (u.charges, u.billed_cost, u.effective_cost) IS DISTINCT FROM (a.charges, a.billed_cost, a.effective_cost);
-- Where days are counted one by one, coverage and violations are the same.
SELECT * FROM pg_temp.difference;
SELECT count(*), sum(n) AS n, sum(billed_cost) AS billed_cost FROM pg_temp.violation;

-- Suspects need no policy: by case and separators whatever is used less, by edits only what is used a fifth as much.
DELETE FROM tag_policy;
TRUNCATE usage;
INSERT INTO usage (payer, account, resource, cost, tags, currency, starts)
SELECT 'many', 'b1', w.word || n, 1, jsonb_build_object(w.key, w.word), w.currency, '2026-12-01 00:00Z'
FROM (VALUES ('stage', 'production', 10, 'EUR'), ('stage', 'Production', 3, 'EUR'), ('stage', 'prodcution', 1, 'EUR'), ('stage', 'PRODCUTION', 1, 'USD'),
    ('stage', 'test', 4, 'EUR'), ('stage', 'tset', 1, 'EUR'), ('stage', '2', 5, 'EUR'), ('stage', '3', 1, 'EUR'), ('stagee', 'production', 2, 'EUR'),
    ('STAGE', 'production', 1, 'EUR'), ('team', 'team-1', 20, 'EUR'), ('team', 'team-2', 1, 'EUR'), ('team', 'taem-1', 1, 'EUR'),
    ('team', repeat('x', 300), 9, 'EUR'), ('team', repeat('x', 299), 1, 'EUR')) AS w (key, word, many, currency), generate_series(1, w.many) AS n;
SELECT pg_temp.deliver('many');
SELECT suspect, key, left(value, 20) AS value, suggestion, edits, currency AS cur, items, charges AS n, billed_cost AS cost, suggestion_items AS s_items,
    suggestion_charges AS s_n, suggestion_billed_cost AS s_cost
FROM tag_suspect WHERE key ~* 'stag|team' ORDER BY suspect, key, value COLLATE "C", currency;
-- Only of the customers and months that are asked for.
SET cloudbilling.customer_last = 2;
SELECT suspect, key, value, suggestion, edits, items, suggestion_items FROM tag_suspect ORDER BY suspect, key, value;
RESET cloudbilling.customer_last;
SET cloudbilling.period_last = '2026-11-01';
SELECT count(*) FROM tag_suspect WHERE key ~* 'stag|team';
RESET cloudbilling.period_last;
-- Of a key with more than 300 values, only case and separators.
INSERT INTO usage (payer, account, resource, cost, tags, starts)
SELECT 'names', 'b1', w.word || n, 1, jsonb_build_object('name', w.word), '2026-12-01 00:00Z'
FROM (SELECT 'production' AS word, 10 AS many UNION ALL SELECT 'PRODUCTION', 1 UNION ALL SELECT 'prodcution', 1
    UNION ALL SELECT translate(i::text, '0123456789', 'abcdefghij'), 1 FROM generate_series(1000, 1297) AS i) AS w, generate_series(1, w.many) AS n;
SELECT pg_temp.deliver('names');
SELECT key, value, suggestion, edits, items, suggestion_items AS s_items FROM tag_suspect WHERE key = 'name' ORDER BY value;
INSERT INTO usage (payer, account, resource, cost, tags, starts) VALUES ('names', 'b1', 'one more', 1, '{"name": "one more"}', '2026-12-01 00:00Z');
SELECT pg_temp.deliver('names');
SELECT key, value, suggestion, edits, items, suggestion_items AS s_items FROM tag_suspect WHERE key = 'name' ORDER BY value;
-- Beyond a million pairs of a refused and an allowed value, only case and separators.
INSERT INTO tag_policy (key, selector, allowed_values)
SELECT 'name', '{"resource":["PRODUCTION1","prodcution1"]}', array_agg('v' || n) || '{production}'::text[] FROM generate_series(1, 3400) AS n;
SELECT found_value, violation, suggestion, charges FROM tag_violation ORDER BY found_value;
UPDATE tag_policy SET allowed_values = allowed_values[300:];
SELECT found_value, violation, suggestion, charges FROM tag_violation ORDER BY found_value;
DELETE FROM tag_policy;

-- Errors.
SELECT * FROM pg_temp.fails($$INSERT INTO tag_policy (key, valid_during) VALUES ('env', '[2026-09-15,)')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO tag_policy (key, valid_during) VALUES ('env', '(,2026-10-01)'), ('env', '[2026-09-01,)')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO tag_policy (key, customer_id, selector) VALUES ('env', 1, '{"provider":["AWS"]}'), ('env', 1, '{"provider":"AWS"}')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO tag_policy (key, selector) VALUES ('env', NULL), ('env', '{}')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO tag_policy (key, allowed_values) VALUES ('env', '{}')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO tag_policy (key, allowed_values) VALUES ('env', '{a,""}')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO tag_policy (key, allowed_values, pattern) VALUES ('env', '{a}', 'a')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO tag_policy (key, pattern) VALUES ('env', '(a')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO tag_policy (key) VALUES (' ')$$);
SELECT code, message FROM pg_temp.fails($$INSERT INTO tag_policy (key, selector) VALUES ('env', '{"source":"focus"}')$$);
SELECT * FROM pg_temp.fails($$INSERT INTO tag_policy (key, customer_id) VALUES ('env', 99)$$);
-- One after the other is no contradiction; nor are customers and selectors that differ.
INSERT INTO tag_policy (key, customer_id, selector, valid_during) VALUES ('env', NULL, NULL, '(,2026-10-01)'), ('env', NULL, NULL, '[2026-10-01,)'),
    ('env', 1, NULL, '(,)'), ('env', 1, '{"provider":"AWS"}', '(,)');
SELECT * FROM pg_temp.fails($$UPDATE tag_policy SET valid_during = '(,2026-11-01)' WHERE upper(valid_during) = '2026-10-01'$$);
