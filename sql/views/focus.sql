-- Charges as the FinOps Open Cost and Usage Specification 1.2 shows them, in
-- snake_case: all 57 columns, then where each charge came from.
CREATE OR REPLACE VIEW focus AS
SELECT
    i.provider_name,
    i.publisher_name,
    i.invoice_issuer_name,
    s.supplier_invoice_id AS invoice_id,
    a.billing_account_id,
    a.billing_account_name,
    a.billing_account_type,
    a.sub_account_id,
    a.sub_account_name,
    a.sub_account_type,
    s.billing_period_start,
    s.billing_period_end,
    c.charge_period_start,
    c.charge_period_end,
    i.charge_category,
    i.charge_class,
    i.charge_description,
    i.charge_frequency,
    c.billed_cost,
    coalesce(c.effective_cost, c.billed_cost) AS effective_cost,
    c.list_cost,
    c.contracted_cost,
    c.list_unit_price,
    c.contracted_unit_price,
    i.pricing_category,
    c.pricing_quantity,
    i.pricing_unit,
    i.pricing_currency,
    c.pricing_currency_contracted_unit_price,
    c.pricing_currency_effective_cost,
    c.pricing_currency_list_unit_price,
    i.billing_currency,
    coalesce(c.consumed_quantity, CASE WHEN i.consumed_unit IS NOT NULL THEN c.pricing_quantity END) AS consumed_quantity,
    i.consumed_unit,
    i.service_name,
    i.service_category,
    i.service_subcategory,
    i.sku_id,
    i.sku_meter,
    i.sku_price_id,
    i.sku_price_details,
    i.resource_id,
    i.resource_name,
    i.resource_type,
    i.region_id,
    i.region_name,
    i.availability_zone,
    i.commitment_discount_id,
    i.commitment_discount_name,
    i.commitment_discount_category,
    i.commitment_discount_type,
    i.commitment_discount_status,
    c.commitment_discount_quantity,
    i.commitment_discount_unit,
    i.capacity_reservation_id,
    i.capacity_reservation_status,
    t.tags,
    c.extra AS x_columns,
    a.source_customer_id,
    s.load_id,
    c.line_no,
    c.account_id,
    c.item_id,
    i.product_id
FROM charge AS c
JOIN load_scope_current AS s USING (load_scope_id)
JOIN charge_item AS i ON i.item_id = c.item_id
JOIN account AS a ON a.account_id = i.account_id
LEFT JOIN tag_set AS t ON t.tag_set_id = i.tag_set_id;

