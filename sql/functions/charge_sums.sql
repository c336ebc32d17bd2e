-- Roll-ups made while a query runs: all measures of a charge in one call.
CREATE OR REPLACE FUNCTION charge_sums_transition(internal, time_zone[], date[], timestamptz, numeric, numeric, numeric, numeric, numeric, numeric) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION charge_sums_transition(internal, time_zone[], date[], timestamptz, numeric, numeric, numeric, numeric, numeric, numeric) IS 'aggregate transition function';

CREATE OR REPLACE FUNCTION charge_sums_combine(internal, internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION charge_sums_combine(internal, internal) IS 'aggregate combine function';

CREATE OR REPLACE FUNCTION charge_sums_serialise(internal) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION charge_sums_serialise(internal) IS 'aggregate serial function';

CREATE OR REPLACE FUNCTION charge_sums_deserialise(bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION charge_sums_deserialise(bytea, internal) IS 'aggregate deserial function';

CREATE OR REPLACE FUNCTION charge_sums_final(internal) RETURNS charge_sum[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION charge_sums_final(internal) IS 'aggregate final function';

-- SSPACE is the size of a state of one month in one zone.
CREATE OR REPLACE AGGREGATE charge_sums(
    zones time_zone[], by_day date[], starts timestamptz, pricing_quantity numeric, consumed_quantity numeric,
    billed_cost numeric, effective_cost numeric, list_cost numeric, contracted_cost numeric)
(
    SFUNC = charge_sums_transition,
    STYPE = internal,
    SSPACE = 256,
    FINALFUNC = charge_sums_final,
    COMBINEFUNC = charge_sums_combine,
    SERIALFUNC = charge_sums_serialise,
    DESERIALFUNC = charge_sums_deserialise,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE charge_sums(time_zone[], date[], timestamptz, numeric, numeric, numeric, numeric, numeric, numeric) IS 'sums of charges by month of each time zone, and by day of the months that are named: what charge_monthly and charge_daily hold, made anew';
