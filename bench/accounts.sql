-- The suppliers' accounts of the benchmark: 1,000 sub accounts, one a customer,
-- in two billing accounts of each of three providers.
CREATE TEMPORARY TABLE bench_account AS
SELECT
    no                                          AS account_no,
    provider,
    format('C%s', to_char(no, 'FM0000'))        AS customer_number,
    CASE provider
        WHEN 'AWS' THEN (100000000001 + half)::text
        WHEN 'Microsoft' THEN format('8a1b2c3d-0000-4a00-9000-%s', to_char(1 + half, 'FM000000000000'))
        ELSE format('01A2B3-C4D5E6-F7080%s', 1 + half)
    END                                         AS billing_account_id,
    CASE half WHEN 0 THEN 'Resale' ELSE 'Managed' END
                                                AS billing_account_name,
    CASE provider
        WHEN 'AWS' THEN (200000000000 + no)::text
        WHEN 'Microsoft' THEN md5(format('sub account %s', no))::uuid::text
        ELSE format('tenant-%s-prod', to_char(no, 'FM0000'))
    END                                         AS sub_account_id,
    format('tenant-%s', to_char(no, 'FM0000'))  AS sub_account_name
FROM generate_series(1, 1000) AS no
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN no % 10 < 5 THEN 'Microsoft' WHEN no % 10 < 9 THEN 'AWS' ELSE 'Google Cloud' END AS provider,
        no / 10 % 2 AS half
) AS part;
