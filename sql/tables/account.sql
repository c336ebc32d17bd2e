-- Suppliers' accounts, as the files name them.
CREATE TABLE account (
    account_id            int   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider_name         text  NOT NULL,
    billing_account_id    text  NOT NULL,
    billing_account_name  text,
    billing_account_type  text,
    sub_account_id        text,
    sub_account_name      text,
    sub_account_type      text,
    source_customer_id    text,

    UNIQUE NULLS NOT DISTINCT (provider_name, billing_account_id, sub_account_id, source_customer_id)
);

COMMENT ON TABLE account IS 'suppliers'' accounts: billing account and sub account, grown by loads';
COMMENT ON COLUMN account.account_id IS 'key of the account';
COMMENT ON COLUMN account.provider_name IS 'provider (FOCUS ProviderName)';
COMMENT ON COLUMN account.billing_account_id IS 'billing account (FOCUS BillingAccountId)';
COMMENT ON COLUMN account.billing_account_name IS 'its name, as first delivered';
COMMENT ON COLUMN account.billing_account_type IS 'its type (FOCUS BillingAccountType)';
COMMENT ON COLUMN account.sub_account_id IS 'sub account: AWS account, Azure subscription, Google project (FOCUS SubAccountId)';
COMMENT ON COLUMN account.sub_account_name IS 'its name, as first delivered';
COMMENT ON COLUMN account.sub_account_type IS 'its type (FOCUS SubAccountType)';
COMMENT ON COLUMN account.source_customer_id IS 'the supplier''s or meter''s own reference of the end customer';

SELECT pg_catalog.pg_extension_config_dump('account', '');
SELECT pg_catalog.pg_extension_config_dump('account_account_id_seq', '');
