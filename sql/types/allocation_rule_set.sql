CREATE TYPE allocation_rule_set;

CREATE FUNCTION allocation_rule_set_in(cstring) RETURNS allocation_rule_set
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION allocation_rule_set_in(cstring) IS 'I/O';

CREATE FUNCTION allocation_rule_set_out(allocation_rule_set) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION allocation_rule_set_out(allocation_rule_set) IS 'I/O';

CREATE TYPE allocation_rule_set (
    INPUT = allocation_rule_set_in,
    OUTPUT = allocation_rule_set_out,
    INTERNALLENGTH = variable,
    ALIGNMENT = double,
    STORAGE = plain
);
COMMENT ON TYPE allocation_rule_set IS 'dimensions with their allocation rules and lookup lists, packed for matching; made by the aggregate allocation_rule_set';

CREATE TYPE allocation_found AS (
    dimension_id        int,
    allocation_rule_id  int,
    value               text,
    valid_from          date,
    valid_until         date
);
COMMENT ON TYPE allocation_found IS 'the value that rules give charges in a dimension, on some days; see allocation_match';
COMMENT ON COLUMN allocation_found.dimension_id IS 'dimension';
COMMENT ON COLUMN allocation_found.allocation_rule_id IS 'rule that gives the value; NULL where none does';
COMMENT ON COLUMN allocation_found.value IS 'the value; NULL where no rule gives one';
COMMENT ON COLUMN allocation_found.valid_from IS 'first day';
COMMENT ON COLUMN allocation_found.valid_until IS 'day after the last';

CREATE TYPE allocation_values;

CREATE FUNCTION allocation_values_in(cstring) RETURNS allocation_values
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION allocation_values_in(cstring) IS 'I/O';

CREATE FUNCTION allocation_values_out(allocation_values) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION allocation_values_out(allocation_values) IS 'I/O';

CREATE TYPE allocation_values (
    INPUT = allocation_values_in,
    OUTPUT = allocation_values_out,
    INTERNALLENGTH = variable,
    ALIGNMENT = int4,
    STORAGE = plain
);
COMMENT ON TYPE allocation_values IS 'the values of all dimensions that charges have, by days; made by allocation_match';

CREATE TYPE allocation_sum AS (
    dimension_id     int,
    value            text,
    charges          bigint,
    quantity         numeric,
    billed_cost      numeric,
    effective_cost   numeric,
    list_cost        numeric,
    contracted_cost  numeric
);
COMMENT ON TYPE allocation_sum IS 'sums of the charges that have a value of a dimension; see allocation_sums_each';
COMMENT ON COLUMN allocation_sum.dimension_id IS 'dimension';
COMMENT ON COLUMN allocation_sum.value IS 'the value; NULL where no rule gives one';
COMMENT ON COLUMN allocation_sum.charges IS 'number of charges';
COMMENT ON COLUMN allocation_sum.quantity IS 'sum of quantity';
COMMENT ON COLUMN allocation_sum.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN allocation_sum.effective_cost IS 'sum of effective cost';
COMMENT ON COLUMN allocation_sum.list_cost IS 'sum of list cost';
COMMENT ON COLUMN allocation_sum.contracted_cost IS 'sum of contracted cost';

CREATE TYPE allocation_sums;

CREATE FUNCTION allocation_sums_in(cstring) RETURNS allocation_sums
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION allocation_sums_in(cstring) IS 'I/O';

CREATE FUNCTION allocation_sums_out(allocation_sums) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION allocation_sums_out(allocation_sums) IS 'I/O';

CREATE TYPE allocation_sums (
    INPUT = allocation_sums_in,
    OUTPUT = allocation_sums_out,
    INTERNALLENGTH = variable,
    ALIGNMENT = int4,
    STORAGE = plain
);
COMMENT ON TYPE allocation_sums IS 'sums of charges by the values they have in all dimensions; made by the aggregate allocation_sums';
