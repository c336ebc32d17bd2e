-- All charges that are asked for, whoever they belong to, by keys, from roll-ups.
CREATE OR REPLACE VIEW charge_piece_held AS
SELECT o.customer_id, o.period_start, o.charge_on, o.load_scope_id, o.item_id, o.account_id, o.charges, o.quantity, o.billed_cost,
    o.effective_cost, o.list_cost, o.contracted_cost
FROM charge_piece AS o
WHERE o.period_start BETWEEN period_first() AND period_last()
UNION ALL
SELECT 0, n.period_start, n.charge_on, n.load_scope_id, n.item_id, n.account_id, n.charges, n.quantity, n.billed_cost,
    n.effective_cost, n.list_cost, n.contracted_cost
FROM charge_held_by_nobody AS n
WHERE n.period_start BETWEEN period_first() AND period_last();

COMMENT ON VIEW charge_piece_held IS 'charges of customers and of nobody, by keys, rolled up where that suffices';
COMMENT ON COLUMN charge_piece_held.customer_id IS 'customer; 0 is nobody';
COMMENT ON COLUMN charge_piece_held.period_start IS 'first day of the month, in the customer''s time zone; or in that of the account''s other owners or the first seller, for what nobody owns';
COMMENT ON COLUMN charge_piece_held.charge_on IS 'first day of the roll-up: of the month, or the day where a month is cut';
COMMENT ON COLUMN charge_piece_held.load_scope_id IS 'delivery';
COMMENT ON COLUMN charge_piece_held.item_id IS 'what it is';
COMMENT ON COLUMN charge_piece_held.account_id IS 'account';
COMMENT ON COLUMN charge_piece_held.charges IS 'number of charges';
COMMENT ON COLUMN charge_piece_held.quantity IS 'sum of quantity';
COMMENT ON COLUMN charge_piece_held.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN charge_piece_held.effective_cost IS 'sum of effective cost';
COMMENT ON COLUMN charge_piece_held.list_cost IS 'sum of list cost';
COMMENT ON COLUMN charge_piece_held.contracted_cost IS 'sum of contracted cost';

-- The same with what is mostly asked about them.
CREATE OR REPLACE VIEW charge_held AS
SELECT h.customer_id, h.period_start, h.charge_on, h.load_scope_id, h.item_id, h.account_id, i.product_id,
    coalesce(i.pricing_unit, i.consumed_unit) AS unit, i.billing_currency, h.charges, h.quantity, h.billed_cost, h.effective_cost,
    h.list_cost, h.contracted_cost
FROM charge_piece_held AS h
JOIN charge_item AS i ON i.item_id = h.item_id;

COMMENT ON VIEW charge_held IS 'charges of customers and of nobody, rolled up where that suffices';
COMMENT ON COLUMN charge_held.customer_id IS 'customer; 0 is nobody';
COMMENT ON COLUMN charge_held.period_start IS 'first day of the month, in the customer''s time zone; or in that of the account''s other owners or the first seller, for what nobody owns';
COMMENT ON COLUMN charge_held.charge_on IS 'first day of the roll-up: of the month, or the day where a month is cut';
COMMENT ON COLUMN charge_held.load_scope_id IS 'delivery';
COMMENT ON COLUMN charge_held.item_id IS 'what it is';
COMMENT ON COLUMN charge_held.account_id IS 'account';
COMMENT ON COLUMN charge_held.product_id IS 'node of the product tree';
COMMENT ON COLUMN charge_held.unit IS 'unit of quantity';
COMMENT ON COLUMN charge_held.billing_currency IS 'currency of the costs';
COMMENT ON COLUMN charge_held.charges IS 'number of charges';
COMMENT ON COLUMN charge_held.quantity IS 'sum of quantity';
COMMENT ON COLUMN charge_held.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN charge_held.effective_cost IS 'sum of effective cost';
COMMENT ON COLUMN charge_held.list_cost IS 'sum of list cost';
COMMENT ON COLUMN charge_held.contracted_cost IS 'sum of contracted cost';
