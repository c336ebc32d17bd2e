-- What each rule makes of the charges of each customer and period: included
-- quantities first, then prices, adjustments, fees and limits.  Not rounded.
-- Sorted by buyer on any account: one state is held at a time, not all.
CREATE OR REPLACE VIEW rated_line AS
SELECT l.*
FROM (
    SELECT rating_lines((SELECT u.rules FROM price_rule_packed AS u), m.items, m.to_currency, m.currencies, m.factors,
        m.customer_id, m.period_start, m.charge_on, m.load_scope_id, m.line_no, m.starts, m.ends, m.item_id, m.charges,
        m.quantity, m.billed_cost, m.effective_cost, m.list_cost, m.contracted_cost, m.invoice_on, m.times) AS lines
    FROM (SELECT i.* FROM rating_input AS i ORDER BY i.buyer_id) AS m
    GROUP BY m.buyer_id
) AS r
CROSS JOIN LATERAL array_rows(r.lines) AS l
WHERE l.period_start BETWEEN period_first() AND period_last();

COMMENT ON VIEW rated_line IS 'what each rule makes of each customer''s charges, by period: always current, not rounded';
COMMENT ON COLUMN rated_line.customer_id IS 'customer who buys';
COMMENT ON COLUMN rated_line.reseller_id IS 'customer who sells; NULL is the seller';
COMMENT ON COLUMN rated_line.period_start IS 'first day of the billing period';
COMMENT ON COLUMN rated_line.price_rule_id IS 'rule';
COMMENT ON COLUMN rated_line.effect IS 'effect of the rule: include, set, adjust, add, limit, true_up or credit';
COMMENT ON COLUMN rated_line.product_id IS 'SKU of a rule per sku, else the rule''s product';
COMMENT ON COLUMN rated_line.account_id IS 'account of a rule per account or resource';
COMMENT ON COLUMN rated_line.resource_id IS 'resource of a rule per resource';
COMMENT ON COLUMN rated_line.tag_value IS 'value of the tag of a rule per tag; NULL without the tag';
COMMENT ON COLUMN rated_line.currency IS 'currency of amount and costs';
COMMENT ON COLUMN rated_line.measured IS 'the rule''s measure';
COMMENT ON COLUMN rated_line.climbed IS 'what the rules whose ladder it continues measured, or months before that are limited together, NULL where it begins at the bottom; of a true_up, what was committed to';
COMMENT ON COLUMN rated_line.amount IS 'rate(measured, pricing), not rounded; of a limit or a true_up, what it adds; of a credit, what it takes off, negative';
COMMENT ON COLUMN rated_line.quantity IS 'quantity of the charges, or what was measured of it; NULL for costs and amounts that are adjusted, added or limited';
COMMENT ON COLUMN rated_line.unit IS 'unit of quantity; NULL when there are several';
COMMENT ON COLUMN rated_line.billed_cost IS 'billed cost of the charges, as far as it is in this currency; of a reseller''s line, what it paid; NULL for other effects than include and set';
COMMENT ON COLUMN rated_line.effective_cost IS 'effective cost, likewise';
COMMENT ON COLUMN rated_line.charges IS 'number of charges behind the line; NULL for other effects than include and set';
COMMENT ON COLUMN rated_line.invoice_on IS 'day on which the last of its charges may be invoiced; NULL is when the period ends';

-- The share of each roll-up, or with cloudbilling.grain of each day or charge, in
-- each line: shares of a line add up to it.
CREATE OR REPLACE VIEW rated_charge AS
SELECT l.*
FROM (
    SELECT rating_shares((SELECT u.rules FROM price_rule_packed AS u), m.items, m.to_currency, m.currencies, m.factors,
        m.customer_id, m.period_start, m.charge_on, m.load_scope_id, m.line_no, m.starts, m.ends, m.item_id, m.charges,
        m.quantity, m.billed_cost, m.effective_cost, m.list_cost, m.contracted_cost, m.invoice_on, m.times) AS shares
    FROM (SELECT i.* FROM rating_input AS i ORDER BY i.buyer_id) AS m
    GROUP BY m.buyer_id
) AS r
CROSS JOIN LATERAL unnest(r.shares) AS l
WHERE l.period_start BETWEEN period_first() AND period_last();

