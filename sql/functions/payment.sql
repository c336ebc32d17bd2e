-- Payments, and what they pay.  Whatever comes in goes through the same two checks,
-- after the lock of the seller: so two that pay one document at once wait for each
-- other, and the second sees what the first left.

CREATE OR REPLACE FUNCTION payment_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SECURITY DEFINER  -- it looks at more than who records payments may
SET cloudbilling.as_of = ''
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    PERFORM seller_lock(ARRAY(SELECT DISTINCT n.seller_id FROM new_rows AS n));

    SELECT n.*
    INTO bad
    FROM new_rows AS n
    WHERE n.amount <> currency_round(n.amount, n.currency)
    ORDER BY n.payment_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = format('%s %s is no amount that can be paid', bad.amount, bad.currency),
            DETAIL = format('%s has %s decimals.', bad.currency, currency_minor_unit(bad.currency));
    END IF;

    SELECT n.*, p.amount AS reversed_amount, p.currency AS reversed_currency, p.seller_id AS reversed_seller
    INTO bad
    FROM new_rows AS n
    JOIN payment AS p ON p.payment_id = n.reverses
    WHERE p.reverses IS NOT NULL OR p.seller_id <> n.seller_id OR p.currency <> n.currency OR sign(p.amount) = sign(n.amount)
    ORDER BY n.payment_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = format('payment %s is not reversed by %s %s', bad.reverses, bad.amount, bad.currency),
            DETAIL = format('It is %s %s of seller %s, and this of seller %s.', bad.reversed_amount, bad.reversed_currency, bad.reversed_seller, bad.seller_id),
            HINT = 'A reversal has the seller and the currency of the payment, and the opposite sign; a reversal is not reversed itself.';
    END IF;

    -- what is given back must not pay documents any more
    SELECT s.*
    INTO bad
    FROM payment_status AS s
    WHERE s.payment_id IN (SELECT n.reverses FROM new_rows AS n)
      AND s.open_amount * sign(s.amount) < 0
    ORDER BY s.payment_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = format('more of payment %s would be given back than is left of it', bad.payment_id),
            DETAIL = format('It is %s %s; %s pays documents, and %s would be given back.', bad.amount, bad.currency, bad.assigned, -bad.reversed),
            HINT = format('SELECT cloudbilling.payment_reverse(%s, reason => ''…'') takes back what it pays, too.', bad.payment_id);
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION payment_check() IS 'trigger that checks payments and what they give back';

CREATE OR REPLACE TRIGGER payment_check AFTER INSERT ON payment
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION payment_check();

