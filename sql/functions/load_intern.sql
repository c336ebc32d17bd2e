-- The second step of a load: keys for its combinations of dimensions.

-- SHA-256 of values, each with its length, so that no two rows of values look alike.
CREATE OR REPLACE FUNCTION load_digest(VARIADIC "any") RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION load_digest(VARIADIC "any") IS 'SHA-256 of values of the types int, text, bytea and jsonb';

-- A format's query must deliver what a charge cannot do without.
CREATE OR REPLACE FUNCTION load_check_items(load_id int, the_source source)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    bad load_item;
BEGIN
    SELECT i.*
    INTO bad
    FROM load_item AS i
    WHERE i.load_id = load_check_items.load_id
      AND (num_nulls(i.provider_name, i.billing_account_id, i.charge_category, i.billing_currency) > 0
        OR the_source.way = 'replace' AND num_nulls(i.billing_period_start, i.billing_period_end) > 0)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'not_null_violation',
            MESSAGE = format('format "%s" gives a charge without a mandatory column', the_source.name),
            DETAIL = format('provider_name, billing_account_id, charge_category, billing_currency%s are mandatory; found: %s.',
                CASE the_source.way WHEN 'replace' THEN ', billing_period_start, billing_period_end' ELSE '' END,
                jsonb_strip_nulls(to_jsonb(bad) - '{load_id,item_no}'::text[])),
            HINT = 'Correct item_query of the format, or make the field it reads required.';
    END IF;
END
$$;

COMMENT ON FUNCTION load_check_items(int, source) IS 'refuses combinations of dimensions that lack what a charge must have';

-- Adds the products that the load brings.
CREATE OR REPLACE FUNCTION load_products(load_id int)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    providers text[];
    services text[];
    skus text[];
    names text[];
BEGIN
    SELECT array_agg(d.provider_name), array_agg(d.service_name), array_agg(d.sku_id), array_agg(d.name)
    INTO providers, services, skus, names
    FROM (
        -- AWS begins descriptions with its price, which is no part of a name and
        -- not for customers to read.
        SELECT n.provider_name, n.service_name, n.sku_id, min(
            regexp_replace(n.charge_description, '^\s*([$€£]|USD|EUR|GBP)\s*[0-9][0-9.,]*\s+(per\s+)?', '')) AS name
        FROM (
            SELECT DISTINCT i.provider_name, i.service_name, i.sku_id, i.charge_description
            FROM load_item AS i
            WHERE i.load_id = load_products.load_id
        ) AS n
        LEFT JOIN product AS p1 ON p1.parent_id = 1 AND p1.code = n.provider_name
        LEFT JOIN product AS p2 ON p2.parent_id = p1.product_id AND p2.code = n.service_name
        LEFT JOIN product AS p3 ON p3.parent_id = p2.product_id AND p3.code = n.sku_id
        WHERE p1.product_id IS NULL
           OR n.service_name IS NOT NULL AND (p2.product_id IS NULL OR n.sku_id IS NOT NULL AND p3.product_id IS NULL)
        GROUP BY 1, 2, 3
    ) AS d;
    IF providers IS NOT NULL THEN
        PERFORM load_apart(format('SELECT cloudbilling.product_grow(%L, %L, %L, %L)', providers, services, skus, names));
    END IF;
END
$$;

COMMENT ON FUNCTION load_products(int) IS 'adds the products that a load brings';

-- Gives the combinations of dimensions in load_item their keys (load_key): the
-- delivery's scopes, accounts, products, tag sets and items, and adds those that are
-- not there yet.  All are inserted in order, so that loads at the same time never
-- wait for each other in a circle, and only what is not there is tried, since what
-- is tried uses up a key.
CREATE OR REPLACE FUNCTION load_intern(load_id int)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
SET enable_nestloop = off
SET enable_hashjoin = on
SET enable_mergejoin = on
SET enable_sort = off
SET enable_seqscan = on
SET enable_material = on
AS $$
DECLARE
    the_source source;
    the_side text;
