-- selector: does a record satisfy it?

CREATE OR REPLACE FUNCTION selector_matches(selector selector, charge record) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_matches(selector, record) IS 'whether all conditions of a selector hold for a record';

CREATE OR REPLACE FUNCTION selector_specificity(selector selector) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_specificity(selector) IS 'how much a selector says: 4 for each equality, 3 for each list, 2 for each prefix, suffix or pattern, 1 for each not and exists';

