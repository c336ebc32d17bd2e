-- All that finalises, credits, pays or marks documents of a seller takes this lock
-- first, so that it goes one after the other, and never in a circle.
CREATE OR REPLACE FUNCTION seller_lock(sellers int[])
RETURNS void
LANGUAGE sql VOLATILE
SECURITY DEFINER  -- who records payments need not be allowed to change sellers
SET search_path = cloudbilling, pg_temp
BEGIN ATOMIC
    SELECT FROM seller AS s WHERE s.seller_id = ANY (sellers) ORDER BY s.seller_id FOR NO KEY UPDATE;
END;

COMMENT ON FUNCTION seller_lock(int[]) IS 'locks sellers, in order, until the end of the transaction';
