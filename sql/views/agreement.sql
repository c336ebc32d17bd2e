-- For people; rating calls the functions itself, for the customers it is asked about.
CREATE OR REPLACE VIEW agreement_charge AS
SELECT c.*
FROM (
    SELECT array_agg(f) AS facts, array_agg(z.time_zone) AS zones
    FROM agreement_fact AS f
    JOIN customer_zone AS z ON z.customer_id = f.customer_id
    WHERE f.customer_id BETWEEN customer_first() AND customer_last()
) AS a
CROSS JOIN LATERAL agreement_charges(a.facts, a.zones, ARRAY(SELECT ROW(x.*)::price_index FROM price_index_in_force AS x)) AS c;

COMMENT ON VIEW agreement_charge IS 'the charges that agreements come to, computed at every look';
COMMENT ON COLUMN agreement_charge.customer_id IS 'customer';
COMMENT ON COLUMN agreement_charge.agreement_id IS 'agreement';
COMMENT ON COLUMN agreement_charge.agreement_item_id IS 'item of the agreement';
COMMENT ON COLUMN agreement_charge.item_id IS 'what it is, in charge_item';
COMMENT ON COLUMN agreement_charge.account_id IS 'account of the agreement';
COMMENT ON COLUMN agreement_charge.product_id IS 'product';
COMMENT ON COLUMN agreement_charge.unit IS 'unit of quantity';
COMMENT ON COLUMN agreement_charge.currency IS 'currency of amount and cost';
COMMENT ON COLUMN agreement_charge.period_start IS 'first day of the month it is invoiced with';
COMMENT ON COLUMN agreement_charge.charge_on IS 'day whose price it has: the first of its period that is charged';
COMMENT ON COLUMN agreement_charge.invoice_on IS 'day on which it may be invoiced; NULL is when the month ends';
COMMENT ON COLUMN agreement_charge.part IS '1 charged; 2 taken back, from an earlier charge of the period; 3 used of what was taken back, where units are rounded';
COMMENT ON COLUMN agreement_charge.first_day IS 'first day it is for';
COMMENT ON COLUMN agreement_charge.end_day IS 'day after the last';
COMMENT ON COLUMN agreement_charge.starts IS 'the moment that first_day begins';
COMMENT ON COLUMN agreement_charge.ends IS 'the moment that end_day begins';
COMMENT ON COLUMN agreement_charge.level IS 'quantity of the item, negative for what is taken back';
COMMENT ON COLUMN agreement_charge.share IS 'price periods it counts for, to 12 decimals';
COMMENT ON COLUMN agreement_charge.quantity IS 'level for that share, to 12 decimals';
COMMENT ON COLUMN agreement_charge.amount IS 'at the item''s own price, not rounded; NULL where price rules tell it';
COMMENT ON COLUMN agreement_charge.cost IS 'at the item''s unit cost';

CREATE OR REPLACE VIEW agreement_price_list AS
SELECT p.*
FROM (SELECT array_agg(f) AS facts FROM agreement_fact AS f) AS a
CROSS JOIN LATERAL agreement_prices(a.facts, ARRAY(SELECT ROW(x.*)::price_index FROM price_index_in_force AS x),
    (coalesce(nullif(period_last(), 'infinity'), coalesce(as_of(), now())::date) + interval '1 year')::date) AS p;

COMMENT ON VIEW agreement_price_list IS 'prices of agreement items by the days from which they hold, with indexation';
COMMENT ON COLUMN agreement_price_list.agreement_item_id IS 'item';
COMMENT ON COLUMN agreement_price_list.valid_from IS 'first day; the first price holds before it, too';
COMMENT ON COLUMN agreement_price_list.valid_until IS 'day after the last; NULL while none comes after it';
COMMENT ON COLUMN agreement_price_list.factor IS 'what the price that was agreed is multiplied by';
COMMENT ON COLUMN agreement_price_list.pricing IS 'the price';

-- What each agreement is at.
CREATE OR REPLACE VIEW agreement_status AS
SELECT g.agreement_id, g.number, g.name, c.number AS customer_number, c.name AS customer,
    CASE
        WHEN g.signed_on IS NULL THEN 'draft'
        WHEN e.end_on <= e.today THEN 'ended'
        WHEN g.start_on > e.today THEN 'future'
        WHEN e.end_on IS NOT NULL AND num_nonnulls(g.cancelled_on, g.end_on) > 0 THEN 'notice'
        WHEN g.trial_until > e.today THEN 'trial'
        ELSE 'active'
    END AS status,
    g.start_on, e.end_on, t.term_end,
    CASE WHEN g.renewal <> 'none' AND (e.end_on IS NULL OR g.renewal = 'on_payment') AND num_nonnulls(g.cancelled_on, g.end_on) = 0
        THEN (t.term_end - g.notice)::date END AS notice_by,
    CASE
        WHEN g.signed_on IS NULL OR e.end_on <= e.today THEN NULL
        WHEN num_nonnulls(g.cancelled_on, g.end_on) > 0 OR g.term IS NOT NULL AND g.renewal = 'none' THEN 'ends'
        WHEN g.renewal = 'on_payment' THEN CASE WHEN t.term_end < e.end_on THEN 'renews' ELSE 'renews when paid' END
        WHEN g.term IS NOT NULL THEN 'renews'
    END AS next_event
FROM agreement_in_force AS g
JOIN customer AS c ON c.customer_id = g.customer_id
JOIN customer_zone AS z ON z.customer_id = g.customer_id
CROSS JOIN LATERAL (
    SELECT (coalesce(as_of(), now()) AT TIME ZONE z.time_zone)::date AS today,
        agreement_end(g.end_on, g.start_on, g.term, g.notice, g.renewal, g.renewal_term, g.cancelled_on,
            ARRAY(SELECT DISTINCT r.renewal_no FROM agreement_renewal_paid AS r WHERE r.agreement_id = g.agreement_id)) AS end_on
) AS e
CROSS JOIN LATERAL (
    -- of a term that is over, its end
    SELECT least(e.end_on, agreement_term_end(g.start_on, g.term, CASE g.renewal WHEN 'none' THEN g.term ELSE coalesce(g.renewal_term, g.term) END,
        least(e.today + 1, e.end_on))) AS term_end
) AS t
WHERE g.customer_id BETWEEN customer_first() AND customer_last()
  AND NOT g.by_hand;

COMMENT ON VIEW agreement_status IS 'agreements with what they are at, when they end or renew, and until when notice can be given';
COMMENT ON COLUMN agreement_status.agreement_id IS 'agreement';
COMMENT ON COLUMN agreement_status.number IS 'its number';
COMMENT ON COLUMN agreement_status.name IS 'its name';
COMMENT ON COLUMN agreement_status.customer_number IS 'customer number';
COMMENT ON COLUMN agreement_status.customer IS 'customer';
COMMENT ON COLUMN agreement_status.status IS 'draft (not signed), future (not begun), trial, active, notice (its end is known) or ended';
COMMENT ON COLUMN agreement_status.start_on IS 'first day';
COMMENT ON COLUMN agreement_status.end_on IS 'day after the last; NULL while no end is known';
COMMENT ON COLUMN agreement_status.term_end IS 'day after the running term';
COMMENT ON COLUMN agreement_status.notice_by IS 'last day on which notice ends it with the running term';
COMMENT ON COLUMN agreement_status.next_event IS 'what happens then: renews, renews when paid, or ends';
