-- What a selector is matched with: the dimensions of a charge, without time,
-- quantity and cost.
CREATE OR REPLACE VIEW charge_dimension AS
SELECT
    i.item_id,
    i.account_id,
    i.product_id,
    i.tag_set_id,
    i.provider_name,
    i.publisher_name,
    i.invoice_issuer_name,
    i.service_category,
    i.service_subcategory,
    i.service_name,
    i.sku_id,
    i.sku_meter,
    i.sku_price_id,
    i.charge_category,
    i.charge_class,
    i.charge_frequency,
    i.charge_description,
    i.pricing_category,
    i.pricing_unit,
    i.pricing_currency,
    i.consumed_unit,
    i.billing_currency,
    i.region_id,
    i.region_name,
    i.availability_zone,
    i.resource_id,
    i.resource_name,
    i.resource_type,
    i.commitment_discount_id,
    i.commitment_discount_name,
    i.commitment_discount_category,
    i.commitment_discount_type,
    i.commitment_discount_status,
    a.billing_account_id,
    a.billing_account_name,
    a.sub_account_id,
    a.sub_account_name,
    a.source_customer_id,
    t.tags
FROM charge_item AS i
JOIN account AS a ON a.account_id = i.account_id
LEFT JOIN tag_set AS t ON t.tag_set_id = i.tag_set_id;

COMMENT ON VIEW charge_dimension IS 'combinations of dimensions, as selectors see them';
COMMENT ON COLUMN charge_dimension.item_id IS 'key of the combination';
COMMENT ON COLUMN charge_dimension.account_id IS 'key of the account';
COMMENT ON COLUMN charge_dimension.product_id IS 'node of the product tree';
COMMENT ON COLUMN charge_dimension.tag_set_id IS 'key of the tags';
COMMENT ON COLUMN charge_dimension.provider_name IS 'FOCUS ProviderName';
COMMENT ON COLUMN charge_dimension.publisher_name IS 'FOCUS PublisherName';
COMMENT ON COLUMN charge_dimension.invoice_issuer_name IS 'FOCUS InvoiceIssuerName';
COMMENT ON COLUMN charge_dimension.service_category IS 'FOCUS ServiceCategory';
COMMENT ON COLUMN charge_dimension.service_subcategory IS 'FOCUS ServiceSubcategory';
COMMENT ON COLUMN charge_dimension.service_name IS 'FOCUS ServiceName';
COMMENT ON COLUMN charge_dimension.sku_id IS 'FOCUS SkuId';
COMMENT ON COLUMN charge_dimension.sku_meter IS 'FOCUS SkuMeter';
COMMENT ON COLUMN charge_dimension.sku_price_id IS 'FOCUS SkuPriceId';
COMMENT ON COLUMN charge_dimension.charge_category IS 'FOCUS ChargeCategory';
COMMENT ON COLUMN charge_dimension.charge_class IS 'FOCUS ChargeClass';
COMMENT ON COLUMN charge_dimension.charge_frequency IS 'FOCUS ChargeFrequency';
COMMENT ON COLUMN charge_dimension.charge_description IS 'FOCUS ChargeDescription';
COMMENT ON COLUMN charge_dimension.pricing_category IS 'FOCUS PricingCategory';
COMMENT ON COLUMN charge_dimension.pricing_unit IS 'FOCUS PricingUnit';
COMMENT ON COLUMN charge_dimension.pricing_currency IS 'FOCUS PricingCurrency';
COMMENT ON COLUMN charge_dimension.consumed_unit IS 'FOCUS ConsumedUnit';
COMMENT ON COLUMN charge_dimension.billing_currency IS 'FOCUS BillingCurrency';
COMMENT ON COLUMN charge_dimension.region_id IS 'FOCUS RegionId';
COMMENT ON COLUMN charge_dimension.region_name IS 'FOCUS RegionName';
COMMENT ON COLUMN charge_dimension.availability_zone IS 'FOCUS AvailabilityZone';
COMMENT ON COLUMN charge_dimension.resource_id IS 'FOCUS ResourceId';
COMMENT ON COLUMN charge_dimension.resource_name IS 'FOCUS ResourceName';
COMMENT ON COLUMN charge_dimension.resource_type IS 'FOCUS ResourceType';
COMMENT ON COLUMN charge_dimension.commitment_discount_id IS 'FOCUS CommitmentDiscountId';
COMMENT ON COLUMN charge_dimension.commitment_discount_name IS 'FOCUS CommitmentDiscountName';
COMMENT ON COLUMN charge_dimension.commitment_discount_category IS 'FOCUS CommitmentDiscountCategory';
COMMENT ON COLUMN charge_dimension.commitment_discount_type IS 'FOCUS CommitmentDiscountType';
COMMENT ON COLUMN charge_dimension.commitment_discount_status IS 'FOCUS CommitmentDiscountStatus';
COMMENT ON COLUMN charge_dimension.billing_account_id IS 'FOCUS BillingAccountId';
COMMENT ON COLUMN charge_dimension.billing_account_name IS 'FOCUS BillingAccountName';
COMMENT ON COLUMN charge_dimension.sub_account_id IS 'FOCUS SubAccountId';
COMMENT ON COLUMN charge_dimension.sub_account_name IS 'FOCUS SubAccountName';
COMMENT ON COLUMN charge_dimension.source_customer_id IS 'supplier''s or meter''s reference of the end customer';
COMMENT ON COLUMN charge_dimension.tags IS 'tags (FOCUS Tags)';