CREATE OR REPLACE FUNCTION payment_part_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SECURITY DEFINER  -- it looks at more than who records payments may
SET cloudbilling.as_of = ''
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 2147483647
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    PERFORM invoice_isolation_check();
    PERFORM seller_lock(ARRAY(SELECT DISTINCT i.seller_id FROM new_rows AS n JOIN invoice AS i ON i.invoice_id = n.invoice_id));

    SELECT i.invoice_number, i.currency, i.seller_id, i.customer_id, n.payment_id, p.currency AS payment_currency, p.seller_id AS payment_seller,
        c.invoice_number AS credit_number, c.currency AS credit_currency, c.customer_id AS credit_customer
    INTO bad
    FROM new_rows AS n
    JOIN invoice AS i ON i.invoice_id = n.invoice_id
    LEFT JOIN payment AS p ON p.payment_id = n.payment_id
    LEFT JOIN invoice AS c ON c.invoice_id = n.credit_note_id
    WHERE p.seller_id <> i.seller_id OR p.currency <> i.currency OR p.reverses IS NOT NULL
       OR c.seller_id <> i.seller_id OR c.currency <> i.currency OR c.customer_id <> i.customer_id
       OR n.amount <> currency_round(n.amount, i.currency)
       OR sign(c.gross_amount) = sign(i.gross_amount)
    ORDER BY n.payment_part_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = CASE WHEN bad.payment_id IS NOT NULL THEN format('payment %s cannot pay document %s', bad.payment_id, bad.invoice_number)
                ELSE format('document %s cannot be settled with %s', bad.credit_number, bad.invoice_number) END,
            DETAIL = format('The document is in %s, of seller %s and customer %s; the other %s.', bad.currency, bad.seller_id, bad.customer_id,
                CASE WHEN bad.payment_id IS NOT NULL THEN format('is in %s, of seller %s', bad.payment_currency, bad.payment_seller)
                ELSE format('is in %s, of customer %s', bad.credit_currency, bad.credit_customer) END),
            HINT = 'Seller and currency must be the same, and the amount one of the currency; a payment that reverses another one pays nothing itself; a credit note is settled with an invoice of its customer.';
    END IF;

    -- what was written off is not paid, but by what was recorded before; it may be credited
    SELECT s.*
    INTO bad
    FROM new_rows AS n
    JOIN invoice_status AS s ON s.invoice_id = n.invoice_id
    WHERE s.state = 'written_off' AND n.payment_id IS NOT NULL AND sign(n.amount) = sign(s.gross_amount) AND n.recorded_at BETWEEN now() AND clock_timestamp()
    ORDER BY n.payment_part_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('document %s is written off', bad.invoice_number),
            DETAIL = format('The reason was: %s', bad.reason),
            HINT = format('SELECT cloudbilling.invoice_mark(%s, ''reinstated'', ''reason'') asks for it again.', bad.invoice_id);
    END IF;

    -- neither more than the document's total, nor less than nothing
    SELECT s.invoice_number, s.currency, s.gross_amount, s.paid, s.credited
    INTO bad
    FROM invoice_status AS s
    WHERE s.invoice_id IN (SELECT n.invoice_id FROM new_rows AS n UNION ALL SELECT n.credit_note_id FROM new_rows AS n)
      AND ((s.gross_amount - s.paid - s.credited) * sign(s.gross_amount) NOT BETWEEN 0 AND abs(s.gross_amount))
    ORDER BY s.invoice_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = CASE WHEN (bad.paid + bad.credited) * sign(bad.gross_amount) < 0 THEN format('more would be taken back of document %s than was paid', bad.invoice_number)
                ELSE format('document %s would be paid too much', bad.invoice_number) END,
            DETAIL = format('Of %s %s, %s would be paid and %s credited.', bad.gross_amount, bad.currency, bad.paid, bad.credited),
            HINT = 'cloudbilling.invoice_status shows what is open; what was paid too much stays open on the payment, until it is given back.';
    END IF;

    -- what a document says was paid before it was made is that, and nothing else
    SELECT i.invoice_number, i.currency, coalesce(i.prepaid_amount, 0) AS prepaid, sum(t.amount) AS found
    INTO bad
    FROM invoice AS i
    JOIN payment_part AS t ON t.invoice_id = i.invoice_id AND t.prepaid
    WHERE i.invoice_id IN (SELECT n.invoice_id FROM new_rows AS n WHERE n.prepaid)
    GROUP BY i.invoice_id
    HAVING sum(t.amount) <> coalesce(i.prepaid_amount, 0)
    ORDER BY i.invoice_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = format('document %s was made with %s %s paid, and not %s', bad.invoice_number, bad.prepaid, bad.currency, bad.found),
            HINT = 'Only who makes a document says what was prepaid of it; cloudbilling.payment_assign pays it afterwards.';
    END IF;

    SELECT s.*
    INTO bad
    FROM payment_status AS s
    WHERE s.payment_id IN (SELECT n.payment_id FROM new_rows AS n)
      AND s.open_amount * sign(s.amount) NOT BETWEEN 0 AND abs(s.amount)
    ORDER BY s.payment_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = format('payment %s would pay more than it is', bad.payment_id),
            DETAIL = format('Of %s %s, %s would pay documents, and %s was given back.', bad.amount, bad.currency, bad.assigned, -bad.reversed),
            HINT = 'cloudbilling.payment_status shows what is open of each payment.';
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION payment_part_check() IS 'trigger that checks what payments and credit notes pay';

