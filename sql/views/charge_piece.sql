-- Pieces of charges that customers own, by keys, rolled up where that suffices: what the
-- rating engine is given, but for what it finds out about them.
CREATE OR REPLACE VIEW charge_piece AS
SELECT r.customer_id, r.period_start, r.charge_on, r.load_scope_id, r.line_no, r.starts, r.ends, r.item_id, r.account_id, r.charges,
    r.quantity, r.billed_cost, r.effective_cost, r.list_cost, r.contracted_cost, r.buyer_id, r.invoice_on, r.times
FROM rating_input AS r
WHERE r.is_piece;

COMMENT ON VIEW charge_piece IS 'pieces of charges with the customer that owns them, by keys, rolled up where that suffices: the base of all rating';
COMMENT ON COLUMN charge_piece.customer_id IS 'customer';
COMMENT ON COLUMN charge_piece.period_start IS 'first day of the billing period, in the customer''s time zone';
COMMENT ON COLUMN charge_piece.charge_on IS 'first day of the roll-up: of the month, or the day where a month is cut';
COMMENT ON COLUMN charge_piece.load_scope_id IS 'delivery; 0 is an agreement';
COMMENT ON COLUMN charge_piece.line_no IS 'line of the file, of a single charge; NULL for a roll-up, as starts and ends';
COMMENT ON COLUMN charge_piece.starts IS 'start of the charge period';
COMMENT ON COLUMN charge_piece.ends IS 'end of the charge period';
COMMENT ON COLUMN charge_piece.item_id IS 'what it is';
COMMENT ON COLUMN charge_piece.account_id IS 'account';
COMMENT ON COLUMN charge_piece.charges IS 'number of charges';
COMMENT ON COLUMN charge_piece.quantity IS 'sum of quantity';
COMMENT ON COLUMN charge_piece.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN charge_piece.effective_cost IS 'sum of effective cost';
COMMENT ON COLUMN charge_piece.list_cost IS 'sum of list cost';
COMMENT ON COLUMN charge_piece.contracted_cost IS 'sum of contracted cost';
COMMENT ON COLUMN charge_piece.buyer_id IS 'the seller''s customer, who is invoiced: the customer itself, or the first reseller above it';
COMMENT ON COLUMN charge_piece.invoice_on IS 'day on which it may be invoiced; NULL is when the period ends';
COMMENT ON COLUMN charge_piece.times IS 'pieces of time that windows cut it into, as charge_times() gives them; NULL where no rule asks';
