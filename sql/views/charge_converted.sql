-- Costs that are in another currency than their buyer is invoiced in, and what they
-- are converted with.
CREATE OR REPLACE VIEW charge_converted AS
SELECT
    u.buyer_id AS customer_id,
    c.name AS customer,
    u.period_start,
    u.billing_currency AS currency,
    k.currency::text AS to_currency,
    sum(u.charges)::bigint AS charges,
    trim_scale(exact_sum(u.billed_cost)) AS billed_cost,
    trim_scale(exact_sum(u.effective_cost)) AS effective_cost,
    bool_or(u.billed_cost <> 0 OR u.effective_cost <> 0 OR u.list_cost <> 0 OR u.contracted_cost <> 0) AS has_cost,
    r.factor,
    r.rate,
    r.inverse,
    r.rate_on,
    r.per,
    r.source,
    r.kept_by
FROM charge_owned AS u
JOIN customer_currency AS k ON k.customer_id = u.buyer_id AND k.period_start = u.period_start AND k.currency::text <> u.billing_currency
JOIN customer AS c ON c.customer_id = u.buyer_id
LEFT JOIN customer_currency_rate AS r ON r.customer_id = u.buyer_id AND r.period_start = u.period_start AND r.currency = u.billing_currency
GROUP BY u.buyer_id, c.name, u.period_start, u.billing_currency, k.currency, r.factor, r.rate, r.inverse, r.rate_on, r.per, r.source, r.kept_by;

COMMENT ON VIEW charge_converted IS 'costs that are converted to the currency their buyer is invoiced in, by month, and the exchange rates; without one they are in charge_unconverted';
COMMENT ON COLUMN charge_converted.customer_id IS 'customer who is invoiced';
COMMENT ON COLUMN charge_converted.customer IS 'its name';
COMMENT ON COLUMN charge_converted.period_start IS 'first day of the billing period';
COMMENT ON COLUMN charge_converted.currency IS 'currency in which the supplier bills';
COMMENT ON COLUMN charge_converted.to_currency IS 'currency in which the customer is invoiced';
COMMENT ON COLUMN charge_converted.charges IS 'number of charges';
COMMENT ON COLUMN charge_converted.billed_cost IS 'what the supplier invoices, in currency';
COMMENT ON COLUMN charge_converted.effective_cost IS 'amortised cost, in currency';
COMMENT ON COLUMN charge_converted.has_cost IS 'whether any of them costs anything';
COMMENT ON COLUMN charge_converted.factor IS 'what costs are multiplied by; NULL without a rate';
COMMENT ON COLUMN charge_converted.rate IS 'the rate as it was entered';
COMMENT ON COLUMN charge_converted.inverse IS 'whether costs are divided by it';
COMMENT ON COLUMN charge_converted.rate_on IS 'day of the rate, or first day of the month it is of';
COMMENT ON COLUMN charge_converted.per IS 'day or month';
COMMENT ON COLUMN charge_converted.source IS 'where it is from';
COMMENT ON COLUMN charge_converted.kept_by IS 'document that kept it; NULL is what the table currency_rate says now';

-- Bought, and not billed until there is a rate.
CREATE OR REPLACE VIEW charge_unconverted AS
SELECT
    u.customer_id,
    u.customer,
    u.period_start,
    u.currency,
    u.to_currency,
    (SELECT max(r.rate_on)
     FROM currency_rate_either AS r
     WHERE r.currency = u.currency::bpchar AND r.to_currency = u.to_currency::bpchar
       AND r.rate_on < (u.period_start + interval '1 month')::date) AS last_rate_on,
    u.charges,
    u.billed_cost,
    u.effective_cost
FROM charge_converted AS u
WHERE u.factor IS NULL AND u.has_cost;

COMMENT ON VIEW charge_unconverted IS 'charges whose cost is not known in the currency their buyer is invoiced in, since there is no exchange rate: what is priced by cost is not billed, and neither is the buyer';
COMMENT ON COLUMN charge_unconverted.customer_id IS 'customer who is to be invoiced';
COMMENT ON COLUMN charge_unconverted.customer IS 'its name';
COMMENT ON COLUMN charge_unconverted.period_start IS 'first day of the billing period';
COMMENT ON COLUMN charge_unconverted.currency IS 'currency in which the supplier bills';
COMMENT ON COLUMN charge_unconverted.to_currency IS 'currency in which the customer is invoiced';
COMMENT ON COLUMN charge_unconverted.last_rate_on IS 'day of the last rate before the end of the month, which is too old; NULL when there is none';
COMMENT ON COLUMN charge_unconverted.charges IS 'number of charges';
COMMENT ON COLUMN charge_unconverted.billed_cost IS 'what the supplier invoices, in currency';
COMMENT ON COLUMN charge_unconverted.effective_cost IS 'amortised cost, in currency';