BEGIN
    -- From here on, nothing that is found in a dictionary goes (dictionary_keep).
    LOCK TABLE charge_item IN ROW EXCLUSIVE MODE;
    SELECT s.* INTO the_source FROM load AS l JOIN source AS s USING (source_id) WHERE l.load_id = load_intern.load_id;
    SELECT l.side INTO the_side FROM load AS l WHERE l.load_id = load_intern.load_id;
    PERFORM load_check_items(load_id, the_source);

    INSERT INTO load_scope (load_id, source_id, side, provider_name, billing_account_id, billing_period_start,
        billing_period_end, part, supplier_invoice_id, current_during)
    SELECT DISTINCT i.load_id, the_source.source_id, the_side, i.provider_name, i.billing_account_id, i.billing_period_start,
        i.billing_period_end, i.part, i.supplier_invoice_id, '{}'::tstzmultirange
    FROM load_item AS i
    WHERE i.load_id = load_intern.load_id
    ORDER BY 4, 5, 6, 7, 8, 9;

    PERFORM load_lock(d.scope)
    FROM (
        SELECT DISTINCT
            format('scope %s %s %s %s %s %s', s.source_id, s.side, s.provider_name, s.billing_account_id, s.billing_period_start,
                s.part) AS scope
        FROM load_scope AS s
        WHERE s.load_id = load_intern.load_id AND the_source.way = 'replace'
        ORDER BY 1
    ) AS d;

    INSERT INTO account (provider_name, billing_account_id, billing_account_name, billing_account_type,
        sub_account_id, sub_account_name, sub_account_type, source_customer_id)
    SELECT i.provider_name, i.billing_account_id, i.billing_account_name, i.billing_account_type,
        i.sub_account_id, i.sub_account_name, i.sub_account_type, i.source_customer_id
    FROM (
        SELECT j.provider_name, j.billing_account_id, j.sub_account_id, j.source_customer_id, min(j.item_no) AS item_no
        FROM load_item AS j
        WHERE j.load_id = load_intern.load_id
        GROUP BY 1, 2, 3, 4
    ) AS d
    JOIN load_item AS i ON i.load_id = load_intern.load_id AND i.item_no = d.item_no
    WHERE NOT EXISTS (
        SELECT
        FROM account AS a
        WHERE a.provider_name = d.provider_name
          AND a.billing_account_id = d.billing_account_id
          AND coalesce(a.sub_account_id, '') = coalesce(d.sub_account_id, '')
          AND coalesce(a.source_customer_id, '') = coalesce(d.source_customer_id, ''))
    ORDER BY d.provider_name, d.billing_account_id, d.sub_account_id, d.source_customer_id
    ON CONFLICT DO NOTHING;

    PERFORM load_products(load_id);

    -- OFFSET 0 keeps what is hashed for the joins narrow.
    INSERT INTO load_key (load_id, item_no, load_scope_id, account_id, product_id, tag_digest, digest)
    SELECT load_intern.load_id, i.item_no, s.load_scope_id, a.account_id, coalesce(p3.product_id, p2.product_id, p1.product_id),
        i.tag_digest, i.digest
    FROM (
        SELECT t.item_no, t.provider_name, t.billing_account_id, t.sub_account_id, t.source_customer_id,
            t.billing_period_start, t.billing_period_end, t.part, t.supplier_invoice_id, t.service_name, t.sku_id, t.tag_digest,
            load_digest(t.provider_name, t.billing_account_id, t.sub_account_id, t.source_customer_id, t.service_name,
                t.sku_id, t.tag_digest, t.publisher_name, t.invoice_issuer_name, t.service_category,
                t.service_subcategory, t.sku_meter, t.sku_price_id, t.sku_price_details, t.charge_category,
                t.charge_class, t.charge_frequency, t.charge_description, t.pricing_category, t.pricing_unit,
                t.pricing_currency, t.consumed_unit, t.billing_currency, t.region_id, t.region_name,
                t.availability_zone, t.resource_id, t.resource_name, t.resource_type, t.commitment_discount_id,
                t.commitment_discount_name, t.commitment_discount_category, t.commitment_discount_type,
                t.commitment_discount_status, t.commitment_discount_unit, t.capacity_reservation_id,
                t.capacity_reservation_status) AS digest
        FROM (
            SELECT j.*,
                CASE WHEN j.tags <> '{}' THEN load_digest(j.provider_name, j.billing_account_id, j.tags) END AS tag_digest
            FROM load_item AS j
            WHERE j.load_id = load_intern.load_id
            OFFSET 0
        ) AS t
        OFFSET 0
    ) AS i
    JOIN load_scope AS s
        ON s.load_id = load_intern.load_id
        AND s.provider_name = i.provider_name
        AND s.billing_account_id = i.billing_account_id
        AND coalesce(s.billing_period_start, '-infinity') = coalesce(i.billing_period_start, '-infinity')
        AND coalesce(s.billing_period_end, '-infinity') = coalesce(i.billing_period_end, '-infinity')
        AND coalesce(s.part, '') = coalesce(i.part, '')
        AND coalesce(s.supplier_invoice_id, '') = coalesce(i.supplier_invoice_id, '')
    JOIN account AS a
        ON a.provider_name = i.provider_name
        AND a.billing_account_id = i.billing_account_id
        AND coalesce(a.sub_account_id, '') = coalesce(i.sub_account_id, '')
        AND coalesce(a.source_customer_id, '') = coalesce(i.source_customer_id, '')
    JOIN product AS p1 ON p1.parent_id = 1 AND p1.code = i.provider_name
    LEFT JOIN product AS p2 ON p2.parent_id = p1.product_id AND p2.code = i.service_name
    LEFT JOIN product AS p3 ON p3.parent_id = p2.product_id AND p3.code = i.sku_id;

    -- From here on, all is looked up one by one, by index and in its order: in a time
    -- that what the load brings decides, however large the dictionaries are.  Nobody
    -- counted the rows of this load, so the planner would take them for few.
    SET LOCAL enable_nestloop = on;
    SET LOCAL enable_hashjoin = off;
    SET LOCAL enable_mergejoin = off;
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_material = off;

    INSERT INTO tag_set (digest, tags)
    SELECT d.digest, i.tags
    FROM (
        SELECT k.tag_digest AS digest, min(k.item_no) AS item_no
        FROM load_key AS k
        WHERE k.load_id = load_intern.load_id AND k.tag_digest IS NOT NULL
        GROUP BY 1
        ORDER BY 1
        OFFSET 0
    ) AS d
    JOIN load_item AS i ON i.load_id = load_intern.load_id AND i.item_no = d.item_no
    WHERE NOT EXISTS (SELECT FROM tag_set AS t WHERE t.digest = d.digest)
    ORDER BY 1
    ON CONFLICT (digest) DO NOTHING;
    IF FOUND THEN
        PERFORM gin_clean_pending_list('cloudbilling.tag_set_numbers');
    END IF;

    INSERT INTO charge_item (digest, account_id, product_id, tag_set_id, provider_name, publisher_name,
        invoice_issuer_name, service_category, service_subcategory, service_name, sku_id, sku_meter, sku_price_id,
        sku_price_details, charge_category, charge_class, charge_frequency, charge_description, pricing_category,
        pricing_unit, pricing_currency, consumed_unit, billing_currency, region_id, region_name, availability_zone,
        resource_id, resource_name, resource_type, commitment_discount_id, commitment_discount_name,
        commitment_discount_category, commitment_discount_type, commitment_discount_status,
        commitment_discount_unit, capacity_reservation_id, capacity_reservation_status)
    SELECT d.digest, d.account_id, d.product_id, t.tag_set_id, i.provider_name, i.publisher_name,
        i.invoice_issuer_name, i.service_category, i.service_subcategory, i.service_name, i.sku_id, i.sku_meter,
        i.sku_price_id, i.sku_price_details, i.charge_category, i.charge_class, i.charge_frequency,
        i.charge_description, i.pricing_category, i.pricing_unit, i.pricing_currency, i.consumed_unit,
        i.billing_currency, i.region_id, i.region_name, i.availability_zone, i.resource_id, i.resource_name,
        i.resource_type, i.commitment_discount_id, i.commitment_discount_name, i.commitment_discount_category,
        i.commitment_discount_type, i.commitment_discount_status, i.commitment_discount_unit,
        i.capacity_reservation_id, i.capacity_reservation_status
    FROM (
        SELECT DISTINCT ON (k.digest) k.digest, k.item_no, k.account_id, k.product_id, k.tag_digest
        FROM load_key AS k
        WHERE k.load_id = load_intern.load_id
        ORDER BY k.digest
        OFFSET 0
    ) AS d
    JOIN load_item AS i ON i.load_id = load_intern.load_id AND i.item_no = d.item_no
    LEFT JOIN tag_set AS t ON t.digest = d.tag_digest
    WHERE NOT EXISTS (SELECT FROM charge_item AS c WHERE c.digest = d.digest)
    -- What an account has is looked at together, so it lies together.
    ORDER BY d.account_id, d.digest
    ON CONFLICT (digest) DO NOTHING;
