-- What suppliers invoice, line by line: the purchase side of charges.
CREATE OR REPLACE VIEW purchase_line AS
SELECT
    i.invoice_issuer_name,
    s.supplier_invoice_id AS invoice_number,
    i.provider_name,
    a.billing_account_id,
    a.sub_account_id,
    a.sub_account_name,
    a.source_customer_id,
    s.billing_period_start,
    s.billing_period_end,
    c.charge_period_start,
    c.charge_period_end,
    i.charge_category,
    i.charge_class,
    i.charge_description,
    i.service_name,
    i.sku_id,
    i.sku_meter,
    i.sku_price_details,
    i.resource_id,
    i.commitment_discount_id,
    coalesce(c.pricing_quantity, c.consumed_quantity) AS quantity,
    coalesce(i.pricing_unit, i.consumed_unit) AS unit,
    c.contracted_unit_price AS unit_price,
    c.billed_cost AS amount,
    i.billing_currency AS currency,
    c.extra AS x_columns,
    s.load_id,
    c.line_no,
    c.account_id,
    c.item_id,
    i.product_id
FROM charge AS c
JOIN load_scope_purchase AS s USING (load_scope_id)
JOIN charge_item AS i ON i.item_id = c.item_id
JOIN account AS a ON a.account_id = i.account_id;

COMMENT ON VIEW purchase_line IS 'lines of what suppliers invoice: charges of the purchase side, which are reconciled and never billed';
COMMENT ON COLUMN purchase_line.invoice_issuer_name IS 'FOCUS InvoiceIssuerName';
COMMENT ON COLUMN purchase_line.invoice_number IS 'number of the supplier''s invoice; NULL where the line does not say';
COMMENT ON COLUMN purchase_line.provider_name IS 'FOCUS ProviderName';
COMMENT ON COLUMN purchase_line.billing_account_id IS 'FOCUS BillingAccountId';
COMMENT ON COLUMN purchase_line.sub_account_id IS 'FOCUS SubAccountId';
COMMENT ON COLUMN purchase_line.sub_account_name IS 'FOCUS SubAccountName';
COMMENT ON COLUMN purchase_line.source_customer_id IS 'supplier''s reference of the end customer';
COMMENT ON COLUMN purchase_line.billing_period_start IS 'first day of the supplier''s billing period';
COMMENT ON COLUMN purchase_line.billing_period_end IS 'day after the supplier''s billing period';
COMMENT ON COLUMN purchase_line.charge_period_start IS 'FOCUS ChargePeriodStart';
COMMENT ON COLUMN purchase_line.charge_period_end IS 'FOCUS ChargePeriodEnd';
COMMENT ON COLUMN purchase_line.charge_category IS 'Usage, Purchase, Tax, Credit or Adjustment';
COMMENT ON COLUMN purchase_line.charge_class IS 'FOCUS ChargeClass';
COMMENT ON COLUMN purchase_line.charge_description IS 'FOCUS ChargeDescription';
COMMENT ON COLUMN purchase_line.service_name IS 'FOCUS ServiceName';
COMMENT ON COLUMN purchase_line.sku_id IS 'FOCUS SkuId';
COMMENT ON COLUMN purchase_line.sku_meter IS 'FOCUS SkuMeter';
COMMENT ON COLUMN purchase_line.sku_price_details IS 'FOCUS SkuPriceDetails';
COMMENT ON COLUMN purchase_line.resource_id IS 'FOCUS ResourceId';
COMMENT ON COLUMN purchase_line.commitment_discount_id IS 'FOCUS CommitmentDiscountId';
COMMENT ON COLUMN purchase_line.quantity IS 'quantity invoiced';
COMMENT ON COLUMN purchase_line.unit IS 'its unit';
COMMENT ON COLUMN purchase_line.unit_price IS 'price of one';
COMMENT ON COLUMN purchase_line.amount IS 'amount of the line';
COMMENT ON COLUMN purchase_line.currency IS 'currency of the amount';
COMMENT ON COLUMN purchase_line.x_columns IS 'the format''s own columns';
COMMENT ON COLUMN purchase_line.load_id IS 'load the line came with';
COMMENT ON COLUMN purchase_line.line_no IS 'line of the file';
COMMENT ON COLUMN purchase_line.account_id IS 'key of the account';
COMMENT ON COLUMN purchase_line.item_id IS 'key of the combination of dimensions';
COMMENT ON COLUMN purchase_line.product_id IS 'node of the product tree';

