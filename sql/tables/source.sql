-- A source is a file format: which header it has, how its fields are read, and
-- the two queries that turn them into charges.  A format is added by a row.  Those of
-- the extension have keys of their own below 1000, so that a dump can be restored
-- into a release that has more of them.
CREATE TABLE source (
    source_id     int      GENERATED ALWAYS AS IDENTITY (START WITH 1000) PRIMARY KEY,
    name          text     NOT NULL UNIQUE,
    title         text     NOT NULL,
    way           text     NOT NULL,
    fields        jsonb    NOT NULL,
    extra_prefix  text,
    null_values   text[]   NOT NULL DEFAULT '{}',
    item_query    text     NOT NULL,
    record_query  text     NOT NULL,
    event_query   text,
    carries       boolean  NOT NULL DEFAULT false,
    side          text     NOT NULL DEFAULT 'usage',
    builtin       boolean  NOT NULL DEFAULT false,

    CHECK (way IN ('replace', 'append')),
    CHECK (way = 'replace' OR NOT carries),
    CHECK (side IN ('usage', 'purchase')),
    CHECK (jsonb_typeof(fields) = 'array'),

    -- What the reader relies on.
    CONSTRAINT source_field_has_name
        CHECK (NOT fields @? '$[*] ? (!(@.name.type() == "string"))'),
    CONSTRAINT source_field_has_known_kind
        CHECK (NOT fields @? '$[*] ? (exists(@.kind) && !(@.kind == "text" || @.kind == "name" || @.kind == "json" || @.kind == "nested"
            || @.kind == "number" || @.kind == "time" || @.kind == "currency" || @.kind == "extra"))'),
    CONSTRAINT source_field_is_required_or_not
        CHECK (NOT fields @? '$[*] ? (exists(@.required) && !(@.required.type() == "boolean" || @.required == "header"))'),
    CONSTRAINT source_field_has_kind_of_its_setting
        CHECK (NOT fields @? '$[*] ? (exists(@.setting)
            && !(@.setting == "load_account" && @.kind == "name" || @.setting == "load_currency" && @.kind == "currency"))'),
    CONSTRAINT source_field_has_kind_of_its_role
        CHECK (NOT fields @? '$[*] ? (exists(@.role)
            && !((@.role == "period_start" || @.role == "period_end") && @.kind == "time" && !(@.item == true)
                || @.role == "billed_cost" && @.kind == "number" && !(@.item == true)
                || @.role == "credits" && @.kind == "nested" && @.item == false
                || @.role == "event_id" && @.kind == "name" && !(@.item == true)))'),
    CONSTRAINT source_has_one_required_period_start
        CHECK (jsonb_array_length(jsonb_path_query_array(fields, '$[*] ? (@.role == "period_start")')) = 1
            AND fields @? '$[*] ? (@.role == "period_start" && @.required == true)'),
    CONSTRAINT source_has_no_role_twice
        CHECK (jsonb_array_length(jsonb_path_query_array(fields, '$[*] ? (@.role == "period_end")')) <= 1
            AND jsonb_array_length(jsonb_path_query_array(fields, '$[*] ? (@.role == "credits")')) <= 1
            AND jsonb_array_length(jsonb_path_query_array(fields, '$[*] ? (@.role == "event_id")')) <= 1),
    CONSTRAINT source_time_has_known_formats
        CHECK (NOT fields @? '$[*] ? (exists(@.formats) && !(@.kind == "time"))'
            AND NOT fields @? '$[*].formats[*] ? (!(@.type() == "string"))'
            AND NOT fields @? '$[*].formats[*] ? (!(@ like_regex "^(ISO|([^A-Za-z]|YYYY|YY|MM|Mon|DD|HH24|HH12|MI|SS|AM)*)$"))'
            AND NOT fields @? '$[*].formats[*] ? (!(@ == "ISO" || @ like_regex "YY" && @ like_regex "MM|Mon"))'),
    CONSTRAINT source_month_is_an_item
        CHECK (NOT fields @? '$[*] ? (exists(@.by) && !(@.by == "month" && @.kind == "time" && @.item == true))'
            AND jsonb_array_length(jsonb_path_query_array(fields, '$[*] ? (exists(@.by))')) <= 1),
    CONSTRAINT source_object_has_its_options
        CHECK (NOT fields @? '$[*] ? ((exists(@.bare) || exists(@.prefixes) || exists(@."case") || exists(@.columns)) && !(@.kind == "json"))'
            AND NOT fields @? '$[*] ? (exists(@.columns) && @.item == false)'
            AND NOT fields @? '$[*] ? (exists(@."case") && !(@."case" == "lower" || @."case" == "upper"))'
            AND NOT fields @? '$[*] ? (exists(@.bare) && !(@.bare.type() == "boolean"))'
            AND NOT fields @? '$[*] ? (exists(@.prefixes) && !(@.prefixes.type() == "object"))'
            AND NOT fields @? '$[*].prefixes.* ? (!(@.type() == "string"))'
            AND NOT fields @? '$[*].columns[*] ? (!(@.type() == "string"))'),
    CONSTRAINT source_cost_has_its_exceptions
        CHECK (NOT fields @? '$[*] ? (exists(@.unless) && !(@.role == "billed_cost" && @.unless.type() == "object"))'
            AND NOT fields @? '$[*].unless.*[*] ? (!(@.type() == "string"))'),
    CONSTRAINT source_field_has_names
        CHECK (NOT fields @? 'strict $[*].aliases ? (!(@.type() == "array"))' AND NOT fields @? 'strict $[*].else ? (!(@.type() == "array"))'
            AND NOT fields @? '$[*].aliases[*] ? (!(@.type() == "string"))' AND NOT fields @? '$[*].else[*] ? (!(@.type() == "string"))'),
    CONSTRAINT source_has_one_unique_id
        CHECK (event_query IS NULL OR NOT fields @? '$[*] ? (@.role == "event_id")')
);

