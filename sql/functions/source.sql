-- A column's name as names are compared: without case, and without what suppliers
-- put between words, so that lineItem/UsageStartDate is line_item_usage_start_date.
CREATE OR REPLACE FUNCTION source_name(name text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT translate(lower(source_name.name), ' _-/.:', '');
END;

COMMENT ON FUNCTION source_name(text) IS 'a column''s name as names of columns are compared: without case and punctuation';

-- Fields of a format matched with a header, by name without regard to case and
-- punctuation; behind each field the columns that are keys of it; then the columns it
-- keeps as they are (extra) and those it does not read.
CREATE OR REPLACE FUNCTION source_field(source_id int, header text[])
RETURNS TABLE (
    field_no   bigint,
    name       text,
    kind       text,
    role       text,
    required   boolean,
    item       boolean,
    one_of     text[],
    column_no  int,
    columns    bigint,
    in_header  boolean,
    declared   boolean,
    setting    text,
    options    jsonb
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH
    field AS (
        SELECT
            f.field_no,
            f.field ->> 'name' AS name,
            coalesce(f.field ->> 'kind', 'text') AS kind,
            f.field ->> 'role' AS role,
            coalesce(f.field -> 'required' = 'true', false) AS required,
            coalesce(f.field -> 'required' IN ('true', '"header"'), false) AND NOT f.field ? 'setting' AS in_header,
            f.field ->> 'setting' AS setting,
            f.field - '{name,kind,role,required,item,aliases,else,one_of,setting,columns}'::text[] AS options,
            f.field -> 'columns' AS member_prefixes,
            coalesce((f.field ->> 'item')::boolean,
                coalesce(f.field ->> 'kind', 'text') NOT IN ('number', 'time', 'extra')
                AND f.field ->> 'role' IS DISTINCT FROM 'event_id') AS item,
            CASE WHEN f.field ? 'one_of' THEN ARRAY(SELECT jsonb_array_elements_text(f.field -> 'one_of')) END AS one_of,
            f.field -> 'aliases' AS aliases,
            f.field -> 'else' AS stand_ins
        FROM source AS s
        CROSS JOIN LATERAL jsonb_array_elements(s.fields) WITH ORDINALITY AS f (field, field_no)
        WHERE s.source_id = source_field.source_id
    ),
    head AS (
        SELECT h.name, h.column_no::int AS column_no, source_name(h.name) AS plain
        FROM unnest(source_field.header) WITH ORDINALITY AS h (name, column_no)
    ),
    called AS (
        SELECT f.field_no, source_name(f.name) AS plain, 0 AS stands_in FROM field AS f
        UNION
        SELECT f.field_no, source_name(a), 0 FROM field AS f CROSS JOIN LATERAL jsonb_array_elements_text(f.aliases) AS a
        UNION ALL
        SELECT f.field_no, source_name(a.name), a.place::int
        FROM field AS f
        CROSS JOIN LATERAL jsonb_array_elements_text(f.stand_ins) WITH ORDINALITY AS a (name, place)
    ),
    -- Azure in other languages has both names: "Ressourcengruppe (ResourceGroup)".
    spelt AS (
        SELECT h.column_no, h.plain FROM head AS h
        UNION ALL
        SELECT h.column_no, source_name(substring(h.name FROM '^.+\(([A-Za-z0-9 ]+)\) *$'))
        FROM head AS h
        WHERE NOT EXISTS (SELECT FROM called AS c WHERE c.plain = h.plain)
        -- Google and others name the currency: "Cost (€)".
        UNION
        SELECT h.column_no, source_name(substring(h.name FROM '^(.*[^ ]) *\(([A-Z]{3}|[A-Z]{0,3}\$|[^A-Za-z0-9() ]{1,3}|R|RM|Rp|Ft|kr|Kč|zł)\.?\) *$'))
        FROM head AS h
        WHERE NOT EXISTS (SELECT FROM called AS c WHERE c.plain = h.plain)
    ),
    found AS (
        SELECT c.field_no, h.column_no, c.stands_in
        FROM called AS c
        JOIN spelt AS h ON h.plain = c.plain
    ),
    -- What stands in for a column counts where the column is not there, nor what stands in before it.
    used AS (
        SELECT f.field_no, f.column_no
        FROM found AS f
        WHERE NOT EXISTS (SELECT FROM found AS o WHERE o.field_no = f.field_no AND o.stands_in < f.stands_in)
    ),
    rest AS (
        SELECT h.*
        FROM head AS h
        WHERE NOT EXISTS (SELECT FROM used AS u WHERE u.column_no = h.column_no)
    ),
    member AS (
        SELECT DISTINCT ON (h.column_no) f.field_no, substr(h.name, length(p.prefix) + 1) AS name, h.column_no
        FROM rest AS h
        JOIN field AS f ON f.member_prefixes IS NOT NULL
        CROSS JOIN LATERAL jsonb_array_elements_text(f.member_prefixes) AS p (prefix)
        -- as long as the key of a tag may be
        WHERE starts_with(lower(h.name), lower(p.prefix)) AND length(h.name) - length(p.prefix) BETWEEN 1 AND 128
        ORDER BY h.column_no, length(p.prefix) DESC, f.field_no
    )
    SELECT f.field_no, f.name, f.kind, f.role, f.required, f.item, f.one_of, min(u.column_no), count(u.column_no), f.in_header,
        true, f.setting, f.options
    FROM field AS f
    LEFT JOIN used AS u ON u.field_no = f.field_no
    GROUP BY f.field_no, f.name, f.kind, f.role, f.required, f.item, f.one_of, f.in_header, f.setting, f.options
    UNION ALL
    SELECT m.field_no, m.name, 'member', NULL, false, true, NULL, m.column_no, 1, false, false, NULL, NULL
    FROM member AS m
    UNION ALL
    SELECT
        1000000 + h.column_no,
        h.name,
        CASE WHEN starts_with(lower(h.name), lower(s.extra_prefix)) THEN 'extra' ELSE 'ignored' END,
        NULL, false, false, NULL, h.column_no, count(*) OVER (PARTITION BY h.name), false, false, NULL, NULL
    FROM rest AS h
    JOIN source AS s ON s.source_id = source_field.source_id
    WHERE NOT EXISTS (SELECT FROM member AS m WHERE m.column_no = h.column_no);
END;

COMMENT ON FUNCTION source_field(int, text[]) IS 'the fields of a format, and the column of a header each stands in';

-- The formats a header may have, the best first: the one that misses fewest of its
-- required columns, and then reads most.
CREATE OR REPLACE FUNCTION source_rank(header text[], wanted text DEFAULT NULL)
RETURNS TABLE (
    rank       bigint,
    source_id  int,
    name       text,
    missing    text[],
    found      bigint
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT
        row_number() OVER (ORDER BY coalesce(cardinality(m.missing), 0)::numeric / greatest(m.required, 1), m.found DESC, s.source_id),
        s.source_id,
        s.name,
        m.missing,
        m.found
    FROM source AS s
    CROSS JOIN LATERAL (
        SELECT
            array_agg(f.name ORDER BY f.name) FILTER (WHERE f.in_header AND f.column_no IS NULL) AS missing,
            count(f.column_no) FILTER (WHERE f.declared) AS found,
            count(*) FILTER (WHERE f.in_header) AS required
        FROM source_field(s.source_id, source_rank.header) AS f
    ) AS m
    WHERE source_rank.wanted IS NULL OR s.name = source_rank.wanted;
END;

COMMENT ON FUNCTION source_rank(text[], text) IS 'formats by how well a header fits them';

-- Whether a line above the header may begin with a name: invoices have a few lines of
-- names and values before their table.
CREATE OR REPLACE FUNCTION source_has_preamble(name text)
RETURNS boolean
LANGUAGE sql STABLE
SECURITY DEFINER  -- who may load need not read the formats
SET search_path = cloudbilling, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT
        FROM source AS s
        CROSS JOIN LATERAL jsonb_array_elements(s.fields) AS f (field)
        WHERE source_name(f.field ->> 'preamble') = source_name(source_has_preamble.name));
END;

COMMENT ON FUNCTION source_has_preamble(text) IS 'whether some format has a line above its header that begins so';

-- The format a header has, field by field: where each stands in the file and
-- how it is read.  Raises an error when no format fits, or fields are twofold.
CREATE OR REPLACE FUNCTION source_detect(header text[], preamble text[] DEFAULT '{}')
RETURNS TABLE (
    source_id     int,
    source_name   text,
    item_query    text,
    record_query  text,
    field_name    text,
    kind          text,
    role          text,
    required      boolean,
    item          boolean,
    column_no     int,
    one_of        text[],
    fallback      text,
    event_query   text,
    options       jsonb,
    null_values   text[]
)
LANGUAGE plpgsql STABLE
SECURITY DEFINER  -- who may load need not read the formats
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    wanted text := nullif(current_setting('cloudbilling.load_source', true), '');
    best record;
    twofold text;
    unsaid record;
BEGIN
    IF wanted IS NOT NULL AND NOT EXISTS (SELECT FROM source AS s WHERE s.name = wanted) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('format "%s" does not exist', wanted),
            DETAIL = 'It is named by the setting cloudbilling.load_source.',
            HINT = format('Formats are: %s.', (SELECT string_agg(s.name, ', ' ORDER BY s.name) FROM source AS s));
    END IF;

    SELECT * INTO best FROM source_rank(source_detect.header, wanted) AS r ORDER BY r.rank LIMIT 1;

    IF best.missing IS NOT NULL OR best.found IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'bad_copy_file_format',
            MESSAGE = CASE
                WHEN wanted IS NULL THEN 'the first line is not the header of a known format'
                ELSE format('the first line is not the header of format "%s"', wanted)
            END,
            DETAIL = CASE
                WHEN best.found > 0 THEN format(
                    CASE WHEN wanted IS NULL THEN 'The nearest format is "%s": the file lacks %s.' ELSE 'The file lacks %2$s.' END,
                    best.name,
                    (SELECT string_agg(quote_ident(m), ', ') FROM unnest(best.missing) AS m))
                ELSE format('It begins with: %s', left(array_to_string(source_detect.header[1:8], ', '), 200))
            END,
            HINT = CASE
                WHEN wanted IS NULL THEN format('Line 1 must name the columns. Formats are: %s; a format is added by a row in cloudbilling.source.',
                    (SELECT string_agg(s.name, ', ' ORDER BY s.name) FROM source AS s))
                ELSE 'The setting cloudbilling.load_source names the format; RESET it to go by the header.'
            END;
    END IF;

    SELECT min(f.name)
    INTO twofold
    FROM source_field(best.source_id, source_detect.header) AS f
    WHERE f.columns > 1 AND f.kind <> 'ignored';
    IF twofold IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_column',
            MESSAGE = format('column "%s" occurs more than once in the header', twofold),
            HINT = 'Remove or rename one of them.';
    END IF;

    -- A column may be one field of the combination and one of the record.
    SELECT header[f.column_no]
    INTO twofold
    FROM source_field(best.source_id, source_detect.header) AS f
    GROUP BY f.column_no, f.item
    HAVING count(f.column_no) > 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_column',
            MESSAGE = format('format "%s" reads column "%s" as two fields', best.name, twofold),
            HINT = 'Make one field of them, and use it twice in the queries of the format.';
    END IF;

    SELECT
        format('cloudbilling.%s', f.setting) AS setting,
        CASE f.setting WHEN 'load_account' THEN 'of which account' ELSE 'in which currency' END AS what,
        CASE f.setting WHEN 'load_account' THEN 'account or cluster' ELSE 'EUR' END AS example,
        f.name
    INTO unsaid
    FROM source_field(best.source_id, source_detect.header) AS f
    WHERE f.required AND f.column_no IS NULL AND f.setting IS NOT NULL
      AND coalesce(current_setting('cloudbilling.' || f.setting, true), '') = ''
    ORDER BY f.field_no
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('the file does not say %s it is', unsaid.what),
            DETAIL = format('Format "%s" reads it from a column %s, which the file lacks, or from the setting %s, which is empty.',
                best.name, quote_ident(unsaid.name), unsaid.setting),
            HINT = format('SET %s = ''%s'', and load the file again.', unsaid.setting, unsaid.example);
    END IF;

    RETURN QUERY
    SELECT s.source_id, s.name, s.item_query, s.record_query, f.name, f.kind, f.role, f.required, f.item,
        f.column_no, f.one_of,
        coalesce(
            (SELECT nullif(p.value, '')
             FROM jsonb_each_text(jsonb_object(source_detect.preamble)) AS p
             WHERE source_name(p.key) = source_name(f.options ->> 'preamble')),
            nullif(current_setting('cloudbilling.' || f.setting, true), '')),
        s.event_query,
        f.options, s.null_values
    FROM source AS s
    CROSS JOIN LATERAL source_field(s.source_id, source_detect.header) AS f
    WHERE s.source_id = best.source_id
    ORDER BY f.field_no, f.kind = 'member', f.column_no;
END
$$;

COMMENT ON FUNCTION source_detect(text[], text[]) IS 'the format that a header has, and where its fields stand; an error names the nearest format and what is missing';

-- Labels as suppliers export them, a list of pairs, as tags.
CREATE OR REPLACE FUNCTION source_tags(labels jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE jsonb_typeof(source_tags.labels)
        WHEN 'object' THEN source_tags.labels
        WHEN 'array' THEN (
            -- as long as the key of a tag may be
            SELECT coalesce(jsonb_object_agg(left(l.label ->> 'key', 128), l.label -> 'value' ORDER BY l.place), '{}')
            FROM jsonb_array_elements(source_tags.labels) WITH ORDINALITY AS l (label, place)
            WHERE l.label ->> 'key' IS NOT NULL
        )
        ELSE '{}'
    END;
END;

COMMENT ON FUNCTION source_tags(jsonb) IS 'tags of a list of {"key": …, "value": …}, for formats of suppliers that export labels so';

-- The columns of a header, split as the reader splits it.
CREATE OR REPLACE FUNCTION source_header(line text) RETURNS text[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION source_header(text) IS 'the names of the columns in the header of a file';

-- What would become of a file with this header, column by column, without loading it.
CREATE OR REPLACE FUNCTION source_check(header text, source text DEFAULT NULL)
RETURNS TABLE (
    source_name  text,
    column_no    int,
    column_name  text,
    field_name   text,
    kind         text,
    required     boolean,
    status       text
)
LANGUAGE sql STABLE
SECURITY DEFINER  -- who may load need not read the formats
SET search_path = cloudbilling, pg_temp
BEGIN ATOMIC
    SELECT
        r.name,
        f.column_no,
        (source_header(source_check.header))[f.column_no],
        CASE WHEN f.declared OR f.kind = 'member' THEN f.name END,
        CASE WHEN f.declared OR f.kind = 'member' THEN f.kind END,
        f.in_header OR f.required,
        CASE
            WHEN f.kind = 'ignored' THEN 'ignored'
            WHEN f.columns > 1 THEN 'more than once'
            WHEN f.kind = 'member' THEN 'read as a key of ' || max(f.name) FILTER (WHERE f.declared) OVER (PARTITION BY f.field_no)
            WHEN f.kind = 'extra' AND f.column_no IS NOT NULL THEN 'kept in extra'
            WHEN f.column_no IS NOT NULL THEN 'read'
            WHEN f.options ? 'preamble' THEN 'from above the header'
            WHEN f.setting IS NOT NULL THEN
                CASE coalesce(current_setting('cloudbilling.' || f.setting, true), '')
                    WHEN '' THEN CASE WHEN f.required THEN 'missing: set cloudbilling.' ELSE 'from the setting cloudbilling.' END
                    ELSE 'from the setting cloudbilling.'
                END || f.setting
            WHEN f.in_header THEN 'missing'
            ELSE 'not in the file'
        END
    FROM source_rank(source_header(source_check.header),
        coalesce(source_check.source, nullif(current_setting('cloudbilling.load_source', true), ''))) AS r
    CROSS JOIN LATERAL source_field(r.source_id, source_header(source_check.header)) AS f
    WHERE r.rank = 1
    ORDER BY f.column_no, f.field_no;
END;

COMMENT ON FUNCTION source_check(text, text) IS 'what a header would be read as: the format it has, and of each column the field it is, or that it is ignored; what is missing comes last';

-- The extension's own formats: in a new release as it has them.
CREATE OR REPLACE FUNCTION source_builtin(source_id int, name text, title text, way text, fields jsonb, item_query text, record_query text,
    event_query text DEFAULT NULL, extra_prefix text DEFAULT NULL, null_values text[] DEFAULT '{}', carries boolean DEFAULT false,
    side text DEFAULT 'usage', rounding text DEFAULT NULL, invoice_query text DEFAULT NULL)
RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    INSERT INTO source (source_id, name, title, way, fields, item_query, record_query, event_query, extra_prefix, null_values, carries,
        side, rounding, invoice_query, builtin)
    OVERRIDING SYSTEM VALUE
    VALUES (source_builtin.source_id, source_builtin.name, source_builtin.title, source_builtin.way, source_builtin.fields,
        source_builtin.item_query, source_builtin.record_query, source_builtin.event_query, source_builtin.extra_prefix,
        source_builtin.null_values, source_builtin.carries, source_builtin.side, source_builtin.rounding,
        source_builtin.invoice_query, true)
    ON CONFLICT (name) DO UPDATE SET
        title = excluded.title,
        way = excluded.way,
        fields = excluded.fields,
        item_query = excluded.item_query,
        record_query = excluded.record_query,
        event_query = excluded.event_query,
        extra_prefix = excluded.extra_prefix,
        null_values = excluded.null_values,
        carries = excluded.carries,
        side = excluded.side,
        rounding = excluded.rounding,
        invoice_query = excluded.invoice_query,
        builtin = true;
END;

COMMENT ON FUNCTION source_builtin(int, text, text, text, jsonb, text, text, text, text, text[], boolean, text, text, text) IS 'keeps a format of the extension, as this release has it';
