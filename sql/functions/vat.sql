-- VAT of a supply: category (UNCL5305), rate, the reason when there is none, and why
-- so.  Rules: Directive 2006/112/EC, art. 31 to 33 and 138 and 146 (goods), 44 and 196
-- (services between businesses: reverse charge), 45 and 59 (services outside the EU),
-- 58 and 369a and following (consumers: OSS), 284 (small businesses); see
-- docs/invoicing.md.
CREATE OR REPLACE FUNCTION vat_of(
    seller_country       text,
    customer_country     text,
    customer_vat_number  text,
    tax_category         text,
    supplied_on          date,
    supply               text    DEFAULT 'digital',
    oss                  boolean DEFAULT false,
    small_business       boolean DEFAULT false,
    tax_exemption        text    DEFAULT NULL,
    OUT category         text,
    OUT rate             numeric,
    OUT exemption        text,
    OUT country          text,
    OUT why              text
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    abroad         boolean := customer_country <> seller_country;
    seller_in_eu   boolean := EXISTS (SELECT FROM eu_country AS e WHERE e.country = seller_country);
    customer_in_eu boolean := EXISTS (SELECT FROM eu_country AS e WHERE e.country = customer_country);
    number         text := nullif(vat_number_clean(customer_vat_number), '');
    prefix         text := left(number, 2);
    business       boolean := EXISTS (
        SELECT FROM eu_country AS e WHERE e.vat_prefix = prefix AND e.country <> seller_country);
    to_eu          text;
BEGIN
    -- Northern Ireland is in the EU where goods are sold to businesses.
    IF supply = 'goods' AND prefix = 'XI' THEN
        customer_in_eu := true;
        business := true;
    END IF;

    IF abroad AND NOT (seller_in_eu AND customer_in_eu) THEN
        rate := 0;
        country := seller_country;
        IF supply = 'goods' AND seller_in_eu THEN
            category := 'G';
            exemption := 'VATEX-EU-G';
            why := format('goods that leave the EU for %s: export', customer_country);
        ELSE
            category := 'O';
            exemption := 'VATEX-EU-O';
            country := customer_country;
            why := format('a service from %s to %s: supplied outside the VAT of the EU', seller_country, customer_country);
        END IF;
        RETURN;
    ELSIF tax_category = 'exempt' THEN
        category := 'E';
        rate := 0;
        country := seller_country;
        exemption := tax_exemption;
        why := 'exempt by its price rule';
        RETURN;
    ELSIF abroad AND business THEN
        rate := 0;
        IF supply = 'goods' THEN
            category := 'K';
            exemption := 'VATEX-EU-IC';
            country := seller_country;
            why := format('goods from %s to a business in %s with VAT number %s: intra-Community supply', seller_country, customer_country, number);
        ELSE
            category := 'AE';
            exemption := 'VATEX-EU-AE';
            country := customer_country;
            why := format('a service from %s to a business in %s with VAT number %s: reverse charge', seller_country, customer_country, number);
        END IF;
        RETURN;
    ELSIF NOT abroad AND tax_category = 'reverse_charge' AND number IS NOT NULL THEN
        category := 'AE';
        rate := 0;
        exemption := 'VATEX-EU-AE';
        country := seller_country;
        why := format('reverse charge within %s by its price rule, to a business with VAT number %s', seller_country, number);
        RETURN;
    END IF;

    -- With VAT: whose?
    to_eu := CASE WHEN number IS NULL THEN 'without a VAT number' ELSE format('with VAT number %s, which is no other EU country''s', number) END;
    IF abroad AND oss AND supply <> 'service' THEN
        country := customer_country;
        why := format('%s from %s to a customer in %s %s, under the OSS scheme: VAT of %s',
            CASE supply WHEN 'goods' THEN 'goods' ELSE 'a digital service' END, seller_country, customer_country, to_eu, customer_country);
    ELSE
        country := seller_country;
        why := CASE WHEN abroad THEN format('%s from %s to a customer in %s %s%s: VAT of %s',
                CASE supply WHEN 'goods' THEN 'goods' WHEN 'digital' THEN 'a digital service' ELSE 'a service' END, seller_country,
                customer_country, to_eu, CASE supply WHEN 'service' THEN '' ELSE ', without the OSS scheme' END, seller_country)
            ELSE format('seller and customer are in %s', seller_country) END;
        IF small_business THEN
            category := 'E';
            rate := 0;
            exemption := 'small_business';
            why := why || ', and the seller is a small business without VAT';
            RETURN;
        END IF;
    END IF;

    SELECT v.rate
    INTO vat_of.rate
    FROM vat_rate AS v
    WHERE v.country = vat_of.country
      AND v.tax_category = CASE vat_of.tax_category WHEN 'reverse_charge' THEN 'standard' ELSE vat_of.tax_category END
      AND v.valid_during @> supplied_on
    ORDER BY v.builtin
    LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = format('there is no %s VAT rate for country %s on %s', tax_category, country, supplied_on),
            HINT = 'Add the rate to the table cloudbilling.vat_rate.';
    END IF;
    category := CASE WHEN rate > 0 THEN 'S' ELSE 'Z' END;
    why := why || format(', %s rate on %s', CASE tax_category WHEN 'reverse_charge' THEN 'standard' ELSE tax_category END, supplied_on);
END
$$;

COMMENT ON FUNCTION vat_of(text, text, text, text, date, text, boolean, boolean, text) IS 'VAT category, rate in percent, exemption reason, the country whose VAT it is, and why, of a supply';

-- The same for a customer, with what is known of him and of his seller.
CREATE OR REPLACE FUNCTION customer_vat(
    customer_id    int,
    tax_category   text,
    supplied_on    date,
    supply         text DEFAULT 'digital',
    tax_exemption  text DEFAULT NULL,
    seller_id      int  DEFAULT NULL,
    OUT category   text,
    OUT rate       numeric,
    OUT exemption  text,
    OUT country    text,
    OUT why        text
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    party record;
BEGIN
    SELECT c.number, e.name AS seller, e.country AS seller_country, nullif(btrim(e.vat_number), '') AS seller_vat_number,
        CASE supply WHEN 'goods' THEN coalesce(c.delivery_country, c.country) ELSE c.country END AS country,
        CASE WHEN c.vies_valid IS NOT FALSE THEN c.vat_number END AS vat_number, c.vies_valid, c.vies_checked_on,
        EXISTS (SELECT FROM vat_scheme AS s WHERE s.seller_id = e.seller_id AND s.scheme = 'oss' AND s.valid_during @> supplied_on) AS oss,
        EXISTS (SELECT FROM vat_scheme AS s WHERE s.seller_id = e.seller_id AND s.scheme = 'small_business' AND s.valid_during @> supplied_on)
            AS small_business
    INTO party
    FROM customer AS c
    JOIN seller AS e ON e.seller_id = coalesce(customer_vat.seller_id, c.seller_id)
    WHERE c.customer_id = customer_vat.customer_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('customer %s does not exist', customer_vat.customer_id),
            HINT = 'The table cloudbilling.customer lists all customers.';
    END IF;

    SELECT v.category, v.rate, v.exemption, v.country, v.why
    INTO category, rate, exemption, country, why
    FROM vat_of(party.seller_country, party.country, party.vat_number, tax_category, supplied_on, supply, party.oss,
        party.small_business, tax_exemption) AS v;
    IF category IN ('AE', 'K') AND party.seller_vat_number IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('seller "%s" has no VAT number, which an invoice without VAT to customer "%s" must show', party.seller, party.number),
            DETAIL = format('It is %s.', why),
            HINT = 'Set vat_number in the table cloudbilling.seller.';
    END IF;
    IF party.vies_valid IS FALSE THEN
        why := why || format('; VIES did not know the VAT number on %s', party.vies_checked_on);
    END IF;
END
$$;

COMMENT ON FUNCTION customer_vat(int, text, date, text, text, int) IS 'VAT of a supply to a customer as the next invoice will have it, and why';

-- What customer_vat looks at of a customer: of the same seller, on one day, customers of
-- whom it is the same have the same VAT.  Within a country a number counts only where the
-- charge is reversed.
CREATE OR REPLACE FUNCTION customer_vat_facts(customer customer, seller seller, tax_category text, supply text)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY[
    CASE supply WHEN 'goods' THEN coalesce(customer.delivery_country, customer.country) ELSE customer.country END,
    CASE WHEN customer.vies_valid IS NOT FALSE AND (tax_category = 'reverse_charge'
        OR seller.country <> CASE supply WHEN 'goods' THEN coalesce(customer.delivery_country, customer.country) ELSE customer.country END)
        THEN customer.vat_number END,
    CASE WHEN customer.vies_valid IS FALSE THEN coalesce(customer.vies_checked_on - DATE '2000-01-01', 0)::text END];

COMMENT ON FUNCTION customer_vat_facts(customer, seller, text, text) IS 'what the VAT of a supply depends on of the customer';

-- What an invoice in another currency must say of its VAT (art. 230): the amount in
-- the currency that VAT is declared in, by the rate of the tax point, and that rate.
CREATE OR REPLACE FUNCTION vat_convert(
    vat                   numeric,
    currency              text,
    vat_currency          text,
    supplied_on           date,
    OUT amount            numeric,
    OUT exchange_rate     numeric,
    OUT exchange_rate_of  text,
    OUT exchange_rate_on  date
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT currency_round(currency_convert(vat, currency, vat_currency, supplied_on), vat_currency), r.rate,
        CASE WHEN r.inverse THEN vat_currency ELSE currency END, r.rate_on
    FROM (SELECT) AS always
    LEFT JOIN currency_rate_find(currency, vat_currency, supplied_on) AS r ON true;
END;

COMMENT ON FUNCTION vat_convert(numeric, text, text, date) IS 'VAT in the currency it is declared in, with the exchange rate: what a unit of exchange_rate_of is in the other currency; an error when there is no rate';

-- Why there is no VAT, as the law wants it said (BT-120).
CREATE OR REPLACE FUNCTION vat_exemption_text(category text, exemption text, domestic boolean, language text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN category IN ('S', 'Z') THEN NULL
    WHEN exemption = 'small_business' THEN document_text(language, 'legal_small_business')
    WHEN category = 'E' AND exemption !~ '^VATEX-' THEN exemption
    WHEN category = 'AE' AND domestic THEN document_text(language, 'legal_AE_domestic')
    ELSE document_text(language, 'legal_' || category)
END;

COMMENT ON FUNCTION vat_exemption_text(text, text, boolean, text) IS 'why an amount has no VAT, as a sentence in a language; NULL for categories S and Z';
