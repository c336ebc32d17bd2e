-- Adds what is missing of the product tree.  Each element of the arrays names
-- one product: its provider, its service and its SKU (NULL for the node above),
-- and the name the SKU gets.  In order of the names, so that two loads at once
-- wait for each other and never in a circle.
CREATE OR REPLACE FUNCTION product_grow(providers text[], services text[], skus text[], names text[])
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    INSERT INTO product (product_id, parent_id, kind, code, name, path)
    OVERRIDING SYSTEM VALUE
    SELECT n.id, 1, 'provider', n.code, n.code, ARRAY[1, n.id]
    FROM (
        SELECT d.code, nextval('product_product_id_seq')::int AS id
        FROM (SELECT DISTINCT w.provider AS code FROM unnest(providers) AS w (provider) ORDER BY 1) AS d
        WHERE NOT EXISTS (SELECT FROM product AS p WHERE p.parent_id = 1 AND p.code = d.code)
    ) AS n
    ON CONFLICT (parent_id, code) DO NOTHING;

    INSERT INTO product (product_id, parent_id, kind, code, name, path)
    OVERRIDING SYSTEM VALUE
    SELECT n.id, n.parent_id, 'service', n.code, n.code, n.path || n.id
    FROM (
        SELECT d.parent_id, d.path, d.code, nextval('product_product_id_seq')::int AS id
        FROM (
            SELECT DISTINCT p.product_id AS parent_id, p.path, w.service AS code
            FROM unnest(providers, services) AS w (provider, service)
            JOIN product AS p ON p.parent_id = 1 AND p.code = w.provider
            WHERE w.service IS NOT NULL
            ORDER BY 1, 3
        ) AS d
        WHERE NOT EXISTS (SELECT FROM product AS p WHERE p.parent_id = d.parent_id AND p.code = d.code)
    ) AS n
    ON CONFLICT (parent_id, code) DO NOTHING;

    INSERT INTO product (product_id, parent_id, kind, code, name, path)
    OVERRIDING SYSTEM VALUE
    SELECT n.id, n.parent_id, 'sku', n.code, n.name, n.path || n.id
    FROM (
        SELECT d.parent_id, d.path, d.code, d.name, nextval('product_product_id_seq')::int AS id
        FROM (
            SELECT s.product_id AS parent_id, s.path, w.sku AS code, min(coalesce(w.name, w.sku)) AS name
            FROM unnest(providers, services, skus, names) AS w (provider, service, sku, name)
            JOIN product AS p ON p.parent_id = 1 AND p.code = w.provider
            JOIN product AS s ON s.parent_id = p.product_id AND s.code = w.service
            WHERE w.sku IS NOT NULL
            GROUP BY 1, 2, 3
            ORDER BY 1, 3
        ) AS d
        WHERE NOT EXISTS (SELECT FROM product AS p WHERE p.parent_id = d.parent_id AND p.code = d.code)
    ) AS n
    ON CONFLICT (parent_id, code) DO NOTHING;
END
$$;

COMMENT ON FUNCTION product_grow(text[], text[], text[], text[]) IS 'adds providers, services and SKUs that the product tree lacks';

-- Names a node of the product tree, so that a price can be set before its first
-- usage is loaded.
CREATE OR REPLACE FUNCTION product_ensure(provider text, service text DEFAULT NULL, sku text DEFAULT NULL)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    result int;
BEGIN
    IF provider IS NULL OR (service IS NULL AND sku IS NOT NULL) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'a product needs the nodes above it',
            HINT = 'Give the provider, the service of a SKU, and the SKU.';
    END IF;
    PERFORM product_grow(ARRAY[provider], ARRAY[service], ARRAY[sku], ARRAY[sku]);

    SELECT coalesce(k.product_id, s.product_id, p.product_id)
    INTO result
    FROM product AS p
    LEFT JOIN product AS s ON s.parent_id = p.product_id AND s.code = product_ensure.service
    LEFT JOIN product AS k ON k.parent_id = s.product_id AND k.code = product_ensure.sku
    WHERE p.parent_id = 1 AND p.code = product_ensure.provider;
    RETURN result;
END
$$;

COMMENT ON FUNCTION product_ensure(text, text, text) IS 'key of a provider, service or SKU in the product tree; adds it when it is not there yet';
