-- VAT numbers: how those of the member states look, and their check digits, as far as
-- they are public.  A good one may still not exist: that is for VIES to say.

-- As it is kept: capitals, without the blanks, dots and dashes that people write.
CREATE OR REPLACE FUNCTION vat_number_clean(number text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN upper(regexp_replace(number, '[[:space:].·/-]', '', 'g'));

COMMENT ON FUNCTION vat_number_clean(text) IS 'VAT number in capitals, without blanks and punctuation';

-- How numbers that begin so look, for people: 9 is a digit, A a letter, X either.
CREATE OR REPLACE FUNCTION vat_number_format(prefix text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN jsonb '{
    "AT": "ATU99999999",
    "BE": "BE0999999999 or BE1999999999",
    "BG": "BG999999999 or BG9999999999",
    "CY": "CY99999999A",
    "CZ": "CZ99999999, CZ999999999 or CZ9999999999",
    "DE": "DE999999999",
    "DK": "DK99999999",
    "EE": "EE999999999",
    "EL": "EL999999999",
    "ES": "ESX9999999X",
    "FI": "FI99999999",
    "FR": "FRXX999999999",
    "GB": "GB999999999 or GB999999999999, of authorities GBGD999 or GBHA999",
    "HR": "HR99999999999",
    "HU": "HU99999999",
    "IE": "IE9999999A, IE9999999AA or IE9X99999A",
    "IT": "IT99999999999",
    "LT": "LT999999999 or LT999999999999",
    "LU": "LU99999999",
    "LV": "LV99999999999",
    "MT": "MT99999999",
    "NL": "NL999999999B99",
    "PL": "PL9999999999",
    "PT": "PT999999999",
    "RO": "RO99 up to RO9999999999",
    "SE": "SE999999999901",
    "SI": "SI99999999",
    "SK": "SK9999999999",
    "XI": "XI999999999 or XI999999999999, of authorities XIGD999 or XIHA999"
}' ->> prefix;

COMMENT ON FUNCTION vat_number_format(text) IS 'how VAT numbers with a prefix look: 9 is a digit, A a letter, X either; NULL for countries that are not known';

-- Sum of digits, each times its weight.  A letter counts as in IBANs: A is 10.
CREATE OR REPLACE FUNCTION vat_number_sum(digits text, VARIADIC weights int[])
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT sum(w.weight * CASE WHEN d.digit ~ '[A-Z]' THEN ascii(d.digit) - 55 ELSE d.digit::int END)
    FROM unnest(string_to_array(digits, NULL), weights) AS d (digit, weight)
    CROSS JOIN LATERAL (SELECT coalesce(d.weight, 0) AS weight) AS w;
END;

COMMENT ON FUNCTION vat_number_sum(text, int[]) IS 'sum of digits times weights';

-- Luhn: from the right, each second digit doubled; good numbers have 0.
CREATE OR REPLACE FUNCTION vat_number_luhn(digits text)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT sum(CASE WHEN place % 2 = 1 THEN digit::int ELSE digit::int * 2 / 10 + digit::int * 2 % 10 END) % 10
    FROM unnest(string_to_array(reverse(digits), NULL)) WITH ORDINALITY AS d (digit, place);
END;

COMMENT ON FUNCTION vat_number_luhn(text) IS 'last digit of the sum of Luhn: 0 where the check digit is right';

-- ISO 7064, mod 11,10.
CREATE OR REPLACE FUNCTION vat_number_mod_11_10(digits text)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    product int := 10;
    total   int;
BEGIN
    FOR i IN 1 .. length(digits) - 1 LOOP
        total := (product + substr(digits, i, 1)::int) % 10;
        product := CASE total WHEN 0 THEN 10 ELSE total END * 2 % 11;
    END LOOP;
    RETURN (product + right(digits, 1)::int) % 10 = 1;
END
$$;

COMMENT ON FUNCTION vat_number_mod_11_10(text) IS 'whether digits pass the check of ISO 7064, mod 11,10';

-- Whether the six digits of a date of birth are one: year, month (with what some
-- countries add to it) and day.
CREATE OR REPLACE FUNCTION vat_number_born(year int, month int, day int)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN month BETWEEN 1 AND 12 AND day >= 1
    THEN day <= extract(day FROM make_date(year, month, 1) + interval '1 month' - interval '1 day') ELSE false END;

COMMENT ON FUNCTION vat_number_born(int, int, int) IS 'whether a day exists';

CREATE OR REPLACE FUNCTION vat_number_valid(number text)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    whole  text := vat_number_clean(number);
    prefix text := left(whole, 2);
    n      text := substr(whole, 3);
    s      bigint;
    year   int;
BEGIN
    IF whole !~ '^[A-Z]{2}[A-Z0-9+*]{2,}$' THEN
        RETURN false;
    END IF;
    CASE prefix
    WHEN 'AT' THEN
        RETURN n ~ '^U\d{8}$' AND (vat_number_luhn(substr(n, 2, 7)) + right(n, 1)::int) % 10 = 6;
    WHEN 'BE' THEN
        RETURN n ~ '^[01]\d{9}$' AND 97 - left(n, 8)::int % 97 = right(n, 2)::int;
    WHEN 'BG' THEN
        IF n ~ '^\d{9}$' THEN
            s := vat_number_sum(n, 1, 2, 3, 4, 5, 6, 7, 8) % 11;
            IF s = 10 THEN
                s := vat_number_sum(n, 3, 4, 5, 6, 7, 8, 9, 10) % 11 % 10;
            END IF;
            RETURN s = right(n, 1)::int;
        ELSIF n !~ '^\d{10}$' THEN
            RETURN false;
        END IF;
        -- a person, a foreigner, or another entity
        RETURN vat_number_sum(n, 2, 4, 8, 5, 10, 9, 7, 3, 6) % 11 % 10 = right(n, 1)::int AND CASE
                WHEN substr(n, 3, 2)::int > 40 THEN vat_number_born(2000 + left(n, 2)::int, substr(n, 3, 2)::int - 40, substr(n, 5, 2)::int)
                WHEN substr(n, 3, 2)::int > 20 THEN vat_number_born(1800 + left(n, 2)::int, substr(n, 3, 2)::int - 20, substr(n, 5, 2)::int)
                ELSE vat_number_born(1900 + left(n, 2)::int, substr(n, 3, 2)::int, substr(n, 5, 2)::int) END
            OR vat_number_sum(n, 21, 19, 17, 13, 11, 9, 7, 3, 1) % 10 = right(n, 1)::int
            OR (11 - vat_number_sum(n, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11) % 11 = right(n, 1)::int;
    WHEN 'CY' THEN
        RETURN n ~ '^\d{8}[A-Z]$' AND n !~ '^12' AND chr(65 + ((
            SELECT sum(CASE WHEN place % 2 = 1 THEN (ARRAY[1, 0, 5, 7, 9, 13, 15, 17, 19, 21])[digit::int + 1] ELSE digit::int END)
            FROM unnest(string_to_array(left(n, 8), NULL)) WITH ORDINALITY AS d (digit, place)) % 26)::int) = right(n, 1);
    WHEN 'CZ' THEN
        IF n ~ '^[0-8]\d{7}$' THEN
            s := (11 - vat_number_sum(n, 8, 7, 6, 5, 4, 3, 2) % 11) % 11;
            RETURN CASE s WHEN 0 THEN 1 ELSE s END % 10 = right(n, 1)::int;
        ELSIF n ~ '^6\d{8}$' THEN
            s := vat_number_sum(substr(n, 2), 8, 7, 6, 5, 4, 3, 2) % 11;
            RETURN (18 - (10 - s) % 11) % 10 = right(n, 1)::int;
        ELSIF n ~ '^\d{9,10}$' THEN
            -- a person: the month is 50 more for women, 20 more where the numbers of a day ran out; no check digit before 1954,
            -- and until 1985 a 0 for 10
            year := left(n, 2)::int + CASE WHEN length(n) = 9 AND left(n, 2)::int >= 80 THEN 1800
                WHEN length(n) = 10 AND left(n, 2)::int < 54 THEN 2000 ELSE 1900 END;
            RETURN vat_number_born(year, substr(n, 3, 2)::int % 50 % 20, substr(n, 5, 2)::int)
                AND CASE WHEN length(n) = 9 THEN year < 1954
                    WHEN year < 1985 THEN left(n, 9)::int % 11 % 10 = right(n, 1)::int
                    ELSE left(n, 9)::int % 11 = right(n, 1)::int END;
        END IF;
        RETURN false;
    WHEN 'DE' THEN
        RETURN n ~ '^[1-9]\d{8}$' AND vat_number_mod_11_10(n);
    WHEN 'DK' THEN
        RETURN n ~ '^[1-9]\d{7}$' AND vat_number_sum(n, 2, 7, 6, 5, 4, 3, 2, 1) % 11 = 0;
    WHEN 'EE' THEN
        RETURN n ~ '^\d{9}$' AND vat_number_sum(n, 3, 7, 1, 3, 7, 1, 3, 7, 1) % 10 = 0;
    WHEN 'EL' THEN
        RETURN n ~ '^\d{9}$' AND vat_number_sum(n, 256, 128, 64, 32, 16, 8, 4, 2) % 11 % 10 = right(n, 1)::int;
    WHEN 'ES' THEN
        IF n ~ '^[0-9XYZKLM]\d{7}[A-Z]$' THEN
            -- a person: X, Y and Z count as 0, 1 and 2, K, L and M not at all
            RETURN substr('TRWAGMYFPDXBNJZSQVHLCKE',
                (translate(left(n, 1), 'XYZKLM', '012') || substr(n, 2, 7))::int % 23 + 1, 1) = right(n, 1);
        ELSIF n ~ '^[ABCDEFGHJNPQRSUVW]\d{7}[0-9A-J]$' THEN
            -- sources differ on which kinds of entities have a digit and which a letter
            s := (10 - vat_number_luhn(substr(n, 2, 7) || '0')) % 10;
            RETURN right(n, 1) IN (s::text, substr('JABCDEFGHI', s::int + 1, 1));
        END IF;
        RETURN false;
    WHEN 'FI' THEN
        RETURN n ~ '^\d{8}$' AND vat_number_sum(n, 7, 9, 10, 5, 8, 4, 2, 1) % 11 = 0;
    WHEN 'FR' THEN
        -- Monaco's begin with 000 and have no check of Luhn
        IF n !~ '^[0-9A-HJ-NP-Z]{2}\d{9}$' OR n !~ '^..000' AND vat_number_luhn(substr(n, 3)) <> 0 THEN
            RETURN false;
        ELSIF n ~ '^\d\d' THEN
            RETURN left(n, 2)::int = (substr(n, 3) || '12')::bigint % 97;
        END IF;
        s := CASE WHEN n ~ '^\d' THEN (strpos('0123456789ABCDEFGHJKLMNPQRSTUVWXYZ', left(n, 1)) - 1) * 24
                + strpos('0123456789ABCDEFGHJKLMNPQRSTUVWXYZ', substr(n, 2, 1)) - 11
            ELSE (strpos('0123456789ABCDEFGHJKLMNPQRSTUVWXYZ', left(n, 1)) - 1) * 34
                + strpos('0123456789ABCDEFGHJKLMNPQRSTUVWXYZ', substr(n, 2, 1)) - 101 END;
        RETURN (substr(n, 3)::bigint + 1 + s / 11) % 11 = s % 11;
    WHEN 'GB', 'XI' THEN
        RETURN n ~ '^GD[0-4]\d\d$' OR n ~ '^HA[5-9]\d\d$'
            OR n ~ '^\d{9}(\d{3})?$' AND (vat_number_sum(left(n, 9), 8, 7, 6, 5, 4, 3, 2, 10, 1) % 97 = 0
                OR n !~ '^0' AND vat_number_sum(left(n, 9), 8, 7, 6, 5, 4, 3, 2, 10, 1) % 97 IN (42, 55));
    WHEN 'HR' THEN
        RETURN n ~ '^\d{11}$' AND vat_number_mod_11_10(n);
    WHEN 'HU' THEN
        RETURN n ~ '^\d{8}$' AND vat_number_sum(n, 9, 7, 3, 1, 9, 7, 3, 1) % 10 = 0;
    WHEN 'IE' THEN
        IF n ~ '^\d{7}[A-W][A-W]?$' THEN
            s := vat_number_sum(left(n, 7), 8, 7, 6, 5, 4, 3, 2) + 9 * CASE
                WHEN length(n) = 8 OR right(n, 1) = 'W' THEN 0 ELSE ascii(right(n, 1)) - 64 END;
            RETURN substr('WABCDEFGHIJKLMNOPQRSTUV', s::int % 23 + 1, 1) = substr(n, 8, 1);
        ELSIF n ~ '^\d[A-Z+*]\d{5}[A-W]$' THEN
            RETURN substr('WABCDEFGHIJKLMNOPQRSTUV', vat_number_sum('0' || substr(n, 3, 5) || left(n, 1), 8, 7, 6, 5, 4, 3, 2)::int % 23 + 1, 1)
                = right(n, 1);
        END IF;
        RETURN false;
    WHEN 'IT' THEN
        -- digits 8 to 10 are the province
        RETURN n ~ '^\d{11}$' AND n !~ '^0{7}' AND vat_number_luhn(n) = 0
            AND (substr(n, 8, 3)::int BETWEEN 1 AND 100 OR substr(n, 8, 3) IN ('120', '121', '888', '999'));
    WHEN 'LT' THEN
        IF n !~ '^(\d{7}1\d|\d{10}1\d)$' THEN
            RETURN false;
        END IF;
        s := vat_number_sum(left(n, -1), 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2) % 11;
        IF s = 10 THEN
            s := vat_number_sum(left(n, -1), 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4) % 11 % 10;
        END IF;
        RETURN s = right(n, 1)::int;
    WHEN 'LU' THEN
        RETURN n ~ '^\d{8}$' AND left(n, 6)::int % 89 = right(n, 2)::int;
    WHEN 'LV' THEN
        IF n ~ '^[4-9]\d{10}$' THEN
            RETURN vat_number_sum(n, 9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1) % 11 = 3;
        ELSIF n ~ '^32\d{9}$' THEN
            RETURN true;
        END IF;
        RETURN n ~ '^[0-3]\d{5}[0-2]\d{4}$' AND (1 + vat_number_sum(n, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9)) % 11 % 10 = right(n, 1)::int
            AND vat_number_born(1800 + 100 * substr(n, 7, 1)::int + substr(n, 5, 2)::int, substr(n, 3, 2)::int, left(n, 2)::int);
    WHEN 'MT' THEN
        RETURN n ~ '^[1-9]\d{7}$' AND vat_number_sum(n, 3, 4, 6, 7, 8, 9, 10, 1) % 37 = 0;
    WHEN 'NL' THEN
        -- a legal person's (mod 11), or since 2020 a natural person's (ISO 7064, mod 97 with NL and B)
        RETURN n ~ '^\d{9}B\d\d$' AND n !~ '^0{9}' AND n !~ 'B00$' AND (
            vat_number_sum(n, 9, 8, 7, 6, 5, 4, 3, 2, -1) % 11 = 0
            OR ('2321' || left(n, 9) || '11' || right(n, 2))::numeric % 97 = 1);
    WHEN 'PL' THEN
        RETURN n ~ '^\d{10}$' AND vat_number_sum(n, 6, 5, 7, 2, 3, 4, 5, 6, 7, -1) % 11 = 0;
    WHEN 'PT' THEN
        RETURN n ~ '^[1-9]\d{8}$' AND (11 - vat_number_sum(n, 9, 8, 7, 6, 5, 4, 3, 2) % 11) % 11 % 10 = right(n, 1)::int;
    WHEN 'RO' THEN
        RETURN n ~ '^[1-9]\d{1,9}$'
            AND 10 * vat_number_sum(lpad(left(n, -1), 9, '0'), 7, 5, 3, 2, 1, 7, 5, 3, 2) % 11 % 10 = right(n, 1)::int;
    WHEN 'SE' THEN
        RETURN n ~ '^\d{10}01$' AND vat_number_luhn(left(n, 10)) = 0;
    WHEN 'SI' THEN
        s := CASE WHEN n ~ '^[1-9]\d{7}$' THEN 11 - vat_number_sum(n, 8, 7, 6, 5, 4, 3, 2) % 11 ELSE 11 END;
        RETURN s < 11 AND s % 10 = right(n, 1)::int;
    WHEN 'SK' THEN
        RETURN n ~ '^[1-9]\d[2-47-9]\d{7}$' AND n::bigint % 11 = 0;
    WHEN 'GR' THEN
        RETURN false;
    ELSE
        RETURN NULL;
    END CASE;
END
$$;

COMMENT ON FUNCTION vat_number_valid(text) IS 'whether a VAT number looks as its country''s do and its check digits are right; NULL where the country''s are not known';

-- Keeps numbers clean, and wrong ones out unless somebody says that it is so.
CREATE OR REPLACE FUNCTION vat_number_check()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    prefix text;
BEGIN
    IF NEW.vat_number_unchecked THEN
        RETURN NEW;
    END IF;
    NEW.vat_number := nullif(vat_number_clean(NEW.vat_number), '');
    prefix := left(NEW.vat_number, 2);
    IF NOT coalesce(vat_number_valid(NEW.vat_number), true) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = format('VAT number "%s" of "%s" is not valid', NEW.vat_number, NEW.name),
            DETAIL = coalesce(
                CASE WHEN NEW.vat_number ~ ('^(' || regexp_replace(translate(replace(replace(vat_number_format(prefix), ', of authorities ', '|'), ' or ', '|'), ', ', '|'),
                    '(?<!^|\|)[9AX]', '[A-Z0-9]', 'g') || ')$') THEN 'Its check digits are wrong.' END,
                'VAT numbers that begin with ' || prefix || ' are ' || vat_number_format(prefix) || ', where 9 is a digit, A a letter and X either.',
                CASE prefix WHEN 'GR' THEN 'VAT numbers of Greece begin with EL.' END,
                'VAT numbers begin with two letters for the country, such as NL859123455B01.'),
            HINT = 'See what https://ec.europa.eu/taxation_customs/vies says of it. To keep it as it is, set vat_number_unchecked.';
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION vat_number_check() IS 'trigger that refuses VAT numbers that cannot be right';

CREATE OR REPLACE TRIGGER vat_number_check BEFORE INSERT OR UPDATE OF vat_number, vat_number_unchecked ON seller
    FOR EACH ROW WHEN (NEW.vat_number IS NOT NULL) EXECUTE FUNCTION vat_number_check();
CREATE OR REPLACE TRIGGER vat_number_check BEFORE INSERT OR UPDATE OF vat_number, vat_number_unchecked ON customer
    FOR EACH ROW WHEN (NEW.vat_number IS NOT NULL) EXECUTE FUNCTION vat_number_check();

-- What VIES said was of the number that was there.
CREATE OR REPLACE FUNCTION customer_vies_reset()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF (NEW.vies_valid, NEW.vies_checked_on, NEW.vies_consultation) IS NOT DISTINCT FROM
        (OLD.vies_valid, OLD.vies_checked_on, OLD.vies_consultation)
    THEN
        NEW.vies_valid := NULL;
        NEW.vies_checked_on := NULL;
        NEW.vies_consultation := NULL;
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION customer_vies_reset() IS 'trigger that forgets what VIES said of another VAT number';

CREATE OR REPLACE TRIGGER customer_vies_reset BEFORE UPDATE OF vat_number ON customer
    FOR EACH ROW WHEN (vat_number_clean(OLD.vat_number) IS DISTINCT FROM vat_number_clean(NEW.vat_number))
    EXECUTE FUNCTION customer_vies_reset();
