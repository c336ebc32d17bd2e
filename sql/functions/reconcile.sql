-- Two sides compared in one pass over UNION ALL of both.

CREATE OR REPLACE FUNCTION reconcile_transition(state internal, is_left boolean, quantity numeric, amount numeric) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION reconcile_transition(internal, boolean, numeric, numeric) IS 'aggregate transition function';

CREATE OR REPLACE FUNCTION reconcile_combine(state internal, other internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION reconcile_combine(internal, internal) IS 'aggregate combine function';

CREATE OR REPLACE FUNCTION reconcile_serialise(state internal) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION reconcile_serialise(internal) IS 'aggregate serial function';

CREATE OR REPLACE FUNCTION reconcile_deserialise(packed bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION reconcile_deserialise(bytea, internal) IS 'aggregate deserial function';

CREATE OR REPLACE FUNCTION reconcile_final(state internal) RETURNS reconciliation
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION reconcile_final(internal) IS 'aggregate final function';

-- SSPACE is the size of a state: the planner must not think that it is 8 kB.
CREATE OR REPLACE AGGREGATE reconcile(is_left boolean, quantity numeric, amount numeric) (
    SFUNC = reconcile_transition,
    STYPE = internal,
    SSPACE = 64,
    FINALFUNC = reconcile_final,
    COMBINEFUNC = reconcile_combine,
    SERIALFUNC = reconcile_serialise,
    DESERIALFUNC = reconcile_deserialise,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE reconcile(boolean, numeric, numeric) IS
    'what the rows on the left and those on the right come to, and by how much they differ';
