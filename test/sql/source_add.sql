-- Formats from a mapping of columns, and what a header would be read as.
SET timezone = 'America/Sao_Paulo';
SET datestyle = 'ISO';
SET search_path = cloudbilling, public;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset format unaligned
\pset null '<null>'
SELECT coalesce(max(load_id), 0) AS base FROM load \gset

-- The example of docs/loading.md.
SELECT source_add('chargeback', 'charge-back export', '{
    "provider_name": {"value": "Campus cloud"},
    "billing_period_start": "BillingPeriodStart",
    "billing_period_end": {"column": "BillingPeriodEnd", "inclusive": true},
    "charge_period_start": "ChargePeriodStart",
    "charge_period_end": {"column": "ChargePeriodEnd", "inclusive": true},
    "billed_cost": "BilledCost",
    "effective_cost": "EffectiveCost",
    "list_cost": "ListCost",
    "contracted_cost": "ContractedCost",
    "service_name": "ServiceName",
    "resource_id": "ResourceId",
    "resource_name": "ResourceName",
    "tags": "Tags"
}', way => 'replace') IS NOT NULL AS added;
SELECT jsonb_pretty(fields), item_query, record_query FROM source WHERE name = 'chargeback';
SELECT column_no, column_name, field_name, kind, required, status
FROM source_check('BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ListCost,BilledCost,ResourceId,ResourceName,ServiceName,Tags,Owner');
SET cloudbilling.load_account = 'hpc';
SET cloudbilling.load_currency = 'USD';
\copy landing from 'test/data/chargeback.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT records_read, records_loaded, billed_cost_read, billed_cost_loaded FROM load WHERE load_id > :base;
SELECT line_no, column_name, reason FROM load_reject WHERE load_id > :base;
SELECT provider_name, billing_account_id, billing_currency, billing_period_start, billing_period_end, charge_period_start AT TIME ZONE 'UTC' AS starts, charge_period_end AT TIME ZONE 'UTC' AS ends,
    charge_category, billed_cost, effective_cost, list_cost, contracted_cost, service_name, resource_id, resource_name, tags
FROM focus WHERE load_id > :base ORDER BY line_no;

-- All else that a mapping can say: names in several languages, values that are
-- translated, one column in two places, a product, a unique id, single tags.
SELECT source_add('desk', 'hours of the service desk', '{
    "provider_name": {"value": "Service desk"},
    "billing_account_id": {"value": "desk"},
    "billing_currency": {"value": "EUR"},
    "sub_account_id": ["Customer", "Klant"],
    "source_customer_id": ["Customer", "Klant"],
    "charge_category": {"column": ["Kind", "Soort"], "map": {"Verbruik": "Usage", "Korting": "Credit"}},
    "charge_description": "Omschrijving",
    "sku_id": {"value": "hour"},
    "service_name": {"value": "Support"},
    "charge_period_start": {"column": ["Day", "Datum"], "formats": ["ISO", "DD-MM-YYYY"]},
    "event_id": "Ticket",
    "sku_meter": "Ticket",
    "pricing_quantity": ["Hours", "Uren"],
    "pricing_unit": {"value": "h"},
    "contracted_unit_price": "Tarief",
    "billed_cost": {"column": ["Hours", "Uren"], "times": "Tarief"},
    "list_cost": {"value": 0},
    "tags.team": {"column": "Team", "default": "nobody"},
    "tags.cost centre": "Kostenplaats"
}', extra_prefix => 'x_') IS NOT NULL AS added;
\copy landing from 'test/data/desk.csv' with (format csv, delimiter E'\x01', quote E'\x02')
SELECT records_read, records_loaded, records_rejected, records_duplicate, billed_cost_read, billed_cost_loaded, billed_cost_duplicate, ignored_columns FROM load ORDER BY load_id DESC LIMIT 1;
SELECT line_no, column_name, reason FROM load_reject WHERE load_id = (SELECT max(load_id) FROM load);
SELECT line_no, billing_account_id, sub_account_id, charge_category, charge_description, sku_id, sku_meter, charge_period_start AT TIME ZONE 'UTC' AS starts, charge_period_end AT TIME ZONE 'UTC' AS ends,
    pricing_quantity, contracted_unit_price, billed_cost, effective_cost, list_cost, tags, x_columns
