CREATE OR REPLACE FUNCTION price_rule_set_transition(internal, int, int, int, date, date, text, text, int, selector) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION price_rule_set_transition(internal, int, int, int, date, date, text, text, int, selector) IS 'aggregate transition function';

CREATE OR REPLACE FUNCTION price_rule_set_final(internal) RETURNS price_rule_set
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION price_rule_set_final(internal) IS 'aggregate final function';

CREATE OR REPLACE AGGREGATE price_rule_set(
    price_rule_id int, customer_id int, product_id int, valid_from date, valid_until date, only_currency text,
    effect text, "position" int, selector selector)
(
    SFUNC = price_rule_set_transition,
    STYPE = internal,
    FINALFUNC = price_rule_set_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE price_rule_set(int, int, int, date, date, text, text, int, selector) IS 'price rules packed for price_rule_match';

CREATE OR REPLACE FUNCTION price_rule_match(
    rules price_rule_set, customer_path int[], product_path int[], charge_on date, currency text, item record) RETURNS int[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION price_rule_match(price_rule_set, int[], int[], date, text, record) IS 'rules for a charge: the one that sets its price (0 when none does), then those that adjust or add';
