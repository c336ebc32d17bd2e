-- Agreements: what makes their charges like all others, and what changes them.

-- When the term after so many renewals ends.  Months are counted from the start, so
-- that those of different length do not add up; after a term of days, from its end.
CREATE OR REPLACE FUNCTION agreement_renewed_until(start_on date, term interval, renewal_term interval, renewals int)
RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN extract(day FROM term) > 0 THEN (start_on + term) + renewals * renewal_term
    ELSE start_on + (term + renewals * renewal_term) END::date;

COMMENT ON FUNCTION agreement_renewed_until(date, interval, interval, int) IS 'end of the term of an agreement that comes after so many renewals';

-- The first end of a term that is no earlier than a day.
CREATE OR REPLACE FUNCTION agreement_term_end(start_on date, term interval, renewal_term interval, from_day date)
RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT min(e.day)
    FROM (SELECT greatest(0, period_number((start_on + term)::date, renewal_term, from_day)) AS first) AS n
    CROSS JOIN LATERAL generate_series(greatest(0, n.first - 1), n.first + 2) AS g (number)
    CROSS JOIN LATERAL (SELECT agreement_renewed_until(start_on, term, renewal_term, g.number) AS day) AS e
    WHERE e.day >= from_day;
END;

COMMENT ON FUNCTION agreement_term_end(date, interval, interval, date) IS 'first end of a term of an agreement on or after a day';

-- When an agreement ends: the day after its last; NULL while no end is known.
CREATE OR REPLACE FUNCTION agreement_end(end_on date, start_on date, term interval, notice interval, renewal text, renewal_term interval,
    cancelled_on date, paid int[])
RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN end_on IS NOT NULL THEN end_on
    WHEN term IS NULL THEN (cancelled_on + notice)::date
    WHEN renewal = 'none' THEN (start_on + term)::date
    ELSE least(
        -- terms that were paid, up to the first that was not
        CASE WHEN renewal = 'on_payment' THEN agreement_renewed_until(start_on, term, coalesce(renewal_term, term), (
            SELECT count(*)::int
            FROM (SELECT p.number, row_number() OVER (ORDER BY p.number) AS no FROM unnest(paid) AS p (number)) AS p
            WHERE p.number = p.no)) END,
        agreement_term_end(start_on, term, coalesce(renewal_term, term), (cancelled_on + notice)::date))
END;

COMMENT ON FUNCTION agreement_end(date, date, interval, interval, text, interval, date, int[]) IS 'day after the last of an agreement; NULL while no end is known';

-- An agreement is the customer's, in its currency and under its number for good: its
-- charges are known by them.
CREATE OR REPLACE FUNCTION agreement_frozen()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = CASE TG_TABLE_NAME WHEN 'agreement' THEN 'number, customer and currency of an agreement cannot be changed'
            ELSE 'what an item of an agreement is cannot be changed' END,
        DETAIL = CASE TG_TABLE_NAME WHEN 'agreement' THEN 'Its charges are known by them.'
            ELSE 'Its charges are known by agreement, number, kind, product, description, unit, tags, tax category and whether it has a price.' END,
        HINT = CASE TG_TABLE_NAME WHEN 'agreement' THEN 'End the agreement (end_on), and enter another one.'
            ELSE 'SELECT cloudbilling.agreement_quantity_set(item, day, 0) ends it from a day on; then enter another one.' END;
END
$$;

COMMENT ON FUNCTION agreement_frozen() IS 'trigger that refuses changes of what charges of agreements are known by';

CREATE OR REPLACE TRIGGER agreement_frozen BEFORE UPDATE ON agreement
    FOR EACH ROW WHEN (ROW(NEW.number, NEW.customer_id, NEW.currency, NEW.by_hand)
            IS DISTINCT FROM ROW(OLD.number, OLD.customer_id, OLD.currency, OLD.by_hand)
        OR OLD.account_id IS NOT NULL AND NEW.account_id IS DISTINCT FROM OLD.account_id)
    EXECUTE FUNCTION agreement_frozen();
