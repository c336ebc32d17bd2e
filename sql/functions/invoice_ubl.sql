-- An invoice or credit note as UBL 2.1, by the European standard EN 16931, Peppol BIS
-- Billing 3.0 or the Dutch NLCIUS.  It says what the frozen rows and their snapshots
-- say; a credit note (381) says it with the signs turned.  XML has no empty elements
-- here (Peppol R008): xmlforest leaves out what is NULL.

-- Control characters are no XML, and those that turn the direction of writing could
-- make one amount look like another.  What says nothing is left out.
CREATE OR REPLACE FUNCTION invoice_ubl_text(written text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(btrim(regexp_replace(written,
    '[\u0001-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]', '', 'g'), E' \t\n\r'), '');

COMMENT ON FUNCTION invoice_ubl_text(text) IS 'text as electronic invoices have it; NULL for a text that says nothing';

-- What is known of the check digits of some schemes (Peppol R040 to R056).
CREATE OR REPLACE FUNCTION electronic_address_valid(address text, scheme text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE scheme
    WHEN '0007' THEN address ~ '^\d{10}$' AND vat_number_luhn(address) = 0
    WHEN '0088' THEN CASE WHEN address ~ '^\d{13}$' THEN vat_number_sum(address, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1) % 10 = 0 ELSE false END
    WHEN '0106' THEN address ~ '^\d{8}$'
    WHEN '0190' THEN address ~ '^\d{20}$'
    WHEN '0208' THEN CASE WHEN address ~ '^\d{10}$' THEN 97 - left(address, 8)::int % 97 = right(address, 2)::int ELSE false END
    WHEN '9944' THEN address ~ '^NL\d{9}B\d{2}$'
    ELSE true END;

COMMENT ON FUNCTION electronic_address_valid(text, text) IS 'whether an electronic address can be one of its scheme (EAS), for schemes whose form is known: 0007, 0088, 0106, 0190, 0208 and 9944; true for others';

-- Where a party is reached: what it says itself, or else what can be told from the
-- numbers it has.  Schemes are those of the electronic address scheme list (EAS).
CREATE OR REPLACE FUNCTION electronic_address(party jsonb, OUT address text, OUT scheme text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.address, a.scheme
    FROM (
        SELECT vat_number_clean(party ->> 'vat_number') AS vat, regexp_replace(party ->> 'registration_number', '[^0-9]', '', 'g') AS registration
    ) AS n
    CROSS JOIN LATERAL (VALUES
        (1, invoice_ubl_text(party ->> 'electronic_address'), party ->> 'electronic_scheme'),
        (2, CASE WHEN party ->> 'country' = 'NL' AND n.registration ~ '^\d{8}$' THEN n.registration END, '0106'),
        (3, CASE WHEN n.vat ~ '^BE\d{10}$' THEN substr(n.vat, 3) END, '0208'),
        (4, CASE WHEN n.vat ~ '^DK\d{8}$' THEN substr(n.vat, 3) END, '0184'),
        (5, CASE WHEN n.vat ~ '^SE\d{12}$' THEN substr(n.vat, 3, 10) END, '0007'),
        (6, n.vat, jsonb '{"AT":"9914","BE":"9925","BG":"9926","CH":"9927","CY":"9928","CZ":"9929","DE":"9930","EE":"9931","EL":"9933",
            "ES":"9920","FI":"0213","FR":"9957","GB":"9932","HR":"9934","HU":"9910","IE":"9935","IT":"0211","LT":"9937","LU":"9938",
            "LV":"9939","MT":"9943","NL":"9944","PL":"9945","PT":"9946","RO":"9947","SI":"9949","SK":"9950","XI":"9932"}' ->> left(n.vat, 2))
    ) AS a (position, address, scheme)
    WHERE num_nulls(a.address, a.scheme) = 0
    ORDER BY a.position
    LIMIT 1;
END;

COMMENT ON FUNCTION electronic_address(jsonb) IS 'address of a seller or customer in the network of electronic invoices, and its scheme (EAS): its own, or its number in the trade register or VAT number';

-- Dutch and Belgian numbers in the trade register have a scheme (ISO 6523).
CREATE OR REPLACE FUNCTION invoice_ubl_register(party jsonb, OUT number text, OUT scheme text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN r.scheme IS NULL THEN r.written ELSE r.digits END, r.scheme
    FROM (
        SELECT n.written, n.digits, CASE
            WHEN party ->> 'country' = 'NL' AND electronic_address_valid(n.digits, '0106') THEN '0106'
            WHEN party ->> 'country' = 'NL' AND electronic_address_valid(n.digits, '0190') THEN '0190'
            WHEN party ->> 'country' = 'BE' AND electronic_address_valid(n.digits, '0208') THEN '0208' END AS scheme
        FROM (
            SELECT invoice_ubl_text(party ->> 'registration_number') AS written,
                regexp_replace(party ->> 'registration_number', '[^0-9]', '', 'g') AS digits
        ) AS n
    ) AS r;
END;

COMMENT ON FUNCTION invoice_ubl_register(jsonb) IS 'number of a party in the trade register, and its scheme (ISO 6523) where it is known';

CREATE OR REPLACE FUNCTION invoice_ubl_missing(document text, profile text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    IF profile IN ('en16931', 'peppol', 'nlcius') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = format('invoice %s does not exist', document),
            HINT = 'Documents are in the table cloudbilling.invoice.';
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'invalid_parameter_value',
        MESSAGE = format('%L is not a profile of electronic invoices', profile),
        HINT = 'There are ''en16931'', ''peppol'' and ''nlcius''.';
END
$$;

COMMENT ON FUNCTION invoice_ubl_missing(text, text) IS 'raises the error for an unknown invoice or profile';

-- What a document may be addressed with is not what it says: it follows the customer.
CREATE OR REPLACE FUNCTION invoice_ubl_buyer(document invoice)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT document.customer || CASE WHEN invoice_ubl_text(document.customer ->> 'electronic_address') IS NULL
            THEN jsonb_build_object('electronic_address', c.electronic_address, 'electronic_scheme', c.electronic_scheme) ELSE '{}' END
        || CASE WHEN invoice_ubl_text(document.customer ->> 'buyer_reference') IS NULL
            THEN jsonb_build_object('buyer_reference', c.buyer_reference) ELSE '{}' END
    FROM customer AS c
    WHERE c.customer_id = document.customer_id;
END;

COMMENT ON FUNCTION invoice_ubl_buyer(invoice) IS 'the customer as he was, with an electronic address and reference that he got later';

CREATE OR REPLACE FUNCTION invoice_ubl_seller(document invoice)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT document.seller || CASE WHEN invoice_ubl_text(document.seller ->> 'electronic_address') IS NULL
        THEN jsonb_build_object('electronic_address', e.electronic_address, 'electronic_scheme', e.electronic_scheme) ELSE '{}' END
    FROM seller AS e
    WHERE e.seller_id = document.seller_id;
END;

COMMENT ON FUNCTION invoice_ubl_seller(invoice) IS 'the seller as he was, with an electronic address that he got later';

-- What keeps a document from being a good electronic one; each with its rule and term.
CREATE OR REPLACE FUNCTION invoice_ubl_problems(invoice_id int, profile text DEFAULT 'peppol')
RETURNS TABLE (rule text, term text, problem text, hint text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT p.rule, p.term, p.problem, p.hint
    FROM (
        SELECT i, i.kind, i.currency, i.gross_amount - coalesce(i.prepaid_amount, 0) AS payable, invoice_ubl_seller(i) AS seller, invoice_ubl_buyer(i) AS buyer,
            ARRAY(SELECT v.vat_category FROM invoice_vat AS v WHERE v.invoice_id = i.invoice_id) AS categories,
            EXISTS (SELECT FROM invoice_line AS l WHERE l.invoice_id = i.invoice_id AND l.corrects IS NOT NULL) AS corrects
        FROM invoice AS i
        WHERE i.invoice_id = invoice_ubl_problems.invoice_id
    ) AS d
    CROSS JOIN LATERAL electronic_address(d.seller) AS seller_address
    CROSS JOIN LATERAL electronic_address(d.buyer) AS buyer_address
    CROSS JOIN LATERAL invoice_ubl_register(d.seller) AS seller_register
    CROSS JOIN LATERAL invoice_ubl_register(d.buyer) AS buyer_register
    CROSS JOIN LATERAL (
        SELECT invoice_ubl_problems.profile = 'peppol' AS peppol,
            d.seller ->> 'country' = 'NL' AND invoice_ubl_problems.profile <> 'en16931' AS dutch,
            d.seller ->> 'country' = 'NL' AND d.buyer ->> 'country' = 'NL' AND invoice_ubl_problems.profile <> 'en16931' AS both_dutch,
            d.seller ->> 'country' = 'DE' AND d.buyer ->> 'country' = 'DE' AND invoice_ubl_problems.profile = 'peppol' AS both_german,
            invoice_ubl_text(d.seller ->> 'vat_number') AS seller_vat, invoice_ubl_text(d.buyer ->> 'vat_number') AS buyer_vat,
            num_nulls(invoice_ubl_text(d.seller ->> 'street'), invoice_ubl_text(d.seller ->> 'city'), invoice_ubl_text(d.seller ->> 'postal_code')) AS seller_lacks,
            num_nulls(invoice_ubl_text(d.buyer ->> 'street'), invoice_ubl_text(d.buyer ->> 'city'), invoice_ubl_text(d.buyer ->> 'postal_code')) AS buyer_lacks,
            'Set %s in the table cloudbilling.seller for the next documents.' AS set_seller,
            'Set %s in the table cloudbilling.customer for the next documents.' AS set_buyer
    ) AS c
    CROSS JOIN LATERAL (VALUES
        (1, currency_minor_unit(d.currency) > 2, 'BR-DEC-18', 'BT-115', format('amounts in %s have more than two decimals', d.currency), 'Send the HTML document.'),
        (2, invoice_ubl_text(d.seller ->> 'name') IS NULL, 'BR-06', 'BT-27', 'the seller has no name', format(c.set_seller, 'name')),
        (3, invoice_ubl_text(d.buyer ->> 'name') IS NULL, 'BR-07', 'BT-44', 'the customer has no name', format(c.set_buyer, 'name')),
        (4, 'O' = ANY (d.categories) AND cardinality(d.categories) > 1, 'BR-O-11', 'BG-23', 'what is outside the VAT of the EU stands beside what is inside',
            'Documents made since this is known are separate; send the HTML document.'),
        (5, c.seller_vat IS NULL AND NOT 'O' = ANY (d.categories), 'BR-S-02', 'BT-31', 'the seller has no VAT number', format(c.set_seller, 'vat_number')),
        (6, c.seller_vat !~ '^[A-Z]{2}' AND NOT 'O' = ANY (d.categories), 'BR-CO-09', 'BT-31', 'the seller''s VAT number does not begin with a country', format(c.set_seller, 'vat_number')),
        (7, 'O' = ANY (d.categories) AND seller_register.number IS NULL, 'BR-CO-26', 'BT-30', 'the seller has no number in the trade register', format(c.set_seller, 'registration_number')),
        (8, c.buyer_vat IS NULL AND d.categories && '{AE,K}', CASE WHEN 'K' = ANY (d.categories) THEN 'BR-IC-02' ELSE 'BR-AE-02' END, 'BT-48',
            'the customer has no VAT number', format(c.set_buyer, 'vat_number')),
        (9, c.buyer_vat !~ '^[A-Z]{2}' AND NOT 'O' = ANY (d.categories), 'BR-CO-09', 'BT-48', 'the customer''s VAT number does not begin with a country', format(c.set_buyer, 'vat_number')),
        (10, c.peppol AND seller_address.address IS NULL, 'PEPPOL-EN16931-R020', 'BT-34', 'the seller has no electronic address',
            'Set electronic_address and electronic_scheme in the table cloudbilling.seller.'),
        (11, c.peppol AND buyer_address.address IS NULL, 'PEPPOL-EN16931-R010', 'BT-49', 'the customer has no electronic address',
            'Set electronic_address and electronic_scheme in the table cloudbilling.customer.'),
        (12, c.peppol AND 'EM' IN (seller_address.scheme, buyer_address.scheme), 'PEPPOL-EN16931-CL008', CASE seller_address.scheme WHEN 'EM' THEN 'BT-34' ELSE 'BT-49' END,
            'an e-mail address (EM) is no address in the network of Peppol', 'Set another electronic_address and electronic_scheme.'),
        (13, c.peppol AND NOT electronic_address_valid(seller_address.address, seller_address.scheme), 'PEPPOL-COMMON', 'BT-34',
            format('the seller''s electronic address %s cannot be one of scheme %s', seller_address.address, seller_address.scheme),
            'Set electronic_address and electronic_scheme in the table cloudbilling.seller.'),
        (14, c.peppol AND NOT electronic_address_valid(buyer_address.address, buyer_address.scheme), 'PEPPOL-COMMON', 'BT-49',
            format('the customer''s electronic address %s cannot be one of scheme %s', buyer_address.address, buyer_address.scheme),
            'Set electronic_address and electronic_scheme in the table cloudbilling.customer.'),
        (15, c.dutch AND c.seller_lacks > 0, 'NL-R-002', 'BG-5', 'the seller has no street, city or postal code', format(c.set_seller, 'them')),
        (16, c.dutch AND seller_register.scheme IS NULL, 'NL-R-003', 'BT-30', 'the seller has no KvK number (8 digits) or OIN (20 digits)', format(c.set_seller, 'registration_number')),
        (17, c.both_dutch AND c.buyer_lacks > 0, 'NL-R-004', 'BG-8', 'the customer has no street, city or postal code', format(c.set_buyer, 'them')),
        (18, c.both_dutch AND buyer_register.scheme IS NULL AND (invoice_ubl_problems.profile = 'nlcius' OR buyer_register.number IS NOT NULL),
            CASE invoice_ubl_problems.profile WHEN 'nlcius' THEN 'BR-NL-10' ELSE 'NL-R-005' END, 'BT-47',
            'the customer has no KvK number (8 digits) or OIN (20 digits) in the trade register', format(c.set_buyer, 'registration_number')),
        (19, c.dutch AND invoice_ubl_text(d.seller ->> 'iban') IS NULL AND d.kind = 'invoice' AND d.payable > 0, 'NL-R-007', 'BT-84', 'the seller has no bank account', format(c.set_seller, 'iban')),
        (20, c.dutch AND d.kind = 'credit_note' AND NOT d.corrects, 'NL-R-001', 'BT-25', 'a Dutch credit note must name the invoice it corrects, and it corrects none',
            'Use the profile ''en16931'', or send the HTML document.'),
        (21, c.both_german AND num_nulls(invoice_ubl_text(d.seller ->> 'phone'), invoice_ubl_text(d.seller ->> 'email'), invoice_ubl_text(d.seller ->> 'city'),
                invoice_ubl_text(d.seller ->> 'postal_code')) > 0,
            'DE-R-003', 'BG-6', 'the seller has no city, postal code, telephone number or e-mail address', format(c.set_seller, 'them')),
        (22, c.both_german AND num_nulls(invoice_ubl_text(d.buyer ->> 'city'), invoice_ubl_text(d.buyer ->> 'postal_code')) > 0,
            'DE-R-008', 'BG-8', 'the customer has no city or postal code', format(c.set_buyer, 'them'))
    ) AS p (position, wrong, rule, term, problem, hint)
    WHERE p.wrong
    ORDER BY p.position;
END;

COMMENT ON FUNCTION invoice_ubl_problems(int, text) IS 'what keeps a document from being a good electronic invoice of a profile: rule, term of EN 16931, problem and what to do; none is good';

CREATE OR REPLACE FUNCTION invoice_ubl_refuse(invoice_number text, profile text, problems text[], hint text)
RETURNS xml
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = cloudbilling, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = format('document %s cannot be an electronic invoice of the profile %L', invoice_number, profile),
        DETAIL = array_to_string(problems, '; ') || '.',
        HINT = hint;
END
$$;

COMMENT ON FUNCTION invoice_ubl_refuse(text, text, text[], text) IS 'raises the error for a document that lacks what a profile wants';

-- Amounts have the currency's decimals; other numbers have no zeros at their end.
CREATE OR REPLACE FUNCTION invoice_ubl_amount(amount numeric, currency text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN currency_round(amount, currency)::text;

COMMENT ON FUNCTION invoice_ubl_amount(numeric, text) IS 'amount as electronic invoices write it';

CREATE OR REPLACE FUNCTION invoice_ubl_party(party jsonb, profile text, with_vat boolean, contact boolean)
RETURNS xml
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT xmlelement(name "cac:Party",
        CASE WHEN a.address IS NOT NULL THEN
            xmlelement(name "cbc:EndpointID", xmlattributes(a.scheme AS "schemeID"), a.address) END,
        CASE WHEN f.number IS NOT NULL THEN
            xmlelement(name "cac:PartyIdentification", xmlelement(name "cbc:ID", f.number)) END,
        xmlelement(name "cac:PartyName", xmlelement(name "cbc:Name", f.name)),
        xmlelement(name "cac:PostalAddress",
            xmlforest(f.street AS "cbc:StreetName", f.city AS "cbc:CityName", f.postal_code AS "cbc:PostalZone"),
            xmlelement(name "cac:Country", xmlelement(name "cbc:IdentificationCode", party ->> 'country'))),
        CASE WHEN with_vat AND f.vat_number IS NOT NULL THEN
            xmlelement(name "cac:PartyTaxScheme",
                xmlelement(name "cbc:CompanyID", f.vat_number),
                xmlelement(name "cac:TaxScheme", xmlelement(name "cbc:ID", 'VAT'))) END,
        xmlelement(name "cac:PartyLegalEntity",
            xmlelement(name "cbc:RegistrationName", f.name),
            CASE WHEN r.number IS NOT NULL THEN
                xmlelement(name "cbc:CompanyID", xmlattributes(r.scheme AS "schemeID"), r.number) END),
        CASE WHEN contact AND num_nonnulls(f.phone, f.email) > 0 THEN
            xmlelement(name "cac:Contact", xmlforest(f.name AS "cbc:Name", f.phone AS "cbc:Telephone", f.email AS "cbc:ElectronicMail")) END)
    FROM (
        SELECT invoice_ubl_text(party ->> 'name') AS name, invoice_ubl_text(party ->> 'street') AS street, invoice_ubl_text(party ->> 'city') AS city,
            invoice_ubl_text(party ->> 'postal_code') AS postal_code, invoice_ubl_text(party ->> 'vat_number') AS vat_number,
            invoice_ubl_text(party ->> 'phone') AS phone, invoice_ubl_text(party ->> 'email') AS email,
            invoice_ubl_text(party ->> 'number') AS number
    ) AS f
    CROSS JOIN LATERAL electronic_address(party) AS a
    CROSS JOIN LATERAL invoice_ubl_register(party) AS r;
END;

COMMENT ON FUNCTION invoice_ubl_party(jsonb, text, boolean, boolean) IS 'a seller or customer (BG-4, BG-7) from its snapshot';

CREATE OR REPLACE FUNCTION invoice_ubl_tax_category(element text, category text, rate numeric, exemption text, reason text)
RETURNS xml
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE element
        WHEN 'cac:TaxCategory' THEN xmlelement(name "cac:TaxCategory", c.content)
        ELSE xmlelement(name "cac:ClassifiedTaxCategory", c.content) END
    FROM (
        SELECT xmlconcat(
            xmlforest(category AS "cbc:ID", CASE WHEN category <> 'O' THEN trim_scale(rate)::text END AS "cbc:Percent",
                exemption AS "cbc:TaxExemptionReasonCode", reason AS "cbc:TaxExemptionReason"),
            xmlelement(name "cac:TaxScheme", xmlelement(name "cbc:ID", 'VAT'))) AS content
    ) AS c;
END;

COMMENT ON FUNCTION invoice_ubl_tax_category(text, text, numeric, text, text) IS 'VAT category with its rate, and on the total why there is no VAT';

-- VAT by category and rate (BG-23), and the total in the currency it is declared in
-- (BT-111).
CREATE OR REPLACE FUNCTION invoice_ubl_tax(document invoice, profile text, sign int)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT xmlconcat(
        xmlelement(name "cac:TaxTotal",
            xmlelement(name "cbc:TaxAmount", xmlattributes(document.currency AS "currencyID"),
                invoice_ubl_amount(sign * document.vat_amount, document.currency)),
            xmlagg(
                xmlelement(name "cac:TaxSubtotal",
                    xmlelement(name "cbc:TaxableAmount", xmlattributes(document.currency AS "currencyID"),
                        invoice_ubl_amount(sign * v.base, document.currency)),
                    xmlelement(name "cbc:TaxAmount", xmlattributes(document.currency AS "currencyID"),
                        invoice_ubl_amount(sign * v.vat, document.currency)),
                    invoice_ubl_tax_category('cac:TaxCategory', v.vat_category, v.vat_rate,
                        CASE WHEN profile <> 'nlcius' THEN v.exemption END,  -- which wants the text only (BR-NL-35)
                        CASE WHEN v.vat_category NOT IN ('S', 'Z') THEN
                            coalesce(v.reason, document_text(document.language, 'legal_' || v.vat_category)) END))
                ORDER BY v.vat_category, v.vat_rate)),
        CASE WHEN document.vat_currency IS NOT NULL THEN
            xmlelement(name "cac:TaxTotal",
                xmlelement(name "cbc:TaxAmount", xmlattributes(document.vat_currency AS "currencyID"),
                    invoice_ubl_amount(sign * document.vat_in_currency, document.vat_currency))) END)
    FROM invoice_vat AS v
    WHERE v.invoice_id = document.invoice_id;
END;

COMMENT ON FUNCTION invoice_ubl_tax(invoice, text, int) IS 'VAT of a document, by category and rate (BG-23), and in the currency it is declared in (BT-111)';

CREATE OR REPLACE FUNCTION invoice_ubl_total(document invoice, sign int, prepaid numeric)
RETURNS xml
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT xmlelement(name "cac:LegalMonetaryTotal",
        xmlelement(name "cbc:LineExtensionAmount", xmlattributes(document.currency AS "currencyID"), a.net),
        xmlelement(name "cbc:TaxExclusiveAmount", xmlattributes(document.currency AS "currencyID"), a.net),
        xmlelement(name "cbc:TaxInclusiveAmount", xmlattributes(document.currency AS "currencyID"), a.gross),
        CASE WHEN invoice_ubl_total.prepaid <> 0 THEN
            xmlelement(name "cbc:PrepaidAmount", xmlattributes(document.currency AS "currencyID"), a.prepaid) END,
        xmlelement(name "cbc:PayableAmount", xmlattributes(document.currency AS "currencyID"), a.payable))
    FROM (
        SELECT invoice_ubl_amount(sign * document.net_amount, document.currency) AS net,
            invoice_ubl_amount(sign * document.gross_amount, document.currency) AS gross,
            invoice_ubl_amount(sign * prepaid, document.currency) AS prepaid,
            invoice_ubl_amount(sign * (document.gross_amount - prepaid), document.currency) AS payable
    ) AS a;
END;

COMMENT ON FUNCTION invoice_ubl_total(invoice, int, numeric) IS 'totals of a document (BG-22), and what is left to pay of it after what was prepaid';

-- Last day of a line's period.  Of what is billed in advance and is no fee of an
-- agreement item, nobody knows it here.
CREATE OR REPLACE FUNCTION invoice_ubl_line_end(line invoice_line, document invoice)
RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN line.service_end IS NOT NULL THEN line.service_end - 1
    WHEN line.invoice_on IS NOT NULL THEN NULL
    WHEN line.corrects IS NULL AND line.period_start = document.period_start THEN document.period_end - 1
    ELSE (line.period_start + interval '1 month')::date - 1 END;

COMMENT ON FUNCTION invoice_ubl_line_end(invoice_line, invoice) IS 'last day of the period of a line; NULL where it is not known';

-- Lines (BG-25).  Quantity times price must be the amount (Peppol R120): a price for a
-- block stays one, and where even the price of one does not do, the line is a lump sum
-- that says its quantity in a note.  A unit without a code stands in the name.
CREATE OR REPLACE FUNCTION invoice_ubl_lines(document invoice, profile text, sign int)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT xmlagg(
        CASE document.kind
            WHEN 'credit_note' THEN xmlelement(name "cac:CreditNoteLine",
                xmlforest(line.line_no AS "cbc:ID", line.note AS "cbc:Note"),
                xmlelement(name "cbc:CreditedQuantity", xmlattributes(line.code AS "unitCode"), line.quantity), line.rest)
            ELSE xmlelement(name "cac:InvoiceLine",
                xmlforest(line.line_no AS "cbc:ID", line.note AS "cbc:Note"),
                xmlelement(name "cbc:InvoicedQuantity", xmlattributes(line.code AS "unitCode"), line.quantity), line.rest)
        END ORDER BY line.line_no)
    FROM (
        SELECT l.line_no, s.code, trim_scale(sign * s.quantity)::text AS quantity,
            nullif(concat_ws(' · ',
                CASE WHEN l.corrects IS NOT NULL THEN invoice_html_corrected(l, document) END,
                CASE WHEN s.lump THEN document_number(l.quantity, document.language) || coalesce(' ' || document_unit(l.unit, document.language), '') END,
                array_to_string(invoice_line_details(l, document), ' · '),
                (SELECT string_agg(a.text, '; ' ORDER BY a.dimension_id)
                 FROM (
                     SELECT p.dimension_id, p.dimension || ': ' || string_agg(coalesce(p.value, document_text(document.language, 'not_allocated')) || ' '
                         || document_amount(p.amount, document.currency, document.language), ', ' ORDER BY p.value COLLATE "C") AS text
                     FROM invoice_line_allocation AS p
                     WHERE p.invoice_id = l.invoice_id AND p.line_no = l.line_no
                     GROUP BY p.dimension_id, p.dimension
                 ) AS a)), '') AS note,
            xmlconcat(
                xmlelement(name "cbc:LineExtensionAmount", xmlattributes(document.currency AS "currencyID"),
                    invoice_ubl_amount(sign * l.amount, document.currency)),
                xmlforest(invoice_ubl_text(l.section) AS "cbc:AccountingCost"),
                CASE WHEN e.last_day IS NOT NULL THEN
                    xmlelement(name "cac:InvoicePeriod", xmlforest(coalesce(l.service_start, l.period_start) AS "cbc:StartDate", e.last_day AS "cbc:EndDate")) END,
                xmlelement(name "cac:Item",
                    xmlforest(nullif(t.service, t.name) AS "cbc:Description",
                        t.name || CASE WHEN s.lump OR u.unece_code IS NOT NULL OR l.unit IS NULL THEN '' ELSE ' (' || l.unit || ')' END AS "cbc:Name"),
                    CASE WHEN p.kind = 'sku' AND invoice_ubl_text(p.code) IS NOT NULL AND line_by_hand(l.resource_id) IS NOT TRUE THEN
                        xmlelement(name "cac:SellersItemIdentification", xmlelement(name "cbc:ID", invoice_ubl_text(p.code))) END,
                    invoice_ubl_tax_category('cac:ClassifiedTaxCategory', l.vat_category, l.vat_rate, NULL, NULL),
                    (SELECT xmlagg(xmlelement(name "cac:AdditionalItemProperty",
                         xmlelement(name "cbc:Name", o.name), xmlelement(name "cbc:Value", invoice_ubl_text(o.value))) ORDER BY o.position)
                     FROM (VALUES (1, 'Account', l.account), (2, 'Resource', l.resource_id), (3, 'Tag', l.tag_value)) AS o (position, name, value)
                     WHERE invoice_ubl_text(o.value) IS NOT NULL AND (o.position = 3 OR line_by_hand(l.resource_id) IS NOT TRUE))),
                xmlelement(name "cac:Price",
                    xmlelement(name "cbc:PriceAmount", xmlattributes(document.currency AS "currencyID"),
                        round(s.price, greatest(min_scale(s.price), currency_minor_unit(document.currency)))::text),
                    CASE WHEN s.base <> 1 THEN
                        xmlelement(name "cbc:BaseQuantity", xmlattributes(s.code AS "unitCode"), trim_scale(s.base)::text) END)
            ) AS rest
        FROM invoice_line AS l
        JOIN product AS p ON p.product_id = l.product_id
        CROSS JOIN LATERAL unit_find(l.unit) AS u
        CROSS JOIN LATERAL (SELECT coalesce(invoice_ubl_text(l.description), invoice_ubl_text(l.service), '-') AS name, invoice_ubl_text(l.service) AS service) AS t
        CROSS JOIN LATERAL (SELECT invoice_ubl_line_end(l, document) AS last_day) AS e
        CROSS JOIN LATERAL (
            SELECT b.*
            FROM (VALUES
                -- a plain price of so many, such as 0.20 for 10,000 requests
                (1, CASE WHEN l.pricing::jsonb ->> 'model' = 'per_unit'
                        AND jsonb_strip_nulls(l.pricing::jsonb) - '{model,unit_price,conversion}'::text[] = '{}'
                        AND (l.pricing::jsonb -> 'conversion') - 'divide_by' = '{}'
                    THEN (l.pricing::jsonb ->> 'unit_price')::numeric END, (l.pricing::jsonb -> 'conversion' ->> 'divide_by')::numeric,
                    l.quantity, CASE WHEN l.unit IS NULL THEN 'C62' ELSE coalesce(u.unece_code, 'C62') END, false),
                (2, l.unit_price, 1, l.quantity, CASE WHEN l.unit IS NULL THEN 'C62' ELSE coalesce(u.unece_code, 'C62') END, false),
                (3, abs(l.amount), 1, CASE WHEN l.amount < 0 THEN -1 ELSE 1 END, 'C62', true)
            ) AS b (position, price, base, quantity, code, lump)
            WHERE b.price >= 0 AND b.base > 0 AND (b.position = 3 OR round(b.quantity * b.price / b.base, 2) = l.amount)
            ORDER BY b.position
            LIMIT 1
        ) AS s
        WHERE l.invoice_id = document.invoice_id
    ) AS line;
END;

COMMENT ON FUNCTION invoice_ubl_lines(invoice, text, int) IS 'lines of a document (BG-25)';

-- What a document says between its head and its lines, in the order of UBL; what
-- invoices and credit notes have in other places is given by the caller.
CREATE OR REPLACE FUNCTION invoice_ubl_document(document invoice, profile text)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE document.kind
        WHEN 'credit_note' THEN xmlelement(name "CreditNote",
            xmlattributes('urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2' AS xmlns,
                'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2' AS "xmlns:cac",
                'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2' AS "xmlns:cbc"),
            xmlforest(h.customization AS "cbc:CustomizationID", h.process AS "cbc:ProfileID", document.invoice_number AS "cbc:ID",
                document.issued_on AS "cbc:IssueDate", h.tax_point AS "cbc:TaxPointDate", 381 AS "cbc:CreditNoteTypeCode"),
            h.rest, invoice_ubl_lines(document, profile, -1))
        ELSE xmlelement(name "Invoice",
            xmlattributes('urn:oasis:names:specification:ubl:schema:xsd:Invoice-2' AS xmlns,
                'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2' AS "xmlns:cac",
                'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2' AS "xmlns:cbc"),
            xmlforest(h.customization AS "cbc:CustomizationID", h.process AS "cbc:ProfileID", document.invoice_number AS "cbc:ID",
                document.issued_on AS "cbc:IssueDate", document.due_on AS "cbc:DueDate", 380 AS "cbc:InvoiceTypeCode"),
            h.note, CASE WHEN h.tax_point IS NOT NULL THEN xmlelement(name "cbc:TaxPointDate", h.tax_point) END,
            h.rest_invoice, invoice_ubl_lines(document, profile, 1))
        END
    FROM (
        SELECT k.customization, k.process, k.tax_point, k.note, xmlconcat(k.note, k.body) AS rest, k.body AS rest_invoice
        FROM (
            SELECT
                CASE profile
                    WHEN 'peppol' THEN 'urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0'
                    WHEN 'nlcius' THEN 'urn:cen.eu:en16931:2017#compliant#urn:fdc:nen.nl:nlcius:v1.0'
                    ELSE 'urn:cen.eu:en16931:2017' END AS customization,
                CASE WHEN profile IN ('peppol', 'nlcius') THEN 'urn:fdc:peppol.eu:2017:poacc:billing:01:1.0' END AS process,
                CASE WHEN profile <> 'nlcius' AND f.tax_point <> document.issued_on THEN f.tax_point END AS tax_point,
                CASE WHEN n.text <> '' THEN xmlelement(name "cbc:Note", n.text) END AS note,
                xmlconcat(
                    xmlforest(document.currency AS "cbc:DocumentCurrencyCode", document.vat_currency AS "cbc:TaxCurrencyCode",
                        CASE WHEN document.dimension_id IS NOT NULL THEN invoice_ubl_text(document.dimension_value) END AS "cbc:AccountingCost",
                        coalesce(invoice_ubl_text(f.buyer ->> 'buyer_reference'),
                            CASE WHEN f.order_number IS NULL OR f.german THEN document.customer ->> 'number' END) AS "cbc:BuyerReference"),
                    CASE WHEN f.first_day IS NOT NULL THEN
                        xmlelement(name "cac:InvoicePeriod", xmlforest(f.first_day AS "cbc:StartDate", f.last_day AS "cbc:EndDate")) END,
                    CASE WHEN f.order_number IS NOT NULL THEN
                        xmlelement(name "cac:OrderReference", xmlelement(name "cbc:ID", f.order_number)) END,
                    (SELECT xmlagg(
                         xmlelement(name "cac:BillingReference", xmlelement(name "cac:InvoiceDocumentReference",
                             xmlforest(o.invoice_number AS "cbc:ID", CASE WHEN profile <> 'nlcius' THEN o.issued_on END AS "cbc:IssueDate")))
                         ORDER BY o.invoice_id)
                     FROM invoice AS o
                     WHERE o.invoice_id IN (SELECT l.corrects FROM invoice_line AS l WHERE l.invoice_id = document.invoice_id)),
                    xmlelement(name "cac:AccountingSupplierParty",
                        invoice_ubl_party(invoice_ubl_seller(document), profile, f.with_vat, true)),
                    xmlelement(name "cac:AccountingCustomerParty",
                        invoice_ubl_party(f.buyer, profile, f.with_vat, false)),
                    CASE WHEN f.goods THEN
                        xmlelement(name "cac:Delivery",
                            xmlelement(name "cbc:ActualDeliveryDate", coalesce(f.delivered_on, document.issued_on)),
                            xmlelement(name "cac:DeliveryLocation", xmlelement(name "cac:Address", xmlelement(name "cac:Country",
                                xmlelement(name "cbc:IdentificationCode",
                                    coalesce(document.customer ->> 'delivery_country', document.customer ->> 'country')))))) END,
                    CASE WHEN f.iban IS NOT NULL AND document.kind = 'invoice' AND document.gross_amount > f.prepaid THEN
                        xmlelement(name "cac:PaymentMeans",
                            xmlelement(name "cbc:PaymentMeansCode", CASE document.currency WHEN 'EUR' THEN 58 ELSE 30 END),
                            xmlelement(name "cbc:PaymentID", document.payment_reference),
                            xmlelement(name "cac:PayeeFinancialAccount",
                                xmlelement(name "cbc:ID", f.iban),
                                CASE WHEN profile <> 'nlcius' THEN xmlelement(name "cbc:Name", invoice_ubl_text(document.seller ->> 'name')) END,
                                CASE WHEN profile <> 'nlcius' AND f.bic IS NOT NULL THEN
                                    xmlelement(name "cac:FinancialInstitutionBranch", xmlelement(name "cbc:ID", f.bic)) END))
                    WHEN f.german THEN  -- something must stand there: 97 is settled between partners
                        xmlelement(name "cac:PaymentMeans", xmlelement(name "cbc:PaymentMeansCode", 97)) END,
                    CASE WHEN document.kind = 'credit_note' THEN
                        xmlelement(name "cac:PaymentTerms",
                            xmlelement(name "cbc:Note", document_text(document.language, 'settled'))) END,
                    invoice_ubl_tax(document, profile, f.sign),
                    invoice_ubl_total(document, f.sign, f.prepaid)
                ) AS body
            FROM (
                SELECT CASE document.kind WHEN 'credit_note' THEN -1 ELSE 1 END AS sign,
                    coalesce(document.prepaid_amount, 0) AS prepaid,
                    invoice_ubl_buyer(document) AS buyer,
                    invoice_ubl_text(document.customer ->> 'order_number') AS order_number,
                    upper(nullif(regexp_replace(document.seller ->> 'iban', '\s', '', 'g'), '')) AS iban,
                    invoice_ubl_text(document.seller ->> 'bic') AS bic,
                    document.seller ->> 'country' = 'DE' AND document.customer ->> 'country' = 'DE' AS german,
                    (SELECT NOT bool_or(v.vat_category = 'O') FROM invoice_vat AS v WHERE v.invoice_id = document.invoice_id) AS with_vat,
                    EXISTS (SELECT FROM invoice_vat AS v WHERE v.invoice_id = document.invoice_id AND v.vat_category = 'K') AS goods,
                    p.first_day, p.last_day, p.tax_point, p.delivered_on
                FROM (
                    -- All periods of lines lie in the document's (Peppol R110 and R111).
                    SELECT min(coalesce(l.service_start, l.period_start)) FILTER (WHERE e.last_day IS NOT NULL) AS first_day, max(e.last_day) AS last_day,
                        -- VAT on what is billed in advance is due by the invoice
                        CASE WHEN bool_and(l.invoice_on IS NULL) THEN max(e.last_day) END AS tax_point,
                        max(least(e.last_day, document.issued_on)) FILTER (WHERE l.vat_category = 'K') AS delivered_on
                    FROM invoice_line AS l
                    CROSS JOIN LATERAL (SELECT invoice_ubl_line_end(l, document) AS last_day) AS e
                    WHERE l.invoice_id = document.invoice_id
                ) AS p
            ) AS f
            CROSS JOIN LATERAL (
                SELECT concat_ws(' ',
                    CASE WHEN document.dimension_id IS NOT NULL THEN document.dimension || ': '
                        || coalesce(document.dimension_value, document_text(document.language, 'not_allocated')) || '.' END,
                    CASE WHEN document.vat_currency IS NOT NULL THEN
                        format('%s %s: %s (%s %s: %s 1 = %s %s).', document_text(document.language, 'vat_in'), document.vat_currency,
                            document_amount(document.vat_in_currency, document.vat_currency, document.language),
                            lower(document_text(document.language, 'exchange_rate')),
                            document_date(document.exchange_rate_on, document.language), document.exchange_rate_of,
                            CASE document.exchange_rate_of WHEN document.currency THEN document.vat_currency ELSE document.currency END,
                            document_number(document.exchange_rate, document.language)) END) AS text
            ) AS n
        ) AS k
    ) AS h;
END;

COMMENT ON FUNCTION invoice_ubl_document(invoice, text) IS 'a document as UBL 2.1, whether or not it has all that the profile wants';

CREATE OR REPLACE FUNCTION invoice_ubl(invoice_id int, profile text DEFAULT 'peppol')
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
        WHEN invoice_ubl.invoice_id IS NULL OR invoice_ubl.profile IS NULL THEN NULL
        ELSE coalesce(
            (SELECT CASE WHEN p.problems IS NOT NULL THEN invoice_ubl_refuse(i.invoice_number, invoice_ubl.profile, p.problems, p.hint)
                ELSE xmlparse(DOCUMENT '<?xml version="1.0" encoding="UTF-8"?>' || E'\n'
                    || invoice_ubl_text(xmlserialize(CONTENT invoice_ubl_document(i, invoice_ubl.profile) AS text))) END
             FROM invoice AS i
             CROSS JOIN LATERAL (
                 SELECT array_agg(format('%s (%s, %s)', e.problem, e.term, e.rule)) AS problems, (array_agg(e.hint))[1] AS hint
                 FROM invoice_ubl_problems(i.invoice_id, invoice_ubl.profile) AS e
             ) AS p
             WHERE i.invoice_id = invoice_ubl.invoice_id AND invoice_ubl.profile IN ('en16931', 'peppol', 'nlcius')),
            xmlparse(CONTENT invoice_ubl_missing(invoice_ubl.invoice_id::text, invoice_ubl.profile)))
        END;
END;

COMMENT ON FUNCTION invoice_ubl(int, text) IS 'an invoice or credit note as UBL 2.1 of a profile: en16931, peppol (BIS Billing 3.0) or nlcius';

CREATE OR REPLACE FUNCTION invoice_ubl(invoice_number text, profile text DEFAULT 'peppol')
RETURNS xml
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = cloudbilling, pg_temp
AS $$
DECLARE
    documents int[] := ARRAY(SELECT i.invoice_id FROM invoice AS i WHERE i.invoice_number = invoice_ubl.invoice_number);
BEGIN
    IF cardinality(documents) > 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'ambiguous_parameter',
            MESSAGE = format('%s sellers have a document %s', cardinality(documents), invoice_number),
            HINT = 'Give its invoice_id.';
    ELSIF invoice_number IS NOT NULL AND cardinality(documents) = 0 THEN
        PERFORM invoice_ubl_missing(invoice_number, profile);
    END IF;
    RETURN invoice_ubl(documents[1], profile);
END
$$;

COMMENT ON FUNCTION invoice_ubl(text, text) IS 'an invoice or credit note as UBL 2.1, by its number';
