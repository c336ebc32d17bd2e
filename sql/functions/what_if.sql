-- What would be if prices were others: the views rate with the rules of the
-- setting cloudbilling.price_rules in place of those in the table.  Nothing is
-- stored.

-- Rules as the setting has them; those without a key get one below zero.
CREATE OR REPLACE FUNCTION what_if_setting(rules price_rule[])
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(jsonb_agg(to_jsonb(r) || jsonb_build_object('price_rule_id', coalesce(r.price_rule_id, -r.no),
        'product_id', coalesce(r.product_id, 1), 'valid_during', coalesce(r.valid_during, '(,)'), 'per', coalesce(r.per, 'sku'),
        'effect', coalesce(r.effect, 'set'), 'position', coalesce(r.position, 0), 'skip_zero', coalesce(r.skip_zero, false))),
        '[]'::jsonb)::text
    FROM (SELECT u.*, row_number() OVER () AS no FROM unnest(rules) AS u) AS r;
END;

COMMENT ON FUNCTION what_if_setting(price_rule[]) IS 'price rules as text, for the setting cloudbilling.price_rules; what a rule leaves NULL is the column''s default';

CREATE OR REPLACE FUNCTION what_if_line(rules price_rule[], first_period date DEFAULT NULL, last_period date DEFAULT NULL)
RETURNS SETOF rated_line
LANGUAGE plpgsql STABLE ROWS 1000
SET cloudbilling.price_rules = ''
SET cloudbilling.period_first = ''
SET cloudbilling.period_last = ''
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    PERFORM set_config('cloudbilling.period_first', coalesce(first_period::text, ''), true);
    PERFORM set_config('cloudbilling.period_last', coalesce(last_period::text, ''), true);
    PERFORM set_config('cloudbilling.price_rules', what_if_setting(rules), true);
    RETURN QUERY SELECT * FROM rated_line;
END
$$;

COMMENT ON FUNCTION what_if_line(price_rule[], date, date) IS 'what other price rules would make of each customer''s charges, by period';

CREATE OR REPLACE FUNCTION what_if(rules price_rule[], first_period date DEFAULT NULL, last_period date DEFAULT NULL)
RETURNS TABLE (
    customer_id int,
    customer text,
    period_start date,
    currency text,
    amount numeric,
    what_if_amount numeric,
    difference numeric
)
LANGUAGE sql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
    WITH line AS (
        SELECT l.customer_id, l.period_start, l.currency, currency_round(l.amount, l.currency) AS amount, 0::numeric AS what_if_amount
        FROM rated_line AS l
        WHERE l.reseller_id IS NULL
          AND l.period_start BETWEEN coalesce(first_period, '-infinity') AND coalesce(last_period, 'infinity')
        UNION ALL
        SELECT l.customer_id, l.period_start, l.currency, 0, currency_round(l.amount, l.currency)
        FROM what_if_line(rules, first_period, last_period) AS l
        WHERE l.reseller_id IS NULL
    )
    SELECT l.customer_id, c.name, l.period_start, l.currency, sum(l.amount), sum(l.what_if_amount),
        sum(l.what_if_amount) - sum(l.amount)
    FROM line AS l
    JOIN customer AS c ON c.customer_id = l.customer_id
    GROUP BY l.customer_id, c.name, l.period_start, l.currency
    ORDER BY l.customer_id, l.period_start, l.currency
$$;

COMMENT ON FUNCTION what_if(price_rule[], date, date) IS 'what other price rules would make of all customers'' charges, beside what is due; nothing is stored';