CREATE OR REPLACE TRIGGER agreement_frozen BEFORE UPDATE ON agreement_item
    FOR EACH ROW WHEN (ROW(NEW.agreement_id, NEW.number, NEW.kind, NEW.product_id, NEW.description, NEW.unit, NEW.tax_category, NEW.supply,
            NEW.tax_exemption, NEW.tags)
            IS DISTINCT FROM ROW(OLD.agreement_id, OLD.number, OLD.kind, OLD.product_id, OLD.description, OLD.unit, OLD.tax_category,
            OLD.supply, OLD.tax_exemption, OLD.tags)
        OR (NEW.pricing IS NULL) <> (OLD.pricing IS NULL)
        OR OLD.item_id IS NOT NULL AND (NEW.item_id, NEW.price_rule_id) IS DISTINCT FROM (OLD.item_id, OLD.price_rule_id))
    EXECUTE FUNCTION agreement_frozen();

-- Gives agreements their account.
CREATE OR REPLACE FUNCTION agreement_account()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        UPDATE account AS a
        SET sub_account_name = n.name
        FROM new_rows AS n
        WHERE a.account_id = n.account_id AND a.sub_account_name IS DISTINCT FROM n.name;
        RETURN NULL;
    END IF;
    INSERT INTO account (provider_name, billing_account_id, billing_account_name, sub_account_id, sub_account_name, sub_account_type)
    SELECT 'Own services', 'agreements', 'Agreements', n.number, n.name, 'Agreement'
    FROM new_rows AS n
    WHERE n.account_id IS NULL
    ORDER BY n.number
    ON CONFLICT DO NOTHING;
    UPDATE agreement AS g
    SET account_id = a.account_id
    FROM new_rows AS n
    JOIN account AS a ON a.provider_name = 'Own services' AND a.billing_account_id = 'agreements' AND a.sub_account_id = n.number
        AND a.source_customer_id IS NULL
    WHERE g.agreement_id = n.agreement_id AND n.account_id IS NULL;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION agreement_account() IS 'trigger that gives agreements the account of their charges';

CREATE OR REPLACE TRIGGER agreement_account AFTER INSERT ON agreement
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION agreement_account();
CREATE OR REPLACE TRIGGER agreement_account_name AFTER UPDATE ON agreement
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION agreement_account();

