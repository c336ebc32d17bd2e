-- Formats without SQL: a mapping of a charge's columns to a file's, from which the
-- fields and the queries of a format are made.

-- What can be mapped: the kind a value has in the file, and whether it is part of
-- the combination of dimensions.  Read from the tables that a load fills.
CREATE OR REPLACE FUNCTION source_add_target()
RETURNS TABLE (name text, kind text, item boolean, type text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT
        a.attname::text,
        CASE
            WHEN a.attname IN ('provider_name', 'billing_account_id', 'sub_account_id', 'source_customer_id', 'supplier_invoice_id',
                'service_name', 'sku_id', 'part') THEN 'name'
            WHEN a.attname = 'billing_currency' THEN 'currency'
            WHEN a.atttypid = 'jsonb'::regtype THEN 'json'
            WHEN a.atttypid = 'numeric'::regtype THEN 'number'
            WHEN a.atttypid IN ('date'::regtype, 'timestamptz'::regtype) THEN 'time'
            ELSE 'text'
        END,
        a.attrelid = 'load_item'::regclass,
        format_type(a.atttypid, NULL)
    FROM pg_attribute AS a
    WHERE a.attnum > 0
      AND NOT a.attisdropped
      AND (a.attrelid = 'load_item'::regclass AND a.atttypid IN ('text'::regtype, 'date'::regtype, 'jsonb'::regtype)
        OR a.attrelid = 'charge'::regclass AND a.atttypid IN ('numeric'::regtype, 'timestamptz'::regtype))
    UNION ALL
    VALUES ('event_id', 'name', false, 'text');
END;

COMMENT ON FUNCTION source_add_target() IS 'columns of a charge that source_add can map, and the kind of field they take';

-- Raises what is wrong with the mapping of one column.
CREATE OR REPLACE FUNCTION source_add_refuse(target text, problem text, hint text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'invalid_parameter_value',
        MESSAGE = format('column "%s" cannot be mapped so', target),
        DETAIL = problem,
        HINT = coalesce(hint, 'What a column can be mapped to is told in docs/loading.md.');
END
$$;

COMMENT ON FUNCTION source_add_refuse(text, text, text) IS 'raises what is wrong with a mapping given to source_add';

-- Adds a field for a column of the file, or makes it one with the field that reads
-- the column already: the reader takes a column once for each relation.
CREATE OR REPLACE FUNCTION source_add_field(fields jsonb, target text, field jsonb)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    at int;
    old jsonb;
    kind text;
BEGIN
    SELECT f.place::int - 1, f.field
    INTO at, old
    FROM jsonb_array_elements(fields) WITH ORDINALITY AS f (field, place)
    WHERE source_name(f.field ->> 'name') = source_name(source_add_field.field ->> 'name')
      AND f.field -> 'item' = source_add_field.field -> 'item';
    IF NOT FOUND THEN
        RETURN fields || jsonb_build_array(field);
    END IF;

    kind := CASE
        WHEN old -> 'kind' = field -> 'kind' THEN old ->> 'kind'
        WHEN old ->> 'kind' IN ('text', 'name') AND field ->> 'kind' IN ('text', 'name') THEN 'name'
    END;
    IF kind IS NULL
        OR coalesce(old -> 'one_of', field -> 'one_of') <> coalesce(field -> 'one_of', old -> 'one_of')
        OR coalesce(old -> 'formats', field -> 'formats') <> coalesce(field -> 'formats', old -> 'formats')
    THEN
        PERFORM source_add_refuse(target,
            format('It reads "%s" as %s, and another column reads it as %s.', field ->> 'name',
                field - '{name,item,aliases,required,role}'::text[], old - '{name,item,aliases,required,role}'::text[]),
            'A column of the file is of one kind, one_of and formats, whatever is made of it.');
    END IF;
    RETURN jsonb_set(fields, ARRAY[at::text], field || old || jsonb_build_object(
        'kind', kind,
        'required', CASE WHEN old -> 'required' = 'false' THEN field -> 'required' WHEN field -> 'required' = 'true' THEN 'true' ELSE old -> 'required' END,
        'aliases', coalesce(old -> 'aliases', '[]') || coalesce(field -> 'aliases', '[]')));
END
$$;

COMMENT ON FUNCTION source_add_field(jsonb, text, jsonb) IS 'the fields of a format with one more';

-- Adds a format.  columns maps each column of a charge to what it is made of.
CREATE OR REPLACE FUNCTION source_add(
    name          text,
    title         text,
    columns       jsonb,
    way           text DEFAULT 'append',
    extra_prefix  text DEFAULT NULL,
    null_values   text[] DEFAULT '{}',
    carries       boolean DEFAULT false,
    overwrite     boolean DEFAULT false,
    side          text DEFAULT 'usage'
)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    options constant text[] := '{column,value,default,setting,required,one_of,map,times,inclusive,formats,columns,prefixes,case,bare}'::text[];
    categories constant jsonb := '["Usage", "Purchase", "Tax", "Credit", "Adjustment"]'::jsonb;
    spec jsonb;
    one record;
    names text[];
    required jsonb;
    must boolean;
    expression text;
    constant_of text;
    start_of text;
    cost_of text;
    fields jsonb := jsonb_build_array();
    items text[] := ARRAY[]::text[];
    records text[] := ARRAY[]::text[];
    tags text[] := ARRAY[]::text[];
    all_tags text;
    result int;
BEGIN
    IF num_nulls(name, title, columns, way, null_values, carries, side) > 0 OR jsonb_typeof(columns) <> 'object' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a format has a name, a title, a way and a mapping of columns',
            HINT = 'source_add(''tickets'', ''hours of the service desk'', ''{"billed_cost": "Cost", …}'')';
    END IF;
    IF way NOT IN ('replace', 'append') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('a file cannot be loaded in the way "%s"', way),
            HINT = 'replace: a file supersedes the earlier ones of its account and billing period. append: each file adds to them.';
    END IF;
    IF side NOT IN ('usage', 'purchase') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('a file cannot be of the side "%s"', side),
            HINT = 'usage: what was used, which is rated and billed. purchase: what the supplier invoices, which is only reconciled.';
    END IF;
    IF EXISTS (SELECT FROM source AS s WHERE s.name = source_add.name AND (s.builtin OR NOT overwrite)) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_object',
            MESSAGE = format('format "%s" exists', name),
            HINT = 'Take another name, or change a format of your own with overwrite => true.';
    END IF;

    IF carries AND (way <> 'replace' OR NOT columns ? 'billing_period_start') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'what is carried from day to day is delivered by day',
            HINT = 'Use way => ''replace'', and map the day to billing_period_start, billing_period_end (inclusive) and charge_period_start.';
    END IF;

    -- Who is not told: in the day that a charge begins in, this month's, as usage; of
    -- an account and in a currency that the file or the user names.
    columns := '{"charge_category": {"value": "Usage"}, "billing_account_id": {"setting": "load_account"},
        "billing_currency": {"setting": "load_currency"}}'::jsonb || columns;
    SELECT array_agg(m.name ORDER BY m.place)
    INTO names
    FROM unnest('{provider_name,charge_period_start,billed_cost}'::text[]) WITH ORDINALITY AS m (name, place)
    WHERE NOT columns ? m.name;
    IF names IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('%s must be mapped', array_to_string(names, ', ')),
            HINT = 'Give the column of the file, as in {"billed_cost": "Cost"}, or a value for all records, as in {"provider_name": {"value": "Service desk"}}.';
    END IF;
    IF columns ? 'billing_period_start' <> columns ? 'billing_period_end' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a billing period has a start and an end',
            HINT = 'Map billing_period_start and billing_period_end, or neither: it is the calendar month of charge_period_start then.';
    END IF;

    FOR one IN
        SELECT c.key AS target, c.value AS spec, coalesce(t.kind, 'text') AS kind, coalesce(t.item, true) AS item,
            coalesce(t.type, 'text') AS type, starts_with(c.key, 'tags.') AS is_tag, t.name IS NOT NULL AS is_column
        FROM jsonb_each(columns) AS c
        LEFT JOIN source_add_target() AS t ON t.name = c.key
        ORDER BY t.name <> 'charge_period_start', c.key
    LOOP
        IF NOT one.is_column AND (NOT one.is_tag OR one.target = 'tags.') THEN
            RAISE EXCEPTION USING
                ERRCODE = 'undefined_column',
                MESSAGE = format('"%s" is no column of a charge', one.target),
                HINT = format('Columns are: %s, and tags.… for a tag.',
                    (SELECT string_agg(t.name, ', ' ORDER BY t.name) FROM source_add_target() AS t));
        END IF;

        -- "Cost" is {"column": ["Cost"]}.
        spec := CASE jsonb_typeof(one.spec)
            WHEN 'object' THEN one.spec
            ELSE jsonb_build_object('column', one.spec)
        END;
        IF jsonb_typeof(spec -> 'column') = 'string' THEN
            spec := spec || jsonb_build_object('column', jsonb_build_array(spec -> 'column'));
        END IF;
        IF spec - options <> '{}' THEN
            PERFORM source_add_refuse(one.target, format('There is no option %s.', (SELECT quote_ident(min(k)) FROM jsonb_object_keys(spec - options) AS k)),
                format('Options are: %s.', array_to_string(options, ', ')));
        END IF;
        IF spec ? 'column' AND (jsonb_typeof(spec -> 'column') <> 'array' OR spec -> 'column' = '[]'
            OR spec @? '$.column[*] ? (!(@.type() == "string")) ' OR spec @? '$.column[*] ? (@ == "")')
        THEN
            PERFORM source_add_refuse(one.target, format('%s does not name a column of the file.', spec -> 'column'),
                'Give a name, or an array of the names that the column has in files.');
        END IF;
        IF spec ?| '{columns,prefixes,case,bare}' THEN
            IF one.target <> 'tags' AND one.kind <> 'json'
                OR spec ? 'columns' AND jsonb_typeof(spec -> 'columns') <> 'array'
                OR spec ? 'prefixes' AND jsonb_typeof(spec -> 'prefixes') <> 'object'
                OR spec ? 'case' AND spec ->> 'case' NOT IN ('lower', 'upper')
                OR spec ? 'bare' AND jsonb_typeof(spec -> 'bare') <> 'boolean'
                OR spec @? '$.columns[*] ? (!(@.type() == "string"))'
                OR spec @? '$.prefixes.* ? (!(@.type() == "string"))'
            THEN
                PERFORM source_add_refuse(one.target, 'columns is an array of texts, prefixes an object of texts, case "lower" or "upper", bare true or false, and all are for tags.',
                    'As in {"tags": {"column": "Tags", "columns": ["tag_"], "prefixes": {"user:": ""}, "case": "lower"}}.');
            END IF;
            -- Columns that are keys need no column that is an object.
            IF NOT spec ? 'column' AND spec ? 'columns' THEN
                spec := spec || jsonb_build_object('column', jsonb_build_array(one.target));
            END IF;
        END IF;
        IF spec ? 'value' = (spec ?| '{column,setting}') THEN
            PERFORM source_add_refuse(one.target, 'It is neither the column of a file nor a value, or both.',
                'Give one of "column" and "value"; "setting" may go with a column.');
        END IF;
        IF spec ? 'value' AND spec - 'value' <> '{}' OR NOT spec ? 'column' AND spec - '{value,setting}'::text[] <> '{}' THEN
            PERFORM source_add_refuse(one.target, 'Without a column there are no options.', 'Leave out all but "value" or "setting".');
        END IF;
        IF spec ? 'setting' AND NOT (spec ->> 'setting' = 'load_account' AND one.kind = 'name'
            OR spec ->> 'setting' = 'load_currency' AND one.kind = 'currency')
        THEN
            PERFORM source_add_refuse(one.target, format('The setting %s is not for it.', spec -> 'setting'),
                'load_account is for names, such as billing_account_id; load_currency for billing_currency.');
        END IF;
        IF spec ? 'map' AND (jsonb_typeof(spec -> 'map') <> 'object' OR one.kind NOT IN ('text', 'name') OR spec ? 'one_of') THEN
            PERFORM source_add_refuse(one.target, 'map is an object of texts, and says itself which there may be.',
                'As in {"column": "Type", "map": {"Verbruik": "Usage", "Korting": "Credit"}}.');
        END IF;
        IF one.target = 'charge_category'
            AND NOT categories @> (jsonb_path_query_array(spec, '$.map.*') || jsonb_path_query_array(spec, '$.one_of[*]'))
        THEN
            PERFORM source_add_refuse(one.target, 'A value it would have is no category of charges.', format('Values are: %s.', categories));
        END IF;
        IF spec ? 'one_of' AND (jsonb_typeof(spec -> 'one_of') <> 'array' OR one.kind <> 'text') THEN
            PERFORM source_add_refuse(one.target, 'one_of is an array of the texts that there may be.', NULL);
        END IF;
        IF spec ? 'times' AND (jsonb_typeof(spec -> 'times') <> 'string' OR one.kind <> 'number') THEN
            PERFORM source_add_refuse(one.target, 'times names a column of numbers that a number is multiplied by.',
                'As in {"billed_cost": {"column": "Hours", "times": "Rate"}}.');
        END IF;
        IF spec ?| '{inclusive,formats}' AND one.kind <> 'time' OR spec ? 'inclusive' AND jsonb_typeof(spec -> 'inclusive') <> 'boolean' THEN
            PERFORM source_add_refuse(one.target, 'inclusive, true or false, and formats are for days and times.', NULL);
        END IF;
        IF spec ? 'formats' AND (jsonb_typeof(spec -> 'formats') <> 'array' OR spec @? '$.formats[*] ? (!(@.type() == "string"))'
            OR NOT spec @? '$.formats[*]'
            OR spec @? '$.formats[*] ? (!(@ like_regex "^(ISO|([^A-Za-z]|YYYY|YY|MM|Mon|DD|HH24|HH12|MI|SS|AM)*)$"))'
            OR spec @? '$.formats[*] ? (!(@ == "ISO" || @ like_regex "YY" && @ like_regex "MM|Mon"))')
        THEN
            PERFORM source_add_refuse(one.target, format('%s are not ways to write a day or time.', spec -> 'formats'),
                'An array of formats made of YYYY, YY, MM, Mon, DD, HH24, HH12, MI, SS and AM, such as ["DD-MM-YYYY"], or ISO.');
        END IF;
        IF spec ? 'required' AND jsonb_typeof(spec -> 'required') <> 'boolean' THEN
            PERFORM source_add_refuse(one.target, 'required is true or false.', NULL);
        END IF;
        IF spec ? 'value' AND one.target IN ('charge_period_start', 'charge_period_end', 'billing_period_start', 'billing_period_end', 'event_id') THEN
            PERFORM source_add_refuse(one.target, 'It cannot be the same for all records.', 'Give the column of the file.');
        END IF;

        -- What is the same for all records, or for those that do not say.
        IF spec ?| '{value,default}' THEN
            constant_of := coalesce(spec ->> 'value', spec ->> 'default');
            IF constant_of IS NULL
                OR one.kind = 'number' AND exact_numeric(constant_of) IS NULL
                OR one.kind = 'currency' AND constant_of !~ '^[A-Z]{3}$'
                OR one.kind = 'name' AND octet_length(constant_of) > 512
                OR one.kind = 'json' AND jsonb_typeof(coalesce(spec -> 'value', spec -> 'default')) <> 'object'
                OR one.kind = 'time'
                OR one.target = 'charge_category' AND NOT categories ? constant_of
            THEN
                PERFORM source_add_refuse(one.target, format('%s is not a value it can have.', coalesce(spec -> 'value', spec -> 'default')),
                    CASE WHEN one.target = 'charge_category' THEN format('Values are: %s.', categories) END);
            END IF;
            constant_of := format('%L::%s', constant_of, one.type);
        ELSE
            constant_of := NULL;
        END IF;

        IF spec ? 'value' THEN
            expression := constant_of;
        ELSE
            names := ARRAY(SELECT btrim(n.name) FROM jsonb_array_elements_text(coalesce(spec -> 'column', jsonb_build_array(one.target))) WITH ORDINALITY AS n (name, place) ORDER BY n.place);
            must := coalesce((spec ->> 'required')::boolean, false)
                OR one.target IN ('provider_name', 'billing_account_id', 'billing_currency', 'charge_category', 'charge_period_start',
                    'billed_cost', 'event_id', 'billing_period_start', 'billing_period_end');
            required := CASE WHEN NOT must THEN 'false'::jsonb WHEN constant_of IS NULL THEN 'true' ELSE '"header"' END;
            -- The name of a column in a query has 63 bytes.
            IF octet_length(names[1]) > 63 THEN
                names := format('column %s', one.target) || names;
            END IF;
            fields := source_add_field(fields, one.target, jsonb_strip_nulls(jsonb_build_object(
                'name', names[1],
                'kind', one.kind,
                'item', one.item,
                'required', required,
                'aliases', CASE WHEN cardinality(names) > 1 THEN to_jsonb(names[2:]) END,
                'setting', spec -> 'setting',
                'formats', spec -> 'formats',
                'columns', spec -> 'columns',
                'prefixes', spec -> 'prefixes',
                'case', spec -> 'case',
                'bare', spec -> 'bare',
                'one_of', CASE
                    WHEN spec ? 'map' THEN (SELECT jsonb_agg(k) FROM jsonb_object_keys(spec -> 'map') AS k)
                    WHEN one.target = 'charge_category' THEN coalesce(spec -> 'one_of', categories)
                    ELSE spec -> 'one_of'
                END,
                'role', CASE one.target
                    WHEN 'charge_period_start' THEN 'period_start'
                    WHEN 'charge_period_end' THEN 'period_end'
                    WHEN 'event_id' THEN 'event_id'
                    WHEN 'billed_cost' THEN CASE WHEN NOT spec ?| '{times,default}' THEN 'billed_cost' END
                END)));
            expression := CASE
                WHEN spec ? 'map' THEN format('(%L::jsonb ->> %I)', spec -> 'map', names[1])
                ELSE format('%I', names[1])
            END;
            IF spec ? 'times' THEN
                fields := source_add_field(fields, one.target,
                    jsonb_build_object('name', spec -> 'times', 'kind', 'number', 'item', false, 'required', required));
                expression := format('%s * %I', expression, spec ->> 'times');
            END IF;
            IF (spec -> 'inclusive')::boolean THEN
                expression := format('(%s + interval ''24 hours'')', expression);
            END IF;
            IF one.type = 'date' THEN
                expression := format('(%s AT TIME ZONE ''UTC'')::date', expression);
            END IF;
            IF constant_of IS NOT NULL THEN
                expression := format('coalesce(%s, %s)', expression, constant_of);
            END IF;
        END IF;

        CASE one.target
            WHEN 'charge_period_start' THEN start_of := expression;
            WHEN 'charge_period_end' THEN expression := format('coalesce(%s, %s + interval ''24 hours'')', expression, start_of);
            WHEN 'billed_cost' THEN cost_of := expression;
            -- What equals another column is left out of the table charge.
            WHEN 'effective_cost' THEN expression := format('nullif(%s, %s)', expression, cost_of);
            ELSE NULL;
        END CASE;
        IF one.is_tag THEN
            tags := tags || format('%L, %s', substr(one.target, 6), expression);
        ELSIF one.target = 'tags' THEN
            all_tags := format('coalesce(%s, ''{}'')', expression);
        ELSIF one.item THEN
            items := items || format('%s AS %I', expression, one.target);
        ELSIF one.target <> 'event_id' THEN
            records := records || format('%s AS %I', expression, one.target);
        END IF;

        -- What a charge's start says of the rest.
        IF one.target = 'charge_period_start' THEN
            IF NOT columns ? 'charge_period_end' THEN
                records := records || format('%s + interval ''24 hours'' AS charge_period_end', expression);
            END IF;
            IF way = 'replace' AND NOT columns ? 'billing_period_start' THEN
                fields := source_add_field(fields, 'billing_period_start', (fields -> 0) - 'role' || '{"item": true}');
                items := items || format('date_trunc(''month'', %s AT TIME ZONE ''UTC'')::date AS billing_period_start', expression)
                    || format('(date_trunc(''month'', %s AT TIME ZONE ''UTC'') + interval ''1 month'')::date AS billing_period_end', expression);
            END IF;
        END IF;
    END LOOP;

    IF tags <> '{}' THEN
        all_tags := concat_ws(' || ', all_tags, format('jsonb_strip_nulls(jsonb_build_object(%s))', array_to_string(tags, ', ')));
    END IF;
    IF all_tags IS NOT NULL THEN
        items := items || format('%s AS tags', all_tags);
    END IF;

    INSERT INTO source AS s (name, title, way, extra_prefix, null_values, carries, side, fields, item_query, record_query)
    VALUES (
        source_add.name, source_add.title, source_add.way, source_add.extra_prefix, source_add.null_values, source_add.carries, source_add.side,
        fields,
        format(E'SELECT\n    item_no,\n    %s\nFROM landing_item', array_to_string(items, E',\n    ')),
        format(E'SELECT\n    line_no,\n    item_no,\n    %s,\n    extra\nFROM landing_record', array_to_string(records, E',\n    '))
    )
    ON CONFLICT ON CONSTRAINT source_name_key DO UPDATE SET
        title = excluded.title,
        way = excluded.way,
        extra_prefix = excluded.extra_prefix,
        null_values = excluded.null_values,
        carries = excluded.carries,
        side = excluded.side,
        fields = excluded.fields,
        item_query = excluded.item_query,
        record_query = excluded.record_query,
        event_query = NULL
    RETURNING s.source_id INTO result;
    RETURN result;
END
$$;

COMMENT ON FUNCTION source_add(text, text, jsonb, text, text, text[], boolean, boolean, text) IS 'adds a format from a mapping of a charge''s columns to a file''s; gives its key';
