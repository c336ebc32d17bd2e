-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION cloudbilling" to load this file. \quit

-- Fails when somebody else made the schema first, and so owns it.
CREATE SCHEMA cloudbilling;
COMMENT ON SCHEMA cloudbilling IS 'usage, prices, invoices and their views';

-- btree_gist, which some constraints use, and fuzzystrmatch, whose levenshtein finds
-- misspelt tags, may stand in any schema.
SELECT pg_catalog.set_config('search_path',
    'cloudbilling, ' || pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(n.nspname), ', ') || ', pg_temp', true)
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname IN ('btree_gist', 'fuzzystrmatch');