-- Makes items known as what charges can be: their rows in charge_item, and for those
-- with a price of their own the one rule of the product that sells at such prices.
-- The rule says only that the amount of such a charge is its list cost: prices
-- themselves stay with the items, which are many, or all rating would carry them.
CREATE OR REPLACE FUNCTION agreement_item_intern()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    SELECT g.number AS agreement, i.number, g.billing_period, i.price_period
    INTO bad
    FROM new_rows AS i
    JOIN agreement AS g ON g.agreement_id = i.agreement_id
    WHERE (extract(day FROM g.billing_period) > 0) <> (extract(day FROM i.price_period) > 0)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('item %s of agreement "%s" has a price for %s, but periods of %s are charged', bad.number, bad.agreement,
                bad.price_period, bad.billing_period),
            HINT = 'Both must be in months or years, or both in days.';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        RETURN NULL;
    END IF;
    SELECT g.number AS agreement, i.number, r.price_rule_id, r.name, r.effect
    INTO bad
    FROM new_rows AS i
    JOIN agreement AS g ON g.agreement_id = i.agreement_id
    JOIN price_rule AS r ON r.price_rule_id = i.price_rule_id
    WHERE i.item_id IS NULL AND (i.kind <> 'commitment' OR r.effect <> 'true_up')
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('item %s of agreement "%s" cannot have price rule "%s"', bad.number, bad.agreement, bad.name),
            DETAIL = format('The rule''s effect is %s.', bad.effect),
            HINT = 'An item of kind commitment has a rule with effect true_up, which says what counts; others have none.';
    END IF;

    -- From here on, nothing that is found in a dictionary goes (dictionary_keep).
    LOCK TABLE charge_item IN ROW EXCLUSIVE MODE;
    INSERT INTO tag_set (digest, tags)
    SELECT DISTINCT ON (1) sha256(convert_to(n.tags::text, 'UTF8')), n.tags
    FROM new_rows AS n
    WHERE n.item_id IS NULL AND n.tags <> '{}'
    ORDER BY 1
    ON CONFLICT (digest) DO NOTHING;

    INSERT INTO price_rule (name, product_id, selector, measure, per, pricing, tax_category, supply, tax_exemption)
    SELECT DISTINCT format('%s, as agreed', p.name), p.product_id, agreement_selector(n.tax_category, n.supply, n.tax_exemption), 'list_cost', 'resource',
        per_unit(1), n.tax_category, n.supply, n.tax_exemption
    FROM new_rows AS n
    JOIN product AS p ON p.product_id = n.product_id
    WHERE n.item_id IS NULL AND n.pricing IS NOT NULL AND n.kind <> 'commitment'
      AND NOT EXISTS (
        SELECT
        FROM price_rule AS r
        WHERE r.product_id = n.product_id AND r.customer_id IS NULL AND r.selector = agreement_selector(n.tax_category, n.supply, n.tax_exemption)
          AND r.valid_during = '(,)' AND r.effect = 'set')
    ORDER BY p.product_id;

    INSERT INTO charge_item (digest, account_id, product_id, tag_set_id, provider_name, publisher_name, invoice_issuer_name,
        service_category, service_name, sku_id, pricing_category, charge_category, charge_frequency, charge_description, pricing_unit,
        billing_currency, resource_id, resource_name)
    SELECT sha256(convert_to(format('agreement item %s', n.agreement_item_id), 'UTF8')), g.account_id, n.product_id, t.tag_set_id,
        'Own services', 'Own services', 'Own services', 'Other', s.code, p.code,
        CASE WHEN n.kind = 'commitment' THEN 'Commitment'
            WHEN n.pricing IS NOT NULL THEN agreement_pricing_category(n.tax_category, n.supply, n.tax_exemption) END, 'Purchase',
        CASE n.kind WHEN 'one_off' THEN 'One-Time' ELSE 'Recurring' END, n.description, n.unit, g.currency,
        agreement_resource(g.number, n.number), n.description
    FROM new_rows AS n
    JOIN agreement AS g ON g.agreement_id = n.agreement_id
    JOIN product AS p ON p.product_id = n.product_id
    LEFT JOIN product AS s ON s.product_id = p.path[3]
    LEFT JOIN tag_set AS t ON t.digest = sha256(convert_to(n.tags::text, 'UTF8'))
    WHERE n.item_id IS NULL AND n.kind <> 'usage'
    ORDER BY n.agreement_item_id;

    UPDATE agreement_item AS i
    SET item_id = c.item_id,
        price_rule_id = CASE n.kind WHEN 'commitment' THEN n.price_rule_id ELSE r.price_rule_id END
    FROM new_rows AS n
    JOIN charge_item AS c ON c.digest = sha256(convert_to(format('agreement item %s', n.agreement_item_id), 'UTF8'))
    LEFT JOIN price_rule AS r ON n.pricing IS NOT NULL AND r.product_id = n.product_id AND r.customer_id IS NULL
        AND r.selector = agreement_selector(n.tax_category, n.supply, n.tax_exemption) AND r.valid_during = '(,)' AND r.effect = 'set'
    WHERE i.agreement_item_id = n.agreement_item_id AND n.item_id IS NULL;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION agreement_item_intern() IS 'trigger that makes items of agreements known as what charges can be';

-- What the charges of an item have as their resource.
CREATE OR REPLACE FUNCTION agreement_resource(agreement text, item int)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN agreement || '/' || item;

COMMENT ON FUNCTION agreement_resource(text, int) IS 'resource of the charges of an agreement item';

