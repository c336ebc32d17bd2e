-- Accounts, products and sets of tags stay while combinations of dimensions have them.
SET timezone = 'UTC';
SET search_path = cloudbilling, public;
SET client_min_messages = error;
\pset format unaligned
\pset tuples_only on
\set VERBOSITY terse

SELECT product_ensure('Keep', 'unused') IS NOT NULL;
INSERT INTO account (provider_name, billing_account_id) VALUES ('Keep', 'unused');
INSERT INTO tag_set (digest, tags) VALUES ('unused', '{"keep": "unused"}');
INSERT INTO landing VALUES ($$ProviderName,BillingAccountId,ServiceName,SkuId,BillingPeriodStart,BillingPeriodEnd,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,BilledCost,Tags
Keep,used,Service,SKU,2031-03-01,2031-04-01,EUR,Usage,2031-03-01,2031-03-02,1,"{""keep"": ""used""}"
$$);

DELETE FROM account WHERE provider_name = 'Keep';
DELETE FROM product WHERE code = 'SKU' AND parent_id IN (SELECT product_id FROM product WHERE code = 'Service');
DELETE FROM tag_set WHERE tags ? 'keep';
TRUNCATE account CASCADE;
TRUNCATE product CASCADE;
TRUNCATE tag_set;
SELECT billing_account_id FROM account WHERE provider_name = 'Keep' ORDER BY 1;
SELECT tags FROM tag_set WHERE tags ? 'keep' ORDER BY 1;

-- What nothing has may go.
DELETE FROM account WHERE billing_account_id = 'unused';
DELETE FROM product WHERE code = 'unused';
DELETE FROM tag_set WHERE tags = '{"keep": "unused"}';
DELETE FROM account WHERE false;
SELECT provider_name, billing_account_id, service_name, sku_id, tags, billed_cost FROM focus WHERE provider_name = 'Keep';

-- Only who sees all loads can tell.
BEGIN ISOLATION LEVEL REPEATABLE READ;
DELETE FROM account WHERE billing_account_id = 'unused';
ROLLBACK;
