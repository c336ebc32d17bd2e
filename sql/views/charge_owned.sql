-- Charges that customers own, with what is mostly asked about them.
CREATE OR REPLACE VIEW charge_owned AS
SELECT p.customer_id, p.period_start, p.charge_on, p.load_scope_id, p.line_no, p.starts, p.ends, p.item_id, p.account_id, i.product_id,
    i.resource_id, coalesce(i.pricing_unit, i.consumed_unit) AS unit, i.billing_currency, p.charges, p.quantity,
    p.billed_cost, p.effective_cost, p.list_cost, p.contracted_cost, p.buyer_id, p.invoice_on, p.times
FROM charge_piece AS p
JOIN charge_item AS i ON i.item_id = p.item_id;

COMMENT ON VIEW charge_owned IS 'charges with the customer that owns them, rolled up where that suffices';
COMMENT ON COLUMN charge_owned.customer_id IS 'customer';
COMMENT ON COLUMN charge_owned.period_start IS 'first day of the billing period, in the customer''s time zone';
COMMENT ON COLUMN charge_owned.charge_on IS 'first day of the roll-up: of the month, or the day where a month is cut';
COMMENT ON COLUMN charge_owned.load_scope_id IS 'delivery; 0 is an agreement';
COMMENT ON COLUMN charge_owned.line_no IS 'line of the file, of a single charge; NULL for a roll-up, as starts and ends';
COMMENT ON COLUMN charge_owned.starts IS 'start of the charge period';
COMMENT ON COLUMN charge_owned.ends IS 'end of the charge period';
COMMENT ON COLUMN charge_owned.item_id IS 'what it is';
COMMENT ON COLUMN charge_owned.account_id IS 'account';
COMMENT ON COLUMN charge_owned.product_id IS 'node of the product tree';
COMMENT ON COLUMN charge_owned.resource_id IS 'resource';
COMMENT ON COLUMN charge_owned.unit IS 'unit of quantity';
COMMENT ON COLUMN charge_owned.billing_currency IS 'currency of the costs';
COMMENT ON COLUMN charge_owned.charges IS 'number of charges';
COMMENT ON COLUMN charge_owned.quantity IS 'sum of quantity';
COMMENT ON COLUMN charge_owned.billed_cost IS 'sum of billed cost';
COMMENT ON COLUMN charge_owned.effective_cost IS 'sum of effective cost';
COMMENT ON COLUMN charge_owned.list_cost IS 'sum of list cost';
COMMENT ON COLUMN charge_owned.contracted_cost IS 'sum of contracted cost';
COMMENT ON COLUMN charge_owned.buyer_id IS 'the seller''s customer, who is invoiced: the customer itself, or the first reseller above it';
COMMENT ON COLUMN charge_owned.invoice_on IS 'day on which it may be invoiced; NULL is when the period ends';
COMMENT ON COLUMN charge_owned.times IS 'pieces of time that windows cut it into, as charge_times() gives them; NULL where no rule asks';
