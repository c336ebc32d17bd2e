CREATE OR REPLACE FUNCTION as_of() RETURNS timestamptz
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION as_of() IS 'the moment of the setting cloudbilling.as_of; NULL is now';

CREATE OR REPLACE FUNCTION customer_first() RETURNS int
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION customer_first() IS 'the setting cloudbilling.customer_first: first customer whose charges are rated';

CREATE OR REPLACE FUNCTION customer_last() RETURNS int
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION customer_last() IS 'the setting cloudbilling.customer_last: last customer whose charges are rated';

CREATE OR REPLACE FUNCTION grain() RETURNS text
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION grain() IS 'the setting cloudbilling.grain: what rating looks at: month, day, charge or sum';

CREATE OR REPLACE FUNCTION what_if_rules() RETURNS jsonb
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION what_if_rules() IS 'the setting cloudbilling.price_rules: rules in place of those there are; NULL is none';

CREATE OR REPLACE FUNCTION period_first() RETURNS date
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION period_first() IS 'the setting cloudbilling.period_first: first day of the first period that is rated';

CREATE OR REPLACE FUNCTION period_last() RETURNS date
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION period_last() IS 'the setting cloudbilling.period_last: first day of the last period that is rated';

CREATE OR REPLACE FUNCTION invoice_until() RETURNS date
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION invoice_until() IS 'the setting cloudbilling.invoice_until: charges of agreements that may be invoiced only later are left out';

CREATE OR REPLACE FUNCTION all_customers_are_asked()
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN customer_first() <= 0 AND customer_last() = 2147483647;

COMMENT ON FUNCTION all_customers_are_asked() IS 'whether the settings customer_first and customer_last leave nobody out';
