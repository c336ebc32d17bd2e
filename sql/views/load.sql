-- Deliveries whose charges count: now, or at the moment of cloudbilling.as_of.
CREATE OR REPLACE VIEW load_scope_current AS
SELECT
    s.load_scope_id,
    s.load_id,
    s.source_id,
    s.provider_name,
    s.billing_account_id,
    s.billing_period_start,
    s.billing_period_end,
    s.supplier_invoice_id,
    s.charges,
    s.billed_cost
FROM load_scope AS s
WHERE CASE WHEN as_of() IS NULL THEN upper_inf(s.current_during) ELSE s.current_during @> as_of() END;

COMMENT ON VIEW load_scope_current IS 'deliveries whose charges count';
COMMENT ON COLUMN load_scope_current.load_scope_id IS 'key of the delivery''s part';
COMMENT ON COLUMN load_scope_current.load_id IS 'load it came with';
COMMENT ON COLUMN load_scope_current.source_id IS 'format';
COMMENT ON COLUMN load_scope_current.provider_name IS 'provider';
COMMENT ON COLUMN load_scope_current.billing_account_id IS 'billing account';
COMMENT ON COLUMN load_scope_current.billing_period_start IS 'first day of the supplier''s billing period';
COMMENT ON COLUMN load_scope_current.billing_period_end IS 'day after the supplier''s billing period';
COMMENT ON COLUMN load_scope_current.supplier_invoice_id IS 'supplier''s invoice';
COMMENT ON COLUMN load_scope_current.charges IS 'number of charges';
COMMENT ON COLUMN load_scope_current.billed_cost IS 'sum of billed cost';
