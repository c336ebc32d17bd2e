-- Aggregates of usage: level x time, shares of a period, percentiles, the latest, the distinct.

-- Numbers that each count for a share of a period; a state is number x time.

CREATE OR REPLACE FUNCTION weighted_sum_accum(state internal, change numeric, at timestamptz, during tstzrange) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION weighted_sum_accum(internal, numeric, timestamptz, tstzrange) IS
    'aggregate transition function';

CREATE OR REPLACE FUNCTION prorated_sum_accum(state internal, quantity numeric, held tstzrange, during tstzrange) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION prorated_sum_accum(internal, numeric, tstzrange, tstzrange) IS
    'aggregate transition function';

CREATE OR REPLACE FUNCTION prorated_count_accum(state internal, held tstzrange, during tstzrange) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION prorated_count_accum(internal, tstzrange, tstzrange) IS
    'aggregate transition function';

CREATE OR REPLACE FUNCTION prorated_sum_accum(state internal, quantity numeric, held daterange, during daterange) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION prorated_sum_accum(internal, numeric, daterange, daterange) IS
    'aggregate transition function';

CREATE OR REPLACE FUNCTION prorated_count_accum(state internal, held daterange, during daterange) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION prorated_count_accum(internal, daterange, daterange) IS
    'aggregate transition function';

