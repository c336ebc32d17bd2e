-- What was finalised does not change, whoever asks.
CREATE OR REPLACE FUNCTION invoice_frozen()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = CASE
            WHEN TG_TABLE_NAME ~ '^(pre)?payment' THEN 'a payment cannot be changed or deleted'
            WHEN TG_TABLE_NAME IN ('invoice_event', 'invoice_seal') THEN 'what happened to a document cannot be changed or deleted'
            ELSE 'a finalised document cannot be changed or deleted' END,
        DETAIL = format('%s of table "%s" was refused.', TG_OP, TG_TABLE_NAME),
        HINT = CASE
            WHEN TG_TABLE_NAME = 'prepayment' THEN 'cloudbilling.prepayment_add says anew whose it is.'
            WHEN TG_TABLE_NAME ~ '^payment' THEN 'cloudbilling.payment_reverse gives a payment back; payment_assign with a negative amount takes back what it pays.'
            WHEN TG_TABLE_NAME IN ('invoice_event', 'invoice_seal') THEN 'Record what happened next: cloudbilling.invoice_mark(invoice_id, event, reason).'
            ELSE 'Correct the facts (usage, ownership or prices): the next invoice run bills the difference.' END;
END
$$;

COMMENT ON FUNCTION invoice_frozen() IS 'trigger that refuses every change of finalised documents';

CREATE OR REPLACE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON invoice
    FOR EACH ROW EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen_whole BEFORE TRUNCATE ON invoice
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON invoice_line
    FOR EACH ROW EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen_whole BEFORE TRUNCATE ON invoice_line
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON invoice_vat
    FOR EACH ROW EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen_whole BEFORE TRUNCATE ON invoice_vat
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON invoice_write_off
    FOR EACH ROW EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen_whole BEFORE TRUNCATE ON invoice_write_off
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON invoice_line_allocation
    FOR EACH ROW EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen_whole BEFORE TRUNCATE ON invoice_line_allocation
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON invoice_currency_rate
    FOR EACH ROW EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen_whole BEFORE TRUNCATE ON invoice_currency_rate
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON invoice_event
    FOR EACH ROW EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen_whole BEFORE TRUNCATE ON invoice_event
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON invoice_credit
    FOR EACH ROW EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen_whole BEFORE TRUNCATE ON invoice_credit
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON invoice_seal
    FOR EACH ROW EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen_whole BEFORE TRUNCATE ON invoice_seal
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON payment
    FOR EACH ROW EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen_whole BEFORE TRUNCATE ON payment
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON payment_part
    FOR EACH ROW EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen_whole BEFORE TRUNCATE ON payment_part
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON prepayment
    FOR EACH ROW EXECUTE FUNCTION invoice_frozen();
CREATE OR REPLACE TRIGGER invoice_frozen_whole BEFORE TRUNCATE ON prepayment
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_frozen();
