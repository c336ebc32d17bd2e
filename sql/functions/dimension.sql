-- The key of a dimension by its name, for those who write rules.
CREATE OR REPLACE FUNCTION dimension_key(name text, customer_number text DEFAULT NULL)
RETURNS int
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    result int;
BEGIN
    IF dimension_key.customer_number IS NOT NULL AND NOT EXISTS (
        SELECT FROM customer AS c WHERE c.number = dimension_key.customer_number) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('customer "%s" does not exist', dimension_key.customer_number),
            HINT = 'A dimension of a customer''s own is named with the customer''s number; the seller''s with none.';
    END IF;
    SELECT d.dimension_id
    INTO result
    FROM dimension AS d
    LEFT JOIN customer AS c ON c.customer_id = d.customer_id
    WHERE d.name = dimension_key.name AND c.number IS NOT DISTINCT FROM dimension_key.customer_number;
    IF result IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('dimension "%s" does not exist', dimension_key.name),
            DETAIL = CASE WHEN dimension_key.customer_number IS NULL THEN 'The seller has no dimension of that name.'
                ELSE format('Customer "%s" has none of its own of that name.', dimension_key.customer_number) END,
            HINT = coalesce((
                SELECT 'Dimensions are: ' || string_agg(d.name || coalesce(' (of customer ' || c.number || ')', ''), ', ' ORDER BY c.number NULLS FIRST, d.name) || '.'
                FROM dimension AS d
                LEFT JOIN customer AS c ON c.customer_id = d.customer_id),
                'There are none yet: INSERT INTO cloudbilling.dimension (name) VALUES (…).');
    END IF;
    RETURN result;
END
$$;

COMMENT ON FUNCTION dimension_key(text, text) IS 'the key of a dimension of the seller, or of a customer by its number';