CREATE OR REPLACE FUNCTION time_share_combine(state internal, other internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION time_share_combine(internal, internal) IS 'aggregate combine function';

CREATE OR REPLACE FUNCTION time_share_serialise(state internal) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION time_share_serialise(internal) IS 'aggregate serial function';

CREATE OR REPLACE FUNCTION time_share_deserialise(packed bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION time_share_deserialise(bytea, internal) IS 'aggregate deserial function';

CREATE OR REPLACE FUNCTION time_share_final(state internal) RETURNS numeric
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION time_share_final(internal) IS 'aggregate final function';

-- SSPACE is the size of a state: the planner must not think that it is 8 kB.
CREATE OR REPLACE AGGREGATE weighted_sum(change numeric, at timestamptz, during tstzrange) (
    SFUNC = weighted_sum_accum,
    STYPE = internal,
    SSPACE = 48,
    FINALFUNC = time_share_final,
    COMBINEFUNC = time_share_combine,
    SERIALFUNC = time_share_serialise,
    DESERIALFUNC = time_share_deserialise,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE weighted_sum(numeric, timestamptz, tstzrange) IS
    'the level that changes add up to, averaged over a period by time: level x time / length of the period';

CREATE OR REPLACE AGGREGATE prorated_sum(quantity numeric, held tstzrange, during tstzrange) (
    SFUNC = prorated_sum_accum,
    STYPE = internal,
    SSPACE = 48,
    FINALFUNC = time_share_final,
    COMBINEFUNC = time_share_combine,
    SERIALFUNC = time_share_serialise,
    DESERIALFUNC = time_share_deserialise,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE prorated_sum(numeric, tstzrange, tstzrange) IS
    'the sum of the quantities, each for the share of a period, in time, in which it was held';

CREATE OR REPLACE AGGREGATE prorated_count(held tstzrange, during tstzrange) (
    SFUNC = prorated_count_accum,
    STYPE = internal,
    SSPACE = 48,
    FINALFUNC = time_share_final,
    COMBINEFUNC = time_share_combine,
    SERIALFUNC = time_share_serialise,
    DESERIALFUNC = time_share_deserialise,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE prorated_count(tstzrange, tstzrange) IS
    'how many were held, each for the share of a period, in time, in which it was';

CREATE OR REPLACE AGGREGATE prorated_sum(quantity numeric, held daterange, during daterange) (
    SFUNC = prorated_sum_accum,
    STYPE = internal,
    SSPACE = 48,
    FINALFUNC = time_share_final,
    COMBINEFUNC = time_share_combine,
    SERIALFUNC = time_share_serialise,
    DESERIALFUNC = time_share_deserialise,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE prorated_sum(numeric, daterange, daterange) IS
    'the sum of the quantities, each for the share of a period, in days, in which it was held';

CREATE OR REPLACE AGGREGATE prorated_count(held daterange, during daterange) (
    SFUNC = prorated_count_accum,
    STYPE = internal,
    SSPACE = 48,
    FINALFUNC = time_share_final,
    COMBINEFUNC = time_share_combine,
    SERIALFUNC = time_share_serialise,
    DESERIALFUNC = time_share_deserialise,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE prorated_count(daterange, daterange) IS
    'how many were held, each for the share of a period, in days, in which it was';

-- Readings of a level; a state keeps them, 16 bytes each.

CREATE OR REPLACE FUNCTION time_weighted_avg_accum(state internal, level numeric, at timestamptz, during tstzrange) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION time_weighted_avg_accum(internal, numeric, timestamptz, tstzrange) IS
    'aggregate transition function';

CREATE OR REPLACE FUNCTION time_weighted_avg_combine(state internal, other internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION time_weighted_avg_combine(internal, internal) IS 'aggregate combine function';

CREATE OR REPLACE FUNCTION time_weighted_avg_serialise(state internal) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION time_weighted_avg_serialise(internal) IS 'aggregate serial function';

CREATE OR REPLACE FUNCTION time_weighted_avg_deserialise(packed bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION time_weighted_avg_deserialise(bytea, internal) IS 'aggregate deserial function';

CREATE OR REPLACE FUNCTION time_weighted_avg_final(state internal) RETURNS numeric
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION time_weighted_avg_final(internal) IS 'aggregate final function';

CREATE OR REPLACE AGGREGATE time_weighted_avg(level numeric, at timestamptz, during tstzrange) (
    SFUNC = time_weighted_avg_accum,
    STYPE = internal,
    SSPACE = 1024,
    FINALFUNC = time_weighted_avg_final,
    COMBINEFUNC = time_weighted_avg_combine,
    SERIALFUNC = time_weighted_avg_serialise,
    DESERIALFUNC = time_weighted_avg_deserialise,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE time_weighted_avg(numeric, timestamptz, tstzrange) IS
    'the level averaged over a period by time: each reading holds until the next one, and before the first it is 0';

-- Samples; a state keeps them, 8 bytes each.

CREATE OR REPLACE FUNCTION percentile_95_accum(state internal, sample numeric) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION percentile_95_accum(internal, numeric) IS 'aggregate transition function';

CREATE OR REPLACE FUNCTION percentile_billed_accum(state internal, sample numeric, percentile numeric) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION percentile_billed_accum(internal, numeric, numeric) IS
    'aggregate transition function';

CREATE OR REPLACE FUNCTION percentile_combine(state internal, other internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION percentile_combine(internal, internal) IS 'aggregate combine function';

CREATE OR REPLACE FUNCTION percentile_serialise(state internal) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION percentile_serialise(internal) IS 'aggregate serial function';

CREATE OR REPLACE FUNCTION percentile_deserialise(packed bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION percentile_deserialise(bytea, internal) IS 'aggregate deserial function';

CREATE OR REPLACE FUNCTION percentile_final(state internal) RETURNS numeric
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION percentile_final(internal) IS 'aggregate final function';

CREATE OR REPLACE AGGREGATE percentile_95(sample numeric) (
    SFUNC = percentile_95_accum,
    STYPE = internal,
    SSPACE = 1024,
    FINALFUNC = percentile_final,
    COMBINEFUNC = percentile_combine,
    SERIALFUNC = percentile_serialise,
    DESERIALFUNC = percentile_deserialise,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE percentile_95(numeric) IS
    'the highest sample when the top 5 % are discarded, as transit is billed';

CREATE OR REPLACE AGGREGATE percentile_billed(sample numeric, percentile numeric) (
    SFUNC = percentile_billed_accum,
    STYPE = internal,
    SSPACE = 1024,
    FINALFUNC = percentile_final,
    COMBINEFUNC = percentile_combine,
    SERIALFUNC = percentile_serialise,
    DESERIALFUNC = percentile_deserialise,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE percentile_billed(numeric, numeric) IS
    'the highest sample when those above a percentile, such as 95, are discarded';

-- The value at the greatest moment.

CREATE OR REPLACE FUNCTION latest_accum(state internal, value anyelement, at timestamptz) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION latest_accum(internal, anyelement, timestamptz) IS
    'aggregate transition function';

CREATE OR REPLACE FUNCTION latest_combine(state internal, other internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION latest_combine(internal, internal) IS 'aggregate combine function';

CREATE OR REPLACE FUNCTION latest_serialise(state internal) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION latest_serialise(internal) IS 'aggregate serial function';

CREATE OR REPLACE FUNCTION latest_deserialise(packed bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION latest_deserialise(bytea, internal) IS 'aggregate deserial function';

CREATE OR REPLACE FUNCTION latest_final(state internal, value anyelement, at timestamptz) RETURNS anyelement
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION latest_final(internal, anyelement, timestamptz) IS 'aggregate final function';

CREATE OR REPLACE AGGREGATE latest(value anyelement, at timestamptz) (
    SFUNC = latest_accum,
    STYPE = internal,
    SSPACE = 96,
    FINALFUNC = latest_final,
    FINALFUNC_EXTRA,
    COMBINEFUNC = latest_combine,
    SERIALFUNC = latest_serialise,
    DESERIALFUNC = latest_deserialise,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE latest(anyelement, timestamptz) IS
    'the value at the greatest moment; of several at that moment, the greatest';

-- A table of hashes; 10,000 texts take some 500 kB.

CREATE OR REPLACE FUNCTION distinct_count_accum(state internal, value anyelement) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION distinct_count_accum(internal, anyelement) IS 'aggregate transition function';

CREATE OR REPLACE FUNCTION distinct_count_combine(state internal, other internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION distinct_count_combine(internal, internal) IS 'aggregate combine function';

CREATE OR REPLACE FUNCTION distinct_count_serialise(state internal) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION distinct_count_serialise(internal) IS 'aggregate serial function';

CREATE OR REPLACE FUNCTION distinct_count_deserialise(packed bytea, internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION distinct_count_deserialise(bytea, internal) IS 'aggregate deserial function';

CREATE OR REPLACE FUNCTION distinct_count_final(state internal) RETURNS bigint
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION distinct_count_final(internal) IS 'aggregate final function';

CREATE OR REPLACE AGGREGATE distinct_count(value anyelement) (
    SFUNC = distinct_count_accum,
    STYPE = internal,
    SSPACE = 4096,
    FINALFUNC = distinct_count_final,
    COMBINEFUNC = distinct_count_combine,
    SERIALFUNC = distinct_count_serialise,
    DESERIALFUNC = distinct_count_deserialise,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE distinct_count(anyelement) IS
    'how many different values there are, the same as count(DISTINCT value) but faster where they repeat';
