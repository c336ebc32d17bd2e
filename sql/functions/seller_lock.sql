-- All that finalises, credits, pays or marks documents of a seller takes this lock
-- first, so that it goes one after the other, and never in a circle.
--
-- Batches of an invoice run share it.  They lock the customers they are about, in order,
-- and do nothing else in their transaction; what they number and seal, which is the last
-- thing they do, they do one after the other: to want a seller alone whom one shares is to
-- get the lock on the chains of all sellers, until the end of the transaction.
CREATE OR REPLACE FUNCTION seller_lock(sellers int[], shared boolean DEFAULT false) RETURNS void
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;

COMMENT ON FUNCTION seller_lock(int[], boolean) IS 'locks sellers, in order, until the end of the transaction: alone, or with others who finalise';

-- What documents say of a seller does not change while they are made.  Before any row is
-- locked, so that it is no circle.
CREATE OR REPLACE FUNCTION seller_lock()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SECURITY DEFINER  -- who may change one seller need not see all
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    PERFORM seller_lock(ARRAY(SELECT s.seller_id FROM seller AS s));
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION seller_lock() IS 'trigger that lets who changes sellers wait for who finalises';

CREATE OR REPLACE TRIGGER seller_lock BEFORE UPDATE ON seller
    FOR EACH STATEMENT EXECUTE FUNCTION seller_lock();