COMMENT ON TABLE source IS 'file formats: header, fields, and the queries that map them to charges';
COMMENT ON COLUMN source.source_id IS 'key of the format';
COMMENT ON COLUMN source.name IS 'short name of the format, as in the setting cloudbilling.load_source';
COMMENT ON COLUMN source.title IS 'the format''s full name, for people';
COMMENT ON COLUMN source.way IS 'replace: a delivery supersedes the earlier one of its account and billing period; append: each load stands';
COMMENT ON COLUMN source.fields IS 'array of {"name", "kind": text|name|json|nested|number|time|currency|extra, "required", "item", "role", "aliases", "else", "one_of", "setting", and options of a kind}; see docs/loading.md';
COMMENT ON COLUMN source.extra_prefix IS 'columns whose name begins so are kept as JSON in charge.extra; NULL keeps none';
COMMENT ON COLUMN source.null_values IS 'words that stand for nothing in all columns, without regard to case';
COMMENT ON COLUMN source.item_query IS 'query over landing_item: one row of charge_item columns for each item_no';
COMMENT ON COLUMN source.record_query IS 'query over landing_record: one row of charge columns for each line_no';
COMMENT ON COLUMN source.event_query IS 'query over landing_record and landing_item: the unique event_id of each line_no; NULL when a field has that role, or none';
COMMENT ON COLUMN source.carries IS 'whether a day between two deliveries of days, without one of its own, has the charges of the day before it';
COMMENT ON COLUMN source.side IS 'what files of the format are, unless cloudbilling.load_side says: usage or purchase';
COMMENT ON COLUMN source.builtin IS 'whether the extension brought the format';

-- The extension writes its own formats again at every installation.
SELECT pg_catalog.pg_extension_config_dump('source', 'WHERE NOT builtin');
SELECT pg_catalog.pg_extension_config_dump('source_source_id_seq', '');
