-- What a field of a format can say of how it is read: dates, words for nothing,
-- objects, months, costs that are not billed.
SET timezone = 'America/Los_Angeles';
SET datestyle = 'ISO, DMY';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset format unaligned
\pset null '<null>'
BEGIN;
SELECT coalesce(max(load_id), 0) AS base FROM load \gset
CREATE FUNCTION pg_temp.format(name text, fields jsonb, nulls text[] DEFAULT '{}', item_columns text DEFAULT 'NULL::jsonb AS tags', billed_cost text DEFAULT '0::numeric') RETURNS void LANGUAGE sql AS $$
    INSERT INTO source (name, title, way, fields, null_values, item_query, record_query)
    VALUES (name, name, 'append', fields, nulls,
        format('SELECT item_no, ''P'' AS provider_name, ''B'' AS billing_account_id, ''Usage'' AS charge_category, ''EUR'' AS billing_currency, %s FROM landing_item', item_columns),
        format('SELECT line_no, item_no, d AS charge_period_start, d AS charge_period_end, %s AS billed_cost FROM landing_record', billed_cost))
$$;
CREATE VIEW pg_temp.last AS SELECT line_no, charge_period_start AT TIME ZONE 'UTC' AS starts, billed_cost, charge_description, tags FROM focus WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;
CREATE VIEW pg_temp.bad AS SELECT line_no, column_name, reason FROM load_reject WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;

-- Dates in formats, in UTC, whatever the session's.
SELECT pg_temp.format('opt dates', '[{"name": "d", "aliases": ["opt date"], "kind": "time", "required": true, "role": "period_start",
    "formats": ["ISO", "MM/DD/YYYY", "MM/DD/YYYY HH12:MI:SS AM", "YYYYMMDD", "DD-Mon-YYYY", "YYYYMM", "DD.MM.YYYY HH24:MI"]}]');
INSERT INTO landing SELECT unnest(ARRAY['OPT_DATE', '2024-09-30', '2024-09-30T10:00:00+02:00', '09/30/2024', '9/3/2024', '9/30/2024 12:00:00 AM', '9/30/2024 12:30:00 pm', '9/30/2024 1:02:03 PM',
    '20240930', '202409', '30-SEP-2024', '3-sep-2024', '30.9.2024 23:59']);
SELECT line_no, starts FROM pg_temp.last;
INSERT INTO landing SELECT unnest(ARRAY['opt-date', '30/09/2024', '13/01/2024', '9/31/2024', '02/29/2023', '0/1/2024', '1/0/2024', '9/30/24', '9/30/12024', '009/30/2024', '9/30/1989', '9/30/2200', '9/30/2024 13:00:00 AM',
    '9/30/2024 0:00:00 AM', '9/30/2024 1:60:00 AM', '9/30/2024 1:00:60 AM', '9/30/2024 1:00:00 XM', '9/30/2024 1:00:00', '2024093', '202413', '20240931', '30-Sop-2024', '30.9.2024 24:00', '30.9.2024', '9/30/2024 ', ' 9/30/2024', '/9/2024', '']);
SELECT * FROM pg_temp.bad;
-- An order that two formats disagree about is not guessed.
SELECT pg_temp.format('opt two ways', '[{"name": "d", "aliases": ["either"], "kind": "time", "required": true, "role": "period_start", "formats": ["MM/DD/YYYY", "DD/MM/YYYY"]}]');
INSERT INTO landing SELECT unnest(ARRAY['either', '09/30/2024', '30/09/2024', '05/05/2024', '05/06/2024']);
SELECT line_no, starts FROM pg_temp.last;
SELECT * FROM pg_temp.bad;

-- Words for nothing, in all columns.
SELECT pg_temp.format('opt nulls', '[{"name": "d", "aliases": ["null date"], "kind": "time", "required": true, "role": "period_start"}, {"name": "c", "kind": "number", "role": "billed_cost"}, {"name": "t"}]',
    '{Unassigned,-}', 't AS charge_description', 'coalesce(c, 0)');
INSERT INTO landing SELECT unnest(ARRAY['null date,c,t', '2024-09-30,-,unassigned', '2024-09-30,1,-', '2024-09-30,2,unassigned2', '2024-09-30,--,x', '-,4,x']);
SELECT line_no, billed_cost, charge_description FROM pg_temp.last;
SELECT * FROM pg_temp.bad;

