-- What was finalised does not change, whoever asks.
CREATE OR REPLACE FUNCTION invoice_frozen()
RETURNS trigger
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = 'a finalised document cannot be changed or deleted',
        DETAIL = format('%s of table "%s" was refused.', TG_OP, TG_TABLE_NAME),
        HINT = 'Correct the facts (usage, ownership or prices): the next invoice run bills the difference.';
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
