-- Triggers of the view landing.
CREATE OR REPLACE FUNCTION landing_begin() RETURNS trigger
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE;

COMMENT ON FUNCTION landing_begin() IS 'trigger that begins a load';

CREATE OR REPLACE FUNCTION landing_line() RETURNS trigger
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE;

COMMENT ON FUNCTION landing_line() IS 'trigger that takes a line of a file';

-- SECURITY DEFINER: who may load a file needs INSERT on landing and nothing else.
-- Nested loops are never right where a load joins its own rows.
CREATE OR REPLACE FUNCTION landing_end() RETURNS trigger
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE SECURITY DEFINER
    SET search_path = cloudbilling, pg_temp
    SET enable_nestloop = off
    SET jit = off;

COMMENT ON FUNCTION landing_end() IS 'trigger that stores a load';