-- Objects: without braces, spread over columns, with other keys.
SELECT pg_temp.format('opt objects', '[{"name": "d", "aliases": ["object date"], "kind": "time", "required": true, "role": "period_start"},
    {"name": "tags", "kind": "json", "bare": true, "columns": ["tag/", "tag_"], "prefixes": {"user:": "", "user:aws:": "AWS ", "aws:": "", "": "other "}, "case": "upper"},
    {"name": "more", "kind": "json", "columns": ["more/"], "prefixes": {"more:": ""}}]', '{}', 'tags || coalesce(more, ''{}'') AS tags');
INSERT INTO landing SELECT unnest(ARRAY['object date,Tag/user:b,tags,TAG_aws:c,more/x,tag/,tag_é,tag_user:',
    '2024-09-30,2,"""user:a"": ""1"",""user:aws:z"": [1, {""user:q"": null}]",3,9,ignored,4,5',
    '2024-09-30,,"{""user:b"": ""1"", ""aws:b"": ""2"", ""user:"": true}",,,,,',
    '2024-09-30,3,"{""user:b"": ""column wins""}",,,,,',
    '2024-09-30,,,,,,,',
    '2024-09-30,NULL, ,,,,,',
    '2024-09-30,,"""a"": 1, b",,,,,',
    '2024-09-30,,"""a"": 1}",,,,,',
    '2024-09-30,,"[1]",,,,,']);
SELECT line_no, tags FROM pg_temp.last;
SELECT * FROM pg_temp.bad;
SELECT ignored_columns FROM load ORDER BY load_id DESC LIMIT 1;
-- Two columns that are one key: the last one that has a value.
INSERT INTO landing SELECT unnest(ARRAY['object date,tag/user:k,tag/user:K', '2024-09-30,1,2', '2024-09-30,1,']);
SELECT line_no, tags FROM pg_temp.last;

-- The month of a time, for what describes charges.
SELECT pg_temp.format('opt months', '[{"name": "d", "aliases": ["month date"], "kind": "time", "required": true, "role": "period_start", "formats": ["ISO", "MM/DD/YYYY"]},
    {"name": "m", "aliases": ["month date"], "kind": "time", "item": true, "by": "month", "formats": ["ISO", "MM/DD/YYYY"]}]', '{}', '(m AT TIME ZONE ''UTC'')::text AS charge_description');
INSERT INTO landing SELECT unnest(ARRAY['month date', '2024-09-30T23:59:59Z', '2024-10-01T01:59:59+02:00', '10/01/2024', '2024-10-31', '2024-02-29', 'x', '']);
SELECT line_no, starts, charge_description FROM pg_temp.last;
SELECT count(DISTINCT item_id) FROM focus WHERE load_id = (SELECT max(load_id) FROM load);
SELECT * FROM pg_temp.bad;

-- A cost that other columns can make none, and the first of several costs.
SELECT pg_temp.format('opt costs', '[{"name": "d", "aliases": ["cost date"], "kind": "time", "required": true, "role": "period_start"}, {"name": "model"}, {"name": "kind"},
    {"name": "net", "kind": "number", "role": "billed_cost"},
    {"name": "cost", "kind": "number", "required": true, "role": "billed_cost", "unless": {"model": ["Plan", "Reservation"], "kind": "Usage"}},
    {"name": "m", "aliases": ["model"], "item": false}, {"name": "k", "aliases": ["kind"], "item": false}]', '{}', 'NULL AS charge_description',
    'coalesce(net, CASE WHEN lower(m) IN (''plan'', ''reservation'') AND lower(k) = ''usage'' THEN 0 ELSE cost END)');
INSERT INTO landing SELECT unnest(ARRAY['cost date,model,kind,cost,net', '2024-09-30,plan,usage,1,', '2024-09-30,Plan,Purchase,2,', '2024-09-30,,Usage,3,', '2024-09-30,Plan,Usage,4,0.5', '2024-09-30,Other,Usage,5,4.5', '2024-09-30,Plan,Usage,x,', 'x,Plan,Usage,6,', 'x,,,7,6.5', '2024-09-30,,,,1']);
SELECT records_loaded, records_rejected, billed_cost_read, billed_cost_loaded, billed_cost_rejected FROM load ORDER BY load_id DESC LIMIT 1;
SELECT line_no, billed_cost FROM pg_temp.last;
SELECT line_no, column_name, reason, billed_cost FROM load_reject WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;

