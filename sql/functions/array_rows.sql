-- unnest() of an array whose length no plan is made for: what is planned once is good
-- for a line and for a hundred thousand, and the array is not copied into the plan.
CREATE OR REPLACE FUNCTION array_rows(anyarray) RETURNS SETOF anyelement
    AS 'array_unnest' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE ROWS 1000;

COMMENT ON FUNCTION array_rows(anyarray) IS 'the elements of an array as rows, of which the planner always expects 1000';