FROM focus WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;
SELECT column_no, column_name, field_name, kind, required, status FROM source_check(E'\uFEFFDatum;Klant;Ticket;Omschrijving;Soort;Uren;Tarief;Team;Kostenplaats;x_note;Intern\n2025-01-06;K1001');

-- A format of one's own changes; deliveries of it still supersede each other.  The
-- calendar month of the day is the billing period, in UTC.
SELECT source_add('desk', 'days of the service desk', '{"provider_name": {"value": "Service desk"}, "billed_cost": {"column": "cost", "default": 0}, "charge_period_start": "day",
    "charge_period_end": {"column": "last day", "inclusive": true}, "billing_account_id": "team", "service_name": "team",
    "effective_cost": "a column with a name of more than sixty-three bytes, as some files have it"}', way => 'replace', overwrite => true) = source_id AS same
FROM source WHERE name = 'desk';
SELECT name, title, way, extra_prefix, event_query, item_query, record_query FROM source WHERE name = 'desk';
INSERT INTO landing VALUES (E'day,last day,team,cost,"a column with a name of more than sixty-three bytes, as some files have it"\n2025-01-31T23:59:59Z,,t,,\n2025-02-01,2025-02-02,t,3,4');
SELECT billing_account_id, billing_currency, billing_period_start, billing_period_end, charge_period_start AT TIME ZONE 'UTC' AS starts, charge_period_end AT TIME ZONE 'UTC' AS ends, billed_cost, effective_cost
FROM focus WHERE load_id = (SELECT max(load_id) FROM load) ORDER BY line_no;

-- Tags that have a column each, words for nothing, and days that are carried.
SELECT source_add('seats', 'seats', '{"provider_name": {"value": "Seats"}, "billing_account_id": {"value": "seats"}, "billing_currency": {"value": "EUR"},
    "billing_period_start": "day", "billing_period_end": {"column": "day", "inclusive": true}, "charge_period_start": "day", "billed_cost": {"value": 0},
    "pricing_quantity": "seats", "service_name": "plan", "tags": {"columns": ["tag_"], "prefixes": {"cust:": "customer:"}, "case": "lower"}}',
    way => 'replace', null_values => '{-,n/a}', carries => true) IS NOT NULL AS added;
INSERT INTO landing VALUES (E'day,seats,plan,tag_Team,tag_cust:Name\n2025-01-01,5,-,A,n/a\n2025-01-03,6,N/A,-,Shop');
SELECT charge_period_start AT TIME ZONE 'UTC' AS day, service_name, pricing_quantity, tags FROM focus WHERE provider_name = 'Seats' ORDER BY 1;
SELECT column_no, column_name, field_name, kind, status FROM source_check('day,seats,plan,tag_Team,tag_cust:Name', 'seats') WHERE column_no IS NOT NULL;

-- What cannot be mapped.
CREATE FUNCTION pg_temp.refused(columns jsonb, way text DEFAULT 'append', name text DEFAULT 'bad', overwrite boolean DEFAULT false)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    message text;
    detail text;
    hint text;
BEGIN
    PERFORM source_add(name, 'bad', '{"provider_name": {"value": "P"}, "charge_period_start": "Day", "billed_cost": "Cost"}'::jsonb || columns, way, overwrite => overwrite);
    RETURN 'added';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, message, nullif(detail, ''), nullif(hint, ''));
