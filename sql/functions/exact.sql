-- Exact numbers: sums, rounding, and reading them from text.

CREATE OR REPLACE FUNCTION exact_numeric(value text) RETURNS numeric
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION exact_numeric(text) IS
    'the decimal number that a text holds, NULL when it holds anything else';

CREATE OR REPLACE FUNCTION exact_round(value numeric, scale integer, mode text) RETURNS numeric
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION exact_round(numeric, integer, text) IS
    'the number rounded to so many decimals: up, down, half_up, half_even, ceiling or floor';

CREATE OR REPLACE FUNCTION exact_sum_transition(state internal, value numeric) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION exact_sum_transition(internal, numeric) IS 'aggregate transition function';

CREATE OR REPLACE FUNCTION exact_sum_combine(state internal, other internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION exact_sum_combine(internal, internal) IS 'aggregate combine function';

CREATE OR REPLACE FUNCTION exact_sum_serialise(state internal) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION exact_sum_serialise(internal) IS 'aggregate serial function';

CREATE OR REPLACE FUNCTION exact_sum_deserialise(packed bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION exact_sum_deserialise(bytea, internal) IS 'aggregate deserial function';

CREATE OR REPLACE FUNCTION exact_sum_final(state internal) RETURNS numeric
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION exact_sum_final(internal) IS 'aggregate final function';

-- SSPACE is the size of a state: the planner must not think that it is 8 kB.
CREATE OR REPLACE AGGREGATE exact_sum(value numeric) (
    SFUNC = exact_sum_transition,
    STYPE = internal,
    SSPACE = 32,
    FINALFUNC = exact_sum_final,
    COMBINEFUNC = exact_sum_combine,
    SERIALFUNC = exact_sum_serialise,
    DESERIALFUNC = exact_sum_deserialise,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE exact_sum(numeric) IS 'the sum, the same as sum(numeric) but faster';
