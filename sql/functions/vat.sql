-- VAT of a line: category (UNCL5305), rate, and the reason when there is none.
-- Rules: Directive 2006/112/EC art. 44 and 196 (services between businesses in
-- the EU: reverse charge); see docs/invoicing.md.
CREATE OR REPLACE FUNCTION vat_of(
    seller_country       text,
    customer_country     text,
    customer_vat_number  text,
    tax_category         text,
    supplied_on          date,
    OUT category         text,
    OUT rate             numeric,
    OUT exemption        text
)
LANGUAGE plpgsql STABLE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    seller_in_eu   boolean := EXISTS (SELECT FROM eu_country AS e WHERE e.country = seller_country);
    customer_in_eu boolean := EXISTS (SELECT FROM eu_country AS e WHERE e.country = customer_country);
BEGIN
    IF customer_country <> seller_country AND NOT (seller_in_eu AND customer_in_eu) THEN
        category := 'O';
        rate := 0;
        exemption := 'VATEX-EU-O';
        RETURN;
    ELSIF customer_country <> seller_country AND btrim(customer_vat_number) <> '' THEN
        category := 'AE';
        rate := 0;
        exemption := 'VATEX-EU-AE';
        RETURN;
    END IF;

    SELECT v.rate
    INTO vat_of.rate
    FROM vat_rate AS v
    WHERE v.country = seller_country AND v.tax_category = vat_of.tax_category AND v.valid_during @> supplied_on;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = format('there is no %s VAT rate for country %s on %s', tax_category, seller_country, supplied_on),
            HINT = 'Add the rate to the table cloudbilling.vat_rate.';
    END IF;
    category := CASE WHEN rate > 0 THEN 'S' ELSE 'Z' END;
END
$$;

COMMENT ON FUNCTION vat_of(text, text, text, text, date) IS 'VAT category, rate in percent and exemption reason of a service';
