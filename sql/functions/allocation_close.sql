-- Closing a month of a dimension, for all it is about.

CREATE OR REPLACE FUNCTION allocation_period_check(period_start date)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF (period_start = date_trunc('month', period_start)) IS NOT TRUE THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('a month is named by its first day, not %s', coalesce(period_start::text, 'NULL')),
            HINT = 'For example: SELECT cloudbilling.allocation_close(''cost centre'', ''2026-10-01'')';
    END IF;
END
$$;

COMMENT ON FUNCTION allocation_period_check(date) IS 'refuses a day that is not the first of a month';

CREATE OR REPLACE FUNCTION allocation_close(dimension text, period_start date, customer_number text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 2147483647
SET cloudbilling.as_of = ''
SET cloudbilling.price_rules = ''
SET cloudbilling.period_first = ''
SET cloudbilling.period_last = ''
SET cloudbilling.grain = 'month'
AS $$
DECLARE
    key int := dimension_key(dimension, customer_number);
    result bigint;
BEGIN
    PERFORM allocation_period_check(period_start);
    PERFORM pg_advisory_xact_lock(hashtextextended('cloudbilling allocation', 0));
    IF EXISTS (SELECT FROM allocation_closing AS c
        WHERE c.dimension_id = key AND c.period_start = allocation_close.period_start AND c.reopened_at IS NULL) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s of dimension "%s" is closed already', period_start, dimension),
            HINT = format('SELECT cloudbilling.allocation_reopen(%L, %L) opens it again.', dimension, period_start);
    END IF;
    PERFORM set_config('cloudbilling.period_first', period_start::text, true);
    PERFORM set_config('cloudbilling.period_last', period_start::text, true);
    -- One statement: the view does not see the closing yet.
    WITH
    closing AS (
        INSERT INTO allocation_closing (dimension_id, period_start)
        VALUES (key, allocation_close.period_start)
        RETURNING allocation_closing_id
    ),
    kept AS (
        INSERT INTO allocation_closed
        SELECT c.allocation_closing_id, a.kind, a.customer_id, a.value, a.shared_from, a.load_scope_id, a.account_id, a.service_id,
            a.charge_category, a.unit, a.currency, a.charges, a.quantity, a.billed_cost, a.effective_cost, a.list_cost,
            a.contracted_cost, a.buyer_id, a.price_rule_id, a.product_id, a.resource_id, a.tag_value, a.effect, a.due
        FROM allocated AS a
        CROSS JOIN closing AS c
        WHERE a.dimension_id = key AND a.period_start = allocation_close.period_start
        RETURNING 1
    )
    SELECT count(*) INTO result FROM kept;
    RETURN result;
END
$$;

COMMENT ON FUNCTION allocation_close(text, date, text) IS 'closes a month of a dimension: its allocation stays; gives the number of rows kept';

CREATE OR REPLACE FUNCTION allocation_reopen(dimension text, period_start date, customer_number text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    key int := dimension_key(dimension, customer_number);
BEGIN
    PERFORM allocation_period_check(period_start);
    UPDATE allocation_closing AS c
    SET reopened_at = clock_timestamp(), reopened_by = session_user
    WHERE c.dimension_id = key AND c.period_start = allocation_reopen.period_start AND c.reopened_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s of dimension "%s" is not closed', period_start, dimension),
            HINT = 'The table cloudbilling.allocation_closing lists what is.';
    END IF;
END
$$;

COMMENT ON FUNCTION allocation_reopen(text, date, text) IS 'opens a closed month of a dimension again: rules of now are about it; what it was when closed is kept';
