-- What the view allocated needs for splits.

CREATE OR REPLACE FUNCTION allocation_split_measure(split_by text, quantity numeric, billed_cost numeric, effective_cost numeric, list_cost numeric, contracted_cost numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE split_by WHEN 'even' THEN 1 WHEN 'billed_cost' THEN billed_cost WHEN 'effective_cost' THEN effective_cost
    WHEN 'list_cost' THEN list_cost WHEN 'contracted_cost' THEN contracted_cost WHEN 'quantity' THEN quantity END;

COMMENT ON FUNCTION allocation_split_measure(text, numeric, numeric, numeric, numeric, numeric) IS 'the weight that a value has for a split, of its measures';

-- For a split that is to be refused, rather than kept or made even.
CREATE OR REPLACE FUNCTION allocation_split_refuse(allocation_split_id int, period_start date, currency text)
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    split allocation_split;
BEGIN
    SELECT * INTO split FROM allocation_split_in_force AS s WHERE s.allocation_split_id = allocation_split_refuse.allocation_split_id;
    RAISE EXCEPTION USING
        ERRCODE = 'invalid_parameter_value',
        MESSAGE = format('"%s" cannot be split: all weights are 0', split.value),
        DETAIL = format('Dimension "%s", month %s, currency %s: no target has %s.',
            (SELECT d.name FROM dimension_in_force AS d WHERE d.dimension_id = split.dimension_id), period_start, currency,
            CASE split.split_by WHEN 'weights' THEN format('a weight in list "%s"', split.weights) WHEN 'even' THEN 'charges'
                ELSE split.split_by END),
        HINT = 'Set zero_weights of the split to keep or even, or give targets a weight.';
END
$$;

COMMENT ON FUNCTION allocation_split_refuse(int, date, text) IS 'raises the error of a split without weights';
