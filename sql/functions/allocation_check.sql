-- What constraints cannot say of rules, splits and weights, or not well enough, is
-- looked at once for each statement, so that COPY of a long list stays fast.

-- Rules and splits name one another, so those who write them wait in line.
CREATE OR REPLACE FUNCTION allocation_lock()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('cloudbilling allocation', 0));
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION allocation_lock() IS 'trigger that lets one at a time change allocation rules, splits and weights';

CREATE OR REPLACE FUNCTION days_are_whole_months(days daterange)
RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce(extract(day FROM lower(days)), 1) = 1 AND coalesce(extract(day FROM upper(days)), 1) = 1;

COMMENT ON FUNCTION days_are_whole_months(daterange) IS 'whether a range begins and ends with a month';

-- From what is split to what it is split over, as far as names say so: lists of
-- targets and weights, and what takes the rest, which excluded is not about.
CREATE OR REPLACE VIEW allocation_split_edge AS
SELECT s.dimension_id, s.customer_id, s.value, e.target, s.valid_during * e.valid_during AS valid_during
FROM allocation_split AS s
CROSS JOIN LATERAL (
    SELECT t.target, daterange(NULL, NULL) AS valid_during
    FROM unnest(s.targets) AS t (target)
    WHERE s.weights IS NULL AND NOT coalesce(t.target = ANY (s.excluded), false)
    UNION ALL
    SELECT w.value, w.valid_during
    FROM allocation_weight AS w
    WHERE w.weights = s.weights AND w.weight > 0 AND (s.targets IS NULL OR w.value = ANY (s.targets))
      AND NOT coalesce(w.value = ANY (s.excluded), false)
    UNION ALL
    SELECT s.rest_value, daterange(NULL, NULL)
    WHERE s.rest_value IS NOT NULL
) AS e;

COMMENT ON VIEW allocation_split_edge IS 'what is split, and the values that are named as its targets';
COMMENT ON COLUMN allocation_split_edge.dimension_id IS 'dimension';
COMMENT ON COLUMN allocation_split_edge.customer_id IS 'customer the split is for; NULL is all';
COMMENT ON COLUMN allocation_split_edge.value IS 'value that is split';
COMMENT ON COLUMN allocation_split_edge.target IS 'value it is split over';
COMMENT ON COLUMN allocation_split_edge.valid_during IS 'months in which it is';

