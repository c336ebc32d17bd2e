-- What is known of each item that charges by itself, of agreements that were signed,
-- in one row.  Charges are computed of such rows by a function, so that whoever has no
-- agreements does not even plan it, and who reads a view of BI needs no rights on
-- these tables.
CREATE OR REPLACE VIEW agreement_fact AS
SELECT g.agreement_id, i.agreement_item_id, i.item_id, g.customer_id, g.account_id, i.product_id, i.kind, i.unit, g.currency::text AS currency,
    g.start_on, greatest(g.start_on, g.trial_until) AS charged_from,
    agreement_end(g.end_on, g.start_on, g.term, g.notice, g.renewal, g.renewal_term, g.cancelled_on, CASE g.renewal WHEN 'on_payment' THEN
        ARRAY(SELECT DISTINCT r.renewal_no FROM agreement_renewal_paid AS r WHERE r.agreement_id = g.agreement_id) END) AS end_on,
    CASE WHEN g.alignment = 'calendar' THEN '2000-01-01' ELSE coalesce(g.anchor_on, g.start_on) END AS anchor_on,
    g.billing_period::interval AS billing_period, g.in_advance AND i.kind <> 'commitment' AS in_advance, i.pricing, coalesce(i.priced_on, g.start_on) AS priced_on,
    span_length(g.billing_period) AS billing_length, span_length(coalesce(i.price_period, g.billing_period)) AS price_length,
    i.unit_cost, i.proration, i.round_units,
    CASE WHEN i.indexed THEN g.index_percentage END AS index_percentage, CASE WHEN i.indexed THEN g.index_name END AS index_name, g.index_lag,
    ARRAY(SELECT ROW(q.*)::agreement_quantity FROM agreement_quantity_in_force AS q WHERE q.agreement_item_id = i.agreement_item_id AND q.quantity <> 0) AS quantities,
    CASE WHEN i.parent_id IS NOT NULL THEN
        ARRAY(SELECT q.valid_during FROM agreement_quantity_in_force AS q WHERE q.agreement_item_id = i.parent_id AND q.quantity > 0) END AS parent_during,
    ARRAY(SELECT ROW(p.*)::agreement_price FROM agreement_price_in_force AS p WHERE p.agreement_item_id = i.agreement_item_id) AS prices
FROM agreement_in_force AS g
JOIN agreement_item_in_force AS i ON i.agreement_id = g.agreement_id
WHERE g.signed_on IS NOT NULL AND i.item_id IS NOT NULL;

COMMENT ON VIEW agreement_fact IS 'all that is known of each agreement item that charges by itself';
COMMENT ON COLUMN agreement_fact.agreement_id IS 'agreement';
COMMENT ON COLUMN agreement_fact.agreement_item_id IS 'item';
COMMENT ON COLUMN agreement_fact.item_id IS 'what it is, in charge_item';
COMMENT ON COLUMN agreement_fact.customer_id IS 'customer';
COMMENT ON COLUMN agreement_fact.account_id IS 'account of the agreement';
COMMENT ON COLUMN agreement_fact.product_id IS 'product';
COMMENT ON COLUMN agreement_fact.kind IS 'recurring, one_off or commitment';
COMMENT ON COLUMN agreement_fact.unit IS 'unit of quantity';
COMMENT ON COLUMN agreement_fact.currency IS 'currency of its price';
COMMENT ON COLUMN agreement_fact.start_on IS 'first day of the agreement';
COMMENT ON COLUMN agreement_fact.charged_from IS 'first day that is charged';
COMMENT ON COLUMN agreement_fact.end_on IS 'day after the last; NULL while no end is known';
COMMENT ON COLUMN agreement_fact.anchor_on IS 'a day on which a period begins';
COMMENT ON COLUMN agreement_fact.billing_period IS 'what is charged at a time';
COMMENT ON COLUMN agreement_fact.in_advance IS 'whether a period may be invoiced when it begins; else when it ends';
COMMENT ON COLUMN agreement_fact.pricing IS 'its first own price';
COMMENT ON COLUMN agreement_fact.priced_on IS 'day that price is of';
COMMENT ON COLUMN agreement_fact.billing_length IS 'length of a period, in months or days';
COMMENT ON COLUMN agreement_fact.price_length IS 'length of what a price is for, in the same';
COMMENT ON COLUMN agreement_fact.unit_cost IS 'what a unit costs in a price period';
COMMENT ON COLUMN agreement_fact.proration IS 'how parts of a period count';
COMMENT ON COLUMN agreement_fact.round_units IS 'whether the price of one unit is rounded before it is multiplied';
COMMENT ON COLUMN agreement_fact.index_percentage IS 'by how much its price rises each year, in percent';
COMMENT ON COLUMN agreement_fact.index_name IS 'index that its price follows';
COMMENT ON COLUMN agreement_fact.index_lag IS 'months between an anniversary and the figure it takes';
COMMENT ON COLUMN agreement_fact.quantities IS 'its quantities by days, but for 0';
COMMENT ON COLUMN agreement_fact.parent_during IS 'days on which its parent has a quantity; NULL without one';
COMMENT ON COLUMN agreement_fact.prices IS 'prices that were agreed later';
