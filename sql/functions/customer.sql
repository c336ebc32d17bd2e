-- A customer cannot stand above itself.
CREATE OR REPLACE FUNCTION customer_no_cycle()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF EXISTS (
        WITH RECURSIVE above (customer_id) AS (
            SELECT NEW.parent_id
            UNION
            SELECT c.parent_id FROM above AS a JOIN customer AS c USING (customer_id)
        )
        SELECT FROM above AS a WHERE a.customer_id = NEW.customer_id)
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = format('customer "%s" would stand above itself', NEW.number),
            HINT = 'Choose a parent that is not below the customer.';
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION customer_no_cycle() IS 'trigger that keeps the customers a tree';

CREATE OR REPLACE TRIGGER customer_no_cycle BEFORE UPDATE OF parent_id ON customer
    FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION customer_no_cycle();
