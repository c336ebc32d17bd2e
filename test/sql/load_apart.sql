-- What loads share is made in a transaction of its own when there are other loads.
SET timezone = 'UTC';
SET search_path = cloudbilling, public;
SET client_min_messages = error;
\pset format unaligned
\pset tuples_only on

-- Another session runs the command, as who asks, and commits.
CREATE TABLE public.apart (what text UNIQUE, who text DEFAULT concat_ws(' ', current_user, session_user));
BEGIN;
SELECT run_apart($$INSERT INTO public.apart VALUES ('stays')$$);
ROLLBACK;
SELECT what, who = concat_ws(' ', current_user, session_user) FROM public.apart;

-- Who may do less than others does less there too.
CREATE ROLE regress_apart LOGIN;
GRANT USAGE ON SCHEMA cloudbilling, public TO regress_apart;
SET ROLE regress_apart;
SELECT run_apart('SELECT 1');
RESET ROLE;
GRANT EXECUTE ON FUNCTION run_apart(text) TO regress_apart;
SET ROLE regress_apart;
SELECT run_apart($$INSERT INTO public.apart VALUES ('not allowed')$$);
SELECT run_apart('RESET SESSION AUTHORIZATION') AND run_apart($$INSERT INTO public.apart VALUES ('not allowed')$$);
RESET ROLE;
GRANT INSERT ON public.apart TO regress_apart;
SET ROLE regress_apart;
SELECT run_apart($$INSERT INTO public.apart VALUES ('allowed')$$);
RESET ROLE;
SELECT what, who FROM public.apart WHERE what LIKE '%allowed';
DROP OWNED BY regress_apart;
DROP ROLE regress_apart;

-- What fails, or waits for who asks, is not done, and is no error.
SELECT run_apart('SELECT 1 / 0');
SELECT run_apart('no command');
BEGIN;
INSERT INTO public.apart VALUES ('mine');
SELECT run_apart($$INSERT INTO public.apart VALUES ('mine') ON CONFLICT DO NOTHING$$);
LOCK TABLE public.apart;
SELECT run_apart('LOCK TABLE public.apart');
ROLLBACK;

-- A file of what is not there yet.
CREATE FUNCTION pg_temp.load(tag text) RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO landing
    SELECT replace(E'ProviderName,BillingAccountId,ServiceName,SkuId,BillingPeriodStart,BillingPeriodEnd,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,BilledCost\n'
        || E'Apart #,a,Service,SKU,2033-03-01,2033-04-01,EUR,Usage,2033-03-01,2033-03-02,1\n', '#', tag)
$$;
CREATE VIEW pg_temp.made AS
SELECT (SELECT string_agg(name, ', ' ORDER BY name) FROM product WHERE path && ARRAY(SELECT product_id FROM product WHERE code LIKE 'Apart%')) AS products,
    to_regclass('cloudbilling.charge_203303') AS partition,
    (SELECT count(*) FROM load_scope WHERE provider_name LIKE 'Apart%') AS deliveries;

-- A load that is alone leaves nothing behind when it is taken back.
BEGIN;
SELECT pg_temp.load('1');
SELECT * FROM pg_temp.made;
ROLLBACK;
SELECT * FROM pg_temp.made;

-- What it had made itself keeps nothing waiting for itself.
BEGIN;
SELECT product_ensure('Apart 2') IS NOT NULL;
SELECT run_apart($$SELECT cloudbilling.product_grow('{Apart 2}', '{Service}', '{SKU}', '{SKU}')$$);
SELECT pg_temp.load('2');
SELECT * FROM pg_temp.made;
ROLLBACK;
SELECT * FROM pg_temp.made;

DROP TABLE public.apart;
