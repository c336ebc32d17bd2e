-- What constraints cannot say, or not well enough; once for each statement.
CREATE OR REPLACE FUNCTION tag_policy_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    SELECT p.key, p.valid_during
    INTO bad
    FROM tag_policy AS p
    WHERE coalesce(extract(day FROM lower(p.valid_during)), 1) <> 1 OR coalesce(extract(day FROM upper(p.valid_during)), 1) <> 1
    ORDER BY p.tag_policy_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('the policy of tag "%s" must be valid during whole months', bad.key),
            DETAIL = format('It is valid during %s.', bad.valid_during),
            HINT = 'Violations are counted by month: begin and end with the first day of a month.';
    END IF;
    SELECT a.key, c.number AS customer, a.selector, a.tag_policy_id AS a_id, b.tag_policy_id AS b_id, a.valid_during * b.valid_during AS days
    INTO bad
    FROM tag_policy AS a
    JOIN tag_policy AS b
        ON b.key = a.key
        AND b.customer_id IS NOT DISTINCT FROM a.customer_id
        AND coalesce(b.selector, '{}') = coalesce(a.selector, '{}')
        AND b.tag_policy_id > a.tag_policy_id
        AND b.valid_during && a.valid_during
    LEFT JOIN customer AS c ON c.customer_id = a.customer_id
    ORDER BY a.tag_policy_id, b.tag_policy_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'exclusion_violation',
            MESSAGE = format('two policies of tag "%s" are about the same charges at the same time', bad.key),
            DETAIL = format('Policies %s and %s both hold for %s of %s during %s.', bad.a_id, bad.b_id,
                CASE WHEN coalesce(bad.selector, '{}') = '{}' THEN 'all charges' ELSE 'charges ' || bad.selector::text END,
                coalesce('customer ' || bad.customer, 'all customers'), bad.days),
            HINT = 'End the one before the other begins, or give one of them a selector that says more.',
            CONSTRAINT = 'tag_policy_overlap',
            TABLE = 'tag_policy',
            SCHEMA = 'cloudbilling';
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION tag_policy_check() IS 'trigger that refuses tag policies that contradict one another';

CREATE OR REPLACE TRIGGER tag_policy_check AFTER INSERT OR UPDATE ON tag_policy
    FOR EACH STATEMENT EXECUTE FUNCTION tag_policy_check();