-- A line that was entered by hand is known by the number that invoice_line_add gives the
-- agreement that holds it, which means nothing to a customer.
CREATE OR REPLACE FUNCTION line_by_hand(resource_id text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN resource_id ~ '/by hand/[A-Z]{3}(/.*)?/[0-9]+$';

COMMENT ON FUNCTION line_by_hand(text) IS 'whether the resource of a line is one that was entered by hand, of which documents do not tell the number';

-- Prices of their own are told apart by their VAT, for each has a rule.
CREATE OR REPLACE FUNCTION agreement_pricing_category(tax_category text, supply text, tax_exemption text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'Agreed, ' || tax_category || CASE supply WHEN 'digital' THEN '' ELSE ', ' || supply END || coalesce(', ' || tax_exemption, '');

COMMENT ON FUNCTION agreement_pricing_category(text, text, text) IS 'pricing category of the charges of an agreement item with a price of its own';

CREATE OR REPLACE FUNCTION agreement_selector(tax_category text, supply text, tax_exemption text)
RETURNS selector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN jsonb_build_object('billing_account', 'agreements', 'pricing_category',
    agreement_pricing_category(tax_category, supply, tax_exemption))::text::selector;

COMMENT ON FUNCTION agreement_selector(text, text, text) IS 'which charges are of agreement items with a price of their own';

CREATE OR REPLACE TRIGGER agreement_item_intern AFTER INSERT ON agreement_item
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION agreement_item_intern();
CREATE OR REPLACE TRIGGER agreement_item_check AFTER UPDATE ON agreement_item
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION agreement_item_intern();

-- Only what has a price of its own can have another one.
CREATE OR REPLACE FUNCTION agreement_price_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    SELECT g.number AS agreement, i.number
    INTO bad
    FROM new_rows AS n
    JOIN agreement_item AS i ON i.agreement_item_id = n.agreement_item_id
    JOIN agreement AS g ON g.agreement_id = i.agreement_id
    WHERE i.pricing IS NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('item %s of agreement "%s" has no price of its own', bad.number, bad.agreement),
            HINT = 'Its price is that of the price rules on its product: see price_rule_replace.';
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION agreement_price_check() IS 'trigger that refuses another price of items that have none';

CREATE OR REPLACE TRIGGER agreement_price_check AFTER INSERT ON agreement_price
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION agreement_price_check();
CREATE OR REPLACE TRIGGER agreement_price_check_update AFTER UPDATE ON agreement_price
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION agreement_price_check();

-- What is charged each period cannot be below nothing; what is charged once may be a
-- credit.
CREATE OR REPLACE FUNCTION agreement_quantity_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    SELECT g.number AS agreement, i.number, i.kind, n.quantity
    INTO bad
    FROM new_rows AS n
    JOIN agreement_item AS i ON i.agreement_item_id = n.agreement_item_id
    JOIN agreement AS g ON g.agreement_id = i.agreement_id
    WHERE n.quantity < 0 AND i.kind <> 'one_off'
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = format('item %s of agreement "%s" cannot have a quantity of %s', bad.number, bad.agreement, bad.quantity),
            DETAIL = format('It is of kind %s.', bad.kind),
            HINT = 'Only what is charged once can be below 0, as a credit.';
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION agreement_quantity_check() IS 'trigger that refuses quantities below 0, but for what is charged once';

CREATE OR REPLACE TRIGGER agreement_quantity_check AFTER INSERT ON agreement_quantity
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION agreement_quantity_check();
CREATE OR REPLACE TRIGGER agreement_quantity_check_update AFTER UPDATE ON agreement_quantity
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION agreement_quantity_check();

-- A price with all its amounts times a factor, each rounded to as many decimals as it
-- had, and at least to the currency's: what a price list would say.
CREATE OR REPLACE FUNCTION pricing_indexed(pricing pricing, factor numeric, scale int)
RETURNS pricing
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
    SELECT (p.price || coalesce((
            SELECT jsonb_object_agg(e.key, round(e.value::numeric * factor, greatest(scale(e.value::numeric), scale)))
            FROM jsonb_each_text(p.price) AS e
            WHERE e.key IN ('unit_price', 'flat_fee', 'package_price', 'amount', 'minimum', 'maximum')), '{}')
        || CASE WHEN p.price ? 'tiers' THEN jsonb_build_object('tiers', (
            SELECT jsonb_agg(t.tier || coalesce((
                SELECT jsonb_object_agg(e.key, round(e.value::numeric * factor, greatest(scale(e.value::numeric), scale)))
                FROM jsonb_each_text(t.tier) AS e
                WHERE e.key IN ('unit_price', 'flat_fee')), '{}') ORDER BY t.no)
            FROM jsonb_array_elements(p.price -> 'tiers') WITH ORDINALITY AS t (tier, no))) ELSE '{}' END)::pricing
    FROM (SELECT pricing::jsonb AS price) AS p;
END;

COMMENT ON FUNCTION pricing_indexed(pricing, numeric, int) IS 'a pricing with its amounts times a factor, each rounded to its own decimals, and at least to so many';

-- The days of a period that a change on a day counts for: all that are left of it, or
-- of the halves or the whole that it is in.
CREATE OR REPLACE FUNCTION proration_days(proration text, period_start date, period_end date, on_day date, is_more boolean)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN on_day <= period_start OR proration = 'none' AND is_more THEN period_end - period_start
    WHEN proration = 'days' THEN period_end - on_day
    WHEN proration = 'none' THEN 0
    WHEN is_more THEN CASE WHEN on_day < period_start + (period_end - period_start) / 2 THEN 1 ELSE 0.5 END * (period_end - period_start)
    ELSE CASE WHEN on_day <= period_start + (period_end - period_start) / 2 THEN 0.5 ELSE 0 END * (period_end - period_start)
END;

COMMENT ON FUNCTION proration_days(text, date, date, date, boolean) IS 'days of a period that what is added or taken away on a day counts for';

CREATE OR REPLACE FUNCTION agreement_key(number text)
RETURNS int
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    result int := (SELECT g.agreement_id FROM agreement AS g WHERE g.number = agreement_key.number);
BEGIN
    IF result IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('agreement "%s" does not exist', coalesce(number, 'NULL')),
            HINT = 'The table cloudbilling.agreement lists all agreements.';
    END IF;
    RETURN result;
END
$$;

COMMENT ON FUNCTION agreement_key(text) IS 'key of an agreement, by its number';

-- The quantity of an item from a day on, for good: what was there for that day and
-- later ends.
CREATE OR REPLACE FUNCTION agreement_quantity_set(agreement_item_id int, from_day date, quantity numeric, note text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    kind text := (SELECT i.kind FROM agreement_item AS i WHERE i.agreement_item_id = agreement_quantity_set.agreement_item_id FOR NO KEY UPDATE);
BEGIN
    IF kind IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('agreement item %s does not exist', coalesce(agreement_quantity_set.agreement_item_id::text, 'NULL')),
            HINT = 'The table cloudbilling.agreement_item lists all items.';
    ELSIF kind NOT IN ('recurring', 'commitment') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('agreement item %s has no quantity from a day on', agreement_quantity_set.agreement_item_id),
            DETAIL = format('It is of kind %s.', kind),
            HINT = 'What is charged once is a row in cloudbilling.agreement_quantity for each time; usage comes with files.';
    ELSIF num_nulls(from_day, quantity) > 0 OR NOT isfinite(from_day) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'agreement_quantity_set needs a day and a quantity',
            HINT = 'For example: SELECT cloudbilling.agreement_quantity_set(1, ''2026-11-01'', 25)';
    END IF;
    DELETE FROM agreement_quantity AS q
    WHERE q.agreement_item_id = agreement_quantity_set.agreement_item_id AND lower(q.valid_during) >= from_day;
    UPDATE agreement_quantity AS q
    SET valid_during = daterange(lower(q.valid_during), from_day)
    WHERE q.agreement_item_id = agreement_quantity_set.agreement_item_id AND q.valid_during @> from_day;
    INSERT INTO agreement_quantity (agreement_item_id, valid_during, quantity, note)
    VALUES (agreement_quantity_set.agreement_item_id, daterange(from_day, NULL), agreement_quantity_set.quantity, agreement_quantity_set.note);
END
$$;

COMMENT ON FUNCTION agreement_quantity_set(int, date, numeric, text) IS 'sets the quantity of an agreement item from a day on';

-- Notice; gives the day it ends: the day after the last.
CREATE OR REPLACE FUNCTION agreement_cancel(number text, on_day date DEFAULT current_date)
RETURNS date
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    key int := agreement_key(number);
    old agreement;
BEGIN
    SELECT * INTO old FROM agreement AS g WHERE g.agreement_id = key FOR NO KEY UPDATE;
    IF on_day IS NULL OR NOT isfinite(on_day) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'agreement_cancel needs the day notice was given',
            HINT = format('For example: SELECT cloudbilling.agreement_cancel(%L, ''2026-11-01'')', number);
    ELSIF old.cancelled_on IS NOT NULL OR old.end_on IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('agreement "%s" has been ended before', number),
            DETAIL = CASE WHEN old.cancelled_on IS NOT NULL THEN format('Notice was given on %s.', old.cancelled_on)
                ELSE format('Its end on %s was agreed.', old.end_on) END,
            HINT = 'To take that back, set cancelled_on and end_on to NULL.';
    END IF;
    UPDATE agreement AS g SET cancelled_on = on_day WHERE g.agreement_id = key;
    RETURN (SELECT s.end_on FROM agreement_status AS s WHERE s.agreement_id = key);
END
$$;

COMMENT ON FUNCTION agreement_cancel(text, date) IS 'gives notice of an agreement; gives the day on which it ends, the day after its last';
