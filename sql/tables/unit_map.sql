-- Units as suppliers write them.  A unit may hide a block: "10K" is 10,000 of it,
-- "100 Hours" a hundred hours.
CREATE TABLE unit_map (
    source_unit  text     NOT NULL,
    block_size   numeric  NOT NULL DEFAULT 1,
    unit         text     NOT NULL,
    unece_code   text,
    builtin      boolean  NOT NULL DEFAULT false,

    CHECK (block_size > 0 AND block_size < 'Infinity'),
    CHECK (unece_code ~ '^[A-Z0-9]{2,3}$')
);

-- A row of the user's own goes before the extension's.
CREATE UNIQUE INDEX unit_map_once ON unit_map (lower(source_unit), builtin);

COMMENT ON TABLE unit_map IS 'units as suppliers write them: how many of which unit one is';
COMMENT ON COLUMN unit_map.source_unit IS 'unit as it stands in the supplier''s file, without regard to case; or that without the number before it';
COMMENT ON COLUMN unit_map.block_size IS 'how many of unit it is';
COMMENT ON COLUMN unit_map.unit IS 'the unit by its name in FOCUS, such as Hours or GB-Months';
COMMENT ON COLUMN unit_map.unece_code IS 'code of the unit in UN/ECE Recommendation 20, for electronic invoices; NULL where it has none';
COMMENT ON COLUMN unit_map.builtin IS 'whether the extension brought the row';

-- The extension writes its own rows again at every installation.
SELECT pg_catalog.pg_extension_config_dump('unit_map', 'WHERE NOT builtin');
