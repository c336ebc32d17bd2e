CREATE TYPE rating_items;

CREATE FUNCTION rating_items_in(cstring) RETURNS rating_items
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rating_items_in(cstring) IS 'I/O';

CREATE FUNCTION rating_items_out(rating_items) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rating_items_out(rating_items) IS 'I/O';

CREATE TYPE rating_items (
    INPUT = rating_items_in,
    OUTPUT = rating_items_out,
    INTERNALLENGTH = variable,
    ALIGNMENT = int4,
    STORAGE = plain
);
COMMENT ON TYPE rating_items IS 'items of a customer''s account, each with the price rules that are about it, packed for rating; made by the aggregate rating_items';