CREATE OR REPLACE TRIGGER payment_part_check AFTER INSERT ON payment_part
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION payment_part_check();

-- Documents that a payer's text names: by payment reference or number, written as he
-- likes, so words that stand beside each other are read as one, too.
CREATE OR REPLACE FUNCTION payment_words(reference text)
RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT DISTINCT string_agg(w.word, '') OVER (PARTITION BY f.place ORDER BY w.place)
    FROM regexp_split_to_table(upper(reference), '[^A-Z0-9]+') WITH ORDINALITY AS f (word, place)
    JOIN regexp_split_to_table(upper(reference), '[^A-Z0-9]+') WITH ORDINALITY AS w (word, place)
        ON w.place BETWEEN f.place AND f.place + 7
    WHERE f.word <> '';
END;

COMMENT ON FUNCTION payment_words(text) IS 'what a payer wrote, in words, and words that stand beside each other as one';

-- Assigns open payments to the documents they name, oldest first.  Money in pays
-- invoices; money out pays credit notes, and takes back what was paid of invoices.
CREATE OR REPLACE FUNCTION payment_match(seller_id int DEFAULT NULL)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET cloudbilling.as_of = ''
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 2147483647
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    made int := 0;
    added int;
BEGIN
    PERFORM invoice_isolation_check();
    PERFORM seller_lock(ARRAY(SELECT s.seller_id FROM seller AS s WHERE s.seller_id = coalesce(payment_match.seller_id, s.seller_id)));
    -- Each round assigns what is open of a payment to the first document it names that
    -- is open: payments of the same document share it in their order.
    LOOP
        WITH
        money AS MATERIALIZED (
            SELECT p.payment_id, p.seller_id, p.currency, p.open_amount, p.received_on, p.reference
            FROM payment_status AS p
            WHERE p.open_amount <> 0 AND p.reverses IS NULL AND p.reference IS NOT NULL
              AND p.seller_id = coalesce(payment_match.seller_id, p.seller_id)
        ),
        word AS MATERIALIZED (
            SELECT m.payment_id, m.seller_id, m.currency, m.open_amount, m.received_on, w.word
            FROM money AS m
            CROSS JOIN LATERAL payment_words(m.reference) AS w (word)
        ),
        named AS (
            SELECT DISTINCT w.payment_id, w.received_on, w.open_amount, i.invoice_id
            FROM word AS w
            JOIN invoice AS i ON i.seller_id = w.seller_id AND i.currency = w.currency::bpchar
                AND (i.payment_reference = w.word OR upper(regexp_replace(i.invoice_number, '[^A-Za-z0-9]', '', 'g')) = w.word)
        ),
        possible AS (
            SELECT n.payment_id, n.received_on, n.open_amount, n.invoice_id,
                CASE WHEN sign(n.open_amount) = sign(s.gross_amount) THEN s.open_amount ELSE -s.paid END AS room,
                row_number() OVER (PARTITION BY n.payment_id ORDER BY s.due_on, s.invoice_id) AS place
            FROM named AS n
            JOIN invoice_status AS s ON s.invoice_id = n.invoice_id
            WHERE CASE WHEN sign(n.open_amount) = sign(s.gross_amount) THEN s.open_amount ELSE -s.paid END * sign(n.open_amount) > 0
        ),
        share AS (
            SELECT p.payment_id, p.invoice_id, sign(p.open_amount) AS sign, abs(p.open_amount) AS open_amount,
                abs(p.room) - coalesce(sum(abs(p.open_amount)) OVER (PARTITION BY p.invoice_id, sign(p.open_amount)
                    ORDER BY p.received_on, p.payment_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS room
            FROM possible AS p
            WHERE p.place = 1
        )
        INSERT INTO payment_part (payment_id, invoice_id, amount)
        SELECT s.payment_id, s.invoice_id, s.sign * least(s.open_amount, s.room)
        FROM share AS s
        WHERE s.room > 0
        ORDER BY s.payment_id;
        GET DIAGNOSTICS added = ROW_COUNT;
        EXIT WHEN added = 0;
        made := made + added;
    END LOOP;
    RETURN made;
END
$$;

COMMENT ON FUNCTION payment_match(int) IS 'assigns open payments to the documents that their references name, of one seller or of all; gives the number of parts';

-- The payment and the document that somebody names, as they are now.
CREATE OR REPLACE FUNCTION payment_named(payment_id int)
RETURNS payment_status
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    money payment_status;
BEGIN
    SELECT * INTO money FROM payment_status AS s WHERE s.payment_id = payment_named.payment_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('payment %s does not exist', coalesce(payment_named.payment_id::text, 'NULL')),
            HINT = 'cloudbilling.payment_status lists all payments.';
    END IF;
    RETURN money;
END
$$;

COMMENT ON FUNCTION payment_named(int) IS 'a payment with what is open of it, or the error that there is none';

CREATE OR REPLACE FUNCTION document_named(invoice_id int)
RETURNS invoice_status
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    document invoice_status;
BEGIN
    SELECT * INTO document FROM invoice_status AS s WHERE s.invoice_id = document_named.invoice_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('document %s does not exist', coalesce(document_named.invoice_id::text, 'NULL')),
            HINT = 'cloudbilling.invoice_status lists all documents.';
    END IF;
    RETURN document;
END
$$;

COMMENT ON FUNCTION document_named(int) IS 'a document with what is open of it, or the error that there is none';

-- Assigns by hand.
CREATE OR REPLACE FUNCTION payment_assign(payment_id int, invoice_id int, amount numeric DEFAULT NULL, note text DEFAULT NULL)
RETURNS numeric
LANGUAGE plpgsql VOLATILE
SET cloudbilling.as_of = ''
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 2147483647
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    money payment_status;
    document invoice_status;
    part numeric := payment_assign.amount;
BEGIN
    PERFORM seller_lock(ARRAY(SELECT p.seller_id FROM payment AS p WHERE p.payment_id = payment_assign.payment_id));
    money := payment_named(payment_assign.payment_id);
    document := document_named(payment_assign.invoice_id);
    IF part IS NULL THEN
        part := sign(money.amount) * least(abs(money.open_amount), abs(
            CASE WHEN sign(money.amount) = sign(document.gross_amount) THEN document.open_amount ELSE document.paid END));
        IF part = 0 THEN
            RAISE EXCEPTION USING
                ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('nothing is open between payment %s and document %s', money.payment_id, document.invoice_number),
                DETAIL = format('%s %s are open of the payment, and %s %s of the document, which is %s.', money.open_amount, money.currency,
                    document.open_amount, document.currency, document.status),
                HINT = 'A negative amount takes back a part: payment_assign(payment_id, invoice_id, -10).';
        END IF;
    END IF;
    INSERT INTO payment_part (payment_id, invoice_id, amount, note) VALUES (money.payment_id, document.invoice_id, part, payment_assign.note);
    RETURN part;
END
$$;

COMMENT ON FUNCTION payment_assign(int, int, numeric, text) IS 'lets a payment pay a document, as far as both are open or the amount that is said; negative takes it back; gives the amount';

-- Gives a payment back: a chargeback, a refund of what was paid too much.
CREATE OR REPLACE FUNCTION payment_reverse(payment_id int, reason text, amount numeric DEFAULT NULL, received_on date DEFAULT current_date, bank_id text DEFAULT NULL)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET cloudbilling.as_of = ''
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    money payment_status;
    back numeric;
    made int;
BEGIN
    PERFORM invoice_isolation_check();
    PERFORM seller_lock(ARRAY(SELECT p.seller_id FROM payment AS p WHERE p.payment_id = payment_reverse.payment_id));
    money := payment_named(payment_reverse.payment_id);
    IF coalesce(reason, '') !~ '\S' THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a payment is given back with a reason';
    END IF;
    back := coalesce(abs(payment_reverse.amount), abs(money.amount + money.reversed)) * sign(money.amount);
    IF money.reverses IS NOT NULL OR back = 0 OR abs(back) > abs(money.amount + money.reversed) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('payment %s cannot be given back', money.payment_id),
            DETAIL = CASE WHEN money.reverses IS NOT NULL THEN format('It gives payment %s back.', money.reverses)
                ELSE format('It is %s %s, of which %s were given back.', money.amount, money.currency, -money.reversed) END;
    END IF;
    -- What documents must lose for it, the latest first.
    INSERT INTO payment_part (payment_id, invoice_id, amount, note)
    SELECT money.payment_id, p.invoice_id, -sign(money.amount) * least(p.part, abs(back) - abs(money.open_amount) - p.later), reason
    FROM (
        SELECT t.invoice_id, abs(sum(t.amount)) AS part,
            coalesce(sum(abs(sum(t.amount))) OVER (ORDER BY t.invoice_id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS later
        FROM payment_part AS t
        WHERE t.payment_id = money.payment_id
        GROUP BY t.invoice_id
        HAVING sum(t.amount) <> 0
    ) AS p
    WHERE p.later < abs(back) - abs(money.open_amount);
    INSERT INTO payment (seller_id, received_on, amount, currency, reference, payer, payer_account, bank_id, reverses, note)
    VALUES (money.seller_id, payment_reverse.received_on, -back, money.currency, money.reference, money.payer, money.payer_account,
        payment_reverse.bank_id, money.payment_id, reason)
    RETURNING payment.payment_id INTO made;
    RETURN made;
END
$$;

COMMENT ON FUNCTION payment_reverse(int, text, numeric, date, text) IS 'gives a payment back, as a whole or an amount of it: what is open of it first, then what it paid; gives the key of the opposite payment';

-- A credit note is settled with an invoice of the customer, as far as both are open.
CREATE OR REPLACE FUNCTION invoice_settle(credit_note_id int, invoice_id int, amount numeric DEFAULT NULL, note text DEFAULT NULL)
RETURNS numeric
LANGUAGE plpgsql VOLATILE
SET cloudbilling.as_of = ''
SET cloudbilling.customer_first = 0
SET cloudbilling.customer_last = 2147483647
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    credit invoice_status;
    document invoice_status;
    part numeric := invoice_settle.amount;
BEGIN
    PERFORM seller_lock(ARRAY(SELECT i.seller_id FROM invoice AS i WHERE i.invoice_id = invoice_settle.invoice_id));
    credit := document_named(invoice_settle.credit_note_id);
    document := document_named(invoice_settle.invoice_id);
    IF part IS NULL THEN
        part := CASE WHEN credit.open_amount < 0 THEN greatest(least(-credit.open_amount, document.open_amount), 0) ELSE 0 END;
        IF part = 0 THEN
            RAISE EXCEPTION USING
                ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('nothing is open between documents %s and %s', credit.invoice_number, document.invoice_number),
                DETAIL = format('%s %s are open of the one, which is %s, and %s %s of the other, which is %s.', credit.open_amount, credit.currency,
                    credit.status, document.open_amount, document.currency, document.status),
                HINT = 'The first is a credit note, the second an invoice.';
        END IF;
    END IF;
    INSERT INTO payment_part (credit_note_id, invoice_id, amount, note) VALUES (credit.invoice_id, document.invoice_id, part, invoice_settle.note);
    RETURN part;
END
$$;

COMMENT ON FUNCTION invoice_settle(int, int, numeric, text) IS 'settles a credit note with an invoice, as far as both are open or the amount that is said; negative takes it back; gives the amount';