COMMENT ON VIEW focus IS 'charges with the columns of FOCUS 1.2';
COMMENT ON COLUMN focus.provider_name IS 'FOCUS ProviderName';
COMMENT ON COLUMN focus.publisher_name IS 'FOCUS PublisherName';
COMMENT ON COLUMN focus.invoice_issuer_name IS 'FOCUS InvoiceIssuerName';
COMMENT ON COLUMN focus.invoice_id IS 'supplier''s invoice (FOCUS InvoiceId)';
COMMENT ON COLUMN focus.billing_account_id IS 'FOCUS BillingAccountId';
COMMENT ON COLUMN focus.billing_account_name IS 'FOCUS BillingAccountName';
COMMENT ON COLUMN focus.billing_account_type IS 'FOCUS BillingAccountType';
COMMENT ON COLUMN focus.sub_account_id IS 'FOCUS SubAccountId';
COMMENT ON COLUMN focus.sub_account_name IS 'FOCUS SubAccountName';
COMMENT ON COLUMN focus.sub_account_type IS 'FOCUS SubAccountType';
COMMENT ON COLUMN focus.billing_period_start IS 'FOCUS BillingPeriodStart';
COMMENT ON COLUMN focus.billing_period_end IS 'FOCUS BillingPeriodEnd';
COMMENT ON COLUMN focus.charge_period_start IS 'FOCUS ChargePeriodStart';
COMMENT ON COLUMN focus.charge_period_end IS 'FOCUS ChargePeriodEnd';
COMMENT ON COLUMN focus.charge_category IS 'FOCUS ChargeCategory';
COMMENT ON COLUMN focus.charge_class IS 'FOCUS ChargeClass';
COMMENT ON COLUMN focus.charge_description IS 'FOCUS ChargeDescription';
COMMENT ON COLUMN focus.charge_frequency IS 'FOCUS ChargeFrequency';
COMMENT ON COLUMN focus.billed_cost IS 'FOCUS BilledCost';
COMMENT ON COLUMN focus.effective_cost IS 'FOCUS EffectiveCost';
COMMENT ON COLUMN focus.list_cost IS 'FOCUS ListCost';
COMMENT ON COLUMN focus.contracted_cost IS 'FOCUS ContractedCost';
COMMENT ON COLUMN focus.list_unit_price IS 'FOCUS ListUnitPrice';
COMMENT ON COLUMN focus.contracted_unit_price IS 'FOCUS ContractedUnitPrice';
COMMENT ON COLUMN focus.pricing_category IS 'FOCUS PricingCategory';
COMMENT ON COLUMN focus.pricing_quantity IS 'FOCUS PricingQuantity';
COMMENT ON COLUMN focus.pricing_unit IS 'FOCUS PricingUnit';
COMMENT ON COLUMN focus.pricing_currency IS 'FOCUS PricingCurrency';
COMMENT ON COLUMN focus.pricing_currency_contracted_unit_price IS 'FOCUS PricingCurrencyContractedUnitPrice';
COMMENT ON COLUMN focus.pricing_currency_effective_cost IS 'FOCUS PricingCurrencyEffectiveCost';
COMMENT ON COLUMN focus.pricing_currency_list_unit_price IS 'FOCUS PricingCurrencyListUnitPrice';
COMMENT ON COLUMN focus.billing_currency IS 'FOCUS BillingCurrency';
COMMENT ON COLUMN focus.consumed_quantity IS 'FOCUS ConsumedQuantity';
COMMENT ON COLUMN focus.consumed_unit IS 'FOCUS ConsumedUnit';
COMMENT ON COLUMN focus.service_name IS 'FOCUS ServiceName';
COMMENT ON COLUMN focus.service_category IS 'FOCUS ServiceCategory';
COMMENT ON COLUMN focus.service_subcategory IS 'FOCUS ServiceSubcategory';
COMMENT ON COLUMN focus.sku_id IS 'FOCUS SkuId';
COMMENT ON COLUMN focus.sku_meter IS 'FOCUS SkuMeter';
COMMENT ON COLUMN focus.sku_price_id IS 'FOCUS SkuPriceId';
COMMENT ON COLUMN focus.sku_price_details IS 'FOCUS SkuPriceDetails';
COMMENT ON COLUMN focus.resource_id IS 'FOCUS ResourceId';
COMMENT ON COLUMN focus.resource_name IS 'FOCUS ResourceName';
COMMENT ON COLUMN focus.resource_type IS 'FOCUS ResourceType';
COMMENT ON COLUMN focus.region_id IS 'FOCUS RegionId';
COMMENT ON COLUMN focus.region_name IS 'FOCUS RegionName';
COMMENT ON COLUMN focus.availability_zone IS 'FOCUS AvailabilityZone';
COMMENT ON COLUMN focus.commitment_discount_id IS 'FOCUS CommitmentDiscountId';
COMMENT ON COLUMN focus.commitment_discount_name IS 'FOCUS CommitmentDiscountName';
COMMENT ON COLUMN focus.commitment_discount_category IS 'FOCUS CommitmentDiscountCategory';
COMMENT ON COLUMN focus.commitment_discount_type IS 'FOCUS CommitmentDiscountType';
COMMENT ON COLUMN focus.commitment_discount_status IS 'FOCUS CommitmentDiscountStatus';
COMMENT ON COLUMN focus.commitment_discount_quantity IS 'FOCUS CommitmentDiscountQuantity';
COMMENT ON COLUMN focus.commitment_discount_unit IS 'FOCUS CommitmentDiscountUnit';
COMMENT ON COLUMN focus.capacity_reservation_id IS 'FOCUS CapacityReservationId';
COMMENT ON COLUMN focus.capacity_reservation_status IS 'FOCUS CapacityReservationStatus';
COMMENT ON COLUMN focus.tags IS 'tags (FOCUS Tags)';
COMMENT ON COLUMN focus.x_columns IS 'the format''s own columns (x_...)';
COMMENT ON COLUMN focus.source_customer_id IS 'supplier''s or meter''s reference of the end customer';
COMMENT ON COLUMN focus.load_id IS 'load the charge came with';
COMMENT ON COLUMN focus.line_no IS 'line of the file';
COMMENT ON COLUMN focus.account_id IS 'key of the account';
COMMENT ON COLUMN focus.item_id IS 'key of the combination of dimensions';
COMMENT ON COLUMN focus.product_id IS 'node of the product tree';
