-- Tables and views are their owner's until he grants; functions are everyone's,
-- unless they say so here.  Who may load needs USAGE on the schema and INSERT on
-- landing; who reads reports, USAGE and SELECT on the views bi_...

-- Called by triggers, which need no privilege for it.
REVOKE EXECUTE ON FUNCTION landing_end() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION time_zone_ensure() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION run_apart(text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION invoice_references_taken(regclass) FROM PUBLIC;
