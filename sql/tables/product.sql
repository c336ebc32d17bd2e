-- The product tree: all products > provider > service > SKU.  Loads grow it; a
-- node is never changed or moved, so its path is a fact.
CREATE TABLE product (
    product_id  int    GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent_id   int    REFERENCES product,
    kind        text   NOT NULL,
    code        text   NOT NULL,
    name        text   NOT NULL,
    path        int[]  NOT NULL,

    UNIQUE NULLS NOT DISTINCT (parent_id, code),
    CHECK (kind IN ('all', 'provider', 'service', 'sku')),
    CHECK ((parent_id IS NULL) = (kind = 'all')),
    CHECK (path[cardinality(path)] = product_id)
);

CREATE INDEX ON product USING gin (path);

COMMENT ON TABLE product IS 'product tree: all products, their providers, services and SKUs';
COMMENT ON COLUMN product.product_id IS 'key of the product; 1 is all products';
COMMENT ON COLUMN product.parent_id IS 'node above';
COMMENT ON COLUMN product.kind IS 'all, provider, service or sku';
COMMENT ON COLUMN product.code IS 'identity below the node above: provider name, service name or SKU id';
COMMENT ON COLUMN product.name IS 'name for people; may be changed';
COMMENT ON COLUMN product.path IS 'keys from the root to the product itself';

INSERT INTO product (parent_id, kind, code, name, path)
VALUES (NULL, 'all', '', 'All products', '{1}');

-- The root is there at installation; the rest is data.
SELECT pg_catalog.pg_extension_config_dump('product', 'WHERE parent_id IS NOT NULL');
SELECT pg_catalog.pg_extension_config_dump('product_product_id_seq', '');
