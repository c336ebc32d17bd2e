-- Numbers and dates as documents show them, the same whatever the server's locale.
-- Each is one expression, which the planner puts in place of the call: a document
-- of thousands of lines has tens of thousands of them.

-- Groups digits by three before the decimal point, and swaps point and comma.
CREATE OR REPLACE FUNCTION document_digits(digits text, language text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN translate(
    regexp_replace(digits, '(\d)(?=(\d{3})+(\.|$))(?<!\..*)', '\1,', 'g'),
    ',.', CASE language WHEN 'nl' THEN '.,' ELSE ',.' END);

COMMENT ON FUNCTION document_digits(text, text) IS 'number in PostgreSQL''s notation, in that of a language: 1234.5 is 1.234,5 in Dutch and 1,234.5 in English';

CREATE OR REPLACE FUNCTION document_number(number numeric, language text, min_decimals int DEFAULT 0)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN document_digits(round(number, greatest(min_scale(number), min_decimals))::text, language);

COMMENT ON FUNCTION document_number(numeric, text, int) IS 'number as a document in a language shows it: all its digits, no trailing zeros beyond min_decimals';

CREATE OR REPLACE FUNCTION document_amount(amount numeric, currency text, language text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN document_digits(currency_round(amount, currency)::text, language);

COMMENT ON FUNCTION document_amount(numeric, text, text) IS 'amount in a currency''s minor units, as a document in a language shows it';

CREATE OR REPLACE FUNCTION document_date(day date, language text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN extract(day FROM day) || ' ' || document_text(language, 'month_' || extract(month FROM day))
    || ' ' || extract(year FROM day);

COMMENT ON FUNCTION document_date(date, text) IS 'day as a document in a language writes it: 31 October 2026';

-- What the first and the last day share is said once.
CREATE OR REPLACE FUNCTION document_period(period_start date, period_end date, language text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
        WHEN period_start = period_end - 1 THEN ''
        WHEN date_trunc('month', period_start::timestamp) = date_trunc('month', (period_end - 1)::timestamp)
            THEN extract(day FROM period_start) || ' – '
        WHEN extract(year FROM period_start) = extract(year FROM period_end - 1)
            THEN extract(day FROM period_start) || ' '
                || document_text(language, 'month_' || extract(month FROM period_start)) || ' – '
        ELSE document_date(period_start, language) || ' – '
    END || document_date(period_end - 1, language);

COMMENT ON FUNCTION document_period(date, date, text) IS 'period [start, end) as a document in a language writes it, the last day inclusive: 1 – 31 October 2026';

CREATE OR REPLACE FUNCTION document_unit(unit text, language text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(document_text(language, 'unit_' || unit), unit);

COMMENT ON FUNCTION document_unit(text, text) IS 'unit as a document in a language writes it; as it is where there is no word for it';

CREATE OR REPLACE FUNCTION document_vat_rate(vat_category text, vat_rate numeric, language text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE vat_category WHEN 'S' THEN document_number(vat_rate, language) || '%' ELSE document_text(language, 'vat_rate_' || vat_category) END;

COMMENT ON FUNCTION document_vat_rate(text, numeric, text) IS 'VAT rate of a line as a document in a language writes it, or in a word why there is none';
