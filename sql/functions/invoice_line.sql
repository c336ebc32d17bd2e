-- Lines that are entered by hand.  They are charges like all others: one-off items of
-- an agreement of the customer that holds nothing else, one for each order number and
-- currency.  So they run, are billed, corrected and explained as everything is.

CREATE OR REPLACE FUNCTION invoice_line_add(
    customer_id    int,
    description    text,
    quantity       numeric,
    unit_price     numeric,
    on_day         date     DEFAULT NULL,
    unit           text     DEFAULT 'Units',
    currency       text     DEFAULT NULL,
    tax_category   text     DEFAULT 'standard',
    supply         text     DEFAULT 'digital',
    tax_exemption  text     DEFAULT NULL,
    order_number   text     DEFAULT NULL,
    service        text     DEFAULT 'Other services',
    unit_cost      numeric  DEFAULT 0,
    note           text     DEFAULT NULL,
    author         text     DEFAULT session_user
)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    party record;
    holder agreement;
    result int;
BEGIN
    SELECT c.number, e.book_currency, (now() AT TIME ZONE z.time_zone)::date AS today
    INTO party
    FROM customer AS c
    JOIN customer_zone AS z ON z.customer_id = c.customer_id
    JOIN seller AS e ON e.seller_id = c.seller_id
    WHERE c.customer_id = invoice_line_add.customer_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('customer %s does not exist', coalesce(invoice_line_add.customer_id::text, 'NULL')),
            HINT = 'The table cloudbilling.customer lists all customers.';
    ELSIF num_nulls(nullif(btrim(description), ''), quantity, unit_price, nullif(btrim(unit), ''), nullif(btrim(service), '')) > 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'a line needs a description, a quantity, a price, a unit and a service',
            HINT = 'For example: SELECT cloudbilling.invoice_line_add(1, ''Installation'', 2, 95.00, unit => ''Hours'')';
    ELSIF quantity = 0 OR abs(quantity) >= 'Infinity' OR unit_price < 0 OR unit_price >= 'Infinity' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('a line cannot be of %s at %s', quantity, unit_price),
            HINT = 'A credit has a quantity below 0 and a price above it.';
    ELSIF NOT isfinite(on_day) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('a line cannot be of day %s', on_day);
    END IF;

    INSERT INTO agreement (number, customer_id, name, currency, order_number, signed_on, start_on, by_hand, recorded_by)
    VALUES (concat_ws('/', party.number, 'by hand', coalesce(invoice_line_add.currency, party.book_currency), invoice_line_add.order_number),
        invoice_line_add.customer_id, coalesce(invoice_line_add.order_number, 'Other items'),
        coalesce(invoice_line_add.currency, party.book_currency), invoice_line_add.order_number, '1970-01-01', '1970-01-01', true,
        coalesce(author, session_user))
    ON CONFLICT (customer_id, currency, order_number) WHERE by_hand DO NOTHING;
    -- who adds at the same time waits, and gets the next number
    SELECT *
    INTO holder
    FROM agreement AS g
    WHERE g.by_hand AND g.customer_id = invoice_line_add.customer_id
      AND g.currency = coalesce(invoice_line_add.currency, party.book_currency)
      AND g.order_number IS NOT DISTINCT FROM invoice_line_add.order_number
    FOR NO KEY UPDATE;

    INSERT INTO agreement_item (agreement_id, number, kind, product_id, description, unit, pricing, indexed, unit_cost, tax_category, supply,
        tax_exemption, recorded_by)
    SELECT holder.agreement_id, coalesce(max(i.number), 0) + 1, 'one_off', product_ensure('Own services', invoice_line_add.service, 'by hand'),
        invoice_line_add.description, invoice_line_add.unit, per_unit(invoice_line_add.unit_price), false,
        coalesce(invoice_line_add.unit_cost, 0), invoice_line_add.tax_category, invoice_line_add.supply, invoice_line_add.tax_exemption,
        coalesce(author, session_user)
    FROM agreement_item AS i
    WHERE i.agreement_id = holder.agreement_id
    RETURNING agreement_item_id INTO result;
    INSERT INTO agreement_quantity (agreement_item_id, valid_during, quantity, note, recorded_by)
    SELECT result, daterange(d.day, d.day + 1), invoice_line_add.quantity, invoice_line_add.note, coalesce(author, session_user)
    FROM (SELECT coalesce(on_day, party.today) AS day) AS d;
    RETURN result;
END
$$;

COMMENT ON FUNCTION invoice_line_add(int, text, numeric, numeric, date, text, text, text, text, text, text, text, numeric, text, text) IS 'enters a line by hand, which the next run bills; gives its key, an agreement item';

-- Another quantity or price; what was billed is corrected by the difference.
CREATE OR REPLACE FUNCTION invoice_line_change(agreement_item_id int, quantity numeric DEFAULT NULL, unit_price numeric DEFAULT NULL,
    note text DEFAULT NULL, author text DEFAULT session_user)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    PERFORM
    FROM agreement_item AS i
    JOIN agreement AS g ON g.agreement_id = i.agreement_id
    WHERE i.agreement_item_id = invoice_line_change.agreement_item_id AND g.by_hand
    FOR NO KEY UPDATE OF i;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('agreement item %s is no line that was entered by hand', coalesce(invoice_line_change.agreement_item_id::text, 'NULL')),
            HINT = 'The view cloudbilling.invoice_line_entry lists them.';
    ELSIF num_nonnulls(quantity, unit_price) = 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'invoice_line_change needs a quantity or a price',
            HINT = 'What a line says cannot be changed: withdraw it, and enter another one.';
    ELSIF abs(quantity) >= 'Infinity' OR unit_price < 0 OR unit_price >= 'Infinity' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('a line cannot be of %s at %s', coalesce(quantity::text, 'its quantity'), coalesce(unit_price::text, 'its price')),
            HINT = 'A credit has a quantity below 0 and a price above it.';
    END IF;
    UPDATE agreement_item AS i
    SET pricing = per_unit(invoice_line_change.unit_price),
        recorded_by = coalesce(author, session_user)
    WHERE i.agreement_item_id = invoice_line_change.agreement_item_id AND invoice_line_change.unit_price IS NOT NULL;
    UPDATE agreement_quantity AS q
    SET quantity = coalesce(invoice_line_change.quantity, q.quantity),
        note = coalesce(invoice_line_change.note, q.note),
        recorded_by = coalesce(author, session_user)
    WHERE q.agreement_item_id = invoice_line_change.agreement_item_id;
END
$$;

COMMENT ON FUNCTION invoice_line_change(int, numeric, numeric, text, text) IS 'changes quantity or price of a line that was entered by hand; what was billed is corrected by the difference';

CREATE OR REPLACE FUNCTION invoice_line_withdraw(agreement_item_id int, note text, author text DEFAULT session_user)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF note IS NULL OR note !~ '\S' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'to withdraw a line needs a reason';
    END IF;
    PERFORM invoice_line_change(invoice_line_withdraw.agreement_item_id, 0, NULL, invoice_line_withdraw.note, author);
END
$$;

COMMENT ON FUNCTION invoice_line_withdraw(int, text, text) IS 'withdraws a line that was entered by hand; what was billed is credited by the next run';