END
$$;

COMMENT ON FUNCTION load_intern(int) IS 'second step of a load: keys for its combinations of dimensions';

-- The keys that charges have.
CREATE OR REPLACE FUNCTION load_item_keys(load_id int)
RETURNS TABLE (item_no int, load_scope_id int, account_id int, item_id int)
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
SET enable_nestloop = on
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
SET enable_material = off
AS $$
BEGIN
    RETURN QUERY
    SELECT k.item_no, k.load_scope_id, k.account_id, c.item_id
    FROM load_key AS k
    JOIN charge_item AS c ON c.digest = k.digest
    WHERE k.load_id = load_item_keys.load_id;
END
$$;

COMMENT ON FUNCTION load_item_keys(int) IS 'keys that the charges of a load have, by combination';

-- Lets nothing go that a combination of dimensions has.  Loads in progress are
-- waited for, and none comes in between: load_intern locks the same table.
CREATE OR REPLACE FUNCTION dictionary_keep()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    used boolean;
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('rows of "%s" cannot be deleted at isolation level %s', TG_TABLE_NAME,
                current_setting('transaction_isolation')),
            HINT = 'Use BEGIN ISOLATION LEVEL READ COMMITTED.';
    END IF;
    LOCK TABLE charge_item IN SHARE MODE;
    CASE
        WHEN TG_OP = 'TRUNCATE' THEN used := EXISTS (SELECT FROM charge_item);
        WHEN TG_TABLE_NAME = 'account' THEN used := EXISTS (SELECT FROM gone AS g JOIN charge_item AS i ON i.account_id = (to_jsonb(g) ->> 'account_id')::int);
        WHEN TG_TABLE_NAME = 'product' THEN used := EXISTS (SELECT FROM gone AS g JOIN charge_item AS i ON i.product_id = (to_jsonb(g) ->> 'product_id')::int);
        ELSE used := EXISTS (SELECT FROM gone AS g JOIN charge_item AS i ON i.tag_set_id = (to_jsonb(g) ->> 'tag_set_id')::int);
    END CASE;
    IF used THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation',
            MESSAGE = format('table "%s" keeps the rows that charges refer to', TG_TABLE_NAME),
            HINT = 'What was loaded stays; load_undo takes a load back.';
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION dictionary_keep() IS 'trigger that keeps accounts, products and tags that charges have';

CREATE OR REPLACE TRIGGER dictionary_keep AFTER DELETE ON account REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION dictionary_keep();
CREATE OR REPLACE TRIGGER dictionary_keep_all BEFORE TRUNCATE ON account
    FOR EACH STATEMENT EXECUTE FUNCTION dictionary_keep();
CREATE OR REPLACE TRIGGER dictionary_keep AFTER DELETE ON product REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION dictionary_keep();
CREATE OR REPLACE TRIGGER dictionary_keep_all BEFORE TRUNCATE ON product
    FOR EACH STATEMENT EXECUTE FUNCTION dictionary_keep();
CREATE OR REPLACE TRIGGER dictionary_keep AFTER DELETE ON tag_set REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION dictionary_keep();
CREATE OR REPLACE TRIGGER dictionary_keep_all BEFORE TRUNCATE ON tag_set
    FOR EACH STATEMENT EXECUTE FUNCTION dictionary_keep();