END
$$;
SELECT source_add('bad', 'bad', NULL);
SELECT source_add('bad', 'bad', '[]');
SELECT source_add('bad', 'bad', '{"charge_period_start": "Day"}');
SELECT pg_temp.refused('{}', 'sideways');
SELECT pg_temp.refused('{}', name => 'focus', overwrite => true);
SELECT pg_temp.refused('{}', name => 'desk');
SELECT source_add('bad', 'bad', '{"provider_name": {"value": "P"}, "charge_period_start": "Day", "billed_cost": "Cost"}', way => 'replace', carries => true);
SELECT pg_temp.refused('{"cost": "Cost"}');
SELECT pg_temp.refused('{"tags.": "Cost"}');
SELECT pg_temp.refused(s::jsonb)
FROM unnest(ARRAY[
    '{"billing_period_start": "Day"}',
    '{"list_cost": {"colum": "Cost"}}',
    '{"list_cost": {}}',
    '{"list_cost": 1}',
    '{"list_cost": []}',
    '{"list_cost": ["a", 1]}',
    '{"list_cost": ""}',
    '{"list_cost": {"column": "a", "value": 1}}',
    '{"list_cost": {"value": 1, "required": true}}',
    '{"list_cost": {"value": "one"}}',
    '{"list_cost": {"value": null}}',
    '{"list_cost": {"setting": "load_account"}}',
    '{"billing_currency": {"setting": "load_account"}}',
    '{"billing_currency": {"value": "euro"}}',
    '{"billing_currency": {"setting": "load_currency", "required": true}}',
    '{"charge_category": {"value": "Gift"}}',
    '{"charge_category": {"column": "Kind", "map": ["Usage"]}}',
    '{"charge_category": {"column": "Kind", "map": {"a": "Usage", "b": "Gift"}}}',
    '{"charge_category": {"column": "Kind", "one_of": ["Tax", "usage"]}}',
    '{"list_cost": {"column": "a", "map": {"a": "1"}}}',
    '{"sku_meter": {"column": "a", "one_of": "a"}}',
    '{"sku_meter": {"column": "a", "times": "b"}}',
    '{"list_cost": {"column": "a", "times": 3}}',
    '{"list_cost": {"column": "a", "inclusive": true}}',
    '{"charge_period_start": {"column": "a", "formats": "DD-MM-YYYY"}}',
    '{"charge_period_start": {"column": "a", "formats": ["DD-MM"]}}',
    '{"list_cost": {"column": "a", "formats": ["ISO"]}}',
    '{"charge_period_end": {"column": "a", "inclusive": "yes"}}',
    '{"charge_period_end": {"value": "2025-01-01"}}',
    '{"charge_period_end": {"column": "a", "default": "2025-01-01"}}',
    '{"list_cost": {"column": "a", "required": "yes"}}',
    '{"tags": {"value": []}}',
    '{"tags": {"columns": "tag_"}}',
    '{"tags": {"column": "Tags", "case": "Title"}}',
    '{"list_cost": {"column": "a", "bare": true}}',
    '{"list_cost": "Day"}',
    '{"sku_meter": {"column": "a", "one_of": ["b"]}, "region_id": {"column": "a", "one_of": ["c"]}}'
]) AS s;

-- What a header is.
SELECT source_header(h) FROM unnest(ARRAY['', 'a', E'\n\r\n"a ""b"", c" ;d; e \r\n1;2', E'"a\nb",c', '"a', NULL]) AS h;
SELECT DISTINCT source_name, status FROM source_check('nonsense') WHERE column_no IS NOT NULL;
SELECT source_name, count(*) > 50 AS many FROM source_check('a,b', 'focus') GROUP BY 1;
SELECT count(*) FROM source_check('a,b', 'unknown');
SELECT column_no, column_name, field_name, status FROM source_check('Date,Namespace,namespace,CPUCost,RAMCost,TotalCost') WHERE required OR column_no IS NOT NULL;
RESET cloudbilling.load_account;
RESET cloudbilling.load_currency;
SELECT column_no, column_name, field_name, status FROM source_check('Date,Pod,CPUCost,TotalCost') WHERE required OR column_no IS NOT NULL;

SELECT count(load_undo(load_id)) FROM load WHERE load_id > :base AND header <> '' AND undone_at IS NULL;
