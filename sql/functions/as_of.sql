CREATE OR REPLACE FUNCTION as_of() RETURNS timestamptz
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION as_of() IS 'the moment of the setting cloudbilling.as_of; NULL is now';
