-- Words of price rules.
CREATE OR REPLACE FUNCTION measure_is_money(measure text)
RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN measure ~ '(cost|amount|dearest)$';

COMMENT ON FUNCTION measure_is_money(text) IS 'whether a measure of price rules is an amount of money, rather than a quantity';

CREATE OR REPLACE FUNCTION effect_order(effect text)
RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_position(ARRAY['set', 'include', 'adjust', 'add', 'limit', 'true_up', 'credit', 'round'], effect);

COMMENT ON FUNCTION effect_order(text) IS 'place of the lines of an effect on an invoice';

-- A rule is never edited in place, or nobody could tell what an invoice was
-- computed with: its end may be set, its texts may be corrected.
CREATE OR REPLACE FUNCTION price_rule_frozen()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF to_jsonb(NEW) - '{name,invoice_text,valid_during}'::text[] <> to_jsonb(OLD) - '{name,invoice_text,valid_during}'::text[]
        OR lower(NEW.valid_during) IS DISTINCT FROM lower(OLD.valid_during)
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('price rule "%s" cannot be edited in place', OLD.name),
            DETAIL = 'Only its name, its invoice text and the end of valid_during may change.',
            HINT = format('SELECT cloudbilling.price_rule_replace(%s, date, pricing) ends it and makes its successor.', OLD.price_rule_id);
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION price_rule_frozen() IS 'trigger that keeps price rules from being edited in place';

CREATE OR REPLACE TRIGGER price_rule_frozen BEFORE UPDATE ON price_rule
    FOR EACH ROW EXECUTE FUNCTION price_rule_frozen();

-- A new price from a day on: ends the rule the day before and makes its
-- successor, which differs in nothing else; within a month its ladder begins at
-- the bottom, unless it continues.
CREATE OR REPLACE FUNCTION price_rule_replace(price_rule_id int, valid_from date, pricing pricing, continues boolean DEFAULT false)
RETURNS int
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    old price_rule;
    result int;
BEGIN
    SELECT * INTO old FROM price_rule AS r WHERE r.price_rule_id = price_rule_replace.price_rule_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('price rule %s does not exist', price_rule_replace.price_rule_id),
            HINT = 'The table cloudbilling.price_rule lists all rules.';
    ELSIF valid_from IS NULL OR NOT old.valid_during @> valid_from OR lower(old.valid_during) = valid_from THEN
        RAISE EXCEPTION USING
            ERRCODE = 'datetime_field_overflow',
            MESSAGE = format('price rule "%s" does not hold before and on %s', old.name, coalesce(valid_from::text, 'NULL')),
            DETAIL = format('It is valid during %s.', old.valid_during),
            HINT = 'Choose a day inside that range, after its first.';
    END IF;

    UPDATE price_rule AS r
    SET valid_during = daterange(lower(old.valid_during), valid_from)
    WHERE r.price_rule_id = old.price_rule_id;
    INSERT INTO price_rule (name, customer_id, product_id, selector, reseller_id, valid_during, continues_id, measure, per,
        pricing, effect, position, currency, bundle, included, roll_over, skip_zero, tax_category, show_zero, invoice_text,
        supply, tax_exemption, included_months, uses, time_window_id)
    VALUES (old.name, old.customer_id, old.product_id, old.selector, old.reseller_id,
        daterange(valid_from, upper(old.valid_during)), CASE WHEN continues THEN old.price_rule_id END, old.measure, old.per,
        price_rule_replace.pricing, old.effect, old.position, old.currency, old.bundle, old.included, old.roll_over,
        old.skip_zero, old.tax_category, old.show_zero, old.invoice_text, old.supply, old.tax_exemption, old.included_months,
        old.uses, old.time_window_id)
    RETURNING price_rule.price_rule_id INTO result;
    RETURN result;
END
$$;

COMMENT ON FUNCTION price_rule_replace(int, date, pricing, boolean) IS 'a new price from a day on: ends a rule and makes its successor; gives the successor''s key';
