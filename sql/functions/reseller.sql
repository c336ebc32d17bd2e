-- Who is invoiced by the seller for what a customer uses: the topmost reseller above it,
-- or the customer itself.
CREATE OR REPLACE FUNCTION customer_top_buyer(customer_id int)
RETURNS int
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH RECURSIVE above AS (
        SELECT c.customer_id, c.parent_id, true AS buys, 0 AS distance
        FROM customer AS c
        WHERE c.customer_id = customer_top_buyer.customer_id
        UNION ALL
        SELECT c.customer_id, c.parent_id, c.resells, a.distance + 1
        FROM above AS a
        JOIN customer AS c ON c.customer_id = a.parent_id
        WHERE a.distance < 100
    )
    SELECT a.customer_id FROM above AS a WHERE a.buys ORDER BY a.distance DESC LIMIT 1;
END;

COMMENT ON FUNCTION customer_top_buyer(int) IS 'who is invoiced by the seller for what a customer uses: the topmost reseller above it, or the customer itself';

-- The legal entities that invoice customers first to last, and what is sold on below them.
CREATE OR REPLACE FUNCTION invoice_seller(first int, last int)
RETURNS TABLE (seller_id int)
LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
    SELECT c.seller_id FROM customer AS c WHERE c.customer_id BETWEEN invoice_seller.first AND invoice_seller.last
    UNION
    SELECT r.seller_id
    FROM reseller AS r
    WHERE customer_top_buyer(r.customer_id) BETWEEN invoice_seller.first AND invoice_seller.last;
END;

COMMENT ON FUNCTION invoice_seller(int, int) IS 'legal entities that invoice a range of customers, and what is sold on below them';

CREATE OR REPLACE FUNCTION reseller_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SECURITY DEFINER  -- who may enter customers need not see resellers
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    SELECT c.number, e.name AS seller, c.resells, o.number AS other
    INTO bad
    FROM reseller AS r
    JOIN customer AS c ON c.customer_id = r.customer_id
    JOIN seller AS e ON e.seller_id = r.seller_id
    LEFT JOIN customer AS o ON o.seller_id = r.seller_id
    WHERE NOT c.resells OR o.customer_id IS NOT NULL
    ORDER BY r.customer_id, o.customer_id
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF NOT bad.resells THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('customer %s does not resell', bad.number),
            HINT = 'Set resells of the customer to true.';
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'invalid_parameter_value',
        MESSAGE = format('seller "%s" cannot be reseller %s and the seller of customer %s', bad.seller, bad.number, bad.other),
        DETAIL = 'A reseller''s customers are those below it in the tree, and have the seller that the reseller has.',
        HINT = 'Make a seller of the reseller''s own.';
END
$$;

COMMENT ON FUNCTION reseller_check() IS 'trigger that refuses resellers that do not resell, and sellers that have customers of their own';

CREATE OR REPLACE TRIGGER reseller_check AFTER INSERT OR UPDATE ON reseller
    FOR EACH STATEMENT EXECUTE FUNCTION reseller_check();
CREATE OR REPLACE TRIGGER reseller_check AFTER UPDATE OF seller_id, resells ON customer
    FOR EACH STATEMENT EXECUTE FUNCTION reseller_check();
CREATE OR REPLACE TRIGGER reseller_check_insert AFTER INSERT ON customer
    FOR EACH STATEMENT EXECUTE FUNCTION reseller_check();
