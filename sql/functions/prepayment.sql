-- Payments in advance.

-- Who says whose a payment is waits for who finalises, and the other way round.
CREATE OR REPLACE FUNCTION prepayment_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SECURITY DEFINER  -- it looks at more than who records payments may
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    PERFORM seller_lock(ARRAY(SELECT DISTINCT p.seller_id FROM new_rows AS n JOIN payment AS p ON p.payment_id = n.payment_id));
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION prepayment_check() IS 'trigger that lets who assigns payments to customers wait for who finalises';

CREATE OR REPLACE TRIGGER prepayment_check AFTER INSERT ON prepayment
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION prepayment_check();

-- Says whose a payment is, and gives what of it his next documents will be paid with.
CREATE OR REPLACE FUNCTION prepayment_add(payment_id int, customer_id int, note text DEFAULT NULL)
RETURNS numeric
LANGUAGE plpgsql VOLATILE
SET cloudbilling.as_of = ''
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    money payment_status;
    party customer;
BEGIN
    PERFORM invoice_isolation_check();
    PERFORM seller_lock(ARRAY(SELECT p.seller_id FROM payment AS p WHERE p.payment_id = prepayment_add.payment_id));
    money := payment_named(prepayment_add.payment_id);
    SELECT * INTO party FROM customer AS c WHERE c.customer_id = prepayment_add.customer_id;
    IF NOT FOUND AND prepayment_add.customer_id IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('customer %s does not exist', prepayment_add.customer_id),
            HINT = 'The table cloudbilling.customer lists all customers.';
    ELSIF money.open_amount <= 0 AND prepayment_add.customer_id IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('nothing is open of payment %s', money.payment_id),
            DETAIL = format('It is %s %s; %s pay documents, and %s were given back.', money.amount, money.currency, money.assigned, -money.reversed),
            HINT = 'cloudbilling.payment_status shows what is open of each payment.';
    ELSIF party.seller_id <> money.seller_id AND NOT EXISTS (SELECT FROM reseller AS r WHERE r.seller_id = money.seller_id) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = format('payment %s cannot pay documents of customer %s', money.payment_id, party.number),
            DETAIL = format('It is of seller %s, and the customer of seller %s.', money.seller_id, party.seller_id);
    END IF;
    INSERT INTO prepayment (payment_id, customer_id, note) VALUES (money.payment_id, party.customer_id, prepayment_add.note);
    RETURN CASE WHEN party.customer_id IS NOT NULL THEN money.open_amount ELSE 0 END;
END
$$;

COMMENT ON FUNCTION prepayment_add(int, int, text) IS 'lets what is open of a payment pay the next invoices of a customer, or of nobody; gives the amount';

-- Sets open money off with documents that are being made: payments, the first received
-- first, and where the customer wants it his credit notes.  Money and documents are laid
-- side by side as stretches of one line, in their order; where two overlap, the one pays
-- the other.  Who calls it holds the locks of the sellers, and of whom documents are
-- addressed to: nobody else spends their money.
CREATE OR REPLACE FUNCTION prepayment_set_off(INOUT documents invoice[], OUT parts payment_part[])
LANGUAGE plpgsql VOLATILE
SET cloudbilling.as_of = ''
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 2147483647
SET search_path = cloudbilling, pg_temp
-- Unlike invoice_make, which calls it: who paid, and how often, depends on the batch.
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = on
AS $$
DECLARE
    paid record;
