-- Documents that were just made, against the orders their lines are booked on.
CREATE OR REPLACE FUNCTION purchase_order_check(documents int[])
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    spent record;
BEGIN
    FOR spent IN
        SELECT b.*
        FROM purchase_order_balance AS b
        WHERE b.remaining < 0
          AND EXISTS (
            SELECT
            FROM invoice AS i
            JOIN invoice_line AS l ON l.invoice_id = i.invoice_id
            WHERE i.invoice_id = ANY (documents) AND b.customer_id IN (l.customer_id, i.customer_id, i.bill_to_id)
              AND l.order_number = b.number AND l.currency = b.currency AND l.amount > 0)
        ORDER BY b.when_spent, b.customer_id, b.number
    LOOP
        IF spent.when_spent = 'hold' THEN
            RAISE EXCEPTION USING
                ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('order %s of customer %s is spent', spent.number, spent.customer_number),
                DETAIL = format('It is of %s %s, and %s would be invoiced on it.', spent.currency, spent.ordered, spent.invoiced),
                HINT = 'Raise its amount in cloudbilling.purchase_order, or enter another order number for what is to come, and run again.';
        END IF;
        RAISE WARNING USING
            MESSAGE = format('order %s of customer %s is spent', spent.number, spent.customer_number),
            DETAIL = format('It is of %s %s, and %s was invoiced on it.', spent.currency, spent.ordered, spent.invoiced);
    END LOOP;
END
$$;

COMMENT ON FUNCTION purchase_order_check(int[]) IS 'refuses documents that go beyond a customer''s order, or warns';
