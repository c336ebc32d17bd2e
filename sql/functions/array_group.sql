-- GROUP BY for the rows of an array: for each row the number of its group, in the order in
-- which groups begin, the first row of each group and its place, and the total of one
-- column.  Integers given beside the rows are one more key.
CREATE OR REPLACE FUNCTION array_group(
    "rows"      anyarray,
    columns     text[],
    also        int[]  DEFAULT NULL,
    total       text   DEFAULT NULL,
    OUT places  int[],
    OUT groups  anyarray,
    OUT totals  numeric[],
    OUT firsts  int[]
)
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION array_group(anyarray, text[], int[], text) IS 'groups the rows of an array by columns: the number of each row''s group, the first row of each group, and the total of a column';

-- Integers by their places.
CREATE OR REPLACE FUNCTION array_pick(elements int[], places int[]) RETURNS int[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION array_pick(int[], int[]) IS 'the elements of an array at each of the places';