BEGIN
    IF NOT EXISTS (SELECT FROM payment) AND NOT EXISTS (SELECT FROM invoice_policy AS p WHERE p.set_off = 'all') THEN
        RETURN;
    END IF;
    WITH
    document AS MATERIALIZED (
        SELECT d.invoice_id, d.seller_id, d.currency::text AS currency, d.customer_id, d.bill_to_id, d.gross_amount,
            coalesce(d.bill_to_id, d.customer_id) AS debtor_id, coalesce(p.set_off, 'payments') AS set_off
        FROM unnest(prepayment_set_off.documents) AS d
        LEFT JOIN invoice_policy AS p ON p.customer_id = coalesce(d.bill_to_id, d.customer_id)
        WHERE d.gross_amount > 0 AND p.set_off IS DISTINCT FROM 'none'
    ),
    debtor AS MATERIALIZED (
        SELECT DISTINCT d.debtor_id FROM document AS d
    ),
    -- what may be theirs, of which something may be open: few of all that was ever paid
    possible AS MATERIALIZED (
        SELECT y.payment_id
        FROM (
            SELECT p.payment_id FROM prepayment AS p WHERE p.customer_id IN (SELECT r.debtor_id FROM debtor AS r)
            UNION
            SELECT t.payment_id
            FROM debtor AS r
            JOIN invoice AS i ON i.bill_to_id IS NULL AND i.customer_id = r.debtor_id
            JOIN payment_part AS t ON t.invoice_id = i.invoice_id
            UNION
            SELECT t.payment_id
            FROM debtor AS r
            JOIN invoice AS i ON i.bill_to_id = r.debtor_id
            JOIN payment_part AS t ON t.invoice_id = i.invoice_id
        ) AS k
        JOIN payment AS y ON y.payment_id = k.payment_id
        LEFT JOIN payment_part AS a ON a.payment_id = y.payment_id
        WHERE y.reverses IS NULL
        GROUP BY y.payment_id
        HAVING coalesce(sum(a.amount), 0) < y.amount
    ),
    money AS (
        SELECT s.payment_id, s.seller_id, s.customer_id, s.currency, s.open_amount,
            sum(s.open_amount) OVER (PARTITION BY s.seller_id, s.customer_id, s.currency ORDER BY s.received_on, s.payment_id) AS until
        FROM possible AS k
        JOIN payment_status AS s ON s.payment_id = k.payment_id
        WHERE s.open_amount > 0 AND s.customer_id IN (SELECT r.debtor_id FROM debtor AS r)
    ),
    by_payment AS MATERIALIZED (
        SELECT m.payment_id, NULL::int AS credit_note_id, d.invoice_id,
            least(d.until, m.until) - greatest(d.until - d.gross_amount, m.until - m.open_amount) AS amount
        FROM (
            SELECT k.*, sum(k.gross_amount) OVER (PARTITION BY k.seller_id, k.debtor_id, k.currency ORDER BY k.invoice_id) AS until
            FROM document AS k
        ) AS d
        JOIN money AS m ON m.seller_id = d.seller_id AND m.customer_id = d.debtor_id AND m.currency = d.currency
            AND m.until > d.until - d.gross_amount AND m.until - m.open_amount < d.until
    ),
    credit AS (
        SELECT s.invoice_id AS credit_note_id, s.seller_id, s.customer_id, i.bill_to_id, s.currency, -s.open_amount AS open_amount,
            sum(-s.open_amount) OVER (PARTITION BY s.seller_id, s.customer_id, i.bill_to_id, s.currency ORDER BY s.invoice_id) AS until
        FROM (SELECT DISTINCT d.customer_id, d.bill_to_id FROM document AS d WHERE d.set_off = 'all') AS w
        JOIN invoice AS i ON i.customer_id = w.customer_id AND i.bill_to_id IS NOT DISTINCT FROM w.bill_to_id AND i.gross_amount < 0
        JOIN invoice_status AS s ON s.invoice_id = i.invoice_id
        WHERE s.open_amount < 0 AND s.state <> 'disputed'
    ),
    by_credit AS (
        SELECT NULL::int AS payment_id, m.credit_note_id, d.invoice_id,
            least(d.until, m.until) - greatest(d.until - d.rest, m.until - m.open_amount) AS amount
        FROM (
            SELECT k.*, sum(k.rest) OVER (PARTITION BY k.seller_id, k.customer_id, k.bill_to_id, k.currency ORDER BY k.invoice_id) AS until
            FROM (
                SELECT d.*, d.gross_amount - coalesce((SELECT sum(b.amount) FROM by_payment AS b WHERE b.invoice_id = d.invoice_id), 0) AS rest
                FROM document AS d
                WHERE d.set_off = 'all'
            ) AS k
        ) AS d
        JOIN credit AS m ON m.seller_id = d.seller_id AND m.customer_id = d.customer_id AND m.bill_to_id IS NOT DISTINCT FROM d.bill_to_id AND m.currency = d.currency
            AND m.until > d.until - d.rest AND m.until - m.open_amount < d.until
    )
    SELECT array_agg(jsonb_populate_record(NULL::payment_part, to_jsonb(b) || jsonb '{"prepaid": true}') ORDER BY b.invoice_id, b.payment_id, b.credit_note_id)
    INTO prepayment_set_off.parts
    FROM (SELECT * FROM by_payment UNION ALL SELECT * FROM by_credit WHERE amount > 0) AS b;

    FOR paid IN
        SELECT d.ordinality AS place, sum(t.amount) AS amount
        FROM unnest(prepayment_set_off.documents) WITH ORDINALITY AS d
        JOIN unnest(prepayment_set_off.parts) AS t ON t.invoice_id = d.invoice_id
        GROUP BY d.ordinality
    LOOP
        prepayment_set_off.documents[paid.place].prepaid_amount := paid.amount;
    END LOOP;
END
$$;

COMMENT ON FUNCTION prepayment_set_off(invoice[]) IS 'sets what customers paid in advance, and their open credit notes where they want that, off with documents that are being made; gives these with what is prepaid, and the parts of payments';