CREATE OR REPLACE FUNCTION allocation_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    -- Rules.
    SELECT r.allocation_rule_id, k.key
    INTO bad
    FROM allocation_rule AS r
    CROSS JOIN LATERAL unnest(r.keys) AS k (key)
    WHERE NOT allocation_key_is_known(k.key)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('an allocation rule cannot read the key "%s"', bad.key),
            HINT = 'Keys are those of selectors, tags.KEY among them, and account_name, billing_account_name, customer, customer_name, account.tags.KEY and resource.tags.KEY.';
    END IF;
    SELECT d.name AS dimension, a.position, a.valid_during * b.valid_during AS days
    INTO bad
    FROM allocation_rule AS a
    JOIN allocation_rule AS b
        ON b.dimension_id = a.dimension_id
        AND b.customer_id IS NOT DISTINCT FROM a.customer_id
        AND b.position = a.position
        AND b.allocation_rule_id > a.allocation_rule_id
        AND b.valid_during && a.valid_during
    JOIN dimension AS d ON d.dimension_id = a.dimension_id
    ORDER BY a.allocation_rule_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'exclusion_violation',
            MESSAGE = format('two rules of dimension "%s" have position %s at the same time', bad.dimension, bad.position),
            DETAIL = format('Both hold during %s.', bad.days),
            HINT = 'Rules are tried in order of position: give one of them another, or end the one before the other begins.',
            CONSTRAINT = 'allocation_rule_overlap',
            TABLE = 'allocation_rule',
            SCHEMA = 'cloudbilling';
    END IF;

    -- Rules and splits of a customer.
    SELECT d.name AS dimension, d.across_customers, c.number AS customer, o.number AS owner
    INTO bad
    FROM (
        SELECT r.dimension_id, r.customer_id FROM allocation_rule AS r
        UNION
        SELECT s.dimension_id, s.customer_id FROM allocation_split AS s
    ) AS r
    JOIN dimension AS d ON d.dimension_id = r.dimension_id
    JOIN customer AS c ON c.customer_id = r.customer_id
    LEFT JOIN customer AS o ON o.customer_id = d.customer_id
    WHERE d.customer_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM customer_ancestor AS a WHERE a.customer_id = r.customer_id AND a.ancestor_id = d.customer_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('dimension "%s" is customer %s''s own', bad.dimension, bad.owner),
            DETAIL = format('Customer %s is not below it.', bad.customer),
            HINT = 'Rules and splits of a customer''s own dimension are its own, or of customers below it.';
    END IF;
    SELECT d.name AS dimension
    INTO bad
    FROM allocation_split AS s
    JOIN dimension AS d ON d.dimension_id = s.dimension_id
    WHERE d.across_customers AND s.customer_id IS NOT NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('a split of dimension "%s" cannot be one customer''s', bad.dimension),
            DETAIL = 'The dimension splits what is shared over all customers together.',
            HINT = 'Leave customer_id of the split NULL, or make a dimension that does not go across customers.';
    END IF;

    -- Splits and weights.
    SELECT p.what, p.days
    INTO bad
    FROM (
        SELECT format('the split of "%s"', s.value) AS what, s.valid_during AS days FROM allocation_split AS s
        UNION ALL
        SELECT format('the weight of "%s" in list "%s"', w.value, w.weights), w.valid_during FROM allocation_weight AS w
    ) AS p
    WHERE NOT days_are_whole_months(p.days)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('%s must be valid during whole months', bad.what),
            DETAIL = format('It is valid during %s.', bad.days),
            HINT = 'What is shared in a month is split once: begin and end with the first day of a month.';
    END IF;
    SELECT d.name AS dimension, a.value, a.valid_during * b.valid_during AS days
    INTO bad
    FROM allocation_split AS a
    JOIN allocation_split AS b
        ON b.dimension_id = a.dimension_id
        AND b.customer_id IS NOT DISTINCT FROM a.customer_id
        AND b.value = a.value
        AND b.allocation_split_id > a.allocation_split_id
        AND b.valid_during && a.valid_during
    JOIN dimension AS d ON d.dimension_id = a.dimension_id
    ORDER BY a.allocation_split_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'exclusion_violation',
            MESSAGE = format('"%s" of dimension "%s" is split in two ways at the same time', bad.value, bad.dimension),
            DETAIL = format('Both hold during %s.', bad.days),
            HINT = 'End the one split before the other begins: UPDATE allocation_split SET valid_during = …',
            CONSTRAINT = 'allocation_split_overlap',
            TABLE = 'allocation_split',
            SCHEMA = 'cloudbilling';
    END IF;
    SELECT w.weights, w.value, w.weight
    INTO bad
    FROM allocation_weight AS w
    WHERE w.weight < 0 OR w.weight IN ('NaN', 'Infinity')
    ORDER BY w.weights, w.value
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('weight %s of "%s" in list "%s" is not 0 or more', bad.weight, bad.value, bad.weights),
            HINT = 'A share cannot be negative: use 0, or leave the value out, for what is to have no part.';
    END IF;
    SELECT w.weights, w.value, w.valid_during * v.valid_during AS days
    INTO bad
    FROM allocation_weight AS w
    JOIN allocation_weight AS v
        ON v.weights = w.weights AND v.value = w.value AND v.valid_during && w.valid_during AND v.ctid > w.ctid
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'exclusion_violation',
            MESSAGE = format('"%s" has two weights in list "%s" at the same time', bad.value, bad.weights),
            DETAIL = format('Both are valid during %s.', bad.days),
            HINT = 'End the one before the other begins, or delete it.',
            CONSTRAINT = 'allocation_weight_overlap',
            TABLE = 'allocation_weight',
            SCHEMA = 'cloudbilling';
    END IF;
    -- A list must say something in each month in which it says anything.
    SELECT b.weights, b.month
    INTO bad
    FROM (
        SELECT w.weights, lower(w.valid_during) AS month FROM allocation_weight AS w
        UNION
        SELECT w.weights, upper(w.valid_during) FROM allocation_weight AS w WHERE NOT upper_inf(w.valid_during)
    ) AS b
    JOIN allocation_weight AS v
        ON v.weights = b.weights AND v.valid_during @> coalesce(b.month, '-infinity')
    GROUP BY b.weights, b.month
    HAVING sum(v.weight) = 0
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('all weights of list "%s" are 0', bad.weights),
            DETAIL = format('They are %s.', coalesce('from ' || bad.month || ' on', 'to begin with')),
            HINT = 'Nothing can be split by weights of 0: give one value a weight above 0, or delete the rows.';
    END IF;

    -- Who names himself as a target, in however many steps, is asked for ever.  The
    -- order of splits of one customer and of those above it is one.
    WITH RECURSIVE walk AS (
        SELECT e.dimension_id, e.customer_id, e.value, ARRAY[e.value] AS path, e.target, e.valid_during
        FROM allocation_split_edge AS e
        WHERE NOT isempty(e.valid_during) AND e.target IN (SELECT s.value FROM allocation_split AS s)
        UNION ALL
        SELECT w.dimension_id, coalesce(w.customer_id, e.customer_id), w.value, w.path || e.value, e.target, w.valid_during * e.valid_during
        FROM walk AS w
        JOIN allocation_split_edge AS e
            ON e.dimension_id = w.dimension_id
            AND e.value = w.target
            AND e.valid_during && w.valid_during
            AND (e.customer_id IS NULL OR w.customer_id IS NULL OR e.customer_id = w.customer_id)
        WHERE w.target <> ALL (w.path) AND e.target IN (SELECT s.value FROM allocation_split AS s)
    )
    SELECT d.name AS dimension, array_to_string(w.path || w.target, ' → ') AS path, w.valid_during AS days
    INTO bad
    FROM walk AS w
    JOIN dimension AS d ON d.dimension_id = w.dimension_id
    WHERE w.target = w.value
    ORDER BY cardinality(w.path), w.path
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('splits of dimension "%s" go in a circle', bad.dimension),
            DETAIL = format('During %s: %s.', bad.days, bad.path),
            HINT = 'Take one of them out of the targets, or the weights, of the one before it.';
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION allocation_check() IS 'trigger that refuses allocation rules, splits and weights that contradict one another';

CREATE OR REPLACE TRIGGER allocation_lock BEFORE INSERT OR UPDATE ON allocation_rule
    FOR EACH STATEMENT EXECUTE FUNCTION allocation_lock();
CREATE OR REPLACE TRIGGER allocation_lock BEFORE INSERT OR UPDATE ON allocation_split
    FOR EACH STATEMENT EXECUTE FUNCTION allocation_lock();
CREATE OR REPLACE TRIGGER allocation_lock BEFORE INSERT OR UPDATE OR DELETE ON allocation_weight
    FOR EACH STATEMENT EXECUTE FUNCTION allocation_lock();
CREATE OR REPLACE TRIGGER allocation_check AFTER INSERT OR UPDATE ON allocation_rule
    FOR EACH STATEMENT EXECUTE FUNCTION allocation_check();
CREATE OR REPLACE TRIGGER allocation_check AFTER INSERT OR UPDATE ON allocation_split
    FOR EACH STATEMENT EXECUTE FUNCTION allocation_check();
CREATE OR REPLACE TRIGGER allocation_check AFTER INSERT OR UPDATE OR DELETE ON allocation_weight
    FOR EACH STATEMENT EXECUTE FUNCTION allocation_check();