COMMENT ON VIEW rated_charge IS 'the share of charges in each rated line; those without a price have no rule';
COMMENT ON COLUMN rated_charge.customer_id IS 'customer who buys';
COMMENT ON COLUMN rated_charge.reseller_id IS 'customer who sells; NULL is the seller';
COMMENT ON COLUMN rated_charge.period_start IS 'first day of the billing period';
COMMENT ON COLUMN rated_charge.price_rule_id IS 'rule; NULL where no rule sets a price';
COMMENT ON COLUMN rated_charge.effect IS 'effect of the rule';
COMMENT ON COLUMN rated_charge.product_id IS 'key of the line: product';
COMMENT ON COLUMN rated_charge.account_id IS 'key of the line: account';
COMMENT ON COLUMN rated_charge.resource_id IS 'key of the line: resource';
COMMENT ON COLUMN rated_charge.tag_value IS 'key of the line: value of a tag';
COMMENT ON COLUMN rated_charge.currency IS 'key of the line: currency';
COMMENT ON COLUMN rated_charge.owner_id IS 'customer whose charges they are';
COMMENT ON COLUMN rated_charge.charge_on IS 'first day of the roll-up, or day of the charge';
COMMENT ON COLUMN rated_charge.load_scope_id IS 'delivery';
COMMENT ON COLUMN rated_charge.line_no IS 'line of the file, of a single charge';
COMMENT ON COLUMN rated_charge.starts IS 'start of the charge period, of a single charge';
COMMENT ON COLUMN rated_charge.ends IS 'end of the charge period, of a single charge';
COMMENT ON COLUMN rated_charge.item_id IS 'what it is';
COMMENT ON COLUMN rated_charge.measured IS 'what they add to the measure';
COMMENT ON COLUMN rated_charge.amount IS 'their share of the line''s amount';
COMMENT ON COLUMN rated_charge.quantity IS 'their quantity; NULL for adjust, add and limit, as the costs';
COMMENT ON COLUMN rated_charge.billed_cost IS 'their billed cost; of a reseller''s line, what it paid';
COMMENT ON COLUMN rated_charge.effective_cost IS 'their effective cost, likewise';
COMMENT ON COLUMN rated_charge.cost_currency IS 'currency of the costs';
COMMENT ON COLUMN rated_charge.charges IS 'number of charges';
COMMENT ON COLUMN rated_charge.billing_currency IS 'currency in which the supplier bills: another one than cost_currency where they were converted';

-- What months use of the lots of credits, and spend of what commitments count.
CREATE OR REPLACE VIEW rated_use AS
SELECT l.*
FROM (
    SELECT rating_uses((SELECT u.rules FROM price_rule_packed AS u), m.items, m.to_currency, m.currencies, m.factors,
        m.customer_id, m.period_start, m.charge_on, m.load_scope_id, m.line_no, m.starts, m.ends, m.item_id, m.charges,
        m.quantity, m.billed_cost, m.effective_cost, m.list_cost, m.contracted_cost, m.invoice_on, m.times) AS uses
    FROM (SELECT i.* FROM rating_input AS i ORDER BY i.buyer_id) AS m
    GROUP BY m.buyer_id
) AS r
CROSS JOIN LATERAL unnest(r.uses) AS l
WHERE l.period_start BETWEEN period_first() AND period_last();

COMMENT ON VIEW rated_use IS 'what is used of each lot of credits, and what counts for commitments, by month';
COMMENT ON COLUMN rated_use.customer_id IS 'customer who buys';
COMMENT ON COLUMN rated_use.reseller_id IS 'customer who sells; NULL is the seller';
COMMENT ON COLUMN rated_use.period_start IS 'first day of the billing period';
COMMENT ON COLUMN rated_use.price_rule_id IS 'rule';
COMMENT ON COLUMN rated_use.effect IS 'effect of the rule: credit or true_up';
COMMENT ON COLUMN rated_use.product_id IS 'key of the line: product';
COMMENT ON COLUMN rated_use.account_id IS 'key of the line: account';
COMMENT ON COLUMN rated_use.resource_id IS 'key of the line: resource';
COMMENT ON COLUMN rated_use.tag_value IS 'key of the line: value of a tag';
COMMENT ON COLUMN rated_use.currency IS 'key of the line: currency';
COMMENT ON COLUMN rated_use.lot_from IS 'first day of the lot; of a commitment, first day of the charges';
COMMENT ON COLUMN rated_use.lot_until IS 'day on which the lot expires; NULL where it does not, and of a commitment';
COMMENT ON COLUMN rated_use.amount IS 'what is taken off; of a commitment, what charges amount to';
