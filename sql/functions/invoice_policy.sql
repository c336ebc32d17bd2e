-- Whom the documents of a customer are addressed to, who has them go to his parent: the
-- nearest one above, of the same seller, who has not.
CREATE OR REPLACE FUNCTION invoice_debtor(customer_id int)
RETURNS int
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH RECURSIVE above AS (
        SELECT c.customer_id, c.parent_id, c.seller_id, 0 AS distance
        FROM customer AS c
        WHERE c.customer_id = invoice_debtor.customer_id
        UNION ALL
        SELECT c.customer_id, c.parent_id, c.seller_id, a.distance + 1
        FROM above AS a
        JOIN invoice_policy AS p ON p.customer_id = a.customer_id AND p.bill_to_parent
        JOIN customer AS c ON c.customer_id = a.parent_id AND c.seller_id = a.seller_id
        WHERE a.distance < 100
    )
    SELECT a.customer_id FROM above AS a ORDER BY a.distance DESC LIMIT 1;
END;

COMMENT ON FUNCTION invoice_debtor(int) IS 'customer whom the documents of a customer are addressed to';

-- Whose document lines of a customer stand on: that of whom it is addressed to, where he
-- has one for all, with sections; else his own.
CREATE OR REPLACE FUNCTION invoice_holder(customer_id int)
RETURNS int
LANGUAGE sql STABLE
RETURN CASE WHEN EXISTS (SELECT FROM invoice_policy AS p WHERE p.sections) THEN
    coalesce((
        SELECT p.customer_id
        FROM invoice_policy AS p
        WHERE p.sections AND p.customer_id = invoice_debtor(invoice_holder.customer_id)), invoice_holder.customer_id)
    ELSE invoice_holder.customer_id END;

COMMENT ON FUNCTION invoice_holder(int) IS 'customer whose documents the lines of a customer stand on: himself, or one above who has documents with sections';

-- Customers that are invoiced together with some: those of their sections come, and
-- those who are in another's go with him.  Whom a gate holds is left out, until it does not.
CREATE OR REPLACE FUNCTION invoice_together(first int, last int, customers int[], until date)
RETURNS int[]
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    members int[];
BEGIN
    IF NOT EXISTS (SELECT FROM invoice_policy AS p WHERE p.sections) THEN
        RETURN customers;
    END IF;
    members := ARRAY(
        SELECT m.customer_id
        FROM invoice_policy AS m
        JOIN customer AS h ON h.customer_id = invoice_holder(m.customer_id)
        WHERE m.bill_to_parent AND h.customer_id <> m.customer_id AND h.customer_id BETWEEN first AND last
          AND (customers IS NULL OR h.customer_id = ANY (customers)));
    RETURN ARRAY(
        SELECT c.customer_id
        FROM customer AS c
        WHERE c.customer_id BETWEEN first AND last AND (customers IS NULL OR c.customer_id = ANY (customers))
          AND invoice_holder(c.customer_id) = c.customer_id
        UNION
        SELECT k.customer_id
        FROM unnest(members) AS k (customer_id)
        WHERE k.customer_id NOT IN (SELECT h.customer_id FROM invoice_held(until) AS h)
        ORDER BY 1);
END
$$;

COMMENT ON FUNCTION invoice_together(int, int, int[], date) IS 'customers first to last, or those of them that are listed, with those whose sections stand on their documents, and without those who are in another''s';

-- Which of a customer's documents a line goes on.
CREATE OR REPLACE FUNCTION invoice_split(split_by text, customer_id int, account_id int)
RETURNS text
LANGUAGE sql STABLE
RETURN CASE split_by
    WHEN 'agreement' THEN (SELECT g.number FROM agreement AS g WHERE g.account_id = invoice_split.account_id AND NOT g.by_hand)
    WHEN 'account' THEN (
        SELECT coalesce(a.sub_account_id, a.billing_account_id)
        FROM account AS a
        WHERE a.account_id = invoice_split.account_id
          AND NOT EXISTS (SELECT FROM agreement AS g WHERE g.account_id = invoice_split.account_id AND g.by_hand))
    WHEN 'order_number' THEN coalesce((SELECT g.order_number FROM agreement AS g WHERE g.account_id = invoice_split.account_id),
        (SELECT c.order_number FROM customer AS c WHERE c.customer_id = invoice_split.customer_id))
END;

COMMENT ON FUNCTION invoice_split(text, int, int) IS 'agreement, account or order number whose document a line goes on; NULL is the one of all others';

-- What a document says of who gets it.
CREATE OR REPLACE FUNCTION invoice_addressee(addressee customer, customer_id int, order_number text)
RETURNS jsonb
LANGUAGE sql STABLE
RETURN to_jsonb(addressee)
    || CASE WHEN order_number IS NULL THEN '{}' ELSE jsonb_build_object('order_number', order_number) END
    || CASE WHEN addressee.customer_id = invoice_addressee.customer_id THEN '{}' ELSE (
        SELECT jsonb_build_object('for_customer', c.name || ' (' || c.number || ')', 'order_number', coalesce(invoice_addressee.order_number, c.order_number))
        FROM customer AS c
        WHERE c.customer_id = invoice_addressee.customer_id) END;

COMMENT ON FUNCTION invoice_addressee(customer, int, text) IS 'a customer as a document tells of him, with its order number and whom it is for';
