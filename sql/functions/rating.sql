-- The rating engine: an aggregate over what one buyer has, with four results.

-- Items of a customer's account come packed: what pieces of an item have in common is
-- not to stand in each of them.  SSPACE is the size of a state of few items: the planner
-- takes nearly each for a group of its own, and would sort for more.
CREATE OR REPLACE FUNCTION rating_items_transition(internal, int[], int, int, int, int, text, text, text, jsonb, int[]) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rating_items_transition(internal, int[], int, int, int, int, text, text, text, jsonb, int[]) IS 'aggregate transition function';

CREATE OR REPLACE FUNCTION rating_items_final(internal) RETURNS rating_items
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rating_items_final(internal) IS 'aggregate final function';

CREATE OR REPLACE AGGREGATE rating_items(
    buyers int[], customer_id int, account_id int, item_id int, product_id int, resource_id text, unit text, currency text,
    tags jsonb, matched int[])
(
    SFUNC = rating_items_transition,
    STYPE = internal,
    SSPACE = 512,
    FINALFUNC = rating_items_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rating_items(int[], int, int, int, int, text, text, text, jsonb, int[]) IS 'items of a customer''s account with the price rules that are about each, packed for rating';

-- A row is items, what costs of a month are converted with, or a piece of charges.
CREATE OR REPLACE FUNCTION rating_transition(internal, price_rule_set, rating_items, text, text[], numeric[], int, date, date, int, int, timestamptz, timestamptz, int, bigint, numeric, numeric, numeric, numeric, numeric, date, bigint[]) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rating_transition(internal, price_rule_set, rating_items, text, text[], numeric[], int, date, date, int, int, timestamptz, timestamptz, int, bigint, numeric, numeric, numeric, numeric, numeric, date, bigint[]) IS 'aggregate transition function';

CREATE OR REPLACE FUNCTION rating_lines_final(internal) RETURNS rating_line[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rating_lines_final(internal) IS 'aggregate final function';

CREATE OR REPLACE FUNCTION rating_shares_final(internal) RETURNS rating_share[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rating_shares_final(internal) IS 'aggregate final function';

CREATE OR REPLACE FUNCTION rating_uses_final(internal) RETURNS rating_use[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rating_uses_final(internal) IS 'aggregate final function';

CREATE OR REPLACE FUNCTION rating_rules_final(internal) RETURNS int[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rating_rules_final(internal) IS 'aggregate final function';

-- SSPACE says that a state is large: the planner should sort and hold one at a time.
CREATE OR REPLACE AGGREGATE rating_lines(
    rules price_rule_set, items rating_items, to_currency text, currencies text[], factors numeric[], customer_id int,
    period_start date, charge_on date, load_scope_id int, line_no int, starts timestamptz, ends timestamptz, item_id int,
    charges bigint, quantity numeric, billed_cost numeric, effective_cost numeric, list_cost numeric, contracted_cost numeric,
    invoice_on date, times bigint[])
(
    SFUNC = rating_transition,
    STYPE = internal,
    SSPACE = 1000000,
    FINALFUNC = rating_lines_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rating_lines(price_rule_set, rating_items, text, text[], numeric[], int, date, date, int, int, timestamptz, timestamptz, int, bigint, numeric, numeric, numeric, numeric, numeric, date, bigint[]) IS 'the lines that price rules make of a buyer''s charges';

CREATE OR REPLACE AGGREGATE rating_shares(
    rules price_rule_set, items rating_items, to_currency text, currencies text[], factors numeric[], customer_id int,
    period_start date, charge_on date, load_scope_id int, line_no int, starts timestamptz, ends timestamptz, item_id int,
    charges bigint, quantity numeric, billed_cost numeric, effective_cost numeric, list_cost numeric, contracted_cost numeric,
    invoice_on date, times bigint[])
(
    SFUNC = rating_transition,
    STYPE = internal,
    SSPACE = 1000000,
    FINALFUNC = rating_shares_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rating_shares(price_rule_set, rating_items, text, text[], numeric[], int, date, date, int, int, timestamptz, timestamptz, int, bigint, numeric, numeric, numeric, numeric, numeric, date, bigint[]) IS 'the share of each of a buyer''s charges in each line';

CREATE OR REPLACE AGGREGATE rating_uses(
    rules price_rule_set, items rating_items, to_currency text, currencies text[], factors numeric[], customer_id int,
    period_start date, charge_on date, load_scope_id int, line_no int, starts timestamptz, ends timestamptz, item_id int,
    charges bigint, quantity numeric, billed_cost numeric, effective_cost numeric, list_cost numeric, contracted_cost numeric,
    invoice_on date, times bigint[])
(
    SFUNC = rating_transition,
    STYPE = internal,
    SSPACE = 1000000,
    FINALFUNC = rating_uses_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rating_uses(price_rule_set, rating_items, text, text[], numeric[], int, date, date, int, int, timestamptz, timestamptz, int, bigint, numeric, numeric, numeric, numeric, numeric, date, bigint[]) IS 'what is used of a buyer''s credits, and counts for its commitments';

CREATE OR REPLACE AGGREGATE rating_rules(
    rules price_rule_set, items rating_items, to_currency text, currencies text[], factors numeric[], customer_id int,
    period_start date, charge_on date, load_scope_id int, line_no int, starts timestamptz, ends timestamptz, item_id int,
    charges bigint, quantity numeric, billed_cost numeric, effective_cost numeric, list_cost numeric, contracted_cost numeric,
    invoice_on date, times bigint[])
(
    SFUNC = rating_transition,
    STYPE = internal,
    SSPACE = 1000000,
    FINALFUNC = rating_rules_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE rating_rules(price_rule_set, rating_items, text, text[], numeric[], int, date, date, int, int, timestamptz, timestamptz, int, bigint, numeric, numeric, numeric, numeric, numeric, date, bigint[]) IS 'keys of the price rules that are about a buyer''s charges';