SELECT pg_temp.format('opt wrong', '[{"name": "d", "aliases": ["wrong date"], "kind": "time", "required": true, "role": "period_start"}, {"name": "cost", "kind": "number", "role": "billed_cost", "unless": {"later": "x"}}, {"name": "later"}]');
SAVEPOINT wrong;
INSERT INTO landing SELECT unnest(ARRAY['wrong date,cost', '2024-09-30,1']);
ROLLBACK TO wrong;

-- A part of a delivery supersedes by itself.
INSERT INTO source (name, title, way, fields, item_query, record_query)
VALUES ('opt parts', 'parts', 'replace', '[{"name": "d", "aliases": ["part date"], "kind": "time", "required": true, "role": "period_start"}, {"name": "p"}, {"name": "cost", "kind": "number", "required": true, "role": "billed_cost"}]',
    'SELECT item_no, ''P'' AS provider_name, ''parts'' AS billing_account_id, ''Usage'' AS charge_category, ''EUR'' AS billing_currency, p AS part, date ''2024-09-01'' AS billing_period_start, date ''2024-10-01'' AS billing_period_end FROM landing_item',
    'SELECT line_no, item_no, d AS charge_period_start, d AS charge_period_end, cost AS billed_cost FROM landing_record');
INSERT INTO landing SELECT unnest(ARRAY['part date,p,cost', '2024-09-01,a,1', '2024-09-01,b,2', '2024-09-01,,4']);
INSERT INTO landing SELECT unnest(ARRAY['part date,p,cost', '2024-09-01,a,10']);
SELECT s.part, s.billed_cost FROM load_scope_current AS c JOIN load_scope AS s USING (load_scope_id) WHERE s.billing_account_id = 'parts' ORDER BY 1;
INSERT INTO landing SELECT unnest(ARRAY['part date,p,cost', '2024-09-01,,40']);
SELECT sum(billed_cost) FROM focus WHERE billing_account_id = 'parts';
SELECT load_undo(max(load_id) - 1) FROM load;
SELECT sum(billed_cost) FROM focus WHERE billing_account_id = 'parts';
ROLLBACK;

-- Options that mean nothing are refused.
\set VERBOSITY terse
CREATE FUNCTION pg_temp.try(field jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    violated text;
BEGIN
    INSERT INTO source (name, title, way, fields, item_query, record_query)
    VALUES ('try', '', 'append', '[{"name": "d", "kind": "time", "required": true, "role": "period_start"}]'::jsonb || field, '', '');
    RAISE EXCEPTION USING ERRCODE = 'ZZ000';
EXCEPTION
    WHEN check_violation THEN
        GET STACKED DIAGNOSTICS violated = CONSTRAINT_NAME;
        RETURN violated;
    WHEN SQLSTATE 'ZZ000' THEN
        RETURN 'taken';
END
$$;
SELECT field, pg_temp.try(field::jsonb)
FROM unnest(ARRAY[
    '{"name": "x", "kind": "time", "formats": ["YYYY-MM-DD"]}', '{"name": "x", "kind": "time", "formats": ["MM/DD"]}', '{"name": "x", "kind": "time", "formats": ["YYYY"]}', '{"name": "x", "kind": "time", "formats": ["YYYY-MM-DDx"]}',
    '{"name": "x", "kind": "text", "formats": ["ISO"]}', '{"name": "x", "kind": "time", "formats": "DD/MM/YYYY"}', '{"name": "x", "kind": "time", "formats": [1]}',
    '{"name": "x", "kind": "time", "item": true, "by": "month"}', '{"name": "x", "kind": "time", "item": true, "by": "day"}', '{"name": "x", "kind": "time", "by": "month"}',
    '{"name": "x", "kind": "json", "bare": true, "case": "lower", "prefixes": {"a": "b"}, "columns": ["c"]}', '{"name": "x", "bare": true}', '{"name": "x", "kind": "json", "case": "title"}',
    '{"name": "x", "kind": "json", "prefixes": ["a"]}', '{"name": "x", "kind": "json", "prefixes": {"a": 1}}', '{"name": "x", "kind": "json", "columns": [1]}', '{"name": "x", "kind": "json", "columns": ["a"], "item": false}',
    '{"name": "x", "kind": "number", "role": "billed_cost", "unless": {"d": ["a"]}}', '{"name": "x", "kind": "number", "role": "billed_cost", "unless": ["d"]}', '{"name": "x", "kind": "number", "role": "billed_cost", "unless": {"d": [1]}}', '{"name": "x", "kind": "number", "unless": {"d": ["a"]}}'
]) AS field;
