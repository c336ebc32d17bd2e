-- What a cursor has left, as an array, each of whose rows is written once.
CREATE OR REPLACE FUNCTION cursor_rows("cursor" refcursor, "row" anyelement) RETURNS anyarray
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE;

COMMENT ON FUNCTION cursor_rows(refcursor, anyelement) IS 'the rows that a cursor has left, of the type of the second argument, as an array';
