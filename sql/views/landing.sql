-- The COPY target.  One column takes a line as it stands, so any file fits.
CREATE OR REPLACE VIEW landing AS
SELECT NULL::text AS line
WHERE false;

COMMENT ON VIEW landing IS 'COPY a supplier''s file into this view, with (format csv, delimiter E''\x01'', quote E''\x02'')';
COMMENT ON COLUMN landing.line IS 'a line of the file';

CREATE OR REPLACE TRIGGER landing_begin BEFORE INSERT ON landing
    FOR EACH STATEMENT EXECUTE FUNCTION landing_begin();
CREATE OR REPLACE TRIGGER landing_line INSTEAD OF INSERT ON landing
    FOR EACH ROW EXECUTE FUNCTION landing_line();
CREATE OR REPLACE TRIGGER landing_end AFTER INSERT ON landing
    FOR EACH STATEMENT EXECUTE FUNCTION landing_end();
