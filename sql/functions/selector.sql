-- selector: does a record satisfy it?

CREATE OR REPLACE FUNCTION selector_matches(selector selector, charge record) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_matches(selector, record) IS 'whether all conditions of a selector hold for a record';

CREATE OR REPLACE FUNCTION selector_specificity(selector selector) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_specificity(selector) IS 'how much a selector says: 4 for each equality, 3 for each list, 2 for each prefix, suffix or pattern, 1 for each not and exists';


-- many selectors in one pass

CREATE OR REPLACE FUNCTION selector_set_transition(internal, int, selector) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION selector_set_transition(internal, int, selector) IS 'aggregate transition function';

CREATE OR REPLACE FUNCTION selector_set_final(internal) RETURNS selector_set
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION selector_set_final(internal) IS 'aggregate final function';

CREATE OR REPLACE AGGREGATE selector_set(id int, selector selector) (
    SFUNC = selector_set_transition,
    STYPE = internal,
    FINALFUNC = selector_set_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE selector_set(int, selector) IS 'selectors with their ids, packed for selector_match; ORDER BY in it says which comes first';

CREATE OR REPLACE FUNCTION selector_match(selectors selector_set, charge record) RETURNS int[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_match(selector_set, record) IS 'ids of all selectors that hold for a record, in the order of the set';

CREATE OR REPLACE FUNCTION selector_match_first(selectors selector_set, charge record) RETURNS int
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION selector_match_first(selector_set, record) IS 'id of the first selector of the set that holds for a record';
