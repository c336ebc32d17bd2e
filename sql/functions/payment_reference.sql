-- ISO 11649: RF, two check digits over the reference, and the reference itself,
-- of which only letters and digits count and at most 21.
CREATE OR REPLACE FUNCTION payment_reference(document_number text) RETURNS text
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION payment_reference(text) IS 'creditor reference (ISO 11649) for a document number';