-- Sums of lines by invoice, of both sides, from roll-ups.
CREATE OR REPLACE VIEW supplier_invoice_sum AS
SELECT
    s.side,
    s.provider_name,
    coalesce(i.invoice_issuer_name, s.provider_name) AS invoice_issuer_name,
    s.supplier_invoice_id AS invoice_number,
    s.billing_account_id,
    s.billing_period_start,
    max(s.billing_period_end) AS billing_period_end,
    i.billing_currency AS currency,
    sum(m.charges)::bigint AS lines,
    coalesce(exact_sum(m.billed_cost) FILTER (WHERE i.charge_category <> 'Tax'), 0) AS net_amount,
    exact_sum(m.billed_cost) FILTER (WHERE i.charge_category = 'Tax') AS tax_amount,
    coalesce(exact_sum(m.billed_cost) FILTER (WHERE i.charge_category = 'Credit'), 0) AS credits,
    coalesce(exact_sum(m.billed_cost) FILTER (WHERE i.charge_category <> 'Tax'
        AND m.charge_on < date_trunc('month', s.billing_period_start::timestamp AT TIME ZONE 'UTC' AT TIME ZONE z.name)), 0) AS late,
    bool_or(f.rounding = 'record') IS TRUE AS rounded_by_record,
    array_agg(DISTINCT s.load_id ORDER BY s.load_id) AS load_ids
FROM charge_monthly AS m
JOIN load_scope_in_force AS s ON s.load_scope_id = m.load_scope_id
JOIN charge_item AS i ON i.item_id = m.item_id
JOIN source AS f ON f.source_id = s.source_id
-- any one zone, since each holds all charges
JOIN time_zone AS z ON z.time_zone_id = m.time_zone_id
WHERE m.time_zone_id = (SELECT min(o.time_zone_id) FROM time_zone AS o)
GROUP BY s.side, s.provider_name, coalesce(i.invoice_issuer_name, s.provider_name), s.supplier_invoice_id, s.billing_account_id,
    s.billing_period_start, i.billing_currency;

COMMENT ON VIEW supplier_invoice_sum IS 'what lines of suppliers'' invoices come to, of both sides, by invoice, billing account, month and currency';
COMMENT ON COLUMN supplier_invoice_sum.side IS 'purchase or usage';
COMMENT ON COLUMN supplier_invoice_sum.provider_name IS 'provider';
COMMENT ON COLUMN supplier_invoice_sum.invoice_issuer_name IS 'issuer of the invoice, or the provider where lines do not say';
COMMENT ON COLUMN supplier_invoice_sum.invoice_number IS 'number of the supplier''s invoice; NULL where lines do not say, or are not invoiced yet';
COMMENT ON COLUMN supplier_invoice_sum.billing_account_id IS 'billing account';
COMMENT ON COLUMN supplier_invoice_sum.billing_period_start IS 'first day of the supplier''s billing period';
COMMENT ON COLUMN supplier_invoice_sum.billing_period_end IS 'day after it';
COMMENT ON COLUMN supplier_invoice_sum.currency IS 'currency';
COMMENT ON COLUMN supplier_invoice_sum.lines IS 'number of lines, tax included';
COMMENT ON COLUMN supplier_invoice_sum.net_amount IS 'sum of their amounts, without tax';
COMMENT ON COLUMN supplier_invoice_sum.tax_amount IS 'sum of lines that are tax; NULL without any';
COMMENT ON COLUMN supplier_invoice_sum.credits IS 'part of net_amount that is credits';
COMMENT ON COLUMN supplier_invoice_sum.late IS 'part of net_amount that is about months before the billing period';
COMMENT ON COLUMN supplier_invoice_sum.rounded_by_record IS 'whether the supplier rounds each of these by itself, so that the sum is only near to the invoice';
COMMENT ON COLUMN supplier_invoice_sum.load_ids IS 'loads they came with';
